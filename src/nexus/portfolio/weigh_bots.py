"""What does somebody have, and what came of it? Sums of bots, apart for each kind of money."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from nexus.bots.views import BotView
from nexus.portfolio.search_trades import KINDS, PAPER

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sum:
    """Some bots together; amounts in quote currency."""

    name: str
    currency: str
    value: Decimal | None
    """None where a position has no price now: a part would pass for the whole."""
    unrealised: Decimal | None
    realised: Decimal

    @property
    def result(self) -> Decimal | None:
        """Say what was won or lost, sold or not."""
        return None if self.unrealised is None else self.unrealised + self.realised


@dataclass(frozen=True, slots=True)
class Purse:
    """What is never added to anything else: practice or real money, in one quote currency."""

    practice: bool
    words: str
    total: Sum
    accounts: Sequence[Sum]
    bots: Sequence[BotView]

    @property
    def key(self) -> tuple[bool, str]:
        """Name the purse: the kind of money and the currency."""
        return self.practice, self.total.currency


def purses_of(bots: Iterable[BotView], kinds: Mapping[str, str] = KINDS) -> list[Purse]:
    """Sort somebody's bots by kind of money and currency, real money first."""
    sorted_bots: dict[tuple[bool, str], list[BotView]] = {}
    for bot in bots:
        sorted_bots.setdefault((bot.venue == PAPER, bot.quote), []).append(bot)
    return [
        Purse(
            practice,
            f"{kinds['paper' if practice else 'live']}, {currency}",
            sum_of("Together", currency, ours),
            _by_account(currency, ours),
            ours,
        )
        for (practice, currency), ours in sorted(sorted_bots.items())
    ]


def _by_account(currency: str, bots: Sequence[BotView]) -> list[Sum]:
    labels = dict.fromkeys(bot.account_label for bot in bots)
    return [
        sum_of(label, currency, [bot for bot in bots if bot.account_label == label])
        for label in labels
    ]


def sum_of(name: str, currency: str, bots: Sequence[BotView]) -> Sum:
    """Add up some bots that trade in one currency."""
    unpriced = any(bot.quantity and bot.value is None for bot in bots)
    return Sum(
        name=name,
        currency=currency,
        value=None if unpriced else sum((bot.value or ZERO for bot in bots), ZERO),
        unrealised=None if unpriced else sum((bot.unrealised or ZERO for bot in bots), ZERO),
        realised=sum((bot.realised for bot in bots), ZERO),
    )
