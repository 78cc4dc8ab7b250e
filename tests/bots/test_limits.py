"""Do the limits hold whatever somebody sets, earns and loses? Properties of the pure rules."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nexus.bots.limits import Allowance, Limits, Standing, entry_refusal, told, widens

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AMOUNTS = st.decimals("0.01", "100000", places=2)
RESULTS = st.decimals("-100000", "100000", places=2)
LIMITS = st.builds(
    Limits,
    allocation=st.none() | AMOUNTS,
    per_trade=st.none() | AMOUNTS,
    day_loss=st.none() | AMOUNTS,
    day_loss_closes=st.booleans(),
    drawdown=st.none() | AMOUNTS,
    drawdown_closes=st.booleans(),
    positions=st.none() | st.integers(1, 9),
    cooldown_minutes=st.none() | st.integers(1, 10_000),
)
STANDINGS = st.builds(
    Standing,
    invested=AMOUNTS,
    day_result=RESULTS,
    result=st.none() | RESULTS,
    peak=st.none() | RESULTS,
    positions=st.integers(0, 12),
    lost_at=st.none() | st.integers(0, 20_000).map(lambda m: NOON - timedelta(minutes=m)),
)


@given(LIMITS, STANDINGS, st.lists(st.tuples(AMOUNTS, st.booleans()), max_size=12))
def test_no_row_of_orders_passes_a_limit(
    limits: Limits, standing: Standing, orders: list[tuple[Decimal, bool]]
) -> None:
    """However many race: what is let through, one after another, stays within every limit."""
    allowance = Allowance(limits, standing)
    for spend, opens in orders:
        if allowance.refusal_of(spend, NOON, opens=opens):
            continue
        allowance = allowance.after(spend, opens=opens)
        after = allowance.standing
        assert limits.per_trade is None or spend <= limits.per_trade
        assert limits.allocation is None or after.invested <= limits.allocation
        assert not opens or limits.positions is None or after.positions <= limits.positions
        assert limits.day_loss is None or -standing.day_result < limits.day_loss
        if limits.drawdown is not None:
            assert standing.fallen is not None
            assert standing.fallen < limits.drawdown
        if limits.cooldown_minutes and standing.lost_at:
            assert NOON - standing.lost_at >= timedelta(minutes=limits.cooldown_minutes)


@given(LIMITS, STANDINGS, AMOUNTS, st.booleans())
def test_what_the_terms_give_may_be_sent(
    limits: Limits,
    standing: Standing,
    wanted: Decimal,
    opens: bool,  # noqa: FBT001
) -> None:
    """What the planner makes of the terms is not refused at the claim for want of a cent."""
    allowance = Allowance(limits, standing)
    terms = allowance.terms(NOON, opens=opens)
    assume(not terms.refusal)
    spend = min(x for x in (wanted, terms.per_trade, terms.left) if x is not None)
    assume(spend > 0)
    assert allowance.refusal_of(spend, NOON, opens=opens) == ""


@st.composite
def tightened(draw: st.DrawFn) -> tuple[Limits, Limits]:
    """Give limits, and others of which none is wider."""
    before, other = draw(LIMITS), draw(LIMITS)
    smaller = {
        name: min((x for x in (getattr(before, name), getattr(other, name)) if x), default=None)
        for name in ("allocation", "per_trade", "day_loss", "drawdown", "positions")
    }
    longer = max(before.cooldown_minutes or 0, other.cooldown_minutes or 0) or None
    return before, replace(
        other,
        **smaller,
        cooldown_minutes=longer,
        day_loss_closes=before.day_loss_closes or other.day_loss_closes,
        drawdown_closes=before.drawdown_closes or other.drawdown_closes,
    )


@given(tightened(), STANDINGS, AMOUNTS, st.booleans())
def test_what_is_not_wider_allows_nothing_that_was_forbidden(
    limits: tuple[Limits, Limits],
    standing: Standing,
    spend: Decimal,
    opens: bool,  # noqa: FBT001
) -> None:
    before, after = limits
    assert not widens(before, after)
    assert widens(after, before) == (after != before)
    if Allowance(before, standing).refusal_of(spend, NOON, opens=opens):
        assert Allowance(after, standing).refusal_of(spend, NOON, opens=opens)


@given(LIMITS)
def test_taking_all_limits_away_is_wider_and_setting_them_is_not(limits: Limits) -> None:
    assume(limits != Limits())
    assert widens(limits, Limits())
    assert not widens(Limits(), limits)
    assert not widens(limits, limits)


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_each_limit_by_itself_makes_a_change_wider(name: str) -> None:
    all_set = Limits(
        **{amount: Decimal(9) for amount in ("allocation", "per_trade", "day_loss", "drawdown")},
        day_loss_closes=True,
        drawdown_closes=True,
        positions=9,
        cooldown_minutes=9,
    )
    removed = replace(all_set, **{name: getattr(Limits(), name)})
    assert widens(all_set, removed)
    assert not widens(removed, all_set)


STOOD = Standing(Decimal(400), Decimal("-52.1"), Decimal(10), Decimal(70), 3, NOON)


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (Limits(), ""),
        (Limits(day_loss=Decimal(50)), "DAY_LOSS_LIMIT: lost=52.10 limit=50.00"),
        (Limits(day_loss=Decimal("52.1")), "DAY_LOSS_LIMIT: lost=52.10 limit=52.10"),
        (Limits(day_loss=Decimal("52.11")), ""),
        (Limits(drawdown=Decimal(60)), "DRAWDOWN_LIMIT: fallen=60.00 limit=60.00"),
        (Limits(drawdown=Decimal("60.01")), ""),
        (Limits(positions=3), "POSITIONS_LIMIT: open=3 limit=3"),
        (Limits(positions=4), ""),
        (Limits(cooldown_minutes=31), "COOLDOWN: until=2026-03-02T12:31:00+00:00"),
        (Limits(cooldown_minutes=30), ""),
    ],
)
def test_each_limit_says_its_numbers(limits: Limits, refusal: str) -> None:
    at = NOON + timedelta(minutes=30)
    assert entry_refusal(limits, STOOD, at, opens=True) == refusal


def test_a_bot_in_a_trade_may_add_to_it_when_as_many_are_open_as_allowed() -> None:
    assert entry_refusal(Limits(positions=3), STOOD, NOON, opens=False) == ""


def test_without_a_price_of_what_is_held_a_limited_fall_is_not_assumed_away() -> None:
    unknown = replace(STOOD, result=None)
    refused = entry_refusal(Limits(drawdown=Decimal(10**6)), unknown, NOON, opens=True)
    assert refused.startswith("RESULT_UNKNOWN")
    assert entry_refusal(Limits(positions=9), unknown, NOON, opens=True) == ""


def test_a_win_today_is_no_loss() -> None:
    won = replace(STOOD, day_result=Decimal(80))
    assert entry_refusal(Limits(day_loss=Decimal("0.01")), won, NOON, opens=True) == ""


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (Limits(per_trade=Decimal("99.99")), "TRADE_LIMIT: wanted=100.00 limit=99.99"),
        (Limits(per_trade=Decimal(100)), ""),
        (Limits(allocation=Decimal(499)), "ALLOCATION_LIMIT: wanted=100.00 left=99.00"),
        (Limits(allocation=Decimal(300)), "ALLOCATION_LIMIT: wanted=100.00 left=0.00"),
        (Limits(allocation=Decimal(500)), ""),
    ],
)
def test_an_order_is_measured_by_what_it_spends(limits: Limits, refusal: str) -> None:
    assert Allowance(limits, STOOD).refusal_of(Decimal(100), NOON, opens=True) == refusal


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.00"), ("5", "5.00"), ("1200", "1200.00"), ("0.12345678901", "0.12345678"),
     ("3.10", "3.10"), ("100.5", "100.50")],
)  # fmt: skip
def test_an_amount_is_told_plainly(amount: str, text: str) -> None:
    assert told(Decimal(amount)) == text
