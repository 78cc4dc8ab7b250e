"""Is every account heard by exactly one worker, also when one dies?"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from nexus.core.clock import SetClock, now, use
from nexus.core.db import Database
from nexus.exchanges import stream_leases
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account
from nexus.exchanges.stream_leases import LEASE, Shard, hold_shards, release_shards
from tests.scenes import AT, Scene

VENUES = {"binance"}
A_KEY = text(
    "INSERT INTO api_keys (account_id, version, kid, wrap_nonce, wrapped_dek, nonce, ciphertext,"
    " fingerprint, last4, permissions,"
    " ip_restricted, created_at)"
    " VALUES (:account, 1, 'k', '', '', '', '', :fingerprint, 'abcd', '{}', true, :at)"
)


@pytest.fixture
def hands() -> Iterator[SetClock]:
    clock = SetClock(AT)
    with use(clock):
        yield clock


@pytest.fixture
def scene(database: Database, hands: SetClock) -> Scene:
    return Scene(database, hands)


@pytest.fixture(autouse=True)
def _two_to_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_leases, "SHARD", 2)


async def connected(scene: Scene, **values: object) -> int:
    """Connect an account with a key, and give its id."""
    account = await scene.account(await scene.person(), venue="binance")
    async with scene.database.transaction() as tx:
        await tx.execute(
            A_KEY, {"account": account, "fingerprint": str(account).encode(), "at": now()}
        )
    if values:
        await scene.change(ExchangeAccount, account, **values)
    return account


async def hold(scene: Scene, holder: str) -> Mapping[Shard, Sequence[Account]]:
    async with scene.database.transaction() as tx:
        return await hold_shards(tx, holder, VENUES)


def ids(held: Mapping[Shard, Sequence[Account]]) -> list[int]:
    return sorted(account.id for accounts in held.values() for account in accounts)


async def test_workers_share_and_nobody_is_heard_twice(scene: Scene) -> None:
    accounts = [await connected(scene) for _ in range(6)]
    for _ in range(5):
        first, second = await hold(scene, "one"), await hold(scene, "two")
    assert sorted(ids(first) + ids(second)) == accounts
    assert first
    assert second
    assert all(len(each) <= 2 for each in (*first.values(), *second.values()))


async def test_a_worker_that_died_is_replaced_once_its_lease_is_over(
    scene: Scene, hands: SetClock
) -> None:
    account = await connected(scene)
    assert ids(await hold(scene, "one")) == [account]
    hands.at += LEASE - timedelta(seconds=1)
    assert ids(await hold(scene, "two")) == []
    hands.at += timedelta(seconds=1)
    assert ids(await hold(scene, "two")) == [account]
    assert ids(await hold(scene, "one")) == [], "who was away too long has lost it"


async def test_what_is_renewed_is_kept(scene: Scene, hands: SetClock) -> None:
    account = await connected(scene)
    for _ in range(4):
        assert ids(await hold(scene, "one")) == [account]
        hands.at += LEASE / 2
        assert ids(await hold(scene, "two")) == []


async def test_a_worker_that_goes_gives_back_at_once(scene: Scene) -> None:
    account = await connected(scene)
    await hold(scene, "one")
    async with scene.database.transaction() as tx:
        await release_shards(tx, "one")
    assert ids(await hold(scene, "two")) == [account]


@pytest.mark.parametrize(
    ("status", "is_heard"),
    [
        ("active", True),
        ("paused", True),
        ("exits_only", True),
        ("key_invalid", False),
        ("removed", False),
    ],
)
async def test_whose_events_are_wanted(scene: Scene, status: str, *, is_heard: bool) -> None:
    account = await connected(scene, status=status)
    assert ids(await hold(scene, "one")) == ([account] if is_heard else [])


async def test_without_a_key_nobody_is_heard(scene: Scene) -> None:
    await scene.account(await scene.person(), venue="binance")
    on_paper = await scene.account(await scene.person(), venue="paper")
    assert on_paper
    assert await hold(scene, "one") == {}


async def test_a_shard_that_is_empty_now_is_given_back(scene: Scene) -> None:
    account = await connected(scene)
    await hold(scene, "one")
    await scene.change(ExchangeAccount, account, status="removed")
    assert await hold(scene, "one") == {}
    async with scene.database.transaction() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM stream_leases")) == 0
