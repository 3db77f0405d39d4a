"""Wrong answers to *Beats and images*, by question: what is wrong, and the cell."""

CUT = """
def cut(signal, fs, marks, marks_fs, before, after):
    begin, end = {begin}, {end}
    places = {places}
    shown = places[:, None] + np.arange(-begin, {stop})
    return {windows}
"""

NAN = "np.where((shown < 0) | (shown >= len(signal)), np.nan, np.take(signal, shown, mode='clip'))"


def cut(**changed):
    right = {
        "begin": "round(before * fs)",
        "end": "round(after * fs)",
        "places": "np.rint(marks * fs / marks_fs).astype(int)",
        "stop": "end",
        "windows": NAN,
    }
    return CUT.format(**{**right, **changed})


AGREEMENT = """
def agreement(marks, found, fs):
    pairs, i, j = 0, 0, 0
    while i < len(marks) and j < len(found):
        apart = found[j] - marks[i]
        if {near}:
            pairs, i, j = pairs + 1, i + 1, j + 1
        elif apart < 0:
            j += 1
        else:
            i += 1
    return {result}
"""

SHARES = "[pairs / len(x) if len(x) else np.nan for x in (marks, found)]"


def agreement(near="abs(apart) / fs <= 0.15", result=SHARES):
    return AGREEMENT.format(near=near, result=result)


DOUBLE = """
def agreement(marks, found, fs):
    near = np.abs(marks[:, None] - found) / fs <= 0.15
    shares = near.any(axis=1), near.any(axis=0)
    return [share.mean() if len(share) else np.nan for share in shares]
"""

NEAREST_FIRST = """
def agreement(marks, found, fs):
    pairs, left = 0, list(found)
    for mark in marks:
        if left:
            best = min(left, key=lambda report: abs(report - mark))
            if abs(best - mark) / fs <= 0.15:
                left.remove(best)
                pairs += 1
    return [pairs / len(x) if len(x) else np.nan for x in (marks, found)]
"""

MARKS_FOUND = """
def agreement(marks, found, fs):
    near = [mark for mark in marks if any(abs(found - mark) / fs <= 0.15)]
    return [len(near) / len(x) if len(x) else np.nan for x in (marks, found)]
"""

LEVELS = """
sos = butter(2, {cutoff}, btype="{kind}", fs=patient.fs, output="sos")
around = {beats}[:, None] + np.arange(-90, 180)

def level_of(signal):
    return {level}(signal[around].mean(axis=0))

both = {twice}
answer_3 = {answer}
"""


def levels(**changed):
    right = {
        "cutoff": "CUTOFF",
        "kind": "highpass",
        "beats": "normal_beats",
        "level": "st_level",
        "twice": "sosfiltfilt(sos, ecg)",
        "answer": "[level_of(x) for x in (ecg, both, sosfilt(sos, ecg))]",
    }
    return LEVELS.format(**{**right, **changed})


FILTERED_BEAT = """
beat = ecg[normal_beats[:, None] + np.arange(-90, 180)].mean(axis=0)
sos = butter(2, CUTOFF, btype="highpass", fs=patient.fs, output="sos")
answer_3 = [st_level(x) for x in (beat, sosfiltfilt(sos, beat), sosfilt(sos, beat))]
"""

EASIER_FILTER = """
CUTOFF = 0.05
sos = butter(2, CUTOFF, btype="highpass", fs=patient.fs, output="sos")
around = normal_beats[:, None] + np.arange(-90, 180)
answer_3 = [
    st_level(signal[around].mean(axis=0))
    for signal in (ecg, sosfiltfilt(sos, ecg), sosfilt(sos, ecg))
]
"""

ROWS = """
def pixel_rows(windows, height, low, high):
    rows = {rows}
    return {result}
"""

INSIDE = (
    "np.where((windows < low) | (windows > high), -1, np.minimum(rows, height - 1)).astype(int)"
)


def pixel_rows(rows="np.floor((high - windows) / (high - low) * height)", result=INSIDE):
    return ROWS.format(rows=rows, result=result)


OWN_SCALE = """
def pixel_rows(windows, height, low, high):
    low = windows.min(axis=1, keepdims=True)
    high = windows.max(axis=1, keepdims=True)
    rows = np.floor((high - windows) / (high - low) * height)
    return np.minimum(rows, height - 1).astype(int)
"""

