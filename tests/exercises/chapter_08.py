"""What readers may hand in to the exercises of chapter 8."""

import numpy as np

WORDS = ["degradation", "overfitting", "nothing", "degradation"]
LIMITS = {2: 12.7, 3: 4.3, 4: 3.2, 5: 2.8}


def kernel_by_loops(channels):
    kernel = np.zeros((3, 3, channels, channels), "float32")
    for channel in range(channels):
        kernel[1, 1, channel, channel] = 1
    return kernel


def kernel_as_lists(channels):
    return kernel_by_loops(channels).tolist()


def kernel_by_padding(channels):
    return np.pad(np.eye(channels)[None, None], ((1, 1), (1, 1), (0, 0), (0, 0)))


def kernel_of_whole_numbers(channels):
    return kernel_by_loops(channels).astype(int)


def kernel_in_one_row(channels):
    """The right numbers in another shape."""
    return kernel_by_loops(channels).ravel()


def kernel_in_two_axes(channels):
    """The window alone, for any number of channels."""
    return [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def kernel_of_the_last_row(channels):
    return np.roll(kernel_by_loops(channels), 1, axis=0)


def kernel_upside_down(channels):
    """Channel 0 becomes the last one."""
    return kernel_by_loops(channels)[..., ::-1]


def kernel_shared(channels):
    """Each output is the mean of the channels."""
    kernel = np.zeros((3, 3, channels, channels))
    kernel[1, 1] = 1 / channels
    return kernel


def kernel_of_three(channels):
    return kernel_by_loops(3)


def sure_with_lists(differences):
    n = len(differences)
    mean = sum(differences) / n
    spread = (sum((one - mean) ** 2 for one in differences) / (n - 1)) ** 0.5
    return abs(mean) / (spread / n**0.5) > [12.7, 4.3, 3.2, 2.8][n - 2]


def sure_by_interval(differences):
    reach = LIMITS[len(differences)] * differences.std(ddof=1) / len(differences) ** 0.5
    mean = differences.mean()
    return 1 if mean - reach > 0 or mean + reach < 0 else 0


def sure_as_numpy_says(differences):
    error = np.std(differences, ddof=1) / np.sqrt(differences.size)
    return np.abs(differences.mean()) > LIMITS[differences.size] * error


def sure_of_variance(differences):
    error = np.var(differences, ddof=1) / np.sqrt(len(differences))
    return abs(np.mean(differences)) > LIMITS[len(differences)] * error


def sure_with_n_less_one(differences):
    """Divided by n - 1 twice."""
    error = np.std(differences, ddof=1) / np.sqrt(len(differences) - 1)
    return abs(np.mean(differences)) > LIMITS[len(differences)] * error


def sure_if_of_one_sign(differences):
    return np.all(differences > 0) or np.all(differences < 0)


def sure_and_how(differences):
    """The ratio itself."""
    return np.mean(differences) / (np.std(differences, ddof=1) / np.sqrt(len(differences)))


def sure_in_words(differences):
    return str(sure_with_lists(differences))


def sure_of_the_largest(differences):
    error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    return np.max(np.abs(differences)) > LIMITS[len(differences)] * error


FORMS = {
    "8.1": [tuple(WORDS), np.array(WORDS), [word.upper() for word in WORDS]],
    "8.2": [kernel_by_loops, kernel_as_lists, kernel_by_padding, kernel_of_whole_numbers],
    "8.3": [sure_with_lists, sure_by_interval, sure_as_numpy_says],
}

WRONG = {
    "8.1": [
        "degradation, overfitting, nothing, degradation",
        WORDS[:3],
        WORDS[::-1],
        ["degradation"] * 4,
        ["overfitting"] * 4,
        [9, 0, 1, 7],
        {"a": "degradation"},
    ],
    "8.2": [
        *(kernel_in_one_row, kernel_in_two_axes, kernel_of_the_last_row, kernel_upside_down),
        *(kernel_shared, kernel_of_three, np.eye, lambda channels: 1, lambda channels: "same"),
        kernel_by_loops(3),
    ],
    "8.3": [
        *(sure_of_variance, sure_with_n_less_one, sure_if_of_one_sign, sure_and_how),
        *(sure_in_words, sure_of_the_largest, lambda differences: True, lambda differences: False),
        lambda differences: [True] * len(differences),
    ],
}
