"""Networks, in Keras 3: plain and residual nets of any depth, ResNet-50 as first published.

No backend is named here: the same file builds for TensorFlow and for JAX.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecglab.backend import keras

layers = keras.layers
Tensor = keras.KerasTensor

#: Added to the variance in batch normalisation; Keras' own ResNet-50 has the same.
EPSILON = 1.001e-5
#: Part of the old moving statistics that batch normalisation keeps at each step. Keras' 0.99
#: remembers hundreds of steps: after a training of a few hundred the statistics still describe
#: networks that are gone, and predictions on new people fall apart. 0.9 remembers about ten.
MOMENTUM = 0.9
#: Blocks in the four stages of the ImageNet form, by depth. From 50 layers on a block is a
#: bottleneck of three convolutions, below it is a basic block of two.
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
#: Units of each layer that reads the numbers given beside the images (argument ``features``).
FEATURE_UNITS = 64


def resnet50(
    input_shape: tuple[int, int, int],
    classes: int,
    width: int = 64,
    bias: bool = False,
    stride_on: str = "1x1",
    *,
    zero_gamma: bool = False,
    features: int = 0,
) -> keras.Model:
    """Build ResNet-50 (He et al. 2016, doi 10.1109/CVPR.2016.90).

    First used in chapter 10.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)``; height and width of 32 pixels or more.
    classes : int
        How many classes the softmax at the end tells apart, two or more.
    width : int
        Filters of the first convolution. 64 is the published network; with 16 every
        layer is a quarter as wide and the network has a sixteenth of the parameters.
    bias : bool
        Whether convolutions have a bias. Batch normalisation makes it superfluous;
        ``keras.applications.ResNet50`` has it all the same.
    stride_on : {"1x1", "3x3"}
        Which convolution of a stage's first block takes the stride: the first 1×1 (v1:
        the original, and Keras) or the 3×3 (v1.5: more multiplications, no pixel skipped).
    zero_gamma : bool
        Whether the last batch normalisation of each block starts with γ = 0, so that
        every block starts as its shortcut alone (Goyal et al. 2017, arXiv 1706.02677).
    features : int
        How many numbers beside the images the network reads: with ``k > 0`` it has a second
        input, ``rr``, of shape ``(n, k)``, such as ``beats.rr``. They pass a batch
        normalisation and two dense layers and join the image's features before ``logits``.

    Returns
    -------
    keras.Model
        Images ``(n, height, width, channels)`` to probabilities ``(n, classes)``; with
        `features`, ``[images, numbers]`` to probabilities. Layers are named as in
        ``keras.applications``; ``avg_pool`` gives the images' features and ``logits`` what
        the softmax is taken of.

    Raises
    ------
    ValueError
        If an argument is none that the network can take.

    Examples
    --------
    >>> model = resnet50((64, 64, 1), classes=5, width=16)
    >>> model.output_shape
    (None, 5)
    >>> [x.name for x in resnet50((64, 64, 1), classes=5, width=16, features=4).inputs]
    ['images', 'rr']
    """
    options = {"bias": bias, "stride_on": stride_on, "zero_gamma": zero_gamma}
    return resnet(50, input_shape, classes, width, features=features, **options)


def resnet(
    depth: int,
    input_shape: tuple[int, int, int],
    classes: int,
    width: int = 64,
    residual: bool = True,
    *,
    shortcut: str = "B",
    preactivation: bool = False,
    zero_gamma: bool = False,
    bias: bool = False,
    stride_on: str = "1x1",
    features: int = 0,
) -> keras.Model:
    """Build the ImageNet form of He et al. 2016, table 1, plain or with shortcuts.

    A 7×7 convolution and a max-pooling, each with stride 2, then four stages of blocks.

    Parameters
    ----------
    depth : {18, 34, 50}
        Weighted layers; 50 has bottlenecks, see `BLOCKS`.
    input_shape, classes, width, zero_gamma, bias, features
        As in `resnet50`.
    residual : bool
        Whether there are shortcut connections.
    shortcut : {"A", "B"}
        What a shortcut does where the size changes: skip pixels and fill the new channels
        with zeros (A), or project by a 1×1 convolution (B).
    preactivation : bool
        Whether batch normalisation and ReLU come before each convolution, and nothing stands
        on the shortcuts (He et al. 2016b, arXiv 1603.05027).
    stride_on : {"1x1", "3x3"}
        As in `resnet50`; basic blocks have their stride on the first 3×3 in any case.

    Returns
    -------
    keras.Model
        As `resnet50` returns it.

    Raises
    ------
    ValueError
        If an argument is none that the network can take.

    Examples
    --------
    >>> table = layer_table(resnet(18, (64, 64, 1), classes=5, width=16))
    >>> int((table["kind"] == "Conv2D").sum())  # 17, and 3 projections
    20
    """
    _check(input_shape, classes, width, features)
    form = _Form(width, residual, shortcut, preactivation, zero_gamma, bias, stride_on)
    return _imagenet(depth, keras.Input(input_shape, name="images"), classes, form, features)


def resnet1d(
    depth: int, input_shape: tuple[int, int], classes: int, width: int = 64, features: int = 0
) -> keras.Model:
    """Build `resnet` for waveforms: the same layers, their kernels along time alone.

    Parameters
    ----------
    depth : {18, 34, 50}
        Weighted layers.
    input_shape : tuple of int
        ``(samples, leads)``, 32 samples or more.
    classes, width, features
        As in `resnet50`.

    Returns
    -------
    keras.Model
        Windows ``(n, samples, leads)`` to probabilities ``(n, classes)``.

    Raises
    ------
    ValueError
        If an argument is none that the network can take.

    Examples
    --------
    >>> model = resnet1d(18, (216, 1), classes=5, width=16)
    >>> model.get_layer("conv5_block2_out").output.shape
    (None, 7, 128)
    """
    _check(input_shape, classes, width, features, axes="(samples, leads)")
    windows = keras.Input(input_shape, name="windows")
    return _imagenet(depth, windows, classes, _Form(width), features)


def copy_keras_resnet50(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights of ``keras.applications.ResNet50`` into `resnet50`, by layer name.

    First used in chapter 10.

    Where `target` has no convolution biases they are folded into the batch normalisation
    that follows: with ``y = γ (x + b − μ) / σ + β``, taking ``b`` from ``μ`` changes nothing.

    Parameters
    ----------
    source : keras.Model
        ``keras.applications.ResNet50(...)``, with or without its top.
    target : keras.Model
        ``resnet50(...)`` with ``stride_on="1x1"``, ``width=64``; changed in place.

    Raises
    ------
    ValueError
        If a layer of one network is missing in the other, or differs in shape.

    Examples
    --------
    >>> from ecglab.backend import keras
    >>> reference = keras.applications.ResNet50(weights=None, classes=5)  # doctest: +SKIP
    >>> copy_keras_resnet50(reference, resnet50((224, 224, 3), 5))  # doctest: +SKIP
    """
    names = [layer.name for layer in source.layers]
    for layer in target.layers:
        if layer.name == "logits" and "predictions" in names:
            head = source.get_layer("predictions")
            _set(layer, head.get_weights())
        elif isinstance(layer, layers.Conv2D):
            normalise = layer.name.removesuffix("_conv") + "_bn"
            kernel, *biases = source.get_layer(layer.name).get_weights()
            moments = source.get_layer(normalise).get_weights()
            if not layer.use_bias and biases:
                moments[2] = moments[2] - biases.pop()
            _set(layer, [kernel, *biases])
            _set(target.get_layer(normalise), moments)


