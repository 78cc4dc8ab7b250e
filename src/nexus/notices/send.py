"""Hand notices over to the browsers' push services, encrypted so that only the browser reads them.

A notice is taken out of the table before it is sent: one is lost now and then, none comes twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson
import structlog
from pywebpush import WebPusher, WebPushException
from sqlalchemy import delete, select

from nexus.core.clock import now
from nexus.core.db import Database, among
from nexus.notices.devices import DeviceRefusedError, check_endpoint
from nexus.notices.models import PushDevice, PushNote
from nexus.notices.vapid import Vapid
from nexus.settings import PushSettings

log = structlog.get_logger()

BATCH: Final = 200
AT_ONCE: Final = 20
TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
OLD: Final = timedelta(minutes=10)
"""News that is older is not sent any more: it is in the feed."""
TTL_SECONDS: Final = 600
LONGEST: Final = 300
"""Letters of a sentence; a push service takes 4,096 bytes in all."""
GONE: Final = (404, 410)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notice with the device it goes to."""

    device_id: int
    endpoint: str
    public_key: str
    auth: str
    event: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class PushDesk:
    """What sending takes."""

    database: Database
    vapid: Vapid
    settings: PushSettings


async def send_notes(desk: PushDesk) -> None:
    """Send everything that is owed now."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        while parcels := await _take(desk.database):
            await _send_batch(desk, session, parcels)


async def _take(database: Database) -> list[Parcel]:
    """Take some notices out; they are nobody else's from now on."""
    async with database.transaction() as tx:
        oldest = (
            select(PushNote.id).order_by(PushNote.id).limit(BATCH).with_for_update(skip_locked=True)
        )
        taken = await tx.scalars(
            delete(PushNote).where(PushNote.id.in_(oldest)).returning(PushNote)
        )
        notes = sorted(taken.all(), key=lambda note: note.id)
        rows = await tx.scalars(
            select(PushDevice).where(among(PushDevice.id, {note.device_id for note in notes}))
        )
        devices = {row.id: row for row in rows}
        return [
            Parcel(
                device.id, device.endpoint, device.public_key, device.auth,
                note.event, note.title, note.body,
            )
            for note in notes
            if note.created_at > now() - OLD and (device := devices.get(note.device_id))
        ]  # fmt: skip


async def _send_batch(
    desk: PushDesk, session: aiohttp.ClientSession, parcels: Sequence[Parcel]
) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def send(parcel: Parcel) -> int | None:
        async with turns:
            return await _send(desk, session, parcel)

    found = await asyncio.gather(*(send(parcel) for parcel in parcels))
    gone = {device_id for device_id in found if device_id is not None}
    if gone:
        async with desk.database.transaction() as tx:
            await tx.execute(delete(PushDevice).where(among(PushDevice.id, gone)))


async def _send(desk: PushDesk, session: aiohttp.ClientSession, parcel: Parcel) -> int | None:
    """Send one notice; give the device's id when it is gone for good."""
    try:
        # Asked again: the list of services may have been cut since this device was added.
        check_endpoint(parcel.endpoint, desk.settings.push_hosts)
        parts = urlsplit(parcel.endpoint)
        answer = await session.post(
            parcel.endpoint,
            data=_sealed(parcel),
            headers={
                "Authorization": desk.vapid.sign(f"{parts.scheme}://{parts.netloc}"),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(TTL_SECONDS),
                "Urgency": "normal",
            },
            # A redirect could lead anywhere, into our own network too.
            allow_redirects=False,
        )
        answer.release()
    except DeviceRefusedError:
        return parcel.device_id
    except (aiohttp.ClientError, TimeoutError, WebPushException, ValueError) as error:
        log.warning("notice_not_sent", device=parcel.device_id, error=type(error).__name__)
        return None
    if answer.status in GONE:
        return parcel.device_id
    if not answer.ok:
        log.warning("notice_refused", device=parcel.device_id, status=answer.status)
    return None


def _sealed(parcel: Parcel) -> Any:
    """Encrypt a notice for its device, RFC 8291."""
    keys = {"p256dh": parcel.public_key, "auth": parcel.auth}
    words = {"title": parcel.title, "body": parcel.body[:LONGEST], "tag": parcel.event, "url": "/"}
    pusher = WebPusher({"endpoint": parcel.endpoint, "keys": keys})
    return pusher.encode(orjson.dumps(words))["body"]
