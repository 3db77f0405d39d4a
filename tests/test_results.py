"""The recorded outcomes are whole, and the results page says what they say."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ecglab import evaluate, experiments, records
from ecglab.experiments import tables, together
from ecglab.experiments.final import page as final
from ecglab.experiments.missed_s import page as missed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import results  # noqa: E402

SCORED = [name for name in ("floor", "resnet50", "final") if results.is_recorded(name)]


def test_page_says_what_was_recorded():
    rerun = "run: make results"
    assert results.PAGE.read_text() == results.page(), rerun


def test_every_experiment_has_its_section_and_a_place_of_its_own():
    parts = results.parts()
    assert sorted(parts) == list(experiments.NAMES)
    places = [part.PLACE for part in parts.values()]
    assert places == sorted(set(places))
    for name, part in parts.items():
        assert part.QUESTION and callable(part.fill)
        assert experiments.path_of(name).with_name("section.md").is_file()


def test_experiments_are_listed_without_being_loaded():
    code = "import sys; from ecglab import experiments; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "ecglab.experiments" in loaded
    late = {"matplotlib.pyplot", "keras", *(f"ecglab.experiments.{n}" for n in experiments.NAMES)}
    assert late & set(loaded) == set()


COIN = {
    "__init__.py": """
from ecglab import experiments

def run(folder, quick=False):
    head = experiments.header("coin", quick, [0, 1], {})
    return {**head, "seconds": 120, "heads": 0.25}
""",
    "section.md": """## `coin`: heads or tails

Heads in {heads} of the throws of {seeds} coins, within {minutes} minutes: `{command}`.
""",
    "page.py": """
import matplotlib.pyplot as plt

QUESTION = "whether a coin is fair"
PLACE = 45

def fill(outcome):
    return {"heads": f"{outcome['heads']:.2f}"}

def draw(outcome):
    figure, ax = plt.subplots()
    ax.bar(["heads", "tails"], [outcome["heads"], 1 - outcome["heads"]])
    return figure
""",
}
RUN_COIN = """
import shutil, sys

from ecglab import experiments
from ecglab.__main__ import main

sys.path.insert(0, "tools")
import results

