"""The pages for instructors: minutes as in the chapters, plans that add up, numbers that stand."""

import re
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402
import plans  # noqa: E402

from ecglab import experiments  # noqa: E402

PAGES = ROOT / "book" / "instructors"
ROLE = re.compile(r"\{minutes\}`([^`]+)`")
SLOT = re.compile(r"(?m)^  - (\d+) min: ")
MEETING = {"Twelve weeks": 90, "Five days": 330, "Two days": 330}
#: A number that says something: with a decimal, a separator or at least three digits.
NUMBER = re.compile(r"(?<![\w.,/])(?:\d{1,3}(?:,\d{3})+|\d+\.\d+(?:e-\d+)?|\d{3,})(?![\w/]|\.\d)")

#: Numbers of exercises: `exercise 2.1`, `exercises 3.3 and 3.5`, `(2.1)`, `(2.2, 2.3)`.
NAMED = re.compile(r"[Ee]xercises? \d+\.\d(?: and \d+\.\d)?|\(\d+\.[1-5](?:, \d+\.[1-5])*\)")


def page(name):
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def parts(text, level):
    """Return the parts of a page below its headings of a level, by their titles."""
    found = re.split(rf"(?m)^{'#' * level} (?=\S)", text)[1:]
    return {part.splitlines()[0]: part for part in found}


@cache
def chapter(number):
    return nbformat.read(plans.path_of(number), as_version=4)


def words_of(notebook):
    """Return all that a reader sees of a notebook: text, code and what the code printed."""
    seen = []
    for cell in notebook.cells:
        seen.append(cell.source)
        for output in cell.get("outputs", []):
            seen += [output.get("text", ""), str(output.get("data", {}).get("text/plain", ""))]
    return "\n".join(seen)


def mentioned(text):
    """Return the chapters whose notebooks a text links to, or lists by number."""
    linked = re.findall(r"chapters/(\d\d)_", text)
    listed = re.findall(r"\*\*Left out:\*\* chapters ([\d, and]+)", text)
    return {int(n) for n in linked} | {int(n) for n in re.findall(r"\d+", " ".join(listed))}


# --- minutes


@pytest.mark.parametrize("number", range(1, 13))
def test_minutes_are_those_that_the_chapter_states(number):
    read, work = plans.count(f"to read {number}"), plans.count(f"to work through {number}")
    assert (read, work) == notebooks.minutes(chapter(number))


def test_minutes_add_up():
    each = [plans.count(f"to work through {number}") for number in range(1, 13)]
    numbers = " ".join(str(number) for number in range(1, 13))
    assert plans.count(f"to work through {numbers}") == sum(each)


@pytest.mark.parametrize("number", range(1, 13))
def test_the_sections_of_a_chapter_make_up_the_chapter(number):
    """The estimate of all sections together is the chapter's, but for its title."""
    text = "\n".join(c.source for c in chapter(number).cells if c.cell_type == "markdown")
    titles = re.findall(r"(?m)^## (.+?)\s*$", text)
    together = notebooks.estimate(plans.sections(chapter(number), titles))
    assert together == pytest.approx(notebooks.estimate(chapter(number)), abs=1.5)


def test_a_section_takes_less_than_its_chapter():
    part = plans.count("to read 3: Where is a beat?; Why does it fail here?")
    assert 0 < part < plans.count("to read 3")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("to sleep 3", "to work through 3"),
        ("to read", "to work through 3"),
        ("to read 13", "no chapter 13"),
        ("to read 3: Where is a cat?", "no section `## Where is a cat\\?`"),
        ("to read 3 4: Where is a beat?", "more than one"),
    ],
)
def test_what_cannot_be_counted_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        plans.count(text)


def test_every_number_of_minutes_on_the_pages_can_be_counted():
    asked = [text for path in PAGES.glob("*.md") for text in ROLE.findall(path.read_text())]
    counted = [plans.count(" ".join(text.split())) for text in asked]
    print(f"{len(asked)} times taken from the chapters")
    assert len(counted) > 60
    assert all(minutes > 0 for minutes in counted)


# --- plans


