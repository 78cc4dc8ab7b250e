"""Is the tick of this moment run once, and is written down what came of it, failures too?"""

import asyncio

import pytest
from sqlalchemy import select

from nexus.pipeline.jobs import tick
from nexus.pipeline.models import TickSlot
from nexus.pipeline.run import run_due_tick
from nexus.strategy.border import Action, Decision
from tests.pipeline.house import House
from tests.scenes import AT
from tests.scripted import PRICE


async def outcomes(house: House) -> list[object]:
    async with house.scene.database.transaction() as tx:
        rows = (await tx.scalars(select(TickSlot).order_by(TickSlot.slot))).all()
    assert all(row.finished_at for row in rows)
    return [row.outcome for row in rows]


async def test_what_came_of_a_tick_stands_in_its_slot(house: House) -> None:
    await house.open(2)
    house.strategy.next = Decision(Action.ENTER, house.scene.settings.pyramid_fractions[0])
    outcome = await run_due_tick(house.desk)
    assert outcome is not None
    assert outcome.at == AT
    assert await outcomes(house) == [
        {
            "calls": 2, "regimes": {"BTC/USDT": "sideways"}, "passed": {"enter": 1},
            "blocked": {}, "planned": 2, "refused": {},
        }
    ]  # fmt: skip


async def test_what_was_blocked_and_refused_stands_there_too(house: House) -> None:
    await house.tick()
    await house.price(PRICE * 2)  # Not believed before it is seen twice.
    house.scene.passes(seconds=10)
    await run_due_tick(house.desk)
    await house.price(PRICE / 2)
    house.strategy.next = Decision(Action.ENTER, house.scene.settings.pyramid_fractions[0])
    house.scene.passes(seconds=50)
    outcome = await run_due_tick(house.desk)
    assert outcome is not None
    spiked, blocked = await outcomes(house)
    assert spiked["refused"] == {"spike": 1}  # type: ignore[index]
    assert blocked["blocked"] == {"DATA_STALE": 1}  # type: ignore[index]


async def test_a_slot_is_ticked_once(house: House) -> None:
    assert await run_due_tick(house.desk) is not None
    house.scene.passes(seconds=9)
    assert await run_due_tick(house.desk) is None
    house.scene.passes(seconds=1)
    assert await run_due_tick(house.desk) is not None
    assert len(house.market.calls) == 3


async def test_of_two_workers_one_ticks(house: House) -> None:
    second = house.worker("worker-2")
    both = await asyncio.gather(run_due_tick(house.desk), run_due_tick(second))
    assert sum(outcome is not None for outcome in both) == 1
    assert len(await outcomes(house)) == 1


async def test_a_tick_that_fails_says_so_and_frees_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumble(*_: object) -> None:
        raise KeyError("made up")

    with monkeypatch.context() as patch:
        patch.setattr(house.market, "tickers", stumble)
        with pytest.raises(KeyError):
            await run_due_tick(house.desk)
    assert await outcomes(house) == [{"failed": True}]
    house.scene.passes(seconds=10)
    assert await run_due_tick(house.desk) is not None


async def test_the_job_ticks(house: House) -> None:
    await tick.function({"desk": house.desk})
    assert len(await outcomes(house)) == 1
