"""Is a process that cannot serve told apart from one that can?"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from nexus.core.clock import now
from tests.website import Website, serve, settings_for

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def test_all_is_well(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "migrations": "ok",
        "redis": "ok",
        "tick_age_seconds": None,
    }


async def test_the_last_ticks_age_is_told(website: Website) -> None:
    async with website.database.transaction() as tx:
        for seconds in (500, 40, None):
            finished = now() - timedelta(seconds=seconds) if seconds else None
            await tx.execute(
                text(
                    "INSERT INTO tick_slots (slot, worker, claimed_at, lease_until, finished_at) "
                    "VALUES (:slot, 'w', now(), now(), :finished)"
                ),
                {"slot": now() - timedelta(seconds=seconds or 0), "finished": finished},
            )
    async with website.browser() as browser:
        answer = await browser.get("/readyz")
    assert answer.status_code == 200, "pages are served while trading pauses"
    assert 40 <= answer.json()["tick_age_seconds"] < 60


async def test_an_old_shape_is_not_ready(website: Website) -> None:
    async with website.database.transaction() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = 'before'"))
    async with website.browser() as browser:
        answer = await browser.get("/readyz")
        assert answer.status_code == 503
        assert (answer.json()["ready"], answer.json()["migrations"]) == (False, "behind")
        assert (await browser.get("/livez")).status_code == 200


async def test_without_redis_it_is_not_ready(database_url: str) -> None:
    async with serve(settings_for(database_url, NOWHERE)) as site, site.browser() as browser:
        answer = await browser.get("/readyz")
        assert answer.status_code == 503
        assert (answer.json()["redis"], answer.json()["database"]) == ("unreachable", "ok")
        assert (await browser.get("/livez")).status_code == 200


async def test_without_a_database_it_is_not_ready(website: Website) -> None:
    async with website.browser() as browser, website.without_database():
        answer = await browser.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["database"] == "unreachable"
        assert "nowhere" not in answer.text
        assert (await browser.get("/livez")).status_code == 200
