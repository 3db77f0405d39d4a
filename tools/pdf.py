"""Make the whole book as a PDF, by XeLaTeX, and say where it is.

Usage: python tools/pdf.py

The PDF joins what can be taken along (`_build/take-along`); the page *Take it along* shows it when
the book is built next, as long as the book has not changed since.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib

from book import (
    BUILD,
    NAME,
    QUIET,
    ROOT,
    STRICT,
    TAKE_ALONG,
    digest,
    jupyter_book,
    reasons,
    sources,
)

PDF = TAKE_ALONG / f"{NAME}.pdf"
FOLDER = BUILD / "paper"
LATEX = FOLDER / "_build" / "latex"
LOG = BUILD / "paper.log"
PACKAGES = (
    "texlive-xetex",
    "texlive-lang-chinese",
    "texlive-fonts-recommended",
    "latexmk",
    "fontconfig",
    "fonts-texgyre",
    "fonts-texgyre-math",
    "fonts-noto-cjk",
)
INSTALL = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
# What must be there, each from one of the packages.
FILES = (
    "xeCJK.sty",
    "ctexhook.sty",
    "pzdr.tfm",
    "titlesec.sty",
    "tikz.sty",
    "texgyrepagella-regular.otf",
    "texgyrepagella-math.otf",
)
LETTERS = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Sans Mono CJK SC")
FONTS = "DejaVuSans*.ttf"


def missing() -> list[str]:
    """Return what this computer lacks for the PDF: programs, LaTeX's files, Chinese letters."""
    programs = [name for name in ("xelatex", "latexmk", "kpsewhich", "fc-list") if not found(name)]
    if programs:
        return programs
    lacking = [name for name in FILES if not output("kpsewhich", name)]
    return lacking + [name for name in LETTERS if not output("fc-list", name)]


def found(program: str) -> bool:
    """Tell whether a program is on the path."""
    return shutil.which(program) is not None


def output(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def write_latex() -> int:
    """Let Sphinx write the book's LaTeX file; return the exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    where = ("--builder", "latex", "--path-output", str(FOLDER))
    return run(jupyter_book(*where, *STRICT), ROOT)


def set_pages() -> int:
    """Let LaTeX set the pages, as often as its references need; return the exit code."""
    letters = Path(matplotlib.get_data_path(), "fonts", "ttf")
    for path in letters.glob(FONTS):  # for code and rare signs: the same on every computer
        shutil.copyfile(path, LATEX / path.name)
    return run(["latexmk", "-xelatex", "-interaction=nonstopmode", f"{NAME}.tex"], LATEX)


def run(command: list[str], folder: Path) -> int:
    """Run a command in a folder, what it prints going to the log; return its exit code."""
    with LOG.open("a") as log:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **QUIET, "max_print_line": "1000"},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode


def faults(log: str) -> list[str]:
    """Return what a reader would see of a bad run: letters that are missing, undefined links."""
    marks = r"^(?:! .+|Missing character: .+|LaTeX Warning: Reference .+ undefined.*)$"
    return list(dict.fromkeys(re.findall(marks, log, re.MULTILINE)))


def main() -> int:
    """Make the PDF if anything in it has changed, and print its address."""
    if lacking := missing():
        print(f"The PDF needs XeLaTeX and its fonts; not found: {', '.join(lacking)}")
        print(f"On Debian or Ubuntu: {INSTALL}")
        return 1
    now, stamp = digest(sources()), PDF.with_suffix(".from")
    if not (PDF.exists() and stamp.exists() and stamp.read_text() == now):
        BUILD.mkdir(exist_ok=True)
        LOG.write_text("")
        print("Setting the book (one to three minutes)", flush=True)
        if write_latex() or set_pages():
            print(f"The whole log is in {LOG.relative_to(ROOT)}.\nThe PDF was not made:")
            print("\n".join(reasons(LOG.read_text())))
            return 1
        made = LATEX / f"{NAME}.pdf"
        log = made.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
        if wrong := faults(log):
            print("The PDF was not made:", *wrong[:20], sep="\n")
            return 1
        TAKE_ALONG.mkdir(parents=True, exist_ok=True)
        made.replace(PDF)
        stamp.write_text(now)
    print(f"The PDF is {PDF.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
