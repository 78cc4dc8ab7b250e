"""Do the jobs do what they are named for, with what a worker hands them?"""

from datetime import timedelta

from sqlalchemy import select, update
from structlog.testing import capture_logs

from nexus.accounts.delete import CLOSED_FOR
from nexus.accounts.jobs import erase_people, publish_audit_head
from nexus.accounts.models import User
from nexus.accounts.register import create_user
from nexus.core.clock import now
from nexus.core.db import Database
from tests.website import PASSWORD


async def test_who_is_due_is_erased(database: Database) -> None:
    async with database.transaction() as tx:
        ada = await create_user(tx, "ada@example.com", PASSWORD, "")
        past = now() - CLOSED_FOR - timedelta(minutes=1)
        await tx.execute(update(User).values(delete_after=past, disabled_at=past))
    await erase_people.function({"database": database})
    async with database.transaction() as tx:
        assert await tx.scalar(select(User.email)) == f"deleted-{ada}@deleted.invalid"


async def test_the_end_of_the_audit_is_logged(database: Database) -> None:
    with capture_logs() as lines:
        await publish_audit_head.function({"database": database})
    assert lines == [{"event": "audit_head", "log_level": "info", "entry": 0, "hash": "00" * 32}]
