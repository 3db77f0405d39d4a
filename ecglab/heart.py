"""The beat model: waves of the heart's dipole, and the leads that see them.

A beat is a sum of Gaussian waves P, Q, R, S and T on the phase of the heart's cycle, after
McSharry et al. 2003 (doi 10.1109/TBME.2003.808805); QT grows with the square root of the RR
interval. Each wave is a vector, the heart's dipole in mV, with x to the patient's left, y to the
feet and z to the front. A lead is its projection on the lead's own vector: the limb leads on
Einthoven's triangle, so that they obey his law, the chest leads as Dower et al. 1980 measured
them (doi 10.1002/clc.1980.3.2.87). The waves of each kind of beat stand in ``heart_waves.csv``,
the leads in ``heart_leads.csv``.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from ecglab import given


def table(name: str) -> pd.DataFrame:
    """Read a table that lies beside this module; its first column names the rows."""
    return pd.read_csv(Path(__file__).with_name(f"{name}.csv"), index_col=0, dtype={0: str})


def _complex(waves: pd.DataFrame) -> tuple:
    """Take the rows of one kind of QRS complex apart: its waves, and last the dipole of T."""
    *qrs, (_, _, t) = [(ms, sd, tuple(xyz)) for _, ms, sd, *xyz, _ in waves.itertuples()]
    return tuple(qrs), t


#: Direction and strength of each lead, as a vector (left, feet, front).
LEADS = {lead: tuple(vector) for lead, *vector in table("heart_leads").itertuples()}
TWELVE = tuple(LEADS)[:12]

#: The QRS complex of each kind of conduction: (centre ms, sigma ms, dipole), the tallest wave 1,
#: and the dipole of its T wave. Drawn at their nominal width and axis; `ventricles` scales, turns.
QRS = {kind: _complex(own) for kind, own in table("heart_waves").groupby(level=0, sort=False)}
#: How far T, and what of the QRS complex comes late, follows when the axis turns.
LATE_FOLLOWS = {"N": 0.3, "R": 0.3, "L": 1.0, "V": 1.0, "/": 1.0}

# One Gaussian of a beat: its wave, centre and sigma in s from the R wave, dipole in mV.
_GAUSSIAN = np.dtype([("wave", "U3"), ("centre", "f8"), ("sigma", "f8"), ("dipole", "f8", 3)])
REACH = 2.5  #: a wave is seen to begin and end this many sigma from its centre
FOLLOWS_RR = ("ST", "T")  #: these waves come later and last longer as the square root of RR


def beat(
    times: np.ndarray, *,
    p_amplitude: float = 0.12, p_width: float = 0.10, pr: float = 0.16,
    qrs_amplitude: float = 1.2, qrs_width: float = 0.09, axis: float = 50.0,
    t_amplitude: float = 0.35, t_width: float = 0.20, qt: float = 0.39, st: float = 0.0,
    rr: float = 1.0, conduction: str = "N", leads: str | Sequence[str] = TWELVE,
) -> np.ndarray:  # fmt: skip
    """Return one beat of the model, seen by any leads.

    Parameters
    ----------
    times : numpy.ndarray
        Shape ``(samples,)``, in s; the R wave is at 0.
    p_amplitude, qrs_amplitude, t_amplitude : float
        Size of the heart's dipole at the wave's peak in mV: what a limb lead along it shows.
        Without a P wave: ``p_amplitude=0``.
    p_width, qrs_width, t_width : float
        Duration of the wave in s.
    pr, qt : float
        From the begin of P to the begin of QRS, and from there to the end of T at 60 beats a
        minute, in s.
    axis : float
        Electrical axis of the QRS complex in degrees: 0 points to lead I, 90 to aVF.
    st : float
        Level of the ST segment in mV in a lead along the axis, below 0 for a depression.
    rr : float
        Interval to the beat before in s; T comes later and lasts longer as its square root.
    conduction : {"N", "L", "R", "V", "/"}
        Normal, left or right bundle branch block, ventricular, paced.
    leads : str or sequence of str
        Any of `LEADS`; a string is one lead.

    Returns
    -------
    numpy.ndarray
        float64, shape ``(samples, leads)``, in mV.

    Raises
    ------
    ValueError
        If a lead or a conduction is unknown or no lead is given, times or another number are not
        finite, or a width, `qt` or `rr` is not positive.

    Examples
    --------
    >>> ecg = beat(np.linspace(-0.3, 0.5, 401), leads=("I", "II", "III"))
    >>> ecg.shape, bool(np.allclose(ecg[:, 1], ecg[:, 0] + ecg[:, 2]))
    ((401, 3), True)
    """
    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or not np.isfinite(times).all():
        raise ValueError(f"times of shape {times.shape}: one row of finite seconds is wanted")
    positive = {"p_width": p_width, "qrs_width": qrs_width, "t_width": t_width, "qt": qt, "rr": rr}
    for parameter, value in positive.items():
        if given.number(parameter, value) <= 0:
            raise ValueError(f"{parameter} is {value}; it must be above 0 s")
    finite = {"p_amplitude": p_amplitude, "qrs_amplitude": qrs_amplitude, "pr": pr, "axis": axis}
    for parameter, value in (finite | {"t_amplitude": t_amplitude, "st": st}).items():
        given.number(parameter, value)
    if conduction not in QRS:
        raise ValueError(f"conduction is {conduction!r}; it may be {', '.join(QRS)}")
    seen_by = projection(leads)
    qrst = ventricles(conduction, axis, qrs_amplitude, qrs_width, t_amplitude, t_width, qt, st)
    p_wave = atria(p_amplitude, p_width, pr, bounds(qrst)[0], axis=55.0)
    dipole = np.zeros((len(times), 3))
    for wave in np.concatenate([p_wave, qrst]):
        stretch = rr**0.5 if wave["wave"] in FOLLOWS_RR else 1.0
        phase = (times - wave["centre"] * stretch) / (wave["sigma"] * stretch)
        dipole += np.exp(-0.5 * phase**2)[:, None] * wave["dipole"]
    return dipole @ seen_by


def projection(leads: str | Sequence[str]) -> np.ndarray:
    """Return the matrix, shape (3, leads), that takes a dipole to its leads."""
    leads = given.names(leads)
    unknown = [lead for lead in leads if lead not in LEADS]
    if unknown or not leads:
        lacking = f"no lead {unknown[0]!r}" if unknown else "no lead is given"
        raise ValueError(f"{lacking}; there are {', '.join(LEADS)}")
    return np.array([LEADS[lead] for lead in leads], dtype=float).T


def ventricles(
    conduction: str, axis: float, qrs_amplitude: float, qrs_width: float,
    t_amplitude: float, t_width: float, qt: float, st: float,
) -> np.ndarray:  # fmt: skip
    """Return the Gaussians of QRS, ST and T of one kind of conduction; arguments as in `beat`."""
    waves, t_dipole = QRS[conduction]
    qrs = np.array([("QRS", ms / 1000, sd / 1000, xyz) for ms, sd, xyz in waves], _GAUSSIAN)
    main = max(qrs["dipole"], key=lambda dipole: np.hypot(*dipole[:2]))
    turn = axis - np.degrees(np.arctan2(main[1], main[0]))
    late = qrs["centre"] > 0.04
    turned = _turned(qrs["dipole"], turn), _turned(qrs["dipole"], turn * LATE_FOLLOWS[conduction])
    qrs["dipole"] = np.where(late[:, None], turned[1], turned[0]) * qrs_amplitude
    begin, end = bounds(qrs)
    for field in ("centre", "sigma"):
        qrs[field] *= qrs_width / (end - begin)
    begin, end = bounds(qrs)

    sigma = t_width / (2.4 * REACH)
    peak = begin + qt - REACH * sigma
    t_dipole = _turned(np.array(t_dipole), turn * LATE_FOLLOWS[conduction]) * t_amplitude
    late_waves = [
        ("ST", (end + peak) / 2, (peak - end) / 3, _turned(np.array([1, 0, 0.5]), axis) * st),
        # Two waves, because T rises more slowly than it falls.
        ("T", peak - 1.5 * sigma, 1.4 * sigma, 0.3 * t_dipole),
        ("T", peak, sigma, 0.85 * t_dipole),
    ]
    return np.concatenate([qrs, np.array(late_waves[0 if st else 1 :], _GAUSSIAN)])


def atria(amplitude: float, width: float, pr: float, qrs_begin: float, axis: float) -> np.ndarray:
    """Return a P wave that begins `pr` seconds before the QRS complex."""
    dipole = _turned(np.array([1.0, 0.0, 0.3]), axis) * amplitude
    centre = qrs_begin - pr + width / 2
    return np.array([("P", centre, width / (2 * REACH), dipole)], _GAUSSIAN)


def _turned(dipoles: np.ndarray, degrees: float) -> np.ndarray:
    """Turn dipoles in the frontal plane, clockwise as the axis is counted."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return dipoles @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])


