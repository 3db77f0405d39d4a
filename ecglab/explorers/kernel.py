"""A kernel over a beat image: nine products, their sum, and the map that grows from the sums."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ecglab.explorers.base import Explorer, State, Words, number

SIZES = range(3, 33)  # pixels: room for one window, and few enough to see each


def kernel(image: np.ndarray) -> Explorer:
    """Explore what a 3×3 kernel answers at each place of an image.

    First used in chapter 6.

    Parameters
    ----------
    image : numpy.ndarray
        uint8, shape ``(height, width)``, 3 to 32 pixels each; 0 to 255 count as 0 to 1.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If the image has another type or shape.

    Examples
    --------
    >>> explorer = kernel(np.repeat(np.uint8([[0, 0, 255, 255]]), 4, axis=0))
    >>> explorer.read(explorer.start)["Sum of the nine products"]
    '3.00'
    """
    image = np.asarray(image)
    fits = image.ndim == 2 and set(image.shape) <= set(SIZES)
    if image.dtype != np.uint8 or not fits:
        found = f"an image of type {image.dtype} and shape {image.shape}"
        raise ValueError(f"{found}; uint8 of 3 to 32 rows and 3 to 32 columns is wanted")
    data = {"image": image.tolist()}
    edge = np.array([-1, 0, 1])  # the kernel with which the explorer opens
    answers = sums(image, edge)
    steepest = answers >= answers.max() - 0.5
    row, column = np.argwhere(steepest)[-1]  # the lowest of those that are about as steep
    height, width = answers.shape
    rows = {
        "high": height - 1,
        "value": int(row),
    }
    columns = {
        "high": width - 1,
        "value": int(column),
    }
    ends = {"first": {"row": 0, "column": 0}, "last": {"row": height - 1, "column": width - 1}}
    changes = {"row": rows, "column": columns, "Place": {"settings": ends}}
    return Explorer("kernel", data, read, **changes)


def read(data: dict, state: State) -> Words:
    """Return the sum at the window's place, and how much of the map is done."""
    row = state["row"]
    column = state["column"]
    weights = [state[f"k{i}"] for i in range(9)]
    square = np.reshape(weights, (3, 3))
    image = np.array(data["image"])
    answers = sums(image, square)
    here = answers[row, column]
    places = number(answers.size)
    width = answers.shape[1]
    done = number(row * width + column + 1)
    return {
        "Window from": f"row {row}, column {column}",
        "Sum of the nine products": number(here, 2),
        "After ReLU": number(max(here, 0), 2),
        "Places done": f"{done} of {places}",
    }


def sums(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sum of the nine products at each place of an image of 0 to 255."""
    windows = sliding_window_view(image / 255, (3, 3))
    products = windows * weights
    return products.sum(axis=(2, 3))
