"""Does "stop everything" reach all bots of one person, each in the way that was meant?"""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import select

from nexus.accounts.models import AuditEntry
from nexus.bots.events import BotChanged, CloseRequested
from nexus.bots.models import Bot, CloseRequest
from nexus.bots.start import create_bot, start_bot
from nexus.bots.stop import Meaning, stop_everything
from nexus.fanout.close import TAKEN_BACK
from nexus.strategy.border import Action
from tests.scenes import Scene, somebody_waits
from tests.scripted import BTC

STATES = ("running", "paused", "closing", "stopped")

WRITTEN = {
    Meaning.PAUSE: "bots_paused",
    Meaning.STOP: "bots_stopped",
    Meaning.CLOSE: "bots_closed",
}


async def press(scene: Scene, person: int, meaning: Meaning, key: str = "1") -> int:
    async with scene.database.transaction() as tx:
        return await stop_everything(tx, person, meaning, idempotency_key=key, network="here")


async def one_of_each(scene: Scene, person: int) -> dict[str, int]:
    """Give a person a bot in every state, each on an account of its own; none holds anything."""
    return {
        state: await scene.bot(await scene.account(person), status=state, status_reason="before")
        for state in STATES
    }


async def states(scene: Scene) -> list[str]:
    return [bot.status for bot in await scene.rows(Bot)]


