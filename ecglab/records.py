"""Recordings: which there are, where they come from, and how one is read.

Sources are tried in this order:

1. the folder named by the environment variable ``ECGLAB_DATA``,
2. the user's cache,
3. PhysioNet (or the mirror named by ``ECGLAB_MIRROR``), file by file into the cache,
4. simulated patients.

``ECGLAB_SOURCE=real`` turns step 4 into an error, ``ECGLAB_SOURCE=simulated``
starts there. `describe` says which source is in force.

Anybody's own recording, in one of several formats, is read by `read`.
"""

import functools
import hashlib
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pooch
import wfdb

from ecglab import fetch, formats, given, simulate
from ecglab.databases import (
    BEAT_SYMBOLS,
    DATABASES,
    DS1,
    DS2,
    EPISODE,
    LUDB,
    LUDB_LEADS,
    MITDB,
    NSTDB,
    PACED,
    SOURCES,
    SVDB,
    SYMBOLS,
    WAVE,
    Database,
    Record,
    beat_marks,
    check_name,
    checked_rate,
    checked_samples,
    checked_symbols,
    database_of,
    names,
    subject,
)
from ecglab.fetch import DamagedRecording, RecordingUnavailable, cache

__all__ = [
    "BEAT_SYMBOLS",
    "DATABASES",
    "DS1",
    "DS2",
    "EPISODE",
    "LUDB",
    "LUDB_LEADS",
    "MITDB",
    "NSTDB",
    "PACED",
    "SOURCES",
    "SVDB",
    "SYMBOLS",
    "WAVE",
    "DamagedRecording",
    "Database",
    "Record",
    "RecordingUnavailable",
    "cache",
    "check_name",
    "describe",
    "download",
    "load",
    "names",
    "names_of",
    "read",
    "subject",
]

#: Sampling rates in Hz at which beats are found, cut and called; see `read`.
LOWEST_RATE, HIGHEST_RATE = 100.0, 1000.0

Leads = str | Sequence[str] | Mapping[str, str] | None
Annotations = str | Path | tuple[Sequence[int], Sequence[str]] | None


def names_of(asked: str | int | Iterable[str | int], database: str = "mitdb") -> tuple[str, ...]:
    """Return records by name; none is loaded.

    ``"all"`` is written out, and so are mitdb's ``"DS1"`` and ``"DS2"``.

    Raises
    ------
    ValueError
        If one is named twice, or there is no such record.

    Examples
    --------
    >>> names_of(100), len(names_of("DS1"))
    (('100',), 22)
    """
    splits = {"all": names(database)}
    if database == "mitdb":
        splits |= {"DS1": DS1, "DS2": DS2}
    if isinstance(asked, str | int):
        asked = splits.get(asked, (asked,))
    listed = [str(name) for name in asked]
    for name in given.each_once(listed, "records"):
        check_name(name, database)
    return tuple(listed)


