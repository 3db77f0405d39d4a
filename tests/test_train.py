"""Training: batches that depend on nothing but their place, and runs that resume to the bit."""

import contextlib
import functools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from ecglab import beats, images, models, simulate, train
from ecglab.backend import keras

TINY = {"epochs": 3, "steps": 3, "batch": 8}
AVERAGED = {"epochs": 2, "steps": 20, "batch": 8, "average": 0.9}


@pytest.fixture(scope="module")
def some():
    """About seven hundred simulated beats of two people, N, S and V among them."""
    parts = [beats.segment(simulate.record(name), leads=["MLII"]) for name in ("100", "223")]
    whole = beats.concatenate(parts)
    rare = np.flatnonzero(whole.labels)[:300]
    return whole[np.union1d(rare, np.arange(0, len(whole), 12))]


@pytest.fixture(scope="module")
def model():
    """One net for all that is refused: it takes time to build, and is never trained."""
    return tiny()


def tiny(seed=1, channels=1, classes=5):
    """Return a net of eight layers: TensorFlow takes ten seconds to make ready fifty."""
    keras.utils.set_random_seed(seed)
    return models.cifar_net(8, (32, 32, channels), classes, width=4)


def quiet(line):
    """Say nothing."""


def equal(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@contextlib.contextmanager
def no_training():
    """Fail where Keras begins to train: what is refused is refused before that."""

    def begun(*arguments, **choices):
        pytest.fail("training has begun")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "fit", begun)
        yield


# --- batches --------------------------------------------------------------------------------


def batch(some, step=0, **arguments):
    return train.BeatImages(some, (32, 32), 16, 4, **arguments)[step]


def test_form_of_a_batch(some):
    before = some.windows.copy()
    images, labels = batch(some)
    assert images.shape == (16, 32, 32, 1) and images.dtype == np.float32
    assert images.min() == 0 and 0.5 < images.max() <= 1
    assert labels.shape == (16,) and labels.dtype == np.int64
    assert len(train.BeatImages(some, (32, 32), 16, 4)) == 4
    assert np.array_equal(before, some.windows), "variation leaves the beats alone"


def test_a_batch_is_a_function_of_seed_epoch_and_step(some):
    first = batch(some, 1, seed=3, epoch=2)
    others = train.BeatImages(some, (32, 32), 16, 4, seed=3, epoch=2)
    for step in (3, 0, 2):  # what was drawn before does not matter
        others[step]
    assert equal(first, others[1])
    for step, seed, epoch in ((2, 3, 2), (1, 4, 2), (1, 3, 3)):
        assert not np.array_equal(batch(some, step, seed=seed, epoch=epoch)[0], first[0])


def test_images_belong_to_their_labels(some):
    """Without variation a batch holds images of beats, each with that beat's label."""
    images, labels = batch(some, augment=None)
    drawn = train.draw(some, (32, 32))
    for image, label in zip(images, labels, strict=True):
        same = np.flatnonzero((drawn == image).all(axis=(1, 2, 3)))
        assert label in some.labels[same]


@pytest.mark.parametrize("balance", [0, 0.5, 1])
def test_shares_follow_the_balance(some, balance):
    counts = np.array(list(some.counts.values()), dtype=float)
    expected = np.where(counts > 0, np.maximum(counts, 1) ** (1 - balance), 0)
    expected /= expected.sum()
    batches = train.BeatImages(some, (8, 8), 500, 8, balance=balance, augment=None)
    assert batches.shares == pytest.approx(expected)
    drawn = np.bincount(np.concatenate([batches[step][1] for step in range(8)]), minlength=5)
    assert drawn / drawn.sum() == pytest.approx(expected, abs=0.03)
    assert (drawn[counts == 0] == 0).all()


def test_records_of_a_class_can_be_drawn_alike(some):
    """Of three hundred N of one person and a few of the other, as many are drawn."""
    few = some[(some.labels != 0) | (some.records == "100") | (np.arange(len(some)) % 9 == 0)]
    normal = few.labels == 0
    counts = np.array([(normal & (few.records == name)).sum() for name in ("100", "223")])
    assert counts[0] > 5 * counts[1] > 0
    for balance, expected in ((0.0, counts / counts.sum()), (1.0, [0.5, 0.5])):
        batches = train.BeatImages(few, (32, 32), record_balance=balance)
        chances = np.diff(batches.chances, prepend=0)
        drawn = [chances[normal & (few.records == name)].sum() for name in ("100", "223")]
        assert np.divide(drawn, sum(drawn)) == pytest.approx(np.asarray(expected))


