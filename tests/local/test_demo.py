"""Is the demo whole, made once, and without a secret that could be read?"""

import base64
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from nexus.local.demo import DEMO_SETTINGS, FOLLOWERS, check_demo, seed_demo
from nexus.local.errors import LocalError
from nexus.settings import Settings
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from tests.local.run_replay import rows_of

EMAIL, PASSWORD = "demo@nexus.example", "a password to be read aloud"
KEY = bytes(range(32))


@pytest.fixture
async def exchange() -> AsyncIterator[RunningSimulator]:
    running = await start_simulator(SimulatorOptions())
    yield running
    await running.stop()


@pytest.fixture
def settings(database_url: str, exchange: RunningSimulator) -> Settings:
    return Settings(
        environment="test",
        database_url=database_url,
        exchange_url=exchange.url,
        market_url=exchange.url,
        demo_email=EMAIL,
        demo_password=SecretStr(PASSWORD),
        key_encryption_key=SecretStr(base64.b64encode(KEY).decode()),
    )


def whole_text(url: str) -> dict[str, list[str]]:
    """Read every row of every table as text; bytes come as hexadecimal digits."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        read = sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1")
        return {
            name: [row for (row,) in connection.execute(read.format(sql.Identifier(name)))]
            for (name,) in tables
        }


def count(url: str, query: str) -> Any:
    return dict(rows_of(url, query))


def test_a_fee_budget_that_no_account_can_meet_is_said_before_anything_starts(
    settings: Settings,
) -> None:
    check_demo(settings)
    with pytest.raises(LocalError, match="FEES_MAX_ROUND_TRIP_BPS allows 15"):
        check_demo(settings.model_copy(update={"fees_max_round_trip_bps": Decimal(15)}))


async def test_a_hundred_people_trade_on_two_venues(
    settings: Settings, exchange: RunningSimulator
) -> None:
    assert await seed_demo(settings, exchange.url) == (EMAIL, PASSWORD)

    url = settings.database_url
    assert rows_of(url, "SELECT count(*) FROM users") == [(1 + FOLLOWERS,)]
    by_venue = count(url, "SELECT venue, count(*) FROM exchange_accounts GROUP BY venue")
    assert by_venue == {"binance": 50, "paper": 52}
    assert len(exchange.accounts) == by_venue["binance"]
    bots = count(url, "SELECT symbol, count(*) FROM bots WHERE status = 'running' GROUP BY symbol")
    assert bots == {"BTC/USDT": 101, "ETH/USDT": 101}
    mine = "SELECT venue, label FROM exchange_accounts JOIN users ON users.id = user_id"
    owned = rows_of(url, f"{mine} WHERE email = '{EMAIL}' ORDER BY venue, label")
    paper = [("paper", "Practice"), ("paper", "Second practice")]
    assert owned == [("binance", "Simulated exchange"), *paper]
    filters = count(url, "SELECT venue, count(*) FROM symbol_filters GROUP BY venue")
    assert filters == {"binance": 2, "paper": 2}


async def test_a_second_start_changes_nothing(
    settings: Settings, exchange: RunningSimulator
) -> None:
    first = await seed_demo(settings, exchange.url)
    before = whole_text(settings.database_url)
    assert await seed_demo(settings, exchange.url) == first
    assert whole_text(settings.database_url) == before
    assert len(exchange.accounts) == 50


async def test_no_secret_can_be_read_in_the_database(
    settings: Settings, exchange: RunningSimulator
) -> None:
    await seed_demo(settings, exchange.url)
    tables = whole_text(settings.database_url)
    assert len(tables["api_keys"]) == 50
    everything = "\n".join(row for rows in tables.values() for row in rows).lower()
    kept = [(account.key, account.secret) for account in exchange.accounts]
    assert len(kept) == 50
    secrets = [PASSWORD, base64.b64encode(KEY).decode(), *(text for pair in kept for text in pair)]
    for secret in secrets:
        for written in (secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode()):
            assert written.lower() not in everything
    assert KEY.hex() not in everything
    # The scan would have seen them: the end of each key is shown to its owner, so it is there.
    assert all(key[-4:].lower() in everything for key, _ in kept)


async def test_every_key_can_be_used_by_its_owner_alone(
    settings: Settings, exchange: RunningSimulator
) -> None:
    await seed_demo(settings, exchange.url)
    url = settings.database_url
    sealed = Counter(rows_of(url, "SELECT ciphertext, nonce, wrapped_dek FROM api_keys"))
    assert len(sealed) == 50
    assert set(rows_of(url, "SELECT DISTINCT octet_length(nonce) FROM api_keys")) == {(12,)}
    nonces = rows_of(url, "SELECT count(DISTINCT nonce), count(DISTINCT wrap_nonce) FROM api_keys")
    assert nonces == [(50, 50)]


def test_its_settings_are_valid() -> None:
    values: dict[str, Any] = {name.lower(): value for name, value in DEMO_SETTINGS.items()}
    settings = Settings(**values)
    assert settings.timeframe == "1s"
    assert settings.tick_seconds == 5
