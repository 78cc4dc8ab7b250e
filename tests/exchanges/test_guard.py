"""Can nobody, whatever is sent and in whatever order, buy junk or more than a day's cap?"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges.connect import open_paper_account
from nexus.exchanges.filters import store_filters
from nexus.exchanges.guard import Reserved, SpendingGuard
from nexus.exchanges.models import DailySpending
from nexus.exchanges.paper import plain_filters
from nexus.exchanges.protocol import Account, Intent, NotPlaced, Side
from nexus.settings import Settings
from tests.exchanges.conftest import make_person

BTC, JUNK, DUST = "BTC/USDT", "JUNK/USDT", "DUST/USDT"
AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
CAP = Decimal(1_000)
LIMITS = Settings(
    symbols=(BTC, DUST, "ETH/BTC"),
    daily_notional_caps={"USDT": CAP},
    liquidity_floors={"USDT": Decimal(5_000_000)},
)


@pytest.fixture(autouse=True)
def noon() -> Iterator[SetClock]:
    clock = SetClock(AT)
    with use(clock):
        yield clock


@pytest.fixture
async def accounts(database: Database) -> list[Account]:
    """Open three accounts, at a venue that trades much BTC at 100, and little DUST."""
    person = await make_person(database, "alice@example.com")
    async with database.transaction() as tx:
        ids = [await open_paper_account(tx, person, f"{n}", Decimal(1)) for n in range(3)]
    await tell(database, "6000000", "100")
    return [Account(one, "binance", "default", 1) for one in ids]


async def tell(database: Database, volume: str | None, price: str) -> None:
    """Let the venue say what is traded of each symbol."""
    async with database.transaction() as tx:
        told = {
            symbol: replace(
                plain_filters(symbol),
                quote_volume=None if traded is None else Decimal(traded),
                last_price=Decimal(price),
            )
            for symbol, traded in {BTC: volume, JUNK: volume, DUST: "4999999"}.items()
        }
        await store_filters(tx, "binance", told)


def order(account: Account, usdt: str, symbol: str = BTC, side: Side = Side.BUY) -> Intent:
    quantity = Decimal(usdt) / 100
    return Intent(1, account, "nx-1", symbol, side, quantity, Decimal(100))


async def ask(guard: SpendingGuard, *intents: Intent) -> list[str]:
    """Give each order's refusal, or nothing."""
    answers = await guard.reserve("binance", intents)
    return [one.message if isinstance(one, NotPlaced) else "" for one in answers]


async def test_a_cap_holds_to_the_cent_and_per_account(
    database: Database, accounts: list[Account]
) -> None:
    alice, bob, _ = accounts
    guard = SpendingGuard(database, LIMITS)
    assert await ask(guard, order(alice, "600"), order(bob, "1000")) == ["", ""]
    refused = "DAILY_CAP: spent=600.00 order=400.01 cap=1000"
    assert await ask(guard, order(alice, "400.01")) == [refused]
    assert await ask(guard, order(alice, "400")) == [""]
    refused = "DAILY_CAP: spent=1000.00 order=0.01 cap=1000"
    assert await ask(guard, order(alice, "0.01"), order(bob, "0.01")) == [refused] * 2


async def test_several_orders_of_one_account_are_counted_one_by_one(
    database: Database, accounts: list[Account]
) -> None:
    alice, bob, _ = accounts
    orders = [order(alice, "700"), order(bob, "700"), order(alice, "700"), order(alice, "300")]
    answers = await ask(SpendingGuard(database, LIMITS), *orders)
    assert [not one for one in answers] == [True, True, False, True]


async def test_a_new_day_is_a_new_cap(
    database: Database, accounts: list[Account], noon: SetClock
) -> None:
    guard = SpendingGuard(database, LIMITS)
    assert await ask(guard, order(accounts[0], "1000")) == [""]
    noon.at = AT + timedelta(hours=11, minutes=59)
    await tell(database, "6000000", "100")
    assert await ask(guard, order(accounts[0], "1")) != [""]
    noon.at = AT + timedelta(hours=12)
    fits, passes = await ask(guard, order(accounts[0], "1000"), order(accounts[0], "1"))
    assert (fits, passes) == ("", "DAILY_CAP: spent=1000.00 order=1.00 cap=1000")


async def test_what_was_not_placed_is_taken_back(
    database: Database, accounts: list[Account]
) -> None:
    guard = SpendingGuard(database, LIMITS)
    [reserved] = await guard.reserve("binance", [order(accounts[0], "900")])
    assert isinstance(reserved, Reserved)
    await guard.release([reserved])
    assert await ask(guard, order(accounts[0], "1000")) == [""]


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        (JUNK, "NOT_LISTED: symbol=JUNK/USDT"),
        (DUST, "ILLIQUID: traded_24h=4999999 floor=5000000"),
        ("ETH/BTC", "NO_LIMITS: quote=BTC"),
    ],
)
async def test_junk_is_refused_for_good_but_may_be_sold(
    database: Database, accounts: list[Account], symbol: str, reason: str
) -> None:
    guard = SpendingGuard(database, LIMITS)
    [bought] = await guard.reserve("binance", [order(accounts[0], "1", symbol)])
    assert isinstance(bought, NotPlaced)
    assert (bought.code, bought.message, bought.final) == (0, reason, True)
    assert await ask(guard, order(accounts[0], "5000", symbol, Side.SELL)) == [""]


