"""Sphinx extension of this book: a chapter's links, for a notebook and for the page.

A chapter is read in the book, in Colab, in JupyterLab and where its code is hosted, and only the
book knows roles like {term}`lead`. So a notebook holds plain Markdown links to the published pages:

    [leads](https://…/book/glossary.html#term-lead)                a term
    ([Moody and Mark, 2001](https://…/book/bibliography.html#moody2001))   who says so
    [Moody and Mark (2001)](https://…/book/bibliography.html#moody2001)    the same, in a sentence
    [chapter 4](https://…/chapters/04_beat_to_image.html)          another page

When the book is built, `Links.roles` turns them into {term}`leads <lead>`, {cite:p}`moody2001`,
{cite:t}`moody2001` and [chapter 4](/chapters/04_beat_to_image.ipynb). `Links.plain` is the way
back, for authors: `tools/notebooks.py links` writes the long form of what they write short.
"""

import json
import re
from functools import cache
from pathlib import Path

import address
from pybtex.database import Entry, parse_file
from pybtex.plugin import find_plugin
from pybtex.richtext import Text
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.nodes import _make_id
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.template import year

logger = logging.getLogger(__name__)

GLOSSARY = "book/glossary"
BIBLIOGRAPHY = "book/bibliography"
DOI = "https://doi.org/"

ROLE = re.compile(r"\{([\w:+-]+)\}`([^`]+)`")
TITLED = re.compile(r"(.+?)\s*<(.+)>", re.DOTALL)
RELATIVE = re.compile(
    r"\]\((?:\.\./(?P<book>book/[\w/-]+)\.md|(?P<chapter>[\w-]+)\.ipynb)(?P<anchor>#[\w.-]+)?\)"
)
IN_A_SENTENCE = re.compile(r"\([^()]*\)$")


class BadLink(ValueError):
    """A link or role that leads nowhere, or that is not one of the forms above."""


class Links:
    """The links of a course's chapters.

    Parameters
    ----------
    root : Path
        The folder that holds `_config.yml`, `book` and `chapters`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.site = address.site(address.repository(root))
        self.terms = terms((root / f"{GLOSSARY}.md").read_text(encoding="utf-8"))
        self.references = references(root / "book" / "references.bib")
        reference = rf"\[([^\[\]]+)\]\({re.escape(self.page(BIBLIOGRAPHY))}#([\w.-]+)\)"
        self.reference = re.compile(reference)
        self.citation = re.compile(rf"\({reference}(?:,\s+{reference})*\)")
        self.link = re.compile(
            rf"\[(?P<text>[^\[\]]+)\]\({re.escape(self.site)}"
            r"(?P<page>[\w/-]+)\.html(?:#(?P<anchor>[\w.-]+))?\)"
        )

    def page(self, name: str) -> str:
        """Return the published address of a page, say `book/glossary`."""
        return f"{self.site}{name}.html"

    # --- from short to plain ---------------------------------------------------------------------

    def plain(self, text: str) -> str:
        """Return a cell's Markdown with plain links only, and the citations as references.bib is.

        Raises
        ------
        BadLink
            If there is no such term, reference or page, or the role has no plain form.
        """
        text = ROLE.sub(self.plain_role, text)
        text = RELATIVE.sub(self.plain_relative, text)
        text = self.reference.sub(
            lambda m: self.cited(m[2], bool(IN_A_SENTENCE.search(m[1]))), text
        )
        self.roles(text)  # which refuses what leads nowhere
        return text

    def plain_role(self, role: re.Match) -> str:
        """Return the link that takes a role's place."""
        name, content = role[1], " ".join(role[2].split())
        if name == "term":
            titled = TITLED.fullmatch(content)
            shown, term = titled.groups() if titled else (content, content)
            return f"[{shown}]({self.page(GLOSSARY)}#{self.anchor(term)})"
        if name == "cite:p":
            return f"({', '.join(self.cited(key.strip(), False) for key in content.split(','))})"
        if name == "cite:t":
            return self.cited(content, True)
        raise BadLink(f"{role[0]}: a chapter has the roles term, cite:p and cite:t, and links")

    def plain_relative(self, link: re.Match) -> str:
        """Return the end of a link that leads to another file of the course."""
        page = link["book"] or f"chapters/{link['chapter']}"
        return f"]({self.page(page)}{link['anchor'] or ''})"

    def anchor(self, term: str) -> str:
        """Return where a term stands in the glossary."""
        for anchor, known in self.terms.items():
            if known.lower() == term.lower():
                return anchor
        raise BadLink(f"{term!r} is not in the glossary")

    def cited(self, key: str, in_a_sentence: bool) -> str:
        """Return the link to a reference: `Moody and Mark, 2001`, or `Moody and Mark (2001)`."""
        authors, when = self.known(key)
        said = f"{authors} ({when})" if in_a_sentence else f"{authors}, {when}"
        return f"[{said}]({self.page(BIBLIOGRAPHY)}#{key})"

    def known(self, key: str) -> tuple[str, str]:
        """Return the authors and year of a reference."""
        if key not in self.references:
            raise BadLink(f"{key!r} is not in references.bib")
        return self.references[key]

    # --- from plain to roles ---------------------------------------------------------------------

    def roles(self, text: str) -> str:
        """Return a cell's Markdown as the book reads it: roles, and links from file to file.

        Raises
        ------
        BadLink
            If there is no such term, reference or page, or a citation has neither form.
        """
        text = self.citation.sub(self.citation_role, text)
        return self.link.sub(self.role, text)

    def citation_role(self, citation: re.Match) -> str:
        """Return the role for what stands in brackets; the text, if it is part of a sentence."""
        found = self.reference.findall(citation[0])
        if any(IN_A_SENTENCE.search(said) for said, _ in found):
            return citation[0]
        for _, key in found:
            self.known(key)
        return f"{{cite:p}}`{','.join(key for _, key in found)}`"

    def role(self, link: re.Match) -> str:
        """Return the role, or the link from file to file, for a link to a published page."""
        shown, page, anchor = link.group("text", "page", "anchor")
        if page == GLOSSARY and anchor:
            if anchor not in self.terms:
                raise BadLink(f"the glossary has no {anchor!r}: {link[0]}")
            return f"{{term}}`{shown} <{self.terms[anchor]}>`"
        if page == BIBLIOGRAPHY and anchor:
            self.known(anchor)
            if not IN_A_SENTENCE.search(shown):
                raise BadLink(f"a citation is ([Name, year](…)) or [Name (year)](…): {link[0]}")
            return f"{{cite:t}}`{anchor}`"
        for ending in (".ipynb", ".md"):
            if (self.root / f"{page}{ending}").is_file():
                return f"[{shown}](/{page}{ending}{'#' + anchor if anchor else ''})"
        raise BadLink(f"there is no page {page!r}: {link[0]}")


