"""Can a test ban, block and mislead, and see it all in the record?"""

import aiohttp
import pytest

from tests.simulator.client import Client
from tests.simulator.listener import listen

HERE = "127.0.0.1"


async def test_a_ban_is_418_until_it_ends(client: Client) -> None:
    now = client.running.exchange.now()
    async with listen(client.running) as listener:
        body = {"address": HERE, "seconds": 90}
        made = await client.control("POST", "/simulator/bans", body)
        assert made.json == {"address": HERE, "until": now + 90_000}
        await listener.ended()
    banned = await client.get("/api/v3/ping")
    assert (banned.status, banned.code, banned.headers["Retry-After"]) == (418, -1003, "90")
    await client.control("POST", "/simulator/clock", {"now": now + 90_000})
    assert (await client.get("/api/v3/ping")).status == 200
    await client.control("POST", "/simulator/bans", {"address": HERE, "seconds": 60})
    await client.control("POST", "/simulator/bans", {"address": HERE, "seconds": 0})
    assert (await client.get("/api/v3/ping")).status == 200
    door = (await client.control("GET", "/simulator/door?after=3")).json
    assert [one["event"] for one in door] == ["banned"]


@pytest.mark.parametrize("address", [HERE, "*"])
async def test_a_blocked_region_is_451_for_everything_but_the_control(
    client: Client, address: str
) -> None:
    async with listen(client.running) as listener:
        await client.control("POST", "/simulator/blocks", {"address": address, "status": 451})
        assert await listener.ended() == 1006
    answer = await client.order(quantity="0.01")
    assert (answer.status, answer.code) == (451, 0)
    assert "restricted location" in answer.message
    with pytest.raises(aiohttp.WSServerHandshakeError, match="451"):
        async with listen(client.running):
            pass
    await client.control("POST", "/simulator/blocks", {"address": address, "status": None})
    assert (await client.order(quantity="0.01")).status == 200
    assert (await client.control("GET", "/simulator/stats")).json["answered_451"] == 2


async def test_the_firewall_answers_no_json(client: Client) -> None:
    await client.control("POST", "/simulator/blocks", {"address": HERE, "status": 403})
    answer = await client.raw("GET", "/api/v3/ping")
    assert (answer.status, "403 Forbidden" in answer.json) == (403, True)


async def test_another_address_is_neither_banned_nor_blocked(client: Client) -> None:
    await client.control("POST", "/simulator/bans", {"address": "127.0.0.9", "seconds": 60})
    await client.control("POST", "/simulator/blocks", {"address": "127.0.0.8", "status": 451})
    assert (await client.get("/api/v3/ping")).status == 200
    with pytest.raises(aiohttp.WSServerHandshakeError, match="418"):
        async with listen(client.running, address="127.0.0.9"):
            pass


async def test_a_skewed_clock_refuses_honest_times(client: Client) -> None:
    now = client.running.exchange.now()
    await client.control("POST", "/simulator/skew", {"ms": 6_000})
    assert (await client.get("/api/v3/time")).json == {"serverTime": now + 6_000}
    behind = await client.order(quantity="0.01")
    assert (behind.code, "recvWindow" in behind.message) == (-1021, True)
    await client.control("POST", "/simulator/skew", {"ms": -1_000})
    ahead = await client.order(quantity="0.01")
    assert (ahead.code, "ahead of the server" in ahead.message) == (-1021, True)
    await client.control("POST", "/simulator/skew", {"ms": 0})
    assert (await client.order(quantity="0.01")).status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("bans", {"address": HERE}),
        ("bans", {"address": HERE, "seconds": -1}),
        ("blocks", {"address": HERE, "status": 404}),
        ("blocks", {}),
        ("skew", {"ms": "much"}),
        ("streams/shutdown", {"seconds": -1}),
        ("money", {"uid": 1, "delta": "5"}),
    ],
)
async def test_senseless_wishes_are_refused(
    client: Client, path: str, body: dict[str, object]
) -> None:
    answer = await client.control("POST", f"/simulator/{path}", body)
    assert (answer.status, bool(answer.json["error"])) == (400, True)
