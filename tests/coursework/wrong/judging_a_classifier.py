"""Wrong answers to *Judging a classifier*, by question: what is wrong, and the cell."""

SCORES = """
def class_scores(labels, calls, classes):
    {before}
    rows = []
    for kind in {order}:
        its, called = labels == kind, calls == kind
        right = np.sum(its & called)
        with np.errstate(all="ignore"):
            first, second = right / its.sum(), right / called.sum()
            f1 = {f1}
        rows.append({row})
    return {result}
"""


def scores(**changed):
    right = {
        "before": "",
        "order": "classes",
        "f1": "2 * right / (its.sum() + called.sum())",
        "row": "[first, second, f1]",
        "result": "np.array(rows)",
    }
    return SCORES.format(**{**right, **changed})


LEAD = """
def f1(counts):
    tp, fp, fn = counts.T
    whole = 2 * tp + fp + fn
    return 2 * tp / np.where(whole > 0, whole, np.nan)

def lead(first, second, drawn):
    {before}
    a, b = [{of_draws} for counts in (first, second)]
    ahead = {ahead}
    return np.{quantile}(ahead, {ends})
"""


def lead(**changed):
    right = {
        "before": "",
        "of_draws": "f1(counts[drawn].sum(axis=1))",
        "ahead": "a - b",
        "quantile": "nanquantile",
        "ends": "[0.025, 0.975]",
    }
    return LEAD.format(**{**right, **changed})


WARD = """
found = {found}
false = {false}
false_rate = {rate}
true = SENSITIVITY / WARD
false = {in_ward}
answer_3 = {answer}
"""


def ward(**changed):
    right = {
        "found": "SHARE * SENSITIVITY",
        "false": "found * (1 - PREDICTIVITY) / PREDICTIVITY",
        "rate": "false / (1 - SHARE)",
        "in_ward": "false_rate * (1 - 1 / WARD)",
        "answer": "[1 - false_rate, true / (true + false), 100_000 * false]",
    }
    return WARD.format(**{**right, **changed})


TWINS = """
numbers = {numbers}
apart = cdist(numbers, numbers){scale}
{alone}
twin = apart.argmin(axis=1)
near = apart.min(axis=1)
apart[{strangers}] = np.inf
stranger = apart.argmin(axis=1)
far = apart.min(axis=1)
answer_4 = {answer}
"""


def twins(**changed):
    right = {
        "numbers": "shapes",
        "scale": " / np.sqrt(72)",
        "alone": "np.fill_diagonal(apart, np.inf)",
        "strangers": "people[:, None] == people",
        "answer": "[np.mean(people[twin] == people), np.mean(labels[twin] == labels), "
        "np.mean(labels[stranger] == labels), np.median(near), np.median(far)]",
    }
    return TWINS.format(**{**right, **changed})


CALIBRATION = """
def calibration(belief, right, people, bins):
    def distance(groups):
        gaps, counts = [], []
        for group in np.unique(groups):
            its = groups == group
            gaps.append({gap})
            counts.append(its.sum())
        return {mean}

    part = {part}
    return {result}
"""


def calibration(**changed):
    right = {
        "gap": "abs(belief[its].mean() - right[its].mean())",
        "mean": "np.average(gaps, weights=counts)",
        "part": "np.minimum((belief * bins).astype(int), bins - 1)",
        "result": "[distance(part), distance(people)]",
    }
    return CALIBRATION.format(**{**right, **changed})


FAILS = """
beats_of_s = {beats_of_s}
found = tables[:, 1, 1]
has = {has}
own = found[has] / np.maximum(beats_of_s[has], 1)
right = tables.trace(axis1=1, axis2=2)
errors = {errors}
normal = {normal}
answer_6 = {answer}
"""


def fails(**changed):
    right = {
        "beats_of_s": "tables[:, 1].sum(axis=1)",
        "has": "beats_of_s > 0",
        "errors": "tables.sum(axis=(1, 2)) - right",
        "normal": "tables[:, 0].sum(axis=1)",
        "answer": "[found.sum() / beats_of_s.sum(), own.mean(), np.sum(right < normal), "
        "np.sort(errors)[-3:].sum() / errors.sum()]",
    }
    return FAILS.format(**{**right, **changed})


