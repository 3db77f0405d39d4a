"""Every question's grader: right answers get all points, nothing gets none, mistakes lose theirs.

Tried in one fresh namespace (`attempt`). What nbgrader and the sandbox add is in test_grade.py.
"""

import ast
import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "coursework" / "tools"))

import attempt
import complete
import release


def wrong(name):
    """Return the planted wrong answers of an assignment."""
    path = Path(__file__).with_name("wrong") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"wrong_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WRONG


LEAST = 3
STUDENTS = ("Ada", "matriculation 1234", "")
NAMES = release.assignments()
PLANTED = [
    pytest.param(name, number, label, code, id=f"{name}-{number}-{label.replace(' ', '_')}")
    for name in NAMES
    for number, planted in wrong(name).items()
    for label, code in planted
]
#: One wrong answer of each question is tried by make test, all of them by make test-long.
FIRST = list({param.values[:2]: param for param in reversed(PLANTED)}.values())
REST = [param for param in PLANTED if param not in FIRST]

every_assignment = pytest.mark.parametrize("name", NAMES)


def count(caught, name, what):
    caught.setdefault(name, Counter())[what] += 1


def named(student):
    return {"student": f"STUDENT = {student!r}"}


@every_assignment
@pytest.mark.parametrize("student", STUDENTS)
def test_the_solution_gets_all_points_for_every_name(whole, caught, name, student):
    marks = attempt.attempt(whole[name], named(student))
    assert {number: (mark.points, mark.test) for number, mark in marks.items()} == {
        number: (mark.most, "") for number, mark in marks.items()
    }
    assert not [mark.check for mark in marks.values() if "❌" in mark.check]
    count(caught, name, "solutions at full marks")


@every_assignment
def test_the_empty_student_edition_gets_nothing_and_says_why(whole, editions, caught, name):
    blank = attempt.answers(editions[name])
    marks = attempt.attempt(whole[name], blank)
    assert sum(mark.points for mark in marks.values()) == 0
    for number, mark in marks.items():
        assert "Not answered yet" in mark.check, number
        assert mark.test.startswith("AssertionError: "), number
    count(caught, name, "blanks at zero")


@every_assignment
def test_every_marked_question_has_wrong_answers(whole, name):
    numbers = {complete.question(cell_id) for cell_id in marked(whole[name])}
    planted = wrong(name)
    assert set(planted) == numbers
    assert min(len(answers) for answers in planted.values()) >= LEAST


def marked(notebook):
    cells = complete.by_id(notebook).items()
    return [name for name, cell in cells if complete.is_test(cell) and name != complete.CANARY_ID]


def loses_only(whole, caught, name, number, code):
    marks = attempt.attempt(whole[name], named("Ada") | {number: code.strip()})
    lost = {other for other, mark in marks.items() if mark.points < mark.most}
    assert lost == {number}
    assert marks[number].points == 0
    count(caught, name, "planted wrong answers caught")


@pytest.mark.parametrize(("name", "number", "label", "code"), FIRST)
def test_a_wrong_answer_loses_the_points_of_its_question_alone(
    whole, caught, name, number, label, code
):
    loses_only(whole, caught, name, number, code)


@pytest.mark.long
@pytest.mark.parametrize(("name", "number", "label", "code"), REST)
def test_each_wrong_answer_loses_the_points_of_its_question_alone(
    whole, caught, name, number, label, code
):
    loses_only(whole, caught, name, number, code)


@every_assignment
def test_neighbours_have_other_numbers(whole, solution, name):
    """The values that solve it for one name do not for another."""
    numbers = {}
    for student in STUDENTS:
        space = {"__name__": "__main__", "STUDENT": student}
        attempt.run(complete.by_id(whole[name])["numbers"].source, space)
        numbers[student] = {key: value for key, value in space.items() if key.isupper()}
    assert len({repr(sorted(one.items())[1:]) for one in numbers.values()}) == len(STUDENTS)


@every_assignment
def test_no_solution_reaches_the_students(editions, whole, name):
    text = "\n".join(cell.source for cell in editions[name].cells)
    assert not [word for word in release.LEAKS if word in text]
    right = attempt.answers(whole[name])
    for number, blank in attempt.answers(editions[name]).items():
        assert len(blank) < len(right[number])


def test_every_sheet_that_may_be_drawn_stands_in_the_rubric(whole):
    """By hand is marked what no program can: the marker has the numbers of each sheet."""
    cells = complete.by_id(whole["reading_an_ecg"])
    (drawn,) = re.findall(r"SHEET = own.choice\((.*)\)", cells["numbers"].source)
    rows = re.findall(r"^\| (\d+) \|", cells["q8"].source, re.MULTILINE)
    assert ast.literal_eval(drawn) == rows and {"51", "61", "120"} <= set(rows)
