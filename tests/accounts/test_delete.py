"""Is somebody who leaves gone from every table, after two weeks only, and nobody else?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from nexus.accounts.delete import CLOSED_FOR, GRACE, ask_deletion, erase_due, take_back
from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.held import HELD, rows_about, table_of
from nexus.accounts.models import AuditEntry, Session, User
from nexus.accounts.sessions import Person, start_session
from nexus.accounts.verify_audit import verify_audit
from nexus.bots.models import Bot
from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.mail.models import OutgoingMail
from tests.accounts.possessions import allow_anything, give_everything
from tests.belongings import bot, dump
from tests.website import PASSWORD, Website

ADA, BEN = "ada@example.com", "ben@example.com"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[SetClock]:
    clock = SetClock(START)
    with use(clock):
        yield clock


async def person(database: Database, user_id: int) -> Person:
    """Sign somebody in, and give who asks with that session."""
    async with database.transaction() as tx:
        await start_session(tx, user_id, user_agent="", network="")
        newest = select(Session.id).where(Session.user_id == user_id).order_by(Session.id.desc())
        session = (await tx.scalars(newest.limit(1))).one()
    return Person(user_id, ADA, "Ada", session, "trader", True, False, None, None)  # noqa: FBT003  as read


async def ask(website: Website, who: Person, typed: str = ADA) -> None:
    async with website.database.transaction() as tx:
        await ask_deletion(tx, website.app.state.site, who, typed, "192.0.2.7")


async def user(database: Database, user_id: int) -> User:
    async with database.transaction() as tx:
        return await tx.get_one(User, user_id)


async def test_asking_begins_two_weeks_and_tells_by_mail(website: Website, clock: SetClock) -> None:
    ada = await website.add_person(ADA)
    await person(website.database, ada)
    who = await person(website.database, ada)
    async with website.database.transaction() as tx:
        running = await bot(tx, ada)
    await ask(website, who, " ADA@example.com")
    assert (await user(website.database, ada)).delete_after == clock.at + GRACE
    async with website.database.transaction() as tx:
        assert list(await tx.scalars(select(Session.id))) == [who.session_id], "only here"
        paused = await tx.get_one(Bot, running)
        mail = (await tx.scalars(select(OutgoingMail))).one()
    assert paused.status == "paused"
    assert mail.to_address == ADA
    assert "15 March 2026" in mail.body
    assert "http://127.0.0.1:8000/settings/data" in mail.body


async def test_another_address_is_no_confirmation(website: Website) -> None:
    ada = await website.add_person(ADA)
    with pytest.raises(AccountRefusedError, match=f"Write {ADA}"):
        await ask(website, await person(website.database, ada), BEN)
    assert (await user(website.database, ada)).delete_after is None


async def test_asking_twice_does_not_begin_anew(website: Website, clock: SetClock) -> None:
    ada = await website.add_person(ADA)
    who = await person(website.database, ada)
    await ask(website, who)
    clock.at += timedelta(days=3)
    await ask(website, who)
    assert (await user(website.database, ada)).delete_after == START + GRACE


async def test_it_can_be_taken_back(website: Website, clock: SetClock) -> None:
    ada = await website.add_person(ADA)
    who = await person(website.database, ada)
    await ask(website, who)
    async with website.database.transaction() as tx:
        await take_back(tx, who, "192.0.2.7")
        await take_back(tx, who, "192.0.2.7")
    clock.at += GRACE + timedelta(days=1)
    await erase_due(website.database)
    assert (await user(website.database, ada)).email == ADA
    async with website.database.transaction() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts[-2:] == ["delete_asked", "delete_taken_back"]


async def test_nothing_is_erased_before_its_time(website: Website, clock: SetClock) -> None:
    ada = await website.add_person(ADA)
    await ask(website, await person(website.database, ada))
    before = await dump(website.database)
    clock.at += GRACE - timedelta(seconds=1)
    await erase_due(website.database)
    assert await dump(website.database) == before


async def test_an_account_is_closed_before_it_is_erased(website: Website, clock: SetClock) -> None:
    """A bot that was started again in the meantime must not lose its account in mid-trade."""
    ada = await website.add_person(ADA)
    await ask(website, await person(website.database, ada))
    async with website.database.transaction() as tx:
        running = await bot(tx, ada)
    clock.at += GRACE
    await erase_due(website.database)
    await erase_due(website.database)
    closed = await user(website.database, ada)
    assert (closed.email, closed.disabled_at) == (ADA, clock.at)
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(Session.id)) is None
        assert (await tx.get_one(Bot, running)).status == "paused"
    clock.at += CLOSED_FOR
    await erase_due(website.database)
    assert (await user(website.database, ada)).email == f"deleted-{ada}@deleted.invalid"


async def test_what_names_her_is_gone_and_he_is_untouched(
    website: Website, clock: SetClock
) -> None:
    """Somebody with a row in every table; the books keep their rows, without a name."""
    ada = await website.add_person(ADA, name="Ada Lovelace")
    ben = await website.add_person(BEN, name="Ben")
    await allow_anything(website.database)
    await give_everything(website.database, ada, ADA)
    await give_everything(website.database, ben, BEN)
    async with website.database.transaction() as tx:
        await tx.execute(update(User).where(User.id == ada).values(delete_after=START))
    before = {name: await rows(website.database, name, ben, BEN) for name in HELD}
    hers = {name: await rows(website.database, name, ada, ADA) for name in HELD}
    await erase_due(website.database)
    clock.at += CLOSED_FOR
    await erase_due(website.database)

    for name, held in HELD.items():
        left = await rows(website.database, name, ada, ADA)
        if not held.kept:
            assert left == [], name
        elif name not in {"users", "audit_log"}:
            blanked = [row | dict(held.blanked) for row in hers[name]]
            assert left == blanked, name
        assert await rows(website.database, name, ben, BEN) == before[name], name
    everything = str(await dump(website.database)).lower()
    for trace in (ADA, "ada lovelace", f"sessions.user_agent of {ada}", f"label of {ada}"):
        assert trace not in everything, trace
    async with website.database.transaction() as tx:
        acts = select(AuditEntry).where(AuditEntry.act == "deleted")
        assert (await tx.scalars(acts)).one().user_id == ada


async def test_the_audit_stays_whole(website: Website, clock: SetClock) -> None:
    ada = await website.add_person(ADA)
    await ask(website, await person(website.database, ada))
    clock.at += GRACE
    await erase_due(website.database)
    clock.at += CLOSED_FOR
    await erase_due(website.database)
    async with website.database.transaction() as tx:
        assert [finding async for finding in verify_audit(tx)] == []


async def test_the_address_is_free_again_and_the_password_worth_nothing(
    website: Website, clock: SetClock
) -> None:
    ada = await website.add_person(ADA)
    await ask(website, await person(website.database, ada))
    clock.at += GRACE
    await erase_due(website.database)
    clock.at += CLOSED_FOR
    await erase_due(website.database)
    async with website.browser() as browser:
        assert (await browser.sign_in(ADA)).status_code == 422
        nobody = f"deleted-{ada}@deleted.invalid"
        assert (await browser.sign_in(nobody, PASSWORD)).status_code == 422
    assert await website.add_person(ADA) != ada


async def rows(database: Database, name: str, user_id: int, email: str) -> list[dict[str, object]]:
    table = table_of(name)
    async with database.transaction() as tx:
        found = await tx.execute(
            select(table).where(rows_about(name, user_id, email)).order_by(*table.primary_key)
        )
        return [dict(row) for row in found.mappings()]
