"""Does a tampered audit say where? Somebody with all rights on the database changes rows here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from nexus.accounts.audit import entry_hash, write_audit
from nexus.accounts.audit_command import audit_command
from nexus.accounts.models import AuditEntry
from nexus.accounts.verify_audit import publish_head, verify_audit
from nexus.core.db import Database

ENTRIES = 12


@dataclass
class Tamperer:
    """The owner of the database, for whom no trigger fires."""

    database: Database

    async def __call__(self, *statements: str) -> list[int]:
        """Run statements behind the trigger's back; give the numbers of the entries found odd."""
        await self.change(*statements)
        return await self.found()

    async def change(self, *statements: str) -> None:
        async with self.database.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
            for statement in statements:
                await connection.execute(text(statement))
            await connection.execute(text("ALTER TABLE audit_log ENABLE TRIGGER ALL"))

    async def found(self, known: tuple[int, bytes] | None = None) -> list[int]:
        async with self.database.transaction() as tx:
            return [finding.entry_id async for finding in verify_audit(tx, known)]


@pytest.fixture
async def tamper(database: Database) -> Tamperer:
    await write_some(database, range(ENTRIES))
    return Tamperer(database)


async def write_some(database: Database, users: Sequence[int]) -> None:
    async with database.transaction() as tx:
        for user in users:
            await write_audit(tx, "signed_in", user_id=user, network="::1", how="é", first=True)


async def test_what_was_written_is_found_whole(tamper: Tamperer) -> None:
    assert await tamper.found() == []


async def test_an_empty_audit_is_whole(database: Database) -> None:
    assert await Tamperer(database).found() == []


@pytest.mark.parametrize(
    "change",
    [
        "act = 'signed_out'",
        "user_id = 99",
        "user_id = NULL",
        "actor_id = 5",
        "network = '192.0.2.7'",
        "at = at + interval '1 microsecond'",
        "detail = '{}'",
        "detail = jsonb_set(detail, '{first}', 'false')",
        "hash = sha256('another')",
    ],
)
@pytest.mark.parametrize("number", [1, 5, ENTRIES])
async def test_a_changed_entry_is_named(tamper: Tamperer, change: str, number: int) -> None:
    found = await tamper(f"UPDATE audit_log SET {change} WHERE id = {number}")  # noqa: S608  ours
    assert set(found) == {number}


@pytest.mark.parametrize("number", [1, 5, ENTRIES])
async def test_an_entry_changed_with_its_hash_is_named(tamper: Tamperer, number: int) -> None:
    async with tamper.database.transaction() as tx:
        entry = await tx.get_one(AuditEntry, number)
        tx.expunge(entry)
    entry.network = "192.0.2.7"
    digest = entry_hash(entry).hex()
    change = f"network = '192.0.2.7', hash = decode('{digest}', 'hex')"
    found = await tamper(f"UPDATE audit_log SET {change} WHERE id = {number}")  # noqa: S608  ours
    assert set(found) == {number}


@pytest.mark.parametrize(
    ("which", "named"),
    [("id = 1", 1), ("id = 5", 5), ("id BETWEEN 5 AND 7", 5), ("id > 9", 10), ("true", 1)],
)
async def test_a_removed_entry_is_named(tamper: Tamperer, which: str, named: int) -> None:
    assert await tamper(f"DELETE FROM audit_log WHERE {which}") == [named]  # noqa: S608  ours


async def test_an_audit_without_its_head_is_not_whole(tamper: Tamperer) -> None:
    assert await tamper("DELETE FROM audit_log", "DELETE FROM audit_head") == [0]


@pytest.mark.parametrize("number", [-3, 0, ENTRIES + 1, ENTRIES + 40])
async def test_an_inserted_entry_is_named(tamper: Tamperer, number: int) -> None:
    columns = f"{number}, at, act, user_id, actor_id, network, detail, hash, sha256('new')"
    found = await tamper(
        f"INSERT INTO audit_log SELECT {columns} FROM audit_log WHERE id = {ENTRIES}"  # noqa: S608  ours
    )
    assert found == [number]


async def test_an_entry_squeezed_in_is_named(tamper: Tamperer) -> None:
    """All later ones move up to make room, and so their words are not what was hashed."""
    found = await tamper(
        "UPDATE audit_log SET id = id + 1000 WHERE id >= 5",
        "UPDATE audit_log SET id = id - 999 WHERE id >= 1000",
        "INSERT INTO audit_log SELECT 5, at, 'x', user_id, actor_id, network, detail, hash, "
        "sha256('new') FROM audit_log WHERE id = 4",
    )
    assert found[0] == 5


async def test_a_chain_written_anew_is_found_by_a_hash_noted_elsewhere(tamper: Tamperer) -> None:
    with capture_logs() as lines:
        async with tamper.database.transaction() as tx:
            await publish_head(tx)
    (line,) = lines
    noted = (line["entry"], bytes.fromhex(line["hash"]))
    assert noted[0] == ENTRIES
    assert await tamper.found(noted) == []
    await tamper(
        "DELETE FROM audit_log",
        "UPDATE audit_head SET entry_id = 0, hash = decode(repeat('00', 32), 'hex')",
    )
    await write_some(tamper.database, range(3))
    assert await tamper.found() == []
    assert await tamper.found(noted) == [ENTRIES]
    await write_some(tamper.database, range(ENTRIES))
    assert await tamper.found(noted) == [ENTRIES]


async def test_entries_are_only_added(tamper: Tamperer) -> None:
    for statement in (
        "UPDATE audit_log SET act = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            async with tamper.database.engine.begin() as connection:
                await connection.execute(text(statement))
    assert await tamper.found() == []


async def test_many_at_once_are_one_chain(database: Database) -> None:
    await asyncio.gather(*(write_some(database, [number] * 3) for number in range(20)))
    assert await Tamperer(database).found() == []
    async with database.transaction() as tx:
        numbers = list(await tx.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))
    assert numbers == [*range(1, 61)]


# --------------------------------------------------------------------------------- the command line
def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(audit_command, ["verify", *arguments], env={"DATABASE_URL": url})


def prepare(url: str, *statements: str) -> None:
    async def write() -> None:
        database = Database(url)
        await write_some(database, range(ENTRIES))
        await Tamperer(database).change(*statements)
        await database.close()

    asyncio.run(write())


def test_the_command_says_that_all_is_well(database_url: str) -> None:
    prepare(database_url)
    result = run(database_url)
    assert result.exit_code == 0
    assert "nothing was changed, removed or inserted" in result.output


def test_the_command_names_what_is_not(database_url: str) -> None:
    prepare(database_url, "DELETE FROM audit_log WHERE id BETWEEN 3 AND 4")
    result = run(database_url)
    assert result.exit_code == 1
    assert "Entries 3 to 4 were removed." in result.output


@pytest.mark.parametrize("noted", ["12", "x:00", "12:zz"])
def test_a_note_that_is_none_is_a_sentence(database_url: str, noted: str) -> None:
    result = run(database_url, "--noted", noted)
    assert result.exit_code == 1
    assert "--noted is an entry's number" in result.output


def test_a_database_without_our_tables_is_a_sentence(database_url: str) -> None:
    prepare(database_url, "ALTER TABLE audit_head RENAME TO gone")
    result = run(database_url)
    assert result.exit_code == 1
    assert "nexus migrate" in result.output
