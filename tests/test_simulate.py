"""Simulated patients: the form of the databases, and ECGs that a cardiologist would accept."""

import hashlib
import itertools

import numpy as np
import pytest

from ecglab import beats, records, simulate

CLASSES = {"N": "NLRje", "S": "AaJS", "V": "VE", "F": "F"}


@pytest.fixture(scope="module")
def mitdb():
    """All 48 records; some seconds in all."""
    return {name: simulate.record(name) for name in records.MITDB}


@pytest.fixture(scope="module")
def ludb():
    return {name: simulate.record(name, "ludb") for name in records.LUDB}


def fingerprint(record):
    parts = (record.signal, record.samples, np.char.encode(record.symbols))
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def mean_beat(record, symbol, lead=0, half=25):
    at = record.samples[record.symbols == symbol][5:-5]
    return np.median(record.signal[at[:, None] + np.arange(-half, half + 1), lead], axis=0)


# --- form -----------------------------------------------------------------------------------


def test_mitdb_has_the_form_of_the_real_recordings(mitdb):
    assert len(mitdb) == 48
    assert len({record.subject for record in mitdb.values()}) == 47
    for name, record in mitdb.items():
        assert (record.name, record.database, record.source) == (name, "mitdb", "simulated")
        assert record.simulated and str(record) == f"{name} (simulated)"
        assert record.signal.shape == (650_000, 2) and record.signal.dtype == np.float32
        assert record.fs == 360.0
        assert record.samples.dtype == np.int64 and record.symbols.dtype == np.dtype("<U1")
        assert len(record.samples) == len(record.symbols)
        assert (np.diff(record.samples) > 0.15 * 360).all()
        assert record.samples[0] >= 0 and record.samples[-1] < 650_000
        assert np.isfinite(record.signal).all() and np.abs(record.signal).max() <= 5.12
        steps = record.signal[:5000].astype(float) * 200
        assert np.allclose(steps, np.rint(steps), atol=1e-3)
        assert set(record.symbols) <= set("NLRAaJSVEFjef/Q")


def test_mitdb_leads_are_those_of_the_real_records(mitdb):
    assert mitdb["100"].leads == ("MLII", "V5")
    assert mitdb["101"].leads == ("MLII", "V1")
    assert mitdb["102"].leads == mitdb["104"].leads == ("V5", "V2")
    assert mitdb["114"].leads == ("V5", "MLII")
    assert mitdb["117"].leads == ("MLII", "V2")
    assert mitdb["124"].leads == ("MLII", "V4")
    without = [name for name, record in mitdb.items() if "MLII" not in record.leads]
    assert without == ["102", "104"]


def test_ludb_has_the_form_of_the_real_recordings(ludb):
    assert len(ludb) == 200
    for record in ludb.values():
        assert record.signal.shape == (5_000, 12) and record.signal.dtype == np.float32
        assert record.fs == 500.0 and record.leads == records.LUDB_LEADS
        assert record.source == "simulated" and set(record.symbols) == {"?"}
        assert set(record.waves) == set(record.leads)
        assert all(waves.dtype == records.WAVE for waves in record.waves.values())
        assert any(note.startswith("Rhythm: ") for note in record.notes)
        assert any(note.startswith("Electric axis of the heart: ") for note in record.notes)
        complexes = record.waves["II"][record.waves["II"]["kind"] == "QRS"]
        assert np.array_equal(complexes["peak"], record.samples)
        assert 6 <= len(record.samples) <= 22


@pytest.mark.parametrize(("name", "database"), [("100", "mitdb"), ("202", "mitdb"), ("8", "ludb")])
def test_the_same_name_gives_the_same_patient(name, database):
    first, second = simulate.record(name, database), simulate.record(name, database)
    assert fingerprint(first) == fingerprint(second)
    assert first.notes == second.notes


def test_random_numbers_depend_on_the_name_alone():
    # SHA-256, not hash(), which differs from process to process.
    assert simulate._rng("mitdb", "100").integers(10**9) == 930211890


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"mitdb has no record '999'.*48"):
        simulate.record("999")
    with pytest.raises(ValueError, match=r"ludb has no record '201'.*200"):
        simulate.record("201", "ludb")
    with pytest.raises(ValueError, match=r"'edb'.*mitdb"):
        simulate.record("100", "edb")


