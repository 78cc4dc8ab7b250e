"""How does a sentence carry amounts and times that each reader shall read in their own way?

It is made where nobody reads it yet: in a worker, or for many people at once. So it keeps what
stands in it, and writes it when a page shows it. Read as the text it is, it is the default's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from markupsafe import Markup, escape

from nexus.core.display import DEFAULT, shown_as
from nexus.core.render import clock_time, day_time_zone, money, number, price, quantity

Part = tuple[str, ...]
"""How one thing is written, and what it is, as text: `("money", "400.00", "USDT")`."""

WRITE: Final[Mapping[str, Callable[..., str]]] = {
    "clock_time": lambda at: clock_time(datetime.fromisoformat(at)),
    "day_time_zone": lambda at: day_time_zone(datetime.fromisoformat(at)),
    "number": number,
    "money": lambda value, currency: money(Decimal(value), currency),
    "price": lambda value: price(Decimal(value)),
    "quantity": lambda value: quantity(Decimal(value)),
}


class Sentence(str):
    """A text in which `{}` stands for each part; a page shows it in the reader's own way."""

    __slots__ = ("parts", "pattern")
    pattern: str
    parts: tuple[Part, ...]

    def __new__(cls, pattern: str, *parts: Sequence[Any]) -> Self:
        kept = tuple(tuple(_text(value) for value in part) for part in parts)
        with shown_as(DEFAULT):
            made = super().__new__(cls, _written(pattern, kept))
        made.pattern, made.parts = pattern, kept
        return made

    def __html__(self) -> Markup:
        """Give the markup for the reader of now: this is what templates ask for."""
        return escape(_written(self.pattern, self.parts))


def packed(text: str) -> list[Any] | None:
    """Give what a sentence is made of, to be kept as JSON; None for a text without parts."""
    return [text.pattern, *text.parts] if isinstance(text, Sentence) else None


def unpacked(kept: Sequence[Any] | None, otherwise: str) -> str:
    """Make the sentence again; `otherwise` where nothing was kept."""
    return Sentence(*kept) if kept else otherwise


def _written(pattern: str, parts: Sequence[Part]) -> str:
    return pattern.format(*(WRITE[kind](*values) for kind, *values in parts))


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
