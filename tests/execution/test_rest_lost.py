"""What becomes of a stop whose answer was lost, or that was refused? It is asked about."""

import pytest

from nexus.bots.models import RestingStop
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import VenueStatus
from tests.execution.stops import STOP, Stops
from tests.scripted import (
    PRICE,
    WorkerDiedError,
    kill_worker,
    lose_answer,
    lose_cancel,
    refuse_for_now,
    reject,
)


# ---------------------------------------------------------------------- answers that are lost
@pytest.mark.parametrize("exists", [True, False])
async def test_a_lost_answer_is_asked_about_and_adopted(stops: Stops, exists: bool) -> None:  # noqa: FBT001
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(lose_answer(placed=True, exists=exists))
    await stops.scene.sweep()
    assert await stops.states() == ["UNKNOWN"]
    stops.scene.passes(seconds=6)
    await stops.scene.sweep()
    assert await stops.states() == ["RESTING"]
    assert len(stops.sent()) == 1


async def test_a_stop_that_never_arrived_is_given_up_after_its_fence_and_placed_anew(
    stops: Stops,
) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(lose_answer(placed=False))
    await stops.scene.sweep()
    for _ in range(4):
        stops.scene.passes(seconds=6)
        await stops.scene.sweep()
    assert (await stops.states(), (await stops.the_stop()).checks) == (["UNKNOWN"], 0)
    for _ in range(16):
        stops.scene.passes(seconds=6)
        await stops.scene.market()
        await stops.scene.sweep()
    assert await stops.states() == ["REFUSED", "RESTING"]
    assert len(stops.open_stops()) == 1


async def test_a_worker_that_died_between_send_and_record_is_found_out(stops: Stops) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await stops.scene.sweep()
    await stops.scene.sweep()
    assert (await stops.states(), len(stops.sent())) == (["PLACING"], 1)
    stops.scene.passes(seconds=31)
    await stops.scene.sweep()
    assert (await stops.states(), len(stops.sent())) == (["RESTING"], 1)


async def test_an_exit_waits_for_a_stop_of_unknown_fate_and_then_sells_once(stops: Stops) -> None:
    bot = await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(lose_answer(placed=True))
    await stops.scene.sweep()
    await stops.scene.place(await stops.scene.leave())
    assert stops.sold() == 0
    for _ in range(2):
        stops.scene.passes(seconds=6)
        await stops.scene.market()
        await stops.scene.sweep()
    assert await stops.states() == ["CANCELED"]
    assert (await stops.scene.holding(bot)).trade_id is None


async def test_a_stop_found_long_after_it_was_given_up_is_cancelled(stops: Stops) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(lose_answer(placed=True))
    stops.exchange.blind = True
    await stops.scene.sweep()
    await stops.lead_with(None)
    for _ in range(16):
        stops.scene.passes(seconds=6)
        await stops.scene.sweep()
    assert await stops.states() == ["REFUSED"]
    stops.exchange.blind = False
    stops.scene.passes(hours=1)
    await stops.scene.sweep()
    assert stops.open_stops() == []
    assert (await stops.the_stop()).next_check_at is None


async def test_a_refused_stop_is_wanted_again_after_an_hour(stops: Stops) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(reject())
    await stops.scene.sweep()
    stops.scene.passes(minutes=50)
    await stops.scene.sweep()
    assert (await stops.states(), len(stops.sent())) == (["REFUSED"], 1)
    stops.scene.passes(minutes=11)
    await stops.scene.sweep()
    assert await stops.states() == ["REFUSED", "RESTING"]


async def test_a_stop_that_never_left_is_tried_again_soon(stops: Stops) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(refuse_for_now())
    await stops.scene.sweep()
    stops.scene.passes(seconds=31)
    await stops.scene.sweep()
    assert await stops.states() == ["REFUSED", "RESTING"]


async def test_a_key_that_is_refused_stops_its_account(stops: Stops) -> None:
    await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(refuse_for_now(-2015, key_invalid=True))
    await stops.scene.sweep()
    [account] = await stops.scene.rows(ExchangeAccount)
    assert account.status == "key_invalid"


async def test_the_journal_never_shows_two_open_stops_of_a_bot(stops: Stops) -> None:
    await stops.follower()
    for step in range(1, 6):
        await stops.lead_with(STOP + step * 10)
        stops.exchange.cancels = [lose_cancel(done=bool(step % 2))]
        for _ in range(3):
            await stops.scene.sweep()
            stops.scene.passes(seconds=6)
            await stops.scene.market()
            assert len(stops.open_stops()) <= 1
    assert {row.status for row in await stops.rows()} <= {"CANCELED", "RESTING"}
    assert {r.status for r in stops.exchange.journal.values()} >= {VenueStatus.NEW}
    assert PRICE > STOP + 50


async def test_a_stop_row_cannot_have_a_live_twin(stops: Stops) -> None:
    await stops.follower()
    row = await stops.the_stop()
    twin = {c.name: getattr(row, c.name) for c in RestingStop.__table__.c if c.name != "id"}
    with pytest.raises(Exception, match="uq_resting_stops_one_live"):
        async with stops.scene.database.transaction() as tx:
            tx.add(RestingStop(**twin | {"generation": 9, "client_order_id": "nx-twin"}))
