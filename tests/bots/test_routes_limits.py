"""Can people set their own limits, tighter at once and wider with a proof, and nobody else's?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import AuditEntry
from nexus.bots.limits import Limits
from nexus.bots.models import Holding
from nexus.bots.set_limits import own_limits
from nexus.core.clock import SystemClock, now
from tests.accounts.people import let_proof_grow_old
from tests.feed.customers import Customer, customers, scene_of
from tests.website import PASSWORD, Website, make_passwords_quick, serve, settings_for

PAGE = "/settings/limits"
ALL = {
    "allocation": "5,000",
    "per_trade": "250.50",
    "day_loss": "50",
    "day_loss_closes": "yes",
    "drawdown": "200",
    "drawdown_closes": "yes",
    "positions": "3",
    "cooldown_minutes": "60",
}
SET = Limits(
    allocation=Decimal(5000),
    per_trade=Decimal("250.5"),
    day_loss=Decimal(50),
    day_loss_closes=True,
    drawdown=Decimal(200),
    drawdown_closes=True,
    positions=3,
    cooldown_minutes=60,
)


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def limits_of(website: Website, who: Customer) -> Limits:
    async with website.database.transaction() as tx:
        return await own_limits(tx, who.id)


async def acts(website: Website, who: Customer) -> list[AuditEntry]:
    own = select(AuditEntry).where(
        AuditEntry.user_id == who.id,
        AuditEntry.act.in_(("limits_changed", "drawdown_restarted")),
    )
    async with website.database.transaction() as tx:
        return list(await tx.scalars(own.order_by(AuditEntry.id)))


async def test_all_limits_are_kept_for_alice_and_none_for_bob(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        answer = await alice.press(PAGE, **ALL)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=1")
        assert await limits_of(website, alice) == SET
        assert await limits_of(website, bob) == Limits()
        text = (await alice.browser.get(f"{PAGE}?saved=1")).text
        [entry] = await acts(website, alice)
    assert "Saved, and in force now." in text
    for shown in ('value="5000"', 'value="250.5"', 'value="60"'):
        assert shown in text
    assert text.count("checked") == 2
    assert (entry.detail["widened"], entry.detail["day_loss"]) == (False, "- -> 50.00")


@pytest.mark.parametrize("changes", [{"day_loss": "49"}, {"cooldown_minutes": "61"}])
async def test_tighter_needs_no_proof(website: Website, changes: dict[str, str]) -> None:
    async with customers(website, "alice") as [alice]:
        await alice.press(PAGE, **ALL)
        await let_proof_grow_old(website.database)
        answer = await alice.press(PAGE, **(ALL | changes))
        assert answer.headers["location"] == f"{PAGE}?saved=1"
        assert await limits_of(website, alice) != SET


@pytest.mark.parametrize(
    "changes",
    [{"day_loss": "51"}, {"positions": ""}, {"cooldown_minutes": "59"}, {"drawdown_closes": ""}],
)
async def test_wider_needs_a_proof_and_loses_nothing_that_was_typed(
    website: Website, changes: dict[str, str]
) -> None:
    typed = ALL | changes
    async with customers(website, "alice") as [alice]:
        await alice.press(PAGE, **ALL)
        await let_proof_grow_old(website.database)
        answer = await alice.press(PAGE, **typed)
        asked = urlsplit(answer.headers["location"])
        assert (answer.status_code, asked.path) == (303, "/prove")
        assert await limits_of(website, alice) == SET, "not before the proof"
        way_back = parse_qs(asked.query)["next"][0]
        token = await alice.browser.token(answer.headers["location"])
        answer = await alice.browser.send("/prove", token, password=PASSWORD, next=way_back)
        assert answer.headers["location"] == way_back
        text = (await alice.browser.get(way_back)).text
        assert "These are not saved yet." in text
        assert await limits_of(website, alice) == SET
        [name] = changes
        if changes[name]:
            assert f'value="{changes[name]}"' in text
        token = await alice.browser.token(PAGE)
        await alice.browser.send(PAGE, token, **typed)
        assert await limits_of(website, alice) != SET
        assert (await acts(website, alice))[-1].detail["widened"] is True


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("allocation", "NaN"),
        ("allocation", "Infinity"),
        ("allocation", "1e3"),
        ("per_trade", "-5"),
        ("per_trade", "0"),
        ("per_trade", "0.00"),
        ("day_loss", "250,50"),
        ("day_loss", "<script>"),
        ("drawdown", "1000000001"),
        ("drawdown", "0.001"),
        ("positions", "1.5"),
        ("positions", "0"),
        ("positions", "1001"),
        ("positions", "\u0663"),
        ("cooldown_minutes", "9" * 40),
        ("cooldown_minutes", "-1"),
    ],
)
async def test_what_cannot_be_read_is_said_beside_its_field_and_kept(
    website: Website, field: str, text: str
) -> None:
    async with customers(website, "alice") as [alice]:
        answer = await alice.press(PAGE, **{"positions": "7", field: text})
        assert answer.status_code == 422
        assert answer.text.count('aria-invalid="true"') == 1
        assert f'id="{field}-error"' in answer.text
        assert text.replace("<", "&lt;").replace(">", "&gt;") in answer.text
        assert field == "positions" or 'value="7"' in answer.text
        assert await limits_of(website, alice) == Limits()


@pytest.mark.parametrize("name", ["day_loss", "drawdown"])
async def test_to_close_at_no_amount_is_asked_back(website: Website, name: str) -> None:
    async with customers(website, "alice") as [alice]:
        answer = await alice.press(PAGE, **{f"{name}_closes": "yes"})
        assert answer.status_code == 422
        assert f'id="{name}-error"' in answer.text
        assert "checked" in answer.text


async def test_the_page_works_without_scripts_and_says_of_each_what_it_does(
    website: Website,
) -> None:
    async with customers(website, "alice") as [alice]:
        text = (await alice.browser.get(PAGE)).text
    start = text.index('<form id="form"')
    form = text[start : text.index("</form>", start)]
    assert 'method="post"' in form
    assert "hx-" not in form
    assert form.count("Blocks entries") == 6, "each of the six says so"
    assert form.count("Also close at market") == 2
    assert "The day begins at 00:00 UTC." in form
    assert "Your bots have not traded yet." in text


async def test_a_limit_that_blocks_is_shown_on_the_page_and_on_the_bots_card(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)  # A day that does not end while this runs.
    monkeypatch.setattr(SystemClock, "now", lambda _: noon)
    async with customers(website, "alice", "bob") as [alice, bob]:
        scene = scene_of(website)
        bots = [await scene.bot(who.account) for who in (alice, bob)]
        async with website.database.transaction() as tx:
            tx.add_all(
                Holding(
                    bot_id=bot, quantity=0, cost=0, realised=Decimal("-52.1"), day=now().date(),
                    day_result=Decimal("-52.1"), lost_at=now(), updated_at=now(),
                )
                for bot in bots
            )  # fmt: skip
        await alice.press(PAGE, day_loss="50")
        hers, his = await alice.browser.get("/"), await bob.browser.get("/")
        page = (await alice.browser.get(PAGE)).text
        async with website.database.transaction() as tx:
            await tx.execute(update(Holding).values(day_result=-49))
        after = await alice.browser.get("/")
    said = "Today&#39;s loss of 52.10 has reached your limit of 50.00."
    assert said in hers.text
    assert 'href="/settings/limits"' in hers.text
    assert said in page
    assert "\u221252.10 USDT" in page
    assert said not in his.text
    assert "bot__limit" not in after.text


async def test_measuring_the_fall_anew_needs_a_proof(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        await alice.press(PAGE, drawdown="100")
        await let_proof_grow_old(website.database)
        answer = await alice.press(f"{PAGE}/restart")
        assert answer.headers["location"].startswith("/prove")
        token = await alice.browser.token("/prove")
        await alice.browser.send("/prove", token, password=PASSWORD, next=PAGE)
        answer = await alice.browser.send(f"{PAGE}/restart", await alice.browser.token(PAGE))
        assert answer.headers["location"] == f"{PAGE}?saved=1"
        assert [entry.act for entry in await acts(website, alice)] == [
            "limits_changed", "drawdown_restarted",
        ]  # fmt: skip


async def test_a_press_without_the_token_sets_nothing(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        for token in ("", bob.token):
            answer = await alice.browser.send(PAGE, token, day_loss="50")
            assert answer.status_code == 403
        assert await limits_of(website, alice) == Limits()


async def test_an_address_with_too_much_or_unknown_in_it_is_a_plain_page(website: Website) -> None:
    async with customers(website, "alice") as [alice]:
        for query in (f"day_loss={'9' * 41}", "unknown=1", "day_loss=%FF", "day_loss=1&day_loss=2"):
            assert (await alice.browser.get(f"{PAGE}?{query}")).status_code == 200
