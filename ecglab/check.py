"""Feedback on a reader's answers: not answered yet, right, or not yet right with a hint.

Nothing that a reader hands in makes a check raise: what goes wrong in their code becomes the
feedback's words. No feedback holds the expected value.
"""

import base64
import contextlib
import copy
import dis
import io
import json
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, repr=False)
class Feedback:
    """What a check says.

    Attributes
    ----------
    right : bool or None
        None while there is no answer yet, or the check can't run.
    message : str
    """

    right: bool | None
    message: str

    def __repr__(self) -> str:
        return {None: "", True: "✅ ", False: "❌ "}[self.right] + self.message


_UNANSWERED = Feedback(None, "Not answered yet: put your answer in place of the dots.")
_RIGHT = Feedback(True, "Right.")
_NOTHING = Feedback(False, "Your function gives nothing back: is a return missing?")
_SEAL = "sealed:"
_EMPTY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}


def value(
    answer: Any,
    expected: Any,
    within: float = 0.0,
    hint: str = "",
    mistakes: Mapping[str, Any] | None = None,
) -> Feedback:
    """Compare an answer with what is expected; never raise at a learner.

    Parameters
    ----------
    answer : number, str, bool, list, tuple, numpy.ndarray or pandas.Series
        ``...``, None, or a list in which dots are left is "not answered yet". Lists,
        tuples and arrays, ints and floats are all the same to the check; so are upper
        and lower case, spaces around a text and full-width letters. A number in quotes
        is not right: the feedback says that it is text.
    expected : the same, a function without arguments that gives it, or what `seal` gave
        Where the expression would show the solution, seal its value.
    within : float
        How far a number may lie from the expected one.
    hint : str
        Shown when the answer is not yet right. It should not give the answer away.
    mistakes : mapping of str to the same as `expected`
        What a certain mistake leads to, by the hint that helps against it.

    Returns
    -------
    Feedback

    Examples
    --------
    >>> value(..., 72)
    Not answered yet: put your answer in place of the dots.
    >>> value(75, 72, within=2, hint="Count the large boxes between two R peaks.")
    ❌ Not yet right. Count the large boxes between two R peaks.
    >>> value(50, 72, hint="Count again.", mistakes={"A minute has 60 seconds.": 50})
    ❌ Not yet right. A minute has 60 seconds.
    >>> value("72", 72)
    ❌ Not yet right. The answer is text; a number is wanted, without quotes.
    >>> value([0.1, 0.2], np.array([0.1, 0.2]))
    ✅ Right.
    """
    expected = _unseal(expected)
    if _unanswered(answer):
        return _UNANSWERED
    try:
        [wanted] = _in_cases(expected, None)
    except BaseException as error:  # a cell above has not been run, or was changed
        return _cannot(error)
    difference = _difference(answer, wanted, within)
    if difference is None:
        return _RIGHT
    help_against_it = _recognised([answer], mistakes, None, within)
    if help_against_it:
        return _wrong(help_against_it)
    return _wrong(difference, hint)


def function(
    function: Any,
    expected: Any,
    cases: Sequence[tuple],
    within: float = 1e-6,
    hint: str = "",
    mistakes: Mapping[str, Any] | None = None,
) -> Feedback:
    """Try a reader's function on some cases; never raise at a learner.

    Parameters
    ----------
    function : callable or None
        None, ``...``, a function in which the dots still stand, or one that raises
        NotImplementedError, is "not answered yet". Whatever else it raises is said, and
        so is a missing return, for which it is called once more, to hear whether it prints. It
        works on copies: what it does to its arguments spoils no other case. One that never ends
        can be interrupted with the notebook's stop button.
    expected : callable or sequence
        What each case should give, or what `seal` gave for that; or a function that
        computes it, where showing it does not show the solution.
    cases : sequence of tuple
        The arguments of each call.
    within : float
        How far numbers may lie apart.
    hint : str
    mistakes : mapping of str to callable or sequence
        What a certain mistake gives in the cases, by the hint that helps against it.

    Returns
    -------
    Feedback
        Names the first case that differs, or the mistake.

    Raises
    ------
    ValueError
        If there is not one expected value for each case, whatever the reader has answered.

    Examples
    --------
    >>> function(lambda rr: 60 * rr, [60, 120], cases=[(1.0,), (0.5,)])
    ❌ Not yet right. Case 2, called with 0.5, differs.
    """
    expected = _unseal(expected)
    if not callable(expected) and len(expected) != len(cases):
        raise ValueError(f"{len(expected)} expected values for {len(cases)} cases; give one each")
    if function is None or function is ...:
        return _UNANSWERED
    try:
        wanted = _in_cases(expected, cases)
    except BaseException as error:  # a cell above has not been run, or was changed
        return _cannot(error)
    feedback = _tried(function, wanted, cases, within, hint, mistakes)
    if feedback is not _NOTHING:
        return feedback
    if _prints(function, cases):
        return _wrong("Your function prints its answer; hand it back with return.")
    return _UNANSWERED if _is_unwritten(function) else _NOTHING


