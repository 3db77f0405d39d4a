"""The explorers in a browser: by keyboard, on a phone, light and dark, without scripts.

Needs Chromium and its driver (on Debian: ``apt install chromium chromium-driver``).
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from ast import literal_eval
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from test_explore import EXPLORERS, MOVES

from ecglab import explore
from ecglab.explorers.base import number

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no browser: chromium and chromedriver are not installed"
)

PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Explorers</title><style>
html[data-theme=dark] body {{ background: #14181e; color: #ced6dd; }}
body {{ background: #fff; color: #222; font-family: sans-serif; }}</style></head>
<body>{body}</body></html>"""

# WCAG's contrast of a text with what lies behind it; within a drawing, that is its paper.
CONTRAST = """
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const clear = (node) => rgb(getComputedStyle(node).backgroundColor)[3] === 0;
const light = (colour) => rgb(colour).slice(0, 3).map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const texts = arguments[0].querySelectorAll("label, legend, output, button, figcaption, text");
return [...texts].filter((node) => node.textContent && !node.closest(".ecg-panels")).map((node) => {
  const svg = node.closest("svg");
  let behind = node;
  while (behind.parentElement && clear(behind)) behind = behind.parentElement;
  const ink = svg ? getComputedStyle(node).fill : getComputedStyle(node).color;
  const ground = svg ? getComputedStyle(svg.querySelector(".ecg-paper")).fill
    : clear(behind) ? "rgb(255, 255, 255)" : getComputedStyle(behind).backgroundColor;
  const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
  return [node.textContent.slice(0, 40), ink, ground, (high + 0.05) / (low + 0.05)];
});
"""

UNFOLD = 'for (const one of document.querySelectorAll("details.deeper")) one.open = true'

WAITING = "figure[data-later]:not([data-live])"

# What sticks out of the window on the right; a sheet may, within its frame that scrolls.
OVERFLOW = """
const root = document.documentElement;
const wide = (node) => node.getBoundingClientRect().right > root.clientWidth + 0.5
  && !node.parentElement.closest(".ecg-scrolls[tabindex]");
return [root.scrollWidth - root.clientWidth,
  [...arguments[0].querySelectorAll("*")].filter(wide).map((node) => node.outerHTML.slice(0, 200))];
"""


def browser(*arguments, logs=("browser",)):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", *arguments):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    return webdriver.Chrome(options=options, service=Service(DRIVER))


@pytest.fixture(scope="module")
def chrome():
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def html():
    return {name: make().html() for name, make in EXPLORERS.items()}


@pytest.fixture
def page(tmp_path):
    """Write pieces of HTML as a page; return its address."""

    def write(*pieces, theme="light"):
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(theme=theme, body="\n".join(pieces)), encoding="utf-8")
        return path.as_uri()

    return write


@pytest.fixture
def show(chrome, page):
    """Show pieces of HTML as a page; return the explorers on it, which must have started."""

    def open_page(*pieces, theme="light", width=1280):
        resize(chrome, width)
        chrome.get(page(*pieces, theme=theme))
        return explorers(chrome)

    yield open_page
    assert [entry for entry in chrome.get_log("browser") if entry["level"] == "SEVERE"] == []


def resize(driver, width, height=1200):
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def explorers(driver):
    figures = driver.find_elements(By.CSS_SELECTOR, "figure[data-explorer]")
    assert all(figure.get_attribute("data-live") is not None for figure in figures)
    return figures


def wake(driver):
    """Go near to each explorer that waits on a page of the book, until it has started."""
    for figure in driver.find_elements(By.CSS_SELECTOR, WAITING):
        driver.execute_script("arguments[0].scrollIntoView()", figure)
        WebDriverWait(driver, 20).until(lambda _, one=figure: one.get_attribute("data-live") == "")


def words(figure):
    spans = figure.find_elements(By.CSS_SELECTOR, ".ecg-readouts span")
    return dict(span.text.split(": ", 1) for span in spans)


def at_rest(figure):
    """Tell whether an explorer is its picture and its caption, and nothing that does nothing."""
    picture = figure.find_element(By.TAG_NAME, "img")
    shown = picture.is_displayed() and picture.size["width"] > 300
    controls = figure.find_elements(By.CSS_SELECTOR, "input, button, select, svg")
    return shown and figure.text.startswith("Try: ") and not controls


