"""Every exercise knows what is right in every natural form, and what is mistaken for it.

`tests/exercises/chapter_03.py` holds for the exercises of chapter 3, by their numbers: `FORMS`,
right answers in other forms than the solution's; `WRONG`, further wrong answers; and `CONTEXT`, a
function that gives a small stand-in for what the chapter hands to a check.
"""

import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from ecglab import exercises

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402

LEAST_MISTAKES = 3
LEAST_FORMS = 2


def load(name):
    """Import one of the files in tests/exercises."""
    path = Path(__file__).with_name("exercises") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tests_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NOTEBOOKS = {path.stem[:2]: nbformat.read(path, as_version=4) for path in notebooks.chapters()}
TRIED = {number: load(f"chapter_{number}") for number in NOTEBOOKS}
EXERCISES = {
    number: exercise
    for chapter in NOTEBOOKS
    for number, exercise in exercises.of_chapter(f"{int(chapter)}.1").items()
}

every_exercise = pytest.mark.parametrize("number", EXERCISES)
every_chapter = pytest.mark.parametrize("chapter", NOTEBOOKS)


def tried(number, what):
    return getattr(TRIED[f"{int(number.split('.')[0]):02}"], what, {}).get(number)


def context(number):
    """Return what the chapter hands over behind the answer, or a stand-in for it."""
    made = tried(number, "CONTEXT")
    return made() if made else ()


def given(number, thing):
    """Return the value that a reader hands in for what an exercise expects or a mistake gives."""
    if isinstance(EXERCISES[number], exercises.Value) and callable(thing):
        return thing(*context(number))
    return thing


def say(number, answer):
    return exercises.check(number, answer, *context(number))


@pytest.fixture(scope="session")
def refused(request):
    """Count, by chapter, the misconceptions that were refused with their own hint."""
    counts = {}

    class Report:
        def pytest_terminal_summary(self, terminalreporter):
            if counts:
                terminalreporter.section("misconceptions refused with a hint of their own")
            for chapter, (asked, mistakes) in sorted(counts.items()):
                line = f"chapter {chapter:2}: {mistakes} of {len(asked)} exercises"
                terminalreporter.write_line(line)

    request.config.pluginmanager.register(Report())
    return counts


@every_chapter
def test_each_exercise_of_the_chapter_is_known(chapter):
    text = "\n".join(c.source for c in NOTEBOOKS[chapter].cells if c.cell_type == "markdown")
    asked = re.findall(r"(?m)^### Exercise (\d+\.\d+)", text)
    assert asked == list(exercises.of_chapter(f"{int(chapter)}.1"))


@every_chapter
def test_each_exercise_and_its_solution_are_checked(chapter):
    cells = notebooks.code_cells(NOTEBOOKS[chapter])
    for solution in (False, True):
        sources = [
            c.source for c in cells if ("solution" in c.metadata.get("tags", [])) == solution
        ]
        called = re.findall(r'exercises\.check\("(\d+\.\d+)"', "\n".join(sources))
        assert set(called) == set(exercises.of_chapter(f"{int(chapter)}.1"))


@every_exercise
def test_the_dots_are_no_answer(number):
    def unwritten(*_): ...  # your answer

    function = isinstance(EXERCISES[number], exercises.Function)
    said = say(number, unwritten if function else ...)
    assert said.right is None and said.message.startswith("Not answered yet")


@every_exercise
def test_right_answers_are_right_in_every_form(number):
    expected = EXERCISES[number].expected
    answers = [*(tried(number, "FORMS") or ())]
    assert len(answers) >= LEAST_FORMS, "give right answers in other forms in FORMS"
    if isinstance(EXERCISES[number], exercises.Value) or callable(expected):
        answers.append(given(number, expected))
    for answer in answers:
        answer = given(number, answer)
        assert say(number, answer).right is True, (answer, say(number, answer))


@every_exercise
def test_each_mistake_is_refused_with_its_own_hint(number, refused):
    exercise = EXERCISES[number]
    assert len(exercise.mistakes) >= LEAST_MISTAKES
    for hint, mistaken in exercise.mistakes.items():
        assert hint != exercise.hint and len(hint) > 15
        said = say(number, given(number, mistaken))
        assert said.right is False, f"{hint!r}: this mistake passes"
        assert said.message == f"Not yet right. {hint}"
    asked, count = refused.get(int(number.split(".")[0]), (set(), 0))
    refused[int(number.split(".")[0])] = (asked | {number}, count + len(exercise.mistakes))


@every_exercise
def test_other_wrong_answers_are_refused(number):
    wrong = tried(number, "WRONG") or ()
    assert len(wrong) >= 2, "give further wrong answers in WRONG"
    for answer in wrong:
        said = say(number, given(number, answer))
        assert said.right is False, (answer, said)


@pytest.mark.parametrize("answer", [25, 15, 40, 12, [5, 25], 99])
def test_a_function_of_the_chapter_is_asked_once_for_each_argument(answer):
    """Exercise 3.5 hands over one that looks for the beats of half an hour."""
    asked = []

    def errors_at(upper):
        asked.append(upper)
        return {15: 30, 25: 12, 40: 20}[upper]

    exercises.check("3.5", answer, errors_at)
    assert sorted(asked) == [15, 25, 40]
    exercises.check("3.5", answer, errors_at)  # what was changed since counts
    assert len(asked) == 6


@every_exercise
def test_no_hint_gives_a_number_away(number):
    exercise = EXERCISES[number]
    if isinstance(exercise, exercises.Value):
        expected = np.ravel(given(number, exercise.expected))
        if expected.dtype.kind in "iuf":
            secret = {f"{one:g}" for one in expected} - {"0", "1", "2", "3"}
            for hint in (exercise.hint, *exercise.mistakes):
                told = set(re.findall(r"\d+(?:\.\d+)?", hint.replace(",", "")))
                assert not told & secret, hint


@pytest.mark.parametrize("number", ["0.1", "13.1", "3", "3.9", "", "x", None, 3.2])
def test_there_is_no_such_exercise(number):
    with pytest.raises(ValueError, match="there is no exercise"):
        exercises.check(number, 1)
