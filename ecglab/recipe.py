"""A recipe: how beats are cut, how a network sees them, and how it learns from them.

One `Recipe` goes with all that was made by it: a run's folder, an experiment's outcome and the
network that ships hold it as JSON, so that beats for that network can be cut in no other way.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self

import numpy as np

from ecglab import beats as cutting
from ecglab import formats, given, models, records, rhythm
from ecglab.backend import keras
from ecglab.batches import AUGMENTATION, BeatImages, Zoom
from ecglab.beats import CLASSES, Beats

#: What `train.fit` takes from a recipe, by the same names.
TRAINING = (
    *("epochs", "steps", "batch", "rate", "decay", "average"),
    *("balance", "record_balance", "augment", "zoom"),
)

#: Sampling rate in Hz of the windows that networks read: mitdb's.
RATE = 360.0

#: The lead of a recipe whose network reads one lead, whichever it is.
ANY = "any"

#: Fields that are numbers, not whole ones.
_FLOATS = ("before", "after", "rate", "decay", "average", "balance", "record_balance")


@dataclass(frozen=True)
class Recipe:
    """How beats are cut, shown to a ResNet-50 and learned from.

    A recipe does not change; ``dataclasses.replace(recipe, size=32)`` gives another one.

    Attributes
    ----------
    leads, before, after, highpass, escape
        How windows are cut; see `beats.segment`. ``leads="any"`` is for a network that reads one
        lead, whichever it is.
    show : tuple of str
        What the windows show of each beat; see `beats.against_typical`.
    rr : tuple of str
        Which RR features the network is told; see `beats.log_rr`.
    context : tuple of str
        What it is told of the rhythm around a beat, after those; see `beats.with_context`.
    reads : {"images", "voltages"}
        Whether the network reads images, or the windows themselves in one dimension.
    size : int or (int, int)
        Side of the images, or their height and width, in pixels.
    zoom : (float, float) or None
        See `batches.draw`.
    width : int or None
        Filters of the first convolution; None if the network is not the package's ResNet-50.
    epochs, steps, batch, rate, decay, average, balance, record_balance, augment
        See `train.fit`; `augment` is kept as pairs of a name and an amount.
    correct : tuple of str
        The classes for which `correct_bias` takes back that batches held more of them than the
        world does.

    Raises
    ------
    ValueError
        If `reads` is something else. What is wrong with other values, the functions named above
        say when they get them.

    Examples
    --------
    >>> recipe = Recipe(leads=("MLII",), size=32)
    >>> recipe.load(["100"]).windows.shape[1:]
    (216, 1)
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True
    """

    leads: tuple[str, ...] = ("MLII",)
    before: float = 0.25
    after: float = 0.35
    highpass: float | None = 0.5
    escape: str = "N"
    show: tuple[str, ...] = ("beat",)
    rr: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    reads: str = "images"
    size: int | tuple[int, int] = 64
    zoom: Zoom = None
    width: int | None = 16
    epochs: int = 12
    steps: int = 200
    batch: int = 64
    rate: float = 1e-3
    decay: float = 0.0
    average: float = 0.0
    balance: float = 0.5
    record_balance: float = 0.0
    augment: Mapping[str, float] | None = field(default_factory=AUGMENTATION.copy)
    correct: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("leads", "show", "rr", "context", "correct"):
            self._set(name, given.names(getattr(self, name)))
        for name in _FLOATS:
            self._set(name, float(given.number(name, getattr(self, name), finite=False)))
        for name in ("epochs", "steps", "batch"):
            self._set(name, given.whole(name, getattr(self, name)))
        if self.highpass is not None:
            self._set("highpass", float(given.number("highpass", self.highpass)))
        if self.width is not None:
            self._set("width", given.whole("width", self.width))
        if self.zoom is not None:
            self._set("zoom", tuple(float(given.number("zoom", side)) for side in self.zoom))
        if self.augment is not None:  # as pairs, which nobody can change
            self._set("augment", tuple(dict(self.augment).items()))
        several = isinstance(self.size, tuple | list | np.ndarray)
        sides = [given.whole("size", side) for side in (self.size if several else [self.size])]
        self._set("size", sides[0] if len(sides) == 1 else tuple(sides))
        if self.reads not in ("images", "voltages"):
            raise ValueError(f"reads is {self.reads!r}; it may be 'images' or 'voltages'")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the way to fill a frozen dataclass

    def __hash__(self) -> int:
        return hash(self.digest)

    # --- to and from JSON ----------------------------------------------------------------------

    def to_json(self) -> dict:
        """Return the recipe as a dict that JSON can hold.

        A recipe that tells no context reads as it did before there was any, so that runs which
        were recorded then are known again.
        """
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values["augment"] = self.training["augment"]
        if not self.context:
            del values["context"]
        return json.loads(json.dumps(values))

    @classmethod
    def from_json(cls, values: Mapping) -> Self:
        """Return the recipe that `to_json` gave.

        What an older recipe does not name is as it was then: by default.

        Raises
        ------
        ValueError
            If something is named that no recipe has.
        """
        known = [one.name for one in fields(cls)]
        unknown = [name for name in values if name not in known]
        if unknown:
            raise ValueError(f"a recipe has no {unknown[0]!r}; it has {', '.join(known)}")
        return cls(**values)

    @property
    def digest(self) -> str:
        """A hash: equal for equal recipes."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def training(self) -> dict:
        """What `train.fit` is given of it."""
        values = {name: getattr(self, name) for name in TRAINING}
        if self.augment is not None:
            values["augment"] = dict(self.augment)
        return values

    # --- beats and network ---------------------------------------------------------------------

    def cut(self, record: records.Record) -> Beats:
        """Cut the beats of one record, at its own sampling rate.

        Leads of svdb pass for those of mitdb for which they stand: ``ECG1`` for ``MLII``,
        ``ECG2`` for ``V1``. A recipe for any one lead cuts the beats once in each that there is.

        Raises
        ------
        ValueError
            As from `beats.segment`, `beats.log_rr`, `beats.with_context` and
            `beats.against_typical`; or if the signal is not in mV: a network would answer all the
            same.
        """
        formats.check_height(record.signal, record.fs, record.leads)
        if self.leads == (ANY,):
            each = [self._cut(one) for one in _one_by_one(record)]
            return cutting.concatenate(each)
        record = _in_place_of_mitdb(record)
        return self._cut(record)

    def _cut(self, record: records.Record) -> Beats:
        heartbeats = cutting.segment(
            record, self.before, self.after, self.leads, self.highpass, self.escape
        )
        heartbeats = cutting.log_rr(heartbeats, self.rr)
        heartbeats = cutting.with_context(heartbeats, self.context, record.episodes)
        return cutting.against_typical(heartbeats, self.show)

    def load(self, names: str | int | Iterable[str | int], database: str = "mitdb") -> Beats:
        """Load records, cut their beats and bring them to mitdb's sampling rate.

        Parameters
        ----------
        names : str or int, or iterable of them
            Names of records, or ``"all"``; of mitdb also ``"DS1"`` and ``"DS2"``.
        database : {"mitdb", "svdb"}

        Raises
        ------
        ValueError
            If a record is named twice, or the database has none of that name: before any is
            loaded. Or as from `cut`.
        """
        parts = []
        for name in records.names_of(names, database):
            own = self.cut(records.load(name, database))
            parts.append(cutting.resample(own, RATE))
        return cutting.concatenate(parts)

    def build(self, seed: int | None = None, fs: float = RATE) -> keras.Model:
        """Build the network: a ResNet-50 of `models`, untrained.

        Parameters
        ----------
        seed : int, optional
            Of the weights.
        fs : float
            Sampling rate in Hz, on which the length of windows depends; MIT-BIH's by default.

        Raises
        ------
        ValueError
            If the recipe's `width` is None: it was made for another network.
        """
        if self.width is None:
            raise ValueError("width is None: this recipe was made for another network than ours")
        if seed is not None:
            keras.utils.set_random_seed(seed)
        channels = len(self.leads) * len(self.show)
        around = rhythm.context_columns(self.context, self.leads)
        features = len(self.rr) + len(around)
        form = {"classes": len(CLASSES), "width": self.width, "features": features}
        if self.reads == "voltages":
            samples = round(fs * (self.before + self.after))
            return models.resnet1d(50, (samples, channels), **form)
        sides = (self.size, self.size) if isinstance(self.size, int) else self.size
        return models.resnet50((*sides, channels), **form)

    # --- the shares of the classes -------------------------------------------------------------

    def rarity(self, heartbeats: Beats, correct: Iterable[str] | None = None) -> np.ndarray:
        """Return how common each class is among some beats, over how common it is in batches.

        Parameters
        ----------
        heartbeats : Beats
            The training beats.
        correct : iterable of str, optional
            The classes in question, by default the recipe's; the ratio of the others is 1.

        Returns
        -------
        numpy.ndarray
            Shape ``(5,)``.
        """
        chosen = self.correct if correct is None else tuple(correct)
        batches = BeatImages(heartbeats, heartbeats.windows.shape[1:2], balance=self.balance)
        counts = np.bincount(heartbeats.labels, minlength=len(CLASSES))
        common = counts / len(heartbeats)
        ratio = common / np.maximum(batches.shares, 1e-9)  # a class without a beat has no share
        return np.where(np.isin(CLASSES, chosen), ratio, 1)

    def correct_bias(self, model: keras.Model, heartbeats: Beats) -> None:
        """Take back that the batches held more beats of some classes than the world does.

        The logits of a trained network are shifted by the logarithm of `rarity`: Bayes' rule
        (Saerens et al. 2002, doi 10.1162/089976602753284446).
        """
        shift = np.log(self.rarity(heartbeats))
        bias = model.get_layer("logits").bias
        bias.assign(bias + shift.astype(np.float32))


