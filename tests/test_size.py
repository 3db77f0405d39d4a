"""The package can be read: in two evenings, one thought a line, no function longer than a page."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ecglab"
#: Lines of code, docstrings, experiments and explorers aside: as much as two evenings hold, and as
#: much as the package takes with one thought a line (it had 4,800 with up to 11.7 nodes each). It
#: leaves no room on purpose: whoever adds a thing first makes one of two that are alike. (270 of
#: them came with tables of text as others write them.)
LIMIT = 7_270
#: Expressions and statements to a line of code. nanoGPT has 6.1, sleepecg 3.8.
NODES = 6.5
#: Lines of a function, its docstring aside.
LONGEST = 60

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}
MODULES = [
    *PACKAGE.rglob("*.py"),
    *(ROOT / "tools").glob("*.py"),
    *(ROOT / "coursework" / "tools").glob("*.py"),
]

every_module = pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(ROOT).with_suffix(""))
)


def docstrings(tree: ast.Module) -> list[ast.Expr]:
    """Return the statements that are docstrings."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, DOCUMENTED)]
    return [node.body[0] for node in nodes if ast.get_docstring(node) is not None]


def lines_of_code(source: str) -> int:
    """Count the lines that hold code: no comments, docstrings or blank lines."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {
        number
        for token in tokens
        if token.type not in NO_CODE
        for number in range(token.start[0], token.end[0] + 1)
    }
    for text in docstrings(ast.parse(source)):
        lines -= set(range(text.lineno, text.end_lineno + 1))
    return len(lines)


def nodes_of_code(source: str) -> int:
    """Count expressions and statements, docstrings aside."""
    tree = ast.parse(source)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)]
    return len(nodes) - 2 * len(docstrings(tree))  # each a statement and its text


def lengths(source: str) -> dict[str, int]:
    """Return how many lines each function has, its docstring aside."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, FUNCTIONS):
            text = node.body[0] if ast.get_docstring(node) is not None else None
            written = text.end_lineno - text.lineno + 1 if text else 0
            found[f"{node.name}, line {node.lineno}"] = node.end_lineno - node.lineno + 1 - written
    return found


def test_lines_and_nodes_are_counted_as_a_reader_counts_them():
    head = ['"""Say', "", 'what."""', "", "# why", "x = [", "    1,", "]", "", ""]
    source = "\n".join([*head, "def f():", '    """Do."""', "    return x", ""])
    assert lines_of_code(source) == 5
    # x, [1], 1 and their statement; f, return and x
    assert nodes_of_code(source) == 4 + 3
    assert lengths(source) == {"f, line 11": 2}


@every_module
def test_one_thought_a_line(path):
    source = path.read_text()
    nodes, lines = nodes_of_code(source), lines_of_code(source)
    print(f"{path.relative_to(ROOT)}: {nodes} nodes on {lines} lines")
    assert nodes <= NODES * lines or lines < 5, f"{nodes / lines:.2f} nodes a line"


@every_module
def test_no_function_is_longer_than_a_page(path):
    long = {name: count for name, count in lengths(path.read_text()).items() if count > LONGEST}
    assert not long


def test_the_package_can_be_read_in_two_evenings():
    sizes = {path.name: lines_of_code(path.read_text()) for path in PACKAGE.glob("*.py")}
    print(f"{sum(sizes.values())} lines of code")
    assert sum(sizes.values()) <= LIMIT, sizes
