"""Files that explorers are made of, and pictures as texts."""

import base64
import io
from importlib import resources

from PIL import Image


def file(name: str) -> str:
    """Return the text of a file that lies beside this one."""
    return resources.files("ecglab.explorers").joinpath(name).read_text("utf-8")


def small(picture: Image.Image) -> str:
    """Return a picture as PNG in base64, of 128 colours and so of a third of the bytes."""
    few = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    written = io.BytesIO()
    few.save(written, "png", optimize=True)
    return base64.b64encode(written.getvalue()).decode()
