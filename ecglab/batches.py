"""Batches: beats varied and drawn for a network, at the moment when it asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from ecglab import given, images
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats

#: How much `vary` changes: the keyword arguments that `train.fit` gives it.
AUGMENTATION = {
    "gain": 0.2,
    "shift": 0.012,  # s
    "stretch": 0.1,
    "noise": 0.02,  # mV
    "wander": 0.1,  # mV
}

#: How fast a baseline wanders: from slow breathing to fast, in Hz.
_WANDER_HZ = (0.15, 0.5)

Inputs = np.ndarray | dict[str, np.ndarray]
Zoom = tuple[float, float] | None  # how many seconds before and after a beat are drawn large


def vary(
    beats: Beats,
    rng: Generator,
    *,
    gain: float = 0.0,
    shift: float = 0.0,
    stretch: float = 0.0,
    noise: float = 0.0,
    wander: float = 0.0,
) -> Beats:
    """Vary beats as recordings vary, before they become images.

    First used in chapter 11.

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
    amounts = _amounts(
        {"gain": gain, "shift": shift, "stretch": stretch, "noise": noise, "wander": wander}
    )
    gain, shift, stretch, noise, wander = amounts.values()
    windows = _moved(beats, rng, shift, stretch)
    windows = windows * _factors(beats, rng, gain)
    windows += _wander(beats, rng, wander)
    windows += _noise(beats, rng, noise)
    windows = windows.astype(np.float32)
    return replace(beats, windows=windows)


def _moved(beats: Beats, rng: Generator, shift: float, stretch: float) -> np.ndarray:
    """Return windows in which time runs faster or slower, and begins sooner or later."""
    each = (len(beats), 1)
    slowest, fastest = 1 - stretch, 1 + stretch
    factor = rng.uniform(slowest, fastest, each)
    offset = rng.uniform(-shift, shift, each)
    times = _times(beats) * factor + offset
    positions = (times + beats.before) * beats.fs
    return _read_at(beats.windows, positions)


def _times(beats: Beats) -> np.ndarray:
    """Return when each sample of a window was taken, in s after its beat."""
    samples = beats.windows.shape[1]
    return np.arange(samples) / beats.fs - beats.before


def _factors(beats: Beats, rng: Generator, gain: float) -> np.ndarray:
    """Return a factor for each beat, half and twice being equally likely."""
    each = (len(beats), 1, 1)
    exponents = rng.uniform(-gain, gain, each)
    return np.exp(exponents)


def _wander(beats: Beats, rng: Generator, highest: float) -> np.ndarray:
    """Return a slow sine for each beat, of another height in each lead."""
    count, _, leads = beats.windows.shape
    each = (count, 1)
    frequency = rng.uniform(*_WANDER_HZ, each)
    phase = rng.uniform(0, 2 * np.pi, each)
    speed = 2 * np.pi * frequency
    angle = speed * _times(beats) + phase
    sine = np.sin(angle)
    height = rng.uniform(-highest, highest, (count, 1, leads))
    return height * sine[:, :, None]


def _noise(beats: Beats, rng: Generator, strongest: float) -> np.ndarray:
    """Return white noise for each beat, of one strength in all leads."""
    each = (len(beats), 1, 1)
    strength = rng.uniform(0, strongest, each)
    noise = rng.standard_normal(beats.windows.shape, dtype=np.float32)
    return strength * noise


def draw(beats: Beats, size: tuple[int, int], zoom: Zoom = None) -> np.ndarray:
    """Draw beats for a network.

    First used in chapter 9.

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
        enlarged = _zoomed(beats, zoom)
        large = beats.windows[:, enlarged]
        pixels = images.card(large, beats.windows, beats.fs, before=beats.before, **shape)
    grey = pixels.astype(np.float32)
    return grey / 255


@dataclass(eq=False, repr=False)
class BeatImages(keras.utils.PyDataset):
    """Random batches of beat images, each a function of (seed, epoch, step) alone.

    First used in chapter 11.

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
            missing = ", ".join(empty)
            count = len(self.beats)
            raise ValueError(
                f"there is no beat of class {missing} among the {count} given; "
                "training needs N, S and V: load more records"
            )
        self._take_numbers()
        processes = self.share[1]
        if self.batch % processes:
            raise ValueError(
                f"batch is {self.batch}; it must be a multiple of {processes} processes"
            )
        if self.zoom is not None and len(self.size) == 2:
            _zoomed(self.beats, self.zoom)
        chances = _chances(self.beats, self.balance, self.record_balance)
        self.chances = np.cumsum(chances)
        in_class = np.bincount(self.beats.labels, chances, len(CLASSES))
        #: Which share of the drawn beats belongs to each class.
        self.shares = in_class / chances.sum()

    def _take_numbers(self) -> None:
        """Make plain numbers of Python of all that was given, or refuse it by its name."""
        self.size = _sides(self.size)
        plain = numbers(self.batch, self.steps, self.seed)
        self.batch, self.steps, self.seed = plain
        self.epoch = given.whole("epoch", self.epoch, 0)
        self.balance = given.number("balance", self.balance, finite=False)
        self.record_balance = given.number("record_balance", self.record_balance, finite=False)
        if self.augment is not None:
            self.augment = _amounts(self.augment)
        if self.zoom is not None:
            self.zoom = _seconds(self.zoom)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Inputs, np.ndarray]:
        rng = np.random.default_rng([self.seed, self.epoch, step])
        total = self.chances[-1]
        places = rng.random(self.batch) * total
        chosen = np.searchsorted(self.chances, places, "right")
        beats = self.beats[chosen]
        if self.augment is not None:
            beats = vary(beats, rng, **self.augment)
        number, processes = self.share
        beats = beats[number::processes]
        drawn = inputs(beats, self.size, self.zoom, self.features)
        return drawn, beats.labels.astype(np.int64)


