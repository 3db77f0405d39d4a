"""The shell's way in: each command, and one plain line for what goes wrong."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from untraced import untraced

from ecglab import __main__ as shell
from ecglab import __version__, experiments, records, shipped
from ecglab.experiments import baselines

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
    assert lines[3].startswith("nstdb 1.0.0:") and lines[4].startswith("svdb 1.0.0:")
    assert lines[5] == f"cache: {records.cache()}"
    assert "backend" in lines[6] and "numpy" in lines[6]


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
        with untraced():
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


def test_export_writes_a_network_that_a_reader_trained(trained, tmp_path, capsys):
    path = tmp_path / "mine.js"
    assert run("export", "--run", trained[0], "--out", path) == 0
    assert f"network: {path}, 0." in capsys.readouterr().out
    text = path.read_text()
    network = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert network["image"] == [32, 32, 1] and network["recipe"]["leads"] == ["MLII"]
    assert network["columns"] == []


def test_evaluate_on_one_record_gives_no_intervals(trained, capsys):
    assert run("evaluate", "--run", trained[0], "--records", "231") == 0
    said = capsys.readouterr().out
    assert "all records" in said and "intervals" not in said


def test_evaluate_on_people_of_another_database(trained, capsys):
    folder, _ = trained
    assert run("evaluate", "--run", folder, "--database", "svdb", "--records", "811,865") == 0
    said = capsys.readouterr().out
    assert said.startswith("svdb 1.0.0: SIMULATED") and "SEEN IN TRAINING" not in said
    summary = json.loads((folder / "scores.json").read_text())
    assert (summary["database"], summary["records"]) == ("svdb", ["811", "865"])
    counted = sum(map(sum, summary["matrix"]))
    assert counted == sum(len(records.load(name, "svdb").samples) for name in ("811", "865"))


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
        (["train", "--records", "223", "--steps", "0"], "steps is 0; give a whole number"),
        (["train", "--records", "223", "--batch", "-1"], "batch is -1"),
        (["train", "--records", "223", "--rate", "-1"], "rate -1.0"),
        (["evaluate", "--run", "nowhere"], "nowhere holds no training run"),
        (["experiment", "nothing"], "there is no experiment 'nothing'; there are ablation, "),
        (["download", "edb"], "there is no database 'edb'; there are mitdb, ludb"),
        (["train", "--records", "223", "--seed", "-1"], "seed is -1; give a whole number from 0"),
        (["train", "--records", "223", "--seed", str(2**32)], "from 0 to 4294967295"),
        (["train", "--records", "223,101,223"], "--records name 223 more than once"),
        (["train", "--records", "223, 101, 223"], "--records name 223 more than once"),
        (["train", "--records", "101,999"], "mitdb has no record '999'"),
        (
            ["train", "--records", "223", "--lead", "MLII", "MLII"],
            "--lead name MLII more than once",
        ),
        (["train", "--records", "223", "--processes", "0"], "processes is 0; give a whole number"),
        (["train", "--records", "223", "--average", "2"], "average 2.0"),
        (["evaluate", "--records", "100,100"], "--records name 100 more than once"),
        (["evaluate", "--records", "100,DS3"], "mitdb has no record 'DS3'"),
        (["evaluate", "--database", "svdb", "--records", "DS2"], "svdb has no record 'DS2'"),
        (["benchmark", "beats", "--beats", "0"], "beats is 0; give a whole number, 1 or more"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_bad_input_is_answered_in_one_line(capsys, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    small = ["--width", "4", "--size", "32"] if arguments[0] == "train" else []
    status = run(arguments[0], *small, *arguments[1:])
    assert message in fails_in_one_line(capsys, status)
    assert list(tmp_path.iterdir()) == [], "nothing was written"


@pytest.fixture
def nothing_is_loaded(monkeypatch):
    """Fail where a command begins to work: what it refuses, it refuses before."""

    def begun(*arguments, **choices):
        pytest.fail("recordings are being loaded")

    monkeypatch.setattr(records, "load", begun)


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--records", "223", "--out", "file"],
        ["train", "--records", "223", "--out", "file/deep/run"],
        ["train", "--records", "223", "--out", "/proc/run"],
        ["experiment", "floor", "--quick", "--out", "file"],
        ["experiment", "noise", "--out", "file/runs"],
        ["experiment", "baselines", "--quick", "--out", "/dev/null"],
    ],
    ids=" ".join,
)
def test_a_place_that_cannot_be_written_is_said_at_once(
    capsys, monkeypatch, tmp_path, nothing_is_loaded, arguments
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the place of a folder")
    said = fails_in_one_line(capsys, run(*arguments))
    assert "can't be written: " in said and said.endswith("; give another folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_outcome_that_cannot_be_recorded_is_said_at_once(
    capsys, monkeypatch, tmp_path, nothing_is_loaded
):
    """The real outcome stands in the package; a trial's in its folder."""
    (tmp_path / "floor-quick" / "outcome.json").mkdir(parents=True)
    said = fails_in_one_line(capsys, run("experiment", "floor", "--quick", "--out", tmp_path))
    assert "outcome.json can't be written: a folder stands in its place" in said
    monkeypatch.setattr(experiments, "path_of", lambda name: Path("/proc/ecglab.json"))
    arguments = ("experiment", "floor", "--record", "--out", tmp_path / "other")
    said = fails_in_one_line(capsys, run(*arguments))
    assert "can't be written" in said


