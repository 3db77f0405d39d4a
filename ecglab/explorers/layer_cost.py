"""Layer cost: what a dense and a convolutional layer cost on an image."""

from ecglab.explorers.base import Explorer, State, Words, number

BATCH = 64  # images in a training step; `layer_cost.js` has these three, too
NUMBER = 4  # bytes of a 32-bit number
HELD = 4  # numbers a parameter needs in training: itself, its slope, two averages of Adam


def layer_cost() -> Explorer:
    """Explore what a dense and a convolutional layer cost in parameters, memory and work.

    First used in chapter 5.

    The convolution moves by one pixel and is padded, so that its maps are as large as the image.
    A third layer is dense and gives as many numbers as the convolution.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> explorer = layer_cost()
    >>> words = explorer.read(explorer.start)
    >>> words["Parameters, dense"], words["Parameters, convolution"]
    ('524,416', '208')
    """
    return Explorer("layer_cost", {}, read)


def read(data: dict, state: State) -> Words:
    """Return the parameters of the three layers, and memory and work of the first two."""
    places = state["side"] ** 2
    channels = int(state["colours"])
    pixels = places * channels
    window = state["width"] ** 2 * channels
    outputs, kernels = state["outputs"], state["kernels"]
    maps = places * kernels
    dense = (pixels + 1) * outputs
    convolution = (window + 1) * kernels
    return {
        "Parameters, dense": count(dense),
        "Parameters, convolution": count(convolution),
        "Parameters, dense, as many numbers out": count((pixels + 1) * maps),
        "Training memory, dense": training_memory(dense, outputs),
        "Training memory, convolution": training_memory(convolution, maps),
        "Multiply-adds, dense": count(pixels * outputs),
        "Multiply-adds, convolution": count(window * maps),
    }


def training_memory(parameters: int, out: int) -> str:
    """Return the memory for a layer's parameters and for what comes out of a batch."""
    held = HELD * parameters + BATCH * out
    size = NUMBER * held
    if size < 1e9:
        return number(size / 1e6, 3, "MB")
    return number(size / 1e9, 1, "GB")


def count(value: int) -> str:
    """Write a large number in few digits."""
    if value < 1e6:
        return number(value)
    if value < 1e9:
        return number(value / 1e6, 1, "million")
    return number(value / 1e9, 1, "billion")
