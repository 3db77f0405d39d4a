"""Scores: worked out by hand, undefined where they are, and beat by beat as WFDB's bxb has them."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import wfdb
from sklearn.metrics import cohen_kappa_score

from ecglab import evaluate, records

N, S, V, F, Q = range(5)


# --- matrices and scores --------------------------------------------------------------------


@pytest.fixture
def scored():
    """Ten beats: six N (one called S), two S (one called N), two V (both right)."""
    labels = [N] * 6 + [S] * 2 + [V] * 2
    predictions = [N] * 5 + [S, N, S, V, V]
    return evaluate.scores(labels, predictions)


def test_matrix_by_hand(scored):
    expected = np.zeros((5, 5), dtype=int)
    expected[N, N], expected[N, S], expected[S, N], expected[S, S], expected[V, V] = 5, 1, 1, 1, 2
    assert np.array_equal(scored.matrix, expected)


def test_scores_by_hand(scored):
    table = scored.table
    assert table.loc["N"].tolist() == pytest.approx([6, 5 / 6, 5 / 6, 5 / 6, 1 / 4])
    assert table.loc["S"].tolist() == pytest.approx([2, 1 / 2, 1 / 2, 1 / 2, 1 / 8])
    assert table.loc["V"].tolist() == pytest.approx([2, 1, 1, 1, 0])
    assert scored.accuracy == pytest.approx(0.8)
    assert scored.macro_f1 == pytest.approx((5 / 6 + 1 / 2 + 1) / 3)
    by_chance = 0.6 * 0.6 + 0.2 * 0.2 + 0.2 * 0.2
    assert scored.kappa == pytest.approx((0.8 - by_chance) / (1 - by_chance))


def test_kappa_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 400)
    predictions = np.where(rng.random(400) < 0.6, labels, rng.integers(0, 5, 400))
    expected = cohen_kappa_score(labels, predictions)
    assert evaluate.scores(labels, predictions).kappa == pytest.approx(expected)
    assert np.isnan(evaluate.scores([N, N], [N, N]).kappa), "nothing but chance is possible"


def test_what_cannot_be_computed_is_nan(scored):
    assert scored.table.loc["F", ["Se", "+P", "F1"]].isna().all()
    assert scored.table.loc["F", "beats"] == 0
    missed = evaluate.scores([N, S, V], [N, N, V])
    assert missed.table.loc["S", "Se"] == 0 and np.isnan(missed.table.loc["S", "+P"])
    assert missed.table.loc["S", "F1"] == 0, "2 TP / (2 TP + FN + FP) is defined"
    assert missed.macro_f1 == pytest.approx((2 / 3 + 0 + 1) / 3)
    invented = evaluate.scores([N, N, V], [N, S, V])
    assert np.isnan(invented.table.loc["S", "Se"]) and invented.table.loc["S", "+P"] == 0
    assert np.isnan(evaluate.scores([N, V], [N, V]).macro_f1)


def test_f1_is_the_harmonic_mean():
    rng = np.random.default_rng(0)
    table = evaluate.scores(rng.integers(0, 5, 500), rng.integers(0, 5, 500)).table
    harmonic = 2 * table["Se"] * table["+P"] / (table["Se"] + table["+P"])
    assert table["F1"].to_numpy() == pytest.approx(harmonic.to_numpy())


def test_summary_is_plain_json(scored):
    summary = json.loads(json.dumps(scored.summary()))
    assert summary["accuracy"] == 0.8 and summary["S Se"] == 0.5 and summary["V F1"] == 1.0
    assert summary["matrix"] == scored.matrix.tolist()


def test_what_is_printed(scored):
    assert repr(scored).endswith("accuracy 0.800, macro-F1 over N, S, V 0.778, kappa 0.643")
    assert "–" in repr(scored) and "nan" not in repr(scored).lower()
    rows = [line.split() for line in repr(scored).splitlines()]
    assert ["N", "6", "0.833", "0.833", "0.833", "0.250"] in rows
    assert ["F", "0", "–", "–", "–", "0.000"] in rows
    html = scored._repr_html_()
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert cells[:6] == ["6", "0.833", "0.833", "0.833", "0.250", "2"]
    assert cells[15:20] == ["0", "–", "–", "–", "0.000"]
    assert "macro-F1 over N, S, V 0.778" in html


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([0, 1], [0], r"shape \(2,\), predictions \(1,\)"),
        ([], [], r"shape \(0,\)"),
        ([[0]], [[0]], r"shape \(1, 1\)"),
        ([0, 5], [0, 0], "labels hold 5; classes are 0 to 4, for N S V F Q$"),
        ([0, 0], [0, -1], "predictions hold .*-1"),
        ([0, 0], [0, 0.5], "predictions hold .*0.5"),
        (["N"], ["N"], "labels hold"),
        ([True, False], [0, 1], "labels hold True"),
        ([0, 1], np.array([False, True]), "predictions hold False"),
        ([0, np.nan], [0, 1], "labels hold nan"),
        ([0, None], [0, 1], "labels hold None"),
        (3, 3, r"labels have shape \(\)"),
    ],
)
def test_confusion_names_what_it_refuses(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        evaluate.confusion(labels, predictions)


def test_scores_take_no_other_matrix():
    for matrix, message in (
        (np.zeros((6, 6), int), r"matrix has shape \(6, 6\); it must be \(5, 5\)"),
        (-np.eye(5), "it must hold counts, 0 or more"),
        (np.full((5, 5), np.nan), "it must hold counts"),
        (np.full((5, 5), "N"), "it must hold counts"),
    ):
        with pytest.raises(ValueError, match=message):
            evaluate.Scores(matrix)
    assert evaluate.Scores(np.eye(5, dtype=int).tolist()).accuracy == 1
    with pytest.raises(ValueError, match=r"unreadable has shape \(6,\); it must be \(5,\)"):
        evaluate.BeatByBeat(np.zeros((6, 6), int), np.zeros(6, int))
    with pytest.raises(ValueError, match=r"^matrix has shape \(5, 5\); it must be \(6, 6\)"):
        evaluate.BeatByBeat(np.zeros((5, 5), int), np.zeros(5, int))


def test_counts_may_be_given_as_lists_and_as_means_of_several_runs():
    compared = evaluate.BeatByBeat(np.eye(6).tolist(), [0, 1, 0, 0, 0])
    assert isinstance(compared.matrix, np.ndarray) and compared.matrix.trace() == 6
    assert isinstance(compared.unreadable, np.ndarray) and compared.extra == 1
    halves = evaluate.Scores(np.eye(5) / 2)
    assert halves.accuracy == 1 and halves.table.loc["N", "beats"] == 0.5


def test_scores_compare_by_identity(scored):
    """Two matrices have no one truth value: comparing them element by element would raise."""
    other = evaluate.Scores(scored.matrix.copy())
    assert scored == scored and scored != other and len({scored, other}) == 2


# --- records and people ---------------------------------------------------------------------


def test_per_record_by_hand():
    table = evaluate.per_record([N, N, S, N, V], [N, S, S, V, V], list("aaabb"))
    assert table.index.tolist() == ["a", "b"]
    assert table["beats"].tolist() == [3, 2] and table["errors"].tolist() == [1, 1]
    assert table["accuracy"].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert table.loc["a", ["N", "N Se", "N +P"]].tolist() == [2, 0.5, 1]
    assert table.loc["a", ["S", "S Se", "S +P"]].tolist() == [1, 1, 0.5]
    assert table.loc["b", "S"] == 0 and np.isnan(table.loc["b", "S Se"])
    assert table.loc["b", ["V Se", "V +P"]].tolist() == [1, 0.5]
    with pytest.raises(ValueError, match="2 names for 3 beats"):
        evaluate.per_record([N, N, S], [N, N, S], np.array(["a", "b"]))


@pytest.mark.parametrize(
    ("labels", "predictions", "names", "message"),
    [
        ([0, 1, 2], [0, 1], list("aab"), r"labels have shape \(3,\), predictions \(2,\)"),
        ([0, 1], [0, 1], "ab", "'ab' names for 2 beats"),
        ([0, 1], [0, 1], ["a", None], "records hold None, which is no name"),
        ([0, 1], [0, 1], [0.5, np.nan], "records hold 0.5, which is no name"),
        ([0, 5], [0, 1], ["a", "b"], "labels hold 5"),
        ([0, True], np.array([True, False]), ["a", "b"], "predictions hold True"),
        ([], [], [], r"labels have shape \(0,\)"),
    ],
)
def test_what_is_no_beat_of_a_record_is_named(labels, predictions, names, message):
    calls = (evaluate.matrices, evaluate.per_record, evaluate.gross_and_average)
    for call in (*calls, evaluate.bootstrap_records):
        with pytest.raises(ValueError, match=message):
            call(labels, predictions, names)


def test_the_matrices_of_records_sum_to_that_of_all_beats():
    rng = np.random.default_rng(0)
    (labels, predictions), names = rng.integers(0, 5, (2, 90)), rng.choice(["b", "a"], 90)
    each = evaluate.matrices(labels, predictions, names)
    assert list(each) == ["a", "b"] and each["a"].sum() == (names == "a").sum()
    assert np.array_equal(sum(each.values()), evaluate.confusion(labels, predictions))


def test_gross_counts_beats_average_counts_records():
    """Record a: 8 V, all found. Record b: 2 V, none found, and 10 N. Record c: N only."""
    labels = [V] * 8 + [V] * 2 + [N] * 10 + [N] * 5
    predictions = [V] * 8 + [N] * 2 + [N] * 10 + [N] * 4 + [V]
    table = evaluate.gross_and_average(labels, predictions, list("a" * 8 + "b" * 12 + "c" * 5))
    assert table.loc["V Se"].tolist() == pytest.approx([0.8, 0.5, 2])
    assert table.loc["V +P"].tolist() == pytest.approx([8 / 9, 0.5, 2])
    assert table.loc["N Se"].tolist() == pytest.approx([14 / 15, (1 + 4 / 5) / 2, 2])
    assert table.loc["S Se", "records"] == 0 and table.loc["S Se"].isna().sum() == 2


@pytest.fixture(scope="module")
def alike():
    """Ten people of a hundred beats: in five every beat is called right, in five wrong."""
    labels = np.tile([N] * 80 + [S] * 10 + [V] * 10, 10)
    people = np.repeat([f"{k:03}" for k in range(10)], 100)
    predictions = np.where(people < "005", labels, F)
    return labels, predictions, people


def test_people_are_resampled_not_beats(alike):
    labels, predictions, people = alike
    by_person = evaluate.bootstrap_records(labels, predictions, people, draws=500)
    by_beat = evaluate.bootstrap_beats(labels, predictions, draws=500)
    width = by_person["high"] - by_person["low"]
    narrow = by_beat["high"] - by_beat["low"]
    # Of ten people, 5 are right: a binomial share with standard deviation sqrt(0.25 / 10)
    assert width["accuracy"] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 10), abs=0.1)
    assert narrow["accuracy"] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 1000), abs=0.02)
    assert width["accuracy"] > 8 * narrow["accuracy"]


def test_the_value_is_that_of_all_beats(alike):
    labels, predictions, people = alike
    table = evaluate.bootstrap_records(labels, predictions, people, draws=50)
    whole = evaluate.scores(labels, predictions)
    assert table.loc["accuracy", "value"] == whole.accuracy == 0.5
    assert table.loc["macro-F1", "value"] == pytest.approx(whole.macro_f1)
    for kind in "NSV":
        for column in ("F1", "Se", "+P"):
            expected = whole.table.loc[kind, column]
            assert table.loc[f"{kind} {column}", "value"] == pytest.approx(expected)
    assert len(table) == 11
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_two_records_of_one_man_are_drawn_together():
    """201 is all wrong, 202 all right: drawn as one, his accuracy can only be a half."""
    names = np.repeat(["201", "202"], 50)
    labels = np.zeros(100, dtype=int)
    predictions = np.where(names == "201", S, N)
    man = np.array([records.subject(name) for name in names])
    with pytest.raises(ValueError, match="there is 1 subject; an interval needs two or more"):
        evaluate.bootstrap_records(labels, predictions, man)
    apart = evaluate.bootstrap_records(labels, predictions, names, draws=200)
    assert apart.loc["accuracy", ["low", "high"]].tolist() == [0, 1]
    with_another = evaluate.bootstrap_records(
        np.tile(labels, 2), np.tile(predictions, 2), np.r_[man, ["x"] * 100], draws=200
    )
    assert with_another.loc["accuracy"].tolist() == [0.5, 0.5, 0.5]


def test_intervals_depend_on_seed_and_level():
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(12).astype(str), 50)
    labels = rng.choice([N, S, V], 600)
    predictions = np.where(rng.random(600) < np.repeat(rng.random(12), 50), labels, F)
    case = (labels, predictions, people)
    first, again = (evaluate.bootstrap_records(*case, draws=200, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = evaluate.bootstrap_records(*case, draws=200, seed=4)
    assert not other["low"].equals(first["low"]) and other["value"].equals(first["value"])
    half = evaluate.bootstrap_records(*case, draws=200, seed=3, level=0.5)
    assert ((half["high"] - half["low"]) < (first["high"] - first["low"])).loc["accuracy"]


def test_drawing_cells_is_drawing_beats():
    """The short cut through the multinomial gives the interval of drawing beat by beat."""
    rng = np.random.default_rng(2)
    labels = rng.choice([N, S, V], 300, p=[0.7, 0.1, 0.2])
    predictions = np.where(rng.random(300) < 0.8, labels, N)
    each_beat = np.arange(300).astype(str)
    slow = evaluate.bootstrap_records(labels, predictions, each_beat, draws=2000)
    quick = evaluate.bootstrap_beats(labels, predictions, draws=2000)
    assert quick["value"].equals(slow["value"])
    assert np.allclose(quick, slow, atol=0.02)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_levels_that_are_none(alike, level):
    with pytest.raises(ValueError, match=f"level is {level}; it must lie between 0 and 1"):
        evaluate.bootstrap_records(*alike, level=level)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"draws": 0}, "draws is 0; give a whole number, 1 or more"),
        ({"draws": -5}, "draws is -5"),
        ({"draws": 10.5}, "draws is 10.5"),
        ({"draws": True}, "draws is True"),
        ({"seed": -1}, "seed is -1; give a whole number, 0 or more"),
        ({"seed": None}, "seed is None"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"level": float("nan")}, "level is nan"),
        ({"level": "95 %"}, "level is '95 %'"),
    ],
)
def test_draws_that_make_no_interval(alike, arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate.bootstrap_records(*alike, **arguments)
    with pytest.raises(ValueError, match=message):
        evaluate.bootstrap_beats(*alike[:2], **arguments)


def test_numpy_numbers_are_numbers(alike):
    plain = evaluate.bootstrap_records(*alike, draws=20, seed=1, level=0.5)
    given = {"draws": np.int64(20), "seed": np.uint8(1), "level": np.float32(0.5)}
    pd.testing.assert_frame_equal(plain, evaluate.bootstrap_records(*alike, **given))


def test_intervals_of_a_class_that_nobody_has_are_nan():
    table = evaluate.bootstrap_records([N, V] * 3, [N, V] * 3, np.repeat(list("abc"), 2), draws=50)
    assert table.loc["S F1"].isna().all() and table.loc["V F1"].tolist() == [1, 1, 1]


def test_a_difference_is_taken_among_the_same_people(alike):
    """Whom one finds hard the other does, too; one beat more of each person is called rightly."""
    labels, predictions, people = alike
    better = predictions.copy()
    better[99::100] = labels[99::100]
    worse = predictions.copy()
    worse[99::100] = F
    table = evaluate.bootstrap_difference(labels, better, worse, people, draws=200)
    assert table.loc["accuracy"].tolist() == pytest.approx([0.01, 0.01, 0.01])
    scores = evaluate.scores(labels, better).macro_f1 - evaluate.scores(labels, worse).macro_f1
    assert table.loc["macro-F1", "value"] == pytest.approx(scores)
    turned = evaluate.bootstrap_difference(labels, worse, better, people, draws=200)
    assert turned.loc["V F1"].tolist() == pytest.approx(
        [-x for x in table.loc["V F1"].iloc[[0, 2, 1]]]
    )
    both = evaluate.bootstrap_records(labels, better, people, draws=200)
    assert both.loc["accuracy", "high"] - both.loc["accuracy", "low"] > 0.3


def test_the_interval_of_several_runs_is_that_of_their_mean():
    """One run errs in half of the people, the other in the other half: their mean never moves."""
    people = np.repeat(list("abcdefgh"), 10)
    labels = np.zeros(80, dtype=int)
    one = np.where(people < "e", N, V)
    other = np.where(people < "e", V, N)
    table = evaluate.bootstrap_records(labels, [one, other], people, draws=100)
    assert table.loc["accuracy"].tolist() == [0.5, 0.5, 0.5]
    alone = evaluate.bootstrap_records(labels, one, people, draws=100)
    assert alone.loc["accuracy", "high"] - alone.loc["accuracy", "low"] > 0.3
    against = evaluate.bootstrap_difference(labels, one, [one, other], people, draws=100)
    assert against.loc["accuracy", "low"] < 0 < against.loc["accuracy", "high"]
    assert against.loc["accuracy", "value"] == 0


def test_matrices_give_the_intervals_of_their_beats(alike):
    labels, predictions, people = alike
    counts = np.stack(list(evaluate.matrices(labels, predictions, people).values()))
    table = evaluate.bootstrap_matrices(counts, draws=100, seed=2, level=0.9)
    expected = evaluate.bootstrap_records(*alike, draws=100, seed=2, level=0.9)
    pd.testing.assert_frame_equal(table, expected)
    nothing = evaluate.bootstrap_matrices(counts, [counts, counts], draws=100)
    assert nothing.loc["accuracy"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("shape", "others", "message"),
    [
        ((5, 5), None, r"counts has shape \(5, 5\); it must be \(people, 5, 5\) or \(runs"),
        ((3, 4, 4), None, r"counts has shape \(3, 4, 4\)"),
        ((0, 3, 5, 5), None, r"counts has shape \(0, 3, 5, 5\)"),
        ((1, 5, 5), None, "there is 1 subject"),
        ((3, 5, 5), (2, 5, 5), "others are of 2 people, counts of 3"),
        ((3, 5, 5), (5, 5), r"others has shape \(5, 5\)"),
    ],
)
def test_matrices_that_make_no_interval(shape, others, message):
    rivals = None if others is None else np.ones(others, int)
    with pytest.raises(ValueError, match=message):
        evaluate.bootstrap_matrices(np.ones(shape, int), rivals)


@pytest.mark.parametrize(
    ("chosen", "draws", "level", "seed"),
    [({}, 2000, 0.95, 0), ({"draws": 100, "level": 0.5, "seed": 3}, 100, 0.5, 3)],
)
def test_an_interval_is_cut_from_drawn_people(chosen, draws, level, seed):
    """Thirty people of a hundred beats each, every one called right otherwise than the next."""
    rng = np.random.default_rng(7)
    right, better = rng.integers(20, 95, (2, 30))
    places = np.tile(np.arange(100), 30)
    labels = np.zeros(3000, dtype=int)
    people = np.repeat(np.arange(30), 100).astype(str)
    people = np.char.zfill(people, 2)
    called = np.where(places < np.repeat(right, 100), N, V)
    others = np.where(places < np.repeat(better, 100), N, V)
    drawn = np.random.default_rng(seed).integers(30, size=(draws, 30))
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(right[drawn].mean(axis=1) / 100, ends)
    each = evaluate.matrices(labels, called, people)
    for table in (
        evaluate.bootstrap_records(labels, called, people, **chosen),
        evaluate.bootstrap_matrices(np.stack(list(each.values())), **chosen),
    ):
        assert table.loc["accuracy"].tolist() == pytest.approx([right.mean() / 100, low, high])
    gains = (right - better)[drawn].mean(axis=1) / 100
    low, high = np.quantile(gains, ends)
    gain = (right - better).mean() / 100
    table = evaluate.bootstrap_difference(labels, called, others, people, **chosen)
    assert table.loc["accuracy"].tolist() == pytest.approx([gain, low, high])


def test_a_difference_needs_calls_of_the_same_beats(alike):
    labels, predictions, people = alike
    with pytest.raises(ValueError, match=r"labels have shape \(1000,\), predictions \(999,\)"):
        evaluate.bootstrap_difference(labels, predictions, predictions[1:], people)
    with pytest.raises(ValueError, match="there is 1 subject"):
        evaluate.bootstrap_difference(labels, predictions, predictions, ["one"] * len(labels))
    with pytest.raises(ValueError, match="draws is 0"):
        evaluate.bootstrap_difference(labels, predictions, predictions, people, draws=0)


# --- belief and abstention --------------------------------------------------------------------


def believed(*tops):
    """Return probabilities whose first column is given; the rest goes to V."""
    rows = np.zeros((len(tops), 5))
    rows[:, N], rows[:, V] = tops, 1 - np.array(tops)
    return rows


def test_reliability_by_hand():
    labels = [N, N, V, N, V, N]
    probabilities = believed(0.95, 0.92, 0.91, 0.7, 0.65, 1.0)
    table = evaluate.reliability(labels, probabilities)
    assert table["low"].tolist() == pytest.approx([0.6, 0.7, 0.9])
    assert table["high"].tolist() == pytest.approx([0.7, 0.8, 1.0])
    assert table["beats"].tolist() == [1, 1, 4]
    assert table["confidence"].tolist() == pytest.approx([0.65, 0.7, 3.78 / 4])
    assert table["frequency"].tolist() == pytest.approx([0, 1, 3 / 4])
    error = (0.65 + 0.3 + 4 * (3.78 / 4 - 0.75)) / 6
    assert evaluate.calibration_error(labels, probabilities) == pytest.approx(error)


def test_reliability_of_one_class():
    labels, probabilities = [N, N, V, N], believed(0.9, 0.9, 0.9, 0.2)
    table = evaluate.reliability(labels, probabilities, kind="V", bins=2)
    assert table["beats"].tolist() == [3, 1]
    assert table["confidence"].tolist() == pytest.approx([0.1, 0.8])
    assert table["frequency"].tolist() == pytest.approx([1 / 3, 0])


def test_bins_behind_the_last_belief_are_empty():
    table = evaluate.reliability([N, V], believed(0.55, 0.52))
    assert table.columns.tolist() == ["low", "high", "beats", "confidence", "frequency"]
    assert table.index.tolist() == [0] and table["beats"].tolist() == [2]
    assert table["confidence"].tolist() == pytest.approx([0.535])
    assert table["frequency"].tolist() == pytest.approx([0.5])
    upper = evaluate.reliability([N, N], believed(0.95, 0.75))
    assert upper.index.tolist() == [0, 1], "rows are numbered anew"


@pytest.mark.parametrize("kind", [int, np.uint8, np.float32])
def test_beliefs_may_be_any_numbers(kind):
    certain = np.eye(5)[[N, V]].astype(kind)
    table = evaluate.reliability([N, V], certain)
    assert table["beats"].tolist() == [2] and table["frequency"].tolist() == [1]


def test_beliefs_may_be_off_by_a_thousandth():
    """Those of a network in float16 are."""
    row = np.array([[0.5, 0.4993, 0, 0, 0]])
    assert evaluate.reliability([N], row)["beats"].tolist() == [1]
    with pytest.raises(ValueError, match="row 1 is"):
        evaluate.reliability([N, N], [[1, 0, 0, 0, 0], [1.5, -0.5, 0, 0, 0]])


def test_honest_beliefs_have_no_calibration_error():
    rng = np.random.default_rng(0)
    tops = rng.uniform(0.5, 1, 200_000)
    labels = np.where(rng.random(200_000) < tops, N, V)
    assert evaluate.calibration_error(labels, believed(*tops)) < 0.005
    boast = believed(*np.sqrt(tops))
    assert evaluate.calibration_error(labels, boast) > 0.05


def test_risk_and_coverage_by_hand():
    labels = [N, V, N, N, V]
    table = evaluate.risk_coverage(labels, believed(0.9, 0.6, 0.8, 0.8, 0.8))
    assert table["threshold"].tolist() == [0.9, 0.8, 0.6]
    assert table["coverage"].tolist() == pytest.approx([0.2, 0.8, 1])
    assert table["risk"].tolist() == pytest.approx([0, 1 / 4, 2 / 5])


@pytest.mark.parametrize(
    ("labels", "probabilities", "arguments", "message"),
    [
        ([N, V], believed(0.5), {}, r"have shape \(1, 5\); for 2 labels they must be \(2, 5\)"),
        ([], np.zeros((0, 5)), {}, "for 0 labels"),
        ([N], [[0.5, 0.6, 0, 0, 0]], {}, "row 0 is .*no probabilities that sum to 1"),
        ([N], [[np.nan] * 5], {}, "row 0 is"),
        ([N], [[1.5, -0.5, 0, 0, 0]], {}, "row 0 is"),
        ([N], believed(0.5), {"kind": "X"}, "no class 'X'; there are N S V F Q"),
        ([N], believed(0.5), {"bins": 0}, "bins is 0; one or more"),
        ([N], believed(0.5), {"bins": 2.5}, "bins is 2.5; give a whole number"),
        ([7], believed(0.5), {}, "labels hold 7; classes are 0 to 4"),
        ([0.5], believed(0.5), {}, "labels hold 0.5"),
        (["N"], believed(0.5), {}, "labels hold 'N'"),
        ([True], believed(0.5), {}, "labels hold True"),
        ([[N]], believed(0.5), {}, r"labels have shape \(1, 1\)"),
        (N, believed(0.5), {}, r"labels have shape \(\)"),
        ([N], [["1", "0", "0", "0", "0"]], {}, "probabilities are of type <U1; give numbers"),
    ],
)
def test_beliefs_that_are_none(labels, probabilities, arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate.reliability(labels, probabilities, **arguments)
    with pytest.raises(ValueError, match=message):
        evaluate.calibration_error(labels, probabilities, **arguments)
    if not arguments:
        with pytest.raises(ValueError, match=message):
            evaluate.risk_coverage(labels, probabilities)


# --- beat by beat ---------------------------------------------------------------------------


def compare(reference, test, **arguments):
    """Compare beats given as {sample: symbol} at 360 Hz from the start."""
    return evaluate.beat_by_beat(
        np.array(list(reference), dtype=int),
        list(reference.values()),
        np.array(list(test), dtype=int),
        list(test.values()),
        360.0,
        **{"start": 0, **arguments},
    )


def test_beat_by_beat_by_hand():
    reference = {100: "N", 400: "V", 700: "A", 1000: "e", 1300: "/", 1600: "F"}
    test = {110: "N", 390: "V", 705: "N", 1000: "N", 1150: "V", 1300: "N"}
    result = compare(reference, test)
    expected = np.zeros((6, 6), dtype=int)
    expected[N, N] = expected[V, V] = expected[Q, N] = expected[5, V] = expected[F, 5] = 1
    expected[S, N] = 2
    assert np.array_equal(result.matrix, expected)
    assert (result.missed, result.extra) == (1, 1)
    assert result.sensitivity == pytest.approx(5 / 6)
    assert result.positive_predictivity == pytest.approx(5 / 6)
    assert compare(reference, test, escape="N").matrix[N, N] == 2


@pytest.mark.parametrize("before", [1, -1], ids=["test first", "reference first"])
@pytest.mark.parametrize(("apart", "matches"), [(0, True), (53, True), (54, True), (55, False)])
def test_150_ms_are_54_samples(before, apart, matches):
    result = compare({1000: "N"}, {1000 - before * apart: "N"})
    assert (result.missed, result.extra) == ((0, 0) if matches else (1, 1))


def test_the_nearer_neighbour_is_preferred():
    two_tests = compare({1000: "N"}, {960: "V", 1010: "N"})
    assert two_tests.matrix[N, N] == 1 and two_tests.matrix[5, V] == 1
    two_references = compare({960: "V", 1010: "N"}, {1000: "N"})
    assert two_references.matrix[N, N] == 1 and two_references.matrix[V, 5] == 1


def test_each_beat_is_in_one_pair_at_most():
    result = compare({1000: "N"}, {990: "N", 1000: "N", 1010: "N"})
    assert result.matrix[N, N] == 1 and result.extra == 2
    both = compare({1000: "N", 1040: "V"}, {1010: "N", 1050: "V"})
    assert both.matrix[N, N] == both.matrix[V, V] == 1 and both.extra == both.missed == 0


def test_five_minutes_are_skipped_unless_said_otherwise():
    samples = [299 * 360, 300 * 360, 301 * 360]
    symbols = ["N"] * 3
    found = evaluate.beat_by_beat(samples, symbols, samples, symbols, 360.0)
    assert found.matrix[N, N] == 2


def test_a_beat_of_a_second_sampled_once_a_second():
    """The rate may be any number above 0, and the end itself belongs to the recording."""
    found = evaluate.beat_by_beat([5, 10, 11], "NNN", [5, 10, 11], "NNN", 1, start=0, duration=10)
    assert found.matrix[N, N] == 2 and found.matrix.sum() == 2
    slow = evaluate.beat_by_beat([5], "N", [5], "N", 0.5, start=0)
    assert slow.matrix[N, N] == 1


def test_the_learning_period_is_skipped():
    five_minutes = 300 * 360
    reference = {1000: "N", five_minutes - 1: "N", five_minutes: "V", five_minutes + 400: "N"}
    result = compare(reference, reference, start=300.0)
    assert result.matrix.sum() == 2 and result.matrix[V, V] == result.matrix[N, N] == 1
    assert compare(reference, reference).matrix.sum() == 4


BEGIN = 300 * 360


@pytest.mark.parametrize(
    ("reference", "test", "counts"),
    [
        # (hits, missed, extra), as bxb makes them where the test period begins
        ({BEGIN + 10: "N"}, {BEGIN - 10: "N"}, (1, 0, 0)),
        ({BEGIN - 10: "N"}, {BEGIN + 10: "N"}, (0, 0, 1)),
        ({BEGIN - 10: "N", BEGIN + 400: "N"}, {BEGIN + 10: "N", BEGIN + 400: "N"}, (1, 0, 0)),
        ({BEGIN + 400: "N"}, {BEGIN + 55: "N", BEGIN + 400: "N"}, (1, 0, 1)),
    ],
    ids=["test before", "alone after", "partner before", "extra after"],
)
def test_the_begin_of_the_test_period(reference, test, counts):
    result = compare(reference, test, start=300.0)
    assert (result.matrix[:5, :5].sum(), result.missed, result.extra) == counts


def test_what_lies_behind_the_end_is_not_counted():
    reference = {100: "N", 3600: "N", 3700: "V"}
    assert compare(reference, reference, duration=10.0).matrix.sum() == 2
    assert compare(reference, reference).matrix.sum() == 3


def test_one_side_may_be_empty():
    nothing = compare({100: "N", 500: "V"}, {})
    assert (nothing.missed, nothing.extra) == (2, 0)
    assert nothing.sensitivity == 0 and np.isnan(nothing.positive_predictivity)
    assert compare({}, {100: "N"}).extra == 1


@pytest.mark.parametrize(
    ("reference", "symbols", "message"),
    [
        ([100, 50], "NN", "reference samples must rise; 50 falls"),
        ([100, 500], "N", "2 reference samples, 1 symbols"),
        ([100, 500], "N%", "'%', which is no annotation"),
    ],
)
def test_beat_by_beat_names_what_it_refuses(reference, symbols, message):
    with pytest.raises(ValueError, match=message):
        evaluate.beat_by_beat(reference, list(symbols), [100], ["N"], 360.0)
    with pytest.raises(ValueError, match=message.replace("reference", "test")):
        evaluate.beat_by_beat([100], ["N"], reference, list(symbols), 360.0)


@pytest.mark.parametrize("reference", [{10: "V", 400: "N"}, {0: "V", 400: "N"}, {300: "V"}, {}])
def test_a_test_beat_at_sample_0_is_a_beat_as_any_other(reference):
    """Moved by as much as nothing changes, the same beats give the same matrix."""
    test = {0: "S", 400: "N"}
    later = [{sample + 1000: kind for sample, kind in beats.items()} for beats in (reference, test)]
    here, there = compare(reference, test), compare(*later)
    assert np.array_equal(here.matrix, there.matrix)
    assert here.unreadable.tolist() == there.unreadable.tolist() == [0] * 5
    swapped = compare(test, reference), compare(*later[::-1])
    assert np.array_equal(*(one.matrix for one in swapped))
    assert swapped[0].unreadable.sum() == 0


def test_every_beat_near_the_begin_is_counted_once():
    rng = np.random.default_rng(0)
    for _ in range(300):
        sides = [np.sort(rng.choice(120, rng.integers(1, 4), False)).tolist() for _ in range(2)]
        reference, test = (dict(zip(side, "NVA", strict=False)) for side in sides)
        result = compare(reference, test)
        assert result.matrix[:5].sum() == len(reference) and result.unreadable.sum() == 0
        assert result.matrix[:, :5].sum() == len(test)


def test_a_beat_before_the_recording_is_no_partner():
    """The first reference beat lies within 150 ms of sample 0, and the test's after the start."""
    result = compare({30: "N"}, {61: "N"}, start=0.05)
    assert result.matrix[N, N] == 1 and result.missed == result.extra == 0


