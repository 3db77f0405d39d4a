"""Wrong answers to *Shortcuts and ResNet-50*, by question: what is wrong, and the cell."""

BACK = """
def block_back(dy, x, first, second, wire=None):
    before = x @ first
    layers = np.maximum(before, 0) @ second
    total = layers + (x if wire is None else x @ wire)
    slopes = {slopes}
    dx = {layers}
    return dx + ({wire})
"""


def back(**changed):
    right = {
        "slopes": "dy * (total > 0)",
        "layers": "((slopes @ second.T) * (before > 0)) @ first.T",
        "wire": "slopes if wire is None else slopes @ wire.T",
    }
    return BACK.format(**{**right, **changed})


NORM = """
def after_training(x, batches, gamma, beta, momentum, epsilon):
    mean, variance = {start}
    for batch in batches:
        mean = {old} * mean + (1 - {old}) * batch.mean(axis={axis})
        variance = {old} * variance + (1 - {old}) * batch.var(axis={axis}, ddof={ddof})
    {last}
    return {result}
"""


def norm(**changed):
    right = {
        "start": "0, 1",
        "old": "momentum",
        "axis": "(0, 1, 2)",
        "ddof": "0",
        "last": "pass",
        "result": "gamma * (x - mean) / np.sqrt(variance + epsilon) + beta",
    }
    return NORM.format(**{**right, **changed})


MERGE = """
def merge(kernel, gamma, beta, mean, variance, epsilon):
    scale = {scale}
    height, width, channels = kernel.shape[:3]
    merged = {merged}
    merged[{place}] += {wire}
    return [merged, {bias}]
"""


def merge(**changed):
    right = {
        "scale": "gamma / np.sqrt(variance + epsilon)",
        "merged": "kernel * scale",
        "place": "height // 2, width // 2",
        "wire": "np.eye(channels)",
        "bias": "beta - scale * mean",
    }
    return MERGE.format(**{**right, **changed})


OWN = """
def halved(n):
    for _ in range({times}):
        n = {half}
    return n


wide = {wide}
narrow = 8 * WIDTH
weights = wide * narrow + {middle} + narrow * 4 * narrow + {wire}
answer_4 = [{name}, {sides}, weights + {norms}]
"""


def own(**changed):
    right = {
        "times": "5",
        "half": "-(-n // 2)",
        "wide": "16 * WIDTH",
        "middle": "9 * narrow**2",
        "wire": "wide * 4 * narrow",
        "name": "3 * sum(BLOCKS) + 2",
        "sides": "halved(ROWS), halved(COLUMNS)",
        "norms": "2 * (2 * narrow + 2 * 4 * narrow)",
    }
    return OWN.format(**{**right, **changed})


RATE = """
total = {total}
steps = {steps}
p = {progress}
rates = np.where(steps < WARM, {warm}, 0.5 * (1 + np.cos(np.pi * p)))
answer_5 = [{many}, {highest}, {late}]
"""


def rate(**changed):
    right = {
        "total": "STEPS * EPOCHS",
        "steps": "np.arange(total)",
        "progress": "(steps - WARM) / (total - WARM)",
        "warm": "steps / WARM",
        "many": "(rates >= 0.5).sum()",
        "highest": "rates.argmax() + 1",
        "late": "rates[total // 2 :].sum() / rates.sum()",
    }
    return RATE.format(**{**right, **changed})


ANGLES = """
def relu(x):
    return np.maximum(x, 0)


def through(x, residual):
    for first, second in {blocks}:
        f = {layers}
        x = {wired} if residual else relu(f)
    return x


def apart(some, one):
    lengths = {lengths}
    return {middle}({degrees}(np.arccos(some @ one / lengths)))


one = normal.mean(axis=0)
answer_6 = [apart(ventricular, one)]
for residual in {order}:
    answer_6.append(apart(through(ventricular, residual), {end}))
"""


def angles(**changed):
    right = {
        "blocks": "blocks",
        "layers": "relu(x @ first) @ second",
        "wired": "relu(x + f)",
        "lengths": "np.linalg.norm(some, axis=1) * np.linalg.norm(one)",
        "middle": "np.median",
        "degrees": "np.degrees",
        "order": "(False, True)",
        "end": "through(one, residual)",
    }
    return ANGLES.format(**{**right, **changed})


CURVES = """
scale = {scale}
deep, shallow = curves[{kind}, DEEP], curves[{kind}, SHALLOW]
three = scale * ({difference})[:, {epoch}]
error = {error}
answer_7 = [{middle}, {middle} / error, {sure}]
"""


def curve(**changed):
    right = {
        "scale": "1",
        "kind": "KIND",
        "difference": "deep - shallow",
        "epoch": "EPOCH - 1",
        "error": "three.std(ddof=1) / np.sqrt(3)",
        "middle": "three.mean()",
        "sure": "three.mean() / error > 4.3",
    }
    return CURVES.format(**{**right, **changed})


