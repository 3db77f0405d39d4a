"""The package stays small enough to read in two evenings."""

import ast
import io
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "ecglab"
LIMIT = 5_000  # lines of code, docstrings and experiments aside
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}


def lines_of_code(source: str) -> int:
    """Count the lines that hold code: no comments, docstrings or blank lines."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {
        number
        for token in tokens
        if token.type not in NO_CODE
        for number in range(token.start[0], token.end[0] + 1)
    }
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_lines_are_counted_as_a_reader_counts_them():
    head = ['"""Say', "", 'what."""', "", "# why", "x = [", "    1,", "]", "", ""]
    source = "\n".join([*head, "def f():", '    """Do."""', "    return x", ""])
    assert lines_of_code(source) == 5


def test_the_package_can_be_read_in_two_evenings():
    modules = [*PACKAGE.glob("*.py"), *PACKAGE.glob("explorers/*.py")]
    sizes = {str(path.relative_to(PACKAGE)): lines_of_code(path.read_text()) for path in modules}
    assert sum(sizes.values()) <= LIMIT, sizes
