"""What does a test of the ledger play with? People, bots, a leader, and an exchange with a journal.

The exchange is the only thing made up. It keeps its own journal of the orders it took, so that
our ledger is judged by its record; time stands where a test puts it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select, text, update

from nexus.accounts.models import User
from nexus.billing.models import Entitlement
from nexus.bots.events import BotChanged, CloseRequested
from nexus.bots.models import Bot, Holding
from nexus.core.clock import SetClock, now
from nexus.core.db import Database, Table, Transaction, upsert
from nexus.core.queue import Ring
from nexus.exchanges.filters import store_filters
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    Answer,
    Capabilities,
    ExchangeAwayError,
    Fill,
    Filters,
    Intent,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Side,
    Unclear,
    VenueStatus,
)
from nexus.execution.broker import Broker
from nexus.execution.events import OrderMoved, PlanRefused
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.execution.resolve import resolve_orders
from nexus.execution.send import place_orders
from nexus.fanout.models import PlanRow
from nexus.fanout.plan import plan_for_bots
from nexus.market.models import TickerRow
from nexus.pipeline.sweep import run_sweep
from nexus.regime.classify import Regime
from nexus.regime.judge import Verdict
from nexus.regime.models import ReadingRow
from nexus.regime.record import record
from nexus.settings import Settings
from nexus.strategy.book import load_books
from nexus.strategy.border import Action, Decision
from nexus.strategy.decide import EMPTY_BOOK, Proposal

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
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
)
Row = TypeVar("Row", bound=Table)


class WorkerDiedError(BaseException):
    """The process is gone in the middle of its work: nothing may catch this."""


async def somebody_waits(database: Database) -> None:
    """Return once a statement on this database waits for a lock that another holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10), database.engine.connect() as connection:
        while not await connection.scalar(waiting):
            await connection.rollback()
            await asyncio.sleep(0.005)


Act = Callable[["ScriptedExchange", Intent], Outcome]


class ScriptedExchange:
    """An exchange that does what a test says with the next orders, and fills all others."""

    capabilities = Capabilities(VENUE, Decimal(10), "^[a-zA-Z0-9-_]{1,36}$", "open orders", True)  # noqa: FBT003

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.received: list[Intent] = []
        self.journal: dict[str, Report] = {}
        """Every order it took, by client id."""
        self.asked: list[str] = []
        self.blind = False
        self.away = False
        self._trades = count(1)

    def next_orders(self, *acts: Act) -> None:
        """Say what becomes of the next orders, in turn."""
        self.acts += acts

    async def send(self, intents: Sequence[Intent]) -> AsyncGenerator[Answer]:
        for intent in intents:
            self.received.append(intent)
            act = self.acts.pop(0) if self.acts else fill()
            yield Answer(intent, act(self, intent))

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        del account, symbol
        self.asked.append(client_order_id)
        if self.away:
            raise ExchangeAwayError("scripted")
        return None if self.blind else self.journal.get(client_order_id)

    async def balances(self, account: Account) -> dict[str, Decimal]:
        raise AssertionError(f"nobody may read the balances of {account.id} in a fan-out")

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

    def moves_on(self, client_id: str, intent: Intent, status: VenueStatus) -> None:
        """Finish an order that was taken earlier, as if filled in the meantime."""
        del self.journal[client_id]
        self.take(intent, status)


def fill() -> Act:
    return lambda exchange, intent: Accepted(exchange.take(intent, VenueStatus.FILLED))


def take(status: VenueStatus, share: str = "0") -> Act:
    """Take the order, fill a share of it, and say it is in `status`."""
    return lambda exchange, intent: Accepted(exchange.take(intent, status, Decimal(share)))


def reject(code: int = -2010, message: str = "insufficient balance") -> Act:
    return lambda _exchange, _intent: Rejected(code, message)


def refuse_for_now(code: int = -1003, *, retry_after: float = 0, key_invalid: bool = False) -> Act:
    return lambda _exchange, _intent: NotPlaced(code, "not now", retry_after, key_invalid)


