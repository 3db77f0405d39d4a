"""The section on beats read among their neighbours."""

from matplotlib.figure import Figure

from ecglab.experiments import tables

QUESTION = "whether a recurrent head finds more in the neighbouring beats, on DS1 alone"
PLACE = 66


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    return tables.compared(outcome, way_of) | {
        "gains": tables.gains(outcome["differences"]).to_markdown(),
        "around": outcome["around"],
    }


def way_of(one: dict) -> str:
    """Return whose answer is scored."""
    return one["way"]


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 of every way with its interval over people."""
    return tables.out_of_fold(tables.grouped(outcome["outcomes"], way_of))
