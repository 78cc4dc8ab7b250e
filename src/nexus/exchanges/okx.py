"""Send orders to OKX spot and ask about them: the second venue, to keep the border honest.

Its differences from Binance (docs/decisions/0014): client ids without dashes that are never
accepted twice, sizes in another precision without a minimum value, keys of three parts, an
acceptance that says nothing of fills, refusals with HTTP 200, limits per account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from nexus.exchanges.answers import read_answer
from nexus.exchanges.capabilities import OKX
from nexus.exchanges.egress import DEFAULT
from nexus.exchanges.okx_answers import (
    add_okx_volumes,
    instrument,
    okx_client_id,
    read_okx_balances,
    read_okx_fills,
    read_okx_filters,
    read_okx_order,
    read_okx_rights,
    read_okx_round_trip_bps,
    read_row,
)
from nexus.exchanges.okx_outcome import KEY_INVALID, NO_SUCH_ORDER, SERVER_ERROR, read_okx_outcome
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    ExchangeAwayError,
    Filters,
    Intent,
    Outcome,
    Report,
)
from nexus.exchanges.signed_venue import Lane, SignedVenue
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Endpoint, Reply, Request, Wire

# What is public is counted by address: 10 to 20 requests in two seconds. The rest by account.
TIME = Endpoint("public", "GET", "public/time", 1)
INSTRUMENTS = Endpoint("public", "GET", "public/instruments", 1)
TICKERS = Endpoint("public", "GET", "market/tickers", 1)
NEW_ORDER = Endpoint("private", "POST", "trade/order", 0)
QUERY_ORDER = Endpoint("private", "GET", "trade/order", 0)
FILLS = Endpoint("private", "GET", "trade/fills", 0)
BALANCE = Endpoint("private", "GET", "account/balance", 0)
CONFIG = Endpoint("private", "GET", "account/config", 0)
FEE_RATES = Endpoint("private", "GET", "account/trade-fee", 0)
SPOT = {"instType": "SPOT"}
CLOCK_REFUSED = 50102


class Okx(SignedVenue):
    """OKX spot."""

    capabilities = OKX
    key_invalid_codes = KEY_INVALID

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        """Look an order up by our id, and its trades when it has any."""
        wanted = {"instId": instrument(symbol), "clOrdId": okx_client_id(client_order_id)}
        reply = await self.ask(account, QUERY_ORDER, wanted)
        if reply.code == NO_SUCH_ORDER and reply.status < SERVER_ERROR:
            return None
        found = read_answer(reply, lambda body: read_okx_order(body, client_order_id))
        if not found.executed_quantity:
            return found
        wanted = SPOT | {"instId": instrument(symbol), "ordId": found.exchange_order_id}
        fills = read_answer(await self.ask(account, FILLS, wanted), read_okx_fills)
        if sum(fill.quantity for fill in fills) != found.executed_quantity:
            return found
        spent = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
        return replace(found, fills=fills, executed_quote=spent)

    async def balances(self, account: Account) -> dict[str, Decimal]:
        """Read what is free."""
        return read_answer(await self.ask(account, BALANCE, {}), read_okx_balances)

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        """Read the filters of `symbols`, and what is traded of them; OKX gives all at once."""
        wire = self.lanes[DEFAULT].wire
        reply = await wire.ask(INSTRUMENTS, SPOT, urgent=False)
        found = read_answer(reply, lambda body: read_okx_filters(body, symbols))
        reply = await wire.ask(TICKERS, SPOT, urgent=False)
        return read_answer(reply, lambda body: add_okx_volumes(found, body))

    async def round_trip_bps(self, pair: KeyPair, symbol: str, egress: str = DEFAULT) -> Decimal:
        """Read what the owner of a key really pays to buy and sell once."""
        wanted = SPOT | {"instId": instrument(symbol)}
        return read_answer(
            await self._ask_with(pair, FEE_RATES, wanted, egress), read_okx_round_trip_bps
        )

    async def restrictions(self, pair: KeyPair, egress: str = DEFAULT) -> Mapping[str, Any]:
        """Read what a key that is about to be connected may do; raises ExchangeAwayError."""
        return read_answer(await self._ask_with(pair, CONFIG, {}, egress), read_okx_rights)

    async def _server_time(self, wire: Wire) -> int:
        return read_answer(await wire.ask(TIME), lambda body: int(read_row(body)["ts"]))

    def _write_order(
        self, wire: Wire, intent: Intent, key: LockedKey, stamp: int, window_ms: int
    ) -> Request:
        """Write a market order in base units, which OKX starts before `expires` or never."""
        params = {
            "instId": instrument(intent.symbol),
            "tdMode": "cash",
            "clOrdId": okx_client_id(intent.client_order_id),
            "side": intent.side.value,
            "ordType": "market",
            "sz": f"{intent.quantity.normalize():f}",
            "tgtCcy": "base_ccy",
        }
        times = {"stamp": stamp, "expires": stamp + window_ms}
        return wire.builder.build(NEW_ORDER, params | times, key)

    async def _judge(self, lane: Lane, intent: Intent, reply: Reply) -> Outcome:
        """Judge the reply, and ask at once for the fills that an acceptance does not tell."""
        outcome = read_okx_outcome(reply, intent.client_order_id)
        if reply.code == CLOCK_REFUSED:
            lane.clock.doubt()
        if not isinstance(outcome, Accepted):
            return outcome
        try:
            found = await self.find(intent.account, intent.symbol, intent.client_order_id)
        except ExchangeAwayError:
            return outcome  # It was accepted; what became of it is asked again later.
        return outcome if found is None else Accepted(found)

    async def _signed(self, lane: Lane, params: dict[str, Any]) -> dict[str, Any]:
        return params | {"stamp": await lane.clock.stamp()}