@pytest.mark.parametrize(
    ("samples", "symbols", "message"),
    [
        ([-1, 500], "NN", "samples hold -1; give whole numbers, 0 or more"),
        ([100.5, 500], "NN", "samples hold 100.5"),
        ([100, np.nan], "NN", "samples hold nan"),
        ([100, np.inf], "NN", "samples hold inf"),
        ([True, True], "NN", "samples hold True"),
        (["100", "500"], "NN", "samples hold '100'"),
        ([[100, 500]], "NN", r"samples have shape \(1, 2\)"),
        (100, "N", r"samples have shape \(\)"),
        ([100, 500], ["N", "Noise"], "symbols hold 'Noise', which is no annotation"),
        ([100, 500], ["Artifact", "N"], "symbols hold 'Artifact'"),
        ([100, 500], ["N", "NN"], "symbols hold 'NN'"),
        ([100, 500], ["N", ""], "symbols hold ''"),
        ([100, 500], ["N", None], "symbols hold 'None'"),
        ([100, 500], [1, 5], "symbols hold '1'"),
        ([100, 500], [["N"], ["N"]], "2 .* samples, 2 symbols; give one each"),
    ],
)
def test_annotations_that_are_none(samples, symbols, message):
    symbols = list(symbols)
    for side, call in {
        "reference": lambda: evaluate.beat_by_beat(samples, symbols, [100], ["N"], 360.0, 0),
        "test": lambda: evaluate.beat_by_beat([100], ["N"], samples, symbols, 360.0, 0),
    }.items():
        with pytest.raises(ValueError, match=message) as caught:
            call()
        assert side in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fs": 0}, "fs is 0 Hz; it must be above 0"),
        ({"fs": -360}, "fs is -360"),
        ({"fs": np.nan}, "fs is nan; give a finite number"),
        ({"fs": "360"}, "fs is '360'; give a finite number"),
        ({"start": -1}, "start is -1; give a finite number, 0 or more"),
        ({"start": np.nan}, "start is nan"),
        ({"start": np.inf}, "start is inf"),
        ({"duration": 0}, "duration is 0 s; it must be longer than start, 0 s"),
        ({"duration": np.nan}, "duration is nan"),
        ({"start": 20, "duration": 10}, "duration is 10 s; it must be longer than start, 20 s"),
        ({"start": 300}, "start is 300 s and the last beat lies at 1.38889 s, .*; give start=0"),
        ({"escape": "V"}, "escape is 'V'"),
        ({"episodes": [("flutter", 1, 2)]}, "episodes are of type list; give record.episodes"),
        ({"episodes": np.zeros(3)}, "episodes are of type float64; give record.episodes"),
    ],
)
def test_comparisons_that_mean_nothing(arguments, message):
    arguments = {"fs": 360.0, "start": 0} | arguments
    with pytest.raises(ValueError, match=message):
        evaluate.beat_by_beat([100, 500], ["N", "N"], [100], ["N"], **arguments)


