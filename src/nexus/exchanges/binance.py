"""Send orders to Binance spot and ask about them: one adapter for all accounts and egresses."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from nexus.exchanges.answers import read_answer
from nexus.exchanges.binance_answers import (
    add_volumes,
    market_id,
    read_balances,
    read_fills,
    read_filters,
    read_holder,
    read_order,
    read_round_trip_bps,
)
from nexus.exchanges.binance_outcome import (
    CLOCK_REFUSED,
    KEY_INVALID,
    NO_SUCH_ORDER,
    SERVER_ERROR,
    read_cancel,
    read_outcome,
)
from nexus.exchanges.binance_wire import (
    ACCOUNT,
    CANCEL_ORDER,
    COMMISSION,
    EXCHANGE_INFO,
    NEW_ORDER,
    QUERY_ORDER,
    RESTRICTIONS,
    TICKERS,
    TIME,
    TRADES_OF_ORDER,
)
from nexus.exchanges.capabilities import BINANCE
from nexus.exchanges.egress import DEFAULT
from nexus.exchanges.guard import Guard
from nexus.exchanges.order_counts import OrderCounts
from nexus.exchanges.protocol import (
    Account,
    ExchangeAwayError,
    Filters,
    Holder,
    Intent,
    NotPlaced,
    Outcome,
    Report,
)
from nexus.exchanges.signed_venue import Lane, SignedVenue
from nexus.exchanges.unlock import KeyReader, LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Reply, Request, Wire
from nexus.settings import Settings


class Binance(SignedVenue):
    """Binance spot."""

    capabilities = BINANCE
    key_invalid_codes = KEY_INVALID
    order_weight = NEW_ORDER.weight

    def __init__(
        self, wires: Sequence[Wire], keys: KeyReader, guard: Guard, settings: Settings
    ) -> None:
        super().__init__(wires, keys, guard, settings)
        self.orders = OrderCounts()

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        """Look an order up by our id, and its trades when it has any."""
        wanted = {"symbol": market_id(symbol), "origClientOrderId": client_order_id}
        reply = await self.ask(account, QUERY_ORDER, wanted)
        if reply.code == NO_SUCH_ORDER and reply.status < SERVER_ERROR:
            return None
        found = read_answer(reply, read_order)
        if found.client_order_id != client_order_id:
            raise ExchangeAwayError("Binance answered about another order; it is asked again.")
        if not found.executed_quantity:
            return found
        wanted = {"symbol": market_id(symbol), "orderId": found.exchange_order_id}
        fills = read_answer(await self.ask(account, TRADES_OF_ORDER, wanted), read_fills)
        whole = sum(fill.quantity for fill in fills) == found.executed_quantity
        return replace(found, fills=fills) if whole else found

    async def cancel(self, account: Account, symbol: str, client_order_id: str) -> Outcome:
        """Cancel a stop that rests, out of the share that is kept for exits: one waits for it."""
        wanted = {"symbol": market_id(symbol), "origClientOrderId": client_order_id}
        reply = await self.end(account, CANCEL_ORDER, wanted)
        return read_cancel(reply, client_order_id) if isinstance(reply, Reply) else reply

    async def balances(self, account: Account) -> dict[str, Decimal]:
        """Read what is free; weight 20, so never on the path of a decision."""
        reply = await self.ask(account, ACCOUNT, {"omitZeroBalances": "true"}, urgent=False)
        return read_answer(reply, read_balances)

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        """Read the filters of `symbols` in one call, and what is traded of them in another."""
        wire = self.lanes[DEFAULT].wire
        names = ",".join(f'"{market_id(symbol)}"' for symbol in symbols)
        reply = await wire.ask(EXCHANGE_INFO, {"symbols": f"[{names}]"}, urgent=False)
        found = read_answer(reply, lambda body: read_filters(body, symbols))
        self.orders.learn_limits(reply.body.get("rateLimits", ()))
        wanted = {"symbols": f"[{names}]", "type": "MINI"}
        reply = await wire.ask(TICKERS, wanted, urgent=False)
        return read_answer(reply, lambda body: add_volumes(found, body))

    async def round_trip_bps(self, pair: KeyPair, symbol: str, egress: str = DEFAULT) -> Decimal:
        """Read what the owner of a key really pays to buy and sell once. Weight 20."""
        reply = await self._ask_with(pair, COMMISSION, {"symbol": market_id(symbol)}, egress)
        return read_answer(reply, read_round_trip_bps)

    async def restrictions(self, pair: KeyPair, egress: str = DEFAULT) -> dict[str, Any]:
        """Read what a key that is about to be connected may do; raises ExchangeAwayError."""
        return read_answer(await self._ask_with(pair, RESTRICTIONS, {}, egress), dict)

    async def holder(self, pair: KeyPair, egress: str = DEFAULT) -> Holder:
        """Read whose account a key opens, and of what kind. Weight 20."""
        wanted = {"omitZeroBalances": "true"}
        return read_answer(await self._ask_with(pair, ACCOUNT, wanted, egress), read_holder)

    async def _server_time(self, wire: Wire) -> int:
        return read_answer(await wire.ask(TIME), lambda body: int(body["serverTime"]))

    def _write_order(
        self, wire: Wire, intent: Intent, key: LockedKey, stamp: int, window_ms: int
    ) -> Request:
        params = _order_params(intent) | {"timestamp": stamp, "recvWindow": window_ms}
        return wire.builder.build(NEW_ORDER, params, key)

    async def _judge(self, lane: Lane, intent: Intent, reply: Reply) -> Outcome:
        self.orders.hear(intent.account.id, reply.headers)
        if reply.code == CLOCK_REFUSED:
            lane.clock.doubt()
        return read_outcome(reply, intent.client_order_id)

    def _hold(self, lane: Lane, intent: Intent) -> NotPlaced | None:
        """Hold an order back while the exchange wants silence, or its account has had enough."""
        if wait := self.orders.wait_seconds(intent.account.id):
            return NotPlaced(0, "the account has placed as many orders as it may", wait)
        return super()._hold(lane, intent)

    async def _signed(self, lane: Lane, params: dict[str, Any]) -> dict[str, Any]:
        stamp = await lane.clock.stamp()
        return params | {"timestamp": stamp, "recvWindow": self.settings.recv_window_ms}


def _order_params(intent: Intent) -> dict[str, Any]:
    """Write a market order: no price, because CCXT would turn it into an amount of quote."""
    kind = {"type": "MARKET"}
    if intent.stop_price is not None:
        kind = {"type": "STOP_LOSS", "stopPrice": _plain(intent.stop_price)}
    return {
        "symbol": market_id(intent.symbol),
        "side": intent.side.upper(),
        **kind,
        "quantity": _plain(intent.quantity),
        "newClientOrderId": intent.client_order_id,
        "newOrderRespType": "FULL",
    }


def _plain(amount: Decimal) -> str:
    """Write an amount without trailing zeros, which Binance counts as precision (-1111)."""
    return f"{amount.normalize():f}"