def varied_ramps(**amounts):
    """Vary windows of two leads that rise by 5 mV a second; return what is well inside them."""
    whole = beats.segment(simulate.record("100"), before=0.5, after=0.5, leads=["MLII"])[:400]
    times = np.arange(whole.windows.shape[1]) / whole.fs - whole.before
    windows = np.tile(5 * times[:, None], (400, 1, 2)).astype(np.float32)
    whole = replace(whole, windows=windows, leads=("MLII", "V1"))
    varied = train.vary(whole, np.random.default_rng(0), **amounts).windows
    assert varied.shape == windows.shape and varied.dtype == np.float32
    inside = np.abs(times) < 0.3
    return varied[:, inside], times[inside]


def test_nothing_varies_unasked():
    same, times = varied_ramps()
    assert np.abs(same - 5 * times[:, None]).max() < 1e-6


def test_gain_is_shared_by_the_leads():
    varied, _ = varied_ramps(gain=0.2)
    slope = (varied[:, -1] - varied[:, 0]) / (varied.shape[1] - 1) * 360 / 5
    assert np.allclose(slope[:, 0], slope[:, 1], rtol=1e-4)
    assert np.exp(-0.2) <= slope.min() < 0.84 and 1.19 < slope.max() <= np.exp(0.2) + 1e-6


def test_time_is_shifted_and_stretched_about_the_beat():
    shifted, times = varied_ramps(shift=0.012)
    moved = (shifted[..., 0] - 5 * times) / 5
    assert np.ptp(moved, axis=1).max() < 1e-5 and 0.0118 < np.abs(moved).max() <= 0.012 + 1e-6
    stretched, times = varied_ramps(stretch=0.1)
    middle = np.abs(times).argmin()
    assert np.abs(stretched[:, middle, 0] - 5 * times[middle]).max() < 0.01
    factor = (stretched[:, -1, 0] - stretched[:, 0, 0]) / (5 * (times[-1] - times[0]))
    assert 0.9 - 1e-6 <= factor.min() < 0.902 and 1.098 < factor.max() <= 1.1 + 1e-6


def test_noise_and_wander_have_the_size_asked_for():
    noisy, times = varied_ramps(noise=0.02)
    spread = (noisy[..., 0] - 5 * times).std(axis=1)
    assert spread.min() < 0.002 and 0.018 < spread.max() < 0.024
    wandering, times = varied_ramps(wander=0.1)
    apart = np.abs(wandering - (5 * times)[:, None])
    assert 0.095 < apart.max() <= 0.1 + 1e-5
    assert not np.allclose(apart[..., 0], apart[..., 1], atol=1e-3), "each lead has its own"


def test_a_rhythm_strip_stands_below_the_zoomed_beat():
    whole = beats.segment(simulate.record("100"), before=1.5, after=1.5, leads=["MLII"])[5:9]
    drawn = train.draw(whole, (64, 64), zoom=(0.25, 0.35))
    beat = beats.segment(simulate.record("100"), leads=["MLII"])[5:9]
    strips = {"before": 1.5, "height": 64, "width": 64}
    expected = images.card(beat.windows, whole.windows, 360.0, **strips)
    # the high-pass filter is the same; float32 arithmetic may differ in the last step of grey
    assert np.abs(drawn * 255 - expected).max() <= 16 and drawn.shape == (4, 64, 64, 1)


def test_processes_share_a_batch(some):
    whole, labels = batch(some)
    parts = [batch(some, share=(k, 2)) for k in range(2)]
    for k in range(2):
        assert equal(parts[k], (whole[k::2], labels[k::2]))
    with pytest.raises(ValueError, match="batch is 16; it must be a multiple of 3 processes"):
        batch(some, share=(0, 3))


