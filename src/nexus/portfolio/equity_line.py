"""How does a line of equity look? Points on a field for an SVG, and the same as a short table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from nexus.portfolio.equity import Fall, Moment, falls, pieces

WIDTH, HEIGHT = 320, 96
MOST_POINTS = 160
MOST_ROWS = 8
MARK = Decimal("1.5")
"""Half the length of the stroke that a single point between gaps becomes."""


@dataclass(frozen=True, slots=True)
class EquityLine:
    """A line to draw, and what it says in numbers."""

    currency: str
    strokes: Sequence[str]
    """One `points` attribute per piece without a gap."""
    rows: Sequence[Moment]
    """A few moments of the line, the newest first."""
    first: Moment
    last: Moment
    low: Decimal
    high: Decimal
    fall: Fall
    worst: Fall

    @property
    def gained(self) -> Decimal:
        """Say what was won or lost from the first point to the last."""
        return self.last.result - self.first.result


def line_of(moments: Sequence[Moment], currency: str) -> EquityLine | None:
    """Make a line of moments; None where there are fewer than two, which are no line."""
    if len(moments) < 2:  # noqa: PLR2004  a line needs two points
        return None
    fall, worst = falls(moments)
    values = [moment.equity for moment in moments]
    return EquityLine(
        currency=currency,
        strokes=_strokes(moments, min(values), max(values)),
        rows=_some(moments, MOST_ROWS)[::-1],
        first=moments[0],
        last=moments[-1],
        low=min(values),
        high=max(values),
        fall=fall,
        worst=worst,
    )


def _strokes(moments: Sequence[Moment], low: Decimal, high: Decimal) -> list[str]:
    begin, length = moments[0].at, moments[-1].at - moments[0].at
    most = max(2, MOST_POINTS)

    def across(at: datetime) -> Decimal:
        return Decimal(WIDTH) * Decimal((at - begin) / length)

    def down(value: Decimal) -> Decimal:
        share = (value - low) / (high - low) if high > low else Decimal("0.5")
        return HEIGHT - HEIGHT * share

    strokes = []
    for piece in pieces(moments):
        share = max(2, most * len(piece) // len(moments))
        places = [(across(one.at), down(one.equity)) for one in _some(piece, share)]
        if len(places) == 1:
            (x, y) = places[0]
            places = [(x - MARK, y), (x + MARK, y)]
        strokes.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in places))
    return strokes


def _some(moments: Sequence[Moment], most: int) -> list[Moment]:
    """Choose at most `most` moments, evenly, the first and the last among them."""
    if len(moments) <= most:
        return list(moments)
    return [moments[number * (len(moments) - 1) // (most - 1)] for number in range(most)]
