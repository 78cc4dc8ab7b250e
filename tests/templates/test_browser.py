"""Do the pages work in a real browser, in the hand, on a bad line, and without scripts?"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect, sync_playwright

from nexus.core.render import render, render_block
from tests.templates import samples, samples_portfolio
from tests.templates.stage import Stage, open_stage

LIVE = "/live?after=300&display=en-GB%2C%2CUTC"
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALLEST: ViewportSize = {"width": 320, "height": 700}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}

TOO_SMALL = """
() => [...document.querySelectorAll("button, summary, .input, .button, .tabs__link, .option")]
  .map((element) => [element.textContent.trim(), element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.height < 44 || box.width < 44))
  .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)
"""
NAMELESS = """
() => [...document.querySelectorAll("button, a, summary, input:not([type=hidden]), select")]
  .filter((element) => !(element.labels?.length || element.textContent.trim()))
  .map((element) => element.outerHTML)
"""
BUTTON_NAMES = '() => [...document.querySelectorAll("button, .button")].map((b) => b.textContent)'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("NEXUS_BROWSER")
    if not path:
        pytest.skip("no browser: bin/test finds one and names it in NEXUS_BROWSER")
    with sync_playwright() as playwright:
        # Chromium's own sandbox refuses to run as root; our pages are the only thing it opens.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as stage:
        yield stage


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, stage: Stage) -> Iterator[Visit]:
    """Open a page in a window of its own; whatever the browser complained about fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(path: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": PHONE, "service_workers": "block"} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: _note_policy(complaints, line.text))
        page.goto(f"{stage.url}/{path}")
        return page

    yield open_page
    stage.hang_up()
    for context in contexts:
        context.close()
    assert complaints == []


def _note_policy(complaints: list[str], text: str) -> None:
    if "Content Security Policy" in text or "integrity" in text:
        complaints.append(text)


@pytest.mark.parametrize("state", sorted(samples.PAGES))
def test_a_page_fits_and_can_be_used_with_a_thumb(visit: Visit, state: str) -> None:
    page = visit(state)
    for size in (PHONE, SMALLEST, DESKTOP):
        page.set_viewport_size(size)
        too_wide = "() => document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(too_wide) <= 0, size
        assert page.evaluate(TOO_SMALL) == [], size
        assert page.evaluate(NAMELESS) == []


def test_buttons_of_different_bots_have_different_names(visit: Visit) -> None:
    names = [" ".join(name.split()) for name in visit("home").evaluate(BUTTON_NAMES)]
    assert "Pause BTC/USDT" in names
    assert "Stop and close ETH/USDT" in names


def test_the_device_chooses_the_theme(visit: Visit) -> None:
    grounds = {
        scheme: visit("home", color_scheme=scheme).evaluate(
            "() => getComputedStyle(document.documentElement).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert grounds == {"light": "rgb(243, 244, 247)", "dark": "rgb(12, 14, 19)"}


def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    page = visit("new")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


# ------------------------------------------------------------------------------------- live
def test_todays_numbers_change_in_place(visit: Visit, stage: Stage) -> None:
    page = visit()
    below = page.locator("#bots-title")
    before = below.bounding_box()
    mine, today = samples_portfolio.MONEY, samples_portfolio.TODAY
    stage.tell("money", money=replace(mine, today=replace(today, result=Decimal("1234567.89"))))
    expect(page.locator("#money-practice-USDT")).to_contain_text("+1,234,567.89 USDT")
    stage.tell("money", money=replace(mine, today=replace(today, equity=None, result=None)))
    expect(page.locator("#money-practice-USDT")).not_to_contain_text("1,234,567.89")
    assert below.bounding_box() == before


def test_news_arrives_once_and_changes_nothing_else(visit: Visit, stage: Stage) -> None:
    page = visit()
    expect(page.locator("#connection")).to_have_text("Live", use_inner_text=True)
    page.locator("#decision-42 summary").click()
    page.locator("#bot-17-pause").focus()

    stage.tell("market", market=replace(samples.BTC, price=Decimal(98000)))
    stage.tell("bot", bot=replace(samples.HOLDING, value=Decimal("1020.5")))
    held = replace(samples_portfolio.HELD, value=Decimal(13000))
    stage.tell("money", money=replace(samples_portfolio.MONEY, bots=held))
    for _ in range(2):
        stage.tell("feed_item", 301, item=replace(samples.BOUGHT, id=301, title="Bought again"))
        stage.tell("decision", decision=replace(samples.DECISIONS[0], followed=99))
    stage.tell("feed_item", 302, item=replace(samples.BOUGHT, id=302, title="Bought the last"))

    expect(page.locator("#feed-list > li").first).to_contain_text("Bought the last")
    expect(page.locator("#feed-301")).to_have_count(1)
    expect(page.locator("#market-BTC-USDT .market__last")).to_have_text("98,000.00")
    expect(page.locator("#bot-17")).to_contain_text("1,020.50 USDT")
    expect(page.locator("#money-practice-USDT")).to_contain_text("13,000.00 USDT")
    # What the reader had opened and held stays as it was.
    expect(page.locator("#decision-42")).to_have_count(1)
    expect(page.locator("#decision-42 dl")).to_be_visible()
    expect(page.locator("#decision-42 .decision__more")).to_contain_text("99 of 100")
    expect(page.locator("#bot-17-pause")).to_be_focused()


def test_the_first_news_takes_the_place_of_the_empty_sign(visit: Visit, stage: Stage) -> None:
    page = visit("home-empty")
    expect(page.get_by_text("Nothing has happened yet")).to_be_visible()
    stage.tell("feed_item", 1, item=samples.BOUGHT)
    expect(page.get_by_text("Bought 0.00412 BTC")).to_be_visible()
    expect(page.get_by_text("Nothing has happened yet")).to_be_hidden()


def test_the_feed_stays_short(visit: Visit, stage: Stage) -> None:
    page = visit()
    for number in range(301, 361):
        stage.tell("feed_item", number, item=replace(samples.BOUGHT, id=number))
    expect(page.locator("#feed-360")).to_have_count(1)
    expect(page.locator("#feed-list > [id]")).to_have_count(50)
    expect(page.locator("#feed-310")).to_have_count(0)


def test_a_lost_stream_is_taken_up_where_it_ended(visit: Visit, stage: Stage) -> None:
    page = visit()
    assert stage.streams.get(timeout=10) == (LIVE, None)
    stage.tell("feed_item", 301, item=replace(samples.BOUGHT, id=301))
    expect(page.locator("#feed-301")).to_be_visible()
    stage.hang_up()
    assert stage.streams.get(timeout=10) == (LIVE, "301")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")


def test_a_server_that_is_away_is_said_and_asked_again(visit: Visit, stage: Stage) -> None:
    stage.live_status = 503
    page = visit()
    expect(page.locator("#connection")).to_have_text("Reconnecting", use_inner_text=True)
    stage.live_status = 200
    expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=10_000)


def test_an_ended_session_is_said_and_not_asked_for_again(visit: Visit, stage: Stage) -> None:
    page = visit()
    stage.streams.get(timeout=10)
    stage.live_status = 401
    stage.hang_up()
    expect(page.get_by_role("link", name="Signed out: sign in")).to_be_visible()
    assert stage.streams.get(timeout=10) == (LIVE, None)
    # The extension has given up, and with it the only one who would ask again.
    page.wait_for_function("() => !document.getElementById('live')._htmx.sse")
    assert stage.streams.empty()


def test_a_button_changes_its_own_card(visit: Visit, stage: Stage) -> None:
    page = visit()
    page.get_by_role("button", name="Pause BTC/USDT").click()
    expect(page.locator("#bot-17")).to_contain_text("Paused just now.")
    expect(page.get_by_role("button", name="Start BTC/USDT")).to_be_visible()
    assert stage.posts.get(timeout=5) == ("/bots/17/pause", "csrf_token=csrf-sample", True)
    expect(page.locator("#bot-18")).to_contain_text("Waits for the next entry")


def test_a_button_that_failed_says_so_and_breaks_nothing(visit: Visit, stage: Stage) -> None:
    page = visit()
    stage.post_status = 500
    page.get_by_role("button", name="Pause BTC/USDT").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not go through.")
    expect(page.locator("#bot-17")).to_contain_text("Running")
    stage.post_status = 200
    page.get_by_role("button", name="Pause BTC/USDT").click()
    expect(page.locator("#bot-17")).to_contain_text("Paused just now.")
    expect(page.locator("#notice")).to_be_hidden()


# ------------------------------------------------------------------------------------ search
def answer_searches(page: Page, sample: str, status: int = 200, *, part: str = "trades") -> None:
    """Answer what htmx searches with a part of a sample; what a page asks for, with all of it."""

    def answer(route: Route) -> None:
        template, context = samples.PAGES[sample]
        if route.request.headers.get("hx-request"):
            body = render_block(template, part, **context)
            route.fulfill(body=body, status=status, content_type="text/html")
        else:
            route.fulfill(body=render(template, **context), content_type="text/html")

    page.route(re.compile(r"/(trades|portfolio)\?"), answer)


def test_a_search_is_done_in_place_and_undone_by_going_back(visit: Visit, stage: Stage) -> None:
    page = visit("trades")
    page.evaluate("() => { window.sameDocument = true; }")
    answer_searches(page, "trades-filtered")
    page.get_by_text("Filter").first.click()
    page.get_by_label("Bought or sold").select_option("sell")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="Found")).to_be_focused()
    expect(page.get_by_label("Bought or sold")).to_have_value("sell")
    expect(page.locator(".item__amount")).to_have_count(1)
    assert "side=sell" in page.url
    assert page.evaluate("() => window.sameDocument")
    page.go_back()
    expect(page.get_by_role("heading", name="All trades")).to_be_visible()
    assert page.url == f"{stage.url}/trades"


