"""Is the crowd of a replay the same at every run, and as mixed as people are?"""

import base64
from decimal import Decimal

from pydantic import SecretStr

from nexus.accounts.models import User
from nexus.bots.models import Bot
from nexus.exchanges.models import AccountBalance, ApiKey, ExchangeAccount, PaperBalance
from nexus.exchanges.protocol import Account
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import KeyPair
from nexus.pipeline.crowd import gather_crowd
from nexus.settings import Settings
from tests.scenes import Scene

SETTINGS = Settings(
    environment="test",
    symbols=("BTC/USDT", "ETH/USDT"),
    key_encryption_key=SecretStr(base64.b64encode(bytes(32)).decode()),
)


async def gather(scene: Scene, count: int, seed: int = 1, keys: tuple[KeyPair, ...] = ()) -> None:
    async with scene.database.transaction() as tx:
        await gather_crowd(
            tx,
            SETTINGS,
            count=count,
            keys=keys,
            balance=Decimal(10_000),
            strategies=["trend"],
            seed=seed,
        )


async def test_everybody_has_an_account_on_paper_and_a_bot_per_symbol(scene: Scene) -> None:
    await gather(scene, 3)
    accounts, bots = await scene.rows(ExchangeAccount), await scene.rows(Bot)
    assert {account.venue for account in accounts} == {"paper"}
    assert [(bot.user_id, bot.account_id, bot.symbol, bot.status) for bot in bots] == [
        (account.user_id, account.id, symbol, "running")
        for account in accounts
        for symbol in SETTINGS.symbols
    ]
    async with scene.database.transaction() as tx:
        for table in (AccountBalance, PaperBalance):
            rows = await tx.execute(table.__table__.select())
            assert [(row.asset, row.free) for row in rows] == [("USDT", 10_000)] * 3


async def test_nobody_of_them_can_sign_in(scene: Scene) -> None:
    await gather(scene, 2)
    people = await scene.rows(User)
    assert {person.password_hash for person in people} == {"!"}
    assert all(person.email.endswith(".invalid") for person in people)


async def test_allocations_differ_by_the_seed_and_only_by_it(scene: Scene) -> None:
    await gather(scene, 50, seed=7)
    first = [bot.allocation for bot in await scene.rows(Bot)]
    await scene.empty(Bot, PaperBalance, AccountBalance, ExchangeAccount)
    await rename_people(scene)
    await gather(scene, 50, seed=7)
    assert [bot.allocation for bot in await scene.rows(Bot)] == first
    assert len(set(first)) > 50
    assert all(5 <= amount <= 5000 for amount in first)


async def rename_people(scene: Scene) -> None:
    for person in await scene.rows(User):
        address = f"gone-{person.id}@example.invalid"
        await scene.change(User, person.id, email=address, email_key=address)


async def test_with_keys_they_trade_at_the_exchange(scene: Scene) -> None:
    keys = (KeyPair("key-one", "secret-one"), KeyPair("key-two", "secret-two"))
    await gather(scene, 2, keys=keys)
    accounts = await scene.rows(ExchangeAccount)
    assert {(account.venue, account.key_version) for account in accounts} == {("binance", 1)}
    ring = KeyRing(scene.database, SETTINGS)
    opened = await ring.read([Account(a.id, "binance", "default", 1) for a in accounts])
    pairs = [opened[account.id].open() for account in accounts]
    assert [(pair.key, pair.secret) for pair in pairs] == [
        ("key-one", "secret-one"), ("key-two", "secret-two"),
    ]  # fmt: skip
    async with scene.database.transaction() as tx:
        assert (await tx.execute(PaperBalance.__table__.select())).all() == []
        assert len((await tx.execute(ApiKey.__table__.select())).all()) == 2