def test_features_come_with_the_images(some):
    inputs, _ = batch(some, features=True, augment=None)
    known = {tuple(row) for row in some.rr}
    assert inputs["images"].shape == (16, 32, 32, 1)
    assert inputs["rr"].shape == (16, len(beats.RR_NAMES))
    assert all(tuple(row) in known for row in inputs["rr"])


@pytest.mark.parametrize("kind", ["N", "S", "V"])
def test_an_empty_class_is_named(some, kind, model):
    left = some[some.labels != beats.CLASSES.index(kind)]
    message = f"no beat of class {kind} among the {len(left)} given"
    with no_training(), pytest.raises(ValueError, match=message):
        train.fit(model, left, **TINY, say=quiet)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch": 0}, "batch is 0"),
        ({"batch": 8.5}, "batch is 8.5; give a whole number"),
        ({"steps": 0}, "steps is 0; give a whole number"),
        ({"steps": 2.0}, "steps is 2.0; give a whole number"),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": 2.5}, "epochs is 2.5; give a whole number"),
        ({"rate": 0}, "rate 0, average 0.0; the first two must be positive"),
        ({"rate": float("inf")}, "rate inf"),
        ({"rate": "0.1"}, "rate is '0.1'; give a finite number"),
        ({"decay": -0.1}, "decay is -0.1; give a finite number, 0 or more"),
        ({"average": 1.0}, "average 1.0; .* the third from 0 to below 1"),
        ({"average": -0.1}, "average -0.1"),
        ({"seed": -1}, "seed is -1; give a whole number, 0 or more"),
        ({"balance": 1.5}, "balance is 1.5; it must lie between 0 and 1"),
        ({"balance": float("nan")}, "balance is nan; it must lie between 0 and 1"),
        ({"balance": "half"}, "balance is 'half'"),
        ({"record_balance": -1}, "record_balance is -1; it must lie between 0 and 1"),
        ({"augment": 0.2}, "augment is 0.2; give amounts by name"),
        ({"augment": {"gian": 0.2}}, "augment holds 'gian'; it may hold gain, shift, stretch"),
        ({"augment": {"gain": -0.2}}, "gain is -0.2; give a finite number, 0 or more"),
        ({"augment": {"stretch": 1}}, "stretch is 1; it must be below 1"),
        ({"zoom": 0.25}, "zoom is 0.25; give the seconds before and after the beat"),
        ({"zoom": (0.3, 0.2)}, "the windows begin 0.25 s before it and are 0.6 s long"),
        ({"zoom": (0.1, np.nan)}, "zoom is nan; give a finite number"),
        ({"loss": "no_such_loss"}, "loss is 'no_such_loss'; give a name that Keras knows"),
        ({"loss": abs}, "loss is <built-in function abs>; give a name that Keras knows"),
        ({"say": "yes"}, "say is 'yes'; give a function of one line, or None"),
    ],
)
def test_fit_names_what_it_refuses(some, model, tmp_path, arguments, message):
    folder = tmp_path / "deep" / "run"
    with no_training(), pytest.raises(ValueError, match=message):
        train.fit(model, some, **{"folder": folder, "say": quiet, **TINY, **arguments})
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


NUMPY = {
    "seed": np.int64(1),
    "epochs": np.int8(1),
    "steps": np.array(2),
    "batch": np.uint16(8),
    "rate": np.float32(0.01),
    "decay": np.float64(0),
    "average": np.float32(0.5),
    "balance": np.int32(1),
    "record_balance": np.array(0.0),
    "augment": {"gain": np.float32(0.125), "noise": np.int64(0)},
    "zoom": np.array([0.1, 0.2], np.float32),
}


def test_numpy_numbers_are_taken_and_kept(some, tmp_path):
    taken, plain = tiny(), tiny()
    cut = replace(some, before=np.float32(0.25))
    train.fit(taken, cut, folder=tmp_path, **NUMPY, say=quiet)
    numbers = {name: np.asarray(value).tolist() for name, value in NUMPY.items()}
    numbers["augment"] = {"gain": 0.125, "noise": 0}
    train.fit(plain, some, **numbers, say=quiet)
    assert equal(taken.get_weights(), plain.get_weights())
    settings = train.run_of(tmp_path)["settings"]
    noted = settings["recipe"] | {"seed": settings["seed"]}
    assert {name: noted[name] for name in numbers} == numbers
    with no_training():  # both are the same run
        train.fit(tiny(seed=2), some, folder=tmp_path, **NUMPY, say=quiet)
        train.fit(tiny(seed=2), some, folder=tmp_path, **numbers, say=quiet)