def cifar_net(
    depth: int,
    input_shape: tuple[int, int, int],
    classes: int,
    residual: bool = True,
    width: int = 16,
    *,
    shortcut: str = "A",
    preactivation: bool = False,
    zero_gamma: bool = False,
    features: int = 0,
) -> keras.Model:
    """Build the thin net of He et al. 2016, section 4.2, plain or with shortcuts.

    First used in chapter 9.

    Three stages of 3×3 convolutions with `width`, 2 × `width` and 4 × `width` filters.
    With option A the plain and the residual net have the same parameters.

    Parameters
    ----------
    depth : int
        Weighted layers: 6 n + 2, such as 20, 32, 56 or 110.
    input_shape : tuple of int
        ``(height, width, channels)``, 32 pixels or more.
    classes : int
        Two or more.
    residual : bool
        Whether there are shortcut connections.
    width : int
        Filters of the first stage.
    shortcut, preactivation
        As in `resnet`.
    zero_gamma, features
        As in `resnet50`.

    Returns
    -------
    keras.Model
        As `resnet50` returns it.

    Raises
    ------
    ValueError
        If an argument is none that the network can take.

    Examples
    --------
    >>> plain = cifar_net(20, (32, 32, 1), 5, residual=False)
    >>> plain.count_params() == cifar_net(20, (32, 32, 1), 5).count_params()
    True
    """
    _check(input_shape, classes, width, features)
    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"depth is {depth}; it must be 6 n + 2: 8, 14, 20, 26, 32, …")
    form = _Form(width, residual, shortcut, preactivation, zero_gamma)
    images = keras.Input(input_shape, name="images")
    x = _conv(images, width, 3, 1, "conv1", bias=False)
    x = _bn_relu(x, "conv1")
    x = _stages(x, (depth // 6,) * 3, form)
    return _head(images, x, classes, features, f"{form.kind}{depth}")


def layer_table(model: keras.Model) -> pd.DataFrame:
    """List a network's layers: output shapes, parameters, multiply-adds, receptive fields.

    First used in chapter 9.

    The **receptive field** of an output value is the stretch of the image that it can see,
    here in pixels along one side: a kernel of k pixels widens it by k − 1 times the distance
    of two neighbouring inputs, which every stride s makes s times as large. Where branches
    meet, the largest counts. Pooling over the whole map is a kernel of the map's side. A
    field larger than the image sees the whole image, and padding around it.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    pandas.DataFrame
        One row a layer: ``layer`` (name), ``kind``, ``output`` (shape without the batch axis),
        ``parameters`` (in all: those of ``trainable`` and batch normalisation's moving
        statistics), ``trainable``, ``multiply-adds`` (of convolutions and dense layers, for
        one image), ``receptive field`` (pixels along the height, along time for waveforms; 0
        for layers that see numbers beside the image only).

    Examples
    --------
    >>> table = layer_table(resnet50((224, 224, 3), 1000))
    >>> table[["parameters", "trainable"]].sum().tolist()
    [25610152, 25557032]
    >>> round(float(table["multiply-adds"].sum()) / 1e9, 3)
    3.858
    >>> table.set_index("layer")["receptive field"][["conv1_conv", "conv5_block3_out"]].tolist()
    [7, 483]
    """
    fields = {}  # of each tensor: the receptive field, and the pixels from one value to the next
    rows = []
    for layer in model.layers:
        tensors = keras.tree.flatten(layer.input) or [layer.output]  # an Input has no input
        seen = [fields.get(id(x), (int(len(x.shape) > 2), 1)) for x in tensors]
        fields[id(layer.output)] = field = _receptive_field(layer, seen)
        row = {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output": tuple(layer.output.shape[1:]),
            "parameters": layer.count_params(),
            "trainable": sum(math.prod(w.shape) for w in layer.trainable_weights),
            "multiply-adds": _multiply_adds(layer),
            "receptive field": field[0],
        }
        rows.append(row)
    return pd.DataFrame(rows)


# ---------------------------------------------------------------------------


_Convolution = tuple[int, int, int]  # filters, kernel, stride


@dataclass(frozen=True)
class _Form:
    """How the blocks of one network are made; the arguments of `resnet`."""

    width: int
    residual: bool = True
    shortcut: str = "B"
    preactivation: bool = False
    zero_gamma: bool = False
    bias: bool = False
    stride_on: str = "1x1"

    def __post_init__(self) -> None:
        _check_choice("stride_on", self.stride_on, ("1x1", "3x3"))
        _check_choice("shortcut", self.shortcut, ("A", "B"))
        if not self.residual and (self.preactivation or self.zero_gamma):
            raise ValueError("preactivation or zero_gamma is True; both need residual=True")
        if self.preactivation and self.zero_gamma:
            # Between that γ and the sum stand a ReLU, which has no slope at 0, and a
            # convolution, which then sees only zeros: neither would ever learn.
            raise ValueError("preactivation and zero_gamma are True; such blocks never learn")

    @property
    def kind(self) -> str:
        return "resnet" if self.residual else "plain"


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; it may be one of {allowed}")


def _check(
    shape: tuple, classes: int, width: int, features: int, axes: str = "(height, width, channels)"
) -> None:
    count = axes.count(",") + 1
    if len(shape) != count or min(shape[:-1]) < 32 or shape[-1] < 1:
        # Below 32 the last stages have nothing to look at.
        needed = f"it must be {axes}, with 32 or more of all but the last"
        raise ValueError(f"input_shape is {tuple(shape)}; {needed}")
    _check_least("classes", classes, 2)
    _check_least("width", width, 1)
    _check_least("features", features, 0)


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}; it must be {least} or more")


def _imagenet(depth: int, inputs: Tensor, classes: int, form: _Form, features: int) -> keras.Model:
    """Put together the stem, four stages and the head, for images or waveforms."""
    if depth not in BLOCKS:
        depths = ", ".join(map(str, BLOCKS))
        raise ValueError(f"depth is {depth}; it may be {depths}")
    x = _conv(inputs, form.width, 7, 2, "conv1", form.bias)
    x = _bn_relu(x, "conv1")
    x = _layer("ZeroPadding", x, 1, name="pool1_pad")
    x = _layer("MaxPooling", x, 3, strides=2, name="pool1_pool")
    x = _stages(x, BLOCKS[depth], form, bottleneck=depth >= 50)
    return _head(inputs, x, classes, features, f"{form.kind}{depth}")


def _stages(x: Tensor, counts: tuple[int, ...], form: _Form, bottleneck: bool = False) -> Tensor:
    """Stack blocks; each stage after the first has half the pixels and twice the filters."""
    for stage, blocks in enumerate(counts):
        filters = form.width * 2**stage
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            convolutions = [(filters, 3, stride), (filters, 3, 1)]
            if bottleneck:
                convolutions = _bottleneck(filters, stride, form)
            name = f"conv{stage + 2}_block{block + 1}"
            x = _block(x, convolutions, stride, name, form)
    if form.preactivation:
        x = _bn_relu(x, "post")
    return x


def _bottleneck(filters: int, stride: int, form: _Form) -> list[_Convolution]:
    """Squeeze to `filters` channels, convolve, widen to four times as many."""
    squeeze, convolve = (stride, 1) if form.stride_on == "1x1" else (1, stride)
    return [
        (filters, 1, squeeze),
        (filters, 3, convolve),
        (4 * filters, 1, 1),
    ]


def _block(
    x: Tensor, convolutions: list[_Convolution], stride: int, name: str, form: _Form
) -> Tensor:
    """Convolve; add what came in, if residual."""
    last = len(convolutions)
    filters = convolutions[-1][0]
    y = x
    # What the very first block gets, the stem has activated.
    if form.preactivation and name != "conv2_block1":
        y = _bn_relu(x, f"{name}_1")
    if form.residual and (stride > 1 or x.shape[-1] != filters):
        x = _resize(y, filters, stride, f"{name}_0", form)
    for number, (maps, kernel, step) in enumerate(convolutions, start=1):
        y = _conv(y, maps, kernel, step, f"{name}_{number}", form.bias)
        if number < last:
            # Before an activation, its convolution is the next one.
            y = _bn_relu(y, f"{name}_{number + form.preactivation}")
    if form.preactivation:
        return layers.Add(name=f"{name}_out")([x, y])
    gamma = "zeros" if form.zero_gamma else "ones"
    y = _bn(y, f"{name}_{last}", gamma)
    if form.residual:
        y = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_out")(y)


def _resize(x: Tensor, channels: int, stride: int, name: str, form: _Form) -> Tensor:
    """Give a shortcut the size of its branch."""
    if form.shortcut == "A":
        return _skip_and_fill(x, channels, stride, name)
    x = _conv(x, channels, 1, stride, name, form.bias)
    if form.preactivation:
        return x
    return _bn(x, name)


def _skip_and_fill(x: Tensor, channels: int, stride: int, name: str) -> Tensor:
    """Take every `stride`-th pixel and add channels of zeros (option A)."""
    zeros = channels - x.shape[-1]
    x = layers.MaxPooling2D(1, strides=stride, name=f"{name}_skip")(x)
    # ZeroPadding2D pads the middle axes: channels are moved there and back.
    x = layers.Permute((1, 3, 2), name=f"{name}_out")(x)
    padding = ((0, 0), (0, zeros))
    x = layers.ZeroPadding2D(padding, name=f"{name}_fill")(x)
    return layers.Permute((1, 3, 2), name=f"{name}_back")(x)


def _conv(x: Tensor, filters: int, kernel: int, stride: int, name: str, bias: bool) -> Tensor:
    padding = "same"
    if stride > 1 and kernel > 1:
        # Padding is spelt out: "same" pads an even-sized image on the right and below only.
        # Weights trained with one placement give other outputs with the other, and the
        # branch would look one pixel beside the one that the shortcut takes.
        x = _layer("ZeroPadding", x, kernel // 2, name=f"{name}_pad")
        padding = "valid"
    options = {"use_bias": bias, "kernel_initializer": "he_normal", "name": f"{name}_conv"}
    return _layer("Conv", x, filters, kernel, stride, padding, **options)


def _bn(x: Tensor, name: str, gamma: str = "ones") -> Tensor:
    normalise = layers.BatchNormalization(
        momentum=MOMENTUM,
        epsilon=EPSILON,
        gamma_initializer=gamma,
        name=f"{name}_bn",
    )
    return normalise(x)


def _bn_relu(x: Tensor, name: str) -> Tensor:
    x = _bn(x, name)
    return layers.ReLU(name=f"{name}_relu")(x)


def _layer(kind: str, x: Tensor, *args: object, **kwargs: object) -> Tensor:
    """Apply a layer for as many axes as `x` has: ``"Conv"`` is Conv2D on images."""
    axes = len(x.shape) - 2
    layer = getattr(layers, f"{kind}{axes}D")
    return layer(*args, **kwargs)(x)


def _head(inputs: Tensor, x: Tensor, classes: int, features: int, name: str) -> keras.Model:
    """Average the maps, join the numbers beside the image, if any, and classify."""
    x = _layer("GlobalAveragePooling", x, name="avg_pool")
    if features:
        numbers = keras.Input((features,), name="rr")
        inputs = [inputs, numbers]
        y = _bn(numbers, "rr")
        for number in (1, 2):
            y = layers.Dense(FEATURE_UNITS, activation="relu", name=f"rr_dense{number}")(y)
        x = layers.Concatenate(name="features")([x, y])
    x = layers.Dense(classes, name="logits")(x)
    outputs = layers.Softmax(name="predictions", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)


def _set(layer: keras.Layer, weights: list[np.ndarray]) -> None:
    offered = [array.shape for array in weights]
    taken = [tuple(variable.shape) for variable in layer.weights]
    if offered != taken:
        raise ValueError(f"layer {layer.name!r} takes weights of shapes {taken}, not {offered}")
    layer.set_weights(weights)


def _multiply_adds(layer: keras.Layer) -> int:
    """Count one for each input of the kernel, for each number that comes out."""
    if not isinstance(layer, layers.Conv1D | layers.Conv2D | layers.Dense):
        return 0
    outputs = math.prod(layer.output.shape[1:])
    inputs = math.prod(layer.kernel.shape[:-1])
    return outputs * inputs


def _receptive_field(layer: keras.Layer, seen: list[tuple[int, int]]) -> tuple[int, int]:
    """Return a layer's receptive field and pixel distance from those of its inputs."""
    size = max(size for size, _ in seen)
    jump = max(jump for _, jump in seen)
    pool = getattr(layer, "pool_size", (1,))
    kernel = getattr(layer, "kernel_size", pool)[0]
    if isinstance(layer, layers.Flatten) or type(layer).__name__.startswith("Global"):
        kernel = layer.input.shape[1]
    size += (kernel - 1) * jump
    stride = getattr(layer, "strides", (1,))[0]
    return size, jump * stride
