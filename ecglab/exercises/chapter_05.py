"""The exercises of chapter 5, on why networks for images are not fully connected."""

import numpy as np

from ecglab.exercises import Function, Value

PIXELS = 224 * 224
OUTPUTS = 1000


# 5.2


def move(image: np.ndarray, right: int) -> np.ndarray:
    """Move an image so many columns to the right; black enters."""
    columns = image.shape[1]
    moved = np.zeros_like(image)
    for column in range(columns):
        if 0 <= column - right < columns:
            moved[:, column] = image[:, column - right]
    return moved


def move_around(image: np.ndarray, right: int) -> np.ndarray:
    """Let what leaves come back on the other side."""
    return np.roll(image, right, axis=1)


def move_left(image: np.ndarray, right: int) -> np.ndarray:
    """Turn the sign round."""
    return move(image, -right)


def move_down(image: np.ndarray, right: int) -> np.ndarray:
    """Move rows in place of columns."""
    limit = len(image)
    down = max(-limit, min(right, limit))
    return move(image.T, down).T


def move_and_repeat(image: np.ndarray, right: int) -> np.ndarray:
    """Let the edge's values enter in place of black."""
    columns = np.arange(image.shape[1]) - right
    inside = np.clip(columns, 0, image.shape[1] - 1)
    return image[:, inside]


def move_without_sign(image: np.ndarray, right: int) -> np.ndarray:
    """Move to the right always."""
    return move(image, abs(right))


def blacken_only(image: np.ndarray, right: int) -> np.ndarray:
    """Make the columns black where something enters, and move nothing."""
    result = image.copy()
    if right > 0:
        result[:, :right] = 0
    if right < 0:
        result[:, right:] = 0
    return result


def move_nothing_at_zero(image: np.ndarray, right: int) -> np.ndarray:
    """Select `:-0`, which is no column at all."""
    return move(image, right) if right else image[:, :-right]


def roll_and_blacken_left(image: np.ndarray, right: int) -> np.ndarray:
    """Roll, and make the columns black that suit the right alone."""
    result = np.roll(image, right, axis=1)
    result[:, :right] = 0
    return result


# 5.3


def back(order: np.ndarray) -> np.ndarray:
    """Say where each pixel has gone to."""
    undone = np.empty_like(order)
    for place, pixel in enumerate(order):
        undone[pixel] = place
    return undone


def same_again(order: np.ndarray) -> np.ndarray:
    """Give the order itself."""
    return order


def backwards(order: np.ndarray) -> np.ndarray:
    """Read the order from its end."""
    return order[::-1]


def mirrored(order: np.ndarray) -> np.ndarray:
    """Count each number from the other end."""
    return len(order) - 1 - order


def twice(order: np.ndarray) -> np.ndarray:
    """Put the order into the order."""
    return order[order]


def in_order(order: np.ndarray) -> np.ndarray:
    """Count from 0 on."""
    return np.sort(order)


# 5.4


def tie(kernel: np.ndarray, n: int) -> np.ndarray:
    """Write a sliding kernel as the weights of a dense layer."""
    places = n - len(kernel) + 1
    weights = np.zeros((n, places))
    for place in range(places):
        weights[place : place + len(kernel), place] = kernel
    return weights


def tie_transposed(kernel: np.ndarray, n: int) -> np.ndarray:
    """Give outputs by inputs."""
    return tie(kernel, n).T


def tie_turned(kernel: np.ndarray, n: int) -> np.ndarray:
    """Turn the kernel round."""
    return tie(kernel[::-1], n)


def tie_one_place_less(kernel: np.ndarray, n: int) -> np.ndarray:
    """Forget the last place."""
    return tie(kernel, n)[:, :-1]


def tie_padded(kernel: np.ndarray, n: int) -> np.ndarray:
    """Give each number a place: at the end the kernel reaches beyond the row."""
    long = tie(kernel, n + len(kernel) - 1)
    return long[:n]


def tie_centred(kernel: np.ndarray, n: int) -> np.ndarray:
    """Lay the kernel's middle on each number."""
    long = tie(kernel, n + len(kernel) - 1)
    start = (len(kernel) - 1) // 2
    return long[start : start + n]


def tie_at_the_top(kernel: np.ndarray, n: int) -> np.ndarray:
    """Write the kernel into the first rows of every column."""
    places = n - len(kernel) + 1
    weights = np.zeros((n, places))
    weights[: len(kernel)] = np.reshape(kernel, (-1, 1))
    return weights


SMALL = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
SIGNED = np.array([[0.5, -1, 2, 0, 4], [3, 1.5, -2, 6, 7], [9, 8, 1, -3, 5]])
ROW = np.array([[0.25, 0.5, 1.0, 0.75, 0.1, 0.9]])
TALL = np.array([[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]])

