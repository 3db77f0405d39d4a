"""Beats to images on fixed scales: a raster and a card to read, three fields to compare it with."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pywt

_STEPS = 16  # a line's edge is placed to a sixteenth of a pixel
_WAVELET = "cmor1.5-1.0"  # complex Morlet: a packet of about three waves

Range = tuple[float, float]  # from the lower to the upper end
Windows = np.ndarray  # shape (n, samples, leads), in mV
Voltage = np.ndarray  # float32, shape (n, samples), in mV: of one lead
Grid = tuple[np.ndarray, np.ndarray, np.ndarray]  # about the points at which a window is read
Images = np.ndarray  # uint8, shape (n, height, width, leads), or of one lead


def rasterize(
    windows: Windows, fs: float, *, height: int = 64, width: int = 64, mv: Range = (-2.5, 2.5)
) -> Images:
    """Draw beats as anti-aliased lines on a fixed voltage and time scale.

    First used in chapter 4.

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
    images = _empty(windows, height, width)
    return _draw_lines(images, windows, mv)


def card(
    windows: Windows,
    strips: Windows,
    fs: float,
    *,
    before: float,
    height: int = 64,
    width: int = 64,
    strip: int = 16,
    mv: Range = (-2.5, 2.5),
) -> Images:
    """Draw each beat above a rhythm strip, so that one image shows shape and prematurity.

    First used in chapter 4.

    Parameters
    ----------
    windows, fs, mv
        As in `rasterize`: the beats, and the rate and the voltages of both parts.
    strips : numpy.ndarray
        Shape ``(n, more samples, leads)``, in mV: the same beats among their neighbours, such
        as ``beats.segment(record, before=2.5, after=1.5).windows``.
    before : float
        Where the beat lies in its strip, in s after the strip's start. It is marked by one
        bright pixel in the strip's top row, in the same column in every image.
    height, width : int
        Size of the whole image in pixels.
    strip : int
        How many rows, the lowest, show the strip.

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
    >>> card(beat, rhythm, 360.0, before=2.5, height=6, width=8, strip=3)[0, :, :, 0]
    array([[  0,   0,   0,   0,   0,   0,   0,   0],
           [255, 255, 255, 255, 255, 255, 255, 255],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0, 255,   0,   0],
           [255, 255, 255, 255, 255, 255, 255, 255],
           [  0,   0,   0,   0,   0,   0,   0,   0]], dtype=uint8)
    """
    windows = _checked(windows, fs, height - strip, width, mv)
    strips = _checked(strips, fs, strip, width, mv, "strips")
    column = _beat_column(windows, strips, fs, before, width)
    images = _empty(windows, height, width)
    _draw_lines(images[:, :-strip], windows, mv)
    _draw_lines(images[:, -strip:], strips, mv)
    images[:, -strip, column] = 255
    return images


def gramian(
    windows: Windows, fs: float, *, height: int = 64, width: int = 64, mv: Range = (-2.5, 2.5)
) -> Images:
    """Show beats as Gramian angular summation fields on a fixed voltage scale.

    First used in chapter 4.

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
    images = _empty(windows, height, width)

    def draw(voltage: Voltage) -> Images:
        down, across = _down_and_across(voltage, height, width)
        down = np.arccos(_part(down, mv))
        across = np.arccos(_part(across, mv))
        field = np.cos(down + across)
        return _grey(field, (-1, 1))

    return _fill(images, windows, draw, block=64)


def recurrence(
    windows: Windows,
    fs: float,
    *,
    height: int = 64,
    width: int = 64,
    mv: Range = (-2.5, 2.5),
    dimension: int = 1,
    delay: float = 0.03,
) -> Images:
    """Show beats as recurrence plots without a threshold: how far apart any two moments are.

    First used in chapter 4.

    Pixel (i, j) shows the distance, in mV, between the states at two moments. A state is the
    voltage at a moment and, with ``dimension`` 2 or more, `delay`, 2 × `delay`, … later: then a
    rising and a falling slope are told apart. Both axes are time, from the upper left corner on.

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
    Eckmann et al. 1987 (doi 10.1209/0295-5075/4/9/004) mark the pairs closer than a threshold.
    Before, the voltage is averaged over each pixel's stretch of time.

    Examples
    --------
    >>> step = np.repeat([0.0, 1.0], 50)[None, :, None]
    >>> recurrence(step, 360.0, height=2, width=2)[0, :, :, 0]
    array([[ 0, 51],
           [51,  0]], dtype=uint8)
    """
    windows = _checked(windows, fs, height, width, mv)
    lag = _lag(windows, fs, dimension, delay)
    images = _empty(windows, height, width)

    def draw(voltage: Voltage) -> Images:
        distance = _distance(voltage, dimension, lag, height, width, mv)
        return _grey(distance, (0, mv[1] - mv[0]))

    return _fill(images, windows, draw, block=64)


def scalogram(
    windows: Windows,
    fs: float,
    *,
    height: int = 64,
    width: int = 64,
    mv: Range = (0.0, 1.0),
    hz: Range = (3.0, 60.0),
) -> Images:
    """Show how strongly beats swing at each frequency around each moment.

    First used in chapter 4.

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
    lowest, highest = hz
    if not 0 < lowest < highest <= fs / 2:
        raise ValueError(f"hz is {hz}; it must rise, from above 0 to at most {fs / 2:g} Hz")
    frequencies = np.geomspace(highest, lowest, height)
    images = _empty(windows, height, width)

    def draw(voltage: Voltage) -> Images:
        strength = _strength(voltage, fs, frequencies)
        return _grey(_mean(strength, width), mv)

    return _fill(images, windows, draw, block=16)


