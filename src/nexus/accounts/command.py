"""How does an operator make people from the command line? `nexus accounts add EMAIL`."""

import asyncio
import sys

import click
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.register import create_user
from nexus.core.db import Database
from nexus.settings import SettingsError, load_settings


@click.group("accounts")
def accounts_command() -> None:
    """Make people who may sign in."""


@accounts_command.command("add")
@click.argument("email")
@click.option("--name", default="", help="What the pages call them.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_command(email: str, name: str, *, password_stdin: bool) -> None:
    """Make a person who signs in with EMAIL and a password."""
    url = database_url()
    password = _read_password(from_stdin=password_stdin)
    try:
        user_id = asyncio.run(_add(url, email, password, name))
    except AccountRefusedError as error:
        raise click.ClickException(error.sentence) from None
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(database_sentence(error)) from None
    click.echo(f"{email} can sign in now (person {user_id}).")


def database_url() -> str:
    """Read where the database is; raise click.ClickException with a sentence when nothing says."""
    try:
        url = load_settings().database_url
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if not url:
        raise click.ClickException(
            "DATABASE_URL is not set, and no Nexus runs from .nexus in this folder. Start one with "
            "`make run` and call this beside it, or set DATABASE_URL to the database the pages "
            "use, for example DATABASE_URL=postgresql://localhost/nexus."
        )
    return url


def _read_password(*, from_stdin: bool) -> str:
    """Ask twice, unseen; never as an argument, which every process list would show."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def database_sentence(error: DBAPIError) -> str:
    """Say what is wrong with the database, and what to do."""
    if isinstance(error, ProgrammingError):
        return "The database at DATABASE_URL lacks our tables. Run `nexus migrate` first."
    return "The database at DATABASE_URL does not answer. Start it, or correct the address."


async def _add(url: str, email: str, password: str, name: str) -> int:
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as tx:
            return await create_user(tx, email, password, name)
    finally:
        await database.close()
