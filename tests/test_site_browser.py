"""The built book in a browser: what a reader marks as done is still marked on the next visit."""

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from test_explore_browser import browser, pytestmark  # noqa: F401

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"


@pytest.fixture(scope="module")
def driver():
    if not (HTML / "book" / "index.html").is_file():
        pytest.fail("There is no built book: run `make book`.")
    driver = browser("--window-size=1280,1000")
    yield driver
    driver.quit()


def done(driver):
    """Return the numbers of the chapters that the list of contents shows as done."""
    links = driver.find_elements(By.CSS_SELECTOR, ".bd-links a.chapter-done")
    return [link.get_attribute("textContent").strip().split(" ")[0] for link in links]


@pytest.mark.site
def test_a_chapter_marked_as_done_stays_so_until_it_is_unmarked(driver):
    chapters = HTML / "chapters"
    for name in ("08_degradation", "09_shortcuts"):
        driver.get((chapters / f"{name}.html").as_uri())
        button = driver.find_element(By.CSS_SELECTOR, ".chapter-button")
        assert button.get_attribute("aria-pressed") == "false"
        driver.execute_script("arguments[0].click()", button)
        assert button.get_attribute("aria-pressed") == "true" and "is done" in button.text
    driver.get((HTML / "book" / "index.html").as_uri())
    assert done(driver) == ["8", "9"]
    assert driver.find_element(By.CSS_SELECTOR, ".chapters-done").text == "You have done 2 of 12."
    driver.get((chapters / "09_shortcuts.html").as_uri())
    driver.execute_script("document.querySelector('.chapter-button').click()")
    assert done(driver) == ["8"]
