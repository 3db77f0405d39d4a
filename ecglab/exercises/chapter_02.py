"""The exercises of chapter 2, Heartbeats that go wrong."""

from collections.abc import Callable

import numpy as np

from ecglab.beats import Beats
from ecglab.exercises import Function, Value
from ecglab.records import DS2

# --- 2.2 -----------------------------------------------------------------------------------------


def npv(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return, of the all-clears, the share that is true."""
    true = (1 - prevalence) * specificity
    missed = prevalence * (1 - sensitivity)
    return true / (true + missed)


def ppv(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return, of the alarms, the share that is true."""
    true = prevalence * sensitivity
    false = (1 - prevalence) * (1 - specificity)
    return true / (true + false)


def share_missed(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return, of the all-clears, the share that is false."""
    return 1 - npv(prevalence, sensitivity, specificity)


def truly_cleared(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return, of all people, the share that is well and cleared."""
    return (1 - prevalence) * specificity


def all_clears(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return, of all people, the share that gets an all-clear."""
    return (1 - prevalence) * specificity + prevalence * (1 - sensitivity)


def of_the_well(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Divide by all who are well, cleared or not."""
    true = (1 - prevalence) * specificity
    return true / (true + (1 - prevalence) * (1 - specificity))


def with_the_found(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Take the ill who are found in place of those who are missed."""
    true = (1 - prevalence) * specificity
    return true / (true + prevalence * sensitivity)


def without_prevalence(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return what holds if half of all people are ill."""
    return specificity / (specificity + 1 - sensitivity)


def prevalence_swapped(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Swap the shares of the ill and the well."""
    return npv(1 - prevalence, sensitivity, specificity)


def rates_swapped(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Take sensitivity for specificity."""
    return npv(prevalence, specificity, sensitivity)


def in_percent(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return a percentage."""
    return 100 * npv(prevalence, sensitivity, specificity)


# --- 2.4 -----------------------------------------------------------------------------------------


def left(heart: Beats) -> int:
    """Count the S beats of DS2 without record 232."""
    return int(np.sum(_is_s(heart) & _in_ds2(heart) & _not_232(heart)))


def left_everywhere(heart: Beats) -> int:
    """Count the S beats of all recordings without record 232."""
    return int(np.sum(_is_s(heart) & _not_232(heart)))


def with_232(heart: Beats) -> int:
    """Count the S beats of DS2, 232 among them."""
    return int(np.sum(_is_s(heart) & _in_ds2(heart)))


def in_232(heart: Beats) -> int:
    """Count the S beats of 232."""
    return int(np.sum(_is_s(heart) & ~_not_232(heart)))


def any_beat(heart: Beats) -> int:
    """Count the beats of DS2 without 232, whatever their class."""
    return int(np.sum(_in_ds2(heart) & _not_232(heart)))


def only_a(heart: Beats) -> int:
    """Count symbol A in place of the class."""
    return int(np.sum((heart.symbols == "A") & _in_ds2(heart) & _not_232(heart)))


def only_symbol_s(heart: Beats) -> int:
    """Count symbol S in place of the class."""
    return int(np.sum((heart.symbols == "S") & _in_ds2(heart) & _not_232(heart)))


def share_left(heart: Beats) -> float:
    """Return a share in place of a number."""
    return left(heart) / with_232(heart)


def every_entry(heart: Beats) -> int:
    """Return the length of a mask in place of its sum."""
    return len(heart.labels)


def _is_s(heart: Beats) -> np.ndarray:
    return heart.labels == 1


def _in_ds2(heart: Beats) -> np.ndarray:
    return np.isin(heart.records, DS2)


def _not_232(heart: Beats) -> np.ndarray:
    return heart.records != "232"


# --- 2.5 -----------------------------------------------------------------------------------------


def relative(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Divide each width by the median of its person."""
    return width / _of_each(np.median, width, person)


def by_mean(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Take the mean in place of the median."""
    return width / _of_each(np.mean, width, person)


def by_everybody(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Take one median for all people."""
    return width / np.median(width)


def by_largest(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Take the largest width in place of the median."""
    return width / _of_each(np.max, width, person)


def difference(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Take the median away in place of dividing by it."""
    return width - _of_each(np.median, width, person)


def upside_down(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Divide the median by the width."""
    return _of_each(np.median, width, person) / width


def median_alone(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return the median of each beat's person, and no division."""
    return _of_each(np.median, width, person)


def one_a_person(width: np.ndarray, person: np.ndarray) -> list:
    """Return the median of each person, once."""
    return [np.median(width[person == name]) for name in np.unique(person)]


def sorted_by_person(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return the right numbers, but one person after the other."""
    order = np.argsort(person, kind="stable")
    return relative(width, person)[order]


def first_person(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return from inside the loop, after the first person."""
    own = person == np.unique(person)[0]
    return width[own] / np.median(width[own])


def last_person(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Overwrite the result in each round, so that the last person's remains."""
    own = person == np.unique(person)[-1]
    return width[own] / np.median(width[own])


def last_median(width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Divide all widths by the median of the last person of the loop."""
    own = person == np.unique(person)[-1]
    return width / np.median(width[own])


def _of_each(measure: Callable, width: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return what a measure says of each beat's person."""
    found = [measure(width[person == name]) for name in person]
    return np.array(found)


WIDTHS = (
    (np.array([70.0, 40, 110, 80, 50, 300, 70]), np.array(list("babaaba"))),
    (np.array([90.0, 60, 100, 150]), np.array(["232", "101", "232", "232"])),
    (np.array([64.0, 128, 72, 200, 100, 60]), np.array(list("zyzyzx"))),
)

EXERCISES = {
    "2.1": Value(
        expected=["S", "N", "Q", "N", "V", "F"],
        hint="Each answer is one of the classes N, S, V, F and Q (L and E are symbols). Look for "
        "each symbol in the table of the five classes.",
        mistakes={
            "The second is an escape beat: it is late, not premature. The text below the table of "
            "the classes says how this course counts it.": ["S", "S", "Q", "N", "V", "F"],
            "Bundle branch block is wide, but the beat starts in the right place. How does EC57 "
            "count a detour that is there in every beat?": ["S", "N", "Q", "V", "V", "F"],
            "A paced beat is wide, but no cell of the ventricle has started it. Look for / in the "
            "table.": ["S", "N", "V", "N", "V", "F"],
            "A pacemaker started the third beat. Is that an ordinary beat?": [
                *("S", "N", "N", "N", "V", "F"),
            ],
            "E is an escape beat, too, but where does it start?": ["S", "N", "Q", "N", "N", "F"],
            "A fusion beat is half normal and half ventricular: is there a class for that?": [
                *("S", "N", "Q", "N", "V", "V"),
            ],
            "Premature beats from the atria are not counted as normal ones, though they are "
            "narrow.": ["N", "N", "Q", "N", "V", "F"],
            "These are the symbols themselves. Each belongs to one of the five classes.": [
                *("A", "e", "/", "L", "E", "F"),
            ],
            "These are places in CLASSES. The letters are wanted.": [1, 0, 4, 0, 2, 3],
        },
    ),
    "2.2": Function(
        expected=npv,
        cases=[(0.3, 0.8, 0.6), (0.02, 0.5, 0.95), (0.6, 0.9, 0.7), (0.75, 0.4, 0.99)],
        within=0.001,
        hint="Who gets an all-clear? The well who are cleared, and the ill who are missed.",
        mistakes={
            "This is the PPV. It looks at the alarms; now look at the all-clears.": ppv,
            "This is the share of the all-clears that are false. Which share is true?": (
                share_missed
            ),
            "This is the share of all people who are well and cleared. Divide it by the share of "
            "all people who get an all-clear.": truly_cleared,
            "This is the share of all people who get an all-clear. How many of these are "
            "true?": all_clears,
            "You have divided by all who are well. Divide by all who get an all-clear: some of "
            "these are ill.": of_the_well,
            "The ill who are found get an alarm. Which of the ill get an all-clear?": (
                with_the_found
            ),
            "This holds only where half of the people are ill. How many are well, and how many "
            "ill?": without_prevalence,
            "Prevalence is the share of the ill. Which share of all people is well?": (
                prevalence_swapped
            ),
            "Which of the two, sensitivity or specificity, says how many of the well are "
            "cleared?": rates_swapped,
            "This is a percentage. Return a share between 0 and 1.": in_percent,
        },
    ),
    "2.3": Value(
        expected=0.991,
        within=0.0001,
        hint="Think of 10,000 beats. How many have the condition, and how many of them are found? "
        "How many false alarms may there be at most, and among how many other beats?",
        mistakes={
            "Almost. With this value slightly fewer than half of the alarms are true. Round so "
            "that the condition holds.": 0.990,
            "You are near the limit. Give three digits, rounded so that at least half of the "
            "alarms stay true.": 0.99040404,
            "This is the share of the other beats that may raise a false alarm. Specificity is "
            "the share that raises none.": 0.009,
            "This is the share of false alarms among the other beats. Take it from 1, then "
            "round.": 0.00959596,
            "False alarms may be as many as the true ones: half of all alarms, not half of the "
            "true ones.": 0.996,
            "This suffices, but a smaller number does, too. How many false alarms may there be "
            "for each true one?": 0.995,
            "This suffices, but a smaller number does, too.": 0.992,
            "This is the sensitivity. False alarms come from the 99 beats in 100 that do not have "
            "the condition.": 0.95,
            "Half is what the alarms should be. How many false alarms would that specificity "
            "give in 9,900 beats?": 0.5,
            "This is a percentage. Give a share between 0 and 1.": 99.1,
        },
    ),
    "2.4": Value(
        expected=left,
        hint="Count where three things hold at once: the label is 1, the beat is in ds2, and the "
        "record is not 232. Join the three masks with &.",
        mistakes={
            "These are the S beats of all recordings without 232. DS2 holds only some of them.": (
                left_everywhere
            ),
            "These are all S beats of DS2; record 232 is still among them.": with_232,
            "These are the S beats of 232. How many has the rest of DS2?": in_232,
            "These are the beats of every class. Count the S beats among them.": any_beat,
            "Class S has more symbols than A. Use the labels, not the symbols.": only_a,
            "S is a class here, not the symbol S. Use the labels, not the symbols.": only_symbol_s,
            "This is the share that is left. How many beats are that?": share_left,
            "This is the length of an array. Count the entries that are True.": every_entry,
        },
    ),
    "2.5": Function(
        expected=relative,
        cases=WIDTHS,
        within=0.006,
        hint="Go through np.unique(person) in a loop. In each round a mask picks this person's "
        "beats: read their widths with it, and write their answers with it.",
        mistakes={
            "This divides by the mean. A few wide beats pull the mean up; the median stays.": (
                by_mean
            ),
            "This divides by the median of all people together. Each person has a median of "
            "their own.": by_everybody,
            "This divides by the largest width of each person. Take the median.": by_largest,
            "This takes the median away. How many times as wide is the beat?": difference,
            "This is upside down: the beat's width is to be divided by the median.": upside_down,
            "These are the medians. Divide each beat's width by the median of its person.": (
                median_alone
            ),
            "This is one number for each person. One for each beat is wanted.": one_a_person,
            "The numbers are right, but not their order: put each answer where its beat "
            "stands.": sorted_by_person,
            "This is the first person only. Does your function return inside the loop?": (
                first_person
            ),
            "This is the last person only. Does each round of your loop overwrite the "
            "answer?": last_person,
            "All beats are divided by the median of the last person. Use the median of a person "
            "for that person's beats only.": last_median,
        },
    ),
}
