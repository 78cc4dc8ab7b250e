"""Write an order down before it is sent.

One transaction locks the plans with everything that could forbid them, asks the rules, and
turns each plan that may go from PLANNED to ORDERED with an order row that carries its client
id. It is committed before the network is touched. A stop locks the same rows: once it has
committed, no further claim can.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from nexus.billing.models import Entitlement
from nexus.bots.close import finish_close
from nexus.bots.limits import Purse
from nexus.bots.models import Bot, Holding, LimitsRow, RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, among, insert_rows, one_of, update_rows
from nexus.exchanges.models import ExchangeAccount, SymbolFilter
from nexus.exchanges.protocol import Intent, Side
from nexus.execution.broker import Broker
from nexus.execution.claim_stops import Resting, begin_cancels
from nexus.execution.models import OrderEvent, OrderRow
from nexus.execution.stop_states import LIVE, SOLD_AT_STOP
from nexus.execution.weigh import Candidate, Deny, Expire, FreeFirst, Send, weigh
from nexus.execution.write_orders import Found, write_orders
from nexus.fanout.events import PlanRefused
from nexus.fanout.models import PlanRow
from nexus.fanout.size import plain, round_down
from nexus.fanout.spend import Purses, purses_to_claim
from nexus.market.models import TickerRow
from nexus.regime.models import ReadingRow, Switch
from nexus.strategy.models import DecisionRow, LeaderBookRow

LIVE_ORDERS = ("SENDING", "UNKNOWN", "ACKED")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a claim gave: orders to be sent now, and plans that must wait."""

    intents: list[Intent]
    waiting: list[int]
    cancels: list[Resting] = field(default_factory=list)
    """Stops at the exchange that lock what waiting plans would sell: written down as cancelled."""


async def claim(tx: Transaction, plan_ids: Sequence[int], broker: Broker) -> Claims:
    """Claim plans for sending; each is written down, refused for good, or left waiting."""
    stopped = await _locked_stops(tx)
    locked = await _lock(tx, plan_ids)
    rows = (await tx.execute(_candidates(locked, now()))).mappings().all()
    purses = await purses_to_claim(tx, {row["user_id"] for row in rows if row["limited"]})
    at = now()
    to_send: list[Found] = []
    refused: list[tuple[Found, str, str]] = []
    waiting: list[int] = []
    locked_up: list[int] = []
    for row in map(_what_is_left, rows):
        taken = bool(to_send) and to_send[-1]["account_id"] == row["account_id"]
        refusal = _limit_refusal(row, purses, at)
        candidate = _candidate(row, account_taken=taken, limit_refusal=refusal)
        match weigh(candidate, at, stopped, broker.limits):
            case Send():
                to_send.append(row)
                _take(row, purses)
            case Deny(reason):
                refused.append((row, "DENIED", reason))
            case Expire(reason):
                refused.append((row, "EXPIRED_UNSENT", reason))
            case FreeFirst():
                locked_up.append(row["bot_id"])
                waiting.append(row["plan_id"])
            case _:
                waiting.append(row["plan_id"])
    await _refuse(tx, refused, at)
    cancels = await begin_cancels(tx, locked_up, at)
    return Claims(await write_orders(tx, to_send, at, broker), waiting, cancels)


async def _locked_stops(tx: Transaction) -> frozenset[str]:
    """Read the switches: no stop can commit between this and our own commit.

    Every stop locks the row `everything` first. The switches are read in a statement of their
    own, begun once we hold it: a waiting statement would not see a switch made meanwhile.
    """
    await tx.execute(select(Switch).where(Switch.name == "everything").with_for_update(read=True))
    return frozenset(await tx.scalars(select(Switch.name).where(Switch.stopped)))


