"""The exercises of chapter 1, Reading a clinical ECG."""

import numpy as np

from ecglab.exercises import Function, Value


def avr(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return aVR: minus the average of I and II."""
    return -(one + two) / 2


def sign_forgotten(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Forget that aVR looks from the other side."""
    return (one + two) / 2


def not_halved(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Forget the half."""
    return -(one + two)


def only_two_halved(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Halve II alone: no brackets around the sum."""
    return -(one + two / 2)


def only_one_turned(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Turn I alone and halve II alone: no brackets at all."""
    return -one + two / 2


def minus_for_one(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Turn I alone."""
    return (-one + two) / 2


def difference(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Take the difference in place of the sum."""
    return (one - two) / 2


def avl(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return another lead, from the left arm."""
    return one - two / 2


def avf(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return another lead, from the leg."""
    return two - one / 2


def mean_over_time(one: np.ndarray, two: np.ndarray) -> float:
    """Average over the samples, too."""
    return -np.mean([one, two])


def fridericia(qt: float, rate: float) -> float:
    """Divide QT by the cube root of RR in seconds."""
    return qt / (60 / rate) ** (1 / 3)


def bazett(qt: float, rate: float) -> float:
    """Take the square root."""
    return qt / (60 / rate) ** (1 / 2)


def brackets_forgotten(qt: float, rate: float) -> float:
    """Write `** 1 / 3` in place of `** (1 / 3)`."""
    return qt / (60 / rate) / 3


def third_of_rr(qt: float, rate: float) -> float:
    """Take a third of RR in place of its third root."""
    return qt / (60 / rate / 3)


def cubed(qt: float, rate: float) -> float:
    """Take the third power in place of the third root."""
    return qt / (60 / rate) ** 3


def no_root(qt: float, rate: float) -> float:
    """Divide by RR itself."""
    return qt / (60 / rate)


def root_of_all(qt: float, rate: float) -> float:
    """Take the root of the quotient."""
    return (qt / (60 / rate)) ** (1 / 3)


def milliseconds(qt: float, rate: float) -> float:
    """Put RR in ms."""
    return qt / (60_000 / rate) ** (1 / 3)


def upside_down(qt: float, rate: float) -> float:
    """Take rate / 60 for 60 / rate, or multiply."""
    return qt * (60 / rate) ** (1 / 3)


def rate_for_rr(qt: float, rate: float) -> float:
    """Put the rate itself under the root."""
    return qt / rate ** (1 / 3)


def in_seconds(qt: float, rate: float) -> float:
    """Answer in seconds."""
    return qt / 1000 / (60 / rate) ** (1 / 3)


def rr_rounded(qt: float, rate: float) -> float:
    """Round RR to tenths of a second on the way."""
    return qt / round(60 / rate, 1) ** (1 / 3)


EXERCISES = {
    "1.1": Value(
        expected=300 / 3.5,
        within=0.72,  # 85, 85.7 and 86 pass
        hint="A minute is 300 large boxes wide. How often do your boxes fit in?",
        mistakes={
            "You multiplied. More boxes between two beats make a slower heart: divide.": 300 * 3.5,
            "This is the time from beat to beat in seconds. How often does it fit into a minute?": (
                3.5 * 0.2
            ),
            "These are beats in a second. A minute has 60.": 5 / 3.5,
            "1500 is how many small boxes make a minute. You were given large ones.": 1500 / 3.5,
            "A large box is not a second: five of them make one.": 60 / 3.5,
            "You multiplied 60 by the time between two beats; divide by it.": 60 * 0.7,
            "You rounded the boxes up. Keep the half box.": 300 / 4,
            "You dropped the half box.": 300 / 3,
        },
    ),
    "1.2": Function(
        expected=avr,
        cases=[
            (np.array([1.0, -0.4, 0.3]), np.array([0.2, 1.5, -0.7])),
            (np.array([0.0, 2.0]), np.array([1.0, 0.0])),
            (np.array([-0.25, 0.5, 0.75, -1.0, 3.0]), np.array([0.1, -2.0, 0.6, 0.3, 1.2])),
        ],
        hint="The average of two numbers is half their sum; aVR looks the other way.",
        mistakes={
            "This is the average of I and II. aVR looks from the other side: what changes?": (
                sign_forgotten
            ),
            "This is minus the sum; an average of two is half of it.": not_halved,
            "Only II is halved: division comes before addition. Where do brackets belong?": (
                only_two_halved
            ),
            "The minus reaches only I and the half only II. Where do brackets belong?": (
                only_one_turned
            ),
            "The minus reaches only I. Put brackets around the whole sum.": minus_for_one,
            "This is half the difference of I and II. The average needs their sum.": difference,
            "This is aVL, the lead that looks from the left arm.": avl,
            "This is aVF, the lead that looks from the leg.": avf,
            "You took the mean over all samples. aVR has a voltage at each sample.": (
                mean_over_time
            ),
        },
    ),
    "1.3": Function(
        expected=fridericia,
        cases=[(400, 60), (400, 75), (380, 100), (430.0, 48), (310, 132)],
        within=1.0,  # whole ms pass, rounded or cut off
        hint="Turn the rate into an RR interval in seconds; at 60 a minute nothing changes.",
        mistakes={
            "This is Bazett's: it takes the square root. Fridericia takes the cube root.": bazett,
            "Without brackets, ** 1 / 3 first takes the power 1 and then a third of all.": (
                brackets_forgotten
            ),
            "You took a third of RR. The cube root is a power of it.": third_of_rr,
            "You took the third power; the cube root is the power of one third.": cubed,
            "The root of RR is missing.": no_root,
            "The root belongs to RR alone, not to the whole quotient.": root_of_all,
            "Here RR is in ms. The formula wants it in seconds.": milliseconds,
            "A fast heart has a short QT, which the correction should lengthen; yours shortens"
            " it. Is RR upside down, or do you multiply?": upside_down,
            "The rate stands under the root. First turn it into the RR interval.": rate_for_rr,
            "Your answer is in seconds; give it in ms, as QT was.": in_seconds,
            "You rounded RR on the way. Round at the end, if at all.": rr_rounded,
        },
    ),
    "1.4": Value(
        expected=["C", "A", "B"],
        hint="Look just before each QRS: in which strip is the small bump missing? Then compare"
        " the intervals of the other two.",
        mistakes={
            "Both uneven strips are found, but exchanged. Uneven intervals alone are no"
            " fibrillation: look just before each QRS.": ["A", "C", "B"],
            "The fibrillation is right. Of the other two, which has intervals that vary?": [
                *("C", "B", "A")
            ],
            "The order is turned round: the fibrillation comes first in the list.": [
                *("B", "A", "C")
            ],
            "In the strip that you call the fibrillation, the beats come evenly, each after a"
            " small bump. Lay a paper along the R peaks.": ["B", "C", "A"],
            "These are the letters from top to bottom. Put the strip with fibrillation first.": [
                *("A", "B", "C")
            ],
        },
    ),
}
