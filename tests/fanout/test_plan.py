"""Does every bot get exactly one plan, or a reason, however often and by whomever it is planned?"""

import asyncio
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import event, update

from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.models import ExchangeAccount, SymbolFilter
from nexus.exchanges.protocol import VenueStatus
from nexus.fanout.plan import plan_for_bots, plan_stragglers
from nexus.strategy.border import Action
from tests.scenes import AT, Scene, somebody_waits
from tests.scripted import lose_answer, take


async def reasons(scene: Scene) -> list[str]:
    return [plan.reason for plan in await scene.plans()]


async def test_every_follower_gets_a_plan(scene: Scene) -> None:
    bots = [await scene.bot(allocation=Decimal(amount)) for amount in (1000, 2000, 500)]
    planned = await scene.enter()
    plans = await scene.plans()
    assert sorted(planned) == [plan.id for plan in plans]
    assert {plan.bot_id: plan.quantity for plan in plans} == dict(
        zip(bots, map(Decimal, ("0.008", "0.016", "0.004")), strict=True)
    )
    assert {(plan.status, plan.side, plan.action) for plan in plans} == {
        ("PLANNED", "buy", "enter")
    }


async def test_plans_carry_the_natural_key_of_their_decision(scene: Scene) -> None:
    await scene.bot()
    await scene.market()
    decision_id, proposal = await scene.decide(Action.ENTER)
    async with scene.database.transaction() as tx:
        await plan_for_bots(tx, decision_id, proposal, scene.settings)
    [plan] = await scene.plans()
    assert plan.origin == f"trend/BTC/USDT/{proposal.candle.isoformat()}"
    assert (plan.decision_id, plan.close_request_id) == (decision_id, None)


async def test_entries_grow_old_sooner_than_exits(scene: Scene) -> None:
    await scene.follower()
    await scene.leave()
    entry, leave = await scene.plans()
    assert entry.not_after == AT + timedelta(seconds=scene.settings.entry_max_age_seconds)
    assert leave.not_after == AT + timedelta(seconds=scene.settings.exit_max_age_seconds)


async def test_two_transactions_at_once_plan_a_bot_once(scene: Scene) -> None:
    await scene.bot()
    await scene.bot()
    await scene.market()
    decided = await scene.decide(Action.ENTER)

    async def plan() -> list[int]:
        async with scene.database.transaction() as tx:
            return await plan_for_bots(tx, *decided, scene.settings)

    async with scene.database.transaction() as tx:
        first = await plan_for_bots(tx, *decided, scene.settings)
        second = asyncio.create_task(plan())
        await somebody_waits(scene.database)
    assert len(first) == 2
    assert await second == []
    assert [plan.id for plan in await scene.plans()] == sorted(first)


async def test_only_who_follows_this_strategy_on_this_symbol_is_planned(scene: Scene) -> None:
    account = await scene.account(await scene.person())
    follows = await scene.bot(account)
    await scene.bot(account, strategy="another")
    await scene.bot(account, symbol="ETH/USDT")
    await scene.bot(status="stopped")
    await scene.bot(status="closing")
    await scene.enter()
    assert [plan.bot_id for plan in await scene.plans()] == [follows]


async def test_nobody_follows(scene: Scene) -> None:
    assert await scene.enter() == []
    assert await scene.plans() == []


async def test_a_bot_without_an_order_gets_a_row_with_the_reason(scene: Scene) -> None:
    await scene.bot(status="paused")
    await scene.bot(await scene.account(await scene.person(), usdt=3))
    await scene.bot(max_order=Decimal(4))
    await scene.bot(await scene.account(await scene.person(tier=None)))
    await scene.bot(await scene.account(await scene.person(valid_until=AT)))
    assert await scene.enter() == []
    assert await reasons(scene) == [
        "BOT_PAUSED: status=paused",
        "BALANCE_BELOW_MINIMUM: free=2.98507462 needed=5.25",
        "USER_LIMIT_BELOW_MINIMUM: free=4 needed=5.25",
        "NO_TIER: a valid tier is needed to enter a trade",
        "NO_TIER: a valid tier is needed to enter a trade",
    ]
    assert {(plan.status, plan.quantity) for plan in await scene.plans()} == {
        ("DENIED", Decimal(0))
    }


async def test_a_tier_that_has_not_ended_is_valid(scene: Scene) -> None:
    await scene.bot(await scene.account(await scene.person(valid_until=AT + timedelta(seconds=1))))
    assert len(await scene.enter()) == 1


async def test_a_tier_limits_what_all_bots_of_a_person_invest(scene: Scene) -> None:
    person = await scene.person("starter")
    first = await scene.follower(account_id=await scene.account(person), allocation=Decimal(4998))
    assert (await scene.holding(first)).cost == 1995
    second = await scene.bot(await scene.account(person))
    await scene.leave()
    [denied] = [plan for plan in await scene.plans() if plan.bot_id == second]
    assert denied.reason.startswith("NOT_IN_TRADE")
    await scene.enter()
    assert "TIER_BELOW_MINIMUM: free=5 needed=5.25" in await reasons(scene)


