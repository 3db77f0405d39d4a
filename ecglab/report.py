"""A report on anybody's recording: what was found in it, and how far that can be believed.

`examine` finds the beats of a record and asks the network that ships about them, `write` makes
one page of HTML of what came out. It is for learning, not for diagnosis, and says so.
"""

import base64
import io
import os
import warnings
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import evaluate, experiments, given, plot
from ecglab.beats import CLASSES
from ecglab.findings import (
    ANY,
    FAR,
    REASONS,
    Findings,
    clock,
    examine,
    heights_of,
    of_ten,
    unit_doubts,
)
from ecglab.records import Record

__all__ = ["FOR_LEARNING", "check_place", "examine", "write"]

#: Stands first and last in every report.
FOR_LEARNING = (
    "For learning, not for diagnosis. No doctor has seen this page, and nothing on it says whether "
    "a heart is healthy. Whoever is worried about a heart needs a doctor, not this page."
)
#: At most this many beats of a class are shown, and leads on a sheet.
SHOWN = 12
MEANINGS = {
    "N": "normal, bundle branch block and escape beats",
    "S": "premature, from above the ventricles",
    "V": "from the ventricles",
    "F": "fusion of a normal and a ventricular beat",
    "Q": "paced, or not to be classified",
}
_INK = "#1a1a1a"
_ROOM = 0.5  # of paper above the first lead, for the classes' letters, in mV
_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1a1a1a; --line: #bbb; --warn: #fff1d6; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181c; --ink: #e6e6e6; --line: #555; --warn: #4a3712; }
}
body { max-width: 64rem; margin: 0 auto; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.2; break-after: avoid; }
h2 { margin-top: 2.5rem; }
.warning { margin: 1rem 0; padding: 0.7rem 1rem; border-left: 0.4rem solid #d55e00;
  background: var(--warn); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left;
  overflow-wrap: normal; font-variant-numeric: tabular-nums; }
