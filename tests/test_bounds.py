"""Every upper bound and every pin has a reason, so that none outlives it unnoticed."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Files in which every line is a pin.
LISTS = {
    "requirements.txt": "what was tested together; `make lock UPGRADE=1` asks for the newest",
    ".binder/requirements.txt": "the part of requirements.txt that Binder needs",
    "tools/colab.txt": "what Colab has; the workflow `colab` compares them each month",
}

# TensorFlow has no final release for 3.14 (November 2026).
PYTHON = "no TensorFlow for Python 3.14 yet"
TESTED = "a version that is supported, and so tested"
ACTION = "a tag can be moved, a hash can not; Dependabot proposes the next"
COLAB = (
    "what Colab lacks, as tested by `make colab`; newer ones may need a newer NumPy than Colab's"
)

REASONS = {
    "pyproject.toml": {
        "python<3.14": PYTHON,
        "jupyter-book==1.0.4.post1": "2.0 is another program; the book is built with Sphinx",
        "django-static-mathjax==3.2.2.1": "its files are copied by their path",
    },
    "Makefile": {"python<=3.13": PYTHON},
    "tools/colab.py": {
        "python==3.13": "Colab's Python since August 2026",
        "edfio==0.4.18": COLAB,
        "sleepecg==0.5.9": "0.6 needs NumPy 2.3.2, Colab has 2.1.3",
        "wfdb==4.3.1": COLAB,
    },
    "chapters": {
        "edfio==0.4.18": COLAB,
        "sleepecg==0.5.9": "0.6 needs NumPy 2.3.2, Colab has 2.1.3",
        "wfdb==4.3.1": COLAB,
        "course@v0.2.0": "the version to which the notebook belongs; test_colab.py compares",
    },
    ".binder": {"python==3.11": "the oldest that is supported: what runs there runs on the others"},
    ".github": {
        "python==3.11": TESTED,
        "python==3.12": TESTED,
        "python==3.13": TESTED,
        "checkout@v7.0.1": ACTION,
        "setup-python@v7.0.0": ACTION,
        "upload-pages-artifact@v5.0.0": ACTION,
        "deploy-pages@v5.0.0": ACTION,
    },
}

# How a bound is written, and how it is named in REASONS.
FORMS = {
    r'requires-python = ".*?(<[=\d.]+)"': r"python\1",
    r"sys\.version_info\[:2\] (<=) \((\d), (\d+)\)": r"python\1\2.\3",
    r"(?m)^PYTHON = \((\d), (\d+)\)": r"python==\1.\2",
    r'(?m)python(?:-version)?: "([\d.]+)"$': r"python==\1",
    r"(?m)^python-([\d.]+)$": r"python==\1",
    r"([A-Za-z][\w.-]+)((?:==|~=|<=?|!=)\d[\w.]*)": r"\1\2",
    r'"(\w[\w.-]*)>[^"]*,\s*(<=?\d[\w.]*)': r"\1\2",
    r"git\+\S+@(v[\d.]+\d)": r"course@\1",
    r"uses: [\w-]+/([\w-]+)@[0-9a-f]{40} # (v[\d.]+)": r"\1@\2",
}


def text_of(place):
    path = ROOT / place
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    listed = {ROOT / name for name in LISTS}
    return "\n".join(file.read_text() for file in files if file not in listed)


def code_of(place):
    """Return a place's text; of chapters, only what is installed."""
    text = text_of(place)
    if place == "chapters":
        return "\n".join(re.findall(r"[!%]pip install .*", text))
    if place == ".github":  # a list of versions, one a line
        text = re.sub(r"(?m)^( +)python: \[(.*)\]$", lambda m: one_a_line(*m.groups()), text)
    return text


def one_a_line(indent, versions):
    return "\n".join(f"{indent}python: {version.strip()}" for version in versions.split(","))


def bounds(text):
    """Return the upper bounds and pins in a text."""
    return {match.expand(name) for form, name in FORMS.items() for match in re.finditer(form, text)}


def test_every_bound_has_a_reason_and_every_reason_a_bound():
    found = {place: bounds(code_of(place)) for place in REASONS}
    assert found == {place: set(reasons) for place, reasons in REASONS.items()}


def test_every_kind_of_bound_is_found():
    text = """
requires-python = ">=3.9,<3.10"
assert sys.version_info[:2] <= (3, 10)
          python-version: "3.10"
python-3.10
    "keras>=3,<4", "numpy==1.26", "scipy~=1.13", "pandas!=2.0"
    !pip install git+https://example.org/heartbeats@v1.2.3 > log
      - uses: actions/checkout@0123456789012345678901234567890123456789 # v7.0.1
"""
    assert bounds(text) == {
        *("python<3.10", "python<=3.10", "python==3.10", "keras<4", "numpy==1.26"),
        *("scipy~=1.13", "pandas!=2.0", "course@v1.2.3", "checkout@v7.0.1"),
    }


def test_lists_hold_nothing_but_pins():
    for name in LISTS:
        lines = (ROOT / name).read_text().splitlines()
        packages = [line for line in lines if line and not line.startswith("#")]
        assert len(packages) > 20
        assert [line for line in packages if not re.match(r"[\w.-]+==[\w.]+( ;|$)", line)] == []


def test_binder_has_the_versions_of_the_lock():
    locked = dict.fromkeys((ROOT / "requirements.txt").read_text().splitlines())
    versions = {line.split(" ;")[0] for line in locked}
    binder = {
        line.split(" ;")[0]
        for line in (ROOT / ".binder" / "requirements.txt").read_text().splitlines()
    }
    assert binder < versions


def test_what_pages_say_of_python_is_so():
    """Whoever supports another version finds every place here."""
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    versions = re.findall(r'"(3\.\d+)"', re.search(r"python: \[(.*)\]", workflow)[1])
    first, last = versions[0], versions[-1]
    minor = int(last.split(".")[1])
    assert f'requires-python = ">={first},<3.{minor + 1}"' in text_of("pyproject.toml")
    assert f"(3, {first.split('.')[1]}) <= sys.version_info[:2] <= (3, {minor})" in text_of(
        "Makefile"
    )
    said = f"Python {', '.join(versions[:-1])} or {last}"
    for page in ("README.md", "book/howto.md", "book/troubleshooting.md", "Makefile"):
        assert said in text_of(page), page
