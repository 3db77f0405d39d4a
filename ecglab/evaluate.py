"""Scores that respect classes and patients, and the beat-by-beat comparison of EC57."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import pandas as pd

from ecglab import given
from ecglab.beats import CLASSES, labels_of
from ecglab.databases import BEAT_SYMBOLS, EPISODE, checked_symbols

#: The classes whose F1 is averaged. F and Q are too few, and in DS2 93 % of F is one patient.
SCORED = ("N", "S", "V")
#: Two beats match when they lie no further apart than this (EC57), in s.
MATCH_WINDOW = 0.15

Labels = np.ndarray  # int, shape (n,): indices into CLASSES
Names = np.ndarray  # str, shape (n,): the record of each beat, or its subject
Symbols = Sequence[str] | np.ndarray  # annotation symbols, each one character
Probabilities = np.ndarray  # shape (n, 5): rows sum to 1
Matrix = np.ndarray  # int64, shape (5, 5): rows are labels, columns predictions


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """How a set of predictions compares with the labels.

    First used in chapter 11.

    Attributes
    ----------
    matrix : numpy.ndarray
        int64, shape ``(5, 5)``: rows are labels, columns predictions, in the order of `CLASSES`.

    Raises
    ------
    ValueError
        If the matrix has another shape, or holds something else than counts.
    """

    matrix: Matrix

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", _counts("matrix", self.matrix, (5, 5)))

    @property
    def table(self) -> pd.DataFrame:
        """Sensitivity, positive predictivity, F1, false positive rate; NaN where undefined."""
        classes = pd.Index(CLASSES, name="class")
        return pd.DataFrame(_statistics(self.matrix), index=classes)

    @property
    def accuracy(self) -> float:
        """Part of all beats that were called right."""
        right = np.trace(self.matrix)
        return float(_ratio(right, self.matrix.sum()))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of N, S and V; NaN where one of them neither occurs nor is called."""
        scored = self.table.loc[list(SCORED), "F1"]
        return float(scored.mean(skipna=False))

    @property
    def kappa(self) -> float:
        """Cohen's kappa (doi 10.1177/001316446002000104): agreement beyond chance."""
        labelled = self.matrix.sum(axis=1)
        called = self.matrix.sum(axis=0)
        by_chance = (labelled @ called) / self.matrix.sum() ** 2
        beyond_chance = self.accuracy - by_chance
        return float(_ratio(beyond_chance, 1 - by_chance))

    def summary(self) -> dict:
        """Return everything as plain numbers, for JSON, which has no NaN: None stands for it."""
        table = self.table.drop(columns="beats")
        numbers = {"accuracy": self.accuracy, "macro_f1": self.macro_f1, "kappa": self.kappa}
        for kind in SCORED:
            for column in table:
                numbers[f"{kind} {column}"] = table.loc[kind, column]
        summary = {}
        for name, number in numbers.items():
            summary[name] = None if np.isnan(number) else round(float(number), 6)
        summary["matrix"] = self.matrix.tolist()
        return summary

    def __repr__(self) -> str:
        table = self.table.to_string(float_format="{:.3f}".format, na_rep="–")
        return f"{table}\n{self._caption}"

    def _repr_html_(self) -> str:
        decimals = ["Se", "+P", "F1", "FPR"]
        table = self.table.style.format("{:.3f}", subset=decimals, na_rep="–")
        return table.set_caption(self._caption).to_html()

    @property
    def _caption(self) -> str:
        accuracy = f"accuracy {self.accuracy:.3f}"
        macro_f1 = f"macro-F1 over N, S, V {self.macro_f1:.3f}"
        return f"{accuracy}, {macro_f1}, kappa {self.kappa:.3f}"


