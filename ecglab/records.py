"""Recordings: which there are, where they come from, and how one is read.

Sources are tried in this order:

1. the folder named by the environment variable ``ECGLAB_DATA``,
2. the user's cache,
3. PhysioNet (or the mirror named by ``ECGLAB_MIRROR``), file by file into the cache,
4. simulated patients.

``ECGLAB_SOURCE=real`` turns step 4 into an error, ``ECGLAB_SOURCE=simulated``
starts there. `describe` says which source is in force.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
import pooch
import requests
import wfdb
from tqdm.auto import tqdm

#: Inter-patient split of de Chazal et al. 2004 (doi 10.1109/TBME.2004.827359).
DS1 = (
    *("101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122"),
    *("124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230"),
)
DS2 = (
    *("100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210"),
    *("212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234"),
)
#: Records with paced beats, left out of DS1 and DS2.
PACED = ("102", "104", "107", "217")
MITDB = tuple(sorted(DS1 + DS2 + PACED))
LUDB = tuple(str(number) for number in range(1, 201))

#: WFDB annotation symbols that mark a beat. ``!`` (a ventricular flutter wave,
#: record 207) is not among them, although wfdb counts it as a QRS complex.
BEAT_SYMBOLS = tuple("NLRBAaJSVrFejnE/fQ?")

#: One wave with its bounds, in samples; -1 where a bound is not annotated.
WAVE = np.dtype([("kind", "U3"), ("onset", np.int64), ("peak", np.int64), ("offset", np.int64)])

LUDB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
#: LUDB's headers give every lead a gain that stretches it to a range of exactly 1 mV, which
#: would make leads incomparable. Its stored integers obey Einthoven's law to the last count in
#: all 200 records; 1 µV a count, which makes lead II span 1.4 mV in the median, is inferred.
_LUDB_COUNTS_PER_MV = 1000
_WAVE_KINDS = {"p": "P", "N": "QRS", "t": "T"}

_TIMEOUT_SECONDS = (5, 30)  # to connect, between two packets
_PHYSIONET = "https://physionet.org/files/"


class DamagedRecording(ValueError):
    """A recording whose files are incomplete or do not hold what their header says."""


class RecordingUnavailable(OSError):
    """No source holds the recording, and simulated patients were ruled out."""


@dataclass(frozen=True)
class Database:
    """What the course knows of one PhysioNet database."""

    version: str
    names: tuple[str, ...]
    suffixes: tuple[str, ...]
    folder: str = ""

    def files(self, name: str) -> list[str]:
        """Return the paths of one record's files below ``<database>/<version>/``."""
        return [f"{self.folder}{name}.{suffix}" for suffix in self.suffixes]


DATABASES = {
    "mitdb": Database("1.0.0", MITDB, ("hea", "dat", "atr")),
    "ludb": Database(
        "1.0.1", LUDB, ("hea", "dat", *(lead.lower() for lead in LUDB_LEADS)), "data/"
    ),
}


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
        return (
            f"Record {self} of {self.database}: {', '.join(self.leads)}, {self.fs:g} Hz, "
            f"{minutes} min {seconds} s, {len(self.samples)} beats ({beats})"
        )


def load(name: str, database: str = "mitdb") -> Record:
    """Load one recording from the first source that has it.

    Parameters
    ----------
    name : str
        A record's name, such as ``"100"``; see `names`.
    database : {"mitdb", "ludb"}
        The MIT-BIH Arrhythmia Database (doi 10.13026/C2F305) or the Lobachevsky
        University Database (doi 10.1109/ACCESS.2020.3029211).

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        If there is no such database or record, or a folder in ``ECGLAB_DATA`` or
        a value of ``ECGLAB_SOURCE`` that can't be used.
    DamagedRecording
        If files of the recording are missing or do not match their header.
    RecordingUnavailable
        If ``ECGLAB_SOURCE=real`` and no source has the recording.

    Examples
    --------
    >>> record = load("100")
    >>> record.leads, record.fs
    (('MLII', 'V5'), 360.0)
    """
    name = str(name)
    if name not in names(database):
        known = ", ".join(names(database)[:4])
        raise ValueError(
            f"{database} has no record {name!r}; it has {len(names(database))}: {known}, …"
        )
    if _policy() != "simulated":
        found = _find(name, database)
        if found is not None:
            return _read(*found, name, database)
        if _policy() == "real":
            raise RecordingUnavailable(
                f"record {name} of {database} is not in ECGLAB_DATA "
                f"({os.environ.get('ECGLAB_DATA', 'not set')}), not in the cache ({cache()}), and "
                f"{_mirror()} does not answer; unset ECGLAB_SOURCE to use simulated patients"
            )
    from ecglab import simulate  # late, because simulate builds on Record

    return simulate.record(name, database)


