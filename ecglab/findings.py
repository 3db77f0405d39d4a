"""What can be found in anybody's recording: its beats, its rate, what the network calls them.

`examine` also says which of the network's answers are not to be believed, and why.
`ecglab.report` makes a page of it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.signal import butter, sosfiltfilt

from ecglab import beats, evaluate, formats, given, rhythm
from ecglab.beats import CLASSES
from ecglab.records import Record

#: An answer of less certainty is withheld. Where to draw this line is a choice: higher means
#: fewer and better answers.
CERTAIN = 0.7
#: A beat is too rough to be asked about if `roughness` is above this, in mV: one small box of the
#: paper. That withholds 0.7 % of the beats of DS1; with muscle noise at 6 dB on them, 31 %.
ROUGH = 0.1
#: A window that reaches further from 0 than this, in mV, is an artefact, not a beat. The network's
#: images end at ±2.5 mV, but 17 % of the V beats that it learned from pass that; none passes 5.
FAR = 5.0
#: The network is asked about stretches of this length, in s: it learned from records of half an
#: hour, and a whole day would not fit into memory.
STRETCH = 1800.0
#: Fewer beats than these make no typical beat to set the others against; below the second number
#: a stretch's typical beat is doubtful.
FEWEST, FEW = 5, 100
#: Seconds without a found beat after which that is said.
LONGEST_PAUSE = 5
#: The leads that the network for two learned from: MLII with one of these.
SECOND_LEADS = ("V1", "V2", "V4", "V5")
#: What the network for one lead takes any lead for; as in `recipe`, which needs Keras.
ANY = "any"

#: Why a beat gets no answer. The first reason that holds counts.
REASONS = {
    "episode": "lies where the recording is unreadable, or in ventricular flutter",
    "few": f"its half hour has fewer than {FEWEST} beats, or a flat lead",
    "edge": "its window leaves the recording",
    "far": f"its line leaves ±{FAR:g} mV: an artefact or a saturated amplifier",
    "rough": f"noise: the line beside its QRS complex is rougher than {ROUGH:g} mV",
    "unsure": "the network is not certain enough",
}


@dataclass(frozen=True, eq=False)
class Findings:
    """What `examine` found in a record.

    Attributes
    ----------
    reference : Record
        As it was handed in, with its annotations if it has any.
    record : Record
        With the beats that were found; their symbols are the classes that the network calls
        them, ``?`` where there is no answer.
    table : pandas.DataFrame
        One row for each found beat: ``time`` and ``interval`` to the next beat in s (NaN where
        that is missing), the class ``called``, the ``certainty`` of it, ``why`` there is no
        answer (one of `REASONS`, empty if there is one).
    asked : dict of str to str
        What the network takes for which of the record's leads: ``{"any": "II"}`` where there is
        one alone; empty if it was not asked.
    unasked : str
        Why it was not asked; empty if it was.
    doubts : tuple of str
        What makes every one of its answers doubtful.
    certain : float
        Answers of less certainty are withheld.
    """

    reference: Record
    record: Record
    table: pd.DataFrame
    asked: dict[str, str]
    unasked: str
    doubts: tuple[str, ...]
    certain: float

    @property
    def counts(self) -> dict[str, int]:
        """How many beats were called what."""
        counts = Counter(self.record.symbols)
        return {name: counts[name] for name in CLASSES}

    @property
    def withheld(self) -> dict[str, int]:
        """How many beats have no answer, for each of `REASONS`."""
        counts = Counter(self.table["why"])
        return {reason: counts[reason] for reason in REASONS}

    @property
    def rates(self) -> tuple[float, float, float]:
        """Median, lowest and highest heart rate per minute; NaN without two beats.

        The lowest and the highest are of ten intervals in a row: their median.
        """
        intervals = self.table["interval"]
        rates = 60 / of_ten(intervals)
        return 60 / intervals.median(), rates.min(), rates.max()

    @property
    def rate_in_words(self) -> str:
        """The rates, as a sentence's end."""
        count = self.table["interval"].count()  # of those that are not NaN
        if count == 0:
            return "no rate: fewer than two beats in a row"
        median, lowest, highest = self.rates
        words = f"median {median:.0f} a minute"
        if count >= 10:
            words += f", {lowest:.0f} to {highest:.0f} over ten intervals"
        return words

    @property
    def agreement(self) -> evaluate.BeatByBeat | None:
        """Found beats against the record's own annotations; None if it has none."""
        own = self.reference
        if not len(own.samples):
            return None
        return evaluate.beat_by_beat(
            own.samples,
            own.symbols,
            self.record.samples,
            self.record.symbols,
            own.fs,
            start=0,
            escape="N",
            episodes=own.episodes,
        )

    def __str__(self) -> str:
        return "\n".join(_summary(self))


