"""ResNet-50 equals Keras' own, number by number, and the tables sum to the published figures."""

import keras
import numpy as np
import pytest

from ecglab import models

COUNTS = {  # (classes, bias): (trainable, with the moving statistics)
    (1000, False): (25_557_032, 25_610_152),
    (1000, True): (25_583_592, 25_636_712),
    (5, False): (23_518_277, 23_571_397),
    (5, True): (23_544_837, 23_597_957),
}


@pytest.mark.parametrize(("classes", "bias"), COUNTS)
def test_parameter_counts(classes, bias):
    model = models.resnet50((224, 224, 3), classes, bias=bias)
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert (trainable, model.count_params()) == COUNTS[classes, bias]


def test_shapes_at_every_stage_of_the_seed():
    model = models.resnet50((224, 224, 3), 1000)
    shapes = {
        "conv1_relu": (112, 112, 64),
        "pool1_pool": (56, 56, 64),
        "conv2_block3_out": (56, 56, 256),
        "conv3_block4_out": (28, 28, 512),
        "conv4_block6_out": (14, 14, 1024),
        "conv5_block3_out": (7, 7, 2048),
        "avg_pool": (2048,),
        "predictions": (1000,),
    }
    assert {name: model.get_layer(name).output.shape[1:] for name in shapes} == shapes


def test_layer_table_sums_to_the_published_figures():
    v1 = models.layer_table(models.resnet50((224, 224, 3), 1000))
    v15 = models.layer_table(models.resnet50((224, 224, 3), 1000, stride_on="3x3"))
    assert v1["multiply-adds"].sum() / 1e9 == pytest.approx(3.858, abs=5e-4)
    assert v15["multiply-adds"].sum() / 1e9 == pytest.approx(4.089, abs=5e-4)
    assert v1["parameters"].sum() == 25_610_152
    assert (v1["kind"] == "Conv2D").sum() == 53
    assert (v1["kind"] == "Dense").sum() == 1


def fill(model, seed):
    """Give every weight a random value, batch-norm statistics too, that keeps signals alive."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            size = weights[0].shape
            weights = [
                rng.uniform(0.3, 0.7, size),
                rng.normal(0, 0.1, size),
                rng.normal(0, 0.1, size),
                # Some variances small: only there does the ε make itself felt.
                rng.choice([0.05, 0.5, 1.0, 1.5], size),
            ]
        elif weights:
            weights[0] = rng.normal(
                0, np.sqrt(2 / np.prod(weights[0].shape[:-1])), weights[0].shape
            )
            if len(weights) > 1:
                weights[1] = rng.normal(0, 0.1, weights[1].shape)
        layer.set_weights(weights)


def outputs(model, images, logits):
    features = model.get_layer("avg_pool").output
    inner = keras.Model(model.input, [features, *logits])
    return [np.asarray(x) for x in inner(images, training=False)]


def compare(pixels, bias):
    """Return the largest relative differences of features and of logits from Keras' network."""
    keras.utils.set_random_seed(0)
    reference = keras.applications.ResNet50(
        weights=None, input_shape=(pixels, pixels, 3), classes=7, classifier_activation=None
    )
    fill(reference, seed=1)
    ours = models.resnet50((pixels, pixels, 3), 7, bias=bias)
    models.copy_keras_resnet50(reference, ours)
    images = np.random.default_rng(2).normal(size=(2, pixels, pixels, 3)).astype("float32")
    theirs = outputs(reference, images, [reference.get_layer("predictions").output])
    mine = outputs(ours, images, [ours.get_layer("logits").output])
    for values in theirs:  # a network whose outputs don't vary would prove nothing
        assert values.std(axis=0).mean() > 1e-3 * np.abs(values).mean()
    return [np.abs(a - b).max() / np.abs(a).max() for a, b in zip(theirs, mine, strict=True)]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("pixels", [224, 64, 97])
def test_equal_to_keras(pixels, bias):
    assert max(compare(pixels, bias)) < 1e-4


@pytest.mark.parametrize("pixels", [224, 64])
def test_another_padding_is_noticed(pixels, monkeypatch):
    one_sided = models.layers.ZeroPadding2D

    def same_padding(padding, name):  # what padding="same" would do at an even size
        return one_sided(((2, 3), (2, 3)) if padding == 3 else ((0, 1), (0, 1)), name=name)

    monkeypatch.setattr(models.layers, "ZeroPadding2D", same_padding)
    assert max(compare(pixels, bias=False)) > 1e-3


def test_another_epsilon_is_noticed(monkeypatch):
    monkeypatch.setattr(models, "EPSILON", 1e-3)
    assert max(compare(64, bias=False)) > 1e-3


def test_width_and_strides():
    model = models.resnet50((64, 64, 1), 5, width=16)
    assert model.get_layer("avg_pool").output.shape[1:] == (512,)
    v15 = models.resnet50((64, 64, 1), 5, width=16, stride_on="3x3")
    assert v15.count_params() == model.count_params()
    assert v15.get_layer("conv3_block1_1_conv").strides == (1, 1)
    assert v15.get_layer("conv3_block1_2_conv").strides == (2, 2)


def test_plain_and_residual_net_have_the_same_parameters():
    plain = models.cifar_net(20, (32, 32, 1), 5, residual=False)
    residual = models.cifar_net(20, (32, 32, 1), 5)
    assert plain.count_params() == residual.count_params()
    weighted = [x for x in plain.layers if isinstance(x, keras.layers.Conv2D | keras.layers.Dense)]
    assert len(weighted) == 20


def test_option_a_shortcut_keeps_every_second_pixel():
    x = np.arange(2 * 4 * 4 * 3, dtype="float32").reshape(2, 4, 4, 3) - 40  # negative ones too
    inputs = keras.Input((4, 4, 3))
    skip = keras.Model(inputs, models._skip_and_fill(inputs, 5, 2, "test"))
    expected = np.concatenate([x[:, ::2, ::2], np.zeros((2, 2, 2, 2))], axis=-1)
    np.testing.assert_array_equal(np.asarray(skip(x)), expected)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"input_shape": (16, 64, 1), "classes": 5}, r"\(16, 64, 1\)"),
        ({"input_shape": (64, 64), "classes": 5}, r"\(64, 64\)"),
        ({"input_shape": (64, 64, 1), "classes": 1}, "classes is 1"),
        ({"input_shape": (64, 64, 1), "classes": 5, "width": 0}, "width is 0"),
        ({"input_shape": (64, 64, 1), "classes": 5, "stride_on": "5x5"}, "5x5"),
    ],
)
def test_bad_arguments_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        models.resnet50(**arguments)


def test_bad_depth_and_missing_layer_are_named():
    with pytest.raises(ValueError, match="depth is 21"):
        models.cifar_net(21, (32, 32, 1), 5)
    with pytest.raises(ValueError, match="no layer 'conv1_conv'"):
        source = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        models.copy_keras_resnet50(source, models.resnet50((32, 32, 1), 5, width=4))
