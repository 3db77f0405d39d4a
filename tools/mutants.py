"""Change a module one small step at a time, and see whether its tests notice.

``python tools/mutants.py`` goes through `GROUPS`, ``python tools/mutants.py evaluate`` through one
of them. Patterns behind a group's name choose among its mutants: ``'ecglab.evaluate.x__match*'``
those of one function, ``'*_*[37]'`` two in ten, those whose number ends so. It works on a copy in
the system's temporary folder, without recordings. A mutant that survives is a claim that no test
makes, or a change that makes no difference.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple


class Group(NamedTuple):
    """Modules, by their paths in the package, and the tests that hold them to what they claim."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = ("baselines", "context", "final", "leakage", "noise", "resnet50")
#: The tests of a group are run once before its mutants are, to see which of them each concerns.
GROUPS = {
    "rhythm": Group(("rhythm",), ("tests/test_rhythm.py",)),
    "evaluate": Group(("evaluate",), ("tests/test_evaluate.py",)),
    "recipe": Group(("recipe",), ("tests/test_recipe.py",)),
    "experiments": Group(
        ("crossval", *(f"experiments/{name}/__init__" for name in EXPERIMENTS)),
        ("tests/test_experiment_runs.py", "tests/test_experiments.py"),
    ),
}
SETTINGS = """\
[mutmut]
source_paths=ecglab
only_mutate=
    {files}
pytest_add_cli_args_test_selection=
    {tests}
pytest_add_cli_args=
    -m
    not real and not long
process_isolation=forkserver
use_git_change_detection=false
track_dependencies=false
"""


def mutate(name: str, chosen: list[str]) -> None:
    """Run a group's tests on its mutants; print the score and what survived."""
    group = GROUPS[name]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "ecglab", copy / "ecglab")
        shutil.copytree(ROOT / "tests", copy / "tests")
        shutil.copy(ROOT / "pyproject.toml", copy)
        files = "\n    ".join(f"ecglab/{module}.py" for module in group.modules)
        tests = "\n    ".join(group.tests)
        settings = SETTINGS.format(files=files, tests=tests)
        (copy / "setup.cfg").write_text(settings)
        mutmut(copy, "run", "--max-children", "1", *chosen)
        show_survivors(copy)
        mutmut(copy, "export-cicd-stats")
        counts = json.loads((copy / "mutants" / "mutmut-cicd-stats.json").read_text())
    noticed = counts["killed"] + counts["timeout"]
    tried = noticed + counts["survived"] + counts["suspicious"] + counts["segfault"]
    print(f"{name}: {noticed} of {tried} mutants are noticed", end=", ")
    print(f"{counts['timeout']} of them by running out of time")
    print(f"{counts['no_tests']} more are in code that these tests do not run")


def show_survivors(folder: Path) -> None:
    """Print what was changed in each mutant that no test noticed."""
    for line in mutmut(folder, "results", stdout=subprocess.PIPE).splitlines():
        name, _, outcome = line.strip().partition(": ")
        if outcome == "survived":
            mutmut(folder, "show", name)


def mutmut(folder: Path, *arguments: str, stdout: int | None = None) -> str:
    """Run mutmut in a folder, on simulated patients alone; return what it wrote, if asked to."""
    environment = os.environ | {"ECGLAB_SOURCE": "simulated"}
    # A mutant is a forked process. Threads of TensorFlow that stayed behind in another one would be
    # waited for in vain; so it has few, and what is forked (`SETTINGS`) has run no test yet
    environment |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    environment.pop("ECGLAB_DATA", None)
    environment.pop("PYTHONPATH", None)
    program = Path(sys.executable).with_name("mutmut")
    if not program.exists():
        sys.exit(f"there is no {program}; install it with `{sys.executable} -m pip install mutmut`")
    command = [program, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=stdout, text=True
    )
    return done.stdout or ""


def main() -> None:
    """Go through the group that is named, or through all."""
    name, *chosen = sys.argv[1:] or [None]
    if name not in {None, *GROUPS}:
        sys.exit(f"there is no group of modules {name!r}; there are {', '.join(GROUPS)}")
    for one in [name] if name else GROUPS:
        mutate(one, chosen)


if __name__ == "__main__":
    main()
