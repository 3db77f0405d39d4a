"""What there is: databases, their records and people, and what a `Record` may hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path

import numpy as np
from wfdb.io.annotation import ann_label_table, proc_ann_bytes

from ecglab import given
from ecglab.fetch import DamagedRecording

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
#: Rich in premature beats from above the ventricles (Greenwald 1990, doi 10.13026/C2V30W).
SVDB = tuple(map(str, (*range(800, 813), *range(820, 830), *range(840, 895))))

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
SYMBOLS = dict(zip(ann_label_table["label_store"], ann_label_table["symbol"], strict=True))
del SYMBOLS[0]  # it ends a file
_HEADING = [22, 0]  # the remark that some files open with (svdb's 801, 822, 880), and its end

#: Where a record may come from.
SOURCES = ("folder", "cache", "PhysioNet", "simulated", "file")


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
    title : str
        Its name at PhysioNet, which a folder that was downloaded and unzipped bears.
    folder : str
        Where the records are below ``<database>/<version>/``.
    scale : tuple of float and int, or None
        Stored integers per mV, and the one at 0 mV; None where the headers are to be trusted.
    stand_for : dict of str to str
        Which of mitdb's leads its own stand for, where a `Recipe` asks for those.
    """

    version: str
    names: tuple[str, ...]
    suffixes: tuple[str, ...]
    fs: float
    read_marks: Callable[[str, tuple[str, ...], int], dict]
    title: str
    folder: str = ""
    scale: tuple[float, int] | None = None
    stand_for: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """One recording with its annotated beats.

    What it is given is checked and brought into the form below: lists become arrays, a single
    name becomes a tuple of one. Two records are equal only if they are the same object.

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
        ``"folder"``, ``"cache"``, ``"PhysioNet"``, ``"simulated"``, or ``"file"`` for what `read`
        has read.
    notes : tuple of str
        The header's comments: medication in mitdb, diagnoses in LUDB; and that its signal is
        uncalibrated, if the header gives no gain. Of a file that `read` has read, also what is
        doubtful about it.
    waves : dict of str to numpy.ndarray
        LUDB: for each lead the cardiologists' wave bounds, an array of `WAVE`.
    episodes : numpy.ndarray
        mitdb: an array of `EPISODE`, the stretches in which single beats can't be
        told: ``"unreadable"`` signal and ventricular ``"flutter"``. Each includes
        its onset; a stretch that was never closed ends with the recording.
    rhythms : numpy.ndarray
        mitdb: ``<U4``, shape ``(beats,)``, the rhythm in which each beat stands, in the
        database's letters: ``N`` (sinus rhythm), ``AFIB``, ``AFL``, ``B`` (bigeminy) and others.

    Raises
    ------
    ValueError
        If parts do not fit together, or hold what they can't: the message names it.

    Examples
    --------
    >>> Record(
    ...     name="mine", database="own", subject="me", signal=np.zeros((1000, 1)), fs=250,
    ...     leads="II", samples=[100, 350, 600], symbols=["N", "N", "V"], source="file",
    ... )
    Record mine of own: II, 250 Hz, 0 min 4 s, 3 beats (2 N, 1 V)
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

    def __post_init__(self) -> None:
        checked = {
            "signal": _checked_signal(self.signal),
            "fs": checked_rate(self.fs),
            "leads": _checked_leads(self.leads),
            "samples": checked_samples(self.samples),
            "symbols": checked_symbols(self.symbols),
            "notes": given.names(self.notes),
            "episodes": _checked_episodes(self.episodes),
            "rhythms": _checked_rhythms(self.rhythms),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # the way to fill a frozen dataclass
        self._check_sizes()
        if self.source not in SOURCES:
            raise ValueError(f"source is {self.source!r}; it may be {', '.join(SOURCES)}")

    def _check_sizes(self) -> None:
        beats, columns = len(self.samples), self.signal.shape[1]
        if len(self.leads) != columns:
            raise ValueError(f"{len(self.leads)} leads for {columns} columns; give one name each")
        if len(self.symbols) != beats:
            raise ValueError(f"{len(self.symbols)} symbols for {beats} samples; give one each")
        if len(self.rhythms) not in (0, beats):
            problem = f"{len(self.rhythms)} rhythms for {beats} samples"
            raise ValueError(f"{problem}; give one each, or rhythms=() if they are not known")
        foreign = sorted(set(self.waves) - set(self.leads))
        if foreign:
            raise ValueError(f"waves are given for {foreign}, which are not among {self.leads}")

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
        leads = ", ".join(self.leads)
        form = f"{leads}, {self.fs:g} Hz, {minutes} min {seconds} s"
        beats = "no beats"
        if len(self.symbols):
            kinds, counts = np.unique(self.symbols, return_counts=True)
            shares = [f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True)]
            beats = f"{len(self.symbols)} beats ({', '.join(shares)})"
        return f"Record {self} of {self.database}: {form}, {beats}"


def names(database: str = "mitdb") -> tuple[str, ...]:
    """Return the names of all records of a database.

    First used in chapter 1.

    Examples
    --------
    >>> len(names("mitdb")), len(names("ludb")), names("nstdb")
    (48, 200, ('bw', 'em', 'ma'))
    """
    return database_of(database).names


def check_name(name: str, database: str = "mitdb") -> None:
    """Raise a ValueError if a database has no record of that name.

    Examples
    --------
    >>> check_name("999")
    Traceback (most recent call last):
    ValueError: mitdb has no record '999'; it has 48: 100, 101, 102, 103, …
    """
    every = names(database)
    if name not in every:
        some = ", ".join(every[:4])
        raise ValueError(f"{database} has no record {name!r}; it has {len(every)}: {some}, …")


def subject(name: str, database: str = "mitdb") -> str:
    """Return who a record was taken from; 201 and 202 are the same man.

    Examples
    --------
    >>> subject("202") == subject("201")
    True
    """
    return "201" if database == "mitdb" and name == "202" else name


def database_of(database: str) -> Database:
    """Return what is known of a database, or raise a ValueError that names those there are."""
    if database not in DATABASES:
        raise ValueError(f"there is no database {database!r}; there are {', '.join(DATABASES)}")
    return DATABASES[database]


# ---------------------------------------------------------------------------
# What a record may hold


def checked_rate(fs: float) -> float:
    """Return a sampling rate in Hz as a float, or refuse what is none."""
    number = isinstance(fs, Real) and not isinstance(fs, bool)
    if not number or not 0 < fs < np.inf:
        raise ValueError(f"fs is {fs!r}; it must be a sampling rate above 0 Hz")
    return float(fs)


def checked_samples(samples: Sequence[int]) -> np.ndarray:
    """Return the places of beats as int64, or refuse what is not whole or does not rise."""
    array = np.asarray(samples)
    if array.ndim != 1:
        raise ValueError(f"samples has shape {array.shape}; give one place for each beat, (beats,)")
    if not array.size:
        return np.empty(0, np.int64)
    whole = array.dtype.kind in "iu"
    if array.dtype.kind == "f":
        whole = (array == np.rint(array)).all()
    if not whole:
        raise ValueError(f"samples holds {array.dtype}, such as {array[0]}; give whole numbers")
    array = array.astype(np.int64)
    falls = np.flatnonzero(np.diff(array) <= 0)
    if len(falls):
        fall = falls[0]
        problem = f"sample {array[fall + 1]} follows {array[fall]}"
        raise ValueError(f"beats must be in rising order; {problem}")
    return array


def checked_symbols(symbols: Sequence[str]) -> np.ndarray:
    """Return annotation symbols as ``<U1``, or refuse what is no annotation."""
    if isinstance(symbols, str):
        raise ValueError(f"symbols is the text {symbols!r}; give a list with one symbol a beat")
    array = np.asarray(symbols)
    if array.ndim != 1:
        raise ValueError(f"symbols has shape {array.shape}; give one for each beat, (beats,)")
    if not array.size:
        return np.empty(0, "<U1")
    accepted = set(SYMBOLS.values())
    for symbol in array.tolist():
        if symbol not in accepted:
            beats = " ".join(BEAT_SYMBOLS)
            raise ValueError(f"symbols hold {symbol!r}, which is no annotation; beats are {beats}")
    return array.astype("<U1")


def _checked_signal(signal: np.ndarray) -> np.ndarray:
    array = np.asarray(signal)
    if array.ndim != 2 or not array.size:
        advice = ", for one lead signal[:, None]" if array.ndim == 1 else ""
        problem = f"signal has shape {array.shape}; it must be (samples, leads)"
        raise ValueError(problem + advice)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"signal holds {array.dtype}; it must hold numbers, in mV")
    return array.astype(np.float32, copy=False)


def _checked_leads(leads: Sequence[str]) -> tuple[str, ...]:
    labels = given.names(leads)
    for label in labels:
        if not isinstance(label, str) or not label:
            raise ValueError(f"leads is {leads!r}; give one name for each column, such as 'MLII'")
    for label in sorted(labels):
        if labels.count(label) > 1:
            raise ValueError(f"leads holds {label!r} twice; give each column a name of its own")
    return tuple(map(str, labels))


def _checked_episodes(episodes: np.ndarray) -> np.ndarray:
    array = np.asarray(episodes)
    if not array.size:
        return np.empty(0, EPISODE)
    if array.dtype.names != EPISODE.names:
        raise ValueError(f"episodes holds {array.dtype}; it must be an array of records.EPISODE")
    if (array["onset"] > array["offset"]).any():
        raise ValueError("episodes holds one that ends before it begins")
    for kind in np.unique(array["kind"]).tolist():
        if kind not in ("unreadable", "flutter"):
            raise ValueError(f"episodes holds {kind!r}; they may be 'unreadable' or 'flutter'")
    return array


def _checked_rhythms(rhythms: Sequence[str]) -> np.ndarray:
    array = np.asarray(rhythms)
    if not array.size:
        return np.empty(0, "<U4")
    if array.ndim != 1 or array.dtype.kind != "U":
        raise ValueError(f"rhythms holds {array.dtype}, shape {array.shape}; give one text a beat")
    return array


# ---------------------------------------------------------------------------
# Annotation files


def read_annotation(base: str, suffix: str, length: int) -> tuple[np.ndarray, ...]:
    """Read the marks of an annotation file: their samples, symbols, subtypes and texts.

    wfdb's `rdann` reads the header anew for each of LUDB's files, twenty times the work, and
    takes a file that was cut off, or runs backwards in time, without a word.
    """
    file = Path(f"{base}.{suffix}")
    content = file.read_bytes()
    if not content.endswith(b"\0\0"):
        raise DamagedRecording(f"its .{suffix} is cut off: it lacks its end mark, two zero bytes")
    numbers = np.frombuffer(content, np.uint8)
    pairs = numbers.reshape(-1, 2)
    marks = proc_ann_bytes(pairs, None)
    if marks[1][:2] == _HEADING:
        marks = [part[2:] for part in marks]
    found, codes, subtypes, _, _, texts = marks
    samples = np.array(found, dtype=np.int64)
    steps = np.diff(samples, prepend=0, append=length - 1)
    known = set(codes) <= set(SYMBOLS)
    if not known or steps.min() < 0:
        problem = f"marks unknown, unordered or outside the record's {length} samples"
        raise DamagedRecording(f"its .{suffix} has {problem}")
    symbols = np.array([SYMBOLS[code] for code in codes], dtype="<U1")
    subtypes = np.array(subtypes, dtype=np.int64)
    return samples, symbols, subtypes, texts


def _read_mitdb_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    return beat_marks(*read_annotation(base, "atr", length), length)


def beat_marks(
    samples: np.ndarray, symbols: np.ndarray, subtypes: np.ndarray, texts: list[str], length: int
) -> dict:
    """Return the beats among marks, their rhythms, and the episodes, as fields of `Record`."""
    beat = np.isin(symbols, BEAT_SYMBOLS)
    rhythms = _rhythms(symbols, texts)
    return {
        "samples": samples[beat],
        "symbols": symbols[beat],
        "rhythms": rhythms[beat],
        "episodes": _episodes(samples, symbols, subtypes, length),
    }


def _read_svdb_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    # The last beat of 860 stands one sample past its signal's end, where nothing can be cut.
    marks = read_annotation(base, "atr", length + 1)
    inside = marks[0] < length
    kept = [np.asarray(part)[inside] for part in marks]
    # One mark in all 78 records names a rhythm: of the others nothing is known.
    return beat_marks(*kept, length) | {"rhythms": ()}


def _rhythms(symbols: np.ndarray, texts: list[str]) -> np.ndarray:
    """Return the rhythm in which each mark stands: the text of a ``+`` says which begins."""
    rhythms, rhythm = [], ""
    for symbol, text in zip(symbols, texts, strict=True):
        if symbol == "+":
            rhythm = text.strip("(\0")
        rhythms.append(rhythm)
    return np.array(rhythms, dtype="<U4")


def _episodes(
    samples: np.ndarray, symbols: np.ndarray, subtypes: np.ndarray, length: int
) -> np.ndarray:
    """Find the stretches from one ``~`` to the next, and from a ``[`` to its ``]``.

    Bits 4 and 5 of the subtype of a ``~`` say that the first and the second signal are
    unreadable. Like WFDB's bxb, this asks for both; mitdb has -1, in which all bits are set.
    """
    kinds = {"~": "unreadable", "[": "flutter", "]": "flutter"}
    episodes, onsets = [], {}
    for sample, symbol, subtype in zip(samples, symbols, subtypes, strict=True):
        kind = kinds.get(symbol)
        if kind in onsets:
            onset = onsets.pop(kind)
            episodes.append((kind, onset, sample))
        unreadable = symbol == "~" and subtype & 0x30 == 0x30
        if unreadable or symbol == "[":
            onsets[kind] = sample
    for kind, onset in onsets.items():
        episodes.append((kind, onset, length))
    return np.sort(np.array(episodes, dtype=EPISODE), order="onset")


def _read_ludb_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    waves = {lead: _read_waves(base, lead, length) for lead in leads}
    # Lead II shows every beat's QRS complex; its peaks stand for the beats.
    complexes = waves["II"][waves["II"]["kind"] == "QRS"]
    symbols = np.full(len(complexes), "?", dtype="<U1")
    return {"samples": complexes["peak"].copy(), "symbols": symbols, "waves": waves}


def _read_waves(base: str, lead: str, length: int) -> np.ndarray:
    """Read one lead's wave bounds: ``(`` onset, ``p N t`` peak, ``)`` offset."""
    samples, symbols, *_ = read_annotation(base, lead.lower(), length)
    begins = np.where(symbols == "(", samples, -1)
    onsets = np.append(-1, begins)[:-1]  # of the mark just before
    ends = np.where(symbols == ")", samples, -1)
    offsets = np.append(ends, -1)[1:]  # of the mark just after
    peaks = np.isin(symbols, list(_WAVE_KINDS))
    waves = np.empty(peaks.sum(), dtype=WAVE)
    waves["kind"] = [_WAVE_KINDS[symbol] for symbol in symbols[peaks]]
    waves["onset"] = onsets[peaks]
    waves["peak"] = samples[peaks]
    waves["offset"] = offsets[peaks]
    return waves


