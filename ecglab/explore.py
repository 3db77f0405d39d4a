"""Interactive explorers: sliders beside a picture, in a live notebook and in the finished page.

With a live kernel an explorer shows ipywidgets driven by Python. When the book's outputs are made
(``ECGLAB_PAGE=1``), or where ipywidgets is missing, it gives a PNG and a piece of HTML that needs
neither kernel nor network: the same picture, drawn by a small script of ``ecglab/explorers``. In
it the still picture stands first and the script makes the controls, so that a host which takes
scripts away shows a picture with its caption and nothing that does not work.

An explorer called NAME is three things. To add one, write

1. ``explorers/NAME.json``: its alternative text, its caption (what to try) and its controls, of
   the kinds slider, choice, number and buttons, which set other controls;
2. here, a function that returns an `Explorer`, with ``draw(figure, state)``: it draws a state,
   which maps the name of each control to its value, on an empty figure, and returns what is to be
   read in that state as a dict of names and texts;
3. ``explorers/NAME.js`` with ``function explorer(data, stage, alt)``. It draws what stays into
   the element ``stage`` and returns ``(state) => …``, which draws what changes and returns the
   same names and texts, as pairs. ``common.js`` has its helpers: ``drawing``, ``shape``,
   ``path``, ``number``.

Labels, keyboard, light and dark, phones and the still picture come with that. The tests want one
line more: how to make the new explorer (``EXPLORERS`` in ``tests/test_explore.py``).
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from html import escape
from importlib import resources, util
from string import Template
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglab import heart, plot

State = dict[str, Any]


@dataclass(frozen=True)
class Explorer:
    """An interactive picture that works with a kernel and without one.

    As the last expression of a notebook's cell it shows itself.

    Parameters
    ----------
    name : str
        Stem of its files in ``ecglab/explorers``.
    data : dict
        What the script needs, in terms of JSON.
    draw : callable
        ``draw(figure, state)`` draws a state and returns what is to be read, as a dict of texts.
    changes : dict
        What a control has here in place of what its JSON file says: ``{control: {key: value}}``.
    size : tuple of float
        Width and height of the matplotlib figure in inches.
    """

    name: str
    data: State = field(repr=False)
    draw: Callable[[Figure, State], dict[str, str]] = field(repr=False)
    changes: dict[str, State] = field(repr=False, default_factory=dict)
    size: tuple[float, float] = field(repr=False, default=(7.0, 4.2))

    @property
    def content(self) -> State:
        """The alternative text, the caption, the controls and the data."""
        content = json.loads(_file(f"{self.name}.json")) | {"data": self.data}
        for control in content["controls"]:
            control |= self.changes.get(control.get("name", control["label"]), {})
        return content

    @property
    def start(self) -> State:
        """The state in which the explorer opens."""
        return {c["name"]: c["value"] for c in self.content["controls"] if "name" in c}

    def picture(self, state: State) -> tuple[str, dict[str, str]]:
        """Return the picture of a state, a PNG in base64, and what is to be read in it."""
        with plt.rc_context():
            plot.style()
            figure = Figure(figsize=self.size)
            words = self.draw(figure, state)
            figure.savefig(file := io.BytesIO(), format="png", dpi=100)
        return base64.b64encode(file.getvalue()).decode(), words

    def html(self) -> str:
        """Return the explorer as HTML that needs no kernel, no network and no other file."""
        content = json.dumps(self.content, ensure_ascii=False, allow_nan=False)
        return Template(_file("page.html")).substitute(
            name=self.name,
            still=self._image(self.picture(self.start)[0]),
            caption=escape(self.content["caption"]),
            content=content.replace("</", "<\\/"),
            style=_file("style.css"),
            script=_file("common.js") + _file(f"{self.name}.js"),
        )

    def widget(self):
        """Return the explorer as an `ipywidgets.VBox`, which needs a live kernel."""
        import ipywidgets

        picture, said = ipywidgets.HTML(), ipywidgets.HTML()
        content, fields, shown, paused = self.content, {}, [], []

        def redraw(_: object = None) -> None:
            if not paused:
                png, words = self.picture({name: one.value for name, one in fields.items()})
                picture.value = self._image(png)
                items = (f"{escape(key)}: <b>{escape(text)}</b>" for key, text in words.items())
                said.value = " &emsp; ".join(items)

        def press(settings: State, _: object) -> None:
            paused.append(True)  # one picture for all that a button sets
            for name, value in settings.items():
                fields[name].value = value
            paused.clear()
            redraw()

        for control in content["controls"]:
            shown.append(_widget(control))
            if "name" in control:
                fields[control["name"]] = shown[-1]
                shown[-1].observe(redraw, "value")
            for text, settings in control.get("settings", {}).items():
                shown.append(ipywidgets.Button(description=text, layout={"width": "auto"}))
                shown[-1].on_click(partial(press, settings))
        redraw()
        panel = ipywidgets.Box(shown, layout={"flex_flow": "row wrap"})
        return ipywidgets.VBox([picture, said, panel, ipywidgets.HTML(escape(content["caption"]))])

    def _image(self, png: str) -> str:
        return f'<img alt="{escape(self.content["alt"])}" src="data:image/png;base64,{png}">'

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
    common = {"description": control["label"] + unit, "value": control["value"]}
    common["style"] = {"description_width": "initial"}
    if control["kind"] == "choice":
        options = [(text, value) for value, text in control["options"].items()]
        return ipywidgets.Dropdown(options=options, **common)
    if control["kind"] == "number":
        return ipywidgets.FloatText(layout={"width": "30%"}, **common)
    digits = len(f"{control['step']:.9f}".rstrip("0").partition(".")[2])
    common |= {"min": control["low"], "max": control["high"], "step": control["step"]}
    return ipywidgets.FloatSlider(readout_format=f".{digits}f", **common)


def _number(value: float, digits: int = 0, unit: str = "") -> str:
    """Write a number as ``number`` of ``explorers/common.js`` does."""
    text = f"{value + np.copysign(1e-9, value):,.{digits}f}"  # halves go away from zero
    text = text if text.strip("-0.") else text.strip("-")
    return text.replace("-", "−") + (f" {unit}" if unit else "").replace(" °", "°")


# ---------------------------------------------------------------------------
# Build a beat

_SECONDS, _MV, _T_WIDTH = (-0.4, 1.6), (-1.5, 2.0), 0.20


def build_a_beat(lead: str = "II") -> Explorer:
    """Explore which wave, interval and direction does what to the ECG of one beat.

    The waves are those of `ecglab.simulate.beat`. PR, QRS and QT are read from where its waves
    begin and end, the axis is measured from the net height of QRS in I and aVF.

    Parameters
    ----------
    lead : str
        The lead that is shown first, one of the twelve.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there is no such lead.

    Examples
    --------
    >>> explorer = build_a_beat()
    >>> explorer.picture(explorer.start)[1]["PR"]
    '160 ms'
    """
    if lead not in heart.TWELVE:
        raise ValueError(f"no lead {lead!r}; there are {', '.join(heart.TWELVE)}")
    data = {"seconds": _SECONDS, "mv": _MV, "t_width": _T_WIDTH, "reach": heart.REACH}
    data |= {"leads": heart.LEADS, "follows_rr": heart.FOLLOWS_RR}
    data |= {"qrs": heart._QRS, "late_follows": heart._LATE_FOLLOWS}
    return Explorer("build_a_beat", data, _draw_beat, {"lead": {"value": lead}}, (7.0, 5.2))


def _draw_beat(figure: Figure, state: State) -> dict[str, str]:
    beat = state | {name: state[name] / 1000 for name in ("p_width", "pr", "qrs_width", "qt", "rr")}
    beat["t_width"], lead, rr = _T_WIDTH, beat.pop("lead"), beat["rr"]
    names = "conduction axis qrs_amplitude qrs_width t_amplitude t_width qt st"
    waves = heart.ventricles(*map(beat.get, names.split()))
    begin, end = heart.bounds(waves)
    t_end = heart.bounds(waves, "T")[1] * rr**0.5
    spans = {"PR": (begin - beat["pr"], begin), "QRS": (begin, end), "QT": (begin, t_end)}
    times = np.linspace(*_SECONDS, 501)
    after = range(-2, int(np.ceil((_SECONDS[1] + 0.6) / rr)) + 1)
    ecg = sum(heart.beat(times - k * rr, **beat, leads=(lead,))[:, 0] for k in after)
    plane = heart.beat(np.linspace(begin, end, 101), **beat, leads=("I", "aVF"))
    across, down = (plane - plane[0]).max(axis=0) + (plane - plane[0]).min(axis=0)
    words = {"Rate": _number(60 / rr, 0, "a minute")}
    words |= {name: _number(1000 * (b - a), 0, "ms") for name, (a, b) in spans.items()}
    words["QTc (Bazett)"] = _number(1000 * (t_end - begin) / rr**0.5, 0, "ms")
    words["Axis"] = _number(np.degrees(np.arctan2(down / np.cos(np.pi / 6), across)), 0, "°")
    if not beat["p_amplitude"]:
        words["PR"] = "none"
    if not beat["t_amplitude"]:
        words["QT"] = words["QTc (Bazett)"] = "none"

    ax = figure.add_subplot()
    plot.paper(ax, _SECONDS[1] - _SECONDS[0], *_MV, start=_SECONDS[0])
    ax.plot(times, ecg, color=plot.PALETTE[6])
    for level, (name, span) in zip((-0.9, -1.1, -1.3), spans.items(), strict=True):
        if words[name] != "none":
            ax.plot(span, (level, level), marker="|", color=plot.PALETTE[0])
            ax.text(span[1] + 0.03, level, name, va="center", color=plot.PALETTE[0])
    facts = ", ".join(f"{name} {words[name]}" for name in spans)
    ax.set(title=f"Lead {lead}: {facts}, axis {words['Axis']}", xlabel="time (s)", ylabel="mV")
    return words


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
    if positive.shape != values.shape or positive.dtype != bool:
        found = f"{positive.dtype} of shape {positive.shape}"
        raise ValueError(f"positive is {found}; bool of shape {values.shape} is wanted")
    if positive.all() or not positive.any():
        raise ValueError(f"{positive.sum()} of {len(values)} are positive; both kinds are needed")
    low, high = values.min(), max(values.max(), values.min() + 1e-6)
    edges = MaxNLocator(60, steps=[1, 2, 5, 10]).tick_values(low, high)
    step = float(np.round(edges[1] - edges[0], 10))
    edges = np.round(np.append(edges, edges[-1] + step), 10)  # above the highest value
    counts = [np.histogram(values[group], edges)[0] for group in (positive, ~positive)]

    def draw(figure: Figure, state: State) -> dict[str, str]:
        called = edges[:-1] > state["threshold"] - step / 2
        (tp, fn), (fp, tn) = ((own[called].sum(), own[~called].sum()) for own in counts)
        names = "True positives", "False negatives", "False positives", "True negatives"
        words = {key: _number(n) for key, n in zip(names, (tp, fn, fp, tn), strict=True)}
        words["Sensitivity"], words["Specificity"] = _share(tp, fn), _share(tn, fp)
        words["Positive predictivity"] = _share(tp, fp)
        words |= {"False alarms an hour": _number(fp / hours, 1)} if hours else {}

        ax, top = figure.add_subplot(), 6 * np.max(counts)
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
        return words

    between = (np.median(values[positive]) + np.median(values[~positive])) / 2
    start = {"low": edges[0], "high": edges[-1], "step": step, "unit": unit}
    start |= {"label": f"Threshold on {name}", "value": edges[abs(edges - between).argmin()]}
    data = {"positive": counts[0].tolist(), "negative": counts[1].tolist(), "low": edges[0]}
    data |= {"step": step, "name": name, "unit": unit, "groups": groups, "hours": hours}
    return Explorer("threshold", data, draw, {"threshold": start})


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

    def draw(figure: Figure, state: State) -> dict[str, str]:
        row, column = place = int(state["row"]), int(state["column"])
        weights = np.reshape([state[f"k{i}"] for i in range(9)], (3, 3))
        products, sums = windows[place] * weights, (windows * weights).sum(axis=(2, 3))
        largest, done = np.abs(sums).max() or 1, np.ravel_multi_index(place, places) + 1
        words = {"Window from": f"row {row}, column {column}"}
        words["Sum of the nine products"] = _number(sums[place], 2)
        words["After ReLU"] = _number(max(sums[place], 0), 2)
        words["Places done"] = f"{_number(done)} of {_number(sums.size)}"

        shown = np.maximum(sums, 0) if state["map"] == "relu" else sums.copy()
        shown.ravel()[done:] = np.nan
        left, middle, right = figure.subplots(1, 3)
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
        return words

    answers = (windows * [-1, 0, 1]).sum(axis=(2, 3))
    row, column = np.argwhere(answers >= answers.max() - 0.5)[-1]  # the lowest of the steepest
    changes = {"row": {"high": places[0] - 1, "value": int(row)}}
    changes |= {"column": {"high": places[1] - 1, "value": int(column)}}
    return Explorer("kernel", {"image": image.tolist()}, draw, changes, (8.0, 3.4))
