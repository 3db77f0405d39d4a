"""Whole runs: release, nbgrader, the kernel behind walls, the table, feedback and summary."""

import csv
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[1] / "coursework" / "tools"))

import complete
import grade
import make_submissions
import release
import sandbox
from make_submissions import COMMITTED, HOSTILE, NAME
from sandbox import Limits

REASON = sandbox.why_not()
behind_walls = pytest.mark.skipif(bool(REASON), reason=f"no sandbox: {REASON}")
SUBMISSIONS = HERE / "submissions"
#: What each must come to: a part of the status, and the points of q1 to q6; None if there are none.
ALL = [3, 3, 2, 3, 2, 3]
NONE = [0, 0, 0, 0, 0, 0]
EXPECTED = {
    "right": ("graded; the same name", ALL),
    "wrong": ("graded", NONE),
    "blank": ("graded", NONE),
    "problem_1": ("graded", ALL),
    "copied": ("graded; the same name", [3, 3, 0, 3, 2, 0]),
    "equal_to_all": ("graded", [3, 3, 2, 3, 0, 3]),  # q5 alone hands in such an object
    "patched_libraries": ("graded", NONE),
    "no_notebook": ("not a notebook", None),
    "strips_raises": ("forged", NONE),
    "hides_errors": ("graded", NONE),
    "patched_builtins": ("forged", NONE),
    "snoops": ("graded", ALL),
    "floods": ("graded", ALL),
    "os_exit": ("not graded: the kernel died", None),
    "memory_hog": ("", [3, 0, 2, 3, 2, 3]),
    "hangs": ("graded", [3, 0, 2, 3, 2, 3]),
    "stubborn": ("not graded: ", None),  # by its own time or by the whole run's
    "fork_bomb": ("not graded: ", None),  # whichever limit is met first
}
HASTY = Limits(seconds=300, cell=20, memory=1500, processes=100)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder in which the assignment is released."""
    folder = tmp_path_factory.mktemp("built")
    release.release(NAME, folder)
    return folder


def table(built):
    with (built / "graded" / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def is_as_expected(row):
    words, points = EXPECTED[row["student"]]
    got = [float(row[f"q{n}"]) if row[f"q{n}"] else None for n in range(1, 7)]
    if row["student"] == "memory_hog" and row["status"] != "graded":
        words, points = "not graded: took more than", None  # ended from outside, or by prlimit
    assert words in row["status"], row
    assert got == (points or [None] * 6), row


@pytest.fixture(autouse=True)
def rooms(monkeypatch):
    """A folder for this test's rooms alone: other tests grade at the same time."""
    with tempfile.TemporaryDirectory(prefix="rooms-") as folder:  # a socket's path must be short
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield folder


def kernels(rooms):
    """The command lines of the kernels that run in a test's rooms."""
    lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    return [line for line in lines if "ipykernel" in line and f"{rooms}/grade-" in line]


def test_the_student_edition_is_released(built):
    notebook = json.loads((built / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    assert not [word for word in release.LEAKS if word in text]
    assert complete.colab.setup() in text
    with zipfile.ZipFile(built / f"{NAME}.zip") as packed:
        assert packed.namelist() == [f"{NAME}/{NAME}.ipynb"]
        assert packed.read(f"{NAME}/{NAME}.ipynb") == (built / f"{NAME}.ipynb").read_bytes()


def test_the_committed_submissions_are_those_that_the_program_makes():
    made = make_submissions.makers()
    there = {path.stem: path.read_text(encoding="utf-8") for path in SUBMISSIONS.glob("*.ipynb")}
    assert there == {name: made[name]() for name in COMMITTED}


def test_an_unreleased_assignment_is_named(tmp_path, built):
    with pytest.raises(ValueError, match="run make release first"):
        grade.grade(SUBMISSIONS, tmp_path)
    with pytest.raises(ValueError, match=f"'seventh' has not been released; there are {NAME}"):
        grade.grade(SUBMISSIONS, built, assignment="seventh")
    with pytest.raises(ValueError, match=f"no assignment 'seventh'; there are .*{NAME}"):
        release.chosen(["seventh"])


@behind_walls
def test_a_wrong_submission_is_graded_behind_walls(built, tmp_path, rooms):
    make_submissions.write(tmp_path, ["wrong"])
    grade.grade(tmp_path, built)
    row = table(built)["wrong"]
    is_as_expected(row)
    assert row["to_mark_by_hand"] == "4.0"
    assert row["typed"] == "Ben"
    summary = (built / "graded" / "summary.md").read_text(encoding="utf-8")
    assert "| q2 | 0 | 1 | 1 × These are means: " in summary
    page = (built / "graded" / "feedback" / NAME / "wrong.html").read_text(encoding="utf-8")
    assert "These are means: " in page
    assert "Try an image and a kernel that are not square" in page  # the hidden test's hint
    assert "def right(" not in page  # the hidden test itself
    assert 'src="http' not in page
    assert not kernels(rooms)


@pytest.mark.long
def test_without_walls_a_submission_is_graded_alike(built, tmp_path, rooms):
    make_submissions.write(tmp_path, ["problem (1)"])
    grade.grade(tmp_path, built, safe=False)
    is_as_expected(table(built)["problem_1"])
    assert not kernels(rooms)


@pytest.mark.long
@behind_walls
def test_the_committed_submissions_end_in_a_table(built, rooms):
    command = [sys.executable, release.HOME / "tools" / "grade.py", SUBMISSIONS]
    done = subprocess.run([*command, "--course", built], capture_output=True, text=True, check=True)
    assert "10/10" in done.stderr  # the progress bar
    rows = table(built)
    assert {row["file"] for row in rows.values()} == {f"{name}.ipynb" for name in COMMITTED}
    for row in rows.values():
        is_as_expected(row)
    assert not kernels(rooms)


@pytest.mark.long
@pytest.mark.timeout(3600)
@behind_walls
def test_hostile_submissions_are_contained(built, tmp_path, rooms):
    handed_in = tmp_path / "handed_in"
    make_submissions.write(handed_in, [*HOSTILE, "right"])
    before = {path: path.read_bytes() for path in handed_in.iterdir()}
    grade.grade(handed_in, built, limits=HASTY)
    rows = table(built)
    assert set(rows) == {*HOSTILE, "right"}
    for name, row in rows.items():
        print(f"{name}: {row['status']}, {row['points'] or 'no points'}")
    EXPECTED["right"] = ("graded", ALL)
    for row in rows.values():
        is_as_expected(row)
    assert {path: path.read_bytes() for path in handed_in.iterdir()} == before
    assert not kernels(rooms)
    snooped = (built / "graded" / "feedback" / NAME / "snoops.html").read_text(encoding="utf-8")
    assert "FOUND 0 REACHED 0" in snooped
    flooded = built / "course" / "autograded" / "floods" / NAME / f"{NAME}.ipynb"
    assert flooded.stat().st_size < 1_000_000
