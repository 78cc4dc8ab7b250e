"""Do the public trades fit the candles they stand for?"""

from decimal import Decimal

from tests.simulator.client import Client

BTC = {"symbol": "BTCUSDT"}


async def test_trades_are_in_order_and_within_their_candles(client: Client) -> None:
    trades = (await client.get("/api/v3/trades", **BTC, limit="40")).json
    klines = (await client.get("/api/v3/klines", **BTC, interval="1s", limit="30")).json
    ranges = {row[0]: (Decimal(row[3]), Decimal(row[2])) for row in klines}
    assert len(trades) == 40
    assert [one["id"] for one in trades] == list(range(trades[0]["id"], trades[0]["id"] + 40))
    for one in trades:
        low, high = ranges[one["time"] - one["time"] % 1_000]
        assert low <= Decimal(one["price"]) <= high
    assert trades[-1]["time"] <= client.running.exchange.now()


async def test_aggregate_trades_go_on_from_an_id(client: Client) -> None:
    newest = (await client.get("/api/v3/aggTrades", **BTC, limit="20")).json
    after = await client.get("/api/v3/aggTrades", **BTC, fromId=newest[5]["a"], limit="3")
    assert after.json == newest[5:8]
