"""Checks: three states, fair to every form of an answer, and never an exception at a learner."""

import datetime

import numpy as np
import pandas as pd
import pytest

from ecglab import check


class Awkward:
    """An object with which nothing can be done."""

    def __eq__(self, other):
        raise RuntimeError("can't be compared")

    def __repr__(self):
        return "Awkward()"

    __hash__ = None


# --- values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, ...])
@pytest.mark.parametrize("expected", [72, "sinus", [1, 2], np.zeros(3)])
def test_not_answered_yet(answer, expected):
    said = check.value(answer, expected, hint="Count again.")
    assert said.right is None
    assert repr(said) == "Not answered yet: put your answer in place of the dots."


def test_nothing_is_computed_for_who_has_not_answered():
    def expected():
        raise AssertionError("called")

    assert check.value(..., expected).right is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (72, 72),
        (72.0, 72),
        (72, 72.0),
        (np.float32(72), 72),
        (np.int64(72), 72.0),
        (np.array(72), 72),
        (0.1 + 0.2, 0.3),
        (True, True),
        (np.True_, True),
        ([1, 2, 3], np.array([1.0, 2.0, 3.0])),
        ((1, 2, 3), [1, 2, 3]),
        (np.array([1, 2, 3]), (1, 2, 3)),
        (pd.Series([1, 2, 3]), [1, 2, 3]),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        (["N", "V"], ["N", "V"]),
        ("Sinus rhythm", "sinus rhythm"),
        ("  QRS\n", "qrs"),
        (1, lambda: 1),
    ],
)
def test_right(answer, expected):
    said = check.value(answer, expected, hint="Count again.")
    assert said.right is True and repr(said) == "✅ Right."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (71, 72),
        (72.001, 72),
        (-72, 72),
        (False, True),
        ([1, 2, 4], [1, 2, 3]),
        ([3, 2, 1], [1, 2, 3]),
        (["N", "S"], ["N", "V"]),
        ("sinus", "sinus rhythm"),
        ("", "sinus"),
        (np.nan, 72),
        (np.inf, 72),
        ([1, np.nan, 3], [1, 2, 3]),
    ],
)
def test_not_yet_right(answer, expected):
    said = check.value(answer, expected, hint="Count again.")
    assert said.right is False
    assert repr(said).startswith("❌ Not yet right.") and repr(said).endswith("Count again.")


def test_how_far_a_number_may_lie_off():
    for answer, right in ((74, True), (70, True), (74.01, False), (69.99, False)):
        assert check.value(answer, 72, within=2).right is right, answer
    assert check.value([1.04, 2.0], [1, 2], within=0.05).right is True
    assert check.value([1.06, 2.0], [1, 2], within=0.05).right is False


def test_a_wrong_shape_is_said():
    said = check.value([1, 2], [1, 2, 3])
    assert said.right is False and "shape should be (3,), yours is (2,)" in said.message
    assert "yours is ()" in check.value(1, [1]).message
    assert "should be ()" in check.value([1], 1).message


def test_a_wrong_kind_is_said():
    assert "should be text, not int" in check.value(3, "N").message
    assert "can't be read as numbers: it is a str" in check.value("seventy-two", 72).message


def test_the_answer_is_not_given_away():
    for answer in (1, "x", [1, 2]):
        assert "72" not in repr(check.value(answer, 72, hint="Count the boxes."))
    assert "sinus" not in repr(check.value("flutter", "sinus"))


ODD = {
    "text": "seventy",
    "number in text": "7",
    "empty text": "",
    "bytes": b"7",
    "dict": {"a": 1},
    "empty dict": {},
    "set": {1, 2},
    "object": object(),
    "awkward": Awkward(),
    "function": len,
    "class": int,
    "ragged": [[1], [1, 2]],
    "list of text": ["a", "b"],
    "list of dots": [..., ...],
    "list of None": [None, 1],
    "list of awkward": [Awkward()],
    "two awkward": [Awkward(), Awkward()],
    "nan": float("nan"),
    "complex": 1 + 2j,
    "huge": 10**400,
    "date": datetime.date(2000, 1, 1),
    "numpy date": np.datetime64("2000-01-01"),
    "frame": pd.DataFrame({"a": [1, 2]}),
    "empty list": [],
    "3-d": np.zeros((2, 2, 2)),
    "generator": (k for k in (1, 2)),
    "record array": np.zeros(2, dtype=[("a", int)]),
    "masked": np.ma.array([1, 2], mask=[True, False]),
}
WANTED = {
    "number": 72,
    "bool": True,
    "text": "sinus",
    "list": [3, 4],
    "one": [5],
    "texts": ["N", "V"],
    "matrix": np.eye(2) * 7,
}


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("odd", ODD)
def test_never_raises_at_a_learner(odd, wanted):
    said = check.value(ODD[odd], WANTED[wanted], within=0.1, hint="Count again.")
    assert said.right is False
    assert repr(said).endswith("Count again.")
    answer = lambda: ODD[odd]  # noqa: E731
    assert check.function(answer, lambda: WANTED[wanted], [()]).right is False


# --- functions ------------------------------------------------------------------------------


def rate(rr):
    return 60 / rr


CASES = [(1.0,), (0.5,), (np.array([0.8, 1.2]),)]


def test_a_right_function():
    assert check.function(lambda rr: 60 * rr**-1, rate, CASES).right is True


@pytest.mark.parametrize("answer", [None, ..., lambda rr: None, lambda rr: ...])
def test_a_function_not_written_yet(answer):
    assert check.function(answer, rate, CASES).right is None


def test_the_first_case_that_differs_is_named():
    said = check.function(lambda rr: 60.0, rate, CASES, hint="Beats in a minute.")
    assert said.right is False
    assert repr(said).startswith("❌ Not yet right. Case 2, called with 0.5, differs.")
    assert said.message.endswith("Beats in a minute.")
    shape = check.function(lambda rr: 60 / np.mean(rr), rate, CASES)
    assert "Case 3" in shape.message and "shape should be (2,), yours is ()" in shape.message


@pytest.mark.parametrize(
    ("learners", "what"),
    [
        (lambda rr: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda rr: undefined, "NameError"),  # noqa: F821
        (lambda: 1, "TypeError"),
        (lambda rr: [][1], "IndexError"),
        (lambda rr: (_ for _ in ()).throw(AssertionError("mine")), "AssertionError: mine"),
        (72, "TypeError: 'int' object is not callable"),
        ("60 / rr", "TypeError: 'str' object is not callable"),
    ],
)
def test_a_function_that_stops(learners, what):
    said = check.function(learners, rate, CASES, hint="Look at the units.")
    assert said.right is False
    assert f"Case 1 stops with {what}" in said.message
    assert said.message.endswith("Look at the units.")


def test_a_function_that_changes_its_input_spoils_nothing():
    values = np.array([1.0, 2.0])

    def doubles_in_place(x):
        x *= 2
        return x

    said = check.function(doubles_in_place, lambda x: 2 * x, [(values,), (values,)])
    assert said.right is True and values.tolist() == [1, 2]


def test_tolerance_of_functions():
    near = lambda rr: 60 / rr + 1e-4  # noqa: E731
    assert check.function(near, rate, CASES).right is False
    assert check.function(near, rate, CASES, within=1e-3).right is True


def test_long_arguments_are_shortened():
    said = check.function(lambda x: 0, lambda x: 1, [("x" * 500,)])
    assert "…" in said.message and len(said.message) < 150
    arrays = check.function(lambda x: 0, lambda x: 1, [(np.zeros(5),)])
    assert "called with array of shape (5,)" in arrays.message
