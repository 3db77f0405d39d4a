"""Answers to the exercises of chapter 1, right in other forms and wrong in other ways."""

import numpy as np
import pandas as pd


def avr_in_a_loop(one, two):
    result = []
    for first, second in zip(one, two, strict=True):
        result.append(-(first + second) / 2)
    return result


def avr_of_pandas(one, two):
    return -pd.DataFrame({"I": one, "II": two}).mean(axis=1)


def mean_of_each_lead(one, two):
    return -np.mean([one, two], axis=1)


def fridericia_by_exponent(qt, rate):
    return qt * (rate / 60) ** 0.3333333333


def fridericia_in_steps(qt, rate):
    rr = 60 / rate
    return np.float32(qt / np.cbrt(rr))


FORMS = {
    "1.1": [86, 85.7, 85, np.float64(85.71), np.array(86), 60 / 0.7],
    "1.2": [
        *(avr_in_a_loop, avr_of_pandas),
        lambda one, two: -0.5 * one - 0.5 * two,
        lambda one, two: -np.mean([one, two], axis=0),
        lambda one, two: tuple(-(np.array(one) + np.array(two)) / 2),
    ],
    "1.3": [
        *(fridericia_by_exponent, fridericia_in_steps),
        lambda qt, rate: round(qt / (60 / rate) ** (1 / 3)),
        lambda qt, rate: int(qt / (60 / rate) ** (1 / 3)),
        lambda qt, rate: np.array(qt) / (60 / rate) ** (1 / 3),
    ],
    "1.4": [("c", "a", "b"), np.array(["C", "A", "B"]), list("CAB"), ["C ", " A", "B"]],
}
WRONG = {
    "1.1": ["86", 84, 87, [86], True, "86 beats a minute", 90],
    "1.2": [
        *(mean_of_each_lead, lambda one, two: print(-(one + two) / 2)),
        lambda one, two: (-(one + two) / 2).tolist()[0],
        lambda one, two: two - one,
        lambda one, two: np.round(-(one + two) / 2, 1),
        lambda one, two: "-(one + two) / 2",
        lambda one, two: np.abs(-(one + two) / 2),
    ],
    "1.3": [
        *(lambda qt, rate: 430.9, lambda qt, rate: qt + 0.154 * (1000 - 60_000 / rate)),
        lambda qt, rate: f"{qt / (60 / rate) ** (1 / 3):.0f} ms",
        lambda qt, rate: print(qt / (60 / rate) ** (1 / 3)),
        lambda qt, rate: qt / (60 / rate) ** 0.3,
        lambda qt, rate: qt / (60 // rate) ** (1 / 3),
        lambda qt, rate: [qt / (60 / rate) ** (1 / 3)],
    ],
    "1.4": ["C", "CAB", 3, ["C", "A"], ["C", "A", "A"], ["88", "178", "142"], ["C", "C", "B"]],
}
