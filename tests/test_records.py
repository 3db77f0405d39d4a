"""Recordings: their form, their sources, and what is said of files that are damaged."""

import hashlib
import http.server
import os
import shutil
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
from conftest import write_ludb, write_mitdb

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


@pytest.mark.parametrize(("name", "database"), [("100", "mitdb"), ("1", "ludb")])
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


def test_lists_of_names():
    assert (len(records.DS1), len(records.DS2), len(records.PACED)) == (22, 22, 4)
    assert len(set(records.DS1 + records.DS2 + records.PACED)) == 48
    assert set(records.names("mitdb")) == set(records.DS1 + records.DS2 + records.PACED)
    assert len({records.subject(name) for name in records.MITDB}) == 47
    assert records.subject("202") == records.subject("201") == "201"
    assert records.subject("202", "ludb") == "202"


# --- what is refused ------------------------------------------------------------------------


def test_unknown_record(alone):
    with pytest.raises(ValueError, match=r"mitdb has no record '999'; it has 48: 100, 101"):
        records.load("999")
    with pytest.raises(ValueError, match="ludb has no record '201'; it has 200"):
        records.load("201", "ludb")


def test_a_number_is_taken_for_a_name(given):
    assert records.load(100).name == "100"


@pytest.mark.parametrize("call", [records.names, records.describe, lambda d: records.load("1", d)])
def test_unknown_database(call):
    with pytest.raises(ValueError, match="no database 'mitbih'; there are mitdb, ludb"):
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


