"""Build the book if anything it is made of has changed; end with its address or the reasons.

Usage: python tools/book.py
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
STAMP = BUILD / "built_from"
LOG = BUILD / "build.log"
TAKE_ALONG = BUILD / "take-along"
NAME = "from-the-clinic-to-resnet-50"  # of what is taken along
#: For Jupyter Book: no colours, and of other people's warnings none.
QUIET = {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
#: A warning fails the build; so does a link inside the book that leads nowhere.
STRICT = ("--warningiserror", "--nitpick", "--keep-going")

REASON = re.compile(r"\b(WARNING|ERROR|CRITICAL|Error|Exception)\b|^reason:", re.IGNORECASE)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def digest(paths: list[Path]) -> str:
    """Return one SHA-256 over the names and bytes of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources() -> list[Path]:
    """Return the files that the book is made of."""
    names = "_config.yml _toc.yml requirements.txt CITATION.cff LICENSE LICENSE-CONTENT"
    files = [ROOT / name for name in (*names.split(), ".binder/requirements.txt")]
    files += (ROOT / "tools").glob("*.*")
    files += (ROOT / "chapters").glob("*.ipynb")
    files += (ROOT / "coursework" / "source").glob("*/*.ipynb")
    # The front page has an explorer, and the network that ships is written beside the pages.
    for folder in ("book", "ecglab"):
        files += (p for p in (ROOT / folder).rglob("*") if p.is_file() and p.suffix != ".pyc")
    return files


def reasons(log: str) -> list[str]:
    """Return the lines of a build's log that say what went wrong, each once."""
    lines = [ANSI.sub("", line).strip().replace(f"{ROOT}/", "") for line in log.splitlines()]
    marked = [
        line
        for line in lines
        if REASON.search(line) and "warnings treated as errors" not in line.lower()
    ]
    return list(dict.fromkeys(marked)) or lines[-10:]


def jupyter_book(*options: str) -> list[str]:
    """Return the command that builds the book, in one form or another."""
    return [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), *options]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a place to write a file to, which is then at its path whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part-{path.name}")
    yield part
    os.replace(part, path)


def build() -> int:
    """Run Jupyter Book on every page, with warnings as errors; keep what it prints.

    Always the whole book: a page that has not changed may link to one that has, and a page that
    is gone must leave no file behind. It takes seconds, because no notebook is executed.
    """
    for folder in (HTML, BUILD / ".doctrees"):
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    run = subprocess.run(
        jupyter_book(*STRICT),
        cwd=ROOT,
        env={**os.environ, **QUIET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    LOG.write_text(run.stdout)
    return run.returncode


def has_pdf(now: str) -> bool:
    """Tell whether there is a PDF of this state of the book; `make pdf` makes it."""
    return any(stamp.read_text() == now for stamp in TAKE_ALONG.glob("*.from"))


def prepare(now: str) -> None:
    """Make what can be taken along, before the page that offers it.

    What is there from another state of the book goes: the page must not offer it.
    """
    import archive
    import slides

    for path in TAKE_ALONG.glob("*"):
        if path.suffix not in (".pdf", ".from") or not has_pdf(now):
            path.unlink()
    archive.write()
    for number in range(1, len(slides.parts()) + 1):
        slides.write(number)


def main() -> int:
    """Build if needed and print the book's address."""
    now = digest(sources())
    state = f"{now} {'with' if has_pdf(now) else 'without'} PDF"
    index = HTML / "book" / "index.html"
    if not (index.exists() and STAMP.exists() and STAMP.read_text() == state):
        STAMP.unlink(missing_ok=True)
        print("Building the book (some ten seconds)", flush=True)
        prepare(now)
        if build():
            print(f"The whole log is in {LOG.relative_to(ROOT)}.\nThe book was not built:")
            print("\n".join(reasons(LOG.read_text())))
            return 1
        STAMP.write_text(state)
    print(f"The book is built. Open {index.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
