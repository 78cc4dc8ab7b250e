"""Can somebody take their data along, leave, and come back, and only they themselves?"""

import io
from datetime import timedelta
from zipfile import ZipFile

import pytest
from sqlalchemy import select, update

from nexus.accounts import export
from nexus.accounts.models import Session, User
from nexus.core.clock import now
from nexus.core.throttle import Rule
from tests.website import Website

ADA = "ada@example.com"
DATA = "/settings/data"


async def let_proof_grow_old(website: Website) -> None:
    async with website.database.transaction() as tx:
        await tx.execute(update(Session).values(proven_at=now() - timedelta(minutes=6)))


async def test_the_file_is_given_whole(website: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.accounts.routes_data.CHUNK", 1000)
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        page = await browser.get(DATA)
        assert f'href="{DATA}/download"' in page.text
        answer = await browser.send(f"{DATA}/download", await browser.token(f"{DATA}/download"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="nexus-data.zip"'
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    archive = ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert ADA in archive.read("json/users.json").decode()


@pytest.mark.parametrize("path", [f"{DATA}/download", f"{DATA}/delete"])
async def test_it_takes_a_fresh_proof(website: Website, path: str) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(path)
        await let_proof_grow_old(website)
        for answer in (await browser.get(path), await browser.send(path, token, email=ADA)):
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/prove?next=")
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(User.delete_after)) is None


async def test_taking_it_too_often_is_a_sentence(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PER_PERSON", Rule("data-download", limit=1, seconds=600))
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(f"{DATA}/download")
        assert (await browser.send(f"{DATA}/download", token)).status_code == 200
        answer = await browser.send(f"{DATA}/download", token)
    assert answer.status_code == 429
    assert "Too many attempts. Wait 10 minutes" in answer.text
    assert answer.headers["retry-after"]


async def test_leaving_and_coming_back(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as elsewhere:
        await elsewhere.sign_in(ADA)
        await browser.sign_in(ADA)
        token = await browser.token(f"{DATA}/delete")
        wrong = await browser.send(f"{DATA}/delete", token, email="ada@example.org")
        assert wrong.status_code == 422
        assert f"Write {ADA}, or keep the account." in wrong.text
        assert 'value="ada@example.org"' in wrong.text
        right = await browser.send(f"{DATA}/delete", token, email=ADA)
        assert (right.status_code, right.headers["location"]) == (303, DATA)
        assert (await elsewhere.get(DATA)).status_code == 303, "signed out"
        await elsewhere.sign_in(ADA)
        assert "Your account will be deleted on" in (await elsewhere.get("/")).text
        assert "Keep my account" in (await elsewhere.get(DATA)).text
        await elsewhere.send(f"{DATA}/keep", await elsewhere.token(DATA))
        assert "will be deleted" not in (await elsewhere.get("/")).text
