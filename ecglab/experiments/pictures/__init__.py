"""Which picture of a beat: raster, Gramian angular field, recurrence plot, scalogram, or none.

One small network cross-validated over DS1's people on each kind of image of the same beats, and
its one-dimensional sibling on the voltages themselves. One lead, no rhythm: what is compared is
the picture alone. DS2 is not touched.
"""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

from ecglab import beats, crossval, experiments, images, models, runs, train
from ecglab.backend import keras
from ecglab.beats import Beats

KINDS: dict[str, Callable | None] = {
    "raster": images.rasterize,
    "Gramian angular field": images.gramian,
    "recurrence plot": images.recurrence,
    "scalogram": images.scalogram,
    "voltages": None,
}
RECIPE = {"size": 32, "depth": 18, "width": 8, "steps": 400, "batch": 64, "rate": 2e-3}
MOST = 20_000  # beats
SEEDS = (0, 1, 2)
QUICK = {"steps": 2, "width": 2}


def run(folder: Path, quick: bool = False) -> dict:
    """Cross-validate one network on each kind of picture, for each seed.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each kind and seed is kept; what broke off goes on there.
    quick : bool
        One seed, two batches, a thousand beats, two kinds.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    recipe = RECIPE | (QUICK if quick else {})
    everyone = crossval.only_training(beats.load("DS1"))
    most, kinds, seeds = MOST, KINDS, SEEDS
    if quick:
        most, kinds, seeds = 1_000, list(KINDS)[:2], SEEDS[:1]
    some = np.random.default_rng(0).permutation(len(everyone))[:most]
    heartbeats = everyone[np.sort(some)]
    outcomes = []
    for seed, kind in experiments.progress(list(product(seeds, kinds)), "pictures"):
        account = runs.kept(
            folder / f"{kind}-{seed}.json".replace(" ", "_"),
            recipe,
            {"DS1": heartbeats},
            _cross_validate,
            heartbeats,
            recipe,
            kind,
            seed,
        )
        outcomes.append({"kind": kind, "seed": seed, **account})
        experiments.say(f"{kind}, seed {seed}: macro-F1 {account['scores']['macro_f1']:.3f}")
    return {
        **experiments.header("pictures", quick, seeds, {"DS1": heartbeats}),
        "recipe": recipe,
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
    }


def _cross_validate(heartbeats: Beats, recipe: dict, kind: str, seed: int) -> dict:
    inputs = _inputs(heartbeats, kind, recipe["size"])
    keras.utils.set_random_seed(seed)
    build = models.resnet1d if kind == "voltages" else models.resnet
    form = {"classes": len(beats.CLASSES), "width": recipe["width"]}
    model = build(recipe["depth"], inputs.shape[1:], **form)
    schedule = keras.optimizers.schedules.CosineDecay(recipe["rate"], recipe["steps"])
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    train.trace_once(model)
    start = model.get_weights()
    predictions = np.zeros(len(heartbeats), int)
    for inside, left_out in crossval.folds(heartbeats):
        count = recipe["steps"] * recipe["batch"]
        drawn = inside[crossval.balanced(heartbeats[inside], count, seed)]
        model.set_weights(start)
        # As if it had not been trained before. (A rate without a schedule would be among these.)
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        labels = heartbeats.labels[drawn].astype(np.int64)
        model.fit(_floats(inputs[drawn]), labels, recipe["batch"], shuffle=False, verbose=0)
        called = model.predict(_floats(inputs[left_out]), 512, verbose=0)
        predictions[left_out] = called.argmax(axis=1)
    return crossval.account(heartbeats, predictions, seed)


def _inputs(heartbeats: Beats, kind: str, size: int) -> np.ndarray:
    """Return pictures ``(n, size, size, 1)``, or the voltages ``(n, samples, 1)``."""
    if kind == "voltages":
        return heartbeats.windows
    return KINDS[kind](heartbeats.windows, heartbeats.fs, height=size, width=size)


def _floats(inputs: np.ndarray) -> np.ndarray:
    """Return grey levels as numbers from 0 to 1; voltages as they are."""
    return inputs.astype(np.float32) / 255 if inputs.dtype == np.uint8 else inputs
