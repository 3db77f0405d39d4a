"""Run folders: what is kept there, and that nothing goes on that was made in another way."""

import json
from dataclasses import replace

import numpy as np
import pytest
from untraced import untraced

import ecglab
from ecglab import beats, models, runs, simulate, train
from ecglab.__main__ import main
from ecglab.backend import keras
from ecglab.experiments import leakage
from ecglab.recipe import Recipe

TINY = {"epochs": 1, "steps": 2, "batch": 8}


def quiet(line):
    """Say nothing."""


def net(residual=True, width=4, seed=0):
    keras.utils.set_random_seed(seed)
    return models.cifar_net(8, (32, 32, 1), 5, width=width, residual=residual)


def shallow():
    """Return a network of three layers: TensorFlow traces its step in a fifth of the time."""
    keras.utils.set_random_seed(0)
    layers = (keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.Flatten())
    last = keras.layers.Dense(5, activation="softmax")
    return keras.Sequential([keras.Input((32, 32, 1)), *layers, last])


def weights_of(model):
    return [np.array(weight) for weight in model.get_weights()]


@pytest.fixture(scope="module")
def record():
    """A simulated record with N, S, V and escape beats."""
    whole = simulate.record("223")
    symbols = whole.symbols.copy()
    symbols[10:40] = "e"
    return replace(whole, symbols=symbols)


@pytest.fixture(scope="module")
def some(record):
    return beats.segment(record, leads=["MLII"])


# --- the seven faults of settings that were noted in four places --------------------------------


def test_1_an_outcome_of_simulated_patients_is_not_served_as_real(some, tmp_path):
    path = tmp_path / "one.json"
    runs.kept(path, {"a": 1}, {"all": some}, dict)
    real = replace(some, simulated=False)
    message = r"another source \(real recordings or simulated patients\); remove it, or use"
    with pytest.raises(ValueError, match=message):
        runs.kept(path, {"a": 1}, {"all": real}, dict)


@untraced()
def test_2_a_residual_net_does_not_resume_a_plain_one(some, tmp_path):
    plain, residual = net(residual=False), net(residual=True)
    assert plain.count_params() == residual.count_params(), "or nothing is tested"
    train.fit(plain, some, folder=tmp_path, **TINY, say=quiet)
    with pytest.raises(ValueError, match="holds a run with another network;"):
        train.fit(residual, some, folder=tmp_path, **TINY, say=quiet)


@untraced()
def test_3_another_convention_for_escape_beats_is_not_resumed(some, record, tmp_path):
    as_s = beats.segment(record, leads=["MLII"], escape="S")
    assert some.sha256 == as_s.sha256, "the same beats, the same voltages"
    train.fit(net(), some, folder=tmp_path, **TINY, say=quiet)
    with pytest.raises(ValueError, match="holds a run with another escape, labels;"):
        train.fit(net(), as_s, folder=tmp_path, **TINY, say=quiet)


@untraced()
def test_4_a_run_is_evaluated_on_beats_cut_as_it_was_trained(monkeypatch, tmp_path, capsys):
    unfiltered = beats.load(["100", "223"], before=0.2, after=0.3, highpass=None)
    train.fit(net(), unfiltered, folder=tmp_path, **TINY, say=quiet)
    asked = []

    def predict(model, heartbeats, zoom=None):
        asked.append(heartbeats)
        return np.eye(5)[np.zeros(len(heartbeats), int)]

    monkeypatch.setattr(train, "predict", predict)
    assert main(["evaluate", "--run", str(tmp_path), "--records", "103"]) == 0
    capsys.readouterr()
    wanted = beats.load(["103"], before=0.2, after=0.3, highpass=None)
    assert [one.highpass for one in asked] == [None]
    assert np.array_equal(asked[0].windows, wanted.windows)


