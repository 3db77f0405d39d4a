"""The exercises of chapter 6, The layers of a CNN."""

import numpy as np

from ecglab.exercises import Function, Value


def parameters(kernel: int, channels: int, kernels: int) -> int:
    """Count the parameters of a convolutional layer, biases included."""
    return kernel * kernel * channels * kernels + kernels


def without_biases(kernel: int, channels: int, kernels: int) -> int:
    """Count the weights alone."""
    return kernel * kernel * channels * kernels


def with_one_bias(kernel: int, channels: int, kernels: int) -> int:
    """Count a single bias for the whole layer."""
    return kernel * kernel * channels * kernels + 1


def with_a_bias_per_channel(kernel: int, channels: int, kernels: int) -> int:
    """Count a bias for each channel of each kernel."""
    return (kernel * kernel + 1) * channels * kernels


def with_biases_of_the_input(kernel: int, channels: int, kernels: int) -> int:
    """Count a bias for each input channel in place of each kernel."""
    return kernel * kernel * channels * kernels + channels


def with_flat_kernels(kernel: int, channels: int, kernels: int) -> int:
    """Count kernels of one channel, however many come in."""
    return kernel * kernel * kernels + kernels


def with_width_alone(kernel: int, channels: int, kernels: int) -> int:
    """Take the width of the kernels in place of their area."""
    return kernel * channels * kernels + kernels


def with_one_kernel(kernel: int, channels: int, kernels: int) -> int:
    """Count one kernel, however many there are."""
    return kernel * kernel * channels + 1


def grown(dy: np.ndarray, size: int = 2) -> np.ndarray:
    """Copy each number to all pixels of its patch."""
    return np.repeat(np.repeat(dy, size, axis=1), size, axis=2)


def average_pool_back(dy: np.ndarray) -> np.ndarray:
    """Give each pixel of a patch a quarter of the slope."""
    return grown(dy) / 4


def whole_slope(dy: np.ndarray) -> np.ndarray:
    """Give each pixel the whole slope."""
    return grown(dy)


def half_slope(dy: np.ndarray) -> np.ndarray:
    """Give each pixel half of the slope."""
    return grown(dy) / 2


def first_pixel(dy: np.ndarray) -> np.ndarray:
    """Give the first pixel the whole slope, as if it had been the largest."""
    dx = np.zeros_like(grown(dy))
    dx[:, ::2, ::2] = dy
    return dx


def tiled(dy: np.ndarray) -> np.ndarray:
    """Put copies of the whole map side by side."""
    return np.tile(dy, (1, 2, 2, 1)) / 4


def not_grown(dy: np.ndarray) -> np.ndarray:
    """Give a quarter of the slope to one pixel in place of four."""
    return dy / 4


def other_axes(dy: np.ndarray) -> np.ndarray:
    """Repeat columns and channels in place of rows and columns."""
    return np.repeat(np.repeat(dy, 2, axis=2), 2, axis=3) / 4


def slopes_in(*shape: int) -> tuple[np.ndarray]:
    """Return slopes of a shape as the arguments of one call; no two are equal in size."""
    numbers = np.arange(1.0, np.prod(shape) + 1)
    signs = np.where(numbers % 3 == 0, -1.0, 1.0)
    return ((signs * numbers).reshape(shape),)


EXERCISES = {
    "6.1": Value(
        expected=112,
        hint="Put n, k, s and p into the formula: n + 2p - k, divided by s, rounded down, plus 1.",
        mistakes={
            "You rounded up. A place for which the pixels do not suffice does not exist.": 113,
            "One place is missing: the first place, the + 1 of the formula, or the padding on "
            "one of the two sides.": 111,
            "This is the layer without padding: p rows of zeros are added on every side.": 109,
            "This is the layer with stride 1. With a larger stride there are fewer places.": 224,
            "A place is there or it is not: round down before you add 1.": 112.5,
        },
    ),
    "6.2": Function(
        expected=parameters,
        cases=[(5, 1, 8), (5, 8, 16), (7, 3, 64), (1, 16, 4), (3, 2, 5), (2, 6, 1)],
        hint="How many weights has one kernel? It is as deep as its input. And then one bias.",
        mistakes={
            "These are the weights alone. Each kernel has a bias, too.": without_biases,
            "There is a single bias in your layer. Each kernel has one of its own.": with_one_bias,
            "Your kernels have a bias for each channel. A kernel adds up over all channels and "
            "then adds one bias.": with_a_bias_per_channel,
            "You count a bias for each channel that comes in; a layer has one for each kernel, "
            "each channel that goes out.": with_biases_of_the_input,
            "Your kernels are flat. A kernel has weights of its own for each channel of its "
            "input.": with_flat_kernels,
            "A kernel is a square: it has rows as well as columns.": with_width_alone,
            "This is one kernel with its bias. How many are there?": with_one_kernel,
        },
    ),
    "6.3": Value(
        expected=[3, 6912, 12544],
        hint="By how much does each 3 × 3 layer enlarge the field, which begins at 1? Each has "
        "3 · 3 weights for every pair of a channel in and a channel out.",
        mistakes={
            "Two such layers see a window of five pixels only. The field begins at 1, not at the "
            "width of a kernel.": [2, 4608, 12544],
            "A layer enlarges the field on both sides: by k − 1, not by half of it.": [
                *(6, 13824, 12544),
            ],
            "You counted biases; the question is about weights alone.": [3, 6960, 12560],
            "The second number is one layer of the stack. How many has the whole stack?": [
                *(3, 2304, 12544),
            ],
            "You counted the channels once. There are weights for each channel in and for each "
            "channel out.": [3, 432, 784],
            "You left the channels out: these are the weights of one flat kernel each.": [
                *(3, 27, 49),
            ],
            "The right numbers, but the stack comes before the single layer.": [3, 12544, 6912],
        },
    ),
    "6.4": Function(
        expected=average_pool_back,
        cases=[slopes_in(1, 1, 1, 1), slopes_in(2, 2, 3, 2), slopes_in(3, 4, 1, 2)],
        hint="Move one pixel by a little: by how much does the mean of its patch move? np.repeat "
        "copies numbers along an axis.",
        mistakes={
            "Each pixel gets the whole slope. But a mean moves by less than one of its pixels "
            "does: by which part?": whole_slope,
            "Each pixel gets half of the slope. How many pixels share in the mean?": half_slope,
            "You hand everything to one pixel, as max pooling does. All pixels of a patch have a "
            "share in its mean.": first_pixel,
            "Whole maps stand side by side. The copies of a number belong next to each other: "
            "np.tile repeats a map, np.repeat its numbers.": tiled,
            "There are as many slopes as outputs. Each output came from a patch of pixels, and "
            "each pixel needs a slope.": not_grown,
            "You enlarge the wrong axes. Axis 0 counts the images; the last one counts the "
            "channels.": other_axes,
        },
    ),
}
