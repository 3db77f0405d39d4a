"""Experiments: one module each, with its recorded outcome beside it as JSON."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import numpy as np

import ecglab

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Return the names of all experiments.

    Examples
    --------
    >>> "resnet50" in names()
    True
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__"))


def recorded(name: str) -> dict:
    """Return an experiment's recorded outcome.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    dict
        What `python -m ecglab experiment NAME` wrote: command, version, seeds, hash of
        the recordings, environment, history, scores.

    Raises
    ------
    ValueError
        If there is no such experiment.
    FileNotFoundError
        If it has not been run yet.

    Examples
    --------
    >>> recorded("resnet50")["recipe"]["width"]
    16
    """
    if name not in names():
        raise ValueError(f"there is no experiment {name!r}; there are {', '.join(names())}")
    path = path_of(name)
    if not path.exists():
        raise FileNotFoundError(
            f"experiment {name} has no recorded outcome; run python -m ecglab experiment {name}"
        )
    return json.loads(path.read_text())


def path_of(name: str) -> Path:
    """Return where an experiment's outcome is recorded."""
    return _FOLDER / f"{name}.json"


def environment() -> dict[str, str]:
    """Return what the run was made with."""
    from ecglab.backend import keras  # late: reading a recorded outcome needs no Keras

    return {
        "ecglab": ecglab.__version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.config.backend(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
