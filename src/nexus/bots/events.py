"""What happened to a bot, for others to react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BotChanged:
    """A bot was made, started, paused or stopped."""

    bot_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class CloseRequested:
    """Somebody wants a bot to sell what it holds."""

    request_id: int
