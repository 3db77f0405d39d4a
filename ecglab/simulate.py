"""Simulated patients, for when there is no recording; and simulated noise.

A patient is a heart (`ecglab.heart`: waves with an axis, intervals and amplitudes of their own)
and what the record is known for (`ecglab.patients`). A recording adds a rhythm; breathing, drift
and changes of position, which turn the heart's dipole; and the noise of electrodes and muscles.

What a simulated patient shows is what was put in: the shapes are textbook shapes that vary, and a
number computed from them says nothing about people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from ecglab import heart as hearts
from ecglab import patients, records
from ecglab.heart import FOLLOWS_RR, LEADS, TWELVE, beat, bounds, projection

__all__ = ["LEADS", "TWELVE", "beat", "record"]

# fmt: off
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

# Size in mV of wander, motion and muscle in the two leads of each noise record.
_NSTDB = {
    "bw": ((0.460, 0.012, 0.018), (0.180, 0.006, 0.010)),
    "em": ((0.460, 0.560, 0.030), (0.185, 0.090, 0.016)),
    "ma": ((0.180, 0.040, 0.055), (0.170, 0.030, 0.075)),
}
# fmt: on

_Shapes = list[tuple[np.ndarray, np.ndarray]]  # Gaussians, and how much of them each beat has


def record(name: str, database: str = "mitdb") -> records.Record:
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
    make = {"mitdb": _mitdb, "ludb": _ludb, "nstdb": _nstdb}[database]
    return make(str(name))


# ---------------------------------------------------------------------------
# The rhythm: which beat comes when


def _slow(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw a slow wander of unit variance over n steps."""
    cycles, phase = rng.uniform(0.7, 14, 10), rng.uniform(0, 2 * np.pi, 10)
    return np.sin(np.linspace(0, 2 * np.pi, n)[:, None] * cycles + phase).sum(axis=1) / 5**0.5


@dataclass(frozen=True)
class _Rhythm:
    """A row of beats: times in s, symbols, the conduction of the moment, fibrillation or not.

    `tilt`, shape (beats, 3), is by how many rad the heart lies otherwise, about three axes.
    """

    times: np.ndarray
    symbols: np.ndarray
    conduction: np.ndarray
    fibrillates: np.ndarray
    tilt: np.ndarray

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
    arrhythmia: float,
    af: float = 0.0,
    early: float | None = None,
    drift: float = 0.06,
) -> _Rhythm:
    """Draw a rhythm that has so many beats of each type and fills so many seconds."""
    base = {symbol: count for symbol, count in counts.items() if symbol in "NLR/"}
    ectopic = {symbol: count for symbol, count in counts.items() if symbol not in base}
    n = sum(base.values())
    early, coupling = early or rng.uniform(0.62, 0.82), rng.uniform(0.52, 0.78)
    # Sick sinus (232): runs at 0.74 s between pauses of the slow base rhythm.
    typical = 0.74 / early if early < 0.5 else seconds / sum(counts.values())
    tempo = _slow(rng, n)
    breath = np.sin(2 * np.pi * rng.uniform(0.18, 0.28) * typical * np.arange(n))
    rr = 1 + drift * tempo + arrhythmia * breath + rng.normal(0, 0.008, n)
    fibrillates = _rank(_slow(rng, n)) >= round(n * (1 - af))
    rr[fibrillates] = np.maximum(np.exp(rng.normal(-0.03, 0.22, fibrillates.sum())), 0.55)
    # A block that depends on the rate, or a pacemaker that waits: fast beats conduct otherwise.
    own, fast = min(base), max(base)  # the alphabet has them right: / before L, N and R
    conduction = np.where(_rank(tempo) < (base[fast] if fast != own else 0), fast, own)
    rr = np.where(conduction == "/", 1 + rng.normal(0, 0.003, n), rr)
    after = _place(rng, _episodes(rng, ectopic, n), fibrillates)
    times, extra, bases = _lay(rng, rr * typical, after, early, coupling)
    times = (times - times[0]) * (seconds - 1.0) / (times[-1] - times[0]) + rng.uniform(0.35, 0.55)
    symbols = np.where(np.array(extra) == "", conduction[bases], extra).astype("<U1")
    return _Rhythm(times, symbols, conduction[bases], fibrillates[bases], _tilt(rng, times))


