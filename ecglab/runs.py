"""The folders of runs: what is written there whole or not at all, and when a run may go on."""

import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

import ecglab
from ecglab import given
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats
from ecglab.given import write

HISTORY, CHECKPOINT, AVERAGE = "history.json", "checkpoint.keras", "average.npz"

#: Batches between two looks at the weights, where `train.fit` averages them.
AVERAGE_EVERY = 10

#: What every history holds of its run, and of each epoch.
_NOTED = ("recipe", "beats", "keras", "network", "version")
_ROW = ("loss", "accuracy", "seconds")

_REMOVE = "remove it, or use another --out"


# ---------------------------------------------------------------------------
# Whole files


def write_text(path: Path, text: str) -> None:
    """Write a text, which is there whole or not at all."""
    write(path, lambda part: part.write_text(text))


def write_array(path: Path, values: np.ndarray) -> None:
    """Write an array as ``.npy``, which is there whole or not at all."""
    write(path, lambda part: np.save(part, values))


def write_arrays(path: Path, values: Iterable[np.ndarray]) -> None:
    """Write arrays as ``.npz``, which is there whole or not at all."""
    write(path, lambda part: np.savez(part, *values))


def copy(source: Path, target: Path) -> None:
    """Copy a file, which is there whole or not at all."""
    write(target, lambda part: shutil.copyfile(source, part))


# ---------------------------------------------------------------------------
# What a run was made from


def circumstances(used: Mapping[str, Beats], model: keras.Model | None = None) -> dict:
    """Return what a run has to find again before it may go on, in terms of JSON.

    Parameters
    ----------
    used : mapping of str to Beats
        The beats by what they are called: ``{"beats": …}``, ``{"DS1": …, "DS2": …}``.
    model : keras.Model, optional
        The network that learns from them.

    Returns
    -------
    dict
        What the beats are (`Beats.about`), the package's version, the precision in which Keras
        computes, and of the model all that its layers are, but for their names.
    """
    noted = {name: heartbeats.about for name, heartbeats in used.items()}
    noted["version"] = ecglab.__version__
    if model is None:
        noted["precision"] = keras.config.dtype_policy().name
    else:
        noted["precision"] = _precision(model)
        noted["keras"] = keras.__version__
        noted["network"] = _architecture(model)
    return noted


def _precision(model: keras.Model) -> str:
    """Return in which precisions a model's layers compute."""
    return ", ".join(sorted({layer.dtype_policy.name for layer in model.layers}))


