"""What happened to an exchange account, for others to react to."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountNews:
    """Something about an account or its key that its owner should know: told once."""

    account_id: int
    user_id: int
    label: str
    good: bool
    title: str
    detail: str
    at: datetime
