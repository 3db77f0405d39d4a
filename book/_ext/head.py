"""Sphinx extension: what pages say of themselves to search engines, and to who links to them.

Their address follows from that of the repository (`address.py`). Canonical links,
the site map, social previews and the page for wrong addresses (404) need it; kept extensions
write them.
"""

from pathlib import Path
from urllib.parse import urlsplit

from address import site
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

PREVIEW = Path("book", "_static", "social.png")
NOINDEX = '<meta name="robots" content="noindex">\n'


def set_address(app: Sphinx, config: Config) -> None:
    """Tell Sphinx and the extensions where the book will stand."""
    try:
        published = site(config.html_theme_options["repository_url"])
    except ValueError as error:
        raise ExtensionError(str(error)) from None
    config.html_baseurl = published
    config.ogp_site_url = published
    config.ogp_site_name = config.html_title
    config.notfound_urls_prefix = urlsplit(published).path
    if Path(app.srcdir, PREVIEW).is_file():
        config.ogp_image = f"_static/{PREVIEW.name}"


def hide(app: Sphinx, page: str, template: str, context: dict, tree: nodes.document) -> None:
    """Keep pages without a text of their own (search, index, 404) out of search engines."""
    if tree is None:
        context["metatags"] = context.get("metatags", "") + NOINDEX
        context["pageurl"] = None  # no canonical address either


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks."""
    app.connect("config-inited", set_address)
    app.connect("html-page-context", hide)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
