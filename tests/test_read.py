"""Anybody's own recording: every format, every doubt said aloud, every wrong unit refused."""

import dataclasses
import os
import re
import warnings
from fractions import Fraction
from pathlib import Path

import edfio
import numpy as np
import pytest
import wfdb
from scipy.signal import resample_poly

from ecglab import beats, formats, records, simulate
from ecglab.experiments import resnet50

RATES = (100, 128, 250, 360, 500, 1000)


@pytest.fixture(scope="module")
def patient():
    """A simulated patient's first minute, and where the beats are in it."""
    record = simulate.record("213")
    return record.signal[: 60 * 360].astype(float), record.samples[record.samples < 60 * 360]


def at(signal, fs):
    """The same signal at another rate."""
    part = Fraction(fs, 360)
    return resample_poly(signal, part.numerator, part.denominator, axis=0)


@pytest.fixture
def quiet():
    """Doubts are said as warnings; a test that looks elsewhere need not hear them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def write_wfdb(folder, signal, fs=360, names=("ECG1", "ECG2"), unit="mV", name="mine", **more):
    form = {"units": [unit] * len(names), "sig_name": list(names), "fmt": ["16"] * len(names)}
    wfdb.wrsamp(name, fs=fs, p_signal=signal, write_dir=str(folder), **form, **more)
    return folder / name


def write_csv(path, signal, head=None, separator=",", first=None):
    columns = signal if first is None else np.column_stack([first, signal])
    np.savetxt(path, columns, fmt="%.6f", delimiter=separator, header=head or "", comments="")
    if not head:
        path.write_text(path.read_text().lstrip("\n"))
    return path


# --- five foreign recordings ------------------------------------------------------------------


def test_wfdb_two_leads_128_hz(tmp_path, patient):
    signal = at(patient[0], 128)
    path = write_wfdb(tmp_path, signal, 128)
    record = records.read(path)
    assert (record.name, record.database, record.source) == ("mine", "file", "file")
    assert (record.fs, record.leads, record.simulated) == (128.0, ("ECG1", "ECG2"), False)
    assert record.signal == pytest.approx(signal, abs=2e-3)
    assert len(record.samples) == 0 and "beats.find" in record.notes[-1]
    for suffix in (".hea", ".dat"):
        assert records.read(f"{path}{suffix}").signal == pytest.approx(record.signal)


def test_wfdb_twelve_leads_1000_hz_in_microvolts(tmp_path):
    patient = simulate.record("1", "ludb")
    signal = resample_poly(patient.signal.astype(float), 2, 1, axis=0)
    names = [lead.lower() for lead in patient.leads]
    record = records.read(write_wfdb(tmp_path, signal * 1000, 1000, names, "uV"))
    assert record.leads == records.LUDB_LEADS and record.fs == 1000
    assert record.signal == pytest.approx(signal, abs=2e-3)


def test_edf(tmp_path, patient):
    signal = at(patient[0], 250)
    rng = np.random.default_rng(0)
    heart = {"physical_dimension": "uV", "physical_range": (-8000, 8000)}
    brain = {"physical_dimension": "uV", "physical_range": (-500, 500)}
    oxygen = {"physical_dimension": "%", "physical_range": (0, 100)}
    signals = [
        edfio.EdfSignal(signal[:, 0] * 1000, 250, label="ECG II", **heart),
        edfio.EdfSignal(rng.normal(size=len(signal)), 250, label="EEG Fpz", **brain),
        edfio.EdfSignal(np.full(60, 97.0), 1, label="SpO2", **oxygen),
    ]
    edfio.Edf(signals).write(tmp_path / "night.edf")
    record = records.read(tmp_path / "night.edf")
    assert (record.name, record.leads, record.fs) == ("night", ("II",), 250.0)
    assert record.signal[:, 0] == pytest.approx(signal[:, 0], abs=1e-3)
    assert "signals left aside: EEG Fpz, SpO2" in record.notes


def test_csv_of_one_lead_in_microvolts(tmp_path, patient):
    signal = at(patient[0], 250)[:, :1]
    path = write_csv(tmp_path / "watch.csv", signal * 1000, head="value")
    with pytest.raises(ValueError, match=r"does not say its sampling rate; give it in Hz"):
        records.read(path)
    with pytest.raises(ValueError, match=r"so the unit is not mV: units='uV' would make them"):
        records.read(path, fs=250)
    record = records.read(path, fs=250, units="µV", leads=["ii"])
    assert record.leads == ("II",) and record.signal == pytest.approx(signal, abs=1e-5)


def test_numpy_without_a_header(tmp_path, patient):
    signal = patient[0]
    np.save(tmp_path / "mine.npy", signal.T)
    with pytest.warns(UserWarning, match=r"mine.npy: its shape .* no names: .* mV is assumed"):
        record = records.read(tmp_path / "mine.npy", fs=360)
    assert record.leads == ("ECG1", "ECG2") and record.signal == pytest.approx(signal, abs=1e-6)
    assert any("(leads, samples)" in note for note in record.notes)
    with pytest.warns(UserWarning, match="mV is assumed"):
        record = records.read(tmp_path / "mine.npy", fs=360, leads=["MLII", "V1"])
    assert record.leads == ("MLII", "V1")


# --- further forms ----------------------------------------------------------------------------


def test_npz_says_it_all(tmp_path, patient, quiet):
    np.savez(tmp_path / "mine.npz", signal=patient[0], fs=360, leads=["mlii", "v1"])
    record = records.read(tmp_path / "mine.npz")
    assert (record.fs, record.leads) == (360.0, ("MLII", "V1"))


@pytest.mark.parametrize(
    ("name", "head", "separator", "scale", "fs"),
    [
        ("a.csv", "time,II,V1", ",", 1, None),
        ("a.csv", "Time (ms),II,V1", ",", 1000, None),
        ("a.tsv", "t\tII (mV)\tV1 [mV]", "\t", 1, None),
        ("a.csv", "sample;II;V1", ";", 360, 360),
        ("a.txt", "", " ", 1, None),
        ("a.txt", "", "\t", 360, 360),
    ],
)
def test_a_column_of_the_time_is_no_lead(
    tmp_path, patient, quiet, name, head, separator, scale, fs
):
    signal = patient[0][:7200]
    clock = np.arange(len(signal)) / 360 * scale
    path = write_csv(tmp_path / name, signal, head, separator, clock)
    record = records.read(path, fs=fs)
    assert record.fs == 360 and record.signal == pytest.approx(signal, abs=1e-5)
    assert record.leads == (("II", "V1") if head else ("ECG1", "ECG2"))


def test_a_table_as_physionet_exports_it_and_one_with_decimal_commas(tmp_path, patient, quiet):
    signal = patient[0][:3600]
    rows = [f"'0:00:{k / 360:06.3f}',{a:.5f},{b:.5f}" for k, (a, b) in enumerate(signal)]
    head = ["'Elapsed time','MLII','V5'", "'hh:mm:ss.mmm','mV','mV'"]
    (tmp_path / "a.csv").write_text("\n".join([*head, *rows]))
    record = records.read(tmp_path / "a.csv", fs=360)
    assert record.leads == ("MLII", "V5") and record.signal == pytest.approx(signal, abs=1e-4)
    rows = [f"{k / 360:.5f};{a:.5f}".replace(".", ",") for k, (a, _) in enumerate(signal)]
    (tmp_path / "b.csv").write_text("\n".join(["Zeit [s];II [mV]", *rows]))
    record = records.read(tmp_path / "b.csv")
    assert record.leads == ("II",) and record.fs == 360
    assert record.signal[:, 0] == pytest.approx(signal[:, 0], abs=1e-4)


def test_segments_are_joined_and_what_lies_between_is_unreadable(tmp_path, patient):
    signal = at(patient[0], 250)[:, :1]
    write_wfdb(tmp_path, signal[:5000], 250, ["II"], name="one")
    write_wfdb(tmp_path, signal[5000:9000], 250, ["II"], name="two")
    (tmp_path / "joined.hea").write_text("joined/2 1 250 9000\none 5000\ntwo 4000\n")
    assert records.read(tmp_path / "joined").signal == pytest.approx(signal[:9000], abs=2e-3)
    (tmp_path / "lay.hea").write_text("lay 1 250 0\n~ 0 200 16 0 0 0 0 II\n")
    lines = ["apart/4 1 250 10000", "lay 0", "one 5000", "~ 1000", "two 4000", ""]
    (tmp_path / "apart.hea").write_text("\n".join(lines))
    with pytest.warns(UserWarning, match=r"lead II: 4.0 s are missing, straight lines stand"):
        record = records.read(tmp_path / "apart")
    assert record.episodes.tolist() == [("unreadable", 5000, 6000)]
    assert np.isfinite(record.signal).all()
    found = beats.find(record).samples
    assert not ((found >= 5000) & (found < 6000)).any()


def test_a_header_without_gain_is_said_aloud(tmp_path, patient):
    path = write_wfdb(tmp_path, patient[0], adc_gain=[200, 200], baseline=[0, 0])
    header = (tmp_path / "mine.hea").read_text()
    assert len(re.findall(r"\b200\S*/mV", header)) == 2
    (tmp_path / "mine.hea").write_text(re.sub(r"\b200\S*/mV", "0", header))
    with pytest.warns(UserWarning, match="states no gain: 200 counts per mV"):
        record = records.read(path)
    assert record.signal == pytest.approx(patient[0], abs=3e-3)
    bare = ["mine 2 360 21600", "mine.dat 16", "mine.dat 16", ""]
    (tmp_path / "mine.hea").write_text("\n".join(bare))
    with pytest.warns(UserWarning, match="states no gain"):
        assert records.read(path).leads == ("ECG", "ECG (2)")


@pytest.mark.real
def test_the_supraventricular_database_as_a_foreign_one():
    folder = Path(os.environ["ECGLAB_DATA"])
    if not (folder / "svdb" / "1.0.0" / "860.hea").is_file():
        pytest.skip("svdb is not in ECGLAB_DATA")
    with pytest.warns(UserWarning, match="states no gain"):
        record = records.read(folder / "svdb" / "1.0.0" / "860")
    assert (record.fs, record.leads) == (128.0, ("ECG1", "ECG2"))
    assert "1 marks lie outside the recording: left aside" in record.notes
    assert record.rhythms.size == 0 and len(record.samples) > 1000


# --- leads ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "name"),
    [
        *[("ii", "II"), ("AVR", "aVR"), ("avl", "aVL"), ("mlii", "MLII"), ("v3r", "V3R")],
        *[("ECG II", "II"), ("EKG V1", "V1"), ("Lead I", "I"), ("ecg lead III", "III")],
        *[("ECG", "ECG"), ("ecg1", "ECG1"), ("Pleth", "Pleth"), (" V6 ", "V6")],
    ],
)
def test_names_of_leads(label, name):
    assert formats.lead_name(label) == name


def test_leads_are_taken_renamed_or_refused(tmp_path, patient):
    path = write_wfdb(tmp_path, patient[0], names=["mlii", "ecg2"])
    assert records.read(path).leads == ("MLII", "ECG2")
    record = records.read(path, leads=["ECG2", "Mlii"])
    assert record.leads == ("ECG2", "MLII")
    assert record.signal == pytest.approx(patient[0][:, ::-1], abs=2e-3)
    record = records.read(path, leads={"ecg2": "v1"})
    assert record.leads == ("V1",) and "the file's ECG2 is called V1, as asked" in record.notes
    with pytest.raises(ValueError, match=r"mine has no lead 'V5'; it has MLII, ECG2"):
        records.read(path, leads=["MLII", "V5"])
    with pytest.raises(ValueError, match="leads name MLII more than once; name each once"):
        records.read(path, leads=["MLII", "MLII"])


def test_names_that_say_nothing_can_be_replaced_in_order(tmp_path, patient):
    path = write_wfdb(tmp_path, patient[0])
    record = records.read(path, leads=["MLII", "V1"])
    assert record.leads == ("MLII", "V1")
    assert "the file's ECG1 is called MLII, as asked" in record.notes


def test_what_is_no_voltage_is_left_out(tmp_path, patient):
    signal = np.column_stack([patient[0][:, 0], 80 + 40 * patient[0][:, 1]])
    form = {"units": ["mV", "mmHg"], "sig_name": ["II", "ABP"], "fmt": ["16", "16"]}
    wfdb.wrsamp("both", fs=360, p_signal=signal, write_dir=str(tmp_path), **form)
    assert records.read(tmp_path / "both").leads == ("II",)


# --- units ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "units", "said"),
    [
        (1000, "uV", "units='uV' would make them"),
        (1e-3, "V", "units='V' would make them"),
        (200, 200, "units=200 would make them"),
        (1e6, "nV", "units='nV' would make them"),
        (5000, 5000, "units=N takes N counts for one mV"),
    ],
)
def test_a_wrong_unit_is_refused_with_the_one_that_mends_it(
    tmp_path, patient, quiet, factor, units, said
):
    np.save(tmp_path / "mine.npy", patient[0] * factor + 3 * factor)
    with pytest.raises(ValueError, match=said):
        records.read(tmp_path / "mine.npy", fs=360)
    record = records.read(tmp_path / "mine.npy", fs=360, units=units)
    assert record.signal == pytest.approx(patient[0] + 3, abs=1e-4)


def test_one_lead_in_another_unit_is_named(tmp_path, patient, quiet):
    np.save(tmp_path / "mine.npy", patient[0] * [1, 1000])
    with pytest.raises(ValueError, match="in lead V1 the beats are"):
        records.read(tmp_path / "mine.npy", fs=360, leads=["II", "V1"])


@pytest.mark.parametrize("units", ["mmHg", "", 0, -200, np.nan, True, "two"])
def test_what_is_no_unit(units):
    with pytest.raises(ValueError, match="it may be 'mV', 'uV', 'V', 'nV', or a number"):
        formats.millivolts(units)


def test_the_height_of_beats_knows_no_wander_no_offset_and_no_rate(patient):
    signal, _ = patient
    high = formats.beat_height(signal[:, 0], 360)
    time = np.arange(len(signal)) / 360
    wander = 3 + 0.5 * np.sin(2 * np.pi * 0.1 * time)
    assert formats.beat_height(signal[:, 0] + wander, 360) == pytest.approx(high, rel=0.1)
    for fs in RATES:
        assert formats.beat_height(at(signal[:, 0], fs), fs) == pytest.approx(high, rel=0.1)


@pytest.mark.real
def test_every_published_record_has_a_height_that_is_believed():
    for database in ("mitdb", "ludb"):
        for name in records.names(database):
            record = records.load(name, database)
            formats.check_height(record.signal, record.fs, record.leads)


def test_flat_and_missing_leads(tmp_path, patient, quiet):
    np.save(tmp_path / "flat.npy", np.zeros((1000, 2)))
    with pytest.raises(ValueError, match="the signal is flat in ECG1, ECG2"):
        records.read(tmp_path / "flat.npy", fs=360)
    np.save(tmp_path / "half.npy", patient[0] * [1, 0])
    record = records.read(tmp_path / "half.npy", fs=360)
    assert "lead ECG2: only 0 mV high; is it connected?" in record.notes
    np.save(tmp_path / "none.npy", patient[0] * [1, np.nan])
    with pytest.raises(ValueError, match="lead ECG2 holds no number; leave it out"):
        records.read(tmp_path / "none.npy", fs=360)


@pytest.mark.parametrize("factor", [1000, 200, 1e-3])
def test_the_network_is_not_asked_in_another_unit(factor):
    """A record made by hand is checked at the network's door, too."""
    patient = simulate.record("100")
    signal = patient.signal[:36000] * factor
    inside = patient.samples < 35000
    marks = {"samples": patient.samples[inside], "symbols": patient.symbols[inside]}
    other = dataclasses.replace(patient, signal=signal, rhythms=(), **marks)
    recipe = dataclasses.replace(resnet50.RECIPE, leads=("MLII", "V5"))
    with pytest.raises(ValueError, match="so the unit is not mV"):
        recipe.cut(other)


