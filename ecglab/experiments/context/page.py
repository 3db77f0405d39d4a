"""The section on the rhythm around a beat."""

import pandas as pd
from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables

QUESTION = "what the rhythm around a beat is worth, on DS1 alone"
PLACE = 65


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    scores = {way: tables.scores_of(accounts) for way, accounts in ways.items()}
    return {
        "scores": tables.over_seeds(scores, tables.FEW_SCORES).to_markdown(),
        "gains": gains_table(outcome).to_markdown(),
        "rivals": tables.gains(outcome["rivals"]).to_markdown(),
        "partitions": len(outcome["partitions"]),
        "records": tables.records_table(ways[way_of(outcome["outcomes"][0])]).head(8).to_markdown(),
        "alt": tables.in_words(tables.macro_intervals(ways)),
    }


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
    ways = tables.grouped(outcome["outcomes"], way_of)
    title = "Macro-F1 on DS1 out of fold, 95 % over people"
    return plot.intervals(tables.macro_intervals(ways), title)
