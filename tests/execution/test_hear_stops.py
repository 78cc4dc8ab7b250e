"""Does what an exchange tells and lists of stops that rest make one effect, and no orphan?"""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from nexus.bots.models import RestingStop
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account, Fill, VenueStatus
from nexus.exchanges.user_stream import BalancesHeard, OrderHeard
from nexus.execution.hear import record_orders
from nexus.execution.hear_balances import BalanceWords, write_words
from nexus.execution.models import OrphanOrder
from nexus.execution.reconcile import reconcile_account
from nexus.execution.resolve import look_for_open
from nexus.execution.stop_states import ENDED_BY_OTHERS
from tests.execution.stops import STOP, Stops
from tests.execution.test_reconcile import Listed
from tests.scripted import VENUE, end_it, lose_answer


def told(stop: RestingStop, status: VenueStatus, *parts: str) -> list[OrderHeard]:
    """Tell of a stop as an exchange does: an event for each trade, and one for its end."""
    usual = OrderHeard(
        account_id=stop.account_id,
        market="BTCUSDT",
        exchange_order_id="x-1",
        client_order_id=stop.client_order_id,
        status=status,
        executed_quantity=Decimal(0),
        executed_quote=Decimal(0),
        fill=None,
    )
    heard, done = [], Decimal(0)
    for number, part in enumerate(parts, start=1):
        quantity = stop.quantity * Decimal(part)
        done += quantity
        fill = Fill(f"t-{number}", STOP, quantity, Decimal(0), "USDT", now())
        over = status if number == len(parts) else VenueStatus.PARTIALLY_FILLED
        heard.append(
            replace(
                usual, status=over, executed_quantity=done, executed_quote=done * STOP, fill=fill
            )
        )
    return heard or [usual]


async def hear(stops: Stops, *heard: OrderHeard) -> None:
    async with stops.scene.database.transaction() as tx:
        await record_orders(tx, heard, stops.scene.broker)


async def orphans(stops: Stops) -> int:
    async with stops.scene.database.transaction() as tx:
        return len((await tx.scalars(select(OrphanOrder))).all())


async def test_a_stop_that_is_told_to_have_sold_is_booked_at_once(stops: Stops) -> None:
    bot = await stops.follower()
    stop = await stops.the_stop()
    events = told(stop, VenueStatus.FILLED, "0.5", "0.5")
    await hear(stops, *events)
    assert await stops.states() == ["TRIGGERED"]
    assert (await stops.scene.holding(bot)).trade_id is None
    await hear(stops, *events)
    assert len(await stops.scene.orders()) == 2
    assert len(await stops.scene.fills()) == 3
    assert (await orphans(stops), await stops.faults()) == (0, [])


async def test_what_is_told_in_parts_is_asked_for(stops: Stops) -> None:
    await stops.follower()
    stop = await stops.the_stop()
    first, second = told(stop, VenueStatus.FILLED, "0.5", "0.5")
    await hear(stops, first)
    assert await stops.states() == ["RESTING"]
    assert (await stops.the_stop()).next_check_at == now()
    stops.trigger()
    await hear(stops, second)
    await stops.scene.sweep()
    assert await stops.states() == ["TRIGGERED"]
    assert await stops.faults() == []


async def test_an_event_of_a_stop_that_was_sent_and_not_answered_says_that_it_rests(
    stops: Stops,
) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(lose_answer(placed=True))
    await stops.scene.sweep()
    await hear(stops, *told(await stops.the_stop(), VenueStatus.NEW))
    assert await stops.states() == ["RESTING"]


async def test_a_stop_that_its_owner_cancelled_is_told(stops: Stops) -> None:
    await stops.follower()
    await hear(stops, *told(await stops.the_stop(), VenueStatus.CANCELED))
    stop = await stops.the_stop()
    assert (stop.status, stop.reason) == ("CANCELED", ENDED_BY_OTHERS)
    await hear(stops, *told(stop, VenueStatus.NEW))
    assert await stops.states() == ["CANCELED"]


@pytest.mark.parametrize("sold", [True, False])
async def test_the_slow_round_knows_stops_and_sees_how_they_ended(
    stops: Stops,
    sold: bool,  # noqa: FBT001
) -> None:
    await stops.follower()
    stop = await stops.the_stop()
    account = Account(stop.account_id, VENUE, "default", 1)
    listed = Listed(stops.scene)
    await reconcile_account(stops.scene.broker, listed, account)
    assert (await orphans(stops), await stops.states()) == (0, ["RESTING"])
    if sold:
        stops.trigger()
    else:
        end_it(stops.exchange, stop.client_order_id)
    await reconcile_account(stops.scene.broker, listed, account)
    await stops.scene.sweep()
    assert await stops.states() == ["TRIGGERED" if sold else "CANCELED"]
    assert await orphans(stops) == 0


async def test_after_a_gap_stops_are_asked_about_within_minutes(stops: Stops) -> None:
    await stops.follower()
    stop = await stops.the_stop()
    await look_for_open(stops.scene.broker, [stop.account_id])
    due = (await stops.the_stop()).next_check_at
    assert due is not None
    assert 0 <= (due - now()).total_seconds() <= 300
    stops.trigger()
    stops.scene.passes(minutes=5)
    await stops.scene.sweep()
    assert await stops.states() == ["TRIGGERED"]


async def test_the_exchanges_word_of_a_balance_waits_for_a_stop_under_way(stops: Stops) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(lose_answer(placed=True))
    await stops.scene.sweep()
    stop = await stops.the_stop()
    async with stops.scene.database.transaction() as tx:
        await tx.execute(
            text("UPDATE exchange_accounts SET key_version = 1 WHERE id = :id"),
            {"id": stop.account_id},
        )
    words = BalanceWords()
    words.hear(BalancesHeard(stop.account_id, {"BTC": Decimal("0.00009")}, now()))
    async with stops.scene.database.transaction() as tx:
        assert len((await write_words(tx, words.take(10))).later) == 1


async def test_a_removed_account_is_not_asked_about(stops: Stops) -> None:
    await stops.follower()
    stop = await stops.the_stop()
    await stops.scene.change(ExchangeAccount, stop.account_id, status="removed")
    asked = len(stops.exchange.asked)
    await stops.comes_due()
    assert (len(stops.exchange.asked), await stops.states()) == (asked, ["RESTING"])
    assert stops.exchange.cancelled == []