@pytest.mark.parametrize("plan", MEETING)
def test_each_meeting_is_as_long_as_the_plan_says(plan):
    meetings = parts(parts(page("plans"), 2)[plan], 3)
    sums = {title: sum(map(int, SLOT.findall(text))) for title, text in meetings.items()}
    assert len(sums) == {"Twelve weeks": 12, "Five days": 5, "Two days": 2}[plan]
    assert sums == dict.fromkeys(sums, MEETING[plan])


@pytest.mark.parametrize("plan", MEETING)
def test_each_plan_has_all_chapters_or_says_what_it_leaves_out(plan):
    assert mentioned(parts(page("plans"), 2)[plan]) == set(range(1, 13))


def test_the_days_of_the_five_day_plan_can_hold_their_chapters():
    text = parts(page("plans"), 2)["Five days"]
    works = [plans.count(asked) for asked in ROLE.findall(text) if asked.startswith("to work")]
    assert len(works) == 5
    *others, last = works
    assert max(others) <= MEETING["Five days"]
    assert last == MEETING["Five days"] + 15 and "take a quarter of an hour more" in " ".join(
        text.split()
    )


def test_every_session_says_what_is_before_and_what_is_after():
    for plan in MEETING:
        for title, text in parts(parts(page("plans"), 2)[plan], 3).items():
            assert "- **Before:** " in text, title
            assert "- **In class:**\n" in text, title
            assert re.search(r"- \*\*(Afterwards|Evening):\*\* ", text), title


# --- chapters


def test_notes_for_every_chapter():
    notes = parts(page("chapters"), 2)
    assert list(notes) == [f"Chapter {number}" for number in range(1, 13)]
    for title, text in notes.items():
        for heading in ("Stress.", "What students mistake", "Show live.", "Discuss"):
            assert f"**{heading}**" in text, title
        assert "**When time is short,**" in text, title
        assert text.count("<details><summary>Answer</summary>") == 3, title
        mistakes = text.split("**What students mistake**")[1].split("**Show live.**")[0]
        assert 3 <= len(re.findall(r"(?m)^- \*", mistakes)) <= 4, title


@pytest.mark.parametrize("number", range(1, 13))
def test_numbers_in_the_notes_stand_in_the_chapter(number):
    text = parts(page("chapters"), 2)[f"Chapter {number}"]
    text = re.sub(r"\{minutes\}`[^`]+`|\(\.\./[^)]+\)", "", text)
    text = NAMED.sub("", text)
    there = set(NUMBER.findall(words_of(chapter(number)).replace("\N{MINUS SIGN}", "-")))
    plain = {n.replace(",", "").replace("_", "") for n in there}
    plain |= {n.rstrip("0").rstrip(".") for n in plain if "." in n}
    said = {n.replace(",", "") for n in NUMBER.findall(text)}
    missing = {n for n in said if n not in plain and n.rstrip("0") not in plain}
    print(f"{len(said)} numbers")
    assert said
    assert missing == set()


def test_exercises_that_pages_name_exist():
    known = set()
    for number in range(1, 13):
        known |= set(re.findall(r"### Exercise (\d+\.\d)", words_of(chapter(number))))
    for path in PAGES.glob("*.md"):
        named = re.findall(r"[Ee]xercises? (\d+\.\d)", path.read_text())
        assert set(named) <= known, path.name


def test_memory_that_a_hub_needs():
    needed = [
        re.search(r"on two cores, ([\d.]+) GB", words_of(chapter(n)))[1] for n in range(1, 13)
    ]
    assert f"the largest needs {max(needed, key=float)} GB" in " ".join(page("running").split())


# --- rubrics


