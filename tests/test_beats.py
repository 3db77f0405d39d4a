"""Beats: windows, classes, detection."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglab import beats, records, rhythm, simulate
from ecglab.databases import EPISODE
from ecglab.recipe import Recipe

FS = 100.0


@pytest.fixture(scope="module")
def simulated():
    return simulate.record("100")


def small(samples=(50, 150, 260, 380), symbols="NAVF", count=400, leads=("MLII", "V1"), name="x"):
    """A record whose signal tells where it was cut: the sample's number, and minus it."""
    ramp = np.arange(count, dtype=np.float32)
    return records.Record(
        name=name,
        database="mitdb",
        subject=name,
        signal=np.stack([ramp, -ramp], axis=1)[:, : len(leads)],
        fs=FS,
        leads=leads,
        samples=np.array(samples, dtype=np.int64),
        symbols=np.array(list(symbols), dtype="<U1"),
        source="folder",
    )


# --- classes --------------------------------------------------------------------------------


def test_every_symbol_has_one_class():
    symbols = [symbol for kinds in beats.AAMI.values() for symbol in kinds]
    assert len(symbols) == len(set(symbols)) and set(symbols) <= set(records.BEAT_SYMBOLS)
    classes = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
    for name, kinds in classes.items():
        expected = beats.CLASSES.index(name)
        assert beats.labels_of(list(kinds)).tolist() == [expected] * len(kinds)


def test_escape_beats_go_where_they_are_sent():
    assert beats.labels_of(["e", "j", "N"], "S").tolist() == [1, 1, 0]
    assert beats.labels_of(["e", "j", "N"]).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="escape is 'V'; it may be 'N' or 'S'"):
        beats.labels_of(["e"], "V")


@pytest.mark.parametrize("symbol", ["!", "+", "~", "x"])
def test_marks_are_no_beats(symbol):
    with pytest.raises(ValueError, match="are not beat symbols"):
        beats.labels_of(["N", symbol])


# --- windows --------------------------------------------------------------------------------


def test_windows_hold_the_right_samples():
    cut = beats.segment(small(), before=0.25, after=0.35, highpass=None)
    assert cut.windows.shape == (4, 60, 2) and cut.windows.dtype == np.float32
    assert cut.windows[1, :, 0].tolist() == list(range(125, 185))
    assert cut.windows[1, :, 1].tolist() == [-x for x in range(125, 185)]
    assert cut.windows[1, 25, 0] == 150, "the annotated sample"
    assert cut.labels.tolist() == [0, 1, 2, 3] and "".join(cut.symbols) == "NAVF"
    assert cut.labels.dtype == np.int8
    assert cut.rr.shape == (4, len(beats.RR_NAMES)) and cut.rr.dtype == np.float32
    assert cut.samples.tolist() == [50, 150, 260, 380]
    assert (cut.fs, cut.leads, cut.simulated) == (FS, ("MLII", "V1"), False)


def test_padding_repeats_the_edge_and_is_flagged():
    cut = beats.segment(small(samples=(24, 25, 365, 366)), highpass=None)
    assert cut.padded.tolist() == [True, False, False, True]
    assert cut.windows[0, :3, 0].tolist() == [0, 0, 1]
    assert cut.windows[3, -3:, 0].tolist() == [398, 399, 399]


def test_a_window_wholly_outside_is_refused():
    with pytest.raises(ValueError, match=r"beat at sample 380 lies wholly outside.*400 samples"):
        beats.segment(small(), before=-0.3, after=0.5, highpass=None)


