"""The explorers without a browser: their HTML, their widgets, and what is to be read in them."""

import base64
import io
import json
import re
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image

from ecglab import explore, export, heart, images, records, simulate
from ecglab.explorers import base, still
from ecglab.explorers.build_a_beat import parameters

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


def sheet():
    return explore.sheet(records.load("1", database="ludb"))


def album():
    def draw(state):
        figure = plt.Figure(figsize=(4, 3))
        figure.add_subplot().plot([0, state["Slope (mV/s)"]], color=COLOURS[state["Colour <name>"]])
        return figure, {"Slope": f"{state['Slope (mV/s)']:g} <mV/s>"}

    settings = {"Slope (mV/s)": [0.001, 1, 30], "Colour <name>": list(COLOURS)}
    alt = "A straight line, drawn steeper or flatter by the slider."
    return explore.album(draw, settings, alt=alt, caption="Try: make it steeper <or> flat.")


def verdict_parts(count=12):
    """Return what `verdict` takes: beats of five shapes, and beliefs of any strength."""
    random = np.random.default_rng(5)
    sizes = np.resize([1, 0.5, 1.5, -1, 0.8], count)
    times = np.arange(-540, 540) / 360
    curve = simulate.beat((times + 0.5) % 1 - 0.5, leads=("II",))[:, 0]
    strips = curve * sizes[:, None]
    windows = strips[:, 450:666, None].astype(np.float32)
    pictures = images.rasterize(windows, 360.0, height=32, width=24)[..., 0] / 255
    logits = 2 * random.normal(size=(count, 5))
    weights = np.exp(logits)
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    labels = probabilities.argmax(axis=1)
    labels[::3] = (labels[::3] + 1) % 5
    occlusion = random.normal(size=pictures.shape)
    return {
        "titles": [f"{100 + k} · <beat>" for k in range(count)],
        "strips": strips,
        "fs": 360,
        "pictures": pictures,
        "maps": {"Grad-CAM <last>": pictures * 5, "occlusion": occlusion},
        "probabilities": probabilities,
        "labels": labels,
    }


def verdict():
    return explore.verdict(**verdict_parts())


COLOURS = {"blue <sea>": "C0", "orange": "C1"}
#: How to make each explorer; the browser tests take them from here.
EXPLORERS = {
    "build_a_beat": explore.build_a_beat,
    "threshold": threshold,
    "kernel": lambda: explore.kernel(beat_image()),
    "labels": labels,
    "layer_cost": explore.layer_cost,
    "screening": explore.screening,
    "calipers": calipers,
    "sheet": sheet,
    "album": album,
    "verdict": verdict,
    "live_network": explore.live_network,
}
#: For each explorer a slider, what the script draws of it, and a text that changes with it.
MOVES = {
    "build_a_beat": ("PR interval", ".ecg-curve", "PR"),
    "threshold": ("Threshold on steepness", ".ecg-threshold", "True negatives"),
    "kernel": ("Row of the window", ".ecg-frame", "Window from"),
    "labels": ("Beat", ".ecg-curve", "Beat"),
    "layer_cost": ("Image, pixels a side", ".ecg-wrong", "Parameters, dense"),
    "screening": ("Prevalence", "svg", "Positive predictive value"),
    "calipers": ("First caliper", ".ecg-marks path", "Between the calipers"),
    "sheet": ("First upright caliper", ".ecg-marks path", "Between the upright calipers"),
    "album": ("Slope (mV/s)", "img[src]", "Slope"),
    "verdict": ("Threshold", ".ecg-threshold", "Threshold"),
    "live_network": ("The beat comes later", ".ecg-curve", "Since the beat before"),
}


@pytest.fixture(scope="module", params=EXPLORERS)
def explorer(request):
    return EXPLORERS[request.param]()


@pytest.fixture(scope="module")
def html(explorer):
    return explorer.html()


def parsed(html):
    return BeautifulSoup(html, "html.parser")


def stored(html):
    """Return what the page's script is given."""
    return json.loads(parsed(html).find("script", type="application/json").string)


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
    assert '<script type="module">' in html  # in the page: one from a disk can't load a module


