"""What did today bring? Accounts as they are now, against the first point of their owner's day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, literal, select, true

from nexus.accounts.models import User
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.display import zone_of
from nexus.exchanges.models import ExchangeAccount
from nexus.portfolio.models import EquityPoint
from nexus.portfolio.record_equity import EVERY
from nexus.portfolio.search_trades import PAPER
from nexus.portfolio.weigh_accounts import weighed

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Today:
    """One kind of money of one person; None where a price or the day's beginning is not known."""

    practice: bool
    currency: str
    equity: Decimal | None
    result: Decimal | None
    since: datetime | None = None
    """The first point of the day, when it came too late to be the day's beginning."""

    @property
    def key(self) -> tuple[bool, str]:
        """Name the purse: the kind of money and the currency."""
        return self.practice, self.currency

    @property
    def name(self) -> str:
        """Name it on the page, so that the stream finds it again."""
        return f"{'practice' if self.practice else 'live'}-{self.currency}"


@dataclass(frozen=True, slots=True)
class _Account:
    """One account now and at the first point of the day."""

    equity: Decimal | None
    result: Decimal
    midnight: datetime
    began_at: datetime | None
    began_with: Decimal | None

    @property
    def gained(self) -> Decimal:
        return self.result - (self.began_with or ZERO)

    @property
    def is_late(self) -> bool:
        """Whether the first point came when the day had long begun."""
        return self.began_at is not None and self.began_at >= self.midnight + EVERY


async def todays_of(
    tx: Transaction, user_ids: Iterable[int], stale_seconds: int
) -> dict[int, list[Today]]:
    """Read what today brought some people, by person; real money first."""
    people = list(user_ids)
    midnight = await _midnights(tx, people)
    fresh_since = now() - timedelta(seconds=stale_seconds)
    purses: dict[tuple[int, bool, str], list[_Account]] = defaultdict(list)
    for row in await tx.execute(_accounts(people, midnight, fresh_since)):
        equity = row.free + row.held if row.known else None
        purses[row.user_id, row.venue == PAPER, row.quote].append(
            _Account(equity, row.result, row.midnight, row.at, row.began_with)
        )
    found: dict[int, list[Today]] = defaultdict(list)
    for (person, practice, quote), accounts in sorted(purses.items(), key=lambda item: item[0]):
        found[person].append(_together(practice, quote, accounts))
    return found


async def _midnights(tx: Transaction, people: Sequence[int]) -> ColumnElement[datetime]:
    """Say in SQL when each person's day began, by the zones they live in."""
    zones = await tx.scalars(select(User.time_zone).where(User.id.in_(people)).distinct())
    starts = {zone: literal(day_begin(zone), EquityPoint.at.type) for zone in {"UTC", *zones}}
    return case(starts, value=User.time_zone, else_=starts["UTC"])


def day_begin(zone: str) -> datetime:
    """Say when the present day began in a zone; in UTC when no such zone is known here."""
    where = zone_of(zone)
    return datetime.combine(now().astimezone(where), time(), where).astimezone(UTC)


def _accounts(
    people: Sequence[int], midnight: ColumnElement[datetime], fresh_since: datetime
) -> Select[*tuple[Any, ...]]:
    """Select each account of some people that is still theirs, now and at the day's first point."""
    here = weighed(fresh_since).where(
        ExchangeAccount.user_id.in_(people), ExchangeAccount.status != "removed"
    )
    present = here.subquery("present")
    first = (
        select(EquityPoint.at, EquityPoint.result)
        .where(
            EquityPoint.account_id == present.c.account_id,
            EquityPoint.quote == present.c.quote,
            EquityPoint.at >= midnight,
        )
        .order_by(EquityPoint.at)
        .limit(1)
        .lateral("first")
    )
    return (
        select(
            ExchangeAccount.user_id, ExchangeAccount.venue, present,
            midnight.label("midnight"), first.c.at, first.c.result.label("began_with"),
        )
        .join(ExchangeAccount, ExchangeAccount.id == present.c.account_id)
        .join(User, User.id == ExchangeAccount.user_id)
        .outerjoin(first, true())
    )  # fmt: skip


def _together(practice: bool, currency: str, accounts: Sequence[_Account]) -> Today:  # noqa: FBT001  it is part of a purse's name
    """Add accounts up; one that is not known leaves the sum unknown."""
    known = all(one.equity is not None for one in accounts)
    begun = known and all(one.began_with is not None for one in accounts)
    late = [one.began_at for one in accounts if one.began_at and one.is_late]
    return Today(
        practice,
        currency,
        equity=sum((one.equity or ZERO for one in accounts), ZERO) if known else None,
        result=sum((one.gained for one in accounts), ZERO) if begun else None,
        since=max(late, default=None) if begun else None,
    )
