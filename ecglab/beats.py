"""Beats: finding them, cutting their windows, naming their classes, timing them."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Self

import numpy as np
import sleepecg
from scipy.signal import butter, sosfiltfilt

from ecglab import records as recordings
from ecglab.records import Record

#: The classes of ANSI/AAMI EC57; a label is an index into this tuple.
CLASSES = ("N", "S", "V", "F", "Q")

#: Which annotation symbols each class holds, in the convention of de Chazal et al. 2004
#: (doi 10.1109/TBME.2004.827359): supraventricular escape beats (e, j, n) count as N.
AAMI = {"N": "NLRBejn", "S": "AaJS", "V": "VEr", "F": "F", "Q": "/fQ?"}

#: The columns of `Beats.rr`, and what each one has to know. *causal*: the beat and what came
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

#: Column names of `Beats.rr`.
RR_NAMES = tuple(RR_KINDS)


@dataclass(frozen=True, repr=False)
class Beats:
    """Beats cut from recordings, ready to become images.

    Indexing with a slice, a mask or an array of positions gives `Beats` again.

    Attributes
    ----------
    windows : numpy.ndarray
        float32, shape ``(n, samples, leads)``, in mV.
    labels : numpy.ndarray
        int8, shape ``(n,)``: index into `CLASSES`.
    symbols : numpy.ndarray
        ``<U1``, shape ``(n,)``: the annotators' symbols.
    rr : numpy.ndarray
        float32, shape ``(n, len(RR_NAMES))``; see `RR_KINDS`.
    records, subjects : numpy.ndarray
        str, shape ``(n,)``: where each beat comes from.
    samples : numpy.ndarray
        int64, shape ``(n,)``: where it lies in its record.
    padded : numpy.ndarray
        bool, shape ``(n,)``: the window partly left the recording and was
        filled with the edge value.
    fs : float
        Sampling rate in Hz.
    before, after : float
        How many seconds a window reaches before and after its beat.
    leads : tuple of str
        One entry for each lead of `windows`, as asked for.
    simulated : bool
        Whether the beats are of simulated patients.
    """

    windows: np.ndarray
    labels: np.ndarray
    symbols: np.ndarray
    rr: np.ndarray
    records: np.ndarray
    subjects: np.ndarray
    samples: np.ndarray
    padded: np.ndarray
    fs: float
    before: float
    after: float
    leads: tuple[str, ...]
    simulated: bool

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, choice: slice | np.ndarray | Sequence[int]) -> Self:
        if isinstance(choice, int | np.integer):
            raise TypeError(f"{choice} is one position; give a slice, a mask or a list: [{choice}]")
        return replace(self, **{name: getattr(self, name)[choice] for name in _PER_BEAT})

    @property
    def counts(self) -> dict[str, int]:
        """How many beats there are of each class."""
        return {name: int((self.labels == k).sum()) for k, name in enumerate(CLASSES)}

    @property
    def sha256(self) -> str:
        """A hash over records, places, symbols and voltages: equal for equal beats.

        Voltages are rounded to a microvolt, so that the last bit of a filter's
        arithmetic does not count.
        """
        digest = hashlib.sha256()
        for part in (self.records, self.samples, self.symbols, np.rint(self.windows * 1000)):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        people = "simulated patients" if self.simulated else "people"
        form = f"{self.windows.shape[1]} samples at {self.fs:g} Hz of {', '.join(self.leads)}"
        return f"{len(self)} beats of {len(np.unique(self.subjects))} {people} ({counts}), {form}"


_SHARED = ("fs", "before", "after", "leads", "simulated")  # by all beats of one `Beats`
_PER_BEAT = tuple(f.name for f in fields(Beats) if f.name not in _SHARED)


def detect(signal: np.ndarray, fs: float) -> np.ndarray:
    """Find the heartbeats in one lead with sleepecg's Pan–Tompkins detector.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape ``(samples,)``, in mV.
    fs : float
        Sampling rate in Hz.

    Returns
    -------
    numpy.ndarray
        int64, shape ``(beats,)``: sample positions, close to the R peaks.

    Raises
    ------
    ValueError
        If the signal is flat, shorter than a second, holds something other than finite
        numbers, or has more than one lead, or if `fs` is not above 60 Hz.

    Notes
    -----
    The detector, a variant of Pan and Tompkins' (doi 10.1109/TBME.1985.325532), filters from
    5 to 30 Hz and sets its thresholds in the first two seconds. It has no notion of signal
    quality: noise yields beats, and after an artefact many times larger than the beats it
    finds few of those that follow. It knows the whole signal, so it is not causal.

    Examples
    --------
    >>> from ecglab import records
    >>> record = records.load("100")
    >>> len(detect(record.lead("MLII")[: 10 * 360], record.fs)) > 9
    True
    """
    signal = np.asarray(signal)
    if signal.ndim != 1:
        raise ValueError(f"signal has shape {signal.shape}; give one lead, shape (samples,)")
    _check_rate(fs, above=60)
    _check_signal(signal[:, None])
    lasts = (len(signal) + 1 - np.argmax(signal != signal[0])) / fs
    if lasts < 1:
        raise ValueError(f"the signal lasts {lasts:.2f} s after any flat start; 1 s is needed")
    return np.asarray(sleepecg.detect_heartbeats(signal.astype(float), fs), dtype=np.int64)


def remove_baseline(signal: np.ndarray, fs: float, cutoff: float = 0.5) -> np.ndarray:
    """Take baseline wander out with a zero-phase Butterworth high-pass filter.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape ``(samples,)`` or ``(samples, leads)``, in mV.
    fs : float
        Sampling rate in Hz.
    cutoff : float
        Where the gain has fallen to one half, in Hz.

    Returns
    -------
    numpy.ndarray
        float32, the shape of `signal`, in mV.

    Raises
    ------
    ValueError
        If `cutoff` does not lie between 0 and half the sampling rate, or the signal has
        another shape, fewer than 10 samples, or something other than finite numbers.

    Notes
    -----
    Filtering forwards and backwards leaves the timing alone and doubles the
    attenuation. Slow parts of the ST segment and T wave are attenuated with
    the wander: measure those on the unfiltered signal.
    """
    signal = np.asarray(signal)
    _check_rate(fs)
    if signal.ndim not in (1, 2) or len(signal) < 10:
        raise ValueError(
            f"signal has shape {signal.shape}; give (samples,) or (samples, leads), 10 or more"
        )
    _check_signal(signal if signal.ndim == 2 else signal[:, None], may_be_flat=True)
    if not 0 < cutoff < fs / 2:
        raise ValueError(f"cutoff is {cutoff} Hz; it must lie between 0 and {fs / 2:g} Hz")
    sos = butter(2, cutoff, btype="highpass", fs=fs, output="sos")
    return sosfiltfilt(sos, signal, axis=0).astype(np.float32)


def labels_of(symbols: Sequence[str] | np.ndarray, escape: str = "N") -> np.ndarray:
    """Map annotation symbols to AAMI classes.

    Parameters
    ----------
    symbols : sequence of str
        Beat symbols, such as ``["N", "A"]``.
    escape : {"N", "S"}
        Where supraventricular escape beats (``e``, ``j``, ``n``) belong: ``"N"`` as in
        most papers, ``"S"`` as in WFDB's ``bxb``.

    Returns
    -------
    numpy.ndarray
        int8, one index into `CLASSES` for each symbol.

    Raises
    ------
    ValueError
        If a symbol is not a beat, or `escape` is neither N nor S.

    Examples
    --------
    >>> labels_of(["N", "A", "e"]), labels_of(["N", "A", "e"], escape="S")
    (array([0, 1, 0], dtype=int8), array([0, 1, 1], dtype=int8))
    """
    if escape not in ("N", "S"):
        raise ValueError(f"escape is {escape!r}; it may be 'N' or 'S'")
    index = {symbol: CLASSES.index(name) for name in CLASSES for symbol in AAMI[name]}
    index |= dict.fromkeys("ejn", CLASSES.index(escape))
    symbols = np.asarray(symbols, dtype="<U1").tolist()
    unknown = sorted(set(symbols) - index.keys())
    if unknown:
        raise ValueError(f"{unknown} are not beat symbols; those are {' '.join(index)}")
    return np.array([index[symbol] for symbol in symbols], dtype=np.int8)


def segment(
    record: Record,
    before: float = 0.25,
    after: float = 0.35,
    leads: Sequence[str] | None = None,
    highpass: float | None = 0.5,
    escape: str = "N",
) -> Beats:
    """Cut a window about every annotated beat of a record.

    Parameters
    ----------
    record : Record
    before, after : float
        What the window shows before and after the annotated sample, in s.
    leads : str or sequence of str, optional
        Leads by name; ``"MLII|V5"`` takes the first of these that the record has.
        By default all leads of the record.
    highpass : float or None
        Baseline wander below this frequency (Hz) is removed; None keeps it.
    escape : {"N", "S"}
        See `labels_of`.

    Returns
    -------
    Beats
        A window that partly leaves the recording is filled with the edge value
        and flagged in ``padded``.

    Raises
    ------
    ValueError
        If the window is empty, longer than the recording or wholly outside it, if the record
        has no beats or no such lead, or if a chosen lead is flat or holds NaN.

    Examples
    --------
    >>> from ecglab import records
    >>> beats = segment(records.load("100"), leads=["MLII"])
    >>> beats.windows.shape[1:], beats.fs
    ((216, 1), 360.0)
    """
    first, stop = np.rint([-before * record.fs, after * record.fs])
    if not 0 < stop - first <= len(record.signal):
        raise ValueError(
            f"the window from {-before} s to {after} s is empty, or longer than the recording "
            f"of {record.duration:g} s"
        )
    if not len(record.samples):
        raise ValueError(f"record {record} has no annotated beats; detect them first")
    wanted = (leads,) if isinstance(leads, str) else tuple(leads or record.leads)
    # Where a record has none of the alternatives, `record.lead` says so
    chosen = [next((n for n in lead.split("|") if n in record.leads), lead) for lead in wanted]
    signal = np.stack([record.lead(name) for name in chosen], axis=1)
    _check_signal(signal, chosen)
    if highpass is not None:
        signal = remove_baseline(signal, record.fs, highpass)
    positions = record.samples[:, None] + np.arange(int(first), int(stop))
    inside = np.clip(positions, 0, len(signal) - 1)
    outside = positions != inside
    if outside.all(axis=1).any():
        lost = record.samples[outside.all(axis=1)][0]
        raise ValueError(
            f"the window of the beat at sample {lost} lies wholly outside the recording of "
            f"{len(signal)} samples"
        )
    count = len(record.samples)
    return Beats(
        windows=signal[inside],
        labels=labels_of(record.symbols, escape),
        symbols=record.symbols,
        rr=rr_features(record.samples, record.fs),
        records=np.full(count, record.name),
        subjects=np.full(count, record.subject),
        samples=record.samples,
        padded=outside.any(axis=1),
        fs=record.fs,
        before=before,
        after=after,
        leads=wanted,
        simulated=record.simulated,
    )


def load(
    names: str | Iterable[str],
    leads: Sequence[str] = ("MLII",),
    before: float = 0.25,
    after: float = 0.35,
    highpass: float | None = 0.5,
    escape: str = "N",
) -> Beats:
    """Load and segment several MIT-BIH records.

    Parameters
    ----------
    names : str or iterable of str
        ``"DS1"`` (training patients), ``"DS2"`` (test patients), or names of records.
    leads, before, after, highpass, escape
        As in `segment`. Records 102 and 104 have no MLII.

    Returns
    -------
    Beats

    Raises
    ------
    ValueError
        If no name is given, or some records are real and some simulated.

    Examples
    --------
    >>> load(["100", "101"]).windows.shape[1:]
    (216, 1)
    """
    if isinstance(names, str):
        names = {"DS1": recordings.DS1, "DS2": recordings.DS2}.get(names, (names,))
    cut = (before, after, leads, highpass, escape)
    return concatenate([segment(recordings.load(name), *cut) for name in names])


def concatenate(parts: Sequence[Beats]) -> Beats:
    """Join beats of several records into one `Beats`.

    Raises
    ------
    ValueError
        If there is nothing to join, or the parts differ in window, leads, sampling
        rate or in being real or simulated.
    """
    if not parts:
        raise ValueError("no records given; name at least one, such as '100'")
    forms = {tuple(getattr(part, name) for name in _SHARED) for part in parts}
    if len(forms) > 1:
        raise ValueError(f"these beats can't be joined: {_SHARED} is {sorted(forms)}")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PER_BEAT}
    return replace(parts[0], **joined)


def typical(beats: Beats) -> np.ndarray:
    """Give each beat the typical shape of its recording: the median of that record's windows.

    What a beat looks like beside its own record's typical beat is less a matter of the person
    than its shape alone. No label is used, but every beat of the record is: *record-adaptive*,
    offline.

    Parameters
    ----------
    beats : Beats
        Whole records; of a choice of beats, the median is taken over that choice.

    Returns
    -------
    numpy.ndarray
        float32, the shape of ``beats.windows``, in mV; equal for all beats of a record.

    Examples
    --------
    >>> beats = load(["100", "101"])
    >>> shapes = typical(beats)
    >>> shapes.shape == beats.windows.shape, len(np.unique(shapes, axis=0))
    (True, 2)
    """
    shapes = np.empty_like(beats.windows)
    for name in np.unique(beats.records):
        its = beats.records == name
        shapes[its] = np.median(beats.windows[its], axis=0)
    return shapes


def against_typical(beats: Beats, show: Sequence[str] = ("beat", "difference")) -> Beats:
    """Set each beat against its recording's typical beat, as further leads.

    The difference of the two is near zero for a usual beat of *anybody*: what is left of a
    person's own shape is little, what is left of a strange beat is much.

    Parameters
    ----------
    beats : Beats
        Whole records; see `typical`. *Record-adaptive*, offline.
    show : sequence of {"beat", "typical", "difference"}
        What the leads of the result show, in this order, each for all leads.

    Returns
    -------
    Beats
        With ``len(show)`` times as many leads.

    Raises
    ------
    ValueError
        If there is something else in `show`.

    Examples
    --------
    >>> against_typical(load(["100"])).leads
    ('MLII', 'MLII difference')
    """
    usual = typical(beats)
    windows = {"beat": beats.windows, "typical": usual, "difference": beats.windows - usual}
    if not show or not set(show) <= set(windows):
        raise ValueError(f"show is {tuple(show)}; it may hold {', '.join(windows)}")
    leads = [lead if kind == "beat" else f"{lead} {kind}" for kind in show for lead in beats.leads]
    chosen = np.concatenate([windows[kind] for kind in show], axis=2)
    return replace(beats, windows=chosen, leads=tuple(leads))


def log_rr(beats: Beats, names: Sequence[str]) -> Beats:
    """Keep some RR features, on scales that a network learns from easily.

    Of a ratio of intervals the logarithm, so that half and twice are equally far from usual;
    a change as it is.

    Parameters
    ----------
    beats : Beats
        With all of `RR_NAMES` as columns of ``rr``.
    names : sequence of str
        Of `RR_NAMES`; not those in seconds, which tell the person rather than the beat.

    Returns
    -------
    Beats
        With ``len(names)`` columns in ``rr``, clipped to ±1.

    Raises
    ------
    ValueError
        If a name is in seconds or not among `RR_NAMES`.

    Examples
    --------
    >>> log_rr(load(["100"]), ["previous / record mean"]).rr.shape
    (2273, 1)
    """
    known = [name for name in RR_NAMES if "/" in name]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"{unknown} are not RR features without a unit; those are {known}")
    columns = beats.rr[:, [RR_NAMES.index(name) for name in names]]
    ratios = np.array(["change" not in name for name in names], dtype=bool)
    columns[:, ratios] = np.log(columns[:, ratios])
    return replace(beats, rr=np.clip(columns, -1, 1))


def rr_features(samples: np.ndarray, fs: float) -> np.ndarray:
    """Describe each beat by the intervals to its neighbours.

    Parameters
    ----------
    samples : numpy.ndarray
        int, shape ``(n,)``, rising: where the beats are.
    fs : float
        Sampling rate in Hz.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, len(RR_NAMES))``; `RR_KINDS` tells which columns a monitor could
        compute as it goes and which need the recording's future. The record's mean stands in
        for the two intervals that do not exist, before the first beat and after the last, but
        enters no other beat's mean or median.

    Raises
    ------
    ValueError
        If there are fewer than two beats, or they are not in rising order.

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
    samples = np.asarray(samples)
    _check_rate(fs)
    if samples.ndim != 1 or len(samples) < 2:
        raise ValueError(f"samples has shape {samples.shape}; give two or more beats, shape (n,)")
    intervals = np.diff(samples.astype(float)) / fs  # of unsigned integers, diff wraps around
    if not (intervals > 0).all():
        worst = int(np.argmin(intervals > 0))
        raise ValueError(
            f"beats must be in rising order; sample {samples[worst + 1]} follows {samples[worst]}"
        )
    mean = intervals.mean()
    usual = {
        "mean of last 10": _of_last(intervals, np.nanmean),
        "median of last 10": _of_last(intervals, np.nanmedian),
        "mean so far": np.cumsum(intervals) / np.arange(1, len(samples)),
    }
    changes = np.abs(np.diff(intervals, prepend=intervals[0]))  # the first has nothing before it
    # Before its second beat a record has no usual interval: the ratios to it begin with 1
    terms = {name: np.concatenate([[mean], one]) for name, one in usual.items()}
    terms["change of last 10"] = np.concatenate([[0], _of_last(changes, np.nanmedian)])
    change = np.median(changes[1:]) if len(changes) > 1 else 0
    terms["record change"] = np.full(len(samples), change)
    terms |= {"record mean": mean, "record median": np.median(intervals), "": 1}
    terms["previous"] = np.concatenate([[mean], intervals])
    terms["next"] = np.concatenate([intervals, [mean]])
    # A column's name says what is divided by what, that of seconds by nothing
    columns = (name.removesuffix(" (s)").partition(" / ") for name in RR_NAMES)
    ratios = [terms[part] / terms[whole] for part, _, whole in columns]
    return np.stack(ratios, axis=1).astype(np.float32)


