"""How does a key get from its owner to a worker? Dropped into a box that only workers open.

The web process has a key in the clear for the length of one request, in the functions below, and
nowhere else: what it stores it cannot read back (docs/decisions/0015).
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import delete, func, insert, select, update

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.egress import Egress
from nexus.exchanges.key_shape import KEY, SECRET, read_label, read_token, refuse_twins
from nexus.exchanges.models import ExchangeAccount, KeyDrop
from nexus.exchanges.vault_secrets import read_slot

KEPT_FOR = timedelta(hours=1)
"""How long a key waits in the box: as long as somebody needs to put things right at Binance."""
MOST_WAITING = 5

SHOWN = (
    KeyDrop.id, KeyDrop.user_id, KeyDrop.account_id, KeyDrop.replaces, KeyDrop.venue,
    KeyDrop.label, KeyDrop.egress, KeyDrop.kind, KeyDrop.public_key, KeyDrop.status,
    KeyDrop.code, KeyDrop.sentence, KeyDrop.expires_at,
)  # fmt: skip
"""All that the web process may read of a drop."""


@dataclass(frozen=True, slots=True)
class DropView:
    """A key on its way, as its owner sees it."""

    id: str
    user_id: int
    account_id: int | None
    replaces: bool
    venue: str
    label: str
    egress: str
    kind: str
    public_key: str
    status: str
    code: str
    sentence: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to connect, and from where they ask."""

    user_id: int
    venue: str
    kind: str
    label: str
    network: str
    replaces: int | None = None
    """The account whose key is to be replaced."""


async def begin_drop(tx: Transaction, wanted: Wanted, egress: Egress) -> str:
    """Begin to connect; gives the drop's id. For Ed25519 the pair is made and its half dropped.

    Raises ShapeError, and NoDropBoxError when there is no worker to drop anything for.
    """
    slot = await read_slot(tx)
    await _forget_oldest(tx, wanted.user_id)
    drop = {
        "id": secrets.token_urlsafe(16),
        "user_id": wanted.user_id,
        "account_id": wanted.replaces,
        "replaces": wanted.replaces is not None,
        "venue": wanted.venue,
        "label": read_label(wanted.label),
        "egress": egress.name,
        "kind": wanted.kind,
        "network": wanted.network,
        "created_at": now(),
        "expires_at": now() + KEPT_FOR,
    }
    if wanted.kind == "ed25519":
        pair = Ed25519PrivateKey.generate()
        private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        drop["public_key"] = public.decode()
        bound = bound_to(str(drop["id"]), wanted.user_id, SECRET)
        drop["secret_box"] = slot.drop(private.decode(), bound)
    await tx.execute(insert(KeyDrop).values(_complete(drop)))
    return str(drop["id"])


async def drop_key(tx: Transaction, view: DropView, key: str, secret: str) -> None:
    """Drop what was pasted, to be checked. Raises ShapeError, and then nothing is stored."""
    pasted = {KEY: read_token(KEY, key)}
    if view.kind == "hmac":
        pasted[SECRET] = read_token(SECRET, secret)
        refuse_twins(pasted[KEY], pasted[SECRET])
    slot = await read_slot(tx)
    boxes = {
        f"{part}_box": slot.drop(text, bound_to(view.id, view.user_id, part))
        for part, text in pasted.items()
    }
    await ask_again(tx, view, **boxes)


async def ask_again(tx: Transaction, view: DropView, **changes: object) -> None:
    """Have the key checked again; one that is connected already stays so."""
    await tx.execute(
        update(KeyDrop)
        .where(KeyDrop.id == view.id, KeyDrop.status.in_(("open", "refused")))
        .values(status="checking", code="", sentence="", lease_until=None, **changes)
    )


async def forget_drop(tx: Transaction, user_id: int, drop_id: str) -> None:
    """Destroy what was dropped, because its owner wants no more of it."""
    await tx.execute(delete(KeyDrop).where(KeyDrop.id == drop_id, KeyDrop.user_id == user_id))


async def find_drop(tx: Transaction, user_id: int, drop_id: str) -> DropView | None:
    """Read one of this person's drops; None when it is none of theirs, or too old."""
    found = await tx.execute(
        select(*SHOWN).where(
            KeyDrop.id == drop_id, KeyDrop.user_id == user_id, KeyDrop.expires_at > now()
        )
    )
    row = found.mappings().one_or_none()
    return DropView(**row) if row else None


async def choose_egress(tx: Transaction, egresses: list[Egress]) -> Egress:
    """Give the address that the fewest accounts are pinned to."""
    rows = await tx.execute(
        select(ExchangeAccount.egress, func.count())
        .where(ExchangeAccount.status != "removed", ExchangeAccount.venue != "paper")
        .group_by(ExchangeAccount.egress)
    )
    pinned = {row[0]: row[1] for row in rows}
    return min(egresses, key=lambda egress: pinned.get(egress.name, 0))


def bound_to(drop_id: str, user_id: int, part: str) -> bytes:
    """Give what a box is bound to: moved to another drop or person, it does not open."""
    return json.dumps(["nexus.keydrop.v1", drop_id, user_id, part], separators=(",", ":")).encode()


def _complete(drop: dict[str, object]) -> dict[str, object]:
    """Fill in what a fresh drop has not; nothing is read back, as the boxes may not be."""
    blank = {"public_key": "", "status": "open", "code": "", "sentence": ""}
    return {**blank, **drop}


async def _forget_oldest(tx: Transaction, user_id: int) -> None:
    """Keep a few per person: whoever begins again and again fills no table."""
    newest = (
        select(KeyDrop.id)
        .where(KeyDrop.user_id == user_id)
        .order_by(KeyDrop.created_at.desc())
        .limit(MOST_WAITING - 1)
    )
    await tx.execute(delete(KeyDrop).where(KeyDrop.user_id == user_id, KeyDrop.id.not_in(newest)))
