"""Sphinx extension: the network that ships, beside the pages, and a small explorer of it.

The explorer of chapters 10 and 12 loads ``_static/network.js`` when a reader reaches it. That is
made here from the package's weights, in NumPy; no TensorFlow is started for it.
"""

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from written import when_written


class LiveNetwork(SphinxDirective):
    """The explorer `ecglab.explore.live_network`, such as on the front page.

    With the option ``small`` it shows the beat, its picture and the five bars only.
    """

    option_spec: ClassVar = {"small": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the explorer as HTML; elsewhere, as in print, there is nothing to drag."""
        from ecglab import explore  # late: most pages do without

        html = explore.live_network(small="small" in self.options).html()
        return [nodes.raw("", html, format="html")]


def write_network(app: Sphinx) -> None:
    """Write the network that ships beside the other static files, once the pages are written."""
    from ecglab import export

    export.write(export.shipped(), Path(app.outdir, "_static", "network.js"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the hook."""
    app.add_directive("live-network", LiveNetwork)
    when_written(app, write_network)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
