"""Is an order written down before it is sent, once, and only if nothing forbids it by then?"""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.billing.models import Entitlement
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Side
from nexus.execution.claim import Claims, claim
from nexus.execution.client_id import client_order_id
from nexus.fanout.events import PlanRefused
from nexus.fanout.models import PlanRow
from nexus.fanout.plan import Origin, write_plans
from nexus.fanout.seats import seats
from nexus.fanout.size import Leg
from nexus.market.models import TickerRow
from nexus.regime.models import ReadingRow
from nexus.strategy.border import Action
from tests.scenes import AT, Scene, somebody_waits
from tests.scripted import BTC, PRICE, WorkerDiedError, kill_worker, lose_answer


async def claimed(scene: Scene, plan_ids: list[int]) -> Claims:
    async with scene.database.transaction() as tx:
        return await claim(tx, plan_ids, scene.broker)


async def endings(scene: Scene) -> list[tuple[str, str]]:
    return [(plan.status, plan.reason) for plan in await scene.plans()]


async def plan_by_hand(scene: Scene, bot_id: int, origin: str = "by hand") -> list[int]:
    """Plan an entry although an order of the bot is open, which planning itself never does."""
    decision_id, _ = await scene.decide(Action.ADD, "0.7")
    written = Origin(origin, "add", BTC, PRICE, AT + timedelta(hours=1), decision_id)
    async with scene.database.transaction() as tx:
        [seat] = [seat for seat in await seats(tx, BTC, AT) if seat.bot_id == bot_id]
        return await write_plans(tx, written, [(seat, Leg(Side.BUY, Decimal("0.001")))])


async def test_the_order_is_written_down_before_it_is_sent(scene: Scene) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    scene.exchange.next_orders(kill_worker(placed=False))
    with pytest.raises(WorkerDiedError):
        await scene.place(plans)
    [order], [plan] = await scene.orders(), await scene.plans()
    assert (order.status, order.bot_id, order.plan_id, order.worker) == (
        "SENDING", bot, plan.id, "worker-1",
    )  # fmt: skip
    assert (order.sent_at, order.recv_window_ms) == (AT, 5000)
    assert order.next_check_at == AT + timedelta(seconds=30)
    assert (plan.status, plan.attempt) == ("ORDERED", 1)
    assert await scene.events() == ["SENDING"]


async def test_what_is_sent_is_what_was_written(scene: Scene) -> None:
    await scene.bot()
    [intent] = (await claimed(scene, await scene.enter())).intents
    [order], [plan] = await scene.orders(), await scene.plans()
    expected = client_order_id("test", plan.account_id, plan.origin, 1)
    assert intent.client_order_id == order.client_order_id == expected
    assert (intent.order_id, intent.symbol, intent.side) == (order.id, BTC, Side.BUY)
    assert intent.quantity == order.quantity == plan.quantity
    assert intent.reference_price == plan.reference_price
    assert intent.sent_at == order.sent_at  # No copy may start later than the fence believes.