def test_symbols_may_be_one_string():
    result = evaluate.beat_by_beat([100, 500], "NV", np.array([100.0, 500.0]), "NV", 360, start=0)
    assert result.matrix[N, N] == result.matrix[V, V] == 1


def test_marks_that_are_no_beats_are_passed_over():
    reference = {50: "+", 100: "N", 200: "~", 400: "V", 500: "|", 700: "n"}
    result = compare(reference, {100: "N", 300: "T", 400: "V", 700: "S"})
    assert result.matrix[N, N] == result.matrix[V, V] == result.matrix[S, S] == 1
    assert (result.missed, result.extra) == (0, 0)


def test_extra_beats_in_flutter_are_not_counted():
    marked = {100: "N", 500: "[", 700: "!", 900: "!", 1100: "]", 1500: "N"}
    test = {100: "N", 700: "V", 900: "V", 1300: "V", 1500: "N"}
    assert compare(marked, test).extra == 1
    beats = {sample: kind for sample, kind in marked.items() if kind == "N"}
    assert compare(beats, test).extra == 3
    flutter = np.array([("flutter", 500, 1100)], dtype=records.EPISODE)
    assert compare(beats, test, episodes=flutter).extra == 1
    unfinished = {100: "N", 500: "["}
    assert compare(unfinished, test).extra == 0
    assert compare({100: "N", 500: "[", 1100: "[", 1400: "]"}, test).extra == 1, "begun twice"


