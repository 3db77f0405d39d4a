"""Simulated rhythm: which beat of a simulated patient comes when.

The heart's own beats come first, at a rate that wanders, breathes and may fibrillate. Ectopic
beats are then laid between them, alone, in couplets and in runs.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.stats import rankdata

from ecglab.heart import table

#: What each annotation symbol is: which P wave (`atria`), which `conduction` (none: the patient's
#: own), and `when` it comes.
BEATS = {}
for _beat in table("simulated_beats").fillna("").itertuples():
    BEATS[_beat.Index] = _beat


class Rhythm(NamedTuple):
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


def draw(
    rng: Generator,
    counts: dict[str, int],
    seconds: float,
    rsa: float,
    af: float,
    early: float = 0,
) -> Rhythm:
    """Draw a rhythm that has so many beats of each type and fills so many seconds.

    `rsa` is the size of the respiratory arrhythmia, `af` the share of beats in atrial
    fibrillation, `early` the RR interval before an atrial premature beat, drawn where it is 0;
    all relative to the usual RR interval.
    """
    base = {}
    ectopic = {}
    for symbol, count in counts.items():
        group = base if symbol in "NLR/" else ectopic
        group[symbol] = count
    n = sum(base.values())
    early = early or rng.uniform(0.62, 0.82)
    coupling = rng.uniform(0.52, 0.78)
    total = sum(counts.values())
    typical = seconds / total
    if early < 0.5:  # sick sinus (232): runs at 0.74 s between pauses of the slow base rhythm
        typical = 0.74 / early

    tempo = _slow(rng, n)
    drift = 0.06 if seconds > 60 else 0.01
    breaths_per_second = rng.uniform(0.18, 0.28)
    breath = np.sin(2 * np.pi * breaths_per_second * typical * np.arange(n))
    rr = 1 + drift * tempo + rsa * breath + rng.normal(0, 0.008, n)
    ranks = rankdata(_slow(rng, n))
    fibrillates = ranks > round(n * (1 - af))
    irregular = np.exp(rng.normal(-0.03, 0.22, fibrillates.sum()))
    rr[fibrillates] = np.maximum(irregular, 0.55)
    # A block that depends on the rate, or a pacemaker that waits: fast beats conduct otherwise.
    own = min(base)  # the alphabet has them right: / before L, N and R
    fast = max(base)
    is_fast = rankdata(tempo) <= base[fast]
    conduction = np.where(is_fast, fast, own)
    paced = 1 + rng.normal(0, 0.003, n)
    rr = np.where(conduction == "/", paced, rr)

    episodes = _episodes(rng, ectopic, n)
    after = _place(rng, episodes, fibrillates)
    beats = _lay(rng, rr * typical, after, early, coupling)
    gaps, extra, bases = map(np.array, zip(*beats, strict=True))
    times = _fill(rng, gaps, seconds)
    symbols = np.where(extra == "", conduction[bases], extra)
    return Rhythm(
        times=times,
        symbols=symbols.astype("<U1"),
        conduction=conduction[bases],
        fibrillates=fibrillates[bases],
        stretch=_stretch(times),
        tilt=_tilt(rng, times),
    )


def _slow(rng: Generator, n: int) -> np.ndarray:
    """Draw a slow wander of unit variance over n steps: ten sines."""
    cycles = rng.uniform(0.7, 14, 10)
    phase = rng.uniform(0, 2 * np.pi, 10)
    turn = np.linspace(0, 2 * np.pi, n)[:, None]
    sines = np.sin(turn * cycles + phase)
    return sines.sum(axis=1) / 5**0.5


def _episodes(rng: Generator, ectopic: dict[str, int], n: int) -> list[str]:
    """Group ectopic beats into single ones, couplets and runs, fewer than the n base beats."""
    total = sum(ectopic.values())
    episodes = []
    for symbol, left in ectopic.items():
        usual = 0.9 if symbol == "V" else 0.75
        single = min(usual, 0.8 * n / total)
        while left:
            length = 1
            if symbol in "VAEj":
                length = min(left, int(rng.geometric(single)))
            episodes.append(symbol * length)
            left -= length
    return episodes


def _place(rng: Generator, episodes: list[str], fibrillates: np.ndarray) -> dict[int, str]:
    """Choose after which base beat each episode comes; extrasystoles cluster."""
    n = len(fibrillates)
    clusters = 0.8 * _slow(rng, n)
    likely = clusters + rng.gumbel(size=n)
    order = 2 + np.argsort(-likely[2:-1])  # none beside the first or last beat
    places = order[: len(episodes)]
    sinus_first = np.argsort(fibrillates[places], kind="stable")
    places = places[sinus_first].tolist()
    # Some presuppose that the atria do not fibrillate.
    shuffled = rng.permutation(episodes).tolist()
    shuffled.sort(key=lambda episode: episode[0] not in "AaJSje")
    return dict(zip(places, shuffled, strict=True))


def _lay(
    rng: Generator, rr: np.ndarray, after: dict[int, str], early: float, coupling: float
) -> list[tuple]:
    """Lay the beats out: of each the interval before it, ectopic symbol or "", last base beat."""
    beats = []
    following = None
    for base, interval in enumerate(rr):
        beats.append((following or interval, "", base))
        following = None
        episode = after.get(base, "")
        for position, symbol in enumerate(episode):
            in_run = position > 0
            gap, following = _gaps(rng, symbol, interval, in_run, early, coupling)
            beats.append((gap, symbol, base))
    return beats


def _gaps(
    rng: Generator,
    symbol: str,
    rr: float,
    in_run: bool,
    early: float,
    coupling: float,
) -> tuple[float, float | None]:
    """Return the interval before an ectopic beat, and that after it where it is not usual."""
    when = BEATS[symbol].when
    if when == "premature" and in_run:
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


def _fill(rng: Generator, gaps: np.ndarray, seconds: float) -> np.ndarray:
    """Return the beats' times, stretched to fill all but about a second of the recording."""
    times = np.cumsum(gaps)
    times -= times[0]
    start = rng.uniform(0.35, 0.55)
    return times * (seconds - 1.0) / times[-1] + start


def _stretch(times: np.ndarray) -> np.ndarray:
    """Return the square root of a slowed RR interval: a quarter new, the rest of eight beats."""
    rr = np.diff(times, prepend=2 * times[0] - times[1])
    padded = np.pad(rr, (7, 0), mode="edge")
    eighths = np.full(8, 1 / 8)
    recent = np.convolve(padded, eighths, mode="valid")
    slowed = 0.25 * rr + 0.75 * recent
    bounded = np.clip(slowed, 0.35, 1.4)
    return np.sqrt(bounded)


def _tilt(rng: Generator, times: np.ndarray) -> np.ndarray:
    """Return by what angles in rad, shape (beats, 3), the heart lies otherwise at each beat."""
    column = times[:, None]
    breath = 0.05 * np.sin(1.4 * column) * rng.normal(size=3)
    periods = rng.uniform(150, 900, 3)
    drift = 0.06 * np.sin(2 * np.pi * column / periods)
    turns = np.sort(rng.uniform(0, 1800, 3))  # the patient turns over
    changes = rng.normal(0, 0.12, (4, 3))
    changes[0] = 0
    positions = np.cumsum(changes, axis=0)
    position = np.searchsorted(turns, times)
    return breath + drift + positions[position]
