"""Simulated patients, for when there is no recording; and the beat they are made of.

A beat is a sum of Gaussian waves P, Q, R, S and T on the phase of the heart's cycle, after
McSharry et al. 2003 (doi 10.1109/TBME.2003.808805); QT grows with the square root of the RR
interval. Each wave is a vector, the heart's dipole in mV, with x to the patient's left, y to the
feet and z to the front; a lead is its projection on the lead's own vector, so that the limb leads
obey Einthoven's law. A patient is a set of such waves with an axis, intervals and amplitudes of
their own; a recording adds a rhythm, breathing and noise.

What a simulated patient shows is what was put in: the shapes are textbook shapes, and a
number computed from them says nothing about people.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np

from ecglab import records

# fmt: off
#: Direction and strength of each lead, as a vector (left, feet, front).
LEADS: dict[str, tuple[float, float, float]] = {
    "I": (1, 0, 0), "II": (1 / 2, 3**0.5 / 2, 0), "III": (-1 / 2, 3**0.5 / 2, 0),
    "aVR": (-3 / 4, -(3**0.5) / 4, 0), "aVL": (3 / 4, -(3**0.5) / 4, 0), "aVF": (0, 3**0.5 / 2, 0),
    "V1": (-0.5, 0, 0.9), "V2": (-0.1, 0, 1.3), "V3": (0.4, 0.1, 1.25),
    "V4": (0.8, 0.25, 1.0), "V5": (1.0, 0.35, 0.5), "V6": (1.0, 0.35, 0.1),
    "MLII": (1 / 2, 3**0.5 / 2, 0),
}
TWELVE = tuple(LEADS)[:12]

# The QRS complex of each kind of conduction: (centre ms, sigma ms, dipole), the tallest wave 1,
# and the dipole of its T wave. Drawn at their nominal width and axis; `_shape` scales and turns.
_QRS = {
    # septum to the front right, free walls to the left, then the back, at last the base
    "N": (((-26, 7, (-0.13, -0.05, 0.30)), (0, 10.5, (0.80, 0.60, 0.00)),
           (15, 9, (0.00, 0.06, -0.55)), (30, 7, (-0.17, -0.12, -0.12))),
          (0.80, 0.55, 0.45)),
    # left bundle branch block: no septal wave, a broad notched wave to the left, T against it
    "L": (((-48, 8, (0.06, 0.02, 0.12)), (-22, 18, (0.72, 0.30, -0.60)),
           (27, 19, (0.76, 0.28, -0.85))),
          (-0.75, -0.25, 0.95)),
    # right bundle branch block: a late wave to the right and the front, rSR' in V1
    "R": (((-26, 7, (-0.13, -0.05, 0.32)), (0, 10.5, (0.80, 0.60, 0.00)),
           (15, 9, (0.00, 0.06, -0.55)), (58, 17, (-0.45, -0.10, 0.58))),
          (0.90, 0.55, -0.05)),
    # ventricular premature: wide, slurred, from one wall to the other, T against it
    "V": (((-40, 16, (0.30, 0.26, -0.12)), (4, 25, (0.80, 0.62, -0.62)),
           (56, 20, (-0.16, -0.12, -0.28))),
          (-0.80, -0.62, 0.70)),
    # paced from the right ventricle's apex: a spike, then leftwards, up and back
    "/": (((-78, 1.6, (0.30, 0.45, 0.40)), (-24, 17, (0.40, 0.55, -0.60)),
           (18, 22, (0.60, 0.80, -0.80)), (55, 14, (0.15, 0.20, -0.30))),
          (-0.65, -0.75, 0.60)),
}
# How far T, and what of the QRS complex comes late, follows when the axis turns.
_LATE_FOLLOWS = {"N": 0.3, "R": 0.3, "L": 1.0, "V": 1.0, "/": 1.0}

# What each annotation symbol is: which P wave, which conduction (None: the patient's own),
# when it comes.
_BEATS = {
    "N": ("sinus", "N", "on time"), "L": ("sinus", "L", "on time"), "R": ("sinus", "R", "on time"),
    "/": ("", "/", "on time"), "f": ("", "/", "on time"), "Q": ("sinus", None, "on time"),
    "F": ("sinus", "V", "late diastole"), "V": ("", "V", "premature"), "E": ("", "V", "late"),
    "A": ("ectopic", None, "early"), "a": ("ectopic", "R", "early"), "e": ("ectopic", None, "late"),
    "J": ("", None, "early"), "S": ("", None, "early"), "j": ("", None, "late"),
}
_ATRIAL = tuple("AaJSje")  # these presuppose that the atria do not fibrillate
_FUSIONS = tuple("FfQ")

# Name; leads, where not MLII and V1; about how many beats of each type; and what sets the record
# apart: af, the share of beats in atrial fibrillation; noise; pr in s; early, the RR interval of
# an atrial premature beat relative to the usual one.
_MITDB = """
100 MLII,V5 N2239,V1,A33 | 101 N1860,A3,Q2 | 102 V5,V2 N99,/2028,V4,f56 | 103 MLII,V2 N2082,A2
104 V5,V2 N163,/1380,V2,f666,Q18 noise=1.5 | 105 N2526,V41,Q5 noise=3 | 106 N1507,V520
107 /2078,V59 | 108 N1739,V17,F2,A4,j1 noise=2 pr=0.22 | 109 L2492,V38,F2 pr=0.22
111 L2123,V1 pr=0.22 | 112 N2537,A2 | 113 N1789,a6 | 114 V5,MLII N1820,V43,F4,A10,J2 | 115 N1953
116 N2302,V109,A1 | 117 MLII,V2 N1534,A1 | 118 R2166,V16,A96 | 119 N1543,V444 | 121 N1861,V1,A1
122 N2476 | 123 MLII,V5 N1515,V3 | 124 MLII,V4 R1531,V47,F5,A2,J29,j5
200 N1743,V826,F2,A30 noise=2.5 | 201 N1625,V198,F2,A30,a97,J1,j10 af=0.34
202 N2061,V19,F1,A36,a19 af=0.35 | 203 N2529,V444,F1,a2,Q4 af=0.98 noise=3 | 205 N2571,V71,F11,A3
207 L1457,R86,V105,A107,E105 pr=0.22 | 208 N1586,V992,F373,S2,Q2 | 209 N2621,V1,A383
210 N2423,V194,F10,a22,E1 af=0.98 | 212 N923,R1825 | 213 N2641,V220,F362,A25,a3
214 L2003,V256,F1,Q2 | 215 N3195,V164,F1,A3 | 217 N244,/1542,V162,f260 af=0.14
219 N2082,V64,F1,A7 af=0.79 | 220 N1954,A94 | 221 N2031,V396 af=0.97
222 N2062,A208,J1,j212 af=0.29 noise=2 | 223 N2029,V473,F14,A72,a1,e16 | 228 N1688,V362,A3 pr=0.22
230 N2255,V1 | 231 N314,R1254,V2,A1 | 232 R397,A1382,j1 pr=0.22 early=0.375
233 N2230,V831,F11,A7 | 234 N2700,V3,J50
"""

# LUDB's 200 patients in order, four letters each: rhythm, axis, conduction, extrasystole. The
# three in atrial flutter are given fibrillation, paced hearts a deviated axis.
_LUDB = """
BL-- NN-- NV-- NLr- NH-- BN-- NH-A ALP- NL-- NLR- NL-- BL-- NL1- NV-- NL1- NN-- NN-- NN-- NL-- NV1-
NL-- IHrA NLR- BHL- NNr- NL-- BH-- NL-- NL-- BN-- NLr- NLr- NN-- NLP- AV-- NNr- NN-- AL-V BN-- NN--
BNr- NN-- NHr- ALL- NLPV NL-- BN-- NNr- NN-- NL-- ALL- AV-- NL-- BL-- NL-- NV-- NR-- NH-- BV-- NLrA
NL1- NH-- IV-- NH-- NL-- NLrA NV-- NN-- NN-- TNr- BN-- NNr- NL-- NLP- NN-- NL-- NHr- NNrA NL-- NN--
NVr- BLr- ALLV NL-- NHr- NN-- NV-- AN-- NL-- NLP- NL-- NL-- ALP- NN-- ALP- AN-- NLr- NN-- IRr- NN--
AV-- NNr- AH-- NLP- NN-V NL-V NLr- NLRA AL-- AL-V NLP- AL-- NN-- TL-- BN-- NLR- TVr- NL-- NN-- NH1-
NL-- NV-- NN-- NL-- BLrV NLr- BH-- BN-- AL-- NH-- NL1- NL-A BN-- BL1- NN-- NV-- NL-- NL-- NL-- NN--
NLr- NN-- NV-- NN-- NN-- BV-- NN-- NV-- NN-- NN-- NL-- NN-- NN-- NV-- NL-- INr- NN-- IV-- NN-- BV--
NN-- NN-- NL-- NL-- NN-- NN-- NN-- NV-- BN-- BN-- NN-- BN-- AH-- NN-- NN-- NHr- NV-- IN-- NL-- NR--
NN-- NN-- NL-- IN-- NNr- NV-- NN-- TH-- BH-- NV-- NN-- NL-- NN-- NV-- NN-- NH-- IN-- NN-- NN-- NN--
""".split()
_RHYTHMS = {  # what LUDB calls it, RR in s (lowest, highest)
    "N": ("Sinus rhythm", 0.70, 0.94), "B": ("Sinus bradycardia", 1.10, 1.30),
    "T": ("Sinus tachycardia", 0.46, 0.56), "I": ("Sinus arrhythmia", 0.75, 1.00),
    "A": ("Atrial fibrillation", 0.55, 0.85),
}
_AXES = {  # what LUDB calls it, degrees (lowest, highest)
    "N": ("normal", 35, 65), "L": ("left axis deviation", -55, -32),
    "V": ("vertical", 72, 88), "H": ("horizontal", 2, 25), "R": ("right axis deviation", 100, 120),
}
_CONDUCTIONS = {  # what LUDB calls it, QRS complex, PR in s, QRS in s
    "-": ("", "N", (0.13, 0.19), (0.080, 0.100)),
    "1": ("I degree AV block.", "N", (0.22, 0.26), (0.080, 0.100)),
    "r": ("Incomplete right bundle branch block.", "R", (0.13, 0.19), (0.105, 0.116)),
    "R": ("Complete right bundle branch block.", "R", (0.13, 0.19), (0.125, 0.145)),
    "L": ("Complete left bundle branch block.", "L", (0.14, 0.20), (0.130, 0.155)),
    "P": ("UNIpolar ventricular pacing.", "/", (0.14, 0.19), (0.140, 0.160)),
}
_EXTRASYSTOLES = {"-": "", "A": "Atrial extrasystole, type: single PAC.",
                  "V": "Ventricular extrasystole, type: single PVC."}
# fmt: on

# One Gaussian of a beat: its wave, centre and sigma in s from the R wave, dipole in mV.
_GAUSSIAN = np.dtype([("wave", "U3"), ("centre", "f8"), ("sigma", "f8"), ("dipole", "f8", 3)])
_Shapes = list[tuple[np.ndarray, np.ndarray]]  # Gaussians, and how much of them each beat has
_REACH = 2.5  # a wave is seen to begin and end this many sigma from its centre


def beat(
    times: np.ndarray,
    *,
    p_amplitude: float = 0.12,
    p_width: float = 0.10,
    pr: float = 0.16,
    qrs_amplitude: float = 1.2,
    qrs_width: float = 0.09,
    t_amplitude: float = 0.35,
    t_width: float = 0.20,
    qt: float = 0.39,
    axis: float = 50.0,
    rr: float = 1.0,
    conduction: str = "N",
    leads: tuple[str, ...] = TWELVE,
) -> np.ndarray:
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
    rr : float
        Interval to the beat before in s; T comes later and lasts longer as its square root.
    conduction : {"N", "L", "R", "V", "/"}
        Normal, left or right bundle branch block, ventricular, paced.
    leads : tuple of str
        Any of `LEADS`.

    Returns
    -------
    numpy.ndarray
        float64, shape ``(samples, leads)``, in mV.

    Raises
    ------
    ValueError
        If a lead or a conduction is unknown, times are not finite, or a width, `qt` or `rr`
        is not positive.

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
        if not value > 0:
            raise ValueError(f"{parameter} is {value}; it must be above 0 s")
    if conduction not in _QRS:
        raise ValueError(f"conduction is {conduction!r}; it may be {', '.join(_QRS)}")
    unknown = [lead for lead in leads if lead not in LEADS]
    if unknown:
        raise ValueError(f"no lead {unknown[0]!r}; there are {', '.join(LEADS)}")
    ventricles = _shape(conduction, axis, qrs_amplitude, qrs_width, t_amplitude, t_width, qt)
    atria = _p_wave(p_amplitude, p_width, pr, _bounds(ventricles)[0], axis=55.0)
    dipole = np.zeros((len(times), 3))
    for wave in np.concatenate([atria, ventricles]):
        stretch = rr**0.5 if wave["wave"] == "T" else 1.0
        phase = (times - wave["centre"] * stretch) / (wave["sigma"] * stretch)
        dipole += np.exp(-0.5 * phase**2)[:, None] * wave["dipole"]
    return dipole @ _projection(leads)


def record(name: str, database: str = "mitdb") -> records.Record:
    """Return a simulated patient under the name of a recording.

    Parameters
    ----------
    name : str
        A record's name; the same name gives the same patient, always.
    database : {"mitdb", "ludb"}
        mitdb: half an hour, the two leads of that record, 360 Hz, beats labelled N, L, R, A, V, F,
        / and the rarer ones, about as many as in reality. ludb: 10 s, twelve leads, 500 Hz, the
        rhythm, axis and conduction that cardiologists found, with the bounds of every wave.

    Returns
    -------
    ecglab.records.Record
        Its ``source`` is ``"simulated"``.

    Raises
    ------
    ValueError
        If there is no such record or database.

    Examples
    --------
    >>> print(record("100"))
    100 (simulated)
    >>> record("8", database="ludb").notes[3]
    'Rhythm: Atrial fibrillation.'
    """
    known = records.names(database)
    if str(name) not in known:
        raise ValueError(
            f"{database} has no record {name!r}; it has {len(known)}: {', '.join(known[:4])}, …"
        )
    return _mitdb(str(name)) if database == "mitdb" else _ludb(str(name))


# ---------------------------------------------------------------------------
# The heart: its waves, and the leads that see them


def _projection(leads: tuple[str, ...]) -> np.ndarray:
    """Return the matrix, shape (3, leads), that takes a dipole to its leads."""
    return np.array([LEADS[lead] for lead in leads], dtype=float).T


def _shape(
    conduction: str, axis: float, qrs_amplitude: float, qrs_width: float, *t_wave: float
) -> np.ndarray:
    """Return QRS and T of one kind of conduction; `t_wave` is its amplitude, width, and QT."""
    waves, t_dipole = _QRS[conduction]
    t_amplitude, t_width, qt = t_wave
    qrs = np.array([("QRS", ms / 1000, sd / 1000, xyz) for ms, sd, xyz in waves], _GAUSSIAN)
    main = max(qrs["dipole"], key=lambda dipole: np.hypot(*dipole[:2]))
    turn = axis - np.degrees(np.arctan2(main[1], main[0]))
    late = qrs["centre"] > 0.04
    turned = _turned(qrs["dipole"], turn), _turned(qrs["dipole"], turn * _LATE_FOLLOWS[conduction])
    qrs["dipole"] = np.where(late[:, None], turned[1], turned[0]) * qrs_amplitude
    begin, end = _bounds(qrs)
    for field in ("centre", "sigma"):
        qrs[field] *= qrs_width / (end - begin)

    sigma = t_width / (2.4 * _REACH)
    peak = _bounds(qrs)[0] + qt - _REACH * sigma
    t_dipole = _turned(np.array(t_dipole), turn * _LATE_FOLLOWS[conduction]) * t_amplitude
    # Two waves, because T rises more slowly than it falls.
    rise = ("T", peak - 1.5 * sigma, 1.4 * sigma, 0.3 * t_dipole)
    return np.concatenate([qrs, np.array([rise, ("T", peak, sigma, 0.85 * t_dipole)], _GAUSSIAN)])


def _p_wave(amplitude: float, width: float, pr: float, qrs_begin: float, axis: float) -> np.ndarray:
    """Return a P wave that begins `pr` seconds before the QRS complex."""
    dipole = _turned(np.array([1.0, 0.0, 0.3]), axis) * amplitude
    centre = qrs_begin - pr + width / 2
    return np.array([("P", centre, width / (2 * _REACH), dipole)], _GAUSSIAN)


def _turned(dipoles: np.ndarray, degrees: float) -> np.ndarray:
    """Turn dipoles in the frontal plane, clockwise as the axis is counted."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return dipoles @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])


