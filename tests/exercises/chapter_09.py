"""Answers to the exercises of chapter 9, right in other forms and wrong in other ways."""

import numpy as np


def block_in_loops(x, first, second):
    size = len(x)
    hidden = [max(sum(first[i][j] * x[j] for j in range(size)), 0) for i in range(size)]
    return [max(sum(second[i][j] * hidden[j] for j in range(size)) + x[i], 0) for i in range(size)]


def block_with_masks(x, first, second):
    y = np.dot(first, x)
    y[y < 0] = 0
    y = second.dot(y) + x
    y[y < 0] = 0
    return y


def block_of_columns(x, first, second):
    hidden = np.clip(first @ x[:, None], 0, None)
    return np.clip((second @ hidden)[:, 0] + x, 0, None)


def shortcut_twice(x, first, second):
    return np.maximum(second @ np.maximum(first @ x, 0) + 2 * x, 0)


def one_matrix_turned(x, first, second):
    return np.maximum(second.T @ np.maximum(first @ x, 0) + x, 0)


def absolute(x, first, second):
    return abs(second @ np.maximum(first @ x, 0) + x)


def subtracted(x, first, second):
    return np.maximum(second @ np.maximum(first @ x, 0) - x, 0)


def column(x, first, second):
    return np.maximum(second @ np.maximum(first @ x, 0) + x, 0)[:, None]


def fill_with_pad(x, channels):
    return np.pad(x[::2, ::2], [(0, 0), (0, 0), (0, channels - x.shape[2])])


def fill_in_loops(x, channels):
    result = []
    for row in x[::2]:
        result.append([list(pixel) + [0] * (channels - len(pixel)) for pixel in row[::2]])
    return result


def fill_an_empty_map(x, channels):
    height, width, old = x.shape
    result = np.zeros(((height + 1) // 2, (width + 1) // 2, channels))
    result[:, :, :old] = x[::2, ::2]
    return result


def fill_with_ones(x, channels):
    return np.pad(x[::2, ::2], [(0, 0), (0, 0), (0, channels - x.shape[2])], constant_values=1)


def turned(x, channels):
    return fill_with_pad(x, channels).swapaxes(0, 1)


def every_third(x, channels):
    return np.pad(x[::3, ::3], [(0, 0), (0, 0), (0, channels - x.shape[2])])


def filled_for_even_sizes(x, channels):
    result = np.zeros((x.shape[0] // 2, x.shape[1] // 2, channels))
    result[:, :, : x.shape[2]] = x[::2, ::2]
    return result


def square(x, channels):
    return fill_with_pad(x[: x.shape[1], : x.shape[0]], channels)


def copies(x, channels):
    return np.resize(x[::2, ::2], fill_with_pad(x, channels).shape)


def skipped_channels(x, channels):
    return np.pad(x[::2, :, ::2], [(0, 0), (0, 0), (0, channels - 1)])[..., :channels]


FORMS = {
    "9.1": [1_179_648.0, np.int64(1179648), 9 * 256 * 256 + 9 * 256 * 256, np.array(1179648)],
    "9.2": [0.125, (1 / 2) ** 3, 2**51 / 2**54, np.float32(0.125), 1 - 7 / 8],
    "9.3": [block_in_loops, block_with_masks, block_of_columns],
    "9.4": [fill_with_pad, fill_in_loops, fill_an_empty_map],
}
WRONG = {
    "9.1": ["1179648", [1179648], 2 * 9 * 128 * 128, 17, 2 * 9 * 4 * 64 * 64 + 1, 69_632],
    "9.2": ["12.5%", "1/8", [0.125], 0.13, 1 / 3, 0.5**54, 0.875**3, 0.12],
    "9.3": [
        *(shortcut_twice, one_matrix_turned, absolute, subtracted, column),
        lambda x, first, second: print(x),
        lambda x, first, second: str(x),
        lambda x, first, second: np.maximum(x, 0),
        lambda x, first, second: block_with_masks(x, first, second).sum(),
        [[1, 0], [0, 1], [3, 0]],
    ],
    "9.4": [
        *(fill_with_ones, turned, every_third, filled_for_even_sizes, square, copies),
        skipped_channels,
        lambda x, channels: fill_with_pad(x, channels).shape,
        lambda x, channels: print(x[::2, ::2]),
        lambda x, channels: fill_with_pad(abs(x), channels),
        lambda x, channels: fill_with_pad(x, channels)[None],
    ],
}
