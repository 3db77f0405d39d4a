"""What extensions and tools read from a chapter: `book/_ext/chapter.py`, without a built book."""

import doctest
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import chapter  # noqa: E402
import contents  # noqa: E402

MINUTES = "<!-- minutes -->about 35 minutes to read, 2 h 15 min to work through<!-- /minutes -->"
GOOD = [f"# 3 · Beats\n\n{MINUTES}", "## Summary\n\n- One.\n- Two.\n", "## Pitfalls\n"]


def written(folder, *texts):
    """Write a chapter with some Markdown cells, and code between them; return its path."""
    cells = []
    for text in texts:
        lines = text.splitlines(keepends=True)
        cells.append({"cell_type": "markdown", "metadata": {}, "source": lines})
        cells.append({"cell_type": "code", "metadata": {}, "source": ["# Not the title"]})
    path = folder / "03_beats.ipynb"
    made = {"ecglab": {"seconds": 12.5, "peak_mb": 840}}
    path.write_text(json.dumps({"cells": cells, "metadata": made}), encoding="utf-8")
    return path


def test_a_chapter_says_its_title_minutes_summary_and_last_run(tmp_path):
    one = chapter.Chapter(written(tmp_path, *GOOD))
    assert one.title == "3 · Beats"
    assert one.minutes == (35, 135)
    assert one.summary == "- One.\n- Two."
    assert one.last_run == (12.5, 840)


@pytest.mark.parametrize("what", ["title", "minutes", "summary"])
def test_what_a_chapter_lacks_is_named(tmp_path, what):
    one = chapter.Chapter(written(tmp_path, "Beats", "## Summary", "<!-- minutes -->"))
    with pytest.raises(ValueError, match=rf"(?i)03_beats\.ipynb has no .*{what}"):
        getattr(one, what)


def test_minutes_that_nobody_can_read_are_refused(tmp_path):
    text = "<!-- minutes -->a while<!-- /minutes -->"
    with pytest.raises(ValueError, match="no minutes like `about 35 minutes to read"):
        _ = chapter.Chapter(written(tmp_path, text)).minutes


def test_what_is_said_of_minutes_is_read_again(tmp_path):
    for read, work in [(5, 15), (35, 120), (60, 135)]:
        text = chapter.with_minutes("# 3 · Beats\n<!-- minutes --><!-- /minutes -->", read, work)
        assert chapter.Chapter(written(tmp_path, text)).minutes == (read, work)


def test_an_explorer_is_no_figure():
    still = {"data": {"image/png": "aa", "text/html": "<p>moves</p>"}}
    drawn = {"data": {"image/png": ["b", "b"]}}
    outputs = [{"text": "printed"}, still, drawn]
    cell = {"cell_type": "code", "metadata": {"caption": "One."}, "outputs": outputs}
    assert chapter.figures(cell) == ["bb"]
    assert chapter.captions(cell) == ["One."]
    assert chapter.captions({"metadata": {"caption": ["One.", "Two."]}}) == ["One.", "Two."]
    assert (chapter.figures({"metadata": {}}), chapter.captions({"metadata": {}})) == ([], [])


def test_the_parts_have_every_chapter_once():
    assert [len(paths) for _, paths in contents.parts(ROOT)] == [2, 2, 3, 2, 3]
    assert [one for _, paths in contents.parts(ROOT) for one in paths] == chapter.paths(ROOT)


def test_its_examples_are_true():
    assert doctest.testmod(chapter).failed == 0 < doctest.testmod(chapter).attempted
