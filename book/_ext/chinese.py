"""Sphinx extension: Chinese in a page is marked as Chinese, and its words are found.

A browser then takes Chinese letter forms, and a voice reads them as Chinese. Chinese has no spaces
between words: the search index holds each character and each pair of neighbours, and a query is
cut in the same way.
"""

import re
from itertools import pairwise
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from written import rewrite, when_written

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
RUN = re.compile(f"[{HAN}](?:[\u3001-\u303f\uff01-\uff65{HAN}]*[{HAN}])?")
PIECE = re.compile(f"[{HAN}]+|[^{HAN}]+")

# What is no text of the page, and tags. A drawing has texts, but may hold no `span`.
ASIDE = re.compile(r"(<(script|style|title|svg|option)\b.*?</\2>|<!--.*?-->|<[^>]*>)", re.DOTALL)

SPLITTER = """
// Chinese is cut into pairs of neighbours, as it is in the index; the rest at what is no letter.
function splitQuery(query) {
  const words = query.match(/[\\p{Letter}\\p{Number}_\\p{Emoji_Presentation}]+/gu) || [];
  const pieces = words.flatMap((word) => word.match(/[HAN]+|[^HAN]+/g));
  return pieces.flatMap((piece) => {
    if (!/[HAN]/.test(piece) || piece.length === 1) return [piece];
    return [...piece].slice(1).map((character, i) => piece[i] + character);
  });
}
""".replace("HAN", r"\u3400-\u4dbf\u4e00-\u9fff")


def pieces(word: str) -> list[str]:
    """Return what of a word is looked for: Chinese by characters and pairs, the rest whole.

    Examples
    --------
    >>> pieces("卷积层"), pieces("ReLU层"), pieces("heart")
    (['卷', '积', '层', '卷积', '积层'], ['ReLU', '层'], ['heart'])
    """
    found: list[str] = []
    for piece in PIECE.findall(word):
        if RUN.match(piece):
            found += [*piece, *map("".join, pairwise(piece))]
        else:
            found.append(piece)
    return found


class EnglishAndChinese(SearchEnglish):
    """How the search index cuts texts: Sphinx's English, and Chinese by pairs of characters."""

    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        """Return the words of a text."""
        return [piece for word in super().split(input) for piece in pieces(word)]


def wrapped(text: str) -> str:
    """Put each run of Chinese in a text between tags that name its language."""
    return RUN.sub(r'<span lang="zh-Hans">\g<0></span>', text)


def mark(html: str) -> str:
    """Mark each run of Chinese in a page's text with its language.

    Examples
    --------
    >>> mark('<p title="卷积">a 卷积，卷积层 b</p>')
    '<p title="卷积">a <span lang="zh-Hans">卷积，卷积层</span> b</p>'
    """
    parts, at = [], 0
    for aside in ASIDE.finditer(html):
        parts += [wrapped(html[at : aside.start()]), aside[0]]
        at = aside.end()
    return "".join(parts) + wrapped(html[at:])


def mark_pages(app: Sphinx) -> None:
    """Mark the Chinese of every page."""
    rewrite(Path(app.outdir), lambda html: mark(html) if RUN.search(html) else html)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook and the search language, in the place of plain English."""
    app.add_search_language(EnglishAndChinese)
    when_written(app, mark_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
