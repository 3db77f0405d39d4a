"""Keep the chapters' committed outputs in step with the code that made them.

Usage: python tools/notebooks.py stale | check-fresh [--always] | fingerprint
       python tools/notebooks.py execute [--all] [NAME ...]
       python tools/notebooks.py fold | links [NAME ...]

A chapter's fingerprint covers the tokens, without comments and docstrings, of its code cells and
of the `ecglab` modules it imports (directly or through each other), the bytes of the recorded
results and weights that it names, of those modules' tables and of the scripts of the explorers
that it shows, and the pinned versions of the packages that compute or draw. It stands in the
notebook's metadata beside the time and memory of the run that made the outputs. A chapter whose
fingerprint differs is stale.

What comes into play only where there are no recordings is left out: outputs are made from real
ones. Where a run's outputs equal those that are stored, the fingerprint alone is written anew.
"""

import argparse
import ast
import base64
import hashlib
import io
import json
import os
import re
import sys
import threading
import time
import tokenize
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import chapter  # noqa: E402

PACKAGE = "ecglab"
NUMBERS = "zero one two three four five six seven eight".split()
RUN_TIME = re.compile(r"(<!-- run-time -->).*?(<!-- /run-time -->)", re.DOTALL)
CELL_SECONDS = 300
#: What `pace` takes on an idle core of the computer on which the chapters' limits were set.
PACE_SECONDS = 0.38

# How long a chapter takes: one rule for all, which `book/howto.md` gives. A second language and
# new matter make for slow reading.
WORDS_A_MINUTE = 150
SECONDS_A_LINE = 4  # of visible code
SECONDS_A_FIGURE = 20
AGAIN = 1.5  # what is worked through is read half as much again
MINUTES_AN_EXERCISE = 10
MINUTES_A_QUESTION = 2
MINUTES_AN_EXPLORER = 3

# A citation's names and year are no more to read than a footnote's number.
CITATION = re.compile(r"\[[^\]]+\]\(\S+/bibliography\.html#\S+?\)")

# Lines that IPython understands and Python does not.
MAGIC = re.compile(r"^\s*[%!]")
# What is installed where the course is missing changes no output where it is there.
INSTALLS = re.compile(r"[%!]pip install\b")
# A release alone makes no output stale.
VERSION = re.compile(r"(?m)^__version__ = .*$")
WARNING = re.compile(r"\b\w*Warning: ")
PROGRESS = re.compile("[\r\b█━]|\\bit/s\\b")
# Modules that are asked only where there are no recordings, and so can change no stored output.
WITHOUT_RECORDINGS = ("ecglab.fetch", "ecglab.simulate")
# The packages whose next version may compute or draw something else.
COMPUTES = (
    *("keras", "matplotlib", "mini-racer", "numpy", "pandas", "pywavelets", "resvg-py"),
    *("scikit-learn", "scipy", "sleepecg", "tensorflow", "tensorflow-cpu", "wfdb"),
)
# What lies beside the explorers' modules.
SCRIPTS = (".css", ".html", ".js", ".json")
TABLE_NAME = re.compile(r"T_[0-9a-f]{5}")
COLOURS = 256
WIDGET = "application/vnd.jupyter.widget-view+json"
MARKDOWN = re.compile(r"[`*$<>]|\]\(")
FEWEST_WORDS, MOST_WORDS = 8, 30  # of a figure's caption

#: How a folded cell begins, the tags that it gets, and what the book calls it. In Colab and
#: JupyterLab its first line stays in sight.
FOLDED = {
    "# @title Set-up": (["setup", "hide-input"], "the set-up"),
    "# @title Plotting": (["hide-input"], "the plotting"),
    "# @title Tests": (["hide-input"], "the tests"),
    "# @title Solution": (["hide-cell", "solution"], "the solution"),
}


# --- fingerprint ---------------------------------------------------------------------------------


