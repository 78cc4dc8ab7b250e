"""How did somebody's equity go? Points read and added up, and how far the result fell."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount
from nexus.portfolio.models import EquityPoint
from nexus.portfolio.record_equity import BEGINNING, EVERY, THINNED
from nexus.portfolio.search_trades import PAPER

ZERO = Decimal(0)
RANGES: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "day": ("Day", timedelta(days=1)),
    "week": ("Week", timedelta(days=7)),
    "month": ("Month", timedelta(days=30)),
    "all": ("All", None),
}
"""How far back somebody may look: the words, and how long it is."""

PurseKey = tuple[bool, str]
"""Practice or not, and the quote currency: what is never added to anything else."""


@dataclass(frozen=True, slots=True)
class Point:
    """One account at one moment; amounts in quote currency."""

    account_id: int
    at: datetime
    equity: Decimal
    result: Decimal


@dataclass(frozen=True, slots=True)
class Life:
    """Since when an account has points, and whether there will be no more."""

    begun: datetime
    ended: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """All accounts of a purse together; the result counts from where each account's points begin.

    So a deposit or another account moves the equity and never the result.
    """

    at: datetime
    equity: Decimal
    result: Decimal


@dataclass(frozen=True, slots=True)
class Fall:
    """How far below its highest result somebody is or was, and of what equity there."""

    amount: Decimal = ZERO
    of: Decimal = ZERO

    @property
    def percent(self) -> Decimal | None:
        """Say which part of the equity it was; None where there was none."""
        return self.amount / self.of * 100 if self.of else None


async def moments_of(
    tx: Transaction, user_id: int, length: timedelta | None, account: int | None = None
) -> dict[PurseKey, list[Moment]]:
    """Read the line of each of somebody's purses, or of one account, as far back as `length`."""
    since = BEGINNING if length is None else now() - length
    lives: dict[PurseKey, dict[int, Life]] = defaultdict(dict)
    points: dict[PurseKey, list[Point]] = defaultdict(list)
    theirs = [ExchangeAccount.user_id == user_id]
    if account is not None:
        theirs.append(ExchangeAccount.id == account)
    found = (
        select(ExchangeAccount.id, ExchangeAccount.venue, ExchangeAccount.status, EquityPoint.quote)
        .join(EquityPoint, EquityPoint.account_id == ExchangeAccount.id)
        .where(*theirs)
    )
    begun = found.add_columns(func.min(EquityPoint.at).label("begun"))
    for row in await tx.execute(begun.group_by(ExchangeAccount.id, EquityPoint.quote)):
        life = Life(row.begun, row.status == "removed")
        lives[row.venue == PAPER, row.quote][row.id] = life
    amounts = found.add_columns(
        EquityPoint.at, EquityPoint.free + EquityPoint.held, EquityPoint.result
    )
    for row in await tx.execute(amounts.where(EquityPoint.at >= since).order_by(EquityPoint.at)):
        account_id, venue, _, quote, at, equity, result = row
        points[venue == PAPER, quote].append(Point(account_id, at, equity, result))
    return {key: together(some, lives[key]) for key, some in points.items()}


def together(points: Iterable[Point], lives: Mapping[int, Life]) -> list[Moment]:
    """Add accounts up, moment by moment; a moment at which one is not known is left out."""
    known: dict[datetime, dict[int, Point]] = defaultdict(dict)
    first: dict[int, Point] = {}
    for point in sorted(points, key=lambda point: point.at):
        known[point.at][point.account_id] = point
        first.setdefault(point.account_id, point)
    last: dict[int, Point] = {}
    moments = []
    for at, here in known.items():
        last |= here
        missing = [
            account
            for account, life in lives.items()
            if account not in here and life.begun <= at and not life.ended
        ]
        if not missing:
            gains = (point.result - first[account].result for account, point in last.items())
            equity = sum((point.equity for point in here.values()), ZERO)
            moments.append(Moment(at, equity, sum(gains, ZERO)))
    return moments


def falls(moments: Sequence[Moment]) -> tuple[Fall, Fall]:
    """Say how far the result is below its highest point now, and how far it ever was."""
    peak: Moment | None = None
    at_present = worst = Fall()
    for moment in moments:
        if peak is None or moment.result >= peak.result:
            peak = moment
        at_present = Fall(peak.result - moment.result, peak.equity)
        if at_present.amount > worst.amount:
            worst = at_present
    return at_present, worst


def pieces(moments: Sequence[Moment]) -> list[list[Moment]]:
    """Cut a line where points are missing, so that no stroke is drawn over what nobody saw."""
    cut: list[list[Moment]] = []
    for moment in moments:
        if cut and moment.at - cut[-1][-1].at <= 2 * _spacing(now() - cut[-1][-1].at):
            cut[-1].append(moment)
        else:
            cut.append([moment])
    return cut


def _spacing(age: timedelta) -> timedelta:
    """Say how far apart points of this age are."""
    return max((length for since, length in THINNED if age > since), default=EVERY)
