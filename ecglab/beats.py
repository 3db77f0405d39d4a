"""Beats: finding them, cutting their windows, naming their classes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import sleepecg
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from ecglab import given, rhythm
from ecglab import records as recordings
from ecglab.databases import Record, checked_rate, checked_symbols
from ecglab.rhythm import GAP, RR_KINDS, RR_NAMES, in_episodes, intervals, rr_features

__all__ = [
    "AAMI",
    "CLASSES",
    "GAP",
    "RR_KINDS",
    "RR_NAMES",
    "Beats",
    "against_typical",
    "concatenate",
    "detect",
    "find",
    "intervals",
    "labels_of",
    "load",
    "log_rr",
    "remove_baseline",
    "resample",
    "rr_features",
    "segment",
    "typical",
    "with_context",
]

#: The classes of ANSI/AAMI EC57; a label is an index into this tuple.
CLASSES = ("N", "S", "V", "F", "Q")

#: Which annotation symbols each class holds, in the convention of de Chazal et al. 2004
#: (doi 10.1109/TBME.2004.827359): supraventricular escape beats (e, j, n) count as N.
AAMI = {"N": "NLRBejn", "S": "AaJS", "V": "VEr", "F": "F", "Q": "/fQ?"}

#: What `against_typical` can show of a beat.
SHOWN = ("beat", "typical", "difference", "late difference")

#: A beat is late, and so not premature, that comes at least this part of the record's mean interval
#: after the last one.
LATE = 0.9


@dataclass(frozen=True, eq=False, repr=False)
class Beats:
    """Beats cut from recordings, ready to become images.

    Indexing with a slice, a mask or an array of positions gives `Beats` again. What it is given is
    checked. Two `Beats` are equal only if they are the same object; `sha256` compares contents.

    Attributes
    ----------
    windows : numpy.ndarray
        float32, shape ``(n, samples, leads)``, in mV.
    labels : numpy.ndarray
        int8, shape ``(n,)``: index into `CLASSES`.
    symbols : numpy.ndarray
        ``<U1``, shape ``(n,)``: the annotators' symbols.
    rr : numpy.ndarray
        float32, shape ``(n, len(rr_names))``; see `rhythm.RR_KINDS`, and `with_context`
        for further columns.
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
    highpass : float or None
        Below which frequency, in Hz, baseline wander was removed.
    escape : {"N", "S"}
        Where supraventricular escape beats count; see `labels_of`.
    show : tuple of str
        What the windows show of the beat; see `against_typical`.
    rr_names : tuple of str
        What the columns of `rr` are.

    Raises
    ------
    ValueError
        If parts do not fit together, or hold what they can't: the message names it.
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
    highpass: float | None = 0.5
    escape: str = "N"
    show: tuple[str, ...] = ("beat",)
    rr_names: tuple[str, ...] = RR_NAMES

    def __post_init__(self) -> None:
        checked = {
            "windows": _checked_windows(self.windows),
            "labels": _checked_labels(self.labels),
            "symbols": checked_symbols(self.symbols),
            "rr": np.asarray(self.rr, dtype=np.float32),
            "records": np.asarray(self.records, dtype=str),
            "subjects": np.asarray(self.subjects, dtype=str),
            "samples": np.asarray(self.samples, dtype=np.int64),
            "padded": np.asarray(self.padded, dtype=bool),
            "fs": checked_rate(self.fs),
            "leads": given.names(self.leads),
            "show": given.names(self.show),
            "rr_names": given.names(self.rr_names),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # the way to fill a frozen dataclass
        self._check_sizes()

    def _check_sizes(self) -> None:
        sizes = {name: len(getattr(self, name)) for name in _PER_BEAT}
        if len(set(sizes.values())) > 1:
            listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise ValueError(f"each beat needs one of everything; there are {listed}")
        if self.rr.ndim != 2:
            raise ValueError(f"rr has shape {self.rr.shape}; it must be (beats, features)")
        columns = self.rr.shape[1]
        if len(self.rr_names) != columns:
            raise ValueError(f"{len(self.rr_names)} names for {columns} RR features; give rr_names")
        channels = self.windows.shape[2]
        if len(self.leads) != channels:
            raise ValueError(f"{len(self.leads)} leads for windows of {channels} channels")
        if not self.show or channels % len(self.show):
            raise ValueError(f"show is {self.show}; each is shown for as many of {channels} leads")

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, choice: slice | np.ndarray | Sequence[int]) -> Self:
        if not isinstance(choice, slice):
            choice = _checked_choice(choice, len(self))
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
        microvolts = np.rint(self.windows * 1000)
        digest = hashlib.sha256()
        for part in (_narrow(self.records), self.samples, _narrow(self.symbols), microvolts):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    @property
    def about(self) -> dict:
        """What tells these beats from others, in terms of JSON: whose, which, and how cut.

        Two `Beats` with the same `about` teach a network the same. RR features are compared to
        four digits, since the last bits of a mean depend on the processor.
        """
        return {
            "records": sorted(set(self.records.tolist())),
            "subjects": sorted(set(self.subjects.tolist())),
            "simulated": bool(self.simulated),
            "leads": list(self.leads),
            "show": list(self.show),
            "before": float(self.before),
            "after": float(self.after),
            "fs": float(self.fs),
            "highpass": self.highpass,
            "escape": self.escape,
            "rr_names": list(self.rr_names),
            "beats": self.sha256,
            "labels": _hash(self.labels),
            "rr": _hash(np.rint(self.rr * 10_000) + 0.0),  # 0 and not -0
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        people = "simulated patients" if self.simulated else "people"
        form = f"{self.windows.shape[1]} samples at {self.fs:g} Hz of {', '.join(self.leads)}"
        return f"{len(self)} beats of {len(np.unique(self.subjects))} {people} ({counts}), {form}"


#: What all beats of one `Beats` share.
_SHARED = (
    *("fs", "before", "after", "leads", "simulated"),
    *("highpass", "escape", "show", "rr_names"),
)
_PER_BEAT = tuple(f.name for f in fields(Beats) if f.name not in _SHARED)


def detect(signal: np.ndarray, fs: float) -> np.ndarray:
    """Find the heartbeats in one lead with sleepecg's Pan–Tompkins detector.

    First used in chapter 1.

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
    if checked_rate(fs) <= 60:
        raise ValueError(f"fs is {fs!r}; it must be a sampling rate above 60 Hz")
    _check_signal(signal[:, None])
    lasts = (len(signal) + 1 - np.argmax(signal != signal[0])) / fs
    if lasts < 1:
        raise ValueError(f"the signal lasts {lasts:.2f} s after any flat start; 1 s is needed")
    return np.asarray(sleepecg.detect_heartbeats(signal.astype(float), fs), dtype=np.int64)


def find(record: Record, lead: str | None = None) -> Record:
    """Find the heartbeats of a record that has no annotations, or put them in their place.

    First used in chapter 7.

    Parameters
    ----------
    record : Record
    lead : str, optional
        In which lead; by default the one in which the beats are highest.

    Returns
    -------
    Record
        With the found beats, called ``?`` (not classified), and no rhythms. Beats found where the
        signal is unreadable are left out.

    Raises
    ------
    ValueError
        If there is no such lead, or `detect` can't use it, or it finds no beat.

    Examples
    --------
    >>> from ecglab import records
    >>> found = find(records.load("100"))
    >>> len(found.samples) > 2000, set(found.symbols.tolist())
    (True, {'?'})
    """
    if lead is None:
        heights = np.ptp(np.percentile(record.signal, (1, 99), axis=0), axis=0)
        lead = record.leads[int(heights.argmax())]
    samples = detect(record.lead(lead), record.fs)
    unreadable = record.episodes[record.episodes["kind"] == "unreadable"]
    samples = samples[~in_episodes(samples, unreadable)]
    if not len(samples):
        raise ValueError(f"no beat was found in lead {lead} of record {record}")
    return replace(record, samples=samples, symbols=["?"] * len(samples), rhythms=())


def remove_baseline(signal: np.ndarray, fs: float, cutoff: float = 0.5) -> np.ndarray:
    """Take baseline wander out with a zero-phase Butterworth high-pass filter.

    First used in chapter 1.

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
    fs = checked_rate(fs)
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

    First used in chapter 2.

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
    symbols = np.asarray(symbols, dtype=str).tolist()
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

    First used in chapter 2.

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
    asked = given.names(leads or record.leads)
    signal = _signal_of(record, asked, highpass)
    positions = _positions(record, before, after)
    inside = np.clip(positions, 0, len(signal) - 1)
    outside = positions != inside
    _check_reached(record, outside.all(axis=1))
    count = len(record.samples)
    return Beats(
        windows=signal[inside],
        labels=labels_of(record.symbols, escape),
        symbols=record.symbols,
        rr=rr_features(record.samples, record.fs, record.episodes),
        records=np.full(count, record.name),
        subjects=np.full(count, record.subject),
        samples=record.samples,
        padded=outside.any(axis=1),
        fs=record.fs,
        before=before,
        after=after,
        leads=asked,
        simulated=record.simulated,
        highpass=highpass,
        escape=escape,
    )


def load(
    names: str | int | Iterable[str | int],
    leads: Sequence[str] = ("MLII",),
    before: float = 0.25,
    after: float = 0.35,
    highpass: float | None = 0.5,
    escape: str = "N",
) -> Beats:
    """Load and segment several MIT-BIH records.

    First used in chapter 3.

    Parameters
    ----------
    names : str or int, or iterable of them
        ``"DS1"`` (training patients), ``"DS2"`` (test patients), or names of records.
    leads, before, after, highpass, escape
        As in `segment`. Records 102 and 104 have no MLII.

    Returns
    -------
    Beats

    Raises
    ------
    ValueError
        If no name is given, or one twice, or some records are real and some simulated.

    Examples
    --------
    >>> load(["100", "101"]).windows.shape[1:]
    (216, 1)
    """
    cut = (before, after, leads, highpass, escape)
    parts = [segment(recordings.load(name), *cut) for name in recordings.names_of(names)]
    return concatenate(parts)


def concatenate(parts: Sequence[Beats]) -> Beats:
    """Join beats of several records into one `Beats`.

    First used in chapter 2.

    Raises
    ------
    ValueError
        If there is nothing to join, or the parts differ in window, leads, sampling rate (see
        `resample`), filter, RR features, the class of escape beats, or in being real
        or simulated.
    """
    if not parts:
        raise ValueError("no records given; name at least one, such as '100'")
    for name in _SHARED:
        found = list(dict.fromkeys(getattr(part, name) for part in parts))
        if len(found) > 1:
            differing = " or ".join(map(str, found))
            raise ValueError(f"these beats can't be joined: {name} is {differing}")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PER_BEAT}
    return replace(parts[0], **joined)