def load(name: str, database: str = "mitdb") -> Record:
    """Load one recording from the first source that has it.

    First used in chapter 1.

    Parameters
    ----------
    name : str
        A record's name, such as ``"100"``; see `names`.
    database : {"mitdb", "ludb", "nstdb", "svdb"}
        The MIT-BIH Arrhythmia Database (doi 10.13026/C2F305), the Lobachevsky
        University Database (doi 10.1109/ACCESS.2020.3029211), the noises of the
        Noise Stress Test Database (Moody, Muldrow & Mark 1984), which hold no beats, or the
        MIT-BIH Supraventricular Arrhythmia Database (doi 10.13026/C2V30W).

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        If there is no such database or record, or a folder in ``ECGLAB_DATA`` or
        a value of ``ECGLAB_SOURCE`` that can't be used.
    DamagedRecording
        If files of the recording are missing, do not match their header, or are not
        those that PhysioNet published.
    RecordingUnavailable
        If ``ECGLAB_SOURCE=real`` and no source has the recording, or if the cache
        can't be written, as on a full disk.

    Notes
    -----
    Fetching ends, whatever the server does: see `ecglab.fetch` for the time-outs. A
    server that fails half-way is warned of before a simulated patient stands in.

    To use corrections of your own, put them into the published recording:
    ``dataclasses.replace(record, samples=…, symbols=…, rhythms=())``.

    Examples
    --------
    >>> record = load("100")
    >>> record.leads, record.fs
    (('MLII', 'V5'), 360.0)
    """
    name = str(name)
    check_name(name, database)
    source = _source(database, name)
    if source in ("cache", "PhysioNet"):  # a damaged file of the cache is fetched anew
        try:
            fetch.fetch(_cached_files(database, name))
        except fetch.ServerFails as error:
            _answered[fetch.mirror(), database] = False  # don't wait again for every record
            if os.environ.get("ECGLAB_SOURCE") == "real":
                raise RecordingUnavailable(f"record {name} of {database}: {error}") from error
            warnings.warn(f"simulated patients stand in from here on: {error}", stacklevel=2)
            source = "simulated"
    if source is None:
        raise RecordingUnavailable(f"record {name} of {database}: {_origin(source, database)}")
    if source == "simulated":
        return simulate.record(name, database)
    return _read(database, name, source)


def read(
    path: str | os.PathLike,
    *,
    fs: float | None = None,
    leads: Leads = None,
    units: str | float | None = None,
    annotations: Annotations = None,
) -> Record:
    """Read anybody's own recording.

    Parameters
    ----------
    path : path
        A WFDB record (with or without ``.hea``; segments are joined), EDF or EDF+ (``.edf``), a
        text table (``.csv``, ``.tsv``, ``.txt``; a column of the time is no lead), a NumPy array,
        ``(samples, leads)`` (``.npy``; ``.npz`` with ``signal`` and, perhaps, ``fs``, ``leads``).
    fs : float, optional
        Sampling rate in Hz, from 100 to 1000. To be given where the file does not say it.
    leads : str, sequence of str or mapping, optional
        Which leads to take, in this order; upper and lower case are the same. Where the file
        names none, what its columns are called. ``{"ECG1": "MLII"}`` takes a lead and gives it
        another name. By default all that are measured in volts.
    units : str or float, optional
        ``"mV"``, ``"uV"``, ``"V"``, or how many counts make one mV. By default the file's, or mV.
    annotations : str, path or tuple, optional
        The suffix of a WFDB annotation file (``"atr"`` is read if it is there), a table with a
        sample and a symbol a line, or ``(samples, symbols)``.

    Returns
    -------
    Record
        In mV; without annotations it has no beats: `beats.find` finds them. What is missing in
        all leads becomes an episode, ``"unreadable"``. What had to be guessed, of the unit, a
        lead's name or the signal, ``notes`` say, and a `UserWarning`.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no such annotation file.
    ValueError
        If the file can't be read, lacks a lead or a rate from 100 to 1000 Hz, or has beats not
        between 0.05 and 20 mV high: the message says which unit would mend that.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.npy"
    ...     np.save(path, 1000 * np.sin(np.arange(2500) / 20))  # in microvolts
    ...     record = read(path, fs=250, leads="II", units="uV")
    >>> record
    Record mine of file: II, 250 Hz, 0 min 10 s, no beats
    """
    path = Path(os.path.expanduser(path))
    raw = formats.open_file(path)
    rate = _rate(path, raw.fs, fs)
    own = _own_signal(path, raw, rate, leads, units)
    if own.doubts:
        warnings.warn(f"{path.name}: {'; '.join(own.doubts)}", stacklevel=2)
    return _own_record(path, raw, rate, own, annotations)


def describe(database: str = "mitdb") -> str:
    """Say in one line where recordings of a database come from now.

    First used in chapter 1.

    Examples
    --------
    >>> print(describe("mitdb"))  # doctest: +SKIP
    mitdb 1.0.0: real recordings, from the folder in ECGLAB_DATA
    """
    source = _source(database, *names(database))
    version = database_of(database).version
    return f"{database} {version}: {_origin(source, database)}"


