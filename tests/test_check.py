"""Checks: three states, fair to every form of an answer, and never an exception at a learner."""

import decimal
import fractions
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ecglab import check


def no(*_, **__):
    raise RuntimeError("no")


def leave(*_, **__):
    raise SystemExit(0)


class Awkward:
    """An object with which nothing can be done."""

    __eq__ = __repr__ = __str__ = __len__ = __iter__ = __bool__ = __array__ = __float__ = no
    __getattr__ = no
    __hash__ = None


class Leaver(Awkward):
    """An object that would end the notebook's kernel."""

    __eq__ = __repr__ = __str__ = __len__ = __iter__ = __bool__ = __array__ = __float__ = leave


class Wordless(Exception):
    __str__ = no


ROUND = []
ROUND.append(ROUND)


# --- values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, ..., [..., ...], [1, ...], (..., 2)])
@pytest.mark.parametrize("expected", [72, [1, 2], lambda: pytest.fail("computed for nobody")])
def test_not_answered_yet(answer, expected):
    said = check.value(answer, expected, hint="Count again.")
    assert said.right is None
    assert repr(said) == "Not answered yet: put your answer in place of the dots."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (72.0, 72),
        (np.int64(72), 72.0),
        (np.array(72), 72),
        (0.1 + 0.2, 0.3),
        (np.True_, True),
        ((1, 2, 3), np.array([1.0, 2.0, 3.0])),
        (np.array([1, 2, 3]), (1, 2, 3)),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ("  QRS\n", "qrs"),
        (1, lambda: 1),
        (pd.Series([1.0, 2.0], index=["a", "b"]), [1, 2]),
        (pd.Series(["N", "V"]), ("N", "V")),
        (np.array("sinus"), "sinus"),
        (["n", " V "], ["N", "V"]),
        ("sinus  \n rhythm", "Sinus rhythm"),
        ("ＱＲＳ", "QRS"),
        (decimal.Decimal("0.25"), 0.25),
        ([fractions.Fraction(1, 4), 1], [0.25, 1]),
        (range(3), [0, 1, 2]),
        (np.ma.array([1, 2]), [1, 2]),
        (1, True),
        ([True, False], [1, 0]),
        (np.nan, np.nan),
        ([1, np.nan], [1, np.nan]),
        (np.inf, np.inf),
        (3 + 4j, 3 + 4j),
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
        (5, np.inf),
        (-np.inf, np.inf),
        (72, np.nan),
        (range(10**12), [0, 1, 2]),
        (range(10**12), 72),
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


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        ([1, 2], [1, 2, 3], "The shape should be (3,), yours is (2,)."),
        (1, [1], "A list of 1 is wanted; yours is a single number."),
        ([1], 1, "A single number is wanted; yours is a list of 1."),
        (1, [[1, 2]], "The shape should be (1, 2), yours is ()."),
        ("SN", ["S", "N"], "A list of 2 is wanted; yours is a single text."),
        ("[1, 2]", [1, 2], "The answer is text; a list of numbers is wanted, without quotes."),
        ("False", False, "The answer is text; True or False is wanted, without quotes."),
        (False, 0.5, "The answer is False; a number is wanted."),
        (["True"], [True], "a list of True and False is wanted, without quotes."),
        ([1, 2, 4], [1, 2, 3], "1 of 3 values differ."),
        (1, 2, "Not yet right."),
        (3, "N", "The answer should be text, not int."),
        ([1, 2], ["N", "V"], "The answer should be text, not list."),
        ({"a": 1}, 72, "The answer can't be read as numbers; its type is dict."),
        ([[1], [1, 2]], [1, 2], "is no number, or its rows differ in length."),
        (["72", 3], [72, 3], "The answer is text; a list of numbers is wanted, without quotes."),
    ],
)
def test_what_is_wrong_is_said(answer, expected, words):
    said = check.value(answer, expected)
    assert said.right is False and said.message.endswith(words)


@pytest.mark.parametrize("answer", ["72", "72.0", "seventy-two", b"72", np.str_("72"), ""])
def test_a_number_in_quotes_is_text(answer):
    """Taken as right, it would fail in the learner's next line of arithmetic."""
    said = check.value(answer, 72, within=1)
    assert said.right is False
    assert said.message.endswith("The answer is text; a number is wanted, without quotes.")


