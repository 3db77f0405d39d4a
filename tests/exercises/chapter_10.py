"""What readers of chapter 10 may hand in: right answers in other forms, and other wrong ones."""

import math

import numpy as np


def cost_by_loops(height, width, kernel, channels_in, channels_out, stride):
    count = 0
    for _ in range(0, height, stride):
        for _ in range(0, width, stride):
            count += kernel * kernel * channels_in
    return count * channels_out


def cost_by_floor(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = -(-height // stride), (width - 1) // stride + 1
    return float(rows * columns) * kernel**2 * channels_in * channels_out


def cost_by_padding(height, width, kernel, channels_in, channels_out, stride):
    around = kernel // 2
    rows = (height + 2 * around - kernel) // stride + 1
    columns = (width + 2 * around - kernel) // stride + 1
    return np.int64(rows * columns * channels_out * channels_in * kernel * kernel)


def cost_height_by_floor(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = height // stride, math.ceil(width / stride)
    return rows * columns * kernel**2 * channels_in * channels_out


def cost_width_by_floor(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = math.ceil(height / stride), width // stride
    return rows * columns * kernel**2 * channels_in * channels_out


def cost_width_by_round(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = math.ceil(height / stride), round(width / stride)
    return rows * columns * kernel**2 * channels_in * channels_out


def cost_height_by_round(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = round(height / stride), math.ceil(width / stride)
    return rows * columns * kernel**2 * channels_in * channels_out


def cost_of_half(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = (height + 1) // stride, (width + 1) // stride
    return rows * columns * kernel**2 * channels_in * channels_out


def cost_with_bias(height, width, kernel, channels_in, channels_out, stride):
    rows, columns = math.ceil(height / stride), math.ceil(width / stride)
    return rows * columns * (kernel**2 * channels_in + 1) * channels_out


def fold_by_steps(gamma, beta, mean, variance, epsilon):
    spread = (variance + epsilon) ** 0.5
    return (gamma / spread, -gamma * mean / spread + beta)


def fold_from_two_points(gamma, beta, mean, variance, epsilon):
    def y(x):
        return gamma * (x - mean) / math.sqrt(variance + epsilon) + beta

    return np.array([y(1.0) - y(0.0), y(0.0)])


FORMS = {
    "10.1": [9408.0, np.int64(9408), np.prod([7, 7, 3, 64])],
    "10.2": [(48, 24, 24, 12, 6, 3), np.array([48, 24, 24, 12, 6, 3]), [48.0, 24, 24, 12, 6, 3]],
    "10.3": [cost_by_loops, cost_by_floor, cost_by_padding],
    "10.4": [fold_by_steps, fold_from_two_points],
}
WRONG = {
    "10.1": ["9,408", 7 * 3 * 64 * 2, [9408], 9407, True],
    "10.2": [
        "48, 24, 24, 12, 6, 3",
        48,
        [48, 24, 24, 12, 6],
        [24, 24, 12, 6, 3],
        [[48, 48], [24, 24], [24, 24], [12, 12], [6, 6], [3, 3]],
        [3, 6, 12, 24, 24, 48],
        [48, 24, 24, 12, 12, 6],
    ],
    "10.3": [
        25_690_112,
        cost_height_by_floor,
        cost_width_by_floor,
        cost_height_by_round,
        cost_width_by_round,
        cost_of_half,
        cost_with_bias,
        lambda height, width, kernel, channels_in, channels_out, stride: "25690112",
        lambda height, width: height * width,
    ],
    "10.4": [
        [0.5, -1.5],
        lambda gamma, beta, mean, variance, epsilon: gamma / np.sqrt(variance + epsilon),
        lambda gamma, beta, mean, variance, epsilon: "a x + b",
        lambda gamma, beta, mean, variance, epsilon: [gamma, beta],
        lambda gamma, beta, mean, variance, epsilon: print(gamma, beta),
    ],
}
