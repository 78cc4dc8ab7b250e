"""Is one look enough for everyone, and is a look that fails never mistaken for a good one?"""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from nexus.core.db import Database
from nexus.exchanges.market_data import RawTicker
from nexus.market.observe import Observer, last_closed
from nexus.market.snapshot import Health
from nexus.market.store import load_candles
from tests.market.candles import BTC, HOUR, opens_at, raw_candle
from tests.market.scripted import ScriptedMarket, look, market_settings

ETH = "ETH/USDT"
TWENTY = tuple(f"C{number}/USDT" for number in range(20))
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


def numbers(observer: Observer, symbol: str = BTC) -> list[int]:
    """List the numbers of the candles in a window."""
    return [(row.open_time - opens_at(0)) // HOUR for row in observer.windows[symbol]]


async def empty(database: Database, *tables: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(text(f"TRUNCATE {', '.join(tables)}"))


async def stored(database: Database, symbol: str = BTC) -> list[int]:
    """List the numbers of the candles in the table."""
    found = await load_candles(database, "1h", {symbol: opens_at(-1000)})
    return [(row.open_time - opens_at(0)) // HOUR for row in found[symbol]]


# --------------------------------------------------------------------------------- one look
async def test_the_first_look_brings_prices_and_the_whole_history(
    observer: Observer, market: ScriptedMarket
) -> None:
    seen = await look(observer, NOON)
    shown = seen.symbols[BTC]
    assert (shown.price, shown.price_at, shown.age(NOON + SECOND)) == (HUNDRED, NOON, 1.0)
    assert (shown.health, shown.source) == (Health.FRESH, "primary")
    assert len(shown.candles) == 50
    assert shown.candles.last.open_time == opens_at(11), "the open candle is not shown"
    assert market.asked == {"tickers": 1, f"candles {BTC}": 1}
    assert seen.calls == 2


async def test_candles_are_asked_for_only_when_one_has_closed(
    observer: Observer, market: ScriptedMarket
) -> None:
    await look(observer, NOON)
    for seconds in range(10, 3600, 600):
        assert (await look(observer, NOON + SECOND * seconds)).calls == 1
    assert market.asked[f"candles {BTC}"] == 1
    assert (await look(observer, opens_at(13))).calls == 2
    assert numbers(observer)[-2:] == [11, 12]


@pytest.mark.parametrize(("seconds", "newest"), [(0, 11), (0.001, 11), (3599.999, 11), (3600, 12)])
def test_a_candle_has_closed_when_the_next_one_opens(seconds: float, newest: int) -> None:
    assert last_closed(NOON + SECOND * seconds, HOUR) == opens_at(newest)


async def test_the_window_keeps_its_length(observer: Observer) -> None:
    for number in (12, 13, 14):
        await look(observer, opens_at(number))
    assert numbers(observer) == list(range(-36, 14))


async def test_missed_candles_are_fetched_in_one_call(
    observer: Observer, market: ScriptedMarket
) -> None:
    await look(observer, NOON)
    seen = await look(observer, opens_at(20))
    assert numbers(observer)[-9:] == list(range(11, 20))
    assert not any(row.gap_before for row in seen.symbols[BTC].candles.rows)
    assert market.asked[f"candles {BTC}"] == 2


async def test_gaps_of_the_exchange_are_marked(observer: Observer, market: ScriptedMarket) -> None:
    market.candles_of[BTC] = [raw_candle(number) for number in (*range(-50, 5), *range(9, 13))]
    seen = await look(observer, NOON)
    assert numbers(observer)[-4:] == [4, 9, 10, 11]
    assert [r.open_time for r in seen.symbols[BTC].candles.rows if r.gap_before] == [opens_at(9)]
    assert seen.symbols[BTC].candles.since_gap() == 3


async def test_bad_values_are_counted_by_kind(observer: Observer, market: ScriptedMarket) -> None:
    bad = [raw_candle(9, volume=Decimal("NaN")), raw_candle(10, close=Decimal(0))]
    market.candles_of[BTC] = [raw_candle(8), *bad, raw_candle(11)]
    market.price = Decimal("Infinity")
    seen = await look(observer, NOON)
    assert seen.refused == {"not_a_price": 2, "not_a_volume": 1}
    assert seen.symbols[BTC].price is None
    assert numbers(observer) == [8, 11]


async def test_symbols_that_nobody_asked_for_are_passed_over(
    observer: Observer, market: ScriptedMarket
) -> None:
    market.tickers_said = [RawTicker(name, Decimal(5), NOON) for name in (BTC, "DOGE/USDT")]
    seen = await look(observer, NOON)
    assert (list(seen.symbols), list(observer.believed)) == ([BTC], [BTC])


# ----------------------------------------------------------------------------------- budget
async def looks_until_complete(observer: Observer, seconds: int) -> list[int]:
    """Look until every symbol is fresh; give what each look cost. At most 40 looks."""
    costs: list[int] = []
    while len(costs) < 40:
        seen = await look(observer, NOON + SECOND * seconds * len(costs))
        costs.append(seen.calls)
        if all(shown.health is Health.FRESH for shown in seen.symbols.values()):
            break
    return costs


@pytest.mark.parametrize("seconds", [5, 10, 30])
async def test_a_look_never_costs_a_call_a_second(database: Database, seconds: int) -> None:
    sources = ScriptedMarket(), ScriptedMarket("fallback")
    settings = market_settings(*TWENTY, tick_seconds=seconds)
    costs = await looks_until_complete(Observer(database, sources, settings), seconds)
    assert max(costs) <= seconds - 1
    assert sum(costs) == len(costs) + 20, "one price call a look, one candle call a symbol"
    assert sources[1].asked.total() == 0


@pytest.mark.parametrize("seconds", [5, 10])
async def test_nor_does_one_with_the_primary_away(database: Database, seconds: int) -> None:
    sources = ScriptedMarket(candles_away=True), ScriptedMarket("fallback")
    settings = market_settings(*TWENTY, tick_seconds=seconds)
    costs = await looks_until_complete(Observer(database, sources, settings), seconds)
    assert max(costs) <= seconds - 1
    assert len(costs) < 40, "everyone gets a turn"
    assert sources[0].asked.total() + sources[1].asked.total() == sum(costs)


async def test_with_more_symbols_than_calls_everyone_gets_a_turn(database: Database) -> None:
    symbols = TWENTY[:6]
    settings = market_settings(*symbols, tick_seconds=5)
    observer = Observer(database, [ScriptedMarket()], settings)
    for number in (12, 13, 14, 15):  # Three candle calls a look, and all six lack one each time.
        await look(observer, opens_at(number))
    assert [numbers(observer, symbol)[-1] for symbol in symbols] == [13, 13, 13, 14, 14, 14]


# ----------------------------------------------------------- other workers, emptied tables
async def test_another_workers_candles_are_taken_over(
    observer: Observer, database: Database
) -> None:
    await look(observer, NOON)
    market = ScriptedMarket()
    other = Observer(database, [market], market_settings())
    seen = await look(other, NOON + SECOND)
    assert other.windows == observer.windows
    assert (seen.calls, market.asked) == (1, {"tickers": 1})


async def test_a_worker_that_slept_takes_over_what_it_missed(database: Database) -> None:
    markets = ScriptedMarket(), ScriptedMarket()
    asleep, awake = (Observer(database, [market], market_settings()) for market in markets)
    await look(asleep, NOON)
    for number in range(13, 18):
        await look(awake, opens_at(number))
    await look(asleep, opens_at(17) + SECOND)
    assert asleep.windows == awake.windows
    assert markets[0].asked[f"candles {BTC}"] == 1


async def test_candles_that_lie_between_what_two_workers_saw_are_marked(database: Database) -> None:
    asleep, awake = (Observer(database, [ScriptedMarket()], market_settings()) for _ in range(2))
    await look(asleep, NOON)
    await empty(database, "candles")
    pausing = ScriptedMarket()
    pausing.candles_of[BTC] = [raw_candle(number) for number in (*range(41), *range(45, 65))]
    awake.asking.sources = [pausing]
    await look(awake, opens_at(65))
    await look(asleep, opens_at(65) + SECOND)
    assert numbers(asleep)[:6] == [8, 9, 10, 11, 15, 16]
    gaps = [row.open_time for row in asleep.windows[BTC] if row.gap_before]
    assert gaps == [opens_at(15), opens_at(45)]


async def test_emptied_tables_are_refilled_at_the_next_look(
    observer: Observer, database: Database, market: ScriptedMarket
) -> None:
    await look(observer, NOON)
    await empty(database, "candles", "tickers", "market_calls", "data_faults")
    seen = await look(observer, NOON + SECOND * 10)
    assert (seen.symbols[BTC].health, len(seen.symbols[BTC].candles)) == (Health.FRESH, 50)
    assert await stored(database) == numbers(observer) == list(range(-38, 12))
    assert market.asked[f"candles {BTC}"] == 1, "what is in memory need not be fetched again"


async def test_tables_emptied_right_before_a_candle_closes_are_refilled(
    observer: Observer, database: Database
) -> None:
    await look(observer, NOON)
    await empty(database, "candles")
    await look(observer, opens_at(13))
    assert await stored(database) == numbers(observer) == list(range(-37, 13))


async def test_a_worker_that_starts_on_emptied_tables_fetches_all(
    observer: Observer, database: Database
) -> None:
    await look(observer, NOON)
    await empty(database, "candles")
    other = Observer(database, [ScriptedMarket()], market_settings())
    await look(other, NOON + SECOND)
    assert other.windows == observer.windows


async def test_a_stored_history_that_is_too_short_is_not_taken_for_the_whole(
    observer: Observer, database: Database
) -> None:
    await look(observer, NOON)
    longer = Observer(database, [ScriptedMarket()], market_settings(market_history_candles=60))
    seen = await look(longer, NOON + SECOND)
    assert len(seen.symbols[BTC].candles) == 60
    assert await stored(database) == list(range(-48, 12))
