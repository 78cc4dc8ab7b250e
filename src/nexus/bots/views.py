"""What does a person see of their bots? Few queries for many people, then plain arithmetic."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, Select, exists, func, select

from nexus.bots.close_many import STAFF
from nexus.bots.limit_words import limit_words
from nexus.bots.limits import Allowance, Purse
from nexus.bots.models import Bot, CloseRequest, Holding, RestingStop
from nexus.bots.reasons import sentence
from nexus.bots.retry import TRIES
from nexus.bots.standing import allowance_in, allowances_of, limits_of
from nexus.bots.start import NOT_STARTED
from nexus.core.clock import now
from nexus.core.db import Transaction, one_of
from nexus.core.sentence import Sentence
from nexus.exchanges.models import ExchangeAccount
from nexus.market.models import TickerRow
from nexus.strategy.border import Strategy
from nexus.strategy.models import LeaderBookRow

ZERO = Decimal(0)
CODE = re.compile("[A-Z_]+(:|$)")
"""How the reason of a refusal begins; anything else is a sentence."""
Strategies = Mapping[str, Strategy]
"""The hosted strategies, by name."""


@dataclass(frozen=True, slots=True)
class RestingView:
    """The stop of a bot that rests at its exchange, or is about to, or to be taken back."""

    state: str
    price: Decimal
    quantity: Decimal
    out_of_reach: bool
    """Whether its account's key does not work, so that we cannot change it."""


@dataclass(frozen=True, slots=True)
class BotView:
    """One bot as its owner sees it; amounts in quote currency unless said otherwise."""

    id: int
    user_id: int
    symbol: str
    base: str
    quote: str
    strategy_label: str
    account_label: str
    venue: str
    status: str
    note: str
    allocation: Decimal
    quantity: Decimal
    """Base units held."""
    value: Decimal | None
    layer: int
    layers: int
    average_price: Decimal | None
    unrealised: Decimal | None
    realised: Decimal
    stop_price: Decimal | None
    """Where the strategy leaves the trade this bot is in; None where it set no stop."""
    limit: str = ""
    """Which of the owner's own limits keeps it from buying now; empty when none does."""
    account_id: int = 0
    resting: RestingView | None = None
    """Its stop at the exchange; None where none is, and the stop depends on us."""
    deleted: bool = False

    @property
    def can_start(self) -> bool:
        """Whether the bot can be let follow again."""
        return self.status in ("paused", "stopped")

    @property
    def can_pause(self) -> bool:
        """Whether the bot can be told to take no new entries."""
        return self.status == "running"

    @property
    def can_close(self) -> bool:
        """Whether the bot can be told to sell and stop."""
        return self.status in ("running", "paused") or (self.status == "stopped" and self.layer > 0)

    @property
    def can_stop(self) -> bool:
        """Whether the bot can be told to do nothing any more and keep what it holds."""
        return self.status != "stopped"


ACCOUNT_NOTES = {
    "paused": "You paused its account: it buys nothing, and still sells.",
    "exits_only": "Its exchange key needs your attention: it buys nothing, and still sells.",
    "key_invalid": "The exchange refuses its key. Put that right to trade again.",
    "removed": "Its account was removed. Connect it again to trade.",
}


async def bots_of(
    tx: Transaction, user_ids: Iterable[int], strategies: Strategies, *, deleted: bool = False
) -> dict[int, list[BotView]]:
    """Read the bots of some people, by person; the newest bot comes last.

    With `deleted` those too that were deleted: they are listed nowhere, and their results count.
    """
    people = list(user_ids)
    query = _query().where(Bot.user_id.in_(people))
    rows = await tx.execute(query if deleted else query.where(Bot.deleted_at.is_(None)))
    limits = await limits_of(tx, people)
    allowances = await allowances_of(tx, limits)
    found: dict[int, list[BotView]] = defaultdict(list)
    for row in rows.mappings():
        allowance = allowance_in(allowances, limits, _purse(row))
        found[row["user_id"]].append(_view(row, strategies, allowance))
    return found


