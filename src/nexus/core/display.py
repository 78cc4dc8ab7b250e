"""How does whoever reads this want times and amounts to look: zone, marks, currency?

One `Display` is in force while something is written. The guard sets it from who asks, the live
stream from the page it belongs to; what belongs to nobody, or to everybody, is in UTC and en-GB.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
"""English like the pages: a month in another language would be a foreign word in the sentence."""
NARROW_SPACE: Final = "\u202f"
NO_BREAK_SPACE: Final = "\u00a0"
SHORTEST_GROUPED: Final = 5
"""Digits before the point from which on Spanish groups them at all."""


@dataclass(frozen=True, slots=True)
class Format:
    """The marks of one country, as the Unicode locale data (CLDR) have them."""

    name: str
    words: str
    thousands: str
    point: str
    day: str
    """How a day is written; `d` its number, `m` the month's, `b` the month's name."""
    twelve: bool = False
    """Whether the clock goes to twelve, twice."""
    sparing: bool = False
    """Whether four digits stay together, as in 1234,50."""
    marks: dict[int, str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        plain = (self.thousands, self.point) == (",", ".")
        marks = None if plain else str.maketrans({",": self.thousands, ".": self.point})
        object.__setattr__(self, "marks", marks)

    def number(self, text: str) -> str:
        """Put these marks into a number that was written as `12,345.67`."""
        if self.sparing and len(text.partition(".")[0]) == SHORTEST_GROUPED:
            text = text.replace(",", "")
        return text if self.marks is None else text.translate(self.marks)

    def day_of(self, moment: datetime) -> str:
        """Write the day of a moment that is in the reader's zone already."""
        return self.day.format(d=moment.day, m=moment.month, b=MONTHS[moment.month - 1])

    def time_of(self, moment: datetime, *, seconds: bool) -> str:
        """Write the time of day of a moment that is in the reader's zone already."""
        rest = f":{moment.minute:02}" + (f":{moment.second:02}" if seconds else "")
        if not self.twelve:
            return f"{moment.hour:02}{rest}"
        half = "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004  noon
        return f"{moment.hour % 12 or 12}{rest}{NARROW_SPACE}{half}"


FORMATS: Final[Mapping[str, Format]] = {
    known.name: known
    for known in (
        Format("en-GB", "United Kingdom", ",", ".", "{d} {b}"),
        Format("en-US", "United States", ",", ".", "{b} {d},", twelve=True),
        Format("de-DE", "Germany", ".", ",", "{d}.{m}."),
        Format("de-CH", "Switzerland", "\u2019", ".", "{d}.{m}."),
        Format("es-ES", "Spain", ".", ",", "{d}/{m}", sparing=True),
        Format("fr-FR", "France", NARROW_SPACE, ",", "{d:02}/{m:02}"),
        Format("it-IT", "Italy", ".", ",", "{d:02}/{m:02}"),
        Format("nl-NL", "Netherlands", ".", ",", "{d}-{m}"),
        Format("pt-BR", "Brazil", ".", ",", "{d:02}/{m:02}"),
        Format("sv-SE", "Sweden", NO_BREAK_SPACE, ",", "{d}/{m}"),
    )
}


@dataclass(frozen=True, slots=True)
class Display:
    """One reader's choice; a zone or format that is not known here is read as the default."""

    zone: str = "UTC"
    format: str = "en-GB"
    currency: str = ""
    """What sums are also shown in; empty for what they are in anyway."""

    @property
    def place(self) -> tzinfo:
        """Give the rules of the zone."""
        return zone_of(self.zone)

    @property
    def written(self) -> Format:
        """Give the marks of the format."""
        return FORMATS.get(self.format) or FORMATS["en-GB"]

    @property
    def zone_words(self) -> str:
        """Name the zone as people read it."""
        return "UTC" if self.place is UTC else self.zone.replace("_", " ")

    @property
    def footer(self) -> str:
        """Say below every page whose times they are; a chart with others says so itself."""
        is_utc = self.place is UTC
        return "All times are UTC." if is_utc else f"Times are those of {self.zone_words}."

    @property
    def key(self) -> str:
        """Write the choice into an address; `read_key` reads it."""
        return f"{self.format},{self.currency},{self.zone}"


DEFAULT: Final = Display()
_shown: ContextVar[Display] = ContextVar("display", default=DEFAULT)


def shown() -> Display:
    """Give what is in force now."""
    return _shown.get()


def show_as(display: Display) -> None:
    """Let a display be in force for the rest of this request."""
    _shown.set(display)


@contextmanager
def shown_as(display: Display) -> Iterator[None]:
    """Let a display be in force for a while."""
    before = _shown.set(display)
    try:
        yield
    finally:
        _shown.reset(before)


def read_key(text: str, otherwise: Display) -> Display:
    """Read a choice out of an address; `otherwise` for what is none."""
    name, _, rest = text.partition(",")
    currency, _, zone = rest.partition(",")
    fits = name in FORMATS and zone in all_zones() and (not currency or currency.isalnum())
    return Display(zone, name, currency[:20]) if fits else otherwise


@cache
def all_zones() -> tuple[str, ...]:
    """Name every zone somebody can live in: UTC, and those that are named by a place."""
    places = (zone for zone in available_timezones() if "/" in zone and zone[:4] != "Etc/")
    return ("UTC", *sorted(places))


def find_zone(typed: str) -> str | None:
    """Find the zone that was meant: by its name or its city alone, capitals or not."""
    wanted = "_".join(typed.split()).casefold()
    for zone in all_zones():
        if zone.casefold() == wanted:
            return zone
    cities = [zone for zone in all_zones() if zone.rpartition("/")[2].casefold() == wanted]
    return cities[0] if len(cities) == 1 else None


@cache
def zone_of(name: str) -> tzinfo:
    """Give the rules of a zone; those of UTC when no such zone is known here."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
