"""The gate's log, and since when all has been well."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # The readings are made anew at the next look; until then the gate is closed.
    op.execute("DELETE FROM regime_readings")
    op.add_column(
        "regime_readings", sa.Column("calm_since", sa.DateTime(timezone=True), nullable=False)
    )
    op.create_table(
        "gate_changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries_allowed", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("regime", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_changes")),
    )
    op.create_index("ix_gate_changes_symbol_id", "gate_changes", ["symbol", "id"])


def downgrade() -> None:
    op.drop_table("gate_changes")
    op.drop_column("regime_readings", "calm_since")
