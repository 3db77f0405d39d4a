"""Scores that respect classes and patients, and the beat-by-beat comparison of EC57."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ecglab import given
from ecglab.beats import CLASSES, labels_of
from ecglab.records import BEAT_SYMBOLS, EPISODE, SYMBOLS

#: The classes whose F1 is averaged. F and Q are too few, and in DS2 93 % of F is one patient.
SCORED = ("N", "S", "V")
#: Two beats match when they lie no further apart than this (EC57), in s.
MATCH_WINDOW = 0.15

Labels = np.ndarray  # int, shape (n,): indices into CLASSES


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """How a set of predictions compares with the labels.

    Attributes
    ----------
    matrix : numpy.ndarray
        int64, shape ``(5, 5)``: rows are labels, columns predictions, in the order of `CLASSES`.

    Raises
    ------
    ValueError
        If the matrix has another shape, or holds something else than counts.
    """

    matrix: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", _counts("matrix", self.matrix, (5, 5)))

    @property
    def table(self) -> pd.DataFrame:
        """Sensitivity, positive predictivity, F1, false positive rate; NaN where undefined."""
        return pd.DataFrame(_statistics(self.matrix), index=pd.Index(CLASSES, name="class"))

    @property
    def accuracy(self) -> float:
        """Part of all beats that were called right."""
        return float(_ratio(np.trace(self.matrix), self.matrix.sum()))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of N, S and V; NaN where one of them neither occurs nor is called."""
        return float(self.table.loc[list(SCORED), "F1"].mean(skipna=False))

    @property
    def kappa(self) -> float:
        """Cohen's kappa (doi 10.1177/001316446002000104): agreement beyond chance."""
        total = self.matrix.sum()
        by_chance = (self.matrix.sum(axis=1) @ self.matrix.sum(axis=0)) / total**2
        return float(_ratio(self.accuracy - by_chance, 1 - by_chance))

    def summary(self) -> dict:
        """Return everything as plain numbers, for JSON, which has no NaN: None stands for it."""
        table = self.table.drop(columns="beats")
        numbers = {name: getattr(self, name) for name in ("accuracy", "macro_f1", "kappa")}
        numbers |= {f"{k} {column}": table.loc[k, column] for k in SCORED for column in table}
        plain = {k: None if np.isnan(x) else round(float(x), 6) for k, x in numbers.items()}
        return plain | {"matrix": self.matrix.tolist()}

    def __repr__(self) -> str:
        table = self.table.to_string(float_format="{:.3f}".format, na_rep="–")
        return f"{table}\n{self._caption}"

    def _repr_html_(self) -> str:
        table = self.table.style.format("{:.3f}", subset=["Se", "+P", "F1", "FPR"], na_rep="–")
        return table.set_caption(self._caption).to_html()

    @property
    def _caption(self) -> str:
        parts = f"accuracy {self.accuracy:.3f}, macro-F1 over N, S, V {self.macro_f1:.3f}"
        return f"{parts}, kappa {self.kappa:.3f}"


