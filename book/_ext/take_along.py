"""Sphinx extension of this book: the files that a reader can take along.

``{take-along} *.pdf`` lists those that `tools/book.py` has laid into `_build/take-along`, each with
its size; where there is none, the directive shows its content instead. So no link is ever dead.
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from written import when_written

FOLDER = Path("_build", "take-along")
TARGET = "_static/take-along"
HIDDEN = (".from",)  # what a file was made from
KINDS = {".pdf": "PDF", ".zip": "zip file", ".html": "web page"}


def offered(root: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern that lie ready."""
    found = sorted((root / FOLDER).glob(pattern))
    return [path for path in found if path.suffix not in HIDDEN]


class TakeAlong(SphinxDirective):
    """A list of files to download; its content stands in where there are none."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the list for pages, and the content for everything else."""
        files = offered(Path(self.env.srcdir), self.arguments[0])
        otherwise = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, otherwise)
        if not files:
            return otherwise.children
        up = "../" * self.env.docname.count("/")
        items = [item(path, f"{up}{TARGET}/{path.name}") for path in files]
        listed = nodes.bullet_list("", *items, classes=["take-along"])
        return [
            addnodes.only("", listed, expr="html"),
            addnodes.only("", *otherwise.children, expr="not html"),
        ]


def item(path: Path, address: str) -> nodes.list_item:
    """Return a line of the list: a link to the file, its kind and size."""
    size = path.stat().st_size / 1e6
    link = nodes.reference("", path.name, refuri=address, internal=True)
    what = nodes.Text(f" ({KINDS[path.suffix]}, {size:.1f} MB)")
    return nodes.list_item("", nodes.paragraph("", "", link, what))


def copy_files(app: Sphinx) -> None:
    """Copy the files into the built site."""
    target = Path(app.outdir, TARGET)
    target.mkdir(parents=True, exist_ok=True)
    for path in offered(Path(app.srcdir), "*"):
        shutil.copyfile(path, target / path.name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the hook."""
    app.add_directive("take-along", TakeAlong)
    when_written(app, copy_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
