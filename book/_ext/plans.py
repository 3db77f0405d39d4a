"""Sphinx extension: minutes in the plans for instructors, and the table of assignments.

``{minutes}`to read 1 2` `` gives what *At a glance* says of chapters 1 and 2, added up;
``{minutes}`to work through 3: Where is a beat?; Try it` `` estimates two sections of chapter 3 by
the rule by which the chapters' own minutes are made (``tools/notebooks.py``). So a plan can't
disagree with a chapter, and a section that is renamed stops the build.

``{assignments}`` lists the assignments that exist in ``coursework/source``, with their points.
"""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import nbformat
from chapter import Chapter, in_words, paths
from docutils import nodes
from docutils.statemachine import StringList
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "coursework" / "source"
WANTED = re.compile(r"to (read|work through) ([\d ]+)(?:: (.+))?", re.DOTALL)
USAGE = "write `to read 1 2`, or `to work through 3: Where is a beat?; Try it`"


@cache
def rule() -> ModuleType:
    """Return the tool that knows how long things take."""
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "tools" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def path_of(chapter: int) -> Path:
    """Return the notebook of a chapter, by its number."""
    for path in paths(ROOT):
        if path.name.startswith(f"{chapter:02}_"):
            return path
    raise ValueError(f"there is no chapter {chapter}")


def sections(notebook: NotebookNode, titles: list[str]) -> NotebookNode:
    """Return a notebook with the sections of these titles (`## …`) and nothing else."""
    kept, seen, inside = [], set(), False
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            kept += [cell] if inside else []
            continue
        for part in re.split(r"(?m)^(?=## )", cell.source):
            if heading := re.match(r"## (.+)", part):
                inside = heading[1].strip() in titles
                seen.add(heading[1].strip())
            if inside:
                kept.append(nbformat.from_dict({**cell, "source": part}))
    if unknown := set(titles) - seen:
        raise ValueError(f"no section `## {sorted(unknown)[0]}`; there are: {'; '.join(seen)}")
    return nbformat.from_dict({**notebook, "cells": kept})


def count(text: str) -> int:
    """Return the minutes that a role's text asks for.

    Parameters
    ----------
    text : str
        Such as ``to read 1 2`` or ``to work through 3: Where is a beat?; Try it``.

    Raises
    ------
    ValueError
        If the text is written otherwise, or names a chapter or a section that is not there.
    """
    wanted = WANTED.fullmatch(text)
    if wanted is None:
        raise ValueError(f"{text!r} is not understood; {USAGE}")
    which = 0 if wanted[1] == "read" else 1
    chapters = [path_of(int(number)) for number in wanted[2].split()]
    if wanted[3] is None:
        return sum(Chapter(path).minutes[which] for path in chapters)
    if len(chapters) != 1:
        raise ValueError(f"{text!r} names sections of more than one chapter; {USAGE}")
    titles = [title.strip() for title in wanted[3].split(";")]
    part = sections(nbformat.read(chapters[0], as_version=4), titles)
    return 5 * round(rule().estimate(part)[which] / 5) or 5


class Minutes(SphinxRole):
    """How long chapters, or some sections of one, take."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the minutes as text."""
        text = " ".join(self.text.split())
        try:
            minutes = count(text)
        except ValueError as error:
            message = self.inliner.reporter.error(f"minutes: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        for number in WANTED.fullmatch(text)[2].split():
            self.env.note_dependency(str(path_of(int(number))))
        return [nodes.Text(in_words(minutes).replace(" ", "\N{NO-BREAK SPACE}"))], []


@dataclass(frozen=True)
class Assignment:
    """What an assignment's first cell and its marks say of it.

    Attributes
    ----------
    title : str
        Without the word *Assignment*.
    chapters : list of int
        Those to whose pages its first cell links.
    time : str
        Such as `about 2 hours`.
    by_program, by_reader : float
        Points that the program gives, and those that a person gives.
    """

    title: str
    chapters: list[int]
    time: str
    by_program: float
    by_reader: float


def read(path: Path) -> Assignment:
    """Return what an assignment's source says of itself."""
    notebook = nbformat.read(path, as_version=4)
    opening = notebook.cells[0].source
    title = re.match(r"# (?:Assignment: )?(.+)", opening)
    chapters = sorted({int(number) for number in re.findall(r"chapters/(\d\d)_", opening)})
    time = re.search(r"\*\*Time:\*\* (.+?)\.", opening)
    if title is None or not chapters or time is None:
        raise ValueError(
            f"the first cell of {path.name} must have a title (`# Assignment: …`), a link to each "
            "of its chapters, and its time (`**Time:** about 2 hours.`)"
        )
    name = title[1].strip()
    return Assignment(name[0].upper() + name[1:], chapters, time[1], *points(notebook))


def points(notebook: NotebookNode) -> tuple[float, float]:
    """Return the points that the program gives, and those that a person gives."""
    marked = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    code = sum(c.metadata.nbgrader.points for c in marked if c.cell_type == "code")
    written = sum(c.metadata.nbgrader.points for c in marked if c.cell_type == "markdown")
    return code, written


def middle(one: "Assignment") -> tuple[float, list[int]]:
    """Return an assignment's place: the mean of its chapters."""
    return sum(one.chapters) / len(one.chapters), one.chapters


def table(paths: Iterable[Path]) -> list[str]:
    """Return the lines of a table of assignments, in the order in which they can be done."""
    found = sorted((read(path) for path in paths), key=middle)
    if not found:
        return ["There are none in this version of the course."]
    lines = ["| assignment | chapters | time | points by the program | by a reader |"]
    lines += ["|---|---|---|---:|---:|"]
    for one in found:
        chapters = ", ".join(map(str, one.chapters))
        points_of = f"{one.by_program:g} | {one.by_reader:g}"
        lines += [f"| *{one.title}* | {chapters} | {one.time} | {points_of} |"]
    return lines


class Assignments(SphinxDirective):
    """The table of the assignments that exist: ``{assignments}``."""

    def run(self) -> list[nodes.Node]:
        """Return the table, or a sentence where there are none."""
        paths = sorted(SOURCE.glob("*/*.ipynb"))
        for path in paths:
            self.env.note_dependency(str(path))
        container = nodes.container(classes=["assignments"])
        self.state.nested_parse(StringList(table(paths), self.env.docname), 0, container)
        return container.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role and the directive."""
    app.add_role("minutes", Minutes())
    app.add_directive("assignments", Assignments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
