"""The picture of an explorer at rest, drawn by its own script without a browser.

It needs mini-racer, which runs the script, and resvg-py, which turns its SVG into a PNG.
"""

import io
import json
import re
from pathlib import Path
from typing import Protocol

import matplotlib
import resvg_py
from PIL import Image
from py_mini_racer import MiniRacer

from ecglab.explorers.files import file, small

WIDTH = 736  # pixels: as wide as an explorer gets in the book


class Scripted(Protocol):
    """What is needed of an explorer here; `base.Explorer` has it."""

    script: str
    content: dict
    start: dict


def engine(explorer: Scripted) -> MiniRacer:
    """Return a JavaScript engine that knows an explorer as ``widget``, its content as ``content``.

    Examples
    --------
    >>> from ecglab import explore
    >>> engine(explore.screening()).eval('number(2.5, 0, "ms")')
    '3 ms'
    """
    running = MiniRacer()
    content = json.dumps(explorer.content)
    running.eval(file("stand_in.js") + explorer.script + f"const content = {content};")
    return running


def svg(explorer: Scripted) -> str:
    """Return the picture of the state in which an explorer opens, as SVG."""
    state = json.dumps(explorer.start)
    return engine(explorer).eval(f"still(widget, content, {state})")


def png(explorer: Scripted) -> str:
    """Return the picture of the state in which an explorer opens, a PNG in base64.

    Its letters are those that matplotlib brings, so that it is the same on every computer.
    """
    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg(explorer),
        style_sheet=_light(file("drawing.css")),
        background="white",
        width=WIDTH,
        skip_system_fonts=True,
        font_files=[str(fonts / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")],
        sans_serif_family="DejaVu Sans",
    )
    return small(Image.open(io.BytesIO(drawn)))


def _light(style: str) -> str:
    """Put the colours of the style's first block where its rules name them."""
    for name, colour in re.findall(r"(--[\w-]+): (#\w+);", style):
        style = style.replace(f"var({name})", colour)
    return style
