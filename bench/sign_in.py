"""Signing in under attack, and what its parts cost; all over HTTP, with the passwords' real cost.

Three questions. Does an account that is hammered from thousands of networks slow down the pages of
everybody else? Do two refusals differ in time? And how much does the audit, which all sign-ins
write to one after the other, add to 200 of them at once?
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network

import pytest
from litestar import Litestar

from nexus.accounts import sign_in
from nexus.accounts.audit import write_audit
from nexus.accounts.sessions import start_session
from nexus.core.db import Transaction
from nexus.core.migrate import upgrade
from nexus.core.throttle import Rule
from tests.accounts.timing import medians
from tests.databases import postgres_server, redis_server
from tests.website import Website, serve, settings_for

ADA, NOBODY = "ada@example.com", "nobody@example.com"
GUESSES = 10_000
AT_ONCE = 50
TRIES = 200
SIGN_INS = 200


async def measure(guesses: int = GUESSES, tries: int = TRIES, sign_ins: int = SIGN_INS) -> str:
    """Ask the three questions; gives a line for each."""
    async with _site() as site:
        lines = [
            await _hammer(site, guesses),
            await _compare(site, tries),
            await _audit(site, sign_ins),
        ]
    return "\n".join(["sign_in", *lines])


@asynccontextmanager
async def _site() -> AsyncIterator[Website]:
    def trust_this_machine(app: Litestar) -> None:
        site = replace(app.state.site, trusted_proxies=(ip_network("127.0.0.0/8"),))
        app.state.site = site

    with postgres_server() as server, redis_server() as redis_url:
        server.create("bench")
        upgrade(server.url("bench"))
        settings = settings_for(server.url("bench"), f"{redis_url}/0")
        async with serve(settings, change=trust_this_machine) as site:
            await site.add_person(ADA)
            yield site


async def _hammer(site: Website, guesses: int) -> str:
    """Guess from many networks, and meanwhile open a page and let the owner sign in."""
    statuses: Counter[int] = Counter()
    pages: list[float] = []
    numbers = iter(range(guesses))

    async def guess() -> None:
        async with site.browser() as browser:
            token = await browser.token()
            for number in numbers:
                network = f"198.{18 + number % 2}.{number // 250 % 250}.{number % 250}"
                answer = await browser.http.post(
                    "/sign-in",
                    data={"email": ADA, "password": f"guess {number}", "csrf_token": token},
                    headers={"X-Forwarded-For": network},
                )
                statuses[answer.status_code] += 1

    async def look() -> None:
        async with site.browser() as visitor:
            while True:
                began = time.perf_counter()
                await visitor.get("/terms")
                pages.append(time.perf_counter() - began)
                await asyncio.sleep(0.05)

    async with site.browser() as owner:
        await owner.sign_in(ADA)
        looking = asyncio.create_task(look())
        began = time.perf_counter()
        async with asyncio.TaskGroup() as attackers:
            for _ in range(AT_ONCE):
                attackers.create_task(guess())
            await asyncio.sleep(1)
            owner.http.cookies.delete("nexus-session")
            let_in = (await owner.sign_in(ADA)).status_code
        took = time.perf_counter() - began
        looking.cancel()
    slow = statistics.quantiles(pages, n=20)[-1]
    return (
        f"  {guesses} wrong passwords in {took:.0f} s, {AT_ONCE} at once: {dict(statuses)}; "
        f"the owner meanwhile: {let_in}; another page p95 {slow * 1000:.0f} ms"
    )


async def _compare(site: Website, tries: int) -> str:
    """Compare refusals of somebody and of nobody; without limits, or there would be few."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PER_NETWORK", "PER_ACCOUNT_AND_NETWORK", "STRANGERS_PER_ACCOUNT"):
            patch.setattr(sign_in, name, Rule(f"bench-{name}", limit=100_000, seconds=600))
        async with site.browser() as browser:
            found = await medians(browser, (ADA, NOBODY), tries)
    return (
        f"  median refusal of {tries}: known {found[ADA] * 1000:.1f} ms, "
        f"unknown {found[NOBODY] * 1000:.1f} ms, ratio {found[ADA] / found[NOBODY]:.3f}"
    )


async def _audit(site: Website, sign_ins: int) -> str:
    """Start many sessions at once, with the entry of the audit and without."""
    people = [await site.add_person(f"p{n}@example.com") for n in range(sign_ins)]

    async def start(user_id: int, *, audited: bool) -> None:
        async with site.database.transaction() as tx:
            await start_session(tx, user_id, user_agent="bench", network="192.0.2.7")
            if audited:
                await _entry(tx, user_id)

    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(5):
        for audited in (True, False):
            began = time.perf_counter()
            await asyncio.gather(*(start(user_id, audited=audited) for user_id in people))
            times[audited].append(time.perf_counter() - began)
    ours, bare = statistics.median(times[True]), statistics.median(times[False])
    return (
        f"  {sign_ins} sessions at once: with the audit {ours * 1000:.0f} ms, "
        f"without {bare * 1000:.0f} ms, ratio {ours / bare:.2f}"
    )


async def _entry(tx: Transaction, user_id: int) -> None:
    await write_audit(tx, "signed_in", user_id=user_id, actor_id=user_id, how="password")
