"""How does an operator know that the audit was not touched? `nexus audit verify`."""

import asyncio
import re
import sys

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from nexus.accounts.command import database_sentence, database_url
from nexus.accounts.verify_audit import Finding, verify_audit
from nexus.core.db import Database

MOST_SHOWN = 20
NOTE = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})")


@click.group("audit")
def audit_command() -> None:
    """Check the list of what people did."""


@audit_command.command("verify")
@click.option(
    "--noted",
    metavar="ENTRY:HASH",
    help="An entry's number and hash from the log (`audit_head`), kept outside the database.",
)
def verify_command(noted: str | None) -> None:
    """Read the whole audit; name every entry that was changed, removed or inserted."""
    url, known = database_url(), _read_noted(noted)
    try:
        findings = asyncio.run(_find(url, known))
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(database_sentence(error)) from None
    for finding in findings:
        click.echo(finding.sentence)
    if findings:
        click.echo("The audit is not what was written. Compare it with a backup.", err=True)
        sys.exit(1)
    click.echo("The audit is what was written: nothing was changed, removed or inserted.")


def _read_noted(noted: str | None) -> tuple[int, bytes] | None:
    if noted is None:
        return None
    found = NOTE.fullmatch(noted)
    if found is None:
        raise click.ClickException(
            "--noted is an entry's number and its hash in hex, with a colon between them."
        )
    return int(found[1]), bytes.fromhex(found[2])


async def _find(url: str, known: tuple[int, bytes] | None) -> list[Finding]:
    database = Database(url, pool_size=1)
    found: list[Finding] = []
    try:
        async with database.transaction() as tx:
            async for finding in verify_audit(tx, known):
                found.append(finding)
                if len(found) >= MOST_SHOWN:
                    break
    finally:
        await database.close()
    return found
