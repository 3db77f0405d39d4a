"""Wrong answers to *Reading an ECG*, by question: what is wrong, and the cell."""

CORRECTED = """
def corrected(onset, offset, fs):
    onset, offset = {marks}
    qt = {qt}
    rr = {rr}
    rows = np.column_stack([{columns}])
    return {result}
"""


def corrected(**changed):
    right = {
        "marks": "[np.where(marks < 0, np.nan, marks) for marks in (onset, offset)]",
        "qt": "1000 * (offset - onset) / fs",
        "rr": "np.append(np.nan, np.diff(onset)) / fs",
        "columns": "qt / np.sqrt(rr), qt / np.cbrt(rr)",
        "result": "rows",
    }
    return CORRECTED.format(**{**right, **changed})


LEADS = """
qrs, qt = [], []
for waves in {leads}:
    kind, begin, peak, end = (waves[name] for name in ("kind", "onset", "peak", "offset"))
    qrs.append({middle}((end - begin){of_qrs}))
    pair = (kind[:-1] == "QRS") & (kind[1:] == "T")
    qt.append({middle}(({until})[1:][pair] - ({since})[:-1][pair]))
answer_3 = np.array({answer}) * {sample}
"""


def leads(**changed):
    right = {
        "leads": "marked.waves.values()",
        "middle": "np.median",
        "of_qrs": '[kind == "QRS"]',
        "until": "end",
        "since": "begin",
        "answer": "[min(qrs), max(qrs), min(qt), max(qt)]",
        "sample": "1000 / marked.fs",
    }
    return LEADS.format(**{**right, **changed})


ROOTS = """
limit = {limit}
answer_4 = [{bazett}, {fridericia}]
"""


def roots(**changed):
    right = {
        "limit": '460 if SEX == "woman" else 450',
        "bazett": "60 * (limit / QT_MS) ** 2",
        "fridericia": "60 * (limit / QT_MS) ** 3",
    }
    return ROOTS.format(**{**right, **changed})


AXIS = """
def axis_from(lead_a, height_a, lead_b, height_b):
    directions, parts = [], []
    for lead, height in [(lead_a, height_a), (lead_b, height_b)]:
        angle = np.radians(ANGLES[lead])
        directions.append([np.cos(angle), np.sin(angle)])
        parts.append({part})
    across, down = np.linalg.solve(directions, parts)
    return {result}
"""


def axis(**changed):
    right = {
        "part": 'height / np.cos(np.radians(30)) if lead.startswith("aV") else height',
        "result": "np.degrees(np.arctan2(down, across))",
    }
    return AXIS.format(**{**right, **changed})


PAUSE = """
rr = np.diff(samples)
early, both = [], []
for i in range(2, len(samples) - 1):
    if {chosen}:
        ordinary = {ordinary}
        early.append({early} / ordinary)
        both.append({both} / ordinary)
answer_6 = [len(early), np.median(early), np.median(both)]
"""


def pause(**changed):
    right = {
        "chosen": "''.join(symbols[i - 2 : i + 2]) == 'NNVN'",
        "ordinary": "rr[i - 2]",
        "early": "rr[i - 1]",
        "both": "(rr[i - 1] + rr[i])",
    }
    return PAUSE.format(**{**right, **changed})


WARD = """
def elsewhere(symbols, alarms, prevalence):
    is_v = {is_v}
    sensitivity = {sensitivity}
    specificity = {specificity}
    true = prevalence * sensitivity
    false = (1 - prevalence) * (1 - specificity)
    return [sensitivity, specificity, {ppv}]
"""


def ward(**changed):
    right = {
        "is_v": 'np.isin(symbols, ["V", "E", "r"])',
        "sensitivity": "np.mean(alarms[is_v])",
        "specificity": "np.mean(~alarms[~is_v])",
        "ppv": "true / (true + false)",
    }
    return WARD.format(**{**right, **changed})


def rates(rr, answer="[60 / rr.mean(), (60 / rr).mean()]"):
    return f"rr = {rr}\nanswer_1 = {answer}"


SECONDS = "np.diff(minute) / recording.fs"

