"""Which exchange do tests of the ledger trade at? One that does what it is told, and notes it all.

It keeps its own journal of the orders it took, so that our ledger is judged by its record.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count

from nexus.core.clock import now
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    Answer,
    Capabilities,
    ExchangeAwayError,
    Fill,
    Filters,
    Intent,
    KeyInvalidError,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Side,
    Unclear,
    VenueStatus,
)

BTC = "BTC/USDT"
PRICE = Decimal(50_000)
VENUE = "scripted"
FEE = Decimal("0.001")
FILTERS = Filters(
    BTC,
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.0001"),
    min_quantity=Decimal("0.0001"),
    max_quantity=Decimal(100),
    min_notional=Decimal(5),
    rests_stops=True,
)


class WorkerDiedError(BaseException):
    """The process is gone in the middle of its work: nothing may catch this."""


Act = Callable[["ScriptedExchange", Intent], Outcome]
Cancel = Callable[["ScriptedExchange", str], Outcome]


class ScriptedExchange:
    """An exchange that does what a test says with the next orders, and fills all others."""

    capabilities = Capabilities(VENUE, Decimal(10), "^[a-zA-Z0-9-_]{1,36}$", "open orders", True)  # noqa: FBT003

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.received: list[Intent] = []
        self.journal: dict[str, Report] = {}
        """Every order it took, by client id."""
        self.asked: list[str] = []
        self.cancels: list[Cancel] = []
        """What becomes of the next cancels, in turn."""
        self.cancelled: list[str] = []
        """Every order somebody asked it to cancel."""
        self.holds: dict[str, Decimal] | None = None
        """What every account has free; None where nobody may ask, as in a fan-out."""
        self.blind = False
        self.away = False
        self.locked_out = False
        """Whether no key is accepted with a question."""
        self._trades = count(1)

    def next_orders(self, *acts: Act) -> None:
        """Say what becomes of the next orders, in turn."""
        self.acts += acts

    async def send(self, intents: Sequence[Intent]) -> AsyncGenerator[Answer]:
        for intent in intents:
            self.received.append(intent)
            usual = fill() if intent.stop_price is None else take(VenueStatus.NEW)
            act = self.acts.pop(0) if self.acts else usual
            yield Answer(intent, act(self, intent))

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        del account, symbol
        self.asked.append(client_order_id)
        if self.away:
            raise ExchangeAwayError("scripted")
        if self.locked_out:
            raise KeyInvalidError("scripted", 401, -2015)
        return None if self.blind else self.journal.get(client_order_id)

    async def cancel(self, account: Account, symbol: str, client_order_id: str) -> Outcome:
        del account, symbol
        self.cancelled.append(client_order_id)
        act = self.cancels.pop(0) if self.cancels else end_it
        return act(self, client_order_id)

    async def balances(self, account: Account) -> dict[str, Decimal]:
        assert self.holds is not None, f"nobody may read the balances of {account.id} here"
        return self.holds

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        return {symbol: replace(FILTERS, symbol=symbol) for symbol in symbols}

    async def close(self) -> None:
        """Do nothing: there is nothing open."""

    def take(self, intent: Intent, status: VenueStatus, share: Decimal = Decimal(1)) -> Report:
        """Take an order into the journal, with a share of it filled at the planned price."""
        assert intent.client_order_id not in self.journal, "the same order was taken twice"
        done, price = intent.quantity * share, intent.reference_price
        base, _, quote = intent.symbol.partition("/")
        received, asset = (done, base) if intent.side is Side.BUY else (done * price, quote)
        trade = Fill(str(next(self._trades)), price, done, received * FEE, asset, now())
        report = Report(
            f"x-{intent.order_id}", intent.client_order_id, status, done, done * price,
            fills=(trade,) if done else (),
        )  # fmt: skip
        self.journal[intent.client_order_id] = report
        return report

    def moves_on(self, client_id: str, status: VenueStatus, share: str = "1") -> None:
        """Finish an order that was taken earlier without a fill."""
        del self.journal[client_id]
        sent = next(i for i in self.received if i.client_order_id == client_id)
        self.take(sent, status, Decimal(share))

    def end(self, client_id: str) -> Outcome:
        """Cancel an order that is open, as a venue would."""
        report = self.journal.get(client_id)
        if report is None or report.status is not VenueStatus.NEW:
            return Rejected(-2011, "Unknown order sent.")
        self.journal[client_id] = replace(report, status=VenueStatus.CANCELED)
        return Accepted(self.journal[client_id])


def end_it(exchange: ScriptedExchange, client_id: str) -> Outcome:
    """Cancel an order, and say so."""
    return exchange.end(client_id)


def lose_cancel(*, done: bool) -> Cancel:
    """Let nobody know what became of a cancel."""

    def act(exchange: ScriptedExchange, client_id: str) -> Outcome:
        if done:
            exchange.end(client_id)
        return Unclear("timeout")

    return act


def sell_meanwhile(share: str = "1") -> Cancel:
    """Let a stop sell right before its cancel arrives."""

    def act(exchange: ScriptedExchange, client_id: str) -> Outcome:
        over = VenueStatus.FILLED if share == "1" else VenueStatus.EXPIRED
        exchange.moves_on(client_id, over, share)
        return exchange.end(client_id)

    return act


def fill() -> Act:
    return lambda exchange, intent: Accepted(exchange.take(intent, VenueStatus.FILLED))


def take(status: VenueStatus, share: str = "0") -> Act:
    """Take the order, fill a share of it, and say it is in `status`."""
    return lambda exchange, intent: Accepted(exchange.take(intent, status, Decimal(share)))


def reject(code: int = -2010, message: str = "insufficient balance") -> Act:
    return lambda _exchange, _intent: Rejected(code, message)


def refuse_for_now(code: int = -1003, *, retry_after: float = 0, key_invalid: bool = False) -> Act:
    return lambda _exchange, _intent: NotPlaced(code, "not now", retry_after, key_invalid)


def refuse_for_good(reason: str) -> Act:
    """Let the guard before the signature refuse it, as it would again."""
    return lambda _exchange, _intent: NotPlaced(0, reason, final=True)


def lose_answer(*, placed: bool, exists: bool = False) -> Act:
    """Let nobody know what became of the order."""

    def act(exchange: ScriptedExchange, intent: Intent) -> Outcome:
        if placed:
            exchange.take(intent, *_usual(intent))
        return Unclear("timeout", exists=exists)

    return act


def kill_worker(*, placed: bool) -> Act:
    """End the worker before the order arrives, or after."""

    def act(exchange: ScriptedExchange, intent: Intent) -> Outcome:
        if placed:
            exchange.take(intent, *_usual(intent))
        raise WorkerDiedError

    return act


def _usual(intent: Intent) -> tuple[VenueStatus, Decimal]:
    """Say how an order stands once it is taken: a stop rests, all else is filled."""
    if intent.stop_price is None:
        return VenueStatus.FILLED, Decimal(1)
    return VenueStatus.NEW, Decimal(0)
