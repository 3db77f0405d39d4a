"""The exercises of chapter 12, What the network gets wrong."""

from collections.abc import Mapping

import numpy as np

from ecglab.exercises import Function, Value

ENOUGH = 0.95

Trust = Mapping[str, tuple[float, float]]


def gap(belief: np.ndarray, right: np.ndarray) -> float:
    """Return the mean belief minus the share that is right."""
    return belief.mean() - right.mean()


def other_order(belief: np.ndarray, right: np.ndarray) -> float:
    """Take the share minus the belief."""
    return -gap(belief, right)


def without_sign(belief: np.ndarray, right: np.ndarray) -> float:
    """Return how far the two lie apart, in either direction."""
    return abs(gap(belief, right))


def median_belief(belief: np.ndarray, right: np.ndarray) -> float:
    """Take the median in place of the mean."""
    return np.median(belief) - right.mean()


def beat_by_beat(belief: np.ndarray, right: np.ndarray) -> float:
    """Take the mean distance of single beats."""
    return np.mean(np.abs(belief - right))


def share_of_errors(belief: np.ndarray, right: np.ndarray) -> float:
    """Take away the share that is wrong."""
    return belief.mean() - np.mean(~right)


def belief_where_right(belief: np.ndarray, right: np.ndarray) -> float:
    """Take the belief in the right calls alone."""
    return belief[right].mean() - right.mean()


def right_against_wrong(belief: np.ndarray, right: np.ndarray) -> float:
    """Take the belief in right calls minus that in wrong calls."""
    return belief[right].mean() - belief[~right].mean()


def sums(belief: np.ndarray, right: np.ndarray) -> float:
    """Take sums in place of means."""
    return belief.sum() - right.sum()


def ratio(belief: np.ndarray, right: np.ndarray) -> float:
    """Take a quotient in place of a difference."""
    return belief.mean() / right.mean()


def gap_in_percent(belief: np.ndarray, right: np.ndarray) -> float:
    """Give percentage points for shares."""
    return 100 * gap(belief, right)


