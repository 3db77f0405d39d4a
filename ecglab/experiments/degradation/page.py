"""The section on depth."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments.degradation import DEPTHS, KINDS

QUESTION = "whether deeper plain networks train worse on heartbeats, and why"
PLACE = 40
DEEPEST = DEPTHS[-1]
#: What the networks learn to tell.
TASKS = {"class": "Which kind of beat?", "person": "Whose beat?"}
#: How networks are drawn: plain ones dashed.
STYLES = {"plain": "--", "residual": "-"}
#: The looks whose gradients are drawn.
MOMENTS = {0: "before training", 1: "after epoch 1", -1: "at the end"}
#: The settings that the text names.
SETTINGS = ("epochs", "size", "steps", "batch", "rate")


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    recipe = outcome["recipe"]
    settings = {name: recipe[name] for name in SETTINGS}
    classes = {one["task"]: one["classes"] for one in outcome["outcomes"]}
    return {
        **settings,
        **classes,
        "errors": errors_table(outcome).to_markdown(),
        "looks": deepest_table(outcome, signal_row).to_markdown(),
        "balance": deepest_table(outcome, balance_row).to_markdown(disable_numparse=True),
        "most": f"{recipe['most']:,}",
        "deepest": DEEPEST,
    }


def errors_table(outcome: dict) -> pd.DataFrame:
    """Return training errors, mean ± standard deviation over seeds: a row a network."""
    table = pd.DataFrame(outcome["outcomes"])
    depths = table["depth"].astype(str)
    table["network"] = table["kind"] + " " + depths
    table["task"] = table["task"].map(TASKS)
    errors = table.pivot_table(
        index="network", columns="task", values="training error", aggfunc=list, sort=False
    )
    return errors.map(percent)


def percent(shares: list[float]) -> str:
    """Return mean ± standard deviation in percent; of one share, itself."""
    middle = 100 * np.mean(shares)
    if len(shares) == 1:
        return f"{middle:.1f} %"
    spread = 100 * np.std(shares, ddof=1)
    return f"{middle:.1f} ± {spread:.1f} %"


def deepest_networks(outcome: dict) -> dict[tuple[str, str], list[dict]]:
    """Return the outcomes of the deepest networks, by task and kind, one a seed."""
    networks = {}
    for one in outcome["outcomes"]:
        if one["depth"] == DEEPEST:
            network = (one["task"], one["kind"])
            networks.setdefault(network, []).append(one)
    return networks


def deepest_table(outcome: dict, row_of: Callable[[list[dict]], dict[str, str]]) -> pd.DataFrame:
    """Return a row for each of the deepest networks, made from its outcomes of all seeds."""
    rows = {}
    networks = deepest_networks(outcome)
    for (task, kind), seeds in networks.items():
        name = f"{TASKS[task]} {kind}"
        rows[name] = row_of(seeds)
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(f"{DEEPEST} layers")


def signal_row(seeds: list[dict]) -> dict[str, str]:
    """Return what would show a vanishing signal, of one network."""
    gradient = over_training(seeds, "activation_gradient")
    last = gradient[:, -1]
    weakest = gradient.min(axis=1) / last
    activation = over_training(seeds, "activation")
    gamma = over_training(seeds, "batch norm gamma")
    variance = over_training(seeds, "batch norm variance")
    kernel = over_training(seeds, "kernel")
    growth = kernel[-1] / kernel[0]
    return {
        "smallest gradient ÷ last layer's": f"{weakest.min():.2f}",
        "smallest activation": f"{activation.min():.0f}",
        "smallest γ": f"{gamma.min():.2f}",
        "largest variance": f"{variance.max():.0f}",
        "largest growth of a kernel": f"{growth.max():.1f} ×",
    }


def balance_row(seeds: list[dict]) -> dict[str, str]:
    """Return how unevenly one network's layers feel the loss, by output and by kernel."""
    by_output = over_training(seeds, "activation_gradient")
    first = by_output[:, 0]
    last = by_output[:, -1]
    first_to_last = first / last
    by_kernel = over_training(seeds, "kernel_gradient")
    # The first convolution reads one channel where others read sixteen: it is left out
    by_kernel = by_kernel[:, 1:]
    largest = by_kernel.max(axis=1)
    smallest = by_kernel.min(axis=1)
    unevenness = largest / smallest
    row = {}
    for look, moment in MOMENTS.items():
        row[f"output, {moment}"] = factor(first_to_last[look])
    for look, moment in MOMENTS.items():
        row[f"kernel, {moment}"] = factor(unevenness[look])
    return row


def factor(value: float) -> str:
    """Return a factor in few digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}"


def over_training(seeds: list[dict], name: str) -> np.ndarray:
    """Return one norm, look by look and layer by layer: the geometric mean over seeds."""
    logarithms = []
    for one in seeds:
        norms = [look[name] for look in one["looks"]]
        logarithms.append(np.log(norms))
    return np.exp(np.mean(logarithms, axis=0))


# ---------------------------------------------------------------------------
# The figure


def draw(outcome: dict) -> Figure:
    """Draw error over training, a panel a task, and the gradients' way back through the layers."""
    figure, axes = plt.subplots(2, 2, figsize=(8, 6.4))
    for ax, task in zip(axes[0], TASKS, strict=True):
        draw_errors(ax, outcome, task)
    deepest = deepest_networks(outcome)
    for ax, kind in zip(axes[1], KINDS, strict=True):
        draw_gradients(ax, deepest["class", kind])
        ax.set_title(f"{kind} {DEEPEST}")
    axes[0, 0].set_ylabel("error on the training batches")
    axes[1, 0].set_ylabel("gradient's norm, kind of beat")
    axes[0, 0].legend(ncols=2)
    axes[1, 1].legend()
    figure.align_ylabels()
    return figure


def draw_errors(ax: Axes, outcome: dict, task: str) -> None:
    """Draw the error of every network over the epochs; the first seeds stand in the legend."""
    colors = dict(zip(DEPTHS, plot.PALETTE, strict=False))
    plain_first = sorted(outcome["outcomes"], key=lambda one: one["kind"])
    for one in plain_first:
        if one["task"] != task:
            continue
        kind, depth = one["kind"], one["depth"]
        errors = [epoch["error"] for epoch in one["history"]]
        epochs = range(1, len(errors) + 1)
        color = colors[depth]
        (line,) = ax.semilogy(epochs, errors, STYLES[kind], color=color)
        if one["seed"] == 0:
            line.set_label(f"{kind} {depth}")
    ax.set_xlabel("epoch")
    ax.set_title(TASKS[task])
    ax.set_ylim(0.004, 1)


def draw_gradients(ax: Axes, seeds: list[dict]) -> None:
    """Draw the norm of the gradient at each convolution of one network, at three moments."""
    norms = over_training(seeds, "activation_gradient")
    layers = range(1, norms.shape[1] + 1)
    for look, label in MOMENTS.items():
        ax.semilogy(layers, norms[look], label=label)
    ax.set_xlabel("convolution, from the input on")
    ax.set_ylim(1e-3, 2e3)
