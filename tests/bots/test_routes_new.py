"""Does the form for a new bot say what is wrong where it is wrong, and keep what was typed?"""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from nexus.bots.models import Bot
from nexus.exchanges.models import ExchangeAccount
from nexus.strategy.border import Action
from tests.feed.customers import Customer, customers, scene_of
from tests.scripted import PRICE
from tests.website import Website, make_passwords_quick, serve, settings_for

GOOD = {"strategy": "trend", "symbol": "ETH/USDT", "allocation": "250"}
EXAMPLE = "Write an amount with at most two decimals, like 250 or 1,099.50."

MISTAKES = [
    ("allocation", "", EXAMPLE),
    ("allocation", "   ", EXAMPLE),
    ("allocation", "NaN", EXAMPLE),
    ("allocation", "inf", EXAMPLE),
    ("allocation", "1e5", EXAMPLE),
    ("allocation", "-5", EXAMPLE),
    ("allocation", "250,50", EXAMPLE),
    ("allocation", "abc", EXAMPLE),
    ("allocation", "0", "The least a bot can start with is 18 USDT."),
    ("allocation", "17.99", "The least a bot can start with is 18 USDT."),
    ("allocation", "99999999999", "The most a bot can be given is 1,000,000,000 USDT."),
    ("symbol", "DOGE/USDT", "Choose one of the symbols."),
    ("symbol", "", "Choose one of the symbols."),
    ("strategy", "magic", "Choose one of the strategies."),
    ("account", "", "Choose one of your connected accounts."),
    ("account", "-1", "Choose one of your connected accounts."),
    ("account", "999", "Choose one of your connected accounts."),
    ("account", "9" * 40, "Choose one of your connected accounts."),
]


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def send(customer: Customer, **fields: str) -> httpx.Response:
    """Send the form as it should be, but for the fields named here."""
    form = {**GOOD, "account": str(customer.account), **fields}
    return await customer.press("/bots/new", **form)


async def bots(website: Website) -> list[Bot]:
    return await scene_of(website).rows(Bot)


