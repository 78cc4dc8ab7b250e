"""Does every bot hold what its fills say? Works each holding out anew, from the first fill on."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select

from nexus.bots.hold import Execution, Held, after_fill
from nexus.bots.models import Bot, Holding
from nexus.core.db import Transaction, among
from nexus.execution.models import FillRow

AT_ONCE = 200
ROUNDING = Decimal("1e-8")
"""Average cost is a division, and is rounded to twelve places whenever it is kept."""


async def check_holdings(tx: Transaction) -> AsyncIterator[tuple[int, list[str]]]:
    """Give for each batch of bots how many holdings were compared, and what differs."""
    last = 0
    while True:
        batch = select(Bot.id).where(Bot.id > last).order_by(Bot.id).limit(AT_ONCE)
        bots = (await tx.scalars(batch)).all()
        if not bots:
            return
        last = bots[-1]
        kept = await _kept(tx, bots)
        told = await _told(tx, bots)
        yield len(kept), [sentence for bot in bots for sentence in _check(bot, kept, told)]


async def _kept(tx: Transaction, bots: Sequence[int]) -> Mapping[int, Held]:
    rows = await tx.execute(
        select(Holding.bot_id, Holding.quantity, Holding.cost, Holding.realised).where(
            among(Holding.bot_id, bots)
        )
    )
    return {row[0]: Held(*row[1:]) for row in rows}


async def _told(tx: Transaction, bots: Sequence[int]) -> Mapping[int, Held]:
    """Work out what the bots hold; a bot's fills come one after another, not all at once."""
    fills = (
        select(FillRow)
        .where(among(FillRow.bot_id, bots))
        .order_by(FillRow.bot_id, FillRow.id)
        .execution_options(yield_per=1000)
    )
    held: dict[int, Held] = {}
    async for fill in await tx.stream_scalars(fills):
        base, _, quote = fill.symbol.partition("/")
        execution = Execution(
            fill.side == "buy", fill.price, fill.quantity, fill.fee, fill.fee_asset, fill.at
        )
        held[fill.bot_id] = after_fill(held.get(fill.bot_id, Held()), execution, base, quote)
        tx.expunge(fill)
    return held


def _check(bot: int, kept: Mapping[int, Held], told: Mapping[int, Held]) -> Iterator[str]:
    if bot not in kept:
        if bot in told:
            yield f"Holding of bot {bot}: it is missing, and its fills say it was made."
        return
    for name, is_, should_be, most in _pairs(kept[bot], told.get(bot, Held())):
        if abs(is_ - should_be) > most:
            yield f"Holding of bot {bot}: its {name} is {is_:f}, its fills say {should_be:f}."


def _pairs(kept: Held, told: Held) -> Iterable[tuple[str, Decimal, Decimal, Decimal]]:
    return (
        ("quantity", kept.quantity, told.quantity, Decimal(0)),
        ("cost", kept.cost, told.cost, ROUNDING),
        ("realised", kept.realised, told.realised, ROUNDING),
    )
