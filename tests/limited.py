"""Who has limits in tests? People of a scene, by the very act of their settings page."""

from typing import Any

from nexus.bots.limits import Limits
from nexus.bots.set_limits import set_limits
from tests.scenes import Scene


async def limit(scene: Scene, user_id: int, **limits: Any) -> None:
    """Set a person's limits, and take all others away."""
    async with scene.database.transaction() as tx:
        assert await set_limits(tx, user_id, Limits(**limits), proven=True, network="")


async def owner_of(scene: Scene, bot_id: int) -> int:
    return (await scene.the_bot(bot_id)).user_id


async def bots_of_one(scene: Scene, count: int, venue: str = "scripted") -> tuple[int, list[int]]:
    """Give a person with an account for each of their bots: the person, and the bots."""
    person = await scene.person()
    return person, [await scene.bot(await scene.account(person, venue=venue)) for _ in range(count)]