def test_html_is_small_and_whole(explorer, html):
    assert len(html.encode()) <= 150_000 and explorer.html() == html, "the same each time"
    page = parsed(html)
    assert [tag.name for tag in page.find_all(recursive=False)] == ["figure", "style", "script"]
    (figure,) = page.find_all("figure")
    first, caption = figure.find_all(recursive=False)[:2]
    assert (first.name, caption.name) == ("img", "figcaption")
    assert first["src"].startswith("data:image/png;base64,iVBOR") and len(first["alt"]) > 40
    assert caption.text.startswith("Try: ")
    assert page.find_all(["input", "button", "select", "output", "svg"]) == [], "without scripts"
    assert page.find_all(id=True) == [], "nothing that could collide"
    values = {"content": explorer.content, "state": explorer.start}
    assert stored(html) == json.loads(json.dumps(values)), "data survive the page"


def test_scripts_are_for_reading():
    scripts = [
        path
        for path in Path(base.__file__).parent.iterdir()
        if path.suffix in (".js", ".css", ".html", ".json")
    ]
    assert len(scripts) > 2 * len(EXPLORERS)
    for path in scripts:
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= 150, path.name
        if path.suffix != ".json":
            assert max(map(len, lines)) <= 110, path.name


def test_page_output(explorer, monkeypatch):
    monkeypatch.setenv("ECGLAB_PAGE", "1")
    data = displayed(explorer)
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert data["text/html"] == explorer.html()
    assert len(data["image/png"]) < 150_000
    assert data["text/plain"] == f"Explorer(name={explorer.name!r})"


def without(monkeypatch, *packages):
    """Make some packages look as if they were not installed."""
    find = base.util.find_spec
    monkeypatch.setattr(base.util, "find_spec", lambda name: name not in packages and find(name))
    for name in packages:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "ecglab.explorers.still", raising=False)


@pytest.mark.parametrize("renderers", [(), ("py_mini_racer", "resvg_py")], ids=["some", "all"])
def test_page_output_where_packages_are_missing(monkeypatch, renderers):
    """Where all are, as with the package alone, the page's script does without a picture."""
    monkeypatch.delenv("ECGLAB_PAGE", raising=False)
    without(monkeypatch, "anywidget", *renderers)
    data = displayed(explore.screening())
    assert {"text/html", "text/plain"} <= set(data) <= {"text/html", "image/png", "text/plain"}
    assert ("image/png" in data) == (not renderers)
    assert ("<img" in str(parsed(data["text/html"]).figure)) == (not renderers)


def test_no_page_is_made_without_its_picture(monkeypatch):
    monkeypatch.setenv("ECGLAB_PAGE", "1")
    without(monkeypatch, "resvg_py")
    with pytest.raises(ModuleNotFoundError, match="resvg_py"):
        displayed(explore.screening())


# --- the picture at rest ----------------------------------------------------------------------


def test_the_picture_at_rest(explorer):
    picture = Image.open(io.BytesIO(base64.b64decode(explorer.still)))
    assert picture.format == "PNG" and picture.width >= 400 and picture.height >= 300
    assert len(set(picture.convert("L").tobytes())) > 10  # not blank


def test_the_picture_at_rest_says_what_is_to_be_read():
    explorer = threshold()
    drawn = parsed(still.svg(explorer))
    texts = " · ".join(tag.text for tag in drawn.find_all("text"))
    for name, text in explorer.read(explorer.start).items():
        assert f"{name}: {text}" in texts
    assert "<no> beats" in texts


# --- in a live notebook -----------------------------------------------------------------------


def test_live_output_is_a_widget_with_content_and_state(explorer, monkeypatch):
    monkeypatch.delenv("ECGLAB_PAGE", raising=False)
    data = displayed(explorer)
    assert "application/vnd.jupyter.widget-view+json" in data and "text/html" not in data
    widget = explorer.widget()
    content = json.loads(json.dumps(widget.content))
    network = content["data"].pop("network", None)  # in a live notebook no file lies beside it
    assert network is None or json.loads(network) == export.shipped()
    assert content == json.loads(json.dumps(explorer.content)) and widget.state == explorer.start
    assert widget._esm.startswith("//") and widget._esm.endswith("export default widget;\n")
    assert set(widget.get_state()) >= {"_esm", "_css", "content", "state"}


# --- the script's numbers are Python's --------------------------------------------------------