def download(databases: Iterable[str] = tuple(DATABASES)) -> Path:
    """Fetch whole databases from PhysioNet into the cache, eight files at a time.

    Files that are there and whole are not fetched again, so a download that
    broke off, for whatever reason, goes on where it stopped.

    Parameters
    ----------
    databases : iterable of str

    Returns
    -------
    pathlib.Path
        The cache.

    Raises
    ------
    RecordingUnavailable
        At the first file that can't be had: the server does not answer, is too slow (see
        `ecglab.fetch`), or the disk is full. It says which file, from where, why, and what to do.
    DamagedRecording
        If what comes are not the database's files.
    """
    databases = tuple(dict.fromkeys(databases))  # each once
    files = {}
    for database in databases:
        files.update(_cached_files(database, *names(database)))
    for database in databases:
        fetch.clear_leftovers(cache() / database)
    fetch.fetch(files, title=", ".join(databases))
    for database in databases:
        for name in names(database):
            hashes = _cached_files(database, name).values()
            if None in hashes:  # only reading proves these files
                _read(database, name, "cache")
    return cache()


# ---------------------------------------------------------------------------
# Finding the files


@functools.cache
def _hashes(database: str) -> dict[str, str]:
    """Return the pinned SHA-256 of a database's files, or of a record's decoded samples."""
    pinned = pooch.create(cache(), base_url="")  # `fetch` knows from where
    pinned.load_registry(Path(__file__).with_name(f"{database}.sha256"))
    return pinned.registry


def _files(database: str, *names: str) -> dict[str, str | None]:
    """Return the files of records, by their paths in their database, and their SHA-256."""
    known, hashes = database_of(database), _hashes(database)
    files = [f"{known.folder}{name}.{suffix}" for name in names for suffix in known.suffixes]
    return {file: hashes.get(file) for file in files}


def _cached_files(database: str, *names: str) -> dict[str, str | None]:
    """Return the files of records, by their paths below the cache or a mirror."""
    start = f"{database}/{database_of(database).version}"
    files = _files(database, *names)
    return {f"{start}/{file}": sha256 for file, sha256 in files.items()}


def _data_folder() -> Path | None:
    """Return the folder in ECGLAB_DATA; None if it is not set."""
    folder = os.environ.get("ECGLAB_DATA")
    if not folder:
        return None
    if not Path(folder).is_dir():
        problem = f"ECGLAB_DATA is {folder!r}, which is not a folder"
        raise ValueError(f"{problem}; unset it or correct it")
    return Path(folder)


def _place(database: str) -> Path | None:
    """Return where in ECGLAB_DATA a database lies; None if it is not there.

    A folder laid out as PhysioNet lays it out is understood, as it comes unzipped or mirrored,
    and so are one without the version's folder and the database's own folder.
    """
    folder = _data_folder()
    if folder is None:
        return None
    known = database_of(database)
    files = _files(database, *names(database))
    layouts = (
        f"{database}/{known.version}",
        database,
        f"{known.title}-{known.version}",  # unzipped
        known.title,
        f"physionet.org/files/{database}/{known.version}",  # mirrored
        ".",
    )
    for layout in layouts:
        for place in (folder / layout, folder / database / layout):
            if _has_any(place, files):
                return place
    return None


def _has_any(place: Path, files: Iterable[str]) -> bool:
    return any((place / file).is_file() for file in files)


def _source(database: str, *names: str) -> str | None:
    """Return the first source that may have some records; None if there is none."""
    policy = os.environ.get("ECGLAB_SOURCE", "")
    if policy not in ("", "real", "simulated"):
        raise ValueError(f"ECGLAB_SOURCE is {policy!r}; it may be 'real', 'simulated' or unset")
    if policy == "simulated":
        return policy
    place = _place(database)
    if place and _has_any(place, _files(database, *names)):
        return "folder"  # even if others are missing, which reading it will say
    if all((cache() / file).is_file() for file in _cached_files(database, *names)):
        return "cache"
    asked = fetch.mirror(), database
    if asked not in _answered:
        first = database_of(database).names[0]
        header = next(iter(_cached_files(database, first)))
        _answered[asked] = fetch.answers(header)
    if _answered[asked]:
        return "PhysioNet"
    return None if policy == "real" else "simulated"


