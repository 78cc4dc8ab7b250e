"""Can an operator make somebody who then signs in?"""

import asyncio

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from nexus.accounts.command import accounts_command
from nexus.accounts.models import User
from nexus.accounts.passwords import verify_password
from nexus.core.db import Database
from tests.databases import PostgresServer
from tests.website import PASSWORD


def run(database_url: str, *arguments: str, typed: str) -> Result:
    environment = {"DATABASE_URL": database_url}
    return CliRunner().invoke(accounts_command, arguments, input=typed, env=environment)


def users(database_url: str) -> list[User]:
    async def read() -> list[User]:
        database = Database(database_url)
        async with database.transaction() as tx:
            found = list(await tx.scalars(select(User)))
        await database.close()
        return found

    return asyncio.run(read())


def test_the_password_is_asked_twice_and_never_shown(database_url: str) -> None:
    result = run(database_url, "add", "ada@example.com", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert "ada@example.com can sign in now" in result.output
    assert PASSWORD not in result.output
    (user,) = users(database_url)
    assert asyncio.run(verify_password(user.password_hash, PASSWORD))


def test_the_password_may_come_through_a_pipe(database_url: str) -> None:
    arguments = ("add", "ada@example.com", "--name", "Ada", "--password-stdin")
    result = run(database_url, *arguments, typed=f"{PASSWORD}\r\n")
    assert result.exit_code == 0, result.output
    (user,) = users(database_url)
    assert user.display_name == "Ada"
    assert asyncio.run(verify_password(user.password_hash, PASSWORD))


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("ada@example.com", "short", "Choose a password of 12 to 128 characters."),
        ("ada", PASSWORD, "Write a whole e-mail address"),
    ],
)
def test_a_mistake_is_one_sentence(
    database_url: str, email: str, password: str, sentence: str
) -> None:
    result = run(database_url, "add", email, "--password-stdin", typed=password)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert users(database_url) == []


def test_a_second_person_with_the_same_address_is_refused(database_url: str) -> None:
    for expected in (0, 1):
        result = run(
            database_url, "add", "ada@example.com", "--password-stdin", typed=f"{PASSWORD}\n"
        )
        assert result.exit_code == expected, result.output
    assert "has an account already" in result.output


def test_without_a_database_it_says_what_to_set() -> None:
    result = run("", "add", "ada@example.com", "--password-stdin", typed=PASSWORD)
    assert result.exit_code == 1
    assert "DATABASE_URL is not set" in result.output


def test_an_empty_database_is_one_sentence(postgres: PostgresServer) -> None:
    postgres.create("nexus_test_empty")
    try:
        url = postgres.url("nexus_test_empty")
        result = run(url, "add", "ada@example.com", "--password-stdin", typed=PASSWORD)
    finally:
        postgres.drop("nexus_test_empty")
    assert result.exit_code == 1
    assert "Run `nexus migrate` first." in result.output


def test_a_database_that_is_away_is_one_sentence() -> None:
    url = "postgresql://nobody:canary@127.0.0.1:1/nexus"
    result = run(url, "add", "ada@example.com", "--password-stdin", typed=PASSWORD)
    assert result.exit_code == 1
    assert "The database at DATABASE_URL does not answer" in result.output
    assert "canary" not in result.output