def _bounds(waves: np.ndarray, kind: str = "QRS") -> tuple[float, float]:
    """Return where the waves of a kind begin and end, in s from the R wave."""
    own = waves[waves["wave"] == kind]
    reach = _REACH * own["sigma"]
    return float((own["centre"] - reach).min()), float((own["centre"] + reach).max())


def _heart(
    rng: np.random.Generator, axis: float, pr: float, qrs: dict[str, float]
) -> dict[str, np.ndarray]:
    """Draw a patient: the waves of every kind of beat that this heart can make."""
    amplitude, p_amplitude = rng.uniform(0.9, 1.5), rng.uniform(0.09, 0.17)
    p_width, t_width = rng.uniform(0.09, 0.11), rng.uniform(0.17, 0.22)
    t_amplitude, qt = rng.uniform(0.20, 0.42), rng.uniform(0.37, 0.41)
    # Ventricular foci, two for each heart; seen from above or below, from left or right.
    foci = rng.permutation(np.array([-90.0, 75.0, 95.0, -110.0]))[:2] + rng.normal(0, 12, 2)
    heart = {}
    for key, conduction in {**{key: key for key in _QRS}, "V2": "V"}.items():
        width = qrs.get(key, 0.15)
        size, turned = amplitude, axis
        if conduction in "V/":
            size = max(amplitude, 1.1) * rng.uniform(1.3, 1.7)
            turned = {"V": foci[0], "V2": foci[1], "/": -70.0}[key]
        t_size = max(t_amplitude, 0.35 * size) if conduction in "LV/" else t_amplitude
        repolarised = qt + 0.6 * (width - 0.09)  # a wide QRS complex lengthens QT
        waves = _shape(conduction, turned, size, width, t_size, t_width, repolarised)
        if conduction == "V" and rng.random() < 0.5:
            waves["dipole"][:, 2] *= -1  # from the left ventricle: upright in V1
        size = np.linalg.norm(waves["dipole"], axis=1, keepdims=True)
        waves["dipole"] *= np.exp(rng.normal(0, 0.15, (len(waves), 1)))
        waves["dipole"] += size * rng.normal(0, 0.07, (len(waves), 3))
        heart[key] = waves
    begin = _bounds(heart["N"])[0]
    focus = rng.uniform(-75, -10)
    heart["sinus"] = _p_wave(p_amplitude, p_width, pr, begin, rng.uniform(45, 65))
    heart["ectopic"] = _p_wave(0.9 * p_amplitude, 0.85 * p_width, 0.8 * pr, begin, focus)
    # However wide the QRS complex, P ends before it begins.
    first = min(_bounds(heart[key])[0] for key in "LR")
    for key in ("sinus", "ectopic"):
        heart[key]["centre"] -= max(0.0, _bounds(heart[key], "P")[1] - first + 0.015)
    return heart