def assert_legible(driver, figure):
    """Return the colours of its texts, and of what lies behind each."""
    found = driver.execute_script(CONTRAST, figure)
    assert len(found) >= 5 and [one for one in found if one[3] < 4.5] == []
    return [one[1:3] for one in found]


def drive(figure, name=None):
    """Move a slider by the keyboard, left where it can; the drawing and the words follow."""
    label, selector, word = MOVES[name or figure.get_attribute("data-explorer")]
    sliders = figure.find_elements(By.XPATH, f".//div[starts-with(label, {label!r})]/input")
    if not sliders:  # an album of a chapter has names of its own
        sliders = figure.find_elements(By.CSS_SELECTOR, "input[type=range]")

    def shown():
        said = words(figure)
        value = sliders[0].get_attribute("aria-valuetext")
        drawn = figure.find_element(By.CSS_SELECTOR, selector).get_attribute("outerHTML")
        return value, drawn, said.get(word, said)

    before = shown()
    at_first = sliders[0].get_attribute("value") == sliders[0].get_attribute("min")
    sliders[0].send_keys((Keys.ARROW_RIGHT if at_first else Keys.ARROW_LEFT) * 3)
    assert all(old != new for old, new in zip(before, shown(), strict=True)), before


# --- each explorer by itself ------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLORERS)
def test_each_button_does_as_it_says(show, html, name):
    """What its settings lead to is what Python reads in that state."""
    explorer = EXPLORERS[name]()
    controls = explorer.content["controls"]
    state = explorer.start
    (figure,) = show(html[name])
    assert words(figure) == explorer.read(state)
    for group in (c for c in controls if c["kind"] == "buttons"):
        for text, settings in group["settings"].items():
            figure.find_element(By.XPATH, f".//button[.={text!r}]").click()
            for key, value in settings.items():
                state[key] = state[key] + 1 if value == "next" else value
            if "call" in settings:  # the first answer to a beat counts
                state.setdefault("answers", {}).setdefault(str(state["beat"]), settings["call"])
            assert words(figure) == explorer.read(state), text
            pressed = figure.find_elements(By.CSS_SELECTOR, "button[aria-pressed=true]")
            assert (text in [one.text for one in pressed]) == group.get("lasting", True), text


@pytest.mark.parametrize("width", [1280, 390])
def test_calipers_are_dragged(show, chrome, html, width):
    """By as much as the pointer moves, at any size of the drawing; the slider follows."""
    (figure,) = show(html["calipers"], width=width)
    across = figure.find_element(By.CSS_SELECTOR, "svg").size["width"] / 2000  # pixels to a ms
    grip, other = figure.find_elements(By.CSS_SELECTOR, ".ecg-across")
    slider = figure.find_element(By.CSS_SELECTOR, "input[type=range]")
    before = int(slider.get_attribute("value"))
    ActionChains(chrome).drag_and_drop_by_offset(grip, round(200 * across), 0).perform()
    moved = int(slider.get_attribute("value")) - before
    assert abs(moved - 200) <= 4 + 1 / across
    beyond = round(500 * across) + 5  # the caliper keeps to the strip
    ActionChains(chrome).drag_and_drop_by_offset(other, beyond, 0).perform()
    distance = words(figure)["Between the calipers"]
    assert distance == number(2000 - before - moved, 0, "ms")


def test_a_sheet_is_magnified_moved_and_measured(show, chrome, html):
    (figure,) = show(html["sheet"])
    Select(figure.find_element(By.TAG_NAME, "select")).select_by_visible_text("V2")
    assert words(figure)["Between the upright calipers"] == "800 ms"
    svg = figure.find_element(By.CSS_SELECTOR, "svg")
    across = svg.size["width"] / 2500  # pixels to a ms; the calipers stand 400 ms off the middle

    def drag(x, right):
        there = ActionChains(chrome).move_to_element_with_offset(svg, round(x * across), -60)
        there.click_and_hold().move_by_offset(round(right * across), 0).release().perform()
        return int(words(figure)["Between the upright calipers"].split()[0])

    sheet = figure.find_element(By.CSS_SELECTOR, ".ecg-sheet")
    before = sheet.get_attribute("transform")
    assert abs(drag(400, -400) - 400) <= 8
    assert sheet.get_attribute("transform") == before
    assert abs(drag(200, 100) - 400) <= 8  # the paper moves, and the calipers with it
    assert sheet.get_attribute("transform") != before


