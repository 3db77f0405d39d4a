"""Tables of text as others write them: every head, every clock, every decimal sign."""

import datetime
import gzip

import edfio
import numpy as np
import pytest

from ecglab import findings, records, simulate
from ecglab.__main__ import main

FS = 250
LONG = 30 * FS


@pytest.fixture(scope="module")
def signal():
    """Thirty seconds of a simulated patient in two leads, at 250 Hz, in µV rounded to 0.1."""
    record = simulate.record("119")
    time = np.arange(LONG) / FS
    own = np.arange(len(record.signal)) / record.fs
    return np.stack([np.interp(time, own, lead) for lead in record.signal.T], axis=1).round(4)


@pytest.fixture(autouse=True)
def _no_warnings(recwarn):
    """Doubts are said as warnings; here they are read from the notes."""


def rows(signal, separator=",", decimal=".", clock=None, end=""):
    """Return the lines of a table, one a sample."""
    lines = []
    for k, values in enumerate(signal):
        cells = [f"{value:.4f}" for value in np.atleast_1d(values)]
        if clock is not None:
            cells.insert(0, clock(k))
        lines.append(separator.join(cells).replace(".", decimal) + end)
    return lines


def seconds(k):
    return f"{k / FS:.5f}"


def read(folder, head, lines, name="mine.csv", **choices):
    path = folder / name
    path.write_text("\n".join([*head, *lines, ""]), encoding="utf-8")
    return records.read(path, **choices)


APPLE = [
    *("Name,A learner", "Date of Birth,", "Recorded Date,2026-01-05 10:11:12 +0100"),
    *("Classification,Sinus Rhythm", "Software Version,1.90", 'Device,"Watch5,1"'),
    *("Sample Rate,250 hertz", "", "Lead,Lead I", "Unit,mV", ""),
]

#: What stands above the numbers; with what the rest of the table is written; which leads it has.
TABLES = {
    "one column": (["II (mV)"], {"one": True, "fs": FS}, ("II",)),
    "one column, named with a blank": (["Lead I"], {"one": True, "fs": FS}, ("I",)),
    "one column, decimal commas": (["II"], {"one": True, "decimal": ",", "fs": FS}, ("II",)),
    "a watch": (APPLE, {"one": True}, ("I",)),
    "lines that say things": (
        ["Patient,A learner", "Date,2020", "Sampling rate,250", "MLII (mV),V1 (mV)"],
        {},
        ("MLII", "V1"),
    ),
    "free text above": (
        ["Recorded at home", "with a strap", "", "time;MLII;V1"],
        {"separator": ";", "clock": seconds},
        ("MLII", "V1"),
    ),
    "remarks above": (["# Sampling rate: 250 Hz", "MLII,V1"], {}, ("MLII", "V1")),
    "blank lines first": (["", "", "", "time,MLII,V1"], {"clock": seconds}, ("MLII", "V1")),
    "commas at the end": (["time,MLII,V1,"], {"clock": seconds, "end": ","}, ("MLII", "V1")),
    "more commas in the head": (
        ["time,MLII,V1,,"],
        {"clock": seconds, "end": ","},
        ("MLII", "V1"),
    ),
    "a label in each line": (
        ["time,MLII,V1,label"],
        {"clock": seconds, "end": ",N"},
        ("MLII", "V1"),
    ),
    "numbers in brackets": (["II (1),V1 (2)"], {"fs": FS}, ("II", "V1")),
    "the unit after the name": (["II_mV,V1_mV"], {"fs": FS}, ("II", "V1")),
    "a line of units": (["MLII,V1", "millivolt,millivolt"], {"fs": FS}, ("MLII", "V1")),
    "counts, and their number given": (["MLII,V1", "adu,adu"], {"fs": FS, "units": 1}, None),
    "tabs and decimal commas": (
        ["time\tMLII\tV1"],
        {"separator": "\t", "decimal": ",", "clock": seconds},
        ("MLII", "V1"),
    ),
    "milliseconds in the name": (
        ["time_ms,MLII,V1"],
        {"clock": lambda k: f"{k * 4}"},
        ("MLII", "V1"),
    ),
    "milliseconds, not said": (["time,MLII,V1"], {"clock": lambda k: f"{k * 4}"}, ("MLII", "V1")),
    "microseconds since 1970": (
        ["Timestamp,MLII,V1"],
        {"clock": lambda k: f"{1_700_000_000_000_000 + 4000 * k}"},
        ("MLII", "V1"),
    ),
    "a time that comes late now and then": (
        ["Timestamp,MLII,V1"],
        {"clock": lambda k: f"{4 * k + k % 3}"},
        ("MLII", "V1"),
    ),
    "time of day, past midnight": (
        ["time,MLII,V1"],
        {"clock": lambda k: _of_day(k).strftime("%H:%M:%S.%f")},
        ("MLII", "V1"),
    ),
    "date and time": (
        ["date,MLII,V1"],
        {"clock": lambda k: _of_day(k).isoformat(timespec="microseconds") + "Z"},
        ("MLII", "V1"),
    ),
}


