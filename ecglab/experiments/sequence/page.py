"""The section on beats read among their neighbours."""

from matplotlib.figure import Figure

from ecglab.experiments import tables
from ecglab.experiments.context import page as context
from ecglab.experiments.sequence import ALONE, BOTH, WAYS

QUESTION = "whether a recurrent head finds more in the neighbouring beats, on DS1 alone"
PLACE = 66


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    alone, head, both = (tables.headline(ways[way]) for way in WAYS)
    trees = context.told_most("boosting")
    over = tables.gain(trees, ways[BOTH])
    return tables.compared(outcome, way_of) | {
        "alone": alone,
        "head": head,
        "both": both,
        "trees": tables.headline(trees),
        "trees_over": tables.gain_in_words(over),
        "each_gain": context.each_gain(ways[ALONE], ways[BOTH]),
        "gains": tables.gains(outcome["differences"]).to_markdown(),
        "around": outcome["around"],
        "errors_alone": errors_of(ways[ALONE]),
        "errors_both": errors_of(ways[BOTH]),
        "records_alone": tables.worst(ways[ALONE], 8),
        "records_both": tables.worst(ways[BOTH], 8),
    }


def errors_of(accounts: list[dict]) -> dict[str, int]:
    """Return how many errors each record has, by ``in 203`` and so on."""
    errors = tables.records_table(accounts)["errors"]
    return {f"in {record}": count for record, count in errors.items()}


def way_of(one: dict) -> str:
    """Return whose answer is scored."""
    return one["way"]


def draw(outcome: dict) -> Figure:
    """Draw the macro-F1 of every way with its interval over people."""
    return tables.out_of_fold(tables.grouped(outcome["outcomes"], way_of))