def any_state(random, explorer):
    """Return a state that the controls allow; of a slider, a value at one of its steps."""
    state = {}
    for control in explorer.content["controls"]:
        if control["kind"] == "slider":
            steps = round((control["high"] - control["low"]) / control["step"])
            value = control["low"] + control["step"] * int(random.integers(steps + 1))
            state[control["name"]] = round(value, 10)
        elif control["kind"] == "choice":
            state[control["name"]] = str(random.choice(list(control["options"])))
        elif control["kind"] == "number":
            state[control["name"]] = round(random.normal(), 2)
    if explorer.name == "labels":
        answered = random.permutation(5)[: random.integers(6)]
        state["answers"] = {str(k + 1): str(random.choice(list("NSVFQ"))) for k in answered}
    if explorer.name == "calipers":
        state["marks"] = str(random.choice(["", "shown"]))
    return state


def any_states(explorer, count):
    random = np.random.default_rng(7)
    return [any_state(random, explorer) for _ in range(count)]


def test_script_and_python_say_the_same(explorer):
    states = [explorer.start, *any_states(explorer, 1000)]
    engine = still.engine(explorer)
    call = f"{json.dumps(states)}.map((state) => widget.read(content.data, state))"
    found = json.loads(engine.eval(f"JSON.stringify({call})"))
    for state, pairs in zip(states, found, strict=True):
        assert [tuple(pair) for pair in pairs] == list(explorer.read(state).items()), state


def test_the_beat_of_the_script_is_that_of_python():
    explorer = explore.build_a_beat()
    times = np.linspace(-0.4, 0.8, 61)
    states = any_states(explorer, 200)
    engine = still.engine(explorer)
    call = (
        f"{json.dumps(states)}.map((state) => {times.tolist()}.map((time) =>"
        " voltage(content.data, wavesOf(content.data, state), state.lead, time)))"
    )
    found = json.loads(engine.eval(f"JSON.stringify({call})"))
    for state, ecg in zip(states, found, strict=True):
        expected = heart.beat(times, **parameters(state), leads=(state["lead"],))
        assert np.abs(expected[:, 0] - ecg).max() < 1e-6


def test_every_state_can_be_drawn(explorer):
    """The script draws any state without an error, and finite numbers alone."""
    if explorer.picture:
        pytest.skip("its pictures were drawn by Python")
    engine = still.engine(explorer)
    states = any_states(explorer, 20)
    drawings = {engine.eval(f"still(widget, content, {json.dumps(state)})") for state in states}
    assert len(drawings) > 10 or explorer.name == "labels"
    drawings = [re.sub('base64,[^"]+', "", drawing) for drawing in drawings]  # may spell anything
    assert not any(re.search('NaN|Infinity|[" ]undefined"', drawing) for drawing in drawings)


@pytest.mark.parametrize("unit", ["", "ms", "°"])
def test_numbers_are_written_alike(unit):
    engine = still.engine(explore.screening())
    values = [0, -0.004, 0.5, -0.5, 1.005, 2.675, 1234.5, -1e-12, 99.95, 1e6, 0.1 + 0.2 + 0.05]
    for value, digits in product(values, (0, 1, 2)):
        written = engine.eval(f"number({value!r}, {digits}, {unit!r})")
        assert written == base.number(value, digits, unit)


# --- what is to be read -----------------------------------------------------------------------


def read(explorer, **changes):
    return explorer.read(explorer.start | changes)


def test_the_start_is_a_normal_beat():
    words = read(explore.build_a_beat())
    wanted = {"Rate": "60 a minute", "PR": "160 ms", "QRS": "90 ms", "QT": "390 ms"}
    assert {name: words[name] for name in wanted} == wanted
    assert 30 <= int(words["Axis"].removesuffix("°")) <= 70


@pytest.mark.parametrize("axis", [-60, 0, 50, 120])
def test_the_measured_axis_follows_the_one_that_was_set(axis):
    found = int(read(explore.build_a_beat(), axis=axis)["Axis"].removesuffix("°").replace("−", "-"))
    assert abs(found - axis) < 15


def test_a_wave_that_is_gone_has_no_interval():
    words = read(explore.build_a_beat(), p_amplitude=0, t_amplitude=0)
    assert (words["PR"], words["QT"], words["QTc (Bazett)"]) == ("none",) * 3


def test_what_a_button_sets_is_what_a_slider_can_take(explorer):
    """Or the button would never count as pressed."""
    controls = explorer.content["controls"]
    sliders = {c["name"]: c for c in controls if c["kind"] == "slider"}
    for group in (c for c in controls if c["kind"] == "buttons"):
        for settings in group["settings"].values():
            for name in sliders.keys() & settings.keys():
                low, high, step = (sliders[name][bound] for bound in ("low", "high", "step"))
                if settings[name] != "next":
                    steps = (settings[name] - low) / step
                    assert steps == pytest.approx(round(steps)), name
                    assert low <= settings[name] <= high, name


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