@pytest.mark.parametrize("call", [train.fit, train.predict])
def test_voltages_that_are_none_are_refused(some, model, call):
    windows = some.windows.copy()
    windows[3, 0, 0] = np.nan
    with no_training(), pytest.raises(ValueError, match="windows of 1 beats hold NaN or infinity"):
        call(model, replace(some, windows=windows))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda some, model: train.predict(model, some[:0]), "no beats to predict"),
        (lambda some, model: train.predict(model, some, batch=0), "batch is 0; give a whole"),
        (lambda some, model: train.predict(model, some, (0.1,)), "zoom is .*; give the seconds"),
        (lambda some, _: train.draw(some, (64,)), "give a height and a width"),
        (lambda some, _: train.draw(some, (64, 64, 1)), "give a height and a width"),
        (lambda some, _: train.draw(some, 64), "size is 64; give a height and a width"),
        (lambda some, _: train.draw(some, (64.5, 64)), "size is 64.5; give a whole number"),
        (lambda some, _: train.draw(some, (0, 64)), "size is 0; give a whole number, 1 or more"),
        (lambda some, _: train.vary(some, None, gain=-1), "gain is -1; give a finite number"),
    ],
)
def test_predict_draw_and_vary_name_what_they_refuse(some, model, call, message):
    with pytest.raises(ValueError, match=message):
        call(some, model)


def test_beats_and_model_must_fit_together(some, model):
    message = "the model takes 1 channels, the beats have 2 leads \\(MLII, V1\\)"
    windows = np.repeat(some.windows, 2, axis=2)
    two_leads = replace(some, windows=windows, leads=("MLII", "V1"))
    for call in (train.fit, train.predict):
        with pytest.raises(ValueError, match=message):
            call(model, two_leads)
        with pytest.raises(ValueError, match="the model tells 4 classes apart, not 5"):
            call(tiny(classes=4), some)


# --- fitting --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uninterrupted(some, tmp_path_factory):
    """A run of three epochs: its model, history, folder and what it said."""
    folder, said = tmp_path_factory.mktemp("runs") / "whole", []
    model = tiny()
    history = train.fit(model, some, folder=folder, **TINY, say=said.append)
    return model, history, folder, said


def test_what_fit_gives_and_says(uninterrupted):
    _, history, _, said = uninterrupted
    assert list(history.columns) == ["loss", "accuracy", "seconds"]
    assert history.index.tolist() == [1, 2, 3] and history.index.name == "epoch"
    assert (history["loss"] > 0).all() and history["accuracy"].between(0, 1).all()
    assert [line[:10] for line in said] == [f"epoch  {k}/3" for k in (1, 2, 3)]
    assert f"loss {history.loc[3, 'loss']:.4f}" in said[-1]


def test_a_notebook_shows_one_text(some, monkeypatch):
    """A line an epoch stays, the bar below them goes."""
    pytest.importorskip("IPython")
    shown = []
    handle = types.SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    kernel = types.SimpleNamespace(kernel=None)
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    monkeypatch.setattr("IPython.display.display", lambda *given, **options: handle)
    train.fit(tiny(), some, **TINY)
    assert shown[0].startswith("epoch 1:   0%") and "0/3" in shown[0]
    assert [line[:10] for line in shown[-1].splitlines()] == [f"epoch  {k}/3" for k in (1, 2, 3)]
    assert any(text.startswith("epoch  1/3") and "\nepoch 2: " in text for text in shown)


def test_the_folder_holds_whole_files_only(uninterrupted):
    folder = uninterrupted[2]
    assert sorted(path.name for path in folder.iterdir()) == ["3-checkpoint.keras", "history.json"]
    saved = train.run_of(folder)
    assert len(saved["history"]) == 3 and saved["settings"]["recipe"]["steps"] == 3
    seen = saved["settings"]["beats"]
    assert seen["records"] == seen["subjects"] == ["100", "223"] and seen["simulated"] is True


