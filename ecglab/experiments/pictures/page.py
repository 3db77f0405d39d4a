"""The section on kinds of picture."""

from matplotlib.figure import Figure

from ecglab.experiments import tables

QUESTION = "which kind of picture of a beat a small network reads best"
PLACE = 30
#: The settings that the text names.
SETTINGS = ("size", "depth", "width", "steps", "batch")


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    kinds = by_kind(outcome)
    scores = {kind: tables.scores_of(accounts) for kind, accounts in kinds.items()}
    matrix = tables.total(outcome["outcomes"][0]["per record"])
    settings = {name: outcome["recipe"][name] for name in SETTINGS}
    return {
        **settings,
        "always_n": f"{matrix[0].sum() / matrix.sum():.2f}",
        "scores": tables.over_seeds(scores, tables.FEW_SCORES).to_markdown(),
        "alt": tables.in_words(tables.macro_intervals(kinds)),
    }


def by_kind(outcome: dict) -> dict[str, list[dict]]:
    """Return the accounts of each kind of picture, one a seed."""
    return tables.grouped(outcome["outcomes"], lambda one: one["kind"])


def draw(outcome: dict) -> Figure:
    """Draw macro-F1 of each kind with its interval."""
    return tables.out_of_fold(by_kind(outcome))
