"""The section on the people of svdb beside DS1's: a track of its own, DS1+."""

from matplotlib.figure import Figure

from ecglab import experiments
from ecglab.experiments import tables
from ecglab.experiments.final import page as final
from ecglab.experiments.more_people import ALONE, NETWORK, TREES, WAYS
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.experiments.resnet50 import page as resnet50
from ecglab.experiments.trees_final import MITDB

QUESTION = "what the 78 people of svdb are worth beside DS1's: a track of its own"
PLACE = 79


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    ways = tables.grouped(outcome["outcomes"], way_of)
    scores = {way: tables.scores_of(accounts) for way, accounts in ways.items()}
    networks, trees = scored(outcome, NETWORK), scored(outcome, TREES)
    both = networks | trees
    return {
        "folds": tables.over_seeds(scores).to_markdown(),
        "gains": gains_table(outcome),
        "way": outcome["final"][NETWORK]["way"],
        "trees_way": outcome["final"][TREES]["way"],
        "network": tables.headline(outcome["final"][NETWORK]["DS2"]),
        "trees": tables.headline(outcome["final"][TREES]["DS2"]),
        "alone": tables.headline(networks[f"{NETWORK}: {ALONE}"]),
        "trees_alone": tables.headline(trees[f"{TREES}: {ALONE}"]),
        "scores": final.scores_table(both),
        "network_gains": final.gains_table(networks),
        "network_gains_without_woman": final.gains_table(networks, ONE_WOMAN),
        "network_gains_without_man": final.gains_table(networks, final.ONE_MAN),
        **final.v_seeds(outcome["final"][NETWORK]["DS2"]),
        "trees_gains": final.gains_table(trees),
        "without_woman": final.without_table(both, ONE_WOMAN),
        "without_man": final.without_table(both, final.ONE_MAN),
        "goal": resnet50.goal_table(both),
        "records": tables.worst(outcome["final"][NETWORK]["DS2"], 8),
        "alt": final.in_words(outcome["final"][NETWORK]["DS2"]),
    }


def way_of(one: dict) -> str:
    """Return what is compared: networks or trees, and how svdb is mixed in."""
    return f"{one['who']}: {one['way']}"


def gains_table(outcome: dict) -> str:
    """Return what each way gains over DS1 alone, with its interval over people."""
    gains = {}
    for who, ways in WAYS.items():
        for way in ways:
            if way != ALONE:
                gains[f"{who}: {way}"] = outcome["differences"][who][way]
    return tables.gains(gains).to_markdown()


def scored(outcome: dict, who: str) -> dict[str, list[dict]]:
    """Return the accounts of DS2, one a seed: of what was chosen, and of DS1 alone."""
    before = {
        NETWORK: tables.annotated(experiments.recorded("final")["outcomes"]),
        TREES: [one[MITDB] for one in experiments.recorded("trees_final")["outcomes"]],
    }
    chosen = outcome["final"][who]
    return {
        f"{who}: {chosen['way']}": chosen["DS2"],
        f"{who}: {ALONE}": before[who],
    }


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that the network finds, record by record."""
    return final.found_s(outcome["final"][NETWORK]["DS2"])
