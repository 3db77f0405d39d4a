"""Simulated patients, for when there is no recording; and simulated noise.

A patient is a heart (`ecglab.heart`: waves with an axis, intervals and amplitudes of their own)
and what the record is known for (a row of ``simulated_mitdb.csv``, ``simulated_svdb.csv`` or
``simulated_ludb.csv``). A recording adds a rhythm (`ecglab.simulated_rhythm`); breathing, drift
and changes of position, which turn the heart's dipole; and the noise of electrodes and muscles.

What a simulated patient shows is what was put in: the shapes are textbook shapes that vary, and a
number computed from them says nothing about people.
"""

import hashlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.random import Generator, default_rng
from scipy.signal import butter, lfilter, sosfilt

from ecglab import heart, simulated_rhythm
from ecglab.databases import WAVE, Record, check_name, subject
from ecglab.heart import LEADS, TWELVE, beat, table
from ecglab.simulated_rhythm import BEATS, Rhythm

__all__ = ["LEADS", "TWELVE", "beat", "record"]

_Heart = dict[str, np.ndarray]  # the Gaussians of each kind of beat, as `heart.draw` gives them
_Shapes = list[tuple[np.ndarray, np.ndarray]]  # Gaussians, and how much of them each beat has

# What the diagnoses of ludb mean, as ranges to draw from. The three patients in atrial flutter
# are given fibrillation; paced hearts are given a deviated axis.
_FINDINGS = table("simulated_findings")


