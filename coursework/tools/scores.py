"""What a graded folder says: a row for each submission, and what the class misunderstood."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from complete import CANARY_ID, question
from nbgrader.api import Gradebook

ALIVE = re.compile(r"canary: (\d+) of \1 refused")
FIRST = ("assignment", "student", "file", "typed", "status", "points", "of", "to_mark_by_hand")


@dataclass
class Row:
    """What one submission got.

    Attributes
    ----------
    status : str
        ``graded``; or what went wrong.
    points : dict of str to float
        By question; those that wait for a person are missing.
    most : dict of str to float
        What each question is worth.
    said : dict of str to str
        What the visible check, or else the hidden test, said to a wrong answer.
    """

    assignment: str
    student: str
    file: str
    typed: str = ""
    status: str = "graded"
    points: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


def fill(row: Row, course: Path) -> None:
    """Put what nbgrader has found into a row. Forged results get nothing."""
    path = course / "autograded" / row.student / row.assignment / f"{row.assignment}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    named = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in cells}
    forged = not ALIVE.search(_error(named.get(CANARY_ID, {})))
    if forged:
        row.status = "forged: the checks were tampered with"
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ecglab") as book:
        submission = book.find_submission_notebook(row.assignment, row.assignment, row.student)
        for grade in submission.grades:
            if grade.name == CANARY_ID:
                continue
            number = question(grade.name)
            row.most[number] = row.most.get(number, 0) + grade.max_score
            if forged and not grade.needs_manual_grade:
                grade.auto_score = 0
            if not grade.needs_manual_grade:
                row.points[number] = row.points.get(number, 0) + grade.score
        book.db.commit()
    for number, worth in row.most.items():
        if row.points.get(number, worth) < worth:
            row.said[number] = _hint(named, number)


def same_names(rows: Iterable[Row]) -> None:
    """Note where two submissions have typed the same name, and so have the same numbers."""
    groups = defaultdict(list)
    for row in rows:
        if row.typed.strip():
            groups[row.assignment, row.typed.strip().casefold()].append(row)
    for group in groups.values():
        for row in group:
            others = ", ".join(other.student for other in group if other is not row)
            if others:
                row.status += f"; the same name is typed by {others}"


def write_grades(rows: list[Row], path: Path) -> None:
    """Write the table of grades."""
    numbers = sorted({number for row in rows for number in row.most}, key=_order)
    part = path.with_name(f".{path.name}")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*FIRST, *numbers])
        for row in rows:
            table.writerow([_harmless(value) for value in _values(row, numbers)])
    part.replace(path)


def summary(rows: list[Row]) -> str:
    """Return, as Markdown, how each question went and what was misunderstood."""
    lines = ["# What the class understood", ""]
    for assignment in sorted({row.assignment for row in rows if row.most}):
        graded = [row for row in rows if row.assignment == assignment and row.most]
        lines += [f"## {assignment}: {len(graded)} graded", ""]
        lines += ["| question | right | wrong | what was said most often |", "|---|---|---|---|"]
        for number in sorted(graded[0].most, key=_order):
            lines.append(_line(number, graded))
        lines.append("")
    troubled = [row for row in rows if row.status != "graded"]
    if troubled:
        lines += ["## To look at", "", "| student | file | why |", "|---|---|---|"]
        lines += [f"| {_cell(r.student)} | {_cell(r.file)} | {_cell(r.status)} |" for r in troubled]
        lines.append("")
    return "\n".join(lines)


# ---------------------------------------------------------------------------


def _values(row: Row, numbers: list[str]) -> list:
    waiting = sum(worth for number, worth in row.most.items() if number not in row.points)
    points = sum(row.points.values()) if row.most else ""
    total = sum(row.most.values()) if row.most else ""
    first = [row.assignment, row.student, row.file, row.typed, row.status, points, total]
    return [*first, waiting if row.most else "", *(row.points.get(n, "") for n in numbers)]


def _harmless(value: object) -> object:
    """Return a cell of a table that no spreadsheet takes for a formula."""
    risky = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if risky else value


def _order(number: str) -> tuple:
    digits = re.search(r"\d+", number)
    return (int(digits[0]) if digits else 0, number)


def _line(number: str, graded: list[Row]) -> str:
    worth = graded[0].most[number]
    marked = [row.points[number] for row in graded if number in row.points]
    right = sum(points >= worth for points in marked)
    said = Counter(row.said[number] for row in graded if row.said.get(number))
    often = "; ".join(f"{count} × {_cell(words)}" for words, count in said.most_common(3))
    if not marked:
        often = "to be marked by hand"
    return f"| {number} | {right} | {len(marked) - right} | {often} |"


def _cell(text: str) -> str:
    """Return a text that stays in its cell of a Markdown table, and runs nowhere."""
    plain = re.sub(r"\s+", " ", text)
    for sign, harmless in [("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("[", "\\[")]:
        plain = plain.replace(sign, harmless)
    return plain[:200]


def _error(cell: dict) -> str:
    errors = [one for one in cell.get("outputs", []) if one["output_type"] == "error"]
    return f"{errors[0]['ename']}: {errors[0]['evalue']}" if errors else ""


def _hint(cells: dict[str, dict], number: str) -> str:
    """Return what the visible check said to a wrong answer; else what the hidden test said."""
    for output in cells.get(f"{number}-check", {}).get("outputs", []):
        words = "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
        if words.startswith("❌"):
            return words.removeprefix("❌").replace("Not yet right.", "").strip() or "not right"
        if words.startswith("Not answered yet"):
            return "no answer"
    said = _error(cells.get(f"{number}-test", {})).removeprefix("AssertionError: ")
    return said[:200] or "no answer"
