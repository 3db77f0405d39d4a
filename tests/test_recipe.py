"""A recipe is the same wherever it goes, and beats are cut as it says."""

import dataclasses
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from ecglab import beats, experiments, models, records, rhythm, shipped
from ecglab.backend import keras
from ecglab.batches import AUGMENTATION
from ecglab.experiments import ablation, baselines, final, floor, full_width, resnet50
from ecglab.recipe import Recipe, of_fit

RECIPES = {
    **resnet50.RECIPES,
    "floor": floor.RECIPE,
    "full width": full_width.RECIPE,
    "baselines": baselines.RECIPE,
    **{name: dataclasses.replace(ablation.SHORT, **own) for name, own in ablation.VARIANTS.items()},
}
#: All that can be told of the rhythm around a beat.
CONTEXT = rhythm.AROUND

#: Another value for each field.
OTHERS = {
    "leads": ("V1",),
    "before": 0.3,
    "after": 0.3,
    "highpass": None,
    "escape": "S",
    "show": ("difference",),
    "rr": ("next / previous",),
    "context": ("P height",),
    "reads": "voltages",
    "size": (32, 64),
    "zoom": (0.1, 0.2),
    "width": None,
    "epochs": 1,
    "steps": 1,
    "batch": 1,
    "rate": 1.0,
    "decay": 1.0,
    "average": 0.5,
    "balance": 1.0,
    "record_balance": 1.0,
    "augment": None,
    "correct": ("F",),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_json(name):
    text = json.dumps(RECIPES[name].to_json(), allow_nan=False)
    back = Recipe.from_json(json.loads(text))
    assert back == RECIPES[name] and back.digest == RECIPES[name].digest


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Recipe)])
def test_every_field_counts(name):
    other = dataclasses.replace(Recipe(), **{name: OTHERS[name]})
    assert other != Recipe() and other.digest != Recipe().digest
    assert Recipe.from_json(json.loads(json.dumps(other.to_json()))) == other


def test_a_recipe_without_context_reads_as_before_there_was_any():
    """Outcomes and run folders of then are known again: by their recipe and by its hash."""
    recorded = experiments.recorded("resnet50")["recipes"]
    for name, written in recorded.items():
        assert Recipe.from_json(written).context == () and "context" not in written, name
    assert "context" not in Recipe().to_json()
    told = dataclasses.replace(resnet50.RECIPE, context=CONTEXT)
    assert told.to_json()["context"] == list(CONTEXT) and told != resnet50.RECIPE