# Of the sheet's frame: how far it scrolls, what it is called, and pixels to a millimetre in it.
SHEET = """
const stage = arguments[0].querySelector(".ecg-stage");
const wide = stage.querySelector("svg").getBoundingClientRect().width;
const names = ["tabindex", "role", "aria-label"].map((name) => stage.getAttribute(name));
const root = document.documentElement;
return [stage.scrollWidth - stage.clientWidth, names, wide / 250,
  root.scrollWidth - root.clientWidth];
"""
NO_REGION = [None] * 3


def test_a_sheet_scrolls_on_a_phone_at_a_fixed_scale(show, chrome, html):
    """It is reached by keyboard there. A lead by itself fills the frame: nothing scrolls."""
    (figure,) = show(html["sheet"], width=390)
    title = EXPLORERS["sheet"]().content["data"]["title"]
    region = ["0", "region", f"{title}, scrolls sideways"]

    def soon(found):
        WebDriverWait(chrome, 10).until(lambda _: chrome.execute_script(SHEET, figure)[1] == found)
        return chrome.execute_script(SHEET, figure)

    further, _, scale, page = soon(region)
    assert further > 300 and scale >= 2.75 and page == 0
    stage = figure.find_element(By.CSS_SELECTOR, ".ecg-stage")
    stage.send_keys(Keys.ARROW_RIGHT * 3)
    WebDriverWait(chrome, 10).until(lambda _: stage.get_property("scrollLeft") > 40)
    choice = Select(figure.find_element(By.TAG_NAME, "select"))
    choice.select_by_visible_text("V2")
    further, _, scale, page = soon(NO_REGION)
    assert further == page == 0 and 4 * scale > 5, "magnified four times"
    choice.select_by_visible_text("the whole sheet")
    soon(region)
    resize(chrome, 1280)
    assert soon(NO_REGION)[0] == 0


def test_the_picture_of_a_sheet_at_rest_scrolls_on_a_phone_too(html, page):
    with browser("--blink-settings=scriptEnabled=false") as driver:
        resize(driver, 390)
        driver.get(page(html["sheet"]))
        figure = driver.find_element(By.TAG_NAME, "figure")
        assert figure.find_element(By.TAG_NAME, "img").size["width"] == 700
        assert figure.size["width"] < 390 and figure.value_of_css_property("overflow-x") == "auto"


def test_a_game_to_its_end(show, html):
    (figure,) = show(html["labels"])
    buttons = {one.text: one for one in figure.find_elements(By.TAG_NAME, "button")}
    for name in "NSVF":
        buttons[name].click()
        buttons["next"].click()
    assert words(figure)["Beat"] == "5 of 5" and words(figure)["Score"] == "4 of 4"
    buttons["next"].click()  # there is no further beat
    assert words(figure)["Beat"] == "5 of 5" and words(figure)["You"] == "?"


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_has_a_name_a_large_target_and_a_visible_focus(chrome, show, html, name):
    (figure,) = show(html[name], width=360)
    reached = "input, select, button, .ecg-scrolls[tabindex]"
    controls = figure.find_elements(By.CSS_SELECTOR, reached)
    for one in controls:
        assert one.accessible_name, one.get_attribute("outerHTML")
        assert one.size["height"] >= 44 and one.size["width"] >= 40
        chrome.switch_to.active_element.send_keys(Keys.TAB)
        assert chrome.switch_to.active_element == one, "in the order of the page"
        assert one.value_of_css_property("outline-style") == "solid"
    readouts = figure.find_element(By.CSS_SELECTOR, ".ecg-readouts")
    assert (readouts.tag_name, readouts.get_attribute("aria-live")) == ("output", "polite")
    assert figure.find_element(By.CSS_SELECTOR, "[role=img]").accessible_name
    assert figure.find_elements(By.CSS_SELECTOR, "figure > img") == []  # the picture at rest


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_phone_needs_no_sideways_scrolling(chrome, show, html, name):
    for width in (320, 360, 768):
        (figure,) = show(html[name], width=width)
        assert chrome.execute_script(OVERFLOW, figure) == [0, []]