@dataclass(frozen=True, eq=False)
class BeatByBeat:
    """The outcome of a beat-by-beat comparison.

    First used in chapter 7.

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
        matrix = _counts("matrix", self.matrix, (6, 6))
        unreadable = _counts("unreadable", self.unreadable, (5,))
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "unreadable", unreadable)

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
        readable = self.matrix[5, :5].sum()
        return int(readable + self.unreadable.sum())

    @property
    def table(self) -> pd.DataFrame:
        """EC57's statistics, rows QRS, S and V, as ``bxb`` counts them.

        TP, FN, FP, TN are beats; Se, +P and the false positive rate FPR follow from them. A
        fusion or an unclassifiable beat that is called V is neither right nor wrong, and so is
        an unclassifiable one called S.
        """
        found = self.matrix[:5, :5].sum()
        outcomes = {
            "QRS": [found, self.missed, self.extra, np.nan],
            "S": self._outcomes("S", forgiven="Q"),
            "V": self._outcomes("V", forgiven="FQ"),
        }
        columns = ["TP", "FN", "FP", "TN"]
        table = pd.DataFrame.from_dict(outcomes, orient="index", columns=columns)
        tp, fn, fp, tn = table.to_numpy().T
        table["Se"] = _ratio(tp, tp + fn)
        table["+P"] = _ratio(tp, tp + fp)
        table["FPR"] = _ratio(fp, fp + tn)
        return table.astype({"TP": int, "FN": int, "FP": int})

    def _outcomes(self, kind: str, forgiven: str) -> list[int]:
        """Return TP, FN, FP and TN of a class; beats of `forgiven` called so are not false."""
        k = CLASSES.index(kind)
        called = np.vstack([self.matrix[:, :5], self.unreadable])
        right = called[k, k]
        labelled = self.matrix[k].sum()
        others = np.delete(called, k, axis=0)
        false = others[:, k].sum()
        negative = others.sum() - false
        for other in forgiven:
            false -= self.matrix[CLASSES.index(other), k]
        return [right, labelled - right, false, negative]


def confusion(labels: Labels, predictions: Labels) -> Matrix:
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
    labels = np.asarray(labels)
    predictions = np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1 or not len(labels):
        shapes = f"labels have shape {labels.shape}, predictions {predictions.shape}"
        raise ValueError(f"{shapes}; give two arrays of one length, one number a beat")
    labels = _indices("labels", labels)
    predictions = _indices("predictions", predictions)
    pairs = labels * 5 + predictions
    counts = np.bincount(pairs, minlength=25)  # ten times as fast as scikit-learn's
    return counts.reshape(5, 5)


def scores(labels: Labels, predictions: Labels) -> Scores:
    """Score predictions: sensitivity, positive predictivity and F1 per class.

    First used in chapter 2.

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


def matrices(labels: Labels, predictions: Labels, records: Names) -> dict[str, Matrix]:
    """Count, for every record by itself, how often each class was called each class.

    First used in chapter 4.

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
    labels = np.asarray(labels)
    predictions = np.asarray(predictions)
    records = _names(records, len(labels))
    each = {}
    for name in np.unique(records):
        own = records == name
        each[str(name)] = confusion(labels[own], predictions[own])
    return each


def per_record(labels: Labels, predictions: Labels, records: Names) -> pd.DataFrame:
    """Score every record by itself.

    First used in chapter 7.

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
    table = _figures(stack, ("beats", "Se", "+P"))
    table = table.drop(columns="macro-F1")
    table.index = pd.Index(each, name="record")
    beats = stack.sum(axis=(1, 2))
    errors = beats - stack.trace(axis1=1, axis2=2)
    table.insert(0, "beats", beats)
    table.insert(1, "errors", errors)
    headings = {f"{kind} beats": kind for kind in SCORED}
    return table.rename(columns=headings)