def terms(glossary: str) -> dict[str, str]:
    r"""Return the terms of the glossary's Markdown, each by the anchor that Sphinx gives it.

    Examples
    --------
    >>> terms("```{glossary}\n:sorted:\n\nAV node\n  A part of the heart.\n```")
    {'term-AV-node': 'AV node'}
    """
    inside = re.search(r"(?ms)^```\{glossary\}\n(.+?)^```", glossary)
    found = re.findall(r"(?m)^([^\s:].*)$", inside[1]) if inside else []
    return {_make_id(f"term-{term}"): term for term in found}


@cache
def references(path: Path) -> dict[str, tuple[str, str]]:
    """Return the authors and the year of every reference, by its key, as a page gives them."""
    entries: dict[str, Entry] = parse_file(str(path), "bibtex").entries
    style = AuthorYearReferenceStyle()
    people = style.person.author_or_editor_or_title(full=False)
    backend = find_plugin("pybtex.backends", "plaintext")()
    found = {}
    for key, entry in entries.items():
        data = {"entry": entry, "style": style}
        said = (Text(part.format_data(data)).render(backend) for part in (people, year))
        authors, when = (" ".join(part.split()) for part in said)
        found[key] = (authors, when)
    return found


def read_as_roles(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn the links of a chapter into roles; warn of one that leads nowhere."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    links: Links = app.links
    notebook = json.loads(source[0])
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "markdown":
            try:
                cell["source"] = links.roles("".join(cell["source"]))
            except BadLink as error:
                logger.warning("cell %d: %s", number, error, location=docname)
    source[0] = json.dumps(notebook)


def know_the_links(app: Sphinx) -> None:
    """Read the glossary and the references before the first page."""
    app.links = Links(Path(app.srcdir))


def in_the_register(app: Sphinx, uri: str) -> str | None:
    """Return where the link checker looks a DOI up: publishers refuse programs."""
    return f"{DOI}api/handles/{uri.removeprefix(DOI)}" if uri.startswith(DOI) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks."""
    app.connect("builder-inited", know_the_links)
    app.connect("source-read", read_as_roles)
    app.connect("linkcheck-process-uri", in_the_register)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
