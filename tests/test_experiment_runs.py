"""What the experiments run, in which order, what they keep of it and what they tell.

Nothing is trained: what would train or call notes what it is given, and answers by a rule.
"""

import functools
import itertools
import json
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecglab import beats, crossval, evaluate, experiments, records, runs, shipped, train
from ecglab.backend import keras
from ecglab.experiments import baselines, context, leakage, resnet50
from ecglab.recipe import Recipe


@pytest.fixture(scope="module")
def few():
    """Every second beat of four people of DS1."""
    return beats.load(["119", "208", "209", "223"])[::2]


@pytest.fixture(scope="module")
def both():
    """Every fourth beat of records of DS1 and DS2; 201 and 202 are of one man."""
    return beats.load(["119", "208", "201", "202", "100", "103"])[::4]


@pytest.fixture(scope="module")
def compared():
    """Every fourth beat, beside the typical ones, of people of DS1 and of DS2."""
    return {
        "DS1": baselines.RECIPE.load(["208", "209"])[::4],
        "DS2": baselines.RECIPE.load(["100", "103", "200"])[::4],
    }


@pytest.fixture
def bars(monkeypatch):
    """The names of the bars behind which runs are gone through."""
    named = []

    def progress(every, name):
        named.append(name)
        return every

    monkeypatch.setattr(experiments, "progress", progress)
    return named


@pytest.fixture
def clock(monkeypatch):
    """Let the first run last one second, and each further one four seconds more."""
    ticks = itertools.count()
    watch = types.SimpleNamespace(perf_counter=lambda: next(ticks) ** 2)
    monkeypatch.setattr(runs, "time", watch)


def lasted(count):
    """Return how long so many runs last by `clock`."""
    return [4 * number + 1 for number in range(count)]


def read_back(outcome):
    """Return an outcome as a file of JSON gives it back."""
    return json.loads(json.dumps(outcome))


def kept(path):
    """Return the settings of a kept run, and the hashes of its beats."""
    noted = json.loads(path.read_text())
    hashes = {}
    for name, about in noted["circumstances"].items():
        if isinstance(about, dict):
            hashes[name] = about["beats"]
    return noted["settings"], hashes


def written(folder):
    """Return the names of all outcomes in a folder."""
    return {path.name for path in folder.iterdir()}


