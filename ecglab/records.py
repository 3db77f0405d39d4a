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
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
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


def names_of(asked: str | int | Iterable[str | int]) -> tuple[str, ...]:
    """Return records of mitdb by name, ``"DS1"`` and ``"DS2"`` written out; none is loaded.

    Raises
    ------
    ValueError
        If one is named twice, or there is no such record.

    Examples
    --------
    >>> names_of(100), len(names_of("DS1"))
    (('100',), 22)
    """
    splits = {"DS1": DS1, "DS2": DS2}
    if isinstance(asked, str | int):
        asked = splits.get(asked, (asked,))
    listed = [str(name) for name in asked]
    for name in given.each_once(listed, "records"):
        check_name(name)
    return tuple(listed)


def load(name: str, database: str = "mitdb") -> Record:
    """Load one recording from the first source that has it.

    Parameters
    ----------
    name : str
        A record's name, such as ``"100"``; see `names`.
    database : {"mitdb", "ludb", "nstdb"}
        The MIT-BIH Arrhythmia Database (doi 10.13026/C2F305), the Lobachevsky
        University Database (doi 10.1109/ACCESS.2020.3029211), or the noises of the
        Noise Stress Test Database (Moody, Muldrow & Mark 1984), which hold no beats.

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
            fetch.fetch(_wanted(database, name))
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
        A WFDB record (with or without ``.hea``; several segments are joined), EDF or EDF+
        (``.edf``), a table of text (``.csv``, ``.tsv``, ``.txt``; a column of the time is no
        lead), or a NumPy array, shape ``(samples, leads)`` (``.npy``; ``.npz`` with an array
        ``signal`` and, if you like, ``fs`` and ``leads``).
    fs : float, optional
        Sampling rate in Hz, from 100 to 1000. To be given where the file does not say it.
    leads : str, sequence of str or mapping, optional
        Which leads to take, by name, in this order; upper and lower case are the same. Where the
        file names none, what its columns are called. ``{"ECG1": "MLII"}`` takes a lead and gives
        it another name. By default all that are measured in volts.
    units : str or float, optional
        ``"mV"``, ``"uV"``, ``"V"``, or how many counts make one mV. By default what the file
        says; where it says nothing, mV.
    annotations : str, path or tuple, optional
        The suffix of a WFDB annotation file (``"atr"`` is read if it is there), a table with a
        sample and a symbol a line, or ``(samples, symbols)``.

    Returns
    -------
    Record
        In mV, ``source`` ``"file"``. ``notes`` say what was doubtful. Without annotations it
        has no beats: `beats.find` finds them. What is missing in all leads becomes an episode,
        ``"unreadable"``.

    Warns
    -----
    UserWarning
        If the unit, a lead's name or a part of the signal had to be guessed; ``notes`` say it, too.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no such annotation file.
    ValueError
        If the file can't be read, has no such lead, has a rate outside 100 to 1000 Hz or none,
        or if the signal's beats are not between 0.05 and 20 mV high: then the unit is wrong, and
        the message says which would mend it.

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
    path = Path(path).expanduser()
    raw = formats.open_file(path)
    rate = _rate(path, raw.fs, fs)
    known, of_names = _named(raw, leads)
    chosen = _chosen(path, known, raw, leads)
    signal, of_units = _in_millivolts(raw, chosen, units)
    names = tuple(chosen)
    if len(signal) < rate:
        raise ValueError(f"{path.name} lasts {len(signal) / rate:.2f} s; 1 s or more is needed")
    signal, gaps, of_gaps = _filled(signal, rate, names)
    formats.check_height(signal, rate, names)
    doubts = [*raw.doubts, *of_names, *of_units, *of_gaps, *_lead_notes(signal, rate, names)]
    doubts += _stretched(signal, names)
    if doubts:
        warnings.warn(f"{path.name}: {'; '.join(doubts)}", stacklevel=2)
    base = formats.wfdb_base(path)
    marks, of_marks = _own_marks(base, annotations, len(signal), rate)
    episodes = np.concatenate([gaps, marks.pop("episodes", gaps[:0])])
    return Record(
        name=path.stem if base == path and path.suffix else base.name,
        database="file",
        subject=path.stem if base == path and path.suffix else base.name,
        signal=signal,
        fs=rate,
        leads=names,
        source="file",
        notes=(*raw.notes, *doubts, *_renamed(known, chosen), *of_marks),
        episodes=np.sort(episodes, order="onset"),
        **marks,
    )


def describe(database: str = "mitdb") -> str:
    """Say in one line where recordings of a database come from now.

    Examples
    --------
    >>> print(describe("mitdb"))  # doctest: +SKIP
    mitdb 1.0.0: real recordings, from the folder in ECGLAB_DATA
    """
    source = _source(database, *names(database))
    return f"{database} {database_of(database).version}: {_origin(source, database)}"


def download(databases: Iterable[str] = ("mitdb", "ludb", "nstdb")) -> Path:
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
    wanted = {database: _wanted(database, *names(database)) for database in databases}
    for database in wanted:
        fetch.clear_leftovers(cache() / database)
    everything = {file: sha256 for files in wanted.values() for file, sha256 in files.items()}
    fetch.fetch(everything, title=", ".join(wanted))
    for database in wanted:
        for name in names(database):
            if None in _wanted(database, name).values():  # only reading proves these files
                _read(database, name, "cache")
    return cache()


# ---------------------------------------------------------------------------
# Finding the files


@functools.cache
def _hashes(database: str) -> dict[str, str]:
    """Return the pinned SHA-256 of a database's files, or of a record's decoded samples."""
    return dict(np.genfromtxt(Path(__file__).with_name(f"{database}.sha256"), dtype=str).tolist())


def _files(database: str, *names: str) -> dict[str, str | None]:
    """Return the files of records, by their paths in their database, and their SHA-256."""
    known, hashes = database_of(database), _hashes(database)
    files = [f"{known.folder}{name}.{suffix}" for name in names for suffix in known.suffixes]
    return {file: hashes.get(file) for file in files}


def _wanted(database: str, *names: str) -> dict[str, str | None]:
    """Return the files of records, by their paths below the cache or a mirror."""
    start = f"{database}/{database_of(database).version}"
    return {f"{start}/{file}": sha256 for file, sha256 in _files(database, *names).items()}


def _given() -> Path | None:
    """Return the folder in ECGLAB_DATA; None if it is not set."""
    folder = os.environ.get("ECGLAB_DATA")
    if not folder:
        return None
    if not Path(folder).is_dir():
        said = f"ECGLAB_DATA is {folder!r}, which is not a folder"
        raise ValueError(f"{said}; unset it or correct it")
    return Path(folder)


def _place(database: str) -> Path | None:
    """Return where in ECGLAB_DATA a database lies; None if it is not there.

    A folder laid out as PhysioNet lays it out is understood, as it comes unzipped or mirrored,
    and so are one without the version's folder and the database's own folder.
    """
    given = _given()
    if given is None:
        return None
    known, every = database_of(database), _files(database, *names(database))
    usual = [f"{database}/{known.version}", database]
    unzipped = [f"{known.title}-{known.version}", known.title]
    mirrored = [f"physionet.org/files/{database}/{known.version}"]
    for layout in (*usual, *unzipped, *mirrored, "."):
        for place in (given / layout, given / database / layout):
            if any((place / file).is_file() for file in every):
                return place
    return None


def _source(database: str, *names: str) -> str | None:
    """Return the first source that may have some records; None if there is none."""
    policy = os.environ.get("ECGLAB_SOURCE", "")
    if policy not in ("", "real", "simulated"):
        raise ValueError(f"ECGLAB_SOURCE is {policy!r}; it may be 'real', 'simulated' or unset")
    if policy == "simulated":
        return policy
    place = _place(database)
    if place and any((place / file).is_file() for file in _files(database, *names)):
        return "folder"  # even if others are missing, which reading it will say
    if all((cache() / file).is_file() for file in _wanted(database, *names)):
        return "cache"
    mirror, first = fetch.mirror(), next(iter(_wanted(database, database_of(database).names[0])))
    if (mirror, database) not in _answered:
        _answered[mirror, database] = fetch.answers(first)
    if _answered[mirror, database]:
        return "PhysioNet"
    return None if policy == "real" else "simulated"


def _origin(source: str | None, database: str) -> str:
    """Say a source in words, and of a folder in ECGLAB_DATA that it was of no use."""
    given, mirror = os.environ.get("ECGLAB_DATA"), fetch.mirror()
    said = {
        "folder": "real recordings, from the folder in ECGLAB_DATA",
        "cache": "real recordings, from this computer's cache",
        "PhysioNet": f"real recordings, fetched from {mirror} as they are needed",
        "simulated": "SIMULATED patients: no recordings at hand, no number here is a real person's",
        None: f"no recordings in ECGLAB_DATA ({given or 'not set'}) or the cache ({cache()}), "
        f"and {mirror} does not answer; unset ECGLAB_SOURCE to use simulated patients",
    }[source]
    if source == "folder":
        return said + _share_in_folder(database)
    forced = os.environ.get("ECGLAB_SOURCE") == "simulated"
    if given and source is not None and not forced:
        said += f" (ECGLAB_DATA is {given}, where no record of {database} was found)"
    return said


def _share_in_folder(database: str) -> str:
    """Say how many of a database's records a folder has, where it has not all of them."""
    place, every = _place(database), names(database)
    first = database_of(database).suffixes[0]
    folder = database_of(database).folder
    found = sum((place / f"{folder}{name}.{first}").is_file() for name in every)
    return "" if found == len(every) else f" ({found} of its {len(every)} records are there)"


