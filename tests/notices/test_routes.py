"""Can somebody choose what to be told and where, with and without a key for push?"""

from collections.abc import AsyncIterator

import pytest

from nexus.notices.choices import read_choices
from nexus.notices.devices import UNKNOWN_SERVICE, UNREADABLE
from tests.notices.phones import Phone, push_settings
from tests.website import Browser, Website, serve, settings_for

PAGE = "/settings/notifications"
ALICE = "alice@example.com"
PHONE = Phone("https://fcm.googleapis.com/fcm/send/abc")
AGENT = {"user-agent": "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0"}


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    push = push_settings()
    settings = settings_for(
        database_url, redis_url,
        vapid_private_key=push.vapid_private_key, push_contact=push.push_contact,
    )  # fmt: skip
    async with serve(settings) as running:
        yield running


@pytest.fixture
async def alice(website: Website) -> int:
    return await website.add_person(ALICE)


@pytest.fixture
async def browser(website: Website, alice: int) -> AsyncIterator[Browser]:
    del alice
    async with website.browser(**AGENT) as browser:
        await browser.sign_in(ALICE)
        yield browser


async def hand_over(browser: Browser, **changes: str) -> tuple[int, str]:
    """Hand over what a browser's push service gave; gives the status and the page."""
    told = {"endpoint": PHONE.endpoint, "public_key": PHONE.public_key, "auth": PHONE.auth}
    answer = await browser.send(f"{PAGE}/devices", await browser.token(PAGE), **told | changes)
    return answer.status_code, answer.text


async def test_what_is_chosen_is_kept(website: Website, browser: Browser, alice: int) -> None:
    fields = {"trade_push": "yes", "trouble_mail": "yes"}
    answer = await browser.send(PAGE, await browser.token(PAGE), **fields)
    assert answer.headers["location"] == f"{PAGE}?saved=1"
    async with website.database.transaction() as tx:
        choices = await read_choices(tx, alice)
    assert {key for key, wanted in choices.items() if wanted} == {
        ("trade", "push"), ("trouble", "mail"),
    }  # fmt: skip
    page = (await browser.get(answer.headers["location"])).text
    assert "Saved, and in force now." in page
    assert page.count("checked") == 2


async def test_a_browser_is_added_and_removed(browser: Browser) -> None:
    assert "No phone or browser is told so far." in (await browser.get(PAGE)).text
    assert (await hand_over(browser))[0] == 303
    page = (await browser.get(PAGE)).text
    assert "Firefox on Android, this browser" in page
    device = page.partition('id="device-')[2].partition('"')[0]
    token = await browser.token(PAGE)
    answer = await browser.send(f"{PAGE}/devices/{device}/remove", token)
    assert answer.headers["location"] == PAGE
    assert "No phone or browser is told so far." in (await browser.get(PAGE)).text
    assert (await browser.send(f"{PAGE}/devices/{device}/remove", token)).status_code == 404


async def test_the_page_carries_the_public_half_of_our_key_only(
    website: Website, browser: Browser
) -> None:
    page = (await browser.get(PAGE)).text
    assert f'data-push-key="{website.app.state.vapid.public_key}"' in page
    assert website.app.state.settings.vapid_private_key.get_secret_value() not in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"endpoint": "https://169.254.169.254/"}, UNKNOWN_SERVICE),
        ({"public_key": "AAAA"}, UNREADABLE),
        ({"auth": ""}, UNREADABLE),
    ],
)
async def test_what_cannot_be_used_is_refused_in_words(
    browser: Browser, changes: dict[str, str], sentence: str
) -> None:
    status, page = await hand_over(browser, **changes)
    assert status == 422
    assert sentence.replace("'", "&#39;") in page
    assert "No phone or browser is told so far." in page


async def test_without_a_key_nothing_is_offered_and_mail_can_be_chosen(
    database_url: str, redis_url: str
) -> None:
    async with serve(settings_for(database_url, redis_url)) as website:
        await website.add_person(ALICE)
        async with website.browser(**AGENT) as browser:
            await browser.sign_in(ALICE)
            page = (await browser.get(PAGE)).text
            assert "not set up on this server" in page
            assert "data-push-key" not in page
            assert 'name="trade_mail"' in page
            assert 'name="trade_push"' not in page
            assert (await hand_over(browser))[0] == 404
