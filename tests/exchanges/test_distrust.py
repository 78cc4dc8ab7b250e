"""Is an account stopped by the key that was refused, and by no other?"""

import pytest

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.distrust import distrust_asked_key, distrust_keys
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account


async def account_of(database: Database, owner: int, **values: object) -> int:
    async with database.transaction() as tx:
        row = ExchangeAccount(
            user_id=owner, venue="binance", egress="default", label="Mine",
            created_at=now(),
            **{"status": "active", "key_version": 3, "health_at": now(), **values},
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        return row.id


async def state_of(database: Database, account_id: int) -> tuple[str, bool]:
    """Read what an account may do, and whether its key waits to be checked."""
    async with database.transaction() as tx:
        row = await tx.get_one(ExchangeAccount, account_id)
        return row.status, row.health_at is None


async def test_the_account_stops_and_its_key_is_checked_next(
    database: Database, alice: int
) -> None:
    mine = await account_of(database, alice)
    await distrust_asked_key(database, Account(mine, "binance", "default", 3))
    assert await state_of(database, mine) == ("key_invalid", True)


async def test_a_key_that_was_replaced_meanwhile_is_trusted(database: Database, alice: int) -> None:
    mine = await account_of(database, alice)
    await distrust_asked_key(database, Account(mine, "binance", "default", 2))
    assert await state_of(database, mine) == ("active", False)


@pytest.mark.parametrize("status", ["removed", "key_invalid"])
async def test_what_is_stopped_already_is_left_as_it_is(
    database: Database, alice: int, status: str
) -> None:
    """Were its turn called again with each question, its key would be checked all the time."""
    mine = await account_of(database, alice, status=status)
    async with database.transaction() as tx:
        await distrust_keys(tx, [mine])
    assert await state_of(database, mine) == (status, False)
