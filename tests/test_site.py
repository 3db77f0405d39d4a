"""The built book: whole, no broken link, and nothing asked of another host."""

import json
import re
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from bs4 import BeautifulSoup

pytestmark = pytest.mark.site

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import chinese  # noqa: E402
import mathematics  # noqa: E402
from address import owner_and_name, repository, site  # noqa: E402

SITE = site(repository(ROOT))
HTML = ROOT / "_build" / "html"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))

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
    "figure": ("data-script",),  # when a reader is near
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
    top = urlsplit(SITE).path
    if path.startswith(top):  # the page for wrong addresses may be shown at any depth
        target = HTML / path.removeprefix(top)
    else:
        target = (page.parent / path).resolve() if path else page
    return target / "index.html" if target.is_dir() else target


@pytest.mark.row("pages")
def test_every_page_of_the_contents_is_built(measured):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [contents["root"]]
    files += [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    measured({"pages": len(pages()), "in the contents": len(files)})
    assert [file for file in files if not (HTML / f"{file}.html").is_file()] == []
    links = {a["href"] for a in soup(HTML / "book" / "index.html").select("nav.bd-links a[href]")}
    chapters = [file for file in files if file.startswith("chapters/")]
    assert [file for file in chapters if f"../{file}.html" not in links] == []


def test_front_door_leads_to_the_first_page():
    target = soup(HTML / "index.html").find("meta", attrs={"http-equiv": "Refresh"})
    assert "book/index.html" in target["content"]


@pytest.mark.row("links and anchors")
def test_no_broken_internal_link(measured):
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
    measured({"links within the book": count, "broken": len(broken)})
    assert count > 0
    assert broken == []


def published():
    """Yield each link of a chapter's notebook to a published page, without the site's address."""
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                text = "".join(cell["source"])
                yield from re.findall(rf"\({re.escape(SITE)}([^)\s]+)\)", text)


@pytest.mark.row("links and anchors")
def test_what_the_notebooks_link_to_is_there(measured):
    """In Colab and JupyterLab the chapters' links lead to the published pages."""
    links = set(published())
    assert len(links) > 100
    parts = [urlsplit(link) for link in links]
    there = [part for part in parts if (HTML / part.path).is_file()]
    missing = [part.geturl() for part in parts if part not in there]
    lost = [p.geturl() for p in there if p.fragment and p.fragment not in anchors(HTML / p.path)]
    measured({"addresses in the notebooks": len(links), "broken": len(missing) + len(lost)})
    assert missing == []
    assert lost == []


def test_a_page_links_to_its_own_site_by_file():
    """So that the book also works from a folder; the addresses in the notebooks become roles."""
    for page in pages():
        links = [tag["href"] for tag in soup(page).select("article a[href]")]
        assert [link for link in links if link.startswith(SITE)] == [], page


@pytest.mark.row("Colab and Binder")
@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_chapter_opens_in_colab_and_in_binder(path, measured):
    """Colab first: it starts sooner, and has more memory."""
    page = soup(HTML / "chapters" / f"{path.stem}.html")
    buttons = page.select(".dropdown-launch-buttons a[href]")
    owner, name = owner_and_name(repository(ROOT))
    here = f"chapters/{path.name}"
    measured({"addresses": len(buttons)})
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


@pytest.mark.row("requests to other hosts")
def test_nothing_is_fetched_from_another_host(measured):
    remote, missing, count = [], [], 0
    for page in pages():
        for asked in fetched(soup(page)):
            count += 1
            if REMOTE.match(asked):
                remote.append(f"{page.relative_to(HTML)}: {asked[:200]}")
            elif not asked.startswith("data:") and not local_file(asked, page).is_file():
                missing.append(f"{page.relative_to(HTML)}: {asked[:200]}")
    measured({"addresses in the pages": count, "of other hosts": len(remote)})
    assert count > 0
    assert remote == []
    assert missing == []


@pytest.mark.row("requests to other hosts")
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


def test_no_link_lies_within_another():
    """A browser tears such links apart, and what is left of them has no name."""
    torn = []
    for page in HTML.rglob("*.html"):
        tags = re.findall(r"<(/?)a[\s>]", page.read_text(encoding="utf-8"))
        if tags != ["", "/"] * (len(tags) // 2):
            torn.append(page.name)
    assert torn == []


def test_results_are_in_sight_and_how_each_experiment_came_about_is_folded():
    page = soup(HTML / "book" / "results.html")
    for name in ("in-short", "the-experiments"):
        section = page.find(id=name)
        assert section.find("table") and not section.find("details"), name
    experiments = [one for one in page.find_all("section") if one.find("h2", recursive=False)]
    folded = [one for one in experiments if one.find("h2").find("code")]
    assert len(folded) > 15
    for section in folded:
        assert section.find("details", class_="ecg-long"), section["id"]


def test_mathematics_is_drawn_and_said():
    """As SVG to see and MathML to hear; no page loads a script for it."""
    formulae = [one for page in pages() for one in soup(page).select(".math")]
    assert len(formulae) > 70
    for formula in formulae:
        assert len(formula.select("mjx-container > svg path")) >= 1, formula
        assert formula.select_one("mjx-assistive-mml > math").get_text().strip(), formula
        assert not formula.select("merror, svg text"), formula
    sources = [tag["src"] for page in pages() for tag in soup(page).find_all("script", src=True)]
    assert [source for source in sources if "mathjax" in source.lower()] == []


@pytest.mark.parametrize("tex", [r"\foo{x}", r"\frac{x}"])
def test_a_formula_that_cannot_be_drawn_is_named(tex):
    with pytest.raises(ValueError, match=re.escape(repr(tex))):
        mathematics.drawn(tex, False)


def test_icons_are_drawn():
    count = 0
    for page in pages():
        icons = soup(page).select("svg.svg-inline--fa")
        count += len(icons)
        assert all(icon.path["d"] and icon["viewbox"] for icon in icons)
        assert soup(page).select("i[class*=fa-], span[class*=fa-], script[src*=fontawesome]") == []
    assert count > 10 * len(pages()) / 2
    fonts = list((HTML / "_static" / "vendor").rglob("*.ttf"))
    assert fonts and sum(font.stat().st_size for font in fonts) < 20_000


def test_pictures_have_their_size_and_wait():
    count = 0
    for page in pages():
        for image in soup(page).select("article img"):
            count += 1
            place = f"{page.relative_to(HTML)}: {str(image)[:200]}"
            assert not image["src"].startswith("data:"), place
            assert image["loading"] == "lazy", place
            assert image["width"].isdigit() and image["height"].isdigit(), place
    assert count > 50


def descriptions():
    """Return the description of each page that has a text of its own."""
    found = {}
    for page in pages():
        tags = soup(page).find_all("meta", attrs={"name": "description"})
        if page.parent != HTML:
            assert len(tags) == 1, page
            found[page.relative_to(HTML).as_posix()] = tags[0]["content"]
    return found


def test_every_page_says_what_it_is():
    found = descriptions()
    assert len(found) > 20
    assert all(40 <= len(text) <= 210 for text in found.values()), found
    assert [pair for pair in pairwise(sorted(found.values())) if pair[0] == pair[1]] == []


def test_every_page_has_its_address_and_its_preview():
    picture = ROOT / "book" / "_static" / "social.png"
    for name, text in descriptions().items():
        page = soup(HTML / name)
        assert page.find("link", rel="canonical")["href"] == SITE + name
        shown = {tag["property"]: tag["content"] for tag in page.select("meta[property^=og]")}
        assert shown["og:url"] == SITE + name
        assert shown["og:description"] == text
        assert shown["og:title"] in page.title.get_text()
        assert shown["og:site_name"] == CONFIG["title"]
        pictures = [urljoin(SITE, "_static/social.png")] if picture.is_file() else []
        assert [value for key, value in shown.items() if key == "og:image"] == pictures


def test_the_site_map_has_every_page():
    tree = ElementTree.parse(HTML / "sitemap.xml")
    listed = [element.text for element in tree.iter() if element.tag.endswith("loc")]
    assert sorted(listed) == sorted(SITE + name for name in descriptions())
    for name in ("404", "genindex", "search"):
        robots = soup(HTML / f"{name}.html").find("meta", attrs={"name": "robots"})
        assert robots["content"] == "noindex"


def test_the_page_for_wrong_addresses_works_at_any_depth():
    page = soup(HTML / "404.html")
    links = [tag["href"] for tag in page.find_all("a", href=True)] + list(fetched(page))
    links = [link for link in links if not link.startswith(("#", "http", "data:"))]
    assert len(links) > 30
    assert [link for link in links if not link.startswith(urlsplit(SITE).path)] == []


def test_chinese_is_marked_as_chinese():
    count = 0
    for page in pages():
        tree = soup(page)
        for text in tree.find_all(string=chinese.RUN):
            if text.find_parent(["script", "style", "svg", "option", "title"]) is None:
                count += 1
                marked = text.find_parent(lang=True)
                assert marked["lang"] == "zh-Hans", f"{page.relative_to(HTML)}: {text[:60]}"
    assert count > 50


@pytest.mark.parametrize(
    "html, marked",
    [
        ("<b>卷积</b>", '<b><span lang="zh-Hans">卷积</span></b>'),
        ("ReLU层 x", 'ReLU<span lang="zh-Hans">层</span> x'),
        ("卷积，卷积层。", '<span lang="zh-Hans">卷积，卷积层</span>。'),
        ('<a title="卷积">é</a>', '<a title="卷积">é</a>'),
        ("<svg><text>卷积</text></svg>", "<svg><text>卷积</text></svg>"),
        ("<title>卷积</title><script>'卷'</script>", "<title>卷积</title><script>'卷'</script>"),
    ],
)
def test_what_is_marked_as_chinese(html, marked):
    assert chinese.mark(html) == marked


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
