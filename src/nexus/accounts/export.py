"""What do you know about me? Everything we hold about one person, in one file, to take along.

The file is written to the disk first and sent then: nothing of it is held in memory whole, and a
slow reader holds no connection to the database.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
from sqlalchemy import select

from nexus.accounts.audit import write_audit
from nexus.accounts.blot import blot
from nexus.accounts.errors import TooManyAttemptsError
from nexus.accounts.held import HELD, rows_about, table_of
from nexus.accounts.register import email_key
from nexus.accounts.sessions import Person
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.core.throttle import Rule, Throttle

PER_PERSON: Final = Rule("data-download", limit=5, seconds=60 * 60)
ROWS_AT_ONCE: Final = 500

HEAD: Final = """\
What Nexus holds about {email}, on {at} UTC.

Each list is there twice: in json/ for programs, in csv/ for spreadsheets. What proves to us that
you are you (passwords, keys, codes, links and their hashes) is in neither: it is of use to thieves
only.

"""

Rows = AsyncIterator[list[dict[str, Any]]]


async def export_person(
    database: Database, throttle: Throttle, person: Person, network: str, file: IO[bytes]
) -> None:
    """Write everything about a person into `file`, as a ZIP; raise TooManyAttemptsError."""
    wait = await throttle.take(PER_PERSON, str(person.id))
    if wait:
        raise TooManyAttemptsError(wait)
    async with database.transaction() as tx:
        await write_audit(
            tx, "data_exported", user_id=person.id, actor_id=person.id, network=network
        )
    async with database.transaction() as tx:
        # Both forms of a list, and all lists, are of one moment.
        await tx.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        await _write(tx, person, file)


async def _write(tx: Transaction, person: Person, file: IO[bytes]) -> None:
    moment = now()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:

        def entry(name: str) -> ZipInfo:
            info = ZipInfo(name, moment.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            return info

        at = moment.strftime("%Y-%m-%d %H:%M")
        lines = [f"{name}: {held.words}\n" for name, held in HELD.items()]
        head = HEAD.format(email=person.email, at=at)
        archive.writestr(entry("README.txt"), head + "".join(lines))
        for name in HELD:
            with archive.open(entry(f"json/{name}.json"), "w", force_zip64=True) as part:
                await _write_json(part, _rows(tx, name, person))
            with archive.open(entry(f"csv/{name}.csv"), "w", force_zip64=True) as part:
                await _write_csv(part, _columns(name), _rows(tx, name, person))


def _columns(name: str) -> list[str]:
    return [column.name for column in table_of(name).c if column.name not in HELD[name].secret]


async def _rows(tx: Transaction, name: str, person: Person) -> Rows:
    """Read a table's rows about a person, some at a time, without what is secret."""
    table = table_of(name)
    query = (
        select(*(table.c[column] for column in _columns(name)))
        .where(rows_about(name, person.id, email_key(person.email)))
        .order_by(*table.primary_key)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    async for some in (await tx.stream(query)).mappings().partitions():
        yield [_told(name, dict(row)) for row in some]


def _told(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Give a row as its owner may take it along: words without what lets somebody in."""
    blotted = HELD[name].blotted
    return {key: blot(value) if key in blotted else value for key, value in row.items()}


async def _write_json(part: IO[bytes], rows: Rows) -> None:
    before = b"[\n"
    async for some in rows:
        for row in some:
            part.write(before + orjson.dumps(row, default=_plain))
            before = b",\n"
    part.write(b"\n]\n" if before == b",\n" else b"[]\n")


async def _write_csv(part: IO[bytes], columns: list[str], rows: Rows) -> None:
    part.write(_csv_lines([columns]))
    async for some in rows:
        part.write(_csv_lines([_cell(row[name]) for name in columns] for row in some))


def _csv_lines(lines: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """Write a value for a spreadsheet, which must not take somebody's text for a formula."""
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
        case datetime() | date():
            return value.isoformat()
        case dict() | list():
            return orjson.dumps(value, default=_plain).decode()
        case _:
            return str(value)


def _plain(value: Any) -> str:
    """Write what JSON has no word for; amounts as text, because a float would round them."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not for an export")
