"""Does the audit see every way in which our books could differ from the venue's?"""

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import update

from nexus.execution.models import FillRow, OrderRow
from nexus.pipeline.audit import Audit, VenueOrder, audit
from nexus.regime.models import VerdictRow
from tests.scenes import Scene
from tests.scripted import lose_answer, reject

QUANTITY = Decimal("0.008")


async def judged(scene: Scene, *more: VenueOrder, without: Iterable[str] = ()) -> Audit:
    """Compare with the exchange's own journal, and whatever a test adds to it or takes away."""
    accepted = [
        VenueOrder(client_id, report.executed_quantity)
        for client_id, report in scene.exchange.journal.items()
        if client_id not in without
    ]
    async with scene.database.transaction() as tx:
        return await audit(tx, [*accepted, *more])


async def test_books_that_agree(scene: Scene) -> None:
    for _ in range(4):
        await scene.bot()
    scene.exchange.next_orders(reject(), lose_answer(placed=False))
    await scene.place(await scene.enter())
    found = await judged(scene)
    assert found == Audit(
        plans={"DONE": 3, "ORDERED": 1},
        orders={"FILLED": 2, "REJECTED": 1, "UNKNOWN": 1},
        fills=2,
        duplicate_orders=0,
        orphan_orders=0,
        mistakes=[],
    )


async def test_empty_books(scene: Scene) -> None:
    assert await judged(scene) == Audit({}, {}, 0, 0, 0, [])


async def test_an_order_nobody_wrote_down_is_an_orphan(scene: Scene) -> None:
    await scene.follower()
    assert (await judged(scene, VenueOrder("nx-unheard-of", QUANTITY))).orphan_orders == 1


async def test_an_order_that_was_taken_twice_is_a_duplicate(scene: Scene) -> None:
    await scene.follower()
    [client_id] = scene.exchange.journal
    found = await judged(scene, VenueOrder(client_id, QUANTITY))
    assert found.duplicate_orders == 1
    assert len(found.mistakes) == 1


async def test_two_attempts_of_a_plan_that_were_both_taken_are_a_duplicate(scene: Scene) -> None:
    await scene.follower()
    await scene.place(await scene.leave())
    first, second = await scene.orders()
    await scene.change(OrderRow, second.id, plan_id=first.plan_id, attempt=2)
    assert (await judged(scene)).duplicate_orders == 1


async def test_an_order_the_venue_does_not_know_is_a_mistake(scene: Scene) -> None:
    await scene.follower()
    [client_id] = scene.exchange.journal
    [mistake] = (await judged(scene, without=[client_id])).mistakes
    assert mistake.startswith(f"{client_id}: venue, ledger and fills disagree")


async def test_a_wrong_fill_is_a_mistake(scene: Scene) -> None:
    await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(update(FillRow).values(quantity=FillRow.quantity / 2))
    assert len((await judged(scene)).mistakes) == 1


async def test_an_unknown_order_the_venue_filled_is_a_mistake(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    assert len((await judged(scene)).mistakes) == 1


async def test_a_plan_of_a_blocked_decision_is_a_mistake(scene: Scene) -> None:
    await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(update(VerdictRow).values(blocked=True))
    assert (await judged(scene)).mistakes == ["plan 1 belongs to a blocked decision"]
