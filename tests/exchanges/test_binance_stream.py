"""Does one connection hear a thousand accounts, through cuts, refusals and goodbyes?"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from nexus.exchanges import rests
from nexus.exchanges.protocol import Account, VenueStatus
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.user_stream import BalancesHeard, Deaf, Missed, MoneyMoved, OrderHeard
from nexus.exchanges.vault import KeyPair
from nexus.simulator.control_door import add_fault, ban, drop_streams, shut_streams_down
from nexus.simulator.control_keys import add_key, alter_key
from nexus.simulator.intervals import DAY
from nexus.simulator.limits import Limits
from nexus.simulator.params import Params
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from tests.exchanges.conformance import send
from tests.exchanges.desk import buy
from tests.exchanges.listening import Ear, listening, numbered
from tests.feed.watching import until
from tests.simulator.pairs import Pair, ed25519_pair

NOTHING = Params("")


@pytest.fixture
async def simulator() -> AsyncIterator[RunningSimulator]:
    running = await start_simulator(SimulatorOptions(accounts=2, seed=7))
    yield running
    await running.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rests, "LONGEST_PAUSE_SECONDS", 1)


def orders(ear: Ear, account: Account) -> Sequence[OrderHeard]:
    return [one for one in ear.of(OrderHeard) if one.account_id == account.id]


async def test_an_order_and_the_balances_after_it_are_heard(simulator: RunningSimulator) -> None:
    (alice, bob), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, binance):
        stream.want([alice, bob])
        await ear.hears(Missed, 2)
        (answer,) = await send(binance, [buy("nx-1", account=bob)])
        positions = await ear.hears(BalancesHeard, 1)
    told = orders(ear, bob)
    report = answer.outcome.report  # type: ignore[union-attr]
    assert [one.status for one in told][:1] == [VenueStatus.NEW]
    assert told[-1].status is VenueStatus.FILLED
    assert {one.client_order_id for one in told} == {"nx-1"}
    assert tuple(one.fill for one in told if one.fill) == report.fills
    assert told[-1].executed_quantity == report.executed_quantity
    assert told[-1].executed_quote == report.executed_quote
    assert orders(ear, alice) == []
    real = simulator.exchange.by_uid[simulator.accounts[1].uid]
    assert positions[0].account_id == bob.id
    assert positions[0].free["BTC"] == real.free["BTC"]
    assert positions[0].free["USDT"] == real.free["USDT"]


async def test_a_thousand_accounts_share_one_connection() -> None:
    running = await start_simulator(SimulatorOptions(accounts=1_000, seed=7))
    accounts, keys = numbered(running.accounts)
    async with listening(running.url, keys) as (stream, ear, binance):
        stream.want(accounts)
        await ear.hears(Missed, 1_000)
        assert len(running.exchange.streams.connections) == 1
        assert running.exchange.streams.count_subscriptions() == 1_000
        await send(binance, [buy(f"nx-{one.id}", account=one) for one in accounts[::50]])
        await ear.until(lambda: len({p.account_id for p in ear.of(BalancesHeard)}) == 20)
        assert {one.account_id for one in ear.of(OrderHeard)} == {a.id for a in accounts[::50]}
    await running.stop()


async def test_a_connection_that_breaks_is_made_again_and_says_what_was_missed(
    simulator: RunningSimulator,
) -> None:
    (alice, bob), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, binance):
        stream.want([alice, bob])
        await ear.hears(Missed, 2)
        for cut in range(1, 4):
            drop_streams(simulator.exchange, NOTHING, {})
            await ear.hears(Missed, 2 + 2 * cut)
        await send(binance, [buy("nx-after", account=alice)])
        await ear.hears(BalancesHeard, 1)
    assert {one.client_order_id for one in orders(ear, alice)} == {"nx-after"}
    assert {one.account_id for one in ear.of(Missed)[-2:]} == {alice.id, bob.id}


async def test_told_that_the_server_goes_it_comes_back_before(simulator: RunningSimulator) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, _binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        shut_streams_down(simulator.exchange, NOTHING, {"seconds": 600})
        await ear.hears(Missed, 2)
        assert simulator.exchange.streams.count_subscriptions() == 1


async def test_a_cut_after_a_day_is_like_any_other(simulator: RunningSimulator) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, _binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        simulator.exchange.streams.cut_old(simulator.exchange.now() + DAY)
        await ear.hears(Missed, 2)


async def test_who_comes_and_goes_needs_no_new_connection(simulator: RunningSimulator) -> None:
    (alice, bob), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, _binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        stream.want([bob])
        await ear.hears(Missed, 2)
        connections = simulator.exchange.streams.connections
        assert len(connections) == 1
        (only,) = connections.values()
        assert [one.api_key.uid for one in only.subscriptions.values()] == [
            simulator.accounts[1].uid
        ]


async def test_a_replaced_key_is_subscribed_in_the_place_of_the_old_one(
    simulator: RunningSimulator,
) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    pair = KeyPair(simulator.accounts[0].key, simulator.accounts[0].secret)
    mutable = dict(keys)
    async with listening(simulator.url, mutable) as (stream, ear, _binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        mutable[alice.id] = LockedKey(2, lambda: pair)
        stream.want([replace(alice, key_version=2)])
        await ear.hears(Missed, 2)
        assert stream.heard[alice.id].key_version == 2
        assert simulator.exchange.streams.count_subscriptions() == 1


async def test_a_revoked_key_is_told_once_and_the_others_are_heard(
    simulator: RunningSimulator,
) -> None:
    (alice, bob), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, binance):
        stream.want([alice, bob])
        await ear.hears(Missed, 2)
        alter_key(simulator.exchange, NOTHING, {"key": simulator.accounts[0].key, "revoked": True})
        (deaf,) = await ear.hears(Deaf, 1)
        await send(binance, [buy("nx-bob", account=bob)])
        await ear.hears(BalancesHeard, 1)
    assert (deaf.account_id, deaf.key_refused) == (alice.id, True)
    assert len(ear.of(Deaf)) == 1
    assert list(stream.heard) == [bob.id]


async def test_a_key_that_is_refused_from_the_start_is_left_alone(
    simulator: RunningSimulator,
) -> None:
    (alice, bob), keys = numbered(simulator.accounts)
    wrong = dict(keys) | {alice.id: LockedKey(1, lambda: KeyPair("A" * 64, "b"))}
    async with listening(simulator.url, wrong) as (stream, ear, _binance):
        stream.want([alice, bob])
        await ear.hears(Missed, 1)
        (deaf,) = await ear.hears(Deaf, 1)
    assert (deaf.account_id, deaf.key_refused) == (alice.id, True)


async def test_an_ed25519_key_signs_too(simulator: RunningSimulator) -> None:
    pair: Pair = ed25519_pair()
    uid = simulator.accounts[0].uid
    told = add_key(
        simulator.exchange, NOTHING, {"uid": uid, "kind": "ED25519", "public_key": pair.public}
    )
    keys = {1: LockedKey(1, lambda: KeyPair(told["key"], pair.private))}
    async with listening(simulator.url, keys) as (stream, ear, _binance):
        stream.want([Account(1, "binance", "default", 1)])
        await ear.hears(Missed, 1)


async def test_a_banned_address_is_silent_in_every_way(simulator: RunningSimulator) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        ban(simulator.exchange, NOTHING, {"address": "127.0.0.1", "seconds": 120})
        governor = binance.lanes["default"].wire.governor
        await until(lambda: governor.paused_seconds() > 0)
        opened = simulator.exchange.record.counts["stream_opened"]
        assert governor.paused_seconds() > 100
        assert opened == 1


async def test_subscriptions_keep_to_the_budget() -> None:
    running = await start_simulator(
        SimulatorOptions(accounts=30, seed=7, limits=Limits(weight=6_000))
    )
    accounts, keys = numbered(running.accounts)
    async with listening(running.url, keys, per_minute=50) as (stream, ear, _binance):
        stream.want(accounts)
        # 40 of 50 may be used by what is no exit: 2 to connect, 2 each.
        await ear.hears(Missed, 19)
        assert len(stream.heard) == 19
        assert (await stream.lane.wire.governor.state()).used <= 41
    await running.stop()


async def test_a_deposit_is_its_owners_own_doing(simulator: RunningSimulator) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, _binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        simulator.exchange.move_money(
            simulator.exchange.by_uid[simulator.accounts[0].uid], "USDT", Decimal(5)
        )
        (moved,) = await ear.hears(MoneyMoved, 1)
        (position,) = await ear.hears(BalancesHeard, 1)
    assert moved == MoneyMoved(alice.id, "USDT")
    assert position.free == {"USDT": Decimal(10_005)}


async def test_a_lost_event_is_no_error_and_a_doubled_one_is_told_twice(
    simulator: RunningSimulator,
) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    async with listening(simulator.url, keys) as (stream, ear, binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        add_fault(
            simulator.exchange, NOTHING, {"kind": "duplicate_event", "where": "*", "times": 9}
        )
        await send(binance, [buy("nx-twice", account=alice)])
        first, second = (await ear.hears(BalancesHeard, 2))[:2]
    assert first == second
    assert "secret" not in repr(ear.facts)


async def test_a_fault_of_an_event_is_on_record_by_its_name(simulator: RunningSimulator) -> None:
    (alice, _), keys = numbered(simulator.accounts)
    fault = {"kind": "drop_event", "where": "executionReport", "times": 2, "label": "not told"}
    async with listening(simulator.url, keys) as (stream, ear, binance):
        stream.want([alice])
        await ear.hears(Missed, 1)
        add_fault(simulator.exchange, NOTHING, fault)
        await send(binance, [buy("nx-quiet", account=alice)])
        await ear.hears(BalancesHeard, 1)
    named = [one["event"] for one in simulator.exchange.record.entries if one.get("label")]
    assert named == ["drop_event", "drop_event"]
    assert orders(ear, alice) == []
