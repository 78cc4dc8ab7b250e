"""Is a refused sign-in written down for its person, once its answer has left?"""

from sqlalchemy import select

from nexus.accounts.models import AuditEntry
from nexus.accounts.refusals import MOST_WAITING, Refusals
from nexus.core.db import Database
from tests.website import serve, settings_for


async def entries(database: Database) -> list[AuditEntry]:
    async with database.transaction() as tx:
        return list(await tx.scalars(select(AuditEntry).order_by(AuditEntry.id)))


async def test_tries_of_one_network_are_one_entry(database: Database) -> None:
    refusals = Refusals(database)
    for user_id, network in [(7, "a"), (7, "a"), (7, "b"), (None, "a"), (8, "a")]:
        refusals.note(user_id, network)
    await refusals.write()
    await refusals.write()
    found = [(row.user_id, row.network, row.detail["tries"]) for row in await entries(database)]
    assert found == [(7, "a", 2), (7, "b", 1), (8, "a", 1)]
    assert {row.act for row in await entries(database)} == {"sign_in_refused"}


async def test_a_flood_is_not_kept_without_end(database: Database) -> None:
    refusals = Refusals(database)
    for number in range(MOST_WAITING + 10):
        refusals.note(None, str(number))
    assert len(refusals._waiting) == MOST_WAITING


async def test_what_waits_is_written_before_the_process_ends(
    database_url: str, redis_url: str, database: Database
) -> None:
    settings = settings_for(database_url, redis_url)
    async with serve(settings) as website, website.browser() as browser:
        ada = await website.add_person("ada@example.com")
        assert (await browser.sign_in("ada@example.com", "a wrong one")).status_code == 422
        await browser.sign_in("nobody@example.com", "a wrong one")
    (entry,) = [row for row in await entries(database) if row.act == "sign_in_refused"]
    assert (entry.user_id, entry.actor_id, entry.network) == (ada, None, "127.0.0.1")
