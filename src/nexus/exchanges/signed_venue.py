"""What do all venues with keys share? Reads keys, keeps to budgets and caps, sends each order once.

A venue says how an order is written, how its reply is judged, and how its clock is read.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from nexus.core.clock import now, to_ms
from nexus.exchanges.answers import say_refusal
from nexus.exchanges.by_haste import by_haste, no_stops_here
from nexus.exchanges.dispatch import dispatch
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.governor import Grant
from nexus.exchanges.guard import Guard, Reserved
from nexus.exchanges.last_look import LastLook
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    Answer,
    Capabilities,
    ExchangeAwayError,
    Intent,
    KeyInvalidError,
    NotPlaced,
    Outcome,
    Rejected,
    Side,
    Unclear,
)
from nexus.exchanges.server_clock import ServerClock
from nexus.exchanges.unlock import KeyReader, LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Endpoint, LostError, NotStartedError, Reply, Request, Wire
from nexus.settings import Settings

OURS = 0
"""The code of an order that we refused ourselves, before the network."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One egress: its connection, and the exchange's clock as seen through it."""

    wire: Wire
    clock: ServerClock


@dataclass(slots=True)
class Batch:
    """What one `send` may send, and what was set aside for it."""

    intents: list[Intent]
    grants: dict[str, list[Grant]]
    reserved: dict[int, Reserved]
    """By the identity of the intent."""


