"""Does somebody see where they are signed in, and is it over where they end it?"""

import re

from sqlalchemy import func, select, update

from nexus.accounts.models import AuditEntry, KnownBrowser, Session
from tests.website import Browser, Website

ADA, BEN = "ada@example.com", "ben@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1"
PAGE = "/settings/sessions"


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/settings")).status_code == 200


async def ids(browser: Browser) -> list[str]:
    """Read the listed sessions' numbers, this browser's first."""
    return re.findall(r'id="session-(\d+)"', (await browser.get(PAGE)).text)


async def acts(website: Website) -> list[str]:
    async with website.database.transaction() as tx:
        return list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


async def test_each_browser_is_listed_in_words(website: Website) -> None:
    await website.add_person(ADA)
    await website.add_person(BEN)
    async with (
        website.browser(**{"User-Agent": FIREFOX}) as desk,
        website.browser(**{"User-Agent": IPHONE}) as phone,
        website.browser(**{"User-Agent": "Ben's own"}) as bens,
    ):
        for browser, email in ((desk, ADA), (phone, ADA), (bens, BEN)):
            await browser.sign_in(email)
        listed = (await desk.get(PAGE)).text
        assert len(await ids(desk)) == 2
        assert listed.index("Firefox on Linux, this browser") < listed.index("Safari on iPhone")
        assert "Safari on iPhone, this browser" in (await phone.get(PAGE)).text
        assert "Network 127.0.0.1" in listed
        assert len(await ids(bens)) == 1


async def test_a_session_ended_here_dies_there(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as desk, website.browser() as phone:
        await desk.sign_in(ADA)
        await phone.sign_in(ADA)
        _, there = await ids(desk)
        answer = await desk.send(f"{PAGE}/{there}/end", await desk.token(PAGE))
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        assert not await is_in(phone)
        assert await is_in(desk)
        again = await desk.send(f"{PAGE}/{there}/end", await desk.token(PAGE))
        assert again.status_code == 404
    assert (await acts(website))[-1] == "session_ended"


async def test_nobody_ends_a_session_of_another(website: Website) -> None:
    await website.add_person(ADA)
    await website.add_person(BEN)
    async with website.browser() as hers, website.browser() as his:
        await hers.sign_in(ADA)
        await his.sign_in(BEN)
        [number] = await ids(hers)
        for target in (number, "0", str(2**63), "9" * 30):
            answer = await his.send(f"{PAGE}/{target}/end", await his.token(PAGE))
            assert answer.status_code == 404, target
        assert await is_in(hers)


async def test_ending_sessions_needs_a_fresh_proof(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as desk, website.browser() as phone:
        await desk.sign_in(ADA)
        await phone.sign_in(ADA)
        here, there = await ids(desk)
        token = await desk.token(PAGE)
        async with website.database.transaction() as tx:
            await tx.execute(update(Session).values(proven_at=None))
        for what in (f"{there}/end", f"{here}/end", "end-others", "end-all"):
            desk.http.headers["referer"] = f"{website.url}{PAGE}"
            answer = await desk.send(f"{PAGE}/{what}", token)
            assert answer.headers["location"] == "/prove?next=%2Fsettings%2Fsessions", what
        assert await is_in(phone)


async def test_ending_this_one_is_signing_out(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as desk:
        await desk.sign_in(ADA)
        [here] = await ids(desk)
        answer = await desk.send(f"{PAGE}/{here}/end", await desk.token(PAGE))
        assert answer.headers["location"] == "/sign-in"
        assert desk.cookie("session") == ""


async def test_everywhere_else_leaves_this_browser_in(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as desk, website.browser() as phone:
        await desk.sign_in(ADA)
        await phone.sign_in(ADA)
        answer = await desk.send(f"{PAGE}/end-others", await desk.token(PAGE))
        assert answer.headers["location"] == PAGE
        assert await is_in(desk)
        assert not await is_in(phone)
        assert len(await ids(desk)) == 1
    async with website.database.transaction() as tx:
        known = await tx.scalar(select(func.count()).select_from(KnownBrowser))
    assert known == 1, "a phone that was lost is a stranger's now"


async def test_everywhere_is_here_too(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as desk, website.browser() as phone:
        await desk.sign_in(ADA)
        await phone.sign_in(ADA)
        answer = await desk.send(f"{PAGE}/end-all", await desk.token(PAGE))
        assert answer.headers["location"] == "/sign-in"
        assert not await is_in(desk)
        assert not await is_in(phone)
    assert (await acts(website))[-1] == "sessions_ended"
