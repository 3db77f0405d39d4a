"""The section on the rhythm around a beat."""

import pandas as pd
from matplotlib.figure import Figure

from ecglab.experiments import tables

QUESTION = "what the rhythm around a beat is worth, on DS1 alone"
PLACE = 65


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    first = ways[way_of(outcome["outcomes"][0])]
    return tables.compared(outcome, way_of) | {
        "gains": gains_table(outcome).to_markdown(),
        "rivals": tables.gains(outcome["rivals"]).to_markdown(),
        "records": tables.records_table(first).head(8).to_markdown(),
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
    return tables.out_of_fold(tables.grouped(outcome["outcomes"], way_of))
