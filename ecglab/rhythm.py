"""Rhythm: the intervals between beats, and how they describe each beat."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

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

#: The columns of `context`, and how many of the next beats each one has to know. *Within 5* are
#: the five beats before a beat, itself, and the five after it; of each, `median` takes the interval
#: that ends with it. *Irregularity* is the median of |log(next / previous)| there. Of the ratios,
#: the logarithms are given.
CONTEXT_KINDS = {
    "irregularity within 5": "needs the next 6 beats",
    "irregularity within 15": "needs the next 16 beats",
    "irregularity within 50": "needs the next 51 beats",
    "previous / median within 5": "needs the next 5 beats",
    "previous / median within 15": "needs the next 15 beats",
    "previous / median within 50": "needs the next 50 beats",
    "next / median within 5": "needs the next 5 beats",
    "next / median within 15": "needs the next 15 beats",
    "next / median within 50": "needs the next 50 beats",
    "3 before previous / median within 15": "needs the next 15 beats",
    "2 before previous / median within 15": "needs the next 15 beats",
    "1 before previous / median within 15": "needs the next 15 beats",
    "1 after next / median within 15": "needs the next 15 beats",
    "2 after next / median within 15": "needs the next 15 beats",
    "3 after next / median within 15": "needs the next 15 beats",
    "median within 50 / 0.8 s": "needs the next 50 beats",
}

#: Names of the columns.
CONTEXT_NAMES = tuple(CONTEXT_KINDS)

#: The columns of `p_context`, of which each lead has its own, and what they have to know.
P_KINDS = {
    "P coherence": "needs the next 15 beats",
    "P likeness": "needs the next 15 beats",
    "P height": "record-adaptive",
}

#: Names of the columns.
P_NAMES = tuple(P_KINDS)

#: All that can be told of the rhythm around a beat.
AROUND = (*CONTEXT_NAMES, *P_NAMES)

#: The intervals about a beat, in their order; the beat lies between *previous* and *next*.
NEIGHBOURS = (
    *("3 before previous", "2 before previous", "1 before previous", "previous"),
    *("next", "1 after next", "2 after next", "3 after next"),
)

#: Where the P wave of a sinus beat lies: from and until how many seconds before the beat.
P_WINDOW = (0.2, 0.06)

#: With how many beats on either side a P wave is compared.
P_WITHIN = 15

#: What is smaller, in mV, is rounding and no wave.
FLAT = 1e-6

#: Where the columns of `context` and `p_context` end: at 4.5 times what is usual.
FARTHEST = 1.5

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


def context(samples: np.ndarray, fs: float, episodes: np.ndarray | None = None) -> np.ndarray:
    """Describe the rhythm around each beat.

    One beat is early in a regular rhythm, another no earlier than its neighbours in an irregular
    one: only what surrounds a beat tells which.

    Parameters
    ----------
    samples, fs, episodes
        As for `intervals`.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, len(CONTEXT_NAMES))``, from -1.5 to 1.5: logarithms of ratios, or
        medians of their absolute values. `CONTEXT_KINDS` tells what each column has to know: none
        is causal. At either end of the recording there are fewer beats around. An interval that
        is missing (see `intervals`) enters nothing; where nothing is known, 0 stands.

    Raises
    ------
    ValueError
        As from `intervals`.

    Notes
    -----
    In atrial fibrillation the intervals are irregular (Hindricks et al. 2021, doi
    10.1093/eurheartj/ehaa612). The difference of one interval to the next tells it from other
    rhythms, better than the intervals themselves (Tateno and Glass 2001, doi 10.1007/BF02345439),
    and so does that difference relative to the interval (Buś et al. 2023, Journal of Clinical
    Medicine 12, 687). The median stays small where single beats come early in a regular rhythm.

    Examples
    --------
    >>> samples = np.cumsum([0, *[300] * 20, 200, 400, *[300] * 20])
    >>> table = context(samples, 360.0)
    >>> for name in ("previous / median within 15", "irregularity within 15"):
    ...     print(f"{table[21, CONTEXT_NAMES.index(name)]:.2f} {name} ({CONTEXT_KINDS[name]})")
    -0.41 previous / median within 15 (needs the next 15 beats)
    0.00 irregularity within 15 (needs the next 16 beats)
    """
    terms = _context_terms(intervals(samples, fs, episodes))
    columns = []
    for name in CONTEXT_NAMES:
        part, _, whole = name.partition(" / ")
        column = terms[part]
        if whole:
            column = np.log(column / terms[whole])
        columns.append(column)
    return _bounded(np.stack(columns, axis=1))


def p_context(windows: np.ndarray, fs: float, before: float) -> np.ndarray:
    """Compare what lies before each beat's QRS, where a P wave belongs, with the beats around it.

    The stretch 200 to 60 ms before the beat, its mean taken off, has a height (its norm) and a
    shape (what is left when it is divided by that). *Coherence* is the norm of the median shape of
    31 beats, the beat and 15 to either side: near 1 where they have one P wave in common, near 0
    where they have none. *Likeness* is the cosine between the beat's own shape and that median.
    *P height* is the logarithm of the beat's height over the record's median height.

    Parameters
    ----------
    windows : numpy.ndarray
        Shape ``(n, samples, leads)``, in mV: of all beats of one record, in order, as from
        `beats.segment`.
    fs : float
        Sampling rate in Hz.
    before : float
        How many seconds a window reaches before its beat: 0.2 or more.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, leads, len(P_NAMES))``, from -1.5 to 1.5; see `P_KINDS`. Of a flat
        stretch, likeness is 0.

    Raises
    ------
    ValueError
        If the windows have another shape, or do not hold that stretch.

    Notes
    -----
    In atrial fibrillation there are no distinct, repeating P waves (Hindricks et al. 2021, doi
    10.1093/eurheartj/ehaa612). The P wave of a premature atrial beat is early and of another shape
    than the sinus beats', and may hide in the T wave before it (Yandrapalli 2023, StatPearls,
    https://www.statpearls.com/point-of-care/27654).

    Examples
    --------
    >>> from ecglab import beats, records
    >>> some = beats.segment(records.load("100"), leads="MLII")
    >>> p_context(some.windows, some.fs, some.before).shape == (len(some), 1, 3)
    True
    """
    windows = np.asarray(windows)
    if windows.ndim != 3:
        raise ValueError(f"windows has shape {windows.shape}; it must be (beats, samples, leads)")
    seconds = np.array([before, *P_WINDOW])
    zero, early, late = np.rint(seconds * checked_rate(fs)).astype(int)
    first, stop = zero - early, zero - late
    count = windows.shape[1]
    if not 0 <= first < stop <= count:
        reach = f"{count} samples at {fs:g} Hz from {before} s before the beat"
        raise ValueError(f"the windows hold {reach}; P waves need those 0.2 to 0.06 s before it")
    leads = [_p_columns(lead.T) for lead in windows[:, first:stop].T]
    return _bounded(np.stack(leads, axis=1))


def context_columns(names: Iterable[str], leads: Sequence[str]) -> tuple[str, ...]:
    """Return what `beats.with_context` calls its columns: those of P waves once for each lead.

    Parameters
    ----------
    names : iterable of str
        Of `AROUND`.
    leads : sequence of str

    Examples
    --------
    >>> context_columns(["irregularity within 5", "P height"], ["MLII", "V1"])
    ('irregularity within 5', 'P height in MLII', 'P height in V1')
    """
    columns = []
    for name in names:
        each = [f"{name} in {lead}" for lead in leads]
        columns += each if name in P_NAMES else [name]
    return tuple(columns)


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


def _context_terms(known: np.ndarray) -> dict[str, np.ndarray | float]:
    """Return what the names of `context`'s columns speak of."""
    missing = np.full(len(NEIGHBOURS) // 2, np.nan)
    padded = np.concatenate([missing, known, missing])
    around = np.lib.stride_tricks.sliding_window_view(padded, len(NEIGHBOURS))
    terms = dict(zip(NEIGHBOURS, around.T, strict=True))
    change = np.abs(np.log(terms["next"] / terms["previous"]))
    for half in (5, 15, 50):
        terms[f"irregularity within {half}"] = _median_within(half, change)
        terms[f"median within {half}"] = _median_within(half, terms["previous"])
    terms["0.8 s"] = 0.8
    return terms


def _p_columns(stretches: np.ndarray) -> np.ndarray:
    """Return `p_context` of one lead, shape ``(n, 3)``."""
    waves = stretches - stretches.mean(axis=1, keepdims=True, dtype=float)
    heights = np.maximum(np.linalg.norm(waves, axis=1), FLAT)
    shapes = waves / heights[:, None]
    shared = _median_within(P_WITHIN, shapes)
    coherence = np.linalg.norm(shared, axis=1)
    likeness = (shapes * shared).sum(axis=1) / np.maximum(coherence, FLAT)
    height = np.log(heights / np.median(heights))
    return np.stack([coherence, likeness, height], axis=1)


def _median_within(half: int, numbers: np.ndarray) -> np.ndarray:
    """Return the median of each row and `half` rows to either side, missing numbers left out.

    In one pass: a day's recording takes no more memory than a few copies of its numbers.
    """
    rows = pd.DataFrame(numbers).rolling(2 * half + 1, center=True, min_periods=1)
    return rows.median().to_numpy().reshape(numbers.shape)


def _bounded(columns: np.ndarray) -> np.ndarray:
    """Return columns for a network: none far out, and 0 where nothing is known."""
    known = np.nan_to_num(columns)
    return np.clip(known, -FARTHEST, FARTHEST).astype(np.float32)
