"""Interactive explorers: controls beside a picture, in a live notebook and in the finished page.

Chapters call them by these names; `ecglab.explorers` has a module for each, and says how to add
one.
"""

from ecglab.explorers.album import album
from ecglab.explorers.base import Explorer
from ecglab.explorers.build_a_beat import build_a_beat
from ecglab.explorers.calipers import calipers
from ecglab.explorers.kernel import kernel
from ecglab.explorers.labels import labels
from ecglab.explorers.layer_cost import layer_cost
from ecglab.explorers.live_network import live_network
from ecglab.explorers.screening import screening
from ecglab.explorers.sheet import sheet
from ecglab.explorers.threshold import threshold
from ecglab.explorers.verdict import verdict

__all__ = [
    "Explorer",
    "album",
    "build_a_beat",
    "calipers",
    "kernel",
    "labels",
    "layer_cost",
    "live_network",
    "screening",
    "sheet",
    "threshold",
    "verdict",
]
