"""Who works here in the tests? Carol, with the role a test needs and all that it takes to enter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, update

from nexus.accounts.models import AuditEntry, Passkey, User
from nexus.accounts.sessions import start_session
from nexus.core.clock import now
from nexus.core.db import Database
from tests.accounts.people import plant
from tests.website import Browser, Website

CAROL = "carol@example.com"
WHY = "They asked for it by phone."


async def hire(website: Website, role: str, email: str = CAROL) -> int:
    """Add somebody with a role and a second factor."""
    user_id = await website.add_person(email)
    async with website.database.transaction() as tx:
        await tx.execute(update(User).where(User.id == user_id).values(role=role))
        tx.add(
            Passkey(
                user_id=user_id,
                credential_id=f"made up for {email}".encode(),
                public_key=b"",
                sign_count=0,
                transports=[],
                name="Phone",
                created_at=now(),
            )
        )
    return user_id


async def sign_in_as(website: Website, browser: Browser, user_id: int) -> None:
    """Put a session into a browser in which somebody has just proven who they are."""
    async with website.database.transaction() as tx:
        token = await start_session(
            tx, user_id, user_agent="Test phone", network="192.0.2.7", method="passkey"
        )
    plant(browser, token)


@asynccontextmanager
async def room(website: Website, role: str, email: str = CAROL) -> AsyncIterator[Browser]:
    """Lend the browser of somebody with a role who may enter now."""
    user_id = await hire(website, role, email)
    async with website.browser() as browser:
        await sign_in_as(website, browser, user_id)
        yield browser


async def entries(database: Database, act: str) -> list[AuditEntry]:
    async with database.transaction() as tx:
        found = select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id)
        return list(await tx.scalars(found))


async def person(database: Database, user_id: int) -> User:
    async with database.transaction() as tx:
        return await tx.get_one(User, user_id)
