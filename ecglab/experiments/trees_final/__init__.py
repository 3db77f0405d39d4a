"""The boosted trees of `context` that are told of rhythm and P waves, scored once.

Nothing is chosen here: on DS1's folds they have the best S F1 of all that was tried, and that was
known before a beat of DS2 was shown to them. They are trained on DS1 and scored once on DS2, and
once on all of svdb. So are trees that are told the ratios alone, and read the same otherwise: what
they lack is what rhythm and P waves are worth on other people.
"""

from pathlib import Path

import numpy as np

from ecglab import crossval, evaluate, experiments, records, runs
from ecglab.beats import Beats
from ecglab.experiments import baselines, context, final, resnet50
from ecglab.experiments.final import ELSEWHERE, MITDB, Used
from ecglab.recipe import Recipe

RECIPE = context.recipe_of("boosting", context.MOST)
#: The same trees, told the ratios alone, and what an outcome calls them.
LESS = context.recipe_of("boosting", context.FIRST)
RATIOS = "ratios alone"
Names = dict[str, tuple[str, ...]]  # of records, by database


def run(folder: Path, quick: bool = False) -> dict:
    """Train the trees on DS1; score them on DS2 and on svdb, for each seed.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each seed is kept.
    quick : bool
        One seed, every twentieth beat of DS1, two records of either database.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    names = {MITDB: records.DS2, ELSEWHERE: records.names(ELSEWHERE)}
    seeds, every = baselines.SEEDS, 1
    if quick:
        names = {database: its[:2] for database, its in names.items()}
        seeds, every = seeds[:1], 20
    used = final.beats_used(names)
    outcomes = []
    for seed in experiments.progress(seeds, "trees_final"):
        outcome = {"seed": seed}
        outcome |= _kept(folder / f"{seed}.json", RECIPE, used, names, every, seed)
        outcome[RATIOS] = _kept(folder / f"{seed}-ratios.json", LESS, used, names, every, seed)
        outcomes.append(outcome)
    return {
        **experiments.header("trees_final", quick, seeds, used),
        "recipe": RECIPE.to_json(),
        "seconds": sum(one["seconds"] + one[RATIOS]["seconds"] for one in outcomes),
        "outcomes": outcomes,
    }


# ---------------------------------------------------------------------------


def _kept(path: Path, recipe: Recipe, used: Used, names: Names, every: int, seed: int) -> dict:
    settings = {
        "recipe": recipe.to_json(),
        "names": names,
        "every": every,
        "seed": seed,
    }
    outcome = runs.kept(path, settings, used, _train_and_score, recipe, names, every, seed)
    macro = outcome[MITDB]["scores"]["macro_f1"]
    experiments.say(f"{path.stem}: macro-F1 {macro:.3f} on DS2")
    return outcome


def _train_and_score(recipe: Recipe, names: Names, every: int, seed: int) -> dict:
    training = crossval.only_training(recipe.load("DS1"))[::every]
    trees = baselines.even_boosting(seed)
    trees.fit(context.compared(training, recipe), training.labels)
    outcome = {}
    for database, its in names.items():
        heartbeats = recipe.load(its, database)
        table = context.compared(heartbeats, recipe)
        called = trees.predict(table)
        if database == MITDB:
            outcome[database] = resnet50.conventions(heartbeats, called, seed)
            outcome["by rhythm"] = _by_rhythm(heartbeats, called, its)
        else:
            outcome[database] = crossval.account(heartbeats, called)
    return outcome


def _by_rhythm(heartbeats: Beats, called: np.ndarray, names: tuple[str, ...]) -> dict:
    rhythms = np.concatenate([records.load(name).rhythms for name in names])
    matrices = evaluate.matrices(heartbeats.labels, called, rhythms)
    return {rhythm: matrix.tolist() for rhythm, matrix in matrices.items()}
