"""Recordings: their form, their sources, and what is said of files that are damaged."""

import dataclasses
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import wfdb
from small_recordings import write_ludb, write_mitdb

from ecglab import records

SUFFIXES = ("hea", "dat", "atr")


@pytest.fixture
def given(alone, tmp_path):
    """A folder in ECGLAB_DATA with one small recording in it; returns where its files are."""
    alone.setenv("ECGLAB_DATA", str(tmp_path / "data"))
    return write_mitdb(tmp_path / "data")


# --- form -----------------------------------------------------------------------------------


def check_form(record):
    assert record.signal.dtype == np.float32
    assert record.signal.shape == (round(record.duration * record.fs), len(record.leads))
    assert record.samples.dtype == np.int64 and record.symbols.dtype == np.dtype("<U1")
    assert record.samples.shape == record.symbols.shape and len(record.samples) > 1
    assert (np.diff(record.samples) > 0).all()
    assert 0 <= record.samples[0] and record.samples[-1] < len(record.signal)
    assert set(record.symbols) <= set(records.BEAT_SYMBOLS)
    assert np.isfinite(record.signal).all() and np.ptp(record.signal) > 0


@pytest.mark.parametrize(("name", "database"), [("100", "mitdb"), ("1", "ludb"), ("800", "svdb")])
def test_form_of_a_simulated_record(alone, name, database):
    alone.setenv("ECGLAB_SOURCE", "simulated")
    record = records.load(name, database)
    check_form(record)
    assert record.simulated and str(record) == f"{name} (simulated)"
    assert f"{name} (simulated) of {database}" in repr(record)


@pytest.mark.real
def test_form_of_a_real_record():
    record = records.load("100")
    check_form(record)
    assert (record.source, record.simulated, str(record)) == ("folder", False, "100")
    assert (record.leads, record.fs) == (("MLII", "V5"), 360.0)
    assert record.signal.shape == (650_000, 2)
    assert record.notes == ("69 M 1085 1629 x1", "Aldomet, Inderal")
    assert record.signal[0].tolist() == pytest.approx([-0.145, -0.065])
    assert repr(record).endswith("30 min 6 s, 2273 beats (33 A, 2239 N, 1 V)")


def test_a_written_record_comes_back(given):
    record = records.load("100")
    check_form(record)
    assert (record.source, record.fs, record.leads) == ("folder", 360.0, ("MLII", "V5"))
    assert record.samples.tolist() == [100, 400, 760, 1100, 1500]
    assert "".join(record.symbols) == "NNVNA"
    time_ = np.arange(1800)
    assert record.lead("MLII") == pytest.approx(np.rint(100 * np.sin(time_ / 20)) / 200, abs=1e-6)
    assert record.lead("V5") == pytest.approx(np.rint(50 * np.cos(time_ / 30)) / 200, abs=1e-6)
    assert record.duration == 5.0 and record.waves == {}


