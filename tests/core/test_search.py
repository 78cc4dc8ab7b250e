"""Is what was typed into a search read rightly, and each mistake said beside its field?"""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import DateTime, literal, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from nexus.core.db import Database
from nexus.core.display import Display, shown_as
from nexus.core.ids import LARGEST_ID
from nexus.core.search import BACKWARDS, NO_DAY, Typed, within_days

LAST_DAY = date(9999, 12, 31)


class Base(DeclarativeBase):
    """Apart from our own tables: this one is only asked about, never made."""


class Seen(Base):
    __tablename__ = "seen"

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)


def test_nothing_typed_is_no_mistake() -> None:
    typed = Typed({})
    assert (typed.choice("side", ["buy"], "No."), typed.days(), typed.before()) == (
        "", (None, None), LARGEST_ID,
    )  # fmt: skip
    assert typed.errors == {}


def test_a_choice_is_one_of_the_known_words() -> None:
    typed = Typed({"side": "buy", "kind": "play"})
    assert typed.choice("side", ["buy", "sell"], "Choose a side.") == "buy"
    assert typed.choice("kind", {"paper": 1}, "Choose a kind.") == ""
    assert typed.errors == {"kind": "Choose a kind."}


@pytest.mark.parametrize(
    ("since", "until", "read", "errors"),
    [
        (" 2026-03-31 ", "2026-03-31", (date(2026, 3, 31), date(2026, 3, 31)), {}),
        ("31.3.2026", "", (None, None), {"since": NO_DAY}),
        ("2026-03-02", "2026-02-30", (date(2026, 3, 2), None), {"until": NO_DAY}),
        ("2026-03-02", "2026-03-01", (date(2026, 3, 2), date(2026, 3, 1)), {"until": BACKWARDS}),
    ],
)
def test_days_are_read_or_their_mistake_is_said(
    since: str, until: str, read: tuple[date | None, date | None], errors: dict[str, str]
) -> None:
    typed = Typed({"since": since, "until": until})
    assert typed.days() == read
    assert typed.errors == errors


@pytest.mark.parametrize("before", ["", "x", "-1", "1.5", "٣", "9" * 19, "9" * 400])
def test_a_place_that_cannot_be_hides_nothing(before: str) -> None:
    assert Typed({"before": before}).before() == LARGEST_ID


def test_a_place_is_an_id() -> None:
    assert Typed({"before": "17"}).before() == 17


@pytest.mark.parametrize(
    ("at", "since", "until", "found"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, 999_999, UTC), date(2026, 3, 31), LAST_DAY, 1),
        (datetime(2026, 3, 31, tzinfo=UTC), date(2026, 3, 31), date(2026, 3, 31), 1),
        (datetime(2026, 4, 1, tzinfo=UTC), None, date(2026, 3, 31), 0),
        (datetime(2026, 3, 30, 23, 59, 59, tzinfo=UTC), date(2026, 3, 31), None, 0),
        (datetime(2026, 3, 30, tzinfo=UTC), None, None, 1),
    ],
)
async def test_both_days_are_whole(
    database: Database, at: datetime, since: date | None, until: date | None, found: int
) -> None:
    assert await count(database, at, since, until) == found


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 1),
        (datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 29, 22, tzinfo=UTC), 0),
    ],
)
async def test_a_day_is_the_readers_own_the_short_one_in_spring_too(
    database: Database, at: datetime, found: int
) -> None:
    spring = date(2026, 3, 29)
    with shown_as(Display("Europe/Berlin")):
        assert await count(database, at, spring, spring) == found


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
async def test_the_calendar_can_be_asked_for_as_a_whole(database: Database, zone: str) -> None:
    at = datetime(2026, 3, 29, tzinfo=UTC)
    with shown_as(Display(zone)):
        for until in (LAST_DAY, date(9999, 12, 30)):
            assert await count(database, at, date(1, 1, 1), until) == 1


async def count(database: Database, at: datetime, since: date | None, until: date | None) -> int:
    """Count the one moment, if it is found."""
    moment = select(literal(at, DateTime(timezone=True)).label("at")).cte("seen")
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(literal(1))
            .add_cte(moment)
            .select_from(Seen)
            .where(*within_days(Seen.at, since, until))
        )
        return len(rows.all())
