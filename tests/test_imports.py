"""Which module knows which: the data flow one way, and no module knows one further down."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: The package from the recording to the shell, the data's way: each may know those before it.
ORDER = (
    # what can be known without a recording
    *("__init__", "given", "backend", "fetch", "databases", "texts", "formats"),
    *("heart", "simulated_rhythm", "simulate"),
    # Record
    "records",
    # Beats
    *("rhythm", "beats"),
    # images and models
    *("images", "models", "batches"),
    # learning
    *("recipe", "runs", "train"),
    # scores, and what is drawn
    *("evaluate", "explain", "check", "exercises", "plot"),
    # what was recorded, and what ships
    *("experiments", "shipped", "crossval", "export"),
    *("findings", "report"),
    "explorers",
    "explore",
    "benchmark",
    "__main__",
)
#: Within these folders one module may know another.
FOLDERS = ("exercises", "experiments", "explorers")


def modules():
    """Return the package's modules: ``ecglab/experiments/noise/page.py`` counts as `experiments`.

    An experiment itself stands after all that it tries: by itself, with a dot.
    """
    found = {}
    for path in sorted((ROOT / "ecglab").rglob("*.py")):
        parts = path.relative_to(ROOT / "ecglab").with_suffix("").parts
        if parts[-1] == "__init__" and len(parts) > 1:
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


MODULES = modules()


def known_to(name):
    """Return the modules that a module imports, wherever in it that stands.

    Those that are imported by a name that is computed, as the shell does with an experiment, are
    not seen.
    """
    asked = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            asked |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            asked |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    used = {full.removeprefix("ecglab.") for full in asked if full.startswith("ecglab.")}
    return (used & set(MODULES)) - {name}


GRAPH = {name: known_to(name) for name in MODULES}


def drawn():
    """Draw the graph, a line a module."""
    lines = [f"{name:24} <- {', '.join(sorted(GRAPH[name])) or '-'}" for name in sorted(GRAPH)]
    return "\n".join(lines)


def test_no_module_comes_back_to_itself():
    print(drawn())
    left = {name: set(used) for name, used in GRAPH.items()}
    while ready := [name for name, used in left.items() if not used]:
        for name in ready:
            del left[name]
        for used in left.values():
            used.difference_update(ready)
    assert not left, f"these know one another in a circle: {sorted(left)}"


@pytest.mark.parametrize("name", [name for name in MODULES if "." not in name])
def test_every_arrow_points_down_the_datas_way(name):
    assert name in ORDER, f"{name} is new: say in ORDER where it stands in the data's way"
    place = ORDER.index(name)
    after = [used for used in GRAPH[name] if "." not in used and ORDER.index(used) > place]
    assert not after, f"{name} knows {after}, which come after it"


@pytest.mark.parametrize("name", [name for name in MODULES if "." in name])
def test_folders_know_what_is_above_them(name):
    """An experiment may know everything but the shell; others what their folder may."""
    folder = name.split(".")[0]
    last = "benchmark" if folder == "experiments" else folder
    allowed = set(ORDER[: ORDER.index(last) + 1])
    outside = {used for used in GRAPH[name] if "." not in used}
    assert outside <= allowed, f"{name} knows {sorted(outside - allowed)}"
    assert {used.split(".")[0] for used in GRAPH[name] if "." in used} <= {folder}


def test_no_module_of_the_package_knows_an_experiment():
    """They know what was recorded; what an experiment tries is known to the experiments alone."""
    for name in MODULES:
        if not name.startswith("experiments."):
            within = [used for used in GRAPH[name] if used.startswith("experiments.")]
            assert not within, f"{name} knows {within}"
