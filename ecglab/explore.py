"""Interactive explorers: sliders beside a picture, in a live notebook and in the finished page.

With a live kernel an explorer shows ipywidgets driven by Python. When the book's outputs are made
(``ECGLAB_PAGE=1``), or where ipywidgets is missing, it gives a PNG and a piece of HTML that needs
neither kernel nor network: the same picture, drawn by a small script of ``ecglab/explorers``. In
it the still picture stands first and the script makes the controls, so that a host which takes
scripts away shows a picture with its caption and nothing that does not work.

A new explorer consists of ``explorers/NAME.json``: alternative text, caption (what to try) and
controls; of ``explorers/NAME.js``, which draws in the page; and here of a function that returns an
`Explorer`, which draws in Python. ``tests/test_explore.py`` is told how to make it and move it.
"""

import base64
import io
import json
import os
from collections.abc import Callable, Sequence
from html import escape
from importlib import resources, util
from itertools import product
from string import Template

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from ecglab import heart, plot
from ecglab.beats import CLASSES

State = dict[str, float | str]
Drawn = tuple[plt.Figure, dict[str, str]]


class Explorer:
    """An interactive picture that works with a kernel and without one.

    As the last expression of a notebook's cell it shows itself. Labels, keyboard, light and dark,
    phones and the still picture come with it.

    Parameters
    ----------
    name : str
        Stem of its files in ``ecglab/explorers``. In the JSON file, a control is of the kind
        slider, choice, number or buttons, which set other controls (``"next"`` is one more) or
        names that no control has.
    data : dict
        What the script needs, in terms of JSON.
    draw : callable
        ``draw(state)`` takes the value of each control by its name, and returns a matplotlib
        figure and what is to be read in that state, as a dict of names and texts.
    **changes : dict
        By a control's name, what it has here in place of what the JSON file says.

    Attributes
    ----------
    content : dict
        The alternative text, the caption, the controls and the data.

    Notes
    -----
    The script ``explorers/NAME.js`` has ``function explorer(data, stage, alt)``. It draws what
    stays into the element ``stage`` and returns ``(state) => …``, which draws what changes and
    returns the same names and texts as `draw`, as pairs. ``common.js`` has its helpers:
    ``drawing``, ``shape``, ``path``, ``number``.
    """

    def __init__(self, name: str, data: dict, draw: Callable[[State], Drawn], **changes: dict):
        self.name, self.draw = name, draw
        self.content = json.loads(_file(f"{name}.json")) | {"data": data}
        fields = {one["name"]: one for one in self.content["controls"] if "name" in one}
        for control, own in changes.items():
            fields[control].update(own)

    @property
    def start(self) -> State:
        """The state in which the explorer opens."""
        return {one["name"]: one["value"] for one in self.content["controls"] if "name" in one}

    def __repr__(self) -> str:
        return f"Explorer(name={self.name!r})"

    def picture(self, state: State) -> tuple[str, dict[str, str]]:
        """Return the picture of a state, a PNG in base64, and what is to be read in it."""
        with plt.style.context("ecglab.course"):
            figure, words = self.draw(state)
            figure.savefig(drawn := io.BytesIO(), format="png", dpi=100)
        few = Image.open(drawn).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        few.save(small := io.BytesIO(), "png", optimize=True)  # a third of the bytes
        return base64.b64encode(small.getvalue()).decode(), words

    def html(self) -> str:
        """Return the explorer as HTML that needs no kernel, no network and no other file."""
        content = json.dumps(self.content, ensure_ascii=False, allow_nan=False)
        parts = {key: escape(self.content[key]) for key in ("alt", "caption")}
        parts |= {"name": self.name, "png": self.picture(self.start)[0]}
        parts |= {"content": content.replace("</", "<\\/"), "style": _file("style.css")}
        parts |= {"script": _file("common.js") + _file(f"{self.name}.js")}
        return Template(_file("page.html")).substitute(parts)

    def widget(self):
        """Return the explorer as an `ipywidgets.VBox`, which needs a live kernel."""
        import ipywidgets

        picture, said = ipywidgets.HTML(), ipywidgets.HTML()
        alt, caption = (escape(self.content[key]) for key in ("alt", "caption"))
        fields, shown, paused, unseen = {}, [], [], {}

        def redraw(_: object = None) -> None:
            if not paused:
                state = unseen | {name: one.value for name, one in fields.items()}
                png, words = self.picture(state)
                picture.value = f'<img alt="{alt}" src="data:image/png;base64,{png}">'
                items = (f"{escape(key)}: <b>{escape(text)}</b>" for key, text in words.items())
                said.value = " &emsp; ".join(items)

        def press(settings: State) -> None:
            paused.append(True)  # one picture for all that a button sets
            for name, value in settings.items():
                if name in fields:
                    fields[name].value = fields[name].value + 1 if value == "next" else value
                else:
                    unseen[name] = value
            paused.clear()
            redraw()

        for control in self.content["controls"]:
            shown.append(_widget(control))
            if "name" in control:
                fields[control["name"]] = shown[-1]
                shown[-1].observe(redraw, "value")
            for text, settings in control.get("settings", {}).items():
                shown.append(ipywidgets.Button(description=text, layout={"width": "auto"}))
                shown[-1].on_click(lambda _, settings=settings: press(settings))
        redraw()
        panel = ipywidgets.Box(shown, layout={"flex_flow": "row wrap"})
        return ipywidgets.VBox([picture, said, panel, ipywidgets.HTML(caption)])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if os.environ.get("ECGLAB_PAGE") != "1" and util.find_spec("ipywidgets"):
            display(self.widget())
        else:
            forms = {"text/html": self.html(), "image/png": self.picture(self.start)[0]}
            display(forms | {"text/plain": repr(self)}, raw=True)


