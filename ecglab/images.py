"""Beats to images on fixed scales: a raster and a card to read, three fields to compare it with."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pywt

_STEPS = 16  # a line's edge is placed to a sixteenth of a pixel
_WAVELET = "cmor1.5-1.0"  # complex Morlet: a packet of about three waves

Range = tuple[float, float]  # from the lower to the upper end


def rasterize(
    windows: np.ndarray, fs: float, *, height: int = 64, width: int = 64, mv: Range = (-2.5, 2.5)
) -> np.ndarray:
    """Draw beats as anti-aliased lines on a fixed voltage and time scale.

    The scale is the same for every beat: a pixel is ``(mv[1] - mv[0]) / height`` mV high,
    and ``width`` pixels span the window. What lies outside `mv` runs along the border.

    Parameters
    ----------
    windows : numpy.ndarray
        Shape ``(n, samples, leads)``, in mV.
    fs : float
        Sampling rate in Hz.
    height, width : int
        Size of an image in pixels.
    mv : tuple of float
        Voltages at the lower and the upper border.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(n, height, width, leads)``: one channel for each lead, the line 255 on 0.

    Raises
    ------
    ValueError
        If the windows have another shape or hold NaN, or a size or a range is not possible.

    Notes
    -----
    A column shows the voltages that the signal takes between the column's two edges,
    widened by half a pixel on either side. How much of a pixel that covers is its
    brightness: the difference of two ramps, which are looked up in a table.

    Examples
    --------
    >>> flat = np.zeros((1, 216, 1), dtype=np.float32)
    >>> image = rasterize(flat, 360.0, height=5, width=3)
    >>> image[0, :, :, 0]
    array([[  0,   0,   0],
           [  0,   0,   0],
           [255, 255, 255],
           [  0,   0,   0],
           [  0,   0,   0]], dtype=uint8)
    """
    windows = _checked(windows, fs, height, width, mv)
    return _draw_lines(_empty(windows, height, width), windows, mv)


def card(
    windows: np.ndarray,
    strips: np.ndarray,
    fs: float,
    *,
    before: float,
    height: int = 64,
    width: int = 64,
    strip: int = 16,
    mv: Range = (-2.5, 2.5),
) -> np.ndarray:
    """Draw each beat above a rhythm strip, so that one image shows shape and prematurity.

    Parameters
    ----------
    windows : numpy.ndarray
        Shape ``(n, samples, leads)``, in mV: the beats.
    strips : numpy.ndarray
        Shape ``(n, more samples, leads)``, in mV: the same beats among their neighbours, such
        as ``beats.segment(record, before=2.5, after=1.5).windows``.
    fs : float
        Sampling rate in Hz, of both.
    before : float
        Where the beat lies in its strip, in s after the strip's start. It is marked by one
        bright pixel in the strip's top row, in the same column in every image.
    height, width : int
        Size of the whole image in pixels.
    strip : int
        How many rows, the lowest, show the strip.
    mv : tuple of float
        Voltages at the lower and the upper border of either part.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(n, height, width, leads)``. Each part has its own scale, the same for
        every beat: ``scale(samples, fs, height=height - strip, width=width)`` and
        ``scale(more samples, fs, height=strip, width=width)``.

    Raises
    ------
    ValueError
        As in `rasterize`, or if windows and strips differ in number or leads, a part has fewer
        than two rows, or `before` lies outside the strip.

    Examples
    --------
    >>> beat, rhythm = np.zeros((1, 216, 1)), np.zeros((1, 1440, 1))
    >>> card(beat, rhythm, 360.0, before=2.5, height=8, width=8, strip=3)[0, :, :, 0]
    array([[  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [255, 255, 255, 255, 255, 255, 255, 255],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0, 255,   0,   0],
           [255, 255, 255, 255, 255, 255, 255, 255],
           [  0,   0,   0,   0,   0,   0,   0,   0]], dtype=uint8)
    """
    windows = _checked(windows, fs, height - strip, width, mv)
    strips = _checked(strips, fs, strip, width, mv, "strips")
    (count, _, leads), (strip_count, samples, strip_leads) = windows.shape, strips.shape
    if (count, leads) != (strip_count, strip_leads):
        given = f"{count} windows of {leads} leads and {strip_count} strips of {strip_leads}"
        raise ValueError(f"{given}; give one strip for each window, of the same leads")
    duration = (samples - 1) / fs
    if not 0 <= before <= duration:
        raise ValueError(f"before is {before} s; a strip goes from 0 to {duration:g} s")
    images = _empty(windows, height, width)
    _draw_lines(images[:, :-strip], windows, mv)
    _draw_lines(images[:, -strip:], strips, mv)
    images[:, -strip, min(int(before / duration * width), width - 1)] = 255
    return images


def gramian(
    windows: np.ndarray, fs: float, *, height: int = 64, width: int = 64, mv: Range = (-2.5, 2.5)
) -> np.ndarray:
    """Show beats as Gramian angular summation fields on a fixed voltage scale.

    The voltage at each moment, scaled to x = 0…1, is taken as the cosine of an angle φ;
    pixel (i, j) shows cos(φᵢ + φⱼ). Both axes are time, from the upper left corner on.

    Parameters
    ----------
    windows, fs, height, width
        As in `rasterize`.
    mv : tuple of float
        Voltages scaled to 0 and 1; what lies outside is clipped.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(n, height, width, leads)``: -1 is drawn as 0, 1 as 255.

    Raises
    ------
    ValueError
        As in `rasterize`.

    Notes
    -----
    After Wang and Oates 2015 (https://arxiv.org/abs/1506.00327), with one difference: they
    scale every series by its own least and greatest value, the default of
    ``GramianAngularField`` in the library pyts, too. For a heartbeat that erases how tall it is.
    On the scale 0…1 the diagonal, 2x² - 1, gives the voltage back; on -1…1 a beat and the same
    beat upside down would make one image. pyts gives the same field for voltages scaled
    beforehand (``sample_range=None``); it needs numba, and this a few lines of NumPy.

    Before, the voltage is averaged over each pixel's stretch of time.

    Examples
    --------
    >>> ramp = np.linspace(-2.5, 2.5, 101)[None, :, None]
    >>> gramian(ramp, 360.0, height=3, width=3)[0, :, :, 0]
    array([[  7,  29,  76],
           [ 29,  64, 120],
           [ 76, 120, 177]], dtype=uint8)
    """
    windows = _checked(windows, fs, height, width, mv)

    def draw(voltage: np.ndarray) -> np.ndarray:
        down, across = (np.arccos(_part(_mean(voltage, size), mv)) for size in (height, width))
        return _grey(np.cos(down[:, :, None] + across[:, None, :]), (-1, 1))

    return _fill(_empty(windows, height, width), windows, draw, block=64)


def recurrence(
    windows: np.ndarray,
    fs: float,
    *,
    height: int = 64,
    width: int = 64,
    mv: Range = (-2.5, 2.5),
    dimension: int = 1,
    delay: float = 0.03,
) -> np.ndarray:
    """Show beats as recurrence plots without a threshold: how far apart any two moments are.

    Pixel (i, j) shows the distance, in mV, between the states at two moments. A state is the
    voltage at a moment and, with ``dimension`` 2 or more, `delay`, 2 × `delay`, … later:
    then a rising and a falling slope of equal voltage are told apart. Both axes are time, from
    the upper left corner on.

    Parameters
    ----------
    windows, fs, height, width
        As in `rasterize`.
    mv : tuple of float
        Voltages that are told apart; what lies outside is clipped.
    dimension : int
        How many voltages make a state.
    delay : float
        Time from one voltage of a state to the next, in s, taken to the nearest sample.
        The image ends ``(dimension - 1) * delay`` before the window does.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(n, height, width, leads)``: 0 where two states are equal, 255 where they
        lie the whole range `mv` apart (root mean square over the voltages of a state).

    Raises
    ------
    ValueError
        As in `rasterize`, or if the window is too short for states of this kind.

    Notes
    -----
    Eckmann, Oliffson Kamphorst and Ruelle 1987 (doi 10.1209/0295-5075/4/9/004) mark the pairs
    that lie closer than a threshold; the distance itself is kept here, on one scale for all
    beats. Before, the voltage is averaged over each pixel's stretch of time.

    Examples
    --------
    >>> step = np.repeat([0.0, 1.0], 50)[None, :, None]
    >>> recurrence(step, 360.0, height=2, width=2)[0, :, :, 0]
    array([[ 0, 51],
           [51,  0]], dtype=uint8)
    """
    windows = _checked(windows, fs, height, width, mv)
    lag = round(delay * fs)
    span = windows.shape[1] - (dimension - 1) * lag
    if dimension < 1 or lag < 1 or span < 2:
        given = f"dimension is {dimension}, delay {delay} s, for {windows.shape[1]} samples"
        least = f"dimension and delay must be at least 1 and {1 / fs:.3g} s"
        fits = "and states must fit into the window twice"
        raise ValueError(f"{given} at {fs:g} Hz; {least}, {fits}")

    def draw(voltage: np.ndarray) -> np.ndarray:
        square = np.float32(0)
        for start in range(0, dimension * lag, lag):
            seen = voltage[:, start : start + span]
            down, across = (np.clip(_mean(seen, size), *mv) for size in (height, width))
            square = square + (down[:, :, None] - across[:, None, :]) ** 2
        return _grey(np.sqrt(square / dimension), (0, mv[1] - mv[0]))

    return _fill(_empty(windows, height, width), windows, draw, block=64)


def scalogram(
    windows: np.ndarray,
    fs: float,
    *,
    height: int = 64,
    width: int = 64,
    mv: Range = (0.0, 1.0),
    hz: Range = (3.0, 60.0),
) -> np.ndarray:
    """Show how strongly beats swing at each frequency around each moment.

    Parameters
    ----------
    windows, fs, height, width
        As in `rasterize`.
    mv : tuple of float
        Strengths drawn as 0 and as 255; a sine has its amplitude as strength.
    hz : tuple of float
        Frequencies of the lowest and the highest row; those between are spaced evenly on a
        logarithmic axis. Below one wave in a window's length there is little to see.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(n, height, width, leads)``.

    Raises
    ------
    ValueError
        As in `rasterize`, or if the frequencies do not rise from above 0 to at most ``fs / 2``.

    Notes
    -----
    The magnitude of a continuous wavelet transform with complex Morlet wavelets by PyWavelets
    (Lee et al. 2019, doi 10.21105/joss.01237), scaled so that equal amplitudes are equally
    bright at all frequencies (within 5 % up to a sixth of the sampling rate). A window is
    continued by its edge values; see Torrence and Compo 1998
    (doi 10.1175/1520-0477(1998)079<0061:APGTWA>2.0.CO;2) for what edges do.

    Examples
    --------
    >>> sine = np.sin(2 * np.pi * 10 * np.arange(720) / 360)[None, :, None]
    >>> image = scalogram(sine, 360.0, height=3, width=3, hz=(2.5, 40.0))
    >>> image[0, :, 1, 0]  # 40, 10 and 2.5 Hz
    array([  0, 255,   1], dtype=uint8)
    """
    windows = _checked(windows, fs, height, width, mv)
    if not 0 < hz[0] < hz[1] <= fs / 2:
        raise ValueError(f"hz is {hz}; it must rise, from above 0 to at most {fs / 2:g} Hz")
    frequencies = np.geomspace(hz[1], hz[0], height)

    def draw(voltage: np.ndarray) -> np.ndarray:
        return _grey(_mean(_strength(voltage, fs, frequencies), width), mv)

    return _fill(_empty(windows, height, width), windows, draw, block=16)


def scale(
    samples: int, fs: float, *, height: int = 64, width: int = 64, mv: Range = (-2.5, 2.5)
) -> tuple[float, float]:
    """Return what one pixel measures: milliseconds across and millivolts down.

    Examples
    --------
    >>> ms, mv = scale(216, 360.0)
    >>> round(ms, 2), round(mv, 3)
    (9.33, 0.078)
    """
    return 1000 * (samples - 1) / fs / width, (mv[1] - mv[0]) / height


# ---------------------------------------------------------------------------


def _checked(
    windows: np.ndarray, fs: float, height: int, width: int, mv: Range, name: str = "windows"
) -> np.ndarray:
    windows = np.asarray(windows, dtype=np.float32)
    if windows.ndim != 3 or windows.shape[1] < 2 or windows.shape[2] < 1:
        wanted = "(n, samples, leads) with two samples or more"
        raise ValueError(f"{name} have shape {windows.shape}; they must be {wanted}")
    if not np.isfinite(windows).all():
        raise ValueError(f"{name} hold NaN or infinite values; every sample must be a number")
    if not fs > 0:
        raise ValueError(f"fs is {fs} Hz; it must be positive")
    if height < 2 or width < 2:
        raise ValueError(f"an image of {height} × {width} pixels is too small; 2 × 2 is the least")
    if not mv[0] < mv[1]:
        raise ValueError(f"mv is {mv}; the lower voltage must come first")
    return windows


def _empty(windows: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.empty((len(windows), height, width, windows.shape[2]), dtype=np.uint8)


def _fill(images: np.ndarray, windows: np.ndarray, draw: Callable, block: int) -> np.ndarray:
    """Fill images with what `draw` makes of ``(n, samples)``, a few beats and one lead at a time.

    What a block of beats needs should stay in the processor's cache.
    """
    for start in range(0, len(windows), block):
        part = slice(start, start + block)
        for lead in range(windows.shape[2]):
            images[part, :, :, lead] = draw(windows[part, :, lead])
    return images


def _draw_lines(images: np.ndarray, windows: np.ndarray, mv: Range) -> np.ndarray:
    """Fill images ``(n, height, width, leads)`` with lines; see `rasterize`."""
    height, width = images.shape[1:3]
    ramps = _ramps(height)

    def draw(voltage: np.ndarray) -> np.ndarray:
        values, _, edges = _at_points(voltage, width)
        right = values[:, edges[1:]]  # which belongs to two columns
        lowest = np.minimum(np.minimum.reduceat(values, edges[:-1], axis=1), right)
        highest = np.maximum(np.maximum.reduceat(values, edges[:-1], axis=1), right)
        top, bottom = _steps(highest, -0.5, height, mv), _steps(lowest, 0.5, height, mv)
        return (ramps[bottom] - ramps[top]).swapaxes(1, 2)

    return _fill(images, windows, draw, block=256)


@lru_cache(maxsize=8)
def _grid(samples: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points at which a window is read: its samples and the columns' edges.

    Gives, for each point, the sample before it and how far it lies towards the next; and which
    points are edges.
    """
    edges = np.linspace(0, samples - 1, width + 1)
    points = np.union1d(np.arange(samples), edges)
    before = np.minimum(points.astype(int), samples - 2)
    return before, (points - before).astype(np.float32), np.searchsorted(points, edges)


def _at_points(voltage: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return voltages ``(…, points)`` on the lines that join the samples, the points, the edges."""
    before, part, edges = _grid(voltage.shape[-1], width)
    values = voltage[..., before] * (1 - part) + voltage[..., before + 1] * part
    return values, before + part, edges


def _steps(voltage: np.ndarray, below: float, height: int, mv: Range) -> np.ndarray:
    """Return how many steps down the image what is `below` a voltage, in pixels, lies."""
    rows = np.clip((mv[1] - voltage) * (height / (mv[1] - mv[0])), 0.5, height - 0.5)
    return np.rint((rows + below) * _STEPS).astype(np.int32)


@lru_cache(maxsize=8)
def _ramps(height: int) -> np.ndarray:
    """Return, for each step down the image, how much of every pixel lies above it (0–255)."""
    edge = np.arange(height * _STEPS + 1)[:, None] / _STEPS
    return np.rint(255 * np.clip(edge - np.arange(height), 0, 1)).astype(np.uint8)


def _mean(values: np.ndarray, width: int) -> np.ndarray:
    """Return the mean of ``(…, samples)`` in each column, of the lines that join the samples."""
    heights, points, edges = _at_points(values, width)
    areas = (heights[..., 1:] + heights[..., :-1]) * (np.diff(points) / 2)
    return np.add.reduceat(areas, edges[:-1], axis=-1) * (width / (values.shape[-1] - 1))


def _part(values: np.ndarray, ends: Range) -> np.ndarray:
    """Return how far values lie between two ends, from 0 to 1; clipped beyond."""
    return np.clip((values - ends[0]) / (ends[1] - ends[0]), 0, 1)


def _grey(values: np.ndarray, ends: Range) -> np.ndarray:
    return np.rint(255 * _part(values, ends)).astype(np.uint8)


def _strength(voltage: np.ndarray, fs: float, frequencies: np.ndarray) -> np.ndarray:
    """Return the strength of the swing, in mV, shape ``(n, frequencies, samples)``."""
    margin = int(np.ceil(3 * fs / frequencies.min()))  # a wavelet's reach
    padded = np.pad(voltage, [(0, 0), (margin, margin)], mode="edge")
    scales = pywt.frequency2scale(_WAVELET, frequencies / fs)
    waves, _ = pywt.cwt(padded, scales, _WAVELET, method="fft", axis=-1)
    amplitudes = 2 / np.sqrt(scales, dtype=np.float32)  # PyWavelets keeps energy instead
    return (np.abs(waves[..., margin:-margin]) * amplitudes[:, None, None]).swapaxes(0, 1)
