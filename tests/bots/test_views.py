"""Does a person see their bots as they are, and are they told what each may do next?"""

from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.bots.close import request_close
from nexus.bots.close_many import close_bots
from nexus.bots.leave_account import BotOnAccount, bots_on, pause_account, resume_account
from nexus.bots.models import Bot, Holding
from nexus.bots.retry import TRIES
from nexus.bots.views import BotView, Strategies, bot_of, bots_of
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import VenueStatus
from nexus.market.models import TickerRow
from nexus.strategy.border import Action, load_strategies
from nexus.strategy.models import LeaderBookRow
from tests.feed.watching import queries
from tests.limited import bots_of_one, limit
from tests.scenes import Scene
from tests.scripted import BTC, PRICE, lose_answer, reject, take


@pytest.fixture
def strategies(scene: Scene) -> Strategies:
    known = load_strategies(scene.settings.strategies, scene.settings)
    return {strategy.name: strategy for strategy in known}


async def view(scene: Scene, bot_id: int, strategies: Strategies) -> BotView:
    """See a bot as its owner does."""
    owner = (await scene.the_bot(bot_id)).user_id
    async with scene.database.transaction() as tx:
        found = await bot_of(tx, owner, bot_id, strategies)
    assert found is not None
    return found


async def close(scene: Scene, bot_id: int) -> None:
    async with scene.database.transaction() as tx:
        await request_close(tx, bot_id, by="test", idempotency_key="once")


# --------------------------------------------------------------------------------- whose it is
async def test_bob_has_no_way_to_alices_bot(scene: Scene, strategies: Strategies) -> None:
    alices, bobs = await scene.bot(), await scene.bot()
    alice, bob = [(await scene.the_bot(bot)).user_id for bot in (alices, bobs)]
    async with scene.database.transaction() as tx:
        assert await bot_of(tx, bob, alices, strategies) is None
        found = await bots_of(tx, [bob], strategies)
        both = await bots_of(tx, [alice, bob, 999], strategies)
    assert [bot.id for bot in found[bob]] == [bobs]
    assert {person: [bot.id for bot in bots] for person, bots in both.items()} == {
        alice: [alices],
        bob: [bobs],
    }


async def test_the_bots_of_many_people_cost_as_many_queries_as_those_of_one(
    scene: Scene, strategies: Strategies
) -> None:
    people = [(await scene.the_bot(await scene.bot())).user_id for _ in range(8)]
    async with scene.database.transaction() as tx:
        with queries(scene.database) as sent:
            assert len(await bots_of(tx, people, strategies)) == 8
    assert len(sent) == 2, "the bots, and who has limits"


# --------------------------------------------------------------------------------- its numbers
async def test_a_bot_before_its_first_trade(scene: Scene, strategies: Strategies) -> None:
    bot = await view(scene, await scene.bot(), strategies)
    assert (bot.base, bot.quote, bot.strategy_label) == ("BTC", "USDT", "Pyramiding trend")
    assert bot.allocation == 1000
    assert bot.quantity == bot.realised == 0
    assert (bot.layer, bot.layers) == (0, 3)
    assert (bot.average_price, bot.unrealised, bot.value) == (None, None, None)
    assert bot.note == "It waits for the strategy's next entry."


async def test_a_bot_in_a_trade_is_worth_what_the_price_says(
    scene: Scene, strategies: Strategies
) -> None:
    bot_id = await scene.follower()
    await scene.market(PRICE * 2)
    bot = await view(scene, bot_id, strategies)
    assert bot.quantity == Decimal("0.007992"), "0.008 less the fee, which was taken in BTC"
    assert bot.value == Decimal("799.2")
    assert bot.unrealised == Decimal("399.2")
    assert bot.average_price == Decimal(400) / Decimal("0.007992")
    assert bot.realised == 0
    assert (bot.layer, bot.note) == (1, "")


async def test_without_a_price_nothing_is_made_up(scene: Scene, strategies: Strategies) -> None:
    bot_id = await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.delete(await tx.get_one(TickerRow, BTC))
    bot = await view(scene, bot_id, strategies)
    assert (bot.value, bot.unrealised) == (None, None)
    assert bot.quantity > 0


# --------------------------------------------------------------------------------- what it may do
@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("running", {"pause", "close"}),
        ("paused", {"start", "close"}),
        ("closing", set()),
        ("stopped", {"start"}),
    ],
)
async def test_what_a_bot_may_be_told(
    scene: Scene, strategies: Strategies, status: str, may: set[str]
) -> None:
    bot = await view(scene, await scene.bot(status=status), strategies)
    assert {word for word in ("start", "pause", "close") if getattr(bot, f"can_{word}")} == may


