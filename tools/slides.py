"""Make slides of each part from its chapters: their questions, figures and summaries.

Usage: python tools/slides.py [part ...]

One thought is one slide: the heading of a section, a figure of it, and a sentence of the text. Each
part is one file that asks for no other.
"""

import html
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from book import NAME, ROOT, TAKE_ALONG, whole

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import chapter
import contents

# Sections that every chapter has; all others are its own.
FRAME = ("At a glance", "Try it", "Check yourself", "Summary", "Pitfalls")
FRAME += ("Further reading", "Data and licence")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(*`])")
PROSE = re.compile(r"[\w*\"“(`]")  # how a paragraph begins
MARKDOWN = MarkdownIt("commonmark")


@dataclass(frozen=True)
class Figure:
    """A figure of a chapter: the section it stands in, what it shows, what the text says of it."""

    heading: str
    png: str
    alt: str
    sentence: str


def parts() -> list[tuple[str, list[Path]]]:
    """Return the parts that have chapters: their titles and the notebooks."""
    return contents.parts(ROOT)


def plain(markdown: str) -> str:
    """Return Markdown without roles, citations and links: their words stay."""
    text = re.sub(r"\s*\{cite:\w+\}`[^`]*`", "", markdown)
    text = re.sub(r"\{\w+\}`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", text)
    # A citation as a link stands in brackets, or is a link into the bibliography.
    text = re.sub(r"\s*[([]*\[[^\]]*\]\([^)]*bibliography[^)]*\)[)\]]*", "", text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def sentences(markdown: str) -> list[str]:
    """Return the sentences of paragraphs that can stand alone on a slide."""
    found = []
    for block in plain(markdown).split("\n\n"):
        text = block.strip()
        if PROSE.match(text) and "\n- " not in text:
            found += SENTENCE.split(text)
    return [one for one in found if can_stand_alone(one)]


def can_stand_alone(sentence: str) -> bool:
    """Tell whether a sentence has a slide's length and no formula, table or half bracket."""
    if sentence.count("(") != sentence.count(")"):
        return False
    if set("$|") & set(sentence):
        return False
    return 25 < len(sentence) < 260


def figures(path: Path) -> Iterator[Figure]:
    """Yield the figures of a chapter's own sections, in order."""
    cells = chapter.Chapter(path).cells
    heading, before = "", ""
    shown = set()  # an explorer that comes again comes once
    for place, cell in enumerate(cells):
        text = chapter.text_of(cell)
        for level, title in re.findall(r"(?m)^(##+) (.+)", text):
            if level == "##" or title.startswith("Go deeper"):
                heading = title
        before = text or before
        if heading in ("", *FRAME) or heading.startswith("Go deeper"):
            continue
        for png, alt, caption in pictures(cell):
            if caption in shown:
                continue
            said = chosen(before, next_text(cells[place + 1 :]))
            if caption:
                shown.add(caption)
                to_try = caption.removeprefix("Try: ")
                said = f"To try on its page: {to_try}"
            yield Figure(plain(heading), png, alt, said)


def next_text(cells: list[dict]) -> str:
    """Return the first text among cells, empty if there is none."""
    for cell in cells:
        text = chapter.text_of(cell)
        if text:
            return text
    return ""


def chosen(before: str, after: str) -> str:
    """Return the sentence for a figure: the first that follows it, else the last before it."""
    same_section = after.split("\n#")[0]
    following = sentences(same_section)
    if following:
        return following[0]
    leading = sentences(before)
    return leading[-1] if leading else ""


def pictures(cell: dict) -> Iterator[tuple[str, str, str]]:
    """Yield a cell's first picture: PNG in base64, alt text, an explorer's caption."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" not in data:
            continue
        written = "".join(data.get("text/html", ""))
        page = BeautifulSoup(written, "html.parser")
        image = page.find("img", alt=True)
        caption = page.find("figcaption")
        png = "".join(data["image/png"])
        alt = image["alt"] if image else chapter.alt(cell)
        yield png.strip(), alt, caption.get_text() if caption else ""
        return


def summary(path: Path) -> list[str]:
    """Return the points of a chapter's summary."""
    points = re.findall(r"(?ms)^- (.+?)(?=^- |\Z)", chapter.Chapter(path).summary)
    return [plain(point) for point in points]


def inline(markdown: str) -> str:
    """Return a line of Markdown as HTML."""
    line = markdown.replace("\n", " ")
    lettered = re.sub(r"\$([^$]+)\$", formula, line)
    return MARKDOWN.renderInline(lettered)


def formula(found: re.Match) -> str:
    """Return a short formula in letters; one that needs more cannot stand on a slide."""
    if "\\" in found[1]:
        raise ValueError(
            f"the formula {found[0]} is in a text for slides; plain letters can be shown"
        )
    raised = re.sub(r"\^(\w)", r"<sup>\1</sup>", found[1])
    return f"*{raised}*"


def slide(kind: str, inside: str, foot: str, number: int) -> str:
    """Return one slide; its number is its address."""
    footer = f"<footer><span>{html.escape(foot)}</span><span>{number}</span></footer>"
    opening = f'<section class="slide {kind}" id="{number}" tabindex="-1">'
    return f"{opening}\n{inside}\n{footer}\n</section>"


def slides(caption: str, chapters: list[Path]) -> Iterator[tuple[str, str, str]]:
    """Yield the slides of a part: kind, content and foot."""
    course = "From the clinic to ResNet-50 · CC BY 4.0 · for learning, not for diagnosis"
    subtitle = "From the clinic to ResNet-50: a course on reading heartbeats"
    yield "title", f"<h1>{inline(caption)}</h1>\n<p>{subtitle}</p>", course
    for path in chapters:
        one = chapter.Chapter(path)
        title = one.title
        first = chapter.text_of(one.cells[0])
        opening = sentences(first.split("\n", 1)[1])
        asked = [one for one in opening if one.endswith("?")] or opening
        yield "title", headed(title, f"<p>{inline(asked[-1])}</p>"), course
        for figure in figures(path):
            yield "shown", headed(figure.heading, drawn(figure)), title
        points = [f"<li>{inline(point)}</li>" for point in summary(path)]
        listed = "\n".join(points)
        yield "points", headed("Summary", f"<ul>\n{listed}\n</ul>"), title


def headed(heading: str, inside: str) -> str:
    """Return what stands on a slide below its heading."""
    return f"<h2>{inline(heading)}</h2>\n{inside}"


def drawn(one: Figure) -> str:
    """Return a figure with its alt text, and its sentence."""
    alt = html.escape(one.alt)
    image = f'<img src="data:image/png;base64,{one.png}" alt="{alt}">'
    return f"<figure>{image}</figure>\n<p>{inline(one.sentence)}</p>"


def colours() -> str:
    """Return the variables of the book's own style, in its light colours."""
    path = ROOT / "book" / "_static" / "custom.css"
    style = path.read_text(encoding="utf-8")
    found = re.findall(r"(--ecg-[\w-]+):\s*([^;]+);", style)
    first = dict(reversed(found))  # the light colours come first
    lines = [f"{name}: {value};" for name, value in sorted(first.items())]
    return " ".join(lines)


def write(number: int, folder: Path = TAKE_ALONG) -> Path:
    """Write the slides of a part, counted from 1, whole or not at all; return their path."""
    known = parts()
    if not 1 <= number <= len(known):
        raise ValueError(f"part is {number}; the course has parts 1 to {len(known)}")
    caption, chapters = known[number - 1]
    made = []
    for kind, inside, foot in slides(caption, chapters):
        made.append(slide(kind, inside, foot, len(made) + 1))
    frame = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    page = Template(frame).substitute(
        title=caption,
        colours=colours(),
        slides="\n".join(made),
    )
    path = folder / f"{NAME}-slides-{number}.html"
    with whole(path) as part:
        part.write_text(page, encoding="utf-8")
    return path


def main() -> int:
    """Write the slides of the parts that are named, or of all."""
    asked = [int(word) for word in sys.argv[1:]] or range(1, len(parts()) + 1)
    for number in asked:
        print(f"The slides of part {number} are {write(number).as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
