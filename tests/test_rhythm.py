"""Rhythm: intervals, gaps, and RR features."""

import math
import statistics

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


# --- the rhythm around a beat --------------------------------------------------------------------

NEAR = (5, 15, 50)


def middle(numbers):
    """Return the median of those that are known, NaN where none is."""
    known = [number for number in numbers if not math.isnan(number)]
    return statistics.median(known) if known else math.nan


def slow_context(samples, fs, episodes=None):
    """Return what `rhythm.context` does, beat by beat, as its words say it."""
    between = rhythm.intervals(samples, fs, episodes).tolist()
    count = len(samples)
    ending = [between[i - 1] if 0 < i < count else np.nan for i in range(-3, count + 4)]
    to_beat = dict(zip(range(-3, count + 4), ending, strict=True))
    changes = [abs(math.log(to_beat[i + 1] / to_beat[i])) for i in range(count)]
    rows = []
    for i in range(count):
        near = {half: range(max(0, i - half), min(count, i + half + 1)) for half in NEAR}
        usual = {half: middle([to_beat[j] for j in near[half]]) for half in NEAR}
        row = [middle([changes[j] for j in near[half]]) for half in NEAR]
        row += [math.log(to_beat[i] / usual[half]) for half in NEAR]
        row += [math.log(to_beat[i + 1] / usual[half]) for half in NEAR]
        row += [math.log(to_beat[i + k] / usual[15]) for k in (-3, -2, -1, 2, 3, 4)]
        row.append(math.log(usual[50] / 0.8))
        rows.append([0 if math.isnan(value) else min(max(value, -1.5), 1.5) for value in row])
    return np.array(rows)


