"""The exercises of chapter 10, ResNet-50 in TensorFlow."""

import math

import numpy as np

from ecglab.exercises import Function, Value

#: Of conv1: 7×7 places, three colours in, 64 maps out.
WEIGHTS = 7 * 7 * 3 * 64

# --- 10.3 ----------------------------------------------------------------------------------------


def cost(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Return the multiply-adds of a convolution that pads."""
    places = math.ceil(height / stride) * math.ceil(width / stride)
    return places * kernel**2 * channels_in * channels_out


def cost_rounded_down(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Round rows and columns down."""
    places = (height // stride) * (width // stride)
    return places * kernel**2 * channels_in * channels_out


def cost_rounded(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Round rows and columns to the nearest number, a half to the even one."""
    places = round(height / stride) * round(width / stride)
    return places * kernel**2 * channels_in * channels_out


def cost_rounded_half_up(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Round rows and columns to the nearest number, a half upwards."""
    places = int(height / stride + 0.5) * int(width / stride + 0.5)
    return places * kernel**2 * channels_in * channels_out


def cost_not_rounded(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> float:
    """Count parts of rows and columns."""
    places = (height / stride) * (width / stride)
    return places * kernel**2 * channels_in * channels_out


def cost_rounded_late(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Round the number of places up, in place of rows and columns."""
    places = math.ceil(height * width / stride**2)
    return places * kernel**2 * channels_in * channels_out


def cost_not_padded(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Keep the kernel inside the map."""
    rows = (height - kernel) // stride + 1
    columns = (width - kernel) // stride + 1
    return rows * columns * kernel**2 * channels_in * channels_out


def cost_one_more(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Round down and add one, always."""
    places = (height // stride + 1) * (width // stride + 1)
    return places * kernel**2 * channels_in * channels_out


def cost_without_stride(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Forget the stride."""
    return cost(height, width, kernel, channels_in, channels_out, 1)


def cost_with_stride_once(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Take the stride in one direction only."""
    places = math.ceil(height / stride) * width
    return places * kernel**2 * channels_in * channels_out


def cost_of_square(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Take the height for the width, too."""
    return cost(height, height, kernel, channels_in, channels_out, stride)


def cost_with_kernel_once(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Take the kernel's side in place of its places."""
    return cost(height, width, kernel, channels_in, channels_out, stride) // kernel


def cost_of_one_input(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Take one channel in."""
    return cost(height, width, kernel, 1, channels_out, stride)


def cost_of_one_output(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Take one channel out."""
    return cost(height, width, kernel, channels_in, 1, stride)


def cost_added_channels(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Add the channels in place of multiplying them."""
    places = math.ceil(height / stride) * math.ceil(width / stride)
    return places * kernel**2 * (channels_in + channels_out)


def cost_doubled(
    height: int, width: int, kernel: int, channels_in: int, channels_out: int, stride: int
) -> int:
    """Count multiplications and additions apart."""
    return 2 * cost(height, width, kernel, channels_in, channels_out, stride)


# --- 10.4 ----------------------------------------------------------------------------------------


def fold(gamma: float, beta: float, mean: float, variance: float, epsilon: float) -> list[float]:
    """Write batch normalisation as a x + b."""
    a = gamma / np.sqrt(variance + epsilon)
    return [a, beta - a * mean]


def fold_without_root(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Divide by the variance."""
    a = gamma / (variance + epsilon)
    return [a, beta - a * mean]


def fold_without_epsilon(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Forget epsilon."""
    a = gamma / np.sqrt(variance)
    return [a, beta - a * mean]


def fold_epsilon_outside(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Add epsilon to the root."""
    a = gamma / (np.sqrt(variance) + epsilon)
    return [a, beta - a * mean]


def fold_without_mean(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Forget the mean."""
    return [gamma / np.sqrt(variance + epsilon), beta]


def fold_mean_not_scaled(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Subtract the mean after the scaling."""
    return [gamma / np.sqrt(variance + epsilon), beta - mean]


def fold_mean_by_gamma(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Scale the mean by gamma alone."""
    return [gamma / np.sqrt(variance + epsilon), beta - gamma * mean]


def fold_mean_added(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Add the mean's part in place of subtracting it."""
    a = gamma / np.sqrt(variance + epsilon)
    return [a, beta + a * mean]


def fold_beta_scaled(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Scale beta as well."""
    a = gamma / np.sqrt(variance + epsilon)
    return [a, a * (beta - mean)]


def fold_without_beta(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Forget beta."""
    a = gamma / np.sqrt(variance + epsilon)
    return [a, -a * mean]


def fold_without_gamma(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Forget gamma."""
    a = 1 / np.sqrt(variance + epsilon)
    return [a, beta - a * mean]


def fold_swapped(
    gamma: float, beta: float, mean: float, variance: float, epsilon: float
) -> list[float]:
    """Return first b, then a."""
    return fold(gamma, beta, mean, variance, epsilon)[::-1]


EXERCISES = {
    "10.1": Value(
        expected=WEIGHTS,
        hint="How many numbers has one kernel, and how many kernels are there?",
        mistakes={
            "Each kernel reaches through all the colours, not through one only.": 7 * 7 * 64,
            "A kernel of 7×7 has 7 rows and 7 columns: more than 7 places.": 7 * 3 * 64,
            "That is one kernel. Every map that comes out has a kernel of its own.": 7 * 7 * 3,
            "That has a bias for every map. This convolution has none.": WEIGHTS + 64,
            "That counts batch normalisation's four numbers a channel, too.": WEIGHTS + 4 * 64,
            "That is the work. All places share the same weights: count each once.": (
                WEIGHTS * 112 * 112
            ),
            "Each map looks at each colour: multiply, don't add.": 7 * 7 * (3 + 64),
        },
    ),
    "10.2": Value(
        expected=[48, 24, 24, 12, 6, 3],
        hint="Five of the network's layers halve the maps. Which are they?",
        mistakes={
            "Does every stage halve the maps? Look at conv2's stride.": [48, 24, 12, 6, 3, 1],
            "Look at the stride of conv2: does every stage halve the maps?": [48, 24, 12, 6, 3, 2],
            "No map has half a row. Does conv2 halve the maps, too?": [48, 24, 12, 6, 3, 1.5],
            "The list begins after conv1, not with the image itself.": [96, 48, 24, 24, 12, 6],
            "The image's size comes first in your list. Does conv1 leave it as it is?": (
                [96, 48, 48, 24, 12, 6]
            ),
            "The max pool has a stride, too.": [48, 48, 48, 24, 12, 6],
            "That is without padding. The stem adds zeros on all sides.": [45, 22, 22, 11, 6, 3],
            "Those are the heights for a photograph of 224 pixels.": [112, 56, 56, 28, 14, 7],
            "Those are numbers of maps. Asked is how high the maps are.": (
                [64, 64, 256, 512, 1024, 2048]
            ),
        },
    ),
    "10.3": Function(
        expected=cost,
        cases=[
            (56, 56, 1, 256, 128, 2),
            (7, 5, 3, 2, 11, 1),
            (15, 20, 3, 8, 16, 2),
            (12, 9, 1, 4, 2, 2),
            (9, 12, 5, 4, 2, 2),
            (10, 21, 3, 5, 7, 3),
            (21, 10, 3, 6, 1, 3),
            (11, 18, 5, 3, 8, 3),
            (18, 11, 1, 3, 8, 3),
            (13, 17, 7, 1, 64, 3),
        ],
        hint="How many places come out, and how many numbers does each of them look at?",
        mistakes={
            "Rows and columns are rounded up; yours are rounded down.": cost_rounded_down,
            "round() goes to the nearest whole number. The text asks for the next one up.": (
                cost_rounded
            ),
            "To the nearest whole number is not upwards: 7/3 rounded up is 3.": (
                cost_rounded_half_up
            ),
            "There are no parts of rows: round before you multiply.": cost_not_rounded,
            "Round rows and columns each for itself, before you multiply them.": cost_rounded_late,
            "That is without padding. How many rows the text leaves depends on the stride alone.": (
                cost_not_padded
            ),
            "Where the stride divides the size, nothing is left over, and there is no row more.": (
                cost_one_more
            ),
            "With a stride, the kernel stops at fewer places.": cost_without_stride,
            "The stride makes both directions smaller, rows and columns.": cost_with_stride_once,
            "Where is the width? Maps need not be square.": cost_of_square,
            "A kernel has as many places as rows times columns.": cost_with_kernel_once,
            "Each kernel reaches through all channels that come in.": cost_of_one_input,
            "That is one map. There are channels_out of them.": cost_of_one_output,
            "Each channel that comes out looks at each that goes in: multiply them.": (
                cost_added_channels
            ),
            "A multiplication with its addition counts as one multiply-add, not as two.": (
                cost_doubled
            ),
        },
    ),
    "10.4": Function(
        expected=fold,
        cases=[
            (1.0, 0.0, 3.0, 4.0, 0.0),
            (0.5, 0.2, -1.0, 0.1, 0.1),
            (-1.5, 0.7, 2.0, 0.5, 0.25),
            (2.0, -1.0, 0.5, 8.0, 1.0),
        ],
        within=1e-3,
        hint="Multiply the bracket out: what stands with x, and what stands alone?",
        mistakes={
            "Divide by the root: the standard deviation, not the variance.": fold_without_root,
            "Where is epsilon?": fold_without_epsilon,
            "Epsilon is added to the variance, under the root.": fold_epsilon_outside,
            "The mean is missing: it is subtracted from x.": fold_without_mean,
            "The mean is subtracted before x is scaled, so it is scaled as well.": (
                fold_mean_not_scaled
            ),
            "The mean is divided by the root, too, as x is.": fold_mean_by_gamma,
            "Mind the sign: the mean is subtracted.": fold_mean_added,
            "Beta is added at the end: nothing scales it.": fold_beta_scaled,
            "Where is beta? It is added at the end.": fold_without_beta,
            "Where is gamma? It scales what was divided by the root.": fold_without_gamma,
            "First a, which stands with x, then b.": fold_swapped,
        },
    ),
}
