"""Is everything that was set of use, the hosted strategies included?

The settings alone cannot know it: what a strategy is stands above them. Whoever runs strategies
asks here, so that one start tells all the mistakes.
"""

import os

from nexus.core.environment import split_list
from nexus.settings import Settings, SettingsError, load_settings
from nexus.strategy.border import StrategyError, load_strategies, unknown_strategies


def load_checked_settings() -> Settings:
    """Read the environment; raise one SettingsError that names every mistake, strategies' too."""
    try:
        settings = load_settings()
    except SettingsError as error:
        unknown = unknown_strategies(_named_in_environment())
        raise SettingsError("\n".join([str(error), *unknown])) from None
    if unknown := unknown_strategies(settings.strategies):
        raise SettingsError("\n".join(unknown))
    try:
        load_strategies(settings.strategies, settings)
    except StrategyError as error:
        raise SettingsError(str(error)) from error
    return settings


def _named_in_environment() -> list[str]:
    """Give what looks like `module:factory`; of anything else the settings have told already."""
    named: list[str] = split_list(os.environ.get("STRATEGIES", ""))
    return [path for path in named if path.count(":") == 1]
