"""Does somebody new have the first tier, once and for good?"""

from sqlalchemy import select

from nexus.accounts.events import PersonVerified
from nexus.accounts.register import create_user
from nexus.billing.models import Entitlement
from nexus.billing.welcome import give_first_tier
from nexus.core.db import Database


async def test_everybody_new_gets_the_first_tier_and_nobody_loses_theirs(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        ada = await create_user(tx, "ada@example.com", "correct horse battery", "")
        bob = await create_user(tx, "bob@example.com", "correct horse battery", "")
        tx.add(Entitlement(user_id=bob, tier="pro", valid_until=None))
        await tx.flush()
        await give_first_tier(tx, [PersonVerified(ada), PersonVerified(bob)])
    async with database.transaction() as tx:
        rows = await tx.execute(select(Entitlement.user_id, Entitlement.tier))
        assert {row.user_id: row.tier for row in rows} == {ada: "starter", bob: "pro"}
        assert set(await tx.scalars(select(Entitlement.valid_until))) == {None}
