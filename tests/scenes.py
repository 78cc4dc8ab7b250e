"""What does a test of the ledger play with? People, their bots, a leader, and a clock that stands.

The exchange (`scripted.py`) is the only thing made up; the database and the code are the real ones.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import delete, select, text, update

from nexus.accounts.models import User
from nexus.billing.models import Entitlement
from nexus.bots.events import BotChanged, CloseRequested
from nexus.bots.models import Bot, Holding
from nexus.core.clock import SetClock, now
from nexus.core.db import Database, Table, Transaction, upsert
from nexus.core.queue import Ring
from nexus.exchanges.events import AccountNews
from nexus.exchanges.filters import store_filters
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.protocol import Exchange
from nexus.execution.broker import Broker
from nexus.execution.events import OrderMoved
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.execution.resolve import resolve_orders
from nexus.execution.send import place_orders
from nexus.fanout.events import PlanRefused
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
from tests.scripted import BTC, FILTERS, PRICE, VENUE, ScriptedExchange

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
Row = TypeVar("Row", bound=Table)


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
    other_venues: dict[str, Exchange] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        facts = (OrderMoved, PlanRefused, BotChanged, CloseRequested, AccountNews)
        self.database._reactions = {fact: [self._hear] for fact in facts}

    async def _hear(self, _tx: Transaction, facts: Sequence[object]) -> None:
        self.heard += facts

    @property
    def broker(self) -> Broker:
        venues = {VENUE: self.exchange, **self.other_venues}
        return Broker(self.database, venues, self.bell, self.settings, "worker-1")

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
                AccountBalance(account_id=account.id, asset="USDT", free=Decimal(usdt), as_of=now())
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
            "drop_percent": 0, "candle": now(), "at": now(), "calm_since": now(), **reading,
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

    async def empty(self, *tables: type[Table]) -> None:
        """Empty tables, as PostgreSQL does with UNLOGGED ones after a crash."""
        async with self.database.transaction() as tx:
            for table in tables:
                await tx.execute(delete(table))

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
