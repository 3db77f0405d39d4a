"""What every explorer is: its content, its forms, and how numbers are written.

With a live kernel an explorer is a widget, through anywidget. When the book's outputs are made
(``ECGLAB_PAGE=1``), or where anywidget is missing, it is a piece of HTML that needs neither kernel
nor network. Both run the same ES module. In the HTML a picture at rest stands first, and the
module puts the explorer in its place: a host which takes scripts away shows a picture with its
caption and nothing that does not work. The picture is drawn by the same module, in `still`.
"""

import json
import os
from collections.abc import Callable
from functools import cached_property
from html import escape
from importlib import util
from string import Template
from typing import Any

import numpy as np

from ecglab.explorers.files import file

State = dict[str, Any]
Words = dict[str, str]
Reader = Callable[[dict, State], Words]


class Explorer:
    """An interactive picture that works with a kernel and without one.

    As the last expression of a notebook's cell it shows itself. Labels, keyboard, light and dark,
    phones and the picture at rest come with it.

    Parameters
    ----------
    name : str
        Stem of its files in ``ecglab/explorers``. In the JSON file, a control is of the kind
        slider, choice, number or buttons, which set other controls (``"next"`` is one more) or
        names that no control has.
    data : dict
        What the script needs, in terms of JSON.
    reader : callable
        ``reader(data, state)`` takes the value of each control by its name, and returns what is
        to be read in that state, as a dict of names and texts.
    picture : str, optional
        The picture at rest, a PNG in base64, where the script does not draw it.
    **changes : dict
        By a control's name, or the label of buttons, what it has here in place of what the JSON
        file says.

    Attributes
    ----------
    content : dict
        The alternative text, the caption, the controls and the data.

    Notes
    -----
    The script ``explorers/NAME.js`` ends with ``const widget = explorer({ read, draw });``.
    ``drawing.js`` and ``controls.js``, which precede it, say what these two do and have what they
    are made of: ``drawing``, ``shape``, ``path``, ``number``.
    """

    def __init__(
        self, name: str, data: dict, reader: Reader, *, picture: str | None = None, **changes: dict
    ):
        self.name = name
        self.reader = reader
        self.picture = picture
        self.content = json.loads(file(f"{name}.json"))
        self.content["data"] = data
        controls = {one.get("name", one["label"]): one for one in self.content["controls"]}
        for wanted, change in changes.items():
            if wanted not in controls:
                raise ValueError(f"explorer {name} has no control {wanted!r}")
            controls[wanted].update(change)

    @property
    def start(self) -> State:
        """The state in which the explorer opens."""
        named = [control for control in self.content["controls"] if "name" in control]
        return {control["name"]: control["value"] for control in named}

    @property
    def script(self) -> str:
        """The explorer's module; its last line names the explorer ``widget``."""
        return file("drawing.js") + file("controls.js") + file(f"{self.name}.js")

    def __repr__(self) -> str:
        return f"Explorer(name={self.name!r})"

    def read(self, state: State) -> Words:
        """Return what is to be read in a state, by name."""
        return self.reader(self.content["data"], state)

    @cached_property
    def still(self) -> str | None:
        """The picture at rest, a PNG in base64; None where what draws it is not installed.

        Raises
        ------
        ModuleNotFoundError
            If it is not installed, and a page is being made.
        """
        if self.picture:
            return self.picture
        there = util.find_spec("py_mini_racer") and util.find_spec("resvg_py")
        if not there and not _makes_pages():
            return None
        from ecglab.explorers.still import png

        return png(self)

    def html(self) -> str:
        """Return the explorer as HTML that needs no kernel, no network and no other file."""
        values = json.dumps(
            {"content": self.content, "state": self.start}, ensure_ascii=False, allow_nan=False
        )
        image = ""
        if self.still:
            alt = escape(self.content["alt"])
            image = f'<img alt="{alt}" src="data:image/png;base64,{self.still}">\n'
        return Template(file("page.html")).substitute(
            name=self.name,
            image=image,
            caption=escape(self.content["caption"]),
            values=values.replace("</", "<\\/"),
            style=file("drawing.css") + file("style.css"),
            script=self.script + f'start("{self.name}", widget);\n',
        )

    def widget(self):
        """Return the explorer as an `anywidget.AnyWidget`, whose `state` follows the controls."""
        from ecglab.explorers.live import Widget

        return Widget(
            _esm=self.script + "export default widget;\n",
            _css=file("drawing.css") + file("style.css"),
            content=self.content,
            state=self.start,
        )

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if util.find_spec("anywidget") and not _makes_pages():
            display(self.widget())
            return
        forms = {"text/plain": repr(self), "text/html": self.html()}
        if self.still:
            forms["image/png"] = self.still
        display(forms, raw=True)


def _makes_pages() -> bool:
    return os.environ.get("ECGLAB_PAGE") == "1"


def number(value: float, digits: int = 0, unit: str = "") -> str:
    """Write a number as ``number`` of ``drawing.js`` does: halves go away from zero.

    Examples
    --------
    >>> number(1234.5, 0, "ms"), number(-0.25, 1), number(-30, 0, "°")
    ('1,235 ms', '−0.3', '−30°')
    """
    nudged = value + np.copysign(1e-9, value)  # a half may lack its last bit
    text = f"{nudged:z,.{digits}f}".replace("-", "−")
    if not unit:
        return text
    return text + unit if unit == "°" else f"{text} {unit}"


def share(part: float, rest: float) -> str:
    """Write the share of a part as ``share`` of ``drawing.js`` does.

    Examples
    --------
    >>> share(1, 3), share(0, 0)
    ('25.0 %', 'undefined')
    """
    if part + rest == 0:
        return "undefined"
    return number(100 * part / (part + rest), 1, "%")


def half_millivolts(curve: np.ndarray) -> tuple[float, float]:
    """Return where a paper ends below and above that holds a curve in mV, in steps of 0.5 mV."""
    low = np.floor(2 * curve.min()) / 2
    high = np.ceil(2 * curve.max() + 0.5) / 2
    return float(low), float(high)