def names(database: str = "mitdb") -> tuple[str, ...]:
    """Return the names of all records of a database.

    Examples
    --------
    >>> len(names("mitdb")), len(names("ludb"))
    (48, 200)
    """
    return _database(database).names


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
    version = _database(database).version
    origin = {
        "folder": "real recordings, from the folder in ECGLAB_DATA",
        "cache": "real recordings, from this computer's cache",
        "PhysioNet": f"real recordings, fetched from {_mirror()} as they are needed",
        "simulated": "SIMULATED patients: no recordings at hand, no number here is a real person's",
    }
    return f"{database} {version}: {origin[_source_in_force(database)]}"


def cache() -> Path:
    """Return the folder in which fetched recordings are kept."""
    return Path(os.environ.get("ECGLAB_CACHE") or pooch.os_cache("ecglab"))


def download(databases: Iterable[str] = ("mitdb", "ludb")) -> Path:
    """Fetch whole databases from PhysioNet into the cache.

    Files that are there and whole are not fetched again, so a download that
    broke off goes on where it stopped.

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
        If the server does not answer, or sends something else than the database's files.
    """
    for database in databases:
        wanted = _database(database)
        fetcher = _fetcher(database)
        files = [file for name in wanted.names for file in wanted.files(name)]
        bar = tqdm(files, desc=f"{database} {wanted.version}", unit="file", disable=None)
        for file in bar:
            try:
                fetcher.fetch(file, downloader=_downloader())
            except (requests.RequestException, OSError, ValueError) as error:
                raise RecordingUnavailable(
                    f"{database}/{wanted.version}/{file} could not be fetched from {_mirror()}: "
                    f"{error}. What is whole stays in {cache()}; try again later, or set "
                    "ECGLAB_MIRROR to another server"
                ) from error
    return cache()


# ---------------------------------------------------------------------------
# Finding the files


def _database(database: str) -> Database:
    if database not in DATABASES:
        raise ValueError(f"there is no database {database!r}; there are {', '.join(DATABASES)}")
    return DATABASES[database]


def _policy() -> str:
    policy = os.environ.get("ECGLAB_SOURCE", "")
    if policy not in ("", "real", "simulated"):
        raise ValueError(f"ECGLAB_SOURCE is {policy!r}; it may be 'real', 'simulated' or unset")
    return policy


def _mirror() -> str:
    return os.environ.get("ECGLAB_MIRROR", _PHYSIONET).rstrip("/") + "/"


def _folder(database: str) -> Path | None:
    """Return the database's folder in ECGLAB_DATA, or None if it is not there."""
    given = os.environ.get("ECGLAB_DATA")
    if not given:
        return None
    if not Path(given).is_dir():
        raise ValueError(f"ECGLAB_DATA is {given!r}, which is not a folder; unset it or correct it")
    folder = Path(given) / database / _database(database).version
    return folder if folder.is_dir() else None


def _find(name: str, database: str) -> tuple[Path, str] | None:
    """Return a folder that holds all files of a record, and which source it is."""
    files = _database(database).files(name)
    folder = _folder(database)
    if folder is not None:
        missing = [file for file in files if not (folder / file).is_file()]
        if not missing:
            return folder, "folder"
        if len(missing) < len(files):
            raise DamagedRecording(
                f"record {name} of {database} in {folder} is incomplete: {', '.join(missing)} "
                "missing; put the files there or take the others away"
            )
    fetcher = _fetcher(database)
    if all((fetcher.abspath / file).is_file() for file in files):
        source = "cache"
    elif _answers(database):
        source = "PhysioNet"
    else:
        return None
    try:
        for file in files:  # checks the hash of what is in the cache already
            fetcher.fetch(file, downloader=_downloader())
    except requests.RequestException:
        _answered[_mirror() + database] = False  # don't wait again for every record
        return None
    except ValueError as error:  # pooch: the hash differs
        raise DamagedRecording(
            f"record {name} of {database} came damaged from {_mirror()}: {error}"
        ) from error
    return fetcher.abspath, source


def _fetcher(database: str) -> pooch.Pooch:
    """Return what fetches a database's files: pinned version, SHA-256, three retries."""
    version = _database(database).version
    fetcher = pooch.create(
        path=cache() / database / version,
        base_url=f"{_mirror()}{database}/{version}/",
        retry_if_failed=3,
    )
    fetcher.load_registry(str(resources.files("ecglab") / f"{database}.sha256"))
    return fetcher


def _downloader() -> pooch.HTTPDownloader:
    pooch.get_logger().setLevel("ERROR")  # our own messages say what happened
    return pooch.HTTPDownloader(timeout=_TIMEOUT_SECONDS, progressbar=False)


_answered: dict[str, bool] = {}


