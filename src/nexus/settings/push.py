"""How do notices reach phones? By the browsers' own push services, which know us by one key."""

import base64
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from nexus.settings.group import Group, Listed

KEY_BYTES = 32
CONTACTS = ("mailto:", "https://")


def private_key(value: SecretStr) -> SecretStr:
    """Take a private key as `nexus push-key` prints it."""
    text = value.get_secret_value()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if text and (len(raw) != KEY_BYTES or not any(raw)):
        raise ValueError("must be a key as `nexus push-key` prints it")
    return value


def host_names(value: tuple[str, ...]) -> tuple[str, ...]:
    """Take names of hosts, without a scheme, a port or a path."""
    for host in value:
        if not host or not all(part.isalnum() for part in host.replace("-", "a").split(".")):
            raise ValueError("must be names of hosts with commas between, like push.example.com")
    return value


class PushSettings(Group):
    """Notices on phones. Without a key the pages do not offer them."""

    vapid_private_key: Annotated[SecretStr, AfterValidator(private_key)] = SecretStr("")
    """The key by which push services know us; `nexus push-key` makes one. Empty: no push."""
    push_contact: Annotated[str, Field(validate_default=True)] = ""
    """Whom a push service writes to when we trouble it: mailto:... or https://..."""
    push_hosts: Annotated[tuple[str, ...], NoDecode, Listed, AfterValidator(host_names)] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "notify.windows.com",
    )
    """The push services we send to, and all names below them. Nothing else is ever called."""

    @field_validator("push_contact")
    @classmethod
    def _known_to_push_services(cls, value: str, info: ValidationInfo) -> str:
        key = info.data.get("vapid_private_key")
        if value and not value.startswith(CONTACTS):
            raise ValueError("must begin with mailto: or https://")
        if key is not None and bool(key.get_secret_value()) != bool(value):
            raise ValueError("set VAPID_PRIVATE_KEY and PUSH_CONTACT together, or none")
        return value
