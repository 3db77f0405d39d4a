"""A public function that a chapter calls says which chapter calls it first."""

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402

SAYS = re.compile(r"First used in chapter (\d+)\.")


def called_in(path):
    """Return the functions and classes of the package that a chapter's cells name."""
    cells = notebooks.code_cells(nbformat.read(path, as_version=4))
    trees = [notebooks.plain(cell.source) for cell in cells]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules, found = {}, set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ecglab":
            for alias in node.names:
                value = getattr(importlib.import_module(node.module), alias.name, None)
                if value is None:
                    value = importlib.import_module(f"{node.module}.{alias.name}")
                if inspect.ismodule(value):
                    modules[alias.asname or alias.name] = value
                else:
                    found.add(value if callable(value) else None)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value = getattr(modules.get(node.value.id), node.attr, None)
            found.add(value if inspect.isfunction(value) or inspect.isclass(value) else None)
    ours = [one for one in found - {None} if one.__module__.split(".")[0] == "ecglab"]
    return sorted(ours, key=lambda one: (one.__module__, one.__name__))  # of equal order everywhere


def first_uses():
    """Return for each function and class the number of the chapter that names it first."""
    first = {}
    for path in notebooks.chapters():
        for one in called_in(path):
            first.setdefault(one, int(path.stem[:2]))
    return first


FIRST = first_uses()


@pytest.mark.parametrize("one", FIRST, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_it_says_which_chapter_uses_it_first(one):
    said = SAYS.findall(inspect.getdoc(one) or "")
    chapter = FIRST[one]
    assert said == [str(chapter)], f"its docstring is to say: First used in chapter {chapter}."


def test_nothing_says_so_that_no_chapter_uses():
    said = [SAYS.findall(path.read_text()) for path in (ROOT / "ecglab").rglob("*.py")]
    assert sorted(int(chapter) for some in said for chapter in some) == sorted(FIRST.values())


def test_chapters_call_something():
    assert len(FIRST) > 40
