"""Simulated patients: the form of the databases, and ECGs that a cardiologist would accept."""

import hashlib
import itertools

import numpy as np
import pytest

from ecglab import beats, evaluate, heart, records, simulate

TIMES = np.arange(-0.35, 0.65, 0.001)
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


def about(record, symbol, before, after, lead=0):
    """The signal about each beat of a kind, but for those at either end."""
    at = record.samples[record.symbols == symbol][5:-5]
    return record.signal[at[:, None] + np.arange(-before, after), lead]


def mean_beat(record, symbol, lead=0, half=25):
    return np.median(about(record, symbol, half, half + 1, lead), axis=0)


# --- form -----------------------------------------------------------------------------------


def test_mitdb_has_the_form_of_the_real_recordings(mitdb):
    assert len(mitdb) == 48
    assert len({record.subject for record in mitdb.values()}) == 47
    for name, record in mitdb.items():
        assert (record.name, record.database, record.source) == (name, "mitdb", "simulated")
        assert record.signal.shape == (650_000, 2) and record.fs == 360.0
        assert (np.diff(record.samples) > 0.15 * 360).all() and len(record.samples) > 1400
        assert record.samples[0] >= 0 and record.samples[-1] < 650_000
        assert np.isfinite(record.signal).all() and np.abs(record.signal).max() <= 5.12
        steps = record.signal[:5000].astype(float) * 200
        assert np.allclose(steps, np.rint(steps), atol=1e-3)
        assert set(record.symbols) <= set("NLRAaJSVEFjef/Q")


def test_mitdb_leads_are_those_of_the_real_records(mitdb):
    seconds = {"100": "V5", "101": "V1", "117": "V2", "124": "V4"}
    assert {name: mitdb[name].leads for name in seconds} == {
        name: ("MLII", lead) for name, lead in seconds.items()
    }
    assert mitdb["102"].leads == mitdb["104"].leads == ("V5", "V2")
    assert mitdb["114"].leads == ("V5", "MLII")
    assert sum("MLII" in record.leads for record in mitdb.values()) == 46


def test_ludb_has_the_form_of_the_real_recordings(ludb):
    assert len(ludb) == 200
    for record in ludb.values():
        assert record.signal.shape == (5_000, 12)
        assert record.fs == 500.0 and record.leads == records.LUDB_LEADS
        assert record.source == "simulated" and set(record.symbols) == {"?"}
        assert set(record.waves) == set(record.leads)
        assert all(waves.dtype == records.WAVE for waves in record.waves.values())
        assert any(note.startswith("Rhythm: ") for note in record.notes)
        assert any(note.startswith("Electric axis of the heart: ") for note in record.notes)
        complexes = record.waves["II"][record.waves["II"]["kind"] == "QRS"]
        assert np.array_equal(complexes["peak"], record.samples)
        assert 6 <= len(record.samples) <= 22


@pytest.mark.parametrize("name", ["800", "802", "865"])
def test_svdb_has_the_form_of_the_real_recordings(name):
    record = simulate.record(name, "svdb")
    assert (record.name, record.database, record.source) == (name, "svdb", "simulated")
    assert record.signal.shape == (230_400, 2) and record.fs == 128.0
    assert record.leads == ("ECG1", "ECG2") and record.rhythms.size == 0
    counts = {symbol: np.sum(record.symbols == symbol) for symbol in "NSV"}
    real = {"800": (1846, 30, 6), "802": (1586, 0, 85), "865": (1102, 1818, 235)}[name]
    assert list(counts.values()) == pytest.approx(real, rel=0.06, abs=1)
    complexes = np.abs(mean_beat(record, "N", half=10))
    assert complexes.argmax() == 10, "beats stand on their peaks"


@pytest.mark.parametrize(
    ("name", "database"),
    [("100", "mitdb"), ("202", "mitdb"), ("8", "ludb"), ("em", "nstdb"), ("800", "svdb")],
)
def test_the_same_name_gives_the_same_patient(name, database):
    first, second = simulate.record(name, database), simulate.record(name, database)
    assert fingerprint(first) == fingerprint(second)
    assert first.notes == second.notes


def test_random_numbers_depend_on_the_name_alone():
    # SHA-256, not hash(), which differs from process to process.
    assert simulate._rng("mitdb", "100").integers(10**9) == 930211890


