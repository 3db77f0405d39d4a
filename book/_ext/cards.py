"""Sphinx extension of this book: a card for each chapter on the front page.

``book/cards.yml`` holds what a card says and shows; the chapter's title, the time that it takes
and the part to which it belongs are read from the chapter and from the list of contents.
"""

import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MINUTES = re.compile(r"<!-- minutes -->about (.+?) to read, (.+?) to work through<!-- /minutes -->")
SIZE = (480, 270)  # pixels of a thumbnail, as `tools/thumbnails.py` makes them


class ChapterCards(SphinxDirective):
    """The twelve chapters as cards: ``{chapter-cards}``."""

    def run(self) -> list[nodes.Node]:
        """Return a list of cards, in the order of the contents."""
        folder = Path(self.env.srcdir)
        told = folder / "book" / "cards.yml"
        self.env.note_dependency(str(told))
        cards = yaml.safe_load(told.read_text(encoding="utf-8"))
        shelf = nodes.container(classes=["chapter-list"])
        for file, part in chapters(folder / "_toc.yml"):
            path = folder / f"{file}.ipynb"
            self.env.note_dependency(str(path))
            if path.stem not in cards:
                raise ExtensionError(f"book/cards.yml has no card for {path.stem}")
            shelf += self.card(path, part, cards[path.stem])
        return [shelf]

    def card(self, path: Path, part: str, told: dict) -> nodes.container:
        """Return one card."""
        title, read, work = heading_of(path)
        lines = [
            f"{{.card-part}}\n{part}",
            f"{{.card-title}}\n[{title}](/chapters/{path.name})",
            f"You can then {told['can']}.",
            f"{{.card-minutes}}\n{read} to read, {work} to work through",
        ]
        card = nodes.container(classes=["chapter-card"])
        card += self.thumbnail(path.stem, told["alt"])
        words = StringList("\n\n".join(lines).splitlines(), self.env.docname)
        self.state.nested_parse(words, 0, card)
        return card

    def thumbnail(self, chapter: str, alt: str) -> addnodes.only:
        """Return a card's picture, which only a browser shows."""
        width, height = SIZE
        address = f"/book/_static/cards/{chapter[:2]}.webp"
        picture = nodes.image(uri=address, alt=alt, width=f"{width}", height=f"{height}")
        picture["loading"] = "lazy"
        picture["classes"] = ["no-scaled-link"]
        shown = addnodes.only(expr="html")
        shown += picture
        return shown


def chapters(contents: Path) -> list[tuple[str, str]]:
    """Return each chapter's file, without its suffix, and the part to which it belongs."""
    parts = yaml.safe_load(contents.read_text(encoding="utf-8"))["parts"]
    pairs = []
    for part in parts:
        for chapter in part["chapters"]:
            if chapter["file"].startswith("chapters/"):
                pairs.append((chapter["file"], part["caption"]))
    return pairs


def heading_of(path: Path) -> tuple[str, str, str]:
    """Return a chapter's title and how long it takes to read and to work through."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    title = re.match(r"# (.+)", text)
    minutes = MINUTES.search(text)
    if title is None or minutes is None:
        raise ExtensionError(f"{path.name} lacks a title, or says not how long it takes")
    return title[1], minutes[1].replace("minutes", "min"), minutes[2]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("chapter-cards", ChapterCards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
