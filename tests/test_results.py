"""The recorded outcomes are whole, and the results page says what they say."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ecglab import evaluate, experiments, records

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import results  # noqa: E402

OUTCOME = experiments.recorded("resnet50")


def test_page_says_what_was_recorded():
    rerun = "run: .venv/bin/python tools/results.py"
    assert results.PAGE.read_text() == results.page(OUTCOME), rerun


def test_outcome_is_of_real_patients_and_whole():
    assert OUTCOME["recordings"]["simulated"] is False
    assert len(OUTCOME["seeds"]) >= 3
    assert [o["seed"] for o in OUTCOME["outcomes"]] == OUTCOME["seeds"]
    assert {"ecglab", "python", "keras", "backend"} <= set(OUTCOME["environment"])
    for one in OUTCOME["outcomes"]:
        assert len(one["history"]["loss"]) == OUTCOME["recipe"]["epochs"]


def test_scores_follow_from_the_matrices():
    support = [44259, 1837, 3221, 388, 7]
    for one in OUTCOME["outcomes"]:
        assert set(one["per record"]) == set(records.DS2)
        total = sum(np.array(m) for m in one["per record"].values())
        assert total.sum(axis=1).tolist() == support
        recomputed = evaluate.Scores(total)
        assert recomputed.accuracy == pytest.approx(one["DS2"]["accuracy"], abs=1e-6)
        assert recomputed.macro_f1 == pytest.approx(one["DS2"]["macro_f1"], abs=1e-6)
        assert recomputed.matrix.tolist() == one["DS2"]["matrix"]


def test_intervals_hold_their_values():
    table = results.intervals_table(OUTCOME)
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_recordings_are_those_at_hand():
    from ecglab import beats

    ds1 = beats.load("DS1")
    if ds1.simulated:
        pytest.skip("no real recordings here (ECGLAB_DATA)")
    assert ds1.sha256 == OUTCOME["recordings"]["DS1"]


def test_unknown_experiment_is_named():
    with pytest.raises(ValueError, match="no experiment 'resnet99'"):
        experiments.recorded("resnet99")
