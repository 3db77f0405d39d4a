"""Training on beats: batches drawn and drawn as images on the fly, resumable at every epoch."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecglab import images
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats

_CHECKPOINT, _HISTORY = "checkpoint.keras", "history.json"


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
        Height and width of the images in pixels.
    batch, steps : int
        Beats in a batch, batches in an epoch.
    seed : int
        Of the random numbers.
    epoch : int
        Which epoch comes first.
    balance : float
        Classes are drawn in proportion to their number of beats to the power of
        ``1 - balance``: 0 draws beats as they come, 1 all classes equally often.
    augment : bool
        Whether gain, offset and timing of each window are varied a little.

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

    def __init__(
        self,
        beats: Beats,
        size: tuple[int, int],
        batch: int = 64,
        steps: int = 200,
        seed: int = 0,
        epoch: int = 0,
        balance: float = 0.5,
        augment: bool = True,
    ):
        super().__init__()
        _check_classes(beats)
        if batch < 1 or steps < 1:
            raise ValueError(f"batch is {batch} and steps {steps}; both must be 1 or more")
        if not 0 <= balance <= 1:
            raise ValueError(f"balance is {balance}; it must lie between 0 and 1")
        self.beats, self.size, self.batch, self.steps = beats, size, batch, steps
        self.seed, self.epoch, self.augment = seed, epoch, augment
        self.members = [np.flatnonzero(beats.labels == k) for k in range(len(CLASSES))]
        counts = np.array([len(members) for members in self.members], dtype=float)
        weights = np.where(counts > 0, np.maximum(counts, 1) ** (1 - balance), 0)
        self.shares = weights / weights.sum()

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.seed, self.epoch, step])
        classes = rng.choice(len(CLASSES), size=self.batch, p=self.shares)
        chosen = np.array([rng.choice(self.members[k]) for k in classes])
        windows = self.beats.windows[chosen]
        if self.augment:
            windows = vary(windows, rng)
        return draw(windows, self.beats.fs, self.size), self.beats.labels[chosen].astype(np.int64)


def vary(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary beats as recordings vary: gain ± 20 %, offset ± 0.1 mV, timing ± 4 samples.

    Parameters
    ----------
    windows : numpy.ndarray
        Shape ``(n, samples, leads)``, in mV.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        float32, the same shape. A shifted window is filled with its edge value.

    Examples
    --------
    >>> vary(np.zeros((2, 216, 1)), np.random.default_rng(0)).shape
    (2, 216, 1)
    """
    count, samples, leads = windows.shape
    gain = np.exp(rng.uniform(-0.2, 0.2, (count, 1, 1)))
    offset = rng.uniform(-0.1, 0.1, (count, 1, leads))
    shift = rng.integers(-4, 5, (count, 1))
    positions = np.clip(np.arange(samples) + shift, 0, samples - 1)
    shifted = np.take_along_axis(windows, positions[:, :, None], axis=1)
    return (gain * shifted + offset).astype(np.float32)


def draw(windows: np.ndarray, fs: float, size: tuple[int, int]) -> np.ndarray:
    """Rasterize windows for a network: float32 from 0 to 1.

    Examples
    --------
    >>> draw(np.zeros((1, 216, 1)), 360.0, (33, 33)).max()
    np.float32(1.0)
    """
    pixels = images.rasterize(windows, fs, height=size[0], width=size[1])
    return pixels.astype(np.float32) / 255


