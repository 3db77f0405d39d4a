"""Write book/results.md from the recorded outcomes, so that no number is typed by hand.

The page's words stand in ``tools/results_sections``, one file an experiment; the functions here
fill in tables and draw figures. What has not been run yet is listed as such.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import evaluate, experiments, plot
from ecglab.beats import CLASSES
from ecglab.experiments.noise import WAYS as NOISE_WAYS
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.train import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "results.md"
SECTIONS = Path(__file__).with_name("results_sections")
FIGURES = ROOT / "book" / "_static"
#: What each experiment asks; the first line of a section.
QUESTIONS = {
    "leakage": "what a score gains when the same heart stands on both sides of the split",
    "baselines": "what trees and a nearest neighbour reach",
    "pictures": "which kind of picture of a beat a small network reads best",
    "degradation": "whether deeper plain networks train worse on heartbeats, and why",
    "floor": "what a first, untuned quarter-width ResNet-50 reaches on people it has not seen",
    "ablation": "which parts of the recipe earn their place, on DS1 alone",
    "resnet50": "what the recipe chosen on DS1 reaches on DS2",
    "full_width": "what the same recipe reaches with sixteen times the parameters",
    "noise": "how much noise the network and the trees stand",
}
GOAL_COLUMNS = {"accuracy": "accuracy", "macro-F1": "macro_f1", "S F1": "S F1", "V F1": "V F1"}
GOAL = {"accuracy": 0.96, "macro-F1": 0.87, "S F1": 0.75, "V F1": 0.94}
#: Learnt on some people and scored on others, of MIT-BIH; "–" where no source at hand says it.
PUBLISHED = {
    # F1 from the sensitivity and positive predictivity that the abstract gives
    "linear discriminants {cite:p}`dechazal2004`": {
        "S F1": f"{2 * 0.759 * 0.385 / (0.759 + 0.385):.3f}",
        "V F1": f"{2 * 0.777 * 0.819 / (0.777 + 0.819):.3f}",
    },
    "linear and quadratic discriminants {cite:p}`llamedo2011`": {"accuracy": "0.93"},
    "convolutional network {cite:p}`niu2019`": {
        "accuracy": "0.964",
        "S F1": "0.766",
        "V F1": "0.897",
    },
    "random forest {cite:p}`saenzcogollo2020`": {
        "accuracy": "0.961",
        "S F1": "0.731",
        "V F1": "0.909",
    },
}
#: What the networks of `degradation` learn to tell.
TASKS = {"class": "Which kind of beat?", "person": "Whose beat?"}
#: In which rhythms S is told well, and in which not; the letters are the database's.
OTHER = "other rhythms"
RHYTHMS = {
    "N": "sinus rhythm",
    "SBR": "sinus bradycardia (232)",
    "AFIB": "atrial fibrillation or flutter",
    "AFL": "atrial fibrillation or flutter",
    "": OTHER,
}
#: The correction of the recipe, under which variants are compared.
CORRECTION = "F and Q"
#: Places in the matrices of detected beats: ventricular, and no beat where the other has one.
V, NONE = CLASSES.index("V"), len(CLASSES)
SCORES = ("accuracy", "macro_f1", "N F1", "S Se", "S +P", "S F1", "V Se", "V +P", "V F1")


def main() -> int:
    """Write the page and its figures."""
    plot.style()
    for name in recorded_names():
        if name in DRAWN:
            figure = DRAWN[name](experiments.recorded(name))
            figure.savefig(FIGURES / f"results-{name}.png", dpi=150)
            plt.close(figure)
    write_text(PAGE, page())
    return 0


def recorded_names() -> list[str]:
    """Name the experiments that have a recorded outcome."""
    return [name for name in experiments.NAMES if experiments.path_of(name).exists()]


def page() -> str:
    """Return the page's text."""
    done = recorded_names()
    rows = {
        f"`{name}`": [QUESTIONS[name], "recorded" if name in done else "not run yet"]
        for name in experiments.NAMES
    }
    state = pd.DataFrame.from_dict(rows, orient="index", columns=["what it asks", "state"])
    head = (SECTIONS / "head.md").read_text()
    parts = [head.format(state=state.rename_axis("experiment").to_markdown())]
    return "\n".join([*parts, *(section(name) for name in done)])