EXERCISES = {
    "5.1": Value(
        expected=(PIXELS * 3 + 1) * OUTPUTS,
        hint="How many numbers make one photograph? Each output has a weight for each of them, "
        "and one bias.",
        mistakes={
            "These are the weights alone: each output has a bias, too.": PIXELS * 3 * OUTPUTS,
            "A photograph in colours has three numbers for each pixel.": (PIXELS + 1) * OUTPUTS,
            "A pixel has three colours, and each output has a bias.": PIXELS * OUTPUTS,
            "Every output has a bias of its own; you have counted one for all.": (
                PIXELS * 3 * OUTPUTS + 1
            ),
            "These are the numbers of one photograph: how many outputs is each tied to?": (
                PIXELS * 3
            ),
            "These are the parameters of a single output.": PIXELS * 3 + 1,
            "Each number is tied to each output: that multiplies, it does not add up.": (
                PIXELS * 3 + OUTPUTS
            ),
            "A photograph has a height and a width: you have counted one row of it.": (
                (224 * 3 + 1) * OUTPUTS
            ),
            "The biases belong to the outputs, one each, not to the inputs.": (
                PIXELS * 3 * (OUTPUTS + 1)
            ),
            "These are millions: write the whole number.": (PIXELS * 3 + 1) * OUTPUTS / 1e6,
        },
    ),
    "5.2": Function(
        expected=move,
        cases=[
            (SMALL, 1),
            (SMALL, -2),
            (SMALL, 0),
            (SMALL, 4),
            (SIGNED, 2),
            (SIGNED, -1),
            (SIGNED, -5),
            (ROW, -3),
            (ROW, 4),
            (TALL, 1),
        ],
        hint="Start from an image of zeros. Write down for right = 2, for right = -2 and for "
        "right = 0 which columns of it are filled, and from which columns of the old image. "
        "And what does `:-0` select?",
        mistakes={
            "What leaves on one side must not come back on the other.": move_around,
            "It moves the wrong way: a positive number is to the right.": move_left,
            "It moves down: columns are the second axis.": move_down,
            "What enters is black (0), not the edge's value again.": move_and_repeat,
            "A negative number moves to the left.": move_without_sign,
            "Some columns become black, but nothing moves.": blacken_only,
            "To the left, black enters from the right: other columns have to become 0.": (
                roll_and_blacken_left
            ),
            "With right = 0 the whole image is lost: what does `:-0` select?": move_nothing_at_zero,
        },
    ),
    "5.3": Function(
        expected=back,
        cases=[
            (np.array([2, 0, 1]),),
            (np.array([1, 2, 3, 0]),),
            (np.array([3, 0, 1, 4, 2]),),
            (np.array([0, 5, 1, 6, 4, 2, 3]),),
            (np.array([7, 2, 0, 6, 1, 3, 5, 4]),),
        ],
        hint="Where has pixel 0 gone to? That place is the first number. Then pixel 1, and so on.",
        mistakes={
            "The same order once more shuffles once more.": same_again,
            "Read from its end, an order is another order; it does not undo the first.": backwards,
            "Counted from the other end, the pixels do not find their old places.": mirrored,
            "That is the order applied twice. You need the one that takes it back.": twice,
            "0, 1, 2 … leaves the shuffled pixels where they are.": in_order,
        },
    ),
    "5.4": Function(
        expected=tie,
        cases=[
            (np.array([1.0, 2.0, 4.0]), 5),
            (np.array([-1.0, 1.0]), 4),
            (np.array([3.0]), 3),
            (np.array([0.5, -2.0, 1.0, 7.0]), 6),
            (np.array([2.0, 5.0, -1.0]), 3),
            (np.array([1.0, 0.0, -3.0, 2.0, 4.0]), 9),
        ],
        hint="One row for each input, one column for each output. In column j the kernel begins "
        "at row j; all else is 0.",
        mistakes={
            "Rows and columns are exchanged: the row of numbers stands on the left, x @ weights.": (
                tie_transposed
            ),
            "The kernel is turned round: its first number meets the first of the inputs.": (
                tie_turned
            ),
            "One place is missing: the kernel may also lie at the very end of the row.": (
                tie_one_place_less
            ),
            "Without padding the kernel does not reach beyond the row: fewer outputs then.": (
                tie_padded
            ),
            "That is a kernel centred on each number, which needs padding at both ends.": (
                tie_centred
            ),
            "From one output to the next the kernel moves on by one row.": tie_at_the_top,
        },
    ),
}
