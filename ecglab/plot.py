"""Figures in one style: ECG paper, twelve leads, galleries of beats, curves and tables."""

import math
import sys
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ecglab import given
from ecglab.beats import CLASSES, labels_of
from ecglab.evaluate import Scores
from ecglab.records import Record

#: The palette of Okabe and Ito, which colour-blind readers can tell apart. Orange and sky blue are
#: faint on white (2.3 : 1): for areas and thick marks, not for thin lines.
PALETTE = (
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # green
    "#CC79A7",  # purple
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#000000",
)
#: One colour for each AAMI class. As text they have a contrast of 4.5 : 1 on white or more.
COLORS = {
    "N": "#2A66D9",
    "S": "#8A7200",
    "V": "#7A1F00",
    "F": "#B0128F",
    "Q": "#1A1A1A",
}
_WAVE_COLORS = {
    "P": "#56B4E9",
    "QRS": "#E69F00",
    "T": "#009E73",
}
_INK = "#1a1a1a"
_LARGE_BOX = "#e8a0a0"
_SMALL_BOX = "#f6dcdc"
# Strips of so many seconds have small boxes; finer lines would run together.
_WITH_SMALL_BOXES = 11.0
# Dots to an inch of a sheet that is longer than 5 s: a small box is six dots wide.
_FINE = 150

# Sky blue and orange, clear where a map says nothing and never so dense that they hide the beat.
_STOPS = [
    (0, "#56B4E9CC"),
    (0.5, "#56B4E900"),
    (0.5, "#E69F0000"),
    (1, "#E69F00CC"),
]
_EVIDENCE = LinearSegmentedColormap.from_list("evidence", _STOPS)

#: A lead on paper spans no more than this, in mV: three times what any record of mitdb does.
WIDEST = 30.0
#: And its whole recording no less, unless it is flat: a fifth of a small box.
NARROWEST = 0.02
#: The longest strip on paper, in s. Its grid alone takes seconds to draw.
LONGEST = 120.0

#: Rows of the usual twelve-lead sheet.
CLINICAL_LAYOUT = (
    ("I", "aVR", "V1", "V4"),
    ("II", "aVL", "V2", "V5"),
    ("III", "aVF", "V3", "V6"),
)
# Its rows lie 2.5 mV apart, the first about 0 mV, and 0.4 s are left for the calibration marks. Its
# paper ends here, or further out where a trace does.
_ROW = 2.5
_LOWEST = -9.5
_HIGHEST = 2.0
_LEFT = 0.4
# A calibration mark, 1 mV high and 0.2 s wide: times in s, voltages in mV.
_MARK = (
    (-0.36, 0),
    (-0.32, 0),
    (-0.32, 1),
    (-0.12, 1),
    (-0.12, 0),
    (-0.08, 0),
)


def style() -> None:
    """Set the course's one matplotlib style.

    First used in chapter 1.

    Figures keep a white ground, so that they read alike on light and dark pages. A notebook shows
    them with two dots for each pixel, sharp on a phone and in print.
    """
    plt.style.use("ecglab.course")
    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=PALETTE)
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats  # comes with IPython

        set_matplotlib_formats("retina")


def paper(ax: plt.Axes, seconds: float, low: float, high: float, start: float = 0.0) -> None:
    """Draw ECG paper: a small box is 40 ms and 0.1 mV, a large box five of them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    seconds : float
        Width.
    low, high : float
        Voltages at the lower and upper edge, in mV.
    start : float
        Time at the left edge, in s.

    Raises
    ------
    ValueError
        If there is no width or height, or so much of it that it is no paper for an ECG in mV.
    """
    start = given.number("start", start)
    low = given.number("low", low)
    seconds = given.number("seconds", seconds)
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"seconds is {seconds}; give more than 0, at most {LONGEST:g} s")
    high = given.number("high", high)
    if not 0 < high - low <= 3 * WIDEST:
        edges = f"low is {low:g} mV, high {high:g} mV"
        raise ValueError(f"{edges}; high must be above low by at most {3 * WIDEST:g} mV")
    ax.set_xlim(start, start + seconds)
    ax.set_ylim(low, high)
    ax.set_axisbelow(True)
    ax.set_frame_on(False)
    ax.set_aspect(0.4)  # 25 mm/s and 10 mm/mV: a second is as long as 2.5 mV
    ax.xaxis.set_major_locator(plt.MultipleLocator(0.2))
    ax.yaxis.set_major_locator(plt.MultipleLocator(0.5))
    ax.grid(which="major", color=_LARGE_BOX, linewidth=0.7)
    if seconds <= _WITH_SMALL_BOXES:
        ax.xaxis.set_minor_locator(plt.MultipleLocator(0.04))
        ax.yaxis.set_minor_locator(plt.MultipleLocator(0.1))
        ax.grid(which="minor", color=_SMALL_BOX, linewidth=0.4)
    ax.tick_params(which="both", length=0)
    _number_boxes(ax, seconds)


