"""The section on the chosen recipes."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import evaluate, experiments, plot
from ecglab.beats import CLASSES
from ecglab.experiments import tables
from ecglab.experiments.ablation import page as ablation
from ecglab.experiments.baselines import page as baselines
from ecglab.experiments.resnet50 import ONE_WOMAN

QUESTION = "what the recipe chosen on DS1 reaches on DS2"
PLACE = 70
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
    # The abstract gives F1 for N, too, so that the mean of three can be computed
    "random forest {cite:p}`saenzcogollo2020`": {
        "accuracy": "0.961",
        "macro-F1": f"{(0.9797 + 0.7306 + 0.9085) / 3:.3f}",
        "S F1": "0.731",
        "V F1": "0.909",
    },
}
#: In which rhythms S is told well, and in which not; the letters are the database's.
OTHER = "other rhythms"
RHYTHMS = {
    "N": "sinus rhythm",
    "SBR": "sinus bradycardia (232)",
    "AFIB": "atrial fibrillation or flutter",
    "AFL": "atrial fibrillation or flutter",
    "": OTHER,
}
#: Places in the matrices of detected beats: ventricular, and no beat where the other has one.
V, NONE = CLASSES.index("V"), len(CLASSES)


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    recipes = tables.grouped(outcome["outcomes"], lambda one: one["recipe"])
    accounts = {recipe: tables.annotated(seeds) for recipe, seeds in recipes.items()}
    first = next(iter(recipes))
    best = accounts[first]
    return {
        **tables.headline(best),
        **fold_scores(),
        **errors(best),
        **invented(recipes[first]),
        "rhythms": rhythms_table(recipes[first]).to_markdown(disable_numparse=True),
        "scores": form_table(accounts, "scores"),
        "escape": form_table(accounts, "escape beats as S"),
        "without": form_table(accounts, f"without {ONE_WOMAN}"),
        "mixture": mixture_table(accounts).to_markdown(),
        "goal": goal_table(beside_trees(accounts)),
        "detected": detected_table(recipes).to_markdown(floatfmt=".3f"),
        "alt": tables.in_words(tables.intervals_table(best)),
    }


def fold_scores() -> dict[str, str]:
    """Return what the recipe had reached on DS1's folds."""
    scores = ablation.corrected(ablation.best_variant(experiments.recorded("ablation")))
    return {"fold_macro": f"{scores['macro_f1']:.3f}", "fold_s": f"{scores['S F1']:.3f}"}


def errors(accounts: list[dict]) -> dict[str, str]:
    """Return the errors of each record, and what the text says of the worst."""
    table = tables.records_table(accounts)
    worst = table.head(4)
    share = worst["errors"].sum() / table["errors"].sum()
    missed = table.loc[ONE_WOMAN, "S as N"] / len(accounts)
    return {
        "records": table.to_markdown(),
        "worst": ", ".join(sorted(worst.index)),
        "share": f"{100 * share:.0f} %",
        "missed": f"{missed:,.0f}",
    }


def invented(seeds: list[dict]) -> dict[str, str]:
    """Return how many beats the detector misses and invents, mean over seeds."""
    found = np.mean([tables.total(one["detected beats"]["per record"]) for one in seeds], axis=0)
    return {
        "v_beats": f"{found[V].sum():,.0f}",
        "v_missed": f"{found[V, NONE]:,.0f}",
        "invented": f"{found[NONE].sum():,.0f}",
        "invented_v": f"{found[NONE, V]:,.0f}",
    }


def form_table(accounts: dict[str, list[dict]], form: str) -> str:
    """Return the scores of all recipes in one of the forms in which each was scored."""
    scores = {recipe: [one[form] for one in seeds] for recipe, seeds in accounts.items()}
    return tables.over_seeds(scores).to_markdown()


def mixture_table(accounts: dict[str, list[dict]]) -> pd.DataFrame:
    """Return the S F1 of draws of people with and without one woman, one row a classifier."""
    rows = {recipe: tables.drawn_s(seeds, ONE_WOMAN) for recipe, seeds in accounts.items()}
    trees = baselines.boosted(experiments.recorded("baselines"))
    rows["boosted trees (`baselines`)"] = tables.drawn_s(trees, ONE_WOMAN)
    return pd.DataFrame.from_dict(rows, orient="index")


def beside_trees(accounts: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Return the accounts of all recipes, and those of the boosted trees."""
    ways = {f"quarter-width ResNet-50, {recipe}": seeds for recipe, seeds in accounts.items()}
    ways["boosted trees (`baselines`)"] = baselines.boosted(experiments.recorded("baselines"))
    return ways


def rhythms_table(seeds: list[dict]) -> pd.DataFrame:
    """Return what is called S, mean over seeds, by the rhythm that the annotators marked."""
    groups = dict.fromkeys(RHYTHMS.values(), 0)
    for one in seeds:
        for rhythm, matrix in one["by rhythm"].items():
            groups[RHYTHMS.get(rhythm, OTHER)] += np.array(matrix) / len(seeds)
    rows = {}
    for name, matrix in groups.items():
        s = evaluate.Scores(matrix).table.loc["S"]
        rows[name] = {
            "beats": f"{matrix.sum():,.0f}",
            "N as S": f"{matrix[0, 1]:,.0f}",
            "S beats": f"{matrix[1].sum():,.0f}",
            "S as N": f"{matrix[1, 0]:,.0f}",
            "S Se": f"{s['Se']:.2f}",
            "S +P": f"{s['+P']:.2f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rhythm")


def goal_table(ways: dict[str, list[dict]]) -> str:
    """Return the goal, what was reached, and what others have published."""
    rows = {"the goal": tables.at_least(GOAL)}
    for way, seeds in ways.items():
        rows[way] = tables.headline(seeds)
    rows.update(PUBLISHED)
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("–")
    return table[list(GOAL)].to_markdown(disable_numparse=True)


def detected_table(recipes: dict[str, list[dict]]) -> pd.DataFrame:
    """Return the scores on detected beats, mean over seeds, one row a recipe."""
    rows = {}
    for recipe, seeds in recipes.items():
        found = [one["detected beats"]["table"] for one in seeds]
        row = {}
        for kind in ("QRS", "S", "V"):
            for score in ("Se", "+P"):
                row[f"{kind} {score}"] = np.mean([table[kind][score] for table in found])
        rows[recipe] = row
    return pd.DataFrame(rows).T


def draw(outcome: dict) -> Figure:
    """Draw the first recipe's scores with their intervals."""
    first = outcome["outcomes"][0]["recipe"]
    seeds = [one for one in outcome["outcomes"] if one["recipe"] == first]
    intervals = tables.intervals_table(tables.annotated(seeds))
    return plot.intervals(intervals, f"DS2, {first}, 95 % intervals over people")
