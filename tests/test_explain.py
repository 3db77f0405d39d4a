"""Maps: exact where they can be worked out, on both backends, and pointing at what was planted."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr

from ecglab import explain, models
from ecglab.backend import keras

MARK = (slice(3, 7), slice(3, 7))  # where the planted artefact lies, in pixels
CORNER = (slice(0, 12), slice(0, 12))  # a map may be a little wider


def small_net(seed=0, classes=2, features=0):
    """Return a net of a few seconds' training: three convolutions, a mean, logits."""
    keras.utils.set_random_seed(seed)
    images = keras.Input((32, 32, 1), name="images")
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="a")(images)
    x = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="b")(x)
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu", name="c")(x)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    inputs = images
    if features:
        inputs = [images, keras.Input((features,), name="features")]
        x = keras.layers.Concatenate(name="joined")([x, inputs[1]])
    x = keras.layers.Dense(classes, name="logits")(x)
    return keras.Model(inputs, keras.layers.Softmax(name="predictions")(x))


@pytest.fixture(scope="module")
def residual():
    """Return an untrained residual net whose moving statistics are not the initial ones."""
    keras.utils.set_random_seed(3)
    model = models.cifar_net(8, (32, 32, 1), 5, width=4)
    rng = np.random.default_rng(3)
    model.set_weights([w + 0.1 * rng.random(w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).random((3, 32, 32, 1), dtype=np.float32)


def one_block():
    """Return a net with one residual block: JAX compiles each new shape of each operation."""
    keras.utils.set_random_seed(4)
    images = keras.Input((16, 16, 1), name="images")
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="a")(images)
    x = shortcut = keras.layers.BatchNormalization(name="a_bn")(x)
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="b")(x)
    x = keras.layers.ReLU(name="out")(keras.layers.Add(name="add")([shortcut, x]))
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = keras.layers.Dense(5, name="logits")(x)
    return keras.Model(images, keras.layers.Softmax(name="predictions")(x))


def logits_of(model, inputs):
    probe = keras.Model(model.inputs, model.get_layer("logits").output)
    inputs = inputs if isinstance(inputs, list) else [inputs]
    return keras.ops.convert_to_numpy(probe(inputs))


# --- Gradients ----------------------------------------------------------------------------------


def test_gradients_that_can_be_worked_out(noise):
    """Logits are dense weights times means: the gradient is weight over number of pixels."""
    model = small_net(classes=5)
    kinds = np.array([4, 0, 2])
    given, slopes = explain.gradients(model, noise, "c", kinds)
    weights = keras.ops.convert_to_numpy(model.get_layer("logits").kernel)
    assert given.dtype == slopes.dtype == np.float32
    expected = np.broadcast_to(weights[:, kinds].T[:, None, None, :] / 64, slopes.shape)
    np.testing.assert_allclose(slopes, expected, rtol=1e-5)
    assert np.einsum("nhwc,nhwc->n", given, slopes) + keras.ops.convert_to_numpy(
        model.get_layer("logits").bias
    )[kinds] == pytest.approx(logits_of(model, noise)[np.arange(3), kinds], rel=1e-4)


def test_the_logits_own_gradient_is_one(residual, noise):
    given, slopes = explain.gradients(residual, noise, "logits", np.array([4, 0, 2]))
    np.testing.assert_allclose(given, logits_of(residual, noise), rtol=1e-5)
    assert np.array_equal(slopes, np.eye(5)[[4, 0, 2]])


def test_gradients_inside_a_residual_block(residual, noise):
    """Against finite differences by the kernel's bias-like neighbour: the batch norm's offset."""
    normalise = residual.get_layer("conv3_block1_1_bn")
    _, slopes = explain.gradients(residual, noise, normalise.name, "V")
    before, step = normalise.get_weights(), 1e-2
    ends = []
    for sign in (1, -1):
        gamma, beta, *moments = before
        normalise.set_weights([gamma, beta + sign * step * (np.arange(len(beta)) == 2), *moments])
        ends.append(logits_of(residual, noise)[:, 2])
    normalise.set_weights(before)
    measured = (ends[0] - ends[1]) / (2 * step)
    assert slopes[..., 2].sum(axis=(1, 2)) == pytest.approx(measured, rel=0.02, abs=1e-4)


