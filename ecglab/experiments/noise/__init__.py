"""Noise: how much of it the trained network and the boosted trees stand.

Noise recorded from people (nstdb: electrode motion, muscle noise, baseline wander) is added to
the records of DS2 at falling signal-to-noise ratios, and every fifth beat is called. Nothing is
trained or chosen here: the network is the one that ships, the trees are those of ``baselines``.
The beats' places are the annotated ones, so that only the calling suffers, not the finding.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ecglab import beats, crossval, experiments, given, records, runs, shipped, train
from ecglab.experiments import baselines
from ecglab.recipe import Recipe
from ecglab.records import Record

KINDS = {"em": "electrode motion", "ma": "muscle noise", "bw": "baseline wander"}
WAYS = ("ResNet-50", "boosting")
DECIBELS = (24, 18, 12, 6, 0, -6)
EVERY = 5  # beats of each record, to keep the run short
QUICK = {"kinds": ["em"], "decibels": [6], "names": list(records.DS2[:2])}


def run(folder: Path, quick: bool = False) -> dict:
    """Score two classifiers on DS2 under each kind and strength of noise.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each kind and strength is kept; what broke off goes on there.
    quick : bool
        Two records, one kind, one strength.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    choice = {"kinds": list(KINDS), "decibels": list(DECIBELS), "names": list(records.DS2)}
    choice |= QUICK if quick else {}
    model, recipe = shipped.load()
    trees = baselines.trained("boosting", 20 if quick else 1)
    conditions = [(None, None), *((k, db) for k in choice["kinds"] for db in choice["decibels"])]
    noises = [records.load(kind, database="nstdb") for kind in choice["kinds"]]
    simulated = any(one.simulated for one in noises)
    source = {"noise": "simulated"} if simulated else {}  # what was kept of one is not the other's
    test = baselines.RECIPE.load(choice["names"])
    outcomes = []
    for kind, decibels in experiments.progress(conditions, "noise"):
        settings = {"kind": kind, "dB": decibels, "names": choice["names"], "every": EVERY}
        outcome = runs.kept(
            folder / f"{kind}{decibels}.json",
            settings | source,
            {"DS2": test},
            _score,
            model,
            recipe,
            trees,
            choice["names"],
            kind,
            decibels,
        )
        outcomes.append(settings | outcome)
        strength = "no noise" if kind is None else f"{KINDS[kind]}, {decibels} dB"
        right = ", ".join(f"{way} {outcome[way]['scores']['accuracy']:.3f}" for way in WAYS)
        experiments.say(f"{strength}: accuracy {right}")
    head = experiments.header("noise", quick, [0], {"DS2": test})
    head["recordings"]["simulated"] |= simulated  # as real records with such noise are
    return {
        **head,
        "every": EVERY,
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
    }


def noisy(record: Record, kind: str, decibels: float) -> Record:
    """Add recorded noise to every lead of a record.

    Parameters
    ----------
    record : Record
    kind : {"em", "ma", "bw"}
        A record of nstdb. Its first channel goes to the first lead, its second to the second.
    decibels : float
        Signal-to-noise ratio of each lead, as the program ``nst`` of WFDB defines it: the
        signal's power is an eighth of the square of the usual QRS height, the noise's its mean
        square.

    Returns
    -------
    Record
        With another signal; simulated if the record or the noise is.

    Raises
    ------
    ValueError
        If there is no such noise, `decibels` is no number, or the noise does not fit the record:
        its rate, its length, its one or two leads. Without beats there is no signal to compare.
    """
    given.number("decibels", decibels)
    recorded = records.load(kind, database="nstdb")
    _check(record, recorded)
    noise = recorded.signal[: len(record.signal)]
    noise = noise - noise.mean(axis=0)
    strength = np.mean(noise**2, axis=0)
    channels = slice(len(record.leads))
    around = np.arange(-18, 36)  # 50 ms before to 100 ms after the beat
    inside = (record.samples > 18) & (record.samples < len(record.signal) - 36)
    heights = np.ptp(record.signal[record.samples[inside, None] + around], axis=1)
    power = np.median(heights, axis=0) ** 2 / 8
    wanted = power / 10 ** (decibels / 10)
    gain = np.sqrt(wanted / strength[channels])
    source = recorded.source if recorded.simulated else record.source
    signal = (record.signal + gain * noise[:, channels]).astype(np.float32)
    return replace(record, signal=signal, source=source)


def _check(record: Record, noise: Record) -> None:
    """Refuse to add a noise to a record that it does not fit."""
    if record.fs != noise.fs:
        raise ValueError(f"record {record} has {record.fs:g} Hz, the noise {noise.fs:g} Hz")
    if len(record.leads) > len(noise.leads):
        have = f"{len(record.leads)} leads, the noise {len(noise.leads)}"
        raise ValueError(f"record {record} has {have}; give a record of one or two")
    if len(record.signal) > len(noise.signal):
        lasts = f"{record.duration:g} s, the noise {noise.duration:g} s"
        raise ValueError(f"record {record} lasts {lasts}; give a shorter one")
    if not len(record.samples):
        raise ValueError(f"record {record} has no annotated beats; detect them first")


def _score(
    model, recipe: Recipe, trees, names: list[str], kind: str | None, decibels: float | None
) -> dict:
    seen, by_network, by_trees = [], [], []
    for name in names:
        record = records.load(name)
        if kind:
            record = noisy(record, kind, decibels)
        # The typical beat is the noisy record's own
        cards = recipe.cut(record)[::EVERY]
        by_network.append(train.predict(model, cards, recipe.zoom).argmax(axis=1))
        table = baselines.features(baselines.RECIPE.cut(record))[::EVERY]
        by_trees.append(trees.predict(table))
        seen.append(cards)
    heartbeats = beats.concatenate(seen)
    return {
        way: crossval.account(heartbeats, np.concatenate(called))
        for way, called in zip(WAYS, (by_network, by_trees), strict=True)
    }
