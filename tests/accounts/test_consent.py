"""Is everybody asked for what they agree to, again when it changed, and is the answer kept?"""

from dataclasses import replace

import pytest
from sqlalchemy import select

from nexus.accounts import consent
from nexus.accounts.consent import DOCUMENTS, accept, missing, today
from nexus.accounts.models import AuditEntry, Consent
from nexus.core.db import Database
from tests.accounts.joining import ADA
from tests.website import Website

LATER = (DOCUMENTS[0], replace(DOCUMENTS[1], version="2031-05-01"))


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "DOCUMENTS", LATER)


async def test_what_was_accepted_is_missing_no_more(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.database.transaction() as tx:
        assert await missing(tx, ada) == []


async def test_accepting_twice_is_one_row_and_one_entry(
    website: Website, database: Database
) -> None:
    ada = await website.add_person(ADA)
    async with database.transaction() as tx:
        await accept(tx, ada, today(), network="10.0.0.1")
    async with database.transaction() as tx:
        assert len((await tx.scalars(select(Consent))).all()) == len(DOCUMENTS)
        acts = select(AuditEntry).where(AuditEntry.act == "consent_given")
        assert len((await tx.scalars(acts)).all()) == len(DOCUMENTS)


async def test_a_new_version_is_asked_for_before_anything_else(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert (await browser.get("/bots/new")).status_code == 200
        monkeypatch.setattr(consent, "DOCUMENTS", LATER)
        answer = await browser.get("/bots/new")
        assert (answer.status_code, answer.headers["location"]) == (
            303, "/consent?next=%2Fbots%2Fnew",
        )  # fmt: skip
        page = await browser.get(answer.headers["location"])
        assert "risk disclosure" in page.text
        assert "terms of use" not in page.text, "that one is as it was"
        assert 'name="next" value="/bots/new"' in page.text
        token = await browser.token("/consent")
        answer = await browser.send("/consent", token, risk="2031-05-01", next="/bots/new")
        assert (answer.status_code, answer.headers["location"]) == (303, "/bots/new")
        assert (await browser.get("/bots/new")).status_code == 200
    async with website.database.transaction() as tx:
        versions = select(Consent.version).where(Consent.document == "risk").order_by(Consent.id)
        assert list(await tx.scalars(versions)) == [DOCUMENTS[1].version, "2031-05-01"]


@pytest.mark.usefixtures("changed")
async def test_a_form_and_a_fragment_are_held_back_too(website: Website) -> None:
    await website.add_person(ADA)
    await accept_of_before(website)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token("/consent")
        answer = await browser.send("/bots/new", token)
        assert answer.headers["location"] == "/consent?next=%2F"
        answer = await browser.get("/live", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/consent")


async def accept_of_before(website: Website) -> None:
    """Forget what `add_person` accepted of the changed document."""
    async with website.database.transaction() as tx:
        for row in await tx.scalars(select(Consent).where(Consent.document == "risk")):
            await tx.delete(row)


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("ticked", ["", "yes", DOCUMENTS[1].version])
async def test_only_the_version_that_was_shown_is_accepted(website: Website, ticked: str) -> None:
    await website.add_person(ADA)
    await accept_of_before(website)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        answer = await browser.send("/consent", await browser.token("/consent"), risk=ticked)
        assert answer.status_code == 422
        assert "Accept the risk disclosure to go on." in answer.text
        assert (await browser.get("/")).headers["location"].startswith("/consent")


@pytest.mark.usefixtures("changed")
async def test_one_can_leave_and_read_without_accepting(website: Website) -> None:
    await website.add_person(ADA)
    await accept_of_before(website)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        for path in ("/terms", "/risk"):
            assert (await browser.get(path)).status_code == 200
        answer = await browser.send("/sign-out", await browser.token("/consent"))
        assert answer.headers["location"] == "/sign-in"


async def test_somebody_who_misses_nothing_goes_on_and_never_elsewhere(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        answer = await browser.get("/consent", params={"next": "/bots/new"})
        assert answer.headers["location"] == "/bots/new"
        answer = await browser.get("/consent", params={"next": "//evil.example"})
        assert answer.headers["location"] == "/"


async def test_the_documents_say_their_version_and_may_be_kept_by_nobody(website: Website) -> None:
    async with website.browser() as browser:
        for document in DOCUMENTS:
            page = await browser.get(document.path)
            assert document.version in page.text
            assert document.title in page.text
