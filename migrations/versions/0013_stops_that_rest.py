"""Stops that rest at an exchange: which symbols allow them, each of them, and what they sold."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ONE_ORIGIN = "ck_execution_plans_one_origin"
PLANS = "execution_plans"


def upgrade() -> None:
    moment, amount = sa.DateTime(timezone=True), sa.Numeric(30, 12)
    op.add_column(
        "symbol_filters",
        sa.Column("rests_stops", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_table(
        "resting_stops",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("quantity", amount, nullable=False),
        sa.Column("stop_price", amount, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("exchange_order_id", sa.String()),
        sa.Column("sent_at", moment, nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("checks", sa.BigInteger(), nullable=False),
        sa.Column("next_check_at", moment),
        sa.Column("updated_at", moment, nullable=False),
        sa.CheckConstraint(
            "status IN ('PLACING', 'UNKNOWN', 'RESTING', 'CANCELLING', 'CANCELED', 'REFUSED',"
            " 'TRIGGERED')",
            name=op.f("ck_resting_stops_status"),
        ),
        sa.CheckConstraint("generation > 0", name=op.f("ck_resting_stops_generation")),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 1e15", name=op.f("ck_resting_stops_finite_quantity")
        ),
        sa.CheckConstraint(
            "stop_price > 0 AND stop_price < 1e15", name=op.f("ck_resting_stops_finite_stop")
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_resting_stops_bot_id")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_resting_stops_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resting_stops")),
        sa.UniqueConstraint(
            "account_id", "client_order_id",
            name=op.f("uq_resting_stops_account_id_client_order_id"),
        ),
        sa.UniqueConstraint(
            "bot_id", "trade_id", "generation",
            name=op.f("uq_resting_stops_bot_id_trade_id_generation"),
        ),
    )  # fmt: skip
    op.create_index(
        "uq_resting_stops_one_live", "resting_stops", ["bot_id"], unique=True,
        postgresql_where="status IN ('PLACING', 'UNKNOWN', 'RESTING', 'CANCELLING')",
    )  # fmt: skip
    op.create_index(
        "ix_resting_stops_to_check", "resting_stops", ["next_check_at"],
        postgresql_where="next_check_at IS NOT NULL",
    )  # fmt: skip
    op.add_column(PLANS, sa.Column("resting_stop_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_execution_plans_resting_stop_id"),
        PLANS, "resting_stops", ["resting_stop_id"], ["id"],
    )  # fmt: skip
    op.create_unique_constraint(
        op.f("uq_execution_plans_resting_stop_id"), PLANS, ["resting_stop_id"]
    )
    op.drop_constraint(op.f(ONE_ORIGIN), PLANS)
    op.create_check_constraint(
        op.f(ONE_ORIGIN), PLANS, "num_nonnulls(decision_id, close_request_id, resting_stop_id) = 1"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(ONE_ORIGIN), PLANS)
    op.create_check_constraint(
        op.f(ONE_ORIGIN), PLANS, "(decision_id IS NULL) <> (close_request_id IS NULL)"
    )
    op.drop_column(PLANS, "resting_stop_id")
    op.drop_table("resting_stops")
    op.drop_column("symbol_filters", "rests_stops")