#: For each mirror and database asked by this process, whether it answers.
_answered: dict[tuple[str, str], bool] = {}


# ---------------------------------------------------------------------------
# Reading the files


def _read(database: str, name: str, source: str) -> Record:
    """Read a record; damaged files that no hash could stop are deleted from the cache."""
    in_cache = cache() / database / database_of(database).version
    place = _place(database) if source == "folder" else in_cache
    files = _files(database, name)
    try:
        if source == "folder":  # in the cache, `fetch` has compared them
            _check_published(place, files)
        return _read_files(place, database, name, source)
    except Exception as error:  # whatever wfdb trips over: the file is not what it should be
        reason = error if isinstance(error, DamagedRecording) else repr(error)
        folder = (place / next(iter(files))).parent
        said = f"record {name} of {database} in {folder} can't be used: {reason}"
        unproved = [place / f for f in files if source != "folder" and files[f] is None]
        for path in unproved:
            path.unlink(missing_ok=True)
        advice = ". It was deleted from the cache: try again" if unproved else ""
        raise DamagedRecording(said + advice) from error


def _check_published(place: Path, files: dict[str, str | None]) -> None:
    """Compare files with their pinned SHA-256: no other check sees every change."""
    missing = [file for file in files if not (place / file).is_file()]
    if missing:
        said = f"it is incomplete: {', '.join(missing)} missing"
        raise DamagedRecording(f"{said}; put the files there or take the record's others away")
    for file, sha256 in files.items():
        if not fetch.is_whole(place / file, sha256):
            said = f"{file} is not the file that PhysioNet published (its SHA-256 differs)"
            advice = "put that there. records.load tells how to use corrections of your own"
            raise DamagedRecording(f"{said}; {advice}")


