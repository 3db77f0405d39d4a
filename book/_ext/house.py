"""Sphinx extension of this book: what its pages are made of beyond Jupyter Book.

No chapter with a failed cell is shown; sections that go deeper are folded; the summaries of a part
stand on one page; a reader may mark chapters as done.
"""

import json
from pathlib import Path

import contents
from chapter import Chapter
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from links import Links
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


def warn_of_failed_cells(app: Sphinx, docname: str, source: list[str]) -> None:
    """Warn of each cell whose stored output is an error; with -W the build then fails."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    for number, cell in enumerate(json.loads(source[0])["cells"], start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                logger.warning(
                    "cell %d failed: %s: %s",
                    number,
                    output["ename"],
                    output["evalue"],
                    location=docname,
                )


def fold_what_goes_deeper(app: Sphinx, doctree: nodes.document) -> None:
    """Fold each section whose title begins with `Go deeper`; its title stays in sight."""
    for section in doctree.findall(nodes.section):
        if section[0].astext().startswith("Go deeper"):
            opening = '<details class="deeper"><summary>Show this section</summary>'
            section.insert(1, nodes.raw("", opening, format="html"))
            section.append(nodes.raw("", "</details>", format="html"))


class PartSummary(SphinxDirective):
    """The summaries of a part's chapters, one below the other: ``{part-summary} 1``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a heading and a list for each chapter of the part."""
        number = directives.positive_int(self.arguments[0])
        root = Path(self.env.srcdir)
        _, paths = contents.parts(root)[number - 1]
        links = Links(root)
        lines: list[str] = []
        for path in paths:
            self.env.note_dependency(str(path))
            chapter = Chapter(path)
            summary = links.roles(chapter.summary).splitlines()
            lines += [f"**[{chapter.title}](/chapters/{path.name})**", "", *summary, ""]
        container = nodes.container(classes=["part-summary"])
        self.state.nested_parse(StringList(lines, self.env.docname), 0, container)
        return [container]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks and the directive."""
    # Jupyter Book sets this for sphinx_comments, which this book leaves out.
    app.add_config_value("comments_config", {}, "html")
    app.add_directive("part-summary", PartSummary)
    app.add_js_file("progress.js", loading_method="defer")
    app.connect("doctree-read", fold_what_goes_deeper)
    app.connect("source-read", warn_of_failed_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
