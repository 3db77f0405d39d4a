"""Where a network looks: Grad-CAM, occlusion, a check of both, and how gradients reach each layer.

All maps explain the *logit* of one class: what the softmax is taken of. A probability saturates,
and falls also when another class gains; a logit does neither.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from ecglab import given
from ecglab.backend import keras
from ecglab.beats import CLASSES

#: What a network takes: images, or a list of images and RR features.
Inputs = np.ndarray | Sequence[np.ndarray]
#: Which class: its name or index for all images, an index for each, or None for what is called.
Kind = str | int | np.ndarray | None


def gradients(
    model: keras.Model,
    inputs: Inputs,
    layer: str,
    of: Kind = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a layer gives, and how the logit of a class changes with it.

    Parameters
    ----------
    model : keras.Model
        Of `ecglab.models`: with a layer ``logits``. It is left as it was.
    inputs : numpy.ndarray or sequence of numpy.ndarray
        Images ``(n, height, width, channels)``; for a network that also takes features,
        ``[images, features]``.
    layer : str
        Name of a layer.
    of : str, int or numpy.ndarray, optional
        Which logit: the class's name or its index, the same for all images, or an index for each,
        int ``(n,)``. By default the class that the network calls.

    Returns
    -------
    activations, gradients : numpy.ndarray
        float32, both ``(n, …)``. Batch normalisation is in its mode for prediction, in which
        images do not touch one another.

    Raises
    ------
    ValueError
        If there is no such layer or class, not one index for each image, or the inputs are not
        those that the network takes.

    Examples
    --------
    >>> from ecglab import models
    >>> model = models.cifar_net(8, (32, 32, 1), 5)
    >>> activations, slopes = gradients(model, np.ones((2, 32, 32, 1)), "conv4_block1_out", "V")
    >>> activations.shape == slopes.shape == (2, 8, 8, 64)
    True
    """
    network, inputs, kinds = _prepare(model, inputs, of)
    classes = network.output.shape[1]
    chosen = np.eye(classes, dtype=np.float32)[kinds]

    def total(logits):  # each image's logit depends on that image alone: a sum keeps them apart
        return keras.ops.sum(logits * chosen)

    layers = [network.get_layer(layer)]
    answers, slopes, _ = _differentiate(network, inputs, layers, total)
    return answers[0], slopes[0]


def gradient_norms(model: keras.Model, inputs: Inputs, labels: np.ndarray) -> pd.DataFrame:
    """Measure how large the loss's gradients are when they arrive at each convolution.

    Batch normalisation is in its mode for training; its moving statistics stay as they were.

    Parameters
    ----------
    model : keras.Model
        Of `ecglab.models`, in any state of training.
    inputs : numpy.ndarray or sequence of numpy.ndarray
        As for `gradients`: one batch, since all activations are held at once.
    labels : numpy.ndarray
        int, ``(n,)``.

    Returns
    -------
    pandas.DataFrame
        One row a convolution, from input to output; Euclidean norms: kernel, kernel_gradient (of
        the mean loss), activation, activation_gradient (each image's own, then the mean).

    Raises
    ------
    ValueError
        If there is not one label for each image.

    Examples
    --------
    >>> from ecglab import models
    >>> model = models.cifar_net(8, (32, 32, 1), 5)
    >>> images = np.random.default_rng(0).random((4, 32, 32, 1))
    >>> gradient_norms(model, images, np.array([0, 1, 2, 2])).index[:3].tolist()
    ['conv1_conv', 'conv2_block1_1_conv', 'conv2_block1_2_conv']
    """
    network = _up_to_logits(model)
    inputs = _arrays(model, inputs)
    labels = _indices(np.asarray(labels), network, len(inputs[0]))
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    kernels = [layer.kernel for layer in layers]
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")

    def loss(logits):
        return cross_entropy(labels, logits)

    answers, slopes, by_kernel = _differentiate(network, inputs, layers, loss, kernels)
    table = {
        "kernel": _norms(kernels),
        "kernel_gradient": _norms(by_kernel) / len(labels),
        "activation": [_norms(one).mean() for one in answers],
        "activation_gradient": [_norms(one).mean() for one in slopes],
    }
    names = [layer.name for layer in layers]
    index = pd.Index(names, name="layer")
    return pd.DataFrame(table, index, dtype=float)


