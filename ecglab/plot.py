"""Figures in one style: ECG paper, twelve leads, galleries of beats, curves and tables."""

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
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: One colour for each AAMI class. As text they have a contrast of 4.5 : 1 on white or more.
COLORS = {"N": "#2A66D9", "S": "#8A7200", "V": "#7A1F00", "F": "#B0128F", "Q": "#1A1A1A"}
_WAVE_COLORS = {"P": "#56B4E9", "QRS": "#E69F00", "T": "#009E73"}
_INK, _GRID, _FINE = "#1a1a1a", "#e8a0a0", "#f6dcdc"
_BOLD = {"ha": "center", "weight": "bold"}

# Sky blue and orange, clear where a map says nothing and never so dense that they hide the beat.
_STOPS = [(0, "#56B4E9CC"), (0.5, "#56B4E900"), (0.5, "#E69F0000"), (1, "#E69F00CC")]
_EVIDENCE = LinearSegmentedColormap.from_list("evidence", _STOPS)

#: A lead on paper spans no more than this, in mV: three times what any record of mitdb does.
WIDEST = 30.0
#: And its whole recording no less, unless it is flat: a fifth of a small box.
NARROWEST = 0.02
#: The longest strip on paper, in s. Its grid alone takes seconds to draw.
LONGEST = 120.0

#: Rows of the usual twelve-lead sheet.
CLINICAL_LAYOUT = ("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6")


def style() -> None:
    """Set the course's one matplotlib style.

    Figures keep a white ground, so that they read alike on light and dark pages.
    """
    plt.style.use("ecglab.course")
    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=PALETTE)


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
    start, low = given.number("start", start), given.number("low", low)
    if not 0 < given.number("seconds", seconds) <= LONGEST:
        raise ValueError(f"seconds is {seconds}; give more than 0, at most {LONGEST:g} s")
    high_above = given.number("high", high) - low
    if not 0 < high_above <= 2 * WIDEST:
        said = f"low is {low:g} mV, high {high:g} mV"
        raise ValueError(f"{said}; high must be above low by at most {2 * WIDEST:g} mV")
    ax.set(xlim=(start, start + seconds), ylim=(low, high), axisbelow=True, frame_on=False)
    ax.set_aspect(0.4)  # 25 mm/s and 10 mm/mV: a second is as long as 2.5 mV
    ax.xaxis.set_major_locator(plt.MultipleLocator(0.2))
    ax.yaxis.set_major_locator(plt.MultipleLocator(0.5))
    every = max(1, round(seconds / 10)) * (5 if seconds > 2 else 1)
    ax.xaxis.set_major_formatter(lambda s, _: f"{s:g}" if round(s / 0.2) % every == 0 else "")
    ax.yaxis.set_major_formatter(lambda mv, _: f"{mv:g}" if mv % 1 == 0 else "")
    if seconds <= 5:  # finer lines would run together
        ax.xaxis.set_minor_locator(plt.MultipleLocator(0.04))
        ax.yaxis.set_minor_locator(plt.MultipleLocator(0.1))
        ax.grid(which="minor", color=_FINE, linewidth=0.5)
    ax.grid(which="major", color=_GRID, linewidth=0.7)
    ax.tick_params(which="both", length=0)


def strip(
    record: Record, lead: str, start: float = 0.0, seconds: float = 10.0, beats: bool = True
) -> Figure:
    """Draw one lead of a record on ECG paper, with the annotators' symbols above the beats.

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
    ax = _trace(record, lead, start, seconds, room=0.5 if beats else 0.0)
    times = record.samples / record.fs
    inside = (times >= start) & (times < start + seconds) & beats
    symbols, high = record.symbols[inside], ax.get_ylim()[1] - 0.12
    for x, symbol, label in zip(times[inside], symbols, labels_of(symbols), strict=True):
        color = COLORS[CLASSES[label]]
        ax.text(x, high, symbol, color=color, fontsize=11, va="top", clip_on=True, **_BOLD)
    return ax.figure


def twelve_leads(record: Record) -> Figure:
    """Draw a twelve-lead record as the clinic lays it out, with lead II along the bottom.

    A calibration mark, 1 mV high and 0.2 s wide, stands before each row.

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
    for lead in sum(CLINICAL_LAYOUT, ()):
        _check_voltages(record, lead, record.lead(lead)[: round(seconds * record.fs)])
    ax = _sheet(seconds + 0.4, -9.5, 2.0, start=-0.4)
    for row, leads in enumerate((*CLINICAL_LAYOUT, ("II",))):
        width, middle = seconds / len(leads), -2.5 * row
        mark = np.array([0, 0, 1, 1, 0, 0]) + middle
        ax.plot([-0.36, -0.32, -0.32, -0.12, -0.12, -0.08], mark, color=_INK, linewidth=0.8)
        for place, lead in enumerate(leads):
            first = round(place * width * record.fs)
            signal = record.lead(lead)[first : first + round(width * record.fs)]
            time = (first + np.arange(len(signal))) / record.fs
            # A strip hangs about its own middle, so that neighbours do not collide.
            base = middle - float(np.nanmedian(signal))
            ax.plot(time, np.clip(signal + base, -9.5, 1.8), color=_INK, linewidth=0.8)
            ax.text(place * width + 0.05, middle + 1.0, lead, fontsize=10, weight="bold")
            if place:
                ax.vlines(place * width, middle - 0.4, middle + 0.4, color=_INK, linewidth=0.8)
    ax.set(title=f"Record {record}: twelve leads", ylabel="rows 2.5 mV apart", yticklabels=[])
    return ax.figure


