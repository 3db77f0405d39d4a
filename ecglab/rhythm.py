"""Rhythm: the intervals between beats, and how they describe each beat."""

from collections.abc import Callable

import numpy as np

from ecglab.databases import checked_rate, checked_samples

#: The columns of `rr_features`, and what each one has to know. *causal*: the beat and what came
#: before it, so that a monitor can compute it at once; *needs the next beat*: one beat later;
#: *record-adaptive*: the whole recording, so only offline, with every beat already found.
#: "Last 10" are the ten intervals that end with the previous one, fewer at the start. The
#: *change* is the median absolute difference of one interval to the next: small in a regular
#: rhythm even where single beats come early, large in atrial fibrillation.
RR_KINDS = {
    "previous (s)": "causal",
    "next (s)": "needs the next beat",
    "previous / mean of last 10": "causal",
    "next / previous": "needs the next beat",
    "previous / record mean": "record-adaptive",
    "next / record mean": "record-adaptive",
    "previous / median of last 10": "causal",
    "previous / mean so far": "causal",
    "next / mean of last 10": "needs the next beat",
    "next / median of last 10": "needs the next beat",
    "previous / record median": "record-adaptive",
    "next / record median": "record-adaptive",
    "change of last 10 / median of last 10": "causal",
    "record change / record median": "record-adaptive",
}

#: Names of the columns.
RR_NAMES = tuple(RR_KINDS)

#: From this many seconds on, the time from one beat to the next is a gap in the annotations, not
#: an interval of the rhythm. Longer than the longest pause that cardiologists marked in mitdb:
#: 5.9 s, in record 232.
GAP = 6.0

#: How many intervals make up what is usual just before a beat.
LAST = 10


def intervals(samples: np.ndarray, fs: float, episodes: np.ndarray | None = None) -> np.ndarray:
    """Return the time from each beat to the next, where it is an interval of the rhythm.

    Parameters
    ----------
    samples : numpy.ndarray
        int, shape ``(n,)``, rising: where the beats are.
    fs : float
        Sampling rate in Hz.
    episodes : numpy.ndarray, optional
        ``Record.episodes``: stretches in which single beats can't be told.

    Returns
    -------
    numpy.ndarray
        float64, shape ``(n - 1,)``, in s; NaN across an unreadable stretch, ventricular flutter,
        or `GAP` seconds without a beat: there the beats between are not known.

    Raises
    ------
    ValueError
        If there are fewer than two beats, they are not in rising order, or no interval is left.

    Examples
    --------
    >>> intervals([0, 300, 600, 40_000, 40_360], 360.0).round(3).tolist()
    [0.833, 0.833, nan, 1.0]
    """
    samples = checked_samples(samples)
    fs = checked_rate(fs)
    if len(samples) < 2:
        raise ValueError(f"samples has shape {samples.shape}; give two or more beats, shape (n,)")
    seconds = np.diff(samples) / fs
    seconds[seconds >= GAP] = np.nan
    stretches = [] if episodes is None else episodes[["onset", "offset"]].tolist()
    for onset, offset in stretches:
        across = (samples[:-1] < offset) & (samples[1:] > onset)
        seconds[across] = np.nan
    if np.isnan(seconds).all():
        none = f"none of the {len(seconds)} times between beats is an interval of the rhythm"
        raise ValueError(f"{none}: all last {GAP:g} s or more, or span an episode")
    return seconds


def in_episodes(samples: np.ndarray, episodes: np.ndarray) -> np.ndarray:
    """Tell of each beat whether it lies in an episode.

    Parameters
    ----------
    samples : numpy.ndarray
        int, shape ``(n,)``: where the beats are.
    episodes : numpy.ndarray
        As ``Record.episodes``.

    Returns
    -------
    numpy.ndarray
        bool, shape ``(n,)``.

    Examples
    --------
    >>> from ecglab.databases import EPISODE
    >>> episodes = np.array([("flutter", 100, 200)], dtype=EPISODE)
    >>> in_episodes(np.array([50, 100, 200]), episodes).tolist()
    [False, True, False]
    """
    inside = np.zeros(len(samples), dtype=bool)
    for onset, offset in episodes[["onset", "offset"]].tolist():
        inside |= (samples >= onset) & (samples < offset)
    return inside


