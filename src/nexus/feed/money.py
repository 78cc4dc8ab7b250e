"""What does somebody have? For each kind of their money apart: equity, today, and their bots."""

from collections.abc import Iterable
from dataclasses import dataclass

from nexus.bots.views import BotView
from nexus.portfolio.read_today import Today
from nexus.portfolio.weigh_bots import Sum, purses_of, sum_of


@dataclass(frozen=True, slots=True)
class Money:
    """Practice or real money in one quote currency: what it comes to, and what its bots hold."""

    today: Today
    bots: Sum


def moneys_of(todays: Iterable[Today], bots: Iterable[BotView]) -> list[Money]:
    """Put each kind of somebody's money together, real money first.

    Bots whose account was removed count too: their equity is not known any more, what they
    realised is.
    """
    days = {today.key: today for today in todays}
    sums = {purse.key: purse.total for purse in purses_of(bots)}
    return [
        Money(
            days.get(key) or Today(*key, equity=None, result=None),
            sums.get(key) or sum_of("Together", key[1], []),
        )
        for key in sorted(days.keys() | sums.keys())
    ]
