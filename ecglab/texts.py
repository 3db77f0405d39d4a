"""Tables of text that hold an ECG: how their lines are divided, what their head says, the numbers.

Nobody has laid down what such a table looks like. So a sample of its lines is divided in all the
ways that are common, and the way in which most cells are numbers is taken. What stands above the
first line of numbers is the head.
"""

import csv
import itertools
import re
import statistics
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

#: Millivolts in one of each unit of voltage, and seconds in one of each unit of time.
MILLIVOLTS = {
    **dict.fromkeys(("v", "volt", "volts"), 1000.0),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1.0),
    **dict.fromkeys(("uv", "microvolt", "microvolts"), 1e-3),
    "nv": 1e-6,
}
SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "hh:mm:ss.mmm"), 1.0),
    **dict.fromkeys(("ms", "msec", "milliseconds"), 1e-3),
    **{"us": 1e-6, "ns": 1e-9},
}

_UNITS = {*MILLIVOLTS, *SECONDS, "adu", "nu", "counts"}

#: A day, and how far apart the samples of an ECG are at least and at most, in s.
DAY = 86_400
FINEST, COARSEST = 1 / 2000, 1 / 50
#: Lines from which the form of a table is taken.
SAMPLE = 400
BLANKS = r"\s+"
#: What stands between columns, and the decimal sign. The first of those that fit equally is taken.
FORMS = (
    *((";", ","), (";", "."), ("\t", "."), ("\t", ",")),
    *((",", "."), (",", ","), (BLANKS, "."), (BLANKS, ",")),
)

_NUMBER = re.compile(r"(?i)[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|nan")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+")
_LEADING_ZERO = re.compile(r"[-+]?\d*,0\d+")
_TIME = re.compile(
    r"(elapsed |sample )?(time|timestamp|zeit|uhrzeit|date|datetime|t)([ _/].*)?|"
    r"seconds?|secs?|s|ms|samples?|index|unnamed: \d+|"
)
_COUNTER = re.compile(r"sample.*|index|unnamed.*|")
_WITH_UNIT = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^)\]]*)[)\]]")
_UNIT_OF_TIME = re.compile(r"(?i)(?P<name>time|timestamp|t)[ _/](?P<unit>\w+)")
_UNIT_AT_END = re.compile(r"(?i)(?P<name>.+)[ _/](?P<unit>[munµμ]v)")
_OF_DAY = r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)Z?$"
_FACT = re.compile(r"^\W*(?P<key>[A-Za-z][A-Za-z _]*?)\s*[,;:=\t]\s*(?P<value>[^,;\t]+?)\W*$")
_RATE = re.compile(r"(?i)(sampl(e|ing)[ _]?(rate|frequency)|rate|fs)")
_HERTZ = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*(hz|hertz|samples.*)?")


class Table(NamedTuple):
    """What a table of text holds; see `formats.Raw`."""

    signal: np.ndarray
    fs: float | None
    names: tuple[str, ...] | None
    units: tuple[str | None, ...]
    notes: tuple[str, ...]
    doubts: tuple[str, ...]


def read(path: Path) -> Table:
    r"""Read a table of text.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If it is no table of numbers, or its times are not evenly spaced.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "watch.csv")
    ...     _ = path.write_text("Sample Rate,512 hertz\nUnit,µV\n\n-19.4\n-20.1\n-18.2\n")
    ...     table = read(path)
    >>> table.fs, table.units, table.signal[:, 0].tolist()
    (512.0, ('µV',), [-19.4, -20.1, -18.2])
    """
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace") as file:
        lines = [line.strip("\r\n") for line in itertools.islice(file, SAMPLE)]
    separator, decimal = _form(path, lines)
    first, width = _first_of_numbers(path, lines, separator, decimal)
    try:
        cells = pd.read_csv(
            path,
            sep=separator,
            decimal=decimal,
            header=None,
            names=range(width),
            index_col=False,
            skiprows=first,
            comment="#",
            skipinitialspace=True,
            low_memory=False,
            encoding=encoding,
            encoding_errors="replace",
        )
    except ValueError as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{path.name} holds no table of numbers ({said})") from error
    head = lines[:first]
    names, units, doubts = _head(head, separator, width)
    facts = _facts(head)
    table = _leads(path, cells, names, units, facts)
    return table._replace(doubts=(*doubts, *table.doubts))


