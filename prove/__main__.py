"""Run a campaign and say what held: `python -m prove --seconds 300 --seed 7`."""

import asyncio
import json
import random
import sys
import time
from typing import Any

import click
from sqlalchemy import text

from prove.campaign import Campaign
from prove.disturb import disturb, heal
from prove.evidence import counted, resumes, spread, unclear_times
from prove.house import House, open_house
from prove.judge import Verdicts, judge

CALM_SECONDS = 90.0
"""How long it may take until the first order: only what trades can be disturbed."""
FEWEST_PEOPLE = 100
QUIET_SECONDS = 150.0
"""How long after the last fault everything may take to come to its end."""

LIVE = """
    SELECT (SELECT count(*) FROM execution_plans WHERE status = 'PLANNED')
         + (SELECT count(*) FROM orders WHERE status IN ('SENDING', 'ACKED'))
         + (SELECT count(*) FROM orders JOIN exchange_accounts a ON a.id = account_id
            WHERE orders.status = 'UNKNOWN' AND checks = 0 AND a.status = 'active'
              AND NOT EXISTS (SELECT FROM api_keys k WHERE k.account_id = a.id
                              AND k.last4 = ANY(:revoked)))
         + (SELECT count(*) FROM resting_stops s JOIN exchange_accounts a ON a.id = s.account_id
            WHERE s.status IN ('PLACING', 'RESTING', 'CANCELLING') AND a.status = 'active'
              AND NOT EXISTS (SELECT FROM api_keys k WHERE k.account_id = a.id
                              AND k.last4 = ANY(:revoked)))
"""
"""What has not come to an end. Two kinds of UNKNOWN may stay: those that were asked about and not
found, which are looked for again by the minute; and those that nobody can ask about any more,
because the exchange has revoked the key."""

REFUSED = """
    SELECT split_part(reason, ':', 1), count(*) FROM execution_plans
    WHERE status IN ('DENIED', 'EXPIRED_UNSENT') GROUP BY 1 ORDER BY 2 DESC LIMIT 8
"""
NOT_PLACED = """
    SELECT left(reason, 60), count(*) FROM orders
    WHERE status = 'NOT_PLACED' GROUP BY 1 ORDER BY 2 DESC LIMIT 8
"""
STOPS_REFUSED = """
    SELECT left(reason, 60), count(*) FROM resting_stops
    WHERE status = 'REFUSED' GROUP BY 1 ORDER BY 2 DESC LIMIT 8
"""
"""The reasons met most often: a run in which little was traded proves little, and they say why."""


@click.command()
@click.option("--seconds", default=240.0, show_default=True, help="How long to break things.")
@click.option("--seed", type=int, help="Decides what breaks when; chosen by chance if not given.")
@click.option("--people", type=int, help="Each has two bots; as many as seconds if not given.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def main(seconds: float, seed: int | None, people: int | None, *, as_json: bool) -> None:
    """Break everything, heal it, and judge by the exchange's own journal."""
    chosen = random.SystemRandom().randrange(10**6) if seed is None else seed
    # A bot whose order's fate is unclear waits for minutes: a longer run needs more of them, or
    # there is nothing left to break.
    crowd = max(FEWEST_PEOPLE, round(seconds)) if people is None else people
    report, verdicts = asyncio.run(prove(seconds, chosen, crowd))
    _print(report, verdicts, as_json=as_json)
    sys.exit(0 if verdicts.hold else 1)


async def prove(seconds: float, seed: int, people: int) -> tuple[dict[str, Any], Verdicts]:
    """Run one campaign; gives the report and the verdicts."""
    async with open_house(people, seed) as house:
        campaign = Campaign(house, random.Random(seed))  # noqa: S311  a seed must repeat it
        await house.hire()
        await _wait_for_trading(house)
        say(f"seed {seed}: breaking things for {seconds:g} s")
        await disturb(campaign, seconds)
        house.healed = True
        await heal(campaign)
        say("healed; waiting for quiet")
        quiet = await _wait_for_quiet(campaign)
        await house.dismiss()
        verdicts = await judge(campaign)
        if quiet is None:
            verdicts.violations["I5 every plan ends"].append(
                f"after {QUIET_SECONDS:g} s something was still under way"
            )
        if not verdicts.hold:
            house.keep = True
            say(f"what the workers wrote is in {house.folder}")
        return await _report(campaign, verdicts, quiet), verdicts


async def _report(campaign: Campaign, verdicts: Verdicts, quiet: float | None) -> dict[str, Any]:
    """Say in numbers what was done, what came of it, and how long it took."""
    fires, again = verdicts.fires, resumes(verdicts.fires, verdicts.evidence.accepted)
    return {
        "seed": campaign.house.seed,
        "seconds": campaign.seconds,
        **verdicts.counts,
        "unclear orders known": spread(await unclear_times(campaign)),
        "prices back after a crash": spread([one.total_seconds() for one in campaign.refills]),
        "quiet after, seconds": quiet,
        "why plans became no order": await _reasons(campaign, REFUSED),
        "why orders were not placed": await _reasons(campaign, NOT_PLACED),
        "why stops did not rest": await _reasons(campaign, STOPS_REFUSED),
        "workers ended": dict(campaign.house.ends),
        "faults": dict(sorted(counted(fires).items())),
        "next order after": {name: spread(found) for name, found in sorted(again.items())},
    }


async def _reasons(campaign: Campaign, query: str) -> dict[str, int]:
    async with campaign.house.database.transaction() as tx:
        return {reason: int(number) for reason, number in await tx.execute(text(query))}


async def _wait_for_trading(house: House) -> None:
    started = time.monotonic()
    while time.monotonic() - started < CALM_SECONDS:
        if (await house.control("GET", "stats"))["orders_accepted"]:
            return
        await asyncio.sleep(0.2)
    say(f"no order within {CALM_SECONDS:g} s; it goes on all the same")


async def _wait_for_quiet(campaign: Campaign) -> float | None:
    """Stop all entries as an operator would, and wait; gives the seconds, None when in vain."""
    house = campaign.house
    started = time.monotonic()
    await _no_more_decisions(house)
    keys = await house.control("GET", "keys")
    revoked = [key["key"][-4:] for key in keys if key["uid"] in campaign.revoked]
    while time.monotonic() - started < QUIET_SECONDS:
        async with house.database.transaction() as tx:
            if await tx.scalar(text(LIVE), {"revoked": revoked}) == 0:
                return round(time.monotonic() - started, 1)
        await asyncio.sleep(0.5)
    return None


async def _no_more_decisions(house: House) -> None:
    """Stop every bot: decisions go on and concern nobody, orders in flight come to their end."""
    async with house.database.transaction() as tx:
        await tx.execute(text("UPDATE bots SET status = 'stopped', status_at = now()"))


def say(line: str) -> None:
    """Tell whoever waits how far it is; the report alone goes to standard output."""
    click.echo(line, err=True)


def _print(report: dict[str, Any], verdicts: Verdicts, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**report, "violations": verdicts.violations}))
        return
    for name, value in report.items():
        if isinstance(value, dict):
            click.echo(f"{name}:")
            for key, number in value.items():
                click.echo(f"    {key:<45}  {number}")
        else:
            click.echo(f"{name:>26}  {value}")
    for name, sentences in verdicts.violations.items():
        click.echo(f"{'VIOLATED' if sentences else 'holds':>9}  {name}")
        for sentence in sentences[:10]:
            click.echo(f"           {sentence}")


if __name__ == "__main__":
    main()