def by_chance(count, seed):
    """Return probabilities of five classes for some beats."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(5), count).astype(np.float32)


def of_twelve(heartbeats):
    """Deal beats out to twelve people, so that intervals hang on the seed."""
    people = np.arange(len(heartbeats)) * 12 // len(heartbeats)
    return replace(heartbeats, subjects=people.astype(str))


def in_halves(monkeypatch):
    """Let two folds take turns at beats; return what they are asked for."""
    asked = []

    def folds(heartbeats, partition=0):
        asked.append((heartbeats, partition))
        places = np.arange(len(heartbeats))
        return [(places[places % 2 == 1 - turn], places[places % 2 == turn]) for turn in (0, 1)]

    monkeypatch.setattr(crossval, "folds", folds)
    return asked


class Weights:
    """A network that is nothing but its weights."""

    def __init__(self):
        self.set_weights([np.float32([1 / 3, 2 / 3]), np.float32([[0.1]])])

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = list(weights)

    def add(self, value):
        self.set_weights([weight + np.float32(value) for weight in self.weights])


# ---------------------------------------------------------------------------
# context

RUNS = ((0, 1), (2, 3))


@pytest.mark.parametrize("balance", [0, 0.5, 1])
def test_beats_are_drawn_the_more_evenly_the_greater_the_balance(few, balance):
    sizes = np.bincount(few.labels, minlength=5)
    expected = np.where(sizes > 0, sizes.astype(float) ** (1 - balance), 0)
    expected /= expected.sum()
    drawn = few.labels[crossval.balanced(few, 20_000, 3, balance)]
    share = np.bincount(drawn, minlength=5) / len(drawn)
    assert np.abs(share - expected).max() < 0.02


@pytest.fixture
def told_more(monkeypatch, few):
    """Let every run of context call beats by chance; note what it is given and what it says."""
    noted = types.SimpleNamespace(asked=[], said={}, loaded=[])

    def load(recipe, names):
        noted.loaded.append(recipe)
        return {"DS1": few}[names]

    def cross_validate(way, recipe, folder, partition, seed, one_of):
        noted.asked.append((way, recipe, folder, partition, seed, one_of))
        heartbeats = few[::one_of]
        probabilities = by_chance(len(heartbeats), len(noted.asked))
        noted.said[folder] = probabilities.argmax(axis=1)
        return crossval.account(heartbeats, noted.said[folder])

    monkeypatch.setattr(Recipe, "load", load)
    monkeypatch.setattr(context, "_cross_validate", cross_validate)
    monkeypatch.setattr(context, "RUNS", RUNS)
    return noted


def all_told():
    """Return every way with all that it is told."""
    return [(way, told) for way, (_, options) in context.WAYS.items() for told in options]


def runs_of(way):
    """Return the partitions and seeds of a way: some are tried with the first alone."""
    return RUNS[:1] if way in context.ONCE else RUNS


def test_context_runs_every_way_with_every_partition(told_more, bars, clock, few, tmp_path):
    outcome = context.run(tmp_path)
    expected = [(*one, *run) for one in all_told() for run in runs_of(one[0])]
    assert len(expected) == 2 * 6 - 1
    assert told_more.asked == [
        (
            way,
            context.recipe_of(way, told),
            context.place_of(tmp_path, way, told, partition, seed),
            partition,
            seed,
            1,
        )
        for way, told, partition, seed in expected
    ]
    times = lasted(len(expected))
    for one, seconds, given in zip(outcome["outcomes"], times, expected, strict=True):
        head = dict(zip(("way", "told", "partition", "seed"), given, strict=True))
        said = told_more.said[context.place_of(tmp_path, *given)]
        assert one == head | read_back(crossval.account(few, said)) | {"seconds": seconds}
    assert outcome["seconds"] == sum(times)
    assert (outcome["experiment"], bars) == ("context", ["context"])
    assert outcome["command"] == "python -m ecglab experiment context"
    assert (outcome["partitions"], outcome["seeds"]) == ([0, 2], [1, 3])
    assert outcome["recordings"] == {"simulated": few.simulated, "DS1": few.sha256}
    assert outcome["recipe"] == resnet50.RECIPE.to_json()
    assert told_more.loaded == [resnet50.RECIPE]


def test_context_compares_each_way_with_the_right_runs(told_more, few, tmp_path):
    outcome = context.run(tmp_path)

    def gain(ours, theirs):
        called = [
            [told_more.said[context.place_of(tmp_path, *one, *run)] for run in runs_of(ours[0])]
            for one in (ours, theirs)
        ]
        return crossval.plain(evaluate.bootstrap_difference(few.labels, *called, few.subjects))

    assert outcome["differences"] == {
        "ResNet-50": {
            "and the P waves": gain(("ResNet-50", "and the P waves"), ("ResNet-50", "RR ratios"))
        },
        "boosting": {
            told: gain(("boosting", told), ("boosting", "RR ratios"))
            for told in ("and the rhythm around", "and the P waves")
        },
    }
    assert outcome["rivals"] == {
        rival: gain((rival, "and the P waves"), ("ResNet-50", "and the P waves"))
        for rival in ("ResNet-50, late beats", "boosting")
    }


def test_a_run_of_context_is_kept_with_what_it_was_made_of(told_more, few, tmp_path):
    outcome = context.run(tmp_path)
    for way, recipe, place, partition, seed, _ in told_more.asked:
        settings = {"recipe": recipe.to_json(), "partition": partition, "seed": seed, "way": way}
        assert kept(place / "outcome.json") == (settings, {"DS1": few.sha256})
    told_more.asked.clear()
    assert context.run(tmp_path) == outcome
    assert told_more.asked == []


def test_a_trial_of_context_takes_one_run_and_few_beats(told_more, few, tmp_path):
    outcome = context.run(tmp_path, quick=True)
    run = RUNS[0]
    assert told_more.asked == [
        (
            *(one[0], context.recipe_of(*one, quick=True)),
            *(context.place_of(tmp_path, *one, *run), *run, 20),
        )
        for one in all_told()
    ]
    assert all(recipe.size == 32 and recipe.steps == 2 for _, recipe, *_ in told_more.asked)
    assert outcome["command"] == "python -m ecglab experiment context --quick"
    assert (outcome["partitions"], outcome["seeds"]) == ([0], [1])
    assert outcome["recordings"]["DS1"] == few[::20].sha256


@pytest.mark.parametrize("other", [(1, 1), (0, 7)], ids=["partition", "seed"])
def test_another_run_of_context_is_made_anew(told_more, tmp_path, monkeypatch, other):
    context.run(tmp_path, quick=True)
    told_more.asked.clear()
    monkeypatch.setattr(context, "RUNS", (other,))
    context.run(tmp_path, quick=True)
    assert [asked[3:5] for asked in told_more.asked] == [other] * len(all_told())


def test_context_does_not_go_on_with_another_recipe(told_more, tmp_path, monkeypatch):
    context.run(tmp_path, quick=True)
    monkeypatch.setattr(context, "QUICK", context.QUICK | {"size": 48})
    with pytest.raises(ValueError, match="was made with another size"):
        context.run(tmp_path, quick=True)


def test_every_run_of_context_has_its_place():
    place = context.place_of(Path("out folder"), "ResNet in 1-D", "and the P waves", 3, 7)
    assert place == Path("out folder/ResNet_in_1-D-and_the_P_waves-3-7")
    assert context.each([(2, 0), (0, 5), (2, 5)], 0) == [0, 2]
    assert context.each([(2, 0), (0, 5), (2, 5)], 1) == [0, 5]


@pytest.mark.parametrize(
    ("way", "who"), [("ResNet-50", "_networks"), ("another", "_networks"), ("boosting", "_trees")]
)
def test_trees_call_for_boosting_and_networks_for_the_rest(few, tmp_path, monkeypatch, way, who):
    probabilities = by_chance(len(few), 0)
    asked = []

    def noting(name):
        def call(*given):
            asked.append((name, *given))
            return few, probabilities

        return call

    for name in ("_networks", "_trees"):
        monkeypatch.setattr(context, name, noting(name))
    place = tmp_path / "new" / "place"
    account = context._cross_validate(way, "the recipe", place, 2, 3, 20)
    assert asked == [(who, "the recipe", place, 2, 3, 20)]
    assert account == crossval.account(few, probabilities.argmax(axis=1))


def test_networks_of_context_are_corrected_for_how_rare_classes_are(
    few, tmp_path, monkeypatch, capsys
):
    recipe = context.recipe_of("ResNet-50", context.MOST)
    probabilities = by_chance(len(few), 0)
    asked = []

    def out_of_fold(recipe, folder, seed, say, partition, every):
        asked.append((recipe, folder, seed, partition, every))
        say("fold 1")
        return few, probabilities

    monkeypatch.setattr(crossval, "out_of_fold", out_of_fold)
    heartbeats, corrected = context._networks(recipe, tmp_path, 2, 3, 20)
    assert asked == [(recipe, tmp_path, 3, 2, 20)]
    assert heartbeats is few
    ratio = corrected / probabilities
    assert np.allclose(ratio[:, :3], 1), "N, S and V are left as they are"
    assert np.allclose(ratio, recipe.rarity(few)) and np.all(ratio[:, 3] < 0.9)
    assert capsys.readouterr().out == f"{tmp_path.name}: fold 1\n"


def test_trees_of_context_are_told_rhythm_and_comparison(monkeypatch):
    monkeypatch.setattr(records, "DS1", ("209",))
    recipe = context.recipe_of("boosting", context.MOST)
    every = recipe.load("DS1")[::20]
    table = baselines.features(every)[:, : every.rr.shape[1] + 12]
    folds = in_halves(monkeypatch)
    taught = []

    class Trees:
        classes_ = np.array([0, 1, 3])

        def fit(self, table, labels):
            taught.append((table, labels))

        def predict_proba(self, table):
            return np.stack([table[:, 0], table[:, 1], table[:, -1]], axis=1)

    seeds = []
    monkeypatch.setattr(baselines, "even_boosting", lambda seed: seeds.append(seed) or Trees())
    heartbeats, probabilities = context._trees(recipe, None, 2, 3, 20)
    assert heartbeats.sha256 == every.sha256 and seeds == [3, 3]
    assert [(some.sha256, partition) for some, partition in folds] == [(every.sha256, 2)]
    for turn, (seen, labels) in enumerate(taught):
        assert np.array_equal(seen, table[1 - turn :: 2])
        assert np.array_equal(labels, every.labels[1 - turn :: 2])
    expected = np.zeros((len(every), 5), np.float32)
    expected[:, [0, 1, 3]] = table[:, [0, 1, -1]]
    assert probabilities.dtype == np.float32
    assert np.array_equal(probabilities, expected)


# ---------------------------------------------------------------------------
# leakage


@pytest.fixture
def leaked(monkeypatch, both):
    """Let leakage score by a number; note what it loads and what it scores."""
    noted = types.SimpleNamespace(asked=[], loaded=[])

    def load(names, **cut):
        noted.loaded.append((names, cut))
        return both

    def score(way, inside, outside, training, seed):
        noted.asked.append((way, inside.sha256, outside.sha256, training, seed))
        return {"scores": {"macro_f1": len(noted.asked) / 100}}

    monkeypatch.setattr(beats, "load", load)
    monkeypatch.setattr(leakage, "_score", score)
    return noted


def drawn(everyone, split, most, seed):
    """Return the hashes of the beats on either side of a split."""
    sides = leakage._draw(everyone, split, most, np.random.default_rng(seed))
    return tuple(everyone[side].sha256 for side in sides)


def test_leakage_scores_both_ways_under_every_split(
    leaked, bars, clock, both, tmp_path, monkeypatch
):
    monkeypatch.setattr(leakage, "MOST", 500)
    outcome = leakage.run(tmp_path)
    expected = list(itertools.product(leakage.SEEDS, leakage.SPLITS, leakage.WAYS))
    assert leaked.asked == [
        (way, *drawn(both, split, 500, seed), leakage.TRAINING, seed)
        for seed, split, way in expected
    ]
    assert outcome["outcomes"] == [
        {
            "split": split,
            "way": way,
            "seed": seed,
            "scores": {"macro_f1": (number + 1) / 100},
            "seconds": seconds,
        }
        for number, ((seed, split, way), seconds) in enumerate(
            zip(expected, lasted(18), strict=True)
        )
    ]
    assert outcome["seconds"] == sum(lasted(18))
    assert (outcome["experiment"], bars) == ("leakage", ["leakage"])
    assert outcome["command"] == "python -m ecglab experiment leakage"
    assert outcome["seeds"] == list(leakage.SEEDS)
    assert outcome["recordings"] == {"simulated": both.simulated, "all": both.sha256}
    assert outcome["recipe"] == leakage.RECIPE | leakage.TRAINING | {"most": 500}
    cut = {"leads": ["MLII"], "before": 0.25, "after": 0.35}
    assert leaked.loaded == [([*records.DS1, *records.DS2], cut)]


def test_a_run_of_leakage_is_kept_with_what_it_was_made_of(leaked, both, tmp_path):
    outcome = leakage.run(tmp_path)
    expected = itertools.product(leakage.SPLITS, leakage.WAYS, leakage.SEEDS)
    names = {f"{split}-{way}-{seed}.json".replace(" ", "_") for split, way, seed in expected}
    assert written(tmp_path) == names
    settings = leakage.RECIPE | leakage.TRAINING | {"most": leakage.MOST}
    for name in names:
        assert kept(tmp_path / name) == (settings, {"all": both.sha256})
    leaked.asked.clear()
    assert leakage.run(tmp_path) == outcome
    assert leaked.asked == []


def test_a_trial_of_leakage_takes_one_seed_and_few_batches(leaked, both, tmp_path, monkeypatch):
    monkeypatch.setattr(leakage, "QUICK", leakage.QUICK | {"most": 200})
    outcome = leakage.run(tmp_path, quick=True)
    training = leakage.TRAINING | {"steps": 20}
    assert leaked.asked == [
        (way, *drawn(both, split, 200, 0), training, 0)
        for split, way in itertools.product(leakage.SPLITS, leakage.WAYS)
    ]
    assert outcome["seeds"] == [0]
    assert outcome["command"] == "python -m ecglab experiment leakage --quick"
    assert outcome["recipe"] == leakage.RECIPE | training | {"most": 200}
    with pytest.raises(ValueError, match="was made with another steps, most"):
        leakage.run(tmp_path)


def test_a_split_of_leakage_holds_so_many_beats_and_no_more(both):
    for split in leakage.SPLITS:
        sides = leakage._draw(both, split, 100, np.random.default_rng(0))
        assert [len(side) for side in sides] == [100, 100]
        assert all(np.array_equal(side, np.unique(side)) for side in sides), "each once, in order"
    inside, outside = leakage._draw(both, leakage.SPLITS[2], len(both), np.random.default_rng(0))
    assert set(both.records[inside]) == {"119", "208", "201"}
    assert set(both.records[outside]) == {"100", "103"}
    inside, _ = leakage._draw(both, leakage.SPLITS[1], len(both), np.random.default_rng(0))
    assert len(set(both.subjects[inside])) == 2, "of five people, half, rounded down"


def test_the_small_network_of_leakage_is_trained_as_it_says(both, monkeypatch, capsys):
    inside, outside = both[::50], of_twelve(both[1::50])
    answers = by_chance(len(outside), 0)
    done = []
    monkeypatch.setattr(keras.utils, "set_random_seed", lambda seed: done.append(("seed", seed)))

    def build(depth, shape, classes):
        done.append(("build", depth, shape, classes))
        return "the network"

    def fit(model, heartbeats, *, say, **learning):
        assert say("epoch 1") is None
        done.append(("fit", model, heartbeats, learning))
        return pd.DataFrame({"loss": [0.1234567, 0.1], "accuracy": [0.5, 0.7654321]})

    def predict(model, heartbeats):
        done.append(("predict", model, heartbeats))
        return answers

    monkeypatch.setattr(leakage.models, "cifar_net", build)
    monkeypatch.setattr(train, "fit", fit)
    monkeypatch.setattr(train, "predict", predict)
    training = {"epochs": 2, "steps": 7, "batch": 8, "rate": 0.01}
    account = leakage._score("small CNN", inside, outside, training, 3)
    assert done == [
        ("seed", 3),
        ("build", 8, (32, 32, 1), 5),
        ("fit", "the network", inside, training | {"seed": 3, "augment": None}),
        ("predict", "the network", outside),
    ]
    assert account.pop("history") == {"loss": [0.12346, 0.1], "accuracy": [0.5, 0.76543]}
    assert account == crossval.account(outside, answers.argmax(axis=1), 3)
    assert account != crossval.account(outside, answers.argmax(axis=1)), "the seed counts"
    assert capsys.readouterr().out == ""


def test_the_nearest_neighbour_of_leakage_is_one_beat(both):
    """Labels are dealt out by chance, so that two neighbours would answer otherwise than one."""
    inside, outside = both[::15], of_twelve(both[1::20])
    labels = np.random.default_rng(0).integers(0, 3, len(inside))
    inside = replace(inside, labels=labels)
    apart = outside.windows[:, None, ::3, 0] - inside.windows[None, :, ::3, 0]
    nearest = np.argmin((apart.astype(float) ** 2).sum(axis=2), axis=1)
    account = leakage._score("nearest neighbour", inside, outside, {}, 3)
    assert account == crossval.account(outside, labels[nearest], 3)


def test_every_third_sample_is_taken_of_every_lead(both):
    windows = np.arange(2 * 7 * 2).reshape(2, 7, 2)
    some = replace(both[:2], windows=windows, leads=("MLII", "V1"))
    assert leakage._every_third(some).tolist() == [
        [0, 1, 6, 7, 12, 13],
        [14, 15, 20, 21, 26, 27],
    ]


# ---------------------------------------------------------------------------
# baselines

#: Of every baseline two forms, the better one not always first.
FORMS = {
    "a forest": {"less told": "forest, less", "more told": "forest, more"},
    "boosting": {"less told": "boosting, less", "more told": "boosting, more"},
}
BETTER = {"a forest": "less told", "boosting": "more told"}


@pytest.fixture
def tried(monkeypatch, compared):
    """Let baselines be as good as `BETTER` says; note what they are given."""
    noted = types.SimpleNamespace(chosen=[], final=[], loaded=[])
    better = {FORMS[name][form] for name, form in BETTER.items()}

    def load(recipe, names):
        noted.loaded.append(recipe)
        return compared[names]

    def out_of_fold(make, table, heartbeats):
        noted.chosen.append((make, table, heartbeats))
        macro = 0.7 + 0.1 * (make in better)
        return {"scores": {"macro_f1": macro, "made by": make}}

    def final(make, tables, training, test, seed):
        noted.final.append((make, tables, training, test, seed))
        return {"scores": {"macro_f1": 0.6, "made by": make, "seed": seed}}

    monkeypatch.setattr(Recipe, "load", load)
    monkeypatch.setattr(baselines, "FORMS", FORMS)
    monkeypatch.setattr(baselines, "_out_of_fold", out_of_fold)
    monkeypatch.setattr(baselines, "_final", final)
    return noted


@pytest.mark.parametrize(("quick", "seeds", "every"), [(False, [0, 1, 2], 1), (True, [0], 20)])
def test_baselines_are_chosen_on_ds1_and_scored_on_ds2(
    tried, bars, clock, compared, tmp_path, quick, seeds, every
):
    outcome = baselines.run(tmp_path, quick=quick)
    some, others = (compared[name][::every] for name in ("DS1", "DS2"))
    tables = {"DS1": baselines.features(some), "DS2": baselines.features(others)}
    made = [FORMS[name][form] for name in FORMS for form in FORMS[name]]
    assert [make for make, _, _ in tried.chosen] == made
    for _, table, heartbeats in tried.chosen:
        assert np.array_equal(table, tables["DS1"]) and heartbeats.sha256 == some.sha256
    best = [FORMS[name][form] for name, form in BETTER.items()]
    assert [(make, seed) for make, *_, seed in tried.final] == list(itertools.product(best, seeds))
    for _, given, training, test, _ in tried.final:
        assert given.keys() == tables.keys()
        assert all(np.array_equal(given[name], tables[name]) for name in tables)
        assert (training.sha256, test.sha256) == (some.sha256, others.sha256)

    seconds = iter(lasted(len(tried.chosen) + len(tried.final)))
    candidates, final = {}, {}
    for name in FORMS:
        for form in FORMS[name]:
            macro = 0.7 + 0.1 * (BETTER[name] == form)
            candidates[f"{name}, {form}"] = {
                "scores": {"macro_f1": macro, "made by": FORMS[name][form]},
                "seconds": next(seconds),
            }
        make = FORMS[name][BETTER[name]]
        scored = [
            {
                "scores": {"macro_f1": 0.6, "made by": make, "seed": seed},
                "seconds": next(seconds),
            }
            for seed in seeds
        ]
        final[name] = {"form": BETTER[name], "DS2": scored}
    assert outcome["DS1 out of fold"] == candidates
    always_n = crossval.account(others, np.zeros(len(others), int))
    assert outcome["final"] == final | {"always N": {"form": "no features", "DS2": [always_n]}}
    assert outcome["seconds"] == sum(lasted(len(tried.chosen) + len(tried.final)))

    assert (outcome["experiment"], bars) == ("baselines", ["baselines"])
    assert outcome["command"] == "python -m ecglab experiment baselines" + " --quick" * quick
    assert outcome["seeds"] == seeds
    hashes = {"DS1": some.sha256, "DS2": others.sha256}
    assert outcome["recordings"] == {"simulated": some.simulated, **hashes}
    assert outcome["recipe"] == baselines.RECIPE.to_json()
    assert tried.loaded == [baselines.RECIPE] * 2


def test_a_run_of_baselines_is_kept_with_what_it_was_made_of(tried, compared, tmp_path):
    outcome = baselines.run(tmp_path)
    settings = {"recipe": baselines.RECIPE.to_json(), "every": 1}
    hashes = {name: some.sha256 for name, some in compared.items()}
    names = set()
    for name, forms in FORMS.items():
        for form in forms:
            path = tmp_path / f"ds1-{name}-{form}.json".replace(" ", "_")
            assert kept(path) == (settings, {"DS1": hashes["DS1"]})
            names.add(path.name)
        for seed in baselines.SEEDS:
            path = tmp_path / f"ds2-{name}-{seed}.json".replace(" ", "_")
            assert kept(path) == (settings | {"form": BETTER[name]}, hashes)
            names.add(path.name)
    assert written(tmp_path) == {name.replace(" ", "_") for name in names}
    tried.chosen.clear()
    tried.final.clear()
    assert baselines.run(tmp_path) == outcome
    assert tried.chosen == tried.final == []


def test_another_choice_of_form_is_not_scored_by_the_last_ones_beats(tried, tmp_path):
    baselines.run(tmp_path, quick=True)
    better = tmp_path / "ds1-a_forest-more_told.json"
    noted = json.loads(better.read_text())
    noted["outcome"]["scores"]["macro_f1"] = 0.99
    better.write_text(json.dumps(noted))
    with pytest.raises(ValueError, match="was made with another form"):
        baselines.run(tmp_path, quick=True)


class Remembering:
    """A classifier that calls V what stands below the mean of the beats it was taught."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, table, labels):
        self.table, self.labels = table, labels
        return self

    def predict(self, table):
        return np.where(table[:, 1] < self.table[:, 1].mean(), 2, 0)


