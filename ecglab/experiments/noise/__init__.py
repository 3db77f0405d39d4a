"""Noise: how much of it the trained network and the boosted trees stand.

Noise recorded from people (nstdb: electrode motion, muscle noise, baseline wander) is added to
the records of DS2 at falling signal-to-noise ratios, and every fifth beat is called. Nothing is
trained or chosen here: the network is the one that ships, the trees are those of ``baselines``.
The beats' places are the annotated ones, so that only the calling suffers, not the finding.
"""

from dataclasses import replace
from itertools import product
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
    if quick:
        choice = QUICK
    model, recipe = shipped.load()
    trees = baselines.trained("boosting", 20 if quick else 1)
    conditions = [(None, None), *product(choice["kinds"], choice["decibels"])]
    noises = [records.load(kind, database="nstdb") for kind in choice["kinds"]]
    simulated = any(one.simulated for one in noises)
    # What was kept of simulated noise is not recorded noise's, nor of other classifiers these'
    made_with = {
        "noise": "simulated" if simulated else "recorded",
        "network": recipe.to_json(),
        "weights": experiments.recorded(shipped.EXPERIMENT)["weights"]["sha256"],
        "trees": experiments.recorded("baselines")["final"]["boosting"]["form"],
    }
    test = baselines.RECIPE.load(choice["names"])
    outcomes = []
    for kind, decibels in experiments.progress(conditions, "noise"):
        settings = {"kind": kind, "dB": decibels, "names": choice["names"], "every": EVERY}
        outcome = runs.kept(
            folder / f"{kind}{decibels}.json",
            settings | made_with,
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
        for way in WAYS:
            accuracy = outcome[way]["scores"]["accuracy"]
            experiments.say(f"{strength}, {way}: accuracy {accuracy:.3f}")
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
    length, leads = record.signal.shape
    noise = recorded.signal[:length, :leads].astype(float)  # half a million numbers are added up
    noise -= noise.mean(axis=0)
    strength = np.mean(noise**2, axis=0)
    power = _qrs_heights(record) ** 2 / 8
    ratio = 10 ** (decibels / 10)
    gain = np.sqrt(power / ratio / strength)
    signal = record.signal + gain * noise
    source = recorded.source if recorded.simulated else record.source
    return replace(record, signal=signal.astype(np.float32), source=source)


def _qrs_heights(record: Record) -> np.ndarray:
    """Return the usual height of a QRS in each lead, in mV."""
    before, after = 18, 36  # samples of 360 a second: from 50 ms before the beat to 100 ms after it
    last = len(record.signal) - after
    inside = (record.samples > before) & (record.samples < last)
    beats_inside = record.samples[inside]
    around = beats_inside[:, None] + np.arange(-before, after)
    heights = np.ptp(record.signal[around], axis=1)
    return np.median(heights, axis=0)


def _check(record: Record, noise: Record) -> None:
    """Refuse to add a noise to a record that it does not fit."""
    if record.fs != noise.fs:
        raise ValueError(f"record {record} has {record.fs:g} Hz, the noise {noise.fs:g} Hz")
    leads, channels = len(record.leads), len(noise.leads)
    if leads > channels:
        raise ValueError(
            f"record {record} has {leads} leads, the noise {channels}; give a record of one or two"
        )
    if len(record.signal) > len(noise.signal):
        raise ValueError(
            f"record {record} lasts {record.duration:g} s, the noise {noise.duration:g} s; "
            "give a shorter one"
        )
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
    outcome = {}
    for way, called in zip(WAYS, (by_network, by_trees), strict=True):
        outcome[way] = crossval.account(heartbeats, np.concatenate(called))
    return outcome