def resample(beats: Beats, fs: float) -> Beats:
    """Bring beats to another sampling rate, so that recordings of several rates can be joined.

    Parameters
    ----------
    beats : Beats
    fs : float
        The new sampling rate in Hz.

    Returns
    -------
    Beats
        Windows of the same length in time, read off a cubic spline through the samples; where
        the rate falls, what is too fast for the new one is filtered out first. After a window's
        last known sample its value stands. ``samples`` count at the new rate.

    Raises
    ------
    ValueError
        If `fs` is no rate.

    Examples
    --------
    >>> some = load(["100"])[:5]
    >>> resample(some, 250).windows.shape
    (5, 150, 1)
    """
    fs = checked_rate(fs)
    if fs == beats.fs:
        return beats
    windows = beats.windows
    if fs < beats.fs:
        slower = butter(4, 0.4 * fs, fs=beats.fs, output="sos")
        windows = sosfiltfilt(slower, windows, axis=1, padtype="even")
    first, _ = _extent(beats.before, beats.after, beats.fs)
    times = (first + np.arange(windows.shape[1])) / beats.fs
    new_times = np.arange(*_extent(beats.before, beats.after, fs)) / fs
    inside = np.clip(new_times, times[0], times[-1])
    values = CubicSpline(times, windows, axis=1)(inside).astype(np.float32)
    samples = np.rint(beats.samples * (fs / beats.fs)).astype(np.int64)
    return replace(beats, windows=values, samples=samples, fs=fs)


