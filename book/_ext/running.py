"""Sphinx extension of this book: what it takes to run a chapter, and where to.

The table of times and memory comes from the notebooks, where `make execute` writes what
it measured.
"""

from pathlib import Path

import chapter
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ChapterRuns(SphinxDirective):
    """A table of all chapters with the time and the memory of a run: ``{chapter-runs}``."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        lines = ["| chapter | time to run | most memory |", "|---|--:|--:|"]
        for path in chapter.paths(Path(self.env.srcdir)):
            self.env.note_dependency(str(path))
            one = chapter.Chapter(path)
            seconds, megabytes = one.last_run
            link = f"[{one.title}](/chapters/{path.name})"
            lines.append(f"| {link} | {seconds:.0f} s | {megabytes / 1000:.1f} GB |")
        container = nodes.container(classes=["chapter-runs"])
        self.state.nested_parse(StringList(lines, self.env.docname), 0, container)
        return [container]


def colab_first(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    """Put Colab above Binder under the rocket: it starts sooner and has more memory."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            group["buttons"].sort(key=lambda button: button["text"] != "Colab")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the hook."""
    app.add_directive("chapter-runs", ChapterRuns)
    app.connect(
        "html-page-context", colab_first, priority=900
    )  # once the theme's buttons are there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
