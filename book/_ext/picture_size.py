"""How large a picture is shown: many have two dots for each pixel of a page, to be sharp.

The chapters' figures are drawn so (`ecglab.plot.style`). That they are, their resolution says.
"""

import re
from pathlib import Path

from PIL import Image

#: Dots to an inch. Figures are drawn at 100, and long sheets at 150; sharp ones at twice that.
SHARP = 190
VIEW_BOX = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)"')


def size_of(path: Path) -> tuple[int, int]:
    """Return the width and height of a picture in pixels of the page, or in a drawing's units.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> Image.new("L", (800, 400)).save(folder / "sharp.png", dpi=(200, 200))
    >>> Image.new("L", (800, 400)).save(folder / "plain.png", dpi=(100, 100))
    >>> size_of(folder / "sharp.png"), size_of(folder / "plain.png")
    ((400, 200), (800, 400))
    """
    if path.suffix == ".svg":
        box = VIEW_BOX.search(path.read_text(encoding="utf-8"))
        return round(float(box[1])), round(float(box[2]))
    with Image.open(path) as picture:
        width, height = picture.size
        dots = picture.info.get("dpi", (0, 0))[0]
    if dots > SHARP:
        return round(width / 2), round(height / 2)
    return width, height
