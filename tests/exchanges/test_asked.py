"""Does a connection wait for all its answers, without keeping everybody else from working?"""

import asyncio

import pytest

from nexus.exchanges.asked import Asked
from nexus.exchanges.protocol import Account, ExchangeAwayError

ALICE = Account(1, "binance", "default", 1)


async def test_while_some_are_answered_others_may_work() -> None:
    """After the first of two answers the waiting must not go round and round."""
    asked = Asked()
    first, second = asked.name(ALICE), asked.name(None)
    waiting = asyncio.create_task(asked.all_answered(10))
    assert asked.answered(first) == ALICE
    await asyncio.sleep(0)
    assert not waiting.done()
    assert asked.answered(second) is None
    await waiting


async def test_with_nothing_asked_nothing_is_waited_for() -> None:
    await Asked().all_answered(0.01)


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    asked = Asked()
    asked.name(ALICE)
    with pytest.raises(TimeoutError):
        await asked.all_answered(0.01)


@pytest.mark.parametrize("name", [None, "n9", 7])
def test_an_answer_to_nothing_we_asked_is_a_refusal(name: object) -> None:
    asked = Asked()
    asked.name(ALICE)
    with pytest.raises(ExchangeAwayError):
        asked.answered(name)