def lose_answer(*, placed: bool, exists: bool = False) -> Act:
    """Let nobody know what became of the order."""

    def act(exchange: ScriptedExchange, intent: Intent) -> Outcome:
        if placed:
            exchange.take(intent, VenueStatus.FILLED)
        return Unclear("timeout", exists=exists)

    return act


def kill_worker(*, placed: bool) -> Act:
    """End the worker before the order arrives, or after."""

    def act(exchange: ScriptedExchange, intent: Intent) -> Outcome:
        if placed:
            exchange.take(intent, VenueStatus.FILLED)
        raise WorkerDiedError

    return act


class QuietBell:
    """Notes the rings; a test does the jobs when it wants, or loses them."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []

    async def ring(self, *rings: Ring) -> None:
        self.rings += rings

    def after(self, tx: Transaction, *rings: Ring) -> None:
        tx.after_commit(lambda: self.ring(*rings))


@dataclass
class Scene:
    """One leader, those who follow it, and everything that happens to them."""

    database: Database
    hands: SetClock
    settings: Settings = field(default_factory=lambda: Settings(environment="test"))
    exchange: ScriptedExchange = field(default_factory=ScriptedExchange)
    bell: QuietBell = field(default_factory=QuietBell)
    heard: list[object] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        facts = (OrderMoved, PlanRefused, BotChanged, CloseRequested)
        self.database._reactions = dict.fromkeys(facts, [self._hear])

    async def _hear(self, _tx: Transaction, facts: Sequence[object]) -> None:
        self.heard += facts

    @property
    def broker(self) -> Broker:
        return Broker(self.database, {VENUE: self.exchange}, self.bell, self.settings, "worker-1")

    def passes(self, **duration: float) -> None:
        """Let time go by."""
        self.hands.at += timedelta(**duration)

    # People and what they run.

    async def person(self, tier: str | None = "pro", valid_until: datetime | None = None) -> int:
        email = f"person-{next(self._numbers)}@example.com"
        user = User(email=email, email_key=email, password_hash="!", created_at=now())
        async with self.database.transaction() as tx:
            tx.add(user)
            await tx.flush()
            if tier:
                tx.add(Entitlement(user_id=user.id, tier=tier, valid_until=valid_until))
        return user.id

    async def account(self, user_id: int, usdt: str | int = 10_000, venue: str = VENUE) -> int:
        account = ExchangeAccount(user_id=user_id, venue=venue, label="A", created_at=now())
        async with self.database.transaction() as tx:
            tx.add(account)
            await tx.flush()
            tx.add(
                AccountBalance(
                    account_id=account.id, asset="USDT", free=Decimal(usdt), as_of=now()
                )
            )
        return account.id

    async def bot(self, account_id: int | None = None, **values: Any) -> int:
        """Start a bot with 1,000 USDT; without an account, for somebody new with 10,000."""
        if account_id is None:
            account_id = await self.account(await self.person())
        async with self.database.transaction() as tx:
            owner = await tx.scalar(
                select(ExchangeAccount.user_id).where(ExchangeAccount.id == account_id)
            )
            bot = Bot(
                **{
                    "user_id": owner, "account_id": account_id, "strategy": "trend", "symbol": BTC,
                    "allocation": Decimal(1000), "status": "running", "status_at": now(),
                    "status_by": "test", "created_at": now(), **values,
                }
            )  # fmt: skip
            tx.add(bot)
        return bot.id

    async def follower(self, **values: Any) -> int:
        """Start a bot that has followed the leader into its trade."""
        bot_id = await self.bot(**values)
        await self.place(await self.enter())
        assert (await self.holding(bot_id)).quantity > 0
        return bot_id

    # The market and the leader.

    async def market(self, price: Decimal = PRICE, **reading: Any) -> None:
        """Say what the market is now: open for entries unless told otherwise."""
        values = {
            "symbol": BTC, "regime": "bullish", "reason": "", "entries_allowed": True, "code": "",
            "drop_percent": 0, "candle": now(), "at": now(), **reading,
        }  # fmt: skip
        ticker = {"symbol": BTC, "price": price, "at": now(), "source": "test"}
        async with self.database.transaction() as tx:
            await store_filters(tx, VENUE, {BTC: FILTERS})
            await upsert(tx, TickerRow, [ticker], keys=["symbol"])
            await upsert(tx, ReadingRow, [values], keys=["symbol"])

    async def decide(
        self, action: Action, target: str = "0.4", *, code: str = "", price: Decimal = PRICE
    ) -> tuple[int, Proposal]:
        """Let the leader decide on the next candle; with a code, the gate blocks it."""
        async with self.database.transaction() as tx:
            book = (await load_books(tx)).get(("trend", BTC), EMPTY_BOOK)
            decision = Decision(action, Decimal(target), len(book.layers) + action.buys)
            candle = AT + timedelta(hours=next(self._numbers))
            proposal = Proposal("trend", BTC, candle, price, decision, book)
            decision_id = await record(tx, proposal, Verdict(code, "why", Regime.BULLISH))
            assert decision_id is not None
        return decision_id, proposal

    async def lead(
        self, action: Action, target: str = "0.4", *, price: Decimal = PRICE
    ) -> list[int]:
        """Let the leader move and plan it for everyone: the plans to be ordered."""
        decision_id, proposal = await self.decide(action, target, price=price)
        async with self.database.transaction() as tx:
            return await plan_for_bots(tx, decision_id, proposal, self.settings)

    async def enter(self) -> list[int]:
        await self.market()
        return await self.lead(Action.ENTER)

    async def leave(self) -> list[int]:
        await self.market()
        return await self.lead(Action.EXIT, "0")

    # Work.

    async def place(self, plan_ids: Sequence[int]) -> None:
        await place_orders(self.broker, plan_ids)

    async def ask(self) -> None:
        """Ask about every order, as far as it is due."""
        await resolve_orders(self.broker, [order.id for order in await self.orders()])

    async def sweep(self) -> None:
        """Sweep, and do what it rings for."""
        await run_sweep(self.broker)
        await self.answer_rings()

    async def answer_rings(self) -> None:
        while self.bell.rings:
            ring = self.bell.rings.pop(0)
            await ring.job.function({"broker": self.broker}, **ring.kwargs)

    async def change(self, table: type[Row], row_id: int, **values: Any) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(update(table).where(table.id == row_id).values(values))  # type: ignore[attr-defined]

    # What came of it.

    async def rows(self, table: type[Row]) -> list[Row]:
        order = table.id if hasattr(table, "id") else table.bot_id  # type: ignore[attr-defined]
        async with self.database.transaction() as tx:
            return list(await tx.scalars(select(table).order_by(order)))

    async def plans(self) -> list[PlanRow]:
        return await self.rows(PlanRow)

    async def orders(self) -> list[OrderRow]:
        return await self.rows(OrderRow)

    async def fills(self) -> list[FillRow]:
        return await self.rows(FillRow)

    async def events(self) -> list[str]:
        return [event.status for event in await self.rows(OrderEvent)]

    async def the_bot(self, bot_id: int) -> Bot:
        return next(bot for bot in await self.rows(Bot) if bot.id == bot_id)

    async def holding(self, bot_id: int) -> Holding:
        async with self.database.transaction() as tx:
            found = await tx.get(Holding, bot_id)
        return found or Holding(bot_id=bot_id, quantity=Decimal(0), cost=Decimal(0), layers=0)

    async def free(self, asset: str, account_id: int | None = None) -> Decimal:
        """Read what we believe is free, on the one account there is or on the one named."""
        query = select(AccountBalance.free).where(AccountBalance.asset == asset)
        if account_id is not None:
            query = query.where(AccountBalance.account_id == account_id)
        async with self.database.transaction() as tx:
            return (await tx.scalars(query)).one()
