"""What does a test of the Binance adapter need at hand? Two people's keys and their orders."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from nexus.core.clock import to_ms
from nexus.exchanges.binance import Binance, CcxtRequests
from nexus.exchanges.binance_wire import BinanceWire
from nexus.exchanges.governor import Governor
from nexus.exchanges.protocol import (
    Account,
    Intent,
    Side,
)
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.settings import Settings
from tests.exchanges.venue import Venue, answer, filled

ACCEPTED = answer(200, filled())
ORDER = "POST /api/v3/order"
ALICE = Account(1, "binance", "default", key_version=1)
BOB = Account(2, "binance", "default", key_version=1)


def keys_of(*pairs: KeyPair) -> Mapping[int, LockedKey]:
    """Lock one key per account, by account id from 1 on."""
    return {
        number: LockedKey(1, lambda pair=pair: pair)  # type: ignore[misc]
        for number, pair in enumerate(pairs, start=1)
    }


KEYS = keys_of(KeyPair("alice-key", "alice-secret"), KeyPair("bob-key", "bob-secret"))


def adapter(
    url: str,
    keys: Mapping[int, LockedKey] = KEYS,
    *,
    per_minute: int = 10_000,
    timeout: float = 15,
    concurrency: int = 50,
) -> Binance:
    async def read(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        return keys

    governor = Governor(url, per_minute, memory=None)
    wire = BinanceWire(CcxtRequests(url), governor, "default", timeout)
    return Binance(wire, read, Settings(exchange_url=url, order_concurrency=concurrency))


def buy(client_id: str = "nx-1", account: Account = ALICE, **changes: object) -> Intent:
    intent = Intent(1, account, client_id, "BTC/USDT", Side.BUY, Decimal("0.002"), Decimal(50_000))
    return replace(intent, **changes)  # type: ignore[arg-type]


def stand_still(venue: Venue) -> datetime:
    """Stop the venue's clock, and say where."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    venue.says["GET /api/v3/time"] = answer(200, {"serverTime": to_ms(at)})
    return at


def refusal(code: int, message: str = "said") -> dict[str, object]:
    return {"code": code, "msg": message}
