"""How much may the slow rounds ask? A set share of each address's budget, over all workers.

The share is a budget of its own beside the address's: what the rounds ask is counted in both, so
orders and prices never find that a reconcile has used up what they need.
"""

from collections.abc import Mapping
from typing import Protocol

from nexus.exchanges.governor import Governor, SharedMemory, Shares
from nexus.exchanges.protocol import Account, Exchange
from nexus.exchanges.signed_venue import SignedVenue

ALL_OF_IT = 0
"""Nothing is kept for exits here: they do not pass this way."""


class Share(Protocol):
    """Whoever says whether a slow round may ask more."""

    async def admits(self, account: Account, weight: int) -> bool:
        """Count `weight` for the address of `account`; False when its share is used up."""
        ...


class SlowShare:
    """The share of every address of every venue that has one."""

    def __init__(
        self, adapters: Mapping[str, Exchange], memory: SharedMemory | None, percent: int
    ) -> None:
        self._governors = {
            (venue, egress): _part(lane.wire.governor, memory, percent)
            for venue, adapter in adapters.items()
            if isinstance(adapter, SignedVenue)
            for egress, lane in adapter.lanes.items()
        }

    async def admits(self, account: Account, weight: int) -> bool:
        """Count `weight` for the address of `account`; False when its share is used up.

        A venue that counts nothing by address is always ready.
        """
        governor = self._governors.get((account.venue, account.egress))
        if governor is None:
            return True
        state = await governor.state()
        # Asked first, because a refused `take` is said aloud, and being refused is normal here.
        if state.used + weight > governor.per_minute:
            return False
        return bool((await governor.take(1, weight, exits=True)).requests)


def _part(whole: Governor, memory: SharedMemory | None, percent: int) -> Governor:
    share = whole.per_minute * percent // 100
    return Governor(f"{whole.name}/slow", share, memory, Shares(ALL_OF_IT, whole.shares.alone))
