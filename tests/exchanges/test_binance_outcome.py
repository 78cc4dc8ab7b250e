"""Is every answer to an order judged as the table says, and everything else as unclear?"""

from typing import Any

import pytest

from nexus.exchanges.binance_outcome import read_outcome, stay_away
from nexus.exchanges.protocol import Accepted, NotPlaced, Rejected, Unclear
from nexus.exchanges.wire import UNREADABLE, Reply
from tests.exchanges.venue import filled


def refusal(code: int, message: str = "said", status: int = 400, **headers: str) -> Reply:
    return Reply(status, headers, {"code": code, "msg": message})


@pytest.mark.parametrize("code", [-1013, -1014, -1100, -1111, -1121, -1199, -2010])
def test_refused_for_good(code: int) -> None:
    assert read_outcome(refusal(code), "nx-1") == Rejected(code, "said")


@pytest.mark.parametrize("code", [-1002, -1021, -1022])
def test_refused_for_now(code: int) -> None:
    assert read_outcome(refusal(code), "nx-1") == NotPlaced(code, "said")


@pytest.mark.parametrize("code", [-2014, -2015])
def test_a_key_that_is_no_longer_accepted(code: int) -> None:
    outcome = read_outcome(refusal(code, status=401), "nx-1")
    assert outcome == NotPlaced(code, "said", key_invalid=True)


def test_a_duplicate_exists() -> None:
    outcome = read_outcome(refusal(-2010, "Duplicate order sent."), "nx-1")
    assert outcome == Unclear("Duplicate order sent.", exists=True)


@pytest.mark.parametrize("status", [429, 418])
@pytest.mark.parametrize("body", [{"code": -1003, "msg": "slow"}, UNREADABLE, [], {}])
def test_a_rate_limit_is_certain_whatever_the_body(status: int, body: Any) -> None:
    outcome = read_outcome(Reply(status, {"Retry-After": "7"}, body), "nx-1")
    assert isinstance(outcome, NotPlaced)
    assert (outcome.code, outcome.retry_after, outcome.key_invalid) == (-1003, 7, False)


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (Reply(429, {}, UNREADABLE), 60),
        (Reply(418, {}, UNREADABLE), 120),
        (Reply(418, {"Retry-After": "259200"}, UNREADABLE), 259_200),
        (Reply(429, {"Retry-After": "soon"}, UNREADABLE), 60),
        (refusal(-1003), 60),
        (refusal(-1015, status=429), 10),
        (refusal(-1021), 0),
        (Reply(503, {"Retry-After": "9"}, UNREADABLE), 0),
    ],
)
def test_how_long_to_stay_away(reply: Reply, seconds: float) -> None:
    assert stay_away(reply) == seconds


@pytest.mark.parametrize("code", [-1000, -1001, -1006, -1007, -1008, -2011, -2013, -3000, 7])
def test_every_other_code_is_unclear(code: int) -> None:
    outcome = read_outcome(refusal(code), "nx-1")
    assert isinstance(outcome, Unclear)
    assert not outcome.exists


@pytest.mark.parametrize("status", [403, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("code", [-1013, -2010, -2015, -1021])
def test_a_code_proves_nothing_when_the_server_failed(status: int, code: int) -> None:
    assert isinstance(read_outcome(refusal(code, status=status), "nx-1"), Unclear)


@pytest.mark.parametrize("status", [200, 302, 400, 404, 409, 451, 700])
@pytest.mark.parametrize("body", [UNREADABLE, None, [], "ok", {}, {"code": "x"}])
def test_what_cannot_be_read_is_unclear(status: int, body: Any) -> None:
    assert isinstance(read_outcome(Reply(status, {}, body), "nx-1"), Unclear)


def test_a_whole_acceptance_is_believed() -> None:
    outcome = read_outcome(Reply(200, {}, filled("nx-1")), "nx-1")
    assert isinstance(outcome, Accepted)
    assert len(outcome.report.fills) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"orderId": None},
        {"orderId": "28"},
        {"clientOrderId": "somebody-elses"},
        {"status": "WHATEVER"},
        {"executedQty": "NaN"},
        {"executedQty": "-1"},
        {"executedQty": None},
        {"cummulativeQuoteQty": "many"},
        {"fills": [{"price": "1"}]},
        {"fills": None},
    ],
)
def test_an_acceptance_that_is_not_whole_is_unclear(changes: dict[str, Any]) -> None:
    assert isinstance(read_outcome(Reply(200, {}, filled("nx-1", **changes)), "nx-1"), Unclear)


def test_an_error_with_http_200_is_unclear() -> None:
    assert isinstance(read_outcome(refusal(-2010, status=200), "nx-1"), Unclear)
