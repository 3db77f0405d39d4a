"""The built book in a browser: what a page loads before scrolling, and whether its search finds.

Needs Chromium and its driver (on Debian: ``apt install chromium chromium-driver``).
"""

import http.server
import json
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from site_table import extremes
from test_explore_browser import browser, pytestmark, resize  # noqa: F401

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
LIMIT = 1.2e6  # bytes before scrolling, as the files are: nothing packed
WIDTHS = (1280, 390)

FIRST_PAINT = """
const [paint] = performance.getEntriesByName("first-contentful-paint");
return paint ? paint.startTime : null;
"""

# Within the window, and what a click at its middle would hit.
IN_VIEW = """
const { left, right, top, bottom } = arguments[0].getBoundingClientRect();
if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) return false;
return arguments[0].contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
"""


def pages():
    """Return the pages that a reader may open, the search page among them."""
    found = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
    return [path for path in found if path not in (HTML / "index.html", HTML / "404.html")]


@pytest.fixture(scope="module")
def driver():
    if not (HTML / "book" / "index.html").is_file():
        pytest.fail("There is no built book: run `make book`.")
    with browser("--window-size=1280,1000", logs=("browser", "performance")) as driver:
        yield driver


@pytest.fixture(scope="module")
def server():
    """Serve the book as a web server does; yield its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=HTML)) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()


def complaints(driver):
    """Return what stands in the console as an error or a warning since the last call."""
    return [e["message"] for e in driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


def loaded(driver, address, root=""):
    """Open a page, and return the bytes of each file that it loads before anybody scrolls."""
    files, strange = asked(driver, address, root)
    assert strange == [], address
    return files


def asked(driver, address, root=""):
    """Open a page; return the bytes of each file that it loads, and what is no file of the book.

    A browser does not tell the size of what it reads from a folder, so the file is weighed.
    """
    driver.get("about:blank")
    driver.get_log("performance")
    driver.get(address)
    time.sleep(0.3)  # what a script asks for once the page stands
    files, strange = {}, []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] != "Network.requestWillBeSent":
            continue
        url = message["params"]["request"]["url"]
        if url.startswith(("data:", "blob:", "about:")):
            continue
        path = unquote(urlsplit(url).path)
        file = HTML / path.lstrip("/") if root else Path(path)
        if not url.startswith(root or "file:") or not file.is_file():
            strange.append(url)
        elif file.name != "favicon.svg":  # once a visit
            files[file] = file.stat().st_size
    return files, strange


@dataclass
class Visit:
    """What a browser saw of a page that was opened from a folder, before anybody scrolled."""

    files: dict[Path, int]  # bytes
    strange: list[str]  # addresses that are no file of the book
    complaints: list[str]
    paint: float | None  # milliseconds

    @property
    def weight(self):
        return sum(self.files.values())

    def heaviest(self):
        return sorted(((size, file.name) for file, size in self.files.items()), reverse=True)[:4]


@pytest.fixture(scope="module")
def visits(driver):
    """Open every page, once for all that is to be known of it."""
    found = {}
    for page in pages():
        files, strange = asked(driver, page.as_uri())
        paint = driver.execute_script(FIRST_PAINT)
        one = Visit(files, strange, complaints(driver), paint)
        found[page.relative_to(HTML).as_posix()] = one
    print("before scrolling, and first paint (a busy machine paints later):")
    for name, one in found.items():
        size = f"{one.weight / 1e6:5.2f} MB {len(one.files):3d} files"
        print(f"{size} {one.paint or 0:6.0f} ms  {name}")
    assert len(found) > 20
    return found


@pytest.mark.site
@pytest.mark.row("requests to other hosts")
def test_no_page_from_a_folder_asks_for_anything_else(visits, measured):
    strange = {name: one.strange for name, one in visits.items() if one.strange}
    count = sum(len(one.files) + len(one.strange) for one in visits.values())
    measured({"files asked for by a browser": count, "not of the book": len(strange)})
    assert strange == {}


@pytest.mark.site
@pytest.mark.row("console messages")
def test_no_page_from_a_folder_complains(visits, measured):
    noisy = {name: one.complaints for name, one in visits.items() if one.complaints}
    measured({"pages": len(visits), "errors and warnings": sum(map(len, noisy.values()))})
    assert noisy == {}


@pytest.mark.site
@pytest.mark.row("weight before scrolling")
def test_every_page_is_light_from_a_folder(visits, measured):
    weights = {name: one.weight for name, one in visits.items()}
    measured(note=extremes(weights, ".2f MB", 1e6))
    heavy = {name: visits[name].heaviest() for name, size in weights.items() if size > LIMIT}
    assert heavy == {}


@pytest.mark.site
@pytest.mark.row("first paint")
def test_every_page_paints_something(visits, measured):
    """When, is told and not asserted: a busy machine paints later."""
    paints = {name: one.paint for name, one in visits.items() if one.paint is not None}
    soon = sum(paint <= 1000 for paint in paints.values())
    measured({"pages": len(paints), "within 1 s": soon}, extremes(paints, ".0f ms"))
    assert sorted(paints) == sorted(visits)
    assert min(paints.values()) > 0


def of_this_theme(files):
    """Return what was loaded, without pictures of the dark theme."""
    return {path: size for path, size in files.items() if not path.stem.endswith("-dark")}


@pytest.mark.site
@pytest.mark.row("requests to other hosts")
@pytest.mark.parametrize("name", ["book/index", "chapters/01_reading_an_ecg", "book/results"])
def test_a_served_page_loads_the_same_files(driver, server, name):
    served = loaded(driver, f"{server}/{name}.html", server)
    assert sum(served.values()) <= LIMIT
    here = loaded(driver, (HTML / f"{name}.html").as_uri())
    # Chromium may fetch the pictures of the other theme in the one case and not in the other.
    assert of_this_theme(served) == of_this_theme(here)


@pytest.mark.site
def test_a_formula_needs_no_script(driver):
    driver.get((HTML / "chapters" / "09_shortcuts.html").as_uri())
    formulae = driver.find_elements(By.CSS_SELECTOR, ".math mjx-container > svg")
    assert len(formulae) > 30
    shown = [one for one in formulae if one.is_displayed()]
    assert shown and all(one.size["width"] > 3 and one.size["height"] > 3 for one in shown)
    assert driver.execute_script("return typeof MathJax") == "undefined"


@pytest.mark.site
@pytest.mark.row("the search")
@pytest.mark.parametrize("width", WIDTHS)
def test_the_search_is_in_view_on_every_page(driver, width):
    resize(driver, width, 800)
    hidden = []
    for page in pages():
        driver.get(page.as_uri())
        fields = driver.find_elements(
            By.CSS_SELECTOR, ".search-button__button, form.bd-search input"
        )
        if not any(driver.execute_script(IN_VIEW, one) for one in fields):
            hidden.append(page.relative_to(HTML).as_posix())
    assert hidden == []


def found(driver, query):
    """Search from a page, as a reader does; return the excerpt of each page found, by its title."""
    resize(driver, 1280)
    driver.get((HTML / "chapters" / "01_reading_an_ecg.html").as_uri())
    driver.find_element(By.CSS_SELECTOR, ".search-button-field").click()
    field = driver.find_element(By.CSS_SELECTOR, "#pst-search-dialog input")
    field.send_keys(query + Keys.ENTER)
    wait = WebDriverWait(driver, 30)
    wait.until(lambda d: "found" in d.find_element(By.CSS_SELECTOR, "#search-results").text)
    wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "#search-results p.context"))
    time.sleep(0.5)
    results = driver.find_elements(By.CSS_SELECTOR, "#search-results li")
    excerpts = [one.find_elements(By.CSS_SELECTOR, "p.context") for one in results]
    assert complaints(driver) == []
    return {
        one.find_element(By.TAG_NAME, "a").text: " ".join(part.text for part in excerpt)
        for one, excerpt in zip(results, excerpts, strict=True)
    }


@pytest.mark.site
@pytest.mark.row("the search")
def test_the_search_finds_degradation(driver, measured):
    excerpts = found(driver, "degradation")
    measured(note=f"degradation on {len(excerpts)} pages")
    assert "twenty layers" in excerpts["8 · Degradation"]
    assert all(excerpts.values())


@pytest.mark.site
@pytest.mark.row("the search")
@pytest.mark.parametrize("query", ["卷积", "卷积层", "卷"])
def test_the_search_finds_chinese(driver, query, measured):
    excerpts = found(driver, query)
    measured(note=f"{query} on {len(excerpts)}")
    assert query in excerpts["Glossary"] and query in excerpts["6 · The layers of a CNN"]


@pytest.mark.site
@pytest.mark.row("the search")
def test_the_search_does_not_find_what_is_not_there(driver):
    resize(driver, 1280)
    driver.get((HTML / "search.html").as_uri() + "?q=积卷")
    wait = WebDriverWait(driver, 30)
    wait.until(lambda d: "did not match" in d.find_element(By.ID, "search-results").text)


@pytest.mark.site
@pytest.mark.row("explorers driven")
def test_an_explorer_wakes_when_a_reader_comes_near(driver):
    resize(driver, 1280, 800)
    driver.get((HTML / "chapters" / "04_beat_to_image.html").as_uri())
    waiting = driver.find_elements(By.CSS_SELECTOR, "figure[data-script]")
    assert waiting and waiting[-1].find_elements(By.CSS_SELECTOR, "figure > img")
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", waiting[-1])
    WebDriverWait(driver, 20).until(lambda d: waiting[-1].get_attribute("data-live") is not None)
    assert waiting[-1].find_elements(By.CSS_SELECTOR, "input, select, button")
    assert waiting[-1].get_attribute("data-explorer")
    assert complaints(driver) == []


@pytest.mark.site
@pytest.mark.row("explorers driven")
def test_the_network_of_the_front_page_comes_when_the_reader_does(driver):
    driver.get((HTML / "book" / "index.html").as_uri())
    wait = WebDriverWait(driver, 60)
    wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, ".front-panel .ecg-status"))
    assert driver.execute_script("return globalThis.ecglabNetwork === undefined")
    status = driver.find_element(By.CSS_SELECTOR, ".front-panel .ecg-status")
    assert status.get_attribute("textContent").startswith("Touch the beat")
    driver.execute_script(
        "document.querySelector('.front-panel figure').dispatchEvent(new Event('pointerover'))"
    )
    wait.until(lambda _: "computed in this page" in status.get_attribute("textContent"))