def test_a_final_baseline_learns_ds1_and_calls_ds2(compared):
    training, test = compared["DS1"], of_twelve(compared["DS2"])
    tables = {name: baselines.features(some) for name, some in compared.items()}
    made = []

    def make(seed):
        made.append(Remembering(seed))
        return made[-1]

    account = baselines._final(make, tables, training, test, 3)
    (classifier,) = made
    assert classifier.seed == 3
    assert classifier.table is tables["DS1"] and classifier.labels is training.labels
    called = classifier.predict(tables["DS2"])
    assert account == crossval.account(test, called, 3)
    assert account != crossval.account(test, called), "the seed counts"


def test_a_baseline_is_chosen_by_people_whom_it_has_not_seen(compared, monkeypatch):
    some = compared["DS1"]
    table = baselines.features(some)
    folds = in_halves(monkeypatch)
    made = []

    def make(seed):
        made.append(Remembering(seed))
        return made[-1]

    account = baselines._out_of_fold(make, table, some)
    called = np.zeros(len(some), int)
    for turn, classifier in enumerate(made):
        assert classifier.seed == 0
        assert np.array_equal(classifier.table, table[1 - turn :: 2])
        assert np.array_equal(classifier.labels, some.labels[1 - turn :: 2])
        called[turn::2] = classifier.predict(table[turn::2])
    assert len(made) == 2 and folds == [(some, 0)]
    assert account == crossval.account(some, called)


