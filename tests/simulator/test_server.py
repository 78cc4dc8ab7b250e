"""Do other people's Binance clients work against the simulator by URL override only?"""

import asyncio
from decimal import Decimal
from typing import Any

import ccxt  # type: ignore[import-untyped]
import ccxt.async_support  # type: ignore[import-untyped]
import pytest

from nexus.simulator.errors import SimulatorError
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator

BTC = "BTC/USDT"


def pointed_at(exchange: Any, url: str) -> Any:
    """Replace the host of every URL, and nothing else."""
    exchange.urls["api"] = {
        name: url + "/" + address.split("/", 3)[3] for name, address in exchange.urls["api"].items()
    }
    return exchange


def credentials(live: RunningSimulator) -> dict[str, str]:
    return {"apiKey": live.accounts[0].key, "secret": live.accounts[0].secret}


def trade_with_ccxt(live: RunningSimulator) -> None:
    exchange = pointed_at(ccxt.binance(credentials(live)), live.url)
    try:
        assert set(exchange.load_markets()) == {BTC, "ETH/USDT"}
        market = exchange.market(BTC)
        assert (market["precision"], market["taker"]) == (
            {"amount": 1e-05, "price": 0.01, "base": 1e-08, "quote": 1e-08},
            0.001,
        )
        assert exchange.fetch_ticker(BTC)["last"] > 0
        assert set(exchange.fetch_tickers()) == {BTC, "ETH/USDT"}
        assert len(exchange.fetch_ohlcv(BTC, "1m", limit=50)) == 50
        assert exchange.fetch_order_book(BTC)["asks"][0][0] > 0
        assert len(exchange.fetch_trades(BTC)) > 0
        bought = exchange.create_order(BTC, "market", "buy", 0.01)
        assert (bought["status"], bought["fee"]) == ("closed", {"currency": "BTC", "cost": 1e-05})
        spent = exchange.create_order(BTC, "market", "buy", None, None, {"cost": 100})
        assert 99 < spent["cost"] <= 100
        resting = exchange.create_order(BTC, "limit", "buy", 0.01, 60_000)
        assert [one["id"] for one in exchange.fetch_open_orders(BTC)] == [resting["id"]]
        assert exchange.cancel_order(resting["id"], BTC)["status"] == "canceled"
        assert exchange.fetch_order(resting["id"], BTC)["status"] == "canceled"
        assert len(exchange.fetch_my_trades(BTC)) == 2
        assert exchange.fetch_trading_fees()[BTC]["taker"] == 0.001
        balance = exchange.fetch_balance()
        assert balance["BTC"]["free"] == pytest.approx(0.01 + spent["amount"] - 1e-05, abs=1e-5)
        with pytest.raises(ccxt.InsufficientFunds):
            exchange.create_order(BTC, "market", "buy", 10)
    finally:
        exchange.session.close()


async def test_ccxt_trades_unchanged(live: RunningSimulator) -> None:
    await asyncio.to_thread(trade_with_ccxt, live)


async def test_asynchronous_ccxt_trades_unchanged(live: RunningSimulator) -> None:
    exchange = pointed_at(ccxt.async_support.binance(credentials(live)), live.url)
    try:
        await exchange.load_markets()
        order = await exchange.create_order(BTC, "market", "buy", 0.01)
        params = {"origClientOrderId": order["clientOrderId"]}
        found = await exchange.fetch_order(None, BTC, params)
        assert (found["id"], found["status"]) == (order["id"], "closed")
        assert (await exchange.fetch_balance())["BTC"]["free"] == 0.00999
        assert len(await exchange.fetch_ohlcv(BTC, "1s", limit=20)) == 20
    finally:
        await exchange.close()


def trade_with_python_binance(live: RunningSimulator) -> None:
    binance = pytest.importorskip("binance.client", reason="python-binance is not installed")
    account = live.accounts[0]
    client = binance.Client(account.key, account.secret, ping=False)
    client.API_URL = f"{live.url}/api"
    client.MARGIN_API_URL = f"{live.url}/sapi"
    try:
        client.ping()
        assert client.get_symbol_info("BTCUSDT")["baseAsset"] == "BTC"
        assert len(client.get_klines(symbol="BTCUSDT", interval="1m", limit=5)) == 5
        assert Decimal(client.get_ticker(symbol="BTCUSDT")["lastPrice"]) > 0
        assert len(client.get_all_tickers()) == 2
        order = client.order_market_buy(symbol="BTCUSDT", quantity="0.01")
        assert order["status"] == "FILLED"
        resting = client.order_limit_buy(symbol="BTCUSDT", quantity="0.01", price="60000.00")
        assert client.get_open_orders(symbol="BTCUSDT")[0]["orderId"] == resting["orderId"]
        client.cancel_order(symbol="BTCUSDT", orderId=resting["orderId"])
        found = client.get_order(symbol="BTCUSDT", orderId=resting["orderId"])
        assert found["status"] == "CANCELED"
        assert len(client.get_my_trades(symbol="BTCUSDT")) == 1
        assert client.get_asset_balance(asset="BTC")["free"] == "0.00999000"
        assert client.get_account_api_permissions()["enableWithdrawals"] is False
        assert client.get_trade_fee(symbol="BTCUSDT")[0]["takerCommission"] == "0.001"
    finally:
        client.session.close()
        # The library opens an event loop of its own and never closes it.
        client.loop.close()


async def test_python_binance_trades_unchanged(live: RunningSimulator) -> None:
    await asyncio.to_thread(trade_with_python_binance, live)


async def test_a_taken_port_is_one_sentence(live: RunningSimulator) -> None:
    port = int(live.url.rpartition(":")[2])
    with pytest.raises(SimulatorError, match=f"Port {port} .* choose another"):
        await start_simulator(SimulatorOptions(port=port))