def test_marks_that_are_no_beats_are_left_out(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    others = [(50, "+"), (300, "~"), (900, "["), (950, "!"), (980, "]"), (1300, "|"), (1400, "x")]
    write_mitdb(tmp_path, extra=others)
    record = records.load("100")
    assert record.samples.tolist() == [100, 400, 760, 1100, 1500]
    assert "!" not in records.BEAT_SYMBOLS


def test_a_written_ludb_record_comes_back(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    write_ludb(tmp_path)
    record = records.load("1", "ludb")
    check_form(record)
    assert record.leads == records.LUDB_LEADS and record.fs == 500.0
    assert record.signal[:, 1] == pytest.approx(np.sin(np.arange(1000) / 20 + 1), abs=6e-4)
    assert list(record.waves) == list(records.LUDB_LEADS)
    assert record.waves["I"].tolist() == [
        ("P", -1, 100, 120),
        ("QRS", 180, 200, 220),
        ("T", 300, 350, -1),
        ("QRS", -1, 700, -1),
    ]
    assert record.waves["V6"]["peak"].tolist() == [111, 211, 361, 711]
    assert record.samples.tolist() == [201, 701], "the QRS peaks of lead II"
    assert record.symbols.tolist() == ["?", "?"]
    assert "Rhythm: Sinus rhythm." in record.notes


def test_symbols_are_those_that_files_hold():
    symbols = list(records.SYMBOLS.values())
    assert len(symbols) == len(set(symbols)) and " " not in symbols, "no end mark"
    assert set(records.BEAT_SYMBOLS) < set(symbols) and {*"[!]~+|x()ptu"} < set(symbols)
    assert records.SYMBOLS[1] == "N" and records.SYMBOLS[14] == "~"


def test_lists_of_names():
    assert (len(records.DS1), len(records.DS2), len(records.PACED)) == (22, 22, 4)
    assert len(set(records.DS1 + records.DS2 + records.PACED)) == 48
    assert set(records.names("mitdb")) == set(records.DS1 + records.DS2 + records.PACED)
    assert len({records.subject(name) for name in records.MITDB}) == 47
    assert records.subject("202") == records.subject("201") == "201"
    assert records.subject("202", "ludb") == "202"
    assert len({records.subject(name, "svdb") for name in records.SVDB}) == 78


def test_names_are_written_out():
    assert records.names_of("all", "svdb") == records.SVDB == records.names("svdb")
    assert records.names_of("all") == records.MITDB
    assert records.names_of([800, "894"], "svdb") == ("800", "894")
    with pytest.raises(ValueError, match="svdb has no record 'DS1'; it has 78: 800, 801"):
        records.names_of("DS1", "svdb")
    with pytest.raises(ValueError, match="mitdb has no record '800'"):
        records.names_of("800")


# --- what is refused ------------------------------------------------------------------------


def test_unknown_record(alone):
    with pytest.raises(ValueError, match=r"mitdb has no record '999'; it has 48: 100, 101"):
        records.load("999")
    with pytest.raises(ValueError, match="ludb has no record '201'; it has 200"):
        records.load("201", "ludb")


def test_names_are_checked():
    for database in records.DATABASES:
        for name in records.names(database):
            records.check_name(name, database)
    with pytest.raises(ValueError, match="nstdb has no record '100'; it has 3: bw, em, ma, …"):
        records.check_name("100", "nstdb")
    with pytest.raises(ValueError, match="no database 'edb'; there are mitdb, ludb, nstdb"):
        records.check_name("100", "edb")


def test_a_number_is_taken_for_a_name(given):
    assert records.load(100).name == "100"


@pytest.mark.parametrize("call", [records.names, records.describe, lambda d: records.load("1", d)])
def test_unknown_database(call):
    with pytest.raises(ValueError, match="no database 'mitbih'; there are mitdb, ludb, nstdb"):
        call("mitbih")


def test_unknown_lead(given):
    with pytest.raises(ValueError, match="record 100 has no lead 'II'; it has MLII, V5"):
        records.load("100").lead("II")


def test_data_folder_that_is_none(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=r"ECGLAB_DATA is '.*nowhere', which is not a folder"):
        records.load("100")


def test_unknown_source(alone):
    alone.setenv("ECGLAB_SOURCE", "physionet")
    with pytest.raises(ValueError, match="'physionet'; it may be 'real', 'simulated' or unset"):
        records.load("100")


def test_real_with_nothing_there(alone):
    alone.setenv("ECGLAB_SOURCE", "real")
    with pytest.raises(records.RecordingUnavailable, match="record 100") as caught:
        records.load("100")
    message = str(caught.value)
    for part in ("ECGLAB_DATA (not set)", "cache", "http://127.0.0.1:9/", "unset ECGLAB_SOURCE"):
        assert part in message


# --- sources --------------------------------------------------------------------------------


def test_without_any_source_patients_are_simulated(alone):
    assert records.load("100").source == "simulated"
    assert records.describe("mitdb").startswith("mitdb 1.0.0: SIMULATED patients")


def test_real_with_nothing_there_is_not_called_simulated(alone):
    alone.setenv("ECGLAB_SOURCE", "real")
    said = records.describe("mitdb")
    assert said.startswith("mitdb 1.0.0: no recordings") and "SIMULATED" not in said
    assert "http://127.0.0.1:9/ does not answer" in said


def test_a_mirror_that_is_no_address(alone):
    alone.setenv("ECGLAB_MIRROR", "physionet.org/files")
    for call in (records.load, records.download):
        with pytest.raises(ValueError, match=r"ECGLAB_MIRROR is 'physionet\.org/files'; it must"):
            call(["mitdb"] if call is records.download else "100")


def test_simulated_by_choice_leaves_the_folder_alone(given, monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    (given / "100.dat").write_bytes(b"damaged")
    assert records.load("100").source == "simulated"
    assert "SIMULATED" in records.describe("mitdb")


def test_a_record_that_the_folder_lacks_comes_from_the_next_source(given):
    assert records.load("101").source == "simulated"


def test_describe_names_the_folder(given):
    said = "mitdb 1.0.0: real recordings, from the folder in ECGLAB_DATA"
    assert records.describe() == f"{said} (1 of its 48 records are there)"


LAYOUTS = (
    "mitdb/1.0.0",
    "mitdb",
    "mit-bih-arrhythmia-database-1.0.0",
    "mitdb/mit-bih-arrhythmia-database-1.0.0",
    "physionet.org/files/mitdb/1.0.0",
    ".",
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_folder_is_understood_as_people_have_it(alone, tmp_path, layout):
    """As PhysioNet's zip unpacks, as its mirror command leaves it, without the version, bare."""
    place = tmp_path / "given" / layout
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(write_mitdb(tmp_path / "written"), place)
    alone.setenv("ECGLAB_DATA", str(tmp_path / "given"))
    record = records.load("100")
    assert (record.source, len(record.samples)) == ("folder", 5)
    assert records.describe().startswith("mitdb 1.0.0: real recordings, from the folder")
    assert "where no record of ludb was found" in records.describe("ludb")


@pytest.mark.parametrize("layout", ["ludb", "lobachevsky-university-electrocardiography-database"])
def test_a_database_with_a_folder_of_its_own(alone, tmp_path, layout):
    write_ludb(tmp_path / "written")
    shutil.copytree(tmp_path / "written" / "ludb" / "1.0.1", tmp_path / "given" / layout)
    alone.setenv("ECGLAB_DATA", str(tmp_path / "given"))
    assert records.load("1", "ludb").source == "folder"


def test_a_folder_that_fits_nothing_is_named(alone, tmp_path):
    (tmp_path / "pictures").mkdir()
    alone.setenv("ECGLAB_DATA", str(tmp_path / "pictures"))
    said = records.describe()
    assert said.startswith("mitdb 1.0.0: SIMULATED patients")
    assert f"ECGLAB_DATA is {tmp_path / 'pictures'}, where no record of mitdb was found" in said
    alone.setenv("ECGLAB_SOURCE", "simulated")
    assert "ECGLAB_DATA" not in records.describe(), "nobody was to look there"


@pytest.mark.real
def test_a_whole_folder_needs_no_count():
    assert records.describe() == "mitdb 1.0.0: real recordings, from the folder in ECGLAB_DATA"


# --- damaged files --------------------------------------------------------------------------


def shorten(folder):
    content = (folder / "100.dat").read_bytes()
    (folder / "100.dat").write_bytes(content[: len(content) // 2])


def lose_the_end(folder):
    """Take the last samples off so evenly that a reader without a length would not notice."""
    content = (folder / "100.dat").read_bytes()
    (folder / "100.dat").write_bytes(content[:-3])


def change_one_byte(folder):
    content = bytearray((folder / "100.dat").read_bytes())
    content[1000] ^= 1
    (folder / "100.dat").write_bytes(content)


def fill_header(folder):
    (folder / "100.hea").write_bytes(b"\x00\xffnot a header\n" * 5)


def empty(suffix):
    def emptied(folder):
        (folder / f"100.{suffix}").write_bytes(b"")

    emptied.__name__ = f"empty_{suffix}"
    return emptied


def remove(suffix):
    def removed(folder):
        (folder / f"100.{suffix}").unlink()

    removed.__name__ = f"remove_{suffix}"
    return removed


def lengthen_header(folder):
    header = (folder / "100.hea").read_text()
    first, rest = header.split("\n", 1)
    words = first.split()
    words[3] = str(int(words[3]) + 300)
    (folder / "100.hea").write_text(" ".join(words) + "\n" + rest)


DAMAGES = [
    *(shorten, lose_the_end, change_one_byte, fill_header, lengthen_header),
    *(empty("dat"), empty("hea"), remove("atr"), remove("dat"), remove("hea")),
]
by_name = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)


@by_name
def test_damage_is_noticed(given, damage):
    assert records.load("100").source == "folder"
    damage(given)
    with pytest.raises(records.DamagedRecording, match="100"):
        records.load("100")


@pytest.mark.real
@by_name
def test_damage_of_a_real_recording_is_noticed(alone, tmp_path, damage, real_100):
    folder = tmp_path / "mitdb" / "1.0.0"
    shutil.copytree(real_100, folder)
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    damage(folder)
    with pytest.raises(records.DamagedRecording, match="100"):
        records.load("100")


@pytest.fixture(scope="module")
def real_100(tmp_path_factory):
    folder = tmp_path_factory.mktemp("100")
    for suffix in SUFFIXES:
        source = Path(os.environ["ECGLAB_DATA"]) / "mitdb" / "1.0.0" / f"100.{suffix}"
        shutil.copyfile(source, folder / source.name)  # the content, not the read-only mode
    return folder


@pytest.mark.parametrize("part", [0.5, 0], ids=["half", "empty"])
def test_cut_off_annotations_are_noticed(given, part):
    content = (given / "100.atr").read_bytes()
    (given / "100.atr").write_bytes(content[: int(len(content) * part) // 2 * 2])
    with pytest.raises(records.DamagedRecording, match="100"):
        records.load("100")


def test_missing_file_is_named(given):
    (given / "100.atr").unlink()
    with pytest.raises(records.DamagedRecording, match=r"incomplete: 100\.atr missing; put"):
        records.load("100")


def test_checksums_are_named(given):
    change_one_byte(given)
    with pytest.raises(records.DamagedRecording, match=r"checksums \[\d+, \d+\], its header says"):
        records.load("100")


def test_beat_beyond_the_end(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    write_mitdb(tmp_path, samples=(100, 1799), symbols="NN")
    assert records.load("100").samples[-1] == 1799
    write_mitdb(tmp_path, samples=(100, 1800), symbols="NN")
    with pytest.raises(records.DamagedRecording, match="outside the record's 1800 samples"):
        records.load("100")


def test_missing_ludb_annotations(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    folder = write_ludb(tmp_path)
    (folder / "1.avr").unlink()
    with pytest.raises(records.DamagedRecording, match=r"data/1\.avr missing"):
        records.load("1", "ludb")


# --- pinned hashes --------------------------------------------------------------------------


def test_pinned_hashes_cover_every_file():
    for database in ("mitdb", "ludb", "svdb"):
        pinned = records._cached_files(database, *records.names(database))
        assert all(len(value) == 64 for value in pinned.values())
        assert len(pinned) == len(records._hashes(database)), "no other file"
    assert set(records._cached_files("nstdb", "em").values()) == {None}
    assert set(records._hashes("nstdb")) == set(records.NSTDB), "its samples are pinned"


@pytest.mark.real
def test_pinned_hashes_are_those_of_the_recordings():
    folder = Path(os.environ["ECGLAB_DATA"])
    for file, expected in records._cached_files("mitdb", "100").items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == expected


@pytest.mark.real
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_changed_bit_of_a_real_file_is_noticed(monkeypatch, tmp_path, real_100, suffix):
    """Also where no checksum reaches: in annotations, and in a header's gains."""
    folder = tmp_path / "mitdb" / "1.0.0"
    shutil.copytree(real_100, folder)
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    assert len(records.load("100").samples) == 2273
    content = bytearray((folder / f"100.{suffix}").read_bytes())
    content[20] ^= 1
    (folder / f"100.{suffix}").write_bytes(content)
    with pytest.raises(records.DamagedRecording, match=f"100.{suffix} is not the file that Phys"):
        records.load("100")


def test_corrections_of_ones_own(given):
    record = records.load("100")
    mended = dataclasses.replace(record, symbols=np.array(list("NNNNA")))
    assert mended.symbols.tolist() == ["N", "N", "N", "N", "A"] and mended.name == "100"


# --- nstdb ----------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("name", records.NSTDB)
def test_noises(monkeypatch, tmp_path, name):
    if not (Path(os.environ["ECGLAB_DATA"]) / "nstdb" / "1.0.0").is_dir():
        pytest.skip("no nstdb in ECGLAB_DATA")
    record = records.load(name, "nstdb")
    assert record.signal.shape == (650_000, 2) and record.signal.dtype == np.float32
    assert (record.fs, record.leads) == (360.0, ("noise1", "noise2"))
    assert len(record.samples) == len(record.symbols) == len(record.episodes) == 0
    assert "uncalibrated" in record.notes[-1] and repr(record).endswith("no beats")
    counts = record.signal.astype(float) * 200
    assert np.allclose(counts, np.rint(counts), atol=1e-3)

    folder = tmp_path / "nstdb" / "1.0.0"
    folder.mkdir(parents=True)
    for file in (f"{name}.hea", f"{name}.dat"):
        source = Path(os.environ["ECGLAB_DATA"]) / "nstdb" / "1.0.0" / file
        shutil.copyfile(source, folder / file)
    content = bytearray((folder / f"{name}.dat").read_bytes())
    content[999:1002], content[1998:2001] = content[1998:2001], content[999:1002]
    (folder / f"{name}.dat").write_bytes(content)  # the sums stay what they were
    monkeypatch.setenv("ECGLAB_DATA", str(tmp_path))
    with pytest.raises(records.DamagedRecording, match="does not hold PhysioNet's samples"):
        records.load(name, "nstdb")


# --- episodes -------------------------------------------------------------------------------


def test_episodes(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    extra = [(150, "~"), (200, "~"), (900, "["), (950, "!"), (980, "]"), (1550, "~")]
    subtypes = {150: -1, 200: 3, 1550: -1}
    write_mitdb(tmp_path, extra=extra, subtypes=subtypes)
    record = records.load("100")
    assert record.episodes.dtype == records.EPISODE
    assert record.episodes.tolist() == [
        ("unreadable", 150, 200),
        ("flutter", 900, 980),
        ("unreadable", 1550, 1800),
    ]
    assert len(record.samples) == 5


def test_noise_that_hides_no_beat_is_no_episode(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    write_mitdb(tmp_path, extra=[(150, "~"), (200, "~")], subtypes={150: 3})
    assert records.load("100").episodes.tolist() == []


@pytest.mark.parametrize(
    ("subtype", "unreadable"),
    [(-1, True), (0x30, True), (0x33, True), (0x10, False), (0x20, False), (0x0F, False)],
)
def test_both_signals_must_be_unreadable(alone, tmp_path, subtype, unreadable):
    """Bits 4 and 5 stand for the two signals, as WFDB's bxb takes them."""
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    write_mitdb(tmp_path, extra=[(150, "~"), (200, "~")], subtypes={150: subtype})
    expected = [("unreadable", 150, 200)] if unreadable else []
    assert records.load("100").episodes.tolist() == expected


def test_rhythms(alone, tmp_path):
    """A beat is in the rhythm that was named last; before any is named, in none."""
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    texts = {300: "(AFIB", 1000: "(N\0", 1100: "PVC"}
    write_mitdb(tmp_path, extra=[(300, "+"), (1000, "+")], texts=texts)
    assert records.load("100").rhythms.tolist() == ["", "AFIB", "AFIB", "N", "N"]


def test_simulated_rhythms(alone):
    sick, well = records.load("201").rhythms, records.load("100").rhythms
    assert set(sick) == {"N", "AFIB"} and set(well) == {"N"}
    assert len(sick) == len(records.load("201").samples)


@pytest.mark.real
@pytest.mark.parametrize("name", records.MITDB)
def test_rhythms_of_real_records(name):
    """As one goes by hand through what wfdb reads."""
    record = records.load(name)
    marks = wfdb.rdann(f"{os.environ['ECGLAB_DATA']}/mitdb/1.0.0/{name}", "atr")
    expected, now = [], None
    for symbol, text in zip(marks.symbol, marks.aux_note, strict=True):
        if symbol == "+":
            now = text.strip("\0").removeprefix("(")
        elif symbol in records.BEAT_SYMBOLS:
            expected.append(now)
    assert record.rhythms.tolist() == expected


@pytest.mark.real
def test_episodes_of_real_records():
    assert records.load("101").episodes.tolist() == [("unreadable", 115124, 115478)]
    flutter = records.load("207").episodes
    assert set(flutter["kind"]) == {"flutter"} and len(flutter) == 6
    assert (flutter["offset"] > flutter["onset"]).all()
    assert len(records.load("100").episodes) == 0
