"""The exercises of chapter 7, A first CNN, judged honestly."""

import numpy as np

from ecglab.exercises import Function, Value

NORMAL = 44_259
BEATS = 44_259 + 1_837 + 3_221 + 388 + 7
#: The sensitivity for N is 1, its positive predictivity the share of N.
F1_OF_N = 2 * NORMAL / (BEATS + NORMAL)


def on_both_sides(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count the people with beats on both sides."""
    return len(set(subjects[inside]) & set(subjects[~inside]))


def beats_to_learn_from(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count the beats to learn from whose person has beats on the other side, too."""
    return np.sum(np.isin(subjects[inside], subjects[~inside]))


def beats_put_aside(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count the beats put aside whose person has beats on the other side, too."""
    return np.sum(np.isin(subjects[~inside], subjects[inside]))


def beats_of_these(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count all beats of the people with beats on both sides."""
    return beats_to_learn_from(subjects, inside) + beats_put_aside(subjects, inside)


def people_to_learn_from(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count the people with beats to learn from."""
    return len(np.unique(subjects[inside]))


def people_put_aside(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count the people with beats that are put aside."""
    return len(np.unique(subjects[~inside]))


def on_either_side(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count all people."""
    return len(np.unique(subjects))


def on_one_side(subjects: np.ndarray, inside: np.ndarray) -> int:
    """Count the people with beats on one side only."""
    return on_either_side(subjects, inside) - on_both_sides(subjects, inside)


def share_on_both_sides(subjects: np.ndarray, inside: np.ndarray) -> float:
    """Return the share of the people with beats on both sides."""
    return on_both_sides(subjects, inside) / on_either_side(subjects, inside)


WHOSE = np.array(["a", "a", "b", "b", "b", "c", "d", "d", "e"])
RECORDS = np.array([208, 100, 208, 101, 100, 233, 101, 208, 233, 119, 208])


def halves(*sides: str) -> list[np.ndarray]:
    """Return splits of beats, a letter each: L to learn from."""
    return [np.array(list(side)) == "L" for side in sides]


SPLITS = [
    *[(WHOSE, side) for side in halves("L-LL-LLL-", "L---L-LL-", "LLLLL----", "LLLLLLLLL")],
    *[(RECORDS, side) for side in halves("L-LLL---L-L", "-L--L------", "-L-LLL-LL-L")],
]


def scores_of_v(right: int, missed: int, false: int) -> list[float]:
    """Return sensitivity and positive predictivity."""
    return [right / (right + missed), right / (right + false)]


def v_scores(matrix: np.ndarray) -> list[float]:
    """Return EC57's scores for V."""
    right = matrix[2, 2]
    false = matrix[0, 2] + matrix[1, 2] + matrix[5, 2]
    return scores_of_v(right, matrix[2].sum() - right, false)


def other_order(matrix: np.ndarray) -> list[float]:
    """Put positive predictivity first."""
    return v_scores(matrix)[::-1]


def rows_for_columns(matrix: np.ndarray) -> list[float]:
    """Take truth for call."""
    return v_scores(matrix.T)


def column_for_row(matrix: np.ndarray) -> list[float]:
    """Sum the column for the sensitivity and the row for the other."""
    return [matrix[2, 2] / matrix[:, 2].sum(), matrix[2, 2] / matrix[2].sum()]


def forgiving_nothing(matrix: np.ndarray) -> list[float]:
    """Count F and Q called V as false alarms."""
    right = matrix[2, 2]
    return scores_of_v(right, matrix[2].sum() - right, matrix[:, 2].sum() - right)


def forgiving_f_alone(matrix: np.ndarray) -> list[float]:
    """Count Q called V as a false alarm."""
    right = matrix[2, 2]
    false = matrix[:, 2].sum() - right - matrix[3, 2]
    return scores_of_v(right, matrix[2].sum() - right, false)


def forgiven_are_right(matrix: np.ndarray) -> list[float]:
    """Count F and Q called V as right calls."""
    predictivity = matrix[2:5, 2].sum() / matrix[:, 2].sum()
    return [v_scores(matrix)[0], predictivity]


def forgiving_both_ways(matrix: np.ndarray) -> list[float]:
    """Leave out V called F or Q as well."""
    missed = matrix[2, [0, 1, 5]].sum()
    return [matrix[2, 2] / (matrix[2, 2] + missed), v_scores(matrix)[1]]


def without_missed(matrix: np.ndarray) -> list[float]:
    """Take the sensitivity among the beats that were found."""
    return [matrix[2, 2] / matrix[2, :5].sum(), v_scores(matrix)[1]]


def without_invented(matrix: np.ndarray) -> list[float]:
    """Take the positive predictivity among the calls that lie on a beat."""
    right = matrix[2, 2]
    return [v_scores(matrix)[0], right / (right + matrix[:2, 2].sum())]


def given_beats(matrix: np.ndarray) -> list[float]:
    """Count neither missed nor invented beats."""
    return [without_missed(matrix)[0], without_invented(matrix)[1]]


def v_percentages(matrix: np.ndarray) -> list[float]:
    """Give percentages for shares."""
    return [100 * score for score in v_scores(matrix)]


SMALL = np.array(
    [
        [50, 1, 2, 0, 0, 3],
        [4, 9, 1, 0, 0, 2],
        [2, 1, 8, 3, 1, 5],
        [1, 0, 3, 4, 0, 1],
        [0, 1, 2, 0, 1, 0],
        [6, 2, 5, 0, 1, 0],
    ]
)
MANY_INVENTED = np.array(
    [
        [900, 20, 31, 4, 0, 12],
        [15, 40, 3, 1, 0, 6],
        [11, 7, 60, 9, 2, 31],
        [5, 0, 14, 8, 0, 2],
        [2, 0, 25, 1, 3, 1],
        [17, 4, 43, 2, 0, 0],
    ]
)
NO_V_MISSED = np.diag([9, 1, 5, 0, 0, 0])


def interval(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the 2.5th and the 97.5th percentile of the draws' accuracies."""
    return np.quantile(of_draws(right, total, drawn), [0.025, 0.975])


def of_draws(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the accuracy of each draw."""
    return right[drawn].sum(axis=1) / total[drawn].sum(axis=1)


def mean_of_people(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Count all people of a draw alike."""
    return np.quantile((right / total)[drawn].mean(axis=1), [0.025, 0.975])


def down_the_columns(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Take a column for a draw."""
    return interval(right, total, drawn.T)


def nine_tenths(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the 5th and the 95th percentile."""
    return np.quantile(of_draws(right, total, drawn), [0.05, 0.95])


def shares_for_percentiles(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Take percentiles 0.025 and 0.975, of 100."""
    return np.percentile(of_draws(right, total, drawn), [0.025, 0.975])


def all_draws(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> list[float]:
    """Return the lowest and the highest accuracy."""
    accuracies = of_draws(right, total, drawn)
    return [accuracies.min(), accuracies.max()]


def by_spread(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> list[float]:
    """Go two standard deviations to either side of the mean."""
    accuracies = of_draws(right, total, drawn)
    half = 1.96 * accuracies.std()
    return [accuracies.mean() - half, accuracies.mean() + half]


def of_all_beats(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Divide the right calls of a draw by the beats of all people."""
    return np.quantile(right[drawn].sum(axis=1) / total.sum(), [0.025, 0.975])


def upper_first(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Put the upper end first."""
    return interval(right, total, drawn)[::-1]


def width(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> float:
    """Return how wide the interval is."""
    low, high = interval(right, total, drawn)
    return high - low


def each_once(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Count somebody who comes twice once."""
    draws = [np.unique(row) for row in drawn]
    return np.quantile([right[row].sum() / total[row].sum() for row in draws], [0.025, 0.975])


def in_percent(right: np.ndarray, total: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Give percentages for shares."""
    return 100 * interval(right, total, drawn)


RIGHT_OF_THREE = np.array([9, 40, 1])
THREE = np.array([10, 100, 10])
FIVE_DRAWS = np.array([[0, 1, 2], [0, 0, 0], [1, 1, 2], [2, 2, 2], [0, 0, 1]])
RIGHT_OF_FOUR = np.array([30, 5, 300, 64])
FOUR = np.array([40, 50, 320, 80])
SEVEN_DRAWS = np.array(
    [
        [0, 1, 1, 3],
        [3, 2, 2, 0],
        [1, 0, 0, 1],
        [2, 3, 1, 0],
        [0, 3, 0, 1],
        [1, 1, 1, 2],
        [3, 3, 1, 2],
    ]
)


def cheapest(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> float:
    """Return the lowest of the lines that cost least."""
    return lines[np.argmin(costs(probability, is_v, price, lines))]


def costs(
    probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray
) -> list[float]:
    """Return what each line costs."""
    result = []
    for line in lines:
        missed = np.sum(is_v & (probability < line))
        false = np.sum(~is_v & (probability >= line))
        result.append(price * missed + false)
    return result


def above_the_line(
    probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray
) -> float:
    """Call a beat on the line not V."""
    on_it = np.isin(probability, lines)
    return cheapest(probability - 1e-9 * on_it, is_v, price, lines)


def highest(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> float:
    """Return the highest of the lines that cost least."""
    backwards = lines[::-1]
    return backwards[np.argmin(costs(probability, is_v, price, backwards))]


def dear_alarms(
    probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray
) -> float:
    """Put the price on false alarms."""
    return cheapest(probability, is_v, 1 / price, lines)


def without_price(
    probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray
) -> float:
    """Let both errors cost 1."""
    return cheapest(probability, is_v, 1, lines)


def fewest_missed(
    probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray
) -> float:
    """Let false alarms cost nothing."""
    missed = [np.sum(is_v & (probability < line)) for line in lines]
    return lines[np.argmin(missed)]


def by_shares(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> float:
    """Weigh shares of each group in place of numbers of beats."""
    groups = np.sum(~is_v) / np.sum(is_v)
    return cheapest(probability, is_v, price * groups, lines)


def dearest(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> float:
    """Return the line that costs most."""
    return lines[np.argmax(costs(probability, is_v, price, lines))]


def place(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> int:
    """Return where the cheapest line stands among the lines."""
    return int(np.argmin(costs(probability, is_v, price, lines)))


def least_cost(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> float:
    """Return what the cheapest line costs."""
    return min(costs(probability, is_v, price, lines))


def by_formula(probability: np.ndarray, is_v: np.ndarray, price: float, lines: np.ndarray) -> float:
    """Take the formula for probabilities that are true."""
    return 1 / (1 + price)


GUESS = np.array([0.1, 0.2, 0.4, 0.6, 0.8, 0.9])
TRUTH = np.array([False, True, False, False, True, True])
LINES = np.array([0.05, 0.2, 0.5, 0.7, 0.95])
CHANCES = np.array([0.3, 0.05, 0.55, 0.1, 0.7, 0.2, 0.4, 0.85, 0.15, 0.6, 0.25])
HITS = np.array([False, False, True, False, True, False, False, False, True, False, False])
MORE_LINES = np.array([0.0, 0.1, 0.15, 0.35, 0.5, 0.6, 0.8, 1.0])

EXERCISES = {
    "7.1": Value(
        expected=F1_OF_N / 3,
        within=0.0006,
        hint="Find the F1 of N from its sensitivity and its positive predictivity, then take "
        "the mean of three F1.",
        mistakes={
            "This is the F1 of N alone. Two more F1 go into the mean.": F1_OF_N,
            "This is the accuracy: the share of N among all beats.": NORMAL / BEATS,
            "This is a third of the accuracy. The F1 of N also has a sensitivity in it.": (
                NORMAL / BEATS / 3
            ),
            "You took the mean over five classes. F and Q are left out of it.": F1_OF_N / 5,
            "You took the mean over two classes. S and V are both in it, besides N.": F1_OF_N / 2,
            "Nearly. F and Q are called N, too, and lower its positive predictivity. And F1 is "
            "not half the sum of the two scores: it is twice their product, divided by their "
            "sum.": 2 * NORMAL / (BEATS - 395 + NORMAL) / 3,
            "This is a percentage; a share between 0 and 1 is wanted.": round(100 * F1_OF_N / 3, 1),
            "The F1 of S and V are 0, but that of N is not.": 0,
        },
    ),
    "7.2": Function(
        expected=on_both_sides,
        cases=SPLITS,
        hint="Find the people on the one side and the people on the other, then count those "
        "who are in both.",
        mistakes={
            "You counted beats to learn from. Somebody on both sides counts once, however many "
            "beats they have.": beats_to_learn_from,
            "You counted beats put aside. Somebody on both sides counts once, however many "
            "beats they have.": beats_put_aside,
            "You counted all beats of the people on both sides. Count the people: each of them "
            "once.": beats_of_these,
            "These are all people with beats to learn from. Do they have beats on the other "
            "side, too?": people_to_learn_from,
            "These are all people with beats put aside. Do they have beats on the other side, "
            "too?": people_put_aside,
            "These are all people, on one side or the other. Which of them are on both?": (
                on_either_side
            ),
            "These are the people with beats on one side only: the others are wanted.": (
                on_one_side
            ),
            "This is a share of the people; a number of people is wanted.": share_on_both_sides,
        },
    ),
    "7.3": Function(
        expected=v_scores,
        cases=[(SMALL,), (MANY_INVENTED,), (NO_V_MISSED,)],
        within=0.006,
        hint="Missed beats lower the sensitivity, invented beats the positive predictivity. "
        "Which rows of column v are no false alarms?",
        mistakes={
            "The two scores are in the other order: sensitivity first.": other_order,
            "You took rows for columns. A row holds what a beat is, a column what it is called.": (
                rows_for_columns
            ),
            "Sensitivity divides by all that are V, positive predictivity by what is called V: "
            "which is a row, which is a column?": column_for_row,
            "F and Q that are called V count against you here. EC57 leaves them out.": (
                forgiving_nothing
            ),
            "You left F out of the V calls. What about Q?": forgiving_f_alone,
            "F and Q that are called V count as right here. They count neither for nor "
            "against.": forgiven_are_right,
            "A beat of class V that is called F or Q is an error all the same: only F and Q "
            "*called* V are left out.": forgiving_both_ways,
            "Your sensitivity leaves out the V beats that were missed: they stand in column o.": (
                without_missed
            ),
            "Your positive predictivity leaves out the invented beats: they stand in row O.": (
                without_invented
            ),
            "You left out both missed beats (column o) and invented ones (row O).": given_beats,
            "These are percentages; shares between 0 and 1 are wanted.": v_percentages,
        },
    ),
    "7.4": Function(
        expected=interval,
        cases=[
            (RIGHT_OF_THREE, THREE, FIVE_DRAWS),
            (RIGHT_OF_FOUR, FOUR, SEVEN_DRAWS),
            (RIGHT_OF_THREE, THREE, FIVE_DRAWS[:2]),
        ],
        within=0.0006,
        hint="Each row of `drawn` gives one accuracy: the right calls of its people, added up, "
        "divided by their beats, added up. Then take the percentiles of these accuracies.",
        mistakes={
            "You took the mean of the people's own accuracies. Add up the beats before you "
            "divide: somebody with ten times as many beats weighs ten times as much.": (
                mean_of_people
            ),
            "You added up along the columns. A draw is a row of `drawn`.": down_the_columns,
            "You cut off 5 % at either end. An interval of 95 % cuts off half as much.": (
                nine_tenths
            ),
            "`np.percentile` counts to 100, `np.quantile` to 1: you mixed the two up.": (
                shares_for_percentiles
            ),
            "These are the lowest and the highest accuracy. A few draws at either end are cut "
            "off.": all_draws,
            "You went from the mean two standard deviations to either side. The percentiles "
            "themselves are wanted.": by_spread,
            "You divided by the beats of all people. Each draw has a number of beats of its "
            "own.": of_all_beats,
            "The two ends are in the other order: the lower first.": upper_first,
            "This is the width of the interval; its two ends are wanted.": width,
            "Somebody who is drawn twice counts twice.": each_once,
            "These are percentages; shares between 0 and 1 are wanted.": in_percent,
        },
    ),
    "7.5": Function(
        expected=cheapest,
        cases=[
            *[(GUESS, TRUTH, price, LINES) for price in (0.1, 1, 5)],
            (GUESS[1:], TRUTH[1:], 2, LINES),
            *[(CHANCES, HITS, price, MORE_LINES) for price in (0.5, 1.5, 3, 9)],
        ],
        hint="For each line, count the V below it and the other beats from it on. The first "
        "number times the price, plus the second, is what the line costs.",
        mistakes={
            "A beat whose probability lies on the line is called V, too.": above_the_line,
            "Where several lines cost the same, the lowest is wanted, not the highest.": highest,
            "The price belongs to the missed V, not to the false alarms.": dear_alarms,
            "Both errors cost the same here. Where does `price` come in?": without_price,
            "You counted the missed V alone. False alarms cost something, too.": fewest_missed,
            "You weighed shares of the V and of the other beats. Each single beat costs: count "
            "beats.": by_shares,
            "This is the line that costs most.": dearest,
            "This is the place of the line in `lines`; the line itself is wanted.": place,
            "This is what the line costs; the line itself is wanted.": least_cost,
            "The formula 1 / (1 + price) holds where the probabilities are true. Count what "
            "each line costs on these beats.": by_formula,
        },
    ),
}
