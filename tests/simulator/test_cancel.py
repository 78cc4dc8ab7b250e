"""How does an order end by cancelling, and what if there is nothing to cancel?"""

import pytest

from tests.simulator.client import Client

LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "60000"}
ORDER = "/api/v3/order"
BTC = {"symbol": "BTCUSDT"}


async def test_a_cancel_gives_the_money_back_and_keeps_both_ids(client: Client) -> None:
    placed = (await client.order(**LIMIT, newClientOrderId="mine")).json
    canceled = await client.signed(
        "DELETE", ORDER, **BTC, origClientOrderId="mine", newClientOrderId="the-cancel"
    )
    assert canceled.json["status"] == "CANCELED"
    assert canceled.json["origClientOrderId"] == "mine"
    assert canceled.json["clientOrderId"] == "the-cancel"
    account = (await client.signed("GET", "/api/v3/account", omitZeroBalances="true")).json
    assert account["balances"] == [
        {"asset": "USDT", "free": "10000.00000000", "locked": "0.00000000"}
    ]
    found = await client.signed("GET", ORDER, **BTC, orderId=placed["orderId"])
    assert (found.json["status"], found.json["clientOrderId"]) == ("CANCELED", "mine")


async def test_what_is_gone_cannot_be_canceled(client: Client) -> None:
    filled = (await client.order(quantity="0.01")).json
    unknown = {"code": -2011, "msg": "Unknown order sent."}
    for order_id in (filled["orderId"], 999):
        answer = await client.signed("DELETE", ORDER, **BTC, orderId=order_id)
        assert (answer.status, answer.json) == (400, unknown)
    assert (await client.signed("DELETE", "/api/v3/openOrders", **BTC)).json == unknown


async def test_an_unknown_order_does_not_exist(client: Client) -> None:
    answer = await client.signed("GET", ORDER, **BTC, origClientOrderId="nobody")
    assert (answer.status, answer.json) == (400, {"code": -2013, "msg": "Order does not exist."})


async def test_one_of_both_names_must_be_given(client: Client) -> None:
    for method in ("GET", "DELETE"):
        answer = await client.signed(method, ORDER, **BTC)
        assert answer.json == {
            "code": -1102,
            "msg": "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        }


@pytest.mark.parametrize(
    ("restriction", "code"), [("ONLY_PARTIALLY_FILLED", -2011), ("ONLY_OLD", -1145)]
)
async def test_a_restricted_cancel_may_be_refused(
    client: Client, restriction: str, code: int
) -> None:
    placed = (await client.order(**LIMIT)).json
    named = {**BTC, "orderId": placed["orderId"]}
    answer = await client.signed("DELETE", ORDER, **named, cancelRestrictions=restriction)
    assert answer.code == code
    allowed = await client.signed("DELETE", ORDER, **named, cancelRestrictions="ONLY_NEW")
    assert allowed.json["status"] == "CANCELED"


async def test_all_open_orders_of_one_symbol_are_canceled(client: Client) -> None:
    for _ in range(3):
        await client.order(**LIMIT)
    await client.order(**LIMIT | {"symbol": "ETHUSDT", "price": "2000"})
    answer = await client.signed("DELETE", "/api/v3/openOrders", **BTC)
    assert [one["status"] for one in answer.json] == ["CANCELED"] * 3
    left = await client.signed("GET", "/api/v3/openOrders")
    assert [one["symbol"] for one in left.json] == ["ETHUSDT"]
