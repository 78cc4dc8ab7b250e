"""How much may one address ask, and one account order, before we say stop?

Weights are counted per IP in the minutes of the exchange's clock, orders per account. Over the
limit is 429; going on regardless is 418 and a ban that grows from two minutes to three days.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from nexus.simulator.errors import (
    banned,
    too_many_connections,
    too_many_orders,
    weight_exceeded,
)
from nexus.simulator.intervals import DAY, MINUTE, SECOND
from nexus.simulator.orders import Order

FIRST_BAN = 2 * MINUTE
LONGEST_BAN = 3 * DAY
ORDER_WINDOW = 10 * SECOND
# What opening a WebSocket costs.
CONNECT_WEIGHT = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers exchangeInfo announces. `patience` is how many 429s we answer before a ban."""

    weight: int = 6_000
    sapi_weight: int = 12_000
    raw_requests: int = 300_000
    orders_10s: int = 100
    orders_day: int = 200_000
    # WebSocket connections an address may open in five minutes.
    connects: int = 300
    patience: int = 10


@dataclass(slots=True)
class Window:
    """A counter that begins again with every period of the clock."""

    length: int
    start: int = 0
    used: int = 0
    # Everything ever added, for the statistics.
    total: int = 0

    def at(self, now: int) -> int:
        """Return what has been used in the period of `now`."""
        begins = now - now % self.length
        if begins != self.start:
            self.start, self.used = begins, 0
        return self.used

    def add(self, now: int, amount: int) -> None:
        self.used = max(self.at(now) + amount, 0)
        self.total += amount

    def seconds_left(self, now: int) -> int:
        return -(-(self.length - now % self.length) // SECOND)


def _minute() -> Window:
    return Window(MINUTE)


@dataclass(slots=True)
class Visitor:
    """What one IP address has used, and its bans."""

    api: Window = field(default_factory=_minute)
    sapi: Window = field(default_factory=_minute)
    raw: Window = field(default_factory=lambda: Window(5 * MINUTE))
    connects: Window = field(default_factory=lambda: Window(5 * MINUTE))
    refused: Window = field(default_factory=_minute)
    banned_until: int = 0
    next_ban: int = FIRST_BAN


class Governor:
    """Counts requests by address and orders by account, and refuses what is too much."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.visitors: defaultdict[str, Visitor] = defaultdict(Visitor)
        self._orders: defaultdict[int, tuple[Window, Window]] = defaultdict(
            lambda: (Window(ORDER_WINDOW), Window(DAY))
        )

    def admit(self, address: str, *, sapi: bool, weight: int, now: int) -> None:
        """Raise 418 or 429 when `weight` more is too much; nothing is charged here."""
        visitor = self.visitors[address]
        if now < visitor.banned_until:
            left = visitor.banned_until - now
            raise banned(visitor.banned_until, -(-left // SECOND))
        visitor.raw.add(now, 1)
        window, most = self._budget(visitor, sapi=sapi)
        over_weight = window.at(now) + weight > most
        if over_weight or visitor.raw.used > self.limits.raw_requests:
            self._refuse(address, window if over_weight else visitor.raw, most, now)

    def admit_connection(self, address: str, now: int) -> None:
        """Raise 418 or 429 when this address may not open a WebSocket now; otherwise weigh it."""
        self.admit(address, sapi=False, weight=CONNECT_WEIGHT, now=now)
        window = self.visitors[address].connects
        if window.at(now) >= self.limits.connects:
            raise too_many_connections(self.limits.connects, window.seconds_left(now))
        window.add(now, 1)
        self.charge(address, sapi=False, weight=CONNECT_WEIGHT, now=now)

    def ban(self, address: str, now: int, length: int | None = None) -> int:
        """Ban an address for `length` ms, or for as long as its record earns; returns until when.

        Every ban that was earned makes the next one twice as long, up to three days.
        """
        visitor = self.visitors[address]
        if length is None:
            length = visitor.next_ban
            visitor.next_ban = min(visitor.next_ban * 2, LONGEST_BAN)
        visitor.banned_until = now + length
        return visitor.banned_until

    def charge(self, address: str, *, sapi: bool, weight: int, now: int) -> None:
        window, _ = self._budget(self.visitors[address], sapi=sapi)
        window.add(now, weight)

    def used(self, address: str, *, sapi: bool, now: int) -> int:
        window, _ = self._budget(self.visitors[address], sapi=sapi)
        return window.at(now)

    def admit_order(self, uid: int, now: int) -> None:
        """Raise -1015 when the account has too many unfilled orders in a window."""
        short, day = self._orders[uid]
        if short.at(now) >= self.limits.orders_10s:
            raise too_many_orders(self.limits.orders_10s, "10 SECOND", short.seconds_left(now))
        if day.at(now) >= self.limits.orders_day:
            raise too_many_orders(self.limits.orders_day, "1 DAY", day.seconds_left(now))

    def count_order(self, uid: int, now: int) -> None:
        for window in self._orders[uid]:
            window.add(now, 1)

    def give_back(self, order: Order, now: int) -> None:
        """Take a filled order out of the count, once, where it is still being counted."""
        if not order.counted:
            return
        order.counted = False
        for window in self._orders[order.uid]:
            window.at(now)
            if order.created >= window.start:
                window.add(now, -1)

    def order_counts(self, uid: int, now: int) -> tuple[int, int]:
        """Return the unfilled orders of (the last ten seconds, today)."""
        short, day = self._orders[uid]
        return short.at(now), day.at(now)

    def _budget(self, visitor: Visitor, *, sapi: bool) -> tuple[Window, int]:
        if sapi:
            return visitor.sapi, self.limits.sapi_weight
        return visitor.api, self.limits.weight

    def _refuse(self, address: str, window: Window, most: int, now: int) -> None:
        visitor = self.visitors[address]
        visitor.refused.add(now, 1)
        if visitor.refused.used <= self.limits.patience:
            raise weight_exceeded(most, window.seconds_left(now))
        until = self.ban(address, now)
        refusal = banned(until, -(-(until - now) // SECOND))
        refusal.bans_until = until
        raise refusal
