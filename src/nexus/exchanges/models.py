"""The tables of a person's exchange accounts, their keys, and what we last knew they hold."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Id, Table


class ExchangeAccount(Table):
    """One account of one person at one venue (`paper` is a venue too)."""

    __tablename__ = "exchange_accounts"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'key_invalid', 'removed')", name="status"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    venue: Mapped[str]
    label: Mapped[str]
    egress: Mapped[str] = mapped_column(default="default")
    status: Mapped[str] = mapped_column(default="active")
    status_reason: Mapped[str] = mapped_column(default="")
    key_version: Mapped[int] = mapped_column(default=0)
    balances_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ApiKey(Table):
    """An encrypted exchange key: a fresh data key per record, wrapped by the key in `kid`."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("fingerprint"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    version: Mapped[int]
    kid: Mapped[str]
    wrap_nonce: Mapped[bytes]
    wrapped_dek: Mapped[bytes]
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]
    last4: Mapped[str]
    fingerprint: Mapped[bytes]
    permissions: Mapped[dict[str, Any]]
    ip_restricted: Mapped[bool]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class AccountBalance(Table):
    """What an account has free, by our own record: read at connect, moved by fills, reconciled."""

    __tablename__ = "account_balances"

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    asset: Mapped[str] = mapped_column(primary_key=True)
    free: Mapped[Amount]
    as_of: Mapped[datetime]


class SymbolFilter(Table):
    """What a venue demands of orders in one symbol, as last read from it."""

    __tablename__ = "symbol_filters"

    venue: Mapped[str] = mapped_column(primary_key=True)
    symbol: Mapped[str] = mapped_column(primary_key=True)
    tick_size: Mapped[Amount]
    step_size: Mapped[Amount]
    min_quantity: Mapped[Amount]
    max_quantity: Mapped[Amount]
    min_notional: Mapped[Amount]
    trading: Mapped[bool]
    read_at: Mapped[datetime]


class PaperBalance(Table):
    """The paper venue's own book: what a paper account holds. It plays the exchange's journal."""

    __tablename__ = "paper_balances"
    __table_args__ = (CheckConstraint("free >= 0 AND free < 1e15", name="finite"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    asset: Mapped[str] = mapped_column(primary_key=True)
    free: Mapped[Amount]


class PaperOrder(Table):
    """The paper venue's own record of an order it filled."""

    __tablename__ = "paper_orders"
    __table_args__ = (
        UniqueConstraint("account_id", "client_order_id"),
        CheckConstraint("quantity > 0 AND quantity < 1e15", name="finite_quantity"),
        CheckConstraint("price > 0 AND price < 1e15", name="finite_price"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"))
    client_order_id: Mapped[str]
    symbol: Mapped[str]
    side: Mapped[str]
    quantity: Mapped[Amount]
    price: Mapped[Amount]
    fee: Mapped[Amount]
    fee_asset: Mapped[str]
    at: Mapped[datetime]