def seal(expected: Any) -> str:
    """Write an expected value so that nobody reads it by accident.

    The text stands in the notebook in place of the value; `value` and `function` open it.
    It is an envelope, not a safe: base64 of JSON.

    Parameters
    ----------
    expected : number, str, bool, list, tuple or numpy.ndarray

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If `expected` holds something other than real numbers, text and truth values.

    Examples
    --------
    >>> seal(72)
    'sealed:NzI='
    >>> value(75, "sealed:NzI=", within=2), value(73, "sealed:NzI=", within=2)
    (❌ Not yet right., ✅ Right.)
    """
    # NumPy's numbers become arrays, arrays lists; of anything else this is a TypeError
    plain = json.dumps(expected, default=lambda x: np.ndarray.tolist(x[...]))
    return _SEAL + base64.b64encode(plain.encode()).decode()


# ---------------------------------------------------------------------------


def _unseal(expected: Any) -> Any:
    if not isinstance(expected, str) or not expected.startswith(_SEAL):
        return expected
    try:
        return json.loads(base64.b64decode(expected.removeprefix(_SEAL), validate=True))
    except ValueError:
        raise ValueError(f"{expected!r} can't be opened; make it anew with check.seal") from None


def _unanswered(answer: Any) -> bool:
    dots = type(answer) in (list, tuple) and any(item is ... for item in answer)
    return answer is None or answer is ... or dots


def _in_cases(expected: Any, cases: Sequence[tuple] | None) -> Sequence:
    """Return what is expected in each case; where there are none, of a single value."""
    if cases is None:
        return [expected() if callable(expected) else expected]
    if callable(expected):
        return [expected(*_copies(case)) for case in cases]
    return expected


def _tried(
    function: Any,
    wanted: Sequence,
    cases: Sequence[tuple],
    within: float,
    hint: str,
    mistakes: Mapping[str, Any] | None,
) -> Feedback:
    """Try a function on the cases; `_NOTHING` where it gives nothing back in any of them."""
    answers = []
    empty = []
    for number, (case, one) in enumerate(zip(cases, wanted, strict=True), start=1):
        answer, stop = _try(function, case)
        if stop:
            return _wrong(f"Case {number} {stop}", hint)
        answers.append(answer)
        if _unanswered(answer):
            empty.append(number)
            continue
        difference = _difference(answer, one, within)
        if difference is not None:
            answers += [_try(function, other)[0] for other in cases[number:]]
            help_against_it = _recognised(answers, mistakes, cases, within)
            if help_against_it:
                return _wrong(help_against_it)
            return _wrong(f"Case {number}, called with {_short(case)}, differs.", difference, hint)
    if len(empty) == len(cases):
        return _NOTHING if all(answer is None for answer in answers) else _UNANSWERED
    if empty:
        return _wrong(f"Case {empty[0]} gives nothing back: is a return missing?", hint)
    return _RIGHT


def _recognised(
    answers: Sequence,
    mistakes: Mapping[str, Any] | None,
    cases: Sequence[tuple] | None,
    within: float,
) -> str | None:
    """Return the hint against the mistake that leads to these answers; None if none does."""
    for help_against_it, mistaken in (mistakes or {}).items():
        others = _unseal(mistaken)
        try:
            others = _in_cases(others, cases)
        except Exception:  # a mistake may stop where the right way does not
            continue
        pairs = zip(answers, others, strict=True)
        if all(_difference(answer, other, within) is None for answer, other in pairs):
            return help_against_it
    return None