def test_a_recipe_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().size = 32
    amounts = dict(AUGMENTATION)
    recipe = Recipe(augment=amounts)
    amounts["gain"] = 9
    assert recipe.training["augment"] == AUGMENTATION
    recipe.training["augment"]["gain"] = 9
    assert recipe.training["augment"] == AUGMENTATION


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recipe(reads="pictures"), "reads is 'pictures'; it may be 'images' or 'voltages'"),
        (lambda: Recipe.from_json({"depth": 50}), "a recipe has no 'depth'; it has leads, before"),
        (lambda: Recipe(show="both").load("100"), "show is .'both',.; it may hold beat, typical"),
        (lambda: Recipe(rr="next (s)").load("100"), "are not RR features without a unit"),
        (
            lambda: Recipe(context="P").load("100"),
            r".'P'. do not tell of the rhythm around .*irregu",
        ),
        (lambda: Recipe(context=["P height"] * 2).load("100"), "context name P height more than"),
        (lambda: Recipe(before=0.1, context="P height").load("100"), "P waves need those 0.2 to"),
        (lambda: Recipe(escape="Q").load("100"), "escape is 'Q'; it may be 'N' or 'S'"),
        (lambda: Recipe(leads="V9").load("100"), "has no lead 'V9'"),
        (lambda: Recipe(width=None).build(), "width is None: this recipe was made for another"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_beats_know_how_they_were_cut():
    """What goes with them is what the recipe says: from the beats alone it can be told again."""
    recipe = Recipe(
        leads=("MLII", "V1|V5"),
        before=0.2,
        after=0.4,
        highpass=None,
        escape="S",
        show=("typical", "difference"),
        rr=("next / previous",),
        context=("P likeness", "irregularity within 5", "previous / median within 15"),
        size=32,
    )
    heartbeats = recipe.load(["100"])
    model = models.cifar_net(8, (32, 32, 4), 5, width=2, features=5)
    told = of_fit(model, heartbeats, recipe.training)
    assert told == dataclasses.replace(recipe, width=None)
    again = told.load(["100"])
    assert np.array_equal(again.windows, heartbeats.windows) and again.about == heartbeats.about


def test_the_network_fits_the_beats():
    for recipe in (
        Recipe(leads=("MLII", "V5"), show=("beat", "difference"), size=32, width=4),
        Recipe(size=(32, 48), width=4, rr=("next / previous",)),
        Recipe(leads=("MLII", "V5"), show="difference", size=32, width=4, context=CONTEXT),
        Recipe(reads="voltages", width=4),
    ):
        heartbeats = recipe.load(["100"])
        model = recipe.build(seed=0, fs=heartbeats.fs)
        assert model.inputs[0].shape[-1] == heartbeats.windows.shape[2]
        if recipe.reads == "voltages":
            assert model.inputs[0].shape[1] == heartbeats.windows.shape[1]
        else:
            assert len(model.inputs) == 1 + bool(recipe.rr or recipe.context)
        if len(model.inputs) > 1:
            assert model.inputs[1].shape[1] == heartbeats.rr.shape[1] == len(heartbeats.rr_names)


def test_people_of_another_database_join_those_of_mitdb():
    recipe = Recipe(leads=("MLII", "V1"), reads="voltages", width=4)
    own = records.load("811", "svdb")
    assert recipe.cut(own).fs == own.fs == 128.0
    heartbeats = recipe.load(["811"], "svdb")
    assert len(heartbeats) == len(own.samples) and heartbeats.fs == 360.0
    assert np.array_equal(heartbeats.symbols, own.symbols)
    expected = own.samples * 360 / 128
    assert np.abs(heartbeats.samples - expected).max() <= 0.5
    peak = heartbeats.windows[:, 90, 0]  # the annotated sample, a quarter of a second on
    same = beats.segment(own, leads=["ECG1"]).windows[:, 32, 0]
    assert peak == pytest.approx(same, abs=1e-4)
    both = beats.concatenate([recipe.load(["101"]), heartbeats])
    assert both.windows.shape[1:] == recipe.build(seed=0).inputs[0].shape[1:]


def test_leads_of_other_records_keep_their_names():
    """Of svdb's two leads each stands for one of mitdb's, whatever else there may be."""
    record = records.load("811", "svdb")
    recipe = Recipe(leads=("MLII",), reads="voltages", width=4)
    third = dataclasses.replace(
        record, signal=record.signal[:, [0, 1, 0]], leads=("ECG1", "ECG2", "X")
    )
    assert np.array_equal(recipe.cut(third).windows, recipe.cut(record).windows)
    named = dataclasses.replace(recipe, leads=("X",)).cut(third)
    assert np.array_equal(named.windows, recipe.cut(record).windows)
    own = dataclasses.replace(record, database="my own", leads=("MLII", "V1"))
    assert np.array_equal(recipe.cut(own).windows, recipe.cut(record).windows)
    with pytest.raises(ValueError, match="has no lead 'MLII'"):
        recipe.cut(dataclasses.replace(record, database="my own"))


def test_a_seed_makes_the_weights():
    recipe = Recipe(reads="voltages", width=2)
    one, same, other = (recipe.build(seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_beats_cut_otherwise_are_not_joined():
    whole = beats.load(["100"])
    shown = beats.against_typical(whole, "beat")
    typical = beats.against_typical(whole, "typical")
    same_leads = dataclasses.replace(typical, leads=whole.leads)
    one_feature = beats.log_rr(whole, ["next / previous"])
    for name, other in {"leads": typical, "show": same_leads, "rr_names": one_feature}.items():
        with pytest.raises(ValueError, match=f"can't be joined: {name} is"):
            beats.concatenate([shown, other])


def test_equal_recipes_are_equal_whatever_their_numbers_are_of():
    plain = Recipe(size=32, epochs=3, decay=0.0, zoom=(0.25, 0.35))
    other = Recipe(
        size=np.int64(32), epochs=np.int32(3), decay=0, zoom=[np.float64(0.25), 0.35], leads="MLII"
    )
    assert other == plain and hash(other) == hash(plain) and other.digest == plain.digest
    assert pickle.loads(pickle.dumps(plain)) == plain


@pytest.mark.parametrize("names", [beats.RR_NAMES, beats.RR_NAMES[4:6]])
def test_features_that_are_no_logarithms_are_not_cut_as_logarithms(names):
    heartbeats = beats.load(["100"])
    columns = [beats.RR_NAMES.index(name) for name in names]
    raw = dataclasses.replace(heartbeats, rr=heartbeats.rr[:, columns], rr_names=names)
    model = models.cifar_net(8, (32, 32, 1), 5, width=2, features=len(names))
    with pytest.raises(ValueError, match="are not RR features without a unit"):
        of_fit(model, raw, {}).load(["100"])


def test_a_lead_may_be_called_as_it_likes():
    heartbeats = dataclasses.replace(beats.load(["100"]), leads=("ECG beat",))
    model = models.cifar_net(8, (32, 32, 1), 5, width=2)
    assert of_fit(model, heartbeats, {}).leads == ("ECG beat",)
    with pytest.raises(ValueError, match=r"show is \(\); each is shown for as many of 1 leads"):
        dataclasses.replace(heartbeats, show=())


def test_the_shipped_network_has_the_recorded_recipe():
    _, recipe = shipped.load()
    assert recipe == final.RECIPES[shipped.TWO]
    _, single = shipped.load(shipped.ONE)
    assert single == final.RECIPES[shipped.ONE]


@pytest.mark.parametrize(
    "own",
    [
        {"highpass": 1.0, "rr": ("next / previous",), "steps": 7, "average": 0.5},
        {"rr": ("change of last 10 / median of last 10", "previous / record mean")},
        {"size": (32, 64), "leads": ("MLII", "V5"), "escape": "S", "highpass": None},
        {"reads": "voltages", "rr": ("next / previous",), "before": 0.3, "augment": None},
        {"show": ("difference",), "context": ("P height",), "balance": 0.25, "zoom": (0.2, 0.3)},
    ],
)
def test_a_fit_tells_the_recipe_by_which_it_was_made(own):
    recipe = Recipe(**{"size": 32, "width": 4, **own})
    told = of_fit(recipe.build(seed=0), recipe.load(["100"]), recipe.training)
    if recipe.reads == "voltages":
        recipe = dataclasses.replace(recipe, size=Recipe.size)
    assert told == dataclasses.replace(recipe, width=None)


def test_a_network_without_numbers_is_told_none():
    recipe = Recipe(size=32, width=4)
    heartbeats = dataclasses.replace(recipe, rr=("next / previous",)).load(["100"])
    assert of_fit(recipe.build(seed=0), heartbeats, {}).rr == ()


def test_context_knows_where_the_rhythm_breaks_off():
    """Across an episode the time from one beat to the next is no interval of the rhythm."""
    record = records.load("100")
    onset, offset = record.samples[[100, 101]]
    flutter = np.array([("flutter", onset + 1, offset)], records.EPISODE)
    recipe = Recipe(context=("next / median within 5",))
    before = recipe.cut(record).rr[:, -1]
    after = recipe.cut(dataclasses.replace(record, episodes=flutter)).rr[:, -1]
    assert after[100] == 0 != before[100]
    assert np.array_equal(before[:90], after[:90]) and np.array_equal(before[120:], after[120:])


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"highpass": "fast"}, "highpass is 'fast'; give a finite number"),
        ({"steps": 2.5}, "steps is 2.5; give a whole number"),
        ({"rate": "quick"}, "rate is 'quick'"),
        ({"width": 2.5}, "^width is 2.5; give a whole number"),
        ({"zoom": (0.1, "wide")}, "^zoom is 'wide'; give a finite number"),
        ({"size": (32, 2.5)}, "^size is 2.5; give a whole number"),
    ],
)
def test_what_is_no_number_is_named(own, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**own)


