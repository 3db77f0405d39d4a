"""Answers to the exercises of chapter 6, right in other forms and wrong in other ways."""

import numpy as np


def parameters_in_a_loop(kernel, channels, kernels):
    count = 0
    for _ in range(kernels):
        count += channels * kernel**2 + 1
    return count


def parameters_of_arrays(kernel, channels, kernels):
    return np.zeros((kernel, kernel, channels, kernels)).size + np.zeros(kernels).size


def transposed_stack(kernel, channels, kernels):
    return kernel * kernel * channels * kernels + kernel


def halves(kernel, channels, kernels):
    return (kernel * kernel * channels * kernels + kernels) / 2


def doubled_biases(kernel, channels, kernels):
    return kernel * kernel * channels * kernels + 2 * kernels


def in_loops(dy):
    n, rows, columns, channels = dy.shape
    dx = np.zeros((n, 2 * rows, 2 * columns, channels))
    for row in range(2 * rows):
        for column in range(2 * columns):
            dx[:, row, column] = dy[:, row // 2, column // 2] / 4
    return dx


def by_corners(dy):
    n, rows, columns, channels = dy.shape
    dx = np.empty((n, 2 * rows, 2 * columns, channels))
    for i in (0, 1):
        for j in (0, 1):
            dx[:, i::2, j::2] = 0.25 * dy
    return dx


def by_kron(dy):
    return np.kron(dy, np.full((1, 2, 2, 1), 0.25)).tolist()


def one_axis_alone(dy):
    return np.repeat(dy, 2, axis=1) / 4


def rows_tiled(dy):
    return np.tile(np.repeat(dy, 2, axis=2), (1, 2, 1, 1)) / 4


def absolute(dy):
    return abs(by_corners(dy))


def corners_of_a_quarter(dy):
    dx = np.zeros_like(by_corners(dy))
    dx[:, ::2, ::2] = dy / 4
    return dx


def divided_by_the_channels(dy):
    return by_corners(dy) * 4 / dy.shape[-1]


FORMS = {
    "6.1": [112.0, np.int64(112), np.array(112), (224 + 6 - 7) // 2 + 1],
    "6.2": [parameters_in_a_loop, parameters_of_arrays, lambda k, c, n: n * (k * k * c + 1.0)],
    "6.3": [(3, 6912, 12544), np.array([3, 6912, 12544]), [3.0, 6912.0, 12544.0]],
    "6.4": [in_loops, by_corners, by_kron],
}
WRONG = {
    "6.1": ["112", [112], [112, 112], 110, 112 * 112, True],
    "6.2": [
        *(transposed_stack, halves, doubled_biases),
        lambda kernel, channels, kernels: str(kernel * kernel * channels * kernels + kernels),
        lambda kernel, channels, kernels: print(kernels),
        lambda kernel, channels, kernels: [kernel * kernel * channels * kernels, kernels],
        3216,
    ],
    "6.3": [
        *(3, [6912, 12544], "3, 6912, 12544", ["3", "6912", "12544"]),
        *([3, 6912, 12545], [3, 20736, 12544], [[3], [6912], [12544]], [3, 6912, 0.55]),
    ],
    "6.4": [
        *(one_axis_alone, rows_tiled, absolute, corners_of_a_quarter, divided_by_the_channels),
        lambda dy: by_corners(dy).sum(),
        lambda dy: by_corners(dy)[..., 0],
        lambda dy: print(dy),
    ],
}
