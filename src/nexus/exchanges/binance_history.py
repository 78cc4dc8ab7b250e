"""Which orders did an account place lately? Asked by the slow rounds only, symbol by symbol."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from nexus.core.clock import to_ms
from nexus.exchanges.answers import UnreadableError, read_answer
from nexus.exchanges.binance import Binance
from nexus.exchanges.binance_answers import market_id, read_order
from nexus.exchanges.protocol import Account, Report
from nexus.exchanges.wire import Endpoint

log = structlog.get_logger()

ALL_ORDERS = Endpoint("private", "GET", "allOrders", 20)
MOST = 1_000
"""What the venue lists at once, the oldest first; who places more by hand is compared by those."""


class BinanceHistory:
    """The orders of the last day, whoever placed them."""

    weight = ALL_ORDERS.weight

    def __init__(self, binance: Binance) -> None:
        self._binance = binance

    async def recent_orders(
        self, account: Account, symbol: str, since: datetime
    ) -> Sequence[Report]:
        """Read the orders in `symbol` placed since, without fills. Raises ExchangeAwayError."""
        wanted = {"symbol": market_id(symbol), "startTime": to_ms(since), "limit": MOST}
        reply = await self._binance.ask(account, ALL_ORDERS, wanted, urgent=False)
        orders = read_answer(reply, _read_orders)
        if len(orders) == MOST:
            log.warning("orders_cut_off", account=account.id, symbol=symbol, most=MOST)
        return orders


def _read_orders(body: Any) -> list[Report]:
    if not isinstance(body, list):
        raise UnreadableError("the answer is not a list of orders")
    return [read_order(entry) for entry in body]
