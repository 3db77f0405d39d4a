"""The section on beats read among their neighbours."""

from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables

QUESTION = "whether a recurrent head finds more in the neighbouring beats, on DS1 alone"
PLACE = 66


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    scores = {way: tables.scores_of(accounts) for way, accounts in ways.items()}
    return {
        "scores": tables.over_seeds(scores, tables.FEW_SCORES).to_markdown(),
        "gains": tables.gains(outcome["differences"]).to_markdown(),
        "around": outcome["around"],
        "partitions": len(outcome["partitions"]),
        "alt": tables.in_words(tables.macro_intervals(ways)),
    }


def way_of(one: dict) -> str:
    """Return whose answer is scored."""
    return one["way"]


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 of every way with its interval over people."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    title = "Macro-F1 on DS1 out of fold, 95 % over people"
    return plot.intervals(tables.macro_intervals(ways), title)
