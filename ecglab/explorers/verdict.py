"""Verdicts: what a network sees of a beat and believes, and whether a person is to look."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ecglab.beats import CLASSES
from ecglab.databases import checked_rate
from ecglab.explorers.base import Explorer, State, Words, half_millivolts, number

STEPS = 100  # to a mV; `verdict.js` counts in them too
CLIP = 3  # mV
RATE = 120  # Hz: enough for the eye
PARTS = 1000  # of a probability of 1; `verdict.js` counts in them too
SHADES = np.arange(16)  # of a picture and of a heat map: few, to keep the page small
ORANGE = (255, 140, 0)  # seen by colour-blind eyes too, on black and on white
DENSEST = 192  # of 255: through the strongest evidence the picture is still to be seen
NO_MAP = "none"


def verdict(
    titles: Sequence[str],
    strips: np.ndarray,
    fs: float,
    pictures: np.ndarray,
    maps: dict[str, np.ndarray],
    probabilities: np.ndarray,
    labels: np.ndarray,
) -> Explorer:
    """Explore what a network says of some beats, and what a threshold on its belief costs.

    First used in chapter 12.

    The network calls the class that it holds most probable. From the threshold on, that call
    stands; below it, the beat is shown to a person.

    Parameters
    ----------
    titles : sequence of str
        What each beat is called in the list to choose from, such as
        ``"232 · premature, called N"``; no two alike.
    strips : numpy.ndarray
        Shape ``(n, samples)``, in mV: one lead around each beat, whose R peak is sample
        ``samples // 2``. About 1.5 s on either side are wanted. They are shown at no more than
        120 Hz, in steps of 0.01 mV, and clipped at ±3 mV.
    fs : float
        Sampling rate of the strips in Hz.
    pictures : numpy.ndarray
        Shape ``(n, height, width)``, from 0 to 1: one lead of what the network sees, 1 is white.
        Shown in 16 greys.
    maps : dict
        By the name of a method, the evidence in each pixel for the class that the network calls:
        of the pictures' shape, in any unit. Each map is divided by its own largest absolute
        value, and only what speaks for the class is shown.
    probabilities : numpy.ndarray
        Shape ``(n, 5)``: for each beat and each of `ecglab.beats.CLASSES`, from 0 to 1, with the
        sum 1. Shown in thousandths, rounded down: what reads as the threshold has reached it.
    labels : numpy.ndarray
        int, shape ``(n,)``: the annotators' classes, as indices into `ecglab.beats.CLASSES`.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there is no beat, if two titles are alike, or if strips, rate, pictures, maps,
        probabilities or labels are not as said above.

    Examples
    --------
    >>> pictures = np.zeros((2, 64, 64))
    >>> belief = [[0.7, 0.1, 0.2, 0, 0], [0.1, 0.8, 0.1, 0, 0]]
    >>> maps = {"occlusion": np.ones((2, 64, 64))}
    >>> explorer = verdict("AB", np.zeros((2, 1080)), 360, pictures, maps, belief, [0, 2])
    >>> explorer.read(explorer.start | {"beat": "B"})["Verdict"]
    'called, wrongly'
    """
    titles = _different(titles)
    count = len(titles)
    strips = _checked_strips(strips, count)
    fs = checked_rate(fs)
    pictures = _checked_pictures(pictures, count)
    maps = _checked_maps(maps, pictures.shape)
    probabilities = _checked_probabilities(probabilities, count)
    labels = _checked_labels(labels, count)
    calls = probabilities.argmax(axis=1)
    parts = np.floor(PARTS * probabilities + 1e-4)  # 0.57 of float32 may lack its last bit
    heat = {}
    for name, evidence in maps.items():
        heat[name] = [_heat(one) for one in evidence]
    data = {
        "titles": titles,
        **_drawn_strips(strips, fs),
        "sides": pictures.shape[1:],
        "pictures": [_picture(one) for one in pictures],
        "maps": heat,
        "names": CLASSES,
        "parts": parts.astype(int).tolist(),
        "calls": calls.tolist(),
        "labels": labels.tolist(),
    }
    beat = {
        "value": titles[0],
        "options": {title: title for title in titles},
    }
    overlay = {"options": {name: name for name in (NO_MAP, *maps)}}
    return Explorer("verdict", data, read, beat=beat, overlay=overlay)


def read(data: dict, state: State) -> Words:
    """Return what is said of a beat, and what becomes of all beats at a threshold."""
    beat = data["titles"].index(state["beat"])
    threshold = state["threshold"]
    names = data["names"]
    labels = np.array(data["labels"])
    calls = np.array(data["calls"])
    beliefs = np.max(data["parts"], axis=1)
    called = beliefs >= round(PARTS * threshold)
    right = calls == labels
    rightly = np.count_nonzero(called & right)
    wrongly = np.count_nonzero(called & ~right)
    shown = np.count_nonzero(~called)
    return {
        "Annotators": names[labels[beat]],
        "Network": names[calls[beat]],
        "Belief": number(beliefs[beat] / PARTS, 3),
        "Threshold": number(threshold, 2),
        "Verdict": _verdict(called[beat], right[beat]),
        f"Of these {len(calls)} beats": (
            f"{rightly} called rightly, {wrongly} wrongly, {shown} shown to a person"
        ),
    }


def _verdict(called: bool, right: bool) -> str:
    how = "right" if right else "wrong"
    if called:
        return f"called, {how}ly"
    return f"shown to a person: the network would have been {how}"


def _different(titles: Sequence[str]) -> list[str]:
    titles = list(titles)
    if not titles or len(set(titles)) < len(titles):
        raise ValueError(f"titles are {titles}; give one for each beat, no two alike")
    return titles


def _checked_strips(strips: np.ndarray, count: int) -> np.ndarray:
    strips = np.asarray(strips, dtype=float)
    fits = strips.ndim == 2 and len(strips) == count
    if not fits or strips.shape[1] < 2 or not np.isfinite(strips).all():
        wanted = f"{count} rows of finite numbers are wanted, one for each title"
        raise ValueError(f"strips of shape {strips.shape}: {wanted}")
    return strips


def _checked_pictures(pictures: np.ndarray, count: int) -> np.ndarray:
    pictures = np.asarray(pictures, dtype=float)
    if pictures.ndim != 3 or len(pictures) != count or not pictures.size:
        wanted = f"({count}, height, width) is wanted, one for each title"
        raise ValueError(f"pictures of shape {pictures.shape}: {wanted}")
    low = pictures.min()
    high = pictures.max()
    if not (low >= 0 and high <= 1):  # NaN is neither
        raise ValueError(f"pictures run from {low:g} to {high:g}; give 0 to 1")
    return pictures


def _checked_maps(maps: dict[str, np.ndarray], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    if NO_MAP in maps:
        raise ValueError(f"a map is named {NO_MAP!r}; that is the choice without a map")
    checked = {name: np.asarray(own, dtype=float) for name, own in maps.items()}
    for name, own in checked.items():
        if own.shape != shape or not np.isfinite(own).all():
            wanted = f"finite numbers of the pictures' shape {shape} are wanted"
            raise ValueError(f"map {name!r} of shape {own.shape}: {wanted}")
    return checked


def _checked_probabilities(probabilities: np.ndarray, count: int) -> np.ndarray:
    probabilities = np.asarray(probabilities, dtype=float)
    shape = (count, len(CLASSES))
    if probabilities.shape != shape:
        raise ValueError(f"probabilities of shape {probabilities.shape}: {shape} is wanted")
    positive = (probabilities >= 0).all(axis=1)
    sums = probabilities.sum(axis=1)
    fits = positive & (abs(sums - 1) < 1e-3)
    if not fits.all():
        found = probabilities[~fits][0].tolist()
        raise ValueError(f"probabilities {found}; each row is to be 0 to 1, with the sum 1")
    return probabilities


def _checked_labels(labels: np.ndarray, count: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        wanted = f"int of shape ({count},) is wanted"
        raise ValueError(f"labels of type {labels.dtype} and shape {labels.shape}: {wanted}")
    last = len(CLASSES) - 1
    unknown = labels[(labels < 0) | (labels > last)]
    if unknown.size:
        raise ValueError(f"labels {unknown.tolist()}; give 0 to {last}, for {CLASSES}")
    return labels


def _drawn_strips(strips: np.ndarray, fs: float) -> dict:
    """Return what is drawn of the strips: a sample at each R peak, others at a slower rate."""
    rate = min(fs, RATE)
    length = strips.shape[1]
    from_peak = np.arange(length) - length // 2
    times = from_peak / fs
    first = int(np.ceil(times[0] * rate))
    last = int(np.floor(times[-1] * rate))
    wanted = np.arange(first, last + 1) / rate
    slower = [np.interp(wanted, times, strip) for strip in strips]
    clipped = np.clip(slower, -CLIP, CLIP)
    steps = np.rint(clipped * STEPS).astype(int)
    low, high = half_millivolts(steps / STEPS)
    return {
        "strips": steps.tolist(),
        "fs": rate,
        "middle": -first,
        "low": low,
        "high": high,
    }


def _picture(grey: np.ndarray) -> str:
    colours = np.repeat(255 * SHADES // SHADES[-1], 3)
    return _png(grey, colours)


def _heat(evidence: np.ndarray) -> str:
    """Draw what speaks for a class: the stronger, the denser."""
    largest = abs(evidence).max() or 1
    positive = np.maximum(evidence, 0)
    colours = np.tile(ORANGE, len(SHADES))
    density = DENSEST * SHADES // SHADES[-1]
    return _png(positive / largest, colours, transparency=bytes(density.tolist()))


def _png(shares: np.ndarray, colours: np.ndarray, **options: bytes) -> str:
    """Return shares of 0 to 1 as PNG in base64; each shade has three numbers in `colours`."""
    shades = np.rint(shares * SHADES[-1]).astype(np.uint8)
    picture = Image.fromarray(shades)
    picture.putpalette(colours.tolist())
    written = io.BytesIO()
    picture.save(written, "png", optimize=True, **options)
    return base64.b64encode(written.getvalue()).decode()