def typical(beats: Beats, least: float = 0.0) -> np.ndarray:
    """Give each beat the typical shape of its recording: the median of that record's windows.

    What a beat looks like beside its own record's typical beat is less a matter of the person
    than its shape alone. No label is used, but every beat of the record is: *record-adaptive*,
    offline.

    Parameters
    ----------
    beats : Beats
        Whole records; of a choice of beats, the median is taken over that choice.
    least : float
        Only beats count that come at least this part of the record's mean interval after the
        last one: at 0.9 no premature beat has a say, however many there are.

    Returns
    -------
    numpy.ndarray
        float32, the shape of ``beats.windows``, in mV; equal for all beats of a record.

    Raises
    ------
    ValueError
        If `least` is not from 0 to 1.

    Examples
    --------
    >>> beats = load(["100", "101"])
    >>> shapes = typical(beats)
    >>> shapes.shape == beats.windows.shape, len(np.unique(shapes, axis=0))
    (True, 2)
    """
    least = given.number("least", least)
    if not 0 <= least <= 1:
        raise ValueError(f"least is {least}; give a part of the mean interval, from 0 to 1")
    shapes = np.empty_like(beats.windows)
    for name in np.unique(beats.records):
        its = np.flatnonzero(beats.records == name)
        late = _late(beats.samples[its], least)
        counted = its[late]
        shapes[its] = np.median(beats.windows[counted], axis=0)
    return shapes


