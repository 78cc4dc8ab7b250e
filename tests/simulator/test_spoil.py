"""Does every injected fault do exactly what it says, and does the record know?"""

import time

import aiohttp
import pytest

from tests.simulator.client import Client


async def inject(client: Client, kind: str, **more: object) -> None:
    fault = {"kind": kind, "where": "POST /api/v3/order", **more}
    assert (await client.control("POST", "/simulator/faults", fault)).status == 200


async def orders(client: Client) -> int:
    stats = await client.control("GET", "/simulator/stats")
    return int(stats.json["orders_accepted"])


@pytest.mark.parametrize(("kind", "accepted"), [("reset", 0), ("lose", 1), ("hang", 1)])
async def test_a_connection_breaks_before_or_after_the_order(
    client: Client, kind: str, accepted: int
) -> None:
    await inject(client, kind, seconds=0.01)
    with pytest.raises(aiohttp.ClientError):
        await client.order(quantity="0.01")
    assert await orders(client) == accepted
    assert (await client.order(quantity="0.01")).status == 200


@pytest.mark.parametrize(("kind", "accepted"), [("refuse", 0), ("fail", 1)])
async def test_a_server_error_says_nothing_about_the_order(
    client: Client, kind: str, accepted: int
) -> None:
    await inject(client, kind, status=504, code=-1007, msg="Timeout")
    answer = await client.order(quantity="0.01")
    assert (answer.status, answer.json) == (504, {"code": -1007, "msg": "Timeout"})
    assert await orders(client) == accepted


async def test_an_answer_is_cut_off_or_unreadable_after_the_order(client: Client) -> None:
    await inject(client, "truncate")
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.order(quantity="0.01")
    await inject(client, "garble")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        await client.order(quantity="0.01")
    assert await orders(client) == 2


async def test_a_slow_answer_is_slow(client: Client) -> None:
    await inject(client, "latency", seconds=0.2)
    began = time.monotonic()
    assert (await client.order(quantity="0.01")).status == 200
    assert time.monotonic() - began >= 0.2
    door = (await client.control("GET", "/simulator/door")).json
    assert [one["event"] for one in door] == ["latency"]


async def test_a_fault_hits_whom_it_names_as_often_as_it_says(client: Client) -> None:
    alice, bob = client.running.accounts
    await inject(client, "refuse", uid=bob.uid, times=2)
    bobs = Client(client._session, client.running, bob)
    told = [(await one.order(quantity="0.01")).status for one in (client, bobs, bobs, bobs)]
    assert told == [200, 503, 503, 200]
    door = (await client.control("GET", "/simulator/door")).json
    assert [(one["event"], one["account"]) for one in door] == [("refuse", bob.uid)] * 2
    await inject(client, "refuse", times=None)
    assert [(await client.order(quantity="0.01")).status for _ in range(3)] == [503] * 3
    await client.control("DELETE", "/simulator/faults")
    assert (await client.order(quantity="0.01")).status == 200
    assert alice.uid != bob.uid


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "lose", "colour": "red"},
        {"kind": "lose", "times": "often"},
        {"kind": "partial", "share": "2"},
        {"kind": "partial", "share": "much"},
    ],
)
async def test_a_senseless_fault_is_refused(client: Client, fault: dict[str, object]) -> None:
    answer = await client.control("POST", "/simulator/faults", fault)
    assert answer.status == 400
    assert answer.json["error"]


@pytest.mark.parametrize("body", ["html", "huge"])
async def test_an_answer_can_be_something_else(client: Client, body: str) -> None:
    await inject(client, "babble", body=body)
    with pytest.raises(ValueError, match="Expecting value"):
        await client.order(quantity="0.01")
    assert await orders(client) == 1


async def test_an_answer_can_be_empty(client: Client) -> None:
    await inject(client, "babble", body="empty")
    assert (await client.order(quantity="0.01")).json is None
    assert await orders(client) == 1


async def test_an_order_can_be_in_a_state_nobody_knows(client: Client) -> None:
    await inject(client, "babble", body="unknown_status")
    assert (await client.order(quantity="0.01")).json["status"] == "SOMETHING_NEW"


async def test_only_every_so_many_requests_go_wrong(client: Client) -> None:
    await inject(client, "refuse", every=3, times=None)
    statuses = [(await client.order(quantity="0.001")).status for _ in range(6)]
    assert statuses == [200, 200, 503, 200, 200, 503]


async def test_the_record_says_which_fault_came_about(client: Client) -> None:
    await inject(client, "partial", label="in part")
    await inject(client, "refuse", label="never", where="GET /api/v3/order")
    assert (await client.order(quantity="0.01")).json["status"] == "EXPIRED"
    door = (await client.control("GET", "/simulator/door")).json
    assert [(one["event"], one["label"]) for one in door] == [("partial", "in part")]
    left = await client.control("DELETE", "/simulator/faults", {"label": "never"})
    assert left.json == []


async def test_a_halted_pair_takes_no_order_until_it_trades_again(client: Client) -> None:
    await client.control("POST", "/simulator/symbols", {"symbol": "BTCUSDT", "status": "BREAK"})
    refused = await client.order(quantity="0.01")
    assert refused.json == {"code": -1013, "msg": "Market is closed."}
    await client.control(
        "POST", "/simulator/symbols", {"symbol": "BTCUSDT", "min_notional": 1_000_000}
    )
    assert (await client.order(quantity="0.01")).json["msg"] == "Filter failure: NOTIONAL"
    await client.control("POST", "/simulator/symbols", {"symbol": "BTCUSDT"})
    assert (await client.order(quantity="0.01")).status == 200
