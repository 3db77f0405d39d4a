"""Pour submissions into the student edition, so that nbgrader finds what it expects.

What students hand in has lost its metadata, its tests or its name on the way: Colab drops the
cells' ids, a copied cell has its id twice, a browser calls the file ``layers (1).ipynb``. So only
the answers are taken, by their `grade_id`, else by text and place; all else comes from the student
edition. Cells that a student has added stay where they stand, without metadata.
"""

import ast
import copy
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from complete import grade_id, grading
from nbformat import NotebookNode

LARGEST = 50  # MB; a notebook with figures has one or two
SIMILAR = 0.6  # texts that share this much are taken for the same
BELONGS = 0.2  # of an assignment's texts, how many a submission must have


@dataclass(frozen=True)
class Cell:
    """A submitted cell: what survives of it on any way."""

    kind: str
    source: str
    name: str = ""


@dataclass(frozen=True)
class Submission:
    """What one student has handed in for one assignment.

    Attributes
    ----------
    student : str
        Letters, digits, ``-``, ``_`` and dots: made of the name of a file or folder.
    path : Path
        Where it comes from.
    assignment : str
        Empty if there is trouble.
    notebook : NotebookNode or None
        The student edition with the answers.
    trouble : str
        Why it can't be graded; empty if it can.
    typed : str
        The name in its first cell.
    """

    student: str
    path: Path
    assignment: str = ""
    notebook: NotebookNode | None = field(default=None, repr=False)
    trouble: str = ""
    typed: str = ""


class NotANotebook(ValueError):
    """A file that can't be read as a notebook; says why."""


def collect(folder: Path, editions: Mapping[str, NotebookNode]) -> list[Submission]:
    """Find and normalise what lies in a folder.

    Parameters
    ----------
    folder : Path
        With files ``name.ipynb``; or a folder for each student, as learning platforms export it,
        or with one for each assignment in it, as nbgrader has it.
    editions : mapping of str to NotebookNode
        The student editions, by the assignments' names.

    Raises
    ------
    ValueError
        If there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; SUBMISSIONS is a folder of notebooks")
    found = []
    students: dict[str, str] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")):
            continue
        student = _student(entry, students)
        for path in _notebooks(entry):
            found.append(_submission(student, path, editions))
    if not found:
        raise ValueError(f"there is nothing in {folder}; SUBMISSIONS is a folder of notebooks")
    return _one_each(found)


def read(path: Path) -> list[Cell]:
    """Return a submitted file's cells.

    Raises
    ------
    NotANotebook
        If it has none.
    """
    if path.is_symlink() or not path.is_file():
        raise NotANotebook("not a file of its own")
    size = path.stat().st_size
    if size > LARGEST << 20:
        raise NotANotebook(f"larger than {LARGEST} MB ({size >> 20} MB)")
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotANotebook("not a notebook: it can't be read as JSON") from None
    cells = None
    if isinstance(content, dict):
        cells = content.get("cells")
    if not isinstance(cells, list):
        raise NotANotebook("not a notebook: it has no cells")
    return [_cell(cell) for cell in cells if isinstance(cell, dict)]


def pour(cells: list[Cell], edition: NotebookNode) -> NotebookNode:
    """Return the student edition with the answers of a submission.

    Parameters
    ----------
    cells : list of Cell
        As submitted.
    edition : NotebookNode
        As released.
    """
    places = _places(cells, edition)
    poured = copy.deepcopy(edition)
    poured.cells = []
    for number, original in enumerate(edition.cells):
        cell = copy.deepcopy(original)
        here = _at((number, True), cells, places)
        extra = _at((number, False), cells, places)
        if _is_answer(original):
            cell.source = "\n\n".join(one.source for one in _changed(here, original))
            if not here:
                cell.source = "" if extra else original.source
        added = [_added(one) for one in extra if one.source.strip()]
        # before an answer that was not found: its stub must not undo what an added cell defines
        before = _is_answer(original) and not here
        poured.cells += [*added, cell] if before else [cell, *added]
    return poured


def _at(
    wanted: tuple[int, bool],
    cells: list[Cell],
    places: list[tuple[int, bool]],
) -> list[Cell]:
    return [one for one, place in zip(cells, places, strict=True) if place == wanted]


def likeness(cells: list[Cell], edition: NotebookNode) -> float:
    """Return which part of an edition's texts a submission has, from 0 to 1."""
    texts = {_squeezed(cell.source) for cell in cells}
    names = {cell.name for cell in cells}
    wanted = [cell for cell in edition.cells if cell.source.strip()]
    by_text = [_squeezed(cell.source) in texts for cell in wanted if not _is_answer(cell)]
    by_name = [grade_id(cell) in names for cell in wanted if grade_id(cell)]
    return max(_part(by_text), _part(by_name) / 2)