@pytest.mark.parametrize("name", EXPLORERS)
def test_light_and_dark_are_legible(chrome, show, html, name):
    colours = {}
    for theme in ("light", "dark"):
        (figure,) = show(html[name], theme=theme)
        colours[theme] = assert_legible(chrome, figure)
    assert all(a != b for a, b in zip(*colours.values(), strict=True))


def test_nothing_moves_by_itself(show, html, chrome):
    show(*html.values())
    assert chrome.execute_script("return document.getAnimations().length") == 0
    assert not any(word in "".join(html.values()) for word in ("setInterval", "@keyframes"))


@pytest.mark.parametrize("name", EXPLORERS)
def test_two_on_a_page_do_not_meet(chrome, show, html, name):
    first, second, other = show(html[name], html[name], html["threshold"])
    ids = [one.get_attribute("id") for one in chrome.find_elements(By.CSS_SELECTOR, "[id]")]
    assert len(ids) == len(set(ids)) > 2
    still = second.get_attribute("innerHTML"), other.get_attribute("innerHTML")
    drive(first)
    assert (second.get_attribute("innerHTML"), other.get_attribute("innerHTML")) == still
    drive(second)


def test_a_number_can_be_typed(show, html):
    (figure,) = show(html["kernel"])
    weights = figure.find_elements(By.CSS_SELECTOR, "input[type=number]")
    for weight in weights:
        weight.clear()
        weight.send_keys("0")
    assert words(figure)["Sum of the nine products"] == "0.00"


#: Does with a widget's module what anywidget does: imports it, and renders it with a model, which
#: reports what has changed.
RENDER = """
const [module, values, done] = arguments;
const heard = [];
window.model = {
  get: (name) => values[name],
  set: (name, value) => {
    const changed = JSON.stringify(values[name]) !== JSON.stringify(value);
    values[name] = value;
    if (changed) heard.forEach((report) => report());
  },
  on: (event, report) => heard.push(report),
  save_changes: () => { window.told = values.state; },
};
const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
import(address).then(({ default: widget }) => {
  for (const place of document.querySelectorAll("main")) widget.render({ model, el: place });
  done();
});
"""


def test_python_and_the_controls_follow_each_other(show, chrome):
    """And so do two views of one widget."""
    show("<main></main>", "<main></main>")
    widget = explore.screening().widget()
    values = {"content": widget.content, "state": widget.state}
    chrome.execute_async_script(RENDER, widget._esm, values)
    first, second = chrome.find_elements(By.TAG_NAME, "figure")
    assert words(first) == words(second) == explore.screening().read(widget.state)
    chrome.execute_script("model.set('state', { prevalence: 40 })")
    for figure in (first, second):
        assert words(figure)["Ill"] == "400 of 1,000"
        assert figure.find_element(By.TAG_NAME, "input").get_attribute("value") == "40"
    drive(second, "screening")
    assert words(first) == words(second)
    told = chrome.execute_script("return told")
    assert told["prevalence"] == pytest.approx(39.7) and told["sensitivity"] == 90


def test_scripts_off(html, page):
    with browser("--blink-settings=scriptEnabled=false") as driver:  # its end is `quit`
        driver.get(page(*html.values()))
        figures = driver.find_elements(By.TAG_NAME, "figure")
        assert len(figures) == len(html)
        assert all(map(at_rest, figures))


# --- in the built book --------------------------------------------------------------------------


@pytest.mark.site
@pytest.mark.row("explorers driven")
def test_in_the_built_book(chrome, measured):
    pages = sorted((ROOT / "_build" / "html" / "chapters").glob("*.html"))
    pages = [page for page in pages if "data-later=" in page.read_text(encoding="utf-8")]
    if not pages:
        pytest.skip("no chapter of the built book has an explorer")
    driven = Counter()
    for page in pages:
        for theme, width in (("light", 1280), ("dark", 360)):
            resize(chrome, width)
            chrome.get(page.as_uri())
            chrome.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
            chrome.execute_script(UNFOLD)  # some explorers stand where it goes deeper
            wake(chrome)
            for figure in explorers(chrome):
                assert figure.find_elements(By.CSS_SELECTOR, "figure > img") == []
                assert chrome.execute_script(OVERFLOW, figure)[1] == []
                assert_legible(chrome, figure)
                drive(figure)
                driven[figure.get_attribute("data-explorer")] += 1
    measured({"explorers": len(driven), "times driven": driven.total()})
    assert set(driven) == set(EXPLORERS)


