"""Checks of the form alone: whatever is answered, they say a word and never take it for numbers."""

import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "coursework" / "tools"))

import complete
import release

MOST = 5
#: What is no answer of so many numbers, or of fewer.
ODD = {
    "nothing": None,
    "a word": "abc",
    "one number": 3,
    "quoted": list("12345"),
    "dots": [...] * MOST,
    "NaN": [np.nan] * MOST,
    "complex": [1j] * MOST,
}


def forms():
    """Yield the checks of a form, with what their cells need: name, function, count of numbers."""
    for name in release.assignments():
        cells = complete.by_id(nbformat.read(release.SOURCE / name / f"{name}.ipynb", 4))
        for cell_id, cell in cells.items():
            found = re.search(r"^def (form_of_\d+)\(answer\):$", cell.source, re.MULTILINE)
            if found:
                space = {"np": np}
                for source in (cells["form"].source if "form" in cells else "", cell.source):
                    exec(source.split("\nprint(")[0], space)
                yield pytest.param(space[found[1]], cell.source, id=f"{name}-{cell_id}")


def count(source):
    """Return how many numbers a check of a form takes apart."""
    line = re.search(r"^ +(\w+(?:, \w+)+) = ", source, re.MULTILINE)
    return line[1].count(",") + 1 if line else MOST


@pytest.mark.parametrize(("form", "source"), forms())
@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_what_is_no_answer_gets_a_word(form, source, answer):
    if isinstance(answer, list):
        answer = answer[: count(source)]
    said = form(answer)
    assert said.startswith(("❌ ", "Not answered yet")), said
