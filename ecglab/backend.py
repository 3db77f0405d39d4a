"""Keras, imported without the notes that TensorFlow prints when it starts.

It writes them straight to file descriptor 2; in a notebook they would stand in red above the
first result. One on oneDNN comes with the import, whatever the log level. Where there is no
GPU, one on `cuInit` comes, as an error, when TensorFlow first looks for devices: so it looks
for them here.
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

    if keras.config.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.list_physical_devices()

__all__ = ["keras"]
