"""Sphinx extension: of the theme's rules of style, those that no page of the book uses go.

The theme and its parts bring 500 KB of rules for everything that somebody may want. A rule goes
when it needs a class that is in no page and in no script of the built book.
"""

import re
from pathlib import Path

import tinycss2
from sphinx.application import Sphinx

SHEETS = ("styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css")
SHEETS += ("sphinx-design.min.css", "mystnb.*.css")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
NEGATED = re.compile(r":not\([^()]*(?:\([^()]*\)[^()]*)*\)")
WORD = re.compile(r"[\w-]+")
# Bootstrap's script puts these names together from parts.
COMPOSED = ("bs-", "tooltip", "popover", "collaps", "dropdown", "modal")


def words_of(out: Path) -> set[str]:
    """Return every word of the pages and the scripts: more than all their classes."""
    found: set[str] = set()
    for pattern in ("*.html", "*.js"):
        for path in out.rglob(pattern):
            if path.name not in ("searchindex.js", "fontawesome.js"):
                found.update(WORD.findall(path.read_text(encoding="utf-8")))
    return found


def is_used(selectors: str, words: set[str]) -> bool:
    """Tell whether one of a rule's selectors may match something."""
    for selector in NEGATED.sub("", selectors).split(","):
        names = [name.replace("\\", "") for name in CLASS.findall(selector)]
        if all(name in words or name.startswith(COMPOSED) for name in names):
            return True
    return False


def kept(rules: list, words: set[str]) -> str:
    """Return the rules that may match something, as text."""
    texts = []
    for rule in rules:
        if rule.type == "qualified-rule":
            if is_used(tinycss2.serialize(rule.prelude), words):
                texts.append(rule.serialize())
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media":
            inside = kept(tinycss2.parse_rule_list(rule.content, True, True), words)
            if inside:
                texts.append(f"@media{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        elif rule.type != "comment":
            texts.append(rule.serialize())
    return "".join(texts)


def slim(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the theme's sheets once every page and every script is there."""
    if exception is not None or app.builder.format != "html":
        return
    words = words_of(Path(app.outdir))
    for pattern in SHEETS:
        for sheet in Path(app.outdir, "_static").glob(pattern):
            rules = tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), True, True)
            sheet.write_text(kept(rules, words), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook, to run after those that change pages."""
    app.connect("build-finished", slim, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
