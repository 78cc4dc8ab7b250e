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
from tests.exchanges.desk import ACCEPTED, ALICE, BOB, ORDER, FreeHand, adapter, buy, refusal
from tests.exchanges.venue import Venue, answer, filled


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
    # Reading the clock weighed one.
    assert len(venue.requests(ORDER)) == 79 + 1
    assert len(denied) == 100 - 79
    assert denied[0].code == 0
    assert denied[0].retry_after == 65
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


@pytest.mark.parametrize("status", [429, 418])
async def test_once_told_to_stop_the_rest_of_a_batch_stays_here(venue: Venue, status: int) -> None:
    """At most those that were under way already; they would otherwise bring the ban."""
    venue.says[ORDER] = answer(status, refusal(-1003), {"Retry-After": "30"})
    binance = adapter(venue.url, concurrency=5)
    answers = await send(binance, [buy(f"nx-{number}") for number in range(100)])
    assert len(venue.requests(ORDER)) <= 5
    held = [one.outcome for one in answers if getattr(one.outcome, "code", None) == 0]
    assert len(held) >= 95
    assert all(isinstance(one, NotPlaced) and 0 < one.retry_after <= 30 for one in held)
    state = await binance.lanes["default"].wire.governor.state()
    assert state.why == ("banned" if status == 418 else "told to slow down")
    await binance.close()


# ---------------------------------------------------------------- the orders of one account
AT = datetime(2026, 1, 2, 0, 0, 4, tzinfo=UTC)


async def learn_limits(venue: Venue, binance: Binance) -> None:
    limits = [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 5},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 160000},
    ]
    venue.says["GET /api/v3/exchangeInfo"] = answer(200, {"symbols": [], "rateLimits": limits})
    venue.says["GET /api/v3/ticker/24hr"] = answer(200, [])
    await binance.filters(["BTC/USDT"])


@pytest.mark.parametrize(
    ("header", "count", "wait"),
    [("10S", "50", 6), ("10S", "49", 0), ("1D", "160000", 86_396), ("1D", "50", 0)],
)
async def test_an_account_at_its_own_limit_waits_and_nobody_else(
    venue: Venue, binance: Binance, header: str, count: str, wait: int
) -> None:
    venue.says[ORDER] = answer(200, filled(), {f"X-MBX-ORDER-COUNT-{header}": count})
    with use(SetClock(AT)):
        await learn_limits(venue, binance)
        await outcome_of(binance, buy("nx-1"))
        venue.says[ORDER] = ACCEPTED
        again = await outcome_of(binance, buy("nx-2"))
        assert isinstance(await outcome_of(binance, buy("nx-3", BOB)), Accepted)
    if not wait:
        assert isinstance(again, Accepted)
        return
    assert isinstance(again, NotPlaced)
    assert (again.code, again.retry_after) == (0, wait)
    with use(SetClock(AT + timedelta(seconds=wait))):
        assert isinstance(await outcome_of(binance, buy("nx-4")), Accepted)


# ------------------------------------------------------------------------------ the guard
async def test_what_was_counted_is_taken_back_only_when_surely_not_placed(
    venue: Venue, binance: Binance
) -> None:
    guard = FreeHand()
    binance.guard = guard
    for said in (ACCEPTED, answer(400, refusal(-1013)), answer(500, "")):
        venue.says[ORDER] = said
        await outcome_of(binance, buy())
    assert len(guard.counted) == 3
    assert len(guard.released) == 1


async def test_what_the_guard_refuses_is_never_signed(venue: Venue, binance: Binance) -> None:
    venue.says[ORDER] = ACCEPTED
    outcome = await outcome_of(binance, buy(symbol="JUNK/USDT"))
    assert outcome == NotPlaced(0, "NOT_LISTED", final=True)
    assert venue.requests(ORDER) == []