@pytest.mark.parametrize("every", [1, 20])
def test_a_trained_baseline_is_of_the_recorded_form(compared, monkeypatch, every):
    recorded = {"baselines": {"final": {"boosting": {"form": "more told"}}}}
    forms = {"boosting": {"less told": pytest.fail, "more told": Remembering}}
    asked = []

    def load(recipe, names):
        asked.append((recipe, names))
        return compared[names]

    monkeypatch.setattr(Recipe, "load", load)
    monkeypatch.setattr(experiments, "recorded", recorded.__getitem__)
    monkeypatch.setattr(baselines, "FORMS", forms)
    trees = baselines.trained("boosting", *([every] if every > 1 else []))
    training = compared["DS1"][::every]
    assert asked == [(baselines.RECIPE, "DS1")]
    assert trees.seed == baselines.SEEDS[0]
    assert np.array_equal(trees.table, baselines.features(training))
    assert np.array_equal(trees.labels, training.labels)


@pytest.mark.parametrize(
    "call",
    [
        lambda folder: baselines.trained("boosting"),
        lambda folder: resnet50.trained(resnet50.RECIPE, 0, folder),
        lambda folder: context._trees(baselines.RECIPE, folder, 0, 0, 1),
        lambda folder: crossval.out_of_fold(resnet50.RECIPE, folder),
    ],
    ids=["a baseline", "a network", "trees out of fold", "networks out of fold"],
)
def test_what_trains_on_ds1_refuses_beats_of_ds2(compared, monkeypatch, tmp_path, call):
    monkeypatch.setattr(Recipe, "load", lambda recipe, names: compared["DS2"])
    monkeypatch.setattr(Recipe, "build", lambda *given: pytest.fail("a network is built"))
    with pytest.raises(ValueError, match="records 100, 103, 200 belong to DS2"):
        call(tmp_path)