def _late(samples: np.ndarray, least: float) -> np.ndarray:
    """Tell which beats come at least a part of the mean interval after the last one."""
    if least == 0 or len(samples) < 2:
        return np.ones(len(samples), bool)
    intervals = np.diff(samples, prepend=np.nan)
    return intervals >= least * np.nanmean(intervals)


def against_typical(beats: Beats, show: Sequence[str] = ("beat", "difference")) -> Beats:
    """Set each beat against its recording's typical beat, as further leads.

    First used in chapter 4.

    The difference of the two is near zero for a usual beat of *anybody*: what is left of a
    person's own shape is little, what is left of a strange beat is much.

    Parameters
    ----------
    beats : Beats
        Whole records; see `typical`. *Record-adaptive*, offline.
    show : sequence of {"beat", "typical", "difference", "late difference"}
        What the leads of the result show, in this order, each for all leads. The last is the
        difference from the typical *late* beat: ``typical(beats, least=0.9)``.

    Returns
    -------
    Beats
        With ``len(show)`` times as many leads.

    Raises
    ------
    ValueError
        If there is something else in `show`, or the beats were set against it already.

    Examples
    --------
    >>> against_typical(load(["100"])).leads
    ('MLII', 'MLII difference')
    """
    show = given.names(show)
    if beats.show != ("beat",):
        raise ValueError(
            f"these beats were set against the typical beat already: {list(beats.leads)}"
        )
    if not show or not set(show) <= set(SHOWN):
        known = ", ".join(SHOWN)
        raise ValueError(f"show is {show}; it may hold {known}")
    leads = []
    for kind in show:
        ending = "" if kind == "beat" else f" {kind}"
        leads += [lead + ending for lead in beats.leads]
    windows = [_shown(beats, kind) for kind in show]
    shown = np.concatenate(windows, axis=2)
    return replace(beats, windows=shown, leads=tuple(leads), show=show)


