"""Does an open stream give what was missed, then what happens, and hold nothing meanwhile?"""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import delete, func, select, update

from nexus.accounts.models import Session, User
from nexus.accounts.sessions import end_other_sessions, rotate_session
from nexus.app import SHUTDOWN_SECONDS
from nexus.core.clock import now
from nexus.core.redis import Channel
from nexus.feed import stream as streaming
from nexus.feed.audience import MOST_STREAMS, Audience, Seat
from nexus.feed.publish import CHANNEL
from nexus.feed.stream import MISSED_LINES, RETOLD_IDS
from nexus.feed.write import first_id_at
from nexus.strategy.border import Action
from tests.feed.customers import add_lines, customers, facts_of, scene_of
from tests.feed.watching import heard, lines_in, until, watching
from tests.scenes import AT
from tests.website import Website, serve, settings_for


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a quiet stream say so at once, and ask each time whether somebody is signed in."""
    monkeypatch.setattr(streaming, "PING_SECONDS", 0.02)
    monkeypatch.setattr(streaming, "SESSION_CHECK_SECONDS", 0)


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell nothing again, so that small ids suffice."""
    monkeypatch.setattr(streaming, "RETOLD_IDS", 0)


def audience_of(website: Website) -> Audience:
    audience: Audience = website.app.state.audience
    return audience


async def publish_line(website: Website, number: int, user_id: int) -> None:
    """Tell the web process of a feed line, as a worker does."""
    channel = Channel(website.app.state.redis, CHANNEL)
    await heard(channel)
    facts = facts_of(number, user_id)
    item = {"id": number, "user_id": user_id, "at": AT.isoformat(), "facts": facts}
    await channel.publish({"kind": "items", "items": [item]})


