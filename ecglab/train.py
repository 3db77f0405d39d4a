"""Training on beats: resumable after every epoch, to the bit."""

import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecglab import batches, given, recipe, runs
from ecglab.backend import keras
from ecglab.batches import AUGMENTATION, BeatImages, Zoom, draw, vary
from ecglab.beats import CLASSES, Beats
from ecglab.runs import checkpoint, run_of

__all__ = [
    "AUGMENTATION",
    "BeatImages",
    "check",
    "checkpoint",
    "draw",
    "fit",
    "join",
    "predict",
    "run_of",
    "trace_once",
    "vary",
]

Loss = str | keras.losses.Loss
Say = Callable[[str], None] | None  # is told how a training goes, a line at a time

_BAR = {"unit": "batch", "leave": False}


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

    First used in chapter 9.

    Parameters
    ----------
    model : keras.Model
        Images ``(n, height, width, leads)`` or windows ``(n, samples, leads)``, and ``(n, k)`` RR
        features where it has a second input, to probabilities ``(n, 5)``. Trained in place.
    beats : Beats
        With as many leads as the model has input channels, and as many RR features.
    folder : path, optional
        Where a checkpoint is written after every epoch. If there is one already, training
        resumes from it, provided that recipe, beats, network, precision and version are the same.
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
        folder holds another run or a damaged one: it says in what they differ.
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
    if not (say is None or callable(say)):
        raise ValueError(f"say is {say!r}; give a function of one line, or None")
    epochs, rate, average, decay = _training_numbers(epochs, rate, average, decay)
    size = _input_size(model, beats)
    drawn = BeatImages(
        beats,
        size,
        batch=batch,
        steps=steps,
        seed=seed,
        balance=balance,
        record_balance=record_balance,
        augment=augment,
        zoom=zoom,
        features=len(model.inputs) > 1,
        share=_share(),
    )
    learning = {"epochs": epochs, "rate": rate, "decay": decay, "average": average}
    settings = _settings(model, drawn, learning, loss)
    if folder is not None:
        folder = runs.usable(folder, writes=drawn.share[0] == 0)
        settings |= _plain(runs.circumstances({"beats": beats}, model))
    _compile(model, rate, epochs * drawn.steps, decay, loss)
    log = _Log(folder, settings, drawn, say)
    log.resume(model)
    done = len(log.rows)
    if done < epochs:
        # Unshuffled: the order of the batches, too, is a function of the seed.
        model.fit(
            drawn, initial_epoch=done, epochs=epochs, callbacks=[log], shuffle=False, verbose=0
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
    batches.numbers(batch, steps, seed)


def predict(model: keras.Model, beats: Beats, zoom: Zoom = None, batch: int = 512) -> np.ndarray:
    """Return the model's probabilities for every beat.

    First used in chapter 11.

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
    batch = given.whole("batch", batch, 1)
    if not len(beats):
        raise ValueError("there are no beats to predict; load some with beats.load")
    size = _input_size(model, beats)

    answers = []
    features = len(model.inputs) > 1
    for start in tqdm(range(0, len(beats), batch), desc="predict", disable=None, **_BAR):
        some = batches.inputs(beats[start : start + batch], size, zoom, features)
        # predict pads no batch and keeps no graph for a new size: call it batch by batch
        answers.append(model.predict_on_batch(some))
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
    processes = given.whole("processes", processes, 1)
    process = given.whole("process", process)
    backend = keras.backend.backend()
    if backend != "jax":
        raise ValueError(f"Keras runs on {backend}; several processes need KERAS_BACKEND=jax")
    if not 0 <= process < processes:
        raise ValueError(f"process is {process}; of {processes} they are 0 to {processes - 1}")
    keras.distribution.initialize(address, processes, process)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


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
        if not self.folder or not (self.folder / runs.HISTORY).exists():
            return
        saved = run_of(self.folder)
        runs.check_same(self.folder, saved["settings"], self.settings)
        # Weights and the optimizer's state alike; the architecture is the caller's.
        stored = runs.stored_model(self.folder, saved)
        model.optimizer.build(model.trainable_variables)
        model.set_weights(stored.get_weights())
        states = zip(model.optimizer.variables, stored.optimizer.variables, strict=True)
        for ours, theirs in states:
            ours.assign(theirs)
        self.rows = saved["history"]
        self.average = runs.stored_average(self.folder, saved, model)
        self.say(f"resumed after epoch {len(self.rows)} from {self.folder}")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.batches.epoch = epoch
        self.started = time.perf_counter()
        shown = {"desc": f"epoch {epoch + 1}", "total": self.batches.steps, "file": self.cell}
        self.bar = tqdm(**shown, disable=self.hidden, **_BAR)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.update()
        step = self.batches.epoch * self.batches.steps + batch + 1
        if self.settings["recipe"]["average"] and step % runs.AVERAGE_EVERY == 0:
            self._take_in(step // runs.AVERAGE_EVERY)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self.started
        measured = {name: float(logs[name]) for name in ("loss", "accuracy")}
        self.rows.append(measured | {"seconds": seconds})
        if self.folder and self.batches.share[0] == 0:
            runs.save(self.folder, self.model, self.average, self.settings, self.rows)
        self.bar.close()
        reached = "  ".join(f"{name} {number:.4f}" for name, number in measured.items())
        epochs = self.settings["recipe"]["epochs"]
        self.say(f"epoch {epoch + 1:>2}/{epochs}  {reached}  {seconds:.0f} s")

    def _take_in(self, looks: int) -> None:
        """Move the average towards the weights; at first quickly, it has seen little yet."""
        weights = self.model.get_weights()
        keep = min(self.settings["recipe"]["average"], looks / (looks + 9))
        if self.average is None:
            self.average = weights
        pairs = zip(self.average, weights, strict=True)
        self.average = [keep * old + (1 - keep) * new for old, new in pairs]


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
    epochs = given.whole("epochs", epochs)
    rate = given.number("rate", rate, finite=False)
    average = given.number("average", average, finite=False)
    decay = given.number("decay", decay, 0)
    if epochs < 1 or not 0 < rate < np.inf or not 0 <= average < 1:
        raise ValueError(
            f"epochs is {epochs}, rate {rate}, average {average}; "
            "the first two must be positive, the third from 0 to below 1"
        )
    return epochs, rate, average, decay


def _settings(model: keras.Model, drawn: BeatImages, learning: Mapping, loss: Loss) -> dict:
    """Return what a model is trained by, in terms of JSON."""
    names = ("batch", "steps", "balance", "record_balance", "augment", "zoom")
    training = {name: getattr(drawn, name) for name in names}
    made = recipe.of_fit(model, drawn.beats, training | learning)
    settings = {"recipe": made.to_json(), "seed": drawn.seed, "loss": _about_loss(loss)}
    return _plain(settings)


def _plain(settings: Mapping) -> dict:
    """Return settings as they will come back from a file."""
    return json.loads(json.dumps(settings))


def _about_loss(loss: Loss) -> str | dict:
    """Return a loss's name, and what it was made with; or refuse it before anything is trained."""
    if isinstance(loss, keras.losses.Loss):
        return {"name": loss.name} | json.loads(json.dumps(loss.get_config(), default=str))
    try:
        keras.losses.get(loss if isinstance(loss, str) else "")
    except ValueError as error:
        raise ValueError(
            f"loss is {loss!r}; give a name that Keras knows, or a keras.losses.Loss"
        ) from error
    return loss


def _input_size(model: keras.Model, beats: Beats) -> tuple[int, ...]:
    """Return height and width, or samples, that a model takes, if it takes these beats."""
    *size, channels = model.inputs[0].shape[1:]
    leads = f"{len(beats.leads)} leads ({', '.join(beats.leads)})"
    _check_fit(channels == len(beats.leads), f"{channels} channels", leads)
    if len(size) == 1:
        samples = beats.windows.shape[1]
        _check_fit(size[0] == samples, f"windows of {size[0]} samples", samples)
    if len(model.inputs) > 1:
        takes, features = model.inputs[1].shape[1], beats.rr.shape[1]
        _check_fit(takes == features, f"{takes} RR features", features)
        _check_finite("rr", beats.rr)
    _check_finite("windows", beats.windows)
    if model.output_shape[-1] != len(CLASSES):
        raise ValueError(f"the model tells {model.output_shape[-1]} classes apart, not 5")
    return tuple(size)


def _check_fit(fits: bool, takes: str, have: object) -> None:
    if not fits:
        raise ValueError(
            f"the model takes {takes}, the beats have {have}; the two numbers must be equal"
        )


def _check_finite(name: str, values: np.ndarray) -> None:
    each = values.reshape(len(values), -1)
    odd = np.count_nonzero(~np.isfinite(each).all(axis=1))
    if odd:
        raise ValueError(
            f"{name} of {odd} beats hold NaN or infinity; a network needs finite numbers"
        )


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
    made_for = {
        "rate": rate,
        "total": total,
        "decay": decay,
        "loss": loss,
        "trained": [variable.path for variable in model.trainable_variables],
        "trainable": _trainable(model),
        "precision": keras.config.dtype_policy().name,
    }
    # The reader may have compiled the model in between, with an optimizer of their own
    optimizer = model.optimizer if model.compiled else None
    ready = getattr(optimizer, "made_for", None) == made_for and model.loss == loss
    # In half precision the optimizer holds a scale that must not be 0
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if ready and not scaled:
        for variable in model.optimizer.variables:
            variable.assign(np.zeros(variable.shape))
        return
    warm = max(total // 20, 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=max(total - warm, 1), warmup_target=rate, warmup_steps=warm
    )
    # With a decay this is AdamW; a decay of 0 would still take its time to compile.
    optimizer = keras.optimizers.Adam(schedule, weight_decay=decay or None)
    model.compile(optimizer, loss, metrics=["accuracy"])
    model.optimizer.made_for = made_for
    trace_once(model)


def _trainable(model: keras.Model) -> list[bool]:
    """Return of each layer whether it is trained: one without weights to learn may have others."""
    flags = []
    for layer in model.layers:
        flags.append(layer.trainable)
        if hasattr(layer, "layers"):
            flags += _trainable(layer)
    return flags


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
