"""Networks for a web page: one script with weights and a description, no other file beside it.

Each batch normalisation is folded into the convolution before it: what is left of it is one scale
and one shift for each filter. Kernels are kept in float16, scales and shifts in float32. A kernel
multiplied by its scale *before* it is rounded would move the logits of the network that ships by
up to 0.01, ten times what is allowed; so the page multiplies, after it has read both.
"""

import base64
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglab import __version__, experiments, given, rhythm
from ecglab.beats import CLASSES

if TYPE_CHECKING:  # a book is built without Keras
    from ecglab.backend import keras
    from ecglab.recipe import Recipe

#: What the file says it is; a page opens no other.
FORMAT = "ecglab network 1"
#: Where the file begins and ends. Between them stands JSON: a page runs the file as a script, or
#: reads it as text without running anything.
BEGIN, END = "globalThis.ecglabNetwork = ", ";\n"
#: Blocks in the four stages, as `models.BLOCKS` has them for 50 layers.
STAGES = (3, 4, 6, 3)
#: Voltages at the lower and the upper border of an image: the default of `images.rasterize`.
MV = (-2.5, 2.5)
#: Sampling rate of the windows, and what batch normalisation adds to a variance, as in
#: `recipe.RATE` and `models.EPSILON`.
RATE, EPSILON = 360.0, 1.001e-5

Layers = Mapping[str, list[np.ndarray]]  # the weights of each layer, by its name


def export(
    model: "keras.Model", recipe: "Recipe | Mapping", path: str | os.PathLike = "network.js"
) -> Path:
    """Write a network as a script for a web page.

    Parameters
    ----------
    model : keras.Model
        Of `models.resnet50`, of any width and size, with RR features or without.
    recipe : Recipe or mapping
        How its beats are cut and drawn; as a mapping, what ``Recipe.to_json`` gives.
    path : path
        Where to write it.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If the network is another, does not fit the recipe, or has weights that float16 can't
        hold.
    OSError
        If the file can't be written.

    Examples
    --------
    >>> from ecglab.recipe import Recipe
    >>> recipe = Recipe(size=32, width=4)
    >>> export(recipe.build(), recipe, "runs/network.js")  # doctest: +SKIP
    PosixPath('runs/network.js')
    """
    values = recipe if isinstance(recipe, Mapping) else recipe.to_json()
    _check_kind(model)
    layers = {}
    for layer in model.layers:
        if layer.weights:
            layers[layer.name] = layer.get_weights()
    strides = {}
    for name in _convolutions():
        layer = model.get_layer(f"{name}_conv")
        strides[name] = layer.strides[0]
    image = model.inputs[0].shape[1:]
    network = describe(layers, strides, image, values)
    return write(network, path)


def shipped(network: str = "two leads") -> dict:
    """Return the description of a network that ships, from its file of weights, without Keras.

    Parameters
    ----------
    network : {"two leads", "one lead"}

    Returns
    -------
    dict
        As from `describe`.

    Raises
    ------
    ValueError
        If there is no such network.

    Examples
    --------
    >>> shipped()["image"]
    [64, 64, 2]
    """
    recipes = experiments.recorded("final")["recipes"]
    if network not in recipes:
        raise ValueError(f"network is {network!r}; it may be one of {list(recipes)}")
    recipe = recipes[network]
    path = experiments.path_of("final").with_suffix(".npz")
    with np.load(path) as stored:
        own = [name for name in stored.files if name.startswith(f"{network}/")]
        arrays = [stored[name] for name in own]
    columns = bool(recipe["rr"] or recipe["context"])
    layers = _by_name(arrays, columns)
    strides = {name: _usual_stride(name) for name in _convolutions()}
    channels = layers["conv1_conv"][0].shape[2]
    size = recipe["size"]
    image = (size, size, channels)
    return describe(layers, strides, image, recipe)


def describe(
    layers: Layers, strides: Mapping[str, int], image: Iterable[int], recipe: Mapping
) -> dict:
    """Return a network in terms of JSON.

    Parameters
    ----------
    layers : mapping
        By the name of a layer, its weights in Keras' order.
    strides : mapping
        The stride of each convolution, by its name without ``_conv``.
    image : iterable of int
        Height, width and channels.
    recipe : mapping
        As ``Recipe.to_json`` gives it.

    Returns
    -------
    dict
        ``layers`` lists each kernel's name, shape and stride, in the order in which ``half`` holds
        the kernels (float16, little endian, base64) and ``single`` a scale and a shift for each
        filter (float32); of a dense layer the scale is 1. Where there are columns, ``single``
        ends with their scales and shifts.

    Raises
    ------
    ValueError
        If the recipe names another number of columns or channels than the network reads.
    """
    columns = _columns(recipe)
    channels = len(recipe["leads"]) * len(recipe["show"])
    taken = len(layers["rr_bn"][0]) if "rr_bn" in layers else 0
    if (channels, len(columns)) != (image[2], taken):
        reads = f"the network reads {image[2]} channels and {taken} columns"
        raise ValueError(f"{reads}, the recipe gives {channels} and {len(columns)}")
    listed = []
    halves = []
    singles = []
    for name, kernel, scale, shift in _folded(layers):
        stride = strides.get(name, 1)
        shape = list(kernel.shape)
        listed.append({"name": name, "kernel": shape, "stride": int(stride)})
        half = _half(name, kernel)
        halves.append(half)
        singles += [scale, shift]
    if columns:
        singles += _normalisation(layers["rr_bn"])
    return {
        "format": FORMAT,
        "by": f"ecglab {__version__}",
        "image": [int(side) for side in image],
        "mv": list(MV),
        "fs": RATE,
        "classes": list(CLASSES),
        "columns": columns,
        "recipe": dict(recipe),
        "blocks": _blocks(),
        "layers": listed,
        "half": _text(halves, "<f2"),
        "single": _text(singles, "<f4"),
    }


