"""Draw the result for the front page, and write its sentences, from what was recorded.

Usage: python tools/front.py

The picture is drawn twice, for light pages and for dark ones, in the colours of the explorers.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import evaluate, experiments, plot, records
from ecglab.experiments import tables
from ecglab.experiments.baselines.page import boosted
from ecglab.experiments.resnet50.page import GOAL
from ecglab.explorers.files import file
from ecglab.runs import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "index.md"
FIGURES = ROOT / "book" / "_static"

#: The experiment whose network the page speaks of, and the other of whose trees.
NETWORK, TREES = "final", "baselines"
RESULT = re.compile(r"(<!-- result -->\n).*?(<!-- /result -->)", re.DOTALL)
#: How many of the four goals are reached, in words.
COUNTS = ("none", "one", "two", "three", "all")
#: What the scores are called on the page.
NAMES = {
    "accuracy": "accuracy",
    "macro-F1": "macro-F1",
    "S F1": "F1 of S",
    "V F1": "F1 of V",
}

Colours = dict[str, str]
Draw = Callable[[Colours], Figure]


def main() -> int:
    """Write the pictures and the page."""
    plot.style()
    text = PAGE.read_text(encoding="utf-8")
    save("front-result", result_words(), result_figure)
    text = with_result(text)
    write_text(PAGE, text)
    return 0


def colours(dark: bool) -> Colours:
    """Return the colours of the explorers by their names."""
    style = file("drawing.css")
    if dark:
        style += file("style.css")  # what it says later goes
    return dict(re.findall(r"--ecg-(\w+): (#\w+);", style))


def save(name: str, words: str, draw: Draw) -> None:
    """Save a picture for light and for dark pages; its description holds the alt text."""
    for dark in (False, True):
        palette = colours(dark)
        ink = palette["ink"]
        settings = {
            "svg.hashsalt": name,
            "text.color": ink,
            "axes.labelcolor": ink,
            "axes.edgecolor": ink,
            "xtick.color": ink,
            "ytick.color": ink,
        }
        with plt.rc_context(settings):
            figure = draw(palette)
            figure.savefig(
                path_of(name, dark),
                transparent=True,
                metadata={"Date": None, "Description": words},
            )
        plt.close(figure)


def path_of(name: str, dark: bool = False) -> Path:
    """Return where a picture lies."""
    return FIGURES / f"{name}{'-dark' if dark else ''}.svg"


# --- the result -----------------------------------------------------------------------------------


@cache
def result() -> dict[str, pd.DataFrame]:
    """Return the network's and the trees' scores with their intervals over people."""
    network = experiments.recorded(NETWORK)["outcomes"]
    accounts = {
        "network": tables.annotated(network),
        "boosted trees": boosted(experiments.recorded(TREES)),
    }
    scores = {}
    for who, its in accounts.items():
        _, counts = tables.people_of(its)
        scores[who] = evaluate.bootstrap_matrices(counts).loc[list(GOAL)]
    return scores


def result_figure(palette: Colours) -> Figure:
    """Draw goal, network and trees, score by score."""
    figure, ax = plt.subplots(figsize=(5.8, 3.3))
    heights = np.arange(len(GOAL))[::-1]
    looks = {
        "network": ("o", palette["mark"], 0.13),
        "boosted trees": ("s", palette["wrong"], -0.13),
    }
    for who, scores in result().items():
        mark, colour, shift = looks[who]
        at = heights + shift
        ax.hlines(at, scores["low"], scores["high"], color=colour, linewidth=2.5)
        ax.plot(scores["value"], at, mark, color=colour, label=who)
    goals = list(GOAL.values())
    ink = palette["ink"]
    ax.vlines(goals, heights - 0.32, heights + 0.32, color=ink, linewidth=2.5, label="goal")
    ax.set_yticks(heights, NAMES.values())
    ax.set(xlim=(0, 1.02), xlabel="score on DS2; 95 % interval over people")
    ax.grid(axis="x", color=palette["blank"], linewidth=0.7)
    ax.set_axisbelow(True)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)
    return figure


def result_words() -> str:
    """Return the figure's numbers as alt text."""
    parts = []
    for who, scores in result().items():
        numbers = []
        for score, row in scores.iterrows():
            interval = f"{row['low']:.2f} to {row['high']:.2f}"
            numbers.append(f"{NAMES[score]} {row['value']:.2f} ({interval})")
        parts.append(f"{who}: {', '.join(numbers)}")
    goals = [f"{NAMES[score]} {least}" for score, least in GOAL.items()]
    return f"Scores beside the goal. Goal: {', '.join(goals)}; {'; '.join(parts)}."


def with_result(text: str) -> str:
    """Return the page's text with what was recorded in its place."""
    words = result_words()
    pictures = [
        f"```{{image}} _static/{path_of('front-result', dark).name}\n"
        f":alt: {words}\n"
        f":class: only-{'dark' if dark else 'light'}\n"
        ":width: 100%\n"
        "```\n"
        for dark in (False, True)
    ]
    filled = "\n".join([*pictures, result_sentences() + "\n"])
    return RESULT.sub(lambda found: found[1] + filled + found[2], text)


def result_sentences() -> str:
    """Say plainly what was reached and what was missed."""
    scores = result()
    network = scores["network"]
    reached = sum(network.loc[score, "value"] >= least for score, least in GOAL.items())
    people = {records.subject(name) for name in records.DS2}
    taught = {records.subject(name) for name in records.DS1}
    s = network.loc["S F1"]
    trees = scores["boosted trees"]["value"]
    least = GOAL["S F1"]
    verdict = "is missed" if s["value"] < least else "is met"
    return (
        f"On {len(people)} people, {len(people - taught)} of whom it had never met, the network "
        f"calls {network.loc['accuracy', 'value']:.1%} of the beats as the annotators did. "
        f"Of the four goals that were set before the first training it reaches {COUNTS[reached]}. "
        f"**S {verdict}:** for early beats from above the ventricles the F1 is "
        f"{s['value']:.2f} (95 % interval over people {s['low']:.2f} to {s['high']:.2f}), "
        f"and {least} was the goal. Boosted trees reach {trees['S F1']:.2f} there, and "
        f"{trees['V F1']:.2f} for V, where the network has {network.loc['V F1', 'value']:.2f} "
        f"and the goal is {GOAL['V F1']}."
    ).replace("%", " %", 1)


if __name__ == "__main__":
    sys.exit(main())
