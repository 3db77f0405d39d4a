"""The section on the rhythm around a beat."""

import pandas as pd
from matplotlib.figure import Figure

from ecglab import experiments
from ecglab.experiments import tables
from ecglab.experiments.context import FIRST, MOST, RIVAL

QUESTION = "what the rhythm around a beat is worth, on DS1 alone"
PLACE = 65


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    first, most = (ways[f"{RIVAL}: {told}"] for told in (FIRST, MOST))
    trees = outcome["differences"]["boosting"][MOST]
    gain = trees["macro-F1"]["value"]
    return {
        **tables.compared(outcome, way_of),
        "first": in_short(first),
        "most": in_short(most),
        "trees_gain": f"{gain:.3f}",
        "each_gain": each_gain(first, most),
        "gains": gains_table(outcome).to_markdown(),
        "rivals": tables.gains(outcome["rivals"]).to_markdown(),
        "records": tables.worst(first, 8),
        "records_most": tables.worst(most, 8),
    }


def in_short(accounts: list[dict]) -> dict:
    """Return what the text says of one way: its macro-F1, and errors in three records."""
    scores = tables.headline(accounts)
    errors = tables.records_table(accounts)
    return {
        "macro": scores["macro-F1"],
        "203, N as S": errors.loc["203", "N as S"],
        "201, N as S": errors.loc["201", "N as S"],
        "208, V as N": errors.loc["208", "V as N"],
    }


def each_gain(before: list[dict], after: list[dict]) -> str:
    """Return what the macro-F1 gains in each run."""
    gains = []
    for one, other in zip(after, before, strict=True):
        gain = one["scores"]["macro_f1"] - other["scores"]["macro_f1"]
        gains.append(f"{gain:.3f}")
    return ", ".join(gains)


def told_most(way: str) -> list[dict]:
    """Return the recorded runs of one way that is told the most."""
    ways = tables.grouped(experiments.recorded("context")["outcomes"], way_of)
    return ways[f"{way}: {MOST}"]


def way_of(one: dict) -> str:
    """Return what is compared: networks or trees, and what they were told."""
    return f"{one['way']}: {one['told']}"


def gains_table(outcome: dict) -> pd.DataFrame:
    """Return what each way gains, with its interval over people."""
    gains = {}
    for way, by_told in outcome["differences"].items():
        for told, table in by_told.items():
            gains[f"{way}: {told}"] = table
    return tables.gains(gains)


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 of every way with its interval over people."""
    return tables.out_of_fold(tables.grouped(outcome["outcomes"], way_of))
