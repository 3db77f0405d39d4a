"""Training: batches that depend on nothing but their place, and runs that resume to the bit."""

import json

import numpy as np
import pytest

from ecglab import beats, models, simulate, train
from ecglab.backend import keras

TINY = {"epochs": 3, "steps": 3, "batch": 8}


@pytest.fixture(scope="module")
def some():
    """About seven hundred simulated beats of two people, N, S and V among them."""
    parts = [beats.segment(simulate.record(name), leads=["MLII"]) for name in ("100", "223")]
    whole = beats.concatenate(parts)
    rare = np.flatnonzero(whole.labels)[:300]
    return whole[np.union1d(rare, np.arange(0, len(whole), 12))]


@pytest.fixture
def model():
    return tiny()


def tiny(seed=1, channels=1, classes=5):
    """Return a net of eight layers: TensorFlow takes ten seconds to make ready fifty."""
    keras.utils.set_random_seed(seed)
    return models.cifar_net(8, (32, 32, channels), classes, width=4)


def two_leads(some):
    windows = np.repeat(some.windows, 2, axis=2)
    return beats.Beats(**{**vars(some), "windows": windows, "leads": ("MLII", "V1")})


def quiet(line):
    """Say nothing."""


# --- batches --------------------------------------------------------------------------------


def batch(some, step=0, **arguments):
    return train.BeatImages(some, (32, 32), 16, 4, **arguments)[step]


def test_form_of_a_batch(some):
    images, labels = batch(some)
    assert images.shape == (16, 32, 32, 1) and images.dtype == np.float32
    assert images.min() == 0 and 0.5 < images.max() <= 1
    assert labels.shape == (16,) and labels.dtype == np.int64
    assert len(train.BeatImages(some, (32, 32), 16, 4)) == 4


def test_a_batch_is_a_function_of_seed_epoch_and_step(some):
    place = {"seed": 3, "epoch": 2}
    first = batch(some, 1, **place)
    others = train.BeatImages(some, (32, 32), 16, 4, **place)
    for step in (3, 0, 2):  # what was drawn before does not matter
        others[step]
    for one, two in zip(first, others[1], strict=True):
        assert np.array_equal(one, two)
    changed = [batch(some, 2, **place), batch(some, 1, **{**place, "seed": 4})]
    changed.append(batch(some, 1, **{**place, "epoch": 3}))
    for images, _ in changed:
        assert not np.array_equal(images, first[0])


def test_images_belong_to_their_labels(some):
    """Without variation a batch holds images of beats, each with that beat's label."""
    images, labels = batch(some, augment=False)
    drawn = train.draw(some.windows, some.fs, (32, 32))
    for image, label in zip(images, labels, strict=True):
        same = np.flatnonzero((drawn == image).all(axis=(1, 2, 3)))
        assert label in some.labels[same]


def shares(some, balance):
    batches = train.BeatImages(some, (8, 8), 500, 8, balance=balance, augment=False)
    labels = np.concatenate([batches[step][1] for step in range(8)])
    return np.bincount(labels, minlength=5) / len(labels)


@pytest.mark.parametrize("balance", [0, 0.5, 1])
def test_shares_follow_the_balance(some, balance):
    counts = np.array(list(some.counts.values()), dtype=float)
    expected = np.where(counts > 0, np.maximum(counts, 1) ** (1 - balance), 0)
    drawn = shares(some, balance)
    assert drawn == pytest.approx(expected / expected.sum(), abs=0.03)
    assert (drawn[counts == 0] == 0).all()


def test_variation_is_as_small_as_it_says():
    ramp = np.linspace(-1, 1, 201)[None, :, None] * np.ones((400, 1, 2))
    varied = train.vary(ramp, np.random.default_rng(0))
    assert varied.shape == ramp.shape and varied.dtype == np.float32
    gain = np.diff(varied[:, 90:110, 0], axis=1).mean(axis=1) / 0.01
    assert 0.81 < gain.min() < 0.85 and 1.18 < gain.max() < 1.23
    offset = varied[:, 100] / gain[:, None]
    assert np.abs(offset).max() < 0.1 / 0.81 + 0.04 + 1e-3, "0.1 mV and four samples of 0.01 mV"
    apart = varied[..., 0] - varied[..., 1]
    assert np.ptp(apart, axis=1).max() < 1e-5, "leads share gain and timing"
    assert 0.1 < np.abs(apart).max() < 0.2 + 1e-6, "and have offsets of their own"