# --- in JupyterLab ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab on an empty folder; return its address, the folder and its environment."""
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ip=127.0.0.1", f"--ServerApp.root_dir={folder}", "--IdentityProvider.token="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    env = {**os.environ, **{name: str(folder / f".{name.lower()}") for name in places}}
    env.pop("ECGLAB_PAGE", None)
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}", folder, env
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # the kernels it started too
        server.wait(20)


def notebook(path, source, outputs=()):
    """Write a notebook of one cell."""
    book = nbformat.v4.new_notebook()
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.metadata["kernelspec"] = kernel
    book.cells = [nbformat.v4.new_code_cell(source, outputs=list(outputs))]
    nbformat.write(book, path)


def opened(driver, lab, name):
    """Open a notebook in JupyterLab; return its panel once it is there."""
    resize(driver, 1280, 1400)
    for _ in range(30):  # the server needs some seconds
        try:
            driver.get(f"{lab[0]}/lab/workspaces/{name.split('.')[0]}/tree/{name}")
            break
        except WebDriverException:
            time.sleep(1)
    wait = WebDriverWait(driver, 60)
    return wait.until(lambda d: d.find_element(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell"))


#: Shows every explorer as the outputs of one cell; each writes down what Python reads in its state.
SHOW_ALL = f"""import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_explore import EXPLORERS
def show(name, explorer):
    def note(change):
        with open(name + ".txt", "w") as file:
            file.write(repr(explorer.read(change.new)))
    widget = explorer.widget()
    widget.observe(note, "state")
    display(widget)
for name, make in EXPLORERS.items():
    show(name, make())
"""


@pytest.mark.long
def test_live_in_jupyterlab(chrome, lab):
    """The same explorer as in the page, and Python knows in which state it is."""
    notebook(lab[1] / "live.ipynb", SHOW_ALL)
    opened(chrome, lab, "live.ipynb")
    wait = WebDriverWait(chrome, 90, ignored_exceptions=[WebDriverException])

    def run(driver):  # the page is still busy with itself at first: try until the cell has run
        driver.find_element(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell .cm-content").click()
        keys = ActionChains(driver).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT)
        keys.perform()
        time.sleep(1)
        return "[ ]" not in driver.find_element(By.CSS_SELECTOR, ".jp-InputPrompt").text

    def figures(driver):
        found = driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output figure.ecg-explorer")
        return found if len(found) == len(EXPLORERS) else None

    wait.until(run)
    for name, figure in zip(EXPLORERS, wait.until(figures), strict=True):
        assert figure.text.count("Try: ") == 1
        drive(figure, name)
        told = (lab[1] / f"{name}.txt").read_text
        wait.until(lambda _, told=told, figure=figure: literal_eval(told()) == words(figure), name)


@pytest.mark.long
@pytest.mark.parametrize("trusted", [False, True])
def test_unrun_in_jupyterlab(chrome, lab, trusted):
    made = [make() for make in EXPLORERS.values()]
    data = [{"text/html": one.html(), "image/png": one.still} for one in made]
    path = lab[1] / f"stored{int(trusted)}.ipynb"
    notebook(path, SHOW_ALL, [nbformat.v4.new_output("display_data", one) for one in data])
    if trusted:
        command = [sys.executable, "-m", "jupyter", "trust", str(path)]
        subprocess.run(command, env=lab[2], check=True, capture_output=True)
    opened(chrome, lab, path.name)
    wait = WebDriverWait(chrome, 60)

    def stored(driver):  # not within the cell: JupyterLab may make it anew
        found = driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea figure")
        return found if len(found) == len(EXPLORERS) else None

    for figure in wait.until(stored):
        if trusted:
            wait.until(lambda _, figure=figure: figure.get_attribute("data-live") is not None)
            drive(figure)
        else:
            assert at_rest(figure)
    assert "odel not found" not in chrome.find_element(By.TAG_NAME, "body").text
