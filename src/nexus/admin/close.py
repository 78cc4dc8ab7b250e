"""What is sold when our staff closes everything, or a strategy, at market? Asked, then done."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, true

from nexus.accounts.audit import write_audit
from nexus.accounts.sessions import Person
from nexus.admin.errors import ActRefusedError
from nexus.admin.stop import ScopeView
from nexus.bots.close_many import close_bots, may_be_closed
from nexus.bots.models import Bot, Holding
from nexus.core.db import Transaction
from nexus.market.models import TickerRow
from nexus.regime.models import Switch
from nexus.regime.stops import EVERYTHING

BY_STRATEGY = "strategy:"


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a scope would do."""

    bots: int
    people: int
    holding: int
    """How many of the bots are in a trade: those sell."""
    worth: Decimal
    """What they hold at the last prices, in quote currency."""


async def view_closing(tx: Transaction, scope: ScopeView) -> Closing:
    """Count what closing would sell."""
    row = (
        await tx.execute(
            select(
                func.count(Bot.id).label("bots"),
                func.count(Bot.user_id.distinct()).label("people"),
                func.count(Holding.trade_id).label("holding"),
                func.coalesce(func.sum(Holding.quantity * TickerRow.price), 0).label("worth"),
            )
            .select_from(Bot)
            .outerjoin(Holding, Holding.bot_id == Bot.id)
            .outerjoin(TickerRow, TickerRow.symbol == Bot.symbol)
            .where(may_be_closed(), _within(scope))
        )
    ).one()
    return Closing(row.bots, row.people, row.holding, Decimal(row.worth))


async def close_scope(
    tx: Transaction,
    actor: Person,
    scope: ScopeView,
    *,
    reason: str,
    idempotency_key: str,
    network: str,
) -> int:
    """Close every bot of a scope that acts; give how many.

    Raises ActRefusedError while everything is stopped: then no sale would be sent either.
    """
    if await tx.scalar(select(Switch.stopped).where(Switch.name == EVERYTHING)):
        raise ActRefusedError(
            "",
            "Everything is stopped, so nothing can be sold. Pause the entries of everything,"
            " release the stop, and close then.",
        )
    closed = await close_bots(
        tx, _within(scope), actor_id=actor.id, idempotency_key=idempotency_key
    )
    if closed:
        await tx.flush()
        await write_audit(
            tx, "bots_closed_by_staff",
            user_id=None, actor_id=actor.id, network=network,
            switch=scope.name, reason=reason, bots=closed,
        )  # fmt: skip
    return closed


def _within(scope: ScopeView) -> ColumnElement[bool]:
    """Say that a bot belongs to a scope."""
    if scope.name == EVERYTHING:
        return true()
    return Bot.strategy == scope.name.removeprefix(BY_STRATEGY)
