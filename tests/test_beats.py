"""Beats: windows, classes, intervals, detection."""

import numpy as np
import pytest

from ecglab import beats, records, simulate

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


# --- intervals ------------------------------------------------------------------------------


def test_rr_features_by_hand():
    features = beats.rr_features(np.array([0, 100, 150, 350]), FS)
    mean = 3.5 / 3
    assert features[:, 0] == pytest.approx([mean, 1, 0.5, 2])
    assert features[:, 1] == pytest.approx([1, 0.5, 2, mean])
    local = [mean, (mean + 1) / 2, (mean + 1.5) / 3, (mean + 3.5) / 4]
    assert features[:, 2] == pytest.approx(np.array([mean, 1, 0.5, 2]) / local)
    assert features[:, 3] == pytest.approx([1 / mean, 0.5, 4, mean / 2])
    assert features[:, 4] == pytest.approx(np.array([mean, 1, 0.5, 2]) / mean)
    assert features[:, 5] == pytest.approx(np.array([1, 0.5, 2, mean]) / mean)


def test_the_local_mean_takes_ten_intervals():
    samples = np.cumsum([0, *[100] * 10, *[200] * 10])
    features = beats.rr_features(samples, FS)
    assert features[11, 2] == pytest.approx(2 / 1.1)
    assert features[20, 2] == pytest.approx(1)


@pytest.mark.parametrize(
    ("samples", "message"),
    [([5], "1 beat has no interval"), ([5, 9, 9], "sample 9 follows 9"), ([9, 5], "5 follows 9")],
)
def test_rr_features_names_what_it_refuses(samples, message):
    with pytest.raises(ValueError, match=message):
        beats.rr_features(np.array(samples), FS)


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


def test_detected_beats_lie_on_the_annotated_ones(simulated):
    found = beats.detect(simulated.lead("MLII")[:36_000], simulated.fs)
    expected = simulated.samples[simulated.samples < 36_000]
    assert found.dtype == np.int64 and (np.diff(found) > 0).all()
    assert abs(len(found) - len(expected)) <= 2
    apart = np.abs(found[:, None] - expected).min(axis=1)
    assert (apart < 0.05 * simulated.fs).mean() > 0.98


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (np.zeros((100, 2)), r"shape \(100, 2\); give one lead"),
        (np.zeros(1000), "flat"),
        (np.array([]), "flat"),
        (np.array([0.0, 1, np.nan]), "nan at sample 2"),
    ],
)
def test_detect_names_what_it_refuses(signal, message):
    with pytest.raises(ValueError, match=message):
        beats.detect(signal, FS)
