"""The explorers without a browser: their HTML, their widgets, and what they say."""

import base64
import json
import re
import sys

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ecglab import explore, images, simulate

SVG_NAMESPACE = "http://www.w3.org/2000/svg"


def beat_image():
    times = np.arange(-0.25, 0.35, 1 / 360)
    window = simulate.beat(times, leads=("II",))[None]
    return images.rasterize(window, 360.0, height=28, width=32)[0, :, :, 0]


def detector_peaks():
    random = np.random.default_rng(0)
    truth = random.random(3000) < 0.3
    return np.where(truth, random.normal(12, 3, 3000), random.exponential(3, 3000)), truth


def threshold():
    groups = ("beats", "<no> beats")  # what is shown is text, never markup
    return explore.threshold(
        *detector_peaks(), name="steepness", unit="mV/s", groups=groups, hours=0.5
    )


def labels():
    times = np.arange(-2.5, 2.5, 1 / 120)
    beat = simulate.beat((times + 0.5) % 1 - 0.5, leads=("II",))[:, 0]
    strips = [beat * size for size in (1, 0.5, 1.5, -1, 0.8)]
    reasons = [f"example of <{name}>" for name in "NSVFQ"]
    return explore.labels(np.array(strips), 120, "NSVFQ", reasons, "II (simulated)")


def calipers():
    times = np.arange(-0.5, 1.5, 1 / 250)
    beat = simulate.beat((times + 0.5) % 1 - 0.5, leads=("II",))[:, 0]
    spans = {"PR": (0.3, 0.46), "QRS <wide>": (0.46, 0.55)}
    return explore.calipers(beat, 250, spans, "II (simulated)")


def album():
    def draw(state):
        figure = plt.Figure(figsize=(4, 3))
        figure.add_subplot().plot([0, state["Slope (mV/s)"]], color=COLOURS[state["Colour <name>"]])
        return figure, {"Slope": f"{state['Slope (mV/s)']:g} <mV/s>"}

    settings = {"Slope (mV/s)": [0.001, 1, 30], "Colour <name>": list(COLOURS)}
    alt = "A straight line, drawn steeper or flatter by the slider."
    return explore.album(draw, settings, alt=alt, caption="Try: make it steeper <or> flat.")


COLOURS = {"blue <sea>": "C0", "orange": "C1"}
#: How to make each explorer; the browser tests take them from here.
EXPLORERS = {
    "build_a_beat": explore.build_a_beat,
    "threshold": threshold,
    "kernel": lambda: explore.kernel(beat_image()),
    "labels": labels,
    "screening": explore.screening,
    "calipers": calipers,
    "album": album,
}
#: For each explorer a slider, what the script draws of it, and a text that changes with it.
MOVES = {
    "build_a_beat": ("PR interval", ".ecg-curve", "PR"),
    "threshold": ("Threshold on steepness", ".ecg-threshold", "True negatives"),
    "kernel": ("Row of the window", ".ecg-frame", "Window from"),
    "labels": ("Beat", ".ecg-curve", "Beat"),
    "screening": ("Prevalence", "svg", "Positive predictive value"),
    "calipers": ("First caliper", ".ecg-marks path", "Between the calipers"),
    "album": ("Slope (mV/s)", "img[src]", "Slope"),
}


@pytest.fixture(scope="module", params=EXPLORERS)
def explorer(request):
    return EXPLORERS[request.param]()


@pytest.fixture(scope="module")
def html(explorer):
    return explorer.html()


def pixels(png):
    return base64.b64decode(png)


def displayed(explorer):
    """Return the one output that a notebook's cell would get."""
    InteractiveShell.instance()
    with capture_output() as captured:
        explorer._ipython_display_()
    (output,) = captured.outputs
    return output.data


# --- the page ---------------------------------------------------------------------------------


def test_html_asks_nothing_of_another_host(html):
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w[^\s\"']*", html))
    assert addresses <= {SVG_NAMESPACE, SVG_NAMESPACE.removeprefix("http:")}
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|\bimport\b", html)


def test_html_is_small_and_whole(explorer, html):
    assert len(html.encode()) <= 150_000
    page = BeautifulSoup(html, "html.parser")
    assert [tag.name for tag in page.find_all(recursive=False)] == ["figure", "script"]
    (figure,) = page.find_all("figure")
    first, caption = figure.find_all(recursive=False)[:2]
    assert (first.name, caption.name) == ("img", "figcaption")
    assert first["src"].startswith("data:image/png;base64,iVBOR") and len(first["alt"]) > 40
    assert caption.text.startswith("Try: ")


