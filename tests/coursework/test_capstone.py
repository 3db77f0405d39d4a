"""The capstone's draws are fair to everybody, and its points are earned step by step.

What everybody's question needs is tried in test_wrong.py. Fairness is tried on the recorded
counts of the experiment `final`, which hold what the annotators found in each person of svdb.
"""

import attempt
import complete
import numpy as np
import pytest
import scores

NAME = "capstone"
STEPS = ("q1-test", "q1-test-b", "q1-test-c", "q1-test-d", "q1-test-e")
DRAWS = 500


@pytest.fixture(scope="module")
def cells(whole):
    return complete.by_id(whole[NAME])


@pytest.fixture(scope="module")
def draws(cells):
    """For many names the people held back, and those of question 5."""
    found = []
    space = {"__name__": "__main__"}
    for number in range(DRAWS):
        space["STUDENT"] = f"student {number}"
        attempt.run(cells["numbers"].source, space)
        found.append((space["HELD_BACK"], space["REVIEWED"]))
    return found


@pytest.fixture(scope="module")
def networks(cells):
    """For each of the recorded networks the counts by person."""
    space = {"__name__": "__main__", "RUN": 0, "REVIEWED": []}
    attempt.run(cells["others"].source, space)
    return [
        {name: np.array(counts) for name, counts in one["svdb"]["per record"].items()}
        for one in space["networks"]
    ]


def f1(matrix):
    both = matrix.sum(axis=0) + matrix.sum(axis=1)
    return 2 * np.diag(matrix)[:3] / both[:3]


def test_every_draw_has_enough_beats_to_be_scored(draws, networks):
    beats = {name: matrix.sum(axis=1) for name, matrix in networks[0].items()}
    for own, reviewed in draws:
        counts = np.stack([beats[name] for name in own])
        assert len(set(own)) == 10
        assert not set(own) & set(reviewed)
        assert counts[:, 1].sum() > 400
        assert counts[:, 2].sum() > 400
        assert (counts[:, 1:3].max(axis=0) / counts[:, 1:3].sum(axis=0)).max() < 0.75
    assert len({tuple(own) for own, _ in draws}) == DRAWS


def test_the_bars_are_within_reach_for_every_draw(draws, networks):
    bars = []
    for own, _ in draws:
        reached = np.stack([f1(sum(one[name] for name in own)) for one in networks])
        bars.append(0.7 * reached.min(axis=0))
    _, s, v = np.percentile(bars, [0, 50, 100], axis=0).T
    print(f"bars: S {s.round(2)}, V {v.round(2)} (lowest, median, highest)")
    assert s[2] < 0.7
    assert v[2] < 0.75


def points(cells, letters):
    """What a hand-in earns step by step; `letters` is code that makes the verdicts."""
    space = {"__name__": "__main__"}
    for name in ("student", "numbers", "verdicts", "held-back"):
        attempt.run("STUDENT = 'Ada'" if name == "student" else cells[name].source, space)
    _, stop = attempt.run(f"import numpy as np\n{letters}\nHAND_IN = pack(letters)", space)
    assert not stop
    return [0 if attempt.run(cells[name].source, space)[1] else 1 for name in STEPS]


EARLY = "early = held.rr[:, RATIO] < 0.85\n"
TRUE = "truth = np.concatenate([beats.labels_of(record(name).symbols) for name in HELD_BACK])\n"
LADDER = {
    "always N": ("letters = np.full(len(held), 'N')", [1, 0, 0, 0, 0]),
    "all V": ("letters = np.full(len(held), 'V')", [1, 0, 0, 0, 0]),
    "early is S": (EARLY + "letters = np.where(early, 'S', 'N')", [1, 1, 0, 0, 1]),
    "early is V": (EARLY + "letters = np.where(early, 'V', 'N')", [1, 1, 0, 0, 0]),
    "what the annotators say": (TRUE + "letters = np.array(list(LETTERS))[truth]", [1] * 5),
    "S and V exchanged": (TRUE + "letters = np.array(list('NVSFQ'))[truth]", [1, 1, 0, 0, 0]),
    "S missed": (TRUE + "letters = np.array(list('NNVFQ'))[truth]", [1, 1, 1, 1, 0]),
    "one beat late": (
        TRUE + "letters = np.roll(np.array(list(LETTERS))[truth], 1)",
        [1, 1, 0, 0, 0],
    ),
}


@pytest.mark.parametrize(("letters", "wanted"), LADDER.values(), ids=LADDER)
def test_each_step_is_earned_by_itself(cells, letters, wanted):
    assert points(cells, letters) == wanted


def test_verdicts_survive_their_way_through_a_text(cells):
    space = {"__name__": "__main__", "STUDENT": "Ada"}
    for name in ("setup", "numbers", "verdicts", "held-back"):
        attempt.run(cells[name].source if name in cells else "import numpy as np", space)
    draw = np.random.default_rng(0)
    letters = draw.choice(list("NSVFQ"), len(space["held"]))
    text = space["pack"](letters)
    for copied in (
        text,
        f"\n{text}\n\n",
        text.replace("\n", "\r\n"),
        text.replace("\n", "  \n    "),
    ):
        assert space["complaint"](copied) == ""
        read = np.concatenate(list(space["unpack"](copied).values()))
        assert (np.array(list("NSVFQ"))[read] == letters).all()
    for odd in (None, 7, text.encode(), [text], "check 00000000", text + "N", text[1:], "\x00"):
        assert space["complaint"](odd)


def test_the_summary_says_which_step_was_missed():
    def failed(words):
        return {"outputs": [{"output_type": "error", "ename": "AssertionError", "evalue": words}]}

    read = {"outputs": [{"output_type": "stream", "text": "The form is right"}]}
    steps = {"q1-check": read, "q1-test": {}, "q1-test-b": {}, "q1-test-c": failed("Your F1")}
    assert scores._hint({"": {}, **steps, "q10-test": failed("Another")}, "q1") == "Your F1"
    assert scores._hint({"": {}, "q1-check": read, "q1-test": {}}, "q1") == "no answer"
