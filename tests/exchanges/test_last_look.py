"""Is every order looked at once more when its turn has come, and a batch not a hundred times?"""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from nexus.exchanges.last_look import LastLook
from nexus.exchanges.protocol import Intent, NotPlaced
from tests.exchanges.desk import buy


class Ledger:
    """Whoever knows of stops: counts how often it was asked, and can be away."""

    def __init__(self) -> None:
        self.asked = 0
        self.forbidden: dict[int, str] = {}
        self.away = False

    async def look(self, intents: Sequence[Intent]) -> Mapping[int, str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise OSError("secret address")
        return {one.order_id: why for one in intents if (why := self.forbidden.get(one.order_id))}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def orders(count: int) -> list[Intent]:
    return [buy(f"nx-{n}", order_id=n) for n in range(count)]


async def test_one_look_serves_all_whose_turn_comes_at_once(ledger: Ledger) -> None:
    batch = orders(50)
    look = LastLook(ledger.look, batch)
    assert await asyncio.gather(*map(look.refusal, batch)) == [None] * 50
    assert ledger.asked == 1


async def test_a_stop_is_seen_by_the_turns_after_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus.exchanges.last_look.LOOK_SECONDS", 0)
    early, late, other = orders(3)
    look = LastLook(ledger.look, [early, late, other])
    assert await look.refusal(early) is None
    ledger.forbidden = {late.order_id: "STOPPED: switch=everything"}
    assert await look.refusal(late) == NotPlaced(0, "STOPPED: switch=everything", final=True)
    assert await look.refusal(other) is None


async def test_what_cannot_be_read_is_not_sent_and_tried_again(ledger: Ledger) -> None:
    [order] = orders(1)
    look = LastLook(ledger.look, [order])
    ledger.away = True
    refused = await look.refusal(order)
    assert refused is not None
    assert not refused.final
    assert "OSError" in refused.message
    assert "secret" not in refused.message
    ledger.away = False
    assert await look.refusal(order) is None


async def test_a_stop_that_is_to_rest_is_no_order_of_the_ledger(ledger: Ledger) -> None:
    [order] = orders(1)
    resting = buy("nx-stop", order_id=order.order_id, stop_price=Decimal(40_000))
    ledger.forbidden = {order.order_id: "STOPPED: switch=everything"}
    assert await LastLook(ledger.look, [order, resting]).refusal(resting) is None
    assert ledger.asked == 0
