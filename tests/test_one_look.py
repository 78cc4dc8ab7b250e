"""Does one look serve everybody? The exchange's own count of market calls is the judge."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import SecretStr
from sqlalchemy import func, select

from nexus.core.clock import SetClock, from_ms, to_ms, use
from nexus.core.db import Database
from nexus.exchanges.filters import store_filters
from nexus.exchanges.registry import open_exchanges, open_market_sources
from nexus.exchanges.vault import KeyPair
from nexus.execution.broker import Broker
from nexus.execution.models import OrderRow
from nexus.market.observe import Observer
from nexus.market.queries import prices_of
from nexus.pipeline.crowd import gather_crowd
from nexus.pipeline.desk import Desk
from nexus.pipeline.replay import BellOfOne, replay
from nexus.settings import Settings
from nexus.simulator.clock import ManualClock
from nexus.simulator.endpoints import ENDPOINTS
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from nexus.strategy.border import load_strategies
from tests.databases import Template

TICKS = 16
TICK_SECONDS = 10
MANY = 200


@dataclass(frozen=True)
class Seen:
    """What the exchange was asked while a crowd traded."""

    market: dict[str, int]
    """Calls of what is public, by endpoint."""
    orders: int
    ledger: int


def settings_for(url: str) -> Settings:
    """Give settings of a lively market: candles of a second, a tick every ten."""
    return Settings(
        environment="test",
        exchange_url=url,
        market_url=url,
        timeframe="1s",
        tick_seconds=TICK_SECONDS,
        strategy_fast=5,
        strategy_slow=15,
        regime_fast=10,
        regime_slow=50,
        gate_entry_regimes=("bullish", "sideways", "bearish"),
        gate_calm_seconds=0,
        key_encryption_key=SecretStr(base64.b64encode(bytes(32)).decode()),
    )


async def trade(database: Database, exchange: RunningSimulator, people: int) -> None:
    """Let so many people trade on the exchange for a while, time moved by hand."""
    settings = settings_for(exchange.url)
    exchanges = open_exchanges(settings, database, None, prices_of(database))
    sources = open_market_sources(settings, None)
    bell, strategies = BellOfOne(), load_strategies(settings.strategies, settings)
    broker = Broker(database, exchanges, bell, settings, worker="test")
    desk = Desk(database, Observer(database, sources, settings), strategies, bell, settings, "test")
    bell.context.update({"broker": broker, "desk": desk})
    start = from_ms(exchange.exchange.now())

    async def move(moment: datetime) -> None:
        clock = exchange.exchange.clock
        assert isinstance(clock, ManualClock)
        clock.set(to_ms(moment))
        exchange.exchange.advance()

    with use(SetClock(start)):
        filters = await exchanges["binance"].filters(settings.symbols)
        async with database.transaction() as tx:
            await store_filters(tx, "binance", filters)
            await gather_crowd(
                tx, settings,
                count=people,
                keys=[KeyPair(one.key, one.secret) for one in exchange.accounts],
                balance=Decimal(10_000),
                strategies=[strategy.name for strategy in strategies],
                seed=1,
            )  # fmt: skip
    step = timedelta(seconds=TICK_SECONDS)
    moments = [start + step * number for number in range(1, TICKS + 1)]
    try:
        await replay(desk, broker, moments, move_market=move)
    finally:
        await exchanges.close()
        for source in sources:
            await source.close()


async def seen_with(template: Template, people: int) -> Seen:
    exchange = await start_simulator(SimulatorOptions(accounts=people, manual_clock=True))
    with template.copy() as url:
        database = Database(url)
        try:
            await trade(database, exchange, people)
            async with database.transaction() as tx:
                ledger = await tx.scalar(select(func.count()).select_from(OrderRow)) or 0
        finally:
            await database.close()
            await exchange.stop()
    names = {f"{method} {path}" for (method, path), one in ENDPOINTS.items() if not one.signed}
    names -= {"GET /api/v3/time"}  # Asked now and then by the machine's own clock.
    requests = exchange.exchange.requests
    return Seen(
        market={name: requests[name] for name in sorted(names) if requests[name]},
        orders=exchange.exchange.totals["orders_accepted"],
        ledger=ledger,
    )


async def test_market_calls_are_the_same_for_one_and_for_many(migrated_template: Template) -> None:
    alone = await seen_with(migrated_template, 1)
    crowd = await seen_with(migrated_template, MANY)
    assert crowd.market == alone.market
    # The promise is under one call a second in total.
    assert 2 * TICKS <= sum(crowd.market.values()) < TICKS * TICK_SECONDS
    # And there was trading: everybody's orders came of those few looks.
    assert crowd.orders > 100 * alone.orders > 0
    assert (alone.ledger, crowd.ledger) == (alone.orders, crowd.orders)
