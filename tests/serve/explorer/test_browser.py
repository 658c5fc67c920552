"""The pages in a real browser: with script and without, on a phone and on a desktop."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("opendp")
pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.serve.explorer.served import Served, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"),
]
PHONE, DESKTOP = {"width": 375, "height": 720}, {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), ["ada:0.3", "ben:0.3", "cleo:0.3"]) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


def enter(browser: Browser, served: Served, name: str, **how) -> Page:
    """The page of somebody in a browser of their own; nothing may ask another host."""
    page = browser.new_context(**how).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(served.url) else faults.append(r.url))
    page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
    page.faults = faults  # pyright: ignore[reportAttributeAccessIssue]
    page.goto(served.url)
    page.get_by_label("Token").fill(served.tokens[name])
    page.get_by_role("button", name="Enter").click()
    return page


def ask(page: Page, *, by: str = "", then: str = "", precision: int) -> None:
    page.get_by_label("by", exact=True).select_option(by)
    page.get_by_label("and by").select_option(then)
    page.locator("#precision").fill(str(precision))
    page.get_by_role("button", name="Ask").click()


def steps(page: Page) -> int:
    return int(page.locator("#precision").get_attribute("max") or 0)


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ask_and_see_the_chart(browser: Browser, served: Served, size: dict[str, int]) -> None:
    page = enter(browser, served, "ada", viewport=size)
    assert fits(page)
    ask(page, by="age", precision=steps(page) - 6)
    expect(page.get_by_role("heading", name="People by Age")).to_be_visible()
    seen = page.locator("figure svg:visible")
    expect(seen).to_have_count(1)
    box = seen.bounding_box()
    assert box is not None and box["width"] > 0.7 * min(size["width"], 720)
    assert seen.locator("rect").count() == 5 and fits(page)
    page.get_by_text("The numbers").click()
    expect(page.get_by_role("cell", name="20 to 40")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="csv with intervals").click()
    assert Path(saved.value.path()).read_text().startswith("Age,value,low_privacy")
    for by, then in (("map:home", ""), ("visited", ""), ("age", "state")):
        ask(page, by=by, then=then, precision=2)
        expect(page.locator("figure svg:visible")).to_have_count(1)
        assert fits(page)
    assert page.faults == []  # pyright: ignore[reportAttributeAccessIssue]


def test_the_slider_says_the_price_before_the_question(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "ada")
    price = page.locator("#price")
    page.locator("#precision").fill("1")
    expect(price).to_contain_text("epsilon 0.0015")
    page.locator("#precision").fill(str(steps(page)))
    # 0.3 of epsilon 1: the most precise step is 0.3, and a right guess e^0.3 / (1 + e^0.3) = 57.44 %.
    expect(price).to_contain_text("at most 57.5 % of the time")
    page.get_by_label("by", exact=True).select_option("state")
    expect(price).to_contain_text("in each group")


def test_an_error_that_can_be_borne_finds_its_price(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "ada", viewport=PHONE)
    page.get_by_label("or the error that you can bear").fill("300")
    page.get_by_label("or the error that you can bear").press("Tab")
    expect(page.locator("#price")).to_contain_text("± 300 people")
    assert fits(page)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".number")).to_be_visible()


def test_run_out_of_budget(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "ben")
    ask(page, precision=steps(page))
    expect(page.get_by_text("0.0 % is left.")).to_be_visible()
    ask(page, by="age", precision=steps(page))
    expect(page.locator("#price [role=alert]").first).to_contain_text("ben has nothing left")
    # The answer that was paid for stays.
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.locator(".number")).to_be_visible()


def test_a_wrong_token(browser: Browser, served: Served) -> None:
    page = browser.new_context().new_page()
    page.goto(served.url)
    page.get_by_label("Token").fill("not a token")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("alert")).to_contain_text("opens nothing")


def test_script_off(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "cleo", java_script_enabled=False)
    page.get_by_label("by", exact=True).select_option("state")
    page.get_by_role("button", name="Show the price").click()
    expect(page.locator("#price")).to_contain_text("in each group")
    # The form is as it was.
    expect(page.get_by_label("by", exact=True)).to_have_value("state")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="People by Region")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_two_analysts_at_once(browser: Browser, served: Served) -> None:
    ada, cleo = enter(browser, served, "ada"), enter(browser, served, "cleo")
    for page in (ada, cleo):
        page.get_by_label("by", exact=True).select_option("visited")
        page.locator("#precision").fill("5")
    ada.get_by_role("button", name="Ask").click(no_wait_after=True)
    cleo.get_by_role("button", name="Ask").click(no_wait_after=True)
    for page in (ada, cleo):
        expect(page.get_by_role("heading", name="People by Day of the visit")).to_be_visible()
    assert ada.get_by_text("Log out").count() == cleo.get_by_text("Log out").count() == 1
    # Each sees their own answers.
    assert "People by Region" not in ada.locator("main").inner_text()


def test_the_owner_revokes(browser: Browser, served: Served) -> None:
    owner, cleo = enter(browser, served, "owner"), enter(browser, served, "cleo")
    row = owner.get_by_role("row", name="cleo 0.3").first
    row.get_by_text("Change").click()
    row.get_by_role("button", name="Revoke for good").click()
    expect(owner.get_by_role("row", name="cleo 0.3").first).to_contain_text("revoked")
    cleo.get_by_role("button", name="Ask").click()
    expect(cleo.get_by_label("Token")).to_be_visible()


def test_no_secret_in_the_log(served: Served) -> None:
    said = served.log.read_text()
    assert "POST /ask" in said and not any(token in said for token in served.tokens.values())
    assert "Traceback" not in said and "fault" not in said
