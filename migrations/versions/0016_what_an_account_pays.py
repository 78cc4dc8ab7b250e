"""What buying and selling once costs on an account, as the exchange told when it was connected."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("exchange_accounts", sa.Column("round_trip_bps", sa.Numeric(30, 12)))


def downgrade() -> None:
    op.drop_column("exchange_accounts", "round_trip_bps")
