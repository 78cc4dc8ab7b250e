"""How does an operator look after the key-encryption keys? `nexus keys status | rotate`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from nexus.accounts.command import database_sentence, database_url
from nexus.core.db import Database
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.rotate import KeyCount, count_keys, rotate
from nexus.exchanges.vault import Vault, open_vault
from nexus.settings import load_settings

T = TypeVar("T")


@click.group("keys")
def keys_command() -> None:
    """Look after the keys that wrap people's exchange keys."""


@keys_command.command("status")
def status_command() -> None:
    """Say how many exchange keys are wrapped under which key-encryption key."""
    url, vault = _open()
    counts = _run(_count(url))
    _say(counts, vault)


@keys_command.command("rotate")
def rotate_command() -> None:
    """Wrap every exchange key under the newest key-encryption key.

    Give all workers the new key first, with the one before in KEY_ENCRYPTION_KEYS_OLD. May be
    interrupted at any moment: started again, it does the rest.
    """
    url, vault = _open()
    waiting = sum(one.keys for one in _run(_count(url)) if one.kid != vault.keys.kid)
    if not waiting:
        click.echo(f"Everything is wrapped under {vault.keys.kid} already.")
        return
    try:
        with click.progressbar(length=waiting, label=f"Wrapping under {vault.keys.kid}") as bar:
            _run(_rotate(url, vault, bar.update))
    except KeyboardInterrupt:
        click.echo("Interrupted. What was done is kept; run `nexus keys rotate` again.", err=True)
        sys.exit(130)
    _say(_run(_count(url)), vault)


def _open() -> tuple[str, Vault]:
    url = database_url()
    try:
        return url, open_vault(load_settings())
    except KeyLockedError as error:
        raise click.ClickException(str(error)) from None


def _say(counts: list[KeyCount], vault: Vault) -> None:
    for one in counts:
        newest = " (the newest)" if one.kid == vault.keys.kid else ""
        click.echo(f"{one.kid}: {one.keys} keys{newest}")
    if all(one.kid == vault.keys.kid for one in counts):
        click.echo("No older key-encryption key is needed any more.")
    else:
        click.echo("Run `nexus keys rotate`, and keep the older keys until it has finished.")


async def _count(url: str) -> list[KeyCount]:
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as tx:
            return await count_keys(tx)
    finally:
        await database.close()


async def _rotate(url: str, vault: Vault, advance: Callable[[int], object]) -> None:
    database = Database(url, pool_size=1)
    try:
        async for done in rotate(database, vault):
            advance(done)
    finally:
        await database.close()


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; what goes wrong becomes a sentence."""
    try:
        return asyncio.run(work)
    except KeyLockedError as error:
        raise click.ClickException(str(error)) from None
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(database_sentence(error)) from None
