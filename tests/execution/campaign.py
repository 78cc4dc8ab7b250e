"""What can become of orders? A scene in which nearly all of it has happened, in some minutes."""

from nexus.bots.close import request_close
from nexus.bots.models import Bot
from nexus.exchanges.protocol import VenueStatus
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import (
    fill,
    lose_answer,
    refuse_for_now,
    reject,
    take,
)

ENTRIES = (
    fill(),
    take(VenueStatus.CANCELED, "0.5"),
    take(VenueStatus.NEW),
    lose_answer(placed=True),
    lose_answer(placed=False),
    reject(),
    refuse_for_now(retry_after=5),
    take(VenueStatus.EXPIRED),
    fill(),
    fill(),
)
"""What becomes of the entries of ten bots, in turn."""


async def run_campaign(scene: Scene) -> list[int]:
    """Let ten bots enter, add and leave while nearly everything happens; give their ids."""
    bots = [await scene.bot() for _ in ENTRIES]
    scene.exchange.next_orders(*ENTRIES)
    await scene.place(await scene.enter())
    new = scene.exchange.received[2].client_order_id
    scene.passes(seconds=8)
    await scene.market()
    await scene.sweep()  # The one that was refused for now is sent again, and filled.
    scene.exchange.moves_on(new, VenueStatus.FILLED)
    for _ in range(6):
        scene.passes(seconds=190)
        await scene.ask()
    await scene.change(Bot, bots[8], status="paused")  # Its share of the layer is refused.
    await scene.market()
    plans = await scene.lead(Action.ADD, "0.7")
    await scene.change(Bot, bots[9], status="paused")
    await scene.place(plans)
    scene.passes(seconds=1)
    await _close(scene, bots[0])
    scene.passes(hours=1)
    await scene.place(await scene.leave())
    scene.passes(hours=1)
    plans = await scene.enter()
    await scene.place(plans[:2])
    await _close(scene, bots[4], while_it_waits=True)
    scene.passes(hours=30)  # What still waits is too old by now.
    await scene.sweep()
    await scene.ask()
    return bots


async def _close(scene: Scene, bot: int, *, while_it_waits: bool = False) -> None:
    async with scene.database.transaction() as tx:
        await request_close(tx, bot, by="test", idempotency_key=f"{bot}/{while_it_waits}")
    await scene.sweep()