@dataclass(frozen=True, eq=False)
class BeatByBeat:
    """The outcome of a beat-by-beat comparison.

    Attributes
    ----------
    matrix : numpy.ndarray
        int64, shape ``(6, 6)``: rows N S V F Q O (reference), columns n s v f q o (test). Row
        O holds extra beats, column o missed ones; [O, o] is 0.
    unreadable : numpy.ndarray
        int64, shape ``(5,)``: test beats n s v f q where the reference says that the signal
        can't be read. They are no extra beats of row O, and false positives all the same.

    Raises
    ------
    ValueError
        If one of the two has another shape, or holds something else than counts.
    """

    matrix: np.ndarray
    unreadable: np.ndarray

    def __post_init__(self) -> None:
        for name, shape in {"matrix": (6, 6), "unreadable": (5,)}.items():
            object.__setattr__(self, name, _counts(name, getattr(self, name), shape))

    @property
    def sensitivity(self) -> float:
        """Part of the reference beats that were found, whatever they were called."""
        return self.table.loc["QRS", "Se"]

    @property
    def positive_predictivity(self) -> float:
        """Part of the test beats that lie on a reference beat."""
        return self.table.loc["QRS", "+P"]

    @property
    def missed(self) -> int:
        """Reference beats that were not found."""
        return int(self.matrix[:5, 5].sum())

    @property
    def extra(self) -> int:
        """Test beats where the reference has none."""
        return int(self.matrix[5, :5].sum() + self.unreadable.sum())

    @property
    def table(self) -> pd.DataFrame:
        """EC57's statistics, rows QRS, S and V, as ``bxb`` counts them.

        TP, FN, FP, TN are beats; Se, +P and the false positive rate FPR follow from them. A
        fusion or an unclassifiable beat that is called V is neither right nor wrong, and so is
        an unclassifiable one called S.
        """
        rows = np.vstack([self.matrix, [*self.unreadable, 0]])  # X: where nothing can be read
        counts = pd.DataFrame(rows, index=[*CLASSES, "O", "X"], columns=[*CLASSES, "o"])
        found = self.matrix[:5, :5].sum()
        outcomes = {"QRS": (found, self.missed, self.extra, np.nan)}
        for kind, forgiven in (("S", "Q"), ("V", "FQ")):
            right = counts.loc[kind, kind]
            false = counts.drop(index=[kind, *forgiven])[kind].sum()
            others = counts.drop(index=kind, columns=[kind, "o"]).to_numpy().sum()
            outcomes[kind] = (right, counts.loc[kind].sum() - right, false, others)
        table = pd.DataFrame(outcomes, index=["TP", "FN", "FP", "TN"]).T
        table["Se"] = _ratio(table["TP"], table["TP"] + table["FN"])
        table["+P"] = _ratio(table["TP"], table["TP"] + table["FP"])
        table["FPR"] = _ratio(table["FP"], table["FP"] + table["TN"])
        return table.astype({"TP": int, "FN": int, "FP": int})