async def bot_of(
    tx: Transaction, user_id: int, bot_id: int, strategies: Strategies, *, deleted: bool = False
) -> BotView | None:
    """Read one bot of one person; None when there is none, or it is somebody else's.

    One that was deleted is read with `deleted` only: it can be looked at, and nothing else.
    """
    query = _query().where(Bot.user_id == user_id, Bot.id == bot_id)
    rows = await tx.execute(query if deleted else query.where(Bot.deleted_at.is_(None)))
    row = rows.mappings().one_or_none()
    if row is None:
        return None
    limits = await limits_of(tx, [user_id])
    allowances = await allowances_of(tx, limits)
    return _view(row, strategies, allowance_in(allowances, limits, _purse(row)))


def _query() -> Select[*tuple[Any, ...]]:
    unsold = exists().where(
        CloseRequest.bot_id == Bot.id,
        CloseRequest.finished_at.is_not(None),
        CloseRequest.outcome == Bot.status_reason,
    )
    trying = _next_tries().subquery()
    return (
        select(
            Bot.id, Bot.user_id, Bot.account_id, Bot.symbol, Bot.strategy, Bot.status,
            Bot.status_reason, Bot.status_by, Bot.allocation, Bot.deleted_at, ExchangeAccount.venue,
            ExchangeAccount.label, ExchangeAccount.status.label("account_status"),
            ExchangeAccount.status_reason.label("account_reason"),
            func.coalesce(Holding.quantity, ZERO).label("quantity"),
            func.coalesce(Holding.cost, ZERO).label("cost"),
            func.coalesce(Holding.realised, ZERO).label("realised"),
            func.coalesce(Holding.layers, 0).label("layer"), unsold.label("unsold"),
            Holding.trade_id, LeaderBookRow.trade_id.label("leader_trade_id"), TickerRow.price,
            LeaderBookRow.stop_price, trying.c.attempt, trying.c.not_before,
            RestingStop.status.label("resting_state"),
            RestingStop.stop_price.label("resting_price"),
            RestingStop.quantity.label("resting_quantity"),
        )
        .outerjoin(
            RestingStop,
            (RestingStop.bot_id == Bot.id)
            & one_of(RestingStop.status, "PLACING", "UNKNOWN", "RESTING", "CANCELLING"),
        )
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .outerjoin(Holding, Holding.bot_id == Bot.id)
        .outerjoin(trying, trying.c.bot_id == Bot.id)
        .outerjoin(TickerRow, TickerRow.symbol == Bot.symbol)
        .outerjoin(
            LeaderBookRow,
            (LeaderBookRow.strategy == Bot.strategy) & (LeaderBookRow.symbol == Bot.symbol),
        )
        .order_by(Bot.id)
    )  # fmt: skip


def _purse(row: RowMapping) -> Purse:
    return Purse(row["user_id"], row["venue"] == "paper", row["symbol"].partition("/")[2])


def _next_tries() -> Select[*tuple[Any, ...]]:
    """Select which try each bot's sale is at, and when that try is due."""
    return (
        select(
            CloseRequest.bot_id,
            func.max(CloseRequest.attempt).label("attempt"),
            func.max(CloseRequest.not_before).label("not_before"),
        )
        .where(CloseRequest.finished_at.is_(None))
        .group_by(CloseRequest.bot_id)
    )


def _view(row: RowMapping, strategies: Strategies, allowance: Allowance | None) -> BotView:
    base, _, quote = row["symbol"].partition("/")
    held, price = row["quantity"], row["price"]
    strategy = strategies.get(row["strategy"])
    value = None if price is None else held * price
    return BotView(
        id=row["id"],
        user_id=row["user_id"],
        symbol=row["symbol"],
        base=base,
        quote=quote,
        strategy_label=strategy.label if strategy else row["strategy"],
        account_label=row["label"],
        account_id=row["account_id"],
        venue=row["venue"],
        status=row["status"],
        note=_note(row),
        allocation=row["allocation"],
        quantity=held,
        value=value,
        layer=row["layer"],
        layers=strategy.layers if strategy else row["layer"],
        average_price=row["cost"] / held if held and row["layer"] else None,
        unrealised=value - row["cost"] if held and value is not None else None,
        realised=row["realised"],
        limit=_limit(row, allowance),
        stop_price=_stop_price(row),
        resting=_resting(row),
        deleted=row["deleted_at"] is not None,
    )