def _architecture(model: keras.Model) -> str:
    """Return a hash of all that a model's JSON says of its layers, but for their names.

    Keras counts the unnamed layers of a process: two equal models differ in names. So each layer
    is called by its number.
    """
    try:
        described = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            "this model can't be kept in a folder: Keras can't describe all of its layers; "
            "give them a get_config, or train it without a folder"
        ) from error
    described.pop("compile_config", None)
    numbers = {name: number for number, name in enumerate(_layer_names(described))}
    text = json.dumps(_numbered(described, numbers), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _layer_names(described: object) -> list[str]:
    """Return the names of all layers in a model's JSON, the model's own first, each once."""
    names = []
    if isinstance(described, dict):
        config = described.get("config")
        if _is_layer(described):
            names.append(config["name"])
        described = list(described.values())
    if isinstance(described, list):
        for part in described:
            names += _layer_names(part)
    return list(dict.fromkeys(names))


def _numbered(described: object, numbers: Mapping[str, int]) -> object:
    """Return a model's JSON with numbers where it names layers."""
    if isinstance(described, list):
        return [_numbered(part, numbers) for part in described]
    if not isinstance(described, dict):
        return described
    result = {}
    for key, value in described.items():
        if key in ("keras_history", "input_layers", "output_layers"):
            result[key] = _referring(value, numbers)
        elif key == "name" and isinstance(value, str) and value in numbers:
            result[key] = numbers[value]
        elif key == "dtype":  # a policy has a name that counts
            result[key] = value
        else:
            result[key] = _numbered(value, numbers)
    return result


def _referring(value: object, numbers: Mapping[str, int]) -> object:
    """Return what refers to layers, such as ``["dense_1", 0, 0]``, with numbers for names."""
    if isinstance(value, dict):
        return {key: _referring(part, numbers) for key, part in value.items()}
    if isinstance(value, list):
        return [_referring(part, numbers) for part in value]
    return numbers.get(value, value) if isinstance(value, str) else value


def _is_layer(described: Mapping) -> bool:
    config = described.get("config")
    named = isinstance(config, dict) and isinstance(config.get("name"), str)
    return named and described.get("class_name") != "DTypePolicy"


def differences(before: Mapping, now: Mapping) -> list[str]:
    """Return by what names two runs' settings differ.

    Settings within settings are compared one by one. Where the beats are others, their labels
    and RR features are not named as well.
    """
    differing = []
    for name in {**before, **now}:
        one, other = before.get(name), now.get(name)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            differing += differences(one, other)
        elif name == "simulated":
            differing.append("source (real recordings or simulated patients)")
        else:
            differing.append(name)
    if "beats" in differing:
        differing = [name for name in differing if name not in ("labels", "rr")]
    return list(dict.fromkeys(differing))


# ---------------------------------------------------------------------------
# The folder of a training


def checkpoint(folder: str | os.PathLike) -> keras.Model:
    """Load the model of a training run's last checkpoint, with averaged weights if it has them.

    Parameters
    ----------
    folder : path
        What `train.fit` was given.

    Returns
    -------
    keras.Model

    Raises
    ------
    FileNotFoundError
        If the folder holds no run, or not all of it.
    ValueError
        If one of its files is damaged.
    """
    run = run_of(folder)
    model = stored_model(folder, run)
    average = stored_average(folder, run, model)
    if average is not None:
        model.set_weights(average)
    return model


def run_of(folder: str | os.PathLike) -> dict:
    """Return the settings and the history of a training run.

    Parameters
    ----------
    folder : path
        What `train.fit` was given.

    Returns
    -------
    dict
        ``settings`` (the recipe, what `fit` was called with, `circumstances`) and ``history``.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If its history is damaged, or was written by an older version of the package.
    """
    path = Path(folder) / HISTORY
    if not path.exists():
        command = f"python -m ecglab train --out {folder}"
        raise FileNotFoundError(f"{folder} holds no training run; make one with {command}")
    try:
        run = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _damaged(path, "it is no whole JSON file") from error
    if _is_older(run):
        raise ValueError(
            f"{path} was written by an older version of ecglab, which did not note how the beats "
            "were cut; train again, into another folder"
        )
    if not _is_run(run):
        raise _damaged(path, "it is no history of a training by ecglab")
    return run


def save(
    folder: Path,
    model: keras.Model,
    average: list[np.ndarray] | None,
    settings: Mapping,
    rows: list[dict],
) -> None:
    """Write checkpoint and average, then the history that names them, then drop the last ones."""
    folder.mkdir(parents=True, exist_ok=True)
    epoch = len(rows)
    write(_file(folder, epoch, CHECKPOINT), model.save)
    if average is not None:
        write_arrays(_file(folder, epoch, AVERAGE), average)
    write_text(folder / HISTORY, json.dumps({"settings": settings, "history": rows}, indent=1))
    for name in (CHECKPOINT, AVERAGE):
        _file(folder, epoch - 1, name).unlink(missing_ok=True)


def check_same(folder: Path, before: Mapping, now: Mapping) -> None:
    """Refuse to go on with a run of other settings.

    Raises
    ------
    ValueError
        It says which differ.
    """
    apart = sorted(before.keys() ^ now.keys())
    if apart or before["version"] != now["version"]:
        names = ", ".join(apart) if apart else f"version ({before['version']})"
        raise ValueError(
            f"{folder} holds a run of another version of ecglab, which differs in {names}; "
            "use another folder"
        )
    differing = differences(before, now)
    if differing:
        raise ValueError(
            f"{folder} holds a run with another {', '.join(differing)}; "
            "use the same settings to resume it, or another folder"
        )


def usable(folder: str | os.PathLike, writes: bool = True) -> Path:
    """Return a run's folder, or refuse it before anything is trained if it can't be written.

    Parameters
    ----------
    folder : path
    writes : bool
        Whether this process will write there: of several, only the first does.

    Raises
    ------
    OSError
        As from `given.writable`, or if a folder stands in the place of a file.
    """
    path = given.writable(folder) if writes else Path(folder)
    for one in path.glob("*"):
        if one.name.endswith((CHECKPOINT, AVERAGE, HISTORY)) and one.is_dir():
            raise OSError(f"{one} is a folder where a file is to be written; take it away")
    return path


def stored_model(folder: str | os.PathLike, run: Mapping) -> keras.Model:
    """Load the model of a run's last epoch, the optimizer's state with it.

    Raises
    ------
    FileNotFoundError, ValueError
        If its file is missing or damaged.
    """
    path = _present(_file(folder, len(run["history"]), CHECKPOINT))
    try:
        with zipfile.ZipFile(path) as archive:
            whole = archive.testzip() is None
    except Exception:  # what it trips over depends on where the file was cut
        whole = False
    if not whole:
        raise _damaged(path, "it was cut off or changed")
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # any, where it is another program's
        raise _damaged(path, f"Keras {keras.__version__} can't read a model from it") from error
    settings = run["settings"]
    same_keras = settings["keras"] == keras.__version__  # another one may describe it otherwise
    if same_keras and _architecture(model) != settings["network"]:
        raise _damaged(path, f"it holds another network than {HISTORY} says")
    return model


def stored_average(
    folder: str | os.PathLike, run: Mapping, model: keras.Model
) -> list[np.ndarray] | None:
    """Load the average of a model's weights after a run's last epoch; None if it has none yet.

    Raises
    ------
    FileNotFoundError, ValueError
        If its file is missing or damaged.
    """
    recipe, epoch = run["settings"]["recipe"], len(run["history"])
    if not recipe["average"] or epoch * recipe["steps"] < AVERAGE_EVERY:
        return None
    path = _present(_file(folder, epoch, AVERAGE))
    try:
        with np.load(path) as stored:
            average = [stored[name] for name in stored.files]
    except Exception as error:  # what it trips over depends on where the file was cut
        raise _damaged(path, "it was cut off or changed") from error
    if [one.shape for one in average] != [tuple(one.shape) for one in model.weights]:
        raise _damaged(path, "it holds weights of another network")
    return average


# ---------------------------------------------------------------------------
# What an experiment keeps


def kept(
    path: Path,
    settings: Mapping,
    used: Mapping[str, Beats],
    make: Callable[..., dict],
    *arguments: object,
) -> dict:
    """Return what an earlier run wrote to `path` in the same way, or make and write it.

    So that a run that broke off goes on where it stopped. It is made by ``make(*arguments)``; how
    many seconds that took is noted in it.

    Parameters
    ----------
    path : pathlib.Path
    settings : mapping
        In terms of JSON: recipe, seed and what else the outcome hangs on.
    used : mapping of str to Beats
        From which it is made; see `circumstances`.
    make : callable
    *arguments : object

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the file was made with other settings, from other recordings or by another version of
        the package, or is damaged.
    OSError
        If it can't be written. Nothing has been made by then.
    """
    around = {"settings": settings, "circumstances": circumstances(used)}
    around = json.loads(json.dumps(around))  # tuples become lists, as they do in the file
    if path.exists():
        return _read(path, around)
    given.writable(path.parent)
    started = time.perf_counter()
    outcome = make(*arguments)
    outcome["seconds"] = round(time.perf_counter() - started)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({**around, "outcome": outcome}))
    return json.loads(json.dumps(outcome))


