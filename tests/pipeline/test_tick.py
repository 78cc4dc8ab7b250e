"""Does the sentence hold from end to end: one look, one decision, one order for everyone?"""

import asyncio
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from nexus.core.clock import now
from nexus.fanout.plan import plan_for_bots
from nexus.market.models import CandleRow, DataFault, MarketCall, TickerRow
from nexus.pipeline.audit import audit, paper_orders
from nexus.pipeline.tick import run_tick
from nexus.regime.classify import Regime
from nexus.regime.judge import Verdict
from nexus.regime.models import ReadingRow, VerdictRow
from nexus.regime.record import record, set_switch
from nexus.strategy.border import Action, Decision
from nexus.strategy.models import DecisionRow, LeaderBookRow
from tests.pipeline.house import House, ScriptedStrategy
from tests.scenes import somebody_waits
from tests.scripted import PRICE

UNLOGGED = (TickerRow, CandleRow, DataFault, MarketCall, ReadingRow)


async def verdicts(house: House) -> list[tuple[str, bool, str]]:
    query = (
        select(DecisionRow.action, VerdictRow.blocked, VerdictRow.code)
        .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
        .order_by(DecisionRow.id)
    )
    async with house.scene.database.transaction() as tx:
        return [tuple(row) for row in await tx.execute(query)]  # type: ignore[misc]


async def book(house: House) -> LeaderBookRow:
    async with house.scene.database.transaction() as tx:
        return (await tx.scalars(select(LeaderBookRow))).one()


async def test_twenty_bots_go_through_a_whole_trade(house: House) -> None:
    bots = await house.open(20)
    await house.tick()
    entered = await house.trade(Action.ENTER, "0.4")
    added = await house.trade(Action.ADD, "0.7")
    assert [entered.planned, added.planned] == [20, 20]
    for bot in bots:
        held = await house.scene.holding(bot)
        assert (held.layers, held.trade_id) == (2, 1)
        assert Decimal(690) < held.cost < Decimal(710)
    left = await house.trade(Action.EXIT)
    assert left.planned == 20

    assert {order.status for order in await house.scene.orders()} == {"FILLED"}
    assert {plan.status for plan in await house.scene.plans()} == {"DONE"}
    assert len(await house.scene.orders()) == len(await house.paper_orders()) == 60
    for bot in bots:
        assert (await house.scene.holding(bot)).quantity < Decimal("0.00001")
    assert await verdicts(house) == [("enter", False, ""), ("add", False, ""), ("exit", False, "")]
    async with house.scene.database.transaction() as tx:
        judged = await audit(tx, await paper_orders(tx))
    assert (judged.duplicate_orders, judged.orphan_orders, judged.mistakes) == (0, 0, [])


async def test_the_outcome_tells_what_came_of_it(house: House) -> None:
    await house.open(1)
    outcome = await house.trade(Action.ENTER, "0.4")
    [(proposal, verdict)] = outcome.decided
    assert (proposal.decision.action, proposal.price, verdict.blocked) == ("enter", PRICE, False)
    assert (outcome.at, outcome.calls, outcome.refused) == (now(), 2, {})
    assert outcome.regimes == {"BTC/USDT": "sideways"}


async def test_a_blocked_decision_is_written_down_and_goes_no_further(house: House) -> None:
    bots = await house.open(3)
    await house.tick()
    await house.price(PRICE * Decimal("0.9"))
    outcome = await house.trade(Action.ENTER, "0.4")
    assert outcome.planned == 0
    assert await verdicts(house) == [("enter", True, "CRASH_GUARD")]
    assert await house.scene.plans() == []
    assert await house.paper_orders() == []
    assert (await book(house)).layers == []
    assert (await house.scene.holding(bots[0])).quantity == 0


async def test_leaving_is_allowed_while_the_market_crashes(house: House) -> None:
    [bot] = await house.open(1)
    await house.trade(Action.ENTER, "0.4")
    await house.price(PRICE * Decimal("0.9"))
    await house.trade(Action.ADD, "0.7")
    await house.trade(Action.EXIT)
    assert await verdicts(house) == [
        ("enter", False, ""), ("add", True, "CRASH_GUARD"), ("exit", False, ""),
    ]  # fmt: skip
    assert [order.side for order in await house.scene.orders()] == ["buy", "sell"]
    assert (await house.scene.holding(bot)).quantity < Decimal("0.00001")


async def test_a_stop_blocks_the_decision_itself(house: House) -> None:
    await house.open(1)
    async with house.scene.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="", by="test")
    await house.trade(Action.ENTER, "0.4")
    assert await verdicts(house) == [("enter", True, "STOPPED")]
    assert await house.scene.plans() == []


async def test_while_the_market_is_away_nothing_passes_the_gate(house: House) -> None:
    await house.open(1)
    await house.trade(Action.ENTER, "0.4")
    await house.tick()
    house.market.away = True
    outcome = await house.tick(Action.EXIT)
    assert outcome.planned == 0
    assert await verdicts(house) == [("enter", False, ""), ("exit", True, "DATA_STALE")]
    assert len(await house.scene.plans()) == 1


async def test_without_a_single_look_nothing_is_decided(house: House) -> None:
    await house.open(1)
    house.market.away = True
    outcome = await house.tick(Action.ENTER, "0.4")
    assert (outcome.decided, house.strategy.asked) == ([], [])


