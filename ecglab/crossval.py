"""Cross-validation over DS1's people, and the wall before DS2."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import PredefinedSplit, StratifiedGroupKFold

from ecglab import evaluate, records, runs, train
from ecglab.beats import CLASSES, Beats
from ecglab.recipe import Recipe

#: Folds of a cross-validation over DS1's people.
FOLDS = 5
#: Of how many deals of people to folds the evenest is taken.
DEALS = 500


def only_training(heartbeats: Beats) -> Beats:
    """Return the beats unchanged, or refuse them if one belongs to a test record.

    Every experiment that trains or chooses passes its beats through here.

    Raises
    ------
    ValueError
        If a beat is of a record of DS2.
    """
    touched = sorted(set(heartbeats.records.tolist()) & set(records.DS2))
    if touched:
        raise ValueError(
            f"records {', '.join(touched)} belong to DS2; nothing is trained or chosen on them"
        )
    return heartbeats


def folds(heartbeats: Beats, partition: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Split beats into training and left-out positions, all beats of a person on one side.

    People are dealt out so that each fold holds about its share of every class; each `partition`,
    a whole number, deals them out in another way.
    """
    only_training(heartbeats)
    if partition == 0:
        splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
        return splitter.split(heartbeats.labels, heartbeats.labels, heartbeats.subjects)
    fold_of = _dealt(heartbeats, partition)
    return PredefinedSplit(fold_of).split()


def _dealt(heartbeats: Beats, partition: int) -> np.ndarray:
    """Return the fold of each beat: of many deals of people, the one with the evenest classes.

    scikit-learn's splitter deals people of so different records out in one way, whatever its
    `random_state`.
    """
    people, person_of = np.unique(heartbeats.subjects, return_inverse=True)
    counts = np.zeros((len(people), len(CLASSES)))
    np.add.at(counts, (person_of, heartbeats.labels), 1)
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    rng = np.random.default_rng(partition)
    seats = np.arange(len(people)) % FOLDS
    deals = [rng.permutation(seats) for _ in range(DEALS)]

    def unevenness(deal: np.ndarray) -> float:
        in_folds = [shares[deal == fold].sum(axis=0) for fold in range(FOLDS)]
        apart = np.std(in_folds, axis=0)
        return float(apart.mean())

    best = min(deals, key=unevenness)
    return best[person_of]


def out_of_fold(
    recipe: Recipe,
    folder: Path,
    seed: int = 0,
    say: Callable[[str], None] = print,
    partition: int = 0,
    every: int = 1,
) -> tuple[Beats, np.ndarray]:
    """Cross-validate a recipe over DS1's people.

    Parameters
    ----------
    recipe : Recipe
    folder : pathlib.Path
        Where each fold's weights and probabilities are kept; a run that broke off goes on with
        the next fold.
    seed : int
        Of the weights and the batches, not of the folds.
    say : callable
        Told one line after each fold.
    partition : int
        Of how people are dealt out to folds; see `folds`.
    every : int
        Of how many beats one is taken.

    Returns
    -------
    Beats, numpy.ndarray
        DS1's beats, and for each the probabilities, shape ``(n, 5)``, given by the network that
        had not seen its person; not yet corrected, `Recipe.rarity`.
    """
    heartbeats = only_training(recipe.load("DS1"))[::every]
    trained = recipe.to_json()
    del trained["correct"]  # which comes after training
    settings = {"recipe": trained, "seed": seed, "partition": partition}
    runs.kept(folder / "recipe.json", settings, {"DS1": heartbeats}, dict)  # folds of one recipe
    probabilities = np.zeros((len(heartbeats), len(CLASSES)), np.float32)
    model = None
    for number, (inside, left_out) in enumerate(folds(heartbeats, partition)):
        path = folder / f"fold{number}.npy"
        if not path.exists():
            if model is None:  # one network, reset for every fold: compiling takes long
                model = recipe.build(seed)
                start = model.get_weights()
            model.set_weights(start)
            train.fit(
                model, heartbeats[inside], seed=seed, **recipe.training, say=lambda line: None
            )
            called = train.predict(model, heartbeats[left_out], recipe.zoom)
            runs.write_arrays(folder / f"fold{number}.npz", model.get_weights())
            runs.write_array(path, called)
        probabilities[left_out] = runs.stored(path, len(left_out))
        right = heartbeats.labels[left_out] == probabilities[left_out].argmax(axis=1)
        say(f"fold {number + 1}/{FOLDS}  accuracy {right.mean():.3f}")
    return heartbeats, probabilities


def account(heartbeats: Beats, predictions: np.ndarray, seed: int = 0) -> dict:
    """Score predictions as every experiment records them: together, by record, with intervals."""
    labels = heartbeats.labels
    matrices = evaluate.matrices(labels, predictions, heartbeats.records)
    intervals = evaluate.bootstrap_records(labels, predictions, heartbeats.subjects, seed=seed)
    return {
        "scores": evaluate.scores(labels, predictions).summary(),
        "per record": {name: matrix.tolist() for name, matrix in matrices.items()},
        "intervals": plain(intervals),
    }


def plain(intervals: pd.DataFrame) -> dict:
    """Return a table of intervals as JSON can hold it."""
    return intervals.round(4).replace({np.nan: None}).to_dict(orient="index")


def balanced(heartbeats: Beats, count: int, seed: int, balance: float = 0.5) -> np.ndarray:
    """Draw positions of beats, classes as evenly as `batches.BeatImages` draws them."""
    sizes = np.bincount(heartbeats.labels, minlength=len(CLASSES))
    chances = sizes[heartbeats.labels] ** -float(balance)
    rng = np.random.default_rng(seed)
    return rng.choice(len(heartbeats), count, p=chances / chances.sum())
