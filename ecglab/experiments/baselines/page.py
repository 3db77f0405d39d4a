"""The section on trees and the nearest neighbour."""

from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables
from ecglab.experiments.resnet50 import ONE_WOMAN

QUESTION = "what trees and a nearest neighbour reach"
PLACE = 20


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    candidates = {}
    for form, account in outcome["DS1 out of fold"].items():
        candidates[form] = [account["scores"]]
    macros, final, others = {}, {}, {}
    for way, chosen in outcome["final"].items():
        scores = tables.scores_of(chosen["DS2"])
        macros[way] = f"{tables.mean(scores, 'macro_f1'):.2f}"
        final[f"{way} ({chosen['form']})"] = scores
        others[way] = tables.without(chosen["DS2"], ONE_WOMAN)
    best = boosted(outcome)
    return {
        "candidates": tables.over_seeds(candidates, tables.FEW_SCORES).to_markdown(),
        **macros,
        "final": tables.over_seeds(final).to_markdown(),
        "without": tables.over_seeds(others).to_markdown(),
        "records": tables.records_table(best).head(8).to_markdown(),
        "alt": tables.in_words(tables.intervals_table(best)),
    }


def boosted(outcome: dict) -> list[dict]:
    """Return the accounts of the boosted trees on DS2, one a seed."""
    return outcome["final"]["boosting"]["DS2"]


def draw(outcome: dict) -> Figure:
    """Draw the boosted trees' scores with their intervals."""
    intervals = tables.intervals_table(boosted(outcome))
    return plot.intervals(intervals, "Boosted trees on DS2, 95 % over people")