def test_labels_tells_right_from_wrong():
    game = labels()
    assert "Why" not in read(game) and read(game)["Score"] == "0 of 0"
    words = read(game, answers={"1": "N"})
    assert (words["You"], words["Cardiologists"], words["Score"]) == ("N, right", "N", "1 of 1")
    assert words["Why"] == "example of <N>" and words["Their N"] == "1 of 1"
    words = read(game, beat=2, answers={"1": "N"})
    assert (words["You"], words["Cardiologists"], words["Score"]) == ("?", "?", "1 of 1")
    words = read(game, beat=2, answers={"1": "N", "2": "V"})
    assert (words["You"], words["Score"]) == ("V, not what they said", "1 of 2")
    assert (words["Their S"], words["Their V"]) == ("0 of 1", "0 of 0")
    assert game.content["controls"][-1]["high"] == 5


def test_labels_keeps_the_first_answer():
    engine = still.engine(labels())

    def settle(**state):
        return json.loads(engine.eval(f"JSON.stringify(widget.settle({json.dumps(state)}))"))

    assert settle(beat=1) == {"beat": 1, "answers": {}, "call": ""}
    first = settle(beat=1, call="N")
    assert first == {"beat": 1, "answers": {"1": "N"}, "call": ""}
    assert settle(**first | {"call": "V"}) == first
    second = settle(**first | {"beat": 2})
    assert second["answers"] == {"1": "N"}, "a call is for one beat"
    assert settle(**second | {"call": "V"})["answers"] == {"1": "N", "2": "V"}


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


def test_a_sheet_is_measured_in_both_directions():
    explorer = sheet()
    words = read(explorer, left=1480, right=1300, upper=3.5, lower=4.74)
    assert words["Between the upright calipers"] == "180 ms"
    assert words["Small boxes across"] == "4.5"
    assert words["Between the level calipers"] == "1.24 mV"
    assert words["Small boxes down"] == "12.4"
    assert read(explorer, left=300, right=300)["As a rate"] == "none"


def test_a_sheet_shows_the_leads_where_a_clinic_has_them():
    record = records.load("1", database="ludb")
    strips = sheet().content["data"]["strips"]
    assert [strip["name"] for strip in strips[:4]] == ["I", "aVR", "V1", "V4"]
    assert [strip["start"] for strip in strips] == [0, 2500, 5000, 7500] * 3 + [0]
    voltages = record.lead("V1")[2500:3750]
    drawn = np.array(strips[2]["steps"]) / 100
    at = (np.arange(len(drawn)) * strips[2]["ms"] * record.fs / 1000).round().astype(int)
    np.testing.assert_allclose(drawn, voltages[at] - np.median(voltages[at]), atol=0.0051)


def test_a_sheet_holds_every_deflection():
    record = records.load("1", database="ludb")
    signal = np.zeros_like(record.signal)
    signal[500, record.leads.index("I")] = 3
    signal[4500, record.leads.index("II")] = -3
    tall = explore.sheet(replace(record, signal=signal))
    usual = sheet().content["data"]
    data = tall.content["data"]
    assert (usual["room"], usual["height"]) == (2, 11.5)
    assert (data["room"], data["height"]) == (3.5, 3.5 + 7.5 + 3.5), "in mV"
    first, *_, last = data["strips"]
    assert max(first["steps"]) == 300 and min(last["steps"]) == -300
    found = settled(tall, lead="II, the long strip")
    assert (found["upper"], found["lower"]) == (10, 11), "one millivolt, from the row's middle up"


def settled(explorer, **changes):
    """Return what the script makes of a state."""
    state = json.dumps(explorer.start | changes)
    call = f"JSON.stringify(widget.settle({state}, content.data))"
    return json.loads(still.engine(explorer).eval(call))


def test_choosing_a_lead_moves_a_sheet_to_it():
    explorer = sheet()
    found = settled(explorer, lead="V5")
    assert found["zoom"] == 4 and 7500 < found["left"] < found["right"] < 10_000
    found = settled(explorer, **found | {"across": 0, "down": 100})
    assert found["across"] == 10_000 / 8 and found["down"] == 11.5 * 7 / 8  # the sheet's edges
    found = settled(explorer, **found | {"lead": ""})
    assert (found["zoom"], found["across"]) == (1, 5000)


