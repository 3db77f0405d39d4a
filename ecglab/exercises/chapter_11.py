"""The exercises of chapter 11, Training ResNet-50 on heartbeats."""

import numpy as np

from ecglab.exercises import Function, Value

#: Student's t for two degrees of freedom, at 95 %.
STUDENT = 4.30
FEW = np.array([900, 100])
DS1 = np.array([45866, 944, 3788, 415, 8])

# --- 11.2 ----------------------------------------------------------------------------------------


def share(counts: np.ndarray, b: float) -> np.ndarray:
    """Return the share of each class in a batch."""
    weights = counts ** (1.0 - b)
    return weights / weights.sum()


def share_as_recorded(counts: np.ndarray, b: float) -> np.ndarray:
    """Leave the balance out."""
    return counts / counts.sum()


def share_by_b(counts: np.ndarray, b: float) -> np.ndarray:
    """Take b as the power."""
    weights = counts ** float(b)
    return weights / weights.sum()


def share_of_product(counts: np.ndarray, b: float) -> np.ndarray:
    """Multiply in place of raising to a power."""
    return counts * (1.0 - b) / counts.sum()


def share_weights(counts: np.ndarray, b: float) -> np.ndarray:
    """Leave the division out."""
    return counts ** (1.0 - b)


def share_of_beats(counts: np.ndarray, b: float) -> np.ndarray:
    """Divide by the sum of the counts."""
    return counts ** (1.0 - b) / counts.sum()


def share_of_sum(counts: np.ndarray, b: float) -> np.ndarray:
    """Raise the sum to the power, in place of summing the powers."""
    return (counts / counts.sum()) ** (1.0 - b)


def share_mixed(counts: np.ndarray, b: float) -> np.ndarray:
    """Mix the recorded shares with equal ones."""
    return (1 - b) * counts / counts.sum() + b / len(counts)


def share_percent(counts: np.ndarray, b: float) -> np.ndarray:
    """Return shares of 100."""
    return 100 * share(counts, b)


def share_of_largest(counts: np.ndarray, b: float) -> np.ndarray:
    """Divide by the largest."""
    weights = counts ** (1.0 - b)
    return weights / weights.max()


def share_always_half(counts: np.ndarray, b: float) -> np.ndarray:
    """Take the root, whatever b is."""
    return share(counts, 0.5)


# --- 11.3 ----------------------------------------------------------------------------------------


def cosine(progress: float, top: float) -> float:
    """Return the rate on half a cosine."""
    return 0.5 * top * (1 + np.cos(np.pi * progress))


def rate_at(step: int, total: int, warm: int, top: float) -> float:
    """Return the learning rate at a step."""
    if step < warm:
        return top * step / warm
    return cosine((step - warm) / (total - warm), top)


def rate_without_warm_up(step: int, total: int, warm: int, top: float) -> float:
    """Leave the warm-up out."""
    return cosine(step / total, top)


def rate_held(step: int, total: int, warm: int, top: float) -> float:
    """Hold the highest rate in place of rising to it."""
    if step < warm:
        return top
    return rate_at(step, total, warm, top)


def rate_from_one(step: int, total: int, warm: int, top: float) -> float:
    """Count the steps of the warm-up from 1."""
    if step < warm:
        return top * (step + 1) / warm
    return rate_at(step, total, warm, top)


def rate_from_start(step: int, total: int, warm: int, top: float) -> float:
    """Count the progress from step 0."""
    if step < warm:
        return top * step / warm
    return cosine(step / total, top)


def rate_over_total(step: int, total: int, warm: int, top: float) -> float:
    """Divide the progress by all steps."""
    if step < warm:
        return top * step / warm
    return cosine((step - warm) / total, top)


def rate_shifted(step: int, total: int, warm: int, top: float) -> float:
    """Divide steps from the start by the steps of the fall."""
    if step < warm:
        return top * step / warm
    return cosine(step / (total - warm), top)


def rate_one_less(step: int, total: int, warm: int, top: float) -> float:
    """Reach the end one step early."""
    if step < warm:
        return top * step / warm
    return cosine((step - warm) / (total - warm - 1), top)


def rate_doubled(step: int, total: int, warm: int, top: float) -> float:
    """Leave the half out of the fall."""
    if step < warm:
        return top * step / warm
    return 2 * rate_at(step, total, warm, top)


def rate_without_pi(step: int, total: int, warm: int, top: float) -> float:
    """Leave pi out."""
    if step < warm:
        return top * step / warm
    return cosine((step - warm) / (total - warm) / np.pi, top)


def rate_in_degrees(step: int, total: int, warm: int, top: float) -> float:
    """Hand degrees to the cosine."""
    if step < warm:
        return top * step / warm
    return cosine((step - warm) / (total - warm) * 180 / np.pi, top)


def rate_straight(step: int, total: int, warm: int, top: float) -> float:
    """Fall in a straight line."""
    if step < warm:
        return top * step / warm
    return top * (total - step) / (total - warm)


def rate_rising(step: int, total: int, warm: int, top: float) -> float:
    """Subtract the cosine."""
    if step < warm:
        return top * step / warm
    return top - rate_at(step, total, warm, top)


def rate_without_top(step: int, total: int, warm: int, top: float) -> float:
    """Forget the highest rate."""
    return rate_at(step, total, warm, 1.0)


# --- 11.4 ----------------------------------------------------------------------------------------


def spread(scores: np.ndarray) -> float:
    """Return the standard deviation of three scores."""
    return float(np.std(np.asarray(scores), ddof=1))


def distance(scores: np.ndarray) -> float:
    """Return how far one run may lie from the mean of three."""
    return STUDENT * spread(scores) * (1 + 1 / 3) ** 0.5


