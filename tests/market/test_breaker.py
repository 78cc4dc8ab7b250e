"""Does a source that fails rest longer and longer, and come back with its first answer?"""

from datetime import timedelta

from nexus.market.breaker import FIRST_REST, LONGEST_REST, Breaker
from tests.market.candles import START

SECOND = timedelta(seconds=1)


def test_a_closed_one_asks() -> None:
    breaker = Breaker()
    assert breaker.may_ask(START)
    assert not breaker.answered()


def test_each_failed_probe_doubles_the_rest_up_to_the_longest() -> None:
    breaker, at, rests = Breaker(), START, []
    for number in range(8):
        assert breaker.may_ask(at)
        assert breaker.failed(at) == (number == 0)
        assert breaker.rests_until is not None
        assert not breaker.may_ask(breaker.rests_until - SECOND / 1000)
        rests.append(breaker.rests_until - at)
        at = breaker.rests_until
    assert [rest // SECOND for rest in rests] == [10, 20, 40, 80, 160, 300, 300, 300]
    assert rests[-1] == LONGEST_REST


def test_an_answer_closes_it_and_forgets_how_long_it_rested() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(START)
    assert breaker.answered()
    assert breaker.may_ask(START)
    assert breaker.failed(START)
    assert breaker.rests_until == START + FIRST_REST
