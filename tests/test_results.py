"""The recorded outcomes are whole, and the results page says what they say."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ecglab import evaluate, experiments, records

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import results  # noqa: E402

RECORDED = results.recorded_names()
SCORED = [name for name in RECORDED if name in ("floor", "resnet50")]


def test_page_says_what_was_recorded():
    rerun = "run: make results"
    assert results.PAGE.read_text() == results.page(), rerun


def test_every_recorded_experiment_has_its_section():
    assert set(RECORDED) <= set(results.FILLED) <= set(results.QUESTIONS) == set(experiments.NAMES)


@pytest.mark.parametrize("name", SCORED)
def test_outcome_is_of_real_patients_and_whole(name):
    outcome = experiments.recorded(name)
    assert outcome["recordings"]["simulated"] is False
    assert len(outcome["seeds"]) >= 3
    for label, recipe in outcome["recipes"].items():
        its = [one for one in outcome["outcomes"] if one["recipe"] == label]
        assert [one["seed"] for one in its] == outcome["seeds"]
        assert all(len(one["history"]["loss"]) == recipe["epochs"] for one in its)


@pytest.mark.parametrize("name", SCORED)
def test_scores_follow_from_the_matrices(name):
    support = [44259, 1837, 3221, 388, 7]
    for one in experiments.recorded(name)["outcomes"]:
        account = one["annotated beats"]
        assert set(account["per record"]) == set(records.DS2)
        total = sum(np.array(m) for m in account["per record"].values())
        assert total.sum(axis=1).tolist() == support
        recomputed = evaluate.Scores(total)
        assert recomputed.accuracy == pytest.approx(account["scores"]["accuracy"], abs=1e-6)
        assert recomputed.macro_f1 == pytest.approx(account["scores"]["macro_f1"], abs=1e-6)
        assert recomputed.matrix.tolist() == account["scores"]["matrix"]


@pytest.mark.parametrize("name", SCORED)
def test_intervals_hold_their_values(name):
    accounts = [one["annotated beats"] for one in experiments.recorded(name)["outcomes"]]
    table = results.intervals_table(accounts)
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_recordings_are_those_at_hand():
    from ecglab import beats

    ds1 = beats.load("DS1")
    if ds1.simulated:
        pytest.skip("no real recordings here (ECGLAB_DATA)")
    assert ds1.sha256 == experiments.recorded("floor")["recordings"]["DS1"]


def test_unknown_experiment_is_named():
    with pytest.raises(ValueError, match="no experiment 'resnet99'"):
        experiments.recorded("resnet99")
