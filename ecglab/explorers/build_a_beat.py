"""Build a beat: which wave, interval and direction does what to the ECG."""

import numpy as np

from ecglab import heart
from ecglab.explorers.base import Explorer, State, Words, number

T_WIDTH = 0.20  # s, as in `heart.beat`
SHOWN = (-0.4, 1.6)  # s after an R wave
PAPER = (-1.5, 2.0)  # mV


def build_a_beat() -> Explorer:
    """Explore which wave, interval and direction does what to the ECG of one beat.

    First used in chapter 1.

    The waves are those of `ecglab.simulate.beat`. PR, QRS and QT are read from where its waves
    begin and end, the axis is measured from the net height of QRS in I and aVF.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> explorer = build_a_beat()
    >>> explorer.read(explorer.start)["PR"]
    '160 ms'
    """
    data = {
        "seconds": SHOWN,
        "mv": PAPER,
        "t_width": T_WIDTH,
        "reach": heart.REACH,
        "leads": heart.LEADS,
        "follows_rr": heart.FOLLOWS_RR,
        "qrs": heart.QRS,
        "late_follows": heart.LATE_FOLLOWS,
    }
    return Explorer("build_a_beat", data, read)


def read(data: dict, state: State) -> Words:
    """Return rate, intervals and axis of a state."""
    beat = parameters(state)
    names = "conduction axis qrs_amplitude qrs_width t_amplitude t_width qt st"
    waves = heart.ventricles(**{name: beat[name] for name in names.split()})
    begin, end = heart.bounds(waves)
    stretch = beat["rr"] ** 0.5
    qt = heart.bounds(waves, "T")[1] * stretch - begin
    has_p, has_t = state["p_amplitude"] != 0, state["t_amplitude"] != 0
    return {
        "Rate": number(60 / beat["rr"], 0, "a minute"),
        "PR": number(state["pr"], 0, "ms") if has_p else "none",
        "QRS": number(1000 * (end - begin), 0, "ms"),
        "QT": number(1000 * qt, 0, "ms") if has_t else "none",
        "QTc (Bazett)": number(1000 * qt / stretch, 0, "ms") if has_t else "none",
        "Axis": number(_axis(beat, begin, end), 0, "°"),
    }


def parameters(state: State) -> dict:
    """Return the arguments of `heart.beat` in a state, whose times are in ms."""
    beat = {name: value for name, value in state.items() if name != "lead"}
    for name in ("p_width", "pr", "qrs_width", "qt", "rr"):
        beat[name] = state[name] / 1000
    beat["t_width"] = T_WIDTH
    return beat


def _axis(beat: dict, begin: float, end: float) -> float:
    """Measure the axis in degrees from the net height of QRS in I and aVF."""
    qrs = heart.beat(np.linspace(begin, end, 101), **beat, leads=("I", "aVF"))
    qrs -= qrs[0]
    across, down = qrs.max(axis=0) + qrs.min(axis=0)
    return np.degrees(np.arctan2(down / np.cos(np.pi / 6), across))