def examine(record: Record, certain: float = CERTAIN) -> Findings:
    """Find a record's beats, and ask the network that ships about those that it can judge.

    Parameters
    ----------
    record : Record
        Its own annotations are not used; `Findings.agreement` compares with them.
    certain : float
        From 0 to 1: answers of less certainty are withheld.

    Returns
    -------
    Findings

    Raises
    ------
    ValueError
        If `certain` is out of its bounds.

    Notes
    -----
    Long records are called in stretches of about half an hour, each with its own typical beat
    and mean interval, so that memory does not grow with the length but for the signal itself.

    Examples
    --------
    >>> from ecglab import records
    >>> findings = examine(records.load("2", "ludb"))
    >>> findings.asked, len(findings.table) > 5
    ({'MLII': 'II', 'V1': 'V1'}, True)
    """
    if not 0 <= given.number("certain", certain) <= 1:
        raise ValueError(f"certain is {certain!r}; give a number from 0 to 1")
    asked, doubts, unasked = leads_for_network(record)
    found = _find(record, next(iter(asked.values()), None))
    count = len(found.samples)
    if count < FEWEST and not unasked:
        asked, doubts = {}, []
        unasked = f"{count} beats make no typical beat; {FEWEST} are needed"
    doubts += _pauses(found)
    table = _unanswered(found)
    if _points_down(found, asked.get("MLII")):
        asked, doubts = _one_instead(asked, doubts)
    if asked:
        _ask(table, found, asked, certain)
        longest = max(np.bincount(_stretches(found)))
        if longest < FEW:
            doubts.append(f"the typical beat is made of {longest} beats; {FEW} make a good one")
    answered = table["why"] == ""
    found = replace(found, symbols=np.where(answered, table["called"], "?"))
    return Findings(record, found, table, asked, unasked, tuple(doubts), certain)


# ---------------------------------------------------------------------------
# Finding and asking


def _find(record: Record, lead: str | None) -> Record:
    """Return the record with found beats; with none where none is found.

    They are looked for in a signal without spikes: after one, the detector would wait for beats
    as high.
    """
    low, middle, high = np.percentile(record.signal, (0.5, 50, 99.5), axis=0)
    farthest = 1.2 * (high - low)
    calm = np.clip(record.signal, middle - farthest, middle + farthest)
    try:
        found = beats.find(replace(record, signal=calm), lead)
    except ValueError:  # flat, too short, or no beat in it
        return replace(record, samples=(), symbols=(), rhythms=())
    return replace(found, signal=record.signal)


def _pauses(found: Record) -> list[str]:
    """Say where no beat was found for long, though the signal can be read."""
    edges = np.array([0, *found.samples, len(found.signal)])
    lasting = np.diff(edges) / found.fs
    long = np.flatnonzero(lasting > LONGEST_PAUSE)
    episodes = found.episodes[found.episodes["kind"] == "unreadable"]
    doubts = []
    for place in long:
        start = edges[place]
        end = edges[place + 1]
        before_end = episodes["onset"] < end
        after_start = episodes["offset"] > start
        known = before_end & after_start
        if not known.any():
            begins = f"{start / found.fs:.0f} s"
            ends = f"{end / found.fs:.0f} s"
            doubts.append(f"the beats: none was found between {begins} and {ends}")
    return doubts[:3]


def _unanswered(found: Record) -> pd.DataFrame:
    """Return the table of `Findings`, as it is before the network is asked."""
    columns = {
        "time": found.samples / found.fs,
        "interval": _intervals(found),
        "called": "?",
        "certainty": np.nan,
        "why": "",
    }
    return pd.DataFrame(columns)


def _intervals(found: Record) -> np.ndarray:
    """Return the time to the next beat, in s; NaN where it is missing, as after the last."""
    intervals = np.full(len(found.samples), np.nan)
    with suppress(ValueError):  # fewer than two beats, or only gaps
        intervals[:-1] = beats.intervals(found.samples, found.fs, found.episodes)
    return intervals


def unit_doubts(record: Record) -> list[str]:
    """Return the notes of a record that make its unit doubtful, as `records.read` writes them."""
    return [note for note in record.notes if re.search("assum|asked for", note)]


