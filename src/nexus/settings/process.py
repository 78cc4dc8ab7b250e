"""How do the processes run, and what do they share?"""

import base64
import binascii
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from nexus.settings.group import (
    Group,
    Listed,
    WebAddress,
)


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32  # noqa: PLR2004  AES-256
    except binascii.Error:
        return False


class ProcessSettings(Group):
    """How the processes run."""

    environment: Literal["development", "test", "production"] = "development"
    """Where this runs. It is part of every order's client id: staging cannot collide."""
    database_url: str = ""
    """PostgreSQL 15 or newer. Empty: `nexus up` starts its own."""
    redis_url: str = ""
    """Redis 7 or newer, or Valkey. Empty: `nexus up` starts its own."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Connections to PostgreSQL per process."""
    database_pooler: bool = False
    """Whether a pooler such as PgBouncer stands in front of PostgreSQL: statements are not kept."""
    base_url: WebAddress = "http://127.0.0.1:8000"
    """The address people reach the pages at; links and cookies use it, never the Host header."""
    host: str = "127.0.0.1"
    """The address the web process listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port the web process listens on."""
    assets: Literal["auto", "local", "cdn"] = "auto"
    """Where the front-end files come from: `auto` is local when the pinned bytes are there."""
    log_format: Literal["console", "json"] = "console"
    """How log lines look."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important line that is still written."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, Listed] = ()
    """Networks of the proxies whose word on the client's address we take, separated by commas."""
    security_contact: str = ""
    """Where to report a weakness, `mailto:` or `https://`; `/.well-known/security.txt` says it."""
    feed_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long a line stays in a person's feed; the ledger keeps what happened for good."""
    demo_email: str = ""
    """Development only: the sign-in page shows this login. `nexus up` sets it."""
    demo_password: SecretStr = SecretStr("")
    """Development only: the password of that login."""
    fault_plan: str = ""
    """Tests only: where a worker dies on purpose, and how often, like `sent=0.01`."""
    fault_seed: int = 0
    """Tests only: the seed of those deaths."""
    fault_clock: str = ""
    """Tests only: a file that says by how many milliseconds a worker's clock is off."""
    session_secret: SecretStr = SecretStr("")
    """At least 32 characters; signs CSRF tokens. `nexus up` makes one for development."""
    key_encryption_key: SecretStr = SecretStr("")
    """32 bytes in base64; wraps the keys that encrypt exchange keys. No worker starts without."""
    key_encryption_keys_old: SecretStr = SecretStr("")
    """Earlier ones, separated by commas, for as long as `nexus keys rotate` has work to do."""
    key_encryption_key_file: str = ""
    """A file with one key a line, the newest first, closed to others; instead of the variables."""

    @field_validator("database_url")
    @classmethod
    def _speak_psycopg(cls, value: str) -> str:
        for prefix in ("postgres://", "postgresql://"):
            if value.startswith(prefix):
                return "postgresql+psycopg://" + value.removeprefix(prefix)
        if value and not value.startswith("postgresql+psycopg://"):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _speak_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("security_contact")
    @classmethod
    def _can_be_followed(cls, value: str) -> str:
        if value and (not value.startswith(("mailto:", "https://")) or len(value.split()) > 1):
            raise ValueError("must start with mailto: or https:// and have no spaces")
        return value

    @field_validator("session_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:  # noqa: PLR2004  said in the message
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("key_encryption_key")
    @classmethod
    def _thirty_two_bytes(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not _is_key(text):
            raise ValueError("must be 32 bytes in base64")
        return value

    @field_validator("key_encryption_keys_old")
    @classmethod
    def _thirty_two_bytes_each(cls, value: SecretStr) -> SecretStr:
        texts = [text.strip() for text in value.get_secret_value().split(",")]
        if not all(_is_key(text) for text in texts if text):
            raise ValueError("must be keys of 32 bytes in base64, separated by commas")
        return value
