"""The section on S beats that are missed, and on N beats that are taken for one."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import plot, records
from ecglab.beats import CLASSES
from ecglab.experiments import tables
from ecglab.experiments.final import ELSEWHERE, MITDB
from ecglab.experiments.missed_s import AFTER_S, EARLY_N, EARLY_S, LATE_N, LATE_S, LITTLE_S
from ecglab.experiments.resnet50 import ONE_WOMAN

QUESTION = "which S beats are missed, and what is taken for one"
PLACE = 85
S = CLASSES.index("S")
GROUPS_OF_S = (EARLY_S, LITTLE_S, LATE_S, AFTER_S)
GROUPS_OF_N = (EARLY_N, LATE_N)
#: What is shown, and of which people.
SHOWN = {"DS2": MITDB, f"DS2 without {ONE_WOMAN}": MITDB, "svdb": ELSEWHERE}
Counts = dict[str, dict[str, list[int]]]  # by record, then by group


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    elsewhere = outcome["outcomes"][ELSEWHERE]["per record"]
    shares = found(outcome)
    return {
        "found": in_percent(shares["value"]),
        "early": outcome["early"][0],
        "little": outcome["early"][1],
        "of_s": of_s(outcome).to_markdown(),
        "of_n": of_n(outcome).to_markdown(),
        "missed": records_missed(elsewhere, 8).to_markdown(),
        "false": records_false(elsewhere, 6).to_markdown(),
        "alt": tables.in_words(shares[["value", "low", "high"]]),
    }


def of_s(outcome: dict) -> pd.DataFrame:
    """Return what the S beats of each group are called, one row for each database and group."""
    rows = {}
    for name in SHOWN:
        counts = counts_of(outcome, name)
        for group in GROUPS_OF_S:
            calls = added(counts.values(), group)
            total = calls.sum()
            row = {"beats": f"{total:,}"}
            for called in ("S", "N", "V"):
                count = calls[CLASSES.index(called)]
                row[f"called {called}"] = percent(count, total)
            rows[f"{name}: {group}"] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def of_n(outcome: dict) -> pd.DataFrame:
    """Return how many N beats of each group are called S, one row for each database and group."""
    rows = {}
    for name in ("DS2", "svdb"):
        counts = counts_of(outcome, name)
        for group in GROUPS_OF_N:
            calls = added(counts.values(), group)
            total = calls.sum()
            rows[f"{name}: {group}"] = {
                "beats": f"{total:,}",
                "called S": f"{calls[S]:,}",
                "share": percent(calls[S], total),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def in_percent(shares: pd.Series) -> dict[str, str]:
    """Return shares in percent, by ``svdb early`` in place of ``svdb: S, early`` and so on."""
    words = {}
    for name, share in shares.items():
        database, group = name.split(": ")
        short = group.removeprefix("S, ").removeprefix("S ")
        words[f"{database} {short}"] = f"{100 * share:.0f} %"
    return words


def records_missed(counts: Counts, most: int) -> pd.DataFrame:
    """Return the records in which most S beats are missed: found of how many, by group."""
    rows = {}
    for name, groups in counts.items():
        missed = 0
        row = {}
        for group in GROUPS_OF_S:
            found = groups[group][S]
            total = sum(groups[group])
            missed += total - found
            row[group] = f"{found:,} of {total:,}"
        rows[name] = {"missed": missed} | row
    return worst(rows, "missed", most)


def records_false(counts: Counts, most: int) -> pd.DataFrame:
    """Return the records in which most N beats are called S, by group."""
    rows = {}
    for name, groups in counts.items():
        row = {}
        for group in GROUPS_OF_N:
            row[group] = groups[group][S]
        rows[name] = {"N called S": sum(row.values())} | row
    return worst(rows, "N called S", most)


def worst(rows: dict[str, dict], column: str, most: int) -> pd.DataFrame:
    """Return the rows with the most in one column."""
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table.rename_axis("record")
    table = table.sort_values(column, ascending=False)
    return table.head(most)


def counts_of(outcome: dict, name: str) -> Counts:
    """Return the counts of one row of `SHOWN`."""
    counts = dict(outcome["outcomes"][SHOWN[name]]["per record"])
    if ONE_WOMAN in name:
        del counts[ONE_WOMAN]
    return counts


def added(counts: Iterable[dict[str, list[int]]], group: str) -> np.ndarray:
    """Return what the beats of a group are called in some records together: a count a class."""
    return np.sum([groups[group] for groups in counts], axis=0)


def percent(part: int, whole: int) -> str:
    """Return a share as text."""
    return f"{100 * part / whole:.1f} %"


# ---------------------------------------------------------------------------


def found(outcome: dict) -> pd.DataFrame:
    """Return the share of the S beats of each group that is found, and its interval over people."""
    rows = {}
    for name in SHOWN:
        for group in GROUPS_OF_S:
            by_person = of_people(counts_of(outcome, name), group)
            rows[f"{name}: {group}"] = share_over_people(by_person)
    return pd.DataFrame.from_dict(rows, orient="index")


def of_people(counts: Counts, group: str) -> np.ndarray:
    """Return for each person how many S beats of a group are found, and how many there are."""
    people = {}
    for name, groups in counts.items():
        found = groups[group][S]
        total = sum(groups[group])
        person = records.subject(name)
        before = people.get(person, 0)
        people[person] = before + np.array([found, total])
    return np.stack(list(people.values()))


def share_over_people(by_person: np.ndarray, draws: int = 2000) -> dict[str, float]:
    """Return a share, and between what it lies when people are drawn with replacement."""
    count = len(by_person)
    rng = np.random.default_rng(0)
    drawn = rng.integers(count, size=(draws, count))
    summed = by_person[drawn].sum(axis=1)
    summed = summed[summed[:, 1] > 0]
    shares = summed[:, 0] / summed[:, 1]
    low, high = np.quantile(shares, [0.025, 0.975])
    right, beats = by_person.sum(axis=0)
    return {"value": right / beats, "low": low, "high": high, "beats": beats}


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that is found, by group."""
    table = found(outcome).astype({"beats": int})
    title = "S beats found, by how early they come"
    return plot.intervals(table, title, xlabel="sensitivity to S")