def tokens(source: str, *, module: bool) -> list[str]:
    """Return what counts of a Python source: no comments, docstrings, blank lines or layout.

    The list is the same on Python 3.11 and 3.12: an f-string, which 3.12 takes apart, is put back
    together as it stands in the source.

    Parameters
    ----------
    source : str
        Python source, of a module or of a notebook's cell (where IPython's magic lines are kept
        as they are).
    module : bool
        Whether strings that stand alone at the outermost level are docstrings (a module) or the
        cell's result.
    """
    magic: list[str] = []
    if not module:
        source, magic = without_magic(source)
    lines = source.split("\n")
    result: list[str] = []
    statement = 0  # index in `result` at which the current statement starts
    only_strings = True
    depth = 0
    fstrings: list[tuple[int, int]] = []
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        kind = tokenize.tok_name[token.type]
        text = token.string
        if kind == "FSTRING_START":
            fstrings.append(token.start)
            continue
        if kind == "FSTRING_END":
            start = fstrings.pop()
            kind, text = "FSTRING", between(lines, start, token.end)
        elif kind == "STRING" and "f" in text[: text.index(text[-1])].lower():
            kind = "FSTRING"  # Python 3.11
        if fstrings or kind in ("COMMENT", "NL", "ENDMARKER"):
            continue
        if kind == "NEWLINE":
            if only_strings and (module or depth):
                del result[statement:]
            else:
                result.append("\n")
        elif kind in ("INDENT", "DEDENT"):
            depth += 1 if kind == "INDENT" else -1
            result.append(f"<{kind}>")
        else:
            result.append(text)
            only_strings &= kind == "STRING"
            continue
        statement, only_strings = len(result), True
    return [line for line in magic if not INSTALLS.match(line)] + result


def between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the source from one (row, column) to another, rows from 1."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    inner = lines[start[0] : end[0] - 1]
    return "\n".join([lines[start[0] - 1][start[1] :], *inner, lines[end[0] - 1][: end[1]]])


def without_magic(source: str) -> tuple[str, list[str]]:
    """Return a cell's source with `pass` for each of IPython's magic lines, and those lines."""
    try:
        ast.parse(source)
    except SyntaxError:
        magic = [line.strip() for line in source.split("\n") if MAGIC.match(line)]
        return re.sub(r"(?m)^([ \t]*)[%!].*$", r"\1pass", source), magic
    return source, []


def plain(source: str) -> ast.Module:
    """Parse a cell's source without its magic lines."""
    return ast.parse(without_magic(source)[0])


