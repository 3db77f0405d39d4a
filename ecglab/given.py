"""What functions are given: taken as plain numbers and names, or refused by name at once.

And files: a place that can't be written is refused at once, and nothing is left there half.
"""

import math
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from numbers import Integral, Real
from pathlib import Path

import numpy as np


def whole(name: str, value: object, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number, of Python's or NumPy's kind, as an ``int``.

    Parameters
    ----------
    name : str
        What the number is called in messages.
    value : int
    least, most : int, optional
        Its bounds.

    Raises
    ------
    ValueError
        If it is no whole number, or out of its bounds.

    Examples
    --------
    >>> whole("seed", np.int64(3), 0)
    3
    >>> whole("seed", 1.5, 0)
    Traceback (most recent call last):
    ValueError: seed is 1.5; give a whole number, 0 or more
    """
    plain = _scalar(value)
    if isinstance(plain, Integral) and _between(plain, least, most):
        return int(plain)
    bounds = ""
    if most is not None:
        bounds = f" from {least} to {most}"
    elif least is not None:
        bounds = f", {least} or more"
    raise ValueError(f"{name} is {value!r}; give a whole number{bounds}")


def number(name: str, value: object, least: float | None = None, finite: bool = True) -> float:
    """Return a number, of Python's or NumPy's kind, as one of Python's.

    Parameters
    ----------
    name : str
        What the number is called in messages.
    value : float
    least : float, optional
        Its lower bound.
    finite : bool
        Whether NaN and infinity are refused.

    Raises
    ------
    ValueError
        If it is no number, not finite, or below its bound.

    Examples
    --------
    >>> number("rate", np.array(0.5))
    0.5
    """
    plain = _scalar(value)
    fits = isinstance(plain, Real) and _between(plain, least, None)
    if fits and finite:
        fits = math.isfinite(plain)
    if not fits:
        bound = "" if least is None else f", {least:g} or more"
        raise ValueError(f"{name} is {value!r}; give a finite number{bound}")
    return plain if isinstance(plain, int | float) else float(plain)


def names(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple; a string is one name, not a sequence of letters.

    Examples
    --------
    >>> names("II"), names(["I", "II"])
    (('II',), ('I', 'II'))
    """
    return (value,) if isinstance(value, str) else tuple(value)


def each_once(value: str | Iterable[str], what: str) -> tuple[str, ...]:
    """Return names as `names` does, and refuse those that stand there twice.

    Raises
    ------
    ValueError
        If a name is given more than once.

    Examples
    --------
    >>> each_once(["100", "101", "100"], "records")
    Traceback (most recent call last):
    ValueError: records name 100 more than once; name each once, or it would count twice
    """
    listed = names(value)
    twice = [name for name, count in Counter(listed).items() if count > 1]
    if twice:
        problem = f"{what} name {', '.join(twice)} more than once"
        raise ValueError(f"{problem}; name each once, or it would count twice")
    return listed


def writable(folder: str | os.PathLike) -> Path:
    """Return a folder's path, or refuse it at once if no file could be written there.

    Nothing is made: where there is no such folder yet, the nearest one above it is tried.

    Raises
    ------
    OSError
        If it is no path, a file stands in its place, or the disk or the system refuses.

    Examples
    --------
    >>> writable("/dev/null/run")
    Traceback (most recent call last):
    OSError: /dev/null/run can't be written: /dev/null is not a folder; give another folder
    """
    try:
        path = Path(os.fspath(folder) or "\0")  # an empty text is no path
        _try_to_write(path)
    except OSError as error:
        reason = error.strerror or str(error)
    except (TypeError, ValueError):  # no path, or one that holds a zero byte
        reason = "that is no path"
    else:
        return path
    raise OSError(f"{folder} can't be written: {reason}; give another folder")


def writable_file(path: str | os.PathLike) -> Path:
    """Return a file's path, or refuse it at once if it could not be written.

    Raises
    ------
    OSError
        If its folder can't be written, see `writable`, or a folder stands in its place.

    Examples
    --------
    >>> writable_file("/tmp")
    Traceback (most recent call last):
    OSError: /tmp can't be written: a folder stands in its place; give another file
    """
    path = Path(path)
    writable(path.parent)
    if path.is_dir():
        raise OSError(f"{path} can't be written: a folder stands in its place; give another file")
    return path


def write(path: Path, save: Callable[[Path], object]) -> None:
    """Have `save` write a file, which is there whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
    save : callable
        Given the path of a part, beside `path`; it becomes `path` when it is finished.
    """
    part = path.with_name(f"part-{path.name}")
    save(part)
    os.replace(part, path)


def _try_to_write(folder: Path) -> None:
    """Write a file that leaves no trace, in a folder or in the nearest one above it."""
    places = (folder, *folder.absolute().parents)
    there = next(place for place in places if os.path.lexists(place))
    if not there.is_dir():
        raise OSError(f"{there} is not a folder")
    with suppress(FileNotFoundError):
        folder.lstat()  # is it a name that a folder can have?
    tempfile.TemporaryFile(dir=there).close()


def _scalar(value: object) -> object:
    """Return a number out of an array without axes; True and False are no numbers."""
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0:
        value = value.item()
    return None if isinstance(value, bool) else value


def _between(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
