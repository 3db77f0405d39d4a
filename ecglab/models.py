"""Networks, in Keras 3: ResNet-50 as first published, and the thin nets of the CIFAR form.

No backend is named here: the same file builds for TensorFlow and for JAX.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecglab.backend import keras

layers = keras.layers

#: Added to the variance in batch normalisation; Keras' own ResNet-50 has the same.
EPSILON = 1.001e-5
#: Part of the old moving statistics that batch normalisation keeps at each step. Keras' 0.99
#: remembers hundreds of steps: after a training of a few hundred the statistics still describe
#: networks that are gone, and predictions on new people fall apart. 0.9 remembers about ten.
MOMENTUM = 0.9
#: Bottleneck blocks in the four stages of ResNet-50.
RESNET50_BLOCKS = (3, 4, 6, 3)


def resnet50(
    input_shape: tuple[int, int, int],
    classes: int,
    width: int = 64,
    bias: bool = False,
    stride_on: str = "1x1",
) -> keras.Model:
    """Build ResNet-50 (He et al. 2016, doi 10.1109/CVPR.2016.90).

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

    Returns
    -------
    keras.Model
        Images ``(n, height, width, channels)`` to probabilities ``(n, classes)``. Layers
        are named as in ``keras.applications``; ``avg_pool`` gives the features and
        ``logits`` what the softmax is taken of.

    Raises
    ------
    ValueError
        If an argument is none that the network can take.

    Examples
    --------
    >>> model = resnet50((64, 64, 1), classes=5, width=16)
    >>> model.output_shape
    (None, 5)
    """
    _check(input_shape, classes, width)
    if stride_on not in ("1x1", "3x3"):
        raise ValueError(f"stride_on is {stride_on!r}; it may be '1x1' (v1) or '3x3' (v1.5)")
    inputs = keras.Input(input_shape, name="images")
    # Padding is spelt out: "same" pads an even-sized image on the right and below only,
    # and weights trained with one placement give other outputs with the other.
    x = layers.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = _conv_bn(x, width, 7, stride=2, bias=bias, name="conv1")
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, blocks in enumerate(RESNET50_BLOCKS):
        for block in range(blocks):
            x = _bottleneck(
                x,
                filters=width * 2**stage,
                stride=2 if stage and not block else 1,
                project=block == 0,
                bias=bias,
                stride_on=stride_on,
                name=f"conv{stage + 2}_block{block + 1}",
            )
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(classes, name="logits")(x)
    outputs = layers.Softmax(name="predictions", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="resnet50")


def copy_keras_resnet50(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights of ``keras.applications.ResNet50`` into `resnet50`, by layer name.

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
    for layer in target.layers:
        if layer.name == "logits":
            _copy_dense(source, layer)
        elif isinstance(layer, layers.Conv2D):
            kernel, *biases = _twin(source, layer.name).get_weights()
            normalise = layer.name.removesuffix("_conv") + "_bn"
            moments = _twin(source, normalise).get_weights()
            if not layer.use_bias and biases:
                moments[2] = moments[2] - biases[0]
                biases = []
            _set(layer, [kernel, *biases])
            _set(target.get_layer(normalise), moments)


def cifar_net(
    depth: int,
    input_shape: tuple[int, int, int],
    classes: int,
    residual: bool = True,
    width: int = 16,
) -> keras.Model:
    """Build the thin net of He et al. 2016, section 4.2, plain or with shortcuts.

    Three stages of 3×3 convolutions with `width`, 2 × `width` and 4 × `width` filters.
    Shortcuts are identities; where the size changes they skip every second pixel
    and fill the new channels with zeros (option A), so that the plain and the residual net
    have the same parameters.

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

    Returns
    -------
    keras.Model
        Images to probabilities.

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
    _check(input_shape, classes, width)
    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"depth is {depth}; it must be 6 n + 2: 8, 14, 20, 26, 32, …")
    inputs = keras.Input(input_shape, name="images")
    x = _conv_bn(inputs, width, 3, name="conv1", padding="same")
    x = layers.ReLU(name="conv1_relu")(x)
    for stage in range(3):
        for block in range((depth - 2) // 6):
            x = _basic(
                x,
                filters=width * 2**stage,
                stride=2 if stage and not block else 1,
                residual=residual,
                name=f"conv{stage + 2}_block{block + 1}",
            )
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(classes, name="logits")(x)
    outputs = layers.Softmax(name="predictions", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=f"{'resnet' if residual else 'plain'}{depth}")


def layer_table(model: keras.Model) -> pd.DataFrame:
    """List a network's layers with output shapes, parameters and multiply-adds.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    pandas.DataFrame
        One row a layer: name, kind, output shape without the batch axis, parameters,
        multiply-adds (of convolutions and dense layers, for one image).

    Examples
    --------
    >>> table = layer_table(resnet50((224, 224, 3), 1000))
    >>> round(float(table["multiply-adds"].sum()) / 1e9, 3)
    3.858
    """
    rows = [
        {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output": tuple(layer.output.shape[1:]),
            "parameters": layer.count_params(),
            "multiply-adds": _multiply_adds(layer),
        }
        for layer in model.layers
    ]
    return pd.DataFrame(rows)


# ---------------------------------------------------------------------------


def _check(input_shape: tuple[int, int, int], classes: int, width: int) -> None:
    if len(input_shape) != 3 or min(input_shape[:2]) < 32 or input_shape[2] < 1:
        raise ValueError(
            f"input_shape is {tuple(input_shape)}; it must be (height, width, channels) with "
            "height and width of 32 or more: below that the last stages have nothing to look at"
        )
    if classes < 2:
        raise ValueError(f"classes is {classes}; a classifier needs two or more")
    if width < 1:
        raise ValueError(f"width is {width}; it must be one filter or more")


def _conv_bn(
    x: keras.KerasTensor,
    filters: int,
    kernel: int,
    *,
    name: str,
    stride: int = 1,
    bias: bool = False,
    padding: str = "valid",
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding=padding,
        use_bias=bias,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}_bn")(x)


def _bottleneck(
    x: keras.KerasTensor,
    filters: int,
    stride: int,
    project: bool,
    bias: bool,
    stride_on: str,
    name: str,
) -> keras.KerasTensor:
    """Squeeze to `filters` channels, convolve 3×3, widen to four times as many, add."""
    shortcut = x
    if project:
        shortcut = _conv_bn(x, 4 * filters, 1, stride=stride, bias=bias, name=f"{name}_0")
    first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
    x = _conv_bn(x, filters, 1, stride=first, bias=bias, name=f"{name}_1")
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    if second > 1:  # "same" would pad a strided convolution on one side only
        x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    padding = "valid" if second > 1 else "same"
    x = _conv_bn(x, filters, 3, stride=second, bias=bias, padding=padding, name=f"{name}_2")
    x = layers.ReLU(name=f"{name}_2_relu")(x)
    x = _conv_bn(x, 4 * filters, 1, bias=bias, name=f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


def _basic(
    x: keras.KerasTensor, filters: int, stride: int, residual: bool, name: str
) -> keras.KerasTensor:
    """Convolve 3×3 twice; add what came in, if residual."""
    shortcut = x
    x = _conv_bn(x, filters, 3, stride=stride, padding="same", name=f"{name}_1")
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    x = _conv_bn(x, filters, 3, padding="same", name=f"{name}_2")
    if residual:
        if stride > 1:
            shortcut = _skip_and_fill(shortcut, filters, stride, name)
        x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


def _skip_and_fill(x: keras.KerasTensor, filters: int, stride: int, name: str) -> keras.KerasTensor:
    """Take every `stride`-th pixel and add channels of zeros (option A)."""
    x = layers.MaxPooling2D(1, strides=stride, name=f"{name}_0_skip")(x)
    extra = filters - x.shape[-1]
    # ZeroPadding2D pads the middle axes: channels are moved there and back.
    x = layers.Permute((1, 3, 2), name=f"{name}_0_out")(x)
    x = layers.ZeroPadding2D(((0, 0), (0, extra)), name=f"{name}_0_fill")(x)
    return layers.Permute((1, 3, 2), name=f"{name}_0_back")(x)


def _twin(source: keras.Model, name: str) -> keras.Layer:
    try:
        return source.get_layer(name)
    except ValueError:
        raise ValueError(f"the source network {source.name!r} has no layer {name!r}") from None


def _copy_dense(source: keras.Model, target: keras.Layer) -> None:
    """Copy the classifying layer, where the source has one."""
    if "predictions" in [layer.name for layer in source.layers]:
        _set(target, source.get_layer("predictions").get_weights())


def _set(layer: keras.Layer, weights: list[np.ndarray]) -> None:
    given, wanted = [w.shape for w in weights], [tuple(w.shape) for w in layer.weights]
    if given != wanted:
        raise ValueError(f"layer {layer.name!r} takes weights of shapes {wanted}, not {given}")
    layer.set_weights(weights)


def _multiply_adds(layer: keras.Layer) -> int:
    if isinstance(layer, layers.Conv2D):
        return int(np.prod(layer.output.shape[1:]) * np.prod(layer.kernel.shape[:3]))
    if isinstance(layer, layers.Dense):
        return int(np.prod(layer.kernel.shape))
    return 0
