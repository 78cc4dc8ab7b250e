"""Who visits the pages in tests? Alice, who owns bots, and Bob, who is another customer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from nexus.billing.models import Entitlement
from nexus.core.clock import SetClock, now
from nexus.feed.models import FeedItem
from tests.scenes import AT, Scene
from tests.scripted import BTC
from tests.website import Browser, Website


@dataclass
class Customer:
    """Somebody signed in, with one account that has 10,000 USDT."""

    id: int
    account: int
    browser: Browser
    token: str
    """What every form of this session carries."""

    async def press(self, path: str, **fields: str) -> httpx.Response:
        """Send one of our forms, as a plain page does."""
        return await self.browser.send(path, self.token, **fields)

    async def tap(self, path: str, **fields: str) -> httpx.Response:
        """Send one of our forms, as htmx does."""
        form = {"csrf_token": self.token, **fields}
        return await self.browser.http.post(path, data=form, headers={"HX-Request": "true"})


def scene_of(website: Website) -> Scene:
    """Play with a running site's own database; what happens there still reaches its pages."""
    reactions = website.database._reactions
    scene = Scene(website.database, SetClock(AT))
    website.database._reactions = reactions
    return scene


@asynccontextmanager
async def customers(
    website: Website, *names: str, tier: str | None = "pro", venue: str = "paper"
) -> AsyncIterator[list[Customer]]:
    """Sign people in, each in a browser of their own."""
    async with AsyncExitStack() as stack:
        signed_in = []
        for name in names:
            person = await website.add_person(f"{name}@example.com", name=name.title())
            if tier:
                async with website.database.transaction() as tx:
                    tx.add(Entitlement(user_id=person, tier=tier))
            account = await scene_of(website).account(person, venue=venue)
            browser = await stack.enter_async_context(website.browser())
            assert (await browser.sign_in(f"{name}@example.com")).status_code == 303
            token = await browser.token("/stop")
            signed_in.append(Customer(person, account, browser, token))
        yield signed_in


async def add_lines(website: Website, user_id: int, ids: Sequence[int]) -> None:
    """Put lines into somebody's feed; each says its own id."""
    async with website.database.transaction() as tx:
        tx.add_all(
            FeedItem(id=number, user_id=user_id, at=now(), facts=facts_of(number, user_id))
            for number in ids
        )


def facts_of(number: int, user_id: int) -> dict[str, Any]:
    """Give a feed line's facts that say whose it is."""
    return {
        "kind": "bought",
        "symbol": BTC,
        "title": f"Line {number} of person {user_id}",
        "detail": "",
        "amount": None,
        "currency": "USDT",
    }
