"""A network as a script for a page: what is in it, and that JavaScript computes as Keras does."""

import base64
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ecglab import __main__ as shell
from ecglab import batches, explain, export, images, models, records, shipped
from ecglab.backend import keras
from ecglab.explorers.files import file
from ecglab.recipe import Recipe

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(not NODE, reason="no node: apt install nodejs")
#: Reads a job, runs the network, writes what it found.
DRIVER = """
const { readFileSync, writeFileSync } = require("fs");
const job = JSON.parse(readFileSync(process.argv[2]));
const text = readFileSync(job.network, "utf-8");
const net = unpack(JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)));
const image = ({ h, w, c, v }) => ({ h, w, c, v: Float32Array.from(v) });
const times = [];
const found = job.images.map((one, i) => {
  const began = performance.now();
  const { logits, maps } = forward(net, image(one), job.columns ? job.columns[i] : []);
  times.push(performance.now() - began);
  const kind = logits.indexOf(Math.max(...logits));
  const last = maps[net.blocks.at(-1)];
  const camera = activation(last, net.layers.logits, kind);
  const sums = Object.entries(maps).map(([name, map]) => [name, map.v.reduce((a, b) => a + b)]);
  return { logits: [...logits], shares: softmax(logits), camera: [...camera.v], sums };
});
writeFileSync(job.out, JSON.stringify({ found, times }));
"""


def in_node(folder, network, shown, columns=None):
    """Return what the scripts compute of some images; write the network's file."""
    path = export.write(network, folder / "network.js")
    _, h, w, c = shown.shape
    pictures = [{"h": h, "w": w, "c": c, "v": one.ravel().tolist()} for one in shown]
    told = None if columns is None else columns.tolist()
    job = {"network": str(path), "images": pictures, "columns": told, "out": str(folder / "out")}
    (folder / "job").write_text(json.dumps(job))
    script = folder / "driver.js"
    script.write_text(file("resnet.js") + DRIVER)
    subprocess.run([NODE, script, folder / "job"], check=True, timeout=300)
    return json.loads((folder / "out").read_text())


def logits_of(model, inputs):
    network = keras.Model(model.inputs, model.get_layer("logits").output)
    return np.asarray(network(inputs if isinstance(inputs, dict) else [inputs]))


def some_beats(recipe, names, count=200):
    heartbeats = recipe.load(names)
    chosen = np.random.default_rng(0).choice(len(heartbeats), count, replace=False)
    return heartbeats[np.sort(chosen)]


@pytest.fixture(scope="module")
def two_leads():
    return shipped.load()


# --- the scripts compute as Keras does --------------------------------------------------------


def check_logits(folder, two_leads):
    """Compare logits, and Grad-CAM's map of the last layer, on 200 beats of four people."""
    model, recipe = two_leads
    heartbeats = some_beats(recipe, ["100", "202", "213", "232"])
    given = batches.inputs(heartbeats, (64, 64), None, True)
    found = in_node(folder, export.shipped(), given["images"], given["rr"])
    expected = logits_of(model, given)
    ours = np.array([one["logits"] for one in found["found"]])
    apart = np.abs(expected - ours).max()
    print(f"logits to {np.abs(expected).max():.1f}, {len(ours)} beats: {apart:.1e} apart at most")
    print(f"a beat: {np.median(found['times']):.0f} ms, the fastest {min(found['times']):.0f} ms")
    assert len(set(ours.argmax(axis=1))) >= 3, "beats of several classes"
    assert apart < 1e-3
    shares = np.array([one["shares"] for one in found["found"]])
    np.testing.assert_allclose(shares, np.asarray(model(given)), atol=1e-3)
    few = {name: one[:8] for name, one in given.items()}
    kept, slopes = explain.gradients(model, few, "conv5_block3_out")
    maps = np.maximum((kept * slopes.mean(axis=(1, 2), keepdims=True)).sum(axis=3), 0)
    drawn = np.array([one["camera"] for one in found["found"][:8]]).reshape(maps.shape)
    np.testing.assert_allclose(drawn, maps, atol=1e-3)


@needs_node
@pytest.mark.real
def test_logits_of_real_beats_are_those_of_keras(tmp_path, two_leads):
    check_logits(tmp_path, two_leads)


