"""A chapter's links: plain Markdown in the notebook, roles in the book, and back."""

import copy
import doctest
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]

import address  # noqa: E402
import linkcheck  # noqa: E402
import links  # noqa: E402
import notebooks  # noqa: E402

CHAPTERS = {path.stem: nbformat.read(path, as_version=4) for path in notebooks.chapters()}
every_chapter = pytest.mark.parametrize("name", CHAPTERS)
SITE = address.site(address.repository(ROOT))

#: What only the book understands: roles, directives, labels, attributes, comments, line blocks.
BOOK_ONLY = re.compile(
    r"(\{[\w:+-]+\}`|^ *(?::{3,}|`{3,}|~{3,})\{|^\([\w-]+\)=$|^ *\{[.#]|[)\]`]\{[.#]|^%|^: )",
    re.MULTILINE,
)
LINK = re.compile(r"\]\(([^)\s]*)\)")


def markdown(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


# --- the chapters ---------------------------------------------------------------------------


@every_chapter
def test_a_chapter_is_plain_markdown(name):
    text = "\n\n".join(markdown(CHAPTERS[name]))
    assert BOOK_ONLY.findall(text) == []
    targets = LINK.findall(text)
    assert len([target for target in targets if target.startswith(SITE)]) > 20
    assert [target for target in targets if not target.startswith("https://")] == []


@every_chapter
def test_links_are_written_as_the_tool_writes_them(name):
    """Otherwise: python tools/notebooks.py links. Names and years are those of references.bib."""
    written = copy.deepcopy(CHAPTERS[name])
    notebooks.write_links(written)
    assert written == CHAPTERS[name]


def test_links_have_all_their_forms_in_the_chapters():
    course = links.Links(ROOT)
    text = "\n".join(text for notebook in CHAPTERS.values() for text in markdown(notebook))
    inside = course.roles(text)
    assert SITE not in inside
    for form, least in {
        r"\{term\}`[^`]+ <[^`]+>`": 150,
        r"\{cite:p\}`[\w,]+`": 120,
        r"\{cite:t\}`\w+`": 60,
        r"\]\(/chapters/\d\d_\w+\.ipynb\)": 40,
        r"\]\(/book/\w+\.md\)": 5,
    }.items():
        assert len(re.findall(form, inside)) > least, form
    assert course.plain(text) == text


# --- a small course -------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path):
    """Return the links of a course with two terms, two references and two pages."""
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/someone/fork\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "glossary.md").write_text(
        "# Glossary\n\n```{glossary}\n:sorted:\n\nAV node\n  A part.\n\n"
        "risk–coverage curve\n  A curve.\n```\n"
    )
    (tmp_path / "book" / "references.bib").write_text(
        "@book{fine2001,\n author = {Fine, Ann and de Boor, Bob},\n title = {A},\n"
        " year = {2001}\n}\n"
        '@misc{many,\n author = {M{\\"u}ller, A. and B, C. and D, E.},\n title = {B}\n}\n'
    )
    (tmp_path / "book" / "data.md").write_text("# Data\n")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "01_first.ipynb").write_text("{}")
    return links.Links(tmp_path)