def _read_files(place: Path, database: str, name: str, source: str) -> Record:
    known = database_of(database)
    base = str(place / known.folder / name)
    _check_header(base, known.fs)
    raw = wfdb.rdrecord(base, physical=False)
    counts = raw.d_signal
    sums, expected = raw.calc_checksum(), np.array(raw.checksum, dtype=float)  # None: NaN
    if not np.array_equal(sums, expected % 65536):
        raise DamagedRecording(f"{name}.dat has checksums {sums}, its header says {raw.checksum}")
    pinned = _hashes(database).get(name)
    if pinned and hashlib.sha256(counts.astype("<i2").tobytes()).hexdigest() != pinned:
        raise DamagedRecording(f"{name}.dat does not hold PhysioNet's samples")
    gain, baseline = known.scale or (raw.adc_gain, raw.baseline)
    signal = ((counts - np.array(baseline)) / gain).astype(np.float32)
    leads = tuple(map(formats.lead_name, raw.sig_name))
    notes = (*map(str.strip, raw.comments), *known.notes)
    marks = known.read_marks(base, leads, len(counts))
    who = subject(name, database)
    return Record(name, database, who, signal, known.fs, leads, source=source, notes=notes, **marks)


def _check_header(base: str, fs: float) -> None:
    """Refuse what a header says but can't be true, before wfdb reserves memory for it."""
    header, data = wfdb.rdheader(base), Path(f"{base}.dat")
    usual = dict(file_name=data.name, units="mV", samps_per_frame=1, skew=None, byte_offset=None)
    plain = all(set(getattr(header, key)) == {value} for key, value in usual.items())
    # Any gain and baseline of an instrument; more would leave nothing of a float32.
    scaled = all(1 <= g <= 1e5 for g in header.adc_gain) and max(map(abs, header.baseline)) <= 2**15
    if not (plain and scaled and header.fs == fs and len(set(header.sig_name)) == header.n_sig):
        said = f"{header.fs} Hz, {header.adc_gain} counts per {header.units} from {header.baseline}"
        said = f"{said} for {header.sig_name} in {header.file_name}"
        wanted = f"{fs:g} Hz, 1 to 100,000 counts per mV from -32,768 to 32,768, each lead once"
        raise DamagedRecording(f"its header says {said}; it must say {wanted}, in {data.name}")
    bits = header.sig_len * sum({"212": 12, "16": 16}[fmt] for fmt in header.fmt)
    size, expected = data.stat().st_size, (bits + 7) // 8
    if size != expected:
        wanted = f"the header's {header.sig_len} samples take {expected}"
        raise DamagedRecording(f"{data.name} has {size} bytes; {wanted}")


