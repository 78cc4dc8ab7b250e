"""Who is told what? Owes a notice to every device and address that wants it, all in one statement.

Written in the transaction in which it happened, so nobody is told of what was rolled back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.notices.choices import DEFAULTS, MAIL, PUSH


@dataclass(frozen=True, slots=True)
class Notice:
    """News for one person."""

    user_id: int
    event: str
    """The name of one of `choices.EVENTS`."""
    title: str
    body: str


OWE: Final = text("""
    WITH notice AS (
        SELECT * FROM unnest(
            CAST(:people AS bigint[]), CAST(:events AS text[]),
            CAST(:titles AS text[]), CAST(:bodies AS text[])
        ) AS given(user_id, event, title, body)
    ), pushed AS (
        INSERT INTO push_notes (device_id, event, title, body, created_at)
        SELECT device.id, notice.event, notice.title, notice.body, :at
        FROM notice
        JOIN push_devices AS device ON device.user_id = notice.user_id
        LEFT JOIN notice_choices AS choice
            ON choice.user_id = notice.user_id
            AND choice.event = notice.event AND choice.channel = 'push'
        WHERE coalesce(choice.wanted, :push_by_default)
    )
    INSERT INTO mail_outbox (kind, to_address, subject, body, created_at)
    SELECT 'notice', person.email, notice.title, notice.body || :why, :at
    FROM notice
    JOIN users AS person
        ON person.id = notice.user_id AND person.email_verified_at IS NOT NULL
    LEFT JOIN notice_choices AS choice
        ON choice.user_id = notice.user_id
        AND choice.event = notice.event AND choice.channel = 'mail'
    WHERE coalesce(choice.wanted, :mail_by_default)
""")
WHY: Final = "\n\nYou chose to be told this by mail. To change that: Settings, Notifications.\n"


async def owe_notices(tx: Transaction, notices: Sequence[Notice]) -> None:
    """Owe these notices to all who want them."""
    if not notices:
        return
    await tx.execute(
        OWE,
        {
            "people": [notice.user_id for notice in notices],
            "events": [notice.event for notice in notices],
            "titles": [notice.title for notice in notices],
            "bodies": [notice.body for notice in notices],
            "push_by_default": DEFAULTS[PUSH],
            "mail_by_default": DEFAULTS[MAIL],
            "why": WHY,
            "at": now(),
        },
    )
