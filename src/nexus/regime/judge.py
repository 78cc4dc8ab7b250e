"""May we do it now? The gate. Every answer carries a reason code and a sentence.

The order of the questions is the order of their weight: a stop switch, then the health of the
data, then the crash guard, then whether all has been well for long enough, then the regime. Exits
ask less than entries: leaving a falling market protects capital. A frozen, missing or unknown
market lets nothing through.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from nexus.market.snapshot import Dispute, Health, MarketSnapshot, SymbolView
from nexus.regime.classify import Reading, Regime
from nexus.regime.stops import stop_of
from nexus.settings import RegimeSettings
from nexus.strategy.border import Action
from nexus.strategy.decide import Proposal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one decision. `code` is empty when it lets it through."""

    code: str
    reason: str
    regime: Regime

    @property
    def blocked(self) -> bool:
        """Whether the decision goes no further."""
        return bool(self.code)


@dataclass(frozen=True)
class Gate:
    """The gate at one tick: what it knows, and its answer to each proposal."""

    snapshot: MarketSnapshot
    readings: Mapping[str, Reading]
    calm_since: Mapping[str, datetime]
    """Since when each symbol's data has been whole and no crash under way."""
    stopped: AbstractSet[str]
    rules: RegimeSettings

    @property
    def regimes(self) -> dict[str, str]:
        """Each symbol's regime in a word."""
        return {symbol: str(reading.regime) for symbol, reading in self.readings.items()}

    def judge(self, proposal: Proposal) -> Verdict:
        """Judge what a strategy proposes."""
        return self._judge(proposal.decision.action, proposal.strategy, proposal.symbol)

    def judge_entries(self, symbol: str) -> Verdict:
        """Say whether any strategy could enter a trade in `symbol` now."""
        return self._judge(Action.ENTER, "", symbol)

    def _judge(self, action: Action, strategy: str, symbol: str) -> Verdict:
        reading = self.readings[symbol]
        if stop_of(self.stopped, strategy, buys=action.buys) is not None:
            return Verdict("STOPPED", "Trading is switched off.", reading.regime)
        calm = self.snapshot.at - self.calm_since[symbol]
        return judge(action, self.snapshot.symbols[symbol], reading, calm, self.rules)


def is_calm(view: SymbolView, reading: Reading) -> bool:
    """Say whether nothing is wrong with a symbol's data, and it does not crash."""
    return view.health is Health.FRESH and view.dispute is None and not reading.crashing


def judge(
    action: Action, view: SymbolView, reading: Reading, calm: timedelta, rules: RegimeSettings
) -> Verdict:
    """Judge an action in one symbol by its data, the crash guard and the regime.

    `calm` is for how long all has been well (`is_calm`).
    """
    objection = _blind(view)
    if objection is None and not action.buys and rules.gate_allows_exits:
        return Verdict("", "Leaving is allowed in every regime.", reading.regime)
    objection = (
        objection
        or _unsound(view, reading, rules)
        or _too_soon(reading, calm, rules)
        or _bad_regime(reading, rules)
    )
    return Verdict(*(objection or ("", reading.reason)), reading.regime)


Objection = tuple[str, str] | None
"""A reason code and a sentence."""


def _blind(view: SymbolView) -> Objection:
    if view.health is Health.MISSING:
        return "DATA_MISSING", "There is no price to act on."
    if view.health is Health.STALE:
        return "DATA_STALE", "The market data has stopped coming."
    return None


def _unsound(view: SymbolView, reading: Reading, rules: RegimeSettings) -> Objection:
    if view.candles.since_gap() < rules.gate_gap_candles:
        return "DATA_GAP", "Candles are missing right before this one."
    if view.dispute is not None:
        return "DATA_DISPUTED", _dispute_sentence(view.dispute)
    if reading.crashing:
        return "CRASH_GUARD", _crash_sentence(reading, rules)
    return None


def _too_soon(reading: Reading, calm: timedelta, rules: RegimeSettings) -> Objection:
    if calm < timedelta(seconds=rules.gate_calm_seconds):
        seconds = rules.gate_calm_seconds
        return "WARMING_UP", f"All is well, but entries wait until it was for {seconds} seconds."
    if not reading.settled:
        return "REGIME_UNSETTLED", reading.reason
    return None


def _bad_regime(reading: Reading, rules: RegimeSettings) -> Objection:
    if reading.regime is Regime.UNKNOWN:
        return "REGIME_UNKNOWN", reading.reason
    if reading.regime not in rules.gate_entry_regimes:
        return f"REGIME_{reading.regime.upper()}", reading.reason
    return None


def _dispute_sentence(dispute: Dispute) -> str:
    return (
        f"Two sources disagree on the price: {dispute.source} says {dispute.price.normalize():f},"
        f" {dispute.other_source} says {dispute.other_price.normalize():f}."
    )


def _crash_sentence(reading: Reading, rules: RegimeSettings) -> str:
    minutes = rules.regime_crash_minutes
    window = "minute" if minutes == 1 else f"{minutes} minutes"
    if reading.drop_percent < rules.regime_crash_drop_percent:
        return f"The price's way over the last {window} is not known."
    return f"The price is {reading.drop_percent} % below its highest of the last {window}."
