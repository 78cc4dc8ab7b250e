"""Can a bot that knows nothing of Nexus be hosted, and is a wrong name told plainly?"""

import re

import pytest

from nexus.settings import Settings
from nexus.strategy.border import (
    HOLD,
    Action,
    Book,
    Decision,
    Layer,
    StrategyError,
    load_strategies,
)
from tests.market.candles import START, wandering
from tests.strategy.following import follow
from tests.strategy.foreign import BreakoutBot

TREND = "nexus.strategy.trend:pyramiding_trend"
BREAKOUT = "tests.strategy.foreign:breakout"


def test_what_puts_money_at_risk_is_told_from_what_does_not() -> None:
    assert {action for action in Action if action.buys} == {Action.ENTER, Action.ADD}


def test_a_book_without_layers_is_flat() -> None:
    assert Book().is_flat
    assert not Book(layers=(Layer(START, START),)).is_flat  # type: ignore[arg-type]


def test_only_hold_is_hold() -> None:
    assert HOLD.is_hold
    assert not any(Decision(action).is_hold for action in Action if action is not Action.HOLD)


def test_strategies_are_built_in_the_order_of_their_names() -> None:
    trend, breakout = load_strategies((TREND, BREAKOUT), Settings(strategy_slow=77))
    assert (trend.name, trend.warmup, trend.layers) == ("trend", 78, 3)
    assert (breakout.name, breakout.warmup, breakout.layers) == ("breakout", 21, 1)


def test_a_foreign_bot_decides_here_what_it_decides_alone() -> None:
    rows = wandering(seed=3, count=1500)
    (hosted,) = load_strategies((BREAKOUT,), Settings())
    here = [(str(p.decision.why), p.candle) for p in follow(hosted, rows)]

    bot, alone, long = BreakoutBot(lookback=20), [], False
    for end in range(21, len(rows) + 1):
        seen = rows[end - 21 : end]
        highs, lows = [float(row.high) for row in seen], [float(row.low) for row in seen]
        said = bot.on_bar(highs, lows, float(seen[-1].close), long)
        if said != "WAIT":
            alone.append((said, seen[-1].open_time))
            long = said == "BUY"
    assert here == alone
    assert len(alone) > 6


@pytest.mark.parametrize(
    "path",
    [
        "no.such.module:factory",
        "nexus.strategy.trend:no_such_factory",
        ":factory",
        ".relative:factory",
        "tests.strategy.foreign:NOT_A_FACTORY",
    ],
)
def test_a_strategy_that_cannot_be_loaded_is_named(path: str) -> None:
    with pytest.raises(StrategyError, match=f"^STRATEGIES: {re.escape(path)} cannot be loaded: "):
        load_strategies((TREND, path), Settings())


def test_two_strategies_of_one_name_are_refused() -> None:
    with pytest.raises(StrategyError, match="two strategies are called the same: trend, trend"):
        load_strategies((TREND, TREND), Settings())


def test_a_strategy_that_could_never_decide_is_refused() -> None:
    with pytest.raises(StrategyError, match=r"needs 51 closed candles .* keeps 50"):
        load_strategies((TREND,), Settings().model_copy(update={"market_history_candles": 50}))
