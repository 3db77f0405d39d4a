"""The section on the networks told of rhythm and P waves, on people they have not seen."""

import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binomtest

from ecglab import evaluate, experiments, plot
from ecglab.beats import CLASSES
from ecglab.experiments import tables
from ecglab.experiments.baselines import page as baselines
from ecglab.experiments.final import ELSEWHERE, ONE, TWO
from ecglab.experiments.resnet50 import ONE_WOMAN
from ecglab.experiments.resnet50 import page as resnet50

QUESTION = "what the networks told of rhythm and P waves reach on DS2, and on svdb"
PLACE = 75
#: The man of whom DS1 has another recording, 201; he fibrillates in both.
ONE_MAN = "202"
#: Fewer S beats than these say nothing of one person.
FEW = 10
S = CLASSES.index("S")
#: What our network is compared with.
BEFORE = "before: RR ratios alone (`resnet50`)"
TREES = "boosted trees (`baselines`)"
#: What was to be reached on svdb; and what the network that shipped before this one had there,
#: whose file is no longer kept.
GOAL_ELSEWHERE = {"macro-F1": 0.80, "S F1": 0.60, "V F1": 0.85}
BEFORE_ELSEWHERE = {"accuracy": "0.919", "macro-F1": "0.715", "S F1": "0.42", "V F1": "0.76"}


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    outcomes = outcome["outcomes"]
    ours = tables.annotated(outcomes)
    ways = beside(ours)
    detected = resnet50.detected_table({TWO: outcomes})
    size = outcome["weights"]["bytes"] / 1e6
    ships = tables.headline(ours[:1])
    return {
        **tables.headline(ours),
        **elsewhere(outcome),
        "scores": scores_table(ways),
        "without_woman": without_table(ways, ONE_WOMAN),
        "without_man": without_table(ways, ONE_MAN),
        "goal": resnet50.goal_table(ways),
        "gains": gains_table(ways),
        "gains_without_woman": gains_table(ways, ONE_WOMAN),
        "gain_without_woman": gain_without(ways, ONE_WOMAN),
        "gain_without_man": gain_without(ways, ONE_MAN),
        "trees": tables.headline(ways[TREES]),
        "short_v": short_of_goal(ours, "V F1"),
        "fewer": fewer_false_s(ways[BEFORE], ours),
        "mixture": mixture_table(ways),
        "records": tables.worst(ours, 12),
        "rhythms": rhythms_table(outcomes),
        "false_before": tables.mistaken(ways[BEFORE], "S")["false S"],
        "false_after": tables.mistaken(ours, "S")["false S"],
        "ships_macro": ships["macro-F1"],
        "ships_s": ships["S F1"],
        "af_before": false_s(image_and_rr()),
        "af_after": false_s(outcomes),
        "detected": detected.to_markdown(floatfmt=".3f"),
        "single": of_each_lead(outcome[ONE]["mitdb"]),
        "alt": in_words(ours),
        "megabytes": f"{size:.1f}",
    }


def elsewhere(outcome: dict) -> dict:
    """Return what is said of the other database."""
    seeds = [one[ELSEWHERE] for one in outcome["outcomes"]]
    exchanged = [outcome["leads exchanged"]]
    ways = {TWO: seeds, f"{TWO}, first seed": seeds[:1], "leads exchanged, first seed": exchanged}
    return {
        "elsewhere": scores_table(ways),
        "svdb_goal": goal_elsewhere({"two leads": seeds}),
        "svdb_records": tables.worst(seeds, 8),
        "svdb_share": share_of_worst(seeds, 8),
        "single_elsewhere": of_each_lead(outcome[ONE][ELSEWHERE]),
    }


def beside(ours: list[dict]) -> dict[str, list[dict]]:
    """Return our accounts beside those of the network before, and of the boosted trees."""
    return {
        "told of rhythm and P waves": ours,
        BEFORE: tables.annotated(image_and_rr()),
        TREES: baselines.boosted(experiments.recorded("baselines")),
    }


def image_and_rr() -> list[dict]:
    """Return the outcomes of the network before, one a seed."""
    outcomes = experiments.recorded("resnet50")["outcomes"]
    return [one for one in outcomes if one["recipe"] == "image and RR"]


def false_s(outcomes: list[dict]) -> str:
    """Return how many N beats are called S in fibrillation or flutter, mean over seeds."""
    table = resnet50.rhythms_table(outcomes)
    return table.loc["atrial fibrillation or flutter", "N as S"]


def rhythms_table(outcomes: list[dict]) -> str:
    """Return what is called S, by the rhythm that the annotators marked."""
    table = resnet50.rhythms_table(outcomes)
    return table.to_markdown(disable_numparse=True)


def scores_table(ways: dict[str, list[dict]]) -> str:
    """Return the scores of each way, one row a way."""
    scores = {way: tables.scores_of(accounts) for way, accounts in ways.items()}
    return tables.over_seeds(scores).to_markdown()


