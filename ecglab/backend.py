"""Keras, imported without the notes that TensorFlow prints when it starts.

It writes them straight to file descriptor 2; in a notebook they would stand in red above the
first result. One on oneDNN comes with the import, whatever the log level. Where there is no
GPU, one on `cuInit` comes, as an error, when TensorFlow first looks for devices: so it looks
for them here.

Linux' C library gives large arrays back to the kernel after each operation; at the next one the
kernel hands them out again, page by page. On virtual machines that takes as long as a training
step's arithmetic. So it is told to keep them.

TensorFlow uses oneDNN's convolutions only where it knows the processor to profit. On a processor
with AVX2 alone it leaves them out, though they train a ResNet-50 of full width 2.7 times as fast,
and one of a quarter of the width 1.25 times. So they are asked for.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: What Keras can run on. On the last two it can't train.
BACKENDS = ("tensorflow", "jax", "torch", "numpy", "openvino")


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


def _check_backend(name: str) -> None:
    """Refuse a name that Keras would not know; none is its default."""
    if name and name not in BACKENDS:
        known = "tensorflow (the usual one), jax or torch"
        raise ValueError(f"KERAS_BACKEND is {name!r}; it may be {known}, or unset")


#: What the C library is told: an option's number in its malloc.h, and a value.
_KEEP = {
    "M_TRIM_THRESHOLD": (-1, 2**31 - 1),  # bytes kept at the heap's end
    "M_MMAP_MAX": (-4, 0),  # blocks that come from the kernel and go back to it
    "M_ARENA_MAX": (-8, 1),  # one heap for all threads: the others would be trimmed all the same
}


def _keep_memory() -> None:
    """Have the C library keep freed memory for the next array."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # Alpine's library has none
        return
    for option, value in _KEEP.values():
        mallopt(option, value)


_keep_memory()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
_check_backend(os.environ.get("KERAS_BACKEND", ""))
with _silent_descriptor():
    try:
        import keras
    except ModuleNotFoundError as error:
        chosen = os.environ.get("KERAS_BACKEND") or "not set"
        advice = f"install it, or choose another backend: KERAS_BACKEND is {chosen}"
        raise ImportError(f"Keras needs {error.name}, which is not installed; {advice}") from None

    if keras.config.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.list_physical_devices()

__all__ = ["keras"]