def _limit(row: RowMapping, allowance: Allowance | None) -> str:
    """Say what a limit forbids a bot that would buy otherwise."""
    if allowance is None or row["status"] != "running" or row["account_status"] != "active":
        return ""
    return limit_words(allowance, now(), opens=row["trade_id"] is None)


def _stop_price(row: RowMapping) -> Decimal | None:
    """Give the stop that is watched for this bot: it acts, and is in the leader's trade."""
    follows = row["status"] in ("running", "paused") and row["trade_id"] is not None
    stop: Decimal | None = row["stop_price"]
    return stop if follows and row["trade_id"] == row["leader_trade_id"] else None


def _resting(row: RowMapping) -> RestingView | None:
    if row["resting_state"] is None:
        return None
    reachable = row["account_status"] in ("active", "paused", "exits_only")
    return RestingView(
        row["resting_state"], row["resting_price"], row["resting_quantity"], not reachable
    )


def _note(row: RowMapping) -> str:
    """Say what the numbers do not: why it waits, or what keeps it from trading."""
    if row["account_status"] != "active":
        why = row["account_reason"] if row["account_status"] == "paused" else ""
        return why or ACCOUNT_NOTES[row["account_status"]]
    if row["status"] == "closing":
        return _closing_note(row)
    if row["status"] == "stopped":
        return _stopped_note(row)
    # Without a trade, what is held is dust: too little for the exchange to sell.
    holds, leader = row["trade_id"] is not None, row["leader_trade_id"]
    paused = "It is paused: it takes no new entry, and follows exits."
    if row["status"] == "paused" and row["status_reason"]:
        return f"{_paused_reason(row)} {paused} {_again(row)}".strip()
    if holds and row["trade_id"] != leader:
        return "The strategy has left this trade, but this bot still holds it. You can close it."
    if row["status"] == "paused":
        return paused
    if not holds and leader is not None:
        return "It waits for the next entry: the strategy is already in a trade."
    return "" if holds else "It waits for the strategy's next entry."


def _paused_reason(row: RowMapping) -> str:
    """Say why a bot is paused: a sale that failed in full, anything else in its own words."""
    reason = str(row["status_reason"])
    if CODE.match(reason):
        if not row["unsold"]:
            return ""
        return f"It was not sold, so it did not stop. {sentence(reason)}"
    return reason.removesuffix(" Close it again to sell the rest.")


def _again(row: RowMapping) -> str:
    return "You can close it again." if row["unsold"] else ""


def _closing_note(row: RowMapping) -> str:
    """Say that it sells; after a sale that failed, why, and when it is tried again."""
    selling = "It is selling what it holds."
    if row["status_by"].startswith(STAFF):
        selling = "Our staff told it to sell what it holds, and stop."
    if (row["attempt"] or 1) == 1:
        return selling
    why = sentence(row["status_reason"]).replace("{", "{{").replace("}", "}}")
    return Sentence(
        f"{selling} The last try failed. {why} Try {row['attempt']} of {TRIES} is at {{}}."
        " To keep what it holds instead, stop it.",
        ("clock_time", row["not_before"]),
    )


def _stopped_note(row: RowMapping) -> str:
    if str(row["status_reason"]).startswith(NOT_STARTED):
        return str(row["status_reason"])
    if row["status_by"].startswith(STAFF):
        return "Our staff closed it. It buys nothing until you start it again."
    if row["trade_id"] is not None:
        return "It is stopped and keeps what it holds: it follows no exit. You can close it."
    return "It is stopped and buys nothing."
