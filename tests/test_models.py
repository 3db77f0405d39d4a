"""ResNet-50 equals Keras' own, number by number, and the tables sum to the published figures."""

import os
import subprocess
import sys

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


def trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize(("classes", "bias"), COUNTS)
def test_parameter_counts(classes, bias):
    model = models.resnet50((224, 224, 3), classes, bias=bias)
    assert (trainable(model), model.count_params()) == COUNTS[classes, bias]


# Parameters, and multiply-adds in G (there called GFLOPS), of torchvision's documentation:
# pytorch.org/vision/stable/models/generated/torchvision.models.resnet18, and .resnet34.
@pytest.mark.parametrize(
    ("depth", "parameters", "work"), [(18, 11_689_512, 1.81), (34, 21_797_672, 3.66)]
)
def test_resnet_18_and_34_have_the_published_size(depth, parameters, work):
    model = models.resnet(depth, (224, 224, 3), 1000)
    table = models.layer_table(model)
    assert trainable(model) == table["trainable"].sum() == parameters
    assert table["multiply-adds"].sum() / 1e9 == pytest.approx(work, abs=5e-3)
    # The projections lead around the weighted layers that are counted.
    weighted = table[table["kind"].isin(["Conv2D", "Dense"])]["layer"]
    assert (~weighted.str.contains("_0_")).sum() == depth
    plain = models.resnet(depth, (224, 224, 3), 1000, residual=False)
    zeros = models.resnet(depth, (224, 224, 3), 1000, shortcut="A")
    assert trainable(plain) == trainable(zeros) < parameters
    assert plain.name == f"plain{depth}"


