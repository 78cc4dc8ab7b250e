"""Does a venue cost more than the strategies can bear? Refuses it with the sum, in words.

Published fees are checked when a venue is offered, measured ones when an account is connected:
what this very account pays may be more, or less, than what is printed. An account that is there
already keeps its adapter, because what it holds must stay sellable.
"""

from decimal import Decimal
from typing import Protocol, runtime_checkable

from nexus.exchanges.egress import DEFAULT
from nexus.exchanges.errors import VenueRefusedError
from nexus.exchanges.protocol import Capabilities
from nexus.exchanges.vault import KeyPair
from nexus.settings import TradingSettings


@runtime_checkable
class FeeMeter(Protocol):
    """A venue that says what the owner of a key really pays."""

    capabilities: Capabilities

    async def round_trip_bps(self, pair: KeyPair, symbol: str, egress: str = DEFAULT) -> Decimal:
        """Ask what buying and selling once costs, in bps. Raises ExchangeAwayError."""
        ...


def check_fees(venue: Capabilities, settings: TradingSettings) -> None:
    """Refuse a venue by its published fees. Raises VenueRefusedError with the sum."""
    allowed = settings.fees_max_round_trip_bps
    if venue.round_trip_bps > allowed:
        fee = _plain(venue.taker_fee_bps)
        raise VenueRefusedError(
            f"{venue.venue} takes {fee} bps to buy and {fee} bps to sell: {fee} + {fee} ="
            f" {_plain(venue.round_trip_bps)} bps, and FEES_MAX_ROUND_TRIP_BPS allows"
            f" {_plain(allowed)}. Choose a cheaper venue, or raise the budget if the strategy can"
            " bear it."
        )


async def check_account_fees(
    exchange: object, pair: KeyPair, symbol: str, settings: TradingSettings, egress: str = DEFAULT
) -> Decimal | None:
    """Refuse an account that pays too much itself; gives its round trip, None if it cannot tell.

    Raises VenueRefusedError with the sum, and ExchangeAwayError.
    """
    if not isinstance(exchange, FeeMeter):
        return None
    measured, allowed = (
        await exchange.round_trip_bps(pair, symbol, egress),
        settings.fees_max_round_trip_bps,
    )
    if measured > allowed:
        published = exchange.capabilities.round_trip_bps
        raise VenueRefusedError(
            f"This account pays {_plain(measured)} bps at {exchange.capabilities.venue} to buy and"
            f" sell {symbol} once ({_plain(published)} are published), and"
            f" FEES_MAX_ROUND_TRIP_BPS allows {_plain(allowed)}. Use an account with lower fees."
        )
    return measured


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
