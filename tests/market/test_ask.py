"""Who is asked when a source is away, and who is believed when one says what none other does?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from nexus.core.db import Database
from nexus.exchanges.market_data import RawTicker
from nexus.market.observe import Observer
from nexus.market.snapshot import Dispute, Health
from tests.market.candles import BTC, closes_at, opens_at
from tests.market.scripted import ScriptedMarket, look, market_settings

ETH = "ETH/USDT"
NOON = opens_at(12)
HUNDRED = Decimal(100)
SECOND = timedelta(seconds=1)


@pytest.fixture
def market() -> ScriptedMarket:
    return ScriptedMarket()


@pytest.fixture
def fallback() -> ScriptedMarket:
    return ScriptedMarket("fallback")


@pytest.fixture
def observer(database: Database, market: ScriptedMarket, fallback: ScriptedMarket) -> Observer:
    return Observer(database, [market, fallback], market_settings())


async def test_the_fallback_answers_when_the_primary_is_away(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    market.away = True
    seen = await look(observer, NOON)
    shown = seen.symbols[BTC]
    assert (shown.price, shown.health, shown.source) == (HUNDRED, Health.FRESH, "fallback")
    assert seen.calls == 4, "what was asked in vain counts too"
    assert (market.asked, fallback.asked) == ({"tickers": 1, f"candles {BTC}": 1},) * 2


async def test_a_primary_that_is_away_rests_longer_and_longer(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    """Ten minutes of ticks cost a few probes, not one question in vain at each."""
    market.away = True
    for seconds in range(0, 600, 10):
        seen = await look(observer, NOON + SECOND * seconds)
        assert (seen.symbols[BTC].health, seen.symbols[BTC].source) == (Health.FRESH, "fallback")
    assert market.asked["tickers"] == 6  # After 10, 20, 40, 80, 160, 300 seconds of rest.
    assert fallback.asked["tickers"] == 60


async def test_the_primary_is_asked_first_again_once_a_probe_succeeds(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    market.away = True
    await look(observer, NOON)
    assert observer.asking.resting() == [("primary", "tickers"), ("primary", "candles")]
    market.away = False
    assert (await look(observer, NOON + SECOND * 9)).symbols[BTC].source == "fallback"
    assert (await look(observer, NOON + SECOND * 10)).symbols[BTC].source == "primary"
    assert observer.asking.resting() == [("primary", "candles")]
    assert fallback.asked["tickers"] == 2


async def test_with_all_away_one_is_probed_at_each_look(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    """Nobody stays blind for a rest of five minutes when there is no other source."""
    market.away = fallback.away = True
    for seconds in range(0, 600, 10):
        await look(observer, NOON + SECOND * seconds)
    assert 60 <= market.asked["tickers"] + fallback.asked["tickers"] <= 75
    fallback.away = False
    await look(observer, NOON + SECOND * 600)
    assert (await look(observer, NOON + SECOND * 610)).symbols[BTC].source == "fallback"


async def test_a_spike_costs_a_second_question_and_a_true_one_is_believed_at_once(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    await look(observer, NOON)
    market.price = fallback.price = Decimal(50)
    seen = await look(observer, NOON + SECOND * 10)
    assert (seen.symbols[BTC].price, seen.symbols[BTC].source) == (Decimal(50), "fallback")
    assert fallback.asked["tickers"] == 1
    await look(observer, NOON + SECOND * 20)
    assert fallback.asked["tickers"] == 1


async def test_a_false_spike_makes_the_price_stale_and_is_never_believed(
    observer: Observer, market: ScriptedMarket
) -> None:
    await look(observer, NOON)
    market.price = Decimal(1000)
    for seconds in range(10, 300, 10):
        shown = (await look(observer, NOON + SECOND * seconds)).symbols[BTC]
        assert shown.price == HUNDRED
    assert shown.health is Health.STALE


async def test_each_symbol_names_its_own_source(
    database: Database, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    """Not simply whoever answered last: the candles may come from somebody else."""
    observer = Observer(database, [market, fallback], market_settings(BTC, ETH))
    market.candles_away = True
    seen = await look(observer, NOON)
    assert {shown.source for shown in seen.symbols.values()} == {"primary"}
    market.away = True
    fallback.tickers_said = [RawTicker(BTC, HUNDRED, NOON + SECOND * 10)]
    seen = await look(observer, NOON + SECOND * 10)
    assert [seen.symbols[one].source for one in (BTC, ETH)] == ["fallback", "primary"]


async def test_when_all_are_away_at_first_everything_is_missing(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    market.away = fallback.away = True
    seen = await look(observer, NOON)
    shown = seen.symbols[BTC]
    assert (shown.price, shown.age(NOON), shown.health) == (None, None, Health.MISSING)


async def test_when_all_go_away_the_last_price_grows_stale(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    await look(observer, NOON)
    market.away = fallback.away = True
    for seconds, health in [(10, Health.FRESH), (45, Health.FRESH), (46, Health.STALE)]:
        shown = (await look(observer, NOON + SECOND * seconds)).symbols[BTC]
        assert (shown.price, shown.price_at, shown.health) == (HUNDRED, NOON, health)
        assert shown.age(NOON + SECOND * seconds) == seconds


async def test_a_feed_that_stands_still_is_stale(
    observer: Observer, market: ScriptedMarket
) -> None:
    await look(observer, NOON)
    market.price_at = NOON
    assert (await look(observer, NOON + SECOND * 60)).symbols[BTC].health is Health.STALE


async def test_prices_without_candles_grow_stale_too(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    await look(observer, NOON)
    market.candles_away = fallback.candles_away = True
    patience = SECOND * 45
    in_time, too_late = closes_at(12) + patience, closes_at(12) + patience + SECOND
    assert (await look(observer, in_time)).symbols[BTC].health is Health.FRESH
    assert (await look(observer, too_late)).symbols[BTC].health is Health.STALE


async def test_a_price_without_any_candle_is_missing(
    observer: Observer, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    market.candles_away = fallback.candles_away = True
    shown = (await look(observer, NOON)).symbols[BTC]
    assert (shown.price, shown.health) == (HUNDRED, Health.MISSING)


async def test_a_symbol_that_is_left_out_keeps_its_old_price(database: Database) -> None:
    market = ScriptedMarket()
    observer = Observer(database, [market], market_settings(BTC, ETH))
    await look(observer, NOON)
    market.tickers_said = [RawTicker(BTC, Decimal(101), NOON + SECOND * 60)]
    shown = (await look(observer, NOON + SECOND * 60)).symbols
    assert (shown[BTC].price, shown[BTC].health) == (Decimal(101), Health.FRESH)
    assert (shown[ETH].price, shown[ETH].health) == (HUNDRED, Health.STALE)


# --------------------------------------------------------------------------- the second opinion
async def test_sources_that_disagree_are_asked_until_they_agree(
    database: Database, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    settings = market_settings(market_compare_seconds=60, market_dispute_bps=100)
    observer = Observer(database, [market, fallback], settings)
    assert (await look(observer, NOON)).symbols[BTC].dispute is None
    assert fallback.asked["tickers"] == 1
    await look(observer, NOON + SECOND * 10)
    assert fallback.asked["tickers"] == 1, "only now and then while they agree"
    fallback.price = Decimal(90)
    disputed = (await look(observer, NOON + SECOND * 60)).symbols[BTC]
    assert (disputed.price, disputed.health) == (HUNDRED, Health.FRESH)
    assert disputed.dispute == Dispute("primary", HUNDRED, "fallback", Decimal(90))
    await look(observer, NOON + SECOND * 70)
    assert fallback.asked["tickers"] == 3, "at every look during a dispute"
    fallback.price = HUNDRED
    assert (await look(observer, NOON + SECOND * 80)).symbols[BTC].dispute is None
    await look(observer, NOON + SECOND * 90)
    assert fallback.asked["tickers"] == 4


async def test_while_one_source_is_away_there_is_nothing_to_compare(
    database: Database, market: ScriptedMarket, fallback: ScriptedMarket
) -> None:
    observer = Observer(database, [market, fallback], market_settings(market_compare_seconds=60))
    market.away, fallback.price = True, Decimal(90)
    shown = (await look(observer, NOON)).symbols[BTC]
    assert (shown.source, shown.dispute) == ("fallback", None)
    assert fallback.asked["tickers"] == 1
