"""Does everybody get exactly their news, whatever happens to the others?"""

from collections.abc import Iterable

import pytest
from sqlalchemy import update

from nexus.core.db import Database
from nexus.core.redis import Channel
from nexus.exchanges.models import ExchangeAccount
from nexus.feed import audience as live
from nexus.feed.audience import BACKLOG, MOST_STREAMS, VALUES_EVERY_LOOKS, Audience, Seat
from nexus.feed.draw import draw_markets
from nexus.feed.publish import Publisher
from nexus.feed.views import MarketView
from nexus.strategy.border import Action
from tests.feed.customers import facts_of
from tests.feed.watching import all_of, lines_in, listening, next_of, queries, seated
from tests.scenes import AT, Scene


def line(number: int, user_id: int) -> dict[str, object]:
    """Give a feed line as it is published."""
    facts = facts_of(number, user_id)
    return {"id": number, "user_id": user_id, "at": AT.isoformat(), "facts": facts}


async def tell(audience: Audience, **news: object) -> None:
    await audience._pass_on(news)


async def with_bot(scene: Scene) -> tuple[int, int]:
    person = await scene.person()
    return person, await scene.bot(await scene.account(person))


async def move_to_paper(scene: Scene) -> None:
    """Let the scripted exchange's accounts be shown as what pages know: paper accounts."""
    async with scene.database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(venue="paper"))


# --------------------------------------------------------------------------------- seats
def test_the_sixth_stream_of_a_person_ends_the_first(audience: Audience) -> None:
    first, *others = [seated(audience, 1) for _ in range(MOST_STREAMS)]
    bob = seated(audience, 2)
    sixth = seated(audience, 1)
    assert first.queue.get_nowait() is None
    assert audience.seats[1] == [*others, sixth]
    assert all(seat.queue.empty() for seat in (*others, sixth, bob))


def test_a_seat_is_given_back_and_nothing_of_it_stays(audience: Audience) -> None:
    one, two = seated(audience, 1), seated(audience, 1)
    audience.leave(one)
    audience.leave(one)
    assert audience.seats[1] == [two]
    audience.leave(two)
    assert not audience.seats


def test_a_reader_who_was_pushed_out_leaves_without_disturbing_the_others(
    audience: Audience,
) -> None:
    seats = [seated(audience, 1) for _ in range(MOST_STREAMS + 1)]
    audience.leave(seats[0])
    assert audience.seats[1] == seats[1:]


def test_the_backlog_is_bounded_and_what_is_dropped_is_noted(audience: Audience) -> None:
    seat = seated(audience, 1)
    for number in range(BACKLOG):
        seat.give(b"%d" % number)
    full = seat.behind
    for _ in range(10 * BACKLOG):
        seat.give(b"too much")
    assert (full, seat.behind) == (False, True)
    assert seat.queue.qsize() == BACKLOG
    assert b"too much" not in {seat.queue.get_nowait() for _ in range(BACKLOG)}


def test_even_a_reader_with_a_full_backlog_can_be_sent_away(audience: Audience) -> None:
    seat = seated(audience, 1)
    for _ in range(BACKLOG):
        seat.give(b"news")
    audience.close()
    assert seat.queue.get_nowait() is None


async def test_a_slow_reader_costs_the_others_nothing(audience: Audience, scene: Scene) -> None:
    await scene.market()
    slow, quick = seated(audience, 1), seated(audience, 2)
    for _ in range(BACKLOG + 5):
        await tell(audience, kind="market")
        assert b"market-BTC-USDT" in await next_of(quick)
    assert (slow.behind, quick.behind) == (True, False)


