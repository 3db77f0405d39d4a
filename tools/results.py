"""Write book/results.md from the recorded outcomes, so that no number is typed by hand.

Each experiment brings its own part, in its folder under ``ecglab/experiments``: ``section.md`` has
the words, and ``page.py`` what fills their blanks, the figure, the question and the place on the
page. What has not been run yet is listed as such.
"""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd

from ecglab import experiments, plot
from ecglab.experiments import together
from ecglab.runs import write_text

ROOT = Path(__file__).resolve().parents[1]
HEAD = Path(__file__).with_suffix(".md")
SHORT = ROOT / "tools" / "results_in_short.md"
PAGE = ROOT / "book" / "results.md"
FIGURES = ROOT / "book" / "_static"


def main() -> int:
    """Write the page and its figures."""
    plot.style()
    for name, part in parts().items():
        if is_recorded(name) and hasattr(part, "draw"):  # not every section has a figure
            figure = part.draw(experiments.recorded(name))
            figure.savefig(FIGURES / f"results-{name}.png", dpi=150)
            plt.close(figure)
    write_text(PAGE, page())
    return 0


def parts() -> dict[str, ModuleType]:
    """Return each experiment's `page` module, in the order of the page."""
    modules = {name: import_module(f"ecglab.experiments.{name}.page") for name in experiments.NAMES}
    return dict(sorted(modules.items(), key=lambda item: item[1].PLACE))


def is_recorded(name: str) -> bool:
    """Tell whether an experiment has a recorded outcome."""
    return experiments.path_of(name).exists()


def page() -> str:
    """Return the page's text."""
    rows, sections = {}, []
    for name, part in parts().items():
        state = "not run yet"
        if is_recorded(name):
            state = "recorded"
            sections.append(section(name, part))
        link = f"[`{name}`](#{anchor(sections[-1])})" if is_recorded(name) else f"`{name}`"
        rows[link] = [part.QUESTION, state]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["what it asks", "state"])
    state = table.rename_axis("experiment").to_markdown()
    head = HEAD.read_text().format(state=state, short=in_short())
    return "\n".join([head, *sections])


def in_short() -> str:
    """Return what was reached and what helped, where all that it rests on has been run."""
    if not all(map(is_recorded, together.NEEDED)):
        return ""
    return SHORT.read_text().format(**together.fill())


def anchor(text: str) -> str:
    """Return the address, within the page, of a section whose text begins with its title."""
    title = text.strip().splitlines()[0].lstrip("# ").lower()
    return re.sub(r"[^\w -]", "", title).replace(" ", "-")


def section(name: str, part: ModuleType) -> str:
    """Return one experiment's part of the page."""
    outcome = experiments.recorded(name)
    words = experiments.path_of(name).with_name("section.md").read_text()
    environment = [f"{what} {version}" for what, version in outcome["environment"].items()]
    return words.format(
        command=outcome["command"],
        seeds=len(outcome["seeds"]),
        minutes=round(outcome["seconds"] / 60),
        environment=", ".join(environment),
        **part.fill(outcome),
    )


if __name__ == "__main__":
    sys.exit(main())
