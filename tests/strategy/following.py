"""What does a strategy say along a series of candles? The border and the book, as in a tick."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nexus.market.snapshot import Candle, MarketSnapshot
from nexus.settings import StrategySettings
from nexus.strategy.book import moved
from nexus.strategy.border import Book, Strategy
from nexus.strategy.decide import Proposal, decide
from nexus.strategy.trend import PyramidingTrend
from tests.market.candles import BTC, candles, view, wandering


def follow(strategy: Strategy, rows: Sequence[Candle], window: int = 200) -> Iterator[Proposal]:
    """Give every decision that is not a hold; all of them pass the gate."""
    books: dict[tuple[str, str], Book] = {}
    for end in range(1, len(rows) + 1):
        shown = view(candles(rows[max(0, end - window) : end]))
        snapshot = MarketSnapshot(shown.candles.last.open_time, {BTC: shown}, calls=0)
        proposal = decide(strategy, BTC, snapshot, books)
        if proposal is None:
            continue
        held = proposal.decision.is_hold
        book = moved(proposal, passed=not held, trade_id=end)
        books[strategy.name, BTC] = replace(book, state=proposal.decision.state)
        if not held:
            yield proposal


def trace(strategy: Strategy, rows: Sequence[Candle]) -> Iterator[str]:
    """Write each decision as a line; the last digits of the indicators are left out."""
    for proposal in follow(strategy, rows):
        decision = proposal.decision
        line = {
            "candle": proposal.candle.isoformat(),
            "action": decision.action,
            "layer": decision.layer,
            "target": str(decision.target_fraction),
            "price": str(proposal.price),
        }
        yield json.dumps(line, separators=(",", ":")) + "\n"


GOLDEN_RULES = {
    "strategy_fast": 10,
    "strategy_slow": 30,
    "strategy_atr": 14,
    "strategy_exit_atr": 3,
    "pyramid_fractions": "0.4,0.3,0.3",
    "pyramid_step_atr": 1,
}


def golden_strategy() -> PyramidingTrend:
    """Give the reference strategy with numbers that no change of a default moves."""
    return PyramidingTrend(StrategySettings.model_validate(GOLDEN_RULES))


def golden_trace() -> Iterator[str]:
    """Write the golden trace."""
    return trace(golden_strategy(), wandering(seed=7, count=1500))


if __name__ == "__main__":
    # To change the trace on purpose: python -m tests.strategy.following > golden_trend.jsonl
    sys.stdout.writelines(golden_trace())
