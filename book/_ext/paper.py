"""Sphinx extension of this book: what becomes of its pages on paper.

On a page of the site things fold, scroll and move. For LaTeX, and for nothing else, this module
leaves out the code that is folded (set-up, plotting, tests), sets solutions and answers at the end
of their chapter, makes tables of the data frames and still pictures of the explorers, and gives
the book its parts, its preface and its title page. `paper.sty` says how all of this looks.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import resvg_py
import yaml
from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter

OPENING = re.compile(r"\s*<details(?![^>]*deeper)")
SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
TITLE = re.compile(r"# @title (.+)\n")
NUMBER = re.compile(r"[-−+±\d.,:%\s\xa0]*|nan", re.IGNORECASE)
LETTERS = 92  # so many fit in a line of a table
SHORT = 12  # a column of so many is not broken into lines
EXPLORER = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)


def latex(text: str) -> nodes.raw:
    """Return a node that stands in the LaTeX file as it is."""
    return nodes.raw("", text, format="latex")


def with_class(parent: nodes.Element, name: str) -> list[nodes.container]:
    """Return the containers below a node that have a class."""
    return [node for node in parent.findall(nodes.container) if name in node["classes"]]


# --- code -------------------------------------------------------------------------------------


def leave_out_folded_code(document: nodes.Element) -> None:
    """Keep what folded cells show, not their code; nothing of the set-up."""
    for cell in with_class(document, "tag_setup"):
        cell.parent.remove(cell)
    for cell in with_class(document, "tag_hide-input"):
        for code in with_class(cell, "cell_input"):
            cell.remove(code)


def leave_out_dark_twins(document: nodes.document) -> None:
    """Paper is light: a picture for the dark theme would stand below its twin."""
    for picture in list(document.findall(nodes.image)):
        if "only-dark" in picture["classes"]:
            picture.parent.remove(picture)


def leave_out_empty_checks(document: nodes.Element) -> None:
    """Leave out what a check says of an exercise that nobody has answered yet."""
    for cell in with_class(document, "cell"):
        said = with_class(cell, "cell_output")
        if said and said[0].astext().startswith("Not answered yet"):
            cell.remove(said[0])


# --- outputs ----------------------------------------------------------------------------------


def bundles(document: nodes.Element) -> Iterator[tuple[nodes.container, str]]:
    """Yield each output that has several forms, with its HTML."""
    for bundle in list(document.findall(nodes.container)):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        for form in bundle.children:
            if form["mime_type"] == "text/html":
                yield bundle, form.astext()


def has_picture(bundle: nodes.container) -> bool:
    """Tell whether an output can be shown as a picture."""
    return any(form["mime_type"].startswith("image/") for form in bundle.children)


def caption_the_explorers(document: nodes.Element) -> None:
    """Set an explorer's caption below its picture; on paper nothing moves."""
    for bundle, html in bundles(document):
        caption = EXPLORER.search(html)
        if caption and has_picture(bundle):
            text = BeautifulSoup(caption[1], "html.parser").get_text()
            below = nodes.paragraph("", "", nodes.emphasis(text=f"On its page this moves. {text}"))
            place = bundle.parent.index(bundle) + 1
            bundle.parent[place:place] = [latex(r"\begin{paperstill}"), below]
            bundle.parent.insert(place + 2, latex(r"\end{paperstill}"))


def make_tables(document: nodes.Element) -> None:
    """Replace outputs that are HTML tables by tables of the book."""
    for bundle, html in bundles(document):
        found = BeautifulSoup(html, "html.parser").find("table")
        if found is not None and not has_picture(bundle):
            bundle.replace_self(table(found))


def shape_tables(document: nodes.Element) -> None:
    """Set a table in letters that let it fit; columns as wide as their words where that fits."""
    for one in list(document.findall(nodes.table)):
        rows = [[entry.astext() for entry in row.children] for row in one.findall(nodes.row)]
        columns = list(zip(*rows, strict=True))
        size = "footnotesize" if len(columns) > 5 else "small"
        place = one.parent.index(one)
        one.parent.insert(place, latex(rf"\begingroup\{size}"))
        one.parent.insert(place + 1, addnodes.tabular_col_spec(spec=kinds_of(columns)))
        one.parent.insert(place + 3, latex(r"\endgroup"))


def kinds_of(columns: list[tuple[str, ...]]) -> str:
    """Return LaTeX's letter for each column: right, left, or broken into lines."""
    widths = [max(map(len, column)) for column in columns]
    fits = sum(widths) + 3 * len(widths) < LETTERS
    letters = []
    for column, width in zip(columns, widths, strict=True):
        if fits or width <= SHORT:
            letters.append("r" if is_numbers(column[1:]) else "l")
        else:
            letters.append("L")
    return "".join(letters)