def test_a_mistake_in_a_search_is_said_in_place(visit: Visit) -> None:
    page = visit("trades")
    answer_searches(page, "trades-wrong", 422)
    page.get_by_text("Filter").first.click()
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_label("From this day")).to_be_focused()
    expect(page.get_by_text("Write a day like 2026-03-31.")).to_be_visible()


def test_a_search_that_fails_is_asked_as_a_page(visit: Visit) -> None:
    page = visit("trades")
    page.evaluate("() => { window.sameDocument = true; }")
    answer_searches(page, "trades-filtered", 500)
    page.get_by_role("link", name="Show older ones").click()
    expect(page.get_by_role("heading", name="Found")).to_be_visible()
    assert not page.evaluate("() => window.sameDocument")


def test_another_time_is_drawn_in_place_and_the_focus_stays(visit: Visit) -> None:
    page = visit("portfolio-new")
    answer_searches(page, "portfolio", part="purses")
    page.get_by_role("link", name="Month").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Equity from")).to_have_count(2)
    expect(page.get_by_role("link", name="Month")).to_be_focused()
    assert page.url.endswith("/portfolio?range=month")


# -------------------------------------------------------------------------------- no scripts
def test_everything_works_without_scripts(visit: Visit, stage: Stage) -> None:
    page = visit(java_script_enabled=False)
    expect(page.get_by_role("link", name="Reload to update")).to_be_visible()
    page.locator("#decision-42 summary").click()
    expect(page.locator("#decision-42 dl")).to_be_visible()
    page.get_by_role("button", name="Pause BTC/USDT").click()
    page.wait_for_url(f"{stage.url}/")
    assert stage.posts.get(timeout=5) == ("/bots/17/pause", "csrf_token=csrf-sample", False)
    page.locator(".menu summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


# ------------------------------------------------------------------------------------- chart
def test_the_chart_is_drawn_under_the_policy(visit: Visit) -> None:
    page = visit("symbol")
    expect(page.locator("#chart")).to_have_attribute("data-state", "drawn")
    expect(page.locator("#chart canvas").first).to_be_visible()
    expect(page.locator("#chart-summary")).to_have_text(
        "40 candles, between 9.000 and 49.500. Times in the chart are UTC."
    )


def test_a_chart_without_candles_says_what_to_do(visit: Visit, stage: Stage) -> None:
    stage.candles_status = 503
    page = visit("symbol")
    expect(page.get_by_text("The chart could not be loaded.")).to_be_visible()


def test_the_table_stands_in_for_the_chart(visit: Visit) -> None:
    page = visit("symbol", java_script_enabled=False)
    expect(page.get_by_text("The chart needs JavaScript.")).to_be_visible()
    rows = page.get_by_role("table", name="Latest closed candles").get_by_role("row")
    expect(rows).to_have_count(1 + len(samples.CANDLES))
