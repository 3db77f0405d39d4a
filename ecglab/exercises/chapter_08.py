"""The exercises of chapter 8, Degradation."""

import numpy as np

from ecglab.exercises import Function, Value

DEGRADES, OVERFITS, NOTHING = "degradation", "overfitting", "nothing"


# 8.2


def identity_kernel(channels: int) -> np.ndarray:
    """Write the kernel that hands on every channel."""
    kernel = np.zeros((3, 3, channels, channels))
    kernel[1, 1] = np.eye(channels)
    return kernel


def silent_kernel(channels: int) -> np.ndarray:
    """Hand on nothing at all."""
    return np.zeros((3, 3, channels, channels))


def kernel_of_ones(channels: int) -> np.ndarray:
    """Add everything up."""
    return np.ones((3, 3, channels, channels))


def mixing_kernel(channels: int) -> np.ndarray:
    """Add the middle pixels of all channels."""
    kernel = silent_kernel(channels)
    kernel[1, 1] = 1
    return kernel


def averaging_kernel(channels: int) -> np.ndarray:
    """Take the mean of the nine pixels."""
    everywhere = kernel_of_ones(channels) / 9
    return everywhere * np.eye(channels)


def corner_kernel(channels: int) -> np.ndarray:
    """Hand on the pixel at the upper left."""
    kernel = silent_kernel(channels)
    kernel[0, 0] = np.eye(channels)
    return kernel


def summing_kernel(channels: int) -> np.ndarray:
    """Add all nine pixels of the same channel."""
    return kernel_of_ones(channels) * np.eye(channels)


def diagonal_kernel(channels: int) -> np.ndarray:
    """Fill the window's diagonal, for each pair of channels."""
    window = np.eye(3).reshape(3, 3, 1, 1)
    return window * kernel_of_ones(channels)


def channels_first_kernel(channels: int) -> np.ndarray:
    """Put the window behind the channels."""
    return identity_kernel(channels).transpose(3, 2, 0, 1)


def one_to_one_kernel(channels: int) -> np.ndarray:
    """Give each channel one window, not each pair."""
    kernel = np.zeros((3, 3, channels))
    kernel[1, 1] = 1
    return kernel


# 8.3


LIMITS = {2: 12.7, 3: 4.3, 4: 3.2, 5: 2.8}


def ratio(mean: float, differences: np.ndarray, ddof: int = 1) -> float:
    """Say by how many standard errors a mean lies above 0."""
    error = np.std(differences, ddof=ddof) / np.sqrt(len(differences))
    return mean / error


def sure(differences: np.ndarray) -> bool:
    """Say whether the mean lies far enough from 0, either way."""
    found = ratio(np.mean(differences), differences)
    return bool(abs(found) > LIMITS[len(differences)])


def sure_upwards_only(differences: np.ndarray) -> bool:
    """Forget the sign."""
    found = ratio(np.mean(differences), differences)
    return bool(found > LIMITS[len(differences)])


def sure_with_ddof_0(differences: np.ndarray) -> bool:
    """Take NumPy's own standard deviation."""
    found = ratio(np.mean(differences), differences, ddof=0)
    return bool(abs(found) > LIMITS[len(differences)])


def sure_by_deviation(differences: np.ndarray) -> bool:
    """Take the standard deviation for the standard error."""
    found = np.mean(differences) / np.std(differences, ddof=1)
    return bool(abs(found) > LIMITS[len(differences)])


def sure_without_root(differences: np.ndarray) -> bool:
    """Divide by the number, not by its root."""
    error = np.std(differences, ddof=1) / len(differences)
    return bool(abs(np.mean(differences)) > LIMITS[len(differences)] * error)


def sure_from_4_3(differences: np.ndarray) -> bool:
    """Take the limit of three for all."""
    found = ratio(np.mean(differences), differences)
    return bool(abs(found) > LIMITS[3])


def sure_from_2(differences: np.ndarray) -> bool:
    """Take the limit of many for all."""
    found = ratio(np.mean(differences), differences)
    return bool(abs(found) > 2)


def sure_of_sizes(differences: np.ndarray) -> bool:
    """Take the sign of each difference away before the mean."""
    found = ratio(np.mean(np.abs(differences)), differences)
    return bool(found > LIMITS[len(differences)])


def sure_of_median(differences: np.ndarray) -> bool:
    """Take the median for the mean."""
    found = ratio(np.median(differences), differences)
    return bool(abs(found) > LIMITS[len(differences)])


def unsure(differences: np.ndarray) -> bool:
    """Turn the answer round."""
    return not sure(differences)


