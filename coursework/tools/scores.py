"""What a graded folder says: a row for each submission, and what the class misunderstood."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from complete import CANARY_ID, grade_id, question
from nbgrader.api import Gradebook

ALIVE = re.compile(r"canary: (\d+) of \1 refused")
HARMLESS = {
    "&": "&amp;",
    "<": "&lt;",
    "|": "\\|",
    "[": "\\[",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
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
    named = {grade_id(cell): cell for cell in cells}
    canary = named.get(CANARY_ID, {})
    forged = not ALIVE.search(_error(canary))
    if forged:
        row.status = "forged: the checks were tampered with"
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ecglab") as book:
        submission = book.find_submission_notebook(row.assignment, row.assignment, row.student)
        for grade in submission.grades:
            if grade.name == CANARY_ID:
                continue
            number = question(grade.name)
            before = row.most.get(number, 0)
            row.most[number] = before + grade.max_score
            if grade.needs_manual_grade:
                continue
            got = grade.score
            if forged:
                got = grade.auto_score = 0
            row.points[number] = row.points.get(number, 0) + got
        book.db.commit()
    for number, worth in row.most.items():
        if not forged and row.points.get(number, worth) < worth:
            row.said[number] = _hint(named, number)


def same_names(rows: Iterable[Row]) -> None:
    """Note where two submissions have typed the same name, and so have the same numbers."""
    groups = defaultdict(list)
    for row in rows:
        typed = row.typed.strip().casefold()
        if typed:
            groups[row.assignment, typed].append(row)
    for group in groups.values():
        for row in group:
            others = [other.student for other in group if other is not row]
            if others:
                row.status += f"; the same name is typed by {', '.join(others)}"


def write_grades(rows: list[Row], path: Path) -> None:
    """Write the table of grades."""
    asked = {number for row in rows for number in row.most}
    numbers = sorted(asked, key=_order)
    part = path.with_name(f".{path.name}")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*FIRST, *numbers])
        for row in rows:
            values = _values(row, numbers)
            table.writerow(map(_harmless, values))
    part.replace(path)


def summary(rows: list[Row]) -> str:
    """Return, as Markdown, how each question went and what was misunderstood."""
    lines = ["# What the class understood", ""]
    marked = [row for row in rows if row.most]
    for assignment in sorted({row.assignment for row in marked}):
        graded = [row for row in marked if row.assignment == assignment]
        lines += [f"## {assignment}: {len(graded)} graded", ""]
        lines += ["| question | right | wrong | what was said most often |"]
        lines += ["|---|---|---|---|"]
        for number in sorted(graded[0].most, key=_order):
            lines.append(_line(number, graded))
        lines.append("")
    troubled = [row for row in rows if row.status != "graded"]
    if troubled:
        lines += ["## To look at", "", "| student | file | why |", "|---|---|---|"]
        for row in troubled:
            words = map(_cell, (row.student, row.file, row.status))
            lines.append(f"| {' | '.join(words)} |")
        lines.append("")
    return "\n".join(lines)


# ---------------------------------------------------------------------------


def _values(row: Row, numbers: list[str]) -> list:
    first = [row.assignment, row.student, row.file, row.typed, row.status]
    if not row.most:
        return [*first, "", "", "", *("" for _ in numbers)]
    points = sum(row.points.values())
    total = sum(row.most.values())
    waiting = [worth for number, worth in row.most.items() if number not in row.points]
    each = [row.points.get(number, "") for number in numbers]
    return [*first, points, total, sum(waiting), *each]


def _harmless(value: object) -> object:
    """Return a cell of a table that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _order(number: str) -> tuple:
    digits = re.search(r"\d+", number)
    return (int(digits[0]) if digits else 0, number)


def _line(number: str, graded: list[Row]) -> str:
    worth = graded[0].most[number]
    marked = [row.points[number] for row in graded if number in row.points]
    right = sum(points >= worth for points in marked)
    hints = [row.said.get(number) for row in graded]
    said = Counter(filter(None, hints))
    words = [f"{count} × {_cell(words)}" for words, count in said.most_common(3)]
    often = "; ".join(words)
    if not marked:
        often = "to be marked by hand"
    return f"| {number} | {right} | {len(marked) - right} | {often} |"


def _cell(text: str) -> str:
    """Return a text that stays in its cell of a Markdown table, and runs nowhere."""
    plain = re.sub(r"\s+", " ", text)[:200]
    for sign, harmless in HARMLESS.items():
        plain = plain.replace(sign, harmless)
    return plain


def _error(cell: dict) -> str:
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            return f"{output['ename']}: {output['evalue']}"
    return ""


def _hint(cells: dict[str, dict], number: str) -> str:
    """Return what the visible check said to a wrong answer; else what the hidden test said."""
    checked = cells.get(f"{number}-check", {})
    for output in checked.get("outputs", []):
        data = output.get("data", {})
        words = "".join(output.get("text", data.get("text/plain", "")))
        if words.startswith("❌"):
            words = words.removeprefix("❌").replace("Not yet right.", "")
            return words.strip() or "not right"
        if words.startswith("Not answered yet"):
            return "no answer"
    for name, cell in cells.items():
        if not name.startswith(f"{number}-test"):
            continue
        said = _error(cell)
        if said:
            return said.removeprefix("AssertionError: ")[:200]
    return "no answer"
