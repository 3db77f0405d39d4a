"""The section on the network at full width."""

import numpy as np
from matplotlib.figure import Figure

from ecglab import experiments
from ecglab.experiments import tables
from ecglab.experiments.final import page as final
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.experiments.resnet50 import page as resnet50

QUESTION = "what the same recipe reaches with sixteen times the parameters"
PLACE = 80
#: The network of `final`, with which the wide one is compared.
QUARTER = "16 filters (`final`)"


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ours = tables.annotated(outcome["outcomes"])
    ways = {
        "64 filters": ours,
        QUARTER: tables.annotated(experiments.recorded("final")["outcomes"]),
    }
    training = np.mean([one["training seconds"] for one in outcome["outcomes"]])
    return {
        "wide": tables.headline(ours) | tables.mistaken(ours, "V"),
        "quarter": tables.headline(ways[QUARTER]) | tables.mistaken(ways[QUARTER], "V"),
        "each_macro": ", ".join(f"{one['macro_f1']:.3f}" for one in tables.scores_of(ours)),
        "scores": final.scores_table(ways),
        "gains": final.gains_table(ways),
        "gains_without_woman": final.gains_table(ways, ONE_WOMAN),
        **final.v_seeds(ours),
        "detected": detected_table(outcome["outcomes"]),
        "without_woman": final.without_table(ways, ONE_WOMAN),
        "without_man": final.without_table(ways, final.ONE_MAN),
        "goal": resnet50.goal_table(ways),
        "records": tables.worst(ours, 8),
        "alt": final.in_words(ours),
        "training": f"{training / 60:.0f}",
    }


def detected_table(outcomes: list[dict]) -> str:
    """Return the scores on detected beats of the wide network and of that of `final`."""
    ways = {"64 filters": outcomes, QUARTER: experiments.recorded("final")["outcomes"]}
    return resnet50.detected_table(ways).to_markdown(floatfmt=".3f")


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that the wide network finds, record by record."""
    return final.found_s(tables.annotated(outcome["outcomes"]))
