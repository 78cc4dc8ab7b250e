"""Is a key anywhere but where it is sealed? Looked for in the database, output, and a crash."""

import traceback
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from nexus.core.db import Database, Table
from nexus.exchanges import take_drop
from nexus.exchanges.health import check_health
from nexus.settings import Settings
from tests.exchanges.counter import Counter, open_counter


@pytest.fixture
async def counter(database: Database, settings: Settings, alice: int) -> AsyncIterator[Counter]:
    async with open_counter(database, settings, alice) as counter:
        yield counter


async def dump(database: Database) -> str:
    """Read every row of every table: as PostgreSQL writes it, and its bytes as they are."""
    found = ""
    async with database.engine.connect() as connection:
        for table in Table.metadata.sorted_tables:
            rows = await connection.execute(text(f'SELECT t::text, t.* FROM "{table.name}" t'))  # noqa: S608  our own tables' names
            for row in rows:
                found += "".join(
                    value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    for value in row
                )
    return found


async def test_no_part_of_a_key_is_stored_readably_or_said(
    counter: Counter, capfd: pytest.CaptureFixture[str]
) -> None:
    key, secret, _ = counter.accounts[0]
    await counter.control("keys/change", key=key, rights={"enableWithdrawals": True})
    drop_id = await counter.begin()
    await counter.drop(drop_id, key, secret)
    while_refused = await dump(counter.database)
    await counter.control("keys/change", key=key, rights={"enableWithdrawals": False})
    assert (await counter.again(drop_id)).status == "connected"
    await check_health(counter.desk)
    everything = while_refused + await dump(counter.database) + "".join(capfd.readouterr())
    assert key[-4:] in everything, "The dump holds nothing, so it proves nothing."
    for hidden in (key, secret):
        assert hidden not in everything
        assert hidden.encode().hex() not in everything


async def test_a_crash_in_the_middle_says_nothing_of_the_key(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret, _ = counter.accounts[0]

    async def crash(*_: object) -> None:
        raise RuntimeError("something nobody has thought of")

    monkeypatch.setattr(take_drop, "examine_key", crash)
    with pytest.raises(RuntimeError) as crashed:
        await counter.drop(await counter.begin(), key, secret)
    told = "".join(traceback.format_exception(crashed.value))
    assert "examine_key" in told
    assert key not in told
    assert secret not in told
    shown = str([str(frame.locals) for frame in crashed.traceback])
    assert "KeyPair(..." in shown
