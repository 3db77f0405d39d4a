"""Beats to images: a calibrated raster, in which a pixel is so many ms and so many mV."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_STEPS = 16  # a line's edge is placed to a sixteenth of a pixel
_BLOCK = 256  # beats drawn at once: what they need stays in the processor's cache


def rasterize(
    windows: np.ndarray,
    fs: float,
    *,
    height: int = 64,
    width: int = 64,
    mv: tuple[float, float] = (-2.5, 2.5),
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
    count, samples, leads = windows.shape
    grid = _grid(samples, width)
    ramps = _ramps(height)
    images = np.empty((count, height, width, leads), dtype=np.uint8)
    for start in range(0, count, _BLOCK):
        block = slice(start, start + _BLOCK)
        for lead in range(leads):
            lowest, highest = _extent(windows[block, :, lead], *grid)
            top, bottom = _rows(highest, height, mv) - 0.5, _rows(lowest, height, mv) + 0.5
            covered = ramps[_steps(bottom)] - ramps[_steps(top)]
            images[block, :, :, lead] = covered.swapaxes(1, 2)
    return images


def scale(
    samples: int, fs: float, *, height: int = 64, width: int = 64, mv: tuple = (-2.5, 2.5)
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
    windows: np.ndarray, fs: float, height: int, width: int, mv: tuple[float, float]
) -> np.ndarray:
    windows = np.asarray(windows, dtype=np.float32)
    if windows.ndim != 3 or windows.shape[1] < 2 or windows.shape[2] < 1:
        raise ValueError(
            f"windows have shape {windows.shape}; they must be (n, samples, leads) "
            "with two samples or more"
        )
    if not np.isfinite(windows).all():
        raise ValueError("windows hold NaN or infinite values; every sample must be a number")
    if not fs > 0:
        raise ValueError(f"fs is {fs} Hz; it must be positive")
    if height < 2 or width < 2:
        raise ValueError(f"an image of {height} × {width} pixels is too small; 2 × 2 is the least")
    if not mv[0] < mv[1]:
        raise ValueError(f"mv is {mv}; the lower voltage must come first")
    return windows


@lru_cache(maxsize=8)
def _grid(samples: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the points at which a window is read: its samples and the columns' edges.

    Gives, for each point, the sample before it, the sample after it and how far it lies
    between; and which points are edges.
    """
    edges = np.linspace(0, samples - 1, width + 1)
    points = np.union1d(np.arange(samples), edges)
    before = np.minimum(points.astype(int), samples - 2)
    return before, before + 1, (points - before).astype(np.float32), np.searchsorted(points, edges)


def _extent(
    windows: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    part: np.ndarray,
    edges: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest voltage in each column, shape ``(n, width)``."""
    values = windows[:, before] * (1 - part) + windows[:, after] * part
    at_right_edge = values[:, edges[1:]]
    lowest = np.minimum.reduceat(values, edges[:-1], axis=1)
    highest = np.maximum.reduceat(values, edges[:-1], axis=1)
    return np.minimum(lowest, at_right_edge), np.maximum(highest, at_right_edge)


def _rows(voltage: np.ndarray, height: int, mv: tuple[float, float]) -> np.ndarray:
    """Return how far below the upper border a voltage lies, in pixels."""
    rows = (mv[1] - voltage) * (height / (mv[1] - mv[0]))
    return np.clip(rows, 0.5, height - 0.5)


def _steps(rows: np.ndarray) -> np.ndarray:
    return np.rint(rows * _STEPS).astype(np.int32)


@lru_cache(maxsize=8)
def _ramps(height: int) -> np.ndarray:
    """Return, for each step down the image, how much of every pixel lies above it (0–255)."""
    edge = np.arange(height * _STEPS + 1)[:, None] / _STEPS
    return np.rint(255 * np.clip(edge - np.arange(height), 0, 1)).astype(np.uint8)
