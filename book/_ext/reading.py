"""Sphinx extension: pages that read well, on a phone, in the dark, on paper and read aloud.

A figure gets its number and its caption, and leads to its picture at full size. Its class says
what a reader's screen may do with it: a long strip of ECG paper keeps its scale and scrolls, a line
drawing turns dark with the page. A table scrolls inside a frame of its own, and no header of it is
empty. What can only be known in the browser, `_static/reading.js` does: whether a frame scrolls.
"""

import base64
import hashlib
import html
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import numpy as np
from chapter import Chapter, captions, figures
from docutils import nodes
from picture_size import size_of
from PIL import Image
from sphinx.application import Sphinx

RESULTS = "book/results"
SMALL = 300  # pixels; what is not as wide is a mark, not a figure
DOTS_A_MM = 6  # of strips longer than 5 s, as `ecglab.plot` draws them
STRIP = 1250  # pixels; with six dots a millimetre, more than eight seconds

# Sphinx makes a link of a picture whose width is set: the figure's own link takes its place.
IMAGE = re.compile(
    r'(?:<p>)?(?P<link><a class="[^"]*\bimage-reference\b[^>]*>)?'
    r'(?P<picture><img [^>]*?src="(?P<address>[^"]+\.png)"[^>]*?>)(?(link)\s*</a>)(?:</p>)?'
)
TABLE = re.compile(r'<table (?:[^>]*class="dataframe"|id="T_)[^>]*>.*?</table>', re.DOTALL)
EMPTY_HEADER = re.compile(r"<th\b([^>]*)>(?:\s|<p>|</p>|&nbsp;|&#160;)*</th>")
STORED = re.compile(
    r'<div class="cell_output docutils container">\s*'
    r'<div class="output text_plain[^>]*><div class="highlight"><pre><span></span>'
    r"Not answered yet: [^<]*</pre></div>\s*</div>\s*</div>"
)


def is_drawing(pixels: np.ndarray) -> bool:
    """Tell whether a picture is lines on white, whose colours may be turned round.

    Pink lines of ECG paper and pictures of beats keep their colours: there they mean something.

    Examples
    --------
    >>> white = np.full((4, 4, 3), 255, np.uint8)
    >>> is_drawing(white), is_drawing(white // 2)
    (True, False)
    """
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    white = pixels.min(axis=-1) > 250
    pink = (red > 220) & (red - green > 20) & (abs(green - blue) < 8)
    return bool(white.mean() > 0.6 and pink.mean() < 0.01)


def look(path: Path) -> tuple[str, str]:
    """Return the classes and the style of a picture's figure; empty if it is only a mark."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    width, _ = size_of(path)
    if width < SMALL:
        return "", ""
    if width > STRIP and not is_drawing(pixels):
        return "ecg-figure ecg-strip", f' style="--mm: {width / DOTS_A_MM:.0f}"'
    return "ecg-figure ecg-drawing" if is_drawing(pixels) else "ecg-figure", ""


def by_picture(notebook: Path) -> dict[str, str]:
    """Return the captions of a notebook's figures, by the SHA-256 of the picture.

    So each finds its figure, wherever on the page that is.
    """
    found = {}
    for cell in Chapter(notebook).cells:
        for figure, caption in zip(figures(cell), captions(cell), strict=False):
            picture = base64.b64decode(figure)
            found[hashlib.sha256(picture).hexdigest()] = caption
    return found


def number_figures(body: str, chapter: str, sources: dict[str, str], said: dict[str, str]) -> str:
    """Give the pictures of a page numbers and captions; lead from each to itself at full size.

    `sources` maps the last part of a picture's address to its file, `said` the SHA-256 of that
    file to its caption.
    """
    count = 0

    def numbered(found: re.Match) -> str:
        nonlocal count
        address = found["address"]
        path = sources.get(unquote(PurePosixPath(address).name))
        classes, style = look(Path(path)) if path else ("", "")
        if not classes:
            return found[0]
        count += 1
        name = f"{chapter}.{count}" if chapter else f"{count}"
        anchor = f"figure-{name.replace('.', '-')}"
        caption = said.get(hashlib.sha256(Path(path).read_bytes()).hexdigest(), "")
        below = f'<span class="ecg-number">Figure {name}</span> {html.escape(caption)}'
        link = f'<a href="{address}" title="Full size">{found["picture"]}</a>'
        return (
            f'<figure class="{classes}" id="{anchor}"{style}>'
            f'<div class="ecg-wide">{link}</div>'
            f"<figcaption>{below.strip()}</figcaption></figure>"
        )

    return IMAGE.sub(numbered, body)


def frame_tables(body: str) -> str:
    """Put each table of an output into a frame that scrolls; no header cell stays empty."""
    body = TABLE.sub(lambda table: f'<div class="ecg-wide">{table[0]}</div>', body)
    return EMPTY_HEADER.sub(r"<td\1></td>", body)


def fold_results(app: Sphinx, doctree: nodes.document) -> None:
    """Leave each experiment's finding and figure in sight, and fold how it came about."""
    if app.env.docname != RESULTS or app.builder.format != "html":
        return
    opening = '<details class="ecg-long"><summary>Show the whole experiment</summary>'
    (page,) = (node for node in doctree.children if isinstance(node, nodes.section))
    for section in page.children:
        if not isinstance(section, nodes.section) or not _is_of_an_experiment(section):
            continue
        figure = next((one for one in section.children if isinstance(one, nodes.image)), None)
        if figure is not None:
            section.remove(figure)
            section.insert(2, figure)
        section.insert(3 if figure is not None else 2, nodes.raw("", opening, format="html"))
        section.append(nodes.raw("", "</details>", format="html"))


def _is_of_an_experiment(section: nodes.section) -> bool:
    """Tell whether a section's title begins with the name of an experiment, set as code."""
    title = section.next_node(nodes.title)
    return isinstance(title.children[0], nodes.literal)


def free_outputs(app: Sphinx, doctree: nodes.document) -> None:
    """Let outputs' pictures shrink with the page: a notebook says how large they are at most."""
    for output in doctree.findall(nodes.container):
        if "cell_output" not in output["classes"]:
            continue
        for picture in output.findall(nodes.image):
            picture.attributes.pop("width", None)
            picture.attributes.pop("height", None)


def mend_bibliography(body: str) -> str:
    """Give the entries of the bibliography the role that the items of a list have."""
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def shape_page(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Change the text of a page just before its template takes it."""
    if app.builder.format != "html" or not context.get("body"):
        return
    chapter = re.match(r"chapters/0?(\d+)_", pagename)
    sources = {name: str(Path(app.srcdir, source)) for source, name in app.builder.images.items()}
    body = frame_tables(mend_bibliography(context["body"]))
    notebook = Path(app.srcdir, f"{pagename}.ipynb")
    said = by_picture(notebook) if notebook.exists() else {}
    body = number_figures(body, chapter[1] if chapter else "", sources, said)
    context["body"] = STORED.sub("", body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook and the script."""
    app.add_js_file("reading.js", loading_method="defer")
    app.connect("doctree-read", fold_results)
    app.connect("doctree-read", free_outputs)
    app.connect("html-page-context", shape_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
