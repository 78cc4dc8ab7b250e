"""What stands in for a browser's push service in the tests, and for the browsers behind it?

It takes messages over real HTTP, and its phones decrypt them with keys of their own, as RFC 8291
says. The library that reads is the counterpart of the one that writes, so the headers and the
signature are checked here by hand.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.notices.models import PushDevice
from nexus.notices.vapid import encode, make_key
from nexus.settings import Settings
from tests.belongings import session

HOST = "127.0.0.1"


@dataclass
class Phone:
    """A browser that asked to be told."""

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def public_key(self) -> str:
        point = self.private_key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        return encode(point)

    @property
    def auth(self) -> str:
        return encode(self.secret)

    def read(self, sealed: bytes) -> dict[str, Any]:
        """Decrypt a message, as only this browser can."""
        clear = http_ece.decrypt(
            sealed, private_key=self.private_key, auth_secret=self.secret, version="aes128gcm"
        )
        message: dict[str, Any] = orjson.loads(clear)
        return message

    async def ask(self, database: Database, user_id: int) -> int:
        """Become a device of this person; gives its number."""
        async with database.transaction() as tx:
            device = PushDevice(
                user_id=user_id, session_id=await session(tx, user_id), endpoint=self.endpoint,
                public_key=self.public_key, auth=self.auth, name="Phone", created_at=now(),
            )  # fmt: skip
            tx.add(device)
            await tx.flush()
            return device.id


@dataclass
class PushService:
    """What it was sent, and how it answers."""

    url: str = ""
    status: int = 201
    location: str = ""
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def phone(self, name: str) -> Phone:
        return Phone(f"{self.url}/send/{name}")

    async def take(self, request: web.Request) -> web.Response:
        headers = {"Location": self.location} if self.location else {}
        self.received.append((request.path, dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=headers)


@asynccontextmanager
async def open_push_service() -> AsyncIterator[PushService]:
    """Run one on a free port."""
    service, app = PushService(), web.Application()
    app.router.add_post("/send/{name}", service.take)
    app.router.add_route("*", "/elsewhere", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    service.url = f"http://{HOST}:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


def push_settings(**changes: Any) -> Settings:
    """Give settings with a key, and with the stand-in among the services we send to."""
    return Settings(
        **{
            "environment": "test",
            "vapid_private_key": SecretStr(make_key()),
            "push_contact": "mailto:ops@example.com",
            "push_hosts": (HOST,),
            **changes,
        }
    )