def _file(name: str) -> str:
    return resources.files("ecglab").joinpath("explorers", name).read_text("utf-8")


def _widget(control: State):
    """Return the ipywidget of a control; of buttons, what stands before them."""
    import ipywidgets

    if control["kind"] == "buttons":
        return ipywidgets.Label(control["label"], layout={"width": "100%"})
    unit = f" ({control['unit']})" if control.get("unit") else ""
    own = {"description": control["label"] + unit, "value": control["value"]}
    own["style"] = {"description_width": "initial"}
    if control["kind"] == "choice":
        options = [(text, value) for value, text in control["options"].items()]
        return ipywidgets.Dropdown(options=options, **own)
    if control["kind"] == "number":
        return ipywidgets.FloatText(layout={"width": "30%"}, **own)
    if "texts" in control:
        return ipywidgets.SelectionSlider(
            options=[(text, i) for i, text in enumerate(control["texts"])], **own
        )
    own |= {"min": control["low"], "max": control["high"], "step": control["step"]}
    return ipywidgets.FloatSlider(readout_format="", **own)  # as many digits as it has


def _number(value: float, digits: int = 0, unit: str = "") -> str:
    """Write a number as ``number`` of ``explorers/common.js`` does."""
    text = f"{value + np.copysign(1e-9, value):z,.{digits}f}"  # halves go away from zero
    return text.replace("-", "−") + (f" {unit}" if unit else "").replace(" °", "°")


def _half_millivolts(curve: np.ndarray) -> tuple[float, float]:
    """Return where a paper ends below and above that holds a curve, in steps of 0.5 mV."""
    return np.floor(2 * curve.min()) / 2, np.ceil(2 * curve.max() + 0.5) / 2


# ---------------------------------------------------------------------------
# Build a beat

_SECONDS, _MV, _T_WIDTH = (-0.4, 1.6), (-1.5, 2.0), 0.20


def build_a_beat() -> Explorer:
    """Explore which wave, interval and direction does what to the ECG of one beat.

    The waves are those of `ecglab.simulate.beat`. PR, QRS and QT are read from where its waves
    begin and end, the axis is measured from the net height of QRS in I and aVF.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> explorer = build_a_beat()
    >>> explorer.picture(explorer.start)[1]["PR"]
    '160 ms'
    """
    data = {"seconds": _SECONDS, "mv": _MV, "t_width": _T_WIDTH, "reach": heart.REACH}
    data |= {"leads": heart.LEADS, "follows_rr": heart.FOLLOWS_RR}
    data |= {"qrs": heart.QRS, "late_follows": heart.LATE_FOLLOWS}
    return Explorer("build_a_beat", data, _draw_beat)


