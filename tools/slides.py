"""Make slides of each part from its chapters: their questions, figures and summaries.

Usage: python tools/slides.py [part ...]

One thought is one slide: the heading of a section, a figure of it, and a sentence of the text. Each
part is one file that asks for no other.
"""

import html
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from book import ROOT, TAKE_ALONG

NAME = "from-the-clinic-to-resnet-50"
# Sections that every chapter has; all others are its own.
FRAME = ("At a glance", "Try it", "Check yourself", "Summary", "Pitfalls")
FRAME += ("Further reading", "Data and licence")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(*`])")
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
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = []
    for part in contents["parts"]:
        files = [chapter["file"] for chapter in part["chapters"]]
        if all(file.startswith("chapters/") for file in files):
            found.append((part["caption"], [ROOT / f"{file}.ipynb" for file in files]))
    return found


def text_of(cell: dict) -> str:
    """Return the text of a Markdown cell, empty for any other."""
    return "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""


def plain(markdown: str) -> str:
    """Return Markdown without roles, citations and links: their words stay."""
    text = re.sub(r"\s*\{cite:\w+\}`[^`]*`", "", markdown)
    text = re.sub(r"\{\w+\}`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", text)
    # A citation as a link stands in brackets, or is a link into the bibliography.
    text = re.sub(r"\s*[([]*\[[^\]]*\]\([^)]*bibliography[^)]*\)[)\]]*", "", text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def sentences(markdown: str) -> list[str]:
    """Return the sentences of paragraphs that can stand alone on a slide."""
    blocks = [block.strip() for block in plain(markdown).split("\n\n")]
    prose = [block for block in blocks if re.match(r"[\w*\"“(`]", block) and "\n- " not in block]
    found = [sentence for block in prose for sentence in SENTENCE.split(block)]
    return [one for one in found if can_stand_alone(one)]


def can_stand_alone(sentence: str) -> bool:
    """Tell whether a sentence has a slide's length and no formula, table or half bracket."""
    whole = sentence.count("(") == sentence.count(")")
    return whole and not set("$|") & set(sentence) and 25 < len(sentence) < 260


def figures(path: Path) -> Iterator[Figure]:
    """Yield the figures of a chapter's own sections, in order."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    heading, before = "", ""
    shown = set()  # an explorer that comes again comes once
    for place, cell in enumerate(cells):
        text = text_of(cell)
        for level, title in re.findall(r"(?m)^(##+) (.+)", text):
            heading = title if level == "##" or title.startswith("Go deeper") else heading
        before = text or before
        if heading in ("", *FRAME) or heading.startswith("Go deeper"):
            continue
        after = next((text_of(later) for later in cells[place + 1 :] if text_of(later)), "")
        for png, alt, caption in pictures(cell):
            if caption not in shown:
                trying = f"To try on its page: {caption.removeprefix('Try: ')}"
                said = trying if caption else chosen(before, after)
                yield Figure(plain(heading), png, alt, said)
            shown |= {caption} - {""}


def chosen(before: str, after: str) -> str:
    """Return the sentence for a figure: the first that follows it, else the last before it."""
    following = sentences(after.split("\n#")[0])
    leading = sentences(before)
    return (following[:1] or leading[-1:] or [""])[0]


def pictures(cell: dict) -> Iterator[tuple[str, str, str]]:
    """Yield a cell's first picture: PNG in base64, alt text, an explorer's caption."""
    outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
    for data in [data for data in outputs if "image/png" in data][:1]:
        page = BeautifulSoup("".join(data.get("text/html", "")), "html.parser")
        image, caption = page.find("img", alt=True), page.find("figcaption")
        given = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        alt = image["alt"] if image else given
        yield "".join(data["image/png"]).strip(), alt, caption.get_text() if caption else ""


def summary(path: Path) -> list[str]:
    """Return the points of a chapter's summary."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join(map(text_of, cells))
    section = re.search(r"(?ms)^## Summary\n(.+?)^## ", text)
    if section is None:
        raise ValueError(f"{path.name} has no section `## Summary`")
    return [plain(point) for point in re.findall(r"(?ms)^- (.+?)(?=^- |\Z)", section[1].strip())]


def inline(markdown: str) -> str:
    """Return a line of Markdown as HTML."""
    return MARKDOWN.renderInline(re.sub(r"\$([^$]+)\$", formula, markdown.replace("\n", " ")))


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
    whole = "From the clinic to ResNet-50: a course on reading heartbeats"
    yield "title", f"<h1>{inline(caption)}</h1>\n<p>{whole}</p>", course
    for path in chapters:
        first = text_of(json.loads(path.read_text(encoding="utf-8"))["cells"][0])
        title = re.match(r"# (.+)", first)[1]
        opening = sentences(first.split("\n", 1)[1])
        asked = [one for one in opening if one.endswith("?")] or opening
        question = inline(asked[-1]) if asked else ""
        yield "title", f"<h2>{inline(title)}</h2>\n<p>{question}</p>", course
        for one in figures(path):
            image = f'<img src="data:image/png;base64,{one.png}" alt="{html.escape(one.alt)}">'
            said = f"<figure>{image}</figure>\n<p>{inline(one.sentence)}</p>"
            yield "shown", f"<h2>{inline(one.heading)}</h2>\n{said}", title
        points = "\n".join(f"<li>{inline(point)}</li>" for point in summary(path))
        yield "points", f"<h2>Summary</h2>\n<ul>\n{points}\n</ul>", title


def colours() -> str:
    """Return the variables of the book's own style, in its light colours."""
    style = (ROOT / "book" / "_static" / "custom.css").read_text(encoding="utf-8")
    found = re.findall(r"(--ecg-[\w-]+):\s*([^;]+);", style)
    first = dict(reversed(found))  # the light colours come first
    return " ".join(f"{name}: {value};" for name, value in sorted(first.items()))


def write(number: int, folder: Path = TAKE_ALONG) -> Path:
    """Write the slides of a part, counted from 1, whole or not at all; return their path."""
    known = parts()
    if not 1 <= number <= len(known):
        raise ValueError(f"part is {number}; the course has parts 1 to {len(known)}")
    caption, chapters = known[number - 1]
    made = [slide(*one, place) for place, one in enumerate(slides(caption, chapters), start=1)]
    template = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    page = template.substitute(title=caption, colours=colours(), slides="\n".join(made))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}-slides-{number}.html"
    part = path.with_name(f"part-{path.name}")
    part.write_text(page, encoding="utf-8")
    os.replace(part, path)
    return path


def main() -> int:
    """Write the slides of the parts that are named, or of all."""
    asked = [int(word) for word in sys.argv[1:]] or range(1, len(parts()) + 1)
    for number in asked:
        print(f"The slides of part {number} are {write(number).as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
