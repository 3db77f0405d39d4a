"""Write the beats of the explorer `live_network`: ``python tools/live_beats.py``.

Needs real recordings and the network that ships.

The beats are of DS2: the network that ships has not seen these people. Each is the first after its
record's two-hundredth that the annotators named so and the network called so.
"""

import base64
import json
import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PATH = ROOT / "ecglab" / "explorers" / "live_beats.json"

#: Record, the annotators' symbol, what the network calls it, and what is said of it.
CHOSEN = (
    ("100", "N", "N", "normal"),
    ("100", "A", "S", "premature, atrial"),
    ("228", "V", "V", "ventricular"),
    ("214", "L", "N", "left bundle branch block"),
    ("213", "F", "F", "fusion"),
    ("213", "F", "N", "fusion, missed"),
    ("232", "A", "N", "premature, missed"),
    ("202", "N", "S", "fibrillation, called premature"),
)
SECONDS = 1.3  # of the strip, to either side
STEPS = 200  # to a mV, as mitdb's recorder has them
AROUND = 52  # intervals to either side
FIRST = 200
PLACES = 4  # digits of what is kept as a number


def main() -> None:
    """Write the file."""
    from ecglab import records

    if records.load("100").simulated:
        raise SystemExit("real recordings are needed: set ECGLAB_DATA")
    text = "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in found()) + "\n]\n"
    part = PATH.with_name(f"part-{PATH.name}")
    part.write_text(text, encoding="utf-8")
    os.replace(part, PATH)
    print(f"{PATH}: {len(text)} bytes")


def found() -> list[dict]:
    """Return the beats, each in terms of JSON."""
    from ecglab import shipped

    model, recipe = shipped.load()
    called = {}
    result = []
    for name, symbol, call, said in CHOSEN:
        if name not in called:
            called[name] = shipped.predict(model, recipe, [name])
        heartbeats, probabilities = called[name]
        at = _first(heartbeats, probabilities, symbol, call)
        result.append(_described(name, at, said, probabilities[at], recipe))
    return result


def _first(heartbeats, probabilities: np.ndarray, symbol: str, call: str) -> int:
    from ecglab.beats import CLASSES

    fits = heartbeats.symbols == symbol
    fits &= probabilities.argmax(axis=1) == CLASSES.index(call)
    fits[:FIRST] = False
    fits[-AROUND - 1 :] = False
    return int(np.flatnonzero(fits)[0])


def _described(name: str, at: int, said: str, probabilities: np.ndarray, recipe) -> dict:
    from ecglab import beats, records, rhythm

    record = records.load(name)
    cut = {"leads": recipe.leads, "highpass": recipe.highpass}
    heartbeats = beats.segment(record, recipe.before, recipe.after, **cut)
    long = beats.segment(record, SECONDS, SECONDS, **cut)
    known = rhythm.intervals(record.samples, record.fs, record.episodes)
    around = known[at - AROUND : at + AROUND]
    assert np.isfinite(around).all(), f"{name}: a gap around beat {at}"
    changes = np.abs(np.diff(known))
    names = [lead for lead in record.leads if lead in "|".join(recipe.leads).split("|")]
    return {
        "title": f"{name} · {said}",
        "label": int(heartbeats.labels[at]),
        "leads": names[: len(recipe.leads)],
        "sample": int(record.samples[at]),
        "strips": [_deltas(lead) for lead in long.windows[at].T],
        "typical": [_deltas(lead) for lead in beats.typical(heartbeats)[at].T],
        "intervals": np.rint(around * record.fs).astype(int).tolist(),
        "record": {
            "mean": round(float(np.nanmean(known)), PLACES),
            "median": round(float(np.nanmedian(known)), PLACES),
            "change": round(float(np.nanmedian(changes)), PLACES),
            "before": round(float(np.nansum(known[: at - 1])), PLACES),
            "count": int(np.isfinite(known[:at]).sum()),
        },
        "waves": [_waves(heartbeats, lead, at) for lead in range(len(recipe.leads))],
        "shares": [round(float(share), PLACES) for share in probabilities],
    }


def _waves(heartbeats, lead: int, at: int) -> dict:
    """Return what `rhythm.p_context` compares a beat's P wave with, in one lead."""
    from ecglab import rhythm

    seconds = np.array([heartbeats.before, *rhythm.P_WINDOW])
    zero, early, late = np.rint(seconds * heartbeats.fs).astype(int)
    stretches = heartbeats.windows[:, zero - early : zero - late, lead].astype(float)
    waves = stretches - stretches.mean(axis=1, keepdims=True)
    heights = np.maximum(np.linalg.norm(waves, axis=1), rhythm.FLAT)
    shapes = waves / heights[:, None]
    near = slice(at - rhythm.P_WITHIN, at + rhythm.P_WITHIN + 1)
    shared = np.median(shapes[near], axis=0)
    height = round(float(np.median(heights)), PLACES)
    return {"shared": shared.round(PLACES).tolist(), "height": height}


def _deltas(voltages: np.ndarray) -> str:
    """Return a curve as steps from sample to sample, a byte each, in base64; the first from 0."""
    steps = np.diff(np.rint(voltages * STEPS).astype(int), prepend=0)
    assert np.abs(steps).max() < 128, f"a step of {np.abs(steps).max() / STEPS} mV"
    return base64.b64encode(steps.astype(np.int8).tobytes()).decode()


if __name__ == "__main__":
    main()