def review(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Return the share of all errors among the beats with the lowest belief."""
    return caught(belief, wrong, count) / wrong.sum()


def caught(belief: np.ndarray, wrong: np.ndarray, count: int) -> int:
    """Count the errors among the beats that are shown."""
    return wrong[np.argsort(belief)[:count]].sum()


def share_of_shown(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Return the share of errors among what is shown."""
    return caught(belief, wrong, count) / count


def share_of_beats(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Divide the caught errors by all beats."""
    return caught(belief, wrong, count) / len(wrong)


def surest_first(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Show the beats with the highest belief."""
    return review(-belief, wrong, count)


def first_beats(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Show the first beats, whatever their belief."""
    return wrong[:count].sum() / wrong.sum()


def not_caught(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Return the share of errors that pass."""
    return 1 - review(belief, wrong, count)


def one_more(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Show a beat too many."""
    return review(belief, wrong, count + 1)


def one_less(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Show a beat too few."""
    return review(belief, wrong, count - 1)


def rightly_called(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Return the share of the right calls that are shown."""
    return review(belief, ~wrong, count)


def review_in_percent(belief: np.ndarray, wrong: np.ndarray, count: int) -> float:
    """Give a percentage for a share."""
    return 100 * review(belief, wrong, count)


FIVE_BELIEFS = np.array([0.99, 0.6, 0.9, 0.5, 0.8])
FIVE_WRONG = np.array([True, True, False, True, False])
NINE_BELIEFS = np.array([0.71, 0.98, 0.45, 0.83, 0.62, 0.94, 0.55, 0.97, 0.88])
NINE_WRONG = np.array([True, False, False, True, True, False, True, True, False])


def below(trust: Trust) -> float:
    """Return the share of the people who are called rightly too seldom."""
    return np.mean([right < ENOUGH for _, right in trust.values()])


def too_sure(trust: Trust) -> float:
    """Return the share of the people whose belief is above the truth."""
    return np.mean([belief > right for belief, right in trust.values()])


def below_in_belief(trust: Trust) -> float:
    """Return the share of the people for whom the belief is low."""
    return np.mean([belief < ENOUGH for belief, _ in trust.values()])


def mean_right(trust: Trust) -> float:
    """Take the mean over the people of what is called rightly."""
    return np.mean([right for _, right in trust.values()])


def soften(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Return probabilities at a temperature."""
    raised = probabilities ** (1 / T)
    return raised / raised.sum(axis=1, keepdims=True)


def hardened(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Raise to the power T."""
    return soften(probabilities, 1 / T)


def raised_alone(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Leave the rows' sums as they are."""
    return probabilities ** (1 / T)


def by_sum_of_all(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Let all rows together sum to 1."""
    raised = raised_alone(probabilities, T)
    return raised / raised.sum()


def by_columns(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Let the columns sum to 1."""
    return soften_columns(raised_alone(probabilities, T))


def soften_columns(raised: np.ndarray) -> np.ndarray:
    """Divide each column by its sum."""
    return raised / raised.sum(axis=0)


def by_largest(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Let the largest of each row become 1."""
    raised = raised_alone(probabilities, T)
    return raised / raised.max(axis=1, keepdims=True)


def divided(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Divide in place of raising."""
    return probabilities / T


def divided_and_scaled(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Divide in place of raising, then make the rows sum to 1."""
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def as_logits(probabilities: np.ndarray, T: float) -> np.ndarray:
    """Take the probabilities for logits."""
    powers = np.exp(probabilities / T)
    return powers / powers.sum(axis=1, keepdims=True)


TWO_BEATS = np.array([[0.9, 0.06, 0.02, 0.02, 0.0], [0.5, 0.3, 0.1, 0.06, 0.04]])
ONE_BEAT = np.array([[0.1, 0.2, 0.4, 0.25, 0.05]])
FIVE_BEATS = np.array(
    [
        [0.7, 0.1, 0.1, 0.06, 0.04],
        [0.05, 0.8, 0.05, 0.08, 0.02],
        [0.01, 0.01, 0.96, 0.01, 0.01],
        [0.3, 0.2, 0.2, 0.25, 0.05],
        [0.99, 0.01, 0.0, 0.0, 0.0],
    ]
)

EXERCISES = {
    "12.1": Function(
        expected=gap,
        cases=[
            (np.array([0.9, 0.9, 0.9, 0.9]), np.array([True, True, True, False])),
            (np.array([0.8, 0.6, 0.5, 0.54]), np.array([True, True, True, False])),
            (np.array([0.99, 0.9, 0.5]), np.array([True, False, False])),
            (np.array([0.55, 0.97, 0.6, 0.93, 0.71]), np.array([False, True, True, False, False])),
        ],
        within=0.005,
        hint="Two means: that of the belief, and that of `right`, where True counts as 1. Then "
        "take their difference.",
        mistakes={
            "The difference is the other way round: too sure should come out positive.": (
                other_order
            ),
            "Your gap has lost its sign. It should be negative where the network is not sure "
            "enough.": without_sign,
            "You took the median of the belief; the mean is wanted.": median_belief,
            "You took the distance of each beat before the mean. Take the two means first, so "
            "that beats above and below can cancel.": beat_by_beat,
            "You took away the share that is called wrongly; take away the share called "
            "rightly.": share_of_errors,
            "You took the belief in the right calls alone. The mean belief is over all beats.": (
                belief_where_right
            ),
            "You compared the belief in right calls with that in wrong ones. Compare the belief "
            "in all calls with the share that is right.": right_against_wrong,
            "These are sums. With means, the number of beats does not matter.": sums,
            "You divided the one by the other; the difference is wanted.": ratio,
            "These are percentage points; a difference of shares is wanted.": gap_in_percent,
        },
    ),
    "12.2": Function(
        expected=review,
        cases=[
            *[(FIVE_BELIEFS, FIVE_WRONG, count) for count in (1, 2, 3, 5)],
            *[(NINE_BELIEFS, NINE_WRONG, count) for count in (2, 4, 5, 7)],
        ],
        within=0.005,
        hint="`np.argsort(belief)` gives the places of the beats, the least sure first. How many "
        "errors are among the first of them, and how many are there in all?",
        mistakes={
            "You divided by the number of beats shown. Which share of all *errors* is among "
            "them?": share_of_shown,
            "You divided by the number of all beats. Which share of all *errors* is caught?": (
                share_of_beats
            ),
            "This is the number of errors caught; their share of all errors is wanted.": caught,
            "You showed the beats with the highest belief. Those with the lowest are wanted.": (
                surest_first
            ),
            "You showed the first beats of the list. Bring them in the order of their belief "
            "first.": first_beats,
            "This is the share of the errors that nobody sees; the others are wanted.": not_caught,
            "You showed a beat too many.": one_more,
            "You showed a beat too few.": one_less,
            "This is the share of the right calls that are shown; errors are wanted.": (
                rightly_called
            ),
            "This is a percentage; a share between 0 and 1 is wanted.": review_in_percent,
        },
    ),
    "12.3": Value(
        expected=below,
        within=0.005,
        hint="Count the people whose second number is too low, and divide by the number of people.",
        mistakes={
            "This is a number of people; which share of all people is it?": (
                lambda trust: below(trust) * len(trust)
            ),
            "This is a percentage; a share between 0 and 1 is wanted.": (
                lambda trust: round(100 * below(trust), 1)
            ),
            "These are the others: the people with whom the network is right often enough.": (
                lambda trust: 1 - below(trust)
            ),
            "You took the first number of each pair, the belief. The second says how often the "
            "network is right.": below_in_belief,
            "These are the people for whom the network is too sure. How often is it right?": (
                too_sure
            ),
            "This is the mean of what is called rightly. Count the people in whom it is too "
            "little.": mean_right,
        },
    ),
    "12.4": Function(
        expected=soften,
        cases=[
            *[(TWO_BEATS, T) for T in (1.0, 2.0, 0.5)],
            (ONE_BEAT, 3.0),
            (FIVE_BEATS, 1.5),
        ],
        within=0.0006,
        hint="Raise all probabilities to the power 1 / T. Then divide each row by its own sum; "
        "`keepdims=True` keeps the sums in a column.",
        mistakes={
            "You raised to the power T. That makes the network surer where T is above 1.": hardened,
            "The power is right, but the rows do not sum to 1 yet.": raised_alone,
            "You divided by the sum over all beats. Each row has a sum of its own.": by_sum_of_all,
            "You made the columns sum to 1. A beat is a row.": by_columns,
            "You divided by the largest of each row; divide by the row's sum.": by_largest,
            "You divided the probabilities by T. It is a power of them that is wanted.": divided,
            "Nothing has changed: what is divided by T and then by its sum is as before. A power "
            "is wanted.": divided_and_scaled,
            "You took the probabilities for logits. Raise them to a power, without exp.": as_logits,
        },
    ),
}
