"""What may be bought: how much others trade of a symbol, and what an account spent today."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("symbol_filters", sa.Column("quote_volume", sa.Numeric(30, 12), nullable=True))
    op.add_column("symbol_filters", sa.Column("last_price", sa.Numeric(30, 12), nullable=True))
    op.create_table(
        "daily_spending",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_asset", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("spent", sa.Numeric(30, 12), nullable=False),
        sa.CheckConstraint("spent >= 0 AND spent < 1e15", name=op.f("ck_daily_spending_finite")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_daily_spending_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "quote_asset", name=op.f("pk_daily_spending")),
    )


def downgrade() -> None:
    op.drop_table("daily_spending")
    op.drop_column("symbol_filters", "last_price")
    op.drop_column("symbol_filters", "quote_volume")
