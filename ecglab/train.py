"""Training on beats: batches varied and drawn on the fly, resumable after every epoch."""

import io
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecglab import given, images
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats

#: How much `vary` changes: the keyword arguments that `fit` gives it.
AUGMENTATION = {"gain": 0.2, "shift": 0.012, "stretch": 0.1, "noise": 0.02, "wander": 0.1}

_CHECKPOINT, _AVERAGE, _HISTORY = "checkpoint.keras", "average.npz", "history.json"
_AVERAGE_EVERY = 10  # batches between two looks at the weights
_BAR = {"unit": "batch", "leave": False}

#: Settings that say whose beats they were. Runs of version 0.2 and before did not note them.
_WHOSE = ("records", "subjects", "simulated")
#: What every run notes; a file without it is no history of a training.
_NOTED = ("leads", "before", "after", "zoom", "steps", "average")
_ROW = ("loss", "accuracy", "seconds")

Zoom = tuple[float, float] | None  # how many seconds before and after a beat are drawn large
Loss = str | keras.losses.Loss
Say = Callable[[str], None] | None  # is told how a training goes, a line at a time


# ---------------------------------------------------------------------------
# From beats to a batch


def vary(
    beats: Beats,
    rng: np.random.Generator,
    *,
    gain: float = 0.0,
    shift: float = 0.0,
    stretch: float = 0.0,
    noise: float = 0.0,
    wander: float = 0.0,
) -> Beats:
    """Vary beats as recordings vary, before they become images.

    Parameters
    ----------
    beats : Beats
    rng : numpy.random.Generator
    gain : float
        All leads of a beat are multiplied by a factor between ``exp(-gain)`` and ``exp(gain)``.
    shift : float
        The window moves by up to this many seconds, to either side.
    stretch : float
        Time about the beat runs faster or slower by up to this part.
    noise : float
        White noise with a standard deviation of up to this much, in mV.
    wander : float
        A slow sine (0.15 to 0.5 Hz) with an amplitude of up to this much, in mV.

    Returns
    -------
    Beats
        With other windows. Where a window would reach beyond what is known, its edge value stands.

    Raises
    ------
    ValueError
        If an amount is no finite number, below 0, or `stretch` is 1 or more.

    Examples
    --------
    >>> from ecglab import beats
    >>> some = beats.load(["100"])[:8]
    >>> varied = vary(some, np.random.default_rng(0), **AUGMENTATION)
    >>> varied.windows.shape == some.windows.shape
    True
    """
    amounts = {"gain": gain, "shift": shift, "stretch": stretch, "noise": noise, "wander": wander}
    gain, shift, stretch, noise, wander = _amounts(amounts).values()
    count, samples, leads = beats.windows.shape
    times = np.arange(samples) / beats.fs - beats.before
    factor = rng.uniform(1 - stretch, 1 + stretch, (count, 1))
    read = times * factor + rng.uniform(-shift, shift, (count, 1))
    windows = _read_at(beats.windows, (read + beats.before) * beats.fs)
    windows = windows * np.exp(rng.uniform(-gain, gain, (count, 1, 1)))
    frequency, phase = rng.uniform(0.15, 0.5, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
    sine = np.sin(2 * np.pi * frequency * times + phase)[:, :, None]
    windows += rng.uniform(-wander, wander, (count, 1, leads)) * sine
    strength = rng.uniform(0, noise, (count, 1, 1))
    windows += strength * rng.standard_normal((count, samples, leads), dtype=np.float32)
    return replace(beats, windows=windows.astype(np.float32))


def draw(beats: Beats, size: tuple[int, int], zoom: Zoom = None) -> np.ndarray:
    """Draw beats for a network.

    Parameters
    ----------
    beats : Beats
    size : tuple of int
        Height and width of the images in pixels.
    zoom : tuple of float, optional
        How many seconds before and after the beat are drawn large, above the whole window as a
        rhythm strip (`images.card`). By default the whole window is drawn large, with no strip.

    Returns
    -------
    numpy.ndarray
        float32 from 0 to 1, shape ``(n, height, width, leads)``.

    Raises
    ------
    ValueError
        If `size` is no height and width, or `zoom` does not lie within the windows.

    Examples
    --------
    >>> from ecglab import beats
    >>> draw(beats.load(["100"])[:2], (33, 33)).shape
    (2, 33, 33, 1)
    """
    height, width = _sides(size, axes=2)
    shape = {"height": height, "width": width}
    if zoom is None:
        pixels = images.rasterize(beats.windows, beats.fs, **shape)
    else:
        large = beats.windows[:, _zoomed(beats, zoom)]
        pixels = images.card(large, beats.windows, beats.fs, before=beats.before, **shape)
    return pixels.astype(np.float32) / 255


@dataclass(eq=False, repr=False)
class BeatImages(keras.utils.PyDataset):
    """Random batches of beat images, each a function of (seed, epoch, step) alone.

    Images of all beats at once would fill a small machine's memory, so every batch is
    cut, varied and rasterized when it is asked for. Because no random state is carried from
    batch to batch, a training that resumes sees the batches it would have seen.

    Parameters
    ----------
    beats : Beats
        At least one beat of each of N, S and V.
    size : tuple of int
        Height and width of the images in pixels; ``(samples,)`` gives the windows themselves.
    batch, steps : int
        Beats in a batch, batches in an epoch.
    seed : int
        Of the random numbers.
    epoch : int
        Which epoch comes first.
    balance : float
        Classes are drawn in proportion to their number of beats to the power of
        ``1 - balance``: 0 draws beats as they come, 1 all classes equally often.
    record_balance : float
        The same for the records within a class.
    augment : mapping, optional
        What `vary` is given; None leaves the beats as they are.
    zoom : tuple of float, optional
        See `draw`.
    features : bool
        Whether a batch holds ``beats.rr``, too: ``{"images": …, "rr": …}``.
    share : tuple of int
        ``(k, n)``: of every batch only the k-th of n equal parts, for one of n processes.

    Raises
    ------
    ValueError
        If a class is empty or an argument is out of its range.

    Examples
    --------
    >>> from ecglab import beats
    >>> batches = BeatImages(beats.load("DS1"), (64, 64), steps=2)  # doctest: +SKIP
    >>> images, labels = batches[0]  # doctest: +SKIP
    """

    beats: Beats
    size: tuple[int, ...]
    batch: int = 64
    steps: int = 200
    seed: int = 0
    epoch: int = 0
    balance: float = 0.5
    record_balance: float = 0.0
    augment: Mapping[str, float] | None = field(default_factory=AUGMENTATION.copy)
    zoom: Zoom = None
    features: bool = False
    share: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        super().__init__()
        empty = [name for name in "NSV" if not self.beats.counts[name]]
        if empty:
            lacking = f"no beat of class {', '.join(empty)} among the {len(self.beats)} given"
            raise ValueError(f"there is {lacking}; training needs N, S and V: load more records")
        self._take_numbers()
        if self.batch % self.share[1]:
            wanted = f"it must be a multiple of {self.share[1]} processes"
            raise ValueError(f"batch is {self.batch}; {wanted}")
        if self.zoom is not None and len(self.size) == 2:
            _zoomed(self.beats, self.zoom)
        chances = _chances(self.beats, self.balance, self.record_balance)
        self.chances = np.cumsum(chances)
        #: Which share of the drawn beats belongs to each class.
        self.shares = np.bincount(self.beats.labels, chances, len(CLASSES)) / chances.sum()

    def _take_numbers(self) -> None:
        """Make plain numbers of Python of all that was given, or refuse it by its name."""
        self.size = _sides(self.size)
        numbers = _batch_numbers(self.batch, self.steps, self.seed)
        self.batch, self.steps, self.seed = numbers
        self.epoch = given.whole("epoch", self.epoch, 0)
        self.balance = given.number("balance", self.balance, finite=False)
        self.record_balance = given.number("record_balance", self.record_balance, finite=False)
        self.augment = None if self.augment is None else _amounts(self.augment)
        self.zoom = None if self.zoom is None else _seconds(self.zoom)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[np.ndarray | dict[str, np.ndarray], np.ndarray]:
        rng = np.random.default_rng([self.seed, self.epoch, step])
        chosen = np.searchsorted(self.chances, rng.random(self.batch) * self.chances[-1], "right")
        beats = self.beats[chosen]
        if self.augment is not None:
            beats = vary(beats, rng, **self.augment)
        beats = beats[self.share[0] :: self.share[1]]
        return _inputs(beats, self.size, self.zoom, self.features), beats.labels.astype(np.int64)


# ---------------------------------------------------------------------------
# Training


def fit(
    model: keras.Model,
    beats: Beats,
    *,
    folder: str | os.PathLike | None = None,
    epochs: int = 12,
    steps: int = 200,
    batch: int = 64,
    rate: float = 1e-3,
    decay: float = 0.0,
    average: float = 0.0,
    seed: int = 0,
    balance: float = 0.5,
    record_balance: float = 0.0,
    augment: Mapping[str, float] | None = AUGMENTATION,
    zoom: Zoom = None,
    loss: Loss = "sparse_categorical_crossentropy",
    say: Say = None,
) -> pd.DataFrame:
    """Train a model on beat images with Adam, a warm-up and a cosine schedule.

    Parameters
    ----------
    model : keras.Model
        Images ``(n, height, width, leads)`` or windows ``(n, samples, leads)``, and ``(n, k)`` RR
        features where it has a second input, to probabilities ``(n, 5)``. Trained in place.
    beats : Beats
        With as many leads as the model has input channels, and as many RR features.
    folder : path, optional
        Where a checkpoint is written after every epoch. If there is one already,
        training resumes from it, provided that the settings are the same. The settings also
        note whose beats these were.
    epochs, steps, batch : int
        Epochs, batches in an epoch, beats in a batch.
    rate : float
        Highest learning rate: reached after a twentieth of all batches, falling to 0.
    decay : float
        Weight decay, apart from the gradient (Loshchilov & Hutter 2019, arXiv 1711.05101).
    average : float
        Where above 0, the model ends with an exponential average of its weights: every ten
        batches the average keeps this part of itself (less at the start).
    seed, balance, record_balance, augment, zoom
        See `BeatImages`.
    loss : str or keras.losses.Loss
        Of labels ``(n,)`` and probabilities ``(n, 5)``.
    say : callable, optional
        Told one line after each epoch. By default progress is shown where it can be seen: a bar
        in a terminal, one changing text in a notebook.

    Returns
    -------
    pandas.DataFrame
        One row an epoch: loss, accuracy (of the drawn batches) and seconds.

    Raises
    ------
    ValueError
        If model and beats do not fit together, a setting is no number that it can be, or the
        folder holds a run with other settings or a damaged one.
    OSError
        If the folder can't be written. Nothing has been trained by then.

    Notes
    -----
    On a CPU a run that resumes ends with the same weights, to the last bit, as one that was
    never interrupted. Processes that `join` one another each compute a part of every batch.

    Examples
    --------
    >>> from ecglab import beats, models
    >>> model = models.resnet50((64, 64, 1), 5, width=16)
    >>> history = fit(model, beats.load("DS1"), epochs=1, steps=10)  # doctest: +SKIP
    """
    epochs, rate, average, decay = _training_numbers(epochs, rate, average, decay)
    if not (say is None or callable(say)):
        raise ValueError(f"say is {say!r}; give a function of one line, or None")
    size = _input_size(model, beats)
    drawn = {"batch": batch, "steps": steps, "seed": seed, "augment": augment}
    drawn |= {"balance": balance, "record_balance": record_balance, "zoom": zoom}
    batches = BeatImages(beats, size, features=len(model.inputs) > 1, share=_share(), **drawn)
    settings = {name: getattr(batches, name) for name in drawn}
    settings["zoom"] = batches.zoom and list(batches.zoom)
    settings |= {"epochs": epochs, "rate": rate, "decay": decay, "average": average}
    settings |= {"loss": _name_of(loss)} | _about(beats) | {"parameters": model.count_params()}
    settings["input"] = [list(one.shape[1:]) for one in model.inputs]
    folder = None if folder is None else _run_folder(folder, batches.share)
    _compile(model, rate, epochs * batches.steps, decay, loss)
    log = _Log(folder, settings, batches, say)
    log.resume(model)
    done = len(log.rows)
    if done < epochs:
        # Unshuffled: the order of the batches, too, is a function of the seed.
        model.fit(
            batches, initial_epoch=done, epochs=epochs, callbacks=[log], shuffle=False, verbose=0
        )
    if log.average is not None:  # kept outside Keras' fit, which could not resume it exactly
        model.set_weights(log.average)
    return pd.DataFrame(log.rows, index=pd.RangeIndex(1, len(log.rows) + 1, name="epoch"))


def check(*, epochs: int, steps: int, batch: int, rate: float, average: float, seed: int) -> None:
    """Refuse numbers that `fit` would refuse, before beats are loaded for it.

    Parameters
    ----------
    epochs, steps, batch, rate, average, seed
        See `fit`.

    Raises
    ------
    ValueError
        If one is no number, or none that it can be.

    Examples
    --------
    >>> check(epochs=1, steps=2, batch=8, rate=1e-3, average=0.0, seed=-1)
    Traceback (most recent call last):
    ValueError: seed is -1; give a whole number, 0 or more
    """
    _training_numbers(epochs, rate, average, 0.0)
    _batch_numbers(batch, steps, seed)


def predict(model: keras.Model, beats: Beats, zoom: Zoom = None, batch: int = 512) -> np.ndarray:
    """Return the model's probabilities for every beat.

    Parameters
    ----------
    model : keras.Model
    beats : Beats
    zoom : tuple of float, optional
        As in training; see `draw`.
    batch : int
        Beats rasterized and passed through the network at once.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 5)``.

    Raises
    ------
    ValueError
        If there are no beats or they do not fit the model.
    """
    size, batch = _input_size(model, beats), given.whole("batch", batch, 1)
    if not len(beats):
        raise ValueError("there are no beats to predict; load some with beats.load")

    answers = []
    starts = range(0, len(beats), batch)
    for start in tqdm(starts, desc="predict", disable=None, **_BAR):
        inputs = _inputs(beats[start : start + batch], size, zoom, len(model.inputs) > 1)
        # predict pads no batch and keeps no graph for a new size: call it batch by batch
        answers.append(model.predict_on_batch(inputs))
    return np.concatenate(answers)


def join(address: str, processes: int, process: int) -> None:
    """Make this process one of several that train one model together; JAX only.

    To be called in every process before anything else that uses Keras. Each process then
    computes its part of every batch, and the gradients are summed between them
    (``keras.distribution.DataParallel``).

    Parameters
    ----------
    address : str
        Host and port at which process 0 can be reached by all others: ``"10.0.0.1:1234"``.
    processes : int
        How many there are.
    process : int
        Which one this is, counted from 0.

    Raises
    ------
    ValueError
        If Keras does not run on JAX, or there is no such process.
    """
    processes, process = given.whole("processes", processes, 1), given.whole("process", process)
    backend = keras.backend.backend()
    if backend != "jax":
        raise ValueError(f"Keras runs on {backend}; several processes need KERAS_BACKEND=jax")
    if not 0 <= process < processes:
        raise ValueError(f"process is {process}; of {processes} they are 0 to {processes - 1}")
    keras.distribution.initialize(address, processes, process)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


# ---------------------------------------------------------------------------
# The folder of a run


def checkpoint(folder: str | os.PathLike) -> keras.Model:
    """Load the model of a training run's last checkpoint, with averaged weights if it has them.

    Parameters
    ----------
    folder : path
        What `fit` was given.

    Returns
    -------
    keras.Model

    Raises
    ------
    FileNotFoundError
        If the folder holds no run, or not all of it.
    ValueError
        If one of its files is damaged.
    """
    run = run_of(folder)
    model = _stored_model(folder, run)
    average = _stored_average(folder, run, model)
    if average is not None:
        model.set_weights(average)
    return model


def run_of(folder: str | os.PathLike) -> dict:
    """Return the settings and the history of a training run.

    Parameters
    ----------
    folder : path
        What `fit` was given.

    Returns
    -------
    dict
        ``settings`` (what `fit` was called with, the beats' hash, leads, records and subjects) and
        ``history``.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If its history is damaged.
    """
    path = Path(folder) / _HISTORY
    if not path.exists():
        command = f"python -m ecglab train --out {folder}"
        raise FileNotFoundError(f"{folder} holds no training run; make one with {command}")
    try:
        run = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _damaged(path, "it is no whole JSON file") from error
    if not _is_run(run):
        raise _damaged(path, "it is no history of a training by ecglab")
    return run


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    _write(path, lambda part: part.write_text(text))


def _write(path: Path, save: Callable[[Path], object]) -> None:
    part = path.with_name(f"part-{path.name}")
    save(part)
    os.replace(part, path)


def _file(folder: str | os.PathLike, epoch: int, name: str) -> Path:
    return Path(folder) / f"{epoch}-{name}"


def _run_folder(folder: str | os.PathLike, share: tuple[int, int]) -> Path:
    """Return a run's folder, or refuse it before anything is trained if it can't be written."""
    path = Path(folder) if share[0] else given.writable(folder)  # only the first process writes
    kept = (_CHECKPOINT, _AVERAGE, _HISTORY)
    blocked = [one for one in path.glob("*") if one.name.endswith(kept) and one.is_dir()]
    if blocked:
        raise OSError(f"{blocked[0]} is a folder where a file is to be written; take it away")
    return path


def _damaged(path: Path, why: str) -> ValueError:
    again = f"remove the folder {path.parent} and train again"
    return ValueError(f"{path} is damaged: {why}; {again}")


def _missing(path: Path) -> FileNotFoundError:
    named = f"{path} is missing, though {path.parent / _HISTORY} names it"
    return FileNotFoundError(f"{named}; remove the folder {path.parent} and train again")


def _is_run(run: object) -> bool:
    """Return whether that is what `fit` writes: settings, and one row for each epoch."""
    if not isinstance(run, dict):
        return False
    settings, rows = run.get("settings"), run.get("history")
    if not (isinstance(settings, dict) and isinstance(rows, list) and rows):
        return False
    whole = all(isinstance(row, dict) and row.keys() >= set(_ROW) for row in rows)
    return whole and settings.keys() >= set(_NOTED)


def _stored_model(folder: str | os.PathLike, run: dict) -> keras.Model:
    """Load the model of a run's last epoch."""
    path = _file(folder, len(run["history"]), _CHECKPOINT)
    if not path.exists():
        raise _missing(path)
    try:
        with zipfile.ZipFile(path) as stored:
            whole = stored.testzip() is None
    except Exception:  # what it trips over depends on where the file was cut
        whole = False
    if not whole:
        raise _damaged(path, "it was cut off or changed")
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # any, where it is another program's
        raise _damaged(path, f"Keras {keras.__version__} can't read a model from it") from error
    if model.count_params() != run["settings"].get("parameters", model.count_params()):
        raise _damaged(path, f"it holds another network than {_HISTORY} says")
    return model


def _stored_average(
    folder: str | os.PathLike, run: dict, model: keras.Model
) -> list[np.ndarray] | None:
    """Load the average of a model's weights after a run's last epoch, if it has one."""
    epoch, settings = len(run["history"]), run["settings"]
    if not settings["average"] or epoch * settings["steps"] < _AVERAGE_EVERY:
        return None
    path = _file(folder, epoch, _AVERAGE)
    if not path.exists():
        raise _missing(path)
    try:
        with np.load(path) as stored:
            average = [stored[name] for name in stored.files]
    except Exception as error:  # what it trips over depends on where the file was cut
        raise _damaged(path, "it was cut off or changed") from error
    if [one.shape for one in average] != [tuple(one.shape) for one in model.weights]:
        raise _damaged(path, "it holds weights of another network")
    return average


class _Log(keras.callbacks.Callback):
    """Keep the history and the average, save a checkpoint after each epoch, resume from it."""

    def __init__(self, folder: Path | None, settings: dict, batches: BeatImages, say: Say):
        super().__init__()
        self.folder, self.settings, self.batches = folder, settings, batches
        self.cell = _Cell() if not say and _in_notebook() else None
        self.say = say or (self.cell.say if self.cell else partial(print, flush=True))
        self.hidden = True if say else None  # None: no bar where nobody would see it move
        self.rows: list[dict] = []
        self.average: list[np.ndarray] | None = None

    def resume(self, model: keras.Model) -> None:
        if not self.folder or not (self.folder / _HISTORY).exists():
            return
        saved = run_of(self.folder)
        self._compare(saved["settings"])
        # Weights and the optimizer's state alike; the architecture is the caller's.
        stored = _stored_model(self.folder, saved)
        shapes = [[tuple(w.shape) for w in one.weights] for one in (model, stored)]
        model.optimizer.build(model.trainable_variables)
        states = [one.optimizer.variables for one in (model, stored)]
        if shapes[0] != shapes[1] or len(states[0]) != len(states[1]):
            raise ValueError(f"{self.folder} holds a run of another network; use another folder")
        model.set_weights(stored.get_weights())
        for ours, theirs in zip(*states, strict=True):
            ours.assign(theirs)
        self.rows = saved["history"]
        self.average = _stored_average(self.folder, saved, model)
        self.say(f"resumed after epoch {len(self.rows)} from {self.folder}")

    def _compare(self, saved: dict) -> None:
        """Refuse to go on with a run of other settings."""
        # An older run did not note whose its beats were; their hash says that they are these.
        saved = {name: self.settings[name] for name in _WHOSE} | saved
        apart = sorted(saved.keys() ^ self.settings.keys())
        if apart:
            held = f"{self.folder} holds a run of another version of ecglab"
            raise ValueError(f"{held}, which differs in {', '.join(apart)}; use another folder")
        differing = [k for k, v in self.settings.items() if saved[k] != v]
        if differing:
            held = f"{self.folder} holds a run with another {', '.join(differing)}"
            raise ValueError(f"{held}; use the same settings to resume it, or another folder")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.batches.epoch = epoch
        self.started = time.perf_counter()
        shown = {"desc": f"epoch {epoch + 1}", "total": self.batches.steps, "file": self.cell}
        self.bar = tqdm(**shown, disable=self.hidden, **_BAR)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.update()
        step = self.batches.epoch * self.batches.steps + batch + 1
        if self.settings["average"] and step % _AVERAGE_EVERY == 0:
            self._take_in(step // _AVERAGE_EVERY)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self.started
        measured = {name: float(logs[name]) for name in ("loss", "accuracy")}
        self.rows.append(measured | {"seconds": seconds})
        if self.folder and self.batches.share[0] == 0:
            self._save(epoch + 1)
        self.bar.close()
        reached = "  ".join(f"{name} {number:.4f}" for name, number in measured.items())
        self.say(f"epoch {epoch + 1:>2}/{self.settings['epochs']}  {reached}  {seconds:.0f} s")

    def _take_in(self, looks: int) -> None:
        """Move the average towards the weights; at first quickly, it has seen little yet."""
        weights = self.model.get_weights()
        keep = min(self.settings["average"], looks / (looks + 9))
        if self.average is None:
            self.average = weights
        pairs = zip(self.average, weights, strict=True)
        self.average = [keep * old + (1 - keep) * new for old, new in pairs]

    def _save(self, epoch: int) -> None:
        """Write checkpoint and average, then the history that names them, then drop the last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(_file(self.folder, epoch, _CHECKPOINT), self.model.save)
        if self.average is not None:
            path = _file(self.folder, epoch, _AVERAGE)
            _write(path, lambda part: np.savez(part, *self.average))
        text = json.dumps({"settings": self.settings, "history": self.rows}, indent=1)
        write_text(self.folder / _HISTORY, text)
        for name in (_CHECKPOINT, _AVERAGE):
            _file(self.folder, epoch - 1, name).unlink(missing_ok=True)


class _Cell(io.TextIOBase):
    """One text in a notebook: the lines said so far, and below them a bar of tqdm, its file."""

    def __init__(self):
        from IPython.display import display  # late: only a notebook has it for certain

        self.lines, self.handle = [], display({"text/plain": ""}, raw=True, display_id=True)

    def say(self, line: str) -> None:
        self.lines.append(line)
        self.write("\r")

    def write(self, text: str) -> None:
        if text.startswith("\r"):  # a bar; otherwise the cursor is moved
            shown = "\n".join([*self.lines, text.strip()]).rstrip()
            self.handle.update({"text/plain": shown}, raw=True)

    def isatty(self) -> bool:
        return True


def _in_notebook() -> bool:
    interactive = sys.modules.get("IPython")
    return bool(interactive) and hasattr(interactive.get_ipython(), "kernel")


# ---------------------------------------------------------------------------
# Small parts


def _training_numbers(
    epochs: int, rate: float, average: float, decay: float
) -> tuple[int, float, float, float]:
    """Return plain numbers of Python, or refuse one of them, or a backend that can't train."""
    backend = keras.backend.backend()
    if backend in ("numpy", "openvino"):
        raise ValueError(
            f"Keras runs on {backend}, which can't train; set KERAS_BACKEND=tensorflow"
        )
    epochs, decay = given.whole("epochs", epochs), given.number("decay", decay, 0)
    rate = given.number("rate", rate, finite=False)
    average = given.number("average", average, finite=False)
    if epochs < 1 or not 0 < rate < np.inf or not 0 <= average < 1:
        wanted = "the first two must be positive, the third from 0 to below 1"
        raise ValueError(f"epochs is {epochs}, rate {rate}, average {average}; {wanted}")
    return epochs, rate, average, decay


def _batch_numbers(batch: int, steps: int, seed: int) -> tuple[int, int, int]:
    """Return plain numbers of Python, or refuse one of them."""
    batch, steps = given.whole("batch", batch), given.whole("steps", steps)
    if batch < 1 or steps < 1:
        raise ValueError(f"batch is {batch}, steps {steps}; give 1 or more of both")
    return batch, steps, given.whole("seed", seed, 0)


def _sides(size: tuple[int, ...], axes: int = 0) -> tuple[int, ...]:
    """Return an image's height and width; ``(samples,)`` stands for windows as they are."""
    sides = tuple(np.atleast_1d(np.asarray(size, dtype=object)).tolist())
    if len(sides) not in ((axes,) if axes else (1, 2)):
        raise ValueError(f"size is {size}; give a height and a width in pixels, such as (64, 64)")
    return tuple(given.whole("size", side, 1) for side in sides)


def _seconds(zoom: Zoom) -> tuple[float, float]:
    """Return how far a zoom reaches before and after a beat."""
    reach = np.asarray(zoom, dtype=object).ravel().tolist()
    if len(reach) != 2:
        raise ValueError(f"zoom is {zoom}; give the seconds before and after the beat, or None")
    return tuple(given.number("zoom", side) for side in reach)


def _zoomed(beats: Beats, zoom: Zoom) -> slice:
    """Return which samples of the windows are drawn large."""
    before, after = _seconds(zoom)
    first, last = (round((beats.before + at) * beats.fs) for at in (-before, after))
    if not 0 <= first < last <= beats.windows.shape[1]:
        long = f"{beats.windows.shape[1] / beats.fs:g} s long"
        known = f"the windows begin {beats.before:g} s before it and are {long}"
        raise ValueError(f"zoom is {zoom} s about the beat; {known}")
    return slice(first, last)


def _amounts(augment: Mapping[str, float]) -> dict[str, float]:
    """Return how much `vary` is to change, as plain numbers."""
    if not isinstance(augment, Mapping):
        known = ", ".join(AUGMENTATION)
        raise ValueError(f"augment is {augment!r}; give amounts by name ({known}), or None")
    unknown = [name for name in augment if name not in AUGMENTATION]
    if unknown:
        known = ", ".join(AUGMENTATION)
        raise ValueError(f"augment holds {unknown[0]!r}; it may hold {known}")
    amounts = {name: given.number(name, value, 0) for name, value in augment.items()}
    if amounts.get("stretch", 0) >= 1:
        raise ValueError(f"stretch is {augment['stretch']}; it must be below 1")
    return amounts


def _name_of(loss: Loss) -> str:
    """Return a loss's name, or refuse it before anything is trained."""
    if isinstance(loss, keras.losses.Loss):
        return loss.name
    try:
        keras.losses.get(loss if isinstance(loss, str) else "")
    except ValueError as error:
        wanted = "a name that Keras knows, or a keras.losses.Loss"
        raise ValueError(f"loss is {loss!r}; give {wanted}") from error
    return loss


def _about(beats: Beats) -> dict:
    """Return what a run notes of its beats: which they are, how they were cut, whose they are."""
    return {
        "beats": beats.sha256,
        "leads": list(beats.leads),
        "before": float(beats.before),
        "after": float(beats.after),
        "records": sorted(set(beats.records.tolist())),
        "subjects": sorted(set(beats.subjects.tolist())),
        "simulated": bool(beats.simulated),
    }


def _inputs(beats: Beats, size: tuple, zoom: Zoom, features: bool) -> np.ndarray | dict:
    waveforms = len(size) == 1
    shown = beats.windows if waveforms else draw(beats, size, zoom)
    name = "windows" if waveforms else "images"
    return {name: shown, "rr": beats.rr} if features else shown


def _read_at(windows: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return windows ``(n, samples, leads)`` read between samples, at ``(n, samples)`` places."""
    positions = np.clip(positions, 0, windows.shape[1] - 1)[:, :, None]
    before = np.minimum(positions.astype(int), windows.shape[1] - 2)
    part = (positions - before).astype(np.float32)
    left = np.take_along_axis(windows, before, axis=1)
    right = np.take_along_axis(windows, before + 1, axis=1)
    return left * (1 - part) + right * part


def _chances(beats: Beats, balance: float, record_balance: float) -> np.ndarray:
    """Return, for each beat, how often it is drawn relative to the others."""
    for name, value in (("balance", balance), ("record_balance", record_balance)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must lie between 0 and 1")
    pairs = np.stack([beats.labels.astype("<U1"), beats.records])
    _, group, in_group = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    within = in_group[group] ** -record_balance
    in_class = np.bincount(beats.labels, within)[beats.labels]
    share = np.bincount(beats.labels)[beats.labels] ** (1 - balance)
    return within / in_class * share


def _input_size(model: keras.Model, beats: Beats) -> tuple[int, ...]:
    *size, channels = model.inputs[0].shape[1:]
    leads = f" leads ({', '.join(beats.leads)})"
    pairs = [(channels, f"{channels} channels", len(beats.leads), leads)]
    if len(size) == 1:
        pairs += [(size[0], f"windows of {size[0]} samples", beats.windows.shape[1], "")]
    if len(model.inputs) > 1:
        features = model.inputs[1].shape[1]
        pairs += [(features, f"{features} RR features", beats.rr.shape[1], "")]
    for takes, what, have, of in pairs:
        if takes != have:
            both = f"the model takes {what}, the beats have {have}{of}"
            raise ValueError(f"{both}; the two numbers must be equal")
    if model.output_shape[-1] != len(CLASSES):
        raise ValueError(f"the model tells {model.output_shape[-1]} classes apart, not 5")
    seen = {"windows": beats.windows} | ({"rr": beats.rr} if len(model.inputs) > 1 else {})
    for name, values in seen.items():
        if not np.isfinite(values).all():
            odd = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
            wanted = "a network needs finite numbers"
            raise ValueError(f"{name} of {len(odd)} beats hold NaN or infinity; {wanted}")
    return tuple(size)


def _share() -> tuple[int, int]:
    """Return which part of every batch is this process's: (number, of how many)."""
    if keras.distribution.distribution() is None:
        return 0, 1
    import jax  # only where `join` has been called, which needs it

    return jax.process_index(), jax.process_count()


def _compile(model: keras.Model, rate: float, total: int, decay: float, loss: Loss) -> None:
    """Give the model an optimizer that has seen nothing; compile only where that is needed.

    Compiling takes a deep network longer than an epoch, and cross-validation fits one network
    many times over.
    """
    wanted = {"rate": rate, "total": total, "decay": decay, "loss": loss}
    scaled = keras.config.dtype_policy().name == "mixed_float16"  # has a scale that must not be 0
    if getattr(model, "compiled_for", None) == wanted and not scaled:
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        return
    warm = max(total // 20, 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=max(total - warm, 1), warmup_target=rate, warmup_steps=warm
    )
    # With a decay this is AdamW; a decay of 0 would still take its time to compile.
    optimizer = keras.optimizers.Adam(schedule, weight_decay=decay or None)
    model.compile(optimizer, loss, metrics=["accuracy"])
    trace_once(model)
    model.compiled_for = wanted


def trace_once(model: keras.Model) -> None:
    """Create what training needs besides the weights, so that a deep network compiles in half.

    Variables that are born while TensorFlow traces the first step have it trace the step twice.

    Parameters
    ----------
    model : keras.Model
        Compiled, with one output of shape ``(n, classes)`` and whole numbers as targets.
    """
    label = np.zeros(1, np.int64)
    output = np.zeros((1, model.output_shape[-1]), np.float32)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(y=label, y_pred=output)
    model.compute_metrics(None, label, output)
    model.reset_metrics()
