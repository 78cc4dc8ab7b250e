"""Can a secret be read where none may be: in what was written, in the database, in the queue?"""

from typing import Any

from sqlalchemy import text

from nexus.core.db import Transaction
from prove.house import House

TABLES = """
    SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()
"""
SAMPLE = 20
"""So many secrets are looked for in every row; in the logs all of them are."""


async def find_secrets(house: House) -> list[str]:
    """Name each place where a secret stands in plain text."""
    found = []
    for number in range(len(house.workers)):
        lines = house.log_of(number)
        found += [f"worker {number} wrote {_end(s)}" for s in house.secrets if s in lines]
    for key in await house.redis.keys():
        value: Any = await house.redis.dump(key) or b""
        found += [f"Redis {key!r} has {_end(s)}" for s in house.secrets if s.encode() in value]
    async with house.database.transaction() as tx:
        return found + await _in_tables(tx, house.secrets[:SAMPLE])


async def _in_tables(tx: Transaction, secrets: list[str]) -> list[str]:
    patterns = [f"%{secret}%" for secret in secrets]
    found = []
    for table in list(await tx.scalars(text(TABLES))):
        query = text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE ANY(:patterns)")  # noqa: S608
        if rows := await tx.scalar(query, {"patterns": patterns}):
            found.append(f"{rows} rows of {table}")
    return found


def _end(secret: str) -> str:
    return f"...{secret[-4:]}"
