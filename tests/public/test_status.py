"""Does the status page say what is so: well, late, away, switched off?"""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from nexus.core.clock import now
from nexus.market.models import TickerRow
from nexus.public.status import process_lines, symbol_lines, trading_lines
from nexus.regime.models import Switch
from nexus.settings import Settings
from tests.scenes import Scene
from tests.scripted import BTC

SETTINGS = Settings(environment="test")
WELL: dict[str, Any] = {
    "database": "ok",
    "migrations": "ok",
    "redis": "ok",
    "tick_age_seconds": 3.2,
}


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ({}, "good good good good"),
        ({"tick_age_seconds": None}, "good good good bad"),
        ({"tick_age_seconds": 3.0 * SETTINGS.tick_seconds}, "good good good good"),
        ({"tick_age_seconds": 3.1 * SETTINGS.tick_seconds}, "good good good bad"),
        ({"redis": "unreachable"}, "good good bad good"),
        ({"migrations": "behind"}, "good warn good good"),
        ({"database": "unreachable"}, "good bad good good"),
    ],
)
def test_a_part_that_is_not_well_is_said(change: dict[str, Any], states: str) -> None:
    lines = process_lines(WELL | change, SETTINGS)
    assert [line.state for line in lines] == states.split()


async def said_of_trading(scene: Scene) -> list[str]:
    async with scene.database.transaction() as tx:
        return [line.words for line in await trading_lines(tx)]


async def test_switches_are_said_but_not_who_threw_them_or_why(scene: Scene) -> None:
    assert await said_of_trading(scene) == ["Switched on", "All answered"]
    async with scene.database.transaction() as tx:
        await tx.execute(update(Switch).values(stopped=True, reason="secret", changed_by="carol"))
    assert await said_of_trading(scene) == ["Switched off", "All answered"]
    async with scene.database.transaction() as tx:
        lines = str(await trading_lines(tx))
    assert "secret" not in lines
    assert "carol" not in lines


async def test_each_symbol_says_its_age_and_why_the_gate_is_closed(scene: Scene) -> None:
    async def line() -> tuple[int | None, bool, str]:
        async with scene.database.transaction() as tx:
            found = await symbol_lines(tx, SETTINGS)
        first = next(each for each in found if each.symbol == BTC)
        return first.age_seconds, first.entries_allowed, first.reason

    assert await line() == (None, False, "No price")
    async with scene.database.transaction() as tx:
        tx.add(TickerRow(symbol=BTC, price=Decimal(1), at=now(), source="binance"))
    assert await line() == (0, False, "Market unknown")
    await scene.market()
    assert await line() == (0, True, "")
    await scene.market(code="CRASH_GUARD", entries_allowed=False)
    assert await line() == (0, False, "Crash guard")
    scene.passes(seconds=SETTINGS.market_stale_seconds + 1)
    assert await line() == (SETTINGS.market_stale_seconds + 1, False, "Old data")