def _of_day(k):
    start = datetime.datetime(2026, 1, 5, 23, 59, 50)
    return start + datetime.timedelta(seconds=k / FS)


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_every_kind(tmp_path, signal, kind):
    head, form, leads = TABLES[kind]
    form = dict(form)
    own = signal[:, 0] if form.pop("one", False) else signal
    choices = {name: form.pop(name) for name in ("fs", "units") if name in form}
    record = read(tmp_path, head, rows(own, **form), **choices)
    assert record.fs == FS and len(record.signal) == LONG
    assert record.signal == pytest.approx(own.reshape(LONG, -1), abs=1e-4)
    assert record.leads == (leads or ("MLII", "V1"))
    assert len(record.episodes) == 0


def test_a_watch_that_writes_microvolts(tmp_path, signal):
    head = [line.replace("mV", "µV") for line in APPLE]
    record = read(tmp_path, head, rows(1000 * signal[:, 0]))
    assert record.signal[:, 0] == pytest.approx(signal[:, 0], abs=1e-4)
    assert not any("no unit is stated" in note for note in record.notes)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_in_other_encodings(tmp_path, signal, encoding):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["II (µV),V1 (µV)", *rows(1000 * signal)]), encoding=encoding)
    record = records.read(path, fs=FS)
    assert record.leads == ("II", "V1")
    assert record.signal == pytest.approx(signal, abs=1e-4)


def test_what_stands_below_the_numbers_is_left_aside(tmp_path, signal):
    lines = [*rows(signal, clock=seconds), "END", "", "signed by nobody"]
    record = read(tmp_path, ["time,II,V1"], lines)
    assert len(record.signal) == LONG and "its last 2 lines hold no numbers: left aside" in str(
        record.notes
    )


def test_names_that_do_not_fit_are_said_to_be_left_aside(tmp_path, signal):
    record = read(tmp_path, ["I,II,V1"], rows(signal), fs=FS)
    assert record.leads == ("ECG1", "ECG2")
    assert "its head names 3 columns and it has 2: the names are left aside" in record.notes


def _with_hole(k):
    return f"{(k + (k >= 3000) * 9000) / FS:.4f}"


def _wrapping(k):
    return f"{(k % 2500) / FS:.4f}"


@pytest.mark.parametrize("clock", [_with_hole, _wrapping])
@pytest.mark.parametrize("choices", [{}, {"fs": FS}], ids=["", "rate given"])
def test_times_with_a_hole_are_refused(tmp_path, signal, clock, choices):
    with pytest.raises(ValueError, match=r"the times in time are not evenly .* as at sample \d+"):
        read(tmp_path, ["time,II,V1"], rows(signal, clock=clock), **choices)


def test_times_of_which_many_are_left_out_are_refused(tmp_path, signal):
    kept = np.random.default_rng(0).random(LONG) < 0.75
    lines = [line for line, one in zip(rows(signal, clock=seconds), kept, strict=True) if one]
    with pytest.raises(ValueError, match="are not evenly spaced"):
        read(tmp_path, ["time,II,V1"], lines)


@pytest.mark.parametrize(
    "content", [gzip.compress(b"0,1\n" * 999), b"\x89PNG\r\n\x1a\n\0\0\0"], ids=["gzip", "png"]
)
def test_what_is_no_text_is_said(tmp_path, content):
    (tmp_path / "mine.csv").write_bytes(content + b"\0")
    with pytest.raises(ValueError, match=r"mine.csv is no text; it may be of another format"):
        records.read(tmp_path / "mine.csv", fs=FS)


@pytest.mark.parametrize(
    "others",
    [
        {"fs": np.array([250.0, 1.0])},
        {"fs": 250 + 0j},
        {"fs": "250 Hz"},
        {"fs": FS, "leads": ["II"]},
        {"fs": FS, "leads": ["I", "II", "III"]},
    ],
    ids=["two rates", "complex", "text", "too few names", "too many"],
)
def test_arrays_with_wrong_companions(tmp_path, signal, others):
    np.savez(tmp_path / "mine.npz", signal=signal, **others)
    with pytest.raises(ValueError, match=r"mine.npz (can't be read: fs must be|has \d names)"):
        records.read(tmp_path / "mine.npz")


def test_arrays_as_other_programs_store_them(tmp_path, signal):
    np.savez(tmp_path / "mine.npz", signal=signal[:, :1], fs=np.array([[250.0]]), leads="II")
    record = records.read(tmp_path / "mine.npz")
    assert (record.fs, record.leads) == (FS, ("II",))
    stored = (tmp_path / "mine.npz").read_bytes()
    (tmp_path / "bad.npz").write_bytes(stored[:400] + b"?" * 40 + stored[440:])
    with pytest.raises(ValueError, match=r"bad\.npz"):
        records.read(tmp_path / "bad.npz")


# --- EDF --------------------------------------------------------------------------------------


def edf(path, signals, write=edfio.Edf):
    form = {"physical_dimension": "mV", "physical_range": (-8, 8)}
    parts = [edfio.EdfSignal(column, rate, label=label, **form) for label, rate, column in signals]
    write(parts).write(path)
    return path


