"""What the experiments share: recipes, folds over people, and the wall before DS2."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from ecglab import beats, evaluate, experiments, formats, given, models, records, train
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats

#: Folds of a cross-validation over DS1's people.
FOLDS = 5
#: What `train.fit` takes from a recipe.
TRAINING = (
    *("epochs", "steps", "batch", "rate", "decay", "average"),
    *("balance", "record_balance", "augment", "zoom"),
)


def load(names: str | Sequence[str], recipe: Mapping) -> Beats:
    """Load beats as a recipe wants them: leads, window, typical beat, RR features."""
    return beats.concatenate([cut(records.load(name), recipe) for name in names_of(names)])


def names_of(wanted: str | Sequence[str]) -> tuple[str, ...]:
    """Return records by name, ``"DS1"`` and ``"DS2"`` written out, before any is loaded.

    Raises
    ------
    ValueError
        If one is given twice, or mitdb has no such record.

    Examples
    --------
    >>> names_of("100"), len(names_of("DS1"))
    (('100',), 22)
    """
    splits = {("DS1",): records.DS1, ("DS2",): records.DS2}
    names = given.each_once(map(str, given.names(wanted)), "records")
    names = splits.get(names, names)
    for name in names:
        records.check_name(name)
    return names


def cut(record: records.Record, recipe: Mapping) -> Beats:
    """Cut the beats of one record as a recipe wants them.

    Raises
    ------
    ValueError
        As from `beats.segment`, or if the signal is not in mV: a network would answer all the same.
    """
    formats.check_height(record.signal, record.fs, record.leads)
    window = {name: recipe[name] for name in ("before", "after", "leads")}
    heartbeats = beats.against_typical(beats.segment(record, **window), recipe["show"])
    return beats.log_rr(heartbeats, recipe["rr"])


def only_training(heartbeats: Beats) -> Beats:
    """Return the beats unchanged, or refuse them if one belongs to a test record.

    Every experiment that trains or chooses passes its beats through here.

    Raises
    ------
    ValueError
        If a beat is of a record of DS2.
    """
    touched = sorted(set(heartbeats.records.tolist()) & set(records.DS2))
    if touched:
        raise ValueError(
            f"records {', '.join(touched)} belong to DS2; nothing is trained or chosen on them"
        )
    return heartbeats


def folds(heartbeats: Beats, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Split beats into training and left-out positions, all beats of a person on one side.

    People are dealt out so that each fold holds about its share of every class.
    """
    only_training(heartbeats)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return splitter.split(heartbeats.labels, heartbeats.labels, heartbeats.subjects)


def network(recipe: Mapping, heartbeats: Beats, seed: int) -> keras.Model:
    """Build a recipe's network for some beats, with the weights that a seed gives."""
    keras.utils.set_random_seed(seed)
    return build(recipe, heartbeats.windows.shape[1:])


def build(recipe: Mapping, window: tuple[int, int]) -> keras.Model:
    """Build a recipe's ResNet-50 for windows of so many samples and channels."""
    form = {"classes": len(CLASSES), "width": recipe["width"], "features": len(recipe["rr"])}
    if recipe["reads"] == "voltages":
        return models.resnet1d(50, window, **form)
    return models.resnet50((recipe["size"], recipe["size"], window[1]), **form)


def out_of_fold(
    recipe: Mapping,
    folder: Path,
    seed: int = 0,
    say: Callable[[str], None] = experiments.say,
) -> tuple[Beats, np.ndarray]:
    """Cross-validate a recipe over DS1's people.

    Parameters
    ----------
    recipe : mapping
        See `resnet50.RECIPE`.
    folder : pathlib.Path
        Where each fold's probabilities are kept; a run that broke off goes on with the next fold.
    seed : int
        Of the weights and the batches; the folds stay the same.
    say : callable
        Told one line after each fold.

    Returns
    -------
    Beats, numpy.ndarray
        DS1, and for every beat the probabilities, shape ``(n, 5)``, given by the network that
        had not seen its person; not yet corrected, `correct`.
    """
    heartbeats = only_training(load("DS1", recipe))
    probabilities = np.zeros((len(heartbeats), len(CLASSES)), np.float32)
    choices = {name: recipe[name] for name in TRAINING}
    trained = {name: value for name, value in recipe.items() if name != "correct"}
    kept(folder / "recipe.json", {**trained, "seed": seed}, dict)  # folds of one recipe only
    model = None
    for number, (inside, left_out) in enumerate(folds(heartbeats)):
        path = folder / f"fold{number}.npy"
        if not path.exists():
            if model is None:  # one network, reset for every fold: compiling takes long
                model = network(recipe, heartbeats, seed)
                start = model.get_weights()
            model.set_weights(start)
            train.fit(model, heartbeats[inside], seed=seed, **choices, say=lambda line: None)
            part = path.with_name("part.npy")
            np.save(part, train.predict(model, heartbeats[left_out], recipe["zoom"]))
            part.replace(path)
        probabilities[left_out] = stored(path, len(left_out))
        f1 = evaluate.scores(heartbeats.labels[left_out], probabilities[left_out].argmax(axis=1))
        say(f"fold {number + 1}/{FOLDS}  accuracy {f1.accuracy:.3f}")
    return heartbeats, probabilities


