"""May this account buy this, and for so much, today? Asked where orders are signed.

Whoever takes over the web process could not steal, but could make accounts buy: illiquid coins
that he is selling. So a purchase must be of a symbol on our list, of one that many others trade,
and within its account's cap of the day. Selling is always allowed: what is held stays sellable.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import ROUND_UP, Decimal
from functools import cache
from typing import Any, Protocol

import structlog
from sqlalchemy import Update, bindparam, case, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert

from nexus.core.clock import now
from nexus.core.db import Database, Transaction, insert_rows
from nexus.exchanges.last_look import Look, nothing_forbids
from nexus.exchanges.models import DailySpending, SymbolFilter
from nexus.exchanges.protocol import Intent, NotPlaced, Side
from nexus.settings import Settings

log = structlog.get_logger()

VOLUME_MAX_AGE = timedelta(hours=1)
AGAIN_SECONDS = 10
NEVER_SECONDS = 86_400
SMALLEST = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Reserved:
    """What an order that may be sent was counted for; nothing when it sells."""

    account_id: int
    quote: str
    day: date
    amount: Decimal


class Guard(Protocol):
    """Whoever says what may be bought."""

    async def reserve(
        self, venue: str, intents: Sequence[Intent]
    ) -> Sequence[Reserved | NotPlaced]:
        """Count each order against its account's cap, or refuse it; answers in their order."""
        ...

    async def release(self, unplaced: Sequence[Reserved]) -> None:
        """Take back what was counted for orders that were surely not placed."""
        ...

    async def forbidden(self, intents: Sequence[Intent]) -> Mapping[int, str]:
        """Say which of these orders may not go any more: the reason by the order's id."""
        ...


@dataclass(frozen=True, slots=True)
class Traded:
    """What the venue last said of a symbol: how much of it is traded in 24 hours, at what price."""

    quote_volume: Decimal
    price: Decimal


class SpendingGuard:
    """The guard of the workers: the venue's volumes and the accounts' spending, in PostgreSQL."""

    def __init__(
        self, database: Database, settings: Settings, look: Look = nothing_forbids
    ) -> None:
        self.database = database
        self.settings = settings
        self.look = look

    async def forbidden(self, intents: Sequence[Intent]) -> Mapping[int, str]:
        """Ask whoever knows of stops. Raises what a database raises that is away."""
        return await self.look(intents)

    async def reserve(
        self, venue: str, intents: Sequence[Intent]
    ) -> Sequence[Reserved | NotPlaced]:
        """Count the purchases in one transaction; when it fails, none of them may be made."""
        nothing = {n: _reserved(intent, Decimal(0)) for n, intent in enumerate(intents)}
        buys = {n: intent for n, intent in enumerate(intents) if intent.side is Side.BUY}
        answers: dict[int, Reserved | NotPlaced] = {**nothing}
        try:
            if buys:
                async with self.database.transaction() as tx:
                    answers |= await self._reserve_buys(tx, venue, buys)
        except Exception as error:  # noqa: BLE001  whatever it was, nothing has been placed
            why = f"the caps cannot be read: {type(error).__name__}"
            answers |= dict.fromkeys(buys, NotPlaced(0, why, AGAIN_SECONDS))
        return [answers[n] for n in range(len(intents))]

    async def release(self, unplaced: Sequence[Reserved]) -> None:
        """Take back what was counted. What cannot be taken back stays counted, which is safe."""
        bought = sorted((one for one in unplaced if one.amount), key=lambda one: one.account_id)
        if not bought:
            return
        try:
            async with self.database.transaction() as tx:
                for one in bought:
                    await tx.execute(_take_back(one))
        except (SQLAlchemyError, OSError) as error:
            log.warning("caps_not_released", orders=len(bought), error=type(error).__name__)

    async def _reserve_buys(
        self, tx: Transaction, venue: str, buys: Mapping[int, Intent]
    ) -> dict[int, Reserved | NotPlaced]:
        traded = await _read_traded(tx, venue, {intent.symbol for intent in buys.values()})
        answers: dict[int, Reserved | NotPlaced] = {}
        for n, intent in buys.items():
            answers[n] = self._weigh(intent, traded.get(intent.symbol))
        for turn in _turns(answers):
            answers |= await self._count(tx, turn)
        return answers

    def _weigh(self, intent: Intent, seen: Traded | None) -> Reserved | NotPlaced:
        """Refuse a symbol that is not ours to buy or too little traded; else say what it costs."""
        quote = _quote(intent)
        floor, cap = (
            limits.get(quote)
            for limits in (self.settings.liquidity_floors, self.settings.daily_notional_caps)
        )
        if intent.symbol not in self.settings.symbols:
            return refused_for_good(f"NOT_LISTED: symbol={intent.symbol}")
        if floor is None or cap is None:
            return refused_for_good(f"NO_LIMITS: quote={quote}")
        if seen is None:
            return NotPlaced(0, f"VOLUME_UNKNOWN: symbol={intent.symbol}", AGAIN_SECONDS)
        if seen.quote_volume < floor:
            return refused_for_good(f"ILLIQUID: traded_24h={seen.quote_volume:.0f} floor={floor:f}")
        # The higher of the two prices: neither alone can make an order look small.
        cost = intent.quantity * max(intent.reference_price, seen.price)
        if not cost.is_finite() or not 0 < cost <= cap:
            return refused_for_good(f"DAILY_CAP: order={cost:.2f} cap={cap:f}")
        return _reserved(intent, cost.quantize(SMALLEST, ROUND_UP))

    async def _count(
        self, tx: Transaction, turn: Mapping[int, Reserved]
    ) -> dict[int, Reserved | NotPlaced]:
        """Count at most one order of each account, all or nothing per order."""
        by_quote: dict[str, dict[int, Reserved]] = defaultdict(dict)
        for n, one in turn.items():
            by_quote[one.quote][n] = one
        answers: dict[int, Reserved | NotPlaced] = {}
        for quote, orders in sorted(by_quote.items()):
            cap = self.settings.daily_notional_caps[quote]
            counted = await _add(tx, [one for one in orders.values() if one.amount <= cap], cap)
            over = {one.account_id for one in orders.values()} - counted
            spent = await _read_spent(tx, quote, over)
            for n, one in orders.items():
                if one.account_id in over:
                    answers[n] = _over_cap(one, spent.get(one.account_id, Decimal(0)), cap)
        return answers


