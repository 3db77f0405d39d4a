"""Grade a folder of submissions: a table, feedback, and what the class misunderstood.

Usage: python coursework/tools/grade.py FOLDER [--course FOLDER] [--unsafe] [--assignment NAME]

Each submission is poured into the student edition, then run by nbgrader with a kernel behind
walls, one after the other. `grades.csv`, `summary.md` and `feedback` are written into `graded` in
the course's folder, `_build/coursework` if none is given. Run release.py before.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import normalise
import sandbox
import scores
from nbformat import NotebookNode, read, write
from normalise import Submission
from release import BUILT, HOME, environment, nbgrader
from sandbox import Limits, Outcome
from scores import Row
from tqdm.auto import tqdm

# A page of feedback asks no other host; its formulas stay as they were typed.
ELSEWHERE = re.compile(r'<script src="https?:[^"]*">\s*</script>')
REASONS = (
    (re.compile("DeadKernelError"), "the kernel died"),
    (re.compile("CellTimeoutError"), "a cell never ends, and can't be interrupted"),
    (re.compile("Kernel died before replying"), "the kernel died before it began"),
)


def editions(course: Path, name: str | None = None) -> dict[str, NotebookNode]:
    """Return the student editions that have been released.

    Raises
    ------
    ValueError
        If there are none, or not the named one.
    """
    paths = sorted((course / "release").glob("*/*.ipynb"))
    found = {path.stem: read(path, as_version=4) for path in paths}
    if not found:
        raise ValueError("nothing has been released yet; run make release first")
    if name is None:
        return found
    if name not in found:
        raise ValueError(f"{name!r} has not been released; there are {', '.join(found)}")
    return {name: found[name]}


def autograde(submission: Submission, course: Path, safe: bool, limits: Limits) -> Outcome:
    """Let nbgrader grade one submission, within limits."""
    folder = course / "submitted" / submission.student / submission.assignment
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(submission.notebook, folder / f"{submission.assignment}.ipynb")
    command = nbgrader(
        course,
        *("autograde", submission.assignment, f"--student={submission.student}", "--force"),
        "--create",
    )
    with sandbox.room(safe, limits, _recordings()) as room:
        return sandbox.run([*command, *sandbox.options(room, limits)], room, limits)


def grade(
    folder: Path,
    built: Path = BUILT,
    safe: bool = True,
    assignment: str | None = None,
    limits: Limits | None = None,
) -> list[Row]:
    """Grade a folder; write what came of it, and return the rows of the table.

    Raises
    ------
    ValueError
        If there is nothing to grade.
    """
    limits = limits or Limits()
    course = built / "course"
    found = normalise.collect(folder, editions(course, assignment))
    rows = []
    for submission in tqdm(found, desc="grading", unit="submission"):
        rows.append(_graded(submission, course, safe, limits))
    scores.same_names(rows)
    results = built / "graded"
    results.mkdir(parents=True, exist_ok=True)
    _feedback(rows, course, results / "feedback")
    (results / "summary.md").write_text(scores.summary(rows), encoding="utf-8")
    scores.write_grades(rows, results / "grades.csv")
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Grade what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("submissions", type=Path, help="a folder of notebooks")
    parser.add_argument("--course", type=Path, default=BUILT, help="where release.py has written")
    parser.add_argument("--assignment", help="grade nothing but this one")
    parser.add_argument("--unsafe", action="store_true", help="run the code without a sandbox")
    asked = parser.parse_args(arguments)
    reason = "" if asked.unsafe else sandbox.why_not()
    if reason:
        sys.exit(
            f"There is no sandbox here: {reason}.\nWithout one, submitted code can read and change "
            "whatever you can. To grade all the same: make grade SUBMISSIONS=folder UNSAFE=1"
        )
    built = asked.course.resolve()
    try:
        grade(asked.submissions, built, not asked.unsafe, asked.assignment)
    except ValueError as error:
        sys.exit(str(error))
    results = built / "graded"
    print((results / "summary.md").read_text(encoding="utf-8"))
    print(f"Grades: {results / 'grades.csv'}\nFeedback: {results / 'feedback'}")


# ---------------------------------------------------------------------------


def _recordings() -> str | None:
    folder = os.environ.get("ECGLAB_DATA")
    return str(Path(folder).resolve()) if folder else None


def _graded(submission: Submission, course: Path, safe: bool, limits: Limits) -> Row:
    row = Row(
        submission.assignment,
        submission.student,
        submission.path.name,
        submission.typed,
    )
    if submission.notebook is None:
        row.status = submission.trouble
        return row
    shutil.rmtree(
        course / "autograded" / submission.student / submission.assignment, ignore_errors=True
    )
    outcome = autograde(submission, course, safe, limits)
    if outcome.trouble or outcome.code:
        row.status = "not graded: " + (outcome.trouble or _reason(outcome.output))
        return row
    scores.fill(row, course)
    return row


def _reason(output: str) -> str:
    """Return in words why nbgrader stopped."""
    for sign, words in REASONS:
        if sign.search(output):
            return words
    lines = [line for line in output.splitlines() if line.strip()]
    return f"nbgrader stopped ({lines[-1][:200] if lines else 'without a word'})"


def _feedback(rows: list[Row], course: Path, folder: Path) -> None:
    """Write a page for each graded submission: ``ASSIGNMENT/STUDENT.html``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for assignment in sorted({row.assignment for row in rows if row.most}):
        command = nbgrader(course, "generate_feedback", assignment, "--force")
        subprocess.run(command, env=environment(), cwd=HOME, capture_output=True, check=False)
        (folder / assignment).mkdir()
        for row in rows:
            page = course / "feedback" / row.student / assignment / f"{assignment}.html"
            if row.most and row.assignment == assignment and page.is_file():
                text = ELSEWHERE.sub("", page.read_text(encoding="utf-8"))
                kept = folder / assignment / f"{row.student}.html"
                kept.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
