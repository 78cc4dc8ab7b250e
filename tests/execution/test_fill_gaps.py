"""Is what was missed asked for: orders at once, balances as their share allows?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import pytest

from nexus.exchanges.protocol import VenueStatus
from nexus.execution import fill_gaps
from nexus.execution.broker import Broker
from nexus.execution.fill_gaps import PART, GapFiller
from nexus.execution.models import OrderRow
from nexus.execution.resolve import look_for_open
from tests.feed.watching import until
from tests.scenes import Scene
from tests.scripted import lose_answer, take

SOON = 0.01


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill_gaps, "GATHER_SECONDS", SOON)
    monkeypatch.setattr(fill_gaps, "AGAIN_SECONDS", SOON)


class Reader:
    """Reads balances, as far as it has a share, and can be broken."""

    def __init__(self, share: int = 1_000) -> None:
        self.share = share
        self.broken = 0
        self.rounds: list[list[int]] = []

    async def __call__(self, account_ids: Collection[int]) -> set[int]:
        if self.broken:
            self.broken -= 1
            raise ConnectionError("the database is away")
        ids = list(account_ids)
        now_read, later = ids[: self.share], ids[self.share :]
        self.share -= len(now_read)
        self.rounds.append(now_read)
        return set(later)

    @property
    def read(self) -> list[int]:
        return [one for part in self.rounds for one in part]


@asynccontextmanager
async def filling(scene: Scene, reader: Reader) -> AsyncIterator[GapFiller]:
    gaps = GapFiller(scene.broker, reader)
    task = asyncio.create_task(gaps.run())
    try:
        yield gaps
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def resting(scene: Scene) -> OrderRow:
    await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.NEW))
    await scene.place(await scene.enter())
    [order] = await scene.orders()
    return order


def asked(scene: Scene, times: int) -> Callable[[], bool]:
    return lambda: len(scene.exchange.asked) >= times


async def ended(scene: Scene, status: str) -> OrderRow:
    async with asyncio.timeout(10):
        while (order := (await scene.orders())[0]).status != status:  # noqa: ASYNC110  no bell
            await asyncio.sleep(SOON)
    return order


async def test_an_execution_nobody_told_of_is_booked(scene: Scene) -> None:
    order = await resting(scene)
    scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
    async with filling(scene, Reader()) as gaps:
        gaps.add([order.account_id])
        await ended(scene, "FILLED")
        gaps.add([order.account_id])
    assert len(await scene.fills()) == 1
    assert len(scene.exchange.received) == 1, "asking sends nothing"


async def test_not_found_proves_nothing_after_a_gap(scene: Scene) -> None:
    """The fence of an unclear order is not shortened by a connection that broke."""
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.enter())
    [before] = await scene.orders()
    async with filling(scene, Reader()) as gaps:
        for times in range(1, 8):
            gaps.add([before.account_id])
            await until(asked(scene, times))
    [after] = await scene.orders()
    assert (after.status, after.checks) == ("UNKNOWN", before.checks)
    assert after.next_check_at == before.next_check_at


async def test_accounts_without_open_orders_cost_no_question(scene: Scene) -> None:
    await scene.follower()
    [order] = await scene.orders()
    reader = Reader()
    async with filling(scene, reader) as gaps:
        gaps.add([order.account_id])
        await until(lambda: reader.read == [order.account_id])
    assert scene.exchange.asked == []


async def test_an_exchange_that_is_away_keeps_the_order_as_it_was(scene: Scene) -> None:
    order = await resting(scene)
    scene.exchange.away = True
    async with filling(scene, Reader()) as gaps:
        gaps.add([order.account_id])
        await until(asked(scene, 1))
    assert (await scene.orders())[0].updated_at == order.updated_at


async def test_a_database_that_is_away_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await resting(scene)
    scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
    failures = [1, 2]

    async def fails_twice(broker: Broker, account_ids: Collection[int]) -> None:
        if failures:
            failures.pop()
            raise ConnectionError
        await look_for_open(broker, account_ids)

    monkeypatch.setattr(fill_gaps, "look_for_open", fails_twice)
    async with filling(scene, Reader()) as gaps:
        gaps.add([order.account_id])
        await ended(scene, "FILLED")
    assert failures == []


async def test_balances_are_read_part_by_part(scene: Scene) -> None:
    reader = Reader()
    async with filling(scene, reader) as gaps:
        gaps.read_soon(range(1, 2 * PART + 2))
        await until(lambda: len(reader.read) == 2 * PART + 1)
    assert [len(part) for part in reader.rounds] == [PART, PART, 1]
    assert reader.read == list(range(1, 2 * PART + 2))


async def test_what_the_share_left_out_is_read_later(scene: Scene) -> None:
    reader = Reader(share=3)
    reader.broken = 2
    async with filling(scene, reader) as gaps:
        gaps.read_soon({1, 2, 3, 4, 5})
        await until(lambda: reader.read == [1, 2, 3])
        reader.share = 100
        await until(lambda: sorted(reader.read) == [1, 2, 3, 4, 5])
    gaps.read_soon([])
