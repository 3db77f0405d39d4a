"""The section on boosted trees told of rhythm and P waves, on people not seen."""

from matplotlib.figure import Figure

from ecglab import experiments
from ecglab.experiments import tables
from ecglab.experiments.baselines import page as baselines
from ecglab.experiments.context import page as context
from ecglab.experiments.final import page as final
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.experiments.resnet50 import page as resnet50
from ecglab.experiments.trees_final import ELSEWHERE, MITDB, RATIOS

QUESTION = "what boosted trees told of rhythm and P waves reach on DS2, and on svdb"
PLACE = 77


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    told = experiments.recorded("final")["outcomes"]
    ours = [one[MITDB] for one in outcome["outcomes"]]
    elsewhere = [one[ELSEWHERE] for one in outcome["outcomes"]]
    less = [one[RATIOS] for one in outcome["outcomes"]]
    ways = {
        "trees told of rhythm and P waves": ours,
        "trees told the ratios alone": [one[MITDB] for one in less],
        "trees of `baselines`, with the difference": baselines.boosted(
            experiments.recorded("baselines")
        ),
        "the network of `final`": tables.annotated(told),
    }
    others = {
        "trees told of rhythm and P waves": elsewhere,
        "trees told the ratios alone": [one[ELSEWHERE] for one in less],
        "the network of `final`": [one[ELSEWHERE] for one in told],
    }
    return {
        **tables.headline(ours),
        "network": tables.headline(tables.annotated(told)),
        "svdb_reached": tables.headline(elsewhere),
        "scores": final.scores_table(ways),
        "gains": final.gains_table(ways),
        "goal": resnet50.goal_table(ways),
        "without_woman": final.without_table(ways, ONE_WOMAN),
        "without_man": final.without_table(ways, final.ONE_MAN),
        "rhythms": final.rhythms_table(outcome["outcomes"]),
        "false": tables.mistaken(ours, "S")["false S"],
        "false_network": tables.mistaken(tables.annotated(told), "S")["false S"],
        "records": tables.worst(ours, 8),
        "svdb": final.scores_table(others),
        "svdb_goal": final.goal_elsewhere(
            {
                way: others[way]
                for way in ("trees told of rhythm and P waves", "the network of `final`")
            }
        ),
        "folds": tables.headline(context.told_most("boosting")),
        "svdb_gains": final.gains_table(others),
        "svdb_records": tables.worst(elsewhere, 8),
        "alt": final.in_words(ours),
    }


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that are found, record by record."""
    ours = [one[MITDB] for one in outcome["outcomes"]]
    return final.found_s(ours)
