"""What every test shares: a quiet machine and no network.

All of it is set in the environment when this file is read, before anything imports Keras, so
that the processes which tests start inherit it.
"""

import os
import sys
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
import pytest  # noqa: E402
import site_table  # noqa: E402

# An example may take as long as it takes: other work may share the cores.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_configure(config):
    config.addinivalue_line("markers", "real: needs the MIT-BIH recordings in ECGLAB_DATA")
    config.addinivalue_line("markers", "row(name): the row of site_table.py that a test belongs to")


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
    for item in items:
        for mark in item.iter_markers("row"):
            item.user_properties.append(("row", mark.args[0]))
    reason = why_no_real_recordings()
    if reason:
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter):
    """Say what the built book was tested for, if it was; and what its chapters took."""
    lines = site_table.table(site_table.rows(terminalreporter.stats))
    if not lines:
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
    import chapter

    root = Path(__file__).resolve().parents[1]
    took = site_table.chapters(map(chapter.Chapter, chapter.paths(root)))
    terminalreporter.section("the built book")
    terminalreporter.write("\n".join([*lines, "", *took, ""]))


@pytest.fixture
def measured(record_property):
    """Note what a test has measured, for the table at the end of the run.

    Counts are added up over the tests of a row: `measured({"pages": 30})`. What can't be added is
    a note: `measured(note="heaviest 1.1 MB")`.
    """

    def noted(counts=(), note=""):
        record_property("measured", {"counts": dict(counts), "note": note})

    return noted


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
