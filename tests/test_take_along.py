"""What a reader takes along: the notebooks, the slides and the PDF."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import docutils.utils
import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import archive  # noqa: E402
import paper  # noqa: E402
import pdf  # noqa: E402
import slides  # noqa: E402

import book  # noqa: E402

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


# --- the notebooks ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return archive.write(tmp_path_factory.mktemp("zip") / "notebooks.zip")


def test_the_zip_file_has_every_chapter_as_a_valid_notebook(packed):
    with zipfile.ZipFile(packed) as opened:
        assert opened.testzip() is None
        names = [name for name in opened.namelist() if name.endswith(".ipynb")]
        assert [Path(name).name for name in names] == [path.name for path in CHAPTERS]
        for name in names:
            nbformat.validate(nbformat.reads(opened.read(name).decode(), as_version=4))


def test_the_zip_file_says_how_to_run_it_and_under_which_licence(packed):
    with zipfile.ZipFile(packed) as opened:
        files = {name.split("/", 1)[1]: opened.read(name).decode() for name in opened.namelist()}
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert f"git+{cited['repository-code']}@v{cited['version']}" in files["README.txt"]
    assert "{" not in files["README.txt"], "a blank was not filled"
    assert re.search(r"(?m)^jupyterlab==", files["requirements.txt"])
    assert files["LICENSE"].startswith("MIT") and "CC BY 4.0" in files["LICENSE-CONTENT"]


def test_the_same_chapters_give_the_same_bytes(packed, tmp_path):
    assert archive.write(tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_a_zip_file_that_could_not_be_finished_leaves_the_old_one(packed, monkeypatch):
    before = packed.read_bytes()
    monkeypatch.setattr(archive, "members", lambda: {"a": b"a", "b": None})
    with pytest.raises(TypeError):
        archive.write(packed)
    assert packed.read_bytes() == before


# --- the slides ---------------------------------------------------------------------------------

PARTS = range(1, 6)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    return {n: BeautifulSoup(slides.write(n, folder).read_text(), "html.parser") for n in PARTS}


def test_the_parts_are_those_of_the_contents():
    assert [len(chapters) for _, chapters in slides.parts()] == [2, 2, 3, 2, 3]


@pytest.mark.parametrize("number", PARTS)
def test_each_chapter_of_a_part_has_a_title_figures_and_its_summary(shown, number):
    _, chapters = slides.parts()[number - 1]
    titles = [title.get_text() for title in shown[number].select(".title h2")]
    summaries = shown[number].select(".points")
    assert len(titles) == len(summaries) == len(chapters)
    for path, title, points in zip(chapters, titles, summaries, strict=True):
        assert title.startswith(f"{int(path.name[:2])} · ")
        assert len(points.find_all("li")) == len(slides.summary(path)) >= 3
        foots = [one.get_text() for one in shown[number].select(".shown footer span:first-child")]
        assert foots.count(title) >= 3, f"{title} has few figures"


@pytest.mark.parametrize("number", PARTS)
def test_every_figure_on_a_slide_has_its_alt_text_a_heading_and_a_sentence(shown, number):
    for one in shown[number].select(".shown"):
        where = one["id"]
        assert len(one.img["alt"]) > 40, where
        assert one.img["src"].startswith("data:image/png;base64,iVBOR"), where
        assert one.h2.get_text(strip=True) and len(one.p.get_text(strip=True)) > 20, where


@pytest.mark.parametrize("number", PARTS)
def test_slides_ask_no_other_host_and_show_no_markup(shown, number):
    page = shown[number]
    assert page.find_all(["link", "iframe", "object"]) == []
    assert [tag for tag in page.find_all(src=True) if not tag["src"].startswith("data:")] == []
    assert "url(" not in page.style.string and "import" not in page.script.string
    words = page.main.get_text()
    assert re.findall(r"\{\w+(?::\w+)?\}|\]\(|\*\*|`|\$", words) == []


@pytest.mark.parametrize(
    "markdown, words",
    [
        ("A **{term}`beat`** comes {cite:p}`moody2001`.", "A **beat** comes."),
        ("{term}`Heart beats <beat>` come.", "Heart beats come."),
        ("See [chapter 3](03_finding_beats.ipynb).", "See chapter 3."),
        ("It is so ([Moody, 2001](https://x.org/book/bibliography.html#a)).", "It is so."),
    ],
)
def test_roles_citations_and_links_leave_their_words(markdown, words):
    assert slides.plain(markdown) == words


def test_a_short_formula_is_written_in_letters():
    assert slides.inline("It has $2^n$ paths.") == "It has <em>2<sup>n</sup></em> paths."
    with pytest.raises(ValueError, match=re.escape(r"formula $\sqrt 2$")):
        slides.inline(r"It is $\sqrt 2$.")


def test_a_part_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="part is 6; the course has parts 1 to 5"):
        slides.write(6, tmp_path)


# --- the page that offers them ------------------------------------------------------------------


@pytest.mark.site
def test_the_page_offers_what_is_there_and_nothing_else():
    page = HTML / "book" / "take_along.html"
    links = BeautifulSoup(page.read_text(), "html.parser").select(".take-along a")
    offered = {(page.parent / link["href"]).resolve() for link in links}
    there = set((HTML / "_static" / "take-along").iterdir())
    assert offered == there
    kinds = sorted(path.suffix for path in there if path.suffix != ".pdf")
    assert kinds == [".html"] * 5 + [".zip"]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder for what can be taken along, with a PDF of an unknown state of the book."""
    monkeypatch.setattr(book, "TAKE_ALONG", tmp_path)
    for tool in (archive, slides):
        monkeypatch.setattr(tool, "write", lambda *words: None)
    (tmp_path / "course.pdf").write_text("%PDF")
    (tmp_path / "course.from").write_text("a state")
    return tmp_path


