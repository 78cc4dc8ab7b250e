"""The tables of a person's exchange accounts, their keys, and what we last knew they hold."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Id, Table


class ExchangeAccount(Table):
    """One account of one person at one venue (`paper` is a venue too)."""

    __tablename__ = "exchange_accounts"
    __table_args__ = (
        CheckConstraint(
            "status IN ('active', 'paused', 'exits_only', 'key_invalid', 'removed')", name="status"
        ),
        CheckConstraint(
            "health IN ('ok', 'expiring', 'unlocked', 'address_missing', 'revoked',"
            " 'rights_changed')",
            name="health",
        ),
        Index(
            "uq_exchange_accounts_venue_uid",
            "venue",
            "venue_uid",
            unique=True,
            postgresql_where=text("venue_uid <> '' AND status <> 'removed'"),
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    venue: Mapped[str]
    label: Mapped[str]
    egress: Mapped[str] = mapped_column(default="default")
    status: Mapped[str] = mapped_column(default="active")
    """`paused` (by its owner) and `exits_only` (by us) buy nothing and still sell."""
    status_reason: Mapped[str] = mapped_column(default="")
    paused_at: Mapped[datetime | None]
    """Since when its owner wants no entries; outlives a time in which the key was refused."""
    health: Mapped[str] = mapped_column(default="ok", server_default="ok")
    """What the exchange last said of the key."""
    health_told: Mapped[str] = mapped_column(default="ok", server_default="ok")
    """What of that the owner was last told: news is told once."""
    health_at: Mapped[datetime | None]
    """When the exchange was last asked about the key; None asks again soon."""
    key_expires_at: Mapped[datetime | None]
    """When the exchange takes the right to trade away; None while it does not."""
    venue_uid: Mapped[str] = mapped_column(default="", server_default="")
    """The account's number at the exchange: a new key must belong to the same one."""
    round_trip_bps: Mapped[Amount | None]
    """What buying and selling once costs here, told when its key was connected; None if untold."""
    key_version: Mapped[int] = mapped_column(default=0)
    balances_at: Mapped[datetime | None]
    orders_checked_at: Mapped[datetime | None]
    """When its orders at the exchange were last compared with the ledger."""
    created_at: Mapped[datetime]


class ApiKey(Table):
    """An encrypted exchange key: a fresh data key per record, wrapped by the key in `kid`.

    The web process may write the sealed columns and never read them (`migrations/grants.sql`).
    A removed key stays as a row whose data key and ciphertext are gone.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        Index(
            "uq_api_keys_fingerprint",
            "fingerprint",
            unique=True,
            postgresql_where=text("destroyed_at IS NULL"),
        ),
    )

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
    destroyed_at: Mapped[datetime | None]


class VaultSecret(Table):
    """A secret of the installation, wrapped like a data key; `public` is what all may know."""

    __tablename__ = "vault_secrets"

    name: Mapped[str] = mapped_column(primary_key=True)
    kid: Mapped[str]
    wrap_nonce: Mapped[bytes]
    wrapped: Mapped[bytes]
    public: Mapped[bytes | None]


class KeyDrop(Table):
    """A key on its way from its owner to a worker, for an hour at most.

    The two halves are sealed to the workers' drop box and bound to this row and its owner; who
    reads the table reads neither, and the web process may not even read the boxes.
    """

    __tablename__ = "key_drops"
    __table_args__ = (
        CheckConstraint("kind IN ('ed25519', 'hmac')", name="kind"),
        CheckConstraint("status IN ('open', 'checking', 'refused', 'connected')", name="status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """128 random bits; part of the page's address."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("exchange_accounts.id"))
    """The account whose key is replaced, and afterwards the account that was connected."""
    replaces: Mapped[bool] = mapped_column(default=False)
    venue: Mapped[str]
    label: Mapped[str]
    egress: Mapped[str]
    kind: Mapped[str]
    public_key: Mapped[str] = mapped_column(default="")
    """The half of an Ed25519 pair that is registered at the exchange, in PEM."""
    key_box: Mapped[bytes | None]
    secret_box: Mapped[bytes | None]
    status: Mapped[str] = mapped_column(default="open")
    code: Mapped[str] = mapped_column(default="")
    sentence: Mapped[str] = mapped_column(default="")
    """Why it was refused, or why it takes longer, in words for its owner."""
    network: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    """Until when a worker is at it; another takes over afterwards."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KeyOpening(Table):
    """How often exchange keys were opened in an hour, by all workers together."""

    __tablename__ = "key_openings"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    opened: Mapped[int]
    alarmed: Mapped[bool] = mapped_column(default=False, server_default="false")


class AccountBalance(Table):
    """What an account has free, by our own record: read at connect, moved by fills, reconciled."""

    __tablename__ = "account_balances"

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    asset: Mapped[str] = mapped_column(primary_key=True)
    free: Mapped[Amount]
    as_of: Mapped[datetime]


class StreamLease(Table):
    """Who hears a thousand accounts of one egress: one worker at a time, for as long as it lives.

    Emptied, it is filled again within seconds; an account that two hear meanwhile is booked once.
    """

    __tablename__ = "stream_leases"

    venue: Mapped[str] = mapped_column(primary_key=True)
    egress: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    """The accounts whose ids begin at `shard * 1000 + 1`."""
    holder: Mapped[str]
    until: Mapped[datetime]


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
    quote_volume: Mapped[Amount | None]
    last_price: Mapped[Amount | None]
    rests_stops: Mapped[bool] = mapped_column(default=False, server_default="false")
    read_at: Mapped[datetime]


class DailySpending(Table):
    """What an account's purchases of its newest day came to, counted before they are sent."""

    __tablename__ = "daily_spending"
    __table_args__ = (CheckConstraint("spent >= 0 AND spent < 1e15", name="finite"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    quote_asset: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    spent: Mapped[Amount]


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
