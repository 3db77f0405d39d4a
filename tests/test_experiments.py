"""The experiments: their folds, their wall before DS2, and that a broken-off run goes on."""

import hashlib
import importlib
import json
import types
from dataclasses import replace

import numpy as np
import pytest

from ecglab import (
    beats,
    crossval,
    evaluate,
    experiments,
    models,
    records,
    runs,
    shipped,
    simulate,
    train,
)
from ecglab.backend import keras
from ecglab.experiments import (
    ablation,
    baselines,
    context,
    degradation,
    final,
    leakage,
    missed_s,
    more_people,
    noise,
    one_lead,
    pictures,
    resnet50,
    sequence,
    sequence_final,
    trees_final,
)
from ecglab.recipe import Recipe

SMALL = replace(resnet50.RECIPE, size=32, width=4, steps=2)


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
        lambda every: baselines._final(baselines._neighbour, None, every, every, 0),
    ],
)
def test_what_trains_or_chooses_refuses_ds2(call):
    with pytest.raises(ValueError, match="belong to DS2"):
        call(beats.load(["100", "101", "106"]))


@pytest.mark.parametrize(
    "run",
    [ablation.run, baselines.run, context.run, degradation.run, one_lead.run, resnet50.run],
)
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
    everyone = beats.load([*records.DS1[:6], "201", "202", *records.DS2[:6]])
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
    recipe = resnet50.RECIPE
    heartbeats = recipe.load(["100", "114"])
    assert heartbeats.windows.shape[2] == len(recipe.leads) * len(recipe.show)
    assert heartbeats.rr.shape[1] == len(recipe.rr)
    assert np.abs(heartbeats.rr).max() <= 1
    assert heartbeats.windows.shape[1] == 360 * (recipe.before + recipe.after)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["100", "103", "100"], "records name 100 more than once; name each once"),
        (["100", 100], "records name 100 more than once"),
        (["100", "999"], "mitdb has no record '999'"),
        ("DS3", "mitdb has no record 'DS3'"),
    ],
)
def test_records_are_checked_before_one_is_loaded(monkeypatch, names, message):
    monkeypatch.setattr(records, "load", lambda name: pytest.fail(f"{name} is loaded"))
    for call in (
        lambda: resnet50.RECIPE.load(names),
        lambda: shipped.predict(None, resnet50.RECIPE, names),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_missing_lead_is_said_before_the_first_call(monkeypatch):
    """Record 102 has no MLII; it comes last."""
    monkeypatch.setattr(train, "predict", lambda *given: pytest.fail("beats are called"))
    with pytest.raises(ValueError, match=r"record 102.* has no lead 'MLII'"):
        shipped.predict(None, resnet50.RECIPE, ["100", "102"])


def test_one_name_is_one_record():
    assert set(resnet50.RECIPE.load("100").records.tolist()) == {"100"}


def test_a_damaged_outcome_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "path_of", lambda name: tmp_path / f"{name}.json")
    (tmp_path / "floor.json").write_text('{"seeds"')
    with pytest.raises(ValueError, match=r"floor\.json is damaged; install the package again"):
        experiments.recorded("floor")


def tiny(recipe, seed):
    """Return a net of eight layers: TensorFlow takes half a minute to make ready fifty."""
    keras.utils.set_random_seed(seed)
    shape = (recipe.size, recipe.size, len(recipe.leads))
    return models.cifar_net(8, shape, 5, width=2, features=len(recipe.rr))


@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_a_cross_validation_goes_on_where_it_stopped(tmp_path, monkeypatch):
    names = ("109", "119", "208", "209", "215", "223")
    monkeypatch.setattr(records, "DS1", names)
    monkeypatch.setattr(Recipe, "build", tiny)
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


@pytest.fixture
def asked(monkeypatch):
    """Let the noise experiment note what it is asked, and answer with that."""
    every = []

    def score(*given):
        every.append(given)
        return {way: {"scores": {"accuracy": 0.5}, "asked": given[-2:]} for way in noise.WAYS}

    few = beats.load(["100", "103"])
    monkeypatch.setattr(shipped, "load", lambda: ("the network", resnet50.RECIPE))
    monkeypatch.setattr(baselines, "trained", lambda name, every: (name, every))
    monkeypatch.setattr(Recipe, "load", lambda recipe, names: few)
    monkeypatch.setattr(noise, "_score", score)
    return every


def test_every_kind_of_noise_is_asked_at_every_strength(asked, tmp_path):
    outcome = noise.run(tmp_path)
    conditions = [(kind, decibels) for kind in noise.KINDS for decibels in noise.DECIBELS]
    conditions = [(None, None), *conditions]
    classifiers = ("the network", resnet50.RECIPE, ("boosting", 1))
    assert asked == [(*classifiers, list(records.DS2), *one) for one in conditions]
    rows = outcome["outcomes"]
    assert [(row["kind"], row["dB"]) for row in rows] == conditions
    for row in rows:
        assert row["names"] == list(records.DS2) and row["every"] == outcome["every"] == 5
        assert [row[way]["asked"] for way in noise.WAYS] == [[row["kind"], row["dB"]]] * 2
    assert outcome["seconds"] == sum(row["seconds"] for row in rows)
    assert (outcome["experiment"], outcome["seeds"]) == ("noise", [0])
    assert set(outcome["recordings"]) == {"simulated", "DS2"}
    asked.clear()
    assert noise.run(tmp_path) == outcome and asked == [], "what was kept is not asked again"