def write(network: Mapping, path: str | os.PathLike) -> Path:
    """Write a network's description as a script; it is there whole or not at all.

    Parameters
    ----------
    network : mapping
        As from `describe`.
    path : path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OSError
        As from `given.writable_file`.
    """
    path = given.writable_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = BEGIN + json.dumps(network, allow_nan=False) + END
    given.write(path, lambda part: part.write_text(text, encoding="utf-8"))
    return path


# ---------------------------------------------------------------------------


def _blocks() -> list[str]:
    """Return the names of the sixteen blocks."""
    names = []
    for stage, count in enumerate(STAGES, start=2):
        names += [f"conv{stage}_block{block}" for block in range(1, count + 1)]
    return names


def _convolutions() -> list[str]:
    """Return the names of all convolutions, those of a block's shortcut first."""
    names = ["conv1"]
    for block in _blocks():
        shortcut = [0] if block.endswith("block1") else []
        names += [f"{block}_{number}" for number in (*shortcut, 1, 2, 3)]
    return names


def _usual_stride(name: str) -> int:
    """Return the stride of a convolution as `models.resnet50` sets it by default."""
    if name == "conv1":
        return 2
    halves = name.endswith(("block1_0", "block1_1")) and not name.startswith("conv2")
    return 2 if halves else 1


def _by_name(arrays: list[np.ndarray], columns: bool) -> dict[str, list[np.ndarray]]:
    """Give the weights of a network that ships, in Keras' order, to their layers."""
    counts = {"conv1_conv": 1, "conv1_bn": 4}
    for block in _blocks():
        endings = ["1_conv", "1_bn", "2_conv", "2_bn", "3_conv", "3_bn"]
        if block.endswith("block1"):
            endings[4:] = ["0_conv", "3_conv", "0_bn", "3_bn"]
        for ending in endings:
            counts[f"{block}_{ending}"] = 1 if ending.endswith("conv") else 4
    if columns:
        counts |= {"rr_bn": 4, "rr_dense1": 2, "rr_dense2": 2}
    counts["logits"] = 2
    layers = {}
    first = 0
    for name, count in counts.items():
        stop = first + count
        layers[name] = [one.astype(np.float32) for one in arrays[first:stop]]
        first = stop
    return layers


def _folded(layers: Layers) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Give each layer's name, kernel, and a scale and a shift for each filter."""
    for name in _convolutions():
        kernel, *bias = layers[f"{name}_conv"]
        scale, shift = _normalisation(layers[f"{name}_bn"])
        if bias:
            moved = scale * bias[0]
            shift = shift + moved
        yield name, kernel, scale, shift
    for name in ("rr_dense1", "rr_dense2", "logits"):
        if name in layers:
            kernel, bias = layers[name]
            yield name, kernel, np.ones_like(bias), bias


def _normalisation(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Return what batch normalisation multiplies by, and what it adds, when it predicts."""
    gamma, beta, mean, variance = (one.astype(np.float64) for one in weights)
    spread = np.sqrt(variance + EPSILON)
    scale = gamma / spread
    shift = beta - mean * scale
    return [scale, shift]


def _columns(recipe: Mapping) -> list[str]:
    """Return what `beats.log_rr` and `beats.with_context` call the columns."""
    rr = [name if "change" in name else f"log {name}" for name in recipe["rr"]]
    context = recipe.get("context", ())
    around = rhythm.context_columns(context, recipe["leads"])
    return [*rr, *around]


def _half(name: str, kernel: np.ndarray) -> np.ndarray:
    """Return a kernel in float16, or refuse one that is too large for it."""
    largest = np.abs(kernel).max()
    most = np.finfo(np.float16).max
    if not largest <= most:  # NaN is not, either
        raise ValueError(f"layer {name} has a weight of {largest:g}; float16 ends at {most:g}")
    return kernel.astype(np.float16)


def _text(arrays: list[np.ndarray], form: str) -> str:
    flat = [one.ravel() for one in arrays]
    values = np.concatenate(flat).astype(form)
    coded = base64.b64encode(values.tobytes())
    return coded.decode()


def _check_kind(model: "keras.Model") -> None:
    """Refuse a network that is not one of `models.resnet50`."""
    wanted = "a page computes networks of models.resnet50"
    shape = model.inputs[0].shape
    if len(shape) != 4 or None in shape[1:]:
        raise ValueError(f"{model.name} takes {shape[1:]}, no images of one size; {wanted}")
    expected = {"logits"}
    for name in _convolutions():
        expected |= {f"{name}_conv", f"{name}_bn"}
    if len(model.inputs) > 1:
        expected |= {"rr_bn", "rr_dense1", "rr_dense2"}
    found = {layer.name for layer in model.layers if layer.weights}
    odd = sorted(expected ^ found)
    if odd:
        which = odd[0]
        article = "no" if which in expected else "a"
        raise ValueError(f"{model.name} has {article} layer {which}; {wanted}")
    classes = model.output.shape[-1]
    if classes != len(CLASSES):
        raise ValueError(f"{model.name} tells {classes} classes apart, not {CLASSES}; {wanted}")
