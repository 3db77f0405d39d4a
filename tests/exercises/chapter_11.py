"""What readers of chapter 11 may hand in: right answers in other forms, and other wrong ones."""

import math

import numpy as np
import pandas as pd

SCORES = [0.5106, 0.5272, 0.5071]


def share_by_loops(counts, b):
    weights = [int(count) ** (1 - b) for count in counts]
    return [weight / sum(weights) for weight in weights]


def share_as_series(counts, b):
    weights = pd.Series(counts).astype(float).pow(1 - b)
    return weights / weights.sum()


def share_rounded(counts, b):
    return tuple(np.round(np.power(counts, 1 - b) / np.sum(np.power(counts, 1 - b)), 3))


def rate_by_math(step, total, warm, top):
    if step <= warm:
        return step / warm * top
    p = (step - warm) / (total - warm)
    return top / 2 + top / 2 * math.cos(math.pi * p)


def rate_by_where(step, total, warm, top):
    p = (step - warm) / (total - warm)
    return np.where(step < warm, top * step / warm, top * np.cos(np.pi * p / 2) ** 2)


def rate_in_single_precision(step, total, warm, top):
    return np.float32(rate_by_math(step, total, warm, top))


def rate_squared(step, total, warm, top):
    """Fall along a parabola."""
    p = (step - warm) / (total - warm)
    return top * step / warm if step < warm else top * (1 - p) ** 2


def rate_on_a_quarter(step, total, warm, top):
    """Fall along a quarter of a cosine."""
    p = (step - warm) / (total - warm)
    return top * step / warm if step < warm else top * np.cos(np.pi * p / 2)


def rate_warm_only(step, total, warm, top):
    return min(step / warm, 1) * top


FORMS = {
    "11.1": [61035.0, np.int64(61035), int(2e9 / 32768)],
    "11.2": [share_by_loops, share_as_series, share_rounded],
    "11.3": [rate_by_math, rate_by_where, rate_in_single_precision],
    "11.4": [
        lambda scores: round(4.30 * pd.Series(scores).std() * (4 / 3) ** 0.5, 3),
        lambda scores: np.float32(4.3 * np.std(scores, ddof=1) * math.sqrt(1 + 1 / 3)),
    ],
}
WRONG = {
    "11.1": ["61035", [61035], 61034, 61000, 2e9, True],
    "11.2": [
        [0.75, 0.25],
        lambda counts, b: share_by_loops(counts, b)[0],
        lambda counts, b: share_by_loops(counts, b)[::-1],
        lambda counts, b: sorted(share_by_loops(counts, b), reverse=True),
        lambda counts, b: str(share_by_loops(counts, b)),
        lambda counts, b: np.ones(len(counts)) / len(counts),
        lambda counts, b: share_by_loops(counts, b**2),
    ],
    "11.3": [
        0.001,
        rate_squared,
        rate_on_a_quarter,
        rate_warm_only,
        lambda step, total, warm, top: [rate_by_math(step, total, warm, top)],
        lambda step, total, warm, top: f"{rate_by_math(step, total, warm, top)}",
    ],
    "11.4": [
        lambda scores: f"{4.30 * np.std(scores, ddof=1) * (4 / 3) ** 0.5:.3f}",
        lambda scores: 4.30 * np.std(scores, ddof=1) * (2 / 3) ** 0.5,
        lambda scores: [4.30 * np.std(scores, ddof=1) * (4 / 3) ** 0.5],
        lambda scores: 2.8 * np.std(scores, ddof=1) * (2 / 3) ** 0.5,
        False,
    ],
}
CONTEXT = {"11.4": lambda: (pd.Series(SCORES),)}