def _prints(function: Any, cases: Sequence[tuple]) -> bool:
    """Whether a function prints in any case: it is called once more, and nobody hears it."""
    with contextlib.redirect_stdout(io.StringIO()) as heard:
        for case in cases:
            _try(function, case)
    return bool(heard.getvalue())


def _is_unwritten(function: Any) -> bool:
    """Whether a function's body is empty: dots, `pass` or no more than a text."""
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    return {step.opname for step in dis.get_instructions(code)} <= _EMPTY


def _try(function: Any, case: tuple) -> tuple[Any, str]:
    """Return what a function gives in one case; and, if it stops, how."""
    try:
        return function(*_copies(case)), ""
    except NotImplementedError:
        return ..., ""
    except KeyboardInterrupt:
        return None, "was stopped: is there a loop that never ends?"
    except BaseException as error:  # SystemExit too: say it, don't raise it
        return None, f"stops with {_named(error)}."


def _difference(answer: Any, wanted: Any, within: float) -> str | None:
    """Return what may be said of how an answer differs from what is wanted; None if it agrees."""
    try:
        expected = np.asarray(wanted)
        if isinstance(answer, range) and len(answer) != expected.size:  # may be very long
            return f"The shape should be {expected.shape}, yours is ({len(answer)},)."
        given, text = np.asarray(answer), expected.dtype.kind == "U"
        are_texts = [isinstance(item, str | bytes) for item in given.ravel().tolist()]
        if text and not all(are_texts):
            return f"The answer should be text, not {type(answer).__name__}."
        if not text and any(are_texts):
            return f"The answer is text; {_wish(expected)} wanted, without quotes."
        if expected.ndim == 1 and not given.ndim:
            return f"A list of {len(expected)} is wanted; yours is a single {_thing(given)}."
        if given.ndim == 1 and not expected.ndim:
            return f"A single {_thing(expected)} is wanted; yours is a list of {len(given)}."
        if given.dtype == bool and expected.dtype != bool and not given.ndim:
            return f"The answer is {given}; {_wish(expected)} wanted."
        if given.shape != expected.shape:
            return f"The shape should be {expected.shape}, yours is {given.shape}."
        if text:
            same = np.asarray(_plain(given) == _plain(expected))
        else:  # binary fractions: 0.1 + 0.2 must count as 0.3 even when nothing is allowed
            same = np.isclose(given.astype(complex), expected, 1e-9, within, equal_nan=True)
        if same.all():
            return None
        return f"{np.sum(~same)} of {same.size} values differ." if given.ndim else ""
    except BaseException:  # whatever the answer is: say it, don't raise it
        kind = type(answer).__name__
        if kind in ("list", "tuple"):
            return f"Something in your {kind} is no number, or its rows differ in length."
        return f"The answer can't be read as numbers; its type is {kind}."


def _thing(one: np.ndarray) -> str:
    return "text" if one.dtype.kind in "US" else "value" if one.dtype == bool else "number"


def _wish(expected: np.ndarray) -> str:
    """Return what is wanted, with its verb."""
    if expected.ndim:
        return "a list of True and False is" if expected.dtype == bool else "a list of numbers is"
    return "True or False is" if expected.dtype == bool else "a number is"


@np.vectorize(otypes=[object])
def _plain(text: str) -> str:
    """Return a text as it is compared: neither case, spaces nor full-width letters count."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def _named(error: BaseException) -> str:
    """Return an exception's type and words on one short line."""
    kind = type(error).__name__
    try:
        words = textwrap.shorten(str(error), 200, placeholder="…")
        return f"{kind}: {words}" if words else kind
    except BaseException:
        return kind


def _copies(case: tuple) -> tuple:
    """Copy arguments, so that a function that changes its input spoils no other call."""
    try:
        return copy.deepcopy(case)
    except Exception:  # a generator, a module: hand over the things themselves
        return case


def _cannot(error: BaseException) -> Feedback:
    said = f"This check can't run ({_named(error)}): run the cells above it, then try again."
    return Feedback(None, said)


def _wrong(*why: str) -> Feedback:
    return Feedback(False, " ".join(filter(None, ("Not yet right.", *why))))


def _short(case: tuple) -> str:
    shapes = [f"array of shape {x.shape}" if isinstance(x, np.ndarray) else repr(x) for x in case]
    return textwrap.shorten(", ".join(shapes), 60, placeholder="…")