@pytest.mark.parametrize(
    ("name", "form"), [(name, form) for name, forms in baselines.FORMS.items() for form in forms]
)
def test_a_form_sees_the_columns_that_it_names(name, form):
    chosen, *_, classifier = baselines.FORMS[name][form](7).named_steps.values()
    table = np.arange(200.0).reshape(2, 100)
    rr = len(baselines.RECIPE.rr)
    columns = rr if form == "RR" else 100 if "difference" in form else rr + 12
    assert np.array_equal(chosen.fit_transform(table), table[:, :columns])
    if name == "nearest neighbour":
        _, (scaler, neighbours) = baselines.FORMS[name][form](7).named_steps.values()
        assert scaler.fit_transform(table).tolist()[0] == [-1] * 100
        assert neighbours.n_neighbors == 1
        return
    assert classifier.random_state == 7
    assert classifier.class_weight == (None if "as they come" in form else "balanced")


# ---------------------------------------------------------------------------
# resnet50

TEST = ("202", "100", "103")
FIRST, SECOND = "image and RR", "image alone"
RECIPES = {FIRST: resnet50.RECIPE, SECOND: replace(resnet50.RECIPE, rr=())}


@pytest.fixture
def scored(monkeypatch):
    """Let every network call beats by chance; note what it is given and what it says."""
    noted = types.SimpleNamespace(asked=[], said={})
    monkeypatch.setattr(records, "DS1", ("119",))
    monkeypatch.setattr(records, "DS2", TEST)
    monkeypatch.setattr(records, "load", functools.cache(records.load))

    def one(recipe, seed, test, folder):
        noted.asked.append((recipe, seed, test, folder))
        count = sum(len(records.load(name).samples) for name in test)
        probabilities = by_chance(count, len(noted.asked))
        folder.mkdir()
        runs.write_array(folder / resnet50.PROBABILITIES, probabilities)
        noted.said[folder] = probabilities.argmax(axis=1)
        return {"annotated beats": {"scores": {"macro_f1": len(noted.asked) / 100}}}

    monkeypatch.setattr(resnet50, "_one", one)
    return noted


