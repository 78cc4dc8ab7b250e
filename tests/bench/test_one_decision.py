"""Does the scenario measure both sides?"""

import re

from bench.one_decision import measure


async def test_both_sides_are_measured() -> None:
    said = await measure(bots=20, rounds=2)
    numbers = [float(text) for text in re.findall(r"(\d+\.\d+)", said)]
    assert said.startswith("one decision for 20 bots, 2 rounds")
    assert len(numbers) == 3
    assert all(number > 0 for number in numbers)
