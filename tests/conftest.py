"""What every test shares: a quiet machine, no network, and recordings small enough to write.

All of it is set in the environment when this file is read, before anything imports Keras, so
that the processes which tests start inherit it.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ["MPLBACKEND"] = "Agg"
os.environ["ECGLAB_MIRROR"] = "http://127.0.0.1:9/"  # nothing listens there
_CACHE = tempfile.TemporaryDirectory(prefix="ecglab-tests-")
os.environ["ECGLAB_CACHE"] = _CACHE.name
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", _CACHE.name)  # not into the project
for _name in ("no_proxy", "NO_PROXY"):  # a proxy would answer in this machine's place
    os.environ[_name] = ",".join(filter(None, (os.environ.get(_name), "127.0.0.1", "localhost")))
if os.environ.get("ECGLAB_DATA"):  # notebooks and subprocesses run in other folders
    os.environ["ECGLAB_DATA"] = str(Path(os.environ["ECGLAB_DATA"]).resolve())

import hypothesis  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import wfdb  # noqa: E402

# An example may take as long as it takes: other work may share the cores.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

LEADS_12 = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")


def pytest_configure(config):
    config.addinivalue_line("markers", "real: needs the MIT-BIH recordings in ECGLAB_DATA")


def why_no_real_recordings():
    """Return the reason for which tests on real recordings are skipped; empty if they run."""
    folder = os.environ.get("ECGLAB_DATA")
    if not folder:
        return "no real recordings: ECGLAB_DATA is not set"
    if os.environ.get("ECGLAB_SOURCE") == "simulated":
        return "no real recordings: ECGLAB_SOURCE is 'simulated'"
    if not (Path(folder) / "mitdb" / "1.0.0" / "100.hea").is_file():
        return f"no real recordings: {folder} has no mitdb/1.0.0"
    return ""


def pytest_collection_modifyitems(items):
    reason = why_no_real_recordings()
    if reason:
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No folder, an empty cache and no answered mirror: a reader's new computer."""
    from ecglab import records

    monkeypatch.delenv("ECGLAB_DATA", raising=False)
    monkeypatch.delenv("ECGLAB_SOURCE", raising=False)
    monkeypatch.setenv("ECGLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(records, "_answered", {})
    # Recordings that tests write are not PhysioNet's.
    monkeypatch.setattr(records, "_hashes", lambda database: {})
    return monkeypatch


def write_mitdb(
    root,
    name="100",
    samples=(100, 400, 760, 1100, 1500),
    symbols="NNVNA",
    count=1800,
    extra=(),
    subtypes=(),
    texts=(),
):
    """Write a small recording in the form of mitdb below ``root/mitdb/1.0.0``.

    `extra` are further marks, pairs of sample and symbol; `subtypes` and `texts` map samples to
    what their marks say.
    """
    folder = Path(root) / "mitdb" / "1.0.0"
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(count)
    digital = np.stack([1024 + 100 * np.sin(time / 20), 1024 + 50 * np.cos(time / 30)], axis=1)
    wfdb.wrsamp(
        name,
        fs=360,
        units=["mV", "mV"],
        sig_name=["MLII", "V5"],
        d_signal=np.rint(digital).astype(np.int64),
        fmt=["212", "212"],
        adc_gain=[200, 200],
        baseline=[1024, 1024],
        comments=["69 M 1085 1629 x1", "Aldomet, Inderal"],
        write_dir=str(folder),
    )
    marks = sorted([*zip(samples, symbols, strict=True), *extra])
    wfdb.wrann(
        name,
        "atr",
        np.array([sample for sample, _ in marks]),
        [symbol for _, symbol in marks],
        subtype=np.array([dict(subtypes).get(sample, 0) for sample, _ in marks]),
        aux_note=[dict(texts).get(sample, "") for sample, _ in marks],
        write_dir=str(folder),
    )
    return folder


def write_ludb(root, name="1", count=1000):
    """Write a small recording in the form of LUDB below ``root/ludb/1.0.1``.

    Two beats: the P wave has no onset, the T wave no offset, the second QRS complex neither.
    """
    folder = Path(root) / "ludb" / "1.0.1" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    digital = np.rint(np.sin(np.arange(count)[:, None] / 20 + np.arange(12)) * 1000)
    wfdb.wrsamp(
        name,
        fs=500,
        units=["mV"] * 12,
        sig_name=list(LEADS_12),
        d_signal=digital.astype(np.int64),
        fmt=["16"] * 12,
        adc_gain=[1000] * 12,
        baseline=[0] * 12,
        comments=["<age>: 51", "Rhythm: Sinus rhythm."],
        write_dir=str(folder),
    )
    marks = {100: "p", 120: ")", 180: "(", 200: "N", 220: ")", 300: "(", 350: "t", 700: "N"}
    for shift, lead in enumerate(LEADS_12):
        at = np.array(list(marks)) + shift
        wfdb.wrann(name, "waves", at, list(marks.values()), write_dir=str(folder))
        (folder / f"{name}.waves").rename(folder / f"{name}.{lead}")  # wrann refuses digits
    return folder
