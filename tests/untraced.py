"""Training without TensorFlow's graphs, for tests that take only a few steps.

To trace a step of eight layers takes longer than ten steps as they come; of fifty layers, far
longer. What a test says of the graph itself, or of runs to the bit, stays traced.
"""

import contextlib
import warnings

from ecglab.backend import keras


@contextlib.contextmanager
def untraced():
    """Run a network's steps as Python comes to them; a decorator of tests as well."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not apply to tf.data functions")
        tensorflow.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tensorflow.config.run_functions_eagerly(False)