async def _lock(tx: Transaction, plan_ids: Sequence[int]) -> list[int]:
    """Lock the waiting plans, then their accounts and bots; give the ids of those plans.

    Whoever holds a plan is claiming it, so it is left to them. An account is held by one claim
    at a time; a bot only against being changed. All are locked in the order of their ids.
    """
    waiting = select(PlanRow.id, PlanRow.account_id, PlanRow.bot_id).where(
        among(PlanRow.id, plan_ids), one_of(PlanRow.status, "PLANNED")
    )
    plans = (await tx.execute(waiting.order_by(PlanRow.id).with_for_update(skip_locked=True))).all()
    accounts = select(ExchangeAccount.id).where(
        among(ExchangeAccount.id, {plan.account_id for plan in plans})
    )
    bots = select(Bot.id).where(among(Bot.id, {plan.bot_id for plan in plans}))
    await tx.execute(accounts.order_by(ExchangeAccount.id).with_for_update(key_share=True))
    await tx.execute(bots.order_by(Bot.id).with_for_update(read=True))
    return [plan.id for plan in plans]


def _candidates(plan_ids: Sequence[int], at: datetime) -> Select[*tuple[Any, ...]]:
    """Select locked plans with all that could forbid them; one account's stand side by side."""
    order_of = aliased(OrderRow)
    entitled = exists().where(
        Entitlement.user_id == Bot.user_id,
        or_(Entitlement.valid_until.is_(None), Entitlement.valid_until > at),
    )
    limited = exists().where(LimitsRow.user_id == Bot.user_id)
    busy = exists().where(one_of(order_of.status, *LIVE_ORDERS))
    return (
        select(
            PlanRow.id.label("plan_id"),
            PlanRow.decision_id,
            PlanRow.origin,
            PlanRow.action,
            PlanRow.symbol,
            PlanRow.side,
            PlanRow.quantity,
            PlanRow.reference_price,
            PlanRow.not_before,
            PlanRow.not_after,
            PlanRow.attempt,
            PlanRow.account_id,
            PlanRow.bot_id,
            PlanRow.close_request_id,
            Bot.user_id,
            Bot.strategy,
            Bot.allocation,
            func.coalesce(Holding.cost, Decimal(0)).label("cost"),
            Bot.status.label("bot_status"),
            ExchangeAccount.status.label("account_status"),
            ExchangeAccount.venue,
            ExchangeAccount.egress,
            ExchangeAccount.key_version,
            (LeaderBookRow.trade_id == DecisionRow.trade_id).label("trade_is_open"),
            Holding.trade_id.is_(None).label("opens"),
            and_(PlanRow.side == Side.BUY, limited).label("limited"),
            entitled.label("entitled"),
            exists()
            .where(RestingStop.bot_id == PlanRow.bot_id, one_of(RestingStop.status, *sorted(LIVE)))
            .label("stop_rests"),
            exists()
            .where(
                RestingStop.bot_id == PlanRow.bot_id,
                RestingStop.status == "TRIGGERED",
                RestingStop.updated_at >= PlanRow.created_at,
            )
            .label("stop_sold"),
            func.coalesce(Holding.quantity, Decimal(0)).label("held"),
            func.coalesce(SymbolFilter.step_size, Decimal(0)).label("step"),
            func.coalesce(SymbolFilter.min_quantity, Decimal(0)).label("least"),
            func.coalesce(SymbolFilter.min_notional, Decimal(0)).label("least_worth"),
            busy.where(order_of.bot_id == PlanRow.bot_id).label("bot_busy"),
            exists()
            .where(order_of.account_id == PlanRow.account_id, one_of(order_of.status, "SENDING"))
            .label("account_busy"),
            TickerRow.price,
            TickerRow.at.label("price_at"),
            ReadingRow.entries_allowed,
            func.coalesce(ReadingRow.code, "").label("gate_code"),
            ReadingRow.at.label("gate_at"),
        )
        .join(Bot, Bot.id == PlanRow.bot_id)
        .join(ExchangeAccount, ExchangeAccount.id == PlanRow.account_id)
        .outerjoin(Holding, Holding.bot_id == PlanRow.bot_id)
        .outerjoin(DecisionRow, DecisionRow.id == PlanRow.decision_id)
        .outerjoin(
            LeaderBookRow,
            and_(
                LeaderBookRow.strategy == DecisionRow.strategy,
                LeaderBookRow.symbol == DecisionRow.symbol,
            ),
        )
        .outerjoin(
            SymbolFilter,
            and_(
                SymbolFilter.venue == ExchangeAccount.venue, SymbolFilter.symbol == PlanRow.symbol
            ),
        )
        .outerjoin(TickerRow, TickerRow.symbol == PlanRow.symbol)
        .outerjoin(ReadingRow, ReadingRow.symbol == PlanRow.symbol)
        .where(among(PlanRow.id, plan_ids))
        .order_by(PlanRow.account_id, PlanRow.id)
    )


