"""Is an exchange lent that stands still until it is moved, and taken back without a trace?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil  # type: ignore[import-untyped]
import pytest

from nexus.core.clock import to_ms
from nexus.exchanges.vault import KeyPair
from nexus.local.errors import LocalError
from nexus.local.lent_simulator import LentSimulator, lend_simulator
from tests.local.recordings import START, lines, write
from tests.simulator.client import sign

OPENS = datetime.fromtimestamp(START / 1000, UTC)
LATER = OPENS + timedelta(hours=20)


@pytest.fixture
async def lent(tmp_path: Path) -> AsyncIterator[LentSimulator]:
    """Lend an exchange that replays one file and stands at its twentieth hour."""
    path = write(tmp_path / "btc.csv", lines(40))
    async with lend_simulator({"BTC/USDT": path}, seed=1) as simulator:
        await simulator.move(LATER)
        yield simulator


async def order(lent: LentSimulator, key: KeyPair, **params: Any) -> tuple[int, Any]:
    """Send a market order as a stranger's client would."""
    usual = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "timestamp": to_ms(LATER)}
    query = urlencode(usual | params)
    url = f"{lent.url}/api/v3/order?{query}&signature={sign(key.secret, query)}"
    async with lent.session.post(url, headers={"X-MBX-APIKEY": key.key}) as answer:
        return answer.status, await answer.json()


async def test_it_stands_where_it_was_put(lent: LentSimulator) -> None:
    for moment in (LATER, LATER + timedelta(hours=3)):
        await lent.move(moment)
        async with lent.session.get(f"{lent.url}/api/v3/time") as answer:
            assert await answer.json() == {"serverTime": to_ms(moment)}


async def test_its_journal_gives_the_orders_it_accepted(lent: LentSimulator) -> None:
    first, second = await lent.new_keys(2)
    assert await lent.accepted_orders() == []
    taken, told = await order(lent, first, quantity="0.5", newClientOrderId="nx-one")
    refused, _ = await order(lent, second, quantity="5000", newClientOrderId="nx-two")
    assert (taken, refused) == (200, 400)
    [accepted] = await lent.accepted_orders()
    assert accepted.client_order_id == "nx-one"
    assert accepted.quantity == Decimal(told["executedQty"]) == Decimal("0.5")


async def test_a_long_journal_is_read_to_its_end(
    lent: LentSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus.local.lent_simulator.PAGE", 2)
    [key] = await lent.new_keys(1)
    names = [f"nx-{number}" for number in range(5)]
    for name in names:
        await order(lent, key, quantity="0.2", newClientOrderId=name)
    assert [o.client_order_id for o in await lent.accepted_orders()] == names


async def test_it_is_gone_afterwards_even_after_a_failure(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(5))
    lending = lend_simulator({"BTC/USDT": path}, seed=1)
    await lending.__aenter__()
    [process] = [c for c in psutil.Process().children() if "nexus.simulator" in c.cmdline()]
    assert not await lending.__aexit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert not process.is_running()


async def test_what_it_complains_of_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"did not start: .*absent\.csv: the file cannot be read"):
        async with lend_simulator({"BTC/USDT": tmp_path / "absent.csv"}, seed=1):
            pass
