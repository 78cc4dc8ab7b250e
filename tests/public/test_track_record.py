"""Is the track record what was recorded: blocked signals too, results as the leader had them?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from nexus.core.db import Database
from nexus.public.track_record import KEPT, TrackRecord, TrackRecords, read_records, result_of
from nexus.regime.models import VerdictRow
from nexus.settings import Settings
from nexus.strategy.border import load_strategies
from nexus.strategy.models import DecisionRow
from tests.scenes import AT, Scene
from tests.scripted import BTC

SETTINGS = Settings(environment="test")
KNOWN = {each.name: each for each in load_strategies(SETTINGS.strategies, SETTINGS)}
HOUR = timedelta(hours=1)


async def decide(
    database: Database,
    hour: int,
    action: str,
    price: int,
    target: str,
    *,
    trade: int | None = None,
    code: str = "",
) -> int:
    """Record one decision of the leader, and what the gate said of it."""
    async with database.transaction() as tx:
        row = DecisionRow(
            strategy="trend", symbol=BTC, candle=AT + hour * HOUR, action=action, layer=1,
            target_fraction=Decimal(target), price=Decimal(price), why="", inputs={},
            decided_at=AT + hour * HOUR,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        row.trade_id = trade or (row.id if action == "enter" and not code else None)
        tx.add(
            VerdictRow(
                decision_id=row.id, blocked=bool(code), code=code, reason="", regime="bullish",
                judged_at=AT,
            )
        )  # fmt: skip
        return row.id


async def record_of(database: Database) -> TrackRecord:
    async with database.transaction() as tx:
        [record] = await read_records(tx, KNOWN)
    return record


@pytest.mark.parametrize(
    ("moves", "percent"),
    [
        ([("1", 100), ("0", 110)], 10),
        ([("1", 100), ("0", 90)], -10),
        # Half at 100 and half at 200; all of it left at 150: 0.5 * 50 % less 0.5 * 25 %.
        ([("0.5", 100), ("1", 200), ("0", 150)], Decimal("12.5")),
        # Half of what was held left at 120, the rest at 80: +10 and -10.
        ([("1", 100), ("0.5", 120), ("0", 80)], 0),
    ],
)
def test_a_result_is_the_cash_that_is_left(moves: list[tuple[str, int]], percent: Decimal) -> None:
    assert result_of((Decimal(target), Decimal(price)) for target, price in moves) == percent


async def test_before_the_first_signal_there_is_no_number(scene: Scene) -> None:
    record = await record_of(scene.database)
    assert record.since is None
    assert (record.passed, record.blocked, len(record.trades), record.together) == (
        0,
        0,
        0,
        Decimal(0),
    )


async def test_blocked_signals_are_counted_with_their_reason_and_never_traded(
    scene: Scene,
) -> None:
    await decide(scene.database, 0, "enter", 100, "1", code="REGIME_BEARISH")
    await decide(scene.database, 1, "enter", 100, "1", code="REGIME_BEARISH")
    await decide(scene.database, 2, "enter", 100, "1", code="CRASH_GUARD")
    record = await record_of(scene.database)
    assert (record.since, record.passed, record.blocked) == (AT, 0, 3)
    assert record.reasons == (("Bearish market", 2), ("Crash guard", 1))
    assert record.trades == ()


async def test_a_trade_counts_when_it_has_ended_without_what_was_blocked_in_it(
    scene: Scene,
) -> None:
    trade = await decide(scene.database, 0, "enter", 100, "0.5")
    await decide(scene.database, 1, "add", 200, "1", trade=trade, code="REGIME_SIDEWAYS")
    assert (await record_of(scene.database)).trades == ()
    await decide(scene.database, 2, "exit", 110, "0", trade=trade)
    loss = await decide(scene.database, 3, "enter", 100, "1")
    await decide(scene.database, 4, "exit", 90, "0", trade=loss)
    record = await record_of(scene.database)
    assert [trade.percent for trade in record.trades] == [-10, 5]
    assert (record.won, record.lost, record.together) == (1, 1, Decimal(-5))
    assert (record.passed, record.blocked) == (4, 1)


async def test_the_database_is_asked_once_a_minute(scene: Scene) -> None:
    records = TrackRecords(KNOWN)

    async def blocked() -> int:
        async with scene.database.transaction() as tx:
            return (await records.read(tx))[0].blocked

    assert await blocked() == 0
    await decide(scene.database, 0, "enter", 100, "1", code="CRASH_GUARD")
    assert await blocked() == 0
    scene.hands.at += KEPT
    assert await blocked() == 1