def by_rhythm(test, said):
    """Return the confusion matrix of each rhythm."""
    each = [records.load(name) for name in test]
    labels = np.concatenate([beats.labels_of(record.symbols) for record in each])
    rhythms = np.concatenate([record.rhythms for record in each])
    matrices = {}
    for name in sorted(set(rhythms.tolist())):
        its = rhythms == name
        matrices[name] = evaluate.confusion(labels[its], said[its]).tolist()
    return matrices


def test_every_recipe_is_scored_with_every_seed(scored, bars, clock, tmp_path):
    outcome = resnet50.score("the name", RECIPES, tmp_path, False)
    expected = list(itertools.product(RECIPES, resnet50.SEEDS))
    assert scored.asked == [
        (RECIPES[label], seed, TEST, resnet50.place_of(tmp_path, label, seed))
        for label, seed in expected
    ]
    for number, (one, seconds) in enumerate(zip(outcome["outcomes"], lasted(6), strict=True)):
        label, seed = expected[number]
        said = scored.said[resnet50.place_of(tmp_path, label, seed)]
        assert one == {
            "recipe": label,
            "seed": seed,
            "annotated beats": {"scores": {"macro_f1": (number + 1) / 100}},
            "by rhythm": by_rhythm(TEST, said),
            "seconds": seconds,
        }
        assert len(one["by rhythm"]) > 1
    assert outcome["seconds"] == sum(lasted(6))
    assert (outcome["experiment"], bars) == ("the name", ["the name"])
    assert outcome["command"] == "python -m ecglab experiment the name"
    assert outcome["seeds"] == [0, 1, 2]
    used = {"DS1": beats.load(["119"]), "DS2": beats.load(TEST)}
    hashes = {name: some.sha256 for name, some in used.items()}
    assert outcome["recordings"] == {"simulated": used["DS1"].simulated, **hashes}
    assert outcome["recipes"] == {label: recipe.to_json() for label, recipe in RECIPES.items()}
    for recipe, seed, _, place in scored.asked:
        settings = {"recipe": recipe.to_json(), "seed": seed, "test": list(TEST)}
        assert kept(place / "outcome.json") == (settings, hashes)
    scored.asked.clear()
    assert resnet50.score("the name", RECIPES, tmp_path, False) == outcome
    assert scored.asked == [], "what was kept is not made again"


def test_a_trial_scores_the_first_recipe_on_two_records(scored, tmp_path):
    outcome = resnet50.score("the name", RECIPES, tmp_path, True)
    small = replace(resnet50.RECIPE, epochs=1, steps=3, size=32, width=4)
    place = resnet50.place_of(tmp_path, FIRST, 0)
    assert scored.asked == [(small, 0, TEST[:2], place)]
    (one,) = outcome["outcomes"]
    assert (one["recipe"], one["seed"]) == (FIRST, 0)
    assert one["by rhythm"] == by_rhythm(TEST[:2], scored.said[place])
    assert outcome["recipes"] == {FIRST: small.to_json()}
    assert outcome["seeds"] == [0]
    assert outcome["command"] == "python -m ecglab experiment the name --quick"
    assert outcome["recordings"]["DS2"] == beats.load(TEST[:2]).sha256
    with pytest.raises(ValueError, match=r"was made with another .*size, .*test"):
        resnet50.score("the name", RECIPES, tmp_path, False)


def test_a_network_has_its_place():
    place = resnet50.place_of(Path("out folder"), "voltages and RR, 1-D", 2)
    assert place == Path("out folder/voltages_and_RR,_1-D-2")


