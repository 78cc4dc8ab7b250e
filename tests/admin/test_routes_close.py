"""Does closing everything, or a strategy, ask first, sell what acts, and nothing else?"""

import re

import pytest
from sqlalchemy import select

from nexus.bots.models import Bot, CloseRequest
from nexus.regime.record import set_switch
from tests.admin.rooms import WHY, entries, room
from tests.feed.customers import scene_of
from tests.website import Website

CLOSE = "/admin/switches/close"
KEY = "a key of sixteen letters"


async def states(website: Website) -> list[str]:
    async with website.database.transaction() as tx:
        return list(await tx.scalars(select(Bot.status).order_by(Bot.id)))


@pytest.mark.parametrize("scope", ["everything", "strategy:trend"])
async def test_it_asks_first_and_then_closes_what_acts(website: Website, scope: str) -> None:
    scene = scene_of(website)
    for status in ("running", "paused", "stopped"):
        await scene.bot(status=status)
    async with room(website, "admin") as carol:
        page = " ".join((await carol.get(f"{CLOSE}?name={scope}")).text.split())
        assert "<strong>2 bots</strong>" in page
        assert await states(website) == ["running", "paused", "stopped"]
        [key] = re.findall(r'name="idempotency_key" value="([^"]+)"', page)
        token = await carol.token(f"{CLOSE}?name={scope}")
        fields = {"name": scope, "reason": WHY, "idempotency_key": key}
        for _ in range(2):
            answer = await carol.send(CLOSE, token, **fields)
            assert answer.headers["location"] == "/admin/switches"
    assert await states(website) == ["closing", "closing", "stopped"]
    (act,) = await entries(website.database, "bots_closed_by_staff")
    assert act.detail == {"switch": scope, "reason": WHY, "bots": 2}
    async with website.database.transaction() as tx:
        wishes = (await tx.scalars(select(CloseRequest))).all()
    assert {wish.requested_by for wish in wishes} == {f"staff:{act.actor_id}"}
    assert len(wishes) == 2


async def test_the_bots_of_another_strategy_are_left_alone(website: Website) -> None:
    await scene_of(website).bot(strategy="other")
    async with room(website, "admin") as carol:
        token = await carol.token(f"{CLOSE}?name=strategy:trend")
        await carol.send(CLOSE, token, name="strategy:trend", reason=WHY, idempotency_key=KEY)
    assert await states(website) == ["running"]
    assert await entries(website.database, "bots_closed_by_staff") == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": "no", "idempotency_key": KEY}, "why you do this"),
        ({"reason": WHY, "idempotency_key": "short"}, "out of date"),
    ],
)
async def test_a_mistake_closes_nothing(
    website: Website, fields: dict[str, str], sentence: str
) -> None:
    await scene_of(website).bot()
    async with room(website, "admin") as carol:
        token = await carol.token(f"{CLOSE}?name=everything")
        answer = await carol.send(CLOSE, token, name="everything", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await states(website) == ["running"]


async def test_while_everything_is_stopped_it_says_so_and_closes_nothing(
    website: Website,
) -> None:
    await scene_of(website).bot()
    async with website.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="", by="test")
    async with room(website, "admin") as carol:
        token = await carol.token(f"{CLOSE}?name=everything")
        answer = await carol.send(CLOSE, token, name="everything", reason=WHY, idempotency_key=KEY)
    assert answer.status_code == 422
    assert "nothing can be sold" in answer.text
    assert await states(website) == ["running"]


@pytest.mark.parametrize("name", ["", "strategy:unknown"])
async def test_what_cannot_be_closed_is_said_where_one_chooses(website: Website, name: str) -> None:
    await scene_of(website).bot()
    async with room(website, "admin") as carol:
        asked = await carol.get(f"{CLOSE}?name={name}")
        token = await carol.token(f"{CLOSE}?name=everything")
        sent = await carol.send(CLOSE, token, name=name, reason=WHY, idempotency_key=KEY)
    for answer in (asked, sent):
        assert answer.status_code == 422
        assert "Choose one of the switches." in answer.text
        assert "<h1>Switches</h1>" in answer.text
    assert await states(website) == ["running"]
