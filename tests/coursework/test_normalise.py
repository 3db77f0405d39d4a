"""Whatever has become of a submission on its way, its answers are found; what is none is named."""

import copy
import json
import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "coursework" / "tools"))

import attempt
import normalise
from complete import by_id, grade_id

NAME = "layers_of_a_cnn"


@pytest.fixture(scope="session")
def edition(editions):
    return editions[NAME]


@pytest.fixture
def handed_in(edition, solution):
    """A submission with every right answer, and a written one."""
    notebook = copy.deepcopy(edition)
    answers = solution(NAME) | {"q7": "The maps move along."}
    for cell in notebook.cells:
        cell.source = answers.get(grade_id(cell), cell.source)
    return notebook


def poured(notebook, edition, tmp_path):
    path = tmp_path / "name.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return normalise.pour(normalise.read(path), edition)


def is_whole(result, handed_in, edition):
    """All answers are in their places, and all else is as it was handed out."""
    answers, cells = by_id(handed_in), by_id(result)
    assert [name for name in cells] == [name for name in by_id(edition)]
    for name, cell in cells.items():
        assert cell.source == answers[name].source, name
        assert cell.metadata == by_id(edition)[name].metadata
    nbformat.validate(result)


def test_nothing_changes_what_is_whole(handed_in, edition, tmp_path):
    is_whole(poured(handed_in, edition, tmp_path), handed_in, edition)


def test_deleted_and_changed_tests_come_back(handed_in, edition, tmp_path):
    broken = copy.deepcopy(handed_in)
    broken.cells = [c for c in broken.cells if not grade_id(c).endswith("-test")]
    by_id(broken)["q1-check"].source = "print('✅')"
    is_whole(poured(broken, edition, tmp_path), handed_in, edition)


def test_stripped_metadata(handed_in, edition, tmp_path):
    broken = copy.deepcopy(handed_in)
    for cell in broken.cells:
        cell.metadata = {}
    broken.metadata = {}
    is_whole(poured(broken, edition, tmp_path), handed_in, edition)


def test_format_4_0_without_ids_as_colab_writes_it(handed_in, edition, tmp_path):
    broken = copy.deepcopy(handed_in)
    broken.nbformat_minor = 0
    for cell in broken.cells:
        del cell["id"]
        cell.metadata = {"id": "Zx3_" + grade_id(cell)}
        cell.source = cell.source.splitlines(keepends=True)
    is_whole(poured(broken, edition, tmp_path), handed_in, edition)


def test_stripped_metadata_and_no_tests(handed_in, edition, tmp_path):
    broken = copy.deepcopy(handed_in)
    broken.cells = [c for c in broken.cells if not grade_id(c).endswith(("-test", "-check"))]
    for cell in broken.cells:
        cell.metadata = {}
    is_whole(poured(broken, edition, tmp_path), handed_in, edition)


@pytest.mark.parametrize("first", [True, False])
def test_a_copied_cell_has_its_id_twice(handed_in, edition, tmp_path, first):
    """The student has kept the empty cell and answered in its copy, or the other way round."""
    broken = copy.deepcopy(handed_in)
    place = [grade_id(c) for c in broken.cells].index("q1")
    stub = copy.deepcopy(by_id(edition)["q1"])
    broken.cells.insert(place + first, stub)
    is_whole(poured(broken, edition, tmp_path), handed_in, edition)


def test_two_changed_copies_stand_one_behind_the_other(handed_in, edition, tmp_path):
    broken = copy.deepcopy(handed_in)
    place = [grade_id(c) for c in broken.cells].index("q3")
    second = copy.deepcopy(broken.cells[place])
    second.source = "answer_3 = [1, 2, 3]"
    broken.cells.insert(place + 1, second)
    source = by_id(poured(broken, edition, tmp_path))["q3"].source
    space = {name: 9 for name in ("PAD", "KERNEL", "STRIDE", "ROWS", "COLUMNS")}
    space |= {"CHANNELS": 1, "KERNELS": 1}
    assert attempt.run(source, space) == ("", "")
    assert space["answer_3"] == [1, 2, 3]