def test_extra_beats_where_the_signal_is_unreadable_are_counted_apart():
    episode = np.array([("unreadable", 500, 1100)], dtype=records.EPISODE)
    result = compare({100: "N", 600: "N"}, {100: "N", 602: "N", 900: "V"}, episodes=episode)
    assert result.matrix[5].sum() == 0 and result.unreadable.tolist() == [0, 0, 1, 0, 0]
    assert result.extra == 1 and result.positive_predictivity == pytest.approx(2 / 3)
    assert result.table.loc["V", "FP"] == 1


def test_a_beat_at_either_end_of_flutter_lies_in_it():
    reference = {1000: "[", 2000: "]", 3000: "N"}
    inside = compare(reference, {1000: "V", 2000: "V", 3000: "N"})
    assert inside.extra == 0 and inside.matrix[N, N] == 1
    outside = compare(reference, {999: "V", 2001: "V", 3000: "N"})
    assert outside.extra == 2
    at_once = compare({1000: "[", 1400: "N"}, {1200: "V", 1400: "N"})
    assert at_once.extra == 0 and at_once.missed == 0, "flutter without an end goes on"


def test_marks_may_lie_at_one_sample():
    marks = evaluate.beat_by_beat([360, 360, 720], "+NN", [360, 720], "NN", 360.0, start=0)
    assert marks.matrix[N, N] == 2 and marks.extra == marks.missed == 0


