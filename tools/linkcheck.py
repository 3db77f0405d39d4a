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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build" / "linkcheck"
FOUND = BUILD / "_build" / "html" / "output.json"
REFUSED = re.compile(r"^(401|403|405|406|418|429|999) ")


def build() -> int:
    """Run the checker; return how it ended."""
    FOUND.unlink(missing_ok=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT]
    command += ["--builder", "linkcheck", "--path-output", BUILD]
    quiet = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    run = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    if not FOUND.is_file():
        sys.exit(f"The links were not checked:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run.returncode


def sorted_out(lines: str) -> tuple[list[str], list[str], int]:
    """Return the broken links, those that refuse a program, and how many addresses were asked.

    Parameters
    ----------
    lines : str
        As the checker writes them: a link a line, in JSON.
    """
    links = [json.loads(line) for line in lines.splitlines()]
    broken, refused = [], []
    for link in links:
        if link["status"] in ("broken", "timeout"):
            said = f"{link['filename']}: {link['uri']}: {link['info'][:200]}"
            (refused if REFUSED.match(link["info"]) else broken).append(said)
    asked = sum(link["uri"].startswith("http") for link in links)
    return sorted(set(broken)), sorted(set(refused)), asked


def main() -> int:
    """Check the links, and print what was found."""
    ended = build()
    broken, refused, asked = sorted_out(FOUND.read_text(encoding="utf-8"))
    for title, links in (("Refuse a program", refused), ("Broken", broken)):
        for link in links:
            print(f"{title}: {link}")
    print(f"{asked} links, {len(refused)} refuse a program, {len(broken)} are broken.")
    if ended and not (broken or refused):
        print("The checker failed for another reason.")
        return 1
    return int(bool(broken) or not asked)


if __name__ == "__main__":
    sys.exit(main())