# ---------------------------------------------------------------------------


def _student(entry: Path, known: dict[str, str]) -> str:
    """Return a student's name that suits paths and databases; another for each entry."""
    stem = entry.stem if entry.is_file() or entry.is_symlink() else entry.name
    plain = re.sub(r"[^\w.-]+", "_", stem).strip("_.-") or "unnamed"
    plain = plain[:80]
    name, number = plain, 2
    while name.casefold() in known:
        name, number = f"{plain}-{number}", number + 1
    known[name.casefold()] = entry.name
    return name


def _notebooks(entry: Path) -> list[Path]:
    """Return the files to read of what one student has handed in."""
    if entry.is_symlink() or not entry.is_dir():
        return [entry]
    inside = []
    for path in sorted(entry.rglob("*")):
        parts = path.relative_to(entry).parts
        hidden = any(part.startswith((".", "__")) for part in parts)
        if not hidden and (path.is_file() or path.is_symlink()):
            inside.append(path)
    notebooks = [path for path in inside if path.suffix == ".ipynb"]
    if notebooks:
        return notebooks
    return inside[:1] or [entry]


def _submission(student: str, path: Path, editions: Mapping[str, NotebookNode]) -> Submission:
    try:
        cells = read(path)
    except NotANotebook as error:
        return Submission(student, path, trouble=str(error))
    alike = {name: likeness(cells, edition) for name, edition in editions.items()}
    best = max(alike, key=alike.__getitem__)
    if alike[best] < BELONGS:
        return Submission(student, path, trouble="a notebook, but of no assignment here")
    notebook = pour(cells, editions[best])
    return Submission(student, path, best, notebook, typed=_typed(notebook))


def _one_each(found: list[Submission]) -> list[Submission]:
    """Keep one of several files for the same assignment: the last that was changed."""
    kept: dict[tuple[str, str], Submission] = {}
    for one in found:
        key = (one.student, one.assignment or str(one.path))
        other = kept.get(key, one)
        if other.path.lstat().st_mtime <= one.path.lstat().st_mtime:
            kept[key] = one
    last = list(kept.values())
    graded = {one.student for one in last if one.notebook}
    # a broken copy beside a whole one is no trouble
    return [one for one in last if one.notebook or one.student not in graded]


def _part(truths: list[bool]) -> float:
    return sum(truths) / max(len(truths), 1)


def _cell(raw: dict) -> Cell:
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    name = raw
    for key in ("metadata", "nbgrader", "grade_id"):
        name = name.get(key) if isinstance(name, dict) else None
    kind = raw.get("cell_type")
    return Cell(
        kind if kind in ("code", "markdown") else "raw",
        source if isinstance(source, str) else "",
        name if isinstance(name, str) else "",
    )


def _is_answer(cell: NotebookNode) -> bool:
    return bool(grading(cell).get("solution"))


def _squeezed(source: str) -> str:
    """Return a text without what changes on the way: spaces and empty lines."""
    return re.sub(r"\s+", "", source)


