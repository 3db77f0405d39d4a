"""Wrong answers to *The layers of a CNN*, by question: what is wrong, and the cell."""

SLIDE = """
def slide(image, kernel, stride=1, pad=0):
    image = np.pad(image, {pad})
    height, width = kernel.shape
    rows = {rows}
    columns = {columns}
    sums = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            patch = image[i * {step} : i * {step} + height, j * {step} : j * {step} + width]
            sums[i, j] = (patch * {kernel}).sum()
    return sums
"""


def slide(**changed):
    right = {
        "pad": "pad",
        "rows": "(image.shape[0] - height) // stride + 1",
        "columns": "(image.shape[1] - width) // stride + 1",
        "step": "stride",
        "kernel": "kernel",
    }
    return SLIDE.format(**right, **{}) if not changed else SLIDE.format(**{**right, **changed})


POOL = """
def max_pool(x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return {result}
"""

BACK = """
def dense_relu_back(dy, x, w, b):
    return {result}
"""

FIELD = """
def field_of_view(layers):
    field, jump = {start}
    for kernel, stride in layers:
        {first}
        {then}
    return {result}
"""

STRENGTH = """
rises = {change}
sums = {sums}
answer_6 = {answer}
"""


def strength(**changed):
    right = {
        "change": "np.maximum(np.diff(pictures, axis=2), 0)",
        "sums": "rises.sum(axis=(1, 2))",
        "answer": "[np.median(sums[cut.symbols == 'N']), np.median(sums[cut.symbols == 'V'])]",
    }
    return STRENGTH.format(**{**right, **changed})


WRONG = {
    "q1": [
        ("one place too few", slide(rows="(image.shape[0] - height) // stride")),
        ("rows and columns exchanged", slide(rows="(image.shape[1] - width) // stride + 1")),
        ("kernel turned as in signal processing", slide(kernel="kernel[::-1, ::-1]")),
        ("stride forgotten in the place", slide(step="1")),
        ("padding forgotten", slide(pad="0")),
        (
            "works for square kernels alone",
            slide(columns="(image.shape[1] - height) // stride + 1"),
        ),
        (
            "the visible cases hard-coded",
            "def slide(image, kernel, stride=1, pad=0):\n"
            "    return np.array([[32.5, 36, 28.5, -1, -3], [7.5, 11, 36, 40, 32.5],\n"
            "        [-1, -3, 0.5, 4, 7.5], [40, 32.5, 36, 28.5, -1]])",
        ),
    ],
    "q2": [
        ("mean for maximum", POOL.format(result="windows.mean((-1, -2))[:, ::stride, ::stride]")),
        ("windows side by side", POOL.format(result="windows.max((-1, -2))[:, ::size, ::size]")),
        ("stride on one axis", POOL.format(result="windows.max((-1, -2))[:, ::stride]")),
        (
            "maximum over the channels too",
            POOL.format(result="windows.max((-1, -2))[:, ::stride, ::stride].max(-1)[..., None]"),
        ),
        (
            "begins with zeros",
            POOL.format(result="np.maximum(windows.max((-1, -2))[:, ::stride, ::stride], 0)"),
        ),
    ],
    "q3": [
        ("a neighbour's numbers", "answer_3 = [21, 44, 5904]"),
        (
            "no pooling",
            "n = lambda n: (n + 2 * PAD - KERNEL) // STRIDE + 1\n"
            "answer_3 = [n(ROWS), n(COLUMNS), (KERNEL**2 * CHANNELS + 1) * KERNELS]",
        ),
        (
            "padding on one side only",
            "n = lambda n: ((n + PAD - KERNEL) // STRIDE + 1) // 2\n"
            "answer_3 = [n(ROWS), n(COLUMNS) - 1, (KERNEL**2 * CHANNELS + 1) * KERNELS]",
        ),
        (
            "no biases",
            "n = lambda n: ((n + 2 * PAD - KERNEL) // STRIDE + 1) // 2\n"
            "answer_3 = [n(ROWS), n(COLUMNS), KERNEL**2 * CHANNELS * KERNELS]",
        ),
        (
            "channels forgotten",
            "n = lambda n: ((n + 2 * PAD - KERNEL) // STRIDE + 1) // 2\n"
            "answer_3 = [n(ROWS), n(COLUMNS), (KERNEL**2 + 1) * KERNELS]",
        ),
        (
            "columns before rows",
            "n = lambda n: ((n + 2 * PAD - KERNEL) // STRIDE + 1) // 2\n"
            "answer_3 = [n(COLUMNS), n(ROWS), (KERNEL**2 * CHANNELS + 1) * KERNELS]",
        ),
        (
            "the student's numbers changed to easy ones",
            "ROWS, COLUMNS, KERNEL, STRIDE, PAD, CHANNELS, KERNELS = 9, 9, 3, 2, 1, 1, 1\n"
            "answer_3 = [2, 2, 10]",
        ),
    ],
    "q4": [
        ("no ReLU", BACK.format(result="dy @ w.T")),
        ("ReLU of the slopes", BACK.format(result="np.maximum(dy, 0) @ w.T")),
        ("bias forgotten", BACK.format(result="(dy * (x @ w > 0)) @ w.T")),
        ("slope at 0 is 1", BACK.format(result="(dy * (x @ w + b >= 0)) @ w.T")),
        ("slopes of the weights", BACK.format(result="x.T @ (dy * (x @ w + b > 0))")),
        ("times the output, not its sign", BACK.format(result="(dy * (x @ w + b)) @ w.T")),
    ],
    "q5": [
        (
            "kernels added",
            "def field_of_view(layers):\n    return sum(kernel for kernel, _ in layers)",
        ),
        (
            "stride ignored",
            FIELD.format(start="1, 1", first="field += kernel - 1", then="pass", result="field"),
        ),
        (
            "own stride first",
            FIELD.format(
                start="1, 1",
                first="jump *= stride",
                then="field += (kernel - 1) * jump",
                result="field",
            ),
        ),
        (
            "one pixel too many",
            FIELD.format(
                start="1, 1",
                first="field += (kernel - 1) * jump",
                then="jump *= stride",
                result="field + 1",
            ),
        ),
        (
            "the visible cases hard-coded",
            "def field_of_view(layers):\n    return {1: 3, 2: 5, 4: 16, 3: 15}[len(layers)]",
        ),
    ],
    "q6": [
        (
            "mean for median",
            strength(answer="[sums[cut.symbols == 'N'].mean(), sums[cut.symbols == 'V'].mean()]"),
        ),
        (
            "V before N",
            strength(
                answer="[np.median(sums[cut.symbols == 'V']), np.median(sums[cut.symbols == 'N'])]"
            ),
        ),
        ("rows for columns", strength(change="np.maximum(np.diff(pictures, axis=1), 0)")),
        ("no ReLU", strength(change="np.abs(np.diff(pictures, axis=2))")),
        ("kernel turned", strength(change="np.maximum(-np.diff(pictures, axis=2), 0) + 0.01")),
        ("all beats that are not N", strength(sums="rises.max(axis=(1, 2))")),
        ("a neighbour's result", "answer_6 = [41.87, 55.12]"),
        (
            "an easier group of beats",
            "normal = ventricular = np.zeros((1, 64, 64))\nanswer_6 = [0.0, 0.0]",
        ),
    ],
}
