"""The boosted trees of `context` that are told of rhythm and P waves, scored once.

Nothing is chosen here: on DS1's folds they have the best S F1 of all that was tried, and that was
known before a beat of DS2 was shown to them. They are trained on DS1 and scored once on DS2, and
once on all of svdb.
"""

from pathlib import Path

import numpy as np

from ecglab import crossval, evaluate, experiments, records, runs
from ecglab.beats import Beats
from ecglab.experiments import baselines, context, final, resnet50
from ecglab.experiments.final import ELSEWHERE, MITDB

RECIPE = context.recipe_of("boosting", context.MOST)
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
        settings = {
            "recipe": RECIPE.to_json(),
            "names": names,
            "every": every,
            "seed": seed,
        }
        path = folder / f"{seed}.json"
        outcome = runs.kept(path, settings, used, _train_and_score, names, every, seed)
        outcomes.append({"seed": seed} | outcome)
        macro = outcome[MITDB]["scores"]["macro_f1"]
        experiments.say(f"seed {seed}: macro-F1 {macro:.3f} on DS2")
    return {
        **experiments.header("trees_final", quick, seeds, used),
        "recipe": RECIPE.to_json(),
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
    }


# ---------------------------------------------------------------------------


def _train_and_score(names: Names, every: int, seed: int) -> dict:
    training = crossval.only_training(RECIPE.load("DS1"))[::every]
    trees = baselines.even_boosting(seed)
    trees.fit(context.compared(training, RECIPE), training.labels)
    outcome = {}
    for database, its in names.items():
        heartbeats = RECIPE.load(its, database)
        table = context.compared(heartbeats, RECIPE)
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
