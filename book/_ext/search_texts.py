"""Sphinx extension: the search page shows excerpts without asking for the pages it found.

Sphinx's script fetches each page that it found, which a browser refuses when the book is opened
from a folder. The texts are kept beside the search index, and `_static/search_page.js` hands them
to that script.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from written import when_written

Sections = dict[str, str]


def name_of(block: nodes.Element) -> str:
    """Return the name of the section or of the glossary's term that a block belongs to."""
    node = block
    while node.parent is not None:
        owner = node[0] if isinstance(node, nodes.definition_list_item) else node
        if isinstance(owner, nodes.term | nodes.section) and owner["ids"]:
            return owner["ids"][0]
        node = node.parent
    return ""


def sections_of(tree: nodes.document) -> Sections:
    """Return the prose of each section of a page, by the name that links to it."""
    found: dict[str, list[str]] = {}
    for block in tree.findall(nodes.TextElement):
        if not isinstance(block, nodes.Inline | nodes.comment | nodes.FixedTextElement):
            found.setdefault(name_of(block), []).append(" ".join(block.astext().split()))
    return {name: " ".join(texts) for name, texts in found.items()}


def keep(app: Sphinx, page: str, template: str, context: dict, tree: nodes.document) -> None:
    """Keep a page's text; give the search page its script."""
    if tree is not None:
        app.env.search_texts[page] = sections_of(tree)
    elif page == "search":
        app.add_js_file("search_page.js")


def start(app: Sphinx) -> None:
    """Begin without texts."""
    app.env.search_texts = {}


def write(app: Sphinx) -> None:
    """Write the texts as a script, since a page opened from a folder may load nothing else."""
    texts = json.dumps(app.env.search_texts, ensure_ascii=False)
    path = Path(app.outdir, "_static", "search_texts.js")
    path.write_text(f"const SEARCH_TEXTS = {texts};\n", encoding="utf-8")
    del app.env.search_texts


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks."""
    app.connect("builder-inited", start)
    app.connect("html-page-context", keep)
    when_written(app, write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
