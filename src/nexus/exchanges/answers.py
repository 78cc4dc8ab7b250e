"""What is in an exchange's answer? Reads amounts and moments, and refuses what is not whole."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from nexus.core.clock import from_ms
from nexus.exchanges.protocol import ExchangeAwayError, VenueRefusalError
from nexus.exchanges.wire import Reply

T = TypeVar("T")


class UnreadableError(Exception):
    """An answer lacks what it must have; the message says what."""


def read_answer(reply: Reply, reader: Callable[[Any], T]) -> T:
    """Read a good reply to a question with `reader`; raises ExchangeAwayError for any other."""
    if not reply.ok:
        raise VenueRefusalError(say_refusal(reply), reply.status, reply.code)
    try:
        return reader(reply.body)
    except (UnreadableError, KeyError, TypeError, ValueError) as error:
        raise ExchangeAwayError(f"The exchange's answer cannot be read: {error}") from error


def say_refusal(reply: Reply) -> str:
    """Say in a sentence what the exchange answered instead."""
    told = f"HTTP {reply.status} {reply.code or ''} {reply.message}".strip()
    return f"The exchange did not answer: {told}"


def read_amount(entry: Mapping[str, Any], name: str) -> Decimal:
    """Read an amount of money or goods: finite and not negative."""
    try:
        amount = Decimal(str(entry[name]))
    except (KeyError, TypeError, InvalidOperation) as error:
        raise UnreadableError(f"{name} is missing or not a number") from error
    if not amount.is_finite() or amount < 0:
        raise UnreadableError(f"{name} is not a finite amount")
    return amount


def read_moment(value: Any) -> datetime:
    """Read a millisecond stamp."""
    try:
        return from_ms(int(value))
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise UnreadableError("a time is missing or not a number") from error