def test_graded_examples_have_numbers_of_the_recorded_run():
    outcome = experiments.recorded("final")["outcomes"][0]["svdb"]
    scores, spans = outcome["scores"], outcome["intervals"]
    beats = sum(map(sum, scores["matrix"]))
    counts = outcome["per record"]
    right = {name: sum(m[k][k] for k in range(5)) for name, m in counts.items()}
    total = {name: sum(map(sum, m)) for name, m in counts.items()}
    normal = {name: sum(m[0]) for name, m in counts.items()}
    errors = sorted((total[name] - right[name] for name in counts), reverse=True)
    behind = sum(right[name] < normal[name] for name in counts)
    often = sum(right[name] >= 0.95 * total[name] for name in counts)
    worst = min(counts, key=lambda name: right[name] / total[name])
    text = page("rubrics")
    said = [
        f"Accuracy is {scores['accuracy']:.3f}",
        f"has {sum(normal.values()) / beats:.3f} on the same beats",
        f"F1\nof {scores['S F1']:.2f} and V of {scores['V F1']:.2f}",
        "macro-F1 is {value:.2f} ({low:.2f} to {high:.2f} over people)".format(**spans["macro-F1"]),
        "V F1 {value:.2f} ({low:.2f} to {high:.2f})".format(**spans["V F1"]),
        "S F1 {value:.2f} ({low:.2f} to {high:.2f})".format(**spans["S F1"]),
        f"For {often} of the 78 people",
        f"For {behind} it is behind *always N*",
        f"The worst is {worst}, right for {100 * right[worst] / total[worst]:.0f} in 100",
        f"Of {sum(counts[worst][1]):,} the network calls {counts[worst][1][0]} N "
        f"and {counts[worst][1][2]} V",
        f"svdb, {beats:,} beats",
        f"F1 was {scores['N F1']:.3f} for N",
        f"F1 of N {scores['N F1']:.2f}",
    ]
    flat = " ".join(text.replace("\n> ", " ").split())
    assert [line for line in said if " ".join(line.split()) not in flat] == []
    assert 0.48 < sum(errors[:8]) / sum(errors) < 0.52  # "eight people have half of all errors"


def test_points_of_the_rubrics_add_up():
    texts = parts(page("rubrics"), 2)
    for title, total in (("The capstone's report", 20), ("The model card", 10)):
        rows = re.findall(r"(?m)^\| (\d+) \|", texts[title])
        assert sum(map(int, rows)) == total
    for text in texts.values():
        assert text.count(":::{admonition}") == 2


# --- coursework


def test_every_assignment_can_be_listed():
    paths = sorted(plans.SOURCE.glob("*/*.ipynb"))
    lines = plans.table(paths)
    print(f"{len(paths)} assignments")
    assert len(lines) == (len(paths) + 2 if paths else 1)
    titles = [line.split("*")[1] for line in lines[2:]]
    assert (titles[0], titles[-1]) == ("Reading an ECG", "Capstone"), titles
    assert max(map(len, titles)) < 40, "the table fits a page"


def test_the_table_lists_what_an_assignment_says(tmp_path):
    code = {"nbgrader": {"grade": True, "points": 3}}
    text = {"nbgrader": {"grade": True, "points": 4}}
    opening = (
        "# Assignment: beats and images\n\nSee [3](chapters/03_x.html), [4](chapters/04_x.html)."
    )
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell(opening + "\n\n**Time:** about 2 hours. **Points:** 10."),
        nbformat.v4.new_code_cell("1", metadata=code),
        nbformat.v4.new_code_cell("2", metadata=code),
        nbformat.v4.new_code_cell("3", metadata={"nbgrader": {"grade": False}}),
        nbformat.v4.new_markdown_cell("words", metadata=text),
    ]
    path = tmp_path / "beats.ipynb"
    nbformat.write(notebook, path)
    row = "| *Beats and images* | 3, 4 | about 2 hours | 6 | 4 |"
    assert plans.table([path])[-1] == row
    assert plans.table([]) == ["There are none in this version of the course."]
    notebook.cells[0].source = opening
    nbformat.write(notebook, path)
    with pytest.raises(ValueError, match=r"beats\.ipynb must have"):
        plans.table([path])


def test_every_page_is_in_the_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    entries = [entry for part in contents["parts"] for entry in part["chapters"]]
    entries += [inner for entry in entries for inner in entry.get("sections", [])]
    files = {entry["file"] for entry in entries}
    assert {f"book/instructors/{path.stem}" for path in PAGES.glob("*.md")} <= files
    assert "book/coursework" in files
