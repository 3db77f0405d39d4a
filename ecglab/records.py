"""Recordings: which there are, where they come from, and how one is read.

Sources are tried in this order:

1. the folder named by the environment variable ``ECGLAB_DATA``,
2. the user's cache,
3. PhysioNet (or the mirror named by ``ECGLAB_MIRROR``), file by file into the cache,
4. simulated patients.

``ECGLAB_SOURCE=real`` turns step 4 into an error, ``ECGLAB_SOURCE=simulated``
starts there. `describe` says which source is in force.
"""

import functools
import hashlib
import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import wfdb
from wfdb.io.annotation import ann_label_table, proc_ann_bytes

from ecglab import fetch
from ecglab.fetch import DamagedRecording, RecordingUnavailable, cache

_DS1 = "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230"
_DS2 = "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234"
#: Inter-patient split of de Chazal et al. 2004 (doi 10.1109/TBME.2004.827359).
DS1, DS2 = tuple(_DS1.split()), tuple(_DS2.split())
#: Records with paced beats, left out of DS1 and DS2.
PACED = ("102", "104", "107", "217")
MITDB = tuple(sorted(DS1 + DS2 + PACED))
LUDB = tuple(str(number) for number in range(1, 201))
#: Noise of baseline wander, electrode motion and muscle (Moody et al. 1984), without any heart.
NSTDB = ("bw", "em", "ma")
_UNCALIBRATED = "uncalibrated: 200 counts per mV are WFDB's assumption"

#: WFDB annotation symbols that mark a beat. ``!`` (a ventricular flutter wave,
#: record 207) is not among them, although wfdb counts it as a QRS complex.
BEAT_SYMBOLS = tuple("NLRBAaJSVrFejnE/fQ?")

#: One wave with its bounds, in samples; -1 where a bound is not annotated.
WAVE = np.dtype([("kind", "U3"), ("onset", np.int64), ("peak", np.int64), ("offset", np.int64)])

#: A stretch, in samples, where single beats can't be told: ``"unreadable"`` or ``"flutter"``.
EPISODE = np.dtype([("kind", "U10"), ("onset", np.int64), ("offset", np.int64)])

LUDB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_LEAD_NAMES = {lead.lower(): lead for lead in LUDB_LEADS}  # as its headers write them
_WAVE_KINDS = {"p": "P", "N": "QRS", "t": "T"}

#: WFDB's annotation symbols, of beats and of everything else, by the codes that files hold.
SYMBOLS = ann_label_table.set_index("label_store")["symbol"].drop(0).to_dict()  # 0 ends a file


