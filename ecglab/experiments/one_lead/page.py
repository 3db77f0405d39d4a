"""The section on a network for one lead."""

from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables

QUESTION = "what a single lead is enough for, on DS1 alone"
PLACE = 67


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    columns = tables.grouped(outcome["outcomes"], column_of)
    scores = {column: tables.scores_of(accounts) for column, accounts in columns.items()}
    return {
        "scores": tables.over_seeds(scores, tables.FEW_SCORES).to_markdown(),
        "partitions": len(outcome["partitions"]),
        "width": outcome["recipe"]["width"],
        "alt": tables.in_words(tables.macro_intervals(columns)),
    }


def column_of(one: dict) -> str:
    """Return in which leads the beats were called."""
    return one["column"]


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 in first and in second leads with its interval over people."""
    columns = tables.grouped(outcome["outcomes"], column_of)
    title = "Macro-F1 on DS1 out of fold, 95 % over people"
    return plot.intervals(tables.macro_intervals(columns), title)
