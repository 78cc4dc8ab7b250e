"""Does every table that leads to a person stand on the list, and is its owner found?"""

from importlib import import_module

from sqlalchemy import Column, LargeBinary, func, select

from nexus.accounts.held import FLEETING, HELD, rows_about, table_of
from nexus.core.db import Table
from tests.accounts.possessions import allow_anything, give_everything
from tests.website import Website

NAMES_SOMEBODY = {"user_id", "email", "to_address", "bound_to"}


def lead_to_people() -> set[str]:
    """Find the tables that say whose their rows are, or hang on one that does."""
    import_module("nexus.app")  # It brings every table in.
    found = {
        name
        for name, table in Table.metadata.tables.items()
        if NAMES_SOMEBODY & set(table.columns.keys()) or name == "users"
    }
    while more := {
        name
        for name, table in Table.metadata.tables.items()
        if name not in found and any(key.column.table.name in found for key in table.foreign_keys)
    }:
        found |= more
    return found


def test_every_table_that_leads_to_a_person_is_listed() -> None:
    """A new one: say in `held.py` what it is, what in it is secret, and whether it stays."""
    assert lead_to_people() == HELD.keys() | FLEETING.keys()


def test_only_columns_that_exist_are_named() -> None:
    for name, held in HELD.items():
        columns = set(table_of(name).columns.keys())
        assert held.secret | held.blanked.keys() <= columns, name
        assert not held.by_address or held.by_address in columns, name
        assert held.kept or not held.blanked, f"{name}: what is erased needs no blanking"


def test_bytes_are_secret() -> None:
    """Hashes, keys and tokens are bytes here; none of them is of use to its owner."""
    for name, held in HELD.items():
        columns: list[Column[object]] = list(table_of(name).columns)
        for column in columns:
            if isinstance(column.type, LargeBinary):
                assert column.name in held.secret, f"{name}.{column.name}"


def test_what_refers_to_an_erased_row_is_erased_too() -> None:
    for name, held in HELD.items():
        for key in table_of(name).foreign_keys:
            owner = HELD.get(key.column.table.name)
            if held.kept and owner is not None:
                assert owner.kept, f"{name} stays, and what it hangs on does not"


async def test_each_row_is_found_for_its_owner_only(website: Website) -> None:
    people = {}
    for email in ("ada@example.com", "ben@example.com"):
        people[email] = await website.add_person(email)
    await allow_anything(website.database)
    for email, user_id in people.items():
        await give_everything(website.database, user_id, email)
    for name in HELD:
        everything = select(func.count()).select_from(table_of(name))
        async with website.database.transaction() as tx:
            found = [
                await tx.scalar(everything.where(rows_about(name, user_id, email)))
                for email, user_id in people.items()
            ]
            nobodys = everything.where(rows_about(name, 999, "nobody@example.com"))
            assert await tx.scalar(nobodys) == 0, name
            assert 0 not in found, name
            assert sum(number or 0 for number in found) == await tx.scalar(everything), name
