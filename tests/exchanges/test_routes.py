"""Can somebody connect, replace, pause and remove an account on the pages, and nobody else's?

The pages and the worker's work are real, and so is the simulated exchange; PostgreSQL gives the
pages the rights of their own role only.
"""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import delete, func, select, update

from nexus.accounts.models import AuditEntry, Passkey, User
from nexus.bots.models import Bot, Holding
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.core.migrate import upgrade
from nexus.exchanges.health import check_health
from nexus.exchanges.models import ApiKey, ExchangeAccount, KeyDrop
from nexus.exchanges.protocol import Account
from nexus.exchanges.take_drop import check_drops
from nexus.exchanges.unlock import KeyRing
from nexus.settings import Settings
from tests.accounts.people import let_proof_grow_old
from tests.admin.rooms import hire, sign_in_as
from tests.databases import PostgresServer
from tests.exchanges.counter import Counter, open_counter
from tests.website import Browser, Website, make_passwords_quick, serve, settings_for

ALICE = "alice-of-the-pages@example.com"
PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"


class Desk:
    """A browser at the pages, with a worker and an exchange behind them."""

    def __init__(self, website: Website, browser: Browser, counter: Counter, alice: int) -> None:
        self.website = website
        self.browser = browser
        self.counter = counter
        self.alice = alice

    async def send(self, path: str, page: str | None = None, **fields: str) -> httpx.Response:
        return await self.browser.send(path, await self.browser.token(page or path), **fields)

    async def begin(self, kind: str = "hmac", path: str = "/accounts/new", **more: str) -> str:
        answer = await self.send(path, kind=kind, **more)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def work(self) -> None:
        await check_drops(self.counter.desk)

    async def connect(self) -> int:
        """Connect the exchange's first account; gives its number here."""
        drop = await self.begin(label="Mine")
        key, secret, _ = self.counter.accounts[0]
        await self.send(drop, key=key, secret=secret)
        await self.work()
        async with self.counter.database.transaction() as tx:
            found = select(ExchangeAccount.id).where(ExchangeAccount.user_id == self.alice)
            return (await tx.scalars(found.where(ExchangeAccount.venue == "binance"))).one()

    async def count(self, table: Any) -> int:
        async with self.counter.database.transaction() as tx:
            return await tx.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
async def desk(
    database: Database,
    redis_url: str,
    postgres: PostgresServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Desk]:
    make_passwords_quick(monkeypatch)
    with psycopg.connect(postgres.libpq_url, autocommit=True) as server:
        known = "SELECT 1 FROM pg_roles WHERE rolname = 'nexus_web'"
        if not server.execute(known).fetchone():
            server.execute("CREATE ROLE nexus_web LOGIN")
    upgrade(database.engine.url.render_as_string(hide_password=False))
    url = database.engine.url.set(username="nexus_web")
    web = settings_for(
        url.render_as_string(hide_password=False),
        redis_url,
        key_encryption_key="",
        egress_addresses="default=203.0.113.7",
    )
    async with serve(web) as website:
        alice = await hire(website, "trader", ALICE)
        async with open_counter(database, settings, alice) as counter, website.browser() as browser:
            await sign_in_as(website, browser, alice)
            yield Desk(website, browser, counter, alice)


async def test_a_pair_is_made_registered_and_connected(desk: Desk) -> None:
    drop = await desk.begin("ed25519", label="My savings")
    page = (await desk.browser.get(drop)).text
    assert "203.0.113.7" in page
    shown = PUBLIC_KEY.search(page)
    assert shown
    uid = desk.counter.accounts[0][2]
    made = await desk.counter.control("keys", uid=uid, kind="ED25519", public_key=f"{shown[0]}\n")
    answer = await desk.send(drop, key=made["key"])
    assert answer.headers["location"] == drop
    assert "Checking your key" in (await desk.browser.get(drop)).text
    await desk.work()
    page = (await desk.browser.get(drop)).text
    assert "My savings is connected" in page
    assert made["key"] not in page
    page = (await desk.browser.get("/accounts")).text
    assert "My savings" in page
    assert made["key"][-4:] in page
    page = " ".join((await desk.browser.get("/accounts/1")).text.split())
    assert re.search(
        r"<dt>USDT, known <time [^>]*>(just now|[^<]* ago)</time></dt> <dd> [\d,.]+ </dd>", page
    )


