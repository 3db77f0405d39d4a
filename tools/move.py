"""Move the course to another repository: every place that names its address gets the new one.

Usage: python tools/move.py https://github.com/OWNER/NAME

The address stands in _config.yml; whatever else needs it in writing (the README, the links and the
set-up cells of the chapters, CITATION.cff, ...) is found among the files that git tracks. All new
files are written under temporary names first. Then they take the old ones' places, _config.yml
last: should the computer stop in between, the same command finishes the work.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from address import owner_and_name, repository, site  # noqa: E402

#: What stands before `OWNER/NAME` where a repository is meant.
HOSTS = (
    "github.com/",
    "raw.githubusercontent.com/",
    "colab.research.google.com/github/",
    "mybinder.org/v2/gh/",
)
#: What may follow it: the end of a sentence, but not the rest of a longer name.
END = r"(?![\w-]|\.(?!git\b)\w)"


def mover(old: str, new: str) -> Callable[[str], str]:
    """Return a function that replaces one repository's address by another's in a text.

    Replaced are the folder of a clone, the site, and `OWNER/NAME` after one of HOSTS.
    """
    before = "/".join(owner_and_name(old))
    after = "/".join(owner_and_name(new))
    _, old_name = owner_and_name(old)
    _, new_name = owner_and_name(new)
    clone = re.compile(rf"(git clone {re.escape(old)}(?:\.git)?\s+cd ){re.escape(old_name)}{END}")
    pages = re.compile(re.escape(site(old).removesuffix("/")) + END)
    repositories = re.compile(re.escape(before) + END)

    def unless_another(mention: re.Match) -> str:
        is_ours = mention.string.endswith(HOSTS, 0, mention.start())
        return after if is_ours else mention[0]

    def moved(text: str) -> str:
        text = clone.sub(lambda mention: mention[1] + new_name, text)
        text = pages.sub(site(new).removesuffix("/"), text)
        return repositories.sub(unless_another, text)

    return moved


def tracked(root: Path) -> list[Path]:
    """Return the files that git tracks."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


def text_of(path: Path) -> str | None:
    """Return what stands in a file, or None if it is no text."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def move(root: Path, new: str) -> list[Path]:
    """Give the course in a folder the address `new`; return the files that have changed.

    Raises
    ------
    ValueError
        If `new` is no address of a repository.
    """
    moved = mover(repository(root), new)
    changed = {}
    for path in tracked(root):
        text = text_of(path)
        if text is not None and moved(text) != text:
            changed[path] = moved(text)
    # _config.yml says what the old address is: it comes last.
    order = sorted(changed, key=lambda path: path == root / "_config.yml")
    parts = {path: path.with_name(f".{path.name}.part") for path in order}
    try:
        for path, part in parts.items():
            part.write_bytes(changed[path].encode("utf-8"))
            part.chmod(path.stat().st_mode)
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            if part.is_file():
                part.unlink()
    return order


def main(arguments: list[str] | None = None) -> int:
    """Move the course; name the files that have changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="the new address: https://github.com/OWNER/NAME")
    new = parser.parse_args(arguments).url.removesuffix("/").removesuffix(".git")
    try:
        changed = move(ROOT, new)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"The course is at {new}, its pages at {site(new)} ({len(changed)} files changed).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
