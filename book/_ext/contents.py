"""The parts of the book, as its list of contents has them."""

from pathlib import Path

import yaml


def parts(root: Path) -> list[tuple[str, list[Path]]]:
    """Return the parts that have chapters: their titles and the notebooks.

    Parameters
    ----------
    root : Path
        The folder that holds `_toc.yml`.
    """
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = []
    for part in contents["parts"]:
        files = [one["file"] for one in part["chapters"]]
        if all(file.startswith("chapters/") for file in files):
            found.append((part["caption"], [root / f"{file}.ipynb" for file in files]))
    return found
