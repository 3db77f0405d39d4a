"""Files that hold an ECG: WFDB, EDF, tables of text, NumPy arrays.

Each reader returns a `Raw`: the numbers as the file has them, and what the file says about them.
What a file leaves open (the rate of a table, the unit of an array) stays None; `records.read`
asks its caller for it.
"""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import edfio
import numpy as np
import wfdb

from ecglab import texts

#: A median beat of an ECG at the skin is about this high, in mV, from its lowest to its highest
#: point: beyond these, the unit is wrong. LUDB's lowest lead has 0.1 mV; a hypertrophic heart's
#: highest seldom passes 10.
LOWEST_BEAT, HIGHEST_BEAT = 0.05, 20.0

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
_EDF_SUFFIXES = (".edf", ".bdf")
_NUMPY_SUFFIXES = (".npy", ".npz")
_WFDB_SUFFIXES = (".hea", ".dat", ".atr")
_KNOWN = "WFDB (.hea), EDF (.edf, .bdf), text (.csv, .tsv, .txt) or NumPy (.npy, .npz)"

_ECG_WORD = re.compile(r"(?i)^(ecg|ekg|lead)[\s_:-]+(lead[\s_:-]+)?(?=\S)")

_LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
_CHEST = (*(f"V{k}" for k in range(1, 10)), "V3R", "V4R")
_MODIFIED = ("MLI", "MLII", "MLIII", "MV1", "MV2", "MV5", "CM5", "CC5")
_UNNAMED = ("ECG", "ECG1", "ECG2", "ECG3")
_PLACED = (*_LIMB, *_CHEST, *_MODIFIED)
_LEADS = {lead.lower(): lead for lead in (*_PLACED, *_UNNAMED)}


