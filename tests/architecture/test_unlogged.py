"""Which tables may PostgreSQL empty after a crash? Exactly those on the list, never the ledger."""

from pathlib import Path

from sqlalchemy import text

from nexus.core.db import Database

LIST = Path(__file__).with_name("unlogged_tables.txt")

UNLOGGED = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relpersistence = 'u' AND relnamespace = 'public'::regnamespace
    ORDER BY relname
"""


async def test_the_unlogged_tables_are_the_listed_ones(database: Database) -> None:
    async with database.transaction() as tx:
        found = (await tx.execute(text(UNLOGGED))).scalars().all()
    assert list(found) == LIST.read_text().split()