def test_a_trial_of_noise_is_small_and_says_so(asked, tmp_path):
    outcome = noise.run(tmp_path, quick=True)
    classifiers = ("the network", resnet50.RECIPE, ("boosting", 20))
    names = list(records.DS2[:2])
    assert asked == [(*classifiers, names, None, None), (*classifiers, names, "em", 6)]
    assert outcome["command"].endswith("noise --quick")


@pytest.mark.parametrize("what", ["weights", "form", "recipe"])
def test_what_another_classifier_made_of_noise_is_not_its_own(asked, tmp_path, monkeypatch, what):
    noise.run(tmp_path, quick=True)
    recorded = {name: experiments.recorded(name) for name in ("final", "baselines")}
    if what == "weights":
        recorded["final"]["weights"]["sha256"] = "another"
    elif what == "form":
        recorded["baselines"]["final"]["boosting"]["form"] = "another"
    else:
        other = replace(resnet50.RECIPE, size=32)
        monkeypatch.setattr(shipped, "load", lambda: ("the network", other))
    monkeypatch.setattr(experiments, "recorded", recorded.__getitem__)
    names = {"weights": "weights", "form": "trees", "recipe": "size"}
    with pytest.raises(ValueError, match=f"was made with another {names[what]}"):
        noise.run(tmp_path, quick=True)


def test_both_classifiers_are_scored_on_every_fifth_beat(monkeypatch):
    zoom = (0.2, 0.3)
    network = np.eye(5)[[0, 2]]

    def call(model, heartbeats, seen_zoom):
        assert (model, seen_zoom) == ("the network", zoom)
        return network[np.arange(len(heartbeats)) % 2]

    monkeypatch.setattr(noise.train, "predict", call)
    trees = types.SimpleNamespace(predict=lambda table: np.zeros(len(table), int))
    recipe = replace(SMALL, zoom=zoom)
    outcome = noise._score("the network", recipe, trees, ["100", "103"], None, None)
    each = [recipe.cut(records.load(name))[::5] for name in ("100", "103")]
    truth = beats.concatenate(each)
    called = np.concatenate([np.arange(len(one)) % 2 * 2 for one in each])
    assert outcome["ResNet-50"] == crossval.account(truth, called)
    assert outcome["boosting"] == crossval.account(truth, np.zeros(len(truth), int))


def test_noise_has_the_strength_it_says():
    record = records.load("103")
    for decibels in (24, 0):
        added = noise.noisy(record, "em", decibels).signal - record.signal
        around = record.samples[5:-5, None] + np.arange(-18, 36)
        height = np.median(np.ptp(record.signal[around], axis=1), axis=0)
        measured = 10 * np.log10(height**2 / 8 / np.mean(added**2, axis=0))
        assert measured == pytest.approx(decibels, abs=0.2)


def test_noise_has_no_offset_of_its_own(monkeypatch):
    """What is added is the noise about its mean, lead by lead, times one factor a lead."""
    record = simulate.record("103")
    recorded = simulate.record("em", "nstdb")
    shifted = replace(recorded, signal=recorded.signal + np.float32([3, -5]))
    monkeypatch.setattr(noise.records, "load", lambda name, database: shifted)
    added = noise.noisy(record, "em", 0).signal - record.signal
    assert np.abs(added.mean(axis=0)).max() < 1e-3
    length = len(record.signal)
    expected = recorded.signal[:length] - recorded.signal[:length].mean(axis=0)
    factor = added.std(axis=0) / expected.std(axis=0)
    assert np.allclose(added, factor * expected, atol=2e-3)


def test_beats_at_a_records_edges_do_not_count_for_its_height():
    """A window of 54 samples about a beat has to lie within the record."""
    signal = np.zeros((1000, 1), np.float32)
    signal[[118, 135], 0] = 1  # what the windows of the two beats in the middle just hold
    signal[:15] = 9
    signal[-15:] = -9
    parts = {"signal": signal, "leads": "MLII", "symbols": ["N"] * 4, "rhythms": (), "episodes": ()}
    record = replace(simulate.record("103"), **parts, samples=[18, 100, 136, 964])
    assert noise._qrs_heights(record).tolist() == [1.0]
    nearer = replace(record, samples=[19, 100, 136, 963])
    assert noise._qrs_heights(nearer).tolist() == [5.0], "of 9, 1, 1 and 9"


