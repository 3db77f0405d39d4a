"""Scores that respect classes and patients, and the beat-by-beat comparison of EC57."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecglab.beats import CLASSES, labels_of

#: The classes whose F1 is averaged. F and Q are too few, and in DS2 93 % of F is one patient.
SCORED = ("N", "S", "V")
#: Two beats match when they lie no further apart than this (EC57), in s.
MATCH_WINDOW = 0.15


@dataclass(frozen=True, repr=False)
class Scores:
    """How a set of predictions compares with the labels.

    Attributes
    ----------
    matrix : numpy.ndarray
        int64, shape ``(5, 5)``: rows are labels, columns predictions, in the order of `CLASSES`.
    """

    matrix: np.ndarray

    @property
    def table(self) -> pd.DataFrame:
        """Beats, sensitivity, positive predictivity and F1 of each class; NaN where undefined."""
        right = np.diag(self.matrix).astype(float)
        beats, called = self.matrix.sum(axis=1), self.matrix.sum(axis=0)
        return pd.DataFrame(
            {
                "beats": beats,
                "Se": _ratio(right, beats),
                "+P": _ratio(right, called),
                # F1 = 2 TP / (2 TP + FN + FP): no division by an undefined +P
                "F1": _ratio(2 * right, beats + called),
            },
            index=pd.Index(CLASSES, name="class"),
        )

    @property
    def accuracy(self) -> float:
        """Part of all beats that were called right."""
        return float(_ratio(np.trace(self.matrix), self.matrix.sum()))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of N, S and V; NaN where one of them neither occurs nor is called."""
        return float(self.table.loc[list(SCORED), "F1"].mean(skipna=False))

    def summary(self) -> dict:
        """Return everything as plain numbers, for JSON."""
        table = self.table.drop(columns="beats").round(6)
        return {
            "accuracy": round(self.accuracy, 6),
            "macro_f1": round(self.macro_f1, 6),
            "matrix": self.matrix.tolist(),
            **{f"{name} {column}": table.loc[name, column] for name in SCORED for column in table},
        }

    def __repr__(self) -> str:
        table = self.table.to_string(float_format="{:.3f}".format, na_rep="–")
        return f"{table}\naccuracy {self.accuracy:.3f}, macro-F1 over N, S, V {self.macro_f1:.3f}"

    def _repr_html_(self) -> str:
        table = self.table.style.format("{:.3f}", subset=["Se", "+P", "F1"], na_rep="–")
        table = table.set_caption(
            f"accuracy {self.accuracy:.3f}, macro-F1 over N, S, V {self.macro_f1:.3f}"
        )
        return table.to_html()


@dataclass(frozen=True)
class BeatByBeat:
    """The outcome of a beat-by-beat comparison.

    Attributes
    ----------
    matrix : numpy.ndarray
        int64, shape ``(6, 6)``: rows N S V F Q O (reference), columns n s v f q o (test). Row
        O holds extra beats, column o missed ones; [O, o] is 0.
    """

    matrix: np.ndarray

    @property
    def sensitivity(self) -> float:
        """Part of the reference beats that were found, whatever they were called."""
        return float(_ratio(self.matrix[:5, :5].sum(), self.matrix[:5].sum()))

    @property
    def positive_predictivity(self) -> float:
        """Part of the test beats that lie on a reference beat."""
        return float(_ratio(self.matrix[:5, :5].sum(), self.matrix[:, :5].sum()))

    @property
    def missed(self) -> int:
        """Reference beats that were not found."""
        return int(self.matrix[:5, 5].sum())

    @property
    def extra(self) -> int:
        """Test beats where the reference has none."""
        return int(self.matrix[5, :5].sum())


