"""Does the adapter keep to the exchange's clock, and to its own budget?"""

from datetime import UTC, datetime, timedelta

import pytest

from nexus.core.clock import SetClock, now, to_ms, use
from nexus.exchanges.binance import Binance
from nexus.exchanges.protocol import (
    Accepted,
    ExchangeAwayError,
    NotPlaced,
    Rejected,
    Side,
)
from tests.exchanges.conformance import outcome_of, send
from tests.exchanges.desk import ACCEPTED, ALICE, ORDER, adapter, buy, refusal
from tests.exchanges.venue import Venue, answer


# ------------------------------------------------------------------------------ the clock
@pytest.mark.parametrize("ahead_ms", [5_000, -5_000])
async def test_a_clock_that_is_off_is_corrected(
    venue: Venue, binance: Binance, ahead_ms: int
) -> None:
    venue.says[ORDER] = ACCEPTED
    venue.ahead_ms = ahead_ms
    await outcome_of(binance, buy())
    off = int(venue.requests(ORDER)[0].params["timestamp"]) - (to_ms(now()) + ahead_ms)
    assert abs(off) < 500


async def test_a_clock_that_cannot_be_read_stops_the_sending(
    venue: Venue, binance: Binance
) -> None:
    venue.says[ORDER] = ACCEPTED
    venue.says["GET /api/v3/time"] = answer(503, "")
    outcome = await outcome_of(binance, buy())
    assert isinstance(outcome, NotPlaced)
    assert venue.requests(ORDER) == []


async def test_a_refused_stamp_is_measured_anew(venue: Venue, binance: Binance) -> None:
    venue.says[ORDER] = ACCEPTED
    await outcome_of(binance, buy("nx-1"))
    venue.ahead_ms = 9_000
    venue.says[ORDER] = answer(400, refusal(-1021))
    await outcome_of(binance, buy("nx-2"))
    await outcome_of(binance, buy("nx-3"))
    first, _, third = (int(one.params["timestamp"]) for one in venue.requests(ORDER))
    assert 8_500 < third - first < 15_000


# ---------------------------------------------------------------------------- the budget
async def test_when_the_budget_is_used_up_the_rest_is_not_placed(venue: Venue) -> None:
    """A fifth is kept for exits."""
    venue.says[ORDER] = answer(400, refusal(-1013))
    binance = adapter(venue.url, per_minute=100)
    with use(SetClock(datetime(2026, 1, 2, 0, 0, 15, tzinfo=UTC))):
        bought = await send(binance, [buy(f"nx-{number}") for number in range(100)])
        sold = await send(binance, [buy("nx-exit", side=Side.SELL)])
    denied = [one.outcome for one in bought if isinstance(one.outcome, NotPlaced)]
    assert len(venue.requests(ORDER)) == 80 + 1
    assert len(denied) == 100 - 80
    assert denied[0].code == 0
    assert denied[0].retry_after == 45
    assert isinstance(sold[0].outcome, Rejected)
    await binance.close()


async def test_accepted_orders_cost_nothing(venue: Venue) -> None:
    venue.says[ORDER] = ACCEPTED
    binance = adapter(venue.url, per_minute=100)
    with use(SetClock(datetime(2026, 1, 2, tzinfo=UTC))):
        for batch in range(4):
            answers = await send(binance, [buy(f"nx-{batch}-{number}") for number in range(70)])
            assert all(isinstance(one.outcome, Accepted) for one in answers)
    await binance.close()


async def test_after_a_ban_nothing_leaves_until_it_ends(venue: Venue, binance: Binance) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    venue.says[ORDER] = answer(418, refusal(-1003), {"Retry-After": "300"})
    with use(SetClock(at)):
        await outcome_of(binance, buy("nx-1"))
    venue.says[ORDER] = ACCEPTED
    with use(SetClock(at + timedelta(seconds=299))):
        outcome = await outcome_of(binance, buy("nx-2", side=Side.SELL))
        assert isinstance(outcome, NotPlaced)
        assert outcome.retry_after == 1
        with pytest.raises(ExchangeAwayError):
            await binance.find(ALICE, "BTC/USDT", "nx-1")
    assert len(venue.requests(ORDER)) == 1
    with use(SetClock(at + timedelta(seconds=301))):
        assert isinstance(await outcome_of(binance, buy("nx-3")), Accepted)
