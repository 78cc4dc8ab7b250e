"""Who trades here, with which key, and what do they have?"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from nexus.simulator.orders import ZERO, Order

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
FIRST_UID = 350_000_001


def _balances() -> defaultdict[str, Decimal]:
    return defaultdict(lambda: ZERO)


@dataclass(slots=True)
class Account:
    """One customer of the exchange, with the HMAC key it was opened with; `keys.py` knows more."""

    uid: int
    key: str
    secret: str
    created: int
    free: defaultdict[str, Decimal] = field(default_factory=_balances)
    locked: defaultdict[str, Decimal] = field(default_factory=_balances)
    orders: list[Order] = field(default_factory=list)
    open_orders: dict[int, Order] = field(default_factory=dict)
    updated: int = 0
    # What `GET account` says; the exchange itself can stop an account from trading.
    can_trade: bool = True
    kind: str = "SPOT"
    # The newest order of every (symbol, client id): one may be used again after a fill.
    named: dict[tuple[str, str], Order] = field(default_factory=dict)

    def has_open_client_id(self, client_id: str) -> bool:
        return any(order.client_id == client_id for order in self.open_orders.values())


def make_account(seed: int, number: int, created: int) -> Account:
    """Account `number` (from 0) of a seed: the same seed always gives the same keys."""
    return Account(
        uid=FIRST_UID + number,
        key=make_token(seed, number, "key"),
        secret=make_token(seed, number, "secret"),
        created=created,
        updated=created,
    )


def make_token(seed: int, number: int, purpose: str) -> str:
    """64 letters and digits, like Binance's; derived, because a simulator guards no money."""
    digest = hashlib.sha512(f"{seed}/{number}/{purpose}".encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