def test_by_default_the_called_class_is_explained(residual, noise):
    called = logits_of(residual, noise).argmax(axis=1)
    default = explain.gradients(residual, noise, "conv1_relu")
    chosen = explain.gradients(residual, noise, "conv1_relu", called)
    assert all(np.array_equal(*pair) for pair in zip(default, chosen, strict=True))


def test_gradient_norms_are_those_of_a_training_step(residual, noise):
    import tensorflow as tf

    labels = np.array([0, 2, 1])
    table = explain.gradient_norms(residual, noise, labels)
    convolutions = [one for one in residual.layers if isinstance(one, keras.layers.Conv2D)]
    assert table.index.tolist() == [one.name for one in convolutions]
    assert (table > 0).all(axis=None) and np.isfinite(table).all(axis=None)
    twin = keras.models.clone_model(residual)
    twin.set_weights(residual.get_weights())
    kernels = [twin.get_layer(name).kernel for name in table.index]
    first = keras.Model(twin.inputs, [twin.get_layer("conv1_conv").output, twin.output])
    with tf.GradientTape() as tape:
        activation, probabilities = first([noise], training=True)
        losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        loss = keras.ops.mean(losses)
    by_kernel, by_activation = tape.gradient(loss, [[k.value for k in kernels], activation])
    expected = [np.linalg.norm(one) for one in by_kernel]
    assert table["kernel_gradient"].to_numpy() == pytest.approx(expected, rel=1e-3)
    assert table["kernel"].to_numpy() == pytest.approx([np.linalg.norm(k) for k in kernels])
    for column, tensor in (("activation", activation), ("activation_gradient", 3 * by_activation)):
        expected = np.linalg.norm(tensor.numpy().reshape(3, -1), axis=1).mean()
        assert table[column].iloc[0] == pytest.approx(expected, rel=1e-3)


def test_the_network_is_left_as_it_was(residual, noise):
    weights, answer = residual.get_weights(), logits_of(residual, noise)
    explain.grad_cam(residual, noise)
    explain.occlusion(residual, noise[:1], patch=16, stride=16)
    explain.gradient_norms(residual, noise, np.zeros(3, int))
    explain.sanity(residual, noise, explain.grad_cam, layers=["logits"])
    with pytest.raises(ValueError):
        explain.gradients(residual, noise[..., :0], "conv1_relu")
    assert all(np.array_equal(*pair) for pair in zip(weights, residual.get_weights(), strict=True))
    assert np.array_equal(logits_of(residual, noise), answer)
    assert not any("call" in vars(layer) for layer in residual.layers)
    assert len(residual.get_layer("conv1_conv")._inbound_nodes) == 1


ON_JAX = """
import json, sys
import numpy as np
from ecglab import explain
from ecglab.backend import keras
folder = sys.argv[1]
model, images = keras.saving.load_model(folder + "/m.keras"), np.load(folder + "/images.npy")
_, slopes = explain.gradients(model, images, "a_bn", "S")
table = explain.gradient_norms(model, images, np.array([0, 2, 1]))
json.dump({
    "backend": keras.backend.backend(), "slopes": slopes.tolist(),
    "cam": explain.grad_cam(model, images, kind="V").tolist(),
    "occlusion": explain.occlusion(model, images, "N", patch=8, stride=8).tolist(),
    "norms": table.to_numpy().tolist(),
}, open(folder + "/jax.json", "w"))
"""


