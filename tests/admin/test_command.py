"""Can an operator make the first admin, and not lose the last?"""

import asyncio

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from nexus.accounts.models import AuditEntry, Session, User
from nexus.accounts.register import create_user
from nexus.accounts.sessions import start_session
from nexus.admin.command import admin_command
from nexus.core.db import Database
from tests.databases import PostgresServer
from tests.website import PASSWORD

ADA, BOB = "ada@example.com", "bob@example.com"


def run(database_url: str, *arguments: str) -> Result:
    return CliRunner().invoke(admin_command, arguments, env={"DATABASE_URL": database_url})


def add(database_url: str, *emails: str) -> None:
    async def make() -> None:
        database = Database(database_url)
        async with database.transaction() as tx:
            for email in emails:
                user_id = await create_user(tx, email, PASSWORD, "")
                await start_session(tx, user_id, user_agent="", network="")
        await database.close()

    asyncio.run(make())


def state(database_url: str) -> tuple[dict[str, str], list[AuditEntry], int]:
    async def read() -> tuple[dict[str, str], list[AuditEntry], int]:
        database = Database(database_url)
        async with database.transaction() as tx:
            roles = {user.email: user.role for user in await tx.scalars(select(User))}
            audit = list(await tx.scalars(select(AuditEntry)))
            sessions = len(list(await tx.scalars(select(Session))))
        await database.close()
        return roles, audit, sessions

    return asyncio.run(read())


def test_the_first_admin_is_made_and_signed_out(database_url: str) -> None:
    add(database_url, ADA, BOB)
    result = run(database_url, "grant", " ADA@example.com")
    assert result.exit_code == 0, result.output
    assert "has the role admin now" in result.output
    assert "must add a second factor" in result.output
    roles, (entry,), sessions = state(database_url)
    assert roles == {ADA: "admin", BOB: "trader"}
    assert sessions == 1
    assert (entry.act, entry.actor_id) == ("role_granted", None)
    assert entry.detail == {"role": "admin", "before": "trader", "reason": "on the command line"}
    assert "already" in run(database_url, "grant", ADA).output
    assert len(state(database_url)[1]) == 1


def test_the_list_says_who_has_a_role(database_url: str) -> None:
    assert "Nobody has a role yet." in run(database_url, "list").output
    add(database_url, ADA, BOB)
    run(database_url, "grant", ADA, "--role", "support")
    result = run(database_url, "list")
    assert result.output == f"support  {ADA}  (no second factor yet)\n"


def test_a_role_is_taken_but_not_the_last_admins(database_url: str) -> None:
    add(database_url, ADA, BOB)
    run(database_url, "grant", ADA)
    for arguments in (("revoke", ADA), ("grant", ADA, "--role", "reader")):
        result = run(database_url, *arguments)
        assert result.exit_code == 1
        assert "This is the last admin." in result.output
    run(database_url, "grant", BOB)
    assert run(database_url, "revoke", ADA).exit_code == 0
    assert "no role to take" in run(database_url, "revoke", ADA).output
    assert state(database_url)[0] == {ADA: "trader", BOB: "admin"}


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_an_address_nobody_has_is_one_sentence(database_url: str, command: str) -> None:
    result = run(database_url, command, "zoe@example.com")
    assert result.exit_code == 1
    assert "Nobody has the address zoe@example.com." in result.output
    assert "Traceback" not in result.output


def test_a_role_there_is_not_is_refused(database_url: str) -> None:
    add(database_url, ADA)
    assert run(database_url, "grant", ADA, "--role", "owner").exit_code == 2
    assert state(database_url)[0] == {ADA: "trader"}


def test_an_empty_database_is_one_sentence(postgres: PostgresServer) -> None:
    postgres.create("nexus_test_empty_admin")
    try:
        result = run(postgres.url("nexus_test_empty_admin"), "list")
    finally:
        postgres.drop("nexus_test_empty_admin")
    assert result.exit_code == 1
    assert "Run `nexus migrate` first." in result.output