EXERCISES = {
    "11.1": Value(
        expected=2 * 10**9 // (64 * 64 * 2 * 4),
        hint="Bytes of one image first: pixels, times leads, times bytes of a number.",
        mistakes={
            "Each image holds both leads.": 2 * 10**9 // (64 * 64 * 4),
            "That is how many numbers fit. How many bytes does one number take?": (
                2 * 10**9 // (64 * 64 * 2)
            ),
            "32 bits are not 32 bytes: a byte has eight bits.": 2 * 10**9 // (64 * 64 * 2 * 32),
            "That is for floats of 64 bits.": 2 * 10**9 // (64 * 64 * 2 * 8),
            "The last image does not fit as a whole: round down.": 2 * 10**9 // (64 * 64 * 8) + 1,
            "A part of an image is of no use: give a whole number.": 2 * 10**9 / (64 * 64 * 8),
            "That counts 2³¹ bytes. The text has 2 × 10⁹.": 2**31 // (64 * 64 * 8),
            "Those are the bytes of one image. How many such images fit?": 64 * 64 * 8,
            "An image is as high as it is wide: 64 rows of 64 pixels.": 2 * 10**9 // (64 * 2 * 4),
        },
    ),
    "11.2": Function(
        expected=share,
        cases=[
            (FEW, 0.5),
            (FEW, 0),
            (FEW, 1),
            (np.array([16, 1, 81]), 0.25),
            (DS1, 0.8),
            (DS1, 0.5),
        ],
        within=1e-3,
        hint="First each count to its power; then divide by the sum of what you got.",
        mistakes={
            "Those are the shares in the recordings. Where is b?": share_as_recorded,
            "The power is 1 − b: with b = 0 nothing changes.": share_by_b,
            "1 − b is the power, up in the exponent, and not a factor.": share_of_product,
            "Shares add up to 1. Yours are not divided yet.": share_weights,
            "Divide by the sum of the powers, not of the counts.": share_of_beats,
            "The sum stands outside the power: raise each count first, then add.": share_of_sum,
            "That mixes recorded and equal shares. The formula raises the counts to a power.": (
                share_mixed
            ),
            "Those are percentages; give shares between 0 and 1.": share_percent,
            "Divide by the sum, not by the largest.": share_of_largest,
            "That is right for one balance only: use b.": share_always_half,
        },
    ),
    "11.3": Function(
        expected=rate_at,
        cases=[
            (0, 150, 7, 0.5),
            (5, 150, 7, 0.5),
            (7, 150, 7, 0.5),
            (90, 150, 7, 0.5),
            (150, 150, 7, 0.5),
            (3, 40, 12, 2.0),
            (11, 40, 12, 2.0),
            (17, 40, 12, 2.0),
            (39, 40, 12, 2.0),
            (60, 120, 6, 0.001),
        ],
        within=1e-6,
        hint="Two cases: step < warm, and the rest.",
        mistakes={
            "The warm-up is missing: what happens before step `warm`?": rate_without_warm_up,
            "During the warm-up the rate rises from 0; yours is at the top at once.": rate_held,
            "The warm-up starts with 0 at step 0; yours is one step ahead.": rate_from_one,
            "p is 0 at step `warm`, not at step 0.": rate_from_start,
            "p is 1 at step `total`. How many steps lie between `warm` and there?": (
                rate_over_total
            ),
            "p is to be 0 at step `warm` and 1 at `total`. Try both numbers in yours.": (
                rate_shifted
            ),
            "The fall ends at step `total`, not one step before.": rate_one_less,
            "The fall starts at the top; yours starts at twice the top.": rate_doubled,
            "Where is π? The cosine goes from 1 to −1 only over an angle of π.": rate_without_pi,
            "np.cos takes radians, not degrees.": rate_in_degrees,
            "That falls in a straight line; half a cosine is asked.": rate_straight,
            "Yours rises after the warm-up. Mind the sign of the cosine.": rate_rising,
            "Where is `top`? Yours rises to 1.": rate_without_top,
        },
    ),
    "11.4": Value(
        expected=distance,
        within=0.001,
        hint="Three factors: t, the standard deviation of the three scores, and the root.",
        mistakes={
            "That standard deviation divides by 3; ddof=1 makes it divide by 2.": (
                lambda scores: STUDENT * np.std(scores) * (1 + 1 / 3) ** 0.5
            ),
            "The root is missing.": lambda scores: STUDENT * spread(scores),
            "Take the root of 1 + 1/3.": lambda scores: STUDENT * spread(scores) * (1 + 1 / 3),
            "That is for the mean of three runs. Asked is one single run.": (
                lambda scores: STUDENT * spread(scores) / 3**0.5
            ),
            "That is the standard deviation itself: t and the root are missing.": spread,
            "Where is t? Three seeds know the standard deviation only roughly.": (
                lambda scores: spread(scores) * (1 + 1 / 3) ** 0.5
            ),
            "1.96 is for many runs. With three, t is larger.": (
                lambda scores: 1.96 * spread(scores) * (1 + 1 / 3) ** 0.5
            ),
            "That is the variance; take its root, the standard deviation.": (
                lambda scores: STUDENT * spread(scores) ** 2 * (1 + 1 / 3) ** 0.5
            ),
            "That is the gain of the other recipe. Asked is what chance alone may do.": 0.02,
            "That is the mean of the three scores. Asked is a distance from it.": (
                lambda scores: float(np.mean(scores))
            ),
            "That is where a run may end, not how far it may lie from the mean.": (
                lambda scores: float(np.mean(scores)) + distance(scores)
            ),
        },
    ),
}
