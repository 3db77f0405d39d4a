"""Fetching files from PhysioNet, or a mirror of it, into this computer's cache.

A file is written beside its place, compared with its SHA-256, and moved there only when it
is whole (pooch does that), so two processes may share one cache. However a server behaves,
nothing waits for ever:

- a server that can't be reached is given up after `_TRIES` attempts of `_CONNECT_SECONDS`
  each and the six seconds that pooch waits between them: half a minute;
- one that sends nothing for `_SILENT_SECONDS` has the attempt ended;
- whatever it sends, a file that is not there `_FILE_SECONDS` after it was begun is given up.
"""

import errno
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from pathlib import Path

import pooch
import requests
import urllib3
from tqdm.auto import tqdm

_PHYSIONET = "https://physionet.org/files/"
_CONNECT_SECONDS = 5
_SILENT_SECONDS = 30  # between two packets
_FILE_SECONDS = 300  # a file of 2 MB, all attempts together: 7 kB/s
_TRIES = 4
_WORKERS = 8  # PhysioNet is slow for each request, not for each byte
_LEFTOVER_SECONDS = 3600

pooch.get_logger().setLevel("ERROR")  # our own messages say what happened


class RecordingUnavailable(OSError):
    """A recording can't be had, and simulated patients were ruled out or would hide why."""


class ServerFails(RecordingUnavailable):
    """The server does not answer, breaks off, refuses, or is too slow."""


class DamagedRecording(RecordingUnavailable, ValueError):
    """A recording whose files are incomplete or do not hold what was published."""


def cache() -> Path:
    """Return the folder in which fetched recordings are kept."""
    keeper = pooch.create(pooch.os_cache("ecglab"), _PHYSIONET, env="ECGLAB_CACHE")
    return keeper.path


def mirror() -> str:
    """Return the address that recordings are fetched from, with a slash at its end."""
    address = os.environ.get("ECGLAB_MIRROR") or _PHYSIONET
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"ECGLAB_MIRROR is {address!r}; it must begin with https:// or http://")
    return address.rstrip("/") + "/"


def answers(file: str) -> bool:
    """Ask the mirror, for at most twice the time to connect, whether it has a file."""
    asked = _start(requests.head, mirror() + file, timeout=_CONNECT_SECONDS, allow_redirects=True)
    try:
        return asked.result(2 * _CONNECT_SECONDS).ok
    except (requests.RequestException, TimeoutError):
        return False


def is_whole(path: Path, sha256: str | None) -> bool:
    """Tell whether a file is there and, if its SHA-256 is known, has the content it should."""
    return path.is_file() and (sha256 is None or pooch.file_hash(path) == sha256)


def fetch(hashes: Mapping[str, str | None], title: str = "") -> None:
    """Fetch those files into the cache that are not there whole, several at a time.

    Parameters
    ----------
    hashes : mapping of str to str or None
        For each file, by its path below the mirror, its SHA-256, or None if that is
        not known: then a file that is there is taken as it is.
    title : str
        Stands before a progress bar; without it there is none.

    Raises
    ------
    RecordingUnavailable
        At the first file that can't be had: `ServerFails` or `DamagedRecording`, or
        neither of them if this computer's disk is the reason. What is whole stays.
    """
    folder = cache()
    lacking = [file for file, sha256 in hashes.items() if not is_whole(folder / file, sha256)]
    if not lacking:
        return
    address, stop = mirror(), threading.Event()
    # pooch compares hashes, tries again, and moves to its place what is whole
    keeper = pooch.create(folder, address, registry=hashes, retry_if_failed=_TRIES - 1)
    todo, done = deque(lacking), queue.SimpleQueue()

    def work() -> None:
        with requests.Session() as session, suppress(IndexError):  # nothing left to do
            session.headers["Accept-Encoding"] = "identity"  # bytes as they are in the file
            while not stop.is_set():
                file = todo.popleft()
                download = partial(_download, session, stop, time.monotonic() + _FILE_SECONDS)
                try:
                    # pooch's own making of folders fails where another thread was quicker
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    keeper.fetch(file, downloader=download)
                    done.put((file, None))
                except Exception as error:
                    done.put((file, error))
                    stop.set()  # no worker begins another file

    # Not tqdm's `thread_map` or another executor: leaving one waits for all its threads, so that
    # neither Ctrl-C nor an error would end a download before the servers' last time-outs.
    workers = [_start(work) for _ in range(min(_WORKERS, len(lacking)))]
    # A worker gives up by itself, unless it hangs where no time-out reaches it, as in the
    # look-up of a name: so the main thread, which Ctrl-C ends, waits no longer than this.
    patience = _FILE_SECONDS + _CONNECT_SECONDS + _SILENT_SECONDS
    try:
        with tqdm(total=len(lacking), desc=title, unit="file", disable=not title or None) as bar:
            for _ in lacking:
                try:
                    file, error = done.get(timeout=patience)
                except queue.Empty:
                    file, error = "one of the files", TimeoutError()
                if error:
                    raise _explained(address, file, error) from error
                bar.update()
    finally:
        stop.set()
        wait(workers, timeout=1)  # most end with their next packet, and tidy up


