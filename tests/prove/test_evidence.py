"""Does a fault count only when it was seen, and is what it cost measured right?"""

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from prove.campaign import Campaign, Fire, Stop
from prove.evidence import _revoked, counted, resumes, spread, unseen
from prove.kinds import FAULTS, FULL_SECONDS, KEY_REVOKED, POINTS

if TYPE_CHECKING:
    from prove.house import House

AT = datetime(2026, 1, 1, tzinfo=UTC)


def campaign(seconds: float = FULL_SECONDS) -> Campaign:
    dice = random.Random(1)  # noqa: S311  it hides nothing
    return Campaign(cast("House", None), dice, seconds)


def accepted(*seconds: float) -> list[dict[str, Any]]:
    start = AT.timestamp() * 1000
    return [{"at": start + 1000 * second} for second in seconds]


def test_what_was_ordered_and_not_seen_has_not_fired() -> None:
    assert len(unseen([])) == len(FAULTS) + len(POINTS)
    seen = [Fire(name, AT) for name in (*FAULTS, *POINTS.values())]
    assert unseen(seen) == []
    assert unseen(seen[1:]) == [f"{FAULTS[0]} never fired"]


def test_a_revoked_key_counts_once_an_order_was_refused_for_it() -> None:
    one = campaign()
    one.revoked = {10: 0, 20: 0}
    start = round(AT.timestamp() * 1000)
    refusals = [
        {"code": -2015, "client_id": "a", "at": start},
        {"code": -2015, "client_id": "a", "at": start + 5000},
        {"code": -2010, "client_id": "b", "at": start},
        {"code": -2015, "client_id": "c", "at": start},
        {"code": -2015, "client_id": "by hand", "at": start},
    ]
    owners = {"a": 10, "b": 20, "c": 30}
    assert _revoked(one, refusals, owners, set()) == [Fire(KEY_REVOKED, AT)]


def test_a_revoked_key_counts_once_its_account_was_stopped_for_it() -> None:
    one = campaign()
    one.revoked = {10: round(AT.timestamp() * 1000), 20: 0}
    assert _revoked(one, [], {}, {10, 30}) == [Fire(KEY_REVOKED, AT)]


def test_trading_resumes_with_the_next_accepted_order() -> None:
    fires = [
        Fire("a", AT),
        Fire("a", AT + timedelta(seconds=4)),
        Fire("b", AT + timedelta(hours=1)),
    ]
    assert resumes(fires, accepted(3, 1, 9)) == {"a": [1.0, 5.0]}
    assert counted(fires) == {"a": 2, "b": 1}


def test_a_spread_is_said_in_a_line() -> None:
    assert spread([]) == "none"
    assert spread([3, 1, 2]) == "3: median 2.0 s, p95 3.0 s, max 3.0 s"


def test_a_stop_forbids_what_was_claimed_after_it_until_it_ends() -> None:
    paused = Stop(AT, bot_id=1, after_order=5, until_order=8)
    assert [paused.forbids(n, 1, "buy") for n in (5, 6, 8, 9)] == [False, True, True, False]
    assert not paused.forbids(6, 2, "buy")
    assert not paused.forbids(6, 1, "sell")
    everything = Stop(AT, bot_id=None, after_order=5, exits_too=True)
    assert everything.forbids(6, 2, "sell")
