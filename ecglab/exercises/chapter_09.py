"""The exercises of chapter 9, Shortcut connections."""

import numpy as np

from ecglab.exercises import Function, Value


def relu(x: np.ndarray) -> np.ndarray:
    """Set negative numbers to 0."""
    return np.maximum(x, 0)


def block(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute a residual block of two matrices."""
    return relu(second @ relu(first @ x) + x)


def relu_before_the_sum(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Apply the last ReLU before the shortcut is added."""
    return relu(second @ relu(first @ x)) + x


def relu_before_and_after_the_sum(
    x: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Apply ReLU to what the layers give, and once more after the sum."""
    return relu(relu(second @ relu(first @ x)) + x)


def without_last_relu(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Leave the last ReLU out."""
    return second @ relu(first @ x) + x


def without_first_relu(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Leave the ReLU between the matrices out."""
    return relu(second @ (first @ x) + x)


def without_shortcut(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute a plain block."""
    return relu(second @ relu(first @ x))


def early_shortcut(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Add the shortcut before the second matrix."""
    return relu(second @ (relu(first @ x) + x))


def second_first(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Exchange the matrices."""
    return block(x, second, first)


def from_the_right(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Multiply by the matrices from the right."""
    return block(x, first.T, second.T)


def number_by_number(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Multiply number by number in place of the matrix product."""
    return relu(second * relu(first * x) + x)


def relu_on_the_wire(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Apply ReLU to the shortcut, too."""
    return relu(second @ relu(first @ x) + relu(x))


def zeros(x: np.ndarray, count: int) -> np.ndarray:
    """Return so many channels of zeros for a map."""
    return np.zeros((*x.shape[:2], count))


def skip_and_fill(x: np.ndarray, channels: int) -> np.ndarray:
    """Keep every second pixel and add channels of zeros behind."""
    kept = x[::2, ::2]
    return np.concatenate([kept, zeros(kept, channels - x.shape[-1])], axis=-1)


def zeros_in_front(x: np.ndarray, channels: int) -> np.ndarray:
    """Add the zeros in front of the old channels."""
    kept = x[::2, ::2]
    return np.concatenate([zeros(kept, channels - x.shape[-1]), kept], axis=-1)


def zeros_on_both_sides(x: np.ndarray, channels: int) -> np.ndarray:
    """Add half of the zeros in front."""
    kept = x[::2, ::2]
    new = channels - x.shape[-1]
    parts = [zeros(kept, new // 2), kept, zeros(kept, new - new // 2)]
    return np.concatenate(parts, axis=-1)


def all_channels_added(x: np.ndarray, channels: int) -> np.ndarray:
    """Take `channels` for the number of new ones."""
    return skip_and_fill(x, channels + x.shape[-1])


def all_but_one_added(x: np.ndarray, channels: int) -> np.ndarray:
    """Take the old channels for a single one."""
    return skip_and_fill(x, channels - 1 + x.shape[-1])


def doubled(x: np.ndarray, channels: int) -> np.ndarray:
    """Double the channels, whatever number is asked for."""
    return skip_and_fill(x, 2 * x.shape[-1])


def from_the_second_pixel(x: np.ndarray, channels: int) -> np.ndarray:
    """Keep rows and columns 1, 3, 5 …."""
    return skip_and_fill(x[1:, 1:], channels)


def first_half(x: np.ndarray, channels: int) -> np.ndarray:
    """Keep the first half of the rows and of the columns."""
    rows, columns = (x.shape[0] + 1) // 2, (x.shape[1] + 1) // 2
    kept = x[:rows, :columns]
    return np.concatenate([kept, zeros(kept, channels - x.shape[-1])], axis=-1)


def rows_alone(x: np.ndarray, channels: int) -> np.ndarray:
    """Skip rows, but no columns."""
    kept = x[::2]
    return np.concatenate([kept, zeros(kept, channels - x.shape[-1])], axis=-1)


def odd_ones_dropped(x: np.ndarray, channels: int) -> np.ndarray:
    """Take half of the rows and columns, rounded down."""
    rows, columns = x.shape[0] // 2, x.shape[1] // 2
    return skip_and_fill(x[: 2 * rows, : 2 * columns], channels)


def nothing_skipped(x: np.ndarray, channels: int) -> np.ndarray:
    """Add the channels alone."""
    return np.concatenate([x, zeros(x, channels - x.shape[-1])], axis=-1)


def nothing_filled(x: np.ndarray, channels: int) -> np.ndarray:
    """Skip the pixels alone."""
    return x[::2, ::2]


def pixels(*shape: int) -> np.ndarray:
    """Return a map in which no two numbers are equal and none is 0; every third is negative."""
    numbers = np.arange(1.0, np.prod(shape) + 1)
    return np.where(numbers % 3 == 0, -numbers, numbers).reshape(shape)


FIRST = np.array([[1.0, 1.0], [0.0, -1.0]])
SECOND = np.array([[2.0, 0.0], [1.0, 1.0]])
WIDE_FIRST = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0], [-1.0, 2.0, 1.0]])
WIDE_SECOND = np.array([[0.5, -1.0, 2.0], [-3.0, 1.0, 0.0], [1.0, 0.0, -2.0]])

EXERCISES = {
    "9.1": Value(
        expected=2 * 9 * 256 * 256,
        hint="A 3×3 convolution has 9 × channels in × channels out weights.",
        mistakes={
            "This is one convolution. The block has two.": 9 * 256 * 256,
            "You counted biases, which these convolutions do not have.": 2 * (9 * 256 + 1) * 256,
            "You counted batch normalisation; the question is about the convolutions.": (
                2 * 9 * 256 * 256 + 2 * 2 * 256
            ),
            "A 3×3 kernel has a weight for each of its pixels, not for each of its rows.": (
                2 * 3 * 256 * 256
            ),
            "You counted the channels once. Every kernel is as deep as its input, and there are "
            "as many kernels as channels out.": 2 * 9 * 256,
            "This is a basic block on 64 channels.": 2 * 9 * 64 * 64,
            "This is four times a block on 64 channels. But both sides are wider: the channels "
            "in and the channels out.": 4 * 2 * 9 * 64 * 64,
            "You added a projection. Where the channels stay the same, the wire is bare.": (
                2 * 9 * 256 * 256 + 256 * 256
            ),
        },
    ),
    "9.2": Value(
        expected=1 / 8,
        within=0.001,
        hint="A path survives if it bypasses all the deleted blocks.",
        mistakes={
            "This is the share for one deleted block. Each further one takes its part of the "
            "paths that are left.": 1 / 2,
            "This is the share for two deleted blocks.": 1 / 4,
            "This is the share that is lost.": 7 / 8,
            "This is the share of the blocks that stay. A path is cut by a single deleted block "
            "on its way.": 51 / 54,
            "This is the share of the blocks that are deleted.": 3 / 54,
            "The halves do not add up, they multiply: each deleted block halves what is left.": (
                1 / 6
            ),
            "This is how many paths remain. Divide by the number of all paths.": 2**51,
            "Give a share between 0 and 1, not a percentage.": 100 / 8,
        },
    ),
    "9.3": Function(
        expected=block,
        cases=[
            (np.array([1.0, -2.0]), FIRST, SECOND),
            (np.array([-1.0, 2.0]), FIRST, -SECOND),
            (np.array([3.0, -4.0]), 0 * FIRST, SECOND),
            (np.array([2.0, -1.0, -3.0]), WIDE_FIRST, WIDE_SECOND),
            (np.array([-1.0, 0.5, 2.0]), WIDE_SECOND, WIDE_FIRST),
            (np.array([5.0, 1.0, 2.0]), WIDE_FIRST, WIDE_SECOND),
        ],
        hint="Five steps, in the order of the text; ReLU is np.maximum(…, 0).",
        mistakes={
            "You add the shortcut after the last ReLU. It is added before it.": relu_before_the_sum,
            "You put a ReLU on F before the sum, so the block can only add. Add the shortcut "
            "first, then apply the last ReLU.": relu_before_and_after_the_sum,
            "The last ReLU is missing: a negative number comes out.": without_last_relu,
            "The ReLU between the two matrices is missing.": without_first_relu,
            "This is a plain block: the shortcut is missing.": without_shortcut,
            "You add the shortcut too early: it leads around both matrices.": early_shortcut,
            "You use the matrices in the wrong order: x meets `first` first.": second_first,
            "You multiply from the right. x @ first is another vector than first @ x.": (
                from_the_right
            ),
            "`*` multiplies number by number; the matrix product is `@`.": number_by_number,
            "There is a ReLU on your wire. The shortcut carries x as it is.": relu_on_the_wire,
        },
    ),
    "9.4": Function(
        expected=skip_and_fill,
        cases=[
            (pixels(4, 4, 1), 2),
            (pixels(5, 7, 2), 5),
            (pixels(6, 3, 3), 4),
            (pixels(3, 8, 2), 8),
            (pixels(1, 2, 4), 8),
        ],
        hint="np.pad or np.concatenate adds zeros. How many new channels does it take? Five rows "
        "leave three: take the size from x[::2, ::2].shape.",
        mistakes={
            "Your zeros stand in front of the old channels; they belong behind.": zeros_in_front,
            "Some of your zeros stand in front of the old channels; all belong behind.": (
                zeros_on_both_sides
            ),
            "There are too many channels. `channels` counts the old ones, too.": all_channels_added,
            "The number of zeros is right only for a single old channel.": all_but_one_added,
            "You always double the channels. `channels` says how many there should be.": doubled,
            "You begin with the second row and column. Keep the first, the third and so on.": (
                from_the_second_pixel
            ),
            "You keep one corner of the map. Every second pixel of the whole map should stay.": (
                first_half
            ),
            "You skip rows only. Columns are skipped in the same way.": rows_alone,
            "An odd number of rows keeps one more than you keep: five leave three. Take the size "
            "from x[::2, ::2].shape.": odd_ones_dropped,
            "You keep all pixels. Every second row and column should go.": nothing_skipped,
            "The new channels are missing.": nothing_filled,
        },
    ),
}
