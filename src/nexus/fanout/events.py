"""What happened to plans, for others to react to."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PlanRefused:
    """A plan will not become an order: we denied it, or it grew too old."""

    plan_id: int
    bot_id: int
    user_id: int
    symbol: str
    side: str
    action: str
    reason: str
    at: datetime
