"""What the course says of the MIT-BIH databases and of LUDB, counted anew."""

import os
from pathlib import Path

import numpy as np
import pytest

from ecglab import beats, formats, images, records

pytestmark = pytest.mark.real

SYMBOLS = {
    **{"N": 75052, "L": 8075, "R": 7259, "V": 7130, "/": 7028, "A": 2546, "f": 982, "F": 803},
    **{"j": 229, "a": 150, "E": 106, "J": 83, "Q": 33, "e": 16, "S": 2},
}
SPLITS = {  # in the usual convention; then S where escape beats count as S
    "DS1": ({"N": 45866, "S": 944, "V": 3788, "F": 415, "Q": 8}, 976),
    "DS2": ({"N": 44259, "S": 1837, "V": 3221, "F": 388, "Q": 7}, 2050),
}


@pytest.fixture(scope="module")
def mitdb():
    """All 48 records: a quarter of a gigabyte."""
    return {name: records.load(name) for name in records.MITDB}


@pytest.fixture(scope="module")
def raw(mitdb):
    """Windows of all beats, of each record's first lead, baseline left in."""
    return {
        name: beats.segment(record, leads=record.leads[:1], highpass=None)
        for name, record in mitdb.items()
    }


def symbol_counts(some):
    kinds, counts = np.unique(np.concatenate([r.symbols for r in some]), return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))


def test_form_of_all_records(mitdb):
    assert len(mitdb) == 48 and len({record.subject for record in mitdb.values()}) == 47
    for name, record in mitdb.items():
        assert (record.name, record.source, record.fs) == (name, "folder", 360.0)
        assert record.signal.shape == (650_000, 2)
        assert (np.diff(record.samples) > 0).all()
        steps = record.signal[::97].astype(float) * 200
        assert np.allclose(steps, np.rint(steps), atol=1e-3), "11 bit over 10 mV: 5 µV a step"


def test_beats_of_all_records(mitdb):
    counts = symbol_counts(mitdb.values())
    assert counts == SYMBOLS
    assert sum(counts.values()) == sum(len(record.samples) for record in mitdb.values()) == 109_494


def test_record_100(mitdb):
    assert symbol_counts([mitdb["100"]]) == {"N": 2239, "A": 33, "V": 1}


def test_flutter_waves_are_not_beats():
    import wfdb

    folder = Path(os.environ["ECGLAB_DATA"]) / "mitdb" / "1.0.0"
    found = {n: wfdb.rdann(str(folder / n), "atr").symbol.count("!") for n in records.MITDB}
    assert {name: count for name, count in found.items() if count} == {"207": 472}


def test_traps_of_the_leads(mitdb):
    assert [name for name, r in mitdb.items() if "MLII" not in r.leads] == ["102", "104"]
    assert [name for name, r in mitdb.items() if r.leads[1] == "MLII"] == ["114"]
    assert mitdb["114"].leads == ("V5", "MLII")


def test_few_patients_have_the_rare_kinds(mitdb):
    having = {kind: sum(kind in r.symbols for r in mitdb.values()) for kind in "L/fEJjeS"}
    assert having == {"L": 4, "/": 4, "f": 3, "E": 2, "J": 5, "j": 5, "e": 1, "S": 1}
    paced = {name for name, r in mitdb.items() if "/" in r.symbols}
    assert paced == set(records.PACED)


@pytest.mark.parametrize("split", SPLITS)
def test_classes_of_the_splits(mitdb, split):
    usual, escape = SPLITS[split]
    symbols = np.concatenate([mitdb[name].symbols for name in getattr(records, split)])
    counts = np.bincount(beats.labels_of(symbols), minlength=5)
    assert dict(zip(beats.CLASSES, counts.tolist(), strict=True)) == usual
    moved = np.bincount(beats.labels_of(symbols, escape="S"), minlength=5)
    assert moved[1] == escape
    assert moved[0] == usual["N"] - (escape - usual["S"])
    assert moved[2:].tolist() == counts[2:].tolist()


def test_single_records_that_make_a_class(mitdb):
    def count(name, kind):
        return int((beats.labels_of(mitdb[name].symbols) == beats.CLASSES.index(kind)).sum())

    assert count("209", "S") == 383
    assert count("232", "S") / 1837 == pytest.approx(0.75, abs=0.005)
    assert count("213", "F") / 388 == pytest.approx(0.93, abs=0.005)


def test_all_records_become_beats(raw):
    assert sum(len(part) for part in raw.values()) == 109_494
    for name, part in raw.items():
        assert part.windows.shape[1:] == (216, 1) and part.windows.dtype == np.float32
        assert np.isfinite(part.windows).all() and np.isfinite(part.rr).all(), name
        assert not part.simulated


def test_padded_windows(raw):
    assert sum(int(part.padded.sum()) for part in raw.values()) == 36


def test_how_many_beats_clip(raw):
    highest = np.concatenate([np.abs(part.windows).max(axis=(1, 2)) for part in raw.values()])
    assert (highest > 2.0).mean() == pytest.approx(0.137, abs=0.0005)
    assert (highest > 2.5).mean() == pytest.approx(0.025, abs=0.0005)


def test_all_beats_of_a_record_become_images(raw):
    part = raw["106"]
    drawn = images.rasterize(part.windows, part.fs)
    assert drawn.shape == (len(part), 64, 64, 1)
    assert (drawn.max(axis=1) >= 127).all()