def _origin(source: str | None, database: str) -> str:
    """Say a source in words, and of a folder in ECGLAB_DATA that it was of no use."""
    folder, mirror = os.environ.get("ECGLAB_DATA"), fetch.mirror()
    if source is None:
        places = f"ECGLAB_DATA ({folder or 'not set'}) or the cache ({cache()})"
        advice = "unset ECGLAB_SOURCE to use simulated patients"
        return f"no recordings in {places}, and {mirror} does not answer; {advice}"
    if source == "folder":
        return f"real recordings, from the folder in ECGLAB_DATA{_share_in_folder(database)}"
    origin = {
        "cache": "real recordings, from this computer's cache",
        "PhysioNet": f"real recordings, fetched from {mirror} as they are needed",
        "simulated": "SIMULATED patients: no recordings at hand, no number here is a real person's",
    }[source]
    forced = os.environ.get("ECGLAB_SOURCE") == "simulated"
    if folder and not forced:
        origin += f" (ECGLAB_DATA is {folder}, where no record of {database} was found)"
    return origin


def _share_in_folder(database: str) -> str:
    """Say how many of a database's records a folder has, where it has not all of them."""
    place, every = _place(database), names(database)
    known = database_of(database)
    found = 0
    for name in every:
        header = place / f"{known.folder}{name}.{known.suffixes[0]}"
        found += header.is_file()
    if found == len(every):
        return ""
    return f" ({found} of its {len(every)} records are there)"


#: For each mirror and database asked by this process, whether it answers.
_answered: dict[tuple[str, str], bool] = {}


# ---------------------------------------------------------------------------
# Reading the files


def _read(database: str, name: str, source: str) -> Record:
    """Read a record; damaged files that no hash could stop are deleted from the cache."""
    place = cache() / database / database_of(database).version
    if source == "folder":
        place = _place(database)
    files = _files(database, name)
    try:
        if source == "folder":  # in the cache, `fetch` has compared them
            _check_published(place, files)
        return _read_files(place, database, name, source)
    except Exception as error:  # whatever wfdb trips over: the file is not what it should be
        reason = error if isinstance(error, DamagedRecording) else repr(error)
        folder = (place / next(iter(files))).parent
        problem = f"record {name} of {database} in {folder} can't be used: {reason}"
        if source != "folder" and None in files.values():
            _delete_unproved(place, files)
            problem += ". It was deleted from the cache: try again"
        raise DamagedRecording(problem) from error


def _delete_unproved(place: Path, files: dict[str, str | None]) -> None:
    """Delete files whose SHA-256 is not known."""
    for file, sha256 in files.items():
        if sha256 is None:
            (place / file).unlink(missing_ok=True)


def _check_published(place: Path, files: dict[str, str | None]) -> None:
    """Compare files with their pinned SHA-256: no other check sees every change."""
    missing = [file for file in files if not (place / file).is_file()]
    if missing:
        problem = f"it is incomplete: {', '.join(missing)} missing"
        raise DamagedRecording(f"{problem}; put the files there or take the record's others away")
    for file, sha256 in files.items():
        if not fetch.is_whole(place / file, sha256):
            problem = f"{file} is not the file that PhysioNet published (its SHA-256 differs)"
            advice = "put that there. records.load tells how to use corrections of your own"
            raise DamagedRecording(f"{problem}; {advice}")