def test_html_without_scripts_has_no_controls(html):
    page = BeautifulSoup(html, "html.parser")
    for tag in page(["script", "style"]):
        tag.decompose()
    assert page.find_all(["input", "button", "select", "output", "svg"]) == []
    assert page.figure.find("img") and page.text.strip().startswith("Try: ")


def test_html_has_no_id_that_could_collide(html):
    both = BeautifulSoup(html + html, "html.parser")
    assert both.find_all(id=True) == []


def test_data_survive_the_page(explorer, html):
    page = BeautifulSoup(html, "html.parser")
    stored = json.loads(page.find("script", type="application/json").string)
    assert stored == json.loads(json.dumps(explorer.content))


def test_the_same_html_each_time(explorer, html):
    assert explorer.html() == html


def test_scripts_are_for_reading():
    for path in explore.resources.files("ecglab").joinpath("explorers").iterdir():
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= 150, path.name
        if path.suffix != ".json":
            assert max(map(len, lines)) <= 110, path.name


def test_page_output(explorer, monkeypatch):
    monkeypatch.setenv("ECGLAB_PAGE", "1")
    data = displayed(explorer)
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert data["text/html"] == explorer.html()
    assert pixels(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 150_000
    assert data["text/plain"] == f"Explorer(name={explorer.name!r})"


def test_page_output_where_ipywidgets_is_missing(explorer, monkeypatch):
    monkeypatch.delenv("ECGLAB_PAGE", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr(explore.util, "find_spec", lambda name: None)
    assert "text/html" in displayed(explorer)


# --- the widgets ------------------------------------------------------------------------------


def fields(widget):
    """Return a widget's own controls by what stands beside them."""
    shown = [one for one in widget.children[2].children if hasattr(one, "value")]
    return {one.description: one for one in shown}


def test_live_output_is_a_widget(explorer, monkeypatch):
    monkeypatch.delenv("ECGLAB_PAGE", raising=False)
    data = displayed(explorer)
    assert "application/vnd.jupyter.widget-view+json" in data and "text/html" not in data


@pytest.mark.parametrize(
    ("name", "label", "value", "word"),
    [
        ("build_a_beat", "PR interval (ms)", 250, "<b>250 ms</b>"),
        ("threshold", "Threshold on steepness (mV/s)", 0, "Sensitivity: <b>100.0 %</b>"),
        ("kernel", "Row of the window", 0, "row 0, column"),
        ("labels", "Beat", 3, "<b>3 of 5</b>"),
        ("screening", "Prevalence (%)", 0.5, "Ill: <b>5 of 1,000</b>"),
    ],
)
def test_moving_a_slider_redraws(name, label, value, word):
    widget = EXPLORERS[name]().widget()
    picture, said = widget.children[:2]
    before = picture.value
    assert before.startswith('<img alt="') and word not in said.value
    fields(widget)[label].value = value
    assert picture.value != before and word in said.value


def test_a_button_sets_other_controls_and_draws_once(monkeypatch):
    drawn = []
    picture = explore.Explorer.picture
    monkeypatch.setattr(
        explore.Explorer, "picture", lambda self, state: drawn.append(1) or picture(self, state)
    )
    widget = explore.build_a_beat().widget()
    buttons = {
        child.description: child
        for child in widget.children[2].children
        if isinstance(child, ipywidgets.Button)
    }
    buttons["Left bundle branch block"].click()
    assert len(drawn) == 2
    assert fields(widget)["Conduction"].value == "L"
    assert fields(widget)["QRS duration (ms)"].value == 150
    assert "QRS: <b>150 ms</b>" in widget.children[1].value


# --- what they say ----------------------------------------------------------------------------


def read(explorer, **changes):
    return explorer.draw(explorer.start | changes)[1]


def test_the_start_is_a_normal_beat():
    words = read(explore.build_a_beat())
    assert [words[name] for name in ("Rate", "PR", "QRS", "QT")] == [
        "60 a minute",
        "160 ms",
        "90 ms",
        "390 ms",
    ]
    assert 30 <= int(words["Axis"].removesuffix("°")) <= 70


@pytest.mark.parametrize("axis", [-60, 0, 50, 120])
def test_the_measured_axis_follows_the_one_that_was_set(axis):
    found = int(read(explore.build_a_beat(), axis=axis)["Axis"].removesuffix("°").replace("−", "-"))
    assert abs(found - axis) < 15


def test_a_wave_that_is_gone_has_no_interval():
    words = read(explore.build_a_beat(), p_amplitude=0, t_amplitude=0)
    assert (words["PR"], words["QT"], words["QTc (Bazett)"]) == ("none",) * 3


def test_every_example_stays_within_the_sliders():
    controls = explore.build_a_beat().content["controls"]
    bounds = {c["name"]: (c["low"], c["high"]) for c in controls if c["kind"] == "slider"}
    for settings in controls[0]["settings"].values():
        for name, value in settings.items():
            if name in bounds:
                assert bounds[name][0] <= value <= bounds[name][1]


def test_threshold_counts_exactly():
    values, truth = detector_peaks()
    explorer = threshold()
    control = explorer.content["controls"][0]
    assert control["low"] <= values.min() and values.max() < control["high"]
    steps = round((control["high"] - control["low"]) / control["step"])
    for k in (0, 7, 20, steps):
        height = control["low"] + k * control["step"]
        called = values >= height - 1e-9
        words = read(explorer, threshold=height)
        counts = (called & truth, ~called & truth, called & ~truth, ~called & ~truth)
        assert [int(words[name].replace(",", "")) for name in list(words)[:4]] == [
            count.sum() for count in counts
        ]
        assert words["False alarms an hour"] == f"{2 * counts[2].sum():,.1f}"
        assert words["Sensitivity"] == f"{100 * (called & truth).sum() / truth.sum():.1f} %"
    assert words["Positive predictivity"] == "undefined"  # nothing is called


@pytest.mark.parametrize("values", [[0.0, 1.0], [1e-7, 3e-7, 4e-7, 2e-7], [5.0, 5.0], [-3e6, 2e6]])
def test_threshold_takes_any_range(values):
    truth = np.arange(len(values)) % 2 == 0
    control = explore.threshold(values, truth).content["controls"][0]
    assert control["low"] <= min(values) and max(values) < control["high"]
    assert control["low"] <= control["value"] <= control["high"]


@pytest.mark.parametrize(
    ("values", "positive", "message"),
    [
        ([1.0, np.nan], [True, False], r"shape \(2,\): one row of finite"),
        ([[1.0], [2.0]], [[True], [False]], r"shape \(2, 1\): one row"),
        (
            [1.0, 2.0],
            [1, 0],
            r"int64 of shape \(2,\), 1 true; give bool of shape \(2,\), both kinds",
        ),
        ([1.0, 2.0], [True], r"bool of shape \(1,\), 1 true; give bool of shape \(2,\)"),
        ([1.0, 2.0], [True, True], r"bool of shape \(2,\), 2 true; .* both kinds"),
    ],
)
def test_threshold_names_what_it_refuses(values, positive, message):
    with pytest.raises(ValueError, match=message):
        explore.threshold(values, np.array(positive))


def test_kernel_multiplies_and_adds():
    image = np.random.default_rng(0).integers(0, 256, (9, 12), dtype=np.uint8)
    explorer = explore.kernel(image)
    weights = {f"k{i}": i - 3.5 for i in range(9)}
    expected = (image[4:7, 2:5] / 255 * (np.arange(9).reshape(3, 3) - 3.5)).sum()
    words = read(explorer, row=4, column=2, **weights)
    assert words["Sum of the nine products"] == f"{expected:.2f}".replace("-", "−")
    assert words["After ReLU"] == f"{max(expected, 0):.2f}"
    assert words["Places done"] == f"{4 * 10 + 2 + 1} of {7 * 10}"
    rows = next(c for c in explorer.content["controls"] if c.get("name") == "row")
    assert (rows["low"], rows["high"]) == (0, 6)


def test_kernel_takes_the_sliders_of_a_browser():
    """Which send 9.999999999999998 for 10."""
    explorer = EXPLORERS["kernel"]()
    assert read(explorer, row=10 - 2e-15, column=3 + 4e-16)["Window from"] == "row 10, column 3"


@pytest.mark.parametrize("image", [np.zeros((3, 33), "u1"), np.zeros((8, 8)), np.zeros(9, "u1")])
def test_kernel_names_what_it_refuses(image):
    with pytest.raises(ValueError, match="uint8 of 3 to 32 rows and 3 to 32 columns"):
        explore.kernel(image)


def test_labels_keeps_score_and_the_first_answer():
    game = labels()
    assert "Why" not in read(game) and read(game)["Score"] == "0 of 0"
    assert read(game, call="N")["You"] == "N, right"
    words = read(game, call="V")
    assert (words["You"], words["Cardiologists"], words["Score"]) == ("N, right", "N", "1 of 1")
    assert words["Why"] == "example of <N>" and words["Their N"] == "1 of 1"
    words = read(game, beat=2, call="V")  # a call that was for the beat before
    assert (words["You"], words["Score"]) == ("?", "1 of 1")
    words = read(game, beat=2 - 2e-15, call="V")
    assert (words["You"], words["Score"]) == ("V, not what they said", "1 of 2")
    assert (words["Their S"], words["Their V"]) == ("0 of 1", "0 of 0")
    assert read(game)["You"] == "N, right"  # back at the first
    assert game.content["controls"][-1]["high"] == 5


def test_labels_in_a_widget():
    widget = labels().widget()
    buttons = {
        child.description: child
        for child in widget.children[2].children
        if isinstance(child, ipywidgets.Button)
    }
    for name in "NSVF":
        buttons[name].click()
        buttons["next"].click()
    assert fields(widget)["Beat"].value == 5
    assert "Score: <b>4 of 4</b>" in widget.children[1].value
    buttons["next"].click()  # there is no further beat
    assert "Beat: <b>5 of 5</b>" in widget.children[1].value
    assert "Score: <b>4 of 4</b>" in widget.children[1].value


@pytest.mark.parametrize(
    ("shape", "classes", "reasons", "message"),
    [
        ((2, 9), "NVV", ["a", "b"], r"\(2, 9\), 3 classes and 2 reasons; give one strip"),
        ((2,), "NV", ["a", "b"], r"strips of shape \(2,\)"),
        ((2, 9), "NL", ["a", "b"], r"\['L'\] are not AAMI classes; those are N, S, V, F, Q"),
    ],
)
def test_labels_names_what_it_refuses(shape, classes, reasons, message):
    with pytest.raises(ValueError, match=message):
        explore.labels(np.zeros(shape), 120, classes, reasons, "II")


# --- calipers, and pictures drawn beforehand --------------------------------------------------


def test_calipers_measure_and_compare():
    explorer = calipers()
    words = read(explorer, left=480, right=300)  # whichever stands first
    assert words["Between the calipers"] == "180 ms" and words["Small boxes"] == "4.5"
    assert words["Cardiologists"] == words["You are off by"] == "?"
    words = read(explorer, left=300, right=440, marks="shown")
    assert words["Cardiologists"] == "PR 160 ms" and words["You are off by"] == "−20 ms"
    assert read(explorer, left=0, right=800)["As a rate"] == "75 a minute"
    assert read(explorer, left=300, right=300)["As a rate"] == "none"


@pytest.mark.parametrize("span", [(0.5, 0.4), (-0.1, 0.4), (0.5, 2.1), (np.nan, 1)])
def test_calipers_refuse_what_lies_outside(span):
    with pytest.raises(ValueError, match=r"PR from .* within the signal, 0 to 2 s"):
        explore.calipers(np.zeros(500), 250, {"PR": span}, "II")


def test_album_holds_a_picture_for_each_setting():
    explorer = album()
    page = BeautifulSoup(explorer.html(), "html.parser")
    stored = json.loads(page.find("script", type="application/json").string)["data"]
    assert stored["names"] == ["Slope (mV/s)", "Colour <name>"]
    assert list(stored["pictures"]) == ["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]
    pictures = {png for png, _ in stored["pictures"].values()}
    assert len(pictures) == 6
    assert stored["pictures"]["2,1"][1] == {"Slope": "30 <mV/s>"}


@pytest.mark.parametrize("prevalence", [0.1, 2, 37.3, 50])
@pytest.mark.parametrize(("sensitivity", "specificity"), [(90, 95), (0, 100), (72.5, 61.5)])
def test_screening_counts_a_thousand(prevalence, sensitivity, specificity):
    state = {"prevalence": prevalence, "sensitivity": sensitivity, "specificity": specificity}
    words = read(explore.screening(), **state)
    tp, fn, fp, tn = (int(words[name]) for name in list(words)[1:5])
    assert tp + fn + fp + tn == 1000
    assert words["Ill"] == f"{tp + fn} of 1,000" and abs(tp + fn - 10 * prevalence) <= 0.5
    assert abs(tp - (tp + fn) * sensitivity / 100) <= 0.5
    assert abs(tn - (fp + tn) * specificity / 100) <= 0.5
    ppv = f"{100 * tp / (tp + fp):.1f} %" if tp + fp else "undefined"
    assert words["Positive predictive value"] == f"{ppv}: of {tp + fp} alarms {tp} are true"


def test_numbers():
    assert explore._number(1234.5, 0, "ms") == "1,235 ms"
    assert explore._number(-0.004, 2) == "0.00" and explore._number(-0.5, 2) == "−0.50"
    assert explore._number(-30, 0, "°") == "−30°"
