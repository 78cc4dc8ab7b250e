"""Do an account's own events arrive, whole, in order, and only where they belong?"""

from decimal import Decimal
from typing import Any

from tests.simulator.client import Client
from tests.simulator.listener import Listener, listen

LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
# Binance's documented example of an execution report: its keys and the types behind them.
REPORT = {
    **dict.fromkeys(("e", "s", "c", "S", "o", "f", "q", "p", "P", "F", "C", "x", "X", "r"), str),
    **dict.fromkeys(("l", "z", "L", "n", "Z", "Y", "Q", "V"), str),
    **dict.fromkeys(("E", "g", "i", "T", "t", "I", "O", "W"), int),
    **dict.fromkeys(("w", "m", "M"), bool),
}


def names(events: list[dict[str, Any]]) -> list[str]:
    return [one["event"]["e"] + ":" + one["event"].get("x", "") for one in events]


async def subscribed(client: Client, listener: Listener) -> None:
    assert client.account is not None
    answer = await listener.subscribe(client.account)
    assert (answer["status"], answer["result"]) == (200, {"subscriptionId": 0})


async def test_a_market_order_is_told_piece_by_piece(client: Client) -> None:
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        placed = (await client.order(quantity="0.08", newClientOrderId="mine")).json
        fills = placed["fills"]
        assert len(fills) > 1
        heard = await listener.heard(len(fills) + 2)
    assert [one["subscriptionId"] for one in heard] == [0] * len(heard)
    trades = [one["event"] for one in heard[1:-1]]
    assert names(heard) == [
        "executionReport:NEW",
        *["executionReport:TRADE"] * len(fills),
        "outboundAccountPosition:",
    ]
    assert {one["c"] for one in trades} == {"mine"}
    assert [one["X"] for one in trades] == ["PARTIALLY_FILLED"] * (len(fills) - 1) + ["FILLED"]
    assert [(one["L"], one["l"], one["n"], one["t"]) for one in trades] == [
        (one["price"], one["qty"], one["commission"], one["tradeId"]) for one in fills
    ]
    assert (trades[-1]["z"], trades[-1]["Z"]) == (
        placed["executedQty"],
        placed["cummulativeQuoteQty"],
    )
    balances = {one["a"]: Decimal(one["f"]) for one in heard[-1]["event"]["B"]}
    assert client.account is not None
    assert balances == {name: client.account.free[name] for name in ("BTC", "USDT")}


async def test_a_report_has_the_documented_keys_and_types(client: Client) -> None:
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        await client.order(quantity="0.01")
        new, trade, position = (one["event"] for one in await listener.heard(3))
    for told in (new, trade):
        assert set(told) == {*REPORT, "N"}
        assert {name: type(told[name]) for name in REPORT} == REPORT
    assert (new["N"], trade["N"]) == (None, "BTC")
    assert set(position) == {"e", "E", "u", "B"}


async def test_resting_canceled_and_matched_orders_are_told(client: Client) -> None:
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        await client.order(**LIMIT, price="60000", newClientOrderId="drop")
        dropped = {"symbol": "BTCUSDT", "origClientOrderId": "drop", "newClientOrderId": "bye"}
        await client.signed("DELETE", "/api/v3/order", **dropped)
        heard = await listener.heard(4)
        assert names(heard)[::2] == ["executionReport:NEW", "executionReport:CANCELED"]
        canceled = heard[2]["event"]
        assert (canceled["c"], canceled["C"], canceled["X"]) == ("bye", "drop", "CANCELED")
        assert heard[1]["event"]["B"][1]["l"] == "600.00000000"
        await client.order(**LIMIT, price="79000")
        await listener.heard(2)
        now = client.running.exchange.now()
        await client.control("POST", "/simulator/clock", {"now": now + 360_000})
        matched = await listener.heard(2)
    assert names(matched) == ["executionReport:TRADE", "outboundAccountPosition:"]
    assert (matched[0]["event"]["m"], matched[0]["event"]["X"]) == (True, "FILLED")


async def test_an_order_that_expires_says_so(client: Client) -> None:
    fault = {"kind": "partial", "share": "0.5"}
    await client.control("POST", "/simulator/faults", fault)
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        placed = (await client.order(quantity="0.01")).json
        heard = await listener.heard(4)
    assert (placed["status"], placed["executedQty"]) == ("EXPIRED", "0.00500000")
    assert names(heard)[:3] == [
        "executionReport:NEW",
        "executionReport:TRADE",
        "executionReport:EXPIRED",
    ]
    assert heard[2]["event"]["z"] == "0.00500000"