async def test_what_a_stopped_bot_still_holds_can_be_sold(
    scene: Scene, strategies: Strategies
) -> None:
    bot_id = await scene.follower()
    await scene.change(Bot, bot_id, status="stopped")
    assert (await view(scene, bot_id, strategies)).can_close


# --------------------------------------------------------------------------------- why it waits
@pytest.mark.parametrize(
    ("status", "note"),
    [
        ("closing", "It is selling what it holds."),
        ("stopped", "It is stopped and buys nothing."),
        ("paused", "It is paused: it takes no new entry, and follows exits."),
    ],
)
async def test_a_bot_that_does_not_run_says_what_it_does(
    scene: Scene, strategies: Strategies, status: str, note: str
) -> None:
    assert (await view(scene, await scene.bot(status=status), strategies)).note == note


async def test_who_joins_mid_trade_is_told_why_nothing_happens(
    scene: Scene, strategies: Strategies
) -> None:
    await scene.follower()
    late = await view(scene, await scene.bot(), strategies)
    assert late.note == "It waits for the next entry: the strategy is already in a trade."


async def test_what_the_leader_has_left_and_the_bot_still_holds_is_said(
    scene: Scene, strategies: Strategies
) -> None:
    bot_id = await scene.follower()
    await scene.leave()
    note = (await view(scene, bot_id, strategies)).note
    assert note.startswith("The strategy has left this trade, but this bot still holds it.")


async def test_an_account_that_is_not_connected_is_said_first(
    scene: Scene, strategies: Strategies
) -> None:
    bot_id = await scene.bot(status="paused")
    account = (await scene.the_bot(bot_id)).account_id
    await scene.change(ExchangeAccount, account, status="key_invalid")
    note = (await view(scene, bot_id, strategies)).note
    assert note == "The exchange refuses its key. Put that right to trade again."


async def test_a_sale_that_did_not_go_through_is_said_in_words(
    scene: Scene, strategies: Strategies
) -> None:
    bot_id = await scene.follower()
    await close(scene, bot_id)
    scene.exchange.next_orders(reject())
    await scene.sweep()
    bot = await view(scene, bot_id, strategies)
    assert (bot.status, bot.can_close, bot.can_start, bot.can_stop) == (
        "closing", False, False, True,
    )  # fmt: skip
    assert (await scene.the_bot(bot_id)).status_reason.startswith("REJECTED: code=-2010")
    assert bot.note == (
        "It is selling what it holds. The last try failed. The exchange refused the order. Nothing"
        f" was traded. Try 2 of {TRIES} is at 12:00:15. To keep what it holds instead, stop it."
    )


async def test_a_sale_of_a_part_is_not_called_no_sale(scene: Scene, strategies: Strategies) -> None:
    bot_id = await scene.follower()
    await close(scene, bot_id)
    scene.exchange.next_orders(take(VenueStatus.EXPIRED, "0.5"))
    await scene.sweep()
    assert (await view(scene, bot_id, strategies)).note == (
        "It is selling what it holds. The last try failed. Only 0.00395 of 0.0079 was sold."
        " Try 2 of 6 is at 12:00:15. To keep what it holds instead, stop it."
    )


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("Its tier has ended.", "Its tier has ended. It is paused: it takes no new entry"),
        ("TIER_ENDED: tier=pro", "It is paused: it takes no new entry"),
    ],
)
async def test_a_bot_paused_for_another_reason_is_not_said_to_be_unsold(
    scene: Scene, strategies: Strategies, reason: str, note: str
) -> None:
    bot_id = await scene.bot(status="paused", status_reason=reason)
    assert (await view(scene, bot_id, strategies)).note == f"{note}, and follows exits."


# --------------------------------------------------------------------------------- what holds it
async def test_a_limit_of_its_owner_is_said_on_a_running_bot_alone(
    scene: Scene, strategies: Strategies
) -> None:
    person, [holding, waiting] = await bots_of_one(scene, 2)
    paused = await scene.bot(await scene.account(person), status="paused")
    [first, _] = await scene.enter()
    await scene.place([first])
    await limit(scene, person, positions=1)
    said = "As many bots as you allow are in a trade: 1 of 1."
    assert (await view(scene, waiting, strategies)).limit.startswith(said)
    assert (await view(scene, holding, strategies)).limit == "", "it may still add to its trade"
    assert (await view(scene, paused, strategies)).limit == ""
    await limit(scene, person, allocation=Decimal(400), cooldown_minutes=5)
    said = "Your bots have invested all of the 400.00 that you allow."
    assert (await view(scene, holding, strategies)).limit == said
    async with scene.database.transaction() as tx:
        await tx.execute(update(Holding).values(lost_at=now()))
    said = "After a loss you wanted a pause: nothing is bought before 1 Jun 12:05 UTC."
    assert (await view(scene, waiting, strategies)).limit == said
    await limit(scene, person, drawdown=Decimal(1))
    await scene.market(PRICE / 2)
    assert (
        "below its highest, and your limit is 1.00."
        in (await view(scene, holding, strategies)).limit
    )


