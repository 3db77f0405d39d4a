"""Where the course is published: all of it follows from the repository's address in _config.yml.

Nothing but the standard library is needed here: `tools/colab.py` runs where there is nothing else.
"""

import re
from pathlib import Path

CONFIG = re.compile(r"(?m)^repository:\n\s+url: *(\S+)")
REPOSITORY = re.compile(r"https://github\.com/([A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?)/([\w.-]+)")


def repository(root: Path) -> str:
    """Return the repository's address, as the file `_config.yml` in `root` has it."""
    found = CONFIG.search((root / "_config.yml").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(
            "_config.yml has no line `url: https://github.com/OWNER/NAME` below `repository:`"
        )
    return found[1]


def owner_and_name(url: str) -> tuple[str, str]:
    """Return whose repository an address names, and what it is called.

    Raises
    ------
    ValueError
        If it is not an address of a repository on GitHub.

    Examples
    --------
    >>> owner_and_name("https://github.com/someone/fork")
    ('someone', 'fork')
    """
    found = REPOSITORY.fullmatch(url)
    if found is None or found[2] in {".", ".."} or found[2].endswith(".git"):
        raise ValueError(f"{url!r} is no address like https://github.com/OWNER/NAME")
    return found[1], found[2]


def site(url: str) -> str:
    """Return where GitHub Pages puts the book of a repository, with a slash at the end.

    Examples
    --------
    >>> site("https://github.com/Someone/fork")
    'https://someone.github.io/fork/'
    >>> site("https://github.com/Someone/someone.github.io")
    'https://someone.github.io/'
    """
    owner, name = owner_and_name(url)
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"
