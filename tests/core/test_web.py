"""Does a request write all or nothing, and does a page know who looks at it?"""

from sqlalchemy import text

from tests.website import Website


async def notes(website: Website) -> list[str]:
    async with website.database.transaction() as tx:
        return list(await tx.scalars(text("SELECT word FROM notes ORDER BY word")))


async def test_returning_commits_a_redirect_too(website: Website) -> None:
    async with website.browser() as browser:
        assert (await browser.get("/note/kept/return")).status_code == 303
        # The answer leaves after the commit: who reads it can rely on it.
        assert await notes(website) == ["kept"]


async def test_raising_rolls_back(website: Website) -> None:
    async with website.browser() as browser:
        assert (await browser.get("/note/lost/raise")).status_code == 404
    assert await notes(website) == []


async def test_a_commit_that_fails_is_never_answered_with_success(website: Website) -> None:
    async with website.database.transaction() as tx:
        await tx.execute(text("ALTER TABLE notes ADD UNIQUE (word) DEFERRABLE INITIALLY DEFERRED"))
    async with website.browser() as browser:
        await browser.get("/note/once/return")
        assert (await browser.get("/note/once/return")).status_code == 500
    assert await notes(website) == ["once"]


async def test_no_connection_stays_behind(website: Website) -> None:
    async with website.browser() as browser:
        for ending in ("return", "raise") * 8:
            await browser.get(f"/note/{ending}/{ending}")
    assert website.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_htmx_gets_the_block_and_everybody_else_the_page(website: Website) -> None:
    async with website.browser() as browser:
        whole = await browser.get("/part")
        block = await browser.get("/part", headers={"HX-Request": "true"})
    assert whole.text.startswith("<!DOCTYPE html>")
    assert "A part" in whole.text
    assert "A part" in block.text
    assert "<html" not in block.text
