"""What runs elsewhere: the tests on a server, Binder's image, the publication of the book."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = {p.stem: yaml.safe_load(p.read_text()) for p in (ROOT / ".github").rglob("workflows/*")}


def steps():
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            yield from job.get("steps", [])


# --- workflows ------------------------------------------------------------------------------


def test_actions_are_pinned_by_hash():
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(used) > 5
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one)] == []


def test_publication_waits_for_the_tests():
    jobs = WORKFLOWS["publish"]["jobs"]
    assert jobs["test"]["uses"].endswith("/test.yml")
    assert jobs["build"]["needs"] == "test" and jobs["publish"]["needs"] == "build"


def test_nothing_cuts_a_deployment_off():
    assert WORKFLOWS["publish"]["concurrency"]["cancel-in-progress"] is False
    assert not any("concurrency" in job for job in WORKFLOWS["publish"]["jobs"].values())
    called = WORKFLOWS["test"]["concurrency"]["cancel-in-progress"]
    assert called == "${{ github.event_name == 'pull_request' }}"


def test_rights_are_given_to_the_job_that_needs_them():
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {"contents": "read"}
    writing = [
        name
        for workflow in WORKFLOWS.values()
        for name, job in workflow["jobs"].items()
        if "write" in job.get("permissions", {}).values()
    ]
    assert sorted(writing) == ["publish", "tell"]
    assert WORKFLOWS["weekly"]["jobs"]["tell"]["permissions"] == {"issues": "write"}


def test_a_pull_request_shows_the_book_that_it_makes():
    (job,) = WORKFLOWS["preview"]["jobs"].values()
    assert True in WORKFLOWS["preview"], "YAML reads the key `on` as true"
    assert [*WORKFLOWS["preview"][True]] == ["pull_request"]
    *_, build, upload = job["steps"]
    assert build == {"run": "make book"}
    assert upload["with"]["path"] == "_build/html"
    # `github-pages` is what is deployed
    assert upload["with"]["name"] != "github-pages" and upload["with"]["retention-days"] >= 7


def test_every_week_links_and_newest_versions_are_tried_and_a_failure_is_told():
    jobs = WORKFLOWS["weekly"]["jobs"]
    minute, hour, day, month, weekday = WORKFLOWS["weekly"][True]["schedule"][0]["cron"].split()
    assert (day, month) == ("*", "*") and weekday.isdigit() and (minute + hour).isdigit()
    ran = {
        name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()
    }
    assert ran["links"] == ["make linkcheck"]
    assert ran["newest"] == ["make newest", "make test"]
    assert set(jobs["tell"]["needs"]) == {"links", "newest"} and "failure()" in jobs["tell"]["if"]


def test_what_a_workflow_makes_is_in_the_makefile():
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    asked = [re.findall(r"\bmake ([a-z-]+)", step.get("run", "")) for step in steps()]
    named = {target for targets in asked for target in targets}
    assert {"book", "colab", "linkcheck", "newest", "test"} <= named <= targets


@pytest.fixture
def tell(tmp_path):
    """Return a function that runs the step which opens an issue, with a stand-in for gh."""

    def run_it(titles):
        stand_in = tmp_path / "gh"
        stand_in.write_text(
            f"#!/bin/sh\ncase \"$2\" in list) printf '{titles}';;"
            f' create) echo "$4: $6" >> {tmp_path}/issues;; esac\n'
        )
        stand_in.chmod(0o755)
        (step,) = WORKFLOWS["weekly"]["jobs"]["tell"]["steps"]
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "TITLE": step["env"]["TITLE"], "RUN": "https://run"}
        command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
        subprocess.run(command, env=env, check=True, capture_output=True)
        issues = tmp_path / "issues"
        return issues.read_text().splitlines() if issues.exists() else []

    return run_it


def test_a_failed_week_opens_one_issue(tell):
    (said,) = tell("The weekly run has failed, again\\n")
    assert said.startswith("The weekly run has failed: ") and said.endswith(" https://run")


def test_no_second_issue_is_opened(tell):
    assert tell("A figure is cut\\nThe weekly run has failed\\n") == []


# --- .ci/run --------------------------------------------------------------------------------


@pytest.fixture
def ran(tmp_path):
    """Return a function that runs .ci/run in a small course; it returns what make was asked for."""
    course = tmp_path / "course"
    (course / ".ci").mkdir(parents=True)
    (course / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    (course / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    stand_in = tmp_path / "bin" / "make"
    stand_in.parent.mkdir()
    stand_in.write_text(
        f"""#!/usr/bin/env bash
