"""What the book's extension `reading` makes of a page, without a built book."""

import base64
import hashlib
import io
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import reading  # noqa: E402


def png(shade):
    """Return a picture as wide as a figure."""
    file = io.BytesIO()
    Image.new("RGB", (400, 40), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


PICTURES = {name: png(shade) for shade, name in enumerate(("one", "two", "three", "still"))}


def output(name, **others):
    return new_output(
        "display_data", {"image/png": base64.b64encode(PICTURES[name]).decode()} | others
    )


@pytest.fixture
def notebook(tmp_path):
    """A notebook of an explorer, a figure, and a cell with two."""
    cells = [
        new_code_cell("explorer", outputs=[output("still", **{"text/html": "<p>moves</p>"})]),
        new_code_cell("one", outputs=[output("one")], metadata={"caption": "If S < V & N"}),
        new_code_cell(
            "two",
            outputs=[new_output("stream", text="said"), output("two"), output("three")],
            metadata={"caption": ["Second.", "Third."]},
        ),
        new_code_cell("nothing"),
    ]
    path = tmp_path / "01_page.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def sources(tmp_path):
    found = {}
    for name, picture in PICTURES.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(picture)
        found[path.name] = str(path)
    return found


def test_captions_are_found_by_their_pictures(notebook):
    captions = reading.by_picture(notebook)
    names = {hashlib.sha256(picture).hexdigest(): name for name, picture in PICTURES.items()}
    assert {names[key]: caption for key, caption in captions.items()} == {
        "one": "If S < V & N",
        "two": "Second.",
        "three": "Third.",
    }


def test_a_caption_stands_beside_its_figure_and_is_escaped(notebook, sources):
    body = "".join(
        f'<p><img alt="a" src="../_images/{n}.png"/></p>' for n in ("two", "still", "one")
    )
    shown = reading.number_figures(body, "4", sources, reading.by_picture(notebook))
    assert "If S &lt; V &amp; N" in shown
    said = [
        (figure.img["src"], figure["id"], figure.figcaption.get_text())
        for figure in BeautifulSoup(shown, "html.parser").select("figure")
    ]
    assert said == [
        ("../_images/two.png", "figure-4-1", "Figure 4.1 Second."),
        ("../_images/still.png", "figure-4-2", "Figure 4.2"),
        ("../_images/one.png", "figure-4-3", "Figure 4.3 If S < V & N"),
    ]


def test_figures_of_a_page_without_a_notebook_have_their_number_alone(sources):
    shown = reading.number_figures('<img alt="a" src="one.png">', "", sources, {})
    caption = BeautifulSoup(shown, "html.parser").figcaption
    assert str(caption) == '<figcaption><span class="ecg-number">Figure 1</span></figcaption>'


def test_the_link_of_a_picture_with_a_width_becomes_that_of_its_figure(sources):
    """Sphinx links such a picture to itself. A link within a link can't be named or followed."""
    picture = '<img alt="a" src="one.png" style="width: 100%;" />'
    linked = f'<a class="reference internal image-reference" href="one.png">{picture}\n</a>'
    shown = reading.number_figures(f"{linked}<p>text</p>", "", sources, {})
    bare = reading.number_figures(f"{picture}<p>text</p>", "", sources, {})
    assert shown == bare
    assert shown.count("<a ") == shown.count("</a>") == 1


def test_a_picture_within_another_link_leaves_that_link_whole(sources):
    shown = reading.number_figures('<a href="x"><img alt="a" src="small.png"></a>', "", sources, {})
    assert shown == '<a href="x"><img alt="a" src="small.png"></a>'
