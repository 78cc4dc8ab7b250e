"""Do the pages of bots do what was pressed, once, and only with one's own bots?"""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from nexus.bots.models import Bot, CloseRequest, Holding
from nexus.core.clock import now
from tests.feed.customers import customers, scene_of
from tests.website import Website, make_passwords_quick, serve, settings_for

KEY = "a-key-of-sixteen"


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def status_of(website: Website, bot: int) -> str:
    return (await scene_of(website).the_bot(bot)).status


async def count(website: Website, table: type[Bot | CloseRequest]) -> int:
    async with website.database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


# --------------------------------------------------------------------------------- whose it is
@pytest.mark.parametrize("what", ["start", "pause", "close"])
async def test_bob_cannot_touch_alices_bot(website: Website, what: str) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        status = "paused" if what == "start" else "running"
        bot = await scene_of(website).bot(alice.account, status=status)
        fields = {"idempotency_key": KEY} if what == "close" else {}
        for send in (bob.press, bob.tap):
            refused = await send(f"/bots/{bot}/{what}", **fields)
            assert refused.status_code == 404
            assert "BTC" not in refused.text
        assert await status_of(website, bot) == status
    assert await count(website, CloseRequest) == 0


async def test_bob_cannot_see_alices_bot(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        bot = await scene_of(website).bot(alice.account)
        assert (await alice.browser.get(f"/bots/{bot}/close")).status_code == 200
        refused = await bob.browser.get(f"/bots/{bot}/close")
    assert refused.status_code == 404
    assert "BTC" not in refused.text


async def test_a_bot_that_cannot_be_is_not_there(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        for bot in ("0", "-1", "x", "9223372036854775808", "9" * 40):
            for what in ("start", "pause", "stop", "close"):
                path = f"/bots/{bot}/{what}"
                assert (await alice.press(path)).status_code == 404, path
            assert (await alice.browser.get(f"/bots/{bot}/close")).status_code == 404


@pytest.mark.parametrize("path", ["/bots/new", "/bots/1/close"])
async def test_nobody_gets_a_form_without_signing_in(website: Website, path: str) -> None:
    async with website.browser() as stranger:
        answer = await stranger.get(path)
    assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")


async def test_a_button_without_the_token_does_nothing(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        bot = await scene_of(website).bot(alice.account)
        for token in ("", bob.token):
            answer = await alice.browser.send(f"/bots/{bot}/pause", token)
            assert answer.status_code == 403
        assert await status_of(website, bot) == "running"


# --------------------------------------------------------------------------------- start, pause
@pytest.mark.parametrize(
    ("before", "what", "after"),
    [
        ("running", "pause", "paused"),
        ("paused", "pause", "paused"),
        ("paused", "start", "running"),
        ("stopped", "start", "running"),
        ("running", "stop", "stopped"),
        ("paused", "stop", "stopped"),
        ("closing", "stop", "stopped"),
        ("stopped", "stop", "stopped"),
        ("running", "start", "running"),
        ("stopped", "pause", "stopped"),
        ("closing", "start", "closing"),
        ("closing", "pause", "closing"),
    ],
)
async def test_start_pause_and_stop(website: Website, before: str, what: str, after: str) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account, status=before)
        answer = await alice.press(f"/bots/{bot}/{what}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/#bots")
        assert await status_of(website, bot) == after


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("/bots", "/bots"),
        ("/bots/{}", "/bots/{}"),
        ("/", "/#bots"),
        ("/bots/{}/close", "/#bots"),
        ("//evil.example/bots", "/bots"),
        ("/evil", "/#bots"),
        ("[", "/#bots"),
    ],
)
async def test_a_plain_form_leads_back_to_the_page_of_bots_it_was_on(
    website: Website, came_from: str, back: str
) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account)
        alice.browser.http.headers["Referer"] = came_from.format(bot)
        answer = await alice.press(f"/bots/{bot}/pause")
    assert answer.headers["location"] == back.format(bot)


async def test_htmx_gets_the_card_as_it_is_now_and_no_page_around_it(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account)
        answer = await alice.tap(f"/bots/{bot}/pause")
        assert answer.status_code == 200
        card = answer.text
        assert card.lstrip().startswith(f'<article id="bot-{bot}"')
        assert 'data-status="paused"' in card
        assert f'action="/bots/{bot}/start"' in card
        assert f'action="/bots/{bot}/pause"' not in card
        token = re.search(r'name="csrf_token" value="(\w+)"', card)
        assert token, "the next button works too"
        again = await alice.browser.send(f"/bots/{bot}/start", token[1])
        assert again.status_code == 303
        assert await status_of(website, bot) == "running"


