"""Does the live page read what is true, for everyone at once?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from nexus.exchanges.protocol import VenueStatus
from nexus.feed.queries import (
    NOTHING_READ,
    SPARK_CANDLES,
    decision_views,
    feed_of,
    market_views,
)
from nexus.feed.views import DecisionView, MarketView
from nexus.market.models import CandleRow
from nexus.strategy.border import Action
from tests.feed.watching import queries
from tests.scenes import AT, Scene
from tests.scripted import BTC, PRICE, Act, lose_answer, refuse_for_now, reject, take


async def market(scene: Scene, symbol: str = BTC) -> MarketView:
    async with scene.database.transaction() as tx:
        views = await market_views(tx, scene.settings)
    assert [view.symbol for view in views] == list(scene.settings.symbols)
    return next(view for view in views if view.symbol == symbol)


async def add_candles(
    scene: Scene, closes: range, timeframe: str = "1h", symbol: str = BTC
) -> None:
    prices = [(AT + timedelta(hours=close), Decimal(close)) for close in closes]
    async with scene.database.transaction() as tx:
        tx.add_all(
            CandleRow(
                symbol=symbol, timeframe=timeframe, open_time=at, open=price, high=price,
                low=price, close=price, volume=1, gap_before=False,
            )
            for at, price in prices
        )  # fmt: skip


async def decisions(scene: Scene, *people: int, symbol: str | None = None) -> list[DecisionView]:
    """Give the decisions as the first of these people sees them, the newest first."""
    async with scene.database.transaction() as tx:
        views = await decision_views(tx, people, symbol=symbol)
    assert list(views) == list(people)
    return views[people[0]]


async def owner(scene: Scene, **values: object) -> tuple[int, int]:
    """Make somebody with a bot: the person and the bot."""
    person = await scene.person()
    return person, await scene.bot(await scene.account(person), **values)


# --------------------------------------------------------------------------------- the market
async def test_before_the_first_look_there_is_nothing_and_nothing_is_allowed(scene: Scene) -> None:
    view = await market(scene)
    assert (view.price, view.change_percent, view.age_seconds) == (None, None, None)
    assert (view.regime, view.regime_reason) == ("unknown", NOTHING_READ)
    assert view.stale
    assert not view.entries_allowed
    assert view.spark == ()


async def test_a_fresh_price_and_an_open_gate(scene: Scene) -> None:
    await scene.market(reason="It rises.")
    view = await market(scene)
    assert (view.price, view.age_seconds, view.stale) == (PRICE, 0, False)
    assert (view.regime, view.regime_reason, view.entries_allowed) == ("bullish", "It rises.", True)
    assert (view.base, view.quote) == ("BTC", "USDT")


@pytest.mark.parametrize(("seconds", "stale"), [(45, False), (46, True), (7200, True)])
async def test_an_old_price_is_stale_and_closes_the_gate_on_the_page(
    scene: Scene, seconds: int, *, stale: bool
) -> None:
    await scene.market()
    scene.passes(seconds=seconds)
    view = await market(scene)
    assert (view.age_seconds, view.stale, view.entries_allowed) == (seconds, stale, not stale)


async def test_a_clock_that_runs_behind_makes_no_negative_age(scene: Scene) -> None:
    await scene.market()
    scene.passes(seconds=-3)
    assert (await market(scene)).age_seconds == 0


async def test_a_closed_gate_says_why(scene: Scene) -> None:
    await scene.market(entries_allowed=False, code="CRASH_GUARD", reason="It falls.")
    view = await market(scene)
    assert (view.entries_allowed, view.regime_reason) == (False, "It falls.")


async def test_the_little_line_is_the_newest_candles_oldest_first(scene: Scene) -> None:
    await add_candles(scene, range(10, 10 + SPARK_CANDLES + 5))
    await add_candles(scene, range(900, 903), timeframe="1m")
    await add_candles(scene, range(700, 702), symbol="ETH/USDT")
    await scene.market(Decimal(30))
    view = await market(scene)
    assert view.spark == tuple(Decimal(close) for close in range(15, 15 + SPARK_CANDLES))
    assert view.change_percent == 100, "from 15, the first of the line, to 30"
    assert (await market(scene, "ETH/USDT")).spark == (Decimal(700), Decimal(701))


# --------------------------------------------------------------------------------- the feed
async def test_the_feed_is_the_persons_own_and_the_newest_first(scene: Scene) -> None:
    await scene.bot()
    person, _ = await owner(scene)
    await scene.place(await scene.enter())
    scene.passes(hours=1)
    await scene.place(await scene.leave())
    async with scene.database.transaction() as tx:
        lines = await feed_of(tx, person, limit=10)
        newest = await feed_of(tx, person, limit=1)
        later = await feed_of(tx, person, after=lines[1].id, limit=10)
        nobodys = await feed_of(tx, 999, limit=10)
    assert [line.kind for line in lines] == ["sold", "bought"]
    assert newest == later == lines[:1]
    assert nobodys == []


# --------------------------------------------------------------------------------- decisions
async def test_while_the_order_is_on_its_way_and_once_it_is_filled(scene: Scene) -> None:
    person, _ = await owner(scene)
    plans = await scene.enter()
    [view] = await decisions(scene, person)
    assert (view.you_state, view.you) == ("followed", "The order is being placed.")
    await scene.place(plans)
    [view] = await decisions(scene, person)
    assert (view.you_state, view.you) == ("followed", "Your bots bought 0.008 BTC for 400.00 USDT.")
    assert (view.action, view.symbol, view.layer, view.price) == ("enter", BTC, 1, PRICE)
    assert (view.followed, view.bots, view.blocked) == (1, 1, False)


async def test_the_bots_of_one_person_are_summed(scene: Scene) -> None:
    person = await scene.person()
    for _ in range(2):
        await scene.bot(await scene.account(person))
    await scene.place(await scene.enter())
    [view] = await decisions(scene, person)
    assert view.you == "Your bots bought 0.016 BTC for 800.00 USDT."


async def test_who_was_denied_reads_why_with_the_numbers(scene: Scene) -> None:
    person = await scene.person()
    await scene.bot(await scene.account(person, usdt=3))
    await scene.bot()
    await scene.place(await scene.enter())
    [view] = await decisions(scene, person)
    assert view.you_state == "denied"
    assert view.you == "The account had too little free: 2.98507462 of at least 5.25."
    assert (view.followed, view.bots) == (1, 2)


async def test_who_joined_mid_trade_waits(scene: Scene) -> None:
    await scene.follower()
    late, _ = await owner(scene)
    await scene.place(await scene.lead(Action.ADD, "0.7"))
    view = (await decisions(scene, late))[0]
    assert view.you_state == "waiting"
    assert view.you == "The bot is not in this trade. It joins at the next entry."


async def test_who_has_no_bot_for_it_is_told_nothing(scene: Scene) -> None:
    stranger = await scene.person()
    await scene.follower()
    [view] = await decisions(scene, stranger)
    assert (view.you_state, view.you) == ("none", None)


async def test_a_blocked_decision_has_its_reason_and_no_bots(scene: Scene) -> None:
    person, _ = await owner(scene)
    await scene.market()
    await scene.decide(Action.ENTER, code="CRASH_GUARD")
    [view] = await decisions(scene, person)
    assert (view.blocked, view.reason, view.regime) == (True, "why", "bullish")
    assert (view.you_state, view.you, view.followed, view.bots) == ("none", None, 0, 0)


async def test_an_order_the_exchange_refused_is_not_called_followed(scene: Scene) -> None:
    person, _ = await owner(scene)
    scene.exchange.next_orders(reject())
    await scene.place(await scene.enter())
    [view] = await decisions(scene, person)
    assert view.you_state == "denied"
    assert view.you == "The exchange refused the order. Nothing was traded."
    assert (view.followed, view.bots) == (0, 1)


async def test_an_order_that_ended_without_a_trade_says_so(scene: Scene) -> None:
    person, _ = await owner(scene)
    scene.exchange.next_orders(take(VenueStatus.EXPIRED))
    await scene.place(await scene.enter())
    [view] = await decisions(scene, person)
    assert (view.you_state, view.you) == (
        "denied",
        "The exchange ended the order before any of it was traded.",
    )


@pytest.mark.parametrize("act", [lose_answer(placed=True), refuse_for_now()])
async def test_an_order_nobody_knows_of_yet_is_still_being_placed(scene: Scene, act: Act) -> None:
    person, _ = await owner(scene)
    scene.exchange.next_orders(act)
    await scene.place(await scene.enter())
    [view] = await decisions(scene, person)
    assert (view.you_state, view.you) == ("followed", "The order is being placed.")


async def test_the_newest_decision_comes_first_and_a_symbol_can_be_asked_for(scene: Scene) -> None:
    person, _ = await owner(scene)
    await scene.place(await scene.enter())
    await scene.place(await scene.leave())
    assert [view.action for view in await decisions(scene, person)] == ["exit", "enter"]
    assert [view.action for view in await decisions(scene, person, symbol=BTC)] == ["exit", "enter"]
    assert await decisions(scene, person, symbol="ETH/USDT") == []


async def test_the_queries_do_not_grow_with_the_people(scene: Scene) -> None:
    people = [(await owner(scene))[0] for _ in range(12)]
    await scene.place(await scene.enter())
    counts = []
    for some in (people[:1], people):
        with queries(scene.database) as sent:
            assert {view.you_state for view in await decisions(scene, *some)} == {"followed"}
        counts.append(len(sent))
    assert counts[0] == counts[1] == 3


async def test_the_symbols_do_not_grow_the_queries_of_the_market(scene: Scene) -> None:
    await scene.market()
    with queries(scene.database) as sent:
        await market(scene)
    assert len(sent) == 3, "prices, readings and little lines of every symbol"
