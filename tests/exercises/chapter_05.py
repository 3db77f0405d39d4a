"""What readers may hand in to the exercises of chapter 5."""

import numpy as np


def move_by_joining(image, right):
    rows, columns = image.shape
    black = np.zeros((rows, abs(right)))
    if right >= 0:
        return np.concatenate([black, image[:, : columns - right]], axis=1)
    return np.concatenate([image[:, -right:], black], axis=1)


def move_by_rolling(image, right):
    result = np.roll(image, right, axis=1)
    if right > 0:
        result[:, :right] = 0
    if right < 0:
        result[:, right:] = 0
    return result


def move_as_lists(image, right):
    rows, columns = image.shape
    result = [[0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            if 0 <= j + right < columns:
                result[i][j + right] = image[i, j]
    return result


def move_with_padding(image, right):
    columns = image.shape[1]
    wide = np.pad(image, ((0, 0), (columns, columns)))
    return wide[:, columns - right : 2 * columns - right]


def move_in_the_middle_only(image, right):
    """Fails to the left, and at 0, where `:-0` selects nothing."""
    result = np.zeros_like(image)
    result[:, right:] = image[:, :-right]
    return result


def move_by_joining_up_to_minus(image, right):
    """Fails at 0 alone: nothing comes back."""
    black = np.zeros((len(image), abs(right)))
    if right >= 0:
        return np.hstack([black, image[:, :-right]])
    return np.hstack([image[:, -right:], black])


def move_one_too_far(image, right):
    return move_by_joining(image, right + 1 if right >= 0 else right)


def move_shorter(image, right):
    """What enters is forgotten."""
    return image[:, : image.shape[1] - right]


def move_whole(image, right):
    """Rounded too early."""
    return np.round(move_by_rolling(image, right))


def move_printed(image, right):
    print(move_by_rolling(image, right))


def move_the_flat_row(image, right):
    flat = np.roll(image.ravel(), right)
    if right > 0:
        flat[:right] = 0
    return flat.reshape(image.shape)


def back_with_index(order):
    return [order.tolist().index(pixel) for pixel in range(len(order))]


def back_by_assignment(order):
    result = np.zeros(len(order), int)
    result[order] = np.arange(len(order))
    return result


def back_from_a_dictionary(order):
    places = {pixel: place for place, pixel in enumerate(order)}
    return tuple(places[pixel] for pixel in range(len(order)))


def tie_with_eye(kernel, n):
    places = n - len(kernel) + 1
    return sum(k * np.eye(n, places, -i) for i, k in enumerate(kernel))


def tie_as_lists(kernel, n):
    places = n - len(kernel) + 1
    rows = []
    for i in range(n):
        row = []
        for j in range(places):
            row.append(kernel[i - j] if 0 <= i - j < len(kernel) else 0)
        rows.append(row)
    return rows


def tie_by_single_pixels(kernel, n):
    return np.array([np.correlate(pixel, kernel, "valid") for pixel in np.eye(n)])


def tie_by_convolving_pixels(kernel, n):
    """What np.convolve does turns the kernel round."""
    return np.array([np.convolve(pixel, kernel, "valid") for pixel in np.eye(n)])


def tie_in_full(kernel, n):
    return np.array([np.correlate(pixel, kernel, "full") for pixel in np.eye(n)])


FORMS = {
    "5.1": [150_529_000.0, np.int64(150_529_000), np.array(150_529_000)],
    "5.2": [move_by_joining, move_by_rolling, move_as_lists, move_with_padding],
    "5.3": [np.argsort, back_with_index, back_by_assignment, back_from_a_dictionary],
    "5.4": [tie_with_eye, tie_as_lists, tie_by_single_pixels],
}

WRONG = {
    "5.1": ["150529000", 150_529, 150_530_000, [150_529_000], True, 57_803_000],
    "5.2": [
        *(move_in_the_middle_only, move_by_joining_up_to_minus, move_one_too_far),
        *(move_shorter, move_whole),
        *(move_printed, move_the_flat_row, lambda image, right: "moved"),
    ],
    "5.3": [
        lambda order: np.argsort(-order),
        lambda order: np.argsort(order)[::-1],
        lambda order: np.roll(order, 1),
        lambda order: np.argsort(order) + 1,
        lambda order: str(np.argsort(order)),
        lambda order: int(np.argsort(order)[0]),
        "np.argsort(order)",
    ],
    "5.4": [
        *(tie_by_convolving_pixels, tie_in_full),
        lambda kernel, n: tie_with_eye(kernel, n).ravel(),
        lambda kernel, n: tie_with_eye(kernel, n) != 0,
        lambda kernel, n: tie_with_eye(np.abs(kernel), n),
        lambda kernel, n: n - len(kernel) + 1,
        lambda kernel, n: "matrix",
    ],
}
