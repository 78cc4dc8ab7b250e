"""Which role reaches which room? The walk over every route is in `tests/test_walk.py`."""

import pytest
from litestar import get
from sqlalchemy import event

from nexus.accounts.models import ROLES
from nexus.accounts.roles import ROLE, _is_room, reaches, staff
from nexus.accounts.step_up import BY_FACTOR, SECOND_FACTOR, STEP_UP
from tests.admin.rooms import hire, sign_in_as
from tests.website import serve, settings_for


def test_a_greater_role_reaches_what_a_smaller_one_does() -> None:
    for index, role in enumerate(ROLES):
        assert [reaches(role, needed) for needed in ROLES] == [
            number <= index for number in range(len(ROLES))
        ]


def test_a_role_is_never_enough() -> None:
    assert staff("reader") == {ROLE: "reader", STEP_UP: True, SECOND_FACTOR: True, BY_FACTOR: True}


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("/admin", True),
        ("/admin/", True),
        ("/admin/x/y", True),
        ("/administer", False),
        ("/", False),
    ],
)
def test_only_what_is_below_is_a_room(path: str, room: bool) -> None:  # noqa: FBT001  a case
    assert _is_room(path) is room


async def test_a_room_that_forgets_to_say_for_whom_is_for_nobody(
    database_url: str, redis_url: str
) -> None:
    @get("/admin/forgotten")
    async def forgotten() -> str:
        return "secret"

    async with (
        serve(settings_for(database_url, redis_url), forgotten) as website,
        website.browser() as browser,
    ):
        await sign_in_as(website, browser, await hire(website, "admin"))
        assert (await browser.get("/admin")).status_code == 200
        assert (await browser.get("/admin/forgotten")).status_code == 404


async def test_a_room_and_an_address_that_does_not_exist_take_the_same_look(
    database_url: str, redis_url: str
) -> None:
    asked: list[str] = []
    async with serve(settings_for(database_url, redis_url)) as website, website.browser() as alice:
        await sign_in_as(website, alice, await hire(website, "trader"))
        event.listen(
            website.database.engine.sync_engine,
            "before_cursor_execute",
            lambda *said: asked.append(said[2]),
        )
        statements = []
        for path in ("/admin", "/admin/people/1", "/nowhere"):
            asked.clear()
            assert (await alice.get(path)).status_code == 404
            statements.append(list(asked))
        assert statements[0]
        assert statements[0] == statements[1] == statements[2]
        async with website.without_database():
            assert (await alice.get("/nowhere")).status_code == 404