def _shown(beats: Beats, kind: str) -> np.ndarray:
    """Return the windows that show beats in one of the ways of `against_typical`."""
    if kind == "beat":
        return beats.windows
    if kind == "typical":
        return typical(beats)
    least = LATE if kind == "late difference" else 0
    usual = typical(beats, least)
    return beats.windows - usual


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
        With ``len(names)`` columns in ``rr``, clipped to ±1; those of logarithms are called so.

    Raises
    ------
    ValueError
        If a name is in seconds or not among `RR_NAMES`, or the beats do not have all columns of
        `RR_NAMES`, as after a first `log_rr`.

    Examples
    --------
    >>> log_rr(load(["100"]), ["previous / record mean"]).rr.shape[1]
    1
    """
    names = given.names(names)
    if beats.rr.shape[1] != len(RR_NAMES):
        raise ValueError(
            f"the beats have {beats.rr.shape[1]} RR features, not the {len(RR_NAMES)} of RR_NAMES: "
            "log_rr has been here already; give it beats as they were cut"
        )
    without_unit = [name for name in RR_NAMES if "/" in name]
    unknown = [name for name in names if name not in without_unit]
    if unknown:
        raise ValueError(f"{unknown} are not RR features without a unit; those are {without_unit}")
    columns = beats.rr[:, [RR_NAMES.index(name) for name in names]]
    told = list(names)
    for k, name in enumerate(names):
        if "change" not in name:
            columns[:, k] = np.log(columns[:, k])
            told[k] = f"log {name}"
    return replace(beats, rr=np.clip(columns, -1, 1), rr_names=tuple(told))


def with_context(beats: Beats, names: Sequence[str], episodes: np.ndarray | None = None) -> Beats:
    """Tell of each beat what the rhythm around it is like, in further columns of ``rr``.

    Parameters
    ----------
    beats : Beats
        All beats of one record, not yet set against the typical beat.
    names : sequence of str
        Of `rhythm.AROUND`. A column of P waves comes once for each lead, and is called
        ``"P height in MLII"``.
    episodes : numpy.ndarray, optional
        ``Record.episodes``.

    Returns
    -------
    Beats
        With more columns in ``rr``, from -1.5 to 1.5, after those that were there.

    Raises
    ------
    ValueError
        If a name is none of those, or given twice; if the beats are set against the typical
        beat, or of several records, so that they do not follow one another. Or as from
        `rhythm.context` and `rhythm.p_context`.

    Examples
    --------
    >>> from ecglab import records
    >>> record = records.load("100")
    >>> told = with_context(segment(record), ["P coherence"], record.episodes)
    >>> told.rr_names[-2:]
    ('P coherence in MLII', 'P coherence in V5')
    """
    names = given.each_once(names, "context")
    unknown = [name for name in names if name not in rhythm.AROUND]
    if unknown:
        raise ValueError(f"{unknown} do not tell of the rhythm around a beat; {rhythm.AROUND} do")
    if not names:
        return beats
    if beats.show != ("beat",):
        raise ValueError(f"these beats show {beats.show}; give them as they were cut: ('beat',)")
    table = rhythm.context(beats.samples, beats.fs, episodes)
    columns = dict(zip(rhythm.CONTEXT_NAMES, table.T, strict=True))
    if set(names) & set(rhythm.P_NAMES):
        waves = rhythm.p_context(beats.windows, beats.fs, beats.before)
        columns |= dict(zip(rhythm.P_NAMES, waves.transpose(2, 0, 1), strict=True))
    chosen = [columns[name] for name in names]
    told = rhythm.context_columns(names, beats.leads)
    return replace(
        beats,
        rr=np.column_stack([beats.rr, *chosen]),
        rr_names=(*beats.rr_names, *told),
    )


# ---------------------------------------------------------------------------


def _extent(before: float, after: float, fs: float) -> tuple[float, float]:
    """Return where a window begins and ends, in whole samples from its beat."""
    first, stop = np.rint([-before * fs, after * fs])
    return first, stop


def _signal_of(record: Record, leads: Sequence[str], highpass: float | None) -> np.ndarray:
    """Return some leads of a record, without baseline wander, shape ``(samples, leads)``."""
    present = []
    for lead in leads:
        alternatives = [name for name in lead.split("|") if name in record.leads]
        # Where a record has none of the alternatives, `record.lead` says so
        present.append(alternatives[0] if alternatives else lead)
    signal = np.stack([record.lead(name) for name in present], axis=1)
    _check_signal(signal, present)
    if highpass is None:
        return signal
    return remove_baseline(signal, record.fs, highpass)


def _positions(record: Record, before: float, after: float) -> np.ndarray:
    """Return which samples each beat's window shows, shape ``(beats, samples)``."""
    first, stop = _extent(before, after, record.fs)
    if not 0 < stop - first <= len(record.signal):
        raise ValueError(
            f"the window from {-before} s to {after} s is empty, or longer than the recording "
            f"of {record.duration:g} s"
        )
    if not len(record.samples):
        raise ValueError(f"record {record} has no annotated beats; detect them first")
    return record.samples[:, None] + np.arange(int(first), int(stop))


