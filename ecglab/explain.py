"""Where a network looks: Grad-CAM, occlusion, a check of both, and how gradients reach each layer.

All maps explain the *logit* of one class: what the softmax is taken of. A probability saturates,
and falls also when another class gains; a logit does neither.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import partial

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
    model: keras.Model, inputs: Inputs, layer: str, of: Kind = None
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
    probe, inputs, kinds = _prepare(model, inputs, of)
    pick = np.eye(probe.output.shape[1], dtype=np.float32)[kinds]
    layers = [probe.get_layer(layer)]
    # The gradient of a sum over images: each depends on its own image alone.
    answers, slopes, _ = _differentiate(probe, inputs, layers, lambda z: keras.ops.sum(z * pick))
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
    probe, inputs, labels = _prepare(model, inputs, np.asarray(labels), each=True)
    layers = [layer for layer in probe.layers if isinstance(layer, keras.layers.Conv2D)]
    kernels = [layer.kernel for layer in layers]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    answers, slopes, weights = _differentiate(probe, inputs, layers, partial(loss, labels), kernels)
    table = {
        "kernel": [np.linalg.norm(kernel) for kernel in kernels],
        "kernel_gradient": [np.linalg.norm(weight) / len(labels) for weight in weights],
        "activation": [np.mean([*map(np.linalg.norm, one)]) for one in answers],
        "activation_gradient": [np.mean([*map(np.linalg.norm, one)]) for one in slopes],
    }
    return pd.DataFrame(table, pd.Index([one.name for one in layers], name="layer"), dtype=float)


def grad_cam(
    model: keras.Model, inputs: Inputs, layer: str | None = None, kind: Kind = None, batch: int = 32
) -> np.ndarray:
    """Show where a layer's feature maps speak for a class (Selvaraju et al. 2017).

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
    probe, inputs, kinds = _prepare(model, inputs, kind)
    batch = given.whole("batch", batch, 1)
    layer = layer or [one.name for one in model.layers if len(one.output.shape) == 4][-1]
    maps = []
    for *part, own in _parts([*inputs, kinds], batch):
        answer, slopes = gradients(probe, part, layer, own)
        if answer.ndim != 4:
            raise ValueError(f"layer {layer!r} gives {answer.shape[1:]}: no feature maps")
        weights = slopes.mean(axis=(1, 2), keepdims=True)
        maps.append(np.maximum((weights * answer).sum(axis=3, keepdims=True), 0))
    maps = np.asarray(keras.ops.image.resize(np.concatenate(maps), inputs[0].shape[1:3]))[..., 0]
    top = maps.max(axis=(1, 2), keepdims=True)
    return maps / np.where(top > 0, top, 1)


def occlusion(
    model: keras.Model, inputs: Inputs, kind: Kind = None, patch: int = 8, stride: int = 4
) -> np.ndarray:
    """Show where a network needs the image: cover it patch by patch (Zeiler & Fergus 2014).

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
    probe, inputs, kinds = _prepare(model, inputs, kind)
    sides = inputs[0].shape[1:3]
    patch, stride = given.whole("patch", patch), given.whole("stride", stride)
    if not 1 <= stride <= patch <= min(sides):
        allowed = f"1 ≤ stride ≤ patch ≤ {min(sides)} covers every pixel"
        raise ValueError(f"patch is {patch} and stride {stride}; {allowed}")
    starts = [[*range(0, side - patch, stride), side - patch] for side in sides]
    corners = list(itertools.product(*starts))
    patches = np.zeros((len(corners), *sides), dtype=np.float32)
    for one, (row, column) in zip(patches, corners, strict=True):
        one[row : row + patch, column : column + patch] = 1
    drops = []
    for image, *others, own in zip(*inputs, kinds, strict=True):
        images = np.concatenate([image[None], image * (1 - patches[..., None])])
        others = [np.repeat(one[None], len(images), axis=0) for one in others]
        whole, *covered = _logits(probe, [images, *others])[:, own]
        drops.append(np.tensordot(whole - covered, patches, axes=1) / patches.sum(axis=0))
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
    for k, one in list(enumerate(copy.layers))[last:]:
        rng = np.random.default_rng([seed, k])
        one.set_weights([rng.permutation(w.ravel()).reshape(w.shape) for w in one.get_weights()])
    return copy


def sanity(
    model: keras.Model, inputs: Inputs, maps: Callable, layers: Sequence[str] = (), seed: int = 0
) -> pd.DataFrame:
    """Ask whether maps depend on what the network learnt (Adebayo et al. 2018).

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
    layers = layers or [one.name for one in model.layers[::-1] if hasattr(one, "kernel")]
    for name in layers:
        model.get_layer(name)  # a name that is none is said before the first map is made
    original = np.asarray(maps(model, inputs, kind=kinds))
    if original.ndim != 3 or len(original) != len(kinds):
        said = f"maps gives {original.shape} for {len(kinds)} images"
        raise ValueError(f"{said}; it must give (n, height, width)")
    steps = [maps(randomised(model, name, seed), inputs, kind=kinds) for name in layers]
    alike = [np.mean(list(map(_alike, original, step))) for step in steps]
    return pd.DataFrame({"correlation": alike}, index=pd.Index(layers, name="layer"))


# ---------------------------------------------------------------------------