def confusion(labels: Labels, predictions: Labels) -> np.ndarray:
    """Count how often each class was called each class.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``: indices into `CLASSES`.

    Returns
    -------
    numpy.ndarray
        int64, shape ``(5, 5)``: rows are labels, columns predictions.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold something else than 0 to 4.

    Examples
    --------
    >>> confusion([0, 0, 2], [0, 2, 2])[0]
    array([1, 0, 1, 0, 0])
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1 or not len(labels):
        shapes = f"labels have shape {labels.shape}, predictions {predictions.shape}"
        raise ValueError(f"{shapes}; give two arrays of one length, one number a beat")
    labels, predictions = _indices("labels", labels), _indices("predictions", predictions)
    pairs = labels * len(CLASSES) + predictions
    return np.bincount(pairs, minlength=len(CLASSES) ** 2).reshape(len(CLASSES), -1)


def scores(labels: Labels, predictions: Labels) -> Scores:
    """Score predictions: sensitivity, positive predictivity and F1 per class.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``: indices into `CLASSES`.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        As in `confusion`.

    Examples
    --------
    >>> scores([0, 0, 1, 2], [0, 0, 0, 2]).accuracy
    0.75
    """
    return Scores(confusion(labels, predictions))


def matrices(labels: Labels, predictions: Labels, records: np.ndarray) -> dict[str, np.ndarray]:
    """Count, for every record by itself, how often each class was called each class.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``: indices into `CLASSES`.
    records : numpy.ndarray
        str, shape ``(n,)``: the record of each beat, or its subject.

    Returns
    -------
    dict of str to numpy.ndarray
        As from `confusion`, one matrix a record; their sum is the matrix of all beats.

    Raises
    ------
    ValueError
        As in `confusion`, or if there is not one record for each beat.

    Examples
    --------
    >>> each = matrices([0, 0, 2], [0, 2, 2], ["100", "101", "101"])
    >>> scores = Scores(sum(each.values()))
    >>> list(each), round(scores.accuracy, 3)
    (['100', '101'], 0.667)
    """
    confusion(labels, predictions)  # refuses what is no pair of labels
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    records = _names(records, len(labels))
    each = {str(name): records == name for name in np.unique(records)}
    return {name: confusion(labels[its], predictions[its]) for name, its in each.items()}


def per_record(labels: Labels, predictions: Labels, records: np.ndarray) -> pd.DataFrame:
    """Score every record by itself.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``.
    records : numpy.ndarray
        str, shape ``(n,)``: the record of each beat.

    Returns
    -------
    pandas.DataFrame
        One row a record: beats, errors, accuracy, and for N, S, V the number of beats
        with sensitivity and positive predictivity (NaN where there is nothing to divide by).

    Examples
    --------
    >>> per_record([0, 2], [0, 0], np.array(["100", "101"]))["errors"].tolist()
    [0, 1]
    """
    each = matrices(labels, predictions, records)
    stack = np.stack(list(each.values()))
    table = _figures(stack, ("beats", "Se", "+P")).set_axis(pd.Index(each, name="record"))
    beats = stack.sum(axis=(1, 2))
    table.insert(0, "beats", beats)
    table.insert(1, "errors", beats - stack.trace(axis1=1, axis2=2))
    return table.drop(columns="macro-F1").rename(columns={f"{kind} beats": kind for kind in SCORED})


def gross_and_average(labels: Labels, predictions: Labels, records: np.ndarray) -> pd.DataFrame:
    """Give EC57's two summaries: over all beats together, and over records alike.

    *Gross* statistics count every beat once, so that records with many beats of a class speak
    loudest. *Average* statistics are the mean of the records' own, so that every record with
    something to measure counts once.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``.
    records : numpy.ndarray
        str, shape ``(n,)``: the record of each beat.

    Returns
    -------
    pandas.DataFrame
        One row for accuracy, macro-F1, and Se, +P, F1, FPR of each of N, S and V; columns gross,
        average, and records: how many records the average is over.

    Examples
    --------
    >>> table = gross_and_average([0] * 8 + [2, 2], [0] * 9 + [2], np.array(["a"] * 9 + ["b"]))
    >>> table.loc["V Se"].tolist()
    [0.5, 0.5, 2.0]
    """
    stack = np.stack(list(matrices(labels, predictions, records).values()))
    columns = ("Se", "+P", "F1", "FPR")
    gross, own = _figures(stack.sum(axis=0), columns).iloc[0], _figures(stack, columns)
    return pd.DataFrame({"gross": gross, "average": own.mean(), "records": own.count()})


def bootstrap_records(
    labels: Labels,
    predictions: Labels,
    subjects: np.ndarray,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Give intervals for the scores by resampling people, not beats.

    Beats of one heart are alike; resampling them one by one, as `bootstrap_beats` does, gives
    intervals several times too narrow.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``.
    subjects : numpy.ndarray
        str, shape ``(n,)``: whose beat it is.
    draws : int
        How often as many people are drawn, with replacement, as there are.
    level : float
        How much of the drawn scores the interval holds.
    seed : int
        Of the random numbers.

    Returns
    -------
    pandas.DataFrame
        Rows accuracy, macro-F1 and F1, Se, +P of N, S, V; columns value, low, high.

    Raises
    ------
    ValueError
        As in `matrices`, or if there are fewer than two people, `level` is not between 0 and 1,
        or `draws` or `seed` is no whole number, 1 or more, 0 or more.

    Examples
    --------
    >>> people = np.repeat(["a", "b", "c"], 4)
    >>> bootstrap_records([0, 0, 1, 2] * 3, [0, 0, 1, 2] * 3, people).loc["accuracy"].tolist()
    [1.0, 1.0, 1.0]
    """
    stack = np.stack(list(matrices(labels, predictions, subjects).values()))
    if len(stack) < 2:
        raise ValueError(f"there is {len(stack)} subject; an interval needs two or more")
    rng, draws = _random(seed, draws, level)
    people = rng.integers(len(stack), size=(draws, len(stack)))
    drawn = np.stack([stack[chosen].sum(axis=0) for chosen in people])
    return _interval(stack.sum(axis=0), drawn, level)


