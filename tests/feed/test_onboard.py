"""Does the checklist say what somebody has really done, and go away when it is over?"""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from nexus.accounts.models import OnboardingStep, Passkey, User
from nexus.bots.start import create_bot
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from tests.accounts.joining import ADA, join
from tests.website import Browser, Website, make_passwords_quick, serve, settings_for

HEADING = "First steps"


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def states(browser: Browser) -> list[str]:
    """Read each step's state off the page."""
    page = (await browser.get("/")).text
    return re.findall(r'class="step"\s+data-state="(\w+)"', page)


async def ada_id(website: Website) -> int:
    async with website.database.transaction() as tx:
        return await tx.scalar(select(User.id)) or 0


async def skip(browser: Browser, step: str) -> int:
    answer = await browser.send(f"/onboarding/{step}/skip", await browser.token("/"))
    return answer.status_code


async def test_a_new_person_has_confirmed_and_sees_what_is_next(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
        assert await states(browser) == ["done", "open", "open", "open"]
        assert "1 of 4" in (await browser.get("/")).text


async def test_each_step_is_done_when_it_is_really_done(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
        ada = await ada_id(website)
        async with website.database.transaction() as tx:
            account = await tx.scalar(select(ExchangeAccount.id))
            await create_bot(
                tx, user_id=ada, account_id=account or 0, strategy="trend", symbol="BTC/USDT",
                allocation=Decimal(100),
            )  # fmt: skip
        assert await states(browser) == ["done", "done", "open", "open"]
        async with website.database.transaction() as tx:
            tx.add(
                Passkey(
                    user_id=ada, credential_id=b"1", public_key=b"", sign_count=0, transports=[],
                    name="Phone", created_at=now(),
                )
            )  # fmt: skip
        assert await states(browser) == ["done", "done", "done", "open"]
        async with website.database.transaction() as tx:
            await tx.execute(update(ExchangeAccount).values(venue="binance"))
        assert HEADING not in (await browser.get("/")).text


async def test_steps_are_put_aside_one_by_one_until_nothing_is_left(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
        assert await skip(browser, "factor") == 303
        assert await states(browser) == ["done", "open", "skipped", "open"]
        assert "1 of 4, 1 skipped" in (await browser.get("/")).text
        await skip(browser, "factor")
        await skip(browser, "bot")
        await skip(browser, "exchange")
        assert HEADING not in (await browser.get("/")).text
    async with website.browser() as elsewhere:
        await elsewhere.sign_in(ADA)
        assert HEADING not in (await elsewhere.get("/")).text, "it is kept with the person"


async def test_only_steps_there_are_can_be_put_aside(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
        assert await skip(browser, "everything") == 404
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(OnboardingStep)) == 0


async def test_what_one_puts_aside_the_other_still_sees(website: Website) -> None:
    async with website.browser() as ada, website.browser() as bob:
        await join(website, ada)
        await join(website, bob, "bob@example.com")
        await skip(ada, "bot")
        assert await states(bob) == ["done", "open", "open", "open"]