def test_a_check_that_can_not_run_says_so():
    """What a check compares with may need cells that were not run."""

    def expected(*_):
        return strips["A"]  # noqa: F821

    for said in (check.value(1, expected), check.function(lambda x: x, expected, [(1,)])):
        assert said.right is None
        assert "can't run (NameError: name 'strips' is not defined)" in said.message
        assert "run the cells above" in said.message


# --- sealed values --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expected", [300 / 3.5, "sinus", True, np.int64(12544), [3, 6912], [0.1, "N", None], np.eye(2)]
)
def test_what_is_sealed_is_checked_as_before(expected):
    sealed = check.seal(expected)
    assert sealed.startswith("sealed:") and sealed.isascii()
    assert check._unseal(sealed) == getattr(expected, "tolist", lambda: expected)()
    if not isinstance(expected, list) or None not in expected:
        assert check.value(expected, sealed).right is True
    assert check.value("something else", sealed).right is False
    assert check.value(..., sealed).right is None


def test_sealed_values_for_a_function():
    sealed = check.seal([60, np.array([120, 240])])
    cases = [(1.0,), (np.array([0.5, 0.25]),)]
    assert check.function(lambda rr: 60 / rr, sealed, cases).right is True
    assert check.function(lambda rr: 60 * rr, sealed, cases).right is False


def test_what_can_not_be_sealed_or_opened():
    for thing in (1j, object(), np.array([1j]), {1, 2}):
        with pytest.raises(TypeError):
            check.seal(thing)
    for text in ("sealed:", "sealed:N", "sealed:?", "sealed:Nz*="):
        for state in (..., 1):
            with pytest.raises(ValueError, match="can't be opened; make it anew"):
                check.value(state, text)


# --- whatever is handed in ------------------------------------------------------------------


ODD = [
    "seventy",
    b"7",
    {"a": 1},
    {1, 2},
    object(),
    Awkward(),
    [Awkward(), Awkward()],
    Leaver(),
    [Leaver()],
    [[1], [1, 2]],
    [None, 1],
    [],
    ROUND,
    eval("[" * 80 + "]" * 80),
    float("nan"),
    10**400,
    range(10**30),
    (k for k in (1, 2)),
    np.datetime64("2000-01-01"),
    np.zeros((2, 2, 2)),
    np.zeros(2, dtype=[("a", int)]),
    np.ma.array([1, 2], mask=[True, False]),
    pd.NA,
    pd.Series([None, pd.NA], dtype=object),
    pd.DataFrame({"a": [1, 2]}),
]
WANTED = [72, True, "sinus", [3, 4], [5], ["N", "V"], np.eye(2) * 7]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_never_raises_at_a_learner(odd):
    for wanted in WANTED:
        said = check.value(odd, wanted, within=0.1, hint="Count again.")
        assert said.right is False and repr(said).endswith("Count again.")
        assert check.function(lambda: odd, [wanted], [()]).right is False


SCALARS = st.one_of(
    st.none(),
    st.just(...),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=9),
    st.binary(max_size=9),
    st.decimals(),
    st.fractions(),
    st.timedeltas(),
    st.builds(Awkward),
    st.builds(Leaver),
    st.sampled_from([len, sys, ROUND, pd.NA, pd.NaT, no, leave]),
)
ANYTHING = st.one_of(
    arrays.arrays(
        st.one_of(arrays.scalar_dtypes(), st.just(np.dtype(object))),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    ),
    st.lists(st.integers() | st.floats() | st.text(max_size=2), max_size=4).map(pd.Series),
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(st.integers(), inner, max_size=2),
        ),
        max_leaves=8,
    ),
)
EXPECTED = st.sampled_from([918273.5, True, "sinus", [918273.5, 4], ["sinus", "V"], np.eye(2)])