def gross_and_average(labels: Labels, predictions: Labels, records: Names) -> pd.DataFrame:
    """Give EC57's two summaries: over all beats together, and over records alike.

    First used in chapter 7.

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
    [stack] = _by_person(labels, predictions, records)
    columns = ("Se", "+P", "F1", "FPR")
    gross = _figures(stack.sum(axis=0), columns).iloc[0]
    own = _figures(stack, columns)
    average = own.mean()
    records = own.count()
    return pd.DataFrame({"gross": gross, "average": average, "records": records})


def bootstrap_records(
    labels: Labels,
    predictions: Labels,
    subjects: Names,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Give intervals for the scores by resampling people, not beats.

    First used in chapter 4.

    Beats of one heart are alike; resampling them one by one, as `bootstrap_beats` does, gives
    intervals several times too narrow.

    Parameters
    ----------
    labels : numpy.ndarray
        int, shape ``(n,)``.
    predictions : numpy.ndarray
        int, shape ``(n,)``; or ``(runs, n)`` from several runs, whose mean scores are given.
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
    stacks = _by_person(labels, predictions, subjects)
    return bootstrap_matrices(stacks, draws=draws, level=level, seed=seed)


def bootstrap_difference(
    labels: Labels,
    predictions: Labels,
    others: Labels,
    subjects: Names,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Give intervals for how much better one classifier's scores are than another's.

    First used in chapter 7.

    Both call the same beats, so both are scored on the same people at each draw: a person who is
    hard for one is mostly hard for the other, and that cancels out. The interval is narrower than
    a comparison of two intervals of `bootstrap_records` suggests.

    Parameters
    ----------
    labels, predictions, subjects, draws, level, seed
        As in `bootstrap_records`.
    others : numpy.ndarray
        As `predictions`: what the classifier said that is compared with.

    Returns
    -------
    pandas.DataFrame
        As from `bootstrap_records`; `value` is above 0 where `predictions` are better.

    Raises
    ------
    ValueError
        As in `bootstrap_records`.

    Examples
    --------
    >>> people = np.repeat(["a", "b", "c"], 4)
    >>> right, wrong = [0, 0, 1, 2] * 3, [0, 0, 1, 1] * 3
    >>> bootstrap_difference(right, right, wrong, people).loc["accuracy"].tolist()
    [0.25, 0.25, 0.25]
    """
    stacks = _by_person(labels, predictions, subjects)
    other = _by_person(labels, others, subjects)
    return bootstrap_matrices(stacks, other, draws=draws, level=level, seed=seed)


