"""The jobs that look after keys. They carry a row's id at most, and never a key."""

from typing import Any

from nexus.core.queue import job
from nexus.core.rounds import a_round
from nexus.exchanges import health, key_meter, take_drop
from nexus.exchanges.take_drop import KeyDesk


@job(timeout=55)
async def check_dropped_key(ctx: dict[str, Any], *, drop_id: str) -> None:
    """Check a key that somebody has just dropped."""
    desk: KeyDesk = ctx["key_desk"]
    await take_drop.check_drops(desk, drop_id)


@job(timeout=55)
async def check_drops(ctx: dict[str, Any]) -> None:
    """Check every dropped key that nobody is at: the ring for it was lost, or Binance was away."""
    desk: KeyDesk = ctx["key_desk"]
    await take_drop.check_drops(desk)


@job(timeout=55)
async def check_health(ctx: dict[str, Any]) -> None:
    """Ask the exchanges about the keys whose turn it is, and write down how many were opened."""
    desk: KeyDesk = ctx["key_desk"]
    async with a_round("check_health"):
        await health.check_health(desk)
    await key_meter.write_openings(desk.database, desk.exchanges.meter)