def scale(
    samples: int, fs: float, *, height: int = 64, width: int = 64, mv: Range = (-2.5, 2.5)
) -> tuple[float, float]:
    """Return what one pixel measures: milliseconds across and millivolts down.

    First used in chapter 4.

    Examples
    --------
    >>> ms, mv = scale(216, 360.0)
    >>> round(ms, 2), round(mv, 3)
    (9.33, 0.078)
    """
    lower, upper = mv
    duration = 1000 * (samples - 1) / fs
    ms = duration / width
    return ms, (upper - lower) / height


# ---------------------------------------------------------------------------


def _checked(
    windows: Windows, fs: float, height: int, width: int, mv: Range, name: str = "windows"
) -> Windows:
    windows = np.asarray(windows, dtype=np.float32)
    if windows.ndim != 3 or windows.shape[1] < 2 or windows.shape[2] < 1:
        needed = "(n, samples, leads) with two samples or more"
        raise ValueError(f"{name} have shape {windows.shape}; they must be {needed}")
    if not np.isfinite(windows).all():
        raise ValueError(f"{name} hold NaN or infinite values; every sample must be a number")
    if not fs > 0:
        raise ValueError(f"fs is {fs} Hz; it must be positive")
    if height < 2 or width < 2:
        raise ValueError(f"an image of {height} × {width} pixels is too small; 2 × 2 is the least")
    lower, upper = mv
    if not lower < upper:
        raise ValueError(f"mv is {mv}; the lower voltage must come first")
    return windows


def _beat_column(windows: Windows, strips: Windows, fs: float, before: float, width: int) -> int:
    """Return the column in which a strip shows its beat; refuse strips of other windows."""
    count, _, leads = windows.shape
    strip_count, samples, strip_leads = strips.shape
    if (count, leads) != (strip_count, strip_leads):
        drawn = f"{count} windows of {leads} leads"
        both = f"{drawn} and {strip_count} strips of {strip_leads}"
        raise ValueError(f"{both}; give one strip for each window, of the same leads")
    duration = (samples - 1) / fs
    if not 0 <= before <= duration:
        raise ValueError(f"before is {before} s; a strip goes from 0 to {duration:g} s")
    column = int(before / duration * width)
    return min(column, width - 1)


def _lag(windows: Windows, fs: float, dimension: int, delay: float) -> int:
    """Return how many samples a delay is; refuse states that a window has no room for."""
    samples = windows.shape[1]
    lag = round(delay * fs)
    last = (dimension - 1) * lag
    span = samples - last
    if dimension < 1 or lag < 1 or span < 2:
        window = f"for {samples} samples at {fs:g} Hz"
        state = f"dimension is {dimension}, delay {delay} s, {window}"
        least = f"dimension and delay must be at least 1 and {1 / fs:.3g} s"
        raise ValueError(f"{state}; {least}, and states must fit into the window twice")
    return lag


def _empty(windows: Windows, height: int, width: int) -> Images:
    count, _, leads = windows.shape
    return np.empty((count, height, width, leads), dtype=np.uint8)


def _fill(images: Images, windows: Windows, draw: Callable, block: int) -> Images:
    """Fill images with what `draw` makes of ``(n, samples)``, a few beats and one lead at a time.

    What a block of beats needs should stay in the processor's cache.
    """
    count, _, leads = windows.shape
    for start in range(0, count, block):
        part = slice(start, start + block)
        for lead in range(leads):
            voltage = windows[part, :, lead]
            images[part, :, :, lead] = draw(voltage)
    return images


def _draw_lines(images: Images, windows: Windows, mv: Range) -> Images:
    """Fill images with lines; see `rasterize`."""
    _, height, width, _ = images.shape
    ramps = _ramps(height)

    def draw(voltage: Voltage) -> Images:
        values, _, edges = _at_points(voltage, width)
        left = edges[:-1]
        right = edges[1:]
        at_right = values[:, right]  # which belongs to two columns
        lowest = np.minimum.reduceat(values, left, axis=1)
        lowest = np.minimum(lowest, at_right)
        highest = np.maximum.reduceat(values, left, axis=1)
        highest = np.maximum(highest, at_right)
        bottom = _steps(lowest, 0.5, height, mv)
        top = _steps(highest, -0.5, height, mv)
        lines = ramps[bottom] - ramps[top]
        return lines.swapaxes(1, 2)

    return _fill(images, windows, draw, block=256)