def _tilt(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Return by what angles in rad, shape (beats, 3), the heart lies otherwise at each beat."""
    breath = 0.05 * np.sin(1.4 * times)[:, None] * rng.normal(size=3)
    drift = 0.06 * np.sin(2 * np.pi * times[:, None] / rng.uniform(150, 900, 3))
    turns = np.sort(rng.uniform(0, 1800, 3))  # the patient turns over
    lies = np.cumsum(rng.normal(0, 0.12, (4, 3)) * [[0], [1], [1], [1]], axis=0)
    return breath + drift + lies[np.searchsorted(turns, times)]


def _rank(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values))


def _episodes(rng: np.random.Generator, ectopic: dict[str, int], n: int) -> list[str]:
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


def _shapes(
    rng: np.random.Generator, heart: dict[str, np.ndarray], rhythm: _Rhythm, stray: float = 0.0
) -> _Shapes:
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
        if symbol in _FUSIONS:
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
            grow = stretch[has] if wave["wave"] in FOLLOWS_RR else np.ones(len(has))
            centre = (rhythm.times[has] + wave["centre"] * grow) * fs + margin
            sigma = wave["sigma"] * grow * fs
            reach = np.arange(-int(4 * sigma.max()) - 1, int(4 * sigma.max()) + 2)
            index = np.rint(centre).astype(np.int64)[:, None] + reach
            bell = np.exp(-0.5 * ((index - centre[:, None]) / sigma[:, None]) ** 2)
            bell *= weight[has, None]
            index = np.clip(index, 0, sums.shape[2] - 1)  # the margins are cut off again
            dipoles = wave["dipole"] + np.cross(rhythm.tilt[has], wave["dipole"])
            for lead, size in enumerate((dipoles @ projection(leads)).T):
                target = sums[int(wave["wave"] == "QRS"), lead]
                np.add.at(target, index.ravel(), (size[:, None] * bell).ravel())
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


def _wander(rng: np.random.Generator, fs: float, length: int) -> np.ndarray:
    """Return slow noise of size 1: from 0.05 Hz on, falling steeply above 0.15 Hz."""
    step = round(fs / 8)
    n = length // step + 2
    f = np.fft.rfftfreq(n, step / fs)
    gain = f**4 / (0.05**4 + f**4) / np.sqrt(1 + (f / 0.16) ** 4)
    slow = np.fft.irfft(gain * (rng.normal(size=(2, len(f))).T @ [1, 1j]), n)
    return _between(slow / slow.std(), step, length)


def _motion(rng: np.random.Generator, fs: float, length: int) -> np.ndarray:
    """Return noise of size 1 that looks like ectopic beats: shifts that relax, in flurries."""
    where = rng.integers(0, length, 1 + rng.poisson(3 * length / fs))
    heights = np.exp(rng.normal(0, 0.5, len(where))) * np.where(rng.random(len(where)) < 0.9, 1, -1)
    shifts = np.zeros(length)
    shifts[where] = heights * _bursts(rng, 0.4, round(5 * fs), length)[where]
    for seconds in (0.10, 0.012, 0.012):
        decay = np.exp(-1 / (fs * seconds))
        shifts = lfilter([1 - decay], [1, -decay], shifts)
    return (shifts - shifts.mean()) / shifts.std()


def _muscle(rng: np.random.Generator, fs: float, length: int) -> np.ndarray:
    """Return noise of size 1 about 25 Hz, in bursts."""
    band = butter(1, (14, 38), "bandpass", fs=fs, output="sos").astype(np.float32)
    hum = sosfilt(band, rng.standard_normal(length, dtype=np.float32))
    hum *= _bursts(rng, 1.0, round(1.5 * fs), length)
    return hum / hum.std()


def _bursts(rng: np.random.Generator, spread: float, step: int, length: int) -> np.ndarray:
    """Draw how strong a noise is at each sample; it changes every `step` samples."""
    return _between(np.exp(rng.normal(0, spread, length // step + 2)), step, length)


def _between(values: np.ndarray, step: int, length: int) -> np.ndarray:
    """Interpolate values that lie `step` samples apart."""
    values, part = values.astype(np.float32), np.arange(step, dtype=np.float32) / step
    between = np.diff(values)[:, None] * part
    between += values[:-1, None]
    return between.ravel()[:length]


def _noise(rng: np.random.Generator, fs: float, length: int, sizes: np.ndarray) -> np.ndarray:
    """Return noise, shape (length, leads), from each lead's wander, motion and muscle in mV."""
    out = np.zeros((len(sizes), length), np.float32)
    for of_lead, row in zip(sizes, out, strict=True):
        for size, kind in zip(of_lead, (_wander, _motion, _muscle), strict=True):
            if size:
                row += size * kind(rng, fs, length)
    return out.T


def _rng(*names: str) -> np.random.Generator:
    """Return random numbers that depend on the names alone, on every Python and computer."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


# ---------------------------------------------------------------------------
# The databases


def _nstdb(name: str) -> records.Record:
    fs, length = 360.0, 650_000
    signal = _noise(_rng("nstdb", name), fs, length, np.array(_NSTDB[name]))
    signal = (np.rint(signal * 200) / 200).astype(np.float32)
    nothing = np.array([], dtype=np.int64), np.array([], dtype="<U1")
    notes = (f"Simulated noise in place of record {name}; its size in mV is not calibrated.",)
    return records.Record(
        name, "nstdb", name, signal, fs, ("noise1", "noise2"), *nothing, "simulated", notes
    )


def _mitdb(name: str) -> records.Record:
    leads, usual, settings = patients.mitdb(name)
    subject = records.subject(name)
    body, rng = _rng("mitdb", subject, "heart"), _rng("mitdb", name, "recording")
    fs, length = 360.0, 650_000

    widths = {"N": 0.092 * np.exp(0.12 * np.clip(body.normal(), -1.5, 2))}
    widths |= {"L": body.uniform(0.13, 0.16), "R": body.uniform(0.125, 0.15), "/": 0.155}
    widths |= dict(zip(("V", "V2", "V3"), body.uniform(0.12, 0.17, 3), strict=True))
    axis = float(np.clip(body.normal(45, 22), 0, 88))
    pr, level = settings.pop("pr", body.uniform(0.13, 0.19)), settings.pop("noise", 1.0)
    heart = hearts.draw(body, axis, pr, widths, variety=2.0)

    share = rng.uniform(0.95, 1.05)  # not the counts of the real record
    counts = {kind: max(round(n * share), 1) for kind, n in usual.items()}
    rhythm = _rhythm(rng, counts, length / fs, arrhythmia=body.uniform(0.01, 0.06), **settings)
    shapes = _shapes(rng, heart, rhythm, stray=1.0)
    rest, qrs = _render(shapes, rhythm, fs, length, leads)
    signal = rest + qrs
    signal += _fibrillation(rng, rhythm, fs, length) @ projection(leads)
    signal *= np.exp(rng.normal(0, 0.15, len(leads)))  # electrodes, skin
    sizes = rng.uniform((0.03, 0.02, 0.006), (0.07, 0.06, 0.014), (len(leads), 3))
    signal += _noise(rng, fs, length, sizes * [level, max(level - 1, 0), level])
    mains = np.tile(np.sin(2 * np.pi * np.arange(6) / 6), length // 6 + 1)[:length]  # 60 Hz
    signal += np.outer(level * rng.uniform(0.001, 0.008, len(leads)), mains).T
    signal = np.clip(np.rint((200 * signal).astype(np.float32)), -1024, 1024) / 200
    # Annotators mark the peak of the QRS complex in the first lead.
    near = np.rint(rhythm.times * fs).astype(np.int64)[:, None] + np.arange(-20, 28)
    samples = near[np.arange(len(near)), np.abs(qrs[near, 0]).argmax(axis=1)]
    notes = (f"Simulated patient in place of record {name}.",)
    return records.Record(
        name, "mitdb", subject, signal, fs, leads, samples, rhythm.symbols, "simulated", notes
    )


def _ludb(name: str) -> records.Record:
    found = patients.ludb(name)
    rng = _rng("ludb", name)
    fs, length = 500.0, 5_000

    own = rng.uniform(*found.qrs_width)
    widths = {"N": min(own, 0.1), "R": 0.13, "L": 0.14, "V": 0.15, found.conduction: own}
    heart = hearts.draw(rng, rng.uniform(*found.axis), rng.uniform(*found.pr), widths)
    beats = 1 + round((length / fs - 1) / rng.uniform(*found.rr))
    counts = {found.conduction: beats - len(found.extrasystole)}
    counts |= dict.fromkeys(found.extrasystole, 1)
    af, arrhythmia = float(found.fibrillates), 0.14 * found.irregular + 0.02
    rhythm = _rhythm(rng, counts, length / fs, af=af, arrhythmia=arrhythmia, drift=0.01)
    shapes = _shapes(rng, heart, rhythm)
    rest, qrs = _render(shapes, rhythm, fs, length, TWELVE)
    signal = rest + qrs + _fibrillation(rng, rhythm, fs, length) @ projection(TWELVE)
    noise = _noise(rng, fs, length, rng.uniform((0.015, 0, 0.003), (0.04, 0, 0.007), (12, 3)))
    signal = _einthoven(signal + noise).astype(np.float32)
    annotated = (_annotate(shapes, rhythm, fs, *pair) for pair in zip(qrs.T, TWELVE, strict=True))
    waves = dict(zip(TWELVE, annotated, strict=True))
    samples = waves["II"]["peak"][waves["II"]["kind"] == "QRS"].copy()
    symbols = np.full(len(samples), "?", dtype="<U1")
    age, sex = rng.integers(20, 85), rng.choice(["F", "M"])
    notes = (f"<age>: {age}", f"<sex>: {sex}", "<diagnoses>:", *found.notes)
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
            extent = np.insert(bounds(seen, kind), 1, waves["centre"][size.argmax()])
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
