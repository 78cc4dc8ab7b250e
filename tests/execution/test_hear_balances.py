"""Is the exchange's word on a balance written down when it holds, and only then?"""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.protocol import VenueStatus
from nexus.exchanges.user_stream import BalancesHeard
from nexus.execution.hear_balances import LONGEST_WAIT, BalanceWords, Word, Written, write_words
from tests.scenes import AT, Scene
from tests.scripted import take

SECOND = timedelta(seconds=1)


async def write(
    scene: Scene, account: int, free: str, at: datetime, asset: str = "USDT"
) -> Written:
    async with scene.database.transaction() as tx:
        return await write_words(tx, {(account, asset): Word(Decimal(free), at)})


async def balances(scene: Scene, account: int) -> dict[str, tuple[Decimal, datetime]]:
    async with scene.database.transaction() as tx:
        rows = await tx.scalars(select(AccountBalance).where(AccountBalance.account_id == account))
        return {row.asset: (row.free, row.as_of) for row in rows}


@pytest.fixture
async def account(scene: Scene) -> int:
    return await scene.account(await scene.person())


async def test_a_newer_word_is_written_with_its_age(scene: Scene, account: int) -> None:
    await write(scene, account, "12.5", AT + SECOND)
    await write(scene, account, "0.3", AT + SECOND, "BTC")
    assert await balances(scene, account) == {
        "USDT": (Decimal("12.5"), AT + SECOND),
        "BTC": (Decimal("0.3"), AT + SECOND),
    }


async def test_what_was_read_since_is_believed(scene: Scene, account: int) -> None:
    async with scene.database.transaction() as tx:
        read = update(ExchangeAccount).where(ExchangeAccount.id == account)
        await tx.execute(read.values(balances_at=AT + 2 * SECOND))
    assert await write(scene, account, "1", AT + SECOND) == Written({}, set())
    assert (await balances(scene, account))["USDT"][0] == 10_000


async def test_while_an_order_is_under_way_the_word_waits(scene: Scene, account: int) -> None:
    await scene.bot(account)
    scene.exchange.next_orders(take(VenueStatus.NEW))
    await scene.place(await scene.enter())
    before = await balances(scene, account)
    told = await write(scene, account, "1", scene.hands.at)
    assert told == Written({(account, "USDT"): Word(Decimal(1), scene.hands.at)}, set())
    scene.passes(seconds=LONGEST_WAIT.total_seconds() + 1)
    told = await write(scene, account, "1", AT)
    assert told == Written({}, {account}), "for too long: it is read instead"
    assert await balances(scene, account) == before


async def test_a_word_that_a_later_fill_overtook_is_read_again(scene: Scene, account: int) -> None:
    await scene.bot(account)
    await scene.place(await scene.enter())
    before = await balances(scene, account)
    assert await write(scene, account, "1", AT - SECOND) == Written({}, {account})
    assert await balances(scene, account) == before
    assert await write(scene, account, "7", AT + SECOND) == Written({}, set())
    assert (await balances(scene, account))["USDT"][0] == 7


async def test_an_account_that_is_gone_gets_nothing(scene: Scene, account: int) -> None:
    await scene.change(ExchangeAccount, account, status="removed")
    await write(scene, account, "1", AT + SECOND)
    assert (await balances(scene, account))["USDT"][0] == 10_000


def heard(free: str, at: datetime, account: int = 1) -> BalancesHeard:
    return BalancesHeard(account, {"USDT": Decimal(free)}, at)


def test_only_the_newest_word_waits() -> None:
    words = BalanceWords()
    words.hear(heard("1", AT + SECOND))
    words.hear(heard("2", AT))
    assert words.waiting == {(1, "USDT"): Word(Decimal(1), AT + SECOND)}
    taken = words.take(10)
    assert words.waiting == {}
    words.hear(heard("3", AT + 2 * SECOND))
    words.put_back(taken)
    assert words.waiting == {(1, "USDT"): Word(Decimal(3), AT + 2 * SECOND)}


def test_the_oldest_words_are_taken_first_and_others_forgotten() -> None:
    words = BalanceWords()
    for account in (1, 2, 3):
        words.hear(heard("1", AT, account))
    assert [name for name, _ in words.take(1)] == [1]
    words.forget({2})
    assert list(words.waiting) == [(3, "USDT")]
    words.hear(heard("9", AT - SECOND, 2))
    assert (2, "USDT") in words.waiting, "a forgotten account begins anew"
