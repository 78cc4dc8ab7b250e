"""Bots that are deleted keep their history; the newest orders of one bot are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("bots", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("uq_bots_account_id_strategy_symbol"), "bots", type_="unique")
    op.create_index(
        "uq_bots_one_of_its_kind",
        "bots",
        ["account_id", "strategy", "symbol"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_orders_bot_id_id", "orders", ["bot_id", "id"])
    op.drop_index("ix_orders_bot_id", table_name="orders")


def downgrade() -> None:
    op.create_index("ix_orders_bot_id", "orders", ["bot_id"])
    op.drop_index("ix_orders_bot_id_id", table_name="orders")
    op.drop_index("uq_bots_one_of_its_kind", table_name="bots")
    op.create_unique_constraint(
        op.f("uq_bots_account_id_strategy_symbol"), "bots", ["account_id", "strategy", "symbol"]
    )
    op.drop_column("bots", "deleted_at")
