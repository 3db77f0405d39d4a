"""Leakage: what a score gains when the same heart stands on both sides of the split.

One small network and a nearest neighbour, the same settings throughout, on three splits of the
same 44 records: beats at random, people at random, and DS1 against DS2. The first two put
beats of DS2 on the training side, because that is what they are here to show; nothing is chosen
by them and their networks are thrown away.
"""

from itertools import product
from pathlib import Path

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from ecglab import beats, crossval, experiments, models, records, runs, train
from ecglab.backend import keras
from ecglab.beats import Beats

RECIPE = {"leads": ["MLII"], "before": 0.25, "after": 0.35, "size": 32, "depth": 8}
TRAINING = {"epochs": 1, "steps": 400, "batch": 64, "rate": 2e-3}
SEEDS = (0, 1, 2)
SPLITS = ("beats at random", "people at random", "DS1 and DS2")
WAYS = ("small CNN", "nearest neighbour")
MOST = 20_000  # beats on either side
QUICK = {"steps": 20, "most": 2_000}


def run(folder: Path, quick: bool = False) -> dict:
    """Score two classifiers under three splits, for each seed.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each run is kept; what broke off goes on there.
    quick : bool
        One seed, few beats, twenty batches.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    cut = {name: RECIPE[name] for name in ("leads", "before", "after")}
    everyone = beats.load([*records.DS1, *records.DS2], **cut)
    training, seeds, most = TRAINING, SEEDS, MOST
    if quick:
        training = TRAINING | {"steps": QUICK["steps"]}
        seeds, most = SEEDS[:1], QUICK["most"]
    outcomes = []
    combinations = list(product(seeds, SPLITS, WAYS))
    for seed, split, way in experiments.progress(combinations, "leakage"):
        inside, outside = _draw(everyone, split, most, np.random.default_rng(seed))
        account = runs.kept(
            folder / f"{split}-{way}-{seed}.json".replace(" ", "_"),
            RECIPE | training | {"most": most},
            {"all": everyone},
            _score,
            way,
            everyone[inside],
            everyone[outside],
            training,
            seed,
        )
        outcomes.append({"split": split, "way": way, "seed": seed, **account})
        macro = account["scores"]["macro_f1"]
        experiments.say(f"{split}, {way}, seed {seed}: macro-F1 {macro:.3f}")
    return {
        **experiments.header("leakage", quick, seeds, {"all": everyone}),
        "recipe": RECIPE | training | {"most": most},
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
    }


def _draw(
    everyone: Beats, split: str, most: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of the beats to train and to test on, at most so many of each."""
    if split == "beats at random":
        inside = rng.random(len(everyone)) < 0.5
    elif split == "people at random":
        people = rng.permutation(np.unique(everyone.subjects))
        inside = np.isin(everyone.subjects, people[: len(people) // 2])
    else:
        inside = np.isin(everyone.records, records.DS1)
    outside = ~inside
    if split != "beats at random":
        # Record 202 of DS2 is the man of record 201 of DS1: he must not stand on both sides
        known = np.isin(everyone.subjects, everyone.subjects[inside])
        outside &= ~known
    chosen = []
    for side in (inside, outside):
        positions = rng.permutation(np.flatnonzero(side))
        chosen.append(np.sort(positions[:most]))
    return tuple(chosen)


def _score(way: str, inside: Beats, outside: Beats, training: dict, seed: int) -> dict:
    history = {}
    if way == "small CNN":
        keras.utils.set_random_seed(seed)
        model = models.cifar_net(RECIPE["depth"], (RECIPE["size"], RECIPE["size"], 1), 5)
        log = train.fit(model, inside, seed=seed, augment=None, say=lambda line: None, **training)
        history = {"history": log.round(5).to_dict(orient="list")}
        predictions = train.predict(model, outside).argmax(axis=1)
    else:
        neighbour = KNeighborsClassifier(1).fit(_every_third(inside), inside.labels)
        predictions = neighbour.predict(_every_third(outside))
    return crossval.account(outside, predictions, seed) | history


def _every_third(heartbeats: Beats) -> np.ndarray:
    """Return the windows at 120 samples a second, which a QRS needs, flat."""
    return heartbeats.windows[:, ::3].reshape(len(heartbeats), -1)
