"""Is a stop written and cancelled as Binance's pages say, and is every answer judged rightly?"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from nexus.exchanges.binance import Binance
from nexus.exchanges.by_haste import by_haste
from nexus.exchanges.protocol import (
    Accepted,
    NotPlaced,
    Outcome,
    Rejected,
    Side,
    Unclear,
    VenueStatus,
)
from tests.exchanges.conformance import outcome_of, send
from tests.exchanges.desk import ALICE, BOB, ORDER, adapter, buy, refusal
from tests.exchanges.venue import CLOSE, HANG, RESET, Venue, answer, filled

CANCEL = "DELETE /api/v3/order"
STOP = buy("nx-stop", side=Side.SELL, stop_price=Decimal("48000.500"))


def ended(**changes: Any) -> dict[str, Any]:
    """Give the answer to a cancel: the order's own id stands under another name."""
    told = filled("the-cancel", status="CANCELED", executedQty="0", cummulativeQuoteQty="0")
    return told | {"origClientOrderId": "nx-stop", "fills": []} | changes


async def cancel(binance: Binance) -> Outcome:
    return await binance.cancel(ALICE, "BTC/USDT", "nx-stop")


async def test_a_stop_is_written_as_one(venue: Venue, binance: Binance) -> None:
    resting = filled(status="NEW", executedQty="0", cummulativeQuoteQty="0", fills=[])
    venue.says[ORDER] = answer(200, resting)
    outcome = await outcome_of(binance, STOP)
    assert isinstance(outcome, Accepted)
    assert outcome.report.status is VenueStatus.NEW
    [asked] = venue.requests(ORDER)
    wanted = {
        "side": "SELL",
        "type": "STOP_LOSS",
        "stopPrice": "48000.5",
        "quantity": "0.002",
        "newClientOrderId": "nx-stop",
        "newOrderRespType": "FULL",
    }
    assert wanted.items() <= asked.params.items()
    assert "price" not in asked.params


async def test_a_cancel_names_the_order_and_reports_how_it_ended(
    venue: Venue, binance: Binance
) -> None:
    venue.says[CANCEL] = answer(200, ended())
    outcome = await cancel(binance)
    assert isinstance(outcome, Accepted)
    assert outcome.report.client_order_id == "nx-stop"
    assert outcome.report.status is VenueStatus.CANCELED
    [asked] = venue.requests(CANCEL)
    assert asked.params["origClientOrderId"] == "nx-stop"
    assert asked.headers["x-mbx-apikey"] == "alice-key"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer(400, refusal(-2011, "Unknown order sent.")), Rejected),
        (answer(500, refusal(-1000)), Unclear),
        (answer(503, "busy"), Unclear),
        (answer(200, "{"), Unclear),
        (answer(200, ended(origClientOrderId="nx-other")), Unclear),
        (answer(400, refusal(-2011) | {"code": -1007}), Unclear),
        (answer(429, refusal(-1003)), NotPlaced),
        (answer(401, refusal(-2015)), NotPlaced),
        (answer(400, refusal(-1021)), NotPlaced),
        (RESET, Unclear),
        (CLOSE, Unclear),
    ],
)
async def test_each_answer_to_a_cancel_is_judged(
    venue: Venue, binance: Binance, said: bytes, kind: type
) -> None:
    venue.says[CANCEL] = said
    assert isinstance(await cancel(binance), kind)
    # A connection that was kept open and is gone is tried once more by the HTTP library: unlike
    # an order, a cancel may arrive twice.
    assert len(venue.requests(CANCEL)) == (2 if said in {RESET, CLOSE} else 1)


async def test_a_cancel_without_an_answer_is_unclear(venue: Venue) -> None:
    venue.says[CANCEL] = HANG
    impatient = adapter(venue.url, timeout=0.2)
    assert isinstance(await cancel(impatient), Unclear)
    await impatient.close()


async def test_a_cancel_that_never_left_is_not_placed(venue: Venue) -> None:
    nowhere = adapter("http://127.0.0.1:1")
    assert isinstance(await cancel(nowhere), NotPlaced)
    await nowhere.close()
    binance = adapter(venue.url)
    stranger = await binance.cancel(replace(ALICE, id=9), "BTC/USDT", "nx-stop")
    assert isinstance(stranger, NotPlaced)
    elsewhere = await binance.cancel(replace(ALICE, egress="mars"), "BTC/USDT", "nx-stop")
    assert isinstance(elsewhere, NotPlaced)
    await binance.close()
    assert venue.requests(CANCEL) == []


async def test_an_accepted_cancel_weighs_nothing(venue: Venue) -> None:
    venue.says[CANCEL] = answer(200, ended())
    tight = adapter(venue.url, per_minute=3)
    for _ in range(6):
        assert isinstance(await cancel(tight), Accepted)
    venue.says[CANCEL] = answer(400, refusal(-2011))
    outcomes = [await cancel(tight) for _ in range(6)]
    assert [type(one) for one in outcomes].count(Rejected) == 2
    assert isinstance(outcomes[-1], NotPlaced)
    assert outcomes[-1].retry_after > 0
    await tight.close()


async def test_sales_go_first_and_stops_last_without_the_share_of_exits(venue: Venue) -> None:
    sale, purchase = buy("nx-sale", side=Side.SELL), buy("nx-buy", BOB)
    assert by_haste([STOP, purchase, sale]) == (
        (True, [sale]),
        (False, [purchase]),
        (False, [STOP]),
    )
    venue.says[ORDER] = answer(400, refusal(-2010))
    tight = adapter(venue.url, per_minute=11)
    stops = [replace(STOP, client_order_id=f"nx-{n}") for n in range(12)]
    answers = await send(tight, [*stops, sale])
    sent = [asked.params["newClientOrderId"] for asked in venue.requests(ORDER)]
    assert "nx-sale" in sent
    assert len(sent) < len(answers) - 3
    await tight.close()