# --------------------------------------------------------------------------------- for everyone
async def test_a_look_at_the_market_is_drawn_once_and_the_same_bytes_go_to_all(
    audience: Audience, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.market()
    drawn = []

    def draw(views: Iterable[MarketView]) -> str:
        drawn.append(1)
        return draw_markets(views)

    monkeypatch.setattr(live, "draw_markets", draw)
    seats = [seated(audience, person) for person in (1, 1, 2, 3)]
    with queries(scene.database) as sent:
        await tell(audience, kind="market")
    first, *others = [await next_of(seat) for seat in seats]
    assert b"market-BTC-USDT" in first
    assert b"50,000.00" in first
    assert all(data is first for data in others)
    assert (len(drawn), len(sent)) == (1, 3)


async def test_what_bots_are_worth_follows_every_few_looks(
    audience: Audience, scene: Scene
) -> None:
    await scene.market()
    person, bot = await with_bot(scene)
    await move_to_paper(scene)
    seat = seated(audience, person)
    for _ in range(VALUES_EVERY_LOOKS - 1):
        await tell(audience, kind="market")
    assert f'id="bot-{bot}"' not in all_of(seat)
    await tell(audience, kind="market")
    assert f'id="bot-{bot}"' in all_of(seat)


async def test_a_decision_says_to_each_what_it_meant_for_them(
    audience: Audience, scene: Scene
) -> None:
    (alice, _), stranger = await with_bot(scene), await scene.person()
    seats = [seated(audience, person) for person in (alice, stranger)]
    await scene.enter()
    decision_id = 1
    with queries(scene.database) as sent:
        await tell(audience, kind="decisions", ids=[decision_id])
    for_alice, for_stranger = [all_of(seat) for seat in seats]
    assert f'id="decision-{decision_id}"' in for_alice
    assert "The order is being placed." in for_alice
    assert "You followed" not in for_stranger
    assert "No bot of yours" in for_stranger
    assert len(sent) == 3, "one set of queries, not one per person"


# --------------------------------------------------------------------------------- for one
async def test_a_line_goes_to_its_owner_in_all_their_streams_and_to_nobody_else(
    audience: Audience,
) -> None:
    alice, again, bob = seated(audience, 1), seated(audience, 1), seated(audience, 2)
    await tell(audience, kind="items", items=[line(7, 1), line(8, 1), line(9, 3)])
    for seat in (alice, again):
        first = await next_of(seat)
        assert first.startswith(b"id: 7\ndata: ")
        assert lines_in(first.decode() + all_of(seat)) == [7, 8]
    assert all_of(bob) == ""


async def test_a_persons_bots_carry_the_token_of_the_stream_they_are_for(
    audience: Audience, scene: Scene
) -> None:
    (alice, bot), (bob, _) = await with_bot(scene), await with_bot(scene)
    await move_to_paper(scene)
    one, two = Seat(alice, "token-one", session_id=1), Seat(alice, "token-two", session_id=2)
    other = Seat(bob, "token-bob", session_id=3)
    for seat in (one, two, other):
        audience.enter(seat)
    await tell(audience, kind="bots", people=[alice, 999])
    for seat, token in ((one, "token-one"), (two, "token-two")):
        text = all_of(seat)
        assert f'id="bot-{bot}"' in text
        assert 'id="money-practice-USDT"' in text
        assert f'value="{token}"' in text
    assert all_of(other) == ""


async def test_the_bots_of_many_people_are_read_at_once_and_each_gets_their_own(
    audience: Audience, scene: Scene
) -> None:
    owners = [await with_bot(scene) for _ in range(4)]
    await move_to_paper(scene)
    seats = [seated(audience, person) for person, _ in owners]
    with queries(scene.database) as sent:
        await tell(audience, kind="bots", people=[person for person, _ in owners])
    assert len(sent) == 4, "the bots, who has limits, their time zones, and their today"
    for seat, (_, own) in zip(seats, owners, strict=True):
        text = all_of(seat)
        shown = [bot for _, bot in owners if f'id="bot-{bot}"' in text]
        assert shown == [own]


async def test_nobody_is_looked_up_who_is_not_here(audience: Audience, scene: Scene) -> None:
    person, _ = await with_bot(scene)
    seated(audience, 999)
    with queries(scene.database) as sent:
        await tell(audience, kind="items", items=[line(1, person)])
        await tell(audience, kind="bots", people=[person])
    assert sent == []


async def test_once_the_order_is_filled_the_decision_says_what_it_did(
    audience: Audience, scene: Scene
) -> None:
    person, _ = await with_bot(scene)
    bystander, _ = await with_bot(scene)
    await scene.place(await scene.enter())
    await scene.market()
    await scene.decide(Action.ADD, code="CRASH_GUARD")
    await move_to_paper(scene)
    seat, other = seated(audience, person), seated(audience, bystander)
    await tell(audience, kind="items", items=[line(1, person)])
    text = all_of(seat)
    assert "Your bots bought 0.008 BTC for 400.00 USDT." in text
    assert 'id="decision-1"' in text
    assert 'id="decision-2"' not in text, "nothing of theirs came of the blocked one"
    assert all_of(other) == ""


# --------------------------------------------------------------------------------- what fails
async def test_news_that_fails_harms_nothing(
    audience: Audience, channel: Channel, scene: Scene
) -> None:
    await scene.market()
    seat = seated(audience, 1)
    async with listening(audience):
        for odd in (
            {"kind": "items", "items": [{"user_id": 1}]},
            {"kind": "decisions", "ids": ["x"]},
            {"kind": "from a newer version"},
            {},
            ["no news at all"],
        ):
            await channel.publish(odd)  # type: ignore[arg-type]
        await channel.publish({"kind": "market"})
        assert b"market-BTC-USDT" in await next_of(seat)


async def test_even_what_is_no_json_only_costs_a_word(
    audience: Audience, channel: Channel, scene: Scene
) -> None:
    await scene.market()
    seat = seated(audience, 1)
    async with listening(audience):
        await channel.redis.publish(channel.name, b"\xff{")
        assert b'data-state="behind"' in await next_of(seat)
    async with listening(audience):
        await channel.publish({"kind": "market"})
        assert b"market-BTC-USDT" in await next_of(seat)


async def test_a_database_that_is_away_costs_one_piece_of_news(
    audience: Audience, database: Database, scene: Scene
) -> None:
    await scene.market()
    seat = seated(audience, 1)
    nowhere = database.engine.url.set(query={"host": "/nowhere"})
    audience.database = Database(nowhere.render_as_string(hide_password=False))
    await tell(audience, kind="market")
    await audience.database.close()
    assert all_of(seat) == ""
    audience.database = database
    await tell(audience, kind="market")
    assert "market-BTC-USDT" in all_of(seat)


async def test_what_happened_reaches_the_stream_by_itself(
    audience: Audience, channel: Channel, scene: Scene
) -> None:
    """The whole way: a fact, its line in the ledger's transaction, Redis, the drawn bytes."""
    person, _ = await with_bot(scene)
    async with listening(audience):
        seat = seated(audience, person)
        await scene.place(await scene.enter())
        await move_to_paper(scene)
        await Publisher(channel).private([line(99, person)])
        found = ""
        while "feed-99" not in found:
            found += (await next_of(seat)).decode()
    assert 'id="decision-1"' in found
    assert "Bought 0.008 BTC" in found


async def test_nothing_is_published_by_what_was_rolled_back(
    channel: Channel, scene: Scene, audience: Audience
) -> None:
    await scene.market()
    person, _ = await with_bot(scene)
    async with listening(audience):
        seat = seated(audience, person)
        with pytest.raises(ZeroDivisionError):
            await _enter_and_fail(scene)
        await channel.publish({"kind": "market"})
        assert b"market-BTC-USDT" in await next_of(seat)
        assert all_of(seat) == ""


async def _enter_and_fail(scene: Scene) -> None:
    async with scene.database.transaction() as tx:
        publisher = Publisher(Channel(None, "unused"))  # type: ignore[arg-type]
        await publisher.market_seen(tx, [])
        raise ZeroDivisionError
