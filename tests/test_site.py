"""The built book: whole, no broken link, and nothing asked of another host."""

import json
import re
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

pytestmark = pytest.mark.site

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from address import owner_and_name, repository, site  # noqa: E402

SITE = site(repository(ROOT))
HTML = ROOT / "_build" / "html"

# Elements that make a browser fetch something, and the attributes that say what.
FETCHING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
FETCHING_LINKS = {"stylesheet", "preload", "prefetch", "preconnect", "dns-prefetch", "icon"}
FETCHING_LINKS |= {"modulepreload", "manifest", "shortcut", "apple-touch-icon"}
REMOTE = re.compile(r"^(?:https?:)?//", re.IGNORECASE)
REMOTE_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", re.IGNORECASE)
REMOTE_LOADER = re.compile(r"(?:https?:)?//[^\"'\s]+\.(?:m?js|css|woff2?)\b", re.IGNORECASE)


@pytest.fixture(autouse=True, scope="module")
def built():
    if not (HTML / "book" / "index.html").is_file():
        pytest.fail("There is no built book: run `make book`.")


def pages():
    return sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)


@cache
def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(path):
    page = soup(path)
    return {tag["id"] for tag in page.find_all(id=True)} | {
        tag["name"] for tag in page.find_all("a", attrs={"name": True})
    }


def fetched(page):
    """Yield every address that a browser asks for when it shows a page."""
    for name, attributes in FETCHING.items():
        for tag in page.find_all(name):
            for attribute in attributes:
                if value := tag.get(attribute):
                    for part in value.split(",") if attribute == "srcset" else [value]:
                        yield part.strip().split(" ")[0] if attribute == "srcset" else part
    for tag in page.find_all("link", href=True):
        if FETCHING_LINKS & {rel.lower() for rel in tag.get("rel", [])}:
            yield tag["href"]


def local_file(address, page):
    """Return the file that a relative address on a page leads to."""
    path = unquote(urlsplit(address).path)
    target = (page.parent / path).resolve() if path else page
    return target / "index.html" if target.is_dir() else target


