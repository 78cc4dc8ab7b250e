"""Is a strategy asked once about each closed candle, and held to the rules of the border?"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import pytest

from nexus.market.snapshot import Candles, MarketSnapshot
from nexus.strategy.border import HOLD, Action, Book, Decision, Layer, StrategyError
from nexus.strategy.decide import Books, Proposal, decide
from nexus.strategy.decide import ask as decide_or_skip
from tests.market.candles import BTC, START, candles, closes_at, opens_at, series, view

ENTER = Decision(Action.ENTER, target_fraction=Decimal("0.4"), layer=1)
FLAT = Book()
ONE_LAYER = Book(layers=(Layer(Decimal(90), START),), fraction=Decimal("0.4"), trade_id=1)


@dataclass
class Parrot:
    """A strategy that says what it was told to, and remembers what it was asked."""

    says: Decision = HOLD
    warmup: int = 3
    asked: list[tuple[int, Book]] = field(default_factory=list)
    name: str = "parrot"
    label: str = "Parrot"
    summary: str = "Says what it was told to."
    layers: int = 2

    def decide(self, candles: Candles, book: Book) -> Decision:
        self.asked.append((len(candles), book))
        return self.says


def ask(parrot: Parrot, seen: Candles, book: Book | None = None) -> Proposal | None:
    shown = MarketSnapshot(closes_at(len(seen)), {BTC: view(seen)}, calls=1)
    books: Books = {("parrot", BTC): book} if book else {}
    return decide(parrot, BTC, shown, books)


def test_the_newest_candle_is_decided_on() -> None:
    parrot = Parrot(ENTER)
    proposal = ask(parrot, series([100, 101, 102]))
    assert proposal == Proposal("parrot", BTC, opens_at(2), Decimal(102), ENTER, FLAT)
    assert proposal.origin == "parrot/BTC/USDT/2024-01-01T02:00:00+00:00"
    assert parrot.asked == [(3, FLAT)]


def test_too_few_candles_are_not_decided_on() -> None:
    parrot = Parrot(ENTER)
    assert ask(parrot, series([100, 101])) is None
    assert parrot.asked == []


def test_without_any_candle_even_a_strategy_that_needs_none_is_not_asked() -> None:
    parrot = Parrot(ENTER, warmup=0)
    assert ask(parrot, candles([])) is None
    assert parrot.asked == []


@pytest.mark.parametrize(
    ("decided", "asked"), [(None, 1), (opens_at(1), 1), (opens_at(2), 0), (opens_at(3), 0)]
)
def test_each_candle_is_asked_about_once(decided: datetime | None, asked: int) -> None:
    parrot = Parrot()
    ask(parrot, series([100, 101, 102]), Book(decided_candle=decided))
    assert len(parrot.asked) == asked


def test_the_book_of_the_very_symbol_is_handed_over() -> None:
    parrot = Parrot()
    seen = series([100, 101, 102])
    shown = MarketSnapshot(closes_at(3), {BTC: view(seen)}, calls=1)
    others: Books = {("parrot", "ETH/USDT"): FLAT, ("other", BTC): FLAT, ("parrot", BTC): ONE_LAYER}
    decide(parrot, BTC, shown, others)
    assert parrot.asked == [(3, ONE_LAYER)]


def said(action: str, target: str, layer: int = 0) -> Decision:
    return Decision(Action(action), Decimal(target), layer)


@pytest.mark.parametrize(
    ("book", "decision"),
    [
        (FLAT, said("enter", "0.4", 1)),
        (FLAT, said("enter", "1", 1)),
        (ONE_LAYER, said("add", "0.7", 2)),
        (ONE_LAYER, said("reduce", "0.2")),
        (ONE_LAYER, said("reduce", "0")),
        (ONE_LAYER, said("exit", "0", 1)),
        (FLAT, HOLD),
        (ONE_LAYER, HOLD),
    ],
)
def test_what_follows_from_the_book_is_let_through(book: Book, decision: Decision) -> None:
    proposal = ask(Parrot(decision), series([100, 101, 102]), book)
    assert proposal is not None
    assert proposal.decision is decision


@pytest.mark.parametrize(
    ("book", "decision"),
    [
        (ONE_LAYER, said("enter", "0.4", 1)),
        (FLAT, said("enter", "0.4", 2)),
        (FLAT, said("enter", "0", 1)),
        (FLAT, said("enter", "1.01", 1)),
        (FLAT, said("enter", "-0.1", 1)),
        (FLAT, said("enter", "NaN", 1)),
        (FLAT, said("enter", "Infinity", 1)),
        (FLAT, said("add", "0.7", 1)),
        (ONE_LAYER, said("add", "0.7", 1)),
        (ONE_LAYER, said("add", "0.7", 3)),
        (ONE_LAYER, said("add", "0.4", 2)),
        (ONE_LAYER, said("add", "1.5", 2)),
        (FLAT, said("reduce", "0")),
        (ONE_LAYER, said("reduce", "0.4")),
        (ONE_LAYER, said("reduce", "0.5")),
        (ONE_LAYER, said("reduce", "-0.5")),
        (FLAT, said("exit", "0")),
        (ONE_LAYER, said("exit", "0.1")),
    ],
)
def test_what_no_strategy_may_say_is_refused(book: Book, decision: Decision) -> None:
    with pytest.raises(StrategyError, match=r"^parrot said .* while holding \d layers$"):
        ask(Parrot(decision), series([100, 101, 102]), book)


def test_a_refusal_says_what_was_said() -> None:
    message = "parrot said add to 0.7 as layer 5 while holding 1 layers"
    with pytest.raises(StrategyError, match=f"^{message}$"):
        ask(Parrot(said("add", "0.7", 5)), series([100, 101, 102]), ONE_LAYER)


class Failing(Parrot):
    """A strategy with a defect."""

    def decide(self, candles: Candles, book: Book) -> Decision:
        super().decide(candles, book)
        raise ZeroDivisionError


def test_a_strategy_that_fails_is_left_out_of_this_tick() -> None:
    seen = series([100, 101, 102])
    shown = MarketSnapshot(closes_at(3), {BTC: view(seen)}, calls=1)
    assert decide_or_skip(Failing(), BTC, shown, {}) is None
    assert decide_or_skip(Parrot(), BTC, shown, {}) is not None


@pytest.mark.parametrize("stop", ["0", "-1", "NaN", "Infinity", "102", "103"])
def test_a_stop_that_is_none_or_is_reached_already_is_refused(stop: str) -> None:
    parrot = Parrot(replace(ENTER, stop_price=Decimal(stop)))
    with pytest.raises(StrategyError, match="set a stop at"):
        ask(parrot, series([100, 101, 102]))


def test_a_stop_below_the_price_is_taken() -> None:
    parrot = Parrot(replace(ENTER, stop_price=Decimal("101.99")))
    assert ask(parrot, series([100, 101, 102])) is not None
