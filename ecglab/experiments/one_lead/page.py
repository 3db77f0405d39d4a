"""The section on a network for one lead."""

from matplotlib.figure import Figure

from ecglab.experiments import tables
from ecglab.experiments.context import RIVAL
from ecglab.experiments.context import page as context
from ecglab.experiments.one_lead import COLUMNS

QUESTION = "what a single lead is enough for, on DS1 alone"
PLACE = 67


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    columns = tables.grouped(outcome["outcomes"], column_of)
    first, second = (columns[name] for name in COLUMNS)
    both = context.told_most(RIVAL)[:1]  # two leads, of the same folds and seed
    gains = {name: tables.gain(accounts, both) for name, accounts in columns.items()}
    return tables.compared(outcome, column_of) | {
        "width": outcome["recipe"]["width"],
        "first": tables.headline(first),
        "second": tables.headline(second),
        "both": tables.headline(both),
        "gains": tables.gains(gains).to_markdown(),
    }


def column_of(one: dict) -> str:
    """Return in which leads the beats were called."""
    return one["column"]


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 in first and in second leads with its interval over people."""
    return tables.out_of_fold(tables.grouped(outcome["outcomes"], column_of))