@st.composite
def rhythms(draw, most=160):
    """Draw the samples of a rhythm that may be regular, irregular, and full of gaps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(3, most))
    spread = draw(st.sampled_from([0, 2, 40]))
    steps = 80 + rng.integers(-spread, spread + 1, count)
    steps[rng.random(count) < draw(st.sampled_from([0, 0.1, 0.5]))] = 700
    steps[0] = 80
    return np.cumsum([0, *steps])


@settings(max_examples=30)  # the slow one is slow
@given(rhythms())
def test_context_is_what_its_words_say(samples):
    found = rhythm.context(samples, FS)
    assert found.dtype == np.float32 and found.shape == (len(samples), len(rhythm.CONTEXT_NAMES))
    assert found == pytest.approx(slow_context(samples, FS), abs=1e-6)


def test_context_knows_episodes_as_intervals_do():
    samples = np.cumsum([0, *[80, 100] * 20])
    episodes = np.array([("flutter", 800, 1000), ("unreadable", 2210, 2220)], dtype=EPISODE)
    found = rhythm.context(samples, FS, episodes)
    assert found == pytest.approx(slow_context(samples, FS, episodes), abs=1e-6)
    assert not np.array_equal(found, rhythm.context(samples, FS))


def around(table, name):
    return table[:, rhythm.CONTEXT_NAMES.index(name)]


def test_an_early_beat_is_no_irregular_rhythm():
    """By hand: three early beats in a regular rhythm; and a rhythm that is irregular."""
    samples = np.cumsum([0, *[*[80] * 9, 60, 100] * 3, *[80] * 40])
    table = rhythm.context(samples, FS)
    early = 10
    assert around(table, "irregularity within 50").max() == 0
    assert around(table, "previous / median within 15")[early] == pytest.approx(np.log(60 / 80))
    assert around(table, "next / median within 15")[early] == pytest.approx(np.log(100 / 80))
    for name, later in (("1 after next", -1), ("2 after next", -2), ("3 after next", -3)):
        column = around(table, f"{name} / median within 15")
        assert column[early + later - 1] == pytest.approx(np.log(60 / 80)), name
    for name, earlier in (("1 before", 1), ("2 before", 2), ("3 before", 3)):
        column = around(table, f"{name} previous / median within 15")
        assert column[early + earlier] == pytest.approx(np.log(60 / 80)), name
    assert around(table, "median within 50 / 0.8 s") == pytest.approx(0)
    irregular = np.cumsum(np.tile([50, 90, 70, 110], 30))
    assert around(rhythm.context(irregular, FS), "irregularity within 50").min() > 0.25


@given(rhythms(), st.integers(2, 5))
def test_context_knows_no_unit_of_time(samples, factor):
    assert rhythm.context(samples * factor, FS * factor) == pytest.approx(
        rhythm.context(samples, FS), abs=1e-6
    )


@given(st.lists(st.integers(20, 110), min_size=2, max_size=120))
def test_context_knows_no_heart_rate_but_where_it_says_so(steps):
    samples = np.cumsum([0, *steps])
    fast, slow = rhythm.context(samples, FS), rhythm.context(samples * 5, FS)
    rate = rhythm.CONTEXT_NAMES.index("median within 50 / 0.8 s")
    assert np.delete(slow, rate, 1) == pytest.approx(np.delete(fast, rate, 1), abs=1e-6)
    bounded = np.clip(np.median(steps[:50]) * 5 / FS / 0.8, *np.exp([-1.5, 1.5]))
    assert slow[0, rate] == pytest.approx(np.log(bounded), abs=1e-6)


@given(rhythms())
def test_irregularity_is_the_same_backwards(samples):
    backwards = (samples[-1] - samples)[::-1]
    forth, back = rhythm.context(samples, FS), rhythm.context(backwards, FS)[::-1]
    irregular = [name.startswith("irregularity") for name in rhythm.CONTEXT_NAMES]
    assert forth[:, irregular] == pytest.approx(back[:, irregular], abs=1e-6)


def test_what_a_column_of_the_context_has_to_know():
    """Of the beats after those that its kind names, nothing; of the last of those, something."""
    rng = np.random.default_rng(0)
    now = 60
    heard = dict.fromkeys(rhythm.CONTEXT_NAMES, False)
    for _ in range(12):
        steps = rng.integers(60, 100, 130)
        table = rhythm.context(np.cumsum([0, *steps]), FS)
        for k, (name, kind) in enumerate(rhythm.CONTEXT_KINDS.items()):
            last = now + int(kind.split()[3])  # needs the next 5 beats
            for moved in (last, last + 1):
                other = steps.copy()
                other[moved - 1 :] = rng.integers(100, 140, len(other[moved - 1 :]))
                changed = rhythm.context(np.cumsum([0, *other]), FS)[now, k] != table[now, k]
                if moved == last:
                    heard[name] |= changed
                else:
                    assert not changed, name
    assert all(heard.values()), heard


def test_two_beats_have_little_context():
    table = rhythm.context([0, 80], FS)
    assert table.tolist() == [[0.0] * len(rhythm.CONTEXT_NAMES)] * 2
    slow = rhythm.context([0, 160], FS)
    assert around(slow, "median within 50 / 0.8 s") == pytest.approx(np.log(2))


def test_where_no_interval_is_known_context_is_nothing():
    samples = np.cumsum([0, 90, 90, *[700] * 120, 90])
    table = rhythm.context(samples, FS)
    assert not table[60].any() and table[0].any() and table[-1].any()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([5], r"samples has shape \(1,\); give two or more beats"),
        ([9, 5], "5 follows 9"),
        ([0, 900], "none of the 1 times between beats is an interval"),
    ],
)
def test_context_names_what_it_refuses(samples, message):
    with pytest.raises(ValueError, match=message):
        rhythm.context(samples, FS)


# --- P waves around a beat -----------------------------------------------------------------------

BEFORE, ZERO = 0.25, 25


def p_windows(count, leads=1, share=0.5, seed=0):
    """Return windows of 0.6 s: noise, and in each lead a P wave that a share of the beats have."""
    rng = np.random.default_rng(seed)
    time = (np.arange(60) - ZERO) / FS
    wave = 0.15 * np.exp(-0.5 * ((time + 0.14) / 0.02) ** 2)
    has = rng.random((count, 1, 1)) < share
    noise = rng.normal(0, 0.01, (count, 60, leads))
    return (noise + has * wave[:, None]).astype(np.float32)


def slow_p_context(windows):
    """Return what `rhythm.p_context` does, beat by beat, as its words say it."""
    stretches = windows[:, ZERO - 20 : ZERO - 6].astype(float)
    found = np.zeros((len(windows), windows.shape[2], 3))
    for lead in range(windows.shape[2]):
        waves = [stretch - np.mean(stretch) for stretch in stretches[:, :, lead]]
        heights = [np.linalg.norm(wave) for wave in waves]
        for i, (wave, height) in enumerate(zip(waves, heights, strict=True)):
            near = range(max(0, i - 15), min(len(waves), i + 16))
            shapes = [waves[j] / heights[j] for j in near]
            median = [statistics.median(values) for values in zip(*shapes, strict=True)]
            size = np.linalg.norm(median)
            found[i, lead, 0] = size
            found[i, lead, 1] = np.dot(wave / height, median) / size
            found[i, lead, 2] = np.log(height / statistics.median(heights))
    return found.clip(-1.5, 1.5)


@pytest.mark.parametrize(("count", "leads"), [(1, 1), (2, 1), (16, 3), (80, 2)])
def test_p_context_is_what_its_words_say(count, leads):
    windows = p_windows(count, leads)
    found = rhythm.p_context(windows, FS, BEFORE)
    assert found.dtype == np.float32 and found.shape == (count, leads, len(rhythm.P_NAMES))
    assert found == pytest.approx(slow_p_context(windows), abs=1e-6)


def test_p_waves_in_common_are_told():
    shared, none = (rhythm.p_context(p_windows(60, share=share), FS, BEFORE) for share in (1, 0))
    assert shared[:, 0, :2].min() > 0.95
    assert none[:, 0, 0].max() < 0.5 and np.median(none[:, 0, 1]) < 0.5
    windows = p_windows(60, share=1)
    windows[30, :ZERO] *= -1  # a P wave of another shape
    windows[31, :ZERO] = 0.01 * p_windows(1, share=0)[0, :ZERO]
    _, likeness, height = rhythm.p_context(windows, FS, BEFORE)[:, 0].T
    assert likeness[30] < -0.9 and abs(height[30]) < 0.3
    assert height[31] == -1.5
    assert np.delete(likeness, [30, 31]).min() > 0.95


@pytest.mark.parametrize("factor", [0.01, 3, -1])
def test_p_context_knows_no_unit_of_voltage_and_no_baseline(factor):
    windows = p_windows(40, 2)
    found = rhythm.p_context(windows, FS, BEFORE)
    factors = np.array([1, factor])
    assert rhythm.p_context(windows * factors + 0.5, FS, BEFORE) == pytest.approx(found, abs=1e-4)


def test_p_context_knows_each_lead_and_the_stretch_alone():
    windows = p_windows(40, 2)
    found = rhythm.p_context(windows, FS, BEFORE)
    for lead in range(2):
        alone = rhythm.p_context(windows[:, :, [lead]], FS, BEFORE)
        assert np.array_equal(alone[:, 0], found[:, lead])
    other = windows.copy()
    other[:, : ZERO - 20] = 9
    other[:, ZERO - 6 :] = -9
    assert np.array_equal(rhythm.p_context(other, FS, BEFORE), found)
    shorter = windows[:, ZERO - 20 : ZERO - 6]
    assert np.array_equal(rhythm.p_context(shorter, FS, 0.2), found)


def test_what_a_p_column_has_to_know():
    windows = p_windows(60)
    other = windows.copy()
    other[36:] = p_windows(24, seed=1)
    found, changed = (rhythm.p_context(some, FS, BEFORE)[20, 0] for some in (windows, other))
    assert np.array_equal(found[:2], changed[:2]) and found[2] != changed[2]
    other[35] = p_windows(1, seed=2)
    assert (rhythm.p_context(other, FS, BEFORE)[20, 0, :2] != found[:2]).all()
    assert (
        rhythm.P_KINDS["P coherence"] == rhythm.P_KINDS["P likeness"] == "needs the next 15 beats"
    )


def test_a_flat_stretch_is_no_p_wave():
    windows = np.full((3, 60, 1), 0.1, np.float32)  # 0.1 has no exact mean
    assert np.abs(rhythm.p_context(windows, FS, BEFORE)).max() < 1e-6
    windows = p_windows(40, share=1)
    windows[7] = 0.1
    found = rhythm.p_context(windows, FS, BEFORE)
    assert np.isfinite(found).all()
    assert found[7, 0, 1] == pytest.approx(0, abs=1e-6) and found[7, 0, 2] == -1.5


@pytest.mark.parametrize(
    ("shape", "before", "message"),
    [
        ((4, 60), 0.25, r"windows has shape \(4, 60\); it must be \(beats, samples, leads\)"),
        ((4, 60, 1), 0.19, "60 samples at 100 Hz from 0.19 s before .* need those 0.2 to 0.06 s"),
        ((4, 18, 1), 0.25, "hold 18 samples at 100 Hz from 0.25 s before the beat"),
    ],
)
def test_p_context_names_what_it_refuses(shape, before, message):
    with pytest.raises(ValueError, match=message):
        rhythm.p_context(np.zeros(shape), FS, before)
    with pytest.raises(ValueError, match="fs is 0"):
        rhythm.p_context(np.zeros((4, 60, 1)), 0, 0.25)


def test_p_waves_need_samples():
    """At two samples a second, 200 and 60 ms before the beat are the same sample."""
    with pytest.raises(ValueError, match=r"4 samples at 2 Hz from 1\.0 s before the beat; P waves"):
        rhythm.p_context(np.zeros((3, 4, 1)), 2.0, 1.0)
