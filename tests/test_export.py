"""A network as a script for a page: what is in the file, and that JavaScript computes as Keras does."""

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecglab import batches, beats, explain, export, images, models, records, shipped
from ecglab import __main__ as shell
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
    return np.asarray(network(inputs))


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
    print(f"logits of {len(ours)} beats, to {np.abs(expected).max():.1f}: {apart:.1e} apart at most")
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
