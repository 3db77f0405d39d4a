"""The network in a page, in a browser: it is loaded, reads beats and shows its layers."""

import base64

import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from test_explore_browser import PAGE, browser, pytestmark, resize  # noqa: F401
from test_export import logits_of, some_beats

from ecglab import batches, explore, export, shipped
from ecglab.explorers.files import file
from ecglab.recipe import Recipe

#: What a page of the book says of where its static files are.
ROOT_SAID = '<html lang="en" data-content_root="./"'
#: Computes the logits of some images in the page itself, as the worker does beside it.
LOGITS = """
const [script, images, columns, done] = arguments;
const floats = (text) => new Float32Array(
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const { unpack, forward } = new Function(script + "return { unpack, forward };")();
const net = unpack(ecglabNetwork);
const [pixels, numbers, size] = [floats(images), floats(columns), 64 * 64 * 2];
const count = ecglabNetwork.columns.length;
const times = [];
const logits = Array.from({ length: pixels.length / size }, (_, i) => {
  const began = performance.now();
  const image = { h: 64, w: 64, c: 2, v: pixels.subarray(i * size, (i + 1) * size) };
  const found = forward(net, image, Array.from(numbers.subarray(i * count, (i + 1) * count)));
  times.push(performance.now() - began);
  return [...found.logits];
});
done({ logits, times });
"""


@pytest.fixture(scope="module")
def chrome():
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page as the book has it, from a disk: the network's file lies in ``_static``."""
    folder = tmp_path_factory.mktemp("site")
    export.write(export.shipped(), folder / "_static" / "network.js")
    for small in (False, True):
        page = PAGE.format(theme="light", body=explore.live_network(small=small).html())
        name = "small" if small else "full"
        text = page.replace('<html lang="en"', ROOT_SAID)
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def status(figure):
    return figure.find_element(By.CSS_SELECTOR, "[role=status]").text


def calls(figure):
    """Return what is believed, by class, once the network has answered."""
    texts = [one.text for one in figure.find_elements(By.CSS_SELECTOR, ".ecg-stage svg text")]
    numbers = [float(text) for text in texts if text.startswith(("0.", "1."))]
    return dict(zip("NSVFQ", numbers, strict=True))


@pytest.fixture
def opened(chrome, site):
    def show(name, width=1280):
        resize(chrome, width)
        chrome.get((site / f"{name}.html").as_uri())
        figure = chrome.find_element(By.TAG_NAME, "figure")
        if name == "small":
            WebDriverWait(chrome, 60).until(lambda _: status(figure).startswith("Touch the beat"))
            assert chrome.find_elements(By.CSS_SELECTOR, "script[src$='network.js']") == []
            ActionChains(chrome).move_to_element(figure).perform()
        WebDriverWait(chrome, 120).until(lambda _: "computed in this page" in status(figure))
        return figure

    yield show
    assert [entry for entry in chrome.get_log("browser") if entry["level"] == "SEVERE"] == []


def until_called(chrome, figure, letter):
    WebDriverWait(chrome, 60).until(lambda _: calls(figure).get(letter, 0) > 0.5)


def slider(figure, label):
    return figure.find_element(By.XPATH, f".//div[starts-with(label, {label!r})]/input")


@pytest.mark.site
@pytest.mark.row("explorers driven")
def test_the_network_reads_a_beat_that_is_moved_and_bent(chrome, opened):
    """By the keyboard and by the pointer."""
    figure = opened("full")
    until_called(chrome, figure, "N")
    slider(figure, "The beat comes later").send_keys(Keys.ARROW_LEFT * 25)
    until_called(chrome, figure, "S")
    figure.find_element(By.XPATH, ".//button[.='as it was recorded']").click()
    until_called(chrome, figure, "N")
    choice = Select(figure.find_element(By.TAG_NAME, "select"))
    choice.select_by_visible_text("100 · premature, atrial")
    until_called(chrome, figure, "S")
    grips = figure.find_elements(By.CSS_SELECTOR, "circle.ecg-handle")
    ActionChains(chrome).drag_and_drop_by_offset(grips[1], 0, 226).perform()
    assert float(slider(figure, "QRS, raised").get_attribute("value")) == -2
    until_called(chrome, figure, "V")


