"""Does the live stream write times and amounts as the page does that it belongs to?"""

from datetime import datetime
from decimal import Decimal

import pytest

from nexus.core.display import DEFAULT, Display, shown
from nexus.core.sentence import Sentence, packed
from nexus.feed.audience import Audience, Seat
from nexus.feed.queries import feed_view
from tests.feed.customers import facts_of
from tests.feed.test_audience import move_to_paper, tell, with_bot
from tests.feed.watching import all_of, next_of, queries, seated
from tests.scenes import AT, Scene

GERMAN = Display("Europe/Berlin", "de-DE", "BTC")
BOUGHT = Sentence("Bought {} BTC", ("quantity", Decimal("0.008")))


def seated_as(audience: Audience, user_id: int, display: Display) -> Seat:
    seat = Seat(user_id, "token", session_id=user_id, display=display)
    audience.enter(seat)
    return seat


def bought(number: int, user_id: int) -> dict[str, object]:
    facts = facts_of(number, user_id) | {
        "title": str(BOUGHT),
        "said": {"title": packed(BOUGHT), "detail": None},
        "amount": "1234.5",
    }
    return {"id": number, "user_id": user_id, "at": AT.isoformat(), "facts": facts}


async def test_a_look_at_the_market_is_drawn_once_for_all_who_write_numbers_alike(
    audience: Audience, scene: Scene
) -> None:
    await scene.market()
    tokyo = Display("Asia/Tokyo", "de-DE")
    plain, german, also_german = (
        seated_as(audience, user, display)
        for user, display in enumerate((DEFAULT, GERMAN, tokyo), start=1)
    )
    with queries(scene.database) as sent:
        await tell(audience, kind="market")
    english, first, second = [await next_of(seat) for seat in (plain, german, also_german)]
    assert b"50,000.00" in english
    assert b"50.000,00" in first
    assert second is first, "the zone makes no difference to what has no times"
    assert len(sent) == 3


async def test_one_line_is_written_for_each_page_of_one_person(audience: Audience) -> None:
    plain, german = seated(audience, 1), seated_as(audience, 1, GERMAN)
    await tell(audience, kind="items", items=[bought(7, 1)])
    english, own = all_of(plain), all_of(german)
    for text in ("Bought 0.008 BTC", "1,234.50 USDT", f"{AT:%H:%M:%S}"):
        assert text in english
    berlin = f"{(AT.hour + 2) % 24:02}:{AT:%M:%S}"
    for text in ("Bought 0,008 BTC", "1.234,50 USDT", berlin):
        assert text in own
    assert shown() is DEFAULT, "nothing of it stays"


async def test_a_bot_is_drawn_for_its_owner_and_what_they_have_in_their_currency(
    audience: Audience, scene: Scene
) -> None:
    await scene.market()
    (alice, _), (bob, _) = await with_bot(scene), await with_bot(scene)
    await move_to_paper(scene)
    hers, his = seated_as(audience, alice, GERMAN), seated(audience, bob)
    await tell(audience, kind="bots", people=[alice, bob])
    german, english = all_of(hers), all_of(his)
    assert "0,00 USDT" in german
    assert "0.00 USDT" in english
    assert " BTC</span>" in german
    assert "About" not in english


async def test_all_of_a_picture_is_in_the_zone_of_its_page(
    audience: Audience, scene: Scene
) -> None:
    await scene.market()
    person, _ = await with_bot(scene)
    await scene.place(await scene.enter())
    await move_to_paper(scene)
    picture = await audience.picture(seated_as(audience, person, GERMAN))
    assert "Your bots bought 0,008 BTC for 400,00 USDT." in picture
    assert "50.000,00" in picture


@pytest.mark.parametrize("kept", [{}, {"said": {"title": None, "detail": None}}])
def test_a_line_of_before_stays_as_it_was_written(kept: dict[str, object]) -> None:
    view = feed_view(1, datetime.fromisoformat(AT.isoformat()), facts_of(1, 1) | kept)
    assert view.title == "Line 1 of person 1"
