"""Rhythm as context: what the beats around a beat are worth, to networks and to trees, on DS1.

A network that sees one beat and a dozen ratios takes the irregular beats of atrial fibrillation
for premature ones. Here it is told more: how irregular the rhythm around the beat is, its
neighbours' intervals, whether P waves come again and again. DS1's people are dealt out to five
folds, and every beat is called by a network or by trees that have not seen its person. DS2 is not
touched.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from ecglab import crossval, evaluate, experiments, rhythm, runs
from ecglab.beats import Beats
from ecglab.experiments import baselines, resnet50, tables
from ecglab.recipe import Recipe

#: What is told, besides the RR ratios that every recipe here has.
TOLD = {
    "RR ratios": (),
    "and the rhythm around": rhythm.CONTEXT_NAMES,
    "and the P waves": rhythm.AROUND,
}
#: Against what each is compared, of the same way: the first. The last tells the most.
FIRST, _, MOST = TOLD
#: A partition of people to folds, and a seed, for each run of every way. A run of the ResNet-50
#: takes twenty minutes of one core.
RUNS = ((0, 0), (1, 1), (2, 2))
#: Each lead twice: beside the median beat, and beside the median of those that do not come early,
#: which a record full of premature beats cannot capture.
LATE = replace(resnet50.RECIPE, show=("difference", "late difference"))
#: Who calls the beats: how they are cut, and what is told of them.
WAYS = {
    "ResNet-50": (resnet50.RECIPE, (FIRST, MOST)),
    "ResNet-50, late beats": (LATE, (MOST,)),
    "boosting": (baselines.RECIPE, tuple(TOLD)),
}
#: What was tried with the first partition and seed only.
ONCE = ("ResNet-50, late beats",)
#: With whom the others are compared, all being told the most.
RIVAL = "ResNet-50"
QUICK = {"epochs": 1, "steps": 2, "size": 32, "width": 4}


def run(folder: Path, quick: bool = False) -> dict:
    """Cross-validate networks and trees that are told more and more.

    Parameters
    ----------
    folder : pathlib.Path
        Where the folds of each run are kept; what broke off goes on with the next fold.
    quick : bool
        One run a way, two batches, 32 pixels, every twentieth beat.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    places, one_of = (RUNS[:1], 20) if quick else (RUNS, 1)
    training = crossval.only_training(resnet50.RECIPE.load("DS1"))[::one_of]
    outcomes, accounts = [], {}
    for way, told, (partition, seed) in experiments.progress(runs_of(places), "context"):
        place = place_of(folder, way, told, partition, seed)
        recipe = recipe_of(way, told, quick)
        settings = {"recipe": recipe.to_json(), "partition": partition, "seed": seed, "way": way}
        outcome = runs.kept(
            place / "outcome.json",
            settings,
            {"DS1": training},
            _cross_validate,
            way,
            recipe,
            place,
            partition,
            seed,
            one_of,
        )
        accounts.setdefault((way, told), {})[partition, seed] = outcome
        head = {"way": way, "told": told, "partition": partition, "seed": seed}
        outcomes.append(head | outcome)
        one = outcome["scores"]
        experiments.say(
            f"{way}, {told}, partition {partition}, seed {seed}: macro-F1 {one['macro_f1']:.3f}, "
            f"S {one['S F1']:.3f}, V {one['V F1']:.3f}"
        )
    return {
        **experiments.header("context", quick, each(places, 1), {"DS1": training}),
        "partitions": each(places, 0),
        "recipe": resnet50.RECIPE.to_json(),
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
        "differences": differences(accounts),
        "rivals": rivals(accounts),
    }


def runs_of(places: Sequence[tuple[int, int]]) -> list[tuple[str, str, tuple[int, int]]]:
    """Return all runs: who calls, what is told, and the partition and seed."""
    every = []
    for way, (_, options) in WAYS.items():
        its = places[:1] if way in ONCE else places
        every += product([way], options, its)
    return every


