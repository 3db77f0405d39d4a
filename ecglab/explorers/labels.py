"""Name the beat: a game that keeps score against the annotators."""

from collections.abc import Sequence

import numpy as np

from ecglab.beats import CLASSES
from ecglab.explorers.base import Explorer, State, Words, half_millivolts

STEPS = 50  # to a mV; `labels.js` counts in them too
CLIP = 3  # mV


def labels(
    strips: np.ndarray, fs: float, classes: Sequence[str], reasons: Sequence[str], lead: str
) -> Explorer:
    """Explore whether one names beats as the annotators did: a game that keeps score.

    First used in chapter 2.

    The first answer to a beat counts.

    Parameters
    ----------
    strips : numpy.ndarray
        Shape ``(n, samples)``, in mV, each with the beat in question in its middle. They are
        shown on one scale, in steps of 0.02 mV, and clipped at ±3 mV.
    fs : float
        Sampling rate in Hz; 120 is enough for the eye and keeps the page small.
    classes : sequence of str
        The AAMI class of each beat.
    reasons : sequence of str
        What is said of each beat after the answer.
    lead : str
        What the strips show, such as ``"MLII"``.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If strips, classes and reasons are not equally many, or a class is none of AAMI's.

    Examples
    --------
    >>> game = labels(np.zeros((2, 600)), 120, "NV", ["usual", "early and wide"], "MLII")
    >>> game.read({"beat": 2, "answers": {"2": "V"}})["You"]
    'V, right'
    """
    clipped = np.clip(strips, -CLIP, CLIP)
    steps = np.rint(clipped * STEPS).astype(int)
    if steps.ndim != 2 or not len(steps) == len(classes) == len(reasons):
        found = f"{np.shape(strips)}, {len(classes)} classes and {len(reasons)} reasons"
        raise ValueError(f"strips of shape {found}; give one strip, class and reason for each beat")
    unknown = sorted(set(classes) - set(CLASSES))
    if unknown:
        raise ValueError(f"{unknown} are not AAMI classes; those are {', '.join(CLASSES)}")
    low, high = half_millivolts(steps / STEPS)
    data = {
        "strips": steps.tolist(),
        "fs": fs,
        "low": low,
        "high": high,
        "names": CLASSES,
        "classes": list(classes),
        "reasons": list(reasons),
        "lead": lead,
    }
    return Explorer("labels", data, read, beat={"high": len(classes)})


def read(data: dict, state: State) -> Words:
    """Return the verdict on a beat and the score; beats are counted from 1."""
    beat = state["beat"]
    classes = data["classes"]
    answers = state.get("answers", {})
    words = {"Beat": f"{beat} of {len(classes)}", "You": "?", "Cardiologists": "?"}
    answer = answers.get(str(beat))
    if answer:
        theirs = classes[beat - 1]
        verdict = "right" if answer == theirs else "not what they said"
        words["You"] = f"{answer}, {verdict}"
        words["Cardiologists"] = theirs
        words["Why"] = data["reasons"][beat - 1]
    words["Score"] = _score(answers, classes)
    for name in data["names"]:
        own = {k: call for k, call in answers.items() if classes[int(k) - 1] == name}
        words[f"Their {name}"] = _score(own, classes)
    return words


def _score(answers: dict[str, str], classes: Sequence[str]) -> str:
    """Say how many answers, by the number of the beat, are right."""
    right = 0
    for k, call in answers.items():
        right += call == classes[int(k) - 1]
    return f"{right} of {len(answers)}"
