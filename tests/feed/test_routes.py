"""Do the live pages show a person what is theirs, and nothing that is not?"""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from nexus.exchanges.models import ExchangeAccount
from nexus.market.models import CandleRow
from nexus.strategy.border import Action
from tests.feed.customers import add_lines, customers, scene_of
from tests.scripted import BTC
from tests.website import Website

PAGES = ("/live", "/market/BTC-USDT", "/market/BTC-USDT/candles")


async def add_candle(website: Website, close: str = "50000.50") -> None:
    async with website.database.transaction() as tx:
        tx.add(
            CandleRow(
                symbol=BTC,
                timeframe=website.app.state.settings.timeframe,
                open_time=datetime(2026, 3, 2, 14, tzinfo=UTC),
                open=Decimal(50_000),
                high=Decimal(50_100),
                low=Decimal("49999.99"),
                close=Decimal(close),
                volume=Decimal(3),
                gap_before=False,
            )
        )


# --------------------------------------------------------------------------------- who may look
@pytest.mark.parametrize("path", PAGES)
async def test_nobody_sees_anything_without_signing_in(website: Website, path: str) -> None:
    async with website.browser() as stranger:
        answer = await stranger.get(path)
        fragment = await stranger.get(path, headers={"HX-Request": "true"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert fragment.status_code == 401


async def test_the_first_page_is_home_for_people_and_says_what_nexus_is_to_visitors(
    website: Website,
) -> None:
    async with customers(website, "alice") as [alice], website.browser() as stranger:
        welcome = await stranger.get("/")
        fragment = await stranger.get("/", headers={"HX-Request": "true"})
        home = await alice.browser.get("/")
        ended = await stranger.get("/", headers={"Cookie": "nexus-session=long-gone"})
    assert (welcome.status_code, home.status_code) == (200, 200)
    assert "Track record" in welcome.text
    assert "Track record" not in home.text
    assert "alice@example.com" in home.text
    # The same address is private for others, so no cache may hand either to the other.
    assert welcome.headers["cache-control"] == home.headers["cache-control"] == "no-store"
    # Who was signed in wants to be again; and htmx must not put a page into a page.
    assert (ended.status_code, ended.headers["location"]) == (303, "/sign-in")
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (401, "/sign-in")


async def test_bob_sees_nothing_of_alices(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        bot = await scene_of(website).bot(alice.account)
        await add_lines(website, alice.id, [7])
        hers, his = [(await who.browser.get("/")).text for who in (alice, bob)]
    for part in (f'id="bot-{bot}"', 'id="feed-7"', "alice@example.com"):
        assert part in hers
        assert part not in his
    assert "No bot yet" in his


# --------------------------------------------------------------------------------- home
async def test_before_anything_happened_the_page_says_so(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        page = await alice.browser.get("/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for words in ("No price yet", "No bot yet", "Nothing has happened yet", "No decision yet"):
        assert words in page.text
    assert 'hx-sse:connect="/live?after=0&amp;display=en-GB%2C%2CUTC"' in page.text


async def test_home_shows_the_market_the_bots_the_feed_and_the_decisions(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice") as [alice]:
        await scene.market(reason="The averages rise.")
        bot = await scene.bot(alice.account)
        await scene.lead(Action.ENTER)
        await add_lines(website, alice.id, [7, 8])
        page = (await alice.browser.get("/")).text
    for part in ("50,000.00", "Bullish", "Entries allowed", "The averages rise."):
        assert part in page
    assert f'id="bot-{bot}"' in page
    assert page.index('id="feed-8"') < page.index('id="feed-7"')
    assert "Why not you" in page
    assert "The exchange does not trade this symbol at the moment." in page
    newest = re.search(r'id="feed-(\d+)"', page)
    assert newest
    assert f'hx-sse:connect="/live?after={newest[1]}&amp;' in page, "it goes on where the page ends"
    assert page.index("no buy order") < page.index('id="feed-8"'), "the denial is news too"


async def test_the_page_survives_what_people_write(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        account = await scene_of(website).account(alice.id, venue="paper")
        await scene_of(website).change(ExchangeAccount, account, label="<script>alert(1)</script>")
        await scene_of(website).bot(account)
        page = (await alice.browser.get("/")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


# --------------------------------------------------------------------------------- the stream
async def test_the_stream_is_not_kept_and_not_gathered(website: Website) -> None:
    async with (
        customers(website, "alice") as [alice],
        alice.browser.http.stream("GET", "/live") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"


@pytest.mark.parametrize("after", ["-1", "x", "9223372036854775808"])
async def test_a_place_in_the_stream_that_cannot_be_is_refused(
    website: Website, after: str
) -> None:
    async with customers(website, "alice") as [alice]:
        assert (await alice.browser.get(f"/live?after={after}")).status_code == 400


# --------------------------------------------------------------------------------- one symbol
async def test_a_symbols_page_has_its_candles_as_a_table(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice") as [alice]:
        await scene.market()
        await scene.bot(alice.account)
        await add_candle(website)
        await scene.lead(Action.ENTER)
        page = (await alice.browser.get("/market/BTC-USDT")).text
        other = (await alice.browser.get("/market/ETH-USDT")).text
    for part in ("50,000.50", "2 Mar 14:00", 'id="decision-1"'):
        assert part in page
        assert part not in other
    assert 'data-candles="/market/BTC-USDT/candles"' in page


async def test_the_chart_gets_times_in_seconds_and_prices_as_text(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        await add_candle(website)
        answer = await alice.browser.get("/market/BTC-USDT/candles")
        other = await alice.browser.get("/market/ETH-USDT/candles")
    candle = {
        "time": 1772460000,
        "open": "50000",
        "high": "50100",
        "low": "49999.99",
        "close": "50000.5",
        "blocked": False,
        "regime": "",
    }
    assert answer.json() == [candle]
    assert answer.headers["content-type"] == "application/json"
    assert other.json() == []


@pytest.mark.parametrize("name", ["DOGE-USDT", "BTC", "btc-usdt", "BTC%2FUSDT"])
@pytest.mark.parametrize("what", ["", "/candles"])
async def test_a_symbol_we_do_not_trade_is_not_there(
    website: Website, name: str, what: str
) -> None:
    async with customers(website, "alice") as [alice]:
        assert (await alice.browser.get(f"/market/{name}{what}")).status_code == 404
