"""Degradation: deeper plain networks that train worse, on heartbeats, and why.

Plain and residual networks in the CIFAR form (He et al. 2016, arXiv 1512.03385) learn images of
the same DS1 beats with the same batches. *Training* error is what counts here. Two tasks of
different difficulty: the beat's class, and whose beat it is.
"""

from pathlib import Path

import numpy as np

from ecglab import beats, crossval, experiments, explain, images, models, runs, train
from ecglab.backend import keras

RECIPE = {
    "size": 32,
    "most": 20_000,
    "batch": 64,
    "epochs": 6,
    "steps": 100,
    "rate": 0.05,
    "momentum": 0.9,
    "decay": 1e-4,
}
DEPTHS = (20, 32, 56)
KINDS = ("plain", "residual")
#: How each kind is built; the last three are those of `variants`.
FORMS = {
    "plain": {"residual": False},
    "residual": {},
    "pre-activation": {"preactivation": True},
    "zero γ": {"zero_gamma": True},
    "zero γ, projections": {"zero_gamma": True, "shortcut": "B"},
}
TASKS = ("class", "person")
SEEDS = (0, 1, 2)
QUICK = {"epochs": 1, "steps": 2, "most": 1_000}


def run(folder: Path, quick: bool = False) -> dict:
    """Train every depth, plain and residual, on each task, for each seed.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each network is kept; what broke off goes on with the next one.
    quick : bool
        The shallowest depth, one seed, two batches.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    recipe = RECIPE | (QUICK if quick else {})
    heartbeats = examples(recipe["most"])
    seeds, tasks, depths = SEEDS, TASKS, DEPTHS
    if quick:
        seeds, tasks, depths = SEEDS[:1], TASKS[:1], DEPTHS[:1]
    combinations = [
        (task, kind, depth, seed)
        for seed in seeds  # whole seeds first: what broke off can be read already
        for task in tasks
        for depth in depths
        for kind in KINDS
    ]
    outcomes = []
    for task, kind, depth, seed in experiments.progress(combinations, "degradation"):
        outcome = runs.kept(
            folder / f"{task}-{kind}{depth}-{seed}.json",
            recipe,
            {"DS1": heartbeats},
            teach,
            heartbeats,
            recipe,
            task,
            kind,
            depth,
            seed,
        )
        outcomes.append({"task": task, "kind": kind, "depth": depth, "seed": seed, **outcome})
        error = outcome["training error"]
        experiments.say(f"{task}, {kind} {depth}, seed {seed}: training error {error:.4f}")
    return {
        **experiments.header("degradation", quick, seeds, {"DS1": heartbeats}),
        "recipe": recipe,
        "seconds": round(sum(outcome["seconds"] for outcome in outcomes)),
        "outcomes": outcomes,
    }


def examples(most: int) -> beats.Beats:
    """Draw so many beats of DS1, the same ones every time."""
    everyone = crossval.only_training(beats.load("DS1"))
    some = np.random.default_rng(0).permutation(len(everyone))[:most]
    return everyone[np.sort(some)]


def teach(
    heartbeats: beats.Beats,
    recipe: dict,
    task: str,
    kind: str,
    depth: int,
    seed: int,
    width: int = 16,
) -> dict:
    """Train one network, of `FORMS`, on a task; return its errors and what it looked like."""
    size = recipe["size"]
    pictures = images.rasterize(heartbeats.windows, heartbeats.fs, height=size, width=size)
    pictures = pictures.astype(np.float32) / 255
    names, labels = np.unique(
        heartbeats.subjects if task == "person" else heartbeats.symbols, return_inverse=True
    )
    keras.utils.set_random_seed(seed)
    model = models.cifar_net(depth, pictures.shape[1:], len(names), width=width, **FORMS[kind])
    total = recipe["epochs"] * recipe["steps"]
    warm = total // 20 + 1
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, total - warm, warmup_target=recipe["rate"], warmup_steps=warm
    )
    optimizer = keras.optimizers.SGD(schedule, recipe["momentum"], weight_decay=recipe["decay"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    train.trace_once(model)
    probe = slice(None, None, max(len(pictures) // 256, 1))
    looks = [_look(model, pictures[probe], labels[probe])]
    history = []
    for epoch in range(recipe["epochs"]):
        rng = np.random.default_rng([seed, epoch])
        drawn = rng.permutation(np.resize(rng.permutation(len(labels)), _count(recipe)))
        log = model.fit(
            pictures[drawn], labels[drawn], recipe["batch"], shuffle=False, verbose=0
        ).history
        history.append({"loss": log["loss"][0], "error": 1 - log["accuracy"][0]})
        looks.append(_look(model, pictures[probe], labels[probe]))
    loss, accuracy = model.evaluate(pictures, labels, 512, verbose=0)
    return {
        "classes": len(names),
        "history": history,
        "training loss": loss,
        "training error": 1 - accuracy,
        "looks": looks,
    }


def _count(recipe: dict) -> int:
    return recipe["steps"] * recipe["batch"]


def _look(model: keras.Model, pictures: np.ndarray, labels: np.ndarray) -> dict[str, list[float]]:
    """Measure, for each convolution from input to output, what would show a vanishing signal."""
    norms = explain.gradient_norms(model, pictures, labels)
    normalisations = [
        layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    columns = {name: norms[name] for name in norms if name != "layer"} | {
        "batch norm gamma": [np.abs(layer.gamma).mean() for layer in normalisations],
        "batch norm variance": [np.mean(layer.moving_variance) for layer in normalisations],
    }
    return {name: [float(f"{x:.4g}") for x in column] for name, column in columns.items()}
