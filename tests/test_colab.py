"""The setup cell: it asks for this version, leaves Colab as it is, and fails in one sentence.

Nothing here goes to the network: a stand-in for pip says what the cell asks of it.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import ecglab

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import colab  # noqa: E402

CHAPTERS = {path.stem: nbformat.read(path, as_version=4) for path in colab.chapters()}
every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def setup_cell(name):
    (cell,) = (c for c in CHAPTERS[name].cells if "setup" in c.metadata.get("tags", []))
    return cell


@every_chapter
def test_the_setup_cell_is_the_same_in_each_chapter(name):
    """After a release: python tools/colab.py cells."""
    assert setup_cell(name).source == colab.with_setup(setup_cell(name).source).rstrip()


def test_the_setup_cell_asks_for_this_version_and_touches_nothing_else():
    (line,) = re.findall(r"!pip install (.+) > install.log 2>&1", colab.setup())
    *words, course = line.split()
    assert course == f"git+{colab.repository(ROOT)}@v{ecglab.__version__}"
    assert words[:2] == ["-q", "--no-deps"], "what Colab has stays as it is"
    assert all(re.fullmatch(r"[a-z]+==[\d.]+", package) for package in words[2:])
    assert (
        not colab.pins("\n".join(words[2:])).keys() & colab.pins(colab.VERSIONS.read_text()).keys()
    )


def test_everything_that_the_course_needs_is_there_or_installed():
    needed = re.findall(r'^    "([\w-]+)>=', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    dependencies = needed[: needed.index("wfdb") + 1]
    there = colab.pins(colab.VERSIONS.read_text()).keys() | colab.pins_of_helpers()
    assert len(dependencies) > 10 and set(dependencies) <= there


def test_the_version_is_the_same_everywhere():
    number = re.escape(ecglab.__version__)
    for file, line in {
        "pyproject.toml": f'^version = "{number}"$',
        "CITATION.cff": f"^version: {number}$",
        "CHANGELOG.md": f"^## {number}\\b",
    }.items():
        assert re.search(line, (ROOT / file).read_text(), re.MULTILINE), file
    assert colab.version() == ecglab.__version__


def test_a_difference_from_colabs_list_is_named():
    ours = "numpy==2.1.3\nPyWavelets==1.9.0\nkeras==3.13.2\n"
    theirs = "keras==3.14.0\nnumpy==2.1.3\npywavelets==1.9.0\nwfdb==4.3.1\n"
    assert colab.differences(ours, theirs) == [
        "keras: 3.13.2 here, 3.14.0 on Colab",
        "wfdb is on Colab: no setup cell need install it",
    ]


# --- where the course is missing --------------------------------------------------------------

# In the test's kernel the course is installed: the cell must not see it.
MISSING = """
import importlib.util, os, sys
found = importlib.util.find_spec
def find_spec(name):
    return None if name == "ecglab" and not os.path.exists("ecglab.py") else found(name)
importlib.util.find_spec = find_spec
sys.path.insert(0, os.getcwd())
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the cell in a new kernel, with a stand-in for pip."""

    def run_cell(pip):
        stand_in = tmp_path / "bin" / "pip"
        stand_in.parent.mkdir()
        stand_in.write_text(f"#!/bin/sh\n{pip}\n")
        stand_in.chmod(0o755)
        monkeypatch.setenv("PATH", str(stand_in.parent), prepend=":")
        notebook = nbformat.v4.new_notebook()
        sources = [MISSING, colab.setup(), "print('and on')"]
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        # This interpreter's own kernel, whatever others a user has
        specs = KernelSpecManager(kernel_dirs=[])
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        folder = {"metadata": {"path": str(tmp_path)}}
        client = NotebookClient(notebook, km=manager, resources=folder)
        try:
            client.execute(cleanup_kc=True)
        except CellExecutionError:
            pass
        return [
            (output.name, output.text) if output.output_type == "stream" else ("error", output)
            for cell in notebook.cells
            for output in cell.outputs
        ]

    return run_cell


def test_a_failure_is_one_sentence_and_the_end(run, tmp_path):
    said = run("echo ERROR: No matching distribution; echo trouble >&2; exit 1")
    assert len(said) == 1 and said[0][0] == "stderr"
    assert re.fullmatch(r"UsageError: the course could not be installed: .+\.\n", said[0][1])
    assert (tmp_path / "install.log").read_text() == "ERROR: No matching distribution\ntrouble\n"


def test_a_success_is_silent(run, tmp_path):
    assert run("echo x > ecglab.py; echo Done") == [("stdout", "and on\n")]


def test_the_list_is_what_make_colab_installs():
    said = subprocess.run(
        [sys.executable, ROOT / "tools" / "colab.py", "compare", colab.VERSIONS],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "The same as on Colab.\n"


def test_errors_and_red_lines_are_found():
    cell = nbformat.v4.new_code_cell("1")
    assert colab.found_wrong({"cells": [cell]}) == []
    cell.outputs = [
        nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[]),
        nbformat.v4.new_output("stream", name="stderr", text="failed call to cuInit\n"),
    ]
    assert colab.found_wrong({"cells": [cell]}) == [
        "ValueError: no",
        "in red: failed call to cuInit",
    ]


def test_the_course_can_be_fetched_though_the_checkout_is_shallow(tmp_path, monkeypatch):
    """As a server checks it out: a clone of a shallow clone makes git start itself for ever."""

    def git(*words, folder=tmp_path, env=None):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", *who, *map(str, words)]
        done = subprocess.run(
            command, cwd=folder, env=env, check=True, capture_output=True, text=True, timeout=100
        )
        return done.stdout.strip()

    whole = tmp_path / "whole"
    (whole / "ecglab").mkdir(parents=True)
    (whole / "ecglab" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (whole / "_config.yml").write_text("repository:\n  url: https://example.org/a/course\n")
    git("init", "--quiet", folder=whole)
    git("add", "--all", folder=whole)
    for message in ("one", "two"):
        git("commit", "--quiet", "--allow-empty", "--message", message, folder=whole)
    git("clone", "--quiet", "--depth=1", whole.as_uri(), tmp_path / "shallow")
    monkeypatch.setattr(colab, "ROOT", tmp_path / "shallow")
    variables = colab.as_on_colab(Path(sys.executable), tmp_path)
    assert git("rev-parse", "--is-shallow-repository", folder=tmp_path / "course") == "false"
    course = colab.repository(colab.ROOT)
    git("clone", "--quiet", "--branch=v1.2.3", course, "fetched", env=variables)
    assert (tmp_path / "fetched" / "_config.yml").is_file()
