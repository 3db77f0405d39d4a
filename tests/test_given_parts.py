"""`Record` and `Beats` check what they are given; a gap in a rhythm is no interval."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from ecglab import beats, records, simulate

FS = 100.0


def record(**changes):
    """A small record of two leads and four beats."""
    rng = np.random.default_rng(0)
    parts = {
        "name": "mine",
        "database": "own",
        "subject": "me",
        "signal": rng.normal(size=(1000, 2)),
        "fs": FS,
        "leads": ("MLII", "V1"),
        "samples": [100, 200, 300, 400],
        "symbols": list("NNVA"),
        "source": "file",
    }
    return records.Record(**(parts | changes))


@pytest.fixture(scope="module")
def cut():
    return beats.segment(record())


# --- Record ----------------------------------------------------------------------------------


def test_lists_and_single_names_are_taken():
    made = record(leads=["MLII", "V1"], fs=100, rhythms=["N"] * 4, notes="a note")
    assert made.signal.dtype == np.float32 and made.samples.dtype == np.int64
    assert made.symbols.dtype == "<U1" and made.leads == ("MLII", "V1")
    assert made.fs == 100.0 and isinstance(made.fs, float)
    assert made.notes == ("a note",) and made.rhythms.tolist() == ["N"] * 4
    one = record(signal=np.zeros((1000, 1)), leads="II", samples=[], symbols=[])
    assert one.leads == ("II",) and one.samples.dtype == np.int64 and one.symbols.dtype == "<U1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signal": np.zeros(1000)}, r"for one lead signal\[:, None\]"),
        ({"signal": np.zeros((0, 2))}, r"signal has shape \(0, 2\)"),
        ({"signal": np.full((9, 2), "a")}, "signal holds <U1; it must hold numbers"),
        ({"signal": np.zeros((1000, 3))}, "2 leads for 3 columns; give one name each"),
        ({"leads": ("MLII", "MLII")}, "leads holds 'MLII' twice"),
        ({"leads": ("MLII", "")}, "give one name for each column"),
        ({"leads": ("MLII", 2)}, "give one name for each column"),
        ({"leads": "MLII"}, "1 leads for 2 columns"),
        ({"fs": 0}, "fs is 0; it must be a sampling rate above 0 Hz"),
        ({"fs": "360"}, "fs is '360'"),
        ({"fs": np.nan}, "fs is nan"),
        ({"fs": True}, "fs is True"),
        ({"samples": [100, 200, 300]}, "4 symbols for 3 samples; give one each"),
        ({"samples": [100, 300, 200, 400]}, "rising order; sample 200 follows 300"),
        ({"samples": [100, 100, 200, 400]}, "rising order; sample 100 follows 100"),
        ({"samples": [1.5, 2.5, 3.5, 4.5]}, "samples holds float64, such as 1.5"),
        ({"samples": list("abcd")}, "samples holds <U1"),
        ({"samples": [[1, 2], [3, 4]]}, r"samples has shape \(2, 2\)"),
        ({"symbols": ["N", "N", "V", "Noise"]}, "symbols hold 'Noise', which is no annotation"),
        ({"symbols": ["Artifact", "N", "N", "N"]}, "symbols hold 'Artifact'"),
        ({"symbols": ["N", "N", "V", "z"]}, "symbols hold 'z'"),
        ({"symbols": ["N", "N", "V", ""]}, "symbols hold ''"),
        ({"symbols": "NNVA"}, "symbols is the text 'NNVA'; give a list"),
        ({"symbols": [1, 1, 2, 3]}, "symbols hold 1"),
        ({"rhythms": ["N"] * 3}, "3 rhythms for 4 samples; give one each, or rhythms=()"),
        ({"rhythms": [1, 2, 3, 4]}, "rhythms holds int64"),
        ({"waves": {"V6": np.empty(0, records.WAVE)}}, r"waves are given for \['V6'\]"),
        ({"episodes": np.array([3, 4])}, "episodes holds int64; it must be an array of"),
        ({"episodes": np.array([("bad", 1, 2)], records.EPISODE)}, "episodes holds 'bad'"),
        ({"episodes": np.array([("flutter", 3, 2)], records.EPISODE)}, "ends before it begins"),
        ({"source": "simulate"}, "source is 'simulate'; it may be folder, cache"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_a_record_names_what_it_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        record(**changes)


def test_other_beats_need_their_own_symbols_and_rhythms():
    made = record(rhythms=["N"] * 4)
    with pytest.raises(ValueError, match="4 symbols for 2 samples"):
        dataclasses.replace(made, samples=[1, 2])
    with pytest.raises(ValueError, match=r"4 rhythms for 2 samples; .* rhythms=\(\)"):
        dataclasses.replace(made, samples=[1, 2], symbols=["N", "N"])
    other = dataclasses.replace(made, samples=[1, 2], symbols=["N", "N"], rhythms=())
    assert len(other.samples) == 2 and len(other.rhythms) == 0


def test_records_and_beats_compare_by_identity_hash_and_pickle(cut):
    for made in (record(), cut):
        twin = pickle.loads(pickle.dumps(made))
        assert made == made and made != twin and made != copy.copy(made)
        assert made in {made} and len({made, twin}) == 2
        for field in dataclasses.fields(made):
            assert np.array_equal(getattr(made, field.name), getattr(twin, field.name))


# --- Beats -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (None, "None chooses no beats"),
        (..., "Ellipsis chooses no beats"),
        ((0, 1), r"\(0, 1\) chooses no beats"),
        ("N", "'N' chooses no beats"),
        (1, r"1 is one position; give a slice, a mask or a list of positions: \[1\]"),
        (np.int64(1), "1 is one position"),
        (np.array([[0, 1]]), r"shape \(1, 2\), chooses no beats"),
        (np.zeros((4, 1), bool), r"shape \(4, 1\), chooses no beats"),
        ([0.5], "an array of float64"),
        (["0"], "an array of <U1"),
    ],
)
def test_what_chooses_no_beats(cut, choice, message):
    with pytest.raises(TypeError, match=message):
        cut[choice]


def test_what_chooses_beats(cut):
    assert len(cut[:2]) == 2 and len(cut[[0, 3]]) == 2 and len(cut[[]]) == 0
    assert len(cut[cut.labels == 0]) == 2 and len(cut[[True, False, True, True]]) == 3
    assert cut[np.array([3, 0])].symbols.tolist() == ["A", "N"]
    with pytest.raises(IndexError, match="the mask has 3 entries for 4 beats; give one each"):
        cut[[True, False, True]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"windows": np.zeros((4, 60))}, r"windows holds float64, shape \(4, 60\)"),
        ({"windows": np.zeros((3, 60, 2))}, "each beat needs one of everything; there are windows"),
        ({"labels": [0, 1, 2, 5]}, "labels holds 5; they are 0 to 4"),
        ({"labels": [0, -1, 2, 3]}, "labels holds -1"),
        ({"labels": [0.0, 1, 2, 3]}, "labels holds float64"),
        ({"symbols": ["N", "N", "V", "Noise"]}, "symbols hold 'Noise'"),
        ({"rr": np.zeros(4)}, r"rr has shape \(4,\)"),
        ({"leads": ("MLII",)}, "1 leads for windows of 2 channels"),
        ({"fs": -1}, "fs is -1"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_beats_name_what_they_refuse(cut, changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(cut, **changes)


def test_beats_cut_in_different_ways_are_not_joined():
    made = record()
    unlike = {
        "highpass": beats.segment(made, highpass=None),
        "escape": beats.segment(made, escape="S"),
        "before": beats.segment(made, before=0.2, after=0.4),
        "leads": beats.segment(made, leads=["MLII"]),
        "fs": beats.resample(beats.segment(made), 200),
    }
    for name, other in unlike.items():
        with pytest.raises(ValueError, match=f"can't be joined: {name} is .* or "):
            beats.concatenate([beats.segment(made), other])
    fewer = beats.log_rr(beats.segment(made), ["next / previous"])
    with pytest.raises(ValueError, match=r"joined: rr_names is .* or .'log next / previous',."):
        beats.concatenate([beats.segment(made), fewer])


def test_what_was_done_once_is_not_done_twice(cut):
    ratios = beats.log_rr(cut, ["next / previous", "previous / record mean"])
    with pytest.raises(ValueError, match="2 RR features, not the 14 of RR_NAMES: log_rr has been"):
        beats.log_rr(ratios, ["next / previous"])
    shown = beats.against_typical(cut, ["difference"])
    with pytest.raises(ValueError, match="set against the typical beat already"):
        beats.against_typical(shown, ["difference"])


def test_a_name_alone_is_a_list_of_one(cut, monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    assert beats.log_rr(cut, "next / previous").rr.shape == (4, 1)
    assert beats.against_typical(cut, "difference").leads == ("MLII difference", "V1 difference")
    number = beats.load(100)
    assert set(number.records.tolist()) == {"100"} and number.sha256 == beats.load("100").sha256
    assert set(beats.load([100, "101"]).records.tolist()) == {"100", "101"}


@pytest.mark.parametrize("names", [["100", "100"], [100, "100"], ["101", "100", "101"]])
def test_a_record_named_twice_does_not_count_twice(names):
    with pytest.raises(ValueError, match=r"records name 10[01] more than once; name each"):
        beats.load(names)


# --- rates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fs", [100, 128, 250, 500, 1000])
def test_beats_of_several_rates_can_be_joined(fs):
    time = {rate: np.arange(20 * rate) / rate for rate in (360, fs)}
    lead = {
        k: np.sin(2 * np.pi * 8 * t) + 0.3 * np.sin(2 * np.pi * 25 * t) for k, t in time.items()
    }
    made = {
        rate: record(
            signal=lead[rate][:, None],
            leads="MLII",
            fs=rate,
            samples=(np.arange(1, 19) * rate).tolist(),
            symbols=["N"] * 18,
        )
        for rate in time
    }
    ours = beats.segment(made[360], highpass=None)
    theirs = beats.resample(beats.segment(made[fs], highpass=None), 360)
    assert theirs.windows.shape == ours.windows.shape and theirs.fs == 360
    assert theirs.samples.tolist() == ours.samples.tolist()
    inner = slice(20, -20)  # a slow recording's last sample may lie before the new window's end
    assert np.abs(theirs.windows - ours.windows)[:, inner].max() < 0.02
    assert len(beats.concatenate([ours, theirs])) == 36


def test_a_rate_that_stays_changes_nothing(cut):
    assert beats.resample(cut, FS) is cut
    with pytest.raises(ValueError, match="fs is 0"):
        beats.resample(cut, 0)


# --- gaps ------------------------------------------------------------------------------------

REGULAR = np.arange(0, 3000, 80)  # 75 beats a minute at 100 Hz


def test_a_gap_is_no_interval():
    gap = np.concatenate([REGULAR, REGULAR + 3000 + 10_000])
    known = beats.intervals(gap, FS)
    assert np.flatnonzero(np.isnan(known)).tolist() == [len(REGULAR) - 1]
    features = beats.rr_features(gap, FS)
    assert np.isfinite(features).all() and features[:, 0].max() == pytest.approx(0.8)
    ratios = [k for k, name in enumerate(beats.RR_NAMES) if "/" in name and "change" not in name]
    assert features[:, ratios] == pytest.approx(1, abs=1e-6), "the rhythm is regular on both sides"


def test_a_long_pause_is_an_interval_and_a_longer_one_is_not():
    for seconds, missing in ((2.0, False), (5.9, False), (6.0, True), (100.0, True)):
        known = beats.intervals([0, 100, 100 + int(seconds * FS)], FS)
        assert np.isnan(known[1]) == missing


@pytest.mark.parametrize("kind", ["unreadable", "flutter"])
def test_what_spans_an_episode_is_no_interval(kind):
    episodes = np.array([(kind, 410, 470), (kind, 1000, 1010)], records.EPISODE)
    known = beats.intervals(REGULAR, FS, episodes)
    assert np.flatnonzero(np.isnan(known)).tolist() == [5, 12], "400-480 and 960-1040"
    made = record(
        signal=np.random.default_rng(0).normal(size=(3000, 2)),
        samples=REGULAR,
        symbols=["N"] * len(REGULAR),
        episodes=episodes,
    )
    assert np.array_equal(beats.segment(made).rr, beats.rr_features(REGULAR, FS, episodes))


def test_nothing_but_gaps_is_refused():
    with pytest.raises(ValueError, match="none of the 2 times between beats is an interval"):
        beats.rr_features([0, 1000, 2000], FS)


def test_gaps_change_only_what_depends_on_them():
    """Ratios to ten intervals that hold no gap are those of a record without one."""
    rng = np.random.default_rng(0)
    first = np.cumsum(rng.integers(60, 100, 40))
    second = np.cumsum(rng.integers(60, 100, 40))
    joined = beats.rr_features(np.concatenate([first, first[-1] + 2000 + second]), FS)
    alone = beats.rr_features(second, FS)
    local = [k for k, name in enumerate(beats.RR_NAMES) if "last 10" in name]
    assert joined[40 + 12 : -1, local] == pytest.approx(alone[12:-1, local], rel=1e-6)


@pytest.mark.real
def test_207_is_no_slow_heart():
    """Flutter of up to 100 s, without a beat, had made its mean interval .971 s."""
    its = records.load("207")
    known = beats.intervals(its.samples, its.fs, its.episodes)
    assert np.isnan(known).sum() == 6 and np.nanmean(known) == pytest.approx(0.892, abs=5e-4)
    true_pauses = records.load("232")
    known = beats.intervals(true_pauses.samples, true_pauses.fs, true_pauses.episodes)
    assert np.isfinite(known).all() and known.max() > 5, "pauses that cardiologists marked"


# --- finding ---------------------------------------------------------------------------------


def test_beats_are_found_in_the_lead_that_shows_them_best():
    patient = simulate.record("100")
    signal = np.stack([patient.signal[:, 0] * 0.01, patient.signal[:, 0]], axis=1)
    made = dataclasses.replace(patient, signal=signal[:36000], samples=(), symbols=(), rhythms=())
    found = beats.find(made)
    assert np.array_equal(found.samples, beats.detect(made.signal[:, 1], made.fs))
    assert set(found.symbols.tolist()) == {"?"} and found.simulated
    with pytest.raises(ValueError, match="has no lead 'II'"):
        beats.find(made, lead="II")