# --------------------------------------------------------------------------------- what was missed
async def test_what_was_missed_comes_first_and_in_order(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        await add_lines(website, alice.id, [11, 12, 13])
        await add_lines(website, bob.id, [21])
        bot = await scene_of(website).bot(alice.account)
        async with watching(alice.browser, "/live?after=11") as page:
            first = await page.event()
    assert first.startswith("id: 13\n")
    assert 'data-state="live"' in first
    for part in (f"bot-{bot}", "money-practice-USDT"):
        assert f'hx-target="#{part}"' in first, "a page that slept gets its bots as they are now"
    assert 'hx-target="#market-BTC-USDT"' in first
    assert lines_in(first) == [12, 13], "each is put on top of the last, so the newest comes last"


async def test_a_page_that_slept_gets_everything_as_it_is_now(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice", "bob") as [alice, bob]:
        theirs = await scene.bot(bob.account)
        ours = await scene.bot(alice.account)
        await scene.market()
        await scene.decide(Action.ENTER, code="CRASH_GUARD")
        async with watching(alice.browser, "/live?after=99") as page:
            first = await page.event()
    for part in (
        'id="market-BTC-USDT"',
        "50,000.00",
        f'id="bot-{ours}"',
        'id="money-practice-USDT"',
    ):
        assert part in first
    assert 'id="decision-1"' in first
    assert first.count('hx-target="#money-practice-USDT"') == 1
    assert f'id="bot-{theirs}"' not in first
    assert alice.token in first, "the buttons of what is drawn now work"


async def test_the_newest_are_given_when_more_were_missed_than_a_page_holds(
    website: Website,
) -> None:
    async with customers(website, "alice") as [alice]:
        await add_lines(website, alice.id, range(1, MISSED_LINES + 11))
        async with watching(alice.browser) as page:
            assert lines_in(await page.event()) == [*range(11, MISSED_LINES + 11)]


async def test_a_line_that_was_committed_late_is_not_lost(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "RETOLD_IDS", RETOLD_IDS)
    early, seen = first_id_at(1_000_000), first_id_at(1_009_000)
    async with customers(website, "alice") as [alice]:
        await add_lines(website, alice.id, [first_id_at(998_000), early, seen])
        async with watching(alice.browser, f"/live?after={seen}") as page:
            assert lines_in(await page.event()) == [early, seen]


@pytest.mark.parametrize(
    ("path", "last_seen", "given"),
    [
        ("/live?after=11", "12", [13]),
        ("/live?after=12", "11", [13]),
        ("/live?after=13", "", []),
        ("/live", "13", []),
        ("/live", "99999999999999999999", [11, 12, 13]),
        ("/live?after=11", "9" * 4500, [12, 13]),
        ("/live", "-5", [11, 12, 13]),
    ],
)
async def test_a_stream_goes_on_where_it_broke_off_without_repeating(
    website: Website, path: str, last_seen: str, given: list[int]
) -> None:
    async with customers(website, "alice") as [alice]:
        await add_lines(website, alice.id, [11, 12, 13])
        async with watching(alice.browser, path, last_event_id=last_seen) as page:
            first = await page.event()
    assert lines_in(first) == given
    assert first.startswith("id: 13\n" if given else "data: ")


async def test_news_comes_after_what_was_missed(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        await add_lines(website, alice.id, [11])
        async with watching(alice.browser) as page, watching(bob.browser) as other:
            assert lines_in(await page.event()) == [11]
            assert lines_in(await other.event()) == []
            await publish_line(website, 12, alice.id)
            await publish_line(website, 22, bob.id)
            found = await page.event_with("feed-")
            assert found.startswith("id: 12\n")
            assert f"Line 12 of person {alice.id}" in found
            assert lines_in(await other.event_with("feed-")) == [22]


# --------------------------------------------------------------------------------- its end
@pytest.mark.usefixtures("hasty")
async def test_a_quiet_stream_says_that_it_lives_in_a_comment(website: Website) -> None:
    async with customers(website, "alice") as [alice], watching(alice.browser) as page:
        await page.event()
        assert await page.event() == ": still here"


@pytest.mark.usefixtures("hasty")
async def test_a_stream_ends_with_its_session(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        async with watching(alice.browser) as page, watching(bob.browser) as other:
            await page.event()
            async with website.database.transaction() as tx:
                await tx.execute(delete(Session).where(Session.user_id == alice.id))
            await page.rest()
            await other.event()
            await other.event()
        again = await alice.browser.get("/live", headers={"HX-Request": "true"})
    assert again.status_code == 401


async def test_a_session_that_is_ended_elsewhere_closes_its_stream_at_once(
    website: Website,
) -> None:
    """Well before the minute is up after which every stream asks for itself."""
    async with customers(website, "alice", "bob") as [alice, bob], website.browser() as phone:
        await phone.sign_in("alice@example.com")
        async with (
            watching(phone) as there,
            watching(alice.browser) as here,
            watching(bob.browser) as bobs,
        ):
            for page in (there, here, bobs):
                await page.event()
            async with website.database.transaction() as tx:
                first = select(func.min(Session.id)).where(Session.user_id == alice.id)
                await end_other_sessions(tx, alice.id, keep=await tx.scalar(first) or 0)
            await there.rest()
            await publish_line(website, 12, alice.id)
            await publish_line(website, 22, bob.id)
            await here.event_with("feed-12")
            await bobs.event_with("feed-22")


@pytest.mark.usefixtures("hasty")
async def test_a_stream_ends_with_its_person_being_disabled(website: Website) -> None:
    async with customers(website, "alice") as [alice], watching(alice.browser) as page:
        await page.event()
        async with website.database.transaction() as tx:
            await tx.execute(update(User).where(User.id == alice.id).values(disabled_at=now()))
        await page.rest()


@pytest.mark.usefixtures("hasty")
async def test_a_stream_goes_on_when_its_session_gets_another_token(website: Website) -> None:
    async with customers(website, "alice") as [alice], watching(alice.browser) as page:
        await page.event()
        async with website.database.transaction() as tx:
            session = await tx.scalar(select(Session.id).where(Session.user_id == alice.id))
            await rotate_session(tx, session or 0)
        for _ in range(3):
            assert await page.event() == ": still here"


async def test_a_stream_ends_after_its_time(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "PING_SECONDS", 0.02)
    monkeypatch.setattr(streaming, "LONGEST_SECONDS", 0.1)
    async with customers(website, "alice") as [alice], watching(alice.browser) as page:
        assert ": still here" in await page.rest()
        assert not audience_of(website).seats


async def test_the_seat_is_given_back_when_the_reader_leaves(website: Website) -> None:
    audience = audience_of(website)
    async with customers(website, "alice") as [alice]:
        async with watching(alice.browser) as page:
            await page.event()
            assert len(audience.seats[alice.id]) == 1
        await until(lambda: not audience.seats)


async def signed_in() -> bool:
    return True


async def test_a_stream_that_nobody_reads_takes_no_seat(website: Website) -> None:
    audience = audience_of(website)
    unread = streaming.stream(audience, Seat(1, "", session_id=1), website.database, 0, signed_in)
    assert not audience.seats
    await anext(unread)
    assert len(audience.seats[1]) == 1
    await unread.aclose()  # type: ignore[attr-defined]
    assert not audience.seats


async def test_a_reader_who_leaves_breaks_no_question_to_the_database_off(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(*_: object, **_named: object) -> list[object]:
        asked.set()
        await may_answer.wait()
        answered.set()
        return []

    monkeypatch.setattr("nexus.feed.stream.feed_of", slow)
    seat = Seat(1, "", session_id=1)
    opened = streaming.stream(audience_of(website), seat, website.database, 0, signed_in)
    reading = asyncio.ensure_future(anext(opened))
    await asyncio.wait_for(asked.wait(), 10)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    may_answer.set()
    await asyncio.wait_for(answered.wait(), 10)


async def test_one_more_stream_than_allowed_ends_the_first(website: Website) -> None:
    async with AsyncExitStack() as stack, customers(website, "alice") as [alice]:
        pages = []
        for _ in range(MOST_STREAMS + 1):
            pages.append(await stack.enter_async_context(watching(alice.browser)))
            await pages[-1].event()
        await pages[0].rest()
        await publish_line(website, 5, alice.id)
        for page in pages[1:]:
            assert lines_in(await page.event_with("feed-")) == [5]


async def test_a_process_that_stops_does_not_wait_for_its_streams(
    database_url: str, redis_url: str
) -> None:
    async with AsyncExitStack() as visit, AsyncExitStack() as process:
        site = await process.enter_async_context(serve(settings_for(database_url, redis_url)))
        [alice] = await visit.enter_async_context(customers(site, "alice"))
        page = await visit.enter_async_context(watching(alice.browser))
        await page.event()
        began = time.monotonic()
        await process.aclose()
        await page.rest()
        assert time.monotonic() - began < SHUTDOWN_SECONDS / 2


async def test_an_audience_that_closes_ends_every_stream(website: Website) -> None:
    async with (
        customers(website, "alice", "bob") as [alice, bob],
        watching(alice.browser) as page,
        watching(bob.browser) as other,
    ):
        await page.event()
        await other.event()
        audience_of(website).close()
        await page.rest()
        await other.rest()
    await until(lambda: not audience_of(website).seats)


# --------------------------------------------------------------------------------- what it holds
async def test_twenty_open_streams_hold_no_connection_to_the_database(
    database_url: str, redis_url: str
) -> None:
    settings = settings_for(database_url, redis_url, database_pool_size=1)
    async with (
        serve(settings) as website,
        customers(website, "ada", "ben", "cy", "dot") as people,
        AsyncExitStack() as stack,
    ):
        streams = [watching(person.browser) for person in people for _ in range(MOST_STREAMS)]
        pages = [await stack.enter_async_context(stream) for stream in streams]
        await asyncio.gather(*(page.event() for page in pages))
        assert website.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert (await people[0].browser.get("/")).status_code == 200
        for person in people:
            await publish_line(website, person.id, person.id)
        found = await asyncio.gather(*(page.event_with("feed-") for page in pages))
    expected = [person.id for person in people for _ in range(MOST_STREAMS)]
    assert [number for text in found for number in lines_in(text)] == expected


async def test_who_falls_behind_is_told_once_what_is_left_is_read(website: Website) -> None:
    audience = audience_of(website)

    async def signed_in() -> bool:
        return True

    seat = Seat(1, "", session_id=1)
    reading = streaming.stream(audience, seat, website.database, 0, signed_in)
    await anext(reading)
    for number in range(seat.queue.maxsize + 3):
        seat.give(b"%d" % number)
    assert [await anext(reading) for _ in range(seat.queue.maxsize)][-1] == b"99"
    assert b'data-state="behind"' in await anext(reading)
    seat.give(b"and on it goes")
    assert await anext(reading) == b"and on it goes"
    await reading.aclose()  # type: ignore[attr-defined]