@pytest.mark.parametrize("told", [None, "an hour ago"])
async def test_without_a_fresh_volume_nothing_is_bought_for_now(
    database: Database, accounts: list[Account], noon: SetClock, told: str | None
) -> None:
    if told is None:
        await tell(database, None, "100")
    else:
        noon.at = AT + timedelta(hours=1)
    [answer] = await SpendingGuard(database, LIMITS).reserve("binance", [order(accounts[0], "1")])
    assert isinstance(answer, NotPlaced)
    assert (answer.message, answer.final) == (f"VOLUME_UNKNOWN: symbol={BTC}", False)


async def test_a_price_that_is_too_low_makes_no_order_small(
    database: Database, accounts: list[Account]
) -> None:
    await tell(database, "6000000", "50000")
    lie = replace(order(accounts[0], "1"), quantity=Decimal(1), reference_price=Decimal("0.01"))
    [refused] = await ask(SpendingGuard(database, LIMITS), lie)
    assert refused.startswith("DAILY_CAP: order=50000.00")


@pytest.mark.parametrize("quantity", ["NaN", "-1", "0", "1e30"])
async def test_what_is_no_amount_is_refused(
    database: Database, accounts: list[Account], quantity: str
) -> None:
    absurd = replace(order(accounts[0], "1"), quantity=Decimal(quantity))
    assert await ask(SpendingGuard(database, LIMITS), absurd) != [""]


async def test_without_a_database_nothing_is_bought_and_everything_sold(
    accounts: list[Account],
) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    buy, sell = order(accounts[0], "1"), order(accounts[0], "1", side=Side.SELL)
    answers = await SpendingGuard(nowhere, LIMITS).reserve("binance", [buy, sell])
    assert isinstance(answers[0], NotPlaced)
    assert not answers[0].final
    assert isinstance(answers[1], Reserved)
    await nowhere.close()


# ------------------------------------------------------------------ whatever is sent, however
Sends = list[list[tuple[int, int, bool]]]
"""Batches of (account, USDT, placed)."""


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 700), st.booleans()), max_size=6),
        max_size=6,
    ),
    st.booleans(),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_sequence_of_sends_passes_the_cap(
    world: tuple[Database, list[Account], asyncio.AbstractEventLoop],
    sends: Sends,
    together: bool,  # noqa: FBT001  Hypothesis gives it by position
) -> None:
    database, accounts, loop = world
    loop.run_until_complete(_send_all(database, accounts, sends, together=together))


@pytest.fixture
def world(
    database_url: str,
) -> Iterator[tuple[Database, list[Account], asyncio.AbstractEventLoop]]:
    """Lend a database with three accounts, and a loop: Hypothesis calls no coroutines."""
    loop = asyncio.new_event_loop()
    database = Database(database_url)

    async def people() -> list[Account]:
        person = await make_person(database, "alice@example.com")
        async with database.transaction() as tx:
            ids = [await open_paper_account(tx, person, f"{n}", Decimal(1)) for n in range(3)]
        await tell(database, "6000000", "100")
        return [Account(one, "binance", "default", 1) for one in ids]

    yield database, loop.run_until_complete(people()), loop
    loop.run_until_complete(database.close())
    loop.close()


async def _send_all(
    database: Database, accounts: Sequence[Account], sends: Sends, *, together: bool
) -> None:
    """Send by two workers, one batch after the other or all at once, and add up what was placed."""
    async with database.transaction() as tx:
        await tx.execute(delete(DailySpending))
    placed: Counter[int] = Counter()
    workers = SpendingGuard(database, LIMITS), SpendingGuard(database, LIMITS)

    async def send(number: int, batch: list[tuple[int, int, bool]]) -> None:
        guard = workers[number % 2]
        orders = [order(accounts[who], str(usdt)) for who, usdt, _ in batch]
        answers = await guard.reserve("binance", orders)
        unplaced = []
        for (who, usdt, was_placed), one in zip(batch, answers, strict=True):
            if isinstance(one, Reserved) and was_placed:
                placed[who] += usdt
            elif isinstance(one, Reserved):
                unplaced.append(one)
        await guard.release(unplaced)

    if together:
        await asyncio.gather(*(send(n, batch) for n, batch in enumerate(sends)))
    else:
        for n, batch in enumerate(sends):
            await send(n, batch)
    assert all(spent <= CAP for spent in placed.values())
    async with database.transaction() as tx:
        rows = await tx.execute(select(DailySpending.account_id, DailySpending.spent))
        kept = {row.account_id: row.spent for row in rows}
    assert {accounts[who].id: Decimal(spent) for who, spent in placed.items()} == {
        account: spent for account, spent in kept.items() if spent
    }