# ---------------------------------------------------------------------------
# Anybody's own recording


def _rate(path: Path, stated: float | None, given: float | None) -> float:
    """Return the sampling rate, from the file or from the caller; refuse two that differ."""
    if given is None and stated is None:
        raise ValueError(f"{path.name} does not say its sampling rate; give it in Hz, as fs=250")
    if given is not None:
        given = checked_rate(given)
    if given and stated and abs(given / stated - 1) > 0.01:
        raise ValueError(f"fs is {given:g} Hz, but {path.name} says {stated:g} Hz; leave fs out")
    rate = given or stated
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        said = f"{path.name} has {rate:g} Hz; {LOWEST_RATE:g} to {HIGHEST_RATE:g} Hz can be used"
        raise ValueError(f"{said}: resample it first (scipy.signal.resample_poly)")
    return rate


def _named(raw: formats.Raw, leads: Leads) -> tuple[list[str], list[str]]:
    """Return one name for each column, no two alike, and what must be said of them."""
    if raw.names is None:
        count = raw.signal.shape[1]
        names = ["ECG"] if count == 1 else [f"ECG{k + 1}" for k in range(count)]
        advice = "its leads have no names: give them as leads=, such as leads=['II']"
        return names, [advice] if leads is None else []
    names = [formats.lead_name(name) or "ECG" for name in raw.names]
    for k, name in enumerate(names):
        if name in names[:k]:
            names[k] = f"{name} ({k + 1})"
    return names, []


def _chosen(path: Path, names: list[str], raw: formats.Raw, leads: Leads) -> dict[str, int]:
    """Return which columns are taken, by the names that they are to have."""
    if isinstance(leads, str):
        leads = (leads,)
    if leads is not None and len(set(leads)) < len(leads):
        raise ValueError(f"leads is {leads!r}; name each lead once")
    if leads is None:
        usable = [k for k, unit in enumerate(raw.units) if formats.is_voltage(unit)]
        if not usable:
            units = ", ".join(map(str, raw.units))
            raise ValueError(f"{path.name} has no signal in volts, only in {units}; give units=")
        return {names[k]: k for k in usable}
    if not isinstance(leads, Mapping):
        leads = [formats.lead_name(name) for name in leads]
        strangers = not set(leads) & set(names) and not any(map(formats.is_lead, names))
        if strangers and len(leads) == len(names):
            return {name: k for k, name in enumerate(leads)}
        if raw.names is None:
            said = f"{len(leads)} leads for {len(names)} columns of {path.name}"
            raise ValueError(f"{said}; give one name each")
    wanted = leads if isinstance(leads, Mapping) else {name: name for name in leads}
    places = {name.lower(): k for k, name in enumerate(names)}
    chosen = {}
    for own, called in wanted.items():
        place = places.get(formats.lead_name(own).lower(), places.get(own.lower()))
        if place is None:
            rename = f"leads={{{names[0]!r}: {called!r}}} gives one another name"
            said = f"{path.name} has no lead {own!r}; it has {', '.join(names)}"
            raise ValueError(f"{said}; {rename}")
        chosen[formats.lead_name(called)] = place
    return chosen


def _renamed(names: Sequence[str], chosen: Mapping[str, int]) -> list[str]:
    """Say which leads have got another name than the file gives them."""
    pairs = [(names[k], lead) for lead, k in chosen.items() if names[k] != lead]
    return [f"the file's {own} is called {called}, as asked" for own, called in pairs]


