"""Does a notice reach the one browser that can read it, once, and never another machine?"""

import base64
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.notices import send
from nexus.notices.jobs import send_notes as send_job
from nexus.notices.models import PushDevice, PushNote
from nexus.notices.send import PushDesk, send_notes
from nexus.notices.vapid import Vapid
from tests.notices.phones import Phone, PushService, push_settings
from tests.scenes import Scene


def desk_of(database: Database) -> PushDesk:
    settings = push_settings()
    return PushDesk(database, Vapid(settings), settings)


async def note(database: Database, device: int, *, title: str = "Bought", age: int = 0) -> None:
    async with database.transaction() as tx:
        tx.add(
            PushNote(
                device_id=device, event="trade", title=title, body="0.008 BTC",
                created_at=now() - timedelta(minutes=age),
            )
        )  # fmt: skip


async def count(database: Database, table: type[PushDevice | PushNote]) -> int:
    async with database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


def signed_by(public_key: str, token: str) -> dict[str, Any]:
    """Read what was signed; fails when it was not with this key."""
    point = base64.urlsafe_b64decode(public_key + "=")
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return jwt.decode(token, ECKey.import_key(pem), algorithms=["ES256"]).claims


@pytest.fixture
async def device(scene: Scene, phone: Phone) -> int:
    return await phone.ask(scene.database, await scene.person())


async def test_a_notice_arrives_sealed_and_signed_by_us(
    scene: Scene, service: PushService, phone: Phone, device: int
) -> None:
    desk = desk_of(scene.database)
    await note(scene.database, device)
    await send_notes(desk)
    [(path, headers, sealed)] = service.received
    assert path == "/send/mine"
    assert b"Bought" not in sealed
    assert phone.read(sealed) == {
        "title": "Bought", "body": "0.008 BTC", "tag": "trade", "url": "/",
    }  # fmt: skip
    assert headers["Content-Encoding"] == "aes128gcm"
    assert headers["TTL"] == "600"
    scheme, _, rest = headers["Authorization"].partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert parts["k"] == desk.vapid.public_key
    claims = signed_by(parts["k"], parts["t"])
    assert claims["aud"] == service.url
    assert claims["sub"] == "mailto:ops@example.com"
    assert time.time() < claims["exp"] < time.time() + 24 * 3600


async def test_nothing_is_sent_twice(scene: Scene, service: PushService, device: int) -> None:
    await note(scene.database, device)
    desk = desk_of(scene.database)
    await send_notes(desk)
    await send_notes(desk)
    assert len(service.received) == 1


async def test_everything_that_is_owed_is_sent_however_much(
    scene: Scene, service: PushService, device: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    for number in range(5):
        await note(scene.database, device, title=str(number))
    await send_notes(desk_of(scene.database))
    assert len(service.received) == 5
    assert await count(scene.database, PushNote) == 0


async def test_old_news_is_dropped(scene: Scene, service: PushService, device: int) -> None:
    await note(scene.database, device, age=11)
    await send_notes(desk_of(scene.database))
    assert service.received == []
    assert await count(scene.database, PushNote) == 0


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(
    scene: Scene, service: PushService, device: int, status: int
) -> None:
    service.status = status
    await note(scene.database, device)
    await send_notes(desk_of(scene.database))
    assert await count(scene.database, PushDevice) == 0


@pytest.mark.parametrize("status", [400, 413, 429, 500])
async def test_a_service_in_trouble_costs_a_notice_and_no_device(
    scene: Scene, service: PushService, device: int, status: int
) -> None:
    service.status = status
    await note(scene.database, device)
    await send_notes(desk_of(scene.database))
    assert await count(scene.database, PushDevice) == 1
    assert len(service.received) == 1


async def test_a_service_that_is_away_keeps_no_other_waiting(
    scene: Scene, service: PushService, device: int
) -> None:
    away = await Phone("http://127.0.0.1:1/send/away").ask(scene.database, await scene.person())
    await note(scene.database, away)
    await note(scene.database, device)
    await send_notes(desk_of(scene.database))
    assert len(service.received) == 1
    assert await count(scene.database, PushDevice) == 2


async def test_a_redirect_is_not_followed(scene: Scene, service: PushService, device: int) -> None:
    service.status, service.location = 307, "/elsewhere"
    await note(scene.database, device)
    await send_notes(desk_of(scene.database))
    assert [path for path, _, _ in service.received] == ["/send/mine"]


async def test_a_service_that_is_not_known_any_more_is_not_called(
    scene: Scene, service: PushService, device: int
) -> None:
    settings = push_settings(push_hosts=("push.example.com",))
    await note(scene.database, device)
    await send_notes(PushDesk(scene.database, Vapid(settings), settings))
    assert service.received == []
    assert await count(scene.database, PushDevice) == 0


async def test_without_a_key_the_job_does_nothing(
    scene: Scene, service: PushService, device: int
) -> None:
    await note(scene.database, device)
    await send_job.function({"push_desk": None})
    assert service.received == []
    await send_job.function({"push_desk": desk_of(scene.database)})
    assert len(service.received) == 1
