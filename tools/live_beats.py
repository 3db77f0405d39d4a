"""Write the beats of the explorer `live_network`: ``python tools/live_beats.py``.

Needs real recordings and the network that ships.

The beats are of DS2: the network that ships has not seen these people. Each is the first after its
record's two-hundredth that the annotators named so and the network called so.
"""

import base64
import json
import sys

import numpy as np

from book import ROOT, whole

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
    lines = [json.dumps(one, ensure_ascii=False) for one in found()]
    inside = ",\n".join(lines)
    text = f"[\n{inside}\n]\n"
    with whole(PATH) as part:
        part.write_text(text, encoding="utf-8")
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
        described = _described(name, at, said, probabilities[at], recipe)
        result.append(described)
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
    asked = "|".join(recipe.leads).split("|")
    names = [lead for lead in record.leads if lead in asked]
    return {
        "title": f"{name} · {said}",
        "label": int(heartbeats.labels[at]),
        "leads": names[: len(recipe.leads)],
        "sample": int(record.samples[at]),
        "strips": [_deltas(lead) for lead in long.windows[at].T],
        "typical": [_deltas(lead) for lead in beats.typical(heartbeats)[at].T],
        "intervals": np.rint(around * record.fs).astype(int).tolist(),
        "record": {
            "mean": _kept(np.nanmean(known)),
            "median": _kept(np.nanmedian(known)),
            "change": _kept(np.nanmedian(changes)),
            "before": _kept(np.nansum(known[: at - 1])),
            "count": int(np.isfinite(known[:at]).sum()),
        },
        "waves": [_waves(heartbeats, lead, at) for lead in range(len(recipe.leads))],
        "shares": [_kept(share) for share in probabilities],
    }


def _kept(value: float) -> float:
    return round(float(value), PLACES)


def _waves(heartbeats, lead: int, at: int) -> dict:
    """Return what `rhythm.p_context` compares a beat's P wave with, in one lead."""
    from ecglab import rhythm

    seconds = np.array([heartbeats.before, *rhythm.P_WINDOW])
    zero, early, late = np.rint(seconds * heartbeats.fs).astype(int)
    first = zero - early
    stop = zero - late
    stretches = heartbeats.windows[:, first:stop, lead].astype(float)
    means = stretches.mean(axis=1, keepdims=True)
    waves = stretches - means
    norms = np.linalg.norm(waves, axis=1)
    heights = np.maximum(norms, rhythm.FLAT)
    shapes = waves / heights[:, None]
    begin = at - rhythm.P_WITHIN
    end = at + rhythm.P_WITHIN + 1
    shared = np.median(shapes[begin:end], axis=0)
    return {
        "shared": shared.round(PLACES).tolist(),
        "height": _kept(np.median(heights)),
    }


def _deltas(voltages: np.ndarray) -> str:
    """Return a curve as steps from sample to sample, a byte each, in base64; the first from 0."""
    whole = np.rint(voltages * STEPS).astype(int)
    steps = np.diff(whole, prepend=0)
    largest = np.abs(steps).max()
    assert largest < 128, f"a step of {largest / STEPS} mV"
    coded = base64.b64encode(steps.astype(np.int8).tobytes())
    return coded.decode()


if __name__ == "__main__":
    main()