async def audit(scene: Scene) -> list[tuple[str, int | None, object]]:
    async with scene.database.transaction() as tx:
        entries = (await tx.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    return [(entry.act, entry.user_id, entry.detail) for entry in entries]


@pytest.mark.parametrize(
    ("meaning", "after", "changed"),
    [
        (Meaning.PAUSE, ["paused", "paused", "closing", "stopped"], 1),
        (Meaning.STOP, ["stopped", "stopped", "stopped", "stopped"], 3),
        (Meaning.CLOSE, ["closing", "closing", "closing", "stopped"], 2),
    ],
)
async def test_every_state_goes_where_it_was_meant_to(
    scene: Scene, meaning: Meaning, after: list[str], changed: int
) -> None:
    person = await scene.person()
    bots = await one_of_each(scene, person)
    assert await press(scene, person, meaning) == changed
    assert await states(scene) == after
    moved = [bots[a] for a, b in zip(STATES, after, strict=True) if a != b]
    assert {f.bot_id for f in scene.heard if isinstance(f, BotChanged)} == set(moved)
    for bot in await scene.rows(Bot):
        assert (bot.status_by == f"user:{person}") == (bot.id in moved)
        assert (bot.status_reason == "before") == (bot.id not in moved)
    assert await audit(scene) == [(WRITTEN[meaning], person, {"bots": changed})]


@pytest.mark.parametrize("meaning", Meaning)
async def test_another_persons_bots_go_on(scene: Scene, meaning: Meaning) -> None:
    theirs = await scene.bot()
    alice = await scene.person()
    await scene.bot(await scene.account(alice))
    await press(scene, alice, meaning)
    assert (await scene.the_bot(theirs)).status == "running"


@pytest.mark.parametrize("meaning", Meaning)
async def test_pressed_twice_it_is_one_wish(scene: Scene, meaning: Meaning) -> None:
    person = await scene.person()
    await one_of_each(scene, person)
    await press(scene, person, meaning)
    requests, written = len(await scene.rows(CloseRequest)), await audit(scene)
    assert await press(scene, person, meaning) == 0
    assert len(await scene.rows(CloseRequest)) == requests
    assert await audit(scene) == written


async def test_a_page_sent_again_closes_nothing_that_was_started_since(scene: Scene) -> None:
    person = await scene.person()
    bot = await scene.bot(await scene.account(person))
    await press(scene, person, Meaning.CLOSE)
    await scene.sweep()
    async with scene.database.transaction() as tx:
        assert await start_bot(tx, bot, by="test")
    assert await press(scene, person, Meaning.CLOSE) == 0
    assert await states(scene) == ["running"]
    assert await press(scene, person, Meaning.CLOSE, key="2") == 1


async def test_nobody_without_bots_changes_anything(scene: Scene) -> None:
    assert await press(scene, await scene.person(), Meaning.STOP) == 0
    assert await audit(scene) == []


async def test_closing_sells_all_that_is_held_and_stops(scene: Scene) -> None:
    person = await scene.person()
    bots = [await scene.bot(await scene.account(person)) for _ in range(3)]
    await scene.place(await scene.enter())
    # What was stopped and kept is sold as well: it is the person's "close everything".
    await scene.change(Bot, bots[2], status="stopped")
    assert await press(scene, person, Meaning.CLOSE) == 3
    assert sum(isinstance(fact, CloseRequested) for fact in scene.heard) == 3
    await scene.sweep()
    assert await states(scene) == ["stopped"] * 3
    assert [(await scene.holding(bot)).quantity < Decimal("0.0001") for bot in bots] == [True] * 3
    assert [order.side for order in await scene.orders()] == ["buy"] * 3 + ["sell"] * 3


async def test_what_is_stopped_and_kept_follows_no_exit_until_it_is_started(scene: Scene) -> None:
    person = await scene.person()
    bot = await scene.follower(account_id=await scene.account(person))
    held = (await scene.holding(bot)).quantity
    await press(scene, person, Meaning.STOP)
    await scene.place(await scene.leave())
    await scene.sweep()
    assert (await scene.holding(bot)).quantity == held
    async with scene.database.transaction() as tx:
        assert await start_bot(tx, bot, by="test")
    await scene.sweep()
    assert (await scene.holding(bot)).quantity < Decimal("0.0001"), "as the page says"


async def test_what_is_paused_still_follows_exits(scene: Scene) -> None:
    person = await scene.person()
    bot = await scene.follower(account_id=await scene.account(person))
    await press(scene, person, Meaning.PAUSE)
    assert await scene.lead(Action.ADD, "0.7") == []
    await scene.place(await scene.leave())
    assert (await scene.holding(bot)).quantity < Decimal("0.0001")


async def test_a_sale_under_way_is_stopped_before_it_is_sent(scene: Scene) -> None:
    person = await scene.person()
    bot = await scene.follower(account_id=await scene.account(person))
    held = (await scene.holding(bot)).quantity
    await press(scene, person, Meaning.CLOSE)
    assert await press(scene, person, Meaning.STOP) == 1
    await scene.sweep()
    assert (await scene.holding(bot)).quantity == held
    assert await states(scene) == ["stopped"]
    [request] = await scene.rows(CloseRequest)
    assert request.outcome == TAKEN_BACK


async def test_a_bot_that_is_being_made_is_stopped_too(scene: Scene) -> None:
    person = await scene.person()
    account = await scene.account(person)
    async with scene.database.transaction() as tx:
        await create_bot(
            tx, user_id=person, account_id=account, strategy="trend", symbol=BTC,
            allocation=Decimal(100),
        )  # fmt: skip
        pressed = asyncio.create_task(press(scene, person, Meaning.STOP))
        await somebody_waits(scene.database)
    assert await pressed == 1
    assert await states(scene) == ["stopped"]


async def test_plans_that_were_not_sent_are_all_refused(scene: Scene) -> None:
    person = await scene.person(tier="pro")
    for _ in range(30):
        await scene.bot(await scene.account(person, usdt=10_000))
    plans = await scene.enter()
    await scene.place(plans[:10])
    await press(scene, person, Meaning.STOP)
    await scene.place(plans)
    await scene.sweep()
    assert len(scene.exchange.received) == 10
    refused = [plan.reason for plan in await scene.plans() if plan.status == "DENIED"]
    assert refused == ["BOT_STOPPED: status=stopped"] * 20