def inputs(
    beats: Beats, size: tuple[int, ...], zoom: Zoom = None, features: bool = False
) -> Inputs:
    """Return beats as a network takes them in.

    First used in chapter 12.

    Parameters
    ----------
    beats : Beats
    size, zoom, features
        See `BeatImages`.

    Returns
    -------
    numpy.ndarray or dict
        Images ``(n, height, width, leads)`` or windows ``(n, samples, leads)``; with `features`,
        ``{"images": …, "rr": …}`` or ``{"windows": …, "rr": …}``.

    Examples
    --------
    >>> from ecglab import beats
    >>> inputs(beats.load(["100"])[:2], (216,)).shape
    (2, 216, 1)
    """
    if len(size) == 1:
        name, shown = "windows", beats.windows
    else:
        name, shown = "images", draw(beats, size, zoom)
    return {name: shown, "rr": beats.rr} if features else shown


def numbers(batch: int, steps: int, seed: int) -> tuple[int, int, int]:
    """Return plain numbers of Python, or refuse one of them by its name.

    Raises
    ------
    ValueError
        If one is no whole number, or none that it can be.

    Examples
    --------
    >>> numbers(64, 200, 0)
    (64, 200, 0)
    """
    batch = given.whole("batch", batch, 1)
    steps = given.whole("steps", steps, 1)
    return batch, steps, given.whole("seed", seed, 0)


# ---------------------------------------------------------------------------


def _sides(size: tuple[int, ...], axes: int = 0) -> tuple[int, ...]:
    """Return an image's height and width; ``(samples,)`` stands for windows as they are."""
    listed = np.asarray(size, dtype=object)
    sides = np.atleast_1d(listed).tolist()
    may_have = (axes,) if axes else (1, 2)
    if len(sides) not in may_have:
        raise ValueError(f"size is {size}; give a height and a width in pixels, such as (64, 64)")
    for side in sides:
        given.whole("size", side, 1)
    return tuple(map(int, sides))


def _seconds(zoom: Zoom) -> tuple[float, float]:
    """Return how far a zoom reaches before and after a beat."""
    reach = np.asarray(zoom, dtype=object).ravel().tolist()
    if len(reach) != 2:
        raise ValueError(f"zoom is {zoom}; give the seconds before and after the beat, or None")
    return tuple(given.number("zoom", side) for side in reach)


def _zoomed(beats: Beats, zoom: Zoom) -> slice:
    """Return which samples of the windows are drawn large."""
    before, after = _seconds(zoom)
    first = round((beats.before - before) * beats.fs)
    last = round((beats.before + after) * beats.fs)
    samples = beats.windows.shape[1]
    if not 0 <= first < last <= samples:
        seconds = samples / beats.fs
        raise ValueError(
            f"zoom is {zoom} s about the beat; the windows begin {beats.before:g} s before it "
            f"and are {seconds:g} s long"
        )
    return slice(first, last)


def _amounts(augment: Mapping[str, float]) -> dict[str, float]:
    """Return how much `vary` is to change, as plain numbers."""
    known = ", ".join(AUGMENTATION)
    if not isinstance(augment, Mapping):
        raise ValueError(f"augment is {augment!r}; give amounts by name ({known}), or None")
    unknown = [name for name in augment if name not in AUGMENTATION]
    if unknown:
        raise ValueError(f"augment holds {unknown[0]!r}; it may hold {known}")
    amounts = {}
    for name, value in augment.items():
        amounts[name] = given.number(name, value, 0)
    if amounts.get("stretch", 0) >= 1:
        raise ValueError(f"stretch is {augment['stretch']}; it must be below 1")
    return amounts


def _read_at(windows: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return windows ``(n, samples, leads)`` read between samples, at ``(n, samples)`` places."""
    last = windows.shape[1] - 1
    inside = np.clip(positions, 0, last)
    inside = inside[:, :, None]
    before = inside.astype(int)
    before = np.minimum(before, last - 1)
    part = inside - before
    part = part.astype(np.float32)
    after = before + 1
    left = np.take_along_axis(windows, before, axis=1)
    right = np.take_along_axis(windows, after, axis=1)
    return left * (1 - part) + right * part


def _chances(beats: Beats, balance: float, record_balance: float) -> np.ndarray:
    """Return, for each beat, how often it is drawn relative to the others."""
    for name, value in (("balance", balance), ("record_balance", record_balance)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must lie between 0 and 1")
    labels = beats.labels
    pairs = np.stack([labels.astype("<U1"), beats.records])
    _, group, sizes = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    within = sizes[group] ** -record_balance
    in_class = np.bincount(labels, within)
    share = np.bincount(labels) ** (1 - balance)
    return within / in_class[labels] * share[labels]
