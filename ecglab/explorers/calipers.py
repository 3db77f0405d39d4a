"""Calipers on ECG paper: the reader's interval, and the one that cardiologists marked."""

import numpy as np

from ecglab.explorers.base import Explorer, State, Words, half_millivolts, number

STEPS = 100  # to a mV; `calipers.js` counts in them too
MOVE = 4  # ms: what a caliper moves by, in `calipers.json` too


def calipers(
    signal: np.ndarray, fs: float, spans: dict[str, tuple[float, float]], lead: str
) -> Explorer:
    """Explore how intervals are measured: the reader's two calipers against marked bounds.

    First used in chapter 1.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape ``(samples,)``, in mV: a second or two of one lead. Shown in steps of 0.01 mV.
    fs : float
        Sampling rate in Hz.
    spans : dict
        By an interval's name, such as ``"PR"``, where it was marked: begin and end in seconds
        after the first sample.
    lead : str
        What the signal shows, such as ``"II"``.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If an interval does not lie within the signal.

    Examples
    --------
    >>> explorer = calipers(np.zeros(500), 500, {"QRS": (0.30, 0.39)}, "II")
    >>> explorer.read(explorer.start | {"marks": "shown"})["Cardiologists"]
    'QRS 90 ms'
    """
    signal = np.asarray(signal)
    steps = np.rint(signal * STEPS).astype(int)
    seconds = len(steps) / fs
    for name, (begin, end) in spans.items():
        if not 0 <= begin < end <= seconds:
            found = f"{name} from {begin} to {end} s"
            raise ValueError(f"{found}; it must lie within the signal, 0 to {seconds:g} s")
    low, high = half_millivolts(steps / STEPS)
    data = {
        "steps": steps.tolist(),
        "fs": fs,
        "low": low,
        "high": high,
        "spans": spans,
        "lead": lead,
    }
    moves = 1000 * seconds / MOVE
    last = MOVE * int(moves)
    interval = {"value": next(iter(spans)), "options": {name: name for name in spans}}
    left = {"low": 0, "high": last, "value": MOVE * round(moves / 4)}
    right = {"low": 0, "high": last, "value": MOVE * round(moves * 3 / 4)}
    return Explorer("calipers", data, read, interval=interval, left=left, right=right)


def read(data: dict, state: State) -> Words:
    """Return what the calipers measure, and what was marked where it is shown."""
    ms = abs(state["right"] - state["left"])
    words = {
        "Between the calipers": number(ms, 0, "ms"),
        "Small boxes": number(ms / 40, 1),
        "As a rate": number(60_000 / ms, 0, "a minute") if ms else "none",
        "Cardiologists": "?",
        "You are off by": "?",
    }
    if state.get("marks"):
        begin, end = data["spans"][state["interval"]]
        theirs = 1000 * (end - begin)
        words["Cardiologists"] = f"{state['interval']} {number(theirs, 0, 'ms')}"
        words["You are off by"] = number(ms - theirs, 0, "ms")
    return words