WRONG = {
    "q1": [
        ("the wire forgotten", back(wire="0")),
        ("the wire passes the last ReLU by", back(wire="dy if wire is None else dy @ wire.T")),
        ("no last ReLU", back(slopes="dy")),
        ("no ReLU between the matrices", back(layers="slopes @ second.T @ first.T")),
        ("the sum without its shortcut", back(slopes="dy * (layers > 0)")),
        ("projection forgotten on the way back", back(wire="slopes")),
        ("slope at 0 is 1", back(slopes="dy * (total >= 0)")),
        (
            "the inverse for the transpose",
            back(wire="slopes if wire is None else slopes @ np.linalg.inv(wire)"),
        ),
    ],
    "q2": [
        (
            "predicts with what it sees",
            norm(last="mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))"),
        ),
        ("momentum turned round", norm(old="(1 - momentum)")),
        ("variance begins at 0", norm(start="0, 0")),
        ("one mean for each pixel", norm(axis="0")),
        ("one mean for all channels", norm(axis="None")),
        ("variance of a sample", norm(ddof="1")),
        (
            "epsilon outside the root",
            norm(result="gamma * (x - mean) / (np.sqrt(variance) + epsilon) + beta"),
        ),
        (
            "the last batch alone",
            norm(last="mean, variance = batch.mean(axis=(0, 1, 2)), batch.var(axis=(0, 1, 2))"),
        ),
        (
            "beta scaled as well",
            norm(result="gamma * ((x - mean) / np.sqrt(variance + epsilon) + beta)"),
        ),
    ],
    "q3": [
        ("no wire", merge(wire="0")),
        ("the wire scaled as well", merge(wire="np.diag(scale)")),
        ("every pair of channels", merge(wire="1")),
        ("a neighbouring pixel", merge(place="0, 0")),
        ("the middle of 3 × 3, always", merge(place="1, 1")),
        ("input channels scaled", merge(merged="kernel * scale[:, np.newaxis]")),
        ("mean not scaled", merge(bias="beta - mean")),
        ("no root", merge(scale="gamma / (variance + epsilon)")),
        ("beta scaled as well", merge(bias="scale * (beta - mean)")),
        (
            "kernel without its biases",
            merge().replace("[merged, beta - scale * mean]", "merged"),
        ),
    ],
    "q4": [
        ("a neighbour's numbers", "answer_4 = [74, 4, 9, 2107392]"),
        ("sizes rounded down", own(half="n // 2")),
        ("the first stage halves, too", own(times="6")),
        ("no halving by the max pool", own(times="4")),
        ("projections counted for the name", own(name="3 * sum(BLOCKS) + 6")),
        ("dense layer forgotten in the name", own(name="3 * sum(BLOCKS) + 1")),
        ("blocks counted, not their layers", own(name="sum(BLOCKS) + 2")),
        ("columns before rows", own(sides="halved(COLUMNS), halved(ROWS)")),
        ("no projection", own(wire="0", norms="2 * 6 * narrow")),
        ("projection without batch normalisation", own(norms="2 * 6 * narrow")),
        ("moving statistics counted", own(norms="4 * 10 * narrow")),
        ("biases counted", own(norms="3 * 10 * narrow")),
        ("a later block of the stage", own(wide="32 * WIDTH")),
        ("narrow channels arrive", own(wide="4 * WIDTH")),
        ("the kernel's side for its places", own(middle="3 * narrow**2")),
        (
            "the student's numbers changed to easy ones",
            "ROWS, COLUMNS, WIDTH, BLOCKS = 64, 64, 1, [1, 1, 1, 1]\n" + own(),
        ),
    ],
    "q5": [
        ("a neighbour's numbers", "answer_5 = [790, 38, 0.1735]"),
        ("the cosine begins with the warm-up", rate(progress="steps / total")),
        (
            "the progress divided by all steps",
            rate(progress="(steps - WARM) / total"),
        ),
        ("the batch counted from 0", rate(highest="rates.argmax()")),
        ("no warm-up", rate(warm="1")),
        ("the warm-up not counted among the batches", rate(many="(rates[WARM:] >= 0.5).sum()")),
        ("steps counted from 1", rate(steps="np.arange(1, total + 1)")),
        ("degrees for radians", rate(progress="180 / np.pi * (steps - WARM) / (total - WARM)")),
        ("a straight line", rate().replace("0.5 * (1 + np.cos(np.pi * p))", "1 - p")),
        ("one epoch", rate(total="STEPS")),
        ("first half for second", rate(late="rates[: total // 2].sum() / rates.sum()")),
    ],
    "q6": [
        ("mean for median", angles(middle="np.mean")),
        ("radians", angles(degrees="np.asarray")),
        ("residual before plain", angles(order="(True, False)")),
        ("the mean of what comes out", angles(end="through(normal, residual).mean(axis=0)")),
        ("the mean beat stays at the entrance", angles(end="one")),
        ("no ReLU between the matrices", angles(layers="x @ first @ second")),
        ("the wire behind the last ReLU", angles(wired="x + relu(f)")),
        ("one block too few", angles(blocks="blocks[:-1]")),
        ("blocks from the last to the first", angles(blocks="blocks[::-1]")),
        ("one length for all beats", angles(lengths="np.linalg.norm(some) * np.linalg.norm(one)")),
        ("N for V", "ventricular = normal\n" + angles()),
        ("a neighbour's result", "answer_6 = [58.41, 9.87, 37.02]"),
    ],
    "q7": [
        ("shallower minus deeper", curve(difference="shallow - deep")),
        ("epochs counted from 0", curve(epoch="EPOCH")),
        ("standard deviation with ddof=0", curve(error="three.std() / np.sqrt(3)")),
        ("standard deviation for standard error", curve(error="three.std(ddof=1)")),
        ("divided by the number, not by its root", curve(error="three.std(ddof=1) / 3")),
        ("shares, not per cent", curve(scale="0.01")),
        ("median for mean", curve(middle="np.median(three)")),
        (
            "not in pairs",
            curve(
                error="np.sqrt((deep[:, EPOCH - 1].var(ddof=1)"
                " + shallow[:, EPOCH - 1].var(ddof=1)) / 3)"
            ),
        ),
        ("all epochs together", curve(epoch=":").replace("three.mean()", "three[:, 0].mean()")),
        ("the verdict turned round", curve(sure="three.mean() / error <= 4.3")),
        ("a neighbour's result", "answer_7 = [3.142, 15.203, True]"),
    ],
}
