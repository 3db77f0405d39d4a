"""The networks that ship: narrow ResNet-50s, trained on DS1, for two leads and for one."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ecglab import beats, experiments, records, train
from ecglab.backend import keras
from ecglab.beats import Beats
from ecglab.recipe import Recipe

TWO, ONE = "two leads", "one lead"
NETWORKS = (TWO, ONE)
#: The experiment that trained them.
EXPERIMENT = "final"

#: Whose beats they have seen, by the names of `Beats.about`.
TRAINED_ON = {
    "records": list(records.DS1),
    "subjects": sorted({records.subject(name) for name in records.DS1}),
    "simulated": False,
}


def load(network: str = TWO) -> tuple[keras.Model, Recipe]:
    """Load a network that ships with the package, and its recipe.

    First used in chapter 6.

    Parameters
    ----------
    network : {"two leads", "one lead"}
        Which one. The second reads one lead, whichever it is.

    Returns
    -------
    keras.Model, Recipe
        Trained on DS1 by experiment ``final``, with seed 0; the weights are kept in float16.

    Raises
    ------
    FileNotFoundError
        If the package has no weights.
    ValueError
        If there is no such network.
        Or if the file of weights is not the one that was recorded.

    Examples
    --------
    >>> model, recipe = load()  # doctest: +SKIP
    """
    if network not in NETWORKS:
        raise ValueError(f"network is {network!r}; it may be {TWO!r} or {ONE!r}")
    outcome = experiments.recorded(EXPERIMENT)
    path = weights_path()
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; run python -m ecglab experiment {EXPERIMENT}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != outcome["weights"]["sha256"]:
        raise ValueError(
            f"{path} has SHA-256 {digest}, recorded was {outcome['weights']['sha256']}; "
            "install the package again"
        )
    recipe = Recipe.from_json(outcome["recipes"][network])
    model = recipe.build()
    with np.load(path) as stored:
        own = [name for name in stored.files if name.startswith(f"{network}/")]
        model.set_weights([stored[name].astype(np.float32) for name in own])
    return model, recipe


def weights_path() -> Path:
    """Return where the weights are, of all networks together."""
    return experiments.path_of(EXPERIMENT).with_suffix(".npz")


def predict(
    model: keras.Model,
    recipe: Recipe,
    names: str | int | Iterable[str | int],
    database: str = "mitdb",
) -> tuple[Beats, np.ndarray]:
    """Call the beats of some records.

    First used in chapter 11.

    Parameters
    ----------
    model : keras.Model
        This network, or another with its recipe.
    recipe : Recipe
    names, database
        As in `Recipe.load`.

    Returns
    -------
    Beats, numpy.ndarray
        The beats as the recipe cuts them, and their probabilities ``(n, 5)``.

    Raises
    ------
    ValueError
        If a record is named twice, is none of the database or lacks a lead. Nothing is called by
        then.
    """
    heartbeats = recipe.load(names, database)
    called = np.empty((len(heartbeats), len(beats.CLASSES)), np.float32)
    for name in np.unique(heartbeats.records):
        its = heartbeats.records == name
        called[its] = train.predict(model, heartbeats[its], recipe.zoom)
    return heartbeats, called