def test_simulated_by_choice_leaves_the_folder_alone(given, monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    (given / "100.dat").write_bytes(b"damaged")
    assert records.load("100").source == "simulated"
    assert "SIMULATED" in records.describe("mitdb")


def test_a_record_that_the_folder_lacks_comes_from_the_next_source(given):
    assert records.load("101").source == "simulated"


def test_describe_names_the_folder(given):
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
    with pytest.raises(records.DamagedRecording, match="beats outside its 1800 samples"):
        records.load("100")


def test_missing_ludb_annotations(alone, tmp_path):
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    folder = write_ludb(tmp_path)
    (folder / "1.avr").unlink()
    with pytest.raises(records.DamagedRecording, match=r"data/1\.avr missing"):
        records.load("1", "ludb")


# --- fetching -------------------------------------------------------------------------------


class Server(http.server.ThreadingHTTPServer):
    """PhysioNet in small: serves the files of one record and counts what it is asked for."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = files, []
        self.answer = "whole"  # or wrong, truncated, stalled, or a status such as 404
        self.released = threading.Event()  # lets stalled answers end with the test

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        name, answer = self.path.removeprefix("/mitdb/1.0.0/"), self.server.answer
        self.server.asked.append(name)
        body = self.server.files.get(name)
        if body is None or isinstance(answer, int):
            self.send_error(answer if isinstance(answer, int) else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer == "stalled":
            self.wfile.write(body[:10])
            self.wfile.flush()
            self.server.released.wait(20)
        elif answer == "truncated":
            self.wfile.write(body[: len(body) // 2])
        else:
            self.wfile.write(bytes(len(body)) if answer == "wrong" else body)

    def log_message(self, *arguments):
        """Keep quiet."""


@pytest.fixture
def server(alone, tmp_path):
    """A mirror with record 100, whose hashes the package takes for PhysioNet's."""
    folder = write_mitdb(tmp_path / "served")
    files = {f"100.{suffix}": (folder / f"100.{suffix}").read_bytes() for suffix in SUFFIXES}
    hashes = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    original = records._fetcher

    def fetcher(database):
        made = original(database)
        made.registry = dict(hashes)
        return made

    alone.setattr(records, "_fetcher", fetcher)
    alone.setitem(records.DATABASES, "mitdb", records.Database("1.0.0", ("100",), SUFFIXES))
    # pooch waits a second or more before each of its retries
    alone.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda seconds: None))
    mirror = Server(files)
    alone.setenv("ECGLAB_MIRROR", mirror.address)
    thread = threading.Thread(target=mirror.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield mirror
    mirror.released.set()
    mirror.shutdown()
    mirror.server_close()
    thread.join(10)


def kept():
    """Return the names of all files in the cache, whole ones and others."""
    return sorted(path.name for path in records.cache().rglob("*") if path.is_file())


def test_a_record_is_fetched_once(server):
    assert "fetched from http://127.0.0.1" in records.describe()
    record = records.load("100")
    check_form(record)
    assert record.source == "PhysioNet"
    assert sorted(server.asked) == ["100.atr", "100.dat", "100.hea"]
    assert kept() == ["100.atr", "100.dat", "100.hea"]
    again = records.load("100")
    assert again.source == "cache" and np.array_equal(again.signal, record.signal)
    assert len(server.asked) == 3, "the second time nobody is asked"
    assert records.describe().endswith("from this computer's cache")


def test_the_cache_needs_no_server(server, monkeypatch):
    records.load("100")
    monkeypatch.setenv("ECGLAB_MIRROR", "http://127.0.0.1:9/")
    assert records.load("100").source == "cache"


def test_a_damaged_cache_is_mended(server):
    records.load("100")
    path = next(records.cache().rglob("100.dat"))
    path.write_bytes(b"damaged")
    record = records.load("100")
    check_form(record)
    assert path.read_bytes() == server.files["100.dat"]


def test_wrong_bytes(server):
    server.answer = "wrong"
    with pytest.raises(records.DamagedRecording, match=r"100 of mitdb came damaged from http"):
        records.load("100")
    assert kept() == []
    server.answer = "whole"
    assert records.load("100").source == "PhysioNet"


@pytest.mark.parametrize("answer", ["truncated", 404, 500])
@pytest.mark.parametrize("policy", ["", "real"])
def test_failing_server(server, monkeypatch, answer, policy):
    server.answer = answer
    monkeypatch.setenv("ECGLAB_SOURCE", policy)
    if policy:
        with pytest.raises(records.RecordingUnavailable, match="record 100 of mitdb"):
            records.load("100")
    else:
        assert records.load("100").source == "simulated"
    assert server.asked, "the server was tried"
    assert kept() == [], "nothing half stays"
    server.answer = "whole"
    monkeypatch.setattr(records, "_answered", {})  # a new process
    assert records.load("100").source == "PhysioNet"
    assert kept() == ["100.atr", "100.dat", "100.hea"]


@pytest.mark.parametrize("policy", ["", "real"])
@pytest.mark.timeout(60)
def test_stalled_server(server, monkeypatch, policy):
    server.answer = "stalled"
    monkeypatch.setenv("ECGLAB_SOURCE", policy)
    monkeypatch.setattr(records, "_TIMEOUT_SECONDS", (0.5, 0.2))
    started = time.perf_counter()
    if policy:
        with pytest.raises(records.RecordingUnavailable):
            records.load("100")
    else:
        assert records.load("100").source == "simulated"
    assert time.perf_counter() - started < 15
    assert kept() == []


def test_download_fetches_everything_once(server):
    assert records.download(["mitdb"]) == records.cache()
    assert kept() == ["100.atr", "100.dat", "100.hea"]
    records.download(["mitdb"])
    assert len(server.asked) == 3
    assert records.load("100").source == "cache"


def test_download_goes_on_where_it_broke_off(server):
    held_back = server.files.pop("100.atr")
    with pytest.raises(records.RecordingUnavailable, match=r"mitdb/1\.0\.0/100\.atr.*try again"):
        records.download(["mitdb"])
    assert kept() == ["100.dat", "100.hea"]
    server.files["100.atr"] = held_back
    server.asked.clear()
    records.download(["mitdb"])
    assert server.asked == ["100.atr"]


@pytest.mark.parametrize("answer", ["wrong", "truncated", 404, 500])
def test_download_from_a_failing_server(server, answer):
    server.answer = answer
    with pytest.raises(records.RecordingUnavailable, match=r"100\.hea could not be fetched"):
        records.download(["mitdb"])
    assert kept() == []


def test_download_of_an_unknown_database(alone):
    with pytest.raises(ValueError, match="no database 'edb'"):
        records.download(["edb"])


def test_pinned_hashes_cover_every_file():
    for database, pattern in records.DATABASES.items():
        registry = records._fetcher(database).registry
        wanted = [file for name in pattern.names for file in pattern.files(name)]
        assert set(wanted) == set(registry)
        assert all(len(value) == 64 for value in registry.values())


@pytest.mark.real
def test_pinned_hashes_are_those_of_the_recordings():
    folder = Path(os.environ["ECGLAB_DATA"]) / "mitdb" / "1.0.0"
    registry = records._fetcher("mitdb").registry
    files = records.DATABASES["mitdb"].files("100")
    assert {f: hashlib.sha256((folder / f).read_bytes()).hexdigest() for f in files} == {
        f: registry[f] for f in files
    }
