"""Limits per person: what each set, the highest result, and what each bot lost and when."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

AMOUNTS = ("allocation", "per_trade", "day_loss", "drawdown")
COUNTS = ("positions", "cooldown_minutes")


def upgrade() -> None:
    op.create_table(
        "user_limits",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Numeric(30, 12)) for name in AMOUNTS),
        sa.Column("day_loss_closes", sa.Boolean(), nullable=False),
        sa.Column("drawdown_closes", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in COUNTS),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.CheckConstraint(
                f"{name} > 0 AND {name} < 1e15", name=op.f(f"ck_user_limits_finite_{name}")
            )
            for name in AMOUNTS
        ),
        sa.CheckConstraint("positions > 0", name=op.f("ck_user_limits_some_positions")),
        sa.CheckConstraint("cooldown_minutes > 0", name=op.f("ck_user_limits_some_minutes")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_limits_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_limits")),
    )
    op.create_table(
        "result_peaks",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("practice", sa.Boolean(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("peak", sa.Numeric(30, 12), nullable=False),
        sa.CheckConstraint(
            "peak > -1e15 AND peak < 1e15", name=op.f("ck_result_peaks_finite_peak")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_result_peaks_user_id")),
        sa.PrimaryKeyConstraint("user_id", "practice", "quote", name=op.f("pk_result_peaks")),
    )
    # Days and losses are counted from here on: what was sold before stays in `realised` alone.
    op.add_column("holdings", sa.Column("day", sa.Date()))
    op.add_column(
        "holdings",
        sa.Column("day_result", sa.Numeric(30, 12), server_default="0", nullable=False),
    )
    op.add_column("holdings", sa.Column("lost_at", sa.DateTime(timezone=True)))
    # A bot's newest plan is looked up for many bots at once; the longer index serves both.
    op.create_index(op.f("ix_execution_plans_bot_id_id"), "execution_plans", ["bot_id", "id"])
    op.drop_index(op.f("ix_execution_plans_bot_id"), "execution_plans")


def downgrade() -> None:
    op.create_index(op.f("ix_execution_plans_bot_id"), "execution_plans", ["bot_id"])
    op.drop_index(op.f("ix_execution_plans_bot_id_id"), "execution_plans")
    for name in ("lost_at", "day_result", "day"):
        op.drop_column("holdings", name)
    op.drop_table("result_peaks")
    op.drop_table("user_limits")