def heights_of(record: Record) -> dict[str, float]:
    """Return how high the beats are in each lead, in mV."""
    return {lead: formats.beat_height(record.lead(lead), record.fs) for lead in record.leads}


def leads_for_network(record: Record) -> tuple[dict[str, str], list[str], str]:
    """Choose the leads that a network is shown: MLII and one of V1, V2, V4, V5, or one alone.

    Where one lead alone shows beats, the network for one lead is asked, which takes any.

    Returns
    -------
    dict of str to str, list of str, str
        Which of the record's leads stands for which of the network's; what is doubtful about
        every answer; why no network can be asked, empty if one can.

    Examples
    --------
    >>> from ecglab import records
    >>> leads_for_network(records.load("114"))[0]
    {'MLII': 'MLII', 'V5': 'V5'}
    """
    heights = heights_of(record)
    alive = [lead for lead in record.leads if heights[lead] >= formats.LOWEST_BEAT]
    if not alive:
        return {}, [], "no lead of this recording shows beats"
    doubts = [f"the unit: {note}" for note in unit_doubts(record)]
    if record.simulated:
        doubts.append("the patient is simulated")
    if len(alive) == 1:
        doubts.append(f"the leads: {alive[0]} alone shows beats, and two tell more than one")
        return {ANY: alive[0]}, doubts, ""
    first = _first_of(("MLII", "II"), alive)
    second = _first_of(SECOND_LEADS, alive)
    if first == "II":
        doubts.append("lead II stands for MLII: much alike, but not the same electrodes")
    others = [lead for lead in alive if lead not in (first, second)]
    taken = []
    if first is None:
        first = others.pop(0)
        taken.append(f"{first} is taken for MLII")
    if second is None:
        second = others.pop(0)
        taken.append(f"{second} is taken for V1")
    called = second if second in SECOND_LEADS else "V1"
    if taken:
        because = f"the leads: {' and '.join(taken)}, because of their order alone"
        doubts.append(f"{because}; if that is right, say --leads {first}=MLII {second}={called}")
    return {"MLII": first, called: second}, doubts, ""


def _first_of(names: Sequence[str], leads: Sequence[str]) -> str | None:
    """Return the first of the names that is among the leads."""
    return next((name for name in names if name in leads), None)


def _points_down(found: Record, lead: str | None) -> bool:
    """Tell whether the typical QRS complex of a lead points downwards."""
    if lead is None:
        return False
    try:
        complexes = beats.segment(found, 0.1, 0.1, leads=[lead])
    except ValueError:  # too few beats, or a rate at which this is no window
        return False
    typical = np.median(complexes.windows[:, :, 0], axis=0)
    return bool(typical.max() < -typical.min())


