"""Which database do the tests of the market run on? One for all of them, emptied for each.

All tables of this stage are UNLOGGED and may be emptied at any moment: here that saves making a
database per test.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from nexus.core.db import Database
from tests.databases import Template

TABLES = "candles, tickers, data_faults, market_calls"


@pytest.fixture(scope="session")
def market_database_url(migrated_template: Template) -> Iterator[str]:
    with migrated_template.copy() as url:
        yield url


@pytest.fixture
async def database(market_database_url: str) -> AsyncIterator[Database]:
    """Open the database of this stage's tests, with nothing seen yet."""
    database = Database(market_database_url)
    async with database.transaction() as tx:
        await tx.execute(text(f"TRUNCATE {TABLES}"))
    yield database
    await database.close()