async def test_a_form_with_more_than_its_fields_is_refused(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account)
        extra = {"status": "running", "allocation": "1000000", "user_id": "2"}
        for what in ("start", "pause", "stop", "close"):
            fields = {"idempotency_key": KEY} if what == "close" else {}
            for name, value in extra.items():
                form = {name: value, **fields}
                assert (await alice.press(f"/bots/{bot}/{what}", **form)).status_code == 400
        assert await status_of(website, bot) == "running"


# --------------------------------------------------------------------------------- close
async def test_closing_asks_first_and_says_what_it_will_do(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account)
        page = " ".join((await alice.browser.get(f"/bots/{bot}/close")).text.split())
    assert "Stop and close BTC/USDT" in page
    assert "so nothing is sold" in page
    for meaning in ("Nothing new is bought.", "Nothing is bought and nothing is sold."):
        assert meaning in page
    [key] = re.findall(r'name="idempotency_key" value="([^"]+)"', page)
    assert 16 <= len(key) <= 64


async def test_what_would_be_sold_is_named_with_its_worth(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice") as [alice]:
        bot = await scene.bot(alice.account)
        await scene.market()
        async with website.database.transaction() as tx:
            tx.add(
                Holding(
                    bot_id=bot, quantity=Decimal("0.007992"), cost=400, realised=0, trade_id=1,
                    layers=1, updated_at=now(),
                )
            )  # fmt: skip
        page = (await alice.browser.get(f"/bots/{bot}/close")).text
    for part in ("Sell 0.007992 BTC and stop", "399.60 USDT", "\u22120.40 USDT", "loss"):
        assert part in page


async def test_the_same_wish_sent_twice_is_one_request(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account)
        for _ in range(2):
            sent = await alice.press(f"/bots/{bot}/close", idempotency_key=KEY)
            assert (sent.status_code, sent.headers["location"]) == (303, "/#bots")
        assert await status_of(website, bot) == "closing"
        assert await count(website, CloseRequest) == 1


async def test_the_same_wish_sent_again_long_after_closes_nothing_anew(website: Website) -> None:
    """Someone goes back to an old page, after the bot was started again."""
    scene = scene_of(website)
    async with customers(website, "alice") as [alice]:
        bot = await scene.bot(alice.account)
        await alice.press(f"/bots/{bot}/close", idempotency_key=KEY)
        await scene.change(Bot, bot, status="running")
        await alice.press(f"/bots/{bot}/close", idempotency_key=KEY)
        assert await status_of(website, bot) == "running"
        await alice.press(f"/bots/{bot}/close", idempotency_key=KEY + "-another")
        assert await status_of(website, bot) == "closing"


async def test_one_key_may_serve_two_bots_and_two_people(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice", "bob") as [alice, bob]:
        bots = [
            (alice, await scene.bot(alice.account)),
            (alice, await scene.bot(alice.account, symbol="ETH/USDT")),
            (bob, await scene.bot(bob.account)),
        ]
        for owner, bot in bots:
            await owner.press(f"/bots/{bot}/close", idempotency_key=KEY)
            assert await status_of(website, bot) == "closing"


@pytest.mark.parametrize("key", ["", "short", "x" * 65])
@pytest.mark.parametrize("fragment", [False, True])
async def test_without_a_key_nothing_is_sold_and_the_page_asks_again(
    website: Website, key: str, *, fragment: bool
) -> None:
    async with customers(website, "alice") as [alice]:
        bot = await scene_of(website).bot(alice.account)
        path, fields = f"/bots/{bot}/close", {"idempotency_key": key} if key else {}
        answer = await (alice.tap if fragment else alice.press)(path, **fields)
        assert answer.status_code == 422
        assert "Nothing was sold. Check it and press again." in answer.text
        assert ("<html" in answer.text) != fragment
        [fresh] = re.findall(r'name="idempotency_key" value="([^"]+)"', answer.text)
        assert await status_of(website, bot) == "running"
        assert (await alice.press(path, idempotency_key=fresh)).status_code == 303
        assert await status_of(website, bot) == "closing"
