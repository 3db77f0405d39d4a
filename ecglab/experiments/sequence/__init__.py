"""A beat among its neighbours: what a recurrent head makes of thirty beats to either side, on DS1.

The experiment `context` tells a network in columns made by hand what the rhythm around a beat is
like. Here a small recurrent network is shown the beats themselves, as the ResNet-50 of `context`
encodes them, and has to find out by itself what their order says. The encoder is frozen: it is
the one of the fold, which has not seen the people who are left out. DS2 is not touched.
"""

from pathlib import Path

import numpy as np

from ecglab import batches, crossval, evaluate, experiments, runs
from ecglab.backend import keras
from ecglab.beats import CLASSES, Beats
from ecglab.experiments import context, tables
from ecglab.recipe import Recipe

#: Which network of `context` encodes the beats.
ENCODER = ("ResNet-50", "and the P waves")
#: Beats to either side that the head reads.
AROUND = 30
#: Numbers that are left of each beat before the recurrent layers read it, and units of those.
UNITS = 32
BATCH = 128
STEPS = 1500
RATE = 1e-3
#: How the head's answer is used, and against which of these the others are compared.
ALONE, HEAD, BOTH = WAYS = ("encoder alone", "sequence", "mean of both")

layers = keras.layers


def run(folder: Path, quick: bool = False) -> dict:
    """Train heads on the encoders of `context`, and cross-validate them as those were.

    Parameters
    ----------
    folder : pathlib.Path
        Where each run is kept. Beside it, in ``context``, lie the encoders; those that are
        missing are trained first.
    quick : bool
        One partition, one seed, two batches, 32 pixels, every twentieth beat.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    places, one_of, encoders_in = context.RUNS, 1, "context"
    if quick:
        places, one_of, encoders_in = context.RUNS[:1], 20, "context-quick"
    recipe = context.recipe_of(*ENCODER, quick)
    steps = 2 if quick else STEPS
    training = crossval.only_training(recipe.load("DS1"))[::one_of]
    outcomes = []
    accounts = {way: [] for way in WAYS}
    for partition, seed in experiments.progress(places, "sequence"):
        place = folder / f"{partition}-{seed}"
        encoders = context.place_of(folder.parent / encoders_in, *ENCODER, partition, seed)
        settings = {"recipe": recipe.to_json(), "around": AROUND, "units": UNITS, "steps": steps}
        settings |= {"partition": partition, "seed": seed}
        believed = runs.kept(
            place / "outcome.json",
            settings,
            {"DS1": training},
            _cross_validate,
            training,
            recipe,
            encoders,
            place,
            partition,
            seed,
            one_of,
            steps,
        )
        for way in WAYS:
            accounts[way].append(believed[way])
            what = {"way": way, "partition": partition, "seed": seed}
            outcomes.append(what | believed[way] | {"seconds": believed["seconds"]})
    return {
        **experiments.header("sequence", quick, context.each(places, 1), {"DS1": training}),
        "partitions": context.each(places, 0),
        "around": AROUND,
        "recipe": recipe.to_json(),
        "seconds": sum(outcome["seconds"] for outcome in outcomes if outcome["way"] == HEAD),
        "outcomes": outcomes,
        "differences": differences(accounts),
    }


def differences(accounts: dict[str, tables.Rows]) -> dict:
    """Return what is gained over the encoder alone; see `evaluate.bootstrap_matrices`.

    Parameters
    ----------
    accounts : dict
        By way, its accounts, one a run and in the same order. Only what they say of each record
        is used.
    """
    _, alone = tables.people_of(accounts[ALONE])
    gains = {}
    for way in (HEAD, BOTH):
        _, counts = tables.people_of(accounts[way])
        gains[way] = crossval.plain(evaluate.bootstrap_matrices(counts, alone))
    return gains


def neighbours(heartbeats: Beats, around: int = AROUND) -> np.ndarray:
    """Return the positions of each beat's neighbours.

    Where a record begins or ends, its first or last beat stands for those that are missing.

    Returns
    -------
    numpy.ndarray
        int64, shape ``(n, 2 * around + 1)``; the middle column is the beat itself.

    Examples
    --------
    >>> from ecglab import beats
    >>> neighbours(beats.load(["100", "101"])[:3], around=1).tolist()
    [[0, 0, 1], [0, 1, 2], [1, 2, 2]]
    """
    places = np.arange(len(heartbeats))
    steps = np.arange(-around, around + 1)
    near = places[:, None] + steps
    for name in np.unique(heartbeats.records):
        own = np.flatnonzero(heartbeats.records == name)
        near[own] = near[own].clip(own[0], own[-1])
    return near


def head(numbers: int, around: int = AROUND, units: int = UNITS) -> keras.Model:
    """Build the network that reads a beat's neighbours.

    One recurrent layer reads forward from the first neighbour to the beat, another backward from
    the last; the beat itself goes past them, too.

    Parameters
    ----------
    numbers : int
        By how many numbers a beat is encoded.
    around : int
        Beats to either side.
    units : int
        Of each recurrent layer.

    Returns
    -------
    keras.Model
        Encoded beats ``(n, 2 * around + 1, numbers)`` to probabilities ``(n, 5)``.

    Examples
    --------
    >>> head(576).output_shape
    (None, 5)
    """
    beats = keras.Input((2 * around + 1, numbers), name="beats")
    few = layers.BatchNormalization()(beats)
    few = layers.Dense(units, activation="relu", name="few")(few)
    before = layers.GRU(units, name="before")(few[:, : around + 1])
    after = layers.GRU(units, go_backwards=True, name="after")(few[:, around:])
    own = few[:, around]
    x = layers.Concatenate()([before, own, after])
    x = layers.Dense(units, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    answer = layers.Dense(len(CLASSES), activation="softmax", name="logits")(x)
    return keras.Model(beats, answer)


# ---------------------------------------------------------------------------


def _cross_validate(
    heartbeats: Beats,
    recipe: Recipe,
    encoders: Path,
    place: Path,
    partition: int,
    seed: int,
    one_of: int,
    steps: int,
) -> dict:
    def say(line: str) -> None:
        experiments.say(f"{encoders.name}: {line}")

    _, alone = crossval.out_of_fold(recipe, encoders, seed, say, partition, one_of)
    read = np.zeros_like(alone)
    encoder, model, fresh = networks(recipe, seed, steps)
    place.mkdir(parents=True, exist_ok=True)
    for number, (inside, left_out) in enumerate(crossval.folds(heartbeats, partition)):
        path = place / f"fold{number}.npy"
        if not path.exists():
            encoder.set_weights(weights_of(encoders / f"fold{number}.npz", encoder))
            encoded = encode(encoder, heartbeats, recipe)
            model.set_state_tree(fresh)
            teach(model, encoded, heartbeats, inside, seed, steps, recipe.balance)
            runs.write_array(path, ask(model, encoded, heartbeats, left_out))
        read[left_out] = runs.stored(path, len(left_out))
        experiments.say(f"sequence {place.name}: fold {number + 1}/{crossval.FOLDS}")
    rarity = recipe.rarity(heartbeats)
    believed = {ALONE: alone * rarity, HEAD: read * rarity, BOTH: np.sqrt(alone * read) * rarity}
    accounts = {}
    for way, probabilities in believed.items():
        accounts[way] = crossval.account(heartbeats, probabilities.argmax(axis=1))
    return accounts


def networks(recipe: Recipe, seed: int, steps: int) -> tuple[keras.Model, keras.Model, dict]:
    """Return the encoder up to what it decides from, a head, and the state in which that begins."""
    whole = recipe.build(seed)
    encoder = keras.Model(whole.inputs, whole.get_layer("features").output)
    keras.utils.set_random_seed(seed)
    model = head(encoder.output_shape[-1])
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return encoder, model, model.get_state_tree(value_format="numpy_array")


def weights_of(path: Path, encoder: keras.Model) -> list[np.ndarray]:
    """Return the weights of a fold's network but for the last layer's, which the encoder lacks."""
    with np.load(path) as arrays:
        weights = [arrays[name] for name in arrays.files]
    return weights[: len(encoder.get_weights())]


def encode(encoder: keras.Model, heartbeats: Beats, recipe: Recipe) -> np.ndarray:
    """Return what the encoder says of each beat, float16, shape ``(n, numbers)``."""
    size = (recipe.size, recipe.size)
    parts = []
    for start in range(0, len(heartbeats), BATCH):
        some = heartbeats[start : start + BATCH]
        shown = batches.inputs(some, size, recipe.zoom, features=True)
        parts.append(encoder.predict_on_batch(shown).astype(np.float16))
    return np.concatenate(parts)


def teach(
    model: keras.Model,
    encoded: np.ndarray,
    heartbeats: Beats,
    inside: np.ndarray,
    seed: int,
    steps: int,
    balance: float,
) -> None:
    """Train a head on the beats at some positions, rare classes drawn more often."""
    near = neighbours(heartbeats)
    drawn = crossval.balanced(heartbeats[inside], steps * BATCH, seed, balance)
    for chosen in np.split(inside[drawn], steps):
        model.train_on_batch(encoded[near[chosen]], heartbeats.labels[chosen])


def ask(
    model: keras.Model, encoded: np.ndarray, heartbeats: Beats, left_out: np.ndarray
) -> np.ndarray:
    """Return a head's probabilities for the beats at some positions, shape ``(n, 5)``."""
    near = neighbours(heartbeats)
    answers = []
    for start in range(0, len(left_out), BATCH):
        some = left_out[start : start + BATCH]
        answers.append(model.predict_on_batch(encoded[near[some]]))
    return np.concatenate(answers)
