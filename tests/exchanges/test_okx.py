"""Does the border bear a venue that differs? OKX through its adapter, before a stand-in of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiohttp import web

from nexus.core.clock import SetClock, to_ms, use
from nexus.exchanges.check_key import check_permissions
from nexus.exchanges.egress import Egress
from nexus.exchanges.errors import KeyRefusedError
from nexus.exchanges.governor import Governor
from nexus.exchanges.okx import Okx
from nexus.exchanges.okx_outcome import silence
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    ExchangeAwayError,
    KeyInvalidError,
    NotPlaced,
    Side,
    Unclear,
    VenueStatus,
)
from nexus.exchanges.sign import OkxRequests
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Wire
from nexus.settings import Settings
from tests.exchanges.conformance import Conformance, Stand, outcome_of, report_of, send
from tests.exchanges.desk import FreeHand, keys_of
from tests.exchanges.okx_stand import LAST, OkxStand, good, not_taken, open_okx, refused

ALICE, BOB = (Account(number, "okx", "default", 1) for number in (1, 2))
ORDER = "POST trade/order"
AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
async def venue() -> AsyncIterator[OkxStand]:
    async with open_okx() as lent:
        yield lent


@pytest.fixture
async def okx(venue: OkxStand) -> AsyncIterator[Okx]:
    keys: Mapping[int, LockedKey] = keys_of(
        *(KeyPair(one.key, f"{one.secret}:{one.passphrase}") for one in venue.holders)
    )

    async def read(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        return keys

    governor = Governor("okx", 300, memory=None)
    wire = Wire(OkxRequests(venue.url), governor, Egress("default"), silence)
    lent = Okx([wire], read, FreeHand(), Settings(okx_url=venue.url))
    yield lent
    await lent.close()


@pytest.fixture
def stand(okx: Okx) -> Stand:
    return Stand(
        okx, ALICE, BOB, LAST,
        step=Decimal("0.00000001"),
        too_poor=51008,
        breaks_filters={"0.000009": 51020, "0.010000001": 51121},
    )  # fmt: skip


class TestConformance(Conformance):
    """The adapter passes the kit before the stand-in."""


# ----------------------------------------------------------------------------- what is sent
async def test_an_order_is_a_market_order_in_base_units_that_expires(
    venue: OkxStand, okx: Okx, stand: Stand
) -> None:
    intent = replace(stand.buy("nx-abc234", 100), sent_at=AT - timedelta(seconds=2))
    with use(SetClock(AT)):
        venue.stands_at_ms = to_ms(AT) + 700
        await report_of(okx, intent)
    [(params, headers)] = venue.requests(ORDER)
    assert params == {
        "instId": "BTC-USDT", "tdMode": "cash", "clOrdId": "nxabc234", "side": "buy",
        "ordType": "market", "sz": f"{intent.quantity.normalize():f}", "tgtCcy": "base_ccy",
    }  # fmt: skip
    # Stamped by the exchange's clock, and void three seconds on: five since the claim.
    assert headers["OK-ACCESS-TIMESTAMP"] == "2026-01-02T00:00:00.700Z"
    assert int(headers["expTime"]) == to_ms(AT) + 700 + 3_000


async def test_each_order_is_signed_with_its_owners_three_parts(
    venue: OkxStand, okx: Okx, stand: Stand
) -> None:
    intents = [
        stand.buy(f"nx-{n}{who.id}", 20, who) for n in range(10) for who in (stand.alice, stand.bob)
    ]
    assert all(isinstance(one.outcome, Accepted) for one in await send(okx, intents))
    assert {
        (params["clOrdId"][-1], headers["OK-ACCESS-KEY"], headers["OK-ACCESS-PASSPHRASE"])
        for params, headers in venue.requests(ORDER)
    } == {("1", "alice-key", "alice-pass"), ("2", "bob-key", "bob-pass")}


# -------------------------------------------------------------------------------- outcomes
CODES = [
    (51149, Unclear), (50001, Unclear), (50004, Unclear), (50013, Unclear), (50026, Unclear),
    (59999, Unclear), (50011, NotPlaced), (50102, NotPlaced), (50113, NotPlaced),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind"), CODES)
async def test_a_code_of_the_request_is_judged_as_the_table_says(
    venue: OkxStand, okx: Okx, stand: Stand, code: int, kind: type
) -> None:
    venue.says[ORDER] = lambda: refused(code, "said")
    assert isinstance(await outcome_of(okx, stand.buy("nx-1", 100)), kind)
    assert len(venue.requests(ORDER)) == 1


async def test_a_question_with_a_key_that_is_no_longer_accepted_says_so(
    venue: OkxStand, okx: Okx
) -> None:
    venue.says["GET trade/order"] = lambda: refused(50119, "said", 401)
    with pytest.raises(KeyInvalidError):
        await okx.find(ALICE, "BTC/USDT", "nx-1")


@pytest.mark.parametrize("code", [50105, 50110, 50111, 50114, 50119])
async def test_a_key_that_is_no_longer_accepted_is_said_so(
    venue: OkxStand, okx: Okx, stand: Stand, code: int
) -> None:
    venue.says[ORDER] = lambda: refused(code, "said", 401)
    outcome = await outcome_of(okx, stand.buy("nx-1", 100))
    assert isinstance(outcome, NotPlaced)
    assert (outcome.code, outcome.key_invalid) == (code, True)


@pytest.mark.parametrize(
    "said",
    [
        lambda: web.Response(status=502),
        lambda: refused(50111, "behind a broken gateway", 500),
        lambda: web.Response(status=403, text="<html>"),
        lambda: web.Response(text="{"),
        lambda: web.json_response([]),
        lambda: web.json_response({"code": "0", "msg": "", "data": []}),
        lambda: good({"clOrdId": "other", "ordId": "1", "sCode": "0", "sMsg": ""}),
        lambda: good({"clOrdId": "nx1", "ordId": "", "sCode": "0", "sMsg": ""}),
        lambda: not_taken(58888, "nobody knows", "nx1"),
    ],
    ids=[
        "502",
        "500 with a code",
        "403",
        "cut off",
        "a list",
        "no rows",
        "another order",
        "no order id",
        "an unknown code",
    ],
)
async def test_what_proves_nothing_is_unclear(
    venue: OkxStand, okx: Okx, stand: Stand, said: object
) -> None:
    venue.says[ORDER] = said  # type: ignore[assignment]
    assert isinstance(await outcome_of(okx, stand.buy("nx-1", 100)), Unclear)
    assert len(venue.requests(ORDER)) == 1


async def test_an_accepted_order_stays_accepted_when_it_cannot_be_asked_about(
    venue: OkxStand, okx: Okx, stand: Stand
) -> None:
    venue.says["GET trade/order"] = lambda: web.Response(status=503)
    outcome = await outcome_of(okx, stand.buy("nx-1", 100))
    assert isinstance(outcome, Accepted)
    assert (outcome.report.status, outcome.report.executed_quantity) == (
        VenueStatus.NEW,
        Decimal(0),
    )


async def test_trades_that_lag_behind_are_left_out(venue: OkxStand, okx: Okx, stand: Stand) -> None:
    venue.says["GET trade/fills"] = good
    report = await report_of(okx, stand.buy("nx-1", 100))
    assert report.executed_quantity > 0
    assert report.fills == ()


async def test_a_limit_of_one_account_silences_nobody_else(
    venue: OkxStand, okx: Okx, stand: Stand
) -> None:
    venue.says[ORDER] = lambda: refused(50011, "Too Many Requests", 429)
    assert isinstance(await outcome_of(okx, stand.buy("nx-1", 100)), NotPlaced)
    assert okx.lanes["default"].wire.governor.paused_seconds() == 0
    venue.says[ORDER] = lambda: web.Response(status=429, text="<html>")
    assert isinstance(await outcome_of(okx, stand.buy("nx-2", 100)), NotPlaced)
    assert okx.lanes["default"].wire.governor.paused_seconds() > 0
    del venue.says[ORDER]
    held = await outcome_of(okx, stand.buy("nx-3", 100, BOB))
    assert isinstance(held, NotPlaced)
    assert held.code == 0
    with pytest.raises(ExchangeAwayError):
        await okx.find(ALICE, "BTC/USDT", "nx-1")


# ------------------------------------------------------------------------------ the account
async def test_what_a_key_may_do_is_said_in_the_words_the_connect_page_checks(
    venue: OkxStand, okx: Okx
) -> None:
    alice = venue.holders[0]
    pair = KeyPair(alice.key, f"{alice.secret}:{alice.passphrase}")
    check_permissions(await okx.restrictions(pair), must_be_ip_locked=True)
    for rights, addresses, word in [
        ("read_only,trade,withdraw", "203.0.113.7", "withdraw"),
        ("read_only", "203.0.113.7", "Trading"),
        ("read_only,trade", "", "address"),
    ]:
        alice.rights, alice.addresses = rights, addresses
        with pytest.raises(KeyRefusedError, match=word):
            check_permissions(await okx.restrictions(pair), must_be_ip_locked=True)


async def test_the_measured_fee_is_what_the_account_pays(venue: OkxStand, okx: Okx) -> None:
    alice = venue.holders[0]
    pair = KeyPair(alice.key, f"{alice.secret}:{alice.passphrase}")
    assert await okx.round_trip_bps(pair, "BTC/USDT") == 20


async def test_filters_come_with_volumes_and_without_a_least_value(okx: Okx) -> None:
    found = await okx.filters(["BTC/USDT", "ETH/USDT", "NO/USDT"])
    assert set(found) == {"BTC/USDT", "ETH/USDT"}
    btc = found["BTC/USDT"]
    assert (btc.step_size, btc.min_quantity, btc.min_notional) == (
        Decimal("0.00000001"), Decimal("0.00001"), Decimal(0),
    )  # fmt: skip
    assert (btc.quote_volume, btc.last_price) == (Decimal("900000000.5"), LAST)
    assert found["ETH/USDT"].quote_volume is None  # Nobody said, so it is not bought.


async def test_a_sale_pays_its_fee_in_quote(venue: OkxStand, okx: Okx, stand: Stand) -> None:
    venue.holders[0].free["BTC"] = Decimal(1)
    sale = replace(stand.buy("nx-1", 100), side=Side.SELL)
    report = await report_of(okx, sale)
    assert {fill.fee_asset for fill in report.fills} == {"USDT"}
    assert all(fill.fee > 0 for fill in report.fills)