def test_numbers_of_one_recipe_are_of_one_kind():
    recipe = Recipe(highpass=1, before=np.float32(0.25), steps=np.int64(7))
    assert recipe == Recipe(highpass=1.0, before=0.25, steps=7)
    assert type(recipe.highpass) is type(recipe.before) is float and type(recipe.steps) is int
    assert Recipe(decay=np.inf).decay == np.inf, "what it means, train.fit says"
    plain = Recipe(width=np.int64(4), size=np.array([32, 48]), zoom=(np.float32(0.25), 1))
    assert type(plain.width) is int and plain.size == (32, 48)
    assert plain.zoom == (0.25, 1.0) and {type(side) for side in plain.zoom} == {float}
    assert type(Recipe(size=np.array([32])).size) is int


def test_recipes_are_told_apart_by_their_hash():
    recipes = [Recipe(), Recipe(size=32), Recipe(rr=("next / previous",))]
    assert len({hash(one) for one in recipes}) == 3
    assert hash(Recipe(size=32)) == hash(recipes[1])


# --- the shares of the classes ----------------------------------------------------------------


@pytest.fixture(scope="module")
def ds1():
    return beats.load("DS1")


def test_a_correction_turns_balanced_calls_into_bayes(ds1):
    """Where nothing but the batches' shares was learnt, the corrected call is the world's share."""
    drawn = np.bincount(ds1.labels, minlength=5) ** 0.5  # balance is 0.5
    inputs = keras.Input((1,))
    logits = keras.layers.Dense(5, kernel_initializer="zeros", name="logits")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax()(logits))
    model.get_layer("logits").bias.assign(np.log(drawn))
    Recipe(balance=0.5, correct=beats.CLASSES).correct_bias(model, ds1)
    called = np.asarray(model(np.zeros((1, 1)))).ravel()
    assert called == pytest.approx(np.bincount(ds1.labels) / len(ds1), rel=1e-5)