def test_variation_leaves_the_beats_alone(some):
    before = some.windows.copy()
    batch(some)
    assert np.array_equal(before, some.windows)


def without(some, kind):
    return some[some.labels != beats.CLASSES.index(kind)]


@pytest.mark.parametrize("kind", ["N", "S", "V"])
def test_an_empty_class_is_named(some, kind, model):
    left = without(some, kind)
    message = f"no beat of class {kind} among the {len(left)} given"
    with pytest.raises(ValueError, match=message):
        train.BeatImages(left, (32, 32))
    with pytest.raises(ValueError, match=message):
        train.fit(model, left, **TINY, say=quiet)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch": 0}, "batch is 0"),
        ({"steps": 0}, "steps 0"),
        ({"balance": 1.5}, "balance is 1.5; it must lie between 0 and 1"),
        ({"epochs": 0}, "epochs is 0"),
        ({"rate": 0}, "rate 0; both must be positive"),
        ({"rate": float("nan")}, "rate nan"),
    ],
)
def test_fit_names_what_it_refuses(some, model, arguments, message):
    with pytest.raises(ValueError, match=message):
        train.fit(model, some, **{**TINY, **arguments}, say=quiet)


def test_beats_and_model_must_fit_together(some, model):
    message = "the model takes 1 channels, the beats have 2 leads \\(MLII, V1\\)"
    for call in (train.fit, train.predict):
        with pytest.raises(ValueError, match=message):
            call(model, two_leads(some))
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


def test_the_folder_holds_whole_files_only(uninterrupted):
    folder = uninterrupted[2]
    assert sorted(path.name for path in folder.iterdir()) == ["3-checkpoint.keras", "history.json"]
    saved = json.loads((folder / "history.json").read_text())
    assert len(saved["history"]) == 3 and saved["settings"]["steps"] == 3


class Interrupted(Exception):
    """The lights went out."""


def stop_at_the_second_epoch(line):
    if line.startswith("epoch  2/3"):
        raise Interrupted


def equal(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


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
    with pytest.raises(ValueError, match="another beats;"):
        train.fit(model, some[:-1], folder=uninterrupted[2], **TINY, say=quiet)


def test_as_many_other_beats_are_refused(some, model, uninterrupted):
    reversed_ = beats.Beats(**{**vars(some), "windows": -some.windows})
    with pytest.raises(ValueError, match="another beats;"):
        train.fit(model, reversed_, folder=uninterrupted[2], **TINY, say=quiet)


# --- predicting -----------------------------------------------------------------------------


def test_predictions(some, uninterrupted):
    model = uninterrupted[0]
    probabilities = train.predict(model, some[:50])
    assert probabilities.shape == (50, 5) and probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    in_parts = train.predict(model, some[:50], batch=16)
    assert in_parts == pytest.approx(probabilities, abs=1e-5)
    reordered = train.predict(model, some[:50][::-1])
    assert reordered[::-1] == pytest.approx(probabilities, abs=1e-5)


def test_no_beats_no_predictions(some, model):
    with pytest.raises(ValueError, match="no beats to predict"):
        train.predict(model, some[:0])


def test_the_checkpoint_is_the_trained_model(some, uninterrupted):
    model, _, folder, _ = uninterrupted
    loaded = train.checkpoint(folder)
    assert equal(loaded.get_weights(), model.get_weights())
    assert np.array_equal(train.predict(loaded, some[:20]), train.predict(model, some[:20]))


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no training run; make one with python -m"):
        train.checkpoint(tmp_path)


def test_write_text_replaces_whole_files(tmp_path):
    path = tmp_path / "a.json"
    train.write_text(path, "one")
    train.write_text(path, "two")
    assert path.read_text() == "two" and list(tmp_path.iterdir()) == [path]


def test_training_learns(some):
    """Sixty batches are enough to tell the V of these two from their N."""
    keras.utils.set_random_seed(0)
    model = models.cifar_net(8, (32, 32, 1), 5, width=8)
    history = train.fit(model, some, epochs=2, steps=40, batch=32, rate=1e-2, say=quiet)
    assert history.loc[2, "loss"] < 0.7 * history.loc[1, "loss"]
    called = train.predict(model, some).argmax(axis=1)
    clear = np.isin(some.labels, (0, 2))
    assert (called == some.labels)[clear].mean() > 0.9
