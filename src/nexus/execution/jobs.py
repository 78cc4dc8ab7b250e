"""The jobs of execution. They carry only row ids; the rows are the truth."""

from collections.abc import Iterator, Sequence
from typing import Any

from nexus.core.queue import Ring, job
from nexus.core.rounds import a_round
from nexus.execution import reconcile, resolve, rest, send
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


@job(timeout=300)
async def tend_stops(ctx: dict[str, Any], *, bot_ids: list[int]) -> None:
    """Give these bots the stop at their exchange that they should have."""
    broker: Broker = ctx["broker"]
    await rest.tend_stops(broker, bot_ids)


@job(timeout=300)
async def resolve_stops(ctx: dict[str, Any], *, stop_ids: list[int]) -> None:
    """Ask the exchange what became of these stops, and cancel again what is to be cancelled."""
    broker: Broker = ctx["broker"]
    await rest.resolve_stops(broker, stop_ids)


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


def stops_of(bot_ids: Sequence[int]) -> Iterator[Ring]:
    """Cut bots whose stop is not as it should be into jobs."""
    for start in range(0, len(bot_ids), rest.BATCH):
        yield tend_stops.later(bot_ids=list(bot_ids[start : start + rest.BATCH]))


def questions_about_stops(stop_ids: Sequence[int]) -> Iterator[Ring]:
    """Cut stops of unknown fate into jobs."""
    for start in range(0, len(stop_ids), rest.BATCH):
        yield resolve_stops.later(stop_ids=list(stop_ids[start : start + rest.BATCH]))