RATIOS = """
def against_recent(marks, last=8):
    intervals = np.diff(marks)
    ratios = np.full(len(marks), {nothing})
    for k in range({first}, len(intervals)):
        ratios[k + 1] = intervals[k] / {usual}
    return ratios
"""


def ratios(**changed):
    right = {
        "nothing": "np.nan",
        "first": "1",
        "usual": "np.median(intervals[max(k - last, 0) : k])",
    }
    return RATIOS.format(**{**right, **changed})


RELATIVES = """
squares = (windows**2).sum(axis=1)
apart = squares[:, None] + squares - 2 * windows @ windows.T
{without_itself}
same_person = {owners}[:, None] == {owners}
nearest = apart.{best}(axis=1)
stranger = np.where({forbidden}, {bound}, apart).{best}(axis=1)
shares = [
    np.mean({owners}[nearest] == {owners}),
    np.mean(labels[nearest] == labels),
    np.mean(labels[stranger] == labels),
]
answer_6 = {answer}
"""


def relatives(**changed):
    right = {
        "without_itself": "np.fill_diagonal(apart, np.inf)",
        "owners": "persons",
        "best": "argmin",
        "forbidden": "same_person",
        "bound": "np.inf",
        "answer": "shares",
    }
    return RELATIVES.format(**{**right, **changed})


STRANGENESS = """
typical = {typical}
difference = all_windows - typical
strangeness = {size}
is_v = all_labels == 2
shown = np.argsort({order})[: is_v.sum()]
answer_7 = {answer}
"""


def strangeness(**changed):
    right = {
        "typical": "np.median(all_windows, axis=0)",
        "size": "np.sqrt((difference**2).mean(axis=1))",
        "order": "-strangeness",
        "answer": "[np.median(strangeness[all_labels == 0]), np.median(strangeness[is_v]), "
        "is_v[shown].mean()]",
    }
    return STRANGENESS.format(**{**right, **changed})