def bounds(waves: np.ndarray, kind: str = "QRS") -> tuple[float, float]:
    """Return where the waves of a kind begin and end, in s from the R wave."""
    own = waves[waves["wave"] == kind]
    reach = REACH * own["sigma"]
    return float((own["centre"] - reach).min()), float((own["centre"] + reach).max())


def draw(
    rng: Generator, axis: float, pr: float, widths: dict[str, float], variety: float = 1.0
) -> dict[str, np.ndarray]:
    """Draw a patient: the waves of every kind of beat that this heart can make.

    Parameters
    ----------
    rng : numpy.random.Generator
    axis, pr : float
        Degrees and s, as in `beat`.
    widths : dict of str to float
        Duration in s of the QRS complex of each conduction; V2 and V3 are the second and third
        focus of ventricular ectopic beats.
    variety : float
        How far the shapes stray from the textbook's: about 1 for textbook shapes, 2 for people.

    Returns
    -------
    dict of str to numpy.ndarray
        Gaussians of each conduction of `widths`, of the sinus' P wave and of an ectopic one.
    """
    amplitude, p_amplitude = 1.15 * _spread(rng, 0.15 * variety), 0.13 * _spread(rng, 0.2 * variety)
    p_width, t_width = rng.uniform(0.09, 0.11), rng.uniform(0.17, 0.22)
    t_amplitude, qt = 0.3 * _spread(rng, 0.2 * variety), rng.uniform(0.37, 0.41)
    inverted = rng.random() < 0.12 * (variety - 1)  # strain, ischaemia, digitalis
    # Ventricular foci: from above or below, from left or right.
    angles = iter(rng.permutation([-90, 75, 60, 100, -60, -120.0]))
    heart = {}
    for key, width in widths.items():
        conduction, size, turned = key[0], amplitude, axis
        if conduction in "V/":
            size = max(amplitude, 1.0) * rng.uniform(1.4, 2.1)
            turned = next(angles) + rng.normal(0, 12) if conduction == "V" else -65.0
        t_size = max(t_amplitude, 0.35 * size) if conduction in "LV/" else t_amplitude
        t_size *= -0.5 if inverted and conduction in "NR" else 1
        repolarised = qt + 0.6 * (width - 0.09)  # a wide QRS complex lengthens QT
        st = 0.02 * (variety - 1) * rng.normal()
        waves = ventricles(conduction, turned, size, width, t_size, t_width, repolarised, st)
        if conduction == "V" and rng.random() < 0.5:
            waves["dipole"][:, 2] *= -1  # from the left ventricle: upright in V1
        size = np.linalg.norm(waves["dipole"], axis=1, keepdims=True)
        waves["dipole"] *= _spread(rng, 0.15 * variety, (len(waves), 1))
        waves["dipole"] += size * rng.normal(0, 0.07 * variety, (len(waves), 3))
        heart[key] = waves
    begin = bounds(heart["N"])[0]
    heart["sinus"] = atria(p_amplitude, p_width, pr, begin, rng.uniform(45, 65))
    focus = rng.uniform(-75, 30)
    heart["ectopic"] = atria(0.9 * p_amplitude, 0.85 * p_width, 0.8 * pr, begin, focus)
    # However wide the QRS complex, P ends before it begins.
    first = min(bounds(heart[key])[0] for key in "LR")
    for key in ("sinus", "ectopic"):
        heart[key]["centre"] -= max(0.0, bounds(heart[key], "P")[1] - first + 0.015)
    return heart


def _spread(rng: Generator, sigma: float, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Draw factors about 1, none further out than two sigma."""
    return np.exp(sigma * np.clip(rng.normal(size=shape), -2, 2))