def refused_for_good(reason: str) -> NotPlaced:
    """Refuse what would be refused again today; the plan it belongs to has ended."""
    return NotPlaced(0, reason, NEVER_SECONDS, final=True)


def _over_cap(one: Reserved, spent: Decimal, cap: Decimal) -> NotPlaced:
    return refused_for_good(f"DAILY_CAP: spent={spent:.2f} order={one.amount:.2f} cap={cap:f}")


def _quote(intent: Intent) -> str:
    return intent.symbol.partition("/")[2]


def _reserved(intent: Intent, amount: Decimal) -> Reserved:
    return Reserved(intent.account.id, _quote(intent), now().astimezone(UTC).date(), amount)


def _turns(answers: Mapping[int, Reserved | NotPlaced]) -> Iterator[dict[int, Reserved]]:
    """Share the orders out, so that no turn holds two of one account; usually there is one."""
    queues: dict[int, list[tuple[int, Reserved]]] = defaultdict(list)
    for n, one in answers.items():
        if isinstance(one, Reserved):
            queues[one.account_id].append((n, one))
    for turn in range(max(map(len, queues.values()), default=0)):
        # In the order of the accounts, in which everybody locks their rows.
        yield dict(queue[turn] for _, queue in sorted(queues.items()) if turn < len(queue))


async def _read_traded(tx: Transaction, venue: str, symbols: Iterable[str]) -> dict[str, Traded]:
    """Read the volumes that are not too old."""
    rows = await tx.execute(
        select(SymbolFilter.symbol, SymbolFilter.quote_volume, SymbolFilter.last_price).where(
            SymbolFilter.venue == venue,
            SymbolFilter.symbol.in_(symbols),
            SymbolFilter.read_at > now() - VOLUME_MAX_AGE,
            SymbolFilter.quote_volume.is_not(None),
            SymbolFilter.last_price.is_not(None),
        )
    )
    return {row.symbol: Traded(row.quote_volume, row.last_price) for row in rows}


async def _add(tx: Transaction, orders: Sequence[Reserved], cap: Decimal) -> set[int]:
    """Add each order to its account's day, unless that passes `cap`; give whose were added.

    One statement compares and adds, so that no two processes can both take the last of a cap.
    """
    if not orders:
        return set()
    columns: dict[str, list[Any]] = {
        "account_id": [one.account_id for one in orders],
        "quote_asset": [one.quote for one in orders],
        "day": [one.day for one in orders],
        "spent": [one.amount for one in orders],
    }
    return set(await tx.scalars(_adding(), columns | {"cap": cap}))


@cache
def _adding() -> ReturningInsert[int]:
    """Build the statement that compares and adds, once; its parameters are arrays and the cap."""
    names = ("account_id", "quote_asset", "day", "spent")
    statement, _ = insert_rows(DailySpending, [dict.fromkeys(names)])
    fresh, kept = statement.excluded, DailySpending
    total = case((kept.day < fresh.day, fresh.spent), else_=kept.spent + fresh.spent)
    return statement.on_conflict_do_update(
        index_elements=["account_id", "quote_asset"],
        set_={"spent": total, "day": func.greatest(kept.day, fresh.day)},
        where=total <= bindparam("cap", type_=kept.spent.type),
    ).returning(kept.account_id)


async def _read_spent(tx: Transaction, quote: str, accounts: set[int]) -> dict[int, Decimal]:
    if not accounts:
        return {}
    rows = await tx.execute(
        select(DailySpending.account_id, DailySpending.spent).where(
            DailySpending.quote_asset == quote,
            DailySpending.account_id.in_(accounts),
            DailySpending.day == now().astimezone(UTC).date(),
        )
    )
    return {row.account_id: row.spent for row in rows}


def _take_back(one: Reserved) -> Update:
    return (
        update(DailySpending)
        .where(
            DailySpending.account_id == one.account_id,
            DailySpending.quote_asset == one.quote,
            DailySpending.day == one.day,
        )
        .values(spent=func.greatest(DailySpending.spent - one.amount, 0))
    )
