"""How many orders may one account still place? As the exchange counts them, in its own answers.

Its limits are per account, not per address: one account that reaches its own must keep nobody
else waiting, and sending on regardless would only earn refusals.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nexus.core.clock import now, to_ms

WINDOWS_MS = {"10S": 10_000, "1D": 86_400_000}
"""The windows Binance counts orders in, as its headers name them."""
INTERVALS = {("SECOND", 10): "10S", ("DAY", 1): "1D"}


class OrderCounts:
    """What the exchange last said of each account's orders, and the limits it announced."""

    def __init__(self) -> None:
        self.limits: dict[str, int] = {}
        self._full_until_ms: dict[int, int] = {}

    def learn_limits(self, rate_limits: Iterable[Mapping[str, Any]]) -> None:
        """Take the limits from `exchangeInfo`; before, nothing is held back."""
        for limit in rate_limits:
            window = INTERVALS.get((str(limit.get("interval")), limit.get("intervalNum", 0)))
            if limit.get("rateLimitType") == "ORDERS" and window:
                self.limits[window] = int(limit["limit"])

    def hear(self, account_id: int, headers: Mapping[str, str]) -> None:
        """Note what an answer to an order says of its account."""
        at = to_ms(now())
        for window, length in WINDOWS_MS.items():
            count = headers.get(f"X-MBX-ORDER-COUNT-{window}", "")
            if count.isdecimal() and int(count) >= self.limits.get(window, int(count) + 1):
                ends = at - at % length + length
                self._full_until_ms[account_id] = max(ends, self._full_until_ms.get(account_id, 0))

    def wait_seconds(self, account_id: int) -> float:
        """Say how long this account must wait; 0 when it need not."""
        ends = self._full_until_ms.get(account_id)
        if ends is None:
            return 0
        left = ends - to_ms(now())
        if left <= 0:
            del self._full_until_ms[account_id]
        return max(0, left) / 1000
