"""Sphinx extension: where the published book stands, and what its pages say of themselves.

The address follows from that of the repository, which stands in `_config.yml`. Canonical links,
the site map, social previews and the page for wrong addresses (404) need it; kept extensions
write them.
"""

from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

PREVIEW = Path("book", "_static", "social.png")
NOINDEX = '<meta name="robots" content="noindex">\n'


def site_of(repository: str) -> str:
    """Return the address at which GitHub Pages shows a repository, with a slash at its end.

    Raises
    ------
    ValueError
        If the address is not of the form ``https://github.com/OWNER/REPOSITORY``.

    Examples
    --------
    >>> site_of("https://github.com/ecglab/heartbeats")
    'https://ecglab.github.io/heartbeats/'
    >>> site_of("https://github.com/ecglab/ecglab.github.io")
    'https://ecglab.github.io/'
    """
    parts = urlsplit(repository)
    names = parts.path.strip("/").removesuffix(".git").split("/")
    if parts.scheme != "https" or parts.netloc != "github.com" or len(names) != 2:
        raise ValueError(f"repository {repository!r} is not https://github.com/OWNER/REPOSITORY")
    host = f"{names[0].lower()}.github.io"
    if names[1].lower() == host:
        return f"https://{host}/"
    return f"https://{host}/{names[1]}/"


def set_address(app: Sphinx, config: Config) -> None:
    """Tell Sphinx and the extensions where the book will stand."""
    try:
        site = site_of(config.html_theme_options["repository_url"])
    except ValueError as error:
        raise ExtensionError(str(error)) from None
    config.html_baseurl = site
    config.ogp_site_url = site
    config.ogp_site_name = config.html_title
    config.notfound_urls_prefix = urlsplit(site).path
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
