"""The walls hold: each test is a program that tries to get through them, or takes too much.

Tried on a program of Python behind the same walls as the kernel; with the kernel itself, and
nbgrader, in test_grade.py.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "coursework" / "tools"))

import release
import sandbox
from sandbox import Limits

REASON = sandbox.why_not()
behind_walls = pytest.mark.skipif(bool(REASON), reason=f"no sandbox: {REASON}")
SMALL = Limits(seconds=60, memory=400, processes=40, disk=20)


def tried(code, limits=SMALL, recordings=None):
    """Run a program behind walls; return how it ended."""
    with sandbox.room(True, limits, recordings) as room:
        walls = sandbox.inside(Path(room["JUPYTER_RUNTIME_DIR"]), limits, recordings)
        return sandbox.run([*walls, sys.executable, "-c", code], room, limits)


@behind_walls
def test_ordinary_work_goes_on_as_outside():
    outcome = tried("import numpy as np; print(np.arange(3).sum())")
    assert (outcome.trouble, outcome.code) == ("", 0)
    assert outcome.output.strip() == "3"


@behind_walls
def test_others_files_are_not_there(tmp_path):
    (tmp_path / "other.ipynb").write_text("secret")
    places = [tmp_path / "other.ipynb", release.HOME, release.BUILT, __file__, "/etc/shadow"]
    outcome = tried(f"import os; print([os.path.exists(p) for p in {list(map(str, places))}])")
    assert outcome.output.strip() == str([False] * len(places)), outcome.output


@behind_walls
def test_what_is_there_can_not_be_written():
    outcome = tried(
        "import ecglab, numpy, os\n"
        "for place in (ecglab.__file__, numpy.__file__, '/usr/bin/x', '/etc/x'):\n"
        "    try:\n"
        "        open(place, 'a')\n"
        "        print('written', place)\n"
        "    except OSError as error:\n"
        "        print('refused')\n"
    )
    assert outcome.output.split() == ["refused"] * 4


@behind_walls
def test_no_network():
    outcome = tried(
        "import socket\n"
        "for host in ('127.0.0.1', '1.1.1.1', 'pypi.org'):\n"
        "    try:\n"
        "        socket.create_connection((host, 443), timeout=5)\n"
        "        print('reached')\n"
        "    except OSError as error:\n"
        "        print('refused')\n"
    )
    assert outcome.output.split() == ["refused"] * 3


@behind_walls
def test_nothing_of_the_environment_and_no_other_process(monkeypatch):
    monkeypatch.setenv("SECRET", "of the instructor")
    outcome = tried(
        "import os\n"
        "print('SECRET' in os.environ, sum(p.isdigit() for p in os.listdir('/proc')) < 6)"
    )
    assert outcome.output.split() == ["False", "True"]


@behind_walls
def test_memory_at_once():
    outcome = tried("x = bytearray(10**11)")
    assert "MemoryError" in outcome.output


@behind_walls
def test_memory_by_and_by():
    outcome = tried(
        "x = []\nimport time\nwhile True:\n    x.append(b'x' * 10**7)\n    time.sleep(0.01)"
    )
    assert outcome.trouble == "took more than 400 MB of memory" or "MemoryError" in outcome.output


@behind_walls
def test_a_bomb_of_forks_is_ended_and_leaves_nothing():
    mark = f"bomb_{os.getpid()}"
    begin = time.monotonic()
    outcome = tried(
        f"import os, time\n# {mark}\nfor _ in range(200):\n    os.fork() or time.sleep(60)\n"
        "time.sleep(60)"
    )
    limited = "Resource temporarily unavailable" in outcome.output
    assert outcome.trouble == "started more than 40 processes" or limited, outcome
    assert time.monotonic() - begin < 50
    assert not left(mark)


@behind_walls
def test_what_goes_into_the_background_ends_too():
    mark = f"daemon_{os.getpid()}"
    code = (
        "import os, time\n"
        f"# {mark}\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(300)\n"
        "time.sleep(1)\n"
    )
    tried(code)
    assert not left(mark)


def left(mark):
    """Return the programs that still run of those that carry a mark."""
    time.sleep(0.5)
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if mark in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(line)
    return found


@behind_walls
def test_a_program_that_never_ends():
    outcome = tried("while True: pass", Limits(seconds=3))
    assert outcome.trouble == "took longer than 3 s" or outcome.code
    assert outcome.seconds < 20


@behind_walls
def test_the_shared_folder_can_not_be_filled():
    with sandbox.room(True, SMALL) as room:
        shared = Path(room["JUPYTER_RUNTIME_DIR"])
        code = (
            "import time\n"
            "for n in range(40):\n"
            f"    open({str(shared)!r} + f'/{{n}}', 'wb').write(bytes(10**6))\n"
            "    time.sleep(0.05)\ntime.sleep(30)"
        )
        walls = sandbox.inside(shared, SMALL)
        outcome = sandbox.run([*walls, sys.executable, "-c", code], room, SMALL)
    assert outcome.trouble == "wrote more than 20 MB"
    assert not shared.exists()


def test_without_walls_time_is_limited_and_nothing_is_left():
    mark = f"unsafe_{os.getpid()}"
    limits = Limits(seconds=2)
    code = f"import subprocess, sys, time\n# {mark}\ntime.sleep(300)"
    with sandbox.room(False, limits) as room:
        outcome = sandbox.run([sys.executable, "-c", code], room, limits)
    assert outcome.trouble == "took longer than 2 s"
    assert not left(mark)


def test_a_sandbox_that_does_not_start_says_why(monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n"
    )
    (tmp_path / "prlimit").write_text("#!/bin/sh\n")
    for name in ("bwrap", "prlimit"):
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert sandbox.why_not() == "bwrap does not start: setting up uid map: Permission denied"


def test_without_bwrap_grading_stops_with_the_reason(tmp_path):
    command = [sys.executable, release.HOME / "tools" / "grade.py", tmp_path]
    done = subprocess.run(
        command,
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "bwrap is not installed" in done.stderr
    assert "UNSAFE=1" in done.stderr
