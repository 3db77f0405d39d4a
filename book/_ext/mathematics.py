"""Sphinx extension: formulae are drawn while the book is built, so that a page needs no script.

MathJax draws them as SVG, with MathML beside it for those who listen to a page. Its plain files
come with the package django-static-mathjax; mini-racer runs them, without a browser or Node.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

# In this order: each builds on those before it.
PARTS = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/svg.js",
    "output/svg/fonts/tex.js",
    "a11y/assistive-mml.js",
)

# `MathJax._` has what the parts export. An unknown command is an error, and no red text.
PRESS = """
const { TeX } = MathJax._.input.tex_ts;
const { SVG } = MathJax._.output.svg_ts;
const adaptor = MathJax._.adaptors.liteAdaptor.liteAdaptor();
const { AssistiveMmlHandler } = MathJax._.a11y["assistive-mml"];
AssistiveMmlHandler(MathJax._.handlers.html_ts.RegisterHTMLHandler(adaptor));
const input = new TeX({
  packages: ["base", "ams", "newcommand", "textmacros"],
  formatError: (jax, error) => { throw error; },
});
const { TeXFont } = MathJax._.output.svg.fonts.tex_ts;
const output = new SVG({ fontCache: "none", font: new TeXFont() });
const paper = MathJax._.mathjax.mathjax.document("", { InputJax: input, OutputJax: output });
const drawn = (tex, display) => adaptor.outerHTML(paper.convert(tex, { display }));
const style = () => {
  drawn("x", false);
  return adaptor.textContent(output.styleSheet(paper));
};
"""


def mathjax_folder() -> Path:
    """Return the folder of MathJax's files inside the installed package."""
    package = find_spec("mathjax")
    if package is None or not package.submodule_search_locations:
        raise ExtensionError(
            "django-static-mathjax is not installed: pip install -r requirements.txt"
        )
    return Path(package.submodule_search_locations[0], "static", "mathjax", "es5")


@cache
def press() -> MiniRacer:
    """Return a JavaScript engine that knows MathJax, and ``drawn`` and ``style`` of `PRESS`."""
    engine = MiniRacer()
    engine.eval("globalThis.global = globalThis; globalThis.MathJax = { loader: { load: [] } };")
    for part in PARTS:
        engine.eval((mathjax_folder() / part).read_text(encoding="utf-8"))
    engine.eval(PRESS)
    return engine


@cache
def drawn(tex: str, display: bool) -> str:
    """Return a formula as HTML: SVG to look at, MathML to listen to.

    Raises
    ------
    ValueError
        If MathJax does not understand the formula.
    """
    call = f"try {{ drawn({json.dumps(tex)}, {json.dumps(display)}) }} "
    html = press().eval(call + "catch (error) { 'not drawn: ' + error.message }")
    if html.startswith("not drawn: "):
        raise ValueError(f"formula {tex!r}: {html}")
    return html


def write(translator: HTML5Translator, node: nodes.Node, display: bool) -> None:
    """Write a formula into the page; a formula that cannot be drawn is a warning."""
    tag = "div" if display else "span"
    start = translator.starttag(node, tag, "", CLASS="math notranslate nohighlight")
    try:
        formula = drawn(node.astext().strip(), display)
    except ValueError as error:
        logger.warning(str(error), location=node)
        formula = translator.encode(node.astext())
    number = get_node_equation_number(translator, node) if display and node["number"] else ""
    label = f'<span class="eqno">({number})</span>' if number else ""
    translator.body.append(f"{start}{label}{formula}</{tag}>")
    raise nodes.SkipNode


def write_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    write(translator, node, display=False)


def write_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    write(translator, node, display=True)


def add_style(app: Sphinx, page: str, template: str, context: dict, tree: nodes.document) -> None:
    """Give a page that has formulae MathJax's few rules of style."""
    if tree and next(tree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)), None):
        rules = press().eval("style()")
        context["metatags"] = context.get("metatags", "") + f"<style>{rules}</style>\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; ``html_math_renderer: drawn`` in the settings chooses it."""
    app.add_html_math_renderer("drawn", (write_inline, None), (write_block, None))
    app.connect("html-page-context", add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