def strip(
    record: Record,
    lead: str,
    start: float = 0.0,
    seconds: float = 10.0,
    beats: bool = True,
) -> Figure:
    """Draw one lead of a record on ECG paper, with the annotators' symbols above the beats.

    First used in chapter 1.

    Parameters
    ----------
    record : Record
    lead : str
        By name.
    start, seconds : float
        Which part, in s.
    beats : bool
        Whether symbols are shown, in the colour of their AAMI class.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the record has no such lead, the part does not lie within it or is longer than
        `LONGEST`, or what the lead holds is no ECG in mV.

    Examples
    --------
    >>> from ecglab import records
    >>> figure = strip(records.load("100"), "MLII", seconds=4)
    """
    room = 0.5 if beats else 0.0  # mV
    ax = _trace(record, lead, start, seconds, room)
    if not beats:
        return ax.figure
    times = record.samples / record.fs
    inside = (times >= start) & (times < start + seconds)
    symbols = record.symbols[inside]
    labels = labels_of(symbols)
    height = ax.get_ylim()[1] - 0.12  # mV
    for time, symbol, label in zip(times[inside], symbols, labels, strict=True):
        text = ax.text(time, height, symbol, fontsize=11, weight="bold", ha="center", va="top")
        text.set_color(COLORS[CLASSES[label]])
        text.set_clip_on(True)
    return ax.figure


def twelve_leads(record: Record) -> Figure:
    """Draw a twelve-lead record as the clinic lays it out, with lead II along the bottom.

    First used in chapter 1.

    A calibration mark, 1 mV high and 0.2 s wide, stands before each row. Rows keep their distance:
    high deflections reach into the row above, as they do on a clinic's paper. The sheet grows
    upwards and downwards until it holds all of them.

    Parameters
    ----------
    record : Record
        With the leads of `CLINICAL_LAYOUT`; LUDB's have them.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a lead is missing, or what one holds is no ECG in mV.
    """
    seconds = min(record.duration, 10.0)
    samples = round(seconds * record.fs)
    strips = []
    for row, leads in enumerate((*CLINICAL_LAYOUT, ("II",))):
        width = seconds / len(leads)
        for place, lead in enumerate(leads):
            _check_voltages(record, lead, record.lead(lead)[:samples])
            strips.append(_short_strip(record, lead, place * width, width, -_ROW * row))
    voltages = np.concatenate([drawn for *_, drawn in strips])
    low, high = _edges(np.nanmin(voltages), np.nanmax(voltages))
    low = min(low, _LOWEST)
    high = max(high, _HIGHEST)
    ax = _sheet(_LEFT + seconds, low, high, start=-_LEFT)
    for strip in strips:
        _draw_short_strip(ax, *strip)
    ax.set_title(f"Record {record}: twelve leads")
    ax.set(ylabel="rows 2.5 mV apart", yticklabels=[])
    return ax.figure


def waves(record: Record, lead: str, start: float = 0.0, seconds: float = 2.5) -> Figure:
    """Draw one lead with the annotated bounds of P, QRS and T shaded.

    First used in chapter 1.

    Parameters
    ----------
    record : Record
        With wave bounds; LUDB's have them.
    lead : str
        By name.
    start, seconds : float
        Which part, in s.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no bounds for that lead, the part does not lie within the record or is longer
        than `LONGEST`, or what the lead holds is no ECG in mV.
    """
    if lead not in record.waves:
        leads = list(record.waves) or "no lead"
        raise ValueError(f"record {record} has wave bounds for {leads}")
    ax = _trace(record, lead, start, seconds, room=0.3)
    end = start + seconds
    _, top = ax.get_ylim()
    for kind, onset, peak, offset in record.waves[lead]:
        time = peak / record.fs
        annotated = onset >= 0 and offset >= 0
        if not annotated or not start <= time < end:
            continue
        left = max(onset / record.fs, start)
        right = min(offset / record.fs, end)
        middle = (left + right) / 2
        ax.axvspan(left, right, color=_WAVE_COLORS[kind], alpha=0.35, linewidth=0)
        ax.text(middle, top - 0.22, kind, fontsize=10, weight="bold", ha="center")
    ax.set_title(f"Record {record}, lead {lead}: wave bounds")
    return ax.figure


