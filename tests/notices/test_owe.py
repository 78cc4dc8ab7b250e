"""Is everybody told what they want to know, on every device, and nobody anything else?"""

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import User
from nexus.exchanges.events import AccountNews
from nexus.mail.models import OutgoingMail
from nexus.notices.choices import all_choices, save_choices
from nexus.notices.models import PushDevice, PushNote
from nexus.notices.owe import Notice, owe_notices
from nexus.strategy.border import Action
from tests.notices.phones import Phone
from tests.scenes import Scene
from tests.scripted import reject

NOTE = ("trade", "Bought 0.008 BTC", "Entered a trade at 50,000.00 USDT, fee 0.000008 BTC")


async def notes(scene: Scene) -> list[tuple[int, str, str, str]]:
    """Give whose device is owed what."""
    async with scene.database.transaction() as tx:
        rows = await tx.execute(
            select(PushDevice.user_id, PushNote.event, PushNote.title, PushNote.body)
            .join(PushNote, PushNote.device_id == PushDevice.id)
            .order_by(PushNote.id)
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]


async def mails(scene: Scene) -> list[OutgoingMail]:
    async with scene.database.transaction() as tx:
        kind = OutgoingMail.kind == "notice"
        return list(await tx.scalars(select(OutgoingMail).where(kind)))


async def want(scene: Scene, person: int, *wanted: tuple[str, str]) -> None:
    async with scene.database.transaction() as tx:
        await save_choices(tx, person, wanted)


async def owe(scene: Scene, *people: int, event: str = "trade") -> None:
    async with scene.database.transaction() as tx:
        await owe_notices(tx, [Notice(person, event, "Title", "Words") for person in people])


async def test_a_trade_is_told_to_its_owner_and_to_nobody_else(scene: Scene, phone: Phone) -> None:
    person = await scene.person()
    await phone.ask(scene.database, person)
    await scene.bot(await scene.account(person))
    await scene.bot()
    await scene.place(await scene.enter())
    assert await notes(scene) == [(person, *NOTE)]


async def test_what_failed_is_trouble(scene: Scene, phone: Phone) -> None:
    person = await scene.person()
    await phone.ask(scene.database, person)
    await scene.bot(await scene.account(person))
    scene.exchange.next_orders(reject())
    await scene.place(await scene.enter())
    assert [note[1:3] for note in await notes(scene)] == [
        ("trouble", "BTC/USDT: Nothing traded"),
    ]


async def test_a_key_that_stopped_working_is_trouble(scene: Scene, phone: Phone) -> None:
    person = await scene.person()
    await phone.ask(scene.database, person)
    at = scene.hands.at
    news = AccountNews(1, person, "Mine", good=False, title="Mine: no", detail="Why", at=at)
    async with scene.database.transaction() as tx:
        tx.announce(news)
    assert await notes(scene) == [(person, "trouble", "Mine: no", "Why")]


async def test_every_device_is_told(scene: Scene) -> None:
    person = await scene.person()
    for name in ("one", "two"):
        await Phone(f"https://push.example.com/{name}").ask(scene.database, person)
    await owe(scene, person)
    assert len(await notes(scene)) == 2


async def test_what_is_not_wanted_is_not_told(scene: Scene, phone: Phone) -> None:
    person = await scene.person()
    await phone.ask(scene.database, person)
    await want(scene, person, ("trouble", "push"))
    await owe(scene, person, event="trade")
    await owe(scene, person, event="trouble")
    assert [note[1] for note in await notes(scene)] == ["trouble"]


async def test_nothing_is_mailed_unless_it_is_wanted(scene: Scene) -> None:
    quiet, eager = await scene.person(), await scene.person()
    async with scene.database.transaction() as tx:
        known = update(User).values(email_verified_at=scene.hands.at)
        await tx.execute(known)
        address = await tx.scalar(select(User.email).where(User.id == eager))
    await want(scene, eager, ("trade", "mail"))
    await owe(scene, quiet, eager)
    [mail] = await mails(scene)
    assert (mail.to_address, mail.subject) == (address, "Title")
    assert mail.body.startswith("Words\n\n")
    assert "Settings, Notifications" in mail.body


async def test_an_address_that_was_never_confirmed_gets_no_mail(scene: Scene) -> None:
    person = await scene.person()
    async with scene.database.transaction() as tx:
        await tx.execute(update(User).values(email_verified_at=None))
    await want(scene, person, *all_choices())
    await owe(scene, person)
    assert await mails(scene) == []


async def test_what_is_rolled_back_is_told_to_nobody(scene: Scene, phone: Phone) -> None:
    person = await scene.person()
    await phone.ask(scene.database, person)

    async def fail() -> None:
        async with scene.database.transaction() as tx:
            await owe_notices(tx, [Notice(person, "trade", "Title", "Words")])
            raise KeyError("made up")

    with pytest.raises(KeyError):
        await fail()
    assert await notes(scene) == []


async def test_a_blocked_entry_is_told_to_those_who_would_have_followed(
    scene: Scene, phone: Phone
) -> None:
    person, paused = await scene.person(), await scene.person()
    await phone.ask(scene.database, person)
    await Phone("https://push.example.com/other").ask(scene.database, paused)
    await scene.bot(await scene.account(person))
    await scene.bot(await scene.account(person))
    await scene.bot(await scene.account(paused), status="paused")
    await scene.decide(Action.ENTER, code="REGIME_BEARISH")
    assert await notes(scene) == [
        (person, "blocked", "BTC/USDT: an entry was blocked", "why"),
    ]


async def test_what_passed_is_no_blocked_entry(scene: Scene, phone: Phone) -> None:
    person = await scene.person()
    await phone.ask(scene.database, person)
    await scene.bot(await scene.account(person))
    await scene.decide(Action.ENTER)
    assert await notes(scene) == []
