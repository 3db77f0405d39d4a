"""Files that hold an ECG: WFDB, EDF, tables of text, NumPy arrays.

Each reader returns a `Raw`: the numbers as the file has them, and what the file says about them.
What a file leaves open (the rate of a table, the unit of an array) stays None; `records.read`
asks its caller for it.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import edfio
import numpy as np
import pandas as pd
import wfdb

#: Millivolts in one of each unit of voltage.
MILLIVOLTS = {"v": 1000.0, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
#: A median beat of an ECG at the skin is about this high, in mV, from its lowest to its highest
#: point: beyond these, the unit is wrong. LUDB's lowest lead has 0.1 mV; a hypertrophic heart's
#: highest seldom passes 10.
LOWEST_BEAT, HIGHEST_BEAT = 0.05, 20.0

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
_EDF_SUFFIXES = (".edf", ".bdf")
_NUMPY_SUFFIXES = (".npy", ".npz")
_WFDB_SUFFIXES = (".hea", ".dat", ".atr")
_KNOWN = "WFDB (.hea), EDF (.edf, .bdf), text (.csv, .tsv, .txt) or NumPy (.npy, .npz)"

_TIME = re.compile(r"(elapsed )?(time|t|seconds?|secs?|s|ms|samples?|index|unnamed: \d+|)")
_WITH_UNIT = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^)\]]*)[)\]]")
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
        return _text(path)
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
    label = _unquoted(label)
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
    return unit is None or _plain(unit) in MILLIVOLTS


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
    text = _plain(str(unit))
    if text in MILLIVOLTS:
        return MILLIVOLTS[text]
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


def _plain(unit: str) -> str:
    """Return a unit in small letters, without the two signs for micro."""
    return unit.strip().replace("µ", "u").replace("μ", "u").lower()


def _unquoted(text: str) -> str:
    """Return a text without space or quotation marks around it."""
    return text.strip().strip("'\"").strip()


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
    read = edfio.read_bdf if path.suffix.lower() == ".bdf" else edfio.read_edf
    try:
        edf = read(path)
        signals = list(edf.signals)
    except Exception as error:  # whatever edfio trips over: the file is not what it should be
        raise ValueError(f"{path.name} is no whole EDF file ({error})") from error
    signals = [s for s in signals if is_voltage(s.physical_dimension or None)]
    signals = [s for s in signals if _is_ecg(s.label)] or signals
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


def _is_ecg(label: str) -> bool:
    if label.lower().startswith(("ecg", "ekg")):
        return True
    return lead_name(label).lower() in _LEADS


# ---------------------------------------------------------------------------
# Text


def _text(path: Path) -> Raw:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = [line.strip() for line in itertools.islice(file, 3)]
    if not any(first):
        raise ValueError(f"{path.name} is empty")
    separator, decimal = _separator(first)
    rows = [_cells(line, separator) for line in first]
    heads = list(itertools.takewhile(lambda row: not _numeric(row, decimal), rows))
    try:
        table = pd.read_csv(
            path,
            sep=separator,
            decimal=decimal,
            header=None,
            skiprows=len(heads),
            comment="#",
            encoding="utf-8-sig",
        )
    except ValueError as error:
        raise ValueError(f"{path.name} holds no table of numbers ({error})") from error
    columns = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    count = columns.shape[1]
    names = heads[0] if heads else None
    units = heads[1] if len(heads) > 1 else [None] * count
    if names and len(names) != count:
        raise ValueError(f"{path.name} names {len(names)} columns and has {count}")
    return _without_time(path, columns, names, units)


def _separator(lines: list[str]) -> tuple[str, str]:
    """Return what stands between columns, and the decimal sign, of some lines of a table."""
    last = lines[-1] or lines[0]
    if ";" in last:
        return ";", "," if "," in last else "."
    for separator in ("\t", ","):
        if separator in last:
            return separator, "."
    return r"\s+", "."


def _cells(line: str, separator: str) -> list[str]:
    return [_unquoted(cell) for cell in re.split(separator, line)]


def _numeric(cells: list[str], decimal: str) -> bool:
    """Tell whether a line of a table holds values: a number in its last column."""
    try:
        float(cells[-1].replace(decimal, ".") or "nan")
    except ValueError:
        return False
    return True


def _without_time(
    path: Path, columns: np.ndarray, names: list[str] | None, units: list[str | None]
) -> Raw:
    """Leave out columns that hold no voltages, and take the rate from one that holds the time."""
    rate, notes = None, []
    places, own_names, own_units = [], [], []
    labels = names or [f"column {k + 1}" for k in range(columns.shape[1])]
    for k, label in enumerate(labels):
        column = columns[:, k]
        name, unit = _split_unit(label, units[k])
        called_time = names and _TIME.fullmatch(name.lower())
        if np.isnan(column).all():
            notes.append(f"{label} holds no numbers: left aside")
        elif called_time or _is_clock(column):
            rate = rate or _rate_of(column, name, unit)
            notes.append(f"{label} holds the time: no lead")
        else:
            places.append(k)
            own_names.append(name)
            own_units.append(unit)
    if not places:
        raise ValueError(f"{path.name} has no column of voltages; it has {', '.join(labels)}")
    return Raw(
        signal=columns[:, places],
        fs=rate,
        names=tuple(own_names) if names else None,
        units=tuple(own_units),
        notes=tuple(notes),
    )


def _split_unit(label: str, unit: str | None) -> tuple[str, str | None]:
    """Take ``II (mV)`` apart; a column that is called only by its unit has no name."""
    if _plain(label) in MILLIVOLTS:
        return "ECG", label
    match = _WITH_UNIT.fullmatch(label)
    if match:
        return match["name"], match["unit"]
    return label, unit


def _is_clock(column: np.ndarray) -> bool:
    """Tell whether numbers rise in equal steps, as a clock or a counter does."""
    steps = np.diff(column)
    return len(steps) > 8 and steps[0] > 0 and np.allclose(steps, steps[0], rtol=0.02)


def _rate_of(column: np.ndarray, name: str, unit: str | None) -> float | None:
    """Return the rate that a column of seconds or milliseconds tells; None if it counts samples."""
    word = _plain(unit or name)
    lasts = column[-1] - column[0]
    if len(column) < 2 or not lasts > 0 or word.startswith(("sample", "index")):
        return None
    rate = (len(column) - 1) / lasts
    if word in ("ms", "milliseconds"):
        rate *= 1000
    if rate <= 2:  # it counts samples
        return None
    whole = round(rate)
    if abs(rate / whole - 1) < 1e-3:
        return float(whole)
    return round(float(rate), 3)


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
    rate = float(stored["fs"]) if "fs" in stored else None
    names = tuple(map(str, stored["leads"])) if "leads" in stored else None
    return _array(path, stored[signal], rate, names)


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
    units = (None,) * columns.shape[1]
    return Raw(columns.astype(float), rate, names, units, doubts=doubts)