async def test_the_name_is_kept_whichever_way_is_taken(desk: Desk) -> None:
    page = (await desk.browser.get("/accounts/new")).text
    assert page.count("<form") - page.count('action="/sign-out"') == 1, "one form, two buttons"
    drop = await desk.begin("hmac", label="My savings")
    key, secret, _ = desk.counter.accounts[0]
    await desk.send(drop, key=key, secret=secret)
    await desk.work()
    assert "My savings is connected" in (await desk.browser.get(drop)).text
    page = " ".join((await desk.browser.get("/accounts/1")).text.split())
    assert "<dt>Fees, to buy and sell once</dt> <dd> 0.2 % </dd>" in page


async def test_a_key_is_checked_again_when_its_owner_asks(desk: Desk) -> None:
    account = f"/accounts/{await desk.connect()}"
    key, _, _ = desk.counter.accounts[0]
    await desk.counter.control("keys/change", key=key, rights={"enableWithdrawals": True})
    await check_health(desk.counter.desk)
    assert "Works" in (await desk.browser.get(account)).text, "its turn comes once a day"
    answer = await desk.send(f"{account}/check", account)
    assert answer.headers["location"] == account
    assert "Being checked" in (await desk.browser.get(account)).text
    await check_health(desk.counter.desk)
    assert "This key may withdraw" in (await desk.browser.get(account)).text


async def test_what_nothing_can_mend_offers_no_form(desk: Desk) -> None:
    await desk.connect()
    drop = await desk.begin()
    key, secret, _ = desk.counter.accounts[0]
    await desk.send(drop, key=key, secret=secret)
    await desk.work()
    page = (await desk.browser.get(drop)).text
    assert "connected already" in page
    assert 'href="/accounts">See your accounts' in page
    assert 'name="key"' not in page


async def test_what_is_wrong_is_said_and_checked_again_without_pasting(desk: Desk) -> None:
    key, secret, _ = desk.counter.accounts[0]
    await desk.counter.control("keys/change", key=key, rights={"enableWithdrawals": True})
    drop = await desk.begin()
    await desk.send(drop, key=key, secret=secret)
    await desk.work()
    page = (await desk.browser.get(drop)).text
    assert "This key may withdraw" in page
    assert key not in page
    assert secret not in page
    await desk.counter.control("keys/change", key=key, rights={"enableWithdrawals": False})
    await desk.send(f"{drop}/again", drop)
    await desk.work()
    assert "is connected" in (await desk.browser.get(drop)).text


@pytest.mark.parametrize(
    ("key", "secret", "words"),
    [
        ("", "s" * 64, "Paste the API key"),
        ("k" * 63, "s" * 64, "has 63 characters"),
        ("k" * 30 + " " + "k" * 33, "s" * 64, "There is a space in it"),
        ("k" * 64, "s" * 65, "has 65 characters"),
        ("k" * 64, "k" * 64, "This is the API key again"),
        (PHRASE, "s" * 64, "recovery phrase of a wallet"),
        ("k" * 64, PHRASE, "recovery phrase of a wallet"),
        ("-----BEGIN PRIVATE KEY----- MC4CAQ", "s" * 64, "This is a private key"),
        ("-----BEGIN PUBLIC KEY----- MCow", "s" * 64, "public key that belongs at Binance"),
        ("k" * 63 + "é", "s" * 64, "64 letters and digits"),
    ],
)
async def test_what_is_no_key_gets_a_sentence_and_is_not_stored(
    desk: Desk, key: str, secret: str, words: str
) -> None:
    drop = await desk.begin()
    answer = await desk.send(drop, key=key, secret=secret)
    assert answer.status_code == 422
    assert words in answer.text
    assert not key or f'"{key}"' not in answer.text
    assert PHRASE not in answer.text
    async with desk.counter.database.transaction() as tx:
        [row] = (await tx.scalars(select(KeyDrop))).all()
    assert (row.key_box, row.secret_box, row.status) == (None, None, "open")


async def test_a_key_is_replaced_and_the_old_one_signs_no_more(desk: Desk) -> None:
    account = await desk.connect()
    drop = await desk.begin(path=f"/accounts/{account}/key")
    new = await desk.counter.control("keys", uid=desk.counter.accounts[0][2], kind="HMAC")
    await desk.send(drop, key=new["key"], secret=new["secret"])
    await desk.work()
    assert "The new key works" in (await desk.browser.get(drop)).text
    ring = KeyRing(desk.counter.database, desk.counter.desk.settings)
    locked = await ring.read([Account(account, "binance", "default", 2)])
    assert locked[account].open().key == new["key"]