def _answers(database: str) -> bool:
    """Ask the mirror once per process whether it has a database."""
    wanted = _database(database)
    key = _mirror() + database
    if key not in _answered:
        url = f"{key}/{wanted.version}/{wanted.files(wanted.names[0])[0]}"
        try:
            response = requests.head(url, timeout=_TIMEOUT_SECONDS[0], allow_redirects=True)
            _answered[key] = response.ok
        except requests.RequestException:
            _answered[key] = False
    return _answered[key]


def _source_in_force(database: str) -> str:
    if _policy() == "simulated":
        return "simulated"
    if _folder(database) is not None:
        return "folder"
    folder = cache() / database / _database(database).version
    if all((folder / file).is_file() for file in _fetcher(database).registry):
        return "cache"
    return "PhysioNet" if _answers(database) else "simulated"


# ---------------------------------------------------------------------------
# Reading the files


def _read(folder: Path, source: str, name: str, database: str) -> Record:
    base = str(folder / f"{_database(database).folder}{name}")
    try:
        header = _read_checked(base)
        if database == "ludb":
            signal = (header.d_signal / _LUDB_COUNTS_PER_MV).astype(np.float32)
        else:
            signal = header.dac().astype(np.float32)
        read_beats = _read_mitdb_beats if database == "mitdb" else _read_ludb_beats
        leads = tuple(_lead_name(lead) for lead in header.sig_name)
        samples, symbols, waves = read_beats(base, leads)
    except DamagedRecording:
        raise
    except Exception as error:  # whatever wfdb trips over: the file is not what it should be
        raise DamagedRecording(f"record {name} in {folder} can't be read: {error!r}") from error
    if len(samples) and not 0 <= samples.min() <= samples.max() < len(signal):
        raise DamagedRecording(
            f"record {name} in {folder} has beats outside its {len(signal)} samples"
        )
    return Record(
        name=name,
        database=database,
        subject=subject(name, database),
        signal=signal,
        fs=float(header.fs),
        leads=leads,
        samples=samples,
        symbols=symbols,
        source=source,
        notes=tuple(note.strip() for note in header.comments),
        waves=waves,
    )


def _read_checked(base: str) -> wfdb.Record:
    """Read a record's integers and prove them by the checksums of its header."""
    header = wfdb.rdrecord(base, physical=False)
    if header.sig_len != len(header.d_signal):
        raise DamagedRecording(
            f"{base}.dat holds {len(header.d_signal)} samples, its header says {header.sig_len}"
        )
    sums = [int(total) % 65536 for total in header.d_signal.sum(axis=0, dtype=np.int64)]
    expected = [value % 65536 for value in header.checksum]
    if sums != expected:
        raise DamagedRecording(
            f"{base}.dat has checksums {sums}, its header says {expected}: the file is damaged"
        )
    return header


def _read_annotation(base: str, suffix: str) -> wfdb.Annotation:
    """Read an annotation file that is whole: wfdb takes one that was cut off without a word."""
    if not Path(f"{base}.{suffix}").read_bytes().endswith(b"\0\0"):
        raise DamagedRecording(f"{base}.{suffix} is cut off: it lacks its end mark, two zero bytes")
    return wfdb.rdann(base, suffix)


def _read_mitdb_beats(base: str, leads: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, dict]:
    annotation = _read_annotation(base, "atr")
    symbols = np.array(annotation.symbol, dtype="<U1")
    beat = np.isin(symbols, BEAT_SYMBOLS)
    return annotation.sample[beat].astype(np.int64), symbols[beat], {}


def _read_ludb_beats(base: str, leads: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, dict]:
    waves = {lead: _read_waves(base, lead) for lead in leads}
    # Lead II shows every beat's QRS complex; its peaks stand for the beats.
    complexes = waves["II"][waves["II"]["kind"] == "QRS"]
    return complexes["peak"].copy(), np.full(len(complexes), "?", dtype="<U1"), waves


def _read_waves(base: str, lead: str) -> np.ndarray:
    """Read one lead's wave bounds: ``(`` onset, ``p N t`` peak, ``)`` offset."""
    annotation = _read_annotation(base, lead.lower())
    waves = []
    for position, symbol in enumerate(annotation.symbol):
        if symbol not in _WAVE_KINDS:
            continue
        before = annotation.symbol[position - 1] if position else ""
        after = annotation.symbol[position + 1 : position + 2]
        waves.append(
            (
                _WAVE_KINDS[symbol],
                annotation.sample[position - 1] if before == "(" else -1,
                annotation.sample[position],
                annotation.sample[position + 1] if after == [")"] else -1,
            )
        )
    return np.array(waves, dtype=WAVE)


def _lead_name(lead: str) -> str:
    """Return a lead's usual spelling; LUDB's headers write all of them in small letters."""
    return {name.lower(): name for name in LUDB_LEADS}.get(lead, lead)
