"""What do a person's own limits forbid? Pure rules; every refusal carries its numbers.

Limits forbid entries and nothing else: a sale is never stopped by one. Where the person chose so,
reaching the day's loss or the fall also sells, which is `breach.py`'s part.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person set; None is no limit. Amounts are quote currency."""

    allocation: Decimal | None = None
    per_trade: Decimal | None = None
    day_loss: Decimal | None = None
    day_loss_closes: bool = False
    drawdown: Decimal | None = None
    drawdown_closes: bool = False
    positions: int | None = None
    cooldown_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Purse:
    """What is counted together: practice and real money never, nor two currencies."""

    user_id: int
    practice: bool
    quote: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one purse stands now."""

    invested: Decimal = ZERO
    """What its bots have invested, and what their open orders will spend."""
    day_result: Decimal = ZERO
    """What today's sales won or lost, net of fees; today is the UTC day."""
    result: Decimal | None = ZERO
    """Won or lost so far, what is held at the latest price; None when a price is missing."""
    peak: Decimal | None = None
    """The highest result since the limit on its fall counts."""
    positions: int = 0
    """How many bots are in a trade, or about to be."""
    lost_at: datetime | None = None

    @property
    def fallen(self) -> Decimal | None:
        """How far the result is below its highest; None when it is not known."""
        if self.result is None:
            return None
        return ZERO if self.peak is None else max(self.peak - self.result, ZERO)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one bot may do in its next buy: nothing with a refusal, or at most so much."""

    refusal: str = ""
    per_trade: Decimal | None = None
    left: Decimal | None = None
    """How much more may be invested in all."""


UNLIMITED = Terms()


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's limits beside where one purse of theirs stands."""

    limits: Limits
    standing: Standing

    def terms(self, at: datetime, *, opens: bool) -> Terms:
        """Say what a bot may buy now; `opens` says that it is in no trade yet."""
        left = self.limits.allocation
        return Terms(
            refusal=entry_refusal(self.limits, self.standing, at, opens=opens),
            per_trade=self.limits.per_trade,
            left=None if left is None else max(left - self.standing.invested, ZERO),
        )

    def refusal_of(self, spend: Decimal, at: datetime, *, opens: bool) -> str:
        """Say why an order of this size may not be sent now; empty when it may."""
        terms = self.terms(at, opens=opens)
        if terms.refusal:
            return terms.refusal
        if terms.per_trade is not None and spend > terms.per_trade:
            return f"TRADE_LIMIT: wanted={told(spend)} limit={told(terms.per_trade)}"
        if terms.left is not None and spend > terms.left:
            return f"ALLOCATION_LIMIT: wanted={told(spend)} left={told(terms.left)}"
        return ""

    def after(self, spend: Decimal, *, opens: bool) -> "Allowance":
        """Give what is left once an order of this size has been let through."""
        standing = replace(
            self.standing,
            invested=self.standing.invested + spend,
            positions=self.standing.positions + opens,
        )
        return replace(self, standing=standing)


def entry_refusal(limits: Limits, standing: Standing, at: datetime, *, opens: bool) -> str:
    """Say which limit forbids to buy anything at all: `CODE: key=value`, or nothing."""
    if day_loss_reached(limits, standing):
        return f"DAY_LOSS_LIMIT: lost={told(-standing.day_result)} limit={told(limits.day_loss)}"
    if limits.drawdown is not None and standing.fallen is None:
        return "RESULT_UNKNOWN: a price of what is held is missing"
    if drawdown_reached(limits, standing):
        return f"DRAWDOWN_LIMIT: fallen={told(standing.fallen)} limit={told(limits.drawdown)}"
    until = cooldown_until(limits, standing)
    if until is not None and at < until:
        return f"COOLDOWN: until={until.isoformat(timespec='seconds')}"
    if opens and limits.positions is not None and standing.positions >= limits.positions:
        return f"POSITIONS_LIMIT: open={standing.positions} limit={limits.positions}"
    return ""


def day_loss_reached(limits: Limits, standing: Standing) -> bool:
    """Say whether today's sales have lost as much as the person allows."""
    return limits.day_loss is not None and -standing.day_result >= limits.day_loss


def drawdown_reached(limits: Limits, standing: Standing) -> bool:
    """Say whether the result is known to have fallen as far as the person allows."""
    fallen = standing.fallen
    return limits.drawdown is not None and fallen is not None and fallen >= limits.drawdown


def cooldown_until(limits: Limits, standing: Standing) -> datetime | None:
    """Say until when the last loss forbids entries; None without one."""
    if limits.cooldown_minutes is None or standing.lost_at is None:
        return None
    return standing.lost_at + timedelta(minutes=limits.cooldown_minutes)


def widens(before: Limits, after: Limits) -> bool:
    """Say whether a change allows anything that was forbidden, or takes a sale away."""
    amounts = [
        (before.allocation, after.allocation),
        (before.per_trade, after.per_trade),
        (before.day_loss, after.day_loss),
        (before.drawdown, after.drawdown),
        (before.positions, after.positions),
    ]
    longer_is_tighter = (before.cooldown_minutes or 0) > (after.cooldown_minutes or 0)
    no_sale = (before.day_loss_closes and not after.day_loss_closes) or (
        before.drawdown_closes and not after.drawdown_closes
    )
    return longer_is_tighter or no_sale or any(_is_wider(*pair) for pair in amounts)


def _is_wider(before: Decimal | int | None, after: Decimal | int | None) -> bool:
    return before is not None and (after is None or after > before)


def told(amount: Decimal | None) -> str:
    """Write an amount for a reason: at least two places and at most eight."""
    text = f"{(amount or ZERO).quantize(Decimal('1e-8'), rounding=ROUND_DOWN):f}"
    whole, _, places = text.partition(".")
    return f"{whole}.{places.rstrip('0'):0<2}"
