"""Whose a mail is, when its address has been left since."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("mail_outbox", sa.Column("user_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_mail_outbox_user_id"), "mail_outbox", "users", ["user_id"], ["id"]
    )
    op.create_index("ix_mail_outbox_user_id", "mail_outbox", ["user_id"])


def downgrade() -> None:
    op.drop_column("mail_outbox", "user_id")