# Parameters in millions on CIFAR-10: He et al. 2016, table 6.
@pytest.mark.parametrize(
    ("depth", "millions"),
    [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7")],
)
def test_cifar_nets_have_the_published_size(depth, millions):
    counted = trainable(models.cifar_net(depth, (32, 32, 3), 10)) / 1e6
    assert f"{counted:.{len(millions) - 2}f}" == millions


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
    assert v1["trainable"].sum() == 25_557_032
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


@pytest.mark.parametrize(("pixels", "bias"), [(224, False), (224, True), (64, False), (97, True)])
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


FORMS = {
    "resnet50": lambda: models.resnet50((544, 32, 1), 2, width=1),
    "resnet50 v1.5": lambda: models.resnet50((544, 32, 1), 2, width=1, stride_on="3x3"),
    "resnet18": lambda: models.resnet(18, (544, 32, 1), 2, width=1),
    "resnet18 plain": lambda: models.resnet(18, (544, 32, 1), 2, width=1, residual=False),
    "resnet18 pre": lambda: models.resnet(18, (544, 32, 1), 2, width=1, preactivation=True),
    "resnet1d": lambda: models.resnet1d(18, (544, 1), 2, width=1),
    "cifar A": lambda: models.cifar_net(20, (160, 32, 1), 2, width=1),
    "cifar B": lambda: models.cifar_net(20, (160, 32, 1), 2, width=1, shortcut="B"),
}


@pytest.mark.parametrize("form", FORMS)
def test_receptive_field_is_what_the_net_sees(form):
    model = FORMS[form]()
    for layer in model.layers:  # of positive weights no sum is zero by chance
        if "_conv" in layer.name:
            kernel = layer.kernel.shape
            layer.set_weights([np.full(kernel, 1 / np.prod(kernel[:-1]))])
    table = models.layer_table(model).set_index("layer")["receptive field"]
    blocks = [name for name in table.index if name.endswith("_out") and "_0_" not in name]
    names = ["conv1_conv", blocks[0], blocks[len(blocks) // 2], blocks[-1]]
    probe = keras.Model(model.input, [model.get_layer(name).output for name in names])
    height = model.input.shape[1]
    # Black images, in each another row is white: which of them light up the middle output?
    images = np.zeros((height, *model.input.shape[1:]), "float32")
    images[np.arange(height), np.arange(height)] = 1
    for name, maps in zip(names, probe.predict(images, batch_size=68, verbose=0), strict=True):
        middle = maps.shape[1] // 2
        seen = np.flatnonzero(maps[:, middle].reshape(height, -1).max(axis=1) > 0)
        assert 0 < seen[0] and seen[-1] < height - 1  # the image ends nowhere within the field
        assert table[name] == len(seen) == seen[-1] - seen[0] + 1, name
        # Branch and shortcut look at the same place: the field lies around the output's own.
        assert (seen[0] + seen[-1]) / 2 == middle * height / maps.shape[1], name


def test_receptive_fields_of_resnet50():
    v1 = models.layer_table(models.resnet50((224, 224, 3), 2, width=1, features=3))
    v1 = v1.set_index("layer")["receptive field"]
    v15 = models.layer_table(models.resnet50((224, 224, 3), 2, width=1, stride_on="3x3"))
    v15 = v15.set_index("layer")["receptive field"]
    assert [v1["images"], v1["conv1_conv"], v1["pool1_pool"]] == [1, 7, 11]
    assert (v1["conv5_block3_out"], v15["conv5_block3_out"]) == (483, 427)
    assert v1["avg_pool"] == v1["features"] == v1["logits"] == 483 + 6 * 32
    assert v1["rr"] == v1["rr_dense1"] == v1["rr_dense2"] == 0


def test_receptive_field_of_a_dense_layer_is_the_image():
    model = keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            keras.layers.Conv2D(2, 5),
            keras.layers.AveragePooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    assert models.layer_table(model)["receptive field"].tolist() == [5, 6, 20, 20]


def source(tensor):
    """Return the layer that gives a tensor, padding aside."""
    layer = tensor._keras_history.operation
    return source(layer.input) if layer.name.endswith("_pad") else layer


def test_preactivation_leaves_the_shortcuts_bare():
    model = models.cifar_net(14, (32, 32, 1), 5, preactivation=True)
    assert model.count_params() == models.cifar_net(14, (32, 32, 1), 5).count_params()
    for layer in model.layers:
        if "_conv" in layer.name and layer.name != "conv1_conv":
            activation = source(layer.input)
            assert isinstance(activation, keras.layers.ReLU)
            assert isinstance(source(activation.input), keras.layers.BatchNormalization)
    add = keras.layers.Add
    ends = [layer.name for layer in model.layers if isinstance(layer, add)]
    assert ends == [f"conv{stage}_block{block}_out" for stage in (2, 3, 4) for block in (1, 2)]
    shortcuts = [source(model.get_layer(name).input[0]).name for name in ends]
    # The first block and those that change the size branch off behind an activation.
    assert shortcuts[::2] == ["conv1_relu", "conv3_block1_0_back", "conv4_block1_0_back"]
    assert shortcuts[1::2] == ends[::2]
    assert source(model.get_layer("conv3_block1_0_skip").input).name == "conv3_block1_1_relu"
    assert source(model.get_layer("avg_pool").input).name == "post_relu"


def test_projection_where_the_size_changes_only():
    images = (32, 32, 1)
    for model, expected in [
        (models.cifar_net(14, images, 5, shortcut="B"), ["conv3", "conv4"]),
        (models.resnet(18, images, 5, width=4), ["conv3", "conv4", "conv5"]),
        (models.resnet(50, images, 5, width=4), ["conv2", "conv3", "conv4", "conv5"]),
        (models.resnet(50, images, 5, width=4, shortcut="A"), []),
        (models.resnet(50, images, 5, width=4, residual=False), []),
    ]:
        names = [layer.name for layer in model.layers if layer.name.endswith("_0_conv")]
        assert names == [f"{stage}_block1_0_conv" for stage in expected]


@pytest.mark.parametrize("depth", [18, 50])
def test_zero_gamma_starts_as_the_shortcuts_and_learns(depth):
    images = np.random.default_rng(0).normal(size=(4, 32, 32, 1)).astype("float32")
    model = models.resnet(depth, (32, 32, 1), 3, width=4, zero_gamma=True)
    names = ["conv3_block1_out", "conv3_block2_out"]
    probe = keras.Model(model.input, [model.get_layer(name).output for name in names])
    before, after = (np.asarray(x) for x in probe(images, training=True))
    np.testing.assert_array_equal(before, after)
    assert before.std() > 0
    last = model.get_layer(f"conv5_block2_{2 if depth == 18 else 3}_bn")
    assert not np.any(last.gamma)
    assert np.all(model.get_layer("conv5_block1_0_bn").gamma)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.train_on_batch(images, np.array([0, 1, 2, 0]))
    assert np.any(last.gamma)


def test_numbers_beside_the_image():
    model = models.resnet50((32, 32, 1), 5, width=4, features=3)
    assert [(x.name, x.shape[1:]) for x in model.inputs] == [("images", (32, 32, 1)), ("rr", (3,))]
    fill(model, seed=0)
    rng = np.random.default_rng(1)
    images, rr = rng.normal(size=(2, 32, 32, 1)), rng.normal(size=(2, 3))
    images, rr, other = (x.astype("float32") for x in (images, rr, rr + 1))
    first = outputs(model, [images, rr], [model.get_layer("logits").output])
    second = outputs(model, [images, other], [model.get_layer("logits").output])
    np.testing.assert_array_equal(first[0], second[0])
    assert np.abs(first[1] - second[1]).max() > 1e-3
    named = model.predict({"rr": rr, "images": images}, verbose=0)
    np.testing.assert_allclose(named, model.predict([images, rr], verbose=0), rtol=1e-6)
    # The images' part is the network without them.
    alone = models.resnet50((32, 32, 1), 5, width=4)
    for layer in alone.layers[:-2]:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    without = outputs(alone, images, [alone.get_layer("logits").output])
    np.testing.assert_allclose(without[0], first[0], rtol=1e-6)


def test_waveforms_have_the_same_layers():
    image = models.resnet50((32, 32, 1), 5, width=4, features=2)
    wave = models.resnet1d(50, (32, 1), 5, width=4, features=2)
    assert [layer.name for layer in wave.layers[1:]] == [layer.name for layer in image.layers[1:]]
    assert wave.get_layer("conv1_conv").kernel.shape == (7, 1, 4)
    work = models.layer_table(wave)["multiply-adds"]
    assert work[1:3].tolist() == [0, 16 * 7 * 4]
    with pytest.raises(ValueError, match=r"\(31, 1\).*samples, leads"):
        models.resnet1d(50, (31, 1), 5)


SMALL = {
    "resnet": lambda: models.resnet(18, (32, 32, 1), 5, width=4, zero_gamma=True, features=3),
    "cifar": lambda: models.cifar_net(8, (32, 32, 1), 5, preactivation=True, features=3),
}


def run_small(folder):
    """Load weights and inputs from a folder; return features and logits by net."""
    given = np.load(folder / "given.npz")
    results = {}
    for name, build in SMALL.items():
        model = build()
        model.load_weights(folder / f"{name}.weights.h5")
        ends = [model.get_layer(end).output for end in ("avg_pool", "logits")]
        probe = keras.Model(model.inputs, ends)
        results[name] = probe.predict_on_batch([given["x"], given["rr"]])
    return results


ON_JAX = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import test_models

assert test_models.keras.backend.backend() == "jax"
for name, results in test_models.run_small(Path(sys.argv[2])).items():
    test_models.np.savez(f"{sys.argv[2]}/{name}.npz", *results)
"""


@pytest.mark.long
def test_weights_of_tensorflow_work_on_jax(tmp_path):
    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    x, rr = (rng.normal(size=(4, *shape)).astype("float32") for shape in ((32, 32, 1), (3,)))
    np.savez(tmp_path / "given.npz", x=x, rr=rr)
    for name, build in SMALL.items():
        model = build()
        fill(model, seed=1)
        model.save_weights(tmp_path / f"{name}.weights.h5")
    env = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", ON_JAX, os.path.dirname(__file__), tmp_path]
    subprocess.run(command, env=env, check=True, timeout=300)
    for name, ours in run_small(tmp_path).items():
        for wanted, got in zip(ours, np.load(tmp_path / f"{name}.npz").values(), strict=True):
            assert wanted.std(axis=0).mean() > 1e-3 * np.abs(wanted).mean()
            assert np.abs(wanted - got).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"input_shape": (16, 64, 1), "classes": 5}, r"\(16, 64, 1\)"),
        ({"input_shape": (64, 64), "classes": 5}, r"\(64, 64\)"),
        ({"input_shape": (64, 64, 1), "classes": 1}, "classes is 1"),
        ({"input_shape": (64, 64, 1), "classes": 5, "width": 0}, "width is 0"),
        ({"input_shape": (64, 64, 1), "classes": 5, "stride_on": "5x5"}, "5x5"),
        ({"input_shape": (64, 64, 1), "classes": 5, "features": -1}, "features is -1"),
    ],
)
def test_bad_arguments_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        models.resnet50(**arguments)


def test_bad_depth_and_missing_layer_are_named():
    with pytest.raises(ValueError, match="depth is 21"):
        models.cifar_net(21, (32, 32, 1), 5)
    with pytest.raises(ValueError, match="depth is 20; it may be 18, 34, 50"):
        models.resnet(20, (32, 32, 1), 5)
    with pytest.raises(ValueError, match="No such layer: conv1_conv"):
        source = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        models.copy_keras_resnet50(source, models.resnet50((32, 32, 1), 5, width=4))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"shortcut": "C"}, "shortcut is 'C'"),
        ({"residual": False, "preactivation": True}, "preactivation .* residual=True"),
        ({"residual": False, "zero_gamma": True}, "zero_gamma .* residual=True"),
        ({"preactivation": True, "zero_gamma": True}, "never learn"),
    ],
)
@pytest.mark.parametrize("build", [models.resnet, models.cifar_net])
def test_forms_that_do_not_exist_are_named(build, arguments, named):
    depth = 18 if build is models.resnet else 20
    with pytest.raises(ValueError, match=named):
        build(depth, (32, 32, 1), 5, **arguments)
