"""Equity over time, and how somebody wants times and numbers written."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    amount = sa.Numeric(30, 12)
    op.create_table(
        "equity_points",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free", amount, nullable=False),
        sa.Column("held", amount, nullable=False),
        sa.Column("result", amount, nullable=False),
        sa.CheckConstraint("free >= 0 AND free < 1e15", name=op.f("ck_equity_points_finite_free")),
        sa.CheckConstraint("held >= 0 AND held < 1e15", name=op.f("ck_equity_points_finite_held")),
        sa.CheckConstraint(
            "result > -1e15 AND result < 1e15", name=op.f("ck_equity_points_finite_result")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_equity_points_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "quote", "at", name=op.f("pk_equity_points")),
    )
    op.add_column(
        "users", sa.Column("time_zone", sa.String(), server_default="UTC", nullable=False)
    )
    op.add_column(
        "users", sa.Column("number_format", sa.String(), server_default="en-GB", nullable=False)
    )
    op.add_column(
        "users", sa.Column("display_currency", sa.String(), server_default="", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("users", "display_currency")
    op.drop_column("users", "number_format")
    op.drop_column("users", "time_zone")
    op.drop_table("equity_points")