th + td, th + th { min-width: 4rem; }
figure { margin: 1rem 0; break-inside: avoid; }
figure .wide { background: #fff; }
img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption { font-size: 0.9rem; }
.gallery { display: grid; gap: 0.5rem 1rem;
  grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }
.gallery figure { margin: 0; }
.gallery img { min-width: 0 !important; width: 100%; }
@media (max-width: 30rem) {
  table { font-size: 0.85rem; }
  th, td { padding: 0.3rem; }
  th + td, th + th { min-width: 0; }
}
@page { margin: 15mm; }
@media print {
  :root { color-scheme: light; --ground: #fff; --ink: #000; --line: #999; --warn: #fff;
    font-size: 10pt; }
  body { max-width: none; padding: 0; }
  p:has(+ .wide), p:has(+ .gallery) { break-after: avoid; }
  table, .warning { break-inside: avoid; }
  img { min-width: 0 !important; max-height: 80vh; object-fit: contain; }
  .wide { overflow: visible; }
  .gallery { grid-template-columns: repeat(3, 1fr); }
}
"""


def check_place(path: str | os.PathLike) -> Path:
    """Return where a report is to be written, or refuse at once a place where it can't be.

    Raises
    ------
    ValueError
        If the name does not end in ``.html``.
    OSError
        If its folder is not there or can't be written, or a folder stands in its place.

    Examples
    --------
    >>> check_place("report.pdf")
    Traceback (most recent call last):
    ValueError: the report 'report.pdf' is a page of HTML; give it a name that ends in .html
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(
            f"the report {str(path)!r} is a page of HTML; give it a name that ends in .html"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} for the report; make it first")
    for place in (path, path.with_suffix(".png")):
        if place.is_dir():
            raise IsADirectoryError(f"{place} is a folder; give the report another name")
    given.writable(path.parent)
    return path


def write(findings: Findings, path: str | os.PathLike) -> Path:
    """Write a report: one page of HTML that needs nothing beside it, and its sheet as a PNG.

    Parameters
    ----------
    findings : Findings
    path : path
        Ends in ``.html``; the sheet stands beside it, with ``.png`` in its place.

    Returns
    -------
    pathlib.Path
        Of the page.

    Raises
    ------
    ValueError, OSError
        As from `check_place`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ecglab import records
    >>> with TemporaryDirectory() as folder:
    ...     page = write(examine(records.load("1", "ludb")), Path(folder) / "report.html")
    ...     sorted(file.name for file in page.parent.iterdir())
    ['report.html', 'report.png']
    """
    path = check_place(path)
    with plt.rc_context():
        plot.style()
        sheet = _png(_sheet(findings))
        page = _page(findings, sheet)
    given.write(path.with_suffix(".png"), lambda part: part.write_bytes(sheet))
    given.write(path, lambda part: part.write_bytes(page.encode()))
    return path


# ---------------------------------------------------------------------------
# Figures


def _sheet(findings: Findings) -> Figure:
    """Draw the first ten seconds: as the clinic lays it out if it can be, else lead by lead."""
    record = findings.record
    clinical = {lead for row in plot.CLINICAL_LAYOUT for lead in row}
    if clinical <= set(record.leads):
        figure = plot.twelve_leads(record)
        figure.axes[0].title.set_parse_math(False)  # a name may hold a $
        return figure
    seconds = min(10.0, record.duration)
    return _on_paper(record, record.leads[:SHOWN], 0.0, seconds, f"Record {record}")


def _on_paper(
    record: Record, leads: Sequence[str], start: float, seconds: float, title: str, mark: float = 0
) -> Figure:
    """Draw leads below each other on ECG paper, with the class of each beat above it.

    `mark` is the time of a beat to be shaded, from which time is then counted.
    """
    first = round(start * record.fs)
    last = min(round((start + seconds) * record.fs), len(record.signal))
    time = np.arange(first, last) / record.fs - mark
    curves, top = [], 0.0
    for lead in leads:
        curve = record.lead(lead)[first:last].astype(float)
        curve = np.clip(curve - np.median(curve), -FAR, FAR)
        curves.append(curve + top - np.ceil(2 * curve.max() + 0.5) / 2)
        top = np.floor(2 * curves[-1].min() - 0.2) / 2
    ax = _empty_paper(seconds, top, start - mark)
    if mark:
        ax.axvspan(-0.25, 0.35, color=plot.PALETTE[4], alpha=0.25, linewidth=0)
    lead_style = {"ha": "right", "va": "center", "weight": "bold", "parse_math": False}
    for lead, curve in zip(leads, curves, strict=True):
        ax.plot(time, curve, color=_INK, linewidth=1)
        ax.text(time[0] - 0.05, np.median(curve), lead, **lead_style)
    letter_style = {"weight": "bold", "ha": "center", "clip_on": True}
    inside = (record.samples >= first) & (record.samples < last)
    for sample, symbol in zip(record.samples[inside], record.symbols[inside], strict=True):
        color = plot.COLORS.get(symbol, _INK)
        ax.text(sample / record.fs - mark, _ROOM - 0.35, symbol, color=color, **letter_style)
    ax.set_title(title, parse_math=False)
    ax.set_yticklabels([])
    ax.set_xlabel("s from the beat" if mark else "time (s)  ·  a large box is 0.2 s and 0.5 mV")
    return ax.figure


def _empty_paper(seconds: float, low: float, start: float) -> plt.Axes:
    """Lay out ECG paper from `low` mV upwards, at the clinic's scale, or twice that if short."""
    scale = 2 if seconds <= 2 else 1
    width = 0.985 * scale * seconds  # inches: 25 mm a second
    height = 0.394 * scale * (_ROOM - low)  # and 10 mm a mV
    whole = np.array([width + 1.1, height + 1.0])
    figure = plt.figure(figsize=whole, layout="none")
    ax = figure.add_axes([0.9 / whole[0], 0.6 / whole[1], width / whole[0], height / whole[1]])
    plot.paper(ax, seconds, low, _ROOM, start)
    return ax


def _rate(findings: Findings) -> Figure:
    """Draw the heart rate over the recording: of each interval, and of ten in a row."""
    record = findings.record
    unit, scale = _unit_of_time(record.duration)
    intervals = findings.table["interval"]
    time = findings.table["time"] / scale
    figure, ax = plt.subplots(figsize=(9.5, 3.2))
    ax.plot(time, 60 / intervals, ".", color=plot.PALETTE[5], markersize=3, rasterized=True)
    ax.plot(time, 60 / of_ten(intervals), color=plot.PALETTE[0])
    median, _, highest = findings.rates
    top = min(max(2.2 * median, 1.3 * highest), 320)
    ax.set(xlim=(0, record.duration / scale), ylim=(0, top))
    ax.set(xlabel=f"time ({unit})", ylabel="beats a minute")
    ax.set_title(f"Heart rate: {findings.rate_in_words}")
    for onset, offset in record.episodes[["onset", "offset"]].tolist():
        span = np.array([onset, offset]) / record.fs / scale
        ax.axvspan(*span, color="#bbbbbb", linewidth=0)
    return figure


def _unit_of_time(seconds: float) -> tuple[str, int]:
    """Return the unit that suits so long a time, and how many seconds it has."""
    if seconds > 3 * 3600:
        return "h", 3600
    if seconds > 3 * 60:
        return "min", 60
    return "s", 1


def _strip(findings: Findings, leads: Sequence[str]) -> tuple[float, Figure]:
    """Draw the ten seconds about the most certain call of V, or else of S, or else the first."""
    record = findings.record
    seconds = min(10.0, record.duration)
    surest = [*_surest(findings, "V")["time"], *_surest(findings, "S")["time"]]
    middle = surest[0] if surest else 0.0
    start = np.floor(np.clip(middle - 5, 0, record.duration - seconds))
    return start, _on_paper(record, leads, start, seconds, f"From {clock(start)}")


def _beat(findings: Findings, time: float) -> Figure:
    """Draw the three seconds about a beat, in the leads that the network was shown."""
    record = findings.record
    seconds = min(3.0, record.duration)
    start = np.clip(time - seconds / 2, 0, record.duration - seconds)
    return _on_paper(record, list(findings.asked.values()), start, seconds, "", mark=time)


def _surest(findings: Findings, name: str) -> pd.DataFrame:
    """Return the beats that were called a class, the most certain first."""
    called = findings.table[findings.record.symbols == name]
    return called.sort_values("certainty", ascending=False).head(SHOWN)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of signs that the font has not
        figure.savefig(file, format="png", dpi=100)
    plt.close(figure)
    return file.getvalue()


# ---------------------------------------------------------------------------
# The page


def _page(findings: Findings, sheet: bytes) -> str:
    """Return the whole page."""
    record = findings.record
    title = f"Heartbeats of recording {escape(str(record))}"
    banner = f'<p class="warning"><strong>{FOR_LEARNING}</strong></p>'
    parts = [banner, f"<h1>{title}</h1>", _read(findings), _first(findings, sheet)]
    parts.append(_rhythm(findings))
    if not findings.unasked:
        parts += [_gallery(findings, "V"), _gallery(findings, "S")]
    parts += [_answers(findings), _comparison(findings)]
    if not findings.unasked:
        parts.append(_worth(findings))
    parts.append(banner)
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _read(findings: Findings) -> str:
    """Say what was read, and what is doubtful about it."""
    record = findings.record
    heights = heights_of(record).items()
    rows = {
        "recording": record.name,
        "length": f"{clock(record.duration)} at {record.fs:g} samples a second",
        "leads": ", ".join(record.leads),
        "unit": "mV, but that is doubtful: see below" if unit_doubts(record) else "mV, as stated",
        "height of the beats": ", ".join(f"{lead} {height:.2g} mV" for lead, height in heights),
        "beats found": f"{len(findings.table):,}",
        "heart rate": findings.rate_in_words,
        "not readable": _stretches(len(record.episodes)),
    }
    html = f"<h2>What was read</h2>{_table(rows.items())}"
    if findings.doubts:
        text = "Every answer of the network on this page is doubtful, because of"
        html += f'<div class="warning">{text}{_list(findings.doubts)}</div>'
    if record.notes:
        html += f"<h3>What the file says, and what is doubtful</h3>{_list(record.notes)}"
    return html


def _stretches(count: int) -> str:
    return {0: "nothing", 1: "1 stretch"}.get(count, f"{count} stretches")


def _first(findings: Findings, sheet: bytes) -> str:
    record = findings.record
    leads = ", ".join(record.leads)
    alt = f"The first {min(10.0, record.duration):.0f} seconds on ECG paper, leads {leads}."
    text = "The beginning on ECG paper: a large box is 0.2 s wide and 0.5 mV high."
    letters = "what the network calls it; a question mark: no answer"
    if not findings.asked:
        letters = "a question mark, because the network was not asked"
    if len(record.leads) < SHOWN:
        text += f" Above each beat that was found stands {letters}."
    return f"<h2>The sheet</h2>{_figure(sheet, alt, text)}"


def _rhythm(findings: Findings) -> str:
    """Show the rate over the recording and, where it adds something, ten seconds of rhythm."""
    if not findings.rates[0] > 0:
        found = "No beat" if findings.table.empty else "No two beats in a row"
        return f"<h2>Rate and rhythm</h2><p>{found} found: there is no rate to show.</p>"
    text = (
        "Each dot is the time from one beat to the next, as a rate; the line is the median of ten "
        "such intervals in a row. A dot high above the line is a beat that comes early, one below "
        "it a pause, or a beat that was not found. Intervals across a gap are left out."
    )
    image = _figure(_png(_rate(findings)), f"Heart rate: {findings.rate_in_words}.", text)
    head = f"<h2>Rate and rhythm</h2>{image}"
    clinical = len(findings.record.leads) >= SHOWN
    if not findings.asked or (findings.record.duration <= 10 and not clinical):
        return head  # the sheet shows all that a strip could
    leads = list(findings.asked.values())
    start, strip = _strip(findings, leads)
    alt = f"Ten seconds from {clock(start)}, leads {', '.join(leads)}, a letter above each beat."
    text = "Ten seconds of rhythm, where the network is surest of a call of V, or else of S."
    if not findings.counts["V"] + findings.counts["S"]:
        text = "The first ten seconds, each beat with what the network calls it."
    return head + _figure(_png(strip), alt, text)


def _gallery(findings: Findings, name: str) -> str:
    """Show the surest calls of a class, each beat between its neighbours."""
    shown = _surest(findings, name)
    head = f"<h2>Called {name}: {MEANINGS[name]}</h2>"
    if shown.empty:
        return f"{head}<p>The network calls no beat {name}.</p>"
    images = ""
    for beat in shown.itertuples():
        sure = "over 0.99" if beat.certainty > 0.99 else f"{beat.certainty:.2f}"
        caption = f"{clock(beat.time)}, certainty {sure}"
        alt = f"Beat called {name} at {caption}, with its neighbours."
        images += _figure(_png(_beat(findings, beat.time)), alt, caption)
    count = findings.counts[name]
    text = f"The {len(shown)} surest of {count:,}" if count > len(shown) else f"All {count}"
    text += (
        ", the surest first; the shaded part is what the network saw of the beat. The certainty "
        "is the network's own: how sure it is, not how often it is right."
    )
    return f'{head}<p>{text}</p><div class="gallery">{images}</div>'


def _answers(findings: Findings) -> str:
    """Count the answers, and those that are withheld, with their reasons."""
    head = "<h2>How many, and what was not answered</h2>"
    if findings.unasked:
        text = f"<strong>The network was not asked: {escape(findings.unasked)}.</strong>"
        return f"{head}<p>{text} Everything else on this page needs no network.</p>"
    counts, withheld = findings.counts, findings.withheld
    called = [(f"{name}: {MEANINGS[name]}", f"{counts[name]:,}") for name in CLASSES]
    reasons = [(text, f"{withheld[why]:,}") for why, text in REASONS.items()]
    shown = []
    for name, lead in findings.asked.items():
        shown.append(lead if name in (lead, ANY) else f"{lead} as {name}")
    doubtful = " All are doubtful, as said under “What was read”." if findings.doubts else ""
    return (
        f"{head}<p>Of {len(findings.table):,} beats found, {sum(counts.values()):,} were answered. "
        f"The network was shown {escape(', '.join(shown))}.{doubtful}</p>"
        f"{_table(called, ('called', 'beats'))}"
        f"<p>Without an answer: {sum(withheld.values()):,}. Of several reasons the first "
        f"counts. A certainty below {findings.certain:g} is too little here, which is a choice: a "
        f"higher bar gives fewer and better answers.</p>{_table(reasons, ('why not', 'beats'))}"
    )


def _comparison(findings: Findings) -> str:
    """Set the found beats against the annotations that came with the recording."""
    result = findings.agreement
    if result is None:
        return ""
    there = result.matrix[:5, :5].sum()
    text = (
        f"Beats that the file's annotations mark: {there + result.missed:,}. Found of these, "
        f"within 150 ms: {there:,}. Found where they have none: {result.extra:,}."
    )
    html = f"<h2>Beside the annotations of the file</h2><p>{text}</p>"
    if findings.unasked:
        return html
    head = ("annotated", *CLASSES[:4], "Q or no answer", "not found")
    rows = []
    for name, counts in zip((*CLASSES, "no beat there"), result.matrix, strict=True):
        rows.append([name, *(f"{count:,}" for count in counts)])
    return f"{html}<p>What was called what:</p>{_table(rows, head)}"


def _worth(findings: Findings) -> str:
    """Say what the network is known to reach, from the recorded outcome of its experiment."""
    if ANY in findings.asked:
        scores, again = _known_of_one_lead()
    else:
        scores, again = _known_of_two_leads()
    head = ("class", "part of its calls that is right", "part of its beats that it calls so", "F1")
    rows = []
    for name in evaluate.SCORED:
        cells = [f"{scores[f'{name} {column}']:.2f}" for column in ("+P", "Se", "F1")]
        rows.append([name, *cells])
    tenths = {column: round(10 * scores[f"S {column}"]) for column in ("+P", "Se")}
    return (
        "<h2>How much an answer means</h2><p>The network learned from people of the MIT-BIH "
        "Arrhythmia Database and was then scored on others (DS2), on beats that cardiologists had "
        "marked:</p>"
        f"{_table(rows, head)}<p>{again} So of ten beats called S about {tenths['+P']} are S, and "
        f"of ten beats that are S it finds about {tenths['Se']}. It knows nothing of F and Q to "
        "speak of, and nobody has scored it on recordings like this one: with other electrodes, "
        "other people or more noise it may do far worse.</p>"
    )


def _known_of_two_leads() -> tuple[dict, str]:
    """Return the scores of the network for two leads, and what it reaches on found beats."""
    outcome = experiments.recorded("final")["outcomes"][0]
    detected = outcome["detected beats"]["table"]
    again = []
    for name in ("S", "V"):
        again.append(f"{name} {detected[name]['+P']:.2f} and {detected[name]['Se']:.2f}")
    return outcome["annotated beats"]["scores"], (
        "On beats that a program had found, as on this page, the first two columns are "
        f"{' and '.join(again)}."
    )


def _known_of_one_lead() -> tuple[dict, str]:
    """Return the scores of the network for one lead, over both leads of every recording."""
    accounts = experiments.recorded("final")["one lead"]["mitdb"]
    matrices = [np.sum(list(one["per record"].values()), axis=0) for one in accounts.values()]
    scores = evaluate.Scores(sum(matrices)).summary()
    f1 = [f"{one['scores']['S F1']:.2f}" for one in accounts.values()]
    return scores, (
        "Each recording was read twice, once in either lead; the F1 of S is "
        f"{f1[0]} in the first and {f1[1]} in the second."
    )


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>"


def _table(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Write a table whose first column names the rows."""
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = [f"<tr>{names}</tr>"] if head else []
    for name, *values in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        lines.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return f'<div class="wide" tabindex="0"><table>{"".join(lines)}</table></div>'


def _figure(png: bytes, alt: str, caption: str) -> str:
    address = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    width = int.from_bytes(png[16:20], "big")
    height = int.from_bytes(png[20:24], "big")
    size = f'width="{width}" height="{height}" style="min-width: min({width}px, 44rem)"'
    image = f'<div class="wide" tabindex="0"><img src="{address}" alt="{escape(alt)}" {size}></div>'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
