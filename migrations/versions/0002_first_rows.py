"""The rows that must always be there: the tiers, and the switch that stops everything."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        "INSERT INTO tiers (name, max_bots, max_allocation) VALUES"
        " ('starter', 3, 2000), ('trader', 10, 25000), ('pro', 50, 250000)"
    )
    op.execute(
        "INSERT INTO switches (name, stopped, reason, changed_at, changed_by)"
        " VALUES ('everything', false, '', now(), 'migration')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM switches WHERE name = 'everything'")
    op.execute("DELETE FROM entitlements")
    op.execute("DELETE FROM tiers WHERE name IN ('starter', 'trader', 'pro')")
