"""The table at the end of `make site-test`: what the built book was tested for, and what was found.

A test belongs to a row by its mark, `pytest.mark.row("links and anchors")`, and notes what it has
measured with the fixture `measured`. Nothing is measured for the table alone.
"""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

#: The rows in the order of the table; each says what is wanted.
ROWS = {
    "pages": "all that the contents list",
    "requests to other hosts": "none",
    "console messages": "none",
    "axe violations": "none",
    "weight before scrolling": "at most 1.2 MB a page",
    "first paint": "on every page; within 1 s on an idle computer",
    "explorers driven": "each, by keyboard or pointer",
    "the network's logits": "those of Keras, to 1e-3",
    "the search": "finds English and Chinese",
    "links and anchors": "none broken",
    "Colab and Binder": "an address for each chapter",
    "the PDF": "every letter, no line far too wide",
}
HEADS = ("check", "measured", "wanted", "tests", "result")
#: The outcomes that pytest counts, the worst first.
OUTCOMES = ("error", "failed", "passed", "skipped")


@dataclass
class Row:
    """What the tests of one row found.

    Attributes
    ----------
    counts : Counter
        What was counted, added up over the tests.
    notes : list of str
        What can't be added, such as the heaviest page.
    outcomes : dict of str to str
        Of each test, by its name.
    reasons : set of str
        Why tests were skipped.
    """

    counts: Counter = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    reasons: set[str] = field(default_factory=set)

    def add(self, report, outcome):
        """Take in what pytest reports of a test; its worst report counts."""
        known = self.outcomes.get(report.nodeid)
        if known is None:
            for name, value in report.user_properties:
                if name == "measured":
                    self.counts.update(value["counts"])
                    self.notes += filter(None, [value["note"]])
        if known is None or OUTCOMES.index(outcome) < OUTCOMES.index(known):
            self.outcomes[report.nodeid] = outcome
        if outcome == "skipped":
            self.reasons.add(str(report.longrepr[2]).removeprefix("Skipped: "))

    def measured(self):
        """Say what was measured."""
        counted = [f"{count:,} {name}" for name, count in self.counts.items()]
        notes = sorted(self.notes)  # tests may run in any order
        return "; ".join([", ".join(counted), *notes] if counted else notes)

    def result(self):
        """Say how it ended; why, if it was skipped."""
        found = set(self.outcomes.values())
        if found & {"error", "failed"}:
            return "FAILED"
        if "passed" in found:
            return "passed"
        return f"skipped: {'; '.join(sorted(self.reasons))}" if found else "not run"

    def tests(self):
        """Say how many tests have passed, of how many."""
        passed = sum(outcome == "passed" for outcome in self.outcomes.values())
        return f"{passed} of {len(self.outcomes)}" if self.outcomes else ""


def rows(stats):
    """Return the rows, given the reports of a run by their outcome, as pytest keeps them.

    Raises
    ------
    ValueError
        If a test is marked for a row that is not there.
    """
    found = {name: Row() for name in ROWS}
    for outcome in OUTCOMES:
        for report in stats.get(outcome, []):
            for key, name in getattr(report, "user_properties", ()):
                if key == "row":
                    if name not in found:
                        raise ValueError(f"no row {name!r}; there are {', '.join(ROWS)}")
                    found[name].add(report, outcome)
    return found


def table(found):
    """Return the lines of the table; none if no test of any row has run."""
    from tabulate import tabulate  # late: only here

    if not any(row.outcomes for row in found.values()):
        return []
    lines = [
        (name, row.measured(), ROWS[name], row.tests(), row.result()) for name, row in found.items()
    ]
    widths = [None, 60, 26, None, 30]
    return tabulate(lines, HEADS, tablefmt="simple_grid", maxcolwidths=widths).splitlines()


def chapters(found):
    """Return the lines of a table of chapters: title, seconds, peak memory of their last run.

    Parameters
    ----------
    found : iterable of `chapter.Chapter`
    """
    from tabulate import tabulate

    lines = [(one.title, f"{one.last_run[0]:.0f} s", f"{one.last_run[1]:,} MB") for one in found]
    heads = ("chapter", "time", "peak memory")
    aligned = ("left", "right", "right")
    return tabulate(lines, heads, tablefmt="simple_grid", colalign=aligned).splitlines()


def extremes(values, unit, scale=1.0):
    """Say the middle of some values and the largest, with what it belongs to.

    Parameters
    ----------
    values : mapping of str to float
        Such as weights by page.
    unit : str
        With the digits that are shown before it: ``".2f MB"``.
    scale : float
        What the values are divided by.
    """
    digits, name = unit.split(" ")
    worst = max(values, key=values.get)
    middle, most = (
        f"{value / scale:{digits}} {name}" for value in (median(values.values()), values[worst])
    )
    return f"median {middle}, most {most} ({worst})"
