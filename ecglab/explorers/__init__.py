"""Interactive explorers, one each: ``NAME.py`` makes it, ``NAME.js`` draws it.

A new explorer consists of three files. ``NAME.json`` has alternative text, caption (what to try)
and controls. ``NAME.js`` draws, and computes what is to be read: everywhere, in the page and in a
live notebook. ``NAME.py`` has a function that returns an `base.Explorer`, and `read`, which
computes what is to be read once more, so that a test can compare. `ecglab.explore` imports that
function, and ``tests/test_explore.py`` is told how to make the explorer and move it.
"""
