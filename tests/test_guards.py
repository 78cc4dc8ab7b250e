"""Do the guards hold that belong to no page alone: the host, the way back, the second factor?"""

import re
from collections.abc import AsyncIterator

import pytest

from nexus.accounts.errors import IssuerAwayError
from nexus.accounts.issuers import Issuer, Publications
from nexus.accounts.links import make_link
from nexus.accounts.reset import GOOD_FOR, PURPOSE
from tests.accounts.issuer import running_issuer
from tests.admin.rooms import hire, sign_in_as
from tests.fuzz import schema_of
from tests.route_classes import NEEDS_A_PERSON, OPEN_TO_ALL, STAFF_ONLY, address
from tests.test_typed_text import goes_to
from tests.website import Website, make_passwords_quick, serve, settings_for

ALICE = "alice@example.com"
EVIL = "evil.example"
ELSEWHERE = (
    f"//{EVIL}",
    f"/\\{EVIL}",
    f"https://{EVIL}/",
    f"/\t/{EVIL}",
    f"\t//{EVIL}",
    f"\\\\{EVIL}",
    f"https:{EVIL}",
    f"//{EVIL}%2f..",
    f"javascript:location='//{EVIL}'",
)
# These give what they have without an end, or whole files that hold no address.
NOT_A_PAGE = {"/live", "/static/{file_path:path}", "/readyz", "/livez"}


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def test_no_answer_repeats_the_host_it_was_asked_by(website: Website) -> None:
    admin = await hire(website, "admin")
    pages = {path for method, path in NEEDS_A_PERSON | OPEN_TO_ALL if method == "GET"}
    pages |= {path for method, path in STAFF_ONLY if method == "GET"}
    headers = {"Host": EVIL, "X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}"}
    async with website.browser(**headers) as nobody, website.browser(**headers) as browser:
        await sign_in_as(website, browser, admin)
        for path in sorted(pages - NOT_A_PAGE):
            for visitor in (nobody, browser):
                answer = await visitor.get(address(path))
                assert answer.status_code < 500, path
                assert EVIL not in answer.text, path
                assert EVIL not in str(answer.headers), path


async def test_the_way_back_never_leads_to_another_site(website: Website) -> None:
    admin = await hire(website, "admin")
    asking = [
        path
        for path, methods in schema_of(website.app)["paths"].items()
        if any(each["name"] == "next" for each in methods.get("get", {}).get("parameters", ()))
    ]
    assert len(asking) >= 4
    seen = 0
    for path in asking:
        for wanted in ELSEWHERE:
            async with website.browser() as nobody, website.browser() as browser:
                await sign_in_as(website, browser, admin)
                for visitor in (nobody, browser):
                    answer = await visitor.get(path, params={"next": wanted})
                    back = re.findall(r'name="next"\s+value="([^"]*)"', answer.text)
                    if answer.status_code == 303:
                        back.append(answer.headers["location"])
                    assert back, path
                    for way in back:
                        assert goes_to(way, website.url) in website.url, f"{path}: {way}"
                        seen += 1
    assert seen > len(asking) * len(ELSEWHERE)


async def test_a_new_password_by_mail_still_owes_the_second_factor(website: Website) -> None:
    alice = await hire(website, "trader", ALICE)
    async with website.database.transaction() as tx:
        token = await make_link(tx, alice, PURPOSE, ALICE, good_for=GOOD_FOR)
    new = "another horse battery"
    async with website.browser() as browser:
        form = await browser.token(f"/reset?token={token}")
        answer = await browser.send("/reset", form, token=token, password=new)
        assert answer.status_code == 303
        assert (await browser.get("/settings")).status_code == 303
        answer = await browser.sign_in(ALICE, new)
        assert answer.headers["location"].startswith("/sign-in/factor")
        assert (await browser.get("/settings")).status_code == 303


@pytest.mark.parametrize("said", ["https://accounts.google.com", "", None, "SLASH"])
async def test_metadata_of_another_issuer_is_refused(said: str | None) -> None:
    async with running_issuer("ES256") as issuer:
        asked = Publications(Issuer("oidc", "Example Co.", issuer.address, "id", "secret"))
        assert (await asked.metadata()).token_endpoint
        issuer.metadata = {"issuer": f"{issuer.address}/" if said == "SLASH" else said}
        fresh = Publications(Issuer("oidc", "Example Co.", issuer.address, "id", "secret"))
        with pytest.raises(IssuerAwayError):
            await fresh.metadata()
