"""The section on splits."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables
from ecglab.experiments.leakage import SPLITS, WAYS

QUESTION = "what a score gains when the same heart stands on both sides of the split"
PLACE = 10


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    accounts = tables.grouped(outcome["outcomes"], lambda one: f"{one['way']}, {one['split']}")
    recipe = outcome["recipe"]
    scores, means = {}, {}
    for way, seeds in accounts.items():
        scores[way] = tables.scores_of(seeds)
        means[way] = tables.mean(scores[way], "macro_f1")
    intervals = tables.macro_intervals(accounts)
    alt = [f"{way} {macro:.2f}" for way, macro in means.items()]
    return {
        "scores": tables.over_seeds(scores, tables.FEW_SCORES).to_markdown(),
        "intervals": tables.in_words(intervals),
        "most": f"{recipe['most']:,}",
        "depth": recipe["depth"],
        "best": f"{means['small CNN, beats at random']:.2f}",
        "worst": f"{means['small CNN, DS1 and DS2']:.2f}",
        "alt": "; ".join(alt),
    }


def draw(outcome: dict) -> Figure:
    """Draw macro-F1 under each split, the two ways side by side."""
    figure, ax = plt.subplots(figsize=(7, 3.2))
    for way, color, aside in zip(WAYS, plot.PALETTE, (-0.08, 0.08), strict=False):
        its = [one for one in outcome["outcomes"] if one["way"] == way]
        splits = np.array([SPLITS.index(one["split"]) for one in its])
        macros = [one["scores"]["macro_f1"] for one in its]
        ax.plot(splits + aside, macros, "o", color=color, label=way)
    ticks = range(len(SPLITS))
    ax.set_xticks(ticks, SPLITS)
    ax.set_ylabel("macro-F1 of N, S, V")
    ax.set_ylim(0, 1)
    ax.set_title("The same heart on both sides flatters")
    ax.legend()
    return figure
