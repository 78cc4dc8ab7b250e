"""What was typed into a search? Choices, days and the place to go on from, mistakes by field."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from nexus.core.display import shown
from nexus.core.ids import LARGEST_ID

NO_DAY = "Write a day like 2026-03-31."
BACKWARDS = "Choose a day that is not before the first one."


class Typed:
    """The fields of one search; what is wrong is left out, and said in `errors` by field."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query = query
        self.errors: dict[str, str] = {}

    def choice(self, name: str, known: Iterable[str], sentence: str) -> str:
        """Read one of the known words; empty when nothing was chosen."""
        typed = self.query.get(name, "")
        if typed and typed not in known:
            self.errors[name] = sentence
            return ""
        return typed

    def days(self) -> tuple[date | None, date | None]:
        """Read the first and the last day, each None when it was not typed."""
        since, until = self._day("since"), self._day("until")
        if since and until and until < since:
            self.errors["until"] = BACKWARDS
        return since, until

    def before(self) -> int:
        """Read the id that everything found is older than; a wrong one hides nothing."""
        typed = self.query.get("before", "")
        is_id = typed.isascii() and typed.isdecimal() and len(typed) < len(str(LARGEST_ID))
        return int(typed) if is_id else LARGEST_ID

    def _day(self, name: str) -> date | None:
        typed = self.query.get(name, "").strip()
        try:
            return date.fromisoformat(typed) if typed else None
        except ValueError:
            self.errors[name] = NO_DAY
            return None


def within_days(
    at: InstrumentedAttribute[datetime], since: date | None, until: date | None
) -> list[ColumnElement[bool]]:
    """Say in SQL that a moment is in these days, both whole, in the reader's zone."""
    wanted: list[ColumnElement[bool]] = []
    if since:
        wanted.append(at >= datetime.combine(since, time(), shown().place))
    # There is no day after the last one of the calendar, and nothing happens after it.
    if until and until < date.max:
        next_day = until + timedelta(days=1)
        wanted.append(at < datetime.combine(next_day, time(), shown().place))
    return wanted
