"""How are plans sized and orders sent?"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from nexus.settings.group import Bps, Group


class TradingSettings(Group):
    """How plans are sized and orders are sent."""

    slippage_cap_bps: Bps = Decimal(50)
    """An entry is not sent when the price has moved further than this since the decision."""
    fees_max_round_trip_bps: Bps = Decimal(30)
    """A venue whose buying and selling costs more than this is refused."""
    entry_max_age_seconds: Annotated[int, Field(ge=5, le=3600)] = 60
    """An entry that could not be sent within this time is dropped."""
    exit_max_age_seconds: Annotated[int, Field(ge=5, le=86_400)] = 3600
    """An exit that could not be sent within this time is dropped, and said so."""
    notional_margin_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(5)
    """How far above the venue's minimum an order must be, so that what it buys can be sold."""
    stop_after_gap_seconds: Annotated[int, Field(ge=0, le=604_800)] = 300
    """After so long without a tick all is stopped: the database may be restored. 0: never."""
    resting_stops: bool = False
    """Whether a strategy's stop also rests at the exchange, where the exchange can hold one."""
    order_attempts: Annotated[int, Field(ge=1, le=5)] = 2
    """How often a plan may be tried when the exchange certainly did not take the order."""
    order_concurrency: Annotated[int, Field(ge=1, le=500)] = 50
    """Orders in flight per worker."""
    recv_window_ms: Annotated[int, Field(ge=1000, le=60_000)] = 5000
    """How long after its signature the exchange may still start an order."""
    weight_per_minute: Annotated[int, Field(ge=60, le=6000)] = 4800
    """Request weight a minute that one egress address may use, of Binance's 6,000."""
    paper_fee_bps: Bps = Decimal(10)
    """Paper accounts pay this fee."""
    paper_slippage_bps: Bps = Decimal(2)
    """Paper orders fill this much worse than the last price."""
