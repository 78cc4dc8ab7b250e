"""At which prices do orders trade, at once and later?"""

from decimal import Decimal

import pytest

from nexus.simulator.book import asks, best_ask, best_bid, bids
from nexus.simulator.symbols import find_rules
from tests.simulator.client import Client

LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}


async def quotes(client: Client) -> tuple[Decimal, Decimal]:
    book = (await client.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT")).json
    return Decimal(book["bidPrice"]), Decimal(book["askPrice"])


async def wait(client: Client, seconds: int) -> None:
    now = client.running.exchange.now()
    await client.control("POST", "/simulator/clock", {"now": now + seconds * 1_000})


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "DOGEUSDT", "PEPEUSDT"])
def test_the_book_is_sorted_and_around_the_price(symbol: str) -> None:
    rules = find_rules(symbol, Decimal("0.5"), 4)
    assert rules is not None
    last = rules.anchor
    lower, upper = list(bids(rules, last)), list(asks(rules, last))
    assert lower == sorted(lower, key=lambda level: -level.price)
    assert upper == sorted(upper, key=lambda level: level.price)
    assert lower[0].price < last < upper[0].price
    assert all(not level.price % rules.tick for level in lower + upper)
    assert all(level.qty > 0 and not level.qty % rules.step for level in lower + upper)
    assert (best_bid(rules, last), best_ask(rules, last)) == (lower[0].price, upper[0].price)


async def test_a_small_order_trades_once_at_the_best_price(client: Client) -> None:
    _, ask = await quotes(client)
    answer = await client.order(quantity="0.01")
    assert [fill["price"] for fill in answer.json["fills"]] == [f"{ask:.8f}"]


async def test_a_large_order_gets_several_fills_at_worse_prices(client: Client) -> None:
    answer = (await client.order(quoteOrderQty="9999")).json
    prices = [Decimal(fill["price"]) for fill in answer["fills"]]
    assert len(prices) > 1
    assert prices == sorted(set(prices))
    assert sum(Decimal(fill["qty"]) for fill in answer["fills"]) == Decimal(answer["executedQty"])
    spent = Decimal(answer["cummulativeQuoteQty"])
    assert Decimal(9_998) < spent <= Decimal(9_999)
    assert (answer["status"], answer["origQuoteOrderQty"]) == ("FILLED", "9999.00000000")


async def test_the_fee_is_taken_from_what_is_received(client: Client) -> None:
    bought = (await client.order(quantity="0.01")).json["fills"][0]
    assert (bought["commission"], bought["commissionAsset"]) == ("0.00001000", "BTC")
    sold = (await client.order(side="SELL", quantity="0.005")).json["fills"][0]
    assert sold["commissionAsset"] == "USDT"
    assert Decimal(sold["commission"]) == Decimal(sold["price"]) * Decimal("0.000005")
    account = (await client.signed("GET", "/api/v3/account", omitZeroBalances="true")).json
    btc = next(one for one in account["balances"] if one["asset"] == "BTC")
    assert btc["free"] == "0.00499000"


async def test_a_resting_order_fills_as_maker_when_the_market_crosses(client: Client) -> None:
    bid, _ = await quotes(client)
    price = (bid * Decimal("0.999")).quantize(Decimal("0.01"))
    placed = (await client.order(**LIMIT, price=price)).json
    assert (placed["status"], placed["fills"]) == ("NEW", [])
    # Within one cycle the market crashes by more than the half percent we wait for.
    await wait(client, 360)
    found = (
        await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
    ).json
    assert (found["status"], found["executedQty"]) == ("FILLED", "0.01000000")
    trade = (await client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT")).json[0]
    assert (trade["price"], trade["isMaker"]) == (f"{price:.8f}", True)


async def test_an_order_the_market_never_reaches_stays_open(client: Client) -> None:
    placed = (await client.order(**LIMIT, price="60000")).json
    await wait(client, 720)
    found = (await client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT")).json
    assert [one["orderId"] for one in found] == [placed["orderId"]]


async def test_a_limit_order_takes_what_it_may_and_rests_with_the_rest(client: Client) -> None:
    _, ask = await quotes(client)
    answer = (await client.order(**{**LIMIT, "quantity": "0.1"}, price=ask)).json
    assert answer["status"] == "PARTIALLY_FILLED"
    assert {fill["price"] for fill in answer["fills"]} == {f"{ask:.8f}"}
    account = (await client.signed("GET", "/api/v3/account")).json
    usdt = next(one for one in account["balances"] if one["asset"] == "USDT")
    left = Decimal(answer["origQty"]) - Decimal(answer["executedQty"])
    assert Decimal(usdt["locked"]) == left * ask


async def test_ioc_drops_the_rest_and_fok_trades_all_or_nothing(client: Client) -> None:
    _, ask = await quotes(client)
    big = {"type": "LIMIT", "quantity": "0.06", "price": ask}
    ioc = (await client.order(**big, timeInForce="IOC")).json
    assert ioc["status"] == "EXPIRED"
    assert Decimal(ioc["executedQty"]) > 0
    fok = (await client.order(**big, timeInForce="FOK")).json
    assert (fok["status"], fok["executedQty"], fok["fills"]) == ("EXPIRED", "0.00000000", [])
    small = (await client.order(**{**big, "quantity": "0.01"}, timeInForce="FOK")).json
    assert small["status"] == "FILLED"


async def test_a_maker_order_never_takes(client: Client) -> None:
    bid, ask = await quotes(client)
    maker = {"type": "LIMIT_MAKER", "quantity": "0.01"}
    refused = await client.order(**maker, price=ask)
    assert refused.json == {"code": -2010, "msg": "Order would immediately match and take."}
    accepted = await client.order(**maker, price=bid)
    assert set(accepted.json) == {
        "symbol",
        "orderId",
        "orderListId",
        "clientOrderId",
        "transactTime",
    }


async def test_who_comes_first_in_a_moment_does_not_change_the_price(client: Client) -> None:
    prices = {(await client.order(quantity="0.01")).json["fills"][0]["price"] for _ in range(5)}
    assert len(prices) == 1