FORMS = [
    ("{term}`AV node`", "[AV node](book/glossary.html#term-AV-node)", "{term}`AV node <AV node>`"),
    ("{term}`the\nnode <av node>`", "[the node](book/glossary.html#term-AV-node)",
     "{term}`the node <AV node>`"),
    ("**{term}`curve <risk–coverage curve>`**",
     "**[curve](book/glossary.html#term-riskcoverage-curve)**",
     "**{term}`curve <risk–coverage curve>`**"),
    ("It is {cite:p}`fine2001`.",
     "It is ([Fine and de Boor, 2001](book/bibliography.html#fine2001)).",
     "It is {cite:p}`fine2001`."),
    ("{cite:p}`many, fine2001`",
     "([Müller et al., n.d.](book/bibliography.html#many),"
     " [Fine and de Boor, 2001](book/bibliography.html#fine2001))", "{cite:p}`many,fine2001`"),
    ("- {cite:t}`many`: good", "- [Müller et al. (n.d.)](book/bibliography.html#many): good",
     "- {cite:t}`many`: good"),
    ("(see {cite:t}`fine2001`)", "(see [Fine and de Boor (2001)](book/bibliography.html#fine2001))",
     "(see {cite:t}`fine2001`)"),
    ("({cite:t}`fine2001`)", "([Fine and de Boor (2001)](book/bibliography.html#fine2001))",
     "({cite:t}`fine2001`)"),
    ("[one](01_first.ipynb#a-section)", "[one](chapters/01_first.html#a-section)",
     "[one](/chapters/01_first.ipynb#a-section)"),
    ("[data](../book/data.md)", "[data](book/data.html)", "[data](/book/data.md)"),
    ("[it](https://example.org/book/data.html), `x`, $[1](2)$", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("short", "plain", "inside"), FORMS, ids=[form[0] for form in FORMS])
def test_each_form(course, short, plain, inside):
    plain = re.sub(r"\((book|chapters)/", rf"({course.site}\1/", plain) if plain else short
    assert course.plain(short) == plain
    assert course.plain(plain) == plain
    assert course.roles(plain) == (inside or short)


def test_names_follow_the_references(course):
    old = f"([Fine and\nCo, 1999]({course.site}book/bibliography.html#fine2001))"
    assert course.plain(old) == course.plain("{cite:p}`fine2001`")
    assert course.roles(old) == "{cite:p}`fine2001`"


WRONG = [
    ("{term}`no such thing`", "'no such thing' is not in the glossary"),
    ("{cite:p}`fine2001,nobody`", "'nobody' is not in references.bib"),
    ("{cite:t}`nobody`", "'nobody' is not in references.bib"),
    ("{doc}`data`", "a chapter has the roles term"),
    ("[there](02_second.ipynb)", "no page 'chapters/02_second'"),
    ("[x](SITEbook/glossary.html#term-AV-nodes)", "has no 'term-AV-nodes'"),
    ("([X, 2000](SITEbook/bibliography.html#nobody))", "'nobody' is not in references.bib"),
    ("[x](SITEbook/nothing.html)", "no page 'book/nothing'"),
]


@pytest.mark.parametrize(("text", "reason"), WRONG, ids=[text for text, _ in WRONG])
def test_what_leads_nowhere_is_refused(course, text, reason):
    with pytest.raises(links.BadLink, match=reason):
        course.plain(text.replace("SITE", course.site))


def test_a_citation_without_brackets_is_refused(course):
    text = f"as [Fine and de Boor, 2001]({course.site}book/bibliography.html#fine2001) says"
    with pytest.raises(links.BadLink, match="a citation is"):
        course.roles(text)


# --- the hook -------------------------------------------------------------------------------


def read(course, monkeypatch, cells, suffix=".ipynb"):
    """Return the sources of cells as the book reads them, and its warnings."""
    said = []
    monkeypatch.setattr(links.logger, "warning", lambda form, *args, **_: said.append(form % args))
    env = SimpleNamespace(doc2path=lambda docname: docname + suffix)
    app = SimpleNamespace(env=env, srcdir=course.root)
    links.know_the_links(app)
    source = [json.dumps({"cells": cells})]
    links.read_as_roles(app, "chapters/01_first", source)
    return [cell["source"] for cell in json.loads(source[0])["cells"]], said


def test_the_book_reads_roles(course, monkeypatch):
    link = course.plain("{term}`AV node`")
    cells = [
        {"cell_type": "markdown", "source": ["One\n", link]},
        {"cell_type": "code", "source": f"# {link}"},
    ]
    found, said = read(course, monkeypatch, cells)
    assert found == ["One\n{term}`AV node <AV node>`", f"# {link}"] and said == []


def test_a_link_that_leads_nowhere_is_a_warning(course, monkeypatch):
    """With -W, as tools/book.py builds it, the book is then not built."""
    text = f"[x]({course.site}book/glossary.html#term-x)"
    cells = [{"cell_type": "markdown", "source": "fine"}, {"cell_type": "markdown", "source": text}]
    _, said = read(course, monkeypatch, cells)
    assert said == [f"cell 2: the glossary has no 'term-x': {text}"]
    assert "--warningiserror" in (ROOT / "tools" / "book.py").read_text()


def test_other_pages_are_left_alone(course, monkeypatch):
    text = course.plain("{term}`AV node`")
    found, _ = read(course, monkeypatch, [{"cell_type": "markdown", "source": text}], ".md")
    assert found == [text]


def test_examples():
    assert doctest.testmod(links).failed == 0


# --- the tool -------------------------------------------------------------------------------


def test_the_tool_writes_only_cells_with_links(tmp_path, monkeypatch, capsys):
    path = tmp_path / "01_a.ipynb"
    code = nbformat.v4.new_code_cell("1", id="a")
    texts = ["# 1 · A", "A {term}`lead` {cite:p}`moody2001`."]
    cells = [nbformat.v4.new_markdown_cell(text, id=f"m{len(text)}") for text in texts]
    notebook = nbformat.v4.new_notebook(cells=[*cells, code])
    notebooks.write(notebook, path)
    before = path.read_text().splitlines()
    monkeypatch.setattr(notebooks, "chapters", lambda: [path])
    assert notebooks.main(["links", "01"]) == 0
    after = path.read_text().splitlines()
    assert [i for i, pair in enumerate(zip(before, after, strict=True)) if len({*pair}) == 2] == [
        before.index(f'    "{texts[1]}"')
    ]
    assert f"[lead]({SITE}book/glossary.html#term-lead)" in path.read_text()
    written = path.read_bytes()
    notebook.cells[0].source = "{term}`leed`"
    notebooks.write(notebook, path)
    with pytest.raises(SystemExit, match="cell 1: 'leed' is not in the glossary"):
        notebooks.main(["links"])
    assert path.read_bytes() != written and "leed" in path.read_text()
    assert "01_a" in capsys.readouterr().out


def test_a_citation_takes_no_longer_to_read_than_a_footnote():
    text = "word " * 700
    short = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text + "[1] " * 60)])
    cited = f"[Fine and de Boor, 2001]({SITE}book/bibliography.html#fine2001) "
    long = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text + cited * 60)])
    assert notebooks.minutes(short) == notebooks.minutes(long)


