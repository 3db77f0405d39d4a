"""Answers to the exercises of chapter 4 as readers hand them in, right and wrong."""

import statistics

import numpy as np
import pandas as pd


def share_in_a_loop(windows, limit):
    count = 0
    for window in windows:
        if window.max() > limit or window.min() < -limit:
            count += 1
    return count / len(windows)


def share_of_any(windows, limit):
    return np.any(np.abs(windows) > limit, axis=(1, 2)).mean()


def share_axis_by_axis(windows, limit):
    highest = abs(windows).max(axis=2).max(axis=1)
    return np.count_nonzero(highest > limit) / highest.size


def share_flat(windows, limit):
    flat = np.abs(windows).reshape(len(windows), -1)
    return float(round((flat.max(axis=1) > limit).mean(), 3))


def share_of_lists(windows, limit):
    return statistics.mean(bool((np.abs(w) > limit).any()) for w in windows)


def share_by_pandas(windows, limit):
    return pd.DataFrame(np.abs(windows).reshape(len(windows), -1)).gt(limit).any(axis=1).mean()


def top_in_a_loop(image):
    for row in range(64):
        if image[row].max() > 127:
            return 2.5 - 5 / 64 * row - 5 / 128
    return None


def top_by_argmax(image):
    return round(float(2.4609375 - np.argmax(image.max(axis=1) > 127) * 0.078125), 2)


def top_by_where(image):
    rows, _ = np.where(image > 127)
    return np.array(2.5 - (rows.min() + 0.5) * (5.0 / image.shape[0]))


def top_by_table(image):
    middles = np.linspace(2.5 - 5 / 128, -2.5 + 5 / 128, 64)
    return middles[(image >= 128).any(axis=1)][0]


def top_in_millivolts_up(image):
    return -2.5 + (63 - np.where(image > 127)[0][0] + 0.5) * 5 / 64


def top_half_way(image):
    row = int((image > 127).max(axis=1).argmax())
    edges = np.linspace(2.5, -2.5, 65)
    return (edges[row] + edges[row + 1]) / 2


def usual_as_list(windows, first):
    return np.median(windows[:first, :, :], axis=0).tolist()


def usual_in_loops(windows, first):
    _, samples, leads = windows.shape
    shape = np.zeros((samples, leads))
    for sample in range(samples):
        for lead in range(leads):
            shape[sample, lead] = statistics.median(windows[:first, sample, lead])
    return shape


def usual_by_quantile(windows, first):
    return np.quantile(windows[np.arange(first)], 0.5, axis=0).round(2)


