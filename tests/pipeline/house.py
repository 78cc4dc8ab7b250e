"""What does a test of the whole sentence play with? A market it moves, and a strategy it scripts.

The clock, the prices and what the strategy says are the test's; the observer, the gate, the
planning, the claims and the paper venue are the real ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from nexus.core.clock import now
from nexus.exchanges.filters import store_filters
from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.exchanges.models import PaperBalance, PaperOrder
from nexus.exchanges.paper import Paper
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.market.observe import Observer
from nexus.market.queries import prices_of
from nexus.market.snapshot import Candles
from nexus.pipeline.desk import Desk
from nexus.pipeline.tick import TickOutcome, run_tick
from nexus.settings import Settings
from nexus.strategy.border import HOLD, Action, Book, Decision
from tests.scenes import AT, Scene
from tests.scripted import BTC, PRICE

MINUTE = timedelta(minutes=1)


class ScriptedMarket:
    """A source whose price is what a test set last; it has candles as far back as one asks."""

    name = "scripted"

    def __init__(self) -> None:
        self.prices: list[tuple[datetime, Decimal]] = [(AT - timedelta(days=9), PRICE)]
        self.calls: list[str] = []
        self.away = False

    def at(self, moment: datetime) -> Decimal:
        return next(price for since, price in reversed(self.prices) if since <= moment)

    def _answer(self, what: str) -> None:
        self.calls.append(what)
        if self.away:
            raise ExchangeAwayError("scripted")

    async def tickers(self, symbols: Sequence[str]) -> list[RawTicker]:
        self._answer("tickers")
        return [RawTicker(symbol, self.at(now()), now()) for symbol in symbols]

    async def candles(
        self, symbol: str, timeframe: str, since: datetime, limit: int
    ) -> list[RawCandle]:
        self._answer(f"candles {symbol} {timeframe}")
        opens = [since + MINUTE * number for number in range(limit)]
        return [self._candle(opened) for opened in opens if opened <= now()]

    def _candle(self, opened: datetime) -> RawCandle:
        first, last = self.at(opened), self.at(opened + MINUTE - timedelta(seconds=1))
        return RawCandle(opened, first, max(first, last), min(first, last), last, Decimal(1))

    async def close(self) -> None:
        """Do nothing: there is nothing open."""


class ScriptedStrategy:
    """Says what a test wants about the next candle, and else holds."""

    name = "trend"
    label = "Scripted"
    summary = "Does what a test says."
    layers = 3
    warmup = 1

    def __init__(self) -> None:
        self.next: Decision | None = None
        self.asked: list[datetime] = []

    def decide(self, candles: Candles, book: Book) -> Decision:
        self.asked.append(candles.last.open_time)
        if self.next is None:
            return HOLD
        wish, self.next = self.next, None
        layer = len(book.layers) + 1 if wish.action.buys else 0
        return replace(wish, layer=layer)


@dataclass
class House:
    """One worker's desk in a scene, with everybody on paper."""

    scene: Scene
    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    strategy: ScriptedStrategy = field(default_factory=ScriptedStrategy)

    def __post_init__(self) -> None:
        self.scene.settings = settings()
        paper = Paper(self.scene.database, settings(), prices_of(self.scene.database))
        self.scene.other_venues = {"paper": paper}
        self.paper = paper
        self.desk = self.worker("worker-1")

    def worker(self, name: str, strategy: ScriptedStrategy | None = None) -> Desk:
        """Seat another worker, with eyes of its own."""
        database = self.scene.database
        observer = Observer(database, [self.market], self.scene.settings)
        strategies = (strategy or self.strategy,)
        return Desk(database, observer, strategies, self.scene.bell, self.scene.settings, name)

    async def open(self, bots: int) -> list[int]:
        """Let so many people start a bot on paper, and the market be known."""
        found = await self.paper.filters([BTC])
        async with self.scene.database.transaction() as tx:
            await store_filters(tx, "paper", found)
        made = []
        for _ in range(bots):
            account = await self.scene.account(await self.scene.person(), venue="paper")
            async with self.scene.database.transaction() as tx:
                tx.add(PaperBalance(account_id=account, asset="USDT", free=Decimal(10_000)))
            made.append(await self.scene.bot(account))
        return made

    async def price(self, price: Decimal | str) -> None:
        self.market.prices.append((now(), Decimal(price)))

    async def tick(self, action: Action | None = None, target: str = "0") -> TickOutcome:
        """Let a minute pass and tick: with an action, the strategy wants that."""
        self.scene.passes(minutes=1)
        if action is not None:
            self.strategy.next = Decision(action, Decimal(target), why="The test says so.")
        return await run_tick(self.desk, now())

    async def trade(self, action: Action, target: str = "0") -> TickOutcome:
        """Tick, and do everything that it rings for."""
        outcome = await self.tick(action, target)
        await self.scene.answer_rings()
        return outcome

    async def paper_orders(self) -> list[PaperOrder]:
        return await self.scene.rows(PaperOrder)


def settings(**changes: Any) -> Settings:
    """Give settings with short averages, and a gate that minds crashes and data only."""
    return Settings(
        **{
            "environment": "test", "symbols": (BTC,), "timeframe": "1m",
            "market_history_candles": 50, "regime_fast": 2, "regime_slow": 3, "regime_adx": 2,
            "strategy_fast": 2, "strategy_slow": 3, "gate_gap_candles": 0,
            "gate_calm_seconds": 0, "regime_dwell_candles": 1,
            "gate_entry_regimes": ("bullish", "bearish", "sideways"), **changes,
        }
    )  # fmt: skip