def test_jax_gives_the_same_numbers(noise, tmp_path):
    pytest.importorskip("jax")
    model, images = one_block(), noise[:, :16, :16]
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "images.npy", images)
    subprocess.run(
        [sys.executable, "-c", ON_JAX, str(tmp_path)],
        check=True,
        timeout=300,
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    )
    theirs = json.loads((tmp_path / "jax.json").read_text())
    assert theirs.pop("backend") == "jax" != keras.backend.backend()
    ours = {
        "slopes": explain.gradients(model, images, "a_bn", "S")[1],
        "cam": explain.grad_cam(model, images, kind="V"),
        "occlusion": explain.occlusion(model, images, "N", patch=8, stride=8),
        "norms": explain.gradient_norms(model, images, np.array([0, 2, 1])).to_numpy(),
    }
    for name, value in ours.items():
        assert np.abs(value).max() > 0, name
        np.testing.assert_allclose(theirs[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


# --- Maps ---------------------------------------------------------------------------------------


def test_maps_have_the_form_that_is_promised(residual, noise):
    cam = explain.grad_cam(residual, noise, kind="N", batch=2)
    assert cam.shape == (3, 32, 32) and cam.dtype == np.float32
    assert cam.min() >= 0 and set(cam.max(axis=(1, 2)).tolist()) <= {0.0, 1.0}
    np.testing.assert_allclose(cam, explain.grad_cam(residual, noise, kind="N"), atol=1e-5)
    drops = explain.occlusion(residual, noise, "N", patch=10, stride=7)
    assert drops.shape == (3, 32, 32) and drops.dtype == np.float32


def test_covered_images_go_through_in_batches(residual, noise, monkeypatch):
    moves = {"patch": 16, "stride": 1}  # 17 × 17 covered images are more than one batch
    drops = explain.occlusion(residual, noise[:1], "N", **moves)
    monkeypatch.setattr(explain, "_parts", lambda arrays, batch: [arrays])
    whole = explain.occlusion(residual, noise[:1], "N", **moves)
    # Batches of another size add up in another order: float32 keeps seven digits
    np.testing.assert_allclose(drops, whole, rtol=1e-5, atol=1e-4)


def test_grad_cam_by_hand(noise):
    """For a mean and a dense layer Grad-CAM is the class activation map."""
    model = small_net(classes=5)
    maps = keras.Model(model.inputs, model.get_layer("c").output)([noise])
    weights = keras.ops.convert_to_numpy(model.get_layer("logits").kernel)[:, 2]
    expected = np.maximum(keras.ops.convert_to_numpy(maps) @ weights, 0)
    ours = explain.grad_cam(model, noise, kind="V")
    # Every fourth pixel's neighbourhood is one pixel of the map; its middle is not interpolated
    # beyond its neighbours, so that block means keep the order of the maps' values.
    blocks = ours.reshape(3, 8, 4, 8, 4).mean(axis=(2, 4))
    for block, wanted in zip(blocks, expected, strict=True):
        assert spearmanr(block.ravel(), wanted.ravel()).statistic > 0.8


def test_occlusion_of_the_whole_image_is_the_logits_fall_to_black(residual, noise):
    drops = explain.occlusion(residual, noise, "V", patch=32, stride=32)
    fall = (logits_of(residual, noise) - logits_of(residual, 0 * noise))[:, 2]
    expected = np.broadcast_to(fall[:, None, None], drops.shape)
    assert drops == pytest.approx(expected, rel=1e-6, abs=1e-4)  # float32: 2e-4 at 2306


def test_a_map_without_positive_values_is_zero(noise):
    model = small_net()
    dense = model.get_layer("logits")
    dense.set_weights([-np.ones((16, 2)), np.zeros(2)])
    assert not explain.grad_cam(model, noise, kind="N").any()


def test_features_beside_the_images(noise):
    model = small_net(classes=5, features=3)
    rr = np.random.default_rng(1).random((3, 3), dtype=np.float32)
    assert explain.grad_cam(model, [noise, rr], kind="V").shape == (3, 32, 32)
    drops = explain.occlusion(model, [noise, rr], "V", patch=32, stride=32)
    fall = (logits_of(model, [noise, rr]) - logits_of(model, [0 * noise, rr]))[:, 2]
    assert drops[:, 0, 0] == pytest.approx(fall, abs=1e-5)
    assert len(explain.gradient_norms(model, [noise, rr], np.array([0, 1, 2]))) == 3


# --- The planted artefact -----------------------------------------------------------------------


def planted(count, decides, seed):
    """Return images with a bump, up or down, and a mark in a corner; labels by one of the two."""
    rng = np.random.default_rng(seed)
    up, marked = rng.integers(0, 2, (2, count))
    x = np.arange(32)
    bump = 6 * np.exp(-(((x - 19 - rng.uniform(-3, 3, (count, 1))) / 2.5) ** 2))
    height = np.rint(20 - (2 * up[:, None] - 1) * bump).astype(int)
    images = 0.1 * rng.random((count, 32, 32, 1), dtype=np.float32)
    images[np.arange(count)[:, None], height, x] = 1
    images[(marked == 1, *MARK)] = 1
    return images, marked if decides == "mark" else up


@pytest.fixture(scope="module")
def trained():
    nets = {}
    for decides in ("mark", "bump"):
        model = small_net(seed=0)
        images, labels = planted(512, decides, seed=0)
        loss = "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
        model.fit(images, labels, epochs=12, batch_size=64, verbose=0)
        fresh = planted(200, decides, 99)
        assert model.evaluate(*fresh, verbose=0)[1] > 0.95, "it learnt what it was to learn"
        nets[decides] = model
    return nets


METHODS = {
    "grad_cam": explain.grad_cam,
    "occlusion": functools.partial(explain.occlusion, patch=6, stride=3),
}


def share_in_corner(maps):
    """Return the mean part of a map's positive mass that lies in the corner."""
    mass = np.maximum(maps, 0)
    return float(np.mean(mass[(slice(None), *CORNER)].sum(axis=(1, 2)) / mass.sum(axis=(1, 2))))


@pytest.mark.parametrize("method", METHODS)
def test_maps_point_at_the_mark_where_it_decides_and_only_there(trained, method):
    images, marked = planted(60, "mark", 7)
    images = images[marked == 1]
    by_mark = share_in_corner(METHODS[method](trained["mark"], images))
    by_bump = share_in_corner(METHODS[method](trained["bump"], images))
    assert by_mark > 0.6, f"{by_mark:.2f} of the map lies on the mark that decides"
    # The corner is 0.14 of the image.
    assert by_bump < 0.2, f"{by_bump:.2f} of the map lies on a mark that means nothing"


# --- Sanity -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_maps_of_a_randomised_network_are_other_maps(trained, method):
    images, _ = planted(16, "bump", 8)
    table = explain.sanity(trained["bump"], images, METHODS[method])
    assert table.index.tolist() == ["logits", "c", "b", "a"]
    assert table["correlation"].between(-1, 1).all()
    assert table["correlation"].iloc[-1] < 0.7


def test_sanity_finds_a_map_that_shows_the_image_only(trained):
    """An edge detector passes for an explanation until the network is randomised."""
    images, _ = planted(4, "bump", 8)
    edges = explain.sanity(
        trained["bump"], images, lambda model, inputs, kind: np.abs(np.diff(inputs[0][..., 0]))
    )
    assert edges["correlation"].tolist() == pytest.approx([1, 1, 1, 1])
    flat = explain.sanity(
        trained["bump"], images, lambda model, inputs, kind: np.ones((4, 32, 32)), "logits"
    )
    assert flat["correlation"].to_dict() == {"logits": 0}, "one layer is one step"


def test_randomised_goes_from_the_output_down_to_the_layer(residual):
    half = explain.randomised(residual, "conv4_block1_1_conv", seed=1)
    whole = explain.randomised(residual, "conv1_conv", seed=1)
    reached = False
    for layer in residual.layers:
        reached = reached or layer.name == "conv4_block1_1_conv"
        twins = half.get_layer(layer.name).get_weights(), whole.get_layer(layer.name).get_weights()
        for ours, below, all_of_them in zip(layer.get_weights(), *twins, strict=True):
            assert np.array_equal(ours, below) is not reached or ours.size < 8
            assert not reached or np.array_equal(below, all_of_them)
            assert np.sort(ours.ravel()) == pytest.approx(np.sort(all_of_them.ravel()))


# --- One class for all ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [2, np.array(2), "V"])
def test_one_class_stands_for_all_images(residual, noise, kind):
    each = np.array([2, 2, 2])
    assert np.array_equal(
        explain.grad_cam(residual, noise, kind=kind), explain.grad_cam(residual, noise, kind=each)
    )
    moves = {"patch": 16, "stride": 16}
    ours = explain.occlusion(residual, noise, kind, **moves)
    assert np.array_equal(ours, explain.occlusion(residual, noise, each, **moves))
    slopes = [explain.gradients(residual, noise, "logits", k)[1] for k in (kind, each.tolist())]
    assert np.array_equal(*slopes) and slopes[0][:, 2].tolist() == [1, 1, 1]


# --- What is refused ----------------------------------------------------------------------------


def never(model, inputs, kind):
    pytest.fail("a map was made before all names were checked")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m, x: explain.gradients(m, x, "conv9"),
            r"No such layer: conv9.*\['images', 'conv1",
        ),
        (lambda m, x: explain.grad_cam(m, x, "avg_pool"), r"'avg_pool' gives \(16,\): no feature"),
        (lambda m, x: explain.grad_cam(m, x, kind="X"), "no class 'X'; there are N S V F Q"),
        (lambda m, x: explain.grad_cam(m, x, kind=np.array([0, 1])), "one index below 5"),
        (lambda m, x: explain.grad_cam(m, x, kind=np.array([0, 1, 5])), "one index below 5"),
        (lambda m, x: explain.grad_cam(m, x[..., 0]), r"shape \(3, 32, 32\); give \(n, height"),
        (lambda m, x: explain.grad_cam(m, x[:0]), r"shape \(0, 32, 32, 1\)"),
        (lambda m, x: explain.occlusion(m, x, patch=40), "patch is 40 and stride 4"),
        (lambda m, x: explain.occlusion(m, x, stride=9), "1 ≤ stride ≤ patch ≤ 32"),
        (lambda m, x: explain.gradient_norms(m, x, np.array([0])), "each of 3 images"),
        (lambda m, x: explain.randomised(m, "fc"), "No such layer: fc"),
        (
            lambda m, x: explain.grad_cam(m, x, kind=5),
            "class is 5; give a whole number from 0 to 4",
        ),
        (lambda m, x: explain.occlusion(m, x, True), "class is True; give a whole number"),
        (lambda m, x: explain.grad_cam(m, x, kind=[0.0, 1.0, 2.0]), "one index below 5"),
        (lambda m, x: explain.grad_cam(m, x, kind=["N", "S", "V"]), "classes are .*'N'.*one index"),
        (lambda m, x: explain.grad_cam(m, x, kind=[True, False, True]), "classes are .*True"),
        (lambda m, x: explain.grad_cam(m, x, kind=[[0, 1, 2]]), "one index below 5"),
        (lambda m, x: explain.gradient_norms(m, x, 2), "each of 3 images"),
        (
            lambda m, x: explain.grad_cam(m, x[:, :16]),
            r"\(3, 16, 32, 1\); .*takes \(n, 32, 32, 1\)",
        ),
        (lambda m, x: explain.grad_cam(m, [x, x]), r"inputs have shapes .*takes \(n, 32, 32, 1\)"),
        (lambda m, x: explain.occlusion(m, x * np.nan), "images hold NaN or infinity"),
        (
            lambda m, x: explain.grad_cam(m, x, batch=0),
            "batch is 0; give a whole number, 1 or more",
        ),
        (lambda m, x: explain.occlusion(m, x, patch=8.0), "patch is 8.0; give a whole number"),
        (lambda m, x: explain.occlusion(m, x, stride="4"), "stride is '4'; give a whole number"),
        (lambda m, x: explain.randomised(m, "logits", -1), "seed is -1; give a whole number, 0"),
        (lambda m, x: explain.sanity(m, x, never, ["logits", "fc"]), "No such layer: fc"),
        (lambda m, x: explain.sanity(m, x, lambda *_, kind: np.ones(3)), r"maps gives \(3,\)"),
    ],
)
def test_what_is_refused_is_named(residual, noise, call, message):
    with pytest.raises(ValueError, match=message):
        call(residual, noise)


def test_a_network_without_logits_is_named(noise):
    images = keras.Input((32, 32, 1))
    model = keras.Model(images, keras.layers.Conv2D(5, 32)(images), name="mine")
    with pytest.raises(ValueError, match="mine has no layer 'logits'; networks of"):
        explain.grad_cam(model, noise)


def test_features_that_are_missing_are_named(noise):
    model = small_net(classes=5, features=3)
    rr = np.ones((3, 3))
    shapes = r"takes \(n, 32, 32, 1\), \(n, 3\)"
    for inputs in (noise, [noise, rr[:2]], [noise, rr[:, :2]], [noise, rr, rr]):
        with pytest.raises(ValueError, match=shapes):
            explain.grad_cam(model, inputs)
    with pytest.raises(ValueError, match="features hold NaN or infinity"):
        explain.grad_cam(model, [noise, rr * np.nan])


def test_an_unknown_backend_is_named(residual, noise, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(NotImplementedError, match=r"runs on torch; .* tensorflow and on jax"):
        explain.gradients(residual, noise, "conv1_relu", "N")
