"""Does the WebSocket API answer as Binance documents it, and weigh and count like HTTP?"""

from typing import Any

import aiohttp
import pytest

from nexus.simulator.limits import Limits
from nexus.simulator.server import SimulatorOptions
from tests.simulator.client import Client
from tests.simulator.conftest import Start
from tests.simulator.listener import Listener, by_secret, listen


def used(answer: dict[str, Any]) -> int:
    return int(answer["rateLimits"][-1]["count"])


async def signed(client: Client, listener: Listener, method: str, **params: object) -> Any:
    assert client.account is not None
    signer = by_secret(client.account.secret)
    return await listener.signed(method, client.account.key, signer, **params)


async def test_every_method_that_http_has_answers_the_same(client: Client) -> None:
    btc = {"symbol": "BTCUSDT"}
    order = {**btc, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    order |= {"quantity": "0.01", "price": "60000", "newClientOrderId": "ws-1"}
    async with listen(client.running) as listener:
        assert (await listener.ask("ping"))["result"] == {}
        book = await listener.ask("ticker.book", symbols=["BTCUSDT", "ETHUSDT"])
        http = await client.get("/api/v3/ticker/bookTicker", symbols='["BTCUSDT","ETHUSDT"]')
        assert book["result"] == http.json
        rows = await listener.ask("klines", **btc, interval="1m", limit=3)
        assert len(rows["result"]) == 3
        placed = await signed(client, listener, "order.place", **order)
        assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
        named = {**btc, "origClientOrderId": "ws-1"}
        found = await signed(client, listener, "order.status", **named)
        assert found["result"] == (await client.signed("GET", "/api/v3/order", **named)).json
        account = await signed(client, listener, "account.status", omitZeroBalances="true")
        assert account["result"]["balances"][0]["locked"] == "600.00000000"
        canceled = await signed(client, listener, "v3/order.cancel", **named)
        assert canceled["result"]["status"] == "CANCELED"
    entries = (await client.control("GET", "/simulator/journal")).json
    assert [(one["endpoint"], one["outcome"]) for one in entries] == [
        ("POST /api/v3/order", "accepted"),
        ("DELETE /api/v3/order", "accepted"),
    ]
    assert "apiKey" not in entries[0]["params"]
    stats = (await client.control("GET", "/simulator/stats")).json
    assert stats["requests"]["POST /api/v3/order"] == 1
    # Looks at the market count, whichever way they come.
    assert stats["market_calls"] == 3


async def test_weights_are_shared_with_http_and_told(client: Client) -> None:
    async with listen(client.running) as listener:
        # Opening the connection costs 2.
        assert used(await listener.ask("time")) == 3
        assert used(await listener.ask("exchangeInfo")) == 23
        http = await client.get("/api/v3/ping")
        assert http.headers["X-MBX-USED-WEIGHT-1M"] == "24"
        assert client.account is not None
        assert used(await listener.subscribe(client.account)) == 26
        placed = await signed(
            client,
            listener,
            "order.place",
            symbol="BTCUSDT",
            side="BUY",
            type="MARKET",
            quantity="0.01",
        )
    assert [one["rateLimitType"] for one in placed["rateLimits"]] == [
        "ORDERS",
        "ORDERS",
        "REQUEST_WEIGHT",
    ]
    assert used(placed) == 26


async def test_limits_are_left_out_on_request(client: Client) -> None:
    async with listen(client.running, "?returnRateLimits=false") as listener:
        assert "rateLimits" not in await listener.ask("ping")
        assert "rateLimits" in await listener.ask("ping", returnRateLimits=True)
    async with listen(client.running) as listener:
        assert "rateLimits" not in await listener.ask("ping", returnRateLimits=False)


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", -1135), ("[]", -1135), ('{"id":1}', -1135), ('{"id":1,"method":"magic"}', -1020)],
)
async def test_senseless_requests_are_refused_and_the_connection_lives(
    client: Client, text: str, code: int
) -> None:
    async with listen(client.running) as listener:
        await listener.socket.send_str(text)
        answer = await listener.receive()
        assert (answer["status"], answer["error"]["code"]) == (400, code)
        assert (await listener.ask("ping"))["status"] == 200


async def test_refusals_carry_the_numbers_of_http(client: Client) -> None:
    async with listen(client.running) as listener:
        unknown = await listener.ask("klines", symbol="NOPE", interval="1m")
        assert unknown["error"] == {"code": -1121, "msg": "Invalid symbol."}
        assert client.account is not None
        wrong = await listener.signed("account.status", client.account.key, by_secret("wrong"))
        assert (wrong["status"], wrong["error"]["code"]) == (400, -1022)
        nobody = await listener.signed("account.status", "a" * 64, by_secret("x"))
        assert (nobody["status"], nobody["error"]["code"]) == (401, -2015)
        bare = await listener.ask("account.status", timestamp=client.running.exchange.now())
        assert bare["error"]["code"] == -2014


async def test_too_much_is_429_and_a_ban_ends_the_connection(start: Start) -> None:
    limits = Limits(weight=5, patience=1)
    client = await start(SimulatorOptions(manual_clock=True, limits=limits))
    async with listen(client.running) as listener:
        for _ in range(3):
            assert (await listener.ask("ping"))["status"] == 200
        now = client.running.exchange.now()
        slow = await listener.ask("ping")
        assert (slow["status"], slow["error"]["code"]) == (429, -1003)
        assert slow["error"]["data"] == {"serverTime": now, "retryAfter": now + 60_000}
        banned = await listener.ask("ping")
        assert (banned["status"], banned["error"]["data"]["retryAfter"]) == (418, now + 120_000)
        await listener.ended()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with listen(client.running):
            pass
    assert refused.value.status == 418
    door = (await client.control("GET", "/simulator/door")).json
    assert [(one["event"], one.get("until")) for one in door if one["event"] == "banned"] == [
        ("banned", now + 120_000)
    ]


async def test_an_address_opens_so_many_connections_and_no_more(start: Start) -> None:
    client = await start(SimulatorOptions(manual_clock=True, limits=Limits(connects=2)))
    for _ in range(2):
        async with listen(client.running):
            pass
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with listen(client.running):
            pass
    assert refused.value.status == 429
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "300"
