"""What does a test of the Binance adapter need at hand? Two people's keys and their orders."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from nexus.core.clock import now, to_ms
from nexus.exchanges.binance import Binance
from nexus.exchanges.binance_wire import silence
from nexus.exchanges.egress import Egress
from nexus.exchanges.governor import Governor, SharedMemory
from nexus.exchanges.guard import Reserved
from nexus.exchanges.last_look import Look, nothing_forbids
from nexus.exchanges.protocol import Account, Intent, NotPlaced, Side
from nexus.exchanges.sign import BinanceRequests
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Wire
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


class FreeHand:
    """A guard that allows everything but junk, and notes what was counted and taken back."""

    def __init__(self, look: Look = nothing_forbids) -> None:
        self.look = look
        self.counted: list[Reserved] = []
        self.released: list[Reserved] = []

    async def reserve(
        self, _venue: str, intents: Sequence[Intent]
    ) -> Sequence[Reserved | NotPlaced]:
        answers = [self._answer(intent) for intent in intents]
        self.counted += [answer for answer in answers if isinstance(answer, Reserved)]
        return answers

    async def release(self, unplaced: Sequence[Reserved]) -> None:
        self.released += unplaced

    async def forbidden(self, intents: Sequence[Intent]) -> Mapping[int, str]:
        return await self.look(intents)

    def _answer(self, intent: Intent) -> Reserved | NotPlaced:
        if intent.symbol.startswith("JUNK"):
            return NotPlaced(0, "NOT_LISTED", final=True)
        amount = intent.quantity * intent.reference_price
        return Reserved(intent.account.id, "USDT", now().date(), amount)


def wire_to(
    url: str,
    *,
    per_minute: int = 10_000,
    timeout: float = 15,
    egress: Egress | None = None,
    memory: SharedMemory | None = None,
) -> Wire:
    """Open a wire to one address."""
    egress = egress or Egress("default")
    governor = Governor(f"{url}/{egress.name}", per_minute, memory)
    return Wire(BinanceRequests(url), governor, egress, silence, timeout)


def adapter(
    url: str,
    keys: Mapping[int, LockedKey] = KEYS,
    *,
    per_minute: int = 10_000,
    timeout: float = 15,
    concurrency: int = 50,
    look: Look = nothing_forbids,
) -> Binance:
    async def read(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        return keys

    wire = wire_to(url, per_minute=per_minute, timeout=timeout)
    settings = Settings(exchange_url=url, order_concurrency=concurrency)
    return Binance([wire], read, FreeHand(look), settings)


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
