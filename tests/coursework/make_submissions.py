"""Write the synthetic submissions: right, wrong, blank, damaged and hostile.

Usage: python tests/coursework/make_submissions.py FOLDER [NAME ...]

`submissions` beside this file holds those in `COMMITTED`, made by this program from the student
edition; all are made and graded by test_grade.py.
"""

import argparse
import copy
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "coursework" / "tools"))

import attempt
import complete
import release
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

NAME = "layers_of_a_cnn"

STRIP = """
import ast

class Strip(ast.NodeTransformer):
    def visit_Raise(self, node):
        return ast.copy_location(ast.Pass(), node)
    visit_Assert = visit_Raise

get_ipython().ast_transformers.append(Strip())
"""
HIDE = """
get_ipython().set_custom_exc((BaseException,), lambda *args, **kwargs: None)
from IPython.display import clear_output
get_ipython().events.register("post_run_cell", lambda *args: clear_output())
"""
EQUAL = """
class Equal(list):
    def __eq__(self, other):
        return True
    def __sub__(self, other):
        return 0.0
    __array__ = None

slide = max_pool = dense_relu_back = field_of_view = lambda *args: Equal()
"""
PATCH = """
import numpy as np
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
check.function = check.value = lambda *args, **kwargs: "✅ Right."
def same(*args, **kwargs):
    return True
same_function = same
"""
BUILTINS = """
import builtins
builtins.abs = lambda number: 0
builtins.all = lambda things: True
"""
SNOOP = """
import glob, os, socket, urllib.request
places = ["/work", "/home", "/root", "/tmp", "/var", "/etc", "/srv", "/mnt"]
found = [os.path.join(top, name) for place in places for top, _, names in os.walk(place)
         for name in names if name.endswith((".ipynb", "gradebook.db", "grades.csv"))]
found = [path for path in found if "site-packages" not in path]
reached = 0
for host in ["127.0.0.1", "1.1.1.1", "pypi.org"]:
    try:
        socket.create_connection((host, 443), timeout=3)
        reached += 1
    except OSError:
        pass
print("FOUND", len(found), "REACHED", reached)
"""
BOMB = """
import os, time
for _ in range(12):
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
if os.getpid() != PARENT:
    time.sleep(300)
"""
STUBBORN = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
#: What stands before the right answer to question 2.
HOSTILE = {
    "strips_raises": STRIP,
    "hides_errors": HIDE,
    "patched_builtins": BUILTINS,
    "snoops": SNOOP,
    "floods": "for _ in range(100):\n    print('x' * 10**6)\n",
    "os_exit": "import os\nos._exit(0)\n",
    "memory_hog": "hog = []\nwhile True:\n    hog.append(b'x' * 10**7)\n",
    "hangs": "while True:\n    pass\n",
    "stubborn": STUBBORN,
    "fork_bomb": "import os\nPARENT = os.getpid()\n" + BOMB,
}
COMMITTED = ("right", "wrong", "blank", "problem (1)", "copied", "equal_to_all")
COMMITTED += ("strips_raises", "patched_libraries", "os_exit", "no_notebook")


def edition() -> tuple[NotebookNode, dict[str, str]]:
    """Return the student edition, by nbgrader's own steps, and the solution's answers."""
    path = release.SOURCE / NAME / f"{NAME}.ipynb"
    whole = complete.complete(nbformat.read(path, as_version=4))
    made = copy.deepcopy(whole)
    made, _ = ClearSolutions(code_stub={"python": ""}, text_stub="").preprocess(made, {})
    made, _ = ClearHiddenTests().preprocess(made, {})
    return made, attempt.answers(whole)


def answered(blank: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """Return a student edition with answers in it."""
    notebook = copy.deepcopy(blank)
    for cell in notebook.cells:
        cell.source = answers.get(complete.grade_id(cell), cell.source)
    return notebook


def as_from_colab(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook as Colab saves it: format 4.0, no ids, no metadata of nbgrader's."""
    plain = copy.deepcopy(notebook)
    plain.nbformat_minor = 0
    for cell in plain.cells:
        del cell["id"]
        cell.metadata = {}
    return plain


def makers() -> dict[str, Callable[[], str]]:
    """Return what writes each submission's text, by its name."""
    blank, solution = edition()
    path = HERE / "wrong" / f"{NAME}.py"
    spec = importlib.util.spec_from_file_location("wrong_answers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mistaken = {number: planted[0][1].strip() for number, planted in module.WRONG.items()}
    right = {number: _solved(text) for number, text in solution.items()}
    written = {"q7": "The maps move along with the beat; the dense layer has no such habit."}

    def made(student: str, **changed: str) -> NotebookNode:
        typed = {"student": f'STUDENT = "{student}"  # your name or number'}
        return answered(blank, {**right, **written, **typed, **changed})

    def text(notebook: NotebookNode) -> str:
        return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"

    patched = {**mistaken, "q2": mistaken["q2"] + "\n" + PATCH}
    neighbour = {"q3": "answer_3 = [15, 31, 1184]", "q6": "answer_6 = [31.4, 52.7]"}
    makers = {
        "right": lambda: text(made("Ada")),
        "wrong": lambda: text(made("Ben", **mistaken, q7="I do not know.")),
        "blank": lambda: text(blank),
        "problem (1)": lambda: text(as_from_colab(made("Cleo"))),
        "copied": lambda: text(made("Ada ", **neighbour)),
        "equal_to_all": lambda: text(made("Dan", q5=right["q5"] + "\n" + EQUAL)),
        "patched_libraries": lambda: text(made("Eve", **patched)),
        "no_notebook": lambda: "%PDF-1.7 of an assignment\n",
    }
    for name, code in HOSTILE.items():
        answers = mistaken if name in ("strips_raises", "hides_errors", "patched_builtins") else {}
        answers = {**answers, "q2": code + "\n" + answers.get("q2", right["q2"])}
        makers[name] = lambda name=name, answers=answers: text(made(name, **answers))
    return makers


def _solved(source: str) -> str:
    """Return a solution without its marks, and without the dots of the stub."""
    unwanted = ("### BEGIN SOLUTION", "### END SOLUTION", "...  # your answer")
    lines = [line for line in source.splitlines() if line.strip() not in unwanted]
    return "\n".join(lines)


def write(folder: Path, names: list[str]) -> None:
    """Write submissions into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    known = makers()
    for name in names:
        (folder / f"{name}.ipynb").write_text(known[name](), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", nargs="*", default=list(COMMITTED))
    asked = parser.parse_args()
    write(asked.folder, asked.name)