@dataclass(frozen=True)
class Database:
    """What the course knows of one PhysioNet database.

    Attributes
    ----------
    version : str
    names, suffixes : tuple of str
        Its records, and the suffixes of one record's files.
    fs : float
        Sampling rate of all its records in Hz.
    read_marks : callable
        Takes a record's path without suffix, its leads and its length in samples;
        returns what the annotation files hold as fields of `Record`.
    folder : str
        Where the records are below ``<database>/<version>/``.
    scale : tuple of float and int, or None
        Stored integers per mV, and the one at 0 mV; None where the headers are to be trusted.
    notes : tuple of str
        What must be known of every record.
    """

    version: str
    names: tuple[str, ...]
    suffixes: tuple[str, ...]
    fs: float
    read_marks: Callable[[str, tuple[str, ...], int], dict]
    folder: str = ""
    scale: tuple[float, int] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Record:
    """One recording with its annotated beats.

    Attributes
    ----------
    name, database, subject : str
        ``subject`` is the same for two records of one person (201 and 202).
    signal : numpy.ndarray
        float32, shape ``(samples, leads)``, in mV.
    fs : float
        Sampling rate in Hz.
    leads : tuple of str
        One name for each column of `signal`.
    samples : numpy.ndarray
        int64, shape ``(beats,)``: where the annotated beats are.
    symbols : numpy.ndarray
        ``<U1``, shape ``(beats,)``: the annotators' symbol for each beat. LUDB
        labels no beat types; its beats carry ``?``.
    source : str
        ``"folder"``, ``"cache"``, ``"PhysioNet"`` or ``"simulated"``.
    notes : tuple of str
        The header's comments: medication in mitdb, diagnoses in LUDB.
    waves : dict of str to numpy.ndarray
        LUDB: for each lead the cardiologists' wave bounds, an array of `WAVE`.
    episodes : numpy.ndarray
        mitdb: an array of `EPISODE`, the stretches in which single beats can't be
        told: ``"unreadable"`` signal and ventricular ``"flutter"``. Each includes
        its onset; a stretch that was never closed ends with the recording.
    rhythms : numpy.ndarray
        mitdb: ``<U4``, shape ``(beats,)``, the rhythm in which each beat stands, in the
        database's letters: ``N`` (sinus rhythm), ``AFIB``, ``AFL``, ``B`` (bigeminy) and others.
    """

    name: str
    database: str
    subject: str
    signal: np.ndarray
    fs: float
    leads: tuple[str, ...]
    samples: np.ndarray
    symbols: np.ndarray
    source: str
    notes: tuple[str, ...] = ()
    waves: dict[str, np.ndarray] = field(default_factory=dict)
    episodes: np.ndarray = field(default_factory=lambda: np.empty(0, EPISODE))
    rhythms: np.ndarray = field(default_factory=lambda: np.empty(0, "<U4"))

    @property
    def simulated(self) -> bool:
        """Whether this is a simulated patient."""
        return self.source == "simulated"

    @property
    def duration(self) -> float:
        """Length of the recording in seconds."""
        return len(self.signal) / self.fs

    def lead(self, name: str) -> np.ndarray:
        """Return one lead by its name.

        Parameters
        ----------
        name : str
            A lead that this record has, such as ``"MLII"``.

        Returns
        -------
        numpy.ndarray
            float32, shape ``(samples,)``, in mV.

        Raises
        ------
        ValueError
            If the record has no such lead.
        """
        if name not in self.leads:
            raise ValueError(f"record {self} has no lead {name!r}; it has {', '.join(self.leads)}")
        return self.signal[:, self.leads.index(name)]

    def __str__(self) -> str:
        return f"{self.name} (simulated)" if self.simulated else self.name

    def __repr__(self) -> str:
        minutes, seconds = divmod(round(self.duration), 60)
        kinds, counts = np.unique(self.symbols, return_counts=True)
        beats = ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True))
        beats = f"{len(self.samples)} beats ({beats})" if beats else "no beats"
        form = f"{', '.join(self.leads)}, {self.fs:g} Hz, {minutes} min {seconds} s"
        return f"Record {self} of {self.database}: {form}, {beats}"


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
    ``dataclasses.replace(record, samples=…, symbols=…)``.

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
        raise RecordingUnavailable(f"record {name} of {database}: {_origin(source)}")
    if source == "simulated":
        from ecglab import simulate  # late, because simulate builds on Record

        return simulate.record(name, database)
    return _read(database, name, source)


def names(database: str = "mitdb") -> tuple[str, ...]:
    """Return the names of all records of a database.

    Examples
    --------
    >>> len(names("mitdb")), len(names("ludb")), names("nstdb")
    (48, 200, ('bw', 'em', 'ma'))
    """
    return _database(database).names


def check_name(name: str, database: str = "mitdb") -> None:
    """Raise a ValueError if a database has no record of that name.

    Examples
    --------
    >>> check_name("999")
    Traceback (most recent call last):
    ValueError: mitdb has no record '999'; it has 48: 100, 101, 102, 103, …
    """
    known = names(database)
    if name not in known:
        some = ", ".join(known[:4])
        raise ValueError(f"{database} has no record {name!r}; it has {len(known)}: {some}, …")


def subject(name: str, database: str = "mitdb") -> str:
    """Return who a record was taken from; 201 and 202 are the same man.

    Examples
    --------
    >>> subject("202") == subject("201")
    True
    """
    return "201" if database == "mitdb" and name == "202" else name


def describe(database: str = "mitdb") -> str:
    """Say in one line where recordings of a database come from now.

    Examples
    --------
    >>> print(describe("mitdb"))  # doctest: +SKIP
    mitdb 1.0.0: real recordings, from the folder in ECGLAB_DATA
    """
    source = _source(database, *names(database))
    return f"{database} {_database(database).version}: {_origin(source)}"


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


def _database(database: str) -> Database:
    if database not in DATABASES:
        raise ValueError(f"there is no database {database!r}; there are {', '.join(DATABASES)}")
    return DATABASES[database]


@functools.cache
def _hashes(database: str) -> dict[str, str]:
    """Return the pinned SHA-256 of a database's files, or of a record's decoded samples."""
    return dict(np.genfromtxt(Path(__file__).with_name(f"{database}.sha256"), dtype=str).tolist())