@pytest.mark.parametrize(
    ("name", "database", "message"),
    [
        ("999", "mitdb", "mitdb has no record '999'.*48"),
        ("201", "ludb", "ludb has no record '201'.*200"),
        ("sw", "nstdb", "nstdb has no record 'sw'.*bw, em, ma"),
        ("100", "edb", "'edb'.*mitdb"),
    ],
)
def test_unknown_names_are_refused(name, database, message):
    with pytest.raises(ValueError, match=message):
        simulate.record(name, database)


def test_noise_is_simulated_when_asked(monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    assert records.load("em", database="nstdb").simulated


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


def test_a_detector_does_about_as_well_as_on_real_recordings(mitdb):
    """On the 48 real records it has Se .9919 and +P .9909, gross; it is never perfect."""
    total = np.zeros((6, 6), dtype=int)
    for record in mitdb.values():
        detected = beats.detect(record.signal[:, 0], record.fs)
        symbols = np.full(len(detected), "N")
        compared = (record.samples, record.symbols, detected, symbols, record.fs)
        matrix = np.array(evaluate.beat_by_beat(*compared).matrix)
        assert matrix[:5, :5].sum() > 0.7 * matrix[:5].sum()
        total += matrix
    found = total[:5, :5].sum()
    assert 0.985 < found / total[:5].sum() < 0.998
    assert 0.985 < found / total[:, :5].sum() < 0.998


def test_labels_are_at_the_peak_of_the_complex(mitdb):
    for name in ("100", "103", "115", "122", "215", "234"):
        record = mitdb[name]
        lead = beats.remove_baseline(record.lead("MLII"), record.fs)
        at = record.samples[(record.symbols == "N") & (record.samples > 100)]
        window = np.abs(lead[at[:, None] + np.arange(-36, 37)])
        offset = np.abs(window.argmax(axis=1) - 36) / record.fs
        assert (offset <= 0.040).mean() > 0.99


def intervals_about(record, symbol):
    """The intervals before and after each lone beat of a kind, relative to the usual RR."""
    rr, symbols = np.diff(record.samples), record.symbols
    lone = 1 + np.flatnonzero(
        (symbols[1:-1] == symbol) & (symbols[:-2] == "N") & (symbols[2:] == "N")
    )
    normal = np.flatnonzero((symbols[1:] == "N") & (symbols[:-1] == "N"))
    # The rate drifts: the usual interval is that of the normal beats about.
    nearest = np.searchsorted(normal, lone)[:, None] + np.arange(-8, 8)
    usual = np.median(rr[normal[np.clip(nearest, 0, len(normal) - 1)]], axis=1)
    return rr[lone - 1] / usual, rr[lone] / usual


@pytest.mark.parametrize("name", ["106", "119", "200", "208", "223", "228", "233"])
def test_ventricular_premature_beats_leave_a_full_compensatory_pause(mitdb, name):
    before, after = intervals_about(mitdb[name], "V")
    assert np.median(before) < 0.88 and (before < 0.95).mean() > 0.9
    assert np.median(after) > 1.1
    assert np.median(before + after) == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize("name", ["100", "209", "220", "222"])
def test_atrial_premature_beats_reset_the_sinus_node(mitdb, name):
    before, after = intervals_about(mitdb[name], "A")
    assert np.median(before) < 0.9
    assert 1.0 < np.median(after) < 1.25
    assert np.median(before + after) < 1.97


@pytest.mark.parametrize("name", ["208", "213"])
def test_fusion_lies_between_normal_and_ventricular_in_time(mitdb, name):
    ventricular, _ = intervals_about(mitdb[name], "V")
    fused, _ = intervals_about(mitdb[name], "F")
    assert np.median(ventricular) < np.median(fused) < 1


@pytest.mark.parametrize(("name", "symbols"), [("208", "NVF"), ("104", "N/f")])
def test_fusion_lies_between_two_kinds_of_beat_in_shape(mitdb, name, symbols):
    one, other, fused = (
        np.concatenate([mean_beat(mitdb[name], symbol, lead, half=40) for lead in (0, 1)])
        for symbol in symbols
    )
    shares, *_ = np.linalg.lstsq(np.stack([one, other], 1), fused, rcond=None)
    assert (shares > 0.15).all() and (shares < 0.85).all()
    assert np.corrcoef(shares @ [one, other], fused)[0, 1] > 0.9


def test_fibrillation_is_irregular_and_sinus_rhythm_is_not(mitdb):
    def scatter(name):
        """How much one RR interval differs from the next, relative to their mean."""
        rr, symbols = np.diff(mitdb[name].samples), mitdb[name].symbols
        normal = (symbols[1:] == "N") & (symbols[:-1] == "N")
        return np.abs(np.diff(rr[normal])).mean() / rr[normal].mean()

    assert min(map(scatter, ("203", "210", "221"))) > 0.12
    assert max(map(scatter, ("100", "103", "115", "122", "234"))) < 0.08


def test_fibrillating_atria_make_f_waves_and_no_p(mitdb):
    def before_qrs(name):
        record = mitdb[name]
        lead = beats.remove_baseline(record.lead("MLII"), record.fs)
        # After a long interval T is over, and what lies 260 to 80 ms before QRS is the atria's.
        rr = np.diff(record.samples, prepend=0)
        at = record.samples[(record.symbols == "N") & (rr > 0.8 * np.median(rr))][5:]
        return lead[at[:, None] + np.arange(-94, -28)]

    def p_height(name):
        return np.ptp(before_qrs(name).mean(axis=0))

    assert max(map(p_height, ("203", "210", "221"))) < 0.02
    assert min(map(p_height, ("100", "103", "115", "122"))) > 0.05
    f_wave = [np.ptp(before_qrs(name), axis=1).mean() for name in ("210", "221")]
    assert min(f_wave) > 2 * max(p_height("210"), p_height("221"))


def test_premature_beats_of_232_show_only_against_the_mean(mitdb):
    rr = np.diff(mitdb["232"].samples) / 360
    premature = rr[mitdb["232"].symbols[1:] == "A"]
    assert np.median(premature) / np.median(rr) == pytest.approx(1, abs=0.05)
    assert np.median(premature) / rr.mean() < 0.8


def test_ventricular_beats_are_wider_than_normal_ones(mitdb):
    def width(name, symbol):
        """For how many samples the median beat is above a third of its peak."""
        shape = np.abs(mean_beat(mitdb[name], symbol, half=40))
        return (shape > 0.3 * shape.max()).sum()

    names = ("106", "119", "200", "208", "221", "223", "228", "233")
    ratios = [width(name, "V") / width(name, "N") for name in names]
    assert np.median(ratios) > 1.5 and min(ratios) > 1.1


@pytest.mark.parametrize("name", ["200", "208", "223", "233"])
def test_a_patient_has_several_ventricular_shapes(mitdb, name):
    ventricular, normal = (about(mitdb[name], symbol, 40, 60)[:500] for symbol in "VN")
    assert np.quantile(np.corrcoef(ventricular), 0.02) < 0.8
    assert np.quantile(np.corrcoef(normal), 0.02) > 0.7


def test_some_supraventricular_beats_are_conducted_aberrantly(mitdb):
    template = mean_beat(mitdb["209"], "N", half=40)
    atrial, normal = (
        [np.corrcoef(window, template)[0, 1] for window in about(mitdb["209"], symbol, 40, 41)]
        for symbol in "AN"
    )
    assert np.std(atrial) > 1.2 * np.std(normal)


@pytest.mark.parametrize("name", ["102", "104", "107", "217"])
def test_paced_beats_begin_with_a_spike(mitdb, name):
    record = mitdb[name]
    lead = 1 if record.leads[1] in ("V1", "V2") else 0
    slopes = np.abs(np.diff(about(record, "/", 60, 30, lead), axis=1))
    slopes = np.median(slopes, axis=0)
    spike = slopes.argmax()
    assert 15 < 60 - spike < 50  # 40 to 140 ms before the peak of the complex
    assert slopes[spike] > 2 * np.delete(slopes, range(spike - 4, spike + 5)).max()


# --- patients -------------------------------------------------------------------------------


def test_patients_differ_but_201_and_202_share_a_heart(mitdb):
    def distance(one, other):
        shapes = (mean_beat(mitdb[name], "N") for name in (one, other))
        return np.abs(np.subtract(*shapes)).max()

    same = distance("201", "202")
    assert same < 0.25  # electrodes and position are those of the day
    assert min(distance("201", name) for name in ("100", "103", "115")) > same
    assert len({fingerprint(record) for record in mitdb.values()}) == 48


def test_a_heart_moves_within_its_recording(mitdb):
    """Breathing, drift and position change the size of QRS complexes by some percent."""
    spread = []
    for name in ("100", "103", "115", "122", "234"):
        record = mitdb[name]
        lead = beats.remove_baseline(record.lead("MLII"), record.fs)
        heights = lead[record.samples[record.symbols == "N"][5:]]
        spread.append(heights.std() / np.abs(heights.mean()))
    assert 0.04 < min(spread) and max(spread) < 0.4


# --- noise ----------------------------------------------------------------------------------

BANDS = ((0, 1), (1, 5), (5, 15), (15, 40), (40, 100))
# Mean square in µV² of both leads of the real records, band by band.
REAL_POWER = {
    "bw": (247_600, 707, 107, 168, 151),
    "em": (363_300, 164_900, 42_790, 3_684, 617),
    "ma": (62_300, 1_770, 1_190, 6_770, 1_925),
}


@pytest.fixture(scope="module")
def nstdb():
    return {name: simulate.record(name, "nstdb") for name in ("bw", "em", "ma")}


def band_power(record):
    """Mean square in µV² of each band, both leads together."""
    signal = 1000 * (record.signal - record.signal.mean(axis=0)).astype(float)
    power = 2 * np.abs(np.fft.rfft(signal, axis=0)) ** 2 / len(signal) ** 2
    frequencies = np.fft.rfftfreq(len(signal), 1 / record.fs)
    return [power[(frequencies >= low) & (frequencies < high)].sum() for low, high in BANDS]


def test_nstdb_has_the_form_of_the_real_recordings(nstdb):
    for name, record in nstdb.items():
        assert (record.name, record.database, record.source) == (name, "nstdb", "simulated")
        assert record.signal.shape == (650_000, 2)
        assert record.fs == 360 and record.leads == ("noise1", "noise2")
        assert len(record.samples) == 0
        assert "Simulated" in record.notes[0] and "not calibrated" in record.notes[0]
    assert len({fingerprint(record) for record in nstdb.values()}) == 3


def test_noise_is_as_strong_as_the_real_one_in_each_band(nstdb):
    power = {name: np.array(band_power(record)) for name, record in nstdb.items()}
    ratio = {name: power[name] / real for name, real in REAL_POWER.items()}
    assert all((1 / 3 < each).all() and (each < 3).all() for each in ratio.values()), ratio
    for band in range(len(BANDS)):
        strongest, really = (
            sorted(each, key=lambda name, each=each: each[name][band])
            for each in (power, REAL_POWER)
        )
        assert strongest == really


@pytest.mark.real
def test_real_noise_is_what_the_simulated_one_is_measured_against():
    if not records.describe("nstdb").split(": ")[1].startswith("real recordings, from the folder"):
        pytest.skip("no nstdb in ECGLAB_DATA")
    for name, power in REAL_POWER.items():
        assert band_power(records.load(name, "nstdb")) == pytest.approx(power, rel=0.01)


def test_muscle_noise_comes_in_bursts_and_electrode_motion_in_peaks(nstdb):
    muscle = beats.remove_baseline(nstdb["ma"].signal[:, 0], 360, 10)
    strength = muscle[: 650_000 // 360 * 360].reshape(-1, 360).std(axis=1)
    assert np.quantile(strength, 0.9) > 3 * np.quantile(strength, 0.1)
    motion = beats.remove_baseline(nstdb["em"].signal[:, 0], 360, 1)
    assert (motion**4).mean() / (motion**2).mean() ** 2 > 4  # 3 would be normal noise
    assert len(beats.detect(nstdb["em"].signal[:, 0], 360)) > 600  # a detector takes them for beats


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
            assert (waves["onset"] < waves["peak"]).all()
            assert (waves["peak"] < waves["offset"]).all()
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
        (qrs_width, 0.04, 0.18, (0.075, 0.105)),  # a lead may not see how QRS begins
        (qt, 0.24, 0.52, (0.33, 0.44)),
    ):
        assert low <= min(values) and max(values) <= high
        assert middle[0] <= np.median(values) <= middle[1]


def test_diagnoses_show_in_the_signal(ludb):
    assert len({record.notes[3] for record in ludb.values()}) == 5
    for record in ludb.values():
        rhythm, axis = record.notes[3], record.notes[4:]
        p_waves = [(waves["kind"] == "P").sum() for waves in record.waves.values()]
        rate = 60 * record.fs / np.diff(record.samples).mean()
        if "fibrillation" in rhythm:
            assert max(p_waves) == 0
        if "bradycardia" in rhythm:
            assert rate < 60
        if "tachycardia" in rhythm:
            assert rate > 100
        windows = record.samples[1:-1, None] + np.arange(-30, 31)
        both = np.stack([record.lead(lead)[windows] for lead in ("I", "aVF")])
        one, avf = np.median(both.min(axis=2) + both.max(axis=2), axis=1)
        if axis == ("Electric axis of the heart: left axis deviation.",):
            assert one > 0 > avf
        if axis == ("Electric axis of the heart: normal.",):
            assert one > 0 and avf > 0


def complexes(record):
    """Each QRS complex over all leads: onset and offset in s, and where the last P begins."""
    waves = np.concatenate([record.waves[lead] for lead in record.leads])
    qrs, p_waves = waves[waves["kind"] == "QRS"], waves[waves["kind"] == "P"]
    found = []
    for at in record.samples:
        near = np.abs(qrs["peak"] - at) < 75
        before = p_waves["onset"][(p_waves["onset"] < at) & (p_waves["onset"] > at - 225)]
        onset, offset = qrs["onset"][near].min() / 500, qrs["offset"][near].max() / 500
        found.append((onset, offset, before.min() / 500 if len(before) else np.nan))
    return np.array(found).T


def test_intervals_are_those_of_the_diagnosis(ludb):
    for record in ludb.values():
        onset, offset, p_onset = complexes(record)
        diagnosis = " ".join(record.notes)
        qrs, pr = np.median(offset - onset), np.nanmedian([*(onset - p_onset), 0.16])
        if "Complete" in diagnosis or "pacing" in diagnosis:
            assert 0.12 <= qrs <= 0.17
        elif "Incomplete" in diagnosis:
            assert 0.10 <= qrs < 0.12
        else:
            assert 0.07 <= qrs <= 0.11
        if "I degree AV block" in diagnosis:
            assert pr > 0.2
        elif not ("Complete" in diagnosis or "pacing" in diagnosis):
            assert 0.12 <= pr <= 0.21


def test_qt_follows_the_rate(ludb):
    rr, qt = [], []
    for record in ludb.values():
        onset, _, _ = complexes(record)
        t_waves = record.waves["V4"][record.waves["V4"]["kind"] == "T"]
        for begin in onset[1:-1]:
            after = t_waves["offset"][(t_waves["offset"] > 500 * begin)]
            qt.append(after[:1].sum() / 500 - begin)
        rr.extend(np.full(len(onset) - 2, np.diff(onset).mean()))
    rr, qt = np.array(rr), np.array(qt)
    whole = (qt > 0.2) & (qt < 0.6)
    slope, _ = np.polyfit(np.log(rr[whole]), np.log(qt[whole]), 1)
    assert whole.mean() > 0.95
    assert slope == pytest.approx(0.5, abs=0.12)  # Bazett's square root


def extremes(record, leads):
    """The median height of R and depth of S about the beats, lead by lead."""
    signal = beats.remove_baseline(np.stack([record.lead(lead) for lead in leads], 1), record.fs)
    windows = signal[record.samples[1:-1, None] + np.arange(-40, 41)]
    return np.median(windows.max(axis=1), axis=0), np.median(windows.min(axis=1), axis=0)


def by_diagnosis(ludb, *words, without=()):
    chosen = []
    for record in ludb.values():
        notes = " ".join(record.notes)
        if all(word in notes for word in words) and not any(word in notes for word in without):
            chosen.append(record)
    assert len(chosen) >= 2
    return chosen


def test_r_grows_and_s_shrinks_from_v1_to_v4(ludb):
    chest = tuple(f"V{number}" for number in range(1, 7))
    normal = by_diagnosis(ludb, "axis of the heart: normal", without=("block", "pacing"))
    high, low = np.median([extremes(record, chest) for record in normal], axis=0)
    assert (np.diff(high[:4]) > 0).all() and high[3:5].max() > high[5]
    assert (np.diff(low[1:]) > 0).all()  # S is deepest in V2
    ratio = high / -low
    assert (ratio[:2] < 0.6).all() and ratio[5] > 2 and (np.diff(ratio[1:5]) > 0).all()


def test_bundle_branch_blocks_and_paced_beats_in_twelve_leads(ludb):
    for record in by_diagnosis(ludb, "Complete right"):
        ((v1, _), (_, lateral)) = (extremes(record, leads) for leads in (("V1",), ("I", "V6")))
        assert v1[0] > 0.3 and (lateral < -0.15).all()
    for record in by_diagnosis(ludb, "pacing"):
        high, low = extremes(record, ("V1",))
        assert -low[0] > 1.5 * high[0]


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


def lead_of(conduction, lead, **arguments):
    wide = {"N": 0.09}.get(conduction, 0.14)
    arguments = {"qrs_width": wide, "p_amplitude": 0, "axis": 40, **arguments}
    return simulate.beat(TIMES, conduction=conduction, leads=(lead,), **arguments)[:, 0]


def turns(wave, least=0.08):
    """The heights of the peaks and troughs of a QRS complex that are larger than `least`."""
    inner = wave[(TIMES > -0.12) & (TIMES < 0.12)]
    ends = 1 + np.flatnonzero(np.diff(np.sign(np.diff(inner))))
    return [height for height in inner[ends] if abs(height) > least]


def test_right_bundle_branch_block_has_its_criteria():
    first, second, third = turns(lead_of("R", "V1"))
    assert first > 0 > second and third > first  # rSR'
    for lead in ("I", "V6"):
        wave = lead_of("R", lead)
        assert (wave < -0.1).sum() >= 40  # S of at least 40 ms
    assert lead_of("R", "V1")[TIMES > 0.15].min() < -0.05  # T against R'


def test_left_bundle_branch_block_has_its_criteria():
    v1 = lead_of("L", "V1")
    assert v1.min() < -0.7 and v1[TIMES < 0.1].max() < 0.15  # QS or rS
    for lead in ("I", "V6"):
        wave = lead_of("L", lead)
        assert (wave > 0.3).sum() >= 70 and wave[TIMES < 0.1].min() > -0.05  # broad R without Q
        high = [height for height in turns(wave) if height > 0]
        assert len(high) == 3 and high[1] < min(high[0], high[2])  # notched
        assert wave[TIMES > 0.15].min() < -0.1  # T against R


@pytest.mark.parametrize("conduction", ["L", "V", "/"])
def test_t_is_against_a_complex_of_the_ventricles_own(conduction):
    for lead in ("II", "V1", "V2"):
        wave = lead_of(conduction, lead, axis=-65 if conduction == "/" else 40)
        complex_, t_wave = wave[np.abs(TIMES) < 0.12], wave[TIMES > 0.17]
        main = complex_[30:][np.abs(complex_[30:]).argmax()]  # past the spike
        assert main * t_wave[np.abs(t_wave).argmax()] < 0


def test_t_goes_with_a_normal_complex():
    for lead in ("I", "II", "V4", "V5", "V6"):
        assert lead_of("N", lead)[TIMES > 0.12].max() > 0.1


@pytest.mark.parametrize("st", [0.2, -0.15])
def test_st_lies_between_qrs_and_t(st):
    change = lead_of("N", "II", st=st, axis=60) - lead_of("N", "II", axis=60)
    between_waves = (TIMES > 0.10) & (TIMES < 0.16)
    assert np.abs(change[between_waves] / st).min() > 0.7
    assert change[np.abs(change).argmax()] == pytest.approx(st, rel=0.02)
    assert np.abs(change[TIMES < 0]).max() < 0.15 * abs(st)


def test_qrs_lasts_as_long_as_it_is_told():
    for conduction in "NLRV/":
        for seconds in (0.08, 0.12, 0.16):
            begin, end = heart.bounds(
                heart.ventricles(conduction, 40.0, 1.0, seconds, 0.3, 0.2, 0.4, 0.0)
            )
            assert end - begin == pytest.approx(seconds)


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


NUMBERS = ["p_amplitude", "qrs_amplitude", "pr", "axis", "t_amplitude", "st"]
SECONDS = ["p_width", "qrs_width", "t_width", "qt", "rr"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *(({name: np.nan}, f"{name} is nan; give a finite number") for name in NUMBERS),
        *(({name: "0.2"}, f"{name} is '0.2'; give a finite number") for name in SECONDS),
        *(({name: 0}, f"{name} is 0; it must be above 0 s") for name in SECONDS),
        ({"conduction": "X"}, "'X'.*N, L, R"),
        ({"leads": ("V9",)}, "'V9'.*aVR"),
        ({"leads": "V9"}, "no lead 'V9'; there are I, II"),
        ({"leads": ()}, "no lead is given; there are I, II"),
        ({"times": np.zeros((2, 2))}, "one row of finite seconds"),
        ({"times": np.array([np.nan])}, "one row of finite seconds"),
    ],
)
def test_beat_refuses_what_it_cannot_draw(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate.beat(**{"times": np.zeros(3), **arguments})


@pytest.mark.parametrize("lead", ["II", "V1", "aVF"])
def test_one_name_is_one_lead(lead):
    times = np.linspace(-0.3, 0.5, 81)
    one = heart.beat(times, leads=lead)
    assert one.shape == (81, 1) and np.array_equal(one, heart.beat(times, leads=[lead]))
    assert np.array_equal(heart.projection(lead), heart.projection((lead,)))
