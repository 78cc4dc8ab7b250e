"""Does an operator see at a glance what keeps orders from an exchange, and whom nobody hears?"""

from datetime import timedelta

from redis.asyncio import Redis

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.governor import Governor
from nexus.exchanges.models import ExchangeAccount, StreamLease
from nexus.exchanges.stream_leases import SHARD
from tests.admin.rooms import room
from tests.exchanges.test_stream_leases import A_KEY
from tests.website import Website

ROOM = "/admin/exchanges"


async def connect(database: Database, owner: int, **values: object) -> int:
    """Connect an account with a key."""
    async with database.transaction() as tx:
        account = ExchangeAccount(
            user_id=owner, label="Mine", created_at=now(),
            **{"venue": "binance", "egress": "default", "key_version": 1, **values},
        )  # fmt: skip
        tx.add(account)
        await tx.flush()
        key = {"account": account.id, "fingerprint": str(account.id).encode(), "at": now()}
        await tx.execute(A_KEY, key)
        return account.id


async def hear(database: Database, account_id: int, *, ends_in: int) -> None:
    shard = (account_id - 1) // SHARD
    async with database.transaction() as tx:
        tx.add(
            StreamLease(
                venue="binance", egress="default", shard=shard, holder="worker-1",
                until=now() + timedelta(seconds=ends_in),
            )
        )  # fmt: skip


async def test_an_address_that_is_banned_or_has_used_its_weight_up_is_seen(
    website: Website, redis_url: str
) -> None:
    redis = Redis.from_url(redis_url)
    settings = website.app.state.settings
    name = f"{settings.exchange_url.partition('://')[2]}/default"
    busy = Governor(name, settings.weight_per_minute, redis)
    async with room(website, "reader") as carol:
        assert "May ask" in (await carol.get(ROOM)).text
        await busy.take(settings.weight_per_minute, 1, exits=True)
        page = (await carol.get(ROOM)).text
        assert "Used up" in page
        assert f"{settings.weight_per_minute} of {settings.weight_per_minute} a minute" in page
        await busy.pause(300, banned=True)
        page = (await carol.get(ROOM)).text
        assert "Banned" in page
        assert "asks again in" in page
    await redis.aclose()


async def test_accounts_that_nobody_hears_are_seen(website: Website) -> None:
    owner = await website.add_person("dora@example.com")
    accounts = [await connect(website.database, owner) for _ in range(2)]
    async with room(website, "reader") as carol:
        assert "Fills of 2 accounts are found by asking only" in (await carol.get(ROOM)).text
        await hear(website.database, accounts[-1], ends_in=60)
        page = (await carol.get(ROOM)).text
        assert "found by asking only" not in page
        assert "Some not read yet" in page


async def test_a_lease_that_has_ended_is_none(website: Website) -> None:
    owner = await website.add_person("dora@example.com")
    account = await connect(website.database, owner)
    await hear(website.database, account, ends_in=-1)
    async with room(website, "reader") as carol:
        assert "found by asking only" in (await carol.get(ROOM)).text


async def test_keys_are_counted_by_what_is_wrong_with_them(website: Website) -> None:
    owner = await website.add_person("dora@example.com")
    for health in ("ok", "ok", "revoked"):
        await connect(website.database, owner, health=health)
    async with room(website, "reader") as carol:
        text = " ".join((await carol.get(ROOM)).text.split())
    assert "<dt>Binance: Works</dt> <dd> 2 </dd>" in text
    assert "<dt>Binance: Deleted at the exchange</dt> <dd> 1 </dd>" in text
