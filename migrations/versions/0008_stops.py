"""Stops: a failed close is tried again, and a strategy may say where a trade is to be left."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

STOPPED = ("decisions", "leader_books")


def upgrade() -> None:
    table = "close_requests"
    op.add_column(table, sa.Column("attempt", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column(table, sa.Column("not_before", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_close_requests_attempt"), table, "attempt > 0")
    for table in STOPPED:
        op.add_column(table, sa.Column("stop_price", sa.Numeric()))
        op.create_check_constraint(
            op.f(f"ck_{table}_finite_stop"), table, "stop_price > 0 AND stop_price < 1e15"
        )


def downgrade() -> None:
    for table in STOPPED:
        op.drop_column(table, "stop_price")
    op.drop_column("close_requests", "not_before")
    op.drop_column("close_requests", "attempt")
