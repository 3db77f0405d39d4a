"""The built book as axe sees it: WCAG 2.2 AA and what axe holds for good practice.

axe comes with the package selenium-axe-python. A page is opened once: its folds are opened, then
theme and width change in place. What depends on neither is looked at once; contrast once a theme;
what scrolls or is too small for a finger once a width.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest
from test_explore_browser import browser, pytestmark, resize  # noqa: F401

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SAMPLE = {"book/index", "book/bibliography", "chapters/08_degradation"}
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
BY_THEME = ["color-contrast"]
BY_WIDTH = ["scrollable-region-focusable", "target-size"]
#: What depends on neither theme nor width, on a theme, on a width.
WHERE = ("anywhere", *THEMES, *(f"{width} px" for width in WIDTHS))

# The list of contents is the same on all pages and the words of a code cell have a few colours:
# the first page stands for the former, one cell of each page for the latter.
RUN = """
const [wanted, first, done] = arguments;
const exclude = [[".bd-article pre:not(#one-cell) span"], [".bd-article .math svg"]];
if (!first) exclude.push([".bd-sidebar-primary"]);
const found = document.querySelectorAll(".bd-article .cell_input pre");
const longest = [...found].sort((a, b) => b.childElementCount - a.childElementCount)[0];
if (longest) longest.id = "one-cell";
axe.configure({ noHtml: true });
const options = { ...wanted, resultTypes: ["violations"], preload: false };
axe.run({ include: [["html"]], exclude }, options)
  .then(({ violations }) => done(violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) =>
      `${id} (${impact}): ${target.join(" ")}: ${(failureSummary ?? "").slice(0, 200)}`))))
  .catch((error) => done([String(error)]));
"""


@pytest.fixture(scope="module")
def driver():
    if find_spec("selenium_axe_python") is None:
        pytest.skip("no axe: pip install selenium-axe-python")
    if not (HTML / "book" / "index.html").is_file():
        pytest.fail("There is no built book: run `make book`.")
    driver = browser("--window-size=1280,1000", "--disable-gpu")
    driver.set_script_timeout(500)
    driver.command_executor.client_config.timeout = 500
    yield driver
    driver.quit()


def script():
    package = find_spec("selenium_axe_python").submodule_search_locations[0]
    return Path(package, "axe-core", "axe.min.js").read_text(encoding="utf-8")


def theme(driver, name):
    driver.execute_script("document.documentElement.dataset.theme = arguments[0]", name)


def violations(driver, page):
    """Return what axe finds on a page, each with the theme or width in which it is found."""
    driver.get((HTML / f"{page}.html").as_uri())
    driver.execute_script(script())
    driver.execute_script(
        "for (const fold of document.querySelectorAll('details')) fold.open = true"
    )
    resize(driver, WIDTHS[0])
    first = page == "book/index"

    def run(where, wanted):
        return [f"{where}: {one}" for one in driver.execute_async_script(RUN, wanted, first)]

    apart = {rule: {"enabled": False} for rule in BY_THEME + BY_WIDTH}
    found = run("anywhere", {"runOnly": {"type": "tag", "values": TAGS}, "rules": apart})
    for name in THEMES:
        theme(driver, name)
        found += run(name, {"runOnly": BY_THEME})
    for width in WIDTHS:
        resize(driver, width)
        found += run(f"{width} px", {"runOnly": BY_WIDTH})
    return found


def pages():
    found = sorted(HTML.rglob("*.html"))
    names = [path.relative_to(HTML).with_suffix("").as_posix() for path in found]
    return [name for name in names if name.startswith(("book/", "chapters/"))]


def counts(found):
    """Return, for the table, how many pages were looked at and what was found, by where.

    Parameters
    ----------
    found : mapping of str to list of str
        The violations of each page.
    """
    places = [one.split(": ")[0] for faults in found.values() for one in faults]
    return {"pages": len(found)} | {where: places.count(where) for where in WHERE}


@pytest.mark.site
@pytest.mark.row("axe violations")
@pytest.mark.parametrize("page", sorted(SAMPLE))
def test_axe_finds_nothing_on_a_sample_of_pages(driver, page, measured):
    faults = violations(driver, page)
    measured(counts({page: faults}))
    assert faults == []


@pytest.mark.site
@pytest.mark.row("axe violations")
def test_axe_sees_a_fault_that_is_planted(driver):
    """The sweep is no good if it cannot fail."""
    driver.get((HTML / "book" / "where_to_start.html").as_uri())
    driver.execute_script(script())
    plant = "<p style='color: #ccc; background: #fff'>faint</p><button></button>"
    driver.execute_script("document.querySelector('article').innerHTML += arguments[0]", plant)
    wanted = {"runOnly": ["color-contrast", "button-name"]}
    found = driver.execute_async_script(RUN, wanted, False)
    assert {one.split(" ")[0] for one in found} == {"color-contrast", "button-name"}


@pytest.mark.sweep
@pytest.mark.row("axe violations")
@pytest.mark.timeout(1800)
def test_axe_finds_nothing_on_any_other_page(driver, measured):
    found = {}
    for page in pages():
        if page not in SAMPLE:
            found[page] = violations(driver, page)
            print(f"{page}: {len(found[page])} faults", flush=True)
    measured(counts(found))
    assert {page: faults for page, faults in found.items() if faults} == {}