class Interrupted(Exception):
    """The lights went out."""


def interrupt(line, at="epoch"):
    if line.startswith(at):
        raise Interrupted


stop_at_the_second_epoch = functools.partial(interrupt, at="epoch  2/3")


def test_a_run_resumes_to_the_bit(some, uninterrupted, tmp_path):
    whole, history, *_ = uninterrupted
    with pytest.raises(Interrupted):
        train.fit(tiny(), some, folder=tmp_path, **TINY, say=stop_at_the_second_epoch)
    assert (tmp_path / "2-checkpoint.keras").exists()
    said = []
    other = tiny(seed=99)  # a new process has other random weights at first
    resumed = train.fit(other, some, folder=tmp_path, **TINY, say=said.append)
    assert said[0] == f"resumed after epoch 2 from {tmp_path}" and len(said) == 2
    assert equal(other.get_weights(), whole.get_weights())
    ours = [variable.numpy() for variable in other.optimizer.variables]
    assert equal(ours, [variable.numpy() for variable in whole.optimizer.variables])
    kept = ["loss", "accuracy"]
    assert resumed[kept].equals(history[kept])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["3-checkpoint.keras", "history.json"]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX traces once by itself")
def test_the_training_step_is_traced_once_and_learns_the_same(some, monkeypatch):
    def fitted():
        keras.utils.set_random_seed(0)
        model = tiny()
        step, traces = model.train_step, []
        model.train_step = lambda data: traces.append(1) or step(data)
        train.fit(model, some, **TINY, say=quiet)
        return model.get_weights(), len(traces)

    weights, traces = fitted()
    monkeypatch.setattr(train, "trace_once", lambda model: None)
    before, more = fitted()
    assert (traces, more) == (1, 2)
    assert equal(weights, before)


@pytest.mark.long
def test_a_resnet50_resumes_to_the_bit(some, tmp_path):
    def resnet(seed):
        keras.utils.set_random_seed(seed)
        return models.resnet50((32, 32, 1), 5, width=4)

    whole, resumed = resnet(1), resnet(2)
    train.fit(whole, some, **TINY, say=quiet)
    with pytest.raises(Interrupted):
        train.fit(resnet(1), some, folder=tmp_path, **TINY, say=stop_at_the_second_epoch)
    train.fit(resumed, some, folder=tmp_path, **TINY, say=quiet)
    assert equal(resumed.get_weights(), whole.get_weights())


def test_the_seed_makes_the_run(some, uninterrupted):
    model = tiny()
    train.fit(model, some, **TINY, say=quiet)
    assert equal(model.get_weights(), uninterrupted[0].get_weights()), "with a folder or without"
    other = tiny()
    train.fit(other, some, **TINY, seed=1, say=quiet)
    assert not equal(other.get_weights(), model.get_weights())


def test_a_finished_run_is_not_trained_on(some, uninterrupted):
    whole, history, folder, _ = uninterrupted
    model, said = tiny(seed=5), []
    again = train.fit(model, some, folder=folder, **TINY, say=said.append)
    assert again.equals(history) and said == [f"resumed after epoch 3 from {folder}"]
    assert equal(model.get_weights(), whole.get_weights())


@pytest.mark.parametrize(
    "other", [{"seed": 7}, {"epochs": 4}, {"rate": 1e-2}, {"batch": 9}, {"balance": 1.0}]
)
def test_other_settings_are_refused(some, model, uninterrupted, other):
    folder = uninterrupted[2]
    before = (folder / "history.json").read_bytes()
    with pytest.raises(ValueError, match=f"holds a run with another {next(iter(other))};"):
        train.fit(model, some, folder=folder, **{**TINY, **other}, say=quiet)
    assert (folder / "history.json").read_bytes() == before


def test_other_beats_are_refused(some, model, uninterrupted):
    for other in (some[:-1], replace(some, windows=-some.windows)):
        with pytest.raises(ValueError, match="another beats;"):
            train.fit(model, other, folder=uninterrupted[2], **TINY, say=quiet)


