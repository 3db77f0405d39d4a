"""The course's address: it stands in _config.yml, and every other place follows."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]

import address  # noqa: E402
import move  # noqa: E402
import notebooks  # noqa: E402

OURS = address.repository(ROOT)
OWNER, NAME = address.owner_and_name(OURS)
#: In two pieces: a course that has moved back must not find it here.
OTHER = "https://github.com/" + "An-Other/its.course"


def texts(root):
    """Return what stands in the files that git tracks."""
    return {path.relative_to(root): move.text_of(path) for path in move.tracked(root)}


def test_the_address_is_that_of_the_settings():
    assert yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"] == OURS
    assert doctest.testmod(address).failed == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/someone",
        "http://github.com/someone/fork",
        "https://gitlab.com/someone/fork",
        "https://github.com/someone/fork/tree/main",
        "https://github.com/-someone/fork",
        "https://github.com/someone/..",
        "https://github.com/someone/fork name",
        "",
    ],
)
def test_what_is_no_repository_is_refused(url, capsys):
    with pytest.raises(ValueError, match=re.escape(f"{url!r} is no address like https://github")):
        address.owner_and_name(url)
    assert move.main([url]) == 2
    assert address.repository(ROOT) == OURS


def test_settings_without_an_address_are_refused(tmp_path):
    (tmp_path / "_config.yml").write_text("title: A course\n")
    with pytest.raises(ValueError, match="has no line `url"):
        address.repository(tmp_path)


def test_every_place_names_this_repository():
    """The maintainer of a copy runs `make address URL=...`."""
    names = f"(heartbeats|{re.escape(NAME)})"
    hosts = "|".join(map(re.escape, move.HOSTS))
    found = set()
    for path, text in texts(ROOT).items():
        for owner, name in re.findall(rf"(?:{hosts})([\w.-]+)/{names}{move.END}", text or ""):
            found.add((str(path), f"{owner}/{name}"))
        for owner, name in re.findall(rf"https://([\w-]+)\.github\.io/{names}\b", text or ""):
            found.add((str(path), f"{owner}/{name}"))
    ours = {f"{OWNER}/{NAME}", f"{OWNER.lower()}/{NAME}"}
    assert {place for place in found if place[1] not in ours} == set()
    places = {"README.md", "CITATION.cff", "CONTRIBUTING.md", "pyproject.toml", "_config.yml"}
    places |= {f"chapters/{path.name}" for path in notebooks.chapters()}
    assert places <= {path for path, _ in found}


# --- a move ---------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path):
    """Return a copy of what is committed here, as a repository of its own."""
    for path in move.tracked(ROOT):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "--all", "--force", "--intent-to-add"], cwd=tmp_path, check=True)
    return tmp_path


def test_a_move_and_the_way_back(course):
    before = {path: path.read_bytes() for path in move.tracked(course)}
    move.move(course, OTHER)
    for path, text in texts(course).items():
        old = re.search(rf"(?i)\b{re.escape(OWNER)}/{re.escape(NAME)}\b", text or "")
        assert old is None, f"{path}: {text[old.start() - 40 : old.end() + 40]}"
        assert f"{OWNER.lower()}.github.io/{NAME}" not in (text or ""), path
    assert address.repository(course) == OTHER
    readme = (course / "README.md").read_text()
    assert f"git clone {OTHER}\ncd its.course\n" in readme
    assert address.site(OTHER) in readme
    assert move.mover(OURS, OTHER)(f"{OURS}-2, {OURS}. {OURS}.git") == (
        f"{OURS}-2, {OTHER}. {OTHER}.git"
    )
    move.move(course, OURS)
    assert {path: path.read_bytes() for path in move.tracked(course)} == before


def test_a_move_makes_no_chapter_stale(course):
    path = notebooks.chapters()[0]
    before = notebooks.nbformat.read(path, as_version=4)
    move.move(course, OTHER)
    after = notebooks.nbformat.read(course / "chapters" / path.name, as_version=4)
    assert after.cells != before.cells
    assert notebooks.parts(after)["cells"] == notebooks.parts(before)["cells"]


def test_a_move_that_cannot_be_written_changes_nothing(course):
    before = texts(course)
    (course / ".README.md.part").mkdir()
    with pytest.raises(OSError):
        move.move(course, OTHER)
    assert texts(course) == before
    assert [path.name for path in course.rglob(".*.part")] == [".README.md.part"]


def test_a_move_that_is_cut_off_can_be_finished(course, monkeypatch):
    replace, done = os.replace, []

    def replace_three(source, target):
        if len(done) == 3:
            raise OSError("no power")
        done.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_three)
    with pytest.raises(OSError, match="no power"):
        move.move(course, OTHER)
    assert address.repository(course) == OURS
    monkeypatch.undo()
    rest = move.move(course, OTHER)
    assert len(rest) > 10 and not set(rest) & set(done)
    assert not [path for path, text in texts(course).items() if OURS in (text or "")]
    assert [*course.rglob(".*.part")] == []
