"""Does a switch forbid what its name says, and nothing else?"""

import pytest

from nexus.regime.stops import stop_of


@pytest.mark.parametrize(
    ("switch", "buys", "sells"),
    [
        ("everything", True, True),
        ("strategy:trend", True, True),
        ("strategy:other", False, False),
        ("entries:everything", True, False),
        ("entries:strategy:trend", True, False),
        ("entries:strategy:other", False, False),
    ],
)
def test_a_switch_forbids_what_its_name_says(switch: str, *, buys: bool, sells: bool) -> None:
    stopped = frozenset({switch})
    assert stop_of(stopped, "trend", buys=True) == (switch if buys else None)
    assert stop_of(stopped, "trend", buys=False) == (switch if sells else None)


def test_without_a_switch_nothing_is_forbidden() -> None:
    assert stop_of(frozenset(), "trend", buys=True) is None