def _prepare(
    model: keras.Model, inputs: Inputs, kind: Kind, each: bool = False
) -> tuple[keras.Model, list, np.ndarray]:
    """Return the network up to its logits, its inputs, and for each image a class's index."""
    names = [layer.name for layer in model.layers]
    if "logits" not in names:
        wanted = "networks of ecglab.models have one"
        raise ValueError(f"{model.name} has no layer 'logits'; {wanted}")
    logits = model.get_layer("logits").output
    probe = model if model.output is logits else keras.Model(model.inputs, logits)
    inputs = _arrays(model, inputs)
    count, classes = len(inputs[0]), probe.output.shape[1]
    if kind is None:
        return probe, inputs, _logits(probe, inputs).argmax(axis=1)
    if np.ndim(kind) == 0 and not each:
        kind = np.full(count, _index(kind, classes))
    kinds = np.asarray(kind)
    whole = kinds.shape == (count,) and kinds.dtype.kind in "iu"
    if not whole or kinds.min() < 0 or kinds.max() >= classes:
        wanted = f"one index below {classes} for each of {count} images"
        raise ValueError(f"classes are {kind}; give {wanted}")
    return probe, inputs, kinds


def _index(kind: str | int, classes: int) -> int:
    """Return the index of one class, given by its name or by its index."""
    if isinstance(kind, str):
        if kind not in CLASSES[:classes]:
            raise ValueError(f"there is no class {kind!r}; there are {' '.join(CLASSES[:classes])}")
        return CLASSES.index(kind)
    return given.whole("class", kind, 0, classes - 1)


def _arrays(model: keras.Model, inputs: Inputs) -> list[np.ndarray]:
    """Return what a network takes as float32, or refuse what it can't take."""
    arrays = [np.asarray(one, dtype=np.float32) for one in keras.tree.flatten(inputs)]
    if arrays[0].ndim != 4 or not len(arrays[0]):
        raise ValueError(f"images have shape {arrays[0].shape}; give (n, height, width, channels)")
    wanted = [tuple(one.shape[1:]) for one in model.inputs]
    fitting = [_fits(one.shape[1:], shape) for one, shape in zip(arrays, wanted, strict=False)]
    counts = {len(one) for one in arrays}
    if not all(fitting) or len(arrays) != len(wanted) or len(counts) > 1:
        have = ", ".join(str(one.shape) for one in arrays)
        takes = ", ".join(f"(n, {', '.join(map(str, shape))})" for shape in wanted)
        raise ValueError(f"inputs have shapes {have}; {model.name} takes {takes}")
    for name, one in zip(("images", "features"), arrays, strict=False):
        if not np.isfinite(one).all():
            raise ValueError(f"{name} hold NaN or infinity; give finite numbers")
    return arrays


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Return whether a network takes arrays of some shape; None stands for any number."""
    same = [side in (None, own) for side, own in zip(wanted, shape, strict=False)]
    return len(shape) == len(wanted) and all(same)


def _logits(probe: keras.Model, inputs: list[np.ndarray]) -> np.ndarray:
    # Called as it is: `predict` would compile every network anew, and TensorFlow warns of that.
    return np.concatenate([np.asarray(probe(list(part))) for part in _parts(inputs, 256)])


def _parts(arrays: list[np.ndarray], batch: int) -> Iterable[tuple[np.ndarray, ...]]:
    return zip(*(np.split(one, range(batch, len(one), batch)) for one in arrays), strict=True)


def _differentiate(
    probe: keras.Model, inputs: list, layers: list, of: Callable, variables: Sequence = ()
) -> list[list[np.ndarray]]:
    """Return what layers give, and the gradients of ``of(logits)`` by that and by variables.

    Zeros are added to what each layer gives: the gradient by them is the gradient by it, on a
    backend with a tape and on one without. With variables the network is in its training mode.
    """
    zeros = [keras.ops.zeros((len(inputs[0]), *layer.output.shape[1:])) for layer in layers]
    network = keras.Model(probe.inputs, [probe.output, *(layer.output for layer in layers)])

    def call(layer, extra, *args, **kwargs):
        answer = type(layer).call(layer, *args, **kwargs)
        return answer + keras.ops.cast(extra, answer.dtype)

    def run(zeros, values):
        for layer, extra in zip(layers, zeros, strict=True):
            layer.call = partial(call, layer, extra)
        try:
            # What training would change, the moving statistics, is forgotten with the scope.
            with keras.StatelessScope(list(zip(variables, values, strict=True))):
                logits, *answers = network(inputs, training=bool(variables))
        finally:
            for layer in layers:
                del layer.call
        return of(logits), [keras.ops.cast(one, "float32") for one in answers]

    answers, slopes = _gradients(run, zeros, [one.value for one in variables])
    return keras.tree.map_structure(keras.ops.convert_to_numpy, [answers, *slopes])


def _gradients(function: Callable, *tensors: list) -> tuple[list, Sequence[list]]:
    """Call ``function(*tensors)``, which returns a number and more: the more, and gradients."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value, more = function(*tensors)
        return more, tape.gradient(value, tensors, unconnected_gradients="zero")
    if backend == "jax":
        import jax

        (_, more), slopes = jax.value_and_grad(function, (0, 1), has_aux=True)(*tensors)
        return more, slopes
    raise NotImplementedError(f"Keras runs on {backend}; gradients run on tensorflow and on jax")


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    flat = 0 in (np.ptp(one), np.ptp(other))
    return 0.0 if flat else float(spearmanr(one, other, axis=None).statistic)
