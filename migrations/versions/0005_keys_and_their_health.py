"""Exchange keys in full: how they come in, how healthy they are, and how they are destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

STATUSES = "status IN ('active', 'paused', 'exits_only', 'key_invalid', 'removed')"
HEALTHS = "health IN ('ok', 'expiring', 'unlocked', 'address_missing', 'revoked', 'rights_changed')"
CONNECTED = "venue_uid <> '' AND status <> 'removed'"


def upgrade() -> None:
    _accounts()
    op.add_column("api_keys", sa.Column("destroyed_at", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("uq_api_keys_fingerprint"), "api_keys")
    op.create_index(
        "uq_api_keys_fingerprint",
        "api_keys",
        ["fingerprint"],
        unique=True,
        postgresql_where=sa.text("destroyed_at IS NULL"),
    )
    op.create_table(
        "vault_secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("wrap_nonce", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vault_secrets")),
    )
    op.create_table(
        "key_openings",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("alarmed", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_key_openings")),
    )
    _drops()


def _accounts() -> None:
    table = "exchange_accounts"
    op.drop_constraint(op.f("ck_exchange_accounts_status"), table)
    op.create_check_constraint(op.f("ck_exchange_accounts_status"), table, STATUSES)
    for name in ("health", "health_told"):
        op.add_column(table, sa.Column(name, sa.String(), server_default="ok", nullable=False))
    for name in ("paused_at", "health_at", "key_expires_at"):
        op.add_column(table, sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column(table, sa.Column("venue_uid", sa.String(), server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_exchange_accounts_health"), table, HEALTHS)
    op.create_index(
        "uq_exchange_accounts_venue_uid",
        table,
        ["venue", "venue_uid"],
        unique=True,
        postgresql_where=sa.text(CONNECTED),
    )


def _drops() -> None:
    op.create_table(
        "key_drops",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("egress", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("key_box", sa.LargeBinary()),
        sa.Column("secret_box", sa.LargeBinary()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('ed25519', 'hmac')", name=op.f("ck_key_drops_kind")),
        sa.CheckConstraint(
            "status IN ('open', 'checking', 'refused', 'connected')",
            name=op.f("ck_key_drops_status"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_key_drops_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_key_drops_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_drops")),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(op.f(f"ix_key_drops_{column}"), "key_drops", [column])


def downgrade() -> None:
    op.drop_table("key_drops")
    op.drop_table("key_openings")
    op.drop_table("vault_secrets")
    op.execute("DELETE FROM api_keys WHERE destroyed_at IS NOT NULL")
    op.drop_index("uq_api_keys_fingerprint", "api_keys")
    op.create_unique_constraint(op.f("uq_api_keys_fingerprint"), "api_keys", ["fingerprint"])
    op.drop_column("api_keys", "destroyed_at")
    table = "exchange_accounts"
    op.drop_index("uq_exchange_accounts_venue_uid", table)
    op.drop_constraint(op.f("ck_exchange_accounts_health"), table)
    for name in ("venue_uid", "key_expires_at", "health_at", "health_told", "health", "paused_at"):
        op.drop_column(table, name)
    op.drop_constraint(op.f("ck_exchange_accounts_status"), table)
    op.execute(
        "UPDATE exchange_accounts SET status = 'key_invalid'"
        " WHERE status IN ('paused', 'exits_only')"
    )
    op.create_check_constraint(
        op.f("ck_exchange_accounts_status"),
        table,
        "status IN ('active', 'key_invalid', 'removed')",
    )