def test_a_recording_may_end_where_comparing_begins():
    last = evaluate.beat_by_beat([300 * 360], "N", [300 * 360], "N", 360.0)
    assert last.matrix[N, N] == 1


@pytest.mark.parametrize("number", [np.uint16, np.float64, np.int32])
def test_places_may_be_any_whole_numbers(number):
    samples = np.array([360, 720]).astype(number)
    found = evaluate.beat_by_beat(samples, "NN", samples, "NN", 360.0, start=0)
    assert found.matrix[N, N] == 2
    with pytest.raises(ValueError, match="hold inf; give whole numbers"):
        evaluate.beat_by_beat([360, np.inf], "NN", [360], "N", 360.0, start=0)


def test_of_two_as_near_the_later_is_taken():
    """As in bxb: an earlier beat is paired where it is nearer than the later one."""
    tests = compare({1000: "N"}, {990: "S", 1010: "V"})
    assert tests.matrix[N, V] == 1 and tests.matrix[5, S] == 1
    references = compare({990: "S", 1010: "V"}, {1000: "N"})
    assert references.matrix[V, N] == 1 and references.matrix[S, 5] == 1


def test_a_rival_with_a_nearer_beat_is_none():
    """The case for which bxb was changed in 2002; its comments describe it at 250 Hz."""
    reference, test = {96: "N", 160: "V"}, {128: "N", 185: "V"}
    for sides in ((reference, test), (test, reference)):
        samples = [(list(side), list(side.values())) for side in sides]
        found = evaluate.beat_by_beat(*samples[0], *samples[1], 250.0, start=0)
        assert found.matrix[N, N] == found.matrix[V, V] == 1
        assert found.missed == found.extra == 0
    crowded = compare({1000: "N", 1080: "V"}, {1045: "N", 1085: "V"})
    assert crowded.matrix[N, N] == crowded.matrix[V, V] == 1


