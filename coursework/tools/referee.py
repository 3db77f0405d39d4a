"""What hidden tests compare with: plain Python, exact types, no library that could be patched.

The line ``from referee import ...`` in a hidden test is replaced by the text of this module, so
that its names hold anew in every test, whatever was defined before. So it imports nothing but
`copy` and `math`, and needs no other file. Messages go into the feedback: none holds an expected
value.
"""

import copy
import math


def plain(answer):
    """Return an answer as Python's own numbers, texts and lists; refuse all other types.

    A subclass, or a class that calls itself equal to everything, is refused.
    """
    kind = type(answer)
    if kind.__module__ == "numpy" and hasattr(kind, "tolist"):
        return plain(kind.tolist(answer))  # an array, or one of NumPy's numbers
    if kind in (list, tuple):
        return [plain(item) for item in answer]
    if answer is None or answer is ...:
        raise AssertionError("There is no answer yet.")
    if kind in (bool, int, float, str):
        return answer
    raise AssertionError(f"A number, a text, a list or an array is wanted, not {kind.__name__}.")


def close(answer, wanted, within):
    """Say whether two plain answers agree."""
    if type(wanted) is list:
        if type(answer) is not list or len(answer) != len(wanted):
            return False
        return all([close(one, other, within) for one, other in zip(answer, wanted, strict=True)])
    if type(wanted) in (bool, str) or type(answer) in (bool, str):
        return type(answer) is type(wanted) and answer == wanted
    if type(answer) is list:
        return False
    nan = math.isnan(wanted)
    if nan or math.isnan(answer):
        return nan and math.isnan(answer)
    return answer == wanted or abs(answer - wanted) <= within + 1e-9 * abs(wanted)


def same(answer, wanted, within=0.0, hint=""):
    """Raise unless an answer is what is wanted."""
    if not close(plain(answer), plain(wanted), within):
        raise AssertionError(f"Not right. {hint}".strip())


def same_function(function, wanted, cases, within=1e-6, hint=""):
    """Raise unless a function gives in every case what the function `wanted` gives.

    Each is called with copies, so that nobody changes the other's arguments.
    """
    if not callable(function):
        raise AssertionError("There is no function yet.")
    for number, case in enumerate(cases, start=1):
        expected = plain(wanted(*copy.deepcopy(case)))
        if not close(plain(function(*copy.deepcopy(case))), expected, within):
            raise AssertionError(f"Hidden case {number} of {len(cases)} is wrong. {hint}".strip())


class _Agrees:
    """An answer that calls itself equal to everything."""

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __hash__ = None


def refused():
    """Try answers that are wrong; return how many were refused, and how many there are."""
    wrong = [
        (1, 2),
        (1.0, 1.1),
        ([1, 2], [2, 1]),
        ("N", "V"),
        (True, 1),
        (_Agrees(), 1),
        (..., 1),
    ]
    count = 0
    for answer, wanted in wrong:
        try:
            same(answer, wanted)
        except AssertionError:
            count += 1
    return count, len(wrong)
