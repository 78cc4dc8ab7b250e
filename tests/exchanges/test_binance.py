"""Does the Binance adapter send once, know what became of it, and keep keys to their orders?"""

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

from nexus.core.clock import SetClock, from_ms, now, to_ms, use
from nexus.exchanges.binance import Binance, CcxtRequests
from nexus.exchanges.binance_wire import BinanceWire
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.governor import Governor
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    ExchangeAwayError,
    Intent,
    NotPlaced,
    Outcome,
    Rejected,
    Side,
    Unclear,
    VenueStatus,
)
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.settings import Settings
from nexus.simulator.server import SimulatorOptions, start_simulator
from tests.exchanges.conformance import Conformance, Stand, outcome_of, report_of, send
from tests.exchanges.venue import CLOSE, HANG, RESET, Venue, answer, cut_off, filled

ORDER = "POST /api/v3/order"
ALICE = Account(1, "binance", "default", key_version=1)
BOB = Account(2, "binance", "default", key_version=1)


def keys_of(*pairs: KeyPair) -> Mapping[int, LockedKey]:
    """Lock one key per account, by account id from 1 on."""
    return {
        number: LockedKey(1, lambda pair=pair: pair)  # type: ignore[misc]
        for number, pair in enumerate(pairs, start=1)
    }


KEYS = keys_of(KeyPair("alice-key", "alice-secret"), KeyPair("bob-key", "bob-secret"))


