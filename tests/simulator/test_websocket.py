"""Is a connection kept by pongs, lost by silence, and refused when it is none?"""

import asyncio

import aiohttp
import pytest

from nexus.simulator import connection, websocket
from tests.simulator.client import Client
from tests.simulator.listener import listen


async def test_a_ping_is_answered_with_its_own_words(client: Client) -> None:
    async with listen(client.running) as listener:
        await listener.socket.ping(b"hello")
        assert (await listener.ask("ping"))["status"] == 200


async def test_who_never_answers_a_ping_is_cut_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_EVERY", 0.02)
    monkeypatch.setattr(websocket, "PATIENCE", 0.1)
    url = client.running.url.replace("http", "ws") + websocket.SOCKET_PATH
    async with aiohttp.ClientSession() as session, session.ws_connect(url, autoping=False) as mute:
        assert (await mute.receive(timeout=5)).type is aiohttp.WSMsgType.PING
        async with asyncio.timeout(5):
            while not mute.closed:
                await mute.receive()
    assert client.running.exchange.record.counts["stream_closed"] == 1


async def test_who_answers_is_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_EVERY", 0.02)
    monkeypatch.setattr(websocket, "PATIENCE", 0.2)
    url = client.running.url.replace("http", "ws") + websocket.SOCKET_PATH
    async with aiohttp.ClientSession() as session, session.ws_connect(url, autoping=False) as kept:
        # Twice as many pings as patience lasts.
        for _ in range(20):
            message = await kept.receive(timeout=5)
            assert message.type is aiohttp.WSMsgType.PING
            await kept.pong(message.data)


async def test_plain_http_is_asked_to_upgrade(client: Client) -> None:
    answer = await client.raw("GET", websocket.SOCKET_PATH)
    assert answer.status == 426


async def test_who_does_not_read_is_cut_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_LINE", 5)
    async with listen(client.running) as listener:
        for one in client.running.exchange.streams.connections.values():
            for _ in range(6):
                one.send({})
        assert await listener.ended() == 1006


async def test_a_stopping_exchange_closes_its_connections(client: Client) -> None:
    async with listen(client.running) as listener:
        stopping = asyncio.create_task(client.running.stop())
        assert await listener.ended() == 1001
        await stopping
