"""The front page: its pictures come from what was recorded, and its cards from the chapters."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]

import contents  # noqa: E402
import cover  # noqa: E402
import front  # noqa: E402
import thumbnails  # noqa: E402
from chapter import Chapter, in_words  # noqa: E402

CARDS = thumbnails.cards()
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


def description(path):
    """Return what a picture says of itself."""
    return ElementTree.parse(path).getroot().find(f".//{DESCRIPTION}").text


def test_page_says_what_was_recorded():
    text = front.PAGE.read_text()
    assert front.with_result(text) == text, "run: python tools/front.py"
    assert front.result_sentences() in text


@pytest.mark.parametrize("dark", [False, True])
def test_picture_of_the_result_shows_what_was_recorded(dark):
    assert description(front.path_of("front-result", dark)) == front.result_words()


def test_sentences_follow_the_scores(monkeypatch):
    scores = front.result()
    perfect = {who: its * 0 + 1 for who, its in scores.items()}
    assert "**S is missed:**" in front.result_sentences()
    monkeypatch.setattr(front, "result", lambda: perfect)
    assert "it reaches all. **S is met:**" in front.result_sentences()
    assert "100.0 %" in front.result_sentences()


def test_every_chapter_has_a_card():
    assert list(CARDS) == [path.stem for path in CHAPTERS]
    assert all(card["alt"] and card["can"] for card in CARDS.values())
    assert len(list(thumbnails.FOLDER.iterdir())) == len(CARDS)


@pytest.mark.parametrize("chapter", CARDS)
def test_thumbnail_is_the_chapters_own_figure(chapter):
    path = thumbnails.path_of(chapter)
    assert path.stat().st_size <= thumbnails.HEAVIEST
    kept = Image.open(path).convert("RGB")
    assert kept.size == thumbnails.SIZE
    drawn = thumbnails.thumbnail(chapter, CARDS[chapter])
    apart = np.abs(np.asarray(kept, int) - np.asarray(drawn, int)).mean()
    assert apart < 6, "run: python tools/thumbnails.py"


def test_a_figure_that_is_gone_is_named():
    with pytest.raises(ValueError, match="has no cell nowhere"):
        thumbnails.figure(CHAPTERS[0].stem, "nowhere", 0)
    with pytest.raises(ValueError, match=r"no picture as output 9; it has some as \[0\]"):
        thumbnails.figure(CHAPTERS[0].stem, CARDS[CHAPTERS[0].stem]["cell"], 9)


def test_card_says_what_the_chapter_says():
    assert [path for _, paths in contents.parts(ROOT) for path in paths] == CHAPTERS
    for path in CHAPTERS:
        one = Chapter(path)
        assert one.title.startswith(f"{int(path.stem[:2])} · ")
        read, work = one.minutes
        assert f"about {read} minutes to read, {in_words(work)} to work through" in one.text


def test_preview_and_cover_have_their_size():
    preview = Image.open(cover.FOLDER / "social.png")
    assert preview.size == (1200, 630)
    sheet = ElementTree.parse(cover.FOLDER / "cover.svg").getroot()
    millimetres = [float(sheet.get(side)[:-2]) / 72 * 25.4 for side in ("width", "height")]
    assert millimetres == pytest.approx([210, 297], abs=1)
    assert (cover.FOLDER / "cover.pdf").read_bytes().startswith(b"%PDF")


def test_blocks_of_the_cover_are_those_of_the_network():
    from ecglab import models

    network = models.resnet50((64, 64, 1), classes=5, width=4)
    sums = [layer for layer in network.layers if type(layer).__name__ == "Add"]
    assert sum(cover.STAGES) == len(sums)


@pytest.mark.site
def test_built_page_has_cards_doors_and_a_place_for_the_network():
    from bs4 import BeautifulSoup

    built = ROOT / "_build" / "html" / "book" / "index.html"
    if not built.is_file():
        pytest.fail("There is no built book: run `make book`.")
    page = BeautifulSoup(built.read_text(), "html.parser")
    assert page.select(".front-panel .ecg-explorer img")
    assert len(page.select(".front-door")) == 3
    assert all(door.select("a[href]") for door in page.select(".front-door"))
    links = [link["href"] for link in page.select(".chapter-card .card-title a")]
    assert links == [f"../chapters/{path.stem}.html" for path in CHAPTERS]
    assert len(page.select(".chapter-card img[loading=lazy]")) == len(CHAPTERS)
    assert page.select_one("meta[name=description]")["content"]
