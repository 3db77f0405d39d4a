"""Run the chapters as Colab does: in its packages, from the notebook alone.

Usage: python tools/colab.py run [--folder FOLDER] [NAME ...] | cells | compare FILE

`run` makes an environment of the versions in colab.txt and runs chapters in it. No ecglab is there
beforehand: the setup cell installs it. The version that the cell asks for may not be published yet,
so git is told to find the course's address in a copy of what is committed here, with that tag.
Recordings come from ECGLAB_DATA; without it, chapters run on simulated patients.

`cells` writes the beginning of each chapter's setup cell anew, for a release.

`compare` says where colab.txt differs from Colab's own list of packages.
"""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from address import repository  # noqa: E402
from chapter import paths  # noqa: E402

VERSIONS = ROOT / "tools" / "colab.txt"
PYTHON = (3, 13)
CELL_SECONDS = 900

# What Colab lacks. sleepecg 0.6 needs a newer NumPy than Colab's, 0.5.9 finds the same beats.
HELPERS = ("edfio==0.4.18", "sleepecg==0.5.9", "wfdb==4.3.1")

# --no-deps leaves Colab's own packages as they are; a UsageError is shown in one line, and stops.
SETUP = """\
# @title Set-up: run this first. In Colab it installs the course; elsewhere it only imports
import importlib.util
if not importlib.util.find_spec("ecglab"):
    !pip install -q --no-deps {packages} > install.log 2>&1
    if not importlib.util.find_spec("ecglab"):
        from IPython.core.error import UsageError
        raise UsageError("the course could not be installed: see install.log, and in Colab try \
again after Runtime → Disconnect and delete runtime.")
"""


# --- the setup cell ------------------------------------------------------------------------------


def version() -> str:
    """Return the package's version."""
    text = (ROOT / "ecglab" / "__init__.py").read_text()
    return re.search(r'__version__ = "(.+)"', text)[1]


def setup() -> str:
    """Return how a chapter's setup cell begins."""
    course = f"git+{repository(ROOT)}@v{version()}"
    packages = " ".join([*HELPERS, course])
    return SETUP.format(packages=packages)


def with_setup(source: str) -> str:
    """Return a setup cell's source with its beginning, up to the first blank line, anew."""
    return setup() + "\n" + source.partition("\n\n")[2]


def chapters() -> list[Path]:
    """Return the chapters' files in order."""
    return paths(ROOT)


def write_cells() -> None:
    """Write the setup cell of every chapter anew; all else in the file stays as it is."""
    for path in chapters():
        notebook = json.loads(path.read_text(encoding="utf-8"))
        (cell,) = (c for c in notebook["cells"] if "setup" in c["metadata"].get("tags", []))
        cell["source"] = with_setup("".join(cell["source"])).splitlines(keepends=True)
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")


# --- Colab's list --------------------------------------------------------------------------------


def pins(text: str) -> dict[str, str]:
    """Return the pinned versions in a list of packages, by name."""
    found = re.findall(r"(?m)^([\w.-]+)==(\S+)", text)
    return {re.sub(r"[-_.]+", "-", name).lower(): number for name, number in found}


def differences(ours: str, theirs: str) -> list[str]:
    """Return, one line each, where our list of Colab's packages differs from Colab's own."""
    colab = pins(theirs)
    other = [
        f"{name}: {number} here, {colab.get(name, 'nothing')} on Colab"
        for name, number in pins(ours).items()
        if colab.get(name) != number
    ]
    needless = sorted(pins_of_helpers() & {*colab})
    return other + [f"{name} is on Colab: no setup cell need install it" for name in needless]


def pins_of_helpers() -> set[str]:
    """Return the names of what the setup cell adds."""
    return set(pins("\n".join(HELPERS)))


# --- the environment -----------------------------------------------------------------------------


