"""Answers to the exercises of chapter 7: right in other forms, and wrong."""

import numpy as np
import pandas as pd


def people_in_a_loop(subjects, inside):
    count = 0
    for person in np.unique(subjects):
        its = inside[subjects == person]
        if its.any() and not its.all():
            count += 1
    return count


def people_in_common(subjects, inside):
    return np.intersect1d(subjects[inside], subjects[inside == False]).size  # noqa: E712


def people_by_mean(subjects, inside):
    share = pd.Series(inside).groupby(subjects).mean()
    return ((share > 0) & (share < 1)).sum()


def v_scores_in_names(matrix):
    n, s, v, _f, _q, o = matrix[:, 2]
    return v / sum(matrix[2]), v / (n + s + v + o)


def v_scores_rounded(matrix):
    table = pd.DataFrame(matrix, index=list("NSVFQO"), columns=list("nsvfqo"))
    calls = table["v"].drop(["F", "Q"])
    return np.round([table.loc["V", "v"] / table.loc["V"].sum(), calls["V"] / calls.sum()], 2)


def interval_in_a_loop(right, total, drawn):
    accuracies = []
    for row in drawn:
        accuracies.append(sum(right[k] for k in row) / sum(total[k] for k in row))
    return np.percentile(accuracies, 2.5), np.percentile(accuracies, 97.5)


def interval_rounded(right, total, drawn):
    accuracies = pd.Series(right[drawn].sum(1) / total[drawn].sum(1))
    return accuracies.quantile([0.025, 0.975]).round(3)


def cheapest_in_a_loop(probability, is_v, price, lines):
    best, least = None, np.inf
    for line in lines:
        cost = 0
        for chance, v in zip(probability, is_v, strict=True):
            if v and chance < line:
                cost += price
            if not v and chance >= line:
                cost += 1
        if cost < least:
            best, least = line, cost
    return best


def cheapest_at_once(probability, is_v, price, lines):
    alarm = probability >= lines[:, None]
    cost = (price * (is_v & ~alarm) + (alarm & ~is_v)).sum(axis=1)
    return lines[np.flatnonzero(np.isclose(cost, cost.min()))[0]]


FORMS = {
    "7.1": [0.314, 0.31399, np.float64(0.3140), np.array(0.314)],
    "7.2": [people_in_a_loop, people_in_common, people_by_mean],
    "7.3": [v_scores_in_names, v_scores_rounded],
    "7.4": [interval_in_a_loop, interval_rounded],
    "7.5": [cheapest_in_a_loop, cheapest_at_once],
}

WRONG = {
    "7.1": [0.3, 1 / 3, "0.314", [0.942, 0, 0], 0.3151, 0.33, True],
    "7.2": [
        lambda subjects, inside: sorted(set(subjects[inside]) & set(subjects[~inside])),
        lambda subjects, inside: set(subjects[inside]) & set(subjects[~inside]),
        lambda subjects, inside: bool(set(subjects[inside]) & set(subjects[~inside])),
        lambda subjects, inside: np.sum(inside),
        lambda subjects, inside: (
            len(np.unique(subjects[inside])) + len(np.unique(subjects[~inside]))
        ),
        lambda subjects, inside: np.sum(subjects[1:] == subjects[:-1]),
        lambda subjects, inside: str(people_in_a_loop(subjects, inside)),
    ],
    "7.3": [
        lambda matrix: matrix[2, 2] / matrix[2].sum(),
        lambda matrix: [matrix[2, 2] / matrix[2].sum()] * 2,
        lambda matrix: [matrix[2, 2] / matrix.sum(), matrix[2, 2] / matrix[:, 2].sum()],
        lambda matrix: [np.trace(matrix) / matrix.sum()] * 2,
        lambda matrix: v_scores_in_names(np.roll(matrix, 1)),
        lambda matrix: str(v_scores_in_names(matrix)),
        lambda matrix: [matrix[2, 2] / matrix[2].sum(), matrix[2, 2] / matrix[:3, 2].sum()],
        lambda matrix: [matrix[2, 2] / matrix[2].sum(), matrix[2, 2] / matrix[:4, 2].sum()],
    ],
    "7.4": [
        lambda right, total, drawn: right[drawn].sum(axis=1) / total[drawn].sum(axis=1),
        lambda right, total, drawn: [right.sum() / total.sum()] * 2,
        lambda right, total, drawn: np.quantile(right / total, [0.025, 0.975]),
        lambda right, total, drawn: np.quantile(right[drawn] / total[drawn], [0.025, 0.975]),
        lambda right, total, drawn: np.quantile(right[drawn].sum(axis=1), [0.025, 0.975]),
        lambda right, total, drawn: f"{interval_in_a_loop(right, total, drawn)}",
    ],
    "7.5": [
        lambda probability, is_v, price, lines: lines,
        lambda probability, is_v, price, lines: 0.5,
        lambda probability, is_v, price, lines: lines[-1],
        lambda probability, is_v, price, lines: min(lines, key=lambda x: abs(x - 1 / (1 + price))),
        lambda probability, is_v, price, lines: cheapest_in_a_loop(
            probability, ~is_v, price, lines
        ),
        lambda probability, is_v, price, lines: str(
            cheapest_in_a_loop(probability, is_v, price, lines)
        ),
    ],
}
