"""Try answers to an assignment in one namespace, without nbgrader: quick, but without walls.

Only for one's own code, such as the planted wrong answers of the tests: what marks submissions is
grade.py.
"""

import ast
import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from complete import CANARY_ID, by_id, grading, is_test, program, question
from nbformat import NotebookNode


@dataclass(frozen=True)
class Mark:
    """What a question got.

    Attributes
    ----------
    points, most : float
    check : str
        What the visible check said.
    test : str
        What the hidden test said; empty if all was right.
    """

    points: float
    most: float
    check: str
    test: str


def answers(notebook: NotebookNode) -> dict[str, str]:
    """Return what the code cells for answers hold, by their names."""
    cells = by_id(notebook).items()
    wanted = ((name, cell) for name, cell in cells if grading(cell).get("solution"))
    return {name: cell.source for name, cell in wanted if cell.cell_type == "code"}


def attempt(whole: NotebookNode, given: Mapping[str, str]) -> dict[str, Mark]:
    """Run an assignment with some answers; return the marks by question.

    Parameters
    ----------
    whole : NotebookNode
        A source after `complete.complete`.
    given : mapping of str to str
        What stands in the cells for answers, by their names; the others keep the solution.

    Raises
    ------
    ValueError
        If `given` names a cell that is none for answers.
    """
    known = answers(whole)
    for name in given:
        if name not in known:
            raise ValueError(f"{name!r} is no cell for an answer; there are {', '.join(known)}")
    space: dict[str, Any] = {"__name__": "__main__"}
    said: dict[str, tuple[str, str]] = {}
    for cell in whole.cells:
        if cell.cell_type == "code":
            name = grading(cell).get("grade_id", "")
            said[name] = run(given.get(name, cell.source), space)
    return _marks(whole, said)


def run(source: str, space: dict[str, Any]) -> tuple[str, str]:
    """Run a cell; return what it shows and, if it stops, why.

    Parameters
    ----------
    source : str
    space : dict
        The names that it finds and leaves.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(program(source))
            shown = tree.body[-1:]
            if not shown or not isinstance(shown[0], ast.Expr):
                shown = []
            del tree.body[len(tree.body) - len(shown) :]
            exec(compile(tree, "<cell>", "exec"), space)
            for last in shown:
                code = compile(ast.Expression(last.value), "<cell>", "eval")
                value = eval(code, space)
                if value is not None:
                    printed.write(repr(value))
        except BaseException as error:  # an answer may raise anything, SystemExit too
            return printed.getvalue(), f"{type(error).__name__}: {error}"
    return printed.getvalue(), ""


def _marks(whole: NotebookNode, said: Mapping[str, tuple[str, str]]) -> dict[str, Mark]:
    marks: dict[str, Mark] = {}
    for name, cell in by_id(whole).items():
        if not is_test(cell) or name == CANARY_ID:
            continue
        number, worth, stop = question(name), grading(cell)["points"], said[name][1]
        check = " ".join(filter(None, said.get(f"{number}-check", ())))
        before = marks.get(number, Mark(0, 0, check, ""))
        marks[number] = Mark(
            before.points + (0 if stop else worth),
            before.most + worth,
            check,
            before.test or stop,
        )
    canary = said[CANARY_ID][1]
    if "canary:" not in canary:
        raise RuntimeError(f"the canary is not alive: {canary or 'it passes'}")
    return marks
