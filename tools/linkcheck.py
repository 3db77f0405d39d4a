"""Ask every address that a page of the book links to, with Sphinx's own link checker.

Usage: python tools/linkcheck.py

A link is broken if its host says so, or does not answer. Some hosts refuse every program (403, 429,
...), and show the page to a browser: their links are listed, but do not count. DOIs are looked up
in the register at doi.org, not at publishers (see `book/_ext/links.py`).
"""

import json
import os
import re
import subprocess
import sys

import book

BUILD = book.BUILD / "linkcheck"
FOUND = BUILD / "_build" / "html" / "output.json"
REFUSED = re.compile(r"^(401|403|405|406|418|429|999) ")


def build() -> int:
    """Run the checker; return how it ended."""
    FOUND.unlink(missing_ok=True)
    command = book.jupyter_book("--builder=linkcheck", f"--path-output={BUILD}")
    run = subprocess.run(
        command,
        env={**os.environ, **book.QUIET},
        capture_output=True,
        text=True,
        check=False,
    )
    if not FOUND.is_file():
        said = run.stdout + run.stderr
        sys.exit(f"The links were not checked:\n{said[-4000:]}")
    return run.returncode


def sorted_out(lines: str) -> tuple[list[str], list[str], int]:
    """Return the broken links, those that refuse a program, and how many addresses were asked.

    Parameters
    ----------
    lines : str
        As the checker writes them: a link a line, in JSON.
    """
    broken, refused = set(), set()
    asked = 0
    for line in lines.splitlines():
        link = json.loads(line)
        reason = link["info"][:200]
        asked += link["uri"].startswith("http")
        if link["status"] not in ("broken", "timeout"):
            continue
        kind = refused if REFUSED.match(reason) else broken
        kind.add(f"{link['filename']}: {link['uri']}: {reason}")
    return sorted(broken), sorted(refused), asked


def main() -> int:
    """Check the links, and print what was found."""
    ended = build()
    lines = FOUND.read_text(encoding="utf-8")
    broken, refused, asked = sorted_out(lines)
    for link in refused:
        print(f"Refuses a program: {link}")
    for link in broken:
        print(f"Broken: {link}")
    print(f"{asked} links, {len(refused)} refuse a program, {len(broken)} are broken.")
    if ended and not broken and not refused:
        print("The checker failed for another reason.")
        return 1
    return int(bool(broken) or not asked)


if __name__ == "__main__":
    sys.exit(main())
