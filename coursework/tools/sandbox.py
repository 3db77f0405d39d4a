"""The walls around submitted code: a kernel that sees only Python, the course and recordings.

The kernel runs in `bwrap`: no network, no other process, a home and a /tmp in memory that are gone
afterwards, everything else read-only or not there. `prlimit` bounds its memory, its processes and
its files. nbgrader stays outside, and talks to it through sockets in one folder. `run` watches the
two together, ends them when they take too much, and leaves no process behind.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import release

import ecglab

KERNEL = "graded"  # the kernelspec's name
LOOK = 0.2  # seconds between two looks at a run
MB = 1 << 20
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
SYSTEM += ("/etc/localtime", "/etc/fonts", "/etc/passwd", "/etc/group")
START = (sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}")
PLOTS = "/tmp/matplotlib"  # where the kernel's matplotlib looks for its settings
LONGEST_SOCKET = 90  # a socket's path has at most 107 characters


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Attributes
    ----------
    seconds : float
        For the whole run.
    cell : float
        Seconds for one cell, which is then interrupted.
    memory : int
        MB in use, of nbgrader and the kernel together: what a submission prints is held outside.
    processes : int
        Processes and threads of the kernel. As root the kernel of Linux sets no such limit; then
        only `run` sees to it.
    disk : int
        MB in the folder that the run shares with the kernel, and of each file that it writes.
    """

    seconds: float = 240
    cell: float = 60
    memory: int = 3000
    processes: int = 200
    disk: int = 200


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    trouble : str
        Why it was ended; empty if it ended by itself.
    code : int
        Its exit status.
    output : str
        The end of what it printed.
    seconds : float
    """

    trouble: str
    code: int
    output: str
    seconds: float


def why_not() -> str:
    """Return why there can be no sandbox here; empty if there can.

    Examples
    --------
    >>> isinstance(why_not(), str)
    True
    """
    for name, package in [("bwrap", "bubblewrap"), ("prlimit", "util-linux")]:
        if not shutil.which(name):
            return f"{name} is not installed (Debian, Ubuntu: apt install {package})"
    walls = [*_walls(), "--", "true"]
    tried = subprocess.run(walls, capture_output=True, text=True, check=False)
    if tried.returncode:
        said = tried.stderr.strip() or f"it ends with status {tried.returncode}"
        return f"bwrap does not start: {said}"
    return ""


@contextlib.contextmanager
def room(safe: bool, limits: Limits, recordings: str | None = None) -> Iterator[dict[str, str]]:
    """Make one run's folder, with its kernelspec; take it away afterwards.

    Parameters
    ----------
    safe : bool
        Whether the kernel gets walls. Without them it can read and change what you can.
    limits : Limits
    recordings : str, optional
        A folder of recordings that the kernel may read.

    Yields
    ------
    dict
        The environment for nbgrader.
    """
    folder = Path(tempfile.mkdtemp(prefix="grade-"))
    if len(str(folder)) > LONGEST_SOCKET - len("/s/kernel-1"):
        folder.rmdir()
        raise ValueError(f"the path {folder} is too long for a socket; set TMPDIR to a shorter one")
    try:
        for name in ("s", "tmp", "config"):
            (folder / name).mkdir()
        walls = inside(folder / "s", limits, recordings) if safe else []
        _write_spec(folder / "kernels" / KERNEL, [*walls, *START])
        yield _environment(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inside(shared: Path, limits: Limits, recordings: str | None = None) -> list[str]:
    """Return the beginning of a command that runs a program of Python behind walls, within limits.

    Parameters
    ----------
    shared : Path
        The only folder outside that it may write to.
    limits : Limits
    recordings : str, optional
        A folder that it may read.
    """
    package = Path(ecglab.__file__).resolve().parent
    seen = [sys.prefix, sys.base_prefix, str(package), *([recordings] if recordings else [])]
    seen = [path for path in dict.fromkeys(seen) if not path.startswith(("/usr/", "/usr"))]
    settings = {
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": PLOTS,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "USER": "student",
        **_passed_on(recordings),
    }
    return [
        *_walls(),
        *(part for path in seen for part in ("--ro-bind", path, path)),
        *_fonts(),
        *("--bind", str(shared), str(shared), "--remount-ro", "/"),
        *(part for pair in settings.items() for part in ("--setenv", *pair)),
        *("--", "prlimit", f"--as={2 * limits.memory * MB}", f"--nproc={limits.processes}"),
        *(f"--fsize={limits.disk * MB}", f"--cpu={round(limits.seconds)}", "--core=0", "--"),
    ]


def options(environment: Mapping[str, str], limits: Limits) -> list[str]:
    """Return the options that make nbgrader use a room's kernel and sockets."""
    shared = Path(environment["JUPYTER_RUNTIME_DIR"])
    return [
        f"--Execute.kernel_name={KERNEL}",
        f"--Execute.timeout={round(limits.cell)}",
        "--AsyncKernelManager.transport=ipc",
        f"--AsyncKernelManager.connection_file={shared / 'kernel.json'}",
        f"--AsyncKernelManager.ip={shared / 'kernel'}",
    ]


