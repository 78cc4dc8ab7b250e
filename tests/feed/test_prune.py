"""Does the feed forget what is too old, and only that?"""

from datetime import timedelta

from sqlalchemy import select

from nexus.core.clock import now, to_ms
from nexus.core.db import insert_rows
from nexus.feed.models import FeedItem
from nexus.feed.prune import prune_feed
from nexus.feed.write import first_id_at
from tests.scenes import Scene

DAYS = 30


async def remember(scene: Scene, *ages: timedelta) -> None:
    lines = [
        {"id": first_id_at(to_ms(at)) + number, "user_id": 1, "at": at, "facts": {}}
        for number, at in enumerate(now() - age for age in ages)
    ]
    async with scene.database.transaction() as tx:
        await tx.execute(*insert_rows(FeedItem, lines))


async def test_only_what_is_too_old_goes_in_whatever_batches(scene: Scene) -> None:
    a_minute = timedelta(minutes=1)
    limit = timedelta(days=DAYS)
    young = (limit - a_minute, a_minute, timedelta())
    old = tuple(limit + number * a_minute for number in range(1, 8))
    await remember(scene, *young, *old)
    assert await prune_feed(scene.database, DAYS, batch=3) == len(old)
    async with scene.database.transaction() as tx:
        left = (await tx.scalars(select(FeedItem.at))).all()
    assert sorted(now() - at for at in left) == sorted(young)
    assert await prune_feed(scene.database, DAYS, batch=3) == 0