def adapter(
    url: str,
    keys: Mapping[int, LockedKey] = KEYS,
    *,
    per_minute: int = 10_000,
    timeout: float = 15,
    concurrency: int = 50,
) -> Binance:
    async def read(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        return keys

    governor = Governor(url, per_minute, memory=None)
    wire = BinanceWire(CcxtRequests(url), governor, "default", timeout)
    return Binance(wire, read, Settings(exchange_url=url, order_concurrency=concurrency))


@pytest.fixture
async def binance(venue: Venue) -> AsyncIterator[Binance]:
    """Lend an adapter before the venue that says what the test wants."""
    lent = adapter(venue.url)
    yield lent
    await lent.close()


def buy(client_id: str = "nx-1", account: Account = ALICE, **changes: object) -> Intent:
    intent = Intent(1, account, client_id, "BTC/USDT", Side.BUY, Decimal("0.002"), Decimal(50_000))
    return replace(intent, **changes)  # type: ignore[arg-type]


def stand_still(venue: Venue) -> datetime:
    """Stop the venue's clock, and say where."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    venue.says["GET /api/v3/time"] = answer(200, {"serverTime": to_ms(at)})
    return at


def refusal(code: int, message: str = "said") -> dict[str, object]:
    return {"code": code, "msg": message}


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


# ------------------------------------------------------------- every outcome, over real HTTP
ACCEPTED = answer(200, filled())
OUTCOMES: dict[str, tuple[bytes, type[Outcome]]] = {
    "accepted": (ACCEPTED, Accepted),
    "filter": (answer(400, refusal(-1013, "Filter failure: NOTIONAL")), Rejected),
    "composition": (answer(400, refusal(-1014)), Rejected),
    "bad parameter": (answer(400, refusal(-1102)), Rejected),
    "precision": (answer(400, refusal(-1111)), Rejected),
    "insufficient": (answer(400, refusal(-2010, "Account has insufficient balance")), Rejected),
    "unauthorized": (answer(401, refusal(-1002)), NotPlaced),
    "too many requests": (answer(429, refusal(-1003), {"Retry-After": "3"}), NotPlaced),
    "too many requests, no body": (answer(429, ""), NotPlaced),
    "banned": (answer(418, refusal(-1003), {"Retry-After": "200"}), NotPlaced),
    "too many orders": (answer(429, refusal(-1015)), NotPlaced),
    "clock": (answer(400, refusal(-1021)), NotPlaced),
    "signature": (answer(400, refusal(-1022)), NotPlaced),
    "key format": (answer(401, refusal(-2014)), NotPlaced),
    "key revoked": (answer(401, refusal(-2015)), NotPlaced),
    "duplicate": (answer(400, refusal(-2010, "Duplicate order sent.")), Unclear),
    "unknown error": (answer(400, refusal(-1000)), Unclear),
    "disconnected": (answer(400, refusal(-1001)), Unclear),
    "unexpected": (answer(400, refusal(-1006)), Unclear),
    "backend timeout": (answer(400, refusal(-1007)), Unclear),
    "server busy": (answer(400, refusal(-1008)), Unclear),
    "a code nobody knows": (answer(400, refusal(-9999)), Unclear),
    "500 with a certain code": (answer(500, refusal(-1013)), Unclear),
    "502 page": (answer(502, "<html><body>Bad Gateway</body></html>"), Unclear),
    "503": (answer(503, refusal(-1008)), Unclear),
    "504 empty": (answer(504, ""), Unclear),
    "403 firewall": (answer(403, "<html>Request blocked</html>"), Unclear),
    "451 region": (answer(451, refusal(0, "restricted location")), Unclear),
    "unknown status": (answer(799, ""), Unclear),
    "redirect": (answer(307, "", {"Location": "/api/v3/elsewhere"}), Unclear),
    "200 broken JSON": (answer(200, '{"symbol":"BTCUSDT","orderId":28,'), Unclear),
    "200 empty": (answer(200, ""), Unclear),
    "200 page": (answer(200, "<html>Welcome</html>"), Unclear),
    "200 null": (answer(200, "null"), Unclear),
    "200 without id": (answer(200, filled(orderId=None)), Unclear),
    "200 of another order": (answer(200, filled("nx-other")), Unclear),
    "200 deep": (answer(200, "[" * 100_000), Unclear),
    "200 not text": (answer(200, b"\xff\xfe\x00\xd8"), Unclear),
    "truncated after acceptance": (cut_off(ACCEPTED, 40), Unclear),
    "truncated in the head": (ACCEPTED[:30], Unclear),
    "truncated 400": (cut_off(answer(400, refusal(-1013)), 5), Unclear),
    "truncated 429": (cut_off(answer(429, refusal(-1003)), 5), NotPlaced),
    "not HTTP": (b"hello\r\n\r\n", Unclear),
    "reset": (RESET, Unclear),
    "closed": (CLOSE, Unclear),
}


@pytest.mark.parametrize("case", OUTCOMES)
async def test_each_answer_has_its_outcome_and_one_request(
    venue: Venue, binance: Binance, case: str
) -> None:
    venue.says[ORDER], expected = OUTCOMES[case]
    outcome = await outcome_of(binance, buy())
    assert type(outcome) is expected, outcome
    assert len(venue.requests(ORDER)) == 1
    assert len(venue.asked) == 2  # the time, and the order: no redirect followed, no retry
    if isinstance(outcome, Unclear):
        assert outcome.exists == (case == "duplicate")
    if isinstance(outcome, NotPlaced):
        assert outcome.key_invalid == (case in {"key format", "key revoked"})


async def test_a_timeout_is_unclear(venue: Venue) -> None:
    venue.says[ORDER] = HANG
    binance = adapter(venue.url, timeout=0.2)
    outcome = await outcome_of(binance, buy())
    assert isinstance(outcome, Unclear)
    assert len(venue.requests(ORDER)) == 1
    await binance.close()


async def test_no_connection_is_certainly_not_placed(binance: Binance) -> None:
    await binance.clock.stamp()
    binance.wire.builder = CcxtRequests("http://127.0.0.1:1")
    assert isinstance(await outcome_of(binance, buy()), NotPlaced)


async def test_a_revoked_key_is_known_even_after_good_calls(venue: Venue, binance: Binance) -> None:
    """CCXT calls this a rate limit once a private call has succeeded."""
    venue.says[ORDER] = ACCEPTED
    assert isinstance(await outcome_of(binance, buy("nx-1")), Accepted)
    venue.says[ORDER] = answer(401, refusal(-2015))
    outcome = await outcome_of(binance, buy("nx-2"))
    assert outcome == NotPlaced(-2015, "said", key_invalid=True)


async def test_a_stale_connection_is_not_used_to_send_twice(venue: Venue, binance: Binance) -> None:
    """A kept-alive connection that the venue drops loses the order; it is never repeated."""
    venue.says[ORDER] = ACCEPTED
    await outcome_of(binance, buy("nx-1"))
    venue.says[ORDER] = RESET
    assert isinstance(await outcome_of(binance, buy("nx-2")), Unclear)
    assert len(venue.requests(ORDER)) == 2


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


async def test_the_window_ends_where_the_claim_put_it(venue: Venue, binance: Binance) -> None:
    """Stamped now, but valid only for the rest of the five seconds since the claim."""
    venue.says[ORDER] = ACCEPTED
    at = stand_still(venue)
    with use(SetClock(at)):
        await outcome_of(binance, buy(sent_at=at - timedelta(milliseconds=1_800)))
    [asked] = venue.requests(ORDER)
    assert int(asked.params["timestamp"]) == to_ms(at)
    assert int(asked.params["recvWindow"]) == 3_200


# ------------------------------------------------------------------------------ the clock
@pytest.mark.parametrize("ahead_ms", [5_000, -5_000])
async def test_a_clock_that_is_off_is_corrected(
    venue: Venue, binance: Binance, ahead_ms: int
) -> None:
    venue.says[ORDER] = ACCEPTED
    venue.ahead_ms = ahead_ms
    await outcome_of(binance, buy())
    off = int(venue.requests(ORDER)[0].params["timestamp"]) - (to_ms(now()) + ahead_ms)
    assert abs(off) < 500


async def test_a_clock_that_cannot_be_read_stops_the_sending(
    venue: Venue, binance: Binance
) -> None:
    venue.says[ORDER] = ACCEPTED
    venue.says["GET /api/v3/time"] = answer(503, "")
    outcome = await outcome_of(binance, buy())
    assert isinstance(outcome, NotPlaced)
    assert venue.requests(ORDER) == []


async def test_a_refused_stamp_is_measured_anew(venue: Venue, binance: Binance) -> None:
    venue.says[ORDER] = ACCEPTED
    await outcome_of(binance, buy("nx-1"))
    venue.ahead_ms = 9_000
    venue.says[ORDER] = answer(400, refusal(-1021))
    await outcome_of(binance, buy("nx-2"))
    await outcome_of(binance, buy("nx-3"))
    first, _, third = (int(one.params["timestamp"]) for one in venue.requests(ORDER))
    assert 8_500 < third - first < 15_000


# ---------------------------------------------------------------------------- the budget
async def test_when_the_budget_is_used_up_the_rest_is_not_placed(venue: Venue) -> None:
    """Alone, a process has a quarter of 400; a fifth of that is kept for exits."""
    venue.says[ORDER] = answer(400, refusal(-1013))
    binance = adapter(venue.url, per_minute=400)
    with use(SetClock(datetime(2026, 1, 2, 0, 0, 15, tzinfo=UTC))):
        bought = await send(binance, [buy(f"nx-{number}") for number in range(100)])
        sold = await send(binance, [buy("nx-exit", side=Side.SELL)])
    denied = [one.outcome for one in bought if isinstance(one.outcome, NotPlaced)]
    assert len(venue.requests(ORDER)) == 80 + 1
    assert len(denied) == 100 - 80
    assert denied[0].code == 0
    assert denied[0].retry_after == 45
    assert isinstance(sold[0].outcome, Rejected)
    await binance.close()


async def test_accepted_orders_cost_nothing(venue: Venue) -> None:
    venue.says[ORDER] = ACCEPTED
    binance = adapter(venue.url, per_minute=400)
    with use(SetClock(datetime(2026, 1, 2, tzinfo=UTC))):
        for batch in range(4):
            answers = await send(binance, [buy(f"nx-{batch}-{number}") for number in range(70)])
            assert all(isinstance(one.outcome, Accepted) for one in answers)
    await binance.close()


async def test_after_a_ban_nothing_leaves_until_it_ends(venue: Venue, binance: Binance) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    venue.says[ORDER] = answer(418, refusal(-1003), {"Retry-After": "300"})
    with use(SetClock(at)):
        await outcome_of(binance, buy("nx-1"))
    venue.says[ORDER] = ACCEPTED
    with use(SetClock(at + timedelta(seconds=299))):
        outcome = await outcome_of(binance, buy("nx-2", side=Side.SELL))
        assert isinstance(outcome, NotPlaced)
        assert outcome.retry_after == 1
        with pytest.raises(ExchangeAwayError):
            await binance.find(ALICE, "BTC/USDT", "nx-1")
    assert len(venue.requests(ORDER)) == 1
    with use(SetClock(at + timedelta(seconds=301))):
        assert isinstance(await outcome_of(binance, buy("nx-3")), Accepted)


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
