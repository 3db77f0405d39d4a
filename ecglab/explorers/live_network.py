"""Bend a beat, and ResNet-50 reads it: the network that ships, computed in the reader's page."""

import json
import math
from functools import cache

from ecglab.explorers.base import Explorer, State, Words, number, share
from ecglab.explorers.files import file

#: What the page's script is made of, after the files of every explorer.
PARTS = (
    *("picture.js", "live_bend.js", "live_loading.js", "live_panels.js"),
    *("live_products.js", "live_layers.js", "live_network.js"),
)
#: What computes aside, in a worker.
ASIDE = ("resnet.js", "worker.js")
#: What the small form, on a front page, does without.
LARGE = ("p", "qrs", "t")
FS = 360
NAMES = {
    "N": "normal",
    "S": "premature, from above",
    "V": "ventricular",
    "F": "fusion",
    "Q": "unknown",
}


class LiveNetwork(Explorer):
    """An explorer whose numbers come from a network, which the page loads beside it.

    In the book the file of the network lies in ``_static``; a live notebook is given it with the
    content. Where there is none, the reader may open one.
    """

    @property
    def script(self) -> str:
        """The explorer's module; what computes aside is in it as a text."""
        aside = json.dumps("".join(map(file, ASIDE)))
        parts = "".join(map(file, PARTS))
        return f"{file('drawing.js')}{file('controls.js')}const ASIDE = {aside};\n{parts}"

    def html(self) -> str:
        """Return the explorer as HTML, with the style of the pictures below the beat."""
        return super().html().replace("</style>", f"{file('live.css')}</style>", 1)

    def widget(self):
        """Return the explorer as a widget; the network that ships is part of its content."""
        from ecglab import export

        widget = super().widget()
        widget._css += file("live.css")
        data = self.content["data"] | {"network": json.dumps(export.shipped())}
        widget.content = self.content | {"data": data}
        return widget


def live_network(small: bool = False) -> Explorer:
    """Explore how the network that ships reads a beat that you bend, layer by layer.

    First used in chapter 10.

    The beats are real, of people whom the network has not seen. What you raise is raised in both
    leads. A beat that comes later or earlier takes its waves along on the strip, and the window is
    cut from the strip anew; the intervals before and after it change, and with them the numbers
    beside the picture. What only the whole recording tells (its mean interval, its typical beat,
    what its P waves have in common) stays as it was recorded.

    Parameters
    ----------
    small : bool
        Whether to show the beat, its picture and the five bars only, as on a front page.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> explorer = live_network()
    >>> explorer.read(explorer.start)["Annotators"]
    'N'
    """
    beats = _beats()
    data = {"small": small, "fs": FS, "names": NAMES, "beats": beats}
    titles = [beat["title"] for beat in beats]
    choice = {"value": titles[0], "options": {title: title for title in titles}}
    explorer = LiveNetwork("live_network", data, read, beat=choice)
    if small:
        controls = explorer.content["controls"]
        explorer.content["controls"] = [one for one in controls if one.get("name") not in LARGE]
    return explorer


def read(data: dict, state: State) -> Words:
    """Return whose beat it is, and when it comes."""
    beats = data["beats"]
    beat = next(one for one in beats if one["title"] == state["beat"])
    intervals = beat["intervals"]
    here = len(intervals) // 2
    moved = math.floor(state["late"] * data["fs"] / 1000 + 0.5)
    previous = intervals[here - 1] + moved
    following = intervals[here] - moved
    usual = sum(intervals[here - 10 : here]) + moved
    ms = 1000 / data["fs"]
    return {
        "Annotators": list(data["names"])[beat["label"]],
        "Since the beat before": number(ms * previous, 0, "ms"),
        "of the mean of the last ten": share(previous, usual / 10 - previous),
        "To the next beat": number(ms * following, 0, "ms"),
    }


@cache
def _beats() -> list[dict]:
    """Return the beats that ``tools/live_beats.py`` wrote."""
    return json.loads(file("live_beats.json"))
