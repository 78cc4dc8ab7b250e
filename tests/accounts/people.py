"""Who is there in the tests of factors? People made directly, with what they own."""

import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
from sqlalchemy import func, select, update

from nexus.accounts.models import AuditEntry, Session, TotpSecret
from nexus.accounts.recovery import make_recovery_codes
from nexus.accounts.seal import unseal
from nexus.accounts.sessions import start_session
from nexus.accounts.totp import confirm_totp, offer_totp
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.mail.models import OutgoingMail
from tests.website import SECRET, Browser, Website

OURS = SECRET.encode()
ADA = "ada@example.com"


async def add_totp(database: Database, user_id: int, email: str = ADA) -> pyotp.TOTP:
    """Give somebody an app; its code of two steps ago confirmed it, so all later ones are new."""
    async with database.transaction() as tx:
        offer = await offer_totp(tx, OURS, user_id, email)
        assert offer
        app = pyotp.TOTP(offer.secret)
        assert await confirm_totp(tx, OURS, user_id, app.at(now()))
        # As if it had been added an hour ago.
        await tx.execute(
            update(TotpSecret)
            .where(TotpSecret.user_id == user_id)
            .values(last_timecode=TotpSecret.last_timecode - 120)
        )
    return app


async def add_recovery_codes(database: Database, user_id: int) -> list[str]:
    async with database.transaction() as tx:
        return await make_recovery_codes(tx, user_id)


async def offered_secret(database: Database, user_id: int) -> pyotp.TOTP:
    """Read the secret that the page offers."""
    async with database.transaction() as tx:
        row = await tx.get_one(TotpSecret, user_id)
    return pyotp.TOTP(unseal(OURS, user_id, row.sealed).decode())


async def let_proof_grow_old(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(update(Session).values(proven_at=now() - timedelta(minutes=6)))


async def prove_again(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(update(Session).values(proven_at=now()))


def way_back(asked: str) -> str:
    """Give where a person goes on to after the proof that they are `asked` for."""
    return parse_qs(urlsplit(asked).query)["next"][0]


async def sign_in_halfway(website: Website, browser: Browser, user_id: int) -> str:
    """Put the session into a browser that a right password gives to who owes a second factor."""
    async with website.database.transaction() as tx:
        token = await start_session(
            tx, user_id, user_agent="", network="192.0.2.7", factor_pending=True
        )
    plant(browser, token)
    return token


def plant(browser: Browser, token: str) -> None:
    """Put a session's token into a browser, where its own would be."""
    browser.http.cookies.set("nexus-session", token, domain="127.0.0.1", path="/")


async def acts(database: Database, user_id: int) -> list[str]:
    async with database.transaction() as tx:
        entries = select(AuditEntry.act).where(AuditEntry.user_id == user_id)
        return list(await tx.scalars(entries.order_by(AuditEntry.id)))


async def mails(database: Database) -> list[OutgoingMail]:
    async with database.transaction() as tx:
        return list(await tx.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


async def count_sessions(database: Database, user_id: int) -> int:
    async with database.transaction() as tx:
        count = select(func.count()).select_from(Session).where(Session.user_id == user_id)
        return await tx.scalar(count) or 0


async def session_of(database: Database, browser: Browser) -> Session | None:
    digest = hashlib.sha256(browser.cookie("session").encode()).digest()
    async with database.transaction() as tx:
        found: Session | None = await tx.scalar(
            select(Session).where(Session.token_sha256 == digest)
        )
        return found
