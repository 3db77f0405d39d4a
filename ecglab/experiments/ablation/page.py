"""The section on the parts of the recipe."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import t

from ecglab import plot
from ecglab.experiments import tables

QUESTION = "which parts of the recipe earn their place, on DS1 alone"
PLACE = 60
#: The correction of the recipe, under which variants are compared.
CORRECTION = "F and Q"
#: The scores that are drawn: label, column, mark.
DRAWN = (
    ("macro-F1", "macro_f1", "o"),
    ("S F1", "S F1", "s"),
    ("V F1", "V F1", "^"),
)


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    rows = variants(outcome)
    table = tables.over_seeds(rows, tables.FEW_SCORES)
    base = tables.mean(rows["the recipe"], "macro_f1")
    gains = []
    for scores in rows.values():
        gain = tables.mean(scores, "macro_f1") - base
        gains.append(f"{gain:+.3f}")
    table["against the recipe"] = gains
    macros = [one["macro_f1"] for one in rows["the recipe"]]
    spread = np.std(macros, ddof=1)
    seeds = len(macros)
    quantile = t.ppf(0.975, seeds - 1)
    doubt = quantile * spread * np.sqrt(1 + 1 / seeds)  # one run against the mean of some
    recipe = outcome["recipe"]
    return {
        "variants": table.to_markdown(disable_numparse=True),
        "spread": tables.THREE_DIGITS(spread),
        "doubt": tables.THREE_DIGITS(doubt),
        "corrections": corrections_table(outcome).to_markdown(),
        "recipe": recipe_table(recipe).to_markdown(),
        "ratios": "; ".join(recipe["rr"]),
    }


def corrections_table(outcome: dict) -> pd.DataFrame:
    """Return the scores of the recipe and of the best variant under each correction."""
    recipe = outcome["outcomes"][0]
    rows = {}
    for one in (recipe, best_variant(outcome)):
        for classes, account in one["corrections"].items():
            name = f"{one['variant']}: {classes}"
            rows[name] = [account["scores"]]
    return tables.over_seeds(rows, tables.FEW_SCORES)


def corrected(one: dict) -> dict:
    """Return one variant's scores after the correction."""
    return one["corrections"][CORRECTION]["scores"]


def best_variant(outcome: dict) -> dict:
    """Return the outcome of the variant with the best macro-F1."""
    return max(outcome["outcomes"], key=lambda one: corrected(one)["macro_f1"])


def variants(outcome: dict) -> dict[str, list[dict]]:
    """Return the corrected scores of each variant, one dict a seed."""
    rows: dict[str, list[dict]] = {}
    for one in outcome["outcomes"]:
        scores = rows.setdefault(one["variant"], [])
        scores.append(corrected(one))
    return rows


def recipe_table(recipe: dict) -> pd.Series:
    """Return the short recipe, one row a setting."""
    words = {}
    for name, value in recipe.items():
        word = str(value).strip("[]{}")
        words[name] = word.replace("'", "")
    count = len(recipe["rr"])
    words["rr"] = f"{count} ratios"
    words["leads"] = words["leads"].replace("|", " or ")  # the bar would end a cell
    table = pd.Series(words, name="value")
    return table.rename_axis("setting")


def draw(outcome: dict) -> Figure:
    """Draw the scores of every variant, the best macro-F1 on top."""
    rows = variants(outcome)
    names = sorted(rows, key=lambda name: tables.mean(rows[name], "macro_f1"))
    heights = range(len(names))
    figure, ax = plt.subplots(figsize=(7, 0.3 * len(names) + 1))
    for color, (label, column, mark) in zip(plot.PALETTE, DRAWN, strict=False):
        seeds = [one[column] for one in rows["the recipe"]]
        ax.axvspan(min(seeds), max(seeds), color=color, alpha=0.15, linewidth=0)
        values = [tables.mean(rows[name], column) for name in names]
        ax.plot(values, heights, mark, color=color, label=label)
    ax.grid(axis="y", alpha=0.3)
    ax.set_yticks(heights, names)
    ax.set(xlim=(0, 1), xlabel="F1, DS1 out of fold (bands: the recipe's seeds)")
    ax.legend(loc="upper left")
    return figure
