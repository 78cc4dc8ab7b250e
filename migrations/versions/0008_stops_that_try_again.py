"""A failed close is tried again: which try a request is, and when it may be planned."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"


def upgrade() -> None:
    table = "close_requests"
    op.add_column(table, sa.Column("attempt", sa.Integer(), server_default="1", nullable=False))
    op.add_column(table, sa.Column("not_before", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_close_requests_attempt"), table, "attempt > 0")


def downgrade() -> None:
    op.drop_column("close_requests", "not_before")
    op.drop_column("close_requests", "attempt")
