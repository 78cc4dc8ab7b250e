"""What may a test of the border ask for? People with accounts, and venues that really answer."""

import base64
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from nexus.accounts.models import TotpSecret, User
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.binance import Binance
from nexus.settings import Settings
from tests.exchanges.desk import adapter
from tests.exchanges.venue import Venue, open_venue


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    """Lend a venue that says whatever the test puts into `venue.says`."""
    async with open_venue() as lent:
        yield lent


@pytest.fixture
def settings() -> Settings:
    """Lend settings with a key to seal with."""
    return Settings(key_encryption_key=SecretStr(base64.b64encode(bytes(range(32))).decode()))


@pytest.fixture
async def alice(database: Database) -> int:
    """Lend a person: the id."""
    return await make_person(database, "alice@example.com")


async def make_person(database: Database, email: str, *, second_factor: bool = True) -> int:
    """Write a person down, with the second factor that a connected account needs."""
    person = User(email=email, email_key=email, password_hash="unused", created_at=now())
    async with database.transaction() as tx:
        tx.add(person)
        await tx.flush()
        if second_factor:
            moment = now()
            tx.add(
                TotpSecret(user_id=person.id, sealed=b"", created_at=moment, confirmed_at=moment)
            )
    return person.id


@pytest.fixture
async def binance(venue: Venue) -> AsyncIterator[Binance]:
    """Lend an adapter before the venue that says what the test wants."""
    lent = adapter(venue.url)
    yield lent
    await lent.close()
