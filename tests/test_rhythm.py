"""Rhythm: intervals, gaps, and RR features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglab import rhythm
from ecglab.databases import EPISODE

FS = 100.0


def column(features, name):
    return features[:, rhythm.RR_NAMES.index(name)]


def test_rr_features_by_hand():
    features = rhythm.rr_features(np.array([0, 100, 150, 350]), FS)
    mean = 3.5 / 3
    previous, following = np.array([mean, 1, 0.5, 2]), np.array([1, 0.5, 2, mean])
    local_mean = [mean, 1, 1.5 / 2, 3.5 / 3]
    local_median = [mean, 1, 0.75, 1]
    expected = {
        "previous (s)": previous,
        "next (s)": following,
        "previous / mean of last 10": previous / local_mean,
        "next / previous": following / previous,
        "previous / record mean": previous / mean,
        "next / record mean": following / mean,
        "previous / median of last 10": previous / local_median,
        "previous / mean so far": previous / local_mean,
        "next / mean of last 10": following / local_mean,
        "next / median of last 10": following / local_median,
        "previous / record median": previous / 1,
        "next / record median": following / 1,
        "change of last 10 / median of last 10": [0, 0, 0.25 / 0.75, 0.5 / 1],
        "record change / record median": [1, 1, 1, 1],
    }
    assert tuple(expected) == rhythm.RR_NAMES == tuple(rhythm.RR_KINDS)
    for name, values in expected.items():
        assert column(features, name) == pytest.approx(values), name


def test_the_first_six_columns_stay_where_they_are():
    assert rhythm.RR_NAMES[:6] == (
        "previous (s)",
        "next (s)",
        "previous / mean of last 10",
        "next / previous",
        "previous / record mean",
        "next / record mean",
    )


def test_local_means_and_medians_take_ten_intervals():
    features = rhythm.rr_features(np.cumsum([0, *[100] * 10, *[200] * 10]), FS)
    for beat, mean, median in ((10, 1, 1), (11, 1.1, 1), (15, 1.5, 1.5), (16, 1.6, 2), (20, 2, 2)):
        usual = {"mean": mean, "median": median}
        previous = 1 if beat == 10 else 2
        for middle, value in usual.items():
            found = column(features, f"previous / {middle} of last 10")[beat]
            assert found == pytest.approx(previous / value), (beat, middle)
    assert column(features, "previous / mean so far")[20] == pytest.approx(2 / 1.5)


INTERVALS = st.lists(st.integers(20, 300), min_size=4, max_size=40)


@settings(deadline=None)  # other work may share the cores
@given(INTERVALS, st.data())
def test_what_a_column_has_to_know(intervals, data):
    """Whatever happens later changes no causal column, and no other before its next beat."""
    now = data.draw(st.integers(1, len(intervals) - 2), label="the beat looked at")
    changed = list(intervals)
    after = slice(now + 1, None)
    changed[after] = data.draw(st.lists(st.integers(20, 300), min_size=1, max_size=9))
    samples = [np.cumsum([0, *values]) for values in (intervals, changed)]
    first, second = (rhythm.rr_features(at, FS)[now] for at in samples)
    for name, kind in rhythm.RR_KINDS.items():
        if kind != "record-adaptive":
            k = rhythm.RR_NAMES.index(name)
            assert first[k] == second[k], name
    changed[now] = intervals[now] + 1  # now the next beat comes later
    third = rhythm.rr_features(np.cumsum([0, *changed]), FS)[now]
    for name, kind in rhythm.RR_KINDS.items():
        k = rhythm.RR_NAMES.index(name)
        if kind == "causal":
            assert first[k] == third[k], name
        elif kind == "needs the next beat":
            assert first[k] < third[k], name


@settings(deadline=None)  # other work may share the cores
@given(st.lists(st.integers(20, 110), min_size=4, max_size=40), st.integers(2, 5))
def test_ratios_know_no_unit_and_no_heart_rate(intervals, factor):
    assert max(intervals) * 5 < rhythm.GAP * FS, "slowed down, an interval must not become a gap"
    samples = np.cumsum([0, *intervals])
    slow = rhythm.rr_features(samples * factor, FS)
    seconds = np.array([name.endswith("(s)") for name in rhythm.RR_NAMES])
    features = rhythm.rr_features(samples, FS)
    assert slow[:, ~seconds] == pytest.approx(features[:, ~seconds], rel=1e-5)
    assert slow[:, seconds] == pytest.approx(factor * features[:, seconds], rel=1e-5)
    changes = np.array(["change" in name for name in rhythm.RR_NAMES])
    assert np.isfinite(features).all() and (features[:, changes] >= 0).all()
    assert (features[:, ~changes] > 0).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint64, np.int32, float, list])
def test_samples_of_any_kind_of_number(kind):
    samples = [0, 100, 150, 250]
    given = samples if kind is list else np.array(samples, dtype=kind)
    assert np.array_equal(rhythm.rr_features(given, FS), rhythm.rr_features(np.array(samples), FS))


@pytest.mark.parametrize(
    ("samples", "fs", "message"),
    [
        ([], FS, r"samples has shape \(0,\); give two or more beats"),
        ([5], FS, r"samples has shape \(1,\)"),
        ([[5, 6]], FS, r"samples has shape \(1, 2\)"),
        ([5, 9, 9], FS, "sample 9 follows 9"),
        ([9, 5], FS, "5 follows 9"),
        (np.array([9, 5], dtype=np.uint64), FS, "5 follows 9"),
        ([1, np.nan, 3], FS, "samples holds float64, such as 1.0; give whole numbers"),
        ([1, 2], 0, "fs is 0; it must be a sampling rate above 0 Hz"),
        ([1, 2], -FS, "fs is -100.0"),
        ([1, 2], np.nan, "fs is nan"),
        ([1, 2], "360", "fs is '360'"),
    ],
)
def test_rr_features_names_what_it_refuses(samples, fs, message):
    with pytest.raises(ValueError, match=message):
        rhythm.rr_features(np.array(samples), fs)


# --- gaps ----------------------------------------------------------------------------------------


def test_a_gap_begins_at_six_seconds():
    seconds = rhythm.intervals([0, 599, 1199, 1300], FS)
    assert seconds[0] == 5.99 and np.isnan(seconds[1]) and seconds[2] == 1.01


@pytest.mark.parametrize(
    ("onset", "offset", "missing"),
    [
        (110, 120, [1]),
        (100, 200, [1]),
        (90, 100, [0]),
        (90, 101, [0, 1]),
        (200, 210, [2]),
        (250, 350, [2]),
        (0, 400, [0, 1, 2]),
    ],
)
def test_an_interval_that_spans_an_episode_is_none(onset, offset, missing):
    episodes = np.array([("flutter", onset, offset)], dtype=EPISODE)
    samples = [0, 100, 200, 300]
    if missing == [0, 1, 2]:
        with pytest.raises(ValueError, match="none of the 3 times between beats is an interval"):
            rhythm.intervals(samples, FS, episodes)
        return
    found = np.flatnonzero(np.isnan(rhythm.intervals(samples, FS, episodes)))
    assert found.tolist() == missing


def test_two_episodes_take_two_intervals():
    episodes = np.array([("flutter", 110, 120), ("unreadable", 310, 320)], dtype=EPISODE)
    seconds = rhythm.intervals([0, 100, 200, 300, 400, 500], FS, episodes)
    assert np.flatnonzero(np.isnan(seconds)).tolist() == [1, 3]


def test_a_beat_lies_in_an_episode_from_its_onset_to_before_its_offset():
    episodes = np.array([("flutter", 100, 200), ("unreadable", 300, 301)], dtype=EPISODE)
    inside = rhythm.in_episodes(np.array([99, 100, 199, 200, 300, 301]), episodes)
    assert inside.tolist() == [False, True, True, False, True, False]
    assert rhythm.in_episodes(np.array([5]), episodes[:0]).tolist() == [False]


def test_the_records_mean_stands_in_for_a_gap_and_enters_nobody_elses():
    """Intervals of 1 s, then a gap of 9 s, then of 2 s: by hand."""
    features = rhythm.rr_features([0, 100, 200, 1100, 1300, 1500], FS)
    mean = (1 + 1 + 2 + 2) / 4
    assert column(features, "previous (s)") == pytest.approx([mean, 1, 1, mean, 2, 2])
    assert column(features, "next (s)") == pytest.approx([1, 1, mean, 2, 2, mean])
    assert column(features, "previous / mean so far") == pytest.approx(
        [1, 1, 1, mean / 1, 2 / (4 / 3), 2 / (6 / 4)]
    )
    assert column(features, "previous / median of last 10") == pytest.approx(
        [1, 1, 1, mean / 1, 2 / 1, 2 / 1.5]
    )


def test_the_change_leaves_gaps_out():
    """Changes known: 0 and 0.5; across the gap there is none."""
    features = rhythm.rr_features([0, 100, 200, 1100, 1300, 1550], FS)
    usual = np.nanmedian([1, 1, np.nan, 2, 2.5])
    change = column(features, "record change / record median")
    assert change == pytest.approx(np.full(6, 0.25 / usual))


def test_a_record_of_two_beats_has_no_change():
    features = rhythm.rr_features([0, 100], FS)
    assert column(features, "record change / record median").tolist() == [0, 0]
    assert column(features, "change of last 10 / median of last 10").tolist() == [0, 0]


def test_ten_missing_intervals_are_replaced_by_the_records_own():
    """After ten gaps in a row nothing is known of what is usual there."""
    samples = np.cumsum([0, 100, 100, *[700] * 10, 300])
    features = rhythm.rr_features(samples, FS)
    mean = 5 / 3
    assert column(features, "previous / mean of last 10")[12] == pytest.approx(1)
    assert column(features, "next / mean of last 10")[12] == pytest.approx(3 / mean)
    assert column(features, "next / median of last 10")[12] == pytest.approx(3 / 1)


def test_before_the_first_known_interval_the_records_own_stands():
    """A gap, then 1 s and 2 s: at the second beat nothing is known yet."""
    features = rhythm.rr_features([0, 1000, 1100, 1300], FS)
    assert column(features, "previous / mean so far") == pytest.approx([1, 1, 1, 2 / 1.5])
    change = column(features, "change of last 10 / median of last 10")
    assert change == pytest.approx([0, 0, 0, 1 / 1.5])


def test_features_know_episodes_as_intervals_do():
    episodes = np.array([("unreadable", 110, 120)], dtype=EPISODE)
    features = rhythm.rr_features([0, 100, 300, 400], FS, episodes)
    assert features.dtype == np.float32
    assert column(features, "next (s)") == pytest.approx([1, 1, 1, 1]), "2 s are not an interval"
