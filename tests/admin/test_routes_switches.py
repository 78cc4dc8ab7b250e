"""Does a stop pressed here stop trading, and does it say who pressed it, when and why?"""

import pytest
from sqlalchemy import select

from nexus.regime.models import Switch
from tests.admin.rooms import CAROL, WHY, entries, room
from tests.website import Website

SWITCHES = "/admin/switches"
ALL = "everything"


async def stopped(website: Website) -> dict[str, str]:
    async with website.database.transaction() as tx:
        return {row.name: row.reason for row in await tx.scalars(select(Switch)) if row.stopped}


async def test_everything_is_stopped_and_released(website: Website) -> None:
    async with room(website, "admin") as carol:
        token = await carol.token(SWITCHES)
        answer = await carol.send(SWITCHES, token, name=ALL, act="stop", reason=WHY)
        assert answer.headers["location"] == SWITCHES
        assert await stopped(website) == {ALL: WHY}
        page = (await carol.get(SWITCHES)).text
        assert f"by {CAROL}" in page
        assert WHY in page
        assert "Release Everything" in page
        await carol.send(SWITCHES, token, name=ALL, act="release", reason="All is well.")
        assert await stopped(website) == {}
    (stop,) = await entries(website.database, "switch_stopped")
    assert (stop.detail, stop.user_id) == ({"switch": ALL, "reason": WHY}, None)
    assert stop.actor_id
    assert len(await entries(website.database, "switch_released")) == 1


async def test_one_strategy_is_stopped(website: Website) -> None:
    name = f"strategy:{next(iter(website.app.state.strategies))}"
    async with room(website, "admin") as carol:
        token = await carol.token(SWITCHES)
        await carol.send(SWITCHES, token, name=name, act="stop", reason=WHY)
    assert await stopped(website) == {name: WHY}


@pytest.mark.parametrize("scope", [ALL, "strategy:trend"])
async def test_entries_alone_are_paused_and_resumed(website: Website, scope: str) -> None:
    async with room(website, "admin") as carol:
        token = await carol.token(SWITCHES)
        await carol.send(SWITCHES, token, name=scope, act="pause", reason=WHY)
        assert await stopped(website) == {f"entries:{scope}": WHY}
        page = (await carol.get(SWITCHES)).text
        assert "Entries paused" in page
        assert "Resume entries" in page
        await carol.send(SWITCHES, token, name=scope, act="resume", reason="All is well.")
    assert await stopped(website) == {}
    (stop,) = await entries(website.database, "switch_stopped")
    assert stop.detail == {"switch": f"entries:{scope}", "reason": WHY}


async def test_each_meaning_is_spelt_out(website: Website) -> None:
    async with room(website, "admin") as carol:
        page = " ".join((await carol.get(SWITCHES)).text.split())
    for meaning in ("Nothing new is bought.", "What bots hold, they keep", "sold at the market"):
        assert meaning in page


async def test_a_second_press_keeps_the_first_reason(website: Website) -> None:
    async with room(website, "admin") as carol:
        token = await carol.token(SWITCHES)
        await carol.send(SWITCHES, token, name=ALL, act="stop", reason=WHY)
        answer = await carol.send(SWITCHES, token, name=ALL, act="stop", reason="Another one.")
        assert answer.status_code == 422
        assert "Everything is stopped already." in answer.text
    assert await stopped(website) == {ALL: WHY}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ALL, "act": "stop", "reason": "no"}, "why you do this"),
        ({"name": ALL, "act": "sell", "reason": WHY}, "Press one of the buttons."),
        ({"name": "strategy:unknown", "act": "stop", "reason": WHY}, "Choose one of the switches."),
        ({"name": "", "act": "stop", "reason": WHY}, "Choose one of the switches."),
    ],
)
async def test_a_mistake_stops_nothing(
    website: Website, fields: dict[str, str], sentence: str
) -> None:
    async with room(website, "admin") as carol:
        answer = await carol.send(SWITCHES, await carol.token(SWITCHES), **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await stopped(website) == {}


async def test_readers_look_and_press_nothing(website: Website) -> None:
    async with room(website, "reader") as carol:
        page = (await carol.get(SWITCHES)).text
        assert "Running" in page
        assert 'value="stop"' not in page
        token = await carol.token("/")
        answer = await carol.send(SWITCHES, token, name=ALL, act="stop", reason=WHY)
        assert answer.status_code == 404
    assert await stopped(website) == {}