assert main(["experiment", "coin", "--out", "runs"]) == 0
assert results.main() == 0
assert "| not run yet |" in results.PAGE.read_text().split("`coin`")[1].split("\\n")[0]
shutil.copyfile("runs/coin/outcome.json", experiments.path_of("coin"))
assert results.main() == 0
print(experiments.NAMES, experiments.recorded("coin")["heads"])
"""


@pytest.fixture
def with_a_coin(tmp_path):
    """Copy what an experiment may touch, without the outcomes, and add one folder to it."""
    for folder in ("ecglab", "tools"):
        left_out = shutil.ignore_patterns("__pycache__", "outcome.*")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "book" / "_static").mkdir(parents=True)
    coin = tmp_path / "ecglab" / "experiments" / "coin"
    coin.mkdir()
    for name, content in COIN.items():
        (coin / name).write_text(content)
    return tmp_path


def test_a_new_experiment_is_one_new_folder(with_a_coin):
    env = {**os.environ, "PYTHONPATH": str(with_a_coin)}
    command = [sys.executable, "-c", RUN_COIN]
    done = subprocess.run(
        command, cwd=with_a_coin, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    names = tuple(sorted(("coin", *experiments.NAMES)))
    assert done.stdout.splitlines()[-1] == f"{names} 0.25"
    page = (with_a_coin / "book" / "results.md").read_text()
    heading = "| [`coin`](#coin-heads-or-tails) "
    (row,) = [line for line in page.splitlines() if line.startswith(heading)]
    assert [cell.strip() for cell in row.split("|")[2:4]] == ["whether a coin is fair", "recorded"]
    assert page.endswith(
        "## `coin`: heads or tails\n\nHeads in 0.25 of the throws of 2 coins, within 2 minutes: "
        "`python -m ecglab experiment coin`.\n"
    )
    lines = [line for line in page.splitlines() if line.startswith(("| `", "| [`"))]
    rows = [line.split("`")[1] for line in lines]
    assert rows.index("variants") + 1 == rows.index("coin") == rows.index("floor") - 1
    figures = [path.name for path in (with_a_coin / "book" / "_static").iterdir()]
    assert figures == ["results-coin.png"]


def test_a_new_experiment_is_installed_with_the_package(with_a_coin):
    coin = with_a_coin / "ecglab" / "experiments" / "coin"
    (coin / "outcome.json").write_text("{}")
    (coin / "outcome.npz").write_bytes(b"")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*pip, "--no-index", "."], cwd=with_a_coin, check=True, timeout=300)
    (wheel,) = with_a_coin.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    wanted = {*COIN, "outcome.json", "outcome.npz"}
    assert wanted == {Path(n).name for n in names if n.startswith("ecglab/experiments/coin/")}
    assert not any(name.startswith(("tools", "book")) for name in names)


@pytest.mark.parametrize("name", SCORED)
def test_outcome_is_of_real_patients_and_whole(name):
    outcome = experiments.recorded(name)
    assert outcome["recordings"]["simulated"] is False
    assert len(outcome["seeds"]) >= 3
    for label in {one["recipe"] for one in outcome["outcomes"]}:
        recipe = outcome["recipes"][label]
        its = [one for one in outcome["outcomes"] if one["recipe"] == label]
        assert [one["seed"] for one in its] == outcome["seeds"]
        assert all(len(one["history"]["loss"]) == recipe["epochs"] for one in its)


@pytest.mark.parametrize("name", SCORED)
def test_scores_follow_from_the_matrices(name):
    support = [44259, 1837, 3221, 388, 7]
    for one in experiments.recorded(name)["outcomes"]:
        account = one["annotated beats"]
        assert set(account["per record"]) == set(records.DS2)
        total = sum(np.array(m) for m in account["per record"].values())
        assert total.sum(axis=1).tolist() == support
        recomputed = evaluate.Scores(total)
        assert recomputed.accuracy == pytest.approx(account["scores"]["accuracy"], abs=1e-6)
        assert recomputed.macro_f1 == pytest.approx(account["scores"]["macro_f1"], abs=1e-6)
        assert recomputed.matrix.tolist() == account["scores"]["matrix"]


@pytest.mark.parametrize("name", SCORED)
def test_intervals_hold_their_values(name):
    accounts = [one["annotated beats"] for one in experiments.recorded(name)["outcomes"]]
    table = tables.intervals_table(accounts)
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_recordings_are_those_at_hand():
    from ecglab import beats

    ds1 = beats.load("DS1")
    if ds1.simulated:
        pytest.skip("no real recordings here (ECGLAB_DATA)")
    assert ds1.sha256 == experiments.recorded("floor")["recordings"]["DS1"]


def test_the_share_of_s_beats_is_of_ds2s_records_alone():
    """Record 202 is of the man of 201, who is in DS1."""
    outcome = experiments.recorded("final")
    accounts = tables.annotated(outcome["outcomes"])
    table = final.by_record(accounts)
    shown = set(table.index) - {"all"}
    assert "202" in shown and shown < set(records.DS2)
    assert table.loc["232", "beats"] == 1382 and table.loc["all", "beats"] == 1837
    found = sum(account["scores"]["S Se"] for account in accounts) / len(accounts)
    assert table.loc["all", "value"] == pytest.approx(found, abs=1e-6)
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_the_groups_of_s_beats_add_up_to_what_the_network_that_ships_called():
    """The first seed of `final` is the one that ships, rounded to float16."""
    outcome = experiments.recorded("missed_s")
    networks = experiments.recorded("final")["outcomes"][0]
    scored = {"mitdb": networks["annotated beats"], "svdb": networks["svdb"]}
    for database, account in scored.items():
        counts = outcome["outcomes"][database]["per record"]
        assert set(counts) == set(account["per record"])
        for name, groups in counts.items():
            matrix = np.array(account["per record"][name])
            of_n = np.sum([groups[one] for one in missed.GROUPS_OF_N], axis=0)
            of_s = np.sum([groups[one] for one in missed.GROUPS_OF_S], axis=0)
            for ours, row in ((of_n, matrix[0]), (of_s, matrix[1])):
                assert ours.sum() == row.sum(), name
                assert np.abs(ours - row).max() <= 3, name


def test_a_share_over_people_is_drawn_person_by_person():
    """One of two people is always found, the other never: draws of one alone give 0 or 1."""
    drawn = missed.share_over_people(np.array([[10, 10], [0, 30]]))
    assert drawn == {"value": 0.25, "low": 0, "high": 1, "beats": 40}
    same = missed.share_over_people(np.array([[5, 10], [15, 30]]))
    assert same["low"] == same["value"] == same["high"] == 0.5


def test_a_gain_is_paired_over_people_and_can_leave_one_out():
    """Only the woman of 232 gains: she has 8 S beats, two others have 2 each."""
    hers, others = np.diag([10, 8, 10, 0, 0]), np.diag([10, 2, 10, 0, 0])
    missing = hers.copy()
    missing[1] = [8, 0, 0, 0, 0]
    ours = [{"per record": {"100": others, "202": others, "232": hers}}]
    theirs = [{"per record": {"100": others, "202": others, "232": missing}}]
    assert tables.gain(ours, theirs)["S F1"]["value"] == pytest.approx(1 - 8 / 16)
    alone = tables.gain(ours, theirs, "232")
    assert alone["S F1"] == {"value": 0, "low": 0, "high": 0}
    assert tables.gain_in_words(alone)["S F1"] == "+0.000 (+0.000 to +0.000)"
    # the person of 202 is called by another record, 201
    assert tables.gain(ours, theirs, "202")["S F1"]["value"] == pytest.approx(1 - 4 / 12)


def test_the_summary_sets_each_step_beside_the_network_that_it_changed():
    ways = together.ds2()
    assert set(together.STEPS) | set(together.STEPS.values()) <= set(ways)
    blanks = together.fill()
    gained = tables.gain(ways[together.TOLD], ways[together.BEFORE])
    assert blanks["told"] == tables.gain_in_words(gained)
    assert all(way in blanks["reached"] for way in ways)
    assert all(step in blanks["steps"] for step in together.STEPS)


def test_false_calls_are_those_on_other_beats_and_missed_ones_are_called_otherwise():
    matrix = np.diag([100, 10, 10, 1, 0])
    matrix[0, 1], matrix[2, 1], matrix[1, 0] = 4, 3, 50
    other = np.diag([100, 10, 10, 1, 0])
    other[3, 1] = 1
    accounts = [{"per record": {"100": matrix}}, {"per record": {"100": other}}]
    counted = tables.mistaken(accounts, "S")
    assert counted["false S"] == "4", "the mean of seven and one"
    assert counted["missed S"] == "25", "the mean of fifty and none"
    assert tables.mistaken(accounts, "V") == {"missed V": "2", "false V": "0"}


def test_unknown_experiment_is_named():
    with pytest.raises(ValueError, match="no experiment 'resnet99'"):
        experiments.recorded("resnet99")
