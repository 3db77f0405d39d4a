"""Answers to the exercises of chapter 12: right in other forms, and wrong."""

import numpy as np
import pandas as pd


def gap_in_a_loop(belief, right):
    total = 0
    for said, true in zip(belief, right, strict=True):
        total += said - int(true)
    return total / len(belief)


def gap_rounded(belief, right):
    table = pd.DataFrame({"belief": belief, "right": right})
    return round(table["belief"].mean() - table["right"].mean(), 2)


def gap_at_once(belief, right):
    return np.array([np.mean(belief - right)]).item()


def review_in_a_loop(belief, wrong, count):
    pairs = sorted(zip(belief, wrong, strict=True))
    return sum(bad for _, bad in pairs[:count]) / sum(wrong)


def review_by_threshold(belief, wrong, count):
    limit = np.sort(belief)[count - 1]
    return round((wrong & (belief <= limit)).sum() / wrong.sum(), 2)


def review_in_a_table(belief, wrong, count):
    table = pd.DataFrame({"belief": belief, "wrong": wrong})
    shown = table.nsmallest(count, "belief")
    return shown["wrong"].sum() / table["wrong"].sum()


def soften_in_a_loop(probabilities, T):
    rows = []
    for row in probabilities:
        raised = [p ** (1 / T) for p in row]
        rows.append([p / sum(raised) for p in raised])
    return rows


def soften_logits(probabilities, T):
    with np.errstate(divide="ignore"):
        powers = np.exp(np.log(probabilities) / T)
    return powers / powers.sum(axis=1)[:, None]


def soften_table(probabilities, T):
    raised = pd.DataFrame(probabilities) ** (1 / T)
    return raised.div(raised.sum(axis=1), axis=0).round(3)


def trust():
    return (
        {
            "100": (0.99, 0.995),
            "103": (0.98, 0.99),
            "105": (0.94, 0.96),
            "202": (0.97, 0.81),
            "213": (0.93, 0.87),
            "222": (0.92, 0.97),
            "232": (0.93, 0.47),
            "233": (0.985, 0.98),
            "234": (0.99, 0.98),
        },
    )


FORMS = {
    "12.1": [gap_in_a_loop, gap_rounded, gap_at_once],
    "12.2": [review_in_a_loop, review_by_threshold, review_in_a_table],
    "12.3": [
        lambda trust: sum(pair[1] < 0.95 for pair in trust.values()) / len(trust),
        lambda trust: round(len([name for name in trust if trust[name][1] < 0.95]) / len(trust), 2),
        lambda trust: (pd.DataFrame(trust).T[1] < 0.95).mean(),
    ],
    "12.4": [soften_in_a_loop, soften_logits, soften_table],
}

WRONG = {
    "12.1": [
        lambda belief, right: belief - right,
        lambda belief, right: belief.mean(),
        lambda belief, right: f"{belief.mean() - right.mean():+.2f}",
        lambda belief, right: belief.mean() - np.median(right),
        lambda belief, right: belief[~right].mean() - right.mean(),
        lambda belief, right: [belief.mean(), right.mean()],
        lambda belief, right: belief.max() - right.mean(),
    ],
    "12.2": [
        lambda belief, wrong, count: np.argsort(belief)[:count],
        lambda belief, wrong, count: wrong[np.argsort(belief)[:count]],
        lambda belief, wrong, count: wrong.mean(),
        lambda belief, wrong, count: wrong[belief < count].sum() / wrong.sum(),
        lambda belief, wrong, count: np.sum(wrong & (belief < np.sort(belief)[count - 1])) / 3,
        lambda belief, wrong, count: f"{review_in_a_loop(belief, wrong, count):.0%}",
        lambda belief, wrong, count: count / len(belief),
        lambda belief, wrong, count: wrong[belief.argsort().argsort()[:count]].mean(),
    ],
    "12.3": [
        lambda trust: [name for name, pair in trust.items() if pair[1] < 0.95],
        lambda trust: "0.33",
        lambda trust: True,
        lambda trust: np.mean([pair[0] - pair[1] for pair in trust.values()]),
        lambda trust: [pair[1] < 0.95 for pair in trust.values()],
        0.05,
    ],
    "12.4": [
        lambda probabilities, T: probabilities,
        lambda probabilities, T: soften_logits(probabilities, T)[0],
        lambda probabilities, T: soften_logits(probabilities, T).sum(axis=1),
        lambda probabilities, T: np.argmax(probabilities, axis=1),
        lambda probabilities, T: probabilities ** (1 / T) / probabilities.sum(axis=1)[:, None],
        lambda probabilities, T: str(soften_logits(probabilities, T)),
        lambda probabilities, T: soften_logits(probabilities, T).T,
    ],
}

CONTEXT = {"12.3": trust}
