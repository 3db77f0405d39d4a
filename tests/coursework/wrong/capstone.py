"""Wrong answers to *Capstone*, by question: what is wrong, and the cell.

Hand-ins that can be read and are poor keep a part of question 1: test_capstone.py has those.
"""

VERDICTS = """
letters = np.where(held.rr[:, RATIO] < 0.85, "S", "N")
{hand_in}
"""


def verdicts(hand_in):
    return VERDICTS.format(hand_in=hand_in)


OTHERS_VERDICTS = """
size = {name: len(record(name).samples) for name in REVIEWED[:10]}
lines = [f"{name} {count}: {count}N" for name, count in size.items()]
HAND_IN = "\\n".join([*lines, checksum(lines)])
"""

MADE_UP = """
lines = [f"{name} {{count}}: {{runs}}" for name in HELD_BACK]
HAND_IN = "\\n".join([*lines, checksum(lines)])
"""


def made_up(count, runs):
    return MADE_UP.replace("{{count}}", count).replace("{{runs}}", runs)


#: What a bench might print, with more V missed than by the solution.
LEFT_OUT = """
LEFT_OUT = {
    "101": [[1860, 0, 0, 0, 0], [1, 2, 0, 0, 0], [0] * 5, [0] * 5, [2, 0, 0, 0, 0]],
    "106": [[1455, 16, 36, 0, 0], [0] * 5, [152, 0, 368, 0, 0], [0] * 5, [0] * 5],
    "108": [[1468, 0, 272, 0, 0], [0, 0, 4, 0, 0], [0, 0, 17, 0, 0], [1, 0, 1, 0, 0], [0] * 5],
    "109": [[2479, 0, 13, 0, 0], [0] * 5, [2, 0, 36, 0, 0], [2, 0, 0, 0, 0], [0] * 5],
    "112": [[2537, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5],
    "114": [[1820, 0, 0, 0, 0], [5, 6, 1, 0, 0], [2, 0, 41, 0, 0], [2, 0, 2, 0, 0], [0] * 5],
    "115": [[1936, 17, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5, [0] * 5],
    "116": [[2301, 0, 1, 0, 0], [0, 1, 0, 0, 0], [1, 0, 108, 0, 0], [0] * 5, [0] * 5],
    "118": [[2166, 0, 0, 0, 0], [7, 88, 1, 0, 0], [0, 0, 16, 0, 0], [0] * 5, [0] * 5],
    "119": [[1543, 0, 0, 0, 0], [0] * 5, [301, 0, 143, 0, 0], [0] * 5, [0] * 5],
    "122": [[2476, 0, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5, [0] * 5],
    "124": [[1536, 0, 0, 0, 0], [30, 1, 0, 0, 0], [25, 0, 22, 0, 0], [5, 0, 0, 0, 0], [0] * 5],
    "201": [[1423, 212, 0, 0, 0], [5, 39, 84, 0, 0], [17, 0, 181, 0, 0], [2, 0, 0, 0, 0], [0] * 5],
    "203": [[1888, 404, 237, 0, 0], [0, 0, 2, 0, 0], [45, 1, 398, 0, 0], [0, 0, 1, 0, 0],
        [4, 0, 0, 0, 0]],
    "205": [[2571, 0, 0, 0, 0], [0, 3, 0, 0, 0], [20, 0, 51, 0, 0], [11, 0, 0, 0, 0], [0] * 5],
    "207": [[1541, 1, 1, 0, 0], [98, 9, 0, 0, 0], [89, 8, 113, 0, 0], [0] * 5, [0] * 5],
    "208": [[1563, 15, 8, 0, 0], [2, 0, 0, 0, 0], [524, 0, 468, 0, 0], [344, 0, 29, 0, 0],
        [2, 0, 0, 0, 0]],
    "209": [[2621, 0, 0, 0, 0], [273, 110, 0, 0, 0], [0, 0, 1, 0, 0], [0] * 5, [0] * 5],
    "215": [[3194, 0, 1, 0, 0], [0, 3, 0, 0, 0], [8, 0, 156, 0, 0], [1, 0, 0, 0, 0], [0] * 5],
    "220": [[1953, 1, 0, 0, 0], [10, 84, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5],
    "223": [[2040, 2, 3, 0, 0], [17, 44, 12, 0, 0], [156, 19, 298, 0, 0], [14, 0, 0, 0, 0],
        [0] * 5],
    "230": [[2171, 8, 76, 0, 0], [0] * 5, [0, 0, 1, 0, 0], [0] * 5, [0] * 5],
}
stack = np.array(list(LEFT_OUT.values()))
rows = evaluate.bootstrap_matrices(stack, draws=1000)
"""