@pytest.mark.parametrize("freeze", [True, False])
def test_5_a_layer_frozen_or_freed_before_a_second_fit_obeys(some, freeze):
    model = shallow()
    layer = next(one for one in model.layers if isinstance(one, keras.layers.Conv2D))
    layer.trainable = freeze
    train.fit(model, some, **TINY, say=quiet)
    layer.trainable = not freeze
    before = weights_of(layer)
    train.fit(model, some, **TINY, say=quiet)
    moved = any((one != two).any() for one, two in zip(before, weights_of(layer), strict=True))
    assert moved is (not freeze)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_6_after_the_readers_own_compile_a_fit_still_learns(some, optimizer):
    model, other = shallow(), shallow()
    train.fit(model, some, **TINY, say=quiet)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.set_weights(other.get_weights())
    train.fit(model, some, **TINY, say=quiet)
    train.fit(other, some, **TINY, say=quiet)
    pairs = zip(weights_of(model), weights_of(other), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)


@untraced()
def test_7_a_run_in_another_precision_is_not_resumed(some, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        train.fit(net(), some, folder=tmp_path, **TINY, say=quiet)
    finally:
        keras.config.set_dtype_policy("float32")
    with pytest.raises(ValueError, match="holds a run with another precision, network;"):
        train.fit(net(), some, folder=tmp_path, **TINY, say=quiet)


# --- more of their kind -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda some: replace(some, rr=some.rr + 0.1), "rr"),
        (lambda some: replace(some, labels=some.labels[::-1]), "labels"),
        (lambda some: replace(some, leads=("V1",)), "leads"),
        (lambda some: replace(some, highpass=None), "highpass"),
        (lambda some: replace(some, show=("typical",)), "show"),
        (lambda some: replace(some, simulated=False), "source"),
        (lambda some: replace(some, records=np.full(len(some), "224")), "records"),
        (lambda some: replace(some, subjects=np.full(len(some), "9")), "subjects"),
        (lambda some: replace(some, windows=some.windows + 1), "beats"),
        (lambda some: replace(some, fs=250.0), "fs"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_differs_between_beats_is_named(some, change, named):
    before, now = (runs.circumstances({"beats": one}) for one in (some, change(some)))
    assert named in [name.split()[0] for name in runs.differences(before, now)]


def test_the_width_of_strings_is_no_difference(some):
    wide = replace(
        some,
        records=some.records.astype("<U9"),
        subjects=some.subjects.astype("<U9"),
        symbols=some.symbols.astype("<U4"),
    )
    assert wide.sha256 == some.sha256
    assert runs.circumstances({"beats": wide}) == runs.circumstances({"beats": some})


def functional(*layers):
    inputs = keras.Input((32, 32, 1))
    outputs = keras.layers.Flatten()(inputs)
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(outputs))


def with_a_sum():
    inputs = keras.Input((32, 32, 1))
    both = keras.layers.Flatten()(inputs)
    return keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(both + both))


def in_a_model():
    inner = keras.Sequential([keras.Input((1024,)), keras.layers.Dense(3)])
    return functional(inner)


def recurrent():
    inputs = keras.Input((32, 32, 1))
    rows = keras.layers.Reshape((32, 32))(inputs)
    both = keras.layers.Bidirectional(keras.layers.GRU(2))(rows)
    return keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(both))


UNNAMED = {
    "functional": functional,
    "sequential": lambda: keras.Sequential(
        [keras.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(5, "softmax")]
    ),
    "activation": lambda: functional(keras.layers.Activation("relu")),
    "sum": with_a_sum,
    "model within": in_a_model,
    "layers within": recurrent,
}


@pytest.mark.parametrize("name", UNNAMED)
def test_equal_networks_are_equal_whatever_their_layers_are_called(name):
    """Keras counts the layers of a process: the second is called otherwise."""
    first, second = UNNAMED[name](), UNNAMED[name]()
    assert runs._architecture(first) == runs._architecture(second)