def test_leads_by_name_in_the_order_asked_for():
    cut = beats.segment(small(), leads=["V1", "MLII"], highpass=None)
    assert cut.leads == ("V1", "MLII") and cut.windows[1, 0].tolist() == [-125, 125]
    either = beats.segment(small(leads=("V5", "V1")), leads=["MLII|V5"], highpass=None)
    assert either.leads == ("MLII|V5",) and either.windows[1, 0].tolist() == [125]
    assert beats.segment(small(), leads="V1", highpass=None).leads == ("V1",)
    both = beats.segment(small(), leads=(name for name in ("V1", "MLII")), highpass=None)
    assert both.leads == ("V1", "MLII")
    with pytest.raises(ValueError, match="record x has no lead 'II'; it has MLII, V1"):
        beats.segment(small(), leads=["II"])


def damaged(value):
    record = small()
    record.signal[7, 1] = value
    return record


@pytest.mark.parametrize(
    ("record", "arguments", "message"),
    [
        (small(), {"before": -0.2, "after": 0.1}, "from 0.2 s to 0.1 s is empty"),
        (small(), {"before": float("nan")}, "is empty"),
        (small(), {"before": 0, "after": 0.004}, "from 0 s to 0.004 s is empty"),
        (small(), {"before": 250, "after": 350}, "longer than the recording of 4 s"),
        (small(), {"after": float("inf")}, "longer than the recording of 4 s"),
        (small(samples=(), symbols=""), {}, "record x has no annotated beats"),
        (small(samples=(10,), symbols="N"), {}, "two or more"),
        (damaged(np.nan), {}, "lead V1 holds nan at sample 7"),
        (damaged(np.inf), {}, "lead V1 holds inf at sample 7"),
        (small(), {"highpass": 50}, "cutoff is 50 Hz; it must lie between 0 and 50 Hz"),
        (small(), {"highpass": 0}, "cutoff is 0 Hz"),
        (small(), {"escape": "n"}, "escape is 'n'"),
        (small(symbols="NN!N"), {}, "'!'.*not beat symbols"),
    ],
)
def test_segment_names_what_it_refuses(record, arguments, message):
    with pytest.raises(ValueError, match=message):
        beats.segment(record, **arguments)


def test_a_flat_lead_is_refused_only_where_it_is_used():
    record = small()
    record.signal[:, 1] = 0.5
    assert len(beats.segment(record, leads=["MLII"])) == 4
    with pytest.raises(ValueError, match="lead V1 is flat"):
        beats.segment(record)


# --- choosing and joining -------------------------------------------------------------------


def test_indexing_gives_beats():
    cut = beats.segment(small(), highpass=None)
    assert len(cut) == 4
    for choice in (slice(1, 3), np.array([1, 2]), cut.labels % 3 != 0, [1, 2]):
        part = cut[choice]
        assert isinstance(part, beats.Beats) and part.samples.tolist() == [150, 260]
        for name in ("windows", "labels", "symbols", "rr", "records", "subjects", "padded"):
            assert np.array_equal(getattr(part, name), getattr(cut, name)[1:3]), name
        assert (part.fs, part.leads, part.simulated) == (cut.fs, cut.leads, cut.simulated)
    assert len(cut[cut.labels == 4]) == 0
    with pytest.raises(TypeError, match=r"1 is one position; give a slice.*\[1\]"):
        cut[1]


def test_counts_and_what_is_printed():
    cut = beats.segment(small(), highpass=None)
    assert cut.counts == {"N": 1, "S": 1, "V": 1, "F": 1, "Q": 0}
    assert repr(cut) == (
        "4 beats of 1 people (N 1, S 1, V 1, F 1, Q 0), 60 samples at 100 Hz of MLII, V1"
    )


def test_joining():
    parts = [beats.segment(small(name=name), highpass=None) for name in ("a", "b")]
    joined = beats.concatenate(parts)
    assert joined.records.tolist() == ["a"] * 4 + ["b"] * 4 and len(joined) == 8
    with pytest.raises(ValueError, match="no records given"):
        beats.concatenate([])
    other = beats.segment(small(), leads=["V1"], highpass=None)
    with pytest.raises(ValueError, match="can't be joined"):
        beats.concatenate([parts[0], other])