# ---------------------------------------------------------------------------
# The form


def _encoding(path: Path) -> str:
    """Return how a text is encoded: by its first bytes, or as what can read them."""
    with path.open("rb") as file:
        start = file.read(100_000)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in start:
        raise ValueError(f"{path.name} is no text; it may be of another format than it is called")
    try:
        start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:  # not a letter that was cut in two
            return "cp1252"
    return "utf-8-sig"


def _form(path: Path, lines: list[str]) -> tuple[str, str]:
    """Return the separator and the decimal sign with which most cells are numbers."""
    full = [line for line in lines if _is_full(line)]
    if not full:
        raise ValueError(f"{path.name} is empty")
    late = [line.strip() for line in full[len(full) // 2 :]]
    paired = all(_DECIMAL_COMMA.fullmatch(line) for line in late)
    if paired and any(_LEADING_ZERO.fullmatch(line) for line in late):
        return BLANKS, ","  # one column: 0,05 is no pair of numbers
    return max(FORMS, key=lambda form: _numbers_in(late, *form))


def _numbers_in(lines: list[str], separator: str, decimal: str) -> int:
    """Return how many more cells are numbers than are something else."""
    count = 0
    for line in lines:
        for cell in _cells(line, separator):
            if _is_number(cell, decimal):
                count += 1
            elif cell:
                count -= 1
    return count


def _is_full(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _cells(line: str, separator: str) -> list[str]:
    """Divide a line, quotation marks taken off."""
    if separator == BLANKS:
        cells = line.split()
    else:
        reader = csv.reader([line], delimiter=separator, skipinitialspace=True)
        cells = next(reader, [])
    return [unquoted(cell) for cell in cells]


def _is_number(cell: str, decimal: str) -> bool:
    if decimal == ",":
        cell = cell.replace(".", "?").replace(",", ".")
    return _NUMBER.fullmatch(cell) is not None


def _first_of_numbers(
    path: Path, lines: list[str], separator: str, decimal: str
) -> tuple[int, int]:
    """Return which line is the first of numbers, and how many columns there are."""
    rows = {k: _cells(line, separator) for k, line in enumerate(lines) if _is_full(line)}
    late = list(rows.values())[len(rows) // 2 :]
    width = statistics.mode(map(len, late))
    numeric = _numeric([row for row in late if len(row) == width], decimal)
    for k, row in rows.items():
        if len(row) != width:
            continue
        own = [row[place] for place in numeric if row[place]]
        if own and all(_is_number(cell, decimal) for cell in own):
            return k, width
    raise ValueError(f"{path.name} holds no table of numbers")


def _numeric(rows: list[list[str]], decimal: str) -> np.ndarray:
    """Return which columns hold numbers, in most of their rows."""
    filled = []
    for row in rows:
        numbers = [_is_number(cell, decimal) for cell in row]
        filled.append(numbers)
    share = np.mean(filled, axis=0)
    return np.flatnonzero(share > 0.5)


# ---------------------------------------------------------------------------
# The head


def _head(
    lines: list[str], separator: str, width: int
) -> tuple[list[str] | None, list[str | None], list[str]]:
    """Return the columns' names and units, and what is doubtful of them."""
    no_units = [None] * width
    full = [line for line in lines if _is_full(line)]
    rows = [_cells(line, separator) for line in full]
    if width == 1:
        rows = [[unquoted(line)] for line in full if not re.search("[,;:=\t]", line)]
    rows = [_of_width(row, width) for row in rows]
    fitting = [row for row in rows if len(row) == width and _names_columns(row)]
    if len(fitting) > 1:
        names, units = fitting[-2:]
        if any(plain(cell) in _UNITS for cell in units):
            return names, units, []
    if fitting:
        return fitting[-1], no_units, []
    if rows and len(rows[-1]) > 1 and not _facts(lines):
        problem = f"its head names {len(rows[-1])} columns and it has {width}"
        return None, no_units, [f"{problem}: the names are left aside"]
    return None, no_units, []


def _names_columns(row: list[str]) -> bool:
    """Tell whether a row may hold names or units: no cell of it is a number."""
    return any(row) and not any(map(_has, row))


def _of_width(row: list[str], width: int) -> list[str]:
    """Return a row without empty cells that stand beyond the last column."""
    while len(row) > width and not row[-1]:
        row = row[:-1]
    return row


def _has(cell: str) -> bool:
    """Tell whether a cell is a number, with either decimal sign."""
    return _is_number(cell, ".") or _is_number(cell, ",")


def _facts(lines: list[str]) -> dict[str, str]:
    """Return what a head says in lines such as ``Sample Rate,512 hertz``: rate, unit, lead."""
    facts = {}
    for line in lines:
        match = _FACT.match(line)
        if match is None:
            continue
        key, value = match["key"].lower(), match["value"].strip()
        rate = _HERTZ.fullmatch(value)
        if _RATE.fullmatch(key) and rate:
            facts["rate"] = rate[1]
        elif key in ("unit", "units") and plain(value) in MILLIVOLTS:
            facts["unit"] = value
        elif key == "lead":
            facts["lead"] = value
    return facts


# ---------------------------------------------------------------------------
# The columns


def _leads(
    path: Path,
    cells: pd.DataFrame,
    names: list[str] | None,
    units: list[str | None],
    facts: dict[str, str],
) -> Table:
    """Leave out columns that hold no voltages, and take the rate from one that holds the time."""
    notes = []
    doubts = []
    rate = None
    kept = {}
    columns = _trimmed(path, cells, notes)
    for k in cells:
        label = names[k] if names else f"column {k + 1}"
        name, unit = _split_unit(label, units[k])
        column = columns[k].to_numpy(float)
        called_time = names is not None and _TIME.fullmatch(name.lower())
        if np.isnan(column).all():
            column = _clock(cells[k][: len(columns)])
            called_time = column is not None
            unit = "s"
        if column is None:
            if label:
                notes.append(f"{label} holds no numbers: left aside")
        elif called_time or _is_clock(column):
            told, doubt = _rate_of(path, column, name if names else "", unit)
            rate = rate or told
            doubts += doubt
            notes.append(f"{label} holds the time: no lead")
        else:
            kept[k] = (name, unit or facts.get("unit"))
    if not kept:
        held = ", ".join(names or map(str, cells))
        raise ValueError(f"{path.name} has no column of voltages; it has {held}")
    own_names, own_units = zip(*kept.values(), strict=True)
    if names is None:
        own_names = None
        if len(kept) == 1 and "lead" in facts:
            own_names = (facts["lead"],)
    if rate is None and "rate" in facts:
        rate = float(facts["rate"])
    signal = columns[list(kept)].to_numpy(float)
    return Table(signal, rate, own_names, own_units, tuple(notes), tuple(doubts))


def _trimmed(path: Path, cells: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return the numbers of a table down to the last line that has one; note what is left out."""
    columns = cells.apply(pd.to_numeric, errors="coerce")
    filled = columns.notna().any(axis=1)
    if not filled.any():
        raise ValueError(f"{path.name} holds no table of numbers")
    beyond = int(filled[::-1].argmax())
    if beyond:
        notes.append(f"its last {beyond} lines hold no numbers: left aside")
    return columns[: len(columns) - beyond]


def _split_unit(label: str, unit: str | None) -> tuple[str, str | None]:
    """Take ``II (mV)`` apart; a column that is called only by its unit has no name."""
    if plain(label) in MILLIVOLTS:
        return "ECG", label
    for form in (_WITH_UNIT, _UNIT_OF_TIME, _UNIT_AT_END):
        match = form.fullmatch(label)
        if match and not _has(match["unit"]):
            return match["name"], match["unit"]
        if match:  # II (1): a number is no unit
            return match["name"], unit
    return label, unit


def _clock(cells: pd.Series) -> np.ndarray | None:
    """Return the seconds that times of day tell, as in ``0:00.004`` or 2020-01-01T00:00:00.004."""
    texts = cells.astype(str)
    texts = texts.str.strip("'\"[] ")
    texts = texts.str.replace(",", ".")
    parts = texts.str.extract(_OF_DAY).astype(float)
    hours, minutes, seconds = (parts[k] for k in parts)
    times = 3600 * hours.fillna(0) + 60 * minutes + seconds
    if times.isna().any():
        return None
    at_midnight = times.diff() < -DAY / 2
    times += DAY * at_midnight.cumsum()
    return times.to_numpy()


def _is_clock(column: np.ndarray) -> bool:
    """Tell whether numbers never fall, and mostly rise, as a clock or a counter does."""
    steps = np.diff(column)
    if len(steps) <= 8:
        return False
    never_falls = np.all(steps >= 0)
    return bool(never_falls) and np.mean(steps > 0) > 0.5


def _rate_of(
    path: Path, times: np.ndarray, name: str, unit: str | None
) -> tuple[float | None, list[str]]:
    """Return the rate that times tell, None if they count samples; and what is doubtful of it."""
    word = plain(unit or name)
    counts = word != "" and _COUNTER.fullmatch(word)
    if counts or np.allclose(np.diff(times), 1):
        return None, []
    step = (times[-1] - times[0]) / max(len(times) - 1, 1)
    known = SECONDS.get(word)
    likely = [factor for factor in (1, 1e-3, 1e-6, 1e-9) if FINEST <= step * factor <= COARSEST]
    factor = known or next(iter(likely), 1)
    _check_even(path, times * factor, name)
    rate = 1 / (step * factor)
    if rate <= 2:  # it counts samples
        return None, []
    whole = round(rate)
    if abs(rate / whole - 1) < 1e-3:
        rate = float(whole)
    doubts = []
    if known is None and factor != 1:
        doubts = [f"{name or 'a column'} does not say its unit; {factor:g} s makes it {rate:g} Hz"]
    return round(float(rate), 3), doubts


def _check_even(path: Path, seconds: np.ndarray, name: str) -> None:
    """Refuse times that do not lie on a straight line: samples are missing, or the clock jumps.

    Times that are rounded, or that come a little late, are let through.
    """
    steps = np.diff(seconds)
    steady = np.linspace(seconds[0], seconds[-1], len(seconds))
    apart = np.ptp(seconds - steady)
    tolerated = np.clip(3 * np.max(steps, initial=0), 0.1, 0.5)
    if seconds[-1] > seconds[0] and apart <= tolerated and np.min(steps) >= -tolerated:
        return
    unusual = np.abs(steps - np.median(steps))
    place = int(np.argmax(unusual)) + 1
    problem = f"{path.name}: the times in {name or 'a column'} are not evenly spaced"
    advice = "fill what is missing, or leave that column out and give the rate"
    raise ValueError(f"{problem}, as at sample {place}; {advice}")


def plain(unit: str) -> str:
    """Return a unit in small letters, without the two signs for micro, blanks or remarks."""
    bare, *_ = unit.split(";")
    bare = bare.replace("µ", "u").replace("μ", "u").replace(" ", "")
    return bare.lower()


def unquoted(text: str) -> str:
    """Return a text without space or quotation marks around it."""
    return text.strip().strip("'\"").strip()
