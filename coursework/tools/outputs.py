"""What stays of a cell's outputs: enough to mark and to read, nothing that floods or runs.

A step of nbgrader's, between running a submission and giving points.
"""

from complete import is_test
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

LONGEST = 10_000  # characters of one output
MOST = 50  # outputs of one cell
SHOWN = ("text/plain", "image/png", "image/jpeg")  # HTML, SVG and JavaScript run in the reader
CUT = "\n... cut: the output is too long ..."


def cut(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text, with a word where the rest is missing."""
    return text if len(text) <= longest else text[:longest] + CUT


def tamed(output: NotebookNode) -> NotebookNode:
    """Return an output in which nothing is too long and nothing runs."""
    if output.output_type == "stream":
        output.text = cut(output.text)
    elif output.output_type == "error":
        output.evalue = cut(output.evalue, 1000)
        output.traceback = [cut(line, 2000) for line in output.traceback[-20:]]
    else:
        data = {kind: output.data[kind] for kind in SHOWN if kind in output.data}
        output.data = {kind: cut(text, 2_000_000) for kind, text in data.items()}
        if "text/plain" in data:
            output.data["text/plain"] = cut(data["text/plain"])
    return output


def of_test(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return what stays of a hidden test's outputs: the error, in one line.

    nbgrader takes a warning for an error and any result for a number of points. And a traceback
    shows the hidden test.
    """
    errors = [output for output in outputs if output.output_type == "error"]
    for error in errors:
        error.traceback = [f"{error.ename}: {error.evalue}"]
    return errors


class TameOutputs(NbGraderPreprocessor):
    """`tamed` and `of_test` as a step of nbgrader's."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, index: int
    ) -> tuple[NotebookNode, dict]:
        """Tame the outputs of one cell."""
        if cell.cell_type == "code":
            cell.outputs = [tamed(output) for output in cell.outputs[:MOST]]
            if is_test(cell):
                cell.outputs = of_test(cell.outputs)
        return cell, resources
