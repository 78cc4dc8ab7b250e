"""Do the commands of docs/runbooks/keys.md do what it says, on the database as it is today?"""

import re
from pathlib import Path

from sqlalchemy import select, text

from nexus.core.db import Database
from nexus.exchanges.models import ApiKey, ExchangeAccount, KeyDrop, VaultSecret
from nexus.exchanges.protocol import Account
from nexus.exchanges.take_drop import check_drops
from nexus.exchanges.unlock import KeyRing
from nexus.regime.models import Switch
from nexus.settings import Settings
from tests.exchanges.counter import open_counter

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbooks" / "keys.md").read_text()
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`((?:UPDATE|DELETE|SELECT)[^`]+)`", re.DOTALL)


def statements() -> list[str]:
    """Read what the part on revoking everything has people run, in its order."""
    part = RUNBOOK[RUNBOOK.index("## Revoke everything") :]
    [block] = SQL.findall(part)
    inline = INLINE.findall(SQL.sub("", part))
    return [one for one in [*block.split(";"), *inline] if one.strip()]


async def test_revoking_everything_leaves_no_key_and_lets_people_come_back(
    database: Database, settings: Settings, alice: int
) -> None:
    async with open_counter(database, settings, alice) as counter:
        key, secret, uid = counter.accounts[0]
        account = (await counter.drop(await counter.begin(), key, secret)).account_id
        await counter.begin("ed25519")
        told = ""
        async with database.transaction() as tx:
            for statement in statements():
                result = await tx.execute(text(statement))
                if statement.startswith("SELECT"):
                    told += str(result.all())
        assert "alice@example.com" in told
        async with database.transaction() as tx:
            row = (await tx.scalars(select(ApiKey))).one()
            assert (row.wrapped_dek, row.ciphertext) == (b"", b"")
            assert (await tx.scalars(select(KeyDrop))).all() == []
            assert (await tx.scalars(select(VaultSecret))).all() == []
            assert await tx.scalar(select(Switch.stopped).where(Switch.name == "everything"))
            status = await tx.scalar(select(ExchangeAccount.status))
        assert status == "key_invalid"
        where = Account(account, "binance", "default", 1)
        ring = KeyRing(database, settings)
        assert await ring.read([where]) == {}
        await check_drops(counter.desk)
        new = await counter.control("keys", uid=uid, kind="HMAC")
        drop = await counter.begin(replaces=account)
        view = await counter.drop(drop, new["key"], new["secret"])
        assert view.status == "connected", view.sentence
        assert (await ring.read([where]))[account].open().secret == new["secret"]
