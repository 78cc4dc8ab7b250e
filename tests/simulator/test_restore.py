"""Is a killed simulator the same one when it comes back?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nexus.simulator.clock import RealClock
from nexus.simulator.errors import SimulatorError
from nexus.simulator.market import GeneratedMarket, Stretch, fresh_stretches
from nexus.simulator.restore import Remembered, resume_stretches
from nexus.simulator.server import SimulatorOptions, build_exchange
from tests.simulator.client import sign
from tests.simulator.conftest import Start
from tests.simulator.pairs import ed25519_pair
from tests.simulator.process import Process, run
from tests.simulator.test_keys import change, register, signed

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
NOW = 1_767_225_600_000


def ask(process: Process, method: str, path: str, query: str = "") -> Any:
    """Ask as the first account, on real time."""
    account = process.accounts[0]
    query = f"{query}&timestamp={RealClock().now()}".lstrip("&")
    url = f"{process.url}{path}?{query}&signature={sign(account['secret'], query)}"
    answer = httpx.request(method, url, headers={"X-MBX-APIKEY": account["key"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """Lend a list: every process in it is killed after the test."""
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()


def told(process: Process) -> dict[str, Any]:
    """Everything an account can ask that must not change over a restart."""
    btc = "symbol=BTCUSDT"
    return {
        "accounts": process.accounts,
        "balances": ask(process, "GET", "/api/v3/account")["balances"],
        "orders": ask(process, "GET", "/api/v3/allOrders", btc),
        "open": ask(process, "GET", "/api/v3/openOrders", btc),
        "trades": ask(process, "GET", "/api/v3/myTrades", btc),
        "journal": httpx.get(f"{process.url}/simulator/journal").json(),
    }


def test_after_kill_9_everything_is_as_it_was(tmp_path: Path, processes: list[Process]) -> None:
    state = tmp_path / "state.jsonl"
    options = ("--port", "0", "--accounts", "3", "--print-accounts", "--state", str(state))
    first = run(*options)
    processes.append(first)
    order = "symbol=BTCUSDT&side={}&type={}&quantity=0.01"
    ask(first, "POST", "/api/v3/order", order.format("BUY", "MARKET"))
    limit = order.format("BUY", "LIMIT") + "&timeInForce=GTC&price=60000"
    dropped = ask(first, "POST", "/api/v3/order", limit)
    ask(first, "POST", "/api/v3/order", limit)
    ask(first, "DELETE", "/api/v3/order", f"symbol=BTCUSDT&orderId={dropped['orderId']}")
    ask(first, "POST", "/api/v3/order", order.format("SELL", "MARKET").replace("0.01", "0.005"))
    before = told(first)
    seconds = "symbol=BTCUSDT&interval=1s&limit=100"
    candles = httpx.get(f"{first.url}/api/v3/klines?{seconds}").json()[:-1]
    first.kill()
    with state.open("ab") as file:
        file.write(b'{"kind":"entry","data":{"se')

    second = run(*options)
    processes.append(second)
    assert told(second) == before
    assert len(before["journal"]) == 5
    again = httpx.get(
        f"{second.url}/api/v3/klines?{seconds}&startTime={candles[0][0]}&endTime={candles[-1][0]}"
    ).json()
    assert again == candles
    # New orders go on counting where the old ones stopped.
    newer = ask(second, "POST", "/api/v3/order", order.format("BUY", "MARKET"))
    assert newer["orderId"] == max(one["orderId"] for one in before["orders"]) + 1
    assert newer["fills"][0]["tradeId"] == max(one["id"] for one in before["trades"]) + 1


def test_a_short_absence_is_bridged_and_a_long_one_is_an_outage() -> None:
    stretches = fresh_stretches(NOW)
    found = Remembered(stretches=stretches, alive_at=NOW, market_at=NOW)
    assert resume_stretches(found, NOW + MINUTE) == stretches
    resumed = resume_stretches(found, NOW + HOUR)
    assert resumed == [*stretches, Stretch(NOW + HOUR, stretches[0].index + 14_405)]


def test_the_generated_market_goes_on_where_it_stopped() -> None:
    stretches = fresh_stretches(NOW)
    before = GeneratedMarket(1, ["BTCUSDT"], stretches, NOW)
    before.advance(NOW + 40 * SECOND)
    found = Remembered(stretches=stretches, alive_at=NOW, market_at=NOW + 30 * SECOND)
    after = GeneratedMarket(1, ["BTCUSDT"], resume_stretches(found, NOW + HOUR), NOW + HOUR)
    old, new = (one.listings["BTCUSDT"].series for one in (before, after))
    kept = old.rows[old.rows["time"] < NOW + 35 * SECOND]
    assert new.rows[: len(kept)].tobytes() == kept.tobytes()
    following = new.rows[len(kept)]
    assert following["time"] == NOW + HOUR
    assert following["open"] == kept["close"][-1]


async def test_a_manual_clock_and_a_half_filled_order_come_back(
    start: Start, tmp_path: Path
) -> None:
    options = SimulatorOptions(
        accounts=1, seed=7, manual_clock=True, state=tmp_path / "state.jsonl"
    )
    client = await start(options)
    book = (await client.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT")).json
    limit = {"type": "LIMIT", "timeInForce": "GTC", "price": book["askPrice"]}
    placed = await client.order(**limit, quantity="0.08")
    assert placed.json["status"] == "PARTIALLY_FILLED"
    now = client.running.exchange.now() + 1_000
    await client.control("POST", "/simulator/clock", {"now": now})
    await client.running.stop()

    back = await start(options)
    assert back.running.exchange.now() == now
    await back.control("POST", "/simulator/clock", {"now": now + 6 * MINUTE})
    trades = (await back.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT")).json
    assert [one["isMaker"] for one in trades] == [False, True]
    balances = (await back.signed("GET", "/api/v3/account")).json["balances"]
    await back.running.stop()

    again = await start(options)
    assert (await again.signed("GET", "/api/v3/account")).json["balances"] == balances
    found = await again.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT")
    assert [one["status"] for one in found.json] == ["FILLED"]


async def test_a_leap_of_the_clock_is_an_outage_that_is_remembered(
    start: Start, tmp_path: Path
) -> None:
    options = SimulatorOptions(seed=7, manual_clock=True, state=tmp_path / "state.jsonl")
    client = await start(options)
    leap = client.running.exchange.now() + 72 * HOUR
    answer = await client.control("POST", "/simulator/clock", {"now": leap + 5_000})
    await client.running.stop()
    back = await start(options)
    state = await back.control("GET", "/simulator/state")
    assert state.json["prices"] == answer.json["prices"]


def test_a_state_of_another_seed_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    build_exchange(SimulatorOptions(seed=1, accounts=1, state=state)).journal.state.close()
    with pytest.raises(SimulatorError, match="--seed 1"):
        build_exchange(SimulatorOptions(seed=2, state=state))


async def test_a_state_with_a_symbol_that_is_gone_is_refused(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    client = await start(SimulatorOptions(accounts=1, state=state, manual_clock=True))
    await client.order(symbol="ETHUSDT", quantity="0.1")
    await client.running.stop()
    with pytest.raises(SimulatorError, match="orders in ETHUSDT"):
        build_exchange(SimulatorOptions(symbols=("BTCUSDT",), state=state, manual_clock=True))


async def test_refusals_are_remembered_too(start: Start, tmp_path: Path) -> None:
    options = SimulatorOptions(accounts=1, state=tmp_path / "state.jsonl", manual_clock=True)
    client = await start(options)
    await client.order(quantity="0")
    journal = (await client.control("GET", "/simulator/journal")).json
    await client.running.stop()
    back = await start(options)
    assert (await back.control("GET", "/simulator/journal")).json == journal
    assert (await back.control("GET", "/simulator/stats")).json["orders_rejected"] == 1


async def test_keys_money_rules_and_the_door_are_remembered(start: Start, tmp_path: Path) -> None:
    options = SimulatorOptions(accounts=2, state=tmp_path / "state.jsonl", manual_clock=True)
    client = await start(options)
    pair = ed25519_pair()
    first, second = client.running.accounts
    key = await register(client, pair, ips=["127.0.0.1"])
    await change(client, first.key, rights={"enableWithdrawals": True}, revoked=True)
    money = {"uid": second.uid, "asset": "BTC", "delta": "1.5"}
    await client.control("POST", "/simulator/money", money)
    rules = {"uid": second.uid, "can_trade": False}
    await client.control("POST", "/simulator/accounts/rules", rules)
    await client.control("POST", "/simulator/bans", {"address": "127.0.0.9", "seconds": 5})
    door = (await client.control("GET", "/simulator/door")).json
    keys = (await client.control("GET", "/simulator/keys")).json
    await client.running.stop()

    back = await start(options)
    assert (await back.control("GET", "/simulator/keys")).json == keys
    assert (await back.control("GET", "/simulator/door")).json == door
    assert (await signed(back, pair, key, "GET", "/api/v3/account")).status == 200
    again = back.running.exchange.by_uid[second.uid]
    assert (f"{again.free['BTC']:f}", again.can_trade) == ("1.50000000", False)
    # A key given out now is none that was given out before.
    assert await register(back, pair) not in {one["key"] for one in keys}


def test_two_simulators_never_share_a_state_file(tmp_path: Path, processes: list[Process]) -> None:
    state = tmp_path / "state.jsonl"
    options = ("--port", "0", "--accounts", "1", "--print-accounts", "--state", str(state))
    first = run(*options)
    processes.append(first)
    with pytest.raises(AssertionError, match="in use by another simulator"):
        run(*options)
    before = told(first)
    first.kill()
    # The lock went with the process, even though it was killed.
    second = run(*options)
    processes.append(second)
    assert told(second) == before


def test_a_failed_start_lets_the_state_file_go(tmp_path: Path) -> None:
    options = SimulatorOptions(seed=1, accounts=1, state=tmp_path / "state.jsonl")
    build_exchange(options).journal.state.close()
    with pytest.raises(SimulatorError, match="--seed 1"):
        build_exchange(SimulatorOptions(seed=2, state=options.state))
    build_exchange(options).journal.state.close()
