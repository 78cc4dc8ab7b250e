"""Which strategies are hosted, and with which numbers?"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from nexus.core.environment import above, split_list
from nexus.settings.group import Group, Listed


class StrategySettings(Group):
    """Which strategies are hosted, and the numbers of the reference one."""

    strategies: Annotated[tuple[str, ...], NoDecode, Listed] = (
        "nexus.strategy.trend:pyramiding_trend",
    )
    """The hosted strategies: `module:factory`, separated by commas."""
    strategy_fast: Annotated[int, Field(ge=2, le=400)] = 20
    """Reference strategy: candles in the fast average."""
    strategy_slow: Annotated[int, Field(ge=3, le=450)] = 50
    """Reference strategy: candles in the slow average."""
    strategy_atr: Annotated[int, Field(ge=2, le=200)] = 14
    """Reference strategy: candles in the average true range."""
    strategy_exit_atr: Annotated[Decimal, Field(gt=0, le=50)] = Decimal(3)
    """Reference strategy: leave when the price falls this many ranges below its peak."""
    strategy_stop_percent: Annotated[Decimal, Field(ge=0, lt=100)] = Decimal(0)
    """Reference strategy: a stop so far below the newest layer, watched by Nexus; 0 sets none."""
    pyramid_fractions: Annotated[tuple[Decimal, ...], NoDecode, Listed] = (
        Decimal("0.4"), Decimal("0.3"), Decimal("0.3"),
    )  # fmt: skip
    """The share of a bot's allocation that each layer adds, separated by commas."""
    pyramid_step_atr: Annotated[Decimal, Field(gt=0, le=50)] = Decimal(1)
    """A layer is added when the price is this many ranges above the last layer's."""

    @field_validator("strategies")
    @classmethod
    def _factories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or any(item.count(":") != 1 for item in value):
            raise ValueError("must name at least one strategy as module:factory")
        return value

    @field_validator("pyramid_fractions", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        parts = split_list(value)
        try:
            return tuple(Decimal(part) for part in parts)
        except (ArithmeticError, TypeError, ValueError):
            raise ValueError("must be shares like 0.4,0.3,0.3, separated by commas") from None

    @field_validator("pyramid_fractions")
    @classmethod
    def _shares(cls, value: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
        if not value or any(not 0 < share <= 1 for share in value) or sum(value) > 1:
            raise ValueError("must be shares above 0 that add up to 1 at most")
        return value

    @field_validator("strategy_slow")
    @classmethod
    def _strategy_slower_than_fast(cls, value: int, info: ValidationInfo) -> int:
        return above(value, info, "strategy_fast")
