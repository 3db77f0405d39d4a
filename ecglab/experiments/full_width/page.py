"""The section on the network at full width."""

import numpy as np

from ecglab import experiments
from ecglab.experiments import tables

QUESTION = "what the same recipe reaches with sixteen times the parameters"
PLACE = 80


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    quarter = experiments.recorded("resnet50")["outcomes"]
    same = [one for one in quarter if one["recipe"] == "image and RR"]
    scores = {
        "64 filters, told of the rhythm": tables.scores_of(tables.annotated(outcome["outcomes"])),
        "16 filters, RR ratios alone": tables.scores_of(tables.annotated(same)),
    }
    training = np.mean([one["training seconds"] for one in outcome["outcomes"]])
    return {
        "scores": tables.over_seeds(scores).to_markdown(),
        "training": f"{training / 60:.0f}",
    }
