"""What can somebody own whose number stands in an address or a form? One of each, made for real."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from nexus.accounts.models import Identity, Passkey, Session
from nexus.accounts.sessions import start_session
from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.core.db import Database, Table, Transaction
from nexus.exchanges.models import ExchangeAccount, KeyDrop
from nexus.notices.models import PushDevice

Maker = Callable[[Transaction, int], Awaitable[int | str]]


async def _add(tx: Transaction, row: Any) -> int:
    tx.add(row)
    await tx.flush()
    number: int = row.id
    return number


async def account(tx: Transaction, user_id: int) -> int:
    row = ExchangeAccount(user_id=user_id, venue="paper", label="Paper", created_at=now())
    return await _add(tx, row)


async def live_account(tx: Transaction, user_id: int) -> int:
    row = ExchangeAccount(user_id=user_id, venue="binance", label="Live", created_at=now())
    return await _add(tx, row)


async def drop(tx: Transaction, user_id: int) -> int:
    """Make a key on its way; its id is text, and here the text of a number."""
    number = secrets.randbits(60)
    row = KeyDrop(
        id=str(number),
        user_id=user_id,
        venue="binance",
        label="Live",
        egress="default",
        kind="hmac",
        created_at=now(),
        expires_at=now() + timedelta(hours=1),
    )
    tx.add(row)
    await tx.flush()
    return number


async def bot(tx: Transaction, user_id: int) -> int:
    row = Bot(
        user_id=user_id,
        account_id=await account(tx, user_id),
        strategy="trend",
        symbol="BTC/USDT",
        allocation=Decimal(100),
        status="running",
        status_at=now(),
        status_by="test",
        created_at=now(),
    )
    return await _add(tx, row)


async def passkey(tx: Transaction, user_id: int) -> int:
    row = Passkey(
        user_id=user_id,
        credential_id=secrets.token_bytes(16),
        public_key=b"",
        sign_count=0,
        transports=[],
        name="Phone",
        created_at=now(),
    )
    return await _add(tx, row)


async def identity(tx: Transaction, user_id: int) -> int:
    row = Identity(
        user_id=user_id,
        issuer="https://accounts.google.com",
        subject=secrets.token_hex(8),
        email="elsewhere@example.com",
        created_at=now(),
        last_used_at=now(),
    )
    return await _add(tx, row)


async def session(tx: Transaction, user_id: int) -> int:
    await start_session(tx, user_id, user_agent="", network="")
    newest = select(Session.id).where(Session.user_id == user_id).order_by(Session.id.desc())
    return (await tx.scalars(newest.limit(1))).one()


async def device(tx: Transaction, user_id: int) -> int:
    row = PushDevice(
        user_id=user_id,
        session_id=await session(tx, user_id),
        endpoint=f"https://push.example.com/{secrets.token_hex(8)}",
        public_key="",
        auth="",
        name="Firefox on Android",
        created_at=now(),
    )
    return await _add(tx, row)


MAKERS: dict[str, Maker] = {
    "account": account,
    "account_id": live_account,
    "bot_id": bot,
    "device_id": device,
    "drop_id": drop,
    "identity_id": identity,
    "passkey_id": passkey,
    "session_id": session,
}
"""By the name of the path's parameter, or of the form's field."""


async def dump(database: Database) -> dict[str, list[str]]:
    """Read every row of every table, as text."""
    async with database.engine.connect() as connection:
        found = {}
        for table in Table.metadata.sorted_tables:
            rows = await connection.scalars(text(f'SELECT t::text FROM "{table.name}" t'))  # noqa: S608  our own tables' names
            found[table.name] = sorted(rows)
        return found