def _no_marks(base: str, leads: tuple[str, ...], length: int) -> dict:
    return {"samples": np.empty(0, np.int64), "symbols": np.empty(0, "<U1")}


DATABASES = {
    "mitdb": Database(
        version="1.0.0",
        names=MITDB,
        suffixes=("hea", "dat", "atr"),
        fs=360.0,
        read_marks=_read_mitdb_marks,
        title="mit-bih-arrhythmia-database",
    ),
    # LUDB's headers give every lead a gain that stretches it to a range of exactly 1 mV, which
    # would make leads incomparable. Its stored integers obey Einthoven's law to the last count
    # in all 200 records; 1 µV a count, which makes lead II span 1.4 mV in the median, is inferred.
    "ludb": Database(
        version="1.0.1",
        names=LUDB,
        suffixes=("hea", "dat", *_LEAD_NAMES),
        fs=500.0,
        read_marks=_read_ludb_marks,
        title="lobachevsky-university-electrocardiography-database",
        folder="data/",
        scale=(1000, 0),
    ),
    "nstdb": Database(
        version="1.0.0",
        names=NSTDB,
        suffixes=("hea", "dat"),
        fs=360.0,
        read_marks=_no_marks,
        title="mit-bih-noise-stress-test-database",
    ),
    # Which lead is which, the files do not say. R. G. Mark of PhysioNet: "usually approximately
    # modified lead II and a modified lead V2", the order left open
    # (https://github.com/MIT-LCP/physionet/issues/112). Typical QRS complexes point upwards in
    # ECG1 in 72 % of the records (MLII: 97 %), in ECG2 in 29 % (V1: 19 %): hence this order.
    "svdb": Database(
        version="1.0.0",
        names=SVDB,
        suffixes=("hea", "dat", "atr"),
        fs=128.0,
        read_marks=_read_svdb_marks,
        title="mit-bih-supraventricular-arrhythmia-database",
        stand_for={"ECG1": "MLII", "ECG2": "V1"},
    ),
}
