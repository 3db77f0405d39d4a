"""Cut the front page's thumbnails from the chapters' own committed figures.

``book/cards.yml`` says which figure of which cell, and which part of it. Usage:
python tools/thumbnails.py
"""

import base64
import io
import sys
from pathlib import Path

import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from chapter import Chapter  # noqa: E402

CARDS = ROOT / "book" / "cards.yml"
FOLDER = ROOT / "book" / "_static" / "cards"
SIZE = (480, 270)  # pixels: twice as many as a card shows, so that it is sharp on a fine screen
HEAVIEST = 15_000  # bytes
QUALITIES = (85, 75, 65, 55, 45)  # the first of them at which a thumbnail is light enough


def main() -> int:
    """Write the thumbnail of each chapter."""
    FOLDER.mkdir(exist_ok=True)
    for chapter, card in cards().items():
        path = path_of(chapter)
        path.write_bytes(light(thumbnail(chapter, card)))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.1f} kB")
    return 0


def cards() -> dict[str, dict]:
    """Return the cards by the chapters' names."""
    return yaml.safe_load(CARDS.read_text(encoding="utf-8"))


def path_of(chapter: str) -> Path:
    """Return where a chapter's thumbnail lies."""
    return FOLDER / f"{chapter[:2]}.webp"


def thumbnail(chapter: str, card: dict) -> Image.Image:
    """Return a chapter's thumbnail: the part to be shown, as large as it fits, on white."""
    shown = figure(chapter, card["cell"], card.get("output", 0))
    width, height = shown.size
    left, top, right, bottom = card["crop"]
    part = shown.crop(
        (
            round(left * width),
            round(top * height),
            round(right * width),
            round(bottom * height),
        )
    )
    scale = min(SIZE[0] / part.width, SIZE[1] / part.height)
    fitting = (round(scale * part.width), round(scale * part.height))
    part = part.resize(fitting, Image.Resampling.LANCZOS)
    ground = Image.new("RGB", SIZE, "white")
    middle = ((SIZE[0] - part.width) // 2, (SIZE[1] - part.height) // 2)
    ground.paste(part, middle)
    return ground


def light(picture: Image.Image) -> bytes:
    """Return a picture as WebP, as good as its weight allows.

    Raises
    ------
    ValueError
        If it is too heavy even at the least quality.
    """
    for quality in QUALITIES:
        written = io.BytesIO()
        picture.save(written, "webp", quality=quality, method=6)
        if written.tell() <= HEAVIEST:
            return written.getvalue()
    raise ValueError(
        f"a thumbnail has {written.tell()} bytes at quality {quality}, {HEAVIEST} are allowed; "
        "show a part with less on it"
    )


def figure(chapter: str, cell_id: str, number: int) -> Image.Image:
    """Return a figure that is committed with a chapter, on white.

    Raises
    ------
    ValueError
        If the chapter has no such cell, or that cell no picture there.
    """
    for cell in Chapter(ROOT / "chapters" / f"{chapter}.ipynb").cells:
        if cell["id"] == cell_id:
            pictures = drawn(cell)
            if number in pictures:
                return on_white(pictures[number])
            raise ValueError(
                f"cell {cell_id} of {chapter} has no picture as output {number}; "
                f"it has some as {list(pictures)}"
            )
    raise ValueError(f"{chapter} has no cell {cell_id}; give another in book/cards.yml")


def drawn(cell: dict) -> dict[int, Image.Image]:
    """Return a cell's pictures by the numbers of its outputs."""
    pictures = {}
    for number, output in enumerate(cell.get("outputs", [])):
        encoded = output.get("data", {}).get("image/png")
        if encoded:
            decoded = base64.b64decode(encoded)
            pictures[number] = Image.open(io.BytesIO(decoded))
    return pictures


def on_white(picture: Image.Image) -> Image.Image:
    """Return a picture whose clear parts are white."""
    picture = picture.convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