def record(name: str, database: str = "mitdb") -> Record:
    """Return a simulated patient under the name of a recording.

    Parameters
    ----------
    name : str
        A record's name; the same name gives the same patient, always.
    database : {"mitdb", "ludb", "nstdb", "svdb"}
        mitdb: half an hour, the two leads of that record, 360 Hz, beats labelled N, L, R, A, V, F,
        / and the rarer ones, about as many as in reality. ludb: 10 s, twelve leads, 500 Hz, the
        rhythm, axis and conduction that cardiologists found, with the bounds of every wave.
        nstdb: half an hour of noise alone, 360 Hz, as strong in each band of frequencies as the
        noise that Moody et al. 1984 recorded (https://physionet.org/content/nstdb/): bw baseline
        wander, em electrode motion, ma muscle. svdb: like mitdb, but MLII and V1 under the names
        ECG1 and ECG2, 128 Hz.

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
    simulators = {"mitdb": _mitdb, "ludb": _ludb, "nstdb": _nstdb, "svdb": _svdb}
    return simulators[database](name)


def _patient(name: str, database: str) -> pd.Series:
    """Return what is not blank in a record's row of its database's table of patients.

    For mitdb: the leads, about how many beats of each type, the share of beats in fibrillation,
    the noise, and for some PR and the RR interval before an atrial premature beat. For ludb: what
    cardiologists found.
    """
    patients = table(f"simulated_{database}")
    return patients.loc[name].dropna()


# ---------------------------------------------------------------------------
# The databases


def _mitdb(name: str) -> Record:
    patient = _patient(name, "mitdb")
    leads = (patient["lead 1"], patient["lead 2"])
    return _holter(name, "mitdb", patient, leads, 360.0, 650_000)


def _svdb(name: str) -> Record:
    """Simulate half an hour of MLII and V1, under the names that svdb gives them."""
    patient = _patient(name, "svdb").rename({"S": "A"})  # they come in runs, too
    leads = ("MLII", "V1")
    recorded = _holter(name, "svdb", patient, leads, 128.0, 230_400)
    premature = recorded.symbols == "A"
    symbols = np.where(premature, "S", recorded.symbols)
    return replace(recorded, leads=("ECG1", "ECG2"), symbols=symbols, rhythms=())


def _holter(
    name: str, database: str, patient: pd.Series, leads: tuple[str, str], fs: float, length: int
) -> Record:
    """Simulate half an hour of two leads, with what is known of that record."""
    person = subject(name, database)
    body = _rng(database, person, "heart")  # the same for two records of one person
    rng = _rng(database, name, "recording")

    waves = _mitdb_heart(body, patient)
    rhythm = simulated_rhythm.draw(
        rng,
        counts=_mitdb_counts(rng, patient),
        seconds=length / fs,
        rsa=body.uniform(0.01, 0.06),
        af=patient.get("fibrillation (share)", 0),
        early=patient.get("early (share of RR)", 0),
    )
    shapes = _shapes(rng, waves, rhythm, stray=1.0)
    signal, qrs = _render(rng, shapes, rhythm, fs, length, leads)
    signal *= np.exp(rng.normal(0, 0.15, len(leads)))  # electrodes, skin
    _disturb(rng, fs, signal, patient.get("noise (times usual)", 1))
    steps = np.rint((200 * signal).astype(np.float32))  # of 5 µV, as the recorder stored
    return Record(
        name=name,
        database=database,
        subject=person,
        signal=np.clip(steps, -1024, 1024) / 200,
        fs=fs,
        leads=leads,
        samples=_peaks(rhythm, fs, qrs[:, 0]),
        symbols=rhythm.symbols,
        source="simulated",
        notes=f"Simulated patient in place of record {name}.",
        rhythms=np.where(rhythm.fibrillates, "AFIB", "N"),
    )


def _mitdb_heart(body: Generator, patient: pd.Series) -> _Heart:
    """Draw a heart with three ventricular foci."""
    stray = np.clip(body.normal(), -1.5, 2)
    widths = {
        "N": 0.092 * np.exp(0.12 * stray),
        "L": body.uniform(0.13, 0.16),
        "R": body.uniform(0.125, 0.15),
        "/": 0.155,
        "V": body.uniform(0.12, 0.17),
        "V2": body.uniform(0.12, 0.17),
        "V3": body.uniform(0.12, 0.17),
    }
    axis = np.clip(body.normal(45, 22), 0, 88)
    usual_pr = body.uniform(0.13, 0.19)
    pr = patient.get("PR (s)", usual_pr)
    return heart.draw(body, axis, pr, widths, variety=2.0)


def _mitdb_counts(rng: Generator, patient: pd.Series) -> dict[str, int]:
    """Return how many beats of each type there are: not quite as many as in the real record."""
    share = rng.uniform(0.95, 1.05)
    counts = {}
    for column, count in patient.items():
        if column in BEATS:
            counts[column] = max(round(count * share), 1)
    return counts


def _disturb(rng: Generator, fs: float, signal: np.ndarray, level: float) -> None:
    """Add noise to a signal in place, so many times as strong as usual."""
    length, leads = signal.shape
    # Wander, motion and muscle in mV; motion in noisy records alone.
    usual = rng.uniform((0.03, 0.02, 0.006), (0.07, 0.06, 0.014), (leads, 3))
    times_usual = [level, max(level - 1, 0), level]
    sizes = usual * times_usual
    signal += _noise(rng, fs, length, sizes)
    steps = round(fs / 60)  # of a cycle of 60 Hz; at 128 Hz two, where it is not seen
    turns = np.arange(steps) / steps
    cycle = np.sin(2 * np.pi * turns)
    mains = np.resize(cycle, length)
    heights = level * rng.uniform(0.001, 0.008, leads)
    signal += np.outer(heights, mains).T


def _peaks(rhythm: Rhythm, fs: float, qrs: np.ndarray) -> np.ndarray:
    """Return the peak of each QRS complex in one lead, where annotators mark it."""
    r_waves = np.rint(rhythm.times * fs).astype(np.int64)
    before = round(fs / 18)
    span = round(fs / 7.5)
    first = r_waves - before
    near = first[:, None] + np.arange(span)
    heights = np.abs(qrs[near])
    return first + heights.argmax(axis=1)


def _ludb(name: str) -> Record:
    """Simulate ten seconds of twelve leads, with what cardiologists found in that record."""
    found = _patient(name, "ludb")
    rng = _rng("ludb", name)
    fs, length = 500.0, 5_000

    block = found.get("conduction", "no block")
    ranges = _FINDINGS.loc[[found["rhythm"], found["axis"], block]]
    ranges = ranges.bfill().iloc[0]  # each finding fills columns of its own
    waves = _ludb_heart(rng, ranges)
    rhythm = simulated_rhythm.draw(
        rng,
        counts=_ludb_counts(rng, found, ranges, length / fs),
        seconds=length / fs,
        rsa=0.16 if found["rhythm"] == "Sinus arrhythmia" else 0.02,
        af=float("fibrillation" in found["rhythm"]),
    )
    shapes = _shapes(rng, waves, rhythm, stray=0.0)
    signal, qrs = _render(rng, shapes, rhythm, fs, length, TWELVE)
    # Wander and muscle in mV, no motion.
    sizes = rng.uniform((0.015, 0, 0.003), (0.04, 0, 0.007), (12, 3))
    signal += _noise(rng, fs, length, sizes)
    marks = {}
    for lead, qrs_of_lead in zip(TWELVE, qrs.T, strict=True):
        marks[lead] = _mark(shapes, rhythm, fs, qrs_of_lead, lead)
    in_two = marks["II"]
    is_qrs = in_two["kind"] == "QRS"
    samples = in_two["peak"][is_qrs]
    return Record(
        name=name,
        database="ludb",
        subject=name,
        signal=_recorded(signal),
        fs=fs,
        leads=TWELVE,
        samples=samples,
        symbols=["?"] * len(samples),
        source="simulated",
        notes=_ludb_notes(rng, found),
        waves=marks,
    )


def _ludb_heart(rng: Generator, ranges: pd.Series) -> _Heart:
    """Draw a heart as the cardiologists found it."""
    width = _within(rng, ranges, "QRS (s)")
    widths = {
        "N": min(width, 0.1),
        "R": 0.13,
        "L": 0.14,
        "V": 0.15,
    }
    widths[ranges["conduction"]] = width
    axis = _within(rng, ranges, "axis (degrees)")
    pr = _within(rng, ranges, "PR (s)")
    return heart.draw(rng, axis, pr, widths)


def _ludb_counts(
    rng: Generator, found: pd.Series, ranges: pd.Series, seconds: float
) -> dict[str, int]:
    """Return how many beats of each type there are, with at most one extrasystole."""
    beats = 1 + round((seconds - 1) / _within(rng, ranges, "RR (s)"))
    if "extrasystole" not in found:
        return {ranges["conduction"]: beats}
    extra = found["extrasystole"][0]  # atrial or ventricular
    return {ranges["conduction"]: beats - 1, extra: 1}


def _within(rng: Generator, ranges: pd.Series, what: str) -> float:
    """Draw a number from the range that the findings leave it."""
    low = ranges[f"{what} from"]
    high = ranges[f"{what} to"]
    return rng.uniform(low, high)


def _recorded(signal: np.ndarray) -> np.ndarray:
    """Round to 1 µV, and take four limb leads from I and II by Einthoven's law, as recorders do."""
    signal = np.rint(signal * 1000) / 1000
    one, two = np.rint(signal[:, :2].T * 500) / 500
    signal.T[:6] = [
        one,
        two,
        two - one,  # III
        -(one + two) / 2,  # aVR
        one - two / 2,  # aVL
        two - one / 2,  # aVF
    ]
    return signal


