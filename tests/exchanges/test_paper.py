"""Does the paper venue behave like a venue, in one transaction per batch?"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges.connect import open_paper_account
from nexus.exchanges.models import PaperOrder
from nexus.exchanges.paper import Paper, Prices, plain_filters
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    ExchangeAwayError,
    NotPlaced,
    Rejected,
    Unclear,
)
from nexus.settings import Settings
from tests.exchanges.conformance import Conformance, Stand, outcome_of, report_of, send

PRICE = Decimal(50_000)


async def fixed_prices(_symbols: Sequence[str]) -> dict[str, Decimal]:
    return {"BTC/USDT": PRICE}


async def open_account(database: Database, user_id: int) -> Account:
    async with database.transaction() as tx:
        account_id = await open_paper_account(tx, user_id, "Paper", Decimal(10_000))
    return Account(account_id, "paper", "default", 0)


@pytest.fixture
async def stand(database: Database, settings: Settings, alice: int) -> Stand:
    paper = Paper(database, settings, fixed_prices)
    return Stand(
        paper, await open_account(database, alice), await open_account(database, alice), PRICE
    )


async def count_orders(database: Database) -> int:
    async with database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(PaperOrder)) or 0


class TestConformance(Conformance):
    """The paper venue passes the kit."""


async def test_the_same_client_id_exists_already(stand: Stand, database: Database) -> None:
    intent = stand.buy("nx-1", 500)
    report = await report_of(stand.exchange, intent)
    again = await outcome_of(stand.exchange, intent)
    assert isinstance(again, Unclear)
    assert again.exists
    assert await stand.exchange.find(stand.alice, stand.symbol, "nx-1") == report
    assert await count_orders(database) == 1


async def test_the_same_client_id_twice_in_one_batch(stand: Stand, database: Database) -> None:
    intent = stand.buy("nx-1", 500)
    first, second = await send(stand.exchange, [intent, replace(intent)])
    assert isinstance(first.outcome, Accepted)
    assert isinstance(second.outcome, Unclear)
    assert second.outcome.exists
    assert await count_orders(database) == 1


async def test_two_senders_at_once_fill_an_order_once(stand: Stand, database: Database) -> None:
    intents = [stand.buy(f"nx-{number}", 100) for number in range(10)]
    both = await asyncio.gather(
        send(stand.exchange, intents), send(stand.exchange, list(reversed(intents)))
    )
    outcomes = [answer.outcome for answers in both for answer in answers]
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, Unclear) and outcome.exists for outcome in outcomes) == 10
    assert await count_orders(database) == 10


async def test_two_senders_at_once_cannot_spend_twice(stand: Stand) -> None:
    orders = [stand.buy(f"nx-{number}", 6_000) for number in range(2)]
    both = await asyncio.gather(*(outcome_of(stand.exchange, order) for order in orders))
    assert {type(outcome) for outcome in both} == {Accepted, Rejected}
    assert (await stand.exchange.balances(stand.alice))["USDT"] > 3_900


async def _away(_symbols: Sequence[str]) -> dict[str, Decimal]:
    raise ExchangeAwayError("no market")


async def _none(_symbols: Sequence[str]) -> dict[str, Decimal]:
    return {}


async def _nan(_symbols: Sequence[str]) -> dict[str, Decimal]:
    return {"BTC/USDT": Decimal("NaN")}


@pytest.mark.parametrize("prices", [_away, _none, _nan])
async def test_without_a_price_nothing_is_placed(
    stand: Stand, database: Database, settings: Settings, prices: Prices
) -> None:
    paper = Paper(database, settings, prices)
    outcome = await outcome_of(paper, stand.buy("nx-1", 500))
    assert isinstance(outcome, NotPlaced)
    assert await paper.find(stand.alice, stand.symbol, "nx-1") is None


async def test_it_keeps_to_the_filters_it_was_told(
    stand: Stand, database: Database, settings: Settings
) -> None:
    strict = replace(plain_filters("BTC/USDT"), step_size=Decimal("0.01"))
    paper = Paper(database, settings, fixed_prices, {"BTC/USDT": strict})
    assert await paper.filters(["BTC/USDT"]) == {"BTC/USDT": strict}
    intent = replace(stand.buy("nx-1", 1), quantity=Decimal("0.015"))
    assert isinstance(await outcome_of(paper, intent), Rejected)


async def test_a_fill_bears_the_time_of_the_clock_in_force(stand: Stand) -> None:
    at = datetime(2020, 3, 12, 10, tzinfo=UTC)
    with use(SetClock(at)):
        report = await report_of(stand.exchange, stand.buy("nx-1", 500))
    assert [fill.at for fill in report.fills] == [at]


async def test_a_book_that_cannot_be_reached_is_unclear(stand: Stand, settings: Settings) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    paper = Paper(nowhere, settings, fixed_prices)
    assert isinstance(await outcome_of(paper, stand.buy("nx-1", 500)), Unclear)
    with pytest.raises(ExchangeAwayError):
        await paper.find(stand.alice, stand.symbol, "nx-1")
    with pytest.raises(ExchangeAwayError):
        await paper.balances(stand.alice)
    await nowhere.close()


async def test_a_batch_is_one_transaction(stand: Stand, database: Database) -> None:
    """The number of statements does not grow with the orders."""
    statements: list[str] = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _u, statement, _p, _x, _m: statements.append(statement),
    )
    counts = []
    for batch in (2, 50):
        await send(
            stand.exchange, [stand.buy(f"nx-{batch}-{number}", 20) for number in range(batch)]
        )
        counts.append(len(statements))
        statements.clear()
    assert counts[0] == counts[1] > 0
