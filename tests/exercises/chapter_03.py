"""Right and wrong answers to the exercises of chapter 3, in many forms."""

import numpy as np
import pandas as pd
from scipy.signal import sosfilt, sosfreqz


def rate_by_sorting(samples, fs):
    intervals = sorted(samples[k] - samples[k - 1] for k in range(1, len(samples)))
    middle = len(intervals) // 2
    if len(intervals) % 2:
        usual = intervals[middle]
    else:
        usual = (intervals[middle - 1] + intervals[middle]) / 2
    return 60 / (usual / fs)


def late_by_loop(sos, fs):
    output = list(sosfilt(sos, [1] + [0] * (fs - 1)))
    best = 0
    for k in range(len(output)):
        if output[k] > output[best]:
            best = k
    return int(1000 * best / fs)


def early_by_loop(samples):
    intervals = [samples[k] - samples[k - 1] for k in range(1, len(samples))]
    mean = sum(intervals) / len(intervals)
    answer = [False]
    for interval in intervals:
        answer.append(bool(interval / mean < 0.85))
    return answer


def early_in_place(samples):
    answer = np.zeros(len(samples), dtype=bool)
    answer[1:] = np.diff(samples) < np.diff(samples).mean() * 0.85
    return answer


def early_by_nan(samples):
    intervals = np.diff(samples.astype(float), prepend=np.nan)
    return intervals < 0.85 * np.nanmean(intervals)


def early_by_pandas(samples):
    intervals = pd.Series(samples).diff()
    return intervals < 0.85 * intervals.mean()


def early_by_duration(samples):
    mean = (samples[-1] - samples[0]) / (len(samples) - 1)
    return [int(k > 0 and samples[k] - samples[k - 1] < 0.85 * mean) for k in range(len(samples))]


FORMS = {
    "3.1": [(1, 2), np.array([1.0, 2.0]), [np.int64(1), 2], pd.Series([1, 2])],
    "3.2": [
        rate_by_sorting,
        lambda samples, fs: round(60 / np.median(np.diff(samples) / fs), 1),
        lambda samples, fs: 60_000 / np.median(1000 * np.diff(samples) / fs),
        lambda samples, fs: float(60 * fs / pd.Series(samples).diff().median()),
        lambda samples, fs: 60 / np.quantile(samples[1:] - samples[:-1], 0.5) * fs,
    ],
    "3.3": [
        late_by_loop,
        lambda sos, fs: round(1000 * np.argmax(sosfilt(sos, np.eye(1, fs)[0])) / fs),
        lambda sos, fs: np.argmax(sosfilt(sos, np.eye(1, fs)[0])) / fs * 1000,
        lambda sos, fs: round(1000 * sosfilt(sos, np.eye(1, fs)[0]).argmax() / fs, 1),
    ],
    "3.4": [early_by_loop, early_in_place, early_by_nan, early_by_pandas, early_by_duration],
    "3.5": [25.0, np.int64(25), np.array(25)],
}

WRONG = {
    "3.1": [
        *("[1, 2]", ["1", "2"], 1, [1], [1, 2, 0], [2, 2], [1, 3], [[1], [2]], {"missed": 1}),
        *([[1300], [1120, 1360]], {1, 2}, True),
    ],
    "3.2": [
        lambda samples, fs: str(round(60 * fs / np.median(np.diff(samples)), 1)),
        lambda samples, fs: print(60 * fs / np.median(np.diff(samples))),
        lambda samples, fs: 60 / (np.median(samples) / fs),
        lambda samples, fs: 60 / np.round(np.median(np.diff(samples)) / fs, 2),
        lambda samples, fs: 60 * fs / sorted(np.diff(samples))[(len(samples) - 1) // 2],
        lambda samples, fs: 60 * fs / np.diff(samples)[(len(samples) - 1) // 2],
        lambda samples, fs: 60 * fs / np.diff(samples).min(),
        lambda samples, fs: 60 * 360 / np.median(np.diff(samples)),
        lambda samples, fs: 60 * fs / np.diff(samples),
        lambda samples, fs: 60 * np.median(np.diff(samples)) / fs,
        lambda samples, fs: 60 // (np.median(np.diff(samples)) / fs),
        75,
    ],
    "3.3": [
        lambda sos, fs: 1000 * sosfilt(sos, np.eye(1, fs)[0]).argmax() / 360,
        lambda sos, fs: 1000 * sosfilt(sos, np.eye(1, fs)[0]).argmin() / fs,
        lambda sos, fs: 1000 * (sosfilt(sos, np.eye(1, fs)[0]) ** 2).argmax() / fs,
        lambda sos, fs: 1000 * np.gradient(sosfilt(sos, np.eye(1, fs)[0])).argmax() / fs,
        lambda sos, fs: 1000 * np.abs(sosfreqz(sos, fs=fs)[1]).argmax() / fs,
        lambda sos, fs: f"{1000 * sosfilt(sos, np.eye(1, fs)[0]).argmax() / fs:.0f} ms",
        lambda sos, fs: sosfilt(sos, np.eye(1, fs)[0]),
        lambda sos, fs: sosfilt(sos, np.eye(1, fs)[0]).argmax() / fs / 1000,
        lambda sos, fs: 3 * sosfilt(sos, np.eye(1, fs)[0]).argmax(),
        6,
    ],
    "3.4": [
        lambda samples: samples < 0.85 * samples.mean(),
        lambda samples: np.append(False, np.diff(samples) < 0.85),
        lambda samples: np.append(False, np.diff(samples) < 0.9 * np.diff(samples).mean()),
        lambda samples: np.append(False, np.diff(samples) < 0.8 * np.diff(samples).mean()),
        lambda samples: ["False", *(np.diff(samples) < 0.85 * np.diff(samples).mean()).astype(str)],
        lambda samples: np.append(0, np.diff(samples)),
        lambda samples: print(early_in_place(samples)),
        lambda samples: early_in_place(samples).sum(),
        lambda samples: early_in_place(samples).any(),
        lambda samples: np.append(False, np.diff(samples) < 0.85 * np.diff(samples[1:]).mean()),
        lambda samples: np.append(False, np.diff(samples) < 0.85 * np.diff(samples).max()),
        lambda samples: [False] * len(samples),
        lambda samples: np.append(True, early_in_place(samples)[1:][::-1]),
    ],
    "3.5": ["25 Hz", "25", [25], 12, 20, True, {15: 30, 25: 12, 40: 20}, (5, 25), np.int64(40)],
}

CONTEXT = {"3.5": lambda: ({15: 30, 25: 12, 40: 20}.__getitem__,)}