def _in_millivolts(
    raw: formats.Raw, chosen: dict[str, int], units: str | float | None
) -> tuple[np.ndarray, list[str]]:
    """Return the chosen columns in mV, and what must be said of their unit."""
    columns, notes = [], []
    for lead, place in chosen.items():
        stated = raw.units[place]
        unit = units if units is not None else stated
        if unit is None:
            notes.append(f"lead {lead}: no unit is stated, mV is assumed")
        if units is not None and stated is not None and units != stated:
            notes.append(f"lead {lead}: the file says {stated}, {units} was asked for")
        columns.append(raw.signal[:, place] * formats.millivolts(unit or "mV"))
    return np.stack(columns, axis=1), notes


def _filled(
    signal: np.ndarray, fs: float, leads: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Fill what is missing with straight lines; say where nothing at all is known."""
    missing = ~np.isfinite(signal)
    filled, notes = signal.copy(), []
    for k, lead in enumerate(leads):
        gone = missing[:, k]
        if gone.all():
            raise ValueError(f"lead {lead} holds no number; leave it out, with leads=")
        if gone.any():
            known = np.flatnonzero(~gone)
            filled[gone, k] = np.interp(np.flatnonzero(gone), known, signal[known, k])
            notes.append(f"lead {lead}: {gone.sum() / fs:.1f} s are missing, straight lines stand")
    nothing = np.concatenate([[False], missing.all(axis=1), [False]])
    edges = np.flatnonzero(np.diff(nothing.astype(int)))
    gaps = [("unreadable", first, last) for first, last in edges.reshape(-1, 2)]
    return filled, np.array(gaps, dtype=EPISODE), notes


def _own_marks(base: Path, annotations: Annotations, length: int, fs: float) -> tuple[dict, list]:
    """Return the marks of a recording as fields of `Record`, and what must be said of them."""
    nothing = {"samples": (), "symbols": ()}
    if annotations is None:
        if not Path(f"{base}.atr").is_file():
            return nothing, ["it has no annotations: its beats are to be found (beats.find)"]
        annotations = "atr"
    if isinstance(annotations, str | Path):
        marks = _annotation_file(base, annotations, fs)
    else:
        samples, symbols = annotations
        count = len(samples)
        marks = (
            checked_samples(samples),
            checked_symbols(symbols),
            np.zeros(count, int),
            [""] * count,
        )
    samples = marks[0]
    if len(marks[1]) != len(samples):
        raise ValueError(f"{len(marks[1])} symbols for {len(samples)} samples; give one each")
    inside = (samples >= 0) & (samples < length)
    outside = len(samples) - int(inside.sum())
    notes = [f"{outside} marks lie outside the recording: left aside"] if outside else []
    kept = [np.asarray(part)[inside] for part in marks]
    found = beat_marks(*kept, length)
    if not any(found["rhythms"]):  # nobody said in which rhythm the beats stand
        found["rhythms"] = ()
    return found, notes


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
    at = np.rint(np.asarray(marks.sample) * (fs / (marks.fs or fs))).astype(np.int64)
    symbols = np.array(marks.symbol, dtype="<U1")
    return at, symbols, np.array(marks.subtype, np.int64), list(marks.aux_note)


def _annotation_table(path: Path) -> tuple:
    rows = [line.replace(";", ",").replace("\t", ",").split(",") for line in _lines(path)]
    if rows and not rows[0][0].strip().isdigit():
        rows = rows[1:]  # a line of names
    try:
        samples = [int(row[0]) for row in rows]
        symbols = [row[1].strip() for row in rows]
    except (ValueError, IndexError) as error:
        said = f"{path.name} can't be read as a table of marks: {error}"
        raise ValueError(f"{said}; each line must hold a sample and a symbol, as 360,N") from error
    return (
        checked_samples(samples),
        checked_symbols(symbols),
        np.zeros(len(rows), np.int64),
        [""] * len(rows),
    )


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def _stretched(signal: np.ndarray, leads: Sequence[str]) -> list[str]:
    """Say if the leads were made equally high, each by a gain of its own, as LUDB's headers do."""
    spans = np.ptp(signal, axis=0)
    if len(leads) < 3 or np.ptp(spans) > 0.03 * spans.max():
        return []
    return [f"all leads span {spans.mean():.2f} mV: each was stretched, so compare no heights"]


def _lead_notes(signal: np.ndarray, fs: float, leads: Sequence[str]) -> list[str]:
    """Say which leads show too little to be one that is connected."""
    notes = []
    for k, lead in enumerate(leads):
        height = formats.beat_height(signal[:, k], fs)
        if height < formats.LOWEST_BEAT:
            notes.append(f"lead {lead}: only {height:.2g} mV high; is it connected?")
    return notes
