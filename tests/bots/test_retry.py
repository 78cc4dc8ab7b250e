"""Does a failed sale wait longer each time, and end?"""

from nexus.bots.retry import TRIES, WAITS, wait_after


def test_each_try_waits_longer_than_the_one_before() -> None:
    assert list(WAITS) == sorted(set(WAITS))


def test_after_the_last_try_there_is_none() -> None:
    assert [wait_after(attempt) for attempt in range(1, TRIES + 1)] == [*WAITS, None]