def test_leads_that_were_stretched_are_said_to_be(tmp_path, patient, quiet):
    signal = np.column_stack([patient[0], patient[0].mean(axis=1)])
    np.save(tmp_path / "mine.npy", signal)
    names = ["I", "II", "V1"]
    said = "each was stretched, so compare no heights"
    record = records.read(tmp_path / "mine.npy", fs=360, leads=names)
    assert not any(said in note for note in record.notes)
    np.save(tmp_path / "mine.npy", signal / np.ptp(signal, axis=0))
    record = records.read(tmp_path / "mine.npy", fs=360, leads=names)
    assert f"all leads span 1.00 mV: {said}" in record.notes


# --- rates ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fs", [99, 1001, 50, 4000])
def test_rates_that_are_declined(tmp_path, patient, fs):
    np.save(tmp_path / "mine.npy", patient[0])
    with pytest.raises(ValueError, match=f"has {fs} Hz; 100 to 1000 Hz can be used: resample"):
        records.read(tmp_path / "mine.npy", fs=fs)


@pytest.mark.parametrize("fs", [0, -250, np.nan, np.inf, "250", True])
def test_what_is_no_rate(tmp_path, patient, fs):
    np.save(tmp_path / "mine.npy", patient[0])
    with pytest.raises(ValueError, match="it must be a sampling rate above 0 Hz"):
        records.read(tmp_path / "mine.npy", fs=fs)


