"""Does the gate ask its questions in their order, and let nothing through that it does not know?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from nexus.market.snapshot import Candle, Dispute, Health, MarketSnapshot, SymbolView
from nexus.regime.classify import Reading, Regime, read_regime
from nexus.regime.judge import Gate, Verdict, is_calm, judge
from nexus.settings import RegimeSettings
from nexus.strategy.border import Action, Book, Decision
from nexus.strategy.decide import Proposal
from tests.market.candles import BTC, START, candle, candles, view
from tests.market.recorded import recorded_candles

RULES = RegimeSettings()
BUYS = [Action.ENTER, Action.ADD]
SELLS = [Action.REDUCE, Action.EXIT]

LONG = timedelta(hours=1)
CALM = Reading(BTC, Regime.BULLISH, "All is well.", Decimal(1), crashing=False)
CRASH = replace(CALM, drop_percent=Decimal("9.50"), crashing=True)
WHOLE = view(candles(candle(number) for number in range(5)))


def with_gap(age: int) -> SymbolView:
    """Show five candles with a gap before the one that is the `age`th from the end."""
    return view(candles(candle(n, gap_before=n == 5 - age) for n in range(5)))


def code(
    action: Action, seen: SymbolView = WHOLE, reading: Reading = CALM, rules: RegimeSettings = RULES
) -> str:
    verdict = judge(action, seen, reading, LONG, rules)
    assert verdict.regime is reading.regime
    assert verdict.reason.endswith(".")
    assert verdict.blocked == bool(verdict.code)
    return verdict.code


# ------------------------------------------------------------------------------- the questions
@pytest.mark.parametrize("action", [*BUYS, *SELLS])
def test_a_calm_rising_market_lets_everything_through(action: Action) -> None:
    assert code(action) == ""


def test_an_entry_passes_with_the_regimes_own_reason() -> None:
    assert judge(Action.ENTER, WHOLE, CALM, LONG, RULES) == Verdict(
        "", "All is well.", Regime.BULLISH
    )


def test_the_questions_come_in_the_order_of_their_weight() -> None:
    """Everything is wrong at first, and one thing after the other is put right."""
    seen, reading = (
        replace(with_gap(1), health=Health.MISSING),
        replace(CRASH, regime=Regime.UNKNOWN),
    )
    found = [code(Action.ENTER, seen, reading)]
    seen = replace(seen, health=Health.STALE)
    found.append(code(Action.ENTER, seen, reading))
    seen = replace(seen, health=Health.FRESH)
    found.append(code(Action.ENTER, seen, reading))
    found.append(code(Action.ENTER, WHOLE, reading))
    reading = replace(reading, crashing=False)
    found.append(code(Action.ENTER, WHOLE, reading))
    found.append(code(Action.ENTER, WHOLE, replace(reading, regime=Regime.BEARISH)))
    found.append(code(Action.ENTER, WHOLE, CALM))
    assert found == [
        "DATA_MISSING",
        "DATA_STALE",
        "DATA_GAP",
        "CRASH_GUARD",
        "REGIME_UNKNOWN",
        "REGIME_BEARISH",
        "",
    ]


@pytest.mark.parametrize("action", [*BUYS, *SELLS])
@pytest.mark.parametrize(
    ("health", "expected"), [(Health.MISSING, "DATA_MISSING"), (Health.STALE, "DATA_STALE")]
)
@pytest.mark.parametrize("allows_exits", [True, False])
def test_without_sound_data_nothing_passes(
    action: Action, health: Health, expected: str, *, allows_exits: bool
) -> None:
    rules = RegimeSettings(gate_allows_exits=allows_exits)
    assert code(action, replace(WHOLE, health=health), rules=rules) == expected


WORST = (with_gap(1), replace(CRASH, regime=Regime.UNKNOWN))


@pytest.mark.parametrize("action", SELLS)
def test_leaving_is_allowed_in_every_regime(action: Action) -> None:
    verdict = judge(action, *WORST, LONG, RULES)
    assert (verdict.code, verdict.reason) == ("", "Leaving is allowed in every regime.")


@pytest.mark.parametrize("action", SELLS)
def test_leaving_may_be_held_to_the_same_rules(action: Action) -> None:
    strict = RegimeSettings(gate_allows_exits=False)
    assert code(action, *WORST, strict) == "DATA_GAP"
    assert code(action, WHOLE, replace(CALM, regime=Regime.BEARISH), strict) == "REGIME_BEARISH"
    assert code(action, rules=strict) == ""


@pytest.mark.parametrize("action", BUYS)
@pytest.mark.parametrize("regime", list(Regime))
@pytest.mark.parametrize("allowed", [(), ("bullish",), ("bearish", "sideways", "bullish")])
def test_entries_need_an_allowed_regime(
    action: Action, regime: Regime, allowed: tuple[str, ...]
) -> None:
    rules = RegimeSettings(gate_entry_regimes=allowed)
    expected = "" if regime in allowed else f"REGIME_{regime.upper()}"
    assert code(action, reading=replace(CALM, regime=regime), rules=rules) == expected


@pytest.mark.parametrize("age", [1, 2, 3, 4])
@pytest.mark.parametrize("needed", [0, 1, 3, 4])
def test_enough_candles_must_follow_a_gap(age: int, needed: int) -> None:
    rules = RegimeSettings(gate_gap_candles=needed)
    assert code(Action.ENTER, with_gap(age), rules=rules) == ("DATA_GAP" if age < needed else "")


def test_the_crash_guard_tells_the_fall() -> None:
    assert judge(Action.ENTER, WHOLE, CRASH, LONG, RULES).reason == (
        "The price is 9.50 % below its highest of the last 240 minutes."
    )


def test_a_fall_that_could_not_be_measured_is_not_called_one() -> None:
    unsure = replace(CRASH, drop_percent=Decimal(0))
    assert judge(Action.ENTER, WHOLE, unsure, LONG, RULES) == Verdict(
        "CRASH_GUARD",
        "The price's way over the last 240 minutes is not known.",
        Regime.BULLISH,
    )


# ------------------------------------------------------------------------ whether it lasts
DISPUTE = Dispute("primary", Decimal("97000.50"), "fallback", Decimal(95000))


@pytest.mark.parametrize("action", BUYS)
def test_two_sources_that_disagree_let_nobody_in(action: Action) -> None:
    disputed = replace(WHOLE, dispute=DISPUTE)
    assert code(action, disputed) == "DATA_DISPUTED"
    assert judge(action, disputed, CALM, LONG, RULES).reason == (
        "Two sources disagree on the price: primary says 97000.5, fallback says 95000."
    )


@pytest.mark.parametrize("action", SELLS)
def test_a_dispute_keeps_nobody_in(action: Action) -> None:
    assert code(action, replace(WHOLE, dispute=DISPUTE)) == ""


@pytest.mark.parametrize(("seconds", "expected"), [(0, "WARMING_UP"), (59, "WARMING_UP"), (60, "")])
def test_all_must_have_been_well_for_a_while(seconds: int, expected: str) -> None:
    calm = timedelta(seconds=seconds)
    assert judge(Action.ENTER, WHOLE, CALM, calm, RULES).code == expected
    assert judge(Action.EXIT, WHOLE, CALM, calm, RULES).code == ""


def test_a_regime_that_is_too_young_is_not_believed() -> None:
    young = replace(CALM, settled=False)
    assert code(Action.ENTER, reading=young) == "REGIME_UNSETTLED"
    assert code(Action.EXIT, reading=young) == ""


@pytest.mark.parametrize(
    ("seen", "reading", "well"),
    [
        (WHOLE, CALM, True),
        (WHOLE, CRASH, False),
        (replace(WHOLE, dispute=DISPUTE), CALM, False),
        (replace(WHOLE, health=Health.STALE), CALM, False),
        (replace(WHOLE, health=Health.MISSING), CALM, False),
    ],
)
def test_what_is_well(seen: SymbolView, reading: Reading, well: bool) -> None:  # noqa: FBT001  a row of a table
    assert is_calm(seen, reading) is well


# ------------------------------------------------------------------------------------ the gate
def gate(*stopped: str) -> Gate:
    snapshot = MarketSnapshot(START, {BTC: WHOLE}, calls=1)
    return Gate(snapshot, {BTC: CALM}, {BTC: START - LONG}, frozenset(stopped), RULES)


def proposal(action: Action, strategy: str = "trend") -> Proposal:
    return Proposal(strategy, BTC, START, Decimal(100), Decision(action), Book())


@pytest.mark.parametrize("action", [*BUYS, *SELLS])
@pytest.mark.parametrize("switch", ["everything", "strategy:trend"])
def test_a_stop_switch_lets_nothing_through(action: Action, switch: str) -> None:
    assert gate(switch).judge(proposal(action)) == Verdict(
        "STOPPED", "Trading is switched off.", Regime.BULLISH
    )


def test_one_strategys_switch_stops_no_other() -> None:
    half_open = gate("strategy:other", "strategy:")
    assert not half_open.judge(proposal(Action.ENTER)).blocked
    assert gate("strategy:trend").judge(proposal(Action.ENTER, "other")).code == ""


def test_the_page_is_told_whether_anyone_could_enter() -> None:
    assert not gate("strategy:trend").judge_entries(BTC).blocked
    assert gate("everything").judge_entries(BTC).code == "STOPPED"


def test_the_gate_tells_the_regimes_in_a_word() -> None:
    assert gate().regimes == {BTC: "bullish"}


# ------------------------------------------------------------------------------ March of 2020
EVERYWHERE = RegimeSettings(gate_entry_regimes=("bullish", "sideways", "bearish"))


def verdicts(rows: list[Candle], rules: RegimeSettings, first: datetime) -> list[Verdict]:
    """Judge an entry at the close of each candle from `first` on, with what was known then."""
    start = next(number for number, row in enumerate(rows) if row.open_time >= first)
    found = []
    for end in range(start + 1, len(rows) + 1):
        seen = view(candles(rows[max(0, end - 500) : end]))
        assert seen.price_at is not None
        reading = read_regime(seen, seen.price_at, rules)
        found.append(judge(Action.ENTER, seen, reading, LONG, rules))
    return found


@pytest.mark.parametrize("name", ["BTCUSDT", "ETHUSDT"])
def test_the_crash_of_march_2020_lets_no_entry_through_while_it_falls(name: str) -> None:
    known, falls = datetime(2020, 2, 10, tzinfo=UTC), datetime(2020, 3, 12, 8, tzinfo=UTC)
    lands = datetime(2020, 3, 13, 2, tzinfo=UTC)
    rows = recorded_candles(f"{name}-1h-2018-2020", known, lands)
    top = next(row.open for row in rows if row.open_time == falls)
    assert min(row.low for row in rows) < top * Decimal("0.6"), "this is the crash"
    assert all(verdict.blocked for verdict in verdicts(rows, RULES, falls))

    alone = [verdict.code for verdict in verdicts(rows, EVERYWHERE, falls)]
    assert "CRASH_GUARD" in alone[:4], "the guard by itself sees it within hours"
    assert alone[-3:] == ["CRASH_GUARD"] * 3, "and in its last and deepest leg"


def test_a_rise_of_the_same_year_lets_entries_through() -> None:
    known, calm = datetime(2020, 10, 1, tzinfo=UTC), datetime(2020, 10, 22, tzinfo=UTC)
    rows = recorded_candles("BTCUSDT-1h-2018-2020", known, datetime(2020, 11, 6, tzinfo=UTC))
    passed = [not verdict.blocked for verdict in verdicts(rows, RULES, calm)]
    assert sum(passed) > len(passed) / 3
