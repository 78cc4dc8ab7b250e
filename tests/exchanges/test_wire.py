"""Does the wire carry each request once, and say truly what is known of it?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from nexus.core.clock import SetClock, use
from nexus.exchanges import wire as wire_module
from nexus.exchanges.binance_wire import TIME
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.exchanges.wire import UNREADABLE, LostError, NotStartedError, Request, Wire
from tests.exchanges.desk import wire_to
from tests.exchanges.venue import HANG, Venue, answer

PING = "GET /api/v3/time"


@pytest.fixture
async def wire(venue: Venue) -> AsyncIterator[Wire]:
    lent = wire_to(venue.url, per_minute=1_000, timeout=0.3)
    yield lent
    await lent.close()


async def test_a_reply_has_status_headers_and_body(venue: Venue, wire: Wire) -> None:
    venue.says[PING] = answer(200, {"a": [1]}, {"X-MBX-USED-WEIGHT-1M": "12"})
    reply = await wire.ask(TIME)
    assert (reply.status, reply.body, reply.ok) == (200, {"a": [1]}, True)
    assert reply.headers["x-mbx-used-weight-1m"] == "12"


async def test_the_exchanges_count_is_heard(venue: Venue, wire: Wire) -> None:
    """We may use 1,000 a minute; the exchange has counted 1,000 already."""
    venue.says[PING] = answer(200, {}, {"X-MBX-USED-WEIGHT-1M": "1000"})
    with use(SetClock(datetime(2026, 1, 2, tzinfo=UTC))):
        await wire.ask(TIME)
        with pytest.raises(ExchangeAwayError):
            await wire.ask(TIME)
    assert len(venue.asked) == 1


async def test_an_absurdly_large_body_is_unreadable(
    venue: Venue, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "LARGEST_BODY", 1_000)
    venue.says[PING] = answer(200, "[" + "1," * 1_000 + "1]")
    assert (await wire.ask(TIME)).body is UNREADABLE


async def test_silence_is_lost_and_no_connection_is_not_started(venue: Venue, wire: Wire) -> None:
    venue.says["POST /api/v3/time"] = HANG
    with pytest.raises(LostError):
        await wire.carry(Request("POST", f"{venue.url}/api/v3/time", {}, None))
    with pytest.raises(NotStartedError):
        await wire.carry(Request("POST", "http://127.0.0.1:1/", {}, None))
    assert len(venue.asked) == 1


async def test_a_cookie_of_one_account_never_reaches_another(venue: Venue, wire: Wire) -> None:
    venue.says[PING] = answer(200, {}, {"Set-Cookie": "session=alice; Path=/"})
    await wire.ask(TIME)
    await wire.ask(TIME)
    assert all("cookie" not in asked.headers for asked in venue.asked)
