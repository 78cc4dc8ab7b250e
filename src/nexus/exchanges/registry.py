"""Which venues are there? Builds every adapter of this process from the settings."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from nexus.core.db import Database
from nexus.exchanges.binance import Binance, CcxtRequests
from nexus.exchanges.binance_market import BinanceMarket
from nexus.exchanges.binance_wire import BinanceWire
from nexus.exchanges.connect import KeyChecker
from nexus.exchanges.errors import VenueRefusedError
from nexus.exchanges.governor import Governor, SharedMemory
from nexus.exchanges.market_data import MarketSource
from nexus.exchanges.paper import Paper, Prices
from nexus.exchanges.protocol import Capabilities, Exchange
from nexus.exchanges.unlock import KeyRing
from nexus.settings import Settings, TradingSettings

EGRESS = "default"
"""The one address we leave by; accounts are pinned to one by name."""


class Exchanges:
    """The adapters, by venue."""

    def __init__(self, adapters: Mapping[str, Exchange], settings: TradingSettings) -> None:
        self.adapters = adapters
        self.settings = settings

    def __getitem__(self, venue: str) -> Exchange:
        """Give the adapter of `venue`; KeyError when there is no such venue."""
        return self.adapters[venue]

    def for_new_account(self, venue: str) -> Exchange:
        """Give the adapter for an account that is to be connected.

        Raises VenueRefusedError when the venue is unknown or costs too much. Accounts that are
        already there keep their adapter: what they hold must stay sellable.
        """
        if venue not in self.adapters:
            known = ", ".join(sorted(self.adapters))
            raise VenueRefusedError(f"There is no venue {venue!r}. Choose one of: {known}.")
        check_fees(self.adapters[venue].capabilities, self.settings)
        return self.adapters[venue]

    def key_checker(self, venue: str) -> KeyChecker:
        """Give what says what a key may do at `venue`. Raises VenueRefusedError."""
        adapter = self.for_new_account(venue)
        if not isinstance(adapter, KeyChecker):
            raise VenueRefusedError(f"{venue} knows no keys.")
        return adapter

    async def close(self) -> None:
        """Let every connection go."""
        for adapter in self.adapters.values():
            await adapter.close()


def check_fees(venue: Capabilities, settings: TradingSettings) -> None:
    """Refuse a venue that costs more than the strategies' budget; the message has the sum."""
    allowed = settings.fees_max_round_trip_bps
    if venue.round_trip_bps > allowed:
        raise VenueRefusedError(
            f"{venue.venue} takes {venue.taker_fee_bps} bps to buy and {venue.taker_fee_bps} bps"
            f" to sell: {venue.taker_fee_bps} + {venue.taker_fee_bps} = {venue.round_trip_bps}"
            f" bps, and FEES_MAX_ROUND_TRIP_BPS allows {allowed}."
            " Choose a cheaper venue, or raise the budget if the strategy can bear it."
        )


def open_exchanges(
    settings: Settings, database: Database, redis: SharedMemory | None, prices: Prices
) -> Exchanges:
    """Build the adapters of every venue. Connections open when they are first used."""
    keys = KeyRing(database, settings)
    adapters: dict[str, Exchange] = {
        "binance": Binance(_wire(settings.exchange_url, settings, redis), keys.read, settings),
        "paper": Paper(database, settings, prices),
    }
    return Exchanges(adapters, settings)


def open_market_sources(settings: Settings, redis: SharedMemory | None) -> list[MarketSource]:
    """Build the sources of market data, in order of trust: the primary, then the fallback."""
    addresses = dict.fromkeys((settings.market_url, settings.exchange_url))
    return [BinanceMarket(_wire(url, settings, redis), _host(url)) for url in addresses]


def _wire(url: str, settings: TradingSettings, redis: SharedMemory | None) -> BinanceWire:
    governor = Governor(f"{_host(url)}/{EGRESS}", settings.weight_per_minute, redis)
    return BinanceWire(CcxtRequests(url.rstrip("/")), governor, EGRESS)


def _host(url: str) -> str:
    return urlsplit(url).netloc
