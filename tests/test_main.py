"""The shell's way in: each command, and one plain line for what goes wrong."""

import json
import re
import subprocess
import sys
import types

import pytest

from ecglab import __main__ as shell
from ecglab import __version__, experiments, records

TINY = ["--width", "4", "--size", "32", "--epochs", "1", "--steps", "2", "--batch", "8"]


@pytest.fixture(autouse=True)
def simulated(monkeypatch):
    """What the commands do does not depend on whose beats they are."""
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")


def run(*arguments):
    """Run one command in this process; return its status."""
    return shell.main([str(argument) for argument in arguments])


def fails_in_one_line(capsys, status):
    """Return what was said of a command that failed."""
    said = capsys.readouterr().err.strip()
    assert status == 1
    assert said.startswith("python -m ecglab: ") and "\n" not in said and "Traceback" not in said
    return said


def test_info(capsys):
    assert run("info") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"ecglab {__version__}"
    assert lines[1].startswith("mitdb 1.0.0: SIMULATED") and lines[2].startswith("ludb 1.0.1:")
    assert lines[3].startswith("nstdb 1.0.0:")
    assert lines[4] == f"cache: {records.cache()}"
    assert "backend" in lines[5] and "numpy" in lines[5]


@pytest.mark.real
def test_info_names_the_real_recordings(capsys, monkeypatch):
    monkeypatch.delenv("ECGLAB_SOURCE")
    assert run("info") == 0
    assert "mitdb 1.0.0: real recordings, from the folder in ECGLAB_DATA" in capsys.readouterr().out


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a tiny run on two simulated people, and the status of the command."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_SOURCE", "simulated")
        status = run("train", "--records", "100,223", *TINY, "--out", folder)
    return folder, status


def test_train_writes_a_run(trained):
    folder, status = trained
    assert status == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["1-checkpoint.keras", "history.json"]


def test_evaluate_ends_in_a_table(trained, capsys):
    folder, _ = trained
    assert run("evaluate", "--run", folder, "--records", "101,119") == 0
    said = capsys.readouterr().out
    for part in ("per record", "95 % intervals, resampling people", "all records"):
        assert part in said
    assert said.rstrip().endswith("SIMULATED patients: no number here is a real person's")
    table = said.split("all records")[1]
    for word in ("beats", "Se", "+P", "F1", "accuracy", "macro-F1 over N, S, V"):
        assert word in table
    summary = json.loads((folder / "scores.json").read_text())
    counted = sum(map(sum, summary["matrix"]))
    assert counted == sum(len(records.load(name).samples) for name in ("101", "119"))
    assert f"accuracy {summary['accuracy']:.3f}" in table


def test_evaluate_on_one_record_gives_no_intervals(trained, capsys):
    assert run("evaluate", "--run", trained[0], "--records", "231") == 0
    said = capsys.readouterr().out
    assert "all records" in said and "intervals" not in said


def test_a_run_with_other_settings_is_not_overwritten(trained, capsys):
    folder, _ = trained
    before = (folder / "history.json").read_bytes()
    arguments = ["train", "--records", "100,223", *TINY, "--seed", "5", "--out", folder]
    assert "holds a run with another seed" in fails_in_one_line(capsys, run(*arguments))
    assert (folder / "history.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--records", "999"], "mitdb has no record '999'"),
        (["train", "--records", "DS3"], "mitdb has no record 'DS3'"),
        (["train", "--records", ""], "mitdb has no record ''"),
        (["train", "--records", "101"], "training needs N, S and V"),
        (["train", "--records", "102"], "record 102 (simulated) has no lead 'MLII'; it has V5, V2"),
        (["train", "--records", "223", "--lead", "V9"], "no lead 'V9'"),
        (["train", "--records", "223", "--size", "8"], "8"),
        (["train", "--records", "223", "--width", "0"], "width is 0"),
        (["train", "--records", "223", "--epochs", "0"], "epochs is 0"),
        (["train", "--records", "223", "--steps", "0"], "steps 0"),
        (["train", "--records", "223", "--batch", "-1"], "batch is -1"),
        (["train", "--records", "223", "--rate", "-1"], "rate -1.0"),
        (["evaluate", "--run", "nowhere"], "nowhere holds no training run"),
        (["experiment", "nothing"], "there is no experiment 'nothing'; there are leakage"),
        (["download", "edb"], "there is no database 'edb'; there are mitdb, ludb"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_bad_input_is_answered_in_one_line(capsys, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    small = ["--width", "4", "--size", "32"] if arguments[0] == "train" else []
    status = run(arguments[0], *small, *arguments[1:])
    assert message in fails_in_one_line(capsys, status)
    assert list(tmp_path.iterdir()) == [], "nothing was written"


def test_a_download_without_a_server_ends_in_one_line(capsys, alone):
    # pooch waits a second or more before each of its retries
    alone.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda seconds: None))
    assert run("download", "mitdb") == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said, "the progress bar comes first"
    last = said.splitlines()[-1]
    assert re.match(r"python -m ecglab: mitdb/1\.0\.0/1\S+ could not be fetched from http", last)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ECGLAB_SOURCE", "physionet", "may be 'real', 'simulated' or unset"),
        ("ECGLAB_DATA", "/no/such/folder", "which is not a folder"),
    ],
)
def test_a_bad_environment_is_answered_in_one_line(capsys, monkeypatch, name, value, message):
    monkeypatch.delenv("ECGLAB_SOURCE")
    monkeypatch.setenv(name, value)
    assert message in fails_in_one_line(capsys, run("info"))


def test_a_damaged_recording_is_answered_in_one_line(capsys, alone, tmp_path):
    from conftest import write_mitdb

    folder = write_mitdb(tmp_path)
    (folder / "100.dat").write_bytes(b"damaged")
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    said = fails_in_one_line(capsys, run("train", "--records", "100"))
    assert "100" in said and str(folder) in said


def test_ctrl_c_is_no_traceback(capsys, monkeypatch):
    def stopped(database):
        raise KeyboardInterrupt

    monkeypatch.setattr(records, "describe", stopped)
    assert run("info") == 130
    assert "goes on where it stopped" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["train", "--epochs", "many"], ["evaluate", "x"]], ids=" ".join
)
def test_usage_is_shown_for_what_is_no_command(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert "usage: python -m ecglab" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["info", "download", "train", "evaluate", "experiment"])
def test_help(capsys, command):
    with pytest.raises(SystemExit) as caught:
        run(command, "--help")
    assert caught.value.code == 0
    assert f"usage: python -m ecglab {command}" in capsys.readouterr().out


def test_from_a_shell(tmp_path):
    command = [sys.executable, "-m", "ecglab", "evaluate", "--run", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("python -m ecglab: nowhere holds no training run")
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.long
@pytest.mark.parametrize("name", experiments.NAMES)
def test_a_quick_experiment_is_recorded_beside_its_run(name, tmp_path, capsys):
    recorded = experiments.path_of(name)
    before = recorded.read_bytes() if recorded.exists() else None
    assert run("experiment", name, "--quick", "--out", tmp_path) == 0
    outcome = json.loads((tmp_path / f"{name}-quick" / "outcome.json").read_text())
    assert outcome["recordings"]["simulated"] is True and outcome["seeds"] == [0]
    assert outcome["command"] == f"python -m ecglab experiment {name} --quick"
    assert (recorded.read_bytes() if recorded.exists() else None) == before