def promised(lines):
    return LEFT_OUT + lines


BY_PERSON = """
def by_person(labels, calls, people):
    rows = []
    for person in {people}:
        true, said = labels[people == person], calls[people == person]
        scores = []
        for k in {classes}:
            right = np.sum((true == k) & (said == k))
            scores.append({score})
        rows.append({row})
    return rows
"""


def by_person(**changed):
    right = {
        "people": "np.unique(people)",
        "classes": "[k for k in range(3) if k in true]",
        "score": "2 * right / (np.sum(true == k) + np.sum(said == k))",
        "row": "[np.sum(true != said), np.sum(true != 0), np.mean(scores)]",
    }
    return BY_PERSON.format(**{**right, **changed})


AHEAD = """
def macro_f1(matrix, classes=3):
    right = np.diag(matrix)[:classes]
    both = (matrix.sum(axis=0) + matrix.sum(axis=1))[:classes]
    return np.mean(2 * right / both)


def ahead(ours, theirs, drawn):
    score = {score}
    differences = [{difference} for people in {drawn}]
    return [{value}, *np.percentile(differences, {ends})]
"""


def ahead(**changed):
    right = {
        "score": "lambda counts: macro_f1(counts.sum(axis=0))",
        "difference": "score(ours[people]) - score(theirs[people])",
        "drawn": "drawn",
        "value": "score(ours) - score(theirs)",
        "ends": "[2.5, 97.5]",
    }
    return AHEAD.format(**{**right, **changed})


ERRORS = """
wrong = {{name: {wrong} for name, m in counted.items()}}
worst = sorted(wrong, key=lambda name: {key}, reverse=True)
behind = sum({behind} for name, m in counted.items())
rest = sum(counted[name] for name in {rest})
answer_5 = {answer}
"""


def errors(**changed):
    right = {
        "wrong": "m.sum() - np.trace(m)",
        "key": "wrong[name]",
        "behind": "wrong[name] > m[1:].sum()",
        "rest": "worst[1:]",
        "answer": "[sum(wrong[n] for n in worst[:5]) / sum(wrong.values()), behind, "
        "f1([rest]).mean()]",
    }
    return ERRORS.format(**{**right, **changed})


TWO_F1 = """
def two_f1(belief, is_v, people, lines):
    def score(alarm, v):
        return 2 * np.sum(alarm & v) / max(np.sum(alarm) + np.sum(v), 1)

    def best(some):
        scores = np.array([score(belief[some] {reached} line, is_v[some]) for line in lines])
        return {best}

    alarms = np.zeros(len(belief), bool)
    for person in np.unique(people):
        own = people == person
        alarms[own] = belief[own] {reached} best({chosen})
    hindsight = score(belief {reached} best(belief >= 0), is_v)
    return [{first}, hindsight]
"""


def two_f1(**changed):
    right = {
        "reached": ">=",
        "best": "lines[scores.argmax()]",
        "chosen": "~own",
        "first": "score(alarms, is_v)",
    }
    return TWO_F1.format(**{**right, **changed})


