"""Which S beats are missed, and what is taken for one: how early a beat comes, and after which.

The network of two leads that ships calls DS2 and svdb once more. Each S beat is put in one of
four groups, each N beat in one of two, and counted by what it is called. Nothing is trained or
chosen here.
"""

from pathlib import Path

import numpy as np

from ecglab import experiments, records, runs, shipped
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats
from ecglab.experiments import final
from ecglab.experiments.final import ELSEWHERE, MITDB
from ecglab.recipe import Recipe

#: The interval before a beat, set beside the median of those around it.
EARLINESS = "previous / median within 15"
#: A beat is early where the one is shorter than this share of the other, and a little early where
#: it is shorter than that.
EARLY, LITTLE = 0.75, 0.9
#: The groups. A run of S beats is its own rhythm: after its first beat none looks early.
AFTER_S, EARLY_S, LITTLE_S, LATE_S, EARLY_N, LATE_N = GROUPS = (
    "S after another S",
    "S, early",
    "S, a little early",
    "S, hardly early",
    "N, at least a little early",
    "N, not early",
)


def run(folder: Path, quick: bool = False) -> dict:
    """Count what the network calls the S and the N beats of two databases.

    Parameters
    ----------
    folder : pathlib.Path
        Where the counts of each database are kept; what broke off goes on there.
    quick : bool
        Two records of either database.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    names = {MITDB: records.DS2, ELSEWHERE: records.names(ELSEWHERE)}
    if quick:
        names = {database: every[:2] for database, every in names.items()}
    used = final.beats_used(names)
    del used["DS1"]
    model, recipe = shipped.load()
    network = experiments.recorded(shipped.EXPERIMENT)["weights"]["sha256"]
    outcomes = {}
    for database, its in experiments.progress(names.items(), "missed_s"):
        settings = {
            "names": its,
            "weights": network,
            "recipe": recipe.to_json(),
            "early": [EARLY, LITTLE],
        }
        path = folder / f"{database}.json"
        outcomes[database] = runs.kept(path, settings, used, _count, model, recipe, its, database)
        experiments.say(f"{database}: {outcomes[database]['seconds']} s")
    return {
        **experiments.header("missed_s", quick, [0], used),
        "early": [EARLY, LITTLE],
        "seconds": sum(outcome["seconds"] for outcome in outcomes.values()),
        "outcomes": outcomes,
    }


def groups(heartbeats: Beats) -> np.ndarray:
    """Return in which of `GROUPS` each beat is.

    Parameters
    ----------
    heartbeats : Beats
        With the column `EARLINESS`, in order of time within each record.

    Returns
    -------
    numpy.ndarray
        str, shape ``(n,)``; empty for beats that are neither S nor N.
    """
    is_s = heartbeats.labels == CLASSES.index("S")
    is_n = heartbeats.labels == CLASSES.index("N")
    same_record = heartbeats.records[1:] == heartbeats.records[:-1]
    after_s = np.concatenate([[False], is_s[:-1] & same_record])
    column = heartbeats.rr_names.index(EARLINESS)
    share = np.exp(heartbeats.rr[:, column])  # the columns are logarithms
    early, little = share < EARLY, share < LITTLE
    conditions = [is_s & after_s, is_s & early, is_s & little, is_s, is_n & little, is_n]
    return np.select(conditions, GROUPS, default="")


# ---------------------------------------------------------------------------


def _count(model: keras.Model, recipe: Recipe, names: tuple[str, ...], database: str) -> dict:
    """Return what the beats of each record are called, by group: five counts, in order of class."""
    heartbeats, probabilities = shipped.predict(model, recipe, names, database)
    called = probabilities.argmax(axis=1)
    group = groups(heartbeats)
    by_record = {}
    for name in names:
        counts = {}
        for one in GROUPS:
            its = (heartbeats.records == name) & (group == one)
            counts[one] = np.bincount(called[its], minlength=len(CLASSES)).tolist()
        by_record[name] = counts
    return {"per record": by_record}