def grad_cam(
    model: keras.Model,
    inputs: Inputs,
    layer: str | None = None,
    kind: Kind = None,
    batch: int = 32,
) -> np.ndarray:
    """Show where a layer's feature maps speak for a class (Selvaraju et al. 2017).

    First used in chapter 12.

    Feature maps are added, each weighted with the mean gradient of the class's logit with
    respect to it; what is negative is cut off (doi 10.1109/ICCV.2017.74).

    Parameters
    ----------
    model : keras.Model
    inputs : numpy.ndarray or sequence of numpy.ndarray
        As for `gradients`.
    layer : str, optional
        Whose feature maps; by default the last that has any. Its pixels are the map's: for
        images of 64×64 ResNet-50's last layer has 2×2, ``conv3_block4_out`` 8×8.
    kind : str, int or numpy.ndarray, optional
        As `of` of `gradients`.
    batch : int
        Images at once.

    Returns
    -------
    numpy.ndarray
        float32, ``(n, height, width)``, enlarged to the images' size. Each map is divided by its
        own largest value, so that it runs from 0 to 1; a map without positive values is 0.

    Raises
    ------
    ValueError
        As from `gradients`, or if the layer gives no feature maps.

    Examples
    --------
    >>> from ecglab import models
    >>> grad_cam(models.cifar_net(8, (32, 32, 1), 5), np.ones((2, 32, 32, 1)), kind="V").shape
    (2, 32, 32)
    """
    network, inputs, kinds = _prepare(model, inputs, kind)
    batch = given.whole("batch", batch, 1)
    if layer is None:
        with_maps = [one.name for one in model.layers if len(one.output.shape) == 4]
        layer = with_maps[-1]
    maps = []
    for *part, part_kinds in _parts([*inputs, kinds], batch):
        answers, slopes = gradients(network, part, layer, part_kinds)
        if answers.ndim != 4:
            raise ValueError(f"layer {layer!r} gives {answers.shape[1:]}: no feature maps")
        maps.append(_evidence(answers, slopes))
    small = np.concatenate(maps)
    sides = inputs[0].shape[1:3]
    enlarged = np.asarray(keras.ops.image.resize(small, sides))
    enlarged = enlarged[..., 0]
    top = enlarged.max(axis=(1, 2), keepdims=True)
    return enlarged / np.where(top > 0, top, 1)


def occlusion(
    model: keras.Model,
    inputs: Inputs,
    kind: Kind = None,
    patch: int = 8,
    stride: int = 4,
) -> np.ndarray:
    """Show where a network needs the image: cover it patch by patch (Zeiler & Fergus 2014).

    First used in chapter 12.

    The patch is black, as the images' ground is: what it covers is erased
    (doi 10.1007/978-3-319-10590-1_53).

    Parameters
    ----------
    model : keras.Model
    inputs : numpy.ndarray or sequence of numpy.ndarray
        As for `gradients`. RR features are never covered.
    kind : str, int or numpy.ndarray, optional
        As `of` of `gradients`.
    patch, stride : int
        Side of the patch, and how far it moves, in pixels.

    Returns
    -------
    numpy.ndarray
        float32, ``(n, height, width)``: by how much the class's logit drops, as a mean over the
        patches that cover the pixel. Negative where the covered spoke against the class.

    Raises
    ------
    ValueError
        As from `gradients`, or if the patch does not fit or moves past pixels.

    Examples
    --------
    >>> from ecglab import models
    >>> occlusion(models.cifar_net(8, (32, 32, 1), 5), np.ones((1, 32, 32, 1)), "N").shape
    (1, 32, 32)
    """
    network, inputs, kinds = _prepare(model, inputs, kind)
    sides = inputs[0].shape[1:3]
    patch = given.whole("patch", patch)
    stride = given.whole("stride", stride)
    if not 1 <= stride <= patch <= min(sides):
        allowed = f"1 ≤ stride ≤ patch ≤ {min(sides)} covers every pixel"
        raise ValueError(f"patch is {patch} and stride {stride}; {allowed}")
    patches = _patches(sides, patch, stride)
    times_covered = patches.sum(axis=0)
    open_parts = 1 - patches[..., None]
    drops = []
    for image, *features, own in zip(*inputs, kinds, strict=True):
        covered = image * open_parts
        images = np.concatenate([image[None], covered])
        repeated = [np.repeat(one[None], len(images), axis=0) for one in features]
        logits = _logits(network, [images, *repeated])[:, own]
        drop = logits[0] - logits[1:]
        total = np.tensordot(drop, patches, axes=1)
        drops.append(total / times_covered)
    return np.stack(drops)


