"""Draw the cover of the printed book, and the picture that a link to the course shows.

Usage: python tools/cover.py

Sixteen beats stand on ECG paper in four rows of 3, 4, 6 and 3, as the sixteen blocks of ResNet-50
do in its four stages, and an arc leads from before each beat to behind it: the shortcut. The beats
are those of the beat model; nobody's heart is shown.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from ecglab import heart, plot

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "book" / "_static"
STAGES = (3, 4, 6, 3)
TITLE = "From the clinic\nto ResNet-50"
SUBTITLE = "A course on reading heartbeats"
ACCENT = "#005a8f"
INK = "#1a1a1a"
FINE = "#f6dcdc"
LARGE = "#e8a0a0"
A4 = (8.27, 11.69)  # inches
PREVIEW = (12.0, 6.3)  # inches, at 100 dots each


def main() -> int:
    """Write the cover as SVG and PDF, and the preview as PNG."""
    plot.style()
    plt.rcParams["svg.hashsalt"] = "cover"
    plt.rcParams["figure.constrained_layout.use"] = False
    sheet = cover()
    sheet.savefig(FOLDER / "cover.svg", metadata={"Date": None})
    sheet.savefig(FOLDER / "cover.pdf", metadata={"CreationDate": None})
    preview().savefig(FOLDER / "social.png", dpi=100)
    plt.close("all")
    return 0


def cover() -> Figure:
    """Draw the cover, A4."""
    figure, ax = sheet(A4, box=0.3)
    write(ax, 0.9, 10.1, size=40)
    for row, blocks in enumerate(STAGES):
        stage(ax, blocks, left=0.9, level=6.9 - 1.75 * row, width=A4[0] - 1.8)
    return figure


def preview() -> Figure:
    """Draw the preview, 1200 by 630 pixels."""
    figure, ax = sheet(PREVIEW, box=0.3)
    write(ax, 0.8, 4.8, size=54)
    stage(ax, STAGES[1], left=0.8, level=1.2, width=PREVIEW[0] - 1.6)
    return figure


def sheet(size: tuple[float, float], box: float) -> tuple[Figure, plt.Axes]:
    """Return ECG paper that fills a figure, measured in inches; `box` is a large box."""
    figure = plt.figure(figsize=size)
    ax = figure.add_axes((0, 0, 1, 1))
    width, height = size
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    lines = (
        (box / 5, FINE, 0.25),
        (box, LARGE, 0.4),
    )
    for step, colour, thick in lines:
        across = np.arange(0, width, step)
        down = np.arange(0, height, step)
        ax.vlines(across, 0, height, color=colour, linewidth=thick)
        ax.hlines(down, 0, width, color=colour, linewidth=thick)
    return figure, ax


def write(ax: plt.Axes, left: float, top: float, size: float) -> None:
    """Write title and subtitle below a height."""
    ax.text(left, top, TITLE, size=size, weight="bold", va="center", color=ACCENT)
    below = top - 0.03 * size - 0.2
    ax.text(left, below, SUBTITLE, size=0.45 * size, va="center", color=INK)


def stage(ax: plt.Axes, blocks: int, left: float, level: float, width: float) -> None:
    """Draw the blocks of a stage: a row of beats, each with a shortcut that joins it again."""
    times = np.arange(-0.35, 0.65, 0.002)  # s from the R wave
    wave = heart.beat(times, leads="II")
    wave = wave.ravel()
    wave = wave - wave[0]
    pitch = width / blocks
    across = np.linspace(0, pitch, len(times))
    for block in range(blocks):
        begin = left + block * pitch
        ax.plot(begin + across, level + 0.75 * wave, color=INK, linewidth=2.2)
        shortcut(ax, begin + 0.06 * pitch, begin + 0.92 * pitch, level)


def shortcut(ax: plt.Axes, begin: float, end: float, level: float) -> None:
    """Draw the arc over a beat, and the sum in which it ends."""
    high = level + 1.35
    corners = [
        (begin, level),
        (begin, high),
        (end, high),
        (end, level),
    ]
    codes = [Outline.MOVETO, *(3 * [Outline.CURVE4])]
    outline = Outline(corners, codes)
    arc = PathPatch(outline, fill=False, edgecolor=ACCENT, linewidth=2.2, zorder=2.5)
    ax.add_patch(arc)
    ax.plot(end, level, "o", markersize=12, color=ACCENT, zorder=3)
    ax.plot(end, level, "+", markersize=7, markeredgewidth=1.6, color="white", zorder=4)


if __name__ == "__main__":
    sys.exit(main())
