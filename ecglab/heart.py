"""The beat model: waves of the heart's dipole, and the leads that see them.

A beat is a sum of Gaussian waves P, Q, R, S and T on the phase of the heart's cycle, after
McSharry et al. 2003 (doi 10.1109/TBME.2003.808805); QT grows with the square root of the RR
interval. Each wave is a vector, the heart's dipole in mV, with x to the patient's left, y to the
feet and z to the front. A lead is its projection on the lead's own vector: the limb leads on
Einthoven's triangle, so that they obey his law, the chest leads as Dower et al. 1980 measured
them (doi 10.1002/clc.1980.3.2.87). The waves of each kind of beat stand in ``heart_waves.csv``,
the leads in ``heart_leads.csv``.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike

from ecglab import given


def table(name: str) -> pd.DataFrame:
    """Read a table that lies beside this module; its first column names the rows."""
    path = Path(__file__).with_name(f"{name}.csv")
    return pd.read_csv(path, index_col=0, dtype={0: str})


def _complex(rows: pd.DataFrame) -> tuple:
    """Take the rows of one kind of QRS complex apart: its waves, and last the dipole of T."""
    waves = []
    for centre, sigma, *dipole in rows.drop(columns="what").to_numpy().tolist():
        waves.append((centre, sigma, tuple(dipole)))
    _, _, t_dipole = waves.pop()
    return tuple(waves), t_dipole


#: Direction and strength of each lead, as a vector (left, feet, front).
LEADS = {lead: tuple(vector) for lead, *vector in table("heart_leads").itertuples()}
TWELVE = tuple(LEADS)[:12]

#: The QRS complex of each kind of conduction: (centre ms, sigma ms, dipole), the tallest wave 1,
#: and the dipole of its T wave. Drawn at their nominal width and axis; `ventricles` scales, turns.
QRS = {}
for _conduction, _rows in table("heart_waves").groupby(level=0, sort=False):
    QRS[_conduction] = _complex(_rows)
#: How far T, and what of the QRS complex comes late, follows when the axis turns.
LATE_FOLLOWS = {
    "N": 0.3,
    "R": 0.3,
    "L": 1.0,
    "V": 1.0,
    "/": 1.0,
}

# One Gaussian of a beat.
_GAUSSIAN = np.dtype(
    [
        ("wave", "U3"),  # P, QRS, ST or T
        ("centre", "f8"),  # in s from the R wave
        ("sigma", "f8"),  # in s
        ("dipole", "f8", 3),  # at the centre, in mV
    ]
)
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
    positive = dict(p_width=p_width, qrs_width=qrs_width, t_width=t_width, qt=qt, rr=rr)
    finite = dict(p_amplitude=p_amplitude, qrs_amplitude=qrs_amplitude, pr=pr, axis=axis)
    finite.update(t_amplitude=t_amplitude, st=st)
    _check(times, positive, finite, conduction)
    seen_by = projection(leads)
    qrst = ventricles(conduction, axis, qrs_amplitude, qrs_width, t_amplitude, t_width, qt, st)
    qrs_begin, _ = bounds(qrst)
    p_wave = atria(p_amplitude, p_width, pr, qrs_begin, axis=55.0)
    return _dipole(times, np.concatenate([p_wave, qrst]), rr) @ seen_by


def _check(times: np.ndarray, positive: dict, finite: dict, conduction: str) -> None:
    """Refuse what `beat` can't draw."""
    if times.ndim != 1 or not np.isfinite(times).all():
        raise ValueError(f"times of shape {times.shape}: one row of finite seconds is wanted")
    for parameter, value in positive.items():
        if given.number(parameter, value) <= 0:
            raise ValueError(f"{parameter} is {value}; it must be above 0 s")
    for parameter, value in finite.items():
        given.number(parameter, value)
    if conduction not in QRS:
        raise ValueError(f"conduction is {conduction!r}; it may be {', '.join(QRS)}")


