"""Is the work the same for an address that has an account and one that has none?

The time itself is measured by whoever doubts it; what makes the time is counted here, because
that count is the same on a busy machine.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event

from tests.accounts.joining import ADA, ask_to_join
from tests.website import Browser, Website

NEW = "nobody@example.com"


@asynccontextmanager
async def statements(website: Website) -> AsyncIterator[list[str]]:
    """Collect what the database is asked, without its values."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    engine = website.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def sign_up(browser: Browser, email: str) -> None:
    assert (await ask_to_join(browser, email)).status_code == 303


async def forget(browser: Browser, email: str) -> None:
    answer = await browser.send("/forgot", await browser.token("/forgot"), email=email)
    assert answer.status_code == 303


@pytest.mark.parametrize("act", [sign_up, forget])
async def test_known_and_unknown_ask_the_database_the_same(
    website: Website, act: Callable[[Browser, str], Awaitable[None]]
) -> None:
    await website.add_person(ADA)
    seen = []
    for email in (ADA, NEW):
        async with website.browser() as browser, statements(website) as asked:
            await act(browser, email)
        seen.append(asked)
    assert seen[0] == seen[1] != []
