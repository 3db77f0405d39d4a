"""Write book/results.md from the recorded outcomes, so that no number is typed by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd

from ecglab import evaluate, experiments, plot
from ecglab.train import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "results.md"
TEMPLATE = ROOT / "tools" / "results_template.md"
FIGURE = ROOT / "book" / "_static" / "results-resnet50.png"


def main() -> int:
    """Write the page and its figure."""
    outcome = experiments.recorded("resnet50")
    figure = intervals_figure(outcome)
    figure.savefig(FIGURE, dpi=150)
    write_text(PAGE, page(outcome))
    return 0


def page(outcome: dict) -> str:
    """Return the page's text."""
    scores, intervals = scores_table(outcome), intervals_table(outcome)
    recipe = outcome["recipe"] | {"leads": ", ".join(outcome["recipe"]["leads"])}
    s_with, s_without = s_f1_without(outcome, "232")
    return TEMPLATE.read_text().format(
        **recipe,
        seeds=len(outcome["seeds"]),
        scores=scores.to_markdown(floatfmt=".3f"),
        alt="; ".join(
            f"{n} {r.value:.2f} ({r.low:.2f} to {r.high:.2f})" for n, r in intervals.iterrows()
        ),
        always_n=f"{always_n(outcome):.3f}",
        s_with=f"{s_with:.3f}",
        s_without=f"{s_without:.3f}",
        records=records_table(outcome).to_markdown(),
        command=outcome["command"],
        minutes=round(outcome["seconds"] / 60),
        environment=", ".join(f"{k} {v}" for k, v in outcome["environment"].items()),
    )


def scores_table(outcome: dict) -> pd.DataFrame:
    """One row a seed, then mean and standard deviation."""
    columns = ["accuracy", "macro_f1", *(f"{c} {m}" for c in "NSV" for m in ("Se", "+P", "F1"))]
    rows = pd.DataFrame([{c: o["DS2"][c] for c in columns} for o in outcome["outcomes"]])
    rows.index = [f"seed {o['seed']}" for o in outcome["outcomes"]]
    table = pd.concat([rows, rows.agg(["mean", "std"])])
    return table.rename(columns={"macro_f1": "macro-F1"})


def intervals_table(outcome: dict) -> pd.DataFrame:
    """Value, low and high of the main scores, mean over seeds."""
    tables = [pd.DataFrame(o["intervals"]).T for o in outcome["outcomes"]]
    mean = sum(tables) / len(tables)
    return mean.loc[["accuracy", "macro-F1", "N F1", "S F1", "V F1"]]


def intervals_figure(outcome: dict):
    """Draw `intervals_table` as a forest plot."""
    plot.style()
    seeds = len(outcome["seeds"])
    return plot.intervals(
        intervals_table(outcome), f"DS2, mean of {seeds} seeds, 95 % intervals over people"
    )


def matrices(outcome: dict) -> dict[str, np.ndarray]:
    """Confusion matrix of each record, summed over seeds."""
    names = outcome["outcomes"][0]["per record"]
    return {n: sum(np.array(o["per record"][n]) for o in outcome["outcomes"]) for n in names}


def always_n(outcome: dict) -> float:
    """Accuracy of a program that calls every beat N."""
    total = sum(matrices(outcome).values())
    return total[0].sum() / total.sum()


def s_f1_without(outcome: dict, name: str) -> tuple[float, float]:
    """Mean S F1 over seeds with and without one record."""
    pairs = []
    for one in outcome["outcomes"]:
        every = {n: np.array(m) for n, m in one["per record"].items()}
        total = sum(every.values())
        pairs.append(
            [evaluate.Scores(m).table.loc["S", "F1"] for m in (total, total - every[name])]
        )
    return tuple(np.mean(pairs, axis=0))


def records_table(outcome: dict) -> pd.DataFrame:
    """Errors of each record and the commonest kinds of them."""
    rows = {
        name: {
            "beats": m.sum() // len(outcome["seeds"]),
            "errors": m.sum() - np.trace(m),
            **{
                f"{a} as {b}": m["NSVF".index(a), "NSVF".index(b)]
                for a, b in ("NS", "NV", "NF", "SN", "SV", "VN")
            },
        }
        for name, m in matrices(outcome).items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("record")
    return table.sort_values("errors", ascending=False)


if __name__ == "__main__":
    sys.exit(main())
