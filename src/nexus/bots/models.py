"""The tables of what people run: a bot, what it holds, and the orders to close it."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Id, Table


class Bot(Table):
    """One strategy on one symbol, with an allocation, on one exchange account.

    `running` follows the leader. `paused` takes no new entry but follows exits. `closing` sells
    what it holds and becomes `stopped`. `stopped` does nothing.
    """

    __tablename__ = "bots"
    __table_args__ = (
        Index(
            "uq_bots_one_of_its_kind",
            "account_id",
            "strategy",
            "symbol",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        CheckConstraint("status IN ('running', 'paused', 'closing', 'stopped')", name="status"),
        CheckConstraint("allocation > 0 AND allocation < 1e15", name="finite_allocation"),
        CheckConstraint("max_order > 0 AND max_order < 1e15", name="finite_max_order"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"))
    strategy: Mapped[str]
    symbol: Mapped[str]
    allocation: Mapped[Amount]
    """Quote currency this bot may invest."""
    max_order: Mapped[Amount | None]
    """The most quote currency one order may spend; the person's own limit."""
    status: Mapped[str]
    status_reason: Mapped[str] = mapped_column(default="")
    status_at: Mapped[datetime]
    status_by: Mapped[str]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    """When its owner deleted it; it is stopped for good, and its history is kept."""


class Holding(Table):
    """What a bot holds by its own fills, never by the leader's book."""

    __tablename__ = "holdings"
    __table_args__ = (
        CheckConstraint("quantity >= 0 AND quantity < 1e15", name="finite_quantity"),
        CheckConstraint("cost >= 0 AND cost < 1e15", name="finite_cost"),
        CheckConstraint("realised > -1e15 AND realised < 1e15", name="finite_realised"),
    )

    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"), primary_key=True)
    quantity: Mapped[Amount]
    """Base units held."""
    cost: Mapped[Amount]
    """Quote currency paid for `quantity`, fees included."""
    realised: Mapped[Amount]
    """Quote currency won or lost by sales so far, fees included."""
    trade_id: Mapped[int | None]
    """The leader's trade this bot is in: the id of its `enter` decision."""
    layers: Mapped[int] = mapped_column(default=0)
    day: Mapped[date | None]
    """The last UTC day on which this bot sold."""
    day_result: Mapped[Amount] = mapped_column(default=0)
    """Quote currency won or lost by the sales of that day, fees included."""
    lost_at: Mapped[datetime | None]
    """When it last sold at a loss."""
    updated_at: Mapped[datetime]


class LimitsRow(Table):
    """What a person set themselves as limits; NULL is no limit. Amounts are quote currency."""

    __tablename__ = "user_limits"
    __table_args__ = (
        CheckConstraint("allocation > 0 AND allocation < 1e15", name="finite_allocation"),
        CheckConstraint("per_trade > 0 AND per_trade < 1e15", name="finite_per_trade"),
        CheckConstraint("day_loss > 0 AND day_loss < 1e15", name="finite_day_loss"),
        CheckConstraint("drawdown > 0 AND drawdown < 1e15", name="finite_drawdown"),
        CheckConstraint("positions > 0", name="some_positions"),
        CheckConstraint("cooldown_minutes > 0", name="some_minutes"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    allocation: Mapped[Amount | None]
    """The most all bots together may have invested."""
    per_trade: Mapped[Amount | None]
    """The most one order may spend."""
    day_loss: Mapped[Amount | None]
    day_loss_closes: Mapped[bool] = mapped_column(default=False)
    """Whether reaching it also sells what the bots hold."""
    drawdown: Mapped[Amount | None]
    """How far the result may fall from its highest point."""
    drawdown_closes: Mapped[bool] = mapped_column(default=False)
    positions: Mapped[int | None]
    """How many bots may be in a trade at once."""
    cooldown_minutes: Mapped[int | None]
    """How long no trade is entered after a sale at a loss."""
    changed_at: Mapped[datetime]


class ResultPeak(Table):
    """The highest result of a person's bots since their limit on its fall counts.

    Apart for practice and real money and for each quote currency, like every limit.
    """

    __tablename__ = "result_peaks"
    __table_args__ = (CheckConstraint("peak > -1e15 AND peak < 1e15", name="finite_peak"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    practice: Mapped[bool] = mapped_column(primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    peak: Mapped[Amount]


class CloseRequest(Table):
    """Somebody asked to stop a bot and sell what it holds: who, when, and how it ended.

    A sale that failed is tried again by a request of its own, so each try has its own plan.
    """

    __tablename__ = "close_requests"
    __table_args__ = (CheckConstraint("attempt > 0", name="attempt"),)

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"), index=True)
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    attempt: Mapped[int] = mapped_column(default=1, server_default="1")
    """Which try this is; the first is the wish itself."""
    not_before: Mapped[datetime | None]
    """When another try may be planned; None on a wish, which is taken up at once."""
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")


STOP_IS_LIVE = "status IN ('PLACING', 'UNKNOWN', 'RESTING', 'CANCELLING')"


class RestingStop(Table):
    """A sale that rests at the exchange until the price comes to a bot's stop.

    PLACING -> RESTING | REFUSED | UNKNOWN (asked about) and RESTING -> CANCELLING -> CANCELED, or
    TRIGGERED from any of them. A bot has at most one that may still sell. One whose price or
    quantity is to change is cancelled, and the next generation is placed.
    """

    __tablename__ = "resting_stops"
    __table_args__ = (
        UniqueConstraint("account_id", "client_order_id"),
        UniqueConstraint("bot_id", "trade_id", "generation"),
        CheckConstraint(
            "status IN ('PLACING', 'UNKNOWN', 'RESTING', 'CANCELLING', 'CANCELED', 'REFUSED',"
            " 'TRIGGERED')",
            name="status",
        ),
        CheckConstraint("generation > 0", name="generation"),
        CheckConstraint("quantity > 0 AND quantity < 1e15", name="finite_quantity"),
        CheckConstraint("stop_price > 0 AND stop_price < 1e15", name="finite_stop"),
        Index("uq_resting_stops_one_live", "bot_id", unique=True, postgresql_where=STOP_IS_LIVE),
        Index(
            "ix_resting_stops_to_check", "next_check_at",
            postgresql_where="next_check_at IS NOT NULL",
        ),
    )  # fmt: skip

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"))
    trade_id: Mapped[int]
    """The leader's trade it protects: the id of its `enter` decision."""
    generation: Mapped[int]
    client_order_id: Mapped[str]
    symbol: Mapped[str]
    quantity: Mapped[Amount]
    stop_price: Mapped[Amount]
    status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    exchange_order_id: Mapped[str | None]
    sent_at: Mapped[datetime]
    worker: Mapped[str]
    checks: Mapped[int] = mapped_column(default=0)
    """How often the venue was asked about it once its fence had passed, and did not know it."""
    next_check_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