OTHERS = {
    "activation": lambda kind: functional(keras.layers.Activation(kind[0], name=kind[0])),
    "width": lambda kind: functional(keras.layers.Dense(kind[1])),
    "order": lambda kind: functional(*kind[2]()),
    "precision": lambda kind: functional(keras.layers.Dense(3, dtype=kind[3])),
    "trained": lambda kind: functional(keras.layers.Dense(3, trainable=kind[4])),
}
KINDS = (
    ("relu", 3, lambda: (keras.layers.Dropout(0.1), keras.layers.ReLU()), "float32", True),
    ("tanh", 4, lambda: (keras.layers.ReLU(), keras.layers.Dropout(0.1)), "bfloat16", False),
)


@pytest.mark.parametrize("name", OTHERS)
def test_other_networks_are_others(name):
    first, second = (OTHERS[name](kind) for kind in KINDS)
    assert runs._architecture(first) != runs._architecture(second)


@untraced()
def test_a_run_resumes_in_an_equal_network(some, tmp_path):
    train.fit(functional(), some, folder=tmp_path, **TINY, say=quiet)
    told = []
    train.fit(functional(), some, folder=tmp_path, **TINY, say=told.append)
    assert told == [f"resumed after epoch 1 from {tmp_path}"]


@keras.saving.register_keras_serializable(package="tests")
class Unwritable(keras.layers.Layer):
    """A layer that can't be written to a file: it says nothing of its table."""

    def __init__(self, table):
        super().__init__()
        self.table = table

    def call(self, inputs):
        return inputs * self.table


@untraced()
def test_a_model_that_cannot_be_written_is_trained_without_a_folder(some, tmp_path):
    model = functional(Unwritable(np.float32(2)))
    assert len(train.fit(model, some, **TINY, say=quiet)) == 1
    with pytest.raises(ValueError, match=r"this model can.t be kept in a folder: .*get_config"):
        train.fit(model, some, folder=tmp_path, **TINY, say=quiet)


@untraced()
def test_a_run_made_with_another_keras_is_not_called_damaged(some, tmp_path):
    model = functional()
    train.fit(model, some, folder=tmp_path, **TINY, say=quiet)
    path = tmp_path / "history.json"
    run = json.loads(path.read_text())
    run["settings"] |= {"keras": "3.8.0", "network": "as that version describes it"}
    path.write_text(json.dumps(run))
    loaded = runs.checkpoint(tmp_path)
    pairs = zip(weights_of(loaded), weights_of(model), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)
    with pytest.raises(ValueError, match="holds a run with another keras, network;"):
        train.fit(functional(), some, folder=tmp_path, **TINY, say=quiet)


def test_a_layer_without_weights_to_learn_can_be_frozen(some):
    layer = keras.layers.BatchNormalization(center=False, scale=False)
    model = functional(layer)
    train.fit(model, some, **TINY, say=quiet)
    layer.trainable = False
    before = weights_of(layer)
    train.fit(model, some, **TINY, say=quiet)
    pairs = zip(before, weights_of(layer), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)


@untraced()
def test_a_loss_made_otherwise_is_another_loss(some, tmp_path):
    focal = keras.losses.CategoricalFocalCrossentropy
    sparse = keras.losses.SparseCategoricalCrossentropy
    assert train._about_loss(focal(gamma=1)) != train._about_loss(focal(gamma=2))
    train.fit(net(), some, folder=tmp_path, **TINY, loss=sparse(), say=quiet)
    with pytest.raises(ValueError, match="with another ignore_class;"):
        train.fit(net(), some, folder=tmp_path, **TINY, loss=sparse(ignore_class=4), say=quiet)


@untraced()
def test_a_run_of_another_version_does_not_go_on(some, tmp_path, monkeypatch):
    train.fit(net(), some, folder=tmp_path / "run", **TINY, say=quiet)
    runs.kept(tmp_path / "one.json", {}, {"all": some}, dict)
    now = ecglab.__version__
    monkeypatch.setattr(ecglab, "__version__", "9.9")
    message = rf"a run of another version of ecglab, which differs in version \({now}\); use"
    with pytest.raises(ValueError, match=message):
        train.fit(net(), some, folder=tmp_path / "run", **TINY, say=quiet)
    with pytest.raises(ValueError, match="was made with another version; remove it"):
        runs.kept(tmp_path / "one.json", {}, {"all": some}, dict)