def _wanted(database: str, *names: str) -> dict[str, str | None]:
    """Return the files of records, by their paths below any source, and their SHA-256."""
    known, hashes = _database(database), _hashes(database)
    files = (f"{known.folder}{name}.{suffix}" for name in names for suffix in known.suffixes)
    return {f"{database}/{known.version}/{file}": hashes.get(file) for file in files}


def _source(database: str, *names: str) -> str | None:
    """Return the first source that may have some records; None if there is none."""
    policy = os.environ.get("ECGLAB_SOURCE", "")
    if policy not in ("", "real", "simulated"):
        raise ValueError(f"ECGLAB_SOURCE is {policy!r}; it may be 'real', 'simulated' or unset")
    if policy == "simulated":
        return policy
    files, given = _wanted(database, *names), os.environ.get("ECGLAB_DATA")
    if given and not Path(given).is_dir():
        raise ValueError(f"ECGLAB_DATA is {given!r}, which is not a folder; unset it or correct it")
    if given and any((Path(given) / file).is_file() for file in files):
        return "folder"  # even if others are missing, which reading it will say
    if all((cache() / file).is_file() for file in files):
        return "cache"
    mirror, first = fetch.mirror(), next(iter(_wanted(database, _database(database).names[0])))
    if (mirror, database) not in _answered:
        _answered[mirror, database] = fetch.answers(first)
    if _answered[mirror, database]:
        return "PhysioNet"
    return None if policy == "real" else "simulated"


def _origin(source: str | None) -> str:
    """Say a source in words."""
    given, mirror = os.environ.get("ECGLAB_DATA", "not set"), fetch.mirror()
    return {
        "folder": "real recordings, from the folder in ECGLAB_DATA",
        "cache": "real recordings, from this computer's cache",
        "PhysioNet": f"real recordings, fetched from {mirror} as they are needed",
        "simulated": "SIMULATED patients: no recordings at hand, no number here is a real person's",
        None: f"no recordings in ECGLAB_DATA ({given}) or the cache ({cache()}), and {mirror} "
        "does not answer; unset ECGLAB_SOURCE to use simulated patients",
    }[source]


#: For each mirror and database asked by this process, whether it answers.
_answered: dict[tuple[str, str], bool] = {}


# ---------------------------------------------------------------------------
# Reading the files


def _read(database: str, name: str, source: str) -> Record:
    """Read a record; damaged files that no hash could stop are deleted from the cache."""
    root = Path(os.environ["ECGLAB_DATA"]) if source == "folder" else cache()
    wanted = _wanted(database, name)
    try:
        if source == "folder":  # in the cache, `fetch` has compared them
            _check_published(root, wanted)
        return _read_files(root, database, name, source)
    except Exception as error:  # whatever wfdb trips over: the file is not what it should be
        reason = error if isinstance(error, DamagedRecording) else repr(error)
        place = (root / next(iter(wanted))).parent
        said = f"record {name} of {database} in {place} can't be used: {reason}"
        unproved = [root / f for f in wanted if source != "folder" and wanted[f] is None]
        for path in unproved:
            path.unlink(missing_ok=True)
        advice = ". It was deleted from the cache: try again" if unproved else ""
        raise DamagedRecording(said + advice) from error


def _check_published(root: Path, wanted: dict[str, str | None]) -> None:
    """Compare files with their pinned SHA-256: no other check sees every change."""
    missing = [file.split("/", 2)[2] for file in wanted if not (root / file).is_file()]
    if missing:
        said = f"it is incomplete: {', '.join(missing)} missing"
        raise DamagedRecording(f"{said}; put the files there or take the record's others away")
    for file, sha256 in wanted.items():
        if not fetch.is_whole(root / file, sha256):
            said = f"{file} is not the file that PhysioNet published (its SHA-256 differs)"
            advice = "put that there. records.load tells how to use corrections of your own"
            raise DamagedRecording(f"{said}; {advice}")


def _read_files(root: Path, database: str, name: str, source: str) -> Record:
    known = _database(database)
    base = str(root / database / known.version / known.folder / name)
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
    leads = tuple(_LEAD_NAMES.get(lead, lead) for lead in raw.sig_name)
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