@needs_node
def test_logits_of_simulated_beats_are_those_of_keras(tmp_path, two_leads, monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    check_logits(tmp_path, two_leads)


# --- the beats of the explorer ------------------------------------------------------------------

#: What the page gives the network, and what the network answers, for some states.
GIVEN = """
const { readFileSync, writeFileSync } = require("fs");
const job = JSON.parse(readFileSync(process.argv[2]));
const network = job.network;
const net = network.half && unpack(network);
const found = job.questions.map(([beat, state]) => {
  beat.curves = beat.strips.map(curveOf);
  beat.usual = beat.typical.map(curveOf);
  const { image, columns } = given(network, beat, state);
  const shares = net ? softmax(forward(net, image, columns).logits) : [];
  return { image: [...image.v], columns, shares, refused: refusal(network) };
});
writeFileSync(job.out, JSON.stringify(found));
"""
STILL = {"p": 0, "qrs": 0, "wide": 1, "t": 0, "late": 0}


def page_gives(folder, network, questions):
    """Return what the explorer makes of beats in some states."""
    job = {"network": network, "questions": questions, "out": str(folder / "out")}
    (folder / "job").write_text(json.dumps(job))
    script = folder / "given.js"
    names = ("resnet.js", "picture.js", "live_bend.js")
    script.write_text("".join(map(file, names)) + GIVEN)
    subprocess.run([NODE, script, folder / "job"], check=True, timeout=300)
    return json.loads((folder / "out").read_text())


@pytest.fixture(scope="module")
def live_beats():
    return json.loads(file("live_beats.json"))


def moved(record, sample, by):
    """Return a record in which one beat comes later, by so many samples."""
    samples = record.samples.copy()
    samples[samples == sample] += by
    return replace(record, samples=samples)


@needs_node
@pytest.mark.real
@pytest.mark.parametrize("late", [0, -100, 250])
def test_the_page_gives_the_network_what_python_would(tmp_path, two_leads, live_beats, late):
    """Numbers beside the picture, also of a beat that comes at another time."""
    _, recipe = two_leads
    questions = [(beat, STILL | {"late": late}) for beat in live_beats]
    found = page_gives(tmp_path, export.shipped(), questions)
    by = round(late * 0.36)
    for beat, ours in zip(live_beats, found, strict=True):
        record = records.load(beat["title"][:3])
        heartbeats = recipe.cut(moved(record, beat["sample"], by))
        at = np.flatnonzero(heartbeats.samples == beat["sample"] + by)
        apart = np.abs(np.array(ours["columns"]) - heartbeats.rr[at[0]])
        waves = np.char.startswith(heartbeats.rr_names, "P ")
        # Of a moved beat the record's own median and change stay as they were recorded
        assert apart[~waves].max() < (5e-3 if late else 1e-3), beat["title"]
        if late == 0:
            # A flat stretch before QRS has little more than steps of 0.005 mV
            assert apart[waves].max() < 0.1, beat["title"]
            image = batches.inputs(heartbeats[at], (64, 64), None, True)["images"][0]
            apart = np.abs(np.array(ours["image"]) - image.ravel().astype(float))
            assert 255 * apart.mean() < 1, "the page has voltages in steps of 0.005 mV"
            print(
                f"{beat['title']}: pixels {255 * apart.mean():.2f} of 255 apart, "
                f"shares {np.abs(np.array(ours['shares']) - beat['shares']).max():.3f}"
            )
            assert np.abs(np.array(ours["shares"]) - beat["shares"]).max() < 0.1, beat["title"]


@needs_node
def test_pictures_are_those_of_rasterize(tmp_path):
    """To the last of 255 steps, also beyond the borders and in other sizes."""
    random = np.random.default_rng(0)
    windows = np.cumsum(random.normal(0, 0.1, (20, 216, 1)), axis=1).astype(np.float32)
    curves = json.dumps(windows[..., 0].tolist())
    for height, width, mv in ((64, 64, (-2.5, 2.5)), (48, 33, (-1.0, 2.0))):
        call = f"rasterize(Float32Array.from(x), {height}, {width}, {list(mv)})"
        script = tmp_path / "raster.js"
        script.write_text(
            f"{file('picture.js')}console.log(JSON.stringify({curves}.map((x) => [...{call}])))"
        )
        found = subprocess.run([NODE, script], check=True, capture_output=True, timeout=60).stdout
        drawn = images.rasterize(windows, 360.0, height=height, width=width, mv=mv)
        assert np.array_equal(np.ravel(json.loads(found)), drawn.ravel())


@needs_node
def test_the_caption_says_what_happens(tmp_path, live_beats):
    """What the explorer proposes to try leads to what it hints at."""
    normal, premature, *_, fusion, missed, fibrillation = live_beats
    states = [
        (normal, {}, "N"),
        (normal, {"late": -250}, "S"),
        (normal, {"p": -0.3}, "S"),
        (premature, {}, "S"),
        (premature, {"qrs": 2}, "V"),
        (fusion, {}, "N"),
        (fusion, {"wide": 1.5}, "F"),
        (missed, {}, "N"),
        (missed, {"late": -150}, "S"),
        (fibrillation, {}, "S"),
        (fibrillation, {"late": 200}, "N"),
    ]
    questions = [(beat, STILL | changes) for beat, changes, _ in states]
    found = page_gives(tmp_path, export.shipped(), questions)
    called = ["NSVFQ"[int(np.argmax(one["shares"]))] for one in found]
    assert called == [call for _, _, call in states]


@needs_node
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"zoom": [0.25, 0.35]}, "a rhythm strip"),
        ({"highpass": None}, "another baseline"),
        ({"show": ["late difference"]}, "late beats"),
        ({"before": 0.3}, "its window is another"),
        ({"leads": ["MLII"]}, "does not fit it"),
        ({}, ""),
    ],
)
def test_the_page_says_which_networks_it_cannot_show(tmp_path, live_beats, changes, reason):
    network = export.shipped()
    network["recipe"] = network["recipe"] | changes
    del network["half"]
    if changes:
        network["image"] = [64, 64, 2]
    script = tmp_path / "refusal.js"
    call = f"console.log(refusal({json.dumps(network)}))"
    script.write_text(file("picture.js") + file("live_bend.js") + call)
    said = subprocess.run([NODE, script], check=True, capture_output=True, text=True, timeout=60)
    assert reason in said.stdout and bool(said.stdout.strip()) == bool(reason)