def bootstrap_matrices(
    counts: np.ndarray,
    others: np.ndarray | None = None,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Give intervals for scores, or for a difference, from the confusion matrices of people.

    `bootstrap_records` and `bootstrap_difference` count the matrices; recorded outcomes hold them.

    Parameters
    ----------
    counts : numpy.ndarray
        int, shape ``(people, 5, 5)``; or ``(runs, people, 5, 5)`` from several runs: at each draw
        of people the scores of all runs are averaged, so the interval is that of the mean.
    others : numpy.ndarray, optional
        Of the same people, of a classifier that is compared with; it may have other runs.
    draws, level, seed
        As in `bootstrap_records`.

    Returns
    -------
    pandas.DataFrame
        As from `bootstrap_records`.

    Raises
    ------
    ValueError
        If the matrices are not of five classes and two people or more, or of other people.

    Examples
    --------
    >>> counts = np.stack([np.diag([8, 1, 1, 0, 0]), np.diag([5, 2, 3, 0, 0])])
    >>> bootstrap_matrices(counts, draws=50).loc["accuracy"].tolist()
    [1.0, 1.0, 1.0]
    """
    stacks = _stacks("counts", counts)
    count = stacks.shape[1]
    rng, draws = _random(seed, draws, level)
    people = rng.integers(count, size=(draws, count))
    value, drawn = _drawn_figures(stacks, people)
    if others is not None:
        rivals = _stacks("others", others)
        if rivals.shape[1] != count:
            raise ValueError(f"others are of {rivals.shape[1]} people, counts of {count}")
        rival_value, rival_drawn = _drawn_figures(rivals, people)
        value = value - rival_value
        drawn = drawn - rival_drawn
    return _interval(value, drawn, level)


def bootstrap_beats(
    labels: Labels, predictions: Labels, *, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Give the too narrow intervals that come from taking beats for independent.

    First used in chapter 7.

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
    shares = matrix / matrix.sum()
    cells = rng.multinomial(matrix.sum(), shares.ravel(), size=draws)
    drawn = cells.reshape(draws, *matrix.shape)
    return _interval(_figures(matrix), _figures(drawn), level)


def reliability(
    labels: Labels, probabilities: Probabilities, *, kind: str | None = None, bins: int = 10
) -> pd.DataFrame:
    """Compare what a model believes with how often it is right (Guo 2017, arXiv 1706.04599).

    First used in chapter 12.

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
    bin_of = (believed * bins).astype(int)
    bin_of = np.minimum(bin_of, bins - 1)  # the last bin holds 1.0, too
    beats = np.bincount(bin_of, minlength=bins)
    believed_in_all = np.bincount(bin_of, believed, bins)
    true_in_all = np.bincount(bin_of, true, bins)
    edges = np.arange(bins + 1) / bins
    columns = {
        "low": edges[:-1],
        "high": edges[1:],
        "beats": beats,
        "confidence": _ratio(believed_in_all, beats),
        "frequency": _ratio(true_in_all, beats),
    }
    table = pd.DataFrame(columns)
    return table[table["beats"] > 0].reset_index(drop=True)


def calibration_error(
    labels: Labels, probabilities: Probabilities, *, kind: str | None = None, bins: int = 10
) -> float:
    """Return the expected calibration error (ECE): how far belief and frequency lie apart.

    First used in chapter 12.

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


def risk_coverage(labels: Labels, probabilities: Probabilities) -> pd.DataFrame:
    """Show what a model gains by leaving its least certain beats to a person.

    First used in chapter 12.

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
    alike = beats.groupby("threshold")["wrong"]  # beats of one certainty go together
    rising = alike.agg(["size", "sum"])
    falling = rising.iloc[::-1]  # from the most certain on
    answered = falling.cumsum()
    coverage = answered["size"] / len(beats)
    risk = answered["sum"] / answered["size"]
    table = pd.DataFrame({"coverage": coverage, "risk": risk})
    return table.reset_index()


def beat_by_beat(
    ref_samples: np.ndarray,
    ref_symbols: Symbols,
    test_samples: np.ndarray,
    test_symbols: Symbols,
    fs: float,
    start: float = 300.0,
    duration: float | None = None,
    escape: str = "S",
    episodes: np.ndarray | None = None,
) -> BeatByBeat:
    """Compare a detector's beats with the reference by the rules of ANSI/AAMI EC57.

    First used in chapter 3.

    Beats match within 150 ms; each is in one pair at most, the nearer neighbour being preferred.
    The counts are those of WFDB's ``bxb`` (for a test that marks no stretches as unreadable).

    Parameters
    ----------
    ref_samples, test_samples : numpy.ndarray
        int, 0 or more, rising: where the annotations are.
    ref_symbols, test_symbols : sequence of str
        Annotation symbols; ``"N"`` throughout from a detector that tells no types. Marks that
        are no beats are passed over, and so are beats between ``[`` and ``]``.
    fs : float
        Sampling rate in Hz.
    start : float
        Where the comparison begins, in s, by default after EC57's learning period.
    duration : float, optional
        Length of the recording in s; by default up to the last beat.
    escape : {"N", "S"}
        Where escape beats (``e``, ``j``, ``n``) belong: to S for ``bxb``, to N in the course.
    episodes : numpy.ndarray, optional
        The reference's ``Record.episodes``: extra test beats in flutter are not counted, those
        where the signal is unreadable are counted by themselves.

    Returns
    -------
    BeatByBeat

    Raises
    ------
    ValueError
        If samples and symbols differ in number, samples are no whole numbers that rise from 0, a
        symbol is no annotation, a time makes no sense, or all beats lie before `start`.

    Examples
    --------
    >>> reference, found = [360, 720, 1080], [365, 1080, 1300]
    >>> result = beat_by_beat(reference, ["N", "V", "N"], found, ["N"] * 3, 360.0, start=0)
    >>> result.missed, result.extra
    (1, 1)
    """
    first, stop = _period(fs, start, duration)
    unreadable = _spans(episodes, "unreadable")
    reference, flutter = _labelled(ref_samples, ref_symbols, escape, "reference")
    test, _ = _labelled(test_samples, test_symbols, escape, "test")
    _check_start(reference + test, first, start, fs)
    window = int(MATCH_WINDOW * fs + 0.5)
    pairs = _pairs(reference, test, first, stop, window)
    return _counted(pairs, flutter + _spans(episodes, "flutter"), unreadable)


# ---------------------------------------------------------------------------


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.true_divide(part, whole)


def _statistics(stack: np.ndarray) -> dict[str, np.ndarray]:
    """Return statistics of matrices ``(…, 5, 5)``, each of shape ``(…, 5)``: one for each class."""
    right = np.diagonal(stack, axis1=-2, axis2=-1)
    beats = stack.sum(axis=-1)
    called = stack.sum(axis=-2)
    others = beats.sum(axis=-1, keepdims=True) - beats
    return {
        "beats": beats,
        "Se": _ratio(right, beats),
        "+P": _ratio(right, called),
        # F1 = 2 TP / (2 TP + FN + FP): no division by an undefined +P
        "F1": _ratio(2 * right, beats + called),
        "FPR": _ratio(called - right, others),
    }


def _figures(stack: np.ndarray, columns: Sequence[str] = ("F1", "Se", "+P")) -> pd.DataFrame:
    """Return accuracy, macro-F1 and statistics of the scored classes, one row for each matrix."""
    stack = stack.reshape(-1, 5, 5)
    statistics = _statistics(stack)
    right = stack.trace(axis1=1, axis2=2)
    beats = stack.sum(axis=(1, 2))
    scored = [CLASSES.index(kind) for kind in SCORED]
    f1 = statistics["F1"][:, scored]
    figures = {"accuracy": right / beats}
    figures["macro-F1"] = f1.mean(axis=1)
    for k in scored:
        for column in columns:
            name = f"{CLASSES[k]} {column}"
            figures[name] = statistics[column][:, k]
    return pd.DataFrame(figures)


def _by_person(labels: Labels, predictions: Labels, subjects: Names) -> np.ndarray:
    """Return the confusion matrix of each run and person, shape ``(runs, people, 5, 5)``."""
    runs = predictions if np.ndim(predictions) == 2 else [predictions]
    each = [matrices(labels, called, subjects) for called in runs]
    return np.array([list(one.values()) for one in each])


def _stacks(name: str, counts: np.ndarray) -> np.ndarray:
    """Return confusion matrices as ``(runs, people, 5, 5)``; refuse what makes no interval."""
    counts = np.asarray(counts)
    runs = counts[None] if counts.ndim == 3 else counts
    if runs.ndim != 4 or runs.shape[2:] != (5, 5) or not len(runs):
        problem = f"{name} has shape {counts.shape}"
        raise ValueError(f"{problem}; it must be (people, 5, 5) or (runs, people, 5, 5)")
    people = runs.shape[1]
    if people < 2:
        raise ValueError(f"there is {people} subject; an interval needs two or more")
    return runs


def _drawn_figures(stacks: np.ndarray, people: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores, mean over runs: of all people, and of those of each draw."""
    value = sum(_figures(run.sum(axis=0)) for run in stacks)
    drawn = 0
    for run in stacks:
        summed = np.stack([run[chosen].sum(axis=0) for chosen in people])
        drawn = drawn + _figures(summed)
    return value / len(stacks), drawn / len(stacks)


def _interval(figures: pd.DataFrame, drawn: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return figures, and the interval that holds `level` of the drawn ones."""
    tail = (1 - level) / 2
    low = drawn.quantile(tail)
    high = drawn.quantile(1 - tail)
    return pd.DataFrame({"value": figures.iloc[0], "low": low, "high": high})


def _random(seed: int, draws: int, level: float) -> tuple[np.random.Generator, int]:
    """Return a generator and how often it is asked; refuse what makes no interval."""
    level = given.number("level", level)
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, such as 0.95")
    seed = given.whole("seed", seed, 0)
    draws = given.whole("draws", draws, 1)
    return np.random.default_rng(seed), draws


def _indices(name: str, values: np.ndarray) -> np.ndarray:
    """Return indices into `CLASSES` as int64; True and False are none."""
    odd = values
    if values.dtype != bool:
        odd = values[~np.isin(values, range(5))]
    if len(odd):
        first = odd.tolist()[0]
        kinds = " ".join(CLASSES)
        raise ValueError(f"{name} hold {first!r}; classes are 0 to 4, for {kinds}")
    return values.astype(np.int64)


def _counts(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return how often things were counted, or on average over several runs.

    Another shape is refused, and so is what is no count.
    """
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(f"{name} has shape {values.shape}; it must be {shape}")
    odd = values
    if values.dtype.kind in "iuf":
        odd = values[(values < 0) | ~np.isfinite(values)]
    if len(odd):
        raise ValueError(f"{name} holds {values.tolist()}; it must hold counts, 0 or more")
    return values


def _names(records: Names, count: int) -> Names:
    """Return one name for each beat; numbers of people will do, gaps will not."""
    records = np.asarray(records)
    if records.shape != (count,):
        have = len(records) if records.ndim else repr(records.item())
        raise ValueError(f"{have} names for {count} beats; give one for each beat")
    for name in records.tolist():
        if not isinstance(name, str | int):
            raise ValueError(f"records hold {name!r}, which is no name; give one for each beat")
    if records.dtype == object:
        return records.astype(str)
    return records


def _belief(
    labels: Labels, probabilities: Probabilities, kind: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each beat, a probability and whether what it speaks of is true."""
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities)
    if labels.ndim != 1:
        raise ValueError(f"labels have shape {labels.shape}; give one number a beat")
    _check_probabilities(probabilities, len(labels))
    labels = _indices("labels", labels)
    probabilities = probabilities.astype(float)
    _check_sums(probabilities)
    if kind is None:
        called = probabilities.argmax(axis=1)
        return probabilities.max(axis=1), called == labels
    if kind not in CLASSES:
        raise ValueError(f"there is no class {kind!r}; there are {' '.join(CLASSES)}")
    k = CLASSES.index(kind)
    return probabilities[:, k], labels == k


def _check_probabilities(probabilities: Probabilities, count: int) -> None:
    shape = (count, len(CLASSES))
    if probabilities.shape != shape or count == 0:
        needed = f"for {count} labels they must be {shape}"
        raise ValueError(f"probabilities have shape {probabilities.shape}; {needed}")
    if probabilities.dtype.kind not in "iuf":
        raise ValueError(f"probabilities are of type {probabilities.dtype}; give numbers")


def _check_sums(probabilities: Probabilities) -> None:
    sums = probabilities.sum(axis=1)
    proper = np.isclose(sums, 1, atol=1e-3)
    proper &= (probabilities >= 0).all(axis=1)
    if not proper.all():
        row = int(proper.argmin())
        raise ValueError(f"row {row} is {probabilities[row]}: no probabilities that sum to 1")


# ---------------------------------------------------------------------------
# Beat by beat


class _Beat(NamedTuple):
    sample: float
    label: int


_Pair = tuple[_Beat | None, _Beat | None]  # reference and test; None where there is none
_Span = tuple[float, float]  # the first and the last sample
_NONE = len(CLASSES)  # the row and the column of what is not there
#: What stands before the first beat and after the last. No beat is near it, not even at sample 0.
_START, _END = _Beat(-np.inf, -1), _Beat(np.inf, -1)


def _period(fs: float, start: float, duration: float | None) -> tuple[int, float]:
    """Return the first sample that is compared, and the one at which comparing stops."""
    if given.number("fs", fs) <= 0:
        raise ValueError(f"fs is {fs} Hz; it must be above 0")
    begin = given.number("start", start, 0)
    first = round(begin * fs)
    if duration is None:
        return first, np.inf
    if given.number("duration", duration) <= start:
        raise ValueError(f"duration is {duration} s; it must be longer than start, {start} s")
    return first, round(duration * fs) + 1


def _spans(episodes: np.ndarray | None, kind: str) -> list[_Span]:
    """Return where episodes of a kind are; refuse what is no array of episodes."""
    if episodes is None:
        return []
    if getattr(episodes, "dtype", None) != EPISODE:
        dtype = getattr(episodes, "dtype", type(episodes).__name__)
        raise ValueError(f"episodes are of type {dtype}; give record.episodes, or None")
    chosen = episodes[episodes["kind"] == kind]
    return chosen[["onset", "offset"]].tolist()


def _labelled(
    samples: np.ndarray, symbols: Symbols, escape: str, which: str
) -> tuple[list[_Beat], list[_Span]]:
    """Return the beats among some annotations, and the stretches of ventricular flutter."""
    samples = _positions(samples, which)
    symbols = _annotations(symbols, which)
    if samples.shape != symbols.shape:
        raise ValueError(f"{len(samples)} {which} samples, {len(symbols)} symbols; give one each")
    flutter = []
    onsets = samples[symbols == "["]
    ends = samples[symbols == "]"]
    for onset in onsets:
        end = min(ends[ends >= onset], default=np.inf)
        flutter.append((onset, end))
    outside = [not _lies_in(flutter, sample) for sample in samples]
    kept = np.logical_and(np.isin(symbols, BEAT_SYMBOLS), outside)
    places = samples[kept].tolist()
    labels = labels_of(symbols[kept], escape)
    beats = map(_Beat, places, labels.tolist())
    return list(beats), flutter


def _positions(samples: Sequence[int], which: str) -> np.ndarray:
    """Return samples as int64; refuse what are no places in a recording, or fall.

    Unlike the beats of a record, several marks may lie at one sample.
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(f"{which} samples have shape {samples.shape}; give one number a beat")
    odd = samples
    if samples.dtype.kind in "iuf":
        with np.errstate(invalid="ignore"):  # infinity has no fraction
            odd = samples[(samples < 0) | (samples % 1 != 0)]
    if len(odd):
        first = odd.tolist()[0]
        raise ValueError(f"{which} samples hold {first!r}; give whole numbers, 0 or more")
    samples = samples.astype(np.int64)
    falling = samples[1:][np.diff(samples) < 0]
    if len(falling):
        raise ValueError(f"{which} samples must rise; {falling[0]} falls")
    return samples


def _annotations(symbols: Symbols, which: str) -> np.ndarray:
    """Return symbols as ``<U1``; a string is one symbol for each character."""
    if isinstance(symbols, str):
        symbols = list(symbols)
    symbols = np.asarray(symbols, dtype=str)
    try:
        checked = checked_symbols(symbols.ravel())
    except ValueError as error:
        raise ValueError(f"{which} {error}") from None
    return checked.reshape(symbols.shape)


def _check_start(beats: list[_Beat], first: int, start: float, fs: float) -> None:
    """Refuse a comparison that begins after the last beat of a short recording."""
    samples = [beat.sample for beat in beats]
    last = max(samples, default=first)
    if last < first:
        all_before = f"the last beat lies at {last / fs:g} s, where nothing is compared yet"
        raise ValueError(
            f"start is {start:g} s and {all_before}; give start=0, or whole recordings"
        )


def _lies_in(spans: list[_Span], sample: float) -> bool:
    return any(onset <= sample <= offset for onset, offset in spans)


def _pairs(
    reference: list[_Beat], test: list[_Beat], first: int, stop: float, window: int
) -> Iterator[_Pair]:
    """Walk through both lists at once and yield what belongs together, and what stands alone.

    The order of steps, and what happens at the begin of the test period, are those of ``bxb``
    as it has been since November 2002.
    """
    refs = [_START, *reference, _END, _END]
    tests = [_START, *test, _END, _END]
    i = bisect_left(refs, first, key=attrgetter("sample"))
    j = bisect_left(tests, first, key=attrgetter("sample")) - 1
    # A last test beat before the begin may belong to the first reference beat after it.
    if not _match(refs[i], tests[j], tests[j + 1], window):
        j += 1
        # A first test beat may belong to a reference beat before the begin: it goes uncounted.
        early = first > 0 and tests[j].sample - first <= window
        if early and _apart(refs[i], tests[j + 1]) < _apart(refs[i], tests[j]):
            j += 1

    while min(refs[i].sample, tests[j].sample) < stop:
        ref, found = refs[i], tests[j]
        test_first = found.sample < ref.sample
        if test_first:
            matched = _match(ref, found, tests[j + 1], window, refs[i + 1])
        else:
            matched = _match(found, ref, refs[i + 1], window, tests[j + 1])
        if matched:
            yield ref, found
            i, j = i + 1, j + 1
        elif test_first:
            yield None, found
            j += 1
        else:
            yield ref, None
            i += 1


def _match(
    beat: _Beat, neighbour: _Beat, rival: _Beat, window: int, instead: _Beat | None = None
) -> bool:
    """Tell whether a beat and its neighbour are near enough, and no rival is as near.

    A rival that lies nearer to another beat, which it can have `instead`, is none.
    """
    if _apart(beat, neighbour) > window:
        return False
    from_rival = _apart(beat, rival)
    if instead is not None and _apart(instead, rival) < from_rival:
        return True
    return _apart(beat, neighbour) < from_rival


def _apart(one: _Beat, other: _Beat) -> float:
    return abs(one.sample - other.sample)


def _counted(pairs: Iterator[_Pair], flutter: list[_Span], unreadable: list[_Span]) -> BeatByBeat:
    """Count pairs, and extra beats by where they lie: in flutter they are not counted."""
    matrix = np.zeros((6, 6), dtype=np.int64)
    in_unreadable = np.zeros(5, dtype=np.int64)
    for ref, found in pairs:
        if found is None:
            matrix[ref.label, _NONE] += 1
        elif ref is not None:
            matrix[ref.label, found.label] += 1
        elif _lies_in(flutter, found.sample):
            continue
        elif _lies_in(unreadable, found.sample):
            in_unreadable[found.label] += 1
        else:
            matrix[_NONE, found.label] += 1
    return BeatByBeat(matrix, in_unreadable)
