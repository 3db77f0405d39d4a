"""DS1+: what the 78 people of another database are worth, beside DS1's.

A track of its own. Here svdb is there to learn from, so nothing here is scored on svdb, and no
score here stands beside one of a network that has seen DS1 alone without being marked. How svdb
is mixed in is chosen on DS1's folds: every beat of DS1 is called by a network, or by trees, that
have learned from svdb and from people of DS1, but not from its own person. What is chosen is
scored on DS2 once for each seed.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ecglab import batches, beats, crossval, evaluate, experiments, records, runs, train
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats
from ecglab.experiments import baselines, context, resnet50
from ecglab.recipe import Recipe

#: The database whose people come in addition.
MORE = "svdb"
ALONE = "DS1 alone"
TOGETHER = "all beats together"
ALIKE = "every person alike"
FIRST = "svdb first, then DS1"
NETWORK, TREES = "ResNet-50", "boosting"
#: Who calls the beats, and in which ways svdb is mixed in. Each is told of rhythm and P waves.
WAYS = {NETWORK: (ALONE, ALIKE, FIRST), TREES: (ALONE, TOGETHER, ALIKE)}
SEEDS = (0, 1, 2)
SEED, PARTITION = 0, 0


def run(folder: Path, quick: bool = False) -> dict:
    """Mix svdb in, in several ways; choose one on DS1's folds; score it on DS2.

    Parameters
    ----------
    folder : pathlib.Path
        Where each fold and each final model's calls are kept; what broke off goes on there.
        Beside it, in ``context``, lie the networks that learned from DS1 alone; those that are
        missing are trained first.
    quick : bool
        One seed, two batches, 32 pixels, every twentieth beat of DS1, three records of svdb, two
        of DS2.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    seeds = SEEDS
    every = 1
    earlier = "context"
    names = {MORE: records.names(MORE), "DS2": records.DS2}
    if quick:
        seeds = SEEDS[:1]
        every = 20
        earlier = "context-quick"
        names = {database: its[:3] for database, its in names.items()}
    outcomes, called, final = [], {}, {}
    for who, ways in experiments.progress(WAYS.items(), "more_people"):
        recipe = context.recipe_of(who, context.MOST, quick)
        used = _load(recipe, names, every)
        for way in ways:
            place = _place(folder, who, way)
            settings = {"recipe": recipe.to_json(), "way": way, "names": names}
            make = _cross_validate
            arguments = (who, way, recipe, used, place)
            if (who, way) == (NETWORK, ALONE):
                make = _of_context
                arguments = (recipe, folder.parent / earlier, every, place)
            outcome = runs.kept(place / "outcome.json", settings, used, make, *arguments)
            believed = runs.stored(place / PROBABILITIES, len(used["DS1"]))
            called[who, way] = believed.argmax(axis=1)
            outcomes.append({"who": who, "way": way} | outcome)
            macro = outcome["scores"]["macro_f1"]
            experiments.say(f"{who}, {way}: macro-F1 {macro:.3f} on DS1's folds")
        final[who] = _final(who, recipe, used, outcomes, folder, seeds)
    training = used["DS1"]
    return {
        **experiments.header("more_people", quick, seeds, used),
        "seconds": _seconds(outcomes, final),
        "outcomes": outcomes,
        "differences": _differences(training, called),
        "final": final,
    }


def chosen(outcomes: list[dict], who: str) -> str:
    """Return the way of mixing svdb in that has the best macro-F1 on DS1's folds.

    Parameters
    ----------
    outcomes : list of dict
        Accounts, with ``who`` and ``way``.
    who : str
        Networks or trees.

    Returns
    -------
    str
        One of `WAYS`, but for DS1 alone, which mixes nothing in.
    """
    mixed = [one for one in outcomes if one["who"] == who and one["way"] != ALONE]
    best = max(mixed, key=lambda one: one["scores"]["macro_f1"])
    return best["way"]


# ---------------------------------------------------------------------------

PROBABILITIES = "probabilities.npy"
Used = dict[str, Beats]


def _load(recipe: Recipe, names: dict[str, tuple[str, ...]], every: int) -> Used:
    training = crossval.only_training(recipe.load("DS1"))[::every]
    more = recipe.load(names[MORE], MORE)
    return {"DS1": training, MORE: more, "DS2": recipe.load(names["DS2"])}


def _place(folder: Path, who: str, way: str) -> Path:
    name = f"{who}-{way}".replace(" ", "_").replace(",", "")
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def _seconds(outcomes: list[dict], final: dict) -> int:
    seconds = [one["seconds"] for one in outcomes]
    for about in final.values():
        seconds += [one["seconds"] for one in about["DS2"]]
    return sum(seconds)


def _differences(heartbeats: Beats, called: dict[tuple[str, str], np.ndarray]) -> dict:
    """Return what each way gains over DS1 alone, by who calls and by way."""
    gains = {}
    for (who, way), ours in called.items():
        if way != ALONE:
            theirs = called[who, ALONE]
            table = evaluate.bootstrap_difference(
                heartbeats.labels, [ours], [theirs], heartbeats.subjects
            )
            gains.setdefault(who, {})[way] = crossval.plain(table)
    return gains


def _of_context(recipe: Recipe, earlier: Path, every: int, place: Path) -> dict:
    """Take the networks that `context` cross-validated, or do so now."""
    its = context.place_of(earlier, NETWORK, context.MOST, PARTITION, SEED)
    heartbeats, probabilities = crossval.out_of_fold(
        recipe, its, SEED, experiments.say, PARTITION, every
    )
    probabilities = probabilities * recipe.rarity(heartbeats)
    runs.write_array(place / PROBABILITIES, probabilities)
    return crossval.account(heartbeats, probabilities.argmax(axis=1))


