"""Where does a developer read what was sent? On a page that only development has."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nexus.core.db import Transaction
from nexus.mail.models import OutgoingMail
from nexus.settings import ProcessSettings

MAILBOX = "/development/mail"
NEWEST = 50
LINK = re.compile(r"(https?://\S+)")


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail as the page shows it."""

    id: int
    kind: str
    to_address: str
    subject: str
    created_at: datetime
    parts: tuple[tuple[str, bool], ...]
    """The body, cut where a link begins or ends; and whether each part is a link."""


def mailbox_path(settings: ProcessSettings) -> str | None:
    """Give the page's address where it may be shown: in development, and never on https.

    `ENVIRONMENT` is `development` unless somebody says otherwise. Whoever forgets to is served
    over https all the same, and must not show the world how to reset everybody's password.
    """
    is_local = settings.base_url.startswith("http://")
    return MAILBOX if settings.environment == "development" and is_local else None


async def newest_mails(tx: Transaction) -> list[MailView]:
    """Read the newest mails, the newest first."""
    newest = select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(NEWEST)
    return [
        MailView(mail.id, mail.kind, mail.to_address, mail.subject, mail.created_at, cut(mail.body))
        for mail in await tx.scalars(newest)
    ]


def cut(body: str) -> tuple[tuple[str, bool], ...]:
    """Cut a body into text and links."""
    return tuple((part, bool(LINK.fullmatch(part))) for part in LINK.split(body) if part)