async def test_the_intent_names_the_key_that_was_there_at_the_claim(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    [account] = await scene.rows(ExchangeAccount)
    await scene.change(ExchangeAccount, account.id, key_version=7, egress="second")
    [intent] = (await claimed(scene, plans)).intents
    assert (intent.account.key_version, intent.account.egress) == (7, "second")


async def test_two_claims_at_once_send_each_order_once(scene: Scene) -> None:
    for _ in range(20):
        await scene.bot()
    plans = await scene.enter()
    both = await asyncio.gather(claimed(scene, plans), claimed(scene, plans[::-1]))
    sent = [intent.client_order_id for claims in both for intent in claims.intents]
    assert len(sent) == len(set(sent)) == 20
    assert len(await scene.orders()) == 20


async def test_a_claim_passes_over_what_another_holds(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    async with asyncio.timeout(10), scene.database.transaction() as tx:
        assert len((await claim(tx, plans, scene.broker)).intents) == 1
        assert await claimed(scene, plans) == Claims([], [])
    assert await claimed(scene, plans) == Claims([], [])


async def test_one_order_of_an_account_is_sent_at_a_time(scene: Scene) -> None:
    account = await scene.account(await scene.person())
    await scene.bot(account)
    beside = await scene.bot(account, strategy="another")
    await scene.bot()
    plans = await scene.enter()
    plans += await plan_by_hand(scene, beside)
    first = await claimed(scene, plans)
    assert len(first.intents) == 2
    assert first.waiting == plans[2:]
    assert (await claimed(scene, first.waiting)) == Claims([], first.waiting)


async def test_two_claims_at_once_of_one_account_send_one(scene: Scene) -> None:
    account = await scene.account(await scene.person())
    await scene.bot(account)
    beside = await scene.bot(account, strategy="another")
    [entry] = await scene.enter()
    [second] = await plan_by_hand(scene, beside)
    async with scene.database.transaction() as tx:
        assert len((await claim(tx, [entry], scene.broker)).intents) == 1
        other = asyncio.create_task(claimed(scene, [second]))
        await somebody_waits(scene.database)
    assert await other == Claims([], [second])


async def test_a_bot_whose_order_is_unknown_gets_no_other(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.enter())
    later = await plan_by_hand(scene, bot)
    await scene.place(later)
    assert len(scene.exchange.received) == 1
    assert (await scene.plans())[-1].status == "PLANNED"


@pytest.mark.parametrize("table", [TickerRow, ReadingRow])
async def test_without_fresh_data_it_waits_and_then_expires(
    scene: Scene, table: type[TickerRow | ReadingRow]
) -> None:
    await scene.bot()
    plans = await scene.enter()
    await scene.empty(table)
    assert await claimed(scene, plans) == Claims([], plans)
    scene.passes(seconds=60)
    assert await claimed(scene, plans) == Claims([], plans)
    scene.passes(seconds=1)
    await scene.market()
    assert await claimed(scene, plans) == Claims([], [])
    assert await endings(scene) == [
        ("EXPIRED_UNSENT", "TOO_OLD: not_after=2024-06-01T12:01:00+00:00")
    ]


async def test_it_is_sent_once_the_data_is_back(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    scene.passes(seconds=46)
    assert await claimed(scene, plans) == Claims([], plans)
    await scene.market()
    assert len((await claimed(scene, plans)).intents) == 1


async def test_a_gate_that_closed_since_then_refuses(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    await scene.market(entries_allowed=False, code="CRASH_GUARD")
    await claimed(scene, plans)
    assert await endings(scene) == [("DENIED", "GATE_CLOSED: code=CRASH_GUARD")]


async def test_a_price_that_ran_away_refuses(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    await scene.market(PRICE * Decimal("1.006"))
    await claimed(scene, plans)
    assert await endings(scene) == [("DENIED", "SLIPPAGE: moved_bps=60 cap_bps=50")]


async def test_a_trade_the_leader_has_left_refuses(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    await scene.decide(Action.EXIT, "0")
    await claimed(scene, plans)
    assert (await endings(scene))[0] == ("DENIED", "TRADE_OVER: the leader has left this trade")


@pytest.mark.parametrize("valid_until", [AT, AT - timedelta(days=1)])
async def test_a_tier_that_ended_since_then_refuses(scene: Scene, valid_until: datetime) -> None:
    await scene.bot()
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        await tx.execute(update(Entitlement).values(valid_until=valid_until))
    await claimed(scene, plans)
    assert (await endings(scene))[0][1].startswith("NO_TIER")


async def test_a_refusal_is_written_down_and_told(scene: Scene) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    await scene.market(entries_allowed=False, code="REGIME_BEARISH")
    await claimed(scene, plans)
    assert await scene.events() == ["DENIED"]
    [told] = [fact for fact in scene.heard if isinstance(fact, PlanRefused)]
    assert (told.plan_id, told.bot_id, told.action) == (plans[0], bot, "enter")
    assert told.reason == "GATE_CLOSED: code=REGIME_BEARISH"
    assert await scene.orders() == []


async def test_a_plan_is_not_sent_before_its_time(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    await scene.change(PlanRow, plans[0], not_before=AT + timedelta(seconds=5))
    assert await claimed(scene, plans) == Claims([], plans)
    scene.passes(seconds=5)
    assert len((await claimed(scene, plans)).intents) == 1


async def test_nothing_to_claim(scene: Scene) -> None:
    assert await claimed(scene, []) == Claims([], [])
    assert await claimed(scene, [12345]) == Claims([], [])