def randomised(model: keras.Model, layer: str, seed: int = 0) -> keras.Model:
    """Return a copy of a network with shuffled weights, from the output down to a layer.

    Shuffling a layer's numbers destroys what they have learnt and keeps their size, so that the
    signals in the network stay as strong as they were.

    Parameters
    ----------
    model : keras.Model
    layer : str
        The last that is shuffled, counted from the output.
    seed : int
        Of the random numbers. A layer is shuffled alike however far down one goes.

    Returns
    -------
    keras.Model

    Raises
    ------
    ValueError
        If there is no such layer.

    Examples
    --------
    >>> from ecglab import models
    >>> model = models.cifar_net(8, (32, 32, 1), 5)
    >>> broken = randomised(model, "logits")
    >>> np.allclose(broken.get_layer("logits").kernel, model.get_layer("logits").kernel)
    False
    """
    seed = given.whole("seed", seed, 0)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    last = copy.layers.index(copy.get_layer(layer))
    for place, one in enumerate(copy.layers):
        if place < last:
            continue
        rng = np.random.default_rng([seed, place])
        shuffled = []
        for weights in one.get_weights():
            values = rng.permutation(weights.ravel())
            shuffled.append(values.reshape(weights.shape))
        one.set_weights(shuffled)
    return copy