def test_real_and_simulated_beats_are_not_joined(simulated):
    real = records.Record(**{**vars(simulated), "source": "folder"})
    parts = [beats.segment(record, leads=["MLII"]) for record in (real, simulated)]
    with pytest.raises(ValueError, match="simulated"):
        beats.concatenate(parts)


def test_load_takes_names_and_splits(alone, monkeypatch):
    asked = []
    monkeypatch.setattr(records, "load", lambda name: asked.append(name) or small(name=name))
    assert beats.load("DS2", highpass=None).records[0] == "100"
    assert tuple(asked) == records.DS2
    assert len(beats.load(("100", "101"), highpass=None)) == 8
    assert len(beats.load("100", highpass=None)) == 4
    assert beats.load("100", before=0.1, after=0.2, highpass=None).windows.shape == (4, 30, 1)
    with pytest.raises(ValueError, match="no records given"):
        beats.load([])


# --- typical shapes -------------------------------------------------------------------------


def test_a_typical_beat_is_the_median_of_its_own_record():
    one, other = (beats.segment(small(name=name), highpass=None) for name in "ab")
    other.windows[:] += 7
    mixed = beats.concatenate([one, other])[[0, 4, 1, 5, 2, 6, 3, 7]]
    shapes = beats.typical(mixed)
    assert shapes.shape == mixed.windows.shape and shapes.dtype == np.float32
    for part, name in ((one, "a"), (other, "b")):
        expected = np.median(part.windows, axis=0)
        assert (shapes[mixed.records == name] == expected).all()


def test_one_odd_beat_and_the_labels_do_not_move_the_typical_shape():
    cut = beats.segment(small(), highpass=None)
    regular = np.repeat(cut.windows[:1], 4, axis=0)
    odd = regular.copy()
    odd[2] = 1000
    for windows in (regular, odd):
        changed = beats.Beats(**{**vars(cut), "windows": windows, "labels": cut.labels[::-1]})
        assert (beats.typical(changed) == regular).all()
    assert beats.typical(cut[:0]).shape == (0, *cut.windows.shape[1:])


def test_premature_beats_have_no_say_in_the_typical_late_beat():
    """Two of three beats come early and are high: so is the usual beat, but not the late one."""
    cut = beats.segment(small(), leads="MLII", highpass=None)
    some = cut[np.zeros(30, int)]
    early = np.arange(30) % 3 > 0
    samples = 1000 + np.cumsum(np.where(early, 200, 500))
    windows = np.where(early[:, None, None], 7, 1) * np.ones_like(some.windows)
    some = replace(some, samples=samples, windows=windows)
    assert (beats.typical(some) == 7).all()
    assert (beats.typical(some, least=0.9) == 1).all()
    shown = beats.against_typical(some, ["difference", "late difference"])
    assert shown.leads == ("MLII difference", "MLII late difference")
    usual, late = np.moveaxis(shown.windows, 2, 0)
    assert np.array_equal(usual[:, 0], np.where(early, 0, -6))
    assert np.array_equal(late[:, 0], np.where(early, 6, 0))
    assert (beats.typical(some[1:2], least=0.9) == 7).all(), "of one beat there is no interval"


def test_the_first_beat_is_not_late_and_one_at_the_limit_is():
    cut = beats.segment(small(), highpass=None)
    some = cut[np.zeros(4, int)]
    windows = np.ones_like(some.windows) * np.array([100, 1, 3, 200])[:, None, None]
    # The mean interval is 100 samples: the limit 90
    some = replace(some, samples=np.array([0, 90, 211, 300]), windows=windows)
    assert (beats.typical(some, least=0.9) == 2).all()


@pytest.mark.parametrize("least", [-0.1, 1.1, np.nan, "most"])
def test_a_part_of_the_mean_interval_is_from_0_to_1(least):
    with pytest.raises(ValueError, match="least is"):
        beats.typical(beats.load("100"), least=least)