def module_path(name: str, root: Path) -> Path | None:
    """Return the file of an `ecglab` module, or None if there is no such module."""
    stem = root.joinpath(*name.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def imported(tree: ast.Module, root: Path, importer: str = "") -> set[str]:
    """Return the names of the `ecglab` modules that a syntax tree imports.

    Parameters
    ----------
    tree : ast.Module
    root : Path
        The folder that holds the package.
    importer : str
        The package of the importing module, for relative imports; empty for a notebook.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = importer.split(".")
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join([*parts, base] if base else parts)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    ours = {name for name in names if name.split(".")[0] == PACKAGE}
    # Importing a.b.c also runs a and a.b.
    ours |= {".".join(name.split(".")[:i]) for name in ours for i in range(1, name.count(".") + 1)}
    return {name for name in ours if module_path(name, root)}


def modules_of(notebook: NotebookNode, root: Path) -> dict[str, Path]:
    """Return the `ecglab` modules that a notebook's outputs hang on.

    Those that it imports, directly or through each other, without what only `WITHOUT_RECORDINGS`
    lead to, and without the explorers that it does not show.
    """
    left_out = {f"{PACKAGE}.explorers.{name}" for name in explorers_not_shown(notebook, root)}
    left_out.update(WITHOUT_RECORDINGS)
    todo = set().union(*(imported(plain(c.source), root) for c in code_cells(notebook)))
    found: dict[str, Path] = {}
    while todo:
        name = todo.pop()
        found[name] = path = module_path(name, root)
        importer = name if path.name == "__init__.py" else name.rpartition(".")[0]
        reached = imported(ast.parse(path.read_text()), root, importer)
        todo |= reached - set(found) - left_out
    return found


def tables_of(modules: dict[str, Path]) -> list[Path]:
    """Return the tables and style sheets that lie beside some modules and that they name."""
    found = set()
    for path in modules.values():
        beside = [*path.parent.glob("*.csv"), *path.parent.glob("*.mplstyle")]
        source = path.read_text()
        found |= {table for table in beside if table.stem in source}
    return sorted(found)


def pinned(root: Path) -> list[str]:
    """Return the lines of requirements.txt that pin the packages which compute or draw."""
    lines = (root / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line.split("==")[0].strip().lower() in COMPUTES]


def recorded_files(notebook: NotebookNode, root: Path) -> list[Path]:
    """Return the recorded results and weights that a notebook names, and explorers' scripts."""
    strings = {
        node.value
        for cell in code_cells(notebook)
        for node in ast.walk(plain(cell.source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    package = root / PACKAGE
    outcomes = package.glob("experiments/*/outcome.json")
    found = [path for path in outcomes if path.parent.name in strings]
    found += [path for path in package.rglob("*.weights*") if path.name.split(".")[0] in strings]
    modules = modules_of(notebook, root)
    if f"{PACKAGE}.explore" in modules:
        folder = package / "explorers"
        others = explorers_not_shown(notebook, root)
        theirs = files_named([folder / f"{name}.py" for name in others])
        theirs -= files_named([path for path in modules.values() if path.parent == folder])
        scripts = [path for path in folder.iterdir() if path.suffix in SCRIPTS]
        found += [path for path in scripts if not {path.stem, path.name} & (others | theirs)]
    return sorted(found)


def files_named(modules: Iterable[Path]) -> set[str]:
    """Return the names of the scripts, style sheets and so on that some modules name."""
    found = set()
    for path in modules:
        nodes = ast.walk(ast.parse(path.read_text()))
        strings = [node.value for node in nodes if isinstance(node, ast.Constant)]
        found |= {text for text in strings if str(text).endswith(SCRIPTS)}
    return found


def explorers_not_shown(notebook: NotebookNode, root: Path) -> set[str]:
    """Return the explorers that a notebook does not show: `album` where none has `explore.album`.

    An explorer has its controls in ``explorers/NAME.json``, beside its module.
    """
    shown = {
        node.attr
        for cell in code_cells(notebook)
        for node in ast.walk(plain(cell.source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "explore"
    }
    folder = root / PACKAGE / "explorers"
    every = {path.stem for path in folder.glob("*.json") if path.with_suffix(".py").exists()}
    return every - shown


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return a notebook's code cells that are not empty."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def sha256(*pieces: bytes) -> str:
    """Return the SHA-256 of pieces, each kept apart from the next."""
    total = hashlib.sha256()
    for piece in pieces:
        total.update(len(piece).to_bytes(8, "big") + piece)
    return total.hexdigest()


def parts(notebook: NotebookNode, root: Path = ROOT) -> dict[str, str]:
    """Return the digest of each thing that a notebook's outputs depend on, by its name."""
    result = {
        "cells": sha256(
            *(repr(tokens(c.source, module=False)).encode() for c in code_cells(notebook))
        )
    }
    modules = modules_of(notebook, root)
    for name, path in sorted(modules.items()):
        if name == f"{PACKAGE}.explore":  # it only gathers the explorers, shown or not
            continue
        source = VERSION.sub("", path.read_text())
        result[name] = sha256(repr(tokens(source, module=True)).encode())
    for path in [*recorded_files(notebook, root), *tables_of(modules)]:
        result[path.relative_to(root).as_posix()] = sha256(path.read_bytes())
    result["requirements.txt"] = sha256(*(line.encode() for line in pinned(root)))
    return {name: digest[:12] for name, digest in result.items()}


def fingerprint(pieces: dict[str, str]) -> str:
    """Return one SHA-256 over the parts."""
    return sha256(*(f"{name}={digest}".encode() for name, digest in sorted(pieces.items())))


def why_stale(notebook: NotebookNode, root: Path = ROOT) -> list[str]:
    """Return what has changed since the outputs were made; empty if they are fresh."""
    made = notebook.metadata.get("ecglab")
    if not made or "fingerprint" not in made:
        return ["never executed with `make execute`"]
    now = parts(notebook, root)
    if made["fingerprint"] == fingerprint(now):
        return []
    before = dict(made.get("parts", {}))
    names = sorted(set(now) | set(before))
    changed = [name for name in names if now.get(name) != before.get(name)]
    return changed or ["fingerprint"]


# --- what stored outputs must look like ----------------------------------------------------------


def problems(notebook: NotebookNode) -> list[str]:
    """Return what is wrong with a notebook's stored outputs, one line each."""
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        where = f"cell {number}"
        if cell.execution_count is None:
            found.append(f"{where}: never executed")
        text = ""
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{where}: {output.ename}: {output.evalue}")
            elif output.output_type == "stream":
                text += output.text
                if output.name == "stderr":
                    found.append(f"{where}: writes to stderr: {output.text.strip()[:200]}")
            elif WIDGET in output.data:
                found.append(
                    f"{where}: stores a widget, which is dead in the page; "
                    "show text/html or image/png instead"
                )
        if match := WARNING.search(text):
            found.append(f"{where}: prints a warning: {text[match.start() :][:200]}")
        if PROGRESS.search(text):
            found.append(f"{where}: prints a progress bar")
        alt = chapter.alt(cell)
        if has_figure(cell) and not alt.strip():
            found.append(f"{where}: a figure without alt text (metadata mystnb.image.alt)")
        if alt.strip() and not has_figure(cell):
            found.append(f"{where}: alt text but no figure among its outputs")
        found += [f"{where}: {problem}" for problem in caption_problems(cell, alt)]
    return found


def has_figure(cell: NotebookNode) -> bool:
    """Whether a code cell's outputs hold a PNG."""
    return any(chapter.PNG in output.get("data", {}) for output in cell.outputs)


def caption_problems(cell: NotebookNode, alt: str) -> list[str]:
    """Return what is wrong with the captions of a cell's figures, given their alt text."""
    captions = chapter.captions(cell)
    figures = chapter.figures(cell)
    if len(captions) != len(figures):
        return [
            f"captions {len(captions)} of {len(figures)} (metadata caption, a list if several)",
        ]
    said = [bare(alt)]
    for node in ast.walk(plain(cell.source)):
        if isinstance(node, ast.Constant):
            said.append(bare(str(node.value)))
    titles = [text for text in said if text.count(" ") >= 3]  # labels are shorter
    found = []
    for caption in captions:
        words = bare(caption)
        length = len(caption.split())
        if not FEWEST_WORDS <= length <= MOST_WORDS:
            allowed = f"{FEWEST_WORDS} to {MOST_WORDS}"
            found.append(f"a caption of {length} words, not {allowed}: {caption}")
        if MARKDOWN.search(caption):
            found.append(f"a caption is plain text, without Markdown or formulae: {caption}")
        if any(title in words or words in title for title in titles):
            found.append(f"a caption repeats the title or the alt text: {caption}")
    return found


def bare(text: str) -> str:
    """Return the words of a text alone, in small letters."""
    return " ".join(re.findall(r"\w+", text.casefold()))


# --- folded cells --------------------------------------------------------------------------------


def fold(notebook: NotebookNode) -> None:
    """Fold the cells whose first line says so, in the book, in JupyterLab and in Colab."""
    for cell in code_cells(notebook):
        beginning = " ".join(cell.source.splitlines()[0].split()[:3]).rstrip(":")
        if beginning not in FOLDED:
            continue
        tags, name = FOLDED[beginning]
        others = [tag for tag in cell.metadata.get("tags", []) if tag not in tags]
        cell.metadata["tags"] = tags + others
        cell.metadata["cellView"] = "form"
        cell.metadata["jupyter"] = {"source_hidden": True}
        if "hide-cell" in tags:
            cell.metadata["jupyter"]["outputs_hidden"] = True
        shown = cell.metadata.setdefault("mystnb", {})
        shown["code_prompt_show"] = f"Show {name}"
        shown["code_prompt_hide"] = f"Hide {name}"


# --- minutes -------------------------------------------------------------------------------------


def minutes(notebook: NotebookNode) -> tuple[int, int]:
    """Return how long a chapter takes to read, and to work through, in round minutes."""
    read, work = estimate(notebook)
    return 5 * round(read / 5), 15 * round(work / 15)


def estimate(notebook: NotebookNode) -> tuple[float, float]:
    """Estimate how long a chapter, or a part of it, takes to read and to work through, in minutes.

    What is folded is not read: solutions, plotting, tests, answers, and sections that go deeper.
    """
    words = lines = figures = 0
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    deeper = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for part in re.split(r"(?m)^(?=#{1,3} )", cell.source):
                if part.startswith("#"):
                    deeper = part.startswith("### Go deeper")
                if not deeper:
                    shown = re.sub(r"<details>.*?</details>|<!--.*?-->", "", part, flags=re.DOTALL)
                    words += len(CITATION.sub("[1]", shown).split())
        elif not deeper:
            figures += has_figure(cell)
            if not {"hide-cell", "hide-input"} & set(cell.metadata.get("tags", [])):
                lines += sum(bool(line.strip()) for line in cell.source.splitlines())
    read = words / WORDS_A_MINUTE
    read += (lines * SECONDS_A_LINE + figures * SECONDS_A_FIGURE) / 60
    work = AGAIN * read
    work += MINUTES_AN_EXERCISE * len(re.findall(r"(?m)^### Exercise ", text))
    work += MINUTES_A_QUESTION * text.count("<details>")
    explorers = sum("ecg-explorer" in json.dumps(c.outputs) for c in code_cells(notebook))
    work += MINUTES_AN_EXPLORER * explorers
    return read, work


def arrange(notebook: NotebookNode) -> None:
    """Fold what is to be folded, and state the minutes."""
    fold(notebook)
    read, work = minutes(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = chapter.with_minutes(cell.source, read, work)


# --- links ---------------------------------------------------------------------------------------


def write_links(notebook: NotebookNode) -> None:
    """Write out what is short in the Markdown, so that it reads well everywhere: see links.py."""
    from links import BadLink, Links

    links = Links(ROOT)
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            try:
                cell.source = links.plain(cell.source)
            except BadLink as error:
                raise SystemExit(f"cell {number}: {error}") from error


# --- execute -------------------------------------------------------------------------------------


def has_recordings() -> bool:
    """Return whether outputs could be made anew here."""
    folder = os.environ.get("ECGLAB_DATA", "")
    simulated = os.environ.get("ECGLAB_SOURCE") == "simulated"
    return bool(folder) and not simulated and any(Path(folder, "mitdb").rglob("100.dat"))


def recordings_folder() -> Path:
    """Return the folder of real recordings, or end with what is missing."""
    if os.environ.get("ECGLAB_SOURCE") == "simulated":
        sys.exit("Committed outputs come from real recordings: unset ECGLAB_SOURCE=simulated.")
    folder = os.environ.get("ECGLAB_DATA", "")
    if not has_recordings():
        sys.exit(
            "Committed outputs come from real recordings, and ECGLAB_DATA="
            f"{folder!r} has none. Set it to a folder that holds mitdb/1.0.0/100.dat and the rest."
        )
    return Path(folder).resolve()


def watch_memory(pid: int, stop: threading.Event, peak: list[int]) -> None:
    """Keep the largest resident size of a process, in bytes, in `peak[0]` until told to stop."""
    import psutil

    process = psutil.Process(pid)
    try:
        while not stop.is_set():
            peak[0] = max(peak[0], process.memory_info().rss)
            stop.wait(0.1)
    except psutil.NoSuchProcess:
        return


def pace() -> float:
    """Return how long a fixed calculation takes now, against `PACE_SECONDS`; 1 at least.

    Computers are not equally fast, and one computer is not equally fast at all times: what others
    do on it, or beside it, has slowed the same chapter down to half its speed.
    """
    import numpy as np

    started = time.perf_counter()
    total = 0
    for number in range(3_000_000):
        total += number * number
    numbers = np.random.default_rng(0).random(1_000_000)
    for _ in range(5):
        np.sort(numbers)
        np.fft.rfft(numbers)
    return max(1.0, (time.perf_counter() - started) / PACE_SECONDS)


def run(notebook: NotebookNode, folder: Path) -> tuple[float, float]:
    """Execute a notebook in place; return its time in seconds and its peak memory in MB.

    The time is what it would have been at the pace of `PACE_SECONDS`.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    # This interpreter's own kernel, whatever kernels the user has installed elsewhere.
    specs = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_SECONDS,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # how a text is cut depends on the clock
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    stop, peak = threading.Event(), [0]
    watcher: list[threading.Thread] = []
    before = pace()
    started = time.perf_counter()

    def watch(cell: NotebookNode, cell_index: int) -> None:
        if not watcher:
            arguments = (manager.provisioner.pid, stop, peak)
            watcher.append(threading.Thread(target=watch_memory, args=arguments, daemon=True))
            watcher[0].start()

    client.on_cell_execute = watch
    try:
        client.execute(cleanup_kc=True)
    finally:
        stop.set()
    seconds = time.perf_counter() - started
    slower = (before + pace()) / 2
    return seconds / slower, peak[0] / 1e6


def tidy(notebook: NotebookNode) -> None:
    """Drop what differs from run to run or from machine to machine and means nothing."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    # With Python's own lexer, a line for the shell (`!`) would be a warning when the book is built.
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
                if chapter.PNG in output.get("data", {}):
                    output.data[chapter.PNG] = lightened(output.data[chapter.PNG])
            cell.outputs = [o for o in cell.outputs if o.get("data", True)]


def lightened(picture: str) -> str:
    """Return a PNG in base64 in so few colours that nobody sees it, and so in fewer bytes."""
    drawn = io.BytesIO(base64.b64decode(picture))
    with Image.open(drawn) as whole:
        dots = whole.info.get("dpi")
        colours = whole.convert("RGB")
    few = colours.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=0)
    written = io.BytesIO()
    few.save(written, "png", optimize=True, dpi=dots)
    return base64.b64encode(written.getvalue()).decode()


def measured(seconds: float, megabytes: float) -> str:
    """Say a run's time and memory as a reader sees it: `about 25 s to run on two cores, 1.1 GB`."""
    cores = os.cpu_count() or 1
    rounded = 5 * round(seconds / 5) if seconds > 20 else max(1, round(seconds))
    number = NUMBERS[cores] if cores < len(NUMBERS) else str(cores)
    return (
        f"about {rounded} s to run on {number} core{'s' if cores > 1 else ''}, "
        f"{megabytes / 1000:.1f} GB"
    )


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook atomically."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def outputs_of(notebook: NotebookNode) -> list[list[str]]:
    """Return each code cell's outputs, as they are to be compared with another run's.

    What is printed may arrive in one piece or in several, and pandas names a table anew each time.
    """
    found = []
    for cell in code_cells(notebook):
        printed = "".join(output.text for output in cell.outputs if "text" in output)
        others = [dict(output) for output in cell.outputs if "text" not in output]
        found.append([printed, TABLE_NAME.sub("T_", json.dumps(others, sort_keys=True))])
    return found


def execute(path: Path, anew: bool = False) -> list[str]:
    """Execute a chapter on real recordings and store it; return what is wrong with its outputs.

    Other work on the computer makes a run longer, never shorter: so the shortest time that was
    measured stays, unless it is to be measured `anew` or the chapter's own cells are others now.
    Outputs that equal the stored ones leave these as they are, and their time and memory.
    """
    stored = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    made = notebook.metadata.get("ecglab", {})
    try:
        seconds, megabytes = run(notebook, path.parent)
    except Exception as error:  # a failed cell, a dead kernel, a time-out: all are reported alike
        return [str(error).strip()]
    tidy(notebook)
    found = problems(notebook)
    if found:
        return found
    same = outputs_of(notebook) == outputs_of(stored)
    if same:
        print(f"{path.stem}: the same outputs as before", flush=True)
        for cell, before in zip(code_cells(notebook), code_cells(stored), strict=True):
            cell.outputs = before.outputs
    pieces = parts(notebook)
    if not anew and pieces["cells"] == made.get("parts", {}).get("cells"):
        seconds = min(seconds, made.get("seconds", seconds))
    if same and not anew:
        seconds = made.get("seconds", seconds)
        megabytes = made.get("peak_mb", megabytes)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = RUN_TIME.sub(rf"\g<1>{measured(seconds, megabytes)}\g<2>", cell.source)
    arrange(notebook)
    notebook.metadata["ecglab"] = {
        "fingerprint": fingerprint(pieces),
        "parts": pieces,
        "peak_mb": round(megabytes),
        "recordings": "real",
        "seconds": round(seconds, 1),
    }
    write(notebook, path)
    print(f"{path.stem}: {measured(seconds, megabytes)}", flush=True)
    return []


# --- commands ------------------------------------------------------------------------------------


def chapters() -> list[Path]:
    """Return the chapters' files in order."""
    return chapter.paths(ROOT)


def stale_chapters() -> dict[Path, list[str]]:
    """Return the stale chapters, each with what has changed."""
    reasons = {path: why_stale(nbformat.read(path, as_version=4)) for path in chapters()}
    return {path: reason for path, reason in reasons.items() if reason}


def list_stale() -> int:
    """Print the stale chapters and why; return how many."""
    stale = stale_chapters()
    for path, reason in stale.items():
        print(f"{path.stem} is stale: {', '.join(reason)}")
    if not stale:
        print(f"All {len(chapters())} chapters are fresh.")
    return len(stale)


def named(names: list[str]) -> list[Path]:
    """Return the chapters of some names or numbers, or end with what there is."""
    known = {path.stem: path for path in chapters()}
    chosen = [
        path
        for path in known.values()
        if any(Path(name).stem == path.stem or path.stem.startswith(f"{name}_") for name in names)
    ]
    if len(chosen) < len(names):
        sys.exit(f"No such chapter among {names}; there are: {', '.join(known)}")
    return chosen


def fold_chapters(names: list[str]) -> None:
    """Fold what is to be folded in the named chapters, or in all, and state their minutes."""
    for path in named(names) or chapters():
        notebook = nbformat.read(path, as_version=4)
        arrange(notebook)
        write(notebook, path)


def link_chapters(names: list[str]) -> None:
    """Write out the links of the named chapters, or of all; cells without any stay as they are."""
    for path in named(names) or chapters():
        print(path.stem, flush=True)
        notebook = nbformat.read(path, as_version=4)
        write_links(notebook)
        write(notebook, path)


def execute_chapters(names: list[str], everything: bool) -> int:
    """Execute the named chapters, or all, or the stale ones; return 1 if one has failed."""
    os.environ["ECGLAB_DATA"] = str(recordings_folder())
    os.environ["ECGLAB_SOURCE"] = "real"
    os.environ["ECGLAB_PAGE"] = "1"  # explorers give the form that needs no kernel
    chosen = named(names)
    if not names:
        chosen = chapters() if everything else list(stale_chapters())
    failed = []
    for path in chosen:
        print(f"{path.stem}: running", flush=True)
        failed += [f"{path.stem}: {problem}" for problem in execute(path, anew=everything)]
    if failed:
        print("Not stored:", *failed, sep="\n")
    elif not chosen:
        print("Nothing to do: every chapter is fresh.")
    return int(bool(failed))


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("stale", help="list the chapters that are older than their code")
    checking = commands.add_parser("check-fresh", help="the same, and fail if there is one")
    checking.add_argument("--always", action="store_true", help="without recordings, too")
    commands.add_parser("fingerprint", help="print each chapter's fingerprint as its code is now")
    executing = commands.add_parser("execute", help="run the stale chapters on real recordings")
    executing.add_argument("names", nargs="*", help="these chapters (09, or 09_shortcuts)")
    executing.add_argument("--all", action="store_true", help="all chapters, fresh or not")
    folding = commands.add_parser("fold", help="fold cells as they say; state the minutes")
    folding.add_argument("names", nargs="*", help="these chapters")
    linking = commands.add_parser("links", help="write out roles and links, so that all read them")
    linking.add_argument("names", nargs="*", help="these chapters")
    chosen = parser.parse_args(arguments)
    if chosen.command == "links":
        link_chapters(chosen.names)
        return 0
    if chosen.command == "fold":
        fold_chapters(chosen.names)
        return 0
    if chosen.command == "execute":
        return execute_chapters(chosen.names, chosen.all)
    if chosen.command == "fingerprint":
        for path in chapters():
            print(fingerprint(parts(nbformat.read(path, as_version=4))), path.stem)
        return 0
    count = list_stale()
    if count and chosen.command == "check-fresh":
        if not (chosen.always or has_recordings()):
            print("skipped: no recordings to make outputs from; somebody who has them will.")
            return 0
        print("Run `make execute` with ECGLAB_DATA set, and commit the chapters.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
