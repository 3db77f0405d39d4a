"""An album: pictures that a notebook draws beforehand, one for each setting of the sliders."""

import io
from collections.abc import Callable, Sequence
from itertools import product

import matplotlib.pyplot as plt
from PIL import Image

from ecglab.explorers.base import Explorer, State, Words
from ecglab.explorers.files import small


def album(
    draw: Callable[[State], tuple[plt.Figure, Words]],
    settings: dict[str, Sequence],
    *,
    alt: str,
    caption: str,
) -> Explorer:
    """Explore pictures that a notebook draws, where a script would be too slow or too long.

    First used in chapter 3.

    All are drawn when the album is made.

    Parameters
    ----------
    draw : callable
        ``draw(state)`` takes one value of each setting by its name, and returns a matplotlib
        figure and what is to be read, as a dict of names and texts.
    settings : dict
        By name, with its unit in parentheses, the values to choose among. The explorer opens
        with the first of each. There is a picture for each combination: keep to some twenty.
    alt, caption : str
        What a screen reader says of the picture; what to try, beginning with ``Try:``.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> def draw(state):
    ...     return plt.Figure(), {"Twice": str(2 * state["Number"])}
    >>> explorer = album(draw, {"Number": [1, 10]}, alt="Nothing.", caption="Try: both.")
    >>> explorer.read({"Number": 1})["Twice"]  # the second value
    '20'
    """
    pictures = {}
    for places in product(*(range(len(values)) for values in settings.values())):
        chosen = zip(settings, places, strict=True)
        state = {name: settings[name][place] for name, place in chosen}
        with plt.style.context("ecglab.course"):
            figure, words = draw(state)
            pictures[_key(places)] = {"png": _png(figure), "words": words}
            plt.close(figure)
    first = next(iter(pictures.values()))["png"]
    data = {"names": list(settings), "pictures": pictures}
    explorer = Explorer("album", data, read, picture=first)
    explorer.content["alt"] = alt
    explorer.content["caption"] = caption
    for name, values in settings.items():
        explorer.content["controls"].append(_slider(name, values))
    return explorer


def read(data: dict, state: State) -> Words:
    """Return what is to be read in the picture of a state, which has places instead of values."""
    places = [state[name] for name in data["names"]]
    return data["pictures"][_key(places)]["words"]


def _key(places: Sequence[int]) -> str:
    return ",".join(str(place) for place in places)


def _png(figure: plt.Figure) -> str:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    return small(Image.open(drawn))


def _slider(name: str, values: Sequence) -> dict:
    return {
        "kind": "slider",
        "name": name,
        "label": name,
        "value": 0,
        "low": 0,
        "high": len(values) - 1,
        "step": 1,
        "texts": [str(value) for value in values],
    }