def gallery(
    images: np.ndarray,
    titles: str | Sequence[str] | None = None,
    columns: int = 6,
    scale: tuple[float, float] | None = None,
) -> Figure:
    """Show images side by side.

    First used in chapter 4.

    Parameters
    ----------
    images : numpy.ndarray
        Shape ``(n, height, width)`` or ``(n, height, width, 1)``.
    titles : str or sequence of str, optional
        One for each image.
    columns : int
        Images in a row.
    scale : tuple of float, optional
        Milliseconds and millivolts of a pixel, from `images.scale`; how much the whole width
        and height of an image measure is then written beside the first.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no images, or not one title for each.
    """
    images = np.asarray(images)
    if images.ndim == 4:
        images = images[..., 0]
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"images have shape {images.shape}; give (n, height, width)")
    count, height, width = images.shape
    titles = [""] * count if titles is None else given.names(titles)
    if len(titles) != count:
        raise ValueError(f"{len(titles)} titles for {count} images; give one each")
    columns = given.whole("columns", columns, 1)
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(min(8, 1.6 * columns + 0.6), 1.75 * rows + 0.4),
        squeeze=False,
        subplot_kw={"xticks": [], "yticks": [], "frame_on": False},
    )
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, cmap="gray")
        ax.set_title(title, fontsize=10, loc="center")
    if scale is not None:
        milliseconds, millivolts = scale
        first = axes[0, 0]
        first.set_frame_on(True)
        first.set_xlabel(f"{width * milliseconds:.0f} ms", fontsize=9)
        first.set_ylabel(f"{height * millivolts:.1f} mV", fontsize=9)
    return figure