def stand_in(monkeypatch, tmp_path, simulated, partly=False):
    """Have `floor` end at once; return where its outcome would be recorded."""
    path = tmp_path / "package" / "floor.json"
    path.parent.mkdir()
    path.write_text("before")

    def ended(folder, quick=False):
        folder.mkdir(parents=True)
        (folder / "outcome.npz").write_bytes(b"weights")
        return {"recordings": {"simulated": simulated or partly}}

    monkeypatch.setattr(experiments, "path_of", lambda name: path)
    monkeypatch.setattr("ecglab.experiments.floor.run", ended)
    load, source = records.load, "simulated" if simulated else "folder"
    monkeypatch.setattr(records, "load", lambda name: replace(load(name), source=source))
    return path


def test_an_outcome_is_recorded_only_when_that_is_asked_for(monkeypatch, tmp_path, capsys):
    path = stand_in(monkeypatch, tmp_path, simulated=False)
    assert run("experiment", "floor", "--out", tmp_path) == 0
    assert path.read_text() == "before" and not path.with_suffix(".npz").exists()
    written = tmp_path / "floor" / "outcome.json"
    assert capsys.readouterr().out == f"outcome: {written}\n"
    assert run("experiment", "floor", "--record", "--out", tmp_path / "again") == 0
    assert path.read_text() == written.read_text()
    assert path.with_suffix(".npz").read_bytes() == b"weights"
    assert sorted(one.name for one in path.parent.iterdir()) == ["floor.json", "floor.npz"]


def test_neither_a_trial_nor_simulated_patients_are_recorded(monkeypatch, tmp_path, capsys):
    path = stand_in(monkeypatch, tmp_path, simulated=True)
    said = fails_in_one_line(capsys, run("experiment", "floor", "--record", "--out", tmp_path))
    assert "--record needs real recordings" in said
    said = fails_in_one_line(capsys, run("experiment", "floor", "--record", "--quick"))
    assert "--quick is a trial" in said
    assert path.read_text() == "before" and not (tmp_path / "floor").exists()


def test_what_is_simulated_in_part_is_not_recorded(monkeypatch, tmp_path, capsys):
    """Real hearts with simulated noise: only the outcome tells."""
    path = stand_in(monkeypatch, tmp_path, simulated=False, partly=True)
    assert run("experiment", "floor", "--record", "--out", tmp_path) == 1
    assert "some of these recordings were simulated" in capsys.readouterr().err
    assert path.read_text() == "before" and (tmp_path / "floor" / "outcome.json").exists()


@pytest.mark.parametrize(
    "numbers", [["--epochs", "0"], ["--rate", "nan"], ["--batch", "0"], ["--width", "0"]]
)
def test_numbers_are_checked_before_recordings_are_loaded(
    capsys, monkeypatch, tmp_path, nothing_is_loaded, numbers
):
    monkeypatch.chdir(tmp_path)
    fails_in_one_line(capsys, run("train", "--records", "223", *TINY, *numbers))


def test_scores_that_cannot_be_written_are_said_before_they_are_made(
    trained, capsys, tmp_path, nothing_is_loaded
):
    folder = shutil.copytree(trained[0], tmp_path / "run")
    (folder / "scores.json").unlink(missing_ok=True)
    (folder / "scores.json").mkdir()
    said = fails_in_one_line(capsys, run("evaluate", "--run", folder, "--records", "101"))
    assert "scores.json can't be written: a folder stands in its place" in said


# --- who was seen in training -----------------------------------------------------------------


def evaluated(capsys, folder, names):
    """Return what is said of a run's scores on some records, and what was noted."""
    assert run("evaluate", "--run", folder, "--records", names) == 0
    said = " ".join(capsys.readouterr().out.split())
    return said, json.loads((folder / "scores.json").read_text())


def test_people_seen_in_training_are_named_twice(trained, capsys):
    said, noted = evaluated(capsys, trained[0], "101,223,100")
    warning = "SEEN IN TRAINING: this network was trained on 2 of these 3 people: records 223, 100."
    assert said.count(warning) == 2, "before the tables and after them"
    assert said.count("Their scores show what it remembers, not what it does with people") == 2
    assert noted["trained on"] == ["223", "100"] and noted["records"] == ["101", "223", "100"]


def test_unseen_people_are_not_warned_of(trained, capsys):
    said, noted = evaluated(capsys, trained[0], "101,119")
    assert "TRAINING" not in said and "SAME NAMES" not in said
    assert noted["trained on"] == []


