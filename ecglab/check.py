"""Feedback on a reader's answers: not answered yet, right, or not yet right with a hint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, repr=False)
class Feedback:
    """What a check says.

    Attributes
    ----------
    right : bool or None
        None while there is no answer yet.
    message : str
    """

    right: bool | None
    message: str

    def __repr__(self) -> str:
        mark = {None: "", True: "✅ ", False: "❌ "}[self.right]
        return mark + self.message


_UNANSWERED = Feedback(None, "Not answered yet: put your answer in place of the dots.")
_RIGHT = Feedback(True, "Right.")


def value(
    answer: Any, expected: Any | Callable[[], Any], within: float = 0.0, hint: str = ""
) -> Feedback:
    """Compare an answer with what is expected; never raise at a learner.

    Parameters
    ----------
    answer : number, str, bool, list, tuple or numpy.ndarray
        ``...`` or None is "not answered yet". Lists, tuples and arrays, ints and
        floats are all the same to the check; case and outer spaces of a text too.
    expected : the same, or a function without arguments that gives it
    within : float
        How far a number may lie from the expected one.
    hint : str
        Shown when the answer is not yet right. It should not give the answer away.

    Returns
    -------
    Feedback

    Examples
    --------
    >>> value(..., 72)
    Not answered yet: put your answer in place of the dots.
    >>> value(75, 72, within=2, hint="Count the large boxes between two R peaks.")
    ❌ Not yet right. Count the large boxes between two R peaks.
    >>> value([0.1, 0.2], np.array([0.1, 0.2]))
    ✅ Right.
    """
    if answer is None or answer is ...:
        return _UNANSWERED
    wanted = expected() if callable(expected) else expected
    right, why = _agree(answer, wanted, within)
    return _RIGHT if right else _wrong(why, hint)


def function(
    function: Callable[..., Any] | None,
    expected: Callable[..., Any] | Sequence[Any],
    cases: Sequence[tuple],
    within: float = 1e-6,
    hint: str = "",
) -> Feedback:
    """Try a reader's function on some cases; never raise at a learner.

    Parameters
    ----------
    function : callable or None
        None, ``...``, or a function that gives None or ``...`` is "not answered yet".
    expected : callable or sequence
        What each case should give; or a function that computes it, where showing it
        does not show the solution.
    cases : sequence of tuple
        The arguments of each call.
    within : float
        How far numbers may lie apart.
    hint : str

    Returns
    -------
    Feedback
        Names the first case that differs.

    Examples
    --------
    >>> function(lambda rr: 60 * rr, [60, 120], cases=[(1.0,), (0.5,)]).right
    False
    """
    if function is None or function is ...:
        return _UNANSWERED
    if callable(expected):
        expected = [expected(*_copies(case)) for case in cases]
    for number, (case, wanted) in enumerate(zip(cases, expected, strict=True), start=1):
        try:
            answer = function(*_copies(case))
        except Exception as error:  # whatever a learner's code does: say it, don't raise it
            what = f"Case {number} stops with {type(error).__name__}: {error}."
            return _wrong(what, hint)
        if answer is None or answer is ...:
            return _UNANSWERED
        right, why = _agree(answer, wanted, within)
        if not right:
            return _wrong(f"Case {number}, called with {_short(case)}, differs. {why}", hint)
    return _RIGHT


# ---------------------------------------------------------------------------


def _agree(answer: Any, wanted: Any, within: float) -> tuple[bool, str]:
    """Return whether two values agree and, if their form differs, what is wrong with it."""
    if isinstance(wanted, str):
        if not isinstance(answer, str):
            return False, f"The answer should be text, not {type(answer).__name__}."
        return answer.strip().casefold() == wanted.strip().casefold(), ""
    try:
        given, expected = np.asarray(answer), np.asarray(wanted)
        if given.shape != expected.shape:
            return False, f"The shape should be {expected.shape}, yours is {given.shape}."
        if expected.dtype.kind in "biufc":
            apart = np.abs(given.astype(complex) - expected.astype(complex))
            # Binary fractions: 0.1 + 0.2 must count as 0.3 even when nothing is allowed
            return bool((apart <= within + 1e-9 * np.abs(expected)).all()), ""
        return bool((given == expected).all()), ""
    except Exception:  # whatever the answer is: say it, don't raise it
        return False, f"The answer can't be read as numbers: it is a {type(answer).__name__}."


def _copies(case: tuple) -> list:
    """Copy arrays, so that a function that changes its input spoils no other call."""
    return [x.copy() if isinstance(x, np.ndarray) else x for x in case]


def _wrong(why: str, hint: str) -> Feedback:
    return Feedback(False, " ".join(part for part in ("Not yet right.", why, hint) if part))


def _short(case: tuple) -> str:
    text = ", ".join(
        f"array of shape {x.shape}" if isinstance(x, np.ndarray) else repr(x) for x in case
    )
    return text if len(text) < 60 else text[:57] + "…"
