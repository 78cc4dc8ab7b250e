"""Can an order be found again by its name, and does no other order bear it?"""

import re

from nexus.execution.client_id import client_order_id

ORIGIN = "trend/BTC/USDT/2024-06-01T12:00:00+00:00"
NAME = client_order_id("production", 7, ORIGIN, 1)


def test_the_same_order_always_bears_the_same_name() -> None:
    # Written out, because a name that changes with a release loses every order in flight.
    assert NAME == client_order_id("production", 7, ORIGIN, 1) == "nx-a3ewfumsovsphrvoqdorbhl6th"


def test_whatever_differs_changes_the_name() -> None:
    others = {
        client_order_id("staging", 7, ORIGIN, 1),
        client_order_id("production", 8, ORIGIN, 1),
        client_order_id("production", 7, "close/1", 1),
        client_order_id("production", 7, ORIGIN, 2),
        client_order_id("production", 7, ORIGIN, 1, leg=2),
    }
    assert len(others | {NAME}) == 6


def test_every_venue_takes_it() -> None:
    names = [client_order_id("test", n, f"{ORIGIN}/{'x' * n}", n) for n in range(200)]
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,36}", name) for name in names)
    assert len(set(names)) == 200
