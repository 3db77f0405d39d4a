"""Beats: finding them, cutting their windows, naming their classes, timing them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import sleepecg
from scipy.signal import butter, sosfiltfilt

from ecglab import records as recordings
from ecglab.records import Record

#: The classes of ANSI/AAMI EC57; a label is an index into this tuple.
CLASSES = ("N", "S", "V", "F", "Q")

#: Which annotation symbols each class holds, in the convention of de Chazal et al. 2004
#: (doi 10.1109/TBME.2004.827359): atrial and junctional escape beats (e, j) count as N.
AAMI = {
    "N": tuple("NLRej"),
    "S": tuple("AaJS"),
    "V": tuple("VE"),
    "F": tuple("F"),
    "Q": tuple("/fQ?"),
}

#: Column names of `Beats.rr`. The first four look at neighbouring beats only; the
#: last two divide by the mean of the whole record: record-adaptive, offline.
RR_NAMES = (
    "previous (s)",
    "next (s)",
    "previous / mean of last 10",
    "next / previous",
    "previous / record mean",
    "next / record mean",
)


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
        float32, shape ``(n, len(RR_NAMES))``; see `RR_NAMES`.
    records, subjects : numpy.ndarray
        str, shape ``(n,)``: where each beat comes from.
    samples : numpy.ndarray
        int64, shape ``(n,)``: where it lies in its record.
    padded : numpy.ndarray
        bool, shape ``(n,)``: the window partly left the recording and was
        filled with the edge value.
    fs : float
        Sampling rate in Hz.
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
    leads: tuple[str, ...]
    simulated: bool

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, choice: slice | np.ndarray | Sequence[int]) -> Beats:
        if isinstance(choice, int | np.integer):
            raise TypeError(f"{choice} is one position; give a slice, a mask or a list: [{choice}]")
        chosen = {name: getattr(self, name)[choice] for name in _PER_BEAT}
        return Beats(**chosen, fs=self.fs, leads=self.leads, simulated=self.simulated)

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
        people = len(np.unique(self.subjects))
        return (
            f"{len(self)} beats of {people} {'simulated patients' if self.simulated else 'people'} "
            f"({counts}), {self.windows.shape[1]} samples at {self.fs:g} Hz of "
            f"{', '.join(self.leads)}"
        )


_PER_BEAT = tuple(f.name for f in fields(Beats) if f.name not in ("fs", "leads", "simulated"))


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
        If the signal is flat, holds NaN, or has more than one lead.

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
    _check_signal(signal[:, None], ("given",))
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
        If `cutoff` does not lie between 0 and half the sampling rate.

    Notes
    -----
    Filtering forwards and backwards leaves the timing alone and doubles the
    attenuation. Slow parts of the ST segment and T wave are attenuated with
    the wander: measure those on the unfiltered signal.
    """
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
        Where atrial and junctional escape beats (``e``, ``j``) belong: ``"N"`` as in
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
    index["e"] = index["j"] = CLASSES.index(escape)
    kinds, inverse = np.unique(np.asarray(symbols, dtype="<U1"), return_inverse=True)
    unknown = [str(kind) for kind in kinds if kind not in index]
    if unknown:
        raise ValueError(f"{unknown} are not beat symbols; those are {' '.join(index)}")
    return np.array([index[str(kind)] for kind in kinds], dtype=np.int8)[inverse]


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
    leads : sequence of str, optional
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
        If the window is empty or lies wholly outside the recording, if the record has no
        beats or no such lead, or if a chosen lead is flat or holds NaN.

    Examples
    --------
    >>> from ecglab import records
    >>> beats = segment(records.load("100"), leads=["MLII"])
    >>> beats.windows.shape[1:], beats.fs
    ((216, 1), 360.0)
    """
    if not -before < after:
        raise ValueError(f"the window from {-before} s to {after} s is empty")
    if not len(record.samples):
        raise ValueError(f"record {record} has no annotated beats; detect them first")
    chosen = [_choose_lead(record, lead) for lead in (leads or record.leads)]
    signal = np.stack([record.lead(name) for name in chosen], axis=1)
    _check_signal(signal, chosen)
    if highpass is not None:
        signal = remove_baseline(signal, record.fs, highpass)
    offsets = np.arange(round(-before * record.fs), round(after * record.fs))
    windows, padded = _cut(signal, record.samples, offsets)
    count = len(record.samples)
    return Beats(
        windows=windows,
        labels=labels_of(record.symbols, escape),
        symbols=record.symbols,
        rr=rr_features(record.samples, record.fs),
        records=np.full(count, record.name),
        subjects=np.full(count, record.subject),
        samples=record.samples,
        padded=padded,
        fs=record.fs,
        leads=tuple(leads or record.leads),
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
    splits = {"DS1": recordings.DS1, "DS2": recordings.DS2}
    if isinstance(names, str):
        names = splits.get(names, (names,))
    parts = [
        segment(recordings.load(name), before, after, leads, highpass, escape) for name in names
    ]
    return concatenate(parts)


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
    forms = {(part.windows.shape[1:], part.leads, part.fs, part.simulated) for part in parts}
    if len(forms) > 1:
        raise ValueError(
            f"these beats can't be joined: (window, leads, Hz, simulated) is {sorted(forms)}"
        )
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PER_BEAT}
    return Beats(**joined, fs=parts[0].fs, leads=parts[0].leads, simulated=parts[0].simulated)


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
        float32, shape ``(n, len(RR_NAMES))``. The interval before the first and after
        the last beat is taken to be the record's mean.

    Raises
    ------
    ValueError
        If there are fewer than two beats, or they are not in rising order.

    Examples
    --------
    >>> rr_features(np.array([0, 360, 540, 1080]), 360.0)[2].round(2)
    array([0.5, 1.5, 0.6, 3. , 0.5, 1.5], dtype=float32)
    """
    intervals = np.diff(samples) / fs
    if not len(intervals):
        raise ValueError(f"{len(samples)} beat has no interval; two or more are needed")
    if (intervals <= 0).any():
        worst = int(np.argmin(intervals))
        raise ValueError(
            f"beats must be in rising order; sample {samples[worst + 1]} follows {samples[worst]}"
        )
    mean = intervals.mean()
    previous = np.concatenate([[mean], intervals])
    following = np.concatenate([intervals, [mean]])
    total = np.concatenate([[0.0], np.cumsum(previous)])
    last = np.arange(1, len(previous) + 1)
    first = np.maximum(last - 10, 0)
    local = (total[last] - total[first]) / (last - first)
    return np.stack(
        [
            previous,
            following,
            previous / local,
            following / previous,
            previous / mean,
            following / mean,
        ],
        axis=1,
    ).astype(np.float32)


# ---------------------------------------------------------------------------


def _choose_lead(record: Record, wanted: str) -> str:
    for name in wanted.split("|"):
        if name in record.leads:
            return name
    raise ValueError(f"record {record} has no lead {wanted!r}; it has {', '.join(record.leads)}")


def _check_signal(signal: np.ndarray, leads: Sequence[str]) -> None:
    for column, lead in zip(signal.T, leads, strict=True):
        if not np.isfinite(column).all():
            bad = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(
                f"lead {lead} holds {column[bad]} at sample {bad}; every sample must be a number"
            )
        if not len(column) or np.ptp(column) == 0:
            raise ValueError(f"lead {lead} is flat: no heartbeat can be seen in it")


def _cut(
    signal: np.ndarray, samples: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return windows ``(n, len(offsets), leads)`` and which of them were padded."""
    first, last = samples + offsets[0], samples + offsets[-1]
    outside = (last < 0) | (first >= len(signal))
    if outside.any():
        raise ValueError(
            f"the window of the beat at sample {samples[outside][0]} lies wholly outside the "
            f"recording of {len(signal)} samples"
        )
    positions = np.clip(samples[:, None] + offsets, 0, len(signal) - 1)
    return signal[positions], (first < 0) | (last >= len(signal))