def test_statistics_forgive_what_ec57_forgives():
    """F and Q called V, and Q called S, are no false positives; F called S is one."""
    reference = dict(zip(range(100, 2500, 400), "FQVQFN", strict=True))
    test = dict(zip(range(100, 2500, 400), "VVVSSN", strict=True))
    table = compare(reference, test).table
    assert table.loc["V", ["TP", "FN", "FP"]].tolist() == [1, 0, 0]
    assert table.loc["S", ["TP", "FN", "FP"]].tolist() == [0, 0, 1]
    assert table.loc["V", "TN"] == 3
    assert table.loc["QRS", ["TP", "FN", "FP"]].tolist() == [6, 0, 0]


# --- against the reference program ------------------------------------------------------------

BXB_RECORDS = ("100", "105", "106", "114", "119", "200", "203", "207", "208", "213", "223", "232")
STARTS = {"from_5_min": 300.0, "from_start": 0.0}


@pytest.fixture(scope="module")
def bxb():
    folder = Path(os.environ["ECGLAB_DATA"]) / "bxb"
    if not (folder / "expected.json").is_file():
        pytest.skip(f"no outputs of WFDB's bxb in {folder}")
    return folder, json.loads((folder / "expected.json").read_text())


def compare_with_reference(folder, name, **arguments):
    record, test = records.load(name), wfdb.rdann(str(folder / name), "tst")
    return evaluate.beat_by_beat(
        record.samples,
        record.symbols,
        test.sample,
        test.symbol,
        record.fs,
        duration=record.duration,
        **arguments,
    )


