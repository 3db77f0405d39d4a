"""The head of `sequence` on the networks of `final`: beats among their neighbours, scored once.

Nothing is chosen here. How the head is built and trained was decided on DS1's folds, and so was
that its answer and the network's are multiplied. Each network of `final`, trained on DS1, gets a
head trained on DS1. What they call is scored once on DS2, and once on all of svdb.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import softmax

from ecglab import crossval, experiments, records, runs
from ecglab.backend import keras
from ecglab.beats import Beats
from ecglab.experiments import final, resnet50, sequence
from ecglab.experiments.final import ELSEWHERE, MITDB, TWO
from ecglab.experiments.sequence import ALONE, BOTH, HEAD, WAYS
from ecglab.recipe import Recipe

RECIPE = final.RECIPES[TWO]


def run(folder: Path, quick: bool = False) -> dict:
    """Train one head a seed on DS1; score it on DS2 and on svdb.

    Parameters
    ----------
    folder : pathlib.Path
        Where each run is kept. Beside it, in ``final``, lie the networks; those that are missing
        are trained first.
    quick : bool
        One seed, two batches, 32 pixels, two records of either database.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    recipe, seeds, steps, networks = RECIPE, resnet50.SEEDS, sequence.STEPS, "final"
    names = {MITDB: records.DS2, ELSEWHERE: records.names(ELSEWHERE)}
    if quick:
        recipe, seeds, steps = replace(RECIPE, **resnet50.QUICK), seeds[:1], 2
        networks = "final-quick"
        names = {database: every[:2] for database, every in names.items()}
    used = final.beats_used(names)
    outcomes = []
    accounts = {way: [] for way in WAYS}
    for seed in experiments.progress(seeds, "sequence_final"):
        place = folder / str(seed)
        network = resnet50.place_of(folder.parent / networks, TWO, seed)
        settings = {"recipe": recipe.to_json(), "seed": seed, "names": names, "steps": steps}
        settings |= {"around": sequence.AROUND, "units": sequence.UNITS}
        outcome = runs.kept(
            place / "outcome.json", settings, used, _one, recipe, seed, network, names, steps
        )
        for way in WAYS:
            accounts[way].append(outcome[way][MITDB])
        outcomes.append({"seed": seed} | outcome)
        macro = outcome[BOTH][MITDB]["scores"]["macro_f1"]
        experiments.say(f"seed {seed}: macro-F1 {macro:.3f} on DS2")
    return {
        **experiments.header("sequence_final", quick, seeds, used),
        "recipe": recipe.to_json(),
        "around": sequence.AROUND,
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
        "differences": sequence.differences(accounts),
    }


# ---------------------------------------------------------------------------


def _one(
    recipe: Recipe,
    seed: int,
    network: Path,
    names: dict[str, tuple[str, ...]],
    steps: int,
) -> dict:
    """Train a head on DS1, and score the network, the head and both together."""
    started = time.perf_counter()
    if not (network / resnet50.WEIGHTS).exists():
        resnet50.trained(recipe, seed, network)
    training = crossval.only_training(recipe.load("DS1"))
    encoder, head, _ = sequence.networks(recipe, seed, steps)
    encoder.set_weights(sequence.weights_of(network / resnet50.WEIGHTS, encoder))
    encoded = sequence.encode(encoder, training, recipe)
    everything = np.arange(len(training))
    sequence.teach(head, encoded, training, everything, seed, steps, recipe.balance)
    outcome = {way: {} for way in WAYS} | {"training seconds": round(time.perf_counter() - started)}
    rarity = recipe.rarity(training)
    for database, its in names.items():
        heartbeats = recipe.load(its, database)
        believed = _believed(encoder, head, network, heartbeats, recipe, rarity)
        for way, probabilities in believed.items():
            outcome[way][database] = _account(heartbeats, probabilities, database, seed)
    return outcome


def _believed(
    encoder: keras.Model,
    head: keras.Model,
    network: Path,
    heartbeats: Beats,
    recipe: Recipe,
    rarity: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return what each way believes of beats, up to a factor for each beat."""
    encoded = sequence.encode(encoder, heartbeats, recipe)
    alone = _decided(network, encoded)  # corrected for rarity, as its last layer's bias is
    read = sequence.ask(head, encoded, heartbeats, np.arange(len(heartbeats)))
    return {ALONE: alone, HEAD: read * rarity, BOTH: np.sqrt(alone * read * rarity)}


def _decided(network: Path, encoded: np.ndarray) -> np.ndarray:
    """Return what the network's last layer makes of encoded beats."""
    with np.load(network / resnet50.WEIGHTS) as stored:
        *_, kernel, bias = (stored[name].astype(np.float32) for name in stored.files)
    logits = encoded.astype(np.float32) @ kernel + bias
    return softmax(logits, axis=1)


def _account(heartbeats: Beats, probabilities: np.ndarray, database: str, seed: int) -> dict:
    called = probabilities.argmax(axis=1)
    if database == MITDB:
        return resnet50.conventions(heartbeats, called, seed)
    return crossval.account(heartbeats, called)
