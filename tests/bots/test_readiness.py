"""Is each thing that must be so before real money asked for by itself?"""

from decimal import Decimal
from typing import Any

import pytest

from nexus.accounts.sessions import Person
from nexus.bots.readiness import checks_of
from nexus.exchanges.models import ExchangeAccount
from tests.limited import limit
from tests.scenes import Scene


def somebody(user_id: int, **changes: Any) -> Person:
    values: dict[str, Any] = {
        "id": user_id, "email": "a@example.com", "display_name": "", "session_id": 1,
        "role": "trader", "email_verified": False, "has_second_factor": False,
        "proven_at": None, "delete_after": None, **changes,
    }  # fmt: skip
    return Person(**values)


async def done(scene: Scene, person: Person, *, demo: bool = False) -> set[str]:
    async with scene.database.transaction() as tx:
        return {check.name for check in await checks_of(tx, person, demo=demo) if check.done}


async def test_at_first_nothing_is_done(scene: Scene) -> None:
    user = await scene.person()
    await scene.account(user, venue="paper")
    assert await done(scene, somebody(user)) == set()


async def test_who_somebody_is_counts(scene: Scene) -> None:
    user = await scene.person()
    assert await done(scene, somebody(user, email_verified=True)) == {"verified"}
    assert await done(scene, somebody(user, has_second_factor=True)) == {"factor"}
    assert await done(scene, somebody(user), demo=True) == {"factor"}, "all money is pretended"


@pytest.mark.parametrize(
    ("state", "works"),
    [
        ({}, True),
        ({"health": "expiring"}, True),
        ({"health": "revoked"}, False),
        ({"health": "unlocked"}, False),
        ({"status": "paused"}, False),
        ({"status": "key_invalid"}, False),
        ({"status": "removed"}, False),
    ],
)
async def test_only_an_account_that_works_counts(
    scene: Scene, state: dict[str, Any], *, works: bool
) -> None:
    user = await scene.person()
    account = await scene.account(user, venue="binance")
    if state:
        await scene.change(ExchangeAccount, account, **state)
    assert await done(scene, somebody(user)) == ({"account"} if works else set())


async def test_only_a_limit_on_losses_counts(scene: Scene) -> None:
    user = await scene.person()
    await limit(scene, user, positions=2, per_trade=Decimal(10))
    assert await done(scene, somebody(user)) == set()
    for name in ("day_loss", "drawdown"):
        await limit(scene, user, **{name: Decimal(10)})
        assert await done(scene, somebody(user)) == {"limits"}
