"""Which venues are heard, where, and by whose keys?"""

from collections.abc import Mapping

import pytest

from nexus.core.db import Database
from nexus.exchanges.binance_stream import BinanceStream
from nexus.exchanges.binance_subscribe import stream_address
from nexus.exchanges.open_streams import Streams, open_histories
from nexus.exchanges.paper import Paper
from nexus.exchanges.protocol import Exchange
from nexus.exchanges.user_stream import StreamFact
from nexus.settings import Settings
from tests.exchanges.desk import adapter
from tests.exchanges.test_paper import fixed_prices


async def nobody(_fact: StreamFact) -> None:
    """Hear nothing."""


def both(binance: Exchange, paper: Exchange) -> Mapping[str, Exchange]:
    return {"binance": binance, "paper": paper}


async def test_only_venues_that_tell_are_heard(database: Database, settings: Settings) -> None:
    binance = adapter("http://127.0.0.1:9")
    adapters = both(binance, Paper(database, settings, fixed_prices))
    streams = Streams(adapters)
    assert streams.venues == {"binance"}
    opened = streams.open("binance", "default", nobody)
    assert isinstance(opened, BinanceStream)
    assert opened.lane is binance.lanes["default"]
    assert opened.address == "ws://127.0.0.1:9/ws-api/v3"
    assert streams.open("binance", "an egress that is gone", nobody) is None
    assert list(open_histories(adapters)) == ["binance"]
    await binance.close()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://api.binance.com", "wss://ws-api.binance.com:443/ws-api/v3"),
        ("https://api3.binance.com", "wss://ws-api.binance.com:443/ws-api/v3"),
        ("https://testnet.binance.vision", "wss://ws-api.testnet.binance.vision/ws-api/v3"),
        ("https://demo-api.binance.com", "wss://demo-ws-api.binance.com/ws-api/v3"),
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws-api/v3"),
        ("https://sim.example:8443", "wss://sim.example:8443/ws-api/v3"),
    ],
)
def test_the_address_belongs_to_the_exchange(url: str, address: str) -> None:
    assert stream_address(url) == address
