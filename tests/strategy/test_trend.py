"""Does the reference strategy do what it says, and what it did before?"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from nexus.market.snapshot import Candles
from nexus.settings import StrategySettings
from nexus.strategy.border import HOLD, Action, Book, Decision, Layer
from nexus.strategy.trend import PyramidingTrend, Reading, pyramiding_trend
from tests.market.candles import START, Number, series
from tests.market.recorded import recorded_candles
from tests.strategy.following import follow, golden_strategy, golden_trace, trace

GOLDEN = Path(__file__).with_name("golden_trend.jsonl")
DECISIONS_OF_2020 = 460
TRACE_OF_2020 = "923457d6d6e2c0049beca60182907cda99f84624e52ef4143d60b102c09ae3b6"
SMALLEST = Decimal("1e-8")

RISING = series([100, 100, 100, 100, 110])
FALLING = series([110, 110, 110, 110, 100])


def strategy(**changes: object) -> PyramidingTrend:
    """Give the strategy with averages short enough to follow by hand."""
    rules = {"strategy_fast": 2, "strategy_slow": 4, "strategy_atr": 2}
    return PyramidingTrend(StrategySettings.model_validate({**rules, **changes}))


def read(seen: Candles) -> Reading:
    """Give the indicators at the newest candle."""
    reading = strategy()._read(seen)
    assert reading is not None
    return reading


def book(*prices: Number, peak: Number) -> Book:
    layers = tuple(Layer(Decimal(price), START) for price in prices)
    return Book(layers, Decimal("0.4"), Decimal(peak), trade_id=1)


def decide(seen: Candles, held: Book) -> Decision:
    return strategy().decide(seen, held)


# ----------------------------------------------------------------------------------- entering
def test_it_enters_above_a_rising_average() -> None:
    decision = decide(RISING, Book())
    assert (decision.action, decision.layer) == (Action.ENTER, 1)
    assert decision.target_fraction == Decimal("0.4")
    assert decision.why.startswith("The fast average is above the slow one")
    assert {name: decision.inputs[name] for name in ("close", "fast", "slow")} == {
        "close": "110",
        "fast": "106.66666667",
        "slow": "104.00000000",
    }


def test_it_does_not_enter_below_the_fast_average() -> None:
    dipping = series([100, 100, 100, 100, 130, 108])
    assert read(dipping).fast > read(dipping).slow
    assert decide(dipping, Book()) is HOLD


def test_it_does_not_enter_while_the_averages_fall() -> None:
    rebound = series([130, 130, 130, 120, 100, 100, 104])
    assert read(rebound).close > read(rebound).fast
    assert decide(rebound, Book()) is HOLD


def test_it_does_not_enter_a_market_that_stands_still() -> None:
    assert decide(series([100] * 5), Book()) is HOLD


def test_it_needs_its_averages() -> None:
    assert strategy().warmup == 5
    assert strategy().decide(series([100, 100, 110]), Book()) is HOLD


def test_it_holds_where_nothing_can_be_computed() -> None:
    broken = replace(RISING)
    broken.__dict__["close"] = RISING.close * float("nan")
    assert decide(broken, Book()) is HOLD
    assert decide(broken, book(100, peak=200)) is HOLD


# ------------------------------------------------------------------------------------- adding
def test_it_adds_a_layer_a_step_above_the_last() -> None:
    price = read(RISING).close - read(RISING).atr
    decision = decide(RISING, book(price, peak=110))
    assert (decision.action, decision.layer) == (Action.ADD, 2)
    assert decision.target_fraction == Decimal("0.7")
    assert decide(RISING, book(price + SMALLEST, peak=110)) is HOLD


def test_the_step_is_measured_from_the_newest_layer() -> None:
    price = read(RISING).close - read(RISING).atr
    decision = decide(RISING, book(90, price, peak=110))
    assert (decision.layer, decision.target_fraction) == (3, Decimal("1.0"))
    assert decide(RISING, book(price, 109, peak=110)) is HOLD


def test_it_has_no_more_layers_than_fractions() -> None:
    assert strategy().layers == 3
    assert decide(RISING, book(70, 80, 90, peak=110)) is HOLD
    assert strategy(pyramid_fractions="0.5,0.5").layers == 2
    assert strategy(pyramid_fractions="0.1,0.1,0.1,0.1").targets[-1] == Decimal("0.4")


def test_a_wider_step_waits_longer() -> None:
    price = read(RISING).close - read(RISING).atr * 2
    assert strategy(pyramid_step_atr=2).decide(RISING, book(price, peak=110)).layer == 2
    assert strategy(pyramid_step_atr="2.01").decide(RISING, book(price, peak=110)) is HOLD


# ------------------------------------------------------------------------------------ leaving
def test_it_leaves_a_trail_below_the_peak() -> None:
    peak = read(RISING).close + read(RISING).atr * 3
    decision = decide(RISING, book(110, peak=peak))
    assert (decision.action, decision.layer) == (Action.EXIT, 1)
    assert decision.target_fraction == 0
    assert decision.why == "The price has fallen too far below its peak."
    assert decide(RISING, book(110, peak=peak - SMALLEST)) is HOLD


def test_a_narrower_trail_leaves_sooner() -> None:
    held = book(110, peak=read(RISING).close + read(RISING).atr)
    assert strategy(strategy_exit_atr=1).decide(RISING, held).action is Action.EXIT


def test_it_leaves_when_the_averages_cross_back() -> None:
    decision = decide(FALLING, book(95, 96, peak=100))
    assert (decision.action, decision.layer) == (Action.EXIT, 2)
    assert decision.why.endswith("the trend is over.")


def test_leaving_comes_before_adding() -> None:
    assert decide(FALLING, book(1, peak=100)).action is Action.EXIT


def test_the_peak_is_kept_while_it_holds() -> None:
    rows = [*[100] * 20, *range(110, 130), 128, 127, 126, 125, 124, 123]
    patient = strategy(strategy_slow=20, pyramid_step_atr=50, strategy_exit_atr=2)
    enter, leave = follow(patient, series(rows).rows)
    assert (enter.decision.action, enter.price) == (Action.ENTER, Decimal(110))
    assert (leave.decision.action, leave.price) == (Action.EXIT, Decimal(124))
    assert leave.book.peak == 129, "the highest close since it entered"
    assert leave.decision.why == "The price has fallen too far below its peak."


def test_a_trade_from_its_first_layer_to_its_end() -> None:
    rows = series([100, 100, 100, 100, 104, 109, 114, 119, 124, 119, 108]).rows
    told = list(follow(strategy(), rows))
    story = [(str(p.decision.action), p.decision.layer, int(p.price)) for p in told]
    assert story == [("enter", 1, 104), ("add", 2, 109), ("add", 3, 119), ("exit", 3, 108)]


# ------------------------------------------------------------------------------------- golden
def test_it_decides_what_it_decided_before() -> None:
    assert "".join(golden_trace()) == GOLDEN.read_text()


def test_the_golden_trace_holds_every_kind_of_decision() -> None:
    text = GOLDEN.read_text()
    layers = ['"enter","layer":1', '"add","layer":2', '"add","layer":3', '"exit","layer":3']
    assert [layer for layer in layers if layer not in text] == []


def test_it_decides_on_real_candles_what_it_decided_before() -> None:
    year = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 12, 31, 23, tzinfo=UTC)
    lines = list(trace(golden_strategy(), recorded_candles("BTCUSDT-1h-2018-2020", *year)))
    assert len(lines) == DECISIONS_OF_2020
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == TRACE_OF_2020


def test_the_factory_takes_the_settings() -> None:
    settings = StrategySettings(strategy_slow=60)
    assert pyramiding_trend(settings).settings is settings


def test_a_stop_stands_so_far_below_the_newest_layer() -> None:
    entered = strategy(strategy_stop_percent="4").decide(RISING, Book())
    assert (entered.action, entered.stop_price) == (Action.ENTER, Decimal("105.60"))
    held = book(100, peak=110)
    added = strategy(strategy_stop_percent="4", pyramid_step_atr="0.1").decide(RISING, held)
    assert (added.action, added.stop_price) == (Action.ADD, Decimal("105.60"))


def test_unless_it_is_set_there_is_no_stop() -> None:
    assert strategy().decide(RISING, Book()).stop_price is None