def environment(folder: Path) -> Path:
    """Make the environment, unless it is there; return its Python."""
    python = folder / "bin" / "python"
    stamp = folder / "colab.txt"
    if not stamp.is_file() or stamp.read_text() != VERSIONS.read_text():
        if sys.version_info[:2] != PYTHON:
            sys.exit("Colab runs Python 3.13. Name one: make colab PYTHON=/path/to/python3.13")
        print(f"Installing Colab's packages into {folder} (3 GB; some minutes)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "-r", VERSIONS]
        subprocess.run(install, check=True)
        stamp.write_text(VERSIONS.read_text())
    return python


def installed(python: Path) -> dict[str, str]:
    """Return the versions of all packages of an environment."""
    command = [python, "-m", "pip", "list", "--format=freeze"]
    return pins(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def take_away(python: Path) -> None:
    """Uninstall what a setup cell installs."""
    command = [python, "-m", "pip", "uninstall", "--quiet", "--yes", "ecglab", *pins_of_helpers()]
    subprocess.run(command, check=True, capture_output=True)


def published(folder: Path) -> Path:
    """Make a repository of what is committed here, with this version's tag.

    No clone: that of a shallow checkout, as a server has it, can't be cloned in its turn.
    """
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    author = ["-c", "user.name=The course", "-c", "user.email=course@example.org"]
    for words in (
        ["init", "--quiet"],
        ["add", "--all", "--force"],
        [*author, "commit", "--quiet", "--message", f"Version {version()}"],
        ["tag", f"v{version()}"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def as_on_colab(python: Path, folder: Path) -> dict[str, str]:
    """Return the variables for a notebook: a new home, and where the course's address leads."""
    course = published(folder / "course")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "JUPYTER_", "MPL"))}
    home = folder / "home"
    home.mkdir()
    if not kept.get("ECGLAB_DATA"):
        kept["ECGLAB_SOURCE"] = "simulated"
    return {
        **kept,
        "HOME": str(home),
        "ECGLAB_CACHE": str(home / "recordings"),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{course.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": repository(ROOT),
    }


# --- running -------------------------------------------------------------------------------------


def found_wrong(notebook: dict) -> list[str]:
    """Return the errors in a notebook's outputs, and what it wrote in red."""
    wrong = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                wrong.append(f"{output['ename']}: {output['evalue']}")
            elif output.get("name") == "stderr":
                wrong.append("in red: " + "".join(output["text"]).strip()[:300])
    return wrong


def run_chapter(path: Path, python: Path, variables: dict[str, str], folder: Path) -> list[str]:
    """Run a copy of a chapter from its setup cell on; return what went wrong."""
    take_away(python)
    copy = folder / path.stem / path.name
    copy.parent.mkdir()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    copy.write_text(json.dumps(notebook), encoding="utf-8")
    command = [python.parent / "jupyter", "execute", "--inplace", "--allow-errors"]
    command += [f"--timeout={CELL_SECONDS}", copy]
    run = subprocess.run(
        command, cwd=copy.parent, env=variables, capture_output=True, text=True, check=False
    )
    wrong = found_wrong(json.loads(copy.read_text(encoding="utf-8")))
    return wrong or ([run.stderr[-500:]] if run.returncode else [])


def run(folder: Path, names: list[str]) -> int:
    """Run chapters, print a line for each, and compare the packages with those before."""
    python = environment(folder)
    chosen = [p for p in chapters() if not names or any(p.stem.startswith(n) for n in names)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="colab-") as work:
        variables = as_on_colab(python, Path(work))
        take_away(python)
        before = installed(python)
        for path in chosen:
            started = time.perf_counter()
            wrong = run_chapter(path, python, variables, Path(work))
            seconds = time.perf_counter() - started
            print(f"{path.stem}: {seconds:.0f} s, {len(wrong)} errors", flush=True)
            for one in wrong:
                print(f"    {one}", flush=True)
            failed += len(wrong)
        after = installed(python)
    changed = [f"{n} {v} → {after.get(n)}" for n, v in before.items() if after.get(n) != v]
    added = [f"{n} {v}" for n, v in after.items() if n not in before]
    print("Changed versions:", ", ".join(changed) or "none")
    print("Added:", ", ".join(added) or "nothing")
    check = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
    print("pip check:", check.stdout.strip())
    return int(bool(failed or changed or check.returncode))


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run chapters in Colab's packages")
    running.add_argument("names", nargs="*", help="these chapters (09, or 09_shortcuts)")
    running.add_argument("--folder", type=Path, default=ROOT / "_build" / "colab")
    commands.add_parser("cells", help="write the setup cells anew")
    comparing = commands.add_parser("compare", help="compare colab.txt with Colab's own list")
    comparing.add_argument("file", type=Path, help="as Colab publishes it: pip-freeze.txt")
    chosen = parser.parse_args(arguments)
    if chosen.command == "run":
        return run(chosen.folder.absolute(), chosen.names)
    if chosen.command == "cells":
        write_cells()
        return 0
    found = differences(VERSIONS.read_text(), chosen.file.read_text())
    print("\n".join(found) or "The same as on Colab.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