@pytest.mark.real
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", BXB_RECORDS)
def test_beat_by_beat_equals_bxb(bxb, name, start):
    folder, expected = bxb[0], bxb[1][name][start]
    episodes = records.load(name).episodes
    result = compare_with_reference(folder, name, start=STARTS[start], episodes=episodes)
    rows = expected["matrix"]
    assert result.matrix[:5].tolist() == [rows[kind][:6] for kind in "NSVFQ"]
    assert result.matrix[5].tolist() == [*rows["O"][:5], 0]
    assert result.unreadable.tolist() == rows["X"][:5]
    for row, called in (("QRS", "QRS"), ("S", "SVEB"), ("V", "VEB")):
        hits, misses, false = result.table.loc[row, ["TP", "FN", "FP"]].astype(int)
        assert [hits, hits + misses] == expected["counts"][f"{called} sensitivity"]
        assert [hits, hits + false] == expected["counts"][f"{called} positive predictivity"]


@pytest.mark.real
def test_what_the_match_with_bxb_hangs_on(bxb, monkeypatch):
    """Without the episodes, or with a window of one sample more or less, it is lost."""
    folder, expected = bxb

    def differing(**arguments):
        return [
            name
            for name in BXB_RECORDS
            if compare_with_reference(folder, name, **arguments).matrix[:5].tolist()
            != [expected[name]["from_5_min"]["matrix"][kind][:6] for kind in "NSVFQ"]
        ]

    def extra(name, **arguments):
        return compare_with_reference(folder, name, start=0, **arguments).extra

    assert differing() == []
    assert extra("207") == extra("207", episodes=records.load("207").episodes) + 2
    for samples in (53, 55):
        monkeypatch.setattr(evaluate, "MATCH_WINDOW", samples / 360)
        assert differing()


