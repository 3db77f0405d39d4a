"""What earns its place in the recipe: one thing changed at a time, on DS1, out of fold.

Each variant is cross-validated over DS1's people: every beat is called by a network that has
not seen its person. DS2 is not touched.
"""

from dataclasses import replace
from pathlib import Path

from ecglab import beats, crossval, experiments, runs
from ecglab.beats import Beats
from ecglab.experiments import resnet50
from ecglab.recipe import Recipe

#: Where the search begins; few batches, so that two dozen variants take hours and not a day.
SHORT = replace(resnet50.RECIPE, size=32, steps=300)
#: What each variant changes in `SHORT`.
VARIANTS: dict[str, dict] = {
    "the recipe": {},
    "no RR features": {"rr": []},
    "RR without the whole record's": {"rr": [name for name in SHORT.rr if "record" not in name]},
    "RR without the rhythm's change": {"rr": [name for name in SHORT.rr if "change" not in name]},
    "beat alone": {"show": ["beat"]},
    "beat alone, no RR features": {"show": ["beat"], "rr": []},
    "beat and typical beat": {"show": ["beat", "typical"]},
    "beat and difference": {"show": ["beat", "difference"]},
    "voltages, no image": {"reads": "voltages", "width": 20},  # 1.6 million parameters, not 1.5
    "with a rhythm strip": {"before": 2.5, "after": 1.5, "zoom": [0.25, 0.35]},
    "one lead": {"leads": ["MLII"]},
    "wider view of the beat": {"before": 0.35, "after": 0.55},
    "records half balanced": {"record_balance": 0.5},
    "classes as they come": {"balance": 0.0},
    "classes all alike": {"balance": 1.0},
    "no augmentation": {"augment": None},
    "no averaging": {"average": 0.0},
    "half the batches": {"steps": 150},
    "twice the batches": {"steps": 600},
    "half the rate": {"rate": 1e-3},
    "64 pixels": {"size": 64},
    "half the width": {"width": 8},
    "twice the width": {"width": 32},
    # The second round: what had helped, together and further
    "64 pixels, twice the batches": {"size": 64, "steps": 600},
    "64 pixels, twice the batches, one lead": {"size": 64, "steps": 600, "leads": ["MLII"]},
    "96 pixels": {"size": 96},
}
#: Of which classes it is taken back that the batches held more than the world, `Recipe.rarity`.
CORRECTIONS = {"none": [], "F and Q": ["F", "Q"], "all": list(beats.CLASSES)}
SEEDS = (0, 1, 2)  # of the recipe itself; variants have seed 0
QUICK = {"epochs": 1, "steps": 2, "size": 32, "width": 4}


def run(folder: Path, quick: bool = False) -> dict:
    """Cross-validate every variant.

    Parameters
    ----------
    folder : pathlib.Path
        Where the folds of each variant are kept; what broke off goes on with the next fold.
    quick : bool
        The recipe alone, two batches, 32 pixels.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    training = crossval.only_training(SHORT.load("DS1"))
    seeds = SEEDS[:1] if quick else SEEDS
    pairs = [("the recipe", seed) for seed in seeds]
    if not quick:
        pairs += [(name, 0) for name in VARIANTS if name != "the recipe"]
    outcomes = []
    for name, seed in experiments.progress(pairs, "ablation"):
        outcome = variant(folder, training, name, seed, quick)
        outcomes.append({"variant": name, "seed": seed, **outcome})
    return {
        **experiments.header("ablation", quick, seeds, {"DS1": training}),
        "recipe": SHORT.to_json(),
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "outcomes": outcomes,
    }


def variant(folder: Path, training: Beats, name: str, seed: int = 0, quick: bool = False) -> dict:
    """Cross-validate one variant with one seed, or read what an earlier run made of it."""
    recipe = replace(SHORT, **VARIANTS[name])
    if quick:
        recipe = replace(recipe, **QUICK)
    place = folder / f"{name}-{seed}".replace(" ", "_").replace("'", "").replace(",", "")
    settings = {"recipe": recipe.to_json(), "seed": seed}
    return runs.kept(
        place / "outcome.json", settings, {"DS1": training}, _cross_validate, recipe, place, seed
    )


def _cross_validate(recipe: Recipe, folder: Path, seed: int) -> dict:
    def say(line: str) -> None:
        experiments.say(f"{folder.name}: {line}")

    heartbeats, probabilities = crossval.out_of_fold(recipe, folder, seed, say)
    outcome = {"corrections": {}}
    for name, classes in CORRECTIONS.items():
        ratio = recipe.rarity(heartbeats, classes)
        account = crossval.account(heartbeats, (probabilities * ratio).argmax(axis=1))
        outcome["corrections"][name] = account
        one = account["scores"]
        say(
            f"{name}  accuracy {one['accuracy']:.3f}  macro-F1 {one['macro_f1']:.3f}  "
            f"S {one['S F1']:.3f}  V {one['V F1']:.3f}"
        )
    return outcome
