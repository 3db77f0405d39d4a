"""One lead, whichever it is: a narrower network for a strip, a watch or a Holter, on DS1.

The network of the course reads two leads, and knows which is which. This one is shown each lead
by itself, the first as often as the second, and is not told which it sees. Gain, time and noise
are varied more than for two leads. Every beat is called, in each of its leads, by a network that
has not seen its person. DS2 is not touched.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ecglab import crossval, experiments, runs
from ecglab.batches import AUGMENTATION
from ecglab.beats import Beats
from ecglab.experiments import context
from ecglab.recipe import ANY, Recipe

#: Three quarters of the width: both networks together are to stay below 5 MB.
RECIPE = replace(
    context.recipe_of("ResNet-50", context.MOST),
    leads=(ANY,),
    width=12,
    augment=AUGMENTATION | {"gain": 0.5, "noise": 0.05},
)
PARTITIONS = (0,)
SEED = 0
#: What the columns of a record are called, whatever their leads.
COLUMNS = ("first lead", "second lead")


def run(folder: Path, quick: bool = False) -> dict:
    """Cross-validate the network over DS1's people, dealt out to folds in three ways.

    Parameters
    ----------
    folder : pathlib.Path
        Where the folds of each run are kept; what broke off goes on with the next fold.
    quick : bool
        One partition, two batches, 32 pixels, every twentieth beat.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    recipe, partitions, one_of = RECIPE, PARTITIONS, 1
    if quick:
        recipe, partitions, one_of = replace(recipe, **context.QUICK), partitions[:1], 20
    training = crossval.only_training(recipe.load("DS1"))[::one_of]
    outcomes = []
    for partition in experiments.progress(partitions, "one_lead"):
        place = folder / str(partition)
        settings = {"recipe": recipe.to_json(), "partition": partition, "seed": SEED}
        accounts = runs.kept(
            place / "outcome.json",
            settings,
            {"DS1": training},
            _cross_validate,
            recipe,
            place,
            partition,
            one_of,
        )
        for column in COLUMNS:
            head = {"column": column, "partition": partition, "seconds": accounts["seconds"]}
            outcomes.append(head | accounts[column])
            one = accounts[column]["scores"]
            experiments.say(f"partition {partition}, {column}: macro-F1 {one['macro_f1']:.3f}")
    return {
        **experiments.header("one_lead", quick, [SEED], {"DS1": training}),
        "partitions": list(partitions),
        "recipe": recipe.to_json(),
        "seconds": sum(one["seconds"] for one in outcomes if one["column"] == COLUMNS[0]),
        "outcomes": outcomes,
    }


def columns_of(heartbeats: Beats) -> np.ndarray:
    """Return in which of its record's leads each beat was cut: 0, then 1.

    Parameters
    ----------
    heartbeats : Beats
        As a recipe for any lead cuts them, or every few of these.

    Returns
    -------
    numpy.ndarray
        int64, shape ``(n,)``.
    """
    column = np.zeros(len(heartbeats), int)
    for name in np.unique(heartbeats.records):
        its = np.flatnonzero(heartbeats.records == name)
        begins_anew = np.diff(heartbeats.samples[its], prepend=-1) <= 0
        column[its] = np.cumsum(begins_anew)
    return column


def by_lead(heartbeats: Beats, called: np.ndarray) -> dict[str, dict]:
    """Score calls apart for first and for second leads: an account of each."""
    column = columns_of(heartbeats)
    accounts = {}
    for number, name in enumerate(COLUMNS):
        of_lead = column == number
        its = heartbeats[of_lead]
        accounts[name] = crossval.account(its, called[of_lead])
    return accounts


# ---------------------------------------------------------------------------


def _cross_validate(recipe: Recipe, folder: Path, partition: int, one_of: int) -> dict:
    def say(line: str) -> None:
        experiments.say(f"one_lead {partition}: {line}")

    heartbeats, probabilities = crossval.out_of_fold(recipe, folder, SEED, say, partition, one_of)
    called = (probabilities * recipe.rarity(heartbeats)).argmax(axis=1)
    return by_lead(heartbeats, called)
