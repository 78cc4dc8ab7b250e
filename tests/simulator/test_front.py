"""What does the door do with requests nobody expected?"""

import pytest

from tests.simulator.client import Client


@pytest.mark.parametrize(
    "path", ["/", "/api/v3/nothing", "/sapi/v1/nothing", "/simulator/nothing", "/api/v3/order/"]
)
async def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    assert (await client.raw("GET", path)).status == 404


async def test_a_parameter_may_not_come_twice_or_unasked(client: Client) -> None:
    twice = await client.raw("GET", "/api/v3/ticker/price", "symbol=BTCUSDT&symbol=ETHUSDT")
    assert twice.json == {"code": -1101, "msg": "Duplicate values for a parameter detected."}
    unasked = await client.get("/api/v3/ticker/price", symbol="BTCUSDT", colour="red")
    assert unasked.json == {
        "code": -1104,
        "msg": "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.",
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbol=btcusdt", -1100),
        ("symbol=NOPE", -1121),
        ("symbol=BTCUSDT&symbols=%5B%22BTCUSDT%22%5D", -1128),
        ("symbols=BTCUSDT", -1100),
        ("symbols=%5B%22BTCUSDT%22,%22BTCUSDT%22%5D", -1151),
        ("symbols=%5B%22BTCUSDT%22,%22NOPE%22%5D", -1121),
    ],
)
async def test_symbols_are_checked(client: Client, query: str, code: int) -> None:
    assert (await client.raw("GET", "/api/v3/ticker/price", query)).code == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"interval": "1m"}, -1102),
        ({"symbol": "BTCUSDT"}, -1102),
        ({"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ({"symbol": "BTCUSDT", "interval": "1m", "limit": "0"}, -1130),
        ({"symbol": "BTCUSDT", "interval": "1m", "limit": "x"}, -1100),
    ],
)
async def test_klines_are_asked_correctly(
    client: Client, params: dict[str, str], code: int
) -> None:
    assert (await client.get("/api/v3/klines", **params)).code == code


async def test_klines_never_number_more_than_a_thousand(client: Client) -> None:
    answer = await client.get("/api/v3/klines", symbol="BTCUSDT", interval="1s", limit="5000")
    assert len(answer.json) == 1_000
    # Enough history is there at once for every indicator.
    first = await client.get("/api/v3/klines", symbol="BTCUSDT", interval="1s", startTime="0")
    assert client.running.exchange.now() - first.json[0][0] >= 1_500_000