@pytest.mark.parametrize("choice", [{}, {"quick": True}])
def test_resnet50_scores_its_own_recipes(tmp_path, monkeypatch, choice):
    monkeypatch.setattr(resnet50, "score", lambda *given: given)
    expected = ("resnet50", resnet50.RECIPES, tmp_path, bool(choice))
    assert resnet50.run(tmp_path, **choice) == expected


def test_a_trained_network_is_what_would_ship(few, tmp_path, monkeypatch):
    """Its weights are rounded to 16 bits after the bias is corrected, in the file and in it."""
    recipe = replace(resnet50.RECIPE, steps=7)
    done = []

    def load(recipe, names):
        done.append(("load", recipe, names))
        return few

    def build(recipe, seed):
        done.append(("build", recipe, seed))
        return Weights()

    def fit(model, heartbeats, **learning):
        done.append(("fit", heartbeats, learning))
        model.add(0.1)
        return pd.DataFrame({"loss": [0.1234567], "accuracy": [0.7654321]})

    def correct_bias(recipe, model, heartbeats):
        done.append(("correct", recipe, heartbeats))
        model.add(1 / 7)

    times = iter([100.2, 103.9])
    clock = types.SimpleNamespace(perf_counter=lambda: next(times))
    monkeypatch.setattr(Recipe, "load", load)
    monkeypatch.setattr(Recipe, "build", build)
    monkeypatch.setattr(Recipe, "correct_bias", correct_bias)
    monkeypatch.setattr(train, "fit", fit)
    monkeypatch.setattr(resnet50, "time", clock)
    place = tmp_path / "new" / "place"
    model, about = resnet50.trained(recipe, 3, place)
    assert done == [
        ("load", recipe, "DS1"),
        ("build", recipe, 3),
        ("fit", few, recipe.training | {"folder": place, "seed": 3}),
        ("correct", recipe, few),
    ]
    expected = Weights()
    expected.add(0.1)
    expected.add(1 / 7)
    with np.load(place / resnet50.WEIGHTS) as stored:
        written = [stored[name] for name in stored.files]
    for exact, short, own in zip(expected.weights, written, model.weights, strict=True):
        assert short.dtype == np.float16 and np.array_equal(short, exact.astype(np.float16))
        assert own.dtype == np.float32 and np.array_equal(own, short)
        assert not np.array_equal(own, exact)
    assert about == {
        "history": {"loss": [0.12346], "accuracy": [0.76543]},
        "training seconds": 4,
    }


def test_a_network_is_trained_again_in_a_folder_that_is_there(few, tmp_path, monkeypatch):
    monkeypatch.setattr(Recipe, "load", lambda *given: few)
    monkeypatch.setattr(Recipe, "build", lambda *given: Weights())
    monkeypatch.setattr(Recipe, "correct_bias", lambda *given: None)
    monkeypatch.setattr(train, "fit", lambda *given, **learning: pd.DataFrame({"loss": [0.5]}))
    for _ in range(2):
        resnet50.trained(resnet50.RECIPE, 0, tmp_path)
    assert written(tmp_path) == {resnet50.WEIGHTS}


def test_one_network_is_scored_on_annotated_and_on_detected_beats(few, tmp_path, monkeypatch):
    recipe = resnet50.RECIPE
    test = of_twelve(few)
    probabilities = by_chance(len(test), 0)
    asked = []

    def trained(*given):
        asked.append(("trained", *given))
        return "the network", {"history": {"loss": [0.5]}, "training seconds": 1}

    def predict(*given):
        asked.append(("predict", *given))
        return test, probabilities

    def detected(*given):
        asked.append(("detected", *given))
        return {"table": "of detected beats"}

    monkeypatch.setattr(resnet50, "trained", trained)
    monkeypatch.setattr(shipped, "predict", predict)
    monkeypatch.setattr(resnet50, "_detected", detected)
    outcome = resnet50._one(recipe, 3, TEST, tmp_path)
    assert asked == [
        ("trained", recipe, 3, tmp_path),
        ("predict", "the network", recipe, TEST),
        ("detected", "the network", recipe, TEST),
    ]
    assert np.array_equal(np.load(tmp_path / resnet50.PROBABILITIES), probabilities)
    called = probabilities.argmax(axis=1)
    assert outcome == {
        "history": {"loss": [0.5]},
        "training seconds": 1,
        "annotated beats": resnet50.conventions(test, called, 3),
        "detected beats": {"table": "of detected beats"},
    }
    intervals = outcome["annotated beats"]["intervals"]
    assert intervals == crossval.account(test, called, 3)["intervals"]
    assert intervals != crossval.account(test, called)["intervals"], "the seed counts"