# --- signals --------------------------------------------------------------------------------


def test_baseline_goes_and_the_beat_stays():
    time = np.arange(0, 60, 1 / FS)
    wander, wave = np.sin(2 * np.pi * 0.1 * time), np.sin(2 * np.pi * 8 * time)
    middle = slice(1000, -1000)
    filtered = beats.remove_baseline(wander + wave, FS)
    assert filtered.dtype == np.float32
    assert filtered[middle] == pytest.approx(wave[middle], abs=0.02)
    both = beats.remove_baseline(np.stack([wander, wave], axis=1), FS)
    assert np.abs(both[middle, 0]).max() < 0.02 < 0.9 < both[middle, 1].max()


def test_the_cutoff_is_where_half_the_gain_is_left():
    time = np.arange(0, 200, 1 / FS)
    left = beats.remove_baseline(np.sin(2 * np.pi * 0.5 * time), FS, cutoff=0.5)
    assert np.abs(left[5000:-5000]).max() == pytest.approx(0.5, abs=0.01)


def test_baseline_of_both_forms_and_any_numbers():
    signal = np.random.default_rng(0).normal(size=(300, 2))
    both = beats.remove_baseline(signal, FS)
    assert np.array_equal(both[:, 1], beats.remove_baseline(signal[:, 1].tolist(), FS))
    assert beats.remove_baseline(np.full(10, 3), FS) == pytest.approx(np.zeros(10), abs=1e-6)


@pytest.mark.parametrize(
    ("signal", "arguments", "message"),
    [
        (np.ones(9), {}, r"shape \(9,\); give \(samples,\) or \(samples, leads\), 10 or more"),
        (np.ones((9, 2)), {}, r"shape \(9, 2\)"),
        (np.ones((20, 2, 2)), {}, r"shape \(20, 2, 2\)"),
        (3.0, {}, r"shape \(\)"),
        (np.r_[np.ones(20), np.nan], {}, "nan at sample 20"),
        (np.array([[1, 2], [3, -np.inf]] * 6), {}, "column 1 of the signal holds -inf at sample 1"),
        (["a"] * 20, {}, "holds <U1; it must hold numbers, in mV"),
        (np.ones(20, dtype=complex), {}, "holds complex128"),
        (np.ones(20), {"cutoff": 50}, "cutoff is 50 Hz; it must lie between 0 and 50 Hz"),
        (np.ones(20), {"cutoff": np.nan}, "cutoff is nan Hz"),
        (np.ones(20), {"fs": np.inf}, "fs is inf; it must be a sampling rate above 0 Hz"),
    ],
)
def test_remove_baseline_names_what_it_refuses(signal, arguments, message):
    with pytest.raises(ValueError, match=message):
        beats.remove_baseline(signal, **{"fs": FS, **arguments})


def test_detected_beats_lie_on_the_annotated_ones(simulated):
    found = beats.detect(simulated.lead("MLII")[:36_000], simulated.fs)
    expected = simulated.samples[simulated.samples < 36_000]
    assert found.dtype == np.int64 and (np.diff(found) > 0).all()
    assert abs(len(found) - len(expected)) <= 2
    apart = np.abs(found[:, None] - expected).min(axis=1)
    assert (apart < 0.05 * simulated.fs).mean() > 0.98


@pytest.mark.parametrize("scale", [1e-6, 0.5, 200, 1e6])
def test_detection_knows_no_unit(simulated, scale):
    lead = simulated.lead("MLII")[:7200].astype(float)
    found = beats.detect(lead, simulated.fs)
    assert np.array_equal(beats.detect(lead * scale, simulated.fs), found)


def test_detection_in_a_signal_with_a_flat_stretch(simulated):
    lead = simulated.lead("MLII")[:36_000].copy()
    lead[12_000:24_000] = lead[12_000]
    found = beats.detect(lead, simulated.fs)
    assert not ((found > 12_180) & (found < 23_820)).any(), "no beats where nothing moves"
    assert (found < 12_000).sum() > 20 and (found > 24_000).sum() > 20


