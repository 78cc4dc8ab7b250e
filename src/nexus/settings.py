"""What can be configured? Every environment variable, typed, with its default and its meaning.

Small groups, one `Settings`: code that needs only the regime's numbers asks for
`RegimeSettings` and can be handed the whole. All mistakes are reported at once.
"""

import base64
import binascii
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from nexus.core.environment import above, example, sentences, split_list

TIMEFRAMES = {
    "1s": 1, "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800,
    "1h": 3600, "2h": 7200, "4h": 14400, "6h": 21600, "8h": 28800, "12h": 43200, "1d": 86400,
}  # fmt: skip
"""Binance's candle lengths that a strategy may use, in seconds."""

Listed = BeforeValidator(split_list)
Percent = Annotated[Decimal, Field(gt=0, le=100)]
Bps = Annotated[Decimal, Field(ge=0, le=10_000)]


class SettingsError(Exception):
    """The environment is wrong; the message lists every mistake, one a line."""


def _known_timeframe(value: str) -> str:
    if value not in TIMEFRAMES:
        allowed = ", ".join(TIMEFRAMES)
        raise ValueError(f"must be one of {allowed}")
    return value


class Group(BaseModel):
    """A few settings that belong together."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ProcessSettings(Group):
    """How the processes run."""

    environment: Literal["development", "test", "production"] = "development"
    """Where this runs. It is part of every order's client id: staging cannot collide."""
    database_url: str = ""
    """PostgreSQL 15 or newer. Empty: `nexus up` starts its own."""
    redis_url: str = ""
    """Redis 7 or newer, or Valkey. Empty: `nexus up` starts its own."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Connections to PostgreSQL per process."""
    base_url: str = "http://127.0.0.1:8000"
    """The address people reach the pages at; links and cookies use it, never the Host header."""
    host: str = "127.0.0.1"
    """The address the web process listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port the web process listens on."""
    assets: Literal["auto", "local", "cdn"] = "auto"
    """Where the front-end files come from: `auto` is local when the pinned bytes are there."""
    log_format: Literal["console", "json"] = "console"
    """How log lines look."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important line that is still written."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, Listed] = ()
    """Networks of the proxies whose word on the client's address we take, separated by commas."""
    demo_email: str = ""
    """Development only: the sign-in page shows this login. `nexus up` sets it."""
    demo_password: SecretStr = SecretStr("")
    """Development only: the password of that login."""
    session_secret: SecretStr = SecretStr("")
    """At least 32 characters; signs CSRF tokens. `nexus up` makes one for development."""
    key_encryption_key: SecretStr = SecretStr("")
    """32 bytes in base64; wraps the keys that encrypt exchange keys. No worker starts without."""

    @field_validator("database_url")
    @classmethod
    def _speak_psycopg(cls, value: str) -> str:
        for prefix in ("postgres://", "postgresql://"):
            if value.startswith(prefix):
                return "postgresql+psycopg://" + value.removeprefix(prefix)
        if value and not value.startswith("postgresql+psycopg://"):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _speak_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("base_url")
    @classmethod
    def _whole_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("session_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:  # noqa: PLR2004  said in the message
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("key_encryption_key")
    @classmethod
    def _thirty_two_bytes(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        try:
            length = len(base64.b64decode(text, validate=True))
        except binascii.Error:
            length = -1
        if text and length != 32:  # noqa: PLR2004  said in the message
            raise ValueError("must be 32 bytes in base64")
        return value


class MarketSettings(Group):
    """What we look at, and when we believe it."""

    symbols: Annotated[tuple[str, ...], NoDecode, Listed] = ("BTC/USDT", "ETH/USDT")
    """The symbols we trade, separated by commas."""
    timeframe: Annotated[str, AfterValidator(_known_timeframe)] = "1h"
    """The length of the candles strategies decide on."""
    tick_seconds: Annotated[int, Field(ge=5, le=30)] = 10
    """Seconds between two looks at the market."""
    exchange_url: str = "https://api.binance.com"
    """Where orders go, and the fallback for market data."""
    market_url: str = "https://data-api.binance.vision"
    """Where market data comes from first; needs no key."""
    market_history_candles: Annotated[int, Field(ge=50, le=1000)] = 500
    """How many closed candles a snapshot holds."""
    market_stale_seconds: Annotated[int, Field(ge=5, le=600)] = 45
    """A price older than this is stale: nothing trades on it."""
    market_spike_percent: Percent = Decimal(30)
    """A price this far from the one before is refused until it is seen twice."""

    @field_validator("exchange_url", "market_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("symbols")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for symbol in value:
            base, slash, quote = symbol.partition("/")
            if not (slash and base.isalnum() and quote.isalnum() and symbol == symbol.upper()):
                raise ValueError(f"{symbol!r} is not a symbol; write BTC/USDT,ETH/USDT")
        if len(set(value)) != len(value) or not 1 <= len(value) <= 20:  # noqa: PLR2004  Binance's weight step
            raise ValueError("must name 1 to 20 different symbols")
        return value

    @property
    def timeframe_seconds(self) -> int:
        """The candle's length in seconds."""
        return TIMEFRAMES[self.timeframe]


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


class Settings(
    ProcessSettings,
    MarketSettings,
    StrategySettings,
    RegimeSettings,
    TradingSettings,
    BaseSettings,
):
    """Everything, read from the environment."""

    model_config = SettingsConfigDict(
        use_attribute_docstrings=True, extra="ignore", frozen=True, env_ignore_empty=True
    )

    @field_validator("market_history_candles")
    @classmethod
    def _history_is_long_enough(cls, value: int, info: ValidationInfo) -> int:
        # Pydantic validates the last group first, so the averages are known by now.
        needed = max(
            info.data.get("strategy_slow", 0) + 1,
            info.data.get("strategy_atr", 0) + 1,
            info.data.get("regime_slow", 0),
            info.data.get("regime_adx", 0) * 2,
        )
        if value < needed:
            raise ValueError(f"must be at least {needed}, which the averages in use need")
        return value


def load_settings() -> Settings:
    """Read the environment; raise one SettingsError that names every mistake in it."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(sentences(error, Settings))) from None


def env_example() -> str:
    """Write `.env.example`: every variable with its meaning and its default."""
    groups = [group for group in Settings.__mro__ if Group in group.__bases__]
    head = "# Every setting of Nexus with its default. Nothing here is needed by `make run`.\n"
    return head + "".join(example(group) for group in groups)
