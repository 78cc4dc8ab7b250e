"""Is every way in which a key can be wrong named in plain words, and nothing kept that should not?

The simulated exchange answers over HTTP; the keys are changed as their owner would change them.
"""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from nexus.accounts.models import AuditEntry, TotpSecret
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.connect import destroy_key
from nexus.exchanges.drop_key import KEPT_FOR, drop_key, find_drop
from nexus.exchanges.egress import DEFAULT
from nexus.exchanges.models import AccountBalance, ExchangeAccount, KeyDrop
from nexus.exchanges.protocol import Account
from nexus.exchanges.take_drop import check_drops
from nexus.exchanges.unlock import KeyRing
from nexus.settings import Settings
from tests.exchanges.conftest import make_person
from tests.exchanges.counter import Counter, open_counter

WRONG_KEY = "x" * 64
HERE = "127.0.0.1"


@pytest.fixture
async def counter(database: Database, settings: Settings, alice: int) -> AsyncIterator[Counter]:
    async with open_counter(database, settings, alice) as counter:
        yield counter


async def test_a_good_hmac_key_is_connected_and_the_box_is_empty(counter: Counter) -> None:
    key, secret, uid = counter.accounts[0]
    drop_id = await counter.begin()
    view = await counter.drop(drop_id, f"  {key}\n", secret)
    assert (view.status, view.code) == ("connected", "")
    assert await counter.boxes() == 0
    async with counter.database.transaction() as tx:
        account = await tx.get_one(ExchangeAccount, view.account_id)
        free = await tx.scalar(select(AccountBalance.free))
        acts = (await tx.scalars(select(AuditEntry.act))).all()
    assert (account.user_id, account.venue_uid, account.status) == (
        counter.alice, str(uid), "active",
    )  # fmt: skip
    assert free == 10_000
    assert acts == ["key_connected"]
    ring = KeyRing(counter.database, counter.desk.settings)
    locked = await ring.read([Account(account.id, "binance", DEFAULT, 1)])
    assert locked[account.id].open().secret == secret


async def test_our_own_ed25519_pair_is_connected_and_signs(counter: Counter) -> None:
    drop_id = await counter.begin("ed25519")
    async with counter.database.transaction() as tx:
        view = await find_drop(tx, counter.alice, drop_id)
    assert view is not None
    assert view.public_key.startswith("-----BEGIN PUBLIC KEY-----")
    uid = counter.accounts[0][2]
    made = await counter.control("keys", uid=uid, kind="ED25519", public_key=view.public_key)
    checked = await counter.drop(drop_id, made["key"])
    assert checked.status == "connected", checked.sentence
    account = Account(checked.account_id, "binance", DEFAULT, 1)
    binance = counter.desk.exchanges["binance"]
    assert await binance.balances(account) == {"USDT": 10_000}


@pytest.mark.parametrize(
    ("right", "code", "words"),
    [
        ("enableWithdrawals", "dangerous_right", "withdraw"),
        ("enableInternalTransfer", "dangerous_right", "transfer to other accounts"),
        ("permitsUniversalTransfer", "dangerous_right", "transfer between wallets"),
        ("enableMargin", "unwanted_right", "margin"),
        ("enableFutures", "unwanted_right", "futures"),
        ("enableVanillaOptions", "unwanted_right", "options"),
        ("enablePortfolioMarginTrading", "unwanted_right", "portfolio"),
    ],
)
async def test_a_right_too_many_is_refused_until_it_is_switched_off(
    counter: Counter, right: str, code: str, words: str
) -> None:
    key, secret, _ = counter.accounts[0]
    await counter.control("keys/change", key=key, rights={right: True})
    drop_id = await counter.begin()
    view = await counter.drop(drop_id, key, secret)
    assert (view.status, view.code) == ("refused", code)
    assert words in view.sentence
    assert "Switch" in view.sentence
    assert await counter.connected() == 0
    await counter.control("keys/change", key=key, rights={right: False})
    assert (await counter.again(drop_id)).status == "connected"


async def test_a_key_that_may_not_trade_is_refused(counter: Counter) -> None:
    key, secret, _ = counter.accounts[0]
    await counter.control("keys/change", key=key, rights={"enableSpotAndMarginTrading": False})
    view = await counter.drop(await counter.begin(), key, secret)
    assert view.code == "no_trading_right"
    assert "Enable Spot & Margin Trading" in view.sentence


