"""The section on beats read among their neighbours, on people not seen."""

from matplotlib.figure import Figure

from ecglab import experiments
from ecglab.experiments import tables
from ecglab.experiments.final import page as final
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.experiments.resnet50 import page as resnet50
from ecglab.experiments.sequence import ALONE, BOTH, HEAD, WAYS
from ecglab.experiments.sequence_final import ELSEWHERE, MITDB

QUESTION = "what the recurrent head reaches on DS2, and on svdb"
PLACE = 76


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = ways_of(outcome, MITDB)
    others = ways_of(outcome, ELSEWHERE)
    return {
        **tables.headline(ways[BOTH]),
        "alone": tables.headline(ways[ALONE]),
        "scores": final.scores_table(ways),
        "gains": tables.gains(outcome["differences"]).to_markdown(),
        "without_woman": final.without_table(ways, ONE_WOMAN),
        "without_man": final.without_table(ways, final.ONE_MAN),
        "goal": resnet50.goal_table(beside(ways)),
        "v_alone": tables.mistaken(ways[ALONE], "V"),
        "v_both": tables.mistaken(ways[BOTH], "V"),
        **final.v_seeds(ways[BOTH]),
        "false_alone": tables.mistaken(ways[ALONE], "S")["false S"],
        "false_both": tables.mistaken(ways[BOTH], "S")["false S"],
        "records": tables.worst(ways[BOTH], 8),
        "svdb": final.scores_table(others),
        "svdb_alone": tables.headline(others[ALONE]),
        "svdb_both": tables.headline(others[BOTH]),
        "svdb_goal": final.goal_elsewhere({BOTH: others[BOTH], ALONE: others[ALONE]}),
        "svdb_gains": gains_elsewhere(others),
        "alt": final.in_words(ways[BOTH]),
    }


def ways_of(outcome: dict, database: str) -> dict[str, list[dict]]:
    """Return the accounts of each way on one database, one a seed."""
    accounts = {}
    for way in WAYS:
        accounts[way] = [one[way][database] for one in outcome["outcomes"]]
    return accounts


def beside(ways: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Return the accounts of both together beside those of `final`."""
    told = experiments.recorded("final")["outcomes"]
    return {
        "with the head": ways[BOTH],
        "without the head (`final`)": tables.annotated(told),
    }


def gains_elsewhere(ways: dict[str, list[dict]]) -> str:
    """Return what the head gains over the encoder alone on svdb, paired over people."""
    gains = {way: tables.gain(ways[way], ways[ALONE]) for way in (HEAD, BOTH)}
    return tables.gains(gains).to_markdown()


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that are found, record by record."""
    both = [one[BOTH][MITDB] for one in outcome["outcomes"]]
    return final.found_s(both)
