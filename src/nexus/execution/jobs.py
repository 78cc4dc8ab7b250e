"""The jobs of execution. They carry only row ids; the rows are the truth."""

from collections.abc import Iterator, Sequence
from typing import Any

from nexus.core.queue import Ring, job
from nexus.core.rounds import a_round
from nexus.execution import reconcile, resolve, send
from nexus.execution.broker import Broker


@job(timeout=300)
async def place_orders(ctx: dict[str, Any], *, plan_ids: list[int]) -> None:
    """Claim, send and record the orders of these plans."""
    broker: Broker = ctx["broker"]
    await send.place_orders(broker, plan_ids)


@job(timeout=300)
async def resolve_orders(ctx: dict[str, Any], *, order_ids: list[int]) -> None:
    """Ask the exchange what became of these orders."""
    broker: Broker = ctx["broker"]
    await resolve.resolve_orders(broker, order_ids)


@job(timeout=55)
async def reconcile_accounts(ctx: dict[str, Any]) -> None:
    """Compare the accounts we have not compared for longest with the ledger."""
    broker: Broker = ctx["broker"]
    async with a_round("reconcile_accounts"):
        await reconcile.reconcile_accounts(broker, ctx["histories"], ctx["share"])


def orders_of(plan_ids: Sequence[int]) -> Iterator[Ring]:
    """Cut plans into jobs, so that several workers share one decision."""
    for start in range(0, len(plan_ids), send.BATCH):
        yield place_orders.later(plan_ids=list(plan_ids[start : start + send.BATCH]))


def questions_about(order_ids: Sequence[int]) -> Iterator[Ring]:
    """Cut orders of unknown fate into jobs."""
    for start in range(0, len(order_ids), send.BATCH):
        yield resolve_orders.later(order_ids=list(order_ids[start : start + send.BATCH]))