# --- other networks, and what is in the file ----------------------------------------------------


def with_random_weights(model):
    """Give a network weights that float16 holds, and moving statistics as after a training."""
    random = np.random.default_rng(3)
    for layer in model.layers:
        weights = layer.get_weights()
        if len(weights) == 4:
            sizes = ((0.3, 0.7), (-0.2, 0.2), (-0.2, 0.2), (0.05, 1.5))
            weights = [
                random.uniform(*ends, one.shape) for ends, one in zip(sizes, weights, strict=True)
            ]
        elif weights:
            scale = np.sqrt(2 / np.prod(weights[0].shape[:-1]))
            weights = [random.normal(0, scale, one.shape).astype(np.float16) for one in weights]
        layer.set_weights(weights)
    return model


OTHERS = {
    "one lead, no columns": ({"width": 4}, {"size": 32}),
    "with biases": ({"width": 4, "bias": True}, {"size": 32}),
    "v1.5, higher than wide": ({"width": 4, "stride_on": "3x3"}, {"size": [48, 40]}),
    "columns and two channels": (
        {"width": 4, "features": 2},
        {
            "size": 64,
            "show": ["beat", "difference"],
            "rr": ["previous / record mean"],
            "context": ["P height"],
        },
    ),
}


@needs_node
@pytest.mark.parametrize("name", OTHERS)
def test_other_networks_compute_as_keras_does(tmp_path, name):
    arguments, changes = OTHERS[name]
    recipe = Recipe(width=4, **changes)
    sides = np.resize(recipe.size, 2).tolist()
    shape = (*sides, len(recipe.show))
    model = with_random_weights(models.resnet50(shape, 5, **arguments))
    export.export(model, recipe, tmp_path / "mine.js")
    text = (tmp_path / "mine.js").read_text()
    network = json.loads(text[text.index("{") : text.rindex("}") + 1])
    random = np.random.default_rng(0)
    given = {"images": random.random((5, *shape)).astype(np.float32)}
    columns = None
    if network["columns"]:
        assert network["columns"] == ["log previous / record mean", "P height in MLII"]
        given["rr"] = columns = random.normal(size=(5, 2)).astype(np.float32)
    found = in_node(tmp_path, network, given["images"], columns)["found"]
    expected = logits_of(model, given if len(given) > 1 else given["images"])
    ours = np.array([one["logits"] for one in found])
    assert np.abs(expected).max() > 0.1
    assert np.abs(expected - ours).max() < 1e-4 * np.abs(expected).max()


def values(network, part, form):
    return np.frombuffer(base64.b64decode(network[part]), form)


