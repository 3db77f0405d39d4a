"""The table at the end of `make site-test`, made from runs that are written here."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import site_table

TESTS = Path(__file__).parent

RUN = """
import pytest

@pytest.mark.row("links and anchors")
@pytest.mark.parametrize("broken", [0, 2])
def test_links(broken, measured):
    measured({"links": 600, "broken": broken}, note=f"file {broken}")
    assert broken == 0

@pytest.mark.row("the search")
@pytest.mark.skipif(True, reason="no browser here")
def test_search():
    pass

@pytest.mark.row("first paint")
def test_paint(request, measured):
    measured(note="most 912 ms (book/index.html)")

def test_of_no_row():
    pass
"""


def report(name, row, counts=(), note="", skipped=""):
    noted = {"counts": dict(counts), "note": note}
    properties = [("row", row), ("measured", noted)]
    return SimpleNamespace(
        nodeid=name, user_properties=properties, longrepr=("file", 1, f"Skipped: {skipped}")
    )


def test_counts_are_added_and_notes_listed():
    stats = {
        "passed": [report("a", "pages", {"pages": 1200}), report("b", "pages", {"broken": 0}, "n")],
    }
    row = site_table.rows(stats)["pages"]
    assert row.measured() == "1,200 pages, 0 broken; n"
    assert (row.tests(), row.result()) == ("2 of 2", "passed")


@pytest.mark.parametrize(
    ("stats", "tests", "result"),
    [
        ({}, "", "not run"),
        ({"passed": ["a"], "failed": ["b"]}, "1 of 2", "FAILED"),
        ({"passed": ["a"], "error": ["a"]}, "0 of 1", "FAILED"),  # at its end
        ({"passed": ["a"], "skipped": ["b"]}, "1 of 2", "passed"),
        ({"skipped": ["a", "b"]}, "0 of 2", "skipped: no browser"),
    ],
)
def test_a_row_ends_as_the_worst_of_its_tests(stats, tests, result):
    reports = {
        outcome: [report(name, "pages", {"pages": 3}, skipped="no browser") for name in names]
        for outcome, names in stats.items()
    }
    row = site_table.rows(reports)["pages"]
    assert (row.tests(), row.result()) == (tests, result)
    assert row.counts["pages"] == 3 * len(row.outcomes), "each test counts once"


def test_a_row_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no row 'linsk'; there are pages, "):
        site_table.rows({"passed": [report("a", "linsk")]})


def test_there_is_no_table_without_a_test_of_a_row():
    other = SimpleNamespace(nodeid="a", user_properties=[])
    assert site_table.table(site_table.rows({"passed": [other], "": [other]})) == []


def test_extremes_name_the_page():
    weights = {"a.html": 300_000, "b.html": 1_100_000, "c.html": 400_000}
    assert site_table.extremes(weights, ".1f MB", 1e6) == "median 0.4 MB, most 1.1 MB (b.html)"


def cells(line):
    return [cell.strip() for cell in line.strip("│").split("│")]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_a_run_ends_in_both_tables(tmp_path, workers):
    """With the fixture, the marks and the hooks of conftest.py, in a run of its own."""
    (tmp_path / "test_run.py").write_text(RUN)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "conftest", "-p", "no:cacheprovider", "--strict-markers", "--rootdir=."]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *workers, "test_run.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        capture_output=True,
        text=True,
    )
    lines = [cells(line) for line in done.stdout.splitlines() if line.startswith("│")]
    found = {line[0]: line[1:] for line in lines if line[0]}
    measured, _, tests, result = found["links and anchors"]
    assert measured == "1,200 links, 2 broken; file 0; file 2"
    assert (tests, result) == ("1 of 2", "FAILED")
    assert found["first paint"][0] == "most 912 ms (book/index.html)"
    assert found["the search"][2:] == ["0 of 1", "skipped: no browser here"]
    assert found["console messages"][3] == "not run"
    assert [*found][1 : 1 + len(site_table.ROWS)] == list(site_table.ROWS)
    took = [line for line in lines if len(line) == 3][1:]
    assert len(took) == 12 and took[0][0].startswith("1 · ")
    assert all(int(memory.removesuffix(" MB").replace(",", "")) > 100 for _, _, memory in took)


def test_every_row_has_a_test():
    texts = [path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py")]
    marked = {row for row in site_table.ROWS for text in texts if f'mark.row("{row}")' in text}
    assert marked == set(site_table.ROWS)