def test_a_summary_is_json_where_a_figure_is_undefined():
    import json

    summary = evaluate.scores([0, 0, 1], [0, 0, 0]).summary()
    assert summary["S +P"] is None and summary["N F1"] == 0.8
    json.dumps(summary, allow_nan=False)


# --- what tables are called, and where they begin -------------------------------------------------


def test_tables_name_their_rows_and_columns():
    """Experiments and chapters ask for these names."""
    labels, predictions = np.array([0, 0, 1, 2, 2, 0]), np.array([0, 1, 1, 2, 0, 0])
    names = np.array(["100", "100", "100", "101", "101", "101"])
    table = evaluate.per_record(labels, predictions, names)
    assert table.index.name == "record" and table.index.tolist() == ["100", "101"]
    assert table.columns[:2].tolist() == ["beats", "errors"]
    assert table["beats"].tolist() == [3, 3] and table["errors"].tolist() == [1, 1]
    summary = evaluate.scores(labels, predictions).summary()
    assert {"accuracy", "macro_f1", "kappa", "matrix", "N F1", "S Se", "V +P"} <= set(summary)
    assert summary["accuracy"] == round(4 / 6, 6)
    both = evaluate.gross_and_average(labels, predictions, names)
    statistics = [f"{kind} {name}" for kind in "NSV" for name in ("Se", "+P", "F1", "FPR")]
    assert both.index.tolist() == ["accuracy", "macro-F1", *statistics]
    assert both.columns.tolist() == ["gross", "average", "records"]


def test_one_bin_holds_all_beats():
    probabilities = np.array([[0.9, 0.1, 0, 0, 0], [0.6, 0.4, 0, 0, 0]])
    table = evaluate.reliability(np.array([0, 1]), probabilities, bins=1)
    assert table["beats"].tolist() == [2]
    assert table.index.tolist() == [0]


def test_every_missed_and_every_extra_beat_counts():
    unreadable = np.array([("unreadable", 2000, 3000)], records.EPISODE)
    reference = [360, 720, 1080, 1440]
    test = [360, 540, 900, 2100, 2400, 2700]
    found = evaluate.beat_by_beat(
        reference, ["N"] * 4, test, ["N"] * 6, 360.0, start=0, duration=10, episodes=unreadable
    )
    assert found.missed == 3 and found.matrix[5].sum() == 2
    assert found.unreadable.tolist() == [3, 0, 0, 0, 0]
    assert found.matrix.dtype == found.unreadable.dtype == np.int64


@pytest.mark.parametrize(
    ("test", "paired"),
    [
        ([414], True),  # 150 ms: the window's edge
        ([306], True),
        ([415], False),
        ([305], False),
    ],
)
def test_beats_match_up_to_the_edge_of_the_window(test, paired):
    found = evaluate.beat_by_beat([360], ["N"], test, ["N"], 360.0, start=0, duration=5)
    assert found.matrix[0, 0] == paired
    assert (found.missed, found.extra) == ((0, 0) if paired else (1, 1))


def test_a_bootstrap_over_beats_is_the_same_every_time():
    labels = np.repeat([0, 1, 2], 50)
    predictions = np.where(np.arange(150) % 7, labels, 0)
    once = evaluate.bootstrap_beats(labels, predictions)
    assert once.equals(evaluate.bootstrap_beats(labels, predictions, draws=2000, seed=0))
    assert not once.equals(evaluate.bootstrap_beats(labels, predictions, seed=1))