def correct(model: keras.Model, heartbeats: Beats, recipe: Mapping) -> None:
    """Take back, for a recipe's classes, that the batches held more of them than the world does.

    A trained network's logits are shifted by the logarithm of how common each of the classes
    is among the training beats, over how common it was in the batches: Bayes' rule (Saerens et
    al. 2002, doi 10.1162/089976602753284446).
    """
    shift = np.log(rarity(heartbeats, recipe["balance"], recipe["correct"]))
    bias = model.get_layer("logits").bias
    bias.assign(bias + shift.astype(np.float32))


def rarity(heartbeats: Beats, balance: float, correct: Sequence[str]) -> np.ndarray:
    """Return each class's share of some beats over its share of batches; 1 if not to `correct`."""
    drawn = train.BeatImages(heartbeats, heartbeats.windows.shape[1:2], balance=balance).shares
    true = np.bincount(heartbeats.labels, minlength=len(CLASSES)) / len(heartbeats)
    return np.where(np.isin(CLASSES, correct), true / np.maximum(drawn, 1e-9), 1)


def account(heartbeats: Beats, predictions: np.ndarray, seed: int = 0) -> dict:
    """Score predictions as every experiment records them: together, by record, with intervals."""
    labels = heartbeats.labels
    matrices = evaluate.matrices(labels, predictions, heartbeats.records)
    intervals = evaluate.bootstrap_records(labels, predictions, heartbeats.subjects, seed=seed)
    return {
        "scores": evaluate.scores(labels, predictions).summary(),
        "per record": {name: matrix.tolist() for name, matrix in matrices.items()},
        "intervals": intervals.round(4).replace({np.nan: None}).to_dict(orient="index"),
    }


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
    if np.shape(probabilities) != (count, len(CLASSES)):
        shape = np.shape(probabilities)
        raise ValueError(f"{path} holds {shape}, not {(count, len(CLASSES))}; {_REMOVE}")
    return probabilities


def kept(path: Path, settings: Mapping, make: Callable[..., dict], *arguments: object) -> dict:
    """Return what an earlier run with the same settings wrote to `path`, or make and write it.

    So that a run that broke off goes on where it stopped. It is made by ``make(*arguments)``; how
    many seconds that took is noted in it, and whether the recordings at hand were simulated.

    Raises
    ------
    ValueError
        If the file was made with other settings or other recordings, or is damaged.
    OSError
        If it can't be written. Nothing has been made by then.
    """
    settings = json.loads(json.dumps(settings))  # tuples become lists, as they do in the file
    simulated = records.load(records.DS1[0]).simulated
    if path.exists():
        return _read(path, settings, simulated)
    given.writable(path.parent)
    started = time.perf_counter()
    outcome = make(*arguments)
    outcome["seconds"] = round(time.perf_counter() - started)
    path.parent.mkdir(parents=True, exist_ok=True)
    noted = {"settings": settings, "simulated": simulated, "outcome": outcome}
    train.write_text(path, json.dumps(noted))
    return json.loads(json.dumps(outcome))


_REMOVE = "remove it, or use another --out"


def _read(path: Path, settings: dict, simulated: bool) -> dict:
    """Return what an earlier run wrote, if it is whole and was made in the same way."""
    try:
        noted = json.loads(path.read_text())
        before, outcome = noted["settings"], noted["outcome"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged; {_REMOVE}") from error
    if before != settings:
        raise ValueError(f"{path} was made with other settings; {_REMOVE}")
    if noted.get("simulated", simulated) != simulated:
        whose = ("real recordings", "simulated patients")
        made, now = whose[noted["simulated"]], whose[simulated]
        raise ValueError(f"{path} was made with {made}, these are {now}; {_REMOVE}")
    return outcome


def balanced(heartbeats: Beats, count: int, seed: int, balance: float = 0.5) -> np.ndarray:
    """Draw positions of beats, classes as evenly as `train.BeatImages` draws them."""
    sizes = np.bincount(heartbeats.labels, minlength=len(CLASSES))
    chances = sizes[heartbeats.labels] ** -balance
    rng = np.random.default_rng(seed)
    return rng.choice(len(heartbeats), count, p=chances / chances.sum())
