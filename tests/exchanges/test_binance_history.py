"""Is the list of an account's latest orders read whole, whoever placed them?"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from nexus.core.clock import now
from nexus.exchanges import binance_history
from nexus.exchanges.binance_history import ALL_ORDERS, BinanceHistory
from nexus.exchanges.protocol import ExchangeAwayError, VenueStatus
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from tests.exchanges.conformance import send
from tests.exchanges.desk import ALICE, BOB, KEYS, adapter, buy
from tests.exchanges.listening import numbered
from tests.exchanges.venue import Venue, answer

BTC = "BTC/USDT"
ORDERS = "GET /api/v3/allOrders"
DAY = timedelta(days=1)


@pytest.fixture
async def simulator() -> AsyncIterator[RunningSimulator]:
    running = await start_simulator(SimulatorOptions(accounts=2, seed=7))
    yield running
    await running.stop()


async def test_ours_and_the_owners_own_are_listed(simulator: RunningSimulator) -> None:
    (alice, bob), keys = numbered(simulator.accounts)
    binance = adapter(simulator.url, keys)
    history = BinanceHistory(binance)
    await send(binance, [buy("nx-1", account=alice), buy("by-hand", account=alice)])
    told = await history.recent_orders(alice, BTC, now() - DAY)
    assert {one.client_order_id for one in told} == {"nx-1", "by-hand"}
    assert {one.status for one in told} == {VenueStatus.FILLED}
    assert await history.recent_orders(bob, BTC, now() - DAY) == []
    assert history.weight == ALL_ORDERS.weight == 20
    await binance.close()


async def test_a_list_that_is_cut_off_is_told_of(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    binance = adapter(simulator.url, keys)
    monkeypatch.setattr(binance_history, "MOST", 2)
    await send(binance, [buy(f"nx-{number}", account=alice) for number in range(3)])
    with capture_logs() as said:
        told = await BinanceHistory(binance).recent_orders(alice, BTC, now() - DAY)
    assert [one.client_order_id for one in told] == ["nx-0", "nx-1"]
    assert "orders_cut_off" in {line["event"] for line in said}
    await binance.close()


async def test_what_cannot_be_asked_is_said(simulator: RunningSimulator) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    binance = adapter(simulator.url, {2: keys[2]})
    history = BinanceHistory(binance)
    with pytest.raises(ExchangeAwayError, match="has no key"):
        await history.recent_orders(alice, BTC, now() - DAY)
    with pytest.raises(ExchangeAwayError, match="no egress"):
        await history.recent_orders(replace(alice, egress="gone"), BTC, now() - DAY)
    await binance.close()


@pytest.mark.parametrize("body", [{"orders": []}, [{"symbol": "BTCUSDT"}], "nothing"])
async def test_an_answer_that_is_not_whole_is_no_answer(venue: Venue, body: object) -> None:
    venue.says[ORDERS] = answer(200, body)
    binance = adapter(venue.url, KEYS)
    with pytest.raises(ExchangeAwayError):
        await BinanceHistory(binance).recent_orders(BOB, BTC, now() - DAY)
    with pytest.raises(ExchangeAwayError):
        await BinanceHistory(binance).recent_orders(ALICE, BTC, now() - DAY)
    await binance.close()
