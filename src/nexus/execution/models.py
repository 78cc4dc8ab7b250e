"""The ledger's tables: orders, everything that happened to them, and their fills."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Id, Table


class OrderRow(Table):
    """One attempt of one plan, written down before it is sent."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("account_id", "client_order_id"),
        UniqueConstraint("plan_id", "attempt"),
        CheckConstraint(
            "status IN ('SENDING', 'UNKNOWN', 'ACKED', 'FILLED', 'CANCELED', 'EXPIRED',"
            " 'REJECTED', 'NOT_PLACED')",
            name="status",
        ),
        CheckConstraint("quantity > 0 AND quantity < 1e15", name="finite_quantity"),
        CheckConstraint("executed_quantity >= 0 AND executed_quantity < 1e15", name="finite_done"),
        # One writer per account, and one live order per bot.
        Index(
            "uq_orders_one_sending", "account_id", unique=True,
            postgresql_where="status = 'SENDING'",
        ),
        Index(
            "uq_orders_one_live", "bot_id", unique=True,
            postgresql_where="status IN ('SENDING', 'UNKNOWN', 'ACKED')",
        ),
        Index(
            "ix_orders_to_check", "next_check_at",
            postgresql_where="next_check_at IS NOT NULL",
        ),
        Index("ix_orders_bot_id_id", "bot_id", "id"),
    )  # fmt: skip

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(ForeignKey("execution_plans.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"))
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"))
    attempt: Mapped[int]
    client_order_id: Mapped[str]
    symbol: Mapped[str]
    side: Mapped[str]
    quantity: Mapped[Amount]
    status: Mapped[str]
    exchange_order_id: Mapped[str | None]
    executed_quantity: Mapped[Amount]
    executed_quote: Mapped[Amount]
    sent_at: Mapped[datetime]
    recv_window_ms: Mapped[int]
    worker: Mapped[str]
    checks: Mapped[int] = mapped_column(default=0)
    """How often the venue was asked what became of it and did not know it."""
    next_check_at: Mapped[datetime | None]
    """When to ask next; None once nobody needs to."""
    reason: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]


class OrderEvent(Table):
    """One step of an order or a plan. Only ever added to."""

    __tablename__ = "order_events"

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(ForeignKey("execution_plans.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    at: Mapped[datetime]
    status: Mapped[str]
    detail: Mapped[dict[str, Any]]


class FillRow(Table):
    """One execution, once."""

    __tablename__ = "fills"
    __table_args__ = (
        UniqueConstraint("account_id", "symbol", "trade_id"),
        CheckConstraint("price > 0 AND price < 1e15", name="finite_price"),
        CheckConstraint("quantity > 0 AND quantity < 1e15", name="finite_quantity"),
        CheckConstraint("fee >= 0 AND fee < 1e15", name="finite_fee"),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"))
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"), index=True)
    symbol: Mapped[str]
    trade_id: Mapped[str]
    side: Mapped[str]
    price: Mapped[Amount]
    quantity: Mapped[Amount]
    fee: Mapped[Amount]
    fee_asset: Mapped[str]
    at: Mapped[datetime]


class OrphanOrder(Table):
    """An order at the exchange with our prefix that the ledger does not know. It stopped entries.

    Kept so that it stops them once, and not again after somebody has looked and released it.
    """

    __tablename__ = "orphan_orders"

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    client_order_id: Mapped[str] = mapped_column(primary_key=True)
    market: Mapped[str]
    """The symbol as the venue writes it."""
    exchange_order_id: Mapped[str]
    seen_at: Mapped[datetime]