def _read_files(place: Path, database: str, name: str, source: str) -> Record:
    known = database_of(database)
    base = str(place / known.folder / name)
    _check_header(base, known.fs)
    raw = wfdb.rdrecord(base, physical=False)
    _check_samples(raw, name, _hashes(database).get(name))
    gain, baseline = known.scale or (raw.adc_gain, raw.baseline)
    signal = (raw.d_signal - np.array(baseline)) / gain
    leads = tuple(formats.lead_name(label) for label in raw.sig_name)
    notes = [comment.strip() for comment in raw.comments]
    if formats.lacks_gain(Path(f"{base}.hea")):
        notes.append("uncalibrated: 200 counts per mV are WFDB's assumption")
    marks = known.read_marks(base, leads, len(signal))
    return Record(
        name=name,
        database=database,
        subject=subject(name, database),
        signal=signal.astype(np.float32),
        fs=known.fs,
        leads=leads,
        source=source,
        notes=notes,
        **marks,
    )


def _check_header(base: str, fs: float) -> None:
    """Refuse what a header says but can't be true, before wfdb reserves memory for it."""
    header, data = wfdb.rdheader(base), Path(f"{base}.dat")
    plain = (
        set(header.file_name) == {data.name}
        and set(header.units) == {"mV"}
        and set(header.samps_per_frame) == {1}
        and set(header.skew) == {None}
        and set(header.byte_offset) == {None}
    )
    # Any gain and baseline of an instrument; more would leave nothing of a float32.
    gains_fit = all(1 <= gain <= 1e5 for gain in header.adc_gain)
    scaled = gains_fit and max(map(abs, header.baseline)) <= 2**15
    each_once = len(set(header.sig_name)) == header.n_sig
    if not (plain and scaled and each_once and header.fs == fs):
        scale = f"{header.adc_gain} counts per {header.units} from {header.baseline}"
        found = f"{header.fs} Hz, {scale} for {header.sig_name} in {header.file_name}"
        usual = f"{fs:g} Hz, 1 to 100,000 counts per mV from -32,768 to 32,768, each lead once"
        raise DamagedRecording(f"its header says {found}; it must say {usual}, in {data.name}")
    bits = sum({"212": 12, "16": 16}[fmt] for fmt in header.fmt)  # of one sample of all leads
    expected = (header.sig_len * bits + 7) // 8
    size = data.stat().st_size
    if size != expected:
        claim = f"the header's {header.sig_len} samples take {expected}"
        raise DamagedRecording(f"{data.name} has {size} bytes; {claim}")


def _check_samples(raw: wfdb.Record, name: str, pinned: str | None) -> None:
    """Compare stored samples with their header's checksums and, if it is known, their SHA-256."""
    sums = raw.calc_checksum()
    expected = np.array(raw.checksum, dtype=float)  # NaN for None
    if not np.array_equal(sums, expected % 65536):
        raise DamagedRecording(f"{name}.dat has checksums {sums}, its header says {raw.checksum}")
    if pinned is not None:
        content = raw.d_signal.astype("<i2").tobytes()
        if hashlib.sha256(content).hexdigest() != pinned:
            raise DamagedRecording(f"{name}.dat does not hold PhysioNet's samples")


# ---------------------------------------------------------------------------
# Anybody's own recording


class _Own(NamedTuple):
    """What was taken from a file: leads in mV without gaps, and what must be said of them."""

    signal: np.ndarray
    leads: tuple[str, ...]
    gaps: np.ndarray  # of EPISODE: where nothing at all is known
    doubts: list[str]
    renamed: list[str]


def _own_signal(
    path: Path, raw: formats.Raw, rate: float, leads: Leads, units: str | float | None
) -> _Own:
    """Take the leads that are asked for from a file, and hold them against what an ECG is."""
    labels, label_doubts = _labelled(raw, leads)
    columns = _chosen(path, labels, raw, leads, units)
    names = tuple(columns)
    measured, unit_doubts = _in_millivolts(raw, columns, units)
    if len(measured) < rate:
        raise ValueError(f"{path.name} lasts {len(measured) / rate:.2f} s; 1 s or more is needed")
    signal, gap_doubts = _filled(measured, rate, names)
    formats.check_height(signal, rate, names)
    doubts = [*raw.doubts, *label_doubts, *unit_doubts, *gap_doubts]
    doubts += _lead_doubts(signal, rate, names)
    doubts += _stretched(signal, names)
    return _Own(signal, names, _gaps(measured, rate), doubts, _renamed(labels, columns))


