"""Does a stop order rest, lock what it would sell, and sell when the price comes to it?"""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Client
from tests.simulator.test_match import wait

ORDER = "/api/v3/order"
BTC = {"symbol": "BTCUSDT"}


async def price(client: Client) -> Decimal:
    return Decimal((await client.get("/api/v3/ticker/price", **BTC)).json["price"])


async def rest(client: Client, share: str, **changes: object) -> Any:
    """Buy a little, and let a stop for all of it rest at a share of the price."""
    await client.order(quantity="0.01")
    stop = (await price(client) * Decimal(share)).quantize(Decimal("0.01"))
    usual = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.00999", "stopPrice": f"{stop}"}
    named = {"newClientOrderId": "the-stop", "newOrderRespType": "FULL"}
    return await client.order(**(usual | named | changes))


async def balance(client: Client) -> tuple[Decimal, Decimal]:
    account = (await client.signed("GET", "/api/v3/account")).json
    [btc] = [one for one in account["balances"] if one["asset"] == "BTC"]
    return Decimal(btc["free"]), Decimal(btc["locked"])


async def found(client: Client) -> Any:
    return (await client.signed("GET", ORDER, **BTC, origClientOrderId="the-stop")).json


async def test_a_stop_rests_and_locks_what_it_would_sell(client: Client) -> None:
    placed = (await rest(client, "0.5")).json
    assert (placed["status"], placed["executedQty"], placed["fills"]) == ("NEW", "0.00000000", [])
    assert await balance(client) == (Decimal(0), Decimal("0.00999"))
    assert (await client.order(side="SELL", quantity="0.00999")).code == -2010
    asked = await found(client)
    assert (asked["type"], asked["status"], asked["isWorking"]) == ("STOP_LOSS", "NEW", False)
    assert asked["stopPrice"] == placed["stopPrice"]


async def test_a_stop_is_cancelled_and_gives_its_coins_back(client: Client) -> None:
    await rest(client, "0.5")
    canceled = await client.signed("DELETE", ORDER, **BTC, origClientOrderId="the-stop")
    assert (canceled.status, canceled.json["status"]) == (200, "CANCELED")
    assert await balance(client) == (Decimal("0.00999"), Decimal(0))
    again = await client.signed("DELETE", ORDER, **BTC, origClientOrderId="the-stop")
    assert again.code == -2011


async def test_a_stop_sells_at_the_market_once_the_price_was_there(client: Client) -> None:
    placed = (await rest(client, "0.9995")).json
    for _ in range(600):
        if (await found(client))["status"] != "NEW":
            break
        await wait(client, 10)
    sold = await found(client)
    assert (sold["status"], sold["executedQty"]) == ("FILLED", "0.00999000")
    assert Decimal(sold["cummulativeQuoteQty"]) < Decimal(placed["stopPrice"]) * Decimal("0.00999")
    assert await balance(client) == (Decimal(0), Decimal(0))
    journal = (await client.control("GET", "/simulator/journal")).json
    [match] = [one for one in journal if one["endpoint"] == "match"]
    assert (match["client_id"], match["order"]["type"]) == ("the-stop", "STOP_LOSS")
    gone = await client.signed("DELETE", ORDER, **BTC, origClientOrderId="the-stop")
    assert gone.code == -2011


@pytest.mark.parametrize(
    ("share", "changes", "code"),
    [
        ("1.5", {}, -2010),
        ("0.5", {"price": "60000"}, -1106),
        ("0.5", {"quantity": "0.02"}, -2010),
        ("0.5", {"stopPrice": "30000.001"}, -1013),
        ("0.5", {"stopPrice": "0"}, -1013),
        ("0.5", {"side": "BUY"}, -2010),
        ("0.5", {"type": "MARKET"}, -2010),
    ],
)
async def test_a_stop_that_cannot_rest_is_refused(
    client: Client, share: str, changes: dict[str, str], code: int
) -> None:
    assert (await rest(client, share, **changes)).code == code


async def test_only_so_many_stops_rest_in_one_symbol(client: Client) -> None:
    for number in range(5):
        kept = {"quantity": "0.001", "newClientOrderId": f"stop-{number}"}
        assert (await rest(client, "0.5", **kept)).status == 200
    assert (await rest(client, "0.5", quantity="0.001")).message.endswith("MAX_NUM_ALGO_ORDERS")