@settings(deadline=None)  # other work may share the cores
@given(st.integers(0, 2**32), st.integers(100, 3000), st.sampled_from([61, 100, 360.0, 1000.0]))
def test_detection_in_noise_gives_places_or_says_why_not(seed, count, fs):
    noise = np.random.default_rng(seed).standard_cauchy(count)
    try:
        found = beats.detect(noise, fs)
    except ValueError as error:
        assert count < fs and "1 s is needed" in str(error)
    else:
        assert count >= fs and found.dtype == np.int64
        assert (np.diff(found) > 0).all() and ((found >= 0) & (found < count)).all()


STARTS_FLAT = np.r_[np.zeros(990), np.arange(10)]


@pytest.mark.parametrize(
    ("signal", "fs", "message"),
    [
        (np.zeros((100, 2)), FS, r"shape \(100, 2\); give one lead"),
        (np.zeros(1000), FS, "flat"),
        (np.array([]), FS, "flat"),
        (np.array([0.0, 1, np.nan]), FS, "nan at sample 2"),
        (np.arange(99), FS, "lasts 0.99 s after any flat start; 1 s is needed"),
        (STARTS_FLAT, FS, "lasts 0.10 s after any flat start"),
        (np.arange(1000), 60, "fs is 60; it must be a sampling rate above 60 Hz"),
        (np.arange(1000), "360", "fs is '360'"),
        (np.array([1.0, None] * 100), FS, "holds object; it must hold numbers"),
    ],
)
def test_detect_names_what_it_refuses(signal, fs, message):
    with pytest.raises(ValueError, match=message):
        beats.detect(signal, fs)


def test_a_usual_beat_differs_little_from_the_typical_one():
    whole = beats.load(["119"])
    shown = beats.against_typical(whole, ["beat", "typical", "difference"])
    assert shown.leads == ("MLII", "MLII typical", "MLII difference")
    beat, usual, difference = np.moveaxis(shown.windows, 2, 0)
    assert np.array_equal(beat, whole.windows[..., 0])
    assert np.allclose(beat - usual, difference)
    sizes = np.abs(difference).max(axis=1)
    assert np.median(sizes[whole.symbols == "N"]) < 0.3 < np.median(sizes[whole.symbols == "V"])
    with pytest.raises(ValueError, match="show is \\('mean',\\); it may hold beat, typical"):
        beats.against_typical(whole, ["mean"])


def test_log_rr_takes_logarithms_of_ratios_only():
    whole = beats.load(["100"])
    names = ["next / previous", "record change / record median"]
    kept = beats.log_rr(whole, names)
    following, change = (whole.rr[:, beats.RR_NAMES.index(name)] for name in names)
    assert np.allclose(kept.rr.T, [np.clip(np.log(following), -1, 1), change])
    with pytest.raises(ValueError, match=r"previous \(s\).*are not RR features without a unit"):
        beats.log_rr(whole, ["previous (s)"])