def test_added_cells_stay_where_they_stand(handed_in, edition, tmp_path):
    broken = copy.deepcopy(handed_in)
    place = [grade_id(c) for c in broken.cells].index("q5")
    helper = nbformat.v4.new_code_cell("def helper():\n    return 1")
    helper.metadata["nbgrader"] = {"grade": True, "grade_id": "mine", "points": 100}
    broken.cells.insert(place, helper)
    result = poured(broken, edition, tmp_path)
    sources = [cell.source for cell in result.cells]
    assert sources.index(helper.source) == [grade_id(c) for c in result.cells].index("q5") - 1
    result.cells = [cell for cell in result.cells if cell.source != helper.source]
    is_whole(result, handed_in, edition)


def test_an_answer_cut_in_two_without_its_metadata_still_counts(handed_in, edition, tmp_path):
    """The stub that comes back must not undo what the student's own cells define."""
    broken = copy.deepcopy(handed_in)
    place = [grade_id(c) for c in broken.cells].index("q6")
    broken.cells[place : place + 1] = [
        nbformat.v4.new_code_cell("np.median([1, 2])"),
        nbformat.v4.new_code_cell("globals().update({'answer' + '_6': [1.0, 2.0]})"),
    ]
    result = poured(broken, edition, tmp_path)
    space = {}
    attempt.run("import numpy as np", space)
    for cell in result.cells:
        if "_6" in cell.source and not grade_id(cell).startswith("q6-"):
            attempt.run(cell.source, space)
    assert space["answer_6"] == [1.0, 2.0]


NO_NOTEBOOKS = {
    "a PDF": (b"%PDF-1.7 \xff\xfe", "can't be read as JSON"),
    "nothing": (b"", "can't be read as JSON"),
    "a list": (b"[]", "it has no cells"),
    "a number": (b"7", "it has no cells"),
    "sheets that are none": (b'{"worksheets": [7]}', "it has no cells"),
    "cells that are none": (b'{"cells": 7}', "it has no cells"),
    "too deep": (b"[" * 100_000, "can't be read as JSON"),
    "a notebook of something else": (b'{"cells": [], "nbformat": 4}', "of no assignment here"),
    "cells of the wrong kinds": (
        b'{"cells": [1, {"cell_type": 5, "source": {"a": 1}, "metadata": []}]}',
        "of no assignment here",
    ),
}


@pytest.mark.parametrize("kind", NO_NOTEBOOKS)
def test_what_is_no_submission_is_reported(edition, tmp_path, kind):
    content, words = NO_NOTEBOOKS[kind]
    (tmp_path / "ada.ipynb").write_bytes(content)
    (found,) = normalise.collect(tmp_path, {NAME: edition})
    assert found.student == "ada"
    assert found.notebook is None
    assert words in found.trouble


def test_a_link_is_not_followed(edition, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(edition))
    folder = tmp_path / "handed_in"
    folder.mkdir()
    (folder / "mallory.ipynb").symlink_to(secret)
    (found,) = normalise.collect(folder, {NAME: edition})
    assert found.trouble == "not a file of its own"


def test_names_of_files_and_folders(handed_in, edition, tmp_path):
    text = json.dumps(handed_in)
    paths = [
        "problem (1).ipynb",
        "problem_1.ipynb",
        "李明.ipynb",
        "-rf.ipynb",
        "Ada Lovelace_1234_assignsubmission_file_/layers (2).ipynb",
        f"nbgraders_own/{NAME}/{NAME}.ipynb",
        "nbgraders_own/.ipynb_checkpoints/old.ipynb",
        ".DS_Store",
        "__MACOSX/._problem.ipynb",
    ]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = normalise.collect(tmp_path, {NAME: edition})
    assert {one.student for one in found} == {
        *("problem_1", "problem_1-2", "李明", "rf"),
        *("Ada_Lovelace_1234_assignsubmission_file", "nbgraders_own"),
    }
    assert {one.assignment for one in found} == {NAME}
    assert {one.typed for one in found} == {"Solution"}


def test_of_two_versions_the_later_counts(handed_in, edition, tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "layers.ipynb").write_text(json.dumps(edition))
    (folder / "layers (1).ipynb").write_text(json.dumps(handed_in))
    (folder / "notes.ipynb").write_text("no notebook")
    import os

    os.utime(folder / "layers.ipynb", (1, 1))
    (found,) = normalise.collect(tmp_path, {NAME: edition})
    assert found.path.name == "layers (1).ipynb"


def test_a_missing_or_empty_folder_is_named(edition, tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match=folder.name):
            normalise.collect(folder, {NAME: edition})