def test_every_page_of_the_contents_is_built():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [contents["root"]]
    files += [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    assert [file for file in files if not (HTML / f"{file}.html").is_file()] == []
    links = {a["href"] for a in soup(HTML / "book" / "index.html").select("nav.bd-links a[href]")}
    chapters = [file for file in files if file.startswith("chapters/")]
    assert [file for file in chapters if f"../{file}.html" not in links] == []


def test_front_door_leads_to_the_first_page():
    target = soup(HTML / "index.html").find("meta", attrs={"http-equiv": "Refresh"})
    assert "book/index.html" in target["content"]


def test_no_broken_internal_link():
    broken, count = [], 0
    for page in pages():
        for tag in soup(page).find_all("a", href=True):
            parts = urlsplit(tag["href"])
            if parts.scheme or parts.netloc:
                continue
            count += 1
            target = local_file(tag["href"], page)
            if not target.is_file():
                broken.append(f"{page.relative_to(HTML)}: {tag['href']}")
            elif parts.fragment and target.suffix == ".html":
                if unquote(parts.fragment) not in anchors(target) and parts.fragment != "top":
                    broken.append(f"{page.relative_to(HTML)}: {tag['href']} (no such anchor)")
    print(f"{count} internal links on {len(pages())} pages")
    assert count > 0
    assert broken == []


def published():
    """Yield each link of a chapter's notebook to a published page, without the site's address."""
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                text = "".join(cell["source"])
                yield from re.findall(rf"\({re.escape(SITE)}([^)\s]+)\)", text)


def test_what_the_notebooks_link_to_is_there():
    """In Colab and JupyterLab the chapters' links lead to the published pages."""
    links = set(published())
    assert len(links) > 100
    parts = [urlsplit(link) for link in links]
    missing = [part.geturl() for part in parts if not (HTML / part.path).is_file()]
    assert missing == []
    lost = [p.geturl() for p in parts if p.fragment and p.fragment not in anchors(HTML / p.path)]
    assert lost == []


def test_a_page_links_to_its_own_site_by_file():
    """So that the book also works from a folder; the addresses in the notebooks become roles."""
    for page in pages():
        links = [tag["href"] for tag in soup(page).select("article a[href]")]
        assert [link for link in links if link.startswith(SITE)] == [], page


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_chapter_opens_in_colab_and_in_binder(path):
    """Colab first: it starts sooner, and has more memory."""
    page = soup(HTML / "chapters" / f"{path.stem}.html")
    buttons = page.select(".dropdown-launch-buttons a[href]")
    owner, name = owner_and_name(repository(ROOT))
    here = f"chapters/{path.name}"
    assert [button["href"] for button in buttons] == [
        f"https://colab.research.google.com/github/{owner}/{name}/blob/main/{here}",
        f"https://mybinder.org/v2/gh/{owner}/{name}/main?urlpath=lab/tree/{here}",
    ]


def test_the_page_says_what_each_chapter_takes():
    """As the notebooks have it. Each fits into Binder alone, two of the heavy ones do not."""
    page = soup(HTML / "book" / "howto.html")
    said = [[cell.get_text() for cell in row.select("td")] for row in page.select("tr")]
    said = [row for row in said if len(row) == 3 and re.match(r"\d+ · ", row[0])]
    made = []
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        run = json.loads(path.read_text(encoding="utf-8"))["metadata"]["ecglab"]
        made.append(run["peak_mb"])
        number, seconds, memory = said[len(made) - 1]
        assert number.startswith(f"{len(made)} · ")
        assert (seconds, memory) == (f"{run['seconds']:.0f} s", f"{run['peak_mb'] / 1000:.1f} GB")
    assert len(said) == len(made) == 12
    assert max(made) < 2000
    assert min(made[4:]) > 1000, "the page says so of chapters 5 to 12"


def test_nothing_is_fetched_from_another_host():
    remote, missing, count = [], [], 0
    for page in pages():
        for address in fetched(soup(page)):
            count += 1
            if REMOTE.match(address):
                remote.append(f"{page.relative_to(HTML)}: {address[:200]}")
            elif not address.startswith("data:") and not local_file(address, page).is_file():
                missing.append(f"{page.relative_to(HTML)}: {address[:200]}")
    print(f"{count} fetched addresses on {len(pages())} pages, {len(remote)} of other hosts")
    assert count > 0
    assert remote == []
    assert missing == []


def test_no_style_or_inline_script_loads_from_another_host():
    found = []
    for sheet in HTML.rglob("*.css"):
        if REMOTE_CSS.search(sheet.read_text(encoding="utf-8", errors="replace")):
            found.append(sheet.relative_to(HTML).as_posix())
    for page in pages():
        for tag in soup(page).find_all("style"):
            if REMOTE_CSS.search(tag.get_text()):
                found.append(f"{page.relative_to(HTML)}: <style>")
        for tag in soup(page).find_all(style=True):
            if REMOTE_CSS.search(tag["style"]):
                found.append(f"{page.relative_to(HTML)}: style attribute")
        for tag in soup(page).find_all("script", src=False):
            found += [f"{page.relative_to(HTML)}: {a}" for a in REMOTE_LOADER.findall(tag.text)]
    assert found == []


def test_no_widget_or_thebe_loader():
    found = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for word in ("thebe", "widgets/html-manager", "jupyter-embedded-widgets", "hypothes.is"):
            if word in text.lower() and soup(page).find("script", string=re.compile(word, re.I)):
                found.append(f"{page.relative_to(HTML)}: {word}")
        for tag in soup(page).find_all("script"):
            if "widget-view" in tag.get("type", "") or "widget-state" in tag.get("type", ""):
                found.append(f"{page.relative_to(HTML)}: a stored widget")
            if re.search("thebe|widget|comments", tag.get("src", "")):
                found.append(f"{page.relative_to(HTML)}: {tag['src']}")
    assert found == []


def test_every_image_has_alt_text():
    bad, count = [], 0
    for page in pages():
        for tag in soup(page).find_all("img"):
            count += 1
            alt = (tag.get("alt") or "").strip()
            if not alt or re.search(r"\.(?:png|svg|jpe?g|gif)$|_images/|_build", alt):
                bad.append(f"{page.relative_to(HTML)}: {tag.get('src', '')[:80]} alt={alt[:60]!r}")
    print(f"{count} images")
    assert bad == []


def test_mathematics_is_local():
    with_math = [page for page in pages() if soup(page).select(".math")]
    for page in with_math:
        sources = [tag["src"] for tag in soup(page).find_all("script", src=True)]
        mathjax = [source for source in sources if "mathjax" in source]
        assert len(mathjax) == 1, page
        assert local_file(mathjax[0], page).stat().st_size > 1e6
    assert with_math


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda p: p.stem)
def test_folds_are_there_and_say_what_they_hold(path):
    """Set-up, plotting, tests and solutions are folded; so is what goes deeper, below its title."""
    page = soup(HTML / "chapters" / f"{path.stem}.html")
    said = {fold.get_text(" ", strip=True) for fold in page.select("details.hide > summary")}
    assert {"Show the set-up Hide the set-up"} <= said
    assert all(re.match(r"Show the (set-up|plotting|tests|solution)\b", text) for text in said)
    titles = [s for s in page.select("section > h3") if s.get_text().startswith("Go deeper")]
    assert len(titles) == len(page.select("details.deeper"))
    for title in titles:
        assert title.find_next_sibling().name == "details"


def test_every_chapter_is_summed_up_on_one_page():
    page = soup(HTML / "book" / "one_page.html")
    parts = page.select("div.part-summary")
    assert len(parts) == 5
    links = [link["href"] for part in parts for link in part.select("p > strong > a")]
    chapters = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
    assert [Path(urlsplit(link).path).stem for link in links] == chapters
    assert all(len(part.select("li")) >= 6 for part in parts)
