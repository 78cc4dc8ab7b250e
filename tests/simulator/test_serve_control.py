"""Can a test read the record, set the clock and open accounts?"""

from decimal import Decimal

import pytest

from nexus.simulator.server import RunningSimulator
from tests.simulator.client import Client


async def test_the_clock_moves_everything_and_nothing_else_does(client: Client) -> None:
    before = (await client.control("GET", "/simulator/state")).json
    again = (await client.control("GET", "/simulator/state")).json
    assert before == again
    after = await client.control("POST", "/simulator/clock", {"now": before["now"] + 60_000})
    assert after.json["now"] == after.json["market_now"] == before["now"] + 60_000
    assert after.json["prices"] != before["prices"]
    assert (await client.get("/api/v3/time")).json == {"serverTime": before["now"] + 60_000}
    price = (await client.get("/api/v3/ticker/price", symbol="BTCUSDT")).json["price"]
    assert price == after.json["prices"]["BTCUSDT"]


@pytest.mark.parametrize("body", [{"now": 5}, {"now": "soon"}, {}, []])
async def test_a_senseless_time_is_refused(client: Client, body: object) -> None:
    answer = await client.control("POST", "/simulator/clock", body)
    assert answer.status == 400
    assert answer.json["error"]


async def test_a_real_clock_cannot_be_set(live: RunningSimulator, client: Client) -> None:
    other = Client(client._session, live, None)
    answer = await other.control("POST", "/simulator/clock", {"now": 1_900_000_000_000})
    assert (answer.status, "--clock manual" in answer.json["error"]) == (400, True)


async def test_accounts_are_opened_with_money_and_can_trade(client: Client) -> None:
    made = (await client.control("POST", "/simulator/accounts", {"count": 3})).json
    assert [set(one) for one in made] == [{"key", "secret", "uid"}] * 3
    account = client.running.exchange.accounts[made[2]["key"]]
    assert account.free["USDT"] == Decimal(10_000)
    assert (
        await Client(client._session, client.running, account).order(quantity="0.01")
    ).status == 200
    assert (await client.control("POST", "/simulator/accounts", {"count": 0})).status == 400


async def test_the_statistics_count_looks_at_the_market(client: Client) -> None:
    for path in ("ticker/24hr", "ticker/price", "ping", "time", "exchangeInfo"):
        await client.get(f"/api/v3/{path}")
    await client.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
    await client.order(quantity="0.01")
    await client.order(quantity="0")
    stats = (await client.control("GET", "/simulator/stats")).json
    assert stats["market_calls"] == 3
    assert stats["requests"]["POST /api/v3/order"] == 2
    assert (stats["orders_accepted"], stats["orders_rejected"], stats["fills"]) == (1, 1, 1)
    assert stats["weight_used"] == 80 + 4 + 1 + 1 + 20 + 2 + 1


async def test_the_state_names_phase_and_prices(client: Client) -> None:
    state = (await client.control("GET", "/simulator/state")).json
    assert state["phase"] == "bull"
    assert set(state["prices"]) == {"BTCUSDT", "ETHUSDT"}