def test_load_of_a_split_keeps_order_and_people():
    ds2 = beats.load(["201", "202"], leads=("MLII",))
    assert len(np.unique(ds2.records)) == 2 and len(np.unique(ds2.subjects)) == 1


def test_premature_beats_of_232_hide_from_the_median(mitdb):
    """The atrial premature beats run at the ordinary interval; normal ones follow pauses."""
    record = mitdb["232"]
    rr = beats.rr_features(record.samples, record.fs)
    previous, premature = rr[:, 0], record.symbols == "A"
    median, mean = np.median(previous), previous.mean()
    assert np.median(previous[premature]) == pytest.approx(0.73, abs=0.01)
    assert median == pytest.approx(0.74, abs=0.005) and mean == pytest.approx(1.01, abs=0.005)
    # Early by a tenth or more: what one looks for in a premature beat
    by_median = (previous[premature] / median < 0.9).mean()
    by_mean = (rr[premature, beats.RR_NAMES.index("previous / record mean")] < 0.9).mean()
    late = (rr[~premature, beats.RR_NAMES.index("previous / record mean")] < 0.9).mean()
    assert by_median < 0.05 and by_mean > 0.95 and late < 0.05


# --- LUDB -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ludb():
    if not (Path(os.environ["ECGLAB_DATA"]) / "ludb" / "1.0.1").is_dir():
        pytest.skip("no LUDB in ECGLAB_DATA")
    return {name: records.load(name, "ludb") for name in records.LUDB}


def test_form_of_ludb(ludb):
    assert len(ludb) == 200
    for name, record in ludb.items():
        assert (record.source, record.fs, record.signal.shape) == ("folder", 500.0, (5000, 12))
        assert record.leads == records.LUDB_LEADS == tuple(record.waves), name
        assert set(record.symbols) == {"?"} and record.notes, name


def test_wave_bounds_are_in_order(ludb):
    complete, total = 0, 0
    for name, record in ludb.items():
        for lead, waves in record.waves.items():
            assert set(waves["kind"]) <= {"P", "QRS", "T"} and len(waves), (name, lead)
            assert (np.diff(waves["peak"]) > 0).all(), (name, lead)
            onset, peak, offset = waves["onset"], waves["peak"], waves["offset"]
            assert ((onset == -1) | (onset <= peak)).all(), (name, lead)
            assert ((offset == -1) | (peak <= offset)).all(), (name, lead)
            assert 0 <= peak.min() and max(peak.max(), offset.max()) < 5000, (name, lead)
            complete += int(((onset >= 0) & (offset >= 0)).sum())
            total += len(waves)
    assert complete / total > 0.99


def test_qrs_complexes_of_ludb_last_as_long_as_complexes_do(ludb):
    lead = np.concatenate([record.waves["II"] for record in ludb.values()])
    complexes = lead[(lead["kind"] == "QRS") & (lead["onset"] >= 0) & (lead["offset"] >= 0)]
    milliseconds = (complexes["offset"] - complexes["onset"]) * 2
    assert 70 < np.median(milliseconds) < 120


# --- svdb -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def svdb():
    if not (Path(os.environ["ECGLAB_DATA"]) / "svdb" / "1.0.0").is_dir():
        pytest.skip("no svdb in ECGLAB_DATA")
    return {name: records.load(name, "svdb") for name in records.SVDB}


def test_form_of_svdb(svdb):
    assert len(svdb) == 78
    for name, record in svdb.items():
        assert (record.source, record.fs, record.signal.shape) == ("folder", 128.0, (230_400, 2))
        assert record.leads == ("ECG1", "ECG2"), name
        assert record.rhythms.size == record.episodes.size == 0, name


def test_beats_of_svdb(svdb):
    """All in its files but one N, the last of 860, which stands beyond the signal."""
    others = {"Q": 79, "F": 23, "J": 9, "a": 1, "B": 1}
    assert symbol_counts(svdb.values()) == {"N": 162338, "S": 12188, "V": 9943, **others}
    assert svdb["860"].samples[-1] == 230_254
    labels = {name: beats.labels_of(record.symbols) for name, record in svdb.items()}
    classes = np.bincount(np.concatenate(list(labels.values())))
    assert classes.tolist() == [162339, 12198, 9943, 23, 79]
    assert (labels["865"] == 1).sum() == 1818
    no_s = [name for name, its in labels.items() if not (its == 1).any()]
    assert no_s == ["802", "803", "804", "805", "893"]
    assert sum(not (its == 2).any() for its in labels.values()) == 11


def test_half_of_svdb_is_uncalibrated(svdb):
    """Their heights are those of the others, about, for the same 200 counts per mV."""
    uncalibrated = {name for name, record in svdb.items() if record.notes}
    assert len(uncalibrated) == 37 and "860" in uncalibrated
    heights = [formats.beat_height(record.signal[:, 0], 128) for record in svdb.values()]
    without = np.array([name in uncalibrated for name in svdb])
    ratio = np.median(np.array(heights)[without]) / np.median(np.array(heights)[~without])
    assert ratio == pytest.approx(1.26, abs=0.02)


def test_leads_of_svdb(svdb):
    """Typical complexes of ECG1 point upwards mostly, as in MLII, those of ECG2 downwards."""
    upwards = []
    for record in svdb.values():
        cut = beats.segment(record, before=0.06, after=0.08)
        shape = np.median(cut.windows[cut.labels == 0], axis=0)
        upwards.append(shape.max(axis=0) > -shape.min(axis=0))
    assert np.mean(upwards, axis=0) == pytest.approx([0.72, 0.29], abs=0.04)
