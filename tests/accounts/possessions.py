"""Who has everything? Somebody with a row in every table that leads to a person, made by machine.

A new table is filled without anybody thinking of it, so that the download and the deletion are
always tried on all of them.
"""

import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, delete, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.sqltypes import (
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    String,
)

from nexus.accounts.held import HELD
from nexus.core.db import Database, Table, Transaction

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

NO_CHECKS = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'public'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.place, one.conname); END LOOP;
END $$
"""


async def allow_anything(database: Database) -> None:
    """Take the checks away: what a machine makes up is no status and no action we know."""
    async with database.engine.begin() as connection:
        await connection.execute(text(NO_CHECKS))


async def give_everything(database: Database, user_id: int, email: str) -> None:
    """Put a row about this person into every table of `HELD`, and into all that those need."""
    await empty_of(database, user_id)
    made: dict[str, Mapping[str, Any]] = {"users": {"id": user_id}}
    async with database.transaction() as tx:
        for table in Table.metadata.sorted_tables:
            needed = table.name in HELD or table.name in {"decisions", "tiers"}
            if table.name != "users" and needed:
                made[table.name] = await _add(tx, table.name, user_id, email, made)


async def empty_of(database: Database, user_id: int) -> None:
    """Take away what signing up left, or the made-up rows would not be the only ones."""
    async with database.transaction() as tx:
        for name in ("consents", "sessions", "known_browsers"):
            table = Table.metadata.tables[name]
            await tx.execute(delete(table).where(table.c.user_id == user_id))


async def _add(
    tx: Transaction, name: str, user_id: int, email: str, made: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    table = Table.metadata.tables[name]
    address = HELD[name].by_address if name in HELD else ""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.foreign_keys:
            values[column.name] = _named(next(iter(column.foreign_keys)), made)
        elif column.name == "user_id":
            values[column.name] = user_id
        elif column.name == address:
            values[column.name] = email.upper()
        elif column.identity is None:
            values[column.name] = made_up(name, column.name, column.type, user_id)
    row = await tx.execute(insert(table).values(values).returning(*table.columns))
    return dict(row.mappings().one())


def _named(key: ForeignKey, made: Mapping[str, Mapping[str, Any]]) -> Any:
    return made[key.column.table.name][key.column.name]


def made_up(table: str, column: str, kind: Any, user_id: int) -> Any:
    """Make up a value that names where it stands and whose it is."""
    mark = f"{table}.{column} of {user_id}!"
    # Large and apart: two people's numbers never meet, nor those of two columns.
    number = 10_000_000 + zlib.crc32(mark.encode()) % 900_000_000
    match kind:
        case String():
            return mark
        case LargeBinary():
            return mark.encode()
        case JSONB():
            return {"mark": mark}
        case Boolean():
            return True
        case DateTime():
            return AT
        case Date():
            return date(2026, 1, 2)
        case Numeric() if not isinstance(kind, Integer):
            return Decimal(number)
        case _:
            return number
