"""Write the student editions: without solutions and hidden tests, with the chapters' setup cell.

Usage: python coursework/tools/release.py [--course FOLDER] [ASSIGNMENT ...]

For each assignment, a notebook and a zip file are written into the folder, `_build/coursework` if
none is given. Its `course` is where nbgrader works, with the gradebook.
"""

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
ROOT = HOME.parent
SOURCE = HOME / "source"
BUILT = ROOT / "_build" / "coursework"
LEAKS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "BEGIN MISTAKES", "from referee")


def assignments() -> list[str]:
    """Return the names of all assignments."""
    return sorted(path.parent.name for path in SOURCE.glob("*/*.ipynb"))


def chosen(names: list[str]) -> list[str]:
    """Return the named assignments, or all.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    known = assignments()
    for name in names:
        if name not in known:
            raise ValueError(f"there is no assignment {name!r}; there are {', '.join(known)}")
    return names or known


def nbgrader(course: Path, *arguments: str) -> list[str]:
    """Return a command of nbgrader's for a course folder. It has to run in `HOME`."""
    return [
        *(sys.executable, "-m", "nbgrader", *arguments),
        f"--CourseDirectory.root={course}",
    ]


def environment() -> dict[str, str]:
    """Return nbgrader's environment: this course's package, and the programs beside this Python."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


def release(name: str, built: Path = BUILT) -> Path:
    """Write the student edition of one assignment; return the notebook's path.

    Raises
    ------
    RuntimeError
        If nbgrader refuses the source, or something of it would reach the students; says what.
    """
    course = built / "course"
    source = course / "source" / name
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(SOURCE / name, source, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    command = nbgrader(course, "generate_assignment", name, "--force")
    done = subprocess.run(
        command, cwd=HOME, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{name} can't be released:\n{(done.stdout + done.stderr)[-3000:]}")
    made = course / "release" / name / f"{name}.ipynb"
    text = made.read_text(encoding="utf-8")
    leaked = [word for word in LEAKS if word in text]
    if leaked:
        raise RuntimeError(f"{name} would be released with {leaked[0]!r} in it")
    return _handed_out(made, built)


def _handed_out(made: Path, built: Path) -> Path:
    """Copy a released notebook to where an instructor looks for it, and zip it."""
    notebook = built / made.name
    whole = built / f".{made.stem}.part"
    shutil.copyfile(made, whole)
    whole.replace(notebook)
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(notebook, f"{made.stem}/{made.name}")
    whole.replace(notebook.with_suffix(".zip"))
    return notebook


def main(arguments: list[str] | None = None) -> None:
    """Release what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assignment", nargs="*", help="all if none is named")
    parser.add_argument("--course", type=Path, default=BUILT, help="where to write")
    asked = parser.parse_args(arguments)
    try:
        for name in chosen(asked.assignment):
            notebook = release(name, asked.course.resolve())
            print(f"{notebook} and {notebook.with_suffix('.zip').name}")
    except (ValueError, RuntimeError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