def stored(path: Path, count: int) -> np.ndarray:
    """Return the probabilities that an earlier run wrote for so many beats.

    Raises
    ------
    ValueError
        If the file is damaged, or of other beats.
    """
    try:
        probabilities = np.load(path)
    except Exception as error:  # what it trips over depends on where the file was cut
        raise ValueError(f"{path} is damaged; {_REMOVE}") from error
    shape, expected = np.shape(probabilities), (count, len(CLASSES))
    if shape != expected:
        raise ValueError(f"{path} holds {shape}, not {expected}; {_REMOVE}")
    return probabilities


def _read(path: Path, around: Mapping) -> dict:
    """Return what an earlier run wrote, if it is whole and was made in the same way."""
    try:
        noted = json.loads(path.read_text())
        before = {name: noted[name] for name in ("settings", "circumstances")}
        outcome = noted["outcome"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged, or of an older version; {_REMOVE}") from error
    differing = differences(before, around)
    if differing:
        raise ValueError(f"{path} was made with another {', '.join(differing)}; {_REMOVE}")
    return outcome


# ---------------------------------------------------------------------------


def _file(folder: str | os.PathLike, epoch: int, name: str) -> Path:
    return Path(folder) / f"{epoch}-{name}"


def _damaged(path: Path, why: str) -> ValueError:
    return ValueError(f"{path} is damaged: {why}; remove the folder {path.parent} and train again")


def _present(path: Path) -> Path:
    """Return the path of a file that a history names, or refuse a folder without it."""
    if path.exists():
        return path
    raise FileNotFoundError(
        f"{path} is missing, though {path.parent / HISTORY} names it; "
        f"remove the folder {path.parent} and train again"
    )


def _is_older(run: object) -> bool:
    """Return whether that is what version 0.2 wrote while it was made, and those before."""
    settings = run.get("settings") if isinstance(run, dict) else None
    return isinstance(settings, dict) and "steps" in settings and "recipe" not in settings


def _is_run(run: object) -> bool:
    """Return whether that is what `train.fit` writes: settings, and one row for each epoch."""
    if not isinstance(run, dict):
        return False
    settings, rows = run.get("settings"), run.get("history")
    if not (isinstance(settings, dict) and isinstance(rows, list) and rows):
        return False
    recipe = settings.get("recipe")
    if not (isinstance(recipe, dict) and recipe.keys() >= {"steps", "average"}):
        return False
    for row in rows:
        if not (isinstance(row, dict) and row.keys() >= set(_ROW)):
            return False
    return settings.keys() >= set(_NOTED)