def _places(cells: list[Cell], edition: NotebookNode) -> list[tuple[int, bool]]:
    """Say for each submitted cell where it belongs, and whether it fills that place.

    The place is the number of a cell of the edition. A cell that fills none stands behind it.
    """
    fills = _by_name(cells, edition)
    _by_text(cells, edition, fills)
    _by_place(cells, edition, fills)
    places = []
    last = 0
    for number, _ in enumerate(cells):
        if number in fills:
            last = fills[number]
        places.append((last, number in fills))
    return _behind_lost_answers(cells, places, edition, set(fills.values()))


def _by_name(cells: list[Cell], edition: NotebookNode) -> dict[int, int]:
    numbers = {grade_id(cell): n for n, cell in enumerate(edition.cells) if grade_id(cell)}
    return {n: numbers[cell.name] for n, cell in enumerate(cells) if cell.name in numbers}


def _by_text(cells: list[Cell], edition: NotebookNode, fills: dict[int, int]) -> None:
    """Find the cells that students were not to change."""
    numbers = {_squeezed(cell.source): n for n, cell in enumerate(edition.cells)}
    for number, cell in enumerate(cells):
        text = _squeezed(cell.source)
        if number not in fills and text and text in numbers:
            fills[number] = numbers[text]


def _by_place(cells: list[Cell], edition: NotebookNode, fills: dict[int, int]) -> None:
    """Find lost answers: the cell most like the stub, between the same neighbours."""
    for place, stub in enumerate(edition.cells):
        if not _is_answer(stub) or place in fills.values():
            continue
        before = [n for n, other in fills.items() if other < place]
        low = max(before, default=-1)
        behind = [n for n, other in fills.items() if other > place and n > low]
        high = min(behind, default=len(cells))
        between = [n for n in range(low + 1, high) if n not in fills]
        between = [n for n in between if cells[n].kind == stub.cell_type]
        alike = {n: _alike(cells[n].source, stub) for n in between}
        best = max(alike, key=alike.__getitem__, default=None)
        if best is not None and alike[best] >= SIMILAR:
            fills[best] = place


def _alike(source: str, stub: NotebookNode) -> float:
    """Say how like an answer a text is: 1 if it defines what the stub defines."""
    if stub.cell_type != "code":
        return SIMILAR if source.strip() else 0.0
    wanted = _defined(stub.source)
    if wanted and wanted <= _defined(source):
        return 1.0
    return difflib.SequenceMatcher(None, source[:5000], stub.source).ratio()


def _defined(source: str) -> set[str]:
    """Return the names that a text defines at its left edge, even if it can't be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(re.findall(r"(?m)^(?:def\s+)?(\w+)\s*(?:=(?!=)|\()", source))
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.Assign):
            targets = [one for one in node.targets if isinstance(one, ast.Name)]
            names |= {target.id for target in targets}
    return names


def _behind_lost_answers(
    cells: list[Cell],
    places: list[tuple[int, bool]],
    edition: NotebookNode,
    filled: set[int],
) -> list[tuple[int, bool]]:
    """Give added cells to the answer that was not found where they stand, if there is one."""
    moved = []
    for cell, (place, fills) in zip(cells, places, strict=True):
        following = place + 1
        lost = following < len(edition.cells) and following not in filled
        if not fills and lost and cell.kind == "code":
            if _is_answer(edition.cells[following]):
                place = following
        moved.append((place, fills))
    return moved


def _changed(here: list[Cell], original: NotebookNode) -> list[Cell]:
    """Of several cells with one name keep those that were changed; the last wins, as in a run."""
    if len(here) < 2:
        return here
    stub = _squeezed(original.source)
    changed = [cell for cell in here if _squeezed(cell.source) not in ("", stub)]
    return changed or here[:1]


def _added(cell: Cell) -> NotebookNode:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    return make[cell.kind](cell.source)


def _typed(notebook: NotebookNode) -> str:
    """Return the name that the student has typed into the first answer, as it stands at its end."""
    for cell in notebook.cells:
        if grade_id(cell) == "student":
            found = re.findall(r"""(?m)^STUDENT\s*=\s*(["'])(.*?)\1""", cell.source)
            return found[-1][1][:80] if found else ""
    return ""
