"""Sphinx extension of this book: a card for each chapter on the front page.

``book/cards.yml`` holds what a card says and shows; the chapter's title, the time that it takes
and the part to which it belongs are read from the chapter and from the list of contents.
"""

from pathlib import Path

import contents
import yaml
from chapter import Chapter, in_words
from docutils import nodes
from docutils.statemachine import StringList
from picture_size import size_of
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective


class ChapterCards(SphinxDirective):
    """The twelve chapters as cards: ``{chapter-cards}``."""

    def run(self) -> list[nodes.Node]:
        """Return a list of cards, in the order of the contents."""
        folder = Path(self.env.srcdir)
        told = folder / "book" / "cards.yml"
        self.env.note_dependency(str(told))
        cards = yaml.safe_load(told.read_text(encoding="utf-8"))
        shelf = nodes.container(classes=["chapter-list"])
        for part, paths in contents.parts(folder):
            for path in paths:
                self.env.note_dependency(str(path))
                if path.stem not in cards:
                    raise ExtensionError(f"book/cards.yml has no card for {path.stem}")
                shelf += self.card(path, part, cards[path.stem])
        return [shelf]

    def card(self, path: Path, part: str, told: dict) -> nodes.container:
        """Return one card."""
        chapter = Chapter(path)
        read, work = map(in_words, chapter.minutes)
        lines = [
            f"{{.card-part}}\n{part}",
            f"{{.card-title}}\n[{chapter.title}](/chapters/{path.name})",
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
        address = f"/book/_static/cards/{chapter[:2]}.webp"
        width, height = size_of(Path(self.env.srcdir, address.lstrip("/")))
        picture = nodes.image(uri=address, alt=alt, width=f"{width}", height=f"{height}")
        picture["loading"] = "lazy"
        picture["classes"] = ["no-scaled-link"]
        shown = addnodes.only(expr="html")
        shown += picture
        return shown


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("chapter-cards", ChapterCards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
