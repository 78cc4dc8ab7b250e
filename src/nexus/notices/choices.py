"""What does somebody want to be told, and by which way?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from nexus.core.db import Transaction, upsert
from nexus.notices.models import NoticeChoice

PUSH: Final = "push"
MAIL: Final = "mail"
CHANNELS: Final[Mapping[str, str]] = {PUSH: "Phone", MAIL: "E-mail"}


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of news."""

    name: str
    title: str
    words: str


EVENTS: Final = (
    Event("trade", "Trades", "A bot of yours bought or sold."),
    Event("blocked", "Blocked entries", "A bot of yours would have bought; the gate forbade it."),
    Event("trouble", "Trouble", "An order failed, a key stopped working or a limit was reached."),
)

DEFAULTS: Final[Mapping[str, bool]] = {PUSH: True, MAIL: False}
"""Push is wanted as soon as a device asked for it. Mails about a key are sent in any case."""

Choices = Mapping[tuple[str, str], bool]
"""By event and channel."""


async def read_choices(tx: Transaction, user_id: int) -> Choices:
    """Read what somebody wants; what they never chose is as by default."""
    rows = await tx.scalars(select(NoticeChoice).where(NoticeChoice.user_id == user_id))
    chosen = {(row.event, row.channel): row.wanted for row in rows}
    return {key: chosen.get(key, DEFAULTS[key[1]]) for key in all_choices()}


async def save_choices(tx: Transaction, user_id: int, wanted: Collection[tuple[str, str]]) -> None:
    """Keep what somebody wants; everything that is not among `wanted` they do not want."""
    rows = [
        {"user_id": user_id, "event": key[0], "channel": key[1], "wanted": key in wanted}
        for key in all_choices()
    ]
    await upsert(tx, NoticeChoice, rows, keys=["user_id", "event", "channel"])


def all_choices() -> list[tuple[str, str]]:
    """List every event with every channel."""
    return [(event.name, channel) for event in EVENTS for channel in CHANNELS]