def _cross_validate(who: str, way: str, recipe: Recipe, used: Used, place: Path) -> dict:
    """Call every beat of DS1 by a model that has not learned from its person."""
    heartbeats, more = used["DS1"], used[MORE]
    learn = _learner(who, way, recipe, more, place, SEED)
    probabilities = np.zeros((len(heartbeats), len(CLASSES)), np.float32)
    for number, (inside, left_out) in enumerate(crossval.folds(heartbeats, PARTITION)):
        path = place / f"fold{number}.npy"
        if not path.exists():
            believe = learn(heartbeats[inside])
            runs.write_array(path, believe(heartbeats[left_out]))
        probabilities[left_out] = runs.stored(path, len(left_out))
        called = probabilities[left_out].argmax(axis=1)
        right = called == heartbeats.labels[left_out]
        experiments.say(f"{place.name}: fold {number + 1}, accuracy {right.mean():.3f}")
    runs.write_array(place / PROBABILITIES, probabilities)
    return crossval.account(heartbeats, probabilities.argmax(axis=1))


def _final(
    who: str,
    recipe: Recipe,
    used: Used,
    outcomes: list[dict],
    folder: Path,
    seeds: tuple,
) -> dict:
    """Train the chosen way on DS1 and svdb; score it on DS2 once for each seed."""
    way = chosen(outcomes, who)
    scored = []
    for seed in seeds:
        place = _place(folder, who, f"{way} {seed}")
        settings = {"recipe": recipe.to_json(), "way": way, "seed": seed}
        outcome = runs.kept(
            place / "outcome.json",
            settings,
            used,
            _score,
            who,
            way,
            recipe,
            used,
            place,
            seed,
        )
        scored.append({"seed": seed} | outcome)
        macro = outcome["scores"]["macro_f1"]
        experiments.say(f"{who}, {way}, seed {seed}: macro-F1 {macro:.3f} on DS2")
    return {"way": way, "DS2": scored}


def _score(who: str, way: str, recipe: Recipe, used: Used, place: Path, seed: int) -> dict:
    learn = _learner(who, way, recipe, used[MORE], place, seed)
    believe = learn(used["DS1"])
    called = believe(used["DS2"]).argmax(axis=1)
    return resnet50.conventions(used["DS2"], called, seed)


# ---------------------------------------------------------------------------
# Learning: from beats of DS1, to a function that says how probable each class of a beat is

Believe = Callable[[Beats], np.ndarray]
Learn = Callable[[Beats], Believe]


def _learner(who: str, way: str, recipe: Recipe, more: Beats, place: Path, seed: int) -> Learn:
    if who == TREES:
        return lambda inside: _trees(way, recipe, inside, more, seed)
    model = recipe.build(seed)
    if way == FIRST:
        _pretrain(model, recipe, more, place, seed)
    start = model.get_weights()

    def learn(inside: Beats) -> Believe:
        model.set_weights(start)
        return _network(model, way, recipe, inside, more, seed)

    return learn


def _trees(way: str, recipe: Recipe, inside: Beats, more: Beats, seed: int) -> Believe:
    learned = inside if way == ALONE else beats.concatenate([inside, more])
    weights = _alike(learned) if way == ALIKE else None
    trees = baselines.even_boosting(seed)
    trees.fit(context.compared(learned, recipe), learned.labels, weights)

    def believe(others: Beats) -> np.ndarray:
        probabilities = np.zeros((len(others), len(CLASSES)), np.float32)
        table = context.compared(others, recipe)
        probabilities[:, trees.classes_] = trees.predict_proba(table)
        return probabilities

    return believe


def _alike(learned: Beats) -> np.ndarray:
    """Return weights by which, within a class, all people count alike; their mean is 1."""
    kinds = learned.labels.astype("<U1")
    pairs = np.stack([kinds, learned.subjects])
    _, group, sizes = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    each = 1 / sizes[group]
    in_class = np.bincount(learned.labels, each, len(CLASSES))
    beats_of = np.bincount(learned.labels, minlength=len(CLASSES))
    evened = beats_of / np.maximum(in_class, 1e-9)
    return each * evened[learned.labels]


def _pretrain(model: keras.Model, recipe: Recipe, more: Beats, place: Path, seed: int) -> None:
    """Train on svdb alone; once for all folds, none of whose people is there."""
    path = place / "svdb.npz"
    if not path.exists():
        train.fit(model, more, seed=seed, **_training(recipe, ALIKE), say=_silent)
        runs.write_arrays(path, model.get_weights())
    with np.load(path) as stored:
        model.set_weights([stored[name] for name in stored.files])


def _network(
    model: keras.Model,
    way: str,
    recipe: Recipe,
    inside: Beats,
    more: Beats,
    seed: int,
) -> Believe:
    learned = beats.concatenate([inside, more]) if way == ALIKE else inside
    train.fit(model, learned, seed=seed, **_training(recipe, way), say=_silent)
    # As if batches had been drawn from DS1 alone: svdb has three times its share of S beats.
    wanted = _shares(recipe, inside)
    drawn = _shares(recipe, learned)
    factors = recipe.rarity(inside) * wanted / drawn

    def believe(others: Beats) -> np.ndarray:
        return train.predict(model, others, recipe.zoom) * factors

    return believe


def _training(recipe: Recipe, way: str) -> dict:
    return recipe.training | {"record_balance": float(way == ALIKE)}


def _shares(recipe: Recipe, heartbeats: Beats) -> np.ndarray:
    """Return how often batches hold each class."""
    samples = heartbeats.windows.shape[1:2]
    drawn = batches.BeatImages(heartbeats, samples, balance=recipe.balance)
    return np.maximum(drawn.shares, 1e-9)


def _silent(line: str) -> None:
    """Say nothing of single epochs."""
