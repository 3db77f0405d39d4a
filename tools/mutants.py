"""Change a module one small step at a time, and see whether its tests notice.

``python tools/mutants.py`` goes through `TESTS`, ``python tools/mutants.py evaluate`` through one
module; what follows a module's name is passed on, such as ``ecglab.evaluate.x__match*`` for the
mutants of one function. It works on a copy in the system's temporary folder, without recordings.
A mutant that survives is a claim that no test makes, or a change that makes no difference.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Each module, by its path in the package, with the tests that hold it to what it claims.
TESTS = {
    "rhythm": ["tests/test_rhythm.py"],
    "evaluate": ["tests/test_evaluate.py"],
    "recipe": ["tests/test_recipe.py"],
    "experiments/noise/__init__": ["tests/test_experiments.py"],
    "experiments/resnet50/__init__": ["tests/test_experiments.py"],
    "experiments/context/__init__": ["tests/test_experiments.py"],
    "experiments/leakage/__init__": ["tests/test_experiments.py"],
    "experiments/baselines/__init__": ["tests/test_experiments.py"],
    "crossval": ["tests/test_experiments.py"],
}
SETTINGS = """\
[mutmut]
source_paths=ecglab
only_mutate=ecglab/{module}.py
pytest_add_cli_args_test_selection=
    {tests}
pytest_add_cli_args=
    -m
    not real and not long
process_isolation=forkserver
use_git_change_detection=false
track_dependencies=false
"""


def mutate(module: str, chosen: list[str]) -> None:
    """Run a module's tests on each of its mutants; print the score and what survived."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "ecglab", copy / "ecglab")
        shutil.copytree(ROOT / "tests", copy / "tests")
        shutil.copy(ROOT / "pyproject.toml", copy)
        tests = "\n    ".join(TESTS[module])
        settings = SETTINGS.format(module=module, tests=tests)
        (copy / "setup.cfg").write_text(settings)
        mutmut(copy, "run", "--max-children", "1", *chosen)
        show_survivors(copy)
        mutmut(copy, "export-cicd-stats")
        counts = json.loads((copy / "mutants" / "mutmut-cicd-stats.json").read_text())
    noticed = counts["killed"] + counts["timeout"]
    tried = noticed + counts["survived"] + counts["suspicious"] + counts["segfault"]
    print(f"{module}: {noticed} of {tried} mutants are noticed")


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
    """Go through the module that is named, or through all."""
    module, *chosen = sys.argv[1:] or [None]
    if module not in {None, *TESTS}:
        sys.exit(f"there is no list of tests for {module!r}; there is one for {', '.join(TESTS)}")
    for name in [module] if module else TESTS:
        mutate(name, chosen)


if __name__ == "__main__":
    main()