def is_numbers(texts: tuple[str, ...]) -> bool:
    """Tell whether a column holds numbers and nothing else."""
    return all(NUMBER.fullmatch(text) for text in texts)


def table(found: Tag) -> nodes.table:
    """Return an HTML table as a table of the book."""
    rows = [cells(row) for row in found.find_all("tr")]
    width = max(len(row) for row in rows)
    group = nodes.tgroup(cols=width)
    group += [nodes.colspec(colwidth=1) for _ in range(width)]
    body = found.find("tbody") or found
    count = len(rows) - len(body.find_all("tr"))
    head, rest = nodes.thead(), nodes.tbody()
    head += [filled(row, width) for row in rows[:count]]
    rest += [filled(row, width) for row in rows[count:]]
    group += [part for part in (head, rest) if part.children]
    whole = nodes.table(classes=["dataframe"])
    whole += group
    return whole


def cells(row: Tag) -> list[str]:
    """Return the texts of a row; a cell that spans several columns leaves the others empty."""
    texts: list[str] = []
    for cell in row.find_all(["th", "td"]):
        blanks = int(cell.get("colspan", 1)) - 1
        texts += [cell.get_text(" ", strip=True), *[""] * blanks]
    return texts


def filled(texts: list[str], width: int) -> nodes.row:
    """Return a row of so many cells; what is missing is missing on the left."""
    row = nodes.row()
    for text in [*[""] * (width - len(texts)), *texts]:
        row += nodes.entry("", nodes.paragraph(text=text))
    return row


# --- solutions and answers ----------------------------------------------------------------------


class Answers:
    """The solutions and answers of one page, taken from their places."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken: list[nodes.Node] = []
        self.count = 0

    def take(self, place: nodes.Node, title: str, content: list[nodes.Node]) -> None:
        """Move the content to the end of the page; leave the number of its page instead."""
        self.count += 1
        label = f"answer:{self.name}:{self.count}"
        link = "Answer" if title.startswith("Question") else escaped(title)
        place.replace_self(latex(rf"\paperlink{{{label}}}{{{link}}}"))
        self.taken += [latex(rf"\paperanswer{{{label}}}{{{escaped(title)}}}"), *content]

    def section(self) -> nodes.section:
        """Return a section with all of them, in small type."""
        heading = nodes.title(text="Solutions and answers")
        whole = nodes.section("", heading, ids=[f"answers-{nodes.make_id(self.name)}"])
        whole += [latex(r"\begin{paperanswers}"), *self.taken, latex(r"\end{paperanswers}")]
        return whole


def escaped(text: str) -> str:
    """Return plain text as LaTeX reads it."""
    return re.sub(r"([%&#_$])", r"\\\1", text)


def take_solutions(page: nodes.Element, answers: Answers) -> None:
    """Take the solutions of the exercises, in the order in which they stand."""
    for cell in with_class(page, "tag_solution"):
        code = next(cell.findall(nodes.literal_block))
        title = TITLE.match(code.astext())
        shown = code.astext()[title.end() :] if title else code.astext()
        code.replace_self(nodes.literal_block(shown, shown, language=code["language"]))
        named = title[1] if title else "Solution"
        answers.take(cell, named, [cell.deepcopy()])


def take_folds(page: nodes.Element, answers: Answers) -> None:
    """Take what stands between `<details>` and `</details>`."""
    for opening in list(page.findall(nodes.raw)):
        if opening["format"] != "html" or not OPENING.match(opening.astext()):
            continue
        parent = opening.parent
        first = parent.index(opening)
        last = closing(parent, first)
        content = parent.children[first + 1 : last]
        title = title_of(opening)
        del parent[first + 1 : last + 1]
        answers.take(opening, title, content)


def closing(parent: nodes.Element, first: int) -> int:
    """Return the place of the node that closes a fold."""
    for place in range(first + 1, len(parent)):
        node = parent[place]
        if isinstance(node, nodes.raw) and "</details>" in node.astext():
            return place
    raise ValueError(f"no </details> follows {parent[first].astext()!r}")


def title_of(opening: nodes.raw) -> str:
    """Return the summary of a fold; for `Answer`, the name of the question before it."""
    summary = SUMMARY.search(opening.astext())
    text = summary[1].strip() if summary else "Answer"
    if text != "Answer":
        return text
    before = opening.parent.children[: opening.parent.index(opening)]
    bold = [strong for node in before for strong in node.findall(nodes.strong)]
    question = bold[-1].astext().strip(".") if bold else ""
    return f"Question {question}" if question.isdigit() else question or text


def set_answers_last(document: nodes.Element) -> None:
    """Set the solutions and answers of each page at its end."""
    for page in list(document.findall(addnodes.start_of_file)):
        if next(page.findall(addnodes.start_of_file), None) not in (None, page):
            continue
        answers = Answers(page["docname"])
        take_solutions(page, answers)
        take_folds(page, answers)
        if answers.taken:
            next(page.findall(nodes.section)).append(answers.section())


# --- parts and preface --------------------------------------------------------------------------


def remember_captions(app: Sphinx, document: nodes.document) -> None:
    """Keep the caption of each list of contents: it is a part of the book on paper."""
    for contents in document.findall(addnodes.toctree):
        contents.parent["caption"] = contents.get("caption")


def make_parts(document: nodes.document) -> None:
    """Make a part of each list of contents, and a preface of the front page."""
    front = next(document.findall(nodes.section))
    lists = [node for node in front.findall(nodes.compound) if node.get("caption")]
    for one in lists:
        one.parent.remove(one)
    preface = [node for node in front.children if not isinstance(node, nodes.title)]
    del front[1:]
    front += latex(r"\paperpreface{About this course}")
    front += [part for node in preface for part in flattened(node, 1)]
    for one in lists:
        caption = one["caption"]
        front += nodes.section("", nodes.title(text=caption), one, ids=[nodes.make_id(caption)])


def flattened(node: nodes.Node, depth: int) -> Iterator[nodes.Node]:
    """Yield what a section holds, its headings without a number and out of the contents."""
    if not isinstance(node, nodes.section):
        yield node
        return
    yield nodes.target("", "", ids=node["ids"])
    command = "section" if depth == 1 else "subsection"
    yield latex(rf"\{command}*{{{escaped(node[0].astext())}}}")
    for child in node.children[1:]:
        yield from flattened(child, depth + 1)


class Paper(SphinxPostTransform):
    """All of this, once the pages are one document and before their outputs are chosen."""

    default_priority = 3
    formats = ("latex",)

    def run(self, **kwargs: Any) -> None:
        """Change the document."""
        leave_out_folded_code(self.document)
        leave_out_dark_twins(self.document)
        leave_out_empty_checks(self.document)
        caption_the_explorers(self.document)
        make_tables(self.document)
        shape_tables(self.document)
        set_answers_last(self.document)
        make_parts(self.document)


class Drawing(ImageConverter):
    """LaTeX reads no SVG: it gets the drawing as a picture of three times its size."""

    conversion_rules: ClassVar = [("image/svg+xml", "image/png")]

    def is_available(self) -> bool:
        """Return True: the package is one of the book's own."""
        return True

    def convert(self, _from: str, _to: str) -> bool:
        """Write the picture."""
        # At 96 dots an inch: without them a width in points is nothing.
        drawn = resvg_py.svg_to_bytes(svg_path=str(_from), dpi=96, zoom=3, background="white")
        Path(_to).write_bytes(drawn)
        return True


