"""Is the exchange's own record complete, and does it survive a cut line?"""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nexus.simulator.errors import SimulatorError
from nexus.simulator.journal import Journal, StateFile, read_state
from tests.simulator.client import Client

LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}


def balances_from(entries: list[dict[str, Any]], uid: int) -> dict[str, Decimal]:
    """Work out what an account has from nothing but the journal and its first 10,000."""
    have: defaultdict[str, Decimal] = defaultdict(Decimal, USDT=Decimal(10_000))
    for entry in entries:
        if entry["account"] != uid:
            continue
        for fill in entry["fills"]:
            sign = 1 if entry["order"]["side"] == "BUY" else -1
            base = entry["order"]["symbol"].removesuffix("USDT")
            qty, price = Decimal(fill["qty"]), Decimal(fill["price"])
            have[base] += sign * qty
            have["USDT"] -= sign * qty * price
            have[fill["commission_asset"]] -= Decimal(fill["commission"])
    return {asset: amount for asset, amount in have.items() if amount}


async def trade_a_little(client: Client) -> None:
    await client.order(quoteOrderQty="5000")
    await client.order(side="SELL", quantity="0.02")
    await client.order(symbol="ETHUSDT", quantity="0.3")
    await client.order(**LIMIT, price="79000")
    dropped = (await client.order(**LIMIT, price="60000")).json
    await client.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=dropped["orderId"])
    now = client.running.exchange.now()
    await client.control("POST", "/simulator/clock", {"now": now + 360_000})


async def test_the_journal_alone_explains_the_balances(client: Client) -> None:
    await trade_a_little(client)
    entries = (await client.control("GET", "/simulator/journal")).json
    assert any(entry["endpoint"] == "match" for entry in entries)
    assert client.account is not None
    account = (await client.signed("GET", "/api/v3/account", omitZeroBalances="true")).json
    told = {
        one["asset"]: Decimal(one["free"]) + Decimal(one["locked"]) for one in account["balances"]
    }
    assert told == balances_from(entries, client.account.uid)


async def test_every_order_request_and_cancel_is_recorded(client: Client) -> None:
    await client.order(quantity="0.01", newClientOrderId="good")
    await client.order(quantity="0.0000001", newClientOrderId="small")
    await client.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="good")
    await client.raw("POST", "/api/v3/order", "symbol=BTCUSDT&timestamp=1&signature=" + "0" * 64)
    await client.raw("POST", "/api/v3/order", "symbol=BTCUSDT", key="")
    entries = (await client.control("GET", "/simulator/journal")).json
    assert [one["seq"] for one in entries] == [1, 2, 3, 4, 5]
    assert [(one["outcome"], one["code"], one["client_id"]) for one in entries] == [
        ("accepted", None, "good"),
        ("rejected", -1013, "small"),
        ("rejected", -2011, "good"),
        ("rejected", -1022, None),
        ("rejected", -2014, None),
    ]
    assert client.account is not None
    assert [one["account"] for one in entries] == [client.account.uid] * 4 + [None]
    assert entries[0]["params"]["quantity"] == "0.01"
    assert "signature" not in entries[0]["params"]


async def test_the_journal_is_read_in_pages(client: Client) -> None:
    for _ in range(5):
        await client.order(quantity="0.001")
    page = (await client.control("GET", "/simulator/journal?after=1&limit=2")).json
    assert [one["seq"] for one in page] == [2, 3]
    assert (await client.control("GET", "/simulator/journal?after=5")).json == []


def test_a_cut_last_line_is_dropped_and_the_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    journal = Journal(StateFile(path))
    journal.note("open", {"seed": 1})
    journal.add({"at": 1})
    journal.state.close()
    with path.open("ab") as file:
        file.write(b'{"kind":"entry","da')
    assert [line["kind"] for line in read_state(path)] == ["open", "entry"]
    journal = Journal(StateFile(path))
    journal.note("alive", {"at": 2, "market": 2})
    journal.state.close()
    assert [line["kind"] for line in read_state(path)] == ["open", "entry", "alive"]


def test_damage_elsewhere_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    path.write_text('{"kind":"open","data":{"seed":1}}\nrubbish\n{"kind":"alive","data":{}}\n')
    with pytest.raises(SimulatorError, match="line 2"):
        read_state(path)


def test_a_state_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="cannot be written"):
        StateFile(tmp_path)
