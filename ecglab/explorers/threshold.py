"""A threshold against errors: what it finds, what it misses, what it calls for nothing."""

import matplotlib.pyplot as plt
import numpy as np

from ecglab.explorers.base import Explorer, State, Words, number, share


def threshold(
    values: np.ndarray,
    positive: np.ndarray,
    *,
    name: str = "score",
    unit: str = "",
    groups: tuple[str, str] = ("positive", "negative"),
    hours: float | None = None,
) -> Explorer:
    """Explore how a threshold trades missed cases for false alarms.

    First used in chapter 3.

    It has about sixty steps; counts are exact at every step.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n,)``: what the threshold is laid on, such as the heights of a detector's peaks
        or a network's probabilities. From the threshold on, a case is called positive.
    positive : numpy.ndarray
        Shape ``(n,)``, bool: what each case is in truth.
    name, unit : str
        What the values are.
    groups : tuple of str
        What the positive and the negative cases are.
    hours : float, optional
        Length of the recording; false alarms are then also given by the hour.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If the values are not finite numbers in one row, if `positive` does not have one truth
        for each of them, or if one of the two groups is empty.

    Examples
    --------
    >>> explorer = threshold([0.1, 0.4, 0.6, 0.9], [False, True, False, True])
    >>> explorer.read({"threshold": 0.4})["Sensitivity"]
    '100.0 %'
    """
    values, positive = _checked(values, positive)
    edges, step = _bins(values)
    above, below = values[positive], values[~positive]
    data = {
        "positive": np.histogram(above, edges)[0].tolist(),
        "negative": np.histogram(below, edges)[0].tolist(),
        "low": float(edges[0]),
        "step": step,
        "name": name,
        "unit": unit,
        "groups": groups,
        "hours": hours,
    }
    between = (np.median(above) + np.median(below)) / 2
    control = _control(edges, step, between)
    control |= {"label": f"Threshold on {name}", "unit": unit}
    return Explorer("threshold", data, read, threshold=control)


def read(data: dict, state: State) -> Words:
    """Return the counts and shares at a threshold."""
    first = round((state["threshold"] - data["low"]) / data["step"])  # bin called positive
    tp = sum(data["positive"][first:])
    fn = sum(data["positive"][:first])
    fp = sum(data["negative"][first:])
    tn = sum(data["negative"][:first])
    words = {
        "True positives": number(tp),
        "False negatives": number(fn),
        "False positives": number(fp),
        "True negatives": number(tn),
        "Sensitivity": share(tp, fn),
        "Specificity": share(tn, fp),
        "Positive predictivity": share(tp, fp),
    }
    if data["hours"]:
        words["False alarms an hour"] = number(fp / data["hours"], 1)
    return words


def _checked(values: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(values, dtype=float)
    positive = np.asarray(positive)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"values of shape {values.shape}: one row of finite numbers is wanted")
    kinds = np.unique(positive)
    if positive.shape != values.shape or positive.dtype != bool or len(kinds) != 2:
        found = f"{positive.dtype} of shape {positive.shape}, {np.count_nonzero(positive)} true"
        raise ValueError(f"positive is {found}; give bool of shape {values.shape}, both kinds")
    return values, positive


def _bins(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the edges of about sixty bins, the last one above the highest value, and a bin."""
    low = values.min()
    high = max(values.max(), low + 1e-6)
    edges = plt.MaxNLocator(60, steps=[1, 2, 5, 10]).tick_values(low, high)
    step = float(np.round(edges[1] - edges[0], 10))
    return np.round(np.append(edges, edges[-1] + step), 10), step


def _control(edges: np.ndarray, step: float, start: float) -> dict:
    """Return a slider over the edges that opens at the one nearest to `start`."""
    nearest = abs(edges - start).argmin()
    return {
        "low": float(edges[0]),
        "high": float(edges[-1]),
        "step": step,
        "value": float(edges[nearest]),
    }
