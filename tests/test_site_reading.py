"""The built book as it is read: code that fits, figures with numbers, no empty header, paper."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from test_explore_browser import browser, pytestmark, resize

pytestmark = [pytestmark, pytest.mark.site]

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
CHAPTERS = sorted((HTML / "chapters").glob("*.html"))

# The longest line of each code cell that scrolls, and how many cells there are.
SCROLLING = """
for (const fold of document.querySelectorAll("details")) fold.open = true;
const cells = [...document.querySelectorAll(".cell_input pre")];
const scrolls = cells.filter((cell) => cell.scrollWidth > cell.clientWidth);
const longest = (cell) => Math.max(...cell.textContent.split("\\n").map((line) => line.length));
return [cells.length, scrolls.map(longest)];
"""


@pytest.fixture(scope="module")
def driver():
    if not CHAPTERS:
        pytest.fail("There is no built book: run `make book`.")
    driver = browser("--window-size=1280,1000", "--disable-gpu")
    yield driver
    driver.quit()


def test_ninety_characters_of_code_fit(driver):
    resize(driver, 1280)
    count, cut = 0, {}
    for page in CHAPTERS:
        driver.get(page.as_uri())
        cells, lengths = driver.execute_script(SCROLLING)
        count += cells
        cut[page.stem] = [length for length in lengths if length <= 90]
    print(f"{count} code cells")
    assert count > 500 and not any(cut.values()), cut


def test_figures_have_two_dots_for_each_pixel(driver):
    """But for those that stand in Markdown, which are as wide as the page."""
    sizes = """
    return [...document.querySelectorAll(".cell_output .ecg-figure img")].map((image) =>
        [image.getAttribute("width"), image.src]);
    """
    count = 0
    for page in CHAPTERS:
        driver.get(page.as_uri())
        for width, address in driver.execute_script(sizes):
            path = Path(unquote(urlsplit(address).path))
            with Image.open(path) as picture:
                assert abs(picture.width - 2 * int(width)) <= 1, (page.stem, path.name)
            count += 1
    assert count > 80


@pytest.mark.parametrize("width", [390, 1280])
def test_no_figure_is_stretched(driver, width):
    """A strip that keeps its scale on a phone keeps it upwards, too."""
    resize(driver, width)
    shapes = """
    return [...document.querySelectorAll(".ecg-figure img")].map((image) =>
        [image.src, image.clientWidth / image.clientHeight,
         image.getAttribute("width") / image.getAttribute("height")]);
    """
    for page in CHAPTERS:
        driver.get(page.as_uri())
        for address, shown, drawn in driver.execute_script(shapes):
            assert abs(shown / drawn - 1) < 0.03, (page.stem, Path(address).name, shown, drawn)


def test_sheets_on_a_phone_scroll_at_a_fixed_scale_and_have_a_name(driver):
    """Each is a region that the keyboard reaches; the scale is that of the paper drawn on it."""
    resize(driver, 390)
    regions = """
    return [...document.querySelectorAll(".ecg-strip")].map((figure) => {
      const [frame, image] = [figure.querySelector(".ecg-wide"), figure.querySelector("img")];
      const told = ["tabindex", "role", "aria-label"].map((name) => frame.getAttribute(name));
      return [figure.id, ...told, frame.scrollWidth - frame.clientWidth,
        image.clientWidth / getComputedStyle(figure).getPropertyValue("--mm")];
    });
    """
    count = 0
    for page in CHAPTERS:
        driver.get(page.as_uri())
        for anchor, tab, role, name, further, scale in driver.execute_script(regions):
            number = anchor.removeprefix("figure-").replace("-", ".")
            said = f"Figure {number}, scrolls sideways"
            assert (tab, role, name) == ("0", "region", said), (page.stem, anchor)
            assert further > 300 and scale > 3, (page.stem, anchor)
            count += 1
    assert count >= 5


def test_no_chapter_moves_sideways_on_a_phone(driver):
    resize(driver, 360)
    moved = {}
    for page in CHAPTERS:
        driver.get(page.as_uri())
        root = "document.documentElement"
        wide = driver.execute_script(f"return {root}.scrollWidth - {root}.clientWidth")
        moved |= {page.stem: wide} if wide > 0 else {}
    assert moved == {}


def test_paper_is_light_and_what_goes_deeper_is_open(driver):
    driver.get(CHAPTERS[5].as_uri())
    look = "return [document.documentElement.dataset.theme, document.querySelector('.deeper').open]"
    driver.execute_script("document.documentElement.dataset.theme = 'dark'")
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert driver.execute_script(look) == ["light", True]
    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert driver.execute_script(look) == ["dark", False]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_figures_are_numbered_and_headers_are_not_empty(page):
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    numbers = [one.get_text() for one in soup.select(".ecg-figure figcaption .ecg-number")]
    chapter = int(page.stem[:2])
    assert numbers == [f"Figure {chapter}.{i}" for i in range(1, len(numbers) + 1)] != []
    for link in soup.select(".ecg-figure a"):
        assert (page.parent / link["href"]).is_file()
        assert link["href"] == link.img["src"]
    empty = [th for th in soup.find_all("th") if not re.sub(r"\s", "", th.get_text())]
    assert empty == [] and "Not answered yet" not in soup.get_text()


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_captions_stand_below_their_figures(page):
    """In the order of the notebook; picture, alt text and caption come from one cell."""
    notebook = json.loads((ROOT / "chapters" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))
    expected = []
    for cell in notebook["cells"]:
        told = cell["metadata"]
        captions = told.get("caption", [])
        for caption in [captions] if isinstance(captions, str) else captions:
            expected.append((told["mystnb"]["image"]["alt"], caption))
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    found = []
    for figure in soup.select(".ecg-figure"):
        number = figure.select_one("figcaption .ecg-number").extract()
        assert number.get_text().startswith("Figure ")
        found.append((figure.img["alt"], figure.figcaption.get_text().strip()))
    assert found == expected != []