def _dipole(times: np.ndarray, waves: np.ndarray, rr: float) -> np.ndarray:
    """Return the sum of the waves, shape (samples, 3), in mV."""
    dipole = np.zeros((len(times), 3))
    for wave in waves:
        stretch = rr**0.5 if wave["wave"] in FOLLOWS_RR else 1.0
        centre = wave["centre"] * stretch
        sigma = wave["sigma"] * stretch
        height = np.exp(-0.5 * ((times - centre) / sigma) ** 2)
        dipole += height[:, None] * wave["dipole"]
    return dipole


def projection(leads: str | Sequence[str]) -> np.ndarray:
    """Return the matrix, shape (3, leads), that takes a dipole to its leads."""
    leads = given.names(leads)
    choice = ", ".join(LEADS)
    if not leads:
        raise ValueError(f"no lead is given; there are {choice}")
    for lead in leads:
        if lead not in LEADS:
            raise ValueError(f"no lead {lead!r}; there are {choice}")
    vectors = [LEADS[lead] for lead in leads]
    return np.array(vectors, dtype=float).T


def ventricles(
    conduction: str,
    axis: float,
    qrs_amplitude: float,
    qrs_width: float,
    t_amplitude: float,
    t_width: float,
    qt: float,
    st: float,
) -> np.ndarray:
    """Return the Gaussians of QRS, ST and T of one kind of conduction; arguments as in `beat`."""
    waves, t_dipole = QRS[conduction]
    qrs = [("QRS", centre / 1000, sigma / 1000, dipole) for centre, sigma, dipole in waves]
    qrs = np.array(qrs, _GAUSSIAN)
    left, feet, _ = qrs["dipole"].T
    main = np.hypot(left, feet).argmax()
    turn = axis - np.degrees(np.arctan2(feet[main], left[main]))
    late_turn = turn * LATE_FOLLOWS[conduction]
    is_late = qrs["centre"] > 0.04
    early = _turned(qrs["dipole"], turn)
    late = _turned(qrs["dipole"], late_turn)
    qrs["dipole"] = np.where(is_late[:, None], late, early) * qrs_amplitude
    begin, end = bounds(qrs)
    stretch = qrs_width / (end - begin)
    qrs["centre"] *= stretch
    qrs["sigma"] *= stretch
    begin, end = bounds(qrs)

    parts = [qrs]
    sigma = t_width / (2.4 * REACH)
    peak = begin + qt - REACH * sigma
    if st:
        along_axis = _turned((1, 0, 0.5), axis)
        parts.append(_gaussian("ST", (end + peak) / 2, (peak - end) / 3, along_axis * st))
    # Two waves, because T rises more slowly than it falls.
    t_dipole = _turned(t_dipole, late_turn) * t_amplitude
    parts.append(_gaussian("T", peak - 1.5 * sigma, 1.4 * sigma, 0.3 * t_dipole))
    parts.append(_gaussian("T", peak, sigma, 0.85 * t_dipole))
    return np.concatenate(parts)


def atria(amplitude: float, width: float, pr: float, qrs_begin: float, axis: float) -> np.ndarray:
    """Return a P wave that begins `pr` seconds before the QRS complex."""
    dipole = _turned((1, 0, 0.3), axis) * amplitude
    centre = qrs_begin - pr + width / 2
    sigma = width / (2 * REACH)
    return _gaussian("P", centre, sigma, dipole)


def _gaussian(wave: str, centre: float, sigma: float, dipole: np.ndarray) -> np.ndarray:
    """Return an array that holds one wave."""
    return np.array([(wave, centre, sigma, dipole)], _GAUSSIAN)


def _turned(dipoles: ArrayLike, degrees: float) -> np.ndarray:
    """Turn dipoles in the frontal plane, clockwise as the axis is counted."""
    cos = np.cos(np.radians(degrees))
    sin = np.sin(np.radians(degrees))
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    return dipoles @ turn


