"""Does the database itself refuse the second of what may only be there once?

Law 3: unique constraints, not habits. Each row is one that the ledger has written, copied with
everything changed but what makes it the same thing.
"""

from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from nexus.bots.close import request_close
from nexus.core.db import Table
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from nexus.strategy.models import DecisionRow
from tests.scenes import Scene


async def write_again(scene: Scene, table: type[Table], **changed: Any) -> str:
    """Copy a row of `table`, the newest, with these columns changed; name what refused it."""
    columns = [column for column in table.__table__.c if column.name != "id"]
    async with scene.database.transaction() as tx:
        newest = select(*columns).order_by(table.__table__.c.id.desc()).limit(1)
        row = dict((await tx.execute(newest)).mappings().one())
    with pytest.raises(IntegrityError) as refused:
        async with scene.database.transaction() as tx:
            await tx.execute(insert(table).values(**{**row, **changed}))
    return str(refused.value.orig)


async def test_a_client_id_of_an_account(scene: Scene) -> None:
    await scene.bot()
    await scene.place(await scene.enter())
    said = await write_again(scene, OrderRow, attempt=9)
    assert "uq_orders_account_id_client_order_id" in said


async def test_an_attempt_of_a_plan(scene: Scene) -> None:
    await scene.bot()
    await scene.place(await scene.enter())
    said = await write_again(scene, OrderRow, client_order_id="nx-another")
    assert "uq_orders_plan_id_attempt" in said


async def test_a_live_order_of_a_bot(scene: Scene) -> None:
    await scene.bot()
    await scene.place(await scene.enter())
    async with scene.database.transaction() as tx:
        await tx.execute(update(OrderRow).values(status="UNKNOWN"))
    said = await write_again(scene, OrderRow, client_order_id="nx-another", attempt=9)
    assert "uq_orders_one_live" in said


async def test_an_order_that_is_being_sent_of_an_account(scene: Scene) -> None:
    account = await scene.account(await scene.person())
    await scene.bot(account)
    beside = await scene.bot(account, strategy="another")
    await scene.place(await scene.enter())
    async with scene.database.transaction() as tx:
        await tx.execute(update(OrderRow).values(status="SENDING"))
    another = {"client_order_id": "nx-another", "attempt": 9, "bot_id": beside}
    assert "uq_orders_one_sending" in await write_again(scene, OrderRow, **another)


async def test_a_fill(scene: Scene) -> None:
    await scene.bot()
    await scene.place(await scene.enter())
    assert "uq_fills_account_id_symbol_trade_id" in await write_again(scene, FillRow)


async def test_a_plan_of_a_decision_and_a_bot(scene: Scene) -> None:
    await scene.bot()
    await scene.enter()
    assert "uq_execution_plans_decision_id_bot_id" in await write_again(scene, PlanRow)


async def test_a_plan_of_a_wish_to_close(scene: Scene) -> None:
    bot = await scene.bot()
    await scene.place(await scene.enter())
    async with scene.database.transaction() as tx:
        await request_close(tx, bot, by="test", idempotency_key="once")
    await scene.sweep()
    assert "uq_execution_plans_close_request_id" in await write_again(scene, PlanRow)


async def test_a_decision_of_a_candle(scene: Scene) -> None:
    await scene.bot()
    await scene.enter()
    assert "uq_decisions_strategy_symbol_candle" in await write_again(scene, DecisionRow)