@untraced()
def test_leakage_does_not_take_simulated_scores_for_real_ones(tmp_path, monkeypatch, some):
    """The experiment itself: once on simulated patients, then on others of the same names."""
    everyone = replace(beats.load(["100", "101", "103", "200", "202"]), simulated=True)
    monkeypatch.setattr(leakage.beats, "load", lambda names, **cut: everyone)
    monkeypatch.setattr(leakage, "SPLITS", ("beats at random",))
    monkeypatch.setattr(leakage, "WAYS", ("nearest neighbour",))
    leakage.run(tmp_path, quick=True)
    with monkeypatch.context() as patch:
        patch.setitem(leakage.RECIPE, "depth", 20)
        with pytest.raises(ValueError, match="was made with another depth"):
            leakage.run(tmp_path, quick=True)
    real = replace(everyone, simulated=False)
    monkeypatch.setattr(leakage.beats, "load", lambda names, **cut: real)
    with pytest.raises(ValueError, match="was made with another source"):
        leakage.run(tmp_path, quick=True)


# --- what an experiment keeps -----------------------------------------------------------------


def test_what_was_kept_is_not_made_again(tmp_path, some):
    path, used = tmp_path / "deep" / "one.json", {"all": some}
    assert runs.kept(path, {"a": (1, 2)}, used, lambda n: {"n": n}, 3) == {"n": 3, "seconds": 0}
    assert runs.kept(path, {"a": (1, 2)}, used, None) == {"n": 3, "seconds": 0}
    with pytest.raises(ValueError, match="was made with another a; remove it, or use another"):
        runs.kept(path, {"a": (1, 3)}, used, None)


@pytest.mark.parametrize(
    "content", ["", '{"settings": {"a"', "[]", "null", '{"settings": {"a": 1}}', b"\xff"]
)
def test_what_was_kept_and_damaged_is_named(tmp_path, content, some):
    path = tmp_path / "one.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    message = r"one\.json is damaged, or of an older version; remove it, or use another --out"
    with pytest.raises(ValueError, match=message):
        runs.kept(path, {"a": 1}, {"all": some}, None)


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_made(tmp_path, some):
    (tmp_path / "file").write_text("in the place of a folder")
    with pytest.raises(OSError, match="file is not a folder; give another folder"):
        runs.kept(tmp_path / "file" / "one.json", {}, {"all": some}, pytest.fail, "it was made")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes(b"\x93NUMPY"), "fold0.npy is damaged; remove it"),
        (lambda path: path.write_bytes(b""), "fold0.npy is damaged; remove it"),
        (lambda path: np.save(path, np.array([{}])), "fold0.npy is damaged; remove it"),
        (lambda path: np.save(path, np.ones((3, 5))), r"holds \(3, 5\), not \(4, 5\); remove it"),
        (lambda path: np.save(path, np.ones(4)), r"holds \(4,\), not \(4, 5\); remove it"),
    ],
    ids=["cut", "empty", "objects", "others", "flat"],
)
def test_stored_probabilities_that_are_damaged_are_named(tmp_path, write, message):
    path = tmp_path / "fold0.npy"
    write(path)
    with pytest.raises(ValueError, match=message):
        runs.stored(path, 4)


# --- whole files ------------------------------------------------------------------------------


def test_a_file_that_breaks_off_is_not_there(tmp_path):
    path = tmp_path / "one.json"

    def break_off(part):
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.write(path, break_off)
    assert not path.exists()
    runs.write_text(path, "whole")
    assert path.read_text() == "whole"


@untraced()
def test_the_history_holds_the_recipe_it_was_made_by(tmp_path):
    recipe = Recipe(leads=("MLII",), size=32, **TINY)
    heartbeats = recipe.load(["223"])
    train.fit(net(), heartbeats, folder=tmp_path, **recipe.training, say=quiet)
    noted = json.loads((tmp_path / "history.json").read_text())["settings"]["recipe"]
    assert Recipe.from_json(noted) == replace(recipe, width=None)