async def test_an_account_whose_key_was_refused_gets_no_plan(scene: Scene) -> None:
    bot = await scene.bot()
    account = (await scene.the_bot(bot)).account_id
    await scene.change(ExchangeAccount, account, status="key_invalid")
    assert await scene.enter() == []
    assert await reasons(scene) == ["ACCOUNT_NOT_ACTIVE: status=key_invalid"]


async def test_a_venue_whose_filters_are_not_known_gets_no_orders(scene: Scene) -> None:
    await scene.bot(await scene.account(await scene.person(), venue="unread"))
    assert await scene.enter() == []
    assert await reasons(scene) == ["SYMBOL_NOT_TRADING: symbol=BTC/USDT venue=unread"]


async def test_a_halted_symbol_gets_no_orders(scene: Scene) -> None:
    await scene.bot()
    await scene.market()
    async with scene.database.transaction() as tx:
        await tx.execute(update(SymbolFilter).values(trading=False))
    assert await scene.lead(Action.ENTER) == []
    assert await reasons(scene) == ["SYMBOL_NOT_TRADING: symbol=BTC/USDT venue=scripted"]


async def test_a_paused_bot_takes_no_entry_but_sells(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.change(Bot, bot, status="paused")
    assert await scene.lead(Action.ADD, "0.7") == []
    [leave] = await scene.leave()
    assert (await scene.plans())[-1].id == leave
    assert (await scene.plans())[-1].side == "sell"


async def test_who_joins_in_the_middle_of_a_trade_waits_for_the_next(scene: Scene) -> None:
    await scene.follower()
    late = await scene.bot()
    await scene.lead(Action.ADD, "0.7")
    await scene.leave()
    told = [plan.reason for plan in await scene.plans() if plan.bot_id == late]
    assert [reason.split(":")[0] for reason in told] == ["NOT_IN_TRADE", "NOT_IN_TRADE"]
    await scene.enter()
    assert (await scene.plans())[-1].bot_id == late
    assert (await scene.plans())[-1].status == "PLANNED"


async def test_a_bot_sells_what_it_holds_not_what_the_leader_holds(scene: Scene) -> None:
    rich = await scene.follower()
    await scene.leave()
    plan = (await scene.plans())[-1]
    assert plan.quantity == Decimal("0.0079") < (await scene.holding(rich)).quantity


async def test_a_reduction_sells_the_share_the_leader_sells(scene: Scene) -> None:
    await scene.follower()
    await scene.lead(Action.REDUCE, "0.1")
    assert (await scene.plans())[-1].quantity == Decimal("0.0059")  # 3/4 of 0.007992


async def test_an_entry_with_an_order_open_is_denied(scene: Scene) -> None:
    await scene.follower()
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.lead(Action.ADD, "0.7"))
    assert await scene.lead(Action.ADD, "1") == []
    assert (await reasons(scene))[-1].startswith("ORDER_OPEN")


async def test_an_exit_that_was_missed_is_planned_later_and_once(scene: Scene) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.lead(Action.ADD, "0.7"))
    assert await scene.leave() == []
    await scene.sweep()
    assert [plan.action for plan in await scene.plans()] == ["enter", "add"]

    scene.passes(seconds=31)
    await scene.market()
    await scene.sweep()  # Finds the lost order.
    await scene.sweep()  # Plans the exit and sends it.
    await scene.sweep()
    plans = await scene.plans()
    assert [(plan.action, plan.status) for plan in plans[2:]] == [("exit", "DONE")]
    assert plans[2].not_after == now() + timedelta(seconds=scene.settings.exit_max_age_seconds)
    assert (await scene.holding(bot)).quantity < Decimal("0.0001")


async def test_a_blocked_exit_has_no_stragglers(scene: Scene) -> None:
    await scene.follower()
    await scene.decide(Action.EXIT, "0", code="DATA_STALE")
    async with scene.database.transaction() as tx:
        assert await plan_stragglers(tx, scene.settings) == []


async def test_a_partly_filled_entry_is_left_with_what_it_brought(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.EXPIRED, "0.5"))
    await scene.place(await scene.enter())
    await scene.leave()
    assert (await scene.holding(bot)).quantity == Decimal("0.003996")
    assert (await scene.plans())[-1].quantity == Decimal("0.0039")


async def test_planning_costs_as_many_statements_for_fifty_as_for_two(scene: Scene) -> None:
    counts = []
    for bots in (1, 47):
        for _ in range(bots):
            await scene.bot()
        await scene.bot(allocation=Decimal(1))  # Its denial is news, and costs a statement too.
        await scene.market()
        counts.append(await _statements_of_planning(scene.database, scene))
        await scene.decide(Action.EXIT, "0")
    assert counts[0] == counts[1] > 0
    assert len({(plan.decision_id, plan.bot_id) for plan in await scene.plans()}) == 2 + 50


async def _statements_of_planning(database: Database, scene: Scene) -> int:
    decided = await scene.decide(Action.ENTER)
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    async with database.transaction() as tx:
        await plan_for_bots(tx, *decided, scene.settings)
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    return len(statements)
