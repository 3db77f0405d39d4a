"""What a chapter's notebook says of itself: title, minutes, summary, figures, its last run.

Pages, slides and tools read it here. Nothing but the standard library is needed, and cells may be
plain JSON or nbformat's: checking a notebook against its schema takes ten times as long.
"""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

MINUTES = re.compile(r"(<!-- minutes -->)(.*?)(<!-- /minutes -->)", re.DOTALL)
SAID = re.compile(r"about (\d+) minutes to read, (.+) to work through")
PNG = "image/png"


def paths(root: Path) -> list[Path]:
    """Return the chapters' notebooks in order."""
    return sorted((root / "chapters").glob("[0-9]*.ipynb"))


class Chapter:
    """A chapter's notebook.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    cells : list of dict
    metadata : dict
    """

    def __init__(self, path: Path) -> None:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        self.path = path
        self.cells = notebook["cells"]
        self.metadata = notebook["metadata"]

    @cached_property
    def text(self) -> str:
        """What stands in its Markdown cells."""
        texts = [text_of(cell) for cell in self.cells]
        return "\n\n".join(text for text in texts if text)

    @property
    def title(self) -> str:
        """Its title, with its number."""
        return self._found(re.match(r"# (.+)", self.text), "title (`# 1 · …`)")[1]

    @property
    def minutes(self) -> tuple[int, int]:
        """How long it says that it takes to read and to work through."""
        place = self._found(MINUTES.search(self.text), "minutes (`<!-- minutes -->…`)")
        said = self._found(SAID.fullmatch(place[2]), "minutes like `about 35 minutes to read, …`")
        return int(said[1]), in_minutes(said[2])

    @property
    def summary(self) -> str:
        """The Markdown of its summary."""
        section = re.search(r"(?ms)^## Summary\n(.+?)^## ", self.text)
        return self._found(section, "section `## Summary`")[1].strip()

    @property
    def last_run(self) -> tuple[float, float]:
        """The seconds that its stored outputs took, and the most megabytes that were held."""
        made = self.metadata["ecglab"]
        return made["seconds"], made["peak_mb"]

    def _found(self, match: re.Match | None, what: str) -> re.Match:
        if match is None:
            raise ValueError(f"{self.path.name} has no {what}")
        return match


# --- cells ---------------------------------------------------------------------------------------


def text_of(cell: Mapping) -> str:
    """Return the text of a Markdown cell, empty for any other."""
    if cell["cell_type"] != "markdown":
        return ""
    return "".join(cell["source"])


def figures(cell: Mapping) -> list[str]:
    """Return the figures of a cell, PNG in base64.

    An explorer's picture is no figure of its own: it has HTML beside it, which says what to try.
    """
    shown = [output.get("data", {}) for output in cell.get("outputs", [])]
    return ["".join(data[PNG]) for data in shown if PNG in data and "text/html" not in data]


def captions(cell: Mapping) -> list[str]:
    """Return the captions of a cell's figures, in order."""
    told = cell["metadata"].get("caption", [])
    return [told] if isinstance(told, str) else list(told)


def alt(cell: Mapping) -> str:
    """Return the alt text that a cell's metadata give its figure; empty if there is none."""
    return cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")


# --- minutes -------------------------------------------------------------------------------------


def in_words(minutes: int) -> str:
    """Say a number of minutes.

    Examples
    --------
    >>> in_words(45), in_words(120), in_words(135)
    ('45 min', '2 h', '2 h 15 min')
    """
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{rest} min"] if rest or not hours else []
    return " ".join(parts)


def in_minutes(words: str) -> int:
    """Return the minutes that `in_words` has said.

    Examples
    --------
    >>> in_minutes("2 h 15 min"), in_minutes("45 min")
    (135, 45)
    """
    counts = re.findall(r"(\d+) (h|min)", words)
    return sum(int(count) * (60 if unit == "h" else 1) for count, unit in counts)


def with_minutes(text: str, read: int, work: int) -> str:
    """Return a text that says how long its chapter takes where there is a place for it."""
    said = f"about {read} minutes to read, {in_words(work)} to work through"
    return MINUTES.sub(rf"\g<1>{said}\g<3>", text)