WRONG = {
    "q1": [
        ("marks on the wrong clock", cut(places="marks")),
        ("marks cut off to whole samples", cut(places="(marks * fs / marks_fs).astype(int)")),
        ("window cut off to whole samples", cut(begin="int(before * fs)", end="int(after * fs)")),
        ("one sample too many", cut(stop="end + 1")),
        ("before and after exchanged", cut(begin="round(after * fs)", end="round(before * fs)")),
        ("voltages from the other end", cut(windows="np.take(signal, shown, mode='wrap')")),
        ("edges repeated", cut(windows="np.take(signal, shown, mode='clip')")),
        ("zeros outside", cut(windows=f"np.nan_to_num({NAN})")),
        ("beats at the ends left out", cut(windows=f"(w := {NAN})[~np.isnan(w).any(axis=1)]")),
    ],
    "q2": [
        ("double counting", DOUBLE),
        ("as many right reports as marks found", MARKS_FOUND),
        ("each mark takes its nearest report", NEAREST_FIRST),
        ("54 samples at every rate", agreement(near="abs(apart) <= 54")),
        ("150 samples", agreement(near="abs(apart) <= 150")),
        ("exactly 150 ms is too far", agreement(near="abs(apart) / fs < 0.15")),
        ("only reports after the mark", agreement(near="0 <= apart / fs <= 0.15")),
        ("positive predictivity first", agreement(result=f"{SHARES}[::-1]")),
        ("in per cent", agreement(result=f"[100 * share for share in {SHARES}]")),
        ("0 for a share of nothing", agreement(result=f"np.nan_to_num({SHARES})")),
        (
            "the visible cases hard-coded",
            "def agreement(marks, found, fs):\n"
            "    return {4: [0.75, 0.6], 1: [0.5, 1.0]}.get(len(marks), [1.0, 1.0])",
        ),
    ],
    "q3": [
        (
            "the filters exchanged",
            levels(answer="[level_of(x) for x in (ecg, sosfilt(sos, ecg), both)]"),
        ),
        ("zero-phase both times", levels(answer="[level_of(x) for x in (ecg, both, both)]")),
        ("the mean beat filtered", FILTERED_BEAT),
        ("a low-pass", levels(kind="lowpass")),
        ("no level before QRS", levels(level="(lambda beat: beat[130:137].mean())")),
        ("in microvolts", levels(level="1000 * st_level")),
        ("forwards, and twice forwards", levels(twice="sosfilt(sos, sosfilt(sos, ecg))")),
        ("the chapter's cut-off of 2 Hz", levels(cutoff="2")),
        ("a neighbour's levels", "answer_3 = [0.0523, 0.0412, -0.0270]"),
        ("the student's cut-off changed to an easy one", EASIER_FILTER),
    ],
    "q4": [
        ("upside down", pixel_rows(rows="np.floor((windows - low) / (high - low) * height)")),
        ("at the border", pixel_rows(result="np.clip(rows, 0, height - 1).astype(int)")),
        (
            "cut off towards zero",
            pixel_rows(
                rows="((high - windows) / (high - low) * height).astype(int)",
                result="np.where((rows < 0) | (rows > height), -1, np.minimum(rows, height - 1))",
            ),
        ),
        ("rounded", pixel_rows(rows="np.rint((high - windows) / (high - low) * height)")),
        (
            "one row too few",
            pixel_rows(rows="np.floor((high - windows) / (high - low) * (height - 1))"),
        ),
        (
            "a row below the last",
            pixel_rows(result="np.where((rows < 0) | (rows > height), -1, rows).astype(int)"),
        ),
        ("a scale for each beat", OWN_SCALE),
        ("a symmetric range", pixel_rows(rows="np.floor((high - windows) / (2 * high) * height)")),
    ],
    "q5": [
        (
            "own interval included",
            ratios(first="0", usual="np.median(intervals[max(k + 1 - last, 0) : k + 1])"),
        ),
        ("mean for median", ratios(usual="np.mean(intervals[max(k - last, 0) : k])")),
        ("the whole record", ratios(first="0", usual="np.median(intervals)")),
        ("all so far", ratios(usual="np.median(intervals[:k])")),
        (
            "one interval too far back",
            ratios(usual="np.median(intervals[max(k - last - 1, 0) : k])"),
        ),
        (
            "no answer before all are known",
            ratios(first="last", usual="np.median(intervals[k - last : k])"),
        ),
        ("1 where nobody knows", ratios(nothing="1.0")),
        (
            "a number for each interval",
            ratios() + "\nof_beats = against_recent\n"
            "def against_recent(marks, last=8):\n    return of_beats(marks, last)[1:]",
        ),
    ],
    "q6": [
        ("a beat is its own relative", relatives(without_itself="")),
        ("recordings for people", relatives(owners="names")),
        ("the least alike", relatives(without_itself="", best="argmax", bound="-1")),
        ("own heart alone in the third", relatives(forbidden="~same_person")),
        ("second and third exchanged", relatives(answer="[shares[0], shares[2], shares[1]]")),
        ("in per cent", relatives(answer="[100 * share for share in shares]")),
        ("a neighbour's shares", "answer_6 = [0.9723, 0.9501, 0.6565]"),
        (
            "an easier group of beats",
            "windows, labels, persons = windows[:9], labels[:9], persons[:9]\n"
            "answer_6 = [1.0, 1.0, 0.0]",
        ),
    ],
    "q7": [
        ("mean beat for median beat", strangeness(typical="all_windows.mean(axis=0)")),
        (
            "a median for each beat",
            strangeness(typical="np.median(all_windows, axis=1, keepdims=True)"),
        ),
        ("mean size of the difference", strangeness(size="np.abs(difference).mean(axis=1)")),
        ("sum for mean", strangeness(size="np.sqrt((difference**2).sum(axis=1))")),
        (
            "mean strangeness for median",
            strangeness(
                answer="[strangeness[all_labels == 0].mean(), strangeness[is_v].mean(), "
                "is_v[shown].mean()]"
            ),
        ),
        (
            "each beat on its own scale",
            "low = all_windows.min(axis=1, keepdims=True)\n"
            "all_windows = (all_windows - low) / np.ptp(all_windows, axis=1, keepdims=True)\n"
            + strangeness(),
        ),
        ("the least strange shown", strangeness(order="strangeness")),
        (
            "V before N",
            strangeness(
                answer="[np.median(strangeness[is_v]), np.median(strangeness[all_labels == 0]), "
                "is_v[shown].mean()]"
            ),
        ),
        ("a neighbour's numbers", "answer_7 = [0.1070, 0.5346, 0.9325]"),
    ],
}
