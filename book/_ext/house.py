"""Sphinx extension of this book: local mathematics, and no chapter with a failed cell.

MathJax comes from the package django-static-mathjax, which holds its plain files; what the pages
need of it is copied into the built site, so that a reader's browser asks no other host.
"""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

MATHJAX = ("tex-svg-full.js",)


def mathjax_folder() -> Path:
    """Return the folder of MathJax's files inside the installed package."""
    package = find_spec("mathjax")
    if package is None or not package.submodule_search_locations:
        raise ExtensionError(
            "django-static-mathjax is not installed: pip install -r requirements.txt"
        )
    return Path(package.submodule_search_locations[0], "static", "mathjax", "es5")


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Copy MathJax beside the other static files once the pages are written."""
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "mathjax")
    target.mkdir(parents=True, exist_ok=True)
    for name in MATHJAX:
        shutil.copyfile(mathjax_folder() / name, target / name)


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


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the two hooks."""
    # Jupyter Book sets this for sphinx_comments, which this book leaves out.
    app.add_config_value("comments_config", {}, "html")
    app.connect("source-read", warn_of_failed_cells)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
