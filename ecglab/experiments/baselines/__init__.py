"""What simpler methods reach: tables of features under trees and a nearest neighbour.

Each is chosen on DS1, out of fold; each final one is scored once on DS2.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ecglab import crossval, experiments, rhythm, runs
from ecglab.beats import Beats
from ecglab.recipe import Recipe

#: How beats are cut; the rest of a recipe is a network's.
RECIPE = Recipe(
    leads=("MLII", "V1|V2|V4|V5"),
    before=0.25,
    after=0.45,
    show=("beat", "typical"),
    rr=rhythm.RR_NAMES[2:],  # the ratios; seconds tell who, not what
)
SEEDS = (0, 1, 2)


def run(folder: Path, quick: bool = False) -> dict:
    """Choose each baseline on DS1, score it once on DS2.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outcome of each run is kept; what broke off goes on there.
    quick : bool
        One seed, every twentieth beat.

    Returns
    -------
    dict
        The outcome, ready for JSON.
    """
    seeds, every = (SEEDS[:1], 20) if quick else (SEEDS, 1)
    some = crossval.only_training(RECIPE.load("DS1"))[::every]
    others = RECIPE.load("DS2")[::every]
    tables = {"DS1": features(some), "DS2": features(others)}
    settings = {"recipe": RECIPE.to_json(), "every": every}
    candidates, final, seconds = {}, {}, 0
    for name in experiments.progress(FORMS, "baselines"):
        tried = _choose(name, folder, settings, tables["DS1"], some)
        best = max(tried, key=lambda form: tried[form]["scores"]["macro_f1"])
        scored = []
        for seed in seeds:
            one = runs.kept(
                folder / f"ds2-{name}-{seed}.json".replace(" ", "_"),
                settings | {"form": best},
                {"DS1": some, "DS2": others},
                _final,
                FORMS[name][best],
                tables,
                some,
                others,
                seed,
            )
            scored.append(one)
        macro = np.mean([one["scores"]["macro_f1"] for one in scored])
        experiments.say(f"DS2, {name}, {best}: macro-F1 {macro:.3f}")
        for form, one in tried.items():
            candidates[f"{name}, {form}"] = one
        final[name] = {"form": best, "DS2": scored}
        seconds += sum(one["seconds"] for one in [*tried.values(), *scored])
    always_n = crossval.account(others, np.zeros(len(others), int))
    final["always N"] = {"form": "no features", "DS2": [always_n]}
    return {
        **experiments.header("baselines", quick, seeds, {"DS1": some, "DS2": others}),
        "recipe": RECIPE.to_json(),
        "seconds": seconds,
        "DS1 out of fold": candidates,
        "final": final,
    }


def _choose(
    name: str, folder: Path, settings: dict, table: np.ndarray, heartbeats: Beats
) -> dict[str, dict]:
    """Score each form of a baseline on DS1, out of fold."""
    tried = {}
    for form, make in FORMS[name].items():
        tried[form] = runs.kept(
            folder / f"ds1-{name}-{form}.json".replace(" ", "_"),
            settings,
            {"DS1": heartbeats},
            _out_of_fold,
            make,
            table,
            heartbeats,
        )
        macro = tried[form]["scores"]["macro_f1"]
        experiments.say(f"DS1 out of fold, {name}, {form}: macro-F1 {macro:.3f}")
    return tried


def trained(name: str, every: int = 1):
    """Return a final baseline, trained on DS1 with the first seed as `run` trains it."""
    training = crossval.only_training(RECIPE.load("DS1"))[::every]
    make = FORMS[name][experiments.recorded("baselines")["final"][name]["form"]]
    return make(SEEDS[0]).fit(features(training), training.labels)


# ---------------------------------------------------------------------------
# Tables of features


def features(heartbeats: Beats) -> np.ndarray:
    """Describe each beat by its rhythm and by how its shape differs from its record's own.

    Parameters
    ----------
    heartbeats : Beats
        Shown beside the typical beats, as `RECIPE` wants it.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, k)``: the RR features, then for each lead six numbers that compare
        the beat with the typical one, then the difference of the two, 60 values a second.
    """
    leads = len(heartbeats.leads) // 2
    own, usual = heartbeats.windows[..., :leads], heartbeats.windows[..., leads:]
    fs, before = heartbeats.fs, heartbeats.before
    first, last = round((before - 0.1) * fs), round((before + 0.12) * fs)
    qrs = slice(first, last)
    early = slice(0, first)  # where the P wave is, if there is one
    slope, usual_slope = (np.abs(np.diff(x[:, qrs], axis=1)) for x in (own, usual))
    columns = [
        _likeness(own, usual),
        _likeness(own[:, qrs], usual[:, qrs]),
        np.ptp(own[:, qrs], axis=1) / _positive(np.ptp(usual[:, qrs], axis=1)),
        slope.max(axis=1) / _positive(usual_slope.max(axis=1)),
        _width(slope) / _width(usual_slope),
        np.sqrt(np.mean((own - usual)[:, early] ** 2, axis=1)),
    ]
    step = round(fs / 60)
    whole = own.shape[1] // step * step
    difference = (own - usual)[:, :whole].reshape(len(own), -1, step, leads).mean(axis=2)
    return np.concatenate([heartbeats.rr, *columns, difference.reshape(len(own), -1)], axis=1)


def _likeness(own: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return the correlation of each beat with the typical one, for each lead."""
    own, usual = (x - x.mean(axis=1, keepdims=True) for x in (own, usual))
    energy = np.sum(own**2, axis=1) * np.sum(usual**2, axis=1)
    return np.sum(own * usual, axis=1) / _positive(np.sqrt(energy))


