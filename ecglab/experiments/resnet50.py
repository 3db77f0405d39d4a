"""A quarter-width ResNet-50 on beat images: trained on DS1, scored once on DS2, three seeds.

The recipe was fixed before any beat of DS2 was scored, and nothing was chosen by looking
at DS2: it is a starting point, not a tuned result.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from ecglab import beats, evaluate, experiments, models, train
from ecglab.backend import keras

RECIPE = {
    "leads": ["MLII"],
    "before": 0.25,
    "after": 0.35,
    "size": 64,
    "width": 16,
    "epochs": 16,
    "steps": 200,
    "batch": 64,
    "rate": 1e-3,
    "balance": 0.5,
    "augment": train.AUGMENTATION,
}
SEEDS = (0, 1, 2)
QUICK = {"epochs": 1, "steps": 10, "size": 32}


def run(folder: Path, quick: bool = False) -> dict:
    """Train one network a seed, score each on DS2.

    Parameters
    ----------
    folder : pathlib.Path
        Where checkpoints and each seed's outcome are kept; a run that broke off resumes there.
    quick : bool
        One seed, ten batches, 32 pixels, a tenth of DS2: to see that everything works.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    recipe = RECIPE | (QUICK if quick else {})
    cut = {name: recipe[name] for name in ("leads", "before", "after")}
    training, test = beats.load("DS1", **cut), beats.load("DS2", **cut)
    if quick:
        test = test[::10]
    seeds = SEEDS[:1] if quick else SEEDS
    started = time.perf_counter()
    outcomes = [_one_seed(recipe, seed, training, test, folder / f"seed{seed}") for seed in seeds]
    return {
        "experiment": "resnet50",
        "command": "python -m ecglab experiment resnet50" + (" --quick" if quick else ""),
        "recipe": recipe,
        "seeds": list(seeds),
        "recordings": {
            "simulated": training.simulated,
            "DS1": training.sha256,
            "DS2": test.sha256,
        },
        "environment": experiments.environment(),
        "seconds": round(time.perf_counter() - started),
        "outcomes": outcomes,
    }


def _one_seed(
    recipe: dict, seed: int, training: beats.Beats, test: beats.Beats, folder: Path
) -> dict:
    done = folder / "outcome.json"
    if done.exists():
        return json.loads(done.read_text())
    keras.utils.set_random_seed(seed)
    shape = (recipe["size"], recipe["size"], len(recipe["leads"]))
    model = models.resnet50(shape, len(beats.CLASSES), width=recipe["width"])
    choices = {name: recipe[name] for name in ("epochs", "steps", "batch", "rate", "balance")}
    history = train.fit(
        model, training, folder=folder, seed=seed, augment=recipe["augment"], **choices
    )
    predicted = train.predict(model, test).argmax(axis=1)
    intervals = evaluate.bootstrap_records(test.labels, predicted, test.subjects, seed=seed)
    outcome = {
        "seed": seed,
        "history": history.round(5).to_dict(orient="list"),
        "DS2": evaluate.scores(test.labels, predicted).summary(),
        "per record": {
            name: evaluate.confusion(
                test.labels[test.records == name], predicted[test.records == name]
            ).tolist()
            for name in np.unique(test.records).tolist()
        },
        "intervals": intervals.round(4).replace({np.nan: None}).to_dict(orient="index"),
    }
    train.write_text(done, json.dumps(outcome))
    return outcome
