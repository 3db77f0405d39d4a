"""How fast: recordings to beats, beats to images, and training, beside other ways.

Each function measures and returns rows, which `table` lays out. Ways that are compared take
turns, and the median of the turns counts: a busy computer slows all of them alike.
"""

import contextlib
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import beats as heartbeats
from ecglab import images as pictures
from ecglab import records

try:
    import cv2

    cv2.setNumThreads(1)
except ImportError:
    cv2 = None

#: What to do where OpenCV, which the raster is compared with, is missing.
MISSING = "OpenCV is not installed. To compare with it: pip install opencv-python-headless"

_LEAD = "MLII|V5"  # records 102 and 104 have no MLII
_FORMATS = {
    "beats": "{:,}".format,
    "s": "{:.2f}".format,
    "beats/s": "{:,.0f}".format,
    "rasterize is": "{:,.2f} ×".format,
    "images/s": "{:.1f}".format,
    "ours is": "{:.2f} ×".format,
    "peak MB": "{:.1f}".format,
}


def beats(names: Sequence[str]) -> list[dict]:
    """Measure how long it takes to read records, filter them and cut their beats.

    Parameters
    ----------
    names : sequence of str
        MIT-BIH records; `records.MITDB` for all. They are read once before, so that neither a
        network nor a cold disk is measured.

    Returns
    -------
    list of dict
        One row: way, beats, s, beats/s.

    Examples
    --------
    >>> [row["way"] for row in beats(["100", "101"])]
    ['2 records to Beats']
    """
    heartbeats.load(names, leads=[_LEAD])
    seconds, found = _timed(partial(heartbeats.load, names, leads=[_LEAD]))
    return [_row(f"{len(names)} records to Beats", len(found), seconds)]


def images(names: Sequence[str], count: int = 4096, turns: int = 5) -> list[dict]:
    """Measure ways to make 64×64 images of the same beats, and the raster for all the beats.

    Parameters
    ----------
    names : sequence of str
        MIT-BIH records whose beats are drawn.
    count : int
        How many beats a fast way makes in a turn; slow ones make fewer, evenly chosen.
    turns : int
        How often each way has its turn.

    Returns
    -------
    list of dict
        Rows with way, beats (in all turns), s, beats/s (median of the turns), "rasterize is"
        (how many times as fast, median over the turns), "peak MB": the most memory above the
        start that a new process takes for it, on Linux (NaN elsewhere). Then rows for all beats,
        once into one array, which includes filling new memory, and once batch after batch.

    Raises
    ------
    ValueError
        If `count` or `turns` is less than 1.

    Notes
    -----
    All run on one thread, through batches of 256 beats that are not kept, as in training.
    """
    if count < 1 or turns < 1:
        raise ValueError(f"count is {count}, turns {turns}; both must be 1 or more")
    cut = heartbeats.load(names, leads=[_LEAD])
    tasks = _drawing(cut, count)
    rates = _take_turns(tasks, turns)
    peaks = _peaks(tasks)
    rows = []
    for name, (_, number) in tasks.items():
        rate = rates[name]
        row = {
            "way": name,
            "beats": turns * number,
            "s": (number / rate).sum(),
            "beats/s": rate.median(),
            "rasterize is": (rates["rasterize"] / rate).median(),
            "peak MB": peaks[name],
        }
        rows.append(row)
    whole = {
        "rasterize all, into one array": partial(pictures.rasterize, cut.windows, cut.fs),
        "rasterize all, in batches": partial(_in_batches, pictures.rasterize, cut.windows, cut.fs),
    }
    for name, task in whole.items():
        seconds = np.median([_timed(task)[0] for _ in range(3)])
        rows.append(_row(name, len(cut), float(seconds)))
    return rows


def training(size: int = 64, batch: int = 16, steps: int = 3, turns: int = 7) -> list[dict]:
    """Measure a training step of ResNet-50 beside that of ``keras.applications``.

    Parameters
    ----------
    size : int
        Height and width of the images, which have three channels, in pixels.
    batch, steps, turns : int
        Images in a step, steps in a turn, and how often each network has its turn.

    Returns
    -------
    list of dict
        One row a network: way, images/s (median of the turns), "ours is" (how many times as fast
        our network is as this one, median over the turns).

    Notes
    -----
    All have the published width and five classes, and learn from random numbers. Ours is
    measured once more compiled by XLA, and once more with bfloat16 arithmetic.
    """
    from ecglab import models  # late: the other measurements need no Keras
    from ecglab.backend import keras

    shape, rng = (size, size, 3), np.random.default_rng(0)
    images, labels = rng.random((batch, *shape), dtype=np.float32), rng.integers(0, 5, batch)
    reference = keras.applications.ResNet50(weights=None, input_shape=shape, classes=5)
    networks = {"keras.applications.ResNet50": (reference, False)}
    networks["resnet50"] = models.resnet50(shape, 5), False
    networks["resnet50, XLA"] = models.resnet50(shape, 5), True
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    networks["resnet50, bfloat16"] = models.resnet50(shape, 5), False
    keras.config.set_dtype_policy(usual)

    def learn(network: keras.Model) -> None:
        for _ in range(steps):
            network.train_on_batch(images, labels)

    for network, jit in networks.values():
        network.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit)
        learn(network)  # what is built and compiled at first use
    tasks = {
        name: (partial(learn, network), batch * steps) for name, (network, _) in networks.items()
    }
    rates = _take_turns(tasks, turns)
    ratios = rates["resnet50"].to_numpy()[:, None] / rates
    return [
        {"way": name, "images/s": rates[name].median(), "ours is": ratios[name].median()}
        for name in networks
    ]