def test_records_load_gives_simulated_patients_when_asked(monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    assert records.load("100").simulated
    assert records.load("1", database="ludb").simulated


# --- beats ----------------------------------------------------------------------------------


def test_both_splits_have_every_class_from_several_patients(mitdb):
    for split in (records.DS1, records.DS2):
        for symbols in CLASSES.values():
            people = [name for name in split if np.isin(mitdb[name].symbols, list(symbols)).any()]
            assert len(people) >= 3
        assert not any("/" in mitdb[name].symbols for name in split)
    assert all((mitdb[name].symbols == "/").sum() > 1000 for name in records.PACED)


@pytest.mark.parametrize(
    ("names", "symbol"),
    [
        (("109", "111", "207", "214"), "L"),
        (("118", "124", "212", "231"), "R"),
        (("106", "119", "200", "208", "221", "223", "228", "233"), "V"),
        (("209", "220", "222", "232"), "A"),
        (("208", "213"), "F"),
    ],
)
def test_records_have_their_known_beats(mitdb, names, symbol):
    assert all((mitdb[name].symbols == symbol).sum() >= 80 for name in names)


def test_a_detector_finds_the_labelled_beats(mitdb):
    found = []
    for record in mitdb.values():
        detected = beats.detect(record.signal[:, 0], record.fs)
        after = np.searchsorted(detected, record.samples)
        distance = np.minimum(
            np.abs(detected[np.minimum(after, len(detected) - 1)] - record.samples),
            np.abs(detected[np.maximum(after - 1, 0)] - record.samples),
        )
        found.append(float((distance <= 0.15 * record.fs).mean()))
    assert np.mean(np.array(found) >= 0.95) >= 0.9
    assert min(found) > 0.8


def test_labels_are_at_the_peak_of_the_complex(mitdb):
    for name in ("100", "103", "115", "122", "215", "234"):
        record = mitdb[name]
        lead = beats.remove_baseline(record.lead("MLII"), record.fs)
        at = record.samples[(record.symbols == "N") & (record.samples > 100)]
        window = np.abs(lead[at[:, None] + np.arange(-36, 37)])
        offset = np.abs(window.argmax(axis=1) - 36) / record.fs
        assert (offset <= 0.040).mean() > 0.99


@pytest.mark.parametrize(
    ("name", "symbol"), [("106", "V"), ("119", "V"), ("100", "A"), ("209", "A")]
)
def test_premature_beats_come_early_and_leave_a_pause(mitdb, name, symbol):
    record = mitdb[name]
    rr = np.diff(record.samples) / record.fs
    symbols = record.symbols
    single = 1 + np.flatnonzero(
        (symbols[1:-1] == symbol) & (symbols[:-2] == "N") & (symbols[2:] == "N")
    )
    usual = np.median(rr[(symbols[1:] == "N") & (symbols[:-1] == "N")])
    before, after = rr[single - 1] / usual, rr[single] / usual
    assert np.median(before) < 0.8
    assert np.median(after) > 1.03
    both = np.median(before + after)
    assert both == pytest.approx(2, abs=0.1) if symbol == "V" else both < 1.95


def test_fibrillation_is_irregular_and_sinus_rhythm_is_not(mitdb):
    def scatter(name):
        rr = np.diff(mitdb[name].samples)
        normal = (mitdb[name].symbols[1:] == "N") & (mitdb[name].symbols[:-1] == "N")
        return np.abs(np.diff(rr[normal])).mean() / rr[normal].mean()

    assert min(map(scatter, ("203", "210", "221"))) > 0.12
    assert max(map(scatter, ("100", "103", "115", "122"))) < 0.05


def test_premature_beats_of_232_show_only_against_the_mean(mitdb):
    rr = np.diff(mitdb["232"].samples) / 360
    premature = rr[mitdb["232"].symbols[1:] == "A"]
    assert np.median(premature) / np.median(rr) == pytest.approx(1, abs=0.05)
    assert np.median(premature) / rr.mean() < 0.8


def test_ventricular_beats_are_wider_than_normal_ones(mitdb):
    def width(record, symbol):
        shape = np.abs(mean_beat(record, symbol, half=40))
        return (shape > 0.3 * shape.max()).sum()

    for name in ("106", "119", "200", "223", "233"):
        assert width(mitdb[name], "V") > 1.5 * width(mitdb[name], "N")


def test_right_bundle_branch_block_ends_upright_in_v1(mitdb):
    blocked, normal = (mean_beat(mitdb["212"], symbol, lead=1) for symbol in "RN")
    assert blocked[30:55].max() > 0.5
    assert normal[30:55].max() < 0.2


# --- patients -------------------------------------------------------------------------------


def test_patients_differ_but_201_and_202_share_a_heart(mitdb):
    shapes = {name: mean_beat(mitdb[name], "N") for name in ("201", "202", "100", "103", "115")}

    def distance(one, other):
        return float(np.abs(shapes[one] - shapes[other]).max())

    same = distance("201", "202")
    assert same < 0.1
    others = [distance("201", name) for name in ("100", "103", "115")]
    assert min(others) > same
    assert fingerprint(mitdb["201"]) != fingerprint(mitdb["202"])
    assert len({fingerprint(record) for record in mitdb.values()}) == 48


# --- twelve leads ---------------------------------------------------------------------------


def test_limb_leads_obey_einthoven(ludb):
    for record in ludb.values():
        one, two, three, avr, avl, avf = record.signal[:, :6].T.astype(float)
        assert np.abs(two - one - three).max() < 1e-5
        assert np.abs(avr + avl + avf).max() < 1e-5


def test_wave_bounds_are_ordered_and_plausible(ludb):
    pr, qrs_width, qt = [], [], []
    for record in ludb.values():
        for waves in record.waves.values():
            assert (waves["onset"] < waves["peak"]).all() and (
                waves["peak"] < waves["offset"]
            ).all()
            assert (waves["onset"] >= 0).all() and (waves["offset"] < 5_000).all()
            assert (np.diff(waves["peak"]) > 0).all()
            overlap = waves["offset"][:-1] - waves["onset"][1:]
            assert (overlap <= 0).mean() > 0.85  # an extrasystole may begin within a T wave
        waves = record.waves["II"]
        for first, second in itertools.pairwise(waves):
            if first["kind"] == "P" and second["kind"] == "QRS":
                pr.append((second["onset"] - first["onset"]) / 500)
            if first["kind"] == "QRS" and second["kind"] == "T":
                qrs_width.append((first["offset"] - first["onset"]) / 500)
                qt.append((second["offset"] - first["onset"]) / 500)
    for values, low, high, middle in (
        (pr, 0.10, 0.30, (0.12, 0.20)),
        (qrs_width, 0.06, 0.18, (0.075, 0.105)),
        (qt, 0.24, 0.52, (0.33, 0.44)),
    ):
        assert low <= min(values) and max(values) <= high
        assert middle[0] <= np.median(values) <= middle[1]


def test_diagnoses_show_in_the_signal(ludb):
    rhythms = {name: record.notes[3] for name, record in ludb.items()}
    assert len(set(rhythms.values())) == 5
    for name, record in ludb.items():
        p_waves = [(waves["kind"] == "P").sum() for waves in record.waves.values()]
        rate = 60 * record.fs / np.diff(record.samples).mean()
        if "fibrillation" in rhythms[name]:
            assert max(p_waves) == 0
        if "bradycardia" in rhythms[name]:
            assert rate < 60
        if "tachycardia" in rhythms[name]:
            assert rate > 100
        heights = [record.lead(lead)[record.samples] for lead in ("I", "aVF")]
        if record.notes[4:] == ("Electric axis of the heart: left axis deviation.",):
            assert np.median(heights[0]) > 0 > np.median(heights[1])
        if record.notes[4:] == ("Electric axis of the heart: normal.",):
            assert np.median(heights[0]) > 0 and np.median(heights[1]) > 0


# --- the beat model -------------------------------------------------------------------------


def test_beat_gives_what_its_parameters_say():
    times = np.arange(-0.4, 0.6, 0.001)
    (lead,) = simulate.beat(times, qrs_amplitude=1.5, axis=60, leads=("II",)).T
    assert abs(times[lead.argmax()]) < 0.01
    assert lead.max() == pytest.approx(1.5, rel=0.1)
    without = simulate.beat(times, p_amplitude=0, leads=("II",))[:, 0]
    p_wave = simulate.beat(times, p_amplitude=0.2, pr=0.2, leads=("II",))[:, 0] - without
    assert p_wave.max() == pytest.approx(0.2, rel=0.05)
    early = simulate.beat(times, p_amplitude=0.2, pr=0.14, leads=("II",))[:, 0] - without
    assert times[early.argmax()] - times[p_wave.argmax()] == pytest.approx(0.06, abs=0.002)


def test_qt_grows_with_the_square_root_of_rr():
    times = np.arange(0.12, 0.9, 0.001)

    def t_peak(rr):
        return times[simulate.beat(times, rr=rr, leads=("II",))[:, 0].argmax()]

    assert t_peak(1.44) / t_peak(1.0) == pytest.approx(1.2, rel=0.02)


def test_axis_turns_the_complex():
    at = np.array([0.0])
    assert simulate.beat(at, axis=60, leads=("II", "aVL"))[0] @ [1, 0] > 1
    for axis, lead in ((0, "I"), (90, "aVF"), (-90, "aVF")):
        height = simulate.beat(at, axis=axis, leads=(lead,))[0, 0]
        assert np.sign(height) == (-1 if axis < 0 else 1)


def test_beat_obeys_einthoven_exactly():
    times = np.linspace(-0.3, 0.5, 400)
    for conduction in "NLRV/":
        ecg = simulate.beat(times, conduction=conduction)
        assert np.allclose(ecg[:, 1], ecg[:, 0] + ecg[:, 2], atol=1e-12)
        assert np.allclose(ecg[:, 3:6].sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"conduction": "X"}, "'X'.*N, L, R"),
        ({"leads": ("V9",)}, "'V9'.*aVR"),
        ({"qrs_width": 0}, "qrs_width is 0"),
        ({"rr": -1}, "rr is -1"),
        ({"qt": np.nan}, "qt is nan"),
    ],
)
def test_beat_refuses_what_it_cannot_draw(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate.beat(np.zeros(3), **arguments)


@pytest.mark.parametrize("times", [np.zeros((2, 2)), np.array([np.nan])])
def test_beat_refuses_bad_times(times):
    with pytest.raises(ValueError, match="one row of finite seconds"):
        simulate.beat(times)