def _one_by_one(record: records.Record) -> Iterator[records.Record]:
    """Give each lead as a record of its own, under one name."""
    for column in range(len(record.leads)):
        signal = record.signal[:, [column]]
        yield replace(record, leads=(ANY,), signal=signal, waves={})


def _in_place_of_mitdb(record: records.Record) -> records.Record:
    """Give leads the names of those of mitdb for which they stand."""
    known = records.DATABASES.get(record.database)
    if known is None or not known.stand_for:
        return record
    leads = [known.stand_for.get(lead, lead) for lead in record.leads]
    return replace(record, leads=leads)


def of_fit(model: keras.Model, heartbeats: Beats, training: Mapping) -> Recipe:
    """Return the recipe by which a model is trained on some beats.

    Parameters
    ----------
    model : keras.Model
        Any that `train.fit` takes.
    heartbeats : Beats
        They know how they were cut.
    training : mapping
        What `train.fit` was given, by the names of `TRAINING`.

    Returns
    -------
    Recipe
        With `width` None: what the model is, its checkpoint tells.
    """
    *sides, _ = model.inputs[0].shape[1:]
    voltages = len(sides) == 1
    told = heartbeats.rr_names if len(model.inputs) > 1 else ()
    rr, context = _told(told)
    count = len(heartbeats.leads) // len(heartbeats.show)
    leads = heartbeats.leads[:count]
    if heartbeats.show[0] != "beat":
        ending = f" {heartbeats.show[0]}"
        leads = tuple(lead.removesuffix(ending) for lead in leads)
    return Recipe(
        leads=leads,
        before=float(heartbeats.before),
        after=float(heartbeats.after),
        highpass=heartbeats.highpass,
        escape=heartbeats.escape,
        show=heartbeats.show,
        rr=rr,
        context=context,
        reads="voltages" if voltages else "images",
        size=Recipe.size if voltages else (sides[0] if len(set(sides)) == 1 else tuple(sides)),
        width=None,
        **training,
    )


def _told(rr_names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return by what names `beats.log_rr` and `beats.with_context` give some columns.

    Columns that neither gives keep a name that `beats.log_rr` refuses: such beats can't be cut by
    a recipe.
    """
    rr = []
    context = {}
    for name in rr_names:
        around, _, _ = name.partition(" in ")  # of P waves, a lead has its own
        if around in rhythm.AROUND:
            context[around] = None
        elif name.startswith("log "):
            rr.append(name.removeprefix("log "))
        elif "change" in name:
            rr.append(name)
        else:
            rr.append(f"{name}, no logarithm")
    return tuple(rr), tuple(context)
