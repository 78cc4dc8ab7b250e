"""How does somebody choose the zone, the format and the currency the pages show them?"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import update

from nexus.accounts.audit import write_audit
from nexus.accounts.forms import DisplayForm
from nexus.accounts.models import User
from nexus.accounts.sessions import Person
from nexus.core.db import Transaction
from nexus.core.display import FORMATS, Display, find_zone, shown_as
from nexus.core.render import day_time, price

EXAMPLE: Final = Decimal("12345.67")
ERRORS: Final = {
    "time_zone": "Choose a time zone from the list, such as Europe/Berlin, or write its city.",
    "number_format": "Choose one of the formats in the list.",
    "display_currency": "Choose one of the currencies in the list.",
}


def currencies_of(symbols: Iterable[str]) -> list[str]:
    """Name what sums can be shown in: all that a price of ours leads to."""
    return sorted({part for symbol in symbols for part in symbol.split("/")})


def read_choice(form: DisplayForm, symbols: Iterable[str]) -> tuple[Display, dict[str, str]]:
    """Read what was chosen; gives it, and what is wrong by field."""
    zone = find_zone(form.time_zone)
    currency = form.display_currency
    right = {
        "time_zone": zone is not None,
        "number_format": form.number_format in FORMATS,
        "display_currency": not currency or currency in currencies_of(symbols),
    }
    errors = {name: ERRORS[name] for name, is_right in right.items() if not is_right}
    return Display(zone or "UTC", form.number_format, currency), errors


async def keep_display(tx: Transaction, person: Person, chosen: Display, network: str) -> None:
    """Keep what was chosen, and write down that it changed."""
    if chosen == person.display:
        return
    await tx.execute(
        update(User)
        .where(User.id == person.id)
        .values(
            time_zone=chosen.zone,
            number_format=chosen.format,
            display_currency=chosen.currency,
        )
    )
    await write_audit(
        tx, "display_changed", user_id=person.id, actor_id=person.id, network=network
    )  # fmt: skip


def formats_in_words(zone: str, at: datetime) -> dict[str, str]:
    """Say of every format how it looks, by an amount and the present moment."""
    words = {}
    for name, known in FORMATS.items():
        with shown_as(Display(zone, name)):
            words[name] = f"{known.words}: {price(EXAMPLE)}, {day_time(at)}"
    return words
