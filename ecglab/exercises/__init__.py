"""The exercises of the chapters: what is right, what is often mistaken for it, and what helps.

Below each exercise stands one call, such as ``exercises.check("3.2", rate)``. What it compares the
answer with lies in one module a chapter: ``ecglab/exercises/chapter_03.py`` has a dictionary,
`EXERCISES`, with a `Value` or a `Function` for each number.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ecglab import check as checks
from ecglab.check import Feedback


@dataclass(frozen=True)
class Value:
    """An exercise whose answer is a value.

    Attributes
    ----------
    expected : number, str, bool, list or numpy.ndarray; or a callable that gives it
        A callable is called with what the chapter hands over behind the answer.
    hint : str
        Shown where the answer is wrong in a way that is none of the mistakes.
    mistakes : mapping of str to the same as `expected`
        What a reader answers who has misunderstood something, by the hint that helps.
    within : float
        How far a number may lie off.
    """

    expected: Any
    hint: str
    mistakes: Mapping[str, Any]
    within: float = 0.0

    def feedback(self, answer: Any, *context: Any) -> Feedback:
        """Say whether an answer is right."""
        # A function of the chapter may be slow, and each mistake asks it what the last one asked
        remembered = [cache(one) if callable(one) else one for one in context]

        def asked(thing: Any) -> Any:
            return (lambda: thing(*remembered)) if callable(thing) else thing

        mistakes = {hint: asked(mistaken) for hint, mistaken in self.mistakes.items()}
        return checks.value(answer, asked(self.expected), self.within, self.hint, mistakes)


@dataclass(frozen=True)
class Function:
    """An exercise whose answer is a function.

    Attributes
    ----------
    expected : callable or sequence
        A right function, or what each case should give.
    cases : sequence of tuple; or a callable that gives it
        The arguments of each call. A callable is called with what the chapter hands over behind
        the answer. They have to tell the right function from every mistake.
    hint : str
        Shown where the function is wrong in a way that is none of the mistakes.
    mistakes : mapping of str to callable
        The function of a reader who has misunderstood something, by the hint that helps.
    within : float
        How far numbers may lie off.
    """

    expected: Callable | Sequence
    cases: Sequence[tuple] | Callable
    hint: str
    mistakes: Mapping[str, Callable]
    within: float = 1e-6

    def feedback(self, answer: Any, *context: Any) -> Feedback:
        """Say whether a function is right."""
        try:
            cases = self.cases(*context) if callable(self.cases) else self.cases
        except Exception as error:  # what the chapter hands over was changed by the reader
            return Feedback(None, f"This check can't run ({error}): run the cells above it again.")
        return checks.function(answer, self.expected, cases, self.within, self.hint, self.mistakes)


def check(number: str, answer: Any, *context: Any) -> Feedback:
    """Say whether the answer to an exercise is right; if not, what helps.

    First used in chapter 1.

    Parameters
    ----------
    number : str
        The exercise: ``"3.2"`` is the second of chapter 3.
    answer : object
        What the reader hands in, dots if nothing yet.
    *context : object
        What the answer hangs on in the chapter, where it hangs on something.

    Returns
    -------
    Feedback

    Raises
    ------
    ValueError
        If there is no such exercise. Nothing that a reader hands in makes it raise.

    Examples
    --------
    >>> check("1.1", ...)
    Not answered yet: put your answer in place of the dots.
    >>> check("1.1", 300 / 3.5)
    ✅ Right.
    """
    return of_chapter(number)[number].feedback(answer, *context)


def of_chapter(number: str) -> dict[str, Value | Function]:
    """Return the exercises of the chapter to which one belongs, by their numbers.

    Parameters
    ----------
    number : str
        Such as ``"3.2"``.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    chapter = str(number).partition(".")[0]
    if not chapter.isdecimal() or not 1 <= int(chapter) <= 12:
        raise ValueError(f"there is no exercise {number!r}; '3.2' is the second of chapter 3")
    exercises = importlib.import_module(f"{__name__}.chapter_{int(chapter):02}").EXERCISES
    if number not in exercises:
        raise ValueError(
            f"there is no exercise {number!r}; chapter {chapter} has {', '.join(exercises)}"
        )
    return exercises