def waves(record: Record, lead: str, start: float = 0.0, seconds: float = 2.5) -> Figure:
    """Draw one lead with the annotated bounds of P, QRS and T shaded.

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
        raise ValueError(f"record {record} has wave bounds for {list(record.waves) or 'no lead'}")
    ax = _trace(record, lead, start, seconds, room=0.3)
    for kind, onset, peak, offset in record.waves[lead]:
        inside = start <= peak / record.fs < start + seconds
        if inside and onset >= 0 and offset >= 0:
            span = max(onset / record.fs, start), min(offset / record.fs, start + seconds)
            ax.axvspan(*span, color=_WAVE_COLORS[kind], alpha=0.35, linewidth=0)
            ax.text(sum(span) / 2, ax.get_ylim()[1] - 0.22, kind, fontsize=10, **_BOLD)
    ax.set_title(f"Record {record}, lead {lead}: wave bounds")
    return ax.figure


def gallery(
    images: np.ndarray,
    titles: str | Sequence[str] | None = None,
    columns: int = 6,
    scale: tuple[float, float] | None = None,
) -> Figure:
    """Show images side by side.

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
    images = images[..., 0] if images.ndim == 4 else images
    if images.ndim != 3 or not len(images):
        raise ValueError(f"images have shape {images.shape}; give (n, height, width)")
    titles = [""] * len(images) if titles is None else given.names(titles)
    if len(titles) != len(images):
        raise ValueError(f"{len(titles)} titles for {len(images)} images; give one each")
    columns = min(given.whole("columns", columns, 1), len(images))
    rows = -(-len(images) // columns)
    size = min(8, 1.6 * columns + 0.6), 1.75 * rows + 0.4
    bare = {"xticks": [], "yticks": [], "frame_on": False}
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, subplot_kw=bare)
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, cmap="gray")
        ax.set_title(title, fontsize=10, loc="center")
    if scale is not None:
        first, (height, width) = axes.flat[0], images.shape[1:]
        first.set_frame_on(True)
        first.set_xlabel(f"{width * scale[0]:.0f} ms", fontsize=9)
        first.set_ylabel(f"{height * scale[1]:.1f} mV", fontsize=9)
    return figure


