"""Is a trade left between two candles, for everyone, when the price comes to the stop?"""

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from nexus.core.clock import now
from nexus.pipeline.tick import TickOutcome, run_tick
from nexus.strategy.border import Action, Decision
from nexus.strategy.models import DecisionRow, LeaderBookRow
from tests.pipeline.house import House
from tests.scripted import PRICE

STOP = PRICE * Decimal("0.98")
ENTER = Decision(Action.ENTER, Decimal("0.4"), why="The test says so.", stop_price=STOP)


async def look(house: House, price: Decimal, **later: int) -> TickOutcome:
    house.scene.passes(**later)
    await house.price(price)
    outcome = await run_tick(house.desk, now())
    await house.scene.answer_rings()
    return outcome


async def enter(house: House) -> list[int]:
    bots = await house.open(3)
    await house.tick()
    house.strategy.next = ENTER
    assert (await look(house, PRICE, minutes=1)).planned == 3
    return bots


async def decisions(house: House) -> list[DecisionRow]:
    async with house.scene.database.transaction() as tx:
        return list(await tx.scalars(select(DecisionRow).order_by(DecisionRow.id)))


async def test_it_is_left_at_once_and_once(house: House) -> None:
    bots = await enter(house)
    assert (await look(house, STOP + 1, seconds=10)).planned == 0
    assert (await look(house, STOP, seconds=10)).planned == 3
    for bot in bots:
        assert (await house.scene.holding(bot)).trade_id is None
    assert (await look(house, STOP - 1, seconds=10)).decided == []
    [entered, left] = await decisions(house)
    assert (entered.stop_price, left.stop_price) == (STOP, None)
    assert (left.action, left.trade_id, left.price) == ("exit", entered.id, STOP)
    assert left.candle > entered.candle
    async with house.scene.database.transaction() as tx:
        book = (await tx.scalars(select(LeaderBookRow))).one()
    assert (book.layers, book.stop_price, book.trade_id) == ([], None, None)


async def test_the_strategy_is_next_asked_about_the_candle_after_it(house: House) -> None:
    await enter(house)
    await look(house, STOP, seconds=10)
    [_, left] = await decisions(house)
    house.strategy.asked.clear()
    await house.tick()
    await house.tick()
    assert house.strategy.asked
    assert min(house.strategy.asked) > left.candle


async def test_stale_prices_leave_nothing_and_the_next_look_does(house: House) -> None:
    await enter(house)
    house.market.away = True
    assert (await look(house, STOP - 1, seconds=50)).decided == []
    house.market.away = False
    assert (await look(house, STOP - 1, seconds=5)).planned == 3


async def test_a_strategy_without_a_stop_is_not_left(house: House) -> None:
    await house.open(1)
    await house.tick()
    house.strategy.next = replace(ENTER, stop_price=None)
    await look(house, PRICE, minutes=1)
    assert (await look(house, STOP - 1, seconds=10)).decided == []
