"""What exchanges tell: who listens for whom, what was compared, and orders nobody wrote down."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("exchange_accounts", sa.Column("orders_checked_at", moment))
    op.create_table(
        "stream_leases",
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("egress", sa.String(), nullable=False),
        sa.Column("shard", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("venue", "egress", "shard", name=op.f("pk_stream_leases")),
    )
    op.create_table(
        "orphan_orders",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("exchange_order_id", sa.String(), nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_orphan_orders_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "client_order_id", name=op.f("pk_orphan_orders")),
    )


def downgrade() -> None:
    op.drop_table("orphan_orders")
    op.drop_table("stream_leases")
    op.drop_column("exchange_accounts", "orders_checked_at")