def test_album_holds_a_picture_for_each_setting():
    explorer = album()
    data = stored(explorer.html())["content"]["data"]
    assert data["names"] == ["Slope (mV/s)", "Colour <name>"]
    pictures = data["pictures"]
    assert list(pictures) == ["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]
    assert len({one["png"] for one in pictures.values()}) == 6
    assert pictures["2,1"]["words"] == {"Slope": "30 <mV/s>"}
    assert explorer.still == pictures["0,0"]["png"]


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


# --- what a network says of beats -------------------------------------------------------------


def test_verdict_tells_calls_from_beats_for_a_person():
    belief = [[0.5, 0.2, 0.2, 0.1, 0], [0.0002, 0, 0.9998, 0, 0], [0.1, 0.15, 0.4, 0.35, 0]]
    parts = verdict_parts(3) | {"titles": "ABC", "probabilities": belief}
    explorer = explore.verdict(**parts | {"labels": [0, 0, 2]})
    words = read(explorer)
    assert list(words.values())[:4] == ["N", "N", "0.500", "0.50"]
    assert words["Verdict"] == "called, rightly"
    assert words["Of these 3 beats"] == "1 called rightly, 1 wrongly, 1 shown to a person"
    words = read(explorer, beat="B", threshold=0.99)
    assert (words["Belief"], words["Verdict"]) == ("0.999", "called, wrongly")
    assert words["Of these 3 beats"] == "0 called rightly, 1 wrongly, 2 shown to a person"
    shown = "shown to a person: the network would have been "
    assert read(explorer, beat="B", threshold=1.0)["Verdict"] == shown + "wrong"
    assert read(explorer, beat="A", threshold=0.51)["Verdict"] == shown + "right"
    words = read(explorer, beat="C", threshold=0.4)
    assert (words["Network"], words["Verdict"]) == ("V", "called, rightly")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_verdict_calls_from_the_threshold_on(dtype):
    """At each of its steps, a belief that equals it is called; one just below it is not."""
    for least in np.arange(20, 101) / 100:
        for belief in (least, least - 1e-4):
            rest = (1 - belief) / 4
            row = np.array([belief, *[rest] * 4], dtype)
            parts = verdict_parts(1) | {"probabilities": row[None], "labels": [0]}
            explorer = explore.verdict(**parts)
            if belief > rest:
                words = read(explorer, threshold=least)
                assert words["Verdict"].startswith("called") == (belief == least), belief


def test_verdict_draws_strip_picture_and_evidence():
    parts = verdict_parts(2)
    evidence = np.zeros_like(parts["pictures"])
    evidence[0, 0, 0] = -4
    evidence[0, 0, 1] = 2
    explorer = explore.verdict(**parts | {"maps": {"mine": evidence}})
    data = explorer.content["data"]
    strip = np.array(data["strips"][0]) / 100
    assert data["fs"] == 120 and data["middle"] == 180 and len(strip) == 360
    assert np.abs(strip - parts["strips"][0, ::3]).max() <= 0.0051

    def pixels(png):
        picture = Image.open(io.BytesIO(base64.b64decode(png)))
        return np.asarray(picture.convert("RGBA")).astype(int)

    grey = pixels(data["pictures"][0])
    assert np.abs(grey[..., 0] - 255 * parts["pictures"][0]).max() <= 9
    assert (grey[..., 3] == 255).all()
    heat, none = (pixels(png)[..., 3] for png in data["maps"]["mine"])
    assert heat[0, 0] == 0 and heat[0, 1] == pytest.approx(96, abs=7), "for the class alone"
    assert np.count_nonzero(heat) == 1 and not none.any()
    assert 'href="data:image/png' in still.svg(explorer)


def test_verdict_keeps_slow_strips_as_they_are():
    parts = verdict_parts(1) | {"strips": np.full((1, 300), 5.0), "fs": 100}
    data = explore.verdict(**parts).content["data"]
    assert (data["fs"], data["middle"], len(data["strips"][0])) == (100, 150, 300)
    assert set(data["strips"][0]) == {300}, "clipped at 3 mV"


# --- what is refused ---------------------------------------------------------------------------


def threshold_of(values, positive):
    return lambda: explore.threshold(values, np.array(positive))


def kernel_of(shape, dtype="u1"):
    return lambda: explore.kernel(np.zeros(shape, dtype))


def labels_of(shape, classes):
    return lambda: explore.labels(np.zeros(shape), 120, classes, ["a", "b"], "II")


def calipers_of(*span):
    return lambda: explore.calipers(np.zeros(500), 250, {"PR": span}, "II")


def verdict_of(**changes):
    return lambda: explore.verdict(**verdict_parts(2) | changes)


ONE_ROW = "one row of finite"
BOTH_KINDS = "; give bool of shape .2,., both kinds"
SIZES = "uint8 of 3 to 32 rows and 3 to 32 columns"
WITHIN = r"PR from .* within the signal, 0 to 2 s"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (threshold_of([1.0, np.nan], [True, False]), rf"shape \(2,\): {ONE_ROW}"),
        (threshold_of([[1.0], [2.0]], [[True], [False]]), rf"shape \(2, 1\): {ONE_ROW}"),
        (threshold_of([1.0, 2.0], [1, 0]), rf"int64 of shape \(2,\), 1 true{BOTH_KINDS}"),
        (threshold_of([1.0, 2.0], [True]), rf"bool of shape \(1,\), 1 true{BOTH_KINDS}"),
        (threshold_of([1.0, 2.0], [True, True]), rf"bool of shape \(2,\), 2 true{BOTH_KINDS}"),
        (kernel_of((3, 33)), SIZES),
        (kernel_of((8, 8), float), SIZES),
        (kernel_of(9), SIZES),
        (labels_of((2, 9), "NVV"), r"\(2, 9\), 3 classes and 2 reasons; give one strip"),
        (labels_of((2,), "NV"), r"strips of shape \(2,\)"),
        (labels_of((2, 9), "NL"), r"\['L'\] are not AAMI classes; those are N, S, V, F, Q"),
        (calipers_of(0.5, 0.4), WITHIN),
        (calipers_of(-0.1, 0.4), WITHIN),
        (calipers_of(0.5, 2.1), WITHIN),
        (calipers_of(np.nan, 1), WITHIN),
        (verdict_of(titles=["a", "a"]), r"\['a', 'a'\]; give one for each beat, no two alike"),
        (verdict_of(titles=[]), r"titles are \[\]; give one"),
        (verdict_of(strips=np.zeros((3, 9))), r"strips of shape \(3, 9\): 2 rows of finite"),
        (verdict_of(strips=np.full((2, 9), np.nan)), r"strips of shape \(2, 9\): 2 rows of finite"),
        (verdict_of(strips=np.zeros(2)), r"strips of shape \(2,\): 2 rows of finite"),
        (verdict_of(fs=0), "fs is 0; it must be a sampling rate"),
        (verdict_of(pictures=np.zeros((2, 8))), r"shape \(2, 8\): \(2, height, width\) is wanted"),
        (verdict_of(pictures=np.full((2, 8, 8), 255)), "run from 255 to 255; give 0 to 1"),
        (verdict_of(pictures=np.full((2, 8, 8), np.nan)), "run from nan to nan; give 0 to 1"),
        (verdict_of(maps={"a": np.zeros((2, 8, 8))}), r"map 'a' .*\(2, 8, 8\).*\(2, 32, 24\) are"),
        (verdict_of(maps={"a": np.full((2, 32, 24), np.inf)}), "map 'a' .*finite numbers of"),
        (verdict_of(maps={"none": np.zeros((2, 32, 24))}), "named 'none'; that is the choice"),
        (verdict_of(probabilities=np.ones((2, 4))), r"shape \(2, 4\): \(2, 5\) is wanted"),
        (verdict_of(probabilities=np.ones((2, 5))), "sum 1"),
        (
            verdict_of(probabilities=[[2, -1, 0, 0, 0]] * 2),
            r"\[2.0, -1.0, .*each row is to be 0 to 1",
        ),
        (verdict_of(labels=[0, 5]), r"labels \[5\]; give 0 to 4, for"),
        (verdict_of(labels=[0.0, 1.0]), r"float64 and shape \(2,\): int of shape \(2,\) is wanted"),
        (verdict_of(labels=[0]), r"shape \(1,\): int of shape \(2,\) is wanted"),
        (
            lambda: base.Explorer("kernel", {}, dict, rwo={"value": 1}),
            "explorer kernel has no control 'rwo'",
        ),
    ],
)
def test_explorers_name_what_they_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()