def test_strengths_of_noise_are_told(asked, tmp_path, capsys):
    noise.run(tmp_path, quick=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "no noise, ResNet-50: accuracy 0.500"
    assert lines[-1] == f"{noise.KINDS['em']}, 6 dB, boosting: accuracy 0.500"


def test_a_record_longer_than_the_noise_is_refused(monkeypatch):
    record = simulate.record("103")
    recorded = simulate.record("em", "nstdb")
    short = replace(recorded, signal=recorded.signal[:36_000])
    monkeypatch.setattr(noise.records, "load", lambda name, database: short)
    with pytest.raises(ValueError, match=r"record .*103.* lasts 1805\.\d+ s, the noise 100 s"):
        noise.noisy(record, "em", 6)
    of_equal_length = replace(
        record, signal=record.signal[:36_000], samples=[500], symbols=["N"], rhythms=(), episodes=()
    )
    assert len(noise.noisy(of_equal_length, "em", 6).signal) == 36_000


def test_what_noise_was_made_with_is_noted(asked, tmp_path):
    noise.run(tmp_path, quick=True)
    kept = json.loads((tmp_path / "em6.json").read_text())
    simulated = records.load("em", database="nstdb").simulated
    assert kept["settings"]["noise"] == ("simulated" if simulated else "recorded")
    assert kept["settings"]["network"] == resnet50.RECIPE.to_json()


def test_network_and_trees_are_given_the_noise(monkeypatch):
    cards, tables = [], []

    def call(model, heartbeats, zoom):
        cards.append(heartbeats.windows)
        return np.eye(5)[np.zeros(len(heartbeats), int)]

    def call_by_trees(table):
        tables.append(np.asarray(table))
        return np.zeros(len(table), int)

    monkeypatch.setattr(noise.train, "predict", call)
    trees = types.SimpleNamespace(predict=call_by_trees)
    for kind, decibels in ((None, None), ("em", 12), ("em", 0)):
        noise._score(None, SMALL, trees, ["103", "113"], kind, decibels)
    for seen in (cards, tables):  # of two records each: without noise, with little, with much
        clean, little, much = (np.concatenate(seen[at : at + 2]) for at in (0, 2, 4))
        assert 0 < np.abs(little - clean).mean() < np.abs(much - clean).mean()


def test_escape_beats_are_scored_in_both_conventions_and_one_woman_apart():
    some = beats.load(["100", "101"])
    first = np.concatenate([np.flatnonzero(some.records == name)[:4] for name in ("100", "101")])
    symbols = np.array(["N", "A", "e", "j"] * 2)
    heartbeats = replace(
        some[first],
        symbols=symbols,
        labels=beats.labels_of(symbols),
        records=np.repeat(["100", resnet50.ONE_WOMAN], 4),
    )
    # The first person's escape beats are called S; of the second person everything is called N.
    predictions = np.array([0, 1, 1, 1, 0, 0, 0, 0])
    account = resnet50.conventions(heartbeats, predictions, 0)
    assert account["scores"]["S F1"] == pytest.approx(2 * 1 / (2 * 1 + 2 + 1), abs=1e-3)
    as_s = account["escape beats as S"]["S F1"]
    assert as_s == pytest.approx(2 * 3 / (2 * 3 + 0 + 3), abs=1e-3)
    alone = account["without 232"]
    assert alone["accuracy"] == 0.5 and account["scores"]["accuracy"] == pytest.approx(5 / 8)


def mixed(monkeypatch, record, noise):
    """Let records come from one source and noises from another; both are patients of ours."""
    sources = {"mitdb": record, "nstdb": noise}

    def load(name, database="mitdb"):
        return replace(simulate.record(name, database), source=sources[database])

    monkeypatch.setattr(records, "load", load)
    return load


@pytest.mark.parametrize(
    ("record", "added", "simulated"),
    [
        ("folder", "folder", False),
        ("folder", "simulated", True),
        ("simulated", "folder", True),
        ("simulated", "simulated", True),
    ],
)
def test_what_is_half_simulated_is_simulated(monkeypatch, record, added, simulated):
    load = mixed(monkeypatch, record, added)
    assert noise.noisy(load("103"), "em", 6).simulated is simulated


@pytest.mark.parametrize("added", ["folder", "simulated"])
def test_an_outcome_with_simulated_noise_is_simulated(monkeypatch, tmp_path, added):
    """Otherwise it would stand where the outcome of real recordings stands."""
    mixed(monkeypatch, "folder", added)
    monkeypatch.setattr(shipped, "load", lambda: (None, resnet50.RECIPE))
    monkeypatch.setattr(baselines, "trained", lambda name, every: None)
    account = {way: {"scores": {"accuracy": 0.5}} for way in noise.WAYS}
    monkeypatch.setattr(noise, "_score", lambda *given: dict(account))
    outcome = noise.run(tmp_path, quick=True)
    assert outcome["recordings"]["simulated"] is (added == "simulated")
    others = "folder" if added == "simulated" else "simulated"
    mixed(monkeypatch, "folder", others)
    with pytest.raises(ValueError, match="was made with another noise; remove it"):
        noise.run(tmp_path, quick=True)


@pytest.mark.parametrize(
    ("change", "decibels", "message"),
    [
        ({"fs": 250.0}, 6, "record 103.* has 250 Hz, the noise 360 Hz"),
        ({"samples": [], "symbols": [], "rhythms": []}, 6, "has no annotated beats"),
        ({}, np.nan, "decibels is nan; give a finite number"),
        ({}, "6 dB", "decibels is '6 dB'; give a finite number"),
    ],
)
def test_noise_that_does_not_fit_is_refused(change, decibels, message):
    record = replace(simulate.record("103"), **change)
    with pytest.raises(ValueError, match=message):
        noise.noisy(record, "em", decibels)


def test_noise_does_not_add_leads():
    record = simulate.record("103")
    one = replace(record, signal=record.signal[:, :1], leads=record.leads[:1])
    noisy = noise.noisy(one, "em", 6)
    assert noisy.signal.shape == one.signal.shape
    both = noise.noisy(record, "em", 6)
    # float32 sums of one column and of two columns round otherwise
    assert np.allclose(noisy.signal[:, 0], both.signal[:, 0], rtol=1e-3, atol=1e-4)
    three = replace(record, signal=np.tile(record.signal[:, :1], 3), leads=("I", "II", "III"))
    with pytest.raises(ValueError, match="has 3 leads, the noise 2; give a record of one or two"):
        noise.noisy(three, "em", 6)


def test_features_tell_a_strange_beat_from_a_usual_one():
    heartbeats = replace(baselines.RECIPE, leads="MLII").load(["119"])
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
        train, "predict", lambda model, some, zoom: np.eye(5)[np.zeros(len(some), int)]
    )
    found = resnet50._detected(None, resnet50.RECIPE, ("100",))
    assert found["table"]["QRS"]["Se"] > 0.97
    assert found["table"]["V"]["TP"] == 0
    total = np.array(found["per record"]["100"])
    assert evaluate.BeatByBeat(total, np.zeros(5, int)).missed == total[:5, 5].sum()


