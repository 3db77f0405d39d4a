"""Who the simulated patients are: for each record of a database, what sets its patient apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

# fmt: off
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


@dataclass(frozen=True)
class Diagnosis:
    """What cardiologists found in a record of ludb; ranges are (lowest, highest)."""

    notes: tuple[str, ...]
    rr: tuple[float, float]
    axis: tuple[float, float]
    conduction: str
    pr: tuple[float, float]
    qrs_width: tuple[float, float]
    extrasystole: str
    irregular: bool
    fibrillates: bool


def mitdb(name: str) -> tuple[tuple[str, ...], dict[str, int], dict[str, float]]:
    """Return a mitdb record's leads, its number of beats of each symbol, and special settings.

    Examples
    --------
    >>> mitdb("100")
    (('MLII', 'V5'), {'N': 2239, 'V': 1, 'A': 33}, {})
    """
    row = next(row.split() for row in re.split(r"[|\n]", _MITDB) if row.split()[:1] == [name])
    leads = tuple(row.pop(1).split(",")) if "," in row[1] and row[1][0] in "MV" else ("MLII", "V1")
    counts = {symbol: int(n) for symbol, n in re.findall(r"(\D)(\d+),?", row[1])}
    settings = {key: float(value) for key, value in (pair.split("=") for pair in row[2:])}
    return leads, counts, settings


def ludb(name: str) -> Diagnosis:
    """Return what the simulated patient of one ludb record has.

    Examples
    --------
    >>> ludb("8").notes[:2]
    ('Rhythm: Atrial fibrillation.', 'Electric axis of the heart: left axis deviation.')
    """
    rhythm_code, axis_code, conduction_code, extra = _LUDB[int(name) - 1]
    rhythm, *rr = _RHYTHMS[rhythm_code]
    called, *axis = _AXES[axis_code]
    block, conduction, pr, qrs_width = _CONDUCTIONS[conduction_code]
    findings = f"Rhythm: {rhythm}.", f"Electric axis of the heart: {called}."
    notes = (*findings, *filter(None, (block, _EXTRASYSTOLES[extra])))
    special = extra.strip("-"), rhythm_code == "I", rhythm_code == "A"
    return Diagnosis(notes, tuple(rr), tuple(axis), conduction, pr, qrs_width, *special)