async def _bot_in_a_trade(desk: Desk, account: int) -> int:
    async with desk.counter.database.transaction() as tx:
        bot = Bot(
            user_id=desk.alice, account_id=account, strategy="trend", symbol="BTC/USDT",
            allocation=Decimal(100), status="running", status_at=now(), status_by="test",
            created_at=now(),
        )  # fmt: skip
        tx.add(bot)
        await tx.flush()
        tx.add(
            Holding(
                bot_id=bot.id, quantity=Decimal("0.0123"), cost=Decimal(500), realised=Decimal(0),
                trade_id=1, layers=1, updated_at=now(),
            )
        )  # fmt: skip
    return bot.id


async def test_removing_says_first_what_stays_behind_and_destroys_the_key(desk: Desk) -> None:
    account = await desk.connect()
    bot = await _bot_in_a_trade(desk, account)
    page = (await desk.browser.get(f"/accounts/{account}/remove")).text
    assert "0.0123 BTC" in page
    assert "Nothing is sold by this" in page
    assert f"/bots/{bot}/close" in page
    answer = await desk.send(f"/accounts/{account}/remove")
    assert answer.headers["location"] == "/accounts"
    async with desk.counter.database.transaction() as tx:
        key = await tx.get_one(ApiKey, account)
        row = await tx.get_one(ExchangeAccount, account)
        stopped = await tx.get_one(Bot, bot)
        acts = (await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id))).all()
    assert (key.wrapped_dek, key.ciphertext, key.last4) == (b"", b"", key.last4)
    assert key.destroyed_at is not None
    assert (row.status, stopped.status) == ("removed", "stopped")
    assert acts[-2:] == ["key_connected", "account_removed"]
    assert (await desk.browser.get(f"/accounts/{account}")).status_code == 404


async def test_pausing_says_what_it_does_and_can_be_taken_back(desk: Desk) -> None:
    account = await desk.connect()
    await _bot_in_a_trade(desk, account)
    page = (await desk.browser.get(f"/accounts/{account}/pause")).text
    assert "Nothing is sold now" in page
    assert "0.0123 BTC" in page
    await desk.send(f"/accounts/{account}/pause")
    page = (await desk.browser.get(f"/accounts/{account}")).text
    assert "the bots buy nothing, and still sell" in page
    await desk.send(f"/accounts/{account}/resume", f"/accounts/{account}")
    async with desk.counter.database.transaction() as tx:
        row = await tx.get_one(ExchangeAccount, account)
    assert (row.status, row.paused_at) == ("active", None)


async def test_a_dropped_key_can_be_taken_back(desk: Desk) -> None:
    drop = await desk.begin("ed25519")
    await desk.send(f"{drop}/forget", drop)
    assert await desk.count(KeyDrop) == 0
    assert (await desk.browser.get(drop)).status_code == 404


async def test_nobody_begins_without_a_factor_a_fresh_proof_and_a_known_address(
    desk: Desk,
) -> None:
    await let_proof_grow_old(desk.counter.database)
    answer = await desk.browser.get("/accounts/new")
    assert answer.headers["location"].startswith("/prove")
    async with desk.counter.database.transaction() as tx:
        await tx.execute(update(User).values(email_verified_at=None))
    await sign_in_as(desk.website, desk.browser, desk.alice)
    answer = await desk.browser.get("/accounts/new")
    assert "Confirm your e-mail address first" in answer.text
    token = await desk.browser.token("/")
    answer = await desk.browser.send("/accounts/new", token, kind="hmac")
    assert answer.status_code == 422
    async with desk.counter.database.transaction() as tx:
        await tx.execute(delete(Passkey))
    answer = await desk.browser.get("/accounts/new")
    assert answer.headers["location"].startswith("/settings/security")
    assert await desk.count(KeyDrop) == 0


async def test_checking_too_often_has_to_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = await desk.begin()

    async def full(*_: object) -> int:
        return 90

    monkeypatch.setattr(desk.website.app.state.throttle, "take", full)
    answer = await desk.send(drop, key="k" * 64, secret="s" * 64)
    assert answer.status_code == 429
    assert "Wait 2 minutes" in answer.text


async def test_no_key_is_in_redis_or_in_what_the_pages_say(
    desk: Desk, redis_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from redis.asyncio import Redis  # noqa: PLC0415  only to look in from outside

    account = await desk.connect()
    key, secret, _ = desk.counter.accounts[0]
    seen = ""
    for path in ("/", "/accounts", f"/accounts/{account}", "/accounts/new", "/settings"):
        seen += (await desk.browser.get(path)).text
    async with Redis.from_url(redis_url) as redis:
        for name in await redis.keys("*"):
            seen += str(name) + str(await redis.dump(name))
    seen += "".join(capfd.readouterr())
    assert key not in seen
    assert secret not in seen