def clear_leftovers(folder: Path) -> None:
    """Delete what killed processes left half; a young file may be another process's work."""
    for path in folder.rglob("tmp????????"):  # as tempfile, which pooch uses, names them
        with suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > _LEFTOVER_SECONDS:
                path.unlink()


def _start(function: Callable, *arguments: object, **options: object) -> Future:
    """Call a function in a thread that, unlike an executor's, never keeps Python from ending."""
    future: Future = Future()

    def run() -> None:
        try:
            future.set_result(function(*arguments, **options))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _download(
    session: requests.Session, stop: threading.Event, end: float, url: str, path: str, _: object
) -> None:
    """Make one attempt at one file, as pooch asks for it, with a limit for all attempts.

    `pooch.HTTPDownloader` limits the silence between two packets, so a server that drips
    a byte now and then would hold it for ever.
    """
    _check_time(stop, end)
    timeout = (_CONNECT_SECONDS, _SILENT_SECONDS)
    with session.get(url, stream=True, timeout=timeout) as response, open(path, "wb") as file:
        response.raise_for_status()
        if "html" in response.headers.get("Content-Type", ""):
            raise requests.RequestException("it shows a web page instead, perhaps of a login")
        try:
            while packet := response.raw.read1(2**16):  # what is there, be it one byte
                _check_time(stop, end)
                file.write(packet)
        except urllib3.exceptions.HTTPError as error:  # what requests makes of it, too
            raise requests.ConnectionError(error) from error


def _check_time(stop: threading.Event, end: float) -> None:
    if stop.is_set() or time.monotonic() > end:  # who stopped it reads no message
        raise TimeoutError


def _explained(address: str, file: str, error: Exception) -> RecordingUnavailable:
    """Return an exception that says which file, from where, why, what stays and what to do."""
    kind, reason = RecordingUnavailable, str(error)
    advice = "Try again, perhaps from another network, or set ECGLAB_MIRROR to another server"
    if isinstance(error, requests.RequestException):
        kind = ServerFails
    elif isinstance(error, TimeoutError):
        kind, reason = ServerFails, f"it did not come within {_FILE_SECONDS} seconds"
    elif isinstance(error, ValueError):  # pooch: the hash differs
        kind, reason = DamagedRecording, "what came is not the published file (its SHA-256 differs)"
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        reason = f"the disk is full ({error.strerror})"
        advice = "Make room, or set ECGLAB_CACHE to a folder on another disk, and try again"
    else:
        advice = "Set ECGLAB_CACHE to a folder that can be written, and try again"
    problem = f"{file} could not be fetched from {address}: {reason}"
    return kind(f"{problem}. What is whole stays in {cache()}. {advice}")
