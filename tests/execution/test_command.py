"""Does `nexus ledger verify` say what it found, and leave with 1 where something differs?"""

import asyncio

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from nexus.cli import main
from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.execution.campaign import run_campaign
from tests.scenes import AT, Scene


def prepare(database_url: str, statement: str = "") -> None:
    """Fill a database with a campaign of orders, then change something behind our back."""

    async def fill() -> None:
        database, hands = Database(database_url), SetClock(AT)
        with use(hands):
            await run_campaign(Scene(database, hands))
        if statement:
            async with database.transaction() as tx:
                await tx.execute(text(statement))
        await database.close()

    asyncio.run(fill())


def run(database_url: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["ledger", "verify"], env={"DATABASE_URL": database_url})
    return done.exit_code, done.output


def test_a_ledger_that_is_right_is_said_to_be(database_url: str) -> None:
    prepare(database_url)
    code, said = run(database_url)
    assert code == 0, said
    assert said.startswith("The ledger is what its events and fills say: ")
    assert " 0 orders" not in said


def test_every_row_that_differs_is_named(database_url: str) -> None:
    prepare(database_url, "UPDATE orders SET status = 'EXPIRED' WHERE id IN (1, 9)")
    code, said = run(database_url)
    assert code == 1
    assert "Order 1: its status is 'EXPIRED'" in said
    assert "Order 9: its status is 'EXPIRED'" in said
    assert "The ledger is not what happened: 2 differences in " in said


@pytest.mark.parametrize("url", ["", "postgresql://127.0.0.1:1/nowhere"])
def test_without_a_database_it_says_what_to_do(url: str) -> None:
    code, said = run(url)
    assert code == 1
    assert "DATABASE_URL" in said
    assert "Traceback" not in said