async def test_money_that_comes_is_told_as_an_update(client: Client) -> None:
    assert client.account is not None
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        body = {"uid": client.account.uid, "asset": "USDT", "delta": "-250.5"}
        await client.control("POST", "/simulator/money", body)
        update, position = (one["event"] for one in await listener.heard(2))
    assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "USDT", "-250.50000000")
    assert position["B"] == [{"a": "USDT", "f": "9749.50000000", "l": "0.00000000"}]


async def test_many_accounts_share_a_connection_and_nobody_hears_another(client: Client) -> None:
    alice, bob = client.running.accounts
    async with listen(client.running) as both, listen(client.running) as only_bob:
        assert (await both.subscribe(alice))["result"] == {"subscriptionId": 0}
        assert (await both.subscribe(bob))["result"] == {"subscriptionId": 1}
        await only_bob.subscribe(bob)
        await client.order(quantity="0.01")
        assert {one["subscriptionId"] for one in await both.heard(3)} == {0}
        assert await only_bob.nothing_is_waiting()
        bobs = Client(client._session, client.running, bob)
        await bobs.order(quantity="0.01")
        assert {one["subscriptionId"] for one in await both.heard(3)} == {1}
        assert {one["subscriptionId"] for one in await only_bob.heard(3)} == {0}


async def test_events_can_be_lost_doubled_and_late(client: Client) -> None:
    trade = {"where": "executionReport", "times": 1}
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        for kind in ("drop_event", "duplicate_event"):
            await client.control("POST", "/simulator/faults", {"kind": kind, **trade})
        late = {"kind": "delay_event", "where": "outboundAccountPosition", "seconds": 0.01}
        await client.control("POST", "/simulator/faults", late)
        await client.order(quantity="0.01")
        heard = await listener.heard(3)
        assert (await client.control("GET", "/simulator/faults")).json == []
    assert names(heard) == [
        "executionReport:TRADE",
        "executionReport:TRADE",
        "outboundAccountPosition:",
    ]
    door = (await client.control("GET", "/simulator/door")).json
    faults = [one["event"] for one in door if one["event"].endswith("_event")]
    assert faults == ["drop_event", "duplicate_event", "delay_event"]


async def test_dropped_connections_end_without_a_word_and_the_record_knows(
    client: Client,
) -> None:
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        [open_one] = (await client.control("GET", "/simulator/streams")).json
        assert len(open_one["accounts"]) == 1
        answer = await client.control("POST", "/simulator/streams/drop", {})
        assert answer.json == {"connections": 1}
        assert await listener.ended() == 1006
    door = (await client.control("GET", "/simulator/door")).json
    assert [one["event"] for one in door] == [
        "stream_opened",
        "subscribed",
        "stream_dropped",
        "stream_closed",
    ]
    assert (await client.control("GET", "/simulator/streams")).json == []


async def test_a_shutdown_is_announced(client: Client) -> None:
    async with listen(client.running) as listener:
        await client.control("POST", "/simulator/streams/shutdown", {"seconds": 0})
        assert (await listener.heard(1))[0]["event"]["e"] == "serverShutdown"
        assert await listener.ended() == 1001


async def test_no_connection_lives_longer_than_a_day(client: Client) -> None:
    async with listen(client.running) as listener:
        now = client.running.exchange.now()
        day = 86_400_000
        await client.control("POST", "/simulator/clock", {"now": now + day - 1})
        client.running.exchange.streams.cut_old(client.running.exchange.now())
        assert (await listener.ask("ping"))["status"] == 200
        await client.control("POST", "/simulator/clock", {"now": now + day})
        client.running.exchange.streams.cut_old(client.running.exchange.now())
        assert await listener.ended() == 1001


async def test_a_key_that_is_revoked_hears_no_more(client: Client) -> None:
    assert client.account is not None
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        key: dict[str, object] = {"key": client.account.key}
        harmless = key | {"rights": {"enableMargin": True}}
        await client.control("POST", "/simulator/keys/change", harmless)
        assert await listener.nothing_is_waiting()
        await client.control("POST", "/simulator/keys/change", key | {"revoked": True})
        assert names(await listener.heard(1)) == ["eventStreamTerminated:"]
        stats = (await client.control("GET", "/simulator/stats")).json
        assert (stats["connections"], stats["subscriptions"]) == (1, 0)


async def test_a_state_file_remembers_streams_apart_from_orders(client: Client) -> None:
    async with listen(client.running) as listener:
        await subscribed(client, listener)
        await client.order(quantity="0.01")
    entries = (await client.control("GET", "/simulator/journal")).json
    assert [one["endpoint"] for one in entries] == ["POST /api/v3/order"]