def run(command: Sequence[str], environment: Mapping[str, str], limits: Limits) -> Outcome:
    """Run a command within limits; end it, and all that it started, when it exceeds them."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as printed:
        process = psutil.Popen(
            list(command),
            cwd=release.HOME,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        family: dict[int, psutil.Process] = {}
        trouble = ""
        try:
            while not trouble and process.poll() is None:
                trouble = _look(process, family, environment, limits, time.monotonic() - begin)
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(LOOK)
        finally:
            _end([process, *family.values(), *_of_room(environment["TMPDIR"])])
        size = printed.seek(0, os.SEEK_END)
        printed.seek(max(0, size - 20_000))
        output = printed.read().decode(errors="replace")
    return Outcome(trouble, process.wait(), output, time.monotonic() - begin)


# ---------------------------------------------------------------------------


def _walls() -> list[str]:
    """Return the beginning of a command that runs another one behind walls."""
    system = [part for path in SYSTEM for part in ("--ro-bind-try", path, path)]
    return [
        *(shutil.which("env") or "env", "-i", shutil.which("bwrap") or "bwrap"),
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *system,
        *("--proc", "/proc", "--dev", "/dev", *_memory_folder("/dev/shm"), "--remount-ro", "/dev"),
        *(*_memory_folder("/tmp"), "--chdir", "/tmp"),
    ]


def _memory_folder(path: str) -> list[str]:
    """Return how bwrap makes a folder in memory, bounded where bwrap is new enough for that."""
    helped = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    bound = ["--size", str(500 * MB)] if "--size" in helped.stdout + helped.stderr else []
    return [*bound, "--tmpfs", path]


def _fonts() -> list[str]:
    """Return how the kernel sees matplotlib's list of fonts, which takes seconds to make."""
    from matplotlib import font_manager, get_cachedir  # the import makes the list

    name = f"fontlist-v{font_manager.FontManager.__version__}.json"
    made = Path(get_cachedir()) / name
    return ["--ro-bind", str(made), f"{PLOTS}/{name}"] if made.is_file() else []


def _passed_on(recordings: str | None) -> dict[str, str]:
    """Return what the kernel is told of the course's settings."""
    names = ("OMP_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "ECGLAB_SOURCE")
    settings = {name: os.environ[name] for name in names if name in os.environ}
    settings.setdefault("OMP_NUM_THREADS", "2")
    settings.setdefault("OPENBLAS_NUM_THREADS", settings["OMP_NUM_THREADS"])
    if recordings:
        settings["ECGLAB_DATA"] = recordings
    else:  # there is no network behind the walls: ask nobody
        settings.setdefault("ECGLAB_SOURCE", "simulated")
    return settings


def _write_spec(folder: Path, argv: list[str]) -> None:
    """Write a kernelspec. A signal does not pass the walls: interrupts go as messages."""
    folder.mkdir(parents=True)
    spec = {
        "argv": argv,
        "display_name": "graded",
        "language": "python",
        "interrupt_mode": "message",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


def _environment(folder: Path) -> dict[str, str]:
    """Return nbgrader's environment: the room's own folders, and no settings of the user's."""
    return {
        **release.environment(),
        "JUPYTER_PATH": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "s"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "TMPDIR": str(folder / "tmp"),
    }


def _look(
    process: psutil.Process,
    family: dict[int, psutil.Process],
    environment: Mapping[str, str],
    limits: Limits,
    seconds: float,
) -> str:
    """Return what a run exceeds; empty if nothing. Those of its family are noted."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family.update({child.pid: child for child in process.children(recursive=True)})
    if seconds > limits.seconds:
        return f"took longer than {limits.seconds:g} s"
    alive = [one for one in (process, *family.values()) if one.is_running()]
    if len(alive) > limits.processes:
        return f"started more than {limits.processes} processes"
    if sum(map(_memory, alive)) > limits.memory * MB:
        return f"took more than {limits.memory} MB of memory"
    if _size(Path(environment["TMPDIR"]).parent) > limits.disk * MB:
        return f"wrote more than {limits.disk} MB"
    return ""


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total


def _of_room(folder: str) -> list[psutil.Process]:
    """Return the processes that carry a room in their environment, whoever their parents are."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("TMPDIR") == folder:
                found.append(process)
    return found


def _end(processes: Sequence[psutil.Process]) -> None:
    """End processes for good. What runs behind walls ends with its bwrap."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)