def test_context_stands_beside_the_rr_features():
    record = records.load("100")
    cut = beats.segment(record)
    names = ["P height", "irregularity within 15", "P coherence"]
    told = beats.with_context(beats.log_rr(cut, ["next / previous"]), names, record.episodes)
    assert told.rr_names == (
        *("log next / previous", "P height in MLII", "P height in V5"),
        *("irregularity within 15", "P coherence in MLII", "P coherence in V5"),
    )
    interval = rhythm.context(cut.samples, cut.fs, record.episodes)
    waves = rhythm.p_context(cut.windows, cut.fs, cut.before)
    assert np.array_equal(told.rr[:, 1:3], waves[:, :, rhythm.P_NAMES.index("P height")])
    assert np.array_equal(told.rr[:, 3], interval[:, 1])
    assert np.array_equal(told.rr[:, 4:], waves[:, :, rhythm.P_NAMES.index("P coherence")])
    assert told.rr.dtype == np.float32 and np.array_equal(told.windows, cut.windows)
    assert beats.with_context(cut, ()) is cut
    twice = beats.with_context(beats.segment(record, leads=["V5", "V5"]), ["P height"])
    assert np.array_equal(twice.rr[:, [-2, -1]], told.rr[:, [2, 2]])
    plain = beats.with_context(cut, names[1])
    assert plain.rr_names == (*beats.RR_NAMES, "irregularity within 15")
    assert plain.about["rr"] != cut.about["rr"] and plain.about["rr_names"] != cut.about["rr_names"]


def test_context_knows_episodes():
    """They are too short to be gaps of themselves; the recipe tells of them."""
    whole = records.load("100")
    episodes = np.array([("unreadable", 40_000, 41_000)], dtype=EPISODE)
    inside = rhythm.in_episodes(whole.samples, episodes)
    record = replace(
        whole,
        samples=whole.samples[~inside],
        symbols=whole.symbols[~inside],
        rhythms=whole.rhythms[~inside],
        episodes=episodes,
    )
    told = Recipe(context=rhythm.CONTEXT_NAMES).cut(record)
    cut = beats.segment(record, leads=["MLII"])
    assert np.array_equal(told.rr, rhythm.context(cut.samples, cut.fs, episodes))
    deaf = beats.with_context(cut, rhythm.CONTEXT_NAMES)
    assert not np.array_equal(told.rr, deaf.rr[:, len(beats.RR_NAMES) :])


def test_context_is_told_of_one_record_as_it_was_cut():
    several = beats.load(["100", "101"])
    for some, message in (
        (several, "follows"),
        (beats.against_typical(beats.load("100")), "these beats show .'beat', 'difference'.; give"),
    ):
        with pytest.raises(ValueError, match=message):
            beats.with_context(some, ["P height"])


def test_fibrillation_tells_itself_around_each_beat():
    """No P waves in common, whether the people are real or simulated."""
    for name in ("201", "219"):
        record = records.load(name)
        cut = beats.segment(record, leads=["MLII"])
        coherence = beats.with_context(cut, "P coherence", record.episodes).rr[:, -1]
        fibrillates = np.array(record.rhythms) == "AFIB"
        assert np.median(coherence[fibrillates]) < 0.5 < 0.8 < np.median(coherence[~fibrillates])


def test_change_tells_fibrillation_from_early_beats():
    """Early beats, however many, leave the median change small; an irregular rhythm does not."""
    rng = np.random.default_rng(0)
    regular = np.tile([300, 300, 300, 200, 400, 300, 300, 300], 20) + rng.integers(-5, 5, 160)
    irregular = rng.integers(180, 420, 160)
    for name in ("change of last 10 / median of last 10", "record change / record median"):
        few, many = (
            np.median(beats.rr_features(np.cumsum(one), FS)[20:, beats.RR_NAMES.index(name)])
            for one in (regular, irregular)
        )
        assert few < 0.06 < 0.15 < many


@pytest.mark.parametrize("part", ["records", "samples", "symbols", "windows"])
def test_the_hash_tells_beats_apart(part):
    some = beats.load(["100"])[:4]
    assert some.sha256 == beats.load(["100"])[:4].sha256
    changed = getattr(some, part).copy()
    changed[0] = {"records": "101", "samples": 1, "symbols": "A", "windows": 0.5}[part]
    assert replace(some, **{part: changed}).sha256 != some.sha256
    microvolts = np.abs(np.rint(some.windows * 1000)) + 1  # -0 and 0 have other bits
    whole = replace(some, windows=microvolts / 1000)
    assert replace(whole, windows=whole.windows + 1e-5).sha256 == whole.sha256