def _read_annotation(base: str, suffix: str, length: int) -> tuple[np.ndarray, ...]:
    """Read the marks of an annotation file: their samples, symbols, subtypes and texts.

    wfdb's `rdann` reads the header anew for each of LUDB's files, twenty times the work, and
    takes a file that was cut off, or runs backwards in time, without a word.
    """
    content = Path(f"{base}.{suffix}").read_bytes()
    if not content.endswith(b"\0\0"):
        raise DamagedRecording(f"its .{suffix} is cut off: it lacks its end mark, two zero bytes")
    pairs = np.frombuffer(content, np.uint8).reshape(-1, 2)
    found, codes, subtypes, _, _, texts = proc_ann_bytes(pairs, None)
    samples = np.array(found, dtype=np.int64)
    backwards = np.diff(samples, prepend=0, append=length - 1) < 0
    if backwards.any() or set(codes) - SYMBOLS.keys():
        wrong = f"marks unknown, unordered or outside the record's {length} samples"
        raise DamagedRecording(f"its .{suffix} has {wrong}")
    symbols = np.array([SYMBOLS[code] for code in codes], dtype="<U1")
    return samples, symbols, np.array(subtypes, dtype=np.int64), texts


def _read_mitdb_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    """Find the beats, their rhythm, and the episodes: from a ``~`` to the next ``~``, flutter.

    The text of a ``+`` says which rhythm begins. Bits 4 and 5 of the subtype of a ``~`` say that
    the first and the second signal are unreadable. Like WFDB's bxb, this asks for both; mitdb
    has -1, in which all bits are set.
    """
    samples, symbols, subtypes, texts = _read_annotation(base, "atr", length)
    kinds = {"~": "unreadable", "[": "flutter", "]": "flutter"}
    found, begun = [], {}
    for sample, symbol, subtype in zip(samples, symbols, subtypes, strict=True):
        kind = kinds.get(symbol)
        if kind in begun:
            found.append((kind, begun.pop(kind), sample))
        if symbol == "[" or (symbol == "~" and subtype & 0x30 == 0x30):
            begun[kind] = sample
    found += [(kind, onset, length) for kind, onset in begun.items()]
    episodes = np.sort(np.array(found, dtype=EPISODE), order="onset")
    beat = np.isin(symbols, BEAT_SYMBOLS)
    begins = symbols == "+"
    named = ["", *(text.strip("(\0") for text, new in zip(texts, begins, strict=True) if new)]
    rhythms = np.array(named, dtype="<U4")[np.cumsum(begins)[beat]]
    marks = {"samples": samples[beat], "symbols": symbols[beat]}
    return marks | {"rhythms": rhythms, "episodes": episodes}


def _read_ludb_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    waves = {lead: _read_waves(base, lead, length) for lead in leads}
    # Lead II shows every beat's QRS complex; its peaks stand for the beats.
    complexes = waves["II"][waves["II"]["kind"] == "QRS"]
    symbols = np.full(len(complexes), "?", dtype="<U1")
    return {"samples": complexes["peak"].copy(), "symbols": symbols, "waves": waves}


def _read_waves(base: str, lead: str, length: int) -> np.ndarray:
    """Read one lead's wave bounds: ``(`` onset, ``p N t`` peak, ``)`` offset."""
    samples, symbols, *_ = _read_annotation(base, lead.lower(), length)
    # from the marks just before and just after
    onsets = np.append(-1, np.where(symbols == "(", samples, -1))[:-1]
    offsets = np.append(np.where(symbols == ")", samples, -1), -1)[1:]
    marks = zip(symbols, onsets, samples, offsets, strict=True)
    waves = [(_WAVE_KINDS[kind], *at) for kind, *at in marks if kind in _WAVE_KINDS]
    return np.array(waves, dtype=WAVE)


def _no_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    return {"samples": np.empty(0, np.int64), "symbols": np.empty(0, "<U1")}


DATABASES = {
    "mitdb": Database("1.0.0", MITDB, ("hea", "dat", "atr"), 360.0, _read_mitdb_marks),
    # LUDB's headers give every lead a gain that stretches it to a range of exactly 1 mV, which
    # would make leads incomparable. Its stored integers obey Einthoven's law to the last count
    # in all 200 records; 1 µV a count, which makes lead II span 1.4 mV in the median, is inferred.
    "ludb": Database(
        "1.0.1", LUDB, ("hea", "dat", *_LEAD_NAMES), 500.0, _read_ludb_marks, "data/", (1000, 0)
    ),
    # The header's gain is 0, for which wfdb puts 200 counts per mV.
    "nstdb": Database("1.0.0", NSTDB, ("hea", "dat"), 360.0, _no_marks, notes=(_UNCALIBRATED,)),
}
