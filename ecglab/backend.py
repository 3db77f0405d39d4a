"""Keras, imported without the note that TensorFlow prints when it starts.

TensorFlow 2.21 writes a line on oneDNN straight to file descriptor 2, which no log
level stops; in a notebook it would stand in red above the first result.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _silent_descriptor(descriptor: int = 2) -> Iterator[None]:
    kept = os.dup(descriptor)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with _silent_descriptor():
    import keras

__all__ = ["keras"]