# ---------------------------------------------------------------------------
# The rhythm: which beat comes when


def _slow(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw a slow wander of unit variance over n steps."""
    cycles, phase = rng.uniform(0.7, 14, 10), rng.uniform(0, 2 * np.pi, 10)
    return np.sin(np.linspace(0, 2 * np.pi, n)[:, None] * cycles + phase).sum(axis=1) / 5**0.5


@dataclass(frozen=True)
class _Rhythm:
    """A row of beats: times in s, symbols, the conduction of the moment, fibrillation or not."""

    times: np.ndarray
    symbols: np.ndarray
    conduction: np.ndarray
    fibrillates: np.ndarray

    @property
    def stretch(self) -> np.ndarray:
        """The square root of the RR interval in s, which QT follows with some delay."""
        rr = np.diff(self.times, prepend=2 * self.times[0] - self.times[1])
        recent = np.convolve(np.pad(rr, (7, 0), mode="edge"), np.full(8, 1 / 8), mode="valid")
        return np.sqrt(np.clip(0.25 * rr + 0.75 * recent, 0.35, 1.4))


def _rhythm(
    rng: np.random.Generator,
    counts: dict[str, int],
    seconds: float,
    *,
    fibrillation: float = 0.0,
    early: float | None = None,
    arrhythmia: float = 0.03,
    drift: float = 0.06,
) -> _Rhythm:
    """Draw a rhythm that has so many beats of each type and fills so many seconds."""
    base = {symbol: count for symbol, count in counts.items() if symbol in "NLR/"}
    ectopic = {symbol: count for symbol, count in counts.items() if symbol not in base}
    n = sum(base.values())
    early, coupling = early or rng.uniform(0.60, 0.74), rng.uniform(0.56, 0.70)
    # Sick sinus (232): runs at 0.74 s between pauses of the slow base rhythm.
    typical = 0.74 / early if early < 0.5 else seconds / sum(counts.values())
    tempo = _slow(rng, n)
    breath = np.sin(2 * np.pi * rng.uniform(0.18, 0.28) * typical * np.arange(n))
    rr = 1 + drift * tempo + arrhythmia * breath + rng.normal(0, 0.008, n)
    fibrillates = _rank(_slow(rng, n)) >= round(n * (1 - fibrillation))
    rr[fibrillates] = np.maximum(np.exp(rng.normal(-0.03, 0.22, fibrillates.sum())), 0.55)
    # A block that depends on the rate, or a pacemaker that waits: fast beats conduct otherwise.
    own, fast = min(base), max(base)  # the alphabet has them right: / before L, N and R
    conduction = np.where(_rank(tempo) < (base[fast] if fast != own else 0), fast, own)
    rr = np.where(conduction == "/", 1 + rng.normal(0, 0.003, n), rr)
    after = _place(rng, _episodes(rng, ectopic, n), fibrillates)
    times, extra, bases = _lay(rng, rr * typical, after, early, coupling)
    times = (times - times[0]) * (seconds - 1.0) / (times[-1] - times[0]) + rng.uniform(0.35, 0.55)
    symbols = np.where(np.array(extra) == "", conduction[bases], extra).astype("<U1")
    return _Rhythm(times, symbols, conduction[bases], fibrillates[bases])


def _rank(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values))


def _episodes(rng: np.random.Generator, ectopic: dict[str, int], n: int) -> list[str]:
    """Group ectopic beats into single ones, couplets and runs, fewer than the n base beats."""
    total = sum(ectopic.values())
    episodes = []
    for symbol, left in ectopic.items():
        single = min(0.9 if symbol == "V" else 0.75, 0.8 * n / total)
        while left:
            length = min(left, int(rng.geometric(single))) if symbol in "VA" else 1
            episodes.append(symbol * length)
            left -= length
    return episodes


def _place(
    rng: np.random.Generator, episodes: list[str], fibrillates: np.ndarray
) -> dict[int, str]:
    """Choose after which base beat each episode comes; extrasystoles cluster."""
    keys = 0.8 * _slow(rng, len(fibrillates)) + rng.gumbel(size=len(fibrillates))
    places = 2 + np.argsort(-keys[2:-1])[: len(episodes)]
    places = places[np.argsort(fibrillates[places], kind="stable")]
    atrial_first = sorted(rng.permutation(episodes).tolist(), key=lambda e: e[0] not in _ATRIAL)
    return {int(place): episode for place, episode in zip(places, atrial_first, strict=True)}


def _lay(
    rng: np.random.Generator, rr: np.ndarray, after: dict[int, str], *coupling: float
) -> tuple[np.ndarray, list[str], list[int]]:
    """Lay the beats out in time; return times, ectopic symbols and each beat's last base beat."""
    intervals, symbols, bases = [], [], []
    following = None
    for base, interval in enumerate(rr):
        gap, following = interval if following is None else following, None
        for position, symbol in enumerate(("", *after.get(base, ""))):
            if symbol:
                gap, following = _gaps(rng, symbol, interval, position > 1, *coupling)
            intervals.append(gap)
            symbols.append(symbol)
            bases.append(base)
    return np.cumsum(intervals), symbols, bases


def _gaps(
    rng: np.random.Generator, symbol: str, rr: float, run: bool, early: float, coupling: float
) -> tuple[float, float | None]:
    """Return the interval before an ectopic beat, and that after it where it is not usual."""
    when = _BEATS[symbol][2]
    if when == "premature" and run:
        return max(0.62 * rr, 0.30), 1.3 * rr
    if when == "premature":
        gap = max(rr * (coupling + rng.normal(0, 0.02)), 0.30)
        return gap, 2 * rr - gap  # the sinus node keeps its time: a full compensatory pause
    if when == "early":
        gap = max(rr * (early + rng.normal(0, 0.025)), 0.30)
        return gap, rr * rng.uniform(1.06, 1.18)  # the sinus node starts anew: a shorter pause
    if when == "late":
        return rr * rng.uniform(1.3, 1.5), None
    if when == "late diastole":
        return 0.93 * rr, 1.05 * rr
    return rr, None


# ---------------------------------------------------------------------------
# The signal


def _shapes(rng: np.random.Generator, heart: dict[str, np.ndarray], rhythm: _Rhythm) -> _Shapes:
    """Return the heart's shapes, each with how much of it every beat has, 0 to 1."""
    n = len(rhythm.symbols)
    weights = {key: np.zeros(n) for key in heart}
    focus = np.where(rng.random(n) < 0.12, "V2", "V")
    share = rng.uniform(0.3, 0.7, n)
    size = 1 + 0.05 * np.sin(1.4 * rhythm.times) + rng.normal(0, 0.015, n)  # breathing
    for i, symbol in enumerate(rhythm.symbols):
        atria, ventricles, _ = _BEATS[symbol]
        own = rhythm.conduction[i]
        if atria and not rhythm.fibrillates[i]:
            weights[atria][i] = 1
        if symbol in _FUSIONS:
            weights["/" if symbol == "f" else "V"][i] = share[i] * size[i]
            weights["N" if symbol == "f" else own][i] = (1 - share[i]) * size[i]
        else:
            weights[focus[i] if ventricles == "V" else ventricles or own][i] = size[i]
    return [(heart[key], weights[key]) for key in heart]


def _render(
    shapes: _Shapes, rhythm: _Rhythm, fs: float, length: int, leads: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum the waves of all beats; the QRS complexes apart, so that their peaks can be found.

    Every shape comes with its weight for each beat. Returns two arrays (length, leads) in mV.
    """
    margin, stretch = int(1.5 * fs), rhythm.stretch
    sums = np.zeros((2, len(leads), length + 2 * margin))
    for waves, weight in shapes:
        has = np.flatnonzero(weight)
        for wave in waves[: len(waves) if len(has) else 0]:
            grow = stretch[has] if wave["wave"] == "T" else np.ones(len(has))
            centre = (rhythm.times[has] + wave["centre"] * grow) * fs + margin
            sigma = wave["sigma"] * grow * fs
            reach = np.arange(-int(4 * sigma.max()) - 1, int(4 * sigma.max()) + 2)
            index = np.rint(centre).astype(np.int64)[:, None] + reach
            bell = np.exp(-0.5 * ((index - centre[:, None]) / sigma[:, None]) ** 2)
            bell *= weight[has, None]
            index = np.clip(index, 0, sums.shape[2] - 1)  # the margins are cut off again
            for lead, size in enumerate(wave["dipole"] @ _projection(leads)):
                target = sums[int(wave["wave"] == "QRS"), lead]
                np.add.at(target, index.ravel(), (size * bell).ravel())
    inside = sums[:, :, margin : margin + length]
    return inside[0].T, inside[1].T


def _fibrillation(rng: np.random.Generator, rhythm: _Rhythm, fs: float, length: int) -> np.ndarray:
    """Return the dipole, shape (length, 3), of fibrillating atria: f waves, strongest in V1."""
    if not rhythm.fibrillates.any():
        return np.zeros((1, 3))
    seconds = np.arange(length) / fs
    grid = np.arange(0, length / fs + 1, 0.25)
    rate = rng.uniform(5.5, 7) + rng.normal(0, 0.5, len(grid))
    turns = np.interp(seconds, grid, 2 * np.pi * np.cumsum(rate) * 0.25)
    size = rng.uniform(0.05, 0.12, len(grid)) * np.interp(grid, rhythm.times, rhythm.fibrillates)
    wave = (np.sin(turns) + 0.45 * np.sin(2 * turns)) * np.interp(seconds, grid, size)
    return wave[:, None] * np.array([0.15, 0.5, 0.85])


def _noise(
    rng: np.random.Generator, fs: float, length: int, leads: int, level: float
) -> np.ndarray:
    """Return baseline wander, muscle and 60 Hz mains, shape (length, leads), in mV."""
    seconds = np.arange(length) / fs
    grid = np.arange(0, length / fs + 0.1, 0.1)
    blocks = np.arange(0, length / fs + 8, 8)
    out = np.empty((length, leads))
    breath = rng.uniform(0.18, 0.30)
    mains = np.sin(2 * np.pi * 60 * seconds + rng.uniform(0, 2 * np.pi))
    for lead in range(leads):
        cycles, phase = rng.uniform(0.02, 0.25, 6), rng.uniform(0, 2 * np.pi, 6)
        wander = 0.03 * np.sin(2 * np.pi * grid[:, None] * cycles + phase).sum(axis=1)
        wander += rng.uniform(0.01, 0.05) * np.sin(2 * np.pi * breath * grid + phase[0])
        bursts = rng.uniform(0.006, 0.014) * np.exp(rng.normal(0, 0.45, len(blocks)))
        out[:, lead] = rng.standard_normal(length) * np.interp(seconds, blocks, bursts)
        out[:, lead] += np.interp(seconds, grid, wander)
        out[:, lead] += rng.uniform(0.001, 0.008) * mains
    return out * level


def _rng(*names: str) -> np.random.Generator:
    """Return random numbers that depend on the names alone, on every Python and computer."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


# ---------------------------------------------------------------------------
# The databases


def _mitdb(name: str) -> records.Record:
    row = next(row.split() for row in re.split(r"[|\n]", _MITDB) if row.split()[:1] == [name])
    leads = tuple(row.pop(1).split(",")) if "," in row[1] and row[1][0] in "MV" else ("MLII", "V1")
    settings = {key: float(value) for key, value in (pair.split("=") for pair in row[2:])}
    subject = records.subject(name)
    body, rng = _rng("mitdb", subject, "heart"), _rng("mitdb", name, "recording")
    fs, length = 360.0, 650_000

    widths = {"N": body.uniform(0.080, 0.100), "R": 0.14, "L": 0.145, "/": 0.155}
    widths["V"] = widths["V2"] = body.uniform(0.14, 0.165)
    axis = float(np.clip(body.normal(48, 18), 5, 80))
    heart = _heart(body, axis, settings.get("pr", body.uniform(0.13, 0.19)), widths)

    share = rng.uniform(0.95, 1.05)  # not the counts of the real record
    counts = {kind: max(round(int(n) * share), 1) for kind, n in re.findall(r"(\D)(\d+),?", row[1])}
    rhythm = _rhythm(
        rng, counts, length / fs, fibrillation=settings.get("af", 0.0), early=settings.get("early")
    )
    shapes = _shapes(rng, heart, rhythm)
    rest, qrs = _render(shapes, rhythm, fs, length, leads)
    signal = rest + qrs + _fibrillation(rng, rhythm, fs, length) @ _projection(leads)
    signal += _noise(rng, fs, length, len(leads), settings.get("noise", 1.0))
    signal = np.clip(np.rint(signal * 200) / 200, -5.12, 5.12).astype(np.float32)
    # Annotators mark the peak of the QRS complex in the first lead.
    near = np.rint(rhythm.times * fs).astype(np.int64)[:, None] + np.arange(-20, 28)
    samples = near[np.arange(len(near)), np.abs(qrs[near, 0]).argmax(axis=1)]
    notes = (f"Simulated patient in place of record {name}.",)
    return records.Record(
        name, "mitdb", subject, signal, fs, leads, samples, rhythm.symbols, "simulated", notes
    )


def _ludb(name: str) -> records.Record:
    rhythm_code, axis_code, conduction_code, extra = _LUDB[int(name) - 1]
    called, shortest, longest = _RHYTHMS[rhythm_code]
    axis_called, low, high = _AXES[axis_code]
    block, conduction, pr, width = _CONDUCTIONS[conduction_code]
    rng = _rng("ludb", name)
    fs, length = 500.0, 5_000

    own = rng.uniform(*width)
    widths = {"N": min(own, 0.1), "R": 0.13, "L": 0.14, "V": 0.15, "V2": 0.15, conduction: own}
    heart = _heart(rng, rng.uniform(low, high), rng.uniform(*pr), widths)
    beats = 1 + round((length / fs - 1) / rng.uniform(shortest, longest))
    counts = {conduction: beats} if extra == "-" else {conduction: beats - 1, extra: 1}
    arrhythmia, fibrillation = 0.14 * (rhythm_code == "I") + 0.02, float(rhythm_code == "A")
    rhythm = _rhythm(
        rng, counts, length / fs, fibrillation=fibrillation, arrhythmia=arrhythmia, drift=0.01
    )
    shapes = _shapes(rng, heart, rhythm)
    rest, qrs = _render(shapes, rhythm, fs, length, TWELVE)
    signal = rest + qrs + _fibrillation(rng, rhythm, fs, length) @ _projection(TWELVE)
    signal = _einthoven(signal + _noise(rng, fs, length, len(TWELVE), 0.5)).astype(np.float32)
    waves = {
        lead: _annotate(shapes, rhythm, fs, qrs[:, column], lead)
        for column, lead in enumerate(TWELVE)
    }
    samples = waves["II"]["peak"][waves["II"]["kind"] == "QRS"].copy()
    symbols = np.full(len(samples), "?", dtype="<U1")
    person = f"<age>: {rng.integers(20, 85)}", f"<sex>: {rng.choice(['F', 'M'])}", "<diagnoses>:"
    findings = f"Rhythm: {called}.", f"Electric axis of the heart: {axis_called}."
    notes = (*person, *findings, *filter(None, (block, _EXTRASYSTOLES[extra])))
    return records.Record(
        name, "ludb", name, signal, fs, TWELVE, samples, symbols, "simulated", notes, waves
    )


def _einthoven(signal: np.ndarray) -> np.ndarray:
    """Quantise to 1 µV, and take four limb leads from I and II, as a recorder does."""
    signal = np.rint(signal * 1000) / 1000
    one, two = np.rint(signal[:, :2].T * 500) / 500
    signal[:, :6] = np.stack(
        [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2], axis=1
    )
    return signal


def _annotate(
    shapes: _Shapes, rhythm: _Rhythm, fs: float, qrs: np.ndarray, lead: str
) -> np.ndarray:
    """Return the bounds of the waves that lie wholly inside one lead."""
    rows, stretch = [], rhythm.stretch
    for waves, weight in shapes:
        for kind in np.unique(waves["wave"]):
            size = np.where(
                waves["wave"] == kind, np.abs(waves["dipole"] @ np.array(LEADS[lead])), 0
            )
            seen = waves[size >= 0.08 * size.max()]  # what is too small, nobody marks
            seen = seen[seen["wave"] == kind]
            extent = np.insert(_bounds(seen, kind), 1, waves["centre"][size.argmax()])
            for i in np.flatnonzero(weight):
                extent_here = rhythm.times[i] + extent * (stretch[i] if kind == "T" else 1)
                onset, peak, offset = np.rint(extent_here * fs).astype(int)
                if onset < 0 or offset >= len(qrs):
                    continue
                if kind == "QRS":
                    peak = onset + 1 + np.abs(qrs[onset + 1 : offset]).argmax()
                rows.append((kind, onset, peak, offset))
    found = np.array(sorted(rows, key=lambda row: row[2]), dtype=records.WAVE)
    latest = np.maximum(found["onset"][1:], found["peak"][:-1] + 1)  # where the next wave begins
    found["offset"][:-1] = np.minimum(found["offset"][:-1], latest)
    return found
