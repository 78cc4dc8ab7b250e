"""Are weights and unfilled orders counted, and too much of either refused?"""

import pytest

from nexus.simulator.errors import ApiError
from nexus.simulator.limits import Governor, Limits
from nexus.simulator.server import SimulatorOptions
from tests.simulator.client import Answer, Client
from tests.simulator.conftest import Start

MINUTE = 60_000
HERE = "10.0.0.1"


def weight(answer: Answer) -> int:
    return int(answer.headers["X-MBX-USED-WEIGHT-1M"])


@pytest.mark.parametrize(
    ("path", "params", "cost"),
    [
        ("ping", {}, 1),
        ("time", {}, 1),
        ("exchangeInfo", {}, 20),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m"}, 2),
        ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
        ("ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 2),
        ("ticker/24hr", {}, 80),
        ("ticker/price", {"symbol": "BTCUSDT"}, 2),
        ("ticker/price", {}, 4),
        ("ticker/bookTicker", {}, 4),
        ("depth", {"symbol": "BTCUSDT", "limit": "5000"}, 250),
    ],
)
async def test_public_endpoints_weigh_what_binance_says(
    client: Client, path: str, params: dict[str, str], cost: int
) -> None:
    assert weight(await client.get(f"/api/v3/{path}", **params)) == cost


@pytest.mark.parametrize(
    ("path", "params", "cost"),
    [
        ("account", {}, 20),
        ("openOrders", {}, 80),
        ("openOrders", {"symbol": "BTCUSDT"}, 6),
        ("allOrders", {"symbol": "BTCUSDT"}, 20),
        ("myTrades", {"symbol": "BTCUSDT"}, 20),
        ("myTrades", {"symbol": "BTCUSDT", "orderId": "1"}, 5),
        ("order", {"symbol": "BTCUSDT", "orderId": "1"}, 4),
        ("account/commission", {"symbol": "BTCUSDT"}, 20),
        ("rateLimit/order", {}, 40),
    ],
)
async def test_signed_endpoints_weigh_what_binance_says(
    client: Client, path: str, params: dict[str, str], cost: int
) -> None:
    assert weight(await client.signed("GET", f"/api/v3/{path}", **params)) == cost


async def test_a_good_order_weighs_nothing_and_a_refused_one_weighs_one(client: Client) -> None:
    assert weight(await client.order(quantity="0.01")) == 0
    assert weight(await client.order(quantity="0.0000001")) == 1
    assert weight(await client.order(quantity="0.01")) == 1


async def test_sapi_has_its_own_budget_and_header(client: Client) -> None:
    answer = await client.signed("GET", "/sapi/v1/account/apiRestrictions")
    assert answer.headers["X-SAPI-USED-IP-WEIGHT-1M"] == "1"
    # The header of the other budget is on every answer, too.
    assert weight(answer) == 0
    assert weight(await client.get("/api/v3/ping")) == 1
    again = await client.signed("GET", "/sapi/v1/account/apiRestrictions")
    assert (weight(again), again.headers["X-SAPI-USED-IP-WEIGHT-1M"]) == (1, "2")


async def test_sapi_is_429_on_its_own(start: Start) -> None:
    limits = Limits(sapi_weight=1)
    client = await start(SimulatorOptions(accounts=1, manual_clock=True, limits=limits))
    told = [await client.signed("GET", "/sapi/v1/asset/tradeFee") for _ in range(2)]
    assert [one.status for one in told] == [200, 429]
    assert told[1].headers["Retry-After"] == "60"
    assert (await client.get("/api/v3/ping")).status == 200


async def test_a_day_has_its_own_limit_of_unfilled_orders(start: Start) -> None:
    limits = Limits(orders_day=1)
    client = await start(SimulatorOptions(accounts=1, manual_clock=True, limits=limits))
    resting = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "60000"}
    told = [await client.order(**resting) for _ in range(2)]
    assert [one.status for one in told] == [200, 429]
    assert told[1].message == "Too many new orders; current limit is 1 orders per 1 DAY."
    info = (await client.get("/api/v3/exchangeInfo")).json
    assert {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 1} in info[
        "rateLimits"
    ]


async def test_over_the_limit_is_429_and_hammering_on_is_a_ban(start: Start) -> None:
    limits = Limits(weight=5, patience=3)
    client = await start(SimulatorOptions(manual_clock=True, limits=limits))
    fine = [await client.get("/api/v3/ping") for _ in range(5)]
    slow = [await client.get("/api/v3/ping") for _ in range(3)]
    banned = await client.get("/api/v3/ping")
    assert [one.status for one in fine + slow] == [200] * 5 + [429] * 3
    assert slow[0].headers["Retry-After"] == "60"
    assert (slow[0].code, slow[0].message.partition(";")[0]) == (
        -1003,
        "Too much request weight used",
    )
    until = client.running.exchange.now() + 2 * MINUTE
    assert (banned.status, banned.headers["Retry-After"]) == (418, "120")
    assert f"IP banned until {until}." in banned.message


async def test_the_next_minute_begins_at_zero(start: Start) -> None:
    client = await start(SimulatorOptions(manual_clock=True, limits=Limits(weight=2)))
    for _ in range(3):
        last = await client.get("/api/v3/ping")
    assert last.status == 429
    now = client.running.exchange.now()
    await client.control("POST", "/simulator/clock", {"now": now + MINUTE})
    assert weight(await client.get("/api/v3/ping")) == 1


def test_bans_grow_and_end() -> None:
    governor = Governor(Limits(weight=0, patience=0))
    now, lengths = 0, []
    for _ in range(13):
        with pytest.raises(ApiError) as problem:
            governor.admit(HERE, sapi=False, weight=1, now=now)
        assert problem.value.status == 418
        seconds = int(problem.value.headers["Retry-After"])
        lengths.append(seconds)
        now += seconds * 1_000
    assert lengths[:3] == [120, 240, 480]
    assert lengths[-1] == 3 * 86_400


def test_another_address_is_not_punished() -> None:
    governor = Governor(Limits(weight=1))
    governor.charge(HERE, sapi=False, weight=1, now=0)
    with pytest.raises(ApiError):
        governor.admit(HERE, sapi=False, weight=1, now=0)
    governor.admit("10.0.0.2", sapi=False, weight=1, now=0)


async def test_unfilled_orders_count_and_a_fill_gives_the_count_back(start: Start) -> None:
    limits = Limits(orders_10s=2)
    client = await start(SimulatorOptions(accounts=1, manual_clock=True, limits=limits))
    resting = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "60000"}
    first, second = await client.order(**resting), await client.order(**resting)
    third = await client.order(**resting)
    assert [one.headers["X-MBX-ORDER-COUNT-10S"] for one in (first, second)] == ["1", "2"]
    assert second.headers["X-MBX-ORDER-COUNT-1D"] == "2"
    assert (third.status, third.code) == (429, -1015)
    assert third.message == "Too many new orders; current limit is 2 orders per 10 SECOND."
    assert third.headers["Retry-After"] == "10"
    now = client.running.exchange.now()
    await client.control("POST", "/simulator/clock", {"now": now + 10_000})
    filled = [await client.order(quantity="0.001") for _ in range(5)]
    assert [one.headers["X-MBX-ORDER-COUNT-10S"] for one in filled] == ["0"] * 5
    counts = (await client.signed("GET", "/api/v3/rateLimit/order")).json
    assert [one["count"] for one in counts] == [0, 2]
