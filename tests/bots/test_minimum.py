"""Is the least amount a page asks for enough for every order the bot will ever send?"""

from dataclasses import replace
from decimal import Decimal

import pytest

from nexus.bots.minimum import smallest_allocation
from nexus.exchanges.filters import store_filters
from nexus.exchanges.protocol import Filters
from nexus.settings import Settings
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import BTC, FILTERS, PRICE, VENUE


async def least(scene: Scene, **rules: object) -> Decimal:
    settings = Settings(environment="test", **rules)  # type: ignore[arg-type]
    async with scene.database.transaction() as tx:
        return await smallest_allocation(tx, settings)


async def know(scene: Scene, *filters: Filters, venue: str = VENUE) -> None:
    async with scene.database.transaction() as tx:
        await store_filters(tx, venue, {known.symbol: known for known in filters})


async def test_before_a_venue_has_told_us_binances_minimum_counts(scene: Scene) -> None:
    # 5 and 5 % more, in the thinnest layer of 0.3, rounded up to a whole unit.
    assert await least(scene) == 18


async def test_the_thinnest_layer_and_the_margin_decide(scene: Scene) -> None:
    assert await least(scene, pyramid_fractions="0.5,0.5") == 11
    assert await least(scene, pyramid_fractions="0.1,0.9") == 53
    assert await least(scene, pyramid_fractions="1", notional_margin_percent="0") == 5


async def test_the_most_demanding_venue_counts(scene: Scene) -> None:
    await know(scene, FILTERS)
    await know(scene, replace(FILTERS, min_notional=Decimal(10)), venue="another")
    assert await least(scene) == 35


async def test_a_whole_step_at_the_price_of_now_is_added(scene: Scene) -> None:
    await scene.market()
    # The minimum of 5.25 and a step worth 5, in the thinnest layer of 0.3.
    assert await least(scene) == 35


async def test_a_venues_least_quantity_counts_where_it_is_worth_more(scene: Scene) -> None:
    await scene.market()
    await know(scene, replace(FILTERS, min_quantity=Decimal("0.001")))
    # A quantity worth 50, 5 % more, and a step worth 5, in the thinnest layer of 0.3.
    assert await least(scene) == 192


@pytest.mark.parametrize("step", ["0.0001", "0.00001", "0.00005"])
async def test_a_bot_with_the_least_amount_buys_every_layer(scene: Scene, step: str) -> None:
    await scene.market()
    await know(scene, replace(FILTERS, step_size=Decimal(step), min_quantity=Decimal(step)))
    await scene.bot(allocation=await least(scene))
    targets = (("0.4", Action.ENTER), ("0.7", Action.ADD), ("1.0", Action.ADD))
    for target, action in targets:
        await scene.place(await scene.lead(action, target))
    plans = await scene.plans()
    assert [(plan.status, plan.reason) for plan in plans] == [("DONE", "")] * 3
    assert all(plan.quantity * PRICE >= FILTERS.min_notional for plan in plans)
    assert {plan.symbol for plan in plans} == {BTC}
