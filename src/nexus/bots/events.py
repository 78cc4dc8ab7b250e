"""What happened to a bot, for others to react to."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BotChanged:
    """A bot was made, started, paused or stopped."""

    bot_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class CloseRequested:
    """Somebody wants a bot to sell what it holds."""

    request_id: int


@dataclass(frozen=True, slots=True)
class BotsStopped:
    """Bots were stopped at once: by their owner (`pause`, `stop`, `close`), or a limit of theirs.

    A limit is named instead: `day_loss`, `drawdown`.
    """

    user_id: int
    meaning: str
    bots: int
    """How many this changed."""
    at: datetime