def _draw_beat(state: State) -> Drawn:
    beat = state | {name: state[name] / 1000 for name in ("p_width", "pr", "qrs_width", "qt", "rr")}
    beat["t_width"], lead, rr = _T_WIDTH, beat.pop("lead"), beat["rr"]
    names = "conduction axis qrs_amplitude qrs_width t_amplitude t_width qt st"
    waves = heart.ventricles(*map(beat.get, names.split()))
    (begin, end), t_end = heart.bounds(waves), heart.bounds(waves, "T")[1] * rr**0.5
    spans = {"PR": (begin - beat["pr"], begin), "QRS": (begin, end), "QT": (begin, t_end)}
    wave = {"PR": beat["p_amplitude"], "QRS": True, "QT": beat["t_amplitude"]}
    times = np.linspace(*_SECONDS, 501)
    after = range(-2, int(np.ceil((_SECONDS[1] + 0.6) / rr)) + 1)
    ecg = sum(heart.beat(times - k * rr, **beat, leads=(lead,))[:, 0] for k in after)
    plane = heart.beat(np.linspace(begin, end, 101), **beat, leads=("I", "aVF"))
    across, down = (plane - plane[0]).max(axis=0) + (plane - plane[0]).min(axis=0)
    axis = _number(np.degrees(np.arctan2(down / np.cos(np.pi / 6), across)), 0, "°")

    ax = plt.Figure(figsize=(7.0, 5.2)).add_subplot()
    plot.paper(ax, _SECONDS[1] - _SECONDS[0], *_MV, start=_SECONDS[0])
    ax.plot(times, ecg, color=plot.PALETTE[6])
    words = {"Rate": _number(60 / rr, 0, "a minute")}
    for level, (name, span) in zip((-0.9, -1.1, -1.3), spans.items(), strict=True):
        words[name] = _number(1000 * np.ptp(span), 0, "ms") if wave[name] else "none"
        if wave[name]:
            ax.plot(span, (level, level), marker="|", color=plot.PALETTE[0])
            ax.text(span[1] + 0.03, level, name, va="center", color=plot.PALETTE[0])
    corrected = _number(1000 * np.ptp(spans["QT"]) / rr**0.5, 0, "ms")
    facts = ", ".join(f"{name} {words[name]}" for name in spans)
    ax.set(title=f"Lead {lead}: {facts}, axis {axis}", xlabel="time (s)", ylabel="mV")
    words |= {"QTc (Bazett)": corrected if wave["QT"] else "none", "Axis": axis}
    return ax.figure, words


# ---------------------------------------------------------------------------
# A threshold against errors


