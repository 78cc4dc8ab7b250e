"""Run a campaign and say what held: `python -m prove --seconds 300 --seed 7`."""

import asyncio
import json
import random
import sys
import time
from typing import Any

import click
from sqlalchemy import text

from prove.disturb import Campaign, disturb, heal
from prove.house import House, open_house
from prove.judge import Verdicts, judge

CALM_SECONDS = 12.0
"""How long everything may run undisturbed first: the market must be known before it can be lost."""
QUIET_SECONDS = 150.0
"""How long after the last fault everything may take to come to its end."""

LIVE = """
    SELECT (SELECT count(*) FROM execution_plans WHERE status = 'PLANNED')
         + (SELECT count(*) FROM orders WHERE status IN ('SENDING', 'ACKED'))
         + (SELECT count(*) FROM orders JOIN exchange_accounts a ON a.id = account_id
            WHERE orders.status = 'UNKNOWN' AND checks = 0 AND a.status = 'active')
"""
"""What has not come to an end. Two kinds of UNKNOWN may stay: those that were asked about and not
found, which are looked for again by the minute; and those that nobody can ask about any more,
because the exchange has revoked the key."""


@click.command()
@click.option("--seconds", default=240.0, show_default=True, help="How long to break things.")
@click.option("--seed", type=int, help="Decides what breaks when; chosen by chance if not given.")
@click.option("--people", default=100, show_default=True, help="Each has two bots.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def main(seconds: float, seed: int | None, people: int, *, as_json: bool) -> None:
    """Break everything, heal it, and judge by the exchange's own journal."""
    chosen = random.SystemRandom().randrange(10**6) if seed is None else seed
    report, verdicts = asyncio.run(prove(seconds, chosen, people))
    _print(report, verdicts, as_json=as_json)
    sys.exit(0 if verdicts.hold else 1)


async def prove(seconds: float, seed: int, people: int) -> tuple[dict[str, Any], Verdicts]:
    """Run one campaign; gives the report and the verdicts."""
    async with open_house(people, seed) as house:
        campaign = Campaign(house, random.Random(seed))  # noqa: S311  a seed must repeat it
        await house.hire()
        await asyncio.sleep(CALM_SECONDS)
        say(f"seed {seed}: breaking things for {seconds:g} s")
        await disturb(campaign, seconds)
        await heal(campaign)
        say("healed; waiting for quiet")
        quiet = await _wait_for_quiet(campaign)
        await house.dismiss()
        verdicts = await judge(campaign)
        if quiet is None:
            verdicts.violations["I5 every plan ends"].append(
                f"after {QUIET_SECONDS:g} s something was still under way"
            )
        report = {
            "seed": seed,
            **verdicts.counts,
            "quiet after, seconds": quiet,
            "workers ended": dict(house.ends),
            "faults": dict(sorted(campaign.fired.items())),
        }
        return report, verdicts


async def _wait_for_quiet(campaign: Campaign) -> float | None:
    """Stop all entries as an operator would, and wait; gives the seconds, None when in vain."""
    house = campaign.house
    started = time.monotonic()
    await _no_more_decisions(house)
    while time.monotonic() - started < QUIET_SECONDS:
        async with house.database.transaction() as tx:
            if await tx.scalar(text(LIVE)) == 0:
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
                click.echo(f"    {number:>5}  {key}")
        else:
            click.echo(f"{name:>22}  {value}")
    for name, sentences in verdicts.violations.items():
        click.echo(f"{'VIOLATED' if sentences else 'holds':>9}  {name}")
        for sentence in sentences[:10]:
            click.echo(f"           {sentence}")


if __name__ == "__main__":
    main()