def _own_record(
    path: Path, raw: formats.Raw, rate: float, own: _Own, annotations: Annotations
) -> Record:
    """Add a file's marks, or those that its reader gives, to its signal."""
    base = formats.wfdb_base(path)
    name = path.stem if base == path and path.suffix else base.name
    name = name.encode("utf-8", "replace").decode()  # a figure can't show half a letter
    marks, mark_notes = _own_marks(base, annotations, len(own.signal), rate)
    episodes = np.concatenate([own.gaps, marks.pop("episodes")])
    return Record(
        name=name,
        database="file",
        subject=name,
        signal=own.signal,
        fs=rate,
        leads=own.leads,
        source="file",
        notes=(*raw.notes, *own.doubts, *own.renamed, *mark_notes),
        episodes=np.sort(episodes, order="onset"),
        **marks,
    )


def _rate(path: Path, stated: float | None, fs: float | None) -> float:
    """Return the sampling rate, from the file or from the caller; refuse two that differ."""
    rate = stated if fs is None else checked_rate(fs)
    if rate is None:
        raise ValueError(f"{path.name} does not say its sampling rate; give it in Hz, as fs=250")
    if stated and abs(rate / stated - 1) > 0.01:
        raise ValueError(f"fs is {rate:g} Hz, but {path.name} says {stated:g} Hz; leave fs out")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        usable = f"{LOWEST_RATE:g} to {HIGHEST_RATE:g} Hz can be used"
        advice = "resample it first (scipy.signal.resample_poly)"
        raise ValueError(f"{path.name} has {rate:g} Hz; {usable}: {advice}")
    return rate


def _labelled(raw: formats.Raw, leads: Leads) -> tuple[list[str], list[str]]:
    """Return one name for each column, no two alike, and what must be said of them."""
    if raw.names is None:
        count = raw.signal.shape[1]
        labels = ["ECG"] if count == 1 else [f"ECG{k + 1}" for k in range(count)]
        advice = "its leads have no names: give them as leads=, such as leads=['II']"
        return labels, [advice] if leads is None else []
    labels = [formats.lead_name(name) or "ECG" for name in raw.names]
    for k, label in enumerate(labels):
        if label in labels[:k]:
            labels[k] = f"{label} ({k + 1})"
    return labels, []


def _chosen(
    path: Path, labels: list[str], raw: formats.Raw, leads: Leads, units: str | float | None
) -> dict[str, int]:
    """Return which columns are taken, by the names that they are to have."""
    if leads is None:
        return _in_volts(path, labels, raw.units, units)
    if isinstance(leads, Mapping):
        return _by_label(path, labels, leads)
    usual = [formats.lead_name(lead) for lead in given.names(leads)]
    names = given.each_once(usual, "leads")
    foreign = set(names).isdisjoint(labels) and not any(map(formats.is_lead, labels))
    if foreign and len(names) == len(labels):
        return {name: k for k, name in enumerate(names)}
    if raw.names is None:
        problem = f"{len(names)} leads for {len(labels)} columns of {path.name}"
        raise ValueError(f"{problem}; give one name each")
    return _by_label(path, labels, dict(zip(names, names, strict=True)))


def _in_volts(
    path: Path, labels: list[str], units: Sequence[str | None], asked: str | float | None
) -> dict[str, int]:
    """Return the columns that are measured in volts, by their labels; all, if a unit is given."""
    places = [k for k, unit in enumerate(units) if formats.is_voltage(unit)]
    if not places and asked is not None:
        places = range(len(labels))
    if not places:
        found = ", ".join(map(str, units))
        raise ValueError(f"{path.name} has no signal in volts, only in {found}; give units=")
    return {labels[k]: k for k in places}


