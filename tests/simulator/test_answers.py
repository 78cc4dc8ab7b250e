"""Do our answers have the keys, types and wording of Binance's own examples?"""

import json

import pytest

from tests.simulator.client import Client
from tests.simulator.examples import CODES, differences, official


async def test_public_answers_look_like_the_official_ones(client: Client) -> None:
    btc, both = {"symbol": "BTCUSDT"}, {"symbols": '["BTCUSDT","ETHUSDT"]'}
    asked = {
        "GET_ping_1": await client.get("/api/v3/ping"),
        "GET_time_1": await client.get("/api/v3/time"),
        "GET_klines_1": await client.get("/api/v3/klines", **btc, interval="1m"),
        "GET_depth_1": await client.get("/api/v3/depth", **btc),
        "GET_avgPrice_1": await client.get("/api/v3/avgPrice", **btc),
        "GET_trades_1": await client.get("/api/v3/trades", **btc),
        "GET_aggTrades_1": await client.get("/api/v3/aggTrades", **btc),
        "GET_ticker_24hr_1": await client.get("/api/v3/ticker/24hr", **btc),
        "GET_ticker_24hr_2": await client.get("/api/v3/ticker/24hr", **both),
        "GET_ticker_24hr_3": await client.get("/api/v3/ticker/24hr", **btc, type="MINI"),
        "GET_ticker_24hr_4": await client.get("/api/v3/ticker/24hr", **both, type="MINI"),
        "GET_ticker_price_1": await client.get("/api/v3/ticker/price", **btc),
        "GET_ticker_price_2": await client.get("/api/v3/ticker/price", **both),
        "GET_ticker_bookTicker_1": await client.get("/api/v3/ticker/bookTicker", **btc),
        "GET_ticker_bookTicker_2": await client.get("/api/v3/ticker/bookTicker", **both),
        "error_payload_1": await client.get("/api/v3/klines", symbol="NOPE", interval="1m"),
    }
    wrong = {name: differences(one.json, official(name)) for name, one in asked.items()}
    assert {name: lines for name, lines in wrong.items() if lines} == {}
    assert asked["error_payload_1"].json == official("error_payload_1")


async def test_exchange_info_looks_like_the_official_one(client: Client) -> None:
    ours = (await client.get("/api/v3/exchangeInfo")).json
    theirs = official("GET_exchangeInfo_1")
    assert differences(ours, theirs) == []
    filters = {one["filterType"] for one in ours["symbols"][0]["filters"]}
    assert filters == {
        "PRICE_FILTER",
        "LOT_SIZE",
        "MARKET_LOT_SIZE",
        "NOTIONAL",
        "PERCENT_PRICE_BY_SIDE",
        "MAX_NUM_ORDERS",
    }


async def test_order_answers_look_like_the_official_ones(client: Client) -> None:
    asked = {
        "POST_order_1": await client.order(quantity="0.01", newOrderRespType="ACK"),
        "POST_order_2": await client.order(quantity="0.01", newOrderRespType="RESULT"),
        "POST_order_3": await client.order(quantity="0.01"),
        "POST_order_test_2": await client.signed(
            "POST",
            "/api/v3/order/test",
            symbol="BTCUSDT",
            side="BUY",
            type="MARKET",
            quantity="0.01",
            computeCommissionRates="true",
        ),
    }
    limit = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "50000"}
    resting = [await client.order(**limit, newClientOrderId=f"myOrder{n}") for n in range(3)]
    btc = {"symbol": "BTCUSDT"}
    named = {**btc, "orderId": resting[0].json["orderId"]}
    asked |= {
        "GET_order_1": await client.signed("GET", "/api/v3/order", **named),
        "GET_openOrders_1": await client.signed("GET", "/api/v3/openOrders", **btc),
        "GET_allOrders_1": await client.signed("GET", "/api/v3/allOrders", **btc),
        "DELETE_order_1": await client.signed("DELETE", "/api/v3/order", **named),
        "DELETE_openOrders_1": await client.signed("DELETE", "/api/v3/openOrders", **btc),
        "GET_myTrades_1": await client.signed("GET", "/api/v3/myTrades", **btc),
    }
    wrong = {name: differences(one.json, official(name)) for name, one in asked.items()}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


async def test_account_answers_look_like_the_official_ones(client: Client) -> None:
    asked = {
        "GET_account_1": await client.signed("GET", "/api/v3/account"),
        "GET_account_commission_1": await client.signed(
            "GET", "/api/v3/account/commission", symbol="BTCUSDT"
        ),
        "GET_rateLimit_order_1": await client.signed("GET", "/api/v3/rateLimit/order"),
    }
    wrong = {name: differences(one.json, official(name)) for name, one in asked.items()}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


async def test_the_comparison_itself_can_fail() -> None:
    assert differences({"a": 1, "b": "2"}, {"a": "1", "c": 1}) == [
        "answer.c: missing",
        "answer.b: not in the example",
        "answer.a: int instead of str",
    ]


@pytest.mark.parametrize(
    ("code", "params"),
    [
        (-1102, {"side": ""}),
        (-1102, {}),
        (-1117, {"side": "buy", "quantity": "1"}),
        (-1116, {"type": "SOMETHING", "quantity": "1"}),
        (-1115, {"type": "LIMIT", "timeInForce": "DAY", "quantity": "1", "price": "1"}),
        (-1121, {"symbol": "NOPE", "quantity": "1"}),
        (-1111, {"quantity": "0.123456789"}),
        (-1105, {"quantity": "1", "newClientOrderId": ""}),
        (-1128, {"quantity": "1", "quoteOrderQty": "1"}),
    ],
)
async def test_refusals_use_the_official_numbers_and_words(
    client: Client, code: int, params: dict[str, str]
) -> None:
    answer = await client.order(**params)
    assert (answer.status, answer.code) == (400, code)
    if not CODES.exists():
        pytest.skip("the official error codes are not here")
    known = json.loads(CODES.read_text())["codes"]
    words = next(one["messages"] for one in known if one["code"] == code)
    assert any(_fits(answer.message, pattern) for pattern in words), (answer.message, words)


def _fits(message: str, pattern: str) -> bool:
    """Whether `message` is `pattern` with its `%s` filled in."""
    rest = message
    for part in pattern.split("%s"):
        at = rest.find(part)
        if at < 0:
            return False
        rest = rest[at + len(part) :]
    return True
