"""Does returning commit, does raising roll back, and does nothing leave before the commit?"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from nexus.core.clock import now
from nexus.core.db import Database, Reaction, Transaction, upsert
from nexus.market.models import DataFault
from nexus.regime.models import Switch
from tests.market.candles import START


@dataclass(frozen=True)
class Happened:
    name: str


@dataclass(frozen=True)
class Followed:
    name: str


@dataclass(frozen=True)
class Doomed:
    name: str


class RefusedError(Exception):
    """What a test raises."""


def switch(name: str) -> Switch:
    return Switch(name=name, stopped=False, reason="", changed_at=now(), changed_by="a test")


async def names(database: Database) -> set[str]:
    """Name the rows that are there for everyone, without the one of the first migration."""
    async with database.transaction() as tx:
        return set(await tx.scalars(select(Switch.name))) - {"everything"}


class Reactions:
    """Reactions to facts, each of which writes a row, and what they were handed."""

    def __init__(self) -> None:
        self.heard: list[Sequence[Any]] = []

    async def write(self, tx: Transaction, facts: Sequence[Any]) -> None:
        self.heard.append(list(facts))
        tx.add_all(switch(f"because of {fact.name}") for fact in facts)

    async def announce_more(self, tx: Transaction, facts: Sequence[Any]) -> None:
        tx.announce(*(Followed(f"{fact.name} again") for fact in facts))

    async def refuse(self, tx: Transaction, facts: Sequence[Any]) -> None:
        await self.write(tx, facts)
        raise RefusedError


@pytest.fixture
def reactions() -> Reactions:
    return Reactions()


@pytest.fixture
async def listening(database_url: str, reactions: Reactions) -> AsyncIterator[Database]:
    heeded: Mapping[type, Sequence[Reaction]] = {
        Happened: [reactions.write, reactions.announce_more],
        Followed: [reactions.write],
        Doomed: [reactions.refuse],
    }
    database = Database(database_url, reactions=heeded)
    yield database
    await database.close()


# ---------------------------------------------------------------------------- commit, roll back
async def test_leaving_the_block_commits(database: Database) -> None:
    async with database.transaction() as tx:
        tx.add(switch("mine"))
        assert await names(database) == set(), "not before the end"
    assert await names(database) == {"mine"}


async def test_raising_rolls_everything_back(database: Database) -> None:
    async def write_and_raise() -> None:
        async with database.transaction() as tx:
            tx.add(switch("mine"))
            await tx.flush()
            raise RefusedError

    with pytest.raises(RefusedError):
        await write_and_raise()
    assert await names(database) == set()


async def test_what_was_loaded_can_be_read_after_the_commit(database: Database) -> None:
    async with database.transaction() as tx:
        row = switch("mine")
        tx.add(row)
    assert row.name == "mine"


# ------------------------------------------------------------------------------------ reactions
async def test_reactions_write_in_the_same_transaction(
    listening: Database, reactions: Reactions
) -> None:
    async with listening.transaction() as tx:
        tx.announce(Followed("a"))
        assert reactions.heard == [], "not before the block has ended"
    assert await names(listening) == {"because of a"}


async def test_facts_of_a_kind_come_in_one_batch(listening: Database, reactions: Reactions) -> None:
    async with listening.transaction() as tx:
        tx.announce(Followed("a"))
        tx.announce(Followed("b"), Followed("c"))
    assert reactions.heard == [[Followed("a"), Followed("b"), Followed("c")]]


async def test_a_reaction_may_announce_more(listening: Database, reactions: Reactions) -> None:
    async with listening.transaction() as tx:
        tx.announce(Happened("a"))
    assert reactions.heard == [[Happened("a")], [Followed("a again")]]
    assert await names(listening) == {"because of a", "because of a again"}


async def test_facts_that_nobody_heeds_change_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        tx.announce(Happened("a"))
        tx.add(switch("mine"))
    assert await names(database) == {"mine"}


async def test_a_reaction_that_fails_rolls_everything_back(listening: Database) -> None:
    left: list[str] = []

    async def announce_what_is_refused() -> None:
        async with listening.transaction() as tx:
            tx.add(switch("mine"))
            tx.after_commit(_note(left, "left"))
            tx.announce(Doomed("a"))

    with pytest.raises(RefusedError):
        await announce_what_is_refused()
    assert (await names(listening), left) == (set(), [])


async def test_nobody_reacts_to_what_was_rolled_back(
    listening: Database, reactions: Reactions
) -> None:
    async def announce_and_raise() -> None:
        async with listening.transaction() as tx:
            tx.announce(Happened("a"))
            raise RefusedError

    with pytest.raises(RefusedError):
        await announce_and_raise()
    assert reactions.heard == []


# --------------------------------------------------------------------------------- after commit
def _note(left: list[str], word: str) -> Any:
    async def act() -> None:
        left.append(word)

    return act


async def test_what_waits_for_the_commit_sees_what_was_committed(listening: Database) -> None:
    seen: list[set[str]] = []

    async def look() -> None:
        seen.append(await names(listening))

    async with listening.transaction() as tx:
        tx.after_commit(look)
        tx.announce(Followed("a"))
        tx.add(switch("mine"))
    assert seen == [{"mine", "because of a"}]


async def test_it_leaves_in_the_order_it_was_given(database: Database) -> None:
    left: list[str] = []
    async with database.transaction() as tx:
        tx.after_commit(_note(left, "first"))
        tx.after_commit(_note(left, "second"))
        assert left == []
    assert left == ["first", "second"]


async def test_nothing_leaves_when_it_was_rolled_back(database: Database) -> None:
    left: list[str] = []

    async def wait_and_raise() -> None:
        async with database.transaction() as tx:
            tx.after_commit(_note(left, "left"))
            raise RefusedError

    with pytest.raises(RefusedError):
        await wait_and_raise()
    assert left == []


async def test_nothing_leaves_when_the_commit_itself_fails(database: Database) -> None:
    left: list[str] = []
    async with database.transaction() as tx:
        await tx.execute(
            text("CREATE TABLE parts (whole int REFERENCES users DEFERRABLE INITIALLY DEFERRED)")
        )

    async def write_what_cannot_stand() -> None:
        async with database.transaction() as tx:
            await tx.execute(text("INSERT INTO parts VALUES (999)"))
            tx.after_commit(_note(left, "left"))

    with pytest.raises(IntegrityError):
        await write_what_cannot_stand()
    assert left == []


async def test_what_fails_after_the_commit_is_logged_and_stops_nothing(database: Database) -> None:
    left: list[str] = []

    async def fail() -> None:
        raise RefusedError

    with capture_logs() as logs:
        async with database.transaction() as tx:
            tx.add(switch("mine"))
            tx.after_commit(fail)
            tx.after_commit(_note(left, "left"))
    assert (await names(database), left) == ({"mine"}, ["left"])
    assert [line["event"] for line in logs] == ["after_commit_failed"]


# --------------------------------------------------------------------------------------- upsert
def fault(kind: str, count: int, detail: str) -> dict[str, Any]:
    return {"symbol": "BTC", "kind": kind, "count": count, "last_at": START, "detail": detail}


async def faults(database: Database) -> dict[str, tuple[int, str]]:
    async with database.transaction() as tx:
        return {row.kind: (row.count, row.detail) for row in await tx.scalars(select(DataFault))}


@pytest.mark.parametrize(("adding", "count"), [((), 3), (("count",), 5)])
async def test_an_upsert_inserts_overwrites_and_adds(
    database: Database, adding: tuple[str, ...], count: int
) -> None:
    keys = ("symbol", "kind")
    async with database.transaction() as tx:
        await upsert(tx, DataFault, [fault("spike", 2, "old")], keys=keys, adding=adding)
    async with database.transaction() as tx:
        rows = [fault("spike", 3, "new"), fault("gone", 7, "first")]
        await upsert(tx, DataFault, rows, keys=keys, adding=adding)
    assert await faults(database) == {"spike": (count, "new"), "gone": (7, "first")}


async def test_an_upsert_of_nothing_does_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await upsert(tx, DataFault, [], keys=["symbol", "kind"])
    assert await faults(database) == {}


@pytest.mark.parametrize("amount", ["0.000000000001", "123456789012345678.123456789012"])
async def test_amounts_come_back_to_the_last_digit(database: Database, amount: str) -> None:
    async with database.transaction() as tx:
        found = await tx.scalar(
            text("SELECT CAST(:amount AS numeric(30, 12))"), {"amount": Decimal(amount)}
        )
    assert found == Decimal(amount)
