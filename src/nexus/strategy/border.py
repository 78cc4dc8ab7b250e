"""What does a hosted strategy see, and what may it say? The border; strategies stay unchanged.

To host your own strategy, write a small class with the three names of `Strategy` below that
turns closed candles and the leader's book into one `Decision`, and a factory
`(Settings) -> Strategy`. Name the factory in `STRATEGIES=yourpackage.module:factory`. Your
logic is called, never edited; a golden trace in your tests proves that it decides what it
decided before.

The rules of the border:

* `decide` is pure: same candles and same book, same decision. No clock, no network, no state
  of its own: what it must remember goes into `Decision.state` and comes back in `Book.state`.
* It is asked about each closed candle, with at least `warmup` candles, and decides once. While it
  holds it may be asked again about the same one.
* `target_fraction` is the share of a bot's allocation that should be invested afterwards.
* `stop_price` is optional. At each look at the market Nexus leaves the trade when the price is at
  or below it, between candles too. Where `RESTING_STOPS` is on and the exchange can
  hold a stop, one rests there as well (`execution/rest.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from typing import Any, Protocol

from nexus.market.snapshot import Candles


class Action(StrEnum):
    """What a strategy wants."""

    HOLD = "hold"
    ENTER = "enter"
    ADD = "add"
    REDUCE = "reduce"
    EXIT = "exit"

    @property
    def buys(self) -> bool:
        """Whether it puts money at risk: what the gate blocks."""
        return self in (Action.ENTER, Action.ADD)


@dataclass(frozen=True, slots=True)
class Layer:
    """One entry of the leader."""

    price: Decimal
    candle: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """The leader's model position in one symbol. It moves only by decisions that passed."""

    layers: tuple[Layer, ...] = ()
    fraction: Decimal = Decimal(0)
    """The share of an allocation that the leader has invested."""
    peak: Decimal | None = None
    """The highest close since the trade was entered."""
    state: Mapping[str, Any] = field(default_factory=dict)
    stop_price: Decimal | None = None
    """The price at which the open trade is left, whatever the strategy would say."""
    trade_id: int | None = None
    """The `enter` decision of the open trade."""
    decided_candle: datetime | None = None

    @property
    def is_flat(self) -> bool:
        """Whether the leader holds nothing."""
        return not self.layers


@dataclass(frozen=True, slots=True)
class Decision:
    """What the strategy would do. `layer` counts from 1."""

    action: Action
    target_fraction: Decimal = Decimal(0)
    layer: int = 0
    why: str = ""
    """A sentence for people."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The numbers it was decided on."""
    state: Mapping[str, Any] = field(default_factory=dict)
    stop_price: Decimal | None = None
    """Where the trade is to be left at once. None keeps the stop that is set, if one is."""

    @property
    def is_hold(self) -> bool:
        """Whether nothing is to be done."""
        return self.action is Action.HOLD


HOLD = Decision(Action.HOLD)


class Strategy(Protocol):
    """What a hosted strategy is to us."""

    name: str
    """Short and for ever: it is part of every order's client id."""
    label: str
    """What people read."""
    summary: str
    """One sentence for people on what it does."""
    layers: int
    """How many layers a trade of it may have."""
    warmup: int
    """Closed candles it needs before it can decide."""

    def decide(self, candles: Candles, book: Book) -> Decision:
        """Say what to do now that the last of `candles` has closed."""
        ...


class StrategyError(Exception):
    """A hosted strategy could not be loaded or broke the border's rules."""


def load_strategies(factories: tuple[str, ...], settings: Any) -> tuple[Strategy, ...]:
    """Build each `module:factory`; StrategyError names the one that cannot be."""
    strategies = tuple(_load(path, settings) for path in factories)
    for path, strategy in zip(factories, strategies, strict=True):
        if strategy.warmup > settings.market_history_candles:
            raise StrategyError(
                f"STRATEGIES: {path} needs {strategy.warmup} closed candles to decide, and"
                f" MARKET_HISTORY_CANDLES keeps {settings.market_history_candles}"
            )
    names = [strategy.name for strategy in strategies]
    if len(set(names)) != len(names):
        raise StrategyError(f"STRATEGIES: two strategies are called the same: {', '.join(names)}")
    return strategies


def unknown_strategies(factories: Iterable[str]) -> list[str]:
    """Say of each `module:factory` that is not there what is wrong with it; builds none."""
    mistakes = []
    for path in factories:
        try:
            _find(path)
        except StrategyError as error:
            mistakes.append(str(error))
    return mistakes


def _load(path: str, settings: Any) -> Strategy:
    factory = _find(path)
    try:
        return factory(settings)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise _not_loaded(path, error) from error


def _find(path: str) -> Callable[[Any], Strategy]:
    module, _, name = path.partition(":")
    try:
        factory: Callable[[Any], Strategy] = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError, TypeError, SyntaxError) as error:
        raise _not_loaded(path, error) from error
    return factory


def _not_loaded(path: str, error: Exception) -> StrategyError:
    return StrategyError(f"STRATEGIES: {path} cannot be loaded: {error}")
