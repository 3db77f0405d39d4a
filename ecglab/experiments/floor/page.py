"""The section on the first, untuned network."""

from matplotlib.figure import Figure

from ecglab import plot
from ecglab.experiments import tables
from ecglab.experiments.resnet50 import ONE_WOMAN

QUESTION = "what a first, untuned quarter-width ResNet-50 reaches on people it has not seen"
PLACE = 50
#: The settings that the text names.
SETTINGS = ("width", "size", "before", "after", "epochs", "steps", "batch")


def fill(outcome: dict) -> dict:
    """Return what the section's blanks are filled with."""
    accounts = tables.annotated(outcome["outcomes"])
    recipe = outcome["recipes"]["one lead, one beat"]
    everyone = sum(tables.matrices(accounts).values())
    others = tables.without(accounts, ONE_WOMAN)
    settings = {name: recipe[name] for name in SETTINGS}
    return {
        **settings,
        "leads": ", ".join(recipe["leads"]),
        "scores": tables.over_seeds({"this network": tables.scores_of(accounts)}).to_markdown(),
        "alt": tables.in_words(tables.intervals_table(accounts)),
        "always_n": f"{everyone[0].sum() / everyone.sum():.3f}",
        **tables.headline(accounts),
        "s_without": f"{tables.mean(others, 'S F1'):.3f}",
        "records": tables.records_table(accounts).to_markdown(),
    }


def draw(outcome: dict) -> Figure:
    """Draw the scores with their intervals."""
    accounts = tables.annotated(outcome["outcomes"])
    title = f"DS2, mean of {len(accounts)} seeds, 95 % intervals over people"
    return plot.intervals(tables.intervals_table(accounts), title)