async def test_a_sale_that_was_given_up_says_why(scene: Scene, strategies: Strategies) -> None:
    bot_id = await scene.follower()
    await close(scene, bot_id)
    scene.exchange.next_orders(*[reject()] * TRIES)
    for _ in range(TRIES):
        await scene.sweep()
        scene.passes(seconds=3601)
        await scene.market()
    bot = await view(scene, bot_id, strategies)
    assert (bot.status, bot.can_close, bot.can_start) == ("paused", True, True)
    assert bot.note == (
        "It was not sold, so it did not stop. The exchange refused the order. Nothing was traded."
        " It is paused: it takes no new entry, and follows exits. You can close it again."
    )


async def test_a_sale_that_staff_asked_for_is_not_called_the_owners(
    scene: Scene, strategies: Strategies
) -> None:
    bot_id = await scene.follower()
    async with scene.database.transaction() as tx:
        await close_bots(tx, actor_id=1, idempotency_key="once")
    bot = await view(scene, bot_id, strategies)
    assert bot.note == "Our staff told it to sell what it holds, and stop."
    await scene.sweep()
    bot = await view(scene, bot_id, strategies)
    assert bot.note == "Our staff closed it. It buys nothing until you start it again."


async def test_a_stop_that_rests_at_the_exchange_is_shown_as_it_stands(
    scene: Scene, strategies: Strategies
) -> None:
    scene.settings = scene.settings.model_copy(update={"resting_stops": True})
    bot_id = await scene.follower()
    assert (await view(scene, bot_id, strategies)).resting is None
    async with scene.database.transaction() as tx:
        await tx.execute(update(LeaderBookRow).values(stop_price=Decimal(48_500)))
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.sweep()
    shown = (await view(scene, bot_id, strategies)).resting
    assert shown is not None
    assert (shown.state, shown.price, shown.out_of_reach) == ("UNKNOWN", Decimal(48_500), False)
    scene.passes(seconds=6)
    await scene.sweep()
    shown = (await view(scene, bot_id, strategies)).resting
    assert shown is not None
    assert shown.state == "RESTING"
    assert shown.quantity == scene.exchange.received[-1].quantity
    bot = await scene.the_bot(bot_id)
    [left] = await _on(scene, bot.account_id)
    assert left.stop_rests
    await scene.change(ExchangeAccount, bot.account_id, status="key_invalid")
    shown = (await view(scene, bot_id, strategies)).resting
    assert shown is not None
    assert shown.out_of_reach
    await scene.change(ExchangeAccount, bot.account_id, status="active")
    await scene.change(Bot, bot_id, status="stopped")
    await scene.sweep()
    assert (await view(scene, bot_id, strategies)).resting is None
    assert not (await _on(scene, bot.account_id))[0].stop_rests


async def _on(scene: Scene, account_id: int) -> list[BotOnAccount]:
    async with scene.database.transaction() as tx:
        return await bots_on(tx, account_id)


async def test_a_stop_is_shown_to_who_follows_it(scene: Scene, strategies: Strategies) -> None:
    bot_id = await scene.follower()
    assert (await view(scene, bot_id, strategies)).stop_price is None
    async with scene.database.transaction() as tx:
        await tx.execute(update(LeaderBookRow).values(stop_price=Decimal(48_500)))
    stop = Decimal(48_500)
    for status, shown in (("running", stop), ("paused", stop), ("stopped", None)):
        await scene.change(Bot, bot_id, status=status)
        assert (await view(scene, bot_id, strategies)).stop_price == shown
    await scene.change(Bot, bot_id, status="running")
    await scene.decide(Action.EXIT, "0")
    assert (await view(scene, bot_id, strategies)).stop_price is None


async def test_a_pause_that_is_not_the_owners_says_why_until_it_is_lifted(
    scene: Scene, strategies: Strategies
) -> None:
    bot = await scene.the_bot(await scene.bot())
    why = {"status": "paused", "status_reason": "We look into it.", "paused_at": now()}
    await scene.change(ExchangeAccount, bot.account_id, **why)
    assert (await view(scene, bot.id, strategies)).note == "We look into it."
    async with scene.database.transaction() as tx:
        await resume_account(tx, bot.user_id, bot.account_id, network="")
    async with scene.database.transaction() as tx:
        await pause_account(tx, bot.user_id, bot.account_id, network="")
    assert (await view(scene, bot.id, strategies)).note.startswith("You paused its account")