def rr_features(samples: np.ndarray, fs: float, episodes: np.ndarray | None = None) -> np.ndarray:
    """Describe each beat by the intervals to its neighbours.

    Parameters
    ----------
    samples, fs, episodes
        As for `intervals`.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, len(RR_NAMES))``; `RR_KINDS` tells which columns a monitor could
        compute as it goes and which need the recording's future. The record's mean stands in
        for intervals that do not exist (before the first beat, after the last, across a gap: see
        `intervals`) but enters no other beat's mean or median.

    Raises
    ------
    ValueError
        As from `intervals`.

    Examples
    --------
    >>> features = rr_features(np.array([0, 360, 540, 1080]), 360.0)
    >>> for name, number in zip(RR_NAMES, features[2], strict=True):
    ...     print(f"{number:.2f} {name} ({RR_KINDS[name]})")
    0.50 previous (s) (causal)
    1.50 next (s) (needs the next beat)
    0.67 previous / mean of last 10 (causal)
    3.00 next / previous (needs the next beat)
    0.50 previous / record mean (record-adaptive)
    1.50 next / record mean (record-adaptive)
    0.67 previous / median of last 10 (causal)
    0.67 previous / mean so far (causal)
    2.00 next / mean of last 10 (needs the next beat)
    2.00 next / median of last 10 (needs the next beat)
    0.50 previous / record median (record-adaptive)
    1.50 next / record median (record-adaptive)
    0.33 change of last 10 / median of last 10 (causal)
    0.75 record change / record median (record-adaptive)
    """
    terms = _terms(intervals(samples, fs, episodes))
    columns = []
    for name in RR_NAMES:
        # A column's name says what is divided by what, that of seconds by nothing
        part, _, whole = name.removesuffix(" (s)").partition(" / ")
        divisor = terms[whole] if whole else 1
        columns.append(terms[part] / divisor)
    table = np.stack(columns, axis=1)
    return table.astype(np.float32)


# ---------------------------------------------------------------------------


def _terms(known: np.ndarray) -> dict[str, np.ndarray | float]:
    """Return what the names of the columns speak of: one number a beat, or one for the record."""
    mean = np.nanmean(known)
    median = np.nanmedian(known)
    changes = np.abs(np.diff(known, prepend=known[0]))  # the first has nothing before it
    filled = np.where(np.isnan(known), mean, known)
    return {
        "previous": np.concatenate([[mean], filled]),
        "next": np.concatenate([filled, [mean]]),
        # Before its second beat a record has no usual interval: the ratios to it begin with 1
        "mean of last 10": np.concatenate([[mean], _of_last(known, np.nanmean, mean)]),
        "median of last 10": np.concatenate([[mean], _of_last(known, np.nanmedian, median)]),
        "mean so far": np.concatenate([[mean], _mean_so_far(known, mean)]),
        "change of last 10": np.concatenate([[0], _of_last(changes, np.nanmedian, 0)]),
        "record mean": mean,
        "record median": median,
        "record change": np.full(len(known) + 1, _median_change(changes)),
    }


def _of_last(known: np.ndarray, middle: Callable[..., np.ndarray], otherwise: float) -> np.ndarray:
    """Return the nanmean or nanmedian of each interval and the nine before it.

    Where all ten are missing, `otherwise` stands.
    """
    missing = np.full(LAST - 1, np.nan)
    padded = np.concatenate([missing, known])
    windows = np.lib.stride_tricks.sliding_window_view(padded, LAST)
    some = np.isfinite(windows).any(axis=1)
    result = np.full(len(known), otherwise, dtype=float)
    result[some] = middle(windows[some], axis=1)
    return result


def _mean_so_far(known: np.ndarray, otherwise: float) -> np.ndarray:
    """Return the mean of each interval and all before it, missing ones left out."""
    count = np.cumsum(np.isfinite(known))
    total = np.cumsum(np.nan_to_num(known))
    mean = total / np.maximum(count, 1)
    return np.where(count > 0, mean, otherwise)


def _median_change(changes: np.ndarray) -> float:
    """Return the record's median change from one interval to the next; 0 if there is none."""
    later = changes[1:]
    later = later[np.isfinite(later)]
    return float(np.median(later)) if len(later) else 0.0
