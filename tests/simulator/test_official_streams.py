"""Do other people's clients stream an account's events, with keys of every kind, unchanged?"""

import asyncio
from typing import Any

import ccxt.pro  # type: ignore[import-untyped]
import pytest

from nexus.simulator.accounts import Account
from nexus.simulator.register import register_key
from nexus.simulator.server import RunningSimulator
from tests.simulator.pairs import Pair, ed25519_pair, rsa_pair

BTC = "BTC/USDT"


def registered(live: RunningSimulator, pair: Pair) -> str:
    account = live.accounts[0]
    return register_key(live.exchange, account.uid, pair.kind, pair.public).key


def ws(live: RunningSimulator) -> str:
    return live.url.replace("http", "ws") + "/ws-api/v3"


def ccxt_pro(live: RunningSimulator, key: str, secret: str) -> Any:
    """Replace hosts, and nothing else."""
    options = {"fetchMarkets": {"types": ["spot"]}}
    exchange = ccxt.pro.binance({"apiKey": key, "secret": secret, "options": options})
    exchange.urls["api"] |= {
        name: live.url + "/" + address.split("/", 3)[3]
        for name, address in exchange.urls["api"].items()
        if isinstance(address, str)
    }
    exchange.urls["api"]["ws"]["ws-api"]["spot"] = ws(live)
    return exchange


def keys_of(live: RunningSimulator, kind: str) -> tuple[str, str]:
    if kind == "HMAC":
        return live.accounts[0].key, live.accounts[0].secret
    pair = ed25519_pair() if kind == "ED25519" else rsa_pair()
    return registered(live, pair), pair.private


@pytest.mark.parametrize("kind", ["HMAC", "ED25519", "RSA"])
async def test_ccxt_watches_orders_and_balances(live: RunningSimulator, kind: str) -> None:
    exchange = ccxt_pro(live, *keys_of(live, kind))
    try:
        await exchange.load_markets()
        watching = asyncio.create_task(exchange.watch_orders(BTC))
        balances = asyncio.create_task(exchange.watch_balance())
        # The library tells nobody that it has subscribed, so the exchange is asked.
        while not live.exchange.streams.count_subscriptions():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        placed = await exchange.create_order(BTC, "market", "buy", 0.01)
        told = await asyncio.wait_for(watching, 5)
        assert told[0]["id"] == placed["id"]
        balance = await asyncio.wait_for(balances, 5)
        assert balance["BTC"]["free"] == 0.00999
        over_socket = await exchange.create_order_ws(BTC, "limit", "buy", 0.01, 60_000)
        assert over_socket["status"] == "open"
        canceled = await exchange.cancel_order_ws(over_socket["id"], BTC)
        assert canceled["status"] == "canceled"
    finally:
        await exchange.close()


@pytest.mark.parametrize("pair", [None, ed25519_pair, rsa_pair])
async def test_python_binance_streams_user_data(live: RunningSimulator, pair: Any) -> None:
    module = pytest.importorskip("binance", reason="python-binance is not installed")
    streams = pytest.importorskip("binance.ws.streams", reason="python-binance is not installed")
    account = live.accounts[0]
    if pair is None:
        client = module.AsyncClient(account.key, account.secret)
    else:
        key = registered(live, pair())
        client = module.AsyncClient(key, private_key=pair().private)
    client.API_URL = f"{live.url}/api"
    client.ws_api._url = ws(live)
    # Its reader looks only this often whether it shall end.
    client.ws_api.TIMEOUT = 0.5
    try:
        manager = streams.BinanceSocketManager(client)
        async with manager.user_socket() as stream:
            placed = await client.ws_order_market_buy(symbol="BTCUSDT", quantity="0.01")
            assert placed["status"] == "FILLED"
            told = [await asyncio.wait_for(stream.recv(), 5) for _ in range(3)]
        assert [one["e"] for one in told] == [
            "executionReport",
            "executionReport",
            "outboundAccountPosition",
        ]
        found = await client.get_order(symbol="BTCUSDT", orderId=placed["orderId"])
        assert found["status"] == "FILLED"
    finally:
        await client.close_connection()


async def trade_over_sdk(live: RunningSimulator, account: Account) -> None:
    sdk = pytest.importorskip("binance_sdk_spot.spot", reason="binance-sdk-spot is not installed")
    common = pytest.importorskip("binance_common.configuration")
    keys = {"api_key": account.key, "api_secret": account.secret}
    client = sdk.Spot(
        config_rest_api=common.ConfigurationRestAPI(**keys, base_path=live.url),
        config_ws_api=common.ConfigurationWebSocketAPI(**keys, stream_url=ws(live)),
    )
    wish = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 0.01}
    placed = await asyncio.to_thread(lambda: client.rest_api.new_order(**wish).data())
    assert placed.status == "FILLED"
    told = await asyncio.to_thread(lambda: client.rest_api.get_account().data())
    assert told.uid == account.uid
    connection = await client.websocket_api.create_connection()
    try:
        subscribed = await connection.user_data_stream_subscribe_signature()
        heard: asyncio.Queue[Any] = asyncio.Queue()
        subscribed.stream.on("message", heard.put_nowait)
        answer = await connection.order_place(**wish)
        assert answer.data().result.status == "FILLED"
        events = [await asyncio.wait_for(heard.get(), 5) for _ in range(3)]
        assert [type(one.actual_instance).__name__ for one in events] == [
            "ExecutionReport",
            "ExecutionReport",
            "OutboundAccountPosition",
        ]
    finally:
        await connection.close_connection(close_session=True)


# The library still calls aiohttp the old way.
@pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float':DeprecationWarning")
async def test_binance_sdk_streams_user_data(live: RunningSimulator) -> None:
    await trade_over_sdk(live, live.accounts[0])