WRONG = {
    "q1": [
        ("classes by the alphabet", scores(order="sorted(classes)")),
        ("axes transposed", scores(row="[second, first, f1]")),
        (
            "beats of other classes left out",
            scores(
                before="inside = np.isin(labels, list(classes)); "
                "labels, calls = labels[inside], calls[inside]"
            ),
        ),
        ("0 for a class that nobody has", scores(result="np.nan_to_num(np.array(rows))")),
        ("half the sum for F1", scores(f1="(first + second) / 2")),
        ("F1 not known without calls", scores(f1="2 * first * second / (first + second)")),
        ("percentages", scores(result="100 * np.array(rows)")),
        ("works for N, S and V alone", scores(order='"NSV"')),
    ],
    "q2": [
        (
            "one interval minus the other",
            lead().replace(
                "return np.nanquantile(ahead, [0.025, 0.975])",
                "p = [0.025, 0.975]\n    return np.nanquantile(a, p) - np.nanquantile(b, p)",
            ),
        ),
        (
            "mean of the people's own F1",
            lead(of_draws="np.nanmean(f1(counts)[drawn], axis=1)"),
        ),
        ("adds up down the columns", lead(of_draws="f1(counts[drawn].sum(axis=0))")),
        ("cuts off 5 percent at each end", lead(ends="[0.05, 0.95]")),
        ("second minus first", lead(ahead="b - a")),
        (
            "each person once",
            lead(before="drawn = [np.unique(row) for row in drawn]").replace(
                "f1(counts[drawn].sum(axis=1))",
                "f1(np.array([counts[row].sum(axis=0) for row in drawn]))",
            ),
        ),
        ("a draw without V counts as 0", lead(ahead="np.nan_to_num(a) - np.nan_to_num(b)")),
        ("a draw without V spoils all", lead(quantile="quantile")),
    ],
    "q3": [
        ("a neighbour's numbers", "answer_3 = [0.9911, 0.2816, 885.9]"),
        (
            "positive predictivity as in the paper",
            ward(answer="[1 - false_rate, PREDICTIVITY, 100_000 * false]"),
        ),
        ("1 minus positive predictivity for the false alarms", ward(rate="1 - PREDICTIVITY")),
        ("divides by all beats", ward(rate="false")),
        ("divides the false alarms by the V beats", ward(rate="false / SHARE")),
        ("sensitivity forgotten", ward(found="SHARE")),
        ("false alarms as a share", ward(answer="[1 - false_rate, true / (true + false), false]")),
        (
            "false alarms per hour",
            ward(answer="[1 - false_rate, true / (true + false), 100_000 * false / 24]"),
        ),
    ],
    "q4": [
        ("each beat its own twin", twins(alone="")),
        ("sum for mean under the root", twins(scale="")),
        ("mean for median", twins().replace("np.median", "np.mean")),
        (
            "each beat scaled by itself",
            twins(
                numbers="(shapes - shapes.mean(axis=1, keepdims=True))"
                " / shapes.std(axis=1, keepdims=True)"
            ),
        ),
        ("another class for another person", twins(strangers="labels[:, None] == labels")),
        (
            "strangers and twins exchanged",
            twins().replace("np.median(near), np.median(far)", "np.median(far), np.median(near)"),
        ),
        ("a neighbour's result", "answer_4 = [0.997, 0.99, 0.726, 0.0317, 0.1462]"),
        (
            "easier beats",
            "shapes = np.arange(4.0)[:, None] * np.ones(72)\n"
            "people, labels = np.array(['a', 'a', 'b', 'b']), np.zeros(4, int)\n"
            "answer_4 = [0.75, 1.0, 1.0, 1.0, 1.5]",
        ),
    ],
    "q5": [
        ("all groups alike", calibration(mean="np.mean(gaps)")),
        ("signed distances", calibration(gap="belief[its].mean() - right[its].mean()")),
        ("the largest distance", calibration(mean="max(gaps)")),
        ("distance of each beat", calibration(gap="np.abs(belief[its] - right[its]).mean()")),
        ("1.0 in a part of its own", calibration(part="(belief * bins).astype(int)")),
        (
            "1.0 in a part with the lowest beliefs",
            calibration(
                part="np.digitize(belief, np.linspace(0, 1, bins + 1))",
                result="[distance(np.where(part > bins, 0, part)), distance(people)]",
            ),
        ),
        (
            "people instead of beats",
            calibration().replace(
                "distance(people)]",
                "np.mean([abs(belief[people == one].mean() - right[people == one].mean())"
                " for one in np.unique(people)])]",
            ),
        ),
        (
            "ten parts whatever is asked",
            calibration(part="np.minimum((belief * 10).astype(int), 9)"),
        ),
        ("a border belongs below", calibration(part="np.ceil(belief * bins).astype(int)")),
    ],
    "q6": [
        ("columns for rows", fails(beats_of_s="tables[:, :, 1].sum(axis=1)")),
        ("people without S count as 0", fails(has="beats_of_s >= 0")),
        (
            "gross and average exchanged",
            fails().replace(
                "[found.sum() / beats_of_s.sum(), own.mean(),",
                "[own.mean(), found.sum() / beats_of_s.sum(),",
            ),
        ),
        ("calls of N for beats of N", fails(normal="tables[:, :, 0].sum(axis=1)")),
        (
            "a V for an S",
            fails()
            .replace("tables[:, 1, 1]", "tables[:, 2, 2]")
            .replace("tables[:, 1].sum", "tables[:, 2].sum"),
        ),
        ("share of beats for share of errors", fails().replace("/ errors.sum()", "/ tables.sum()")),
        ("the worst person alone", fails().replace("[-3:]", "[-1:]")),
        ("a neighbour's result", "answer_6 = [0.362, 0.6071, 7, 0.7924]"),
        (
            "all people of DS2",
            fails().replace(
                "beats_of_s =", "tables = np.array(list(per_record.values()))\nbeats_of_s =", 1
            ),
        ),
    ],
}
