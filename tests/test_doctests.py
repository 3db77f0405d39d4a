"""The examples in the docstrings run, and give what they say they give."""

import doctest
import importlib
import pkgutil

import ecglab


def modules():
    found = pkgutil.walk_packages(ecglab.__path__, "ecglab.")
    return [info.name for info in found if not info.name.endswith("__main__")]


def examples(name):
    """Return the docstrings of a module that have examples which are not all skipped."""
    found = doctest.DocTestFinder().find(importlib.import_module(name))
    return [test for test in found if run(test)]


def run(test):
    """Return the examples of a docstring that are to be run."""
    return [example for example in test.examples if not example.options.get(doctest.SKIP)]


def pytest_generate_tests(metafunc):
    cases = [(name, test) for name in modules() for test in examples(name)]
    metafunc.parametrize("example", [t for _, t in cases], ids=[t.name for _, t in cases])


def test_example(example):
    said = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    skipped = getattr(result, "skipped", 0)  # from Python 3.13 on they count as attempted
    assert result.attempted - skipped == len(run(example)) > 0
    assert result.failed == 0, "".join(said)
