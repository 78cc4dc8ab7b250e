"""Does the Binance adapter sign each order with its owner's key, and ask rightly about it?"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from nexus.core.clock import SetClock, from_ms, to_ms, use
from nexus.exchanges.binance import Binance
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    ExchangeAwayError,
    Intent,
    NotPlaced,
    Side,
    Unclear,
    VenueStatus,
)
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.simulator.server import SimulatorOptions, start_simulator
from tests.exchanges.conformance import Conformance, Stand, outcome_of, report_of, send
from tests.exchanges.desk import (
    ACCEPTED,
    ALICE,
    BOB,
    KEYS,
    ORDER,
    adapter,
    buy,
    keys_of,
    refusal,
    stand_still,
)
from tests.exchanges.venue import RESET, Venue, answer, filled


class TestConformance(Conformance):
    """The adapter passes the kit before the simulated exchange."""

    @pytest.fixture
    async def stand(self) -> AsyncIterator[Stand]:
        simulator = await start_simulator(SimulatorOptions(accounts=2, manual_clock=True))
        keys = keys_of(*(KeyPair(one.key, one.secret) for one in simulator.accounts))
        exchange = adapter(simulator.url, keys)
        with use(SetClock(from_ms(simulator.exchange.now()))):
            price = Decimal(simulator.exchange.market.prices()["BTCUSDT"])
            yield Stand(exchange, ALICE, BOB, price)
        await exchange.close()
        await simulator.stop()


# ------------------------------------------------------------------------ what is sent
async def test_an_order_is_a_market_order_with_our_id_and_a_true_signature(
    venue: Venue, binance: Binance
) -> None:
    venue.says[ORDER] = ACCEPTED
    at = stand_still(venue)
    with use(SetClock(at)):
        await outcome_of(binance, buy(quantity=Decimal("0.002000000000")))
    [asked] = venue.requests(ORDER)
    signed = dict(asked.params)
    signature = signed.pop("signature")
    assert signed.pop("timestamp") == str(to_ms(at))
    assert signed == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.002",
        "newClientOrderId": "nx-1",
        "newOrderRespType": "FULL",
        "recvWindow": "5000",
    }
    assert asked.headers["x-mbx-apikey"] == "alice-key"
    message = urlencode({name: text for name, text in asked.params.items() if name != "signature"})
    expected = hmac.digest(b"alice-secret", message.encode(), hashlib.sha256).hex()
    assert signature == expected


@pytest.mark.parametrize(
    ("quantity", "text"), [("100", "100"), ("1E+3", "1000"), ("0.00001000", "0.00001")]
)
async def test_quantities_are_plain_numbers(
    venue: Venue, binance: Binance, quantity: str, text: str
) -> None:
    venue.says[ORDER] = ACCEPTED
    await outcome_of(binance, buy(quantity=Decimal(quantity)))
    assert venue.requests(ORDER)[0].params["quantity"] == text


async def test_each_order_is_signed_with_its_owners_key(venue: Venue, binance: Binance) -> None:
    venue.says[ORDER] = ACCEPTED
    await send(
        binance,
        [buy(f"nx-{n}-{account.id}", account) for n in range(50) for account in (ALICE, BOB)],
    )
    used = {
        (asked.params["newClientOrderId"][-1], asked.headers["x-mbx-apikey"])
        for asked in venue.requests(ORDER)
    }
    assert used == {("1", "alice-key"), ("2", "bob-key")}


async def test_no_more_than_the_allowed_orders_are_in_flight(venue: Venue) -> None:
    venue.says[ORDER] = ACCEPTED
    venue.together = asyncio.Barrier(3)
    binance = adapter(venue.url, concurrency=3)
    answers = await send(binance, [buy(f"nx-{number}") for number in range(30)])
    assert all(isinstance(one.outcome, Accepted) for one in answers)
    assert venue.most_in_flight == 3
    await binance.close()


# -------------------------------------------------------------------- refused before sending
@pytest.mark.parametrize(
    "intent",
    [
        buy(account=replace(ALICE, id=3)),
        buy(account=replace(ALICE, key_version=2)),
        buy(account=replace(ALICE, egress="frankfurt")),
        buy(symbol="JUNK/USDT"),
        buy(sent_at=datetime(2020, 1, 1, tzinfo=UTC)),
    ],
    ids=["no key", "rotated key", "other egress", "junk coin", "waited too long"],
)
async def test_what_must_not_be_signed_never_leaves(
    venue: Venue, binance: Binance, intent: Intent
) -> None:
    venue.says[ORDER] = ACCEPTED
    outcome = await outcome_of(binance, intent)
    assert isinstance(outcome, NotPlaced)
    assert outcome.code == 0
    assert venue.requests(ORDER) == []


async def test_a_coin_we_no_longer_trade_can_still_be_sold(venue: Venue, binance: Binance) -> None:
    venue.says[ORDER] = ACCEPTED
    assert isinstance(await outcome_of(binance, buy(symbol="OLD/USDT", side=Side.SELL)), Accepted)


async def test_a_key_that_does_not_open_signs_nothing(venue: Venue) -> None:
    def locked() -> KeyPair:
        raise KeyLockedError("The exchange key of account 1 cannot be opened.")

    binance = adapter(venue.url, {1: LockedKey(1, locked), 2: KEYS[2]})
    venue.says[ORDER] = ACCEPTED
    outcomes = {a.intent.account.id: a.outcome for a in await send(binance, [buy(), buy("b", BOB)])}
    assert outcomes[1] == NotPlaced(0, "The exchange key of account 1 cannot be opened.")
    assert isinstance(outcomes[2], Accepted)
    with pytest.raises(ExchangeAwayError):
        await binance.find(ALICE, "BTC/USDT", "nx-1")
    await binance.close()


@pytest.mark.parametrize(
    "error", [KeyLockedError("KEY_ENCRYPTION_KEY is not set."), OSError("database away")]
)
async def test_without_keys_nothing_of_the_batch_leaves(
    venue: Venue, binance: Binance, error: Exception
) -> None:
    async def unreadable(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        raise error

    venue.says[ORDER] = ACCEPTED
    binance.keys = unreadable
    answers = await send(binance, [buy("nx-1"), buy("nx-2", BOB)])
    assert [type(one.outcome) for one in answers] == [NotPlaced, NotPlaced]
    assert venue.requests(ORDER) == []


async def test_what_nobody_foresaw_is_unclear_and_spoils_no_other(
    venue: Venue, binance: Binance
) -> None:
    def broken() -> KeyPair:
        raise ZeroDivisionError

    async def read(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        return {1: LockedKey(1, broken), 2: KEYS[2]}

    venue.says[ORDER] = ACCEPTED
    binance.keys = read
    outcomes = {a.intent.account.id: a.outcome for a in await send(binance, [buy(), buy("b", BOB)])}
    assert outcomes[1] == Unclear("unforeseen: ZeroDivisionError")
    assert isinstance(outcomes[2], Accepted)


@pytest.mark.parametrize("account", [replace(ALICE, id=3), replace(ALICE, egress="frankfurt")])
async def test_nobody_is_asked_about_without_a_key_or_by_another_address(
    venue: Venue, binance: Binance, account: Account
) -> None:
    with pytest.raises(ExchangeAwayError):
        await binance.find(account, "BTC/USDT", "nx-1")
    with pytest.raises(ExchangeAwayError):
        await binance.balances(account)
    assert venue.asked == []


async def test_a_replaced_key_may_still_ask_about_older_orders(
    venue: Venue, binance: Binance
) -> None:
    venue.says["GET /api/v3/order"] = answer(400, refusal(-2013))
    assert await binance.find(replace(ALICE, key_version=9), "BTC/USDT", "nx-1") is None


async def test_the_window_ends_where_the_claim_put_it(venue: Venue, binance: Binance) -> None:
    """Stamped now, but valid only for the rest of the five seconds since the claim."""
    venue.says[ORDER] = ACCEPTED
    at = stand_still(venue)
    with use(SetClock(at)):
        await outcome_of(binance, buy(sent_at=at - timedelta(milliseconds=1_800)))
    [asked] = venue.requests(ORDER)
    assert int(asked.params["timestamp"]) == to_ms(at)
    assert int(asked.params["recvWindow"]) == 3_200


# --------------------------------------------------------------------- asking about orders
async def test_an_unknown_order_is_none(venue: Venue, binance: Binance) -> None:
    venue.says["GET /api/v3/order"] = answer(400, refusal(-2013, "Order does not exist."))
    assert await binance.find(ALICE, "BTC/USDT", "nx-1") is None


TRADES = [
    {
        "id": number, "orderId": 28, "price": "50000", "qty": "0.001", "commission": "0.000001",
        "commissionAsset": "BTC", "time": 1507725176595,
    }
    for number in (56, 57)
]  # fmt: skip


async def test_a_found_order_brings_its_trades(venue: Venue, binance: Binance) -> None:
    venue.says["GET /api/v3/order"] = answer(200, filled("nx-1", fills=[], status="EXPIRED"))
    venue.says["GET /api/v3/myTrades"] = answer(200, TRADES)
    report = await binance.find(ALICE, "BTC/USDT", "nx-1")
    assert report is not None
    assert report.status is VenueStatus.EXPIRED
    assert [fill.trade_id for fill in report.fills] == ["56", "57"]
    assert venue.requests("GET /api/v3/myTrades")[0].params["orderId"] == "28"


async def test_trades_that_lag_behind_are_left_out(venue: Venue, binance: Binance) -> None:
    venue.says["GET /api/v3/order"] = answer(200, filled("nx-1", fills=[]))
    venue.says["GET /api/v3/myTrades"] = answer(200, TRADES[:1])
    report = await binance.find(ALICE, "BTC/USDT", "nx-1")
    assert report is not None
    assert report.executed_quantity == Decimal("0.002")
    assert report.fills == ()


@pytest.mark.parametrize(
    "said",
    [
        answer(401, refusal(-2015)),
        answer(429, refusal(-1003)),
        answer(500, refusal(-2013)),
        answer(403, ""),
        answer(200, "{"),
        answer(200, filled("nx-other")),
        RESET,
    ],
)
async def test_an_answer_that_proves_nothing_is_asked_again(
    venue: Venue, binance: Binance, said: bytes
) -> None:
    venue.says["GET /api/v3/order"] = said
    with pytest.raises(ExchangeAwayError):
        await binance.find(ALICE, "BTC/USDT", "nx-1")


async def test_when_nobody_listens_any_more_nothing_more_is_sent(venue: Venue) -> None:
    venue.says[ORDER] = ACCEPTED
    binance = adapter(venue.url, concurrency=1)
    before = asyncio.all_tasks()
    async with aclosing(binance.send([buy(f"nx-{number}") for number in range(20)])) as answers:
        await anext(answers)
    assert len(venue.requests(ORDER)) < 20
    assert [task for task in asyncio.all_tasks() - before if "_answer" in repr(task)] == []
    await binance.close()


async def test_the_simulator_knows_what_we_reported() -> None:
    """Its journal, not ours, is the judge: one accepted order per intent, of the same size."""
    simulator = await start_simulator(SimulatorOptions(accounts=1))
    [owner] = simulator.accounts
    binance = adapter(simulator.url, keys_of(KeyPair(owner.key, owner.secret)))
    intents = [buy(f"nx-{number}", quantity=Decimal("0.0005")) for number in range(10)]
    for intent in intents:
        await report_of(binance, intent)
    entries = [json.loads(one) for one in simulator.exchange.journal.entries]
    accepted = [one for one in entries if one["outcome"] == "accepted"]
    assert [one["client_id"] for one in accepted] == [one.client_order_id for one in intents]
    assert {Decimal(one["params"]["quantity"]) for one in accepted} == {Decimal("0.0005")}
    await binance.close()
    await simulator.stop()
