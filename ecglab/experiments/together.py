"""What was reached on DS2 and on svdb: the goal, every step and published figures together."""

import pandas as pd

from ecglab import experiments
from ecglab.experiments import tables
from ecglab.experiments.baselines import page as baselines
from ecglab.experiments.final import ELSEWHERE, MITDB
from ecglab.experiments.final import page as final
from ecglab.experiments.more_people import NETWORK
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.experiments.resnet50 import page as resnet50
from ecglab.experiments.sequence import BOTH

#: The experiments whose outcomes are set side by side.
NEEDED = (
    *("baselines", "resnet50", "final", "sequence_final"),
    *("trees_final", "full_width", "more_people"),
)
#: What is set side by side: the network before, what was changed in it one step at a time, trees.
BEFORE, TOLD, HEAD, WIDE, MORE, TREES, TREES_BEFORE = (
    *("`resnet50`", "`final`", "`sequence_final`", "`full_width`", "`more_people`"),
    *("`trees_final`", "`baselines`"),
)
#: What each step is set beside: the network that it changes.
STEPS = {TOLD: BEFORE, HEAD: TOLD, WIDE: TOLD, MORE: TOLD}
WITHOUT_WOMAN = f"S F1 without {ONE_WOMAN}"


def fill() -> dict:
    """Return what the blanks of the page's summary are filled with."""
    on_ds2, on_svdb = ds2(), svdb()
    gains = {step: tables.gain(on_ds2[step], on_ds2[before]) for step, before in STEPS.items()}
    without = {
        step: tables.gain(on_ds2[step], on_ds2[before], ONE_WOMAN) for step, before in STEPS.items()
    }
    return {
        "reached": reached(on_ds2).to_markdown(disable_numparse=True),
        "elsewhere": final.goal_elsewhere(on_svdb),
        "steps": steps(gains, without).to_markdown(),
        "told": tables.gain_in_words(gains[TOLD]),
        "told_without": tables.gain_in_words(without[TOLD]),
    }


def ds2() -> dict[str, list[dict]]:
    """Return the accounts of everything that was scored on DS2, one a seed."""
    chosen = experiments.recorded("more_people")["final"][NETWORK]
    heads = experiments.recorded("sequence_final")["outcomes"]
    trees = experiments.recorded("trees_final")["outcomes"]
    return {
        BEFORE: tables.annotated(final.image_and_rr()),
        TOLD: tables.annotated(experiments.recorded("final")["outcomes"]),
        HEAD: [one[BOTH][MITDB] for one in heads],
        WIDE: tables.annotated(experiments.recorded("full_width")["outcomes"]),
        MORE: chosen["DS2"],
        TREES: [one[MITDB] for one in trees],
        TREES_BEFORE: baselines.boosted(experiments.recorded("baselines")),
    }


def svdb() -> dict[str, list[dict]]:
    """Return the accounts of what was trained on DS1 alone and scored on svdb, one a seed."""
    networks = experiments.recorded("final")["outcomes"]
    heads = experiments.recorded("sequence_final")["outcomes"]
    trees = experiments.recorded("trees_final")["outcomes"]
    return {
        TOLD: [one[ELSEWHERE] for one in networks],
        HEAD: [one[BOTH][ELSEWHERE] for one in heads],
        TREES: [one[ELSEWHERE] for one in trees],
    }


def reached(ways: dict[str, list[dict]]) -> pd.DataFrame:
    """Return the goal, the scores on DS2, and published ones, one row each."""
    rows = {"the goal": tables.at_least(resnet50.GOAL)}
    for way, seeds in ways.items():
        without = tables.without(seeds, ONE_WOMAN)
        alone = tables.THREE_DIGITS(tables.mean(without, "S F1"))
        rows[way] = tables.headline(seeds) | {WITHOUT_WOMAN: alone}
    for method, scores in resnet50.PUBLISHED.items():
        citation = method[method.index("{") :]
        rows[citation] = scores
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("–")
    return table[[*tables.HEADLINE, WITHOUT_WOMAN]]


def steps(gains: dict[str, dict], without: dict[str, dict]) -> pd.DataFrame:
    """Return what each step gained over the network that it changed."""
    rows = {}
    for step in STEPS:
        words, alone = (tables.gain_in_words(table[step]) for table in (gains, without))
        rows[step] = {
            "S F1": words["S F1"],
            WITHOUT_WOMAN: alone["S F1"],
            "V F1": words["V F1"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")