def test_a_network_sees_what_the_detector_finds_and_no_symbol_or_rhythm(monkeypatch):
    """In an unreadable stretch found beats are counted apart, by what they are called."""
    span = (150_000, 160_000)
    first, second = records.load("208"), records.load("202")
    readable = (first.samples < span[0] - 60) | (first.samples > span[1] + 60)
    first = replace(
        first,
        samples=first.samples[readable],
        symbols=first.symbols[readable],
        rhythms=first.rhythms[readable],
        episodes=np.array([("unreadable", *span)], records.EPISODE),
    )
    each = {"208": first, "202": second}
    recipe = replace(resnet50.RECIPE, zoom=(0.2, 0.3))
    seen, shown = [], []

    def cut(recipe, record):
        seen.append((recipe, record))
        return beats.segment(record, leads="MLII")

    def predict(model, heartbeats, zoom):
        shown.append((model, heartbeats.samples, zoom))
        return np.eye(5)[heartbeats.samples % 5]

    monkeypatch.setattr(records, "load", each.__getitem__)
    monkeypatch.setattr(Recipe, "cut", cut)
    monkeypatch.setattr(train, "predict", predict)
    outcome = resnet50._detected("the network", recipe, ("208", "202"))

    found = {name: beats.detect(record.lead("MLII"), record.fs) for name, record in each.items()}
    for (by, record), (model, samples, zoom), name in zip(seen, shown, each, strict=True):
        assert (by, model, zoom) == (recipe, "the network", (0.2, 0.3))
        assert np.array_equal(record.samples, found[name])
        assert np.array_equal(samples, found[name])
        assert set(record.symbols.tolist()) == {"N"} and len(record.rhythms) == 0
        assert record.name == name and record.signal is each[name].signal

    in_span = found["208"][(found["208"] >= span[0]) & (found["208"] <= span[1])]
    apart = np.bincount(in_span % 5, minlength=5)
    assert apart.sum() > 10
    assert outcome["unreadable"]["208"] == apart.tolist()
    expected = {
        name: evaluate.beat_by_beat(
            record.samples,
            record.symbols,
            found[name],
            np.array(list("NSVFQ"))[found[name] % 5],
            record.fs,
            episodes=record.episodes,
        )
        for name, record in each.items()
    }
    assert outcome["per record"] == {name: one.matrix.tolist() for name, one in expected.items()}
    assert outcome["unreadable"] == {
        name: one.unreadable.tolist() for name, one in expected.items()
    }
    together = sum(one.matrix for one in expected.values())
    extra = together[5].sum() + sum(one.unreadable.sum() for one in expected.values())
    right, missed = together[:5, :5].sum(), together[:5, 5].sum()
    table = outcome["table"]
    assert list(table) == ["QRS", "S", "V"]
    assert [table["QRS"][name] for name in ("TP", "FN", "FP")] == [right, missed, extra]
    assert table["QRS"]["+P"] == round(right / (right + extra), 6)
    assert table["V"]["TP"] == together[2, 2]
    assert table["V"]["Se"] == round(together[2, 2] / together[2].sum(), 6)


# ---------------------------------------------------------------------------
# crossval


@pytest.fixture
def folded(monkeypatch, few):
    """Let networks call the beats of two folds by the sum of their weights."""
    noted = types.SimpleNamespace(
        built=[], loaded=[], taught=[], zooms=[], folds=in_halves(monkeypatch)
    )

    def load(recipe, names):
        noted.loaded.append((recipe, names))
        return few

    def build(recipe, seed):
        noted.built.append(seed)
        return Weights()

    def fit(model, heartbeats, *, say, **learning):
        assert say("epoch 1") is None
        noted.taught.append((heartbeats.sha256, learning))
        model.add(0.1)

    def predict(model, heartbeats, zoom):
        noted.zooms.append(zoom)
        of_all = sum(one.sum() for one in model.weights)
        belief = np.full((len(heartbeats), 5), of_all, np.float32)
        belief[np.arange(len(heartbeats)), heartbeats.labels] += 1
        belief[::4] = belief[::4, ::-1]
        return belief

    monkeypatch.setattr(Recipe, "load", load)
    monkeypatch.setattr(Recipe, "build", build)
    monkeypatch.setattr(train, "fit", fit)
    monkeypatch.setattr(train, "predict", predict)
    return noted


FOLDED = replace(resnet50.RECIPE, zoom=(0.2, 0.3))


def test_each_fold_is_learned_anew_and_called_by_its_own_network(folded, few, tmp_path):
    lines = []
    heartbeats, called = crossval.out_of_fold(FOLDED, tmp_path, 3, lines.append, 2, 4)
    some = few[::4]
    assert heartbeats.sha256 == some.sha256 and folded.loaded == [(FOLDED, "DS1")]
    assert [(one.sha256, partition) for one, partition in folded.folds] == [(some.sha256, 2)]
    learning = FOLDED.training | {"seed": 3}
    assert folded.taught == [(some[1 - turn :: 2].sha256, learning) for turn in (0, 1)]
    assert folded.zooms == [FOLDED.zoom] * 2
    assert folded.built == [3], "compiling takes long: one network is set back for every fold"
    learned = Weights()
    learned.add(0.1)
    expected = np.zeros((len(some), 5), np.float32)
    for turn in (0, 1):
        expected[turn::2] = train.predict(learned, some[turn::2], FOLDED.zoom)
        with np.load(tmp_path / f"fold{turn}.npz") as stored:
            for name, weight in zip(stored.files, learned.weights, strict=True):
                assert np.array_equal(stored[name], weight)
    assert called.dtype == np.float32 and np.array_equal(called, expected)
    right = called.argmax(axis=1) == some.labels
    assert lines == [f"fold {turn + 1}/5  accuracy {right[turn::2].mean():.3f}" for turn in (0, 1)]


def test_a_fold_that_is_there_is_not_learned_again(folded, few, tmp_path):
    before = crossval.out_of_fold(FOLDED, tmp_path, say=len)[1]
    folded.taught.clear()
    otherwise_corrected = replace(FOLDED, correct=("S",))
    after = crossval.out_of_fold(otherwise_corrected, tmp_path, say=len)[1]
    assert folded.taught == [] and np.array_equal(before, after)
    settings, hashes = kept(tmp_path / "recipe.json")
    recipe = FOLDED.to_json()
    del recipe["correct"]
    assert settings == {"recipe": recipe, "seed": 0, "partition": 0}
    assert hashes == {"DS1": few.sha256}


@pytest.mark.parametrize(
    ("change", "message"),
    [({"seed": 1}, "seed"), ({"partition": 1}, "partition"), ({"every": 2}, "beats")],
)
def test_folds_of_another_run_are_refused(folded, tmp_path, change, message):
    crossval.out_of_fold(FOLDED, tmp_path, say=len)
    with pytest.raises(ValueError, match=f"was made with another {message}"):
        crossval.out_of_fold(FOLDED, tmp_path, say=len, **change)


def test_boosted_trees_do_not_stop_early():
    """What would be held out to stop them is of the same people."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(120, 3))
    labels = rng.integers(2, size=120)  # nothing to be learnt: early stopping would come soon
    trees = baselines._boosting(0).fit(table, labels)
    assert trees.n_iter_ == 100
