"""Sphinx extension: a page loads what its first screen shows, and the rest when it is needed.

An explorer stands in a page as its picture at rest. What moves it, its data and its script, lies
in a file of its own, which `_static/explorers.js` loads when a reader comes near: a script file,
because a page opened from a folder (``file://``) may load nothing else. Pictures know their size
and wait until they are near. The search index is loaded by the search page alone.
"""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from picture_size import size_of
from sphinx.application import Sphinx
from written import when_written

FOLDER = "_explorers"
FIGURE = re.compile(
    r'<figure class="ecg-explorer" data-explorer="(?P<name>\w+)">(?P<still>.*?)'
    r'<script type="application/json">(?P<values>.*?)</script>\s*</figure>\s*'
    r"<style>(?P<style>.*?)</style>\s*"
    r'<script type="module">(?P<script>.*?)</script>',
    re.DOTALL,
)
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
IMAGE = re.compile(r"<img\b([^>]*?)\s*/?>")
SEARCH = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
)

# What a file of `_explorers` holds. The explorer's own script ends with `start(name, widget)`.
LATER = """(() => {
"use strict";
const here = document.querySelector('figure[data-later="%(key)s"]');
const values = document.createElement("script");
values.type = "application/json";
values.textContent = %(values)s;
here.append(values);
here.dataset.explorer = "%(name)s";
%(script)s})();
"""


def write_beside(out: Path, folder: str, content: bytes, suffix: str) -> str:
    """Write a file named by its content; return its address from the top of the site."""
    name = hashlib.sha256(content).hexdigest()[:16] + suffix
    path = out / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f"{folder}/{name}"


def take_out_explorers(html: str, out: Path, up: str) -> str:
    """Move the scripts, the data and the pictures of a page's explorers into files."""
    count, styles = 0, set()

    def picture(found: re.Match) -> str:
        return up + write_beside(out, "_images", base64.b64decode(found[1]), ".png")

    def take_out(found: re.Match) -> str:
        nonlocal count
        count += 1
        parts = found.groupdict() | {"key": f"{found['name']}-{count}"}
        parts["values"] = json.dumps(found["values"])
        address = write_beside(out, FOLDER, (LATER % parts).encode(), ".js")
        style = "" if found["style"] in styles else f"\n<style>{found['style']}</style>"
        styles.add(found["style"])
        still = PICTURE.sub(picture, found["still"])
        opening = f'<figure class="ecg-explorer" data-later="{parts["key"]}"'
        return f'{opening} data-script="{up}{address}">{still}</figure>{style}'

    return FIGURE.sub(take_out, html)


def size_images(html: str, page: Path) -> str:
    """Give each picture its size in pixels, and let it wait until it is near."""

    def sized(found: re.Match) -> str:
        attributes = found[1]
        source = re.search(r'\bsrc="([^"]+)"', attributes)
        if source is None or source[1].startswith(("data:", "/", "http")):
            return found[0]
        path = page.parent / unquote(urlsplit(source[1]).path)
        if not re.search(r"\s(?:width|height)=", attributes):
            width, height = size_of(path)
            attributes += f' width="{width}" height="{height}"'
        if "loading=" not in attributes:
            attributes += ' loading="lazy" decoding="async"'
        return f"<img{attributes}/>"

    return IMAGE.sub(sized, html)


def lighten(app: Sphinx) -> None:
    """Make every page lighter once all are written."""
    out = Path(app.outdir)
    for page in sorted(out.rglob("*.html")):
        inside = page.relative_to(out)
        if inside.parts[0] == "_static":
            continue
        html = page.read_text(encoding="utf-8")
        html = take_out_explorers(html, out, "../" * (len(inside.parts) - 1))
        html = size_images(html, page)
        if inside.name != "search.html":
            html = SEARCH.sub("", html)
        page.write_text(html, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook and the script that loads explorers."""
    app.add_js_file("explorers.js", loading_method="defer")
    when_written(app, lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
