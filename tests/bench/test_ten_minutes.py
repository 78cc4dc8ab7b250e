"""Does the scenario count what the exchange counts?"""

import re
from datetime import UTC, datetime, timedelta

from bench.ten_minutes import _calls, measure


async def test_the_exchange_and_the_ledger_are_counted() -> None:
    said = await measure(accounts=10, seconds=15, timeframe="1s")
    assert "429: 0, 418: 0" in said
    assert "sent twice 0, not in the ledger 0, disagreements 0" in said
    filled = re.search(r"orders accepted (\d+), rejected 0; ledger \{'FILLED': (\d+)\}", said)
    assert filled is not None, said
    assert filled[1] == filled[2]
    weight = re.search(r"at most (\d+) a minute of 6000", said)
    assert weight is not None
    assert 0 < int(weight[1]) <= 6000


def test_only_ticks_that_both_ran_are_compared() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    slots = [at + timedelta(seconds=5 * n) for n in range(3)]
    said = _calls(dict.fromkeys(slots, 2), {slots[0]: 1, slots[2]: 1})
    assert "2 ticks that both ran: 4 with everybody, 2 with one account" in said
    assert "ticks run: 3 and 2" in said