@settings(deadline=None)  # other work may share the cores
@given(ANYTHING, EXPECTED, st.sampled_from([0.0, 0.1, 5.0]))
def test_nothing_makes_a_check_raise_or_tell(answer, expected, within):
    """Whatever an answer is, the feedback is printable and holds nothing of what is expected."""
    values = check.value(answer, expected, within, hint="Count again.")
    gives = check.function(lambda: answer, [expected], [()], within, hint="Count again.")
    takes = check.function(lambda x: expected, [expected], [(answer,)], hint="Count again.")
    if answer is None:  # a function that gives None has been written, and lacks its return
        assert (values.right, gives.right) == (None, False)
    else:
        assert values.right == gives.right
    assert takes.right is True
    for said in (values, gives):
        assert said.right in (True, False, None)
        words = repr(said)
        assert "918273" not in words and "sinus" not in words
        hinted = words.endswith(("Count again.", "is a return missing?"))
        assert len(words) < 200 and hinted == (said.right is False)


@settings(deadline=None)  # other work may share the cores
@given(ANYTHING, EXPECTED)
def test_nothing_handed_in_as_a_function_makes_a_check_raise(thing, expected):
    said = check.function(thing, [expected], [()], hint="Count again.")
    assert said.right is (None if thing is None or thing is ... else False)
    assert "918273" not in repr(said) and "sinus" not in repr(said)


# --- functions ------------------------------------------------------------------------------


def rate(rr):
    return 60 / rr


CASES = [(1.0,), (0.5,), (np.array([0.8, 1.2]),)]


def unwritten(rr):
    raise NotImplementedError


@pytest.mark.parametrize("answer", [None, ..., lambda rr: None, lambda rr: ..., unwritten])
def test_a_function_not_written_yet(answer):
    assert check.function(answer, rate, CASES).right is None


def test_the_first_case_that_differs_is_named():
    said = check.function(lambda rr: 60.0, rate, CASES, hint="Beats in a minute.")
    assert said.right is False
    assert repr(said).startswith("❌ Not yet right. Case 2, called with 0.5, differs.")
    assert said.message.endswith("Beats in a minute.")
    shape = check.function(lambda rr: 60 / np.mean(rr), rate, CASES)
    assert (
        "Case 3" in shape.message
        and "A list of 2 is wanted; yours is a single number" in shape.message
    )


@pytest.mark.parametrize(
    ("learners", "what"),
    [
        (lambda rr: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda rr: undefined, "NameError"),  # noqa: F821
        (lambda: 1, "TypeError"),
        (lambda rr: sys.exit(3), "SystemExit: 3"),
        (lambda rr: sys.exit(), "SystemExit."),
        (lambda rr: (_ for _ in ()).throw(Wordless), "Wordless."),
        (lambda rr: int("two\nlines " * 99), "ValueError: invalid literal"),
        (lambda rr: recursion(rr), "RecursionError"),
        (72, "TypeError: 'int' object is not callable"),
        ("60 / rr", "TypeError: 'str' object is not callable"),
    ],
)
def test_a_function_that_stops(learners, what):
    said = check.function(learners, rate, CASES, hint="Look at the units.")
    assert said.right is False
    assert f"Case 1 stops with {what}" in said.message
    assert said.message.endswith("Look at the units.")
    assert "\n" not in said.message and len(said.message) < 300


def recursion(x):
    return recursion(x)


def test_the_stop_button_ends_a_loop_that_never_ends():
    def interrupted(rr):
        raise KeyboardInterrupt

    said = check.function(interrupted, rate, CASES, hint="Count down.")
    assert said.right is False
    assert "Case 1 was stopped: is there a loop that never ends? Count down." in said.message


def test_a_missing_return_in_one_branch_is_no_missing_answer():
    def forgets(rr):
        if rr > 0.6:
            return 60 / rr

    said = check.function(forgets, rate, CASES[:2])
    assert said.right is False and "Case 2 gives nothing back: is a return" in said.message


def test_a_right_function_may_print(capsys):
    def talks(rr):
        print("rr is", rr)
        return 60 * rr**-1

    assert check.function(talks, rate, CASES).right is True
    assert capsys.readouterr().out.startswith("rr is 1.0\n")


def test_what_a_function_prints_is_seen_at_once(capsys):
    """While it still runs: a loop that never ends shows what it does."""
    seen = []

    def talks(rr):
        print("rr is", rr, flush=True)
        seen.append(capsys.readouterr().out)
        return 60 / rr

    assert check.function(talks, rate, CASES).right is True
    assert seen[0] == "rr is 1.0\n"