def confusion(scores: Scores, title: str = "What was called what") -> Figure:
    """Draw a confusion matrix: counts, shaded by the part of each row.

    First used in chapter 2.

    Parameters
    ----------
    scores : Scores
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    beats_of_class = scores.matrix.sum(axis=1, keepdims=True)
    shares = scores.matrix / np.maximum(beats_of_class, 1)
    figure, ax = plt.subplots(figsize=(5.2, 4.4))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(scores.matrix):
        text = ax.text(column, row, f"{count:,}", fontsize=10, ha="center", va="center")
        dark = shares[row, column] > 0.68
        text.set_color("white" if dark else _INK)  # what stands out more
    places = range(len(CLASSES))
    ax.set_xticks(places, CLASSES)
    ax.set_yticks(places, CLASSES)
    ax.set(xlabel="called by the network", ylabel="labelled by cardiologists", title=title)
    ax.set_frame_on(False)
    ax.tick_params(length=0)
    return figure


def history(
    histories: pd.DataFrame | Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]],
    columns: str | Sequence[str] = ("loss",),
) -> Figure:
    """Draw training curves, one panel for each column.

    First used in chapter 11.

    Parameters
    ----------
    histories : pandas.DataFrame or mapping
        As `train.fit` gives them; several by name. A name may stand for a list: the same
        training with several seeds, drawn as their mean with a band from lowest to highest.
    columns : str or sequence of str
        Which columns to draw.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is nothing to draw, or the trainings with several seeds differ in their number of
        epochs.
    KeyError
        If a table lacks a column.
    """
    columns = given.names(columns)
    trainings = _trainings(histories, columns)
    figure, axes = plt.subplots(1, len(columns), figsize=(8, 3.2), squeeze=False)
    for ax, column in zip(axes[0], columns, strict=True):
        ax.set_prop_cycle(color=PALETTE, marker=list("os^DvPX"))
        for name, tables in trainings.items():
            runs = np.array([table[column] for table in tables])
            _curve(ax, name, runs)
        ax.set(xlabel="epoch", ylabel=column, ylim=(0, None))
        ax.xaxis.get_major_locator().set_params(integer=True)
        if len(trainings) > 1:
            ax.legend()
    return figure


def intervals(
    table: pd.DataFrame, title: str, xlabel: str = "score", pooled: str | Sequence[str] = ()
) -> Figure:
    """Draw scores with their intervals as a forest plot: of several scores, or by record.

    First used in chapter 4.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns value, low, high, as `evaluate.bootstrap_records` gives them; a row without a
        value is left empty. A column beats, where there is one, is written at the right.
    title, xlabel : str
    pooled : str or sequence of str
        Rows that sum up others: drawn as diamonds.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no row that `pooled` names.
    KeyError
        If the table lacks a column.

    Examples
    --------
    >>> table = pd.DataFrame({"value": [0.9], "low": [0.8], "high": [0.95]}, index=["100"])
    >>> figure = intervals(table, "One record", xlabel="sensitivity to V")
    """
    _check_columns("the table", table, ("value", "low", "high"))
    pooled = given.names(pooled)
    for row in pooled:
        if row not in table.index:
            rows = ", ".join(map(str, table.index))
            raise ValueError(f"pooled names {row!r}, which is no row; those are {rows}")
    heights = np.arange(len(table))[::-1]  # the first row is the highest
    height = 0.36 * len(table) + 1.2  # inches
    figure, ax = plt.subplots(figsize=(7, height))
    ax.hlines(heights, table["low"], table["high"], color=PALETTE[0], linewidth=2.5)
    summed = table.index.isin(pooled)
    marks = {"o": ~summed, "D": summed}
    for mark, chosen in marks.items():
        if chosen.any():
            values = table["value"][chosen]
            ax.plot(values, heights[chosen], mark, color=_INK, markersize=6)
    ax.set_yticks(heights, table.index)
    ax.set(xlim=(0, 1.02), xlabel=xlabel, title=title)
    if "beats" in table:
        counts = [f"{count:,}" for count in table["beats"]]
        right = ax.secondary_yaxis("right")
        right.set_yticks(heights, counts)
        right.set_ylabel("beats")
        right.tick_params(length=0)
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)
    return figure


def reliability(table: pd.DataFrame, title: str = "What it believes, and what came true") -> Figure:
    """Draw a reliability diagram, with the number of beats below.

    First used in chapter 12.

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluate.reliability`.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    KeyError
        If the table lacks a column.
    """
    columns = ("low", "high", "beats", "confidence", "frequency")
    _check_columns("the table", table, columns)
    figure, axes = plt.subplots(2, 1, figsize=(5, 5.6), sharex=True, height_ratios=(3, 1))
    ax, below = axes
    diagonal = [0, 1]
    ax.plot(diagonal, diagonal, "--", color="#767676", label="calibrated")
    ax.plot(table["confidence"], table["frequency"], "o-", color=PALETTE[0], label="network")
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    ax.set(ylabel="part that came true", title=title)
    ax.legend()
    width = table["high"] - table["low"]
    bars = below.bar(table["low"], table["beats"], width, align="edge")
    plt.setp(bars, color=PALETTE[0], edgecolor="white")
    below.set_yscale("log")
    below.set(xlabel="mean probability given", ylabel="beats")
    return figure


def coverage(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw which part of the answers is wrong when only the surest are given.

    First used in chapter 12.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From `evaluate.risk_coverage`, by name.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    KeyError
        If a table lacks a column.
    """
    for name, table in tables.items():
        _check_columns(f"table {name!r}", table, ("coverage", "risk"))
    figure, ax = plt.subplots(figsize=(6, 3.6))
    linestyles = ["-", "--", ":", "-.", "-", "--", ":"]
    ax.set_prop_cycle(color=PALETTE, linestyle=linestyles)
    for name, table in tables.items():
        ax.plot(table["coverage"], table["risk"], label=name)
    ax.set(xlim=(0, 1), ylim=(0, None))
    ax.set_title("Fewer answers, fewer errors")
    ax.set_xlabel("coverage: part of the beats answered")
    ax.set_ylabel("risk: part of answers wrong")
    ax.legend()
    return figure


def overlay(
    images: np.ndarray,
    maps: np.ndarray,
    label: str = "share of the largest value",
    **grid: object,
) -> Figure:
    """Lay maps over images: orange speaks for the class, blue against it.

    First used in chapter 12.

    Parameters
    ----------
    images : numpy.ndarray
        As for `gallery`.
    maps : numpy.ndarray
        Shape ``(n, height, width)``, from `explain.grad_cam` or `explain.occlusion`. One scale,
        up to the largest value without its sign, holds for all.
    label : str
        What the maps measure, with its unit; written beside the colours.
    **grid
        Titles, columns and scale, as for `gallery`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        As from `gallery`, or if there is not one map of the same size for each image, or maps
        hold NaN.
    """
    expected = np.shape(images)[:3]
    if np.shape(maps) != expected:
        raise ValueError(f"maps have shape {np.shape(maps)}; give {expected}")
    if not np.isfinite(maps).all():
        raise ValueError("maps hold NaN or infinity; give finite numbers")
    figure = gallery(images, **grid)
    top = float(np.abs(maps).max()) or 1.0  # a scale from 0 to 0 would be none
    bottom = -top if np.min(maps) < 0 else 0
    for ax, one in zip(figure.axes, maps, strict=False):
        colors = ax.imshow(one, cmap=_EVIDENCE, vmin=-top, vmax=top)
    bar = figure.colorbar(colors, ax=figure.axes, label=label, fraction=0.04)
    bar.ax.set(ylim=(bottom, top), facecolor="black")
    return figure


# ---------------------------------------------------------------------------


def _number_boxes(ax: plt.Axes, seconds: float) -> None:
    """Write numbers at so many of the large boxes that they do not touch."""
    boxes = max(1, round(seconds / 10))
    if seconds > 2:
        boxes *= 5

    def number_time(time: float, _: int) -> str:
        box = round(time / 0.2)
        return f"{0.2 * box:g}" if box % boxes == 0 else ""

    def number_voltage(voltage: float, _: int) -> str:
        return f"{voltage:g}" if voltage % 1 == 0 else ""

    ax.xaxis.set_major_formatter(number_time)
    ax.yaxis.set_major_formatter(number_voltage)


def _sheet(seconds: float, low: float, high: float, start: float) -> plt.Axes:
    """Return axes on ECG paper at 25 mm/s and 10 mm/mV, or a simple multiple of them."""
    scale = _enlargement(seconds)
    width = scale * (25 * seconds) / 25.4  # inches, as all below
    height = scale * 10 * (high - low) / 25.4
    left = 0.65
    right = 0.2
    bottom = 0.6
    top = 0.35
    across = left + width + right
    up = bottom + height + top
    dots = _FINE if 5 < seconds <= _WITH_SMALL_BOXES else None
    figure = plt.figure(figsize=(across, up), layout="none", dpi=dots)
    ax = figure.add_axes([left / across, bottom / up, width / across, height / up])
    paper(ax, seconds, low, high, start)
    note = ""
    if scale > 1:
        note = f", {scale:g} ×"
    elif scale < 1:
        note = f", 1/{round(1 / scale)} ×"
    ax.set(xlabel=f"time (s)  ·  25 mm/s, 10 mm/mV{note}", ylabel="mV")
    ax.tick_params(axis="x", pad=7)  # clear of the lowest voltage
    ax.tick_params(labelsize=11 if scale >= 1 else 8)
    return ax


def _enlargement(seconds: float) -> float:
    """Return how much larger than at 25 mm/s a sheet is drawn.

    What is short is enlarged to at most 200 mm, what is long made smaller to fit into 250 mm.
    """
    wide = 25 * seconds  # mm
    if wide > 265:
        return 1 / np.ceil(wide / 250 - 1e-9)
    return np.clip(200 // wide, 1, 4)


def _trace(record: Record, lead: str, start: float, seconds: float, room: float) -> plt.Axes:
    """Draw a part of one lead on a sheet that encloses it, on half millivolts, with room above."""
    signal = record.lead(lead)
    start = given.number("start", start)
    seconds = given.number("seconds", seconds)
    end = start + seconds
    first = round(start * record.fs)
    last = round(end * record.fs)
    if not 0 <= first < last <= len(signal):
        whole = f"record {record}, {record.duration:g} s long"
        raise ValueError(f"{start:g} s to {end:g} s does not lie within {whole}")
    if seconds > LONGEST:
        raise ValueError(f"seconds is {seconds:g}; at most {LONGEST:g} s can be drawn at once")
    signal = signal[first:last]
    _check_voltages(record, lead, signal)
    bottom = np.nanmin(signal)
    top = np.nanmax(signal) + room
    ax = _sheet(seconds, *_edges(bottom, top), start)
    times = np.arange(first, last) / record.fs
    ax.plot(times, signal, color=_INK, linewidth=1.2)
    ax.set_title(f"Record {record}, lead {lead}")
    return ax


def _edges(bottom: float, top: float) -> tuple[float, float]:
    """Return where paper ends that encloses a trace, on half millivolts."""
    low = math.floor(2 * bottom - 0.2) / 2
    high = math.ceil(2 * top + 0.2) / 2
    return low, high


def _short_strip(
    record: Record, lead: str, start: float, seconds: float, middle: float
) -> tuple[str, float, np.ndarray, np.ndarray]:
    """Return a lead, a height in mV, and times and voltages of a part of the lead about it."""
    first = round(start * record.fs)
    samples = round(seconds * record.fs)
    signal = record.lead(lead)[first : first + samples]
    times = (first + np.arange(len(signal))) / record.fs
    # A strip hangs about its own middle, so that neighbours do not collide.
    base = middle - float(np.nanmedian(signal))
    return lead, middle, times, signal + base


def _draw_short_strip(
    ax: plt.Axes, lead: str, middle: float, times: np.ndarray, voltages: np.ndarray
) -> None:
    """Draw a part of one lead, its name, and the mark or the line that stands before it."""
    ax.plot(times, voltages, color=_INK, linewidth=0.8)
    start = times[0]
    if start == 0:
        mark, heights = np.transpose(_MARK)
        ax.plot(mark, middle + heights, color=_INK, linewidth=0.8)
    else:
        ax.vlines(start, middle - 0.4, middle + 0.4, color=_INK, linewidth=0.8)
    # The name stands above what the trace does below it
    below = voltages[times < start + 0.4]
    peak = np.nanmax(below, initial=middle + 0.55)
    _, high = ax.get_ylim()
    ax.text(start + 0.05, min(peak + 0.15, high - 0.5), lead, fontsize=10, weight="bold")


def _check_voltages(record: Record, lead: str, drawn: np.ndarray) -> None:
    """Refuse what is no ECG in mV: to scale it would be metres high, or a line."""
    named = f"lead {lead} of record {record}"
    if np.isnan(drawn).all() or np.isinf(drawn).any():
        raise ValueError(f"{named} holds no voltages there: NaN or infinity")
    span = np.nanmax(drawn) - np.nanmin(drawn)
    if span > WIDEST:
        problem = f"{named} spans {span:,.0f} mV, which is no ECG in mV"
        advice = "divide it by 1000 if it is in µV, by its gain (often 200) if in counts"
        raise ValueError(f"{problem}; {advice}")
    whole = record.lead(lead)
    span = np.nanmax(whole) - np.nanmin(whole)
    if 0 < span < NARROWEST:
        problem = f"{named} spans {span:.2g} mV, which is no ECG in mV"
        raise ValueError(f"{problem}; multiply it by 1000 if it is in V")


def _check_columns(what: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that lacks a column."""
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{what} is a {type(table).__name__}; give a pandas.DataFrame")
    for name in columns:
        if name not in table:
            present = ", ".join(map(str, table)) or "none"
            raise KeyError(f"{what} has no column {name!r}; it has {present}")


def _trainings(
    histories: pd.DataFrame | Mapping, columns: Sequence[str]
) -> dict[str, list[pd.DataFrame]]:
    """Return by name the histories of each training, one for a seed; refuse what can't be drawn."""
    if isinstance(histories, pd.DataFrame):
        histories = {"": histories}
    trainings = {}
    for name, tables in histories.items():
        trainings[name] = [tables] if isinstance(tables, pd.DataFrame) else list(tables)
    if not trainings or not columns:
        counts = f"{len(trainings)} histories, {len(columns)} columns"
        raise ValueError(f"{counts}; give one of each or more")
    for name, tables in trainings.items():
        for table in tables:
            _check_columns(f"history {name!r}", table, columns)
    for name, tables in trainings.items():
        epochs = {len(table) for table in tables}
        if len(epochs) != 1:
            raise ValueError(f"{name!r} has runs of {sorted(epochs)} epochs; give equal ones")
    return trainings


def _curve(ax: plt.Axes, name: str, runs: np.ndarray) -> None:
    """Draw the mean of runs, shape ``(seeds, epochs)``, and their range if there are several."""
    seeds, epochs = runs.shape
    epoch = np.arange(epochs) + 1
    (line,) = ax.plot(epoch, runs.mean(axis=0), markersize=4, label=name)
    if seeds > 1:
        color = line.get_color()
        lowest = runs.min(axis=0)
        highest = runs.max(axis=0)
        ax.fill_between(epoch, lowest, highest, color=color, alpha=0.2, linewidth=0)
        line.set_label(f"{name}, {seeds} seeds")