def _check_reached(record: Record, lost: np.ndarray) -> None:
    """Refuse a window of which nothing lies within the recording."""
    if lost.any():
        raise ValueError(
            f"the window of the beat at sample {record.samples[lost][0]} lies wholly outside the "
            f"recording of {len(record.signal)} samples"
        )


def _narrow(texts: np.ndarray) -> np.ndarray:
    """Return texts in the narrowest array that holds them: equal texts, equal bytes."""
    return np.array(texts.tolist(), dtype=str)


def _hash(values: np.ndarray) -> str:
    in_order = np.ascontiguousarray(values)
    return hashlib.sha256(in_order.tobytes()).hexdigest()


def _checked_choice(choice: np.ndarray | Sequence[int], count: int) -> np.ndarray:
    """Return positions or a mask as an array of one dimension, or refuse what is neither."""
    accepted = "give a slice, a mask or a list of positions"
    if choice is None or isinstance(choice, str | tuple) or choice is Ellipsis:
        raise TypeError(f"{choice!r} chooses no beats; {accepted}")
    array = np.asarray(choice)
    if array.ndim == 0:
        raise TypeError(f"{choice} is one position; {accepted}: [{choice}]")
    if array.ndim != 1 or (array.size and array.dtype.kind not in "biu"):
        form = f"an array of {array.dtype}, shape {array.shape}"
        raise TypeError(f"{form}, chooses no beats; {accepted}")
    if array.dtype == bool and len(array) != count:
        raise IndexError(f"the mask has {len(array)} entries for {count} beats; give one each")
    return array if array.size else array.astype(np.int64)


def _checked_windows(windows: np.ndarray) -> np.ndarray:
    array = np.asarray(windows)
    if array.ndim != 3 or array.dtype.kind not in "iuf":
        raise ValueError(
            f"windows holds {array.dtype}, shape {array.shape}; "
            "it must hold numbers in mV, (beats, samples, leads)"
        )
    return array.astype(np.float32, copy=False)


def _checked_labels(labels: np.ndarray) -> np.ndarray:
    array = np.asarray(labels)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"labels holds {array.dtype}, shape {array.shape}; "
            f"it must hold one index into {CLASSES} a beat"
        )
    outside = array[(array < 0) | (array >= len(CLASSES))]
    if len(outside):
        raise ValueError(f"labels holds {outside[0]}; they are 0 to {len(CLASSES) - 1}: {CLASSES}")
    return array.astype(np.int8)


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