def test_a_rate_that_contradicts_the_file_is_refused(tmp_path, patient):
    with pytest.raises(ValueError, match="fs is 250 Hz, but mine says 360 Hz; leave fs out"):
        records.read(write_wfdb(tmp_path, patient[0]), fs=250)


@pytest.mark.parametrize("fs", RATES)
def test_beats_are_found_and_cut_at_any_rate(tmp_path, patient, quiet, fs):
    signal, samples = patient
    np.save(tmp_path / "mine.npy", at(signal, fs))
    record = beats.find(records.read(tmp_path / "mine.npy", fs=fs, leads=["MLII", "V1"]))
    found, true = record.samples / fs, samples / 360
    near = np.abs(found[:, None] - true).min(axis=0) < 0.15
    assert near.mean() > 0.97 and abs(len(found) - len(true)) <= 3
    assert set(record.symbols.tolist()) == {"?"}
    windows = beats.segment(record).windows
    assert windows.shape[1] == round(0.6 * fs)


# --- annotations ------------------------------------------------------------------------------


def test_annotations_in_each_form(tmp_path, patient):
    path = write_wfdb(tmp_path, patient[0])
    samples, symbols = [100, 400, 700], ["N", "V", "A"]
    given = records.read(path, annotations=(samples, symbols))
    assert given.samples.tolist() == samples and given.symbols.tolist() == symbols
    table = tmp_path / "marks.csv"
    for head in ("sample,symbol\n", ""):
        table.write_text(head + "100,N\n400,V\n700,A\n")
        assert records.read(path, annotations=table).samples.tolist() == samples
    wfdb.wrann("mine", "qrs", np.array([50, *samples]), ["+", *symbols], write_dir=str(tmp_path))
    marked = records.read(path, annotations="qrs")
    assert marked.samples.tolist() == samples and "".join(marked.symbols) == "NVA"
    wfdb.wrann("mine", "atr", np.array(samples), symbols, write_dir=str(tmp_path))
    assert records.read(path).samples.tolist() == samples, "atr is read if it is there"


