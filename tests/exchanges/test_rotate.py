"""Does a rotation lose nothing when it is killed half-way, and disturb nobody who is trading?"""

import base64
import os
import signal
import subprocess
import sys

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from nexus.core.db import Database
from nexus.exchanges import rotate as rotation
from nexus.exchanges.key_provider import LocalKeys
from nexus.exchanges.models import ApiKey
from nexus.exchanges.protocol import Account
from nexus.exchanges.rotate import count_keys, rotate
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import KeyPair, Vault
from nexus.exchanges.vault_secrets import read_drop_box, read_fingerprints, read_slot
from nexus.settings import Settings
from tests.exchanges.test_connect import connect
from tests.scenes import somebody_waits

OLD, NEW = bytes(range(32)), bytes(range(7, 39))
PEOPLE = 25


def settings_with(*keys: bytes) -> Settings:
    texts = [base64.b64encode(key).decode() for key in keys]
    return Settings(
        key_encryption_key=SecretStr(texts[0]),
        key_encryption_keys_old=SecretStr(",".join(texts[1:])),
    )


@pytest.fixture
async def accounts(
    database: Database, alice: int, monkeypatch: pytest.MonkeyPatch
) -> list[Account]:
    """Lend many connected accounts, whose keys take several batches."""
    monkeypatch.setattr(rotation, "BATCH", 4)
    settings = settings_with(OLD)
    ids = [
        await connect(database, settings, alice, KeyPair(f"key-{n}", f"secret-{n}"))
        for n in range(PEOPLE)
    ]
    return [Account(number, "binance", "default", 1) for number in ids]


async def opened(database: Database, settings: Settings, accounts: list[Account]) -> list[str]:
    locked = await KeyRing(database, settings).read(accounts)
    return [locked[account.id].open().secret for account in accounts]


SECRETS = [f"secret-{n}" for n in range(PEOPLE)]


async def test_killed_half_way_it_goes_on_and_loses_nothing(
    database: Database, accounts: list[Account]
) -> None:
    both = settings_with(NEW, OLD)
    vault = Vault(LocalKeys([NEW, OLD]))
    half = rotate(database, vault)
    done = [await anext(half) for _ in range(3)]
    await half.aclose()  # type: ignore[attr-defined]
    async with database.transaction() as tx:
        kids = {one.kid: one.keys for one in await count_keys(tx)}
    assert kids == {LocalKeys([OLD]).kid: PEOPLE - 8, vault.keys.kid: 8 + 2}
    # Workers that know both go on trading, with every account.
    assert await opened(database, both, accounts) == SECRETS
    done += [number async for number in rotate(database, vault)]
    assert sum(done) == PEOPLE + 2
    assert await opened(database, settings_with(NEW), accounts) == SECRETS


async def test_the_secrets_of_the_vault_stay_what_they_were(
    database: Database, accounts: list[Account]
) -> None:
    pair = KeyPair("key-3", "whatever")
    old, new = Vault(LocalKeys([OLD])), Vault(LocalKeys([NEW]))
    async with database.transaction() as tx:
        before = (await read_fingerprints(tx, old)).of(pair)
        dropped = (await read_slot(tx)).drop("canary", b"mine")
    async for _ in rotate(database, Vault(LocalKeys([NEW, OLD]))):
        pass
    async with database.transaction() as tx:
        assert (await read_fingerprints(tx, new)).of(pair) == before
        assert (await read_drop_box(tx, new)).take(dropped, b"mine") == "canary"
        found = select(func.count()).where(ApiKey.fingerprint == before)
        assert await tx.scalar(found) == 1
    assert await opened(database, settings_with(NEW), accounts) == SECRETS


COMMAND = [sys.executable, "-m", "nexus.cli", "keys"]


def begin(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, "rotate"], env=environment)


def keys(act: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, act], env=environment, check=False, capture_output=True, text=True
    )


async def test_the_command_survives_being_killed(
    database: Database, database_url: str, accounts: list[Account]
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "KEY_ENCRYPTION_KEY": base64.b64encode(NEW).decode(),
        "KEY_ENCRYPTION_KEYS_OLD": base64.b64encode(OLD).decode(),
    }
    async with database.transaction() as tx:
        # Its first key is locked: it has begun, and cannot get any further.
        await tx.execute(select(ApiKey).order_by(ApiKey.account_id).with_for_update())
        process = begin(environment)
        await somebody_waits(database)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert await opened(database, settings_with(NEW, OLD), accounts) == SECRETS
    assert "No older key-encryption key is needed" in keys("rotate", environment).stdout
    told = keys("status", environment).stdout.splitlines()
    assert told[0] == f"{LocalKeys([NEW]).kid}: {PEOPLE + 2} keys (the newest)"
    assert await opened(database, settings_with(NEW), accounts) == SECRETS
    del environment["KEY_ENCRYPTION_KEYS_OLD"]
    environment["KEY_ENCRYPTION_KEY"] = base64.b64encode(OLD).decode()
    lost = keys("rotate", environment)
    assert lost.returncode == 1
    assert "KEY_ENCRYPTION_KEYS_OLD" in lost.stderr
    assert "Traceback" not in lost.stderr