def test_batch_normalisation_is_folded():
    """Scale and shift of a filter do what its batch normalisation does when it predicts."""
    model = with_random_weights(models.resnet50((32, 32, 1), 5, width=4, bias=True))
    layers = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    network = export.describe(layers, {}, (32, 32, 1), Recipe(size=32, width=4).to_json())
    single = values(network, "single", "<f4")
    at = 0
    convolutions = [one for one in network["layers"] if one["name"].startswith("conv")]
    assert len(convolutions) == 53
    for one in convolutions:
        filters = one["kernel"][-1]
        scale, shift = single[at : at + filters], single[at + filters : at + 2 * filters]
        at += 2 * filters
        sums = np.random.default_rng(1).normal(size=(6, filters)).astype(np.float32)
        bias = layers[f"{one['name']}_conv"][1]
        normalise = model.get_layer(f"{one['name']}_bn")
        wanted = normalise(sums[:, None, None] + bias, training=False)[:, 0, 0]
        np.testing.assert_allclose(sums * scale + shift, wanted, atol=2e-6)


@pytest.mark.parametrize("name", shipped.NETWORKS)
def test_without_keras_the_file_is_the_same(tmp_path, name):
    """The book's build reads the package's weights; the result is that of Keras' model."""
    model, recipe = shipped.load(name)
    path = export.export(model, recipe, tmp_path / "network.js")
    text = path.read_text()
    assert text.startswith(export.BEGIN) and text.endswith(export.END)
    network = json.loads(text.removeprefix(export.BEGIN).removesuffix(export.END))
    assert network == json.loads(json.dumps(export.shipped(name)))
    assert path.stat().st_size < 4.2e6
    kernels = [
        weight for layer in model.layers for weight in layer.weights if weight.name == "kernel"
    ]
    assert values(network, "half", "<f2").size == sum(np.prod(one.shape) for one in kernels)


def test_the_shipped_network_needs_no_keras():
    code = "import sys; from ecglab import export; export.shipped(); print('keras' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"


def declined(make, recipe=None):
    def call(folder):
        export.export(make(), recipe or Recipe(size=32, width=4), folder / "network.js")

    return call


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (declined(lambda: models.cifar_net(8, (32, 32, 1), 5)), "a page computes networks of"),
        (declined(lambda: models.resnet(18, (32, 32, 1), 5, 4)), "resnet18 has .* layer conv2_"),
        (
            declined(lambda: models.resnet(50, (32, 32, 1), 5, 4, residual=False)),
            "plain50 has no layer conv2_block1_0_bn",
        ),
        (
            declined(lambda: models.resnet(50, (32, 32, 1), 5, 4, preactivation=True)),
            "a page computes networks of models.resnet50",
        ),
        (declined(lambda: models.resnet1d(50, (216, 1), 5, 4)), r"takes \(216, 1\), no images"),
        (declined(lambda: models.resnet50((32, 32, 1), 3, 4)), "tells 3 classes apart, not"),
        (
            declined(lambda: models.resnet50((32, 32, 2), 5, 4)),
            "reads 2 channels and 0 columns, the recipe gives 1 and 0",
        ),
        (lambda folder: export.shipped("three"), "network is 'three'; it may be one of"),
    ],
)
def test_other_networks_are_declined(tmp_path, call, message):
    with pytest.raises(ValueError, match=message):
        call(tmp_path)
    assert not list(tmp_path.iterdir())


def test_weights_too_large_for_the_file_are_declined(tmp_path):
    model = models.resnet50((32, 32, 1), 5, width=4)
    layer = model.get_layer("conv3_block2_2_conv")
    layer.set_weights([np.full(layer.kernel.shape, 7e4)])
    with pytest.raises(ValueError, match="conv3_block2_2 has a weight of 70000; float16 ends at"):
        export.export(model, Recipe(size=32, width=4), tmp_path / "network.js")


# --- the command --------------------------------------------------------------------------------


def run(*arguments):
    return shell.main([str(one) for one in arguments])


def test_the_command_writes_the_network_that_ships(tmp_path, capsys):
    path = tmp_path / "site" / "network.js"
    assert run("export", "--out", path) == 0
    assert f"network: {path}, 4." in capsys.readouterr().out
    text = path.read_text()
    assert json.loads(text[text.index("{") : text.rindex("}") + 1])["image"] == [64, 64, 2]
    assert list(path.parent.iterdir()) == [path], "no part of it is left"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "nowhere"], "nowhere holds no training run"),
        (["--out", "."], "can't be written: a folder stands in its place"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert run("export", *arguments) == 1
    assert message in capsys.readouterr().err