def section(name: str) -> str:
    """Return one experiment's part of the page."""
    outcome = experiments.recorded(name)
    words = (SECTIONS / f"{name}.md").read_text()
    run = {
        "command": outcome["command"],
        "seeds": len(outcome["seeds"]),
        "minutes": round(outcome["seconds"] / 60),
        "environment": ", ".join(f"{k} {v}" for k, v in outcome["environment"].items()),
    }
    return words.format(**run, **FILLED[name](outcome))


# ---------------------------------------------------------------------------
# Tables that several sections share


def grouped(outcomes: list[dict], name_of: Callable[[dict], str]) -> dict[str, list[dict]]:
    """Return the outcomes of each name, in the order recorded: the seeds of one way together."""
    groups: dict[str, list[dict]] = {}
    for one in outcomes:
        groups.setdefault(name_of(one), []).append(one)
    return groups


def over_seeds(summaries: dict[str, list[dict]], columns: tuple[str, ...] = SCORES) -> pd.DataFrame:
    """Return mean ± standard deviation over seeds, one row a way; one seed has no spread."""
    rows = {}
    for way, seeds in summaries.items():
        table = pd.DataFrame([{c: one[c] for c in columns} for one in seeds]).astype(float)
        mean, spread = table.mean(), table.std()
        rows[way] = {
            # In a narrow column the line breaks before the sign, never after it
            c: f"{mean[c]:.3f}" + (f" ±\u00a0{spread[c]:.3f}" if len(seeds) > 1 else "")
            for c in columns
        }
    table = pd.DataFrame.from_dict(rows, orient="index").replace("nan", "–")
    return table.rename(columns={"macro_f1": "macro-F1"})


def _mean(summaries: list[dict], column: str) -> float:
    return float(np.mean([one[column] for one in summaries]))


def headline(accounts: list[dict]) -> dict[str, str]:
    """Return the scores for which there is a goal, mean over seeds."""
    scores = [one["scores"] for one in accounts]
    return {name: f"{_mean(scores, column):.3f}" for name, column in GOAL_COLUMNS.items()}


def matrices(accounts: list[dict]) -> dict[str, np.ndarray]:
    """Return the confusion matrix of each record, summed over seeds."""
    names = accounts[0]["per record"]
    return {name: sum(np.array(one["per record"][name]) for one in accounts) for name in names}


def intervals_table(accounts: list[dict]) -> pd.DataFrame:
    """Return value, low and high of the main scores, mean over seeds."""
    mean = sum(pd.DataFrame(one["intervals"]).T for one in accounts) / len(accounts)
    return mean.loc[["accuracy", "macro-F1", "N F1", "S F1", "V F1"]]


def macro_intervals(groups: dict[str, list[dict]]) -> pd.DataFrame:
    """Return value, low and high of macro-F1, one row a way."""
    return pd.DataFrame(
        {way: intervals_table(its).loc["macro-F1"] for way, its in groups.items()}
    ).T


def in_words(intervals: pd.DataFrame) -> str:
    """Return intervals as alt text."""
    return "; ".join(
        f"{n} {r.value:.2f} ({r.low:.2f} to {r.high:.2f})" for n, r in intervals.iterrows()
    )


def without(accounts: list[dict], name: str) -> list[dict]:
    """Return the scores of each seed without one record."""
    others = [{n: m for n, m in one["per record"].items() if n != name} for one in accounts]
    return [evaluate.Scores(_sum(its)).summary() for its in others]


def _sum(by_record: dict[str, list]) -> np.ndarray:
    """Add up the matrices of all records."""
    return np.sum(list(by_record.values()), axis=0)


