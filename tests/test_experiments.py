"""The experiments: their folds, their wall before DS2, and that a broken-off run goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ecglab import beats, evaluate, experiments, models, records
from ecglab.backend import keras
from ecglab.experiments import (
    ablation,
    baselines,
    crossval,
    degradation,
    leakage,
    noise,
    pictures,
    resnet50,
)

SMALL = resnet50.RECIPE | {"size": 32, "width": 4, "steps": 2}


@pytest.fixture(scope="module")
def training():
    return beats.load("DS1")


def test_a_beat_of_ds2_is_refused(training):
    for name in records.DS2:
        sneaked = replace(training[:3], records=np.array([*training.records[:2], name]))
        with pytest.raises(ValueError, match=f"records {name} belong to DS2"):
            crossval.only_training(sneaked)
    assert crossval.only_training(training) is training


@pytest.mark.parametrize(
    "call",
    [
        lambda every: list(crossval.folds(every)),
        lambda every: baselines._final(baselines._neighbour, None, every, None, every, 0),
    ],
)
def test_what_trains_or_chooses_refuses_ds2(call):
    with pytest.raises(ValueError, match="belong to DS2"):
        call(beats.load(["100", "101", "106"]))


@pytest.mark.parametrize("run", [ablation.run, baselines.run, degradation.run, resnet50.run])
def test_no_experiment_trains_on_ds2(run, tmp_path, monkeypatch):
    """Give each experiment a DS1 that holds a test record: it must refuse to train on it."""
    monkeypatch.setattr(records, "DS1", ("119", "209", "208", "100"))
    with pytest.raises(ValueError, match="records 100 belong to DS2"):
        run(tmp_path, quick=True)


def test_folds_keep_people_together_and_hold_every_class(training):
    left_out = []
    for inside, outside in crossval.folds(training):
        assert not set(training.subjects[inside]) & set(training.subjects[outside])
        assert all(np.bincount(training.labels[outside], minlength=5)[:3] > 50)
        left_out.append(outside)
    assert np.array_equal(np.sort(np.concatenate(left_out)), np.arange(len(training)))


def test_leakage_keeps_one_man_on_one_side():
    everyone = beats.load([*records.DS1, *records.DS2])
    for split in leakage.SPLITS[1:]:
        for seed in range(3):
            rng = np.random.default_rng(seed)
            inside, outside = leakage._draw(everyone, split, 200_000, rng)
            assert not set(everyone.subjects[inside]) & set(everyone.subjects[outside]), split
    rng = np.random.default_rng(0)
    inside, outside = leakage._draw(everyone, "beats at random", 200_000, rng)
    assert len(inside) + len(outside) == len(everyone)
    assert set(everyone.subjects[inside]) == set(everyone.subjects[outside])


def test_a_recipe_is_cut_as_it_says():
    heartbeats = crossval.load(["100", "114"], resnet50.RECIPE)
    recipe = resnet50.RECIPE
    assert heartbeats.windows.shape[2] == len(recipe["leads"]) * len(recipe["show"])
    assert heartbeats.rr.shape[1] == len(recipe["rr"])
    assert np.abs(heartbeats.rr).max() <= 1
    assert heartbeats.windows.shape[1] == 360 * (recipe["before"] + recipe["after"])


def test_what_was_kept_is_not_made_again(tmp_path):
    path = tmp_path / "deep" / "one.json"
    assert crossval.kept(path, {"a": (1, 2)}, lambda n: {"n": n}, 3) == {"n": 3, "seconds": 0}
    assert crossval.kept(path, {"a": (1, 2)}, None) == {"n": 3, "seconds": 0}
    with pytest.raises(ValueError, match="made with other settings"):
        crossval.kept(path, {"a": (1, 3)}, None)


def tiny(recipe, heartbeats, seed):
    """Return a net of eight layers: TensorFlow takes half a minute to make ready fifty."""
    keras.utils.set_random_seed(seed)
    shape = (recipe["size"], recipe["size"], len(heartbeats.leads))
    return models.cifar_net(8, shape, 5, width=2, features=heartbeats.rr.shape[1])


@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_a_cross_validation_goes_on_where_it_stopped(tmp_path, monkeypatch):
    names = ("109", "119", "208", "209", "215", "223")
    monkeypatch.setattr(records, "DS1", names)
    monkeypatch.setattr(crossval, "network", tiny)
    whole = crossval.out_of_fold(SMALL, tmp_path / "whole", say=len)[1]
    told = []

    def stop_after_two(line):
        told.append(line)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crossval.out_of_fold(SMALL, tmp_path / "broken", say=stop_after_two)
    heartbeats, resumed = crossval.out_of_fold(SMALL, tmp_path / "broken", say=len)
    assert np.array_equal(whole, resumed)
    assert np.allclose(resumed.sum(axis=1), 1, atol=1e-5)
    assert len(heartbeats) == len(resumed)


def test_a_correction_turns_balanced_calls_into_bayes(training):
    """Where nothing but the batches' shares was learnt, the corrected call is the world's share."""
    drawn = np.bincount(training.labels, minlength=5) ** 0.5  # balance is 0.5
    inputs = keras.Input((1,))
    logits = keras.layers.Dense(5, kernel_initializer="zeros", name="logits")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax()(logits))
    model.get_layer("logits").bias.assign(np.log(drawn))
    crossval.correct(model, training, {"balance": 0.5, "correct": list(beats.CLASSES)})
    called = np.asarray(model(np.zeros((1, 1)))).ravel()
    assert called == pytest.approx(np.bincount(training.labels) / len(training), rel=1e-5)


def test_a_correction_leaves_the_other_classes_alone(training):
    ratio = crossval.rarity(training, 0.5, ["F", "Q"])
    assert np.array_equal(ratio[:3], [1, 1, 1])
    assert all(ratio[3:] < 1)


def test_noise_has_the_strength_it_says():
    record = records.load("103")
    for decibels in (24, 0):
        added = noise.noisy(record, "em", decibels).signal - record.signal
        around = record.samples[5:-5, None] + np.arange(-18, 36)
        height = np.median(np.ptp(record.signal[around], axis=1), axis=0)
        measured = 10 * np.log10(height**2 / 8 / np.mean(added**2, axis=0))
        assert measured == pytest.approx(decibels, abs=0.2)


def test_features_tell_a_strange_beat_from_a_usual_one():
    heartbeats = crossval.load(["119"], baselines.RECIPE | {"leads": ["MLII"]})
    table = baselines.features(heartbeats)
    likeness = table[:, heartbeats.rr.shape[1] + 1]
    assert np.isfinite(table).all()
    strange = heartbeats.labels == 2
    assert np.median(likeness[strange]) < 0.9 < 0.97 < np.median(likeness[~strange])


@pytest.mark.parametrize("name", experiments.NAMES)
def test_a_recorded_outcome_is_whole(name):
    if not experiments.path_of(name).exists():
        pytest.skip(f"{name} has not been run yet; book/results.md says so")
    outcome = experiments.recorded(name)
    assert {"command", "seeds", "recordings", "environment", "seconds"} <= set(outcome)
    assert outcome["recordings"]["simulated"] is False
    assert "--quick" not in outcome["command"]
    json.dumps(outcome, allow_nan=False)


def test_pictures_trains_in_every_fold(monkeypatch):
    """A rate of 0, as a reset of the whole optimizer gives, would leave the weights as made."""
    moved = []

    def build(depth, shape, **form):
        return models.cifar_net(8, shape, form["classes"], width=2)

    def watch(model, *arguments, fit=keras.Model.fit, **choices):
        before = np.array(model.trainable_weights[0])
        history = fit(model, *arguments, **choices)
        moved.append(np.abs(np.array(model.trainable_weights[0]) - before).max() > 0)
        return history

    monkeypatch.setattr(pictures.models, "resnet", build)
    monkeypatch.setattr(keras.Model, "fit", watch)
    recipe = pictures.RECIPE | {"steps": 2}
    pictures._cross_validate(beats.load("DS1")[::50], recipe, "raster", 0)
    assert moved == [True] * crossval.FOLDS


def test_detected_beats_are_counted_by_ec57(monkeypatch):
    """A network that calls everything N finds all beats and no S or V."""
    monkeypatch.setattr(
        resnet50.train, "predict", lambda model, some, zoom: np.eye(5)[np.zeros(len(some), int)]
    )
    found = resnet50._detected(None, resnet50.RECIPE, ("100",))
    assert found["table"]["QRS"]["Se"] > 0.97
    assert found["table"]["V"]["TP"] == 0
    total = np.array(found["per record"]["100"])
    assert evaluate.BeatByBeat(total, np.zeros(5, int)).missed == total[:5, 5].sum()
