"""Heartbeats from recording to ResNet-50.

The way of a beat, one module for each step:
`records` → `beats` → `images` → `models`, `train` → `evaluate`.
"""

__version__ = "0.2.0"