def test_a_correction_leaves_the_other_classes_alone(ds1):
    recipe = Recipe(balance=0.5, correct=("F", "Q"))
    counts = np.bincount(ds1.labels, minlength=5)
    common = counts / counts.sum()
    drawn = counts**0.5 / np.sum(counts**0.5)
    assert recipe.rarity(ds1) == pytest.approx([1, 1, 1, *(common / drawn)[3:]])
    assert recipe.rarity(ds1, ["S"]) == pytest.approx([1, (common / drawn)[1], 1, 1, 1])
    assert recipe.rarity(ds1, []).tolist() == [1] * 5
    evenly = counts.sum() / 5 / counts  # balance 1: all classes as often
    other = Recipe(balance=1, correct=beats.CLASSES)
    assert other.rarity(ds1) == pytest.approx(1 / evenly)
    few = ds1[ds1.labels < 4]
    assert recipe.rarity(few)[4] == 0, "what nobody has is never called"


def test_a_recipe_for_any_lead_cuts_the_beats_in_each():
    recipe = Recipe(leads="any", show="difference", context=("P height",), width=4, size=32)
    record = records.load("100")
    both = recipe.cut(record)
    count = len(record.samples)
    assert both.leads == ("any difference",) and both.rr_names[-1] == "P height in any"
    assert both.samples.tolist() == record.samples.tolist() * 2
    for column, part in enumerate((both[:count], both[count:])):
        named = Recipe(leads=record.leads[column], show="difference", context=("P height",))
        alone = named.cut(record)
        assert np.array_equal(part.windows, alone.windows)
        assert np.array_equal(part.rr, alone.rr)
        single = replace(record, leads="strip", signal=record.signal[:, [column]])
        assert np.array_equal(recipe.cut(single).windows, part.windows)
    assert recipe.build(0).inputs[0].shape == (None, 32, 32, 1)
    assert len(recipe.load(["100", "103"])) == 2 * len(beats.load(["100", "103"]))