@lru_cache(maxsize=8)
def _grid(samples: int, width: int) -> Grid:
    """Return the points at which a window is read: its samples and the columns' edges.

    Gives, for each point, the sample before it and how far it lies towards the next; and, for
    each edge, which of the points it is.
    """
    edges = np.linspace(0, samples - 1, width + 1)
    places = np.arange(samples)
    points = np.union1d(places, edges)
    before = np.minimum(points.astype(int), samples - 2)
    part = points - before
    part = part.astype(np.float32)
    at_edges = np.searchsorted(points, edges)
    return before, part, at_edges


def _at_points(voltage: Voltage, width: int) -> Grid:
    """Return voltages ``(…, points)`` on the lines between samples; the points; their edges."""
    before, part, edges = _grid(voltage.shape[-1], width)
    after = before + 1
    values = voltage[..., before] * (1 - part)
    values += voltage[..., after] * part
    points = before + part
    return values, points, edges


def _steps(voltage: Voltage, below: float, height: int, mv: Range) -> np.ndarray:
    """Return how many steps down the image an edge lies, `below` pixels under a voltage."""
    lower, upper = mv
    rows_per_mv = height / (upper - lower)
    rows = (upper - voltage) * rows_per_mv
    rows = np.clip(rows, 0.5, height - 0.5)
    steps = (rows + below) * _STEPS
    steps = np.rint(steps)
    return steps.astype(np.int32)


@lru_cache(maxsize=8)
def _ramps(height: int) -> np.ndarray:
    """Return, for each step down the image, how much of every pixel lies above it (0–255)."""
    steps = np.arange(height * _STEPS + 1)
    edges = steps[:, None] / _STEPS
    rows = np.arange(height)
    above = edges - rows
    return _grey(above, (0, 1))


def _down_and_across(voltage: Voltage, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean voltages along both axes of an image: ``(n, height, 1)``, ``(n, 1, width)``."""
    down = _mean(voltage, height)
    across = _mean(voltage, width)
    return down[:, :, None], across[:, None, :]


def _distance(
    voltage: Voltage, dimension: int, lag: int, height: int, width: int, mv: Range
) -> np.ndarray:
    """Return how far apart the states at two moments are, in mV, ``(n, height, width)``."""
    last = (dimension - 1) * lag
    span = voltage.shape[1] - last
    square = np.float32(0)
    for start in range(0, last + 1, lag):
        seen = voltage[:, start : start + span]
        down, across = _down_and_across(seen, height, width)
        apart = np.clip(down, *mv) - np.clip(across, *mv)
        square = square + apart**2
    return np.sqrt(square / dimension)


def _mean(values: np.ndarray, width: int) -> np.ndarray:
    """Return the mean of ``(…, samples)`` in each column, of the lines that join the samples."""
    heights, points, edges = _at_points(values, width)
    left = heights[..., :-1]
    right = heights[..., 1:]
    halves = np.diff(points) / 2
    areas = (left + right) * halves
    sums = np.add.reduceat(areas, edges[:-1], axis=-1)
    samples = values.shape[-1]
    per_column = width / (samples - 1)
    return sums * per_column


def _part(values: np.ndarray, ends: Range) -> np.ndarray:
    """Return how far values lie between two ends, from 0 to 1; clipped beyond."""
    lower, upper = ends
    part = (values - lower) / (upper - lower)
    return np.clip(part, 0, 1)


def _grey(values: np.ndarray, ends: Range) -> Images:
    brightness = 255 * _part(values, ends)
    brightness = np.rint(brightness)
    return brightness.astype(np.uint8)


def _strength(voltage: Voltage, fs: float, frequencies: np.ndarray) -> np.ndarray:
    """Return the strength of the swing, in mV, shape ``(n, frequencies, samples)``."""
    reach = 3 * fs / frequencies.min()  # of a wavelet, in samples
    margin = int(np.ceil(reach))
    margins = [(0, 0), (margin, margin)]
    padded = np.pad(voltage, margins, mode="edge")
    per_sample = frequencies / fs
    scales = pywt.frequency2scale(_WAVELET, per_sample)
    waves, _ = pywt.cwt(padded, scales, _WAVELET, method="fft", axis=-1)
    waves = waves[..., margin:-margin]
    magnitudes = np.abs(waves)
    amplitudes = 2 / np.sqrt(scales, dtype=np.float32)  # PyWavelets keeps energy instead
    magnitudes *= amplitudes[:, None, None]
    return magnitudes.swapaxes(0, 1)