# ---------------------------------------------------------------------------


def _of_last(intervals: np.ndarray, middle: Callable[..., np.ndarray]) -> np.ndarray:
    """Return the nanmean or nanmedian of each interval and the nine before it."""
    padded = np.concatenate([np.full(9, np.nan), intervals])
    return middle(np.lib.stride_tricks.sliding_window_view(padded, 10), axis=1)


def _check_rate(fs: float, above: float = 0) -> None:
    if not isinstance(fs, Real) or not above < fs < np.inf:
        raise ValueError(f"fs is {fs!r}; it must be a sampling rate above {above:g} Hz")


def _check_signal(
    signal: np.ndarray, leads: Sequence[str] | None = None, may_be_flat: bool = False
) -> None:
    if signal.dtype.kind not in "iuf":
        raise ValueError(f"the signal holds {signal.dtype}; it must hold numbers, in mV")
    for k, column in enumerate(signal.T):
        lead = f"lead {leads[k]}" if leads else f"column {k} of the signal"
        if not np.isfinite(column).all():
            bad = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(
                f"{lead} holds {column[bad]} at sample {bad}; every sample must be a number"
            )
        if not may_be_flat and (not len(column) or np.ptp(column) == 0):
            raise ValueError(f"{lead} is flat: no heartbeat can be seen in it")
