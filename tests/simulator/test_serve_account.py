"""Are trades, fees and permissions told as Binance would?"""

from tests.simulator.client import Client

BTC = {"symbol": "BTCUSDT"}
TRADES = "/api/v3/myTrades"


async def test_trades_can_be_asked_by_order_by_id_and_by_time(client: Client) -> None:
    start = client.running.exchange.now()
    orders = [(await client.order(quantity="0.01")).json["orderId"] for _ in range(3)]
    await client.control("POST", "/simulator/clock", {"now": start + 1_000})
    orders.append((await client.order(quantity="0.01")).json["orderId"])

    async def ids(**params: object) -> list[int]:
        return [
            one["orderId"] for one in (await client.signed("GET", TRADES, **BTC, **params)).json
        ]

    assert await ids() == orders
    assert await ids(limit=2) == orders[2:]
    assert await ids(fromId=2, limit=2) == orders[1:3]
    assert await ids(orderId=orders[1]) == [orders[1]]
    assert await ids(startTime=start, limit=1) == orders[:1]
    assert await ids(startTime=start + 1) == orders[3:]
    assert await ids(endTime=start) == orders[:3]


async def test_trades_of_more_than_a_day_are_refused(client: Client) -> None:
    answer = await client.signed("GET", TRADES, **BTC, startTime=0, endTime=86_400_001)
    assert answer.json == {
        "code": -1127,
        "msg": "More than 24 hours between startTime and endTime.",
    }


async def test_one_account_never_sees_anothers_orders(client: Client) -> None:
    placed = (await client.order(quantity="0.01", newClientOrderId="alice")).json
    bob = Client(client._session, client.running, client.running.accounts[1])
    assert (await bob.signed("GET", TRADES, **BTC)).json == []
    assert (await bob.signed("GET", "/api/v3/allOrders", **BTC)).json == []
    for name in ({"orderId": placed["orderId"]}, {"origClientOrderId": "alice"}):
        assert (await bob.signed("GET", "/api/v3/order", **BTC, **name)).code == -2013


async def test_the_key_may_trade_but_never_withdraw(client: Client) -> None:
    answer = (await client.signed("GET", "/sapi/v1/account/apiRestrictions")).json
    assert {name for name, value in answer.items() if value is True} == {
        "ipRestrict",
        "enableReading",
        "enableSpotAndMarginTrading",
    }


async def test_fees_are_a_tenth_of_a_percent_everywhere(client: Client) -> None:
    fees = (await client.signed("GET", "/sapi/v1/asset/tradeFee")).json
    assert fees == [
        {"symbol": symbol, "makerCommission": "0.001", "takerCommission": "0.001"}
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    account = (await client.signed("GET", "/api/v3/account")).json
    assert account["commissionRates"]["taker"] == "0.00100000"


async def test_all_orders_can_be_asked_from_an_id(client: Client) -> None:
    orders = [(await client.order(quantity="0.01")).json["orderId"] for _ in range(4)]
    answer = await client.signed("GET", "/api/v3/allOrders", **BTC, orderId=orders[1], limit=2)
    assert [one["orderId"] for one in answer.json] == orders[1:3]
