"""The networks that ship: their weights are those recorded, and they call what was recorded."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglab import evaluate, experiments, records, shipped, train
from ecglab.backend import keras
from ecglab.experiments import one_lead
from ecglab.recipe import Recipe

pytestmark = pytest.mark.skipif(
    not experiments.path_of("final").exists(), reason="experiment final has not run yet"
)
ON_JAX = """
import sys

import numpy as np

from ecglab import shipped
from ecglab.recipe import Recipe

load = Recipe.load
Recipe.load = lambda *given: load(*given)[::16]
model, recipe = shipped.load()
np.save(sys.argv[1], shipped.predict(model, recipe, sys.argv[2:])[1])
"""


@pytest.fixture(scope="module")
def loaded():
    return shipped.load()


@pytest.fixture(scope="module")
def recorded():
    """Return the outcome of the network that ships."""
    return experiments.recorded("final")["outcomes"][0]


@pytest.fixture(scope="module")
def single():
    """Return the network for one lead, and its recipe."""
    return shipped.load("one lead")


def test_weights_are_small_and_of_the_recipe(loaded, single):
    assert shipped.weights_path().stat().st_size <= 5e6, "of both networks together"
    for (model, recipe), width, leads in ((loaded, 16, 2), (single, 12, 1)):
        assert isinstance(model, keras.Model) and recipe.width == width
        assert model.inputs[0].shape[-1] == leads
        half = [np.asarray(weight, np.float16) for weight in model.get_weights()]
        assert all(np.isfinite(weight).all() for weight in half)
        same = [np.array_equal(a, b) for a, b in zip(half, model.get_weights(), strict=True)]
        assert all(same), "weights were rounded to float16 before they were scored"


def test_another_network_is_named():
    with pytest.raises(ValueError, match="network is 'three'; it may be 'two leads' or 'one lead'"):
        shipped.load("three")


def test_other_weights_are_refused(tmp_path, monkeypatch):
    for content, error in ((b"not these", ValueError), (None, FileNotFoundError)):
        fake = tmp_path / f"{error.__name__}.json"
        fake.write_bytes(experiments.path_of("final").read_bytes())
        if content:
            fake.with_suffix(".npz").write_bytes(content)
        monkeypatch.setattr(experiments, "path_of", lambda name, fake=fake: fake)
        with pytest.raises(error, match=r"SHA-256|is missing"):
            shipped.load()


def test_both_backends_call_alike(loaded, tmp_path, monkeypatch):
    """Every 16th beat of half an hour: as many as go through the network at once."""
    pytest.importorskip("jax")
    model, recipe = loaded
    load = Recipe.load
    monkeypatch.setattr(Recipe, "load", lambda *given: load(*given)[::16])
    _, here = shipped.predict(model, recipe, ["213"])
    other = "jax" if keras.config.backend() == "tensorflow" else "tensorflow"
    env = {**os.environ, "KERAS_BACKEND": other, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", ON_JAX, tmp_path / "there.npy", "213"]
    subprocess.run(command, env=env, check=True, timeout=300)
    there = np.load(tmp_path / "there.npy")
    assert len(here) > 150 and len(set(here.argmax(axis=1))) > 1
    assert np.abs(here - there).max() < 1e-3
    assert np.mean(here.argmax(axis=1) == there.argmax(axis=1)) > 0.999


@pytest.mark.real
def test_a_record_is_called_as_recorded(loaded, recorded):
    heartbeats, probabilities = shipped.predict(*loaded, ["228"])
    matrix = evaluate.confusion(heartbeats.labels, probabilities.argmax(axis=1))
    account = np.array(recorded["annotated beats"]["per record"]["228"])
    assert np.abs(matrix - account).sum() <= 4  # another processor rounds otherwise


@pytest.mark.real
def test_one_lead_is_called_as_recorded(single):
    heartbeats, probabilities = shipped.predict(*single, ["228"])
    called = probabilities.argmax(axis=1)
    column = one_lead.columns_of(heartbeats)
    recorded = experiments.recorded("final")["one lead"]["mitdb"]
    for number, account in enumerate(recorded.values()):
        its = column == number
        matrix = evaluate.confusion(heartbeats.labels[its], called[its])
        assert np.abs(matrix - np.array(account["per record"]["228"])).sum() <= 4


@pytest.mark.real
@pytest.mark.long
def test_ds2_is_called_as_recorded(loaded, recorded):
    heartbeats, probabilities = shipped.predict(*loaded, list(records.DS2))
    result = evaluate.scores(heartbeats.labels, probabilities.argmax(axis=1))
    account = recorded["annotated beats"]["scores"]
    assert np.abs(result.matrix - account["matrix"]).sum() <= 50  # of 49,712 beats
    assert result.macro_f1 == pytest.approx(account["macro_f1"], abs=2e-3)


# --- other sampling rates ----------------------------------------------------------------------

#: Five people of DS2, not 232 and 222, in whom rhythm rather than shape decides.
PEOPLE = ("100", "200", "213", "228", "233")
RATES = (100, 128, 200, 250, 360, 500, 1000)
PAGE = Path(__file__).resolve().parents[1] / "book" / "your_recording.md"


def at_rate(record, fs):
    """Resample a record; its beats stay where they are in time."""
    part = Fraction(fs, round(record.fs))
    signal = resample_poly(record.signal.astype(float), part.numerator, part.denominator, axis=0)
    samples = np.rint(record.samples * (fs / record.fs)).astype(int)
    episodes = record.episodes.copy()
    for bound in ("onset", "offset"):
        episodes[bound] = np.rint(episodes[bound] * (fs / record.fs))
    return replace(record, signal=signal, fs=fs, samples=samples, episodes=episodes)


def scored_at(loaded, fs, names):
    model, recipe = loaded
    labels, called = [], []
    for name in names:
        record = records.load(name)
        record = record if fs == record.fs else at_rate(record, fs)
        heartbeats = recipe.cut(record)
        labels.append(heartbeats.labels)
        called.append(train.predict(model, heartbeats).argmax(axis=1))
    return evaluate.scores(np.concatenate(labels), np.concatenate(called))


@pytest.mark.real
@pytest.mark.parametrize("fs", [128, 1000])
def test_a_record_at_another_rate_is_called_as_well(loaded, fs):
    same, other = (scored_at(loaded, rate, ["228"]).accuracy for rate in (360, fs))
    assert other > same - 0.02


@pytest.mark.real
@pytest.mark.long
def test_the_page_states_what_other_rates_cost(loaded):
    """The table of *Your own recording* is what this computes."""
    rows = re.findall(r"(?m)^\| (\d+) Hz \| (\.\d+) \| (\.\d+) \| (\.\d+) \|$", PAGE.read_text())
    assert [int(row[0]) for row in rows] == list(RATES)
    for rate, *stated in rows:
        result = scored_at(loaded, int(rate), PEOPLE)
        found = (result.accuracy, result.macro_f1, result.table.loc["V", "F1"])
        print(rate, *(f"{number:.3f}" for number in found))
        assert found == pytest.approx([float(number) for number in stated], abs=4e-3)