# --- the folder, before anything is trained -----------------------------------------------


@pytest.mark.parametrize("name", ["taken", "taken/deep/run", "a dead link", "/dev/null/run"])
def test_a_folder_that_cannot_be_is_refused_before_training(some, model, tmp_path, name):
    (tmp_path / "taken").write_text("not a folder")
    (tmp_path / "a dead link").symlink_to(tmp_path / "nowhere")
    folder = tmp_path / name
    message = f"{re.escape(str(folder))} can't be written: .* is not a folder; give another folder"
    with no_training(), pytest.raises(OSError, match=message):
        train.fit(model, some, folder=folder, **TINY, say=quiet)


@pytest.mark.parametrize("name", ["1-checkpoint.keras", "2-average.npz"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_training(some, model, tmp_path, name):
    (tmp_path / name).mkdir()
    with no_training(), pytest.raises(OSError, match=f"{name} is a folder where a file is to be"):
        train.fit(model, some, folder=tmp_path, **TINY, say=quiet)


def rewrite(folder, change):
    """Change what a run noted of itself."""
    run = json.loads((folder / "history.json").read_text())
    change(run)
    (folder / "history.json").write_text(json.dumps(run))


@pytest.mark.parametrize(
    "change",
    [lambda run: run["settings"].pop("loss"), lambda run: run["settings"].update(loss2=1)],
    ids=["fewer", "more"],
)
def test_a_run_of_another_version_is_named(some, model, uninterrupted, tmp_path, change):
    folder = shutil.copytree(uninterrupted[2], tmp_path / "run")
    rewrite(folder, change)
    message = "holds a run of another version of ecglab, which differs in loss2?; use another"
    with no_training(), pytest.raises(ValueError, match=message):
        train.fit(model, some, folder=folder, **TINY, say=quiet)


# --- a damaged run ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def averaged(some, tmp_path_factory):
    """A run of two epochs with averaged weights: its model and its folder."""
    model, folder = tiny(), tmp_path_factory.mktemp("averaged")
    train.fit(model, some, folder=folder, **AVERAGED, say=quiet)
    return model, folder


def named_by_all(folder, some, model):
    """Yield the messages of all that reads a run."""
    for call in (
        lambda: train.checkpoint(folder),
        lambda: train.fit(model, some, folder=folder, **AVERAGED, say=quiet),
    ):
        with no_training(), pytest.raises((ValueError, OSError)) as caught:
            call()
        yield str(caught.value)


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def replaced_by(content):
    return lambda path: path.write_bytes(content)


MODEL, AVERAGE = "2-checkpoint.keras", "2-average.npz"
CUT_OFF = "is damaged: it was cut off or changed"


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (MODEL, cut, CUT_OFF),
        (MODEL, flip, CUT_OFF),
        (MODEL, replaced_by(b"of another program"), CUT_OFF),
        (MODEL, lambda path: np.savez(path.open("wb"), a=np.ones(3)), "is damaged: Keras .*"),
        (MODEL, lambda path: path.unlink(), "is missing, though .*history.json names it"),
        (AVERAGE, cut, CUT_OFF),
        (AVERAGE, flip, CUT_OFF),
        (AVERAGE, replaced_by(b""), CUT_OFF),
        (AVERAGE, lambda path: np.savez(path, np.array([{}])), CUT_OFF),
        (AVERAGE, lambda path: np.save(path.open("wb"), np.ones(3)), CUT_OFF),
        (AVERAGE, lambda path: np.savez(path, np.ones(3)), "is damaged: it holds weights of an.*"),
        (AVERAGE, lambda path: path.unlink(), "is missing, though .*history.json names it"),
        ("history.json", cut, "is damaged: it is no whole JSON file"),
        ("history.json", replaced_by(b"\xff\xfe"), "is damaged: it is no whole JSON file"),
        ("history.json", replaced_by(b"null"), "is damaged: it is no history of a training.*"),
    ],
)
def test_a_damaged_file_is_named(some, model, averaged, tmp_path, name, damage, message):
    """Without its average the run would silently have the weights of its last batch."""
    folder = shutil.copytree(averaged[1], tmp_path / "run")
    path = folder / name
    damage(path)
    whole = f"{re.escape(str(path))} {message}; remove the folder {folder} and train again"
    for said in named_by_all(folder, some, model):
        assert re.fullmatch(whole, said)


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.update(history=[]),
        lambda run: run.update(history=[1, 2]),
        lambda run: run["history"][0].pop("loss"),
        lambda run: run.update(settings=[]),
        lambda run: run["settings"].pop("recipe"),
        lambda run: run["settings"]["recipe"].pop("average"),
        lambda run: run["settings"].pop("network"),
    ],
    ids=["no epoch", "numbers", "no loss", "no settings", "no recipe", "no average", "no network"],
)
def test_a_history_that_lacks_something_is_named(some, model, averaged, tmp_path, change):
    folder = shutil.copytree(averaged[1], tmp_path / "run")
    rewrite(folder, change)
    for said in named_by_all(folder, some, model):
        assert "history.json is damaged: it is no history of a training by ecglab" in said