class SignedVenue(ABC):
    """A venue for all accounts, over one session per egress."""

    capabilities: Capabilities
    key_invalid_codes: frozenset[int]
    """The venue's codes for a key that it does not accept any more."""
    order_weight = 0
    """What an order costs of its address's budget if it is refused; 0: it is not counted so."""

    def __init__(
        self, wires: Sequence[Wire], keys: KeyReader, guard: Guard, settings: Settings
    ) -> None:
        self.lanes = {
            wire.egress.name: Lane(wire, ServerClock(partial(self._server_time, wire)))
            for wire in wires
        }
        self.keys = keys
        self.guard = guard
        self.settings = settings

    @abstractmethod
    async def _server_time(self, wire: Wire) -> int:
        """Read the exchange's clock in ms. Raises ExchangeAwayError."""

    @abstractmethod
    def _write_order(
        self, wire: Wire, intent: Intent, key: LockedKey, stamp: int, window_ms: int
    ) -> Request:
        """Write and sign an order that must start within the window. Raises KeyLockedError."""

    @abstractmethod
    async def _judge(self, lane: Lane, intent: Intent, reply: Reply) -> Outcome:
        """Say what became of an order by the reply to its one request."""

    @abstractmethod
    async def _signed(self, lane: Lane, params: dict[str, Any]) -> dict[str, Any]:
        """Add what a signed question needs. Raises ExchangeAwayError."""

    async def send(self, intents: Sequence[Intent]) -> AsyncGenerator[Answer, None]:
        """Send each order once, at most `ORDER_CONCURRENCY` at a time, answers as they come."""
        began = now()
        # Before any budget is set aside for orders, which cannot be stamped without it.
        await self._wind_clocks(intents)
        keys, (batch, refused) = await asyncio.gather(
            self._read_keys(intents), self._admit(intents)
        )
        for answer in refused:
            yield answer

        last_look = LastLook(self.guard.forbidden, batch.intents)

        async def place(intent: Intent) -> Outcome:
            return await self._place(intent, keys, intent.sent_at or began, last_look)

        weightless: Counter[str] = Counter()
        unplaced: list[Reserved] = []
        sending = dispatch(batch.intents, place, self.settings.order_concurrency)
        async with aclosing(sending) as answers:
            async for answer in answers:
                outcome = answer.outcome
                # One that was accepted weighs nothing, and neither does one that never left.
                if isinstance(outcome, Accepted) or getattr(outcome, "code", None) == OURS:
                    weightless[answer.intent.account.egress] += 1
                # One that is unclear may have been placed, so it stays counted.
                if isinstance(outcome, Rejected | NotPlaced):
                    unplaced.append(batch.reserved[id(answer.intent)])
                yield answer
        await self._settle(batch, weightless, unplaced)

    async def _wind_clocks(self, intents: Sequence[Intent]) -> None:
        """Measure the exchange's clock where it is due; one that fails is told order by order."""
        for egress in {intent.account.egress for intent in intents} & self.lanes.keys():
            with suppress(ExchangeAwayError):
                await self.lanes[egress].clock.stamp()

    async def cancel(self, account: Account, symbol: str, client_order_id: str) -> Outcome:
        """Refuse: where no stop of ours rests, there is nothing to cancel."""
        del account, symbol, client_order_id
        return no_stops_here()

    async def close(self) -> None:
        """Let the connections go."""
        for lane in self.lanes.values():
            await lane.wire.close()

    async def _admit(self, intents: Sequence[Intent]) -> tuple[Batch, list[Answer]]:
        """Say which orders may go: there is weight for them, and their accounts' caps allow it.

        Each reserves the weight it would cost if refused. Exits come first, with the whole budget.
        """
        batch, refused = Batch([], {}, {}), []
        ours = [intent for intent in intents if intent.account.egress in self.lanes]
        for intent in intents:
            if intent.account.egress not in self.lanes:
                why = f"there is no egress {intent.account.egress!r}; name it in EGRESSES"
                refused.append(Answer(intent, NotPlaced(OURS, why)))
            elif intent.stop_price is not None and not self.capabilities.rests_stops:
                refused.append(Answer(intent, no_stops_here()))
                ours.remove(intent)
        if not self.order_weight:
            batch.intents = sorted(ours, key=lambda intent: intent.side is not Side.SELL)
            ours = []
        for egress in dict.fromkeys(intent.account.egress for intent in ours):
            governor = self.lanes[egress].wire.governor
            mine = [intent for intent in ours if intent.account.egress == egress]
            for exits, orders in by_haste(mine):
                if not orders:
                    continue
                grant = await governor.take(len(orders), self.order_weight, exits=exits)
                batch.grants.setdefault(egress, []).append(grant)
                batch.intents += orders[: grant.requests]
                why = "the request budget of this address is used up"
                late = NotPlaced(OURS, why, grant.retry_after)
                refused += [Answer(intent, late) for intent in orders[grant.requests :]]
        return batch, refused + await self._guard(batch)

    async def _guard(self, batch: Batch) -> list[Answer]:
        """Take out of the batch what the guard refuses, and note what it counted."""
        refused: list[Answer] = []
        answers = await self.guard.reserve(self.capabilities.venue, batch.intents)
        for intent, answer in zip(batch.intents, answers, strict=True):
            if isinstance(answer, Reserved):
                batch.reserved[id(intent)] = answer
            else:
                refused.append(Answer(intent, answer))
        batch.intents = [intent for intent in batch.intents if id(intent) in batch.reserved]
        return refused

    async def _settle(
        self, batch: Batch, weightless: Mapping[str, int], unplaced: Sequence[Reserved]
    ) -> None:
        """Give back what was set aside and not used."""
        sent = Counter(intent.account.egress for intent in batch.intents)
        for egress, grants in batch.grants.items():
            free = (
                sum(grant.requests for grant in grants) - sent[egress] + weightless.get(egress, 0)
            )
            if free:
                governor = self.lanes[egress].wire.governor
                await governor.give_back(grants[-1], free * self.order_weight)
        await self.guard.release(unplaced)

    async def _place(
        self,
        intent: Intent,
        keys: Mapping[int, LockedKey] | NotPlaced,
        sent_at: datetime,
        last_look: LastLook,
    ) -> Outcome:
        """Open the key, look once more for a stop, sign, send once, and judge the reply."""
        key = _key_for(intent, keys)
        if isinstance(key, NotPlaced):
            return key
        lane = self.lanes[intent.account.egress]
        if held := self._hold(lane, intent):
            return held
        try:
            stamp = await lane.clock.stamp()
            if stopped := await last_look.refusal(intent):
                return stopped
            # The stamp is fresh, yet the window ends where the claim put it: a copy of this
            # request cannot start later than `sent_at` and `RECV_WINDOW_MS`.
            waited_ms = max(0, to_ms(now()) - to_ms(sent_at))
            window_ms = self.settings.recv_window_ms - waited_ms
            if window_ms <= 0:
                return NotPlaced(OURS, f"waited {waited_ms} ms in this process, which is too long")
            request = self._write_order(lane.wire, intent, key, stamp, window_ms)
            reply = await lane.wire.carry(request)
        except ExchangeAwayError as error:
            return NotPlaced(OURS, str(error), error.retry_after)
        except (KeyLockedError, NotStartedError) as error:
            return NotPlaced(OURS, str(error))
        except LostError as error:
            return Unclear(str(error))
        return await self._judge(lane, intent, reply)

    def _hold(self, lane: Lane, _intent: Intent) -> NotPlaced | None:
        """Hold an order back while the exchange wants silence."""
        if wait := lane.wire.governor.paused_seconds():
            return NotPlaced(OURS, "the exchange wants silence from this address", wait)
        return None

    async def _read_keys(self, intents: Sequence[Intent]) -> Mapping[int, LockedKey] | NotPlaced:
        """Read the sealed keys of the whole batch; without them nothing is placed."""
        try:
            return await self.keys([intent.account for intent in intents])
        except KeyLockedError as error:
            return NotPlaced(OURS, str(error))
        except Exception as error:  # noqa: BLE001  whatever it was, nothing has been placed
            return NotPlaced(OURS, f"the keys could not be read: {type(error).__name__}")

    async def ask(
        self, account: Account, endpoint: Endpoint, params: dict[str, Any], *, urgent: bool = True
    ) -> Reply:
        """Ask something about an account.

        Raises ExchangeAwayError, and KeyInvalidError when its key was not accepted.
        """
        key = await self._key_of(account)
        lane = self.lanes[account.egress]
        try:
            signed = await self._signed(lane, params)
            reply = await lane.wire.ask(endpoint, signed, key, urgent=urgent)
        except KeyLockedError as error:
            raise ExchangeAwayError(str(error)) from error
        if reply.code in self.key_invalid_codes:
            raise KeyInvalidError(say_refusal(reply), reply.status, reply.code)
        return reply

    async def end(
        self, account: Account, endpoint: Endpoint, params: dict[str, Any]
    ) -> Reply | NotPlaced | Unclear:
        """Ask once for an order of an account to be ended, within the budget of exits.

        It weighs nothing when it is accepted.
        """
        try:
            key = await self._key_of(account)
            lane = self.lanes[account.egress]
            signed = await self._signed(lane, params)
            grant = await lane.wire.governor.take(1, endpoint.weight, exits=True)
            if not grant.requests:
                why = "the request budget of this address is used up"
                return NotPlaced(OURS, why, grant.retry_after)
            reply = await lane.wire.carry(lane.wire.builder.build(endpoint, signed, key))
        except ExchangeAwayError as error:
            return NotPlaced(OURS, str(error), error.retry_after)
        except (KeyLockedError, NotStartedError) as error:
            return NotPlaced(OURS, str(error))
        except LostError as error:
            return Unclear(str(error))
        if reply.ok:
            await lane.wire.governor.give_back(grant, endpoint.weight)
        return reply

    async def _ask_with(
        self, pair: KeyPair, endpoint: Endpoint, params: dict[str, Any], egress: str
    ) -> Reply:
        """Ask something with a key that is not connected yet. Raises ExchangeAwayError."""
        if egress not in self.lanes:
            raise ExchangeAwayError(f"There is no egress {egress!r}; name it in EGRESSES.")
        lane = self.lanes[egress]
        signed = await self._signed(lane, params)
        return await lane.wire.ask(endpoint, signed, LockedKey(0, lambda: pair), urgent=False)

    async def _key_of(self, account: Account) -> LockedKey:
        """Read one account's key, whatever its version: asking is not placing."""
        if account.egress not in self.lanes:
            raise ExchangeAwayError(f"There is no egress {account.egress!r}; name it in EGRESSES.")
        try:
            keys = await self.keys([account])
        except KeyLockedError as error:
            raise ExchangeAwayError(str(error)) from error
        if account.id not in keys:
            raise ExchangeAwayError(f"Account {account.id} has no key; connect it again.")
        return keys[account.id]


def _key_for(intent: Intent, keys: Mapping[int, LockedKey] | NotPlaced) -> LockedKey | NotPlaced:
    """Give the very key that an order was claimed with."""
    if isinstance(keys, NotPlaced):
        return keys
    key = keys.get(intent.account.id)
    if key is None or key.version != intent.account.key_version:
        return NotPlaced(OURS, "the key this order was claimed with has been removed or replaced")
    return key
