"""Four promises with a number in them, with real workers, servers and 1,000 plans under way."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from sqlalchemy import text

from nexus.core.clock import now
from nexus.regime.record import set_switch
from prove.break_people import last_order
from prove.break_servers import kill_backend
from prove.campaign import Campaign, Stop
from prove.house import House, open_house
from prove.judge import judge

PLANS = int(os.environ.get("PROVE_PLANS", "1000"))
START_SECONDS = 240
WITHIN_SECONDS = 60

WANTED = "SELECT count(*) >= :n FROM execution_plans WHERE status <> 'DENIED' OR attempt > 0"
ACCEPTED_SOME = "SELECT count(*) >= :n FROM orders WHERE status <> 'SENDING'"
ENDED = (
    "SELECT count(*) = 0 FROM execution_plans"
    " WHERE id <= :last AND status IN ('PLANNED', 'ORDERED')"
)
LAST_PLAN = "SELECT max(id) FROM execution_plans"


@asynccontextmanager
async def house_of(people: int, *fault_plans: str) -> AsyncIterator[Campaign]:
    """Open a house whose workers die only as told, and where no stop rests, as by default.

    An exit may wait longer than a minute for a stop whose placing was never answered.
    """
    async with open_house(people, seed=5) as house:
        house.environment["RESTING_STOPS"] = "false"
        house.fault_plans = iter(fault_plans)
        await house.hire()
        yield Campaign(house, random.Random(5))  # noqa: S311  it hides nothing


async def until(house: House, query: str, seconds: float, **values: object) -> float:
    """Wait until a query says yes; give the seconds it took, or fail."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        async with house.database.transaction() as tx:
            if await tx.scalar(text(query), values):
                return time.monotonic() - began
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {query}")


async def broken(campaign: Campaign, *but: str) -> dict[str, list[str]]:
    """Judge by the exchange's journal; `but` begin the invariants that cannot hold mid-flight."""
    verdicts = await judge(campaign)
    return {
        name: found
        for name, found in verdicts.violations.items()
        if found and not name.startswith(but)
    }


async def test_a_worker_killed_between_send_and_record_loses_no_order() -> None:
    async with house_of(5, "sent=1", "sent=1", "sent=1") as campaign:
        house = campaign.house
        for _ in range(20 * START_SECONDS):
            if house.deaths:
                break
            await asyncio.sleep(0.05)
        async with house.database.transaction() as tx:
            last = await tx.scalar(text("SELECT max(id) FROM orders"))
        known = "SELECT count(*) = 0 FROM orders WHERE id <= :last AND status = 'SENDING'"
        took = await until(house, known, WITHIN_SECONDS, last=last)
        click.echo(f"killed between send and record: in the ledger after {took:.1f} s")
        assert house.deaths[0][0] == "sent:kill"
        house.healed = True
        assert await broken(campaign, "I3", "I5") == {}


async def test_redis_flushed_amid_a_thousand_plans_costs_none_of_them() -> None:
    async with house_of(PLANS // 2) as campaign:
        house = campaign.house
        await until(house, WANTED, START_SECONDS, n=PLANS)
        async with house.database.transaction() as tx:
            last = await tx.scalar(text(LAST_PLAN))
        await house.redis.flushall()
        took = await until(house, ENDED, WITHIN_SECONDS, last=last)
        click.echo(f"Redis flushed amid {last} plans: all ended after {took:.1f} s")
        assert await broken(campaign, "I3", "I5") == {}


async def test_a_stop_amid_a_thousand_plans_lets_nothing_through_but_what_was_sent() -> None:
    async with house_of(PLANS // 2) as campaign:
        house = campaign.house
        await until(house, WANTED, START_SECONDS, n=PLANS)
        await until(house, ACCEPTED_SOME, START_SECONDS, n=PLANS // 20)
        async with house.database.transaction() as tx:
            await set_switch(tx, "everything", stopped=True, reason="test", by="test")
            last = await last_order(tx)
        campaign.stops.append(Stop(now(), None, last, exits_too=True))
        took = await until(house, ENDED, WITHIN_SECONDS, last=10**9)
        verdicts = await judge(campaign)
        click.echo(f"stopped amid {PLANS} plans: all ended after {took:.1f} s; {verdicts.counts}")
        assert not verdicts.violations["I4 nothing after a stop"]
        assert verdicts.counts["orders sent"] < verdicts.counts["plans"]  # It came in time.
        assert {name for name, found in verdicts.violations.items() if found} == set()


async def test_after_a_killed_backend_the_gate_closes_and_trading_resumes() -> None:
    async with house_of(20) as campaign:
        house = campaign.house
        await until(house, ACCEPTED_SOME, START_SECONDS, n=20)
        assert await kill_backend(campaign), "the UNLOGGED tables were not seen empty"
        async with house.database.transaction() as tx:
            before = await tx.scalar(text("SELECT max(id) FROM orders"))
        again = await until(
            house, "SELECT count(*) > 0 FROM orders WHERE id > :n", WITHIN_SECONDS, n=before
        )
        async with asyncio.timeout(WITHIN_SECONDS):
            # An order to close needs no new price, so it may be first.
            while not campaign.refills:
                await until(house, "SELECT count(*) > 0 FROM tickers", WITHIN_SECONDS)
        click.echo(
            f"backend killed: prices back after {campaign.refills}, orders after {again:.1f} s"
        )
        assert await broken(campaign, "I3", "I5") == {}
