"""The section on noise."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables
from ecglab.experiments.noise import WAYS

QUESTION = "how much noise the network and the trees stand"
PLACE = 90
#: The kinds of noise, by the name of their record in nstdb.
NAMES = {None: "none", "em": "electrode motion", "ma": "muscle", "bw": "baseline wander"}


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    table = scores_table(outcome)
    table["dB"] = table["dB"].map("{:.0f}".format).replace("nan", "–")
    return {
        "scores": table.to_markdown(index=False, floatfmt=".3f"),
        "every": outcome["every"],
        "trees_ahead": trees_ahead(outcome),
    }


def scores_table(outcome: dict) -> pd.DataFrame:
    """Return macro-F1 and V F1 under each kind and strength of noise."""
    rows = []
    for one in outcome["outcomes"]:
        row = {"noise": NAMES[one["kind"]], "dB": one["dB"]}
        scores = {way: one[way]["scores"] for way in WAYS}
        for way in WAYS:
            row[f"{way} macro-F1"] = scores[way]["macro_f1"]
        for way in WAYS:
            row[f"{way} V F1"] = scores[way]["V F1"]
        rows.append(row)
    return pd.DataFrame(rows)


def trees_ahead(outcome: dict) -> str:
    """Return by how much the trees are ahead in macro-F1 under electrode motion."""
    network, trees = WAYS
    under = {}
    for one in outcome["outcomes"]:
        if one["kind"] == "em":
            under[one["dB"]] = one
    words = []
    for decibels in (6, 0):
        one = under[decibels]
        gain = tables.gain([one[trees]], [one[network]])
        macro = tables.gain_in_words(gain)["macro-F1"]
        words.append(f"{macro} at {decibels} dB")
    return ", ".join(words)


def draw(outcome: dict) -> Figure:
    """Draw macro-F1 against the strength of each noise."""
    table = scores_table(outcome)
    kinds = list(table["noise"].unique())
    kinds.remove("none")
    figure, axes = plt.subplots(1, len(kinds), figsize=(8, 3), sharey=True, squeeze=False)
    for ax, kind in zip(axes[0], kinds, strict=True):
        its = table[table["noise"] == kind]
        for way, color in zip(WAYS, plot.PALETTE, strict=False):
            macros = table[f"{way} macro-F1"]
            ax.plot(its["dB"], macros[its.index], "o-", color=color, label=way)
            accounts = {row: [outcome["outcomes"][row][way]] for row in its.index}
            between = tables.macro_intervals(accounts)
            low, high = between["low"], between["high"]
            ax.fill_between(its["dB"], low, high, color=color, alpha=0.15, linewidth=0)
            ax.axhline(macros.iloc[0], color=color, linestyle=":")
        ax.set_xlabel("signal to noise (dB)")
        ax.set_title(kind)
        ax.set_ylim(0, 1)
        ax.invert_xaxis()
    axes[0, 0].set_ylabel("macro-F1 (dotted: no noise)")
    axes[0, 0].legend()
    return figure
