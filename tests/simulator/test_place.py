"""Which orders are accepted, and under which client ids?"""

import pytest

from tests.simulator.client import Client

LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "60000"}


async def test_a_client_id_is_unique_among_open_orders_only(client: Client) -> None:
    first = await client.order(**LIMIT, newClientOrderId="nx-1")
    second = await client.order(**LIMIT, newClientOrderId="nx-1")
    assert second.json == {"code": -2010, "msg": "Duplicate order sent."}
    await client.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="nx-1")
    third = await client.order(**LIMIT, newClientOrderId="nx-1")
    assert third.json["orderId"] > first.json["orderId"]


async def test_a_filled_orders_id_is_accepted_again_so_it_protects_nothing(client: Client) -> None:
    answers = [await client.order(quantity="0.01", newClientOrderId="nx-2") for _ in range(2)]
    assert [one.json["status"] for one in answers] == ["FILLED", "FILLED"]
    found = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="nx-2")
    assert found.json["orderId"] == answers[1].json["orderId"]


async def test_another_account_may_use_the_same_client_id(client: Client) -> None:
    other = Client(client._session, client.running, client.running.accounts[1])
    for one in (client, other):
        assert (await one.order(**LIMIT, newClientOrderId="nx-3")).status == 200
    found = await other.signed("GET", "/api/v3/openOrders")
    assert len(found.json) == 1


@pytest.mark.parametrize("bad", ["x" * 37, "with space", "a/b", "ä"])
async def test_a_client_id_outside_the_pattern_is_refused(client: Client, bad: str) -> None:
    answer = await client.order(quantity="0.01", newClientOrderId=bad)
    assert answer.json == {
        "code": -1100,
        "msg": "Illegal characters found in parameter 'newClientOrderId'; "
        "legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
    }


async def test_an_order_without_an_id_gets_one(client: Client) -> None:
    ids = [(await client.order(quantity="0.01")).json["clientOrderId"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert all(len(one) == 22 and one.isalnum() for one in ids)


@pytest.mark.parametrize(
    "params",
    [
        {"quantity": "1"},
        {"quoteOrderQty": "10000.01"},
        {"side": "SELL", "quantity": "0.001"},
        {**LIMIT, "quantity": "0.2"},
    ],
)
async def test_nobody_spends_what_they_do_not_have(client: Client, params: dict[str, str]) -> None:
    answer = await client.order(**params)
    assert answer.json == {
        "code": -2010,
        "msg": "Account has insufficient balance for requested action.",
    }


async def test_money_in_an_open_order_cannot_be_spent_again(client: Client) -> None:
    assert (await client.order(**{**LIMIT, "quantity": "0.16"})).status == 200
    assert (await client.order(quoteOrderQty="500")).code == -2010
    assert (await client.order(quoteOrderQty="300")).status == 200


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"quantity": "0.01", "price": "60000"}, -1106),
        ({"quantity": "0.01", "timeInForce": "GTC"}, -1106),
        ({"type": "LIMIT", "quantity": "0.01", "price": "60000"}, -1102),
        ({"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}, -1102),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "60000"}, -1102),
        ({"quantity": "-1"}, -1100),
        ({"quantity": "1e3"}, -1100),
        ({"quantity": "NaN"}, -1100),
        ({"quantity": "0.01", "newOrderRespType": "ALL"}, -1130),
        ({"type": "STOP_LOSS", "quantity": "0.01", "stopPrice": "60000"}, -2010),
        ({**LIMIT, "icebergQty": "0.001"}, -2010),
        ({"quantity": "0.01", "colour": "red"}, -1104),
    ],
)
async def test_a_wrong_combination_is_refused(
    client: Client, params: dict[str, str], code: int
) -> None:
    answer = await client.order(**params)
    assert (answer.status, answer.code) == (400, code)


async def test_a_test_order_is_checked_and_changes_nothing(client: Client) -> None:
    path, order = "/api/v3/order/test", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
    good = await client.signed("POST", path, **order, quantity="0.01")
    bad = await client.signed("POST", path, **order, quantity="0.0000001")
    assert (good.json, bad.code) == ({}, -1013)
    assert client.account is not None
    assert client.account.orders == []
    assert (await client.control("GET", "/simulator/journal")).json == []