class Raw(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    signal : numpy.ndarray
        float64, shape ``(samples, columns)``; NaN where the file has nothing.
    fs : float or None
        Sampling rate in Hz.
    names : tuple of str, or None
        One for each column.
    units : tuple of (str or None)
        One for each column, as the file writes it.
    notes : tuple of str
        What the file says, and what was left aside.
    doubts : tuple of str
        What had to be guessed.
    """

    signal: np.ndarray
    fs: float | None
    names: tuple[str, ...] | None
    units: tuple[str | None, ...]
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def open_file(path: Path) -> Raw:
    r"""Read a file in whichever of the known formats it is.

    Parameters
    ----------
    path : pathlib.Path
        Of a WFDB record, with or without its suffix, or of any other file with it.

    Returns
    -------
    Raw

    Raises
    ------
    ValueError
        If the format is not known, or the file is not what its suffix says.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     _ = path.write_text("time,II\n0.000,0.1\n0.004,0.3\n0.008,0.2\n")
    ...     raw = open_file(path)
    >>> raw.names, raw.signal[:, 0].tolist(), raw.fs
    (('II',), [0.1, 0.3, 0.2], 250.0)
    """
    suffix = path.suffix.lower()
    base = wfdb_base(path)
    if suffix in _WFDB_SUFFIXES or Path(f"{base}.hea").is_file():
        return _wfdb(base)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name one recording in it")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}, nor a WFDB header {path}.hea")
    if suffix in _EDF_SUFFIXES:
        return _edf(path)
    if suffix in _TEXT_SUFFIXES:
        return Raw(*texts.read(path))
    if suffix in _NUMPY_SUFFIXES:
        return _numpy(path)
    raise ValueError(f"{path.name} ends in {suffix or 'nothing'}; what can be read is {_KNOWN}")


def wfdb_base(path: Path) -> Path:
    """Return the path of a WFDB record without the suffix of one of its files."""
    if path.suffix.lower() in _WFDB_SUFFIXES:
        return path.with_suffix("")
    return path


def lead_name(label: str) -> str:
    """Return the usual way to write a lead's name; a name that is not known stays as it is.

    Examples
    --------
    >>> [lead_name(label) for label in ("ii", "ECG V1", "mlii", "AVR", "ecg_Lead_I", "PLETH")]
    ['II', 'V1', 'MLII', 'aVR', 'I', 'PLETH']
    """
    label = texts.unquoted(label)
    bare = _ECG_WORD.sub("", label)
    for name in (bare, label):
        if name.lower() in _LEADS:
            return _LEADS[name.lower()]
    return bare


def is_lead(name: str) -> bool:
    """Tell whether a name says where on the body a lead looks from, as ``ECG1`` does not."""
    return name in _PLACED


def is_voltage(unit: str | None) -> bool:
    """Tell whether a unit that a file states is one of voltage; what it does not state may be."""
    return unit is None or texts.plain(unit) in texts.MILLIVOLTS


def millivolts(unit: str | float) -> float:
    """Return how many millivolts one unit is.

    Parameters
    ----------
    unit : str or float
        ``"mV"``, ``"uV"`` (or ``"µV"``), ``"V"``, ``"nV"``; or how many counts make one millivolt.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> millivolts("µV"), millivolts(200)
    (0.001, 0.005)
    """
    text = texts.plain(str(unit))
    if text in texts.MILLIVOLTS:
        return texts.MILLIVOLTS[text]
    try:
        counts = float(text)
    except ValueError:
        counts = np.nan
    if isinstance(unit, bool) or not 0 < counts < np.inf:
        accepted = "'mV', 'uV', 'V', 'nV', or a number: how many counts make one mV"
        raise ValueError(f"units is {unit!r}; it may be {accepted}")
    return 1 / counts


def beat_height(signal: np.ndarray, fs: float) -> float:
    """Return how high one lead's beats are, whatever its unit.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape ``(samples,)``.
    fs : float
        Sampling rate in Hz.

    Returns
    -------
    float
        The median, over pieces of two seconds (a beat or more in each), of the distance from the
        lowest to the highest sample. Each piece's own slope, the baseline's, is taken off first.

    Examples
    --------
    >>> round(beat_height(np.sin(np.arange(3600)), 360.0), 1)
    2.0
    """
    long = min(round(2 * fs), len(signal))
    count = len(signal) // long
    pieces = np.asarray(signal[: count * long], dtype=float).reshape(count, long)
    time = np.linspace(-1, 1, long)
    slopes = pieces @ time / (time @ time)
    level = pieces - slopes[:, None] * time
    return float(np.median(np.ptp(level, axis=1)))


def check_height(signal: np.ndarray, fs: float, leads: tuple[str, ...]) -> None:
    """Refuse a signal whose beats have a height that no ECG in mV has.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape ``(samples, leads)``, in mV, as its caller believes.
    fs : float
        Sampling rate in Hz.
    leads : tuple of str
        One name for each column.

    Raises
    ------
    ValueError
        If a lead's beats are over 20 mV high, or every lead's below 0.05 mV, or every lead is
        flat. It says which units would mend that.

    Examples
    --------
    >>> check_height(np.sin(np.arange(3600))[:, None], 360.0, ("II",))
    """
    heights = [beat_height(column, fs) for column in signal.T]
    height = max(heights)
    lead = leads[heights.index(height)]
    if height == 0:
        flat = ", ".join(leads)
        raise ValueError(f"the signal is flat in {flat}: no heartbeat can be seen in it")
    if LOWEST_BEAT <= height <= HIGHEST_BEAT:
        return
    usual = f"those of an ECG at the skin are {LOWEST_BEAT:g} to {HIGHEST_BEAT:g} mV high"
    problem = f"in lead {lead} the beats are {height:.3g} mV high, and {usual}"
    raise ValueError(f"{problem}, so the unit is not mV: {_remedies(height)}")


def _remedies(height: float) -> str:
    """Say which units would bring beats of some height into the range of an ECG."""
    candidates = {"'uV'": 1e-3, "'V'": 1e3, "'nV'": 1e-6, "200": 1 / 200}
    remedies = []
    for unit, factor in candidates.items():
        mended = height * factor
        if 0.2 <= mended <= 8:
            remedies.append(f"units={unit} would make them {mended:.2g} mV")
    remedies.append(f"units=N takes N counts for one mV (about {height:.2g} here)")
    return "; ".join(remedies)


# ---------------------------------------------------------------------------
# WFDB


def _wfdb(base: Path) -> Raw:
    header = Path(f"{base}.hea")
    if not header.is_file():
        raise FileNotFoundError(f"there is no {header}: a WFDB record needs its header")
    try:
        record = wfdb.rdrecord(str(base))
    except Exception as error:  # whatever wfdb trips over: the record is not whole
        problem = f"the WFDB record {base} is damaged: its files do not fit its header"
        raise ValueError(f"{problem} ({error})") from error
    if record.p_signal is None:
        raise ValueError(f"the WFDB record {base} has no signals")
    doubts = ()
    if lacks_gain(header):
        doubts = ("its header states no gain: 200 counts per mV, WFDB's default, are assumed",)
    return Raw(
        signal=np.asarray(record.p_signal, dtype=float),
        fs=float(record.fs),
        names=tuple(name or "" for name in record.sig_name),
        units=tuple(record.units),
        notes=tuple(note.strip() for note in record.comments),
        doubts=doubts,
    )


def lacks_gain(header: Path) -> bool:
    """Tell whether a header gives any signal the gain 0, or none: then wfdb puts 200 there."""
    return any(_gain(fields) == 0 for fields in _signal_lines(header))


def _signal_lines(header: Path) -> Iterator[list[str]]:
    """Yield the fields of each line that describes a signal, in all segments of a record."""
    text = header.read_text(errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    record, *rest = [line.split() for line in lines]
    segmented = "/" in record[0]
    for fields in rest:
        if not segmented:
            yield fields
        elif fields[0] != "~":  # a segment without signal
            yield from _signal_lines(header.with_name(f"{fields[0]}.hea"))


def _gain(fields: list[str]) -> float:
    """Return the gain in the fields of a signal's line, the third of which begins with it."""
    if len(fields) < 3:
        return 0.0
    number = re.match(r"[-+.\deE]*", fields[2])
    return float(number[0] or 0)


# ---------------------------------------------------------------------------
# EDF


def _edf(path: Path) -> Raw:
    with path.open("rb") as file:
        of_24_bits = file.read(1) == b"\xff"  # BDF, whatever its suffix
    read = edfio.read_bdf if of_24_bits else edfio.read_edf
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", ".*header indicates")  # more data than there are
            edf = read(path)
        signals = list(edf.signals)
    except Exception as error:  # whatever edfio trips over: the file is not what it should be
        raise ValueError(f"{path.name} is no whole EDF file ({error})") from error
    if not edf.is_continuous:
        raise ValueError(f"{path.name} has gaps in it (EDF+D); cut it there, one file a stretch")
    signals = [s for s in signals if is_voltage(s.physical_dimension or None)]
    named = [s for s in signals if _is_ecg(s.label)]
    possible = [s for s in signals if not _NO_HEART.match(s.label)]
    signals = named or possible or signals
    if not signals:
        raise ValueError(f"{path.name} has no signal in volts; it has {', '.join(edf.labels)}")
    rate = max(s.sampling_frequency for s in signals)
    signals = [s for s in signals if s.sampling_frequency == rate]
    names = tuple(s.label for s in signals)
    left = [label for label in edf.labels if label not in names]
    notes = ()
    if left:
        notes = (f"signals left aside: {', '.join(left)}",)
    units = tuple(s.physical_dimension or None for s in signals)
    columns = np.stack([s.data for s in signals], axis=1)
    return Raw(columns, float(rate), names, units, notes)


_NO_HEART = re.compile(r"(?i)\s*(eeg|emg|eog|resp|pleth|spo2|temp)")


def _is_ecg(label: str) -> bool:
    if label.lower().startswith(("ecg", "ekg")):
        return True
    return lead_name(label).lower() in _LEADS


# ---------------------------------------------------------------------------
# NumPy


def _numpy(path: Path) -> Raw:
    try:
        stored = np.load(path, allow_pickle=False)
    except Exception as error:  # whatever NumPy trips over
        problem = f"{path.name} holds no array of numbers: it is damaged, or holds Python objects"
        raise ValueError(problem) from error
    if isinstance(stored, np.ndarray):
        return _array(path, stored, None, None)
    signal = "signal"
    if signal not in stored:
        if len(stored.files) != 1:
            held = ", ".join(stored.files) or "no array"
            raise ValueError(f"{path.name} holds {held}; call the array with the voltages 'signal'")
        signal = stored.files[0]
    try:
        rate = None
        if "fs" in stored:
            rate = float(np.squeeze(stored["fs"]))
        names = None
        if "leads" in stored:
            leads = np.ravel(stored["leads"])
            names = tuple(map(str, leads))
        columns = np.asarray(stored[signal])
    except Exception as error:  # whatever NumPy trips over
        wanted = "fs must be one number, leads a name for each column, and no array damaged"
        raise ValueError(f"{path.name} can't be read: {wanted} ({error})") from error
    return _array(path, columns, rate, names)


def _array(
    path: Path, signal: np.ndarray, rate: float | None, names: tuple[str, ...] | None
) -> Raw:
    numbers = signal.dtype.kind in "iuf" and signal.size
    if not numbers or signal.ndim not in (1, 2):
        form = f"shape {signal.shape} and dtype {signal.dtype}"
        raise ValueError(f"{path.name} has {form}; it must hold numbers, shape (samples, leads)")
    doubts = ()
    columns = signal[:, None] if signal.ndim == 1 else signal
    if columns.shape[0] < columns.shape[1]:
        columns = columns.T
        doubts = (f"its shape {signal.shape} was taken for (leads, samples)",)
    count = columns.shape[1]
    if names is not None and len(names) != count:
        raise ValueError(f"{path.name} has {len(names)} names in leads for {count} columns")
    units = (None,) * count
    return Raw(columns.astype(float), rate, names, units, doubts=doubts)