async def test_an_unknown_key_or_a_wrong_address_names_both_and_our_address(
    counter: Counter,
) -> None:
    key, secret, _ = counter.accounts[0]
    view = await counter.drop(await counter.begin(), WRONG_KEY, secret)
    assert view.code == "not_accepted"
    assert "203.0.113.7" in view.sentence
    assert "mistyped" in view.sentence
    await counter.control("keys/change", key=key, ipRestrict=True, ips=["198.51.100.9"])
    drop_id = await counter.begin()
    assert (await counter.drop(drop_id, key, secret)).code == "not_accepted"
    await counter.control("keys/change", key=key, ips=["198.51.100.9", HERE])
    assert (await counter.again(drop_id)).status == "connected"


async def test_key_and_secret_swapped_is_a_sentence_that_helps(counter: Counter) -> None:
    key, secret, _ = counter.accounts[0]
    view = await counter.drop(await counter.begin(), secret, key)
    assert view.status == "refused"
    assert "key and secret are each in the other's field" in view.sentence
    assert key not in view.sentence
    assert secret not in view.sentence


async def test_a_wrong_secret_is_told_from_a_wrong_key(counter: Counter) -> None:
    key, _, _ = counter.accounts[0]
    view = await counter.drop(await counter.begin(), key, "y" * 64)
    assert view.code == "wrong_secret"
    assert "copy it again" in view.sentence


async def test_a_restricted_region_is_ours_to_mend(counter: Counter) -> None:
    key, secret, _ = counter.accounts[0]
    await counter.control("blocks", address="*", status=451)
    with capture_logs() as said:
        view = await counter.drop(await counter.begin(), key, secret)
    assert view.code == "region"
    assert "egress_in_restricted_region" in [line["event"] for line in said]


async def test_clocks_that_disagree_are_not_the_keys_fault(counter: Counter) -> None:
    key, secret, _ = counter.accounts[0]
    wrong = {"status": 400, "code": -1021, "msg": "Timestamp for this request was 1000ms ahead."}
    await counter.control(
        "faults", kind="refuse", where="GET /sapi/v1/account/apiRestrictions", **wrong
    )
    drop_id = await counter.begin()
    view = await counter.drop(drop_id, key, secret)
    assert view.code == "clock"
    assert (await counter.again(drop_id)).status == "connected"


async def test_an_account_of_another_kind_is_refused(counter: Counter) -> None:
    key, secret, uid = counter.accounts[0]
    await counter.control("accounts/rules", uid=uid, account_type="MARGIN")
    view = await counter.drop(await counter.begin(), key, secret)
    assert (view.code, "MARGIN" in view.sentence) == ("account_type", True)
    await counter.control("accounts/rules", uid=uid, account_type="SPOT", can_trade=False)
    view = await counter.drop(await counter.begin(), key, secret)
    assert view.code == "account_may_not_trade"


async def test_an_open_key_is_refused_for_live_money(
    database: Database, settings: Settings, alice: int
) -> None:
    async with open_counter(database, settings, alice, environment="production") as counter:
        key, secret, _ = counter.accounts[0]
        await counter.control("keys/change", key=key, ipRestrict=False)
        drop_id = await counter.begin()
        view = await counter.drop(drop_id, key, secret)
        assert view.code == "no_ip_lock"
        await counter.control("keys/change", key=key, ipRestrict=True, ips=[HERE])
        assert (await counter.again(drop_id)).status == "connected"


async def test_fees_above_the_budget_are_refused_with_the_sum(
    database: Database, settings: Settings, alice: int
) -> None:
    budget = {"fees_max_round_trip_bps": Decimal(19)}
    async with open_counter(database, settings, alice, **budget) as counter:
        view = await counter.drop(await counter.begin(), *counter.accounts[0][:2])
        assert view.status == "refused"
        assert "10 + 10 = 20" in view.sentence


@pytest.mark.parametrize("status", [503, 418, 429])
async def test_an_exchange_that_is_away_is_asked_again_by_itself(
    counter: Counter, status: int
) -> None:
    key, secret, _ = counter.accounts[0]
    await counter.control(
        "faults", kind="refuse", where="GET /sapi/v1/account/apiRestrictions", status=status,
        code=-1003, msg="later",
    )  # fmt: skip
    drop_id = await counter.begin()
    view = await counter.drop(drop_id, key, secret)
    assert view.status == "checking"
    assert "tried again by itself" in view.sentence


