"""Does it show when somebody opens far more keys than usual?"""

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from nexus.core.db import Database
from nexus.exchanges import key_meter
from nexus.exchanges.key_meter import KeyMeter, write_openings
from nexus.exchanges.models import ApiKey, KeyOpening
from nexus.exchanges.protocol import Account
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import KeyPair
from nexus.settings import Settings
from tests.exchanges.test_connect import connect


async def test_opening_is_counted_per_hour_and_noted_at_the_key(
    database: Database, settings: Settings, alice: int
) -> None:
    number = await connect(database, settings, alice, KeyPair("key", "secret"))
    meter = KeyMeter()
    ring = KeyRing(database, settings, meter)
    [locked] = (await ring.read([Account(number, "binance", "default", 1)])).values()
    await write_openings(database, meter)
    for _ in range(3):
        locked.open()
    await write_openings(database, meter)
    await write_openings(database, meter)
    async with database.transaction() as tx:
        assert list(await tx.scalars(select(KeyOpening.opened))) == [3]
        assert await tx.scalar(select(ApiKey.last_used_at)) is not None


async def test_an_unusual_hour_is_said_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_meter, "LEAST_ALARMING", 10)
    meter = KeyMeter()

    async def open_keys(times: int) -> list[str]:
        for _ in range(times):
            meter.count(1)
        with capture_logs() as said:
            await write_openings(database, meter)
        return [str(line["event"]) for line in said]

    assert await open_keys(10) == []
    assert await open_keys(1) == ["exchange_keys_opened_unusually_often"]
    assert await open_keys(5) == []