def confusion(scores: Scores, title: str = "What was called what") -> Figure:
    """Draw a confusion matrix: counts, shaded by the part of each row.

    Parameters
    ----------
    scores : Scores
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    shares = scores.matrix / np.maximum(scores.matrix.sum(axis=1, keepdims=True), 1)
    figure, ax = plt.subplots(figsize=(5.2, 4.4))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(scores.matrix):
        ink = "white" if shares[row, column] > 0.68 else _INK  # what stands out more
        ax.text(column, row, f"{count:,}", fontsize=10, color=ink, ha="center", va="center")
    places = range(len(CLASSES))
    ax.set(xticks=places, xticklabels=CLASSES, yticks=places, yticklabels=CLASSES, frame_on=False)
    ax.set(xlabel="called by the network", ylabel="labelled by cardiologists", title=title)
    ax.tick_params(length=0)
    return figure


def history(
    histories: pd.DataFrame | Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]],
    columns: str | Sequence[str] = ("loss",),
) -> Figure:
    """Draw training curves, one panel for each column.

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
    named = {"": histories} if isinstance(histories, pd.DataFrame) else histories
    named = {k: [v] if isinstance(v, pd.DataFrame) else list(v) for k, v in named.items()}
    if not named or not columns:
        raise ValueError(
            f"{len(named)} histories, {len(columns)} columns; give one of each or more"
        )
    for name, tables in named.items():
        for table in tables:
            _check_columns(f"history {name!r}", table, columns)
    figure, axes = plt.subplots(1, len(columns), figsize=(8, 3.2), squeeze=False)
    for ax, column in zip(axes[0], columns, strict=True):
        ax.set_prop_cycle(color=PALETTE, marker=list("os^DvPX"))
        for name, tables in named.items():
            if len(epochs := {len(table) for table in tables}) != 1:
                raise ValueError(f"{name!r} has runs of {sorted(epochs)} epochs; give equal ones")
            runs, epoch = np.array([table[column] for table in tables]), np.arange(*epochs) + 1
            (line,) = ax.plot(epoch, runs.mean(0), markersize=4, label=name)
            if len(runs) > 1:
                band = {"color": line.get_color(), "alpha": 0.2, "linewidth": 0}
                ax.fill_between(epoch, runs.min(0), runs.max(0), **band)
                line.set_label(f"{name}, {len(runs)} seeds")
        ax.set(xlabel="epoch", ylabel=column, ylim=(0, None))
        ax.xaxis.get_major_locator().set_params(integer=True)
        if len(named) > 1:
            ax.legend()
    return figure


def intervals(
    table: pd.DataFrame, title: str, xlabel: str = "score", pooled: str | Sequence[str] = ()
) -> Figure:
    """Draw scores with their intervals as a forest plot: of several scores, or by record.

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
    strange = [row for row in pooled if row not in table.index]
    if strange:
        rows = ", ".join(map(str, table.index))
        raise ValueError(f"pooled names {strange[0]!r}, which is no row; those are {rows}")
    rows = np.arange(len(table))[::-1]
    figure, ax = plt.subplots(figsize=(7, 0.36 * len(table) + 1.2))
    ax.hlines(rows, table["low"], table["high"], color=PALETTE[0], linewidth=2.5)
    summed = table.index.isin(pooled)
    for mark, chosen in (("o", ~summed), ("D", summed)):
        if chosen.any():
            ax.plot(table["value"][chosen], rows[chosen], mark, color=_INK, markersize=6)
    ax.set(yticks=rows, yticklabels=table.index, xlim=(0, 1.02), xlabel=xlabel, title=title)
    if "beats" in table:
        right = ax.secondary_yaxis("right")
        right.set_yticks(rows, [f"{count:,}" for count in table["beats"]])
        right.set_ylabel("beats")
        right.tick_params(length=0)
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)
    return figure


def reliability(table: pd.DataFrame, title: str = "What it believes, and what came true") -> Figure:
    """Draw a reliability diagram, with the number of beats below.

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
    _check_columns("the table", table, ("low", "high", "beats", "confidence", "frequency"))
    figure, (ax, below) = plt.subplots(2, 1, figsize=(5, 5.6), sharex=True, height_ratios=(3, 1))
    ax.plot([0, 1], [0, 1], "--", color="#767676", label="calibrated")
    ax.plot(table["confidence"], table["frequency"], "o-", color=PALETTE[0], label="network")
    ax.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="part that came true", title=title)
    ax.legend()
    bounds = table["low"], table["beats"], table["high"] - table["low"]
    below.bar(*bounds, align="edge", color=PALETTE[0], edgecolor="white")
    below.set(yscale="log", xlabel="mean probability given", ylabel="beats")
    return figure


