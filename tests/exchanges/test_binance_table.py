"""Is every answer that an order can get judged as the table says, over real HTTP?"""

import pytest

from nexus.exchanges.binance import Binance
from nexus.exchanges.protocol import (
    Accepted,
    ExchangeAwayError,
    KeyInvalidError,
    NotPlaced,
    Outcome,
    Rejected,
    Unclear,
)
from nexus.exchanges.sign import BinanceRequests
from tests.exchanges.conformance import outcome_of
from tests.exchanges.desk import ACCEPTED, ALICE, ORDER, adapter, buy, refusal
from tests.exchanges.venue import CLOSE, HANG, RESET, Venue, answer, cut_off, filled

# ------------------------------------------------------------- every outcome, over real HTTP
OUTCOMES: dict[str, tuple[bytes, type[Outcome]]] = {
    "accepted": (ACCEPTED, Accepted),
    "filter": (answer(400, refusal(-1013, "Filter failure: NOTIONAL")), Rejected),
    "composition": (answer(400, refusal(-1014)), Rejected),
    "bad parameter": (answer(400, refusal(-1102)), Rejected),
    "precision": (answer(400, refusal(-1111)), Rejected),
    "insufficient": (answer(400, refusal(-2010, "Account has insufficient balance")), Rejected),
    "unauthorized": (answer(401, refusal(-1002)), NotPlaced),
    "too many requests": (answer(429, refusal(-1003), {"Retry-After": "3"}), NotPlaced),
    "too many requests, no body": (answer(429, ""), NotPlaced),
    "banned": (answer(418, refusal(-1003), {"Retry-After": "200"}), NotPlaced),
    "too many orders": (answer(429, refusal(-1015)), NotPlaced),
    "clock": (answer(400, refusal(-1021)), NotPlaced),
    "signature": (answer(400, refusal(-1022)), NotPlaced),
    "key format": (answer(401, refusal(-2014)), NotPlaced),
    "key revoked": (answer(401, refusal(-2015)), NotPlaced),
    "duplicate": (answer(400, refusal(-2010, "Duplicate order sent.")), Unclear),
    "unknown error": (answer(400, refusal(-1000)), Unclear),
    "disconnected": (answer(400, refusal(-1001)), Unclear),
    "unexpected": (answer(400, refusal(-1006)), Unclear),
    "backend timeout": (answer(400, refusal(-1007)), Unclear),
    "server busy": (answer(400, refusal(-1008)), Unclear),
    "a code nobody knows": (answer(400, refusal(-9999)), Unclear),
    "500 with a certain code": (answer(500, refusal(-1013)), Unclear),
    "502 page": (answer(502, "<html><body>Bad Gateway</body></html>"), Unclear),
    "503": (answer(503, refusal(-1008)), Unclear),
    "504 empty": (answer(504, ""), Unclear),
    "403 firewall": (answer(403, "<html>Request blocked</html>"), Unclear),
    "451 region": (answer(451, refusal(0, "restricted location")), Unclear),
    "unknown status": (answer(799, ""), Unclear),
    "redirect": (answer(307, "", {"Location": "/api/v3/elsewhere"}), Unclear),
    "200 broken JSON": (answer(200, '{"symbol":"BTCUSDT","orderId":28,'), Unclear),
    "200 empty": (answer(200, ""), Unclear),
    "200 page": (answer(200, "<html>Welcome</html>"), Unclear),
    "200 null": (answer(200, "null"), Unclear),
    "200 without id": (answer(200, filled(orderId=None)), Unclear),
    "200 of another order": (answer(200, filled("nx-other")), Unclear),
    "200 deep": (answer(200, "[" * 100_000), Unclear),
    "200 not text": (answer(200, b"\xff\xfe\x00\xd8"), Unclear),
    "truncated after acceptance": (cut_off(ACCEPTED, 40), Unclear),
    "truncated in the head": (ACCEPTED[:30], Unclear),
    "truncated 400": (cut_off(answer(400, refusal(-1013)), 5), Unclear),
    "truncated 429": (cut_off(answer(429, refusal(-1003)), 5), NotPlaced),
    "not HTTP": (b"hello\r\n\r\n", Unclear),
    "reset": (RESET, Unclear),
    "closed": (CLOSE, Unclear),
}


@pytest.mark.parametrize("case", OUTCOMES)
async def test_each_answer_has_its_outcome_and_one_request(
    venue: Venue, binance: Binance, case: str
) -> None:
    venue.says[ORDER], expected = OUTCOMES[case]
    outcome = await outcome_of(binance, buy())
    assert type(outcome) is expected, outcome
    assert len(venue.requests(ORDER)) == 1
    assert len(venue.asked) == 2  # the time, and the order: no redirect followed, no retry
    if isinstance(outcome, Unclear):
        assert outcome.exists == (case == "duplicate")
    if isinstance(outcome, NotPlaced):
        assert outcome.key_invalid == (case in {"key format", "key revoked"})


async def test_a_timeout_is_unclear(venue: Venue) -> None:
    venue.says[ORDER] = HANG
    binance = adapter(venue.url, timeout=0.2)
    outcome = await outcome_of(binance, buy())
    assert isinstance(outcome, Unclear)
    assert len(venue.requests(ORDER)) == 1
    await binance.close()


async def test_no_connection_is_certainly_not_placed(binance: Binance) -> None:
    lane = binance.lanes["default"]
    await lane.clock.stamp()
    lane.wire.builder = BinanceRequests("http://127.0.0.1:1")
    assert isinstance(await outcome_of(binance, buy()), NotPlaced)


async def test_a_revoked_key_is_known_even_after_good_calls(venue: Venue, binance: Binance) -> None:
    """CCXT calls this a rate limit once a private call has succeeded."""
    venue.says[ORDER] = ACCEPTED
    assert isinstance(await outcome_of(binance, buy("nx-1")), Accepted)
    venue.says[ORDER] = answer(401, refusal(-2015))
    outcome = await outcome_of(binance, buy("nx-2"))
    assert outcome == NotPlaced(-2015, "said", key_invalid=True)


async def test_a_question_with_a_revoked_key_says_so(venue: Venue, binance: Binance) -> None:
    venue.says["GET /api/v3/order"] = answer(401, refusal(-2015))
    with pytest.raises(KeyInvalidError):
        await binance.find(ALICE, "BTC/USDT", "nx-1")
    venue.says["GET /api/v3/order"] = answer(429, refusal(-1003))
    with pytest.raises(ExchangeAwayError) as away:
        await binance.find(ALICE, "BTC/USDT", "nx-1")
    assert not isinstance(away.value, KeyInvalidError)


async def test_a_stale_connection_is_not_used_to_send_twice(venue: Venue, binance: Binance) -> None:
    """A kept-alive connection that the venue drops loses the order; it is never repeated."""
    venue.says[ORDER] = ACCEPTED
    await outcome_of(binance, buy("nx-1"))
    venue.says[ORDER] = RESET
    assert isinstance(await outcome_of(binance, buy("nx-2")), Unclear)
    assert len(venue.requests(ORDER)) == 2
