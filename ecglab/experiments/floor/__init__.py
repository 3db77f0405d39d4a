"""The floor: one lead, one beat, one image, and a recipe written down before any score was seen.

Nothing in it was chosen, on DS1 or on DS2. Later recipes are compared with it.
"""

from pathlib import Path

from ecglab.batches import AUGMENTATION
from ecglab.experiments import resnet50
from ecglab.recipe import Recipe

RECIPE = Recipe(
    leads=("MLII",),
    before=0.25,
    after=0.35,
    reads="images",
    size=64,
    width=16,
    epochs=16,
    steps=200,
    batch=64,
    rate=1e-3,
    balance=0.5,
    augment=AUGMENTATION,
)


def run(folder: Path, quick: bool = False) -> dict:
    """Train one network a seed on DS1, score each once on DS2; see `resnet50.run`."""
    return resnet50.score("floor", {"one lead, one beat": RECIPE}, folder, quick)
