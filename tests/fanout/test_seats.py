"""Does a bot's seat show its means as they are: less what open plans will spend?"""

from dataclasses import replace
from decimal import Decimal

from nexus.core.clock import now
from nexus.exchanges.filters import store_filters
from nexus.fanout.seats import busy_accounts, filters_by_venue, seats
from nexus.fanout.size import Seat
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import BTC, FILTERS, VENUE, lose_answer


async def read_seats(scene: Scene) -> dict[int, Seat]:
    async with scene.database.transaction() as tx:
        return {seat.bot_id: seat for seat in await seats(tx, BTC, now())}


async def test_a_new_bot(scene: Scene) -> None:
    bot = await scene.bot(max_order=Decimal(50))
    seat = (await read_seats(scene))[bot]
    assert (seat.status, seat.account_status, seat.venue) == ("running", "active", VENUE)
    assert [seat.allocation, seat.max_order, seat.tier_left] == [1000, 50, 250_000]
    assert [seat.held, seat.cost, seat.free_quote, seat.free_base] == [0, 0, 10_000, 0]
    assert (seat.trade_id, seat.has_live_order) == (None, False)


async def test_open_plans_reduce_the_free_balance_of_their_account(scene: Scene) -> None:
    account = await scene.account(await scene.person(), usdt=500)
    planned = await scene.bot(account)
    beside = await scene.bot(account, strategy="another")
    elsewhere = await scene.bot()
    plans = await scene.enter()
    found = await read_seats(scene)
    assert found[beside].free_quote == 500 - 400
    assert found[elsewhere].free_quote == 10_000 - 400
    assert (found[planned].has_live_order, found[beside].has_live_order) == (True, False)

    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(plans[:1])
    assert (await read_seats(scene))[beside].free_quote == 500 - 400


async def test_what_has_been_bought_is_spent_once(scene: Scene) -> None:
    account = await scene.account(await scene.person(), usdt=500)
    bot = await scene.follower(account_id=account)
    seat = (await read_seats(scene))[bot]
    assert seat.free_quote == 500 - 400
    assert seat.held == seat.free_base == Decimal("0.007992")
    assert [seat.cost, seat.tier_left] == [400, 250_000 - 400]
    assert not seat.has_live_order


async def test_open_sales_spend_nothing(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.leave()
    seat = (await read_seats(scene))[bot]
    assert seat.has_live_order
    assert seat.free_quote == 10_000 - 400


async def test_what_a_person_invested_elsewhere_counts_against_the_tier(scene: Scene) -> None:
    person = await scene.person("starter")
    await scene.follower(account_id=await scene.account(person))
    other = await scene.bot(await scene.account(person), strategy="another")
    assert (await read_seats(scene))[other].tier_left == 2000 - 400


async def test_without_a_tier_nothing_is_left(scene: Scene) -> None:
    bot = await scene.bot(await scene.account(await scene.person(tier=None)))
    assert (await read_seats(scene))[bot].tier_left is None


async def test_each_venue_has_its_own_filters(scene: Scene) -> None:
    await scene.market()
    other = replace(FILTERS, step_size=Decimal("0.01"))
    async with scene.database.transaction() as tx:
        await store_filters(tx, "elsewhere", {BTC: other})
        found = await filters_by_venue(tx, BTC)
    assert found == {VENUE: FILTERS, "elsewhere": other}


async def test_an_account_is_busy_while_a_plan_of_it_may_still_trade(scene: Scene) -> None:
    async def busy() -> list[int]:
        async with scene.database.transaction() as tx:
            return list(await tx.scalars(busy_accounts()))

    account = await scene.account(await scene.person())
    await scene.bot(account)
    await scene.bot(status="paused")
    plans = await scene.enter()
    assert await busy() == [account]
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(plans)
    assert await busy() == [account]
    scene.passes(seconds=30)
    await scene.ask()
    assert await busy() == []


async def test_a_seat_is_read_by_account(scene: Scene) -> None:
    first, second = [await scene.account(await scene.person()) for _ in range(2)]
    await scene.bot(second)
    await scene.bot(first)
    await scene.bot(second, strategy="another")
    await scene.market()
    await scene.lead(Action.ENTER)
    assert [seat.account_id for seat in (await read_seats(scene)).values()] == [
        first, second, second,
    ]  # fmt: skip