# --- title page ---------------------------------------------------------------------------------

# A beat as five bumps: seconds after the R peak, seconds wide, height in mV.
BUMPS = (
    (-0.17, 0.025, 0.15),
    (-0.03, 0.009, -0.12),
    (0.0, 0.010, 1.15),
    (0.03, 0.010, -0.28),
    (0.28, 0.050, 0.33),
)


def voltage(time: float) -> float:
    """Return the voltage in mV, so many seconds after an R peak."""
    return sum(high * math.exp(-(((time - at) / wide) ** 2) / 2) for at, wide, high in BUMPS)


def trace(beats: int = 8, interval: float = 0.8, step: float = 0.004) -> str:
    """Return drawn beats as points in millimetres: 25 mm a second, 10 mm a mV."""
    times = [index * step for index in range(round(beats * interval / step))]
    phases = [(time % interval) - 0.3 for time in times]
    pairs = zip(times, phases, strict=True)
    return " ".join(f"({25 * time:.2f},{10 * voltage(phase):.2f})" for time, phase in pairs)


def set_title_page(app: Sphinx, config: Config) -> None:
    """Give LaTeX the title page, with the version that is cited and the place on the web."""
    cited = yaml.safe_load(Path(app.srcdir, "CITATION.cff").read_text(encoding="utf-8"))
    title, subtitle = (part.strip() for part in cited["title"].split(":"))
    subtitle = subtitle[0].upper() + subtitle[1:]
    by, version, place = cited["authors"][0]["name"], cited["version"], cited["repository-code"]
    page = rf"\papertitle{{{title}}}{{{subtitle}}}{{{by}}}{{{version}}}{{{place}}}"
    config.latex_elements["maketitle"] = page
    config.latex_elements["preamble"] += rf"\newcommand{{\papertrace}}{{{trace()}}}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks."""
    app.add_post_transform(Paper)
    app.add_post_transform(Drawing)
    app.connect("config-inited", set_title_page)
    app.connect("doctree-read", remember_captions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