async def test_a_candle_is_decided_once(house: House) -> None:
    await house.open(2)
    await house.trade(Action.ENTER, "0.4")
    house.strategy.next = Decision(Action.EXIT)
    again = await run_tick(house.desk, now())
    assert again.decided == []
    assert len(house.strategy.asked) == len(set(house.strategy.asked)) == 1


async def test_two_workers_at_once_make_one_decision(house: House) -> None:
    await house.open(5)
    await house.tick()
    other = ScriptedStrategy()
    second = house.worker("worker-2", other)
    await run_tick(second, now())
    house.scene.passes(minutes=1)
    house.strategy.next = other.next = Decision(Action.ENTER, Decimal("0.4"))
    both = await asyncio.gather(run_tick(house.desk, now()), run_tick(second, now()))
    await house.scene.answer_rings()
    assert sorted(len(outcome.decided) for outcome in both) == [0, 1]
    assert len(await verdicts(house)) == 1
    assert len(await house.scene.plans()) == len(await house.paper_orders()) == 5


async def test_the_second_to_decide_a_candle_waits_and_does_nothing(house: House) -> None:
    await house.open(2)
    outcome = await house.tick(Action.ENTER, "0.4")
    [(proposal, verdict)] = outcome.decided
    later = replace(proposal, candle=now())
    passed = Verdict("", "", Regime.BULLISH)

    async def decide() -> int | None:
        async with house.scene.database.transaction() as tx:
            return await record(tx, later, passed)

    async with house.scene.database.transaction() as tx:
        first = await record(tx, later, passed)
        second = asyncio.create_task(decide())
        await somebody_waits(house.scene.database)
    assert not verdict.blocked
    assert first is not None
    assert await second is None


async def test_what_one_tick_could_not_ring_the_sweeper_takes_up(house: House) -> None:
    bots = await house.open(3)
    await house.tick(Action.ENTER, "0.4")
    house.scene.bell.rings.clear()  # Redis has lost them.
    house.scene.passes(seconds=3)
    await house.scene.sweep()
    assert len(await house.paper_orders()) == 3
    assert (await house.scene.holding(bots[0])).quantity > 0
    await house.scene.sweep()
    assert len(await house.paper_orders()) == 3


async def test_unlogged_tables_emptied_before_the_claim_stop_the_orders(house: House) -> None:
    await house.open(3)
    await house.tick(Action.ENTER, "0.4")
    await house.scene.empty(*UNLOGGED)
    await house.scene.answer_rings()
    for _ in range(4):
        house.scene.passes(seconds=20)
        await house.scene.sweep()
    assert await house.paper_orders() == []
    assert await house.scene.orders() == []
    assert {plan.status for plan in await house.scene.plans()} == {"EXPIRED_UNSENT"}


async def test_unlogged_tables_emptied_are_filled_by_the_next_tick(house: House) -> None:
    [bot] = await house.open(1)
    await house.tick(Action.ENTER, "0.4")
    await house.scene.empty(*UNLOGGED)
    house.scene.passes(seconds=10)
    await run_tick(house.desk, now())
    await house.scene.answer_rings()
    assert (await house.scene.holding(bot)).quantity > 0


async def test_a_new_worker_refills_what_was_emptied(house: House) -> None:
    await house.open(1)
    await house.tick()
    await house.scene.empty(*UNLOGGED)
    house.desk = house.worker("worker-2")
    await house.trade(Action.ENTER, "0.4")
    assert len(await house.paper_orders()) == 1


async def test_the_market_is_asked_as_often_for_two_hundred_bots_as_for_one(house: House) -> None:
    async def calls_of_a_trade() -> list[str]:
        house.market.calls.clear()
        for action, target in ((Action.ENTER, "0.4"), (Action.ADD, "0.7"), (Action.EXIT, "0")):
            await house.trade(action, target)
        return list(house.market.calls)

    await house.open(1)
    await house.tick()
    alone = await calls_of_a_trade()
    await house.open(199)
    assert await calls_of_a_trade() == alone == ["tickers", "candles BTC/USDT 1m"] * 3
    assert len(await house.scene.plans()) == 3 + 3 * 200


async def test_a_hold_with_something_to_remember_is_remembered(house: House) -> None:
    await house.open(1)
    house.scene.passes(minutes=1)
    house.strategy.next = Decision(Action.HOLD, state={"seen": 1})
    await run_tick(house.desk, now())
    assert (await book(house)).state == {"seen": 1}
    assert await verdicts(house) == []


async def test_a_strategy_that_breaks_the_rules_does_not_stop_the_others(house: House) -> None:
    await house.open(1)
    broken = ScriptedStrategy()
    broken.name, broken.next = "broken", Decision(Action.EXIT)  # There is nothing to leave.
    house.desk = replace(house.desk, strategies=(broken, house.strategy))
    outcome = await house.trade(Action.ENTER, "0.4")
    assert [proposal.strategy for proposal, _ in outcome.decided] == ["trend"]
    assert len(await house.paper_orders()) == 1


async def test_a_decision_planned_before_a_crash_is_planned_once_after_it(house: House) -> None:
    """A worker that dies between planning and ringing has left everything in the database."""
    await house.open(2)
    outcome = await house.tick(Action.ENTER, "0.4")
    house.scene.bell.rings.clear()
    [(proposal, _)] = outcome.decided
    async with house.scene.database.transaction() as tx:
        assert await plan_for_bots(tx, 1, proposal, house.scene.settings) == []
    assert len(await house.scene.plans()) == 2