def _width(slope: np.ndarray) -> np.ndarray:
    """Return how much of the QRS is steep, the steepest place being the measure; at least one."""
    return np.maximum((slope > 0.15 * slope.max(axis=1, keepdims=True)).sum(axis=1), 1)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 1e-3)  # µV: a flat stretch divides by that


# ---------------------------------------------------------------------------
# Baselines on tables


def _forest(seed: int) -> ExtraTreesClassifier:
    return ExtraTreesClassifier(200, min_samples_leaf=3, n_jobs=-1, random_state=seed)


def _even_forest(seed: int) -> ExtraTreesClassifier:
    return _forest(seed).set_params(class_weight="balanced")


def _boosting(seed: int) -> HistGradientBoostingClassifier:
    # Early stopping would hold out beats of the same people: it never sees that they overfit
    return HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=15, l2_regularization=1.0, max_features=0.5, random_state=seed,
        early_stopping=False,
    )  # fmt: skip


def even_boosting(seed: int) -> HistGradientBoostingClassifier:
    """Return boosted trees, untrained, to which every class weighs the same."""
    return _boosting(seed).set_params(class_weight="balanced")


def _neighbour(seed: int) -> KNeighborsClassifier:
    return make_pipeline(StandardScaler(), KNeighborsClassifier(1))


def _on(columns: slice, make: Callable, seed: int) -> Pipeline:
    """Put a choice of columns before a classifier."""
    return make_pipeline(ColumnTransformer([("chosen", "passthrough", columns)]), make(seed))


RHYTHM = slice(0, len(RECIPE.rr))
COMPARED = slice(0, len(RECIPE.rr) + 6 * len(RECIPE.leads))
ALL = slice(0, None)

#: Each baseline, and the forms of it among which DS1 chooses: a seed to a classifier.
FORMS: dict[str, dict[str, Callable]] = {
    "forest": {
        "RR": partial(_on, RHYTHM, _even_forest),
        "RR and comparison": partial(_on, COMPARED, _even_forest),
        "RR, comparison and difference": partial(_on, ALL, _even_forest),
        "RR and comparison, classes as they come": partial(_on, COMPARED, _forest),
    },
    "boosting": {
        "RR": partial(_on, RHYTHM, even_boosting),
        "RR and comparison": partial(_on, COMPARED, even_boosting),
        "RR, comparison and difference": partial(_on, ALL, even_boosting),
        "RR and comparison, classes as they come": partial(_on, COMPARED, _boosting),
    },
    "nearest neighbour": {
        "RR and comparison": partial(_on, COMPARED, _neighbour),
        "RR, comparison and difference": partial(_on, ALL, _neighbour),
    },
}


def _out_of_fold(make: Callable, table: np.ndarray, heartbeats: Beats) -> dict:
    predictions = np.zeros(len(table), int)
    for inside, left_out in crossval.folds(heartbeats):
        classifier = make(0).fit(table[inside], heartbeats.labels[inside])
        predictions[left_out] = classifier.predict(table[left_out])
    return crossval.account(heartbeats, predictions)


def _final(
    make: Callable,
    tables: dict[str, np.ndarray],
    training: Beats,
    test: Beats,
    seed: int,
) -> dict:
    labels = crossval.only_training(training).labels
    classifier = make(seed).fit(tables["DS1"], labels)
    return crossval.account(test, classifier.predict(tables["DS2"]), seed)