def noting(trained, tmp_path, **changes):
    """Copy a run that notes something else of its beats."""
    folder = shutil.copytree(trained[0], tmp_path / "run")
    history = json.loads((folder / "history.json").read_text())
    history["settings"]["beats"] |= changes
    (folder / "history.json").write_text(json.dumps(history))
    return folder


def test_one_man_under_two_names_is_one_man(trained, capsys, tmp_path):
    """201 and 202 are the same person: one was trained on, the other is scored."""
    folder = noting(trained, tmp_path, records=["201"], subjects=["201"])
    said, noted = evaluated(capsys, folder, "202,100")
    assert "trained on 1 of these 2 people: records 202 (the same person as 201)." in said
    assert noted["trained on"] == ["202"]
    said, _ = evaluated(capsys, folder, "202,201")
    assert "on 1 of these 1 people: records 202 (the same person as 201), 201." in said
    assert "intervals" not in said, "of one person there are none"


def test_a_run_of_an_older_version_is_not_guessed_at(trained, capsys, tmp_path):
    """It did not note how its beats were cut."""
    folder = noting(trained, tmp_path)
    history = json.loads((folder / "history.json").read_text())
    history["settings"] |= history["settings"].pop("recipe")
    (folder / "history.json").write_text(json.dumps(history))
    said = fails_in_one_line(capsys, run("evaluate", "--run", folder, "--records", "100"))
    assert "was written by an older version of ecglab, which did not note how the beats" in said


def test_simulated_patients_are_not_the_people_of_their_names(trained, capsys, tmp_path):
    folder = noting(trained, tmp_path, simulated=False)
    said, noted = evaluated(capsys, folder, "100")
    assert "SAME NAMES: this network was trained on real people called 100." in said
    assert "Those here are simulated patients, whom it has not seen." in said
    assert noted["trained on"] == []


def test_the_shipped_network_knows_ds1(monkeypatch):
    real = types.SimpleNamespace(simulated=False)
    monkeypatch.setattr(records, "load", lambda name, database: real)
    seen, warning = shell._seen(list(records.DS1), shipped.TRAINED_ON)
    assert seen == list(records.DS1)
    assert "trained on 22 of these 22 people: records 101, 106, " in warning
    seen, warning = shell._seen([*records.DS2], shipped.TRAINED_ON)
    assert seen == ["202"] and "records 202 (the same person as 201)." in warning


@pytest.mark.real
def test_the_shipped_network_is_scored_with_a_warning(capsys, monkeypatch):
    monkeypatch.delenv("ECGLAB_SOURCE")
    assert run("evaluate", "--records", "101") == 0
    said = capsys.readouterr().out
    assert said.count("SEEN IN TRAINING: this network was trained on 1 of these 1 people") == 2


# --- the environment ----------------------------------------------------------------------------


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        run("--version")
    assert caught.value.code == 0 and capsys.readouterr().out == f"ecglab {__version__}\n"


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("tesnorflow", "KERAS_BACKEND is 'tesnorflow'; it may be tensorflow (the usual one), jax"),
        ("torch", "Keras needs torch, which is not installed; install it, or choose another"),
        ("numpy", "Keras runs on numpy, which can't train; set KERAS_BACKEND=tensorflow"),
    ],
)
def test_a_backend_that_is_none_is_said_in_one_line(tmp_path, backend, message):
    if backend == "torch" and importlib.util.find_spec("torch"):
        pytest.skip("torch is installed")
    command = [sys.executable, "-m", "ecglab", "train", "--records", "223", *TINY]
    environment = os.environ | {"KERAS_BACKEND": backend}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"python -m ecglab: {message}") and done.stderr.count("\n") == 1


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
    from small_recordings import write_mitdb

    folder = write_mitdb(tmp_path)
    (folder / "100.dat").write_bytes(b"damaged")
    alone.setenv("ECGLAB_DATA", str(tmp_path))
    out = tmp_path / "run"
    said = fails_in_one_line(capsys, run("train", "--records", "100", *TINY, "--out", out))
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
def test_a_quick_experiment_is_recorded_beside_its_run(name, tmp_path, monkeypatch):
    # What the trees call is no matter here, and a hundred of them take most of the time.
    few = {"max_iter": 3}
    monkeypatch.setattr(
        baselines,
        "HistGradientBoostingClassifier",
        lambda **settings: HistGradientBoostingClassifier(**settings | few),
    )
    recorded = experiments.path_of(name)
    before = recorded.read_bytes() if recorded.exists() else None
    assert run("experiment", name, "--quick", "--out", tmp_path) == 0
    outcome = json.loads((tmp_path / f"{name}-quick" / "outcome.json").read_text())
    assert outcome["recordings"]["simulated"] is True and outcome["seeds"] == [0]
    assert outcome["command"] == f"python -m ecglab experiment {name} --quick"
    assert (recorded.read_bytes() if recorded.exists() else None) == before
