"""Tables that several sections of the results page share, and a figure.

An *account* is what an outcome says of one classifier's calls: its scores, their intervals over
people, and a confusion matrix for each record. A *way* is what is compared: a split, a kind of
picture, a recipe.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab import evaluate, plot, records
from ecglab.beats import CLASSES

Rows = list[dict]  # outcomes, accounts or scores, one a seed
Matrices = dict[str, np.ndarray]  # by record or person

#: The columns of a long and of a short table of scores.
SCORES = ("accuracy", "macro_f1", "N F1", "S Se", "S +P", "S F1", "V Se", "V +P", "V F1")
FEW_SCORES = ("accuracy", "macro_f1", "N F1", "S F1", "V F1")
#: Those of which a figure shows the intervals, as an account names them.
MAIN_SCORES = ["accuracy", "macro-F1", "N F1", "S F1", "V F1"]
#: The scores for which there is a goal, as the page and as an account names them.
HEADLINE = {
    "accuracy": "accuracy",
    "macro-F1": "macro_f1",
    "S F1": "S F1",
    "V F1": "V F1",
}
#: Those of which a gain is shown, as an account names them.
GAINS = ("accuracy", "macro-F1", "S F1", "V F1")
THREE_DIGITS = "{:.3f}".format
#: The commonest kinds of error: the label, then what was called.
ERRORS = ("NS", "NV", "NF", "SN", "SV", "VN", "FN", "FV")


def grouped(outcomes: Rows, name_of: Callable[[dict], str]) -> dict[str, Rows]:
    """Return the outcomes of each name, in the order recorded: the seeds of one way together."""
    groups: dict[str, Rows] = {}
    for outcome in outcomes:
        group = groups.setdefault(name_of(outcome), [])
        group.append(outcome)
    return groups


def annotated(outcomes: Rows) -> Rows:
    """Return the accounts of calls on beats in the annotators' places, one a seed."""
    return [outcome["annotated beats"] for outcome in outcomes]


def scores_of(accounts: Rows) -> Rows:
    """Return the scores of each seed."""
    return [account["scores"] for account in accounts]


def mean(scores: Rows, column: str) -> float:
    """Return the mean of one score over seeds."""
    values = [one[column] for one in scores]
    return float(np.mean(values))


def over_seeds(ways: dict[str, Rows], columns: Sequence[str] = SCORES) -> pd.DataFrame:
    """Return mean ± standard deviation over seeds, one row a way; one seed has no spread."""
    rows = {}
    for way, scores in ways.items():
        seeds = pd.DataFrame(scores)
        seeds = seeds[list(columns)].astype(float)
        cells = seeds.mean().map(THREE_DIGITS)
        if len(seeds) > 1:
            spread = seeds.std().map(THREE_DIGITS)
            # In a narrow column the line breaks before the sign, never after it
            cells = cells + " ±\u00a0" + spread
        rows[way] = cells
    table = pd.DataFrame(rows).T
    table = table.replace("nan", "–")
    return table.rename(columns={"macro_f1": "macro-F1"})


