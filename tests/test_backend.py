"""Keras is imported without a line in red, whatever TensorFlow has to say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# TensorFlow in full, without a GPU: a note at the import, one when it first looks for devices.
KERAS = """
import os
os.write(2, b"oneDNN custom operations are on\\n")
class config:
    def backend():
        return "{backend}"
def compute():
    import tensorflow
    tensorflow.config.list_physical_devices()
"""
TENSORFLOW = """
import os
class config:
    looked = False
    def list_physical_devices():
        if not config.looked:
            os.write(2, b"failed call to cuInit\\n")
        config.looked = True
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_no_note_of_tensorflow_is_seen(tmp_path, backend):
    (tmp_path / "keras.py").write_text(KERAS.format(backend=backend))
    (tmp_path / "tensorflow.py").write_text(TENSORFLOW)
    code = "from ecglab.backend import keras\nimport sys\n"
    code += (
        "keras.compute()" if backend == "tensorflow" else "assert 'tensorflow' not in sys.modules"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("chosen, kept", [(None, "1"), ("0", "0")])
def test_fast_convolutions_are_asked_for_unless_the_reader_chose(tmp_path, chosen, kept):
    asks = 'import os\nasked = os.environ.get("TF_ENABLE_ONEDNN_OPTS")\n'
    (tmp_path / "keras.py").write_text(KERAS.format(backend="jax") + asks)
    env = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    if chosen is not None:
        env["TF_ENABLE_ONEDNN_OPTS"] = chosen
    code = "from ecglab.backend import keras; print(keras.asked)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == kept, "asked for before Keras, and with it TensorFlow, comes"


FAULTS = """
import resource
{before}
import numpy as np

def touched():
    start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        [np.ones(2_000_000) for _ in range(8)]  # of 16 MB each
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - start

touched()
print(touched())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a matter of Linux' C library")
def test_memory_is_kept_for_the_next_array():
    def pages(before):
        code = FAULTS.format(before=before)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    assert pages("import ecglab.backend") < pages("") / 10