@pytest.mark.parametrize(
    ("annotations", "error", "message"),
    [
        ("qrs", FileNotFoundError, "annotations is 'qrs'"),
        (([100, 300], ["N", "Noise"]), ValueError, "symbols hold 'Noise'"),
        (([100, 300], ["N"]), ValueError, "1 symbols for 2 samples"),
        (([300, 100], ["N", "N"]), ValueError, "sample 100 follows 300"),
        (([1.5, 3.5], ["N", "N"]), ValueError, "give whole numbers"),
    ],
)
def test_annotations_that_are_refused(tmp_path, patient, annotations, error, message):
    path = write_wfdb(tmp_path, patient[0])
    with pytest.raises(error, match=message):
        records.read(path, annotations=annotations)


def test_marks_outside_are_left_aside(tmp_path, patient):
    path = write_wfdb(tmp_path, patient[0])
    record = records.read(path, annotations=([100, 10**6], ["N", "N"]))
    assert record.samples.tolist() == [100]
    assert "1 marks lie outside the recording: left aside" in record.notes


# --- what is no recording ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pdf", b"%PDF", r"ends in .pdf; what can be read is WFDB"),
        ("a", b"hi", r"ends in nothing; what can be read is WFDB"),
        ("a.edf", b"hi", "is no whole EDF file"),
        ("a.npy", b"hi", "holds no array of numbers"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"hello,world\nfoo,bar\n", "holds no table of numbers"),
        ("a.hea", b"hi", "is damaged: its files do not fit its header"),
        ("a.hea", b"a 1 250 100\na.dat 16 200/mV 16 0 0 0 0 II\n", "is damaged"),
    ],
)
def test_what_is_no_recording(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        records.read(tmp_path / name, fs=250)


def test_a_folder_nothing_and_too_little(tmp_path, patient, quiet):
    with pytest.raises(ValueError, match="is a folder; name one recording in it"):
        records.read(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nor a WFDB header"):
        records.read(tmp_path / "nothing.csv")
    np.save(tmp_path / "short.npy", patient[0][:100])
    with pytest.raises(ValueError, match=r"lasts 0.28 s; 1 s or more is needed"):
        records.read(tmp_path / "short.npy", fs=360)
    np.savez(tmp_path / "two.npz", a=patient[0], b=patient[0])
    with pytest.raises(ValueError, match="holds a, b; call the array with the voltages 'signal'"):
        records.read(tmp_path / "two.npz", fs=360)
    np.save(tmp_path / "deep.npy", np.zeros((3, 4, 5)))
    with pytest.raises(ValueError, match=r"shape \(3, 4, 5\)"):
        records.read(tmp_path / "deep.npy", fs=360)
