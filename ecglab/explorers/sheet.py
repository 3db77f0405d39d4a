"""A whole twelve-lead sheet to measure on: magnify, move, and put calipers where they belong."""

import math

import numpy as np

from ecglab.explorers.base import Explorer, State, Words, number
from ecglab.plot import CLINICAL_LAYOUT
from ecglab.records import Record

STEPS = 100  # to a mV; `sheet.js` counts in them too
FINEST = 4  # ms between the points that are drawn
SECONDS = 10.0  # at most, as on paper
ROW = 2.5  # mV from one row to the next, in `sheet.js` too
ROOM = 2.0  # mV above the first row's middle and below the last one's, at least


def sheet(record: Record, title: str = "", alt: str = "") -> Explorer:
    """Explore a twelve-lead sheet: magnify and move it, and measure with four calipers.

    First used in chapter 1.

    Parameters
    ----------
    record : Record
        With the leads of `plot.CLINICAL_LAYOUT`; LUDB's have them. At most ten seconds are
        shown, in steps of 0.01 mV and of 4 ms or little less. The paper holds what is higher or
        lower than usual, too.
    title : str
        Stands below the sheet; the record's name if there is none.
    alt : str
        What a reader hears who does not see the sheet, in place of a general description.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If a lead is missing.

    Examples
    --------
    >>> from ecglab import records
    >>> explorer = sheet(records.load("1", database="ludb"))
    >>> explorer.read(explorer.start | {"left": 1000, "right": 1800})["As a rate"]
    '75 a minute'
    """
    seconds = min(record.duration, SECONDS)
    rows = [*CLINICAL_LAYOUT, ("II",)]
    strips = [
        _strip(record, lead, row, column, seconds / len(leads))
        for row, leads in enumerate(rows)
        for column, lead in enumerate(leads)
    ]
    strips[-1]["name"] = "II, the long strip"
    width = int(1000 * seconds)
    above = max(max(strip["steps"]) / STEPS - ROW * strip["row"] for strip in strips)
    below = max(ROW * strip["row"] - min(strip["steps"]) / STEPS for strip in strips)
    last = ROW * (len(rows) - 1)
    room = max(ROOM, _half_millivolts(above))
    height = room + max(last + ROOM, _half_millivolts(below))
    data = {
        "strips": strips,
        "width": width,
        "height": height,
        "room": room,
        "title": title or f"Record {record}",
    }
    options = {"": "the whole sheet"} | {strip["name"]: strip["name"] for strip in strips}
    explorer = Explorer(
        "sheet",
        data,
        read,
        lead={"options": options},
        across={"high": width, "value": width // 2},
        down={"high": height, "value": height / 2},
        left={"high": width, "value": FINEST * (width // 40)},
        right={"high": width, "value": FINEST * (width // 20)},
        upper={"high": height, "value": room + ROW - 1},  # a millivolt, in the row of lead II
        lower={"high": height, "value": room + ROW},
    )
    explorer.content["alt"] = alt or explorer.content["alt"]
    return explorer


def _half_millivolts(reach: float) -> float:
    """Return how much paper holds what reaches so far, clear of its edge, in mV."""
    return math.ceil(2 * reach + 0.2) / 2


def _strip(record: Record, lead: str, row: int, column: int, seconds: float) -> dict:
    """Return one lead's part of the sheet, about its own middle."""
    start = column * seconds
    first = round(start * record.fs)
    last = first + round(seconds * record.fs)
    every = max(1, int(FINEST * record.fs / 1000))
    signal = record.lead(lead)[first:last:every]
    voltages = np.nan_to_num(signal - np.nanmedian(signal))
    return {
        "name": lead,
        "start": round(1000 * start),
        "row": row,
        "ms": 1000 * every / record.fs,
        "steps": np.rint(STEPS * voltages).astype(int).tolist(),
    }


def read(data: dict, state: State) -> Words:
    """Return what lies between the calipers."""
    ms = abs(state["right"] - state["left"])
    mv = abs(state["lower"] - state["upper"])
    return {
        "Between the upright calipers": number(ms, 0, "ms"),
        "Small boxes across": number(ms / 40, 1),
        "As a rate": number(60_000 / ms, 0, "a minute") if ms else "none",
        "Between the level calipers": number(mv, 2, "mV"),
        "Small boxes down": number(10 * mv, 1),
    }
