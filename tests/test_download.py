"""Fetching: from a server that fails in every way known, onto a disk that is full, by two at once.

The server is this computer's. A limit is shortened only while a test waits for it: a server that
works has all the time that a busy computer takes, so no test depends on load.
"""

import dataclasses
import errno
import hashlib
import http.server
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
from small_recordings import write_mitdb

from ecglab import fetch, records

NAMES = ("100", "101", "103", "105", "106")
NSTDB = Path(os.environ.get("ECGLAB_DATA", "")) / "nstdb" / "1.0.0"
PINNED = records._hashes  # before a test puts its own in their place
UNTIL_SILENT = fetch._SILENT_SECONDS  # likewise
FILES = tuple(f"{name}.{suffix}" for name in NAMES for suffix in ("hea", "dat", "atr"))
FILES_OF_100 = ["100.atr", "100.dat", "100.hea"]

# --- a server -------------------------------------------------------------------------------

HANGING = 600  # seconds that a stalled answer lasts if no limit ends it
GENEROUS = {"_CONNECT_SECONDS": 60, "_SILENT_SECONDS": 60, "_FILE_SECONDS": 300}


def answer(handler, body=b"", status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def whole(handler, body):
    answer(handler, body, Content_Length=len(body))


def truncated(handler, body):
    answer(handler, body[: len(body) // 2], Content_Length=len(body))


def chunked_that_breaks_off(handler, body):
    half = len(body) // 2
    answer(handler, b"%x\r\n%s\r\n" % (half, body[:half]), Transfer_Encoding="chunked")


def dies_half_way(handler, body):
    """Reset the connection, as a machine does that restarts."""
    truncated(handler, body)
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def hangs_up(handler, body):
    handler.connection.shutdown(socket.SHUT_RDWR)


def stalls_before_headers(handler, body):
    handler.server.released.wait(HANGING)


def stalls_within_the_body(handler, body):
    answer(handler, body[:10], Content_Length=len(body))
    handler.wfile.flush()
    handler.server.released.wait(HANGING)


def drip(handler, content):
    """Send one byte after the other, well before the time-out between two packets."""
    for byte in content:
        if handler.server.released.wait(0.1):
            return
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()


def drips(handler, body):
    answer(handler, Content_Length=len(body))
    drip(handler, body)


def drips_in_chunks(handler, body):
    answer(handler, Transfer_Encoding="chunked")
    drip(handler, b"".join(b"1\r\n%c\r\n" % byte for byte in body))


def drips_headers(handler, body):
    drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"slow" * 1000)


def says_404(handler, body):
    handler.send_error(404)


def says_500(handler, body):
    handler.send_error(500)


def wrong_bytes(handler, body):
    whole(handler, bytes(len(body)))


def nothing_at_all(handler, body):
    whole(handler, b"")


def redirects_to_nowhere(handler, body):
    answer(handler, status=302, Location="http://127.0.0.1:9/elsewhere", Content_Length=0)


def redirects_in_a_circle(handler, body):
    answer(handler, status=302, Location=handler.path, Content_Length=0)


def shows_a_login_page(handler, body):
    page = b"<html><form>Welcome to our network. Please log in.</form></html>"
    html = "text/html; charset=utf-8"
    answer(handler, page, Content_Type=html, Content_Length=len(page))


def is_no_http(handler, body):
    handler.wfile.write(b"220 ready for FTP\r\n")


STALLS = [stalls_before_headers, stalls_within_the_body]
DRIPS = [drips, drips_in_chunks]
SLOW = [*STALLS, *DRIPS, drips_headers]
BROKEN = [
    *(truncated, chunked_that_breaks_off, dies_half_way, hangs_up, is_no_http),
    *(says_404, says_500, redirects_to_nowhere, redirects_in_a_circle),
    shows_a_login_page,
]
#: One of each kind, where all would tell no more than they do of a whole download.
KINDS = [stalls_before_headers, drips, drips_headers, truncated, says_404, shows_a_login_page]
#: Why a download failed, as its reader is told.
REASONS = {
    says_404: "404",
    redirects_to_nowhere: "refused",
    shows_a_login_page: "a web page instead, perhaps of a login",
    wrong_bytes: "what came is not the published file",
    drips: "it did not come within 0.7 seconds",
}


def each(faults):
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.__name__)


class Server(http.server.ThreadingHTTPServer):
    """PhysioNet in small: serves a few records and counts what it is asked for."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = files, []
        self.hashes = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
        self.answer = whole
        self.times = None  # how often each file is answered so, before it comes whole
        self.delay, self.busy, self.busiest = 0.0, 0, 0
        self.lock = threading.Lock()
        self.released = threading.Event()  # lets stalled answers end with the test

    def handle_error(self, request, client_address):
        """Keep quiet: clients hang up, that is the point."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        server, name = self.server, self.path.rsplit("/", 1)[1]
        with server.lock:
            server.asked.append(name)
            server.busy += 1
            server.busiest = max(server.busiest, server.busy)
        time.sleep(server.delay)
        body = server.files.get(name)
        done = server.times is not None and server.asked.count(name) > server.times
        if body is None:
            self.send_error(404)
        else:
            (whole if done else server.answer)(self, body)
        with server.lock:
            server.busy -= 1

    def log_message(self, *arguments):
        """Keep quiet."""


@pytest.fixture
def server(alone, tmp_path):
    """A mirror with five records, whose hashes the package takes for PhysioNet's."""
    for name in NAMES:
        folder = write_mitdb(tmp_path / "served", name=name)
    files = {name: (folder / name).read_bytes() for name in FILES}
    mirror = Server(files)
    small = dataclasses.replace(records.DATABASES["mitdb"], names=NAMES)
    alone.setitem(records.DATABASES, "mitdb", small)
    alone.setattr(records, "_hashes", lambda database: mirror.hashes)
    set_limits(alone, GENEROUS)
    # pooch waits a second or more before each of its retries
    alone.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda seconds: None))
    alone.setenv("ECGLAB_MIRROR", f"http://127.0.0.1:{mirror.server_port}/")
    thread = threading.Thread(target=mirror.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield mirror
    mirror.released.set()
    mirror.shutdown()
    mirror.server_close()
    thread.join(10)


def set_limits(monkeypatch, limits):
    for name, seconds in limits.items():
        monkeypatch.setattr(fetch, name, seconds)


def fails(server, monkeypatch, fault, silent=0.5):
    """Let the server fail, and shorten the limit that ends this way of failing, no other."""
    records.describe()  # whether it answers at all is asked with time to spare
    server.answer = fault
    if fault in STALLS:
        set_limits(monkeypatch, {"_SILENT_SECONDS": silent})
    elif fault in DRIPS:
        set_limits(monkeypatch, {"_FILE_SECONDS": 0.7})
    elif fault is drips_headers:  # seen by no worker; the three together end it
        set_limits(monkeypatch, dict.fromkeys(GENEROUS, 0.7))


def works(server, monkeypatch):
    """Let the server work again, for as long as it takes."""
    server.answer = whole
    server.released.set()
    set_limits(monkeypatch, GENEROUS)


@pytest.fixture
def limit():
    """Tell whether a limit ended the waiting: without one it lasts five times as long."""
    started = time.perf_counter()
    yield
    assert time.perf_counter() - started < HANGING / 5


def kept_paths():
    return [path for path in records.cache().rglob("*") if path.is_file()]


def kept():
    """Return the names of all files in the cache, whole ones and others."""
    return sorted(path.name for path in kept_paths())


def all_whole(server):
    return all(server.files[path.name] == path.read_bytes() for path in kept_paths())


def settled():
    """Return what is kept once the threads that were told to stop have tidied up."""
    until(lambda: not set(kept()) - set(FILES))
    return kept()


def until(happens):
    """Wait for something that happens at once, or, on a busy computer, later."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not happens():
        time.sleep(0.02)


# --- one record -----------------------------------------------------------------------------


def test_a_record_is_fetched_once_and_then_needs_no_server(server, monkeypatch):
    assert "fetched from http://127.0.0.1" in records.describe()
    record = records.load("100")
    assert record.source == "PhysioNet" and record.samples.tolist() == [100, 400, 760, 1100, 1500]
    assert sorted(server.asked) == kept() == FILES_OF_100
    monkeypatch.setenv("ECGLAB_MIRROR", "http://127.0.0.1:9/")
    again = records.load("100")
    assert again.source == "cache" and np.array_equal(again.signal, record.signal)
    assert len(server.asked) == 3, "the second time nobody is asked"


def test_a_cache_may_be_named_from_home(server, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # Windows
    monkeypatch.setenv("ECGLAB_CACHE", "~/mine")
    assert records.cache() == tmp_path / "mine"
    assert [records.load("100").source for _ in range(2)] == ["PhysioNet", "cache"]


def test_a_damaged_cache_is_mended(server):
    first = records.load("100")
    path = next(records.cache().rglob("100.dat"))
    path.write_bytes(b"damaged")
    assert np.array_equal(records.load("100").signal, first.signal)
    assert path.read_bytes() == server.files["100.dat"]


@each([*KINDS, wrong_bytes])
def test_a_record_from_a_failing_server(server, monkeypatch, limit, fault):
    fails(server, monkeypatch, fault)
    if fault is wrong_bytes:
        problem = r"mitdb/1\.0\.0/100\.\w+ could not be .* from http.* not the published file"
        with pytest.raises(records.DamagedRecording, match=problem):
            records.load("100")
    else:
        with pytest.warns(UserWarning, match="simulated patients stand in .* could not be fetched"):
            assert records.load("100").simulated
        assert records.load("101").simulated, "and nobody waits a second time"
    until(lambda: server.asked)
    assert server.asked, "the server was tried"
    server.released.set()
    assert settled() == [], "nothing half stays"
    works(server, monkeypatch)
    monkeypatch.setattr(records, "_answered", {})  # a new process
    assert records.load("100").source == "PhysioNet"
    assert settled() == FILES_OF_100


@each([says_404, drips])
def test_nobody_stands_in_where_real_recordings_are_asked_for(server, monkeypatch, fault):
    fails(server, monkeypatch, fault)
    monkeypatch.setenv("ECGLAB_SOURCE", "real")
    with pytest.raises(records.RecordingUnavailable, match=r"100 of mitdb: .*set ECGLAB_MIR"):
        records.load("100")


@each([*STALLS, *BROKEN, wrong_bytes])
def test_a_failure_that_passes_is_overcome(server, monkeypatch, limit, fault):
    fails(server, monkeypatch, fault, silent=2)  # the whole answer, too, must come within it
    server.times = 1
    assert records.load("100").source == "PhysioNet"
    assert settled() == FILES_OF_100


# --- whole databases ------------------------------------------------------------------------


def test_download_fetches_everything_once_and_several_files_at_a_time(server):
    server.delay = 0.1
    assert records.download(["mitdb"]) == records.cache()
    assert kept() == sorted(FILES) and 2 <= server.busiest <= 8
    records.download(["mitdb"])
    assert len(server.asked) == len(FILES)
    assert all(records.load(name).source == "cache" for name in NAMES)


def test_one_progress_bar_over_everything(server, monkeypatch):
    bars = []

    class Bar(fetch.tqdm):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **{**options, "disable": False})
            bars.append(self)

    other = dataclasses.replace(records.DATABASES["mitdb"], version="2.0.0")
    monkeypatch.setitem(records.DATABASES, "other", other)
    monkeypatch.setattr(fetch, "tqdm", Bar)
    records.download(["mitdb", "other"])
    assert [(bar.n, bar.total, bar.desc) for bar in bars] == [(30, 30, "mitdb, other")]


def test_download_goes_on_where_it_broke_off(server):
    held_back = server.files.pop("105.atr")
    with pytest.raises(records.RecordingUnavailable, match=r"mitdb/1\.0\.0/105\.atr.*ry again"):
        records.download(["mitdb"])
    there = settled()
    assert "105.atr" not in there and len(there) > 3
    server.files["105.atr"] = held_back
    server.asked.clear()
    records.download(["mitdb"])
    assert sorted(server.asked) == sorted(set(FILES) - set(there))
    assert kept() == sorted(FILES)


@each([*SLOW, *BROKEN, wrong_bytes])
def test_download_from_a_failing_server(server, monkeypatch, limit, fault):
    fails(server, monkeypatch, fault)
    with pytest.raises(records.RecordingUnavailable, match=REASONS.get(fault)) as caught:
        records.download(["mitdb"])
    message = str(caught.value)
    assert "could not be fetched from http://127.0.0.1" in message
    assert f"What is whole stays in {records.cache()}." in message and "ry again" in message
    assert "\n" not in message
    server.released.set()
    assert settled() == [], "nothing half stays"
    assert len(set(server.asked)) < len(FILES), "it stops at the first hopeless error"
    works(server, monkeypatch)
    records.download(["mitdb"])
    assert settled() == sorted(FILES)


def test_download_when_names_are_looked_up_for_ever(server, monkeypatch, limit):
    """No time-out of a socket reaches there."""
    set_limits(monkeypatch, dict.fromkeys(GENEROUS, 0.5))
    hang = server.released.wait
    monkeypatch.setattr(fetch.requests.Session, "get", lambda *_, **__: hang(HANGING))
    with pytest.raises(records.RecordingUnavailable, match="did not come within"):
        records.download(["mitdb"])


# --- files whose hash is not known ----------------------------------------------------------


@each([wrong_bytes, nothing_at_all])
def test_files_without_a_hash_are_proved_by_reading(server, monkeypatch, fault):
    monkeypatch.setattr(records, "_hashes", lambda database: {})
    server.answer = fault
    with pytest.raises(records.DamagedRecording, match=r"record 100 .* deleted from the cache"):
        records.download(["mitdb"])
    assert not {"100.hea", "100.dat", "100.atr"} & set(settled()), "nothing damaged stays"
    with pytest.raises(records.DamagedRecording, match="deleted from the cache"):
        records.load("101")
    server.answer = whole
    assert records.load("101").source == "PhysioNet"


def test_files_with_a_hash_stay_whatever_reading_them_says(server, monkeypatch):
    """They are PhysioNet's, so the trouble is elsewhere: too little memory, say."""
    records.load("100")

    def unreadable(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(records.wfdb, "rdrecord", unreadable)
    with pytest.raises(records.DamagedRecording, match="MemoryError"):
        records.load("100")
    assert kept() == FILES_OF_100


@pytest.mark.real
def test_nstdb_is_fetched_and_proved(server, monkeypatch):
    if not NSTDB.is_dir():
        pytest.skip("no nstdb in ECGLAB_DATA")
    monkeypatch.setattr(records, "_hashes", PINNED)
    server.files = {path.name: path.read_bytes() for path in NSTDB.iterdir()}
    good, server.files["em.dat"] = server.files["em.dat"], server.files["bw.dat"]
    with pytest.raises(records.RecordingUnavailable, match=r"record em of nstdb .*em\.dat"):
        records.download(["nstdb"])
    assert "bw.dat" in kept() and "em.dat" not in kept()
    server.files["em.dat"] = good
    records.download(["nstdb"])
    until(lambda: kept() == sorted(server.files))
    assert kept() == sorted(server.files)
    assert [records.load(name, "nstdb").source for name in records.NSTDB] == ["cache"] * 3


# --- the disk -------------------------------------------------------------------------------


def fails_for_all(message):
    with pytest.raises(records.RecordingUnavailable, match=message):
        records.load("100")
    with pytest.raises(records.RecordingUnavailable, match=message):
        records.download(["mitdb"])


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EFBIG"])
def test_a_disk_that_is_full(server, monkeypatch, name):
    """No simulated patient stands in, either."""
    code = getattr(errno, name)

    class Full(io.FileIO):
        def write(self, packet):
            super().write(packet[:10])
            raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "open", Full, raising=False)
        fails_for_all("disk is full .* Make room, or set ECGLAB_CACHE to a folder .* try again")
    assert settled() == [], "nothing half stays"
    records.download(["mitdb"])
    assert kept() == sorted(FILES)


def test_a_cache_that_can_not_be_written(server, monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv("ECGLAB_CACHE", str(tmp_path / "occupied"))
    fails_for_all("Set ECGLAB_CACHE to a folder that")


# --- several processes ----------------------------------------------------------------------

# What a subprocess needs to take the small mirror for PhysioNet.
PREPARED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background

import dataclasses, json, os
from ecglab import records
names, hashes = json.loads(os.environ["SMALL"])
small = dataclasses.replace(records.DATABASES["mitdb"], names=tuple(names))
records.DATABASES["mitdb"] = small
records._hashes = lambda database: hashes
"""


def program(code, server, tmp_path):
    """Start Python on some code, with the small mirror and a cache of its own."""
    environment = {
        **{key: value for key, value in os.environ.items() if key != "ECGLAB_DATA"},
        "SMALL": json.dumps([NAMES, server.hashes]),
        "ECGLAB_CACHE": str(records.cache()),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PREPARED + code],
        env=environment,
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_two_processes_share_one_cache(server, tmp_path):
    server.delay = 0.02
    code = 'records.download(["mitdb"])\nprint(len([records.load(n) for n in names]))'
    both = [program(code, server, tmp_path) for _ in range(2)]
    for one in both:
        said, trouble = one.communicate(timeout=300)
        assert (one.returncode, said.strip(), trouble) == (0, str(len(NAMES)), "")
    assert kept() == sorted(FILES), "nothing else is left"
    assert all_whole(server)


@pytest.mark.parametrize("ending", ["SIGKILL", "SIGINT"])
def test_a_process_that_is_stopped(server, tmp_path, ending):
    server.answer = stalls_within_the_body
    code = """
print("ready", flush=True)
try:
    records.download(["mitdb"])
except KeyboardInterrupt:
    print("stopped")
"""
    process = program(code, server, tmp_path)
    assert process.stdout.readline().strip() == "ready"
    until(lambda: len(server.asked) >= 8 and kept())
    started = time.perf_counter()
    process.send_signal(getattr(signal, ending))
    said, trouble = process.communicate(timeout=300)
    waiting = time.perf_counter() - started
    assert waiting < UNTIL_SILENT / 2, "Ctrl-C ends it, not a time-out"
    assert (said, trouble) == ("stopped\n" if ending == "SIGINT" else "", "")
    left = kept()
    assert not set(left) & set(FILES) and all(name.startswith("tmp") for name in left)

    server.answer = whole
    server.released.set()
    records.download(["mitdb"])
    assert set(kept()) - set(FILES) == set(left), "young: perhaps another process's work"
    old = time.time() - 2 * 3600
    for path in kept_paths():
        if path.name in left:
            os.utime(path, (old, old))
    (records.cache() / "tmp_notours").write_text("not below a database's folder")
    records.download(["mitdb"])
    assert set(kept()) == {*FILES, "tmp_notours"}
