"""How do we name the market, and what do we allow in it?"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from nexus.core.environment import above
from nexus.settings.group import Group, Listed, Percent


class RegimeSettings(Group):
    """How we name the market, and what we allow in it."""

    regime_fast: Annotated[int, Field(ge=2, le=400)] = 50
    """Candles in the fast average."""
    regime_slow: Annotated[int, Field(ge=3, le=450)] = 200
    """Candles in the slow average; fewer closed candles than this is an unknown regime."""
    regime_adx: Annotated[int, Field(ge=2, le=100)] = 14
    """Candles in the average directional index."""
    regime_adx_min: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(18)
    """Below this index there is no trend: sideways."""
    regime_adx_margin: Annotated[Decimal, Field(ge=0, le=50)] = Decimal(2)
    """A trend begins when the index is this much above that, so it does not flap around it."""
    regime_dwell_candles: Annotated[int, Field(ge=1, le=50)] = 2
    """Closed candles for which a regime must last before a trade may be entered in it."""
    regime_crash_drop_percent: Percent = Decimal(8)
    """The crash guard: a fall of this much..."""
    regime_crash_minutes: Annotated[int, Field(ge=1, le=10_080)] = 240
    """...from the highest price of so many minutes blocks entries at once."""
    gate_entry_regimes: Annotated[tuple[str, ...], NoDecode, Listed] = ("bullish",)
    """The regimes in which a trade may be entered or added to, separated by commas."""
    gate_allows_exits: bool = True
    """Whether reducing and leaving passes the gate in every regime."""
    gate_gap_candles: Annotated[int, Field(ge=0, le=100)] = 3
    """Closed candles that must follow a gap in the data before a trade may be entered."""
    gate_calm_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """Seconds for which all must have been well before a trade may be entered; a replay uses 0."""

    @field_validator("gate_entry_regimes")
    @classmethod
    def _regimes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= {"bullish", "sideways", "bearish"}:
            raise ValueError("may name bullish, sideways and bearish; unknown is always blocked")
        return value

    @field_validator("regime_slow")
    @classmethod
    def _regime_slower_than_fast(cls, value: int, info: ValidationInfo) -> int:
        return above(value, info, "regime_fast")
