"""Does PostgreSQL itself keep the pages from reading exchange keys, whatever the pages run?"""

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url
from structlog.testing import capture_logs

from nexus.core.db import Database
from nexus.core.migrate import upgrade
from nexus.exchanges.open_doors import warn_of_open_doors
from nexus.exchanges.protocol import Account
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import KeyPair, open_vault
from nexus.exchanges.vault_secrets import make_secrets
from nexus.settings import Settings
from tests.databases import PostgresServer
from tests.exchanges.test_connect import connect

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@pytest.fixture
def roles(postgres: PostgresServer, database_url: str) -> dict[str, str]:
    """Make the roles, let the migration grant, and give the address of each."""
    with psycopg.connect(postgres.libpq_url, autocommit=True) as server:
        for role in ("nexus_web", "nexus_worker"):
            if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                server.execute(f"CREATE ROLE {role} LOGIN")
    upgrade(database_url)
    url = make_url(database_url)
    return {
        role: url.set(username=f"nexus_{role}").render_as_string(hide_password=False)
        for role in ("web", "worker")
    }


@pytest.fixture
async def account(database: Database, settings: Settings, alice: int) -> int:
    async with database.transaction() as tx:
        await make_secrets(tx, open_vault(settings))
    return await connect(database, settings, alice, KeyPair("canary-key", "canary-secret"))


@pytest.fixture
async def web(roles: dict[str, str]) -> AsyncIterator[Connection]:
    plain = roles["web"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT wrapped_dek FROM api_keys",
        "SELECT ciphertext FROM api_keys",
        "SELECT nonce FROM api_keys",
        "SELECT fingerprint FROM api_keys",
        "SELECT * FROM api_keys",
        "SELECT api_keys FROM api_keys",
        "SELECT account_id FROM api_keys WHERE ciphertext > ''",
        "UPDATE api_keys SET ciphertext = wrapped_dek",
        "UPDATE api_keys SET ciphertext = '' RETURNING wrapped_dek",
        "UPDATE api_keys SET ciphertext = '' RETURNING *",
        "UPDATE api_keys SET account_id = 1",
        "UPDATE api_keys SET version = 2",
        "DELETE FROM api_keys RETURNING ciphertext",
        "INSERT INTO api_keys (account_id) VALUES (1)",
        "CREATE TABLE copied AS SELECT * FROM api_keys",
        "TRUNCATE api_keys",
        "SELECT key_box FROM key_drops",
        "SELECT secret_box FROM key_drops",
        "SELECT * FROM key_drops",
        "UPDATE key_drops SET sentence = encode(secret_box, 'hex')",
        "SELECT wrapped FROM vault_secrets",
        "UPDATE vault_secrets SET public = ''",
        "INSERT INTO vault_secrets VALUES ('x', 'x', '', '', '')",
        "DELETE FROM vault_secrets",
        "UPDATE audit_log SET act = 'nothing'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (entry_id) VALUES (0)",
        "TRUNCATE audit_head",
        "SET ROLE nexus_worker",
        "CREATE TABLE mine (x int)",
    ],
)
async def test_the_pages_are_refused(web: Connection, account: int, statement: str) -> None:
    assert account
    with pytest.raises(InsufficientPrivilege):
        await web.execute(statement)


async def test_the_pages_see_what_may_be_shown_and_can_destroy(
    web: Connection, account: int, database: Database, settings: Settings
) -> None:
    shown = await web.execute("SELECT account_id, last4, ip_restricted FROM api_keys")
    assert await shown.fetchall() == [(account, "-key", True)]
    assert (await (await web.execute("SELECT public FROM vault_secrets")).fetchall())[0]
    await web.execute(
        "UPDATE api_keys SET wrapped_dek = '', ciphertext = '', destroyed_at = now()"
        " WHERE account_id = %s",
        [account],
    )
    assert await KeyRing(database, settings).read([Account(account, "binance", "default", 1)]) == {}


async def test_the_workers_open_keys(
    roles: dict[str, str], account: int, settings: Settings
) -> None:
    database = Database(roles["worker"])
    locked = await KeyRing(database, settings).read([Account(account, "binance", "default", 1)])
    assert locked[account].open().secret == "canary-secret"
    await database.close()


async def test_pages_that_run_as_the_owner_say_so(roles: dict[str, str], database_url: str) -> None:
    for url, expected in ((roles["web"], []), (database_url, ["pages_may_read_exchange_keys"])):
        database = Database(url)
        with capture_logs() as said:
            await warn_of_open_doors(database)
        await database.close()
        assert [line["event"] for line in said] == expected