def gains(tables: dict[str, dict]) -> pd.DataFrame:
    """Return what each way gains over the first, with its interval over people.

    Parameters
    ----------
    tables : dict
        `evaluate.bootstrap_difference` of each way, as JSON holds it.
    """
    rows = {way: gain_in_words(table) for way, table in tables.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def gain_in_words(table: dict) -> dict[str, str]:
    """Return what is gained in each score, with its interval: ``+0.019 (+0.006 to +0.046)``."""
    words = {}
    for name in GAINS:
        one = table[name]
        value = f"{one['value']:+.3f}"
        low = f"{one['low']:+.3f}"
        high = f"{one['high']:+.3f}"
        words[name] = f"{value} ({low} to {high})"
    return words


def gain(ours: Rows, theirs: Rows, left_out: str = "") -> dict:
    """Return what some accounts gain over others, paired over people.

    Parameters
    ----------
    ours, theirs : list of dict
        Accounts of the same beats.
    left_out : str
        A record whose person is not counted.

    Returns
    -------
    dict
        `evaluate.bootstrap_matrices`, by score and by value, low and high.
    """
    people, our_counts = people_of(ours)
    _, their_counts = people_of(theirs)
    gone = records.subject(left_out) if left_out else ""
    kept = np.array(people) != gone
    our_counts = our_counts[:, kept]
    their_counts = their_counts[:, kept]
    difference = evaluate.bootstrap_matrices(our_counts, their_counts)
    return difference.to_dict(orient="index")


def at_least(goal: dict[str, float]) -> dict[str, str]:
    """Return what is to be reached, as a row of a table says it."""
    row = {}
    for name, least in goal.items():
        row[name] = f"≥\u00a0{least:.2f}"
    return row


def headline(accounts: Rows) -> dict[str, str]:
    """Return the scores for which there is a goal, mean over seeds."""
    scores = scores_of(accounts)
    words = {}
    for name, column in HEADLINE.items():
        words[name] = THREE_DIGITS(mean(scores, column))
    return words


def without(accounts: Rows, name: str) -> Rows:
    """Return the scores of each seed without one record."""
    scores = []
    for account in accounts:
        others = account["per record"].copy()
        del others[name]
        result = evaluate.Scores(total(others))
        scores.append(result.summary())
    return scores


# ---------------------------------------------------------------------------
# Matrices


def total(by_record: dict[str, list]) -> np.ndarray:
    """Add up the matrices of all records."""
    counts = list(by_record.values())
    return np.sum(counts, axis=0)


def matrices(accounts: Rows) -> Matrices:
    """Return the confusion matrix of each record, summed over seeds."""
    sums = {}
    for name in accounts[0]["per record"]:
        seeds = [account["per record"][name] for account in accounts]
        sums[name] = np.sum(seeds, axis=0)
    return sums


def mistaken(accounts: Rows, name: str) -> dict[str, str]:
    """Return how many beats of a class are missed and how many others are called it.

    Means over seeds, by ``missed V`` and ``false V``.
    """
    counts = sum(matrices(accounts).values()) / len(accounts)
    k = CLASSES.index(name)
    right = counts[k, k]
    missed = counts[k].sum() - right
    false = counts[:, k].sum() - right
    return {f"missed {name}": f"{missed:,.0f}", f"false {name}": f"{false:,.0f}"}


def records_table(accounts: Rows) -> pd.DataFrame:
    """Return the errors of each record and the commonest kinds of them, worst first."""
    rows = {}
    for name, matrix in matrices(accounts).items():
        counts = pd.DataFrame(matrix, CLASSES, CLASSES)
        calls = matrix.sum()
        row = {
            "beats": calls // len(accounts),
            "errors": calls - np.trace(matrix),
        }
        for label, called in ERRORS:
            kind = f"{label} as {called}"
            row[kind] = counts.loc[label, called]
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table.rename_axis("record")
    return table.sort_values("errors", ascending=False)


def worst(accounts: Rows, count: int) -> str:
    """Return the errors of so many records, those with most of them."""
    table = records_table(accounts)
    return table.head(count).to_markdown()


# ---------------------------------------------------------------------------
# Intervals over people


def intervals_table(accounts: Rows) -> pd.DataFrame:
    """Return value, low and high of the main scores' mean over seeds."""
    _, counts = people_of(accounts)
    return evaluate.bootstrap_matrices(counts).loc[MAIN_SCORES]


def drawn_s(accounts: Rows, name: str) -> dict[str, str]:
    """Return the S F1 of draws of people in which one person is, and of those without them.

    Where one person has most of the S beats, the interval of all draws is a mixture of two.
    """
    people, counts = people_of(accounts)
    count = len(people)
    rng = np.random.default_rng(0)
    drawn = rng.integers(count, size=(2000, count))
    place = people.index(name)
    present = (drawn == place).any(axis=1)
    absent = ~present

    matrices_drawn = counts[:, drawn]
    summed = matrices_drawn.sum(axis=2)  # (seeds, draws, 5, 5)
    k = CLASSES.index("S")
    right = summed[..., k, k]
    beats = summed[..., k, :].sum(axis=-1)
    calls = summed[..., :, k].sum(axis=-1)
    f1 = 2 * right / (beats + calls)
    f1 = f1.mean(axis=0)
    share = 100 * np.mean(absent)
    return {
        f"{name} in the draw": _middle(f1[present]),
        f"{name} not in the draw": _middle(f1[absent]),
        f"draws without {name}": f"{share:.0f} %",
    }


def _middle(values: np.ndarray) -> str:
    """Return the median, and the interval that holds 95 %."""
    low, median, high = np.quantile(values, [0.025, 0.5, 0.975])
    return f"{median:.2f} ({low:.2f} to {high:.2f})"


def people_of(accounts: Rows) -> tuple[list[str], np.ndarray]:
    """Return the people whom some seeds tested, and their matrices: (seeds, people, 5, 5)."""
    seeds = [by_person(account["per record"]) for account in accounts]
    tested = set().union(*seeds)  # with people dealt out anew, each seed tests others
    people = sorted(tested)
    nobody = np.zeros((5, 5), int)
    counts = []
    for seed in seeds:
        own = [seed.get(person, nobody) for person in people]
        counts.append(own)
    return people, np.array(counts)


def by_person(by_record: dict[str, list]) -> Matrices:
    """Return the matrix of each person: two records are of one man."""
    people: Matrices = {}
    for name, matrix in by_record.items():
        person = records.subject(name)
        before = people.get(person, 0)
        people[person] = before + np.array(matrix)
    return people


def macro_intervals(ways: dict[str, Rows]) -> pd.DataFrame:
    """Return value, low and high of macro-F1, one row a way."""
    rows = {}
    for way, accounts in ways.items():
        rows[way] = intervals_table(accounts).loc["macro-F1"]
    return pd.DataFrame(rows).T


def in_words(intervals: pd.DataFrame) -> str:
    """Return intervals as alt text."""
    phrases = []
    for name, row in intervals.iterrows():
        value, low, high = row.map("{:.2f}".format)
        phrases.append(f"{name} {value} ({low} to {high})")
    return "; ".join(phrases)


# ---------------------------------------------------------------------------
# Ways that are cross-validated on DS1


def compared(outcome: dict, name_of: Callable[[dict], str]) -> dict:
    """Return the blanks of a section that compares ways over several partitions of people."""
    ways = grouped(outcome["outcomes"], name_of)
    scores = {way: scores_of(accounts) for way, accounts in ways.items()}
    return {
        "scores": over_seeds(scores, FEW_SCORES).to_markdown(),
        "partitions": len(outcome["partitions"]),
        "alt": in_words(macro_intervals(ways)),
    }


def out_of_fold(ways: dict[str, Rows]) -> Figure:
    """Draw the macro-F1 of every way with its interval over people."""
    title = "Macro-F1 on DS1 out of fold, 95 % over people"
    return plot.intervals(macro_intervals(ways), title)
