"""The section on the rhythm around a beat."""

import pandas as pd
from matplotlib.figure import Figure

from ecglab.experiments import tables
from ecglab.experiments.context import FIRST, MOST, RIVAL

QUESTION = "what the rhythm around a beat is worth, on DS1 alone"
PLACE = 65


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    first, most = (ways[f"{RIVAL}: {told}"] for told in (FIRST, MOST))
    return {
        **tables.compared(outcome, way_of),
        **{f"first_{name}": words for name, words in tables.headline(first).items()},
        **{f"most_{name}": words for name, words in tables.headline(most).items()},
        "first_ns": of_record(first, "203", "N as S"),
        "most_ns": of_record(most, "203", "N as S"),
        "gains": gains_table(outcome).to_markdown(),
        "rivals": tables.gains(outcome["rivals"]).to_markdown(),
        "records": tables.records_table(first).head(8).to_markdown(),
        "records_most": tables.records_table(most).head(8).to_markdown(),
    }


def of_record(accounts: list[dict], record: str, kind: str) -> str:
    """Return how many errors of a kind there are in a record."""
    count = tables.records_table(accounts).loc[record, kind]
    return f"{count:,}"


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
