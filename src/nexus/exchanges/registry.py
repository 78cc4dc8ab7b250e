"""Which venues are there? Builds every adapter of this process from the settings."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog

from nexus.core.db import Database
from nexus.exchanges import binance_wire, okx_outcome
from nexus.exchanges.binance import Binance
from nexus.exchanges.binance_market import BinanceMarket
from nexus.exchanges.check_key import KeyChecker
from nexus.exchanges.egress import DEFAULT, Egress, read_egresses
from nexus.exchanges.errors import VenueRefusedError
from nexus.exchanges.fees import check_fees
from nexus.exchanges.governor import EgressState, Governor, SharedMemory, Shares
from nexus.exchanges.guard import SpendingGuard
from nexus.exchanges.key_meter import KeyMeter
from nexus.exchanges.last_look import Look, nothing_forbids
from nexus.exchanges.market_data import MarketSource
from nexus.exchanges.okx import Okx
from nexus.exchanges.paper import Paper, Prices
from nexus.exchanges.protocol import Exchange
from nexus.exchanges.sign import BinanceRequests, OkxRequests
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.wire import Wire
from nexus.settings import Settings, TradingSettings

log = structlog.get_logger()

OKX_REQUESTS_A_MINUTE = 300
"""Public questions one address may ask of OKX: half of the strictest limit, 20 in two seconds."""
MARKET_TIMEOUT_SECONDS = 4
"""A source that has not answered by now is away: the look must go on to the next one."""


class Exchanges:
    """The adapters, by venue."""

    def __init__(
        self,
        adapters: Mapping[str, Exchange],
        settings: TradingSettings,
        meter: KeyMeter | None = None,
    ) -> None:
        self.adapters = adapters
        self.settings = settings
        self.meter = meter or KeyMeter()
        """Counts the keys that these adapters open."""

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
        self.for_new_account(venue)
        return self.existing_checker(venue)

    def existing_checker(self, venue: str) -> KeyChecker:
        """Give it for an account that is there already, whatever the venue costs by now."""
        adapter: object = self.adapters.get(venue)
        if not isinstance(adapter, KeyChecker):
            raise VenueRefusedError(f"{venue} knows no keys.")
        return adapter

    async def close(self) -> None:
        """Let every connection go."""
        for adapter in self.adapters.values():
            await adapter.close()


def open_exchanges(
    settings: Settings,
    database: Database,
    redis: SharedMemory | None,
    prices: Prices,
    look: Look = nothing_forbids,
) -> Exchanges:
    """Build the adapters of every venue. Connections open when they are first used.

    `look` says which orders may not go any more when their turn has come.
    """
    _warn_of_quotes(settings)
    meter = KeyMeter()
    keys, guard = KeyRing(database, settings, meter), SpendingGuard(database, settings, look)
    adapters: dict[str, Exchange] = {
        "binance": Binance(_wires(_binance_wire, settings, redis), keys.read, guard, settings),
        "paper": Paper(database, settings, prices),
    }
    if settings.okx_url:
        adapters["okx"] = Okx(_wires(_okx_wire, settings, redis), keys.read, guard, settings)
    return Exchanges(adapters, settings, meter)


def open_market_sources(settings: Settings, redis: SharedMemory | None) -> list[MarketSource]:
    """Build the sources of market data, in order of trust: the primary, then the fallback."""
    egress = read_egresses(settings)[DEFAULT]
    return [
        BinanceMarket(
            Wire(
                BinanceRequests(url),
                _governor(url, settings, redis, egress),
                egress,
                binance_wire.silence,
                MARKET_TIMEOUT_SECONDS,
            ),
            _host(url),
        )
        for url in dict.fromkeys((settings.market_url, settings.exchange_url))
    ]


async def read_egress_states(settings: Settings, redis: SharedMemory | None) -> list[EgressState]:
    """Say how much each address has used at each exchange, and why one must wait."""
    urls = (settings.exchange_url, settings.market_url, settings.okx_url)
    ways = read_egresses(settings).values()
    governors = [
        _governor(url, settings, redis, egress)
        for url in dict.fromkeys(filter(None, urls))
        for egress in ways
        # Market data leaves by one address only, as everybody shares it.
        if egress.name == DEFAULT or url != settings.market_url or url == settings.exchange_url
    ]
    return [await governor.state() for governor in governors]


def _warn_of_quotes(settings: Settings) -> None:
    """Say at the start which symbols the guard will refuse, not only when one is to be bought."""
    limited = settings.liquidity_floors.keys() & settings.daily_notional_caps.keys()
    for symbol in settings.symbols:
        if (quote := symbol.partition("/")[2]) not in limited:
            why = f"name {quote} in LIQUIDITY_FLOORS and in DAILY_NOTIONAL_CAPS"
            log.warning("symbol_is_never_bought", symbol=symbol, why=why)


OpenWire = Callable[[Settings, SharedMemory | None, Egress], Wire]


def _wires(open_wire: OpenWire, settings: Settings, redis: SharedMemory | None) -> list[Wire]:
    return [open_wire(settings, redis, egress) for egress in read_egresses(settings).values()]


def _binance_wire(settings: Settings, redis: SharedMemory | None, egress: Egress) -> Wire:
    url = settings.exchange_url
    governor = _governor(url, settings, redis, egress)
    return Wire(BinanceRequests(url), governor, egress, binance_wire.silence)


def _okx_wire(settings: Settings, redis: SharedMemory | None, egress: Egress) -> Wire:
    url = settings.okx_url
    return Wire(
        OkxRequests(url), _governor(url, settings, redis, egress), egress, okx_outcome.silence
    )


def _governor(url: str, settings: Settings, redis: SharedMemory | None, egress: Egress) -> Governor:
    """Open the one budget of an egress at an address; whoever names both the same shares it."""
    of_okx = url == settings.okx_url
    per_minute = OKX_REQUESTS_A_MINUTE if of_okx else settings.weight_per_minute
    shares = Shares(settings.weight_exits_percent, settings.weight_alone_percent)
    return Governor(f"{_host(url)}/{egress.name}", per_minute, redis, shares)


def _host(url: str) -> str:
    return urlsplit(url).netloc
