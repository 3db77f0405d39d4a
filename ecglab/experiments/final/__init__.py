"""The networks that were told of rhythm and P waves, on people whom they have not seen.

Their recipes were chosen on DS1's folds, in ``context``; nothing is chosen here. One reads two
leads, one a single lead, whichever it is. Both are trained on DS1 and scored once on DS2, and
once on all of svdb, another database.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecglab import beats, crossval, records, runs, shipped
from ecglab.beats import Beats
from ecglab.experiments import context, one_lead, resnet50
from ecglab.recipe import Recipe

Names = dict[str, tuple[str, ...]]  # of records, by database
Used = dict[str, Beats]

TWO, ONE = shipped.NETWORKS
RECIPES = {TWO: context.recipe_of("ResNet-50", context.MOST), ONE: one_lead.RECIPE}
#: A network for one lead has each beat to call twice; it has one seed.
SEED = 0
MITDB = "mitdb"
#: The database of other people, by the name under which their beats are noted.
ELSEWHERE = "svdb"
#: Its leads may be taken for those of mitdb the other way round, too; see ``book/data.md``.
EXCHANGED = ("V1", "MLII")


def run(folder: Path, quick: bool = False) -> dict:
    """Train both networks on DS1; score each on DS2 and on svdb.

    Parameters
    ----------
    folder : pathlib.Path
        Where checkpoints and the outcome of each network are kept; what broke off goes on there.
        The weights of both networks, with seed 0, are written here, too, as ``outcome.npz``.
    quick : bool
        One seed, three batches, 32 pixels, two records of either database.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    names = {MITDB: records.DS2, ELSEWHERE: records.names(ELSEWHERE)}
    two, single = RECIPES[TWO], RECIPES[ONE]
    if quick:
        names = {MITDB: records.DS2[:2], ELSEWHERE: records.names(ELSEWHERE)[:2]}
        two = replace(two, **resnet50.QUICK)
        single = replace(single, **resnet50.QUICK)
    others = names[ELSEWHERE]
    used = beats_used(names)
    outcome = resnet50.score("final", {TWO: RECIPES[TWO]}, folder, quick)
    for one in outcome["outcomes"]:
        seed = one["seed"]
        one[ELSEWHERE] = _elsewhere(folder, two, seed, others, used)
    outcome[ONE] = _single(folder, single, names, used)
    exchanged = replace(two, leads=EXCHANGED)
    outcome["leads exchanged"] = _elsewhere(folder, exchanged, SEED, others, used)

    outcome["recordings"][ELSEWHERE] = used[ELSEWHERE].sha256
    outcome["recipes"][ONE] = single.to_json()
    further = [one[ELSEWHERE] for one in outcome["outcomes"]]
    further.append(outcome[ONE])
    further.append(outcome["leads exchanged"])
    outcome["seconds"] += sum(one["seconds"] for one in further)
    outcome["weights"] = _ship(folder)
    return outcome


def beats_used(names: Names) -> Used:
    """Return the beats that a run on both databases rests on, for the record."""
    plain = Recipe(leads=("MLII",))
    return {
        "DS1": beats.load(records.DS1),
        "DS2": beats.load(names[MITDB]),
        ELSEWHERE: plain.load(names[ELSEWHERE], ELSEWHERE),
    }


# ---------------------------------------------------------------------------


def _elsewhere(folder: Path, recipe: Recipe, seed: int, names: tuple[str, ...], used: Used) -> dict:
    """Score a trained network of two leads on the other database."""
    place = resnet50.place_of(folder, TWO, seed)
    settings = {
        "recipe": recipe.to_json(),
        "seed": seed,
        "names": names,
    }
    path = place / "svdb.json"
    if recipe.leads == EXCHANGED:
        path = place / "exchanged.json"
    return runs.kept(path, settings, used, _score_elsewhere, recipe, place, names)


def _score_elsewhere(recipe: Recipe, place: Path, names: tuple[str, ...]) -> dict:
    model = recipe.build()
    with np.load(place / resnet50.WEIGHTS) as stored:
        weights = [stored[name].astype(np.float32) for name in stored.files]
    model.set_weights(weights)
    heartbeats, probabilities = shipped.predict(model, recipe, names, ELSEWHERE)
    called = probabilities.argmax(axis=1)
    return crossval.account(heartbeats, called)


def _single(folder: Path, recipe: Recipe, names: Names, used: Used) -> dict:
    """Train a network of one lead, and score it on both databases, lead by lead."""
    place = resnet50.place_of(folder, ONE, SEED)
    settings = {"recipe": recipe.to_json(), "seed": SEED, "names": names}
    path = place / "outcome.json"
    return runs.kept(path, settings, used, _train_and_score_single, recipe, place, names)


def _train_and_score_single(recipe: Recipe, place: Path, names: Names) -> dict:
    model, outcome = resnet50.trained(recipe, SEED, place)
    for database, its in names.items():
        heartbeats, probabilities = shipped.predict(model, recipe, its, database)
        called = probabilities.argmax(axis=1)
        outcome[database] = one_lead.by_lead(heartbeats, called)
    return outcome


def _ship(folder: Path) -> dict:
    """Put the weights of both networks into one file; return its hash and its length."""
    arrays = {}
    for network in shipped.NETWORKS:
        place = resnet50.place_of(folder, network, SEED)
        with np.load(place / resnet50.WEIGHTS) as stored:
            for name in stored.files:
                ours = f"{network}/{name}"
                arrays[ours] = stored[name]
    path = folder / "outcome.npz"
    runs.write(path, lambda part: np.savez_compressed(part, **arrays))
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {
        "sha256": digest,
        "bytes": len(content),
    }
