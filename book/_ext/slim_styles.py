"""Sphinx extension: of the theme's rules of style, those that no page of the book uses go.

The theme and its parts bring 500 KB of rules for everything that somebody may want. A rule goes
when it needs a class that is in no page and in no script of the built book. The fonts of icons
keep the few characters that the rules that stay ask for.
"""

import re
from pathlib import Path

import tinycss2
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from written import when_written

SHEETS = ("styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css")
SHEETS += ("sphinx-design.min.css", "mystnb.*.css")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
NEGATED = re.compile(r":not\([^()]*(?:\([^()]*\)[^()]*)*\)")
WORD = re.compile(r"[\w-]+")
CHARACTER = re.compile("[\ue000-\uf8ff]")  # icons lie where Unicode has nothing
WOFF = re.compile(r"url\([^()]*\.woff2\) ?format\([^()]*\),")
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


def slim_fonts(out: Path) -> None:
    """Cut the fonts of icons down to what the sheets name, in the one form that they keep."""
    sheets = [path.read_text(encoding="utf-8") for path in Path(out, "_static").rglob("*.css")]
    named = {ord(character) for sheet in sheets for character in CHARACTER.findall(sheet)}
    options = Options(layout_features=[], name_IDs=[1, 2], notdef_outline=True, hinting=False)
    for path in Path(out, "_static", "vendor").rglob("*.ttf"):
        with TTFont(path) as font:
            subsetter = Subsetter(options)
            subsetter.populate(unicodes=named)
            subsetter.subset(font)
            font.save(path)
        path.with_suffix(".woff2").unlink(missing_ok=True)


def slim(app: Sphinx) -> None:
    """Rewrite the theme's sheets once every page and every script is there."""
    words = words_of(Path(app.outdir))
    for pattern in SHEETS:
        for sheet in Path(app.outdir, "_static").glob(pattern):
            rules = tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), True, True)
            sheet.write_text(WOFF.sub("", kept(rules, words)), encoding="utf-8")
    slim_fonts(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook, to run after those that change pages."""
    when_written(app, slim, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
