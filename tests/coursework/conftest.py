"""The assignments, and what stands in for nbgrader where a test needs only the notebooks."""

import copy
import functools
import sys
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "coursework" / "tools"))

import attempt
import complete
import release
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

from ecglab import records


@pytest.fixture(scope="module", autouse=True)
def each_recording_is_read_once():
    """Reading takes most of an attempt's time, and planted answers are tried by the dozen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "load", functools.cache(records.load))
        yield


class Assignments(dict):
    """The completed sources, by name; each is completed when it is first asked for."""

    def __missing__(self, name):
        path = release.SOURCE / name / f"{name}.ipynb"
        self[name] = complete.complete(nbformat.read(path, as_version=4))
        return self[name]


@pytest.fixture(scope="session")
def whole():
    return Assignments()


@pytest.fixture(scope="session")
def editions(whole):
    """The student editions, made by nbgrader's own steps."""

    class Editions(dict):
        def __missing__(self, name):
            made = copy.deepcopy(whole[name])
            solutions = ClearSolutions(code_stub={"python": ""}, text_stub="")
            made, _ = solutions.preprocess(made, {})
            self[name], _ = ClearHiddenTests().preprocess(made, {})
            return self[name]

    return Editions()


@pytest.fixture(scope="session")
def solution(whole):
    """The right answers of an assignment, by name of its cells."""
    return lambda name: attempt.answers(whole[name])


@pytest.fixture(scope="session")
def caught(request):
    """Count, by assignment, what the graders were tried with."""
    counts = {}

    class Report:
        def pytest_terminal_summary(self, terminalreporter):
            if counts:
                terminalreporter.section("coursework: the graders")
            for name, line in sorted(counts.items()):
                terminalreporter.line(f"{name}: " + ", ".join(f"{line[k]} {k}" for k in line))

    request.config.pluginmanager.register(Report())
    return counts
