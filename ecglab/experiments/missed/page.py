"""The section on S beats that are missed, and on N beats that are taken for one."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import plot, records
from ecglab.beats import CLASSES
from ecglab.experiments import tables
from ecglab.experiments.final import ELSEWHERE, MITDB
from ecglab.experiments.missed import AFTER_S, EARLY_N, EARLY_S, HARDLY_EARLY_S, OTHER_N
from ecglab.experiments.resnet50 import ONE_WOMAN

QUESTION = "which S beats are missed, and what is taken for one"
PLACE = 85
S = CLASSES.index("S")
GROUPS_OF_S = (EARLY_S, HARDLY_EARLY_S, AFTER_S)
GROUPS_OF_N = (EARLY_N, OTHER_N)
#: What is shown, and of which people.
SHOWN = {"DS2": MITDB, f"DS2 without {ONE_WOMAN}": MITDB, "svdb": ELSEWHERE}
Counts = dict[str, dict[str, list[int]]]  # by record, then by group


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    elsewhere = outcome["outcomes"][ELSEWHERE]["per record"]
    return {
        "early": f"{outcome['early']:g}",
        "of_s": of_s(outcome).to_markdown(),
        "of_n": of_n(outcome).to_markdown(),
        "missed": records_missed(elsewhere, 8).to_markdown(),
        "false": records_false(elsewhere, 6).to_markdown(),
        "alt": tables.in_words(found(outcome)[["value", "low", "high"]]),
    }


def of_s(outcome: dict) -> pd.DataFrame:
    """Return what the S beats of each group are called, one row for each database and group."""
    rows = {}
    for name in SHOWN:
        counts = counts_of(outcome, name)
        for group in GROUPS_OF_S:
            calls = pd.Series(added(counts.values(), group), CLASSES)
            rows[f"{name}: {group}"] = {
                "beats": f"{calls.sum():,}",
                "called S": percent(calls["S"], calls.sum()),
                "called N": percent(calls["N"], calls.sum()),
                "called V": percent(calls["V"], calls.sum()),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def of_n(outcome: dict) -> pd.DataFrame:
    """Return how many N beats of each group are called S, one row for each database and group."""
    rows = {}
    for name in SHOWN:
        counts = counts_of(outcome, name)
        for group in GROUPS_OF_N:
            calls = added(counts.values(), group)
            rows[f"{name}: {group}"] = {
                "beats": f"{calls.sum():,}",
                "called S": f"{calls[S]:,}",
                "share": percent(calls[S], calls.sum()),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def records_missed(counts: Counts, most: int) -> pd.DataFrame:
    """Return the records in which most S beats are missed: found of how many, by group."""
    rows = {}
    for name, groups in counts.items():
        calls = np.array([groups[group] for group in GROUPS_OF_S])
        row = {"missed": calls.sum() - calls[:, S].sum()}
        for group, its in zip(GROUPS_OF_S, calls, strict=True):
            row[group] = f"{its[S]:,} of {its.sum():,}"
        rows[name] = row
    return worst(rows, "missed", most)


def records_false(counts: Counts, most: int) -> pd.DataFrame:
    """Return the records in which most N beats are called S, by group."""
    rows = {}
    for name, groups in counts.items():
        row = {group: groups[group][S] for group in GROUPS_OF_N}
        rows[name] = {"N called S": sum(row.values())} | row
    return worst(rows, "N called S", most)


def worst(rows: dict[str, dict], column: str, most: int) -> pd.DataFrame:
    """Return the rows with the most in one column."""
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("record")
    return table.sort_values(column, ascending=False).head(most)


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
        its = np.array(groups[group])
        person = records.subject(name)
        people[person] = people.get(person, 0) + np.array([its[S], its.sum()])
    return np.array(list(people.values()))


def share_over_people(by_person: np.ndarray, draws: int = 2000) -> dict[str, float]:
    """Return a share, and between what it lies when people are drawn with replacement."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(by_person), size=(draws, len(by_person)))
    right, beats = by_person[drawn].sum(axis=1).T
    shares = right[beats > 0] / beats[beats > 0]
    low, high = np.quantile(shares, [0.025, 0.975])
    value = by_person[:, 0].sum() / by_person[:, 1].sum()
    return {"value": value, "low": low, "high": high, "beats": by_person[:, 1].sum()}


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that is found, by group."""
    table = found(outcome).astype({"beats": int})
    title = "S beats found, by how early they come; 95 % over people"
    return plot.intervals(table, title, xlabel="sensitivity to S")
