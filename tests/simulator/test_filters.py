"""Does each filter refuse what it should, with its own name?"""

import pytest

from tests.simulator.client import Client

LIMIT = {"type": "LIMIT", "timeInForce": "GTC"}


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({**LIMIT, "quantity": "0.01", "price": "70000.001"}, "PRICE_FILTER"),
        ({**LIMIT, "quantity": "0.01", "price": "2000000"}, "PRICE_FILTER"),
        ({**LIMIT, "quantity": "0.01", "price": "0"}, "PRICE_FILTER"),
        ({**LIMIT, "quantity": "1", "price": "100"}, "PERCENT_PRICE_BY_SIDE"),
        ({**LIMIT, "quantity": "0.000001", "price": "70000"}, "LOT_SIZE"),
        ({**LIMIT, "quantity": "0.000015", "price": "70000"}, "LOT_SIZE"),
        ({**LIMIT, "quantity": "9001", "price": "70000"}, "LOT_SIZE"),
        ({**LIMIT, "quantity": "0.00001", "price": "70000"}, "NOTIONAL"),
        ({**LIMIT, "quantity": "200", "price": "70000"}, "NOTIONAL"),
        ({"quantity": "0"}, "LOT_SIZE"),
        ({"quantity": "0.000001"}, "LOT_SIZE"),
        ({"quantity": "121"}, "MARKET_LOT_SIZE"),
        ({"quantity": "0.00005"}, "NOTIONAL"),
        ({"quoteOrderQty": "4.99"}, "NOTIONAL"),
    ],
)
async def test_a_filter_refuses_by_name(client: Client, params: dict[str, str], name: str) -> None:
    answer = await client.order(**params)
    assert (answer.status, answer.json) == (400, {"code": -1013, "msg": f"Filter failure: {name}"})
    assert client.account is not None
    assert client.account.orders == []


async def test_at_most_two_hundred_orders_rest_per_symbol(client: Client) -> None:
    resting = {**LIMIT, "quantity": "0.0001", "price": "60000", "newOrderRespType": "ACK"}
    answers = []
    for number in range(201):
        if number == 100:  # the order limit of ten seconds
            now = client.running.exchange.now()
            await client.control("POST", "/simulator/clock", {"now": now + 10_000})
        if number == 200:
            now = client.running.exchange.now()
            await client.control("POST", "/simulator/clock", {"now": now + 10_000})
        answers.append(await client.order(**resting))
    assert {one.status for one in answers[:200]} == {200}
    assert answers[200].message == "Filter failure: MAX_NUM_ORDERS"