def test_a_function_that_prints_is_told_to_return(capsys):
    said = check.function(lambda rr: print(60 / rr), rate, CASES)
    assert said.right is False and "prints its answer; hand it back with return" in said.message
    assert capsys.readouterr().out.startswith("60.0\n120.0\n")


def test_a_return_that_is_missing_everywhere():
    def forgets(rr):
        60 / rr

    def documented(rr):
        """Beats a minute."""

    assert "is a return missing?" in check.function(forgets, rate, CASES).message
    assert check.function(documented, rate, CASES).right is None


def test_a_mistake_has_its_own_hint():
    mistakes = {"Seconds, not minutes.": lambda rr: 1 / rr, "Not 61.": [61.0, 61.0, [61.0, 61.0]]}
    for wrong, words in ((lambda rr: 1 / rr, "Seconds, not minutes."), (lambda rr: 0 * rr, "Try.")):
        said = check.function(wrong, rate, CASES, hint="Try.", mistakes=mistakes)
        assert said.right is False and said.message.endswith(words)
    stops = {"Never.": no, **mistakes}
    assert check.function(lambda rr: 1 / rr, rate, CASES, mistakes=stops).message.endswith("es.")
    once = check.function(lambda rr: 61 + 0 * rr, rate, CASES, hint="Try.", mistakes=mistakes)
    assert once.message == "Not yet right. Not 61."
    assert check.function(rate, rate, CASES, hint="Try.", mistakes=mistakes).right is True
    sealed = {"One less.": check.seal(71), "One more.": lambda: 73}
    said = [check.value(n, 72, hint="Count.", mistakes=sealed).message for n in (71, 73, 70)]
    assert said == [f"Not yet right. {why}" for why in ("One less.", "One more.", "Count.")]


def test_a_mistake_that_stops_is_no_mistake_made():
    mistakes = {"Never.": no, "Seconds.": lambda: 71}
    assert check.value(71, 72, hint="Count.", mistakes=mistakes).message.endswith("Seconds.")
    assert check.value(70, 72, hint="Count.", mistakes=mistakes).message.endswith("Count.")


@pytest.mark.parametrize("damaged", ["sealed:", "sealed:NzI"])
def test_a_damaged_envelope_is_the_authors_mistake(damaged):
    with pytest.raises(ValueError, match="make it anew with"):
        check.value(71, 72, mistakes={"Never.": damaged})
    with pytest.raises(ValueError, match="make it anew with"):
        check.function(lambda rr: rr, rate, CASES, mistakes={"Never.": damaged})


def test_a_function_that_stops_in_a_later_case_matches_no_mistake():
    def stops(rr):
        return 1 / rr if np.ndim(rr) == 0 else no()

    mistakes = {"Seconds, not minutes.": lambda rr: 1 / rr}
    said = check.function(stops, rate, CASES, hint="Try.", mistakes=mistakes)
    assert said.message.startswith("Not yet right. Case 1") and said.message.endswith("Try.")


def test_the_author_is_told_of_cases_without_an_expected_value():
    for learners in (None, ..., rate):
        with pytest.raises(ValueError, match="2 expected values for 3 cases; give one each"):
            check.function(learners, [60, 120], CASES)


def test_a_function_that_changes_its_input_spoils_nothing():
    given = np.array([1.0, 2.0]), {"rr": [1.0]}

    def greedy(values, record):
        values *= 2
        record["rr"].append(values[0])
        return sum(record["rr"])

    said = check.function(greedy, [3.0, 3.0], [given, given])
    assert said.right is True
    assert given[0].tolist() == [1, 2] and given[1] == {"rr": [1.0]}


def test_what_can_not_be_copied_is_handed_over():
    assert check.function(lambda module: module.pi, [np.pi], [(np,)]).right is True
    assert check.function(list, [[1, 2]], [((k for k in (1, 2)),)]).right is True


def test_tolerance_of_functions():
    def near(rr):
        return 60 / rr + 1e-4

    assert check.function(near, rate, CASES).right is False
    assert check.function(near, rate, CASES, within=1e-3).right is True


def test_long_arguments_are_shortened():
    said = check.function(lambda x: 0, lambda x: 1, [("x" * 500,)])
    assert "…" in said.message and len(said.message) < 150
    arrays = check.function(lambda x: 0, lambda x: 1, [(np.zeros(5),)])
    assert "called with array of shape (5,)" in arrays.message
