"""The table of plans: what one decision, or one wish to close, means for one bot."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Id, Table, one_of

LIVE = "status IN ('PLANNED', 'ORDERED')"


class PlanRow(Table):
    """At most one per (decision, bot), close request and resting stop; the outbox of the orders.

    PLANNED -> ORDERED (an order was written down) -> DONE (that order has ended), or
    PLANNED -> DENIED (we refused) | EXPIRED_UNSENT (too old). An order that was surely not
    placed may put its plan back to PLANNED for another attempt.
    """

    __tablename__ = "execution_plans"
    __table_args__ = (
        UniqueConstraint("decision_id", "bot_id"),
        UniqueConstraint("close_request_id"),
        UniqueConstraint("resting_stop_id"),
        CheckConstraint(
            "num_nonnulls(decision_id, close_request_id, resting_stop_id) = 1", name="one_origin"
        ),
        CheckConstraint(
            "status IN ('PLANNED', 'ORDERED', 'DONE', 'DENIED', 'EXPIRED_UNSENT')", name="status"
        ),
        CheckConstraint("side IN ('buy', 'sell')", name="side"),
        CheckConstraint("quantity >= 0 AND quantity < 1e15", name="finite_quantity"),
        CheckConstraint("status = 'DENIED' OR quantity > 0", name="something_to_trade"),
        CheckConstraint("reference_price > 0 AND reference_price < 1e15", name="finite_price"),
        Index("ix_execution_plans_waiting", "id", postgresql_where="status = 'PLANNED'"),
        Index("ix_execution_plans_live", "bot_id", postgresql_where=LIVE),
        Index("ix_execution_plans_bot_id_id", "bot_id", "id"),
    )

    id: Mapped[Id]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    close_request_id: Mapped[int | None] = mapped_column(ForeignKey("close_requests.id"))
    resting_stop_id: Mapped[int | None] = mapped_column(ForeignKey("resting_stops.id"))
    """The stop at the exchange that sold: the plan is written down with what it did."""
    origin: Mapped[str]
    """What the client order id is derived from: the decision's natural key, or `close/<id>`."""
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"))
    action: Mapped[str]
    """The decision's action, `close`, or `stop` for what a stop at the exchange sold."""
    symbol: Mapped[str]
    side: Mapped[str]
    quantity: Mapped[Amount]
    """Base units, rounded down to the venue's step; 0 on a denied plan."""
    reference_price: Mapped[Amount]
    status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=0)
    """How many orders this plan has had."""
    not_before: Mapped[datetime]
    """When it may be sent: later than its making only for another attempt."""
    not_after: Mapped[datetime]
    created_at: Mapped[datetime]


def is_live() -> ColumnElement[bool]:
    """Say that a plan may still trade."""
    return one_of(PlanRow.status, "PLANNED", "ORDERED")