def each(places: Sequence[tuple[int, int]], which: int) -> list[int]:
    """Return the partitions (0) or the seeds (1) of some runs, each once."""
    return sorted({place[which] for place in places})


def recipe_of(way: str, told: str, quick: bool = False) -> Recipe:
    """Return how the beats of a way are cut, and of a network how it is trained."""
    recipe, _ = WAYS[way]
    recipe = replace(recipe, context=TOLD[told])
    return replace(recipe, **QUICK) if quick else recipe


def place_of(folder: Path, way: str, told: str, partition: int, seed: int) -> Path:
    """Return where a run is kept; the networks of its folds lie there, ``fold0.npz`` to 4."""
    name = f"{way}-{told}-{partition}-{seed}"
    return folder / name.replace(" ", "_")


#: Accounts by way and by what was told; for each, one by partition and seed.
Accounts = dict[tuple[str, str], dict[tuple[int, int], dict]]


def differences(accounts: Accounts) -> dict:
    """Return what each way gains by being told more, the scores of its runs averaged.

    Parameters
    ----------
    accounts : dict
        See `Accounts`. Only what they say of each record is used.

    Returns
    -------
    dict
        By way, then by what was told: `evaluate.bootstrap_matrices` from the RR ratios alone.
    """
    gains = {}
    for (way, told), ours in accounts.items():
        if told != FIRST and (way, FIRST) in accounts:
            gains.setdefault(way, {})[told] = _gain(ours, accounts[way, FIRST])
    return gains


def rivals(accounts: Accounts) -> dict:
    """Return what each way gains over the ResNet-50, both being told the most.

    Parameters
    ----------
    accounts
        See `differences`.

    Returns
    -------
    dict
        By way: `evaluate.bootstrap_matrices`.
    """
    single = accounts[RIVAL, MOST]
    gains = {}
    for (way, told), ours in accounts.items():
        if told == MOST and way != RIVAL:
            gains[way] = _gain(ours, single)
    return gains


def compared(heartbeats: Beats, recipe: Recipe) -> np.ndarray:
    """Return the table that trees read: what is told, and six numbers for each lead."""
    columns = heartbeats.rr.shape[1] + 6 * len(recipe.leads)
    return baselines.features(heartbeats)[:, :columns]


def _gain(ours: dict, theirs: dict) -> dict:
    """Compare two ways, run by run: those of the same partitions and seeds."""
    paired = [[by_run[run] for run in ours] for by_run in (ours, theirs)]
    counts = [tables.people_of(accounts)[1] for accounts in paired]
    return crossval.plain(evaluate.bootstrap_matrices(*counts))


# ---------------------------------------------------------------------------


def _cross_validate(
    way: str, recipe: Recipe, folder: Path, partition: int, seed: int, one_of: int
) -> dict:
    call = _trees if way == "boosting" else _networks
    heartbeats, probabilities = call(recipe, folder, partition, seed, one_of)
    called = probabilities.argmax(axis=1)
    return crossval.account(heartbeats, called)


def _networks(
    recipe: Recipe, folder: Path, partition: int, seed: int, one_of: int
) -> tuple[Beats, np.ndarray]:
    def say(line: str) -> None:
        experiments.say(f"{folder.name}: {line}")

    heartbeats, probabilities = crossval.out_of_fold(recipe, folder, seed, say, partition, one_of)
    return heartbeats, probabilities * recipe.rarity(heartbeats)


def _trees(
    recipe: Recipe, folder: Path, partition: int, seed: int, one_of: int
) -> tuple[Beats, np.ndarray]:
    heartbeats = crossval.only_training(recipe.load("DS1"))[::one_of]
    table = compared(heartbeats, recipe)
    probabilities = np.zeros((len(heartbeats), 5), np.float32)
    for inside, left_out in crossval.folds(heartbeats, partition):
        trees = baselines.even_boosting(seed)
        trees.fit(table[inside], heartbeats.labels[inside])
        columns = np.ix_(left_out, trees.classes_)
        probabilities[columns] = trees.predict_proba(table[left_out])
    return heartbeats, probabilities