def test_an_edf_file_that_was_cut_is_no_whole_one(tmp_path, signal):
    path = edf(tmp_path / "mine.edf", [("II", FS, signal[:, 0])])
    stored = path.read_bytes()
    path.write_bytes(stored[: len(stored) // 2])
    with pytest.raises(ValueError, match="is no whole EDF file"):
        records.read(path)


def test_an_edf_file_with_gaps_is_refused(tmp_path, signal):
    form = {"physical_dimension": "mV", "physical_range": (-8, 8)}
    lead = edfio.EdfSignal(signal[:, 0], FS, label="II", **form)
    path = tmp_path / "mine.edf"
    edfio.Edf([lead], annotations=[edfio.EdfAnnotation(1, None, "walking")]).write(path)
    assert records.read(path).leads == ("II",)
    stored = path.read_bytes()
    assert b"EDF+C" in stored and b"+15\x14\x14" in stored
    path.write_bytes(stored.replace(b"EDF+C", b"EDF+D").replace(b"+15\x14\x14", b"+75\x14\x14"))
    with pytest.raises(ValueError, match=r"mine\.edf has gaps in it"):
        records.read(path)


def test_signals_of_muscles_are_left_aside_where_none_is_called_an_ecg(tmp_path, signal):
    muscle = np.random.default_rng(0).normal(size=2 * LONG)
    two = [(f"Chan {k + 1}", FS, signal[:, k]) for k in range(2)]
    record = records.read(edf(tmp_path / "mine.edf", [*two, ("EMG", 2 * FS, muscle)]))
    assert record.leads == ("Chan 1", "Chan 2") and record.fs == FS


# --- what is doubtful of the signal -----------------------------------------------------------


def test_leads_that_are_cut_off_are_doubtful(tmp_path, signal):
    cut = np.clip(signal, -0.2, 0.2)
    record = read(tmp_path, ["MLII (mV),V1 (mV)"], rows(cut), fs=FS)
    assert "lead MLII: it stays at its highest or lowest value; is it cut off?" in record.notes
    whole = read(tmp_path, ["MLII (mV),V1 (mV)"], rows(signal), fs=FS)
    assert not any("cut off" in note for note in whole.notes)


def test_single_missing_samples_are_no_unreadable_stretches(tmp_path, signal):
    holed = signal.copy()
    holed[::7] = np.nan
    holed[2000:3000] = np.nan
    record = read(tmp_path, ["MLII (mV),V1 (mV)"], rows(holed), fs=FS)
    (gap,) = record.episodes
    assert abs(gap["onset"] - 2000) < 8 and abs(gap["offset"] - 3000) < 8


@pytest.mark.parametrize("leads", [["ii", "II"], {"ECG1": "V1", "ECG2": "v1"}])
def test_two_leads_can_not_get_one_name(tmp_path, signal, leads):
    with pytest.raises(ValueError, match=r"twice|more than once"):
        read(tmp_path, ["ECG1,ECG2"], rows(signal), fs=FS, leads=leads)


def test_one_lead_can_not_get_two_names(tmp_path, signal, capsys):
    read(tmp_path, ["MLII,V1"], rows(signal), fs=FS)
    asked = ["--fs", "250", "--leads", "MLII=II", "MLII=V1"]
    assert main(["read", str(tmp_path / "mine.csv"), *asked]) != 0
    assert "MLII more than once" in capsys.readouterr().err


def test_a_home_that_nobody_has_is_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError, match=r"no file ~nobody-of-this-name/mine\.csv"):
        records.read("~nobody-of-this-name/mine.csv")


def test_a_spike_hides_no_beats(signal):
    """A detector that sets its thresholds by the spike would find next to none after it."""
    record = simulate.record("119")
    spiked = record.signal.copy()
    spiked[200:214] = -32.8
    heart = findings._find(records.Record(**_fields(record, record.signal)), "MLII")
    found = findings._find(records.Record(**_fields(record, spiked)), "MLII")
    assert abs(len(found.samples) - len(heart.samples)) < 0.02 * len(heart.samples)
    assert found.signal is spiked or np.array_equal(found.signal, spiked)


def _fields(record, signal):
    """Return what a recording is made of, without its marks."""
    return {
        "name": "mine",
        "database": "file",
        "subject": "mine",
        "signal": signal,
        "fs": record.fs,
        "leads": record.leads,
        "source": "file",
        "samples": (),
        "symbols": (),
    }


def test_a_stretch_without_found_beats_is_said(signal):
    record = simulate.record("119")
    silent = record.signal[: 120 * 360].copy()
    silent[20 * 360 : 40 * 360] = 0
    found = findings._find(records.Record(**_fields(record, silent)), "MLII")
    (doubt,) = findings._pauses(found)
    start, end = (int(word) for word in doubt.split() if word.isdigit())
    assert doubt.startswith("the beats: none was found between")
    assert abs(start - 20) <= 2 and abs(end - 40) <= 2
    assert (
        findings._pauses(findings._find(records.Record(**_fields(record, record.signal)), None))
        == []
    )
