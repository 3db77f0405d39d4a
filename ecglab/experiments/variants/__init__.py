"""Variants of the networks of `degradation`: other shortcuts, less width.

The same beats, tasks and training. Two ways to let a block begin by doing next to nothing stand
beside plain and residual blocks: pre-activation, where nothing stands on the wire (He et al. 2016b,
arXiv 1603.05027), and a last scale γ of 0 (Goyal et al. 2017, arXiv 1706.02677), with either
shortcut where channels are added. What do 110 layers do, plain and residual? And do plain networks
of a quarter of the width degrade, too?
"""

from pathlib import Path

from ecglab import experiments, runs
from ecglab.experiments import degradation

SEEDS = degradation.SEEDS[:1]
#: Kind, depth, filters of the first stage, tasks. Telling persons apart is where plain networks
#: of 56 layers lose most in `degradation`: there other shortcuts must show what they do.
NETWORKS = (
    ("pre-activation", 56, 16, ("person",)),
    ("zero γ", 56, 16, ("person",)),
    ("zero γ, projections", 56, 16, ("person",)),
    ("residual", 110, 16, ("person",)),
    ("plain", 110, 16, ("person",)),
    ("plain", 20, 4, degradation.TASKS),
    ("plain", 56, 4, degradation.TASKS),
)
#: A trial: one small network.
QUICK = (("pre-activation", 8, 4, ("class",)),)


def run(folder: Path, quick: bool = False) -> dict:
    """Train every network on its tasks, for each of its seeds.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each network is kept; what broke off goes on with the next one.
    quick : bool
        One small network, two batches.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    recipe = degradation.RECIPE | (degradation.QUICK if quick else {})
    heartbeats = degradation.examples(recipe["most"])
    combinations = [
        (kind, depth, width, task, seed)
        for kind, depth, width, tasks in (QUICK if quick else NETWORKS)
        for task in tasks
        for seed in SEEDS
    ]
    outcomes = []
    for kind, depth, width, task, seed in experiments.progress(combinations, "variants"):
        name = f"{task}-{kind}{depth}-{width}-{seed}".replace(" ", "_")
        outcome = runs.kept(
            folder / f"{name}.json",
            recipe,
            {"DS1": heartbeats},
            degradation.teach,
            heartbeats,
            recipe,
            task,
            kind,
            depth,
            seed,
            width,
        )
        what = {"task": task, "kind": kind, "depth": depth, "width": width, "seed": seed}
        outcomes.append(what | outcome)
        experiments.say(f"{name}: training error {outcome['training error']:.4f}")
    return {
        **experiments.header("variants", quick, SEEDS, {"DS1": heartbeats}),
        "recipe": recipe,
        "seconds": round(sum(outcome["seconds"] for outcome in outcomes)),
        "outcomes": outcomes,
    }
