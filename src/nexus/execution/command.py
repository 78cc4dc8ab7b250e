"""How does an operator know that the ledger is what happened? `nexus ledger verify`."""

import asyncio
import sys

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from nexus.accounts.command import database_sentence, database_url
from nexus.core.db import Database
from nexus.execution.verify import Tally, verify_ledger


@click.group("ledger")
def ledger_command() -> None:
    """Check the list of orders."""


@ledger_command.command("verify")
def verify_command() -> None:
    """Rebuild orders, plans and holdings from events and fills; name what differs, stops too."""
    url, tally = database_url(), Tally()
    try:
        found = asyncio.run(_verify(url, tally))
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(database_sentence(error)) from None
    compared = (
        f"{tally.plans} plans, {tally.orders} orders, {tally.stops} stops"
        f" and {tally.holdings} holdings"
    )
    if found:
        click.echo(
            f"The ledger is not what happened: {found} differences in {compared}. "
            "Stop trading under Admin, Switches, and compare it with the exchange and a backup.",
            err=True,
        )
        sys.exit(1)
    click.echo(f"The ledger is what its events and fills say: {compared}.")


async def _verify(url: str, tally: Tally) -> int:
    """Print each difference as it is found; give how many there were."""
    database, found = Database(url, pool_size=1), 0
    try:
        async with database.transaction() as tx:
            async for sentence in verify_ledger(tx, tally):
                click.echo(sentence)
                found += 1
    finally:
        await database.close()
    return found