def confusion(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
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
        raise ValueError(
            f"labels have shape {labels.shape}, predictions {predictions.shape}; give two arrays "
            "of one length, one number a beat"
        )
    for name, values in (("labels", labels), ("predictions", predictions)):
        if not np.isin(values, range(len(CLASSES))).all():
            odd = values[~np.isin(values, range(len(CLASSES)))][0]
            raise ValueError(f"{name} hold {odd!r}; classes are 0 to 4, for {' '.join(CLASSES)}")
    pairs = labels.astype(np.int64) * len(CLASSES) + predictions.astype(np.int64)
    return np.bincount(pairs, minlength=len(CLASSES) ** 2).reshape(len(CLASSES), -1)


def scores(labels: np.ndarray, predictions: np.ndarray) -> Scores:
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


def per_record(labels: np.ndarray, predictions: np.ndarray, records: np.ndarray) -> pd.DataFrame:
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
    matrices = _matrices(labels, predictions, records)
    rows = {}
    for name, matrix in matrices.items():
        one = Scores(matrix)
        wrong = int(matrix.sum() - np.trace(matrix))
        row = {"beats": int(matrix.sum()), "errors": wrong, "accuracy": one.accuracy}
        for kind in SCORED:
            row |= {kind: one.table.loc[kind, "beats"]}
            row |= {f"{kind} {column}": one.table.loc[kind, column] for column in ("Se", "+P")}
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("record")


def bootstrap_records(
    labels: np.ndarray,
    predictions: np.ndarray,
    subjects: np.ndarray,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Give intervals for the scores by resampling people, not beats.

    Beats of one heart are alike; resampling them one by one would give intervals more
    than ten times too narrow.

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
        If there are fewer than two people, or `level` is not between 0 and 1.

    Examples
    --------
    >>> people = np.repeat(["a", "b", "c"], 4)
    >>> bootstrap_records([0, 0, 1, 2] * 3, [0, 0, 1, 2] * 3, people).loc["accuracy"].tolist()
    [1.0, 1.0, 1.0]
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, such as 0.95")
    matrices = np.stack(list(_matrices(labels, predictions, subjects).values()))
    if len(matrices) < 2:
        raise ValueError(f"there is {len(matrices)} subject; an interval needs two or more")
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(matrices), size=(draws, len(matrices)))
    values = _figures(matrices.sum(axis=0))
    resampled = pd.DataFrame([_figures(matrices[people].sum(axis=0)) for people in drawn])
    tail = (1 - level) / 2
    return pd.DataFrame(
        {"value": values, "low": resampled.quantile(tail), "high": resampled.quantile(1 - tail)}
    )


def beat_by_beat(
    ref_samples: np.ndarray,
    ref_symbols: np.ndarray,
    test_samples: np.ndarray,
    test_symbols: np.ndarray,
    fs: float,
    start: float = 300.0,
    duration: float | None = None,
    escape: str = "S",
) -> BeatByBeat:
    """Compare a detector's beats with the reference by the rules of ANSI/AAMI EC57.

    A reference and a test beat match when they lie within 150 ms; each takes part in
    one pair at most, the nearer neighbour being preferred, as WFDB's ``bxb`` does it.

    Parameters
    ----------
    ref_samples, test_samples : numpy.ndarray
        int, rising: where the beats are.
    ref_symbols, test_symbols : numpy.ndarray
        str: annotation symbols. A detector that tells no types gives ``"N"`` throughout.
    fs : float
        Sampling rate in Hz.
    start : float
        Where the comparison begins, in s. The first five minutes are the learning period.
    duration : float, optional
        Length of the recording in s; by default up to the last reference or test beat.
    escape : {"N", "S"}
        Where escape beats (``e``, ``j``) belong. ``bxb`` counts them as S; elsewhere in
        the course they are N.

    Returns
    -------
    BeatByBeat

    Raises
    ------
    ValueError
        If samples and symbols differ in number, samples are not rising, or a symbol is
        not a beat.

    Examples
    --------
    >>> reference, found = [360, 720, 1080], [365, 1080, 1300]
    >>> result = beat_by_beat(reference, ["N", "V", "N"], found, ["N"] * 3, 360.0, start=0)
    >>> result.missed, result.extra
    (1, 1)
    """
    limit = np.inf if duration is None else round(duration * fs)
    reference = _labelled(ref_samples, ref_symbols, escape, "reference")
    test = _labelled(test_samples, test_symbols, escape, "test")
    first, window = round(start * fs), round(MATCH_WINDOW * fs)
    matrix = np.zeros((6, 6), dtype=np.int64)
    for ref_label, test_label in _pairs(*reference, *test, first, limit, window):
        matrix[ref_label, test_label] += 1
    return BeatByBeat(matrix)


# ---------------------------------------------------------------------------


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.true_divide(part, whole)


def _matrices(
    labels: np.ndarray, predictions: np.ndarray, groups: np.ndarray
) -> dict[str, np.ndarray]:
    labels, predictions, groups = np.asarray(labels), np.asarray(predictions), np.asarray(groups)
    if groups.shape != labels.shape:
        raise ValueError(f"{len(groups)} names for {len(labels)} beats; give one for each beat")
    return {
        str(group): confusion(labels[groups == group], predictions[groups == group])
        for group in np.unique(groups)
    }


def _figures(matrix: np.ndarray) -> dict[str, float]:
    """Return accuracy, macro-F1 and per class F1, Se, +P of one matrix, quickly."""
    right, beats, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    f1 = _ratio(2 * right, beats + called)
    sensitivity, predictivity = _ratio(right, beats), _ratio(right, called)
    index = [CLASSES.index(name) for name in SCORED]
    figures = {"accuracy": right.sum() / matrix.sum(), "macro-F1": f1[index].mean()}
    for name, k in zip(SCORED, index, strict=True):
        figures |= {
            f"{name} F1": f1[k],
            f"{name} Se": sensitivity[k],
            f"{name} +P": predictivity[k],
        }
    return {name: float(value) for name, value in figures.items()}


def _labelled(
    samples: np.ndarray, symbols: np.ndarray, escape: str, which: str
) -> tuple[list[int], list[int]]:
    samples = np.asarray(samples, dtype=np.int64)
    if samples.shape != (len(symbols),):
        raise ValueError(f"{len(samples)} {which} samples, {len(symbols)} symbols; give one each")
    if (np.diff(samples) < 0).any():
        raise ValueError(f"{which} samples must rise; {samples[1:][np.diff(samples) < 0][0]} falls")
    return samples.tolist(), labels_of(symbols, escape).tolist()


def _pairs(ref_samples, ref_labels, test_samples, test_labels, first, limit, window):
    """Walk through both lists at once and yield (reference label, test label); 5 is none."""
    none = len(CLASSES)
    i = j = 0
    never = np.inf  # stands behind either list's end
    refs, tests = [*ref_samples, never, never], [*test_samples, never, never]
    while (refs[i] <= limit and refs[i] < never) or (tests[j] <= limit and tests[j] < never):
        ref, test = refs[i], tests[j]
        # The earlier beat pairs with the other unless that one has a nearer partner next.
        if test < ref:
            matched = ref - test <= window and ref - test < abs(ref - tests[j + 1])
        else:
            matched = test - ref <= window and test - ref < abs(test - refs[i + 1])
        counted = min(ref, test) >= first
        if matched:
            pair = ref_labels[i], test_labels[j]
            i, j = i + 1, j + 1
        elif test < ref:
            pair = none, test_labels[j]
            j += 1
        else:
            pair = ref_labels[i], none
            i += 1
        if counted:
            yield pair