def test_the_checkpoint_of_another_network_is_named(some, model, averaged, tmp_path):
    folder = shutil.copytree(averaged[1], tmp_path / "run")
    models.cifar_net(8, (32, 32, 1), 5, width=2).save(folder / MODEL)
    for said in named_by_all(folder, some, model):
        assert f"{MODEL} is damaged: it holds another network than history.json" in said


def test_a_folder_without_a_history_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no training run; make one with python -m"):
        train.checkpoint(tmp_path)
    (tmp_path / "history.json").mkdir()
    with pytest.raises(ValueError, match=r"history\.json is damaged: it is no whole"):
        train.run_of(tmp_path)


def test_a_run_too_short_for_an_average_is_whole(some, tmp_path):
    model = tiny()
    train.fit(model, some, folder=tmp_path, epochs=1, steps=9, batch=8, average=0.9, say=quiet)
    assert equal(train.checkpoint(tmp_path).get_weights(), model.get_weights())


# --- predicting -----------------------------------------------------------------------------


def test_predictions(some, uninterrupted):
    model, _, folder, _ = uninterrupted
    probabilities = train.predict(model, some[:50])
    assert probabilities.shape == (50, 5) and probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    in_parts = train.predict(model, some[:50], batch=16)
    assert in_parts == pytest.approx(probabilities, abs=1e-5)
    reordered = train.predict(model, some[:50][::-1])
    assert reordered[::-1] == pytest.approx(probabilities, abs=1e-5)
    loaded = train.checkpoint(folder)
    assert equal(loaded.get_weights(), model.get_weights())
    assert np.array_equal(train.predict(loaded, some[:50]), probabilities)


# --- averages, features, other backends ------------------------------------------------------


def test_the_average_is_kept_outside_and_resumes_to_the_bit(some, averaged, tmp_path):
    whole, plain, resumed = averaged[0], tiny(), tiny(seed=9)
    train.fit(plain, some, **{**AVERAGED, "average": 0.0}, say=quiet)
    assert not equal(whole.get_weights(), plain.get_weights())
    with pytest.raises(Interrupted):
        train.fit(tiny(), some, folder=tmp_path, **AVERAGED, say=interrupt)
    train.fit(resumed, some, folder=tmp_path, **AVERAGED, say=quiet)
    assert equal(resumed.get_weights(), whole.get_weights())
    assert equal(train.checkpoint(tmp_path).get_weights(), whole.get_weights())


def test_the_average_is_that_of_the_weights_seen():
    log = train._Log(None, {"recipe": {"average": 0.9}}, None, None)

    class Model:
        def get_weights(self):
            return [np.array(self.weight)]

    seen = Model()
    log.set_model(seen)
    expected = 1.0
    for looks, weight in enumerate([1.0, 2.0, 4.0], start=1):
        seen.weight = weight
        log._take_in(looks)
        keep = looks / (looks + 9)
        expected = keep * expected + (1 - keep) * weight
    assert log.average[0] == pytest.approx(expected)


