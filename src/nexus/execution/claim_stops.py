"""Write a stop down before it is placed, and a cancel before it is asked for.

The desired state of each bot is read, weighed and written in one transaction, which holds the
switches, the accounts and the bots as the claim of orders does: a sale and a stop of one bot
cannot both be claimed, and no stop is placed once a stop switch has been committed.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from nexus.bots.models import Bot, Holding, RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, among, insert_rows, one_of
from nexus.exchanges.models import ExchangeAccount, SymbolFilter
from nexus.exchanges.protocol import Account, Intent, Side
from nexus.execution.broker import Broker
from nexus.execution.client_id import client_order_id
from nexus.execution.stop_states import (
    LIVE,
    SOON,
    Cancel,
    Ground,
    Past,
    Place,
    Stop,
    act_on,
)
from nexus.fanout.models import PlanRow, is_live
from nexus.market.models import TickerRow
from nexus.regime.models import Switch
from nexus.regime.stops import stop_of
from nexus.settings import Settings
from nexus.strategy.models import LeaderBookRow

AT_ONCE = 500
"""Bots whose stops are taken up in one sweep: after thousands of entries the rest wait for the
next one, and are watched by us meanwhile."""


@dataclass(frozen=True, slots=True)
class Resting:
    """A stop at an exchange, to be cancelled or asked about."""

    stop_id: int
    account: Account
    symbol: str
    client_order_id: str
    status: str
    sent_at: datetime
    checks: int
    """How often the venue did not know it, should it not know it now."""


@dataclass(frozen=True, slots=True)
class StopWork:
    """What a claim gave: stops to be placed, and stops to be cancelled."""

    intents: list[Intent]
    cancels: list[Resting]


async def bots_to_tend(tx: Transaction, settings: Settings) -> list[int]:
    """List the bots whose stop at the exchange is not the one they should have."""
    stopped = frozenset(await tx.scalars(select(Switch.name).where(Switch.stopped)))
    # Switched off, only those that still rest are looked at: to be taken back.
    standing = _grounds() if settings.resting_stops else _grounds().where(_has_stop())
    rows = (await tx.execute(standing)).mappings()
    at = now()
    wrong = (row["bot_id"] for row in rows if act_on(_ground(row, settings, stopped), at))
    return [bot_id for bot_id, _ in zip(wrong, range(AT_ONCE), strict=False)]


async def claim_stops(tx: Transaction, bot_ids: Collection[int], broker: Broker) -> StopWork:
    """Write down which stops are to be placed and cancelled, of these bots."""
    stopped = await _locked(tx, bot_ids)
    rows = (await tx.execute(_grounds().where(among(Bot.id, bot_ids)))).mappings().all()
    at = now()
    placing: list[tuple[RowMapping, Stop]] = []
    cancelling: list[int] = []
    for row in rows:
        match act_on(_ground(row, broker.settings, stopped), at):
            case Place(stop):
                placing.append((row, stop))
            case Cancel():
                cancelling.append(row["bot_id"])
    return StopWork(
        await _write_down(tx, placing, at, broker), await begin_cancels(tx, cancelling, at)
    )


async def begin_cancels(tx: Transaction, bot_ids: Collection[int], at: datetime) -> list[Resting]:
    """Write down that the stops of some bots are to be cancelled; give those that rested.

    Whose stop is being placed, asked about or cancelled already, is left to whoever does that.
    """
    if not bot_ids:
        return []
    begun = await tx.scalars(
        update(RestingStop)
        .where(among(RestingStop.bot_id, bot_ids), RestingStop.status == "RESTING")
        .values(status="CANCELLING", reason="", next_check_at=at + SOON, updated_at=at)
        .returning(RestingStop.id)
    )
    return await read_resting(tx, begun.all())


async def read_resting(tx: Transaction, stop_ids: Iterable[int]) -> list[Resting]:
    """Read what is needed to ask an exchange about some stops."""
    rows = await tx.execute(
        select(RestingStop, ExchangeAccount)
        .join(ExchangeAccount, ExchangeAccount.id == RestingStop.account_id)
        .where(among(RestingStop.id, stop_ids))
        .order_by(RestingStop.id)
    )
    return [resting(stop, account) for stop, account in rows]


def resting(stop: RestingStop, account: ExchangeAccount) -> Resting:
    """Say what to ask about a stop."""
    return Resting(
        stop_id=stop.id,
        account=Account(account.id, account.venue, account.egress, account.key_version),
        symbol=stop.symbol,
        client_order_id=stop.client_order_id,
        status=stop.status,
        sent_at=stop.sent_at,
        checks=stop.checks + 1,
    )


async def _locked(tx: Transaction, bot_ids: Collection[int]) -> frozenset[str]:
    """Lock the switches, the accounts and the bots as a claim of orders does, in its order."""
    await tx.execute(select(Switch).where(Switch.name == "everything").with_for_update(read=True))
    stopped = frozenset(await tx.scalars(select(Switch.name).where(Switch.stopped)))
    theirs = select(Bot.account_id).where(among(Bot.id, bot_ids))
    accounts = select(ExchangeAccount.id).where(ExchangeAccount.id.in_(theirs))
    bots = select(Bot.id).where(among(Bot.id, bot_ids))
    await tx.execute(accounts.order_by(ExchangeAccount.id).with_for_update(key_share=True))
    await tx.execute(bots.order_by(Bot.id).with_for_update(read=True))
    return stopped


def _grounds() -> Select[*tuple[Any, ...]]:
    """Select each bot that is in a trade or has a stop, with all that its stop depends on."""
    live, past = aliased(RestingStop), aliased(RestingStop)
    newest = (
        select(past)
        .where(past.bot_id == Bot.id, past.trade_id == Holding.trade_id)
        .order_by(past.generation.desc())
        .limit(1)
        .lateral("newest")
    )
    return (
        select(
            Bot.id.label("bot_id"), Bot.account_id, Bot.symbol, Bot.strategy,
            Bot.status.label("bot_status"),
            ExchangeAccount.status.label("account_status"), ExchangeAccount.venue,
            ExchangeAccount.egress, ExchangeAccount.key_version,
            func.coalesce(Holding.quantity, Decimal(0)).label("held"), Holding.trade_id,
            LeaderBookRow.trade_id.label("leader_trade_id"),
            LeaderBookRow.stop_price.label("leader_stop"),
            SymbolFilter.trading, SymbolFilter.rests_stops, SymbolFilter.tick_size,
            SymbolFilter.step_size, SymbolFilter.min_quantity, SymbolFilter.max_quantity,
            SymbolFilter.min_notional, TickerRow.price,
            exists().where(PlanRow.bot_id == Bot.id, is_live()).label("busy"),
            live.status.label("live_status"), live.quantity.label("live_quantity"),
            live.stop_price.label("live_price"),
            newest.c.generation, newest.c.status.label("past_status"),
            newest.c.reason.label("past_reason"), newest.c.quantity.label("past_quantity"),
            newest.c.stop_price.label("past_price"), newest.c.updated_at.label("past_at"),
        )
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .outerjoin(Holding, Holding.bot_id == Bot.id)
        .outerjoin(
            LeaderBookRow,
            and_(LeaderBookRow.strategy == Bot.strategy, LeaderBookRow.symbol == Bot.symbol),
        )
        .outerjoin(
            SymbolFilter,
            and_(SymbolFilter.venue == ExchangeAccount.venue, SymbolFilter.symbol == Bot.symbol),
        )
        .outerjoin(TickerRow, TickerRow.symbol == Bot.symbol)
        .outerjoin(live, and_(live.bot_id == Bot.id, one_of(live.status, *sorted(LIVE))))
        .outerjoin(newest, Holding.trade_id.is_not(None))
        .where(or_(live.id.is_not(None), and_(Holding.trade_id.is_not(None), Holding.quantity > 0)))
        .order_by(Bot.id)
    )  # fmt: skip


def _has_stop() -> ColumnElement[bool]:
    live = select(RestingStop.bot_id).where(one_of(RestingStop.status, *sorted(LIVE)))
    return Bot.id.in_(live)


def _ground(row: RowMapping, settings: Settings, stopped: frozenset[str]) -> Ground:
    nothing = Decimal(0)
    trade = row["trade_id"]
    rests = row["live_status"] == "RESTING"
    return Ground(
        switched_on=settings.resting_stops,
        forbidden=stop_of(stopped, row["strategy"], buys=False) is not None,
        bot_status=row["bot_status"],
        account_status=row["account_status"],
        in_trade=trade is not None and trade == row["leader_trade_id"],
        held=row["held"],
        leader_stop=row["leader_stop"],
        rests_stops=bool(row["rests_stops"] and row["trading"]),
        tick=row["tick_size"] or nothing,
        step=row["step_size"] or nothing,
        least=row["min_quantity"] or nothing,
        most=row["max_quantity"] or nothing,
        min_notional=row["min_notional"] or nothing,
        busy=row["busy"],
        price=row["price"],
        resting=Stop(row["live_quantity"], row["live_price"]) if rests else None,
        moving=row["live_status"] is not None and not rests,
        past=_past(row),
    )


def _past(row: RowMapping) -> Past | None:
    if row["generation"] is None:
        return None
    stop = Stop(row["past_quantity"], row["past_price"])
    return Past(stop, row["past_status"], row["past_reason"], row["past_at"])


async def _write_down(
    tx: Transaction, placing: Sequence[tuple[RowMapping, Stop]], at: datetime, broker: Broker
) -> list[Intent]:
    """Write the stops with their client ids, and give what is to be sent."""
    if not placing:
        return []
    statement, columns = insert_rows(
        RestingStop, [_values(row, stop, at, broker) for row, stop in placing]
    )
    # A bot that got one meanwhile keeps that one.
    written = await tx.execute(
        statement.on_conflict_do_nothing().returning(
            RestingStop.id, RestingStop.bot_id, RestingStop.client_order_id
        ),
        columns,
    )
    found = {row["bot_id"]: (row, stop) for row, stop in placing}
    return [_intent(*found[one.bot_id], one.id, one.client_order_id, at) for one in written]


def _values(row: RowMapping, stop: Stop, at: datetime, broker: Broker) -> dict[str, Any]:
    generation = (row["generation"] or 0) + 1
    # The same bot, trade and generation always give the same name, whoever asks.
    origin = f"stop/{row['bot_id']}/{row['trade_id']}"
    return {
        "bot_id": row["bot_id"],
        "account_id": row["account_id"],
        "trade_id": row["trade_id"],
        "generation": generation,
        "client_order_id": client_order_id(
            broker.settings.environment, row["account_id"], origin, generation
        ),
        "symbol": row["symbol"],
        "quantity": stop.quantity,
        "stop_price": stop.price,
        "status": "PLACING",
        "reason": "",
        "sent_at": at,
        "worker": broker.worker,
        "checks": 0,
        # Should this worker die now, the sweeper asks the exchange once the fence has passed.
        "next_check_at": at + broker.fence,
        "updated_at": at,
    }


def _intent(row: RowMapping, stop: Stop, stop_id: int, name: str, at: datetime) -> Intent:
    return Intent(
        order_id=stop_id,
        account=Account(row["account_id"], row["venue"], row["egress"], row["key_version"]),
        client_order_id=name,
        symbol=row["symbol"],
        side=Side.SELL,
        quantity=stop.quantity,
        reference_price=stop.price,
        sent_at=at,
        stop_price=stop.price,
    )