def _what_is_left(row: RowMapping) -> Found:
    """Lower a sale to what is left, where a stop at the exchange has sold since it was planned."""
    if not row["stop_sold"] or row["side"] != Side.SELL or row["held"] >= row["quantity"]:
        return row
    left = round_down(row["held"], row["step"])
    worth = left * row["reference_price"]
    sellable = left >= row["least"] and worth >= row["least_worth"]
    return {**row, "quantity": left if sellable else Decimal(0)}


def _limit_refusal(row: Found, purses: Purses, at: datetime) -> str:
    """Say which limit of its owner forbids to send a plan now; none forbids a sale."""
    left = row["allocation"] - row["cost"]
    if row["side"] == Side.BUY and _spend(row) > left:
        return f"AMOUNT_LOWERED: left={plain(max(left, Decimal(0)))} needed={plain(_spend(row))}"
    if not row["limited"]:
        return ""
    return purses.refusal_of(_purse(row), _spend(row), at, opens=row["opens"])


def _take(row: Found, purses: Purses) -> None:
    if row["limited"]:
        purses.take(_purse(row), _spend(row), opens=row["opens"])


def _purse(row: Found) -> Purse:
    return Purse(row["user_id"], row["venue"] == "paper", row["symbol"].partition("/")[2])


def _spend(row: Found) -> Decimal:
    """Give what a plan spends at the price it was made for, by which it was sized."""
    spend: Decimal = row["quantity"] * row["reference_price"]
    return spend


def _candidate(row: Found, *, account_taken: bool, limit_refusal: str) -> Candidate:
    return Candidate(
        plan_id=row["plan_id"],
        action=row["action"],
        strategy=row["strategy"],
        side=Side(row["side"]),
        reference_price=row["reference_price"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        bot_status=row["bot_status"],
        account_status=row["account_status"],
        trade_is_open=bool(row["trade_is_open"]),
        entitled=row["entitled"],
        bot_busy=row["bot_busy"],
        account_busy=row["account_busy"] or account_taken,
        price=row["price"],
        price_at=row["price_at"],
        entries_allowed=row["entries_allowed"],
        gate_code=row["gate_code"],
        gate_at=row["gate_at"],
        limit_refusal=limit_refusal,
        stop_rests=row["stop_rests"],
        nothing_left=row["quantity"] <= 0,
    )


async def _refuse(tx: Transaction, refused: Sequence[tuple[Found, str, str]], at: datetime) -> None:
    """End plans that will never be sent, each with its reason."""
    if not refused:
        return
    ended = [
        {"id": row["plan_id"], "status": status, "reason": reason}
        for row, status, reason in refused
    ]
    await update_rows(tx, PlanRow, ended)
    events = [
        {"plan_id": row["plan_id"], "at": at, "status": status, "detail": {"reason": reason}}
        for row, status, reason in refused
    ]
    await tx.execute(*insert_rows(OrderEvent, events))
    for row, _, reason in refused:
        if row["close_request_id"] is not None:
            sold = reason == SOLD_AT_STOP
            await finish_close(tx, row["close_request_id"], sold=sold, outcome=reason)
        tx.announce(
            PlanRefused(
                plan_id=row["plan_id"], bot_id=row["bot_id"], user_id=row["user_id"],
                symbol=row["symbol"], side=row["side"], action=row["action"],
                reason=reason, at=at,
            )
        )  # fmt: skip
