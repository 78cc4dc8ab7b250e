"""Which browsers asked to be told? Takes what a browser hands over, and trusts none of it."""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy import delete, select

from nexus.accounts.sessions import Person
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.notices.models import PushDevice

MOST_DEVICES: Final = 10
"""Of one person; with one more the oldest goes."""
LONGEST_ENDPOINT: Final = 1_000
AUTH_BYTES: Final = 16


class DeviceRefusedError(Exception):
    """What a browser handed over cannot be used; the message is a sentence for its owner."""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device, to its owner."""

    id: int
    name: str
    created_at: datetime
    is_here: bool


def check_endpoint(endpoint: str, hosts: Collection[str]) -> None:
    """Refuse an address that is not a known push service's: we are going to call it.

    Raises DeviceRefusedError.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise DeviceRefusedError(UNKNOWN_SERVICE) from None
    known = any(host == one or host.endswith(f".{one}") for one in hosts)
    # Only a stand-in for tests runs on this machine, and only where PUSH_HOSTS names it.
    safe = (parts.scheme, port) in (("https", None), ("https", 443)) or _is_here(host)
    if not (known and safe) or parts.username or len(endpoint) > LONGEST_ENDPOINT:
        raise DeviceRefusedError(UNKNOWN_SERVICE)


UNKNOWN_SERVICE = "This browser's push service is not one that we send to. Use another browser."
UNREADABLE = "This browser handed over keys that cannot be used. Try again, or use another browser."


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_keys(public_key: str, auth: str) -> None:
    """Refuse what nothing can be encrypted for; raises DeviceRefusedError."""
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes_of(public_key))
        secret = _bytes_of(auth)
    except ValueError:
        raise DeviceRefusedError(UNREADABLE) from None
    if len(secret) != AUTH_BYTES:
        raise DeviceRefusedError(UNREADABLE)


def _bytes_of(words: str) -> bytes:
    """Read base64url without padding. Raises ValueError."""
    return base64.b64decode(words + "=" * (-len(words) % 4), altchars=b"-_", validate=True)


async def add_device(
    tx: Transaction, person: Person, *, endpoint: str, public_key: str, auth: str, name: str
) -> None:
    """Tell this browser from now on; whoever used it before is told there no more."""
    await tx.execute(delete(PushDevice).where(PushDevice.endpoint == endpoint))
    tx.add(
        PushDevice(
            user_id=person.id, session_id=person.session_id, endpoint=endpoint,
            public_key=public_key, auth=auth, name=name, created_at=now(),
        )
    )  # fmt: skip
    await tx.flush()
    newest = (
        select(PushDevice.id)
        .where(PushDevice.user_id == person.id)
        .order_by(PushDevice.id.desc())
        .limit(MOST_DEVICES)
    )
    mine = delete(PushDevice).where(PushDevice.user_id == person.id)
    await tx.execute(mine.where(PushDevice.id.not_in(newest)))


async def remove_device(tx: Transaction, user_id: int, device_id: int) -> bool:
    """Tell a device nothing more; False when it is not this person's."""
    mine = delete(PushDevice).where(PushDevice.id == device_id, PushDevice.user_id == user_id)
    return await tx.scalar(mine.returning(PushDevice.id)) is not None


async def devices_of(tx: Transaction, person: Person) -> list[DeviceView]:
    """List a person's devices, the newest first."""
    rows = await tx.scalars(
        select(PushDevice).where(PushDevice.user_id == person.id).order_by(PushDevice.id.desc())
    )
    return [
        DeviceView(row.id, row.name, row.created_at, row.session_id == person.session_id)
        for row in rows
    ]
