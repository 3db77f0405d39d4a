"""Right and wrong answers to the exercises of chapter 2."""

from types import SimpleNamespace

import numpy as np
import pandas as pd


def heart():
    """A few beats: of 232, of other recordings of DS2 (100, 222), and of DS1 (209)."""
    records = np.array(["232"] * 6 + ["100"] * 5 + ["222"] * 4 + ["209"] * 7)
    symbols = np.array(list("AAAANV" + "AANVa" + "JJAN" + "AANSAAN"))
    labels = np.array([int(x) for x in "111102" + "11021" + "1110" + "1101110"])
    return (SimpleNamespace(records=records, symbols=symbols, labels=labels),)


def by_counts(prevalence, sensitivity, specificity):
    ill = 1_000_000 * prevalence
    well = 1_000_000 - ill
    cleared = well * specificity
    missed = ill - ill * sensitivity
    return cleared / (cleared + missed)


def rounded(prevalence, sensitivity, specificity):
    return round(by_counts(prevalence, sensitivity, specificity), 3)


def one_minus(prevalence, sensitivity, specificity):
    missed = prevalence * (1 - sensitivity)
    return np.float64(1 - missed / (missed + (1 - prevalence) * specificity))


def loop(width, person):
    answers = []
    for one, name in zip(width, person, strict=True):
        own = [w for w, p in zip(width, person, strict=True) if p == name]
        answers.append(float(one / np.median(own)))
    return answers


def with_dictionary(width, person):
    medians = {name: np.median(width[person == name]) for name in person}
    return tuple(round(w / medians[p], 2) for w, p in zip(width, person, strict=True))


def with_pandas(width, person):
    return width / pd.Series(width).groupby(person).transform("median")


def in_place(width, person):
    for name in np.unique(person):
        own = person == name
        width[own] = width[own] / np.median(width[own])
    return width


def standardized(width, person):
    answer = np.zeros(len(width))
    for name in np.unique(person):
        own = person == name
        answer[own] = (width[own] - np.median(width[own])) / np.median(width[own])
    return answer


def middle_of_unsorted(width, person):
    answer = np.zeros(len(width))
    for name in np.unique(person):
        own = person == name
        answer[own] = width[own] / width[own][own.sum() // 2]
    return answer


def upper_middle(width, person):
    answer = np.zeros(len(width))
    for name in np.unique(person):
        own = person == name
        answer[own] = width[own] / np.sort(width[own])[own.sum() // 2]
    return answer


def neighbours(width, person):
    """Takes runs of the same person in place of the person."""
    answer, start = np.zeros(len(width)), 0
    for k in range(1, len(width) + 1):
        if k == len(width) or person[k] != person[start]:
            answer[start:k] = width[start:k] / np.median(width[start:k])
            start = k
    return answer


CONTEXT = {"2.4": heart}

FORMS = {
    "2.1": [
        ("S", "N", "Q", "N", "V", "F"),
        ["s", "n", "q", "n", "v", "f"],
        np.array(list("SNQNVF")),
        pd.Series(list("SNQNVF")),
    ],
    "2.2": [by_counts, rounded, one_minus],
    "2.3": [0.991, np.float64(0.991), 991 / 1000, np.ceil(990.404) / 1000],
    "2.4": [6, 6.0, np.int64(6), lambda one: np.sum([True] * 6)],
    "2.5": [loop, with_dictionary, with_pandas, in_place],
}

WRONG = {
    "2.1": [
        "SNQNVF",
        ["S", "N", "Q", "N", "V"],
        ["S", "S", "Q", "V", "V", "F"],
        ["S", "N", "V", "V", "V", "F"],
        ["N"] * 6,
        "S",
        6,
    ],
    "2.2": [
        lambda prevalence, sensitivity, specificity: f"{0.9:.2f}",
        lambda prevalence, sensitivity, specificity: specificity,
        lambda prevalence, sensitivity, specificity: 1 - prevalence,
        lambda prevalence, sensitivity, specificity: prevalence * (1 - sensitivity),
        lambda prevalence, sensitivity, specificity: (1 - prevalence) * specificity / 1.0 + 1,
        lambda prevalence, sensitivity, specificity: 1 - sensitivity,
        lambda *rates: print(by_counts(*rates)),
        lambda *rates: round(by_counts(*rates)),
        lambda *rates: round(by_counts(*rates), 1),
        lambda *rates: [by_counts(*rates)],
        lambda *rates: 1 - by_counts(*rates) / 2,
    ],
    "2.3": ["0.991", 0.992, 0.9905, 0.995, 0.989, 0.9, 1, 0.009, 95, [0.991, 0.990], True],
    "2.4": ["6", 5, 7, 0, [6, 10], 0.6, True],
    "2.5": [
        lambda width, person: str(width),
        lambda width, person: width,
        lambda width, person: 1.0,
        lambda width, person: print(loop(width, person)),
        lambda width, person: np.sort(loop(width, person)),
        lambda width, person: 100 * np.array(loop(width, person)),
        lambda width, person: np.array(loop(width, person)) > 1.375,
        standardized,
        middle_of_unsorted,
        upper_middle,
        neighbours,
    ],
}
