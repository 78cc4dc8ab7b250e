"""Is the trade left when the price comes to the stop, and only then?"""

from dataclasses import replace
from decimal import Decimal

import pytest

from nexus.market.snapshot import Health, MarketSnapshot
from nexus.strategy.border import Action, Book, Layer
from nexus.strategy.decide import Proposal
from nexus.strategy.protect import leave_at_stop
from tests.market.candles import BTC, START, Number, candles, closes_at, opens_at, series, view
from tests.strategy.test_decide import Parrot

SEEN = series([100, 101, 102])
HELD = Book(
    layers=(Layer(Decimal(102), opens_at(2)),),
    fraction=Decimal("0.4"),
    stop_price=Decimal("95.50"),
    trade_id=1,
    decided_candle=opens_at(2),
)


def look(book: Book, price: Number | None, health: Health = Health.FRESH) -> Proposal | None:
    shown = view(SEEN, price, health)
    if price is None:
        shown = replace(shown, price=None)
    snapshot = MarketSnapshot(closes_at(3), {BTC: shown}, calls=1)
    return leave_at_stop(Parrot(), BTC, snapshot, {("parrot", BTC): book})


def test_at_the_stop_everything_is_left_on_the_candle_that_is_still_open() -> None:
    proposal = look(HELD, "95.5")
    assert proposal is not None
    assert (proposal.candle, proposal.price) == (opens_at(3), Decimal("95.5"))
    decision = proposal.decision
    assert (decision.action, decision.layer) == (Action.EXIT, 1)
    assert decision.target_fraction == 0
    assert decision.why == "The price came to the stop at 95.5."
    assert decision.inputs == {"price": "95.5", "stop_price": "95.50"}
    assert proposal.book == HELD


def test_below_the_stop_too() -> None:
    assert look(HELD, 1) is not None


@pytest.mark.parametrize(
    ("book", "price", "health"),
    [
        (HELD, "95.51", Health.FRESH),
        (HELD, 90, Health.STALE),
        (HELD, 90, Health.MISSING),
        (HELD, None, Health.FRESH),
        (replace(HELD, stop_price=None), 90, Health.FRESH),
        (replace(HELD, layers=()), 90, Health.FRESH),
        (replace(HELD, decided_candle=opens_at(3)), 90, Health.FRESH),
        (Book(), 90, Health.FRESH),
    ],
)
def test_otherwise_nothing_is_proposed(book: Book, price: Number | None, health: Health) -> None:
    assert look(book, price, health) is None


def test_without_a_candle_nothing_is_proposed() -> None:
    shown = replace(view(candles([])), price=Decimal(1))
    snapshot = MarketSnapshot(START, {BTC: shown}, calls=1)
    assert leave_at_stop(Parrot(), BTC, snapshot, {("parrot", BTC): HELD}) is None