echo "$1 data=${{ECGLAB_DATA-}} source=${{ECGLAB_SOURCE-}} cache=${{ECGLAB_CACHE-}}\\
 home=$(ls -A "$HOME" | wc -l) clone=$([ "$PWD" = {course} ] || echo yes)" >> {tmp_path}/asked
"""
    )
    stand_in.chmod(0o755)

    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=course, check=True, capture_output=True)

    def run_it(**variables):
        git("init", "--quiet")
        git("add", "--all")
        git("commit", "--quiet", "--message", "all")
        path = f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, **variables}
        done = subprocess.run(
            ["bash", ".ci/run"], cwd=course, env=env, capture_output=True, text=True, timeout=300
        )
        asked = tmp_path / "asked"
        return done, asked.read_text().splitlines() if asked.exists() else []

    return run_it


ALONE = "data= source= cache= home=0 clone=yes"


def test_a_newcomer_comes_first_with_nothing_at_hand(ran, tmp_path):
    given = {"ECGLAB_DATA": "/data", "ECGLAB_SOURCE": "simulated", "ECGLAB_CACHE": "/cache"}
    done, asked = ran(**given, XDG_CACHE_HOME="/cache")
    assert done.returncode == 0, done.stderr
    assert asked == [
        f"book {ALONE}",
        f"test {ALONE}",
        f"lint {ALONE}",
        f"test-long {ALONE}",
        f"check-fresh {ALONE}",
    ]


def test_recordings_beside_the_checkout_are_used_afterwards(ran, tmp_path):
    data = tmp_path / "shared" / "data"
    data.mkdir(parents=True)
    done, asked = ran()
    assert done.returncode == 0, done.stderr
    found = [line.split()[0] for line in asked if f"data={data} " in line]
    assert found == ["test-real", "test-long", "check-fresh"]
    assert asked[:2] == [f"book {ALONE}", f"test {ALONE}"]


def test_the_newcomer_does_what_the_readme_says(ran, tmp_path):
    readme = tmp_path / "course" / "README.md"
    readme.write_text(readme.read_text().replace("make book ", "make all "))
    done, asked = ran()
    assert done.returncode == 1 and "make all make test" in done.stdout and asked == []


# --- Binder ---------------------------------------------------------------------------------


def post_build(tmp_path, download, install=0):
    """Run Binder's postBuild with a stand-in for Python."""
    stand_in = tmp_path / "python"
    stand_in.write_text(
        f'#!/bin/sh\ncase "$*" in *download*) exit {download};; *install*) exit {install};; esac\n'
    )
    stand_in.chmod(0o755)
    return subprocess.run(
        ["bash", ROOT / ".binder" / "postBuild"],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )


def test_binders_image_is_built_when_physionet_does_not_answer(tmp_path):
    done = post_build(tmp_path, download=1)
    assert done.returncode == 0 and "recordings come later" in done.stdout


def test_binders_image_with_recordings_says_nothing(tmp_path):
    done = post_build(tmp_path, download=0)
    assert (done.returncode, done.stdout) == (0, "")


def test_binders_image_without_the_package_is_none(tmp_path):
    assert post_build(tmp_path, download=0, install=1).returncode != 0