def sanity(
    model: keras.Model,
    inputs: Inputs,
    maps: Callable,
    layers: Sequence[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Ask whether maps depend on what the network learnt (Adebayo et al. 2018).

    First used in chapter 12.

    The network's weights are randomised from the output downwards, layer by layer. Maps that stay
    alike show the image, not the network (arXiv 1810.03292).

    Parameters
    ----------
    model : keras.Model
    inputs : numpy.ndarray or sequence of numpy.ndarray
        As for `gradients`.
    maps : callable
        ``maps(model, inputs, kind=kind)`` to maps ``(n, height, width)``: `grad_cam`,
        `occlusion`, or one with other settings by `functools.partial`. `kind` is, throughout,
        what the whole network calls.
    layers : str or sequence of str, optional
        How far down to go at each step; by default to each convolution and dense layer in turn.
    seed : int
        See `randomised`.

    Returns
    -------
    pandas.DataFrame
        One row a step, by layer: correlation, the mean over images of Spearman's rank correlation
        with the whole network's map. A map that is the same everywhere counts as 0.

    Raises
    ------
    ValueError
        As from `gradients` and `randomised`, or if `maps` does not give one map for each image.

    Examples
    --------
    >>> from ecglab import models
    >>> model = models.cifar_net(8, (32, 32, 1), 5)
    >>> sanity(model, np.random.default_rng(0).random((2, 32, 32, 1)), grad_cam).index[0]
    'logits'
    """
    _, inputs, kinds = _prepare(model, inputs, None)
    layers = given.names(layers)
    if not layers:
        layers = [layer.name for layer in model.layers[::-1] if hasattr(layer, "kernel")]
    for name in layers:
        model.get_layer(name)  # a name that is none is refused before the first map is made
    original = np.asarray(maps(model, inputs, kind=kinds))
    if original.ndim != 3 or len(original) != len(kinds):
        problem = f"maps gives {original.shape} for {len(kinds)} images"
        raise ValueError(f"{problem}; it must give (n, height, width)")
    means = []
    for name in layers:
        step = maps(randomised(model, name, seed), inputs, kind=kinds)
        correlations = list(map(_alike, original, step))
        means.append(np.mean(correlations))
    return pd.DataFrame({"correlation": means}, index=pd.Index(layers, name="layer"))


# ---------------------------------------------------------------------------


def _prepare(
    model: keras.Model,
    inputs: Inputs,
    kind: Kind,
) -> tuple[keras.Model, list[np.ndarray], np.ndarray]:
    """Return the network up to its logits, its inputs, and for each image a class's index."""
    network = _up_to_logits(model)
    inputs = _arrays(model, inputs)
    count = len(inputs[0])
    if kind is None:
        kinds = _logits(network, inputs).argmax(axis=1)
    elif np.ndim(kind) == 0:
        index = _index(kind, network.output.shape[1])
        kinds = np.full(count, index)
    else:
        kinds = _indices(kind, network, count)
    return network, inputs, kinds


def _up_to_logits(model: keras.Model) -> keras.Model:
    """Return the network without its softmax."""
    names = [layer.name for layer in model.layers]
    if "logits" not in names:
        advice = "networks of ecglab.models have one"
        raise ValueError(f"{model.name} has no layer 'logits'; {advice}")
    logits = model.get_layer("logits").output
    if model.output is logits:
        return model
    return keras.Model(model.inputs, logits)


def _index(kind: str | int, classes: int) -> int:
    """Return the index of one class, given by its name or by its index."""
    if not isinstance(kind, str):
        return given.whole("class", kind, 0, classes - 1)
    names = CLASSES[:classes]
    if kind not in names:
        choice = " ".join(names)
        raise ValueError(f"there is no class {kind!r}; there are {choice}")
    return names.index(kind)


def _indices(kinds: np.ndarray, network: keras.Model, count: int) -> np.ndarray:
    """Return indices as an array, or refuse what is not one of a class for each image."""
    classes = network.output.shape[1]
    indices = np.asarray(kinds)
    fitting = indices.shape == (count,) and indices.dtype.kind in "iu"
    if fitting:
        fitting = indices.min() >= 0 and indices.max() < classes
    if not fitting:
        expected = f"one index below {classes} for each of {count} images"
        raise ValueError(f"classes are {kinds}; give {expected}")
    return indices


def _arrays(model: keras.Model, inputs: Inputs) -> list[np.ndarray]:
    """Return what a network takes as float32, or refuse what it can't take."""
    flat = keras.tree.flatten(inputs)
    arrays = [np.asarray(one, dtype=np.float32) for one in flat]
    images = arrays[0]
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images have shape {images.shape}; give (n, height, width, channels)")
    shapes = [one.shape for one in arrays]
    if not _fit(shapes, model):
        have = ", ".join(map(str, shapes))
        takes = ", ".join(str(one.shape) for one in model.inputs)
        takes = takes.replace("(None", "(n")
        raise ValueError(f"inputs have shapes {have}; {model.name} takes {takes}")
    for name, one in zip(("images", "features"), arrays, strict=False):
        if not np.isfinite(one).all():
            raise ValueError(f"{name} hold NaN or infinity; give finite numbers")
    return arrays


def _fit(shapes: list[tuple[int, ...]], model: keras.Model) -> bool:
    """Return whether a network takes arrays of these shapes, one row for each image."""
    if len(shapes) != len(model.inputs):
        return False
    count = shapes[0][0]
    for shape, one in zip(shapes, model.inputs, strict=True):
        taken = (count, *one.shape[1:])
        if len(shape) != len(taken):
            return False
        for side, allowed in zip(shape, taken, strict=True):
            if allowed not in (None, side):  # None stands for any number
                return False
    return True


def _logits(network: keras.Model, inputs: list[np.ndarray]) -> np.ndarray:
    # Called as it is: `predict` would compile every network anew, and TensorFlow warns of that.
    logits = [np.asarray(network(part)) for part in _parts(inputs, 256)]
    return np.concatenate(logits)


def _parts(arrays: list[np.ndarray], batch: int) -> Iterator[list[np.ndarray]]:
    """Give some images at a time, with what belongs to them."""
    count = len(arrays[0])
    for start in range(0, count, batch):
        part = slice(start, start + batch)
        yield [one[part] for one in arrays]


def _evidence(answers: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return Grad-CAM's maps of a layer, shape ``(n, height, width, 1)``, in its own pixels."""
    weights = slopes.mean(axis=(1, 2), keepdims=True)
    weighted = weights * answers
    evidence = weighted.sum(axis=3, keepdims=True)
    return np.maximum(evidence, 0)


def _patches(sides: Sequence[int], patch: int, stride: int) -> np.ndarray:
    """Return where each patch lies, shape ``(patches, height, width)``: 1 within, 0 outside."""
    patches = []
    for row in _starts(sides[0], patch, stride):
        for column in _starts(sides[1], patch, stride):
            below = row + patch
            right = column + patch
            one = np.zeros(sides, dtype=np.float32)
            one[row:below, column:right] = 1
            patches.append(one)
    return np.stack(patches)


def _starts(side: int, patch: int, stride: int) -> list[int]:
    """Return where patches begin along a side; the last ends where the side does."""
    last = side - patch
    return [*range(0, last, stride), last]


def _differentiate(
    network: keras.Model,
    inputs: list[np.ndarray],
    layers: list[keras.Layer],
    of: Callable,
    variables: Sequence[keras.Variable] = (),
) -> list[list[np.ndarray]]:
    """Return what layers give, and the gradients of ``of(logits)`` by that and by variables.

    Zeros are added to what each layer gives: the gradient by them is the gradient by it, on a
    backend with a tape and on one without. With variables the network is in its training mode.
    """
    outputs = [layer.output for layer in layers]
    zeros = [keras.ops.zeros((len(inputs[0]), *one.shape[1:])) for one in outputs]
    probe = keras.Model(network.inputs, [network.output, *outputs])

    def run(zeros, values):
        for layer, extra in zip(layers, zeros, strict=True):
            layer.call = partial(_call_and_add, layer, extra)
        try:
            # What training would change, the moving statistics, is forgotten with the scope.
            with keras.StatelessScope(list(zip(variables, values, strict=True))):
                logits, *answers = probe(inputs, training=bool(variables))
        finally:
            for layer in layers:
                del layer.call
        answers = [keras.ops.cast(one, "float32") for one in answers]
        return of(logits), answers

    values = [one.value for one in variables]
    answers, slopes = _gradients(run, zeros, values)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, [answers, *slopes])


def _call_and_add(layer: keras.Layer, extra: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a layer as its class does, and add something to what it gives."""
    call = type(layer).call
    answer = call(layer, *args, **kwargs)
    extra = keras.ops.cast(extra, answer.dtype)
    return answer + extra


def _gradients(function: Callable, *tensors: list) -> tuple[list, Sequence[list]]:
    """Call ``function(*tensors)``, which returns a number and more: the more, and gradients."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value, more = function(*tensors)
        slopes = tape.gradient(value, tensors, unconnected_gradients="zero")
        return more, slopes
    if backend == "jax":
        import jax

        differentiated = jax.value_and_grad(function, (0, 1), has_aux=True)
        (_, more), slopes = differentiated(*tensors)
        return more, slopes
    raise NotImplementedError(f"Keras runs on {backend}; gradients run on tensorflow and on jax")


def _norms(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """Return the Euclidean norm of each array."""
    norms = [np.linalg.norm(one) for one in arrays]
    return np.array(norms)


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's correlation of two maps, 0 where one is the same everywhere."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one, other, axis=None).statistic)
