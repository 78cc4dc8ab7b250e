"""Does the scenario measure both sides, and do all orders fill?"""

import re

from bench.dispatch import measure


async def test_both_sides_are_measured_and_every_order_fills() -> None:
    said = await measure(accounts=20, rounds=2, workers=1)
    orders = re.search(r"in turn, (\d+) orders by us", said)
    seconds = [float(text) for text in re.findall(r"(?:nexus|bare) +([\d.]+) s", said)]
    assert orders is not None
    # Some of the crowd have too little for an order.
    assert 20 <= int(orders[1]) <= 40, said
    assert len(seconds) == 2
    assert all(one > 0 for one in seconds), said
    assert "429: 0, 418: 0, rejected 0" in said