def threshold(
    values: np.ndarray,
    positive: np.ndarray,
    *,
    name: str = "score",
    unit: str = "",
    groups: tuple[str, str] = ("positive", "negative"),
    hours: float | None = None,
) -> Explorer:
    """Explore how a threshold trades missed cases for false alarms.

    It has about sixty steps; counts are exact at every step.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n,)``: what the threshold is laid on, such as the heights of a detector's peaks
        or a network's probabilities. From the threshold on, a case is called positive.
    positive : numpy.ndarray
        Shape ``(n,)``, bool: what each case is in truth.
    name, unit : str
        What the values are.
    groups : tuple of str
        What the positive and the negative cases are.
    hours : float, optional
        Length of the recording; false alarms are then also given by the hour.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If the values are not finite numbers in one row, if `positive` does not have one truth
        for each of them, or if one of the two groups is empty.

    Examples
    --------
    >>> explorer = threshold([0.1, 0.4, 0.6, 0.9], [False, True, False, True])
    >>> explorer.picture({"threshold": 0.4})[1]["Sensitivity"]
    '100.0 %'
    """
    values, positive = np.asarray(values, dtype=float), np.asarray(positive)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"values of shape {values.shape}: one row of finite numbers is wanted")
    if positive.shape != values.shape or positive.dtype != bool or len(np.unique(positive)) != 2:
        found = f"{positive.dtype} of shape {positive.shape}, {np.count_nonzero(positive)} true"
        raise ValueError(f"positive is {found}; give bool of shape {values.shape}, both kinds")
    low, high = values.min(), max(values.max(), values.min() + 1e-6)
    edges = plt.MaxNLocator(60, steps=[1, 2, 5, 10]).tick_values(low, high)
    step = float(np.round(edges[1] - edges[0], 10))
    edges = np.round(np.append(edges, edges[-1] + step), 10)  # above the highest value
    counts = [np.histogram(values[group], edges)[0] for group in (positive, ~positive)]

    def draw(state: State) -> Drawn:
        called = edges[:-1] > state["threshold"] - step / 2
        (tp, fn), (fp, tn) = ((own[called].sum(), own[~called].sum()) for own in counts)
        words = {"True positives": _number(tp), "False negatives": _number(fn)}
        words |= {"False positives": _number(fp), "True negatives": _number(tn)}
        words |= {"Sensitivity": _share(tp, fn), "Specificity": _share(tn, fp)}
        words |= {"Positive predictivity": _share(tp, fp)}
        words |= {"False alarms an hour": _number(fp / hours, 1)} if hours else {}

        ax, top = plt.Figure(figsize=(7.0, 4.2)).add_subplot(), 6 * np.max(counts)
        ax.set_yscale("symlog", linthresh=1)
        ax.yaxis.set_major_formatter(lambda count, _: f"{abs(count):,.0f}")
        for group, own, sign, right in zip(groups, counts, (1, -1), (called, ~called), strict=True):
            colours = np.where(right, plot.PALETTE[0], plot.PALETTE[1])
            ax.bar(edges[:-1], sign * own, 0.9 * step, align="edge", color=colours)
            ax.text(edges[0], sign * top / 3, group, weight="bold", va="center")
        ax.axvline(state["threshold"], color=plot.PALETTE[6], linewidth=3)
        ax.set(xlabel=f"{name} ({unit})" if unit else name, ylabel="cases in a bin")
        shares = f"sensitivity {words['Sensitivity']}, +P {words['Positive predictivity']}"
        ax.set(ylim=(-top, top), title=f"From {state['threshold']:g} {unit} on: {shares}")
        return ax.figure, words

    between = (np.median(values[positive]) + np.median(values[~positive])) / 2
    start = {"low": edges[0], "high": edges[-1], "step": step, "unit": unit}
    start |= {"label": f"Threshold on {name}", "value": edges[abs(edges - between).argmin()]}
    data = {"positive": counts[0].tolist(), "negative": counts[1].tolist(), "low": edges[0]}
    data |= {"step": step, "name": name, "unit": unit, "groups": groups, "hours": hours}
    return Explorer("threshold", data, draw, threshold=start)


def _share(right: int, wrong: int) -> str:
    return _number(100 * right / (right + wrong), 1, "%") if right + wrong else "undefined"


# ---------------------------------------------------------------------------
# A kernel over a beat image