def fit(
    model: keras.Model,
    beats: Beats,
    *,
    folder: str | os.PathLike | None = None,
    epochs: int = 12,
    steps: int = 200,
    batch: int = 64,
    rate: float = 1e-3,
    seed: int = 0,
    balance: float = 0.5,
    augment: bool = True,
    say: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Train a model on beat images with Adam and a cosine schedule.

    Parameters
    ----------
    model : keras.Model
        Images ``(n, height, width, leads)`` to probabilities ``(n, 5)``. Trained in place.
    beats : Beats
        With as many leads as the model has input channels.
    folder : path, optional
        Where a checkpoint is written after every epoch. If there is one already,
        training resumes from it, provided that the settings are the same.
    epochs, steps, batch : int
        Epochs, batches in an epoch, beats in a batch.
    rate : float
        Highest learning rate: reached after a twentieth of all batches, falling to 0.
    seed, balance, augment
        See `BeatImages`.
    say : callable
        Told one line after each epoch.

    Returns
    -------
    pandas.DataFrame
        One row an epoch: loss, accuracy (of the drawn batches) and seconds.

    Raises
    ------
    ValueError
        If model and beats do not fit together, or the folder holds a run with other settings.

    Examples
    --------
    >>> from ecglab import beats, models
    >>> model = models.resnet50((64, 64, 1), 5, width=16)
    >>> history = fit(model, beats.load("DS1"), epochs=1, steps=10)  # doctest: +SKIP
    """
    if epochs < 1 or not rate > 0:
        raise ValueError(f"epochs is {epochs} and rate {rate}; both must be positive")
    size = _image_size(model, beats)
    settings = {
        "epochs": epochs,
        "steps": steps,
        "batch": batch,
        "rate": rate,
        "seed": seed,
        "balance": balance,
        "augment": augment,
        "beats": beats.sha256,
        "leads": list(beats.leads),
        "input": list(model.input_shape[1:]),
        "parameters": model.count_params(),
    }
    batches = BeatImages(beats, size, batch, steps, seed, 0, balance, augment)
    model.compile(
        optimizer=keras.optimizers.Adam(_schedule(rate, epochs * steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    log = _Log(folder, settings, batches, say)
    log.resume(model)
    if len(log.rows) < epochs:
        model.fit(
            batches,
            initial_epoch=len(log.rows),
            epochs=epochs,
            callbacks=[log, *([_Bar(steps)] if sys.stderr.isatty() else [])],
            shuffle=False,  # the order of the batches, too, is a function of the seed
            verbose=0,
        )
    return pd.DataFrame(log.rows, index=pd.RangeIndex(1, len(log.rows) + 1, name="epoch"))


def predict(model: keras.Model, beats: Beats, batch: int = 512) -> np.ndarray:
    """Return the model's probabilities for every beat.

    Parameters
    ----------
    model : keras.Model
    beats : Beats
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
    size = _image_size(model, beats)
    if not len(beats):
        raise ValueError("there are no beats to predict; load some with beats.load")
    starts = range(0, len(beats), batch)
    bar = tqdm(starts, desc="predict", unit="batch", leave=False, disable=None)
    return np.concatenate(
        [
            # predict pads no batch and keeps no graph for a new size: call it batch by batch
            model.predict_on_batch(draw(beats.windows[start : start + batch], beats.fs, size))
            for start in bar
        ]
    )


# ---------------------------------------------------------------------------


def _check_classes(beats: Beats) -> None:
    empty = [name for name in "NSV" if not beats.counts[name]]
    if empty:
        raise ValueError(
            f"there is no beat of class {', '.join(empty)} among the {len(beats)} given; "
            "training needs N, S and V: load more records"
        )


def _image_size(model: keras.Model, beats: Beats) -> tuple[int, int]:
    height, width, channels = model.input_shape[1:]
    if channels != len(beats.leads):
        raise ValueError(
            f"the model takes {channels} channels, the beats have {len(beats.leads)} leads "
            f"({', '.join(beats.leads)}); the two numbers must be equal"
        )
    if model.output_shape[-1] != len(CLASSES):
        raise ValueError(f"the model tells {model.output_shape[-1]} classes apart, not 5")
    return height, width


def _schedule(rate: float, total: int) -> keras.optimizers.schedules.LearningRateSchedule:
    warm = max(total // 20, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=max(total - warm, 1), warmup_target=rate, warmup_steps=warm
    )


class _Log(keras.callbacks.Callback):
    """Keep the history, save a checkpoint after each epoch, resume from it."""

    def __init__(
        self,
        folder: str | os.PathLike | None,
        settings: dict,
        batches: BeatImages,
        say: Callable[[str], None],
    ):
        super().__init__()
        self.folder = Path(folder) if folder else None
        self.settings, self.batches, self.say = settings, batches, say
        self.rows: list[dict] = []

    def resume(self, model: keras.Model) -> None:
        if not self.folder or not (self.folder / _HISTORY).exists():
            return
        saved = json.loads((self.folder / _HISTORY).read_text())
        if saved["settings"] != self.settings:
            differing = [k for k, v in self.settings.items() if saved["settings"].get(k) != v]
            raise ValueError(
                f"{self.folder} holds a run with another {', '.join(differing)}; "
                "use the same settings to resume it, or another folder"
            )
        self.rows = saved["history"]
        # Weights and the optimizer's state alike; the architecture is the caller's.
        stored = keras.saving.load_model(self.folder / f"{len(self.rows)}-{_CHECKPOINT}")
        model.set_weights(stored.get_weights())
        model.optimizer.build(model.trainable_variables)
        for ours, theirs in zip(model.optimizer.variables, stored.optimizer.variables, strict=True):
            ours.assign(theirs)
        self.say(f"resumed after epoch {len(self.rows)} from {self.folder}")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.batches.epoch = epoch
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self.started
        self.rows.append(
            {"loss": float(logs["loss"]), "accuracy": float(logs["accuracy"]), "seconds": seconds}
        )
        if self.folder:
            self._save(epoch + 1)
        self.say(
            f"epoch {epoch + 1:>2}/{self.settings['epochs']}  loss {logs['loss']:.4f}  "
            f"accuracy {logs['accuracy']:.4f}  {seconds:.0f} s"
        )

    def _save(self, epoch: int) -> None:
        """Write the checkpoint, then the history that names it, then drop the one before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / "part.keras"
        self.model.save(part)
        os.replace(part, self.folder / f"{epoch}-{_CHECKPOINT}")
        text = json.dumps({"settings": self.settings, "history": self.rows}, indent=1)
        write_text(self.folder / _HISTORY, text)
        (self.folder / f"{epoch - 1}-{_CHECKPOINT}").unlink(missing_ok=True)


class _Bar(keras.callbacks.Callback):
    """A progress bar over the batches of an epoch, for a terminal."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.bar = tqdm(total=self.steps, desc=f"epoch {epoch + 1}", unit="batch", leave=False)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.bar.close()


def checkpoint(folder: str | os.PathLike) -> keras.Model:
    """Load the model of a training run's last checkpoint.

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
        If the folder holds no run.
    """
    epochs = len(run_of(folder)["history"])
    return keras.saving.load_model(Path(folder) / f"{epochs}-{_CHECKPOINT}")


def run_of(folder: str | os.PathLike) -> dict:
    """Return the settings and the history of a training run.

    Parameters
    ----------
    folder : path
        What `fit` was given.

    Returns
    -------
    dict
        ``settings`` (what `fit` was called with, the beats' hash and leads) and ``history``.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    """
    path = Path(folder) / _HISTORY
    if not path.exists():
        raise FileNotFoundError(
            f"{folder} holds no training run; make one with python -m ecglab train --out {folder}"
        )
    return json.loads(path.read_text())


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)
