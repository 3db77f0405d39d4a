"""Complete an assignment's source before its release: referee, own numbers, envelopes, canary.

`complete` does to a source what makes it ready for nbgrader, which then takes out solutions and
hidden tests. `Complete` is the same as a step of nbgrader's, named in ``nbgrader_config.py``.
"""

import ast
import contextlib
import copy
import io
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import colab  # noqa: E402

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
REFEREE = re.compile(r"^from referee import .+$", re.MULTILINE)
AGAIN = re.compile(r"^# again: ([\w-]+)$", re.MULTILINE)
MISTAKES = re.compile(r"^### BEGIN MISTAKES\n.*?^### END MISTAKES\n", re.MULTILINE | re.DOTALL)
CANARY_ID = "canary"
CANARY = f"""\
# The last cell belongs to the marker: there it fails on purpose, here it does nothing.
# Leave it as it is.
{BEGIN_HIDDEN}
from referee import refused
count, tried = refused()
raise AssertionError(f"canary: {{count}} of {{tried}} refused")
{END_HIDDEN}"""


def grading(cell: Mapping) -> dict:
    """Return what nbgrader has to know of a cell, nbformat's or plain; empty for any other."""
    return cell["metadata"].get("nbgrader", {})


def grade_id(cell: Mapping) -> str:
    """Return a cell's name in nbgrader; empty if it has none."""
    return grading(cell).get("grade_id", "")


def is_test(cell: NotebookNode) -> bool:
    """Say whether a cell holds tests that give points."""
    return bool(grading(cell).get("grade")) and not grading(cell).get("solution")


def question(name: str) -> str:
    """Return the question to which a cell belongs: of ``q1-test``, q1."""
    return name.partition("-")[0]


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells that have a name in nbgrader, by this name.

    Raises
    ------
    ValueError
        If two cells have the same.
    """
    cells: dict[str, NotebookNode] = {}
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in cells:
            raise ValueError(f"two cells are called {name!r}; each grade_id may stand once")
        if name:
            cells[name] = cell
    return cells


def complete(notebook: NotebookNode) -> NotebookNode:
    """Return a source with everything that is filled in before its release.

    Parameters
    ----------
    notebook : NotebookNode
        As the author wrote it.

    Raises
    ------
    ValueError
        If the source breaks the convention of ``coursework/README.md``; says how.
    """
    whole = copy.deepcopy(notebook)
    for cell in whole.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = colab.with_setup(cell.source)
    _seal(whole)
    whole.cells.append(_canary())
    cells = by_id(whole)
    for cell in whole.cells:
        if is_test(cell):
            cell.source = _filled(cell.source, cells)
    return whole


def program(source: str) -> str:
    """Return a code cell as plain Python: ``!`` and ``%`` become calls."""
    return TransformerManager().transform_cell(source)


# ---------------------------------------------------------------------------


def _canary() -> NotebookNode:
    cell = nbformat.v4.new_code_cell(CANARY, id="canary")
    cell.metadata["nbgrader"] = {
        "grade": True,
        "grade_id": CANARY_ID,
        "locked": True,
        "points": 0,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return cell


def _filled(source: str, cells: dict[str, NotebookNode]) -> str:
    """Put in the referee's text, and that of the cells that a hidden test asks for again."""

    def again(found: re.Match) -> str:
        name = found[1]
        if name not in cells:
            raise ValueError(f"'# again: {name}' names no cell; there are {', '.join(cells)}")
        if not grading(cells[name]).get("locked"):
            raise ValueError(f"'# again: {name}' names a cell that students may change")
        return cells[name].source

    referee = (TOOLS / "referee.py").read_text(encoding="utf-8")
    source = AGAIN.sub(again, source)
    return REFEREE.sub(lambda found: referee, source)


def _seal(notebook: NotebookNode) -> None:
    """Replace each ``check.seal(...)`` by its envelope: run the source, and see what it holds."""
    if not any("check.seal(" in cell.source for cell in notebook.cells):
        return
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_test(cell):
            continue
        text = program(cell.source)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, f"<{grade_id(cell) or 'cell'}>", "exec"), space)
        if "check.seal(" in text:
            cell.source = MISTAKES.sub("", _sealed(cell.source, space))


def _sealed(source: str, space: dict[str, Any]) -> str:
    """Return a cell in which each call of ``check.seal`` has become the text that it gives."""
    calls = [node for node in ast.walk(ast.parse(source)) if _is_seal(node)]
    lines = source.encode().split(b"\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    text = source.encode()
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        begin = starts[call.lineno - 1] + call.col_offset
        end = starts[call.end_lineno - 1] + call.end_col_offset
        envelope = eval(compile(ast.Expression(call), "<seal>", "eval"), space)
        text = text[:begin] + f'"{envelope}"'.encode() + text[end:]
    return text.decode()


def _is_seal(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "check.seal"


class Complete(NbGraderPreprocessor):
    """`complete` as a step of nbgrader's."""

    def preprocess(self, notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Complete a source; what it needs besides is handed on as it is."""
        return complete(notebook), resources
