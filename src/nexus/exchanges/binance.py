"""Send orders to Binance spot and ask about them. The only file that speaks CCXT.

CCXT writes and signs the requests. What it makes of the answers is not used: its classes hide
whether an order was placed, and its numbers are floats (docs/decisions/0006).
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import ccxt  # type: ignore[import-untyped]
import structlog

from nexus.core.clock import now, to_ms
from nexus.exchanges.binance_answers import (
    market_id,
    read_balances,
    read_fills,
    read_filters,
    read_order,
)
from nexus.exchanges.binance_outcome import (
    CLOCK_REFUSED,
    NO_SUCH_ORDER,
    SERVER_ERROR,
    Reply,
    read_answer,
    read_outcome,
)
from nexus.exchanges.binance_wire import (
    ACCOUNT,
    EXCHANGE_INFO,
    NEW_ORDER,
    QUERY_ORDER,
    RESTRICTIONS,
    TIME,
    TRADES_OF_ORDER,
    BinanceWire,
    Endpoint,
    LostError,
    NotStartedError,
    Request,
)
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.governor import Grant
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    Answer,
    Capabilities,
    ExchangeAwayError,
    Filters,
    Intent,
    NotPlaced,
    Outcome,
    Report,
    Side,
    Unclear,
)
from nexus.exchanges.server_clock import ServerClock
from nexus.exchanges.unlock import KeyReader, LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.settings import Settings

log = structlog.get_logger()

SPOT = Capabilities(
    venue="binance",
    taker_fee_bps=Decimal(10),
    client_id_pattern="^[a-zA-Z0-9-_]{1,36}$",
    client_id_unique_among="open orders of an account",
    finds_by_client_id=True,
    regions_refused=("US",),
)


class Binance:
    """Binance spot, for all accounts of one egress over one session."""

    capabilities = SPOT

    def __init__(self, wire: BinanceWire, keys: KeyReader, settings: Settings) -> None:
        self.wire = wire
        self.keys = keys
        self.settings = settings
        self.clock = ServerClock(self._server_time)

    async def send(self, intents: Sequence[Intent]) -> AsyncGenerator[Answer, None]:
        """Send each order once, at most `ORDER_CONCURRENCY` at a time, answers as they come."""
        began, accepted = now(), 0
        keys = await self._read_keys(intents)
        admitted, refused, grant = await self._admit(intents)
        for answer in refused:
            yield answer
        turns = asyncio.Semaphore(self.settings.order_concurrency)
        tasks = [
            asyncio.create_task(self._answer(intent, keys, began, turns)) for intent in admitted
        ]
        try:
            for task in asyncio.as_completed(tasks):
                answer = await task
                accepted += isinstance(answer.outcome, Accepted)
                yield answer
        finally:
            for unfinished in tasks:
                unfinished.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if accepted:  # An accepted order costs no weight after all.
            await self.wire.governor.give_back(grant, accepted * NEW_ORDER.weight)

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        """Look an order up by our id, and its trades when it has any."""
        wanted = {"symbol": market_id(symbol), "origClientOrderId": client_order_id}
        reply = await self._ask(account, QUERY_ORDER, wanted)
        if reply.code == NO_SUCH_ORDER and reply.status < SERVER_ERROR:
            return None
        found = read_answer(reply, read_order)
        if found.client_order_id != client_order_id:
            raise ExchangeAwayError("Binance answered about another order; it is asked again.")
        if not found.executed_quantity:
            return found
        wanted = {"symbol": market_id(symbol), "orderId": found.exchange_order_id}
        fills = read_answer(await self._ask(account, TRADES_OF_ORDER, wanted), read_fills)
        whole = sum(fill.quantity for fill in fills) == found.executed_quantity
        return replace(found, fills=fills) if whole else found

    async def balances(self, account: Account) -> dict[str, Decimal]:
        """Read what is free; weight 20, so never on the path of a decision."""
        reply = await self._ask(account, ACCOUNT, {"omitZeroBalances": "true"}, urgent=False)
        return read_answer(reply, read_balances)

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        """Read the filters of `symbols` in one call."""
        names = ",".join(f'"{market_id(symbol)}"' for symbol in symbols)
        reply = await self.wire.ask(EXCHANGE_INFO, {"symbols": f"[{names}]"}, urgent=False)
        return read_answer(reply, lambda body: read_filters(body, symbols))

    async def restrictions(self, pair: KeyPair) -> dict[str, Any]:
        """Read what a key that is about to be connected may do; raises ExchangeAwayError."""
        key = LockedKey(0, lambda: pair)
        reply = await self.wire.ask(RESTRICTIONS, await self._stamped({}), key, urgent=False)
        return read_answer(reply, dict)

    async def close(self) -> None:
        """Let the connections go."""
        await self.wire.close()

    async def _admit(self, intents: Sequence[Intent]) -> tuple[list[Intent], list[Answer], Grant]:
        """Reserve the weight all of them would cost if refused; exits first, with the whole budget.

        Gives the orders that may go, the answers of those that may not, and the last grant.
        """
        admitted: list[Intent] = []
        refused: list[Answer] = []
        grant = Grant(0, 0)
        for side in (Side.SELL, Side.BUY):
            orders = [intent for intent in intents if intent.side is side]
            if not orders:
                continue
            grant = await self.wire.governor.take(
                len(orders), NEW_ORDER.weight, exits=side is Side.SELL
            )
            admitted += orders[: grant.requests]
            late = NotPlaced(0, "the request budget of this minute is used up", grant.retry_after)
            refused += [Answer(intent, late) for intent in orders[grant.requests :]]
        return admitted, refused, grant

    async def _answer(
        self,
        intent: Intent,
        keys: Mapping[int, LockedKey] | NotPlaced,
        began: datetime,
        turns: asyncio.Semaphore,
    ) -> Answer:
        """Send one order when it is its turn; whatever goes wrong becomes its outcome."""
        async with turns:
            try:
                return Answer(intent, await self._place(intent, keys, intent.sent_at or began))
            except Exception as error:  # noqa: BLE001  an order never ends in an exception
                name = type(error).__name__
                # Without its traceback, whose variables may hold the key.
                log.error("order_unforeseen", order=intent.order_id, error=name)  # noqa: TRY400
                return Answer(intent, Unclear(f"unforeseen: {name}"))

    async def _place(
        self, intent: Intent, keys: Mapping[int, LockedKey] | NotPlaced, sent_at: datetime
    ) -> Outcome:
        """Open the key, sign, send once, and judge the reply."""
        if isinstance(keys, NotPlaced):
            return keys
        refusal = self._refuse(intent, keys.get(intent.account.id))
        if refusal:
            return NotPlaced(0, refusal)
        try:
            stamp = await self.clock.stamp()
            # The stamp is fresh, yet the window ends where the claim put it: a copy of this
            # request cannot start later than `sent_at` and `RECV_WINDOW_MS`.
            waited_ms = max(0, to_ms(now()) - to_ms(sent_at))
            window_ms = self.settings.recv_window_ms - waited_ms
            if window_ms <= 0:
                return NotPlaced(0, f"waited {waited_ms} ms in this process, which is too long")
            params = _order_params(intent) | {"timestamp": stamp, "recvWindow": window_ms}
            request = self.wire.builder.build(NEW_ORDER, params, keys[intent.account.id])
            reply = await self.wire.carry(request)
        except (KeyLockedError, ExchangeAwayError, NotStartedError) as error:
            return NotPlaced(0, str(error))
        except LostError as error:
            return Unclear(str(error))
        if reply.code == CLOCK_REFUSED:
            self.clock.doubt()
        return read_outcome(reply, intent.client_order_id)

    def _refuse(self, intent: Intent, key: LockedKey | None) -> str:
        """Say why this order must not be signed here, or nothing."""
        if intent.account.egress != self.wire.egress:
            return f"the account leaves by {intent.account.egress}, not by {self.wire.egress}"
        if intent.side is Side.BUY and intent.symbol not in self.settings.symbols:
            return f"{intent.symbol} is not among SYMBOLS, so it is never bought"
        if key is None or key.version != intent.account.key_version:
            return "the key this order was claimed with has been removed or replaced"
        return ""

    async def _read_keys(self, intents: Sequence[Intent]) -> Mapping[int, LockedKey] | NotPlaced:
        """Read the sealed keys of the whole batch; without them nothing is placed."""
        try:
            return await self.keys([intent.account for intent in intents])
        except KeyLockedError as error:
            return NotPlaced(0, str(error))
        except Exception as error:  # noqa: BLE001  whatever it was, nothing has been placed
            return NotPlaced(0, f"the keys could not be read: {type(error).__name__}")

    async def _ask(
        self, account: Account, endpoint: Endpoint, params: dict[str, Any], *, urgent: bool = True
    ) -> Reply:
        """Ask something about an account. Raises ExchangeAwayError."""
        key = await self._key_of(account)
        try:
            return await self.wire.ask(endpoint, await self._stamped(params), key, urgent=urgent)
        except KeyLockedError as error:
            raise ExchangeAwayError(str(error)) from error

    async def _key_of(self, account: Account) -> LockedKey:
        """Read one account's key, whatever its version: asking is not placing."""
        if account.egress != self.wire.egress:
            raise ExchangeAwayError(f"The account must be asked about by {account.egress}.")
        try:
            keys = await self.keys([account])
        except KeyLockedError as error:
            raise ExchangeAwayError(str(error)) from error
        if account.id not in keys:
            raise ExchangeAwayError(f"Account {account.id} has no key; connect it again.")
        return keys[account.id]

    async def _stamped(self, params: dict[str, Any]) -> dict[str, Any]:
        stamp = await self.clock.stamp()
        return params | {"timestamp": stamp, "recvWindow": self.settings.recv_window_ms}

    async def _server_time(self) -> int:
        return read_answer(await self.wire.ask(TIME), lambda body: int(body["serverTime"]))