def usual_by_sorting(windows, first):
    ordered = np.sort(windows[:first], axis=0)
    return (ordered[(first - 1) // 2] + ordered[first // 2]) / 2


def gadf_in_loops(x):
    low, high = min(x), max(x)
    angle = [np.arccos(((v - high) + (v - low)) / (high - low)) for v in x]
    return [[np.sin(a - b) for b in angle] for a in angle]


def gadf_by_outer(x):
    scaled = (2 * x - x.max() - x.min()) / (x.max() - x.min())
    return np.sin(np.subtract.outer(np.arccos(scaled), np.arccos(scaled))).round(3)


def gadf_by_roots(x):
    scaled = np.clip(2 * (x - x.min()) / np.ptp(x) - 1, -1, 1)
    root = np.sqrt(1 - scaled**2)
    return np.outer(root, scaled) - np.outer(scaled, root)


FORMS = {
    "4.1": [5.12, 5.1, 128 * 0.2 / 5, np.float64(0.2 / 0.0390625), np.array(5.12), 5.128],
    "4.2": [
        share_in_a_loop,
        share_of_any,
        share_axis_by_axis,
        share_flat,
        share_of_lists,
        share_by_pandas,
    ],
    "4.3": [
        top_in_a_loop,
        top_by_argmax,
        top_by_where,
        top_by_table,
        top_in_millivolts_up,
        top_half_way,
    ],
    "4.4": [usual_as_list, usual_in_loops, usual_by_quantile, usual_by_sorting],
    "4.5": [gadf_in_loops, gadf_by_outer, gadf_by_roots],
}

WRONG = {
    "4.1": ["5.12 pixels", [5, 12], 5.2, 512, 6, -5.12, 0.2, 128, 5.04, 1.28, True],
    "4.2": [
        lambda windows, limit: windows > limit,
        lambda windows, limit: print(share_of_any(windows, limit)),
        lambda windows, limit: f"{share_of_any(windows, limit):.0%}",
        lambda windows, limit: np.abs(windows).max(axis=(1, 2)).mean() > limit,
        lambda windows, limit: np.mean(np.abs(windows[:, :, -1]).max(axis=1) > limit),
        lambda windows, limit: np.mean(np.abs(windows.mean(axis=2)).max(axis=1) > limit),
        lambda windows, limit: np.mean(np.abs(windows.sum(axis=2)).max(axis=1) > limit),
        lambda windows, limit: np.mean(np.abs(windows).max() > limit),
        lambda windows, limit: np.mean(np.abs(windows).max(axis=(0, 1)) > limit),
        lambda windows, limit: np.mean(windows.max(axis=(1, 2)) - windows.mean() > limit),
        lambda windows, limit: np.mean(np.abs(windows).max(axis=(1, 2)) > 2.5),
        lambda windows, limit: np.mean(np.abs(windows).max(axis=(1, 2)) < limit),
        lambda windows, limit: np.round(share_of_any(windows, limit)),
        lambda windows, limit: 1,
    ],
    "4.3": [
        lambda image: 2.5,
        lambda image: f"{top_by_argmax(image)} mV",
        lambda image: [top_by_argmax(image)],
        lambda image: 1000 * top_by_argmax(image),
        lambda image: image.max(),
        lambda image: abs(top_in_a_loop(image)),
        lambda image: round(top_in_a_loop(image), 1),
        lambda image: np.linspace(2.5, -2.5, 64)[(image > 127).any(axis=1)].max(),
        lambda image: 2.5 - (image.sum(axis=1).argmax() + 0.5) * 5 / 64,
        lambda image: 2.5 - (np.where(image > 127)[0].mean() + 0.5) * 5 / 64,
        lambda image: 2.5 - (np.where(image > 127)[0][0] + 0.5) * 0.08,
        lambda image: 2.5 - (np.where(image >= 127)[0][0] + 0.5) * 5 / 64,
        lambda image: 2.5 - (np.where(image > 200)[0][0] + 0.5) * 5 / 64,
        lambda image: 2.5 - (np.where(image > image.mean())[0][0] + 0.5) * 5 / 64,
        lambda image: 2.5 - (np.where(image[:, 32] > 127)[0][0] + 0.5) * 5 / 64,
        lambda image: 5 - (np.where(image > 127)[0][0] + 0.5) * 5 / 64,
        lambda image: 2.5 - (np.where(image > 127)[0][0] + 1) * 5 / 65,
        lambda image: print(top_by_argmax(image)),
    ],
    "4.4": [
        lambda windows, first: np.median(windows[first:], axis=0),
        lambda windows, first: np.median(windows[:first, :, 0], axis=0),
        lambda windows, first: np.median(windows[:, :first], axis=0),
        lambda windows, first: np.median(windows[:first], axis=2),
        lambda windows, first: np.median(windows[:first], axis=0).T,
        lambda windows, first: np.median(np.abs(windows[:first]), axis=0),
        lambda windows, first: np.sort(windows[:first], axis=0)[(first - 1) // 2],
        lambda windows, first: np.max(windows[:first], axis=0),
        lambda windows, first: windows[:first],
        lambda windows, first: windows[0],
        lambda windows, first: str(usual_as_list(windows, first)),
        lambda windows, first: print(usual_as_list(windows, first)),
    ],
    "4.5": [
        lambda x: np.sin(np.arccos(x / 3)),
        lambda x: gadf_by_roots(-x),
        lambda x: np.abs(gadf_by_roots(x)),
        lambda x: gadf_by_roots(x)[0],
        lambda x: 127.5 * (gadf_by_roots(x) + 1),
        lambda x: np.subtract.outer(np.arccos(x / 3), np.arccos(x / 3)),
        lambda x: np.cos(np.subtract.outer(x, x)),
        lambda x: np.sin(np.subtract.outer(np.arcsin(x / 3), np.arcsin(x / 3))),
        lambda x: str(gadf_in_loops(x)),
    ],
}