def of_each_lead(accounts: dict[str, dict]) -> str:
    """Return the scores in first and in second leads."""
    ways = {column: [account] for column, account in accounts.items()}
    return scores_table(ways)


def without_table(ways: dict[str, list[dict]], record: str) -> str:
    """Return the scores of each way without one record."""
    scores = {way: tables.without(seeds, record) for way, seeds in ways.items()}
    return tables.over_seeds(scores).to_markdown()


def gains_table(ways: dict[str, list[dict]], left_out: str = "") -> str:
    """Return what our network gains over each of the others, paired over people."""
    (_, ours), *others = ways.items()
    gains = {}
    for way, seeds in others:
        row = f"over {way}"
        gains[row] = tables.gain(ours, seeds, left_out)
    table = tables.gains(gains)
    return table.to_markdown()


def gain_without(ways: dict[str, list[dict]], record: str) -> dict[str, str]:
    """Return what our network gains over the network before without one record, in words."""
    ours, before, _ = ways.values()
    gain = tables.gain(ours, before, record)
    return tables.gain_in_words(gain)


def short_of_goal(accounts: list[dict], score: str) -> str:
    """Return by how much the mean over seeds misses a goal."""
    scores = tables.scores_of(accounts)
    reached = tables.mean(scores, score)
    return tables.THREE_DIGITS(resnet50.GOAL[score] - reached)


def fewer_false_s(before: list[dict], ours: list[dict]) -> dict[str, str]:
    """Return by how many the N beats that are called S fell in each record, means over seeds."""
    counts = []
    for accounts in (before, ours):
        table = tables.records_table(accounts)
        counts.append(table["N as S"] / len(accounts))
    fall = counts[0] - counts[1]
    words = {}
    for record, count in fall.items():
        words[f"in {record}"] = f"{count:.0f}"
    return words


def v_seeds(accounts: list[dict]) -> dict[str, str]:
    """Return the V F1 of each seed, and between what the mean lies with other people."""
    seeds = []
    for one in tables.scores_of(accounts):
        seeds.append(f"{one['V F1']:.3f}")
    intervals = tables.intervals_table(accounts)
    words = intervals.loc["V F1"].map(tables.THREE_DIGITS)
    return {
        "each_v": ", ".join(seeds),
        "v_low": words["low"],
        "v_high": words["high"],
    }


def goal_elsewhere(ways: dict[str, list[dict]]) -> str:
    """Return the goal on svdb, what was reached, and what the network before had reached."""
    rows = {"the goal": tables.at_least(GOAL_ELSEWHERE)}
    for way, seeds in ways.items():
        rows[way] = tables.headline(seeds)
    rows["the network that shipped before"] = BEFORE_ELSEWHERE
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("–")
    return table[list(tables.HEADLINE)].to_markdown(disable_numparse=True)


def share_of_worst(accounts: list[dict], count: int) -> str:
    """Return the share of all errors that lie in the records with most of them."""
    errors = tables.records_table(accounts)["errors"]
    most = errors.head(count)
    share = 100 * most.sum() / errors.sum()
    return f"{share:.0f} %"


def mixture_table(ways: dict[str, list[dict]]) -> str:
    """Return the S F1 of draws of people with and without one woman, one row a way."""
    rows = {way: tables.drawn_s(seeds, ONE_WOMAN) for way, seeds in ways.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.to_markdown()


def in_words(accounts: list[dict]) -> str:
    """Return the figure's numbers as alt text."""
    table = by_record(accounts)
    return tables.in_words(table[["value", "low", "high"]])


def by_record(accounts: list[dict]) -> pd.DataFrame:
    """Return the share of S beats that are found: in each record, and in all together.

    The intervals of a record are Wilson's, of the mean count over seeds; that of all is over
    people. In DS2 each record is another person.
    """
    seeds = len(accounts)
    rows = {}
    for record, matrix in tables.matrices(accounts).items():
        beats = matrix[S].sum() // seeds
        if beats >= FEW:
            right = round(matrix[S, S] / seeds)
            found = binomtest(right, int(beats))
            low, high = found.proportion_ci(method="wilson")
            rows[record] = {"value": found.statistic, "low": low, "high": high, "beats": beats}
    table = pd.DataFrame.from_dict(rows, orient="index").sort_values("value")
    _, counts = tables.people_of(accounts)
    together = evaluate.bootstrap_matrices(counts).loc["S Se"].to_dict()
    together["beats"] = counts[0, :, S].sum()
    table.loc["all"] = together
    return table.astype({"beats": int})


def draw(outcome: dict) -> Figure:
    """Draw the share of S beats that are found, record by record."""
    return found_s(tables.annotated(outcome["outcomes"]))


def found_s(accounts: list[dict]) -> Figure:
    """Draw the share of S beats of DS2 that some accounts find, record by record."""
    title = f"S beats found in DS2: records with {FEW} or more"
    return plot.intervals(by_record(accounts), title, xlabel="sensitivity to S", pooled="all")