def _one_instead(asked: dict[str, str], doubts: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return what is asked in place of two leads of which the first can't be MLII as it should."""
    lead = asked["MLII"]
    because = (
        f"the QRS complex points downwards in {lead}, as it does in MLII in one person of thirty: "
        "electrodes may be exchanged, or it is another lead. So the network for one lead, which "
        f"takes any, was asked about {lead} alone"
    )
    others = [doubt for doubt in doubts if not doubt.startswith(("the leads:", "lead II"))]
    return {ANY: lead}, [*others, because]


def _stretches(found: Record) -> np.ndarray:
    """Return the number of the stretch in which each beat lies."""
    count = max(1, round(found.duration / STRETCH))
    return np.minimum(found.samples * count // len(found.signal), count - 1)


def _ask(table: pd.DataFrame, found: Record, asked: dict[str, str], certain: float) -> None:
    """Fill in what the network calls the beats, how certain it is, and why it is not believed."""
    from ecglab import shipped, train  # late: these load Keras

    model, recipe = shipped.load(shipped.ONE if ANY in asked else shipped.TWO)
    stretches = _stretches(found)
    for number in np.unique(stretches):
        rows = table.index[stretches == number]
        part = _part(found, rows, asked)
        if not _can_be_cut(part):
            table.loc[rows, "why"] = "few"
            continue
        probabilities = train.predict(model, recipe.cut(part), recipe.zoom)
        highest = probabilities.max(axis=1)
        table.loc[rows, "called"] = np.array(CLASSES)[probabilities.argmax(axis=1)]
        table.loc[rows, "certainty"] = highest
        table.loc[rows, "why"] = _reasons(part, recipe.before, recipe.after, highest < certain)
    table.loc[rhythm.in_episodes(found.samples, found.episodes), "why"] = "episode"


def _part(found: Record, rows: np.ndarray, asked: dict[str, str]) -> Record:
    """Cut a stretch out of a record, a second longer than its beats, with the network's leads."""
    samples = found.samples[rows]
    margin = round(found.fs)
    first = max(0, samples[0] - margin)
    last = min(len(found.signal), samples[-1] + margin)
    columns = [found.leads.index(lead) for lead in asked.values()]
    episodes = found.episodes.copy()
    episodes["onset"] = np.clip(episodes["onset"] - first, 0, last - first)
    episodes["offset"] = np.clip(episodes["offset"] - first, 0, last - first)
    return replace(
        found,
        signal=found.signal[first:last, columns],
        leads=tuple(asked),
        samples=samples - first,
        symbols=found.symbols[rows],
        episodes=episodes[episodes["onset"] < episodes["offset"]],
        waves={},
    )


def _can_be_cut(part: Record) -> bool:
    """Tell whether a stretch has beats enough, intervals between them, and no flat lead."""
    if np.isfinite(_intervals(part)).sum() < FEWEST - 1:
        return False
    heights = np.ptp(part.signal, axis=0)
    return bool((heights > 0).all())


def _reasons(part: Record, before: float, after: float, unsure: np.ndarray) -> np.ndarray:
    """Return for each beat why its answer is withheld; empty where it is not."""
    window = beats.segment(part, before, after)
    furthest = np.abs(window.windows).max(axis=(1, 2))
    checks = {
        "edge": window.padded,
        "far": furthest > FAR,
        "rough": roughness(part) > ROUGH,
        "unsure": unsure,
    }
    return np.select(list(checks.values()), list(checks), default="")


def of_ten(intervals: pd.Series) -> pd.Series:
    """Return the median of each ten intervals in a row; of all, where there are fewer than ten.

    Missing ones are left out; where half of the ten are missing, so is their median.

    Examples
    --------
    >>> of_ten(pd.Series([0.8, 0.8, 1.0])).tolist()
    [nan, 0.8, 0.8]
    """
    window = min(10, max(1, intervals.count()))
    return intervals.rolling(window, min_periods=window // 2 + 1).median()


def roughness(record: Record) -> np.ndarray:
    """Measure how rough the line is beside each beat's QRS complex: what noise is left there.

    Parameters
    ----------
    record : Record
        With its beats.

    Returns
    -------
    numpy.ndarray
        Shape ``(beats,)``, in mV: in the roughest lead, the root mean square of what is faster
        than 20 Hz, from 250 to 100 ms before the beat and from 150 to 350 ms after it. P and T
        waves are slower. It sees muscle noise and mains hum. A loose electrode's slow bumps,
        which look like beats, it does not see.

    Examples
    --------
    >>> from ecglab import records
    >>> record = records.load("100")
    >>> len(roughness(record)) == len(record.samples)
    True
    """
    fs = record.fs
    highpass = butter(2, 20, "highpass", fs=fs, output="sos")
    fast = sosfiltfilt(highpass, record.signal, axis=0)
    before = np.arange(round(-0.25 * fs), round(-0.10 * fs))
    after = np.arange(round(0.15 * fs), round(0.35 * fs))
    beside = np.concatenate([before, after])
    places = np.clip(record.samples[:, None] + beside, 0, len(fast) - 1)
    power = (fast[places] ** 2).mean(axis=1)
    return np.sqrt(power).max(axis=1)


# ---------------------------------------------------------------------------
# Words


def _summary(findings: Findings) -> Iterable[str]:
    """Say in a few lines what was found."""
    record = findings.record
    yield f"{record}: {', '.join(record.leads)}, {record.fs:g} Hz, {clock(record.duration)}"
    yield f"{len(findings.table):,} beats found; {findings.rate_in_words}"
    if findings.unasked:
        yield f"the network was not asked: {findings.unasked}"
    else:
        counts = ", ".join(f"{name} {count:,}" for name, count in findings.counts.items())
        withheld = sum(findings.withheld.values())
        yield f"called by the network: {counts}; no answer for {withheld:,}"
    for doubt in findings.doubts:
        yield f"doubtful: every answer, because of {doubt}"
    yield "for learning, not for diagnosis"


def clock(seconds: float) -> str:
    """Write a time as ``h:mm:ss`` or, below an hour, ``m:ss.s``.

    Examples
    --------
    >>> clock(75.25), clock(7325)
    ('1:15.2', '2:02:05')
    """
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02.0f}"
    return f"{minutes}:{rest:04.1f}"