# --- links to other hosts -------------------------------------------------------------------


def test_dois_are_looked_up_where_no_publisher_refuses():
    assert links.in_the_register(None, "https://doi.org/10.1/x(2)") == (
        "https://doi.org/api/handles/10.1/x(2)"
    )
    assert links.in_the_register(None, "https://example.org/10.1/x") is None


def checked(status, info, uri="https://example.org"):
    return json.dumps({"filename": "a.md", "uri": uri, "status": status, "info": info})


def test_broken_links_are_told_from_hosts_that_refuse_a_program():
    lines = [
        checked("working", ""),
        checked("redirected", "https://example.org/new"),
        checked("unchecked", "", uri="#here"),
        checked("broken", "404 Client Error: Not Found for url: https://example.org"),
        checked("timeout", "read timed out"),
        checked("broken", "403 Client Error: Forbidden for url: https://example.org"),
    ]
    broken, refused, asked = linkcheck.sorted_out("\n".join(lines))
    assert [line[:45] for line in broken] == [
        "a.md: https://example.org: 404 Client Error: ",
        "a.md: https://example.org: read timed out",
    ]
    assert [line[:30] for line in refused] == ["a.md: https://example.org: 403"]
    assert asked == 5


@pytest.mark.parametrize(
    ("lines", "ended", "code"),
    [
        ([checked("working", "")], 0, 0),
        ([checked("broken", "404 Client Error")], 1, 1),
        ([checked("broken", "429 Client Error")], 1, 0),
        ([checked("working", "")], 1, 1),
        ([], 0, 1),
    ],
)
def test_how_the_link_check_ends(lines, ended, code, tmp_path, monkeypatch, capsys):
    found = tmp_path / "output.json"
    found.write_text("\n".join(lines))
    monkeypatch.setattr(linkcheck, "FOUND", found)
    monkeypatch.setattr(linkcheck, "build", lambda: ended)
    assert linkcheck.main() == code
    assert f"{len(lines)} links" in capsys.readouterr().out