def said_at(answer: httpx.Response, field: str) -> str:
    """Give the sentence that stands at a field and is tied to it."""
    assert answer.status_code == 422
    place = f"{field or 'form'}-error"
    found = re.search(rf'<p[^>]*id="{place}"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert found, f"nothing is said at {field!r}"
    if field:
        assert re.search(rf'aria-describedby="[^"]*{place}"', answer.text)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


# --------------------------------------------------------------------------------- it is made
async def test_a_new_bot_runs_with_what_was_asked_for(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        answer = await send(alice, allocation="1,000.50")
        [bot] = await bots(website)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/bots/{bot.id}")
        page = (await alice.browser.get("/")).text
    assert (bot.user_id, bot.account_id, bot.status) == (alice.id, alice.account, "running")
    assert (bot.strategy, bot.symbol, str(bot.allocation)) == (
        "trend",
        "ETH/USDT",
        "1000.500000000000",
    )
    assert bot.max_order is None
    assert f'id="bot-{bot.id}"' in page


async def test_the_form_offers_only_ones_own_connected_accounts(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice", "bob") as [alice, bob]:
        gone = await scene.account(alice.id, venue="paper")
        await scene.change(ExchangeAccount, gone, status="removed")
        page = (await alice.browser.get("/bots/new")).text
    offered = re.search(r'<select[^>]*name="account".*?</select>', page, re.DOTALL)
    assert offered
    assert re.findall(r'<option\s+value="(\d+)"', offered[0]) == [str(alice.account)]
    assert str(bob.account) not in re.findall(r'value="(\d+)"', page)
    assert "10,000.00" in offered[0], "what is free there"


# --------------------------------------------------------------------------------- it is refused
async def test_every_mistake_is_said_at_its_field(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        for field, typed, sentence in MISTAKES:
            answer = await send(alice, **{field: typed})
            assert said_at(answer, field) == sentence, (field, typed)
    assert await bots(website) == []


async def test_what_was_typed_is_kept(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        typed = 'ten "or" <so>'
        page = (await send(alice, allocation=typed)).text
    assert f'value="{html.escape(typed).replace("&quot;", "&#34;")}"' in page
    assert re.search(r'<option value="ETH/USDT"\s+selected', page)
    assert re.search(rf'<option value="{alice.account}"[^>]*\sselected', page)
    assert re.search(r'value="trend"[^>]*\schecked', page)


async def test_htmx_gets_the_form_alone(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        answer = await alice.tap("/bots/new", **GOOD, account="0")
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith("<form")


async def test_somebody_elses_account_is_as_good_as_none(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        answer = await send(bob, account=str(alice.account))
    assert said_at(answer, "account") == "Choose one of your connected accounts."
    assert await bots(website) == []


async def test_an_account_whose_key_no_longer_works_is_refused(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        await scene_of(website).change(ExchangeAccount, alice.account, status="key_invalid")
        answer = await send(alice)
    assert said_at(answer, "account") == "Choose one of your connected accounts."


async def test_the_same_bot_twice_is_refused(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        assert (await send(alice)).status_code == 303
        answer = await send(alice)
    sentence = "This account already runs this strategy on this symbol."
    assert said_at(answer, "symbol") == sentence
    assert len(await bots(website)) == 1


# --------------------------------------------------------------------------------- tiers
async def test_a_tier_limits_what_all_bots_are_given_together(website: Website) -> None:
    async with customers(website, "alice", tier="starter") as [alice]:
        assert (await send(alice, allocation="1500")).status_code == 303
        answer = await send(alice, symbol="BTC/USDT", allocation="500.01")
        assert said_at(answer, "allocation") == "Your tier leaves 500.00 to allocate."
        assert (await send(alice, symbol="BTC/USDT", allocation="500")).status_code == 303


async def test_a_tier_limits_how_many_bots_there_are(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice", tier="starter") as [alice]:
        for symbol in ("A/USDT", "B/USDT", "C/USDT"):
            await scene.bot(alice.account, symbol=symbol, allocation=20)
        answer = await send(alice, allocation="20")
        assert said_at(answer, "") == "Your tier allows 3 bots. Stop one first."
        [first, *_] = await scene.rows(Bot)
        await scene.change(Bot, first.id, status="stopped")
        assert (await send(alice, allocation="20")).status_code == 303


async def test_without_a_tier_there_are_no_bots(website: Website) -> None:
    async with customers(website, "alice", tier=None) as [alice]:
        answer = await send(alice)
    assert said_at(answer, "") == "Your tier does not include bots."
    assert await bots(website) == []


# --------------------------------------------------------------------------------- fields
async def test_a_field_that_the_form_does_not_have_is_refused(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        for field in ("user_id", "status", "max_order", "id", "tier", "account_id", "created_at"):
            assert (await send(alice, **{field: "2"})).status_code == 400, field
    assert await bots(website) == []


# --------------------------------------------------------------------------------- looking back
async def test_looking_back_makes_nothing_and_keeps_what_was_typed(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        form = {**GOOD, "symbol": "BTC/USDT", "account": str(alice.account)}
        empty = (await alice.press("/bots/new/preview", **form)).text
        assert "has decided nothing on this symbol yet" in empty
        scene = scene_of(website)
        await scene.decide(Action.ENTER)
        await scene.decide(Action.EXIT, "0", price=PRICE * 2)
        page = (await alice.press("/bots/new/preview", **form)).text
        part = (await alice.tap("/bots/new/preview", **form)).text
        wrong = await alice.tap("/bots/new/preview", **{**form, "allocation": "abc"})
    assert "Result of 1 finished trade" in page
    assert "+99.70 USDT" in page, "100 of 250 doubled, less a fee of 0.1 % on 100 and on 200"
    assert 'value="250"' in page
    assert part.lstrip().startswith('<section id="preview"')
    assert (wrong.status_code, EXAMPLE in html.unescape(wrong.text)) == (422, True)
    assert await bots(website) == []
