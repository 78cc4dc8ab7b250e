"""Is today's result what the day brought, in everybody's own day, and never a guess?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from nexus.accounts.models import User
from nexus.core.clock import SetClock, now, use
from nexus.core.db import insert_rows
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.market.models import TickerRow
from nexus.portfolio.models import EquityPoint
from nexus.portfolio.read_today import Today, day_begin, todays_of
from tests.feed.watching import queries
from tests.scenes import AT, Scene

STALE = 45
MIDNIGHT = AT.replace(hour=0, minute=0, second=0)


async def todays(scene: Scene, *people: int) -> dict[int, list[Today]]:
    async with scene.database.transaction() as tx:
        return await todays_of(tx, people, STALE)


async def point(scene: Scene, account: int, at: datetime, result: int) -> None:
    row = {
        "account_id": account, "quote": "USDT", "at": at,
        "free": Decimal(10_000), "held": Decimal(0), "result": Decimal(result),
    }  # fmt: skip
    async with scene.database.transaction() as tx:
        await tx.execute(*insert_rows(EquityPoint, [row]))


async def trader(scene: Scene) -> tuple[int, int]:
    """Make somebody whose bot holds nothing: the person and their account."""
    person = await scene.person()
    account = await scene.account(person, venue="paper")
    await scene.bot(account)
    return person, account


async def test_today_is_the_result_since_the_first_point_of_the_day(scene: Scene) -> None:
    person, account = await trader(scene)
    await point(scene, account, MIDNIGHT - timedelta(minutes=15), 500)
    assert await todays(scene, person) == {
        person: [Today(practice=True, currency="USDT", equity=Decimal(10_000), result=None)]
    }
    await point(scene, account, MIDNIGHT, -7)
    await point(scene, account, MIDNIGHT + timedelta(hours=1), 40)
    [[today]] = (await todays(scene, person)).values()
    assert (today.result, today.since) == (Decimal(7), None)


async def test_a_deposit_is_no_result_of_today(scene: Scene) -> None:
    person, account = await trader(scene)
    await point(scene, account, MIDNIGHT, 0)
    async with scene.database.transaction() as tx:
        balance = await tx.get_one(AccountBalance, (account, "USDT"))
        balance.free += 5_000
    [[today]] = (await todays(scene, person)).values()
    assert (today.equity, today.result) == (Decimal(15_000), Decimal(0))


async def test_a_day_whose_first_point_came_late_says_so(scene: Scene) -> None:
    person, account = await trader(scene)
    late = MIDNIGHT + timedelta(hours=3)
    await point(scene, account, late, 0)
    [[today]] = (await todays(scene, person)).values()
    assert (today.result, today.since) == (Decimal(0), late)


async def test_what_is_held_counts_at_the_price_now_and_not_at_a_stale_one(scene: Scene) -> None:
    bot = await scene.follower()
    account = (await scene.the_bot(bot)).account_id
    [person] = [row.user_id for row in await scene.rows(ExchangeAccount) if row.id == account]
    held = await scene.holding(bot)
    await point(scene, account, MIDNIGHT, 0)
    await scene.market(Decimal(60_000))
    [[today]] = (await todays(scene, person)).values()
    assert today.result == held.quantity * 60_000 - held.cost
    assert today.equity == await scene.free("USDT") + held.quantity * 60_000
    scene.passes(seconds=STALE + 1)
    [[today]] = (await todays(scene, person)).values()
    assert (today.equity, today.result) == (None, None)
    await scene.empty(TickerRow)
    [[today]] = (await todays(scene, person)).values()
    assert (today.equity, today.result) == (None, None)


async def test_one_account_that_is_not_known_leaves_the_sum_unknown(scene: Scene) -> None:
    person, account = await trader(scene)
    second = await scene.account(person, venue="paper")
    await scene.bot(second)
    await point(scene, account, MIDNIGHT, 0)
    [[today]] = (await todays(scene, person)).values()
    assert (today.equity, today.result) == (Decimal(20_000), None), "it has no point today"
    await point(scene, second, MIDNIGHT, -3)
    [[today]] = (await todays(scene, person)).values()
    assert today.result == 3
    await scene.change(ExchangeAccount, second, status="key_invalid")
    [[today]] = (await todays(scene, person)).values()
    assert (today.equity, today.result) == (None, None)
    await scene.change(ExchangeAccount, second, status="removed")
    [[today]] = (await todays(scene, person)).values()
    assert (today.equity, today.result) == (Decimal(10_000), Decimal(0))


async def test_everybody_has_their_own_day_and_their_own_numbers(scene: Scene) -> None:
    people = [await trader(scene) for _ in range(3)]
    zones = ("Asia/Tokyo", "UTC", "Nowhere/At all")
    for (person, account), zone in zip(people, zones, strict=True):
        await scene.change(User, person, time_zone=zone)
        # The day in Tokyo began nine hours earlier than in UTC.
        await point(scene, account, MIDNIGHT - timedelta(hours=9), -10)
        await point(scene, account, MIDNIGHT, -1)
    with queries(scene.database) as sent:
        found = await todays(scene, *[person for person, _ in people])
    assert [found[person][0].result for person, _ in people] == [10, 1, 1]
    assert len([one for one in sent if one.lstrip().startswith("SELECT")]) == 2


async def test_practice_and_real_money_stay_apart(scene: Scene) -> None:
    person, _ = await trader(scene)
    await scene.bot(await scene.account(person))
    assert [today.name for today in (await todays(scene, person))[person]] == [
        "live-USDT",
        "practice-USDT",
    ]
    assert await todays(scene) == {}


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("UTC", datetime(2026, 3, 29, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 3, 28, 18, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 29, 4, tzinfo=UTC)),
        ("../etc/passwd", datetime(2026, 3, 29, tzinfo=UTC)),
        ("Europe", datetime(2026, 3, 29, tzinfo=UTC)),
        ("", datetime(2026, 3, 29, tzinfo=UTC)),
    ],
)
def test_a_day_begins_where_somebody_lives(zone: str, begin: datetime) -> None:
    with use(SetClock(datetime(2026, 3, 29, 12, tzinfo=UTC))):
        assert day_begin(zone) == begin
        assert begin <= now()
