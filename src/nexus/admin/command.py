"""How does an operator make the first admin? `nexus admin grant EMAIL`, `revoke`, `list`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError

from nexus.accounts.command import database_sentence, database_url
from nexus.accounts.models import ROLES, User
from nexus.accounts.register import email_key
from nexus.accounts.sessions import has_second_factor
from nexus.admin.act import set_role
from nexus.admin.errors import ActRefusedError
from nexus.core.db import Database, Transaction

T = TypeVar("T")
STAFF = [role for role in ROLES if role != "trader"]
BY_HAND = "on the command line"


@click.group("admin")
def admin_command() -> None:
    """Say who may see the rooms behind: readers look, support helps, admins decide."""


@admin_command.command("grant")
@click.argument("email")
@click.option("--role", type=click.Choice(STAFF), default="admin", show_default=True)
def grant_command(email: str, role: str) -> None:
    """Give the person with EMAIL a role."""
    changed, has_factor = _run(lambda tx: _set(tx, email, role))
    if not changed:
        click.echo(f"{email} has the role {role} already.")
    else:
        click.echo(f"{email} has the role {role} now, and was signed out everywhere.")
    if not has_factor:
        click.echo("They must add a second factor at /settings/security before /admin opens.")


@admin_command.command("revoke")
@click.argument("email")
def revoke_command(email: str) -> None:
    """Take the role of the person with EMAIL: they are a trader like everybody."""
    changed, _ = _run(lambda tx: _set(tx, email, "trader"))
    if changed:
        click.echo(f"{email} is a trader now, and was signed out everywhere.")
    else:
        click.echo(f"{email} has no role to take.")


@admin_command.command("list")
def list_command() -> None:
    """List who has a role, and whether their account has a second factor."""
    people = _run(_list)
    if not people:
        click.echo("Nobody has a role yet. Give somebody one: nexus admin grant EMAIL")
    for email, role, has_factor in people:
        click.echo(f"{role:<8} {email}{'' if has_factor else '  (no second factor yet)'}")


def _run(work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Do the work in one transaction; every failure is one sentence."""
    url = database_url()
    try:
        return asyncio.run(_in_transaction(url, work))
    except ActRefusedError as error:
        raise click.ClickException(error.sentence) from None
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(database_sentence(error)) from None


async def _in_transaction(url: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as tx:
            return await work(tx)
    finally:
        await database.close()


async def _set(tx: Transaction, email: str, role: str) -> tuple[bool, bool]:
    found = await tx.execute(
        select(User.id, has_second_factor()).where(User.email_key == email_key(email))
    )
    row = found.one_or_none()
    if row is None:
        raise ActRefusedError(
            "email",
            f"Nobody has the address {email}. Let them sign up first, or make them: "
            "nexus accounts add EMAIL",
        )
    user_id, has_factor = row
    return await set_role(tx, user_id, role, reason=BY_HAND), has_factor


async def _list(tx: Transaction) -> list[tuple[str, str, bool]]:
    people = (
        select(User.email, User.role, has_second_factor())
        .where(User.role != "trader")
        .order_by(User.role, User.id)
    )
    return [(email, role, has_factor) for email, role, has_factor in await tx.execute(people)]