def _by_label(path: Path, labels: list[str], leads: Mapping[str, str]) -> dict[str, int]:
    """Return the columns of some labels, by the names that they are to have."""
    places = {label.lower(): k for k, label in enumerate(labels)}
    columns = {}
    for label, name in leads.items():
        usual = formats.lead_name(label)
        place = places.get(usual.lower(), places.get(label.lower()))
        if place is None:
            problem = f"{path.name} has no lead {label!r}; it has {', '.join(labels)}"
            rename = f"leads={{{labels[0]!r}: {name!r}}} gives one another name"
            raise ValueError(f"{problem}; {rename}")
        usual = formats.lead_name(name)
        if usual in columns:
            raise ValueError(f"leads names {usual} twice; give each lead a name of its own")
        columns[usual] = place
    return columns


def _renamed(labels: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """Say which leads have got another name than the file gives them."""
    notes = []
    for name, place in columns.items():
        if labels[place] != name:
            notes.append(f"the file's {labels[place]} is called {name}, as asked")
    return notes


def _in_millivolts(
    raw: formats.Raw, columns: dict[str, int], units: str | float | None
) -> tuple[np.ndarray, list[str]]:
    """Return the chosen columns in mV, and what must be said of their unit."""
    converted, doubts = [], []
    for lead, place in columns.items():
        stated = raw.units[place]
        unit = stated if units is None else units
        if unit is None:
            doubts.append(f"lead {lead}: no unit is stated, mV is assumed")
        if stated is not None and unit != stated:
            doubts.append(f"lead {lead}: the file says {stated}, {units} was asked for")
        factor = formats.millivolts(unit or "mV")
        converted.append(raw.signal[:, place] * factor)
    return np.stack(converted, axis=1), doubts


def _filled(signal: np.ndarray, fs: float, leads: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Fill what is missing with straight lines, and say where."""
    filled, doubts = signal.copy(), []
    time = np.arange(len(signal))
    for k, lead in enumerate(leads):
        there = np.isfinite(signal[:, k])
        missing = ~there
        if missing.all():
            raise ValueError(f"lead {lead} holds no number; leave it out, with leads=")
        if missing.any():
            filled[missing, k] = np.interp(time[missing], time[there], signal[there, k])
            seconds = missing.sum() / fs
            doubts.append(f"lead {lead}: {seconds:.1f} s are missing, straight lines stand")
    return filled, doubts


def _gaps(signal: np.ndarray, fs: float) -> np.ndarray:
    """Find the stretches, an array of `EPISODE`, in which no lead has a number for 20 ms or more.

    What is shorter lies within a QRS complex or between two samples of it: the line that fills it
    hides no beat.
    """
    nothing = ~np.isfinite(signal).any(axis=1)
    edges = np.flatnonzero(np.diff(nothing.astype(int), prepend=0, append=0))
    gaps = np.empty(len(edges) // 2, EPISODE)
    gaps["kind"] = "unreadable"
    gaps["onset"] = edges[::2]
    gaps["offset"] = edges[1::2]
    long = gaps["offset"] - gaps["onset"] >= 0.02 * fs
    return gaps[long]


def _own_marks(
    base: Path, annotations: Annotations, length: int, fs: float
) -> tuple[dict, list[str]]:
    """Return the marks of a recording as fields of `Record`, and what must be said of them."""
    notes = []
    if annotations is None and Path(f"{base}.atr").is_file():
        annotations = "atr"
    if annotations is None:
        notes.append("it has no annotations: its beats are to be found (beats.find)")
        annotations = (), ()
    if isinstance(annotations, str | Path):
        marks = _annotation_file(base, annotations, fs)
    else:
        samples, symbols = annotations
        marks = _plain_marks(samples, symbols)
    samples = marks[0]
    inside = (samples >= 0) & (samples < length)
    outside = len(samples) - int(inside.sum())
    if outside:
        notes.append(f"{outside} marks lie outside the recording: left aside")
    kept = [np.asarray(part)[inside] for part in marks]
    fields = beat_marks(*kept, length)
    if not any(fields["rhythms"]):  # nobody said in which rhythm the beats stand
        fields["rhythms"] = ()
    return fields, notes


def _plain_marks(samples: Sequence[int], symbols: Sequence[str]) -> tuple:
    """Return marks as `beat_marks` takes them, without subtypes and texts."""
    samples, symbols = checked_samples(samples), checked_symbols(symbols)
    count = len(samples)
    if len(symbols) != count:
        raise ValueError(f"{len(symbols)} symbols for {count} samples; give one each")
    subtypes, texts = np.zeros(count, np.int64), [""] * count
    return samples, symbols, subtypes, texts


def _annotation_file(base: Path, annotations: str | Path, fs: float) -> tuple:
    """Read marks from a table of samples and symbols, or from a WFDB annotation file."""
    path = Path(annotations)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _annotation_table(path)
    suffix = str(annotations).lstrip(".")
    if not Path(f"{base}.{suffix}").is_file():
        accepted = "it may be the suffix of a WFDB annotation file, or a table of sample,symbol"
        raise FileNotFoundError(f"annotations is {annotations!r}: no {base}.{suffix}; {accepted}")
    try:
        marks = wfdb.rdann(str(base), suffix)
    except Exception as error:  # whatever wfdb trips over: no annotation file
        raise ValueError(f"{base}.{suffix} can't be read as WFDB annotations: {error}") from error
    scale = fs / (marks.fs or fs)
    samples = np.rint(np.asarray(marks.sample) * scale).astype(np.int64)
    symbols = np.array(marks.symbol, dtype="<U1")
    subtypes = np.array(marks.subtype, np.int64)
    return samples, symbols, subtypes, marks.aux_note


def _annotation_table(path: Path) -> tuple:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    rows = [re.split("[,;\t]", line) for line in lines if line.strip()]
    if rows and not rows[0][0].strip().isdigit():
        rows = rows[1:]  # a line of names
    try:
        samples = [int(row[0]) for row in rows]
        symbols = [row[1].strip() for row in rows]
    except (ValueError, IndexError) as error:
        problem = f"{path.name} can't be read as a table of marks: {error}"
        advice = "each line must hold a sample and a symbol, as 360,N"
        raise ValueError(f"{problem}; {advice}") from error
    return _plain_marks(samples, symbols)


def _stretched(signal: np.ndarray, leads: Sequence[str]) -> list[str]:
    """Say if the leads were made equally high, each by a gain of its own, as LUDB's headers do."""
    spans = np.ptp(signal, axis=0)
    if len(leads) < 3 or np.ptp(spans) > 0.03 * spans.max():
        return []
    return [f"all leads span {spans.mean():.2f} mV: each was stretched, so compare no heights"]


#: Above this, a lead is cut off at its top or bottom: a peak stands for one sample or two.
MOST_CLIPPED = 0.01


def _lead_doubts(signal: np.ndarray, fs: float, leads: Sequence[str]) -> list[str]:
    """Say which leads show too little to be one that is connected."""
    doubts = []
    for k, lead in enumerate(leads):
        height = formats.beat_height(signal[:, k], fs)
        if height < formats.LOWEST_BEAT:
            doubts.append(f"lead {lead}: only {height:.2g} mV high; is it connected?")
        elif _clipped(signal[:, k]) > MOST_CLIPPED:
            doubts.append(f"lead {lead}: it stays at its highest or lowest value; is it cut off?")
    return doubts


def _clipped(column: np.ndarray) -> float:
    """Return for which share of the samples a lead stays at its highest or at its lowest value."""
    stays = column[1:] == column[:-1]
    extreme = (column[1:] == column.max()) | (column[1:] == column.min())
    return float(np.mean(stays & extreme))
