"""Do our answers have the keys, types and wording of Binance's own examples?"""

import json
from collections.abc import Awaitable, Callable

import pytest

from nexus.simulator.endpoints import ENDPOINTS
from tests.simulator.client import Answer, Client
from tests.simulator.examples import CODES, EXAMPLES, differences, official

BTC = {"symbol": "BTCUSDT"}
BOTH = {"symbols": '["BTCUSDT","ETHUSDT"]'}
RESTING = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "50000"}
MARKET = BTC | {"side": "BUY", "type": "MARKET", "quantity": "0.01"}

Ask = Callable[[Client], Awaitable[Answer]]


def public(path: str, **params: str) -> Ask:
    return lambda client: client.get(f"/api/v3/{path}", **params)


def signed(method: str, path: str, **params: str) -> Ask:
    return lambda client: client.signed(method, f"/api/v3/{path}", **params)


def placed(form: str) -> Ask:
    return lambda client: client.order(quantity="0.01", newOrderRespType=form)


# How each official example is asked for; an order `mine` rests and another was filled before.
ASKED: dict[str, Ask] = {
    "GET_ping_1": public("ping"),
    "GET_time_1": public("time"),
    "GET_exchangeInfo_1": public("exchangeInfo"),
    "GET_klines_1": public("klines", **BTC, interval="1m"),
    "GET_depth_1": public("depth", **BTC),
    "GET_avgPrice_1": public("avgPrice", **BTC),
    "GET_trades_1": public("trades", **BTC),
    "GET_aggTrades_1": public("aggTrades", **BTC),
    "GET_ticker_24hr_1": public("ticker/24hr", **BTC),
    "GET_ticker_24hr_2": public("ticker/24hr", **BOTH),
    "GET_ticker_24hr_3": public("ticker/24hr", **BTC, type="MINI"),
    "GET_ticker_24hr_4": public("ticker/24hr", **BOTH, type="MINI"),
    "GET_ticker_price_1": public("ticker/price", **BTC),
    "GET_ticker_price_2": public("ticker/price", **BOTH),
    "GET_ticker_bookTicker_1": public("ticker/bookTicker", **BTC),
    "GET_ticker_bookTicker_2": public("ticker/bookTicker", **BOTH),
    "POST_order_1": placed("ACK"),
    "POST_order_2": placed("RESULT"),
    "POST_order_3": placed("FULL"),
    "POST_order_test_1": signed("POST", "order/test", **MARKET),
    "POST_order_test_2": signed("POST", "order/test", **MARKET, computeCommissionRates="true"),
    "GET_order_1": signed("GET", "order", **BTC, origClientOrderId="mine"),
    "GET_openOrders_1": signed("GET", "openOrders", **BTC),
    "GET_allOrders_1": signed("GET", "allOrders", **BTC),
    "DELETE_order_1": signed("DELETE", "order", **BTC, origClientOrderId="mine"),
    "DELETE_order_2": signed(
        "DELETE", "order", **BTC, origClientOrderId="mine", cancelRestrictions="NO"
    ),
    "DELETE_order_3": signed(
        "DELETE",
        "order",
        **BTC,
        origClientOrderId="mine",
        cancelRestrictions="ONLY_PARTIALLY_FILLED",
    ),
    "DELETE_openOrders_1": signed("DELETE", "openOrders", **BTC),
    "GET_account_1": signed("GET", "account"),
    "GET_account_commission_1": signed("GET", "account/commission", **BTC),
    "GET_myTrades_1": signed("GET", "myTrades", **BTC),
    "GET_rateLimit_order_1": signed("GET", "rateLimit/order"),
    "error_payload_1": public("klines", symbol="NOPE", interval="1m"),
}


def served_examples() -> list[str]:
    """Name every official example of an endpoint that is here."""
    found = []
    for path in sorted(EXAMPLES.glob("*.json")):
        endpoint = json.loads(path.read_text())["endpoint"] or ""
        if not endpoint or tuple(endpoint.split(" ")) in ENDPOINTS:
            found.append(path.stem)
    return found


@pytest.mark.parametrize("name", served_examples() or sorted(ASKED))
async def test_an_answer_looks_like_the_official_one(client: Client, name: str) -> None:
    theirs = official(name)
    await client.order(quantity="0.01")
    await client.order(**RESTING, newClientOrderId="mine")
    ours = (await ASKED[name](client)).json
    assert differences(ours, theirs) == []
    if "code" in theirs:
        assert ours == theirs


async def test_filters_are_announced_as_they_are_enforced(client: Client) -> None:
    ours = (await client.get("/api/v3/exchangeInfo")).json
    filters = {one["filterType"] for one in ours["symbols"][0]["filters"]}
    assert filters == {
        "PRICE_FILTER",
        "LOT_SIZE",
        "MARKET_LOT_SIZE",
        "NOTIONAL",
        "PERCENT_PRICE_BY_SIDE",
        "MAX_NUM_ORDERS",
        "MAX_NUM_ALGO_ORDERS",
    }


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
