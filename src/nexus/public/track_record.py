"""What has each hosted strategy done here so far? From its recorded decisions, blocked ones too."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, select

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.regime.models import VerdictRow
from nexus.regime.reason_words import REASONS
from nexus.strategy.border import Strategy
from nexus.strategy.models import DecisionRow

KEPT: Final = timedelta(seconds=60)
"""Anybody may ask for the first page at any rate; the database is asked once in this time."""
NEWEST_TRADES: Final = 5


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """One trade of the leader, from its `enter` to its `exit`."""

    symbol: str
    entered: datetime
    left: datetime
    percent: Decimal
    """The result in percent of a bot's allocation, at the decisions' prices and before costs."""


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """One strategy and what became of its signals."""

    label: str
    summary: str
    since: datetime | None
    """When it decided something for the first time; None when it never has."""
    passed: int
    blocked: int
    reasons: tuple[tuple[str, int], ...]
    """Why signals were blocked and how often, the most frequent first."""
    trades: tuple[ClosedTrade, ...]
    """Every closed trade, the newest first."""

    @property
    def newest(self) -> tuple[ClosedTrade, ...]:
        return self.trades[:NEWEST_TRADES]

    @property
    def won(self) -> int:
        return sum(trade.percent > 0 for trade in self.trades)

    @property
    def lost(self) -> int:
        return sum(trade.percent < 0 for trade in self.trades)

    @property
    def together(self) -> Decimal:
        return sum((trade.percent for trade in self.trades), Decimal(0))


class TrackRecords:
    """The records of all hosted strategies, read at most once a minute by each process."""

    def __init__(self, strategies: Mapping[str, Strategy]) -> None:
        self._strategies = strategies
        self._read_at: datetime | None = None
        self._records: list[TrackRecord] = []

    async def read(self, tx: Transaction) -> list[TrackRecord]:
        if self._read_at is None or now() - self._read_at >= KEPT:
            self._records = await read_records(tx, self._strategies)
            self._read_at = now()
        return self._records


async def read_records(tx: Transaction, strategies: Mapping[str, Strategy]) -> list[TrackRecord]:
    """Read the record of each strategy, in their order."""
    counts = (
        await tx.execute(
            select(
                DecisionRow.strategy,
                VerdictRow.blocked,
                VerdictRow.code,
                func.count().label("signals"),
                func.min(DecisionRow.decided_at).label("first"),
            )
            .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
            .group_by(DecisionRow.strategy, VerdictRow.blocked, VerdictRow.code)
        )
    ).all()
    moves = (
        await tx.execute(
            select(
                DecisionRow.strategy,
                DecisionRow.symbol,
                DecisionRow.action,
                DecisionRow.price,
                DecisionRow.target_fraction,
                DecisionRow.trade_id,
                DecisionRow.decided_at,
            )
            .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
            .where(VerdictRow.blocked.is_(False), DecisionRow.trade_id.is_not(None))
            .order_by(DecisionRow.id)
        )
    ).all()
    return [
        _record(
            strategy,
            [row for row in counts if row.strategy == name],
            [row for row in moves if row.strategy == name],
        )
        for name, strategy in strategies.items()
    ]


def _record(strategy: Strategy, counts: Sequence[Any], moves: Sequence[Any]) -> TrackRecord:
    reasons: Counter[str] = Counter()
    for row in counts:
        if row.blocked:
            reasons[REASONS.get(row.code, row.code)] += row.signals
    return TrackRecord(
        label=strategy.label,
        summary=strategy.summary,
        since=min((row.first for row in counts), default=None),
        passed=sum(row.signals for row in counts if not row.blocked),
        blocked=reasons.total(),
        reasons=tuple(reasons.most_common()),
        trades=tuple(sorted(_closed(moves), key=lambda trade: trade.left, reverse=True)),
    )


def _closed(moves: Iterable[Any]) -> list[ClosedTrade]:
    """Find the trades that have ended; one that is open has no result yet."""
    trades: dict[int, list[Any]] = defaultdict(list)
    for move in moves:
        trades[move.trade_id].append(move)
    return [
        ClosedTrade(
            symbol=trade[0].symbol,
            entered=trade[0].decided_at,
            left=trade[-1].decided_at,
            percent=result_of([(move.target_fraction, move.price) for move in trade]),
        )
        for trade in trades.values()
        if trade[0].action == "enter" and trade[-1].action == "exit"
    ]


def result_of(moves: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """Give a trade's result in percent of an allocation, from its target fractions and prices.

    A rise of the fraction buys for the difference; a fall sells that share of what is held.
    """
    fraction = held = cash = Decimal(0)
    for target, price in moves:
        if target >= fraction:
            held += (target - fraction) / price
            cash -= target - fraction
        else:
            sold = held * (fraction - target) / fraction
            held -= sold
            cash += sold * price
        fraction = target
    return cash * 100
