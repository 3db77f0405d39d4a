"""Simulated patients, for when there is no recording; and simulated noise.

A patient is a heart (`ecglab.heart`: waves with an axis, intervals and amplitudes of their own)
and what the record is known for (a row of ``simulated_mitdb.csv`` or ``simulated_ludb.csv``). A
recording adds a rhythm; breathing, drift and changes of position, which turn the heart's dipole;
and the noise of electrodes and muscles.

What a simulated patient shows is what was put in: the shapes are textbook shapes that vary, and a
number computed from them says nothing about people.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator, default_rng
from scipy.signal import butter, lfilter, sosfilt
from scipy.stats import rankdata

from ecglab.databases import WAVE, Record, check_name, subject
from ecglab.heart import FOLLOWS_RR, LEADS, TWELVE, beat, bounds, draw, projection, table

__all__ = ["LEADS", "TWELVE", "beat", "record"]

_Shapes = list[tuple[np.ndarray, np.ndarray]]  # Gaussians, and how much of them each beat has

# What each annotation symbol is: which P wave, which conduction (none: the patient's own), when
# it comes.
_BEATS = {symbol: kind for symbol, *kind in table("simulated_beats").fillna("").itertuples()}
# What the diagnoses of ludb mean, as ranges to draw from. The three patients in atrial flutter
# are given fibrillation; paced hearts are given a deviated axis.
_FINDINGS = table("simulated_findings")


def record(name: str, database: str = "mitdb") -> Record:
    """Return a simulated patient under the name of a recording.

    Parameters
    ----------
    name : str
        A record's name; the same name gives the same patient, always.
    database : {"mitdb", "ludb", "nstdb"}
        mitdb: half an hour, the two leads of that record, 360 Hz, beats labelled N, L, R, A, V, F,
        / and the rarer ones, about as many as in reality. ludb: 10 s, twelve leads, 500 Hz, the
        rhythm, axis and conduction that cardiologists found, with the bounds of every wave.
        nstdb: half an hour of noise alone, 360 Hz, as strong in each band of frequencies as the
        noise that Moody et al. 1984 recorded (https://physionet.org/content/nstdb/): bw baseline
        wander, em electrode motion, ma muscle.

    Returns
    -------
    ecglab.databases.Record
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
    name = str(name)
    check_name(name, database)
    return {"mitdb": _mitdb, "ludb": _ludb, "nstdb": _nstdb}[database](name)


def _patient(name: str, database: str) -> pd.Series:
    """Return what is not blank in a record's row of its database's table of patients.

    For mitdb: the leads, about how many beats of each type, the share of beats in fibrillation,
    the noise, and for some PR and the RR interval before an atrial premature beat. For ludb: what
    cardiologists found.
    """
    return table(f"simulated_{database}").loc[name].dropna()


# ---------------------------------------------------------------------------
# The rhythm: which beat comes when


def _slow(rng: Generator, n: int) -> np.ndarray:
    """Draw a slow wander of unit variance over n steps."""
    cycles, phase = rng.uniform(0.7, 14, 10), rng.uniform(0, 2 * np.pi, 10)
    return np.sin(np.linspace(0, 2 * np.pi, n)[:, None] * cycles + phase).sum(axis=1) / 5**0.5


class _Rhythm(NamedTuple):
    """A row of beats: times in s, symbols, the conduction of the moment, fibrillation or not.

    `stretch` is the square root of the RR interval in s, which QT follows with some delay;
    `tilt`, shape (beats, 3), by how many rad the heart lies otherwise, about three axes.
    """

    times: np.ndarray
    symbols: np.ndarray
    conduction: np.ndarray
    fibrillates: np.ndarray
    stretch: np.ndarray
    tilt: np.ndarray


def _rhythm(
    rng: Generator, counts: dict[str, int], seconds: float, rsa: float, af: float, early: float = 0
) -> _Rhythm:
    """Draw a rhythm that has so many beats of each type and fills so many seconds.

    `rsa` is the size of the respiratory arrhythmia, `af` the share of beats in atrial
    fibrillation, `early` the RR interval before an atrial premature beat, drawn where it is 0;
    all relative to the usual RR interval.
    """
    base = {symbol: count for symbol, count in counts.items() if symbol in "NLR/"}
    ectopic = {symbol: count for symbol, count in counts.items() if symbol not in base}
    n = sum(base.values())
    early, coupling = early or rng.uniform(0.62, 0.82), rng.uniform(0.52, 0.78)
    # Sick sinus (232): runs at 0.74 s between pauses of the slow base rhythm.
    typical = 0.74 / early if early < 0.5 else seconds / sum(counts.values())
    tempo = _slow(rng, n)
    breath = np.sin(2 * np.pi * rng.uniform(0.18, 0.28) * typical * np.arange(n))
    drift = 0.06 if seconds > 60 else 0.01
    rr = 1 + drift * tempo + rsa * breath + rng.normal(0, 0.008, n)
    fibrillates = rankdata(_slow(rng, n)) > round(n * (1 - af))
    rr[fibrillates] = np.maximum(np.exp(rng.normal(-0.03, 0.22, fibrillates.sum())), 0.55)
    # A block that depends on the rate, or a pacemaker that waits: fast beats conduct otherwise.
    own, fast = min(base), max(base)  # the alphabet has them right: / before L, N and R
    conduction = np.where(rankdata(tempo) <= (base[fast] if fast != own else 0), fast, own)
    rr = np.where(conduction == "/", 1 + rng.normal(0, 0.003, n), rr)
    after = _place(rng, _episodes(rng, ectopic, n), fibrillates)
    beats = _lay(rng, rr * typical, after, early, coupling)
    gaps, extra, bases = map(np.array, zip(*beats, strict=True))
    times = np.cumsum(gaps)
    times = (times - times[0]) * (seconds - 1.0) / (times[-1] - times[0]) + rng.uniform(0.35, 0.55)
    conduction, fibrillates = conduction[bases], fibrillates[bases]
    symbols = np.where(extra == "", conduction, extra).astype("<U1")
    return _Rhythm(times, symbols, conduction, fibrillates, _stretch(times), _tilt(rng, times))


def _stretch(times: np.ndarray) -> np.ndarray:
    """Return the square root of a slowed RR interval: a quarter new, the rest of eight beats."""
    rr = np.diff(times, prepend=2 * times[0] - times[1])
    recent = np.convolve(np.pad(rr, (7, 0), mode="edge"), np.full(8, 1 / 8), mode="valid")
    return np.sqrt(np.clip(0.25 * rr + 0.75 * recent, 0.35, 1.4))


def _tilt(rng: Generator, times: np.ndarray) -> np.ndarray:
    """Return by what angles in rad, shape (beats, 3), the heart lies otherwise at each beat."""
    breath = 0.05 * np.sin(1.4 * times)[:, None] * rng.normal(size=3)
    drift = 0.06 * np.sin(2 * np.pi * times[:, None] / rng.uniform(150, 900, 3))
    turns = np.sort(rng.uniform(0, 1800, 3))  # the patient turns over
    lies = np.cumsum(rng.normal(0, 0.12, (4, 3)) * [[0], [1], [1], [1]], axis=0)
    return breath + drift + lies[np.searchsorted(turns, times)]


def _episodes(rng: Generator, ectopic: dict[str, int], n: int) -> list[str]:
    """Group ectopic beats into single ones, couplets and runs, fewer than the n base beats."""
    total = sum(ectopic.values())
    episodes = []
    for symbol, left in ectopic.items():
        single = min(0.9 if symbol == "V" else 0.75, 0.8 * n / total)
        while left:
            length = min(left, int(rng.geometric(single))) if symbol in "VAEj" else 1
            episodes.append(symbol * length)
            left -= length
    return episodes


def _place(rng: Generator, episodes: list[str], fibrillates: np.ndarray) -> dict[int, str]:
    """Choose after which base beat each episode comes; extrasystoles cluster."""
    keys = 0.8 * _slow(rng, len(fibrillates)) + rng.gumbel(size=len(fibrillates))
    places = 2 + np.argsort(-keys[2:-1])[: len(episodes)]
    places = places[np.argsort(fibrillates[places], kind="stable")]
    # Some presuppose that the atria do not fibrillate.
    atrial_first = sorted(rng.permutation(episodes).tolist(), key=lambda e: e[0] not in "AaJSje")
    return dict(zip(places.tolist(), atrial_first, strict=True))


def _lay(rng: Generator, rr: np.ndarray, after: dict[int, str], *coupling: float) -> list[tuple]:
    """Lay the beats out: of each the interval before it, ectopic symbol or "", last base beat."""
    beats, following = [], None
    for base, interval in enumerate(rr):
        beats.append((following or interval, "", base))
        following = None
        for position, symbol in enumerate(after.get(base, "")):
            gap, following = _gaps(rng, symbol, interval, position > 0, *coupling)
            beats.append((gap, symbol, base))
    return beats


def _gaps(
    rng: Generator, symbol: str, rr: float, run: bool, early: float, coupling: float
) -> tuple[float, float | None]:
    """Return the interval before an ectopic beat, and that after it where it is not usual."""
    when = _BEATS[symbol][2]
    if when == "premature" and run:
        return max(0.62 * rr, 0.30), 1.3 * rr
    if when == "premature":
        gap = max(rr * (coupling + rng.normal(0, 0.03)), 0.30)
        return gap, 2 * rr - gap  # the sinus node keeps its time: a full compensatory pause
    if when == "early":
        gap = max(rr * (early + rng.normal(0, 0.04)), 0.30)
        return gap, rr * rng.uniform(1.06, 1.18)  # the sinus node starts anew: a shorter pause
    if when == "late":
        return rr * rng.uniform(1.3, 1.5), None
    if when == "late diastole":
        return 0.93 * rr, 1.05 * rr
    return rr, None


# ---------------------------------------------------------------------------
# The signal


def _shapes(rng: Generator, heart: dict[str, np.ndarray], rhythm: _Rhythm, stray: float) -> _Shapes:
    """Return the heart's shapes, each with how much of it every beat has, 0 to 1.

    `stray`, 0 to 1, is how far ectopic beats stray from one shape each.
    """
    n = len(rhythm.symbols)
    weights = {key: np.zeros(n) for key in heart}
    # One focus prevails; beats leave from it, a little towards the next one, more or less.
    foci = [key for key in heart if key[0] == "V"]
    focus = rng.choice(len(foci), n, p=rng.dirichlet((8, 1.5, 0.7)[: len(foci)]))
    share, astray = rng.uniform(0.3, 0.7, n), stray * rng.beta(1, 8, n)
    # Some supraventricular beats find the right bundle not yet ready: aberrant conduction.
    aberrant = stray * rng.uniform(0, 0.8, n) * (rng.random(n) < rng.uniform(0, 0.5))
    size = 1 + 0.05 * np.sin(1.4 * rhythm.times) + rng.normal(0, 0.03, n)  # breathing
    for i, symbol in enumerate(rhythm.symbols):
        atria, ventricles, _ = _BEATS[symbol]
        parts = {ventricles or rhythm.conduction[i]: 1.0}
        if symbol in "FfQ":  # fusion
            wide, narrow = ("/", "N") if symbol == "f" else (foci[focus[i]], rhythm.conduction[i])
            parts = {wide: share[i], narrow: 1 - share[i]}
        elif ventricles == "V":
            parts = {foci[focus[i] - 1]: astray[i], foci[focus[i]]: 1 - astray[i]}
        elif symbol in "AJS" and rhythm.conduction[i] == "N":
            parts = {"N": 1 - aberrant[i], "R": aberrant[i]}
        if atria and not rhythm.fibrillates[i]:
            weights[atria][i] = 1
        for key, part in parts.items():
            weights[key][i] += part * size[i]
    return [(heart[key], weight) for key, weight in weights.items() if weight.any()]


def _render(
    rng: Generator, shapes: _Shapes, rhythm: _Rhythm, fs: float, length: int, leads: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum the waves of all beats; the QRS complexes apart, so that their peaks can be found.

    Every shape comes with its weight for each beat. Returns two arrays (length, leads) in mV: the
    whole signal, and its QRS complexes alone.
    """
    n, margin, sees = len(rhythm.times), int(1.5 * fs), projection(leads)
    sums = np.zeros((2, len(leads), length + 2 * margin))
    for waves, weight in shapes:
        has = np.flatnonzero(weight)
        for wave in waves:
            grow = (rhythm.stretch if wave["wave"] in FOLLOWS_RR else np.ones(n))[has, None]
            centre = (rhythm.times[has, None] + wave["centre"] * grow) * fs + margin
            sigma = wave["sigma"] * grow * fs
            reach = np.arange(-int(4 * sigma.max()) - 1, int(4 * sigma.max()) + 2)
            index = np.rint(centre).astype(np.int64) + reach
            bell = weight[has, None] * np.exp(-(((index - centre) / sigma) ** 2) / 2)
            index = np.clip(index, 0, sums.shape[2] - 1)  # the margins are cut off again
            dipoles = wave["dipole"] + np.cross(rhythm.tilt[has], wave["dipole"])
            target = sums[int(wave["wave"] == "QRS")]
            for size, lead in zip((dipoles @ sees).T, target, strict=True):
                np.add.at(lead, index.ravel(), (size[:, None] * bell).ravel())
    rest, qrs = sums[:, :, margin : margin + length].transpose(0, 2, 1)
    return rest + qrs + _fibrillation(rng, rhythm, fs, length) @ sees, qrs


def _fibrillation(rng: Generator, rhythm: _Rhythm, fs: float, length: int) -> np.ndarray:
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


def _wander(rng: Generator, fs: float, length: int) -> np.ndarray:
    """Return slow noise of size 1: from 0.05 Hz on, falling steeply above 0.15 Hz."""
    step = round(fs / 8)
    n = length // step + 2
    f = np.fft.rfftfreq(n, step / fs)
    gain = f**4 / (0.05**4 + f**4) / np.sqrt(1 + (f / 0.16) ** 4)
    slow = np.fft.irfft(gain * (rng.normal(size=(2, len(f))).T @ [1, 1j]), n)
    return _between(slow / slow.std(), step, length)


def _motion(rng: Generator, fs: float, length: int) -> np.ndarray:
    """Return noise of size 1 that looks like ectopic beats: shifts that relax, in flurries."""
    where = rng.integers(0, length, 1 + rng.poisson(3 * length / fs))
    heights = np.exp(rng.normal(0, 0.5, len(where))) * np.where(rng.random(len(where)) < 0.9, 1, -1)
    shifts = np.zeros(length)
    shifts[where] = heights * _bursts(rng, 0.4, round(5 * fs), length)[where]
    for seconds in (0.10, 0.012, 0.012):
        decay = np.exp(-1 / (fs * seconds))
        shifts = lfilter([1 - decay], [1, -decay], shifts)
    return (shifts - shifts.mean()) / shifts.std()


def _muscle(rng: Generator, fs: float, length: int) -> np.ndarray:
    """Return noise of size 1 about 25 Hz, in bursts."""
    band = butter(1, (14, 38), "bandpass", fs=fs, output="sos").astype(np.float32)
    hum = sosfilt(band, rng.standard_normal(length, dtype=np.float32))
    hum *= _bursts(rng, 1.0, round(1.5 * fs), length)
    return hum / hum.std()


def _bursts(rng: Generator, spread: float, step: int, length: int) -> np.ndarray:
    """Draw how strong a noise is at each sample; it changes every `step` samples."""
    return _between(np.exp(rng.normal(0, spread, length // step + 2)), step, length)


def _between(values: np.ndarray, step: int, length: int) -> np.ndarray:
    """Interpolate values that lie `step` samples apart."""
    values, part = values.astype(np.float32), np.arange(step, dtype=np.float32) / step
    return (values[:-1, None] + np.diff(values)[:, None] * part).ravel()[:length]


def _noise(rng: Generator, fs: float, length: int, sizes: np.ndarray) -> np.ndarray:
    """Return noise, shape (length, leads), from each lead's wander, motion and muscle in mV."""
    out = np.zeros((len(sizes), length), np.float32)
    for of_lead, row in zip(sizes, out, strict=True):
        for size, kind in zip(of_lead, (_wander, _motion, _muscle), strict=True):
            if size:
                row += size * kind(rng, fs, length)
    return out.T


def _rng(*names: str) -> Generator:
    """Return random numbers that depend on the names alone, on every Python and computer."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return default_rng(int.from_bytes(digest[:8], "big"))


# ---------------------------------------------------------------------------
# The databases


def _nstdb(name: str) -> Record:
    fs, length = 360.0, 650_000
    signal = _noise(_rng("nstdb", name), fs, length, table("simulated_nstdb").loc[name].to_numpy())
    signal = (np.rint(signal * 200) / 200).astype(np.float32)
    nothing = np.array([], dtype=np.int64), np.array([], dtype="<U1")
    notes = (f"Simulated noise in place of record {name}; its size in mV is not calibrated.",)
    leads = ("noise1", "noise2")
    return Record(name, "nstdb", name, signal, fs, leads, *nothing, "simulated", notes)


def _mitdb(name: str) -> Record:
    patient, person = _patient(name, "mitdb"), subject(name)
    leads = (patient["lead 1"], patient["lead 2"])
    body, rng = _rng("mitdb", person, "heart"), _rng("mitdb", name, "recording")
    fs, length = 360.0, 650_000

    widths = {"N": 0.092 * np.exp(0.12 * np.clip(body.normal(), -1.5, 2))}
    widths |= {"L": body.uniform(0.13, 0.16), "R": body.uniform(0.125, 0.15), "/": 0.155}
    widths |= dict(zip(("V", "V2", "V3"), body.uniform(0.12, 0.17, 3), strict=True))
    axis = float(np.clip(body.normal(45, 22), 0, 88))
    pr = patient.get("PR (s)", body.uniform(0.13, 0.19))
    heart = draw(body, axis, pr, widths, variety=2.0)

    share = rng.uniform(0.95, 1.05)  # not the counts of the real record
    counts = {key: max(round(n * share), 1) for key, n in patient.items() if key in _BEATS}
    af, early = patient["fibrillation (share)"], patient.get("early (share of RR)", 0)
    rhythm = _rhythm(rng, counts, length / fs, body.uniform(0.01, 0.06), af, early)
    shapes = _shapes(rng, heart, rhythm, stray=1.0)
    signal, qrs = _render(rng, shapes, rhythm, fs, length, leads)
    signal *= np.exp(rng.normal(0, 0.15, len(leads)))  # electrodes, skin
    sizes = rng.uniform((0.03, 0.02, 0.006), (0.07, 0.06, 0.014), (len(leads), 3))
    level = patient["noise (times usual)"]
    signal += _noise(rng, fs, length, sizes * [level, max(level - 1, 0), level])
    mains = np.tile(np.sin(2 * np.pi * np.arange(6) / 6), length // 6 + 1)[:length]  # 60 Hz
    signal += np.outer(level * rng.uniform(0.001, 0.008, len(leads)), mains).T
    signal = np.clip(np.rint((200 * signal).astype(np.float32)), -1024, 1024) / 200
    # Annotators mark the peak of the QRS complex in the first lead.
    near = np.rint(rhythm.times * fs).astype(np.int64)[:, None] + np.arange(-20, 28)
    beats = near[np.arange(len(near)), np.abs(qrs[near, 0]).argmax(axis=1)], rhythm.symbols
    notes = (f"Simulated patient in place of record {name}.",)
    parts = (name, "mitdb", person, signal, fs, leads, *beats, "simulated", notes)
    return Record(*parts, rhythms=np.where(rhythm.fibrillates, "AFIB", "N"))


def _ludb(name: str) -> Record:
    found, rng = _patient(name, "ludb"), _rng("ludb", name)
    fs, length = 500.0, 5_000

    ranges = _FINDINGS.loc[[found["rhythm"], found["axis"], found.get("conduction", "no block")]]
    ranges = ranges.bfill().iloc[0]  # each finding fills columns of its own
    conduction, own = ranges["conduction"], rng.uniform(*ranges[["QRS from (s)", "QRS to (s)"]])
    widths = {"N": min(own, 0.1), "R": 0.13, "L": 0.14, "V": 0.15, conduction: own}
    axis = rng.uniform(*ranges[["axis from (degrees)", "axis to (degrees)"]])
    heart = draw(rng, axis, rng.uniform(*ranges[["PR from (s)", "PR to (s)"]]), widths)
    beats = 1 + round((length / fs - 1) / rng.uniform(*ranges[["RR from (s)", "RR to (s)"]]))
    extra = found.get("extrasystole", "")[:1]  # atrial or ventricular
    counts = {conduction: beats - len(extra)} | dict.fromkeys(extra, 1)
    rsa = 0.16 if found["rhythm"] == "Sinus arrhythmia" else 0.02
    rhythm = _rhythm(rng, counts, length / fs, rsa, float("fibrillation" in found["rhythm"]))
    shapes = _shapes(rng, heart, rhythm, stray=0.0)
    signal, qrs = _render(rng, shapes, rhythm, fs, length, TWELVE)
    signal += _noise(rng, fs, length, rng.uniform((0.015, 0, 0.003), (0.04, 0, 0.007), (12, 3)))
    signal = np.rint(signal * 1000) / 1000  # 1 µV a count
    one, two = np.rint(signal[:, :2].T * 500) / 500
    # Four limb leads are taken from I and II, as a recorder does, by Einthoven's law.
    signal.T[:6] = one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2
    signal = signal.astype(np.float32)
    pairs = zip(qrs.T, TWELVE, strict=True)
    waves = {pair[1]: _mark(shapes, rhythm, fs, *pair) for pair in pairs}
    samples = waves["II"]["peak"][waves["II"]["kind"] == "QRS"].copy()
    beats = samples, np.full(len(samples), "?", dtype="<U1")
    notes = (f"<age>: {rng.integers(20, 85)}", f"<sex>: {rng.choice(['F', 'M'])}", "<diagnoses>:")
    called = {"rhythm": "Rhythm: ", "axis": "Electric axis of the heart: "}
    notes += tuple(f"{called.get(column, '')}{finding}." for column, finding in found.items())
    return Record(name, "ludb", name, signal, fs, TWELVE, *beats, "simulated", notes, waves)


def _mark(shapes: _Shapes, rhythm: _Rhythm, fs: float, qrs: np.ndarray, lead: str) -> np.ndarray:
    """Return the bounds of the waves that lie wholly inside one lead."""
    rows = []
    for waves, weight in shapes:
        for kind in np.unique(waves["wave"]):
            own = waves[waves["wave"] == kind]
            size = np.abs(own["dipole"] @ np.array(LEADS[lead]))
            seen = own[size >= 0.08 * size.max()]  # what is too small, nobody marks
            extent = np.insert(bounds(seen, kind), 1, own["centre"][size.argmax()])
            grow = (rhythm.stretch if kind == "T" else np.ones(len(weight)))[:, None]
            extents = rhythm.times[:, None] + extent * grow
            marks = np.rint(extents * fs).astype(int)[weight > 0]
            marks = marks[(marks[:, 0] >= 0) & (marks[:, 2] < len(qrs))]
            if kind == "QRS":
                marks[:, 1] = [a + 1 + np.abs(qrs[a + 1 : b]).argmax() for a, _, b in marks]
            rows += [(kind, *mark) for mark in marks]
    found = np.array(sorted(rows, key=lambda row: row[2]), dtype=WAVE)
    latest = np.maximum(found["onset"][1:], found["peak"][:-1] + 1)  # where the next wave begins
    found["offset"][:-1] = np.minimum(found["offset"][:-1], latest)
    return found
