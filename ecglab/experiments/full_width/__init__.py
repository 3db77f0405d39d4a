"""Full width: the network told of the rhythm with all 64 filters in conv1, 23.5 million parameters.

Nothing in it was chosen anew: what is asked is what sixteen times the parameters gain. The
weights (47 MB in float16) are too many to ship; each network leaves them in its folder.
"""

from dataclasses import replace
from pathlib import Path

from ecglab.experiments import context, resnet50

RECIPE = replace(context.recipe_of("ResNet-50", context.MOST), width=64)


def run(folder: Path, quick: bool = False) -> dict:
    """Train one network a seed on DS1, score each once on DS2; see `resnet50.run`."""
    return resnet50.score("full_width", {"image, RR and rhythm, full width": RECIPE}, folder, quick)
