"""The section on a network for one lead."""

from matplotlib.figure import Figure

from ecglab.experiments import tables

QUESTION = "what a single lead is enough for, on DS1 alone"
PLACE = 67


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    width = outcome["recipe"]["width"]
    return tables.compared(outcome, column_of) | {"width": width}


def column_of(one: dict) -> str:
    """Return in which leads the beats were called."""
    return one["column"]


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 in first and in second leads with its interval over people."""
    return tables.out_of_fold(tables.grouped(outcome["outcomes"], column_of))
