"""Does what our people do to an account reach what that person runs?"""

from nexus.accounts.sessions import Person
from nexus.admin.act import disable
from nexus.bots.models import Bot
from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.admin.rooms import WHY, entries
from tests.scenes import AT, Scene


def admin(user_id: int) -> Person:
    return Person(
        id=user_id, email="carol@example.com", display_name="Carol", session_id=1, role="admin",
        email_verified=True, has_second_factor=True, proven_at=AT, delete_after=None,
    )  # fmt: skip


async def test_disabled_buys_nothing_more(database: Database) -> None:
    hands = SetClock(AT)
    with use(hands):
        scene = Scene(database, hands)
        carol, alice, bob = [await scene.person() for _ in range(3)]
        for person in (alice, bob):
            for status in ("running", "closing", "stopped"):
                await scene.bot(await scene.account(person), status=status)
        async with database.transaction() as tx:
            await disable(tx, admin(carol), alice, reason=WHY, network="here")

    bots = [(bot.user_id, bot.status, bot.status_by) for bot in await scene.rows(Bot)]
    assert bots[0] == (alice, "paused", f"user:{carol}")
    untouched = ["closing", "stopped", "running", "closing", "stopped"]
    assert [status for _, status, _ in bots[1:]] == untouched
    (entry,) = await entries(database, "bots_paused")
    assert (entry.user_id, entry.actor_id) == (alice, carol)