def records_table(accounts: list[dict]) -> pd.DataFrame:
    """Return the errors of each record and the commonest kinds of them."""
    pairs = ("NS", "NV", "NF", "SN", "SV", "VN", "FN", "FV")
    rows = {
        name: {
            "beats": m.sum() // len(accounts),
            "errors": m.sum() - np.trace(m),
            **{f"{a} as {b}": m[CLASSES.index(a), CLASSES.index(b)] for a, b in pairs},
        }
        for name, m in matrices(accounts).items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("record")
    return table.sort_values("errors", ascending=False)


# ---------------------------------------------------------------------------
# The sections


def floor(outcome: dict) -> dict:
    """Fill in the section on the first, untuned network."""
    accounts = [one["annotated beats"] for one in outcome["outcomes"]]
    recipe = outcome["recipes"]["one lead, one beat"]
    total = sum(matrices(accounts).values())
    return {
        **{name: recipe[name] for name in ("width", "size", "before", "after", "epochs")},
        **{name: recipe[name] for name in ("steps", "batch")},
        "leads": ", ".join(recipe["leads"]),
        "scores": over_seeds({"this network": [one["scores"] for one in accounts]}).to_markdown(),
        "alt": in_words(intervals_table(accounts)),
        "always_n": f"{total[0].sum() / total.sum():.3f}",
        **headline(accounts),
        "s_without": f"{_mean(without(accounts, ONE_WOMAN), 'S F1'):.3f}",
        "records": records_table(accounts).to_markdown(),
    }


def floor_figure(outcome: dict) -> Figure:
    """Draw the floor's scores with their intervals."""
    accounts = [one["annotated beats"] for one in outcome["outcomes"]]
    title = f"DS2, mean of {len(accounts)} seeds, 95 % intervals over people"
    return plot.intervals(intervals_table(accounts), title)


def leakage(outcome: dict) -> dict:
    """Fill in the section on splits."""
    groups = grouped(outcome["outcomes"], lambda one: f"{one['way']}, {one['split']}")
    ways = {way: [one["scores"] for one in its] for way, its in groups.items()}
    return {
        "scores": over_seeds(ways, ("accuracy", "macro_f1", "N F1", "S F1", "V F1")).to_markdown(),
        "intervals": in_words(macro_intervals(groups)),
        "most": f"{outcome['recipe']['most']:,}",
        "depth": outcome["recipe"]["depth"],
        "best": f"{_mean(ways['small CNN, beats at random'], 'macro_f1'):.2f}",
        "worst": f"{_mean(ways['small CNN, DS1 and DS2'], 'macro_f1'):.2f}",
        "alt": "; ".join(
            f"{way} {np.mean([one['macro_f1'] for one in seeds]):.2f}"
            for way, seeds in ways.items()
        ),
    }


def leakage_figure(outcome: dict) -> Figure:
    """Draw macro-F1 under each split."""
    table = pd.DataFrame(
        [
            {"split": one["split"], "way": one["way"], "macro-F1": one["scores"]["macro_f1"]}
            for one in outcome["outcomes"]
        ]
    )
    figure, ax = plt.subplots(figsize=(7, 3.2))
    splits = list(dict.fromkeys(table["split"]))
    for k, (way, its) in enumerate(table.groupby("way", sort=False)):
        places = its["split"].map(splits.index) + (k - 0.5) * 0.16
        ax.plot(places, its["macro-F1"], "o", color=plot.PALETTE[k], label=way)
    ax.set_xticks(range(len(splits)), splits)
    ax.set(ylabel="macro-F1 of N, S, V", ylim=(0, 1), title="The same heart on both sides flatters")
    ax.legend()
    return figure


def baselines(outcome: dict) -> dict:
    """Fill in the section on trees and the nearest neighbour."""
    candidates = {way: [one["scores"]] for way, one in outcome["DS1 out of fold"].items()}
    scored = {
        way: [account["scores"] for account in one["DS2"]] for way, one in outcome["final"].items()
    }
    final = {f"{way} ({outcome['final'][way]['form']})": its for way, its in scored.items()}
    others = {way: without(one["DS2"], ONE_WOMAN) for way, one in outcome["final"].items()}
    best = outcome["final"]["boosting"]["DS2"]
    columns = ("accuracy", "macro_f1", "N F1", "S F1", "V F1")
    return {
        "candidates": over_seeds(candidates, columns).to_markdown(),
        **{way: f"{_mean(its, 'macro_f1'):.2f}" for way, its in scored.items()},
        "final": over_seeds(final).to_markdown(),
        "without": over_seeds(others).to_markdown(),
        "records": records_table(best).head(8).to_markdown(),
        "alt": in_words(intervals_table(best)),
    }


def baselines_figure(outcome: dict) -> Figure:
    """Draw the boosting's scores with their intervals."""
    accounts = outcome["final"]["boosting"]["DS2"]
    return plot.intervals(intervals_table(accounts), "Boosted trees on DS2, 95 % over people")


def pictures(outcome: dict) -> dict:
    """Fill in the section on kinds of picture."""
    kinds = grouped(outcome["outcomes"], lambda one: one["kind"])
    columns = ("accuracy", "macro_f1", "N F1", "S F1", "V F1")
    scores = {kind: [one["scores"] for one in its] for kind, its in kinds.items()}
    matrix = _sum(outcome["outcomes"][0]["per record"])
    return {
        "always_n": f"{matrix[0].sum() / matrix.sum():.2f}",
        **{name: outcome["recipe"][name] for name in ("size", "depth", "width", "steps", "batch")},
        "scores": over_seeds(scores, columns).to_markdown(),
        "alt": in_words(macro_intervals(kinds)),
    }


def pictures_figure(outcome: dict) -> Figure:
    """Draw macro-F1 of each kind with its interval."""
    kinds = grouped(outcome["outcomes"], lambda one: one["kind"])
    return plot.intervals(macro_intervals(kinds), "Macro-F1 on DS1 out of fold, 95 % over people")


def degradation(outcome: dict) -> dict:
    """Fill in the section on depth."""
    table = pd.DataFrame(outcome["outcomes"])
    table["network"] = table["kind"] + " " + table["depth"].astype(str)
    table["task"] = table["task"].map(TASKS)
    errors = table.pivot_table(
        index="network", columns="task", values="training error", aggfunc=list, sort=False
    )
    return {
        "errors": errors.map(_percent).to_markdown(),
        "looks": _looks_table(outcome).to_markdown(),
        **{one["task"]: one["classes"] for one in outcome["outcomes"]},
        "epochs": outcome["recipe"]["epochs"],
        **{name: outcome["recipe"][name] for name in ("size", "steps", "batch", "rate")},
        "most": f"{outcome['recipe']['most']:,}",
    }


def _percent(shares: list[float]) -> str:
    return f"{100 * np.mean(shares):.1f} ± {100 * np.std(shares, ddof=1):.1f} %"


def _looks_table(outcome: dict) -> pd.DataFrame:
    """Return what would show a vanishing signal, of each deepest network."""
    deepest = max(one["depth"] for one in outcome["outcomes"])
    its = [one for one in outcome["outcomes"] if one["depth"] == deepest]
    rows = {}
    for name, seeds in grouped(its, lambda one: f"{TASKS[one['task']]} {one['kind']}").items():
        gradient = _over_training(seeds, "activation_gradient")
        ratio = gradient[:, 0] / gradient[:, -1]
        kernel = _over_training(seeds, "kernel")
        rows[name] = {
            "gradient, first ÷ last layer: before": f"{ratio[0]:,.0f}",
            "after epoch 1": f"{ratio[1]:,.0f}",
            "at the end": f"{ratio[-1]:,.0f}",
            "smallest gradient ÷ last layer's": f"{(gradient.min(1) / gradient[:, -1]).min():.2f}",
            "smallest activation": f"{_over_training(seeds, 'activation').min():.0f}",
            "smallest γ": f"{_over_training(seeds, 'batch norm gamma').min():.2f}",
            "largest variance": f"{_over_training(seeds, 'batch norm variance').max():.0f}",
            "largest growth of a kernel": f"{(kernel[-1] / kernel[0]).max():.1f} ×",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(f"{deepest} layers")


def _over_training(seeds: list[dict], name: str) -> np.ndarray:
    """Return one norm, look by look and layer by layer: the geometric mean over seeds."""
    logarithms = [np.log([look[name] for look in one["looks"]]) for one in seeds]
    return np.exp(np.mean(logarithms, axis=0))


def degradation_figure(outcome: dict) -> Figure:
    """Draw error over training, a panel a task, and the gradients' way back through the layers."""
    figure, axes = plt.subplots(2, len(TASKS), figsize=(8, 6.4), squeeze=False)
    depths = sorted({one["depth"] for one in outcome["outcomes"]})
    for ax, (task, title) in zip(axes[0], TASKS.items(), strict=False):
        for one in sorted(outcome["outcomes"], key=lambda one: one["kind"]):
            if one["task"] == task:
                ax.semilogy(
                    np.arange(1, len(one["history"]) + 1),
                    [epoch["error"] for epoch in one["history"]],
                    color=plot.PALETTE[depths.index(one["depth"])],
                    linestyle="--" if one["kind"] == "plain" else "-",
                    label=f"{one['kind']} {one['depth']}" if one["seed"] == 0 else None,
                )
        ax.set(xlabel="epoch", title=title, ylim=(0.004, 1))
    for ax, kind in zip(axes[1], ("plain", "residual"), strict=True):
        its = [
            one
            for one in outcome["outcomes"]
            if (one["task"], one["kind"], one["depth"]) == ("class", kind, depths[-1])
        ]
        norms = _over_training(its, "activation_gradient")
        for look, label in ((0, "before training"), (1, "after epoch 1"), (-1, "at the end")):
            ax.semilogy(np.arange(1, norms.shape[1] + 1), norms[look], label=label)
        ax.set(xlabel="convolution, from the input on", title=f"{kind} {depths[-1]}")
        ax.set_ylim(1e-3, 2e3)
    axes[0, 0].set_ylabel("error on the training batches")
    axes[1, 0].set_ylabel("gradient's norm, kind of beat")
    axes[0, 0].legend(ncols=2)
    axes[1, 1].legend()
    figure.align_ylabels()
    return figure


def ablation(outcome: dict) -> dict:
    """Fill in the section on the parts of the recipe."""
    columns = ("accuracy", "macro_f1", "N F1", "S F1", "V F1")
    rows = _variants(outcome)
    table = over_seeds(rows, columns)
    base = _mean(rows["the recipe"], "macro_f1")
    spread = np.std([one["macro_f1"] for one in rows["the recipe"]], ddof=1)
    table["against the recipe"] = [f"{_mean(its, 'macro_f1') - base:+.3f}" for its in rows.values()]
    corrections = {
        f"{one['variant']}: {part}": [account["scores"]]
        for one in (outcome["outcomes"][0], _best_variant(outcome))
        for part, account in one["corrections"].items()
    }
    return {
        "variants": table.to_markdown(disable_numparse=True),
        "spread": f"{spread:.3f}",
        "doubt": f"{2 * spread * np.sqrt(4 / 3):.3f}",  # one run against the mean of three
        "corrections": over_seeds(corrections, columns).to_markdown(),
        "recipe": _recipe_table(outcome["recipe"]),
        "ratios": "; ".join(outcome["recipe"]["rr"]),
    }


def _corrected(one: dict) -> dict:
    return one["corrections"][CORRECTION]["scores"]


def _best_variant(outcome: dict) -> dict:
    return max(outcome["outcomes"], key=lambda one: _corrected(one)["macro_f1"])


def _variants(outcome: dict) -> dict[str, list[dict]]:
    """Return the corrected scores of each variant, one dict a seed."""
    return {
        variant: [_corrected(one) for one in its]
        for variant, its in grouped(outcome["outcomes"], lambda one: one["variant"]).items()
    }


def ablation_figure(outcome: dict) -> Figure:
    """Draw the scores of every variant, the best macro-F1 on top."""
    rows = _variants(outcome)
    variants = sorted(rows, key=lambda variant: _mean(rows[variant], "macro_f1"))
    figure, ax = plt.subplots(figsize=(7, 0.3 * len(rows) + 1))
    marks = {"macro-F1": ("macro_f1", "o"), "S F1": ("S F1", "s"), "V F1": ("V F1", "^")}
    for k, (label, (column, mark)) in enumerate(marks.items()):
        seeds = [one[column] for one in rows["the recipe"]]
        ax.axvspan(min(seeds), max(seeds), color=plot.PALETTE[k], alpha=0.15, linewidth=0)
        values = [_mean(rows[variant], column) for variant in variants]
        ax.plot(values, range(len(rows)), mark, color=plot.PALETTE[k], label=label)
    ax.grid(axis="y", alpha=0.3)
    ax.set_yticks(range(len(rows)), variants)
    ax.set(xlim=(0, 1), xlabel="F1, DS1 out of fold (bands: the recipe's seeds)")
    ax.legend(loc="upper left")
    return figure


def _recipe_table(recipe: dict) -> str:
    words = {name: str(value).strip("[]{}").replace("'", "") for name, value in recipe.items()}
    words["rr"] = f"{len(recipe['rr'])} ratios"
    words["leads"] = words["leads"].replace("|", " or ")  # the bar would end a cell
    return pd.Series(words, name="value").rename_axis("setting").to_markdown()


def resnet50(outcome: dict) -> dict:
    """Fill in the section on the chosen recipes."""
    recipes = grouped(outcome["outcomes"], lambda one: one["recipe"])
    accounts = {recipe: [one["annotated beats"] for one in its] for recipe, its in recipes.items()}
    detected = {
        recipe: {
            f"{row} {column}": np.mean([one["detected beats"]["table"][row][column] for one in its])
            for row in ("QRS", "S", "V")
            for column in ("Se", "+P")
        }
        for recipe, its in recipes.items()
    }
    first = next(iter(recipes.values()))
    found = np.mean([_sum(one["detected beats"]["per record"]) for one in first], axis=0)
    best = next(iter(accounts.values()))
    fold = _corrected(_best_variant(experiments.recorded("ablation")))
    table = records_table(best)
    worst = table.head(4)
    return {
        **headline(best),
        "fold_macro": f"{fold['macro_f1']:.3f}",
        "fold_s": f"{fold['S F1']:.3f}",
        "worst": ", ".join(sorted(worst.index)),
        "share": f"{worst['errors'].sum() / table['errors'].sum():.0%}".replace("%", " %"),
        "missed": f"{table.loc[ONE_WOMAN, 'S as N'] / len(best):,.0f}",
        "rhythms": _rhythms_table(first).to_markdown(disable_numparse=True),
        "v_beats": f"{found[V].sum():,.0f}",
        "v_missed": f"{found[V, NONE]:,.0f}",
        "invented": f"{found[NONE].sum():,.0f}",
        "invented_v": f"{found[NONE, V]:,.0f}",
        "scores": _form_table(accounts, "scores"),
        "escape": _form_table(accounts, "escape beats as S"),
        "without": _form_table(accounts, f"without {ONE_WOMAN}"),
        "goal": _goal_table(accounts),
        "detected": pd.DataFrame(detected).T.to_markdown(floatfmt=".3f"),
        "records": table.to_markdown(),
        "alt": in_words(intervals_table(best)),
        "megabytes": f"{outcome['weights']['bytes'] / 1e6:.1f}",
    }


def _form_table(accounts: dict[str, list[dict]], form: str) -> str:
    """Return the scores of all recipes in one of the forms in which each was scored."""
    scores = {recipe: [one[form] for one in its] for recipe, its in accounts.items()}
    return over_seeds(scores).to_markdown()


def _rhythms_table(its: list[dict]) -> pd.DataFrame:
    """Return what is called S, mean over seeds, by the rhythm that the annotators marked."""
    groups = dict.fromkeys(RHYTHMS.values(), 0)
    for rhythm, matrix in [pair for one in its for pair in one["by rhythm"].items()]:
        groups[RHYTHMS.get(rhythm, OTHER)] += np.array(matrix) / len(its)
    rows = {}
    for name, matrix in groups.items():
        s = evaluate.Scores(matrix).table.loc["S"]
        rows[name] = {"beats": f"{matrix.sum():,.0f}", "N as S": f"{matrix[0, 1]:,.0f}"}
        rows[name] |= {"S beats": f"{matrix[1].sum():,.0f}", "S as N": f"{matrix[1, 0]:,.0f}"}
        rows[name] |= {"S Se": f"{s['Se']:.2f}", "S +P": f"{s['+P']:.2f}"}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rhythm")


def _goal_table(accounts: dict[str, list[dict]]) -> str:
    rows = {"the goal": {name: f"≥\u00a0{least}" for name, least in GOAL.items()}}
    for recipe, its in accounts.items():
        rows[f"quarter-width ResNet-50, {recipe}"] = headline(its)
    trees = experiments.recorded("baselines")["final"]["boosting"]["DS2"]
    rows["boosted trees (`baselines`)"] = headline(trees)
    table = pd.DataFrame.from_dict(rows | PUBLISHED, orient="index").fillna("–")
    return table[[*GOAL_COLUMNS]].to_markdown(disable_numparse=True)


def full_width(outcome: dict) -> dict:
    """Fill in the section on the network at full width."""
    quarter = grouped(experiments.recorded("resnet50")["outcomes"], lambda one: one["recipe"])
    widths = {"64 filters": outcome["outcomes"], "16 filters": quarter["image and RR"]}
    scores = {
        width: [one["annotated beats"]["scores"] for one in its] for width, its in widths.items()
    }
    training = np.mean([one["training seconds"] for one in outcome["outcomes"]])
    return {"scores": over_seeds(scores).to_markdown(), "training": f"{training / 60:.0f}"}


def resnet50_figure(outcome: dict) -> Figure:
    """Draw the first recipe's scores with their intervals."""
    first = outcome["outcomes"][0]["recipe"]
    its = [one["annotated beats"] for one in outcome["outcomes"] if one["recipe"] == first]
    return plot.intervals(intervals_table(its), f"DS2, {first}, 95 % intervals over people")


def noise(outcome: dict) -> dict:
    """Fill in the section on noise."""
    table = _noise_table(outcome)
    return {
        "scores": table.assign(dB=[f"{x:.0f}" if x == x else "–" for x in table["dB"]]).to_markdown(
            index=False, floatfmt=".3f"
        ),
        "every": outcome["every"],
    }


def noise_figure(outcome: dict) -> Figure:
    """Draw macro-F1 against the strength of each noise."""
    table = _noise_table(outcome)
    kinds = [kind for kind in dict.fromkeys(table["noise"]) if kind != "none"]
    figure, axes = plt.subplots(1, len(kinds), figsize=(8, 3), sharey=True, squeeze=False)
    for ax, kind in zip(axes[0], kinds, strict=True):
        its = table[table["noise"] == kind]
        for k, way in enumerate(NOISE_WAYS):
            ax.plot(its["dB"], its[f"{way} macro-F1"], "o-", color=plot.PALETTE[k], label=way)
            between = macro_intervals({i: [outcome["outcomes"][i][way]] for i in its.index})
            ends = between["low"], between["high"]
            ax.fill_between(its["dB"], *ends, color=plot.PALETTE[k], alpha=0.15, linewidth=0)
            ax.axhline(table[f"{way} macro-F1"].iloc[0], color=plot.PALETTE[k], linestyle=":")
        ax.set(xlabel="signal to noise (dB)", title=kind, ylim=(0, 1))
        ax.invert_xaxis()
    axes[0, 0].set_ylabel("macro-F1 (dotted: no noise)")
    axes[0, 0].legend()
    return figure


def _noise_table(outcome: dict) -> pd.DataFrame:
    names = {None: "none", "em": "electrode motion", "ma": "muscle", "bw": "baseline wander"}
    return pd.DataFrame(
        [
            {"noise": names[one["kind"]], "dB": one["dB"]}
            | {f"{way} macro-F1": one[way]["scores"]["macro_f1"] for way in NOISE_WAYS}
            | {f"{way} V F1": one[way]["scores"]["V F1"] for way in NOISE_WAYS}
            for one in outcome["outcomes"]
        ]
    )


FILLED = {
    "leakage": leakage,
    "baselines": baselines,
    "pictures": pictures,
    "degradation": degradation,
    "floor": floor,
    "ablation": ablation,
    "resnet50": resnet50,
    "full_width": full_width,
    "noise": noise,
}
DRAWN = {
    "leakage": leakage_figure,
    "baselines": baselines_figure,
    "pictures": pictures_figure,
    "degradation": degradation_figure,
    "floor": floor_figure,
    "ablation": ablation_figure,
    "resnet50": resnet50_figure,
    "noise": noise_figure,
}


if __name__ == "__main__":
    sys.exit(main())
