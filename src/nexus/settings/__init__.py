"""What can be configured? Every environment variable, typed, with its default and its meaning.

Small groups, one `Settings`: code that needs only the regime's numbers asks for
`RegimeSettings` and can be handed the whole. All mistakes are reported at once.
"""

from pydantic import ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from nexus.core.environment import example, sentences
from nexus.settings.exchanges import ExchangeSettings
from nexus.settings.group import Group
from nexus.settings.market import TIMEFRAMES, MarketSettings
from nexus.settings.openid import OpenIdSettings
from nexus.settings.process import ProcessSettings
from nexus.settings.push import PushSettings
from nexus.settings.regime import RegimeSettings
from nexus.settings.strategy import StrategySettings
from nexus.settings.trading import TradingSettings

__all__ = [
    "TIMEFRAMES",
    "ExchangeSettings",
    "Group",
    "MarketSettings",
    "OpenIdSettings",
    "ProcessSettings",
    "PushSettings",
    "RegimeSettings",
    "Settings",
    "SettingsError",
    "StrategySettings",
    "TradingSettings",
    "env_example",
    "load_settings",
]


class SettingsError(Exception):
    """The environment is wrong; the message lists every mistake, one a line."""


class Settings(
    ProcessSettings,
    MarketSettings,
    StrategySettings,
    RegimeSettings,
    TradingSettings,
    ExchangeSettings,
    OpenIdSettings,
    PushSettings,
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
        lasting = info.data.get("regime_dwell_candles", 1) - 1
        needed = max(
            info.data.get("strategy_slow", 0) + 1,
            info.data.get("strategy_atr", 0) + 1,
            info.data.get("regime_slow", 0) + lasting,
            info.data.get("regime_adx", 0) * 2 + lasting,
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