def _order_params(intent: Intent) -> dict[str, Any]:
    """Write a market order: no price, because CCXT would turn it into an amount of quote."""
    return {
        "symbol": market_id(intent.symbol),
        "side": intent.side.upper(),
        "type": "MARKET",
        # Without trailing zeros, which Binance counts as precision (-1111).
        "quantity": f"{intent.quantity.normalize():f}",
        "newClientOrderId": intent.client_order_id,
        "newOrderRespType": "FULL",
    }


class CcxtRequests:
    """Writes and signs requests with one CCXT object, whose keys are lent to it per signature."""

    def __init__(self, base_url: str) -> None:
        self._ccxt = ccxt.binance({"enableRateLimit": False})
        self._ccxt.urls["api"] = {
            "public": f"{base_url}/api/v3",
            "private": f"{base_url}/api/v3",
            "sapi": f"{base_url}/sapi/v1",
        }

    def build(
        self, endpoint: Endpoint, params: Mapping[str, Any], key: LockedKey | None
    ) -> Request:
        """Write the request, signed when there is a key. Raises KeyLockedError.

        Nothing is awaited between lending the key and taking it back, so no other order can
        be signed with it.
        """
        if key is not None:
            pair = key.open()
            self._ccxt.apiKey, self._ccxt.secret = pair.key, pair.secret
        try:
            signed = self._ccxt.sign(
                endpoint.path, [endpoint.section], endpoint.method, dict(params)
            )
        finally:
            self._ccxt.apiKey = self._ccxt.secret = ""
        return Request(signed["method"], signed["url"], signed["headers"] or {}, signed["body"])
