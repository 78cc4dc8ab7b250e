"""How somebody proved in a session that they are still themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "sessions", sa.Column("proven_by", sa.String(), server_default="", nullable=False)
    )
    op.alter_column("sessions", "proven_by", server_default=None)


def downgrade() -> None:
    op.drop_column("sessions", "proven_by")
