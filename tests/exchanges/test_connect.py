"""Is a dangerous key refused, and a good one kept so that only the worker can use it?"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

import nexus
from nexus.accounts.errors import SecondFactorNeededError
from nexus.accounts.models import Passkey, TotpSecret
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.check_key import check_key, check_permissions
from nexus.exchanges.connect import NewAccount, connect_account, open_paper_account
from nexus.exchanges.errors import KeyRefusedError
from nexus.exchanges.models import AccountBalance, ApiKey, ExchangeAccount, PaperBalance
from nexus.exchanges.protocol import Account, ExchangeAwayError
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import KeyPair, open_vault
from nexus.settings import Settings
from nexus.simulator.server import SimulatorOptions, start_simulator
from tests.exchanges.conftest import make_person
from tests.exchanges.desk import adapter
from tests.exchanges.venue import Venue, answer

PAIR = KeyPair("canary-key-1234", "canary-secret")
GOOD = {
    "ipRestrict": True,
    "enableReading": True,
    "enableSpotAndMarginTrading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "permitsUniversalTransfer": False,
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("enableWithdrawals", "Enable Withdrawals"),
        ("enableInternalTransfer", "Enable Internal Transfer"),
        ("permitsUniversalTransfer", "Permits Universal Transfer"),
    ],
)
@pytest.mark.parametrize("value", [True, None, "false", 0])
def test_a_key_that_can_move_money_out_is_refused(name: str, label: str, value: object) -> None:
    with pytest.raises(KeyRefusedError, match=label):
        check_permissions(GOOD | {name: value}, must_be_ip_locked=False)
    with pytest.raises(KeyRefusedError, match=label):
        check_permissions(without(name), must_be_ip_locked=False)


@pytest.mark.parametrize("name", ["enableReading", "enableSpotAndMarginTrading"])
def test_a_key_that_cannot_trade_is_refused(name: str) -> None:
    with pytest.raises(KeyRefusedError):
        check_permissions(GOOD | {name: False}, must_be_ip_locked=False)
    with pytest.raises(KeyRefusedError):
        check_permissions(without(name), must_be_ip_locked=False)


def test_an_open_key_is_refused_where_it_matters() -> None:
    told = GOOD | {"ipRestrict": False}
    assert not check_permissions(told, must_be_ip_locked=False).ip_restricted
    with pytest.raises(KeyRefusedError, match="Restrict it"):
        check_permissions(told, must_be_ip_locked=True)
    assert check_permissions(GOOD, must_be_ip_locked=True).ip_restricted


async def test_the_exchange_is_asked_with_the_key_itself(venue: Venue, settings: Settings) -> None:
    binance = adapter(venue.url)
    venue.says["GET /sapi/v1/account/apiRestrictions"] = answer(200, GOOD)
    assert (await check_key(binance, PAIR, settings)).told == GOOD
    assert venue.asked[-1].headers["x-mbx-apikey"] == PAIR.key
    venue.says["GET /sapi/v1/account/apiRestrictions"] = answer(
        401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
    )
    with pytest.raises(ExchangeAwayError):
        await check_key(binance, PAIR, settings)
    await binance.close()


async def test_production_wants_a_locked_key(venue: Venue, settings: Settings) -> None:
    binance = adapter(venue.url)
    told = GOOD | {"ipRestrict": False}
    venue.says["GET /sapi/v1/account/apiRestrictions"] = answer(200, told)
    await check_key(binance, PAIR, settings)
    with pytest.raises(KeyRefusedError):
        await check_key(binance, PAIR, settings.model_copy(update={"environment": "production"}))
    await binance.close()


async def test_a_simulated_account_can_be_connected_and_trades_with_its_own_key(
    database: Database, settings: Settings, alice: int
) -> None:
    simulator = await start_simulator(SimulatorOptions(accounts=1))
    [owner] = simulator.accounts
    pair = KeyPair(owner.key, owner.secret)
    binance = adapter(simulator.url)
    permissions = await check_key(binance, pair, settings)
    async with database.transaction() as tx:
        account_id = await connect_account(
            tx, NewAccount(alice, "binance", "Mine"), pair, permissions, open_vault(settings)
        )
    binance.keys = KeyRing(database, settings).read
    account = Account(account_id, "binance", "default", key_version=1)
    assert await binance.balances(account) == {"USDT": 10_000}
    await binance.close()
    await simulator.stop()


async def connect(database: Database, settings: Settings, user_id: int, pair: KeyPair) -> int:
    async with database.transaction() as tx:
        permissions = check_permissions(GOOD, must_be_ip_locked=True)
        wanted = NewAccount(user_id, "binance", "Mine")
        return await connect_account(tx, wanted, pair, permissions, open_vault(settings))


async def test_what_is_written_down(database: Database, settings: Settings, alice: int) -> None:
    account_id = await connect(database, settings, alice, PAIR)
    async with database.transaction() as tx:
        account = await tx.get_one(ExchangeAccount, account_id)
        key = await tx.get_one(ApiKey, account_id)
    assert (account.user_id, account.venue, account.status) == (alice, "binance", "active")
    assert (account.egress, account.key_version, key.version) == ("default", 1, 1)
    assert (key.last4, key.ip_restricted, key.permissions) == ("1234", True, GOOD)
    stored = b"".join(value for value in vars(key).values() if isinstance(value, bytes))
    assert b"canary" not in stored


async def test_one_key_is_one_account_for_everybody(
    database: Database, settings: Settings, alice: int
) -> None:
    bob = await make_person(database, "bob@example.com")
    await connect(database, settings, alice, PAIR)
    for person in (alice, bob):
        with pytest.raises(KeyRefusedError, match="already"):
            await connect(database, settings, person, PAIR)
    async with database.transaction() as tx:
        assert len((await tx.scalars(select(ExchangeAccount.id))).all()) == 1


async def test_a_live_key_needs_a_second_factor_whoever_calls(
    database: Database, settings: Settings
) -> None:
    carol = await make_person(database, "carol@example.com", second_factor=False)
    async with database.transaction() as tx:
        # An app that was offered and never confirmed is no factor.
        tx.add(TotpSecret(user_id=carol, sealed=b"", created_at=now()))
    with pytest.raises(SecondFactorNeededError):
        await connect(database, settings, carol, PAIR)
    async with database.transaction() as tx:
        assert (await tx.scalars(select(ExchangeAccount.id))).all() == []
        await tx.execute(update(TotpSecret).values(confirmed_at=now()))
    assert await connect(database, settings, carol, PAIR)


async def test_a_passkey_is_a_second_factor_too(database: Database, settings: Settings) -> None:
    carol = await make_person(database, "carol@example.com", second_factor=False)
    async with database.transaction() as tx:
        tx.add(
            Passkey(
                user_id=carol,
                credential_id=b"1",
                public_key=b"",
                sign_count=0,
                transports=[],
                name="Phone",
                created_at=now(),
            )
        )
    assert await connect(database, settings, carol, PAIR)


def test_only_the_demo_goes_around_the_second_factor() -> None:
    source = Path(nexus.__file__).parent
    users = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "write_connected_account" in path.read_text()
    }
    assert users == {"exchanges/connect.py", "local/demo.py"}


async def test_a_paper_account_starts_with_its_balance(database: Database, alice: int) -> None:
    async with database.transaction() as tx:
        account_id = await open_paper_account(tx, alice, "Practice", Decimal(10_000))
    async with database.transaction() as tx:
        account = await tx.get_one(ExchangeAccount, account_id)
        paper = (await tx.scalars(select(PaperBalance))).all()
        known = (await tx.scalars(select(AccountBalance))).all()
    assert (account.user_id, account.venue, account.key_version) == (alice, "paper", 0)
    expected = [(account_id, "USDT", Decimal(10_000))]
    assert [(one.account_id, one.asset, one.free) for one in paper] == expected
    assert [(one.account_id, one.asset, one.free) for one in known] == expected
