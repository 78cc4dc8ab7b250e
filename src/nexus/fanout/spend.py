"""What do people's open plans still spend, beside what their bots hold?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import false, func, literal, null, select

from nexus.bots.limits import UNLIMITED, Allowance, Limits, Purse, Terms
from nexus.bots.models import Bot, Holding
from nexus.bots.standing import PRACTICE, QUOTE, Part, allowance_in, allowances_of, limits_of
from nexus.core.db import Transaction, among, one_of
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Side
from nexus.fanout.models import PlanRow

NOTHING = literal(Decimal(0))


@dataclass
class Purses:
    """The allowances of some people while their orders are let through, one after another."""

    limits: Mapping[int, Limits]
    allowances: dict[Purse, Allowance]

    def terms(self, purse: Purse, at: datetime, *, opens: bool) -> Terms:
        """Say what one bot may buy now."""
        allowance = allowance_in(self.allowances, self.limits, purse)
        return UNLIMITED if allowance is None else allowance.terms(at, opens=opens)

    def refusal_of(self, purse: Purse, spend: Decimal, at: datetime, *, opens: bool) -> str:
        """Say why an order of this size may not be sent now; empty when it may."""
        allowance = allowance_in(self.allowances, self.limits, purse)
        return "" if allowance is None else allowance.refusal_of(spend, at, opens=opens)

    def take(self, purse: Purse, spend: Decimal, *, opens: bool) -> None:
        """Note that an order of this size was let through: the next one finds that much less."""
        allowance = allowance_in(self.allowances, self.limits, purse)
        if allowance is not None:
            self.allowances[purse] = allowance.after(spend, opens=opens)


async def purses_to_plan(tx: Transaction, people: Collection[int]) -> Purses:
    """Read what is left to people whose bots are being planned: whatever is planned counts."""
    return await _purses(tx, people, "PLANNED", "ORDERED")


async def purses_to_claim(tx: Transaction, people: Collection[int]) -> Purses:
    """Read what is left to people whose plans are being claimed; until we commit, no other can.

    Plans that only wait do not count: each is asked again when its own turn comes.
    """
    return await _purses(tx, people, "ORDERED", lock=True)


async def _purses(
    tx: Transaction, people: Collection[int], *statuses: str, lock: bool = False
) -> Purses:
    if not people:
        return Purses({}, {})
    limits = await limits_of(tx, people, lock=lock)
    spent = _open_buys(sorted(limits), *statuses)
    return Purses(limits, await allowances_of(tx, limits, spent))


def _open_buys(people: list[int], *statuses: str) -> Part:
    """Select what each purse's open buys will spend, and the bots they will bring into a trade."""
    return (
        select(
            Bot.user_id,
            PRACTICE,
            QUOTE,
            func.sum(PlanRow.quantity * PlanRow.reference_price),
            NOTHING,
            NOTHING,
            false(),
            null(),
            func.count(Bot.id.distinct()).filter(Holding.trade_id.is_(None)),
            null(),
        )
        .join(Bot, Bot.id == PlanRow.bot_id)
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .outerjoin(Holding, Holding.bot_id == Bot.id)
        .where(
            PlanRow.side == Side.BUY,
            one_of(PlanRow.status, *statuses),
            among(Bot.user_id, people),
        )
        .group_by(Bot.user_id, PRACTICE, QUOTE)
    )
