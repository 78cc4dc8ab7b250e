"""Who is left alone for a while after being refused, and when is the next try?"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from nexus.exchanges.protocol import Account

LONGEST_PAUSE_SECONDS = 30
SOONEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when (monotonic), and of which key: a new one need not wait."""

    key_version: int
    until_seconds: float


class Rests:
    """The accounts that are left alone."""

    def __init__(self) -> None:
        self._rests: dict[int, Rest] = {}

    def begin(self, account: Account, rest_seconds: float) -> None:
        """Leave an account alone for so long."""
        self._rests[account.id] = Rest(account.key_version, monotonic() + rest_seconds)

    def end(self, account: Account) -> None:
        """Forget that an account was left alone."""
        self._rests.pop(account.id, None)

    def may_try(self, account: Account) -> bool:
        """Say whether an account may be tried now."""
        rest = self._rests.get(account.id)
        return (
            rest is None
            or rest.key_version != account.key_version
            or monotonic() >= rest.until_seconds
        )

    def shortest_seconds(self, accounts: Iterable[Account]) -> float | None:
        """Say in how many seconds the first of these may be tried; None when nobody rests."""
        ends = [self._rests[one.id].until_seconds for one in accounts if one.id in self._rests]
        return max(SOONEST_SECONDS, min(ends) - monotonic()) if ends else None


def pause_seconds(failures: int) -> float:
    """Say how long to wait before the next connection: a second at most, then ever longer.

    Anything up to that, by chance: thousands that were cut together must not come together.
    """
    most = min(LONGEST_PAUSE_SECONDS, 2 ** min(10, max(0, failures - 1)))
    return secrets.randbelow(1000 * most) / 1000
