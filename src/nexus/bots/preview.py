"""What would a bot have done about decisions that were made? Pure arithmetic on what is stored.

Nothing is asked of the strategy: these are the decisions everybody was given, at the price each
was made at. Venue minimums, balances and the price moving on are not in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

ZERO = Decimal(0)
BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One stored decision, as far as a bot would have followed it."""

    at: datetime
    action: str
    layer: int
    price: Decimal
    target_fraction: Decimal
    blocked: bool
    reason: str
    """What the gate said of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the bot would have done about one decision; amounts in quote currency."""

    at: datetime
    action: str
    layer: int
    price: Decimal
    state: str
    """`bought`, `sold`, `blocked`, or `waiting`: the trade had begun before."""
    amount: Decimal = ZERO
    result: Decimal | None = None
    """What a sale won or lost, fees counted; None for anything else."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The steps, the newest first, and what they come to."""

    steps: tuple[Step, ...]
    trades: int
    """How many trades were begun and left."""
    result: Decimal
    """What the sales won or lost, fees counted."""
    fees: Decimal
    blocked: int
    invested: Decimal
    """What a trade that is not over yet has cost."""


@dataclass(frozen=True, slots=True)
class _Book:
    """What the bot would hold: base units, what they cost, and the leader's share before."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    fraction: Decimal = ZERO
    fees: Decimal = ZERO
    inside: bool = False


def preview(decisions: Iterable[PastDecision], allocation: Decimal, fee_bps: Decimal) -> Preview:
    """Follow the decisions, the oldest first, with an amount of quote currency."""
    book, steps = _Book(), []
    for decision in decisions:
        book, step = _follow(book, decision, allocation, fee_bps / BPS)
        steps.append(step)
    return Preview(
        steps=tuple(reversed(steps)),
        trades=sum(step.action == "exit" and step.state == "sold" for step in steps),
        result=sum((step.result or ZERO for step in steps), ZERO),
        fees=book.fees,
        blocked=sum(step.state == "blocked" for step in steps),
        invested=book.cost,
    )


def _follow(
    book: _Book, decision: PastDecision, allocation: Decimal, fee: Decimal
) -> tuple[_Book, Step]:
    step = Step(decision.at, decision.action, decision.layer, decision.price, "waiting")
    if decision.blocked:
        return book, replace(step, state="blocked", reason=decision.reason)
    if not book.inside and decision.action != "enter":
        return book, step
    if decision.action in ("enter", "add"):
        return _buy(book, decision, step, allocation, fee)
    return _sell(book, decision, step, fee)


def _buy(
    book: _Book, decision: PastDecision, step: Step, allocation: Decimal, fee: Decimal
) -> tuple[_Book, Step]:
    spend = max(allocation * decision.target_fraction - book.cost, ZERO)
    after = replace(
        book,
        quantity=book.quantity + spend / decision.price,
        cost=book.cost + spend * (1 + fee),
        fees=book.fees + spend * fee,
        fraction=decision.target_fraction,
        inside=True,
    )
    return after, replace(step, state="bought", amount=spend)


def _sell(book: _Book, decision: PastDecision, step: Step, fee: Decimal) -> tuple[_Book, Step]:
    share = 1 - decision.target_fraction / book.fraction if book.fraction else Decimal(1)
    sold, cost = book.quantity * share, book.cost * share
    value = sold * decision.price
    left = decision.action != "exit"
    after = replace(
        book,
        quantity=book.quantity - sold if left else ZERO,
        cost=book.cost - cost if left else ZERO,
        fees=book.fees + value * fee,
        fraction=decision.target_fraction,
        inside=left,
    )
    return after, replace(step, state="sold", amount=value, result=value * (1 - fee) - cost)