def test_rr_features_reach_the_model(some):
    keras.utils.set_random_seed(0)
    names = len(beats.RR_NAMES)
    model = models.cifar_net(8, (32, 32, 1), 5, width=4, features=names)
    history = train.fit(model, some, epochs=1, steps=3, batch=8, say=quiet)
    assert np.isfinite(history.loc[1, "loss"])
    other = replace(some, rr=some.rr + 1)
    assert not np.allclose(train.predict(model, some[:9]), train.predict(model, other[:9]))
    with pytest.raises(ValueError, match=f"takes {names} RR features, the beats have 2"):
        train.predict(model, replace(some, rr=some.rr[:, :2], rr_names=some.rr_names[:2]))


SIDE_BY_SIDE = """
import json, os, sys
import numpy as np
from ecglab import beats, models, simulate, train
from ecglab.backend import keras

folder, processes, process, port = sys.argv[1], *map(int, sys.argv[2:])
if processes > 1:
    train.join(f"127.0.0.1:{port}", processes, process)
model = models.cifar_net(8, (32, 32, 1), 5, width=8)
start = os.path.join(folder, "start.weights.h5")
if os.path.exists(start):
    model.load_weights(start)
else:
    model.save_weights(start)
parts = [beats.segment(simulate.record(name), leads=["MLII"]) for name in ("100", "223")]
some = beats.concatenate(parts)
training = dict(epochs=3, steps=8, batch=32, rate=1e-3, say=lambda line: None)
history = train.fit(model, some, **training)
model.load_weights(start)
again = train.fit(model, some, **training)  # without compiling once more
assert np.allclose(again["loss"], history["loss"], rtol=1e-3)
if process == 0:
    print(json.dumps(history["loss"].tolist()))
"""


def losses(folder, backend, processes=1):
    """Train in fresh processes; return the loss of each epoch."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SIDE_BY_SIDE, folder, str(processes), str(process), str(port)],
            env=os.environ | {"KERAS_BACKEND": backend},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for process in range(processes)
    ]
    answers = [one.communicate(timeout=300) for one in started]
    assert all(one.returncode == 0 for one in started), answers[0][1][-2000:]
    return json.loads(answers[0][0].strip().splitlines()[-1])


@pytest.mark.long
def test_one_history_on_tensorflow_on_jax_and_on_two_jax_processes(tmp_path):
    """From the same weights and batches: equal to one part in a thousand after 24 batches."""
    tensorflow = losses(str(tmp_path), "tensorflow")
    jax, two = losses(str(tmp_path), "jax"), losses(str(tmp_path), "jax", processes=2)
    assert jax == pytest.approx(tensorflow, rel=1e-3)
    assert two == pytest.approx(jax, rel=1e-3)
    assert len(set(tensorflow)) == 3 and tensorflow[2] < tensorflow[0]


def test_only_jax_joins_processes():
    with pytest.raises(ValueError, match="Keras runs on tensorflow; several processes need KERAS"):
        train.join("127.0.0.1:1", 2, 0)


def test_training_learns(some):
    """Sixty batches are enough to tell the V of these two from their N."""
    keras.utils.set_random_seed(0)
    model = models.cifar_net(8, (32, 32, 1), 5, width=8)
    history = train.fit(model, some, epochs=2, steps=40, batch=32, rate=1e-2, say=quiet)
    assert history.loc[2, "loss"] < 0.7 * history.loc[1, "loss"]
    called = train.predict(model, some).argmax(axis=1)
    clear = np.isin(some.labels, (0, 2))
    assert (called == some.labels)[clear].mean() > 0.9


def test_a_network_of_waveforms_gets_the_windows_themselves(some):
    model = models.resnet1d(18, some.windows.shape[1:], 5, width=2, features=14)
    history = train.fit(model, some, epochs=1, steps=2, batch=8, say=len)
    assert np.isfinite(history["loss"]).all()
    given, _ = train.BeatImages(some, (216,), batch=8, augment=None, features=True)[0]
    assert given["windows"].shape == (8, 216, 1) and given["rr"].shape == (8, 14)
    assert train.predict(model, some[:5]).shape == (5, 5)
    other = models.resnet1d(18, (100, 1), 5, width=2)
    with pytest.raises(ValueError, match="windows of 100 samples, the beats have 216"):
        train.predict(other, some)
