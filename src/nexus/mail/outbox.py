"""How is a mail owed? A row, written in the transaction of what it tells of, and sent later."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import func, update

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.mail.models import OutgoingMail

TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "mail"

_words = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701  these are plain text, not pages
)


async def post(tx: Transaction, kind: str, to_address: str, **values: object) -> None:
    """Owe somebody the mail `templates/mail/<kind>.txt`: its first line is the subject.

    It is sent only if `tx` commits, and at most as often as it is posted.
    """
    subject, _, body = _words.get_template(f"{kind}.txt").render(values).partition("\n")
    tx.add(
        OutgoingMail(
            kind=kind,
            to_address=to_address,
            subject=subject.strip(),
            body=body.strip() + "\n",
            created_at=now(),
        )
    )
    await tx.flush()


async def keep_with(tx: Transaction, user_id: int, address: str) -> None:
    """Note whose the mails to an address are, because that person leaves it now."""
    await tx.execute(
        update(OutgoingMail)
        .where(
            func.lower(OutgoingMail.to_address) == address.lower(),
            OutgoingMail.user_id.is_(None),
        )
        .values(user_id=user_id)
    )