def answers(labels):
    """Return probabilities by which everything is called as it says."""
    return np.eye(5)[labels]


def test_a_gain_by_context_is_that_over_the_ratios_alone(training):
    """Trees told more are right everywhere, those told less call every beat N."""
    some = training[::50]
    right = crossval.account(some, some.labels)
    nothing = crossval.account(some, np.zeros(len(some), int))
    accounts = {("boosting", told): {(0, 0): right, (1, 0): right} for told in context.TOLD}
    accounts["boosting", context.FIRST] = {(0, 0): nothing, (1, 0): nothing}
    accounts["ResNet in 1-D", context.MOST] = {(0, 0): right}
    gains = context.differences(accounts)
    assert set(gains) == {"boosting"}, "who was not told less is not compared with that"
    assert set(gains["boosting"]) == set(context.TOLD) - {context.FIRST}
    for table in gains["boosting"].values():
        assert table["accuracy"]["value"] == pytest.approx(np.mean(some.labels != 0), abs=1e-4)
        assert table["V F1"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_rivals_are_compared_run_by_run(training):
    """The ResNet-50 is right with seed 1 alone; a rival that has seed 0 alone gains all."""
    some = training[::50]
    right = crossval.account(some, some.labels)
    nothing = crossval.account(some, np.zeros(len(some), int))
    accounts = {
        ("ResNet-50", context.FIRST): {(0, 0): nothing, (0, 1): nothing},
        ("ResNet-50", context.MOST): {(0, 0): nothing, (0, 1): right},
        ("ResNet in 1-D", context.MOST): {(0, 0): right},
        ("boosting", context.FIRST): {(0, 0): nothing, (0, 1): nothing},
        ("boosting", context.MOST): {(0, 0): nothing, (0, 1): nothing},
    }
    wrong = np.mean(some.labels != 0)
    gains = context.rivals(accounts)
    expected = {"ResNet in 1-D": wrong, "boosting": -wrong / 2}
    assert set(gains) == set(expected)
    for way, gain in expected.items():
        assert gains[way]["accuracy"]["value"] == pytest.approx(gain, abs=1e-4), way


def test_the_recorded_gains_follow_from_the_recorded_records():
    recorded = experiments.recorded("context")
    accounts = {}
    for one in recorded["outcomes"]:
        runs_of = accounts.setdefault((one["way"], one["told"]), {})
        runs_of[one["partition"], one["seed"]] = one
    assert context.differences(accounts) == recorded["differences"]
    assert context.rivals(accounts) == recorded["rivals"]


def test_the_recorded_gains_of_the_head_follow_from_the_recorded_records():
    recorded = experiments.recorded("sequence")
    accounts = {}
    for one in recorded["outcomes"]:
        accounts.setdefault(one["way"], []).append(one)
    assert sequence.differences(accounts) == recorded["differences"]
    final = experiments.recorded("sequence_final")
    scored = {way: [one[way]["mitdb"] for one in final["outcomes"]] for way in sequence.WAYS}
    assert sequence.differences(scored) == final["differences"]


def test_late_beats_are_a_second_picture_of_every_lead():
    recipe = context.recipe_of("ResNet-50, late beats", context.MOST, quick=True)
    plain = context.recipe_of("ResNet-50", context.MOST, quick=True)
    late, usual = (one.load(["232"])[::20] for one in (recipe, plain))  # four in five are early
    assert late.windows.shape[2] == 2 * usual.windows.shape[2]
    assert np.allclose(late.windows[..., :2], usual.windows)
    assert np.abs(late.windows[..., 2:] - usual.windows).max() > 0.05
    assert recipe.build(0).count_params() > plain.build(0).count_params()
    assert set(context.ONCE) < set(context.WAYS)


def test_every_way_is_told_what_it_says():
    for way, (_, told) in context.WAYS.items():
        assert set(told) <= set(context.TOLD), way
        for one in told:
            assert context.recipe_of(way, one).context == context.TOLD[one]
    assert context.recipe_of("ResNet-50", context.MOST).reads == "images"


def test_one_lead_is_scored_lead_by_lead(monkeypatch, tmp_path):
    """A network that is right in first leads and calls everything N in second ones."""
    recipe = replace(one_lead.RECIPE, **context.QUICK)
    some = recipe.load(["209", "119"])[::7]
    column = one_lead.columns_of(some)
    alone = [len(beats.load([name])) for name in ("209", "119")]
    in_each = [np.repeat([0, 1], count) for count in alone]
    assert np.array_equal(column, np.concatenate(in_each)[::7])
    called = np.where(column == 0, some.labels, 0)
    asked = []

    def out_of_fold(*arguments):
        asked.append(arguments)
        return some, answers(called).astype(np.float32)

    monkeypatch.setattr(one_lead.crossval, "out_of_fold", out_of_fold)
    accounts = one_lead._cross_validate(recipe, tmp_path, 2, 7)
    assert accounts["first lead"]["scores"]["accuracy"] == 1
    second = some.labels[column == 1]
    assert accounts["second lead"]["scores"]["accuracy"] == pytest.approx(
        np.mean(second == 0), abs=1e-6
    )
    (given,) = asked
    assert given[:3] == (recipe, tmp_path, one_lead.SEED) and given[4:] == (2, 7)


def test_final_scores_both_networks_on_both_databases(monkeypatch, tmp_path):
    """Networks that call everything N; each is asked as it was trained, by seed and by leads."""
    asked = []

    def trained(recipe, seed, folder):
        folder.mkdir(parents=True, exist_ok=True)
        weights = recipe.build(seed).get_weights()
        arrays = [np.asarray(weight, np.float16) for weight in weights]
        runs.write_arrays(folder / resnet50.WEIGHTS, arrays)
        return recipe.build(seed), {"history": {"loss": [1.0]}, "training seconds": 1}

    def predict(model, recipe, names, database="mitdb"):
        asked.append((recipe.leads, tuple(names), database))
        heartbeats = recipe.load(names, database)
        return heartbeats, answers(np.zeros(len(heartbeats), int)).astype(np.float32)

    monkeypatch.setattr(resnet50, "trained", trained)
    monkeypatch.setattr(shipped, "predict", predict)
    monkeypatch.setattr(resnet50, "_detected", lambda *arguments: {})
    outcome = final.run(tmp_path, quick=True)
    test, elsewhere = records.DS2[:2], records.names("svdb")[:2]
    two, one = (final.RECIPES[network].leads for network in shipped.NETWORKS)
    assert asked == [
        (two, test, "mitdb"),
        (two, elsewhere, "svdb"),
        (one, test, "mitdb"),
        (one, elsewhere, "svdb"),
        (("V1", "MLII"), elsewhere, "svdb"),
    ]
    beats_of = {"mitdb": len(beats.load(test)), "svdb": outcome["outcomes"][0]["svdb"]}
    beats_of["svdb"] = np.sum(list(beats_of["svdb"]["per record"].values()))
    for database, accounts in ((name, outcome["one lead"][name]) for name in beats_of):
        for account in accounts.values():
            counted = np.sum(list(account["per record"].values()))
            assert counted == beats_of[database], "every beat, once in each lead"
    assert outcome["recipes"]["one lead"]["leads"] == list(one)
    assert set(outcome["recipes"]) == set(shipped.NETWORKS)
    lasted = [outcome["outcomes"][0]["svdb"], outcome["one lead"], outcome["leads exchanged"]]
    alone = sum(seconds["seconds"] for seconds in lasted)
    assert outcome["seconds"] >= alone + 1, "the training of the first network counts as well"
    with np.load(tmp_path / "outcome.npz") as stored:
        of_each = [name.partition("/")[0] for name in stored.files]
    assert set(of_each) == set(shipped.NETWORKS)
    written = (tmp_path / "outcome.npz").read_bytes()
    assert outcome["weights"] == {
        "sha256": hashlib.sha256(written).hexdigest(),
        "bytes": len(written),
    }


def test_context_trees_call_whom_they_have_not_seen(monkeypatch, training):
    seen = []

    class Trees:
        classes_ = np.array([0, 2])

        def fit(self, table, labels):
            seen.append(len(table))

        def predict_proba(self, table):
            return np.tile([0.25, 0.75], (len(table), 1))

    monkeypatch.setattr(baselines, "even_boosting", lambda seed: Trees())
    recipe = context.recipe_of("boosting", "and the P waves")
    heartbeats, probabilities = context._trees(recipe, None, 1, 0, 1)
    assert np.array_equal(probabilities, np.tile([0.25, 0, 0.75, 0, 0], (len(heartbeats), 1)))
    expected = [len(inside) for inside, _ in crossval.folds(heartbeats, 1)]
    assert seen == expected


def test_trees_learn_from_ds1_and_are_scored_on_both_databases(monkeypatch, tmp_path):
    """Trees that call everything V; they read what is told and six numbers for each lead."""
    seen, seeds = [], []

    class Trees:
        def fit(self, table, labels):
            seen.append((table.shape, len(labels)))

        def predict(self, table):
            seen.append((table.shape, None))
            return np.full(len(table), 2)

    def even_boosting(seed):
        seeds.append(seed)
        return Trees()

    monkeypatch.setattr(records, "DS1", ("119", "209", "208"))
    monkeypatch.setattr(baselines, "even_boosting", even_boosting)
    outcome = trees_final.run(tmp_path, quick=True)
    recipe = trees_final.RECIPE
    count = {
        "DS1": len(beats.load(records.DS1)[::20]),
        "mitdb": len(beats.load(records.DS2[:2])),
        "svdb": len(recipe.load(records.names("svdb")[:2], "svdb")),
    }
    expected = []
    for told in (recipe, trees_final.LESS):
        columns = told.load(["119"]).rr.shape[1] + 6 * len(told.leads)
        expected.append(((count["DS1"], columns), count["DS1"]))
        expected += [((count[database], columns), None) for database in ("mitdb", "svdb")]
    assert seen == expected and expected[0] != expected[3]
    assert seeds == [0, 0]
    (one,) = outcome["outcomes"]
    for told in (one, one[trees_final.RATIOS]):
        for matrices in (told["mitdb"]["per record"], told["by rhythm"]):
            total = np.sum(list(matrices.values()), axis=0)
            assert total.sum() == total[:, 2].sum() == count["mitdb"]
        total = np.sum(list(told["svdb"]["per record"].values()), axis=0)
        assert total.sum() == total[:, 2].sum() == count["svdb"]
    monkeypatch.setattr(records, "DS1", ("119", "209", "100"))
    with pytest.raises(ValueError, match="records 100 belong to DS2"):
        trees_final.run(tmp_path / "another", quick=True)


def test_other_partitions_deal_people_out_otherwise(training):
    dealt = []
    for partition in (0, 1):
        left_out = []
        for inside, outside in crossval.folds(training, partition):
            assert not set(training.subjects[inside]) & set(training.subjects[outside])
            assert all(np.bincount(training.labels[outside], minlength=5)[:3] > 50)
            left_out.append(frozenset(training.subjects[outside].tolist()))
        assert sum(len(people) for people in left_out) == len(set(training.subjects))
        dealt.append(set(left_out))
    together = dealt[0] & dealt[1]
    assert not together, "five people who are left out together once are not again"


def test_neighbours_are_of_the_same_record(training):
    some = training[training.records != "100"][::40]
    near = sequence.neighbours(some, around=3)
    assert near.shape == (len(some), 7)
    assert np.array_equal(near[:, 3], np.arange(len(some)))
    assert (some.records[near] == some.records[:, None]).all()
    steps = np.diff(near, axis=1)
    assert set(steps.ravel().tolist()) == {0, 1}
    edges = np.flatnonzero((steps == 0).any(axis=1))
    assert len(edges) == 6 * len(set(some.records.tolist()))


@pytest.mark.parametrize("side", [-1, 1], ids=["before", "after"])
def test_a_head_reads_the_neighbours_on_either_side(training, side):
    """The class is written on the neighbour, not on the beat itself."""
    some = training[:3000]
    rng = np.random.default_rng(0)
    encoded = rng.normal(size=(len(some), 8)).astype(np.float16)
    near = sequence.neighbours(some, around=1)[:, 1 + side]
    labels = np.where(encoded[near, 0] > 0, 2, 0)
    some = replace(some, labels=labels)
    model = sequence.head(8)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    places = np.arange(len(some))
    sequence.teach(model, encoded, some, places[:2000], 0, 120, 0.5)
    answers = sequence.ask(model, encoded, some, places[2100:])
    assert np.mean(answers.argmax(axis=1) == labels[2100:]) > 0.9


def test_a_head_is_taught_by_the_fold_alone(training, monkeypatch, tmp_path):
    """Its encoder is that of the fold, too: its weights are those that were stored."""
    some = training[::100]
    recipe = context.recipe_of(*sequence.ENCODER, quick=True)
    encoders = tmp_path / "encoders"
    encoders.mkdir()
    model = recipe.build(0)
    stored = []
    for number in range(crossval.FOLDS):
        weights = [np.full_like(one, number) for one in model.get_weights()]
        runs.write_arrays(encoders / f"fold{number}.npz", weights)
    alone = np.tile(np.float32([0.6, 0.1, 0.1, 0.1, 0.1]), (len(some), 1))
    monkeypatch.setattr(crossval, "out_of_fold", lambda *arguments: (some, alone))

    def encode(encoder, heartbeats, recipe):
        stored.append([float(one.min()) for one in encoder.get_weights()])
        return np.zeros((len(heartbeats), encoder.output_shape[-1]), np.float16)

    taught, asked = [], []
    monkeypatch.setattr(sequence, "encode", encode)
    monkeypatch.setattr(sequence, "teach", lambda *arguments: taught.append(arguments[3]))

    def ask(model, encoded, heartbeats, left_out):
        asked.append(left_out)
        return np.tile(np.float32([0.1, 0.1, 0.6, 0.1, 0.1]), (len(left_out), 1))

    monkeypatch.setattr(sequence, "ask", ask)
    accounts = sequence._cross_validate(some, recipe, encoders, tmp_path / "0-0", 0, 0, 1, 2)
    for number, (inside, left_out) in enumerate(crossval.folds(some, 0)):
        assert np.array_equal(taught[number], inside)
        assert np.array_equal(asked[number], left_out)
        assert set(stored[number]) == {number}
    assert set(accounts) == set(sequence.WAYS)
    always_n = evaluate.scores(some.labels, np.zeros(len(some), int)).accuracy
    assert accounts[sequence.ALONE]["scores"]["accuracy"] == pytest.approx(always_n, abs=1e-6)
    assert accounts[sequence.HEAD]["scores"]["accuracy"] < always_n


def test_the_head_and_the_network_are_multiplied_and_corrected_once(tmp_path):
    """The network's bias is corrected for how rare classes are; the head's answer is not yet."""
    recipe = replace(sequence_final.RECIPE, **context.QUICK)
    some = recipe.load(["119", "209"])[::40]
    model = recipe.build(0)
    recipe.correct_bias(model, some)
    rounded = [np.asarray(weight, np.float16) for weight in model.get_weights()]
    runs.write_arrays(tmp_path / resnet50.WEIGHTS, rounded)
    model.set_weights([weight.astype(np.float32) for weight in rounded])
    encoder, head, _ = sequence.networks(recipe, 0, 2)
    encoder.set_weights(sequence.weights_of(tmp_path / resnet50.WEIGHTS, encoder))
    rarity = np.array([1, 0.5, 1, 0.25, 2], np.float32)
    believed = sequence_final._believed(encoder, head, tmp_path, some, recipe, rarity)
    alone = train.predict(model, some, recipe.zoom)
    assert np.allclose(believed[sequence.ALONE], alone, atol=2e-3)
    read = sequence.ask(head, sequence.encode(encoder, some, recipe), some, np.arange(len(some)))
    assert np.allclose(believed[sequence.HEAD], read * rarity, atol=1e-6)
    uncorrected = alone / rarity
    both = np.sqrt(uncorrected * read) * rarity  # as `sequence` multiplies them
    assert np.allclose(believed[sequence.BOTH], both, atol=2e-3)


def test_sequence_final_learns_from_ds1_and_is_scored_on_both_databases(monkeypatch, tmp_path):
    """Every way answers something else, so that none is taken for another."""
    taught, scored = [], []
    answered = {sequence.ALONE: 0, sequence.HEAD: 1, sequence.BOTH: 2}

    def trained(recipe, seed, folder):
        weights = [np.asarray(one, np.float16) for one in recipe.build(seed).get_weights()]
        folder.mkdir(parents=True)
        runs.write_arrays(folder / resnet50.WEIGHTS, weights)

    def encode(encoder, heartbeats, recipe):
        return np.zeros((len(heartbeats), 1), np.float16)

    def believed(encoder, head, network, heartbeats, recipe, rarity):
        scored.append(tuple(np.unique(heartbeats.records)))
        return {way: answers(np.full(len(heartbeats), called)) for way, called in answered.items()}

    monkeypatch.setattr(records, "DS1", ("119", "209", "208"))
    monkeypatch.setattr(resnet50, "trained", trained)
    monkeypatch.setattr(sequence, "encode", encode)
    monkeypatch.setattr(sequence, "teach", lambda *arguments: taught.append(arguments[2:4]))
    monkeypatch.setattr(sequence_final, "_believed", believed)
    outcome = sequence_final.run(tmp_path / "sequence_final-quick", quick=True)
    ((heartbeats, inside),) = taught
    assert set(heartbeats.records) == set(records.DS1)
    assert np.array_equal(inside, np.arange(len(heartbeats)))
    assert scored == [records.DS2[:2], records.names("svdb")[:2]]
    (one,) = outcome["outcomes"]
    for way, called in answered.items():
        for database in ("mitdb", "svdb"):
            total = np.sum(list(one[way][database]["per record"].values()), axis=0)
            assert total[:, called].sum() == total.sum() > 0
    assert set(outcome["differences"]) == {sequence.HEAD, sequence.BOTH}
    again = sequence_final.run(tmp_path / "sequence_final-quick", quick=True)
    assert again["outcomes"] == outcome["outcomes"] and len(taught) == 1
    assert (tmp_path / "final-quick" / "two_leads-0" / resnet50.WEIGHTS).exists()


def test_s_and_n_beats_are_grouped_by_how_early_they_come_and_after_which():
    """Six beats of one record, the last of them S, then two of another."""
    recipe = context.recipe_of("ResNet-50", context.MOST, quick=True)
    both = recipe.load(["209", "119"])
    second = np.flatnonzero(both.records == both.records[-1])[0]
    some = both[second - 6 : second + 2]
    rr = some.rr.copy()
    column = some.rr_names.index(missed_s.EARLINESS)
    rr[:, column] = np.log([0.7, 0.95, 0.8, 0.5, 0.8, 0.7, 0.91, 0.91])
    labels = np.array([1, 1, 0, 2, 1, 1, 1, 0], np.int8)
    symbols = np.array(list("AANVAAAN"))
    grouped = missed_s.groups(replace(some, rr=rr, labels=labels, symbols=symbols))
    assert grouped.tolist() == [
        missed_s.EARLY_S,
        missed_s.AFTER_S,
        missed_s.EARLY_N,
        "",
        missed_s.LITTLE_S,
        missed_s.AFTER_S,
        missed_s.LATE_S,  # the S beat before it is another record's
        missed_s.LATE_N,
    ]


def test_all_s_and_n_beats_are_counted_by_what_they_are_called(monkeypatch, tmp_path):
    recipe = context.recipe_of("ResNet-50", context.MOST, quick=True)
    loaded = {}

    def predict(model, recipe, names, database):
        heartbeats = recipe.load(names, database)
        loaded[database] = heartbeats
        called = np.where(heartbeats.labels == 1, 2, 0)  # every S beat is called V
        return heartbeats, answers(called)

    monkeypatch.setattr(shipped, "load", lambda: (None, recipe))
    monkeypatch.setattr(shipped, "predict", predict)
    outcome = missed_s.run(tmp_path, quick=True)
    assert set(outcome["recordings"]) == {"simulated", "DS2", "svdb"}
    for database, heartbeats in loaded.items():
        counts = outcome["outcomes"][database]["per record"]
        assert tuple(counts) == tuple(np.unique(heartbeats.records))
        for name, groups in counts.items():
            sizes = np.bincount(heartbeats.labels[heartbeats.records == name], minlength=5)
            calls = {one: np.array(groups[one]) for one in missed_s.GROUPS}
            of_s = sum(calls[one] for one in missed_s.GROUPS[:4])
            of_n = sum(calls[one] for one in missed_s.GROUPS[4:])
            assert of_s.tolist() == [0, 0, sizes[1], 0, 0]
            assert of_n.tolist() == [sizes[0], 0, 0, 0, 0]
    loaded.clear()
    assert missed_s.run(tmp_path, quick=True) == outcome and not loaded


def test_variants_are_built_as_they_are_called():
    """Of the same depth and width, they differ in nothing else: parameters, too, but for a few."""
    built = {
        kind: models.cifar_net(8, (32, 32, 1), 5, width=4, **form)
        for kind, form in degradation.FORMS.items()
    }
    adds = {
        kind: sum(isinstance(layer, keras.layers.Add) for layer in model.layers)
        for kind, model in built.items()
    }
    assert adds == {
        "plain": 0,
        "residual": 3,
        "pre-activation": 3,
        "zero γ": 3,
        "zero γ, projections": 3,
    }
    assert built["plain"].count_params() == built["residual"].count_params()
    begins = {
        kind: min(float(np.abs(w.numpy()).max()) for w in model.weights if w.name == "gamma")
        for kind, model in built.items()
    }
    assert begins["zero γ"] == begins["zero γ, projections"] == 0 and begins["residual"] == 1


@pytest.mark.parametrize("form", ["zero γ", "zero γ, projections"])
def test_channels_that_begin_with_zeros_wake_at_zero_gamma_by_projections_only(form):
    """Where `cifar_net` fills up with zeros: 16 of 32 channels in stage 2, 48 of 64 in stage 3."""
    keras.utils.set_random_seed(0)
    network = models.cifar_net(8, (32, 32, 1), 5, **degradation.FORMS[form])
    network.compile(keras.optimizers.SGD(0.05, 0.9), "sparse_categorical_crossentropy")
    draw = np.random.default_rng(0)
    network.fit(draw.random((64, 32, 32, 1)), draw.integers(0, 5, 64), 8, verbose=0)
    norms = [one for one in network.layers if isinstance(one, keras.layers.BatchNormalization)]
    dead = [int((norm.gamma.numpy() == 0).sum()) for norm in norms]
    filled = [16, 48] if form == "zero γ" else [0, 0]
    assert sorted(dead)[-2:] == filled and sum(dead) == sum(filled)


def test_variants_stand_beside_the_networks_of_degradation():
    outcome = experiments.recorded("degradation")
    new = [one | {"kind": "zero γ", "width": 16} for one in outcome["outcomes"]]
    new = [one for one in new if one["depth"] == 56 and one["seed"] == 0][::2]
    page = importlib.import_module("ecglab.experiments.variants.page")
    table = page.errors_table({"outcomes": new}).reset_index()
    assert table["network"].tolist().count("zero γ 56") == 1
    row = table.set_index("network").loc["zero γ 56"]
    share = next(one["training error"] for one in new if one["task"] == "person")
    assert row["Whose beat?"] == f"{100 * share:.1f} %"
    assert "±" in table.set_index("network").loc["plain 56"]["Whose beat?"]


# ---------------------------------------------------------------------------
# more_people: DS1 and svdb


@pytest.fixture
def more():
    recipe = context.recipe_of("boosting", context.MOST)
    return recipe.load(["801", "803"], "svdb")


def test_people_of_svdb_join_every_fold_and_no_one_is_called_by_who_has_seen_them(
    monkeypatch, more, tmp_path
):
    seen = []

    class Trees:
        classes_ = np.array([0, 2])

        def fit(self, table, labels, weights):
            seen.append((len(table), weights))

        def predict_proba(self, table):
            return np.tile([0.25, 0.75], (len(table), 1))

    monkeypatch.setattr(baselines, "even_boosting", lambda seed: Trees())
    recipe = context.recipe_of("boosting", context.MOST)
    training = recipe.load(["101", "106", "109", "118", "201", "207", "209", "223"])
    used = {"DS1": training, "svdb": more}
    expected = [len(inside) for inside, _ in crossval.folds(training)]
    for way, added in ((more_people.ALONE, 0), (more_people.TOGETHER, len(more))):
        seen.clear()
        place = tmp_path / way
        place.mkdir()
        account = more_people._cross_validate("boosting", way, recipe, used, place)
        assert [count for count, _ in seen] == [count + added for count in expected]
        assert all(weights is None for _, weights in seen)
        assert np.sum(list(account["per record"].values()), axis=0)[:, 2].sum() == len(training)


def test_people_who_count_alike_count_alike(more, training):
    joined = beats.concatenate([more, context.recipe_of("boosting", context.MOST).load(["106"])])
    weights = more_people._alike(joined)
    for label in np.unique(joined.labels):
        its = joined.labels == label
        assert weights[its].mean() == pytest.approx(1)
        of_person = [
            weights[its & (joined.subjects == one)].sum() for one in np.unique(joined.subjects)
        ]
        present = [total for total in of_person if total]
        assert present == pytest.approx([present[0]] * len(present))


def test_the_way_that_mixes_best_on_the_folds_is_chosen_among_those_that_mix():
    scores = {more_people.ALONE: 0.9, more_people.ALIKE: 0.7, more_people.FIRST: 0.8}
    outcomes = [
        {"who": "ResNet-50", "way": way, "scores": {"macro_f1": score}}
        for way, score in scores.items()
    ]
    outcomes.append({"who": "boosting", "way": "other", "scores": {"macro_f1": 0.99}})
    assert more_people.chosen(outcomes, "ResNet-50") == more_people.FIRST


def test_classes_are_as_rare_as_in_ds1_whoever_else_was_learned_from(monkeypatch, more):
    """A network that says only how often batches held each class is brought to DS1's shares."""
    recipe = context.recipe_of("ResNet-50", context.MOST)
    inside = recipe.load(["106", "209"])
    others = recipe.load(["801", "803"], "svdb")
    learned = []

    def fit(model, heartbeats, **settings):
        learned.append((heartbeats, settings["record_balance"]))

    def predict(model, heartbeats, zoom):
        return np.tile(more_people._shares(recipe, learned[-1][0]), (len(heartbeats), 1))

    monkeypatch.setattr(train, "fit", fit)
    monkeypatch.setattr(train, "predict", predict)
    for way, balance in ((more_people.ALIKE, 1.0), (more_people.FIRST, 0.0)):
        believe = more_people._network(None, way, recipe, inside, others, 0)
        expected = more_people._shares(recipe, inside) * recipe.rarity(inside)
        assert believe(inside[:3]) == pytest.approx(np.tile(expected, (3, 1)))
        assert learned[-1][1] == balance