WRONG = {
    "q1": [
        ("A and B exchanged", rates(SECONDS, "[(60 / rr).mean(), 60 / rr.mean()]")),
        ("the mean first in both", rates(SECONDS, "[60 / rr.mean(), 60 / rr.mean()]")),
        ("intervals in samples", rates("np.diff(minute)")),
        ("the sampling rate of LUDB", rates("np.diff(minute) / 500")),
        ("intervals in place of rates", rates(SECONDS, "[rr.mean(), (1 / rr).mean()]")),
        ("the whole recording", rates("np.diff(recording.samples) / recording.fs")),
        ("a neighbour's rates", "answer_1 = [87.4, 91.2]"),
        (
            "an easier minute",
            "minute = np.arange(0, 21600, 360)\nanswer_1 = [60.0, 60.0]",
        ),
    ],
    "q2": [
        ("every rate taken for 500", corrected(qt="2 * (offset - onset)")),
        ("QT in samples", corrected(qt="offset - onset")),
        ("RR in ms", corrected(rr="1000 * np.append(np.nan, np.diff(onset)) / fs")),
        ("the interval after the beat", corrected(rr="np.append(np.diff(onset), np.nan) / fs")),
        ("one RR for all beats", corrected(rr="np.nanmean(np.diff(onset)) / fs")),
        ("a missing mark taken for a sample", corrected(marks="onset, offset")),
        ("rows left out", corrected(result="rows[~np.isnan(rows[:, 0])]")),
        ("columns exchanged", corrected(columns="qt / np.cbrt(rr), qt / np.sqrt(rr)")),
        ("a third for the third root", corrected(columns="qt / np.sqrt(rr), qt / (rr / 3)")),
        (
            "the visible cases hard-coded",
            "def corrected(onset, offset, fs):\n"
            "    rows = [[np.nan, np.nan], [424.8529, 409.3404], [464.7580, 426.8390]]\n"
            "    return np.array(rows)",
        ),
    ],
    "q3": [
        ("lead II alone", leads(leads='[marked.waves["II"]]')),
        (
            "extremes of all beats",
            leads(middle="list").replace("append", "extend"),
        ),
        ("samples for ms", leads(sample="1")),
        ("mean for median", leads(middle="np.mean")),
        ("without a lead's last wave", leads(of_qrs='[:-1][kind[:-1] == "QRS"]')),
        ("to the top of T", leads(until="peak")),
        ("from the end of QRS", leads(since="end")),
        ("QT before QRS", leads(answer="[min(qt), max(qt), min(qrs), max(qrs)]")),
        ("a neighbour's durations", "answer_3 = [61.0, 111.0, 311.0, 411.0]"),
    ],
    "q4": [
        ("the limits of the sexes exchanged", roots(limit='450 if SEX == "woman" else 460')),
        (
            "upside down",
            roots(
                bazett="60 * (QT_MS / limit) ** 2",
                fridericia="60 * (QT_MS / limit) ** 3",
            ),
        ),
        (
            "roots in place of powers",
            roots(
                bazett="60 * (limit / QT_MS) ** (1 / 2)",
                fridericia="60 * (limit / QT_MS) ** (1 / 3)",
            ),
        ),
        (
            "the two exchanged",
            roots(
                bazett="60 * (limit / QT_MS) ** 3",
                fridericia="60 * (limit / QT_MS) ** 2",
            ),
        ),
        ("RR in place of the rate", roots(bazett="(QT_MS / limit) ** 2")),
        ("a neighbour's patient", "answer_4 = [71.11, 77.42]"),
        (
            "the student's patient changed",
            'QT_MS, SEX = 450, "man"\nanswer_4 = [60.0, 60.0]',
        ),
    ],
    "q5": [
        ("half a circle", axis(result="np.degrees(np.arctan(down / across))")),
        ("no factor for aVR, aVL and aVF", axis(part="height")),
        ("the factor for aVF alone", axis(part='height / 0.8660254 if lead == "aVF" else height')),
        (
            "the factor the wrong way round",
            axis(part='height * np.cos(np.radians(30)) if lead.startswith("aV") else height'),
        ),
        ("anticlockwise", axis(result="-np.degrees(np.arctan2(down, across))")),
        ("radians", axis(result="np.arctan2(down, across)")),
        ("0 to 360", axis(result="np.degrees(np.arctan2(down, across)) % 360")),
        (
            "always I and aVF",
            "def axis_from(lead_a, height_a, lead_b, height_b):\n"
            "    return np.degrees(np.arctan2(height_b / 0.8660254, height_a))",
        ),
    ],
    "q6": [
        ("every V", pause(chosen="symbols[i] == 'V'")),
        (
            "the typical interval of all beats",
            pause(ordinary="np.median(rr)"),
        ),
        ("an interval too late", pause(early="rr[i]")),
        ("the pause alone", pause(both="rr[i]")),
        ("by two ordinary intervals", pause(both="(rr[i - 1] + rr[i]) / 2")),
        ("upside down", pause(early="ordinary**2 / rr[i - 1]")),
        (
            "the whole recording",
            "samples, symbols = recording.samples, recording.symbols" + pause(),
        ),
        ("a neighbour's beats", "answer_6 = [97, 0.611, 1.987]"),
    ],
    "q7": [
        ("the symbol V alone", ward(is_v='symbols == "V"')),
        ("fusion beats too", ward(is_v='np.isin(symbols, ["V", "E", "r", "F"])')),
        ("without R on T", ward(is_v='np.isin(symbols, ["V", "E"])')),
        ("the PPV of the trial", ward(ppv="np.mean(is_v[alarms])")),
        ("share of the alarms", ward(sensitivity="np.mean(is_v[alarms])")),
        ("false alarms for specificity", ward(specificity="np.mean(alarms[~is_v])")),
        ("negative predictivity", ward(specificity="np.mean(~is_v[~alarms])")),
        ("accuracy for sensitivity", ward(sensitivity="np.mean(alarms == is_v)")),
        ("per cent", ward(ppv="100 * true / (true + false)")),
    ],
}
