"""Sphinx extension: the theme's icons stand in the pages as they are drawn.

The theme sends a script of 1.5 MB with two thousand icons, of which the book shows some twenty.
The same script is asked here for those, while the book is built, and left out of the pages.
"""

import re
from functools import cache
from html import escape
from pathlib import Path

from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from written import rewrite, when_written

SCRIPT = Path("_static", "scripts", "fontawesome.js")
TAG = re.compile(r"<script [^>]*scripts/fontawesome\.js[^>]*></script>\n?")
ICON = re.compile(
    r'<(?P<tag>i|span)\b(?P<attributes>[^>]*\bclass="'
    r'(?P<names>[^"]*\bfa(?:[srb]|-solid|-regular|-brands) [^"]*)"[^>]*)>\s*</(?P=tag)>'
)
SIZES = ("fa-lg", "fa-sm", "fa-xs", "fa-fw")
STYLES = {"fa-solid": "fas", "fa-regular": "far", "fa-brands": "fab"}


@cache
def engine(script: Path) -> MiniRacer:
    """Return a JavaScript engine that has read the theme's icons."""
    running = MiniRacer()
    running.eval("globalThis.window = globalThis;")
    running.eval(script.read_text(encoding="utf-8"))
    return running


@cache
def shape(script: Path, style: str, name: str) -> tuple[int, int, str]:
    """Return an icon's width, height and path; `style` is ``fas``, ``far`` or ``fab``."""
    where = f"___FONT_AWESOME___.styles.{style}[{name!r}]"
    running = engine(script)
    if running.eval(f"typeof {where}") == "undefined":
        raise ExtensionError(f"the theme has no icon {name!r} in the style {style!r}")
    width, height = (int(running.eval(f"{where}[{i}]")) for i in (0, 1))
    return width, height, running.eval(f"[{where}[4]].flat().join(' ')")


def drawn(script: Path, icon: re.Match) -> str:
    """Return as SVG what the theme's script would make of an element ``<i class="fa…">``."""
    names = icon["names"].split()
    style = next(STYLES.get(name, name) for name in names if name in (*STYLES, *STYLES.values()))
    found = next(n for n in names if n.startswith("fa-") and n not in (*STYLES, *SIZES))
    width, height, path = shape(script, style, found.removeprefix("fa-"))
    kept = [n for n in names if n not in (*STYLES, *STYLES.values())]  # as the script does
    title = re.search(r'\btitle="([^"]*)"', icon["attributes"])
    mode = re.search(r'\bdata-mode="[^"]*"', icon["attributes"])
    inside = f"<title>{title[1]}</title>" if title else ""
    said = 'role="img"' if title else 'aria-hidden="true"'
    return (
        f'<svg class="svg-inline--fa {escape(" ".join(kept))}" {mode[0] if mode else ""} {said} '
        f'focusable="false" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'{inside}<path fill="currentColor" d="{path}"/></svg>'
    )


def draw_icons(app: Sphinx) -> None:
    """Draw every icon of every page; nothing needs the script and the fonts any more."""
    script = Path(app.outdir, SCRIPT)
    rewrite(
        Path(app.outdir),
        lambda html: ICON.sub(lambda icon: drawn(script, icon), TAG.sub("", html)),
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    when_written(app, draw_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