# for each number of differences, some just above the limit and some just below
DIFFERENCES = [
    [1.0, 1.2, 1.1],
    [0.1, 2.0, 0.4],
    [-3.0, -2.9, -3.2],
    [1.6, 2.6, 3.6],
    [1.4, 2.4, 3.4],
    [-0.036, -0.026, -0.016],
    [5.0, 15.0, 25.0],
    [4.0, 6.0],
    [12.0, 14.0],
    [11.4, 13.4],
    [-0.14, -0.12],
    [1.0, 1.2],
    [0.5, 1.5, 1.0, 0.9],
    [0.7, 1.7, 2.7, 3.7],
    [0.5, 1.5, 2.5, 3.5],
    [-37.0, -27.0, -17.0, -7.0],
    [-0.2, 0.1, 0.1, 0.0, 0.2],
    [0.1, 1.1, 2.1, 3.1, 4.1],
    [-0.1, 0.9, 1.9, 2.9, 3.9],
    [-4.1, -3.1, -2.1, -1.1, -0.1],
    [2.0, 2.2, 1.9, -0.9, 2.5],
    [2.3, 0.1, 2.4, 3.9, 0.2],
]

EXERCISES = {
    "8.1": Value(
        expected=[DEGRADES, OVERFITS, NOTHING, DEGRADES],
        hint="Look at the training error first: did the deep one learn its own examples better or "
        "worse than the shallow one?",
        mistakes={
            "In pair d you have looked at the strangers. Which error tells degradation?": [
                *(DEGRADES, OVERFITS, NOTHING, NOTHING)
            ],
            "A higher error on strangers alone is not overfitting: see the training error of pair "
            "a.": [OVERFITS, OVERFITS, NOTHING, NOTHING],
            "In pair a the training error is higher, too. What does that tell?": [
                *(OVERFITS, OVERFITS, NOTHING, DEGRADES)
            ],
            "The deep network of pair b has learned its examples well. So what is its trouble?": [
                *(DEGRADES, DEGRADES, NOTHING, DEGRADES)
            ],
            "You go by the error on strangers alone. It can't tell the two troubles apart.": [
                *(DEGRADES, DEGRADES, NOTHING, NOTHING)
            ],
            "A low training error is no trouble by itself: see the strangers of pair c.": [
                *(DEGRADES, OVERFITS, OVERFITS, DEGRADES)
            ],
            "A gap alone is no trouble: see what the deep network of pair c gains on strangers.": [
                *(DEGRADES, OVERFITS, OVERFITS, NOTHING)
            ],
            "You have exchanged the two words: which of them is a high training error?": [
                *(OVERFITS, DEGRADES, NOTHING, OVERFITS)
            ],
            "In pair d the gap is small. But what about the examples that were learned from?": [
                *(DEGRADES, OVERFITS, NOTHING, OVERFITS)
            ],
        },
    ),
    "8.2": Function(
        expected=identity_kernel,
        cases=[(2,), (3,), (1,), (8,)],
        hint="Output channel o must be input channel o, at the same pixel: where in the 3 × 3 "
        "window is that pixel, and which pairs of channels meet?",
        mistakes={
            "Weights of 0 hand on nothing. (With a shortcut they would be enough: chapter 9.)": (
                silent_kernel
            ),
            "All pixels of all channels are added up. Which single one is wanted?": kernel_of_ones,
            "The pixel is the right one, but every output channel adds up all input channels.": (
                mixing_kernel
            ),
            "That is a mean of nine pixels: it blurs.": averaging_kernel,
            "That hands on a neighbour: the whole picture moves. Where is the window's middle?": (
                corner_kernel
            ),
            "The channels are right, but nine pixels are added up.": summing_kernel,
            "The diagonal of 1 belongs to the channels, not to the window.": diagonal_kernel,
            "The axes are in another order: the window comes first, then the channels.": (
                channels_first_kernel
            ),
            "Each pair of input and output channel needs a window: that makes four axes.": (
                one_to_one_kernel
            ),
        },
        within=1e-5,
    ),
    "8.3": Function(
        expected=sure,
        cases=[(np.array(one),) for one in DIFFERENCES],
        hint="Three steps: the mean; the standard error; is the mean, whatever its sign, more than "
        "the limit times the standard error?",
        mistakes={
            "A difference may also be negative, and sure.": sure_upwards_only,
            "The standard deviation of a few values needs ddof=1.": sure_with_ddof_0,
            "That is the standard deviation; the standard error is smaller.": sure_by_deviation,
            "The standard deviation is divided by the root of the number.": sure_without_root,
            "The limit depends on how many differences there are.": sure_from_4_3,
            "Two standard errors are enough with many values, not with a few.": sure_from_2,
            "Take the mean first, and its sign away afterwards.": sure_of_sizes,
            "The mean is asked for, not the median.": sure_of_median,
            "It is the other way round: True where the difference is sure.": unsure,
        },
    ),
}