def bounds(waves: np.ndarray, kind: str = "QRS") -> tuple[float, float]:
    """Return where the waves of a kind begin and end, in s from the R wave."""
    own = waves[waves["wave"] == kind]
    reach = REACH * own["sigma"]
    begin = own["centre"] - reach
    end = own["centre"] + reach
    return float(begin.min()), float(end.max())


class _Build(NamedTuple):
    """What all beats of one heart have in common: amplitudes in mV, widths and QT in s."""

    variety: float
    qrs_amplitude: float
    p_amplitude: float
    p_width: float
    t_width: float
    t_amplitude: float
    qt: float
    t_inverted: bool  # strain, ischaemia, digitalis


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
    build = _Build(
        variety=variety,
        qrs_amplitude=1.15 * _spread(rng, 0.15 * variety),
        p_amplitude=0.13 * _spread(rng, 0.2 * variety),
        p_width=rng.uniform(0.09, 0.11),
        t_width=rng.uniform(0.17, 0.22),
        t_amplitude=0.3 * _spread(rng, 0.2 * variety),
        qt=rng.uniform(0.37, 0.41),
        t_inverted=rng.random() < 0.12 * (variety - 1),
    )
    # Ventricular foci: from above or below, from left or right.
    foci = iter(rng.permutation([-90, 75, 60, 100, -60, -120.0]))
    heart = {}
    for key, width in widths.items():
        heart[key] = _draw_ventricles(rng, build, key[0], width, axis, foci)

    qrs_begin, _ = bounds(heart["N"])
    sinus = atria(build.p_amplitude, build.p_width, pr, qrs_begin, axis=rng.uniform(45, 65))
    size, width = 0.9 * build.p_amplitude, 0.85 * build.p_width
    ectopic = atria(size, width, 0.8 * pr, qrs_begin, axis=rng.uniform(-75, 30))
    # However wide the QRS complex, P ends before it begins.
    left_begin, _ = bounds(heart["L"])
    right_begin, _ = bounds(heart["R"])
    first = min(left_begin, right_begin)
    for p_wave in (sinus, ectopic):
        _, p_end = bounds(p_wave, "P")
        p_wave["centre"] -= max(0.0, p_end - first + 0.015)
    return heart | {"sinus": sinus, "ectopic": ectopic}


def _draw_ventricles(
    rng: Generator,
    build: _Build,
    conduction: str,
    qrs_width: float,
    axis: float,
    foci: Iterator[float],
) -> np.ndarray:
    """Draw QRS, ST and T of one kind of conduction; a ventricular beat takes the next focus."""
    size = build.qrs_amplitude
    if conduction in "V/":
        size = max(size, 1.0) * rng.uniform(1.4, 2.1)
    if conduction == "V":
        axis = next(foci) + rng.normal(0, 12)
    elif conduction == "/":
        axis = -65.0
    t_size = build.t_amplitude
    if conduction in "LV/":
        t_size = max(t_size, 0.35 * size)
    elif build.t_inverted:
        t_size *= -0.5
    qt = build.qt + 0.6 * (qrs_width - 0.09)  # a wide QRS complex lengthens QT
    st = 0.02 * (build.variety - 1) * rng.normal()
    waves = ventricles(conduction, axis, size, qrs_width, t_size, build.t_width, qt, st)

    dipole = waves["dipole"]  # a view: what changes here changes in the waves
    if conduction == "V" and rng.random() < 0.5:
        dipole[:, 2] *= -1  # from the left ventricle: upright in V1
    length = np.linalg.norm(dipole, axis=1, keepdims=True)
    dipole *= _spread(rng, 0.15 * build.variety, length.shape)
    dipole += length * rng.normal(0, 0.07 * build.variety, dipole.shape)
    return waves


def _spread(rng: Generator, sigma: float, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Draw factors about 1, none further out than two sigma."""
    within = np.clip(rng.normal(size=shape), -2, 2)
    return np.exp(sigma * within)