def bootstrap_beats(
    labels: Labels, predictions: Labels, *, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Give the too narrow intervals that come from taking beats for independent.

    They answer how far the scores would move with other beats of the *same* people. They stand
    here to be compared with `bootstrap_records`, which answers what is asked: with other people.

    Parameters
    ----------
    labels, predictions : numpy.ndarray
        int, shape ``(n,)``.
    draws, level, seed
        As in `bootstrap_records`.

    Returns
    -------
    pandas.DataFrame
        As from `bootstrap_records`.

    Examples
    --------
    >>> bootstrap_beats([0, 0, 1, 2], [0, 0, 1, 2], draws=50).loc["accuracy"].tolist()
    [1.0, 1.0, 1.0]
    """
    rng, draws = _random(seed, draws, level)
    matrix = confusion(labels, predictions)
    # Drawing beats with replacement is drawing how many fall into each cell.
    shares = (matrix / matrix.sum()).ravel()
    cells = rng.multinomial(matrix.sum(), shares, size=draws)
    return _interval(matrix, cells.reshape(draws, *matrix.shape), level)


def reliability(
    labels: Labels, probabilities: np.ndarray, *, kind: str | None = None, bins: int = 10
) -> pd.DataFrame:
    """Compare what a model believes with how often it is right (Guo 2017, arXiv 1706.04599).

    Parameters
    ----------
    labels : numpy.ndarray
        int, shape ``(n,)``: indices into `CLASSES`.
    probabilities : numpy.ndarray
        Shape ``(n, 5)``, rows sum to 1.
    kind : str, optional
        A class: then its probability is compared with how often a beat is of that class. By
        default, the probability of the called class with how often the call is right.
    bins : int
        Into how many equal parts the range 0 to 1 is cut.

    Returns
    -------
    pandas.DataFrame
        One row for each bin that holds beats: low, high (its bounds), beats, confidence (mean
        probability), frequency (how often it came true).

    Raises
    ------
    ValueError
        If shapes do not fit, rows are no probabilities, or there is no such class.

    Examples
    --------
    >>> believed = np.array([[0.9, 0.1, 0, 0, 0]] * 10)
    >>> table = reliability([0] * 8 + [1] * 2, believed)
    >>> table[["beats", "confidence", "frequency"]].round(3).values.tolist()
    [[10.0, 0.9, 0.8]]
    """
    believed, true = _belief(labels, probabilities, kind)
    if given.whole("bins", bins) < 1:
        raise ValueError(f"bins is {bins}; one or more are needed")
    # The last bin holds 1.0, too.
    bin_of = np.minimum((believed * bins).astype(int), bins - 1)
    beats = np.bincount(bin_of, minlength=bins)
    edges = np.arange(bins + 1) / bins
    table = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "beats": beats})
    table["confidence"] = _ratio(np.bincount(bin_of, believed, bins), beats)
    table["frequency"] = _ratio(np.bincount(bin_of, true, bins), beats)
    return table[table["beats"] > 0].reset_index(drop=True)


def calibration_error(
    labels: Labels, probabilities: np.ndarray, *, kind: str | None = None, bins: int = 10
) -> float:
    """Return the expected calibration error (ECE): how far belief and frequency lie apart.

    Parameters
    ----------
    labels, probabilities, kind, bins
        As in `reliability`.

    Returns
    -------
    float
        Mean over all beats of the distance in their bin; 0 is best.

    Examples
    --------
    >>> believed = np.array([[0.9, 0.1, 0, 0, 0]] * 10)
    >>> round(calibration_error([0] * 8 + [1] * 2, believed), 3)
    0.1
    """
    table = reliability(labels, probabilities, kind=kind, bins=bins)
    apart = (table["confidence"] - table["frequency"]).abs()
    return float(np.average(apart, weights=table["beats"]))


def risk_coverage(labels: Labels, probabilities: np.ndarray) -> pd.DataFrame:
    """Show what a model gains by leaving its least certain beats to a person.

    Parameters
    ----------
    labels : numpy.ndarray
        int, shape ``(n,)``: indices into `CLASSES`.
    probabilities : numpy.ndarray
        Shape ``(n, 5)``, rows sum to 1.

    Returns
    -------
    pandas.DataFrame
        One row for each threshold that makes a difference, from strict to lax: threshold (beats
        with a top probability of at least this much are answered), coverage (part answered), risk
        (part of the answered that is wrong). After Geifman & El-Yaniv 2017, arXiv 1705.08500.

    Raises
    ------
    ValueError
        As in `reliability`.

    Examples
    --------
    >>> believed = np.array([[0.9, 0.1, 0, 0, 0], [0.6, 0.4, 0, 0, 0]])
    >>> risk_coverage([0, 1], believed).values.tolist()
    [[0.9, 0.5, 0.0], [0.6, 1.0, 0.5]]
    """
    believed, right = _belief(labels, probabilities, None)
    beats = pd.DataFrame({"threshold": believed, "wrong": ~right})
    # Beats of one certainty go together.
    answered = beats.groupby("threshold")["wrong"].agg(["size", "sum"]).iloc[::-1].cumsum()
    coverage, risk = answered["size"] / len(beats), answered["sum"] / answered["size"]
    return pd.DataFrame({"coverage": coverage, "risk": risk}).reset_index()


def beat_by_beat(
    ref_samples: np.ndarray,
    ref_symbols: Sequence[str] | np.ndarray,
    test_samples: np.ndarray,
    test_symbols: Sequence[str] | np.ndarray,
    fs: float,
    start: float = 300.0,
    duration: float | None = None,
    escape: str = "S",
    episodes: np.ndarray | None = None,
) -> BeatByBeat:
    """Compare a detector's beats with the reference by the rules of ANSI/AAMI EC57.

    A reference and a test beat match when they lie within 150 ms; each takes part in
    one pair at most, the nearer neighbour being preferred. The counts are those of WFDB's
    ``bxb`` (for a test that marks no unreadable stretches of its own).

    Parameters
    ----------
    ref_samples, test_samples : numpy.ndarray
        int, 0 or more, rising: where the annotations are.
    ref_symbols, test_symbols : sequence of str
        Annotation symbols, each one character. A detector that tells no types gives ``"N"``
        throughout. Marks that are no beats may be among them; beats between ``[`` and ``]`` are
        passed over.
    fs : float
        Sampling rate in Hz.
    start : float
        Where the comparison begins, in s. The first five minutes are the learning period.
    duration : float, optional
        Length of the recording in s; by default up to the last reference or test beat.
    escape : {"N", "S"}
        Where escape beats (``e``, ``j``, ``n``) belong. ``bxb`` counts them as S; elsewhere in
        the course they are N.
    episodes : numpy.ndarray, optional
        The reference's ``Record.episodes``. Extra test beats in ventricular flutter are not
        counted, those where the signal is unreadable are counted by themselves.

    Returns
    -------
    BeatByBeat

    Raises
    ------
    ValueError
        If samples and symbols differ in number, samples are no whole numbers that rise from 0, a
        symbol is no annotation, `fs`, `start` or `duration` is no time that a recording can have,
        or all annotations lie before `start`.

    Examples
    --------
    >>> reference, found = [360, 720, 1080], [365, 1080, 1300]
    >>> result = beat_by_beat(reference, ["N", "V", "N"], found, ["N"] * 3, 360.0, start=0)
    >>> result.missed, result.extra
    (1, 1)
    """
    first, stop = _period(fs, start, duration)
    window = int(MATCH_WINDOW * fs + 0.5)
    episodes = _episodes(episodes)
    reference, flutter = _labelled(ref_samples, ref_symbols, escape, "reference")
    test, _ = _labelled(test_samples, test_symbols, escape, "test")
    if 0 <= (last := max((beat.sample for beat in reference + test), default=-1)) < first:
        all_before = f"the last beat lies at {last / fs:g} s, where nothing is compared yet"
        raise ValueError(
            f"start is {start:g} s and {all_before}; give start=0, or whole recordings"
        )
    flutter += _spans(episodes, "flutter")
    unreadable = _spans(episodes, "unreadable")
    matrix = np.zeros((7, 6), dtype=np.int64)
    for ref, found in _pairs(reference, test, first, stop, window):
        if ref is not None:
            matrix[ref.label, _NONE if found is None else found.label] += 1
        elif not _lies_in(flutter, found.sample):
            matrix[_NONE + _lies_in(unreadable, found.sample), found.label] += 1
    return BeatByBeat(matrix[:6], matrix[6, :5])


# ---------------------------------------------------------------------------


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.true_divide(part, whole)


def _statistics(stack: np.ndarray) -> dict[str, np.ndarray]:
    """Return statistics of matrices ``(…, 5, 5)``, each of shape ``(…, 5)``: one for each class."""
    right = np.diagonal(stack, axis1=-2, axis2=-1)
    beats, called = stack.sum(axis=-1), stack.sum(axis=-2)
    return {
        "beats": beats,
        "Se": _ratio(right, beats),
        "+P": _ratio(right, called),
        # F1 = 2 TP / (2 TP + FN + FP): no division by an undefined +P
        "F1": _ratio(2 * right, beats + called),
        "FPR": _ratio(called - right, beats.sum(axis=-1, keepdims=True) - beats),
    }


def _figures(stack: np.ndarray, columns: Sequence[str] = ("F1", "Se", "+P")) -> pd.DataFrame:
    """Return accuracy, macro-F1 and statistics of the scored classes, one row for each matrix."""
    stack = stack.reshape(-1, len(CLASSES), len(CLASSES))
    table, scored = _statistics(stack), [CLASSES.index(kind) for kind in SCORED]
    right = stack.trace(axis1=1, axis2=2)
    figures = {"accuracy": right / stack.sum(axis=(1, 2))}
    figures["macro-F1"] = table["F1"][:, scored].mean(axis=1)
    for k in scored:
        figures |= {f"{CLASSES[k]} {column}": table[column][:, k] for column in columns}
    return pd.DataFrame(figures)


def _interval(matrix: np.ndarray, drawn: np.ndarray, level: float) -> pd.DataFrame:
    """Return the scores of a matrix, and the interval that holds `level` of the drawn ones'."""
    tail = (1 - level) / 2
    low, high = _figures(drawn).quantile([tail, 1 - tail]).to_numpy()
    return pd.DataFrame({"value": _figures(matrix).iloc[0], "low": low, "high": high})


def _random(seed: int, draws: int, level: float) -> tuple[np.random.Generator, int]:
    """Return a generator and how often it is asked; refuse what makes no interval."""
    if not 0 < given.number("level", level) < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, such as 0.95")
    return np.random.default_rng(given.whole("seed", seed, 0)), given.whole("draws", draws, 1)


def _indices(name: str, values: np.ndarray) -> np.ndarray:
    """Return indices into `CLASSES` as int64; True and False are none."""
    odd = values[~np.isin(values, range(len(CLASSES)))] if values.dtype != bool else values
    if len(odd):
        said = f"{name} hold {odd[:1].tolist()[0]!r}; classes are 0 to 4"
        raise ValueError(f"{said}, for {' '.join(CLASSES)}")
    return values.astype(np.int64)


def _counts(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return how often things were counted; refuse another shape, and what are no counts."""
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(f"{name} has shape {values.shape}; it must be {shape}")
    if values.dtype.kind not in "iuf" or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{name} holds {values.tolist()}; it must hold counts, 0 or more")
    return values


def _names(records: Sequence[str] | np.ndarray, count: int) -> np.ndarray:
    """Return one name for each beat; numbers of people will do, gaps will not."""
    records = np.asarray(records)
    if records.shape != (count,):
        have = len(records) if records.ndim else repr(records.item())
        raise ValueError(f"{have} names for {count} beats; give one for each beat")
    odd = [one for one in records.tolist() if not isinstance(one, str | int)]
    if odd:
        raise ValueError(f"records hold {odd[0]!r}, which is no name; give one for each beat")
    return records.astype(str) if records.dtype == object else records


def _belief(labels: Labels, probabilities: np.ndarray, kind: str | None) -> tuple[np.ndarray, ...]:
    """Return, for each beat, a probability and whether what it speaks of is true."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.ndim != 1:
        raise ValueError(f"labels have shape {labels.shape}; give one number a beat")
    if probabilities.shape != (len(labels), len(CLASSES)) or not len(labels):
        wanted = f"for {len(labels)} labels they must be {(len(labels), len(CLASSES))}"
        raise ValueError(f"probabilities have shape {probabilities.shape}; {wanted}")
    if probabilities.dtype.kind not in "iuf":
        raise ValueError(f"probabilities are of type {probabilities.dtype}; give numbers")
    labels, probabilities = _indices("labels", labels), probabilities.astype(float)
    sums = probabilities.sum(axis=1)
    proper = (probabilities >= 0).all(axis=1) & np.isclose(sums, 1, atol=1e-3)
    if not proper.all():
        row = int(proper.argmin())
        raise ValueError(f"row {row} is {probabilities[row]}: no probabilities that sum to 1")
    if kind is None:
        return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    if kind not in CLASSES:
        raise ValueError(f"there is no class {kind!r}; there are {' '.join(CLASSES)}")
    return probabilities[:, CLASSES.index(kind)], labels == CLASSES.index(kind)


# ---------------------------------------------------------------------------
# Beat by beat


class _Beat(NamedTuple):
    sample: float
    label: int


_NONE = len(CLASSES)  # the row and the column of what is not there
#: What stands before the first beat and after the last. No beat is near it, not even at sample 0.
_START, _END = _Beat(-np.inf, -1), _Beat(np.inf, -1)


def _period(fs: float, start: float, duration: float | None) -> tuple[int, float]:
    """Return the first sample that is compared, and the one at which comparing stops."""
    if given.number("fs", fs) <= 0:
        raise ValueError(f"fs is {fs} Hz; it must be above 0")
    first = round(given.number("start", start, 0) * fs)
    if duration is None:
        return first, np.inf
    if given.number("duration", duration) <= start:
        raise ValueError(f"duration is {duration} s; it must be longer than start, {start} s")
    return first, round(duration * fs) + 1


def _episodes(episodes: np.ndarray | None) -> np.ndarray:
    """Return episodes, or none; refuse what is no array of them."""
    if episodes is None:
        return np.empty(0, EPISODE)
    if getattr(episodes, "dtype", None) != EPISODE:
        kind = getattr(episodes, "dtype", type(episodes).__name__)
        raise ValueError(f"episodes are of type {kind}; give record.episodes, or None")
    return episodes


def _labelled(
    samples: np.ndarray, symbols: Sequence[str], escape: str, which: str
) -> tuple[list[_Beat], list[tuple[float, float]]]:
    """Return the beats among some annotations, and the stretches of ventricular flutter."""
    samples, symbols = _positions(samples, which), _annotations(symbols, which)
    if samples.shape != symbols.shape:
        raise ValueError(f"{len(samples)} {which} samples, {len(symbols)} symbols; give one each")
    onsets, ends = samples[symbols == "["], np.append(samples[symbols == "]"], np.inf)
    flutter = list(zip(onsets, ends[np.searchsorted(ends, onsets)], strict=True))
    beat = np.isin(symbols, BEAT_SYMBOLS) & ~np.array([_lies_in(flutter, s) for s in samples], bool)
    labels = labels_of(symbols[beat], escape)
    return list(map(_Beat, samples[beat].tolist(), labels.tolist())), flutter


def _positions(samples: Sequence[int] | np.ndarray, which: str) -> np.ndarray:
    """Return samples as int64; refuse what are no places in a recording, or fall."""
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(f"{which} samples have shape {samples.shape}; give one number a beat")
    fitting = np.zeros(samples.shape, bool)
    if samples.dtype.kind in "iuf":
        fitting = np.isfinite(samples) & (samples >= 0) & (np.floor(samples) == samples)
    if not fitting.all():
        odd = samples[~fitting].tolist()[0]
        raise ValueError(f"{which} samples hold {odd!r}; give whole numbers, 0 or more")
    samples = samples.astype(np.int64)
    falling = samples[1:][np.diff(samples) < 0]
    if len(falling):
        raise ValueError(f"{which} samples must rise; {falling[0]} falls")
    return samples


def _annotations(symbols: Sequence[str] | np.ndarray, which: str) -> np.ndarray:
    """Return symbols as ``<U1``, none of them cut; a string is one symbol for each character."""
    symbols = list(symbols) if isinstance(symbols, str) else symbols
    symbols = np.asarray(symbols, dtype=str)
    unknown = sorted(set(symbols.ravel().tolist()).difference(SYMBOLS.values()))
    if unknown:
        known = f"beats are {' '.join(BEAT_SYMBOLS)}"
        raise ValueError(f"{which} symbols hold {unknown[0]!r}, which is no annotation; {known}")
    return symbols.astype("<U1")


def _spans(episodes: np.ndarray, kind: str) -> list[tuple[int, int]]:
    return episodes[episodes["kind"] == kind][["onset", "offset"]].tolist()


def _lies_in(spans: list[tuple[int, int]], sample: float) -> bool:
    return any(onset <= sample <= offset for onset, offset in spans)


def _pairs(
    reference: list[_Beat], test: list[_Beat], first: int, stop: float, window: int
) -> Iterator[tuple[_Beat | None, _Beat | None]]:
    """Walk through both lists at once and yield (reference, test); None where there is none.

    The order of steps, and what happens at the begin of the test period, are those of ``bxb``.
    """
    refs, tests = [_START, *reference, _END], [_START, *test, _END]
    i = next(i for i, beat in enumerate(refs) if beat.sample >= first)  # never _START
    j = next(j for j, beat in enumerate(tests[1:]) if beat.sample >= first)  # the last before it

    def apart(i: int, j: int) -> float:
        return abs(refs[i].sample - tests[j].sample)

    # A last test beat before the begin may belong to the first reference beat after it.
    if apart(i, j) <= window and apart(i, j) < apart(i, j + 1):
        yield refs[i], tests[j]
        i, j = i + 1, j + 1
    else:
        j += 1
        # A first test beat may belong to a reference beat before the begin: it goes uncounted.
        early = first > 0 and tests[j].sample - first <= window
        if early and apart(i, j + 1) < apart(i, j):
            j += 1

    while min(refs[i].sample, tests[j].sample) < stop:
        test_first = tests[j].sample < refs[i].sample
        rival = apart(i, j + 1) if test_first else apart(i + 1, j)
        if apart(i, j) <= window and apart(i, j) < rival:
            yield refs[i], tests[j]
            i, j = i + 1, j + 1
        elif test_first:
            yield None, tests[j]
            j += 1
        else:
            yield refs[i], None
            i += 1