def kernel(image: np.ndarray) -> Explorer:
    """Explore what a 3×3 kernel answers at each place of an image.

    Parameters
    ----------
    image : numpy.ndarray
        uint8, shape ``(height, width)``, 3 to 32 pixels each; 0 to 255 count as 0 to 1.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If the image has another type or shape.

    Examples
    --------
    >>> explorer = kernel(np.repeat(np.uint8([[0, 0, 255, 255]]), 4, axis=0))
    >>> explorer.picture(explorer.start)[1]["Sum of the nine products"]
    '3.00'
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 2 or not set(image.shape) <= set(range(3, 33)):
        found = f"an image of type {image.dtype} and shape {image.shape}"
        raise ValueError(f"{found}; uint8 of 3 to 32 rows and 3 to 32 columns is wanted")
    windows = np.lib.stride_tricks.sliding_window_view(image / 255, (3, 3))
    places = windows.shape[:2]

    def draw(state: State) -> Drawn:
        row, column = place = round(state["row"]), round(state["column"])
        weights = np.reshape([state[f"k{i}"] for i in range(9)], (3, 3))
        products, sums = windows[place] * weights, (windows * weights).sum(axis=(2, 3))
        largest, done = np.abs(sums).max() or 1, np.ravel_multi_index(place, places) + 1
        words = {"Window from": f"row {row}, column {column}"}
        words["Sum of the nine products"] = _number(sums[place], 2)
        words["After ReLU"] = _number(max(sums[place], 0), 2)
        words["Places done"] = f"{_number(done)} of {_number(sums.size)}"

        shown = np.maximum(sums, 0) if state["map"] == "relu" else sums.copy()
        shown.ravel()[done:] = np.nan
        left, middle, right = plt.Figure(figsize=(8.0, 3.4)).subplots(1, 3)
        left.imshow(image, vmin=0, vmax=255)
        middle.imshow(products.clip(-1, 1), cmap="PuOr", vmin=-2, vmax=2)
        right.imshow(shown, cmap="PuOr", vmin=-largest, vmax=largest)
        for (i, j), value in np.ndenumerate(products):
            middle.text(j, i, _number(value, 2), ha="center", va="center")
        frame = {"fill": False, "edgecolor": plot.PALETTE[2], "linewidth": 2}
        for ax, side in ((left, 3), (right, 1)):
            ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), side, side, **frame))
            ax.set(xlabel="column (pixels)", facecolor="#d9d9d9")
        left.set(title="Image and window", ylabel="row (pixels)")
        middle.set(title=f"Products, sum {_number(sums[place], 2)}", xticks=[], yticks=[])
        right.set_title("Feature map so far")
        return left.figure, words

    answers = (windows * [-1, 0, 1]).sum(axis=(2, 3))
    row, column = np.argwhere(answers >= answers.max() - 0.5)[-1]  # the lowest of the steepest
    rows = {"high": places[0] - 1, "value": int(row)}
    columns = {"high": places[1] - 1, "value": int(column)}
    return Explorer("kernel", {"image": image.tolist()}, draw, row=rows, column=columns)


# ---------------------------------------------------------------------------
# Name the beat


def labels(
    strips: np.ndarray, fs: float, classes: Sequence[str], reasons: Sequence[str], lead: str
) -> Explorer:
    """Explore whether one names beats as the annotators did: a game that keeps score.

    The first answer to a beat counts.

    Parameters
    ----------
    strips : numpy.ndarray
        Shape ``(n, samples)``, in mV, each with the beat in question in its middle. They are
        shown on one scale, in steps of 0.02 mV, and clipped at ±3 mV.
    fs : float
        Sampling rate in Hz; 120 is enough for the eye and keeps the page small.
    classes : sequence of str
        The AAMI class of each beat.
    reasons : sequence of str
        What is said of each beat after the answer.
    lead : str
        What the strips show, such as ``"MLII"``.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If strips, classes and reasons are not equally many, or a class is none of AAMI's.

    Examples
    --------
    >>> game = labels(np.zeros((2, 600)), 120, "NV", ["usual", "early and wide"], "MLII")
    >>> game.picture(game.start)[1]["Beat"]
    '1 of 2'
    """
    steps = np.rint(np.clip(strips, -3, 3) * 50).astype(int)
    if steps.ndim != 2 or not len(steps) == len(classes) == len(reasons):
        found = f"{np.shape(strips)}, {len(classes)} classes and {len(reasons)} reasons"
        raise ValueError(f"strips of shape {found}; give one strip, class and reason for each beat")
    if unknown := sorted(set(classes) - set(CLASSES)):
        raise ValueError(f"{unknown} are not AAMI classes; those are {', '.join(CLASSES)}")
    low, high = _half_millivolts(steps / 50)
    half, answers, last = steps.shape[1] / fs / 2, {}, []

    def draw(state: State) -> Drawn:
        k = round(state["beat"]) - 1
        if last == [k] and state.get("call"):  # else the call was for the beat before
            answers.setdefault(k, state["call"])
        last[:] = [k]
        right = {i for i, call in answers.items() if call == classes[i]}
        words = {"Beat": f"{k + 1} of {len(classes)}", "You": "?", "Cardiologists": "?"}
        if k in answers:
            words["You"] = f"{answers[k]}, {'right' if k in right else 'not what they said'}"
            words |= {"Cardiologists": classes[k], "Why": reasons[k]}
        words["Score"] = f"{len(right)} of {len(answers)}"
        for name in CLASSES:
            asked = {i for i in answers if classes[i] == name}
            words[f"Their {name}"] = f"{len(asked & right)} of {len(asked)}"

        ax = plt.Figure(figsize=(7.0, 3.6)).add_subplot()
        plot.paper(ax, 2 * half, low, high)
        ax.plot(np.arange(steps.shape[1]) / fs, steps[k] / 50, color=plot.PALETTE[6])
        ax.text(half, high, "▼", color=plot.PALETTE[0], ha="center", va="top", size=16)
        title = f"Beat {words['Beat']}, lead {lead}: N, S, V, F or Q?"
        ax.set(title=title, xlabel="time (s)", ylabel="mV")
        return ax.figure, words

    data = {"strips": steps.tolist(), "fs": fs, "low": low, "high": high, "names": CLASSES}
    data |= {"classes": list(classes), "reasons": list(reasons), "lead": lead}
    return Explorer("labels", data, draw, beat={"high": len(classes)})


# ---------------------------------------------------------------------------
# A thousand people


def screening() -> Explorer:
    """Explore what prevalence does to the alarms of a test among a thousand people.

    People are rounded to whole ones, halves upwards.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> explorer = screening()
    >>> explorer.picture(explorer.start)[1]["Positive predictive value"]
    '26.9 %: of 67 alarms 18 are true'
    """
    return Explorer("screening", {}, _draw_people)


def _draw_people(state: State) -> Drawn:
    ill = _whole(10 * state["prevalence"])
    tp = _whole(ill * state["sensitivity"] / 100)
    fp = _whole((1000 - ill) * (100 - state["specificity"]) / 100)
    fn, tn = ill - tp, 1000 - ill - fp
    kinds = {"True positives": tp, "False negatives": fn}
    kinds |= {"False positives": fp, "True negatives": tn}
    words = {"Ill": f"{ill} of 1,000"} | {name: str(count) for name, count in kinds.items()}
    ppv, npv = _share(tp, fp), _share(tn, fn)
    words["Positive predictive value"] = f"{ppv}: of {tp + fp} alarms {tp} are true"
    words["Negative predictive value"] = f"{npv}: of {tn + fn} all-clears {tn} are true"

    ax = plt.Figure(figsize=(7.0, 5.2)).add_subplot()
    column, row = np.divmod(np.arange(1000), 25)
    ends = np.cumsum([0, *kinds.values()])
    colours = (plot.PALETTE[0], plot.PALETTE[1], plot.PALETTE[3], "#d9d9d9")
    for (name, count), start, colour in zip(kinds.items(), ends[:-1], colours, strict=True):
        own = slice(start, start + count)
        ax.plot(column[own], row[own], "o", color=colour, label=f"{name}: {count}")
    ax.set(title=f"Of {tp + fp} alarms {tp} are true: PPV {ppv}", xticks=[], yticks=[])
    ax.set(frame_on=False, xlabel="a thousand people, the ill ones on the left", ylim=(25, -1))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2)
    return ax.figure, words


def _whole(people: float) -> int:
    return int(people + 0.5)


# ---------------------------------------------------------------------------
# Calipers


def calipers(
    signal: np.ndarray, fs: float, spans: dict[str, tuple[float, float]], lead: str
) -> Explorer:
    """Explore how intervals are measured: the reader's two calipers against marked bounds.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape ``(samples,)``, in mV: a second or two of one lead. Shown in steps of 0.01 mV.
    fs : float
        Sampling rate in Hz.
    spans : dict
        By an interval's name, such as ``"PR"``, where it was marked: begin and end in seconds
        after the first sample.
    lead : str
        What the signal shows, such as ``"II"``.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If an interval does not lie within the signal.

    Examples
    --------
    >>> explorer = calipers(np.zeros(500), 500, {"QRS": (0.30, 0.39)}, "II")
    >>> explorer.picture(explorer.start | {"marks": "shown"})[1]["Cardiologists"]
    'QRS 90 ms'
    """
    steps = np.rint(np.asarray(signal) * 100).astype(int)
    seconds = len(steps) / fs
    for name, (begin, end) in spans.items():
        if not 0 <= begin < end <= seconds:
            found = f"{name} from {begin} to {end} s"
            raise ValueError(f"{found}; it must lie within the signal, 0 to {seconds:g} s")
    low, high = _half_millivolts(steps / 100)

    def draw(state: State) -> Drawn:
        begin, end = spans[state["interval"]]
        ms = abs(state["right"] - state["left"])
        words = {"Between the calipers": _number(ms, 0, "ms"), "Small boxes": _number(ms / 40, 1)}
        words["As a rate"] = _number(60000 / ms, 0, "a minute") if ms else "none"
        words |= {"Cardiologists": "?", "You are off by": "?"}
        ax = plt.Figure(figsize=(7.0, 4.2)).add_subplot()
        plot.paper(ax, seconds, low, high)
        if state.get("marks"):
            words["Cardiologists"] = f"{state['interval']} {_number(1000 * (end - begin), 0, 'ms')}"
            words["You are off by"] = _number(ms - 1000 * (end - begin), 0, "ms")
            ax.axvspan(begin, end, color=plot.PALETTE[0], alpha=0.22)
        ax.plot(np.arange(len(steps)) / fs, steps / 100, color=plot.PALETTE[6])
        for side in ("left", "right"):
            ax.axvline(state[side] / 1000, color=plot.PALETTE[0])
        title = f"Lead {lead}: {words['Between the calipers']} between the calipers"
        ax.set(title=title, xlabel="time (s)", ylabel="mV")
        return ax.figure, words

    data = {"steps": steps.tolist(), "fs": fs, "low": low, "high": high}
    data |= {"spans": spans, "lead": lead}
    reach = {"low": 0, "high": 4 * int(seconds * 250)}
    left, right = ({"value": 4 * round(seconds * 250 * part)} | reach for part in (0.25, 0.75))
    names = {"value": next(iter(spans)), "options": {name: name for name in spans}}
    return Explorer("calipers", data, draw, interval=names, left=left, right=right)


# ---------------------------------------------------------------------------
# Pictures drawn beforehand


class Album(Explorer):
    """An explorer whose page holds one picture for each setting; `album` makes it."""

    def html(self) -> str:
        """Return the explorer as HTML; its pictures are drawn now."""
        names = list(self.start)
        sizes = [range(len(one["texts"])) for one in self.content["controls"]]
        pictures = {}
        for state in product(*sizes):
            key = ",".join(map(str, state))
            pictures[key] = self.picture(dict(zip(names, state, strict=True)))
        self.content["data"] = {"names": names, "pictures": pictures}
        return super().html()


def album(
    draw: Callable[[State], Drawn], settings: dict[str, Sequence], *, alt: str, caption: str
) -> Album:
    """Explore pictures that a notebook draws, where a script would be too slow or too long.

    Parameters
    ----------
    draw : callable
        ``draw(state)`` takes one value of each setting by its name, and returns a matplotlib
        figure and what is to be read, as a dict of names and texts.
    settings : dict
        By name, with its unit in parentheses, the values to choose among. The explorer opens
        with the first of each. The page holds a picture for each combination: keep to some twenty.
    alt, caption : str
        What a screen reader says of the picture; what to try, beginning with ``Try:``.

    Returns
    -------
    Album

    Examples
    --------
    >>> def draw(state):
    ...     return plt.figure(), {"Twice": str(2 * state["Number"])}
    >>> explorer = album(draw, {"Number": [1, 10]}, alt="Nothing.", caption="Try: both.")
    >>> explorer.picture({"Number": 1})[1]["Twice"]  # the second value
    '20'
    """
    made = Album("album", {}, lambda state: draw({k: settings[k][i] for k, i in state.items()}))
    made.content |= {"alt": alt, "caption": caption}
    for name, values in settings.items():
        control = {"kind": "slider", "name": name, "label": name, "value": 0, "low": 0, "step": 1}
        control |= {"high": len(values) - 1, "texts": [str(value) for value in values]}
        made.content["controls"].append(control)
    return made
