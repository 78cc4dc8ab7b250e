"""Look at the market once, for everyone.

One ticker call for all symbols at every tick; candles only when one has closed. The number of
calls depends on the clock and the symbols, never on how many people there are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nexus.core.db import Database, Transaction
from nexus.exchanges.market_data import MarketSource
from nexus.market.ask import Sources
from nexus.market.check import (
    Believed,
    Doubt,
    Refusal,
    check_candles,
    check_ticker,
    second_opinion,
)
from nexus.market.compare import Comparison
from nexus.market.look import Look
from nexus.market.snapshot import Candle, Candles, Health, MarketSnapshot, SymbolView
from nexus.market.store import load_candles, store_look
from nexus.settings import MarketSettings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Observer:
    """The eyes of one worker: the sources in order of trust, and what was believed so far."""

    def __init__(
        self, database: Database, sources: Sequence[MarketSource], settings: MarketSettings
    ) -> None:
        self.database = database
        self.settings = settings
        self.timeframe = timedelta(seconds=settings.timeframe_seconds)
        self.doubt = Doubt(
            settings.market_spike_percent, timedelta(seconds=settings.market_stale_seconds)
        )
        # One look costs less than a call a second, whatever is away.
        self.asking = Sources(sources, settings.tick_seconds - 1)
        self.believed: dict[str, Believed] = {}
        self.windows: dict[str, tuple[Candle, ...]] = {}
        self.comparison = Comparison(settings)
        self.newest: Look | None = None

    @property
    def sources(self) -> Sequence[MarketSource]:
        """The sources, in order of trust."""
        return self.asking.sources

    async def observe(self, at: datetime) -> MarketSnapshot:
        """Take one look: fetch, refuse what cannot be true, and give the snapshot."""
        look = self.newest = Look(at)
        await self._read_tickers(look)
        await self._read_candles(look)
        await self._compare(look)
        return self._snapshot(look)

    async def store(self, tx: Transaction) -> None:
        """Store what the newest look saw; candles that were not stored go with the next one."""
        if self.newest is not None:
            await store_look(tx, self.newest, self.believed, self.windows, self.settings)

    async def _read_tickers(self, look: Look) -> None:
        """Ask for all prices at once; a symbol that is missing simply stays old."""
        symbols = self.settings.symbols
        answer = await self.asking.ask(look, "tickers", lambda source: source.tickers(symbols))
        if answer is None:
            return
        tickers, look.source = answer
        for ticker in tickers:
            if ticker.symbol not in symbols:
                continue
            last = self.believed.get(ticker.symbol, Believed())
            self.believed[ticker.symbol], refusal = check_ticker(
                ticker, look.source, last, look.at, self.doubt
            )
            if refusal:
                look.refused.append(refusal)
        if any(refusal.kind == "spike" for refusal in look.refused):
            await self._ask_a_second(look)

    async def _ask_a_second(self, look: Look) -> None:
        """Ask another source about the prices that jumped, so that one alone moves nothing."""
        spiked = {refusal.symbol for refusal in look.refused if refusal.kind == "spike"}
        symbols = self.settings.symbols
        answer = await self.asking.ask(
            look, "tickers", lambda source: source.tickers(symbols), besides=look.source
        )
        for ticker in answer[0] if answer else ():
            if answer and ticker.symbol in spiked:
                last = self.believed[ticker.symbol]
                self.believed[ticker.symbol] = second_opinion(
                    ticker, answer[1], last, look.at, self.doubt
                )

    async def _compare(self, look: Look) -> None:
        """Ask the next source what it sees, now and then, and at every look during a dispute."""
        if len(self.sources) < 2 or not look.source or not self.comparison.is_due(look.at):  # noqa: PLR2004  two make a comparison
            return
        symbols = self.settings.symbols
        answer = await self.asking.ask(
            look, "tickers", lambda source: source.tickers(symbols), besides=look.source
        )
        if answer is not None:
            self.comparison.compare(self.believed, *answer, look.at)

    async def _read_candles(self, look: Look) -> None:
        """Ask for the candles that have closed, within the budget of one call a second."""
        due = last_closed(look.at, self.timeframe)
        await self._read_stored(due)
        for symbol in self._lacking(due):
            await self._extend(look, symbol, due)

    def _lacking(self, due: datetime) -> list[str]:
        """List the symbols whose newest candle is older than the one that is due.

        Whoever lacks most comes first: with more symbols than calls, everyone gets a turn.
        """
        newest = {
            symbol: window[-1].open_time if (window := self.windows.get(symbol)) else EPOCH
            for symbol in self.settings.symbols
        }
        return sorted((s for s, moment in newest.items() if moment < due), key=newest.__getitem__)

    async def _read_stored(self, due: datetime) -> None:
        """Take over what another worker has stored, if this one has missed more than a candle."""
        oldest = due - self.timeframe * self._limit
        windows = {symbol: self.windows.get(symbol, ()) for symbol in self._lacking(due)}
        if all(
            window and window[-1].open_time + self.timeframe >= due for window in windows.values()
        ):
            return
        after = {s: window[-1].open_time if window else oldest for s, window in windows.items()}
        stored = await load_candles(self.database, self.settings.timeframe, after)
        for symbol, window in windows.items():
            found = stored[symbol]
            if not window and found and found[0].open_time > oldest + self.timeframe:
                found = []  # Less than a snapshot holds, so the whole is fetched.
            self.windows[symbol] = _continued(window, found, self.timeframe)[-self._limit :]

    async def _extend(self, look: Look, symbol: str, due: datetime) -> None:
        """Fetch the candles after the window's last, up to the one that is due."""
        window = self.windows[symbol]
        oldest = due - self.timeframe * (self._limit - 1)
        since = max(oldest, window[-1].open_time + self.timeframe) if window else oldest
        wanted = min(1000, round((due - since) / self.timeframe) + 2)
        answer = await self.asking.ask(
            look,
            "candles",
            lambda source: source.candles(symbol, self.settings.timeframe, since, wanted),
        )
        found = check_candles(
            symbol,
            answer[0] if answer else (),
            after=window[-1] if window else None,
            timeframe=self.timeframe,
            closed_by=look.at,
            spike_percent=self.settings.market_spike_percent,
        )
        fresh = [item for item in _refusals_aside(found, look) if item.open_time <= due]
        look.new_candles[symbol] = fresh
        self.windows[symbol] = (*window, *fresh)[-self._limit :]

    def _snapshot(self, look: Look) -> MarketSnapshot:
        """Show what is believed now, with its age."""
        return MarketSnapshot(
            at=look.at,
            symbols={symbol: self._view(symbol, look) for symbol in self.settings.symbols},
            calls=look.calls.total(),
            refused=dict(Counter(refusal.kind for refusal in look.refused)),
        )

    def _view(self, symbol: str, look: Look) -> SymbolView:
        """Show one symbol, and say whether it can be acted on."""
        believed = self.believed.get(symbol, Believed())
        candles = Candles(symbol, self.timeframe, self.windows.get(symbol, ()))
        return SymbolView(
            symbol=symbol,
            price=believed.price,
            price_at=believed.at,
            candles=candles,
            health=self._health(believed, candles, look.at),
            source=believed.source,
            dispute=self.comparison.dispute(symbol, look.at),
        )

    def _health(self, believed: Believed, candles: Candles, at: datetime) -> Health:
        """Missing without a price or a candle; stale when either has stopped coming."""
        if believed.at is None or not candles.rows:
            return Health.MISSING
        too_old = at - believed.at > timedelta(seconds=self.settings.market_stale_seconds)
        # A candle may be late by one tick of its own; later than that, it has stopped coming.
        tardy = timedelta(seconds=self.settings.market_stale_seconds) + self.timeframe
        behind = at - (candles.last.open_time + self.timeframe) > tardy
        return Health.STALE if too_old or behind else Health.FRESH

    @property
    def _limit(self) -> int:
        return self.settings.market_history_candles


def last_closed(at: datetime, timeframe: timedelta) -> datetime:
    """Give the open time of the newest candle that has closed by `at`."""
    return EPOCH + ((at - EPOCH) // timeframe - 1) * timeframe


def _continued(
    window: tuple[Candle, ...], found: list[Candle], timeframe: timedelta
) -> tuple[Candle, ...]:
    """Put stored candles behind a window; where they do not touch, candles are missing."""
    if window and found and found[0].open_time > window[-1].open_time + timeframe:
        found = [replace(found[0], gap_before=True), *found[1:]]
    return (*window, *found)


def _refusals_aside(found: Iterable[Candle | Refusal], look: Look) -> Iterable[Candle]:
    """Note the refusals in the look and pass the candles on."""
    for item in found:
        if isinstance(item, Refusal):
            look.refused.append(item)
        else:
            yield item