def _ludb_notes(rng: Generator, found: pd.Series) -> list[str]:
    """Write the findings as the headers of ludb do."""
    age = rng.integers(20, 85)
    sex = rng.choice(["F", "M"])
    notes = [f"<age>: {age}", f"<sex>: {sex}", "<diagnoses>:"]
    titles = {"rhythm": "Rhythm: ", "axis": "Electric axis of the heart: "}
    for column, finding in found.items():
        title = titles.get(column, "")
        notes.append(f"{title}{finding}.")
    return notes


def _nstdb(name: str) -> Record:
    """Simulate half an hour of noise in two leads."""
    fs, length = 360.0, 650_000
    sizes = table("simulated_nstdb").loc[name].to_numpy()
    rng = _rng("nstdb", name)
    noise = _noise(rng, fs, length, sizes)
    return Record(
        name=name,
        database="nstdb",
        subject=name,
        signal=np.rint(noise * 200) / 200,
        fs=fs,
        leads=("noise1", "noise2"),
        samples=[],
        symbols=[],
        source="simulated",
        notes=f"Simulated noise in place of record {name}; its size in mV is not calibrated.",
    )


def _rng(*names: str) -> Generator:
    """Return random numbers that depend on the names alone, on every Python and computer."""
    text = "/".join(names)
    digest = hashlib.sha256(text.encode()).digest()
    seed = int.from_bytes(digest[:8], "big")
    return default_rng(seed)


