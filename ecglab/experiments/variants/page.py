"""The section on variants of deep networks."""

import pandas as pd

from ecglab import experiments
from ecglab.experiments.degradation import page as degradation

QUESTION = "which other shortcuts let deep networks train, and whether less width spares plain ones"
PLACE = 41
PROJECTED = "zero γ, projections"
#: Layers of the networks that are deeper than those of `degradation`.
DEEPER = 110


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    recorded = experiments.recorded("degradation")
    return {
        "errors": errors_table(outcome).to_markdown(disable_numparse=True),
        "zero_first": degradation.percent(first_errors(outcome, "zero γ")),
        "projected_first": degradation.percent(first_errors(outcome, PROJECTED)),
        "residual_first": degradation.percent(first_errors(recorded, "residual")),
        "filled": degradation.percent(last_errors(outcome, "zero γ")),
        "projected": degradation.percent(last_errors(outcome, PROJECTED)),
        "residual": degradation.percent(last_errors(recorded, "residual")),
        "deeper": {kind: degradation.percent([error]) for kind, error in deeper(outcome).items()},
        "deep_plain": degradation.percent(last_errors(recorded, "plain")),
        "narrow": rises(outcome),
        "full": rises(recorded),
    }


def first_errors(outcome: dict, kind: str) -> list[float]:
    """Return the errors of the deepest networks of a kind over the first epoch, a number a seed."""
    networks = degradation.deepest_networks(outcome)
    return [one["history"][0]["error"] for one in networks["person", kind]]


def last_errors(outcome: dict, kind: str) -> list[float]:
    """Return the training errors of the deepest networks of a kind, a number a seed."""
    networks = degradation.deepest_networks(outcome)
    return [one["training error"] for one in networks["person", kind]]


def deeper(outcome: dict) -> dict[str, float]:
    """Return the training errors of the networks of 110 layers, by kind."""
    networks = [one for one in outcome["outcomes"] if one["depth"] == DEEPER]
    return {one["kind"]: one["training error"] for one in networks}


def rises(outcome: dict) -> str:
    """Return by how much plain networks err more with 56 layers than with 20, task by task."""
    table = pd.DataFrame(outcome["outcomes"])
    table = table[table["kind"] == "plain"]
    means = table.groupby(["task", "depth"])["training error"].mean()
    return " and ".join(
        f"{100 * (means[task, 56] - means[task, 20]):.1f}" for task in degradation.TASKS
    )


def errors_table(outcome: dict) -> pd.DataFrame:
    """Return training errors, mean ± standard deviation over seeds, `degradation` beside them."""
    recorded = experiments.recorded("degradation")
    known = [one | {"width": 16} for one in recorded["outcomes"]]
    table = pd.DataFrame(known + outcome["outcomes"])
    table = table.sort_values(["width", "depth"], ascending=[False, True], kind="stable")
    table["network"] = table["kind"] + " " + table["depth"].astype(str)
    table["task"] = table["task"].map(degradation.TASKS)
    errors = table.pivot_table(
        index=["width", "network"],
        columns="task",
        values="training error",
        aggfunc=degradation.percent,
        sort=False,
    )
    return errors.fillna("–").reset_index(level="width")
