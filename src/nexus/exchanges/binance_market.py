"""Read Binance's market data: one call for all prices, one for a symbol's candles. No key."""

from collections.abc import Sequence
from datetime import datetime

from nexus.core.clock import to_ms
from nexus.exchanges.answers import read_answer
from nexus.exchanges.binance_answers import market_id, read_candles, read_tickers
from nexus.exchanges.binance_wire import KLINES, TICKERS
from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.exchanges.wire import Wire


class BinanceMarket:
    """Market data of one Binance address."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire = wire
        self.name = name

    async def tickers(self, symbols: Sequence[str]) -> list[RawTicker]:
        """Read the last price of up to 20 symbols in one call of weight 2.

        `ticker/price` would weigh no less and has no time, so its age could not be known.
        """
        names = ",".join(f'"{market_id(symbol)}"' for symbol in symbols)
        reply = await self.wire.ask(TICKERS, {"symbols": f"[{names}]", "type": "MINI"})
        return read_answer(reply, lambda body: read_tickers(body, symbols))

    async def candles(
        self, symbol: str, timeframe: str, since: datetime, limit: int
    ) -> list[RawCandle]:
        """Read up to `limit` candles from `since` on, the still open one included."""
        reply = await self.wire.ask(
            KLINES,
            {
                "symbol": market_id(symbol),
                "interval": timeframe,
                "startTime": to_ms(since),
                "limit": limit,
            },
        )
        return read_answer(reply, read_candles)

    async def close(self) -> None:
        """Let the connections go."""
        await self.wire.close()