def coverage(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw which part of the answers is wrong when only the surest are given.

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
    ax.set_prop_cycle(color=PALETTE, linestyle=["-", "--", ":", "-.", "-", "--", ":"])
    for name, table in tables.items():
        ax.plot(table["coverage"], table["risk"], label=name)
    ax.set(xlim=(0, 1), ylim=(0, None), title="Fewer answers, fewer errors")
    ax.set(xlabel="coverage: part of the beats answered", ylabel="risk: part of answers wrong")
    ax.legend()
    return figure


def overlay(
    images: np.ndarray, maps: np.ndarray, label: str = "share of the largest value", **grid: object
) -> Figure:
    """Lay maps over images: orange speaks for the class, blue against it.

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
    if np.shape(maps) != np.shape(images)[:3]:
        raise ValueError(f"maps have shape {np.shape(maps)}; give {np.shape(images)[:3]}")
    if not np.isfinite(maps).all():
        raise ValueError("maps hold NaN or infinity; give finite numbers")
    figure = gallery(images, **grid)
    top = float(np.abs(maps).max()) or 1.0
    for ax, one in zip(figure.axes, maps, strict=False):
        drawn = ax.imshow(one, cmap=_EVIDENCE, vmin=-top, vmax=top)
    bar = figure.colorbar(drawn, ax=figure.axes, label=label, fraction=0.04)
    bar.ax.set(ylim=(-top if np.min(maps) < 0 else 0, top), facecolor="black")
    return figure


# ---------------------------------------------------------------------------


def _trace(record: Record, lead: str, start: float, seconds: float, room: float) -> plt.Axes:
    """Draw a part of one lead on a sheet that encloses it, on half millivolts, with room above."""
    signal = record.lead(lead)
    start, seconds = given.number("start", start), given.number("seconds", seconds)
    first, last = round(start * record.fs), round((start + seconds) * record.fs)
    if not 0 <= first < last <= len(signal):
        part = f"{start:g} s to {start + seconds:g} s"
        raise ValueError(f"{part} does not lie within record {record}, {record.duration:g} s long")
    if seconds > LONGEST:
        raise ValueError(f"seconds is {seconds:g}; at most {LONGEST:g} s can be drawn at once")
    signal = signal[first:last]
    _check_voltages(record, lead, signal)
    bottom, top = np.nanmin(signal), np.nanmax(signal) + room
    low, high = np.floor(2 * bottom - 0.2) / 2, np.ceil(2 * top + 0.2) / 2
    ax = _sheet(seconds, float(low), float(high), start)
    ax.plot(np.arange(first, last) / record.fs, signal, color=_INK, linewidth=1.2)
    ax.set_title(f"Record {record}, lead {lead}")
    return ax


def _check_voltages(record: Record, lead: str, drawn: np.ndarray) -> None:
    """Refuse what is no ECG in mV: to scale it would be metres high, or a line."""
    whole = record.lead(lead)
    if np.isnan(drawn).all() or np.isinf(drawn).any():
        raise ValueError(f"lead {lead} of record {record} holds no voltages there: NaN or infinity")
    span, spans = np.nanmax(drawn) - np.nanmin(drawn), f"lead {lead} of record {record} spans"
    if span > WIDEST:
        divide = "divide it by 1000 if it is in µV, by its gain (often 200) if in counts"
        raise ValueError(f"{spans} {span:,.0f} mV, which is no ECG in mV; {divide}")
    span = np.nanmax(whole) - np.nanmin(whole)
    if 0 < span < NARROWEST:
        raise ValueError(
            f"{spans} {span:.2g} mV, which is no ECG in mV; multiply it by 1000 if it is in V"
        )


def _check_columns(what: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that lacks a column."""
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{what} is a {type(table).__name__}; give a pandas.DataFrame")
    lacking = [name for name in columns if name not in table]
    if lacking:
        known = ", ".join(map(str, table)) or "none"
        raise KeyError(f"{what} has no column {lacking[0]!r}; it has {known}")


def _sheet(seconds: float, low: float, high: float, start: float) -> plt.Axes:
    """Return axes on ECG paper at 25 mm/s and 10 mm/mV, or a simple multiple of them.

    What is short is enlarged to at most 200 mm, what is long made smaller to fit into 250 mm.
    """
    wide = 25 * seconds
    scale = 1 / np.ceil(wide / 250 - 1e-9) if wide > 265 else np.clip(200 // wide, 1, 4)
    drawn = "" if scale == 1 else f", {scale:g} ×" if scale > 1 else f", 1/{round(1 / scale)} ×"
    width, height = scale * wide / 25.4, scale * 10 * (high - low) / 25.4  # inches
    left, bottom, right, top = 0.65, 0.6, 0.2, 0.35
    figure = plt.figure(figsize=(left + width + right, bottom + height + top), layout="none")
    whole = figure.get_size_inches()
    ax = figure.add_axes([left / whole[0], bottom / whole[1], width / whole[0], height / whole[1]])
    paper(ax, seconds, low, high, start)
    ax.set(xlabel=f"time (s)  ·  25 mm/s, 10 mm/mV{drawn}", ylabel="mV")
    ax.tick_params(axis="x", pad=7)  # clear of the lowest voltage
    ax.tick_params(labelsize=11 if scale >= 1 else 8)
    return ax