# ---------------------------------------------------------------------------
# The signal


def _shapes(rng: Generator, waves: _Heart, rhythm: Rhythm, stray: float) -> _Shapes:
    """Return the heart's shapes, each with how much of it every beat has, 0 to 1.

    `stray`, 0 to 1, is how far ectopic beats stray from one shape each.
    """
    n = len(rhythm.symbols)
    # One focus prevails; beats leave from it, a little towards the next one, more or less.
    foci = [key for key in waves if key[0] == "V"]
    habits = (8, 1.5, 0.7)[: len(foci)]
    odds = rng.dirichlet(habits)
    focus = rng.choice(len(foci), n, p=odds)
    share = rng.uniform(0.3, 0.7, n)
    astray = stray * rng.beta(1, 8, n)
    # Some supraventricular beats find the right bundle not yet ready: aberrant conduction.
    aberrant = stray * rng.uniform(0, 0.8, n)
    not_ready = rng.random(n) < rng.uniform(0, 0.5)
    aberrant *= not_ready
    breath = 0.05 * np.sin(1.4 * rhythm.times)
    size = 1 + breath + rng.normal(0, 0.03, n)

    weights = {key: np.zeros(n) for key in waves}
    for i, symbol in enumerate(rhythm.symbols):
        own = rhythm.conduction[i]
        here = foci[focus[i]]
        there = foci[focus[i] - 1]
        parts = _parts(symbol, own, here, there, share[i], astray[i], aberrant[i])
        for key, part in parts.items():
            weights[key][i] = part * size[i]
        atria = BEATS[symbol].atria
        if atria and not rhythm.fibrillates[i]:
            weights[atria][i] = 1
    shapes = []
    for key, weight in weights.items():
        if weight.any():
            shapes.append((waves[key], weight))
    return shapes


def _parts(
    symbol: str,
    own: str,
    focus: str,
    other_focus: str,
    share: float,
    astray: float,
    aberrant: float,
) -> dict[str, float]:
    """Return which shapes of the ventricles make one beat, and how much of each."""
    if symbol == "f":  # fusion of a paced and a normal beat
        return {"/": share, "N": 1 - share}
    if symbol in "FQ":  # fusion
        return {focus: share, own: 1 - share}
    conduction = BEATS[symbol].conduction
    if conduction == "V":
        return {other_focus: astray, focus: 1 - astray}
    if symbol in "AJS" and own == "N":
        return {"N": 1 - aberrant, "R": aberrant}
    return {conduction or own: 1.0}


