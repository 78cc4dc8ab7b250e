"""Is somebody who was refused left alone, for as long as it was said and no longer?"""

from dataclasses import replace

import pytest

from nexus.exchanges import rests
from nexus.exchanges.protocol import Account
from nexus.exchanges.rests import LONGEST_PAUSE_SECONDS, SOONEST_SECONDS, Rests, pause_seconds

ALICE = Account(1, "binance", "default", 1)
BOB = Account(2, "binance", "default", 1)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [100.0]
    monkeypatch.setattr(rests, "monotonic", lambda: at[0])
    return at


def test_a_rest_ends_by_itself(hands: list[float]) -> None:
    known = Rests()
    known.begin(ALICE, 60)
    assert not known.may_try(ALICE)
    assert known.may_try(BOB)
    hands[0] += 60
    assert known.may_try(ALICE)


def test_a_new_key_need_not_wait(hands: list[float]) -> None:
    known = Rests()
    known.begin(ALICE, 60)
    assert known.may_try(replace(ALICE, key_version=2)), hands
    known.end(ALICE)
    assert known.may_try(ALICE)


def test_the_next_try_is_the_first_of_all(hands: list[float]) -> None:
    known = Rests()
    assert known.shortest_seconds([ALICE, BOB]) is None
    known.begin(ALICE, 60)
    known.begin(BOB, 5)
    assert known.shortest_seconds([ALICE, BOB]) == 5
    assert known.shortest_seconds([ALICE]) == 60
    hands[0] += 100
    assert known.shortest_seconds([ALICE, BOB]) == SOONEST_SECONDS


@pytest.mark.parametrize(("failures", "most"), [(0, 1), (1, 1), (2, 2), (4, 8), (99, 30)])
def test_the_pause_grows_to_a_limit(failures: int, most: float) -> None:
    pauses = [pause_seconds(failures) for _ in range(200)]
    assert all(0 <= pause < most <= LONGEST_PAUSE_SECONDS for pause in pauses)
    assert max(pauses) > most / 2, "those that were cut together must not come together"