@pytest.mark.site
@pytest.mark.row("explorers driven")
def test_layers_are_chosen_and_products_shown(chrome, opened):
    figure = opened("full", 390)
    buttons = figure.find_elements(By.CSS_SELECTOR, ".ecg-strip button")
    assert len(buttons) == 17 and buttons[0].get_attribute("aria-pressed") == "true"
    said = figure.find_element(By.CSS_SELECTOR, ".ecg-sum")
    before = said.text
    assert before.startswith("Sum of all 98 products")
    slider(figure, "Filter").send_keys(Keys.ARROW_RIGHT)
    assert said.text != before
    parts = [
        float(word.rstrip(":.,").replace("−", "-"))
        for word in said.text.split()
        if word[-2:-1].isdigit() and "." in word
    ]
    total, shift, value, after = parts
    assert abs(total + shift - value) < 0.011 and abs(max(value, 0) - after) < 0.011
    buttons[5].send_keys(Keys.ENTER)
    assert [one.get_attribute("aria-pressed") for one in buttons].index("true") == 5
    heading = figure.find_elements(By.CSS_SELECTOR, ".ecg-layer")[1].text
    assert heading.startswith("Stage 3, block 2: 128 maps of 8 × 8 pixels")
    assert not said.is_displayed()


def test_a_network_of_the_readers_own_is_opened(chrome, opened, tmp_path):
    figure = opened("full")
    recipe = Recipe(size=32, width=4)
    mine = export.export(recipe.build(0), recipe, tmp_path / "mine.js")
    chooser = figure.find_element(By.CSS_SELECTOR, "input[type=file]")
    chooser.send_keys(str(mine))
    WebDriverWait(chrome, 60).until(lambda _: "What your network believes" in figure.text)
    assert (
        len(
            figure.find_elements(By.CSS_SELECTOR, ".ecg-shots")[0].find_elements(
                By.TAG_NAME, "canvas"
            )
        )
        == 2
    ), "one channel, and what speaks for the class"
    (tmp_path / "other.js").write_text("alert(1)")
    chooser.send_keys(str(tmp_path / "other.js"))
    WebDriverWait(chrome, 60).until(lambda _: status(figure).startswith("Not opened: "))


def test_the_small_form_has_fewer_parts(chrome, opened):
    figure = opened("small", 390)
    until_called(chrome, figure, "N")
    assert len(figure.find_elements(By.CSS_SELECTOR, "input")) == 2
    assert figure.find_elements(By.CSS_SELECTOR, ".ecg-strip") == []
    grips = figure.find_elements(By.CSS_SELECTOR, "circle.ecg-handle")
    before = figure.find_element(By.CSS_SELECTOR, ".ecg-curve").get_attribute("d")
    ActionChains(chrome).drag_and_drop_by_offset(grips[0], 0, -20).perform()
    assert figure.find_element(By.CSS_SELECTOR, ".ecg-curve").get_attribute("d") != before


def test_without_the_file_the_page_says_what_it_lacks(chrome, tmp_path):
    path = tmp_path / "page.html"
    body = explore.live_network().html()
    path.write_text(PAGE.format(theme="light", body=body), encoding="utf-8")
    chrome.get(path.as_uri())
    figure = chrome.find_element(By.TAG_NAME, "figure")
    WebDriverWait(chrome, 30).until(lambda _: "python -m ecglab export" in status(figure))
    assert calls(figure)["N"] > 0.99, "what it said when the page was made"


def check_logits(chrome, opened, given, measured):
    """Compare the page's logits with those of Keras."""
    opened("small")
    model, _ = shipped.load()
    coded = [base64.b64encode(one.tobytes()).decode() for one in given.values()]
    chrome.set_script_timeout(300)
    found = chrome.execute_async_script(LOGITS, file("resnet.js"), *coded)
    apart = np.abs(np.array(found["logits"]) - logits_of(model, given)).max()
    count = len(found["times"])
    fastest = min(found["times"])
    measured(note=f"{count} beats {apart:.1e} apart, {fastest:.0f} ms a beat at best")
    assert apart < 1e-3


@pytest.mark.site
@pytest.mark.row("the network's logits")
def test_logits_of_any_numbers_are_those_of_keras(chrome, opened, measured):
    random = np.random.default_rng(0)
    images = (random.random((10, 64, 64, 2)) ** 8).astype(np.float32)
    columns = random.normal(0, 0.3, (10, 34)).astype(np.float32)
    check_logits(chrome, opened, {"images": images, "rr": columns}, measured)


@pytest.mark.site
@pytest.mark.real
@pytest.mark.row("the network's logits")
def test_logits_of_200_real_beats_are_those_of_keras(chrome, opened, measured):
    _, recipe = shipped.load()
    heartbeats = some_beats(recipe, ["100", "202", "213", "232"])
    given = batches.inputs(heartbeats, (64, 64), None, True)
    floats = {name: np.float32(given[name]) for name in ("images", "rr")}
    check_logits(chrome, opened, floats, measured)