async def test_a_key_that_is_connected_already_is_refused_and_forgotten(
    counter: Counter,
) -> None:
    bob = await make_person(counter.database, "bob@example.com")
    key, secret, _ = counter.accounts[0]
    await counter.drop(await counter.begin(), key, secret)
    for person in (counter.alice, bob):
        view = await counter.drop(await counter.begin(user=person), key, secret, person)
        assert view.code == "known_key"
        assert "alice" not in view.sentence
    assert await counter.boxes() == 0
    assert await counter.connected() == 1


async def test_two_keys_of_one_exchange_account_are_not_two_accounts(counter: Counter) -> None:
    key, secret, uid = counter.accounts[0]
    await counter.drop(await counter.begin(), key, secret)
    other = await counter.control("keys", uid=uid, kind="HMAC")
    view = await counter.drop(await counter.begin(), other["key"], other["secret"])
    assert view.code == "known_account"


async def test_a_removed_key_may_be_connected_again(counter: Counter) -> None:
    key, secret, _ = counter.accounts[0]
    first = await counter.drop(await counter.begin(), key, secret)
    async with counter.database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(status="removed"))
        await destroy_key(tx, first.account_id)
    assert (await counter.drop(await counter.begin(), key, secret)).status == "connected"


async def test_a_replaced_key_must_be_of_the_same_account(counter: Counter) -> None:
    key, secret, uid = counter.accounts[0]
    first = await counter.drop(await counter.begin(), key, secret)
    strange = await counter.begin(replaces=first.account_id)
    view = await counter.drop(strange, *counter.accounts[1][:2])
    assert view.code == "other_account"
    new = await counter.control("keys", uid=uid, kind="HMAC")
    rightful = await counter.begin(replaces=first.account_id)
    view = await counter.drop(rightful, new["key"], new["secret"])
    assert (view.status, view.account_id) == ("connected", first.account_id)
    ring = KeyRing(counter.database, counter.desk.settings)
    locked = await ring.read([Account(first.account_id, "binance", DEFAULT, 2)])
    assert locked[first.account_id].version == 2
    assert locked[first.account_id].open().key == new["key"]
    assert await counter.connected() == 1


async def test_somebody_elses_account_gets_no_new_key(counter: Counter) -> None:
    bob = await make_person(counter.database, "bob@example.com")
    first = await counter.drop(await counter.begin(), *counter.accounts[0][:2])
    drop_id = await counter.begin(user=bob, replaces=first.account_id)
    view = await counter.drop(drop_id, *counter.accounts[1][:2], bob)
    assert view.code == "gone"


async def test_without_a_second_factor_nothing_is_connected(counter: Counter) -> None:
    drop_id = await counter.begin()
    async with counter.database.transaction() as tx:
        await tx.execute(update(TotpSecret).values(confirmed_at=None))
    view = await counter.drop(drop_id, *counter.accounts[0][:2])
    assert view.code == "second_factor"
    assert await counter.connected() == 0


async def test_a_box_moved_to_somebody_else_does_not_open(counter: Counter) -> None:
    bob = await make_person(counter.database, "bob@example.com")
    drop_id = await counter.begin("ed25519")
    async with counter.database.transaction() as tx:
        view = await find_drop(tx, counter.alice, drop_id)
        assert view is not None
        made = await counter.control(
            "keys", uid=counter.accounts[0][2], kind="ED25519", public_key=view.public_key
        )
        await drop_key(tx, view, made["key"], "")
        await tx.execute(update(KeyDrop).values(user_id=bob))
    assert (await counter.checked(drop_id, bob)).code == "unreadable"
    assert await counter.connected() == 0


async def test_two_workers_connect_once(counter: Counter) -> None:
    key, secret, _ = counter.accounts[0]
    drop_id = await counter.begin()
    async with counter.database.transaction() as tx:
        view = await find_drop(tx, counter.alice, drop_id)
        assert view is not None
        await drop_key(tx, view, key, secret)
    await asyncio.gather(*(check_drops(counter.desk) for _ in range(3)))
    assert await counter.connected() == 1


async def test_what_nobody_fetches_is_forgotten_within_the_hour(counter: Counter) -> None:
    drop_id = await counter.begin("ed25519")
    async with counter.database.transaction() as tx:
        await tx.execute(update(KeyDrop).values(expires_at=now() - KEPT_FOR))
        assert await find_drop(tx, counter.alice, drop_id) is None
    await check_drops(counter.desk)
    async with counter.database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(KeyDrop)) == 0