def _render(
    rng: Generator,
    shapes: _Shapes,
    rhythm: Rhythm,
    fs: float,
    length: int,
    leads: tuple[str, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Sum the waves of all beats; the QRS complexes apart, so that their peaks can be found.

    Every shape comes with its weight for each beat. Returns two arrays (length, leads) in mV: the
    whole signal, and its QRS complexes alone.
    """
    sees = heart.projection(leads)
    margin = int(1.5 * fs)  # for waves that begin before the recording or end after it
    qrs = np.zeros((len(leads), length + 2 * margin))
    rest = np.zeros_like(qrs)
    for waves, weight in shapes:
        for wave in waves:
            target = qrs if wave["wave"] == "QRS" else rest
            _add_wave(target, wave, weight, rhythm, fs, margin, sees)
    inside = slice(margin, margin + length)
    qrs = qrs[:, inside].T
    rest = rest[:, inside].T
    fibrillation = _fibrillation(rng, rhythm, fs, length) @ sees
    return rest + qrs + fibrillation, qrs


def _add_wave(
    target: np.ndarray,
    wave: np.void,
    weight: np.ndarray,
    rhythm: Rhythm,
    fs: float,
    margin: int,
    sees: np.ndarray,
) -> None:
    """Add one wave of all beats that have it to the leads, shape (leads, samples), in place."""
    beats = np.flatnonzero(weight)
    grow = np.ones((len(beats), 1))
    if wave["wave"] in heart.FOLLOWS_RR:
        grow = rhythm.stretch[beats, None]
    centre = (rhythm.times[beats, None] + wave["centre"] * grow) * fs + margin
    sigma = wave["sigma"] * grow * fs
    far = int(4 * sigma.max()) + 1
    index = np.rint(centre).astype(np.int64) + np.arange(-far, far + 1)
    phase = (index - centre) / sigma
    bell = weight[beats, None] * np.exp(-(phase**2) / 2)
    index = np.clip(index, 0, target.shape[1] - 1)  # the margins are cut off again
    turned_by = np.cross(rhythm.tilt[beats], wave["dipole"])
    sizes = (wave["dipole"] + turned_by) @ sees
    for size, lead in zip(sizes.T, target, strict=True):
        heights = size[:, None] * bell
        np.add.at(lead, index.ravel(), heights.ravel())


def _fibrillation(rng: Generator, rhythm: Rhythm, fs: float, length: int) -> np.ndarray:
    """Return the dipole, shape (length, 3), of fibrillating atria: f waves, strongest in V1."""
    if not rhythm.fibrillates.any():
        return np.zeros((1, 3))
    seconds = np.arange(length) / fs
    grid = np.arange(0, length / fs + 1, 0.25)
    n = len(grid)
    usual_rate = rng.uniform(5.5, 7)  # f waves a second
    rate = usual_rate + rng.normal(0, 0.5, n)
    phase = 2 * np.pi * np.cumsum(rate) * 0.25
    turns = np.interp(seconds, grid, phase)
    size = rng.uniform(0.05, 0.12, n)
    size *= np.interp(grid, rhythm.times, rhythm.fibrillates)
    overtone = 0.45 * np.sin(2 * turns)
    wave = np.sin(turns) + overtone
    wave *= np.interp(seconds, grid, size)
    direction = np.array([0.15, 0.5, 0.85])
    return wave[:, None] * direction


def _mark(shapes: _Shapes, rhythm: Rhythm, fs: float, qrs: np.ndarray, lead: str) -> np.ndarray:
    """Return the bounds of the waves that lie wholly inside one lead."""
    rows = []
    for waves, weight in shapes:
        beats = weight > 0
        for kind in np.unique(waves["wave"]):
            extent = _extent(waves, kind, lead)
            if kind == "T":
                extent = extent * rhythm.stretch[beats, None]
            moments = rhythm.times[beats, None] + extent
            samples = np.rint(moments * fs).astype(int)
            for onset, peak, offset in samples:
                if onset < 0 or offset >= len(qrs):
                    continue
                if kind == "QRS":
                    inner = qrs[onset + 1 : offset]
                    peak = onset + 1 + np.abs(inner).argmax()
                rows.append((kind, onset, peak, offset))
    rows.sort(key=lambda row: row[2])
    found = np.array(rows, dtype=WAVE)
    # A wave ends where the next one begins, but after its own peak.
    for wave, following in pairwise(found):
        latest = max(following["onset"], wave["peak"] + 1)
        wave["offset"] = min(wave["offset"], latest)
    return found


def _extent(waves: np.ndarray, kind: str, lead: str) -> np.ndarray:
    """Return where a lead sees a wave begin, peak and end, in s from the R wave."""
    own = waves[waves["wave"] == kind]
    size = np.abs(own["dipole"] @ LEADS[lead])
    tallest = size.argmax()
    peak = own["centre"][tallest]
    seen = own[size >= 0.08 * size.max()]  # what is too small, nobody marks
    begin, end = heart.bounds(seen, kind)
    return np.array([begin, peak, end])


# ---------------------------------------------------------------------------
# Noise


def _noise(rng: Generator, fs: float, length: int, sizes: np.ndarray) -> np.ndarray:
    """Return noise, shape (length, leads), from each lead's wander, motion and muscle in mV."""
    noise = np.zeros((len(sizes), length), np.float32)
    kinds = (_wander, _motion, _muscle)
    for lead, sizes_of_lead in zip(noise, sizes, strict=True):
        for size, kind in zip(sizes_of_lead, kinds, strict=True):
            if size:
                lead += size * kind(rng, fs, length)
    return noise.T


def _wander(rng: Generator, fs: float, length: int) -> np.ndarray:
    """Return slow noise of size 1: from 0.05 Hz on, falling steeply above 0.15 Hz."""
    step = round(fs / 8)
    n = length // step + 2
    f = np.fft.rfftfreq(n, step / fs)
    highpass = f**4 / (0.05**4 + f**4)
    fall = np.sqrt(1 + (f / 0.16) ** 4)
    gain = highpass / fall
    real, imaginary = rng.normal(size=(2, len(f)))
    spectrum = gain * (real + 1j * imaginary)
    slow = np.fft.irfft(spectrum, n)
    return _between(slow / slow.std(), step, length)


def _motion(rng: Generator, fs: float, length: int) -> np.ndarray:
    """Return noise of size 1 that looks like ectopic beats: shifts that relax, in flurries."""
    n = 1 + rng.poisson(3 * length / fs)  # three a second
    where = rng.integers(0, length, n)
    heights = np.exp(rng.normal(0, 0.5, n))
    signs = np.where(rng.random(n) < 0.9, 1, -1)
    five_seconds = round(5 * fs)
    flurries = _bursts(rng, 0.4, five_seconds, length)
    shifts = np.zeros(length)
    shifts[where] = heights * signs * flurries[where]
    for seconds in (0.10, 0.012, 0.012):
        decay = np.exp(-1 / (fs * seconds))
        shifts = lfilter([1 - decay], [1, -decay], shifts)
    return (shifts - shifts.mean()) / shifts.std()


def _muscle(rng: Generator, fs: float, length: int) -> np.ndarray:
    """Return noise of size 1 about 25 Hz, in bursts."""
    band = butter(1, (14, 38), "bandpass", fs=fs, output="sos")
    hiss = rng.standard_normal(length, dtype=np.float32)
    hum = sosfilt(band.astype(np.float32), hiss)
    bursts = _bursts(rng, 1.0, round(1.5 * fs), length)
    hum *= bursts
    return hum / hum.std()


def _bursts(rng: Generator, spread: float, step: int, length: int) -> np.ndarray:
    """Draw how strong a noise is at each sample; it changes every `step` samples."""
    n = length // step + 2
    strengths = np.exp(rng.normal(0, spread, n))
    return _between(strengths, step, length)


def _between(values: np.ndarray, step: int, length: int) -> np.ndarray:
    """Interpolate values that lie `step` samples apart."""
    values = values.astype(np.float32)
    part = np.arange(step, dtype=np.float32) / step
    rises = np.diff(values)[:, None]
    starts = values[:-1, None]
    lines = starts + rises * part
    return lines.ravel()[:length]