def test_a_pdf_of_this_state_of_the_book_stays(course):
    book.prepare("a state")
    assert book.has_pdf("a state") and (course / "course.pdf").exists()


def test_a_pdf_of_another_state_is_not_offered(course):
    book.prepare("another state")
    assert not book.has_pdf("another state") and list(course.iterdir()) == []


# --- the PDF ------------------------------------------------------------------------------------


def test_what_lacks_is_named_with_the_line_that_installs_it(monkeypatch, capsys):
    monkeypatch.setattr(pdf, "found", lambda program: program != "xelatex")
    assert pdf.main() == 1
    said = capsys.readouterr().out
    assert "not found: xelatex" in said and "apt-get install" in said and "texlive-xetex" in said


def test_a_missing_letter_is_a_fault():
    log = "Overfull \\hbox\nMissing character: There is no 心 in font x!\n"
    assert pdf.faults(log) == ["Missing character: There is no 心 in font x!"]
    assert pdf.faults("Overfull \\hbox (1.0pt too wide)\n") == []


def test_the_workflow_installs_what_the_pdf_needs():
    steps = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text())["jobs"]["build"]
    lines = "\n".join(step.get("run", "") for step in steps["steps"])
    assert f"--no-install-recommends {' '.join(pdf.PACKAGES)}\n" in lines and "make pdf" in lines


def title_of(path):
    return "".join(json.loads(path.read_text())["cells"][0]["source"]).split("\n")[0].lstrip("# ")


def bookmarks(written):
    """Return the bookmarks that LaTeX wrote: levels (chapters have 0) and titles."""

    def decoded(title):
        octal = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), title)
        return octal.encode("latin-1").decode("utf-16")

    lines = re.findall(r"\\BOOKMARK \[(-?\d)\]\[.\]\{[^}]*\}\{(.*)\}\{[^}]*\}%", written)
    return [(int(level), decoded(title)) for level, title in lines]


def text_of_pdf(path):
    return subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", ["logo", "cover", "front-result", "front-result-dark"])
def test_a_drawing_becomes_a_picture_for_the_pdf(name, tmp_path):
    """LaTeX reads no SVG, and a width in points needs dots an inch."""
    drawing = ROOT / "book" / "_static" / f"{name}.svg"
    paper.Drawing.convert(None, drawing, tmp_path / "drawing.png")
    with Image.open(tmp_path / "drawing.png") as picture:
        assert min(picture.size) >= 48


def test_paper_shows_the_light_one_of_two_pictures():
    document = docutils.utils.new_document("page")
    twins = [nodes.image(uri=f"{name}.svg", classes=[f"only-{name}"]) for name in ("light", "dark")]
    document += [*twins, nodes.image(uri="neither.svg")]
    paper.leave_out_dark_twins(document)
    assert [one["uri"] for one in document.findall(nodes.image)] == ["light.svg", "neither.svg"]


@pytest.mark.sweep
@pytest.mark.row("the PDF")
@pytest.mark.timeout(1800)
def test_the_book_becomes_a_pdf_with_bookmarks_chinese_and_answers(tmp_path, measured):
    if lacking := pdf.missing():
        pytest.skip(f"no {', '.join(lacking)}; on Debian or Ubuntu: {pdf.INSTALL}")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "pdf.py"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    log = (pdf.LATEX / f"{pdf.NAME}.log").read_text(errors="replace")
    assert pdf.faults(log) == []
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    pages = int(re.search(r"Output written on .* \((\d+) pages", log)[1])
    widest = f"the widest by {max(wide, default=0)} pt"
    measured({"pages": pages, "overfull boxes": len(wide)}, widest)
    assert len(wide) < 10 and max(wide, default=0) < 20
    assert pages > 150

    marked = bookmarks((pdf.LATEX / f"{pdf.NAME}.out").read_text(encoding="latin-1"))
    titles = [title for level, title in marked if level == 0]
    assert [title for path in CHAPTERS for title in [title_of(path)] if title not in titles] == []
    assert [title for level, title in marked if level == -1][1] == "I · Reading the ECG"
    assert titles.count("Bibliography") == 1 and "Who it is for" not in titles
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext; on Debian or Ubuntu: apt-get install poppler-utils")
    words = text_of_pdf(pdf.PDF)
    assert "心电图" in words and "卷积" in words
    assert words.count("Solutions and answers") >= 12