def table(rows: list[dict]) -> str:
    """Lay rows out in aligned columns.

    Examples
    --------
    >>> print(table([{"way": "by hand", "beats": 1000, "s": 50.0, "beats/s": 20.0}]))
        way beats     s beats/s
    by hand 1,000 50.00      20
    """
    frame = pd.DataFrame(rows)
    formats = {name: _FORMATS[name] for name in frame.columns if name in _FORMATS}
    return frame.to_string(index=False, formatters=formats, na_rep="–")


def report(matter: str = "all", count: int = 4096) -> None:
    """Measure and print.

    Parameters
    ----------
    matter : {"beats", "images", "training", "all"}
        What is measured, on all of MIT-BIH.
    count : int
        As for `images`.
    """
    if cv2 is None:
        print(MISSING)
    if matter in ("beats", "all"):
        print(f"\n{table(beats(records.MITDB))}")
    if matter in ("images", "all"):
        print(f"\n{table(images(records.MITDB, count))}")
    if matter in ("training", "all"):
        print(f"\n{table(training())}")


# ---------------------------------------------------------------------------
# Measuring


def _take_turns(tasks: dict[str, tuple[Callable, int]], turns: int) -> pd.DataFrame:
    """Return, one row a turn, how many things a second each task makes of its number."""
    rows = []
    for _ in range(turns):
        row = {}
        for name, (task, number) in tasks.items():
            seconds, _result = _timed(task)
            row[name] = number / seconds
        rows.append(row)
    return pd.DataFrame(rows)


def _timed(task: Callable) -> tuple[float, object]:
    start = time.perf_counter()
    result = task()
    return time.perf_counter() - start, result


def _row(way: str, count: int, seconds: float) -> dict:
    return {"way": way, "beats": count, "s": seconds, "beats/s": count / seconds}


def _peaks(tasks: dict[str, tuple[Callable, int]]) -> dict[str, float]:
    """Return the peak memory of each task, measured in a new process of its own."""
    peaks = {}
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as new_process:
        for name, (task, _) in tasks.items():
            peaks[name] = new_process.submit(_peak, task).result()
    return peaks


def _peak(task: Callable) -> float:
    """Return how many MB a task takes at most, beyond what the process has at its start."""
    status = Path("/proc/self/status")
    if not status.exists():
        return np.nan

    def megabytes(field: str) -> float:
        return int(re.search(rf"{field}:\s+(\d+)", status.read_text())[1]) / 1024

    with contextlib.suppress(OSError):  # forget the highest mark that starting up has left
        Path("/proc/self/clear_refs").write_text("5")
    start = megabytes("VmRSS")
    task()
    return max(megabytes("VmHWM") - start, 0.0)


# ---------------------------------------------------------------------------
# Ways to make images


def _drawing(cut: heartbeats.Beats, count: int) -> dict[str, tuple[Callable, int]]:
    """Return, for each way at hand, the task to draw some beats, and how many these are."""
    tasks = {}
    for name, (make, slower) in _WAYS.items():
        if cv2 is None and name.startswith(("savefig", "cv2")):
            continue
        number = min(max(count // slower, 4), len(cut))
        chosen = np.linspace(0, len(cut) - 1, number).astype(int)
        windows = cut.windows[chosen]
        make(windows[:2], cut.fs)  # what is loaded or tabled at first use
        tasks[name] = partial(make, windows, cut.fs), number
    return tasks


def _in_batches(draw: Callable, windows: np.ndarray, fs: float) -> None:
    for start in range(0, len(windows), 256):
        draw(windows[start : start + 256], fs)


def _savefig(windows: np.ndarray, fs: float) -> None:
    """Follow the common recipe: Matplotlib writes a file, OpenCV reads it and makes it small."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "beat.png")
        for window in windows[:, :, 0]:
            figure = Figure()  # cheaper than by way of pyplot
            ax = figure.add_subplot()
            ax.plot(window, color="black")
            ax.axis("off")
            figure.savefig(file)
            cv2.resize(cv2.imread(file, cv2.IMREAD_GRAYSCALE), (64, 64))


def _polylines(line: int, shift: int, windows: np.ndarray, fs: float) -> np.ndarray:
    """Draw OpenCV's lines on the scale of `images.rasterize`; points lie on 1/2**shift pixels."""
    across = np.broadcast_to(np.linspace(0, 64, windows.shape[1]) - 0.5, windows.shape[:2])
    down = (2.5 - windows[:, :, 0]) * (64 / 5) - 0.5
    points = np.rint(np.stack([across, down], axis=2) * 2**shift).astype(np.int32)
    drawn = np.zeros((len(windows), 64, 64, 1), dtype=np.uint8)
    for image, beat in zip(drawn, points, strict=True):
        cv2.polylines(image, [beat], False, 255, 1, line, shift)
    return drawn


_WAYS = {  # and how many times fewer beats are made by it
    "rasterize": (partial(_in_batches, pictures.rasterize), 1),
    "savefig, imread, resize": (_savefig, 512),
    "cv2.polylines": (partial(_in_batches, partial(_polylines, 8, 0)), 1),
    "cv2.polylines, anti-aliased": (partial(_in_batches, partial(_polylines, 16, 4)), 1),
    "gramian": (partial(_in_batches, pictures.gramian), 4),
    "recurrence": (partial(_in_batches, pictures.recurrence), 4),
    "scalogram": (partial(_in_batches, pictures.scalogram), 64),
}
