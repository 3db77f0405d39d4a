"""Each chapter has the rhythm of the course."""

import ast
import copy
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402
from chapter import Chapter  # noqa: E402

CHAPTERS = {path.stem: nbformat.read(path, as_version=4) for path in notebooks.chapters()}
LAST_SECTIONS = [
    "Try it",
    "Check yourself",
    "Summary",
    "Pitfalls",
    "Further reading",
    "Data and licence",
]
CODE_LINES = 25
VISIBLE_LINES = 12
#: What nobody needs to know who knows functions, loops and NumPy arrays, and has read the page
#: *Python you will meet*.
UNFAMILIAR = (ast.Assert, ast.NamedExpr, ast.Try, ast.AsyncFunctionDef, ast.Match, ast.Yield)
UNFAMILIAR_NAMES = {
    *("crosstab", "groupby", "pivot_table", "transform", "pairwise", "product", "reduce"),
    *("partial", "map", "filter", "tensordot", "einsum", "setattr", "getattr"),
}
FORBIDDEN = re.compile(r"\bsimply\b|let['’]s dive|it is important to note", re.IGNORECASE)
ANSWER = re.compile(r"<details|\{dropdown\}|:class:.*\bdropdown\b")
EXERCISE = re.compile(r"\bExercise\s+(?:\d+\.)?(\d+)")

every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def headings(notebook, level=2):
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    return re.findall(rf"(?m)^{'#' * level} (.+?)\s*$", text)


def section(notebook, title):
    """Return the cells from a second-level heading up to the next."""
    cells, inside = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (match := re.search(r"(?m)^## (.+?)\s*$", cell.source)):
            inside = match.group(1) == title
        if inside:
            cells.append(cell)
    return cells


def tags(cell):
    return cell.metadata.get("tags", [])


def assigned(cells):
    """Return the names that cells give a value at their outermost level."""
    names = set()
    for cell in cells:
        for node in notebooks.plain(cell.source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            else:
                names |= {
                    n.id
                    for n in ast.walk(node)
                    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                }
    return names


def test_the_chapters_are_those_of_the_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    listed = [file.removeprefix("chapters/") for file in files if file.startswith("chapters/")]
    assert listed == sorted(CHAPTERS)


@every_chapter
def test_title_carries_the_files_number(name):
    notebook = CHAPTERS[name]
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith(f"# {int(name[:2])} · ")
    assert len(headings(notebook, level=1)) == 1


@every_chapter
def test_sections_in_order(name):
    found = headings(CHAPTERS[name])
    assert found[0] == "At a glance"
    assert found[-len(LAST_SECTIONS) :] == LAST_SECTIONS
    assert len(found) >= len(LAST_SECTIONS) + 3, "at least two sections of its own"


@every_chapter
def test_one_setup_cell_first(name):
    code = notebooks.code_cells(CHAPTERS[name])
    assert [cell for cell in code if "setup" in tags(cell)] == [code[0]]


@every_chapter
def test_exercises_have_folded_solutions(name):
    cells = section(CHAPTERS[name], "Try it")
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    exercises = set(EXERCISE.findall(text))
    solutions = [cell for cell in cells if "hide-cell" in tags(cell)]
    assert 3 <= len(exercises) <= 5
    assert len(solutions) >= len(exercises)
    for cell in solutions:
        assert cell.source.startswith("# @title ")
        assert cell.metadata.get("cellView") == "form"
        assert cell.metadata.get("jupyter", {}).get("source_hidden") is True
        assert cell.metadata.get("jupyter", {}).get("outputs_hidden") is True


@every_chapter
def test_cells_are_folded_as_their_first_line_says(name):
    """Solutions, plotting and tests fold in the book, in JupyterLab and in Colab alike."""
    notebook = CHAPTERS[name]
    arranged = copy.deepcopy(notebook)
    notebooks.arrange(arranged)
    assert arranged == notebook, "run `python tools/notebooks.py fold`"
    exercises = section(notebook, "Try it")
    hidden = [c for c in notebook.cells if {"hide-cell", "hide-input"} & set(tags(c))]
    for cell in hidden:
        beginning = cell.source.splitlines()[0]
        assert beginning.startswith(tuple(notebooks.FOLDED)), beginning
        assert ("solution" in tags(cell)) == ("hide-cell" in tags(cell))
        assert "solution" not in tags(cell) or cell in exercises


@every_chapter
def test_minutes_are_stated_once(name):
    text = "\n".join(c.source for c in CHAPTERS[name].cells if c.cell_type == "markdown")
    assert text.count("<!-- minutes -->") == 1
    read, work = notebooks.minutes(CHAPTERS[name])
    assert 10 <= read < work <= 180
    assert Chapter(ROOT / "chapters" / f"{name}.ipynb").minutes == (read, work)


def visible(notebook):
    """Return the code cells that a reader of the page sees unasked, but for the exercises'."""
    exercises = section(notebook, "Try it")
    cells = notebooks.code_cells(notebook)
    return [c for c in cells if c not in exercises and "hide-input" not in tags(c)]


def lesson(cell):
    """Return the lines of a cell that hold code."""
    lines = [line.strip() for line in cell.source.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "%", '"""'))]


@every_chapter
def test_visible_code_is_the_lesson(name):
    """At most twelve lines a cell, in Python that a beginner knows; tests and plotting fold."""
    for cell in visible(CHAPTERS[name]):
        assert len(lesson(cell)) <= VISIBLE_LINES, cell.source
        tree = notebooks.plain(cell.source)
        for node in ast.walk(tree):
            assert not isinstance(node, UNFAMILIAR), ast.unparse(node)
            if isinstance(node, ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp):
                assert len(node.generators) == 1, ast.unparse(node)
            if isinstance(node, ast.AugAssign):
                assert not isinstance(node.op, ast.BitOr), ast.unparse(node)
        names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        assert not names & UNFAMILIAR_NAMES, names & UNFAMILIAR_NAMES


@every_chapter
def test_solutions_use_names_of_their_own(name):
    cells = [c for c in section(CHAPTERS[name], "Try it") if c.cell_type == "code"]
    solutions = assigned(c for c in cells if "hide-cell" in tags(c))
    answers = assigned(c for c in cells if "hide-cell" not in tags(c))
    assert solutions & answers == set()


@every_chapter
def test_questions_have_folded_answers(name):
    text = "\n".join(cell.source for cell in section(CHAPTERS[name], "Check yourself"))
    assert 4 <= len(ANSWER.findall(text)) <= 6


@every_chapter
def test_code_cells_are_short(name):
    lengths = {
        number: len(cell.source.splitlines())
        for number, cell in enumerate(CHAPTERS[name].cells, start=1)
        if cell.cell_type == "code"
    }
    assert {number: n for number, n in lengths.items() if n > CODE_LINES} == {}


@every_chapter
def test_words(name):
    found = [FORBIDDEN.findall(c.source) for c in CHAPTERS[name].cells if c.cell_type == "markdown"]
    assert [words for words in found if words] == []


def test_words_of_the_other_pages():
    pages = [ROOT / "README.md", *(ROOT / "book").rglob("*.md")]
    found = {page.name: FORBIDDEN.findall(page.read_text()) for page in pages}
    assert {page: words for page, words in found.items() if words} == {}