WRONG = {
    "q1": [
        ("verdicts on other people", OTHERS_VERDICTS.strip()),
        ("an array in place of the text", verdicts("HAND_IN = letters")),
        ("the text in a list", verdicts("HAND_IN = [pack(letters)]")),
        ("cut off while copying", verdicts("HAND_IN = pack(letters)[:3000]")),
        ("a verdict changed by hand", verdicts('HAND_IN = pack(letters).replace("N S", "N V", 1)')),
        ("a person lost", verdicts('HAND_IN = "\\n".join(pack(letters).splitlines()[1:])')),
        ("ten beats a person", made_up("10", "10N")),
        (
            "one beat too few",
            made_up("{len(record(name).samples)}", "{len(record(name).samples) - 1}N"),
        ),
        ("runs without end", made_up("99999", " ".join(["99999N"] * 3))),
        ("an empty text", 'HAND_IN = ""'),
    ],
    "q2": [
        ("an interval over beats", promised("promise = [0.657, 0.649, 0.666]")),
        ("accuracy", promised("promise = rows.loc['accuracy'].tolist()")),
        ("F1 of V", promised("promise = rows.loc['V F1'].tolist()")),
        (
            "ends first",
            promised("promise = rows.loc['macro-F1', ['low', 'value', 'high']].tolist()"),
        ),
        ("in percent", promised("promise = (100 * rows.loc['macro-F1']).tolist()")),
        ("another's promise", promised("promise = [0.721, 0.635, 0.827]")),
        (
            "two thirds of the draws",
            promised(
                "promise = evaluate.bootstrap_matrices(stack, level=0.68).loc['macro-F1'].tolist()"
            ),
        ),
        (
            "five classes",
            promised(
                "m = stack.sum(axis=0)\n"
                "five = 2 * m.diagonal() / np.maximum(m.sum(axis=0) + m.sum(axis=1), 1)\n"
                "promise = [np.mean(five), *rows.loc['macro-F1', ['low', 'high']]]"
            ),
        ),
        (
            "people without S left away",
            promised(
                "LEFT_OUT = {name: t for name, t in LEFT_OUT.items() if sum(t[1])}\n"
                "stack = np.array(list(LEFT_OUT.values()))\n"
                "promise = evaluate.bootstrap_matrices(stack).loc['macro-F1'].tolist()"
            ),
        ),
        (
            "every fourth beat",
            promised(
                "LEFT_OUT = {name: (np.array(t) // 4).tolist() for name, t in LEFT_OUT.items()}\n"
                "stack = np.array(list(LEFT_OUT.values()))\n"
                "promise = evaluate.bootstrap_matrices(stack).loc['macro-F1'].tolist()"
            ),
        ),
    ],
    "q3": [
        (
            "three classes for everybody",
            by_person(
                classes="range(3)",
                score="2 * right / max(np.sum(true == k) + np.sum(said == k), 1)",
            ),
        ),
        (
            "classes that were called",
            by_person(classes="[k for k in range(3) if k in true or k in said]"),
        ),
        ("F and Q in the mean", by_person(classes="np.unique(true)")),
        ("sensitivity for F1", by_person(score="right / np.sum(true == k)")),
        ("predictivity for F1", by_person(score="right / max(np.sum(said == k), 1)")),
        ("people as they come", by_person(people="dict.fromkeys(people.tolist())")),
        (
            "right for wrong",
            by_person(row="[np.sum(true == said), np.sum(true == 0), np.mean(scores)]"),
        ),
        (
            "verdicts of N for always N",
            by_person(row="[np.sum(true != said), np.sum(said != 0), np.mean(scores)]"),
        ),
    ],
    "q4": [
        ("turned", ahead(difference="score(theirs[people]) - score(ours[people])")),
        (
            "mean of people's macro-F1",
            ahead(score="lambda counts: np.mean([macro_f1(np.maximum(m, 1)) for m in counts])"),
        ),
        (
            "five classes",
            ahead(score="lambda counts: macro_f1(np.maximum(counts.sum(axis=0), 1), 5)"),
        ),
        ("nine tenths", ahead(ends="[5, 95]")),
        ("accuracy", ahead(score="lambda counts: np.trace(counts.sum(axis=0)) / counts.sum()")),
        ("each person once", ahead(drawn="[np.unique(people) for people in drawn]")),
        (
            "another draw for the rival",
            ahead(difference="score(ours[people]) - score(theirs[np.roll(drawn, 1, axis=0)[0]])"),
        ),
        ("mean of the draws", ahead(value="np.mean(differences) + 0.0005")),
        ("only ours", ahead(difference="score(ours[people])")),
    ],
    "q5": [
        ("another's numbers", "answer_5 = [0.512, 4, 0.791]"),
        ("the best in place of the worst", errors(key="-wrong[name]")),
        (
            "one person",
            errors(answer="[wrong[worst[0]] / sum(wrong.values()), behind, f1([rest]).mean()]"),
        ),
        ("ahead in place of behind", errors(behind="wrong[name] < m[1:].sum()")),
        ("columns for rows", errors(behind="wrong[name] > m[:, 1:].sum()")),
        ("with the worst person", errors(rest="worst")),
        ("without the five worst", errors(rest="worst[5:]")),
        (
            "share of the beats",
            errors(
                answer="[sum(wrong[n] for n in worst[:5]) / sum(map(np.sum, counted.values())), "
                "behind, f1([rest]).mean()]"
            ),
        ),
    ],
    "q6": [
        ("chosen on everybody", two_f1(chosen="belief >= 0")),
        ("chosen on the person", two_f1(chosen="own")),
        ("above the line", two_f1(reached=">")),
        ("highest of equals", two_f1(best="lines[len(lines) - 1 - scores[::-1].argmax()]")),
        ("place for line", two_f1(best="scores.argmax()")),
        (
            "mean of people's F1",
            two_f1(
                first="np.mean([score(alarms[people == p], is_v[people == p]) "
                "for p in np.unique(people)])"
            ),
        ),
        ("always a half", two_f1(best="0.5")),
    ],
}
