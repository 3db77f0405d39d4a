"""Experiments: one folder each, with all that belongs to it.

``__init__.py`` has `run`, and ``outcome.json`` is what it recorded. ``section.md`` is its part of
the results page; ``page.py`` fills the blanks, draws the figure, and says what is asked and where
on the page it stands. A new folder is a new experiment: no list names them.
"""

import json
import platform
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

import ecglab
from ecglab.beats import Beats

#: All experiments, by the alphabet. On the results page each says its own place.
NAMES = tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")))


def recorded(name: str) -> dict:
    """Return an experiment's recorded outcome.

    First used in chapter 7.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    dict
        What `python -m ecglab experiment NAME` wrote: command, version, seeds, hash of
        the recordings, environment, history, scores.

    Raises
    ------
    ValueError
        If there is no such experiment.
        Or if its file is damaged.
    FileNotFoundError
        If it has not been run yet.

    Examples
    --------
    >>> recorded("floor")["seeds"]
    [0, 1, 2]
    """
    if name not in NAMES:
        raise ValueError(f"there is no experiment {name!r}; there are {', '.join(NAMES)}")
    path = path_of(name)
    if not path.exists():
        raise FileNotFoundError(
            f"experiment {name} has no recorded outcome; run python -m ecglab experiment {name}"
        )
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is damaged; install the package again") from error


def path_of(name: str) -> Path:
    """Return where an experiment's outcome is recorded."""
    return Path(__file__).parent / name / "outcome.json"


def progress(runs: Collection, name: str) -> tqdm:
    """Go through an experiment's runs behind a bar, where somebody would see it."""
    return tqdm(runs, desc=name, unit="run", disable=None)


def say(line: str) -> None:
    """Print a line above the bar."""
    tqdm.write(line)
    sys.stdout.flush()  # a log can be followed


def header(name: str, quick: bool, seeds: Sequence[int], used: Mapping[str, Beats]) -> dict:
    """Return what every outcome begins with: how it was made, and from which beats."""
    return {
        "experiment": name,
        "command": f"python -m ecglab experiment {name}" + (" --quick" if quick else ""),
        "seeds": list(seeds),
        "recordings": {
            "simulated": any(heartbeats.simulated for heartbeats in used.values()),
            **{label: heartbeats.sha256 for label, heartbeats in used.items()},
        },
        "environment": environment(),
    }


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
